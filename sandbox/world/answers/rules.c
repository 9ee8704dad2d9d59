/* rules: reads what a request gets. A rule file is the user's, or ours: trusted, but read
 * strictly, so that a slip is found where it stands and not in a run. docs/world.md describes the
 * format. */
#include "sandbox/world/answers/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { RULES_MAX = 4096, ID_MAX_CHARS = 64 };

struct file {
    struct vb_responder *responder;
    const char *name;
    size_t users; /* so many of the responder's rules are the user's; 0 while those are read */
};

static int refuse(const struct file *file, const struct vb_yaml_node *node, const char *why,
                  const char *what, struct vb_error *err)
{
    return vb_fail(err, VB_E_CONFIG, 0, "%s:%zu: %s%s%s", file->name, node->line, why,
                   what[0] == '\0' ? "" : " ", what);
}

/* ERR's message, with its place and as what it is here. */
static int refuse_as(const struct file *file, const struct vb_yaml_node *node, struct vb_error *err)
{
    if (err != NULL)
        err->status = VB_E_CONFIG;
    (void)vb_wrap(err, "%s:%zu", file->name, node->line);
    return VB_E_CONFIG;
}

static bool is_list(const struct vb_yaml_node *node)
{
    for (size_t i = 0; node->kind == VB_YAML_LIST && i < node->count; i++) {
        if (node->items[i]->kind != VB_YAML_SCALAR)
            return false;
    }
    return node->kind == VB_YAML_SCALAR || (node->kind == VB_YAML_LIST && node->count > 0);
}

static bool is_map(const struct vb_yaml_node *node)
{
    for (size_t i = 0; node->kind == VB_YAML_MAP && i < node->count; i++) {
        if (node->items[i]->kind != VB_YAML_SCALAR)
            return false;
    }
    return node->kind == VB_YAML_MAP;
}

static int check_qualities(const struct file *file, const struct vb_yaml_node *node,
                           struct vb_error *err)
{
    if (node->kind == VB_YAML_SCALAR)
        return vb_match_quality(node->text)
                   ? VB_OK
                   : refuse(file, node, "a request is never", node->text, err);
    for (size_t i = 0; i < node->count; i++) {
        if (!vb_match_quality(node->items[i]->text))
            return refuse(file, node->items[i], "a request is never", node->items[i]->text, err);
    }
    return VB_OK;
}

static int read_match(const struct file *file, const struct vb_yaml_node *match,
                      struct vb_rule *rule, struct vb_error *err)
{
    if (match->kind != VB_YAML_MAP)
        return refuse(file, match, "match must be a map", "", err);
    for (size_t i = 0; i < match->count; i++) {
        const struct vb_yaml_node *key = match->keys[i], *value = match->items[i];
        size_t at = 0;
        while (at < VB_RULE_MATCHERS && strcmp(vb_matchers[at].key, key->text) != 0)
            at++;
        if (at == VB_RULE_MATCHERS)
            return refuse(file, key, "match knows no", key->text, err);
        if (vb_matchers[at].pair != NULL ? !is_map(value) : !is_list(value))
            return refuse(file, key, key->text,
                          vb_matchers[at].pair != NULL ? "must be a map of texts"
                                                       : "must be a text or a list of texts",
                          err);
        const int status = vb_matchers[at].quality ? check_qualities(file, value, err) : VB_OK;
        if (status < 0)
            return status;
        rule->match[at] = value;
    }
    return VB_OK;
}

/* Filled in once, JSON must be JSON. */
static int check_json(const struct file *file, const struct vb_yaml_node *node,
                      struct vb_error *err)
{
    const struct vb_http_request request = {.host = "example.com", .method = "GET", .target = "/"};
    struct vb_view view;
    vb_view_init(&view, &request);
    struct vb_answer answer = {.responder = file->responder, .view = &view};
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    vb_buf_init(&text, VB_HTTP_REPLY_MAX);
    vb_answer_stream(&answer, "check", &answer.stream);
    int status = vb_answer_expand(&answer, node->text, VB_ESCAPE_JSON, &text, err);
    if (status < 0)
        return status;
    VB_CLEANUP(vb_json_free) json_t *json = NULL;
    status = vb_json_parse((const char *)text.data, text.len, text.max, &json, err);
    return status < 0 ? refuse_as(file, node, err) : VB_OK;
}

static int check_text(const struct file *file, const struct vb_yaml_node *node,
                      struct vb_error *err)
{
    return vb_template_check(file->responder, node->text, err) < 0 ? refuse_as(file, node, err)
                                                                   : VB_OK;
}

static int check_bytes(const struct file *file, const struct vb_yaml_node *node,
                       struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf bytes;
    vb_buf_init(&bytes, VB_HTTP_REPLY_MAX);
    return vb_base64_decode(&bytes, node->text, node->len, err) < 0 ? refuse_as(file, node, err)
                                                                    : VB_OK;
}

/* How a body may be written. */
static const struct writing {
    const char *key, *form, *type;
    enum vb_escape escape;
    bool bytes;
    int (*check)(const struct file *file, const struct vb_yaml_node *node, struct vb_error *err);
} writings[] = {
    {"json", "json", "application/json; charset=utf-8", VB_ESCAPE_JSON, false, check_json},
    {"html", "html", "text/html; charset=utf-8", VB_ESCAPE_HTML, false, NULL},
    {"text", "text", "text/plain; charset=utf-8", VB_ESCAPE_NONE, false, NULL},
    {"events", "events", "text/event-stream", VB_ESCAPE_JSON, false, NULL},
    {"bytes", "bytes", "application/octet-stream", VB_ESCAPE_NONE, true, check_bytes},
};

static int read_body(const struct file *file, const struct writing *writing,
                     const struct vb_yaml_node *node, struct vb_rule *rule, struct vb_error *err)
{
    if (rule->body != NULL || rule->kind != NULL)
        return refuse(file, node, "a reply has one body", "", err);
    int status = writing->bytes ? VB_OK : check_text(file, node, err);
    if (status == VB_OK && writing->check != NULL)
        status = writing->check(file, node, err);
    rule->body = node;
    rule->form = rule->form == NULL ? writing->form : rule->form;
    rule->type = rule->type == NULL ? writing->type : rule->type;
    rule->escape = writing->escape;
    rule->bytes = writing->bytes;
    return status;
}

static int read_status(const struct file *file, const struct vb_yaml_node *node,
                       struct vb_rule *rule, struct vb_error *err)
{
    char *end = NULL;
    const unsigned long status = strtoul(node->text, &end, 10);
    if (*end != '\0' || status < 200 || status > 599)
        return refuse(file, node, "status must be a number from 200 to 599", "", err);
    rule->status = (unsigned)status;
    return VB_OK;
}

static int read_kind(const struct file *file, const struct vb_yaml_node *node, struct vb_rule *rule,
                     struct vb_error *err)
{
    if (rule->body != NULL)
        return refuse(file, node, "a reply has one body", "", err);
    rule->kind = vb_kind_named(node->text);
    if (rule->kind == NULL)
        return refuse(file, node, "there is no answer of the kind", node->text, err);
    rule->form = rule->form == NULL ? rule->kind->form : rule->form;
    rule->type = rule->type == NULL ? rule->kind->type : rule->type;
    return VB_OK;
}

static int read_type(const struct file *file, const struct vb_yaml_node *node, struct vb_rule *rule,
                     struct vb_error *err)
{
    (void)file, (void)err;
    rule->type = node->text;
    return VB_OK;
}

static int read_form(const struct file *file, const struct vb_yaml_node *node, struct vb_rule *rule,
                     struct vb_error *err)
{
    (void)file, (void)err;
    rule->form = node->text;
    return VB_OK;
}

static int read_encode(const struct file *file, const struct vb_yaml_node *node,
                       struct vb_rule *rule, struct vb_error *err)
{
    if (strcmp(node->text, "base64") != 0)
        return refuse(file, node, "encode can only be base64", "", err);
    rule->base64 = true;
    return VB_OK;
}

static const struct {
    const char *key;
    int (*read)(const struct file *file, const struct vb_yaml_node *node, struct vb_rule *rule,
                struct vb_error *err);
} settings[] = {{"status", read_status},
                {"as", read_kind},
                {"type", read_type},
                {"form", read_form},
                {"encode", read_encode}};

static int read_headers(const struct file *file, const struct vb_yaml_node *node,
                        struct vb_rule *rule, struct vb_error *err)
{
    if (!is_map(node) || node->count > VB_HTTP_RULE_HEADERS_MAX - 2)
        return refuse(file, node, "headers must be a map of few texts", "", err);
    for (size_t i = 0; i < node->count; i++) {
        const int status = check_text(file, node->items[i], err);
        if (status < 0)
            return status;
    }
    rule->headers = node;
    return VB_OK;
}

static int read_setting(const struct file *file, const struct vb_yaml_node *key,
                        const struct vb_yaml_node *value, struct vb_rule *rule,
                        struct vb_error *err)
{
    if (strcmp(key->text, "headers") == 0)
        return read_headers(file, value, rule, err);
    if (value->kind != VB_YAML_SCALAR)
        return refuse(file, key, key->text, "must be a text", err);
    for (size_t i = 0; i < VB_ARRAY_LEN(settings); i++) {
        if (strcmp(settings[i].key, key->text) == 0)
            return settings[i].read(file, value, rule, err);
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(writings); i++) {
        if (strcmp(writings[i].key, key->text) == 0)
            return read_body(file, &writings[i], value, rule, err);
    }
    return refuse(file, key, "reply knows no", key->text, err);
}

static int read_reply(const struct file *file, const struct vb_yaml_node *reply,
                      struct vb_rule *rule, struct vb_error *err)
{
    if (reply->kind != VB_YAML_MAP)
        return refuse(file, reply, "reply must be a map", "", err);
    rule->status = 200;
    for (size_t i = 0; i < reply->count; i++) {
        const int status = read_setting(file, reply->keys[i], reply->items[i], rule, err);
        if (status < 0)
            return status;
    }
    if (rule->form == NULL)
        rule->form = "empty";
    return VB_OK;
}

static bool is_id(const struct vb_yaml_node *node)
{
    if (node->kind != VB_YAML_SCALAR || node->len == 0 || node->len > ID_MAX_CHARS)
        return false;
    return node->text[strspn(node->text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static int read_id(const struct file *file, const struct vb_yaml_node *node, struct vb_rule *rule,
                   struct vb_error *err)
{
    if (!is_id(node))
        return refuse(file, node, "an id has small letters, digits and '-', at most 64", "", err);
    for (size_t i = 0; i < file->responder->rule_count; i++) {
        if (strcmp(file->responder->rules[i].id, node->text) == 0)
            return refuse(file, node, "there is already a rule called", node->text, err);
    }
    rule->id = node->text;
    return VB_OK;
}

static const struct {
    const char *key;
    int (*read)(const struct file *file, const struct vb_yaml_node *node, struct vb_rule *rule,
                struct vb_error *err);
} parts[] = {{"id", read_id}, {"match", read_match}, {"reply", read_reply}};

static int read_rule(const struct file *file, const struct vb_yaml_node *node, struct vb_rule *rule,
                     struct vb_error *err)
{
    if (node->kind != VB_YAML_MAP)
        return refuse(file, node, "a rule must be a map", "", err);
    for (size_t i = 0; i < node->count; i++) {
        size_t at = 0;
        while (at < VB_ARRAY_LEN(parts) && strcmp(parts[at].key, node->keys[i]->text) != 0)
            at++;
        if (at == VB_ARRAY_LEN(parts))
            return refuse(file, node->keys[i], "a rule knows no", node->keys[i]->text, err);
        const int status = parts[at].read(file, node->items[i], rule, err);
        if (status < 0)
            return status;
    }
    if (rule->id == NULL || rule->form == NULL)
        return refuse(file, node, "a rule wants an id and a reply", "", err);
    return VB_OK;
}

/* Whether the user has a rule instead of this one of ours. */
static bool is_replaced(const struct file *file, const struct vb_yaml_node *rule)
{
    const struct vb_yaml_node *id = vb_yaml_get(rule, "id");
    for (size_t i = 0; id != NULL && i < file->users; i++) {
        if (strcmp(file->responder->rules[i].id, id->text) == 0)
            return true;
    }
    return false;
}

static int add_rule(const struct file *file, const struct vb_yaml_node *node, struct vb_error *err)
{
    struct vb_responder *responder = file->responder;
    if (is_replaced(file, node))
        return VB_OK;
    if (responder->rule_count == RULES_MAX)
        return refuse(file, node, "there are too many rules", "", err);
    struct vb_rule rule = {.status = 200};
    const int status = read_rule(file, node, &rule, err);
    if (status < 0)
        return status;
    struct vb_rule *rules = realloc(responder->rules, (responder->rule_count + 1) * sizeof(*rules));
    if (rules == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "reading the rules of the network of a box");
    responder->rules = rules;
    rules[responder->rule_count++] = rule;
    return VB_OK;
}

static int keep_file(struct vb_responder *responder, struct vb_yaml *yaml, struct vb_error *err)
{
    struct vb_yaml **files =
        realloc(responder->files, (responder->file_count + 1) * sizeof(struct vb_yaml *));
    if (files == NULL) {
        vb_yaml_free(yaml);
        return vb_fail(err, VB_E_NOMEM, errno, "reading the rules of the network of a box");
    }
    responder->files = files;
    files[responder->file_count++] = yaml;
    return VB_OK;
}

static int load(const struct file *file, const char *text, size_t len, struct vb_error *err)
{
    struct vb_yaml *yaml = NULL;
    int status = vb_yaml_parse(file->name, text, len, NULL, &yaml, err);
    if (status == VB_E_DATA && err != NULL)
        err->status = VB_E_CONFIG;
    if (status < 0)
        return status == VB_E_DATA ? VB_E_CONFIG : status;
    status = keep_file(file->responder, yaml, err);
    if (status < 0)
        return status;
    const struct vb_yaml_node *root = vb_yaml_root(yaml);
    const struct vb_yaml_node *rules = vb_yaml_get(root, "rules");
    if (rules == NULL || root->count != 1 || rules->kind != VB_YAML_LIST)
        return refuse(file, root, "the file must be a map of one list called rules", "", err);
    for (size_t i = 0; i < rules->count && status == VB_OK; i++)
        status = add_rule(file, rules->items[i], err);
    return status;
}

int vb_answer_rules_own(struct vb_responder *responder, struct vb_error *err)
{
    const size_t users = responder->rule_count;
    int status = VB_OK;
    for (size_t i = 0; i < vb_world_rules_count && status == VB_OK; i++) {
        const struct file file = {responder, vb_world_rules[i].name, users};
        status = load(&file, (const char *)vb_world_rules[i].text, vb_world_rules[i].len, err);
    }
    return status;
}

/* --- a folder of them --- */

static int load_file(void *ctx, const char *name, const char *text, size_t len,
                     struct vb_error *err)
{
    const struct file file = {ctx, name, 0};
    return load(&file, text, len, err);
}

int vb_answer_rules_folder(struct vb_responder *responder, const char *dir, struct vb_error *err)
{
    return vb_yaml_folder(dir, load_file, responder, err);
}
