/* needles: the secrets of all baits, written in every form in which they are searched for, and the
 * index that finds them.
 *
 * Of each secret the core counts: its last bytes, without what all secrets of the kind have in
 * common. The core is written out once in each form (a text). A search takes samples every STEP
 * bytes and looks them up among the texts' own samples; from there the texts are compared byte by
 * byte in both directions. Two kinds of samples exist:
 *   EXACT   five bytes as the differences of neighbours, so that a text is found under every
 *           single-byte XOR key; the key is known from the first byte that is compared.
 *   FOLDED  eight bytes without regard to case, for the alphabets that have none (hex, base32), and
 * for a secret whose case was changed, of which 15 bytes have to stand together. */
#ifndef SANDBOX_BAIT_NEEDLES_H
#define SANDBOX_BAIT_NEEDLES_H

#include <endian.h>
#include <string.h>

#include "sandbox/bait/bait.h"

enum {
    VB_BAITS_MAX = 512,
    VB_CORE_MAX = 64, /* bytes of a secret that are searched for: one bit each in a mask */
    VB_TEXT_MAX = 2 * VB_CORE_MAX
};

enum vb_lane { VB_LANE_EXACT, VB_LANE_FOLDED, VB_LANES };

/* The part of a secret that counts, and how much of it proves what. */
struct vb_core {
    unsigned char bytes[VB_CORE_MAX];
    uint8_t len;
    uint8_t window; /* consecutive bytes that nothing else has: the smallest piece that counts */
    uint8_t enough; /* bytes that are as good as the secret: half of it, one to two windows */
    bool whole;     /* no piece counts: it is too short for two, and drawn by nobody */
};

/* One way to write a core. Lengths in characters; BITS of the core in each. */
struct vb_form {
    const char *name;
    enum vb_lane lane;
    uint8_t bits;
    bool reversed;
    uint8_t variants; /* the form begins at core byte 0, 1, … VARIANTS - 1 */
    size_t (*write)(const unsigned char *in, size_t len, unsigned char *out);
};

struct vb_text {
    uint16_t bait;
    uint8_t form;
    uint8_t begin; /* the core's byte with which it begins */
    uint8_t len;
    unsigned char bytes[VB_TEXT_MAX];
};

/* Samples of the texts by their hash. */
struct vb_index {
    uint64_t *filter; /* three bits of one word for each sample */
    uint32_t *heads;  /* begin of each bucket among SAMPLES; one more than buckets */
    struct vb_sample {
        uint32_t tag;  /* of the hash: vb_tag */
        uint32_t text; /* index << 8 | offset */
    } * samples;
    unsigned filter_bits, bucket_bits;
};

/* An index for samples every STEP bytes: 1 is quickly made, 8 is quickly searched. */
struct vb_indexes {
    unsigned step;
    struct vb_index lanes[VB_LANES];
};

struct vb_needles {
    const struct vb_bait *baits;
    size_t count;
    struct vb_core *cores; /* COUNT; len 0 where a bait has no secret */
    size_t shortest;       /* of their windows: what is shorter holds nothing that counts */
    struct vb_text *texts;
    size_t text_count;
    struct vb_indexes small, large; /* LARGE.step is 0 until it is needed */
    uint64_t searched;              /* bytes, with SMALL */
    size_t memory;                  /* bytes that the decoders of all messages hold */
    void *spare_inflate;            /* decoders.c: one that is kept for the next */
};

extern const struct vb_form vb_forms[];
extern const size_t vb_form_count;

/* BAITS (at most VB_BAITS_MAX) must outlive the needles. */
VB_CHECKED int vb_needles_new(const struct vb_bait *baits, size_t count, struct vb_needles **ret,
                              struct vb_error *err);
void vb_needles_free(struct vb_needles *needles);
/* The index for LEN more bytes. The large one is made once enough has been searched to pay for it;
 * where there is no memory for it the small one does the same more slowly. */
const struct vb_indexes *vb_needles_for(struct vb_needles *needles, size_t len);

/* sift.c: which of COUNT samples from AT on may be in a filter, by their number, without a look at
 * the third of their bits. RET has room for COUNT and VB_SIFT_SPARE more. */
enum { VB_SIFT_SPARE = 4 };
size_t vb_needles_sift(const struct vb_indexes *indexes, const unsigned char *at, size_t count,
                       uint16_t *ret);

/* decoders.c */
void vb_inflate_free(void *state);

/* --- the hash of a sample; WORD is eight bytes as they lie in memory --- */

static inline uint64_t vb_load(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return le64toh(word);
}

#define VB_HASH_FACTOR 0x9E3779B97F4A7C15ULL /* 2^64 over the golden ratio */

/* 0: all five bytes are the same, which no secret has. */
static inline uint64_t vb_hash_exact(uint64_t word)
{
    return (uint64_t)(uint32_t)(word ^ word >> 8) * VB_HASH_FACTOR;
}

static inline uint64_t vb_hash_folded(uint64_t word)
{
    return (word | 0x2020202020202020ULL) * VB_HASH_FACTOR;
}

static inline uint32_t vb_tag(uint64_t hash)
{
    return (uint32_t)(hash >> 16);
}

static inline uint64_t vb_filter_mask(uint64_t hash)
{
    return 1ULL << (hash >> 18 & 63) | 1ULL << (hash >> 24 & 63) | 1ULL << (hash >> 30 & 63);
}

static inline bool vb_filter_has(const struct vb_index *index, uint64_t hash)
{
    const uint64_t mask = vb_filter_mask(hash);
    return (index->filter[hash >> (64 - index->filter_bits)] & mask) == mask;
}

#endif
