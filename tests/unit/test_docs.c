/* core/events.def, docs/events.md, vetbox-events(5) and the JSON Schema say the same: a kind or a
 * field that is missing, superfluous or different in any of them fails here. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "vetbox/core.h"

enum { MAX_BYTES = 4 * 1024 * 1024, COMMON_MEMBERS = 5, REQUIRED_MEMBERS = 4 };

static const char *const md_types[] = {[VB_T_STR] = "string",
                                       [VB_T_INT] = "integer",
                                       [VB_T_BOOL] = "boolean",
                                       [VB_T_LIST] = "list of strings"};

static void read_doc(const char *path, struct vb_buf *buf)
{
    struct vb_error err = {0};
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("cannot open %s", path);
    vb_buf_init(buf, MAX_BYTES);
    if (vb_buf_read_fd(buf, fd, &err) < 0 || buf->len == 0)
        fail_msg("%s: %s", path, err.message);
}

static size_t count_of(const char *text, const char *needle)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, needle)) != NULL; at += strlen(needle))
        count++;
    return count;
}

static size_t field_count(const struct vb_event_type *type)
{
    size_t count = 0;
    while (type->fields[count].field != VB_F_NONE)
        count++;
    return count;
}

/* The section of TYPE in the Markdown page, as a heap string. */
static char *md_section(const char *text, const struct vb_event_type *type)
{
    struct vb_error err = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf head;
    vb_buf_init(&head, MAX_BYTES);
    assert_int_equal(vb_buf_printf(&head, &err, "#### `%s`\n\n%s.\n", type->name, type->doc), 0);
    const char *at = strstr(text, (const char *)head.data);
    if (at == NULL)
        fail_msg("docs/events.md does not describe %s as events.def does", type->name);
    const char *end = strstr(at + head.len, "\n#");
    char *section = end != NULL ? strndup(at, (size_t)(end - at)) : strdup(at);
    assert_non_null(section);
    return section;
}

static void test_markdown(void **state)
{
    (void)state;
    VB_CLEANUP(vb_buf_done) struct vb_buf doc;
    read_doc(VB_SOURCE_DIR "/docs/events.md", &doc);
    const char *text = (const char *)doc.data;
    assert_int_equal(count_of(text, "\n#### `"), VB_EVENT_KIND_COUNT - 1);
    for (int kind = 1; kind < VB_EVENT_KIND_COUNT; kind++) {
        const struct vb_event_type *type = vb_event_type((enum vb_event_kind)kind);
        VB_CLEANUP_FREE char *section = md_section(text, type);
        assert_int_equal(count_of(section, "\n| `"), field_count(type));
        for (const struct vb_event_field *row = type->fields; row->field != VB_F_NONE; row++) {
            char line[512];
            (void)snprintf(line, sizeof line, "\n| `%s` | %s | %s | %s |\n",
                           vb_field_name(row->field), md_types[vb_field_type(row->field)],
                           row->required ? "required" : "", vb_field_doc(row->field));
            if (strstr(section, line) == NULL)
                fail_msg("docs/events.md, %s: no row%s", type->name, line);
        }
    }
}

/* The entry of NAME in the list of kinds, up to the next entry, as a heap string. */
static char *man_entry(const char *text, const char *name)
{
    char head[128];
    (void)snprintf(head, sizeof head, "\n.It Cm %s\n", name);
    const char *at = strstr(text, head);
    if (at == NULL)
        fail_msg("vetbox-events(5) has no entry for %s", name);
    at += strlen(head);
    const size_t len = strcspn(at, "\n") + 1;
    const char *end = at + len;
    while (strncmp(end, ".br\n", 4) == 0 || strncmp(end, ".Fa ", 4) == 0 ||
           strncmp(end, ".Op ", 4) == 0)
        end += strcspn(end, "\n") + 1;
    char *entry = strndup(at, (size_t)(end - at));
    assert_non_null(entry);
    return entry;
}

static void test_manual(void **state)
{
    (void)state;
    VB_CLEANUP(vb_buf_done) struct vb_buf doc;
    read_doc(VB_SOURCE_DIR "/docs/man/vetbox-events.5", &doc);
    const char *text = (const char *)doc.data;
    assert_int_equal(count_of(strstr(text, "\n.Sh KINDS"), "\n.It Cm "), VB_EVENT_KIND_COUNT - 1);
    assert_int_equal(count_of(strstr(text, "\n.Sh FIELDS"), "\n.It Fa "), VB_FIELD_COUNT - 1);
    for (int kind = 1; kind < VB_EVENT_KIND_COUNT; kind++) {
        const struct vb_event_type *type = vb_event_type((enum vb_event_kind)kind);
        VB_CLEANUP_FREE char *entry = man_entry(text, type->name);
        assert_int_equal(count_of(entry, "Fa "), field_count(type));
        for (const struct vb_event_field *row = type->fields; row->field != VB_F_NONE; row++) {
            char line[128];
            (void)snprintf(line, sizeof line, "\n%s %s\n", row->required ? ".Fa" : ".Op Fa",
                           vb_field_name(row->field));
            if (strstr(entry, line) == NULL)
                fail_msg("vetbox-events(5), %s: no line%s", type->name, line);
        }
    }
    for (int field = 1; field < VB_FIELD_COUNT; field++) {
        char line[128];
        (void)snprintf(line, sizeof line, "\n.It Fa %s Pq %s\n",
                       vb_field_name((enum vb_field)field),
                       md_types[vb_field_type((enum vb_field)field)]);
        if (strstr(text, line) == NULL)
            fail_msg("vetbox-events(5) has no line%s", line);
    }
}

static bool list_has(const json_t *list, const char *text)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *item = json_string_value(json_array_get(list, i));
        if (item != NULL && strcmp(item, text) == 0)
            return true;
    }
    return false;
}

/* {"$ref": "#/$defs/NAME"} */
static bool is_ref(const json_t *value, const char *name)
{
    const char *ref = json_string_value(json_object_get(value, "$ref"));
    return ref != NULL && strncmp(ref, "#/$defs/", 8) == 0 && strcmp(ref + 8, name) == 0;
}

static bool type_fits(const json_t *property, enum vb_type type)
{
    const char *name = json_string_value(json_object_get(property, "type"));
    if (type == VB_T_STR)
        return is_ref(property, "text");
    if (name == NULL)
        return false;
    if (type == VB_T_LIST)
        return strcmp(name, "array") == 0 && is_ref(json_object_get(property, "items"), "text");
    return strcmp(name, type == VB_T_INT ? "integer" : "boolean") == 0;
}

static void check_kind_schema(const json_t *def, const struct vb_event_type *type)
{
    const json_t *properties = json_object_get(def, "properties");
    const json_t *required = json_object_get(def, "required");
    const char *constant =
        json_string_value(json_object_get(json_object_get(properties, "kind"), "const"));
    size_t required_count = REQUIRED_MEMBERS;
    if (constant == NULL || strcmp(constant, type->name) != 0)
        fail_msg("the schema of %s is for another kind", type->name);
    assert_true(json_is_false(json_object_get(def, "additionalProperties")));
    assert_int_equal(json_object_size(properties), COMMON_MEMBERS + field_count(type));
    for (const struct vb_event_field *row = type->fields; row->field != VB_F_NONE; row++) {
        const char *name = vb_field_name(row->field);
        if (!type_fits(json_object_get(properties, name), vb_field_type(row->field)))
            fail_msg("the schema of %s gives %s another type", type->name, name);
        if (row->required != list_has(required, name))
            fail_msg("the schema of %s is wrong about %s being required", type->name, name);
        required_count += row->required ? 1 : 0;
    }
    assert_int_equal(json_array_size(required), required_count);
}

static void test_schema(void **state)
{
    (void)state;
    struct vb_error err = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf doc;
    VB_CLEANUP(vb_json_free) json_t *schema = NULL;
    read_doc(VB_SOURCE_DIR "/docs/schema/event.schema.json", &doc);
    if (vb_json_parse((const char *)doc.data, doc.len, MAX_BYTES, &schema, &err) < 0)
        fail_msg("%s", err.message);
    const json_t *defs = json_object_get(schema, "$defs");
    const json_t *choices = json_object_get(schema, "oneOf");
    assert_int_equal(json_array_size(choices), VB_EVENT_KIND_COUNT - 1);
    for (int kind = 1; kind < VB_EVENT_KIND_COUNT; kind++) {
        const struct vb_event_type *type = vb_event_type((enum vb_event_kind)kind);
        const json_t *def = json_object_get(defs, type->name);
        if (def == NULL || !is_ref(json_array_get(choices, (size_t)kind - 1), type->name))
            fail_msg("the schema does not know %s", type->name);
        check_kind_schema(def, type);
    }
    const json_t *sources = json_object_get(json_object_get(defs, "source"), "enum");
    assert_int_equal(json_array_size(sources), VB_SOURCE_TOOL);
    for (int source = 1; source <= VB_SOURCE_TOOL; source++)
        assert_true(list_has(sources, vb_source_name((enum vb_source)source)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_manual),
        cmocka_unit_test(test_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
