/* Values through automata. Programs, folders, users and types come again and again in a log, so
 * what a short value gave is kept and looked up; the table is small and a later value takes the
 * place of an earlier one. */
#include <inttypes.h>
#include <stdalign.h>

#include "verdict/sigma/matcher.h"

enum { RECALLED = 512, RECALLED_BYTES = 80, RECALLED_ATOMS = 7 };

/* Two lines of the cache, of which most need the first one. */
struct recalled {
    alignas(64) const struct automaton *automata[2];
    uint16_t len;
    uint8_t count;
    bool whole; /* all hits had room */
    char text[RECALLED_BYTES];
    uint32_t atoms[RECALLED_ATOMS];
};

struct recalled *vb_sigma_recalled_new(void)
{
    struct recalled *recalled =
        aligned_alloc(alignof(struct recalled), RECALLED * sizeof(*recalled));
    if (recalled != NULL)
        memset(recalled, 0, RECALLED * sizeof(*recalled));
    return recalled;
}

static size_t slot_of(struct bytes text, const struct automaton *const automata[2])
{
    uint64_t hash = (uint64_t)(uintptr_t)automata[0] ^ (uint64_t)(uintptr_t)automata[1] << 7;
    uint64_t word = 0;
    size_t i = 0;
    for (; i + sizeof(word) <= text.len; i += sizeof(word)) {
        memcpy(&word, text.data + i, sizeof(word));
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    word = text.len;
    if (i < text.len)
        memcpy(&word, text.data + i, text.len - i);
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return (size_t)(hash >> 40) % RECALLED;
}

static bool is_same(const struct recalled *recalled, struct bytes text,
                    const struct automaton *const automata[2])
{
    return recalled->whole && recalled->len == text.len && recalled->automata[0] == automata[0] &&
           recalled->automata[1] == automata[1] &&
           (text.len == 0 || memcmp(recalled->text, text.data, text.len) == 0);
}

static void record(struct vb_sigma_matcher *matcher, uint32_t atom)
{
    struct recalled *recalled = matcher->recording;
    if (recalled->count == RECALLED_ATOMS)
        recalled->whole = false;
    else
        recalled->atoms[recalled->count++] = atom;
}

bool vb_sigma_text_of(const struct vb_sigma_value *value, char *buffer, struct bytes *ret)
{
    const char *text = buffer;
    size_t len = 0;
    if (value->type == VB_SIGMA_TEXT) {
        text = value->text;
        len = value->len;
    } else if (value->type == VB_SIGMA_INT) {
        len = (size_t)snprintf(buffer, SIGMA_NUMBER_BYTES, "%" PRId64, value->number);
    } else if (value->type == VB_SIGMA_BOOL) {
        text = value->number != 0 ? "true" : "false";
        len = strlen(text);
    } else if (value->type == VB_SIGMA_REAL) {
        len = (size_t)snprintf(buffer, SIGMA_NUMBER_BYTES, "%.15g", value->real);
    } else {
        return false;
    }
    *ret = (struct bytes){(const unsigned char *)text, len};
    return true;
}

/* A long text is asked for again by the next test of it. A short one may be a number, whose text
 * stood in the same place. */
bool vb_sigma_fold_into(struct vb_sigma_matcher *matcher, struct vb_buf *buf, struct bytes text,
                        struct bytes *ret)
{
    const bool kept = buf == &matcher->folded && text.len > SIGMA_NUMBER_BYTES;
    if (kept && matcher->folded_in == matcher->generation &&
        matcher->folded_from.data == text.data && matcher->folded_from.len == text.len) {
        *ret = matcher->folded_to;
        return true;
    }
    matcher->folded_in = buf == &matcher->folded ? 0 : matcher->folded_in;
    vb_buf_clear(buf);
    if (vb_buf_reserve(buf, vb_sigma_fold_room(text.len), NULL) < 0) {
        matcher->out_of_memory = true;
        return false;
    }
    *ret = (struct bytes){buf->data, vb_sigma_fold(text.data, text.len, false, buf->data)};
    if (kept) {
        matcher->folded_in = matcher->generation;
        matcher->folded_from = text;
        matcher->folded_to = *ret;
    }
    return true;
}

static void on_hit(void *ctx, uint32_t number)
{
    struct vb_sigma_matcher *matcher = ctx;
    if (matcher->recording != NULL)
        record(matcher, number);
    if (matcher->hit[number] == matcher->generation)
        return;
    matcher->hit[number] = matcher->generation;
    const struct vb_sigma *sigma = matcher->sigma;
    for (uint32_t i = sigma->first_wake[number]; i < sigma->first_wake[number + 1]; i++) {
        const struct wake *wake = &sigma->wakes[i];
        if (matcher->source->applies[wake->bucket] == 0 ||
            matcher->woken[wake->rule] == matcher->generation)
            continue;
        matcher->woken[wake->rule] = matcher->generation;
        matcher->candidates[matcher->candidate_count++] = wake->rule;
    }
}

static bool walk_text(const struct automaton *const automata[2], struct bytes text,
                      const struct walk *walk)
{
    if (automata[0] != NULL && automata[1] != NULL)
        return vb_sigma_automaton_walk_both(automata, text.data, text.len, walk);
    const struct automaton *one = automata[0] != NULL ? automata[0] : automata[1];
    return vb_sigma_automaton_walk(one, text.data, text.len, walk);
}

static bool walk_anew(struct vb_sigma_matcher *matcher, const struct vb_sigma_value *value,
                      struct bytes text, const struct automaton *const automata[2])
{
    if (++matcher->walks == 0) { /* it must not come again */
        memset(matcher->seen, 0, matcher->sigma->output_count * sizeof(*matcher->seen));
        matcher->walks = 1;
    }
    const struct walk walk = {.seen = matcher->seen,
                              .generation = matcher->walks,
                              .cut = value->cut,
                              .ctx = matcher,
                              .hit = on_hit};
    if (walk_text(automata, text, &walk))
        return true;
    if (!vb_sigma_fold_into(matcher, &matcher->folded, text, &text))
        return false;
    (void)walk_text(automata, text, &walk);
    return true;
}

bool vb_sigma_walk_value(struct vb_sigma_matcher *matcher, const struct vb_sigma_value *value,
                         const struct automaton *const automata[2])
{
    char buffer[SIGMA_NUMBER_BYTES];
    struct bytes text;
    if (!vb_sigma_text_of(value, buffer, &text))
        return true;
    if (text.len > RECALLED_BYTES || value->cut)
        return walk_anew(matcher, value, text, automata);
    struct recalled *recalled = &matcher->recalled[slot_of(text, automata)];
    if (is_same(recalled, text, automata)) {
        for (size_t i = 0; i < recalled->count; i++)
            on_hit(matcher, recalled->atoms[i]);
        return true;
    }
    recalled->automata[0] = automata[0];
    recalled->automata[1] = automata[1];
    recalled->len = (uint16_t)text.len;
    recalled->count = 0;
    recalled->whole = true;
    if (text.len > 0)
        memcpy(recalled->text, text.data, text.len);
    matcher->recording = recalled;
    const bool walked = walk_anew(matcher, value, text, automata);
    matcher->recording = NULL;
    return walked;
}
