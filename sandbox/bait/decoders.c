/* Trust boundary: the bytes are hostile; zlib, libzstd and libbrotlidec parse them, in a process
 * that is confined. */
#include <brotli/decode.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "sandbox/bait/packed.h"

enum {
    INFLATE_BYTES = 48 * 1024, /* what zlib holds, about */
    ZSTD_WINDOW_LOG = 23,      /* 8 MiB, which RFC 8878 asks of every decoder */
    BROTLI_HELD_MAX = 20 * 1024 * 1024,
    ZIP_HEAD = 30,
    ZIP_DEFLATED = 8
};

static size_t two_bytes(const unsigned char *at)
{
    return at[0] | (size_t)at[1] << 8;
}

static void hold(struct vb_decoding *d, size_t bytes)
{
    *d->memory += bytes - d->held;
    d->held = bytes;
}

void vb_inflate_free(void *state)
{
    if (state)
        inflateEnd(state);
    free(state);
}

/* --- zlib: gzip (RFC 1952), zlib (RFC 1950), deflate (RFC 1951) --- */

static bool begin_inflate(struct vb_decoding *d, int window_bits)
{
    z_stream *z = *d->spare;
    if (z && inflateReset2(z, window_bits) == Z_OK) {
        *d->spare = NULL;
    } else {
        z = calloc(1, sizeof(*z));
        if (!z || inflateInit2(z, window_bits) != Z_OK) {
            free(z);
            return false;
        }
    }
    d->state = z;
    hold(d, INFLATE_BYTES);
    return true;
}

static bool begin_gzip(struct vb_decoding *d)
{
    return begin_inflate(d, 15 + 16);
}

static bool begin_zlib(struct vb_decoding *d)
{
    return begin_inflate(d, 15);
}

static bool begin_deflate(struct vb_decoding *d)
{
    return begin_inflate(d, -15);
}

static enum vb_decoded run_inflate(struct vb_decoding *d, struct vb_room *room)
{
    z_stream *z = d->state;
    z->next_in = (unsigned char *)(uintptr_t)room->in; /* zlib only reads it */
    z->avail_in = (uInt)room->in_len;
    z->next_out = room->out;
    z->avail_out = (uInt)room->out_len;
    const int status = inflate(z, Z_NO_FLUSH);
    room->in += room->in_len - z->avail_in;
    room->in_len = z->avail_in;
    room->out_len = z->avail_out;
    if (status == Z_STREAM_END)
        return VB_DECODED_END;
    return status == Z_OK || status == Z_BUF_ERROR ? VB_DECODED_MORE : VB_DECODED_BAD;
}

static void done_inflate(struct vb_decoding *d)
{
    if (*d->spare == NULL) /* many are begun in vain: the next need not be made anew */
        *d->spare = d->state;
    else
        vb_inflate_free(d->state);
    hold(d, 0);
}

/* --- one entry of a zip file (APPNOTE 4.3.7): the local header, then what it says. Stored entries
 * are searched where they lie, and their end is nothing that has to be known. --- */

static void take(struct vb_room *room, size_t len)
{
    room->in += len;
    room->in_len -= len;
}

static enum vb_decoded run_zip(struct vb_decoding *d, struct vb_room *room)
{
    if (d->head_len < ZIP_HEAD) {
        const size_t want = ZIP_HEAD - d->head_len;
        const size_t some = room->in_len < want ? room->in_len : want;
        memcpy(d->head + d->head_len, room->in, some);
        d->head_len += some;
        take(room, some);
        if (d->head_len < ZIP_HEAD)
            return VB_DECODED_MORE;
        d->skip = two_bytes(d->head + 26) + two_bytes(d->head + 28);
        if (two_bytes(d->head + 8) != ZIP_DEFLATED || (d->head[6] & 1))
            return VB_DECODED_END; /* stored, in a code with a magic of its own, or encrypted */
    }
    const size_t skipped = room->in_len < d->skip ? room->in_len : d->skip;
    d->skip -= skipped;
    take(room, skipped);
    return d->skip || !room->in_len ? VB_DECODED_MORE : run_inflate(d, room);
}

/* --- zstd (RFC 8878) --- */

static bool begin_zstd(struct vb_decoding *d)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    if (!stream)
        return false;
    d->state = stream;
    hold(d, ZSTD_sizeof_DStream(stream));
    return !ZSTD_isError(ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG));
}

static enum vb_decoded run_zstd(struct vb_decoding *d, struct vb_room *room)
{
    ZSTD_inBuffer in = {room->in, room->in_len, 0};
    ZSTD_outBuffer out = {room->out, room->out_len, 0};
    const size_t left = ZSTD_decompressStream(d->state, &out, &in);
    take(room, in.pos);
    room->out_len -= out.pos;
    hold(d, ZSTD_sizeof_DStream(d->state));
    if (left == 0)
        return VB_DECODED_END;
    if (!ZSTD_isError(left))
        return VB_DECODED_MORE;
    return ZSTD_getErrorCode(left) == ZSTD_error_frameParameter_windowTooLarge
               ? VB_DECODED_TOO_LARGE
               : VB_DECODED_BAD;
}

static void done_zstd(struct vb_decoding *d)
{
    ZSTD_freeDStream(d->state);
    hold(d, 0);
}

/* --- brotli (RFC 7932); it allocates as it goes, so its memory is counted --- */

struct counted {
    _Alignas(max_align_t) size_t bytes;
};

static void *count_alloc(void *ctx, size_t bytes)
{
    struct vb_decoding *d = ctx;
    if (bytes > BROTLI_HELD_MAX || d->held + bytes > BROTLI_HELD_MAX)
        return NULL;
    struct counted *head = malloc(sizeof(*head) + bytes);
    if (!head)
        return NULL;
    head->bytes = bytes;
    hold(d, d->held + bytes);
    return head + 1;
}

static void count_free(void *ctx, void *memory)
{
    struct vb_decoding *d = ctx;
    if (!memory)
        return;
    struct counted *head = (struct counted *)memory - 1;
    hold(d, d->held - head->bytes);
    free(head);
}

static bool begin_brotli(struct vb_decoding *d)
{
    d->state = BrotliDecoderCreateInstance(count_alloc, count_free, d);
    return d->state != NULL;
}

static enum vb_decoded run_brotli(struct vb_decoding *d, struct vb_room *room)
{
    switch (BrotliDecoderDecompressStream(d->state, &room->in_len, &room->in, &room->out_len,
                                          &room->out, NULL)) {
    case BROTLI_DECODER_RESULT_SUCCESS:
        return VB_DECODED_END;
    case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
    case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
        return VB_DECODED_MORE;
    case BROTLI_DECODER_RESULT_ERROR:
        break;
    }
    const BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(d->state);
    return code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
                   code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES
               ? VB_DECODED_TOO_LARGE
               : VB_DECODED_BAD;
}

static void done_brotli(struct vb_decoding *d)
{
    if (d->state)
        BrotliDecoderDestroyInstance(d->state);
}

/* --- what has no magic: most random bytes are told apart before a decoder is made --- */

/* BITS of a stream that is read from the low end of each byte; zeros behind its end. */
static unsigned low_bits(const unsigned char *at, size_t len, size_t bit, unsigned bits)
{
    unsigned char bytes[8] = {0};
    const size_t byte = bit / 8;
    if (byte < len)
        memcpy(bytes, at + byte, len - byte < sizeof(bytes) ? len - byte : sizeof(bytes));
    return (unsigned)(vb_load(bytes) >> bit % 8 & ((1ULL << bits) - 1));
}

/* The first block's header (RFC 1951, section 3.2). */
static bool may_be_deflate(const unsigned char *at, size_t len, bool whole)
{
    (void)whole;
    const unsigned type = low_bits(at, len, 1, 2);
    if (type == 0)
        return len >= 5 && two_bytes(at + 1) == (~two_bytes(at + 3) & 0xFFFF);
    if (type != 2)
        return type == 1;
    if (low_bits(at, len, 3, 5) > 29 || low_bits(at, len, 8, 5) > 29)
        return false;
    unsigned kraft = 0;
    const unsigned codes = low_bits(at, len, 13, 4) + 4;
    for (unsigned i = 0; i < codes; i++) {
        const unsigned code = low_bits(at, len, 17 + 3 * i, 3);
        kraft += code ? 128U >> code : 0;
    }
    return kraft == 128;
}

/* The first meta-block's header (RFC 7932, section 9.2): how much it holds has to fit what came. */
static bool may_be_brotli(const unsigned char *at, size_t len, bool whole)
{
    size_t bit = low_bits(at, len, 0, 1) == 0 ? 1 : low_bits(at, len, 1, 3) ? 4 : 7;
    const bool last = low_bits(at, len, bit++, 1);
    if (last && low_bits(at, len, bit++, 1))
        return false; /* nothing in it */
    const unsigned nibbles = low_bits(at, len, bit, 2) + 4;
    if (nibbles > 6)
        return !last && !whole; /* metadata */
    const size_t holds = (size_t)low_bits(at, len, bit + 2, 4 * nibbles) + 1;
    if (nibbles > 4 && holds - 1 < 1U << 4 * (nibbles - 1))
        return false;
    return !whole || (holds <= 64 * len && (!last || holds >= len / 2));
}

const struct vb_decoder vb_decoder_gzip = {"gzip", begin_gzip, run_inflate, done_inflate, NULL};
const struct vb_decoder vb_decoder_zlib = {"deflate", begin_zlib, run_inflate, done_inflate, NULL};
const struct vb_decoder vb_decoder_deflate = {"deflate", begin_deflate, run_inflate, done_inflate,
                                              may_be_deflate};
const struct vb_decoder vb_decoder_zip = {"zip", begin_deflate, run_zip, done_inflate, NULL};
const struct vb_decoder vb_decoder_zstd = {"zstd", begin_zstd, run_zstd, done_zstd, NULL};
const struct vb_decoder vb_decoder_brotli = {"brotli", begin_brotli, run_brotli, done_brotli,
                                             may_be_brotli};
