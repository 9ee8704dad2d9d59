/* machine: the laptop that a box seems to run on. */
#ifndef SANDBOX_BOX_MACHINE_H
#define SANDBOX_BOX_MACHINE_H

#include <sys/types.h>

#include "vetbox/core.h"

enum {
    VB_MACHINE_CPUS = 8,       /* although a box shares one with its supervisor */
    VB_MACHINE_UPTIME = 407512 /* seconds: malware asks, and a fresh boot looks like a sandbox */
};

/* The box's /sys, written to the root that is being filled. */
VB_CHECKED int vb_machine_build(int root_fd, struct vb_error *err);
/* What stands in for files of /proc, written to the base of the boxes. */
VB_CHECKED int vb_machine_prepare(int base_fd, struct vb_error *err);
/* Who asks, as the box numbers it. */
struct vb_machine_asker {
    int proc_fd; /* the box's /proc */
    pid_t tgid, tid;
};
/* In a supervisor, which has the base at its place: opens what stands in for PATH, an absolute path
 * of the box, where ASKER opens it. -1: PATH is what it is. */
int vb_machine_open(const char *path, const struct vb_machine_asker *asker);
struct statfs;
struct utsname;
/* Makes FS, the file system that holds PATH in the box, one of the machine's. False: it is as it
 * is.
 */
bool vb_machine_disk(const char *path, struct statfs *fs);
/* Makes NAME, that of the host, the laptop's. False: the kernel's own name says nothing of where it
 * runs, and has stayed. */
bool vb_machine_kernel(struct utsname *name);

/* --- between machine.c and machine_live.c --- */

VB_CHECKED int vb_machine_write(int folder, const char *path, const void *data, size_t len,
                                struct vb_error *err);
VB_CHECKED int vb_machine_write_kernel(int folder, struct vb_error *err);
/* A descriptor on PATH, below PROC_FD and some process's status, as it is on a laptop; or -1. */
int vb_machine_status(int proc_fd, const char *path);

#endif
