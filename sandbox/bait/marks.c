/* Marks the groups of bytes in which something may be written in a code, so that nothing else is
 * looked at for it. Trust boundary: the bytes are hostile. */
#include "sandbox/bait/layer.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

typedef unsigned char bytes16 __attribute__((vector_size(VB_MARK), aligned(1), may_alias));
typedef uint64_t words2 __attribute__((vector_size(VB_MARK)));

static bool any(bytes16 bytes)
{
    const words2 words = (words2)bytes;
    return (words[0] | words[1]) != 0;
}

static bool all(words2 words)
{
    return (words[0] & words[1]) == ~0ULL;
}

/* Of the bytes V that begin escapes, those with a byte behind them that may go on with it. One
 * whose next byte is not here yet is looked for in the history later. */
static bytes16 escapes_of(bytes16 v, bytes16 next)
{
    const bytes16 lower = next | 0x20, digit = (bytes16)(next - '0' < 10);
    const bytes16 letter = (bytes16)(lower - 'a' < 26);
    const bytes16 hex = digit | (bytes16)((lower - 'a' < 6) | (next == 'u'));
    const bytes16 quoted =
        (bytes16)((next == '"') | (next == '\'') | (next == '/') | (next == '\\'));
    return (bytes16)(((v == '%') & hex) | ((v == '&') & (letter | (next == '#'))) |
                     ((v == '\\') & (letter | digit | quoted)));
}

/* The marks of the group at AT; AT[VB_MARK] is read too. */
static inline unsigned char marks_of(const unsigned char *at)
{
    const bytes16 v = *(const bytes16 *)at, next = *(const bytes16 *)(at + 1);
    const bytes16 escape = (bytes16)((v == '%') | (v == '\\') | (v == '&'));
    const bytes16 packed = (bytes16)(((v == 0x1f) & (next == 0x8b)) |
                                     ((v == 0x28) & (next == 0xb5)) | ((v == 'P') & (next == 'K')) |
                                     ((v == 0x78) & ((next == 0x01) | (next == 0x5e) |
                                                     (next == 0x9c) | (next == 0xda))));
    const bytes16 digits =
        (bytes16)(((v | 0x20) - 'a' < 26) | (v - '/' < 11) | (v == '+') | (v == '-') | (v == '_'));
    const bytes16 zero = (bytes16)(v == 0);
    unsigned char marks = all((words2)digits) ? VB_MARK_DIGITS : 0;
    if (any(escape | packed))
        marks = (unsigned char)(marks | (any(escapes_of(v, next)) ? VB_MARK_ESCAPE : 0) |
                                (any(packed) ? VB_MARK_PACKED : 0));
    const words2 low = {0x00FF00FF00FF00FFULL, 0x00FF00FF00FF00FFULL};
    const words2 zeros = (words2)zero;
    if (any(zero) && (all(zeros | low) ^ all(zeros | ~low)))
        marks |= VB_MARK_WIDE;
    return marks;
}

/* --- two groups at once, where the processor can --- */

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2")))

/* Eight sets of bytes: a byte is in those whose bits both of its halves have. */
struct sets {
    unsigned char low[16], high[16];
};

/* Of two bytes, what marks_of looks for has the first in one of FIRSTS and the second in the set of
 * SECONDS with the same bit: % & \ and, behind ESCAPES, 1f 28 P 78. Some of SECONDS hold more. */
enum { ESCAPES = 7 };
static const struct sets firsts = {{0x20, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x50, 0x00,
                                    0x00, 0x00, 0x04, 0x00, 0x00, 0x08},
                                   {0x00, 0x08, 0x13, 0x00, 0x00, 0x24, 0x00, 0x40, 0x00, 0x00,
                                    0x00, 0x00, 0x00, 0x00, 0x00, 0x00}};
static const struct sets seconds = {{0x07, 0x47, 0x07, 0x07, 0x07, 0x17, 0x07, 0x07, 0x07, 0x03,
                                     0x42, 0x2a, 0x46, 0x02, 0x46, 0x06},
                                    {0x40, 0x00, 0x06, 0x05, 0x21, 0x44, 0x07, 0x07, 0x08, 0x40,
                                     0x00, 0x10, 0x00, 0x40, 0x00, 0x00}};
/* A to O, P to Z, 0 to 9, + - /, and _ */
static const struct sets digit_sets = {{0x06, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07,
                                        0x03, 0x09, 0x01, 0x09, 0x01, 0x19},
                                       {0x00, 0x00, 0x08, 0x04, 0x01, 0x12, 0x01, 0x02, 0x00, 0x00,
                                        0x00, 0x00, 0x00, 0x00, 0x00, 0x00}};

AVX2 static inline __m256i sets_of(const struct sets *sets, __m256i bytes)
{
    const __m256i four = _mm256_set1_epi8(15);
    const __m256i low = _mm256_and_si256(bytes, four);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), four);
    __m128i of_low, of_high;
    memcpy(&of_low, sets->low, sizeof(of_low));
    memcpy(&of_high, sets->high, sizeof(of_high));
    return _mm256_and_si256(_mm256_shuffle_epi8(_mm256_broadcastsi128_si256(of_low), low),
                            _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(of_high), high));
}

/* A bit for each byte that has none of BITS. */
AVX2 static inline uint32_t without(__m256i bytes, int bits)
{
    const __m256i some = _mm256_and_si256(bytes, _mm256_set1_epi8((char)bits));
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(some, _mm256_setzero_si256()));
}

/* What is known of 32 bytes: a bit for each. */
struct bits {
    uint32_t no_escape, no_packed, no_digit, zero;
};

static inline unsigned char marks_from(const struct bits *bits, unsigned shift)
{
    const uint32_t zero = bits->zero >> shift;
    const bool even = (~zero & 0x5555) == 0, odd = (~zero & 0xAAAA) == 0;
    return (unsigned char)(((~bits->no_escape >> shift & 0xFFFF) ? VB_MARK_ESCAPE : 0) |
                           ((~bits->no_packed >> shift & 0xFFFF) ? VB_MARK_PACKED : 0) |
                           ((bits->no_digit >> shift & 0xFFFF) ? 0 : VB_MARK_DIGITS) |
                           (even != odd ? VB_MARK_WIDE : 0));
}

/* The marks of the two groups at AT; the byte behind them is read too. */
AVX2 static inline void mark_two(const unsigned char *at, unsigned char ret[2])
{
    __m256i v, next;
    memcpy(&v, at, sizeof(v));
    memcpy(&next, at + 1, sizeof(next));
    const __m256i pairs = _mm256_and_si256(sets_of(&firsts, v), sets_of(&seconds, next));
    const struct bits bits = {without(pairs, ESCAPES), without(pairs, ~ESCAPES),
                              without(sets_of(&digit_sets, v), ~0), without(v, ~0)};
    ret[0] = marks_from(&bits, 0);
    ret[1] = marks_from(&bits, VB_MARK);
}

AVX2 static void mark_pairs(struct vb_chunk *chunk, unsigned char *marks)
{
    enum { PAIR = 2 * VB_MARK };
    unsigned all_marks = 0;
    size_t at = 0;
    for (; at + PAIR < chunk->len; at += PAIR) {
        unsigned char *const two = marks + at / VB_MARK;
        mark_two(chunk->at + at, two);
        all_marks |= two[0] | two[1];
    }
    if (at < chunk->len) {
        unsigned char rest[PAIR + 1], two[2];
        memset(rest, ' ', sizeof(rest));
        memcpy(rest, chunk->at + at, chunk->len - at);
        mark_two(rest, two);
        marks[at / VB_MARK] = two[0];
        if (at + VB_MARK < chunk->len)
            marks[at / VB_MARK + 1] = two[1];
        all_marks |= two[0] | two[1];
    }
    _mm256_zeroupper(); /* or all vectors of 16 bytes are slow from here on */
    chunk->all_marks = (unsigned char)all_marks;
    chunk->marks = marks;
}
#endif

static void mark_singly(struct vb_chunk *chunk, unsigned char *marks)
{
    size_t at = 0;
    for (; at + VB_MARK < chunk->len; at += VB_MARK)
        chunk->all_marks |= marks[at / VB_MARK] = marks_of(chunk->at + at);
    if (at < chunk->len) {
        unsigned char rest[VB_MARK + 1];
        memset(rest, ' ', sizeof(rest));
        memcpy(rest, chunk->at + at, chunk->len - at);
        chunk->all_marks |= marks[at / VB_MARK] = marks_of(rest);
    }
    chunk->marks = marks;
}

void vb_chunk_mark(struct vb_chunk *chunk, unsigned char *marks)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2")) {
        mark_pairs(chunk, marks);
        return;
    }
#endif
    mark_singly(chunk, marks);
}

size_t vb_chunk_next(const struct vb_chunk *chunk, size_t at, unsigned char mark)
{
    if (!(chunk->all_marks & mark))
        return chunk->len;
    for (; at < chunk->len; at += VB_MARK) {
        if (chunk->marks[at / VB_MARK] & mark)
            return at;
    }
    return chunk->len;
}
