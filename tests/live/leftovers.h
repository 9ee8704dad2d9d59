/* leftovers: what a box would leave on the machine if it left anything, counted. */
#ifndef LEFTOVERS_H
#define LEFTOVERS_H

#include <stdbool.h>
#include <stddef.h>

struct leftovers {
    size_t processes; /* below this one: it adopts whatever loses its parent */
    size_t namespaces;
    size_t mounts, tmpfs;
    size_t cgroups; /* below the one that this process is in, or beside it */
    size_t descriptors;
    size_t files; /* in the folder for temporary files */
};

struct leftovers leftovers_count(void);
/* Prints both; true if they are the same. */
bool leftovers_show(const struct leftovers *before, const struct leftovers *after);
/* Waits until there is no more than BEFORE, and reaps what this process, a subreaper, has adopted.
 * NULL, or the first thing of which there still is more. */
const char *leftovers_wait(const struct leftovers *before, unsigned patience_ms);
/* How many names the folder PATH holds, "." and ".." too; 0 if it cannot be read. */
size_t leftovers_entries(const char *path);

#endif
