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
    if (byte + sizeof(bytes) <= len)
        memcpy(bytes, at + byte, sizeof(bytes));
    else if (byte < len)
        memcpy(bytes, at + byte, len - byte < sizeof(bytes) ? len - byte : sizeof(bytes));
    return (unsigned)(vb_load(bytes) >> bit % 8 & ((1ULL << bits) - 1));
}

/* The bits of a Huffman code, at most 9, begin with the highest. */
static unsigned code_of(uint64_t bits, unsigned count)
{
    const uint64_t spread = (bits & 0xFF) * 0x80200802ULL & 0x0884422110ULL;
    const unsigned eight = (unsigned)(spread * 0x0101010101ULL >> 32 & 0xFF);
    return count > 8 ? eight << 1 | (unsigned)(bits >> 8 & 1) : eight >> (8 - count);
}

/* The length (RFC 1951, section 3.2.5) that SYMBOL says; *BITS begin with its extra bits, which are
 * taken off, into *USED. */
static size_t length_of(unsigned symbol, uint64_t *bits, size_t *used)
{
    if (symbol < 265 || symbol == 285)
        return symbol == 285 ? 258 : symbol - 254;
    const unsigned extra = (symbol - 261) / 4;
    const size_t length = ((4 + (symbol - 265) % 4) << extra) + (*bits & ((1U << extra) - 1)) + 3;
    *bits >>= extra;
    *used += extra;
    return length;
}

/* A distance likewise, of which BITS begin with the code; SIZE_MAX: there is none. */
static size_t distance_of(uint64_t bits, size_t *used)
{
    const unsigned code = code_of(bits, 5), extra = code < 4 ? 0 : code / 2 - 1;
    *used += 5 + extra;
    if (code >= 30)
        return SIZE_MAX;
    return code < 4 ? code + 1
                    : ((size_t)(2 + code % 2) << extra) + (bits >> 5 & ((1U << extra) - 1)) + 1;
}

/* A block of the fixed codes (RFC 1951, section 3.2.6): most random bytes soon refer to what has
 * not come. */
static bool may_be_fixed(const unsigned char *at, size_t len)
{
    enum { SYMBOL_BITS = 31, PROBE = 8 /* bytes out: less is no piece of a secret */ };
    size_t bit = 3, out = 0;
    while (out < PROBE && bit + SYMBOL_BITS <= 8 * len) {
        uint64_t bits = low_bits(at, len, bit, SYMBOL_BITS);
        const unsigned code = code_of(bits, 9);
        const bool literal = code >= 0x190 || (code >= 0x60 && code < 0x180);
        const unsigned size = code >= 0x190 ? 9 : code < 0x60 ? 7 : 8;
        bit += size;
        bits >>= size;
        out += literal ? 1 : 0;
        if (literal)
            continue;
        const unsigned symbol = code < 0x60 ? 256 + (code >> 2) : 280 + (code >> 1) - 0xC0;
        if (symbol == 256 || symbol > 285)
            return symbol == 256;
        const size_t length = length_of(symbol, &bits, &bit);
        if (distance_of(bits, &bit) > out)
            return false;
        out += length;
    }
    return true;
}

/* The first block's header (RFC 1951, section 3.2). */
static bool may_be_deflate(const unsigned char *at, size_t len, bool whole)
{
    (void)whole;
    const unsigned type = low_bits(at, len, 1, 2);
    if (type == 0)
        return len >= 5 && two_bytes(at + 1) == (~two_bytes(at + 3) & 0xFFFF);
    if (type != 2)
        return type == 1 && may_be_fixed(at, len);
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
