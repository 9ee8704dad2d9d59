/* repeats: events of a run that are like one before them in all but time. A loop that asks every
 * minute is recorded until half of its share of the log is used; from then on only what is new in
 * it is, and the rest is counted. New is also what a process does for the first time, or another
 * program in it, and what is done again behind a secret that was read meanwhile. */
#ifndef CLI_REPEATS_H
#define CLI_REPEATS_H

#include "vetbox/core.h"

/* {0} is one that knows nothing. */
struct vb_repeats {
    uint64_t *known; /* keyed digests of the events that were recorded; NULL: none yet */
    size_t known_count;
    uint64_t count;          /* events that were not recorded */
    uint64_t learnt;         /* reads and sightings of secrets that were new */
    uint32_t programs[1024]; /* by the number of the process, which may share its place */
    struct vb_buf buf;
};

void vb_repeats_done(struct vb_repeats *repeats);
/* The next run begins. */
void vb_repeats_clear(struct vb_repeats *repeats);
/* Returns 1 if EVENT is of a kind that may be left out and like one that was recorded; 0 if not:
 * it is known from now on. */
VB_CHECKED int vb_repeats_see(struct vb_repeats *repeats, const struct vb_event *event,
                              struct vb_error *err);

#endif
