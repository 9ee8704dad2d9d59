/* Finds needles in hostile bytes. A hit of the filter is a suspicion, a sample of the index a
 * better one; what counts is how many characters really agree.
 * Trust boundary: the bytes are hostile; needles are our own. */
#include "sandbox/bait/layer.h"

enum { BREAK_MAX = 2 /* bytes of a line break */ };

struct field {
    const unsigned char *begin, *end;
};

/* How far a text agrees with the bytes around a sample. */
struct piece {
    const struct vb_text *text;
    size_t begin, end; /* characters of the text */
    unsigned char key; /* that the bytes are XORed with */
    bool url;          /* base64's other alphabet occurs */
};

static bool same(const struct vb_form *form, struct piece *piece, unsigned char byte,
                 unsigned char character)
{
    if ((byte ^ piece->key) == character)
        return true;
    if (form->lane == VB_LANE_FOLDED)
        return (byte | 0x20) == character && byte >= 'A' && byte <= 'Z';
    if (form->bits != 6 || piece->key)
        return false;
    const bool url = (byte == '-' && character == '+') || (byte == '_' && character == '/');
    piece->url = piece->url || url;
    return url;
}

static bool is_break(unsigned char byte)
{
    return byte == '\n' || byte == '\r';
}

/* Encoders break their lines (base64 after 76 characters, xxd after 60), so breaks do not count. */
static void forward(const struct field *field, const unsigned char *at, struct piece *piece)
{
    const struct vb_form *form = &vb_forms[piece->text->form];
    unsigned skipped = 0;
    for (; piece->end < piece->text->len && at < field->end; at++) {
        if (same(form, piece, *at, piece->text->bytes[piece->end])) {
            piece->end++;
            skipped = 0;
        } else if (piece->key || !is_break(*at) || ++skipped > BREAK_MAX) {
            return;
        }
    }
}

static void backward(const struct field *field, const unsigned char *at, struct piece *piece)
{
    const struct vb_form *form = &vb_forms[piece->text->form];
    unsigned skipped = 0;
    while (piece->begin > 0 && at > field->begin) {
        at--;
        if (same(form, piece, *at, piece->text->bytes[piece->begin - 1])) {
            piece->begin--;
            skipped = 0;
        } else if (piece->key || !is_break(*at) || ++skipped > BREAK_MAX) {
            return;
        }
    }
}

/* The bytes of the core that the piece shows. A byte counts with most of its bits. */
static uint64_t shown(const struct piece *piece)
{
    const struct vb_text *text = piece->text;
    const struct vb_form *form = &vb_forms[text->form];
    size_t begin = piece->begin, end = piece->end;
    if (form->reversed) {
        begin = text->len - piece->end;
        end = text->len - piece->begin;
    }
    const size_t from = text->begin + (begin * form->bits + 4) / 8;
    const size_t to = text->begin + (end * form->bits + 4) / 8;
    if (to <= from)
        return 0;
    const size_t count = to - from;
    return (count >= 64 ? ~0ULL : (1ULL << count) - 1) << from;
}

static const char *form_name(const struct piece *piece)
{
    const struct vb_form *form = &vb_forms[piece->text->form];
    if (piece->key && form == &vb_forms[0])
        return "xor";
    return piece->url && !form->reversed ? "base64url" : form->name;
}

/* "hex in gzip in base64"; what was only packed is named by that alone. */
static void write_form(struct vb_outbound *outbound, const struct vb_layer *layer, const char *name,
                       bool xored)
{
    size_t used = 0;
    if (layer->code == NULL || name != vb_forms[0].name || strcmp(layer->code, "name") == 0)
        used = (size_t)snprintf(outbound->form, VB_FORM_MAX, "%s%s", name, xored ? " in xor" : "");
    for (; layer && layer->code && used < VB_FORM_MAX; layer = layer->parent)
        used += (size_t)snprintf(outbound->form + used, VB_FORM_MAX - used, "%s%s",
                                 used ? " in " : "", layer->code);
}

static void tell(const struct vb_layer *layer, size_t bait, const char *name, bool xored)
{
    struct vb_outbound *outbound = layer->outbound;
    outbound->told[bait / 64] |= 1ULL << bait % 64;
    write_form(outbound, layer, name, xored);
    outbound->found(outbound->ctx, &outbound->needles->baits[bait], outbound->form);
}

/* One piece of at least a window: proof by itself, or together with others of the run. */
static void judge(const struct vb_layer *layer, const struct piece *piece)
{
    struct vb_outbound *outbound = layer->outbound;
    const size_t bait = piece->text->bait;
    const struct vb_core *core = &outbound->needles->cores[bait];
    const uint64_t bytes = shown(piece);
    const int count = __builtin_popcountll(bytes);
    if (count < core->window || (core->whole && piece->end - piece->begin < piece->text->len))
        return;
    outbound->sent[bait] |= bytes;
    const struct vb_form *form = &vb_forms[piece->text->form];
    if (count >= core->enough)
        tell(layer, bait, form_name(piece), piece->key && form != &vb_forms[0]);
    else if (__builtin_popcountll(outbound->sent[bait]) >= core->enough)
        tell(layer, bait, "split", false);
}

static bool told(const struct vb_outbound *outbound, size_t bait)
{
    return outbound->told[bait / 64] >> bait % 64 & 1;
}

/* Compares around the byte AT. */
static void compare(const struct vb_layer *layer, const struct field *field,
                    const unsigned char *at, uint32_t where, bool plain)
{
    const struct vb_needles *n = layer->outbound->needles;
    struct piece piece = {.text = &n->texts[where >> 8]};
    const size_t offset = where & 0xFF;
    if (told(layer->outbound, piece.text->bait))
        return;
    if (vb_forms[piece.text->form].lane == VB_LANE_EXACT) {
        const unsigned char character = piece.text->bytes[offset];
        const bool url = vb_forms[piece.text->form].bits == 6 &&
                         ((*at == '-' && character == '+') || (*at == '_' && character == '/'));
        piece.key = url ? 0 : (unsigned char)(*at ^ character);
    }
    if ((piece.key == 0) != plain)
        return;
    piece.begin = piece.end = offset;
    forward(field, at, &piece);
    backward(field, at, &piece);
    judge(layer, &piece);
}

/* Forms that are written out go before those that need a key. */
static void suspect(const struct vb_layer *layer, const struct vb_index *index,
                    const struct field *field, const unsigned char *at, uint64_t hash)
{
    const size_t bucket = hash >> (64 - index->bucket_bits);
    const uint32_t from = index->heads[bucket], to = index->heads[bucket + 1], tag = vb_tag(hash);
    for (int plain = 1; plain >= 0; plain--) {
        for (uint32_t i = from; i < to; i++) {
            if (index->samples[i].tag == tag)
                compare(layer, field, at, index->samples[i].text, plain != 0);
        }
    }
}

/* --- samples --- */

enum { BESIDE = 4, SAMPLE = 5, AROUND = 8 /* bytes that are read from and behind a sample */ };

static bool in_exact(const struct vb_index *exact, const unsigned char *at)
{
    const uint64_t hash = vb_hash_exact(vb_load(at));
    return hash == 0 || vb_filter_has(exact, hash);
}

/* A window of 12 characters has four more on one of the sample's sides, and with them another
 * sample, if every one of the texts is in the index and no line breaks there. */
static bool alone(const struct vb_indexes *indexes, const struct field *field,
                  const unsigned char *at)
{
    const struct vb_index *exact = &indexes->lanes[VB_LANE_EXACT];
    if (indexes->step < 8 || at - field->begin < BESIDE || field->end - at < BESIDE + AROUND ||
        in_exact(exact, at - BESIDE) || in_exact(exact, at + BESIDE))
        return false;
    for (ptrdiff_t i = -BESIDE; i < SAMPLE + BESIDE; i++) {
        if (is_break(at[i]))
            return false;
    }
    return true;
}

/* The lanes, a bit for each, in which what stands at AT may be a text's sample. */
static unsigned lanes_of(const struct vb_indexes *indexes, const struct field *field,
                         const unsigned char *at, uint64_t word)
{
    const struct vb_index *lanes = indexes->lanes;
    const uint64_t exact_hash = vb_hash_exact(word);
    const bool exact = exact_hash && vb_filter_has(&lanes[VB_LANE_EXACT], exact_hash) &&
                       !alone(indexes, field, at);
    return (exact ? 1U << VB_LANE_EXACT : 0) |
           (vb_filter_has(&lanes[VB_LANE_FOLDED], vb_hash_folded(word)) ? 1U << VB_LANE_FOLDED : 0);
}

static uint64_t hash_of(enum vb_lane lane, uint64_t word)
{
    return lane == VB_LANE_EXACT ? vb_hash_exact(word) : vb_hash_folded(word);
}

static void sample(const struct vb_layer *layer, const struct vb_indexes *indexes,
                   const struct field *field, const unsigned char *at, uint64_t word,
                   unsigned lanes)
{
    for (unsigned lane = 0; lane < VB_LANES; lane++) {
        if (lanes >> lane & 1)
            suspect(layer, &indexes->lanes[lane], field, at, hash_of((enum vb_lane)lane, word));
    }
}

/* What is far away in memory is asked for while the others are looked at. */
static void fetch(const struct vb_indexes *indexes, uint64_t word, unsigned lanes, bool samples)
{
    for (unsigned lane = 0; lane < VB_LANES; lane++) {
        const struct vb_index *index = &indexes->lanes[lane];
        const uint64_t hash = hash_of((enum vb_lane)lane, word);
        const uint32_t *head = &index->heads[hash >> (64 - index->bucket_bits)];
        if (!(lanes >> lane & 1))
            continue;
        if (samples)
            __builtin_prefetch(&index->samples[*head]);
        else
            __builtin_prefetch(head);
    }
}

enum { BATCH = 1024 /* so many that what is fetched has come when it is looked at */ };

/* COUNT samples from AT on, at most a BATCH. */
static void sample_some(const struct vb_layer *layer, const struct vb_indexes *indexes,
                        const struct field *field, const unsigned char *at, size_t count)
{
    uint16_t through[BATCH + VB_SIFT_SPARE];
    unsigned char lanes[BATCH];
    const size_t step = indexes->step, sifted = vb_needles_sift(indexes, at, count, through);
    size_t found = 0;
    for (size_t i = 0; i < sifted; i++) {
        const unsigned char *sampled = at + through[i] * step;
        const uint64_t word = vb_load(sampled);
        through[found] = through[i];
        lanes[found] = (unsigned char)lanes_of(indexes, field, sampled, word);
        fetch(indexes, word, lanes[found], false);
        found += lanes[found] != 0;
    }
    for (size_t i = 0; i < found; i++)
        fetch(indexes, vb_load(at + through[i] * step), lanes[i], true);
    for (size_t i = 0; i < found; i++) {
        const unsigned char *sampled = at + through[i] * step;
        sample(layer, indexes, field, sampled, vb_load(sampled), lanes[i]);
    }
}

void vb_needles_scan(const struct vb_layer *layer, const unsigned char *begin,
                     const unsigned char *from, const unsigned char *end)
{
    const size_t len = (size_t)(end - from);
    const struct vb_indexes *indexes = vb_needles_for(layer->outbound->needles, len);
    const struct field field = {begin, end};
    const size_t step = indexes->step;
    size_t at = 0;
    while (at + sizeof(uint64_t) <= len) {
        const size_t left = (len - at - sizeof(uint64_t)) / step + 1;
        const size_t count = left < BATCH ? left : BATCH;
        sample_some(layer, indexes, &field, from + at, count);
        at += count * step;
    }
    for (; at + SAMPLE <= len; at += step) { /* the last few bytes, with nothing behind them */
        unsigned char rest[sizeof(uint64_t)] = {0};
        memcpy(rest, from + at, len - at);
        const uint64_t word = vb_load(rest);
        sample(layer, indexes, &field, from + at, word, lanes_of(indexes, &field, from + at, word));
    }
}
