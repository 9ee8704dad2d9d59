/* layer: one stream of bytes on the way out, searched as it is, with what is packed into it: a
 * layer feeds what it decodes to layers below it.
 *
 *   sift.c     finds the few places in a layer's bytes at which a needle may be
 *   scan.c     looks at these
 *   layer.c    cuts the stream into blocks
 *   marks.c    marks where something may be written in a code
 *   escapes.c  undoes %41 \u0041 &#65; and UTF-16
 *   digits.c   undoes base64, base32 and hexadecimal, of which runs of 31 digits and more count
 *   packed.c   undoes gzip, zlib, deflate, zstd, brotli and the entries of zip; tar needs nothing
 */
#ifndef SANDBOX_BAIT_LAYER_H
#define SANDBOX_BAIT_LAYER_H

#include "sandbox/bait/needles.h"

enum {
    VB_LAYERS_MAX = 4,      /* codes within one another, escapes among them */
    VB_HISTORY = 256,       /* bytes that a layer remembers: a text with line breaks */
    VB_BLOCK = 4096,        /* bytes that a layer gathers before it searches them */
    VB_BLOCK_LARGE = 32768, /* searched at once where they lie */
    VB_MARK = 16,           /* bytes that share one mark */
    VB_FORM_MAX = 96,
    VB_PACKED_SLOTS = 3
};

/* What one run has unpacked. Many small bombs are stopped by it, as one large one is by its
 * message.
 */
struct vb_share {
    uint64_t bytes; /* that decoders took and gave */
    uint64_t attempts;
    uint64_t refused; /* messages with something that was not unpacked for that */
};

/* What one message's search shares among its layers. */
struct vb_outbound {
    struct vb_needles *needles;
    uint64_t *sent; /* of each bait's core, by this message or by all of a run */
    void (*found)(void *ctx, const struct vb_bait *bait, const char *form);
    void *ctx;
    uint64_t told[VB_BAITS_MAX / 64]; /* baits that were found */
    size_t fed, unpacked;             /* bytes */
    size_t whole;                     /* bytes that were something packed, to its end */
    struct vb_share *share;           /* of this message or of all of a run */
    bool cut;                         /* something was not searched to its end */
    bool own_code_only;               /* nothing is unpacked: that takes libraries */
    char form[VB_FORM_MAX];
};

/* Why a group of VB_MARK bytes is worth a look. */
enum vb_mark {
    VB_MARK_ESCAPE = 1, /* % \ or & */
    VB_MARK_PACKED = 2, /* the first two bytes of something packed */
    VB_MARK_DIGITS = 4, /* nothing but base64's digits */
    VB_MARK_WIDE = 8    /* every other byte is zero */
};

/* New bytes, with what stands in front of them. */
struct vb_chunk {
    const unsigned char *at;
    size_t history; /* bytes before AT that may be read */
    size_t len;
    const unsigned char *marks; /* one for each VB_MARK bytes, the last for what remains */
    unsigned char all_marks;    /* which occur */
    ptrdiff_t magic_from; /* where something packed may begin; the last chunk's end may be it */
    bool last;            /* nothing follows */
};

struct vb_layer;

/* escapes.c; what is UNREAD stands in the history */
struct vb_escapes {
    struct vb_layer *out; /* NULL until it is needed */
    bool open;
    size_t unread;
    bool run;     /* nothing but digits since the last escape */
    size_t quiet; /* bytes behind that */
};

struct vb_wide {
    struct vb_layer *out;
    bool open;
    size_t high; /* 1: a character is the second byte of its pair */
    size_t unread;
};

/* digits.c */
struct vb_alphabet;
struct vb_digits {
    struct vb_layer *out;
    const struct vb_alphabet *alphabet; /* NULL: not in a run */
    uint32_t bits;
    unsigned have;
    size_t line; /* digits since the last line break */
    size_t unread;
};

/* What may be a digit of base64, and with it of base32 and hexadecimal. */
extern const bool vb_is_digit[256];

/* packed.c */
struct vb_packed;

struct vb_layer {
    struct vb_outbound *outbound;
    const struct vb_layer *parent;
    const char *code; /* what was undone to get here; NULL: nothing */
    unsigned depth;
    bool begun;
    size_t history, held;
    struct vb_escapes escapes;
    struct vb_wide wide;
    struct vb_digits digits;
    struct vb_packed *packed[VB_PACKED_SLOTS];
    unsigned char buffer[VB_HISTORY + VB_BLOCK + VB_MARK];
};

VB_CHECKED int vb_layer_new(struct vb_outbound *outbound, const struct vb_layer *parent,
                            const char *code, struct vb_layer **ret, struct vb_error *err);
void vb_layer_free(struct vb_layer *layer);
VB_CHECKED int vb_layer_feed(struct vb_layer *layer, const unsigned char *data, size_t len,
                             struct vb_error *err);
/* The next message begins behind the LEN BYTES, at most VB_HISTORY: what of them and of it is one
 * thing is found. */
void vb_layer_precede(struct vb_layer *layer, const unsigned char *bytes, size_t len);
/* Searches what was held back, and begins a new message. */
VB_CHECKED int vb_layer_finish(struct vb_layer *layer, struct vb_error *err);
/* *LAYER below PARENT, made if there is none. */
VB_CHECKED int vb_layer_below(const struct vb_layer *parent, const char *code,
                              struct vb_layer **layer, struct vb_error *err);

/* scan.c: finds the needles of which a sample stands in [FROM, END); BEGIN to END may be read. */
void vb_needles_scan(const struct vb_layer *layer, const unsigned char *begin,
                     const unsigned char *from, const unsigned char *end);

/* Each undoes one kind of code in the chunk. */
VB_CHECKED int vb_escapes_undo(struct vb_layer *layer, const struct vb_chunk *chunk,
                               struct vb_error *err);
VB_CHECKED int vb_wide_undo(struct vb_layer *layer, const struct vb_chunk *chunk,
                            struct vb_error *err);
VB_CHECKED int vb_digits_undo(struct vb_layer *layer, const struct vb_chunk *chunk,
                              struct vb_error *err);
/* Goes on with what began in an earlier chunk; *RET_ALL becomes true if the whole chunk was part of
 * that. */
VB_CHECKED int vb_packed_continue(struct vb_layer *layer, struct vb_chunk *chunk, bool *ret_all,
                                  struct vb_error *err);
VB_CHECKED int vb_packed_undo(struct vb_layer *layer, const struct vb_chunk *chunk,
                              struct vb_error *err);
void vb_packed_free(struct vb_packed *packed);
/* Whether DATA begins like something packed that has a magic. */
bool vb_packed_magic(const unsigned char *data, size_t len);

/* marks.c: fills MARKS, which has room for the chunk's groups. */
void vb_chunk_mark(struct vb_chunk *chunk, unsigned char *marks);
/* The next group at or behind AT (a multiple of VB_MARK) that has MARK, or the chunk's length. */
size_t vb_chunk_next(const struct vb_chunk *chunk, size_t at, unsigned char mark);

#endif
