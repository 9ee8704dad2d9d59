/* watch: what a box uses, measured from outside: by its control group where there is one. Without,
 * nothing in the kernel bounds the memory of a group of processes for an ordinary user. */
#ifndef SANDBOX_BOX_WATCH_H
#define SANDBOX_BOX_WATCH_H

#include <sys/types.h>

#include "sandbox/box/cgroup.h"
#include "vetbox/core.h"

struct vb_usage {
    unsigned tasks;  /* processes and threads, ours not counted */
    uint64_t memory; /* bytes: private, shared and swapped, and memory files that are only open */
    bool machine_short;   /* the machine has hardly any memory left, and had it when we began */
    unsigned descriptors; /* of the process that has most of them open */
    bool disk_full;
    bool inodes_full;
};

struct vb_watch {
    int proc_fd;                    /* the box's /proc */
    int writable_fd;                /* the box's writable file system */
    int segments_fd;                /* the box's /proc/sysvipc/shm, or -1 */
    const struct vb_cgroup *cgroup; /* what it counts is not read from /proc */
    uint64_t memory_limit;
    uint64_t available;  /* of the machine's memory, at the beginning */
    int64_t disk_before; /* bytes of boxes before this one, which are not its memory */
};

/* What /proc/meminfo says. */
struct vb_machine {
    uint64_t total, available;
};

void vb_watch_init(struct vb_watch *watch, const struct vb_watch *from);
/* Never fails: what cannot be read has just ended. */
void vb_watch_measure(const struct vb_watch *watch, struct vb_usage *ret);

/* Shared memory can be kept where nobody's count shows it (in flight between two sockets, touched
 * and unmapped again). What is left is the machine's own need: whether less than a twentieth is
 * there and a whole box's limit went since the beginning. */
bool vb_watch_is_short(const struct vb_watch *watch, const struct vb_machine *machine);
/* The bytes that a list such as /proc/sysvipc/shm says are in use. */
uint64_t vb_watch_segments(int fd);

#endif
