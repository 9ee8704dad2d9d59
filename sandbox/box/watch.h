/* watch: what a box uses, measured from outside. Without cgroups nothing in the kernel bounds the
 * memory of a group of processes for an ordinary user. */
#ifndef SANDBOX_BOX_WATCH_H
#define SANDBOX_BOX_WATCH_H

#include <sys/types.h>

#include "vetbox/core.h"

struct vb_usage {
    unsigned tasks;  /* processes and threads, ours not counted */
    uint64_t memory; /* bytes: private, shared and swapped, and memory files that are only open */
    bool disk_full;
    bool inodes_full;
};

struct vb_watch {
    int proc_fd;     /* the box's /proc */
    int writable_fd; /* the box's writable file system */
    uint64_t memory_limit;
};

void vb_watch_init(struct vb_watch *watch, int proc_fd, int writable_fd, uint64_t memory_limit);
/* Never fails: what cannot be read has just ended. */
void vb_watch_measure(const struct vb_watch *watch, struct vb_usage *ret);

#endif
