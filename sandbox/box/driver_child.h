/* driver_child: the process that talks with an MCP server which runs in a box (sandbox/detonate):
 * confined, with no file system and no network. It writes to the subject's standard input itself;
 * what the subject prints comes to it through the supervisor, who has recorded it then, and passes
 * the driver's events on before anything that the subject does because of what it was told. */
#ifndef SANDBOX_BOX_DRIVER_CHILD_H
#define SANDBOX_BOX_DRIVER_CHILD_H

#include "sandbox/box/box.h"
#include "sandbox/box/served.h"

struct vb_driver_child;
/* Starts the driver of DETONATION. SETUP, DETONATION and SINK must outlive it. */
VB_CHECKED int vb_driver_child_new(const struct vb_box_setup *setup,
                                   const struct vb_detonation *detonation, struct vb_sink *sink,
                                   struct vb_driver_child **ret, struct vb_error *err);
void vb_driver_child_free(struct vb_driver_child *driver);
/* The subject's end of its standard input, from now on the caller's. */
int vb_driver_child_take_input(struct vb_driver_child *driver);
/* The descriptor to poll for POLLIN. */
int vb_driver_child_fd(const struct vb_driver_child *driver);
/* Passes on what it has said. */
VB_CHECKED int vb_driver_child_step(struct vb_driver_child *driver, struct vb_error *err);
/* The subject printed this; a failure is told by the next step. CTX is the driver. */
void vb_driver_child_hear(void *ctx, const void *data, size_t len);
/* The subject listens at the first place of SERVED, which must outlive DRIVER: if it does not speak
 * otherwise, it is talked with there. */
void vb_driver_child_serves(struct vb_driver_child *driver, const struct vb_served *served);
/* The subject will print nothing more. */
void vb_driver_child_hang_up(struct vb_driver_child *driver);
/* True if it has closed the subject's input: it is done, or dead. */
bool vb_driver_child_done(const struct vb_driver_child *driver);
/* True if it may be about to speak. */
bool vb_driver_child_busy(struct vb_driver_child *driver);
/* True if it waits for the subject to answer. */
bool vb_driver_child_waits(const struct vb_driver_child *driver);
/* The box's clock was moved once more. */
void vb_driver_child_moved(struct vb_driver_child *driver);
/* Nobody in the box does anything any more: there will be no answer. */
void vb_driver_child_silence(struct vb_driver_child *driver);
/* The box is gone: lets it end. */
VB_CHECKED int vb_driver_child_end(struct vb_driver_child *driver, struct vb_error *err);

#endif
