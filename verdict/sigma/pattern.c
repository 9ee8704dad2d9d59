/* From a pattern to the atom that tests it: most are literals with an anchor, which the automaton
 * decides; the rest is told a literal that must be there for it to be worth a look. */
#include "verdict/sigma/internal.h"

static struct bytes copy_folded(struct load *load, struct bytes pattern, bool cased)
{
    unsigned char *copy = vb_arena_alloc(&load->sigma->arena, vb_sigma_fold_room(pattern.len));
    if (copy == NULL)
        return (struct bytes){NULL, 0};
    if (!cased)
        return (struct bytes){copy, vb_sigma_fold(pattern.data, pattern.len, true, copy)};
    if (pattern.len > 0)
        memcpy(copy, pattern.data, pattern.len);
    return (struct bytes){copy, pattern.len};
}

/* Runs of '*' become one. */
static struct bytes collapse(struct bytes pattern)
{
    unsigned char *data = (unsigned char *)pattern.data; /* a copy of ours */
    size_t out = 0;
    for (size_t i = 0; i < pattern.len; i++)
        if (data[i] != PATTERN_ANY || out == 0 || data[out - 1] != PATTERN_ANY)
            data[out++] = data[i];
    return (struct bytes){data, out};
}

static bool has_special(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (pattern_special(text.data[i]))
            return true;
    return false;
}

/* The longest run of ordinary bytes, and where it is held. */
static struct literal longest_literal(struct bytes pattern)
{
    struct literal best = {.anchor = ANCHOR_FREE};
    for (size_t i = 0, begin = 0; i <= pattern.len; i++) {
        if (i < pattern.len && !pattern_special(pattern.data[i]))
            continue;
        if (i - begin > best.text.len) {
            best.text = (struct bytes){pattern.data + begin, i - begin};
            best.anchor = begin == 0 ? ANCHOR_START : i == pattern.len ? ANCHOR_END : ANCHOR_FREE;
        }
        begin = i + 1;
    }
    return best;
}

static bool segments_fit(struct bytes pattern)
{
    size_t len = 0;
    bool special = false;
    for (size_t i = 0; i <= pattern.len; i++) {
        if (i < pattern.len && pattern.data[i] != PATTERN_ANY) {
            special = special || pattern_special(pattern.data[i]);
            len++;
            continue;
        }
        if (special && len > SIGMA_SEGMENT_BYTES)
            return false;
        len = 0;
        special = false;
    }
    return true;
}

static uint32_t hint_of(struct load *load, uint16_t field, struct literal literal)
{
    if (literal.text.len == 0)
        return NO_ATOM;
    literal.text = copy_folded(load, literal.text, false);
    struct literal *kept = vb_arena_alloc(&load->sigma->arena, sizeof(*kept));
    if (kept == NULL || literal.text.data == NULL)
        return NO_ATOM;
    *kept = literal;
    load->sigma->literal_bytes += literal.text.len;
    struct atom hint = {.kind = ATOM_LITERALS,
                        .field = field,
                        .hint = NO_ATOM,
                        .literals = kept,
                        .literal_count = 1};
    return vb_sigma_intern_atom(load->sigma, &hint);
}

static bool set_literal(struct load *load, struct atom *atom, struct bytes text, enum anchor anchor)
{
    struct literal *literal = vb_arena_alloc(&load->sigma->arena, sizeof(*literal));
    if (literal == NULL)
        return false;
    *literal = (struct literal){text, anchor};
    atom->kind = ATOM_LITERALS;
    atom->literals = literal;
    atom->literal_count = 1;
    load->sigma->literal_bytes += text.len;
    return true;
}

static bool set_glob(struct load *load, size_t line, struct atom *atom, struct bytes pattern)
{
    if (pattern.len > SIGMA_GLOB_BYTES || !segments_fit(pattern)) {
        (void)vb_sigma_refuse(load, line, "a value with wildcards or case is too long");
        return false;
    }
    atom->kind = ATOM_GLOB;
    atom->pattern = pattern;
    atom->hint = hint_of(load, atom->field, longest_literal(pattern));
    return true;
}

struct atom *vb_sigma_pattern_atom(struct load *load, size_t line, uint16_t field,
                                   struct bytes pattern, bool cased)
{
    struct atom *atom = vb_arena_alloc(&load->sigma->arena, sizeof(*atom));
    pattern = copy_folded(load, pattern, cased);
    if (atom == NULL || pattern.data == NULL)
        return NULL;
    pattern = collapse(pattern);
    *atom = (struct atom){.field = field, .cased = cased, .hint = NO_ATOM};
    const bool open_start = pattern.len > 0 && pattern.data[0] == PATTERN_ANY;
    const bool open_end = pattern.len > 1 && pattern.data[pattern.len - 1] == PATTERN_ANY;
    const struct bytes inner = {pattern.data + open_start,
                                pattern.len - (size_t)open_start - (size_t)open_end};
    bool made = true;
    if (inner.len == 0) {
        atom->kind = open_start ? ATOM_PRESENT : ATOM_EMPTY;
        atom->cased = false;
    } else if (cased || has_special(inner)) {
        made = set_glob(load, line, atom, pattern);
    } else {
        made = set_literal(load, atom, inner,
                           open_start ? (open_end ? ANCHOR_FREE : ANCHOR_END)
                                      : (open_end ? ANCHOR_START : ANCHOR_WHOLE));
    }
    return made ? atom : NULL;
}
