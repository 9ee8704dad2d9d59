/* Errors, buffers, text, base64, digests, JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <unistd.h>

#include "vetbox/core.h"

static void error_keeps_first_status_and_adds_clauses(void **state)
{
    (void)state;
    struct vb_error err = {0};
    assert_int_equal(vb_fail(&err, VB_E_DATA, ENOENT, "no %s", "manifest"), VB_E_DATA);
    assert_int_equal(vb_wrap(&err, "reading %s", "a.zip"), VB_E_DATA);
    assert_string_equal(err.message, "reading a.zip: no manifest: No such file or directory");
    assert_int_equal(vb_status_exit(VB_E_DATA), 65);
    assert_int_equal(vb_status_exit(VB_E_USAGE), 64);
    assert_int_equal(vb_status_exit(12345), 70);
    assert_int_equal(vb_fail(NULL, VB_E_IO, 0, "x"), VB_E_IO);
}

static void error_messages_never_overflow(void **state)
{
    (void)state;
    struct vb_error err = {0};
    char longtext[4 * VB_ERROR_MESSAGE_MAX];
    memset(longtext, 'x', sizeof(longtext) - 1);
    longtext[sizeof(longtext) - 1] = '\0';
    vb_fail(&err, VB_E_DATA, ENOENT, "%s", longtext);
    for (int i = 0; i < 20; i++)
        vb_wrap(&err, "%s", longtext);
    assert_true(strlen(err.message) < VB_ERROR_MESSAGE_MAX);
    assert_memory_equal(err.message, "xxxx", 4);
}

static void every_status_has_an_exit_of_sysexits(void **state)
{
    (void)state;
    for (int status = -1; status > -(int)VB_STATUS_COUNT; status--) {
        assert_in_range(vb_status_exit(status), 64, 78);
        assert_true(strlen(vb_status_text(status)) > 0);
    }
}

static void buffer_stops_at_its_maximum(void **state)
{
    (void)state;
    struct vb_buf buf;
    vb_buf_init(&buf, 10);
    assert_int_equal(vb_buf_append(&buf, "1234567890", 10, NULL), VB_OK);
    assert_int_equal(vb_buf_append(&buf, "x", 1, NULL), VB_E_LIMIT);
    assert_int_equal(vb_buf_reserve(&buf, SIZE_MAX, NULL), VB_E_LIMIT);
    assert_int_equal(buf.len, 10);
    assert_string_equal((const char *)buf.data, "1234567890");
    vb_buf_clear(&buf);
    assert_int_equal(vb_buf_printf(&buf, NULL, "%s-%d", "ab", 12), VB_OK);
    assert_string_equal((const char *)buf.data, "ab-12");
    assert_int_equal(vb_buf_printf(&buf, NULL, "%s", "123456"), VB_E_LIMIT);
    assert_string_equal((const char *)buf.data, "ab-12");
    vb_buf_done(&buf);
}

static void buffer_reads_a_descriptor_to_its_end(void **state)
{
    (void)state;
    int ends[2];
    struct vb_buf buf;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(vb_write_all(ends[1], "hello", 5, NULL), VB_OK);
    close(ends[1]);
    vb_buf_init(&buf, 4);
    assert_int_equal(vb_buf_read_fd(&buf, ends[0], NULL), VB_E_LIMIT);
    assert_int_equal(buf.len, 4);
    vb_buf_done(&buf);
    close(ends[0]);
}

static void utf8_is_strict(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        {"plain", true},         {"\xc3\xa9", true},
        {"\xe2\x82\xac", true},  {"\xf0\x9f\x98\x80", true},
        {"\xc0\xaf", false},     {"\xe0\x80\xaf", false},
        {"\xed\xa0\x80", false}, {"\xf4\x90\x80\x80", false},
        {"\xff", false},         {"\xe2\x82", false},
        {"a\x80", false},        {"\xef\xbf\xbd", true},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        assert_int_equal(vb_utf8_valid(rows[i].text, strlen(rows[i].text)), rows[i].valid);
}

static void utf8_round_trips_every_code_point(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        if (code >= 0xD800 && code <= 0xDFFF)
            continue;
        struct vb_buf buf;
        uint32_t back;
        vb_buf_init(&buf, 8);
        assert_int_equal(vb_utf8_append(&buf, code, NULL), VB_OK);
        assert_int_equal(vb_utf8_decode(buf.data, buf.len, &back), buf.len);
        assert_int_equal(back, code);
        vb_buf_done(&buf);
    }
}

static void escaping_leaves_nothing_that_moves_a_terminal(void **state)
{
    (void)state;
    static const char hostile[] =
        "a\x1b[31m\r\b\xe2\x80\xae\xe2\x80\x8b\xc2\x9b\xff\n\ttail\xc3\xa9";
    struct vb_buf buf;
    vb_buf_init(&buf, 4096);
    assert_int_equal(vb_text_escape(&buf, hostile, sizeof(hostile) - 1, false, NULL), VB_OK);
    assert_string_equal((const char *)buf.data, "a\\x1b[31m\\x0d\\x08\\u{202e}\\u{200b}\\u{9b}"
                                                "\\xff\\x0a\\x09tail\xc3\xa9");
    vb_buf_clear(&buf);
    assert_int_equal(vb_text_escape(&buf, "a\n\tb", 4, true, NULL), VB_OK);
    assert_string_equal((const char *)buf.data, "a\n\tb");
    vb_buf_done(&buf);
}

static void paths_that_leave_are_unsafe(void **state)
{
    (void)state;
    static const char *const safe[] = {"a", "a/b", "a/.b", "..a/b", "a b/c", "..."};
    static const char *const unsafe[] = {"",     "/a",    "a//b", "a/", "../a",
                                         "a/..", "a/./b", ".",    ".."};
    for (size_t i = 0; i < VB_ARRAY_LEN(safe); i++)
        assert_true(vb_path_safe(safe[i]));
    for (size_t i = 0; i < VB_ARRAY_LEN(unsafe); i++)
        assert_false(vb_path_safe(unsafe[i]));
    char component[300];
    memset(component, 'x', sizeof(component));
    component[255] = '\0';
    assert_true(vb_path_safe(component));
    component[255] = 'x';
    component[256] = '\0';
    assert_false(vb_path_safe(component));
    assert_string_equal(vb_path_extension("a.b/c.tar.gz"), "gz");
    assert_string_equal(vb_path_extension("a.b/.bashrc"), "");
    assert_string_equal(vb_path_base("a/b"), "b");
    assert_true(vb_ascii_equal("SKILL.md", "skill.MD"));
    assert_false(vb_ascii_equal("skill", "skills"));
    assert_true(vb_ascii_starts("HTTPS://x", "https://"));
    assert_int_equal(vb_line_of("a\nb\nc", 5, 4), 3);
}

static void code_that_looks_at_the_date_is_told_by_its_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum vb_date_sign sign;
        const char *word;
    } rows[] = {
        {"", VB_DATE_NONE, NULL},
        {"D", VB_DATE_NONE, NULL},
        {"print('hello')", VB_DATE_NONE, NULL},
        {"from datetime import date", VB_DATE_NONE, NULL}, /* what is used of it says it */
        {"if date.today() > limit:", VB_DATE_READ, "date.today"},
        {"x = validate.today", VB_DATE_NONE, NULL},
        {"update(1)", VB_DATE_NONE, NULL},
        {"formatDate(x)", VB_DATE_NONE, NULL},
        {"new Date()", VB_DATE_READ, "new Date"},
        {"t=Date.now()", VB_DATE_READ, "Date.now"},
        {"\0\0clock_gettime\0", VB_DATE_READ, "clock_gettime"},
        {"exec(code)", VB_DATE_HIDDEN, "exec("},
        {"exec(\"ls\")", VB_DATE_NONE, NULL},
        {"exec(", VB_DATE_NONE, NULL},
        {"pattern.exec(text)", VB_DATE_NONE, NULL},
        {"eval(atob(x)); eval(y); Date.now()", VB_DATE_READ, "Date.now"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const char *word = NULL;
        size_t at = 0, len = strlen(rows[i].text);
        if (len == 0 && i > 0)
            len = 17; /* the row that begins with NUL */
        assert_int_equal(vb_date_sign(rows[i].text, len, &word, &at), rows[i].sign);
        if (rows[i].word == NULL)
            continue;
        assert_string_equal(word, rows[i].word);
        assert_memory_equal(rows[i].text + at, word, strlen(word));
    }
}

static void code_that_looks_at_its_surroundings_is_told_by_its_words(void **state)
{
    (void)state;
    enum {
        CI = 1 << VB_AROUND_CI,
        PLATFORM = 1 << VB_AROUND_PLATFORM,
        USER = 1 << VB_AROUND_USER,
        TERMINAL = 1 << VB_AROUND_TERMINAL
    };
    static const struct {
        const char *text;
        unsigned signs;
    } rows[] = {
        {"", 0},
        {"C", 0},
        {"print('CIRCLE')", 0},
        {"if (process.env.CI) x()", CI},
        {"os.environ.get(\"CI\")", CI},
        {"[ -n \"${CI:-}\" ]", CI},
        {"$CI", CI},
        {"$CITY", 0},
        {"GITHUB_ACTIONS_EXTRA", 0},
        {"process.platform === 'darwin'", PLATFORM},
        {"x = unamed", 0},
        {"username = 1", 0},
        {"$(uname -s)", PLATFORM},
        {"getpass.getuser() in (\"CI\",); sys.platform", CI | PLATFORM | USER | TERMINAL},
        {"[ -t 0 ] && read -p 'who? '", TERMINAL},
        {"process.stdout.isTTY", TERMINAL},
        {"unread -partial", 0},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_around_word words[VB_AROUND_COUNT];
        const char *text = rows[i].text;
        assert_int_equal(vb_surroundings_signs(text, strlen(text), words), rows[i].signs);
        for (unsigned what = 0; what < VB_AROUND_COUNT; what++) {
            if (rows[i].signs >> what & 1)
                assert_memory_equal(text + words[what].at, words[what].word,
                                    strlen(words[what].word));
        }
    }
}

static void base64_agrees_with_rfc4648(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_buf buf;
        vb_buf_init(&buf, 100);
        assert_int_equal(vb_base64_encode(&buf, rows[i][0], strlen(rows[i][0]), NULL), VB_OK);
        assert_string_equal((const char *)buf.data, rows[i][1]);
        vb_buf_clear(&buf);
        assert_int_equal(vb_base64_decode(&buf, rows[i][1], strlen(rows[i][1]), NULL), VB_OK);
        assert_string_equal((const char *)buf.data, rows[i][0]);
        vb_buf_done(&buf);
    }
    struct vb_buf buf;
    vb_buf_init(&buf, 100);
    assert_int_equal(vb_base64_decode(&buf, "Zm9v!", 5, NULL), VB_E_DATA);
    assert_int_equal(vb_base64_decode(&buf, "Zg==Zg==", 8, NULL), VB_E_DATA);
    assert_int_equal(vb_base64_decode(&buf, "Z", 1, NULL), VB_E_DATA);
    vb_buf_done(&buf);
}

static void digests_agree_with_fips180(void **state)
{
    (void)state;
    char hex[VB_SHA512_HEX];
    assert_int_equal(vb_sha256_hex("abc", 3, hex, NULL), VB_OK);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct vb_digest *digest = NULL;
    assert_int_equal(vb_digest_new(VB_DIGEST_SHA512, &digest, NULL), VB_OK);
    assert_int_equal(vb_digest_update(digest, "a", 1, NULL), VB_OK);
    assert_int_equal(vb_digest_update(digest, "bc", 2, NULL), VB_OK);
    assert_int_equal(vb_digest_hex(digest, hex, NULL), VB_OK);
    assert_memory_equal(hex, "ddaf35a193617abacc417349ae204131", 32);
    assert_int_equal(strlen(hex), 128);
    vb_digest_free(digest);
}

static void json_reading_is_strict(void **state)
{
    (void)state;
    static const char *const bad[] = {"{\"a\":1,\"a\":2}", "{} {}", "[1,]",
                                      "\"\xff\"",          "{a:1}", "\"\\ud800\""};
    char deep[300];
    json_t *json = NULL;
    for (size_t i = 0; i < VB_ARRAY_LEN(bad); i++)
        assert_int_equal(vb_json_parse(bad[i], strlen(bad[i]), 1000, &json, NULL), VB_E_DATA);
    memset(deep, '[', 150);
    memset(deep + 150, ']', 150);
    assert_int_equal(vb_json_parse(deep, sizeof(deep), 1000, &json, NULL), VB_E_DATA);
    assert_int_equal(vb_json_parse("[1,2,3]", 7, 6, &json, NULL), VB_E_LIMIT);
    assert_null(json);
    assert_int_equal(vb_json_parse("[\"[[[\",{}]", 10, 100, &json, NULL), VB_OK);
    vb_json_free(&json);
}

static void json_writing_escapes_and_keeps_bytes(void **state)
{
    (void)state;
    struct vb_buf buf;
    struct vb_json_out out;
    vb_buf_init(&buf, 4096);
    vb_json_out_buf(&out, &buf, false, NULL);
    vb_json_begin_object(&out);
    vb_json_member_str(&out, "a", "\"\\\n\x01\x7f\xc3\xa9");
    vb_json_key(&out, "b");
    vb_json_bytes(&out, "\xff\x00z", 3);
    vb_json_key(&out, "c");
    vb_json_begin_array(&out);
    vb_json_int(&out, -1);
    vb_json_uint(&out, UINT64_MAX);
    vb_json_bool(&out, true);
    vb_json_null(&out);
    vb_json_begin_object(&out);
    vb_json_end_object(&out);
    vb_json_end_array(&out);
    vb_json_member_str(&out, "absent", NULL);
    vb_json_end_object(&out);
    assert_int_equal(vb_json_finish(&out), VB_OK);
    assert_string_equal((const char *)buf.data,
                        "{\"a\":\"\\\"\\\\\\n\\u0001\\u007f\xc3\xa9\",\"b\":{\"base64\":\"/wB6\"},"
                        "\"c\":[-1,18446744073709551615,true,null,{}]}");
    vb_buf_done(&buf);
}

static void json_writing_pretty_is_read_back(void **state)
{
    (void)state;
    struct vb_buf buf;
    struct vb_json_out out;
    json_t *json = NULL;
    vb_buf_init(&buf, 1 << 20);
    vb_json_out_buf(&out, &buf, true, NULL);
    vb_json_begin_object(&out);
    for (int i = 0; i < 2000; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        vb_json_member_int(&out, key, i);
    }
    vb_json_end_object(&out);
    assert_int_equal(vb_json_finish(&out), VB_OK);
    assert_int_equal(vb_json_parse((const char *)buf.data, buf.len, buf.len, &json, NULL), VB_OK);
    assert_int_equal(json_object_size(json), 2000);
    vb_json_free(&json);
    vb_buf_done(&buf);
}

static void json_writing_notices_what_is_left_open(void **state)
{
    (void)state;
    struct vb_buf buf;
    struct vb_json_out out;
    vb_buf_init(&buf, 100);
    vb_json_out_buf(&out, &buf, false, NULL);
    vb_json_begin_object(&out);
    assert_int_equal(vb_json_finish(&out), VB_E_SOFTWARE);
    vb_buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_keeps_first_status_and_adds_clauses),
        cmocka_unit_test(error_messages_never_overflow),
        cmocka_unit_test(code_that_looks_at_the_date_is_told_by_its_words),
        cmocka_unit_test(code_that_looks_at_its_surroundings_is_told_by_its_words),
        cmocka_unit_test(every_status_has_an_exit_of_sysexits),
        cmocka_unit_test(buffer_stops_at_its_maximum),
        cmocka_unit_test(buffer_reads_a_descriptor_to_its_end),
        cmocka_unit_test(utf8_is_strict),
        cmocka_unit_test(utf8_round_trips_every_code_point),
        cmocka_unit_test(escaping_leaves_nothing_that_moves_a_terminal),
        cmocka_unit_test(paths_that_leave_are_unsafe),
        cmocka_unit_test(base64_agrees_with_rfc4648),
        cmocka_unit_test(digests_agree_with_fips180),
        cmocka_unit_test(json_reading_is_strict),
        cmocka_unit_test(json_writing_escapes_and_keeps_bytes),
        cmocka_unit_test(json_writing_pretty_is_read_back),
        cmocka_unit_test(json_writing_notices_what_is_left_open),
    };
    return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
