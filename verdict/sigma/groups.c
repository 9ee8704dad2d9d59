/* Groups of matches. Trust boundary: keys and values are the subject's; trees instead of hashes, so
 * that no choice of texts makes them slow, and one bound of memory for all. */
#include "verdict/sigma/groups.h"

#include <search.h>

#include "vetbox/core/digest.h"

struct correlator *vb_sigma_correlator_new(const struct vb_sigma *sigma,
                                           struct vb_sigma_limits *limits)
{
    struct correlator *correlator = calloc(1, sizeof(*correlator));
    if (correlator == NULL)
        return NULL;
    correlator->sigma = sigma;
    correlator->limits = limits;
    correlator->first_end = UINT64_MAX;
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

void vb_sigma_free_group(struct correlator *correlator, struct group *group)
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
        vb_sigma_free_group(correlator, correlator->oldest);
    free(correlator->states);
    free(correlator);
}

bool vb_sigma_no_memory(struct correlator *correlator)
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

bool vb_sigma_next_part(const struct text *key, size_t *at, struct bytes *ret)
{
    uint32_t len = 0;
    if (*at + sizeof(len) > key->len)
        return false;
    memcpy(&len, key->bytes + *at, sizeof(len));
    *ret = (struct bytes){(const unsigned char *)key->bytes + *at + sizeof(len), len};
    *at += sizeof(len) + len;
    return true;
}

struct text *vb_sigma_make_text(struct correlator *correlator, const struct match_values *values,
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
            (void)vb_sigma_no_memory(correlator);
            return NULL;
        }
    }
    struct text *text = malloc(sizeof(*text) + buf.len + 1);
    if (text == NULL) {
        (void)vb_sigma_no_memory(correlator);
        return NULL;
    }
    *text = (struct text){.len = buf.len};
    if (buf.len > 0)
        memcpy(text->bytes, buf.data, buf.len);
    return text;
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
        (void)vb_sigma_no_memory(correlator);
        return NULL;
    }
    group->correlation = number;
    group->key = key;
    group->opened_ns = time_ns;
    if (tsearch(group, &state->groups, compare_group) == NULL) {
        free(group->cells);
        free(group->sorted);
        free(group);
        (void)vb_sigma_no_memory(correlator);
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
    const uint64_t end = end_of(correlation, group);
    correlator->first_end = end < correlator->first_end ? end : correlator->first_end;
    return group;
}

struct group *vb_sigma_group_of(struct correlator *correlator, uint32_t number, struct text *key,
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

void vb_sigma_make_space(struct correlator *correlator, const struct group *keep, uint64_t now)
{
    while (correlator->bytes > BYTES_MOST && correlator->oldest != keep) {
        const struct group *group = correlator->oldest;
        const uint64_t span = correlator->sigma->correlations[group->correlation].span_ns;
        correlator->limits->groups_dropped += now - group->last_ns < span;
        vb_sigma_free_group(correlator, correlator->oldest);
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
        return vb_sigma_no_memory(correlator);
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
        return vb_sigma_no_memory(correlator);
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

bool vb_sigma_push(struct correlator *correlator, struct group *group, struct match match)
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

void vb_sigma_expire(struct correlator *correlator, struct group *group, uint64_t now)
{
    const uint64_t span = correlator->sigma->correlations[group->correlation].span_ns;
    while (group->count > 0 && now - group->matches[group->first].time_ns >= span)
        drop_match(correlator, group);
}
