/* What of a layer's text its file says openly too: source maps repeat the source, a link repeats
 * what the instructions show. */
#ifndef VETBOX_SCAN_PLAIN_H
#define VETBOX_SCAN_PLAIN_H

#include <stdint.h>

#include "vetbox/core.h"

/* Appends to RET the pieces of TEXT that stand in FILE as they are, each with a line's end: what is
 * between quotation marks or line ends, and host names. *LEFT: how many bytes of files may still be
 * read for it; beyond that no piece stands there. */
VB_CHECKED int vb_plain_pieces(struct vb_str file, struct vb_str text, uint64_t *left,
                               struct vb_buf *ret, struct vb_error *err);

#endif
