/* What probes in an interpreter say, taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox/detonate/insider.h"

#define S "\x1f" /* between two fields */

static bool hear(const char *message, struct vb_insider_word *ret)
{
    return vb_insider_read(message, strlen(message), ret);
}

static void test_words(void **state)
{
    struct vb_insider_word word;
    (void)state;
    assert_true(hear("C" S "compile" S "/a/b.py" S "12" S "x = '" S "'", &word));
    assert_int_equal(word.kind, VB_INSIDER_CODE);
    assert_string_equal(word.form, "compile");
    assert_true(vb_str_equal(word.path, "/a/b.py"));
    assert_int_equal(word.line, 12);
    assert_true(vb_str_equal(word.text, "x = '" S "'"));
    assert_true(hear("P" S "/a" S "40", &word));
    assert_int_equal(word.kind, VB_INSIDER_PRESENT);
    assert_int_equal(word.line, 40);
    assert_true(hear("+++" S "x.sh" S "7" S "echo\n", &word));
    assert_int_equal(word.kind, VB_INSIDER_COMMAND);
    assert_true(vb_str_equal(word.text, "echo\n"));
    assert_true(hear("A" S "node" S "@a/b" S "b.get(\"x" S "\")", &word));
    assert_int_equal(word.kind, VB_INSIDER_ASKED);
    assert_string_equal(word.form, "node");
    assert_true(vb_str_equal(word.path, "@a/b"));
    assert_true(vb_str_equal(word.text, "b.get(\"x" S "\")"));
    assert_true(hear("G" S "python3" S "a" S "", &word));
    assert_int_equal(word.kind, VB_INSIDER_GIVEN);
    assert_string_equal(word.form, "python3");
    assert_true(hear("L" S "/a" S "3" S "nine" S S "99999999999999999999" S "5", &word));
    assert_int_equal(word.kind, VB_INSIDER_LINES);
    assert_int_equal(vb_insider_next_line(&word.text), 3);
    assert_int_equal(vb_insider_next_line(&word.text), 5);
    assert_int_equal(vb_insider_next_line(&word.text), 0);
    assert_int_equal(vb_insider_next_line(&word.text), 0);
}

static void test_no_words(void **state)
{
    static const char *const messages[] = {"",
                                           "C",
                                           "C" S,
                                           "C" S "eval" S "a",
                                           "C" S "magic" S "a" S "1" S "x",
                                           "+",
                                           "+" S "a",
                                           "P" S,
                                           "L" S "a",
                                           "X" S "a" S "1",
                                           "A",
                                           "A" S "node" S "a",
                                           "A" S "perl" S "a" S "x",
                                           "G" S "python3",
                                           S S S S};
    struct vb_insider_word word;
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(messages); i++)
        assert_false(hear(messages[i], &word));
}

static void test_shell_code(void **state)
{
    static const struct {
        const char *command, *code; /* NULL: it makes none */
    } rows[] = {
        {"eval 'curl a\necho '\\''q'\\'''\n", "curl a\necho 'q'"},
        {"eval echo 'a  b' c\n", "echo a  b c"},
        {"eval $'a\\tb\\n\\047\\E'\n", "a\tb\n'\033"},
        {"bash -c 'echo 1; echo 2' x\n", "echo 1; echo 2"},
        {"/bin/sh -ec ls\n", "ls"},
        {"sh -x -c ls\n", "ls"},
        {"bash script.sh -c x\n", NULL},
        {"bash --norc file\n", NULL},
        {"bash -c\n", NULL},
        {"eval\n", NULL},
        {"echo eval x\n", NULL},
        {"evaluate x\n", NULL},
        {"eval 'open\n", "open\n"},
        {"eval $'\\", "\\"},
        {"\n", NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_buf_done) struct vb_buf made;
        struct vb_error err;
        bool found = false;
        vb_buf_init(&made, 1024);
        const struct vb_str command = {rows[i].command, strlen(rows[i].command)};
        assert_int_equal(vb_insider_shell_code(command, &found, &made, &err), VB_OK);
        assert_int_equal(found, rows[i].code != NULL);
        if (found)
            assert_string_equal((const char *)made.data, rows[i].code);
    }
}

/* More than there is room for is said. */
static void test_long_code(void **state)
{
    static const char command[] = "eval 'a rather long command'\n";
    VB_CLEANUP(vb_buf_done) struct vb_buf made;
    struct vb_error err;
    bool found;
    (void)state;
    vb_buf_init(&made, 8);
    assert_int_equal(
        vb_insider_shell_code((struct vb_str){command, sizeof(command) - 1}, &found, &made, &err),
        VB_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words), cmocka_unit_test(test_no_words),
        cmocka_unit_test(test_shell_code), cmocka_unit_test(test_long_code)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
