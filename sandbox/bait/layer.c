/* Cuts a stream into blocks, whatever pieces it comes in, and marks in each what may be a code.
 * Trust boundary: the bytes are hostile; nothing here believes a length in them. */
#include "sandbox/bait/layer.h"

#include <stdlib.h>

enum { RESCAN = VB_TEXT_MAX /* bytes in which the last block may have seen part of a text */ };

typedef unsigned char bytes16 __attribute__((vector_size(VB_MARK), aligned(1), may_alias));
typedef uint64_t words2 __attribute__((vector_size(VB_MARK)));

int vb_layer_new(struct vb_outbound *outbound, const struct vb_layer *parent, const char *code,
                 struct vb_layer **ret, struct vb_error *err)
{
    struct vb_layer *layer = malloc(sizeof(*layer));
    if (!layer)
        return vb_fail(err, VB_E_NOMEM, 0, "searching for baits: out of memory");
    memset(layer, 0, offsetof(struct vb_layer, buffer));
    memset(layer->buffer, 0, VB_HISTORY);
    layer->outbound = outbound;
    layer->parent = parent;
    layer->code = code;
    layer->depth = parent ? parent->depth + 1 : 0;
    *ret = layer;
    return VB_OK;
}

void vb_layer_free(struct vb_layer *layer)
{
    if (!layer)
        return;
    vb_layer_free(layer->escapes.out);
    vb_layer_free(layer->wide.out);
    vb_layer_free(layer->digits.out);
    for (size_t i = 0; i < VB_PACKED_SLOTS; i++)
        vb_packed_free(layer->packed[i]);
    free(layer);
}

int vb_layer_below(const struct vb_layer *parent, const char *code, struct vb_layer **layer,
                   struct vb_error *err)
{
    if (!*layer)
        return vb_layer_new(parent->outbound, parent, code, layer, err);
    (*layer)->code = code;
    return VB_OK;
}

/* --- marks --- */

static bool any(bytes16 bytes)
{
    const words2 words = (words2)bytes;
    return (words[0] | words[1]) != 0;
}

static bool all(words2 words)
{
    return (words[0] & words[1]) == ~0ULL;
}

/* The marks of the group at AT; AT[VB_MARK] is read too. */
static unsigned char marks_of(const unsigned char *at)
{
    const bytes16 v = *(const bytes16 *)at, next = *(const bytes16 *)(at + 1);
    const bytes16 escape = (bytes16)((v == '%') | (v == '\\') | (v == '&'));
    const bytes16 packed = (bytes16)(((v == 0x1f) & (next == 0x8b)) |
                                     ((v == 0x28) & (next == 0xb5)) | ((v == 'P') & (next == 'K')) |
                                     ((v == 0x78) & ((next == 0x01) | (next == 0x5e) |
                                                     (next == 0x9c) | (next == 0xda))));
    const bytes16 digits =
        (bytes16)(((v | 0x20) - 'a' < 26) | (v - '/' < 11) | (v == '+') | (v == '-') | (v == '_'));
    const bytes16 zero = (bytes16)(v == 0);
    unsigned char marks = all((words2)digits) ? VB_MARK_DIGITS : 0;
    if (any(escape | packed))
        marks = (unsigned char)(marks | (any(escape) ? VB_MARK_ESCAPE : 0) |
                                (any(packed) ? VB_MARK_PACKED : 0));
    const words2 low = {0x00FF00FF00FF00FFULL, 0x00FF00FF00FF00FFULL};
    const words2 zeros = (words2)zero;
    if (any(zero) && (all(zeros | low) ^ all(zeros | ~low)))
        marks |= VB_MARK_WIDE;
    return marks;
}

static void mark(struct vb_chunk *chunk, unsigned char *marks)
{
    size_t at = 0;
    for (; at + VB_MARK < chunk->len; at += VB_MARK)
        chunk->all_marks |= marks[at / VB_MARK] = marks_of(chunk->at + at);
    if (at < chunk->len) {
        unsigned char rest[VB_MARK + 1];
        memset(rest, ' ', sizeof(rest));
        memcpy(rest, chunk->at + at, chunk->len - at);
        chunk->all_marks |= marks[at / VB_MARK] = marks_of(rest);
    }
    chunk->marks = marks;
}

size_t vb_chunk_next(const struct vb_chunk *chunk, size_t at, unsigned char mark)
{
    if (!(chunk->all_marks & mark))
        return chunk->len;
    for (; at < chunk->len; at += VB_MARK) {
        if (chunk->marks[at / VB_MARK] & mark)
            return at;
    }
    return chunk->len;
}

/* --- blocks --- */

/* Undoes every code in the chunk. The inside of something packed is none that has another in it. */
static int undo(struct vb_layer *layer, struct vb_chunk *chunk, struct vb_error *err)
{
    unsigned char marks[VB_BLOCK_LARGE / VB_MARK];
    bool all = false;
    int status = vb_packed_continue(layer, chunk, &all, err);
    if (status || (all && !chunk->last && !layer->escapes.open && !layer->wide.open &&
                   !layer->digits.alphabet))
        return status;
    mark(chunk, marks);
    status = vb_packed_undo(layer, chunk, err);
    if (!status)
        status = vb_digits_undo(layer, chunk, err);
    if (!status)
        status = vb_escapes_undo(layer, chunk, err);
    if (!status)
        status = vb_wide_undo(layer, chunk, err);
    chunk->marks = NULL;
    return status;
}

static int search(struct vb_layer *layer, struct vb_chunk *chunk, struct vb_error *err)
{
    const size_t again = chunk->history < RESCAN ? chunk->history : RESCAN;
    vb_needles_scan(layer, chunk->at - chunk->history, chunk->at - again, chunk->at + chunk->len);
    const int status = layer->depth < VB_LAYERS_MAX ? undo(layer, chunk, err) : VB_OK;
    layer->begun = true;
    return status;
}

static int search_buffer(struct vb_layer *layer, bool last, struct vb_error *err)
{
    struct vb_chunk chunk = {.at = layer->buffer + VB_HISTORY,
                             .history = layer->history,
                             .len = layer->held,
                             .last = last};
    const int status = search(layer, &chunk, err);
    memmove(layer->buffer, layer->buffer + layer->held, VB_HISTORY);
    layer->history += layer->held;
    if (layer->history > VB_HISTORY)
        layer->history = VB_HISTORY;
    layer->held = 0;
    return status;
}

static int search_where_it_lies(struct vb_layer *layer, const unsigned char *data, size_t len,
                                struct vb_error *err)
{
    struct vb_chunk chunk = {.at = data, .history = VB_HISTORY, .len = len};
    const int status = search(layer, &chunk, err);
    memcpy(layer->buffer, data + len - VB_HISTORY, VB_HISTORY);
    layer->history = VB_HISTORY;
    return status;
}

int vb_layer_feed(struct vb_layer *layer, const unsigned char *data, size_t len,
                  struct vb_error *err)
{
    int status = VB_OK;
    for (size_t at = 0; at < len && !status;) {
        size_t some = len - at;
        if (at >= VB_HISTORY && some >= VB_BLOCK && layer->held == 0) {
            some = some < VB_BLOCK_LARGE ? some / VB_BLOCK * VB_BLOCK : VB_BLOCK_LARGE;
            status = search_where_it_lies(layer, data + at, some, err);
            at += some;
            continue;
        }
        if (some > VB_BLOCK - layer->held)
            some = VB_BLOCK - layer->held;
        memcpy(layer->buffer + VB_HISTORY + layer->held, data + at, some);
        layer->held += some;
        at += some;
        if (layer->held == VB_BLOCK)
            status = search_buffer(layer, false, err);
    }
    return status;
}

int vb_layer_finish(struct vb_layer *layer, struct vb_error *err)
{
    int status = VB_OK;
    if (layer->held || layer->begun)
        status = search_buffer(layer, true, err);
    layer->history = layer->held = 0;
    layer->begun = false;
    layer->escapes.unread = layer->wide.unread = layer->digits.unread = 0;
    return status;
}
