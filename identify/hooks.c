/* Shapes that several hosts share: event hooks, MCP servers, language servers, monitors. Each of
 * them is a command that the host starts on its own. */
#include "identify/internal.h"

/* Events that fire when a session begins: nobody has to use the package. */
static const char *const load_events[] = {"SessionStart", "Setup", "sessionStart",
                                          "gateway:startup", "InstructionsLoaded"};

static const char *event_when(const char *event)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(load_events); i++) {
        if (strcmp(event, load_events[i]) == 0)
            return "load";
    }
    return "use";
}

/* Line of COMMAND in TEXT; JSON escapes it, so its longest plain beginning is looked for. */
static int64_t line_of(struct vb_id *id, const struct vb_buf *text, const char *command)
{
    char plain[256];
    size_t len = 0;
    while (len < sizeof(plain) - 1 && command[len] != '\0' &&
           strchr("\"\\\n\t", command[len]) == NULL)
        len++;
    memcpy(plain, command, len);
    plain[len] = '\0';
    return len < 3 ? 0 : vb_id_line_find(id, text, plain);
}

void vb_id_declare_url(struct vb_id *id, struct vb_id_at at, const char *url, const char *detail)
{
    char host[256];
    const char *before = vb_id_origin(id, url);
    if (url != NULL && vb_id_url_host((struct vb_str){url, strlen(url)}, host, sizeof(host)))
        vb_id_declare(id, at, "host", host, detail);
    id->origin = before;
}

/* COMMAND with its args, in ROOM; a command without args is a shell line already. NULL: there is
 * none. */
static const char *command_of(struct vb_id *id, struct vb_id_source source, const char *reason,
                              struct vb_buf *room)
{
    const json_t *command = vb_id_get(source.value, "command");
    const json_t *args = vb_id_get(source.value, "args");
    const char *text = json_is_string(command) ? json_string_value(command) : NULL;
    const bool list = json_is_array(command) && json_is_string(json_array_get(command, 0));
    if (list || (text != NULL && args != NULL)) {
        if (!vb_id_command_line(room, text, list ? command : args)) {
            vb_id_coverage(id, source.path, "entry", "too large", reason);
            return NULL;
        }
        text = (const char *)room->data;
    }
    return text == NULL || text[0] == '\0' ? NULL : text;
}

/* TEXT with what a host fills in, in RET: to a shell such a name is an error that keeps everything
 * from running. */
static bool fill_options(struct vb_buf *ret, const char *text)
{
    static const struct {
        const char *begins, *value;
    } names[] = {{"${user_config.", "%{home}/Downloads"}, {"${/}", "/"}};
    int status = VB_OK;
    while (status == VB_OK && *text != '\0') {
        const char *end = NULL;
        size_t i = 0;
        while (i < VB_ARRAY_LEN(names) &&
               strncmp(text, names[i].begins, strlen(names[i].begins)) != 0)
            i++;
        if (i < VB_ARRAY_LEN(names))
            end = strchr(text, '}');
        status = end == NULL ? vb_buf_append(ret, text, 1, NULL)
                             : vb_buf_append_str(ret, names[i].value, NULL);
        text = end == NULL ? text + 1 : end + 1;
    }
    return status == VB_OK;
}

static void emit_command(struct vb_id *id, struct vb_id_source source, const char *text,
                         const struct vb_id_entry *as)
{
    const json_t *command = vb_id_get(source.value, "command");
    const json_t *word = json_is_string(command) ? command : json_array_get(command, 0);
    VB_CLEANUP(vb_buf_done) struct vb_buf filled;
    vb_buf_init(&filled, 256 * 1024);
    if (!fill_options(&filled, text)) {
        vb_id_coverage(id, source.path, "entry", "too large", as->reason);
        return;
    }
    const struct vb_id_entry entry = {
        .at = {source.path, line_of(id, source.text, json_string_value(word))},
        .reason = as->reason,
        .when = as->when,
        .command = (const char *)filled.data,
        .interpreter = "sh"};
    vb_id_entry(id, &entry);
}

/* What a host gives to a shell. Not every one sets variables for it, so none are set. */
static void command_entry(struct vb_id *id, struct vb_id_source source, const char *reason,
                          const char *when)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf room;
    vb_buf_init(&room, 64 * 1024);
    const char *text = command_of(id, source, reason, &room);
    if (text != NULL)
        emit_command(id, source, text, &(struct vb_id_entry){.reason = reason, .when = when});
}

/* Programs that fetch a package by its name and run it. */
static const struct {
    const char *command;
    const char *registry;
} runners[] = {
    {"npx", "npm"},  {"bunx", "npm"},  {"pnpx", "npm"},
    {"uvx", "pypi"}, {"pipx", "pypi"}, {"docker", "oci"},
};

/* TEXT is one plain word, or begins with a runner's name. */
static bool is_program(const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789./-";
    if (strspn(text, plain) == strlen(text))
        return true;
    for (size_t i = 0; i < VB_ARRAY_LEN(runners); i++) {
        const size_t len = strlen(runners[i].command);
        if (strncmp(text, runners[i].command, len) == 0 && text[len] == ' ')
            return true;
    }
    return false;
}

/* A program that a host starts with variables: with the keys that its user has anyway, then with
 * those that the manifest gives. A line of a shell gets a shell of its own: variables may stand
 * before no other. */
static void server_entry(struct vb_id *id, struct vb_id_source source, const char *reason,
                         const char *when)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf room;
    vb_buf_init(&room, 64 * 1024);
    const char *text = command_of(id, source, reason, &room);
    const bool words = room.len > 0 || (text != NULL && is_program(text));
    for (int i = 0; text != NULL && i < 2; i++) {
        VB_CLEANUP(vb_buf_done) struct vb_buf whole;
        vb_buf_init(&whole, 64 * 1024);
        bool good = vb_id_settings_line(&whole, vb_id_get(source.value, "env"), i == 0);
        const bool set = whole.len > 0;
        if (good && set)
            good = words ? vb_buf_printf(&whole, NULL, " %s", text) == VB_OK
                         : vb_id_shell_line(&whole, text);
        if (good)
            emit_command(id, source, set ? (const char *)whole.data : text,
                         &(struct vb_id_entry){.reason = reason, .when = when});
        else
            vb_id_coverage(id, source.path, "entry", "too large", reason);
    }
}

/* A handler of type http sends the event to URL; headers take variables of the environment in. */
static void read_http_handler(struct vb_id *id, struct vb_id_source source, struct vb_id_at at,
                              const char *reason)
{
    const char *key;
    json_t *item;
    const char *url = vb_id_str(source.value, "url");
    const struct vb_id_want env = {at, "env", reason, false};
    if (url != NULL)
        vb_id_declare_url(id, (struct vb_id_at){source.path, line_of(id, source.text, url)}, url,
                          reason);
    vb_id_declare_each(id, &env, vb_id_get(source.value, "allowedEnvVars"));
    json_t *headers = vb_id_get(source.value, "headers");
    json_object_foreach(headers, key, item)
    {
        if (json_is_string(item))
            vb_id_placeholders(id, at, json_string_value(item), reason);
    }
}

static void read_handler(struct vb_id *id, struct vb_id_source source, const char *event)
{
    char reason[128];
    char quoted[128];
    char tool[256];
    snprintf(reason, sizeof(reason), "hook:%s", event);
    snprintf(quoted, sizeof(quoted), "\"%s\"", event);
    struct vb_id_at at = {source.path, vb_id_line_find(id, source.text, quoted)};
    if (at.line == 0) /* YAML has no quotes */
        at.line = vb_id_line_find(id, source.text, event);
    const char *type = vb_id_str(source.value, "type");
    const char *server = vb_id_str(source.value, "server");
    const char *name = vb_id_str(source.value, "tool");
    vb_id_declare(id, at, "hook", event, type == NULL ? "command" : type);
    read_http_handler(id, source, at, reason);
    if (name != NULL) {
        snprintf(tool, sizeof(tool), "%s%s%s", server == NULL ? "" : server,
                 server == NULL ? "" : "/", name);
        vb_id_tool(id, at, tool, reason);
    }
    vb_id_text(id, at, vb_id_str(source.value, "prompt"));
    command_entry(id, source, reason, event_when(event));
}

/* One matcher: {matcher, hooks: [handler]} or the handler itself. */
static void read_matcher(struct vb_id *id, struct vb_id_source source, const char *event)
{
    char prefix[128];
    const json_t *handlers = vb_id_get(source.value, "hooks");
    snprintf(prefix, sizeof(prefix), "hooks.%s", event);
    vb_id_fields(id, source, "matcher", prefix);
    if (!json_is_array(handlers)) {
        read_handler(id, source, event);
        return;
    }
    for (size_t i = 0; i < json_array_size(handlers); i++) {
        source.value = json_array_get(handlers, i);
        vb_id_fields(id, source, "handler", prefix);
        read_handler(id, source, event);
    }
}

void vb_id_hooks(struct vb_id *id, struct vb_id_source source)
{
    const char *event;
    json_t *matchers;
    const json_t *events = vb_id_get(source.value, "hooks");
    if (!json_is_object(events))
        events = source.value;
    if (!json_is_object(events))
        return;
    json_object_foreach((json_t *)events, event, matchers)
    {
        source.value = matchers;
        if (json_is_object(matchers))
            read_matcher(id, source, event);
        for (size_t i = 0; i < json_array_size(matchers); i++) {
            source.value = json_array_get(matchers, i);
            read_matcher(id, source, event);
        }
    }
}

static void declare_runner(struct vb_id *id, struct vb_id_at at, const json_t *server)
{
    const char *command = vb_id_str(server, "command");
    const json_t *args = vb_id_get(server, "args");
    const char *registry = NULL;
    for (size_t i = 0; command != NULL && i < VB_ARRAY_LEN(runners); i++) {
        if (strcmp(vb_path_base(command), runners[i].command) == 0)
            registry = runners[i].registry;
    }
    for (size_t i = 0; registry != NULL && i < json_array_size(args); i++) {
        const json_t *arg = json_array_get(args, i);
        const char *text = json_is_string(arg) ? json_string_value(arg) : "-";
        if (text[0] == '-' || strcmp(text, "run") == 0)
            continue;
        vb_id_declare(id, at, "dependency", text, registry);
        return;
    }
}

static void read_server(struct vb_id *id, struct vb_id_source source, const char *name)
{
    char reason[160];
    char prefix[160];
    const char *key;
    json_t *item;
    const json_t *server = source.value;
    snprintf(prefix, sizeof(prefix), "mcpServers.%s", name);
    snprintf(reason, sizeof(reason), "mcp-server:%s", name);
    const struct vb_id_at at = {source.path, vb_id_line_find(id, source.text, name)};
    server_entry(id, source, reason, "load");
    vb_id_fields(id, source, "mcp-server", prefix);
    declare_runner(id, at, server);
    vb_id_declare_url(id, at, vb_id_str(server, "url"), reason);
    vb_id_declare_url(id, at, vb_id_str(server, "httpUrl"), reason);
    json_t *env = vb_id_get(server, "env");
    json_object_foreach(env, key, item)
    {
        vb_id_declare(id, at, "env", key, reason);
    }
    json_t *headers = vb_id_get(server, "headers");
    json_object_foreach(headers, key, item)
    {
        if (json_is_string(item))
            vb_id_placeholders(id, at, json_string_value(item), reason);
    }
    const char *helper = vb_id_str(server, "headersHelper");
    if (helper == NULL)
        return;
    snprintf(reason, sizeof(reason), "mcp-headers:%s", name);
    const struct vb_id_entry entry = {
        {source.path, line_of(id, source.text, helper)}, reason, "load", helper, "sh"};
    vb_id_entry(id, &entry);
}

void vb_id_mcp_servers(struct vb_id *id, struct vb_id_source source)
{
    static const char *const wrappers[] = {"mcpServers", "servers", "mcp_servers"};
    const char *name;
    json_t *server;
    const json_t *servers = source.value;
    for (size_t i = 0; i < VB_ARRAY_LEN(wrappers); i++) {
        if (json_is_object(vb_id_get(source.value, wrappers[i]))) {
            servers = vb_id_get(source.value, wrappers[i]);
            break;
        }
    }
    if (!json_is_object(servers))
        return;
    /* Some files hold one server without a name around it. */
    if (vb_id_str(servers, "command") != NULL || vb_id_str(servers, "url") != NULL) {
        name = vb_id_str(servers, "name");
        read_server(id, source, name == NULL ? "server" : name);
        return;
    }
    json_object_foreach((json_t *)servers, name, server)
    {
        source.value = server;
        if (json_is_object(server))
            read_server(id, source, name);
    }
}

void vb_id_lsp_servers(struct vb_id *id, struct vb_id_source source)
{
    char reason[160];
    const char *language;
    json_t *server;
    const json_t *servers = vb_id_get(source.value, "lspServers");
    servers = json_is_object(servers) ? servers : source.value;
    if (!json_is_object(servers))
        return;
    json_object_foreach((json_t *)servers, language, server)
    {
        source.value = server;
        snprintf(reason, sizeof(reason), "lsp-server:%s", language);
        if (!json_is_object(server))
            continue;
        server_entry(id, source, reason, "use");
        vb_id_fields(id, source, "lsp-server", language);
    }
}

void vb_id_monitors(struct vb_id *id, struct vb_id_source source)
{
    char reason[160];
    const json_t *monitors = vb_id_get(source.value, "monitors");
    monitors = json_is_array(monitors) ? monitors : source.value;
    for (size_t i = 0; i < json_array_size(monitors); i++) {
        source.value = json_array_get(monitors, i);
        const char *name = vb_id_str(source.value, "name");
        const char *when = vb_id_str(source.value, "when");
        snprintf(reason, sizeof(reason), "monitor:%s", name == NULL ? "" : name);
        vb_id_fields(id, source, "monitor", "monitors");
        command_entry(id, source, reason,
                      when == NULL || strcmp(when, "always") == 0 ? "load" : "use");
    }
}

static void read_path(struct vb_id *id, const char *root, struct vb_id_source source,
                      void (*read)(struct vb_id *id, struct vb_id_source source))
{
    char rel[VB_ID_PATH_MAX];
    const char *named = json_string_value(source.value);
    const struct vb_id_at at = {source.path, vb_id_line_find(id, source.text, named)};
    if (!vb_id_clean_path(rel, named)) {
        vb_id_problem(id, at, "path-escapes", "%.300s leaves the package", named);
        return;
    }
    const struct vb_id_doc *doc = vb_id_json(id, root, rel);
    if (doc != NULL)
        read(id, (struct vb_id_source){&doc->text, doc->path, doc->json});
    else if (vb_id_at_root(id, root, rel) == NULL)
        vb_id_problem(id, at, "missing-file", "%.300s is not in the package", named);
}

void vb_id_path_or_inline(struct vb_id *id, const char *root, struct vb_id_source source,
                          void (*read)(struct vb_id *id, struct vb_id_source source))
{
    const json_t *value = source.value;
    if (json_is_string(value))
        read_path(id, root, source, read);
    else if (json_is_object(value))
        read(id, source);
    bool inline_items = false;
    for (size_t i = 0; i < json_array_size(value); i++) {
        source.value = json_array_get(value, i);
        if (json_is_string(source.value))
            read_path(id, root, source, read);
        else
            inline_items = true;
    }
    source.value = value;
    if (inline_items)
        read(id, source);
}

/* Words of a settings file that give permissions away, and the variables that it sets. */
static void read_switches(struct vb_id *id, struct vb_id_source source)
{
    const char *key;
    json_t *item;
    const char *mode = vb_id_str(vb_id_get(source.value, "permissions"), "defaultMode");
    json_t *env = vb_id_get(source.value, "env");
    if (mode != NULL)
        vb_id_declare(
            id, (struct vb_id_at){source.path, vb_id_line_find(id, source.text, "defaultMode")},
            "permission", mode, "settings");
    if (vb_id_true(vb_id_get(source.value, "enableAllProjectMcpServers")))
        vb_id_declare(id,
                      (struct vb_id_at){source.path, vb_id_line_find(id, source.text,
                                                                     "enableAllProjectMcpServers")},
                      "permission", "enableAllProjectMcpServers", "settings");
    json_object_foreach(env, key, item)
    {
        vb_id_declare(id, (struct vb_id_at){source.path, vb_id_line_find(id, source.text, key)},
                      "env", key, "settings");
    }
}

void vb_id_settings(struct vb_id *id, struct vb_id_source source)
{
    static const char *const helpers[] = {"apiKeyHelper", "awsAuthRefresh", "awsCredentialExport",
                                          "otelHeadersHelper"};
    static const char *const lines[] = {"statusLine", "subagentStatusLine"};
    static const struct {
        const char *key, *what;
    } lists[] = {{"allow", "tool"}, {"additionalDirectories", "path"}};
    const json_t *settings = source.value;
    char reason[128];
    for (size_t i = 0; i < VB_ARRAY_LEN(helpers); i++) {
        const char *command = vb_id_str(settings, helpers[i]);
        snprintf(reason, sizeof(reason), "settings:%s", helpers[i]);
        const struct vb_id_entry entry = {
            {source.path, vb_id_line_find(id, source.text, helpers[i])},
            reason,
            "load",
            command,
            "sh"};
        if (command != NULL)
            vb_id_entry(id, &entry);
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(lines); i++) {
        source.value = vb_id_get(settings, lines[i]);
        snprintf(reason, sizeof(reason), "settings:%s", lines[i]);
        command_entry(id, source, reason, "load");
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(lists); i++) {
        const struct vb_id_want want = {
            {source.path, vb_id_line_find(id, source.text, lists[i].key)},
            lists[i].what,
            "settings",
            false};
        vb_id_declare_each(id, &want, vb_id_get(vb_id_get(settings, "permissions"), lists[i].key));
    }
    source.value = settings;
    read_switches(id, source);
    source.value = vb_id_get(settings, "hooks");
    vb_id_hooks(id, source);
    source.value = vb_id_get(settings, "mcpServers");
    vb_id_mcp_servers(id, source);
}
