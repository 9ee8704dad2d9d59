/* The modifiers: a table, and what each does with a value. */
#include "verdict/sigma/item.h"
#include "vetbox/core/text.h"

typedef bool modify(struct item *item, size_t at, unsigned argument);

static bool refuse(const struct item *item, const struct value *value, const char *why)
{
    (void)vb_sigma_refuse(item->load, value->line, "%s", why);
    return false;
}

static unsigned char *room(struct item *item, size_t len)
{
    return vb_arena_alloc(&item->load->sigma->arena, len == 0 ? 1 : len);
}

bool vb_sigma_add_value(struct item *item, const struct value *like, struct bytes data)
{
    item->load->bytes += data.len;
    if (item->count >= (size_t)SIGMA_LIST * 4 || item->load->bytes > SIGMA_LITERAL_BYTES)
        return refuse(item, like, "the modifiers make too many values");
    const struct value copy = *like; /* which may move */
    if (!SIGMA_GROW(item->load->sigma, item->values, item->count))
        return false;
    item->values[item->count] = copy;
    item->values[item->count++].data = data;
    return true;
}

static bool open_ends(struct item *item, size_t at, unsigned ends)
{
    struct value *value = &item->values[at];
    value->open |= ends;
    if (value->kind == V_REGEX || value->kind == V_FIELD)
        return true; /* a search is open at both ends as it is */
    const struct bytes old = value->data;
    unsigned char *data = room(item, old.len + 2);
    if (data == NULL)
        return false;
    size_t len = 0;
    if ((ends & OPEN_START) != 0 && (old.len == 0 || old.data[0] != PATTERN_ANY))
        data[len++] = PATTERN_ANY;
    if (old.len > 0)
        memcpy(data + len, old.data, old.len);
    len += old.len;
    if ((ends & OPEN_END) != 0 && (len == 0 || data[len - 1] != PATTERN_ANY))
        data[len++] = PATTERN_ANY;
    value->data = (struct bytes){data, len};
    value->kind = V_STRING;
    return true;
}

static bool make_cased(struct item *item, size_t at, unsigned argument)
{
    (void)argument;
    item->values[at].cased = true;
    return true;
}

static bool make_exists(struct item *item, size_t at, unsigned argument)
{
    (void)argument;
    item->values[at].kind = V_EXISTS;
    if (item->field == NULL)
        return refuse(item, &item->values[at], "exists needs a field");
    return item->written == 1 || refuse(item, &item->values[at], "exists takes one value");
}

static bool make_regex(struct item *item, size_t at, unsigned argument)
{
    (void)argument;
    struct value *value = &item->values[at];
    value->kind = V_REGEX;
    value->data = value->source;
    value->op = 0;
    if (value->data.len == 0)
        return refuse(item, value, "an empty regular expression");
    return value->data.len <= SIGMA_REGEX_BYTES ||
           refuse(item, value, "a regular expression of more than 4096 bytes");
}

static bool add_flag(struct item *item, size_t at, unsigned flag)
{
    item->values[at].op |= flag;
    return true;
}

static bool is_plain(const struct value *value)
{
    if (value->kind == V_BYTES)
        return true;
    for (size_t i = 0; i < value->data.len; i++)
        if (pattern_special(value->data.data[i]))
            return false;
    return true;
}

static bool base64_of(struct item *item, const struct value *value, size_t filler,
                      struct bytes *ret)
{
    static const char nothing[2] = {0};
    struct vb_buf plain, coded;
    vb_buf_init(&plain, (size_t)SIGMA_VALUE_BYTES * 4);
    vb_buf_init(&coded, (size_t)SIGMA_VALUE_BYTES * 8);
    bool ok = vb_buf_append(&plain, nothing, filler, NULL) == VB_OK &&
              vb_buf_append(&plain, value->data.data, value->data.len, NULL) == VB_OK &&
              vb_base64_encode(&coded, plain.data, plain.len, NULL) == VB_OK;
    unsigned char *data = ok ? room(item, coded.len) : NULL;
    if (data != NULL && coded.len > 0)
        memcpy(data, coded.data, coded.len);
    *ret = (struct bytes){data, coded.len};
    vb_buf_done(&plain);
    vb_buf_done(&coded);
    if (!ok)
        item->load->sigma->arena.failed = true;
    return data != NULL;
}

static bool encode_base64(struct item *item, size_t at, unsigned argument)
{
    (void)argument;
    struct value *value = &item->values[at];
    if (!is_plain(value))
        return refuse(item, value, "a wildcard under base64");
    value->kind = V_STRING;
    return base64_of(item, value, 0, &value->data);
}

/* Wherever the text begins in what was encoded, one of three codes is there (specification,
 * appendix of modifiers: the digits that its neighbours touch are left out). */
static bool encode_base64_offsets(struct item *item, size_t at, unsigned argument)
{
    (void)argument;
    static const size_t drop_first[] = {0, 2, 3}, drop_last[] = {0, 3, 2};
    if (!is_plain(&item->values[at]))
        return refuse(item, &item->values[at], "a wildcard under base64offset");
    if (item->values[at].data.len == 0)
        return refuse(item, &item->values[at], "an empty text under base64offset");
    const struct value plain = item->values[at];
    for (size_t i = 0; i < 3; i++) {
        struct bytes code;
        if (!base64_of(item, &plain, i, &code))
            return false;
        const size_t end = drop_last[(plain.data.len + i) % 3];
        code.data += drop_first[i];
        code.len -= drop_first[i] + end;
        if (i > 0) {
            if (!vb_sigma_add_value(item, &item->values[at], code))
                return false;
            continue;
        }
        item->values[at].kind = V_STRING;
        item->values[at].data = code;
    }
    return true;
}

static size_t put_unit(unsigned char *data, uint32_t unit, bool big)
{
    data[big ? 1 : 0] = (unsigned char)(unit & 0xff);
    data[big ? 0 : 1] = (unsigned char)(unit >> 8);
    return 2;
}

static bool encode_utf16(struct item *item, size_t at, unsigned how)
{
    struct value *value = &item->values[at];
    if (!is_plain(value))
        return refuse(item, value, "a wildcard under wide or utf16");
    const struct bytes old = value->data;
    const bool big = how == UTF16_BE;
    unsigned char *data = room(item, old.len * 2 + 2);
    if (data == NULL)
        return false;
    size_t len = how == UTF16_MARKED ? put_unit(data, 0xfeff, false) : 0;
    for (size_t i = 0; i < old.len;) {
        uint32_t code = 0;
        i += vb_utf8_decode(old.data + i, old.len - i, &code);
        if (code > 0xffff) {
            len += put_unit(data + len, 0xd800 + ((code - 0x10000) >> 10), big);
            code = 0xdc00 + ((code - 0x10000) & 0x3ff);
        }
        len += put_unit(data + len, code, big);
    }
    value->data = (struct bytes){data, len};
    value->kind = V_BYTES;
    return true;
}

static bool is_word(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '_' || (byte >= 0x80 && !pattern_special(byte));
}

/* U+2013 to U+2015 are e2 80 93 to e2 80 95. */
static size_t dash_size(const unsigned char *at, size_t left)
{
    if (*at == '-' || *at == '/')
        return 1;
    return left >= 3 && at[0] == 0xe2 && at[1] == 0x80 && at[2] >= 0x93 && at[2] <= 0x95 ? 3 : 0;
}

static bool any_dash(struct item *item, size_t at, unsigned argument)
{
    (void)argument;
    struct value *value = &item->values[at];
    unsigned char *data = room(item, value->data.len);
    if (data == NULL)
        return false;
    const unsigned char *old = value->data.data;
    size_t len = 0;
    bool after_word = false;
    for (size_t i = 0; i < value->data.len;) {
        const size_t left = value->data.len - i, dash = dash_size(old + i, left);
        const bool flag = dash > 0 && !after_word && dash < left && is_word(old[i + dash]) &&
                          dash_size(old + i + dash, left - dash) == 0;
        const size_t step = dash > 0 ? dash : 1;
        after_word = dash == 0 && is_word(old[i]);
        if (flag)
            data[len++] = PATTERN_DASH;
        for (size_t k = 0; k < step && !flag; k++)
            data[len++] = old[i + k];
        i += step;
    }
    value->data = (struct bytes){data, len};
    return true;
}

static bool make_cidr(struct item *item, size_t at, unsigned argument)
{
    (void)argument;
    struct value *value = &item->values[at];
    struct range range;
    const char *why = NULL;
    if (!vb_sigma_parse_cidr((const char *)value->source.data, &range, &why))
        return refuse(item, value, why);
    unsigned char *data = room(item, sizeof(range));
    if (data == NULL)
        return false;
    memcpy(data, &range, sizeof(range));
    value->data = (struct bytes){data, sizeof(range)};
    value->kind = V_CIDR;
    return true;
}

static bool make_number(struct item *item, size_t at, unsigned op)
{
    item->values[at].kind = V_COMPARED;
    item->values[at].op = op;
    return item->field != NULL || refuse(item, &item->values[at], "a comparison needs a field");
}

static bool make_date(struct item *item, size_t at, unsigned part)
{
    struct value *value = &item->values[at];
    value->kind = V_DATE;
    value->op = part;
    if (value->number != (double)(int64_t)value->number)
        return refuse(item, value, "a part of a date is an integer");
    return item->field != NULL || refuse(item, value, "a part of a date needs a field");
}

static bool make_field(struct item *item, size_t at, unsigned argument)
{
    (void)argument;
    struct value *value = &item->values[at];
    if (item->field == NULL)
        return refuse(item, value, "fieldref needs a field");
    if (!is_plain(value) || value->source.len == 0)
        return refuse(item, value, "fieldref takes the name of a field, without wildcards");
    value->kind = V_FIELD;
    value->data = value->source;
    value->open = 0;
    return true;
}

static const struct placeholder *placeholder_named(const struct vb_sigma *sigma, struct bytes name)
{
    for (size_t i = 0; i < sigma->placeholder_count; i++)
        if (strlen(sigma->placeholders[i].name) == name.len &&
            memcmp(sigma->placeholders[i].name, name.data, name.len) == 0)
            return &sigma->placeholders[i];
    return NULL;
}

/* Where the first %name% of TEXT is; "\%" is none and loses its backslash. */
static bool next_placeholder(struct bytes *text, unsigned char *clean, size_t *ret_begin,
                             struct bytes *ret_name)
{
    size_t len = 0, begin = SIZE_MAX;
    bool found = false;
    for (size_t i = 0; i < text->len; i++) {
        const bool escaped = !found && text->data[i] == '\\' && i + 1 < text->len &&
                             text->data[i + 1] == '%' && begin == SIZE_MAX;
        if (escaped)
            i++;
        clean[len++] = text->data[i];
        if (found || escaped || text->data[i] != '%')
            continue;
        if (begin == SIZE_MAX || len - 1 == begin + 1) {
            begin = len - 1;
            continue;
        }
        found = true;
        *ret_begin = begin;
        *ret_name = (struct bytes){clean + begin + 1, len - begin - 2};
    }
    *text = (struct bytes){clean, len};
    return found;
}

/* HEAD bytes of WHOLE, TEXT as a Sigma string, and WHOLE from TAIL on; all but the last is done. */
static bool put_in(struct item *item, struct value *value, const struct value *whole,
                   const char *text, const size_t head_and_tail[2])
{
    const size_t text_len = strlen(text), rest = whole->data.len - head_and_tail[1];
    if (whole->data.len + text_len > SIGMA_VALUE_BYTES)
        return refuse(item, whole, "a placeholder makes a value too long");
    unsigned char *data = room(item, whole->data.len + text_len);
    if (data == NULL)
        return false;
    memcpy(data, whole->data.data, head_and_tail[0]);
    size_t len = head_and_tail[0];
    len += vb_sigma_tokenise(text, text_len, data + len);
    value->done = len;
    memcpy(data + len, whole->data.data + head_and_tail[1], rest);
    value->data = (struct bytes){data, len + rest};
    return true;
}

/* Replaces the first placeholder behind what is done by each of its values. What was put in is
 * done: it is not looked at again. */
static bool expand_one(struct item *item, size_t at, bool *ret_more)
{
    struct value whole = item->values[at];
    const size_t done = whole.done;
    unsigned char *clean = room(item, whole.data.len);
    if (clean == NULL)
        return false;
    item->load->bytes += whole.data.len;
    if (item->load->bytes > SIGMA_LITERAL_BYTES)
        return refuse(item, &whole, "a placeholder makes values too long");
    struct bytes rest = {whole.data.data + done, whole.data.len - done};
    size_t begin = 0;
    struct bytes name = {NULL, 0};
    memcpy(clean, whole.data.data, done);
    *ret_more = next_placeholder(&rest, clean + done, &begin, &name);
    whole.data = (struct bytes){clean, done + rest.len};
    item->values[at] = whole;
    if (!*ret_more)
        return true;
    const struct placeholder *row = placeholder_named(item->load->sigma, name);
    if (row == NULL) {
        (void)vb_sigma_refuse(item->load, whole.line, "the placeholder %%%.*s%% has no list",
                              (int)(name.len > 80 ? 80 : name.len), (const char *)name.data);
        return false;
    }
    const size_t head_and_tail[] = {done + begin, done + begin + name.len + 2};
    for (size_t i = 0; i < row->count; i++) {
        struct value made = whole;
        if (!put_in(item, &made, &whole, row->values[i], head_and_tail))
            return false;
        if (i == 0)
            item->values[at] = made;
        else if (!vb_sigma_add_value(item, &made, made.data))
            return false;
    }
    return true;
}

/* Those that a placeholder adds have their turn too, from where they are done. */
static bool expand(struct item *item, size_t at, unsigned argument)
{
    (void)argument;
    const size_t before = item->count;
    item->values[at].done = 0;
    for (size_t i = at; i < item->count; i = i < before ? before : i + 1) {
        bool more = true;
        while (more)
            if (!expand_one(item, i, &more))
                return false;
        if (item->count - before >= SIGMA_EXPANSIONS)
            return refuse(item, &item->values[at], "a placeholder makes too many values");
    }
    return true;
}

static bool list(struct item *item, size_t at, unsigned what)
{
    (void)at;
    if (what == LIST_ALL)
        item->all = true;
    else
        item->neq = true;
    return true;
}

enum place { ANYWHERE, FIRST, ALONE };

static const struct modifier {
    const char *name;
    unsigned takes;
    modify *effect;
    unsigned argument;
    enum place place;
} modifiers[] = {
#define SIGMA_MODIFIER(name, takes, effect, argument, place) {name, takes, effect, argument, place},
#include "verdict/sigma/modifiers.def"
#undef SIGMA_MODIFIER
};

static const struct modifier *modifier_named(const char *name, size_t len)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(modifiers); i++)
        if (strlen(modifiers[i].name) == len && memcmp(modifiers[i].name, name, len) == 0)
            return &modifiers[i];
    return NULL;
}

static bool apply(struct item *item, const struct modifier *modifier)
{
    if (modifier->effect == list)
        return list(item, 0, modifier->argument);
    const size_t count = item->count; /* what is added has had its turn */
    for (size_t i = 0; i < count; i++) {
        if ((item->values[i].kind & modifier->takes) == 0) {
            (void)vb_sigma_refuse(item->load, item->values[i].line, "%s does not take such a value",
                                  modifier->name);
            return false;
        }
        if (!modifier->effect(item, i, modifier->argument))
            return false;
    }
    return true;
}

bool vb_sigma_modify(struct item *item, const char *chain)
{
    size_t position = 0;
    while (*chain == '|') {
        const char *name = ++chain;
        const size_t len = strcspn(name, "|");
        chain = name + len;
        const struct modifier *modifier = modifier_named(name, len);
        if (modifier == NULL) {
            (void)vb_sigma_refuse(item->load, item->line, "unknown modifier \"%.*s\"",
                                  (int)(len > 80 ? 80 : len), name);
            return false;
        }
        if (modifier->place != ANYWHERE && position > 0) {
            (void)vb_sigma_refuse(item->load, item->line, "%s stands behind another modifier",
                                  modifier->name);
            return false;
        }
        if (modifier->place == ALONE && *chain != '\0') {
            (void)vb_sigma_refuse(item->load, item->line, "%s stands with another modifier",
                                  modifier->name);
            return false;
        }
        if (!apply(item, modifier))
            return false;
        position++;
    }
    return true;
}
