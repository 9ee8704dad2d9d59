/* template: fills in what rules leave open. The rules are ours; the values are often hostile and
 * are escaped for the place where they go. */
#include "sandbox/world/answers/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 64 * 1024, COUNT_MAX = 4096, ARGUMENT_MAX = 128 };

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* --- escaping --- */

static int escape_json(const char *text, size_t len, struct vb_buf *out, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; i < len && status == VB_OK;) {
        uint32_t code = 0;
        const size_t step = vb_utf8_decode(text + i, len - i, &code);
        if (code == '"' || code == '\\')
            status = vb_buf_printf(out, err, "\\%c", (int)code);
        else if (code < 0x20 || code == 0x7f)
            status = vb_buf_printf(out, err, "\\u%04x", (unsigned)code);
        else
            status = vb_utf8_append(out, code, err);
        i += step;
    }
    return status;
}

static int escape_html(const char *text, size_t len, struct vb_buf *out, struct vb_error *err)
{
    static const char special[] = "<>&\"'";
    int status = VB_OK;
    for (size_t i = 0; i < len && status == VB_OK;) {
        uint32_t code = 0;
        const size_t step = vb_utf8_decode(text + i, len - i, &code);
        if (code < 0x80 && code != 0 && strchr(special, (int)code) != NULL)
            status = vb_buf_printf(out, err, "&#%u;", (unsigned)code);
        else
            status = vb_utf8_append(out, code, err);
        i += step;
    }
    return status;
}

static int escape_header(const char *text, size_t len, struct vb_buf *out, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; i < len && status == VB_OK; i++) {
        if (text[i] >= 0x20 && text[i] < 0x7f)
            status = vb_buf_append(out, text + i, 1, err);
    }
    return status;
}

static int put_escaped(const struct vb_buf *value, enum vb_escape escape, struct vb_buf *out,
                       struct vb_error *err)
{
    static int (*const how[])(const char *, size_t, struct vb_buf *, struct vb_error *) = {
        [VB_ESCAPE_JSON] = escape_json,
        [VB_ESCAPE_HTML] = escape_html,
        [VB_ESCAPE_HEADER] = escape_header,
    };
    if (value->len == 0)
        return VB_OK;
    if (escape == VB_ESCAPE_NONE)
        return vb_buf_append(out, value->data, value->len, err);
    return how[escape]((const char *)value->data, value->len, out, err);
}

/* --- values --- */

static int put_host(struct vb_answer *a, const char *arg, struct vb_buf *out, struct vb_error *err)
{
    (void)arg;
    return vb_buf_append_str(out, a->view->request->host, err);
}

static int put_origin(struct vb_answer *a, const char *arg, struct vb_buf *out,
                      struct vb_error *err)
{
    (void)arg;
    return vb_answer_origin(a, out, err);
}

static int put_path(struct vb_answer *a, const char *arg, struct vb_buf *out, struct vb_error *err)
{
    (void)arg;
    return vb_buf_append_str(out, a->view->path, err);
}

static int put_last(struct vb_answer *a, const char *arg, struct vb_buf *out, struct vb_error *err)
{
    (void)arg;
    return vb_buf_append_str(out, a->view->last, err);
}

static int put_method(struct vb_answer *a, const char *arg, struct vb_buf *out,
                      struct vb_error *err)
{
    (void)arg;
    return vb_buf_append_str(out, a->view->request->method, err);
}

static int put_name(struct vb_answer *a, const char *arg, struct vb_buf *out, struct vb_error *err)
{
    (void)arg;
    return vb_buf_append_str(out, a->view->name, err);
}

static int put_module(struct vb_answer *a, const char *arg, struct vb_buf *out,
                      struct vb_error *err)
{
    (void)arg;
    return vb_buf_append_str(out, a->view->module, err);
}

static int put_version(struct vb_answer *a, const char *arg, struct vb_buf *out,
                       struct vb_error *err)
{
    (void)arg;
    return vb_buf_append_str(out, a->view->version, err);
}

/* The path's segment number ARG, from 1. */
static int put_segment(struct vb_answer *a, const char *arg, struct vb_buf *out,
                       struct vb_error *err)
{
    const char *at = a->view->path;
    for (unsigned long n = strtoul(arg, NULL, 10); n > 1 && at != NULL; n--)
        at = strchr(at + 1, '/');
    if (at == NULL)
        return VB_OK;
    return vb_buf_append(out, at + 1, strcspn(at + 1, "/"), err);
}

static int put_query(struct vb_answer *a, const char *arg, struct vb_buf *out, struct vb_error *err)
{
    char value[VB_VIEW_VALUE];
    return vb_view_query(a->view, arg, value, sizeof(value)) ? vb_buf_append_str(out, value, err)
                                                             : VB_OK;
}

static int put_header(struct vb_answer *a, const char *arg, struct vb_buf *out,
                      struct vb_error *err)
{
    return vb_buf_append_str(out, vb_view_header(a->view, arg), err);
}

static int put_field(struct vb_answer *a, const char *arg, struct vb_buf *out, struct vb_error *err)
{
    struct vb_body_field field;
    return vb_view_field(a->view, arg, &field) ? vb_buf_append_str(out, field.text, err) : VB_OK;
}

/* As a JSON value of its own: a number stays one, a string has its quotes. */
static int put_json(struct vb_answer *a, const char *arg, struct vb_buf *out, struct vb_error *err)
{
    struct vb_body_field field;
    if (!vb_view_field(a->view, arg, &field))
        return vb_buf_append_str(out, "null", err);
    if (field.bare)
        return vb_buf_append_str(out, field.text, err);
    int status = vb_buf_append_str(out, "\"", err);
    if (status == VB_OK)
        status = escape_json(field.text, strlen(field.text), out, err);
    return status < 0 ? status : vb_buf_append_str(out, "\"", err);
}

static int64_t moved(const struct vb_answer *a, const char *arg)
{
    return a->now + strtol(arg, NULL, 10);
}

static int put_now(struct vb_answer *a, const char *arg, struct vb_buf *out, struct vb_error *err)
{
    return vb_buf_printf(out, err, "%lld", (long long)moved(a, arg));
}

static int put_time(const struct vb_answer *a, const char *arg, const char *format,
                    struct vb_buf *out, struct vb_error *err)
{
    char text[64];
    vb_answer_time(moved(a, arg), format, text, sizeof(text));
    return vb_buf_append_str(out, text, err);
}

static int put_iso(struct vb_answer *a, const char *arg, struct vb_buf *out, struct vb_error *err)
{
    return put_time(a, arg, "%Y-%m-%dT%H:%M:%SZ", out, err);
}

static int put_day(struct vb_answer *a, const char *arg, struct vb_buf *out, struct vb_error *err)
{
    return put_time(a, arg, "%Y-%m-%d", out, err);
}

static int put_date(struct vb_answer *a, const char *arg, struct vb_buf *out, struct vb_error *err)
{
    return put_time(a, arg, "%a, %d %b %Y %H:%M:%S GMT", out, err);
}

static int put_uuid(struct vb_answer *a, const char *arg, struct vb_buf *out, struct vb_error *err)
{
    (void)arg;
    unsigned char b[16];
    for (size_t i = 0; i < sizeof(b); i++) {
        const int status = vb_stream_byte(&a->stream, &b[i], err);
        if (status < 0)
            return status;
    }
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    return vb_buf_printf(out, err,
                         "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                         b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
                         b[12], b[13], b[14], b[15]);
}

static int put_address(struct vb_answer *a, const char *arg, struct vb_buf *out,
                       struct vb_error *err)
{
    (void)arg;
    return vb_buf_append_str(out, a->responder->address, err);
}

static int put_token(struct vb_answer *a, const char *arg, struct vb_buf *out, struct vb_error *err)
{
    (void)arg;
    return vb_buf_append_str(out, vb_answer_token(a), err);
}

static const char *bait_named(const struct vb_responder *responder, const char *name)
{
    for (size_t i = 0; i < responder->bait_count; i++) {
        if (strcmp(responder->baits[i].name, name) == 0)
            return responder->baits[i].value;
    }
    return NULL;
}

static int put_bait(struct vb_answer *a, const char *arg, struct vb_buf *out, struct vb_error *err)
{
    const char *value = bait_named(a->responder, arg);
    return value == NULL ? VB_OK : vb_buf_append_str(out, value, err);
}

static int put_base64url(const struct vb_buf *text, struct vb_buf *out, struct vb_error *err)
{
    const size_t begin = out->len;
    const int status = vb_base64_encode(out, text->data, text->len, err);
    if (status < 0)
        return status;
    for (size_t i = begin; i < out->len; i++) {
        if (out->data[i] == '+')
            out->data[i] = '-';
        else if (out->data[i] == '/')
            out->data[i] = '_';
    }
    while (out->len > begin && out->data[out->len - 1] == '=')
        out->data[--out->len] = '\0';
    return VB_OK;
}

/* A JSON Web Token whose parts parse (RFC 7519), with a signature of the right length. */
static int put_jwt(struct vb_answer *a, const char *arg, struct vb_buf *out, struct vb_error *err)
{
    static const char *const parts[] = {
        "{\"alg\":\"RS256\",\"kid\":\"${hex:40}\",\"typ\":\"JWT\"}",
        "{\"sub\":\"${uuid}\",\"jti\":\"${uuid}\",\"iat\":${now},\"exp\":${now:3600},"
        "\"ver\":\"1.0\"}"};
    (void)arg;
    int status = VB_OK;
    for (size_t i = 0; i < VB_ARRAY_LEN(parts) && status == VB_OK; i++) {
        VB_CLEANUP(vb_buf_done) struct vb_buf text;
        vb_buf_init(&text, VALUE_MAX);
        status = vb_answer_expand(a, parts[i], VB_ESCAPE_NONE, &text, err);
        if (status == VB_OK)
            status = put_base64url(&text, out, err);
        if (status == VB_OK)
            status = vb_buf_append_str(out, ".", err);
    }
    if (status == VB_OK) /* 256 bytes leave two bits of the last digit unused */
        status = vb_stream_text(&a->stream, UPPER LOWER DIGITS "-_", 341, out, err);
    return status < 0 ? status : vb_stream_text(&a->stream, "AQgw", 1, out, err);
}

enum argument { NO_ARGUMENT, TEXT, COUNT, SECONDS, BAIT };

static const struct variable {
    const char *name;
    enum argument argument;
    const char *alphabet; /* that many of its characters; NULL: MAKE does it */
    int (*make)(struct vb_answer *answer, const char *argument, struct vb_buf *out,
                struct vb_error *err);
    bool whole; /* JSON already: not escaped there */
} variables[] = {
    {"host", NO_ARGUMENT, NULL, put_host, false},
    {"origin", NO_ARGUMENT, NULL, put_origin, false},
    {"path", NO_ARGUMENT, NULL, put_path, false},
    {"last", NO_ARGUMENT, NULL, put_last, false},
    {"segment", COUNT, NULL, put_segment, false},
    {"method", NO_ARGUMENT, NULL, put_method, false},
    {"query", TEXT, NULL, put_query, false},
    {"header", TEXT, NULL, put_header, false},
    {"field", TEXT, NULL, put_field, false},
    {"json", TEXT, NULL, put_json, true},
    {"name", NO_ARGUMENT, NULL, put_name, false},
    {"module", NO_ARGUMENT, NULL, put_module, false},
    {"version", NO_ARGUMENT, NULL, put_version, false},
    {"now", SECONDS, NULL, put_now, false},
    {"iso", SECONDS, NULL, put_iso, false},
    {"day", SECONDS, NULL, put_day, false},
    {"date", SECONDS, NULL, put_date, false},
    {"uuid", NO_ARGUMENT, NULL, put_uuid, false},
    {"address", NO_ARGUMENT, NULL, put_address, false},
    {"token", NO_ARGUMENT, NULL, put_token, false},
    {"bait", BAIT, NULL, put_bait, false},
    {"jwt", NO_ARGUMENT, NULL, put_jwt, false},
    {"hex", COUNT, DIGITS "abcdef", NULL, false},
    {"digits", COUNT, "123456789", NULL, false},
    {"b32", COUNT, UPPER "234567", NULL, false},
    {"b62", COUNT, DIGITS UPPER LOWER, NULL, false},
    {"b64", COUNT, UPPER LOWER DIGITS "+/", NULL, false},
    {"b64u", COUNT, UPPER LOWER DIGITS "-_", NULL, false},
    {"low", COUNT, LOWER DIGITS, NULL, false},
};

static const struct variable *variable_of(const char *name, size_t len)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(variables); i++) {
        if (strlen(variables[i].name) == len && strncmp(variables[i].name, name, len) == 0)
            return &variables[i];
    }
    return NULL;
}

const char *vb_template_name(size_t index)
{
    return index < VB_ARRAY_LEN(variables) ? variables[index].name : NULL;
}

/* --- expanding --- */

struct piece {
    const char *name, *end; /* of what stands in ${…}; END is at the brace */
    const struct variable *variable;
    char argument[ARGUMENT_MAX];
};

/* Takes the ${…} that begins at TEXT apart. */
static bool read_piece(const char *text, struct piece *ret)
{
    ret->name = text + 2;
    ret->end = strchr(ret->name, '}');
    if (ret->end == NULL)
        return false;
    const size_t len = strcspn(ret->name, ":}");
    ret->variable = variable_of(ret->name, len);
    const char *argument = ret->name + len + (ret->name[len] == ':');
    const int size = (int)(ret->end - argument);
    snprintf(ret->argument, sizeof(ret->argument), "%.*s", size, argument);
    return size < ARGUMENT_MAX;
}

static int put_piece(struct vb_answer *answer, const struct piece *piece, enum vb_escape escape,
                     struct vb_buf *out, struct vb_error *err)
{
    const struct variable *variable = piece->variable;
    if (variable == NULL)
        return vb_fail(err, VB_E_SOFTWARE, 0, "an answer's text was not checked");
    VB_CLEANUP(vb_buf_done) struct vb_buf value;
    vb_buf_init(&value, VALUE_MAX);
    int status = variable->alphabet != NULL
                     ? vb_stream_text(&answer->stream, variable->alphabet,
                                      strtoul(piece->argument, NULL, 10), &value, err)
                     : variable->make(answer, piece->argument, &value, err);
    const bool as_is = variable->whole && escape == VB_ESCAPE_JSON;
    return status < 0 ? status : put_escaped(&value, as_is ? VB_ESCAPE_NONE : escape, out, err);
}

int vb_answer_expand(struct vb_answer *answer, const char *text, enum vb_escape escape,
                     struct vb_buf *out, struct vb_error *err)
{
    int status = VB_OK;
    while (*text != '\0' && status == VB_OK) {
        const char *dollar = strstr(text, "${");
        const bool plain = dollar != NULL && dollar > text && dollar[-1] == '$';
        const size_t len = dollar == NULL ? strlen(text) : (size_t)(dollar - text) - plain;
        struct piece piece;
        status = vb_buf_append(out, text, len, err);
        text += len;
        if (status < 0 || dollar == NULL)
            continue;
        if (plain || !read_piece(text, &piece)) {
            status = vb_buf_append_str(out, "${", err);
            text += plain ? 3 : 2;
            continue;
        }
        status = put_piece(answer, &piece, escape, out, err);
        text = piece.end + 1;
    }
    return status;
}

static int check_piece(const struct vb_responder *responder, const struct piece *piece,
                       struct vb_error *err)
{
    const char *argument = piece->argument;
    const int len = (int)(piece->end - piece->name);
    if (piece->variable == NULL)
        return vb_fail(err, VB_E_CONFIG, 0, "there is no ${%.*s}", len, piece->name);
    const enum argument want = piece->variable->argument;
    const size_t digits = strspn(argument, DIGITS);
    if ((want == NO_ARGUMENT && argument[0] != '\0') || (want == TEXT && argument[0] == '\0'))
        return vb_fail(err, VB_E_CONFIG, 0, "${%.*s} takes %s argument", len, piece->name,
                       want == TEXT ? "an" : "no");
    if (want == COUNT && (digits == 0 || digits > 4 || argument[digits] != '\0' ||
                          strtoul(argument, NULL, 10) > COUNT_MAX))
        return vb_fail(err, VB_E_CONFIG, 0, "${%.*s} wants a number of at most %d", len,
                       piece->name, COUNT_MAX);
    const char *seconds = argument + (argument[0] == '-');
    if (want == SECONDS && (seconds[strspn(seconds, DIGITS)] != '\0' || strlen(seconds) > 10))
        return vb_fail(err, VB_E_CONFIG, 0, "${%.*s} wants seconds", len, piece->name);
    if (want == BAIT && bait_named(responder, argument) == NULL)
        return vb_fail(err, VB_E_CONFIG, 0, "there is no bait called %s", argument);
    return VB_OK;
}

int vb_template_check(const struct vb_responder *responder, const char *text, struct vb_error *err)
{
    for (const char *at = strstr(text, "${"); at != NULL; at = strstr(at + 2, "${")) {
        struct piece piece;
        if (at > text && at[-1] == '$')
            continue;
        if (!read_piece(at, &piece))
            return vb_fail(err, VB_E_CONFIG, 0, "a ${ has no end; write $${ for a plain one");
        const int status = check_piece(responder, &piece, err);
        if (status < 0)
            return status;
    }
    return VB_OK;
}

/* --- what answers give away --- */

static const struct vb_http_header bait_forms[] = {
    {"aws-access-key-id", "ASIA${b32:16}"},
    {"aws-secret-access-key", "${b64:40}"},
    {"aws-session-token", "IQoJb3JpZ2luX2VjE${b62:12}aCXVzLWVhc3QtMSJ${b64:300}="},
    {"aws-imds-token", "AQAEA${b64u:51}=="},
    {"gcp-access-token", "ya29.c.${b64u:210}"},
    {"azure-access-token", "${jwt}"},
    {"kubernetes-token", "${jwt}"},
};
_Static_assert(VB_ARRAY_LEN(bait_forms) <= VB_WORLD_BAITS_MAX, "no room for the baits");

int vb_answer_make_baits(struct vb_responder *responder, struct vb_error *err)
{
    struct vb_answer answer = {.responder = responder, .now = 1767225600};
    for (size_t i = 0; i < VB_ARRAY_LEN(bait_forms); i++) {
        VB_CLEANUP(vb_buf_done) struct vb_buf value;
        vb_buf_init(&value, VALUE_MAX);
        vb_answer_stream(&answer, bait_forms[i].name, &answer.stream);
        const int status =
            vb_answer_expand(&answer, bait_forms[i].value, VB_ESCAPE_NONE, &value, err);
        if (status < 0)
            return status;
        responder->baits[i].name = bait_forms[i].name;
        responder->baits[i].value = (const char *)vb_steal(value.data);
        responder->bait_count = i + 1;
    }
    return VB_OK;
}
