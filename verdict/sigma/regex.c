/* Regular expressions by PCRE2. They may be careless or hostile, and so may the text: backtracking
 * has a limit, each is compiled to machine code where that is allowed and interpreted where not,
 * and a text is looked at only so far, because PCRE2 counts its limit anew at each place where a
 * match could begin and does not count single-character loops at all. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "verdict/sigma/internal.h"

struct regex {
    pcre2_code *code;
};

struct regex_room {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
};

enum { STACK_FIRST = 32 * 1024, STACK_MOST = 1024 * 1024, HEAP_KIB = 8192, DEPTH = 2000 };

void vb_sigma_regex_free(struct regex *regex)
{
    if (regex == NULL)
        return;
    pcre2_code_free(regex->code);
    free(regex);
}

static pcre2_compile_context *new_context(void)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (context == NULL)
        return NULL;
    pcre2_set_parens_nest_limit(context, 100);
    pcre2_set_max_pattern_length(context, SIGMA_REGEX_BYTES);
    return context;
}

struct regex *vb_sigma_regex_new(struct bytes text, unsigned flags, char *ret_why, size_t why_size)
{
    static const uint32_t options[] = {PCRE2_CASELESS, PCRE2_MULTILINE, PCRE2_DOTALL};
    uint32_t chosen = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    for (unsigned i = 0; i < VB_ARRAY_LEN(options); i++)
        chosen |= (flags & (1u << i)) != 0 ? options[i] : 0;
    int error = 0;
    PCRE2_SIZE where = 0;
    ret_why[0] = '\0';
    struct regex *regex = calloc(1, sizeof(*regex));
    pcre2_compile_context *context = new_context();
    if (regex != NULL && context != NULL)
        regex->code = pcre2_compile(text.data, text.len, chosen, &error, &where, context);
    pcre2_compile_context_free(context);
    if (regex == NULL || regex->code == NULL) {
        PCRE2_UCHAR why[160] = "";
        if (regex != NULL && error != 0 && error != PCRE2_ERROR_NOMEMORY) {
            (void)pcre2_get_error_message(error, why, sizeof(why));
            (void)snprintf(ret_why, why_size, "%s at byte %zu", (const char *)why, where);
        }
        free(regex);
        return NULL;
    }
    (void)pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE); /* else it is interpreted */
    return regex;
}

void vb_sigma_regex_room_free(struct regex_room *room)
{
    if (room == NULL)
        return;
    pcre2_match_data_free(room->data);
    pcre2_match_context_free(room->context);
    pcre2_jit_stack_free(room->stack);
    free(room);
}

struct regex_room *vb_sigma_regex_room_new(void)
{
    struct regex_room *room = calloc(1, sizeof(*room));
    if (room == NULL)
        return NULL;
    room->data = pcre2_match_data_create(1, NULL);
    room->context = pcre2_match_context_create(NULL);
    if (room->data == NULL || room->context == NULL) {
        vb_sigma_regex_room_free(room);
        return NULL;
    }
    pcre2_set_match_limit(room->context, SIGMA_REGEX_MATCHES);
    pcre2_set_depth_limit(room->context, DEPTH);
    pcre2_set_heap_limit(room->context, HEAP_KIB);
    room->stack = pcre2_jit_stack_create(STACK_FIRST, STACK_MOST, NULL); /* NULL: the small one */
    if (room->stack != NULL)
        pcre2_jit_stack_assign(room->context, NULL, room->stack);
    return room;
}

enum regex_result vb_sigma_regex_match(const struct regex *regex, struct regex_room *room,
                                       const char *text, size_t len, bool cut)
{
    const int result = pcre2_match(regex->code, (PCRE2_SPTR)text, len, 0, cut ? PCRE2_NOTEOL : 0,
                                   room->data, room->context);
    if (result >= 0)
        return REGEX_YES;
    return result == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_STOPPED;
}

/* --- what must be there for a match --- */

/* Bytes of the atom at AT that is no plain character: a class, a group, an escape. SIZE_MAX: no
 * idea, look no further. */
static size_t skip_class(struct bytes text, size_t at)
{
    size_t i = at + 1;
    if (i < text.len && text.data[i] == '^')
        i++;
    if (i < text.len && text.data[i] == ']')
        i++;
    for (; i < text.len && text.data[i] != ']'; i++) {
        if (text.data[i] == '\\')
            i++;
        else if (text.data[i] == '[')
            return SIZE_MAX; /* [:alpha:] and its like */
    }
    return i < text.len ? i + 1 - at : SIZE_MAX;
}

static size_t skip_group(struct bytes text, size_t at)
{
    size_t depth = 0;
    for (size_t i = at; i < text.len; i++) {
        if (text.data[i] == '\\') {
            i++;
        } else if (text.data[i] == '[') {
            const size_t size = skip_class(text, i);
            if (size == SIZE_MAX)
                return SIZE_MAX;
            i += size - 1;
        } else if (text.data[i] == '(') {
            if (i + 1 < text.len && text.data[i + 1] == '*')
                return SIZE_MAX;
            depth++;
        } else if (text.data[i] == ')' && --depth == 0) {
            return i + 1 - at;
        }
    }
    return SIZE_MAX;
}

/* The plain character that stands at AT, or none; *RET_SIZE is how it is written. */
static bool plain_at(struct bytes text, size_t at, unsigned char *ret, size_t *ret_size)
{
    static const char escaped[] = "\\.^$*+?{}[]|()/-\"' ,:;=@%&!#<>~_`";
    *ret_size = 1;
    *ret = text.data[at];
    if (*ret != '\\')
        return *ret < 0x80 && strchr(".^$*+?{}[]|()\\", *ret) == NULL;
    if (at + 1 >= text.len)
        return false;
    *ret_size = 2;
    *ret = text.data[at + 1];
    return *ret != '\0' && strchr(escaped, *ret) != NULL;
}

/* Escapes of which nothing but the letter needs to be skipped. */
static bool simple_escape(unsigned char letter)
{
    return strchr("dDwWsSbBAzZGhHvVRntrfae", letter) != NULL && letter != '\0';
}

static size_t skip_other(struct bytes text, size_t at)
{
    if (text.data[at] == '[')
        return skip_class(text, at);
    if (text.data[at] == '(')
        return skip_group(text, at);
    if (text.data[at] == '\\')
        return at + 1 < text.len && simple_escape(text.data[at + 1]) ? 2 : SIZE_MAX;
    if (text.data[at] == '.' || text.data[at] == '^' || text.data[at] == '$')
        return 1;
    return text.data[at] >= 0x80 ? 1 : SIZE_MAX;
}

/* Bytes of the quantifier at AT, 0 for none. */
static size_t quantifier_at(struct bytes text, size_t at)
{
    size_t i = at;
    if (i < text.len && strchr("*+?", text.data[i]) != NULL && text.data[i] != '\0') {
        i++;
    } else if (i < text.len && text.data[i] == '{') {
        while (i < text.len && text.data[i] != '}')
            i++;
        i++;
    } else {
        return 0;
    }
    return i < text.len && (text.data[i] == '?' || text.data[i] == '+') ? i + 1 - at : i - at;
}

/* Only what needs no knowledge of the language: characters at the top that nothing quantifies. An
 * alternative at the top, an inline option other than (?i) at the very beginning, or anything
 * unknown: no literal, and the expression is always run. */
struct bytes vb_sigma_regex_literal(struct bytes text, unsigned flags, unsigned char *ret)
{
    (void)flags; /* literals are compared without case anyway */
    struct bytes best = {ret, 0};
    VB_CLEANUP_FREE unsigned char *run = malloc(text.len + 1);
    size_t len = 0, at = 0;
    if (run == NULL)
        return best;
    if (text.len > 4 && memcmp(text.data, "(?i)", 4) == 0)
        at = 4;
    for (; at <= text.len;) {
        unsigned char byte = 0;
        size_t size = 0;
        const bool end = at == text.len;
        const bool plain = !end && plain_at(text, at, &byte, &size);
        if (!end && !plain) {
            const bool option = text.data[at] == '(' && at + 2 < text.len &&
                                text.data[at + 1] == '?' && text.data[at + 2] != ':';
            size = option ? SIZE_MAX : skip_other(text, at);
            if (size == SIZE_MAX)
                return (struct bytes){ret, 0};
        }
        const size_t quantifier = end ? 0 : quantifier_at(text, at + size);
        if (plain && quantifier == 0)
            run[len++] = byte;
        if ((!plain || quantifier > 0) && len > best.len) {
            memcpy(ret, run, len);
            best.len = len;
        }
        len = !plain || quantifier > 0 ? 0 : len;
        at += end ? 1 : size + quantifier;
    }
    return best.len >= 2 ? best : (struct bytes){ret, 0};
}
