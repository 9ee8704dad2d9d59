/* world_child: the process in which the world of one box runs (sandbox/world): confined, in the
 * box's network, with no file system. It is started when something is first sent; a run that never
 * uses the network has none. In a supervisor, which passes its events on. */
#ifndef SANDBOX_BOX_WORLD_CHILD_H
#define SANDBOX_BOX_WORLD_CHILD_H

#include "sandbox/box/box.h"

struct vb_world_child;
/* For the run DETONATION in a box of SETUP. SETUP, DETONATION and SINK must outlive it. */
VB_CHECKED int vb_world_child_new(const struct vb_box_setup *setup,
                                  const struct vb_detonation *detonation, struct vb_sink *sink,
                                  struct vb_world_child **ret, struct vb_error *err);
void vb_world_child_free(struct vb_world_child *world);
/* Listens at one socket more, which stays the caller's. */
VB_CHECKED int vb_world_child_add(struct vb_world_child *world, int fd, struct vb_error *err);
/* Takes what is left in the socket and listens there no more. */
VB_CHECKED int vb_world_child_remove(struct vb_world_child *world, int fd, struct vb_error *err);
/* The descriptor to poll for POLLIN. */
int vb_world_child_fd(const struct vb_world_child *world);
/* Passes on what it has said. */
VB_CHECKED int vb_world_child_step(struct vb_world_child *world, struct vb_error *err);
/* True if it did anything a moment ago: then something may be under way. */
bool vb_world_child_busy(struct vb_world_child *world);
/* The box's clock has been moved by so much in all. */
void vb_world_child_moved(struct vb_world_child *world, uint64_t ns);
/* Nobody can send any more: lets it take what is left, and end. */
VB_CHECKED int vb_world_child_end(struct vb_world_child *world, struct vb_error *err);

#endif
