/* Walking values that a package wrote: any of them may be of any type. */
#include "identify/internal.h"

#include <ctype.h>

json_t *vb_id_get(const json_t *object, const char *key)
{
    return json_is_object(object) ? json_object_get(object, key) : NULL;
}

const char *vb_id_str(const json_t *object, const char *key)
{
    const json_t *value = vb_id_get(object, key);
    return json_is_string(value) ? json_string_value(value) : NULL;
}

/* By way of a buffer that holds every number: a version such as 1.2 may go to a shorter one. */
static void put_real(double number, char *ret, size_t size)
{
    char text[32];
    const int len = snprintf(text, sizeof(text), "%.15g", number);
    const size_t take = len < 0 ? 0 : (size_t)len < size ? (size_t)len : size - 1;
    memcpy(ret, text, take);
    ret[take] = '\0';
}

bool vb_id_scalar(const json_t *value, char *ret, size_t size)
{
    if (json_is_string(value))
        snprintf(ret, size, "%s", json_string_value(value));
    else if (json_is_integer(value))
        snprintf(ret, size, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        put_real(json_real_value(value), ret, size);
    else if (json_is_boolean(value))
        snprintf(ret, size, "%s", json_is_true(value) ? "true" : "false");
    else
        return false;
    return true;
}

const char *vb_id_person(const json_t *value)
{
    if (json_is_array(value))
        value = json_array_get(value, 0);
    return json_is_string(value) ? json_string_value(value) : vb_id_str(value, "name");
}

bool vb_id_true(const json_t *value)
{
    char text[8];
    return vb_id_scalar(value, text, sizeof(text)) && vb_ascii_equal(text, "true");
}

/* Words of TEXT: "Bash(git:*) Read, Write" has three. */
static void each_word(const char *text, void (*fn)(void *ctx, const char *item), void *ctx)
{
    char word[512];
    size_t len = 0;
    unsigned open = 0;
    for (const char *at = text;; at++) {
        const bool gap = *at == '\0' || (open == 0 && (*at == ',' || isspace((unsigned char)*at)));
        if (gap && len > 0) {
            word[len] = '\0';
            fn(ctx, word);
            len = 0;
        }
        if (*at == '\0')
            return;
        open += *at == '(';
        open -= *at == ')' && open > 0;
        if (!gap && len < sizeof(word) - 1)
            word[len++] = *at;
    }
}

void vb_id_each(const json_t *value, bool words, void (*fn)(void *ctx, const char *item), void *ctx)
{
    if (json_is_string(value) && words)
        each_word(json_string_value(value), fn, ctx);
    else if (json_is_string(value))
        fn(ctx, json_string_value(value));
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        if (json_is_string(item))
            fn(ctx, json_string_value(item));
    }
}

struct declare {
    struct vb_id *id;
    const struct vb_id_want *want;
};

static void declare_item(void *ctx, const char *item)
{
    const struct declare *declare = ctx;
    if (strcmp(declare->want->what, "tool") == 0)
        vb_id_tool(declare->id, declare->want->at, item, declare->want->detail);
    else
        vb_id_declare(declare->id, declare->want->at, declare->want->what, item,
                      declare->want->detail);
}

void vb_id_declare_each(struct vb_id *id, const struct vb_id_want *want, const json_t *value)
{
    struct declare declare = {id, want};
    const char *before = vb_id_origin(id, json_string_value(value)); /* NULL: each of a list */
    vb_id_each(value, want->words, declare_item, &declare);
    id->origin = before;
}

/* What a user would give where a key is asked for (fill.c). */
static const char asked_key[] = "%{key}";

static bool shell_safe(const char *text)
{
    if (text[0] == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (!isalnum((unsigned char)*text) && strchr("_-./:=@%+,", *text) == NULL)
            return false;
    }
    return true;
}

/* How long the ${…} at TEXT is that a shell or who fills in a server's line can read; any other
 * would keep the whole line from running. 0: it is none. */
static size_t reference_len(const char *text)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    static const char option[] = "user_config.";
    static const char others[] = " _-./:@%+,=";
    if (strncmp(text, "${", 2) != 0)
        return 0;
    if (strncmp(text + 2, option, sizeof(option) - 1) == 0 || strncmp(text, "${/}", 4) == 0) {
        const char *end = strchr(text, '}');
        return end == NULL ? 0 : (size_t)(end - text) + 1;
    }
    size_t len = 2 + strspn(text + 2, name);
    if (len == 2 || isdigit((unsigned char)text[2]))
        return 0;
    if (strncmp(text + len, ":-", 2) == 0) {
        for (len += 2; isalnum((unsigned char)text[len]) ||
                       (text[len] != '\0' && strchr(others, text[len]) != NULL);)
            len++;
    }
    return text[len] == '}' ? len + 1 : 0;
}

static int append_double(struct vb_buf *ret, const char *text)
{
    int status = vb_buf_append(ret, "\"", 1, NULL);
    while (status == VB_OK && *text != '\0') {
        const size_t len = reference_len(text);
        if (len == 0 && strchr("\"\\`$", *text) != NULL)
            status = vb_buf_append(ret, "\\", 1, NULL);
        if (status == VB_OK)
            status = vb_buf_append(ret, text, len == 0 ? 1 : len, NULL);
        text += len == 0 ? 1 : len;
    }
    return status == VB_OK ? vb_buf_append(ret, "\"", 1, NULL) : status;
}

static int append_single(struct vb_buf *ret, const char *text)
{
    int status = vb_buf_append(ret, "'", 1, NULL);
    for (; status == VB_OK && *text != '\0'; text++) {
        if (*text == '\'')
            status = vb_buf_append_str(ret, "'\\''", NULL);
        else
            status = vb_buf_append(ret, text, 1, NULL);
    }
    return status == VB_OK ? vb_buf_append(ret, "'", 1, NULL) : status;
}

static bool append_word(struct vb_buf *ret, const char *text)
{
    if (ret->len > 0 && vb_buf_append(ret, " ", 1, NULL) != VB_OK)
        return false;
    if (shell_safe(text))
        return vb_buf_append_str(ret, text, NULL) == VB_OK;
    return (strstr(text, "${") != NULL ? append_double(ret, text) : append_single(ret, text)) ==
           VB_OK;
}

bool vb_id_command_line(struct vb_buf *ret, const char *command, const json_t *args)
{
    char text[64];
    bool good = command == NULL || append_word(ret, command);
    for (size_t i = 0; good && i < json_array_size(args); i++) {
        const json_t *arg = json_array_get(args, i);
        if (json_is_string(arg))
            good = append_word(ret, json_string_value(arg));
        else if (vb_id_scalar(arg, text, sizeof(text)))
            good = append_word(ret, text);
    }
    return good;
}

/* A value that is the user's to give, or the client's; PATH is the machine's. */
static bool is_given(const char *name, const char *value)
{
    static const char *const places[] = {
        "${input:", "${env:", "${user_config.", "your", "YOUR", "<", "xxx", "XXX"};
    char itself[128];
    snprintf(itself, sizeof(itself), "${%s}", name);
    if (strcmp(value, itself) == 0)
        return false;
    for (size_t i = 0; i < VB_ARRAY_LEN(places); i++) {
        if (strstr(value, places[i]) != NULL)
            return false;
    }
    return value[0] != '\0' && strcmp(name, "PATH") != 0;
}

static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return name[0] != '\0' && !isdigit((unsigned char)name[0]) &&
           strspn(name, letters) == strlen(name);
}

/* A user has keys of his own in variables that are called so, and addresses with a password. */
static bool is_key(const char *name)
{
    const char *value = vb_id_fitting(name);
    return strcmp(value, asked_key) == 0 || strstr(value, "://app:app@") != NULL;
}

/* A shell sets these itself, or not to everything. */
static bool is_of_shell(const char *name)
{
    static const char *const names[] = {"OPTIND",   "UID",       "EUID",          "PPID",
                                        "BASHOPTS", "SHELLOPTS", "BASH_VERSINFO", "LINENO"};
    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

/* NAME="${NAME-VALUE}": what the machine has stays. */
static int append_weak(struct vb_buf *ret, const char *name, const char *value)
{
    int status = vb_buf_printf(ret, NULL, "%s=\"${%s-", name, name);
    while (status == VB_OK && *value != '\0') {
        const bool asked = strncmp(value, asked_key, sizeof(asked_key) - 1) == 0;
        const size_t len = asked ? sizeof(asked_key) - 1 : 1;
        if (!asked && strchr("\"\\`$}", *value) != NULL)
            status = vb_buf_append(ret, "\\", 1, NULL);
        if (status == VB_OK)
            status = vb_buf_append(ret, value, len, NULL);
        value += len;
    }
    return status == VB_OK ? vb_buf_append_str(ret, "}\"", NULL) : status;
}

static int append_setting(struct vb_buf *ret, const char *name, const char *value)
{
    const int status = vb_buf_printf(ret, NULL, "%s=", name);
    return status < 0                    ? status
           : shell_safe(value)           ? vb_buf_append_str(ret, value, NULL)
           : strstr(value, "${") != NULL ? append_double(ret, value)
                                         : append_single(ret, value);
}

/* NAME="${OTHER:-${NAME-}}" for the value ${OTHER}. */
static int append_other(struct vb_buf *ret, const char *name, const char *value)
{
    return vb_buf_printf(ret, NULL, "%s=\"%.*s:-${%s-}}\"", name, (int)strlen(value) - 1, value,
                         name);
}

static int append_named(struct vb_buf *ret, const char *name, const char *value, bool own_keys)
{
    const bool asked = strstr(value, asked_key) != NULL;
    const bool other = reference_len(value) == strlen(value) && strstr(value, ":-") == NULL &&
                       strchr(value, '.') == NULL && strchr(value, '/') == NULL;
    const bool weak = own_keys ? asked || is_key(name) : strcmp(value, asked_key) == 0;
    if (other && is_key(name))
        return append_other(ret, name, value);
    return weak ? append_weak(ret, name, value) : append_setting(ret, name, value);
}

bool vb_id_settings_line(struct vb_buf *ret, const json_t *env, bool own_keys)
{
    char text[512];
    const char *name;
    json_t *value;
    bool good = true;
    json_object_foreach((json_t *)env, name, value)
    {
        if (is_of_shell(name)) /* no shell is to set it */
            good = good && (ret->len > 0 || vb_buf_append_str(ret, "env", NULL) == VB_OK);
    }
    json_object_foreach((json_t *)env, name, value)
    {
        const char *given = json_string_value(value);
        if (given == NULL && vb_id_scalar(value, text, sizeof(text)))
            given = text;
        if (given == NULL || !is_name(name) || !is_given(name, given))
            continue;
        good = good && (ret->len == 0 || vb_buf_append(ret, " ", 1, NULL) == VB_OK) &&
               append_named(ret, name, given, own_keys) == VB_OK;
    }
    return good;
}

bool vb_id_shell_line(struct vb_buf *ret, const char *text)
{
    return vb_buf_append_str(ret, " sh -c ", NULL) == VB_OK && append_single(ret, text) == VB_OK;
}

void vb_id_python_entry(struct vb_id *id, const struct vb_id_entry *entry)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf line;
    vb_buf_init(&line, 64 * 1024);
    if (vb_buf_append_str(&line, "python3 -c ", NULL) != VB_OK ||
        append_single(&line, entry->command) != VB_OK) {
        vb_id_coverage(id, entry->at.path, "entry", "too large", entry->reason);
        return;
    }
    struct vb_id_entry shell = *entry;
    shell.command = (const char *)line.data;
    shell.interpreter = "sh";
    vb_id_entry(id, &shell);
}

void vb_id_notes_emit(struct vb_id *id, struct vb_id_at at, const char *format,
                      const struct vb_id_notes *notes)
{
    const struct {
        bool met;
        const char *code;
        const char *detail;
    } rows[] = {
        {notes->alias, "yaml-alias", "an alias stands for another value; some hosts refuse it"},
        {notes->tag, "yaml-tag", "a tag asks for a special type"},
        {notes->documents, "yaml-documents", "a second document follows and is not read"},
        {notes->lenient && notes->broken == NULL, "json-lenient",
         "comments, trailing commas or unquoted words that strict JSON refuses"},
    };
    char code[32];
    if (notes->nomem)
        vb_id_fail(id, VB_E_NOMEM, "parsing a manifest");
    const struct vb_id_at place = {at.path, at.line + (notes->line > 0 ? notes->line - 1 : 0)};
    if (notes->broken != NULL) {
        snprintf(code, sizeof(code), "%s-broken", format);
        vb_id_problem(id, place, code, "%s", notes->broken);
    }
    if (notes->duplicate[0] != '\0')
        vb_id_problem(id, place, "duplicate-key", "the key \"%s\" stands twice", notes->duplicate);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (rows[i].met)
            vb_id_problem(id, place, rows[i].code, "%s", rows[i].detail);
    }
}
