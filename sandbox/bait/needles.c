/* Trust boundary: none; everything here is our own. */
#include "sandbox/bait/needles.h"

#include <stdlib.h>

enum {
    WINDOW = 12,              /* bytes of secret: 60 bits and more */
    WINDOW_HEX = 16,          /* of a secret that is hexadecimal */
    WINDOW_LIST = 32,         /* of one that is a list of numbers or words */
    STEP_LARGE = 8,           /* 12 bytes hold 8 samples of 5 */
    LARGE_PAYS = 1024 * 1024, /* bytes searched before the large index is made */
    FILTER_SPARE = 4,         /* log2 of the filter's bits for each sample */
    BUCKET_SHARE = 2, /* log2 of the samples in a bucket: the heads should stay in a cache */
};

/* --- cores --- */

static size_t window_of(const unsigned char *bytes, size_t len)
{
    size_t digits = 0, hex = 0, words = 0;
    for (size_t i = 0; i < len; i++) {
        digits += (bytes[i] >= '0' && bytes[i] <= '9') || bytes[i] == ',' ? 1 : 0;
        words += (bytes[i] >= 'a' && bytes[i] <= 'z') || bytes[i] == ' ' ? 1 : 0;
        hex += (bytes[i] >= '0' && bytes[i] <= '9') ||
                       ((bytes[i] | 32) >= 'a' && (bytes[i] | 32) <= 'f')
                   ? 1
                   : 0;
    }
    const bool list = digits == len || (words == len && memchr(bytes, ' ', len) != NULL);
    return list ? WINDOW_LIST : hex == len ? WINDOW_HEX : WINDOW;
}

/* Secrets begin with what their kind has in common, so their end is taken. */
static void make_core(const struct vb_bait *bait, struct vb_core *ret)
{
    const size_t all = strlen(bait->secret);
    const size_t own = bait->fixed + WINDOW <= all ? all - bait->fixed : all;
    const size_t len = own < VB_CORE_MAX ? own : VB_CORE_MAX;
    memcpy(ret->bytes, bait->secret + all - len, len);
    size_t window = window_of(ret->bytes, len);
    if (window > len)
        window = len;
    size_t enough = len / 2;
    enough = enough < window ? window : enough > 2 * window ? 2 * window : enough;
    /* Half of what tells a machine is nobody's. In base64 and base32 a text begins with the second
     * byte, or the fifth. */
    if (bait->place == VB_BAIT_MACHINE) {
        ret->whole = len < 2 * window;
        enough = len - 4;
        window = ret->whole ? enough : window;
    }
    ret->len = (uint8_t)len;
    ret->window = (uint8_t)window;
    ret->enough = (uint8_t)enough;
}

static void write_texts(struct vb_needles *n, size_t bait)
{
    const struct vb_core *core = &n->cores[bait];
    for (size_t f = 0; f < vb_form_count; f++) {
        for (uint8_t begin = 0; begin < vb_forms[f].variants; begin++) {
            struct vb_text *text = &n->texts[n->text_count++];
            text->bait = (uint16_t)bait;
            text->form = (uint8_t)f;
            text->begin = begin;
            text->len = (uint8_t)vb_forms[f].write(core->bytes + begin, (size_t)core->len - begin,
                                                   text->bytes);
        }
    }
}

static size_t texts_each(void)
{
    size_t sum = 0;
    for (size_t f = 0; f < vb_form_count; f++)
        sum += vb_forms[f].variants;
    return sum;
}

/* --- the index --- */

/* What is written to by a walk over the samples. */
struct walk {
    struct vb_index *index;
    uint32_t *next; /* where in each bucket; NULL: they are only counted */
    size_t count;
};

static void one_sample(struct walk *walk, uint64_t hash, uint32_t text)
{
    struct vb_index *index = walk->index;
    if (hash == 0)
        return;
    walk->count++;
    if (index->heads == NULL)
        return;
    const size_t bucket = hash >> (64 - index->bucket_bits);
    if (walk->next == NULL) {
        index->heads[bucket + 1]++;
        index->filter[hash >> (64 - index->filter_bits)] |= vb_filter_mask(hash);
        return;
    }
    index->samples[walk->next[bucket]++] = (struct vb_sample){vb_tag(hash), text};
}

/* base64's last two digits in the alphabet for URLs (RFC 4648, section 5). */
static bool url_digits(unsigned char *bytes, size_t len)
{
    bool changed = false;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != '+' && bytes[i] != '/')
            continue;
        bytes[i] = bytes[i] == '+' ? '-' : '_';
        changed = true;
    }
    return changed;
}

static void text_samples(const struct vb_needles *n, struct walk *walk, uint32_t t, unsigned step)
{
    const struct vb_text *text = &n->texts[t];
    const struct vb_form *form = &vb_forms[text->form];
    const size_t width = form->lane == VB_LANE_EXACT ? 5 : 8;
    /* A window has 8 samples of the exact kind and 16 of hexadecimal: so many may be left out. */
    const size_t stride = form->bits == 4 ? 16 : 8;
    for (size_t at = 0; at + width <= text->len; at++) {
        if (at % stride >= step)
            continue;
        unsigned char bytes[8] = {0};
        memcpy(bytes, text->bytes + at, width);
        const uint32_t where = t << 8 | (uint32_t)at;
        if (form->lane == VB_LANE_FOLDED) {
            one_sample(walk, vb_hash_folded(vb_load(bytes)), where);
            continue;
        }
        one_sample(walk, vb_hash_exact(vb_load(bytes)), where);
        if (form->bits == 6 && url_digits(bytes, width))
            one_sample(walk, vb_hash_exact(vb_load(bytes)), where);
    }
}

static size_t walk_samples(const struct vb_needles *n, enum vb_lane lane, unsigned step,
                           struct walk *walk)
{
    walk->count = 0;
    for (size_t t = 0; t < n->text_count; t++) {
        if (vb_forms[n->texts[t].form].lane == lane)
            text_samples(n, walk, (uint32_t)t, step);
    }
    return walk->count;
}

static void index_done(struct vb_index *index)
{
    free(index->filter);
    free(index->heads);
    free(index->samples);
    *index = (struct vb_index){.filter = NULL};
}

static unsigned log2_above(size_t count)
{
    unsigned bits = 6;
    while ((size_t)1 << bits < count)
        bits++;
    return bits;
}

static bool make_index(const struct vb_needles *n, enum vb_lane lane, unsigned step,
                       struct vb_index *index)
{
    struct walk walk = {.index = index};
    const size_t count = walk_samples(n, lane, step, &walk);
    const unsigned count_bits = log2_above(count);
    index->bucket_bits = count_bits - BUCKET_SHARE;
    index->filter_bits = count_bits + FILTER_SPARE - 6; /* words of 64 */
    const size_t buckets = (size_t)1 << index->bucket_bits;
    index->filter = calloc((size_t)1 << index->filter_bits, sizeof(*index->filter));
    index->samples = calloc(count + 1, sizeof(*index->samples));
    index->heads = calloc(buckets + 1, sizeof(*index->heads));
    uint32_t *next = calloc(buckets + 1, sizeof(*next));
    const bool ok = index->filter && index->samples && index->heads && next;
    if (ok) {
        walk_samples(n, lane, step, &walk);
        for (size_t i = 1; i <= buckets; i++)
            index->heads[i] += index->heads[i - 1];
        memcpy(next, index->heads, (buckets + 1) * sizeof(*next));
        walk.next = next;
        walk_samples(n, lane, step, &walk);
    }
    free(next);
    return ok;
}

static void indexes_done(struct vb_indexes *indexes)
{
    for (size_t lane = 0; lane < VB_LANES; lane++)
        index_done(&indexes->lanes[lane]);
    indexes->step = 0;
}

static bool make_indexes(const struct vb_needles *n, unsigned step, struct vb_indexes *indexes)
{
    for (size_t lane = 0; lane < VB_LANES; lane++) {
        if (!make_index(n, (enum vb_lane)lane, step, &indexes->lanes[lane])) {
            indexes_done(indexes);
            return false;
        }
    }
    indexes->step = step;
    return true;
}

/* --- --- */

int vb_needles_new(const struct vb_bait *baits, size_t count, struct vb_needles **ret,
                   struct vb_error *err)
{
    if (count > VB_BAITS_MAX)
        return vb_fail(err, VB_E_LIMIT, 0, "more than %d baits cannot be searched for",
                       VB_BAITS_MAX);
    struct vb_needles *n = calloc(1, sizeof(*n));
    if (n) {
        n->baits = baits;
        n->count = count;
        n->shortest = SIZE_MAX;
        n->cores = calloc(count + 1, sizeof(*n->cores));
        n->texts = calloc(count * texts_each() + 1, sizeof(*n->texts));
    }
    bool ok = n && n->cores && n->texts;
    for (size_t i = 0; ok && i < count; i++) {
        if (!baits[i].secret)
            continue;
        make_core(&baits[i], &n->cores[i]);
        if (n->cores[i].window < n->shortest)
            n->shortest = n->cores[i].window;
        write_texts(n, i);
    }
    if (!ok || !make_indexes(n, 1, &n->small)) {
        vb_needles_free(n);
        return vb_fail(err, VB_E_NOMEM, 0, "preparing the search for baits: out of memory");
    }
    *ret = n;
    return VB_OK;
}

void vb_needles_free(struct vb_needles *needles)
{
    if (!needles)
        return;
    indexes_done(&needles->small);
    indexes_done(&needles->large);
    vb_inflate_free(needles->spare_inflate);
    free(needles->cores);
    free(needles->texts);
    free(needles);
}

const struct vb_indexes *vb_needles_for(struct vb_needles *needles, size_t len)
{
    if (needles->large.step)
        return &needles->large;
    if (needles->searched > LARGE_PAYS) {
        needles->searched = 0; /* after a failure, try again only when it has paid again */
        if (make_indexes(needles, STEP_LARGE, &needles->large))
            return &needles->large;
    }
    needles->searched += len;
    return &needles->small;
}
