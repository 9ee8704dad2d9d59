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
    MEMORY_MAX = 96 * 1024 * 1024,   /* held by all decoders of a run */
    ATTEMPTS_MAX = 256 * 1024        /* of a run: random bytes have one in 16 KiB */
};
static const uint64_t share_bytes = 2ULL << 30; /* in and out, of a run: some ten seconds */

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
    const size_t most = len < 32 ? len : 32;
    const uint64_t blanks = 0x2020202020202020ULL, tops = 0x8080808080808080ULL;
    size_t i = 0;
    while (i + sizeof(uint64_t) <= most &&
           ((vb_load(at + i) | (vb_load(at + i) - blanks)) & tops) == 0)
        i += sizeof(uint64_t); /* nothing but printable characters */
    for (; i < most; i++) {
        if (at[i] >= 0x80 || (at[i] < 0x20 && at[i] != '\n' && at[i] != '\r' && at[i] != '\t'))
            return false;
    }
    return true;
}

/* --- one decoder --- */

/* The run's share is; that cuts the message. */
static bool used_up(struct vb_outbound *outbound)
{
    struct vb_share *share = outbound->share;
    if (share->attempts < ATTEMPTS_MAX && share->bytes < share_bytes)
        return false;
    share->refused += outbound->cut ? 0 : 1;
    outbound->cut = true;
    return true;
}

static int open_packed(struct vb_layer *layer, const struct vb_decoder *decoder,
                       struct vb_packed **ret, struct vb_error *err)
{
    struct vb_outbound *outbound = layer->outbound;
    if (outbound->cut || outbound->own_code_only || used_up(outbound))
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
    outbound->share->attempts++;
    *ret = packed;
    return VB_OK;
}

static bool beyond_limits(const struct vb_outbound *outbound)
{
    return outbound->unpacked / UNPACKED_TIMES > outbound->fed + UNPACKED_MIN / UNPACKED_TIMES ||
           outbound->needles->memory > MEMORY_MAX;
}

/* What came out goes to the layer below, if it is within the limits. */
static int take_output(struct vb_layer *layer, struct vb_packed *packed, const unsigned char *bytes,
                       size_t len, struct vb_error *err)
{
    layer->outbound->unpacked += len;
    if (!len)
        return VB_OK;
    packed->productive = true;
    const int status = vb_layer_below(layer, packed->decoder->name, &packed->out, err);
    return status ? status : vb_layer_feed(packed->out, bytes, len, err);
}

static enum vb_decoded within_limits(struct vb_outbound *outbound, const struct vb_packed *packed,
                                     enum vb_decoded state)
{
    if (state == VB_DECODED_TOO_LARGE || beyond_limits(outbound))
        outbound->cut = true;
    return outbound->cut || (state == VB_DECODED_MORE && used_up(outbound)) ||
                   (packed->in > BARREN_MAX && !packed->productive)
               ? VB_DECODED_BAD
               : state;
}

/* Feeds what stands in ROOM and takes off what was used. *RET_STATE says how it goes on. */
static int run_packed(struct vb_layer *layer, struct vb_packed *packed, struct vb_room *room,
                      enum vb_decoded *ret_state, struct vb_error *err)
{
    unsigned char bytes[OUT_BYTES];
    int status = VB_OK;
    bool stuck = false;
    *ret_state = VB_DECODED_MORE;
    while (!status && *ret_state == VB_DECODED_MORE && !stuck) {
        const size_t before = room->in_len;
        room->out = bytes;
        room->out_len = sizeof(bytes);
        const enum vb_decoded state = packed->decoder->run(&packed->decoding, room);
        packed->in += before - room->in_len;
        layer->outbound->share->bytes += before - room->in_len + sizeof(bytes) - room->out_len;
        /* Without input left it goes on only while it fills the room. */
        stuck = room->in_len ? room->in_len == before && room->out_len == sizeof(bytes)
                             : room->out_len > 0;
        status = take_output(layer, packed, bytes, sizeof(bytes) - room->out_len, err);
        *ret_state = within_limits(layer->outbound, packed, state);
    }
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

/* Runs the decoder in SLOT from *AT on and closes it when it has ended; *AT becomes where that is,
 * or stays if it was none. */
static int run_slot(struct vb_layer *layer, const struct vb_chunk *chunk, size_t slot,
                    ptrdiff_t *at, struct vb_error *err)
{
    struct vb_packed **packed = &layer->packed[slot];
    struct vb_room room = {.in = chunk->at + *at, .in_len = (size_t)((ptrdiff_t)chunk->len - *at)};
    enum vb_decoded state = VB_DECODED_MORE;
    const int status = run_packed(layer, *packed, &room, &state, err);
    /* What stands in what was none may be something else. */
    if (state != VB_DECODED_BAD || (*packed)->productive)
        *at = (ptrdiff_t)(chunk->len - room.in_len);
    if (state == VB_DECODED_MORE)
        return status;
    if (state == VB_DECODED_END)
        layer->outbound->whole += (*packed)->in;
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
        const ptrdiff_t from = at;
        status = run_slot(layer, chunk, SLOT_MAGIC, &at, err);
        at += at == from ? 1 : 0;
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
        ptrdiff_t at = 0;
        if (!status && layer->packed[SLOT_GUESS + i])
            status = run_slot(layer, chunk, SLOT_GUESS + i, &at, err);
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
        ptrdiff_t at = 0;
        status = run_slot(layer, chunk, i, &at, err);
        if (i == SLOT_MAGIC)
            chunk->magic_from = at;
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
