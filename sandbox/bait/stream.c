/* Trust boundary: none; everything here is our own. */
#include "sandbox/bait/stream.h"

#include <string.h>

void vb_stream_init(struct vb_stream *stream, const unsigned char seed[VB_SEED_BYTES],
                    const char *name)
{
    *stream = (struct vb_stream){.used = VB_SHA256_BYTES};
    memcpy(stream->seed, seed, VB_SEED_BYTES);
    snprintf(stream->name, sizeof(stream->name), "%s", name);
}

static unsigned hex_value(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

static int refill(struct vb_stream *stream, struct vb_error *err)
{
    unsigned char input[VB_SEED_BYTES + sizeof(stream->name) + sizeof(stream->counter)];
    char hex[VB_SHA256_HEX];
    memcpy(input, stream->seed, VB_SEED_BYTES);
    memcpy(input + VB_SEED_BYTES, stream->name, sizeof(stream->name));
    for (size_t i = 0; i < sizeof(stream->counter); i++)
        input[VB_SEED_BYTES + sizeof(stream->name) + i] =
            (unsigned char)(stream->counter >> (8 * i) & 0xff);
    int status = vb_sha256_hex(input, sizeof(input), hex, err);
    if (status)
        return status;
    for (size_t i = 0; i < VB_SHA256_BYTES; i++)
        stream->block[i] = (unsigned char)(hex_value(hex[2 * i]) << 4 | hex_value(hex[2 * i + 1]));
    stream->counter++;
    stream->used = 0;
    return VB_OK;
}

int vb_stream_byte(struct vb_stream *stream, unsigned char *ret, struct vb_error *err)
{
    if (stream->used == VB_SHA256_BYTES) {
        int status = refill(stream, err);
        if (status)
            return status;
    }
    *ret = stream->block[stream->used++];
    return VB_OK;
}

int vb_stream_below(struct vb_stream *stream, unsigned bound, unsigned *ret, struct vb_error *err)
{
    unsigned limit = 256 - 256 % bound;
    for (;;) {
        unsigned char byte;
        int status = vb_stream_byte(stream, &byte, err);
        if (status)
            return status;
        if (byte >= limit) /* would favour the small numbers */
            continue;
        *ret = byte % bound;
        return VB_OK;
    }
}

int vb_stream_text(struct vb_stream *stream, const char *alphabet, size_t len, struct vb_buf *out,
                   struct vb_error *err)
{
    unsigned letters = (unsigned)strlen(alphabet);
    for (size_t i = 0; i < len; i++) {
        unsigned index;
        int status = vb_stream_below(stream, letters, &index, err);
        if (!status)
            status = vb_buf_append(out, alphabet + index, 1, err);
        if (status)
            return status;
    }
    return VB_OK;
}

int vb_stream_bytes(struct vb_stream *stream, size_t len, struct vb_buf *out, struct vb_error *err)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte;
        int status = vb_stream_byte(stream, &byte, err);
        if (!status)
            status = vb_buf_append(out, &byte, 1, err);
        if (status)
            return status;
    }
    return VB_OK;
}
