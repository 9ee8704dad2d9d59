/* What needs all documents to be loaded: references by id and name, filters around rules, and which
 * rules feed which correlation. */
#include "verdict/sigma/internal.h"
#include "vetbox/core/text.h"

/* Ids are compared without case (UUIDs), names exactly. */
static const char *name_at(const struct vb_sigma *sigma, uint32_t position)
{
    const struct vb_sigma_rule *about = &sigma->rules[position / 2].about;
    return position % 2 == 0 ? about->id : about->name;
}

static bool same_name(const void *ctx, uint32_t position, const void *key)
{
    const char *name = name_at(ctx, position);
    return position % 2 == 0 ? vb_ascii_equal(name, key) : strcmp(name, key) == 0;
}

static uint64_t hash_name(const char *name)
{
    uint64_t hash = 14695981039346656037u;
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)vb_ascii_lower(*name)) * 1099511628211u;
    return hash ^ (hash >> 29);
}

static uint64_t hash_of_name(const void *ctx, uint32_t position)
{
    return hash_name(name_at(ctx, position));
}

/* The rule called NAME, or SIZE_MAX. */
static size_t rule_named(struct vb_sigma *sigma, const char *name)
{
    const uint32_t *slot =
        vb_sigma_slot(&sigma->name_table, hash_name(name), name, same_name, sigma);
    return slot == NULL || *slot == 0 ? SIZE_MAX : (*slot - 1) / 2;
}

static bool index_names(struct vb_sigma *sigma)
{
    for (uint32_t i = 0; i < sigma->rule_count * 2; i++) {
        const char *name = name_at(sigma, i);
        if (*name == '\0')
            continue;
        if (!vb_sigma_table_room(&sigma->name_table, hash_of_name, sigma))
            return false;
        uint32_t *slot = vb_sigma_slot(&sigma->name_table, hash_name(name), name, same_name, sigma);
        if (*slot == 0) {
            *slot = i + 1;
            sigma->name_table.count++;
            continue;
        }
        const struct vb_sigma_rule *about = &sigma->rules[i / 2].about;
        const struct vb_sigma_rule *first = &sigma->rules[(*slot - 1) / 2].about;
        if (first != about)
            vb_sigma_note(sigma, VB_SIGMA_WARNING, about->file, about->line,
                          "\"%.80s\" is also what %s:%zu is called: references mean that one", name,
                          first->file, first->line);
    }
    return true;
}

/* --- filters --- */

static bool covers(const struct source_keys *outer, const struct source_keys *inner)
{
    return (*outer->product == '\0' || strcmp(outer->product, inner->product) == 0) &&
           (*outer->category == '\0' || strcmp(outer->category, inner->category) == 0) &&
           (*outer->service == '\0' || strcmp(outer->service, inner->service) == 0);
}

/* Side by side in one node, however many they are: trees stay flat. */
static bool add_filter(struct load *load, struct rule *rule, struct node *tree)
{
    if (rule->filters == 0) {
        struct node *children[] = {rule->tree, tree};
        rule->tree = vb_sigma_join(load, NODE_AND, children, 2);
        rule->filters = 1;
        return rule->tree != NULL;
    }
    struct node *both = rule->tree;
    if ((both->count & (both->count - 1)) == 0) {
        struct node **bigger =
            vb_arena_alloc(&load->sigma->arena, both->count * 2 * sizeof(struct node *));
        if (bigger == NULL)
            return false;
        memcpy(bigger, both->children, both->count * sizeof(struct node *));
        both->children = bigger;
    }
    both->children[both->count++] = tree;
    rule->filters++;
    return true;
}

static bool surround(struct vb_sigma *sigma, struct rule *rule, const struct filter *filter)
{
    rule->nodes += filter->nodes + 1;
    sigma->all_nodes += filter->nodes + 1;
    struct load load = {.sigma = sigma, .file = filter->file};
    if (rule->nodes > SIGMA_NODES || sigma->all_nodes > SIGMA_ALL_NODES) {
        /* Without its filter the rule says more than was wanted, so it is not used either. */
        rule->tree = NULL;
        (void)vb_sigma_refuse(&load, filter->line, "the filter makes a rule too large: %.80s",
                              rule->about.title);
        return true;
    }
    return add_filter(&load, rule, filter->tree);
}

static bool apply_filter(struct vb_sigma *sigma, const struct filter *filter)
{
    size_t applied = 0;
    const size_t count = filter->any ? sigma->rule_count : filter->rule_count;
    for (size_t i = 0; i < count; i++) {
        const size_t at = filter->any ? i : rule_named(sigma, filter->rules[i]);
        if (at == SIZE_MAX) {
            vb_sigma_note(sigma, VB_SIGMA_WARNING, filter->file, filter->line,
                          "the filter names \"%.80s\", which is not loaded", filter->rules[i]);
            continue;
        }
        struct rule *rule = &sigma->rules[at];
        if (rule->correlated >= 0 || rule->tree == NULL || !covers(&filter->source, &rule->source))
            continue;
        applied++;
        if (!surround(sigma, rule, filter))
            return false;
    }
    if (applied == 0)
        vb_sigma_note(sigma, VB_SIGMA_WARNING, filter->file, filter->line,
                      "the filter applies to no rule");
    return true;
}

/* --- correlations --- */

static void break_correlation(struct vb_sigma *sigma, struct correlation *correlation, size_t line,
                              const char *why, const char *name)
{
    const struct vb_sigma_rule *about = &sigma->rules[correlation->rule].about;
    correlation->broken = true;
    vb_sigma_note(sigma, VB_SIGMA_ERROR, about->file, line, why, name);
}

static void find_rules(struct vb_sigma *sigma, struct correlation *correlation)
{
    for (size_t i = 0; i < correlation->count; i++) {
        const size_t at = rule_named(sigma, correlation->names[i]);
        if (at == SIZE_MAX) {
            break_correlation(sigma, correlation, correlation->lines[i],
                              "no rule \"%.80s\" is loaded", correlation->names[i]);
            return;
        }
        correlation->rules[i] = (uint32_t)at;
    }
}

enum visit { UNVISITED, VISITING, VISITED };

/* Chains are as deep as the correlations are many, so the way back is kept in TRAIL. */
struct order {
    unsigned char *visits;
    uint32_t *trail;
    size_t *positions;
    size_t depth;
};

static void order_done(struct order *order)
{
    free(order->visits);
    free(order->trail);
    free(order->positions);
}

static void visit_next(struct vb_sigma *sigma, struct order *order, size_t *ordered)
{
    const uint32_t at = order->trail[order->depth - 1];
    struct correlation *correlation = &sigma->correlations[at];
    const size_t position = order->positions[order->depth - 1]++;
    if (position == correlation->count || correlation->broken) {
        order->visits[at] = VISITED;
        sigma->correlation_order[(*ordered)++] = at;
        order->depth--;
        return;
    }
    const int32_t below = sigma->rules[correlation->rules[position]].correlated;
    if (below < 0 || order->visits[below] == VISITED)
        return;
    if (order->visits[below] == VISITING) {
        break_correlation(sigma, correlation, correlation->lines[position],
                          "the correlation feeds itself through \"%.80s\"",
                          correlation->names[position]);
        return;
    }
    order->visits[below] = VISITING;
    order->trail[order->depth] = (uint32_t)below;
    order->positions[order->depth++] = 0;
}

static bool order_correlations(struct vb_sigma *sigma)
{
    const size_t count = sigma->correlation_count;
    VB_CLEANUP(order_done)
    struct order order = {
        .visits = calloc(count + 1, 1),
        .trail = calloc(count + 1, sizeof(*order.trail)),
        .positions = calloc(count + 1, sizeof(*order.positions)),
    };
    sigma->correlation_order = calloc(count + 1, sizeof(*sigma->correlation_order));
    if (order.visits == NULL || order.trail == NULL || order.positions == NULL ||
        sigma->correlation_order == NULL)
        return false;
    size_t ordered = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (order.visits[i] != UNVISITED)
            continue;
        order.visits[i] = VISITING;
        order.trail[0] = i;
        order.positions[0] = 0;
        order.depth = 1;
        while (order.depth > 0)
            visit_next(sigma, &order, &ordered);
    }
    return true;
}

/* One that is fed by a broken one is broken too: it could never be what it says. */
static void spread_breakage(struct vb_sigma *sigma)
{
    for (size_t i = 0; i < sigma->correlation_count; i++) {
        struct correlation *correlation = &sigma->correlations[sigma->correlation_order[i]];
        correlation->depth = 1;
        for (size_t k = 0; k < correlation->count && !correlation->broken; k++) {
            const int32_t below = sigma->rules[correlation->rules[k]].correlated;
            if (below >= 0 && sigma->correlations[below].broken)
                break_correlation(sigma, correlation, correlation->lines[k],
                                  "the correlation \"%.80s\" cannot be used",
                                  correlation->names[k]);
            else if (below >= 0 && sigma->correlations[below].depth >= SIGMA_CHAIN)
                break_correlation(sigma, correlation, correlation->lines[k],
                                  "\"%.80s\" is fed by too long a chain of correlations",
                                  correlation->names[k]);
            else if (below >= 0 && sigma->correlations[below].depth >= correlation->depth)
                correlation->depth = sigma->correlations[below].depth + 1;
        }
    }
}

static int compare_feeds(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right; /* rule, correlation in order, position */
    for (size_t i = 0; i < 3; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

static bool list_feeds(struct vb_sigma *sigma)
{
    size_t many = 0;
    for (size_t i = 0; i < sigma->correlation_count; i++)
        many += sigma->correlations[i].broken ? 0 : sigma->correlations[i].count;
    VB_CLEANUP_FREE uint32_t(*rows)[3] = calloc(many + 1, sizeof(*rows));
    sigma->feeds = calloc(many + 1, sizeof(*sigma->feeds));
    if (rows == NULL || sigma->feeds == NULL)
        return false;
    size_t at = 0;
    for (uint32_t i = 0; i < sigma->correlation_count; i++) {
        const struct correlation *correlation = &sigma->correlations[sigma->correlation_order[i]];
        for (uint32_t k = 0; k < correlation->count && !correlation->broken; k++) {
            rows[at][0] = correlation->rules[k];
            rows[at][1] = i;
            rows[at++][2] = k;
        }
    }
    if (many > 1)
        qsort(rows, many, sizeof(*rows), compare_feeds);
    sigma->feed_count = many;
    for (size_t i = 0; i < many; i++) {
        struct rule *rule = &sigma->rules[rows[i][0]];
        sigma->feeds[i] = (struct feed){sigma->correlation_order[rows[i][1]], rows[i][2]};
        if (rule->feeds == rule->feed_end)
            rule->feeds = (uint32_t)i;
        rule->feed_end = (uint32_t)i + 1;
    }
    return true;
}

/* A rule that feeds correlations reports only where one of them says so. */
static void quieten(struct vb_sigma *sigma)
{
    for (size_t i = 0; i < sigma->rule_count; i++) {
        struct rule *rule = &sigma->rules[i];
        bool generate = rule->feeds == rule->feed_end;
        for (uint32_t k = rule->feeds; k < rule->feed_end; k++)
            generate = generate || sigma->correlations[sigma->feeds[k].correlation].generate;
        rule->about.reported = generate;
    }
}

int vb_sigma_resolve(struct vb_sigma *sigma, struct vb_error *err)
{
    bool ok = index_names(sigma);
    for (size_t i = 0; i < sigma->filter_count && ok; i++)
        ok = apply_filter(sigma, &sigma->filters[i]);
    for (size_t i = 0; i < sigma->correlation_count && ok; i++)
        find_rules(sigma, &sigma->correlations[i]);
    ok = ok && order_correlations(sigma);
    if (ok)
        spread_breakage(sigma);
    ok = ok && list_feeds(sigma);
    if (!ok || sigma->arena.failed)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules");
    quieten(sigma);
    return VB_OK;
}
