/* crew: many references at once, one a process, and what is said of them in their order. */
#ifndef CLI_CREW_H
#define CLI_CREW_H

#include "vetbox/core.h"

struct vb_crew_work {
    size_t count; /* of references */
    void *ctx;
    /* In each process, before anything of a reference is read. */
    int (*begin)(void *ctx, struct vb_error *err);
    /* There, for reference INDEX: prints what is to be said, and returns an exit status or a
     * negative vb_status. No process works at two at a time. */
    int (*work)(void *ctx, size_t index);
    /* There, at its end. */
    void (*end)(void *ctx);
    /* In the caller, in the order of the references, each behind what was printed of it. */
    void (*done)(void *ctx, size_t index, int outcome);
};

/* How many processes COUNT references are worth on this machine: 1 where one does it alone. */
size_t vb_crew_size(size_t count);

/* Works at all of them in SIZE processes, which end with the caller, however that ends. What was
 * printed up to a failure has been said. */
VB_CHECKED int vb_crew_run(const struct vb_crew_work *work, size_t size, struct vb_error *err);

#endif
