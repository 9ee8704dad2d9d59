/* match: which rule a request fits. The request is hostile, the rules are ours or the user's. */
#include "sandbox/world/answers/internal.h"

#include <ctype.h>
#include <string.h>

static bool any(const struct vb_yaml_node *list, const struct vb_view *view,
                bool (*fits)(const char *wanted, const struct vb_view *view))
{
    if (list->kind == VB_YAML_SCALAR)
        return fits(list->text, view);
    for (size_t i = 0; i < list->count; i++) {
        if (fits(list->items[i]->text, view))
            return true;
    }
    return false;
}

static bool host_fits(const char *wanted, const struct vb_view *view)
{
    return vb_world_glob(wanted, view->request->host);
}

static bool path_fits(const char *wanted, const struct vb_view *view)
{
    return vb_world_glob(wanted, view->path);
}

/* Whoever may GET may HEAD. */
static bool method_fits(const char *wanted, const struct vb_view *view)
{
    const char *method = view->request->method;
    return strcmp(wanted, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(wanted, "GET") == 0);
}

static bool agent_fits(const char *wanted, const struct vb_view *view)
{
    return vb_text_has(view->agent, wanted);
}

static bool body_fits(const char *wanted, const struct vb_view *view)
{
    const struct vb_http_request *request = view->request;
    return request->body_len > 0 &&
           memmem(request->body, request->body_len, wanted, strlen(wanted)) != NULL;
}

static bool is_address(const struct vb_view *view)
{
    const char *host = view->request->host;
    return strchr(host, ':') != NULL || host[strspn(host, "0123456789.")] == '\0';
}

/* A last segment that nobody reads: letters and digits, at least six, and some of both. */
static bool is_opaque(const struct vb_view *view)
{
    size_t len = 0, digits = 0;
    for (const char *at = view->last; *at != '\0'; at++, len++) {
        if (!isalnum((unsigned char)*at))
            return false;
        digits += isdigit((unsigned char)*at) != 0;
    }
    return len >= 6 && digits > 0 && digits < len;
}

static bool is_root(const struct vb_view *view)
{
    return strcmp(view->path, "/") == 0;
}

/* Programs of which what they fetch is often run: their question says nothing about it. */
static bool is_fetcher(const struct vb_view *view)
{
    static const char *const agents[] = {"curl/", "wget", "powershell", "libfetch", "aria2"};
    for (size_t i = 0; i < VB_ARRAY_LEN(agents); i++) {
        if (vb_text_has(view->agent, agents[i]))
            return view->accept[0] == '\0' || strcmp(view->accept, "*/*") == 0;
    }
    return false;
}

static const struct {
    const char *name;
    bool (*holds)(const struct vb_view *view);
} qualities[] = {
    {"address", is_address}, {"opaque", is_opaque}, {"root", is_root}, {"fetcher", is_fetcher}};

bool vb_match_quality(const char *name)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(qualities); i++) {
        if (strcmp(qualities[i].name, name) == 0)
            return true;
    }
    return false;
}

static bool quality_holds(const char *wanted, const struct vb_view *view)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(qualities); i++) {
        if (strcmp(qualities[i].name, wanted) == 0)
            return qualities[i].holds(view);
    }
    return false;
}

static bool header_fits(const char *name, const char *wanted, const struct vb_view *view)
{
    const char *value = vb_view_header(view, name);
    return value[0] != '\0' && vb_text_has(value, wanted);
}

static bool query_fits(const char *name, const char *wanted, const struct vb_view *view)
{
    char value[VB_VIEW_VALUE];
    return vb_view_query(view, name, value, sizeof(value)) && vb_world_glob(wanted, value);
}

static bool field_fits(const char *name, const char *wanted, const struct vb_view *view)
{
    struct vb_body_field field;
    return vb_view_field(view, name, &field) && vb_world_glob(wanted, field.text);
}

const struct vb_matcher vb_matchers[VB_RULE_MATCHERS] = {
    {"hosts", host_fits, NULL, false},     {"paths", path_fits, NULL, false},
    {"methods", method_fits, NULL, false}, {"agents", agent_fits, NULL, false},
    {"body", body_fits, NULL, false},      {"is", quality_holds, NULL, true},
    {"headers", NULL, header_fits, false}, {"query", NULL, query_fits, false},
    {"fields", NULL, field_fits, false},
};

static bool all_pairs(const struct vb_yaml_node *map, const struct vb_view *view,
                      bool (*fits)(const char *, const char *, const struct vb_view *))
{
    for (size_t i = 0; i < map->count; i++) {
        if (!fits(map->keys[i]->text, map->items[i]->text, view))
            return false;
    }
    return true;
}

static bool all_qualities(const struct vb_yaml_node *list, const struct vb_view *view)
{
    if (list->kind == VB_YAML_SCALAR)
        return quality_holds(list->text, view);
    for (size_t i = 0; i < list->count; i++) {
        if (!quality_holds(list->items[i]->text, view))
            return false;
    }
    return true;
}

static bool rule_fits(const struct vb_rule *rule, const struct vb_view *view)
{
    for (size_t i = 0; i < VB_RULE_MATCHERS; i++) {
        const struct vb_yaml_node *node = rule->match[i];
        if (node == NULL)
            continue;
        const bool fits = vb_matchers[i].pair != NULL ? all_pairs(node, view, vb_matchers[i].pair)
                          : vb_matchers[i].quality    ? all_qualities(node, view)
                                                      : any(node, view, vb_matchers[i].one);
        if (!fits)
            return false;
    }
    return true;
}

const struct vb_rule *vb_answer_rule_find(const struct vb_responder *responder,
                                          const struct vb_view *view)
{
    for (size_t i = 0; i < responder->rule_count; i++) {
        if (rule_fits(&responder->rules[i], view))
            return &responder->rules[i];
    }
    return NULL;
}
