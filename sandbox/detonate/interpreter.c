/* interpreter: tables, and two looks at what nobody trusts: the first line of a file, bounded, and
 * the names in it, which are only compared. */
#include "sandbox/detonate/interpreter.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct vb_interpreter interpreters[] = {
    {"bash", "-c", NULL},     {"sh", "-c", "bash"},        {"dash", "-c", "sh"},
    {"zsh", "-c", "bash"},    {"ksh", "-c", "bash"},       {"fish", "-c", NULL},
    {"python3", "-c", NULL},  {"python", "-c", "python3"}, {"node", "-e", NULL},
    {"nodejs", "-e", "node"}, {"bun", "-e", NULL},         {"deno", "eval", NULL},
    {"ruby", "-e", NULL},     {"perl", "-e", NULL},        {"php", "-r", NULL},
    {"lua", "-e", NULL},      {"Rscript", "-e", NULL},     {"pwsh", "-c", NULL},
    {"tclsh", NULL, NULL},
};

static const struct {
    const char *extension, *name;
} extensions[] = {
    {"sh", "bash"},  {"bash", "bash"}, {"py", "python3"}, {"js", "node"}, {"mjs", "node"},
    {"cjs", "node"}, {"rb", "ruby"},   {"pl", "perl"},    {"php", "php"},
};

const struct vb_interpreter *vb_interpreter_named(const char *name)
{
    for (size_t i = 0; name != NULL && i < VB_ARRAY_LEN(interpreters); i++) {
        if (strcmp(interpreters[i].name, name) == 0)
            return &interpreters[i];
    }
    return NULL;
}

const char *vb_interpreter_of_extension(const char *extension)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(extensions); i++) {
        if (strcmp(extensions[i].extension, extension) == 0)
            return extensions[i].name;
    }
    return NULL;
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

const struct vb_interpreter *vb_interpreter_installed(const char *rootfs, const char *name)
{
    for (int hops = 0; name != NULL && hops < 4; hops++) {
        const struct vb_interpreter *interpreter = vb_interpreter_named(name);
        if (interpreter == NULL || installed(rootfs, name))
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
    if (word_len == 3 && memcmp(word, "env", 3) == 0) {
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
