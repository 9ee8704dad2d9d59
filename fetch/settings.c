/* settings: npm's and pip's configuration, read as far as it says where packages come from and who
 * may have them. No address is built in: what is not set there is asked of npm and pip themselves.
 * See npmrc(5) and pip's "Configuration". A package's own .npmrc and pip.conf are never read. */
#include "fetch/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FILE_BYTES = 256 * 1024, ANSWER_BYTES = 256 * 1024, ANSWER_MS = 15000 };

/* Their own tools have them built in, too. */
static const char public_clawhub[] = "https://clawhub.ai/",
                  public_github[] = "https://api.github.com/";

extern char **environ;

/* --- values --- */

static void set_base(char ret[SETTINGS_URL_BYTES], const char *url)
{
    const size_t len = strlen(url);
    const bool sound = vb_ascii_starts(url, "https://") || vb_ascii_starts(url, "http://");
    if (!sound || len + 2 > SETTINGS_URL_BYTES || strpbrk(url, " \t\"'<>\\") != NULL)
        return;
    snprintf(ret, SETTINGS_URL_BYTES, "%s%s", url, url[len - 1] == '/' ? "" : "/");
}

static void add_secret(struct vb_indexes *indexes, const char *prefix, const char *header)
{
    if (indexes->secret_count == SETTINGS_ROWS || strpbrk(header, "\r\n") != NULL ||
        strlen(prefix) + 2 > SETTINGS_URL_BYTES || strlen(header) >= SETTINGS_SECRET_BYTES)
        return;
    const size_t len = strlen(prefix);
    snprintf(indexes->secrets[indexes->secret_count].prefix, SETTINGS_URL_BYTES, "%s%s", prefix,
             prefix[len - 1] == '/' ? "" : "/");
    snprintf(indexes->secrets[indexes->secret_count++].header, SETTINGS_SECRET_BYTES, "%s", header);
}

/* "${NAME}" stands for a variable of the environment. RET has SIZE bytes. */
static void expand(const char *value, char *ret, size_t size)
{
    size_t to = 0;
    while (*value != '\0' && to + 1 < size) {
        const char *end = strncmp(value, "${", 2) == 0 ? strchr(value, '}') : NULL;
        char name[128];
        if (end == NULL || (size_t)(end - value) - 2 >= sizeof(name)) {
            ret[to++] = *value++;
            continue;
        }
        memcpy(name, value + 2, (size_t)(end - value) - 2);
        name[end - value - 2] = '\0';
        const char *found = getenv(name);
        to += (size_t)snprintf(ret + to, size - to, "%s", found == NULL ? "" : found);
        to = to < size ? to : size - 1;
        value = end + 1;
    }
    ret[to] = '\0';
}

/* "KEY = VALUE" without its blanks and quotes, or NULL. LINE is changed. */
static char *split(char *line, char **ret_value)
{
    line += strspn(line, " \t");
    char *equals = strchr(line, '=');
    if (line[0] == ';' || line[0] == '#' || equals == NULL)
        return NULL;
    char *value = equals + 1 + strspn(equals + 1, " \t");
    for (char *end = equals; end >= line && (end == equals || *end == ' ' || *end == '\t'); end--)
        *end = '\0';
    for (size_t len = strlen(value); len > 0 && strchr(" \t\r", value[len - 1]) != NULL;)
        value[--len] = '\0';
    const size_t len = strlen(value);
    if (len >= 2 && (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0]) {
        value[len - 1] = '\0';
        value++;
    }
    *ret_value = value;
    return line;
}

static char *take_line(char **rest)
{
    char *line = *rest;
    if (line == NULL || *line == '\0')
        return NULL;
    char *end = strchr(line, '\n');
    *rest = end == NULL ? NULL : end + 1;
    if (end != NULL)
        *end = '\0';
    return line;
}

/* --- npm --- */

static bool has_suffix(const char *text, const char *suffix)
{
    const size_t len = strlen(text), own = strlen(suffix);
    return len > own && strcmp(text + len - own, suffix) == 0;
}

static struct registry *scope_row(struct vb_indexes *indexes, const char *scope, size_t len)
{
    for (size_t i = 1; i < indexes->npm_count; i++) {
        if (strlen(indexes->npm[i].scope) == len && strncmp(indexes->npm[i].scope, scope, len) == 0)
            return &indexes->npm[i];
    }
    if (indexes->npm_count == SETTINGS_ROWS || len >= sizeof(indexes->npm[0].scope))
        return NULL;
    struct registry *row = &indexes->npm[indexes->npm_count++];
    memcpy(row->scope, scope, len);
    return row;
}

static void set_npm(struct vb_indexes *indexes, const char *key, const char *value)
{
    char header[SETTINGS_SECRET_BYTES], prefix[SETTINGS_URL_BYTES];
    if (strcmp(key, "registry") == 0 && indexes->npm[0].base[0] == '\0')
        set_base(indexes->npm[0].base, value);
    else if (strcmp(key, "cafile") == 0 && indexes->ca_file[0] == '\0')
        snprintf(indexes->ca_file, sizeof(indexes->ca_file), "%s", value);
    if (key[0] == '@' && has_suffix(key, ":registry")) {
        struct registry *row = scope_row(indexes, key, strlen(key) - strlen(":registry"));
        if (row != NULL && row->base[0] == '\0')
            set_base(row->base, value);
    }
    if (strncmp(key, "//", 2) != 0)
        return;
    const bool token = has_suffix(key, ":_authToken"), basic = has_suffix(key, ":_auth");
    const char *colon = strrchr(key, ':');
    if (!token && !basic)
        return;
    if (snprintf(prefix, sizeof(prefix), "%.*s", (int)(colon - key), key) < (int)sizeof(prefix) &&
        snprintf(header, sizeof(header), "Authorization: %s %s", token ? "Bearer" : "Basic",
                 value) < (int)sizeof(header))
        add_secret(indexes, prefix, header);
}

void settings_read_npmrc(struct vb_indexes *indexes, char *text)
{
    char expanded[SETTINGS_URL_BYTES];
    char *value = NULL;
    for (char *line; (line = take_line(&text)) != NULL;) {
        const char *key = split(line, &value);
        if (key == NULL)
            continue;
        expand(value, expanded, sizeof(expanded));
        set_npm(indexes, key, expanded);
    }
}

const struct registry *settings_npm(const struct vb_indexes *indexes, const char *name)
{
    const size_t len = name[0] == '@' ? strcspn(name, "/") : 0;
    for (size_t i = 1; len > 0 && i < indexes->npm_count; i++) {
        if (strlen(indexes->npm[i].scope) == len &&
            strncmp(indexes->npm[i].scope, name, len) == 0 && indexes->npm[i].base[0] != '\0')
            return &indexes->npm[i];
    }
    return &indexes->npm[0];
}

/* --- pip --- */

/* pip takes user and password from the address, as everybody may read it there. */
void settings_set_pypi(struct vb_indexes *indexes, const char *url)
{
    const char *host = strstr(url, "://");
    if (host == NULL || indexes->python.base[0] != '\0')
        return;
    host += 3;
    const char *at = memrchr(host, '@', strcspn(host, "/?#"));
    char bare[SETTINGS_URL_BYTES], prefix[SETTINGS_URL_BYTES];
    snprintf(bare, sizeof(bare), "%.*s%s", (int)(host - url), url, at == NULL ? host : at + 1);
    set_base(indexes->python.base, bare);
    if (at == NULL)
        return;
    VB_CLEANUP(vb_buf_done) struct vb_buf header;
    vb_buf_init(&header, SETTINGS_SECRET_BYTES - 1);
    struct vb_error ignored;
    if (vb_buf_append_str(&header, "Authorization: Basic ", &ignored) < 0 ||
        vb_base64_encode(&header, host, (size_t)(at - host), &ignored) < 0)
        return;
    snprintf(prefix, sizeof(prefix), "//%s", at + 1);
    add_secret(indexes, prefix, (const char *)header.data);
}

void settings_read_pip(struct vb_indexes *indexes, char *text)
{
    char *value = NULL;
    for (char *line; (line = take_line(&text)) != NULL;) {
        const char *key = split(line, &value);
        if (key == NULL)
            continue;
        if (strcmp(key, "index-url") == 0 || strcmp(key, "index_url") == 0)
            settings_set_pypi(indexes, value);
        if (strcmp(key, "cert") == 0 && indexes->ca_file[0] == '\0')
            snprintf(indexes->ca_file, sizeof(indexes->ca_file), "%s", value);
    }
}

/* --- where they lie --- */

static void read_file(struct vb_indexes *indexes, const char *path,
                      void (*read)(struct vb_indexes *indexes, char *text))
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    struct vb_error ignored;
    vb_buf_init(&text, FILE_BYTES);
    VB_CLEANUP_FD int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && vb_buf_read_fd(&text, fd, &ignored) == VB_OK && text.len > 0)
        read(indexes, (char *)text.data);
}

static void read_at_home(struct vb_indexes *indexes, const char *name,
                         void (*read)(struct vb_indexes *indexes, char *text))
{
    VB_CLEANUP_FREE char *path = NULL;
    const char *home = getenv("HOME");
    if (home != NULL && home[0] == '/' && asprintf(&path, "%s/%s", home, name) >= 0)
        read_file(indexes, path, read);
}

static const char *either(const char *first, const char *second)
{
    const char *value = getenv(first);
    return value != NULL && value[0] != '\0' ? value : getenv(second);
}

/* As its own actions and command line have it. */
static void read_github(struct vb_indexes *indexes)
{
    char header[SETTINGS_SECRET_BYTES];
    const char *base = getenv("GITHUB_API_URL"), *token = either("GH_TOKEN", "GITHUB_TOKEN");
    set_base(indexes->github.base, base == NULL || base[0] == '\0' ? public_github : base);
    const char *prefix = strstr(indexes->github.base, "//");
    if (prefix != NULL && token != NULL && token[0] != '\0' &&
        snprintf(header, sizeof(header), "Authorization: Bearer %s", token) < (int)sizeof(header))
        add_secret(indexes, prefix, header);
}

static void read_files(struct vb_indexes *indexes)
{
    const char *registry = either("npm_config_registry", "NPM_CONFIG_REGISTRY");
    const char *npmrc = either("npm_config_userconfig", "NPM_CONFIG_USERCONFIG");
    const char *index = getenv("PIP_INDEX_URL");
    const char *clawhub = either("CLAWHUB_REGISTRY", "CLAWDHUB_REGISTRY");
    if (registry != NULL)
        set_base(indexes->npm[0].base, registry);
    set_base(indexes->clawhub.base,
             clawhub == NULL || clawhub[0] == '\0' ? public_clawhub : clawhub);
    read_github(indexes);
    if (index != NULL)
        settings_set_pypi(indexes, index);
    if (npmrc != NULL && npmrc[0] != '\0')
        read_file(indexes, npmrc, settings_read_npmrc);
    else
        read_at_home(indexes, ".npmrc", settings_read_npmrc);
    read_file(indexes, either("npm_config_globalconfig", "NPM_CONFIG_GLOBALCONFIG"),
              settings_read_npmrc);
    read_file(indexes, "/etc/npmrc", settings_read_npmrc);
    read_file(indexes, getenv("PIP_CONFIG_FILE"), settings_read_pip);
    read_at_home(indexes, ".config/pip/pip.conf", settings_read_pip);
    read_at_home(indexes, ".pip/pip.conf", settings_read_pip);
    read_file(indexes, "/etc/pip.conf", settings_read_pip);
}

/* --- what the tools say --- */

/* Reads what ARGV, a tool of the user's, prints; "" where it is not there or says nothing in time.
 * It runs in / so that no folder's own settings are in its way. */
static void ask_tool(const char *const argv[], struct vb_buf *ret)
{
    posix_spawn_file_actions_t actions;
    struct vb_error ignored;
    int ends[2];
    pid_t pid = -1;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return;
    VB_CLEANUP_FD int from = ends[0];
    VB_CLEANUP_FD int to = ends[1];
    if (posix_spawn_file_actions_init(&actions) != 0)
        return;
    const bool sound =
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) == 0 &&
        posix_spawn_file_actions_adddup2(&actions, to, 1) == 0 &&
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) == 0 &&
        posix_spawn_file_actions_addchdir_np(&actions, "/") == 0 &&
        posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ) == 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    vb_close_fd(&to);
    if (!sound)
        return;
    const uint64_t until = vb_monotonic_ns() + UINT64_C(1000000) * ANSWER_MS;
    char part[4096];
    for (;;) {
        struct pollfd ready = {.fd = from, .events = POLLIN};
        const uint64_t now = vb_monotonic_ns();
        if (now >= until || poll(&ready, 1, (int)((until - now) / 1000000) + 1) <= 0)
            break;
        const ssize_t got = read(from, part, sizeof(part));
        if (got <= 0 || vb_buf_append(ret, part, (size_t)got, &ignored) < 0)
            break;
    }
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

static void ask_npm(struct vb_indexes *indexes)
{
    static const char *const argv[] = {"npm", "config", "get", "registry", NULL};
    VB_CLEANUP(vb_buf_done) struct vb_buf said;
    vb_buf_init(&said, ANSWER_BYTES);
    ask_tool(argv, &said);
    if (said.len == 0)
        return;
    ((char *)said.data)[strcspn((char *)said.data, "\r\n")] = '\0';
    set_base(indexes->npm[0].base, (const char *)said.data);
}

/* pip has no command that says it, but its help does: "--index-url <url> … (default URL)". */
static void ask_pip(struct vb_indexes *indexes)
{
    static const char *const config[] = {"python3", "-m", "pip", "config", "list", NULL};
    static const char *const help[] = {"python3", "-m", "pip", "download", "--help", NULL};
    VB_CLEANUP(vb_buf_done) struct vb_buf said;
    vb_buf_init(&said, ANSWER_BYTES);
    ask_tool(config, &said);
    char *set = said.len == 0 ? NULL : strstr((char *)said.data, "index-url=");
    if (set != NULL) {
        set += strlen("index-url=");
        set += strspn(set, "'\"");
        set[strcspn(set, "'\"\r\n")] = '\0';
        settings_set_pypi(indexes, set);
    }
    if (indexes->python.base[0] != '\0')
        return;
    vb_buf_clear(&said);
    ask_tool(help, &said);
    char *at = said.len == 0 ? NULL : strstr((char *)said.data, "--index-url");
    at = at == NULL ? NULL : strstr(at, "(default");
    if (at == NULL)
        return;
    at += strlen("(default");
    at += strspn(at, " \t\r\n:");
    at[strcspn(at, " )\r\n")] = '\0';
    settings_set_pypi(indexes, at);
}

int vb_indexes_new(unsigned wanted, struct vb_indexes **ret, struct vb_error *err)
{
    struct vb_indexes *indexes = calloc(1, sizeof(*indexes));
    if (indexes == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "reading the settings of npm and pip");
    indexes->npm_count = 1;
    read_files(indexes);
    if ((wanted & VB_WANT_NPM) != 0 && indexes->npm[0].base[0] == '\0')
        ask_npm(indexes);
    if ((wanted & VB_WANT_PYPI) != 0 && indexes->python.base[0] == '\0')
        ask_pip(indexes);
    *ret = indexes;
    return VB_OK;
}

void vb_indexes_free(struct vb_indexes *indexes)
{
    free(indexes);
}

const struct registry *settings_registry(const struct vb_indexes *indexes, enum vb_index index,
                                         const char *name)
{
    static const struct registry unknown = {.base = ""}; /* the reference names it */
    const struct registry *const registries[] = {[VB_INDEX_NPM] = settings_npm(indexes, name),
                                                 [VB_INDEX_PYPI] = &indexes->python,
                                                 [VB_INDEX_CLAWHUB] = &indexes->clawhub,
                                                 [VB_INDEX_GITHUB] = &indexes->github,
                                                 [VB_INDEX_SKILLS] = &unknown};
    return registries[index];
}

const char *vb_indexes_base(const struct vb_indexes *indexes, enum vb_index index)
{
    return settings_registry(indexes, index, "")->base;
}

/* --- asking --- */

/* scheme://host[:port] of URL. */
static void origin_of(const char *url, char *ret, size_t size)
{
    const char *host = strstr(url, "://");
    const size_t len = host == NULL ? 0 : (size_t)(host - url) + 3 + strcspn(host + 3, "/?#");
    snprintf(ret, size, "%.*s", (int)len, url);
}

/* The longest prefix wins, as with npm. */
static const char *secret_of(const struct vb_indexes *indexes, const char *url)
{
    const char *rest = strstr(url, "//");
    const char *found = "";
    size_t longest = 0;
    for (size_t i = 0; rest != NULL && i < indexes->secret_count; i++) {
        const size_t len = strlen(indexes->secrets[i].prefix);
        if (len > longest && strncmp(rest, indexes->secrets[i].prefix, len) == 0) {
            longest = len;
            found = indexes->secrets[i].header;
        }
    }
    return found;
}

bool settings_ask_url(const struct vb_indexes *indexes, const struct registry *registry,
                      const char *url, struct crowd_get *get)
{
    origin_of(registry->base, get->origin, sizeof(get->origin));
    snprintf(get->secret, sizeof(get->secret), "%s", secret_of(indexes, url));
    return snprintf(get->url, sizeof(get->url), "%s", url) < (int)sizeof(get->url);
}

bool settings_ask(const struct vb_indexes *indexes, const struct registry *registry,
                  const char *path, struct crowd_get *get)
{
    char url[CROWD_URL_BYTES];
    return snprintf(url, sizeof(url), "%s%s", registry->base, path) < (int)sizeof(url) &&
           settings_ask_url(indexes, registry, url, get);
}
