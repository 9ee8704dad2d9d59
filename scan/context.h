/* Where in a text something stands: what teaches, tests, quotes or forbids an attack is none. */
#ifndef VETBOX_SCAN_CONTEXT_H
#define VETBOX_SCAN_CONTEXT_H

#include "scan/item.h"

/* Why what stands at OFFSET of the file ITEM may only be talked of: a few words, or NULL. Reads a
 * bounded part of the text before it. */
const char *vb_context_of(const struct vb_item *item, size_t offset);

/* The code blocks of a Markdown text at their own places, everything else blank; empty where there
 * is none. */
struct vb_context_views {
    struct vb_buf code;   /* what the agent may run */
    struct vb_buf quoted; /* what stands where attacks are talked of */
    size_t steps; /* bytes that were read to find lines: at most a few for each of the text */
};
VB_CHECKED int vb_context_fences(const struct vb_item *item, struct vb_context_views *views,
                                 struct vb_error *err);

#endif
