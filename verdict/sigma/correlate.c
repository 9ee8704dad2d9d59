/* Correlations at work: for each and each group the matches of its window, (t - timespan, t] at a
 * match of time t. What only the end of a window decides (fewer than, exactly) is tested when that
 * has come: such a window begins with its first match. A group that matched starts anew, so that a
 * burst reports once. */
#include "verdict/sigma/groups.h"

enum { HITS_MOST = 65536 }; /* of one event: correlations may feed each other in many ways */

/* --- what is compared --- */

static const struct match *match_at(const struct group *group, size_t at)
{
    return &group->matches[(group->first + at) % group->room];
}

static void ranked(const struct correlation *correlation, const struct group *group, double *ret)
{
    const size_t count = group->count;
    const double *sorted = group->sorted;
    const size_t rank = (size_t)((double)count * correlation->percentile / 100);
    *ret = sorted[rank < count ? rank : count - 1];
    if (correlation->type == CORRELATE_VALUE_MEDIAN)
        *ret = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

static size_t rules_seen(const struct correlation *correlation, const struct group *group)
{
    size_t count = 0;
    for (size_t i = 0; i < correlation->count; i++) {
        bool again = false; /* a rule that is listed twice is one */
        for (size_t k = 0; k < i; k++)
            again = again || correlation->rules[k] == correlation->rules[i];
        count += !again && group->seen[i] > 0;
    }
    return count;
}

static bool figure_of(const struct correlation *correlation, const struct group *group, double *ret)
{
    double sum = 0;
    switch (correlation->type) {
    case CORRELATE_EVENT_COUNT:
        *ret = (double)group->count;
        return true;
    case CORRELATE_VALUE_COUNT:
        *ret = (double)group->value_count;
        return true;
    case CORRELATE_TEMPORAL:
        *ret = (double)rules_seen(correlation, group);
        return true;
    case CORRELATE_VALUE_SUM:
    case CORRELATE_VALUE_AVG:
        for (size_t i = 0; i < group->count; i++)
            sum += match_at(group, i)->number;
        *ret = correlation->type == CORRELATE_VALUE_SUM ? sum : sum / (double)group->count;
        return group->count > 0;
    case CORRELATE_VALUE_PERCENTILE:
    case CORRELATE_VALUE_MEDIAN:
        if (group->count > 0)
            ranked(correlation, group, ret);
        return group->count > 0;
    case CORRELATE_TEMPORAL_ORDERED:
    case CORRELATE_COUNT:
        break;
    }
    return false;
}

static bool holds(const struct correlation *correlation, double figure)
{
    for (size_t i = 0; i < correlation->condition_count; i++)
        if (!vb_sigma_compare(correlation->conditions[i].op, figure,
                              correlation->conditions[i].number))
            return false;
    return true;
}

/* --- a hit, and what it feeds --- */

static const char *describe(struct hits *hits, const struct correlation *correlation,
                            const struct group *group)
{
    char *text = vb_arena_str(&hits->arena, "");
    size_t at = 0;
    struct bytes part;
    for (size_t i = 0; i < correlation->group_count && vb_sigma_next_part(group->key, &at, &part);
         i++) {
        const char *value = vb_arena_copy(&hits->arena, (const char *)part.data, part.len);
        text = vb_arena_printf(&hits->arena, "%s%s%s=%s", text, i == 0 ? "" : ", ",
                               correlation->group_names[i], value);
    }
    return text;
}

/* The last matches, or of temporal the last of each rule. */
static size_t list_evidence(const struct correlation *correlation, const struct group *group,
                            uint64_t *ret)
{
    bool taken[SIGMA_CORRELATED] = {false};
    size_t count = 0;
    for (size_t i = group->count; i > 0 && count < VB_SIGMA_MAX_EVIDENCE; i--) {
        const struct match *match = match_at(group, i - 1);
        if (correlation->type == CORRELATE_TEMPORAL && taken[match->position])
            continue;
        taken[match->position] = true;
        ret[count++] = match->seq;
    }
    for (size_t i = 0; i < count / 2; i++) {
        const uint64_t last = ret[count - 1 - i];
        ret[count - 1 - i] = ret[i];
        ret[i] = last;
    }
    return count;
}

struct group_values {
    const struct vb_sigma *sigma;
    const struct correlation *correlation;
    const struct text *key;
};

static bool group_value(const void *ctx, uint16_t field, char *buffer, struct bytes *ret)
{
    const struct group_values *values = ctx;
    size_t at = 0;
    (void)buffer;
    for (size_t i = 0;
         i < values->correlation->group_count && vb_sigma_next_part(values->key, &at, ret); i++)
        if (strcmp(values->correlation->group_names[i], values->sigma->fields[field]) == 0)
            return true;
    return false;
}

static bool report(struct correlator *correlator, struct group *group, uint64_t time_ns,
                   const struct cell *chain, size_t chain_len, struct hits *hits)
{
    const struct vb_sigma *sigma = correlator->sigma;
    const struct correlation *correlation = &sigma->correlations[group->correlation];
    uint64_t *evidence = vb_arena_alloc(&hits->arena, VB_SIGMA_MAX_EVIDENCE * sizeof(*evidence));
    if (evidence == NULL)
        return vb_sigma_no_memory(correlator);
    if (hits->count >= HITS_MOST) {
        correlator->limits->matches_dropped++;
        vb_sigma_free_group(correlator, group);
        return true;
    }
    struct vb_sigma_hit hit = {.rule = correlation->rule,
                               .time_ns = time_ns,
                               .group = describe(hits, correlation, group),
                               .evidence = evidence,
                               .matches = chain != NULL ? chain_len : group->count};
    if (chain != NULL)
        memcpy(evidence, chain->seqs, chain_len * sizeof(*evidence));
    hit.evidence_count = chain != NULL ? chain_len : list_evidence(correlation, group, evidence);
    if (!vb_sigma_hit_add(hits, &hit))
        return vb_sigma_no_memory(correlator);
    const uint64_t last = hit.evidence_count > 0 ? evidence[hit.evidence_count - 1] : 0;
    const struct vb_sigma_event event = {.time_ns = time_ns, .seq = last};
    /* The group is gone before others are fed, which may make space. */
    const size_t size = sizeof(*group->key) + group->key->len;
    VB_CLEANUP_FREE struct text *copy = malloc(size + 1);
    if (copy == NULL)
        return vb_sigma_no_memory(correlator);
    memcpy(copy, group->key, size);
    const struct group_values values = {sigma, correlation, copy};
    vb_sigma_free_group(correlator, group);
    return vb_sigma_correlate(correlator, correlation->rule, &event,
                              &(struct match_values){&values, group_value}, hits);
}

/* A chain may not use one event twice. */
static struct cell *extend(const struct correlation *correlation, struct group *group,
                           size_t position, const struct match *match, size_t *ret_len)
{
    const size_t width = correlation->count;
    struct cell *longest = NULL;
    for (size_t len = width; len > 1; len--) {
        const struct cell *best = NULL;
        for (size_t k = 0; k < position; k++) {
            const struct cell *cell = &group->cells[(len - 2) * width + k];
            if (cell->there && cell->last_seq != match->seq &&
                match->time_ns - cell->start < correlation->span_ns &&
                (best == NULL || cell->start > best->start))
                best = cell;
        }
        if (best == NULL)
            continue;
        struct cell *cell = &group->cells[(len - 1) * width + position];
        *cell = *best;
        cell->last_seq = cell->seqs[len - 1] = match->seq;
        if (longest == NULL)
            *ret_len = len;
        longest = longest == NULL ? cell : longest;
    }
    struct cell *single = &group->cells[position];
    *single = (struct cell){
        .there = true, .start = match->time_ns, .last_seq = match->seq, .seqs = {match->seq}};
    if (longest == NULL)
        *ret_len = 1;
    return longest == NULL ? single : longest;
}

static bool take_ordered(struct correlator *correlator, struct group *group,
                         const struct match *match, struct hits *hits)
{
    const struct correlation *correlation = &correlator->sigma->correlations[group->correlation];
    size_t len = 0;
    const struct cell *chain = extend(correlation, group, match->position, match, &len);
    return !holds(correlation, (double)len) ||
           report(correlator, group, match->time_ns, chain, len, hits);
}

static bool take_match(struct correlator *correlator, struct group *group, struct match match,
                       struct hits *hits)
{
    const struct correlation *correlation = &correlator->sigma->correlations[group->correlation];
    double figure = 0;
    if (match.time_ns < group->last_ns)
        match.time_ns = group->last_ns;
    group->last_ns = match.time_ns;
    if (is_ordered(correlation))
        return take_ordered(correlator, group, &match, hits);
    if (!correlation->at_end)
        vb_sigma_expire(correlator, group, match.time_ns);
    if (!vb_sigma_push(correlator, group, match))
        return false;
    vb_sigma_make_space(correlator, group, match.time_ns);
    if (correlation->at_end || !figure_of(correlation, group, &figure) ||
        !holds(correlation, figure))
        return !correlator->failed;
    return report(correlator, group, match.time_ns, NULL, 0, hits);
}

static bool read_number(const struct correlation *correlation, const struct match_values *values,
                        double *ret)
{
    char buffer[32];
    struct bytes text;
    return values->get(values->ctx, correlation->value_fields[0], buffer, &text) &&
           vb_sigma_number((const char *)text.data, text.len, ret);
}

static bool feed_one(struct correlator *correlator, const struct feed *feed,
                     const struct vb_sigma_event *event, const struct match_values *values,
                     struct hits *hits)
{
    const struct correlation *correlation = &correlator->sigma->correlations[feed->correlation];
    struct match match = {.time_ns = event->time_ns, .seq = event->seq, .position = feed->position};
    bool missing = false;
    if (correlation->type >= CORRELATE_VALUE_SUM &&
        !read_number(correlation, values, &match.number))
        return true; /* what is no number is left out */
    if (correlation->type == CORRELATE_VALUE_COUNT) {
        match.value = vb_sigma_make_text(correlator, values, correlation->value_fields,
                                         correlation->value_count, &missing);
        if (match.value == NULL)
            return missing;
    }
    struct text *key =
        vb_sigma_make_text(correlator, values, correlation->group_fields[feed->position],
                           correlation->group_count, &missing);
    struct group *group =
        key == NULL ? NULL : vb_sigma_group_of(correlator, feed->correlation, key, event->time_ns);
    if (group == NULL) {
        free(match.value);
        return missing;
    }
    vb_sigma_make_space(correlator, group, event->time_ns);
    return take_match(correlator, group, match, hits);
}

/* Calls itself through report; the depth of chains has a bound (resolve.c). */
bool vb_sigma_correlate(struct correlator *correlator, uint32_t rule,
                        const struct vb_sigma_event *event, const struct match_values *values,
                        struct hits *hits)
{
    const struct rule *fed = &correlator->sigma->rules[rule];
    for (uint32_t i = fed->feeds; i < fed->feed_end; i++)
        if (!feed_one(correlator, &correlator->sigma->feeds[i], event, values, hits))
            return false;
    return true;
}

static bool close_window(struct correlator *correlator, struct group *group, uint64_t end,
                         struct hits *hits)
{
    const struct correlation *correlation = &correlator->sigma->correlations[group->correlation];
    double figure = 0;
    if (figure_of(correlation, group, &figure) && holds(correlation, figure))
        return report(correlator, group, end, NULL, 0, hits);
    vb_sigma_free_group(correlator, group);
    return !correlator->failed;
}

static void find_first_end(struct correlator *correlator)
{
    const struct vb_sigma *sigma = correlator->sigma;
    correlator->first_end = UINT64_MAX;
    for (size_t i = 0; i < sigma->correlation_count; i++) {
        const struct group *group = correlator->states[i].oldest_open;
        const uint64_t end = group == NULL ? UINT64_MAX : end_of(&sigma->correlations[i], group);
        correlator->first_end = end < correlator->first_end ? end : correlator->first_end;
    }
}

bool vb_sigma_close_windows(struct correlator *correlator, uint64_t time_ns, struct hits *hits)
{
    const struct vb_sigma *sigma = correlator->sigma;
    if (time_ns < correlator->first_end)
        return true;
    for (size_t i = 0; i < sigma->correlation_count; i++) {
        const uint32_t number = sigma->correlation_order[i];
        const struct correlation *correlation = &sigma->correlations[number];
        struct state *state = &correlator->states[number];
        while (state->oldest_open != NULL && time_ns >= end_of(correlation, state->oldest_open))
            if (!close_window(correlator, state->oldest_open,
                              end_of(correlation, state->oldest_open), hits))
                return false;
    }
    find_first_end(correlator);
    return true;
}
