/* How a script is called, as its own argument parser has it: subcommands, options and what each
 * wants. Python's argparse and click, shell's case, Node's commander and comparisons with
 * process.argv are looked for by their words; what is missed costs coverage, and what is guessed
 * wrong only fails in the box. Trust boundary: hostile text, searched with bounds. */
#include "identify/internal.h"

#include <ctype.h>

enum {
    SCRIPT_BYTES = 256 * 1024,
    NAME_MAX_BYTES = 48,
    VALUE_MAX_BYTES = 128,
    COMMANDS_MAX = 16,
    OPTIONS_MAX = 64,
    CALL_BYTES = 600, /* of a call whose arguments are looked at */
    GLOBAL = -1
};

struct option {
    char name[NAME_MAX_BYTES]; /* "" for what has its place only */
    char value[VALUE_MAX_BYTES];
    bool takes_value, required;
    int command; /* the one that has it, or GLOBAL */
};

struct command {
    char name[NAME_MAX_BYTES];
    char variable[NAME_MAX_BYTES]; /* that its parser is kept in */
};

struct usage {
    struct vb_id *id;
    const char *path;
    const char *text;
    size_t len;
    struct command commands[COMMANDS_MAX];
    size_t missed; /* mentions of more */
    size_t command_count;
    struct option options[OPTIONS_MAX];
    size_t option_count;
    bool reads; /* its arguments at all */
};

/* --- reading --- */

static bool is_name_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '-';
}

static const char *end_of(const struct usage *usage)
{
    return usage->text + usage->len;
}

/* The string literal at AT, behind spaces, into RET; where it ends, or NULL: there is none. */
static const char *take_literal(const struct usage *usage, const char *at, char *ret, size_t size)
{
    const char *end = end_of(usage);
    while (at < end && isspace((unsigned char)*at))
        at++;
    if (at >= end || strchr("'\"`", *at) == NULL || *at == '\0')
        return NULL;
    const char quote = *at++;
    size_t len = 0;
    for (; at < end && *at != quote; at++) {
        if (*at == '\n' || len + 1 >= size)
            return NULL;
        ret[len++] = *at;
    }
    ret[len] = '\0';
    return at < end ? at + 1 : NULL;
}

/* A subcommand's name: nothing that a shell or a parser would take for something else. */
static bool is_command_name(const char *name)
{
    size_t len = 0;
    while (is_name_byte(name[len]))
        len++;
    return len >= 2 && len < NAME_MAX_BYTES && name[len] == '\0' && isalpha((unsigned char)name[0]);
}

static struct command *add_command(struct usage *usage, const char *name)
{
    for (size_t i = 0; i < usage->command_count; i++) {
        if (strcmp(usage->commands[i].name, name) == 0)
            return &usage->commands[i];
    }
    if (!is_command_name(name))
        return NULL;
    if (usage->command_count == COMMANDS_MAX) {
        usage->missed++;
        return NULL;
    }
    struct command *command = &usage->commands[usage->command_count++];
    snprintf(command->name, sizeof(command->name), "%s", name);
    usage->reads = true;
    return command;
}

static struct option *add_option(struct usage *usage, const char *name, int command)
{
    usage->reads = true;
    for (size_t i = 0; i < usage->option_count; i++) {
        const struct option *option = &usage->options[i];
        if (name[0] != '\0' && strcmp(option->name, name) == 0 && option->command == command)
            return NULL;
    }
    if (usage->option_count == OPTIONS_MAX || strlen(name) >= NAME_MAX_BYTES)
        return NULL;
    struct option *option = &usage->options[usage->option_count++];
    *option = (struct option){.command = command};
    snprintf(option->name, sizeof(option->name), "%s", name);
    return option;
}

/* The same within the next bytes: what is hostile must not be searched again and again. */
static const char *find_near(const struct usage *usage, const char *at, const char *word)
{
    const size_t rest = (size_t)(end_of(usage) - at);
    return memmem(at, rest < CALL_BYTES ? rest : CALL_BYTES, word, strlen(word));
}

/* The next place of WORD from AT on, or NULL. */
static const char *find(const struct usage *usage, const char *at, const char *word)
{
    return memmem(at, (size_t)(end_of(usage) - at), word, strlen(word));
}

/* --- argparse, click and typer --- */

/* "x = sub" before AT, a call's name: writes x. */
static void variable_before(const struct usage *usage, const char *at, char ret[NAME_MAX_BYTES])
{
    const char *line = at;
    while (line > usage->text && line[-1] != '\n')
        line--;
    line += strspn(line, " \t");
    size_t len = 0;
    while (is_name_byte(line[len]) && line + len < at)
        len++;
    const char *after = line + len + strspn(line + len, " \t");
    ret[0] = '\0';
    if (len > 0 && len < NAME_MAX_BYTES && *after == '=')
        snprintf(ret, NAME_MAX_BYTES, "%.*s", (int)len, line);
}

static void read_add_parsers(struct usage *usage)
{
    static const char call[] = "add_parser(";
    for (const char *at = usage->text; (at = find(usage, at, call)) != NULL;) {
        char name[NAME_MAX_BYTES] = "";
        const char *before = at;
        at += sizeof(call) - 1;
        struct command *command =
            take_literal(usage, at, name, sizeof(name)) == NULL ? NULL : add_command(usage, name);
        if (command != NULL)
            variable_before(usage, before, command->variable);
    }
}

/* "@cli.command("name")", or the function's own name behind "@cli.command()". */
static void read_decorated(struct usage *usage)
{
    static const char call[] = ".command(";
    for (const char *at = usage->text; (at = find(usage, at, call)) != NULL;) {
        char name[NAME_MAX_BYTES] = "";
        at += sizeof(call) - 1;
        if (take_literal(usage, at, name, sizeof(name)) != NULL) {
            name[strcspn(name, " ")] = '\0'; /* commander: "add <file>" */
            (void)add_command(usage, name);
            continue;
        }
        const char *function = *at == ')' ? find_near(usage, at, "def ") : NULL;
        if (function == NULL)
            continue;
        function += 4;
        size_t len = 0;
        for (; len + 1 < sizeof(name) && is_name_byte(function[len]); len++)
            name[len] = function[len] == '_' ? '-' : function[len];
        name[len] = '\0';
        (void)add_command(usage, name);
    }
}

static int command_of(const struct usage *usage, const char *variable)
{
    for (size_t i = 0; i < usage->command_count && variable[0] != '\0'; i++) {
        if (strcmp(usage->commands[i].variable, variable) == 0)
            return (int)i;
    }
    return GLOBAL;
}

/* The whole of a call from its bracket on, as text of its own. */
static void call_text(const struct usage *usage, const char *at, char ret[CALL_BYTES])
{
    size_t len = 0;
    unsigned depth = 1;
    for (; at < end_of(usage) && len + 1 < CALL_BYTES; at++) {
        depth += *at == '(' ? 1U : 0U;
        depth -= *at == ')' ? 1U : 0U;
        if (depth == 0)
            break;
        ret[len++] = *at == '\0' ? ' ' : *at;
    }
    ret[len] = '\0';
}

/* The keyword's value up to a comma or the end; "" if it is not there. */
static void keyword(const char *call, const char *name, char ret[VALUE_MAX_BYTES])
{
    ret[0] = '\0';
    for (const char *at = call; (at = strstr(at, name)) != NULL; at++) {
        const char *after = at + strlen(name);
        after += strspn(after, " ");
        if ((at > call && is_name_byte(at[-1])) || *after != '=')
            continue;
        after += 1 + strspn(after + 1, " ");
        snprintf(ret, VALUE_MAX_BYTES, "%.*s", (int)strcspn(after, ",\n"), after);
        return;
    }
}

static void first_choice(const struct usage *usage, const char *choices, const char *name,
                         char ret[VALUE_MAX_BYTES])
{
    const char *quoted = strpbrk(choices, "'\"");
    const struct usage own = {.text = choices, .len = strlen(choices)};
    (void)usage;
    if (quoted == NULL || take_literal(&own, quoted, ret, VALUE_MAX_BYTES) == NULL)
        snprintf(ret, VALUE_MAX_BYTES, "%s", vb_id_fitting(name));
}

/* The best of the names of an option: the long one. */
static void option_name(const char *call, char ret[NAME_MAX_BYTES])
{
    const struct usage own = {.text = call, .len = strlen(call)};
    const char *at = call;
    char name[NAME_MAX_BYTES] = "";
    ret[0] = '\0';
    while ((at = take_literal(&own, at, name, sizeof(name))) != NULL) {
        if (ret[0] == '\0' || strncmp(name, "--", 2) == 0)
            snprintf(ret, NAME_MAX_BYTES, "%s", name);
        at += strspn(at, " \n\t");
        if (*at != ',')
            break;
        at++;
    }
}

static void read_argument(struct usage *usage, const char *call, int command)
{
    char name[NAME_MAX_BYTES] = "";
    char action[VALUE_MAX_BYTES] = "";
    char choices[VALUE_MAX_BYTES] = "";
    char required[VALUE_MAX_BYTES] = "";
    char nargs[VALUE_MAX_BYTES] = "";
    option_name(call, name);
    keyword(call, "action", action);
    keyword(call, "choices", choices);
    keyword(call, "required", required);
    keyword(call, "nargs", nargs);
    const bool placed = name[0] != '-';
    const bool flag = strstr(action, "store_true") != NULL ||
                      strstr(action, "store_false") != NULL || strstr(action, "count") != NULL ||
                      strstr(call, "is_flag") != NULL;
    if (name[0] == '\0' || strstr(action, "version") != NULL || strstr(action, "help") != NULL)
        return;
    struct option *option = add_option(usage, placed ? "" : name, command);
    if (option == NULL)
        return;
    option->takes_value = !flag;
    option->required = placed ? strpbrk(nargs, "?*") == NULL : strstr(required, "True") != NULL;
    if (strstr(call, "type=int") != NULL || strstr(call, "type=float") != NULL)
        snprintf(option->value, sizeof(option->value), "3");
    else
        first_choice(usage, choices, name + strspn(name, "-"), option->value);
}

static void read_arguments(struct usage *usage, const char *word)
{
    for (const char *at = usage->text; (at = find(usage, at, word)) != NULL;) {
        char call[CALL_BYTES] = "";
        char variable[NAME_MAX_BYTES];
        const char *start = at;
        size_t len = 0;
        while (start > usage->text && is_name_byte(start[-1]) && len + 1 < NAME_MAX_BYTES) {
            start--;
            len++;
        }
        snprintf(variable, sizeof(variable), "%.*s", (int)len, start);
        at += strlen(word);
        call_text(usage, at, call);
        read_argument(usage, call, command_of(usage, variable));
    }
}

/* --- shell --- */

/* NAME is a pattern of a case; its arm is the LEN bytes at ARM. */
static void read_pattern(struct usage *usage, const char *name, const char *arm, size_t len)
{
    if (name[0] != '-') {
        (void)add_command(usage, name);
        return;
    }
    struct option *option = add_option(usage, name, GLOBAL);
    if (option == NULL || memmem(arm, len, "$2", 2) == NULL)
        return;
    option->takes_value = true;
    snprintf(option->value, sizeof(option->value), "%s", vb_id_fitting(name + strspn(name, "-")));
}

/* Those of a line, as in "add|new)" and "--name)". Returns where the next line begins. */
static const char *read_line(struct usage *usage, const char *at, const char *end)
{
    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    line_end = line_end == NULL ? end : line_end;
    const char *close = memchr(at, ')', (size_t)(line_end - at));
    const size_t near = (size_t)(end - at) < CALL_BYTES ? (size_t)(end - at) : CALL_BYTES;
    const char *next = memmem(at, near, ";;", 2);
    const size_t arm = next == NULL ? near : (size_t)(next - at);
    for (const char *word = at; close != NULL && word < close;) {
        char name[NAME_MAX_BYTES] = "";
        size_t len = 0;
        while (word < close && strchr(" \t(|\"'", *word) != NULL)
            word++;
        while (word + len < close && is_name_byte(word[len]))
            len++;
        const char *after = word + len;
        if (len < 2 || len >= sizeof(name) || (after < close && strchr("|\"' ", *after) == NULL))
            break;
        snprintf(name, sizeof(name), "%.*s", (int)len, word);
        read_pattern(usage, name, at, arm);
        word = after;
    }
    return line_end < end ? line_end + 1 : end;
}

static void read_cases(struct usage *usage)
{
    static const char *const subjects[] = {
        "case \"$1\" in",  "case $1 in",      "case \"${1",     "case ${1",       "case \"$cmd",
        "case \"$command", "case \"$COMMAND", "case \"$action", "case \"$ACTION", "case \"$CMD"};
    for (size_t i = 0; i < VB_ARRAY_LEN(subjects); i++) {
        for (const char *at = usage->text; (at = find(usage, at, subjects[i])) != NULL;) {
            const char *end = find(usage, at, "esac");
            const char *body = memchr(at, '\n', (size_t)(end_of(usage) - at));
            if (end == NULL || body == NULL)
                break;
            for (const char *line = body + 1; line < end;)
                line = read_line(usage, line, end);
            at = end; /* what stands in between was read with it */
        }
    }
}

/* --- comparisons --- */

/* command == "add", argv[2] === 'add': in any language that has quotes. */
static void read_comparisons(struct usage *usage)
{
    static const char *const subjects[] = {"argv[1]", "argv[2]", "command",
                                           "cmd",     "action",  "subcommand"};
    for (size_t i = 0; i < VB_ARRAY_LEN(subjects); i++) {
        for (const char *at = usage->text; (at = find(usage, at, subjects[i])) != NULL;) {
            char name[NAME_MAX_BYTES] = "";
            at += strlen(subjects[i]);
            const char *sign = at + strspn(at, " ");
            if (strncmp(sign, "==", 2) != 0)
                continue;
            if (take_literal(usage, sign + 2 + (sign[2] == '='), name, sizeof(name)) != NULL)
                (void)add_command(usage, name);
        }
    }
}

/* --- what comes of it --- */

static void emit_usage(const struct usage *usage, const char *reason, const struct vb_str *items,
                       size_t count)
{
    struct vb_event event;
    if (!vb_id_take(usage->id, VB_ID_USAGE))
        return;
    vb_event_init(&event, VB_EV_MANIFEST_USAGE, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_PATH, usage->path);
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_list(&event, VB_F_ARGV, items, count);
    vb_id_emit(usage->id, &event);
}

static void put_item(struct vb_str *items, size_t *count, const char *text)
{
    if (*count < VB_EVENT_MAX_LIST)
        items[(*count)++] = (struct vb_str){text, strlen(text)};
}

/* Options of COMMAND, or those that only need a place. */
static void put_options(const struct usage *usage, int command, bool all, struct vb_str *items,
                        size_t *count)
{
    for (int places = 0; places < 2; places++) {
        for (size_t i = 0; i < usage->option_count; i++) {
            const struct option *option = &usage->options[i];
            if (option->command != command || (!all && !option->required) ||
                (option->name[0] == '\0') != (places == 1))
                continue;
            if (option->name[0] != '\0')
                put_item(items, count, option->name);
            if (option->takes_value)
                put_item(items, count, option->value);
        }
    }
}

static bool has_choice(const struct usage *usage, int command)
{
    for (size_t i = 0; i < usage->option_count; i++) {
        if (usage->options[i].command == command && !usage->options[i].required)
            return true;
    }
    return false;
}

/* One call with what is required, and one with everything where that is more. Options that all
 * commands have are tried with the first. */
static void emit_calls(const struct usage *usage, const struct command *command)
{
    const int number = command == NULL ? GLOBAL : (int)(command - usage->commands);
    const bool more =
        has_choice(usage, number) || (command == usage->commands && has_choice(usage, GLOBAL));
    size_t least = 0;
    for (int all = 0; all < (more ? 2 : 1); all++) {
        struct vb_str items[VB_EVENT_MAX_LIST];
        char reason[NAME_MAX_BYTES + 16];
        size_t count = 0;
        put_options(usage, GLOBAL, all != 0, items, &count);
        if (command != NULL)
            put_item(items, &count, command->name);
        if (command != NULL)
            put_options(usage, number, all != 0, items, &count);
        if (count <= (all != 0 ? least : 0))
            continue;
        least = count;
        snprintf(reason, sizeof(reason), "%s%s", command == NULL ? "arguments" : "subcommand ",
                 command == NULL ? "" : command->name);
        emit_usage(usage, reason, items, count);
    }
}

static void emit_help(const struct usage *usage)
{
    const struct vb_str help[] = {{"--help", 6}};
    emit_usage(usage, "help", help, 1);
}

/* It reads arguments in a way of its own: whatever they are, there is one. */
static void emit_guess(const struct usage *usage)
{
    const char *value = vb_id_fitting(vb_path_base(usage->path));
    const struct vb_str items[] = {{value, strlen(value)}};
    emit_usage(usage, "arguments", items, 1);
}

static void tell_missed(const struct usage *usage)
{
    struct vb_event event;
    if (usage->missed == 0)
        return;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "detonate");
    vb_event_str(&event, VB_F_WHAT, VB_CALLS_NOT_RUN);
    vb_event_str(&event, VB_F_REASON, "more than 16 subcommands of a script");
    vb_event_str(&event, VB_F_PATH, usage->path);
    vb_event_int(&event, VB_F_COUNT, (int64_t)usage->missed);
    vb_id_emit(usage->id, &event);
}

static bool reads_arguments(const struct usage *usage)
{
    static const char *const signs[] = {"sys.argv",  "argparse", "import click", "typer",
                                        "fire.Fire", "docopt",   "process.argv", "commander",
                                        "yargs",     "minimist", "\"$1\"",       "\"$@\"",
                                        "${1",       "getopts",  "ARGV",         "$argv"};
    for (size_t i = 0; i < VB_ARRAY_LEN(signs); i++) {
        if (find(usage, usage->text, signs[i]) != NULL)
            return true;
    }
    return false;
}

void vb_id_usage(struct vb_id *id, const struct vb_id_file *file, const char *interpreter)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    VB_CLEANUP_FREE struct usage *usage = calloc(1, sizeof(*usage));
    if (usage == NULL) {
        vb_id_fail(id, VB_E_NOMEM, "reading how a script is called");
        return;
    }
    if (!vb_id_peek(id, file->path, SCRIPT_BYTES, &text) || text.len == 0)
        return;
    usage->id = id;
    usage->path = file->path;
    usage->text = (const char *)text.data;
    usage->len = text.len;
    const bool shell = strstr(interpreter, "sh") != NULL;
    if (!shell) {
        read_add_parsers(usage);
        read_decorated(usage);
        read_arguments(usage, ".add_argument(");
        read_arguments(usage, "click.option(");
        read_arguments(usage, "click.argument(");
        read_comparisons(usage);
    } else {
        read_cases(usage);
    }
    if (!usage->reads && !reads_arguments(usage))
        return;
    emit_help(usage);
    tell_missed(usage);
    for (size_t i = 0; i < usage->command_count; i++)
        emit_calls(usage, &usage->commands[i]);
    if (usage->command_count == 0 && usage->option_count > 0)
        emit_calls(usage, NULL);
    else if (usage->command_count == 0)
        emit_guess(usage);
}
