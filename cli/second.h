/* second: what left something where only a later run finds it is run a second time. */
#ifndef CLI_SECOND_H
#define CLI_SECOND_H

#include "cli/other_days.h"

enum { VB_SECOND_MAX = 16 };

/* Between the boxes and the log: did the run leave a file in the home, beside its own folder? */
struct vb_second {
    struct vb_sink sink;
    struct vb_sink *next;
    bool left; /* whoever runs the next one clears it */
};

void vb_second_init(struct vb_second *second, struct vb_sink *next);
/* After the plan: the entry points whose row says so, in its order, at most VB_SECOND_MAX. */
VB_CHECKED int vb_second_run(struct vb_runs *runs, struct vb_sink *sink, struct vb_error *err);

#endif
