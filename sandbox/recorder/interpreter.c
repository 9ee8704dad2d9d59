/* What an interpreter was asked to run: a file, code in its arguments, or what comes through its
 * standard input. Trust boundary: arguments are the subject's; only texts are compared. */
#include <string.h>

#include "sandbox/recorder/call.h"

static const struct interpreter {
    const char *name;     /* versions may follow: python3.11 */
    const char *code;     /* short options that bring code or a module */
    const char *values;   /* short options whose value is an argument of its own */
    const char *longs[4]; /* long options that bring code */
} interpreters[] = {
    {"bash", "c", "oO", {NULL}},
    {"dash", "c", "o", {NULL}},
    {"sh", "c", "oO", {NULL}},
    {"zsh", "c", "o", {NULL}},
    {"ksh", "c", "o", {NULL}},
    {"python", "cm", "WX", {NULL}},
    {"node", "ep", "rC", {"--eval", "--print", "--test"}},
    {"perl", "eE", "I", {NULL}},
    {"ruby", "e", "rICE", {NULL}},
    {"php", "rBRFf", "dczS", {"--run", "--file", "--server"}},
};

static const struct interpreter *interpreter_named(const char *program)
{
    const char *slash = strrchr(program, '/');
    const char *name = slash ? slash + 1 : program;
    for (size_t i = 0; i < VB_ARRAY_LEN(interpreters); i++) {
        const size_t len = strlen(interpreters[i].name);
        if (strncmp(name, interpreters[i].name, len) == 0 &&
            name[len + strspn(name + len, "0123456789.")] == '\0')
            return &interpreters[i];
    }
    return NULL;
}

/* What an option means: it brings code, its value follows, or neither. */
enum option { PLAIN, CODE, VALUE, FROM_INPUT };

static enum option option_of(const struct interpreter *row, const char *text)
{
    if (text[1] == '-') {
        for (size_t i = 0; i < VB_ARRAY_LEN(row->longs) && row->longs[i]; i++)
            if (strncmp(text, row->longs[i], strlen(row->longs[i])) == 0)
                return CODE;
        return strcmp(text, "--rcfile") == 0 || strcmp(text, "--init-file") == 0 ? VALUE : PLAIN;
    }
    for (const char *at = text + 1; *at; at++) {
        if (strchr(row->code, *at))
            return CODE;
        if (*at == 's' && strchr(row->code, 'c') && !strchr(row->code, 'm'))
            return FROM_INPUT;
        if (strchr(row->values, *at))
            return at[1] ? PLAIN : VALUE;
    }
    return PLAIN;
}

struct vb_script vb_script_of(const char *program, const struct vb_str *argv, size_t count)
{
    const struct interpreter *row = interpreter_named(program);
    if (!row)
        return (struct vb_script){VB_SCRIPT_NONE, NULL};
    for (size_t i = 1; i < count; i++) {
        const char *text = argv[i].text;
        if (strcmp(text, "-") == 0 || strcmp(text, "/dev/stdin") == 0)
            return (struct vb_script){VB_SCRIPT_INPUT, NULL};
        if (strcmp(text, "--") == 0 && i + 1 < count)
            return (struct vb_script){VB_SCRIPT_FILE, argv[i + 1].text};
        if ((text[0] != '-' && text[0] != '+') || text[1] == '\0')
            return (struct vb_script){VB_SCRIPT_FILE, text};
        const enum option option = option_of(row, text);
        if (option == CODE)
            return (struct vb_script){VB_SCRIPT_NONE, NULL};
        if (option == FROM_INPUT)
            break;
        i += option == VALUE;
    }
    return (struct vb_script){VB_SCRIPT_INPUT, NULL};
}
