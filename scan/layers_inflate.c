/* gzip members anywhere in a file and a zlib body at its beginning, inflated by zlib within the
 * budget and within a ratio. */
#include <limits.h>
#include <string.h>
#include <zlib.h>

#include "scan/layers.h"

enum {
    CHUNK = 64 * 1024,
    RATIO_FREE = 1024 * 1024, /* bytes that any member may give */
    RATIO_MAX = 200,          /* beyond them: bytes out for a byte in */
    ATTEMPTS = 32,            /* gzip magics tried in one buffer: failing ones cost time too */
    KEEP_MIN = 4
};

struct inflation {
    struct vb_layer_budget *budget;
    struct vb_buf out;
    z_stream stream;
    bool ended; /* at the member's own end */
};

/* One more chunk. Returns 1 to go on, 0 at an end of any sort. */
static int step(struct inflation *state, struct vb_error *err)
{
    unsigned char chunk[CHUNK];
    state->stream.next_out = chunk;
    state->stream.avail_out = sizeof(chunk);
    const int result = inflate(&state->stream, Z_NO_FLUSH);
    size_t got = sizeof(chunk) - state->stream.avail_out;
    const size_t room = state->out.max - state->out.len;
    if (got > room) {
        got = room;
        state->budget->cut = true;
    }
    if (got > 0) {
        const int status = vb_buf_append(&state->out, chunk, got, err);
        if (status < 0)
            return status;
    }
    state->ended = result == Z_STREAM_END;
    if (result != Z_OK || got == room)
        return 0;
    const size_t used = state->stream.total_in;
    if (state->out.len > RATIO_FREE && state->out.len / (used + 1) >= RATIO_MAX) {
        state->budget->bomb = true;
        return 0;
    }
    return 1;
}

/* Inflates from AT on. *ret_used is how much of the input belongs to the member. */
static int inflate_at(struct vb_layer_walk *walk, const char *kind, int window_bits, size_t at,
                      size_t *ret_used, struct vb_error *err)
{
    struct inflation state = {.budget = walk->budget};
    const size_t left = walk->len - at;
    vb_buf_init(&state.out, walk->budget->bytes);
    state.stream.next_in = (Bytef *)(uintptr_t)(walk->data + at); /* zlib only reads it */
    state.stream.avail_in = left > UINT_MAX ? UINT_MAX : (uInt)left;
    if (inflateInit2(&state.stream, window_bits) != Z_OK)
        return vb_fail(err, VB_E_NOMEM, 0, "cannot start zlib");
    int status = 1;
    while (status == 1)
        status = step(&state, err);
    *ret_used = state.ended ? state.stream.total_in : 0;
    (void)inflateEnd(&state.stream);
    if (status == 0 && state.out.len >= KEEP_MIN)
        status = vb_layer_found(walk, kind, at, state.out.data, state.out.len, err);
    vb_buf_done(&state.out);
    return status;
}

/* RFC 1950: deflate, a window of at most 32 KiB, and a check sum over the two bytes. */
static bool zlib_header(const unsigned char *data, size_t len)
{
    return len >= 8 && (data[0] & 0x0F) == 8 && data[0] >> 4 <= 7 && (data[1] & 0x20) == 0 &&
           ((unsigned)data[0] << 8 | data[1]) % 31 == 0 && data[0] == 0x78;
}

static const unsigned char *find_gzip(const struct vb_layer_walk *walk, size_t at)
{
    static const unsigned char magic[3] = {0x1F, 0x8B, 0x08};
    return memmem(walk->data + at, walk->len - at, magic, sizeof(magic));
}

int vb_layers_inflate(struct vb_layer_walk *walk, struct vb_error *err)
{
    enum { GZIP_WINDOW = 16 + MAX_WBITS, GZIP_HEAD = 10 };
    size_t used = 0;
    if (zlib_header(walk->data, walk->len))
        return inflate_at(walk, "zlib", MAX_WBITS, 0, &used, err);
    size_t at = 0;
    for (unsigned tried = 0; at < walk->len; tried++) {
        const unsigned char *found = find_gzip(walk, at);
        if (found == NULL)
            return VB_OK;
        at = (size_t)(found - walk->data);
        if (tried == ATTEMPTS || walk->budget->bytes == 0) {
            walk->budget->cut = true;
            return VB_OK;
        }
        /* Flag bits 5 to 7 are reserved and zero (RFC 1952); random bytes rarely get that far. */
        if (walk->len - at < GZIP_HEAD || (found[3] & 0xE0) != 0) {
            at += 3;
            tried--;
            continue;
        }
        const int status = inflate_at(walk, "gzip", GZIP_WINDOW, at, &used, err);
        if (status < 0)
            return status;
        at += used > 0 ? used : 3;
    }
    return VB_OK;
}
