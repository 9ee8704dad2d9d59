/* metadata.openclaw of skills and hooks: what must be there, which variables are wanted, and the
 * installers that run when the operator confirms them. */
#include "identify/internal.h"

/* ClawHub's server takes clawdbot first, the runtime openclaw: one file can show each of them
 * something else. */
static const char *const block_names[VB_ID_BLOCKS] = {"openclaw", "clawdbot", "clawdis"};

/* What an installer of each kind fetches. */
static const struct {
    const char *kind;
    const char *field;
} installers[] = {
    {"brew", "formula"}, {"node", "package"}, {"npm", "package"},
    {"go", "module"},    {"uv", "package"},   {"pip", "package"},
    {"apt", "package"},  {"download", "url"}, {"cargo", "crate"},
};

/* Any of these may name it in a kind that is not documented. */
static const char *const install_fields[] = {"package", "formula",  "module",  "url",
                                             "crate",   "packages", "command", "id"};

size_t vb_id_openclaw_blocks(const json_t *meta, const json_t *ret[VB_ID_BLOCKS])
{
    size_t count = 0;
    for (size_t i = 0; i < VB_ID_BLOCKS; i++) {
        const json_t *block = vb_id_get(meta, block_names[i]);
        if (json_is_object(block))
            ret[count++] = block;
    }
    return count;
}

static const char *install_value(const json_t *spec, const char *kind)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(installers); i++) {
        if (strcmp(installers[i].kind, kind) == 0 && vb_id_str(spec, installers[i].field) != NULL)
            return vb_id_str(spec, installers[i].field);
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(install_fields); i++) {
        const json_t *value = vb_id_get(spec, install_fields[i]);
        if (json_is_array(value))
            value = json_array_get(value, 0);
        if (json_is_string(value))
            return json_string_value(value);
    }
    return NULL;
}

static void declare_install(struct vb_id *id, struct vb_id_at at, const json_t *spec)
{
    char detail[512];
    const char *kind = vb_id_str(spec, "kind");
    kind = kind == NULL ? vb_id_str(spec, "type") : kind;
    kind = kind == NULL ? "unknown" : kind;
    const char *value = install_value(spec, kind);
    const char *url = vb_id_str(spec, "url");
    if (value == NULL) {
        vb_id_problem(id, at, "install-unclear", "an installer of kind %s names nothing", kind);
        return;
    }
    snprintf(detail, sizeof(detail), "%s %s", kind, value);
    const char *before = vb_id_origin(id, value);
    vb_id_declare(id, at, "install", kind, detail);
    id->origin = before;
    vb_id_declare_url(id, at, url, "installer");
    vb_id_declare(id, at, "path", vb_id_str(spec, "targetDir"), "installer");
    const struct vb_id_want bins = {at, "bin", "installer", false};
    vb_id_declare_each(id, &bins, vb_id_get(spec, "bins"));
}

/* envVars: a list of {name} or of names, or a map whose keys are the names. */
static void declare_env_vars(struct vb_id *id, struct vb_id_at at, const json_t *value)
{
    const struct vb_id_want names = {at, "env", "envVars", false};
    vb_id_declare_each(id, &names, value);
    for (size_t i = 0; i < json_array_size(value); i++)
        vb_id_declare(id, at, "env", vb_id_str(json_array_get(value, i), "name"), "envVars");
    const char *key;
    json_t *item;
    if (json_is_object(value)) {
        json_object_foreach((json_t *)value, key, item)
        {
            vb_id_declare(id, at, "env", key, "envVars");
        }
    }
}

static void declare_requires(struct vb_id *id, struct vb_id_at at, const json_t *needs)
{
    static const struct {
        const char *key, *what, *detail;
    } rows[] = {
        {"bins", "bin", "requires.bins"},
        {"anyBins", "bin", "requires.anyBins"},
        {"env", "env", "requires.env"},
        {"config", "permission", "requires.config"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct vb_id_want want = {at, rows[i].what, rows[i].detail, true};
        vb_id_declare_each(id, &want, vb_id_get(needs, rows[i].key));
    }
}

static void declare_config(struct vb_id *id, struct vb_id_at at, const json_t *block)
{
    const json_t *config = vb_id_get(block, "config");
    const struct vb_id_want env = {at, "env", "config.requiredEnv", false};
    const struct vb_id_want paths = {at, "path", "config.stateDirs", false};
    const struct vb_id_want needs = {at, "dependency", "dependencies", false};
    vb_id_declare_each(id, &env, vb_id_get(config, "requiredEnv"));
    vb_id_declare_each(id, &paths, vb_id_get(config, "stateDirs"));
    vb_id_declare_each(id, &needs, vb_id_get(block, "dependencies"));
}

static void declare_block(struct vb_id *id, struct vb_id_at at, const json_t *block)
{
    declare_requires(id, at, vb_id_get(block, "requires"));
    vb_id_declare(id, at, "env", vb_id_str(block, "primaryEnv"), "primaryEnv");
    declare_env_vars(id, at, vb_id_get(block, "envVars"));
    if (vb_id_true(vb_id_get(block, "always")))
        vb_id_declare(id, at, "permission", "always", "loads whatever its requirements say");
    declare_config(id, at, block);
    const json_t *install = vb_id_get(block, "install");
    for (size_t i = 0; i < json_array_size(install); i++)
        declare_install(id, at, json_array_get(install, i));
    if (json_is_object(install))
        declare_install(id, at, install);
}

void vb_id_openclaw_declare(struct vb_id *id, struct vb_id_at at, const json_t *meta)
{
    const json_t *blocks[VB_ID_BLOCKS];
    const size_t count = vb_id_openclaw_blocks(meta, blocks);
    for (size_t i = 1; i < count; i++) {
        if (!json_equal(blocks[0], blocks[i])) {
            vb_id_problem(id, at, "conflicting-metadata",
                          "openclaw, clawdbot and clawdis say different things; hosts differ in "
                          "which one they take");
            break;
        }
    }
    for (size_t i = 0; i < count; i++)
        declare_block(id, at, blocks[i]);
    if (count == 0) /* the requirements may stand in metadata itself */
        declare_requires(id, at, vb_id_get(meta, "requires"));
}
