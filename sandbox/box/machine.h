/* machine: the laptop that a box seems to run on. */
#ifndef SANDBOX_BOX_MACHINE_H
#define SANDBOX_BOX_MACHINE_H

#include "vetbox/core.h"

enum {
    VB_MACHINE_CPUS = 8,       /* although a box shares one with its supervisor */
    VB_MACHINE_UPTIME = 407512 /* seconds: malware asks, and a fresh boot looks like a sandbox */
};

/* The box's /sys, written to the root that is being filled. */
VB_CHECKED int vb_machine_build(int root_fd, struct vb_error *err);
/* What stands in for files of /proc, written to the base of the boxes. */
VB_CHECKED int vb_machine_prepare(int base_fd, struct vb_error *err);
/* In a supervisor, which has the base at its place: opens what stands in for PATH, an absolute path
 * of the box. -1: PATH is what it is. */
int vb_machine_open(const char *path);
struct statfs;
/* Makes FS, the file system that holds PATH in the box, one of the machine's. False: it is as it
 * is.
 */
bool vb_machine_disk(const char *path, struct statfs *fs);

#endif
