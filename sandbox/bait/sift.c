/* Takes samples of hostile bytes and looks them up in the filters: most of the time of a search
 * goes here. Trust boundary: the bytes are hostile; nothing is read but COUNT samples of them. */
#include "sandbox/bait/needles.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* A filter, and by how much a hash is shifted to be the number of one of its words. */
struct sieve {
    const uint64_t *filter;
    unsigned shift;
};

static struct sieve sieve_of(const struct vb_indexes *indexes, enum vb_lane lane)
{
    const struct vb_index *index = &indexes->lanes[lane];
    return (struct sieve){index->filter, 64 - index->filter_bits};
}

static inline uint64_t may_have(struct sieve sieve, uint64_t hash)
{
    const uint64_t word = sieve.filter[hash >> sieve.shift];
    return word >> (hash >> 18 & 63) & word >> (hash >> 24 & 63) & 1;
}

/* Samples FROM to COUNT; FOUND stand in RET. */
static size_t sift_singly(const struct vb_indexes *indexes, const unsigned char *at, size_t from,
                          size_t count, uint16_t *ret, size_t found)
{
    const struct sieve exact = sieve_of(indexes, VB_LANE_EXACT);
    const struct sieve folded = sieve_of(indexes, VB_LANE_FOLDED);
    const size_t step = indexes->step;
    for (size_t i = from; i < count; i++) {
        const uint64_t word = vb_load(at + i * step);
        ret[found] = (uint16_t)i;
        found += may_have(exact, vb_hash_exact(word)) | may_have(folded, vb_hash_folded(word));
    }
    return found;
}

/* --- four samples at once, where the processor can --- */

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2,popcnt")))

/* The lower halves of the products with VB_HASH_FACTOR of numbers whose upper halves are UPPER. */
AVX2 static inline __m256i hash4(__m256i numbers, __m256i upper)
{
    const __m256i factor = _mm256_set1_epi64x((long long)VB_HASH_FACTOR);
    const __m256i crossed = _mm256_add_epi64(
        _mm256_mul_epu32(numbers, _mm256_srli_epi64(factor, 32)), _mm256_mul_epu32(upper, factor));
    return _mm256_add_epi64(_mm256_mul_epu32(numbers, factor), _mm256_slli_epi64(crossed, 32));
}

/* Bits 18 and 24 of may_have, in the lowest bit of each. */
AVX2 static inline __m256i may_have4(struct sieve sieve, __m256i hash)
{
    const uint64_t *const f = sieve.filter;
    const __m256i at = _mm256_srl_epi64(hash, _mm_cvtsi32_si128((int)sieve.shift));
    const __m256i word = _mm256_set_epi64x(
        (long long)f[_mm256_extract_epi64(at, 3)], (long long)f[_mm256_extract_epi64(at, 2)],
        (long long)f[_mm256_extract_epi64(at, 1)], (long long)f[_mm256_extract_epi64(at, 0)]);
    const __m256i six = _mm256_set1_epi64x(63);
    const __m256i one = _mm256_and_si256(_mm256_srli_epi64(hash, 18), six);
    const __m256i other = _mm256_and_si256(_mm256_srli_epi64(hash, 24), six);
    return _mm256_and_si256(_mm256_srlv_epi64(word, one), _mm256_srlv_epi64(word, other));
}

/* The numbers of the bits that are set, the lowest first, in 16 bits each. */
#define NUMBERS(a, b, c, d) ((a) | (uint64_t)(b) << 16 | (uint64_t)(c) << 32 | (uint64_t)(d) << 48)
static const uint64_t numbers_of[16] = {
    NUMBERS(0, 0, 0, 0), NUMBERS(0, 0, 0, 0), NUMBERS(1, 0, 0, 0), NUMBERS(0, 1, 0, 0),
    NUMBERS(2, 0, 0, 0), NUMBERS(0, 2, 0, 0), NUMBERS(1, 2, 0, 0), NUMBERS(0, 1, 2, 0),
    NUMBERS(3, 0, 0, 0), NUMBERS(0, 3, 0, 0), NUMBERS(1, 3, 0, 0), NUMBERS(0, 1, 3, 0),
    NUMBERS(2, 3, 0, 0), NUMBERS(0, 2, 3, 0), NUMBERS(1, 2, 3, 0), NUMBERS(0, 1, 2, 3)};

/* For samples that lie side by side. */
AVX2 static size_t sift_by_four(const struct vb_indexes *indexes, const unsigned char *at,
                                size_t count, uint16_t *ret)
{
    const struct sieve exact = sieve_of(indexes, VB_LANE_EXACT);
    const struct sieve folded = sieve_of(indexes, VB_LANE_FOLDED);
    size_t found = 0, i = 0;
    for (; i + 4 <= count; i += 4) {
        __m256i words;
        memcpy(&words, at + i * sizeof(uint64_t), sizeof(words));
        const __m256i five = _mm256_and_si256(_mm256_xor_si256(words, _mm256_srli_epi64(words, 8)),
                                              _mm256_set1_epi64x(0xFFFFFFFF));
        const __m256i lower = _mm256_or_si256(words, _mm256_set1_epi8(0x20));
        const __m256i hits =
            _mm256_or_si256(may_have4(exact, hash4(five, _mm256_setzero_si256())),
                            may_have4(folded, hash4(lower, _mm256_srli_epi64(lower, 32))));
        const unsigned bits =
            (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_slli_epi64(hits, 63)));
        const uint64_t numbers = numbers_of[bits] + i * NUMBERS(1, 1, 1, 1);
        memcpy(ret + found, &numbers, sizeof(numbers));
        found += (size_t)__builtin_popcount(bits);
    }
    _mm256_zeroupper(); /* or all vectors of 16 bytes are slow from here on */
    return sift_singly(indexes, at, i, count, ret, found);
}
#endif

size_t vb_needles_sift(const struct vb_indexes *indexes, const unsigned char *at, size_t count,
                       uint16_t *ret)
{
#ifdef __x86_64__
    if (indexes->step == sizeof(uint64_t) && __builtin_cpu_supports("avx2"))
        return sift_by_four(indexes, at, count, ret);
#endif
    return sift_singly(indexes, at, 0, count, ret, 0);
}
