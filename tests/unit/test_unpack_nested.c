/* Archives within archives, and archives that do not look like one: all of it is unpacked beside
 * the package, whose own files stay what they are. */
#include "unpack_maker.h"

#include <brotli/encode.h>
#include <locale.h>
#include <string.h>

#include "unpack/beside.h"

static const struct member evil = {.name = "evil.js", .data = "steal()\n", .len = 8};

static struct bytes pack(int format, int filter, const char *name, const struct bytes *data)
{
    const struct member m = {.name = name, .data = data->data, .len = data->len};

    return make_archive(format, filter, &m, 1);
}

/* ar(5), which libarchive's writer cannot be asked for by number. */
static struct bytes make_ar(const struct member *members, size_t count)
{
    struct bytes b = {0};

    bytes_add(&b, "!<arch>\n", 8);
    for (size_t i = 0; i < count; i++) {
        char header[128]; /* 60 bytes of it are one */

        (void)snprintf(header, sizeof(header), "%-16s%-12d%-6d%-6d%-8o%-10zu`\n", members[i].name,
                       1700000000, 0, 0, members[i].mode != 0 ? members[i].mode : 0100644,
                       members[i].len);
        bytes_add(&b, header, 60);
        bytes_add(&b, members[i].data, members[i].len);
        bytes_add(&b, "\n", members[i].len & 1);
    }
    return b;
}

static void assert_no_event(const struct run *run, enum vb_event_kind kind)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->records[i].kind == kind)
            fail_msg("%s %s: %s", run->records[i].code, run->records[i].path,
                     run->records[i].detail);
    }
}

static void assert_clean(const struct run *run)
{
    assert_int_equal(run->status, 0);
    assert_no_event(run, VB_EV_ARCHIVE_HOSTILE);
    assert_no_event(run, VB_EV_ARCHIVE_DAMAGED);
    assert_no_event(run, VB_EV_COVERAGE);
}

/* --- formats --- */

static const struct {
    int format;
    int filter;
    const char *named;
    bool second;
} inners[] = {
    {ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, "zip", false},
    {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE, "tar", false},
    {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP, "tar+gzip", false},
    {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_XZ, "tar+xz", false},
    {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_LZIP, "tar+lzip", false},
    {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_COMPRESS, "tar+compress", false},
    {ARCHIVE_FORMAT_CPIO_POSIX, ARCHIVE_FILTER_NONE, "cpio", false},
    {ARCHIVE_FORMAT_7ZIP, ARCHIVE_FILTER_NONE, "7z", true},
    {ARCHIVE_FORMAT_ISO9660, ARCHIVE_FILTER_NONE, "iso", true},
};

/* Each in a zip, and each as the artifact itself. */
static void test_every_format_within(void **state)
{
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(inners); i++) {
        struct bytes inner = make_archive(inners[i].format, inners[i].filter, &evil, 1);
        struct bytes outer = pack(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, "lib/data.bin", &inner);
        struct run run;

        run_unpack(&run, &outer, "x.zip", NULL);
        assert_clean(&run);
        assert_int_equal(run_files(&run), 1);
        assert_content(&run, "lib/data.bin", inner.data, inner.len);
        assert_beside(&run, "lib/data.bin!/evil.js", evil.data, evil.len);
        assert_int_equal(run_count(&run, VB_EV_ARCHIVE_FORMAT, inners[i].named, "lib/data.bin"), 1);
        assert_int_equal(run_count(&run, VB_EV_ARCHIVE_DEFERRED, inners[i].named, NULL),
                         inners[i].second);
        run_done(&run);
        run_unpack(&run, &inner, "data.bin", NULL);
        assert_clean(&run);
        assert_content(&run, "evil.js", evil.data, evil.len);
        assert_int_equal(run_count(&run, VB_EV_ARCHIVE_FORMAT, inners[i].named, NULL), 1);
        assert_int_equal(run_beside(&run), 0);
        run_done(&run);
        bytes_done(&inner);
        bytes_done(&outer);
    }
}

static void add_skipped(struct bytes *b, const char *held, size_t len)
{
    const unsigned char size[4] = {(unsigned char)len, (unsigned char)(len >> 8)};

    bytes_add(b, "\x5a\x2a\x4d\x18", 4);
    bytes_add(b, size, 4);
    bytes_add(b, held, len);
}

/* Frames that every decoder skips, before, between and behind the others, be they longer than what
 * is looked at to tell a format: they are kept, and an archive in them is opened. */
static void test_skipped_frames(void **state)
{
    static const int filters[] = {ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_LZ4};
    static char padding[5000];
    struct bytes hidden = make_archive(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, &evil, 1);

    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(filters); i++) {
        struct bytes packed = compress_bytes(filters[i], "hello\n", 6);
        struct bytes all = {0};
        struct bytes outer;
        struct run run;

        add_skipped(&all, padding, sizeof(padding));
        bytes_add(&all, packed.data, packed.len);
        add_skipped(&all, (const char *)hidden.data, hidden.len);
        outer = pack(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, "a.bin", &all);
        run_unpack(&run, &all, "hello.txt.packed", NULL);
        assert_hostile(&run, "skippable-frame", ".");
        assert_int_equal(run_files(&run), 1);
        assert_beside(&run, "!skipped/skipped", padding, sizeof(padding));
        assert_beside(&run, "!skipped1/skipped!/evil.js", evil.data, evil.len);
        run_done(&run);
        run_unpack(&run, &outer, "x.zip", NULL);
        assert_hostile(&run, "skippable-frame", "a.bin");
        assert_beside(&run, "a.bin!/a.bin", "hello\n", 6);
        assert_beside(&run, "a.bin!skipped1/skipped!/evil.js", evil.data, evil.len);
        run_done(&run);
        bytes_done(&outer);
        bytes_done(&all);
        /* pzstd tells the length of each frame in one of these. */
        add_skipped(&all, "\x10\0\0\0", 4);
        bytes_add(&all, packed.data, packed.len);
        run_unpack(&run, &all, "hello.txt.packed", NULL);
        assert_clean(&run);
        run_done(&run);
        bytes_done(&all);
        bytes_done(&packed);
    }
    bytes_done(&hidden);
}

/* Names in UTF-16 stay what they are, in the artifact and within it. */
static void test_names_of_the_second_reader(void **state)
{
    static const int formats[] = {ARCHIVE_FORMAT_7ZIP, ARCHIVE_FORMAT_ISO9660};
    static const char name[] = "gr\xc3\xb6\xc3\x9f"
                               "e-\xe6\x97\xa5\xf0\x9f\x98\x80.js";
    const struct member m = {.name = name, .data = evil.data, .len = evil.len};
    const locale_t locale = vb_unpack_locale();
    char within[64];

    (void)state;
    if (locale == (locale_t)0)
        skip(); /* this machine has no locale with UTF-8 */
    (void)snprintf(within, sizeof(within), "a.bin!/%s", name);
    for (size_t i = 0; i < VB_ARRAY_LEN(formats); i++) {
        const locale_t before = uselocale(locale);
        struct bytes inner = make_archive(formats[i], ARCHIVE_FILTER_NONE, &m, 1);
        struct bytes outer = pack(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, "a.bin", &inner);
        struct run run;

        (void)uselocale(before);
        run_unpack(&run, &inner, "x", NULL);
        assert_clean(&run);
        assert_content(&run, name, evil.data, evil.len);
        run_done(&run);
        run_unpack(&run, &outer, "x.zip", NULL);
        assert_clean(&run);
        assert_beside(&run, within, evil.data, evil.len);
        run_done(&run);
        bytes_done(&inner);
        bytes_done(&outer);
    }
    freelocale(locale);
}

/* Formats of the second reader within each other and with the usual ones. */
static void test_second_reader_opens_everything(void **state)
{
    struct bytes zip = make_archive(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, &evil, 1);
    struct bytes seven = pack(ARCHIVE_FORMAT_7ZIP, ARCHIVE_FILTER_NONE, "a.zip", &zip);
    struct bytes tar = pack(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP, "b.7z", &seven);
    struct bytes top = pack(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, "c.tgz", &tar);
    struct run run;

    (void)state;
    run_unpack(&run, &top, "x.zip", NULL);
    assert_clean(&run);
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_DEFERRED, "7z", "c.tgz!/b.7z"), 1);
    assert_beside(&run, "c.tgz!/b.7z!/a.zip!/evil.js", evil.data, evil.len);
    run_done(&run);
    bytes_done(&zip);
    bytes_done(&seven);
    bytes_done(&tar);
    bytes_done(&top);
}

static void test_debian_package(void **state)
{
    struct bytes control =
        make_archive(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP,
                     &(const struct member){
                         .name = "./postinst", .mode = 0755, .data = "#!/bin/sh\n", .len = 10},
                     1);
    struct bytes data = make_archive(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_XZ, &evil, 1);
    const struct member members[] = {
        {.name = "debian-binary", .data = "2.0\n", .len = 4},
        {.name = "control.tar.gz", .data = control.data, .len = control.len},
        {.name = "data.tar.xz", .data = data.data, .len = data.len},
    };
    struct bytes deb = make_ar(members, 3);
    struct run run;

    (void)state;
    run_unpack(&run, &deb, "x.deb", NULL);
    assert_clean(&run);
    assert_int_equal(run_files(&run), 3);
    assert_beside(&run, "control.tar.gz!/postinst", "#!/bin/sh\n", 10);
    assert_beside(&run, "data.tar.xz!/evil.js", evil.data, evil.len);
    run_done(&run);
    bytes_done(&control);
    bytes_done(&data);
    bytes_done(&deb);
}

/* Libraries of objects come in wheels and packages: tables of the linker, names that repeat. */
static void test_library(void **state)
{
    const struct member members[] = {
        {.name = "/", .data = "\0\0\0\0", .len = 4},
        {.name = "//", .data = "a_name_that_is_longer.o/\n", .len = 25},
        {.name = "/0", .data = "1", .len = 1},
        {.name = "a.o/", .mode = 0644, .data = "22", .len = 2}, /* as `ar D` has it */
        {.name = "a.o/", .data = "333", .len = 3},
    };
    struct bytes library = make_ar(members, VB_ARRAY_LEN(members));
    struct bytes tar = pack(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE, "x.a", &library);
    struct run run;

    (void)state;
    run_unpack(&run, &tar, "x.tar", NULL);
    assert_clean(&run);
    assert_beside(&run, "x.a!/a_name_that_is_longer.o", "1", 1);
    assert_beside(&run, "x.a!/a.o", "22", 2);
    assert_beside(&run, "x.a!refused/1/a.o", "333", 3);
    run_done(&run);
    bytes_done(&library);
    bytes_done(&tar);
}

static struct bytes brotli(const void *data, size_t len)
{
    struct bytes out = {0};
    uint8_t buffer[4096];
    size_t size = sizeof(buffer);

    assert_true(BrotliEncoderCompress(5, 22, BROTLI_MODE_GENERIC, len, data, &size, buffer));
    bytes_add(&out, buffer, size);
    return out;
}

/* Brotli has no magic: the name decides, and the bytes have the last word. */
static void test_brotli(void **state)
{
    struct bytes br = brotli(evil.data, evil.len);
    struct bytes tar = make_tar(&evil, 1);
    struct bytes packed = brotli(tar.data, tar.len);
    struct bytes zip = make_archive(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, &evil, 1);
    struct run run;

    (void)state;
    run_unpack(&run, &br, "evil.js.br", NULL);
    assert_clean(&run);
    assert_content(&run, "evil.js", evil.data, evil.len);
    run_done(&run);
    run_unpack(&run, &packed, "x.tar.br", NULL);
    assert_clean(&run);
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_FORMAT, "tar+brotli", NULL), 1);
    assert_content(&run, "evil.js", evil.data, evil.len);
    run_done(&run);
    run_unpack(&run, &zip, "x.br", NULL);
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_FORMAT, "zip", NULL), 1);
    run_done(&run);
    run_unpack(&run, &br, "evil.js", NULL);
    assert_content(&run, "evil.js", br.data, br.len);
    run_done(&run);
    packed.len /= 2;
    run_unpack(&run, &packed, "x.tar.br", NULL);
    assert_true(run_count(&run, VB_EV_ARCHIVE_DAMAGED, NULL, NULL) > 0);
    run_done(&run);
    bytes_done(&br);
    bytes_done(&tar);
    bytes_done(&packed);
    bytes_done(&zip);
}

/* --- depth and budget --- */

static struct bytes nest(unsigned levels)
{
    struct bytes b = make_archive(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, &evil, 1);

    for (unsigned i = 0; i < levels; i++) {
        struct bytes outer = pack(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, "n.zip", &b);

        bytes_done(&b);
        b = outer;
    }
    return b;
}

static void test_depth(void **state)
{
    struct bytes four = nest(4);
    struct bytes five = nest(5);
    struct run run;

    (void)state;
    run_unpack(&run, &four, "x.zip", NULL);
    assert_clean(&run);
    assert_beside(&run, "n.zip!/n.zip!/n.zip!/n.zip!/evil.js", evil.data, evil.len);
    run_done(&run);
    run_unpack(&run, &five, "x.zip", NULL);
    assert_int_equal(
        run_count(&run, VB_EV_COVERAGE, "nested archive", "n.zip!/n.zip!/n.zip!/n.zip!/n.zip"), 1);
    run_done(&run);
    bytes_done(&four);
    bytes_done(&five);
}

/* One budget for all of it: many archives of which each would pass. */
static void test_one_budget(void **state)
{
    enum { COUNT = 40, ZEROS = 400 * 1024 };
    static const char zeros[ZEROS];
    const struct bytes data = {(unsigned char *)(uintptr_t)zeros, ZEROS};
    struct bytes inner = pack(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, "zeros", &data);
    struct vb_unpack_limits limits = maker_limits;
    struct member members[COUNT];
    char names[COUNT][16];
    struct bytes outer;
    struct run run;

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "%zu.zip", i);
        members[i] = (struct member){.name = names[i], .data = inner.data, .len = inner.len};
    }
    outer = make_tar(members, COUNT);
    limits.bytes = 4u << 20;
    limits.ratio = 0;
    run_unpack(&run, &outer, "x.tar", &limits);
    assert_int_equal(run.status, 0);
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, "limit-bytes", NULL), 1);
    assert_int_equal(run_files(&run), COUNT);
    assert_in_range(run_beside(&run), 8, 11);
    run_done(&run);
    limits = maker_limits;
    limits.ratio_floor = 512u << 10;
    run_unpack(&run, &outer, "x.tar", &limits);
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, "bomb-ratio", NULL), 1);
    run_done(&run);
    limits = maker_limits;
    limits.entries = COUNT + 5;
    run_unpack(&run, &outer, "x.tar", &limits);
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, "limit-entries", NULL), 1);
    run_done(&run);
    bytes_done(&inner);
    bytes_done(&outer);
}

/* The folder of one archive must not be that of another. */
static void test_names_beside_do_not_mix(void **state)
{
    struct bytes a = make_archive(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, &evil, 1);
    struct bytes outer = pack(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, "b.zip", &a);
    const struct member members[] = {
        {.name = "a.zip", .data = outer.data, .len = outer.len},
        {.name = "a.zip!/b.zip", .data = a.data, .len = a.len},
        {.name = "a.zip!/b.zip!/evil.js", .data = "mine", .len = 4},
    };
    struct bytes top = make_tar(members, 3);
    struct run run;

    (void)state;
    run_unpack(&run, &top, "x.tar", NULL);
    assert_clean(&run);
    assert_int_equal(run_files(&run), 3);
    assert_content(&run, "a.zip!/b.zip!/evil.js", "mine", 4);
    assert_int_equal(run_beside(&run), 3); /* a.zip's b.zip, and evil.js of both b.zip */
    run_done(&run);
    bytes_done(&a);
    bytes_done(&outer);
    bytes_done(&top);
}

static void test_hostile_within(void **state)
{
    const struct member bad = {.name = "../evil", .data = "x", .len = 1};
    struct bytes inner = make_tar(&bad, 1);
    struct bytes outer = pack(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, "in.tar", &inner);
    struct run run;

    (void)state;
    run_unpack(&run, &outer, "x.zip", NULL);
    assert_hostile(&run, "path-traversal", "in.tar!/../evil");
    assert_beside(&run, "in.tar!refused/1/evil", "x", 1);
    assert_int_equal(run_beside(&run), 1);
    run_done(&run);
    bytes_done(&inner);
    bytes_done(&outer);
}

/* --- not at the beginning --- */

static struct bytes join(const char *head, size_t len, const struct bytes *tail)
{
    struct bytes b = {0};

    bytes_add(&b, head, len);
    bytes_add(&b, tail->data, tail->len);
    return b;
}

static const struct {
    const char *what;
    const char *head;
    size_t len;
    int format;
    int filter;
    const char *at; /* where evil.js comes out */
} hidden[] = {
    {"picture and zip", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16, ARCHIVE_FORMAT_ZIP,
     ARCHIVE_FILTER_NONE, "f!/evil.js"},
    {"document and zip", "%PDF-1.7\n1 0 obj\n", 17, ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE,
     "f!/evil.js"},
    {"script and zip", "/* js */ 1;\n", 12, ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, "f!/evil.js"},
    {"program and 7z",
     "\x7f"
     "ELF\2\1\1\0\0\0\0\0",
     12, ARCHIVE_FORMAT_7ZIP, ARCHIVE_FILTER_NONE, "f!payload/payload!/evil.js"},
    {"program and tar.xz", "MZ\x90\0\3\0\0\0", 8, ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_XZ,
     "f!payload/payload!/evil.js"},
    {"script and tar.gz", "#!/bin/sh\ntail -n +3 $0|tar xz\nexit\n", 36, ARCHIVE_FORMAT_TAR_USTAR,
     ARCHIVE_FILTER_GZIP, "f!payload/payload!/evil.js"},
};

static void test_archives_behind_something(void **state)
{
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(hidden); i++) {
        struct bytes archive = make_archive(hidden[i].format, hidden[i].filter, &evil, 1);
        struct bytes file = join(hidden[i].head, hidden[i].len, &archive);
        struct bytes outer = pack(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE, "f", &file);
        struct run run;

        run_unpack(&run, &outer, "x.tar", NULL);
        if (run.status != 0)
            fail_msg("%s: %s", hidden[i].what, run.err.message);
        assert_content(&run, "f", file.data, file.len);
        assert_beside(&run, hidden[i].at, evil.data, evil.len);
        assert_int_equal(run_count(&run, VB_EV_COVERAGE, NULL, NULL), 0);
        run_done(&run);
        bytes_done(&archive);
        bytes_done(&file);
        bytes_done(&outer);
    }
}

/* Programs that read archives have their magic in them; texts have the words. */
static void test_magic_alone_is_no_archive(void **state)
{
    static const char program[] = "\x7f"
                                  "ELF\2\1\1\0 7z\xbc\xaf\x27\x1c\0libarchive Rar!\x1a\x07 "
                                  "\xfd"
                                  "7zXZ\0\0\0 \x1f\x8b\x08 PK\5\6 PK\3\4 MSCF";
    static const char script[] = "#!/bin/sh\nBZh is a prefix\n# PK\3\4\nPK\n";
    const struct member members[] = {
        {.name = "program", .data = program, .len = sizeof(program) - 1},
        {.name = "script", .data = script, .len = sizeof(script) - 1},
    };
    struct bytes tar = make_tar(members, 2);
    struct run run;

    (void)state;
    run_unpack(&run, &tar, "x.tar", NULL);
    assert_clean(&run);
    assert_int_equal(run_beside(&run), 0);
    assert_int_equal(run.count, 1);
    run_done(&run);
    bytes_done(&tar);
}

static void test_window(void **state)
{
    /* .lzma properties, a dictionary of 1 GiB, an unknown size */
    static const char lzma[] = "\x5d\0\0\0\x40\xff\xff\xff\xff\xff\xff\xff\xff\0\x24\x19\x49\x98";
    /* the frame header of zstd with a window descriptor of 2 GiB */
    static const char zstd[] = "\x28\xb5\x2f\xfd\0\xa8\1\0\0................";
    const struct bytes inputs[] = {{(unsigned char *)(uintptr_t)lzma, sizeof(lzma) - 1},
                                   {(unsigned char *)(uintptr_t)zstd, sizeof(zstd) - 1}};

    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(inputs); i++) {
        struct run run;

        run_unpack(&run, &inputs[i], "x", NULL);
        assert_hostile(&run, "limit-window", ".");
        assert_int_equal(run_count(&run, VB_EV_COVERAGE, "archive", "."), 1);
        run_done(&run);
    }
}

/* --- other readings --- */

/* An unpack as vb_unpack has it, for what only other readers call. */
static void test_another_reading(void **state)
{
    static const char stored[] = "xxxxsteal()\n";
    static const unsigned char deflated[] = {0x2b, 0x2e, 0x49, 0x4d, 0xcc,
                                             0xd1, 0xd0, 0xe4, 0x02, 0x00};
    struct bytes b = {0};
    struct run run;
    const struct reading readings[] = {
        {"a/evil.js", 9, 0, 4, 8, "local"},
        {"../up", 5, 8, 12, sizeof(deflated), "central"},
    };

    (void)state;
    bytes_add(&b, stored, 12);
    bytes_add(&b, deflated, sizeof(deflated));
    run_unpack(&run, &b, "f", NULL);
    {
        VB_CLEANUP(beside_free) struct beside *beside = NULL;
        VB_CLEANUP(names_free) struct names *names = NULL;
        const int fds[AREA_COUNT] = {run.out_fd, run.beside_fd};
        struct unpack u = {.limits = &maker_limits,
                           .sink = &run.sink,
                           .err = &run.err,
                           .fd = run.artifact_fd,
                           .out_fd = run.out_fd,
                           .name = "f",
                           .size = b.len,
                           .place = ".",
                           .prefix = ""};

        assert_int_equal(names_new(&names, &run.err), 0);
        assert_int_equal(beside_new(&beside, fds, &run.err), 0);
        u.names = names;
        u.beside = beside;
        assert_int_equal(beside_add(&u, &readings[0]), 0);
        assert_int_equal(beside_add(&u, &readings[1]), 0);
        assert_int_equal(beside_add(&u, &readings[1]), 0);
    }
    assert_beside(&run, "!local/a/evil.js", "steal()\n", 8);
    assert_beside(&run, "!central/entry-at-12", "steal()\n", 8);
    assert_beside(&run, "!central1/entry-at-12", "steal()\n", 8);
    run_done(&run);
    bytes_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_format_within),
        cmocka_unit_test(test_names_of_the_second_reader),
        cmocka_unit_test(test_skipped_frames),
        cmocka_unit_test(test_second_reader_opens_everything),
        cmocka_unit_test(test_debian_package),
        cmocka_unit_test(test_library),
        cmocka_unit_test(test_brotli),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_one_budget),
        cmocka_unit_test(test_names_beside_do_not_mix),
        cmocka_unit_test(test_hostile_within),
        cmocka_unit_test(test_archives_behind_something),
        cmocka_unit_test(test_magic_alone_is_no_archive),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_another_reading),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
