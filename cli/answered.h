/* answered: what the world only guessed an answer for runs once more and is told a program: some
 * execute whatever they are answered. */
#ifndef CLI_ANSWERED_H
#define CLI_ANSWERED_H

#include "cli/runs.h"

enum { VB_ANSWERED_MAX = 24 }; /* runs of a package */

/* After the plan: each entry point that asked so is told the program as text, in the plan's order;
 * then each in the next form. */
VB_CHECKED int vb_run_answered(struct vb_runs *runs, struct vb_error *err);

#endif
