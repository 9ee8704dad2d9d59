/* output: bytes that hostile code prints: kept up to a limit, searched for baits, never parsed. */
#include "sandbox/box/output.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 65536, CHUNKS_AT_ONCE = 4, EVENT_TEXT = 64 * 1024, COPY_PATIENCE_MS = 1000 };

void vb_output_init(struct vb_output *output, const char *stream, int fd, size_t max, int copy_fd)
{
    *output = (struct vb_output){.stream = stream, .fd = fd, .copy_fd = copy_fd};
    vb_buf_init(&output->kept, max);
}

void vb_output_done(struct vb_output *output)
{
    vb_close_fd(&output->fd);
    vb_buf_done(&output->kept);
}

bool vb_output_overflowed(const struct vb_output *output)
{
    return output->total > output->kept.len;
}

/* A reader that stopped reading must not stop us: after a while it gets no more. */
static void copy_out(struct vb_output *output, const unsigned char *data, size_t len)
{
    while (len > 0 && output->copy_fd >= 0) {
        struct pollfd fd = {.fd = output->copy_fd, .events = POLLOUT};
        const int ready = poll(&fd, 1, COPY_PATIENCE_MS);
        if (ready < 0 && errno == EINTR)
            continue;
        /* At most PIPE_BUF at once, which a writable pipe takes without blocking (pipe(7)). */
        const ssize_t written =
            ready <= 0 ? -1 : write(output->copy_fd, data, len < 4096 ? len : 4096);
        if (written < 0 && (ready <= 0 || (errno != EINTR && errno != EAGAIN))) {
            output->unread = ready > 0 && errno == EPIPE;
            output->copy_fd = -1;
        }
        if (written > 0) {
            data += written;
            len -= (size_t)written;
        }
    }
}

static void keep(struct vb_output *output, const unsigned char *data, size_t len)
{
    const size_t room = output->kept.max - output->kept.len;
    struct vb_error ignored;
    /* Without memory for more, what is kept simply ends here; the total says so. */
    (void)!vb_buf_append(&output->kept, data, len < room ? len : room, &ignored);
}

bool vb_output_read(struct vb_output *output)
{
    unsigned char chunk[CHUNK];
    bool any = false;
    for (int i = 0; i < CHUNKS_AT_ONCE && output->fd >= 0; i++) {
        const ssize_t got = read(output->fd, chunk, sizeof(chunk));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            break;
        if (got <= 0) {
            vb_close_fd(&output->fd);
            break;
        }
        any = true;
        output->total += (uint64_t)got;
        if (output->kept.len < output->kept.max)
            keep(output, chunk, (size_t)got);
        copy_out(output, chunk, (size_t)got);
        if (output->unread)
            vb_close_fd(&output->fd);
    }
    return any;
}

/* --- telling --- */

struct search {
    const struct vb_output *output;
    uint32_t detonation;
    struct vb_sink *sink;
    struct vb_error *err;
    int status;
};

static void found_bait(void *ctx, const struct vb_bait *bait, const char *form)
{
    struct search *search = ctx;
    struct vb_event event;
    if (search->status < 0)
        return;
    vb_event_init(&event, VB_EV_BAIT_SEEN, VB_SOURCE_TRUTH);
    event.detonation = search->detonation;
    vb_event_str(&event, VB_F_BAIT, bait->id);
    vb_event_str(&event, VB_F_WHERE, "output");
    vb_event_str(&event, VB_F_FORM, form);
    search->status = vb_emit(search->sink, &event, search->err);
}

int vb_output_tell(const struct vb_output *output, const struct vb_bait_set *baits,
                   uint32_t detonation, struct vb_sink *sink, struct vb_error *err)
{
    const char *text = (const char *)output->kept.data;
    for (size_t at = 0; at < output->kept.len; at += EVENT_TEXT) {
        const size_t left = output->kept.len - at;
        const bool last = left <= EVENT_TEXT;
        struct vb_event event;
        vb_event_init(&event, VB_EV_DETONATION_OUTPUT, VB_SOURCE_TRUTH);
        event.detonation = detonation;
        vb_event_str(&event, VB_F_STREAM, output->stream);
        vb_event_strn(&event, VB_F_TEXT, text + at, last ? left : EVENT_TEXT);
        if (last && vb_output_overflowed(output))
            vb_event_bool(&event, VB_F_TRUNCATED, true);
        const int status = vb_emit(sink, &event, err);
        if (status < 0)
            return status;
    }
    struct search search = {output, detonation, sink, err, VB_OK};
    if (baits != NULL && output->kept.len > 0)
        vb_bait_search(baits, text, output->kept.len, found_bait, &search);
    return search.status;
}
