/* The table of package kinds, in the order in which hosts decide, and the roots at which they are
 * looked for. A root can be several kinds at once: each is reported, and two host formats in one
 * place are a problem, since every host sees another package there. */
#include "identify/internal.h"

const struct vb_id_kind vb_id_kinds[] = {
    {"openclaw-plugin", "openclaw", true, false, vb_id_probe_openclaw_plugin,
     vb_id_describe_openclaw_plugin, vb_id_read_openclaw_plugin},
    {"openclaw-hook-pack", "openclaw", true, false, vb_id_probe_openclaw_hooks,
     vb_id_describe_hook_pack, vb_id_read_hook_pack},
    {"openclaw-claw", "openclaw", true, false, vb_id_probe_openclaw_claw, vb_id_describe_claw,
     vb_id_read_claw},
    {"codex-plugin", "codex", true, false, vb_id_probe_codex, vb_id_describe_codex,
     vb_id_read_codex},
    {"cursor-plugin", "cursor", true, false, vb_id_probe_cursor, vb_id_describe_cursor,
     vb_id_read_cursor},
    {"claude-plugin", "claude", true, false, vb_id_probe_claude, vb_id_describe_claude,
     vb_id_read_claude},
    {"claude-marketplace", "claude", true, false, vb_id_probe_marketplace,
     vb_id_describe_marketplace, vb_id_read_marketplace},
    {"agent-plugin", "agent-plugins", true, false, vb_id_probe_agent_plugin,
     vb_id_describe_agent_plugin, vb_id_read_agent_plugin},
    {"gemini-extension", "gemini", true, false, vb_id_probe_gemini, vb_id_describe_gemini,
     vb_id_read_gemini},
    {"mcpb", "mcpb", true, false, vb_id_probe_mcpb, vb_id_describe_mcpb, vb_id_read_mcpb},
    {"vscode-extension", "vscode", true, false, vb_id_probe_vscode, vb_id_describe_vscode,
     vb_id_read_vscode},
    {"python-wheel", "wheel", true, false, vb_id_probe_wheel, vb_id_describe_python_dist,
     vb_id_read_wheel},
    {"python-sdist", NULL, true, false, vb_id_probe_sdist, vb_id_describe_python_dist,
     vb_id_read_python},
    {"mcp-registry-server", NULL, true, false, vb_id_probe_registry, vb_id_describe_registry,
     vb_id_read_registry},
    {"openclaw-skill", "skill", true, false, vb_id_probe_openclaw_skill, vb_id_describe_skill,
     NULL},
    {"agent-skill", "skill", true, false, vb_id_probe_skill, vb_id_describe_skill,
     vb_id_read_skill},
    {"mcp-server", NULL, true, false, vb_id_probe_mcp_server, vb_id_describe_mcp_server,
     vb_id_read_mcp_server},
    {"npm", NULL, true, false, vb_id_probe_npm, vb_id_describe_npm, vb_id_read_npm},
    {"python-project", NULL, true, false, vb_id_probe_python, vb_id_describe_python,
     vb_id_read_python},
    {"claude-bundle", NULL, false, true, vb_id_probe_bundle, NULL, vb_id_read_bundle},
    {"skills-repository", NULL, false, true, vb_id_probe_skills_repository, NULL, NULL},
};
const size_t vb_id_kind_count = VB_ARRAY_LEN(vb_id_kinds);

bool vb_identify_is_kind(const char *name)
{
    for (size_t i = 0; i < vb_id_kind_count; i++) {
        if (strcmp(vb_id_kinds[i].name, name) == 0)
            return true;
    }
    return strcmp(name, "files") == 0;
}

/* Files that make the folder ABOVE levels up a root. */
static const struct {
    const char *tail;
    unsigned above;
} markers[] = {
    {".claude-plugin/plugin.json", 2},
    {".claude-plugin/marketplace.json", 2},
    {".codex-plugin/plugin.json", 2},
    {".cursor-plugin/plugin.json", 2},
    {"openclaw.plugin.json", 1},
    {"gemini-extension.json", 1},
    {"plugin.json", 1},
    {"manifest.json", 1},
    {"server.json", 1},
    {"package.json", 1},
    {"pyproject.toml", 1},
    {"setup.py", 1},
    {"PKG-INFO", 1},
    {"CLAW.md", 1},
    {"extension.vsixmanifest", 1},
};

/* Folders whose place at the top means something: they are no wrapper to strip. */
static const char *const marker_folders[] = {
    ".claude-plugin", ".codex-plugin", ".cursor-plugin", "skills",        "commands", "agents",
    "hooks",          ".claude",       ".cursor",        ".vscode",       ".gemini",  ".codex",
    "monitors",       "extension",     ".agents",        ".devcontainer",
};

static bool ends_as(const char *path, const char *tail)
{
    const size_t len = strlen(path);
    const size_t tail_len = strlen(tail);
    if (len < tail_len || strcmp(path + len - tail_len, tail) != 0)
        return false;
    return len == tail_len || path[len - tail_len - 1] == '/';
}

static bool is_marker_folder(const char *name, size_t len)
{
    static const char dist_info[] = ".dist-info";
    for (size_t i = 0; i < VB_ARRAY_LEN(marker_folders); i++) {
        if (strlen(marker_folders[i]) == len && memcmp(marker_folders[i], name, len) == 0)
            return true;
    }
    return len >= sizeof(dist_info) &&
           memcmp(name + len - sizeof(dist_info) + 1, dist_info, sizeof(dist_info) - 1) == 0;
}

/* The single folder that everything stands in (as in archives of GitHub and npm), or ".". */
static void find_top(struct vb_id *id)
{
    const char *first = id->file_count == 0 ? "" : id->files[0].path;
    const char *slash = strchr(first, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - first);
    for (size_t i = 0; len > 0 && i < id->file_count; i++) {
        if (strncmp(id->files[i].path, first, len + 1) != 0)
            len = 0;
    }
    id->top = len == 0 || is_marker_folder(first, len) ? strdup(".") : strndup(first, len);
    if (id->top == NULL)
        vb_id_fail(id, VB_E_NOMEM, "looking for packages");
}

static void add_root(struct vb_id *id, json_t *roots, const char *root)
{
    if (json_object_get(roots, root) == NULL &&
        json_object_set_new_nocheck(roots, root, json_true()) != 0)
        vb_id_fail(id, VB_E_NOMEM, "looking for packages");
}

/* NAME-VERSION.dist-info/METADATA makes the folder above it a wheel. */
static bool is_wheel_metadata(const char *path)
{
    static const char tail[] = ".dist-info/METADATA";
    const size_t len = strlen(path);
    return len > sizeof(tail) - 1 && strcmp(path + len - sizeof(tail) + 1, tail) == 0;
}

static void add_roots_of(struct vb_id *id, json_t *roots, const char *path)
{
    char root[VB_ID_PATH_MAX];
    const bool skill = vb_ascii_equal(vb_path_base(path), "SKILL.md");
    if (vb_id_vendored(path) && !skill)
        return;
    if (is_wheel_metadata(path)) {
        vb_id_parent(root, path);
        vb_id_parent(root, root);
        add_root(id, roots, root);
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(markers) + 1; i++) {
        const bool found = i < VB_ARRAY_LEN(markers) ? ends_as(path, markers[i].tail) : skill;
        if (!found)
            continue;
        vb_id_parent(root, path);
        if (i < VB_ARRAY_LEN(markers) && markers[i].above == 2)
            vb_id_parent(root, root);
        add_root(id, roots, root);
    }
}

static void emit_package(struct vb_id *id, const char *kind, const char *root,
                         const struct vb_id_facts *facts)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_MANIFEST_PACKAGE, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_KIND_OF, kind);
    vb_event_str(&event, VB_F_PATH, root);
    vb_event_str(&event, VB_F_NAME, facts->name);
    vb_event_str(&event, VB_F_VERSION, facts->version);
    vb_event_str(&event, VB_F_AUTHOR, facts->author);
    vb_event_str(&event, VB_F_DESCRIPTION, facts->description);
    vb_event_str(&event, VB_F_LICENSE, facts->license);
    vb_event_str(&event, VB_F_HOMEPAGE, facts->homepage);
    vb_id_emit(id, &event);
}

/* A package without a name is called as its folder is. */
static const char *folder_name(const struct vb_id *id, const char *root)
{
    if (strcmp(root, ".") != 0)
        return vb_path_base(root);
    return id->name == NULL ? NULL : vb_path_base(id->name);
}

static void read_kind(struct vb_id *id, const struct vb_id_kind *kind, const char *root)
{
    struct vb_id_facts facts = {0};
    if (!vb_id_take(id, VB_ID_PACKAGE))
        return;
    if (kind->describe != NULL)
        kind->describe(id, root, &facts);
    if (facts.name == NULL)
        facts.name = folder_name(id, root);
    vb_id_complete_license(id, root, &facts);
    emit_package(id, kind->name, root, &facts);
    json_decref(facts.own);
    if (kind->read != NULL)
        kind->read(id, root);
    vb_id_fields_of_kind(id, kind->name, root);
}

/* Lists the kinds of one root; more than one host format is a problem. */
static void read_root(struct vb_id *id, const char *root)
{
    const char *families[VB_ARRAY_LEN(vb_id_kinds)];
    size_t count = 0;
    char detail[256] = "";
    const bool at_top = strcmp(root, id->top) == 0;
    id->family_here = false;
    for (size_t i = 0; i < vb_id_kind_count && vb_id_ok(id); i++) {
        const struct vb_id_kind *kind = &vb_id_kinds[i];
        if ((!at_top && !kind->nested) || (kind->fallback && id->family_here) ||
            !kind->probe(id, root))
            continue;
        read_kind(id, kind, root);
        if (kind->family == NULL)
            continue;
        id->family_here = true;
        bool known = false;
        for (size_t f = 0; f < count; f++)
            known |= strcmp(families[f], kind->family) == 0;
        if (known)
            continue;
        families[count++] = kind->family;
        const size_t len = strlen(detail);
        snprintf(detail + len, sizeof(detail) - len, "%s%s", len == 0 ? "" : ", ", kind->name);
    }
    if (count > 1)
        vb_id_problem(id, (struct vb_id_at){root, 0}, "dual-format",
                      "several hosts take this folder for different packages: %s", detail);
    vb_id_docs_clear(id);
}

void vb_id_packages(struct vb_id *id)
{
    const char *root;
    json_t *value;
    find_top(id);
    json_t *roots = json_object();
    if (roots == NULL)
        vb_id_fail(id, VB_E_NOMEM, "looking for packages");
    if (vb_id_ok(id))
        add_root(id, roots, id->top);
    for (size_t i = 0; i < id->file_count && vb_id_ok(id); i++)
        add_roots_of(id, roots, id->files[i].path);
    json_object_foreach(roots, root, value)
    {
        if (vb_id_ok(id))
            read_root(id, root);
    }
    json_decref(roots);
    if (id->used[VB_ID_PACKAGE] == 0 && vb_id_take(id, VB_ID_PACKAGE))
        emit_package(id, "files", ".", &(struct vb_id_facts){.name = id->name});
}
