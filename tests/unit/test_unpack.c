/* vb_unpack on honest, broken and oversized input. */
#include "unpack_maker.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* --- reads that come short, are interrupted or slow --- */

static struct {
    size_t most; /* bytes of one read, 0: no limit */
    long sleep_ns;
    unsigned calls;
} reads;

ssize_t __real_pread(int fd, void *data, size_t len, off_t offset);
ssize_t __wrap_pread(int fd, void *data, size_t len, off_t offset);

ssize_t __wrap_pread(int fd, void *data, size_t len, off_t offset)
{
    if (reads.sleep_ns > 0)
        (void)nanosleep(&(struct timespec){.tv_nsec = reads.sleep_ns}, NULL);
    if (reads.most > 0 && ++reads.calls % 5 == 0) {
        errno = EINTR;
        return -1;
    }
    return __real_pread(fd, data, reads.most > 0 && len > reads.most ? reads.most : len, offset);
}

static const struct member package[] = {
    {.name = "skill/", .type = AE_IFDIR, .mode = 0755},
    {.name = "skill/SKILL.md", .data = "# skill\n", .len = 8},
    {.name = "skill/scripts/run.sh", .mode = 0755, .data = "#!/bin/sh\necho hi\n", .len = 18},
    {.name = "skill/empty"},
    {.name = "skill/gr\xc3\xb6\xc3\x9f"
             "e/\xe6\x97\xa5.txt",
     .data = "umlaut",
     .len = 6},
};

static void assert_package(const struct run *run, const char *format)
{
    struct stat st;

    if (run->status != 0)
        fail_msg("%s: %s", format, run->err.message);
    for (size_t i = 0; i < run->count && run->count != 1; i++)
        print_error("%s: %s %s %s\n", format, run->records[i].code, run->records[i].path,
                    run->records[i].detail);
    if (run->count != 1 || run_count(run, VB_EV_ARCHIVE_FORMAT, format, NULL) != 1)
        fail_msg("%s: not exactly its one event", format);
    assert_int_equal(run->records[0].count, VB_ARRAY_LEN(package));
    assert_int_equal(run->records[0].size, 8 + 18 + 6);
    assert_int_equal(run_files(run), 4);
    assert_content(run, "skill/SKILL.md", "# skill\n", 8);
    assert_content(run, "skill/scripts/run.sh", "#!/bin/sh\necho hi\n", 18);
    assert_content(run,
                   "skill/gr\xc3\xb6\xc3\x9f"
                   "e/\xe6\x97\xa5.txt",
                   "umlaut", 6);
    assert_int_equal(fstatat(run->out_fd, "skill/scripts/run.sh", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(fstatat(run->out_fd, "skill/SKILL.md", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static const struct {
    const char *name;
    int format;
    int filter;
} forms[] = {
    {"tar", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE},
    {"tar", ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FILTER_NONE},
    {"tar", ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_NONE},
    {"tar+gzip", ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FILTER_GZIP},
    {"tar+bzip2", ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FILTER_BZIP2},
    {"tar+xz", ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FILTER_XZ},
    {"tar+lzma", ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FILTER_LZMA},
    {"tar+zstd", ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FILTER_ZSTD},
    {"tar+lz4", ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FILTER_LZ4},
    {"tar+lzip", ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FILTER_LZIP},
    {"tar+compress", ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FILTER_COMPRESS},
    {"cpio", ARCHIVE_FORMAT_CPIO_SVR4_NOCRC, ARCHIVE_FILTER_NONE},
    {"cpio+gzip", ARCHIVE_FORMAT_CPIO_SVR4_NOCRC, ARCHIVE_FILTER_GZIP},
    {"zip", ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE},
};

static struct bytes make_form(size_t i)
{
    return make_archive(forms[i].format, forms[i].filter, package, VB_ARRAY_LEN(package));
}

static void test_every_format(void **state)
{
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(forms); i++) {
        struct bytes b = make_form(i);
        struct run run;

        run_unpack(&run, &b, "package.bin", NULL);
        assert_package(&run, forms[i].name);
        run_done(&run);
        bytes_done(&b);
    }
}

static void test_short_and_interrupted_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(forms); i++) {
        struct bytes b = make_form(i);
        struct run run;

        reads.most = 7;
        run_unpack(&run, &b, "package.bin", NULL);
        reads.most = 0;
        assert_package(&run, forms[i].name);
        run_done(&run);
        bytes_done(&b);
    }
}

/* The same name with the UTF-8 flag and without it; the C locale must not matter. */
static void test_zip_names(void **state)
{
    static const struct zip_member members[] = {
        {.name = "d\xc3\xa9j\xc3\xa0/\xe2\x82\xac.md", .data = "flag", .flags = 0x800},
        {.name = "caf\xc3\xa9.md", .data = "none"},
    };
    struct bytes b = make_zip(members, 2, NULL, NULL);
    struct run run;

    (void)state;
    run_unpack(&run, &b, "x.zip", NULL);
    assert_int_equal(run.status, 0);
    assert_int_equal(run.count, 1);
    assert_content(&run, "d\xc3\xa9j\xc3\xa0/\xe2\x82\xac.md", "flag", 4);
    assert_content(&run, "caf\xc3\xa9.md", "none", 4);
    run_done(&run);
    bytes_done(&b);
}

static void test_plain_names_are_kept(void **state)
{
    static const struct zip_member members[] = {
        {.name = "./a.md", .data = "a"},
        {.name = "b//./c.md", .data = "c"},
        {.name = "...a", .data = "dots"},
        {.name = "..x/..y", .data = "y"},
    };
    struct bytes b = make_zip(members, VB_ARRAY_LEN(members), NULL, "a comment");
    struct run run;

    (void)state;
    run_unpack(&run, &b, "x.zip", NULL);
    assert_int_equal(run.status, 0);
    assert_int_equal(run.count, 1);
    assert_content(&run, "a.md", "a", 1);
    assert_content(&run, "b/c.md", "c", 1);
    assert_content(&run, "...a", "dots", 4);
    assert_content(&run, "..x/..y", "y", 1);
    run_done(&run);
    bytes_done(&b);
}

/* --- what is no archive --- */

/* LEN 0: strlen */
static void check_bare(const char *given, const char *expected, const void *data, size_t len)
{
    struct bytes b = {0};
    struct run run;

    len = len != 0 ? len : strlen(data);
    bytes_add(&b, data, len);
    run_unpack(&run, &b, given, NULL);
    assert_int_equal(run.status, 0);
    assert_int_equal(run_files(&run), 1);
    assert_content(&run, expected, data, len);
    run_done(&run);
    bytes_done(&b);
}

static void test_bare_file(void **state)
{
    static const char long_text[5000] = "# text\n";

    (void)state;
    check_bare("SKILL.md", "SKILL.md", "# hi\n", 0);
    check_bare("long.md", "long.md", long_text, sizeof(long_text));
    check_bare("/a/b/run.sh", "run.sh", "#!/bin/sh\n", 0);
    check_bare("..", "artifact", "x", 0);
    check_bare("", "artifact", "x", 0);
    check_bare(NULL, "artifact", "x", 0);
    check_bare("a\nb\\c", "a_b_c", "x", 0);
    check_bare("\xff\xfe.md", "__.md", "x", 0);
    /* Words that look a little like an archive. */
    check_bare("note.txt", "note.txt", "BZhello, this is text", 0);
    check_bare("pk.txt", "pk.txt", "PK is how a zip begins, PK\x05\x06 is how it ends", 0);
}

static void test_compressed_single_file(void **state)
{
    static const struct {
        int filter;
        const char *name;
        const char *format;
    } rows[] = {
        {ARCHIVE_FILTER_GZIP, "run.sh.gz", "gzip"},  {ARCHIVE_FILTER_BZIP2, "run.sh.bz2", "bzip2"},
        {ARCHIVE_FILTER_XZ, "run.sh.xz", "xz"},      {ARCHIVE_FILTER_LZMA, "run.sh.lzma", "lzma"},
        {ARCHIVE_FILTER_ZSTD, "run.sh.zst", "zstd"}, {ARCHIVE_FILTER_LZ4, "run.sh.lz4", "lz4"},
        {ARCHIVE_FILTER_GZIP, "run.sh", "gzip"},
    };

    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct bytes b = compress_bytes(rows[i].filter, "#!/bin/sh\necho\n", 15);
        struct run run;

        run_unpack(&run, &b, rows[i].name, NULL);
        assert_int_equal(run.status, 0);
        assert_int_equal(run.count, 1);
        assert_int_equal(run_count(&run, VB_EV_ARCHIVE_FORMAT, rows[i].format, NULL), 1);
        assert_content(&run, "run.sh", "#!/bin/sh\necho\n", 15);
        run_done(&run);
        bytes_done(&b);
    }
}

static void check_nothing(const void *data, size_t len)
{
    struct bytes b = {0};
    struct run run;

    bytes_add(&b, data, len);
    run_unpack(&run, &b, "thing", NULL);
    assert_int_equal(run.status, VB_E_DATA);
    assert_non_null(strstr(run.err.message, "thing"));
    assert_int_equal(run_files(&run), 0);
    run_done(&run);
    bytes_done(&b);
}

static void test_yields_nothing(void **state)
{
    static const char zeros[10240];
    struct bytes zip = make_zip(NULL, 0, NULL, NULL);
    struct bytes tar = make_tar(package, 1); /* a folder only */
    struct bytes gz = compress_bytes(ARCHIVE_FILTER_GZIP, zeros, sizeof(zeros));

    (void)state;
    check_nothing("", 0);
    check_nothing(zeros, sizeof(zeros));
    check_nothing("PK\x03\x04 and then nothing more of a zip", 30);
    check_nothing("\x1f\x8b\x08 no gzip after all", 20);
    check_nothing(zip.data, zip.len);
    check_nothing(tar.data, tar.len);
    check_nothing(gz.data, gz.len);
    bytes_done(&zip);
    bytes_done(&tar);
    bytes_done(&gz);
}

/* Recognised, and opened by nobody here. */
static void test_archives_that_stay_closed(void **state)
{
    struct bytes xar = {0};
    struct run run;

    (void)state;
    bytes_add(&xar, "xar!\0\x1c and so on", 17);
    run_unpack(&run, &xar, "x.xar", NULL);
    assert_int_equal(run.status, 0);
    assert_int_equal(run_count(&run, VB_EV_COVERAGE, "archive", "x.xar"), 1);
    assert_int_equal(run_files(&run), 1);
    run_done(&run);
    bytes_done(&xar);
}

/* --- damage --- */

/* An input cut at every byte: no crash, and either files, a finding or a clear error. */
static void truncate_everywhere(const struct bytes *whole)
{
    for (size_t len = 0; len < whole->len; len++) {
        struct bytes cut = {.data = whole->data, .len = len};
        struct run run;

        run_unpack(&run, &cut, "cut", NULL);
        if (run.status != 0 && run.status != VB_E_DATA)
            fail_msg("cut at %zu: %s", len, run.err.message);
        if (run.status == VB_E_DATA)
            assert_int_equal(run_files(&run), 0);
        else
            assert_true(run_files(&run) > 0 || run.count > 0);
        run_done(&run);
    }
}

static void flip_everywhere(struct bytes *whole)
{
    for (size_t at = 0; at < whole->len; at++) {
        struct run run;

        whole->data[at] ^= 0xff;
        run_unpack(&run, whole, "flipped", NULL);
        whole->data[at] ^= 0xff;
        if (run.status != 0 && run.status != VB_E_DATA)
            fail_msg("flipped at %zu: %s", at, run.err.message);
        (void)run_files(&run);
        run_done(&run);
    }
}

static void test_damage_everywhere(void **state)
{
    static const size_t which[] = {0, 3, 4, 5, 7, 8, 9}; /* tar and each kind of compression */

    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(which); i++) {
        struct bytes b = make_form(which[i]);

        /* The padding at a tar's end says nothing. */
        b.len = b.len > 3600 ? 3600 : b.len;
        truncate_everywhere(&b);
        flip_everywhere(&b);
        bytes_done(&b);
    }
}

/* What was read before the damage stays, and the damage is told. */
static void test_damaged_tail_keeps_the_head(void **state)
{
    static char noise[400000]; /* more than one block, except of bzip2 and lz4 */
    const struct member members[] = {
        {.name = "first", .data = "first", .len = 5},
        {.name = "second", .data = noise, .len = sizeof(noise)},
    };
    uint32_t seed = 1;

    (void)state;
    for (size_t i = 0; i < sizeof(noise); i++) {
        seed = seed * 1103515245u + 12345u;
        noise[i] = (char)(seed >> 24);
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(forms) - 1; i++) {
        struct bytes b = make_archive(forms[i].format, forms[i].filter, members, 2);
        struct run run;

        b.len -= 20000;
        run_unpack(&run, &b, "cut", NULL);
        if (forms[i].filter == ARCHIVE_FILTER_BZIP2 || forms[i].filter == ARCHIVE_FILTER_LZ4) {
            /* One block holds everything, and it is cut. */
            assert_int_equal(run.status, VB_E_DATA);
        } else {
            if (run.status != 0)
                fail_msg("%s: %s", forms[i].name, run.err.message);
            assert_content(&run, "first", "first", 5);
            assert_true(run_has_file(&run, "second"));
            assert_int_equal(run_count(&run, VB_EV_ARCHIVE_DAMAGED, NULL, "second"), 1);
            assert_int_equal(run_count(&run, VB_EV_COVERAGE, "file", "second"), 1);
        }
        run_done(&run);
        bytes_done(&b);
    }
}

/* A wrong CRC and an unknown method hit one file; the next is read all the same. */
static void test_one_bad_file_of_a_zip(void **state)
{
    const struct zip_member members[] = {
        {.name = "a.md", .data = "aaaaaaaaaa"},
        {.name = "b.md", .data = "bbbbbbbbbb", .method = 77},
        {.name = "c.md", .data = "cccccccccc"},
    };
    struct bytes b = make_zip(members, 3, NULL, NULL);
    struct run run;

    (void)state;
    b.data[30 + 4 + 2] = 'X'; /* within the data of a.md */
    run_unpack(&run, &b, "x.zip", NULL);
    assert_int_equal(run.status, 0);
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_DAMAGED, NULL, "a.md"), 1);
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_DAMAGED, NULL, "b.md"), 1);
    assert_int_equal(run_count(&run, VB_EV_COVERAGE, "file", "b.md"), 1);
    assert_content(&run, "c.md", "cccccccccc", 10);
    run_done(&run);
    bytes_done(&b);
}

/* --- limits --- */

static void check_limit(const struct bytes *b, const struct vb_unpack_limits *limits,
                        const char *code, size_t files)
{
    struct run run;

    run_unpack(&run, b, "big", limits);
    if (run.status != 0)
        fail_msg("%s: %s", code, run.err.message);
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, code, NULL), 1);
    assert_true(run_count(&run, VB_EV_COVERAGE, NULL, NULL) >= 1);
    assert_int_equal(run_files(&run), files);
    run_done(&run);
}

static void test_limits(void **state)
{
    static const char block[4000] = "not all of these are zeros";
    const struct member members[] = {
        {.name = "a", .data = block, .len = sizeof(block)},
        {.name = "b", .data = block, .len = sizeof(block)},
        {.name = "c/d/e", .data = block, .len = 10},
    };
    struct bytes tar = make_tar(members, 3);
    struct bytes zip = make_archive(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, members, 3);
    struct vb_unpack_limits limits;

    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct bytes *const b = i == 0 ? &tar : &zip;

        limits = maker_limits;
        limits.bytes = 5000;
        check_limit(b, &limits, "limit-bytes", 2); /* the second is cut */
        limits = maker_limits;
        limits.file_bytes = 100;
        limits.path_depth = 2;
        check_limit(b, &limits, "limit-depth", 2);
        limits = maker_limits;
        limits.entries = 2;
        check_limit(b, &limits, "limit-entries", i == 0 ? 2 : 0);
        limits = maker_limits;
        limits.timeout_ms = 1;
        reads.sleep_ns = 3000000;
        check_limit(b, &limits, "limit-time", 0);
        reads.sleep_ns = 0;
    }
    bytes_done(&tar);
    bytes_done(&zip);
}

static void test_long_file_is_cut(void **state)
{
    static const char block[4000] = "not all of these are zeros";
    const struct member members[] = {
        {.name = "long", .data = block, .len = sizeof(block)},
        {.name = "short", .data = "ok", .len = 2},
    };
    struct bytes tar = make_tar(members, 2);
    struct vb_unpack_limits limits = maker_limits;
    struct run run;

    (void)state;
    limits.file_bytes = 1000;
    run_unpack(&run, &tar, "x", &limits);
    assert_int_equal(run.status, 0);
    assert_hostile(&run, "limit-file-bytes", "long");
    assert_int_equal(run_count(&run, VB_EV_COVERAGE, "file", "long"), 1);
    assert_content(&run, "long", block, 1000);
    assert_content(&run, "short", "ok", 2);
    run_done(&run);
    bytes_done(&tar);
}

static void test_bombs(void **state)
{
    const size_t len = 16u << 20;
    char *const zeros = calloc(1, len);
    const struct member one = {.name = "bomb", .data = zeros, .len = len};
    struct bytes zip;

    (void)state;
    assert_non_null(zeros);
    zip = make_archive(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, &one, 1);
    check_limit(&zip, NULL, "bomb-ratio", 1);
    bytes_done(&zip);
    for (size_t i = 3; i < 8; i++) {
        struct bytes tar = make_archive(forms[i].format, forms[i].filter, &one, 1);
        struct bytes file = compress_bytes(forms[i].filter, zeros, len);

        /* The bomb goes off with the first entry's header or within its data. */
        struct run run;

        run_unpack(&run, &tar, "bomb", NULL);
        assert_int_equal(run.status, 0);
        assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, "bomb-ratio", NULL), 1);
        run_done(&run);
        run_unpack(&run, &file, "bomb", NULL);
        assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, "bomb-ratio", NULL), 1);
        run_done(&run);
        bytes_done(&tar);
        bytes_done(&file);
    }
    free(zeros);
}

/* Few entries whose names ask for many folders: the folders count too. */
static void test_many_folders(void **state)
{
    static const struct member members[] = {
        {.name = "a", .data = "a", .len = 1},
        {.name = "1/2/3/4/5/b", .data = "b", .len = 1},
        {.name = "6/7/8/9/10/c", .data = "c", .len = 1},
    };
    struct bytes tar = make_tar(members, 3);
    struct vb_unpack_limits limits = maker_limits;

    (void)state;
    limits.entries = 4;
    check_limit(&tar, &limits, "limit-entries", 2);
    limits.entries = 3;
    check_limit(&tar, &limits, "limit-entries", 1);
    bytes_done(&tar);
}

static void test_many_entries(void **state)
{
    enum { COUNT = 6000 };
    struct member *const members = calloc(COUNT, sizeof(*members));
    static char names[COUNT][8];
    struct bytes tar;

    (void)state;
    assert_non_null(members);
    for (size_t i = 0; i < COUNT; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "f%zu", i);
        members[i].name = names[i];
    }
    tar = make_tar(members, COUNT);
    check_limit(&tar, NULL, "limit-entries", 5000);
    bytes_done(&tar);
    free(members);
}

/* Seeds for the fuzzer: one of each form, so that it need not invent their checksums. */
/* What no reader here decodes is a gap that has its name, and no damage. */
static void test_unknown_methods_of_a_zip(void **state)
{
    static const struct {
        uint16_t method;
        const char *reason;
    } rows[] = {
        {9, "unsupported compression: deflate64, method 9 of zip"},
        {6, "unsupported compression: implode, method 6 of zip"},
        {97, "unsupported compression: WavPack, method 97 of zip"},
    };

    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct zip_member members[] = {
            {.name = "big.bin", .data = "\xed\xbd\x07\x60\x1c\x49", .method = rows[i].method},
            {.name = "SKILL.md", .data = "# skill\n"}};
        struct bytes zip = make_zip(members, 2, NULL, NULL);
        struct run run;

        run_unpack(&run, &zip, "x.zip", NULL);
        assert_int_equal(run.status, 0);
        assert_content(&run, "SKILL.md", "# skill\n", 8);
        assert_int_equal(run_files(&run), 1);
        assert_int_equal(run_count(&run, VB_EV_ARCHIVE_DAMAGED, NULL, NULL), 0);
        assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, NULL, NULL), 0);
        assert_int_equal(run_count(&run, VB_EV_COVERAGE, "file", "big.bin"), 1);
        for (size_t n = 0; n < run.count; n++) {
            if (run.records[n].kind == VB_EV_COVERAGE)
                assert_string_equal(run.records[n].detail, rows[i].reason);
        }
        run_done(&run);
        bytes_done(&zip);
    }
}

/* One local header that is damaged does not keep the members behind it out of sight. */
static void test_members_behind_a_damaged_header(void **state)
{
    const struct zip_member members[] = {
        {.name = "one", .data = "1"}, {.name = "two", .data = "2"}, {.name = "three", .data = "3"}};

    (void)state;
    for (size_t broken = 0; broken < 3; broken++) {
        struct bytes b = make_zip(members, 3, NULL, NULL);
        size_t at = 0;
        char beside[64];
        struct run run;

        for (size_t i = 0; i <= broken; i++, at++)
            at = (size_t)((unsigned char *)memmem(b.data + at, b.len - at, "PK\3\4", 4) - b.data);
        b.data[at - 1] = 'X';
        run_unpack(&run, &b, "x.zip", NULL);
        assert_int_equal(run.status, 0);
        assert_hostile(&run, "header-missing", members[broken].name);
        assert_int_equal(run_count(&run, VB_EV_COVERAGE, "file", members[broken].name), 1);
        assert_int_equal(run_count(&run, VB_EV_ARCHIVE_DAMAGED, NULL, NULL), 0);
        assert_int_equal(run_files(&run), 2);
        for (size_t i = 0; i < 3; i++) {
            if (i != broken)
                assert_content(&run, members[i].name, members[i].data, 1);
        }
        (void)snprintf(beside, sizeof(beside), "!directory/%s", members[broken].name);
        assert_beside(&run, beside, members[broken].data, 1);
        run_done(&run);
        bytes_done(&b);
    }
}

/* Of the package itself, and of what is extracted alone. */
static void test_files_that_are_done(void **state)
{
    static char large[600 * 1024];
    const struct member inner = {.name = "inner", .data = large, .len = sizeof(large)};
    struct bytes nested = make_archive(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE, &inner, 1);
    const struct member members[] = {
        {.name = "d/a", .data = large, .len = sizeof(large)},
        {.name = "../b", .data = large, .len = sizeof(large)},
        {.name = "d/c.tar", .data = nested.data, .len = nested.len},
        {.name = "d/e", .data = large, .len = sizeof(large)},
    };
    struct bytes b =
        make_archive(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE, members, VB_ARRAY_LEN(members));
    struct run run;

    (void)state;
    memset(large, 'x', sizeof(large));
    run_first(&run, &b, "a.tar", NULL);
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_EXTRACTED, NULL, NULL), 0);
    run_done(&run);
    maker_tells = true;
    run_first(&run, &b, "a.tar", NULL);
    maker_tells = false;
    assert_int_equal(run.status, 0);
    /* The first megabyte; of the last file there is time enough at the end. */
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_EXTRACTED, NULL, NULL), 1);
    for (size_t i = 0; i < run.count; i++)
        assert_true(run.records[i].kind != VB_EV_ARCHIVE_EXTRACTED || run.records[i].count == 2);
    run_done(&run);
    bytes_done(&b);
    bytes_done(&nested);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_format),
        cmocka_unit_test(test_short_and_interrupted_reads),
        cmocka_unit_test(test_zip_names),
        cmocka_unit_test(test_plain_names_are_kept),
        cmocka_unit_test(test_bare_file),
        cmocka_unit_test(test_compressed_single_file),
        cmocka_unit_test(test_yields_nothing),
        cmocka_unit_test(test_archives_that_stay_closed),
        cmocka_unit_test(test_damage_everywhere),
        cmocka_unit_test(test_damaged_tail_keeps_the_head),
        cmocka_unit_test(test_one_bad_file_of_a_zip),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_long_file_is_cut),
        cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_many_entries),
        cmocka_unit_test(test_many_folders),
        cmocka_unit_test(test_members_behind_a_damaged_header),
        cmocka_unit_test(test_unknown_methods_of_a_zip),
        cmocka_unit_test(test_files_that_are_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
