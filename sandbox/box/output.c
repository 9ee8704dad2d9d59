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
        if (output->pass != NULL)
            output->pass(output->pass_ctx, chunk, (size_t)got);
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
    if (search->status < 0 || vb_bait_is_free(bait))
        return;
    vb_event_init(&event, VB_EV_BAIT_SEEN, VB_SOURCE_TRUTH);
    event.detonation = search->detonation;
    vb_event_str(&event, VB_F_BAIT, bait->id);
    vb_event_str(&event, VB_F_WHERE, "output");
    vb_event_str(&event, VB_F_FORM, form);
    search->status = vb_emit(search->sink, &event, search->err);
}

/* How many of LEN bytes, at least one, are whole characters if they are text (RFC 3629, section 3).
 */
static size_t whole_characters(const unsigned char *text, size_t len)
{
    size_t back = 0;
    while (back < 3 && back + 1 < len && (text[len - 1 - back] & 0xc0) == 0x80)
        back++;
    const unsigned char lead = text[len - 1 - back];
    const size_t wanted = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    return wanted > back ? len - 1 - back : len;
}

/* What is not broken up, but in a line that is longer than an event. */
enum unit { LINES, CHARACTERS, BYTES };

/* How many bytes are told next. */
static size_t next_piece(const struct vb_output *output, enum unit unit)
{
    const size_t left = output->kept.len - output->told;
    const unsigned char *text = output->kept.data + output->told;
    if (unit != LINES && left <= EVENT_TEXT)
        return unit == BYTES || left == 0 ? left : whole_characters(text, left);
    const size_t some = left < EVENT_TEXT ? left : EVENT_TEXT;
    const unsigned char *end = some > 0 ? memrchr(text, '\n', some) : NULL;
    if (end != NULL)
        return (size_t)(end - text) + 1;
    return some < EVENT_TEXT ? 0 : whole_characters(text, some);
}

static int tell_pieces(struct vb_output *output, enum unit unit, uint32_t detonation,
                       struct vb_sink *sink, struct vb_error *err)
{
    int status = VB_OK;
    size_t len;
    while (status == VB_OK && (len = next_piece(output, unit)) > 0) {
        struct vb_event event;
        vb_event_init(&event, VB_EV_DETONATION_OUTPUT, VB_SOURCE_TRUTH);
        event.detonation = detonation;
        vb_event_str(&event, VB_F_STREAM, output->stream);
        vb_event_strn(&event, VB_F_TEXT, (const char *)output->kept.data + output->told, len);
        output->told += len;
        if (output->told == output->kept.len && vb_output_overflowed(output))
            vb_event_bool(&event, VB_F_TRUNCATED, true);
        status = vb_emit(sink, &event, err);
    }
    return status;
}

int vb_output_tell_lines(struct vb_output *output, uint32_t detonation, struct vb_sink *sink,
                         struct vb_error *err)
{
    const bool quiet = output->total == output->before;
    output->before = output->total;
    /* The last piece says whether there was more, which is not known yet. */
    if (output->told == output->kept.len || output->kept.len == output->kept.max)
        return VB_OK;
    return tell_pieces(output, quiet ? CHARACTERS : LINES, detonation, sink, err);
}

int vb_output_tell(struct vb_output *output, const struct vb_bait_set *baits, uint32_t detonation,
                   struct vb_sink *sink, struct vb_error *err)
{
    const int status = tell_pieces(output, BYTES, detonation, sink, err);
    struct search search = {output, detonation, sink, err, status};
    if (status == VB_OK && baits != NULL && output->kept.len > 0 &&
        vb_bait_search(baits, output->kept.data, output->kept.len, found_bait, &search) < 0)
        return vb_fail(err, VB_E_NOMEM, 0, "searching the output for baits: out of memory");
    return search.status;
}
