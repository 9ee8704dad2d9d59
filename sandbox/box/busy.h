/* busy: whether a process of ours has something to do, as the kernel's figures say. */
#ifndef SANDBOX_BOX_BUSY_H
#define SANDBOX_BOX_BUSY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* {0} at first. */
struct vb_busy {
    uint64_t ran_ns, seen_ns; /* how long it has run, and when that was last seen to grow */
};

/* True if PID waits for something to come. One that only has no processor for the moment does not.
 */
bool vb_is_waiting(pid_t pid);
/* True if PID runs, or did a moment ago: then something may be under way. */
bool vb_busy_look(struct vb_busy *busy, pid_t pid);

#endif
