/* What a page tells its reader to put into an MCP client's configuration: how a server is started.
 * Each is a manifest.usage of its own, with placeholders filled; which server it is, the plan finds
 * out. Trust boundary: hostile text, parsed with the readers of manifests. */
#include "identify/internal.h"

#include <ctype.h>

enum {
    DEPTH_MAX = 8,
    SERVERS_MAX = 8,          /* of a block */
    PACKAGE_SERVERS_MAX = 64, /* the others are started without arguments */
    ARGUMENTS_MAX = 48,
    WORD_BYTES = 512,
    VARIABLES_MAX = 16,
};

struct reader {
    struct vb_id *id;
    struct vb_id_at at;
    unsigned servers;
};

/* One server, its words one behind the other. */
struct server {
    char words[ARGUMENTS_MAX][WORD_BYTES];
    size_t count;
    char variables[VARIABLES_MAX][WORD_BYTES];
    size_t variable_count;
};

/* --- what a user has in the place of what is written there --- */

/* On his own machine; in the box it is one that the network answers for. */
static const struct {
    const char *scheme, *host;
} databases[] = {
    {"postgres", "db.example.com"},   {"postgresql", "db.example.com"},
    {"mysql", "db.example.com"},      {"mariadb", "db.example.com"},
    {"mssql", "db.example.com"},      {"mongodb", "db.example.com"},
    {"neo4j", "db.example.com"},      {"bolt", "db.example.com"},
    {"clickhouse", "db.example.com"}, {"redis", "cache.example.com"},
    {"rediss", "cache.example.com"},  {"valkey", "cache.example.com"},
    {"amqp", "queue.example.com"},    {"nats", "queue.example.com"},
};
static const char *const own_hosts[] = {"localhost", "127.0.0.1", "host.docker.internal", "0.0.0.0",
                                        "host"};

static const char *host_of_scheme(const char *word, size_t len)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(databases); i++) {
        if (strlen(databases[i].scheme) == len && memcmp(databases[i].scheme, word, len) == 0)
            return databases[i].host;
    }
    return NULL;
}

/* postgresql://localhost/mydb */
static void name_database(char word[WORD_BYTES])
{
    char made[WORD_BYTES];
    const char *mark = strstr(word, "://");
    const char *host = mark == NULL ? NULL : host_of_scheme(word, (size_t)(mark - word));
    if (host == NULL)
        return;
    const char *from = mark + 3;
    const char *login = strchr(from, '@');
    from = login != NULL && login < from + strcspn(from, "/?") ? login + 1 : from;
    const size_t len = strcspn(from, ":/?");
    for (size_t i = 0; i < VB_ARRAY_LEN(own_hosts); i++) {
        if (strlen(own_hosts[i]) != len || memcmp(own_hosts[i], from, len) != 0)
            continue;
        const int size =
            snprintf(made, sizeof(made), "%.*s%s%s", (int)(from - word), word, host, from + len);
        if (size > 0 && (size_t)size < sizeof(made))
            memcpy(word, made, (size_t)size + 1);
        return;
    }
}

/* Where the home of who wrote the page ends in WORD: /Users/name, /home/name, C:\Users\name. 0:
 * there is none. */
static size_t home_len(const char *word)
{
    static const char *const homes[] = {"/Users/", "/home/", "C:\\Users\\", "C:/Users/"};
    for (size_t i = 0; i < VB_ARRAY_LEN(homes); i++) {
        const size_t len = strlen(homes[i]);
        const size_t name = strncmp(word, homes[i], len) == 0 ? strcspn(word + len, "/\\") : 0;
        if (name > 0)
            return len + name;
    }
    return 0;
}

/* A folder or file of the user's that is in the home of the box too. */
static void name_home(char word[WORD_BYTES])
{
    static const char *const there[] = {"Desktop", "Documents", "Downloads", "Music", "Pictures"};
    const size_t len = home_len(word);
    if (len == 0)
        return;
    const char *rest = word + len + (word[len] != '\0');
    for (size_t i = 0; i < VB_ARRAY_LEN(there); i++) {
        if (strcmp(rest, there[i]) == 0) {
            snprintf(word, WORD_BYTES, "%%{home}/%s", there[i]);
            return;
        }
    }
    const char *base = rest + strlen(rest);
    while (base > rest && base[-1] != '/' && base[-1] != '\\')
        base--;
    const bool file = strchr(base, '.') != NULL;
    snprintf(word, WORD_BYTES, "%s", file ? vb_id_fitting(base) : "%{home}/projects");
}

/* ${input:pg_url} of an editor, ${API_KEY} of a client, $API_KEY of a shell: something that fits
 * the name. */
static bool name_input(char word[WORD_BYTES])
{
    static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyz"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-:";
    char name[WORD_BYTES];
    const bool braces = word[0] == '$' && word[1] == '{';
    const size_t begin = braces ? 2 : 1, len = strlen(word);
    if (word[0] != '$' || len < begin + 2 || (braces && word[len - 1] != '}'))
        return false;
    snprintf(name, sizeof(name), "%.*s", (int)(len - begin - braces), word + begin);
    const char *colon = strchr(name, ':');
    if (strspn(name, name_bytes) != strlen(name) || strcmp(name, "workspaceFolder") == 0)
        return false;
    snprintf(word, WORD_BYTES, "%s", vb_id_fitting(colon == NULL ? name : colon + 1));
    return true;
}

/* The server's own file, wherever the page has it: by its name the plan knows it. */
static bool is_code(const char *word)
{
    static const char *const extensions[] = {"js", "mjs", "cjs", "ts", "py"};
    for (size_t i = 0; i < VB_ARRAY_LEN(extensions); i++) {
        if (vb_ascii_equal(vb_path_extension(word), extensions[i]))
            return true;
    }
    return false;
}

/* Puts TEXT into RET as a user would have it. False: it is too long, or cannot be a word. */
static bool put_word(struct reader *reader, const char *text, char ret[WORD_BYTES])
{
    VB_CLEANUP(vb_buf_done) struct vb_buf filled = {0};
    const struct vb_id_code code = {
        .at = reader->at, .form = "fence", .interpreter = "", .text = text, .len = strlen(text)};
    vb_buf_init(&filled, WORD_BYTES);
    if (code.len >= WORD_BYTES || strpbrk(text, "\r\n") != NULL)
        return false;
    memcpy(ret, text, code.len + 1);
    if (is_code(text))
        return true;
    if (!name_input(ret) && vb_id_fill(reader->id, &code, &filled) && filled.len < WORD_BYTES) {
        memcpy(ret, filled.data, filled.len);
        ret[filled.len] = '\0';
    }
    name_database(ret);
    name_home(ret);
    return true;
}

/* --- one server --- */

static void take_words(struct reader *reader, struct server *server, const json_t *value)
{
    char text[64];
    const json_t *item = json_is_array(value) ? json_array_get(value, 0) : value;
    for (size_t i = 0; item != NULL && server->count < ARGUMENTS_MAX; i++) {
        const bool plain = vb_id_scalar(item, text, sizeof(text));
        const char *word = json_is_string(item) ? json_string_value(item) : plain ? text : NULL;
        if (word == NULL || !put_word(reader, word, server->words[server->count]))
            return; /* what follows would stand in its place */
        server->count++;
        item = json_is_array(value) ? json_array_get(value, i + 1) : NULL;
    }
}

static void take_variables(struct reader *reader, struct server *server, const json_t *value)
{
    const char *name;
    json_t *item;
    char text[WORD_BYTES], word[WORD_BYTES];
    if (!json_is_object(value))
        return;
    json_object_foreach((json_t *)value, name, item)
    {
        if (server->variable_count == VARIABLES_MAX)
            return;
        const size_t len = strlen(name);
        if (len == 0 || len > 64 || !vb_id_scalar(item, text, sizeof(text)) || text[0] == '\0' ||
            strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != len ||
            !put_word(reader, text, word))
            continue;
        const bool empty = strcmp(text, "...") == 0;
        const int size = snprintf(server->variables[server->variable_count], WORD_BYTES, "%s=%s",
                                  name, empty ? vb_id_fitting(name) : word);
        server->variable_count += size > 0 && size < WORD_BYTES;
    }
}

static size_t list_words(char (*words)[WORD_BYTES], size_t count, struct vb_str *ret)
{
    for (size_t i = 0; i < count; i++)
        ret[i] = (struct vb_str){words[i], strlen(words[i])};
    return count;
}

/* One says no more than to start it, unless it has arguments or variables. */
static void emit_server(struct reader *reader, struct server *server)
{
    struct vb_str words[ARGUMENTS_MAX], variables[VARIABLES_MAX];
    struct vb_event event;
    if (server->count == 0 || server->count + server->variable_count < 2 ||
        reader->id->client_servers == PACKAGE_SERVERS_MAX || !vb_id_take(reader->id, VB_ID_USAGE))
        return;
    reader->servers++;
    reader->id->client_servers++;
    vb_event_init(&event, VB_EV_MANIFEST_USAGE, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_PATH, reader->at.path);
    vb_event_str(&event, VB_F_REASON, VB_CLIENT_SETTINGS);
    vb_event_list(&event, VB_F_ARGV, words, list_words(server->words, server->count, words));
    if (server->variable_count > 0)
        vb_event_list(&event, VB_F_ENVIRONMENT, variables,
                      list_words(server->variables, server->variable_count, variables));
    vb_id_emit(reader->id, &event);
}

/* {"command": "npx", "args": […], "env": {…}}; some clients have one list of all words, or an
 * object with a path. */
static void read_server(struct reader *reader, const json_t *value)
{
    const json_t *command = vb_id_get(value, "command");
    const json_t *program = json_is_object(command) ? vb_id_get(command, "path") : command;
    const json_t *from = json_is_object(command) ? command : value;
    const json_t *env = vb_id_get(from, "env");
    VB_CLEANUP_FREE struct server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        vb_id_fail(reader->id, VB_E_NOMEM, "reading the settings of a client");
        return;
    }
    take_words(reader, server, program);
    if (server->count > 0)
        take_words(reader, server, vb_id_get(from, "args"));
    take_variables(reader, server, env != NULL ? env : vb_id_get(from, "environment"));
    emit_server(reader, server);
}

static void find_servers(struct reader *reader, const json_t *value, unsigned depth)
{
    const char *name;
    json_t *item;
    if (depth == DEPTH_MAX || !json_is_object(value))
        return;
    if (vb_id_get(value, "command") != NULL) {
        read_server(reader, value);
        return;
    }
    json_object_foreach((json_t *)value, name, item)
    {
        if (reader->servers < SERVERS_MAX && vb_id_ok(reader->id))
            find_servers(reader, item, depth + 1);
    }
}

/* --- the block --- */

/* Pages often leave the outermost braces away. */
static json_t *read_json(struct vb_id *id, const char *text, size_t len, struct vb_id_notes *notes)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf whole = {0};
    size_t at = 0;
    while (at < len && isspace((unsigned char)text[at]))
        at++;
    if (at == len || text[at] != '"')
        return vb_id_json5(text, len, notes);
    vb_buf_init(&whole, len + 2);
    if (vb_buf_append(&whole, "{", 1, NULL) != VB_OK ||
        vb_buf_append(&whole, text, len, NULL) != VB_OK ||
        vb_buf_append(&whole, "}", 1, NULL) != VB_OK) {
        vb_id_fail(id, VB_E_NOMEM, "reading the settings of a client");
        return NULL;
    }
    return vb_id_json5((const char *)whole.data, whole.len, notes);
}

void vb_id_client_settings(struct vb_id *id, struct vb_id_at at, const char *language,
                           struct vb_str text)
{
    static const char *const json_languages[] = {"", "json", "jsonc", "json5", "javascript", "js"};
    struct vb_id_notes notes = {0};
    struct reader reader = {.id = id, .at = at};
    json_t *value = NULL;
    if (memmem(text.text, text.len, "command", 7) == NULL)
        return;
    for (size_t i = 0; value == NULL && i < VB_ARRAY_LEN(json_languages); i++) {
        if (strcmp(language, json_languages[i]) == 0)
            value = read_json(id, text.text, text.len, &notes);
    }
    if (strcmp(language, "toml") == 0)
        value = vb_id_toml(text.text, text.len, &notes);
    else if (strcmp(language, "yaml") == 0 || strcmp(language, "yml") == 0)
        value = vb_id_yaml(text.text, text.len, &notes);
    if (notes.nomem)
        vb_id_fail(id, VB_E_NOMEM, "reading the settings of a client");
    if (notes.broken == NULL)
        find_servers(&reader, value, 0);
    json_decref(value);
}
