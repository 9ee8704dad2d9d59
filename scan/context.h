/* Where in a text something stands: what teaches, tests, quotes or forbids an attack is none. */
#ifndef VETBOX_SCAN_CONTEXT_H
#define VETBOX_SCAN_CONTEXT_H

#include "scan/item.h"

/* Why what stands at OFFSET of the file ITEM may only be talked of: a few words, or NULL. Reads a
 * bounded part of the text before it. */
const char *vb_context_of(const struct vb_item *item, size_t offset);

/* The code blocks of a Markdown text at their own places, everything else blank: into CODE what the
 * agent may run, and into QUOTED what stands where attacks are talked of. Empty where there is
 * none. */
VB_CHECKED int vb_context_fences(const struct vb_item *item, struct vb_buf *code,
                                 struct vb_buf *quoted, struct vb_error *err);

#endif
