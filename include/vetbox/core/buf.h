/* A growing byte buffer with a maximum. All bytes that come from a package and have no fixed
 * size go through it; running into the maximum is VB_E_LIMIT, never a larger allocation. */
#ifndef VETBOX_CORE_BUF_H
#define VETBOX_CORE_BUF_H

#include "vetbox/core/error.h"

struct vb_buf {
    unsigned char *data; /* NUL-terminated behind len for convenience, NULL while empty */
    size_t len;
    size_t capacity;
    size_t max; /* bytes */
};

void vb_buf_init(struct vb_buf *buf, size_t max);
void vb_buf_done(struct vb_buf *buf);  /* frees the bytes; BUF may be NULL or zeroed */
void vb_buf_clear(struct vb_buf *buf); /* keeps the memory */

VB_CHECKED int vb_buf_reserve(struct vb_buf *buf, size_t extra, struct vb_error *err);
VB_CHECKED int vb_buf_append(struct vb_buf *buf, const void *data, size_t len,
                             struct vb_error *err);
VB_CHECKED int vb_buf_append_str(struct vb_buf *buf, const char *text, struct vb_error *err);
VB_CHECKED int vb_buf_printf(struct vb_buf *buf, struct vb_error *err, const char *fmt, ...)
    VB_PRINTF(3, 4);

/* Reads FD to its end. More than BUF's maximum is VB_E_LIMIT, with the first max bytes kept. */
VB_CHECKED int vb_buf_read_fd(struct vb_buf *buf, int fd, struct vb_error *err);

/* Writes all of DATA, through short writes and EINTR. */
VB_CHECKED int vb_write_all(int fd, const void *data, size_t len, struct vb_error *err);

#endif
