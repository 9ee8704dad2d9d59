/* A lenient JSON reader: JSON5 (json5.org) as OpenClaw takes it in metadata strings, JSON with
 * comments as editors take it, and what JSON.parse takes of duplicate keys (the last one wins).
 * Everything beyond RFC 8259 is noted. Trust boundary: hostile text; depth is capped. */
#include "identify/internal.h"

#include <ctype.h>

struct reader {
    const char *text;
    size_t len;
    size_t at;
    unsigned depth;
    struct vb_id_notes *notes;
};

static json_t *read_value(struct reader *in);

static json_t *refuse(struct reader *in, const char *why)
{
    if (in->notes->broken == NULL) {
        in->notes->broken = why;
        in->notes->line = (int64_t)vb_line_of(in->text, in->len, in->at);
    }
    return NULL;
}

static json_t *need(struct reader *in, json_t *value)
{
    if (value == NULL)
        in->notes->nomem = true;
    return value;
}

static int peek(const struct reader *in)
{
    return in->at < in->len ? (unsigned char)in->text[in->at] : -1;
}

static bool starts(const struct reader *in, const char *word)
{
    const size_t len = strlen(word);
    return in->at < in->len && in->len - in->at >= len && memcmp(in->text + in->at, word, len) == 0;
}

static void skip_comment(struct reader *in)
{
    const bool block = in->text[in->at + 1] == '*';
    in->notes->lenient = true;
    in->at += 2;
    while (in->at < in->len && !(block ? starts(in, "*/") : in->text[in->at] == '\n'))
        in->at++;
    if (block && in->at < in->len)
        in->at += 2;
}

static void skip_space(struct reader *in)
{
    for (;;) {
        while (in->at < in->len && isspace((unsigned char)in->text[in->at]))
            in->at++;
        if (!starts(in, "//") && !starts(in, "/*"))
            return;
        skip_comment(in);
    }
}

static int hex_value(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(struct reader *in, unsigned digits, uint32_t *ret)
{
    uint32_t code = 0;
    for (unsigned i = 0; i < digits; i++, in->at++) {
        const int value = hex_value(peek(in));
        if (value < 0)
            return false;
        code = code * 16 + (uint32_t)value;
    }
    *ret = code;
    return true;
}

static bool append_code(struct reader *in, struct vb_buf *out, uint32_t code)
{
    uint32_t low = 0;
    if (code >= 0xd800 && code < 0xdc00 && starts(in, "\\u")) {
        in->at += 2;
        if (!read_hex(in, 4, &low))
            return false;
        if (low >= 0xdc00 && low < 0xe000)
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    /* A NUL would end the string for every later reader in C. */
    return vb_utf8_append(out, code == 0 ? 0xfffd : code, NULL) == VB_OK;
}

static bool read_escape(struct reader *in, struct vb_buf *out)
{
    static const char from[] = "bfnrtv0";
    static const char to[] = "\b\f\n\r\t\v ";
    const int c = peek(in);
    uint32_t code;
    if (c < 0)
        return false;
    in->at++;
    if (c == 'u' || c == 'x')
        return read_hex(in, c == 'u' ? 4 : 2, &code) && append_code(in, out, code);
    if (c == '\n' || c == '\r')
        return true;
    const char *known = memchr(from, c, sizeof(from) - 1);
    const char plain = known == NULL ? (char)c : to[known - from];
    return vb_buf_append(out, &plain, 1, NULL) == VB_OK;
}

static bool read_string(struct reader *in, struct vb_buf *out)
{
    const char quote = in->text[in->at++];
    in->notes->lenient |= quote == '\'';
    while (in->at < in->len && in->text[in->at] != quote) {
        const char c = in->text[in->at++];
        if (c == '\\' ? !read_escape(in, out) : vb_buf_append(out, &c, 1, NULL) != VB_OK)
            return false;
    }
    return in->at++ < in->len;
}

static bool read_word(struct reader *in, struct vb_buf *out)
{
    in->notes->lenient = true;
    const size_t from = in->at;
    while (
        in->at < in->len &&
        (isalnum((unsigned char)in->text[in->at]) || strchr("_$-.+", in->text[in->at]) != NULL) &&
        in->text[in->at] != '\0')
        in->at++;
    return in->at > from && vb_buf_append(out, in->text + from, in->at - from, NULL) == VB_OK;
}

static json_t *read_scalar(struct reader *in)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf out;
    vb_buf_init(&out, in->len + 16);
    const bool quoted = peek(in) == '"' || peek(in) == '\'';
    const bool lenient = in->notes->lenient;
    if (!(quoted ? read_string(in, &out) : read_word(in, &out)))
        return refuse(in, quoted ? "a string does not end" : "a value is missing");
    const char *text = out.len == 0 ? "" : (const char *)out.data;
    if (quoted) {
        if (!vb_utf8_valid(text, out.len))
            return refuse(in, "a string is not UTF-8");
        return need(in, json_string_nocheck(text));
    }
    in->notes->lenient = lenient;
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return json_boolean(text[0] == 't');
    if (strcmp(text, "null") == 0)
        return json_null();
    char *end;
    const double number = strtod(text, &end);
    if (*end != '\0' || end == text)
        return refuse(in, "an unknown word");
    if (number == (double)(int64_t)(number < 9e15 && number > -9e15 ? number : 0))
        return need(in, json_integer((json_int_t)number));
    return number - number == 0 ? need(in, json_real(number)) : json_null();
}

static bool read_key(struct reader *in, struct vb_buf *out)
{
    const bool quoted = peek(in) == '"' || peek(in) == '\'';
    if (!(quoted ? read_string(in, out) : read_word(in, out)) ||
        vb_buf_append(out, "", 1, NULL) != VB_OK || !vb_utf8_valid(out->data, out->len))
        return false;
    skip_space(in);
    return peek(in) == ':';
}

static bool read_member(struct reader *in, json_t *object)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf key;
    vb_buf_init(&key, in->len + 16);
    if (!read_key(in, &key)) {
        refuse(in, "a key is expected");
        return false;
    }
    in->at++;
    json_t *value = read_value(in);
    if (value == NULL)
        return false;
    const char *name = (const char *)key.data;
    if (json_object_get(object, name) != NULL && in->notes->duplicate[0] == '\0') {
        snprintf(in->notes->duplicate, sizeof(in->notes->duplicate), "%s", name);
        in->notes->line = (int64_t)vb_line_of(in->text, in->len, in->at);
    }
    in->notes->nomem |= json_object_set_new_nocheck(object, name, value) != 0;
    return !in->notes->nomem;
}

static bool read_item(struct reader *in, json_t *array)
{
    json_t *value = read_value(in);
    if (value != NULL && json_array_append_new(array, value) != 0)
        in->notes->nomem = true;
    return value != NULL && !in->notes->nomem;
}

static json_t *read_container(struct reader *in)
{
    const bool object = peek(in) == '{';
    const char close = object ? '}' : ']';
    json_t *container = need(in, object ? json_object() : json_array());
    bool good = container != NULL;
    in->at++;
    skip_space(in);
    while (good && peek(in) != close) {
        good = object ? read_member(in, container) : read_item(in, container);
        skip_space(in);
        if (!good || peek(in) == close)
            break;
        good = peek(in) == ',';
        if (!good)
            refuse(in, "a comma or a bracket is missing");
        in->at++;
        skip_space(in);
        in->notes->lenient |= peek(in) == close;
    }
    in->at++;
    if (good)
        return container;
    json_decref(container);
    return NULL;
}

static json_t *read_value(struct reader *in)
{
    skip_space(in);
    if (peek(in) != '{' && peek(in) != '[')
        return read_scalar(in);
    if (in->depth == VB_ID_DEPTH_MAX) {
        in->notes->depth = true;
        return refuse(in, "nested too deeply");
    }
    in->depth++;
    json_t *value = read_container(in);
    in->depth--;
    return value;
}

json_t *vb_id_json5(const char *text, size_t len, struct vb_id_notes *notes)
{
    struct reader in = {.text = text, .len = len, .notes = notes};
    *notes = (struct vb_id_notes){0};
    json_t *value = read_value(&in);
    if (value == NULL)
        return NULL;
    skip_space(&in);
    if (in.at >= len)
        return value;
    refuse(&in, "text follows the value");
    json_decref(value);
    return NULL;
}
