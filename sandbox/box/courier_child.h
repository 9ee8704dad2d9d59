/* courier_child: the process that really reaches the hosts of --net live (vetbox/core/courier.h),
 * behind its walls: it has the machine's network and no file. There is one for a package, started
 * before any of the package's boxes. In the coordinator. */
#ifndef SANDBOX_BOX_COURIER_CHILD_H
#define SANDBOX_BOX_COURIER_CHILD_H

#include "sandbox/box/confine.h"
#include "vetbox/core/courier.h"

struct vb_courier_child;
/* Starts it. WORK must outlive it. What it lacks (libcurl, certificates) is its own error. */
VB_CHECKED int vb_courier_child_new(const struct vb_courier_work *work,
                                    struct vb_courier_child **ret, struct vb_error *err);
void vb_courier_child_free(struct vb_courier_child *courier);
const struct vb_courier_hosts *vb_courier_child_hosts(const struct vb_courier_child *courier);
/* A run begins: *RET_FD is the socket for its world, the caller's; -1: the courier is gone. */
VB_CHECKED int vb_courier_child_begin(struct vb_courier_child *courier, int *ret_fd,
                                      struct vb_error *err);
/* The run DETONATION is over: tells SINK what left (live.host), or that nobody knows. */
VB_CHECKED int vb_courier_child_end(struct vb_courier_child *courier, uint32_t detonation,
                                    struct vb_sink *sink, struct vb_error *err);

#endif
