/* Events, frames and the log: what goes in comes out, and nothing else gets in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "core/event_json.h"
#include "vetbox/core.h"

static const struct vb_str argv_items[] = {{"curl", 4}, {"-d\xff", 3}, {"", 0}};

static void make_exec(struct vb_event *event)
{
    vb_event_init(event, VB_EV_PROCESS_EXEC, VB_SOURCE_SYSCALL);
    event->detonation = 3;
    vb_event_int(event, VB_F_PID, 42);
    vb_event_str(event, VB_F_PATH, "/usr/bin/curl");
    vb_event_list(event, VB_F_ARGV, argv_items, VB_ARRAY_LEN(argv_items));
}

static void make_begin(struct vb_event *event)
{
    vb_event_init(event, VB_EV_LOG_BEGIN, VB_SOURCE_TOOL);
    vb_event_str(event, VB_F_VERSION, VB_LOG_VERSION);
    vb_event_str(event, VB_F_TOOL, "vetbox test");
    vb_event_str(event, VB_F_REFERENCE, "x");
    vb_event_int(event, VB_F_CLOCK, 1);
    vb_event_str(event, VB_F_ACTION, "vet");
}

static void assert_is_exec(const struct vb_event *event)
{
    assert_int_equal(event->kind, VB_EV_PROCESS_EXEC);
    assert_int_equal(event->source, VB_SOURCE_SYSCALL);
    assert_int_equal(event->detonation, 3);
    assert_int_equal(vb_event_get_int(event, VB_F_PID, 0), 42);
    assert_true(vb_str_equal(vb_event_get_str(event, VB_F_PATH), "/usr/bin/curl"));
    const struct vb_value *argv = vb_event_get(event, VB_F_ARGV);
    assert_non_null(argv);
    assert_int_equal(argv->list.count, VB_ARRAY_LEN(argv_items));
    for (size_t i = 0; i < VB_ARRAY_LEN(argv_items); i++)
        assert_true(vb_str_equal(argv->list.items[i], argv_items[i].text));
}

static void tables_are_whole(void **state)
{
    (void)state;
    for (int kind = 1; kind < VB_EVENT_KIND_COUNT; kind++) {
        const struct vb_event_type *type = vb_event_type((enum vb_event_kind)kind);
        assert_int_equal(vb_event_kind_named(type->name), kind);
        size_t fields = 0;
        for (const struct vb_event_field *row = type->fields; row->field != 0; row++)
            fields++;
        assert_in_range(fields, 1, VB_EVENT_MAX_FIELDS);
        assert_true(type->roles != 0 && (type->roles & ~(unsigned)VB_ROLE_ANY) == 0);
    }
    for (int field = 1; field < VB_FIELD_COUNT; field++)
        assert_int_equal(vb_field_named(vb_field_name((enum vb_field)field)), field);
    assert_int_equal(vb_event_kind_named("no.such"), VB_EV_NONE);
    assert_null(vb_event_type(VB_EVENT_KIND_COUNT));
}

static void check_refuses_what_does_not_fit_its_kind(void **state)
{
    (void)state;
    struct vb_event event;
    make_exec(&event);
    assert_int_equal(vb_event_check(&event, NULL), VB_OK);
    vb_event_str(&event, VB_F_URL, "https://example.com/");
    assert_int_equal(vb_event_check(&event, NULL), VB_E_DATA);
    vb_event_init(&event, VB_EV_PROCESS_EXEC, VB_SOURCE_SYSCALL);
    vb_event_int(&event, VB_F_PID, 42);
    assert_int_equal(vb_event_check(&event, NULL), VB_E_DATA);
    make_exec(&event);
    vb_event_str(&event, VB_F_PID, "not a number");
    assert_int_equal(vb_event_check(&event, NULL), VB_E_SOFTWARE);
    make_exec(&event);
    event.values[event.value_count++] = event.values[0];
    assert_int_equal(vb_event_check(&event, NULL), VB_E_DATA);
    make_exec(&event);
    event.source = (enum vb_source)9;
    assert_int_equal(vb_event_check(&event, NULL), VB_E_DATA);
}

static void long_values_are_cut_and_say_so(void **state)
{
    (void)state;
    struct vb_event event;
    char *text = calloc(1, VB_EVENT_MAX_STRING + 10);
    memset(text, 'x', VB_EVENT_MAX_STRING + 9);
    const struct vb_str items[2] = {{text, VB_EVENT_MAX_STRING}, {"more", 4}};
    vb_event_init(&event, VB_EV_DETONATION_OUTPUT, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STREAM, "stdout");
    vb_event_str(&event, VB_F_TEXT, text);
    assert_int_equal(vb_event_get_str(&event, VB_F_TEXT).len, VB_EVENT_MAX_STRING);
    assert_non_null(vb_event_get(&event, VB_F_TRUNCATED));
    make_exec(&event);
    vb_event_list(&event, VB_F_ARGV, items, 2);
    assert_int_equal(vb_event_get(&event, VB_F_ARGV)->list.count, 1);
    assert_non_null(vb_event_get(&event, VB_F_TRUNCATED));
    free(text);
}

static void frames_round_trip(void **state)
{
    (void)state;
    int ends[2];
    bool again;
    struct vb_event event;
    struct vb_frame_sink sink;
    struct vb_frame_reader *reader = NULL;
    assert_int_equal(pipe(ends), 0);
    vb_frame_sink_init(&sink, ends[1], vb_monotonic_ns());
    for (int i = 0; i < 50; i++) {
        make_exec(&event);
        assert_int_equal(vb_emit(&sink.sink, &event, NULL), VB_OK);
    }
    assert_int_equal(vb_frame_sink_flush(&sink, NULL), VB_OK);
    close(ends[1]);
    assert_int_equal(vb_frame_reader_new(&reader, NULL), VB_OK);
    int seen = 0;
    while (vb_frame_reader_fill(reader, ends[0], &again, NULL) == 1) {
        while (vb_frame_reader_next(reader, &event, NULL) == 1) {
            assert_is_exec(&event);
            seen++;
        }
    }
    assert_int_equal(seen, 50);
    vb_frame_reader_free(reader);
    vb_frame_sink_done(&sink);
    close(ends[0]);
}

/* Feeds BYTES to a reader. Returns what the last call said. */
static int feed(const void *bytes, size_t len)
{
    int ends[2];
    bool again;
    struct vb_event event;
    struct vb_frame_reader *reader = NULL;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(vb_write_all(ends[1], bytes, len, NULL), VB_OK);
    close(ends[1]);
    assert_int_equal(vb_frame_reader_new(&reader, NULL), VB_OK);
    int status = 1;
    while (status > 0) {
        status = vb_frame_reader_fill(reader, ends[0], &again, NULL);
        int next = status;
        while (next > 0)
            next = vb_frame_reader_next(reader, &event, NULL);
        if (next < 0)
            status = next;
    }
    vb_frame_reader_free(reader);
    close(ends[0]);
    return status;
}

static void damaged_frames_are_refused(void **state)
{
    (void)state;
    struct vb_event event;
    struct vb_buf buf;
    vb_buf_init(&buf, 4096);
    make_exec(&event);
    assert_int_equal(vb_frame_encode(&event, &buf, NULL), VB_OK);
    assert_int_equal(feed(buf.data, buf.len), 0);
    for (size_t cut = 1; cut < buf.len; cut++)
        assert_int_equal(feed(buf.data, cut), VB_E_PROTOCOL);
    for (size_t at = 0; at < buf.len; at++) {
        const unsigned char old = buf.data[at];
        for (unsigned value = 0; value < 256; value += 51) {
            buf.data[at] = (unsigned char)value;
            const int status = feed(buf.data, buf.len); /* either refused or a sound event */
            assert_true(status == 0 || status == VB_E_PROTOCOL);
        }
        buf.data[at] = old;
    }
    buf.data[3] = 0xFF; /* a length of 4 GiB */
    assert_int_equal(feed(buf.data, buf.len), VB_E_PROTOCOL);
    vb_buf_done(&buf);
}

static int write_log(int events)
{
    const int fd = memfd_create("log", MFD_CLOEXEC);
    struct vb_event event;
    struct vb_log_writer log;
    vb_log_writer_init(&log, fd);
    make_begin(&event);
    assert_int_equal(vb_emit(&log.sink, &event, NULL), VB_OK);
    for (int i = 0; i < events; i++) {
        make_exec(&event);
        assert_int_equal(vb_emit(&log.sink, &event, NULL), VB_OK);
    }
    assert_int_equal(vb_log_end(&log, NULL), VB_OK);
    vb_log_writer_done(&log);
    return fd;
}

/* Reads the whole log. Returns the number of events, or an error. */
static int read_log(int fd, struct vb_error *err)
{
    struct vb_log_reader *reader = NULL;
    struct vb_event event;
    int count = 0;
    assert_int_equal(vb_log_reader_new(fd, &reader, err), VB_OK);
    int status = vb_log_reader_next(reader, &event, err);
    for (; status > 0; status = vb_log_reader_next(reader, &event, err)) {
        count++;
        assert_int_equal(event.seq, count);
        if (event.kind == VB_EV_PROCESS_EXEC)
            assert_is_exec(&event);
    }
    vb_log_reader_free(reader);
    return status < 0 ? status : count;
}

/* A log that is still written is copied with an end, and goes on. */
static void test_copy(void **state)
{
    (void)state;
    struct vb_event event;
    struct vb_log_writer log;
    struct vb_error err = {0};
    VB_CLEANUP_FD int fd = memfd_create("log", MFD_CLOEXEC);
    vb_log_writer_init(&log, fd);
    make_begin(&event);
    assert_int_equal(vb_emit(&log.sink, &event, &err), VB_OK);
    for (int i = 1; i <= 2000; i++) { /* more than is written at once */
        make_exec(&event);
        assert_int_equal(vb_emit(&log.sink, &event, &err), VB_OK);
        if (i % 667 != 0)
            continue;
        VB_CLEANUP_FD int copy = memfd_create("copy", MFD_CLOEXEC);
        assert_int_equal(vb_log_copy(&log, copy, &err), VB_OK);
        assert_int_equal(read_log(copy, &err), 1 + i + 1);
    }
    assert_int_equal(vb_log_end(&log, &err), VB_OK);
    vb_log_writer_done(&log);
    assert_int_equal(read_log(fd, &err), 2002);
}

static void log_round_trips(void **state)
{
    (void)state;
    const int fd = write_log(5000);
    assert_int_equal(read_log(fd, NULL), 5002);
    close(fd);
}

static void log_encoding_is_stable(void **state)
{
    (void)state;
    struct vb_event event;
    struct vb_buf buf;
    vb_buf_init(&buf, 4096);
    make_exec(&event);
    event.seq = 7;
    event.time_ns = 9;
    assert_int_equal(vb_event_to_json(&event, &buf, NULL), VB_OK);
    assert_string_equal((const char *)buf.data,
                        "{\"seq\":7,\"time_ns\":9,\"kind\":\"process.exec\",\"source\":\"syscall\","
                        "\"detonation\":3,\"pid\":42,\"path\":\"/usr/bin/curl\","
                        "\"argv\":[\"curl\",{\"base64\":\"LWT/\"},\"\"]}\n");
    vb_buf_done(&buf);
}

static void log_cut_anywhere_is_refused(void **state)
{
    (void)state;
    const int fd = write_log(3);
    const off_t whole = lseek(fd, 0, SEEK_END);
    for (off_t len = whole - 1; len >= 0; len--) {
        assert_int_equal(ftruncate(fd, len), 0);
        assert_int_equal(read_log(fd, NULL), VB_E_DATA);
    }
    close(fd);
}

#define HEAD "{\"seq\":5,\"time_ns\":6,\"kind\":\"process.exec\",\"source\":\"syscall\""
#define REST ",\"pid\":42,\"path\":\"/usr/bin/curl\",\"argv\":[\"curl\",\"-s\"]}"

/* What the quick reader takes, and that it is what the other one reads too. */
static const struct {
    const char *line;
    bool plain; /* taken by the quick reader */
    bool valid; /* an event at all */
} plain_lines[] = {
    {HEAD REST, true, true},
    {HEAD ",\"detonation\":3" REST, true, true},
    {HEAD ",\"pid\":-42,\"path\":\"\",\"argv\":[]}", true, true},
    {HEAD ",\"pid\":4, \"path\":\"/\",\"argv\":[]}", false, true},        /* a blank */
    {HEAD ",\"path\":\"/\",\"pid\":4,\"argv\":[]}", false, true},         /* another order */
    {HEAD ",\"pid\":4,\"path\":\"/\\u0041\",\"argv\":[]}", false, true},  /* an escape */
    {HEAD ",\"pid\":4,\"path\":\"/\xc3\xa4\",\"argv\":[]}", false, true}, /* not ASCII */
    {HEAD ",\"pid\":4,\"path\":{\"base64\":\"/w==\"},\"argv\":[]}", false, true},
    {HEAD ",\"pid\":4,\"path\":\"/\x7f\",\"argv\":[]}", false, true},
    {HEAD ",\"pid\":1234567890123456789,\"path\":\"/\",\"argv\":[]}", false, true},
    {HEAD ",\"pid\":04,\"path\":\"/\",\"argv\":[]}", false, false},
    {HEAD ",\"pid\":4.0,\"path\":\"/\",\"argv\":[]}", false, false},
    {HEAD ",\"pid\":-,\"path\":\"/\",\"argv\":[]}", false, false},
    {HEAD ",\"pid\":true,\"path\":\"/\",\"argv\":[]}", false, false},
    {HEAD ",\"pid\":4,\"pid\":4,\"path\":\"/\",\"argv\":[]}", false, false},
    {HEAD ",\"pid\":4,\"path\":\"/\n\",\"argv\":[]}", false, false},
    {HEAD ",\"pid\":4,\"path\":\"/\",\"argv\":[\"a\",]}", false, false},
    {HEAD ",\"pid\":4,\"path\":\"/\",\"argv\":[]", false, false},
    {HEAD ",\"pid\":4,\"path\":\"/\",\"argv\":[]}}", false, false},
    {HEAD ",\"pid\":4,\"path\":\"/", false, false},
    {HEAD ",\"path\":\"/\",\"argv\":[]}", false, false}, /* lacks its pid */
    {HEAD ",\"detonation\":4294967296" REST, false, false},
    {"", false, false},
};

static void plain_lines_are_read_alike(void **state)
{
    (void)state;
    static struct vb_line lines[2];
    vb_line_init(&lines[0]);
    vb_line_init(&lines[1]);
    for (size_t i = 0; i < VB_ARRAY_LEN(plain_lines); i++) {
        const char *const text = plain_lines[i].line;
        struct vb_event events[2];
        struct vb_buf written[2];
        const bool plain = vb_event_from_plain_line(text, strlen(text), &lines[0], &events[0]);
        const int status = vb_event_from_any_json(text, strlen(text), &lines[1], &events[1], NULL);
        if (plain != plain_lines[i].plain || (status == VB_OK) != plain_lines[i].valid)
            fail_msg("line %zu: %s", i, text);
        for (size_t reader = 0; plain && reader < 2; reader++) {
            vb_buf_init(&written[reader], 4096);
            assert_int_equal(vb_event_to_json(&events[reader], &written[reader], NULL), VB_OK);
            assert_int_equal(written[reader].len, strlen(text) + 1);
            assert_memory_equal(written[reader].data, text, strlen(text));
            vb_buf_done(&written[reader]);
        }
    }
    vb_line_done(&lines[0]);
    vb_line_done(&lines[1]);
}

static int log_of(const char *text)
{
    const int fd = memfd_create("log", MFD_CLOEXEC);
    assert_int_equal(vb_write_all(fd, text, strlen(text), NULL), VB_OK);
    return fd;
}

#define BEGIN                                                                                \
    "{\"seq\":1,\"time_ns\":0,\"kind\":\"log.begin\",\"source\":\"tool\",\"version\":\"1\"," \
    "\"tool\":\"t\",\"reference\":\"r\",\"clock\":1,\"action\":\"vet\"}\n"
#define END(seq, count)                                                                            \
    "{\"seq\":" seq ",\"time_ns\":0,\"kind\":\"log.end\",\"source\":\"tool\",\"count\":" count "}" \
    "\n"

static void log_reading_is_strict(void **state)
{
    (void)state;
    static const struct {
        const char *text, *complaint;
    } rows[] = {
        {END("1", "0"), "log.begin"},
        {BEGIN BEGIN END("3", "2"), "number"},
        {BEGIN END("3", "2"), "number"},
        {BEGIN END("2", "2"), "counts"},
        {BEGIN END("2", "1") "\n", "goes on"},
        {BEGIN "{\"seq\":2,\"time_ns\":0,\"kind\":\"no.such\",\"source\":\"tool\"}\n", "line 2"},
        {BEGIN "{\"seq\":2,\"time_ns\":0,\"kind\":\"log.end\",\"source\":\"tool\",\"count\":1,"
               "\"count\":1}\n",
         "duplicate"},
        {BEGIN
         "{\"seq\":2,\"time_ns\":0,\"kind\":\"log.end\",\"source\":\"tool\",\"count\":\"1\"}\n",
         "count"},
        {BEGIN "{\"seq\":2,\"time_ns\":0,\"kind\":\"log.end\",\"source\":\"tool\",\"count\":1,"
               "\"bogus\":1}\n",
         "unknown field"},
        {BEGIN "[]\n", "object"},
        {BEGIN "{\"seq\":2,\"time_ns\":0,\"kind\":\"process.exit\",\"source\":\"moon\",\"pid\":1,"
               "\"status\":0}\n",
         "source"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_error err = {0};
        const int fd = log_of(rows[i].text);
        assert_int_equal(read_log(fd, &err), VB_E_DATA);
        assert_non_null(strstr(err.message, rows[i].complaint));
        close(fd);
    }
    const int fd = log_of(BEGIN END("2", "1"));
    assert_int_equal(read_log(fd, NULL), 2);
    close(fd);
}

static void log_of_another_version_is_refused(void **state)
{
    (void)state;
    struct vb_error err = {0};
    const int fd = log_of("{\"seq\":1,\"time_ns\":0,\"kind\":\"log.begin\",\"source\":\"tool\","
                          "\"version\":\"2\",\"tool\":\"t\",\"reference\":\"r\",\"clock\":1,"
                          "\"action\":\"vet\"}\n");
    assert_int_equal(read_log(fd, &err), VB_E_DATA);
    assert_non_null(strstr(err.message, "version"));
    close(fd);
}

static void log_writer_wants_begin_first_and_holds_its_limit(void **state)
{
    (void)state;
    struct vb_event event;
    struct vb_log_writer log;
    const int fd = memfd_create("log", MFD_CLOEXEC);
    vb_log_writer_init(&log, fd);
    log.max_bytes = 1000;
    make_exec(&event);
    assert_int_equal(vb_emit(&log.sink, &event, NULL), VB_E_SOFTWARE);
    make_begin(&event);
    assert_int_equal(vb_emit(&log.sink, &event, NULL), VB_OK);
    int status = VB_OK;
    for (int i = 0; i < 50 && status == VB_OK; i++) {
        make_exec(&event);
        status = vb_emit(&log.sink, &event, NULL);
    }
    assert_int_equal(status, VB_E_LIMIT);
    vb_log_writer_done(&log);
    close(fd);
}

static void manifest_collects_its_events(void **state)
{
    (void)state;
    struct vb_manifest manifest;
    struct vb_event event;
    vb_manifest_init(&manifest);
    for (int i = 0; i < 100; i++) {
        vb_event_init(&event, VB_EV_MANIFEST_CODE, VB_SOURCE_STATIC);
        vb_event_str(&event, VB_F_PATH, "SKILL.md");
        vb_event_int(&event, VB_F_LINE, i);
        vb_event_str(&event, VB_F_FORM, "fence");
        vb_event_str(&event, VB_F_LANGUAGE, "bash");
        vb_event_str(&event, VB_F_TEXT, "true");
        assert_int_equal(vb_manifest_add(&manifest, &event, NULL), VB_OK);
    }
    make_exec(&event);
    assert_int_equal(vb_manifest_add(&manifest, &event, NULL), VB_OK);
    assert_int_equal(manifest.code_count, 100);
    assert_int_equal(manifest.codes[99].line, 99);
    assert_string_equal(manifest.codes[0].text, "true");
    assert_null(manifest.codes[0].interpreter);
    assert_int_equal(manifest.entry_count + manifest.package_count, 0);
    vb_manifest_done(&manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy),
        cmocka_unit_test(tables_are_whole),
        cmocka_unit_test(check_refuses_what_does_not_fit_its_kind),
        cmocka_unit_test(long_values_are_cut_and_say_so),
        cmocka_unit_test(frames_round_trip),
        cmocka_unit_test(damaged_frames_are_refused),
        cmocka_unit_test(log_round_trips),
        cmocka_unit_test(log_encoding_is_stable),
        cmocka_unit_test(log_cut_anywhere_is_refused),
        cmocka_unit_test(plain_lines_are_read_alike),
        cmocka_unit_test(log_reading_is_strict),
        cmocka_unit_test(log_of_another_version_is_refused),
        cmocka_unit_test(log_writer_wants_begin_first_and_holds_its_limit),
        cmocka_unit_test(manifest_collects_its_events),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
