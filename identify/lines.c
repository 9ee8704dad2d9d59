/* The second reading of frontmatter: single lines "key: value", as hosts fall back to when YAML
 * refuses, and as OpenClaw keeps beside YAML for values that begin with a bracket. Where the two
 * readings of one file disagree, a scanner and a host can be shown different fields. Trust
 * boundary: hostile text. */
#include "identify/internal.h"

#include <ctype.h>

enum {
    OPEN_LINES = 200, /* of a frontmatter that does not end */
    DIFFERENCES = 4,  /* that are told of one file */
    SHOWN = 80,       /* bytes of a value in a message */
};

struct vb_id_line vb_id_line_at(const char *text, size_t len, size_t at)
{
    const char *end = memchr(text + at, '\n', len - at);
    const size_t stop = end == NULL ? len : (size_t)(end - text);
    struct vb_id_line line = {text + at, stop - at, end == NULL ? len : stop + 1};
    if (line.len > 0 && line.text[line.len - 1] == '\r')
        line.len--;
    return line;
}

static bool is_space(char c)
{
    return isspace((unsigned char)c) != 0;
}

static struct vb_str trim(struct vb_str text)
{
    while (text.len > 0 && is_space(text.text[0])) {
        text.text++;
        text.len--;
    }
    while (text.len > 0 && is_space(text.text[text.len - 1]))
        text.len--;
    return text;
}

static bool word_char(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* Splits "key: value"; false for any other line. */
static bool split_line(struct vb_id_line line, char *ret_key, size_t size, struct vb_str *ret_value)
{
    size_t len = 0;
    while (len < line.len && len < size - 1 && word_char(line.text[len]))
        len++;
    if (len == 0 || len == line.len || line.text[len] != ':')
        return false;
    memcpy(ret_key, line.text, len);
    ret_key[len] = '\0';
    *ret_value = trim((struct vb_str){line.text + len + 1, line.len - len - 1});
    return true;
}

/* The indented and empty lines from AT on; *AT moves behind them. */
static struct vb_str indented(const char *text, size_t len, size_t *at)
{
    const size_t from = *at;
    while (*at < len) {
        const struct vb_id_line line = vb_id_line_at(text, len, *at);
        if (line.len > 0 && line.text[0] != ' ' && line.text[0] != '\t')
            break;
        *at = line.next;
    }
    return trim((struct vb_str){text + from, *at - from});
}

json_t *vb_id_lines(struct vb_id *id, const char *text, size_t len, bool closed)
{
    char key[128];
    struct vb_str value;
    unsigned lines = 0;
    json_t *fields = json_object();
    for (size_t at = 0; fields != NULL && at < len && (closed || lines < OPEN_LINES); lines++) {
        const struct vb_id_line line = vb_id_line_at(text, len, at);
        if (!closed && (line.len == 0 || line.text[0] == '#'))
            break;
        at = line.next;
        if (!split_line(line, key, sizeof(key), &value))
            continue;
        if (value.len == 0)
            value = indented(text, len, &at);
        if (vb_utf8_valid(value.text, value.len) && memchr(value.text, 0, value.len) == NULL &&
            json_object_set_new_nocheck(fields, key, json_stringn_nocheck(value.text, value.len)) !=
                0)
            vb_id_fail(id, VB_E_NOMEM, "reading frontmatter");
    }
    if (fields == NULL)
        vb_id_fail(id, VB_E_NOMEM, "reading frontmatter");
    return fields;
}

static bool quoted(const char *value, size_t len)
{
    return len >= 2 && (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0];
}

/* A host takes the quotes off and drops what is empty. */
void vb_id_lines_unquote(struct vb_id *id, json_t *fields)
{
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(fields, next, key, value)
    {
        const char *text = json_string_value(value);
        const size_t len = strlen(text);
        if (len == 0)
            (void)json_object_del(fields, key);
        else if (quoted(text, len) &&
                 json_object_set_new_nocheck(fields, key,
                                             json_stringn_nocheck(text + 1, len - 2)) != 0)
            vb_id_fail(id, VB_E_NOMEM, "reading frontmatter");
    }
}

/* --- the two readings compared --- */

/* Text of a scalar as both notations mean it: null and ~ are nothing. */
static void scalar_text(const json_t *value, char *ret, size_t size)
{
    if (!vb_id_scalar(value, ret, size) || strcmp(ret, "null") == 0 || strcmp(ret, "~") == 0)
        ret[0] = '\0';
}

/* YAML's scalars stay strings in our reading, JSON5's have types. */
static bool same_value(const json_t *a, const json_t *b, unsigned depth)
{
    char text[2][512];
    const char *key;
    json_t *item;
    if (depth > VB_ID_DEPTH_MAX || json_is_object(a) != json_is_object(b) ||
        json_is_array(a) != json_is_array(b))
        return false;
    if (json_object_size(a) != json_object_size(b) || json_array_size(a) != json_array_size(b))
        return false;
    json_object_foreach((json_t *)a, key, item)
    {
        if (!same_value(item, json_object_get(b, key), depth + 1))
            return false;
    }
    for (size_t i = 0; i < json_array_size(a); i++) {
        if (!same_value(json_array_get(a, i), json_array_get(b, i), depth + 1))
            return false;
    }
    if (json_is_object(a) || json_is_array(a))
        return true;
    scalar_text(a, text[0], sizeof(text[0]));
    scalar_text(b, text[1], sizeof(text[1]));
    return strcmp(text[0], text[1]) == 0;
}

/* LINE is JSON5 to OpenClaw, whatever YAML makes of it. What JSON5 refuses (as a map that goes on
 * over several lines at the margin) only takes permissions away, so it is no difference to tell. */
static bool same_json(const char *line, const json_t *yaml)
{
    struct vb_id_notes notes = {0};
    json_t *value = vb_id_json5(line, strlen(line), &notes);
    const bool same = notes.broken != NULL || value == NULL || same_value(value, yaml, 0);
    json_decref(value);
    return same;
}

static unsigned hex_of(const char *text, unsigned digits)
{
    unsigned code = 0;
    for (unsigned i = 0; i < digits; i++) {
        if (!isxdigit((unsigned char)text[i]))
            return 0;
        const char c = vb_ascii_lower(text[i]);
        code = code * 16 + (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return code;
}

/* A letter that stands there as a code: nobody writes one, except to hide a word from a reader of
 * lines. */
static bool hides_letters(const char *text)
{
    static const struct {
        char mark;
        unsigned digits;
    } codes[] = {{'x', 2}, {'u', 4}, {'U', 8}};
    for (; *text != '\0'; text++) {
        if (*text != '\\')
            continue;
        text++;
        for (size_t i = 0; i < VB_ARRAY_LEN(codes); i++) {
            if (*text == codes[i].mark &&
                isalnum((int)(hex_of(text + 1, codes[i].digits) & 0x7f)) &&
                hex_of(text + 1, codes[i].digits) < 0x80)
                return true;
        }
        if (*text == '\0')
            return false;
    }
    return false;
}

/* LINE is what follows the colon, with its quotes. */
static bool same_text(const char *line, const json_t *yaml)
{
    const size_t len = strlen(line);
    if (line[0] == '{' || line[0] == '[')
        return same_json(line, yaml);
    if (len == 0 || strchr("|>&*!", line[0]) != NULL || strchr(line, '\n') != NULL ||
        !json_is_string(yaml))
        return true; /* of several lines; aliases and tags are problems by themselves */
    if (line[0] == '\'' || line[0] == '"')
        return line[0] == '\'' || !hides_letters(line);
    /* A value may go on in the next lines. */
    return strncmp(json_string_value(yaml), line, len) == 0;
}

static bool is_word(const char *key)
{
    for (const char *at = key; *at != '\0'; at++) {
        if (!word_char(*at))
            return false;
    }
    return key[0] != '\0';
}

struct compare {
    struct vb_id *id;
    const char *path;
    const struct vb_buf *text;
    const struct vb_id_front *front;
    unsigned told;
};

static struct vb_id_at place_of(const struct compare *compare, const char *key)
{
    return (struct vb_id_at){compare->path, vb_id_front_line(compare->front, compare->text, key)};
}

/* LINE is the key's value by lines. True if YAML has the same. */
static bool compare_line(struct compare *compare, const char *key, const char *line)
{
    char text[SHOWN + 1] = "nothing";
    const json_t *yaml = json_object_get(compare->front->fields, key);
    if (yaml != NULL && same_text(line, yaml))
        return true;
    if (compare->told == DIFFERENCES)
        return false;
    if (yaml != NULL && !vb_id_scalar(yaml, text, sizeof(text)))
        snprintf(text, sizeof(text), "something else");
    vb_id_problem(compare->id, place_of(compare, key), "frontmatter-ambiguous",
                  "%.60s is \"%.*s\" to a host that reads lines and \"%s\" in YAML", key, SHOWN,
                  line, text);
    compare->told++;
    return false;
}

void vb_id_lines_compare(struct vb_id *id, const char *path, const struct vb_buf *text,
                         const struct vb_id_front *front, json_t *lines)
{
    const char *key;
    json_t *value;
    void *next;
    struct compare compare = {id, path, text, front, 0};
    json_object_foreach(front->fields, key, value)
    {
        if (compare.told == DIFFERENCES || !is_word(key) || json_object_get(lines, key) != NULL)
            continue;
        vb_id_problem(id, place_of(&compare, key), "frontmatter-ambiguous",
                      "a host that reads lines does not see %.60s, YAML does", key);
        compare.told++;
    }
    json_object_foreach_safe(lines, next, key, value)
    {
        if (compare_line(&compare, key, json_string_value(value)))
            (void)json_object_del(lines, key);
    }
}
