/* Cases of rules: small logs in YAML, each of which a rule must match, or must not. Events are
 * written with their kind and the fields that matter; what a kind needs besides is filled in. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "verdict/behaviour.h"
#include "verdict/internal.h"
#include "vetbox/core/yaml.h"

enum { CASE_PID = 10, CASE_STEP_MS = 10, CASE_DOCUMENTS = 1024, CASE_NODES = 200000 };

struct cases {
    const struct vb_behaviour *behaviour;
    struct vb_policy *policy;
    struct vb_behaviour_trial *trial;
    bool *heard;
    const char *file;
    struct arena arena; /* of one case */
};

static void VB_PRINTF(3, 4) fail_case(struct cases *cases, size_t line, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    cases->trial->failed(cases->trial->ctx, cases->file, line,
                         vb_arena_vprintf(&cases->arena, fmt, args));
    va_end(args);
}

/* --- events --- */

static bool set_list(struct cases *cases, struct vb_event *event, enum vb_field field,
                     const struct vb_yaml_node *node)
{
    struct vb_str *items = vb_arena_alloc(&cases->arena, (node->count + 1) * sizeof(*items));
    for (size_t i = 0; items != NULL && i < node->count; i++) {
        if (node->items[i]->kind != VB_YAML_SCALAR)
            return false;
        items[i] = (struct vb_str){node->items[i]->text, node->items[i]->len};
    }
    if (items != NULL)
        vb_event_list(event, field, items, node->count);
    return true;
}

static bool set_field(struct cases *cases, struct vb_event *event, const char *key,
                      const struct vb_yaml_node *node)
{
    const enum vb_field field = vb_field_named(key);
    const enum vb_type type = vb_field_type(field);
    char *end = NULL;
    if (field == VB_F_NONE)
        return false;
    if (type == VB_T_LIST)
        return node->kind == VB_YAML_LIST && set_list(cases, event, field, node);
    if (node->kind != VB_YAML_SCALAR)
        return false;
    if (type == VB_T_STR) {
        vb_event_strn(event, field, node->text, node->len);
        return true;
    }
    if (type == VB_T_BOOL) {
        vb_event_bool(event, field, strcmp(node->text, "true") == 0);
        return true;
    }
    vb_event_int(event, field, strtoll(node->text, &end, 10));
    return end != node->text && *end == '\0';
}

/* What the kind needs and the case leaves out. */
static void fill_event(struct vb_event *event)
{
    const struct vb_event_type *type = vb_event_type(event->kind);
    for (const struct vb_event_field *row = type->fields; row->field != 0; row++) {
        const enum vb_field field = (enum vb_field)row->field;
        if (!row->required || vb_event_get(event, field) != NULL)
            continue;
        if (vb_field_type(field) == VB_T_LIST)
            vb_event_list(event, field, NULL, 0);
        else if (vb_field_type(field) == VB_T_STR)
            vb_event_str(event, field, "");
        else
            vb_event_int(event, field, field == VB_F_PID ? CASE_PID : 0);
    }
}

/* Static facts have no detonation, and what the tool itself says may have one. */
static bool is_static(const struct vb_event_type *type)
{
    return (type->roles & (VB_ROLE_BOX | VB_ROLE_WORLD | VB_ROLE_DRIVER)) == 0 ||
           type->roles == VB_ROLE_ANY;
}

static int add_event(struct cases *cases, struct vb_log_writer *log,
                     const struct vb_yaml_node *node, uint64_t *time_ms, bool *ret_good,
                     struct vb_error *err)
{
    const struct vb_yaml_node *kind = vb_yaml_get(node, "kind");
    struct vb_event event;
    vb_event_init(&event, kind == NULL ? VB_EV_NONE : vb_event_kind_named(kind->text),
                  VB_SOURCE_SYSCALL);
    *ret_good = event.kind != VB_EV_NONE;
    if (!*ret_good) {
        fail_case(cases, node->line, "an event has the kind of an event of the log");
        return VB_OK;
    }
    event.detonation = is_static(vb_event_type(event.kind)) ? 0 : 1;
    *time_ms += CASE_STEP_MS;
    for (size_t i = 0; i < node->count; i++) {
        const char *key = node->keys[i]->text;
        const struct vb_yaml_node *value = node->items[i];
        const long long number = value->kind == VB_YAML_SCALAR ? strtoll(value->text, NULL, 10) : 0;
        if (strcmp(key, "kind") == 0)
            continue;
        if (strcmp(key, "run") == 0)
            event.detonation = (uint32_t)number;
        else if (strcmp(key, "after_ms") == 0)
            *time_ms += number > 0 ? (uint64_t)number : 0;
        else if (!set_field(cases, &event, key, value)) {
            fail_case(cases, node->keys[i]->line, "\"%s\" is no field of events, or not so", key);
            *ret_good = false;
            return VB_OK;
        }
    }
    fill_event(&event);
    event.time_ns = *time_ms * 1000000u;
    struct vb_error why = {0};
    *ret_good = vb_event_check(&event, &why) == VB_OK;
    if (!*ret_good)
        fail_case(cases, node->line, "%s", why.message);
    return *ret_good ? vb_emit(&log->sink, &event, err) : VB_OK;
}

static int add_frame(struct vb_log_writer *log, enum vb_event_kind kind, uint32_t run,
                     struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, kind, VB_SOURCE_TOOL);
    event.detonation = run;
    event.time_ns = 1;
    if (kind == VB_EV_LOG_BEGIN)
        vb_event_str(&event, VB_F_VERSION, VB_LOG_VERSION);
    fill_event(&event);
    return vb_emit(&log->sink, &event, err);
}

/* The whole log of a case: LIST are its events, which are of run 1 unless they say otherwise. */
static int write_case(struct cases *cases, const struct vb_yaml_node *list, int fd, bool *ret_good,
                      struct vb_error *err)
{
    struct vb_log_writer log;
    uint64_t time_ms = 0;
    vb_log_writer_init(&log, fd);
    *ret_good = list->kind == VB_YAML_LIST && list->count > 0;
    if (!*ret_good)
        fail_case(cases, list->line, "a case is a list of events");
    int status = add_frame(&log, VB_EV_LOG_BEGIN, 0, err);
    if (status == VB_OK)
        status = add_frame(&log, VB_EV_DETONATION_BEGIN, 1, err);
    for (size_t i = 0; status == VB_OK && *ret_good && i < list->count; i++)
        status = add_event(cases, &log, list->items[i], &time_ms, ret_good, err);
    if (status == VB_OK)
        status = vb_log_end(&log, err);
    vb_log_writer_done(&log);
    return status;
}

/* --- cases --- */

static int run_case(struct cases *cases, size_t rule, const struct vb_yaml_node *list, bool wanted,
                    struct vb_error *err)
{
    VB_CLEANUP_FD int fd = memfd_create("vetbox-case", MFD_CLOEXEC);
    bool good = false;
    if (fd < 0)
        return vb_fail(err, VB_E_OS, errno, "making a log");
    vb_arena_reset(&cases->arena);
    memset(cases->heard, 0, cases->behaviour->count + 1);
    int status = write_case(cases, list, fd, &good, err);
    if (status == VB_OK && good)
        status = vb_behaviour_hear(fd, cases->policy, cases->behaviour, cases->heard, err);
    if (status < 0 || !good)
        return status;
    cases->trial->cases++;
    cases->trial->had[rule] |= wanted ? VB_CASES_MATCH : VB_CASES_NONE;
    if (cases->heard[rule] != wanted)
        fail_case(cases, list->line, "%s %s", vb_behaviour_rule(cases->behaviour, rule)->name,
                  wanted ? "does not match this, but should" : "matches this, but should not");
    return VB_OK;
}

/* The rule with this name, id or title, or how many there are. */
static size_t rule_named(const struct vb_behaviour *behaviour, const char *name)
{
    size_t at = 0;
    while (at < behaviour->count && strcmp(behaviour->rules[at].name, name) != 0 &&
           strcmp(behaviour->rules[at].id, name) != 0)
        at++;
    return at;
}

static int run_document(struct cases *cases, const struct vb_yaml_node *top, struct vb_error *err)
{
    static const struct {
        const char *key;
        bool wanted;
    } sides[] = {{"match", true}, {"none", false}};
    const struct vb_yaml_node *name = vb_yaml_get(top, "rule");
    const size_t rule = name == NULL || name->kind != VB_YAML_SCALAR
                            ? cases->behaviour->count
                            : rule_named(cases->behaviour, name->text);
    int status = VB_OK;
    if (rule == cases->behaviour->count) {
        fail_case(cases, top->line, "there is no rule %s",
                  name != NULL && name->kind == VB_YAML_SCALAR ? name->text : "here");
        return VB_OK;
    }
    for (size_t i = 0; i < top->count; i++) {
        const char *key = top->keys[i]->text;
        if (strcmp(key, "rule") != 0 && strcmp(key, "match") != 0 && strcmp(key, "none") != 0)
            fail_case(cases, top->keys[i]->line, "cases have rule, match and none, not \"%s\"",
                      key);
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(sides); i++) {
        const struct vb_yaml_node *list = vb_yaml_get(top, sides[i].key);
        for (size_t k = 0;
             status == VB_OK && list != NULL && list->kind == VB_YAML_LIST && k < list->count; k++)
            status = run_case(cases, rule, list->items[k], sides[i].wanted, err);
    }
    return status;
}

static void free_yaml(struct vb_yaml **yaml)
{
    vb_yaml_free(*yaml);
}

static int run_file(void *ctx, const char *name, const char *text, size_t len, struct vb_error *err)
{
    static const struct vb_yaml_limits limits = {
        .bytes = 1024 * 1024, .depth = 12, .nodes = CASE_NODES, .documents = CASE_DOCUMENTS};
    struct cases *cases = ctx;
    VB_CLEANUP(free_yaml) struct vb_yaml *yaml = NULL;
    int status = vb_yaml_parse(name, text, len, &limits, &yaml, err);
    if (status < 0)
        return status;
    cases->file = name;
    for (size_t i = 0; status == VB_OK && i < vb_yaml_document_count(yaml); i++)
        status = run_document(cases, vb_yaml_document(yaml, i), err);
    return status;
}

int vb_behaviour_cases(const struct vb_behaviour *behaviour, const char *folder,
                       struct vb_behaviour_trial *trial, struct vb_error *err)
{
    struct cases cases = {.behaviour = behaviour, .trial = trial};
    cases.heard = calloc(behaviour->count + 1, sizeof(*cases.heard));
    int status = cases.heard == NULL
                     ? vb_fail(err, VB_E_NOMEM, 0, "out of memory for the cases of rules")
                     : vb_policy_load(NULL, &cases.policy, err);
    if (status == VB_OK)
        status = vb_yaml_folder(folder, run_file, &cases, err);
    vb_policy_free(cases.policy);
    vb_arena_done(&cases.arena);
    free(cases.heard);
    return status;
}
