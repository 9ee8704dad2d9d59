/* chance: names that nobody would have. Programs ask for one to see whether they are in a sandbox,
 * whose network answers to everything. */
#ifndef SANDBOX_WORLD_CHANCE_H
#define SANDBOX_WORLD_CHANCE_H

#include <stdbool.h>

/* NAME (hostile) looks as if letters had been drawn, in the part that somebody would have to own:
 * the label before the public suffix. */
bool vb_name_looks_drawn(const char *name);

#endif
