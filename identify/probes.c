/* Which kinds of package a root is: markers at fixed paths, as the hosts look for them. */
#include "identify/internal.h"

static bool has(struct vb_id *id, const char *root, const char *rel)
{
    return vb_id_at_root(id, root, rel) != NULL;
}

static const json_t *json_of(struct vb_id *id, const char *root, const char *rel)
{
    const struct vb_id_doc *doc = vb_id_json(id, root, rel);
    return doc == NULL ? NULL : doc->json;
}

static const json_t *openclaw_of(struct vb_id *id, const char *root)
{
    return vb_id_get(json_of(id, root, "package.json"), "openclaw");
}

static bool schema_has(const json_t *manifest, const char *part)
{
    const char *schema = vb_id_str(manifest, "$schema");
    return schema != NULL && strstr(schema, part) != NULL;
}

VB_ID_PROBE(openclaw_plugin)
{
    return has(id, root, "openclaw.plugin.json") ||
           vb_id_get(openclaw_of(id, root), "extensions") != NULL;
}

VB_ID_PROBE(openclaw_hooks)
{
    return has(id, root, "HOOK.md") || json_is_array(vb_id_get(openclaw_of(id, root), "hooks"));
}

VB_ID_PROBE(openclaw_claw)
{
    return has(id, root, "CLAW.md") || vb_id_get(openclaw_of(id, root), "claw") != NULL;
}

VB_ID_PROBE(codex)
{
    return has(id, root, ".codex-plugin/plugin.json");
}

VB_ID_PROBE(cursor)
{
    return has(id, root, ".cursor-plugin/plugin.json");
}

VB_ID_PROBE(claude)
{
    return has(id, root, ".claude-plugin/plugin.json");
}

VB_ID_PROBE(marketplace)
{
    return has(id, root, ".claude-plugin/marketplace.json");
}

VB_ID_PROBE(agent_plugin)
{
    return has(id, root, "plugin.json") &&
           schema_has(json_of(id, root, "plugin.json"), "agent-plugins.org/schemas/");
}

VB_ID_PROBE(gemini)
{
    return has(id, root, "gemini-extension.json");
}

VB_ID_PROBE(mcpb)
{
    if (!has(id, root, "manifest.json"))
        return false;
    const json_t *manifest = json_of(id, root, "manifest.json");
    return vb_id_get(manifest, "server") != NULL &&
           (vb_id_get(manifest, "manifest_version") != NULL ||
            vb_id_get(manifest, "dxt_version") != NULL);
}

/* The folder of a VSIX that has the extension itself: it is no second one. */
static bool is_in_vsix(struct vb_id *id, const char *root)
{
    char parent[VB_ID_PATH_MAX];
    const size_t len = strlen(root) - strlen(vb_path_base(root));
    if (strcmp(vb_path_base(root), "extension") != 0 || len >= sizeof(parent))
        return false;
    snprintf(parent, sizeof(parent), "%.*s", len == 0 ? 1 : (int)len - 1, len == 0 ? "." : root);
    return has(id, parent, "extension.vsixmanifest");
}

VB_ID_PROBE(vscode)
{
    if (has(id, root, "extension.vsixmanifest") && has(id, root, "[Content_Types].xml") &&
        has(id, root, "extension/package.json"))
        return true;
    /* Or its source, as it lies in a folder of extensions. */
    const json_t *package = has(id, root, "package.json") && !is_in_vsix(id, root)
                                ? json_of(id, root, "package.json")
                                : NULL;
    return vb_id_get(vb_id_get(package, "engines"), "vscode") != NULL;
}

VB_ID_PROBE(wheel)
{
    static const char tail[] = ".dist-info/METADATA";
    char prefix[VB_ID_PATH_MAX];
    char path[VB_ID_PATH_MAX];
    if (!vb_id_prefix(prefix, root))
        return false;
    for (size_t i = vb_id_lower(id, prefix);
         i < id->file_count && vb_id_below(&id->files[i], prefix); i++) {
        const char *rel = id->files[i].path + strlen(prefix);
        const char *slash = strchr(rel, '/');
        const size_t len = strlen(rel);
        if (slash == NULL || len < sizeof(tail) ||
            strcmp(rel + len - sizeof(tail) + 1, tail) != 0 || strchr(slash + 1, '/') != NULL)
            continue;
        snprintf(path, sizeof(path), "%.*s/RECORD", (int)(slash - rel), rel);
        const bool record = has(id, root, path);
        snprintf(path, sizeof(path), "%.*s/WHEEL", (int)(slash - rel), rel);
        if (record && has(id, root, path))
            return true;
    }
    return false;
}

VB_ID_PROBE(sdist)
{
    return has(id, root, "PKG-INFO") &&
           (has(id, root, "pyproject.toml") || has(id, root, "setup.py"));
}

VB_ID_PROBE(registry)
{
    return has(id, root, "server.json") &&
           schema_has(json_of(id, root, "server.json"), "static.modelcontextprotocol.io/schemas/");
}

VB_ID_PROBE(skill)
{
    return vb_id_skill_file(id, root) != NULL;
}

/* Keys that only OpenClaw knows. */
static const char *const openclaw_keys[] = {"command-dispatch", "command-tool", "command-arg-mode",
                                            "openclaw",         "clawdbot",     "clawdis"};

/* What ClawHub and its installers leave beside a skill. */
static bool from_clawhub(struct vb_id *id, const char *root)
{
    const json_t *meta = has(id, root, "_meta.json") ? json_of(id, root, "_meta.json") : NULL;
    return has(id, root, ".clawhub/origin.json") || has(id, root, ".clawdhub/origin.json") ||
           vb_id_str(meta, "slug") != NULL;
}

VB_ID_PROBE(openclaw_skill)
{
    const struct vb_id_file *file = vb_id_skill_file(id, root);
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    const json_t *blocks[VB_ID_BLOCKS];
    struct vb_id_front front;
    if (file == NULL || !vb_id_read(id, file->path, id->limits->file_bytes, &text))
        return false;
    vb_id_front_read(id, file->path, &text, true, &front);
    bool found = vb_id_openclaw_blocks(front.meta, blocks) > 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(openclaw_keys); i++)
        found |= vb_id_get(front.fields, openclaw_keys[i]) != NULL;
    vb_id_front_done(&front);
    return found || from_clawhub(id, root);
}

VB_ID_PROBE(npm)
{
    return has(id, root, "package.json");
}

VB_ID_PROBE(python)
{
    return !has(id, root, "PKG-INFO") &&
           (has(id, root, "pyproject.toml") || has(id, root, "setup.py"));
}

VB_ID_PROBE(bundle)
{
    static const struct {
        const char *folder;
        const char *suffix;
    } layouts[] = {
        {"skills/", "/SKILL.md"},
        {"commands/", ".md"},
        {"agents/", ".md"},
        {"hooks/", "hooks.json"},
    };
    if (has(id, root, ".mcp.json") || has(id, root, ".lsp.json"))
        return true;
    for (size_t i = 0; i < VB_ARRAY_LEN(layouts); i++) {
        if (vb_id_any(id, root, layouts[i].folder, layouts[i].suffix))
            return true;
    }
    static const char *const keys[] = {"hooks", "agent", "subagentStatusLine", "permissions"};
    const json_t *settings = json_of(id, root, "settings.json");
    for (size_t i = 0; i < VB_ARRAY_LEN(keys); i++) {
        if (vb_id_get(settings, keys[i]) != NULL)
            return true;
    }
    return false;
}

VB_ID_PROBE(skills_repository)
{
    size_t count = 0;
    char prefix[VB_ID_PATH_MAX];
    if (!vb_id_prefix(prefix, root))
        return false;
    for (size_t i = vb_id_lower(id, prefix);
         i < id->file_count && vb_id_below(&id->files[i], prefix); i++) {
        const char *rel = id->files[i].path + strlen(prefix);
        count += strchr(rel, '/') != NULL && vb_ascii_equal(vb_path_base(rel), "SKILL.md");
    }
    return count > 1;
}
