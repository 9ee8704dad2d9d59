/* Strict YAML. Trust boundary: the text may be hostile (a package's front matter) or just wrong (a
 * user's policy). libyaml tokenises; every limit and refusal is ours. */
#include "vetbox/core/yaml.h"

#include <errno.h>
#include <yaml.h>

#include "vetbox/core/text.h"

const struct vb_yaml_limits vb_yaml_default_limits = {
    .bytes = 1024 * 1024, .depth = 16, .nodes = 20000};

struct vb_yaml {
    struct vb_yaml_node **nodes; /* all of them, for freeing */
    size_t count;
    struct vb_yaml_node **roots; /* of the documents */
    size_t root_count;
};

struct parse {
    const char *name;
    struct vb_yaml_limits limits;
    struct vb_yaml *yaml;
    struct vb_yaml_node **open; /* the containers that are not closed yet */
    size_t depth;
    struct vb_yaml_node **keys; /* one waiting key per level */
    bool done;
    size_t began; /* documents */
};

static int refuse(const struct parse *parse, size_t line, const char *why, struct vb_error *err)
{
    return vb_fail(err, VB_E_DATA, 0, "%s:%zu: %s", parse->name, line, why);
}

static int grow(struct vb_yaml_node ***array, size_t count, struct vb_error *err)
{
    if (count != 0 && (count & (count - 1)) != 0)
        return VB_OK;
    const size_t capacity = count == 0 ? 1 : count * 2;
    struct vb_yaml_node **bigger = realloc(*array, capacity * sizeof(**array));
    if (bigger == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for YAML");
    *array = bigger;
    return VB_OK;
}

static int new_node(struct parse *parse, enum vb_yaml_kind kind, size_t line,
                    struct vb_yaml_node **ret, struct vb_error *err)
{
    struct vb_yaml *yaml = parse->yaml;
    if (yaml->count >= parse->limits.nodes)
        return refuse(parse, line, "more values than this file may have", err);
    const int status = grow(&yaml->nodes, yaml->count, err);
    if (status < 0)
        return status;
    struct vb_yaml_node *node = calloc(1, sizeof(*node));
    if (node == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for YAML");
    node->kind = kind;
    node->line = line;
    yaml->nodes[yaml->count++] = node;
    *ret = node;
    return VB_OK;
}

static bool has_key(const struct vb_yaml_node *map, const struct vb_yaml_node *key)
{
    for (size_t i = 0; i < map->count; i++)
        if (map->keys[i]->len == key->len && memcmp(map->keys[i]->text, key->text, key->len) == 0)
            return true;
    return false;
}

static int take_key(struct parse *parse, const struct vb_yaml_node *map, struct vb_yaml_node *key,
                    struct vb_error *err)
{
    if (parse->limits.keys != 0 && map->count >= parse->limits.keys)
        return refuse(parse, key->line, "more keys than a map may have", err);
    if (key->kind != VB_YAML_SCALAR)
        return refuse(parse, key->line, "a key must be plain text", err);
    /* "<<" would merge another map: a second way to say a thing that our reader does not know. */
    if (!key->quoted && strcmp(key->text, "<<") == 0)
        return refuse(parse, key->line, "merge keys are not accepted", err);
    if (has_key(map, key))
        return vb_fail(err, VB_E_DATA, 0, "%s:%zu: the key \"%.80s\" stands here twice",
                       parse->name, key->line, key->text);
    parse->keys[parse->depth - 1] = key;
    return VB_OK;
}

/* Puts a finished scalar or a beginning container where it belongs. */
static int attach(struct parse *parse, struct vb_yaml_node *node, struct vb_error *err)
{
    if (parse->depth == 0) {
        const int status = grow(&parse->yaml->roots, parse->yaml->root_count, err);
        if (status == VB_OK)
            parse->yaml->roots[parse->yaml->root_count++] = node;
        return status;
    }
    struct vb_yaml_node *parent = parse->open[parse->depth - 1];
    if (parent->kind == VB_YAML_MAP && parse->keys[parse->depth - 1] == NULL)
        return take_key(parse, parent, node, err);
    int status = grow(&parent->items, parent->count, err);
    if (status == VB_OK && parent->kind == VB_YAML_MAP)
        status = grow(&parent->keys, parent->count, err);
    if (status < 0)
        return status;
    if (parent->kind == VB_YAML_MAP)
        parent->keys[parent->count] = vb_steal(parse->keys[parse->depth - 1]);
    parent->items[parent->count++] = node;
    return VB_OK;
}

static int on_scalar(struct parse *parse, const yaml_event_t *event, struct vb_error *err)
{
    const size_t line = event->start_mark.line + 1;
    if (event->data.scalar.anchor != NULL)
        return refuse(parse, line, "anchors are not accepted", err);
    if (event->data.scalar.tag != NULL)
        return refuse(parse, line, "tags are not accepted", err);
    const size_t len = event->data.scalar.length;
    if (memchr(event->data.scalar.value, 0, len) != NULL)
        return refuse(parse, line, "a value holds a NUL character", err);
    struct vb_yaml_node *node = NULL;
    const int status = new_node(parse, VB_YAML_SCALAR, line, &node, err);
    if (status < 0)
        return status;
    char *text = malloc(len + 1);
    if (text == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for YAML");
    memcpy(text, event->data.scalar.value, len);
    text[len] = '\0';
    node->text = text;
    node->len = len;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return attach(parse, node, err);
}

static int on_open(struct parse *parse, enum vb_yaml_kind kind, const yaml_event_t *event,
                   struct vb_error *err)
{
    const size_t line = event->start_mark.line + 1;
    const bool map = kind == VB_YAML_MAP;
    if ((map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor) != NULL)
        return refuse(parse, line, "anchors are not accepted", err);
    if ((map ? event->data.mapping_start.tag : event->data.sequence_start.tag) != NULL)
        return refuse(parse, line, "tags are not accepted", err);
    if (parse->depth >= parse->limits.depth)
        return refuse(parse, line, "nested too deeply", err);
    struct vb_yaml_node *node = NULL;
    int status = new_node(parse, kind, line, &node, err);
    if (status == VB_OK)
        status = attach(parse, node, err);
    if (status < 0)
        return status;
    parse->open[parse->depth] = node;
    parse->keys[parse->depth] = NULL;
    parse->depth++;
    return VB_OK;
}

static int on_document(struct parse *parse, const yaml_event_t *event, struct vb_error *err)
{
    const size_t line = event->start_mark.line + 1;
    const size_t allowed = parse->limits.documents == 0 ? 1 : parse->limits.documents;
    if (parse->began >= allowed)
        return refuse(parse, line,
                      allowed == 1 ? "a second document begins here; only one is accepted"
                                   : "more documents than a file may have",
                      err);
    if (event->data.document_start.tag_directives.start !=
        event->data.document_start.tag_directives.end)
        return refuse(parse, line, "tag directives are not accepted", err);
    parse->began++;
    return VB_OK;
}

static int on_event(struct parse *parse, const yaml_event_t *event, struct vb_error *err)
{
    if (event->type == YAML_SCALAR_EVENT)
        return on_scalar(parse, event, err);
    if (event->type == YAML_MAPPING_START_EVENT)
        return on_open(parse, VB_YAML_MAP, event, err);
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return on_open(parse, VB_YAML_LIST, event, err);
    if (event->type == YAML_DOCUMENT_START_EVENT)
        return on_document(parse, event, err);
    if (event->type == YAML_ALIAS_EVENT)
        return refuse(parse, event->start_mark.line + 1, "aliases are not accepted", err);
    if (event->type == YAML_MAPPING_END_EVENT || event->type == YAML_SEQUENCE_END_EVENT)
        parse->depth--;
    if (event->type == YAML_STREAM_END_EVENT)
        parse->done = true;
    return VB_OK;
}

/* What libyaml says, and what mostly is the matter. */
static const char *problem_of(const yaml_parser_t *parser)
{
    static const struct {
        const char *says, *means;
    } rows[] = {
        {"found character that cannot start any token",
         "found character that cannot start any token: indent with spaces and not with tabs, and "
         "put "
         "quotes around what begins with @, % or `"},
        {"did not find expected alphabetic or numeric character",
         "did not find expected alphabetic or numeric character: put quotes around what begins "
         "with "
         "* or &"},
    };
    if (parser->problem == NULL)
        return "not YAML";
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (strcmp(parser->problem, rows[i].says) == 0)
            return rows[i].means;
    }
    return parser->problem;
}

static int run_parser(struct parse *parse, yaml_parser_t *parser, struct vb_error *err)
{
    while (!parse->done) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            const bool memory = parser->error == YAML_MEMORY_ERROR;
            const size_t line = (parser->error == YAML_READER_ERROR ? parser->mark.line
                                                                    : parser->problem_mark.line) +
                                1;
            return memory ? vb_fail(err, VB_E_NOMEM, 0, "out of memory for YAML")
                          : refuse(parse, line, problem_of(parser), err);
        }
        const int status = on_event(parse, &event, err);
        yaml_event_delete(&event);
        if (status < 0)
            return status;
    }
    if (parse->yaml->root_count == 0)
        return refuse(parse, 1, "the file is empty", err);
    return VB_OK;
}

static int parse_into(struct parse *parse, const char *text, size_t len, struct vb_error *err)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for YAML");
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    const int status = run_parser(parse, &parser, err);
    yaml_parser_delete(&parser);
    return status;
}

int vb_yaml_parse(const char *name, const char *text, size_t len,
                  const struct vb_yaml_limits *limits, struct vb_yaml **ret, struct vb_error *err)
{
    struct parse parse = {.name = name, .limits = limits ? *limits : vb_yaml_default_limits};
    if (len > parse.limits.bytes)
        return vb_fail(err, VB_E_DATA, 0, "%s:1: larger than %zu bytes", name, parse.limits.bytes);
    if (!vb_utf8_valid(text, len))
        return refuse(&parse, 1, "not UTF-8", err);
    VB_CLEANUP_FREE struct vb_yaml_node **open = calloc(parse.limits.depth + 1, sizeof(*open));
    VB_CLEANUP_FREE struct vb_yaml_node **keys = calloc(parse.limits.depth + 1, sizeof(*keys));
    parse.open = open;
    parse.keys = keys;
    parse.yaml = calloc(1, sizeof(*parse.yaml));
    if (open == NULL || keys == NULL || parse.yaml == NULL) {
        vb_yaml_free(parse.yaml);
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for YAML");
    }
    const int status = parse_into(&parse, text, len, err);
    if (status < 0)
        vb_yaml_free(parse.yaml);
    else
        *ret = parse.yaml;
    return status;
}

void vb_yaml_free(struct vb_yaml *yaml)
{
    if (yaml == NULL)
        return;
    for (size_t i = 0; i < yaml->count; i++) {
        free((char *)yaml->nodes[i]->text);
        free(yaml->nodes[i]->keys);
        free(yaml->nodes[i]->items);
        free(yaml->nodes[i]);
    }
    free(yaml->nodes);
    free(yaml->roots);
    free(yaml);
}

const struct vb_yaml_node *vb_yaml_root(const struct vb_yaml *yaml)
{
    return yaml->roots[0];
}

size_t vb_yaml_document_count(const struct vb_yaml *yaml)
{
    return yaml->root_count;
}

const struct vb_yaml_node *vb_yaml_document(const struct vb_yaml *yaml, size_t index)
{
    return index < yaml->root_count ? yaml->roots[index] : NULL;
}

const struct vb_yaml_node *vb_yaml_get(const struct vb_yaml_node *map, const char *key)
{
    if (map == NULL || map->kind != VB_YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->keys[i]->text, key) == 0)
            return map->items[i];
    return NULL;
}
