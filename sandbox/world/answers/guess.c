/* guess: an answer of the shape that the request hopes for, when no rule knows its service. Never
 * an error: a program that is refused shows less of itself. */
#include "sandbox/world/answers/internal.h"

#include <ctype.h>
#include <string.h>

static const char item[] =
    "{\"id\":${digits:6},\"uuid\":\"${uuid}\",\"name\":\"${name}\",\"title\":\"${name}\","
    "\"description\":\"\",\"status\":\"ok\",\"ok\":true,\"success\":true,\"message\":\"ok\","
    "\"value\":42,\"count\":1,\"url\":\"${origin}${path}\",\"created_at\":\"${iso:-864000}\","
    "\"updated_at\":\"${iso:-3600}\",\"data\":{\"id\":${digits:6},\"name\":\"${name}\","
    "\"value\":42},\"result\":{\"id\":${digits:6},\"name\":\"${name}\",\"value\":42},"
    "\"items\":[],\"results\":[]}\n";

#define ROW                                                                                   \
    "{\"id\":${digits:6},\"name\":\"${name}-${digits:2}\",\"title\":\"${name} ${digits:2}\"," \
    "\"status\":\"active\",\"url\":\"${origin}${path}/${digits:6}\","                         \
    "\"created_at\":\"${iso:-864000}\"}"

static const char list[] =
    "{\"data\":[" ROW "," ROW "],\"items\":[" ROW "," ROW "],\"results\":[" ROW "," ROW "],"
    "\"count\":2,\"total\":2,\"page\":1,\"per_page\":20,\"next\":null,"
    "\"has_more\":false,\"status\":\"ok\"}\n";

static const char created[] =
    "{\"id\":\"${uuid}\",\"ok\":true,\"success\":true,\"status\":\"ok\",\"message\":\"ok\","
    "\"url\":\"${origin}${path}\",\"created_at\":\"${iso}\",\"data\":{\"id\":\"${uuid}\"},"
    "\"result\":{}}\n";

static const char page[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<title>${name}</title>\n</head>\n<body>\n<h1>${name}</h1>\n"
    "<p>Welcome to ${host}.</p>\n<p><a href=\"/about\">About</a> <a href=\"/docs\">Docs</a></p>\n"
    "</body>\n</html>\n";

static const char plain[] = "ok\n";

enum shape { ITEM, LIST, CREATED, MADE, PAGE, PLAIN, NOTHING };

static const struct {
    const char *form, *type, *text;
    enum vb_escape escape;
    unsigned status;
} shapes[] = {
    [ITEM] = {"json", "application/json; charset=utf-8", item, VB_ESCAPE_JSON, 200},
    [LIST] = {"json", "application/json; charset=utf-8", list, VB_ESCAPE_JSON, 200},
    [CREATED] = {"json", "application/json; charset=utf-8", created, VB_ESCAPE_JSON, 201},
    [MADE] = {"json", "application/json; charset=utf-8", created, VB_ESCAPE_JSON, 200},
    [PAGE] = {"html", "text/html; charset=utf-8", page, VB_ESCAPE_HTML, 200},
    [PLAIN] = {"text", "text/plain; charset=utf-8", plain, VB_ESCAPE_NONE, 200},
    [NOTHING] = {"empty", NULL, "", VB_ESCAPE_NONE, 204},
};

static bool is_plural(const char *word)
{
    const size_t len = strlen(word);
    return (len > 2 && word[len - 1] == 's' && word[len - 2] != 's' && word[len - 2] != 'u') ||
           vb_ascii_equal(word, "list") || vb_ascii_equal(word, "search") ||
           vb_ascii_equal(word, "query");
}

/* "/v1/…": a version of an interface. */
static bool has_version(const char *path)
{
    for (const char *at = strstr(path, "/v"); at != NULL; at = strstr(at + 1, "/v")) {
        const size_t digits = strspn(at + 2, "0123456789.");
        if (digits > 0 && (at[2 + digits] == '/' || at[2 + digits] == '\0'))
            return true;
    }
    return false;
}

static bool speaks_json(const struct vb_view *view)
{
    const char *type = vb_view_header(view, "content-type");
    return vb_text_has(view->accept, "json") || vb_text_has(type, "json") ||
           vb_ascii_starts(view->request->host, "api.") || vb_text_has(view->path, "/api") ||
           vb_text_has(view->path, "/graphql") || has_version(view->path);
}

static enum shape shape_of_get(const struct vb_view *view)
{
    const char *extension = vb_path_extension(view->path);
    const bool html = vb_text_has(view->accept, "text/html");
    if (!html && speaks_json(view))
        return is_plural(view->last) ? LIST : ITEM;
    if (html || vb_ascii_starts(extension, "htm") || vb_ascii_starts(extension, "php"))
        return PAGE;
    if (vb_text_has(view->accept, "text/plain") || vb_ascii_equal(extension, "txt"))
        return PLAIN;
    if (view->last[0] == '\0')
        return PAGE;
    return is_plural(view->last) ? LIST : ITEM;
}

static enum shape shape_of(const struct vb_view *view)
{
    const char *method = view->request->method;
    if (strcmp(method, "DELETE") == 0 || strcmp(method, "OPTIONS") == 0)
        return NOTHING;
    if (strcmp(method, "POST") == 0)
        return is_plural(view->last) ? CREATED : MADE;
    if (strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0)
        return MADE;
    return shape_of_get(view);
}

int vb_make_guess(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    const enum shape shape = shape_of(answer->view);
    if (shape != NOTHING && answer->responder->guess != VB_GUESS_DATA)
        return vb_make_code(answer, out, err);
    answer->reply->form = shapes[shape].form;
    answer->reply->status = shapes[shape].status;
    int status = VB_OK;
    if (shapes[shape].type != NULL)
        status = vb_answer_header(answer, "Content-Type", shapes[shape].type, err);
    else if (strcmp(answer->view->request->method, "OPTIONS") == 0)
        status =
            vb_answer_header(answer, "Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", err);
    return status < 0
               ? status
               : vb_answer_expand(answer, shapes[shape].text, shapes[shape].escape, out, err);
}

/* --- what was asked, told back --- */

static bool is_word(const char *text)
{
    size_t len = 0;
    while (isalnum((unsigned char)text[len]) || text[len] == '-' || text[len] == '_')
        len++;
    return len > 0 && text[len] == '\0';
}

/* A JSON object has each name once: the first. */
static bool is_first(const struct vb_http_request *request, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(request->headers[i].name, request->headers[index].name) == 0)
            return false;
    }
    return true;
}

int vb_make_mirror(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    const struct vb_http_request *request = answer->view->request;
    VB_CLEANUP(vb_buf_done) struct vb_buf url;
    vb_buf_init(&url, 2 * VB_VIEW_PATH);
    int status = vb_answer_origin(answer, &url, err);
    if (status == VB_OK)
        status = vb_buf_append_str(&url, answer->view->path, err);
    if (status < 0)
        return status;
    struct vb_json_out json;
    vb_json_out_buf(&json, out, true, err);
    vb_json_begin_object(&json);
    vb_json_key(&json, "headers");
    vb_json_begin_object(&json);
    for (size_t i = 0; i < request->header_count; i++) {
        if (is_word(request->headers[i].name) && is_first(request, i)) {
            vb_json_key(&json, request->headers[i].name);
            vb_json_bytes(&json, request->headers[i].value, strlen(request->headers[i].value));
        }
    }
    vb_json_end_object(&json);
    vb_json_member_str(&json, "method", request->method);
    vb_json_member_str(&json, "origin", answer->responder->address);
    vb_json_key(&json, "url");
    vb_json_bytes(&json, url.data, url.len);
    vb_json_end_object(&json);
    return vb_json_finish(&json);
}
