/* VS Code extensions (.vsix, unpacked): what the editor runs, and what it is told. The package says
 * who it is twice, in extension.vsixmanifest for the marketplace and in extension/package.json for
 * the editor. */
#include "identify/internal.h"

static struct vb_id_source source_of(const struct vb_id_doc *doc, const char *key)
{
    return (struct vb_id_source){&doc->text, doc->path, vb_id_get(doc->json, key)};
}

/* Attribute NAME of the first <Identity …> in TEXT into RET; false if it has none. */
static bool identity_attribute(const char *text, const char *name, char *ret, size_t size)
{
    const char *tag = strstr(text, "<Identity");
    const char *end = tag == NULL ? NULL : strchr(tag, '>');
    const size_t len = strlen(name);
    for (const char *at = tag; at != NULL && at < end; at++) {
        if (strncmp(at + 1, name, len) != 0 || strchr(" \t\r\n", *at) == NULL || *at == '\0')
            continue;
        const char *equals = at + 1 + len + strspn(at + 1 + len, " \t\r\n");
        const char *quote = *equals == '=' ? equals + 1 + strspn(equals + 1, " \t\r\n") : end;
        const char *close = quote < end && (*quote == '"' || *quote == '\'')
                                ? memchr(quote + 1, *quote, (size_t)(end - quote - 1))
                                : NULL;
        if (close == NULL || (size_t)(close - quote) > size)
            return false;
        snprintf(ret, size, "%.*s", (int)(close - quote - 1), quote + 1);
        return true;
    }
    return false;
}

static void compare_identity(struct vb_id *id, const char *root, const struct vb_id_doc *doc)
{
    static const struct {
        const char *attribute, *key;
    } rows[] = {{"Id", "name"}, {"Version", "version"}, {"Publisher", "publisher"}};
    char value[256];
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    const struct vb_id_file *file = vb_id_at_root(id, root, "extension.vsixmanifest");
    if (file == NULL || !vb_id_read(id, file->path, id->limits->file_bytes, &text) || text.len == 0)
        return;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const char *other = vb_id_str(doc->json, rows[i].key);
        if (other != NULL &&
            identity_attribute((const char *)text.data, rows[i].attribute, value, sizeof(value)) &&
            !vb_ascii_equal(value, other))
            vb_id_problem(id,
                          (struct vb_id_at){file->path, vb_id_line_find(id, &text, "<Identity")},
                          "conflicting-identity",
                          "the marketplace is shown %s \"%.100s\", the editor \"%.100s\"",
                          rows[i].key, value, other);
    }
}

/* Tools, chat participants and MCP servers that the extension adds to the editor's agent. */
static void read_contributions(struct vb_id *id, const struct vb_id_doc *doc)
{
    static const struct {
        const char *key, *name, *what;
    } rows[] = {
        {"languageModelTools", "name", "tool"},
        {"chatParticipants", "name", "tool"},
        {"mcpServerDefinitionProviders", "id", "permission"},
    };
    const json_t *contributes = vb_id_get(doc->json, "contributes");
    for (size_t r = 0; r < VB_ARRAY_LEN(rows); r++) {
        const json_t *list = vb_id_get(contributes, rows[r].key);
        const struct vb_id_at at = {doc->path, vb_id_line_find(id, &doc->text, rows[r].key)};
        for (size_t i = 0; i < json_array_size(list); i++)
            vb_id_declare(id, at, rows[r].what, vb_id_str(json_array_get(list, i), rows[r].name),
                          rows[r].key);
    }
}

void vb_id_read_vscode(struct vb_id *id, const char *root)
{
    static const char *const mains[] = {"main", "browser"};
    char folder[VB_ID_PATH_MAX];
    bool at_start = false;
    if (!vb_id_join(folder, root, "extension"))
        return;
    const struct vb_id_doc *doc = vb_id_json(id, folder, "package.json");
    if (doc == NULL) {
        snprintf(folder, sizeof(folder), "%s", root);
        doc = vb_id_json(id, folder, "package.json");
    }
    if (doc == NULL)
        return;
    compare_identity(id, root, doc);
    const json_t *events = vb_id_get(doc->json, "activationEvents");
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        at_start |=
            json_is_string(event) && (strcmp(json_string_value(event), "*") == 0 ||
                                      strcmp(json_string_value(event), "onStartupFinished") == 0);
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(mains); i++) {
        const struct vb_id_entry entry = {
            {doc->path, vb_id_line_find(id, &doc->text, "activationEvents")},
            "activation",
            at_start ? "load" : "use",
            NULL,
            "node"};
        (void)vb_id_file_entry(id, folder, vb_id_str(doc->json, mains[i]), &entry);
    }
    read_contributions(id, doc);
    vb_id_dependencies(id, source_of(doc, "extensionPack"), "extensionPack");
    vb_id_dependencies(id, source_of(doc, "extensionDependencies"), "extensionDependencies");
}
