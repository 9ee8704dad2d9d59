/* Frontmatter: the YAML between two lines of dashes at the beginning of a Markdown file. Hosts try
 * YAML and then fall back to reading single lines "key: value"; so do we, since a text that YAML
 * refuses still has a name and a description for them. Where both readings succeed they are
 * compared. Trust boundary: hostile text. */
#include "identify/internal.h"

#include <ctype.h>

static bool is_dashes(struct vb_id_line line)
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

/* Sets len, body and present at the second line of dashes. OpenClaw ends the frontmatter at any
 * line that begins with three of them. */
static bool find_end(struct vb_id *id, const char *path, const struct vb_buf *buf,
                     struct vb_id_front *ret)
{
    const char *text = (const char *)buf->data;
    size_t early = 0;
    struct vb_id_line line;
    for (size_t at = ret->from; at < buf->len; at = line.next) {
        line = vb_id_line_at(text, buf->len, at);
        if (early == 0 && line.len > 3 && memcmp(line.text, "---", 3) == 0)
            early = at;
        if (!is_dashes(line))
            continue;
        if (early != 0 && early != at)
            vb_id_problem(id, (struct vb_id_at){path, (int64_t)vb_line_of(text, buf->len, early)},
                          "frontmatter-ambiguous",
                          "some hosts end the frontmatter at this line, others go on");
        ret->len = at - ret->from;
        ret->body = line.next;
        ret->present = true;
        return true;
    }
    ret->len = buf->len - ret->from;
    return false;
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
    const struct vb_id_line line = vb_id_line_at(text, buf->len, at);
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
    if (find_end(id, path, buf, ret))
        return true;
    if (required)
        vb_id_problem(id, (struct vb_id_at){path, 1}, "frontmatter-unclosed",
                      "no second line of three dashes");
    return required;
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

static void parse(struct vb_id *id, const char *path, const struct vb_buf *buf,
                  struct vb_id_front *front)
{
    const char *text = (const char *)buf->data + front->from;
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
    json_t *lines = vb_id_lines(id, text, front->len < max ? front->len : max, front->present);
    if (front->fields != NULL && notes.duplicate[0] == '\0')
        vb_id_lines_compare(id, path, buf, front, lines);
    vb_id_lines_unquote(id, lines);
    if (front->fields == NULL)
        front->fields = lines;
    else if (notes.duplicate[0] == '\0' && json_object_size(lines) > 0)
        front->lines = lines;
    else
        json_decref(lines);
}

void vb_id_front_read(struct vb_id *id, const char *path, const struct vb_buf *text, bool required,
                      struct vb_id_front *ret)
{
    *ret = (struct vb_id_front){.line = 1};
    if (!split(id, path, text, required, ret))
        return;
    parse(id, path, text, ret);
    const struct vb_id_at at = {path, vb_id_front_line(ret, text, "metadata")};
    ret->meta = read_meta(id, at, vb_id_get(ret->fields, "metadata"));
    ret->lines_meta = read_meta(id, at, vb_id_get(ret->lines, "metadata"));
}

void vb_id_front_done(struct vb_id_front *front)
{
    json_decref(front->fields);
    json_decref(front->meta);
    json_decref(front->lines);
    json_decref(front->lines_meta);
}

int64_t vb_id_front_line(const struct vb_id_front *front, const struct vb_buf *text,
                         const char *key)
{
    const char *from = (const char *)text->data + front->from;
    const size_t key_len = strlen(key);
    int64_t number = front->line;
    for (size_t at = 0; at < front->len; number++) {
        const struct vb_id_line line = vb_id_line_at(from, front->len, at);
        if (line.len > key_len && memcmp(line.text, key, key_len) == 0 && line.text[key_len] == ':')
            return number;
        at = line.next;
    }
    return front->line;
}

/* Keys that are permissions the text asks for or gives up; of some each word is one. */
static const struct {
    const char *key;
    const char *what;
    const char *detail;
    bool words;
} permission_keys[] = {
    {"allowed-tools", "tool", "allowed-tools", true},
    {"allowed_tools", "tool", "allowed-tools", true},
    {"tools", "tool", "tools", true},
    {"command-tool", "tool", "command-tool", true},
    {"permissions", "permission", NULL, true},
    {"command-dispatch", "permission", "command-dispatch", false},
    {"schedule", "schedule", "schedule", false},
    {"cron", "schedule", "cron", false},
};

struct reading {
    const struct vb_id_front *front;
    const json_t *fields;
    const json_t *meta;
};

static void declare_reading(struct vb_id *id, const char *path, const struct vb_buf *text,
                            const struct reading *reading)
{
    const struct vb_id_front *front = reading->front;
    for (size_t i = 0; i < VB_ARRAY_LEN(permission_keys); i++) {
        const json_t *value = vb_id_get(reading->fields, permission_keys[i].key);
        if (value == NULL)
            continue;
        const struct vb_id_want want = {
            {path, vb_id_front_line(front, text, permission_keys[i].key)},
            permission_keys[i].what,
            permission_keys[i].detail,
            permission_keys[i].words};
        vb_id_declare_each(id, &want, value);
    }
    if (vb_id_get(reading->fields, "hooks") != NULL)
        vb_id_hooks(id, (struct vb_id_source){text, path, vb_id_get(reading->fields, "hooks")});
    if (reading->meta != NULL)
        vb_id_openclaw_declare(
            id, (struct vb_id_at){path, vb_id_front_line(front, text, "metadata")}, reading->meta);
    if (vb_id_get(reading->fields, "mcpServers") != NULL)
        vb_id_mcp_servers(
            id, (struct vb_id_source){text, path, vb_id_get(reading->fields, "mcpServers")});
}

/* A host takes one reading, and we cannot know which. */
void vb_id_front_declare(struct vb_id *id, const char *path, const struct vb_buf *text,
                         const struct vb_id_front *front)
{
    id->front = front;
    declare_reading(id, path, text, &(struct reading){front, front->fields, front->meta});
    if (front->lines != NULL)
        declare_reading(id, path, text, &(struct reading){front, front->lines, front->lines_meta});
    id->front = NULL;
}
