/* What correlations keep between events: of each, groups; of each of these, the matches of its
 * window. groups.c keeps them and their bounds, correlate.c says what they mean. */
#ifndef VERDICT_SIGMA_GROUPS_H
#define VERDICT_SIGMA_GROUPS_H

#include "verdict/sigma/internal.h"

enum {
    MATCHES_MOST = 65536, /* of one group */
    NUMBERS_MOST = 4096,  /* where each match is gone through again */
    TEXT_MOST = 256,      /* bytes of a value; longer ones by their digest */
    BYTES_MOST = 64 << 20
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
    uint64_t first_end; /* no open window ends before it */
    size_t bytes;
    bool failed;
};

static inline bool is_ordered(const struct correlation *correlation)
{
    return correlation->type == CORRELATE_TEMPORAL_ORDERED;
}

/* When the window that GROUP opened ends. */
static inline uint64_t end_of(const struct correlation *correlation, const struct group *group)
{
    const uint64_t most = UINT64_MAX - correlation->span_ns;
    return group->opened_ns > most ? UINT64_MAX : group->opened_ns + correlation->span_ns;
}

/* Notes that memory ran out; false. */
bool vb_sigma_no_memory(struct correlator *correlator);

/* The values of FIELDS as one text; NULL with *RET_MISSING where one is not there. */
struct text *vb_sigma_make_text(struct correlator *correlator, const struct match_values *values,
                                const uint16_t *fields, size_t count, bool *ret_missing);
/* The next of the values of such a text. */
bool vb_sigma_next_part(const struct text *key, size_t *at, struct bytes *ret);

/* The group of KEY, which is taken, a new one if need be; NULL: no memory. */
struct group *vb_sigma_group_of(struct correlator *correlator, uint32_t number, struct text *key,
                                uint64_t time_ns);
void vb_sigma_free_group(struct correlator *correlator, struct group *group);
/* Lets the oldest groups but KEEP go until the rest has room; those whose window is long over were
 * only not asked again, and are not counted. */
void vb_sigma_make_space(struct correlator *correlator, const struct group *keep, uint64_t now);

/* Adds MATCH, whose value is taken. */
bool vb_sigma_push(struct correlator *correlator, struct group *group, struct match match);
/* Drops what is no longer in the window that ends NOW. */
void vb_sigma_expire(struct correlator *correlator, struct group *group, uint64_t now);

#endif
