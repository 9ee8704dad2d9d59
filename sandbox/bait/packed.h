/* packed: the decoders behind packed.c, each a row over one of the system's libraries. */
#ifndef SANDBOX_BAIT_PACKED_H
#define SANDBOX_BAIT_PACKED_H

#include "sandbox/bait/layer.h"

enum vb_decoded {
    VB_DECODED_MORE, /* it goes on: more input or more room is wanted */
    VB_DECODED_END,
    VB_DECODED_BAD,      /* damaged, or never was any */
    VB_DECODED_TOO_LARGE /* it wants more memory than it may have */
};

/* Input and room for output; what was used is taken off. */
struct vb_room {
    const unsigned char *in;
    size_t in_len;
    unsigned char *out;
    size_t out_len;
};

struct vb_decoding {
    void *state;            /* the library's */
    void **spare;           /* zlib's that nobody uses */
    size_t *memory;         /* of all decoders, in bytes */
    size_t held;            /* of this one */
    unsigned char head[30]; /* zip's local header */
    size_t head_len, skip;
};

struct vb_decoder {
    const char *name;
    bool (*begin)(struct vb_decoding *d); /* false: out of memory */
    enum vb_decoded (*run)(struct vb_decoding *d, struct vb_room *room);
    void (*done)(struct vb_decoding *d);
    /* Where there is no magic: whether what begins with LEN bytes may be of this kind; WHOLE: these
     * are all. */
    bool (*may_be)(const unsigned char *at, size_t len, bool whole);
};

extern const struct vb_decoder vb_decoder_gzip, vb_decoder_zlib, vb_decoder_deflate, vb_decoder_zip,
    vb_decoder_zstd, vb_decoder_brotli;

#endif
