/* servers: see servers.h. Commands are the package's; they are run by a shell in the box, and only
 * looked at here. */
#include "sandbox/detonate/servers.h"

#include <string.h>

enum { WORDS_MAX = 64, WORD_BYTES = VB_WORD_BYTES, COMMAND_BYTES = 64 * 1024 };

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool vb_is_program(const char *reason)
{
    return starts(reason, "bin:") || starts(reason, "console-script:");
}

static bool serves(const struct vb_manifest *manifest)
{
    for (size_t i = 0; i < manifest->package_count; i++) {
        if (strcmp(manifest->packages[i].kind, "mcp-server") == 0)
            return true;
    }
    return false;
}

bool vb_is_mcp_server(const struct vb_manifest *manifest, const struct vb_manifest_entry *entry)
{
    return strcmp(entry->reason, "mcp-server") == 0 || starts(entry->reason, "mcp-server:") ||
           (vb_is_program(entry->reason) && serves(manifest));
}

/* --- npx and uvx --- */

static const char *const runners[] = {"npx", "bunx", "pnpx", "uvx", "pipx"};
/* Of their options those whose value names the package, and those that have another. */
static const char *const package_options[] = {"-p", "--package", "--from", "--spec"};
static const char *const valued_options[] = {"--registry", "--cache",     "--python",
                                             "--with",     "--index",     "-c",
                                             "--call",     "--index-url", "--userconfig"};

static bool is_one_of(const char *const *table, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i], text) == 0)
            return true;
    }
    return false;
}

bool vb_next_word(const char **at, char ret[WORD_BYTES])
{
    const char *from = *at + strspn(*at, " ");
    size_t len = 0;
    char quote = '\0';
    if (*from == '\0')
        return false;
    for (; *from != '\0' && (quote != '\0' || *from != ' '); from++) {
        if (quote == '\0' && (*from == '\'' || *from == '"'))
            quote = *from;
        else if (*from == quote)
            quote = '\0';
        else if (len + 1 == WORD_BYTES)
            return false;
        else
            ret[len++] = *from;
    }
    ret[len] = '\0';
    *at = from;
    return true;
}

bool vb_named_package(const char *line, char ret[WORD_BYTES], const char **ret_rest)
{
    char word[WORD_BYTES];
    bool found = false;
    if (!vb_next_word(&line, word) ||
        !is_one_of(runners, VB_ARRAY_LEN(runners), vb_path_base(word)))
        return false;
    for (int i = 0; i < WORDS_MAX && vb_next_word(&line, word); i++) {
        const bool names = is_one_of(package_options, VB_ARRAY_LEN(package_options), word);
        if (names || is_one_of(valued_options, VB_ARRAY_LEN(valued_options), word)) {
            if (!vb_next_word(&line, names ? ret : word))
                return false;
            found = found || names;
        } else if (word[0] != '-' && strcmp(word, "run") != 0) {
            if (!found)
                memcpy(ret, word, sizeof(word));
            *ret_rest = line;
            return true;
        }
    }
    return false;
}

/* What stands behind the variables that LINE begins with. */
static const char *behind_variables(const char *line)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    char word[WORD_BYTES];
    for (;;) {
        line += strspn(line, " ");
        const size_t len = strspn(line, letters);
        const char *next = line;
        if (len == 0 || line[len] != '=' || !vb_next_word(&next, word))
            return line;
        line = next;
    }
}

void vb_cut_version(char *name)
{
    char *version = strchr(name[0] == '@' ? name + 1 : name, '@');
    if (version != NULL)
        *version = '\0';
    name[strcspn(name, "=<>[~!")] = '\0';
}

bool vb_same_name(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        const char x = *a == '_' || *a == '.' ? '-' : vb_ascii_lower(*a);
        const char y = *b == '_' || *b == '.' ? '-' : vb_ascii_lower(*b);
        if (x != y)
            return false;
    }
    return *a == *b;
}

static bool is_own(const struct vb_manifest *manifest, const char *name)
{
    for (size_t i = 0; i < manifest->package_count; i++) {
        if (manifest->packages[i].name != NULL && vb_same_name(manifest->packages[i].name, name))
            return true;
    }
    return false;
}

/* The program of the package that is called NAME, or its first. */
static const struct vb_manifest_entry *own_script(const struct vb_manifest *manifest,
                                                  const char *name)
{
    const struct vb_manifest_entry *first = NULL;
    for (size_t i = 0; i < manifest->entry_count; i++) {
        const struct vb_manifest_entry *entry = &manifest->entries[i];
        if (!vb_is_program(entry->reason))
            continue;
        if (first == NULL)
            first = entry;
        if (vb_same_name(strchr(entry->reason, ':') + 1, vb_path_base(name)))
            return entry;
    }
    return first;
}

static bool is_plain(const char *path)
{
    return strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./@+") ==
           strlen(path);
}

/* The line with the package's own program in the place of its name, or NULL. */
static char *own_command(const struct vb_manifest *manifest, const char *line, bool *ret_failed)
{
    char name[WORD_BYTES];
    const char *rest;
    char *made = NULL;
    const char *plain = behind_variables(line);
    const int before = (int)(plain - line); /* of at most COMMAND_BYTES and what was filled in */
    if (!vb_named_package(plain, name, &rest))
        return NULL;
    vb_cut_version(name);
    const struct vb_manifest_entry *script =
        is_own(manifest, name) ? own_script(manifest, name) : NULL;
    if (script == NULL || (script->command == NULL && !is_plain(script->path)))
        return NULL;
    const char *interpreter = script->interpreter == NULL ? "" : script->interpreter;
    const int made_len = script->command != NULL
                             ? asprintf(&made, "%.*s%s%s", before, line, script->command, rest)
                             : asprintf(&made, "%.*s%s \"%%{tree}/%s\"%s", before, line,
                                        interpreter, script->path, rest);
    *ret_failed = made_len < 0;
    return made_len < 0 ? NULL : made;
}

/* --- what a client fills in --- */

/* Of the MCPB manifest, of plugins of several hosts, and of editors. A name that ends in '.' is the
 * beginning of many. */
static const struct {
    const char *name;
    const char *value; /* NULL: the package's folder */
} settings[] = {
    {"__dirname", NULL},
    {"CLAUDE_PLUGIN_ROOT", NULL},
    {"PLUGIN_ROOT", NULL},
    {"CURSOR_PLUGIN_ROOT", NULL},
    {"extensionPath", NULL},
    {"workspaceFolder", "%{home}/projects/storefront"},
    {"DESKTOP", "%{home}/Desktop"},
    {"DOCUMENTS", "%{home}/Documents"},
    {"DOWNLOADS", "%{home}/Downloads"},
    {"/", "/"},
    {"pathSeparator", "/"},
    {"user_config.", "%{home}/Downloads"},
};

/* What stands for the name that begins at NAME, LEN bytes, or -1. */
static int setting_of(const char *name, size_t len)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(settings); i++) {
        const size_t own = strlen(settings[i].name);
        const bool many = settings[i].name[own - 1] == '.';
        if (len >= own && strncmp(name, settings[i].name, own) == 0 && (many || len == own))
            return (int)i;
    }
    return -1;
}

static int add_value(struct vb_buf *made, int setting, const char *root)
{
    const char *value = settings[setting].value;
    if (value != NULL)
        return vb_buf_append_str(made, value, NULL);
    return vb_buf_printf(made, NULL, "%%{tree}%s%s", root == NULL ? "" : "/",
                         root == NULL ? "" : root);
}

static char *fill_in(const char *line, const char *root, bool *ret_failed)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf made;
    vb_buf_init(&made, COMMAND_BYTES * 64);
    int status = VB_OK;
    for (const char *at = line; status == VB_OK && *at != '\0';) {
        const char *end = starts(at, "${") ? strchr(at, '}') : NULL;
        const int setting = end == NULL ? -1 : setting_of(at + 2, (size_t)(end - at) - 2);
        status = setting >= 0 ? add_value(&made, setting, root) : vb_buf_append(&made, at, 1, NULL);
        at = setting >= 0 ? end + 1 : at + 1;
    }
    char *text = status == VB_OK && made.len > 0 ? strdup((const char *)made.data) : NULL;
    *ret_failed = text == NULL;
    return text;
}

char *vb_mcp_command(const struct vb_manifest *manifest, const struct vb_manifest_entry *entry,
                     const char *root, bool *ret_failed)
{
    *ret_failed = false;
    if (entry->command == NULL || entry->command[0] == '\0')
        return NULL;
    VB_CLEANUP_FREE char *filled =
        fill_in(entry->command, root != NULL && is_plain(root) ? root : NULL, ret_failed);
    if (*ret_failed)
        return NULL;
    char *own = own_command(manifest, filled, ret_failed);
    return own != NULL || *ret_failed ? own : vb_steal(filled);
}
