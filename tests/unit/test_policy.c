/* The policy file: what is built in is the file in rules/, mistakes are named with file and line,
 * and the strict YAML reader below it refuses what could mean two things. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "verdict/internal.h"
#include "vetbox/core/yaml.h"

#define DECIDE "decide: [{severity: critical, confidence: high, decision: block}]\n"

static int load(const char *text, struct vb_policy **ret, struct vb_error *err)
{
    char path[64];
    VB_CLEANUP_FD int fd = memfd_create("policy", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(vb_write_all(fd, text, strlen(text), err), VB_OK);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return vb_policy_load(path, ret, err);
}

static void test_default_is_the_file(void **state)
{
    (void)state;
    struct vb_error err = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf file;
    vb_buf_init(&file, 1024 * 1024);
    VB_CLEANUP_FD int fd = open(VB_SOURCE_DIR "/rules/policy.yaml", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(vb_buf_read_fd(&file, fd, &err), VB_OK);
    assert_int_equal(file.len, vb_default_policy_len);
    assert_memory_equal(file.data, vb_default_policy, file.len);
    struct vb_policy *policy = NULL;
    assert_int_equal(vb_policy_load(VB_SOURCE_DIR "/rules/policy.yaml", &policy, &err), VB_OK);
    assert_int_equal(vb_policy_coverage(policy)->static_only, VB_DECISION_REVIEW);
    vb_policy_free(policy);
}

static void test_mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message; /* part of it, with the line */
    } rows[] = {
        {"", ":1: the file is empty"},
        {"version: 2\n" DECIDE, ":1: this program understands"},
        {DECIDE, "the key version is missing"},
        {"version: 1\n", "the key decide is missing"},
        {"version: 1\n" DECIDE "extra: 1\n", ":3: unknown key \"extra\""},
        {"version: 1\n" DECIDE "decide: []\n", ":3: the key \"decide\" stands here twice"},
        {"version: 1\ndecide: {}\n", ":2: decide is a list"},
        {"version: 1\ndecide:\n  - {severity: hihg, confidence: low, decision: block}\n",
         ":3: a severity is"},
        {"version: 1\ndecide:\n  - {severity: high, confidence: low, decision: deny}\n",
         ":3: a decision is"},
        {"version: 1\ndecide:\n  - {severity: high, decision: block}\n",
         ":3: the key confidence is missing"},
        {"version: 1\n" DECIDE "findings: {vb-lower: block}\n", ":3: a finding id such as"},
        {"version: 1\n" DECIDE "findings: {VB-A*B: block}\n", ":3: a finding id such as"},
        {"version: 1\n" DECIDE "findings:\n  VB-A: [block]\n", ":4: a decision is"},
        {"version: 1\n" DECIDE "coverage: {unread: many}\n", ":3: a number was expected"},
        {"version: 1\n" DECIDE "coverage: {unread: -1}\n", ":3: a number was expected"},
        {"version: 1\n" DECIDE "coverage: {least_tools_percent: 101}\n",
         ":3: this number is too large"},
        {"version: 1\n" DECIDE "coverage: {timed_out_percent: 101}\n",
         ":3: this number is too large"},
        {"version: 1\n" DECIDE "exceptions:\n  - {finding: VB-AB, owner: a, reason: b}\n",
         ":4: the key expires is missing"},
        {"version: 1\n" DECIDE
         "exceptions:\n  - {finding: VB-AB, reason: b, expires: 2026-01-01}\n",
         ":4: the key owner is missing"},
        {"version: 1\n" DECIDE
         "exceptions:\n  - {finding: VB-AB, owner: a, reason: b, expires: 2026-02-29}\n",
         ":4: there is no such day"},
        {"version: 1\n" DECIDE
         "exceptions:\n  - {finding: VB-AB, owner: a, reason: b, expires: soon}\n",
         ":4: a date such as"},
        {"version: 1\n" DECIDE
         "exceptions:\n  - {finding: VB-AB, owner: '', reason: b, expires: 2026-01-01}\n",
         ":4: a text was expected"},
        {"version: &a 1\n", ":1: anchors are not accepted"},
        {"version: 1\nfindings: *a\n", ":2: "},
        {"version: !!int 1\n", ":1: tags are not accepted"},
        {"version: 1\n---\nversion: 1\n", ": a second document begins here"},
        {"version: [1\n", "policy"},
        {"- a\n", ":1: a map with the keys"},
        {"just text\n", ":1: a map with the keys"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_error err = {0};
        struct vb_policy *policy = NULL;
        const int status = load(rows[i].text, &policy, &err);
        if (status != VB_E_CONFIG || err.status != VB_E_CONFIG || policy != NULL)
            fail_msg("row %zu: status %d", i, status);
        const char *wanted = strcmp(rows[i].message, "policy") == 0 ? "/proc/" : rows[i].message;
        if (strstr(err.message, wanted) == NULL)
            fail_msg("row %zu: %s", i, err.message);
    }
}

static void test_missing_file(void **state)
{
    (void)state;
    struct vb_error err = {0};
    struct vb_policy *policy = NULL;
    assert_int_equal(vb_policy_load("/nonexistent/policy.yaml", &policy, &err), VB_E_NOINPUT);
    assert_non_null(strstr(err.message, "/nonexistent/policy.yaml"));
    assert_null(policy);
}

static enum vb_decision decided(const char *text, const struct vb_finding *finding, int64_t clock,
                                const char *reason)
{
    struct vb_error err = {0};
    struct vb_policy *policy = NULL;
    struct arena arena = {0};
    char *got = NULL;
    if (load(text, &policy, &err) < 0)
        fail_msg("%s", err.message);
    const enum vb_decision decision = vb_policy_decide(policy, finding, clock, &arena, &got);
    if (strstr(got, reason) == NULL)
        fail_msg("%s", got);
    vb_policy_free(policy);
    vb_arena_done(&arena);
    return decision;
}

static void test_rows_overrides_exceptions(void **state)
{
    (void)state;
    static const char policy[] =
        "version: 1\ndecide:\n  - {severity: critical, confidence: high, decision: block}\n"
        "  - {severity: high, confidence: medium, decision: review}\n"
        "findings:\n  VB-LOUD: allow\n  VB-NET-*: block\n"
        "exceptions:\n  - {finding: VB-SECRET-READ, path: 'scripts/*.sh', host: '*.corp.example',"
        " owner: sec, reason: agreed, expires: 2024-02-29}\n";
    enum { END = 1709251200 }; /* 2024-03-01 00:00:00 UTC */
    struct vb_finding finding = {
        .id = (char *)"VB-X", .severity = VB_SEVERITY_CRITICAL, .confidence = VB_CONFIDENCE_HIGH};
    assert_int_equal(decided(policy, &finding, 0, ":3: severity critical"), VB_DECISION_BLOCK);
    finding.confidence = VB_CONFIDENCE_MEDIUM;
    assert_int_equal(decided(policy, &finding, 0, ":4: severity high"), VB_DECISION_REVIEW);
    finding.severity = VB_SEVERITY_MEDIUM;
    assert_int_equal(decided(policy, &finding, 0, "no row"), VB_DECISION_ALLOW);
    finding.id = (char *)"VB-NET-UNDISCLOSED";
    assert_int_equal(decided(policy, &finding, 0, ":7: findings: VB-NET-*"), VB_DECISION_BLOCK);
    finding.id = (char *)"VB-LOUD";
    finding.severity = VB_SEVERITY_CRITICAL;
    finding.confidence = VB_CONFIDENCE_HIGH;
    assert_int_equal(decided(policy, &finding, 0, ":6: findings"), VB_DECISION_ALLOW);

    finding.id = (char *)"VB-SECRET-READ";
    assert_int_equal(decided(policy, &finding, END - 1, ":3:"), VB_DECISION_BLOCK);
    finding.path = (char *)"scripts/a.sh";
    finding.host = (char *)"x.corp.example";
    assert_int_equal(
        decided(policy, &finding, END - 1, "exception of sec until 2024-02-29: agreed"),
        VB_DECISION_ALLOW);
    assert_int_equal(decided(policy, &finding, END, "the exception of sec expired on 2024-02-29"),
                     VB_DECISION_BLOCK);
    finding.path = (char *)"scripts/deep/a.sh";
    assert_int_equal(decided(policy, &finding, END - 1, ":3:"), VB_DECISION_BLOCK);
    finding.path = (char *)"scripts/a.sh";
    finding.host = NULL;
    assert_int_equal(decided(policy, &finding, END - 1, ":3:"), VB_DECISION_BLOCK);
}

/* --- the YAML reader --- */

static int parse(const char *text, const struct vb_yaml_limits *limits, struct vb_yaml **ret,
                 struct vb_error *err)
{
    return vb_yaml_parse("t.yaml", text, strlen(text), limits, ret, err);
}

static void test_yaml_tree(void **state)
{
    (void)state;
    struct vb_error err = {0};
    struct vb_yaml *yaml = NULL;
    assert_int_equal(
        parse("a: 'x'\nb:\n  - 1\n  - {c: d}\ne: |\n  two\n  lines\nf:\n", NULL, &yaml, &err),
        VB_OK);
    const struct vb_yaml_node *root = vb_yaml_root(yaml), *b = vb_yaml_get(root, "b");
    assert_int_equal(root->count, 4);
    assert_true(vb_yaml_get(root, "a")->quoted);
    assert_int_equal(b->kind, VB_YAML_LIST);
    assert_int_equal(b->items[0]->line, 3);
    assert_false(b->items[0]->quoted);
    assert_string_equal(vb_yaml_get(b->items[1], "c")->text, "d");
    assert_string_equal(vb_yaml_get(root, "e")->text, "two\nlines\n");
    assert_string_equal(vb_yaml_get(root, "f")->text, "");
    assert_null(vb_yaml_get(root, "g"));
    assert_null(vb_yaml_get(b, "g"));
    vb_yaml_free(yaml);
}

static void test_yaml_limits(void **state)
{
    (void)state;
    static const struct vb_yaml_limits small = {.bytes = 64, .depth = 3, .nodes = 8};
    static const char *const bad[] = {
        "[[[[]]]]",
        "[1,2,3,4,5,6,7,8,9]",
        "a: 0123456789012345678901234567890123456789012345678901234567890123456789",
        "{[a]: b}",
        "? {a: b}\n: c\n",
        "<<: {a: b}",
        "\xff",
        "a: \"\\0\"",
        "%TAG ! tag:x,2000:\n--- a\n",
        "*x",
        "a: b: c",
        "\t- x",
        "{a",
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(bad); i++) {
        struct vb_error err = {0};
        struct vb_yaml *yaml = NULL;
        if (parse(bad[i], &small, &yaml, &err) != VB_E_DATA)
            fail_msg("row %zu was accepted: %s", i, err.message);
        if (strncmp(err.message, "t.yaml:", 7) != 0)
            fail_msg("row %zu: %s", i, err.message);
        assert_null(yaml);
    }
    struct vb_error err = {0};
    struct vb_yaml *yaml = NULL;
    assert_int_equal(parse("[[[]]]", &small, &yaml, &err), VB_OK);
    vb_yaml_free(yaml);
}

/* 100 KB of '[' took a document loader 20 seconds; the depth limit must end it at once. */
static void test_yaml_deep(void **state)
{
    (void)state;
    enum { LENGTH = 100000 };
    VB_CLEANUP_FREE char *text = malloc(LENGTH + 1);
    assert_non_null(text);
    memset(text, '[', LENGTH);
    text[LENGTH] = '\0';
    struct vb_error err = {0};
    struct vb_yaml *yaml = NULL;
    const uint64_t start = vb_monotonic_ns();
    assert_int_equal(parse(text, NULL, &yaml, &err), VB_E_DATA);
    assert_true(vb_monotonic_ns() - start < 5000000000u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_is_the_file),
        cmocka_unit_test(test_mistakes_are_named),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_rows_overrides_exceptions),
        cmocka_unit_test(test_yaml_tree),
        cmocka_unit_test(test_yaml_limits),
        cmocka_unit_test(test_yaml_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
