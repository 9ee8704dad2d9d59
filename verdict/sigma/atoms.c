/* Tests of one view's values: what the automata did not decide, each once. Values are the
 * subject's, of any bytes and up to their limits; the work for each is bounded by its length. */
#include <math.h>

#include "verdict/sigma/matcher.h"

/* The values that an atom looks at, one by one, lists by their elements. */
struct texts {
    const struct vb_sigma_matcher *matcher;
    size_t value, end; /* of the view */
    size_t item;
    bool keywords;
};

static struct texts texts_of(const struct vb_sigma_matcher *matcher, uint16_t field)
{
    struct texts texts = {.matcher = matcher, .keywords = field == NO_FIELD};
    if (field == NO_FIELD) {
        texts.end = matcher->view->count;
    } else if (matcher->slots[field].generation == matcher->generation) {
        texts.value = matcher->slots[field].value;
        texts.end = texts.value + 1;
    }
    return texts;
}

static const struct vb_sigma_value *next_value(struct texts *texts)
{
    while (texts->value < texts->end) {
        const struct vb_sigma_value *value = &texts->matcher->view->values[texts->value];
        const bool list = value->type == VB_SIGMA_LIST;
        if (list && !(texts->keywords && value->silent) && texts->item < value->count)
            return &value->items[texts->item++];
        texts->item = 0;
        texts->value++;
        if (!list && !(texts->keywords && value->silent))
            return value;
    }
    return NULL;
}

static bool word_byte(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '_' || byte >= 0x80;
}

static bool has_token(struct bytes text, struct bytes token)
{
    const unsigned char *at = text.data, *end = text.data + text.len;
    while ((at = memmem(at, (size_t)(end - at), token.data, token.len)) != NULL) {
        const unsigned char *behind = at + token.len;
        if ((at == text.data || !word_byte(at[-1])) && (behind == end || !word_byte(*behind)))
            return true;
        at++;
    }
    return false;
}

static bool test_glob(struct vb_sigma_matcher *matcher, const struct atom *atom, struct bytes text)
{
    if (!atom->cased && !vb_sigma_fold_into(matcher, &matcher->folded, text, &text))
        return false;
    return atom->kind == ATOM_TOKEN ? has_token(text, atom->pattern)
                                    : vb_sigma_glob(atom->pattern, text);
}

static bool test_regex(struct vb_sigma_matcher *matcher, const struct atom *atom, struct bytes text,
                       bool *cut)
{
    uint16_t *stops = &matcher->stops[atom - matcher->sigma->atoms];
    if (*stops >= SIGMA_REGEX_STOPS) {
        matcher->limits.regex_stopped++;
        *cut = true;
        return false;
    }
    if (text.len > SIGMA_REGEX_SUBJECT) {
        text.len = SIGMA_REGEX_SUBJECT;
        matcher->limits.regex_cut++;
        *cut = true;
    }
    const enum regex_result result =
        vb_sigma_regex_match(atom->regex, matcher->regex, (const char *)text.data, text.len, *cut);
    if (result == REGEX_STOPPED) {
        ++*stops;
        matcher->limits.regex_stopped++;
        *cut = true;
    }
    return result == REGEX_YES;
}

static bool fields_agree(enum anchor anchor, struct bytes text, struct bytes part)
{
    if (part.len > text.len)
        return false;
    const size_t rest = text.len - part.len;
    if (anchor == ANCHOR_FREE)
        return part.len == 0 || memmem(text.data, text.len, part.data, part.len) != NULL;
    if (anchor == ANCHOR_WHOLE && rest != 0)
        return false;
    const size_t at = anchor == ANCHOR_END ? rest : 0;
    return part.len == 0 || memcmp(text.data + at, part.data, part.len) == 0;
}

static bool test_field(struct vb_sigma_matcher *matcher, const struct atom *atom, struct bytes text,
                       bool *cut)
{
    char buffer[SIGMA_NUMBER_BYTES];
    struct texts texts = texts_of(matcher, atom->other);
    if (!atom->cased && !vb_sigma_fold_into(matcher, &matcher->folded, text, &text))
        return false;
    for (const struct vb_sigma_value *value = next_value(&texts); value != NULL;
         value = next_value(&texts)) {
        struct bytes part;
        if (!vb_sigma_text_of(value, buffer, &part))
            continue;
        if (value->cut) {
            *cut = true; /* what it is compared with is not known */
            continue;
        }
        if (!atom->cased && !vb_sigma_fold_into(matcher, &matcher->other, part, &part))
            return false;
        if (fields_agree(atom->op, text, part))
            return true;
    }
    return false;
}

static bool test_number(const struct atom *atom, const struct vb_sigma_value *value,
                        struct bytes text)
{
    double number = 0;
    if (value->type == VB_SIGMA_BOOL || value->cut)
        return false;
    if (value->type == VB_SIGMA_REAL)
        number = value->real;
    else if (!vb_sigma_number((const char *)text.data, text.len, &number))
        return false;
    return !isnan(number) && vb_sigma_compare(atom->op, number, atom->number);
}

/* CUT is set where the text's end, or what was not looked at, could make a no a yes. */
static bool test_text(struct vb_sigma_matcher *matcher, const struct atom *atom,
                      const struct vb_sigma_value *value, struct bytes text, bool *cut)
{
    int64_t part = 0;
    struct range address;
    const char *chars = (const char *)text.data;
    if (atom->kind == ATOM_PRESENT)
        return true;
    if (atom->kind == ATOM_EMPTY)
        return text.len == 0 && !value->cut;
    if (atom->kind == ATOM_GLOB || atom->kind == ATOM_TOKEN) {
        const bool open =
            atom->kind == ATOM_TOKEN || atom->pattern.data[atom->pattern.len - 1] == PATTERN_ANY;
        return (open || !value->cut) && test_glob(matcher, atom, text);
    }
    if (atom->kind == ATOM_REGEX)
        return test_regex(matcher, atom, text, cut);
    if (atom->kind == ATOM_NUMBER)
        return test_number(atom, value, text);
    if (atom->kind == ATOM_FIELD) {
        const bool open = atom->op == ANCHOR_FREE || atom->op == ANCHOR_START;
        return (open || !value->cut) && test_field(matcher, atom, text, cut);
    }
    if (value->cut)
        return false;
    if (atom->kind == ATOM_DATE)
        return vb_sigma_date_part(chars, text.len, atom->op, &part) &&
               part == (int64_t)atom->number;
    return vb_sigma_parse_address(chars, text.len, &address) &&
           vb_sigma_in_ranges(atom->ranges, atom->range_count, &address);
}

static enum truth test_values(struct vb_sigma_matcher *matcher, const struct atom *atom)
{
    char buffer[SIGMA_NUMBER_BYTES];
    struct texts texts = texts_of(matcher, atom->field);
    bool cut = false;
    const bool hinted = atom->hint != NO_ATOM && atom->kind != ATOM_FIELD;
    const bool hopeless = hinted && matcher->hit[atom->hint] != matcher->generation;
    for (const struct vb_sigma_value *value = next_value(&texts); value != NULL;
         value = next_value(&texts)) {
        struct bytes text;
        cut = cut || value->cut;
        if (!hopeless && vb_sigma_text_of(value, buffer, &text) &&
            test_text(matcher, atom, value, text, &cut))
            return TRUTH_YES;
    }
    return cut ? TRUTH_MAYBE : TRUTH_NO;
}

static bool list_is_cut(const struct vb_sigma_matcher *matcher, uint16_t field)
{
    if (field == NO_FIELD)
        return matcher->any_cut;
    return matcher->slots[field].generation == matcher->generation &&
           matcher->view->values[matcher->slots[field].value].cut;
}

static enum truth test_atom(struct vb_sigma_matcher *matcher, const struct atom *atom)
{
    const bool there =
        atom->field != NO_FIELD && matcher->slots[atom->field].generation == matcher->generation;
    if (atom->kind == ATOM_EXISTS)
        return there == (atom->op != 0) ? TRUTH_YES : TRUTH_NO;
    if (atom->kind == ATOM_NULL) {
        const bool null = !there || matcher->view->values[matcher->slots[atom->field].value].type ==
                                        VB_SIGMA_NULL;
        return null ? TRUTH_YES : TRUTH_NO;
    }
    const enum truth truth = test_values(matcher, atom);
    return truth == TRUTH_NO && list_is_cut(matcher, atom->field) ? TRUTH_MAYBE : truth;
}

static bool field_is_cut(const struct vb_sigma_matcher *matcher, uint16_t field)
{
    struct texts texts = texts_of(matcher, field);
    for (const struct vb_sigma_value *value = next_value(&texts); value != NULL;
         value = next_value(&texts))
        if (value->cut)
            return true;
    return list_is_cut(matcher, field);
}

enum truth vb_sigma_truth_of(struct vb_sigma_matcher *matcher, uint32_t number)
{
    const struct atom *atom = &matcher->sigma->atoms[number];
    if (atom->kind == ATOM_LITERALS) {
        if (matcher->hit[number] == matcher->generation)
            return TRUTH_YES;
        return matcher->any_cut && field_is_cut(matcher, atom->field) ? TRUTH_MAYBE : TRUTH_NO;
    }
    if (matcher->known[number] != matcher->generation) {
        matcher->known[number] = matcher->generation;
        matcher->truths[number] = (uint8_t)test_atom(matcher, atom);
    }
    return (enum truth)matcher->truths[number];
}
