/* Runs that are made once more on other days. */
#ifndef CLI_OTHER_DAYS_H
#define CLI_OTHER_DAYS_H

#include "cli/runs.h"

/* After all rows ran today: those that --dates wants, with the clock set ahead; what the verdict
 * would then hold against them is run today once more, for it may be chance. */
VB_CHECKED int vb_run_other_days(struct vb_runs *runs, struct vb_error *err);

#endif
