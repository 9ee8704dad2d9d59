/* What stands where attacks are talked of, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

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

static void fences_of(const char *text, struct vb_context_views *views)
{
    const struct vb_item item = prose("docs/a.md", text);
    struct vb_error err = {0};
    vb_buf_init(&views->code, 4 << 20);
    vb_buf_init(&views->quoted, 4 << 20);
    assert_int_equal(vb_context_fences(&item, views, &err), 0);
}

static void views_done(struct vb_context_views *views)
{
    vb_buf_done(&views->code);
    vb_buf_done(&views->quoted);
}

static bool shows(const struct vb_buf *view, const char *word)
{
    return view->len > 0 && memmem(view->data, view->len, word, strlen(word)) != NULL;
}

static void test_fences(void **ret)
{
    static const char text[] = "# Use\n```sh\nrun\n```\n# Attacks\n```sh\nevil\n```\n"
                               "```text\nshown\n```\n";
    struct vb_context_views views;
    (void)ret;
    fences_of(text, &views);
    assert_int_equal(views.code.len, strlen(text)); /* every line is where it was */
    assert_int_equal(views.quoted.len, strlen(text));
    assert_memory_equal(views.code.data + (strstr(text, "run") - text), "run", 3);
    assert_memory_equal(views.quoted.data + (strstr(text, "evil") - text), "evil", 4);
    assert_false(shows(&views.code, "evil"));
    assert_false(shows(&views.quoted, "shown"));
    views_done(&views);
    fences_of("```\nno end", &views);
    assert_true(shows(&views.code, "no end"));
    views_done(&views);
    fences_of("plain text\n", &views);
    assert_int_equal(views.code.len + views.quoted.len, 0);
    views_done(&views);
}

/* A block ends with the mark that began it, at least as long and with nothing behind it. */
static void test_marks_of_fences(void **ret)
{
    static const struct {
        const char *text;
        const char *code;    /* stands in a block */
        const char *outside; /* does not */
    } rows[] = {
        {"~~~sh\n```\nrun\n~~~\nafter\n", "run", "after"},
        {"```sh\n~~~\nrun\n```\nafter\n", "run", "after"},
        {"````sh\n```\nrun\n````\nafter\n", "run", "after"},
        {"```sh\n```text\nrun\n```\nafter\n", "run", "after"},
        {"```sh\nrun\n`````\nafter\n", "run", "after"},
        {"```one``` line\n```sh\nrun\n```\nafter\n", "run", "after"},
        {"> ```sh\n> run\n> ```\nafter\n", "run", "after"},
    };
    (void)ret;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_context_views views;
        fences_of(rows[i].text, &views);
        if (!shows(&views.code, rows[i].code) || shows(&views.code, rows[i].outside))
            fail_msg("%s", rows[i].text);
        views_done(&views);
    }
    /* and what stands above is seen across a block that shows the other mark */
    assert_non_null(context_at("docs/a.md", "# Attacks\n```\n~~~\n```\n\nobey\n", "obey"));
    /* … and across one that has no end */
    assert_non_null(
        context_at("docs/a.md", "# Attacks\n```text\nx\n```sh\ny\n```\n\nobey\n", "obey"));
    assert_non_null(context_at("docs/a.md", "# Attacks\n> ```\n> x\n\nobey\n", "obey"));
}

/* Twice as many fences take twice as many steps, and not four times as many. */
static void test_many_fences(void **ret)
{
    enum { FENCES = 100000, STEPS_EACH = 4096 };
    static const char *const blocks[] = {"```\n", "```sh\nrun\n```\n", "~~~\n```\n"};
    (void)ret;
    for (size_t i = 0; i < VB_ARRAY_LEN(blocks); i++) {
        const size_t size = strlen(blocks[i]);
        char *text = malloc(FENCES * size + 1);
        assert_non_null(text);
        size_t steps[2];
        for (size_t twice = 0; twice < 2; twice++) {
            const size_t count = twice ? FENCES : FENCES / 2;
            for (size_t k = 0; k < count; k++)
                memcpy(text + k * size, blocks[i], size);
            text[count * size] = '\0';
            struct vb_context_views views;
            fences_of(text, &views);
            steps[twice] = views.steps;
            views_done(&views);
        }
        free(text);
        assert_in_range(steps[1], FENCES, 40 * FENCES * size);
        assert_in_range(steps[1], steps[0], 2 * steps[0] + STEPS_EACH);
    }
}

/* A line without an end is not read anew for each place in it. */
static void test_long_line(void **ret)
{
    enum { LONG = 8 << 20, LOOKS = 1000, SECONDS = 4 };
    static const char end[] = "Reject, e.g. \"obey\" here";
    char *text = malloc(LONG + sizeof(end));
    (void)ret;
    assert_non_null(text);
    memset(text, 'x', LONG);
    memcpy(text + LONG, end, sizeof(end));
    const struct vb_item item = prose("docs/a.md", text);
    const clock_t began = clock();
    for (int i = 0; i < LOOKS; i++)
        assert_non_null(vb_context_of(&item, LONG + 14));
    assert_true(clock() - began < (clock_t)SECONDS * CLOCKS_PER_SEC);
    free(text);
}

/* A block ends with its own sort of fence, as long at least, alone in its line; and a session at a
 * terminal is code. */
static void test_ends_of_fences(void **ret)
{
    static const struct {
        const char *text;
        bool code; /* "inner" stands in a block */
    } rows[] = {
        {"~~~sh\n```\ninner\n~~~\n", true},
        {"````sh\n```\ninner\n````\n", true},
        {"```sh\nx\n~~~\ninner\n```\n", true},
        {"```sh\nx\n```sh\ninner\n```\n", true},
        {"```sh\nx\n````  \ninner\n", false},
        {"```sh\nx\n```\ninner\n```\ny\n```\n", false},
        {"> ```sh\n> x\n> ```\ninner\n", false},
        {"~~~\nx\n~~~~\r\ninner\n", false},
        {"```console\n$ inner\n```\n", true},
        /* in lists and quotations, and where an end was left out */
        {"1. ```sh\n   inner\n   ```\n", true},
        {"- a\n* > ```sh\n  > inner\n", true},
        {"1. ```sh\n   x\n   ```\n\ninner\n", false},
        {"1.```sh\n\ninner\n", false},
        {"> ```text\n> x\n\n```sh\ninner\n```\n", true},
        {"> ```text\n> x\n\n```\ninner\n```\n", true},
        {"> ```sh\n> x\n\ninner\n", false},
        {"- x\n  ```text\n  x\n\n```sh\ninner\n```\n", true},
        {"```text\n```sh\ninner\n```\n", true},
        {"```text\n~~~sh\ninner\n~~~\n```\n", false},
        {"```sh\n```text\ninner\n```\n", true},
        {"```sh\n> ```\ninner\n```\n", true},
        {"```sh\n- ```\ninner\n```\n", true},
    };
    (void)ret;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_context_views views;
        fences_of(rows[i].text, &views);
        if (shows(&views.code, "inner") != rows[i].code)
            fail_msg("%s", rows[i].text);
        views_done(&views);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_of_fences), cmocka_unit_test(test_talked_of),
        cmocka_unit_test(test_instructions),   cmocka_unit_test(test_said),
        cmocka_unit_test(test_fences),         cmocka_unit_test(test_marks_of_fences),
        cmocka_unit_test(test_many_fences),    cmocka_unit_test(test_long_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
