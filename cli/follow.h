/* What somebody sees of a run while it goes on: lines to read, or the event log as it grows. */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include "cli/session.h"
#include "vetbox/report.h"

struct vb_follower {
    struct vb_sink sink; /* the log's follower */
    const struct vb_session *session;
    struct vb_live *live;
    struct vb_buf buf;
    int lines_fd;  /* standard error for lines, or -1 */
    bool stalled;  /* nobody takes lines for now: they are left out */
    int stream_fd; /* where the log is streamed to, or -1; the caller's */
    int file_fd;   /* of --output; its own */
};

/* Follows as SESSION's options say: --format json streams to standard output or --output's file,
 * --quiet follows nothing, otherwise lines go to standard error. FOLLOWER is to be done in any case
 * and lives no longer than SESSION. */
VB_CHECKED int vb_follower_open(struct vb_follower *follower, const struct vb_session *session,
                                struct vb_error *err);
/* Tells what is still counted, before the report. */
VB_CHECKED int vb_follower_end(struct vb_follower *follower, struct vb_error *err);
void vb_follower_done(struct vb_follower *follower);

#endif
