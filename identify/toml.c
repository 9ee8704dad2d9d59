/* The part of TOML 1.0 that manifests use: tables, arrays of tables, dotted keys, the four kinds of
 * strings, arrays and inline tables; every other scalar stays the text it is. What cannot be read
 * is noted and skipped to the next line. Trust boundary: hostile text; depth is capped. */
#include "identify/internal.h"

#include <ctype.h>

struct reader {
    const char *text;
    size_t len;
    size_t at;
    unsigned depth;
    struct vb_id_notes *notes;
    json_t *root;
    json_t *table; /* where keys go now, borrowed */
};

static json_t *read_value(struct reader *in);
static bool read_pair(struct reader *in, json_t *table);

static bool refuse(struct reader *in, const char *why)
{
    if (in->notes->broken == NULL) {
        in->notes->broken = why;
        in->notes->line = (int64_t)vb_line_of(in->text, in->len, in->at);
    }
    return false;
}

static char peek(const struct reader *in)
{
    return in->at < in->len ? in->text[in->at] : '\0';
}

static bool starts(const struct reader *in, const char *word)
{
    const size_t len = strlen(word);
    return in->at < in->len && in->len - in->at >= len && memcmp(in->text + in->at, word, len) == 0;
}

static void skip_line(struct reader *in)
{
    while (in->at < in->len && in->text[in->at] != '\n')
        in->at++;
}

static void skip_blank(struct reader *in, bool lines)
{
    for (; in->at < in->len; in->at++) {
        const char c = in->text[in->at];
        if (lines && c == '#')
            skip_line(in);
        else if (c != ' ' && c != '\t' && c != '\r' && !(lines && c == '\n'))
            return;
    }
}

static bool put(struct reader *in, struct vb_buf *out, char c)
{
    const int status = vb_buf_append(out, &c, 1, NULL);
    in->notes->nomem |= status == VB_E_NOMEM;
    return status == VB_OK;
}

static bool read_code(struct reader *in, struct vb_buf *out, unsigned digits)
{
    uint32_t code = 0;
    for (unsigned i = 0; i < digits; i++, in->at++) {
        if (!isxdigit((unsigned char)peek(in)))
            return false;
        const char c = vb_ascii_lower((char)peek(in));
        code = code * 16 + (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return vb_utf8_append(out, code == 0 ? 0xfffd : code, NULL) == VB_OK;
}

static bool read_escape(struct reader *in, struct vb_buf *out)
{
    static const char from[] = "btnfr";
    static const char to[] = "\b\t\n\f\r";
    const char c = peek(in);
    in->at++;
    if (c == 'u' || c == 'U')
        return read_code(in, out, c == 'u' ? 4 : 8);
    if (c == '\n' || c == ' ' || c == '\r') {
        while (in->at < in->len && isspace((unsigned char)peek(in)))
            in->at++;
        return true;
    }
    const char *known = c == '\0' ? NULL : strchr(from, c);
    return put(in, out, known == NULL ? c : to[known - from]);
}

static bool read_string(struct reader *in, struct vb_buf *out)
{
    const char quote = peek(in);
    const char triple[] = {quote, quote, quote, '\0'};
    const bool block = starts(in, triple);
    in->at += block ? 3 : 1;
    if (block && peek(in) == '\n')
        in->at++;
    while (in->at < in->len) {
        if (block ? starts(in, triple) : peek(in) == quote) {
            in->at += block ? 3 : 1;
            return true;
        }
        const char c = in->text[in->at++];
        if (!block && c == '\n') {
            in->at--;
            break;
        }
        if (c == '\\' && quote == '"' ? !read_escape(in, out) : !put(in, out, c == '\0' ? ' ' : c))
            return false;
    }
    return refuse(in, "a string does not end");
}

static bool read_bare(struct reader *in, struct vb_buf *out, const char *ends)
{
    const size_t from = in->at;
    while (in->at < in->len && strchr(ends, in->text[in->at]) == NULL)
        in->at++;
    size_t to = in->at;
    while (to > from && isspace((unsigned char)in->text[to - 1]))
        to--;
    return to > from && vb_buf_append(out, in->text + from, to - from, NULL) == VB_OK;
}

static json_t *text_value(struct reader *in, struct vb_buf *out)
{
    const char *text = out->len == 0 ? "" : (const char *)out->data;
    json_t *value = vb_utf8_valid(text, out->len) ? json_string_nocheck(text) : json_string("");
    in->notes->nomem |= value == NULL;
    return value;
}

static json_t *read_scalar(struct reader *in)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf out;
    vb_buf_init(&out, in->len + 16);
    const bool quoted = peek(in) == '"' || peek(in) == '\'';
    if (!(quoted ? read_string(in, &out) : read_bare(in, &out, ",]}#\n"))) {
        refuse(in, "a value is missing");
        return NULL;
    }
    return text_value(in, &out);
}

static json_t *read_array(struct reader *in)
{
    json_t *array = json_array();
    in->at++;
    for (skip_blank(in, true); array != NULL && peek(in) != ']'; skip_blank(in, true)) {
        json_t *item = read_value(in);
        if (item == NULL || json_array_append_new(array, item) != 0) {
            json_decref(array);
            return NULL;
        }
        skip_blank(in, true);
        if (peek(in) == ',')
            in->at++;
        else if (peek(in) != ']')
            break;
    }
    in->at++;
    return array;
}

static json_t *read_inline(struct reader *in)
{
    json_t *table = json_object();
    in->at++;
    for (skip_blank(in, true); table != NULL && peek(in) != '}'; skip_blank(in, true)) {
        if (!read_pair(in, table)) {
            json_decref(table);
            return NULL;
        }
        skip_blank(in, true);
        if (peek(in) == ',')
            in->at++;
        else if (peek(in) != '}')
            break;
    }
    in->at++;
    return table;
}

static json_t *read_value(struct reader *in)
{
    skip_blank(in, false);
    const char c = peek(in);
    if (c != '[' && c != '{')
        return read_scalar(in);
    if (in->depth == VB_ID_DEPTH_MAX) {
        in->notes->depth = true;
        refuse(in, "nested too deeply");
        return NULL;
    }
    in->depth++;
    json_t *value = c == '[' ? read_array(in) : read_inline(in);
    in->depth--;
    return value;
}

/* One part of a dotted key. */
static bool read_key(struct reader *in, struct vb_buf *out)
{
    vb_buf_clear(out);
    if (vb_buf_append(out, "", 0, NULL) != VB_OK)
        return false;
    skip_blank(in, false);
    const bool quoted = peek(in) == '"' || peek(in) == '\'';
    if (!(quoted ? read_string(in, out) : read_bare(in, out, ".=]\n#")))
        return refuse(in, "a key is expected");
    if (!vb_utf8_valid(out->data, out->len) || memchr(out->data, 0, out->len) != NULL)
        return refuse(in, "a key is not UTF-8");
    skip_blank(in, false);
    return true;
}

/* The table NAME below TABLE, made if absent; the last one of an array of tables. */
static json_t *step(struct reader *in, json_t *table, const char *name)
{
    json_t *next = json_object_get(table, name);
    if (json_is_array(next) && json_array_size(next) > 0)
        next = json_array_get(next, json_array_size(next) - 1);
    if (json_is_object(next))
        return next;
    next = json_object();
    if (next == NULL || json_object_set_new_nocheck(table, name, next) != 0) {
        in->notes->nomem = true;
        return NULL;
    }
    return next;
}

static bool set(struct reader *in, json_t *table, const char *key, json_t *value)
{
    if (value == NULL)
        return false;
    if (json_object_get(table, key) != NULL && in->notes->duplicate[0] == '\0') {
        snprintf(in->notes->duplicate, sizeof(in->notes->duplicate), "%s", key);
        if (in->notes->line == 0)
            in->notes->line = (int64_t)vb_line_of(in->text, in->len, in->at);
    }
    in->notes->nomem |= json_object_set_new_nocheck(table, key, value) != 0;
    return !in->notes->nomem;
}

static bool read_pair(struct reader *in, json_t *table)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf key;
    vb_buf_init(&key, in->len + 16);
    unsigned parts = 0;
    while (read_key(in, &key)) {
        if (peek(in) == '=') {
            in->at++;
            return set(in, table, (const char *)key.data, read_value(in));
        }
        if (peek(in) != '.' || ++parts > VB_ID_DEPTH_MAX)
            return refuse(in, "an equals sign is missing");
        in->at++;
        table = step(in, table, (const char *)key.data);
        if (table == NULL)
            return false;
    }
    return false;
}

/* [[NAME]] adds a table to the array of that name. */
static bool append_table(struct reader *in, json_t *table, const char *name)
{
    json_t *array = json_object_get(table, name);
    if (!json_is_array(array)) {
        array = json_array();
        if (!set(in, table, name, array))
            return false;
    }
    in->notes->nomem |= json_array_append_new(array, json_object()) != 0;
    return !in->notes->nomem;
}

/* [a.b] or [[a.b]] */
static bool read_header(struct reader *in)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf key;
    vb_buf_init(&key, in->len + 16);
    const bool list = starts(in, "[[");
    json_t *table = in->root;
    in->at += list ? 2 : 1;
    for (unsigned parts = 0; table != NULL && parts < VB_ID_DEPTH_MAX; parts++) {
        if (!read_key(in, &key))
            return false;
        const bool last = peek(in) == ']';
        if (!last && peek(in) != '.')
            return refuse(in, "a bracket is missing");
        in->at++;
        const char *name = (const char *)key.data;
        if (last && list && !append_table(in, table, name))
            return false;
        table = step(in, table, name);
        if (last) {
            in->table = table;
            return table != NULL;
        }
    }
    return refuse(in, "a table name is too deep");
}

json_t *vb_id_toml(const char *text, size_t len, struct vb_id_notes *notes)
{
    *notes = (struct vb_id_notes){0};
    struct reader in = {.text = text, .len = len, .notes = notes, .root = json_object()};
    in.table = in.root;
    notes->nomem = in.root == NULL;
    for (skip_blank(&in, true); in.at < len && !notes->nomem; skip_blank(&in, true)) {
        const size_t line = in.at;
        if (peek(&in) == '[' ? read_header(&in) : read_pair(&in, in.table))
            skip_blank(&in, false);
        else
            in.at = line; /* what did not end is given up with its first line */
        if (in.at < len && peek(&in) != '\n' && peek(&in) != '#')
            skip_line(&in);
    }
    return in.root;
}
