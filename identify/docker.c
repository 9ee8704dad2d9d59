/* docker: what a Dockerfile does, as two scripts: what RUN does, and what starts. There is no
 * image: the package's folder is the one that it is copied to. Trust boundary: hostile text, read
 * by lines; each of its commands is a word of a shell that can end itself alone. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "identify/build.h"

enum { HEREDOCS_MAX = 8 };

/* What such a file does to its image and nobody else: no user of this machine, no package of it. */
static const char of_the_image[] = "for name in useradd adduser groupadd addgroup usermod chpasswd "
                                   "apt-get apt apk dnf yum microdnf "
                                   "chown; do eval \"$name() { :; }\"; done\n";

/* The first absolute folder is where the package lies; what cannot be made is that folder too. */
static const char into_folders[] =
    "_context=$PWD _top=\n"
    "_workdir() {\n"
    "    case $1 in /*) _top=${_top:-${1%/}} ;; esac\n"
    "    case $1/ in \"$_top\"/*) set -- \"$_context${1#\"$_top\"}\" ;; esac\n"
    "    { mkdir -p -- \"$1\" && cd -- \"$1\"; } 2>/dev/null || cd -- \"$_context\"\n"
    "}\n";

/* <<NAME, <<-NAME, <<"NAME": the lines behind an instruction up to NAME. */
struct heredoc {
    char name[VB_BUILD_NAME_MAX];
    bool tabs; /* at the beginning of lines are left out */
    struct vb_str body;
};

struct instruction {
    struct vb_str text; /* without its first word */
    struct heredoc heredocs[HEREDOCS_MAX];
    size_t heredoc_count;
    struct vb_str behind; /* all bodies with the lines that end them */
    int64_t line;
};

struct image {
    struct vb_id *id;
    const char *path;
    const char *data;
    size_t len;
    char escape; /* before the end of a line that goes on */
    struct vb_buf run, start;
    int64_t run_line, start_line;
    struct vb_buf shell; /* of RUN, in words; empty: the usual one */
    bool moves;          /* INTO_FOLDERS stands there */
    bool cut;            /* something had no room */
    bool unwritten;      /* a file of the image is not there */
    bool unended;        /* the end of a heredoc was not found */
};

/* --- reading --- */

/* "# escape=`" before everything else. */
static char find_escape(const char *data, size_t len)
{
    static const char key[] = "escape";
    for (size_t at = 0; at < len;) {
        const struct vb_id_line line = vb_id_line_at(data, len, at);
        const struct vb_str text = vb_build_trimmed(line.text, line.len);
        if (text.len < 2 || text.text[0] != '#')
            break;
        const struct vb_str directive = vb_build_trimmed(text.text + 1, text.len - 1);
        const char *equals = memchr(directive.text, '=', directive.len);
        if (equals == NULL)
            break;
        const struct vb_str name =
            vb_build_trimmed(directive.text, (size_t)(equals - directive.text));
        if (name.len == sizeof(key) - 1 && strncasecmp(name.text, key, name.len) == 0)
            return directive.text[directive.len - 1] == '`' ? '`' : '\\';
        at = line.next;
    }
    return '\\';
}

/* One instruction with its continued lines, comments between them left out. */
static size_t take_instruction(struct image *image, size_t at, int64_t *number, int64_t *ret_first,
                               struct vb_buf *ret)
{
    bool more = true;
    vb_buf_clear(ret);
    while (more && at < image->len) {
        const struct vb_id_line line = vb_id_line_at(image->data, image->len, at);
        const struct vb_str part = vb_build_trimmed(line.text, line.len);
        at = line.next;
        (*number)++;
        if (part.len > 0 && part.text[0] == '#')
            continue;
        *ret_first = ret->len == 0 ? *number : *ret_first;
        more = part.len > 0 && part.text[part.len - 1] == image->escape;
        if (!vb_build_put(image->id, ret, part.text, part.len - (more ? 1 : 0)) ||
            !vb_build_put_str(image->id, ret, " "))
            image->cut = true;
    }
    return at;
}

/* The word of TEXT at AT, with its quotes; returns its end. */
static size_t word_end(struct vb_str text, size_t at)
{
    char quote = '\0';
    while (at < text.len && (quote != '\0' || !isspace((unsigned char)text.text[at]))) {
        const char c = text.text[at];
        if (c == '\\' && quote != '\'' && at + 1 < text.len)
            at++;
        else if (quote == '\0' && (c == '"' || c == '\''))
            quote = c;
        else if (c == quote)
            quote = '\0';
        at++;
    }
    return at;
}

/* The name of a heredoc, TEXT, without its quotes and backslashes. False: it is none, or has no
 * room. */
static bool read_name(struct vb_str text, char ret[VB_BUILD_NAME_MAX])
{
    char quote = '\0';
    size_t len = 0;
    for (size_t at = 0; at < text.len; at++) {
        const char c = text.text[at], next = at + 1 < text.len ? text.text[at + 1] : '\0';
        if (quote == '\0' ? c == '"' || c == '\'' : c == quote) {
            quote = quote == '\0' ? c : '\0';
            continue;
        }
        const bool escapes = c == '\\' && next != '\0' && quote != '\'' &&
                             (quote == '\0' || strchr("\"$\\", next) != NULL);
        at += escapes;
        if (len + 1 == VB_BUILD_NAME_MAX)
            return false;
        ret[len++] = text.text[at];
    }
    ret[len] = '\0';
    return len > 0 && quote == '\0';
}

/* One whose name cannot be read has none, and no line ends it. */
static bool read_heredoc(struct vb_str word, struct heredoc *ret)
{
    size_t at = 0;
    while (at < word.len && isdigit((unsigned char)word.text[at]))
        at++;
    if (word.len - at < 3 || memcmp(word.text + at, "<<", 2) != 0)
        return false;
    at += 2;
    const bool tabs = word.text[at] == '-';
    at += tabs;
    if (at == word.len || memchr(word.text + at, '<', word.len - at) != NULL)
        return false;
    *ret = (struct heredoc){.tabs = tabs};
    if (!read_name((struct vb_str){word.text + at, word.len - at}, ret->name))
        ret->name[0] = '\0';
    return true;
}

/* Where the word that is none of an option's begins. */
static struct vb_str behind_options(struct vb_str text)
{
    while (text.len > 2 && memcmp(text.text, "--", 2) == 0) {
        size_t len = 0;
        while (len < text.len && !isspace((unsigned char)text.text[len]))
            len++;
        text = vb_build_trimmed(text.text + len, text.len - len);
    }
    return text;
}

static bool ends_heredoc(struct vb_id_line line, const struct heredoc *heredoc)
{
    size_t from = 0;
    while (heredoc->tabs && from < line.len && line.text[from] == '\t')
        from++;
    size_t len = line.len - from;
    len -= len > 0 && line.text[from + len - 1] == '\r';
    return len > 0 && len == strlen(heredoc->name) &&
           memcmp(line.text + from, heredoc->name, len) == 0;
}

/* Those that stand in INSTRUCTION's text. False: there are more than have room. */
static bool find_heredocs(struct instruction *instruction)
{
    struct heredoc heredoc;
    for (size_t from = 0; from < instruction->text.len;) {
        const size_t to = word_end(instruction->text, from);
        const struct vb_str word = {instruction->text.text + from, to - from};
        from = to + 1;
        if (!read_heredoc(word, &heredoc))
            continue;
        if (instruction->heredoc_count == HEREDOCS_MAX)
            return false;
        instruction->heredocs[instruction->heredoc_count++] = heredoc;
    }
    return true;
}

/* The lines from AT on that belong to INSTRUCTION. What has no end is no heredoc: nothing behind it
 * is left unread. */
static size_t take_heredocs(struct image *image, size_t at, int64_t *number,
                            struct instruction *instruction)
{
    const size_t first = at;
    int64_t lines = *number;
    image->unended = !find_heredocs(instruction) || image->unended;
    for (size_t i = 0; i < instruction->heredoc_count; i++) {
        struct heredoc *heredoc = &instruction->heredocs[i];
        const size_t begin = at;
        size_t end = at;
        bool ended = false;
        while (!ended && at < image->len) {
            const struct vb_id_line line = vb_id_line_at(image->data, image->len, at);
            ended = ends_heredoc(line, heredoc);
            at = line.next;
            lines++;
            end = ended ? end : at;
        }
        if (!ended) {
            image->unended = true;
            instruction->heredoc_count = 0;
            return first;
        }
        heredoc->body = (struct vb_str){image->data + begin, end - begin};
    }
    *number = lines;
    instruction->behind = (struct vb_str){image->data + first, at - first};
    return at;
}

/* --- writing --- */

static bool put_str(struct image *image, struct vb_buf *to, const char *text)
{
    return vb_build_put_str(image->id, to, text);
}

/* The words of ["a", "b"]; false: it is no such list. */
static bool put_list(struct image *image, struct vb_buf *to, struct vb_str text)
{
    if (text.len < 2 || text.text[0] != '[')
        return false;
    json_t *list = json_loadb(text.text, text.len, 0, NULL);
    bool fits = json_is_array(list);
    for (size_t i = 0; i < json_array_size(list) && fits; i++) {
        const char *word = json_string_value(json_array_get(list, i));
        fits = word != NULL && (i == 0 || put_str(image, to, " ")) &&
               vb_build_put_word(image->id, to, word, strlen(word));
    }
    json_decref(list);
    return fits;
}

/* How long the reference to a variable at TEXT is: $A, ${A}, ${A:-b}. 0: it is none that is taken.
 */
static size_t reference_len(const char *text, size_t len)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    const bool braced = len > 1 && text[1] == '{';
    size_t at = braced ? 2 : 1;
    const size_t from = at;
    while (at < len && memchr(plain, text[at], sizeof(plain) - 1) != NULL)
        at++;
    if (at == from || isdigit((unsigned char)text[from]))
        return 0;
    if (!braced)
        return at;
    if (at + 1 < len && text[at] == ':' && (text[at + 1] == '-' || text[at + 1] == '+')) {
        at += 2;
        while (at < len && (isalnum((unsigned char)text[at]) || strchr("_./:@+=, -", text[at])))
            at++;
    }
    return at < len && text[at] == '}' ? at + 1 : 0;
}

/* TEXT with its quotes undone and its variables standing, as one word of a shell. */
static bool put_expanded(struct image *image, struct vb_buf *to, struct vb_str text)
{
    char quote = '\0';
    bool fits = put_str(image, to, "\"");
    for (size_t i = 0; i < text.len && fits; i++) {
        const char c = text.text[i];
        const size_t variable =
            c == '$' && quote != '\'' ? reference_len(text.text + i, text.len - i) : 0;
        if (variable > 0) {
            fits = vb_build_put(image->id, to, text.text + i, variable);
            i += variable - 1;
            continue;
        }
        if (quote == '\0' && (c == '"' || c == '\'')) {
            quote = c;
            continue;
        }
        if (c == quote && c != '\0') {
            quote = '\0';
            continue;
        }
        i += c == '\\' && quote != '\'' && i + 1 < text.len;
        fits = (strchr("\"$`\\", text.text[i]) == NULL || put_str(image, to, "\\")) &&
               vb_build_put(image->id, to, text.text + i, 1);
    }
    return fits && put_str(image, to, "\"");
}

/* --- instructions --- */

/* ENV A=b C="d e", and the older ENV A b. */
static bool put_env(struct image *image, struct vb_buf *to, struct vb_str text)
{
    bool fits = true;
    while (text.len > 0 && fits) {
        size_t len = 0;
        while (len < text.len && (isalnum((unsigned char)text.text[len]) || text.text[len] == '_'))
            len++;
        if (len == 0 || len == text.len || isdigit((unsigned char)text.text[0]))
            return true;
        const bool pair = text.text[len] == '=';
        const size_t end = pair ? word_end(text, len + 1) : text.len;
        const struct vb_str value = vb_build_trimmed(text.text + len + 1, end - len - 1);
        fits = put_str(image, to, "export ") && vb_build_put(image->id, to, text.text, len) &&
               put_str(image, to, "=") && put_expanded(image, to, value) &&
               put_str(image, to, "\n");
        text = vb_build_trimmed(text.text + end, text.len - end);
    }
    return fits;
}

/* RUN and its like: in a shell of its own, so that "cd", "exit" and bad syntax end with it. */
static bool put_shell(struct image *image, struct vb_buf *to, struct vb_str text,
                      struct vb_str behind)
{
    const bool usual = image->shell.len == 0;
    bool fits =
        usual ? put_str(image, to, "(eval '")
              : vb_build_put(image->id, to, (const char *)image->shell.data, image->shell.len) &&
                    put_str(image, to, " '");
    fits = fits && vb_build_put_inside(image->id, to, text.text, text.len) &&
           (behind.len == 0 || put_str(image, to, "\n")) &&
           vb_build_put_inside(image->id, to, behind.text, behind.len);
    return fits && put_str(image, to, usual ? "')\n" : "'\n");
}

/* BODY as a file of its own that is run. */
static bool put_program(struct image *image, struct vb_buf *to, struct vb_str body)
{
    return put_str(image, to, "(_f=$(mktemp) && printf %s ") &&
           vb_build_put_word(image->id, to, body.text, body.len) &&
           put_str(image, to, " >\"$_f\" && chmod +x \"$_f\" && \"$_f\")\n");
}

static bool put_run(struct image *image, struct vb_buf *to, const struct instruction *what)
{
    const struct vb_str text = behind_options(what->text), none = {"", 0};
    const size_t before = to->len;
    struct heredoc whole;
    if (put_list(image, to, text) && put_str(image, to, "\n"))
        return true;
    to->len = before;
    if (what->heredoc_count != 1 || word_end(text, 0) < text.len || !read_heredoc(text, &whole))
        return put_shell(image, to, text, what->behind);
    const struct vb_str body = what->heredocs[0].body;
    return body.len > 2 && memcmp(body.text, "#!", 2) == 0 ? put_program(image, to, body)
                                                           : put_shell(image, to, body, none);
}

/* COPY <<NAME TARGET: a file where the package lies. Those of the image are none of this machine's,
 * but programs among them are run. */
static bool put_files(struct image *image, struct vb_buf *to, const struct instruction *what)
{
    size_t from = what->text.len;
    while (from > 0 && !isspace((unsigned char)what->text.text[from - 1]))
        from--;
    const struct vb_str target = {what->text.text + from, what->text.len - from};
    bool fits = true;
    for (size_t i = 0; i < what->heredoc_count && fits; i++) {
        const struct heredoc *heredoc = &what->heredocs[i];
        const bool near = target.len > 0 && strchr("/$~\"'[<", target.text[0]) == NULL &&
                          memmem(target.text, target.len, "..", 2) == NULL;
        if (near) {
            const bool folder = target.text[target.len - 1] == '/' || target.text[0] == '.';
            fits = put_str(image, to, "(_f=") && put_expanded(image, to, target) &&
                   (!folder ||
                    (put_str(image, to, "/") &&
                     vb_build_put_word(image->id, to, heredoc->name, strlen(heredoc->name)))) &&
                   put_str(image, to, "; mkdir -p -- \"$(dirname -- \"$_f\")\" && printf %s ") &&
                   vb_build_put_word(image->id, to, heredoc->body.text, heredoc->body.len) &&
                   put_str(image, to, " >\"$_f\")\n");
        } else if (heredoc->body.len > 2 && memcmp(heredoc->body.text, "#!", 2) == 0) {
            fits = put_program(image, to, heredoc->body);
        } else {
            image->unwritten = true;
        }
    }
    return fits;
}

static bool put_workdir(struct image *image, struct vb_buf *to, struct vb_str text)
{
    return (image->moves || put_str(image, to, into_folders)) && put_str(image, to, "_workdir ") &&
           put_expanded(image, to, text) && put_str(image, to, "\n");
}

/* A shell that takes the same language is the one that reads the script. */
static bool set_shell(struct image *image, struct vb_str text)
{
    static const char *const usual[] = {"sh'", "bash'", "ash'", "dash'"};
    vb_buf_clear(&image->shell);
    if (!put_list(image, &image->shell, text) || !vb_build_put(image->id, &image->shell, "", 1)) {
        vb_buf_clear(&image->shell);
        return true;
    }
    image->shell.len--;
    const char *program = (const char *)image->shell.data;
    const size_t len = strcspn(program + 1, "'") + 2;
    for (size_t i = 0; i < VB_ARRAY_LEN(usual); i++) {
        const size_t own = strlen(usual[i]);
        if (len > own && memcmp(program + len - own, usual[i], own) == 0 &&
            (len == own + 1 || program[len - own - 1] == '/'))
            vb_buf_clear(&image->shell);
    }
    return true;
}

/* --- all of it --- */

enum word { RUN, ENV, ARG, CMD, ENTRYPOINT, WORKDIR, SHELL, COPY, ADD, FROM, WORDS };

static enum word word_of(struct vb_str line, size_t *ret_len)
{
    static const char *const words[WORDS] = {"RUN",     "ENV",   "ARG",  "CMD", "ENTRYPOINT",
                                             "WORKDIR", "SHELL", "COPY", "ADD", "FROM"};
    size_t len = 0, word = 0;
    while (len < line.len && isalpha((unsigned char)line.text[len]))
        len++;
    while (word < WORDS &&
           (strlen(words[word]) != len || strncasecmp(words[word], line.text, len) != 0))
        word++;
    *ret_len = len;
    return (enum word)word;
}

/* What does not fit is not there at all: half of a command is another one. */
static void put_both(struct image *image, const struct instruction *what,
                     bool (*put)(struct image *image, struct vb_buf *to, struct vb_str text))
{
    struct vb_buf *const both[] = {&image->run, &image->start};
    for (size_t i = 0; i < VB_ARRAY_LEN(both); i++) {
        const size_t before = both[i]->len;
        if (put(image, both[i], what->text))
            continue;
        both[i]->len = before;
        image->cut = true;
    }
}

static void put_one(struct image *image, struct vb_buf *to, const struct instruction *what,
                    bool (*put)(struct image *image, struct vb_buf *to,
                                const struct instruction *what))
{
    const size_t before = to->len;
    if (put(image, to, what))
        return;
    to->len = before;
    image->cut = true;
}

static bool leave_folder(struct image *image, struct vb_buf *to, struct vb_str text)
{
    (void)text;
    return !image->moves || put_str(image, to, "cd -- \"$_context\"; _top=\n");
}

static void take_line(struct image *image, enum word word, const struct instruction *what)
{
    switch (word) {
    case RUN:
        image->run_line = image->run_line == 0 ? what->line : image->run_line;
        put_one(image, &image->run, what, put_run);
        break;
    case CMD:
    case ENTRYPOINT:
        image->start_line = image->start_line == 0 ? what->line : image->start_line;
        put_one(image, &image->start, what, put_run);
        break;
    case ENV:
    case ARG:
        put_both(image, what, put_env);
        break;
    case WORKDIR:
        put_both(image, what, put_workdir);
        image->moves = true;
        break;
    case COPY:
    case ADD:
        if (what->heredoc_count > 0) {
            put_one(image, &image->run, what, put_files);
            image->run_line = image->run_line == 0 ? what->line : image->run_line;
        }
        break;
    case FROM:
        put_both(image, what, leave_folder);
        vb_buf_clear(&image->shell);
        break;
    case SHELL:
        (void)set_shell(image, what->text);
        break;
    case WORDS:
        break;
    }
}

static void image_done(struct image *image)
{
    vb_buf_done(&image->run);
    vb_buf_done(&image->start);
    vb_buf_done(&image->shell);
}

static void read_image(struct image *image)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf line;
    vb_buf_init(&line, VB_BUILD_SCRIPT_MAX);
    int64_t number = 0;
    for (size_t at = 0; at < image->len && vb_id_ok(image->id);) {
        struct instruction what = {.line = number + 1};
        size_t len = 0;
        at = take_instruction(image, at, &number, &what.line, &line);
        const struct vb_str whole = vb_build_trimmed((const char *)line.data, line.len);
        if (whole.len == 0)
            continue;
        const enum word word = word_of(whole, &len);
        what.text = vb_build_trimmed(whole.text + len, whole.len - len);
        if (word == RUN || word == COPY || word == ADD)
            at = take_heredocs(image, at, &number, &what);
        take_line(image, word, &what);
    }
}

void vb_build_dockerfile(struct vb_id *id, const char *path, const struct vb_buf *text)
{
    static const struct vb_build_call docker = {"docker:", NULL};
    VB_CLEANUP(image_done)
    struct image image = {.id = id, .path = path, .data = (const char *)text->data};
    image.len = text->len;
    image.escape = find_escape(image.data, image.len);
    vb_buf_init(&image.run, VB_BUILD_SCRIPT_MAX);
    vb_buf_init(&image.start, VB_BUILD_SCRIPT_MAX);
    vb_buf_init(&image.shell, VB_BUILD_SCRIPT_MAX);
    if (!vb_build_put_folder(id, &image.run, path) ||
        !vb_build_put_folder(id, &image.start, path) ||
        !put_str(&image, &image.run, of_the_image) || !put_str(&image, &image.start, of_the_image))
        return;
    read_image(&image);
    if (image.run_line > 0)
        vb_build_list_call(id, &docker, (struct vb_id_at){path, image.run_line},
                           (struct vb_str){"run", 3}, &image.run);
    if (image.start_line > 0)
        vb_build_list_call(id, &docker, (struct vb_id_at){path, image.start_line},
                           (struct vb_str){"start", 5}, &image.start);
    if (image.cut)
        vb_build_left_out(id, path, "some commands of a Dockerfile are too large");
    if (image.unwritten)
        vb_build_left_out(id, path, "a file that a Dockerfile writes into its image is not there");
    if (image.unended)
        vb_id_coverage(id, path, "Dockerfile", "a heredoc has no end", NULL);
}
