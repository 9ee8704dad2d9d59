/* Unpacks what stands packed in a layer, and feeds it to a layer of its own. gzip, zlib, zstd and
 * the entries of a zip file are known by their first bytes, wherever these stand; deflate and
 * brotli have no such bytes and are tried at the beginning of a message that is no text. tar is not
 * undone: its files lie in it as they are.
 *
 * Decoders are the system's libraries; what they hold and give is bounded, and what is cut says so.
 * Trust boundary: the bytes are hostile; lengths that they state are only ever counted down. */
#include "sandbox/bait/packed.h"

#include <stdlib.h>

enum {
    SLOT_MAGIC = 0, /* found by its first bytes */
    SLOT_GUESS = 1, /* tried at the beginning */
    OUT_BYTES = 32 * 1024,
    BARREN_MAX = 128 * 1024,         /* bytes in, without one out */
    UNPACKED_MIN = 16 * 1024 * 1024, /* bytes that any message may unpack to */
    UNPACKED_TIMES = 64,             /* and for each byte of it */
    MEMORY_MAX = 96 * 1024 * 1024    /* held by all decoders of a run */
};

struct vb_packed {
    const struct vb_decoder *decoder;
    struct vb_decoding decoding;
    struct vb_layer *out;
    size_t in;
    bool productive;
};

void vb_packed_free(struct vb_packed *packed)
{
    if (!packed)
        return;
    packed->decoder->done(&packed->decoding);
    vb_layer_free(packed->out);
    free(packed);
}

/* --- what begins here --- */

static const struct vb_decoder *magic_of(const unsigned char *at, size_t len)
{
    static const struct {
        const char *bytes;
        size_t len;
        const struct vb_decoder *decoder;
    } magics[] = {
        {"\x1f\x8b\x08", 3, &vb_decoder_gzip}, {"\x28\xb5\x2f\xfd", 4, &vb_decoder_zstd},
        {"PK\3\4", 4, &vb_decoder_zip},        {"\x78\x01", 2, &vb_decoder_zlib},
        {"\x78\x5e", 2, &vb_decoder_zlib},     {"\x78\x9c", 2, &vb_decoder_zlib},
        {"\x78\xda", 2, &vb_decoder_zlib},
    };
    if (*at != 0x1f && *at != 0x28 && *at != 'P' && *at != 0x78)
        return NULL;
    for (size_t i = 0; i < VB_ARRAY_LEN(magics); i++) {
        if (len >= magics[i].len && memcmp(at, magics[i].bytes, magics[i].len) == 0)
            return magics[i].decoder;
    }
    return NULL;
}

bool vb_packed_magic(const unsigned char *data, size_t len)
{
    return len && magic_of(data, len) != NULL;
}

static bool looks_like_text(const unsigned char *at, size_t len)
{
    for (size_t i = 0; i < len && i < 32; i++) {
        if (at[i] >= 0x80 || (at[i] < 0x20 && at[i] != '\n' && at[i] != '\r' && at[i] != '\t'))
            return false;
    }
    return true;
}

/* --- one decoder --- */

static int open_packed(struct vb_layer *layer, const struct vb_decoder *decoder,
                       struct vb_packed **ret, struct vb_error *err)
{
    struct vb_outbound *outbound = layer->outbound;
    if (outbound->cut)
        return VB_OK;
    if (outbound->needles->memory > MEMORY_MAX) {
        outbound->cut = true;
        return VB_OK;
    }
    struct vb_packed *packed = calloc(1, sizeof(*packed));
    if (packed) {
        packed->decoder = decoder;
        packed->decoding.spare = &outbound->needles->spare_inflate;
        packed->decoding.memory = &outbound->needles->memory;
        if (!decoder->begin(&packed->decoding)) {
            decoder->done(&packed->decoding);
            free(packed);
            packed = NULL;
        }
    }
    if (!packed)
        return vb_fail(err, VB_E_NOMEM, 0, "unpacking what is sent: out of memory");
    *ret = packed;
    return VB_OK;
}

static bool beyond_limits(const struct vb_outbound *outbound)
{
    return outbound->unpacked / UNPACKED_TIMES > outbound->fed + UNPACKED_MIN / UNPACKED_TIMES ||
           outbound->needles->memory > MEMORY_MAX;
}

/* Feeds LEN bytes; *RET_USED of them were taken. *RET_STATE says how it goes on. */
static int run_packed(struct vb_layer *layer, struct vb_packed *packed, const unsigned char *data,
                      size_t len, size_t *ret_used, enum vb_decoded *ret_state,
                      struct vb_error *err)
{
    struct vb_outbound *outbound = layer->outbound;
    unsigned char bytes[OUT_BYTES];
    size_t used = 0;
    int status = VB_OK;
    *ret_state = VB_DECODED_MORE;
    for (bool full = true; !status && *ret_state == VB_DECODED_MORE && (used < len || full);) {
        struct vb_room room = {
            .in = data + used, .in_len = len - used, .out = bytes, .out_len = sizeof(bytes)};
        *ret_state = packed->decoder->run(&packed->decoding, &room);
        const size_t got = sizeof(bytes) - room.out_len;
        const size_t took = len - used - room.in_len;
        full = room.out_len == 0;
        used += took;
        packed->in += took;
        outbound->unpacked += got;
        if (got) {
            packed->productive = true;
            status = vb_layer_below(layer, packed->decoder->name, &packed->out, err);
            if (!status)
                status = vb_layer_feed(packed->out, bytes, got, err);
        } else if (took == 0 && *ret_state == VB_DECODED_MORE) {
            break;
        }
        if (*ret_state == VB_DECODED_TOO_LARGE || beyond_limits(outbound))
            outbound->cut = true;
        if (outbound->cut || (packed->in > BARREN_MAX && !packed->productive))
            *ret_state = VB_DECODED_BAD;
    }
    *ret_used = used;
    return status;
}

static int close_packed(struct vb_packed **packed, struct vb_error *err)
{
    const int status = (*packed)->out ? vb_layer_finish((*packed)->out, err) : VB_OK;
    vb_packed_free(vb_steal(*packed));
    return status;
}

/* --- in a layer --- */

/* The next magic at or behind AT, or the chunk's length. */
static ptrdiff_t next_magic(const struct vb_chunk *chunk, ptrdiff_t at)
{
    const ptrdiff_t len = (ptrdiff_t)chunk->len;
    for (; at < len; at++) {
        if (at >= 0 && !(chunk->marks[at / VB_MARK] & VB_MARK_PACKED)) {
            at =
                (ptrdiff_t)vb_chunk_next(chunk, (size_t)at / VB_MARK * VB_MARK, VB_MARK_PACKED) - 1;
            continue;
        }
        if (magic_of(chunk->at + at, (size_t)(len - at)))
            return at;
    }
    return len;
}

/* Runs the decoder in SLOT from AT on and closes it when it has ended; *RET_USED bytes were taken.
 */
static int run_slot(struct vb_layer *layer, const struct vb_chunk *chunk, size_t slot, ptrdiff_t at,
                    size_t *ret_used, struct vb_error *err)
{
    struct vb_packed **packed = &layer->packed[slot];
    enum vb_decoded state = VB_DECODED_MORE;
    int status = run_packed(layer, *packed, chunk->at + at, (size_t)((ptrdiff_t)chunk->len - at),
                            ret_used, &state, err);
    if (state == VB_DECODED_MORE)
        return status;
    if (state == VB_DECODED_BAD && !(*packed)->productive)
        *ret_used = 0; /* it was none: what stands in it may be something else */
    const int closed = close_packed(packed, err);
    return status ? status : closed;
}

/* Opens and runs what has a magic, from AT to the chunk's end. */
static int undo_magic(struct vb_layer *layer, const struct vb_chunk *chunk, ptrdiff_t at,
                      struct vb_error *err)
{
    const ptrdiff_t len = (ptrdiff_t)chunk->len;
    struct vb_packed **slot = &layer->packed[SLOT_MAGIC];
    int status = VB_OK;
    while (!status && !*slot && (at = next_magic(chunk, at)) < len) {
        const unsigned char *begin = chunk->at + at;
        status = open_packed(layer, magic_of(begin, (size_t)(len - at)), slot, err);
        if (status || !*slot)
            break;
        size_t used = 0;
        status = run_slot(layer, chunk, SLOT_MAGIC, at, &used, err);
        at += used ? (ptrdiff_t)used : 1;
    }
    return status;
}

/* What has no magic can only be told by trying, at the beginning of a message. */
static int undo_guesses(struct vb_layer *layer, const struct vb_chunk *chunk, struct vb_error *err)
{
    static const struct vb_decoder *const guesses[] = {&vb_decoder_deflate, &vb_decoder_brotli};
    int status = VB_OK;
    if (layer->begun || !chunk->len || looks_like_text(chunk->at, chunk->len))
        return VB_OK;
    for (size_t i = 0; i < VB_ARRAY_LEN(guesses) && !status; i++) {
        if (!guesses[i]->may_be(chunk->at, chunk->len, chunk->last))
            continue;
        status = open_packed(layer, guesses[i], &layer->packed[SLOT_GUESS + i], err);
        size_t used = 0;
        if (!status && layer->packed[SLOT_GUESS + i])
            status = run_slot(layer, chunk, SLOT_GUESS + i, 0, &used, err);
    }
    return status;
}

int vb_packed_continue(struct vb_layer *layer, struct vb_chunk *chunk, bool *ret_all,
                       struct vb_error *err)
{
    int status = VB_OK;
    chunk->magic_from = -(ptrdiff_t)(chunk->history < 3 ? chunk->history : 3);
    for (size_t i = 0; i < VB_PACKED_SLOTS && !status; i++) {
        if (!layer->packed[i])
            continue;
        const size_t before = layer->outbound->unpacked;
        size_t used = 0;
        status = run_slot(layer, chunk, i, 0, &used, err);
        if (i == SLOT_MAGIC)
            chunk->magic_from = (ptrdiff_t)used;
        if (layer->packed[i] && layer->outbound->unpacked - before >= chunk->len)
            *ret_all = true;
    }
    return status;
}

int vb_packed_undo(struct vb_layer *layer, const struct vb_chunk *chunk, struct vb_error *err)
{
    int status = undo_guesses(layer, chunk, err);
    if (!status)
        status = undo_magic(layer, chunk, chunk->magic_from, err);
    for (size_t i = 0; i < VB_PACKED_SLOTS && chunk->last; i++) {
        if (!layer->packed[i])
            continue;
        const int closed = close_packed(&layer->packed[i], err);
        status = status ? status : closed;
    }
    return status;
}
