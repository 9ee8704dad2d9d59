/* probe: tries of single layers, each made for real in a throw-away child that is as unprivileged
 * as a box (layers.c). A probe may leave the child in any state; it only has to answer. */
#ifndef SANDBOX_BOX_PROBE_H
#define SANDBOX_BOX_PROBE_H

#include "vetbox/core.h"

/* Which step failed: the advice depends on it. */
enum vb_probe_step { VB_STEP_USER, VB_STEP_NAMESPACE, VB_STEP_MOUNT, VB_STEP_PROC, VB_STEP_CALL };

struct vb_probe {
    bool present;
    int system_errno; /* of the failure; 0 if present */
    enum vb_probe_step step;
    char detail[256]; /* what was tried and what the kernel said */
};

/* The two ways to answer. vb_probe_refuse takes errno. */
VB_PRINTF(3, 4) void vb_probe_say(struct vb_probe *ret, bool present, const char *fmt, ...);
void vb_probe_refuse(struct vb_probe *ret, enum vb_probe_step step, const char *what);

/* A new user namespace with the caller's user mapped, and then the namespaces of FLAGS. False: the
 * answer is given. */
bool vb_probe_enter(struct vb_probe *ret, int flags);

/* probe_space.c: namespaces and file systems */
void vb_probe_user(struct vb_probe *ret);
void vb_probe_mount(struct vb_probe *ret);
void vb_probe_pid(struct vb_probe *ret);
void vb_probe_ipc(struct vb_probe *ret);
void vb_probe_uts(struct vb_probe *ret);
void vb_probe_cgroup(struct vb_probe *ret);
void vb_probe_time(struct vb_probe *ret);
void vb_probe_overlay(struct vb_probe *ret);
void vb_probe_limits(
    struct vb_probe *ret); /* in the process that would make boxes, not in a child */

/* probe_net.c */
void vb_probe_network(struct vb_probe *ret);
void vb_probe_tproxy(struct vb_probe *ret);

/* probe_clock.c */
void vb_probe_clock(struct vb_probe *ret);

/* probe_watch.c: what watches and ends a subject */
void vb_probe_filter(struct vb_probe *ret);
void vb_probe_notification(struct vb_probe *ret);
void vb_probe_addfd(struct vb_probe *ret);
void vb_probe_memory(struct vb_probe *ret);
void vb_probe_pidfd(struct vb_probe *ret);
void vb_probe_memfd(struct vb_probe *ret);
void vb_probe_landlock(struct vb_probe *ret);

#endif
