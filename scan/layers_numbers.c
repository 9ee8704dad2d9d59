/* Text spelt as numbers: lists of character codes (104, 0x68, chr(104)) and escapes inside text
 * (\x68, \u0068, %68, &#104;). Nobody writes plain letters so without a wish to hide them. */
#include <string.h>

#include "scan/layers.h"

enum {
    LIST_MIN = 12,      /* numbers in a list */
    ESCAPE_MIN = 6,     /* escapes of plain characters in one string */
    SEPARATOR_MAX = 24, /* bytes between two numbers, "+String.fromCharCode(" among them */
    NUMBER_MAX = 255,
    TEXT_MIN = 12,
    BACK_MAX = 512 /* how far before its first escape a string may begin */
};

static bool digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex(unsigned char c)
{
    if (digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* --- lists of numbers --- */

/* Reads 0x68 or 104 at AT. Returns its end, or 0 if there is no number up to 255. */
static size_t read_number(const struct vb_layer_walk *walk, size_t at, unsigned *ret)
{
    const unsigned char *data = walk->data;
    unsigned value = 0;
    const bool hexadecimal = at + 2 < walk->len && data[at] == '0' &&
                             (data[at + 1] == 'x' || data[at + 1] == 'X') && hex(data[at + 2]) >= 0;
    size_t i = hexadecimal ? at + 2 : at;
    const size_t begin = i;
    const unsigned base = hexadecimal ? 16 : 10;
    while (i < walk->len && i - begin < 3) {
        const int one = hex(data[i]);
        if (one < 0 || (unsigned)one >= base)
            break;
        value = value * base + (unsigned)one;
        i++;
    }
    const bool goes_on = i < walk->len && (digit(data[i]) || letter(data[i]) || data[i] == '_');
    if (i == begin || goes_on || value > NUMBER_MAX)
        return 0;
    *ret = value;
    return i;
}

/* The next number of a list after AT, or 0. */
static size_t next_number(const struct vb_layer_walk *walk, size_t at)
{
    static const char allowed[] = " \t\r\n,+.&|()[]\"';";
    static const char words[] = "chrCHRaAodefmtSingin"; /* chr, char, Chr, String.fromCharCode */
    size_t i = at;
    bool bare_dot = i < walk->len && walk->data[i] == '.';
    while (i < walk->len && i - at < SEPARATOR_MAX && !digit(walk->data[i])) {
        const unsigned char c = walk->data[i];
        if (c == '\0' || (strchr(allowed, c) == NULL && strchr(words, c) == NULL))
            return 0;
        i++;
    }
    if (bare_dot && i == at + 1) /* 1.5 */
        return 0;
    return i > at && i < walk->len && digit(walk->data[i]) ? i : 0;
}

static bool mostly_letters(const struct vb_buf *text)
{
    size_t count = 0;
    for (size_t i = 0; i < text->len; i++) {
        const unsigned char c = text->data[i];
        count += letter(c) || digit(c) || c == ' ' || c == '/' || c == '.' ? 1 : 0;
    }
    return count * 10 >= text->len * 7;
}

/* 65, 66, 67: an alphabet or a range, not a text. */
static bool counts_up(const struct vb_buf *text)
{
    size_t steps = 0;
    for (size_t i = 1; i < text->len; i++)
        steps += text->data[i] == text->data[i - 1] + 1 ? 1 : 0;
    return steps * 2 >= text->len;
}

static int read_list(const struct vb_layer_walk *walk, size_t at, struct vb_buf *out,
                     size_t *ret_end, struct vb_error *err)
{
    unsigned value;
    size_t end = read_number(walk, at, &value);
    *ret_end = at + 1;
    while (end != 0) {
        const unsigned char byte = (unsigned char)value;
        const int status = vb_buf_append(out, &byte, 1, err);
        if (status < 0)
            return status;
        *ret_end = end;
        const size_t next = next_number(walk, end);
        end = next == 0 ? 0 : read_number(walk, next, &value);
    }
    return VB_OK;
}

/* True in a word, in a longer number and behind a decimal point. */
static bool inside_word(const struct vb_layer_walk *walk, size_t at)
{
    const unsigned char before = at == 0 ? ' ' : walk->data[at - 1];
    return digit(before) || letter(before) || before == '_' ||
           (before == '.' && at >= 2 && digit(walk->data[at - 2]));
}

int vb_layers_numbers(struct vb_layer_walk *walk, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf out;
    vb_buf_init(&out, walk->len + 1);
    for (size_t at = 0; at < walk->len;) {
        if (!digit(walk->data[at]) || inside_word(walk, at)) {
            at++;
            continue;
        }
        size_t end;
        vb_buf_clear(&out);
        int status = read_list(walk, at, &out, &end, err);
        const bool text = out.len >= LIST_MIN && mostly_letters(&out) && !counts_up(&out) &&
                          vb_layer_text_prefix(out.data, out.len) == out.len;
        const bool format = out.len >= 64 && vb_layer_known_magic(out.data, out.len);
        if (status == 0 && (text || format))
            status = vb_layer_found(walk, "charcode", at, out.data, out.len, err);
        if (status < 0)
            return status;
        at = end;
    }
    return VB_OK;
}

/* --- escapes inside text --- */

struct escape_kind {
    const char *name;
    unsigned char lead;
    /* Returns the length of the escape at TEXT, 0 if there is none. */
    size_t (*read)(const unsigned char *text, size_t len, uint32_t *ret_code);
    bool ends_at_space; /* the string that holds it */
};

static size_t hex_digits(const unsigned char *text, size_t len, size_t most, uint32_t *ret)
{
    size_t i = 0;
    *ret = 0;
    for (; i < len && i < most && hex(text[i]) >= 0; i++)
        *ret = *ret << 4 | (uint32_t)hex(text[i]);
    return i;
}

/* \xHH, \uHHHH and octal \OOO */
static size_t read_backslash(const unsigned char *text, size_t len, uint32_t *ret_code)
{
    if (len < 4)
        return 0;
    if (text[1] == 'x')
        return hex_digits(text + 2, len - 2, 2, ret_code) == 2 ? 4 : 0;
    if (text[1] == 'u')
        return hex_digits(text + 2, len - 2, 4, ret_code) == 4 ? 6 : 0;
    const bool octal = text[1] >= '0' && text[1] <= '1' && digit(text[2]) && text[2] < '8' &&
                       digit(text[3]) && text[3] < '8';
    *ret_code = octal ? (uint32_t)((text[1] - '0') * 64 + (text[2] - '0') * 8 + text[3] - '0') : 0;
    return octal ? 4 : 0;
}

static size_t read_percent(const unsigned char *text, size_t len, uint32_t *ret_code)
{
    return len >= 3 && hex_digits(text + 1, len - 1, 2, ret_code) == 2 ? 3 : 0;
}

/* &#104; and &#x68; */
static size_t read_entity(const unsigned char *text, size_t len, uint32_t *ret_code)
{
    if (len < 4 || text[1] != '#')
        return 0;
    const bool hexadecimal = text[2] == 'x' || text[2] == 'X';
    size_t i = 2;
    if (hexadecimal) {
        i = 3 + hex_digits(text + 3, len - 3, 6, ret_code);
    } else {
        *ret_code = 0;
        for (; i < len && i < 9 && digit(text[i]); i++)
            *ret_code = *ret_code * 10 + (uint32_t)(text[i] - '0');
    }
    return i < len && text[i] == ';' ? i + 1 : 0;
}

static const struct escape_kind escape_kinds[] = {
    {"escape", '\\', read_backslash, false},
    {"percent", '%', read_percent, true},
    {"entity", '&', read_entity, false},
};

static bool ends_string(const struct escape_kind *kind, unsigned char c)
{
    return c == '\n' || c == '"' || c == '\'' || c == '`' ||
           (kind->ends_at_space && (c == ' ' || c == '\t' || c == ')' || c == '<' || c == '>'));
}

static size_t string_begin(const struct vb_layer_walk *walk, const struct escape_kind *kind,
                           size_t at, size_t floor)
{
    const size_t lowest = at - floor > BACK_MAX ? at - BACK_MAX : floor;
    while (at > lowest && !ends_string(kind, walk->data[at - 1]))
        at--;
    return at;
}

/* A string without its escapes. */
struct unescaped {
    struct vb_buf bytes;
    size_t end;   /* of the string in the text */
    size_t plain; /* how many escapes stand for plain characters */
};

static void unescaped_done(struct unescaped *string)
{
    vb_buf_done(&string->bytes);
}

/* Decodes the string that begins at AT into RET, whose bytes it replaces. */
static int unescape(const struct vb_layer_walk *walk, const struct escape_kind *kind, size_t at,
                    struct unescaped *ret, struct vb_error *err)
{
    vb_buf_clear(&ret->bytes);
    ret->plain = 0;
    for (ret->end = at; at < walk->len && !ends_string(kind, walk->data[at]); ret->end = at) {
        uint32_t code = walk->data[at];
        size_t used = 0;
        if (code == kind->lead)
            used = kind->read(walk->data + at, walk->len - at, &code);
        int status;
        if (used > 0 && (code >= 0x100 || (code >= 0x80 && kind->lead != '%'))) {
            status = vb_utf8_append(&ret->bytes, code, err);
        } else {
            const unsigned char byte = (unsigned char)code;
            status = vb_buf_append(&ret->bytes, &byte, 1, err);
        }
        if (status < 0)
            return status;
        ret->plain += used > 0 && code >= 0x20 && code < 0x7F ? 1 : 0;
        at += used > 0 ? used : 1;
    }
    return VB_OK;
}

static int escapes_of(struct vb_layer_walk *walk, const struct escape_kind *kind,
                      struct vb_error *err)
{
    VB_CLEANUP(unescaped_done) struct unescaped string = {.end = 0};
    vb_buf_init(&string.bytes, walk->len * 2 + 8);
    size_t floor = 0;
    while (floor < walk->len) {
        const unsigned char *lead = memchr(walk->data + floor, kind->lead, walk->len - floor);
        if (lead == NULL)
            return VB_OK;
        const size_t at = (size_t)(lead - walk->data);
        uint32_t code;
        if (kind->read(lead, walk->len - at, &code) == 0) {
            floor = at + 1;
            continue;
        }
        const struct vb_buf *out = &string.bytes;
        const size_t begin = string_begin(walk, kind, at, floor);
        int status = unescape(walk, kind, begin, &string, err);
        if (status == 0 && string.plain >= ESCAPE_MIN && out->len >= TEXT_MIN &&
            vb_layer_text_prefix(out->data, out->len) == out->len)
            status = vb_layer_found(walk, kind->name, begin, out->data, out->len, err);
        if (status < 0)
            return status;
        floor = string.end > at ? string.end : at + 1;
    }
    return VB_OK;
}

int vb_layers_escapes(struct vb_layer_walk *walk, struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(escape_kinds); i++) {
        const int status = escapes_of(walk, &escape_kinds[i], err);
        if (status < 0)
            return status;
    }
    return VB_OK;
}
