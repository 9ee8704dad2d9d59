/* segments: pieces of evidence, compressed, one behind the other in files that only grow. Each
 * writer has a file of its own, so that none waits for another. */
#ifndef STORE_SEGMENTS_H
#define STORE_SEGMENTS_H

#include "vetbox/core.h"

enum { SEGMENT_NAME_BYTES = 32 };
static const uint64_t segment_most = UINT64_C(256) << 20; /* then a new file is begun */

struct segments {
    int dirfd;                     /* PLACE/segments, owned */
    int fd;                        /* of our file; -1: none is begun */
    char name[SEGMENT_NAME_BYTES]; /* its */
    uint64_t end;                  /* where the next piece goes */
};

/* Where a piece lies. */
struct piece {
    char digest[VB_SHA256_HEX]; /* of what it holds */
    char segment[SEGMENT_NAME_BYTES];
    uint64_t place, stored, size; /* stored: in the file, with its head */
};

/* PLACE is the store's folder; CREATE makes what is not there. */
VB_CHECKED int segments_open(struct segments *segments, const char *place, bool create,
                             struct vb_error *err);
void segments_close(struct segments *segments);
/* Appends BYTES, whose digest RET has already; fills the rest of RET. It is not on the disk before
 * segments_sync. A piece that nothing names is waste, which does no harm. */
VB_CHECKED int segments_add(struct segments *segments, struct vb_str bytes, struct piece *ret,
                            struct vb_error *err);
VB_CHECKED int segments_sync(const struct segments *segments, struct vb_error *err);
/* Appends to RET what PIECE holds; VB_E_DATA where that is not what it must be. */
VB_CHECKED int segments_read(const struct segments *segments, const struct piece *piece,
                             struct vb_buf *ret, struct vb_error *err);

#endif
