/* wants: what installers in code ask for, however long the command is. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

#include "cli/wants.h"

static struct vb_wants *wants_of(char *code)
{
    char interpreter[] = "sh";
    struct vb_manifest_code row = {
        .interpreter = interpreter, .text = code, .text_len = strlen(code)};
    const struct vb_manifest manifest = {.codes = &row, .code_count = 1};
    struct vb_wants *wants = calloc(1, sizeof(*wants));
    struct vb_error err;
    assert_non_null(wants);
    assert_int_equal(vb_wants_gather(&manifest, wants, &err), VB_OK);
    return wants;
}

static void free_wants(struct vb_wants *wants)
{
    vb_wants_done(wants);
    free(wants);
}

static bool has(const struct vb_wants *wants, enum vb_index index, const char *name)
{
    for (size_t i = 0; i < wants->count; i++) {
        if (wants->all[i].index == index && strcmp(wants->all[i].name, name) == 0)
            return true;
    }
    return false;
}

static void test_installers(void **state)
{
    static const struct {
        const char *code;
        enum vb_index index;
        const char *names[3];
        size_t count;
    } rows[] = {
        {"sudo pip3 install 'a>=1' b # c", VB_INDEX_PYPI, {"a>=1", "b"}, 2},
        {"cd x && npm i left @a/b@2; npx -p c d", VB_INDEX_NPM, {"left", "@a/b", "c"}, 3},
        {"pip install -r requirements.txt .", VB_INDEX_PYPI, {NULL}, 0},
        {"pip install \"a", VB_INDEX_PYPI, {"a"}, 1},
        {"uv run --with a x.py b", VB_INDEX_PYPI, {"a"}, 1},
        {"echo 'npm install a'", VB_INDEX_NPM, {NULL}, 0},
        {" \t", VB_INDEX_NPM, {NULL}, 0},
        {"", VB_INDEX_NPM, {NULL}, 0},
    };
    char code[128];
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        snprintf(code, sizeof(code), "%s", rows[i].code);
        struct vb_wants *wants = wants_of(code);
        assert_int_equal(wants->count, rows[i].count);
        for (size_t n = 0; n < rows[i].count; n++) {
            if (!has(wants, rows[i].index, rows[i].names[n]))
                fail_msg("%s: %s", rows[i].code, rows[i].names[n]);
        }
        free_wants(wants);
    }
}

/* What stands behind a command of many words, or behind a long one, is seen. */
static void test_long_commands(void **state)
{
    enum { NAMES = 300, LONG_BYTES = 8192 };
    char code[NAMES * 8 + 64] = "pip install", name[16];
    char *word = malloc(LONG_BYTES + 64);
    (void)state;
    assert_non_null(word);
    for (int i = 0; i < NAMES; i++)
        snprintf(code + strlen(code), sizeof(code) - strlen(code), " p%d", i);
    snprintf(code + strlen(code), sizeof(code) - strlen(code), "\nnpm install behind\n");
    struct vb_wants *wants = wants_of(code);
    assert_int_equal(wants->count, NAMES + 1);
    snprintf(name, sizeof(name), "p%d", NAMES - 1);
    assert_true(has(wants, VB_INDEX_PYPI, name));
    assert_true(has(wants, VB_INDEX_NPM, "behind"));
    free_wants(wants);

    memset(word, 'x', LONG_BYTES);
    snprintf(word + LONG_BYTES, 64, " pip install a; npm install b");
    wants = wants_of(word);
    assert_int_equal(wants->count, 2);
    free_wants(wants);
    free(word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_installers),
        cmocka_unit_test(test_long_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
