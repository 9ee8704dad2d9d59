/* output: what the subject prints. */
#ifndef SANDBOX_BOX_OUTPUT_H
#define SANDBOX_BOX_OUTPUT_H

#include "sandbox/bait/bait.h"

struct vb_output {
    const char *stream; /* stdout, stderr */
    int fd;             /* read end, not blocking; owned; -1 at the end */
    int copy_fd;        /* everything goes there too, -1: nowhere */
    bool unread;        /* whoever was to get the copy hung up: so does the subject's own reader */
    void (*pass)(void *ctx, const void *data, size_t len); /* and there; NULL: to nobody */
    void *pass_ctx;
    struct vb_buf kept;
    size_t told; /* bytes of what is kept that are in the log */
    uint64_t total;
    uint64_t before; /* the total when it was looked at last */
};

void vb_output_init(struct vb_output *output, const char *stream, int fd, size_t max, int copy_fd);
void vb_output_done(struct vb_output *output);
/* Reads what is there, a bounded amount at a time. Returns false when nothing more came. */
bool vb_output_read(struct vb_output *output);
bool vb_output_overflowed(const struct vb_output *output);
/* Emits detonation.output for the whole lines that came since the last time, and for the rest too
 * if nothing more came since then: to be called now and then. */
VB_CHECKED int vb_output_tell_lines(struct vb_output *output, uint32_t detonation,
                                    struct vb_sink *sink, struct vb_error *err);
/* At the end: emits detonation.output for what is left, and bait.seen for all that was kept. */
VB_CHECKED int vb_output_tell(struct vb_output *output, const struct vb_bait_set *baits,
                              uint32_t detonation, struct vb_sink *sink, struct vb_error *err);

#endif
