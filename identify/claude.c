/* Claude Code plugins, with or without a manifest, and marketplaces of them. */
#include "identify/internal.h"

/* What a plugin holds at fixed places, whatever its manifest adds. */
static const struct {
    const char *file;
    void (*read)(struct vb_id *id, struct vb_id_source source);
} default_files[] = {
    {"hooks/hooks.json", vb_id_hooks}, {".mcp.json", vb_id_mcp_servers},
    {".lsp.json", vb_id_lsp_servers},  {"monitors/monitors.json", vb_id_monitors},
    {"settings.json", vb_id_settings},
};

/* The same as manifest fields: a path, a list of paths, or the value itself. */
static const struct {
    const char *key;
    void (*read)(struct vb_id *id, struct vb_id_source source);
} fields[] = {
    {"hooks", vb_id_hooks},
    {"mcpServers", vb_id_mcp_servers},
    {"lspServers", vb_id_lsp_servers},
    {"monitors", vb_id_monitors},
};

/* Fields that name pages, and whether the host runs the commands in them. */
static const struct {
    const char *key;
    bool executes;
} page_fields[] = {
    {"commands", true},
    {"skills", true},
    {"agents", false},
    {"outputStyles", false},
};

struct naming {
    struct vb_id *id;
    struct vb_id_named_page page;
};

static void name_page(void *ctx, const char *item)
{
    const struct naming *naming = ctx;
    vb_id_name_page(naming->id, &naming->page, item);
}

/* A path, a list of them, or a map of {source} or {content} (commands only). */
static void read_pages(struct vb_id *id, const char *root, const struct vb_id_doc *doc,
                       const json_t *manifest)
{
    char quoted[32];
    const char *name;
    json_t *item;
    for (size_t i = 0; i < VB_ARRAY_LEN(page_fields); i++) {
        const json_t *value = vb_id_get(manifest, page_fields[i].key);
        snprintf(quoted, sizeof(quoted), "\"%s\"", page_fields[i].key);
        const struct vb_id_at at = {doc->path, vb_id_line_find(id, &doc->text, quoted)};
        struct naming naming = {id, {root, at, page_fields[i].executes}};
        vb_id_each(value, false, name_page, &naming);
        if (!json_is_object(value))
            continue;
        json_object_foreach((json_t *)value, name, item)
        {
            vb_id_each(vb_id_get(item, "source"), false, name_page, &naming);
            vb_id_text(id, at, vb_id_str(item, "content"));
        }
    }
}

/* An option KEY comes to the plugin as a variable of the environment. */
static void option_variable(char *ret, size_t size, const char *key)
{
    snprintf(ret, size, "CLAUDE_PLUGIN_OPTION_%.120s", key);
    for (char *c = ret; *c != '\0'; c++) {
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    }
}

/* What the user is asked for when he enables the plugin. */
static void read_user_config(struct vb_id *id, const struct vb_id_doc *doc, json_t *config)
{
    char name[160];
    const char *key;
    json_t *option;
    json_object_foreach(config, key, option)
    {
        const bool sensitive = vb_id_true(vb_id_get(option, "sensitive"));
        option_variable(name, sizeof(name), key);
        vb_id_declare(id, (struct vb_id_at){doc->path, vb_id_line_find(id, &doc->text, key)}, "env",
                      name, sensitive ? "sensitive" : "userConfig");
    }
}

static void read_fields(struct vb_id *id, const char *root, const struct vb_id_doc *doc,
                        const json_t *manifest)
{
    const json_t *experimental = vb_id_get(manifest, "experimental");
    const json_t *channels = vb_id_get(manifest, "channels");
    read_pages(id, root, doc, manifest);
    read_user_config(id, doc, vb_id_get(manifest, "userConfig"));
    for (size_t i = 0; i < json_array_size(channels); i++)
        read_user_config(id, doc, vb_id_get(json_array_get(channels, i), "userConfig"));
    for (size_t i = 0; i < VB_ARRAY_LEN(fields); i++) {
        struct vb_id_source source = {&doc->text, doc->path, vb_id_get(manifest, fields[i].key)};
        vb_id_path_or_inline(id, root, source, fields[i].read);
        source.value = vb_id_get(experimental, fields[i].key);
        vb_id_path_or_inline(id, root, source, fields[i].read);
    }
}

static void read_dependencies(struct vb_id *id, const struct vb_id_doc *doc)
{
    const json_t *list = vb_id_get(doc->json, "dependencies");
    const struct vb_id_want want = {
        {doc->path, vb_id_line_find(id, &doc->text, "\"dependencies\"")},
        "dependency",
        "plugin",
        false};
    vb_id_declare_each(id, &want, list);
    for (size_t i = 0; i < json_array_size(list); i++)
        vb_id_declare(id, want.at, "dependency", vb_id_str(json_array_get(list, i), "name"),
                      "plugin");
}

static void read_defaults(struct vb_id *id, const char *root)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(default_files); i++) {
        const struct vb_id_doc *doc = vb_id_json(id, root, default_files[i].file);
        if (doc != NULL)
            default_files[i].read(id, (struct vb_id_source){&doc->text, doc->path, doc->json});
    }
    vb_id_bin_folder(id, root);
}

void vb_id_read_claude(struct vb_id *id, const char *root)
{
    const struct vb_id_doc *doc = vb_id_json(id, root, ".claude-plugin/plugin.json");
    if (doc != NULL) {
        read_fields(id, root, doc, doc->json);
        read_dependencies(id, doc);
    }
    read_defaults(id, root);
}

void vb_id_read_bundle(struct vb_id *id, const char *root)
{
    read_defaults(id, root);
}

/* Kinds of marketplace sources: what names them, and what pins them to bytes. */
static const struct {
    const char *kind;
    const char *field;
    const char *pin;
} sources[] = {
    {"github", "repo", "sha"},     {"url", "url", "sha"},         {"git", "url", "sha"},
    {"git-subdir", "url", "sha"},  {"npm", "package", "version"}, {"archive", "url", "sha256"},
    {"pip", "package", "version"},
};

static void read_source(struct vb_id *id, struct vb_id_at at, const json_t *source,
                        const char *plugin)
{
    char reason[200];
    char detail[300];
    const char *kind = vb_id_str(source, "source");
    const char *command = vb_id_str(source, "command");
    snprintf(reason, sizeof(reason), "marketplace-source:%s", plugin);
    const struct vb_id_entry entry = {at, reason, "load", command, "sh"};
    if (command != NULL)
        vb_id_entry(id, &entry);
    for (size_t i = 0; kind != NULL && i < VB_ARRAY_LEN(sources); i++) {
        if (strcmp(kind, sources[i].kind) != 0)
            continue;
        const char *value = vb_id_str(source, sources[i].field);
        const char *pin = vb_id_str(source, sources[i].pin);
        snprintf(detail, sizeof(detail), "%s %s", kind, pin == NULL ? "unpinned" : pin);
        vb_id_declare(id, at, "dependency", value, detail);
        vb_id_declare_url(id, at, vb_id_str(source, "url"), reason);
        if (pin == NULL)
            vb_id_problem(id, at, "unpinned-source", "%.100s comes from %s %.200s without %s",
                          plugin, kind, value == NULL ? "" : value, sources[i].pin);
        return;
    }
}

static void read_plugin(struct vb_id *id, const char *root, const struct vb_id_doc *doc,
                        const json_t *plugin)
{
    char folder[VB_ID_PATH_MAX];
    char rel[VB_ID_PATH_MAX];
    char joined[VB_ID_PATH_MAX];
    char quoted[160];
    const char *name = vb_id_str(plugin, "name");
    name = name == NULL ? "" : name;
    snprintf(quoted, sizeof(quoted), "\"%.150s\"", name);
    const struct vb_id_at at = {doc->path, vb_id_line_find(id, &doc->text, quoted)};
    const json_t *source = vb_id_get(plugin, "source");
    read_source(id, at, source, name);
    if (!json_is_string(source))
        return;
    const char *base = vb_id_str(vb_id_get(doc->json, "metadata"), "pluginRoot");
    const int len = snprintf(joined, sizeof(joined), "%s/%s", base == NULL ? "." : base,
                             json_string_value(source));
    if (len < 0 || len >= VB_ID_PATH_MAX)
        return;
    if (strcmp(joined, "././") == 0 || strcmp(joined, "./.") == 0)
        snprintf(folder, sizeof(folder), "%s", root);
    else if (!vb_id_clean_path(rel, joined) || !vb_id_join(folder, root, rel)) {
        vb_id_problem(id, at, "path-escapes", "%.100s: %.300s leaves the package", name,
                      json_string_value(source));
        return;
    }
    /* The entry may carry what the plugin's own manifest would. */
    read_fields(id, folder, doc, plugin);
}

void vb_id_read_marketplace(struct vb_id *id, const char *root)
{
    const struct vb_id_doc *doc = vb_id_json(id, root, ".claude-plugin/marketplace.json");
    if (doc == NULL)
        return;
    const json_t *plugins = vb_id_get(doc->json, "plugins");
    for (size_t i = 0; i < json_array_size(plugins) && vb_id_ok(id); i++)
        read_plugin(id, root, doc, json_array_get(plugins, i));
}
