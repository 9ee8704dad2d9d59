/* clients: see clients.h. Documents are the package's; their words become arguments of a program in
 * the box, and are only compared here. */
#include "sandbox/detonate/clients.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/detonate/servers.h"
#include "vetbox/core.h"

enum { LINE_BYTES = 8192, WORDS_MAX = 48, LINES_MAX = 4096, VARIABLES_MAX = 16 };

/* What is looked for: a server, and what its package is called. */
struct wanted {
    const struct vb_manifest *manifest;
    const struct vb_manifest_entry *entry;
    const struct vb_manifest_package *package; /* NULL: none has a name */
    struct vb_client_form *forms;
    size_t count;
    bool failed;
};

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_one_of(const char *const *table, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i], text) == 0)
            return true;
    }
    return false;
}

static bool is_below(const char *path, const char *root)
{
    const size_t len = strlen(root);
    return strcmp(root, ".") == 0 || (strncmp(path, root, len) == 0 && path[len] == '/');
}

/* --- which server it is --- */

/* The name that its program has, or NULL. */
static const char *program_of(const struct vb_manifest_entry *entry)
{
    return vb_is_program(entry->reason) ? strchr(entry->reason, ':') + 1 : NULL;
}

/* A package of several programs starts the one that is called as it is, and else its first. */
static bool is_main(const struct wanted *wanted)
{
    const struct vb_manifest_entry *first = NULL;
    const char *name = vb_path_base(wanted->package->name);
    for (size_t i = 0; i < wanted->manifest->entry_count; i++) {
        const struct vb_manifest_entry *entry = &wanted->manifest->entries[i];
        if (program_of(entry) == NULL || !is_below(entry->path, wanted->package->root))
            continue;
        if (vb_same_name(program_of(entry), name))
            return entry == wanted->entry;
        first = first == NULL ? entry : first;
    }
    return first == NULL || first == wanted->entry;
}

static bool is_called(const struct wanted *wanted, const char *name)
{
    const char *program = program_of(wanted->entry);
    if (program != NULL && vb_same_name(program, name))
        return true;
    return wanted->package != NULL && vb_same_name(wanted->package->name, name) && is_main(wanted);
}

/* Images are called as the server is, without the words that they share. */
static void cut_affixes(const char *name, char ret[VB_WORD_BYTES])
{
    static const char *const before[] = {"mcp-server-", "server-", "mcp-"};
    static const char *const after[] = {"-mcp-server", "-server", "-mcp"};
    name = vb_path_base(name);
    for (size_t i = 0; i < VB_ARRAY_LEN(before); i++) {
        if (starts(name, before[i])) {
            name += strlen(before[i]);
            break;
        }
    }
    snprintf(ret, VB_WORD_BYTES, "%s", name);
    for (size_t i = 0; i < VB_ARRAY_LEN(after); i++) {
        const size_t len = strlen(ret), tail = strlen(after[i]);
        if (len > tail && strcmp(ret + len - tail, after[i]) == 0) {
            ret[len - tail] = '\0';
            return;
        }
    }
}

/* docker run -i --rm -e API_KEY mcp/postgres ARGUMENT… */
static const char *behind_image(const struct wanted *wanted, const char *line)
{
    static const char *const valued[] = {"-e",        "--env",    "-v",         "--volume",
                                         "--mount",   "-p",       "--publish",  "--name",
                                         "--network", "--net",    "--env-file", "-u",
                                         "--user",    "--memory", "--platform", "-w"};
    char word[VB_WORD_BYTES], image[VB_WORD_BYTES], own[VB_WORD_BYTES];
    if (wanted->package == NULL || !is_main(wanted) || !vb_next_word(&line, word) ||
        !vb_next_word(&line, word) || strcmp(word, "run") != 0)
        return NULL;
    for (int i = 0; i < WORDS_MAX && vb_next_word(&line, word); i++) {
        if (is_one_of(valued, VB_ARRAY_LEN(valued), word)) {
            if (!vb_next_word(&line, word))
                return NULL;
            continue;
        }
        if (word[0] == '-')
            continue;
        char *tag = strchr(vb_path_base(word), ':');
        if (tag != NULL)
            *tag = '\0';
        cut_affixes(word, image);
        cut_affixes(wanted->package->name, own);
        return vb_same_name(image, own) ? line : NULL;
    }
    return NULL;
}

/* node /somewhere/dist/index.js ARGUMENT…, python -m my_server ARGUMENT…, uv --directory /somewhere
 * run my-server ARGUMENT… */
static const char *behind_file(const struct wanted *wanted, const char *line)
{
    static const char *const valued[] = {"--directory", "--project", "--with",  "--python",
                                         "-r",          "--require", "--import"};
    char word[VB_WORD_BYTES];
    bool module = false;
    if (!vb_next_word(&line, word))
        return NULL;
    const bool uv = strcmp(vb_path_base(word), "uv") == 0;
    for (int i = 0; i < WORDS_MAX && vb_next_word(&line, word); i++) {
        if (strcmp(word, "-m") == 0) {
            module = true;
            continue;
        }
        if (!module && is_one_of(valued, VB_ARRAY_LEN(valued), word)) {
            if (!vb_next_word(&line, word))
                return NULL;
            continue;
        }
        const bool runner =
            uv && (strcmp(word, "run") == 0 || starts(vb_path_base(word), "python"));
        if (word[0] == '-' || runner)
            continue;
        if (!module && strcmp(vb_path_base(word), vb_path_base(wanted->entry->path)) == 0 &&
            strchr(vb_path_base(word), '.') != NULL)
            return line;
        return is_called(wanted, word) ? line : NULL;
    }
    return NULL;
}

static const char *behind_package(const struct wanted *wanted, const char *line)
{
    char name[VB_WORD_BYTES];
    const char *rest;
    if (!vb_named_package(line, name, &rest))
        return NULL;
    vb_cut_version(name);
    return is_called(wanted, name) ? rest : NULL;
}

static const struct {
    const char *program;
    const char *(*behind)(const struct wanted *wanted, const char *line);
} launchers[] = {
    {"npx", behind_package},  {"bunx", behind_package}, {"pnpx", behind_package},
    {"uvx", behind_package},  {"pipx", behind_package}, {"docker", behind_image},
    {"podman", behind_image}, {"node", behind_file},    {"python", behind_file},
    {"python3", behind_file}, {"uv", behind_file},      {"bun", behind_file},
    {"tsx", behind_file},     {"deno", behind_file},
};

/* What stands in LINE behind what starts the server, at its first word or, of a SHELL, at any:
 * "claude mcp add notes -- npx -y notes-server ARGUMENT…". NULL: it does not start it. */
static const char *behind_server(const struct wanted *wanted, const char *line, bool shell,
                                 bool *ret_container)
{
    char word[VB_WORD_BYTES];
    const char *at = line;
    for (int i = 0; i < WORDS_MAX; i++) {
        const char *next = at;
        if (!vb_next_word(&next, word))
            return NULL;
        if (i == 0 && word[0] != '\0' && is_called(wanted, vb_path_base(word)))
            return next;
        for (size_t j = 0; j < VB_ARRAY_LEN(launchers); j++) {
            const char *behind = strcmp(launchers[j].program, vb_path_base(word)) == 0
                                     ? launchers[j].behind(wanted, at)
                                     : NULL;
            *ret_container = launchers[j].behind == behind_image;
            if (behind != NULL)
                return behind;
        }
        /* On Windows it is "cmd /c npx …", elsewhere perhaps "env NAME=value npx …". */
        const bool passes = strcmp(word, "cmd") == 0 || strcmp(word, "/c") == 0 ||
                            strcmp(word, "env") == 0 || strchr(word, '=') != NULL;
        if (!shell && !passes)
            return NULL;
        at = next;
    }
    return NULL;
}

/* --- its arguments --- */

static void free_list(char **list)
{
    for (char **item = list; item != NULL && *item != NULL; item++)
        free(*item);
    free(list);
}

void vb_client_form_done(struct vb_client_form *form)
{
    free_list(form->arguments);
    free_list(form->environment);
    *form = (struct vb_client_form){NULL, NULL};
}

static bool same_list(char *const *a, char *const *b)
{
    while (*a != NULL && *b != NULL && strcmp(*a, *b) == 0) {
        a++;
        b++;
    }
    return *a == NULL && *b == NULL;
}

/* The words of REST, as far as a shell would give them. */
static char **words_of(const char *rest, bool *failed)
{
    char word[VB_WORD_BYTES];
    char **list = calloc(WORDS_MAX + 1, sizeof(*list));
    *failed = *failed || list == NULL;
    for (size_t i = 0; list != NULL && i < WORDS_MAX; i++) {
        rest += strspn(rest, " ");
        if (strchr("|&;<>#()", *rest) != NULL || !vb_next_word(&rest, word))
            break; /* strchr finds the end too */
        list[i] = strdup(word);
        *failed = *failed || list[i] == NULL;
    }
    return list;
}

static char **settings_of(char *const *variables, bool *failed)
{
    char **list = calloc(VARIABLES_MAX + 1, sizeof(*list));
    *failed = *failed || list == NULL;
    for (size_t i = 0; list != NULL && i < VARIABLES_MAX && variables != NULL && variables[i];
         i++) {
        if (asprintf(&list[i], "?%s", variables[i]) < 0) {
            list[i] = NULL;
            *failed = true;
            break;
        }
    }
    return list;
}

/* These end at once, or do something else first. */
static bool is_errand(char *const *arguments)
{
    static const char *const words[] = {"--help", "-h",    "--version", "-v",   "-V",
                                        "auth",   "login", "setup",     "init", "install"};
    return arguments[0] != NULL && is_one_of(words, VB_ARRAY_LEN(words), arguments[0]);
}

static void add_form(struct wanted *wanted, const char *rest, char *const *variables)
{
    struct vb_client_form form = {words_of(rest, &wanted->failed),
                                  settings_of(variables, &wanted->failed)};
    bool known = wanted->failed || form.arguments == NULL || form.environment == NULL ||
                 is_errand(form.arguments) ||
                 (form.arguments[0] == NULL && form.environment[0] == NULL);
    for (size_t i = 0; !known && i < wanted->count; i++)
        known = same_list(wanted->forms[i].arguments, form.arguments) &&
                same_list(wanted->forms[i].environment, form.environment);
    if (known)
        vb_client_form_done(&form);
    else
        wanted->forms[wanted->count++] = form;
}

static bool has_room(const struct wanted *wanted)
{
    return !wanted->failed && wanted->count < VB_CLIENT_FORMS_MAX;
}

/* --- where documents show it --- */

/* The words as one line; false where they cannot be. */
static bool join(char *const *words, char ret[LINE_BYTES])
{
    size_t len = 0;
    ret[0] = '\0';
    for (; *words != NULL; words++) {
        const char quote = strchr(*words, '"') != NULL ? '\'' : '"';
        const int more = snprintf(ret + len, LINE_BYTES - len, " %c%s%c", quote, *words, quote);
        if (strchr(*words, quote) != NULL || more < 0 || (size_t)more >= LINE_BYTES - len)
            return false;
        len += (size_t)more;
    }
    return true;
}

static void look_at_settings(struct wanted *wanted, bool containers)
{
    char line[LINE_BYTES];
    for (size_t i = 0; has_room(wanted) && i < wanted->manifest->usage_count; i++) {
        const struct vb_manifest_usage *usage = &wanted->manifest->usages[i];
        bool container = false;
        const char *rest = strcmp(usage->reason, VB_CLIENT_SETTINGS) == 0 && join(usage->argv, line)
                               ? behind_server(wanted, line, false, &container)
                               : NULL;
        if (rest != NULL && container == containers)
            add_form(wanted, rest, usage->environment);
    }
}

/* The line at *AT, which may go on in the next ones; *AT moves behind it. False: it is too long, or
 * there is none. */
static bool take_line(const char **at, char ret[LINE_BYTES])
{
    size_t len = 0;
    const char *from = *at;
    bool fits = *from != '\0';
    for (; *from != '\0' && *from != '\n'; from++) {
        const bool joined = from[0] == '\\' && from[1] == '\n';
        from += joined;
        if (len + 1 < LINE_BYTES)
            ret[len++] = joined || *from == '\t' ? ' ' : *from;
        else
            fits = false;
    }
    ret[len] = '\0';
    *at = *from == '\n' ? from + 1 : from;
    return fits;
}

/* The name that a line which starts the server has to hold. */
static bool is_mentioned(const struct wanted *wanted, const char *text)
{
    const char *program = program_of(wanted->entry);
    return (wanted->package != NULL && strstr(text, vb_path_base(wanted->package->name))) ||
           (program != NULL && strstr(text, program) != NULL) ||
           strstr(text, vb_path_base(wanted->entry->path)) != NULL;
}

static void look_at_lines(struct wanted *wanted)
{
    char line[LINE_BYTES];
    unsigned lines = 0;
    for (size_t i = 0; has_room(wanted) && i < wanted->manifest->code_count; i++) {
        const struct vb_manifest_code *code = &wanted->manifest->codes[i];
        if (code->interpreter == NULL || strcmp(code->interpreter, "bash") != 0 ||
            !is_mentioned(wanted, code->text))
            continue;
        for (const char *at = code->text; *at != '\0' && lines < LINES_MAX; lines++) {
            bool container = false;
            const char *rest =
                take_line(&at, line) ? behind_server(wanted, line, true, &container) : NULL;
            if (rest != NULL && !container && has_room(wanted))
                add_form(wanted, rest, NULL);
        }
    }
}

/* The innermost package with a name that holds the server. */
static const struct vb_manifest_package *named_package_of(const struct vb_manifest *manifest,
                                                          const char *path)
{
    const struct vb_manifest_package *best = NULL;
    for (size_t i = 0; i < manifest->package_count; i++) {
        const struct vb_manifest_package *package = &manifest->packages[i];
        if (package->name != NULL && package->name[0] != '\0' && package->root != NULL &&
            is_below(path, package->root) &&
            (best == NULL || strlen(package->root) > strlen(best->root)))
            best = package;
    }
    return best;
}

int vb_client_forms(const struct vb_manifest *manifest, const struct vb_manifest_entry *entry,
                    struct vb_client_form ret[VB_CLIENT_FORMS_MAX])
{
    struct wanted wanted = {.manifest = manifest,
                            .entry = entry,
                            .package = named_package_of(manifest, entry->path),
                            .forms = ret};
    look_at_settings(&wanted, false);
    if (wanted.count == 0)
        look_at_lines(&wanted);
    if (wanted.count == 0)
        look_at_settings(&wanted, true);
    for (size_t i = 0; wanted.failed && i < wanted.count; i++)
        vb_client_form_done(&ret[i]);
    return wanted.failed ? -1 : (int)wanted.count;
}
