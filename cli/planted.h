/* What was planted: files that runs left where a developer's day finds them. */
#ifndef CLI_PLANTED_H
#define CLI_PLANTED_H

#include "cli/other_days.h"

enum { VB_PLANTED_MAX = 32 };

/* Between the boxes and the log: remembers the changed files that something executes later. */
struct vb_planted {
    struct vb_sink sink;
    struct vb_sink *next;
    struct {
        char *path;
        size_t trigger;
    } files[VB_PLANTED_MAX];
    size_t count;
    uint64_t more; /* than there is room for */
};

void vb_planted_init(struct vb_planted *planted, struct vb_sink *next);
void vb_planted_done(struct vb_planted *planted);

/* After the plan: does what would execute them (a login shell, a commit, the next session of an
 * agent), one detonation each. Nothing where nothing was planted. */
VB_CHECKED int vb_planted_run(struct vb_planted *planted, struct vb_runs *runs,
                              struct vb_error *err);

#endif
