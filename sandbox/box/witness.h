/* witness: the baits themselves say that they were opened, whatever the recorder was told. The
 * kernel tells of the file that was opened in the end, so that no race over a path's text can fool
 * it. */
#ifndef SANDBOX_BOX_WITNESS_H
#define SANDBOX_BOX_WITNESS_H

#include "sandbox/bait/bait.h"
#include "vetbox/core.h"

struct vb_witness;
/* Before the subject runs, which could use up what the kernel gives one user. */
VB_CHECKED int vb_witness_new(const struct vb_bait_set *baits, struct vb_witness **ret,
                              struct vb_error *err);
/* Watches the file of bait number INDEX, of which FD is a descriptor. What cannot be watched is
 * told at the end as a coverage event. */
void vb_witness_watch(struct vb_witness *witness, size_t index, int fd);
/* Watches the box's root, of which FD is a descriptor, for names that come, go or change. False:
 * the kernel watches no more. Each change is a call that the supervisor lets go on, one after
 * another: they cannot fill the queue between two steps, and hide an opened bait. */
bool vb_witness_watch_root(struct vb_witness *witness, int fd);
/* True if one did, or may have, since this was asked last. */
bool vb_witness_root_changed(struct vb_witness *witness);
void vb_witness_free(struct vb_witness *witness);
/* Takes what was seen since; to be called now and then, so that the kernel's queue does not fill.
 */
void vb_witness_step(struct vb_witness *witness);
/* When nobody runs any more: emits truth.bait for each bait that was opened. */
VB_CHECKED int vb_witness_tell(struct vb_witness *witness, uint32_t detonation,
                               struct vb_sink *sink, struct vb_error *err);

#endif
