/* The reports: hostile text cannot reach the terminal, lines fit, colour only on request, and the
 * JSON is JSON whatever a package is called. The golden files of tests/sim hold the wording. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "vetbox/report.h"

/* What a package would like its reader to see, or not to see. */
static char evil[] = "a\x1b[2Jb\xe2\x80\xae"
                     "c\r\nALLOW \xff\xf3\xa0\x81\x81 \x07\"\\";
static char *evil_items[] = {evil};
static char *no_mapping[] = {NULL};
static char *mapping[] = {evil, NULL};
static uint64_t evidence[] = {1, 2, 3};

static struct vb_verdict evil_verdict(struct vb_finding *finding)
{
    *finding = (struct vb_finding){.id = evil,
                                   .title = evil,
                                   .severity = VB_SEVERITY_HIGH,
                                   .confidence = VB_CONFIDENCE_HIGH,
                                   .decision = VB_DECISION_BLOCK,
                                   .policy_reason = evil,
                                   .detail = evil,
                                   .path = evil,
                                   .line = 3,
                                   .host = evil,
                                   .mapping = mapping,
                                   .evidence = evidence,
                                   .evidence_count = 3,
                                   .occurrences = 3};
    const struct vb_name_list list = {.items = evil_items, .count = 1, .dropped = 2};
    return (struct vb_verdict){.decision = VB_DECISION_BLOCK,
                               .why = evil,
                               .reference = evil,
                               .tool = evil,
                               .action = (char *)"vet",
                               .artifact_name = evil,
                               .artifact_sha256 = evil,
                               .kinds = list,
                               .names = list,
                               .findings = finding,
                               .finding_count = 1,
                               .signers = list,
                               .gaps = list,
                               .commands = list,
                               .hosts = list,
                               .files_written = list,
                               .baits_read = list,
                               .declared = list,
                               .undisclosed = list};
}

static int evil_log(void)
{
    struct vb_log_writer log;
    struct vb_error err = {0};
    struct vb_event event;
    const int fd = memfd_create("log", MFD_CLOEXEC);
    assert_true(fd >= 0);
    vb_log_writer_init(&log, fd);
    vb_event_init(&event, VB_EV_LOG_BEGIN, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_VERSION, VB_LOG_VERSION);
    vb_event_str(&event, VB_F_TOOL, evil);
    vb_event_str(&event, VB_F_REFERENCE, evil);
    vb_event_int(&event, VB_F_CLOCK, 1);
    vb_event_str(&event, VB_F_ACTION, "vet");
    assert_int_equal(vb_emit(&log.sink, &event, &err), VB_OK);
    const struct vb_str argv[] = {{evil, strlen(evil)}, {evil, strlen(evil)}};
    vb_event_init(&event, VB_EV_PROCESS_EXEC, VB_SOURCE_SYSCALL);
    vb_event_int(&event, VB_F_PID, 1);
    vb_event_str(&event, VB_F_PATH, evil);
    vb_event_list(&event, VB_F_ARGV, argv, 2);
    assert_int_equal(vb_emit(&log.sink, &event, &err), VB_OK);
    assert_int_equal(vb_log_end(&log, &err), VB_OK);
    vb_log_writer_done(&log);
    return fd;
}

static void render(const char *format, const struct vb_verdict *verdict,
                   const struct vb_report_options *options, struct vb_buf *ret)
{
    VB_CLEANUP_FD int log_fd = evil_log();
    VB_CLEANUP_FD int fd = memfd_create("report", MFD_CLOEXEC);
    struct vb_error err = {0};
    assert_true(fd >= 0);
    const struct vb_report_format *row = vb_report_format_named(format);
    assert_non_null(row);
    if (row->write(verdict, log_fd, options, fd, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    vb_buf_init(ret, 16 * 1024 * 1024);
    assert_int_equal(vb_buf_read_fd(ret, fd, &err), VB_OK);
}

static void test_hostile_text_is_escaped(void **state)
{
    (void)state;
    struct vb_finding finding;
    const struct vb_verdict verdict = evil_verdict(&finding);
    const struct vb_report_options plain = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    render("text", &verdict, &plain, &text);
    assert_true(vb_utf8_valid(text.data, text.len));
    for (size_t i = 0; i < text.len;) {
        uint32_t code = 0;
        i += vb_utf8_decode(text.data + i, text.len - i, &code);
        if ((code < 0x20 && code != '\n') || code == 0x7f || vb_code_invisible(code) ||
            vb_code_bidi_control(code))
            fail_msg("U+%04X reached the page", code);
    }
    /* The forged line did not become a line. */
    assert_null(strstr((const char *)text.data, "\nALLOW"));
    assert_non_null(strstr((const char *)text.data, "\\x1b[2J"));
}

static void test_lines_fit(void **state)
{
    (void)state;
    static char longest[2001];
    memset(longest, 'x', sizeof(longest) - 1);
    static char wide[3001];
    for (size_t i = 0; i + 3 < sizeof(wide); i += 3)
        memcpy(wide + i, "\xe6\xbc\xa2", 3);
    struct vb_finding finding;
    struct vb_verdict verdict = evil_verdict(&finding);
    finding.detail = longest;
    finding.title = wide;
    static const unsigned widths[] = {80, 40, 120, 7};
    for (size_t w = 0; w < VB_ARRAY_LEN(widths); w++) {
        const struct vb_report_options options = {.width = widths[w]};
        const size_t max = widths[w] < 40 ? 40 : widths[w];
        VB_CLEANUP(vb_buf_done) struct vb_buf text;
        render("text", &verdict, &options, &text);
        size_t columns = 0;
        for (size_t i = 0; i < text.len;) {
            uint32_t code = 0;
            i += vb_utf8_decode(text.data + i, text.len - i, &code);
            columns = code == '\n' ? 0 : columns + (code == 0x6f22 ? 2 : 1);
            if (columns > max)
                fail_msg("a line is longer than %zu columns", max);
        }
    }
}

static void test_colour_only_on_request(void **state)
{
    (void)state;
    struct vb_finding finding;
    const struct vb_verdict verdict = evil_verdict(&finding);
    VB_CLEANUP(vb_buf_done) struct vb_buf plain;
    VB_CLEANUP(vb_buf_done) struct vb_buf color;
    render("text", &verdict, NULL, &plain);
    render("text", &verdict, &(struct vb_report_options){.color = true}, &color);
    assert_null(memchr(plain.data, 0x1b, plain.len));
    /* The same words, only coloured. */
    size_t at = 0;
    for (size_t i = 0; i < color.len; i++) {
        if (color.data[i] == 0x1b) {
            while (color.data[i] != 'm')
                i++;
            continue;
        }
        assert_true(at < plain.len);
        assert_int_equal(color.data[i], plain.data[at++]);
    }
    assert_int_equal(at, plain.len);
    assert_true(color.len > plain.len);
}

static void test_json_is_json(void **state)
{
    (void)state;
    struct vb_finding finding;
    const struct vb_verdict verdict = evil_verdict(&finding);
    struct vb_error err = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    render("json", &verdict, NULL, &text);
    VB_CLEANUP(vb_json_free) json_t *json = NULL;
    if (vb_json_parse((const char *)text.data, text.len, text.len, &json, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(json_string_value(json_object_get(json, "verdict")), "block");
    assert_string_equal(json_string_value(json_object_get(json, "action")), "vet");
    assert_int_equal(text.data[text.len - 1], '\n');
}

/* The least that a verdict can say: nothing known, nothing found. */
static void test_empty_verdict(void **state)
{
    (void)state;
    struct vb_finding finding = {
        .id = (char *)"VB-X", .title = (char *)"t", .detail = (char *)"d", .mapping = no_mapping};
    const struct vb_verdict none = {.decision = VB_DECISION_ALLOW};
    const struct vb_verdict one = {.findings = &finding, .finding_count = 1};
    static const char *const names[] = {"text", "json"};
    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++) {
        VB_CLEANUP(vb_buf_done) struct vb_buf first;
        VB_CLEANUP(vb_buf_done) struct vb_buf second;
        render(names[i], &none, NULL, &first);
        render(names[i], &one, NULL, &second);
        assert_true(first.len > 0);
        assert_true(second.len > first.len);
    }
}

static void test_write_failure_is_told(void **state)
{
    (void)state;
    struct vb_finding finding;
    const struct vb_verdict verdict = evil_verdict(&finding);
    VB_CLEANUP_FD int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    VB_CLEANUP_FD int log_fd = evil_log();
    if (full < 0)
        skip();
    static const char *const names[] = {"text", "json"};
    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++) {
        struct vb_error err = {0};
        assert_true(vb_report_format_named(names[i])->write(&verdict, log_fd, NULL, full, &err) <
                    0);
        assert_non_null(strstr(err.message, "report"));
    }
}

static void test_formats(void **state)
{
    (void)state;
    const struct vb_report_format *formats = NULL;
    const size_t count = vb_report_formats(&formats);
    assert_true(count >= 2);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(vb_report_format_named(formats[i].name), &formats[i]);
        assert_true(formats[i].description[0] != '\0');
    }
    assert_null(vb_report_format_named("xml"));
    assert_null(vb_report_format_named(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_text_is_escaped),
        cmocka_unit_test(test_lines_fit),
        cmocka_unit_test(test_colour_only_on_request),
        cmocka_unit_test(test_json_is_json),
        cmocka_unit_test(test_empty_verdict),
        cmocka_unit_test(test_write_failure_is_told),
        cmocka_unit_test(test_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
