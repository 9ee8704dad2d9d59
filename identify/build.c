/* Build files whose commands a reader is told to start by a name: the targets of a Makefile, the
 * recipes of a justfile, what a Dockerfile runs. Each is a way to call the file, listed behind all
 * that runs by itself. Trust boundary: hostile text, read by lines. */
#include "identify/build.h"

#include <ctype.h>
#include <fnmatch.h>

enum {
    CALLS_MAX = 16, /* of one file */
    FILES_MAX = 32, /* that are read */
    VARIABLES_MAX = 64,
    INCLUDES_MAX = 32, /* of one Makefile */
    PHONY_MAX = 256,
};

static const char too_many[] = "too many in one build file, or too many build files";

struct vb_str vb_build_trimmed(const char *text, size_t len)
{
    while (len > 0 && isspace((unsigned char)text[0])) {
        text++;
        len--;
    }
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    return (struct vb_str){text, len};
}

bool vb_build_put(struct vb_id *id, struct vb_buf *to, const char *text, size_t len)
{
    const int status = vb_buf_append(to, text, len, NULL);
    if (status == VB_E_NOMEM)
        vb_id_fail(id, VB_E_NOMEM, "reading a build file");
    return status == VB_OK;
}

bool vb_build_put_str(struct vb_id *id, struct vb_buf *to, const char *text)
{
    return vb_build_put(id, to, text, strlen(text));
}

bool vb_build_put_inside(struct vb_id *id, struct vb_buf *to, const char *text, size_t len)
{
    bool fits = true;
    for (size_t i = 0; i < len && fits; i++)
        fits =
            text[i] == '\'' ? vb_build_put_str(id, to, "'\\''") : vb_build_put(id, to, text + i, 1);
    return fits;
}

bool vb_build_put_word(struct vb_id *id, struct vb_buf *to, const char *text, size_t len)
{
    return vb_build_put_str(id, to, "'") && vb_build_put_inside(id, to, text, len) &&
           vb_build_put_str(id, to, "'");
}

bool vb_build_put_folder(struct vb_id *id, struct vb_buf *to, const char *path)
{
    char folder[VB_ID_PATH_MAX];
    vb_id_parent(folder, path);
    const bool top = strcmp(folder, ".") == 0;
    return vb_build_put_str(id, to, "cd \"%{tree}\"") && (top || vb_build_put_str(id, to, "/")) &&
           (top || vb_build_put_word(id, to, folder, strlen(folder))) &&
           vb_build_put_str(id, to, "\n");
}

static bool is_name(struct vb_str name)
{
    if (name.len == 0 || name.len > VB_BUILD_NAME_MAX || name.text[0] == '-')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (!isalnum((unsigned char)name.text[i]) && strchr("_-", name.text[i]) == NULL)
            return false;
    }
    return true;
}

void vb_build_left_out(struct vb_id *id, const char *path, const char *reason)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "plan");
    vb_event_str(&event, VB_F_WHAT, VB_CALLS_NOT_RUN);
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_str(&event, VB_F_PATH, path);
    vb_id_emit(id, &event);
}

void vb_build_list_call(struct vb_id *id, const struct vb_build_call *call, struct vb_id_at at,
                        struct vb_str name, struct vb_buf *script)
{
    char reason[VB_BUILD_NAME_MAX + 16];
    snprintf(reason, sizeof(reason), "%s%.*s", call->prefix, (int)name.len, name.text);
    if (!vb_build_put(id, script, "", 1)) {
        vb_id_coverage(id, at.path, reason, "too large", "its commands are not run");
        return;
    }
    const struct vb_id_entry entry = {at, reason, "use", (const char *)script->data,
                                      call->interpreter};
    vb_id_entry(id, &entry);
}

/* --- Makefile --- */

static bool equal(struct vb_str a, struct vb_str b)
{
    return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

/* The names before the colon of a rule in LINE; false: it is none. */
static bool rule_names(struct vb_id_line line, struct vb_str *ret)
{
    if (line.len == 0 || isspace((unsigned char)line.text[0]) || line.text[0] == '#' ||
        line.text[0] == '.')
        return false;
    const char *colon = memchr(line.text, ':', line.len);
    const size_t len = colon == NULL ? 0 : (size_t)(colon - line.text);
    if (len == 0 || memchr(line.text, '=', len) != NULL)
        return false;
    const char *behind = colon + 1;
    while (behind < line.text + line.len && *behind == ':')
        behind++;
    if (behind < line.text + line.len && *behind == '=')
        return false;
    *ret = (struct vb_str){line.text, len};
    return true;
}

static bool is_file(struct vb_id *id, const char *makefile, struct vb_str name)
{
    char folder[VB_ID_PATH_MAX];
    char rel[VB_BUILD_NAME_MAX + 1];
    vb_id_parent(folder, makefile);
    snprintf(rel, sizeof(rel), "%.*s", (int)name.len, name.text);
    return vb_id_at_root(id, folder, rel) != NULL;
}

/* What is read of one Makefile: itself, and what of the package it includes. */
struct part {
    const char *path;
    const char *data;
    size_t len;
    struct vb_buf own; /* of included ones */
};

struct makefile {
    struct vb_id *id;
    const char *path;
    struct part parts[1 + INCLUDES_MAX];
    size_t part_count;
    struct vb_str phony[PHONY_MAX]; /* targets that are no files, whatever their names */
    size_t phony_count;
    unsigned calls, includes;
    bool left_out, unfollowed;
};

static void see_phony(struct makefile *makefile, struct vb_str name)
{
    if (makefile->phony_count < PHONY_MAX)
        makefile->phony[makefile->phony_count++] = name;
    else
        makefile->left_out = true;
}

static void add_part(struct makefile *makefile, const char *path)
{
    for (size_t i = 0; i < makefile->part_count; i++) {
        if (strcmp(makefile->parts[i].path, path) == 0)
            return;
    }
    if (makefile->part_count == VB_ARRAY_LEN(makefile->parts)) {
        makefile->left_out = true;
        return;
    }
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    if (!vb_id_read_lines(makefile->id, path, &text) || text.len == 0)
        return;
    struct part *part = &makefile->parts[makefile->part_count++];
    *part = (struct part){path, (const char *)text.data, text.len, text};
    text = (struct vb_buf){0};
    vb_id_prose(makefile->id, (struct vb_id_at){path, 1}, (struct vb_str){part->data, part->len},
                "code");
}

/* A name as make reads it: from the folder that it runs in. */
static void see_include(struct makefile *makefile, struct vb_str name)
{
    struct vb_id *id = makefile->id;
    char folder[VB_ID_PATH_MAX], rel[VB_ID_PATH_MAX], whole[VB_ID_PATH_MAX], path[VB_ID_PATH_MAX];
    if (makefile->includes == INCLUDES_MAX) {
        makefile->left_out = true;
        return;
    }
    makefile->includes++;
    if (name.len >= sizeof(rel) || memchr(name.text, '$', name.len) != NULL) {
        makefile->unfollowed = true;
        return;
    }
    snprintf(rel, sizeof(rel), "%.*s", (int)name.len, name.text);
    vb_id_parent(folder, makefile->path);
    if (!vb_id_join(whole, folder, rel) || !vb_id_clean_path(path, whole))
        return;
    if (strpbrk(path, "*?[") == NULL) {
        const struct vb_id_file *file = vb_id_find(id, path);
        if (file != NULL)
            add_part(makefile, file->path);
        return;
    }
    for (size_t i = 0; i < id->file_count; i++) {
        if (fnmatch(path, id->files[i].path, FNM_PATHNAME | FNM_PERIOD) == 0)
            add_part(makefile, id->files[i].path);
    }
}

/* The words of LINE behind FROM, and of the lines that it goes on in. */
static void see_words(struct makefile *makefile, const struct part *part, struct vb_id_line line,
                      size_t from, size_t *at, void (*see)(struct makefile *, struct vb_str))
{
    for (bool more = true; more;) {
        more = line.len > 0 && line.text[line.len - 1] == '\\';
        const size_t len = line.len - more;
        while (from < len && line.text[from] != '#') {
            size_t to = from;
            while (to < len && !isspace((unsigned char)line.text[to]))
                to++;
            if (to > from)
                see(makefile, (struct vb_str){line.text + from, to - from});
            from = to + (to == from || to < len);
        }
        if (!more || *at >= part->len)
            return;
        line = vb_id_line_at(part->data, part->len, *at);
        *at = line.next;
        from = 0;
    }
}

/* Finds what a part includes and calls phony. Included parts are looked at after it. */
static void see_directives(struct makefile *makefile, size_t index)
{
    static const struct {
        const char *word;
        void (*see)(struct makefile *, struct vb_str);
    } rows[] = {{".PHONY:", see_phony},
                {"include ", see_include},
                {"-include ", see_include},
                {"sinclude ", see_include}};
    const struct part part = makefile->parts[index];
    for (size_t at = 0; at < part.len && vb_id_ok(makefile->id);) {
        const struct vb_id_line line = vb_id_line_at(part.data, part.len, at);
        at = line.next;
        for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
            const size_t len = strlen(rows[i].word);
            if (line.len > len && memcmp(line.text, rows[i].word, len) == 0)
                see_words(makefile, &part, line, len, &at, rows[i].see);
        }
    }
}

static bool is_phony(const struct makefile *makefile, struct vb_str name)
{
    for (size_t i = 0; i < makefile->phony_count; i++) {
        if (equal(makefile->phony[i], name))
            return true;
    }
    return false;
}

/* A dot or a slash is in the names of files, which nobody asks for, and in a few others: those are
 * phony, or have a help text ("target: ## …"). */
static bool is_target(const struct makefile *makefile, struct vb_str name, struct vb_id_line line)
{
    if (is_name(name))
        return true;
    if (name.len == 0 || name.len > VB_BUILD_NAME_MAX || !isalnum((unsigned char)name.text[0]) ||
        memmem(name.text, name.len, "..", 2) != NULL)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (!isalnum((unsigned char)name.text[i]) && strchr("_-./+", name.text[i]) == NULL)
            return false;
    }
    return memmem(line.text, line.len, "##", 2) != NULL || is_phony(makefile, name);
}

/* It is called in the Makefile that somebody calls, wherever it stands. */
static void call_target(const struct makefile *makefile, struct vb_id_at at, struct vb_str target)
{
    static const struct vb_build_call make = {"make:", "make"};
    struct vb_id *id = makefile->id;
    VB_CLEANUP(vb_buf_done) struct vb_buf script;
    vb_buf_init(&script, VB_BUILD_SCRIPT_MAX);
    const char *base = vb_path_base(makefile->path);
    if (vb_build_put_folder(id, &script, makefile->path) &&
        vb_build_put_str(id, &script, "make -f ") &&
        vb_build_put_word(id, &script, base, strlen(base)) && vb_build_put_str(id, &script, " ") &&
        vb_build_put_word(id, &script, target.text, target.len))
        vb_build_list_call(id, &make, at, target, &script);
}

static void list_targets(struct makefile *makefile, const struct part *part)
{
    int64_t number = 0;
    for (size_t at = 0; at < part->len && makefile->calls <= CALLS_MAX && vb_id_ok(makefile->id);) {
        const struct vb_id_line line = vb_id_line_at(part->data, part->len, at);
        struct vb_str names;
        at = line.next;
        number++;
        if (!rule_names(line, &names))
            continue;
        for (size_t from = 0; from < names.len && makefile->calls <= CALLS_MAX;) {
            size_t to = from;
            while (to < names.len && !isspace((unsigned char)names.text[to]))
                to++;
            const struct vb_str name = {names.text + from, to - from};
            from = to + 1;
            if (!is_target(makefile, name, line) ||
                (!is_phony(makefile, name) && is_file(makefile->id, makefile->path, name)))
                continue;
            if (makefile->calls++ < CALLS_MAX)
                call_target(makefile, (struct vb_id_at){part->path, number}, name);
        }
    }
}

static void makefile_done(struct makefile *makefile)
{
    for (size_t i = 1; i < VB_ARRAY_LEN(makefile->parts); i++)
        vb_buf_done(&makefile->parts[i].own);
}

static void read_makefile(struct vb_id *id, const char *path, const struct vb_buf *text)
{
    VB_CLEANUP(makefile_done)
    struct makefile makefile = {.id = id, .path = path, .part_count = 1};
    makefile.parts[0] = (struct part){path, (const char *)text->data, text->len, {0}};
    for (size_t i = 0; i < makefile.part_count; i++)
        see_directives(&makefile, i);
    for (size_t i = 0; i < makefile.part_count; i++)
        list_targets(&makefile, &makefile.parts[i]);
    if (makefile.calls > CALLS_MAX || makefile.left_out)
        vb_build_left_out(id, path, too_many);
    if (makefile.unfollowed)
        vb_build_left_out(id, path, "a Makefile makes the names of files that it includes");
}

/* --- justfile --- */

struct variable {
    struct vb_str name, value;
};

struct recipes {
    struct vb_id *id;
    const char *path;
    const char *data;
    size_t len;
    struct variable variables[VARIABLES_MAX];
    size_t variable_count;
};

static struct vb_str unquoted(struct vb_str text)
{
    if (text.len >= 2 && strchr("'\"`", text.text[0]) != NULL &&
        text.text[text.len - 1] == text.text[0])
        return (struct vb_str){text.text + 1, text.len - 2};
    return text;
}

/* name := "value" */
static bool read_variable(struct recipes *recipes, struct vb_id_line line)
{
    const char *mark = memmem(line.text, line.len, ":=", 2);
    if (mark == NULL)
        return false;
    struct vb_str name = vb_build_trimmed(line.text, (size_t)(mark - line.text));
    static const char export[] = "export ";
    if (name.len > sizeof(export) && memcmp(name.text, export, sizeof(export) - 1) == 0)
        name = vb_build_trimmed(name.text + sizeof(export) - 1, name.len - sizeof(export) + 1);
    const struct vb_str value =
        unquoted(vb_build_trimmed(mark + 2, line.len - (size_t)(mark - line.text) - 2));
    if (is_name(name) && recipes->variable_count < VARIABLES_MAX)
        recipes->variables[recipes->variable_count++] = (struct variable){name, value};
    return true;
}

/* What {{NAME}} stands for: a variable, a parameter's default, or something fitting. */
static bool put_value(struct recipes *recipes, struct vb_buf *to, struct vb_str name)
{
    char word[VB_BUILD_NAME_MAX + 1];
    for (size_t i = recipes->variable_count; i > 0; i--) {
        const struct variable *variable = &recipes->variables[i - 1];
        if (equal(variable->name, name))
            return vb_build_put(recipes->id, to, variable->value.text, variable->value.len);
    }
    snprintf(word, sizeof(word), "%.*s",
             (int)(name.len < VB_BUILD_NAME_MAX ? name.len : VB_BUILD_NAME_MAX), name.text);
    return vb_build_put_str(recipes->id, to, vb_id_fitting(word));
}

static bool put_recipe_line(struct recipes *recipes, struct vb_buf *to, struct vb_str line)
{
    while (line.len > 0 && (line.text[0] == '@' || line.text[0] == '-')) {
        line.text++;
        line.len--;
    }
    bool fits = true;
    for (size_t at = 0; at < line.len && fits;) {
        const char *open = memmem(line.text + at, line.len - at, "{{", 2);
        const size_t plain = open == NULL ? line.len - at : (size_t)(open - line.text) - at;
        fits = vb_build_put(recipes->id, to, line.text + at, plain);
        at += plain;
        if (open == NULL)
            break;
        const char *close = memmem(open, line.len - at, "}}", 2);
        const size_t inner = close == NULL ? line.len - at - 2 : (size_t)(close - open) - 2;
        fits = fits && put_value(recipes, to, vb_build_trimmed(open + 2, inner));
        at += 2 + inner + (close == NULL ? 0 : 2);
    }
    return fits && vb_build_put_str(recipes->id, to, "\n");
}

/* "name a b='x': deps": the parameters with their defaults join the variables. */
static bool read_recipe_head(struct recipes *recipes, struct vb_id_line line, struct vb_str *ret)
{
    const char *colon = memchr(line.text, ':', line.len);
    const size_t len = colon == NULL ? 0 : (size_t)(colon - line.text);
    size_t at = len > 0 && line.text[0] == '@' ? 1 : 0;
    const size_t from = at;
    while (at < len && !isspace((unsigned char)line.text[at]))
        at++;
    *ret = (struct vb_str){line.text + from, at - from};
    if (!is_name(*ret))
        return false;
    while (at < len) {
        while (at < len &&
               (isspace((unsigned char)line.text[at]) || strchr("*+$", line.text[at]) != NULL))
            at++;
        const size_t begin = at;
        while (at < len && !isspace((unsigned char)line.text[at]) && line.text[at] != '=')
            at++;
        const struct vb_str name = {line.text + begin, at - begin};
        if (at >= len || line.text[at] != '=')
            continue;
        const size_t value = ++at;
        const char quote = line.text[at];
        at += quote == '"' || quote == '\'';
        while (at < len && (quote == '"' || quote == '\'' ? line.text[at] != quote
                                                          : !isspace((unsigned char)line.text[at])))
            at++;
        at += at < len && (quote == '"' || quote == '\'');
        if (recipes->variable_count < VARIABLES_MAX)
            recipes->variables[recipes->variable_count++] =
                (struct variable){name, unquoted((struct vb_str){line.text + value, at - value})};
    }
    return true;
}

/* What a recipe's own first line names: "" for the shell. */
static const char *recipe_program(struct vb_str line)
{
    static const char *const programs[][2] = {
        {"python", "python3 -"}, {"node", "node -"}, {"perl", "perl -"}, {"ruby", "ruby -"}};
    if (line.len < 2 || memcmp(line.text, "#!", 2) != 0)
        return "";
    for (size_t i = 0; i < VB_ARRAY_LEN(programs); i++) {
        if (memmem(line.text, line.len, programs[i][0], strlen(programs[i][0])) != NULL)
            return programs[i][1];
    }
    return "";
}

/* The indented lines from AT on as a script. Returns where they end. */
static size_t put_recipe(struct recipes *recipes, struct vb_buf *to, size_t at, int64_t *number)
{
    static const char mark[] = "END_OF_RECIPE\n";
    const char *program = NULL;
    bool fits = vb_build_put_folder(recipes->id, to, recipes->path);
    while (at < recipes->len) {
        const struct vb_id_line line = vb_id_line_at(recipes->data, recipes->len, at);
        if (line.len > 0 && !isspace((unsigned char)line.text[0]))
            break;
        struct vb_str text = vb_build_trimmed(line.text, line.len);
        at = line.next;
        (*number)++;
        if (program == NULL && text.len > 0) {
            program = recipe_program(text);
            if (program[0] != '\0')
                fits = fits && vb_build_put_str(recipes->id, to, program) &&
                       vb_build_put_str(recipes->id, to, " <<'") &&
                       vb_build_put(recipes->id, to, mark, sizeof(mark) - 2) &&
                       vb_build_put_str(recipes->id, to, "'\n");
        }
        if (program != NULL && program[0] != '\0') { /* where indentation counts */
            const size_t margin = line.len < 4 ? line.len - text.len : 4;
            text = line.len < 4 ? text : (struct vb_str){line.text + margin, line.len - margin};
        }
        fits = fits && put_recipe_line(recipes, to, text);
    }
    if (program != NULL && program[0] != '\0')
        (void)vb_build_put_str(recipes->id, to, mark);
    return at;
}

static void read_justfile(struct vb_id *id, const char *path, const struct vb_buf *text)
{
    static const struct vb_build_call just = {"just:", NULL};
    struct recipes recipes = {
        .id = id, .path = path, .data = (const char *)text->data, .len = text->len};
    unsigned calls = 0;
    int64_t number = 0;
    for (size_t at = 0; at < text->len && calls <= CALLS_MAX && vb_id_ok(id);) {
        const struct vb_id_line line = vb_id_line_at(recipes.data, recipes.len, at);
        struct vb_str name;
        at = line.next;
        number++;
        if (line.len == 0 || isspace((unsigned char)line.text[0]) || line.text[0] == '#' ||
            line.text[0] == '[' || read_variable(&recipes, line))
            continue;
        const size_t globals = recipes.variable_count;
        if (read_recipe_head(&recipes, line, &name)) {
            VB_CLEANUP(vb_buf_done) struct vb_buf script;
            vb_buf_init(&script, VB_BUILD_SCRIPT_MAX);
            const int64_t first = number;
            at = put_recipe(&recipes, &script, at, &number);
            if (calls++ < CALLS_MAX)
                vb_build_list_call(id, &just, (struct vb_id_at){path, first}, name, &script);
        }
        recipes.variable_count = globals;
    }
    if (calls > CALLS_MAX)
        vb_build_left_out(id, path, too_many);
}

/* --- which files --- */

typedef void reader(struct vb_id *id, const char *path, const struct vb_buf *text);

static reader *reader_of(const char *path)
{
    static const struct {
        const char *name;
        reader *read;
    } rows[] = {{"makefile", read_makefile},         {"gnumakefile", read_makefile},
                {"justfile", read_justfile},         {".justfile", read_justfile},
                {"dockerfile", vb_build_dockerfile}, {"containerfile", vb_build_dockerfile}};
    const char *base = vb_path_base(path);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (vb_ascii_equal(base, rows[i].name))
            return rows[i].read;
    }
    return vb_ascii_starts(base, "dockerfile.") ||
                   vb_ascii_equal(vb_path_extension(path), "dockerfile")
               ? vb_build_dockerfile
               : NULL;
}

void vb_id_build_files(struct vb_id *id)
{
    unsigned files = 0;
    for (size_t i = 0; i < id->file_count && vb_id_ok(id); i++) {
        const char *path = id->files[i].path;
        reader *read = vb_id_vendored(path) ? NULL : reader_of(path);
        VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
        if (read == NULL)
            continue;
        if (files++ >= FILES_MAX) {
            vb_build_left_out(id, path, too_many);
            return;
        }
        if (!vb_id_read_lines(id, path, &text) || text.len == 0)
            continue;
        /* What it fetches stands there for everybody to read, as in a block of the instructions. */
        vb_id_prose(id, (struct vb_id_at){path, 1},
                    (struct vb_str){(const char *)text.data, text.len}, "code");
        read(id, path, &text);
    }
}
