/* insider: the words of the probes. Trust boundary: every byte is the subject's. */
#include "sandbox/detonate/insider.h"

#include <string.h>

enum { SEPARATOR = '\x1f', MAX_LINE = 100 * 1000 * 1000 };

static const char *const forms[] = {"compile", "bytecode", "import", "eval", "function", "vm"};
static const char *const interpreters[] = {"python3", "node"};

/* Takes what stands before the next separator. False: there is none. */
static bool next_field(struct vb_str *rest, struct vb_str *ret)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->text, SEPARATOR, rest->len);
    if (end == NULL)
        return false;
    *ret = (struct vb_str){rest->text, (size_t)(end - rest->text)};
    rest->text = end + 1;
    rest->len -= ret->len + 1;
    return true;
}

/* 0: it is none. */
static int64_t number_of(struct vb_str text)
{
    int64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.text[i] < '0' || text.text[i] > '9' || number > MAX_LINE)
            return 0;
        number = number * 10 + (text.text[i] - '0');
    }
    return number > MAX_LINE ? 0 : number;
}

int64_t vb_insider_next_line(struct vb_str *text)
{
    struct vb_str field = {0};
    while (text->len > 0) {
        if (!next_field(text, &field)) {
            field = *text;
            text->len = 0;
        }
        const int64_t number = number_of(field);
        if (number > 0)
            return number;
    }
    return 0;
}

/* The one of COUNT WORDS that TEXT is; NULL: none. */
static const char *word_of(struct vb_str text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (vb_str_equal(text, words[i]))
            return words[i];
    }
    return NULL;
}

static bool read_code(struct vb_str rest, struct vb_insider_word *ret)
{
    struct vb_str form, line;
    if (!next_field(&rest, &form) || !next_field(&rest, &ret->path) || !next_field(&rest, &line))
        return false;
    ret->form = word_of(form, forms, VB_ARRAY_LEN(forms));
    ret->line = number_of(line);
    ret->text = rest;
    return ret->form != NULL;
}

static bool read_command(struct vb_str rest, struct vb_insider_word *ret)
{
    struct vb_str line;
    if (!next_field(&rest, &ret->path) || !next_field(&rest, &line))
        return false;
    ret->line = number_of(line);
    ret->text = rest;
    return true;
}

static bool read_asked(struct vb_str rest, struct vb_insider_word *ret)
{
    struct vb_str interpreter;
    if (!next_field(&rest, &interpreter) || !next_field(&rest, &ret->path))
        return false;
    ret->form = word_of(interpreter, interpreters, VB_ARRAY_LEN(interpreters));
    ret->text = rest;
    return ret->form != NULL;
}

bool vb_insider_read(const char *message, size_t len, struct vb_insider_word *ret)
{
    struct vb_str rest = {message, len}, tag;
    *ret = (struct vb_insider_word){.form = ""};
    if (!next_field(&rest, &tag) || tag.len == 0)
        return false;
    if (tag.text[0] == '+') {
        ret->kind = VB_INSIDER_COMMAND;
        return read_command(rest, ret);
    }
    if (vb_str_equal(tag, "C")) {
        ret->kind = VB_INSIDER_CODE;
        return read_code(rest, ret);
    }
    if (vb_str_equal(tag, "A") || vb_str_equal(tag, "G")) {
        ret->kind = tag.text[0] == 'A' ? VB_INSIDER_ASKED : VB_INSIDER_GIVEN;
        return read_asked(rest, ret);
    }
    ret->kind = vb_str_equal(tag, "P") ? VB_INSIDER_PRESENT : VB_INSIDER_LINES;
    if ((!vb_str_equal(tag, "P") && !vb_str_equal(tag, "L")) || !next_field(&rest, &ret->path))
        return false;
    ret->text = rest;
    ret->line = ret->kind == VB_INSIDER_PRESENT ? number_of(rest) : 0;
    return true;
}

/* --- what `set -x` writes --- */

/* The character that stands for the escape at AT of a word in $'…', and how long that is. */
static size_t unescape(const char *at, size_t left, char *ret)
{
    static const char letters[] = "abefnrtvE\\'\"?", values[] = "\a\b\033\f\n\r\t\v\033\\'\"?";
    const char *letter = left > 1 ? memchr(letters, at[1], sizeof(letters) - 1) : NULL;
    if (letter != NULL) {
        *ret = values[letter - letters];
        return 2;
    }
    unsigned value = 0;
    size_t len = 1;
    while (len < 4 && len < left && at[len] >= '0' && at[len] <= '7')
        value = value * 8 + (unsigned)(at[len++] - '0');
    *ret = len > 1 ? (char)(value & 0xff) : '\\';
    return len;
}

/* Takes the next word of COMMAND and appends it to RET without its quotes. False: there is none. */
static int next_word(struct vb_str *command, bool *ret_found, struct vb_buf *ret,
                     struct vb_error *err)
{
    char quote = '\0';
    int status = VB_OK;
    const char *at = command->text, *end = at + command->len;
    while (at < end && (*at == ' ' || *at == '\n'))
        at++;
    *ret_found = at < end;
    while (status == VB_OK && at < end && (quote != '\0' || (*at != ' ' && *at != '\n'))) {
        char byte = *at;
        size_t used = 1;
        bool shown = true;
        if (quote == '$' && byte == '\\') {
            used = unescape(at, (size_t)(end - at), &byte);
        } else if (quote != '\0') {
            shown = byte != '\'';
            quote = shown ? quote : '\0';
        } else if (byte == '\'') {
            quote = '\'';
            shown = false;
        } else if (byte == '$' && end - at > 1 && at[1] == '\'') {
            quote = '$';
            used = 2;
            shown = false;
        } else if (byte == '\\' && end - at > 1) {
            byte = at[1];
            used = 2;
        }
        at += used;
        status = shown ? vb_buf_append(ret, &byte, 1, err) : VB_OK;
    }
    command->len = (size_t)(end - at);
    command->text = at;
    return status;
}

static bool is_word(const struct vb_buf *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (word->len == strlen(list[i]) && memcmp(word->data, list[i], word->len) == 0)
            return true;
    }
    return false;
}

/* All words that are left, with a blank between two. */
static int rest_of(struct vb_str command, bool *ret_made, struct vb_buf *ret, struct vb_error *err)
{
    bool found = true;
    int status = VB_OK;
    *ret_made = false;
    while (status == VB_OK && found) {
        const size_t before = ret->len;
        if (*ret_made)
            status = vb_buf_append(ret, " ", 1, err);
        if (status == VB_OK)
            status = next_word(&command, &found, ret, err);
        if (ret->data != NULL && !found)
            ret->data[ret->len = before] = '\0';
        *ret_made = *ret_made || found;
    }
    return status;
}

/* The word behind an option like -c or -lc. */
static int behind_option(struct vb_str command, bool *ret_made, struct vb_buf *ret,
                         struct vb_error *err)
{
    bool found = true, last = false;
    int status = VB_OK;
    *ret_made = false;
    while (status == VB_OK && found) {
        vb_buf_clear(ret);
        status = next_word(&command, &found, ret, err);
        *ret_made = last && found;
        if (last || ret->len == 0 || ret->data[0] != '-')
            break;
        last = ret->data[1] != '-' && ret->data[ret->len - 1] == 'c';
    }
    return status;
}

int vb_insider_shell_code(struct vb_str command, bool *ret_made, struct vb_buf *ret,
                          struct vb_error *err)
{
    static const char *const evals[] = {"eval"};
    static const char *const shells[] = {
        "bash", "sh", "dash", "zsh", "/bin/bash", "/usr/bin/bash", "/bin/sh", "/usr/bin/sh"};
    bool found;
    *ret_made = false;
    vb_buf_clear(ret);
    int status = next_word(&command, &found, ret, err);
    if (status < 0 || !found)
        return status;
    if (is_word(ret, evals, VB_ARRAY_LEN(evals))) {
        vb_buf_clear(ret);
        return rest_of(command, ret_made, ret, err);
    }
    return is_word(ret, shells, VB_ARRAY_LEN(shells)) ? behind_option(command, ret_made, ret, err)
                                                      : VB_OK;
}
