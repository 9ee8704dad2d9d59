/* MCP servers that are ordinary npm or Python programs, and the registry's server.json. */
#include "identify/internal.h"

enum { SOURCES_MAX = 400 };

/* What the beginning of a source file that offers MCP tools with a library says. */
static const struct {
    const char *text;
    bool python;
} imports[] = {
    {"from mcp.server", true},
    {"import mcp.server", true},
    {"from fastmcp", true},
    {"import fastmcp", true},
    {"from mcp import", true},
    {"FastMCP(", true},
    {"@mcp.tool", true},
    {"@modelcontextprotocol/sdk/server", false},
    {"@modelcontextprotocol/server", false},
    {"new McpServer(", false},
    {"from \"fastmcp\"", false},
    {"from 'fastmcp'", false},
};

/* Who speaks the protocol without a library says both of these; a client says who it is. */
static const char *const spoken[] = {"serverInfo", "tools/list"};
static const char of_clients[] = "clientInfo";

static const char *const python_extensions[] = {"py"};
static const char *const node_extensions[] = {"js", "mjs", "cjs", "ts", "mts"};

static bool extension_in(const char *path, const char *const *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(vb_path_extension(path), table[i]) == 0)
            return true;
    }
    return false;
}

static bool says(const struct vb_buf *text, const char *words)
{
    return memmem(text->data, text->len, words, strlen(words)) != NULL;
}

static bool speaks(const struct vb_buf *text)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(spoken); i++)
        if (!says(text, spoken[i]))
            return false;
    return !says(text, of_clients);
}

bool vb_id_mcp_source(struct vb_id *id, const struct vb_id_file *file, bool *ret_python)
{
    const bool python =
        extension_in(file->path, python_extensions, VB_ARRAY_LEN(python_extensions));
    const bool node = extension_in(file->path, node_extensions, VB_ARRAY_LEN(node_extensions));
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    if ((!python && !node) || vb_id_vendored(file->path) ||
        !vb_id_peek(id, file->path, VB_ID_PROBE_BYTES, &text) || text.len == 0)
        return false;
    *ret_python = python;
    for (size_t i = 0; i < VB_ARRAY_LEN(imports); i++) {
        if (imports[i].python == python && says(&text, imports[i].text))
            return true;
    }
    return speaks(&text);
}

/* First source file from *I on below ROOT that serves MCP; *I moves on behind it. */
static const struct vb_id_file *next_source(struct vb_id *id, const char *prefix, size_t *i,
                                            bool *ret_python)
{
    const size_t from = vb_id_lower(id, prefix);
    for (size_t seen = 0; from + *i < id->file_count && seen < SOURCES_MAX; seen++) {
        const struct vb_id_file *file = &id->files[from + *i];
        if (!vb_id_below(file, prefix))
            return NULL;
        ++*i;
        if (vb_id_mcp_source(id, file, ret_python))
            return file;
    }
    return NULL;
}

static bool named_sdk(const char *name)
{
    static const char *const names[] = {"fastmcp", "mcp", "mcp-framework", "mcp-server"};
    const size_t len = strcspn(name, "[<>=!~; @");
    if (vb_ascii_starts(name, "@modelcontextprotocol/"))
        return true;
    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++) {
        if (strlen(names[i]) == (len == 0 ? strlen(name) : len) &&
            strncmp(names[i], name, strlen(names[i])) == 0)
            return true;
    }
    return false;
}

static void look_at_name(void *ctx, const char *item)
{
    bool *found = ctx;
    *found |= named_sdk(item);
}

static bool npm_depends(struct vb_id *id, const char *root)
{
    static const char *const keys[] = {"dependencies", "peerDependencies"};
    const struct vb_id_doc *doc = vb_id_json(id, root, "package.json");
    const char *name;
    json_t *item;
    for (size_t i = 0; doc != NULL && i < VB_ARRAY_LEN(keys); i++) {
        json_t *list = vb_id_get(doc->json, keys[i]);
        json_object_foreach(list, name, item)
        {
            if (strcmp(name, "mcp") != 0 && named_sdk(name))
                return true;
        }
    }
    return doc != NULL && vb_id_str(doc->json, "mcpName") != NULL;
}

static bool python_depends(struct vb_id *id, const char *root)
{
    bool found = false;
    const struct vb_id_doc *doc = vb_id_json(id, root, "pyproject.toml");
    if (doc != NULL)
        vb_id_each(vb_id_get(vb_id_get(doc->json, "project"), "dependencies"), false, look_at_name,
                   &found);
    const struct vb_id_file *file = vb_id_at_root(id, root, "requirements.txt");
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    if (found || file == NULL || !vb_id_peek(id, file->path, VB_ID_PROBE_BYTES, &text))
        return found;
    vb_id_blank_nuls(&text);
    for (char *rest = (char *)text.data, *line; (line = vb_id_take_line(&rest)) != NULL;) {
        line[strcspn(line, "\r")] = '\0';
        found |= named_sdk(line);
    }
    return found;
}

bool vb_id_probe_mcp_server(struct vb_id *id, const char *root)
{
    char prefix[VB_ID_PATH_MAX];
    size_t i = 0;
    bool python;
    if (npm_depends(id, root) || python_depends(id, root))
        return true;
    /* A skill that holds a sample server is not one, and neither is a file far below. */
    return !id->family_here && strcmp(root, id->top) == 0 && vb_id_prefix(prefix, root) &&
           next_source(id, prefix, &i, &python) != NULL;
}

/* package.json names a command whose file is there: the server is what that starts, and the files
 * that it is made of are none. */
static bool has_bin(struct vb_id *id, const char *root)
{
    const char *name;
    json_t *item;
    const struct vb_id_doc *doc = vb_id_json(id, root, "package.json");
    json_t *bin = doc == NULL ? NULL : vb_id_get(doc->json, "bin");
    if (json_is_string(bin))
        return vb_id_at_root(id, root, json_string_value(bin)) != NULL;
    json_object_foreach(bin, name, item)
    {
        if (json_is_string(item) && vb_id_at_root(id, root, json_string_value(item)) != NULL)
            return true;
    }
    return false;
}

static bool has_scripts(struct vb_id *id, const char *root)
{
    const struct vb_id_doc *doc = vb_id_json(id, root, "pyproject.toml");
    return doc != NULL &&
           json_object_size(vb_id_get(vb_id_get(doc->json, "project"), "scripts")) > 0;
}

static bool is_test(const char *path)
{
    const char *base = vb_path_base(path);
    return strstr(path, "__tests__/") != NULL || strstr(base, ".test.") != NULL ||
           strstr(base, ".spec.") != NULL || vb_ascii_starts(base, "test_");
}

void vb_id_read_mcp_server(struct vb_id *id, const char *root)
{
    const bool node_named = has_bin(id, root), python_named = has_scripts(id, root);
    char prefix[VB_ID_PATH_MAX];
    size_t i = 0;
    bool python = false;
    const struct vb_id_file *file;
    if (!vb_id_prefix(prefix, root))
        return;
    while (vb_id_ok(id) && (file = next_source(id, prefix, &i, &python)) != NULL) {
        if ((python ? python_named : node_named) || is_test(file->path))
            continue;
        const struct vb_id_entry entry = {{file->path, 0},
                                          "mcp-server",
                                          "load",
                                          NULL,
                                          python ? "python3"
                                          : strcmp(vb_path_extension(file->path), "ts") == 0
                                              ? NULL
                                              : "node"};
        vb_id_entry(id, &entry);
    }
}

static void read_registry_package(struct vb_id *id, const struct vb_id_doc *doc,
                                  const json_t *package)
{
    char detail[300];
    const char *name = vb_id_str(package, "identifier");
    const char *registry = vb_id_str(package, "registryType");
    const char *version = vb_id_str(package, "version");
    if (name == NULL)
        return;
    const struct vb_id_at at = {doc->path, vb_id_line_find(id, &doc->text, name)};
    snprintf(detail, sizeof(detail), "%s %s", registry == NULL ? "" : registry,
             version == NULL ? "" : version);
    vb_id_declare(id, at, "dependency", name, detail);
    const json_t *env = vb_id_get(package, "environmentVariables");
    for (size_t i = 0; i < json_array_size(env); i++)
        vb_id_declare(id, at, "env", vb_id_str(json_array_get(env, i), "name"), "server.json");
}

void vb_id_read_registry(struct vb_id *id, const char *root)
{
    const struct vb_id_doc *doc = vb_id_json(id, root, "server.json");
    if (doc == NULL)
        return;
    const json_t *packages = vb_id_get(doc->json, "packages");
    for (size_t i = 0; i < json_array_size(packages); i++)
        read_registry_package(id, doc, json_array_get(packages, i));
    const json_t *remotes = vb_id_get(doc->json, "remotes");
    for (size_t i = 0; i < json_array_size(remotes); i++) {
        const char *url = vb_id_str(json_array_get(remotes, i), "url");
        if (url != NULL)
            vb_id_declare_url(id,
                              (struct vb_id_at){doc->path, vb_id_line_find(id, &doc->text, url)},
                              url, "remote");
    }
}
