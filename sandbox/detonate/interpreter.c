/* interpreter: tables, and two looks at what nobody trusts: the first line of a file, bounded, and
 * the names in it, which are only compared. */
#include "sandbox/detonate/interpreter.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <typescript.inc>
#include <windows.inc>

#define ESBUILD "esbuild"

enum { TRANSLATION_PARTIAL = 125 }; /* the status of windows.pl that left something out */

/* Where none of them is installed, each of those that run TypeScript leads to esbuild. */
static const struct vb_interpreter interpreters[] = {
    {"bash", "-c", NULL, NULL, {NULL}},
    {"sh", "-c", "bash", NULL, {NULL}},
    {"dash", "-c", "sh", NULL, {NULL}},
    {"zsh", "-c", "bash", NULL, {NULL}},
    {"ksh", "-c", "bash", NULL, {NULL}},
    {"fish", "-c", NULL, NULL, {NULL}},
    {"python3", "-c", NULL, NULL, {NULL}},
    {"python", "-c", "python3", NULL, {NULL}},
    {"node", "-e", NULL, NULL, {NULL}},
    {"nodejs", "-e", "node", NULL, {NULL}},
    {"bun", "-e", ESBUILD, NULL, {NULL}},
    {"deno", NULL, ESBUILD, NULL, {"run", "-A", NULL}},
    {"tsx", "-e", ESBUILD, NULL, {NULL}},
    {"ts-node", "-e", "tsx", NULL, {NULL}},
    {ESBUILD, "-e", NULL, "node", {"-e", VB_TYPESCRIPT, "--"}},
    {"ruby", "-e", NULL, NULL, {NULL}},
    {"perl", "-e", NULL, NULL, {NULL}},
    {"php", "-r", NULL, NULL, {NULL}},
    {"lua", "-e", NULL, NULL, {NULL}},
    {"awk", NULL, NULL, NULL, {"-f", NULL}},
    {"gawk", NULL, "awk", NULL, {"-f", NULL}},
    {"mawk", NULL, "awk", NULL, {"-f", NULL}},
    {"Rscript", "-e", NULL, NULL, {NULL}},
    {"pwsh", "-c", "powershell", NULL, {NULL}},
    {"powershell", "-c", NULL, "perl", {"-e", VB_WINDOWS, "ps"}},
    {"cmd", "-c", NULL, "perl", {"-e", VB_WINDOWS, "cmd"}},
    {"osascript", "-c", NULL, "perl", {"-e", VB_WINDOWS, "osa"}},
    {"tclsh", NULL, NULL, NULL, {NULL}},
    {"make", NULL, NULL, NULL, {"-f", NULL}},
};

static const struct {
    const char *extension, *name;
} extensions[] = {
    {"sh", "bash"},   {"bash", "bash"}, {"py", "python3"}, {"js", "node"},
    {"mjs", "node"},  {"cjs", "node"},  {"rb", "ruby"},    {"pl", "perl"},
    {"php", "php"},   {"ts", ESBUILD},  {"mts", ESBUILD},  {"cts", ESBUILD},
    {"tsx", ESBUILD}, {"awk", "awk"},   {"R", "Rscript"},  {"r", "Rscript"},
};

/* Packages of Debian that run what nothing else does. */
static const struct {
    const char *name, *package;
} packages[] = {
    {ESBUILD, ESBUILD},   {"bun", ESBUILD},           {"deno", ESBUILD}, {"tsx", ESBUILD},
    {"ts-node", ESBUILD}, {"Rscript", "r-base-core"}, {"ruby", "ruby"},  {"php", "php-cli"},
    {"lua", "lua5.4"},    {"fish", "fish"},           {"tclsh", "tcl"},  {"perl", "perl"},
};

const char *vb_interpreter_package(const char *name)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(packages); i++) {
        if (strcmp(packages[i].name, name) == 0)
            return packages[i].package;
    }
    return NULL;
}

const struct vb_interpreter *vb_interpreter_named(const char *name)
{
    for (size_t i = 0; name != NULL && i < VB_ARRAY_LEN(interpreters); i++) {
        if (strcmp(interpreters[i].name, name) == 0)
            return &interpreters[i];
    }
    return NULL;
}

static bool is_typing(const char *path)
{
    const size_t len = strlen(path);
    return (len > 5 && strcmp(path + len - 5, ".d.ts") == 0) ||
           (len > 6 &&
            (strcmp(path + len - 6, ".d.mts") == 0 || strcmp(path + len - 6, ".d.cts") == 0));
}

const char *vb_interpreter_of_path(const char *path)
{
    const char *extension = vb_path_extension(path);
    for (size_t i = 0; i < VB_ARRAY_LEN(extensions) && !is_typing(path); i++) {
        if (strcmp(extensions[i].extension, extension) == 0)
            return extensions[i].name;
    }
    return NULL;
}

const char *vb_interpreter_for(const char *name, const char *path)
{
    const char *own = vb_interpreter_of_path(path);
    const bool typed = own != NULL && strcmp(own, ESBUILD) == 0;
    return typed && name != NULL && strcmp(name, "node") == 0 ? own : name;
}

/* A box shows /usr, the folders of the root that lead into it, and /etc/alternatives. */
static bool visible_in_box(const char *path)
{
    static const char *const roots[] = {"/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/"};
    char real[PATH_MAX];
    if (access(path, X_OK) < 0 || realpath(path, real) == NULL)
        return false;
    for (size_t i = 0; i < VB_ARRAY_LEN(roots); i++) {
        if (strncmp(real, roots[i], strlen(roots[i])) == 0)
            return true;
    }
    return false;
}

/* Links in it are followed as the box will: from its own root. */
static bool visible_in_rootfs(const char *rootfs, const char *path)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
    struct stat st;
    VB_CLEANUP_FD int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_FD int fd = root < 0 ? -1 : (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
}

static bool installed(const char *rootfs, const char *name)
{
    static const char *const folders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                          "/usr/bin",        "/sbin",          "/bin"};
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++) {
        char path[256];
        snprintf(path, sizeof(path), "%s/%s", folders[i], name);
        if (rootfs != NULL ? visible_in_rootfs(rootfs, path) : visible_in_box(path))
            return true;
    }
    return false;
}

/* A node of 22.6 or later takes the types out by itself: its headers say which it is. */
static bool node_strips_types(const char *rootfs)
{
    static const char header[] = "usr/include/node/node_version.h";
    struct open_how how = {.flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
    char text[4096] = "";
    VB_CLEANUP_FD int root = open(rootfs == NULL ? "/" : rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_FD int fd =
        root < 0 ? -1 : (int)syscall(SYS_openat2, root, header, &how, sizeof(how));
    if (fd < 0 || pread(fd, text, sizeof(text) - 1, 0) <= 0)
        return false;
    const char *major = strstr(text, "define NODE_MAJOR_VERSION ");
    const char *minor = strstr(text, "define NODE_MINOR_VERSION ");
    const long version = major == NULL ? 0 : strtol(major + 26, NULL, 10);
    return version > 22 || (version == 22 && minor != NULL && strtol(minor + 26, NULL, 10) >= 6);
}

static bool is_started(const char *rootfs, const struct vb_interpreter *interpreter)
{
    if (interpreter->program == NULL || !installed(rootfs, interpreter->program))
        return interpreter->program == NULL && installed(rootfs, interpreter->name);
    return strcmp(interpreter->name, ESBUILD) != 0 || installed(rootfs, ESBUILD) ||
           node_strips_types(rootfs);
}

bool vb_interpreter_translates(const struct vb_interpreter *interpreter)
{
    return interpreter != NULL && interpreter->program != NULL &&
           strcmp(interpreter->program, "perl") == 0;
}

bool vb_interpreter_left_out(const char *name, int wait_status)
{
    return vb_interpreter_translates(vb_interpreter_named(name)) &&
           (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) == TRANSLATION_PARTIAL);
}

const struct vb_interpreter *vb_interpreter_installed(const char *rootfs, const char *name)
{
    for (int hops = 0; name != NULL && hops < 4; hops++) {
        const struct vb_interpreter *interpreter = vb_interpreter_named(name);
        if (interpreter == NULL || is_started(rootfs, interpreter))
            return interpreter;
        name = interpreter->instead;
    }
    return NULL;
}

/* The next word of LINE, which ends at END. */
static const char *next_word(const char **at, const char *end, size_t *ret_len)
{
    while (*at < end && (**at == ' ' || **at == '\t'))
        (*at)++;
    const char *word = *at;
    while (*at < end && **at != ' ' && **at != '\t')
        (*at)++;
    *ret_len = (size_t)(*at - word);
    return word;
}

/* The part behind the last slash. */
static const char *last_part(const char *word, size_t *len)
{
    for (size_t i = *len; i > 0; i--) {
        if (word[i - 1] == '/') {
            *len -= i;
            return word + i;
        }
    }
    return word;
}

/* What only starts the program behind it. */
static bool leads_on(const char *word, size_t len)
{
    static const char *const leaders[] = {"env", "npx", "bunx"};
    for (size_t i = 0; i < VB_ARRAY_LEN(leaders); i++) {
        if (strlen(leaders[i]) == len && memcmp(leaders[i], word, len) == 0)
            return true;
    }
    return false;
}

bool vb_interpreter_of_shebang(const char *head, size_t len, char *ret, size_t size)
{
    if (len < 3 || head[0] != '#' || head[1] != '!')
        return false;
    const char *at = head + 2;
    const char *end = memchr(at, '\n', len - 2);
    if (end == NULL)
        end = head + len;
    if (end > at && end[-1] == '\r')
        end--;
    size_t word_len;
    const char *word = next_word(&at, end, &word_len);
    word = last_part(word, &word_len);
    while (leads_on(word, word_len)) {
        do {
            word = next_word(&at, end, &word_len);
        } while (word_len > 0 && (word[0] == '-' || memchr(word, '=', word_len) != NULL));
        word = last_part(word, &word_len);
    }
    if (word_len == 0 || word_len >= size || memchr(word, '\0', word_len) != NULL)
        return false;
    memcpy(ret, word, word_len);
    ret[word_len] = '\0';
    return true;
}
