/* A matcher, which its own files share: match.c (events, views, rules), atoms.c (tests), walk.c
 * (automata over values). */
#ifndef VERDICT_SIGMA_MATCHER_H
#define VERDICT_SIGMA_MATCHER_H

#include "verdict/sigma/internal.h"

enum { SIGMA_NUMBER_BYTES = 32 };

struct source {
    struct source_keys keys;
    unsigned char *applies; /* of each bucket */
    uint32_t *always;       /* rules */
    size_t always_count;
    bool keywords;
};

struct slot { /* of a field: which value of the view is its */
    uint32_t generation;
    uint32_t value;
};

struct vb_sigma_matcher {
    const struct vb_sigma *sigma;
    struct arena arena; /* keys of sources */
    struct source *sources;
    size_t source_count;
    uint32_t generation; /* of the view that is looked at */
    uint32_t event;      /* of the event */
    struct slot *slots;
    uint32_t *hit;   /* of each atom: the generation in which a literal of it was seen */
    uint32_t *known; /* of each other atom: in which it was tested */
    uint8_t *truths;
    uint32_t *woken;           /* of each rule: the generation in which it was */
    uint32_t *matched;         /* of each rule: the event in which it did */
    uint32_t *seen;            /* of each output: the walk in which it was */
    uint32_t walks;            /* of values, so far */
    struct recalled *recalled; /* what walks over short values found */
    struct recalled *recording;
    uint16_t *stops; /* of each atom that is a regular expression */
    uint32_t *candidates;
    size_t candidate_count;
    const struct vb_sigma_view *view;
    const struct source *source;
    bool any_cut; /* a value that keywords look at */
    struct vb_buf folded, other;
    struct bytes folded_from, folded_to; /* what folded holds, of the view in folded_in */
    uint32_t folded_in;
    struct regex_room *regex;
    struct correlator *correlator;
    struct vb_sigma_limits limits;
    struct hits hits;
    uint64_t last_time;
    bool out_of_memory;
};

/* False where VALUE has no text: null, a map, a list. BUFFER has SIGMA_NUMBER_BYTES. */
bool vb_sigma_text_of(const struct vb_sigma_value *value, char *buffer, struct bytes *ret);
/* TEXT without case, in BUF. False: no memory, and the matcher knows. */
bool vb_sigma_fold_into(struct vb_sigma_matcher *matcher, struct vb_buf *buf, struct bytes text,
                        struct bytes *ret);

/* Whether an atom holds of the view that is looked at. */
enum truth vb_sigma_truth_of(struct vb_sigma_matcher *matcher, uint32_t number);

struct recalled *vb_sigma_recalled_new(void);
/* Hits of VALUE in the two automata, either of which may be NULL, are noted, and rules woken. */
bool vb_sigma_walk_value(struct vb_sigma_matcher *matcher, const struct vb_sigma_value *value,
                         const struct automaton *const automata[2]);

#endif
