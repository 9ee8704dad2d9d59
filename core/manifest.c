/* The manifest as the coordinator keeps it: copies of what manifest.* events say. */
#include "vetbox/core/manifest.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *name;
    const char *what;
} permissions[VB_PERMISSION_COUNT] = {
#define VB_PERMISSION(id, name, what, meaning) [VB_PERMISSION_##id] = {name, what},
#include "vetbox/core/permissions.def"
#undef VB_PERMISSION
};

const char *vb_permission_name(enum vb_permission permission)
{
    return permissions[permission].name;
}

enum vb_permission vb_permission_of(const char *what)
{
    unsigned i = 0;
    while (i < VB_PERMISSION_COUNT && strcmp(permissions[i].what, what) != 0)
        i++;
    return (enum vb_permission)i;
}

void vb_manifest_init(struct vb_manifest *manifest)
{
    *manifest = (struct vb_manifest){0};
}

static void free_package(struct vb_manifest_package *package)
{
    free(package->kind);
    free(package->root);
    free(package->name);
    free(package->version);
    free(package->author);
}

static void free_code(struct vb_manifest_code *code)
{
    free(code->path);
    free(code->form);
    free(code->language);
    free(code->interpreter);
    free(code->text);
}

static void free_entry(struct vb_manifest_entry *entry)
{
    free(entry->path);
    free(entry->reason);
    free(entry->when);
    free(entry->command);
    free(entry->interpreter);
}

static void free_list(char **list)
{
    for (char **item = list; item != NULL && *item != NULL; item++)
        free(*item);
    free(list);
}

static void free_usage(struct vb_manifest_usage *usage)
{
    free_list(usage->argv);
    free_list(usage->environment);
    free(usage->path);
    free(usage->reason);
}

static void free_dependency(struct vb_manifest_dependency *dependency)
{
    free(dependency->path);
    free(dependency->value);
    free(dependency->detail);
}

void vb_manifest_done(struct vb_manifest *manifest)
{
    for (size_t i = 0; i < manifest->package_count; i++)
        free_package(&manifest->packages[i]);
    for (size_t i = 0; i < manifest->code_count; i++)
        free_code(&manifest->codes[i]);
    for (size_t i = 0; i < manifest->entry_count; i++)
        free_entry(&manifest->entries[i]);
    for (size_t i = 0; i < manifest->usage_count; i++)
        free_usage(&manifest->usages[i]);
    for (size_t i = 0; i < manifest->dependency_count; i++)
        free_dependency(&manifest->dependencies[i]);
    free(manifest->dependencies);
    for (size_t i = 0; i < manifest->variable_count; i++)
        free(manifest->variables[i]);
    free(manifest->usages);
    free(manifest->packages);
    free(manifest->codes);
    free(manifest->entries);
    vb_manifest_init(manifest);
}

/* A copy of the field; NULL where the event has none. Sets *FAILED when memory ran out. */
static char *copy_of(const struct vb_event *event, enum vb_field field, bool *failed)
{
    const struct vb_value *value = vb_event_get(event, field);
    if (value == NULL)
        return NULL;
    char *copy = vb_str_dup(value->str);
    *failed = *failed || copy == NULL;
    return copy;
}

/* The same of a list; an empty one where the event has none. */
static char **copy_list(const struct vb_event *event, enum vb_field field, bool *failed)
{
    const struct vb_value *value = vb_event_get(event, field);
    const size_t count = value == NULL ? 0 : value->list.count;
    char **list = calloc(count + 1, sizeof(*list));
    *failed = *failed || list == NULL;
    for (size_t i = 0; list != NULL && i < count; i++) {
        list[i] = vb_str_dup(value->list.items[i]);
        *failed = *failed || list[i] == NULL;
    }
    return list;
}

/* ITEMS with room for one more: it grows at every power of two. NULL when out of memory. */
static void *grow(void *items, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0) /* not 0, 1, 2, 4 … */
        return items;
    return reallocarray(items, count == 0 ? 1 : count * 2, size);
}

static bool add_package(struct vb_manifest *manifest, const struct vb_event *event)
{
    bool failed = false;
    struct vb_manifest_package *packages =
        grow(manifest->packages, manifest->package_count, sizeof(*packages));
    if (packages == NULL)
        return false;
    manifest->packages = packages;
    struct vb_manifest_package *package = &packages[manifest->package_count++];
    *package = (struct vb_manifest_package){0};
    package->kind = copy_of(event, VB_F_KIND_OF, &failed);
    package->root = copy_of(event, VB_F_PATH, &failed);
    package->name = copy_of(event, VB_F_NAME, &failed);
    package->version = copy_of(event, VB_F_VERSION, &failed);
    package->author = copy_of(event, VB_F_AUTHOR, &failed);
    return !failed;
}

static bool add_code(struct vb_manifest *manifest, const struct vb_event *event)
{
    bool failed = false;
    struct vb_manifest_code *codes = grow(manifest->codes, manifest->code_count, sizeof(*codes));
    if (codes == NULL)
        return false;
    manifest->codes = codes;
    struct vb_manifest_code *code = &codes[manifest->code_count++];
    *code = (struct vb_manifest_code){0};
    code->path = copy_of(event, VB_F_PATH, &failed);
    code->form = copy_of(event, VB_F_FORM, &failed);
    code->language = copy_of(event, VB_F_LANGUAGE, &failed);
    code->interpreter = copy_of(event, VB_F_INTERPRETER, &failed);
    const enum vb_field text = vb_event_get(event, VB_F_FILLED) != NULL ? VB_F_FILLED : VB_F_TEXT;
    code->text = copy_of(event, text, &failed);
    code->text_len = vb_event_get_str(event, text).len;
    code->line = vb_event_get_int(event, VB_F_LINE, 0);
    return !failed;
}

static bool add_entry(struct vb_manifest *manifest, const struct vb_event *event)
{
    bool failed = false;
    struct vb_manifest_entry *entries =
        grow(manifest->entries, manifest->entry_count, sizeof(*entries));
    if (entries == NULL)
        return false;
    manifest->entries = entries;
    struct vb_manifest_entry *entry = &entries[manifest->entry_count++];
    *entry = (struct vb_manifest_entry){0};
    entry->path = copy_of(event, VB_F_PATH, &failed);
    entry->reason = copy_of(event, VB_F_REASON, &failed);
    entry->when = copy_of(event, VB_F_WHEN, &failed);
    entry->command = copy_of(event, VB_F_COMMAND, &failed);
    entry->interpreter = copy_of(event, VB_F_INTERPRETER, &failed);
    entry->line = vb_event_get_int(event, VB_F_LINE, 0);
    return !failed;
}

static bool add_usage(struct vb_manifest *manifest, const struct vb_event *event)
{
    bool failed = false;
    struct vb_manifest_usage *usages =
        grow(manifest->usages, manifest->usage_count, sizeof(*usages));
    if (usages == NULL)
        return false;
    manifest->usages = usages;
    struct vb_manifest_usage *usage = &usages[manifest->usage_count++];
    *usage = (struct vb_manifest_usage){0};
    usage->path = copy_of(event, VB_F_PATH, &failed);
    usage->reason = copy_of(event, VB_F_REASON, &failed);
    usage->argv = copy_list(event, VB_F_ARGV, &failed);
    usage->environment = copy_list(event, VB_F_ENVIRONMENT, &failed);
    return !failed;
}

static bool add_variable(struct vb_manifest *manifest, const struct vb_event *event)
{
    bool failed = false;
    for (size_t i = 0; i < manifest->variable_count; i++) {
        if (vb_str_equal(vb_event_get_str(event, VB_F_VALUE), manifest->variables[i]))
            return true;
    }
    if (manifest->variable_count < VB_MANIFEST_VARIABLES_MAX)
        manifest->variables[manifest->variable_count++] = copy_of(event, VB_F_VALUE, &failed);
    return !failed;
}

static bool add_declared(struct vb_manifest *manifest, const struct vb_event *event)
{
    bool failed = false;
    if (vb_str_equal(vb_event_get_str(event, VB_F_WHAT), "env"))
        return add_variable(manifest, event);
    if (!vb_str_equal(vb_event_get_str(event, VB_F_WHAT), "dependency") ||
        manifest->dependency_count == VB_MANIFEST_DEPENDENCIES_MAX)
        return true;
    struct vb_manifest_dependency *dependencies =
        grow(manifest->dependencies, manifest->dependency_count, sizeof(*dependencies));
    if (dependencies == NULL)
        return false;
    manifest->dependencies = dependencies;
    struct vb_manifest_dependency *dependency = &dependencies[manifest->dependency_count++];
    *dependency = (struct vb_manifest_dependency){0};
    dependency->path = copy_of(event, VB_F_PATH, &failed);
    dependency->value = copy_of(event, VB_F_VALUE, &failed);
    dependency->detail = copy_of(event, VB_F_DETAIL, &failed);
    return !failed;
}

int vb_manifest_add(struct vb_manifest *manifest, const struct vb_event *event,
                    struct vb_error *err)
{
    static const struct {
        enum vb_event_kind kind;
        bool (*add)(struct vb_manifest *manifest, const struct vb_event *event);
    } rows[] = {{VB_EV_MANIFEST_PACKAGE, add_package},   {VB_EV_MANIFEST_CODE, add_code},
                {VB_EV_MANIFEST_ENTRY, add_entry},       {VB_EV_MANIFEST_USAGE, add_usage},
                {VB_EV_MANIFEST_DECLARES, add_declared}, {VB_EV_MANIFEST_DOCUMENTS, add_declared}};
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (rows[i].kind == event->kind && !rows[i].add(manifest, event))
            return vb_fail(err, VB_E_NOMEM, errno, "keeping the manifest");
    }
    return VB_OK;
}
