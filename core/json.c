/* JSON. Reading is strict because a duplicate key is how one file says two things to two readers.
 */
#include "vetbox/core/json.h"

#include <string.h>

#include "vetbox/core/text.h"

void vb_json_free(json_t **json)
{
    json_decref(*json);
    *json = NULL;
}

static size_t skip_string(const char *text, size_t len, size_t at)
{
    for (at++; at < len && text[at] != '"'; at++) {
        if (text[at] == '\\')
            at++;
    }
    return at;
}

/* jansson bounds depth at 2048, which costs stack; ours is checked before parsing. */
static bool depth_fits(const char *text, size_t len)
{
    unsigned depth = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            i = skip_string(text, len, i);
        else if (text[i] == '{' || text[i] == '[')
            depth++;
        else if ((text[i] == '}' || text[i] == ']') && depth > 0)
            depth--;
        if (depth > VB_JSON_MAX_DEPTH)
            return false;
    }
    return true;
}

int vb_json_parse(const char *text, size_t len, size_t max, json_t **ret, struct vb_error *err)
{
    if (len > max)
        return vb_fail(err, VB_E_LIMIT, 0, "JSON of %zu bytes is larger than %zu", len, max);
    if (!depth_fits(text, len))
        return vb_fail(err, VB_E_DATA, 0, "JSON nests deeper than %d levels", VB_JSON_MAX_DEPTH);
    json_error_t why;
    json_t *json =
        json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (json == NULL && json_error_code(&why) == json_error_out_of_memory)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for JSON of %zu bytes", len);
    if (json == NULL)
        return vb_fail(err, VB_E_DATA, 0, "JSON line %d column %d: %s", why.line, why.column,
                       why.text);
    *ret = json;
    return VB_OK;
}

static void flush(struct vb_json_out *out)
{
    if (out->status == VB_OK && out->pending > 0)
        out->status = out->write(out->ctx, out->buffer, out->pending, out->err);
    out->pending = 0;
}

/* Most pieces are a few bytes: they are gathered, so that a write is worth its system call. */
static void put(struct vb_json_out *out, const void *data, size_t len)
{
    if (len > sizeof(out->buffer) - out->pending)
        flush(out);
    if (len > sizeof(out->buffer)) {
        if (out->status == VB_OK)
            out->status = out->write(out->ctx, data, len, out->err);
        return;
    }
    memcpy(out->buffer + out->pending, data, len);
    out->pending += len;
}

static void put_text(struct vb_json_out *out, const char *text)
{
    put(out, text, strlen(text));
}

static void newline(struct vb_json_out *out)
{
    if (!out->pretty)
        return;
    put_text(out, "\n");
    for (unsigned i = 0; i < out->depth; i++)
        put_text(out, "  ");
}

static void separate(struct vb_json_out *out)
{
    if (out->after_key) {
        out->after_key = false;
        return;
    }
    if (out->depth == 0)
        return;
    if (!out->first[out->depth - 1])
        put_text(out, ",");
    out->first[out->depth - 1] = false;
    newline(out);
}

static void open_level(struct vb_json_out *out, const char *bracket)
{
    separate(out);
    put_text(out, bracket);
    if (out->depth >= VB_JSON_MAX_DEPTH) {
        if (out->status == VB_OK)
            out->status = vb_fail(out->err, VB_E_SOFTWARE, 0, "JSON output nests too deeply");
        return;
    }
    out->first[out->depth++] = true;
}

static void close_level(struct vb_json_out *out, const char *bracket)
{
    if (out->depth == 0)
        return;
    const bool empty = out->first[--out->depth];
    if (!empty)
        newline(out);
    put_text(out, bracket);
}

static int write_to_buf(void *ctx, const void *data, size_t len, struct vb_error *err)
{
    return vb_buf_append(ctx, data, len, err);
}

static int write_to_fd(void *ctx, const void *data, size_t len, struct vb_error *err)
{
    const int *fd = ctx;
    return vb_write_all(*fd, data, len, err);
}

static void init(struct vb_json_out *out, bool pretty, struct vb_error *err)
{
    out->err = err;
    out->status = VB_OK;
    out->depth = 0;
    out->after_key = false;
    out->pretty = pretty;
    out->pending = 0;
}

void vb_json_out_buf(struct vb_json_out *out, struct vb_buf *buf, bool pretty, struct vb_error *err)
{
    init(out, pretty, err);
    out->write = write_to_buf;
    out->ctx = buf;
}

void vb_json_out_fd(struct vb_json_out *out, int *fd, bool pretty, struct vb_error *err)
{
    init(out, pretty, err);
    out->write = write_to_fd;
    out->ctx = fd;
}

void vb_json_begin_object(struct vb_json_out *out)
{
    open_level(out, "{");
}

void vb_json_end_object(struct vb_json_out *out)
{
    close_level(out, "}");
}

void vb_json_begin_array(struct vb_json_out *out)
{
    open_level(out, "[");
}

void vb_json_end_array(struct vb_json_out *out)
{
    close_level(out, "]");
}

/* Escapes what RFC 8259 demands, and DEL. Runs of plain bytes go out in one piece. */
static void put_quoted(struct vb_json_out *out, const char *text, size_t len)
{
    put_text(out, "\"");
    size_t start = 0;
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F)
            continue;
        put(out, text + start, i - start);
        start = i + 1;
        char escape[8];
        const char *simple = c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : NULL;
        if (c == '"' || c == '\\')
            snprintf(escape, sizeof(escape), "\\%c", c);
        else if (simple != NULL)
            snprintf(escape, sizeof(escape), "%s", simple);
        else
            snprintf(escape, sizeof(escape), "\\u%04x", c);
        put_text(out, escape);
    }
    put(out, text + start, len - start);
    put_text(out, "\"");
}

void vb_json_key(struct vb_json_out *out, const char *key)
{
    separate(out);
    put_quoted(out, key, strlen(key));
    put_text(out, out->pretty ? ": " : ":");
    out->after_key = true;
}

void vb_json_bytes(struct vb_json_out *out, const void *text, size_t len)
{
    if (vb_utf8_valid(text, len)) {
        separate(out);
        put_quoted(out, text, len);
        return;
    }
    struct vb_buf encoded;
    vb_buf_init(&encoded, SIZE_MAX / 2);
    const int status = vb_base64_encode(&encoded, text, len, out->err);
    if (status < 0 && out->status == VB_OK)
        out->status = status;
    if (status == VB_OK) {
        const bool pretty = out->pretty;
        vb_json_begin_object(out);
        out->pretty = false;
        vb_json_key(out, "base64");
        vb_json_bytes(out, encoded.data, encoded.len);
        vb_json_end_object(out);
        out->pretty = pretty;
    }
    vb_buf_done(&encoded);
}

void vb_json_str(struct vb_json_out *out, const char *text)
{
    vb_json_bytes(out, text, strlen(text));
}

static void put_token(struct vb_json_out *out, const char *token)
{
    separate(out);
    put_text(out, token);
}

void vb_json_int(struct vb_json_out *out, int64_t value)
{
    char token[32];
    snprintf(token, sizeof(token), "%lld", (long long)value);
    put_token(out, token);
}

void vb_json_uint(struct vb_json_out *out, uint64_t value)
{
    char token[32];
    snprintf(token, sizeof(token), "%llu", (unsigned long long)value);
    put_token(out, token);
}

void vb_json_bool(struct vb_json_out *out, bool value)
{
    put_token(out, value ? "true" : "false");
}

void vb_json_null(struct vb_json_out *out)
{
    put_token(out, "null");
}

void vb_json_member_str(struct vb_json_out *out, const char *key, const char *text)
{
    if (text == NULL)
        return;
    vb_json_key(out, key);
    vb_json_str(out, text);
}

void vb_json_member_int(struct vb_json_out *out, const char *key, int64_t value)
{
    vb_json_key(out, key);
    vb_json_int(out, value);
}

void vb_json_member_bool(struct vb_json_out *out, const char *key, bool value)
{
    vb_json_key(out, key);
    vb_json_bool(out, value);
}

int vb_json_finish(struct vb_json_out *out)
{
    flush(out);
    if (out->status == VB_OK && out->depth != 0)
        out->status = vb_fail(out->err, VB_E_SOFTWARE, 0, "JSON output is not closed");
    return out->status;
}
