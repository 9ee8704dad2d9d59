/* The walk over the tree: every file once, in order, within limits, and nothing unexamined unsaid.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "tests/unit/scan_helper.h"

struct state {
    struct vb_rules *rules;
    char *tree;
    struct scan_log log;
};

static int setup(void **ret)
{
    struct state *state = calloc(1, sizeof(*state));
    if (state == NULL)
        return -1;
    state->rules = scan_needle_rules();
    state->tree = scan_tree_new();
    scan_log_init(&state->log);
    *ret = state;
    return 0;
}

static int teardown(void **ret)
{
    struct state *state = *ret;
    scan_log_done(&state->log);
    scan_tree_remove(state->tree);
    vb_rules_free(state->rules);
    free(state);
    return 0;
}

static void test_match_fields(void **ret)
{
    struct state *state = *ret;
    scan_tree_text(state->tree, "b/c.txt", "one\ntwo\nthe needle is here\nneedle\n");
    scan_tree_text(state->tree, "a.bin", "hay");
    scan_tree_scan(state->tree, state->rules, &vb_scan_default_limits, &state->log);
    assert_int_equal(state->log.count, 1); /* one event a rule and file */
    const struct scan_event *event = &state->log.events[0];
    assert_int_equal(event->kind, VB_EV_SCAN_MATCH);
    assert_string_equal(event->rule, "VB-TEST-NEEDLE");
    assert_string_equal(event->name, "needle");
    assert_string_equal(event->path, "b/c.txt");
    assert_string_equal(event->text, "the needle is here");
    assert_string_equal(event->severity, "low");
    assert_string_equal(event->confidence, "high");
    assert_int_equal(event->offset, 12);
    assert_int_equal(event->line, 3);
    assert_null(event->layer);
}

static void test_long_excerpt(void **ret)
{
    struct state *state = *ret;
    char text[4000];
    memset(text, 'x', sizeof(text));
    memcpy(text + 2000, "needle", 6);
    for (size_t i = 2006; i + 1 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    scan_tree_write(state->tree, "long.txt", text, sizeof(text));
    scan_tree_scan(state->tree, state->rules, &vb_scan_default_limits, &state->log);
    const struct scan_event *event = scan_log_find(&state->log, VB_EV_SCAN_MATCH, "needle");
    assert_non_null(event);
    assert_true(strlen(event->text) <= 200);
    assert_non_null(strstr(event->text, "needle"));
    assert_true(vb_utf8_valid(event->text, strlen(event->text)));
}

/* An example in front of what is meant excuses nothing; words that stand everywhere do not make an
 * attack of an example. */
static void test_talked_of(void **ret)
{
    static const char rule[] =
        "rule pair {\n"
        "  meta: id = \"VB-TEST-PAIR\" title = \"Pair\" description = \"A pair.\"\n"
        "    severity = \"low\" confidence = \"high\" mapping = \"CWE-506 AST01\"\n"
        "  strings: $a = \"fetch\" $b = \"needle\"\n"
        "  condition: $a and $b\n"
        "}\n";
    static const struct {
        const char *text;
        bool talked_of;
    } rows[] = {
        {"# Attacks\n\nfetch needle\n", true},
        {"# Use\n\nfetch needle\n", false},
        {"# Attacks\n\nfetch needle\n\n# Use\n\nfetch needle\n", false},
        {"# Attacks\n\nfetch needle\n\n# Use\n\nfetch it\n", true},
    };
    struct state *state = *ret;
    char *dir = scan_tree_new();
    struct vb_rules *rules = NULL;
    struct vb_error err = {0};
    scan_tree_text(dir, "pair.yar", rule);
    assert_int_equal(vb_rules_load(dir, NULL, &rules, &err), 0);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        scan_tree_text(state->tree, "a.md", rows[i].text);
        scan_tree_scan(state->tree, rules, &vb_scan_default_limits, &state->log);
        const struct scan_event *match = scan_log_find(&state->log, VB_EV_SCAN_MATCH, "pair");
        assert_non_null(match);
        if ((match->context != NULL) != rows[i].talked_of)
            fail_msg("%s", rows[i].text);
        scan_log_done(&state->log);
    }
    vb_rules_free(rules);
    scan_tree_remove(dir);
    scan_log_init(&state->log);
}

/* Nor do many examples, and to look at all of them takes no long time. */
static void test_many_talked_of(void **ret)
{
    static const char head[] = "# Attacks\n\n", line[] = "needle needle needle needle needle\n";
    enum { LINES = 60000 };
    struct state *state = *ret;
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    vb_buf_init(&text, 4 << 20);
    assert_int_equal(vb_buf_append_str(&text, head, NULL), 0);
    for (int i = 0; i < LINES; i++)
        assert_int_equal(vb_buf_append_str(&text, line, NULL), 0);
    scan_tree_write(state->tree, "a.md", text.data, text.len);
    scan_tree_scan(state->tree, state->rules, &vb_scan_default_limits, &state->log);
    const struct scan_event *match = scan_log_find(&state->log, VB_EV_SCAN_MATCH, "needle");
    assert_non_null(match);
    assert_null(match->context);
}

/* base64 of a gzip of a text: found two layers down, with a path that says how. */
static void test_nested_layers(void **ret)
{
    struct state *state = *ret;
    static const char secret[] = "a needle in a gzip in a base64 in a text, a needle";
    unsigned char packed[256];
    z_stream stream = {0};
    struct vb_buf text;
    vb_buf_init(&text, 4096);
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)secret;
    stream.avail_in = sizeof(secret) - 1;
    stream.next_out = packed;
    stream.avail_out = sizeof(packed);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(vb_buf_append_str(&text, "data = '", NULL), 0);
    assert_int_equal(vb_base64_encode(&text, packed, stream.total_out, NULL), 0);
    assert_int_equal(vb_buf_append_str(&text, "'\n", NULL), 0);
    deflateEnd(&stream);
    scan_tree_write(state->tree, "x.py", text.data, text.len);
    scan_tree_scan(state->tree, state->rules, &vb_scan_default_limits, &state->log);
    const struct scan_event *match = scan_log_find(&state->log, VB_EV_SCAN_MATCH, "needle");
    assert_non_null(match);
    assert_string_equal(match->layer, "base64@8/gzip@0");
    assert_string_equal(match->path, "x.py");
    assert_int_equal(match->offset, 2);
    const struct scan_event *layer =
        scan_log_find(&state->log, VB_EV_SCAN_LAYER, "base64@8/gzip@0");
    assert_non_null(layer);
    assert_int_equal(layer->size, sizeof(secret) - 1);
    scan_log_done(&state->log);
    struct vb_scan_limits shallow = vb_scan_default_limits; /* and not where the limit is one */
    shallow.layer_depth = 1;
    scan_tree_scan(state->tree, state->rules, &shallow, &state->log);
    assert_null(scan_log_find(&state->log, VB_EV_SCAN_MATCH, "needle"));
    vb_buf_done(&text);
}

/* The event of a layer says what it holds behind a long beginning, too, of so many; then less. */
static void test_shown_of_layers(void **ret)
{
    enum { LEN = 15000, FILES = 80, SHOWN_ALWAYS = 1024 };
    struct state *state = *ret;
    char plain[LEN], path[16];
    struct vb_buf text;
    for (int file = 0; file < FILES; file++) {
        memset(plain, '#', sizeof(plain));
        (void)snprintf(plain + LEN - 32, 32, "the end of file %d", file);
        vb_buf_init(&text, 2 * LEN);
        assert_int_equal(vb_base64_encode(&text, plain, strlen(plain), NULL), 0);
        (void)snprintf(path, sizeof(path), "%02d.py", file);
        scan_tree_write(state->tree, path, text.data, text.len);
        vb_buf_done(&text);
    }
    scan_tree_scan(state->tree, state->rules, &vb_scan_default_limits, &state->log);
    size_t whole = 0, cut = 0;
    for (size_t i = 0; i < state->log.count; i++) {
        const struct scan_event *event = &state->log.events[i];
        if (event->kind != VB_EV_SCAN_LAYER)
            continue;
        whole += strstr(event->text, "the end of file") != NULL;
        cut += strlen(event->text) == SHOWN_ALWAYS;
    }
    assert_in_range(whole, 10, FILES - 5);
    assert_int_equal(whole + cut + 1, FILES);
}

/* base64 in base64 in base64 …: the depth is bounded. */
static void test_depth(void **ret)
{
    struct state *state = *ret;
    struct vb_buf inner;
    struct vb_buf outer;
    vb_buf_init(&inner, 1 << 20);
    vb_buf_init(&outer, 1 << 20);
    assert_int_equal(vb_buf_append_str(&inner, "the needle at the bottom", NULL), 0);
    for (unsigned i = 0; i < 8; i++) {
        vb_buf_clear(&outer);
        assert_int_equal(vb_base64_encode(&outer, inner.data, inner.len, NULL), 0);
        vb_buf_clear(&inner);
        assert_int_equal(vb_buf_append(&inner, outer.data, outer.len, NULL), 0);
    }
    scan_tree_write(state->tree, "deep.txt", inner.data, inner.len);
    scan_tree_scan(state->tree, state->rules, &vb_scan_default_limits, &state->log);
    assert_int_equal(scan_log_count(&state->log, VB_EV_SCAN_LAYER),
                     vb_scan_default_limits.layer_depth);
    assert_null(scan_log_find(&state->log, VB_EV_SCAN_MATCH, "needle"));
    scan_log_done(&state->log);
    struct vb_scan_limits deep = vb_scan_default_limits;
    deep.layer_depth = 20;
    scan_tree_scan(state->tree, state->rules, &deep, &state->log);
    assert_non_null(scan_log_find(&state->log, VB_EV_SCAN_MATCH, "needle"));
    vb_buf_done(&inner);
    vb_buf_done(&outer);
}

static void test_limits_are_coverage(void **ret)
{
    struct state *state = *ret;
    struct vb_scan_limits small = vb_scan_default_limits;
    small.file_bytes = 100;
    char text[300];
    memset(text, ' ', sizeof(text));
    memcpy(text + 10, "needle", 6);
    scan_tree_write(state->tree, "large.txt", text, sizeof(text));
    scan_tree_write(state->tree, "fits.txt", text, 100);
    scan_tree_scan(state->tree, state->rules, &small, &state->log);
    const struct scan_event *event = scan_log_find(&state->log, VB_EV_COVERAGE, "too-large");
    assert_non_null(event);
    assert_string_equal(event->path, "large.txt");
    assert_int_equal(scan_log_count(&state->log, VB_EV_COVERAGE), 1);
    assert_int_equal(scan_log_count(&state->log, VB_EV_SCAN_MATCH), 2); /* the part was scanned */
}

static void test_odd_files(void **ret)
{
    struct state *state = *ret;
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/pipe", state->tree);
    assert_int_equal(mkfifo(path, 0600), 0);
    (void)snprintf(path, sizeof(path), "%s/link", state->tree);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    (void)snprintf(path, sizeof(path), "%s/loop", state->tree);
    assert_int_equal(symlink(".", path), 0);
    scan_tree_text(state->tree, "empty", "");
    scan_tree_scan(state->tree, state->rules, &vb_scan_default_limits, &state->log);
    const struct scan_event *event = scan_log_find(&state->log, VB_EV_COVERAGE, "special-file");
    assert_non_null(event);
    assert_string_equal(event->path, "pipe");
    assert_int_equal(state->log.count, 1);
}

static void test_unreadable(void **ret)
{
    struct state *state = *ret;
    char path[512];
    if (geteuid() == 0) {
        print_message("root reads everything: run as an ordinary user for this one\n");
        skip();
    }
    scan_tree_text(state->tree, "secret", "needle");
    (void)snprintf(path, sizeof(path), "%s/secret", state->tree);
    assert_int_equal(chmod(path, 0), 0);
    scan_tree_scan(state->tree, state->rules, &vb_scan_default_limits, &state->log);
    assert_non_null(scan_log_find(&state->log, VB_EV_COVERAGE, "cannot-open"));
}

static void test_order_and_prefix(void **ret)
{
    struct state *state = *ret;
    static const char *const files[] = {"b/2", "a", "b/1", "c/d/e", "z"};
    static const char *const expected[] = {"top/a", "top/b/1", "top/b/2", "top/c/d/e", "top/z"};
    struct vb_error err = {0};
    for (size_t i = 0; i < VB_ARRAY_LEN(files); i++)
        scan_tree_text(state->tree, files[i], "needle");
    VB_CLEANUP_FD int dir = open(state->tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(
        vb_scan(dir, "top", state->rules, &vb_scan_default_limits, &state->log.sink, &err), 0);
    assert_int_equal(state->log.count, VB_ARRAY_LEN(expected));
    for (size_t i = 0; i < VB_ARRAY_LEN(expected); i++)
        assert_string_equal(state->log.events[i].path, expected[i]);
}

/* A deep tree costs no descriptors. */
static void test_deep_tree(void **ret)
{
    struct state *state = *ret;
    char path[1200] = "";
    for (size_t i = 0; i < 500; i++)
        memcpy(path + 2 * i, "d/", 3);
    memcpy(path + 1000, "f.txt", 6);
    scan_tree_text(state->tree, path, "needle");
    scan_tree_scan(state->tree, state->rules, &vb_scan_default_limits, &state->log);
    assert_int_equal(scan_log_count(&state->log, VB_EV_SCAN_MATCH), 1);
}

/* Once a file, wherever in its layers; the package's only. */
static void test_dates(void **ret)
{
    struct state *state = *ret;
    static const char machine_code[] = "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0";
    static const char picture[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0";
    static const char sealed[] = "\x8b\0\xf3\x01\x9d\xc2\0\0\xee\x83\xaa\0";
    scan_tree_text(state->tree, "a.py", "import json\n\nprint(date.today(), date.today())\n");
    scan_tree_text(state->tree, "b.py", "x = 'ZnJvbSB0aW1lIGltcG9ydCB0aW1lOyBwcmludCh0aW1lKCkp'\n");
    scan_tree_text(state->tree, "c.py", "exec(decode(data))\n");
    scan_tree_text(state->tree, "d.py", "print('a date')\n");
    scan_tree_write(state->tree, "e.bin", machine_code, sizeof(machine_code) - 1);
    scan_tree_write(state->tree, "f.png", picture, sizeof(picture) - 1);
    scan_tree_write(state->tree, "g.dat", sealed, sizeof(sealed) - 1);
    scan_tree_scan(state->tree, state->rules, &vb_scan_default_limits, &state->log);
    static const struct {
        const char *path, *what, *text, *layer;
        int64_t line;
    } rows[] = {
        {"a.py", "read", "date.today", NULL, 3},
        {"b.py", "read", "from time import", "base64@5", -1},
        {"c.py", "hidden", "exec(", NULL, 1},
        {"e.bin", "binary", NULL, NULL, -1},
        {"g.dat", "binary", NULL, NULL, -1},
    };
    size_t row = 0;
    for (size_t i = 0; i < state->log.count; i++) {
        const struct scan_event *event = &state->log.events[i];
        if (event->kind != VB_EV_SCAN_DATE)
            continue;
        assert_true(row < VB_ARRAY_LEN(rows));
        assert_string_equal(event->path, rows[row].path);
        assert_string_equal(event->what, rows[row].what);
        assert_string_equal(event->text != NULL ? event->text : "",
                            rows[row].text != NULL ? rows[row].text : "");
        assert_string_equal(event->layer != NULL ? event->layer : "",
                            rows[row].layer != NULL ? rows[row].layer : "");
        assert_int_equal(event->line, rows[row].line);
        row++;
    }
    assert_int_equal(row, VB_ARRAY_LEN(rows));
    scan_log_done(&state->log);
    struct vb_error err = {0};
    VB_CLEANUP_FD int dir = open(state->tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(
        vb_scan(dir, "dropped", state->rules, &vb_scan_default_limits, &state->log.sink, &err),
        VB_OK);
    assert_int_equal(scan_log_count(&state->log, VB_EV_SCAN_DATE), 0);
}

/* More files than are listed are told of in one event. */
static void test_many_dates(void **ret)
{
    struct state *state = *ret;
    for (int i = 0; i < 300; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%03d.js", i);
        scan_tree_text(state->tree, name, "new Date()");
    }
    scan_tree_scan(state->tree, state->rules, &vb_scan_default_limits, &state->log);
    assert_int_equal(scan_log_count(&state->log, VB_EV_SCAN_DATE), 257);
    assert_string_equal(state->log.events[state->log.count - 1].what, "many");
}

static void test_sink_failure(void **ret)
{
    struct state *state = *ret;
    struct vb_error err = {0};
    scan_tree_text(state->tree, "a", "needle");
    state->log.fail_at = 1;
    VB_CLEANUP_FD int dir = open(state->tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(
        vb_scan(dir, "", state->rules, &vb_scan_default_limits, &state->log.sink, &err), VB_E_IO);
    assert_non_null(strstr(err.message, "the sink is full"));
}

/* Rules see where they are: in a layer, in which sort of file. */
static void test_external_variables(void **ret)
{
    struct state *state = *ret;
    static const char text[] =
        "rule here {\n"
        "  meta: id = \"VB-TEST-HERE\" title = \"T\" description = \"D.\" severity = \"low\"\n"
        "    confidence = \"low\" mapping = \"CWE-1\"\n"
        "  strings: $a = \"needle\"\n"
        "  condition: $a and ((layer startswith \"base64@\" and path == \"d/a.MD\") or\n"
        "    (extension == \"md\" and kind == \"prose\" and filename == \"b.md\" and\n"
        "     filepath == path and layer == \"\"))\n"
        "}\n";
    struct vb_error err = {0};
    struct vb_rules *rules = NULL;
    char *dir = scan_tree_new();
    scan_tree_text(dir, "r.yar", text);
    assert_int_equal(vb_rules_load(dir, NULL, &rules, &err), 0);
    scan_tree_remove(dir);
    scan_tree_text(state->tree, "d/a.MD", "dGhlIG5lZWRsZSBpcyBpbiBoZXJlLCB5b3Ugc2Vl"); /* layer */
    scan_tree_text(state->tree, "b.md", "needle");
    scan_tree_text(state->tree, "c.md", "needle");
    scan_tree_text(state->tree, "b.py", "needle");
    scan_tree_scan(state->tree, rules, &vb_scan_default_limits, &state->log);
    assert_int_equal(scan_log_count(&state->log, VB_EV_SCAN_MATCH), 2);
    assert_string_equal(state->log.events[0].path, "b.md");
    vb_rules_free(rules);
}

/* A rule that takes for ever is coverage, and the next file is scanned all the same. */
static void test_timeout(void **ret)
{
    struct state *state = *ret;
    static const char text[] =
        "rule slow {\n"
        "  meta: id = \"VB-TEST-SLOW\" title = \"T\" description = \"D.\" severity = \"low\"\n"
        "    confidence = \"low\" mapping = \"CWE-1\"\n"
        "  condition: filename == \"slow.txt\" and\n"
        "    for all i in (1..900000000) : ( for all k in (1..900000000) : ( i + k > 0 ) )\n"
        "}\n"
        "rule quick {\n"
        "  meta: id = \"VB-TEST-QUICK\" title = \"T\" description = \"D.\" severity = \"low\"\n"
        "    confidence = \"low\" mapping = \"CWE-1\"\n"
        "  strings: $a = \"needle\"\n"
        "  condition: $a\n"
        "}\n";
    struct vb_error err = {0};
    struct vb_rules *rules = NULL;
    struct vb_scan_limits short_time = vb_scan_default_limits;
    short_time.file_timeout_s = 1;
    char *dir = scan_tree_new();
    scan_tree_text(dir, "r.yar", text);
    assert_int_equal(vb_rules_load(dir, NULL, &rules, &err), 0);
    scan_tree_remove(dir);
    scan_tree_text(state->tree, "slow.txt", "hay");
    scan_tree_text(state->tree, "then.txt", "needle");
    scan_tree_scan(state->tree, rules, &short_time, &state->log);
    const struct scan_event *event = scan_log_find(&state->log, VB_EV_COVERAGE, "timeout");
    assert_non_null(event);
    assert_string_equal(event->path, "slow.txt");
    const struct scan_event *match = scan_log_find(&state->log, VB_EV_SCAN_MATCH, "quick");
    assert_non_null(match);
    assert_string_equal(match->path, "then.txt");
    vb_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_match_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_excerpt, setup, teardown),
        cmocka_unit_test_setup_teardown(test_talked_of, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_talked_of, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nested_layers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shown_of_layers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_depth, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits_are_coverage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_odd_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unreadable, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order_and_prefix, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deep_tree, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sink_failure, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dates, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_dates, setup, teardown),
        cmocka_unit_test_setup_teardown(test_external_variables, setup, teardown),
        cmocka_unit_test_setup_teardown(test_timeout, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
