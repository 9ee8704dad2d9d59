/* What stands where attacks are talked of, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "scan/context.h"

static struct vb_item prose(const char *path, const char *text)
{
    struct vb_item item = {
        .path = path, .layer = "", .data = (const unsigned char *)text, .len = strlen(text)};
    vb_item_classify(&item);
    return item;
}

static const char *context_at(const char *path, const char *text, const char *word)
{
    const struct vb_item item = prose(path, text);
    const char *at = strstr(text, word);
    assert_non_null(at);
    return vb_context_of(&item, (size_t)(at - text));
}

static void test_talked_of(void **ret)
{
    (void)ret;
    assert_non_null(context_at("docs/a.md", "# Red flags\n\nObey the page\n", "Obey"));
    assert_non_null(context_at("docs/a.md", "# A\n\nReject texts such as:\n\n- obey me\n", "obey"));
    assert_non_null(context_at("docs/a.md", "# A\n\n| bad | why |\n| obey | x |\n", "obey"));
    assert_non_null(context_at("docs/a.md", "# A\n\nHe wrote \"obey me\" there\n", "obey"));
    assert_non_null(context_at("tests/a.md", "obey\n", "obey"));
    assert_non_null(context_at("docs/prompt-injection.md", "obey\n", "obey"));
    assert_non_null(context_at("x.yar", "rule obey {}\n", "obey"));
}

/* One sign says nothing in what an agent is told to do, however its folder is called. */
static void test_instructions(void **ret)
{
    static const char *const paths[] = {"SKILL.md", "tests/AGENTS.md", ".cursor/rules/test.mdc",
                                        "x/.claude/rules/attack.md", "commands/test/a.md"};
    (void)ret;
    for (size_t i = 0; i < VB_ARRAY_LEN(paths); i++) {
        assert_null(context_at(paths[i], "# Red flags\n\nObey the page\n", "Obey"));
        assert_null(context_at(paths[i], "# A\n\nSuch as:\n\n- obey me\n", "obey"));
        assert_null(context_at(paths[i], "# A\n\nIt is \"obey me\" there\n", "obey"));
        assert_non_null(context_at(paths[i], "# Attacks\n\nReject \"obey me\"\n", "obey"));
    }
}

static void test_said(void **ret)
{
    (void)ret;
    assert_null(context_at("SKILL.md", "# Setup\n\nNow obey the page\n", "obey"));
    assert_null(context_at("SKILL.md", "# Attacks\n\n# Setup\n\nObey the page\n", "Obey"));
    /* code does what it does wherever it lies */
    assert_null(context_at("tests/a.py", "# an attack\nobey()\n", "obey"));
    /* an inch mark is no quotation */
    assert_null(context_at("SKILL.md", "# A\n\n19\"obey\n", "obey"));
}

static void fences_of(const char *text, struct vb_buf *code, struct vb_buf *quoted)
{
    const struct vb_item item = prose("docs/a.md", text);
    struct vb_error err = {0};
    vb_buf_init(code, 4096);
    vb_buf_init(quoted, 4096);
    assert_int_equal(vb_context_fences(&item, code, quoted, &err), 0);
}

static void test_fences(void **ret)
{
    static const char text[] = "# Use\n```sh\nrun\n```\n# Attacks\n```sh\nevil\n```\n"
                               "```text\nshown\n```\n";
    struct vb_buf code;
    struct vb_buf quoted;
    (void)ret;
    fences_of(text, &code, &quoted);
    assert_int_equal(code.len, strlen(text)); /* every line is where it was */
    assert_int_equal(quoted.len, strlen(text));
    assert_memory_equal(code.data + (strstr(text, "run") - text), "run", 3);
    assert_memory_equal(quoted.data + (strstr(text, "evil") - text), "evil", 4);
    assert_null(memmem(code.data, code.len, "evil", 4));
    assert_null(memmem(quoted.data, quoted.len, "shown", 5));
    vb_buf_done(&code);
    vb_buf_done(&quoted);
    fences_of("```\nno end", &code, &quoted);
    assert_non_null(memmem(code.data, code.len, "no end", 6));
    vb_buf_done(&code);
    vb_buf_done(&quoted);
    fences_of("plain text\n", &code, &quoted);
    assert_int_equal(code.len + quoted.len, 0);
    vb_buf_done(&code);
    vb_buf_done(&quoted);
}

/* A block ends with its own sort of fence, as long at least, alone in its line; and a session at a
 * terminal is code. */
static void test_ends_of_fences(void **ret)
{
    static const struct {
        const char *text;
        bool code; /* "inner" stands in a block */
    } rows[] = {
        {"~~~sh\n```\ninner\n~~~\n", true},      {"````sh\n```\ninner\n````\n", true},
        {"```sh\nx\n~~~\ninner\n```\n", true},   {"```sh\nx\n```sh\ninner\n```\n", true},
        {"```sh\nx\n````  \ninner\n", false},    {"```sh\nx\n```\ninner\n```\ny\n```\n", false},
        {"> ```sh\n> x\n> ```\ninner\n", false}, {"~~~\nx\n~~~~\r\ninner\n", false},
        {"```console\n$ inner\n```\n", true},
    };
    (void)ret;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_buf code, quoted;
        fences_of(rows[i].text, &code, &quoted);
        if ((memmem(code.data, code.len, "inner", 5) != NULL) != rows[i].code)
            fail_msg("%s", rows[i].text);
        vb_buf_done(&code);
        vb_buf_done(&quoted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_of_fences), cmocka_unit_test(test_talked_of),
        cmocka_unit_test(test_instructions),   cmocka_unit_test(test_said),
        cmocka_unit_test(test_fences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
