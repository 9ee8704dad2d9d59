/* Events as JSON Lines: writing one line, reading one line strictly. */
#include "core/event_json.h"

#include <string.h>

static void write_value(struct vb_json_out *out, const struct vb_value *value)
{
    vb_json_key(out, vb_field_name(value->field));
    if (value->type == VB_T_STR) {
        vb_json_bytes(out, value->str.text, value->str.len);
    } else if (value->type == VB_T_INT) {
        vb_json_int(out, value->number);
    } else if (value->type == VB_T_BOOL) {
        vb_json_bool(out, value->number != 0);
    } else {
        vb_json_begin_array(out);
        for (size_t i = 0; i < value->list.count; i++)
            vb_json_bytes(out, value->list.items[i].text, value->list.items[i].len);
        vb_json_end_array(out);
    }
}

int vb_event_to_json(const struct vb_event *event, struct vb_buf *buf, struct vb_error *err)
{
    struct vb_json_out out;
    vb_json_out_buf(&out, buf, false, err);
    vb_json_begin_object(&out);
    vb_json_key(&out, "seq");
    vb_json_uint(&out, event->seq);
    vb_json_key(&out, "time_ns");
    vb_json_uint(&out, event->time_ns);
    vb_json_member_str(&out, "kind", vb_event_type(event->kind)->name);
    vb_json_member_str(&out, "source", vb_source_name(event->source));
    if (event->detonation != 0)
        vb_json_member_int(&out, "detonation", event->detonation);
    /* In the order of events.def, so that the same event always gives the same bytes. */
    const struct vb_event_field *row = vb_event_type(event->kind)->fields;
    for (; row->field != VB_F_NONE; row++) {
        const struct vb_value *value = vb_event_get(event, row->field);
        if (value != NULL)
            write_value(&out, value);
    }
    vb_json_end_object(&out);
    const int status = vb_json_finish(&out);
    return status < 0 ? status : vb_buf_append(buf, "\n", 1, err);
}

/* A string, or {"base64": "…"} whose bytes go into ARENA. */
static int read_str(json_t *json, struct vb_buf *arena, struct vb_str *ret, struct vb_error *err)
{
    if (json_is_string(json)) {
        *ret = (struct vb_str){json_string_value(json), json_string_length(json)};
        return VB_OK;
    }
    json_t *encoded = json_is_object(json) && json_object_size(json) == 1
                          ? json_object_get(json, "base64")
                          : NULL;
    if (!json_is_string(encoded))
        return vb_fail(err, VB_E_DATA, 0, "a string was expected");
    const size_t start = arena->len;
    const int status =
        vb_base64_decode(arena, json_string_value(encoded), json_string_length(encoded), err);
    if (status < 0)
        return status;
    if (vb_utf8_valid(arena->data + start, arena->len - start))
        return vb_fail(err, VB_E_DATA, 0, "base64 of text that is plain UTF-8");
    *ret = (struct vb_str){(const char *)arena->data + start, arena->len - start};
    return VB_OK;
}

static int read_list(json_t *json, struct vb_line *line, struct vb_value *value,
                     struct vb_error *err)
{
    const size_t count = json_array_size(json);
    if (!json_is_array(json) || count > VB_EVENT_MAX_LIST - line->item_count)
        return vb_fail(err, VB_E_DATA, 0, "a list of at most %d strings was expected",
                       VB_EVENT_MAX_LIST);
    value->list.items = line->items + line->item_count;
    value->list.count = count;
    for (size_t i = 0; i < count; i++) {
        const int status =
            read_str(json_array_get(json, i), &line->arena, &line->items[line->item_count++], err);
        if (status < 0)
            return status;
    }
    return VB_OK;
}

static int read_value(json_t *json, struct vb_line *line, struct vb_value *value,
                      struct vb_error *err)
{
    value->type = (uint8_t)vb_field_type(value->field);
    if (value->type == VB_T_LIST)
        return read_list(json, line, value, err);
    if (value->type == VB_T_STR)
        return read_str(json, &line->arena, &value->str, err);
    if (value->type == VB_T_INT && json_is_integer(json))
        value->number = json_integer_value(json);
    else if (value->type == VB_T_BOOL && json_is_boolean(json))
        value->number = json_is_true(json);
    else
        return vb_fail(err, VB_E_DATA, 0, "a value of another type was expected");
    return VB_OK;
}

static int read_number(json_t *json, const char *key, uint64_t *ret, struct vb_error *err)
{
    json_t *number = json_object_get(json, key);
    if (!json_is_integer(number) || json_integer_value(number) < 0)
        return vb_fail(err, VB_E_DATA, 0, "%s is missing or no number", key);
    *ret = (uint64_t)json_integer_value(number);
    return VB_OK;
}

static int read_source(json_t *json, enum vb_source *ret, struct vb_error *err)
{
    const char *name = json_string_value(json_object_get(json, "source"));
    for (int i = VB_SOURCE_STATIC; name != NULL && i <= VB_SOURCE_TOOL; i++) {
        if (strcmp(vb_source_name((enum vb_source)i), name) == 0) {
            *ret = (enum vb_source)i;
            return VB_OK;
        }
    }
    return vb_fail(err, VB_E_DATA, 0, "unknown source");
}

static int read_head(json_t *json, struct vb_event *event, struct vb_error *err)
{
    uint64_t detonation = 0;
    const char *kind = json_string_value(json_object_get(json, "kind"));
    vb_event_init(event, kind != NULL ? vb_event_kind_named(kind) : VB_EV_NONE, VB_SOURCE_TOOL);
    if (event->kind == VB_EV_NONE)
        return vb_fail(err, VB_E_DATA, 0, "unknown event kind");
    int status = read_number(json, "seq", &event->seq, err);
    if (status == VB_OK)
        status = read_number(json, "time_ns", &event->time_ns, err);
    if (status == VB_OK && json_object_get(json, "detonation") != NULL)
        status = read_number(json, "detonation", &detonation, err);
    if (status == VB_OK)
        status = read_source(json, &event->source, err);
    event->detonation = (uint32_t)detonation;
    if (status == VB_OK && detonation > UINT32_MAX)
        status = vb_fail(err, VB_E_DATA, 0, "detonation is out of range");
    return status;
}

static bool head_key(const char *key)
{
    static const char *const keys[] = {"seq", "time_ns", "kind", "source", "detonation"};
    for (size_t i = 0; i < VB_ARRAY_LEN(keys); i++) {
        if (strcmp(keys[i], key) == 0)
            return true;
    }
    return false;
}

/* KEY among the fields of a kind, from *NEXT on: a log has them in this order. */
static enum vb_field next_field(const struct vb_event_field **next, const char *key)
{
    for (const struct vb_event_field *row = *next; row->field != VB_F_NONE; row++) {
        if (strcmp(vb_field_name(row->field), key) == 0) {
            *next = row + 1;
            return row->field;
        }
    }
    return vb_field_named(key);
}

void vb_line_init(struct vb_line *line)
{
    line->json = NULL;
    line->item_count = 0;
    vb_buf_init(&line->arena, VB_LINE_MAX_BYTES);
}

void vb_line_done(struct vb_line *line)
{
    vb_json_free(&line->json);
    vb_buf_done(&line->arena);
}

int vb_event_from_any_json(const char *text, size_t len, struct vb_line *line, struct vb_event *ret,
                           struct vb_error *err)
{
    vb_json_free(&line->json);
    vb_buf_clear(&line->arena);
    line->item_count = 0;
    /* Decoded bytes never outgrow their line, so pointers into the arena stay put. */
    int status = vb_buf_reserve(&line->arena, len, err);
    if (status == VB_OK)
        status = vb_json_parse(text, len, VB_LINE_MAX_BYTES, &line->json, err);
    if (status == VB_OK && !json_is_object(line->json))
        status = vb_fail(err, VB_E_DATA, 0, "an event must be an object");
    if (status == VB_OK)
        status = read_head(line->json, ret, err);
    const char *key;
    json_t *member;
    if (status < 0)
        return status;
    const struct vb_event_field *next = vb_event_type(ret->kind)->fields;
    json_object_foreach(line->json, key, member)
    {
        if (head_key(key))
            continue;
        const enum vb_field field = next_field(&next, key);
        if (field == VB_F_NONE || ret->value_count >= VB_EVENT_MAX_FIELDS)
            return vb_fail(err, VB_E_DATA, 0, "unknown field %.60s", key);
        struct vb_value *value = &ret->values[ret->value_count++];
        value->field = (uint8_t)field;
        status = read_value(member, line, value, err);
        if (status < 0)
            return vb_wrap(err, "field %s", vb_field_name(field));
    }
    return vb_event_check(ret, err);
}

int vb_event_from_json(const char *text, size_t len, struct vb_line *line, struct vb_event *ret,
                       struct vb_error *err)
{
    return vb_event_from_plain_line(text, len, line, ret)
               ? VB_OK
               : vb_event_from_any_json(text, len, line, ret, err);
}
