/* Reading a line of the event log that is as vb_event_to_json writes it and needs no decoding: keys
 * in the order of events.def, ASCII without escapes. Most lines are; whatever is not is left to the
 * reader that knows all of JSON (event_json.c), which also says what is wrong with a line. So
 * nothing here reports an error, and every line taken here must mean the same to that reader; the
 * fuzz target compares the two. */
#include "core/event_json.h"

#include <string.h>

struct cursor {
    char *at;
    char *end;
};

static bool take(struct cursor *cursor, const char *word)
{
    const size_t len = strlen(word);
    if ((size_t)(cursor->end - cursor->at) < len || memcmp(cursor->at, word, len) != 0)
        return false;
    cursor->at += len;
    return true;
}

/* A string, whose closing quote becomes a NUL: names can then be compared as C strings. */
static bool take_string(struct cursor *cursor, struct vb_str *ret)
{
    if (!take(cursor, "\""))
        return false;
    char *const start = cursor->at;
    char *at = start;
    while (at < cursor->end && *at >= ' ' && *at <= '~' && *at != '"' && *at != '\\')
        at++;
    if (at == cursor->end || *at != '"')
        return false;
    *at = '\0';
    *ret = (struct vb_str){start, (size_t)(at - start)};
    cursor->at = at + 1;
    return true;
}

/* An integer of at most 18 digits, which no type can overflow. */
static bool take_number(struct cursor *cursor, int64_t *ret)
{
    const bool minus = take(cursor, "-");
    const char *const start = cursor->at;
    int64_t number = 0;
    for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++) {
        if (cursor->at - start == 18)
            return false;
        number = number * 10 + (*cursor->at - '0');
    }
    const ptrdiff_t digits = cursor->at - start;
    if (digits == 0 || (digits > 1 && *start == '0'))
        return false;
    *ret = minus ? -number : number;
    return true;
}

static bool take_count(struct cursor *cursor, const char *key, uint64_t *ret)
{
    int64_t number;
    if (!take(cursor, key) || !take_number(cursor, &number) || number < 0)
        return false;
    *ret = (uint64_t)number;
    return true;
}

static bool take_list(struct cursor *cursor, struct vb_line *line, struct vb_value *value)
{
    if (!take(cursor, "["))
        return false;
    value->list.items = line->items + line->item_count;
    value->list.count = 0;
    if (take(cursor, "]"))
        return true;
    do {
        if (line->item_count == VB_EVENT_MAX_LIST ||
            !take_string(cursor, &line->items[line->item_count]))
            return false;
        line->item_count++;
        value->list.count++;
    } while (take(cursor, ","));
    return take(cursor, "]");
}

static bool take_value(struct cursor *cursor, struct vb_line *line, struct vb_value *value)
{
    value->type = (uint8_t)vb_field_type(value->field);
    if (value->type == VB_T_LIST)
        return take_list(cursor, line, value);
    if (value->type == VB_T_STR)
        return take_string(cursor, &value->str);
    if (value->type == VB_T_INT)
        return take_number(cursor, &value->number);
    value->number = take(cursor, "true");
    return value->number != 0 || take(cursor, "false");
}

static bool take_source(struct cursor *cursor, enum vb_source *ret)
{
    struct vb_str name;
    if (!take(cursor, ",\"source\":") || !take_string(cursor, &name))
        return false;
    for (int i = VB_SOURCE_STATIC; i <= VB_SOURCE_TOOL; i++) {
        if (strcmp(vb_source_name((enum vb_source)i), name.text) == 0) {
            *ret = (enum vb_source)i;
            return true;
        }
    }
    return false;
}

static bool take_head(struct cursor *cursor, struct vb_event *event)
{
    uint64_t seq;
    uint64_t time_ns;
    uint64_t detonation = 0;
    struct vb_str kind;
    if (!take_count(cursor, "{\"seq\":", &seq) || !take_count(cursor, ",\"time_ns\":", &time_ns) ||
        !take(cursor, ",\"kind\":") || !take_string(cursor, &kind))
        return false;
    vb_event_init(event, vb_event_kind_named(kind.text), VB_SOURCE_TOOL);
    if (event->kind == VB_EV_NONE || !take_source(cursor, &event->source))
        return false;
    struct cursor after = *cursor;
    if (take_count(&after, ",\"detonation\":", &detonation))
        *cursor = after;
    event->seq = seq;
    event->time_ns = time_ns;
    event->detonation = (uint32_t)detonation;
    return detonation <= UINT32_MAX;
}

static bool take_fields(struct cursor *cursor, struct vb_line *line, struct vb_event *event)
{
    const struct vb_event_field *row = vb_event_type(event->kind)->fields;
    while (take(cursor, ",")) {
        struct vb_str key;
        if (!take_string(cursor, &key) || !take(cursor, ":"))
            return false;
        while (row->field != VB_F_NONE && strcmp(vb_field_name(row->field), key.text) != 0)
            row++;
        if (row->field == VB_F_NONE || event->value_count == VB_EVENT_MAX_FIELDS)
            return false;
        struct vb_value *value = &event->values[event->value_count++];
        value->field = row++->field;
        if (!take_value(cursor, line, value))
            return false;
    }
    return take(cursor, "}") && cursor->at == cursor->end;
}

bool vb_event_from_plain_line(const char *text, size_t len, struct vb_line *line,
                              struct vb_event *ret)
{
    vb_buf_clear(&line->arena);
    line->item_count = 0;
    if (len == 0 || vb_buf_append(&line->arena, text, len, NULL) < 0)
        return false;
    char *const copy = (char *)line->arena.data;
    struct cursor cursor = {copy, copy + len};
    return take_head(&cursor, ret) && take_fields(&cursor, line, ret) &&
           vb_event_check(ret, NULL) == VB_OK;
}
