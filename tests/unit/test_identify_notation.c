/* The three small readers: what they take, what they note, what they refuse. */
#include "identify_helper.h"

#include "identify/internal.h"

typedef json_t *(*reader)(const char *text, size_t len, struct vb_id_notes *notes);

/* TEXT read and written again as compact JSON, "" if refused. */
static char *written(reader read, const char *text, struct vb_id_notes *notes)
{
    json_t *value = read(text, strlen(text), notes);
    char *out = value == NULL ? strdup("") : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_non_null(out);
    json_decref(value);
    return out;
}

static void check(reader read, const char *text, const char *want)
{
    struct vb_id_notes notes = {0};
    VB_CLEANUP_FREE char *out = written(read, text, &notes);
    if (strcmp(out, want) != 0)
        fail_msg("%s\nread as %s\nand not as %s (%s)", text, out, want,
                 notes.broken == NULL ? "no complaint" : notes.broken);
    if (want[0] == '\0' && notes.broken == NULL)
        fail_msg("refused without a reason: %s", text);
}

static void json5(VB_UNUSED void **state)
{
    static const char *const rows[][2] = {
        {"{}", "{}"},
        {"{a: 1, 'b': \"two\", \"c\": [true, false, null,],}",
         "{\"a\":1,\"b\":\"two\",\"c\":[true,false,null]}"},
        {"// x\n{/* y */a: -2.5}", "{\"a\":-2.5}"},
        {"[\"\\u00e4\\ud83d\\ude00\\x41\\n\"]", "[\"\303\244\360\237\230\200A\\n\"]"},
        {"{a: 1, a: 2}", "{\"a\":2}"},
        {"\"a\\u0000b\"", "\"a\357\277\275b\""},
        {"", ""},
        {"{", ""},
        {"{a", ""},
        {"{a:", ""},
        {"[1 2]", ""},
        {"[1] x", ""},
        {"\"open", ""},
        {"\"\\u12", ""},
        {"/* open", ""},
        {"word", ""},
        {"\"\xff\"", ""},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        check(vb_id_json5, rows[i][0], rows[i][1]);
}

static void json5_notes(VB_UNUSED void **state)
{
    struct vb_id_notes notes = {0};
    free(written(vb_id_json5, "{\n\"a\": 1,\n\"a\": 2}", &notes));
    assert_string_equal(notes.duplicate, "a");
    assert_int_equal(notes.line, 3);
    assert_false(notes.lenient);
    free(written(vb_id_json5, "{a: 1}", &notes));
    assert_true(notes.lenient);
    free(written(vb_id_json5, "{\"a\": [1, 2]}", &notes));
    assert_false(notes.lenient);
}

static void toml(VB_UNUSED void **state)
{
    static const char *const rows[][2] = {
        {"a = 1\nb = \"x\\ty\"\nc = 'C:\\x'\n", "{\"a\":\"1\",\"b\":\"x\\ty\",\"c\":\"C:\\\\x\"}"},
        {"a = [1,\n 2, # two\n]\nb = {c = 1, \"d e\" = [true]}",
         "{\"a\":[\"1\",\"2\"],\"b\":{\"c\":\"1\",\"d e\":[\"true\"]}}"},
        {"[x.y]\nz.w = 1\n[[l]]\na = 1\n[[l]]\na = 2\n",
         "{\"x\":{\"y\":{\"z\":{\"w\":\"1\"}}},\"l\":[{\"a\":\"1\"},{\"a\":\"2\"}]}"},
        {"s = \"\"\"\nline\nit's \\\n   on\"\"\"\nt = '''\nraw\\n'''",
         "{\"s\":\"line\\nit's on\",\"t\":\"raw\\\\n\"}"},
        {"d = 2026-01-01 # day\r\n\r\ne = \"\\u00e4\"\r\n",
         "{\"d\":\"2026-01-01\",\"e\":\"\303\244\"}"},
        {"\"\" = 1\n", "{\"\":\"1\"}"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        check(vb_id_toml, rows[i][0], rows[i][1]);
}

/* A broken line loses itself and nothing else. */
static void toml_goes_on(VB_UNUSED void **state)
{
    static const char *const rows[][2] = {
        {"= 1\nb = 2\n", "{\"b\":\"2\"}"},
        {"a = \"open\nb = 2\n", "{\"b\":\"2\"}"},
        {"[open\nb = 2\n", "{\"b\":\"2\"}"},
        {"a\nb = 2\n", "{\"b\":\"2\"}"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_id_notes notes = {0};
        VB_CLEANUP_FREE char *out = written(vb_id_toml, rows[i][0], &notes);
        assert_string_equal(out, rows[i][1]);
        assert_non_null(notes.broken);
        assert_int_equal(notes.line, 1);
    }
}

static void yaml(VB_UNUSED void **state)
{
    static const char *const rows[][2] = {
        {"a: 1\nb: [x, 'y']\nc:\n  d: ~\n",
         "{\"a\":\"1\",\"b\":[\"x\",\"y\"],\"c\":{\"d\":\"~\"}}"},
        {"a: |\n  x\n  y\n", "{\"a\":\"x\\ny\\n\"}"},
        {"a: 1\na: 2\n", "{\"a\":\"2\"}"},
        {"{[x]: 1}", ""},
        {"a: \"\\0\"\n", ""},
        {"a: b: c\n", ""},
        {"a: \xff\n", ""},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        check(vb_id_yaml, rows[i][0], rows[i][1]);
}

/* 64 levels are read, 65 are refused, by all three. */
static void depth(VB_UNUSED void **state)
{
    static const reader readers[] = {vb_id_json5, vb_id_toml, vb_id_yaml};
    static const char *const heads[] = {"", "a = ", ""};
    for (size_t r = 0; r < VB_ARRAY_LEN(readers); r++) {
        for (size_t levels = VB_ID_DEPTH_MAX; levels <= VB_ID_DEPTH_MAX + 1; levels++) {
            char text[512];
            const size_t head = strlen(heads[r]);
            memcpy(text, heads[r], head);
            memset(text + head, '[', levels);
            memset(text + head + levels, ']', levels);
            text[head + 2 * levels] = '\0';
            struct vb_id_notes notes = {0};
            free(written(readers[r], text, &notes));
            assert_int_equal(notes.broken != NULL, levels > VB_ID_DEPTH_MAX);
            assert_int_equal(notes.depth, levels > VB_ID_DEPTH_MAX);
        }
    }
}

/* Every beginning of a text that uses everything: no crash, no endless loop. */
static void cut_anywhere(VB_UNUSED void **state)
{
    static const struct {
        reader read;
        const char *text;
    } rows[] = {
        {vb_id_json5,
         "{/*c*/a: 'x\\u00e4\\ud83d\\ude00', \"b\": [1, -2.5e3, true,], // e\n c: {}}"},
        {vb_id_toml,
         "# c\n[a.\"b c\"]\nd.e = \"\"\"x\\u00e4\\\n y\"\"\"\n[[f]]\ng = {h = [1, 'i',\n "
         "'''j'''], k = 2}\n"},
        {vb_id_yaml, "a: &x [b, {c: *x}]\nd: !!str |\n  e\n---\nf: \"\\u00e4\"\n"},
    };
    for (size_t r = 0; r < VB_ARRAY_LEN(rows); r++) {
        for (size_t len = 0; len <= strlen(rows[r].text); len++) {
            struct vb_id_notes notes = {0};
            /* An exact copy, so that reading past its end is seen. */
            VB_CLEANUP_FREE char *copy = malloc(len + (len == 0));
            assert_non_null(copy);
            memcpy(copy, rows[r].text, len);
            json_decref(rows[r].read(copy, len, &notes));
            assert_false(notes.nomem);
        }
    }
}

static void clean_paths(VB_UNUSED void **state)
{
    static const struct {
        const char *from, *to; /* NULL: refused */
    } rows[] = {
        {"./a/b.js", "a/b.js"}, {"a//./b/", "a/b"},     {"a/../b", "b"},  {"a/b/../../c", "c"},
        {"..", NULL},           {"a/../../b", NULL},    {"/etc/x", NULL}, {"", NULL},
        {"./", NULL},           {"a\\..\\..\\b", NULL}, {"...", "..."},
    };
    char path[VB_ID_PATH_MAX];
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const bool good = vb_id_clean_path(path, rows[i].from);
        if (good != (rows[i].to != NULL) || (good && strcmp(path, rows[i].to) != 0))
            fail_msg("\"%s\" became %s", rows[i].from, good ? path : "nothing");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json5),        cmocka_unit_test(json5_notes), cmocka_unit_test(toml),
        cmocka_unit_test(toml_goes_on), cmocka_unit_test(yaml),        cmocka_unit_test(depth),
        cmocka_unit_test(cut_anywhere), cmocka_unit_test(clean_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
