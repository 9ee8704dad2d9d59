/* The bounded buffer. Everything of hostile size passes through it. */
#include "vetbox/core/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

void vb_buf_init(struct vb_buf *buf, size_t max)
{
    *buf = (struct vb_buf){.max = max};
}

void vb_buf_done(struct vb_buf *buf)
{
    if (buf == NULL)
        return;
    free(buf->data);
    *buf = (struct vb_buf){.max = buf->max};
}

void vb_buf_clear(struct vb_buf *buf)
{
    buf->len = 0;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

int vb_buf_reserve(struct vb_buf *buf, size_t extra, struct vb_error *err)
{
    size_t need;
    if (__builtin_add_overflow(buf->len, extra, &need) || need > buf->max)
        return vb_fail(err, VB_E_LIMIT, 0, "a value is larger than %zu bytes", buf->max);
    if (need < buf->capacity)
        return VB_OK;
    size_t capacity = buf->capacity < 256 ? 256 : buf->capacity;
    while (capacity <= need && capacity <= SIZE_MAX / 2)
        capacity *= 2;
    if (capacity > buf->max)
        capacity = buf->max + 1; /* one for the NUL */
    unsigned char *data = realloc(buf->data, capacity);
    if (data == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "cannot grow a buffer to %zu bytes", capacity);
    buf->data = data;
    buf->capacity = capacity;
    return VB_OK;
}

int vb_buf_append(struct vb_buf *buf, const void *data, size_t len, struct vb_error *err)
{
    const int status = vb_buf_reserve(buf, len, err);
    if (status < 0)
        return status;
    if (len > 0)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
    return VB_OK;
}

int vb_buf_append_str(struct vb_buf *buf, const char *text, struct vb_error *err)
{
    return vb_buf_append(buf, text, strlen(text), err);
}

int vb_buf_printf(struct vb_buf *buf, struct vb_error *err, const char *fmt, ...)
{
    va_list args;
    va_list again;
    va_start(args, fmt);
    va_copy(again, args);
    const int need = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    int status = need < 0 ? vb_fail(err, VB_E_SOFTWARE, 0, "bad format")
                          : vb_buf_reserve(buf, (size_t)need, err);
    if (status == VB_OK) {
        vsnprintf((char *)buf->data + buf->len, (size_t)need + 1, fmt, again);
        buf->len += (size_t)need;
    }
    va_end(again);
    return status;
}

int vb_buf_read_fd(struct vb_buf *buf, int fd, struct vb_error *err)
{
    unsigned char chunk[16384];
    for (;;) {
        const ssize_t got = read(fd, chunk, sizeof(chunk));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vb_fail(err, VB_E_IO, errno, "reading");
        if (got == 0)
            return vb_buf_append(buf, "", 0, err);
        const size_t room = buf->max - buf->len;
        const size_t take = (size_t)got < room ? (size_t)got : room;
        int status = vb_buf_append(buf, chunk, take, err);
        if (status == VB_OK && take < (size_t)got)
            status = vb_fail(err, VB_E_LIMIT, 0, "more than %zu bytes", buf->max);
        if (status < 0)
            return status;
    }
}

int vb_write_all(int fd, const void *data, size_t len, struct vb_error *err)
{
    const unsigned char *at = data;
    while (len > 0) {
        const ssize_t put = write(fd, at, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return vb_fail(err, VB_E_IO, errno, "writing");
        at += put;
        len -= (size_t)put;
    }
    return VB_OK;
}
