/* Bytes hidden in bytes: what a reader of a file, or a one-line decoder, would get out of it. */
#ifndef VETBOX_SCAN_LAYERS_H
#define VETBOX_SCAN_LAYERS_H

#include "vetbox/core.h"

struct vb_layer {
    const char *kind; /* base64, hex, escape, entity, percent, charcode, gzip, zlib, utf16 */
    size_t offset;    /* in the bytes that it was decoded from */
    const unsigned char *data;
    size_t len;
};

/* What all layers of one file together may cost. */
struct vb_layer_budget {
    size_t bytes;   /* left for decoded bytes */
    unsigned count; /* left */
    bool cut;       /* something was not decoded, or not to its end, for lack of budget */
    bool bomb;      /* a compressed body was left at the ratio limit */
};

typedef int vb_layer_fn(void *ctx, const struct vb_layer *layer, struct vb_error *err);

/* Calls EACH with every layer of DATA whose bytes look like text or like a known format. The
 * layer's bytes live until EACH returns; EACH may call this function again. Time is linear in LEN
 * plus the bytes decoded. */
VB_CHECKED int vb_layers_each(const unsigned char *data, size_t len, struct vb_layer_budget *budget,
                              vb_layer_fn *each, void *ctx, struct vb_error *err);

/* --- inside the scan room --- */

struct vb_layer_walk {
    const unsigned char *data;
    size_t len;
    struct vb_layer_budget *budget;
    vb_layer_fn *each;
    void *ctx;
};

/* Hands one decoded layer on, if the budget allows. */
VB_CHECKED int vb_layer_found(struct vb_layer_walk *walk, const char *kind, size_t offset,
                              const unsigned char *data, size_t len, struct vb_error *err);
/* Length of the beginning of DATA that reads as text (a character cut at the end is left out). */
size_t vb_layer_text_prefix(const unsigned char *data, size_t len);
/* True for the beginning of an executable, archive, picture or other format worth a look. */
bool vb_layer_known_magic(const unsigned char *data, size_t len);

VB_CHECKED int vb_layers_numbers(struct vb_layer_walk *walk, struct vb_error *err);
VB_CHECKED int vb_layers_escapes(struct vb_layer_walk *walk, struct vb_error *err);
VB_CHECKED int vb_layers_inflate(struct vb_layer_walk *walk, struct vb_error *err);

#endif
