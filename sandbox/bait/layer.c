/* Cuts a stream into blocks, whatever pieces it comes in, and has each searched.
 * Trust boundary: the bytes are hostile; nothing here believes a length in them. */
#include "sandbox/bait/layer.h"

#include <stdlib.h>

enum { RESCAN = VB_TEXT_MAX /* bytes in which the last block may have seen part of a text */ };

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
    vb_chunk_mark(chunk, marks);
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
    if (!last)
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

void vb_layer_precede(struct vb_layer *layer, const unsigned char *bytes, size_t len)
{
    memcpy(layer->buffer + VB_HISTORY - len, bytes, len);
    layer->history = len;
    layer->escapes.unread = layer->wide.unread = layer->digits.unread = len;
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
