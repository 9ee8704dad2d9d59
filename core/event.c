/* The tables of events.def and fields.def, and building and checking one event. */
#include "vetbox/core/event.h"

#include <string.h>

struct field_row {
    const char *name;
    enum vb_type type;
    const char *doc;
};

static const struct field_row field_rows[VB_FIELD_COUNT] = {
#define VB_FIELD(id, name, type, doc) [VB_F_##id] = {name, VB_T_##type, doc},
#include "vetbox/core/fields.def"
#undef VB_FIELD
};

#define R(id) {VB_F_##id, true},
#define O(id) {VB_F_##id, false},
#define VB_EVENT(id, name, who, fields, doc) \
    static const struct vb_event_field fields_of_##id[] = {fields{0, false}};
#include "vetbox/core/events.def"
#undef VB_EVENT
#undef R
#undef O

#define COORDINATOR VB_ROLE_COORDINATOR
#define FETCH VB_ROLE_FETCH
#define UNPACK VB_ROLE_UNPACK
#define IDENTIFY VB_ROLE_IDENTIFY
#define SCAN VB_ROLE_SCAN
#define VERIFY VB_ROLE_VERIFY
#define WORLD VB_ROLE_WORLD
#define BOX VB_ROLE_BOX
#define DRIVER VB_ROLE_DRIVER
#define ANY VB_ROLE_ANY
static const struct vb_event_type event_rows[VB_EVENT_KIND_COUNT] = {
#define VB_EVENT(id, name, who, fields, doc) [VB_EV_##id] = {name, who, fields_of_##id, doc},
#include "vetbox/core/events.def"
#undef VB_EVENT
};

static const char *const source_names[] = {[VB_SOURCE_STATIC] = "static",
                                           [VB_SOURCE_SYSCALL] = "syscall",
                                           [VB_SOURCE_WORLD] = "world",
                                           [VB_SOURCE_TRUTH] = "truth",
                                           [VB_SOURCE_TOOL] = "tool"};

const struct vb_event_type *vb_event_type(enum vb_event_kind kind)
{
    if (kind <= VB_EV_NONE || kind >= VB_EVENT_KIND_COUNT)
        return NULL;
    return &event_rows[kind];
}

const char *vb_field_name(enum vb_field field)
{
    return field > VB_F_NONE && field < VB_FIELD_COUNT ? field_rows[field].name : "";
}

enum vb_type vb_field_type(enum vb_field field)
{
    return field > VB_F_NONE && field < VB_FIELD_COUNT ? field_rows[field].type : 0;
}

const char *vb_field_doc(enum vb_field field)
{
    return field > VB_F_NONE && field < VB_FIELD_COUNT ? field_rows[field].doc : "";
}

const char *vb_source_name(enum vb_source source)
{
    return (size_t)source < VB_ARRAY_LEN(source_names) ? source_names[source] : NULL;
}

enum vb_event_kind vb_event_kind_named(const char *name)
{
    for (int kind = VB_EV_NONE + 1; kind < VB_EVENT_KIND_COUNT; kind++) {
        if (strcmp(event_rows[kind].name, name) == 0)
            return (enum vb_event_kind)kind;
    }
    return VB_EV_NONE;
}

enum vb_field vb_field_named(const char *name)
{
    for (int field = VB_F_NONE + 1; field < VB_FIELD_COUNT; field++) {
        if (strcmp(field_rows[field].name, name) == 0)
            return (enum vb_field)field;
    }
    return VB_F_NONE;
}

void vb_event_init(struct vb_event *event, enum vb_event_kind kind, enum vb_source source)
{
    /* The values are not cleared: value_count says how many count, and events are frequent. */
    event->kind = kind;
    event->source = source;
    event->seq = 0;
    event->time_ns = 0;
    event->detonation = 0;
    event->value_count = 0;
    event->overflow = false;
}

static struct vb_value *find(const struct vb_event *event, enum vb_field field)
{
    for (unsigned i = 0; i < event->value_count; i++) {
        if (event->values[i].field == field)
            return (struct vb_value *)(uintptr_t)&event->values[i];
    }
    return NULL;
}

static struct vb_value *slot(struct vb_event *event, enum vb_field field, enum vb_type type)
{
    struct vb_value *value = find(event, field);
    if (value == NULL && event->value_count < VB_EVENT_MAX_FIELDS)
        value = &event->values[event->value_count++];
    if (value == NULL || vb_field_type(field) != type) {
        event->overflow = true;
        return NULL;
    }
    value->field = (uint8_t)field;
    value->type = (uint8_t)type;
    return value;
}

static const struct vb_event_field *allowed(enum vb_event_kind kind, enum vb_field field)
{
    const struct vb_event_field *row = event_rows[kind].fields;
    while (row->field != VB_F_NONE && row->field != field)
        row++;
    return row->field == VB_F_NONE ? NULL : row;
}

static void mark_truncated(struct vb_event *event)
{
    if (allowed(event->kind, VB_F_TRUNCATED) != NULL)
        vb_event_bool(event, VB_F_TRUNCATED, true);
}

void vb_event_strn(struct vb_event *event, enum vb_field field, const char *text, size_t len)
{
    if (text == NULL)
        return;
    struct vb_value *value = slot(event, field, VB_T_STR);
    if (value == NULL)
        return;
    const bool cut = len > VB_EVENT_MAX_STRING;
    value->str = (struct vb_str){text, cut ? VB_EVENT_MAX_STRING : len};
    if (cut)
        mark_truncated(event);
}

void vb_event_str(struct vb_event *event, enum vb_field field, const char *text)
{
    if (text != NULL)
        vb_event_strn(event, field, text, strlen(text));
}

void vb_event_int(struct vb_event *event, enum vb_field field, int64_t number)
{
    struct vb_value *value = slot(event, field, VB_T_INT);
    if (value != NULL)
        value->number = number;
}

void vb_event_bool(struct vb_event *event, enum vb_field field, bool truth)
{
    struct vb_value *value = slot(event, field, VB_T_BOOL);
    if (value != NULL)
        value->number = truth;
}

/* A list counts as a whole: its items together have a string's maximum. */
static size_t items_that_fit(const struct vb_str *items, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        if (i >= VB_EVENT_MAX_LIST || items[i].len > VB_EVENT_MAX_STRING - total)
            return i;
        total += items[i].len;
    }
    return count;
}

void vb_event_list(struct vb_event *event, enum vb_field field, const struct vb_str *items,
                   size_t count)
{
    struct vb_value *value = slot(event, field, VB_T_LIST);
    if (value == NULL)
        return;
    const size_t fit = items_that_fit(items, count);
    value->list.items = items;
    value->list.count = fit;
    if (fit < count)
        mark_truncated(event);
}

const struct vb_value *vb_event_get(const struct vb_event *event, enum vb_field field)
{
    return find(event, field);
}

struct vb_str vb_event_get_str(const struct vb_event *event, enum vb_field field)
{
    const struct vb_value *value = find(event, field);
    return value != NULL && value->type == VB_T_STR ? value->str : (struct vb_str){"", 0};
}

int64_t vb_event_get_int(const struct vb_event *event, enum vb_field field, int64_t fallback)
{
    const struct vb_value *value = find(event, field);
    return value != NULL && value->type == VB_T_INT ? value->number : fallback;
}

bool vb_str_equal(struct vb_str a, const char *b)
{
    return strlen(b) == a.len && memcmp(a.text, b, a.len) == 0;
}

char *vb_str_dup(struct vb_str s)
{
    char *copy = malloc(s.len + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, s.text, s.len);
    copy[s.len] = '\0';
    return copy;
}

static int check_values(const struct vb_event *event, struct vb_error *err)
{
    uint64_t seen[2] = {0};
    _Static_assert(VB_FIELD_COUNT <= 128, "the bit set holds every field");
    for (unsigned i = 0; i < event->value_count; i++) {
        const enum vb_field field = event->values[i].field;
        const struct vb_event_field *row =
            field < VB_FIELD_COUNT ? allowed(event->kind, field) : NULL;
        const uint64_t bit = UINT64_C(1) << (field % 64);
        if (row == NULL)
            return vb_fail(err, VB_E_DATA, 0, "event %s has no field %s",
                           event_rows[event->kind].name, vb_field_name(field));
        if (event->values[i].type != field_rows[field].type || (seen[field / 64] & bit) != 0)
            return vb_fail(err, VB_E_DATA, 0, "event %s: field %s twice or of the wrong type",
                           event_rows[event->kind].name, vb_field_name(field));
        seen[field / 64] |= bit;
    }
    const struct vb_event_field *row = event_rows[event->kind].fields;
    for (; row->field != VB_F_NONE; row++) {
        if (row->required && (seen[row->field / 64] & (UINT64_C(1) << (row->field % 64))) == 0)
            return vb_fail(err, VB_E_DATA, 0, "event %s lacks its field %s",
                           event_rows[event->kind].name, vb_field_name(row->field));
    }
    return VB_OK;
}

int vb_event_check(const struct vb_event *event, struct vb_error *err)
{
    if (vb_event_type(event->kind) == NULL)
        return vb_fail(err, VB_E_DATA, 0, "unknown event kind %d", (int)event->kind);
    if (event->source < VB_SOURCE_STATIC || event->source > VB_SOURCE_TOOL)
        return vb_fail(err, VB_E_DATA, 0, "event %s: unknown source", event_rows[event->kind].name);
    if (event->overflow)
        return vb_fail(err, VB_E_SOFTWARE, 0, "event %s: more fields than an event holds",
                       event_rows[event->kind].name);
    return check_values(event, err);
}

int vb_emit(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    return sink->emit(sink, event, err);
}
