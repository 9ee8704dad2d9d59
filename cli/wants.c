/* wants: which packages of npm and PyPI a package needs. See wants.h. */
#include "cli/wants.h"

#include <errno.h>
#include <string.h>

enum { TEXT_BYTES = 512 };

static int add(struct vb_wants *wants, enum vb_index index, const char *name, const char *range,
               struct vb_error *err)
{
    if (name[0] == '\0' || strlen(name) >= TEXT_BYTES || strlen(range) >= TEXT_BYTES ||
        !vb_utf8_valid(name, strlen(name)) || !vb_utf8_valid(range, strlen(range)))
        return VB_OK;
    for (size_t i = 0; i < wants->count; i++) {
        if (wants->all[i].index == index && strcmp(wants->all[i].name, name) == 0 &&
            (range[0] == '\0' || strcmp(wants->all[i].range, range) == 0))
            return VB_OK;
    }
    if (wants->count == VB_WANTS_MAX) {
        wants->left_out++;
        return VB_OK;
    }
    struct vb_closure_want *want = &wants->all[wants->count++];
    *want = (struct vb_closure_want){index, strdup(name), strdup(range)};
    return want->name == NULL || want->range == NULL
               ? vb_fail(err, VB_E_NOMEM, errno, "gathering dependencies")
               : VB_OK;
}

void vb_wants_done(struct vb_wants *wants)
{
    for (size_t i = 0; i < wants->count; i++) {
        free((char *)(uintptr_t)wants->all[i].name);
        free((char *)(uintptr_t)wants->all[i].range);
    }
    wants->count = 0;
}

/* NAME[@RANGE], as npm's commands take it. */
static int add_npm_spec(struct vb_wants *wants, const char *spec, struct vb_error *err)
{
    char name[TEXT_BYTES];
    const char *at = spec[0] == '\0' ? NULL : strchr(spec + 1, '@');
    snprintf(name, sizeof(name), "%.*s", at == NULL ? (int)strlen(spec) : (int)(at - spec), spec);
    return add(wants, VB_INDEX_NPM, name, at == NULL ? "" : at + 1, err);
}

/* --- what is declared --- */

/* The lists of a manifest that are installed with it. In package.json, DETAIL is "RANGE (LIST)". */
static int add_npm_dependency(struct vb_wants *wants, const struct vb_manifest_dependency *declared,
                              struct vb_error *err)
{
    static const char *const lists[] = {" (dependencies)", " (optionalDependencies)",
                                        " (peerDependencies)"};
    char range[TEXT_BYTES];
    const size_t len = strlen(declared->detail);
    for (size_t i = 0; i < VB_ARRAY_LEN(lists); i++) {
        const size_t own = strlen(lists[i]);
        if (len < own || len - own >= sizeof(range) ||
            strcmp(declared->detail + len - own, lists[i]) != 0)
            continue;
        memcpy(range, declared->detail, len - own);
        range[len - own] = '\0';
        return add(wants, VB_INDEX_NPM, declared->value, range, err);
    }
    return VB_OK;
}

/* Poetry's carets and tildes are bounds below. "SPEC (poetry)". */
static int add_poetry(struct vb_wants *wants, const struct vb_manifest_dependency *declared,
                      struct vb_error *err)
{
    char text[TEXT_BYTES];
    const char *spec = declared->detail;
    const size_t len = strcspn(spec, " ");
    const bool bound = spec[0] == '^' || spec[0] == '~';
    const bool plain = spec[0] >= '0' && spec[0] <= '9';
    if (spec[0] == '*' || spec[0] == '{' || spec[0] == '\0')
        return add(wants, VB_INDEX_PYPI, declared->value, "", err);
    snprintf(text, sizeof(text), "%.128s%s%.*s", declared->value,
             bound   ? ">="
             : plain ? "=="
                     : "",
             (int)len - bound, spec + bound);
    return add(wants, VB_INDEX_PYPI, text, "", err);
}

static int add_declared(struct vb_wants *wants, const struct vb_manifest_dependency *declared,
                        struct vb_error *err)
{
    static const char *const requirements[] = {"project", "requirements.txt", "setup.cfg",
                                               "script",  "Requires-Dist",    "pypi"};
    const char *detail = declared->detail == NULL ? "" : declared->detail;
    if (declared->value == NULL || declared->path == NULL || declared->detail == NULL)
        return VB_OK;
    if (strcmp(vb_path_base(declared->path), "package.json") == 0)
        return add_npm_dependency(wants, declared, err);
    if (strcmp(detail, "npm") == 0)
        return add_npm_spec(wants, declared->value, err);
    for (size_t i = 0; i < VB_ARRAY_LEN(requirements); i++) {
        if (strcmp(detail, requirements[i]) == 0 && declared->value[0] != '-')
            return add(wants, VB_INDEX_PYPI, declared->value, "", err);
    }
    return strlen(detail) > 8 && strcmp(detail + strlen(detail) - 8, "(poetry)") == 0
               ? add_poetry(wants, declared, err)
               : VB_OK;
}

/* --- what code installs --- */

/* "pip install NAME…": the words of a command, and what the words behind it are. */
static const struct installer {
    const char *words[3];
    enum vb_index index;
    bool single;       /* the first name alone: the rest are the program's */
    const char *named; /* the option whose value is the name; NULL: what is no option */
} installers[] = {
    {{"npm", "install"}, VB_INDEX_NPM, false, NULL},
    {{"npm", "i"}, VB_INDEX_NPM, false, NULL},
    {{"npm", "add"}, VB_INDEX_NPM, false, NULL},
    {{"npm", "exec"}, VB_INDEX_NPM, true, NULL},
    {{"npx"}, VB_INDEX_NPM, true, NULL},
    {{"bunx"}, VB_INDEX_NPM, true, NULL},
    {{"bun", "add"}, VB_INDEX_NPM, false, NULL},
    {{"pnpm", "add"}, VB_INDEX_NPM, false, NULL},
    {{"pnpm", "dlx"}, VB_INDEX_NPM, true, NULL},
    {{"yarn", "add"}, VB_INDEX_NPM, false, NULL},
    {{"yarn", "dlx"}, VB_INDEX_NPM, true, NULL},
    {{"pip", "install"}, VB_INDEX_PYPI, false, NULL},
    {{"pip3", "install"}, VB_INDEX_PYPI, false, NULL},
    {{"pipx", "install"}, VB_INDEX_PYPI, true, NULL},
    {{"pipx", "run"}, VB_INDEX_PYPI, true, NULL},
    {{"uv", "add"}, VB_INDEX_PYPI, false, NULL},
    {{"uv", "run"}, VB_INDEX_PYPI, false, "--with"},
    {{"uvx"}, VB_INDEX_PYPI, true, NULL},
};

/* One command of a line, in words; what quotes hold is one, without them. */
struct words {
    char *text; /* has room for all of the code */
    const char **all;
    size_t count;
};

static void words_done(struct words *words)
{
    free(words->text);
    free(words->all);
}

static bool ends_command(char c)
{
    return c == '\0' || c == '\n' || c == ';' || c == '&' || c == '|' || c == '#' || c == ')' ||
           c == '(' || c == '`';
}

/* Reads the words of the command at AT; returns where the next begins. */
static const char *read_words(const char *at, const char *end, struct words *ret)
{
    size_t to = 0;
    ret->count = 0;
    while (at < end && !ends_command(*at)) {
        char quote = '\0';
        const size_t start = to;
        while (at < end && strchr(" \t\r", *at) != NULL)
            at++;
        while (at < end &&
               (quote != '\0' || (!ends_command(*at) && strchr(" \t\r", *at) == NULL))) {
            if (quote == '\0' && (*at == '"' || *at == '\''))
                quote = *at;
            else if (quote != '\0' && *at == quote)
                quote = '\0';
            else if (quote != '\0' && *at == '\n')
                break;
            else
                ret->text[to++] = *at;
            at++;
        }
        ret->text[to++] = '\0';
        if (to > start + 1)
            ret->all[ret->count++] = ret->text + start;
        if (at < end && *at == '\n')
            break;
    }
    return at < end ? at + 1 : end;
}

/* The options of installers that take a value. */
static bool takes_value(const char *option)
{
    static const char *const options[] = {
        "-r",     "-c",       "-i",        "--index-url", "--target",
        "-t",     "--python", "--prefix",  "-C",          "--requirement",
        "--from", "-p",       "--package", "--registry"};
    for (size_t i = 0; i < VB_ARRAY_LEN(options); i++) {
        if (strcmp(option, options[i]) == 0)
            return true;
    }
    return false;
}

/* No path, address, variable or placeholder. */
static bool is_name(enum vb_index index, const char *word)
{
    const bool begins = (word[0] >= 'a' && word[0] <= 'z') || (word[0] >= 'A' && word[0] <= 'Z') ||
                        (word[0] >= '0' && word[0] <= '9') || word[0] == '@';
    return begins && strpbrk(word, index == VB_INDEX_NPM ? "${}\\*<>" : "${}\\") == NULL &&
           strstr(word, "://") == NULL && strncmp(word, "git+", 4) != 0;
}

static int add_name(struct vb_wants *wants, enum vb_index index, const char *word,
                    struct vb_error *err)
{
    if (!is_name(index, word))
        return VB_OK;
    return index == VB_INDEX_NPM ? add_npm_spec(wants, word, err)
                                 : add(wants, index, word, "", err);
}

static int add_names(struct vb_wants *wants, const struct installer *installer,
                     const char *const *words, size_t count, struct vb_error *err)
{
    int status = VB_OK;
    bool done = false;
    for (size_t i = 0; status == VB_OK && !done && i < count; i++) {
        const char *word = words[i];
        const bool named = strcmp(word, "--from") == 0 || strcmp(word, "-p") == 0 ||
                           strcmp(word, "--package") == 0 ||
                           (installer->named != NULL && strcmp(word, installer->named) == 0);
        if (named && i + 1 < count) {
            status = add_name(wants, installer->index, words[++i], err);
            done = installer->single;
        } else if (word[0] == '-') {
            i += takes_value(word);
        } else if (installer->named == NULL) {
            status = add_name(wants, installer->index, word, err);
            done = installer->single;
        }
    }
    return status;
}

/* An installer is called anywhere in the command: behind sudo, env or python3 -m too. */
static int read_command(struct vb_wants *wants, const struct words *words, struct vb_error *err)
{
    for (size_t at = 0; at < words->count; at++) {
        for (size_t i = 0; i < VB_ARRAY_LEN(installers); i++) {
            const struct installer *installer = &installers[i];
            size_t len = 0;
            while (len < 2 && installer->words[len] != NULL && at + len < words->count &&
                   strcmp(vb_path_base(words->all[at + len]), installer->words[len]) == 0)
                len++;
            if (installer->words[len] == NULL)
                return add_names(wants, installer, words->all + at + len, words->count - at - len,
                                 err);
        }
    }
    return VB_OK;
}

static int read_code(struct vb_wants *wants, const char *text, size_t len, struct vb_error *err)
{
    /* Each NUL of a word stands for what was between it and the next, but for the last. */
    VB_CLEANUP(words_done)
    struct words words = {malloc(len + 2), malloc((len / 2 + 1) * sizeof(*words.all)), 0};
    int status = VB_OK;
    if (words.text == NULL || words.all == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "gathering dependencies");
    for (const char *at = text, *end = text + len; status == VB_OK && at < end;) {
        at = read_words(at, end, &words);
        status = read_command(wants, &words, err);
    }
    return status;
}

int vb_wants_gather(const struct vb_manifest *manifest, struct vb_wants *ret, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < manifest->dependency_count; i++)
        status = add_declared(ret, &manifest->dependencies[i], err);
    for (size_t i = 0; status == VB_OK && i < manifest->code_count; i++) {
        const struct vb_manifest_code *code = &manifest->codes[i];
        if (code->text != NULL && code->interpreter != NULL)
            status = read_code(ret, code->text, code->text_len, err);
    }
    for (size_t i = 0; status == VB_OK && i < manifest->entry_count; i++) {
        const char *command = manifest->entries[i].command;
        if (command != NULL)
            status = read_code(ret, command, strlen(command), err);
    }
    return status;
}
