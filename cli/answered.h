/* answered: what the world only guessed an answer for runs once more and is told a program: some
 * execute whatever they are answered. */
#ifndef CLI_ANSWERED_H
#define CLI_ANSWERED_H

#include "cli/runs.h"

enum { VB_ANSWERED_MAX = 9 }; /* runs of a package */

/* After the plan: the entry points that asked so, in its order. */
VB_CHECKED int vb_run_answered(struct vb_runs *runs, struct vb_error *err);

#endif
