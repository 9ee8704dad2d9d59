/* Runs that are made once more on other machines: whose entry points look at where they are. */
#ifndef CLI_PERSONAS_H
#define CLI_PERSONAS_H

#include "cli/other_days.h"

/* After all else was run: what looked at its surroundings, in CI, on a Mac, on a server. *SANDBOX,
 * made as OPTIONS say, may be freed on the way, and is NULL then: there is one at a time. */
VB_CHECKED int vb_run_elsewhere(struct vb_runs *runs, const struct vb_sandbox_options *options,
                                struct vb_sandbox **sandbox, struct vb_error *err);

#endif
