/* One event against all rules: each value goes through its field's automaton once, what hits
 * decides most atoms and wakes rules, and only those are looked at. Trust boundary: values are the
 * subject's, of any bytes and up to their limits; the work for each is bounded by its length. */
#include "verdict/sigma/matcher.h"

void vb_sigma_matcher_free(struct vb_sigma_matcher *matcher)
{
    if (matcher == NULL)
        return;
    for (size_t i = 0; i < matcher->source_count; i++) {
        free(matcher->sources[i].applies);
        free(matcher->sources[i].always);
    }
    void *const heap[] = {matcher->sources,    matcher->slots,     matcher->hit,
                          matcher->known,      matcher->truths,    matcher->woken,
                          matcher->matched,    matcher->seen,      matcher->stops,
                          matcher->candidates, matcher->hits.list, matcher->recalled};
    for (size_t i = 0; i < VB_ARRAY_LEN(heap); i++)
        free(heap[i]);
    vb_arena_done(&matcher->arena);
    vb_arena_done(&matcher->hits.arena);
    vb_buf_done(&matcher->folded);
    vb_buf_done(&matcher->other);
    vb_sigma_regex_room_free(matcher->regex);
    vb_sigma_correlator_free(matcher->correlator);
    free(matcher);
}

static bool make_arrays(struct vb_sigma_matcher *matcher)
{
    const struct vb_sigma *sigma = matcher->sigma;
    const size_t atoms = sigma->atom_count + 1, rules = sigma->rule_count + 1;
    matcher->slots = calloc(sigma->field_count + 1, sizeof(*matcher->slots));
    matcher->hit = calloc(atoms, sizeof(*matcher->hit));
    matcher->known = calloc(atoms, sizeof(*matcher->known));
    matcher->truths = calloc(atoms, sizeof(*matcher->truths));
    matcher->stops = calloc(atoms, sizeof(*matcher->stops));
    matcher->woken = calloc(rules, sizeof(*matcher->woken));
    matcher->matched = calloc(rules, sizeof(*matcher->matched));
    matcher->candidates = calloc(rules, sizeof(*matcher->candidates));
    matcher->seen = calloc(sigma->output_count + 1, sizeof(*matcher->seen));
    matcher->regex = vb_sigma_regex_room_new();
    matcher->correlator = vb_sigma_correlator_new(sigma, &matcher->limits);
    matcher->recalled = vb_sigma_recalled_new();
    return matcher->recalled != NULL && matcher->slots != NULL && matcher->hit != NULL &&
           matcher->known != NULL && matcher->truths != NULL && matcher->stops != NULL &&
           matcher->woken != NULL && matcher->matched != NULL && matcher->candidates != NULL &&
           matcher->seen != NULL && matcher->regex != NULL && matcher->correlator != NULL;
}

int vb_sigma_matcher_new(const struct vb_sigma *sigma, struct vb_sigma_matcher **ret,
                         struct vb_error *err)
{
    if (!sigma->compiled)
        return vb_fail(err, VB_E_SOFTWARE, 0, "Sigma rules are not compiled yet");
    struct vb_sigma_matcher *matcher = calloc(1, sizeof(*matcher));
    if (matcher == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules");
    matcher->sigma = sigma;
    vb_buf_init(&matcher->folded, (size_t)1 << 30);
    vb_buf_init(&matcher->other, (size_t)1 << 30);
    if (!make_arrays(matcher)) {
        vb_sigma_matcher_free(matcher);
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules");
    }
    *ret = matcher;
    return VB_OK;
}

static bool applies(const struct source_keys *rule, const struct source_keys *event)
{
    return (*rule->product == '\0' || strcmp(rule->product, event->product) == 0) &&
           (*rule->category == '\0' || strcmp(rule->category, event->category) == 0) &&
           (*rule->service == '\0' || strcmp(rule->service, event->service) == 0);
}

static bool fill_source(const struct vb_sigma *sigma, struct source *source)
{
    source->applies = calloc(sigma->bucket_count + 1, 1);
    if (source->applies == NULL)
        return false;
    for (size_t i = 0; i < sigma->bucket_count; i++) {
        const struct bucket *bucket = &sigma->buckets[i];
        if (!applies(&bucket->keys, &source->keys))
            continue;
        source->applies[i] = 1;
        source->keywords = source->keywords || bucket->keywords;
        for (size_t k = 0; k < bucket->always_count; k++) {
            if (!vb_sigma_grow(&source->always, source->always_count, sizeof(*source->always)))
                return false;
            source->always[source->always_count++] = bucket->always[k];
        }
    }
    return true;
}

int vb_sigma_matcher_source(struct vb_sigma_matcher *matcher, const struct vb_sigma_source *source,
                            uint16_t *ret, struct vb_error *err)
{
    const struct source_keys keys = {source->product != NULL ? source->product : "",
                                     source->category != NULL ? source->category : "",
                                     source->service != NULL ? source->service : ""};
    for (size_t i = 0; i < matcher->source_count; i++) {
        const struct source_keys *old = &matcher->sources[i].keys;
        if (strcmp(old->product, keys.product) == 0 && strcmp(old->category, keys.category) == 0 &&
            strcmp(old->service, keys.service) == 0) {
            *ret = (uint16_t)i;
            return VB_OK;
        }
    }
    if (matcher->source_count >= SIGMA_SOURCES)
        return vb_fail(err, VB_E_LIMIT, 0, "events of more than %d log sources", SIGMA_SOURCES);
    if (!vb_sigma_grow(&matcher->sources, matcher->source_count, sizeof(*matcher->sources)))
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules");
    struct source *added = &matcher->sources[matcher->source_count];
    *added = (struct source){.keys = {vb_arena_str(&matcher->arena, keys.product),
                                      vb_arena_str(&matcher->arena, keys.category),
                                      vb_arena_str(&matcher->arena, keys.service)}};
    matcher->source_count++;
    if (!fill_source(matcher->sigma, added) || matcher->arena.failed)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules");
    *ret = (uint16_t)(matcher->source_count - 1);
    return VB_OK;
}

static bool run_rule(struct vb_sigma_matcher *matcher, const struct rule *rule)
{
    const struct op *ops = matcher->sigma->ops;
    uint32_t counter = 0;
    bool truth = false;
    for (uint32_t at = rule->first_op; at < rule->end_op; at++) {
        const struct op *op = &ops[at];
        switch ((enum op_code)op->code) {
        case OP_ATOM:
            truth = vb_sigma_truth_of(matcher, op->argument) == TRUTH_YES;
            break;
        case OP_MAYBE:
            truth = vb_sigma_truth_of(matcher, op->argument) != TRUTH_NO;
            break;
        case OP_NOT:
            truth = !truth;
            break;
        case OP_JUMP_FALSE:
            at = truth ? at : op->argument - 1;
            break;
        case OP_JUMP_TRUE:
            at = truth ? op->argument - 1 : at;
            break;
        case OP_BEGIN:
            counter = 0;
            break;
        case OP_ADD:
            counter += truth;
            truth = counter >= op->need;
            at = truth ? op->argument - 1 : at;
            break;
        case OP_FALSE:
            truth = false;
            break;
        }
    }
    return truth;
}

/* --- a view --- */

static bool walk_view(struct vb_sigma_matcher *matcher)
{
    const struct vb_sigma *sigma = matcher->sigma;
    const struct vb_sigma_view *view = matcher->view;
    for (uint32_t i = 0; i < view->count; i++) {
        const struct vb_sigma_value *value = &view->values[i];
        struct slot *slot = &matcher->slots[value->field];
        const bool named = value->field != NO_FIELD && slot->generation != matcher->generation;
        if (named)
            *slot = (struct slot){matcher->generation, i};
        const bool words = matcher->source->keywords && !value->silent;
        const struct automaton *const automata[] = {named ? sigma->automata[value->field] : NULL,
                                                    words ? sigma->automata[NO_FIELD] : NULL};
        matcher->any_cut = matcher->any_cut || value->cut;
        const bool list = value->type == VB_SIGMA_LIST;
        for (size_t k = 0; k < (list ? value->count : 1); k++) {
            const struct vb_sigma_value *one = list ? &value->items[k] : value;
            matcher->any_cut = matcher->any_cut || one->cut;
            if ((automata[0] != NULL || automata[1] != NULL) &&
                !vb_sigma_walk_value(matcher, one, automata))
                return false;
        }
    }
    return true;
}

static bool try_rules(struct vb_sigma_matcher *matcher, uint32_t view_number, const uint32_t *list,
                      size_t count)
{
    const struct vb_sigma *sigma = matcher->sigma;
    for (size_t i = 0; i < count; i++) {
        const uint32_t rule = list[i];
        if (matcher->matched[rule] == matcher->event || !run_rule(matcher, &sigma->rules[rule]))
            continue;
        matcher->matched[rule] = matcher->event;
        if (!vb_sigma_hit_add(&matcher->hits, &(struct vb_sigma_hit){
                                                  .rule = rule, .view = view_number, .matches = 1}))
            return false;
    }
    return true;
}

bool vb_sigma_hit_add(struct hits *hits, const struct vb_sigma_hit *hit)
{
    if (!vb_sigma_grow(&hits->list, hits->count, sizeof(*hits->list)))
        return false;
    hits->list[hits->count++] = *hit;
    return true;
}

/* Generations are told apart by a number that must not come again. */
static void next_generation(struct vb_sigma_matcher *matcher)
{
    const struct vb_sigma *sigma = matcher->sigma;
    if (++matcher->generation != 0)
        return;
    memset(matcher->slots, 0, sigma->field_count * sizeof(*matcher->slots));
    memset(matcher->hit, 0, sigma->atom_count * sizeof(*matcher->hit));
    memset(matcher->known, 0, sigma->atom_count * sizeof(*matcher->known));
    memset(matcher->woken, 0, sigma->rule_count * sizeof(*matcher->woken));
    matcher->generation = 1;
}

static int match_view(struct vb_sigma_matcher *matcher, const struct vb_sigma_view *view,
                      uint32_t number, struct vb_error *err)
{
    if (view->source >= matcher->source_count || view->count > VB_SIGMA_MAX_VALUES)
        return vb_fail(err, VB_E_SOFTWARE, 0, "a view of no known source, or of too many values");
    for (size_t i = 0; i < view->count; i++)
        if (view->values[i].field != NO_FIELD &&
            view->values[i].field >= matcher->sigma->field_count)
            return vb_fail(err, VB_E_SOFTWARE, 0, "a view with a field that is not known");
    next_generation(matcher);
    matcher->view = view;
    matcher->source = &matcher->sources[view->source];
    matcher->candidate_count = 0;
    matcher->any_cut = false;
    if (!walk_view(matcher) ||
        !try_rules(matcher, number, matcher->candidates, matcher->candidate_count) ||
        !try_rules(matcher, number, matcher->source->always, matcher->source->always_count) ||
        matcher->out_of_memory)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules");
    return VB_OK;
}

/* --- an event --- */

static int compare_hits(const void *left, const void *right)
{
    const struct vb_sigma_hit *a = left, *b = right;
    return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static bool value_of(const void *ctx, uint16_t field, char *buffer, struct bytes *ret)
{
    const struct vb_sigma_view *view = ctx;
    for (size_t i = 0; i < view->count; i++)
        if (view->values[i].field == field)
            return vb_sigma_text_of(&view->values[i], buffer, ret);
    return false;
}

/* The rules that feed correlations do so, and those that do not report make room. */
static bool correlate(struct vb_sigma_matcher *matcher, const struct vb_sigma_event *event)
{
    struct hits *hits = &matcher->hits;
    const size_t count = hits->count;
    for (size_t i = 0; i < count; i++) {
        const struct vb_sigma_hit hit = hits->list[i]; /* the list may move */
        const struct rule *rule = &matcher->sigma->rules[hit.rule];
        if (rule->feeds == rule->feed_end)
            continue;
        const struct match_values values = {&event->views[hit.view], value_of};
        if (!vb_sigma_correlate(matcher->correlator, hit.rule, event, &values, hits))
            return false;
    }
    size_t kept = 0;
    for (size_t i = 0; i < hits->count; i++) {
        const struct rule *rule = &matcher->sigma->rules[hits->list[i].rule];
        if (rule->about.reported)
            hits->list[kept++] = hits->list[i];
    }
    hits->count = kept;
    return true;
}

static bool set_evidence(struct hits *hits, uint64_t seq, uint64_t time_ns)
{
    uint64_t *evidence = NULL;
    for (size_t i = 0; i < hits->count; i++) {
        struct vb_sigma_hit *hit = &hits->list[i];
        if (evidence == NULL)
            evidence = vb_arena_alloc(&hits->arena, sizeof(*evidence));
        if (evidence == NULL)
            return false;
        *evidence = seq;
        hit->evidence = evidence;
        hit->evidence_count = 1;
        hit->time_ns = time_ns;
        hit->group = "";
    }
    return true;
}

static void clear_hits(struct vb_sigma_matcher *matcher)
{
    matcher->hits.count = 0;
    if (matcher->hits.arena.chunks != NULL)
        vb_arena_reset(&matcher->hits.arena);
    if (++matcher->event != 0)
        return;
    memset(matcher->matched, 0, matcher->sigma->rule_count * sizeof(*matcher->matched));
    matcher->event = 1;
}

int vb_sigma_match(struct vb_sigma_matcher *matcher, const struct vb_sigma_event *event,
                   const struct vb_sigma_hit **ret_hits, size_t *ret_count, struct vb_error *err)
{
    struct vb_sigma_event now = *event;
    if (now.time_ns < matcher->last_time)
        now.time_ns = matcher->last_time;
    matcher->last_time = now.time_ns;
    clear_hits(matcher);
    for (uint32_t i = 0; i < event->view_count; i++) {
        const int status = match_view(matcher, &event->views[i], i, err);
        if (status < 0)
            return status;
    }
    struct hits *hits = &matcher->hits;
    if (hits->count > 1)
        qsort(hits->list, hits->count, sizeof(*hits->list), compare_hits);
    if (!set_evidence(hits, now.seq, now.time_ns) ||
        (matcher->sigma->feed_count > 0 &&
         (!vb_sigma_close_windows(matcher->correlator, now.time_ns, hits) ||
          !correlate(matcher, &now))) ||
        hits->arena.failed)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules");
    *ret_hits = hits->list;
    *ret_count = hits->count;
    return VB_OK;
}

int vb_sigma_finish(struct vb_sigma_matcher *matcher, const struct vb_sigma_hit **ret_hits,
                    size_t *ret_count, struct vb_error *err)
{
    clear_hits(matcher);
    if (!vb_sigma_close_windows(matcher->correlator, UINT64_MAX, &matcher->hits) ||
        matcher->hits.arena.failed)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules");
    size_t kept = 0;
    for (size_t i = 0; i < matcher->hits.count; i++)
        if (matcher->sigma->rules[matcher->hits.list[i].rule].about.reported)
            matcher->hits.list[kept++] = matcher->hits.list[i];
    matcher->hits.count = kept;
    *ret_hits = matcher->hits.list;
    *ret_count = kept;
    return VB_OK;
}

const struct vb_sigma_limits *vb_sigma_matcher_limits(const struct vb_sigma_matcher *matcher)
{
    return &matcher->limits;
}
