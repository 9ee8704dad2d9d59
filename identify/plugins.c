/* Plugins of OpenClaw, Codex, Cursor, Gemini, Agent Plugins and MCPB: which of their files
 * and commands the host runs. */
#include "identify/internal.h"

static struct vb_id_source source_of(const struct vb_id_doc *doc, const char *key)
{
    return (struct vb_id_source){&doc->text, doc->path, vb_id_get(doc->json, key)};
}

static void whole_file(struct vb_id *id, const char *root, const char *rel,
                       void (*read)(struct vb_id *id, struct vb_id_source source))
{
    const struct vb_id_doc *doc = vb_id_json(id, root, rel);
    if (doc != NULL)
        read(id, (struct vb_id_source){&doc->text, doc->path, doc->json});
}

struct named_files {
    struct vb_id *id;
    const char *root;
    struct vb_id_entry entry;
};

static void named_file(void *ctx, const char *item)
{
    const struct named_files *files = ctx;
    (void)vb_id_file_entry(files->id, files->root, item, &files->entry);
}

/* --- OpenClaw --- */

static void read_openclaw_package(struct vb_id *id, const char *root)
{
    static const struct {
        const char *key, *reason, *when;
    } rows[] = {
        {"extensions", "extension", "load"},
        {"runtimeExtensions", "extension", "load"},
        {"setupEntry", "setup-entry", "install"},
        {"runtimeSetupEntry", "setup-entry", "install"},
    };
    const struct vb_id_doc *doc = vb_id_json(id, root, "package.json");
    const json_t *block = doc == NULL ? NULL : vb_id_get(doc->json, "openclaw");
    for (size_t i = 0; block != NULL && i < VB_ARRAY_LEN(rows); i++) {
        struct named_files files = {id,
                                    root,
                                    {{doc->path, vb_id_line_find(id, &doc->text, rows[i].key)},
                                     rows[i].reason,
                                     rows[i].when,
                                     NULL,
                                     "node"}};
        vb_id_each(vb_id_get(block, rows[i].key), false, named_file, &files);
    }
    if (vb_id_get(block, "extensions") != NULL)
        return;
    /* Without a list the host takes the index file. */
    static const char *const indexes[] = {"index.ts", "index.js", "index.mjs", "src/index.ts"};
    for (size_t i = 0; i < VB_ARRAY_LEN(indexes); i++) {
        const struct vb_id_file *file = vb_id_at_root(id, root, indexes[i]);
        const struct vb_id_entry entry = {
            {file == NULL ? "" : file->path, 0}, "extension", "load", NULL, "node"};
        if (file != NULL) {
            (void)vb_id_file_entry(id, root, indexes[i], &entry);
            return;
        }
    }
}

/* What the gateway starts on the plugin's behalf: back ends of models, commands of its own command
 * line, helpers that hand out secrets. A list of names says nothing of programs. */
static void declare_commands(struct vb_id *id, const struct vb_id_doc *doc, const char *key,
                             const json_t *item)
{
    const struct vb_id_at at = {doc->path, vb_id_line_find(id, &doc->text, key)};
    const struct vb_id_want env = {at, "env", key, false};
    vb_id_declare_program(id, at, vb_id_str(item, "command"), key);
    vb_id_declare_each(id, &env, vb_id_get(item, "passEnv"));
}

static void declare_started(struct vb_id *id, const struct vb_id_doc *doc)
{
    static const char *const keys[] = {"cliBackends", "cliCommands", "secretProviderIntegrations"};
    for (size_t i = 0; i < VB_ARRAY_LEN(keys); i++) {
        json_t *value = vb_id_get(doc->json, keys[i]);
        const char *name;
        json_t *item;
        for (size_t j = 0; j < json_array_size(value); j++)
            declare_commands(id, doc, keys[i], json_array_get(value, j));
        if (!json_is_object(value))
            continue;
        json_object_foreach(value, name, item)
        {
            declare_commands(id, doc, keys[i], item);
        }
    }
}

void vb_id_read_openclaw_plugin(struct vb_id *id, const char *root)
{
    static const char *const tool_keys[] = {"tools", "agentToolResultMiddleware",
                                            "trustedToolPolicies"};
    read_openclaw_package(id, root);
    const struct vb_id_doc *doc = vb_id_json(id, root, "openclaw.plugin.json");
    if (doc == NULL)
        return;
    vb_id_mcp_servers(id, source_of(doc, "mcpServers"));
    const json_t *contracts = vb_id_get(doc->json, "contracts");
    for (size_t i = 0; i < VB_ARRAY_LEN(tool_keys); i++) {
        const struct vb_id_want want = {{doc->path, vb_id_line_find(id, &doc->text, tool_keys[i])},
                                        "tool",
                                        tool_keys[i],
                                        false};
        vb_id_declare_each(id, &want, vb_id_get(contracts, tool_keys[i]));
    }
    if (vb_id_true(vb_id_get(vb_id_get(doc->json, "activation"), "onStartup")))
        vb_id_declare(id,
                      (struct vb_id_at){doc->path, vb_id_line_find(id, &doc->text, "onStartup")},
                      "permission", "onStartup", "activation");
    const json_t *providers = vb_id_get(vb_id_get(doc->json, "setup"), "providers");
    const struct vb_id_want env = {
        {doc->path, vb_id_line_find(id, &doc->text, "envVars")}, "env", "setup.providers", false};
    for (size_t i = 0; i < json_array_size(providers); i++)
        vb_id_declare_each(id, &env, vb_id_get(json_array_get(providers, i), "envVars"));
    vb_id_dependencies(id, source_of(doc, "requiresPlugins"), "requiresPlugins");
    declare_started(id, doc);
}

/* A hook is a folder with HOOK.md and a handler, imported into the gateway. */
static void read_hook(struct vb_id *id, const struct vb_id_file *file)
{
    static const char *const handlers[] = {"handler.ts", "handler.js", "index.ts", "index.js"};
    char folder[VB_ID_PATH_MAX];
    char reason[160] = "hook:";
    const json_t *blocks[VB_ID_BLOCKS];
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    struct vb_id_front front;
    if (!vb_id_read(id, file->path, id->limits->file_bytes, &text))
        return;
    vb_id_front_read(id, file->path, &text, true, &front);
    const json_t *events =
        vb_id_openclaw_blocks(front.meta, blocks) > 0 ? vb_id_get(blocks[0], "events") : NULL;
    const struct vb_id_want hooks = {{file->path, vb_id_front_line(&front, &text, "metadata")},
                                     "hook",
                                     "metadata.events",
                                     false};
    vb_id_declare_each(id, &hooks, events);
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const size_t len = strlen(reason);
        if (json_is_string(event))
            snprintf(reason + len, sizeof(reason) - len, "%s%s", i == 0 ? "" : ",",
                     json_string_value(event));
    }
    vb_id_front_done(&front);
    vb_id_parent(folder, file->path);
    for (size_t i = 0; i < VB_ARRAY_LEN(handlers); i++) {
        const struct vb_id_entry entry = {{file->path, 0}, reason, "load", NULL, "node"};
        if (vb_id_at_root(id, folder, handlers[i]) == NULL)
            continue;
        (void)vb_id_file_entry(id, folder, handlers[i], &entry);
        return;
    }
}

void vb_id_read_hook_pack(struct vb_id *id, const char *root)
{
    char prefix[VB_ID_PATH_MAX];
    if (!vb_id_prefix(prefix, root))
        return;
    for (size_t i = vb_id_lower(id, prefix);
         i < id->file_count && vb_id_below(&id->files[i], prefix); i++) {
        if (strcmp(vb_path_base(id->files[i].path), "HOOK.md") == 0)
            read_hook(id, &id->files[i]);
    }
}

/* --- Codex, Cursor, Agent Plugins --- */

/* agents/openai.yaml beside SKILL.md: the MCP servers that Codex connects for the skill. */
void vb_id_read_skill(struct vb_id *id, const char *root)
{
    const struct vb_id_doc *doc = vb_id_json(id, root, "agents/openai.yaml");
    if (doc == NULL)
        return;
    const json_t *tools = vb_id_get(vb_id_get(doc->json, "dependencies"), "tools");
    for (size_t i = 0; i < json_array_size(tools); i++) {
        const json_t *tool = json_array_get(tools, i);
        const char *name = vb_id_str(tool, "value");
        const struct vb_id_at at = {doc->path,
                                    vb_id_line_find(id, &doc->text, name == NULL ? "tools" : name)};
        vb_id_tool(id, at, name, vb_id_str(tool, "type"));
        vb_id_declare_url(id, at, vb_id_str(tool, "url"), "dependencies.tools");
    }
    vb_id_text(id, (struct vb_id_at){doc->path, vb_id_line_find(id, &doc->text, "default_prompt")},
               vb_id_str(vb_id_get(doc->json, "interface"), "default_prompt"));
}

/* One prompt or a list of them. */
static void read_default_prompt(struct vb_id *id, const struct vb_id_doc *doc)
{
    const json_t *prompt = vb_id_get(vb_id_get(doc->json, "interface"), "defaultPrompt");
    const struct vb_id_at at = {doc->path, vb_id_line_find(id, &doc->text, "defaultPrompt")};
    if (json_is_string(prompt))
        vb_id_text(id, at, json_string_value(prompt));
    for (size_t i = 0; i < json_array_size(prompt); i++)
        vb_id_text(id, at, json_string_value(json_array_get(prompt, i)));
}

void vb_id_read_codex(struct vb_id *id, const char *root)
{
    const struct vb_id_doc *doc = vb_id_json(id, root, ".codex-plugin/plugin.json");
    if (doc != NULL) {
        vb_id_path_or_inline(id, root, source_of(doc, "hooks"), vb_id_hooks);
        vb_id_path_or_inline(id, root, source_of(doc, "mcpServers"), vb_id_mcp_servers);
        read_default_prompt(id, doc);
    }
    whole_file(id, root, "hooks.json", vb_id_hooks);
    whole_file(id, root, "hooks/hooks.json", vb_id_hooks);
    whole_file(id, root, ".mcp.json", vb_id_mcp_servers);
}

void vb_id_read_cursor(struct vb_id *id, const char *root)
{
    const struct vb_id_doc *doc = vb_id_json(id, root, ".cursor-plugin/plugin.json");
    if (doc != NULL) {
        vb_id_path_or_inline(id, root, source_of(doc, "hooks"), vb_id_hooks);
        vb_id_path_or_inline(id, root, source_of(doc, "mcpServers"), vb_id_mcp_servers);
    }
    whole_file(id, root, "hooks/hooks.json", vb_id_hooks);
    whole_file(id, root, "mcp.json", vb_id_mcp_servers);
    whole_file(id, root, ".mcp.json", vb_id_mcp_servers);
}

/* Folders named by reverse domain belong to one client: its hooks hide there. */
static void read_client_folders(struct vb_id *id, const char *root)
{
    static const char *const tails[] = {"/hooks/hooks.json", "/hooks.json"};
    char prefix[VB_ID_PATH_MAX];
    if (!vb_id_prefix(prefix, root))
        return;
    for (size_t i = vb_id_lower(id, prefix);
         i < id->file_count && vb_id_below(&id->files[i], prefix); i++) {
        const char *rel = id->files[i].path + strlen(prefix);
        const char *slash = strchr(rel, '/');
        for (size_t t = 0; slash != NULL && t < VB_ARRAY_LEN(tails); t++) {
            if (strcmp(slash, tails[t]) == 0 && memchr(rel, '.', (size_t)(slash - rel)) != NULL)
                whole_file(id, root, rel, vb_id_hooks);
        }
    }
}

void vb_id_read_agent_plugin(struct vb_id *id, const char *root)
{
    vb_id_check_agent_plugin(id, root);
    whole_file(id, root, "mcp.json", vb_id_mcp_servers);
    read_client_folders(id, root);
}

/* --- Gemini --- */

/* A command's prompt runs what stands in !{…} before the model sees it. */
static void read_gemini_prompt(struct vb_id *id, const struct vb_id_file *file)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    if (!vb_id_read(id, file->path, id->limits->file_bytes, &text))
        return;
    const char *data = (const char *)text.data;
    for (size_t at = 0; at + 2 < text.len; at++) {
        if (data[at] != '!' || data[at + 1] != '{')
            continue;
        size_t len = 0;
        unsigned open = 1;
        const char *from = data + at + 2;
        for (; at + 2 + len < text.len; len++) {
            open += from[len] == '{';
            open -= from[len] == '}';
            if (open == 0)
                break;
        }
        const struct vb_id_code code = {.at = {file->path, (int64_t)vb_line_of(data, text.len, at)},
                                        .form = "substitution",
                                        .language = "",
                                        .interpreter = "bash",
                                        .text = from,
                                        .len = len};
        if (open == 0)
            vb_id_code(id, &code);
        at += 1 + (open == 0 ? len : 0);
    }
}

struct context {
    struct vb_id *id;
    struct vb_id_named_page page;
};

static void name_context(void *ctx, const char *item)
{
    const struct context *context = ctx;
    vb_id_name_page(context->id, &context->page, item);
}

/* Files that go into every prompt, a folder for plans. */
static void read_gemini_files(struct vb_id *id, const char *root, const struct vb_id_doc *doc)
{
    const struct vb_id_at at = {doc->path, vb_id_line_find(id, &doc->text, "contextFileName")};
    struct context context = {id, {root, at, false}};
    vb_id_each(vb_id_get(doc->json, "contextFileName"), false, name_context, &context);
    vb_id_declare(id, (struct vb_id_at){doc->path, vb_id_line_find(id, &doc->text, "directory")},
                  "path", vb_id_str(vb_id_get(doc->json, "plan"), "directory"), "plan.directory");
}

static void read_gemini_commands(struct vb_id *id, const char *root)
{
    char prefix[VB_ID_PATH_MAX];
    if (!vb_id_join(prefix, root, "commands/"))
        return;
    for (size_t i = vb_id_lower(id, prefix);
         i < id->file_count && vb_id_below(&id->files[i], prefix); i++) {
        if (strcmp(vb_path_extension(id->files[i].path), "toml") != 0)
            continue;
        read_gemini_prompt(id, &id->files[i]);
        const struct vb_id_doc *doc = vb_id_json(id, ".", id->files[i].path);
        if (doc != NULL)
            vb_id_text(id, (struct vb_id_at){doc->path, vb_id_line_find(id, &doc->text, "prompt")},
                       vb_id_str(doc->json, "prompt"));
    }
}

void vb_id_read_gemini(struct vb_id *id, const char *root)
{
    const struct vb_id_doc *doc = vb_id_json(id, root, "gemini-extension.json");
    if (doc == NULL)
        return;
    vb_id_mcp_servers(id, source_of(doc, "mcpServers"));
    whole_file(id, root, "hooks/hooks.json", vb_id_hooks);
    read_gemini_commands(id, root);
    read_gemini_files(id, root, doc);
    const json_t *settings = vb_id_get(doc->json, "settings");
    const struct vb_id_at at = {doc->path, vb_id_line_find(id, &doc->text, "settings")};
    for (size_t i = 0; i < json_array_size(settings); i++)
        vb_id_declare(id, at, "env", vb_id_str(json_array_get(settings, i), "envVar"), "settings");
    const char *moved = vb_id_str(doc->json, "migratedTo");
    if (moved != NULL)
        vb_id_problem(id,
                      (struct vb_id_at){doc->path, vb_id_line_find(id, &doc->text, "migratedTo")},
                      "source-moves", "updates will come from %.300s", moved);
}

/* --- MCPB --- */

/* Values for the options of a bundle. */
struct options {
    const json_t *config;
    bool own_keys; /* the user's, whatever the default is */
};

/* What a user would give for OPTION, called KEY. False: too long. */
static bool option_value(const struct options *options, const char *key, char *ret, size_t size)
{
    const json_t *option = vb_id_get(options->config, key);
    const json_t *given = vb_id_get(option, "default");
    const char *type = vb_id_str(option, "type");
    type = type == NULL ? "string" : type;
    if (strcmp(type, "directory") == 0) /* one that is there, whatever the default names */
        return snprintf(ret, size, "%s", "%{home}/Downloads") > 0;
    const bool secret = vb_id_true(vb_id_get(option, "sensitive"));
    if (!(secret && options->own_keys) &&
        vb_id_scalar(json_is_array(given) ? json_array_get(given, 0) : given, ret, size) &&
        ret[0] != '\0')
        return true;
    if (strcmp(type, "number") == 0)
        return vb_id_scalar(vb_id_get(option, "min"), ret, size) ||
               snprintf(ret, size, "%s", "3") > 0;
    if (strcmp(type, "boolean") == 0)
        return snprintf(ret, size, "%s", "true") > 0;
    return snprintf(ret, size, "%s",
                    vb_id_fitting(strcmp(type, "file") == 0 ? "file"
                                  : secret                  ? "key"
                                                            : key)) < (int)size;
}

/* A copy of TEXT with the values of OPTIONS in it; NULL: without memory. */
static json_t *with_options(const char *text, const struct options *options)
{
    static const char prefix[] = "${user_config.";
    VB_CLEANUP(vb_buf_done) struct vb_buf made;
    char key[128], value[512];
    vb_buf_init(&made, 64 * 1024);
    int status = vb_buf_append_str(&made, "", NULL);
    while (status == VB_OK && *text != '\0') {
        const bool named = strncmp(text, prefix, sizeof(prefix) - 1) == 0;
        const size_t len = named ? strcspn(text + sizeof(prefix) - 1, "}") : 0;
        snprintf(key, sizeof(key), "%.*s", len < sizeof(key) ? (int)len : 0,
                 text + (named ? sizeof(prefix) - 1 : 0));
        const bool filled = named && vb_id_get(options->config, key) != NULL &&
                            option_value(options, key, value, sizeof(value));
        status =
            filled ? vb_buf_append_str(&made, value, NULL) : vb_buf_append(&made, text, 1, NULL);
        text += filled ? sizeof(prefix) - 1 + len + 1 : 1;
    }
    return status < 0 ? NULL : json_stringn((const char *)made.data, made.len);
}

/* Puts in all texts of a server's VALUE what the user is asked for. */
static void fill_options(struct vb_id *id, json_t *value, const struct options *options)
{
    const char *key;
    json_t *item;
    void *next;
    json_object_foreach_safe(value, next, key, item)
    {
        json_t *made = json_is_string(item) ? with_options(json_string_value(item), options) : NULL;
        fill_options(id, item, options);
        if (made != NULL && json_object_set_new_nocheck(value, key, made) != 0)
            vb_id_fail(id, VB_E_NOMEM, "reading a bundle");
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        item = json_array_get(value, i);
        json_t *made = json_is_string(item) ? with_options(json_string_value(item), options) : NULL;
        if (made != NULL && json_array_set_new(value, i, made) != 0)
            vb_id_fail(id, VB_E_NOMEM, "reading a bundle");
    }
}

static void read_mcp_config(struct vb_id *id, const struct vb_id_doc *doc, const json_t *config,
                            const char *name)
{
    /* One server under its own name, so that the shared reader says "mcp-server:NAME". */
    json_t *servers = json_object();
    if (servers == NULL ||
        json_object_set_nocheck(servers, name,
                                json_is_object(config) ? (json_t *)config : json_null()) != 0)
        vb_id_fail(id, VB_E_NOMEM, "reading a bundle");
    else
        vb_id_mcp_servers(id, (struct vb_id_source){&doc->text, doc->path, servers});
    json_decref(servers);
}

/* Prompts are sent in the user's name; what he is asked for is put into arguments and variables. */
static void read_bundle_texts(struct vb_id *id, const struct vb_id_doc *doc)
{
    char name[128];
    const char *key;
    json_t *option;
    const json_t *prompts = vb_id_get(doc->json, "prompts");
    const struct vb_id_at at = {doc->path, vb_id_line_find(id, &doc->text, "\"prompts\"")};
    for (size_t i = 0; i < json_array_size(prompts); i++)
        vb_id_text(id, at, vb_id_str(json_array_get(prompts, i), "text"));
    json_t *config = vb_id_get(doc->json, "user_config");
    json_object_foreach(config, key, option)
    {
        const struct vb_id_at place = {doc->path, vb_id_line_find(id, &doc->text, key)};
        const struct vb_id_want paths = {place, "path", "user_config", false};
        const char *type = vb_id_str(option, "type");
        snprintf(name, sizeof(name), "user_config.%.100s", key);
        vb_id_declare(id, place, "permission", name,
                      vb_id_true(vb_id_get(option, "sensitive")) ? "sensitive" : type);
        if (type != NULL && (strcmp(type, "directory") == 0 || strcmp(type, "file") == 0))
            vb_id_declare_each(id, &paths, vb_id_get(option, "default"));
    }
}

/* How a bundle's server is started, with the values of OPTIONS. */
static void read_bundle_server(struct vb_id *id, const struct vb_id_doc *doc,
                               const struct options *options)
{
    const char *platform;
    json_t *override;
    json_t *config = json_deep_copy(vb_id_get(vb_id_get(doc->json, "server"), "mcp_config"));
    const char *name = vb_id_str(doc->json, "name");
    name = name == NULL ? "server" : name;
    fill_options(id, config, options);
    read_mcp_config(id, doc, config, name);
    json_t *overrides = vb_id_get(config, "platform_overrides");
    json_object_foreach(overrides, platform, override)
    {
        /* An override may change the arguments only. */
        json_t *merged = json_copy(config);
        if (merged != NULL && json_is_object(override) && json_object_update(merged, override) == 0)
            read_mcp_config(id, doc, merged, name);
        json_decref(merged);
    }
    json_decref(config);
}

void vb_id_read_mcpb(struct vb_id *id, const char *root)
{
    const struct vb_id_doc *doc = vb_id_json(id, root, "manifest.json");
    if (doc == NULL)
        return;
    const json_t *server = vb_id_get(doc->json, "server");
    const char *type = vb_id_str(server, "type");
    const json_t *config = vb_id_get(doc->json, "user_config");
    read_bundle_server(id, doc, &(struct options){config, true});
    read_bundle_server(id, doc, &(struct options){config, false});
    const char *entry_point = vb_id_str(server, "entry_point");
    const struct vb_id_entry entry = {{doc->path, vb_id_line_find(id, &doc->text, "entry_point")},
                                      "mcp-server",
                                      "load",
                                      NULL,
                                      type != NULL && strcmp(type, "node") == 0     ? "node"
                                      : type != NULL && strcmp(type, "binary") == 0 ? NULL
                                                                                    : "python3"};
    if (entry_point != NULL)
        (void)vb_id_file_entry(id, root, entry_point, &entry);
    read_bundle_texts(id, doc);
    const json_t *tools = vb_id_get(doc->json, "tools");
    const struct vb_id_at at = {doc->path, vb_id_line_find(id, &doc->text, "\"tools\"")};
    for (size_t i = 0; i < json_array_size(tools); i++)
        vb_id_declare(id, at, "tool", vb_id_str(json_array_get(tools, i), "name"), "mcp");
}
