/* Correlations at work: for each and each group the matches of its window, (t - timespan, t] at a
 * match of time t. What only the end of a window decides (fewer than, exactly) is tested when that
 * has come: such a window begins with its first match. A group that matched starts anew, so that a
 * burst reports once. Trust boundary: groups and values are the subject's; trees instead of hashes,
 * so that no choice of texts makes them slow, and one bound of memory for all. */
#include <search.h>

#include "verdict/sigma/internal.h"
#include "vetbox/core/digest.h"

enum {
    MATCHES_MOST = 65536, /* of one group */
    NUMBERS_MOST = 4096,  /* where each match is gone through again */
    TEXT_MOST = 256,      /* bytes of a value; longer ones by their digest */
    BYTES_MOST = 64 << 20,
    HITS_MOST = 65536 /* of one event: correlations may feed each other in many ways */
};

struct text {
    size_t len;
    uint32_t uses;
    char bytes[];
};

struct match {
    uint64_t time_ns, seq;
    uint32_t position; /* which of the correlation's rules */
    double number;
    struct text *value;
};

/* The last chain of so many rules in order that ends with this one. */
struct cell {
    bool there;
    uint64_t start, last_seq;
    uint64_t seqs[16];
};

struct group {
    struct group *older, *newer;           /* of all, by use */
    struct group *open_older, *open_newer; /* of the correlation's open windows */
    uint32_t correlation;
    struct text *key;      /* of the group: its values with their lengths */
    struct match *matches; /* a ring */
    size_t first, count, room;
    uint32_t seen[SIGMA_CORRELATED]; /* matches of each rule */
    void *values;                    /* tree of text */
    size_t value_count;
    double *sorted;     /* the numbers of the matches, for ranks: room for NUMBERS_MOST */
    struct cell *cells; /* temporal_ordered: [length - 1][rule] */
    uint64_t opened_ns, last_ns;
    size_t bytes;
};

struct state {
    void *groups; /* tree of group, by key */
    struct group *oldest_open, *newest_open;
};

struct correlator {
    const struct vb_sigma *sigma;
    struct vb_sigma_limits *limits;
    struct state *states;
    struct group *oldest, *newest;
    size_t bytes;
    bool failed;
};

struct correlator *vb_sigma_correlator_new(const struct vb_sigma *sigma,
                                           struct vb_sigma_limits *limits)
{
    struct correlator *correlator = calloc(1, sizeof(*correlator));
    if (correlator == NULL)
        return NULL;
    correlator->sigma = sigma;
    correlator->limits = limits;
    correlator->states = calloc(sigma->correlation_count + 1, sizeof(*correlator->states));
    if (correlator->states == NULL) {
        free(correlator);
        return NULL;
    }
    return correlator;
}

static int compare_text(const void *left, const void *right)
{
    const struct text *a = left, *b = right;
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return memcmp(a->bytes, b->bytes, a->len);
}

static int compare_group(const void *left, const void *right)
{
    return compare_text(((const struct group *)left)->key, ((const struct group *)right)->key);
}

static void account(struct correlator *correlator, struct group *group, size_t more, size_t less)
{
    group->bytes += more;
    group->bytes -= less;
    correlator->bytes += more;
    correlator->bytes -= less;
}

static void unlink_open(struct state *state, struct group *group)
{
    if (group->open_older == NULL && state->oldest_open != group)
        return;
    *(group->open_older != NULL ? &group->open_older->open_newer : &state->oldest_open) =
        group->open_newer;
    *(group->open_newer != NULL ? &group->open_newer->open_older : &state->newest_open) =
        group->open_older;
    group->open_older = group->open_newer = NULL;
}

static void unlink_used(struct correlator *correlator, struct group *group)
{
    *(group->older != NULL ? &group->older->newer : &correlator->oldest) = group->newer;
    *(group->newer != NULL ? &group->newer->older : &correlator->newest) = group->older;
    group->older = group->newer = NULL;
}

static void link_used(struct correlator *correlator, struct group *group)
{
    group->older = correlator->newest;
    *(correlator->newest != NULL ? &correlator->newest->newer : &correlator->oldest) = group;
    correlator->newest = group;
}

/* How many of the sorted numbers are less than NUMBER. */
static size_t place_of(const double *sorted, size_t count, double number)
{
    size_t low = 0;
    while (low < count) {
        const size_t middle = low + (count - low) / 2;
        if (sorted[middle] < number)
            low = middle + 1;
        else
            count = middle;
    }
    return low;
}

/* COUNT numbers are there, the one that leaves among them. */
static void unsort(struct group *group, size_t count, double number)
{
    double *at = group->sorted + place_of(group->sorted, count, number);
    memmove(at, at + 1, (size_t)(group->sorted + count - at - 1) * sizeof(*at));
}

static void sort_in(struct group *group, size_t count, double number)
{
    double *at = group->sorted + place_of(group->sorted, count, number);
    memmove(at + 1, at, (size_t)(group->sorted + count - at) * sizeof(*at));
    *at = number;
}

static void drop_match(struct correlator *correlator, struct group *group)
{
    struct match *match = &group->matches[group->first];
    if (group->sorted != NULL)
        unsort(group, group->count, match->number);
    group->first = (group->first + 1) % group->room;
    group->count--;
    group->seen[match->position]--;
    struct text *value = match->value;
    if (value == NULL || --value->uses > 0)
        return;
    (void)tdelete(value, &group->values, compare_text);
    group->value_count--;
    account(correlator, group, 0, sizeof(*value) + value->len);
    free(value);
}

static void free_group(struct correlator *correlator, struct group *group)
{
    struct state *state = &correlator->states[group->correlation];
    (void)tdelete(group, &state->groups, compare_group);
    unlink_open(state, group);
    unlink_used(correlator, group);
    while (group->count > 0)
        drop_match(correlator, group);
    correlator->bytes -= group->bytes;
    free(group->matches);
    free(group->sorted);
    free(group->cells);
    free(group->key);
    free(group);
}

void vb_sigma_correlator_free(struct correlator *correlator)
{
    if (correlator == NULL)
        return;
    while (correlator->oldest != NULL)
        free_group(correlator, correlator->oldest);
    free(correlator->states);
    free(correlator);
}

static bool no_memory(struct correlator *correlator)
{
    correlator->failed = true;
    return false;
}

/* Appends the length and the bytes of VALUE, or of its digest. */
static bool append_value(struct vb_buf *buf, struct bytes value)
{
    char hex[VB_SHA256_HEX];
    if (value.len > TEXT_MOST) {
        if (vb_sha256_hex(value.data, value.len, hex, NULL) < 0)
            return false;
        value = (struct bytes){(const unsigned char *)hex, strlen(hex)};
    }
    const uint32_t len = (uint32_t)value.len;
    return vb_buf_append(buf, &len, sizeof(len), NULL) == VB_OK &&
           vb_buf_append(buf, value.data, value.len, NULL) == VB_OK;
}

/* The next of the values of a key. */
static bool next_part(const struct text *key, size_t *at, struct bytes *ret)
{
    uint32_t len = 0;
    if (*at + sizeof(len) > key->len)
        return false;
    memcpy(&len, key->bytes + *at, sizeof(len));
    *ret = (struct bytes){(const unsigned char *)key->bytes + *at + sizeof(len), len};
    *at += sizeof(len) + len;
    return true;
}

/* The values of FIELDS as one text; NULL with *RET_MISSING where one is not there. */
static struct text *make_text(struct correlator *correlator, const struct match_values *values,
                              const uint16_t *fields, size_t count, bool *ret_missing)
{
    char buffer[32];
    VB_CLEANUP(vb_buf_done) struct vb_buf buf;
    vb_buf_init(&buf, SIGMA_GROUP_BY * (TEXT_MOST + 8));
    *ret_missing = false;
    for (size_t i = 0; i < count; i++) {
        struct bytes value;
        if (!values->get(values->ctx, fields[i], buffer, &value)) {
            *ret_missing = true;
            return NULL;
        }
        if (!append_value(&buf, value)) {
            (void)no_memory(correlator);
            return NULL;
        }
    }
    struct text *text = malloc(sizeof(*text) + buf.len + 1);
    if (text == NULL) {
        (void)no_memory(correlator);
        return NULL;
    }
    *text = (struct text){.len = buf.len};
    if (buf.len > 0)
        memcpy(text->bytes, buf.data, buf.len);
    return text;
}

static bool is_ordered(const struct correlation *correlation)
{
    return correlation->type == CORRELATE_TEMPORAL_ORDERED;
}

static struct group *new_group(struct correlator *correlator, uint32_t number, struct text *key,
                               uint64_t time_ns)
{
    const struct correlation *correlation = &correlator->sigma->correlations[number];
    struct state *state = &correlator->states[number];
    struct group *group = calloc(1, sizeof(*group));
    const size_t cells = is_ordered(correlation) ? correlation->count * correlation->count : 0;
    const size_t numbers = correlation->type >= CORRELATE_VALUE_PERCENTILE ? NUMBERS_MOST : 0;
    if (group != NULL && cells > 0)
        group->cells = calloc(cells, sizeof(*group->cells));
    if (group != NULL && numbers > 0)
        group->sorted = calloc(numbers, sizeof(*group->sorted));
    if (group == NULL || (cells > 0 && group->cells == NULL) ||
        (numbers > 0 && group->sorted == NULL)) {
        if (group != NULL)
            free(group->cells);
        free(group);
        (void)no_memory(correlator);
        return NULL;
    }
    group->correlation = number;
    group->key = key;
    group->opened_ns = time_ns;
    if (tsearch(group, &state->groups, compare_group) == NULL) {
        free(group->cells);
        free(group->sorted);
        free(group);
        (void)no_memory(correlator);
        return NULL;
    }
    account(correlator, group,
            sizeof(*group) + key->len + 64 + cells * sizeof(struct cell) + numbers * sizeof(double),
            0);
    link_used(correlator, group);
    if (!correlation->at_end)
        return group;
    group->open_older = state->newest_open;
    *(state->newest_open != NULL ? &state->newest_open->open_newer : &state->oldest_open) = group;
    state->newest_open = group;
    return group;
}

/* KEY is taken. */
static struct group *group_of(struct correlator *correlator, uint32_t number, struct text *key,
                              uint64_t time_ns)
{
    const struct group wanted = {.key = key};
    struct group *const *found = tfind(&wanted, &correlator->states[number].groups, compare_group);
    if (found != NULL) {
        struct group *group = *found;
        free(key);
        unlink_used(correlator, group);
        link_used(correlator, group);
        return group;
    }
    struct group *made = new_group(correlator, number, key, time_ns);
    if (made == NULL)
        free(key);
    return made;
}

/* The oldest groups go; those whose window is long over were only not asked again. */
static void make_space(struct correlator *correlator, const struct group *keep, uint64_t now)
{
    while (correlator->bytes > BYTES_MOST && correlator->oldest != keep) {
        const struct group *group = correlator->oldest;
        const uint64_t span = correlator->sigma->correlations[group->correlation].span_ns;
        correlator->limits->groups_dropped += now - group->last_ns < span;
        free_group(correlator, correlator->oldest);
    }
}

static bool ring_room(struct correlator *correlator, struct group *group, size_t most)
{
    if (group->count < group->room)
        return true;
    if (group->room >= most) {
        correlator->limits->matches_dropped++;
        drop_match(correlator, group);
        return true;
    }
    const size_t room = group->room == 0 ? 4 : group->room * 2;
    struct match *bigger = calloc(room, sizeof(*bigger));
    if (bigger == NULL)
        return no_memory(correlator);
    for (size_t i = 0; i < group->count && group->room > 0; i++)
        bigger[i] = group->matches[(group->first + i) % group->room];
    account(correlator, group, (room - group->room) * sizeof(*bigger), 0);
    free(group->matches);
    group->matches = bigger;
    group->first = 0;
    group->room = room;
    return true;
}

/* VALUE is taken. */
static bool count_value(struct correlator *correlator, struct group *group, struct text **value)
{
    struct text **slot = tsearch(*value, &group->values, compare_text);
    if (slot == NULL)
        return no_memory(correlator);
    if (*slot != *value) {
        free(*value);
    } else {
        group->value_count++;
        account(correlator, group, sizeof(**value) + (*value)->len, 0);
    }
    *value = *slot;
    (*value)->uses++;
    return true;
}

static bool push(struct correlator *correlator, struct group *group, struct match match)
{
    const struct correlation *correlation = &correlator->sigma->correlations[group->correlation];
    const bool numbers = correlation->type >= CORRELATE_VALUE_SUM;
    const bool room = ring_room(correlator, group, numbers ? NUMBERS_MOST : MATCHES_MOST) &&
                      (match.value == NULL || count_value(correlator, group, &match.value));
    if (!room || group->room == 0) {
        free(match.value);
        return false;
    }
    if (group->sorted != NULL)
        sort_in(group, group->count, match.number);
    group->matches[(group->first + group->count++) % group->room] = match;
    group->seen[match.position]++;
    return true;
}

static void expire(struct correlator *correlator, struct group *group, uint64_t now)
{
    const uint64_t span = correlator->sigma->correlations[group->correlation].span_ns;
    while (group->count > 0 && now - group->matches[group->first].time_ns >= span)
        drop_match(correlator, group);
}

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
    for (size_t i = 0; i < correlation->group_count && next_part(group->key, &at, &part); i++) {
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
    for (size_t i = 0; i < values->correlation->group_count && next_part(values->key, &at, ret);
         i++)
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
        return no_memory(correlator);
    if (hits->count >= HITS_MOST) {
        correlator->limits->matches_dropped++;
        free_group(correlator, group);
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
        return no_memory(correlator);
    const uint64_t last = hit.evidence_count > 0 ? evidence[hit.evidence_count - 1] : 0;
    const struct vb_sigma_event event = {.time_ns = time_ns, .seq = last};
    /* The group is gone before others are fed, which may make space. */
    const size_t size = sizeof(*group->key) + group->key->len;
    VB_CLEANUP_FREE struct text *copy = malloc(size + 1);
    if (copy == NULL)
        return no_memory(correlator);
    memcpy(copy, group->key, size);
    const struct group_values values = {sigma, correlation, copy};
    free_group(correlator, group);
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
        expire(correlator, group, match.time_ns);
    if (!push(correlator, group, match))
        return false;
    make_space(correlator, group, match.time_ns);
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
        match.value = make_text(correlator, values, correlation->value_fields,
                                correlation->value_count, &missing);
        if (match.value == NULL)
            return missing;
    }
    struct text *key = make_text(correlator, values, correlation->group_fields[feed->position],
                                 correlation->group_count, &missing);
    struct group *group =
        key == NULL ? NULL : group_of(correlator, feed->correlation, key, event->time_ns);
    if (group == NULL) {
        free(match.value);
        return missing;
    }
    make_space(correlator, group, event->time_ns);
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
    free_group(correlator, group);
    return !correlator->failed;
}

bool vb_sigma_close_windows(struct correlator *correlator, uint64_t time_ns, struct hits *hits)
{
    const struct vb_sigma *sigma = correlator->sigma;
    for (size_t i = 0; i < sigma->correlation_count; i++) {
        const uint32_t number = sigma->correlation_order[i];
        const uint64_t span = sigma->correlations[number].span_ns;
        struct state *state = &correlator->states[number];
        while (state->oldest_open != NULL && time_ns - state->oldest_open->opened_ns >= span)
            if (!close_window(correlator, state->oldest_open, state->oldest_open->opened_ns + span,
                              hits))
                return false;
    }
    return true;
}
