/* Settings of package managers that stand beside package.json: some of them are programs that the
 * manager runs, or files that it loads, before anything of the package itself. */
#include "identify/internal.h"

#include <ctype.h>

/* Keys of .npmrc whose value npm runs as a program. */
static const char *const npm_programs[] = {"git", "script-shell", "shell", "node-options",
                                           "onload-script"};

static void npm_program(struct vb_id *id, struct vb_id_at at, const char *key, const char *value)
{
    char reason[64];
    for (size_t i = 0; i < VB_ARRAY_LEN(npm_programs); i++) {
        if (strcmp(npm_programs[i], key) != 0)
            continue;
        snprintf(reason, sizeof(reason), "npmrc:%s", key);
        const struct vb_id_entry entry = {at, reason, "install", value, "sh"};
        vb_id_entry(id, &entry);
    }
}

/* "registry" and "@scope:registry" say where packages come from. */
static void npm_registry(struct vb_id *id, struct vb_id_at at, const char *key, const char *value)
{
    static const char tail[] = "registry";
    const size_t len = strlen(key);
    if (len >= sizeof(tail) - 1 && strcmp(key + len - sizeof(tail) + 1, tail) == 0)
        vb_id_declare_url(id, at, value, "npmrc:registry");
}

static void read_npmrc(struct vb_id *id, const char *root)
{
    const struct vb_id_file *file = vb_id_at_root(id, root, ".npmrc");
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    if (file == NULL || !vb_id_read_lines(id, file->path, &text))
        return;
    struct vb_id_at at = {file->path, 0};
    for (char *rest = (char *)text.data, *line; (line = vb_id_take_line(&rest)) != NULL;) {
        at.line++;
        char *equals = strchr(line, '=');
        if (equals == NULL)
            continue;
        const char *value = equals + 1 + strspn(equals + 1, " \t");
        while (equals > line && isspace((unsigned char)equals[-1]))
            equals--;
        *equals = '\0';
        npm_program(id, at, line, value);
        npm_registry(id, at, line, value);
    }
}

struct loaded {
    struct vb_id *id;
    const char *root;
    struct vb_id_entry entry;
};

static void load_file(void *ctx, const char *item)
{
    const struct loaded *loaded = ctx;
    (void)vb_id_file_entry(loaded->id, loaded->root, item, &loaded->entry);
}

/* .yarnrc.yml: yarn hands over to yarnPath at once, and imports its plugins. */
static void read_yarnrc(struct vb_id *id, const char *root)
{
    const struct vb_id_doc *doc = vb_id_json(id, root, ".yarnrc.yml");
    if (doc == NULL)
        return;
    struct loaded loaded = {id,
                            root,
                            {{doc->path, vb_id_line_find(id, &doc->text, "yarnPath")},
                             "yarnrc:yarnPath",
                             "install",
                             NULL,
                             "node"}};
    vb_id_each(vb_id_get(doc->json, "yarnPath"), false, load_file, &loaded);
    const json_t *plugins = vb_id_get(doc->json, "plugins");
    loaded.entry.reason = "yarnrc:plugin";
    loaded.entry.at.line = vb_id_line_find(id, &doc->text, "plugins");
    vb_id_each(plugins, false, load_file, &loaded);
    for (size_t i = 0; i < json_array_size(plugins); i++)
        vb_id_each(vb_id_get(json_array_get(plugins, i), "path"), false, load_file, &loaded);
    vb_id_declare_url(
        id, (struct vb_id_at){doc->path, vb_id_line_find(id, &doc->text, "npmRegistryServer")},
        vb_id_str(doc->json, "npmRegistryServer"), "yarnrc:npmRegistryServer");
}

/* bunfig.toml: preload stands in front of every script, [test] preload of every test. */
static void read_bunfig(struct vb_id *id, const char *root)
{
    const struct vb_id_doc *doc = vb_id_json(id, root, "bunfig.toml");
    if (doc == NULL)
        return;
    const struct vb_id_at at = {doc->path, vb_id_line_find(id, &doc->text, "preload")};
    struct loaded loaded = {id, root, {at, "bunfig:preload", "load", NULL, "node"}};
    vb_id_each(vb_id_get(doc->json, "preload"), false, load_file, &loaded);
    vb_id_each(vb_id_get(vb_id_get(doc->json, "test"), "preload"), false, load_file, &loaded);
    vb_id_declare_url(id, (struct vb_id_at){doc->path, vb_id_line_find(id, &doc->text, "registry")},
                      vb_id_str(vb_id_get(doc->json, "install"), "registry"), "bunfig:registry");
}

void vb_id_read_package_managers(struct vb_id *id, const char *root)
{
    read_npmrc(id, root);
    read_yarnrc(id, root);
    read_bunfig(id, root);
}
