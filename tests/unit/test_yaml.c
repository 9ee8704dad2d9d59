/* The strict YAML reader refuses what could mean two things, or grow. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "vetbox/core.h"
#include "vetbox/core/yaml.h"

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
        cmocka_unit_test(test_yaml_tree),
        cmocka_unit_test(test_yaml_limits),
        cmocka_unit_test(test_yaml_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
