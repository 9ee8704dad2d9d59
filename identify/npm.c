/* npm packages: what runs on install, on import and on call. */
#include "identify/internal.h"

enum { EXPORTS_DEPTH = 8 };

/* Scripts that npm runs by itself, and start, which a reader is commonly told to run. */
static const struct {
    const char *name;
    const char *when;
} lifecycle[] = {
    {"preinstall", "install"},  {"install", "install"},
    {"postinstall", "install"}, {"prepublish", "install"},
    {"preprepare", "install"},  {"prepare", "install"},
    {"postprepare", "install"}, {"dependencies", "install"},
    {"preuninstall", "use"},    {"uninstall", "use"},
    {"postuninstall", "use"},   {"vscode:uninstall", "use"},
    {"prestart", "use"},        {"start", "use"},
};

static const char *const dependency_keys[] = {"dependencies",         "devDependencies",
                                              "optionalDependencies", "peerDependencies",
                                              "bundleDependencies",   "bundledDependencies"};

/* Files beside package.json that a package manager loads as code. */
static const struct {
    const char *file;
    const char *reason;
} loaded_files[] = {
    {".pnpmfile.cjs", "pnpmfile"},
    {"pnpmfile.js", "pnpmfile"},
};

/* Extensions that main and exports may name and that do not execute. */
static const char *const inert[] = {"json", "css", "wasm", "html", "svg", "md", "txt", "map"};

static void read_scripts(struct vb_id *id, const struct vb_id_doc *doc)
{
    char key[64];
    char reason[64];
    const json_t *scripts = vb_id_get(doc->json, "scripts");
    for (size_t i = 0; i < VB_ARRAY_LEN(lifecycle); i++) {
        const char *command = vb_id_str(scripts, lifecycle[i].name);
        if (command == NULL || command[0] == '\0')
            continue;
        snprintf(key, sizeof(key), "\"%s\"", lifecycle[i].name);
        snprintf(reason, sizeof(reason), "npm:%s", lifecycle[i].name);
        const struct vb_id_entry entry = {{doc->path, vb_id_line_find(id, &doc->text, key)},
                                          reason,
                                          lifecycle[i].when,
                                          command,
                                          "sh"};
        vb_id_entry(id, &entry);
    }
}

/* npm implies "install: node-gyp rebuild", and the file itself may hold <!(command). Accounts
 * differ on whether --ignore-scripts always stops it, so it always counts. */
static void read_gyp(struct vb_id *id, const char *root)
{
    const struct vb_id_file *gyp = vb_id_at_root(id, root, "binding.gyp");
    if (gyp == NULL)
        return;
    const struct vb_id_entry entry = {
        {gyp->path, 0}, "npm:node-gyp", "install", "node-gyp rebuild", "sh"};
    vb_id_entry(id, &entry);
}

static bool is_inert(const char *path)
{
    const size_t len = strlen(path);
    for (size_t i = 0; i < VB_ARRAY_LEN(inert); i++) {
        if (vb_ascii_equal(vb_path_extension(path), inert[i]))
            return true;
    }
    return len > 5 && strcmp(path + len - 5, ".d.ts") == 0;
}

static void main_entry(struct vb_id *id, const char *root, const struct vb_id_doc *doc,
                       const char *rel)
{
    const struct vb_id_entry entry = {
        {doc->path, vb_id_line_find(id, &doc->text, rel)}, "main", "load", NULL, "node"};
    if (strchr(rel, '*') == NULL && !is_inert(rel))
        (void)vb_id_file_entry(id, root, rel, &entry);
}

/* exports: a string, or conditions and subpaths below each other. */
static void read_exports(struct vb_id *id, const char *root, const struct vb_id_doc *doc,
                         const json_t *value, unsigned depth)
{
    const char *key;
    json_t *item;
    if (json_is_string(value))
        main_entry(id, root, doc, json_string_value(value));
    if (depth == EXPORTS_DEPTH || !vb_id_ok(id))
        return;
    for (size_t i = 0; i < json_array_size(value); i++)
        read_exports(id, root, doc, json_array_get(value, i), depth + 1);
    if (!json_is_object(value))
        return;
    json_object_foreach((json_t *)value, key, item)
    {
        if (strcmp(key, "types") != 0)
            read_exports(id, root, doc, item, depth + 1);
    }
}

static void read_main(struct vb_id *id, const char *root, const struct vb_id_doc *doc)
{
    static const char *const keys[] = {"main", "module", "browser"};
    bool found = false;
    for (size_t i = 0; i < VB_ARRAY_LEN(keys); i++) {
        const char *rel = vb_id_str(doc->json, keys[i]);
        if (rel != NULL && rel[0] != '\0')
            main_entry(id, root, doc, rel);
        found |= rel != NULL;
    }
    const json_t *exports = vb_id_get(doc->json, "exports");
    read_exports(id, root, doc, exports, 0);
    if (!found && exports == NULL && vb_id_at_root(id, root, "index.js") != NULL)
        main_entry(id, root, doc, "index.js");
}

static void bin_entry(struct vb_id *id, const char *root, const struct vb_id_doc *doc,
                      const char *const name_and_path[2])
{
    char reason[160];
    snprintf(reason, sizeof(reason), "bin:%s", name_and_path[0]);
    const struct vb_id_entry entry = {
        {doc->path, vb_id_line_find(id, &doc->text, "\"bin\"")}, reason, "use", NULL, "node"};
    (void)vb_id_file_entry(id, root, name_and_path[1], &entry);
}

static void read_bin(struct vb_id *id, const char *root, const struct vb_id_doc *doc)
{
    const char *name;
    json_t *item;
    json_t *bin = vb_id_get(doc->json, "bin");
    if (json_is_string(bin)) {
        const char *package = vb_id_str(doc->json, "name");
        const char *const pair[2] = {package == NULL ? "" : vb_path_base(package),
                                     json_string_value(bin)};
        bin_entry(id, root, doc, pair);
    }
    json_object_foreach(bin, name, item)
    {
        const char *const pair[2] = {name, json_is_string(item) ? json_string_value(item) : NULL};
        if (pair[1] != NULL)
            bin_entry(id, root, doc, pair);
    }
}

void vb_id_dependencies(struct vb_id *id, struct vb_id_source source, const char *detail)
{
    char text[512];
    char spec[256];
    char key[300];
    const char *name;
    json_t *item;
    for (size_t i = 0; i < json_array_size(source.value); i++) {
        const char *one = json_string_value(json_array_get(source.value, i));
        if (one == NULL)
            continue;
        const struct vb_id_at at = {source.path, vb_id_line_find(id, source.text, one)};
        vb_id_declare(id, at, "dependency", one, detail);
        vb_id_declare_url(id, at, one, detail);
    }
    if (!json_is_object(source.value))
        return;
    json_object_foreach((json_t *)source.value, name, item)
    {
        if (!vb_id_scalar(item, spec, sizeof(spec)))
            snprintf(spec, sizeof(spec), "*");
        snprintf(text, sizeof(text), "%s (%s)", spec, detail);
        if (strcmp(detail, "poetry") == 0 && strcmp(name, "python") == 0)
            continue; /* the version of Python itself */
        snprintf(key, sizeof(key), "\"%.290s\":", name);
        const struct vb_id_at at = {source.path, vb_id_line_find(id, source.text, key)};
        vb_id_declare(id, at, "dependency", name, text);
        vb_id_declare_url(id, at, spec,
                          detail); /* it is fetched from there, not from the registry */
    }
}

void vb_id_read_npm(struct vb_id *id, const char *root)
{
    const struct vb_id_doc *doc = vb_id_json(id, root, "package.json");
    if (doc == NULL)
        return;
    read_scripts(id, doc);
    read_gyp(id, root);
    vb_id_read_package_managers(id, root);
    for (size_t i = 0; i < VB_ARRAY_LEN(loaded_files); i++) {
        const struct vb_id_entry entry = {
            {doc->path, 0}, loaded_files[i].reason, "install", NULL, "node"};
        if (vb_id_at_root(id, root, loaded_files[i].file) != NULL)
            (void)vb_id_file_entry(id, root, loaded_files[i].file, &entry);
    }
    read_main(id, root, doc);
    read_bin(id, root, doc);
    for (size_t i = 0; i < VB_ARRAY_LEN(dependency_keys); i++)
        vb_id_dependencies(
            id,
            (struct vb_id_source){&doc->text, doc->path, vb_id_get(doc->json, dependency_keys[i])},
            dependency_keys[i]);
}
