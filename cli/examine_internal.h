/* examine_internal: what the files of the static stages share. */
#ifndef CLI_EXAMINE_INTERNAL_H
#define CLI_EXAMINE_INTERNAL_H

#include "cli/session.h"
#include "vetbox/sandbox.h"

enum { VB_STAGE_INODES = 200000, VB_STAGE_NAME_BYTES = 256 };

/* Every file takes whole pages: what the limits allow must fit, or a hostile archive of many small
 * files would look like a failure of ours. */
static const uint64_t vb_stage_bytes = (uint64_t)1024 * 1024 * 1024 + (uint64_t)100000 * 4096;

/* A folder for a stage's files; *RET_DIRFD is the caller's. */
VB_CHECKED int vb_stage_workspace(const struct vb_session *session, int *ret_dirfd,
                                  struct vb_error *err);
/* What a stage has of the session's time, in milliseconds. */
unsigned vb_stage_ms(const struct vb_session *session);
/* Runs CHILD and appends what it tells to SINK, or to the session's log. *RET_DIED: it ended before
 * it was done, which is told. */
VB_CHECKED int vb_stage_run_to(struct vb_session *session, const struct vb_child *child,
                               struct vb_sink *sink, bool *ret_died, struct vb_error *err);
VB_CHECKED int vb_stage_run(struct vb_session *session, const struct vb_child *child,
                            bool *ret_died, struct vb_error *err);
/* As much of NAME as a stage is told. NULL is "". */
void vb_stage_name(char ret[VB_STAGE_NAME_BYTES], const char *name);

#endif
