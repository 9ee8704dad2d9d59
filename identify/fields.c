/* The fields that the hosts read, by form of manifest. What stands in a manifest and in no table is
 * listed as unknown: either a host reads more than we know of, or nobody reads it, and then it is
 * a place to hide text in. Trust boundary: hostile values; depth and count are capped. */
#include "identify/internal.h"

enum { FORM_DEPTH = 6, FORM_INCLUDES = 4, KEY_MAX = 256 };

/* FIELDS are words: KEY, KEY:FORM for a value (or a list of values) of another form, KEY*:FORM for
 * a map of them under free names, +FORM for all of another form's words, and * for any further key.
 * CLOSED: the format forbids other keys, so an unknown one is a problem as well. */
const struct vb_id_form vb_id_forms[] = {
    /* agentskills.io, Claude Code and OpenClaw */
    {"skill", false,
     "name description license compatibility metadata allowed-tools when_to_use "
     "argument-hint arguments disable-model-invocation user-invocable disallowed-tools model "
     "effort "
     "context agent background hooks paths shell version homepage command-dispatch "
     "command-tool command-arg-mode"},
    {"metadata", false, "openclaw:openclaw clawdbot:openclaw clawdis:openclaw *"},
    {"openclaw", false,
     "always os requires:requires primaryEnv envVars:variable skillKey emoji homepage cliHelp "
     "author "
     "links dependencies install:install nix:nix config:skill-config events export hookKey"},
    {"requires", false, "bins anyBins env config"},
    {"variable", false, "name required description"},
    {"install", false,
     "id kind type label bins os formula tap package module url archive extract stripComponents "
     "targetDir"},
    {"nix", false, "plugin systems"},
    {"skill-config", false, "requiredEnv stateDirs example"},
    {"codex-skill", false, "interface:any policy:codex-policy dependencies:codex-dependencies"},
    {"codex-policy", false, "allow_implicit_invocation"},
    {"codex-dependencies", false, "tools:codex-tool"},
    {"codex-tool", false, "type value transport url description"},
    {"any", false, "*"},
    {"command", false, "+skill"},
    {"agent", false,
     "name description model tools disallowedTools skills memory background isolation "
     "hooks*:matcher "
     "mcpServers permissionMode color"},
    {"hook", false, "name description metadata homepage"},
    /* OpenClaw plugins and Claws */
    {"openclaw-plugin", false,
     "$schema id configSchema:any name description version icon kind channels providers skills "
     "mcpServers contracts:contracts toolMetadata:any activation:activation "
     "setup:setup "
     "secretProviderIntegrations cliBackends cliCommands requiresPlugins uiHints:any dashboard "
     "catalog"},
    {"contracts", false, "tools agentToolResultMiddleware trustedToolPolicies"},
    {"activation", false, "onStartup"},
    {"setup", false, "providers:setup-provider"},
    {"setup-provider", false, "envVars *"},
    {"openclaw-package", false,
     "extensions runtimeExtensions setupEntry runtimeSetupEntry plugin:plugin-label channel "
     "install:plugin-install compat:plugin-compat build:plugin-build hostTargets environment hooks "
     "claw"},
    {"plugin-label", false, "id label"},
    {"plugin-install", false,
     "npmSpec localPath expectedIntegrity minHostVersion requiredPlatformPackages"},
    {"plugin-compat", false, "pluginApi minGatewayVersion"},
    {"plugin-build", false, "openclawVersion"},
    {"claw", false,
     "schemaVersion agent:claw-agent workspace:claw-workspace packages:claw-package "
     "mcpServers cronJobs:any name description version metadata:any"},
    {"claw-agent", false, "id name description tools"},
    {"claw-workspace", false, "files:claw-file bootstrapFiles"},
    {"claw-file", false, "source path"},
    {"claw-package", false, "kind source ref version"},
    /* Claude Code plugins and marketplaces */
    {"claude-plugin", false,
     "$schema name displayName version description author:person homepage repository license "
     "keywords "
     "metadata:any defaultEnabled skills commands agents workflows outputStyles hooks mcpServers "
     "lspServers experimental:experimental userConfig*:option channels:channel "
     "dependencies:dependency"},
    {"person", false, "name email url"},
    {"experimental", false, "themes monitors"},
    {"option", false, "type title description sensitive required default multiple min max"},
    {"channel", false, "server userConfig*:option"},
    {"dependency", false, "name version"},
    {"marketplace", false,
     "$schema name owner:person plugins:marketplace-plugin description version "
     "metadata:marketplace-metadata renames allowCrossMarketplaceDependenciesOn"},
    {"marketplace-metadata", false, "pluginRoot description version"},
    {"marketplace-plugin", false, "+claude-plugin source:source category tags strict relevance"},
    {"source", false,
     "source repo ref sha url path package version registry sha256 command timeout mode"},
    {"matcher", false, "matcher hooks description +handler"},
    {"handler", false,
     "type command commandWindows args async asyncRewake shell timeout if once statusMessage url "
     "headers allowedEnvVars server tool input prompt model name"},
    {"mcp-server", false,
     "type command args env cwd transport url httpUrl headers headersHelper timeout description "
     "includeTools excludeTools oauth authProviderType trust disabled alwaysAllow autoApprove "
     "envFile platform_overrides"},
    {"lsp-server", false,
     "command extensionToLanguage args env initializationOptions:any settings:any workspaceFolder "
     "startupTimeout restartOnCrash transport shutdownTimeout maxRestarts"},
    {"monitor", false, "name command description when"},
    /* MCPB */
    {"mcpb", false,
     "$schema manifest_version dxt_version name version description author:person "
     "server:mcpb-server "
     "display_name long_description repository homepage documentation support icon icons "
     "screenshots "
     "localization tools:mcpb-tool tools_generated prompts:mcpb-prompt prompts_generated keywords "
     "license privacy_policies compatibility:mcpb-compatibility user_config*:option _meta:any"},
    {"mcpb-server", false, "type entry_point mcp_config"},
    {"mcpb-tool", false, "name description"},
    {"mcpb-prompt", false, "name description arguments text"},
    {"mcpb-compatibility", false, "claude_desktop platforms runtimes:any"},
    {"registry", false,
     "$schema name title description version status websiteUrl repository:any packages:any "
     "remotes:any icons:any _meta:any"},
    /* carriers */
    {"npm", false,
     "name version description keywords homepage bugs license author contributors maintainers "
     "funding "
     "files main module exports imports browser bin man directories type types typings repository "
     "scripts config engines os cpu libc devEngines dependencies devDependencies "
     "optionalDependencies "
     "peerDependencies peerDependenciesMeta bundleDependencies bundledDependencies overrides "
     "gypfile "
     "mcpName publishConfig private workspaces packageManager sideEffects "
     "openclaw:openclaw-package "
     /* VS Code's are in the same file */
     "publisher displayName categories icon galleryBanner preview activationEvents contributes "
     "extensionDependencies extensionPack extensionKind capabilities enabledApiProposals badges "
     "markdown qna l10n pricing sponsor __metadata"},
    /* other hosts */
    {"gemini", false,
     "name version description mcpServers contextFileName excludeTools "
     "settings:gemini-setting migratedTo plan:gemini-plan themes"},
    {"gemini-setting", false, "name description envVar sensitive"},
    {"gemini-plan", false, "directory"},
    {"codex-plugin", false,
     "name version description author:person homepage repository license keywords skills apps "
     "mcpServers interface:any hooks"},
    {"cursor-plugin", false,
     "name displayName version description author:person homepage repository license keywords logo "
     "skills commands agents rules hooks mcpServers"},
    {"agent-plugin", true,
     "$schema name version description author:closed-person homepage repository license keywords "
     "extensions:any"},
    {"closed-person", true, "name email url"},
    {"agent-plugin-mcp", true, "$schema mcpServers*:agent-plugin-server"},
    {"agent-plugin-server", true, "type command args env cwd url headers"},
};

const size_t vb_id_form_count = VB_ARRAY_LEN(vb_id_forms);

/* The manifests of each kind. */
static const struct {
    const char *kind;
    const char *file;
    const char *form;
} manifests[] = {
    {"openclaw-plugin", "openclaw.plugin.json", "openclaw-plugin"},
    {"codex-plugin", ".codex-plugin/plugin.json", "codex-plugin"},
    {"cursor-plugin", ".cursor-plugin/plugin.json", "cursor-plugin"},
    {"claude-plugin", ".claude-plugin/plugin.json", "claude-plugin"},
    {"claude-marketplace", ".claude-plugin/marketplace.json", "marketplace"},
    {"agent-plugin", "plugin.json", "agent-plugin"},
    {"agent-plugin", "mcp.json", "agent-plugin-mcp"},
    {"gemini-extension", "gemini-extension.json", "gemini"},
    {"mcpb", "manifest.json", "mcpb"},
    {"vscode-extension", "extension/package.json", "npm"},
    {"mcp-registry-server", "server.json", "registry"},
    {"agent-skill", "agents/openai.yaml", "codex-skill"},
    {"npm", "package.json", "npm"},
};

struct walk {
    struct vb_id *id;
    const char *path;
    const struct vb_buf *text;
};

/* One word of a form: a key and what its value is. */
struct word {
    struct vb_str key;
    bool map;                      /* of values under free names */
    const struct vb_id_form *form; /* NULL: a value that nobody looks into */
};

static const struct vb_id_form *form_of(const char *name, size_t len)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(vb_id_forms); i++) {
        if (strlen(vb_id_forms[i].name) == len && memcmp(vb_id_forms[i].name, name, len) == 0)
            return &vb_id_forms[i];
    }
    return NULL;
}

static bool same(struct vb_str a, const char *b)
{
    return a.len == strlen(b) && memcmp(a.text, b, a.len) == 0;
}

static struct word word_at(const char *text, size_t len)
{
    const char *colon = memchr(text, ':', len);
    struct word word = {{text, colon == NULL ? len : (size_t)(colon - text)}, false, NULL};
    if (colon == NULL)
        return word;
    word.form = form_of(colon + 1, len - word.key.len - 1);
    word.map = word.key.text[word.key.len - 1] == '*';
    word.key.len -= word.map;
    return word;
}

/* The word of KEY in FORM; false if it has none. */
static bool find(const struct vb_id_form *form, const char *key, unsigned includes,
                 struct word *ret)
{
    bool any = false;
    for (const char *at = form->fields; *at != '\0'; at += strspn(at, " ")) {
        const size_t len = strcspn(at, " ");
        const struct vb_id_form *other = at[0] == '+' ? form_of(at + 1, len - 1) : NULL;
        const struct word word = word_at(at, len);
        if (other != NULL && includes < FORM_INCLUDES && find(other, key, includes + 1, ret))
            return true;
        if (other == NULL && same(word.key, key)) {
            *ret = word;
            return true;
        }
        any |= len == 1 && at[0] == '*';
        at += len;
    }
    *ret = (struct word){0};
    return any;
}

static void tell(const struct walk *walk, const struct vb_id_form *form, const char *key_path,
                 const json_t *value)
{
    char text[200];
    char quoted[KEY_MAX];
    const char *base = strrchr(key_path, '.');
    base = base == NULL ? key_path : base + 1;
    snprintf(quoted, sizeof(quoted), "\"%.250s\"", base);
    struct vb_id_at at = {walk->path, vb_id_line_find(walk->id, walk->text, quoted)};
    if (at.line == 0) /* YAML has no quotes */
        at.line = vb_id_line_find(walk->id, walk->text, base);
    vb_id_unknown(walk->id, at, key_path, vb_id_scalar(value, text, sizeof(text)) ? text : NULL);
    if (form->closed)
        vb_id_problem(walk->id, at, "field-not-allowed", "the format has no field \"%.200s\"",
                      key_path);
}

/* PREFIX.KEY, cut where it is too long for a name. */
static void join(char ret[KEY_MAX], const char *prefix, const char *key)
{
    const int half = KEY_MAX / 2 - 2;
    snprintf(ret, KEY_MAX, "%.*s%s%.*s", half, prefix, prefix[0] == '\0' ? "" : ".", half, key);
}

static void walk_object(const struct walk *walk, const json_t *object,
                        const struct vb_id_form *form, const char *prefix);

/* VALUE at KEY_PATH, or each of its items, is of FORM. */
static void walk_value(const struct walk *walk, const json_t *value, const struct vb_id_form *form,
                       const char *key_path)
{
    walk_object(walk, value, form, key_path);
    for (size_t i = 0; i < json_array_size(value); i++)
        walk_object(walk, json_array_get(value, i), form, key_path);
}

static void walk_word(const struct walk *walk, const json_t *value, const struct word *word,
                      const char *key_path)
{
    char inner[KEY_MAX];
    const char *name;
    json_t *item;
    if (!word->map) {
        walk_value(walk, value, word->form, key_path);
        return;
    }
    if (!json_is_object(value))
        return;
    json_object_foreach((json_t *)value, name, item)
    {
        join(inner, key_path, name);
        walk_value(walk, item, word->form, inner);
    }
}

static void walk_object(const struct walk *walk, const json_t *object,
                        const struct vb_id_form *form, const char *prefix)
{
    char key_path[KEY_MAX];
    const char *key;
    json_t *value;
    struct word word;
    unsigned depth = 0;
    for (const char *at = prefix; *at != '\0'; at++)
        depth += *at == '.';
    if (!json_is_object(object) || depth > FORM_DEPTH)
        return;
    json_object_foreach((json_t *)object, key, value)
    {
        join(key_path, prefix, key);
        if (!find(form, key, 0, &word))
            tell(walk, form, key_path, value);
        else if (word.form != NULL)
            walk_word(walk, value, &word, key_path);
    }
}

void vb_id_fields(struct vb_id *id, struct vb_id_source source, const char *form,
                  const char *prefix)
{
    const struct walk walk = {id, source.path, source.text};
    walk_value(&walk, source.value, form_of(form, strlen(form)), prefix);
}

void vb_id_fields_of_kind(struct vb_id *id, const char *kind, const char *root)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(manifests); i++) {
        if (strcmp(manifests[i].kind, kind) != 0)
            continue;
        const struct vb_id_doc *doc = vb_id_json(id, root, manifests[i].file);
        if (doc != NULL)
            vb_id_fields(id, (struct vb_id_source){&doc->text, doc->path, doc->json},
                         manifests[i].form, "");
    }
}
