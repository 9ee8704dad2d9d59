/* SigmaHQ's regression data: each rule finds what its authors say, and of all rules and all events
 * exactly these pairs match, for the compiled engine and for the plain one. The data has a licence
 * of its own and is not in this tree: skipped (77) where VETBOX_VECTORS has none. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "sigma_helper.h"

enum { RULES = 441, EVENTS = 238, PAIRS = 276, FILES = 202 };

struct vectors {
    struct vb_sigma *sigma;
    struct vb_sigma_matcher *matcher;
    const char *folder;
    struct {
        char id[64];
        json_t *events;
        json_t *flat; /* of each event */
    } files[FILES];
    size_t file_count;
};

/* What Windows calls a source. */
static const struct {
    const char *channel;
    int id;
    const char *event_type; /* NULL: any */
    const char *category;
} categories[] = {
    {"Sysmon", 1, NULL, "process_creation"},
    {"Sysmon", 2, NULL, "file_change"},
    {"Sysmon", 3, NULL, "network_connection"},
    {"Sysmon", 4, NULL, "sysmon_status"},
    {"Sysmon", 5, NULL, "process_termination"},
    {"Sysmon", 6, NULL, "driver_load"},
    {"Sysmon", 7, NULL, "image_load"},
    {"Sysmon", 8, NULL, "create_remote_thread"},
    {"Sysmon", 9, NULL, "raw_access_thread"},
    {"Sysmon", 10, NULL, "process_access"},
    {"Sysmon", 11, NULL, "file_event"},
    {"Sysmon", 12, NULL, "registry_event"},
    {"Sysmon", 12, "CreateKey", "registry_add"},
    {"Sysmon", 12, "DeleteKey", "registry_delete"},
    {"Sysmon", 12, "DeleteValue", "registry_delete"},
    {"Sysmon", 13, NULL, "registry_event"},
    {"Sysmon", 13, NULL, "registry_set"},
    {"Sysmon", 14, NULL, "registry_event"},
    {"Sysmon", 14, NULL, "registry_rename"},
    {"Sysmon", 15, NULL, "create_stream_hash"},
    {"Sysmon", 16, NULL, "sysmon_status"},
    {"Sysmon", 17, NULL, "pipe_created"},
    {"Sysmon", 18, NULL, "pipe_created"},
    {"Sysmon", 19, NULL, "wmi_event"},
    {"Sysmon", 20, NULL, "wmi_event"},
    {"Sysmon", 21, NULL, "wmi_event"},
    {"Sysmon", 22, NULL, "dns_query"},
    {"Sysmon", 23, NULL, "file_delete"},
    {"Sysmon", 25, NULL, "process_tampering"},
    {"Sysmon", 26, NULL, "file_delete_detected"},
    {"Sysmon", 27, NULL, "file_block_executable"},
    {"Sysmon", 28, NULL, "file_block_shredding"},
    {"Sysmon", 29, NULL, "file_executable_detected"},
    {"Sysmon", 255, NULL, "sysmon_error"},
    {"Security", 4688, NULL, "process_creation"},
};

static const struct {
    const char *channel; /* part of it */
    const char *service;
} services[] = {
    {"Sysmon", "sysmon"},
    {"Security", "security"},
    {"Windows Defender", "windefend"},
    {"TaskScheduler", "taskscheduler"},
    {"WMI-Activity", "wmi"},
};

static void flatten_into(json_t *flat, json_t *from)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(from, key, value)
    {
        char name[128];
        size_t len = 0;
        if (strcmp(key, "#attributes") == 0)
            continue;
        for (const char *at = key; *at != '\0' && len + 1 < sizeof(name); at++)
            if (*at != ' ')
                name[len++] = *at;
        name[len] = '\0';
        (void)json_object_set(flat, name, value);
    }
}

static void flatten_system(json_t *flat, json_t *system)
{
    const char *key = NULL, *inner = NULL;
    json_t *value = NULL, *attribute = NULL;
    json_object_foreach(system, key, value)
    {
        if (!json_is_object(value)) {
            (void)json_object_set(flat, key, value);
            continue;
        }
        if (json_object_get(value, "#text") != NULL)
            (void)json_object_set(flat, key, json_object_get(value, "#text"));
        json_object_foreach(json_object_get(value, "#attributes"), inner, attribute)
        {
            char name[128];
            (void)snprintf(name, sizeof(name), "%s_%s", key, inner);
            (void)json_object_set(flat, name, attribute);
        }
    }
}

static json_t *flatten(json_t *record)
{
    json_t *flat = json_object(), *event = json_object_get(record, "Event"), *part = NULL;
    const char *key = NULL;
    flatten_system(flat, json_object_get(event, "System"));
    flatten_into(flat, json_object_get(event, "EventData"));
    json_object_foreach(json_object_get(event, "UserData"), key,
                        part) if (strcmp(key, "#attributes") != 0) flatten_into(flat, part);
    return flat;
}

static struct sigma_event event_of(json_t *flat)
{
    struct sigma_event event = {.fields = flat};
    const char *channel = json_string_value(json_object_get(flat, "Channel"));
    const char *type = json_string_value(json_object_get(flat, "EventType"));
    const json_int_t id = json_integer_value(json_object_get(flat, "EventID"));
    const char *service = "";
    for (size_t i = 0; i < VB_ARRAY_LEN(services); i++)
        if (strstr(channel, services[i].channel) != NULL)
            service = services[i].service;
    for (size_t i = 0; i < VB_ARRAY_LEN(categories); i++)
        if (strstr(channel, categories[i].channel) != NULL && categories[i].id == id &&
            (categories[i].event_type == NULL ||
             (type != NULL && strcmp(type, categories[i].event_type) == 0)))
            event.sources[event.source_count++] =
                (struct vb_sigma_source){"windows", categories[i].category, service};
    if (event.source_count == 0)
        event.sources[event.source_count++] = (struct vb_sigma_source){"windows", "", service};
    return event;
}

static void read_file(struct vectors *vectors, const char *id, const char *path)
{
    struct vb_buf text;
    struct vb_error err = {0};
    json_t *events = NULL, *record = NULL;
    size_t index = 0;
    sigma_read(path, &text);
    assert_int_equal(vb_json_parse((const char *)text.data, text.len, text.len, &events, &err),
                     VB_OK);
    json_t *flat = json_array();
    json_array_foreach(events, index, record)(void) json_array_append_new(flat, flatten(record));
    assert_true(vectors->file_count < FILES);
    (void)snprintf(vectors->files[vectors->file_count].id, 64, "%s", id);
    vectors->files[vectors->file_count].events = events;
    vectors->files[vectors->file_count++].flat = flat;
    vb_buf_done(&text);
}

static size_t column(const char **at, char *ret, size_t size)
{
    const size_t len = strcspn(*at, "\t\n");
    assert_true(len < size);
    memcpy(ret, *at, len);
    ret[len] = '\0';
    *at += len + ((*at)[len] == '\t');
    return len;
}

static int setup(void **state)
{
    static struct vectors vectors;
    struct vb_error err = {0};
    char path[1024];
    vectors.folder = sigma_vectors();
    assert_int_equal(vb_sigma_new(NULL, &vectors.sigma, &err), VB_OK);
    (void)snprintf(path, sizeof(path), "%s/rules", vectors.folder);
    assert_int_equal(vb_sigma_load_path(vectors.sigma, path, &err), VB_OK);
    assert_int_equal(vb_sigma_compile(vectors.sigma, &err), VB_OK);
    assert_int_equal(vb_sigma_matcher_new(vectors.sigma, &vectors.matcher, &err), VB_OK);
    *state = &vectors;
    return 0;
}

static int teardown(void **state)
{
    struct vectors *vectors = *state;
    for (size_t i = 0; i < vectors->file_count; i++) {
        json_decref(vectors->files[i].events);
        json_decref(vectors->files[i].flat);
    }
    vb_sigma_matcher_free(vectors->matcher);
    vb_sigma_free(vectors->sigma);
    return 0;
}

static void test_all_rules_load(void **state)
{
    const struct vectors *vectors = *state;
    for (size_t i = 0; i < vb_sigma_problem_count(vectors->sigma); i++) {
        const struct vb_sigma_problem *problem = vb_sigma_problem(vectors->sigma, i);
        print_message("%s:%zu: %s\n", problem->file, problem->line, problem->text);
    }
    assert_int_equal(vb_sigma_problem_count(vectors->sigma), 0);
    assert_int_equal(vb_sigma_rule_count(vectors->sigma), RULES);
}

static size_t count_hits(const struct vectors *vectors, size_t file, const char *id)
{
    size_t found = 0, index = 0;
    json_t *flat = NULL;
    json_array_foreach(vectors->files[file].flat, index, flat)
    {
        const struct sigma_event event = event_of(flat);
        const struct vb_sigma_hit *hits = NULL;
        const size_t count =
            sigma_hits(vectors->sigma, vectors->matcher, &event, index, index, &hits);
        for (size_t i = 0; i < count; i++)
            found += strcmp(vb_sigma_rule(vectors->sigma, hits[i].rule)->id, id) == 0;
    }
    return found;
}

static void test_each_rule_finds_its_events(void **state)
{
    struct vectors *vectors = *state;
    struct vb_buf table;
    char path[1024], id[64], rule[256], file[256], expected[16], basis[16], events[16];
    (void)snprintf(path, sizeof(path), "%s/expected.tsv", vectors->folder);
    sigma_read(path, &table);
    size_t wrong = 0;
    for (const char *line = (const char *)table.data; line != NULL && *line != '\0';) {
        const char *at = line;
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
        if (*at == '#')
            continue;
        (void)column(&at, id, sizeof(id));
        (void)column(&at, rule, sizeof(rule));
        (void)column(&at, file, sizeof(file));
        (void)column(&at, expected, sizeof(expected));
        (void)column(&at, basis, sizeof(basis));
        (void)column(&at, events, sizeof(events));
        (void)snprintf(path, sizeof(path), "%s/%s", vectors->folder, file);
        read_file(vectors, id, path);
        const size_t have = json_array_size(vectors->files[vectors->file_count - 1].flat);
        assert_int_equal(have, strtoul(events, NULL, 10));
        const size_t found = count_hits(vectors, vectors->file_count - 1, id);
        if (found >= strtoul(expected, NULL, 10))
            continue;
        print_message("%s: %zu of %s\n", rule, found, expected);
        wrong++;
    }
    vb_buf_done(&table);
    assert_int_equal(vectors->file_count, FILES);
    assert_int_equal(wrong, 0);
}

/* The floors above would not catch an engine that says yes too often. */
static void test_exactly_these_pairs_match(void **state)
{
    struct vectors *vectors = *state;
    static struct plain *plains[RULES];
    size_t pairs = 0, events = 0, disagreements = 0;
    for (size_t i = 0; i < RULES; i++) {
        struct vb_buf text;
        const char *file = vb_sigma_rule(vectors->sigma, i)->file;
        sigma_read(file, &text);
        plains[i] = plain_new(file, (const char *)text.data, text.len);
        assert_non_null(plains[i]);
        vb_buf_done(&text);
    }
    for (size_t i = 0; i < vectors->file_count; i++) {
        size_t index = 0;
        json_t *flat = NULL;
        json_array_foreach(vectors->files[i].flat, index, flat)
        {
            const struct sigma_event event = event_of(flat);
            const struct vb_sigma_hit *hits = NULL;
            const size_t count = sigma_hits(vectors->sigma, vectors->matcher, &event, 0, 0, &hits);
            pairs += count;
            events++;
            for (size_t k = 0, at = 0; k < RULES; k++) {
                const bool hit = at < count && hits[at].rule == k;
                at += hit;
                if (hit == plain_match(plains[k], &event))
                    continue;
                print_message("%s: %s, event %zu of %s\n", hit ? "only compiled" : "only plain",
                              vb_sigma_rule(vectors->sigma, k)->file, index, vectors->files[i].id);
                disagreements++;
            }
        }
    }
    for (size_t i = 0; i < RULES; i++)
        plain_free(plains[i]);
    assert_int_equal(events, EVENTS);
    assert_int_equal(disagreements, 0);
    assert_int_equal(pairs, PAIRS);
}

int main(void)
{
    if (sigma_vectors() == NULL) {
        print_message("skipped: no Sigma vectors (set VETBOX_VECTORS)\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_rules_load),
        cmocka_unit_test(test_each_rule_finds_its_events),
        cmocka_unit_test(test_exactly_these_pairs_match),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
