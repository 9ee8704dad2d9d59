/* stream: the random bytes that baits are made of. SHA-256 in counter mode over the run's seed and
 * a name, so that each bait's bytes depend on nothing but the seed and the bait's own id. */
#ifndef SANDBOX_BAIT_STREAM_H
#define SANDBOX_BAIT_STREAM_H

#include "vetbox/core.h"

enum { VB_SEED_BYTES = 32 };

struct vb_stream {
    unsigned char seed[VB_SEED_BYTES];
    char name[64];
    uint32_t counter;
    size_t used;
    unsigned char block[VB_SHA256_BYTES];
};

void vb_stream_init(struct vb_stream *stream, const unsigned char seed[VB_SEED_BYTES],
                    const char *name);
VB_CHECKED int vb_stream_byte(struct vb_stream *stream, unsigned char *ret, struct vb_error *err);
/* An unbiased number below BOUND (1 to 256). */
VB_CHECKED int vb_stream_below(struct vb_stream *stream, unsigned bound, unsigned *ret,
                               struct vb_error *err);
/* Appends LEN characters of ALPHABET. */
VB_CHECKED int vb_stream_text(struct vb_stream *stream, const char *alphabet, size_t len,
                              struct vb_buf *out, struct vb_error *err);
VB_CHECKED int vb_stream_bytes(struct vb_stream *stream, size_t len, struct vb_buf *out,
                               struct vb_error *err);

#endif
