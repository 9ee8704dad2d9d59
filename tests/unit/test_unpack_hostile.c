/* Every trick of the trade: each gives its code, nothing is extracted, honest neighbours are. */
#include "unpack_maker.h"

#include <string.h>

/* --- names --- */

struct name_row {
    const char *code;
    const char *name;
    size_t len; /* strlen if 0 */
};

#define LONG_50 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghij"

static const struct name_row name_rows[] = {
    {"path-traversal", "../evil", 0},
    {"path-traversal", "a/../../evil", 0},
    {"path-traversal", "a/..", 0},
    {"path-traversal", "..", 0},
    {"path-traversal", "..\\..\\evil", 0},
    {"path-traversal", "a\\../evil", 0},
    {"path-absolute", "/etc/cron.d/evil", 0},
    {"path-absolute", "//evil", 0},
    {"path-absolute", "\\\\?\\C:\\evil", 0},
    {"path-backslash", "a\\evil.txt", 0},
    {"path-invalid", "C:/evil", 0},
    {"path-invalid", "c:evil", 0},
    {"path-invalid", "safe.md\0.sh", 11},
    {"path-invalid", "new\nline", 0},
    {"path-invalid", "esc\x1b[2J", 0},
    {"path-invalid", "del\x7f", 0},
    {"path-invalid", "\xff\xfe", 0},
    {"path-invalid", "over\xc0\xaelong", 0},
    {"path-invalid", "half\xed\xa0\x80surrogate", 0},
    {"path-invalid", LONG_50 LONG_50 LONG_50 LONG_50 LONG_50 "123456", 0},
    {"limit-depth", "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", 0},
};

static void test_names_in_zip(void **state)
{
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(name_rows); i++) {
        const struct zip_member members[] = {
            {.name = name_rows[i].name, .name_len = name_rows[i].len, .data = "evil"},
            {.name = "good", .data = "good"},
        };
        struct bytes b = make_zip(members, 2, NULL, NULL);
        struct run run;

        run_unpack(&run, &b, "x.zip", NULL);
        assert_int_equal(run.status, 0);
        assert_hostile(&run, name_rows[i].code, NULL);
        /* A NUL is a name that is invalid, and one that readers end in two places. */
        assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, NULL, NULL),
                         name_rows[i].len != 0 ? 2 : 1);
        assert_int_equal(run_files(&run), 1);
        assert_content(&run, "good", "good", 4);
        run_done(&run);
        bytes_done(&b);
    }
}

static void test_names_in_tar(void **state)
{
    static const int formats[] = {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FORMAT_TAR_PAX_RESTRICTED,
                                  ARCHIVE_FORMAT_TAR_GNUTAR};

    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(name_rows) * VB_ARRAY_LEN(formats); i++) {
        const struct name_row *const row = &name_rows[i / VB_ARRAY_LEN(formats)];
        const int format = formats[i % VB_ARRAY_LEN(formats)];
        const struct member members[] = {
            {.name = row->name, .data = "evil", .len = 4},
            {.name = "good", .data = "good", .len = 4},
        };
        struct bytes b;
        struct run run;

        /* A tar's names end at a NUL, and ustar holds no long components. */
        if (row->len != 0 || (format == ARCHIVE_FORMAT_TAR_USTAR && strlen(row->name) > 100))
            continue;
        b = make_archive(format, ARCHIVE_FILTER_NONE, members, 2);
        run_unpack(&run, &b, "x.tar", NULL);
        assert_int_equal(run.status, 0);
        assert_hostile(&run, row->code, NULL);
        assert_int_equal(run_files(&run), 1);
        assert_content(&run, "good", "good", 4);
        run_done(&run);
        bytes_done(&b);
    }
}

/* --- kinds of entries --- */

static void check_tar(const struct member *members, size_t count, const char *code,
                      const char *path, size_t files)
{
    struct bytes b = make_tar(members, count);
    struct run run;

    run_unpack(&run, &b, "x.tar", NULL);
    if (run.status != 0)
        fail_msg("%s: %s", code, run.err.message);
    assert_hostile(&run, code, path);
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, NULL, NULL), 1);
    assert_int_equal(run_files(&run), files);
    run_done(&run);
    bytes_done(&b);
}

static void test_special_files(void **state)
{
    static const struct {
        const char *code;
        unsigned type;
    } rows[] = {{"device", AE_IFCHR}, {"device", AE_IFBLK}, {"fifo", AE_IFIFO}};

    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct member members[] = {{.name = "special", .type = rows[i].type},
                                         {.name = "good", .data = "x", .len = 1}};

        check_tar(members, 2, rows[i].code, "special", 1);
    }
}

/* A tar has no sockets; a zip's mode can say so. (A FIFO's mode is what some honest writers give
 * every file: libarchive reads it as a regular one.) */
static void test_zip_types(void **state)
{
    static const struct {
        const char *code;
        uint32_t mode;
    } rows[] = {{"socket", 0140644}, {"device", 0020644}, {"device", 0060644}};

    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct zip_member members[] = {{.name = "special", .mode = rows[i].mode, .data = "d"},
                                             {.name = "good", .data = "x"}};
        struct bytes b = make_zip(members, 2, NULL, NULL);
        struct run run;

        run_unpack(&run, &b, "x.zip", NULL);
        assert_int_equal(run.status, 0);
        assert_hostile(&run, rows[i].code, "special");
        assert_int_equal(run_files(&run), 1);
        run_done(&run);
        bytes_done(&b);
    }
}

static void test_symlinks(void **state)
{
    static const struct {
        const char *code;
        const char *name;
        const char *target;
    } rows[] = {
        {"symlink", "link", "good"},
        {"symlink", "a/b/link", "../../good"},
        {"symlink", "a/link", "b/../../good"},
        {"symlink-escape", "link", "../outside"},
        {"symlink-escape", "a/b/link", "../../../outside"},
        {"symlink-escape", "link", "/etc/passwd"},
        {"symlink-escape", "link", "a/../../a"},
        {"symlink-escape", "link", "..\\outside"},
    };

    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct member members[] = {
            {.name = "good", .data = "x", .len = 1},
            {.name = rows[i].name, .type = AE_IFLNK, .target = rows[i].target}};
        const struct zip_member in_zip[] = {
            {.name = "good", .data = "x"},
            {.name = rows[i].name, .mode = 0120777, .data = rows[i].target}};
        struct bytes b = make_zip(in_zip, 2, NULL, NULL);
        struct run run;

        check_tar(members, 2, rows[i].code, rows[i].name, 1);
        run_unpack(&run, &b, "x.zip", NULL);
        assert_hostile(&run, rows[i].code, rows[i].name);
        assert_int_equal(run_files(&run), 1);
        run_done(&run);
        bytes_done(&b);
    }
}

/* The classic in two steps: a link out, then a file through it. */
static void test_file_through_symlink(void **state)
{
    static const struct member members[] = {
        {.name = "dir", .type = AE_IFLNK, .target = ".."},
        {.name = "dir/evil", .data = "evil", .len = 4},
    };
    struct bytes b = make_tar(members, 2);
    struct run run;

    (void)state;
    run_unpack(&run, &b, "x.tar", NULL);
    assert_int_equal(run.status, 0);
    assert_hostile(&run, "symlink-escape", "dir");
    assert_content(&run, "dir/evil", "evil", 4); /* an ordinary folder of ours */
    run_done(&run);
    bytes_done(&b);
}

static void test_hardlinks(void **state)
{
    static const struct member copied[] = {
        {.name = "a/good", .mode = 0755, .data = "same", .len = 4},
        {.name = "copy", .hardlink = "a/good"},
    };
    static const struct {
        const char *code;
        const char *target;
    } rows[] = {
        {"hardlink-escape", "../../etc/passwd"},
        {"hardlink-escape", "/etc/passwd"},
        {"hardlink-missing", "not/there"},
        {"hardlink-missing", "link"},
    };
    struct bytes b = make_tar(copied, 2);
    struct run run;

    (void)state;
    run_unpack(&run, &b, "x.tar", NULL);
    assert_int_equal(run.status, 0);
    assert_int_equal(run.count, 1);
    assert_content(&run, "copy", "same", 4);
    run_done(&run);
    bytes_done(&b);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct member members[] = {{.name = "good", .data = "x", .len = 1},
                                         {.name = "hard", .hardlink = rows[i].target}};

        check_tar(members, 2, rows[i].code, "hard", 1);
    }
}

static void test_privileges(void **state)
{
    static const struct member members[] = {
        {.name = "root.sh", .mode = 04755, .data = "x", .len = 1},
        {.name = "group.sh", .mode = 02755, .data = "x", .len = 1},
        {.name = "cap.sh", .mode = 0755, .data = "x", .len = 1, .capability = true},
        {.name = "sticky/", .type = AE_IFDIR, .mode = 01777},
    };
    struct bytes b = make_tar(members, 4);
    struct run run;

    (void)state;
    run_unpack(&run, &b, "x.tar", NULL);
    assert_int_equal(run.status, 0);
    assert_hostile(&run, "setuid", "root.sh");
    assert_hostile(&run, "setuid", "group.sh");
    assert_hostile(&run, "file-capability", "cap.sh");
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, NULL, NULL), 3);
    assert_int_equal(run_files(&run), 3); /* which asserts the modes */
    run_done(&run);
    bytes_done(&b);
}

/* --- names that meet --- */

static void test_collisions(void **state)
{
    static const struct {
        const char *code;
        const char *first;
        const char *second;
    } rows[] = {
        {"duplicate-path", "SKILL.md", "SKILL.md"},
        {"duplicate-path", "a/b", "./a//b"},
        {"case-collision", "SKILL.md", "skill.MD"},
        {"case-collision", "dir/a", "DIR/A"},
        {"case-collision", "\xc3\xa9.md", "e\xcc\x81.md"}, /* NFC and NFD */
        {"case-collision", "\xc3\x89.md", "\xc3\xa9.md"},  /* upper and lower */
        {"case-collision",
         "stra\xc3\x9f"
         "e",
         "STRASSE"},                             /* sharp s */
        {"case-collision", "\xe2\x84\xaa", "k"}, /* Kelvin sign */
        {"file-directory-collision", "a", "a/b"},
        {"file-directory-collision", "a/b", "a"},
        {"file-directory-collision", "A", "a/b"},
    };

    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct member members[] = {{.name = rows[i].first, .data = "first", .len = 5},
                                         {.name = rows[i].second, .data = "second", .len = 6}};
        const struct zip_member in_zip[] = {{.name = rows[i].first, .data = "first"},
                                            {.name = rows[i].second, .data = "second"}};
        struct bytes b = make_zip(in_zip, 2, NULL, NULL);
        struct run run;

        check_tar(members, 2, rows[i].code, rows[i].second, 1);
        run_unpack(&run, &b, "x.zip", NULL);
        assert_hostile(&run, rows[i].code, rows[i].second);
        assert_content(&run, rows[i].first, "first", 5);
        run_done(&run);
        bytes_done(&b);
    }
}

static void test_folders_may_repeat(void **state)
{
    static const struct member members[] = {
        {.name = "a/", .type = AE_IFDIR},       {.name = "a/x", .data = "x", .len = 1},
        {.name = "a/", .type = AE_IFDIR},       {.name = "./", .type = AE_IFDIR},
        {.name = "A/y", .data = "y", .len = 1},
    };
    struct bytes b = make_tar(members, VB_ARRAY_LEN(members));
    struct run run;

    (void)state;
    run_unpack(&run, &b, "x.tar", NULL);
    assert_int_equal(run.status, 0);
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, NULL, NULL), 0);
    assert_int_equal(run_files(&run), 2);
    run_done(&run);
    bytes_done(&b);
}

/* --- the container itself --- */

static void check_zip(const struct bytes *b, const char *code, const char *path, size_t files)
{
    struct run run;

    run_unpack(&run, b, "x.zip", NULL);
    if (run.status != 0)
        fail_msg("%s: %s", code, run.err.message);
    assert_hostile(&run, code, path);
    /* What is not extracted is not covered; what is kept beside the package is. */
    assert_true(run_count(&run, VB_EV_COVERAGE, NULL, NULL) + run_beside(&run) >= 1);
    assert_int_equal(run_files(&run), files);
    run_done(&run);
}

static void test_two_readers_two_zips(void **state)
{
    static const struct {
        const char *code;
        const char *path;
        struct zip_member odd;
        size_t files;
    } rows[] = {
        {"ambiguous-name", "odd", {.name = "odd", .central_name = "other", .data = "x"}, 1},
        {"ambiguous-method", "odd", {.name = "odd", .data = "x", .other_method = 8}, 1},
        {"hidden-entry", "odd", {.name = "odd", .data = "x", .hidden = true}, 1},
        {"encrypted", "odd", {.name = "odd", .data = "0123456789abcdef", .flags = 1}, 1},
    };

    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct zip_member members[] = {{.name = "good", .data = "good"}, rows[i].odd};
        struct bytes b = make_zip(members, 2, NULL, NULL);

        check_zip(&b, rows[i].code, rows[i].path, rows[i].files);
        bytes_done(&b);
    }
}

/* Two records for the same bytes: how small archives become big ones. */
static void test_overlap(void **state)
{
    static const struct zip_member members[] = {
        {.name = "one", .data = "data"},
        {.name = "one", .shared = true, .data = "data"},
        {.name = "good", .data = "good"},
    };
    struct bytes b = make_zip(members, 3, NULL, NULL);

    (void)state;
    check_zip(&b, "overlap", "one", 1);
    bytes_done(&b);
}

static void test_bytes_around_a_zip(void **state)
{
    static const struct zip_member one = {.name = "good", .data = "good"};
    struct bytes prefixed = make_zip(&one, 1, "#!/bin/sh\nexit 0\n", NULL);
    struct bytes followed = make_zip(&one, 1, NULL, NULL);
    struct bytes bundle = make_zip(&one, 1, NULL, NULL);
    struct run run;

    (void)state;
    check_zip(&prefixed, "prefix-data", ".", 1);
    bytes_add(&followed, "more", 4);
    check_zip(&followed, "trailing-data", ".", 1);
    /* The signature block of an MCP bundle belongs there. */
    bytes_add(&bundle, "MCPB_SIG_V1\5\0\0\0\x30\3\2\1\1MCPB_SIG_END", 11 + 4 + 5 + 12);
    run_unpack(&run, &bundle, "x.mcpb", NULL);
    assert_int_equal(run.status, 0);
    assert_int_equal(run.count, 1);
    assert_content(&run, "good", "good", 4);
    assert_beside(&run, "!signature/signature", bundle.data + bundle.len - 32, 32);
    run_done(&run);
    bytes_add(&bundle, "x", 1);
    check_zip(&bundle, "trailing-data", ".", 1);
    bytes_done(&prefixed);
    bytes_done(&followed);
    bytes_done(&bundle);
}

/* The end record of an empty zip behind a text: a zip to some, a text to others. Either way it is a
 * matter for the verdict, not an input without content. */
static void test_empty_zip_after_text(void **state)
{
    static const char text[] = "---\nname: skill\n---\n";
    struct bytes b = {0};
    struct run run;

    (void)state;
    bytes_add(&b, text, sizeof(text) - 1);
    bytes_add(&b, "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);
    run_unpack(&run, &b, "SKILL.md", NULL);
    assert_int_equal(run.status, 0);
    assert_hostile(&run, "prefix-data", ".");
    assert_beside(&run, "!prefix/prefix", text, sizeof(text) - 1);
    run_done(&run);
    bytes_done(&b);
}

/* A whole second zip within the comment of the first. */
static void test_two_end_records(void **state)
{
    static const struct zip_member a = {.name = "a", .data = "a"};
    static const struct zip_member b = {.name = "b", .data = "b"};
    struct bytes outer = make_zip(&a, 1, NULL, NULL);
    struct bytes inner = make_zip(&b, 1, NULL, NULL);
    struct run run;

    (void)state;
    outer.data[outer.len - 2] = (unsigned char)inner.len; /* the comment's length */
    bytes_add(&outer, inner.data, inner.len);
    run_unpack(&run, &outer, "x.zip", NULL);
    assert_int_equal(run.status, 0);
    assert_hostile(&run, "ambiguous-end", ".");
    run_done(&run);
    bytes_done(&outer);
    bytes_done(&inner);
}

/* A comment that is longer than the file: some readers refuse the record, some do not. */
static void test_comment_too_long(void **state)
{
    static const struct zip_member one = {.name = "good", .data = "good"};
    struct bytes b = make_zip(&one, 1, NULL, NULL);

    (void)state;
    b.data[b.len - 2] = 200;
    check_zip(&b, "ambiguous-comment", ".", 1);
    bytes_done(&b);
}

/* An archive put whole into another, uncompressed, is none of the outer one's ambiguities. */
static void test_stored_zip_in_zip(void **state)
{
    static const struct zip_member one = {.name = "inner.txt", .data = "good"};
    struct bytes inner = make_zip(&one, 1, NULL, NULL);
    const struct member members[] = {{.name = "inner.zip", .data = inner.data, .len = inner.len}};
    struct bytes outer = {0};
    struct run run;

    (void)state;
    outer = make_archive(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, members, 1);
    run_unpack(&run, &outer, "x.zip", NULL);
    assert_int_equal(run.status, 0);
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, NULL, NULL), 0);
    assert_int_equal(run_count(&run, VB_EV_COVERAGE, NULL, NULL), 0);
    assert_content(&run, "inner.zip", inner.data, inner.len);
    assert_beside(&run, "inner.zip!/inner.txt", "good", 4);
    run_done(&run);
    bytes_done(&inner);
    bytes_done(&outer);
}

static void test_bytes_after_tar(void **state)
{
    static const struct member a = {.name = "a", .data = "a", .len = 1};
    static const struct member b = {.name = "b", .data = "b", .len = 1};
    struct bytes first = make_tar(&a, 1);
    struct bytes second = make_tar(&b, 1);
    struct bytes gz = make_archive(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP, &a, 1);
    struct bytes padded = make_tar(&a, 1);
    static const char zeros[40000];
    struct run run;

    (void)state;
    bytes_add(&first, second.data, second.len);
    check_zip(&first, "trailing-data", ".", 1);
    bytes_add(&gz, "tail", 4);
    check_zip(&gz, "trailing-data", ".", 1);
    bytes_add(&padded, zeros, sizeof(zeros));
    run_unpack(&run, &padded, "x.tar", NULL);
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, NULL, NULL), 0);
    run_done(&run);
    bytes_add(&padded, "z", 1);
    check_zip(&padded, "trailing-data", ".", 1);
    bytes_done(&first);
    bytes_done(&second);
    bytes_done(&gz);
    bytes_done(&padded);
}

/* Extracted under the name that they have, with the one that cleaning makes of it. */
static void test_names_that_mislead(void **state)
{
    static const struct {
        const char *code;
        const char *name;
    } rows[] = {
        {"name-bidi", "invoice\xe2\x80\xaegpj.exe"},
        {"name-bidi", "a\xe2\x81\xa6z"},
        {"name-trailing", "run.sh."},
        {"name-trailing", "dir /a"},
        {"name-reserved", "NUL"},
        {"name-reserved", "a/com1.txt"},
        {"name-reserved", "aux.h/b"},
        {"name-stream", "a.txt:evil.js"},
    };

    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct member m = {.name = rows[i].name, .data = "x", .len = 1};
        struct bytes tar = make_tar(&m, 1);
        struct run run;

        run_unpack(&run, &tar, "x.tar", NULL);
        assert_hostile(&run, rows[i].code, rows[i].name);
        assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, NULL, NULL), 1);
        assert_content(&run, rows[i].name, "x", 1);
        run_done(&run);
        bytes_done(&tar);
    }
}

/* A flood of hostile entries must not become a flood of events. */
static void test_events_are_bounded(void **state)
{
    enum { COUNT = 3000 };
    struct member *const members = calloc(COUNT, sizeof(*members));
    struct bytes b;
    struct run run;

    (void)state;
    assert_non_null(members);
    for (size_t i = 0; i < COUNT; i++)
        members[i] = (struct member){.name = "../evil", .data = "x", .len = 1};
    b = make_tar(members, COUNT);
    run_unpack(&run, &b, "x.tar", NULL);
    assert_int_equal(run.status, 0);
    assert_true(run.count < 1010);
    assert_int_equal(run.records[run.count - 2].kind, VB_EV_COVERAGE);
    assert_int_equal(run.records[run.count - 2].count, COUNT - 1000);
    assert_int_equal(run_files(&run), 0);
    assert_int_equal(run_beside(&run), COUNT);
    run_done(&run);
    bytes_done(&b);
    free(members);
}

/* The first of two entries is what is run: that the other one is not is told, if it is another. */
static void test_duplicates(void **state)
{
    const struct member rows[][2] = {
        {{.name = "run.sh", .data = "true", .len = 4},
         {.name = "run.sh", .data = "true", .len = 4}},
        {{.name = "run.sh", .data = "true", .len = 4},
         {.name = "run.sh", .data = "evil", .len = 4}},
        {{.name = "run.sh", .data = "true", .len = 4}, {.name = "run.sh", .data = "tru", .len = 3}},
    };

    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct bytes tar = make_tar(rows[i], 2);
        struct run run;

        run_unpack(&run, &tar, "x.tar", NULL);
        assert_hostile(&run, "duplicate-path", "run.sh");
        assert_content(&run, "run.sh", "true", 4);
        assert_int_equal(run_count(&run, VB_EV_COVERAGE, NULL, NULL), i == 0 ? 0 : 1);
        run_done(&run);
        bytes_done(&tar);
    }
}

/* Nor may many of one kind keep another out. */
static void test_a_flood_hides_no_other_kind(void **state)
{
    enum { COUNT = 1500 };
    struct member *const members = calloc(COUNT, sizeof(*members));
    struct bytes b;
    struct run run;

    (void)state;
    assert_non_null(members);
    for (size_t i = 0; i < COUNT - 1; i++)
        members[i] = (struct member){.name = "../evil", .data = "x", .len = 1};
    members[COUNT - 1] = (struct member){.name = "/etc/cron.d/evil", .data = "x", .len = 1};
    b = make_tar(members, COUNT);
    run_unpack(&run, &b, "x.tar", NULL);
    assert_int_equal(run.status, 0);
    assert_hostile(&run, "path-absolute", "/etc/cron.d/evil");
    run_done(&run);
    bytes_done(&b);
    free(members);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_in_zip),
        cmocka_unit_test(test_a_flood_hides_no_other_kind),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_names_in_tar),
        cmocka_unit_test(test_special_files),
        cmocka_unit_test(test_zip_types),
        cmocka_unit_test(test_symlinks),
        cmocka_unit_test(test_file_through_symlink),
        cmocka_unit_test(test_hardlinks),
        cmocka_unit_test(test_privileges),
        cmocka_unit_test(test_collisions),
        cmocka_unit_test(test_folders_may_repeat),
        cmocka_unit_test(test_two_readers_two_zips),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_bytes_around_a_zip),
        cmocka_unit_test(test_empty_zip_after_text),
        cmocka_unit_test(test_two_end_records),
        cmocka_unit_test(test_comment_too_long),
        cmocka_unit_test(test_stored_zip_in_zip),
        cmocka_unit_test(test_bytes_after_tar),
        cmocka_unit_test(test_names_that_mislead),
        cmocka_unit_test(test_events_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
