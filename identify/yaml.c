/* YAML frontmatter by libyaml's event API. The document loader takes seconds on nested brackets and
 * expands aliases without end, so it is never used: an alias shares the value that it names, and
 * all of them together may stand for no more than ALIASED_MAX values. Unlike core's reader, which
 * refuses a doubtful text, this one reads on as a lenient host would and notes what it had to put
 * up with: a package must not be able to hide its fields behind one duplicate key. Trust boundary:
 * hostile text. */
#include "identify/internal.h"

#include <yaml.h>

enum { ANCHORS_MAX = 64, ALIASED_MAX = 4096 };

struct anchor {
    char *name;
    json_t *value; /* a reference: an equal key may replace it in its parent */
};

struct level {
    json_t *value; /* borrowed: owned by its parent or the root */
    char *key;     /* the waiting key of a mapping */
};

struct build {
    struct vb_id_notes *notes;
    json_t *root;
    struct level levels[VB_ID_DEPTH_MAX];
    unsigned depth;
    struct anchor anchors[ANCHORS_MAX];
    size_t anchor_count;
    size_t aliased; /* values that aliases stand for */
    bool done;
};

static void stop(struct build *build, const char *why, const yaml_mark_t *mark)
{
    if (build->notes->broken == NULL) {
        build->notes->line = (int64_t)mark->line + 1;
        snprintf(build->notes->message, sizeof(build->notes->message), "%s", why);
        build->notes->broken = build->notes->message;
    }
    build->done = true;
}

static void out_of_memory(struct build *build)
{
    build->notes->nomem = true;
    build->done = true;
}

static void note_duplicate(struct build *build, const char *key, const yaml_mark_t *mark)
{
    if (build->notes->duplicate[0] != '\0')
        return;
    snprintf(build->notes->duplicate, sizeof(build->notes->duplicate), "%s", key);
    if (build->notes->line == 0)
        build->notes->line = (int64_t)mark->line + 1;
}

/* Puts VALUE (its reference is taken) where it belongs; the last of two equal keys wins. */
static bool attach(struct build *build, json_t *value, const yaml_mark_t *mark)
{
    if (value == NULL) {
        out_of_memory(build);
        return false;
    }
    if (build->depth == 0) {
        json_decref(build->root);
        build->root = value;
        return true;
    }
    struct level *level = &build->levels[build->depth - 1];
    int status;
    if (json_is_array(level->value)) {
        status = json_array_append_new(level->value, value);
    } else {
        const char *key = level->key == NULL ? "" : level->key;
        if (json_object_get(level->value, key) != NULL)
            note_duplicate(build, key, mark);
        status = json_object_set_new_nocheck(level->value, key, value);
        free(level->key);
        level->key = NULL;
    }
    if (status != 0)
        out_of_memory(build);
    return status == 0;
}

/* Remembers VALUE under NAME, if it has one. */
static void anchor(struct build *build, const yaml_char_t *name, json_t *value,
                   const yaml_mark_t *mark)
{
    if (name == NULL || build->done)
        return;
    if (build->anchor_count == ANCHORS_MAX) {
        stop(build, "too many anchors", mark);
        return;
    }
    char *copy = strdup((const char *)name);
    if (copy == NULL)
        out_of_memory(build);
    else
        build->anchors[build->anchor_count++] = (struct anchor){copy, json_incref(value)};
}

/* The value that NAME was given last, NULL if none or if it is not finished yet. */
static json_t *anchored(const struct build *build, const char *name)
{
    json_t *value = NULL;
    for (size_t i = 0; i < build->anchor_count; i++) {
        if (strcmp(build->anchors[i].name, name) == 0)
            value = build->anchors[i].value;
    }
    for (unsigned i = 0; i < build->depth; i++) {
        if (build->levels[i].value == value)
            return NULL;
    }
    return value;
}

/* Counts VALUE and all below it; false once that is more than may be aliased, or too deep. */
static bool count_aliased(struct build *build, const json_t *value, unsigned depth)
{
    const char *key;
    json_t *item;
    if (++build->aliased > ALIASED_MAX || depth > VB_ID_DEPTH_MAX)
        return false;
    json_object_foreach((json_t *)value, key, item)
    {
        if (!count_aliased(build, item, depth + 1))
            return false;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (!count_aliased(build, json_array_get(value, i), depth + 1))
            return false;
    }
    return true;
}

static bool awaits_key(const struct build *build)
{
    return build->depth > 0 && json_is_object(build->levels[build->depth - 1].value) &&
           build->levels[build->depth - 1].key == NULL;
}

static void on_scalar(struct build *build, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    const size_t len = event->data.scalar.length;
    if (event->data.scalar.tag != NULL)
        build->notes->tag = true;
    if (memchr(text, 0, len) != NULL) {
        stop(build, "a value holds a NUL character", &event->start_mark);
        return;
    }
    if (!awaits_key(build)) {
        json_t *value = json_stringn_nocheck(text, len);
        if (attach(build, value, &event->start_mark))
            anchor(build, event->data.scalar.anchor, value, &event->start_mark);
        return;
    }
    struct level *level = &build->levels[build->depth - 1];
    level->key = strndup(text, len);
    if (level->key == NULL)
        out_of_memory(build);
}

static void on_alias(struct build *build, const yaml_event_t *event)
{
    build->notes->alias = true;
    if (build->notes->line == 0)
        build->notes->line = (int64_t)event->start_mark.line + 1;
    json_t *value = anchored(build, (const char *)event->data.alias.anchor);
    if (value == NULL) {
        stop(build, "an alias of nothing", &event->start_mark);
    } else if (!count_aliased(build, value, build->depth)) {
        stop(build, "aliases stand for too much", &event->start_mark);
    } else if (!awaits_key(build)) {
        (void)attach(build, json_incref(value), &event->start_mark);
    } else if (json_is_string(value)) {
        build->levels[build->depth - 1].key = strdup(json_string_value(value));
        if (build->levels[build->depth - 1].key == NULL)
            out_of_memory(build);
    } else {
        stop(build, "a key is not plain text", &event->start_mark);
    }
}

static void on_open(struct build *build, json_t *container, const yaml_event_t *event)
{
    if (awaits_key(build)) {
        json_decref(container);
        stop(build, "a key is not plain text", &event->start_mark);
        return;
    }
    if (build->depth == VB_ID_DEPTH_MAX) {
        json_decref(container);
        build->notes->depth = true;
        stop(build, "nested too deeply", &event->start_mark);
        return;
    }
    if (!attach(build, container, &event->start_mark))
        return;
    build->levels[build->depth++] = (struct level){.value = container};
    anchor(build,
           event->type == YAML_MAPPING_START_EVENT ? event->data.mapping_start.anchor
                                                   : event->data.sequence_start.anchor,
           container, &event->start_mark);
}

static void on_event(struct build *build, const yaml_event_t *event)
{
    const bool map = event->type == YAML_MAPPING_START_EVENT;
    if (event->type == YAML_SCALAR_EVENT)
        on_scalar(build, event);
    else if (event->type == YAML_ALIAS_EVENT)
        on_alias(build, event);
    else if (map || event->type == YAML_SEQUENCE_START_EVENT) {
        if ((map ? event->data.mapping_start.tag : event->data.sequence_start.tag) != NULL)
            build->notes->tag = true;
        on_open(build, map ? json_object() : json_array(), event);
    } else if (event->type == YAML_MAPPING_END_EVENT || event->type == YAML_SEQUENCE_END_EVENT) {
        free(build->levels[--build->depth].key);
    } else if (event->type == YAML_DOCUMENT_START_EVENT && build->root != NULL) {
        build->notes->documents = true;
        build->done = true;
    } else if (event->type == YAML_STREAM_END_EVENT) {
        build->done = true;
    }
}

static void run(struct build *build, yaml_parser_t *parser)
{
    while (!build->done) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            if (parser->error == YAML_MEMORY_ERROR)
                out_of_memory(build);
            else
                stop(build, parser->problem == NULL ? "not YAML" : parser->problem,
                     parser->error == YAML_READER_ERROR ? &parser->mark : &parser->problem_mark);
            return;
        }
        on_event(build, &event);
        yaml_event_delete(&event);
    }
}

json_t *vb_id_yaml(const char *text, size_t len, struct vb_id_notes *notes)
{
    struct build build = {.notes = notes};
    yaml_parser_t parser;
    *notes = (struct vb_id_notes){0};
    if (!yaml_parser_initialize(&parser)) {
        notes->nomem = true;
        return NULL;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    run(&build, &parser);
    yaml_parser_delete(&parser);
    while (build.depth > 0)
        free(build.levels[--build.depth].key);
    while (build.anchor_count > 0) {
        json_decref(build.anchors[--build.anchor_count].value);
        free(build.anchors[build.anchor_count].name);
    }
    if (notes->broken == NULL && !notes->nomem)
        return build.root;
    json_decref(build.root);
    return NULL;
}
