/* Frontmatter: the YAML between two lines of dashes at the beginning of a Markdown file. Hosts try
 * YAML and then fall back to reading single lines "key: value"; so do we, since a text that YAML
 * refuses still has a name and a description for them. Trust boundary: hostile text. */
#include "identify/internal.h"

#include <ctype.h>

enum { FALLBACK_LINES = 200 };

struct line {
    const char *text;
    size_t len; /* without its end */
    size_t next;
};

static struct line line_at(const char *text, size_t len, size_t at)
{
    const char *end = memchr(text + at, '\n', len - at);
    const size_t stop = end == NULL ? len : (size_t)(end - text);
    struct line line = {text + at, stop - at, end == NULL ? len : stop + 1};
    if (line.len > 0 && line.text[line.len - 1] == '\r')
        line.len--;
    return line;
}

static bool is_dashes(struct line line)
{
    while (line.len > 3 && (line.text[line.len - 1] == ' ' || line.text[line.len - 1] == '\t'))
        line.len--;
    return line.len == 3 && memcmp(line.text, "---", 3) == 0;
}

static size_t skip_blank_lines(const char *text, size_t len, size_t at)
{
    while (at < len && isspace((unsigned char)text[at]))
        at++;
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return at;
}

/* Sets present, from, len and body. Returns false, after a problem, if there is no frontmatter. */
static bool split(struct vb_id *id, const char *path, const struct vb_buf *buf, bool required,
                  struct vb_id_front *ret)
{
    const char *text = (const char *)buf->data;
    const size_t bom = buf->len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    ret->body = bom;
    if (buf->len == bom)
        return false;
    size_t at = skip_blank_lines(text, buf->len, bom);
    at = at < bom ? bom : at;
    struct line line = line_at(text, buf->len, at);
    if (!is_dashes(line)) {
        if (required)
            vb_id_problem(id, (struct vb_id_at){path, 1}, "frontmatter-missing",
                          "the file does not begin with a line of three dashes");
        return false;
    }
    if (at != bom && required)
        vb_id_problem(id, (struct vb_id_at){path, 1}, "frontmatter-not-first",
                      "blank lines stand before the frontmatter");
    ret->from = line.next;
    ret->line = (int64_t)vb_line_of(text, buf->len, ret->from);
    for (at = line.next; at < buf->len; at = line.next) {
        line = line_at(text, buf->len, at);
        if (!is_dashes(line))
            continue;
        ret->len = at - ret->from;
        ret->body = line.next;
        ret->present = true;
        return true;
    }
    ret->len = buf->len - ret->from;
    if (required)
        vb_id_problem(id, (struct vb_id_at){path, 1}, "frontmatter-unclosed",
                      "no second line of three dashes");
    return required;
}

static bool key_char(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

/* Adds "key: value" of one line to FIELDS, quotes taken off. */
static void fallback_line(struct vb_id *id, struct line line, json_t *fields)
{
    char key[128];
    size_t len = 0;
    while (len < line.len && len < sizeof(key) - 1 && key_char(line.text[len]))
        len++;
    if (len == 0 || len == line.len || line.text[len] != ':')
        return;
    memcpy(key, line.text, len);
    key[len] = '\0';
    const char *value = line.text + len + 1;
    size_t size = line.len - len - 1;
    while (size > 0 && isspace((unsigned char)value[0])) {
        value++;
        size--;
    }
    while (size > 0 && isspace((unsigned char)value[size - 1]))
        size--;
    if (size >= 2 && (value[0] == '"' || value[0] == '\'') && value[size - 1] == value[0]) {
        value++;
        size -= 2;
    }
    if (json_object_get(fields, key) != NULL || !vb_utf8_valid(value, size))
        return;
    if (json_object_set_new_nocheck(fields, key, json_stringn_nocheck(value, size)) != 0)
        vb_id_fail(id, VB_E_NOMEM, "reading frontmatter");
}

static json_t *fallback(struct vb_id *id, const char *text, size_t len, bool closed)
{
    json_t *fields = json_object();
    if (fields == NULL) {
        vb_id_fail(id, VB_E_NOMEM, "reading frontmatter");
        return NULL;
    }
    unsigned lines = 0;
    for (size_t at = 0; at < len && lines < FALLBACK_LINES; lines++) {
        const struct line line = line_at(text, len, at);
        if (!closed && (line.len == 0 || line.text[0] == '#'))
            break;
        fallback_line(id, line, fields);
        at = line.next;
    }
    return fields;
}

/* metadata is a map, or a string of JSON or JSON5. */
static json_t *read_meta(struct vb_id *id, struct vb_id_at at, const json_t *value)
{
    if (json_is_object(value))
        return json_incref((json_t *)value);
    if (!json_is_string(value) || json_string_length(value) == 0)
        return NULL;
    struct vb_id_notes notes = {0};
    json_t *meta = vb_id_json5(json_string_value(value), json_string_length(value), &notes);
    notes.lenient = false; /* JSON5 is what the host reads */
    if (notes.broken != NULL)
        vb_id_problem(id, at, "metadata-broken", "%s", notes.broken);
    notes.broken = NULL;
    notes.line = 0;
    vb_id_notes_emit(id, at, "json", &notes);
    if (json_is_object(meta))
        return meta;
    json_decref(meta);
    return NULL;
}

static void parse(struct vb_id *id, const char *path, const char *text, struct vb_id_front *front)
{
    struct vb_id_notes notes = {0};
    const size_t max = id->limits->frontmatter_bytes;
    const struct vb_id_at at = {path, front->line};
    if (front->present && front->len > max) {
        vb_id_problem(id, at, "frontmatter-too-large", "%zu bytes of frontmatter, %zu are read",
                      front->len, max);
        vb_id_coverage(id, path, "frontmatter", "too large", NULL);
    }
    if (front->present && front->len <= max) {
        front->fields = vb_id_yaml(text, front->len, &notes);
        vb_id_notes_emit(id, at, "yaml", &notes);
        if (front->fields != NULL && !json_is_object(front->fields)) {
            vb_id_problem(id, at, "frontmatter-not-a-map", "the frontmatter holds no keys");
            json_decref(front->fields);
            front->fields = NULL;
        }
    }
    if (front->fields == NULL)
        front->fields = fallback(id, text, front->len < max ? front->len : max, front->present);
}

void vb_id_front_read(struct vb_id *id, const char *path, const struct vb_buf *text, bool required,
                      struct vb_id_front *ret)
{
    *ret = (struct vb_id_front){.line = 1};
    if (!split(id, path, text, required, ret))
        return;
    parse(id, path, (const char *)text->data + ret->from, ret);
    const json_t *meta = vb_id_get(ret->fields, "metadata");
    if (meta != NULL)
        ret->meta =
            read_meta(id, (struct vb_id_at){path, vb_id_front_line(ret, text, "metadata")}, meta);
}

void vb_id_front_done(struct vb_id_front *front)
{
    json_decref(front->fields);
    json_decref(front->meta);
}

int64_t vb_id_front_line(const struct vb_id_front *front, const struct vb_buf *text,
                         const char *key)
{
    const char *from = (const char *)text->data + front->from;
    const size_t key_len = strlen(key);
    int64_t number = front->line;
    for (size_t at = 0; at < front->len; number++) {
        const struct line line = line_at(from, front->len, at);
        if (line.len > key_len && memcmp(line.text, key, key_len) == 0 && line.text[key_len] == ':')
            return number;
        at = line.next;
    }
    return front->line;
}

/* Keys whose words are permissions the text asks for or gives up. */
static const struct {
    const char *key;
    const char *what;
    const char *detail;
} tool_keys[] = {
    {"allowed-tools", "tool", "allowed-tools"},
    {"allowed_tools", "tool", "allowed-tools"},
    {"tools", "tool", "tools"},
    {"command-tool", "tool", "command-tool"},
    {"permissions", "permission", NULL},
};

void vb_id_front_declare(struct vb_id *id, const char *path, const struct vb_buf *text,
                         const struct vb_id_front *front)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(tool_keys); i++) {
        const json_t *value = vb_id_get(front->fields, tool_keys[i].key);
        if (value == NULL)
            continue;
        const struct vb_id_want want = {{path, vb_id_front_line(front, text, tool_keys[i].key)},
                                        tool_keys[i].what,
                                        tool_keys[i].detail,
                                        true};
        vb_id_declare_each(id, &want, value);
    }
    if (vb_id_get(front->fields, "hooks") != NULL)
        vb_id_hooks(id, (struct vb_id_source){text, path, vb_id_get(front->fields, "hooks")});
    if (front->meta != NULL)
        vb_id_openclaw_declare(
            id, (struct vb_id_at){path, vb_id_front_line(front, text, "metadata")}, front->meta);
    if (vb_id_get(front->fields, "mcpServers") != NULL)
        vb_id_mcp_servers(
            id, (struct vb_id_source){text, path, vb_id_get(front->fields, "mcpServers")});
}
