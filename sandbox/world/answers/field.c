/* field: one field of a request's body, JSON or a form, found without parsing the whole: a body may
 * be cut, or be no JSON at all. */
#include "sandbox/world/answers/internal.h"

#include <string.h>

struct text {
    const char *at, *end;
};

static void skip_space(struct text *text)
{
    while (text->at < text->end && strchr(" \t\r\n", *text->at) != NULL && *text->at != '\0')
        text->at++;
}

static char unescaped(char c)
{
    static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
    const char *found = c == '\0' ? NULL : strchr(from, c);
    return found == NULL ? c : to[found - from];
}

/* A JSON string behind its quote. \u stays as it is written: nobody needs it here. */
static bool take_string(struct text *text, char *ret, size_t size)
{
    size_t out = 0;
    for (; text->at < text->end && *text->at != '"'; text->at++) {
        char c = *text->at;
        if (c == '\\' && text->at + 1 < text->end && text->at[1] != 'u')
            c = unescaped(*++text->at);
        if (c != '\0' && out + 1 < size)
            ret[out++] = c;
    }
    ret[out] = '\0';
    return text->at < text->end;
}

static bool take_bare(const struct text *text, char *ret, size_t size)
{
    static const char part[] = "+-.0123456789Eaeflnrstu"; /* of numbers, true, false, null */
    size_t len = 0;
    while (text->at + len < text->end && len + 1 < size && text->at[len] != '\0' &&
           strchr(part, text->at[len]) != NULL)
        len++;
    memcpy(ret, text->at, len);
    ret[len] = '\0';
    return len > 0;
}

/* Whether RET is a bare JSON value and nothing that only looks like one. */
static bool is_bare(const char *text)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++) {
        if (strcmp(text, words[i]) == 0)
            return true;
    }
    const char *digits = text + (text[0] == '-');
    const size_t len = strspn(digits, "0123456789");
    return len > 0 && len < 16 && digits[len] == '\0' && (len == 1 || digits[0] != '0');
}

static bool value_of(struct text text, struct vb_body_field *ret)
{
    skip_space(&text);
    if (text.at == text.end || *text.at != ':')
        return false;
    text.at++;
    skip_space(&text);
    if (text.at == text.end)
        return false;
    ret->bare = false;
    if (*text.at == '"') {
        text.at++;
        return take_string(&text, ret->text, sizeof(ret->text));
    }
    if (!take_bare(&text, ret->text, sizeof(ret->text)))
        return false;
    ret->bare = is_bare(ret->text);
    return true;
}

static bool json_field(struct text body, const char *name, struct vb_body_field *ret)
{
    char key[64];
    const int len = snprintf(key, sizeof(key), "\"%s\"", name);
    if (len < 0 || (size_t)len >= sizeof(key))
        return false;
    for (;;) {
        const char *found = memmem(body.at, (size_t)(body.end - body.at), key, (size_t)len);
        if (found == NULL)
            return false;
        body.at = found + len;
        if (value_of(body, ret))
            return true;
    }
}

/* A form is a query that stands in the body. */
static bool form_field(const struct text *body, const char *name, struct vb_body_field *ret)
{
    char copy[4096];
    const size_t size = (size_t)(body->end - body->at);
    const size_t len = size < sizeof(copy) ? size : sizeof(copy) - 1;
    memcpy(copy, body->at, len);
    copy[len] = '\0';
    const struct vb_view form = {.query = copy};
    ret->bare = false;
    return vb_view_query(&form, name, ret->text, sizeof(ret->text));
}

bool vb_view_field(const struct vb_view *view, const char *name, struct vb_body_field *ret)
{
    const struct vb_http_request *request = view->request;
    if (request->body_len == 0)
        return false;
    struct text body = {(const char *)request->body, (const char *)request->body};
    body.end += request->body_len < VB_HTTP_BODY_SEEN ? request->body_len : VB_HTTP_BODY_SEEN;
    skip_space(&body);
    if (body.at == body.end)
        return false;
    if (*body.at == '{' || *body.at == '[')
        return json_field(body, name, ret);
    return form_field(&body, name, ret);
}
