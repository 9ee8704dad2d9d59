/* fetch: what a reference is, and files and folders of this machine. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vetbox/fetch.h"

static const struct vb_fetch_limits limits = {
    .bytes = 1u << 20, .entries = 100, .timeout_ms = 5000, .redirects = 5};

/* --- the form of references --- */

static void test_reference_kinds(void **state)
{
    static const struct {
        const char *reference;
        int status;
        enum vb_reference_kind kind;
        const char *name;
    } rows[] = {
        {"skill", 0, VB_REFERENCE_PATH, ""},
        {"./skill", 0, VB_REFERENCE_PATH, ""},
        {"/a/b", 0, VB_REFERENCE_PATH, ""},
        {"..", 0, VB_REFERENCE_PATH, ""},
        {"a/b:c", 0, VB_REFERENCE_PATH, ""},
        {"./npm:x", 0, VB_REFERENCE_PATH, ""},
        {"1:2", 0, VB_REFERENCE_PATH, ""},
        {"https://example.org/x.zip", 0, VB_REFERENCE_HTTPS, ""},
        {"HTTPS://example.org/x.zip", 0, VB_REFERENCE_HTTPS, ""},
        {"http://example.org/x.zip", VB_E_USAGE, VB_REFERENCE_PATH, ""},
        {"https:/example.org", VB_E_USAGE, VB_REFERENCE_PATH, ""},
        {"ftp://example.org/", VB_E_USAGE, VB_REFERENCE_PATH, ""},
        {"file:///etc/passwd", VB_E_USAGE, VB_REFERENCE_PATH, ""},
        {"clawhub:a/b@1", 0, VB_REFERENCE_PACKAGE, "a/b@1"},
        {"github:a/b/c@d/e", 0, VB_REFERENCE_PACKAGE, "a/b/c@d/e"},
        {"pkg:github/a/b@v1", 0, VB_REFERENCE_PACKAGE, "a/b@v1"},
        {"skills:a.example/b@c", 0, VB_REFERENCE_PACKAGE, "a.example/b@c"},
        {"pkg:skills/a/b", VB_E_USAGE, VB_REFERENCE_PATH, ""},
        {"pkg:clawhub/a/b", VB_E_USAGE, VB_REFERENCE_PATH, ""},
        {"cargo:a", VB_E_USAGE, VB_REFERENCE_PATH, ""},
        {"npm:left-pad", 0, VB_REFERENCE_PACKAGE, "left-pad"},
        {"npm:@a/b@1.0", 0, VB_REFERENCE_PACKAGE, "@a/b@1.0"},
        {"pypi:a@1", 0, VB_REFERENCE_PACKAGE, "a@1"},
        {"pkg:npm/left-pad@1.3.0", 0, VB_REFERENCE_PACKAGE, "left-pad@1.3.0"},
        {"pkg:npm/left-pad", 0, VB_REFERENCE_PACKAGE, "left-pad"},
        {"PKG:NPM/%40a/b@1.0", 0, VB_REFERENCE_PACKAGE, "@a/b@1.0"},
        {"pkg:npm/@a/b", 0, VB_REFERENCE_PACKAGE, "@a/b"},
        {"pkg:npm/@a/b@1.0", 0, VB_REFERENCE_PACKAGE, "@a/b@1.0"},
        {"pkg://pypi/a@1.0%2Blocal?package-id=5", 0, VB_REFERENCE_PACKAGE, "a@1.0+local"},
        {"pkg:npm/a@1?repository_url=https://b.example", VB_E_USAGE, VB_REFERENCE_PATH, ""},
        {"pkg:npm/a@1?x=1&checksum=sha256:0 https://", VB_E_USAGE, VB_REFERENCE_PATH, ""},
        {"pkg:cargo/a@1", VB_E_USAGE, VB_REFERENCE_PATH, ""},
        {"npm:", VB_E_USAGE, VB_REFERENCE_PATH, ""},
        {"", VB_E_USAGE, VB_REFERENCE_PATH, ""},
        {NULL, VB_E_USAGE, VB_REFERENCE_PATH, ""},
    };

    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_reference read = {.kind = VB_REFERENCE_PATH};
        struct vb_error err = {0};

        assert_int_equal(vb_reference_read(rows[i].reference, &read, &err), rows[i].status);
        assert_int_equal(read.kind, rows[i].kind);
        assert_string_equal(read.name, rows[i].name);
        if (rows[i].status != 0)
            assert_non_null(strstr(err.message, "https://"));
    }
}

static void test_no_purls(void **state)
{
    static const char *const rows[] = {
        "pkg:",         "pkg:npm",        "pkg:npm/",    "pkg:/a",
        "pkg:npm//a",   "pkg:npm/a%2fb",  "pkg:npm/a%2", "pkg:npm/a%zz",
        "pkg:npm/a%00", "pkg:npm/a%0a@1", "pkg:npm/a@",  "pkg:npm/a#src/x",
    };
    char longest[2000];
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_reference read = {.kind = VB_REFERENCE_HTTPS};
        struct vb_error err = {0};
        if (vb_reference_read(rows[i], &read, &err) != VB_E_USAGE ||
            read.kind != VB_REFERENCE_HTTPS)
            fail_msg("%s", rows[i]);
    }
    for (size_t len = 500; len < sizeof(longest) - 20; len++) {
        struct vb_reference read;
        struct vb_error err = {0};
        snprintf(longest, sizeof(longest), "pkg:npm/%0*d", (int)len, 0);
        const int status = vb_reference_read(longest, &read, &err);
        if (status != (len < VB_REFERENCE_NAME_BYTES ? VB_OK : VB_E_USAGE))
            fail_msg("%zu: %d", len, status);
    }
}

/* --- a place of its own for each test --- */

struct place {
    struct vb_sink sink; /* first */
    char base[64];
    int target_fd;
    size_t artifacts;
    size_t others;
    char name[256];
    char form[16];
    char sha256[VB_SHA256_HEX];
    char sha512[VB_SHA512_HEX];
    int64_t size;
    struct vb_artifact artifact;
    struct vb_error err;
};

static void copy_field(char *ret, size_t size, const struct vb_event *event, enum vb_field field)
{
    const struct vb_str s = vb_event_get_str(event, field);

    (void)snprintf(ret, size, "%.*s", (int)s.len, s.text);
}

static int on_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct place *const p = (struct place *)sink;

    assert_int_equal(vb_event_check(event, err), 0);
    if (event->kind != VB_EV_FETCH_ARTIFACT) {
        p->others++;
        return 0;
    }
    p->artifacts++;
    copy_field(p->name, sizeof(p->name), event, VB_F_NAME);
    copy_field(p->form, sizeof(p->form), event, VB_F_FORM);
    copy_field(p->sha256, sizeof(p->sha256), event, VB_F_SHA256);
    copy_field(p->sha512, sizeof(p->sha512), event, VB_F_SHA512);
    p->size = vb_event_get_int(event, VB_F_SIZE, -1);
    return 0;
}

static void put(const struct place *p, const char *path, const char *text)
{
    char full[512];
    VB_CLEANUP_FD int fd = -1;
    struct vb_error err;

    (void)snprintf(full, sizeof(full), "%s/%s", p->base, path);
    fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(vb_write_all(fd, text, strlen(text), &err), 0);
}

static void put_folder(const struct place *p, const char *path)
{
    char full[512];

    (void)snprintf(full, sizeof(full), "%s/%s", p->base, path);
    assert_int_equal(mkdir(full, 0755), 0);
}

static int setup(void **state)
{
    struct place *const p = calloc(1, sizeof(*p));
    char target[80];

    assert_non_null(p);
    p->sink.emit = on_event;
    p->artifact.fd = -1;
    (void)snprintf(p->base, sizeof(p->base), "/tmp/vetbox-fetch-XXXXXX");
    assert_non_null(mkdtemp(p->base));
    (void)snprintf(target, sizeof(target), "%s/target", p->base);
    assert_int_equal(mkdir(target, 0700), 0);
    p->target_fd = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(p->target_fd >= 0);
    *state = p;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state)
{
    struct place *const p = *state;

    vb_artifact_done(&p->artifact);
    vb_close_fd(&p->target_fd);
    assert_int_equal(nftw(p->base, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(p);
    return 0;
}

static int fetch_with(struct place *p, const char *path, const struct vb_fetch_limits *with)
{
    char full[512];

    (void)snprintf(full, sizeof(full), "%s/%s", p->base, path);
    return vb_fetch_path(full, p->target_fd, with, &p->sink, &p->artifact, &p->err);
}

static int fetch(struct place *p, const char *path)
{
    return fetch_with(p, path, &limits);
}

/* --- files --- */

static void assert_file(const struct place *p, const char *text)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf buf;
    char sha256[VB_SHA256_HEX];
    struct vb_error err;

    vb_buf_init(&buf, 1u << 20);
    assert_int_equal(vb_buf_read_fd(&buf, p->artifact.fd, &err), 0);
    assert_int_equal(buf.len, strlen(text));
    assert_memory_equal(buf.data, text, buf.len);
    assert_int_equal(vb_sha256_hex(text, strlen(text), sha256, &err), 0);
    assert_string_equal(p->sha256, sha256);
}

static void test_file(void **state)
{
    struct place *const p = *state;

    put(p, "SKILL.md", "abc");
    assert_int_equal(fetch(p, "SKILL.md"), 0);
    assert_int_equal(p->artifacts, 1);
    assert_int_equal(p->artifact.form, VB_ARTIFACT_FILE);
    assert_string_equal(p->artifact.name, "SKILL.md");
    assert_int_equal(p->artifact.size, 3);
    assert_string_equal(p->form, "file");
    assert_int_equal(p->size, 3);
    /* FIPS 180-4's example */
    assert_string_equal(p->sha256,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_memory_equal(p->sha512, "ddaf35a193617abacc417349ae204131", 32);
    assert_file(p, "abc");
}

/* For those who want nothing but the bytes: sealed as well. */
static void test_file_without_digests(void **state)
{
    struct place *const p = *state;
    struct vb_fetch_limits undigested = limits;
    char text[4];

    undigested.undigested = true;
    put(p, "SKILL.md", "abc");
    assert_int_equal(fetch_with(p, "SKILL.md", &undigested), 0);
    assert_int_equal(p->artifacts, 1);
    assert_int_equal(p->size, 3);
    assert_string_equal(p->sha256, "");
    assert_string_equal(p->sha512, "");
    assert_int_equal(read(p->artifact.fd, text, sizeof(text)), 3);
    assert_memory_equal(text, "abc", 3);
    assert_true(pwrite(p->artifact.fd, "x", 1, 0) < 0 && errno == EPERM);
}

/* The original may change afterwards, and nobody may write the copy, not even its holder. */
static void test_file_is_sealed(void **state)
{
    struct place *const p = *state;

    put(p, "run.sh", "echo one\n");
    assert_int_equal(fetch(p, "run.sh"), 0);
    put(p, "run.sh", "echo two, and longer\n");
    assert_file(p, "echo one\n");
    assert_true(pwrite(p->artifact.fd, "x", 1, 0) < 0 && errno == EPERM);
    assert_true(ftruncate(p->artifact.fd, 0) < 0 && errno == EPERM);
    assert_true(ftruncate(p->artifact.fd, 100) < 0 && errno == EPERM);
}

static void test_file_by_link(void **state)
{
    struct place *const p = *state;
    char link[512];

    put(p, "real", "text");
    (void)snprintf(link, sizeof(link), "%s/link", p->base);
    assert_int_equal(symlink("real", link), 0);
    assert_int_equal(fetch(p, "link"), 0);
    assert_string_equal(p->artifact.name, "link");
    assert_file(p, "text");
}

static void refuse(struct place *p, const char *path, const struct vb_fetch_limits *with,
                   int status)
{
    const int got = fetch_with(p, path, with);

    if (got != status)
        fail_msg("%s: %d instead of %d: %s", path, got, status, p->err.message);
    assert_non_null(strstr(p->err.message, path));
    assert_int_equal(p->artifacts, 0);
    assert_int_equal(p->artifact.fd, -1);
    assert_null(p->artifact.name);
}

static void test_unusable_files(void **state)
{
    struct place *const p = *state;
    struct vb_fetch_limits small = limits;
    char fifo[512];

    small.bytes = 3;
    put(p, "empty", "");
    put(p, "four", "four");
    (void)snprintf(fifo, sizeof(fifo), "%s/fifo", p->base);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    refuse(p, "missing", &limits, VB_E_NOINPUT);
    refuse(p, "four/below", &limits, VB_E_NOINPUT);
    refuse(p, "fifo", &limits, VB_E_NOINPUT);
    refuse(p, "empty", &limits, VB_E_DATA);
    refuse(p, "four", &small, VB_E_LIMIT);
    assert_int_equal(
        vb_fetch_path("/dev/null", p->target_fd, &limits, &p->sink, &p->artifact, &p->err),
        VB_E_NOINPUT);
}

static void test_unreadable_file(void **state)
{
    struct place *const p = *state;
    char full[512];

    if (geteuid() == 0)
        skip(); /* root reads everything */
    put(p, "secret", "x");
    (void)snprintf(full, sizeof(full), "%s/secret", p->base);
    assert_int_equal(chmod(full, 0), 0);
    refuse(p, "secret", &limits, VB_E_NOINPUT);
}

/* --- folders --- */

static void test_folder(void **state)
{
    struct place *const p = *state;
    char list[512];
    char b[VB_SHA256_HEX];
    char a[VB_SHA256_HEX];
    char want[VB_SHA256_HEX];
    VB_CLEANUP_FD int fd = -1;

    put_folder(p, "skill");
    put_folder(p, "skill/z");
    put(p, "skill/z/b.sh", "b");
    put(p, "skill/SKILL.md", "a");
    assert_int_equal(fetch(p, "skill/"), 0);
    assert_int_equal(p->artifacts, 1);
    assert_int_equal(p->artifact.form, VB_ARTIFACT_FOLDER);
    assert_string_equal(p->artifact.name, "skill");
    assert_string_equal(p->form, "folder");
    assert_int_equal(p->artifact.size, 2);
    assert_int_equal(vb_sha256_hex("a", 1, a, &p->err), 0);
    assert_int_equal(vb_sha256_hex("b", 1, b, &p->err), 0);
    (void)snprintf(list, sizeof(list), "%s  SKILL.md\n%s  z/b.sh\n", a, b);
    assert_int_equal(vb_sha256_hex(list, strlen(list), want, &p->err), 0);
    assert_string_equal(p->sha256, want);
    /* The copy is another file than the original. */
    put(p, "skill/z/b.sh", "changed");
    fd = openat(p->artifact.fd, "z/b.sh", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(vb_sha256_fd(fd, want, &p->err), 0);
    assert_string_equal(want, b);
}

/* One file whose name looks like the lines of two must not have their digest. */
/* The next fetch goes to an empty folder of its own. */
static void new_target(struct place *p, const char *name)
{
    char target[512];

    put_folder(p, name);
    (void)snprintf(target, sizeof(target), "%s/%s", p->base, name);
    vb_artifact_done(&p->artifact);
    vb_close_fd(&p->target_fd);
    p->target_fd = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(p->target_fd >= 0);
}

/* A link that is added or pointed elsewhere makes another package of it. */
static void test_folder_with_links(void **state)
{
    struct place *const p = *state;
    char before[VB_SHA256_HEX];
    char with[VB_SHA256_HEX];
    char link[512];

    put_folder(p, "skill");
    put(p, "skill/SKILL.md", "a");
    assert_int_equal(fetch(p, "skill"), 0);
    memcpy(before, p->sha256, sizeof(before));
    (void)snprintf(link, sizeof(link), "%s/skill/link", p->base);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    new_target(p, "second");
    assert_int_equal(fetch(p, "skill"), 0);
    memcpy(with, p->sha256, sizeof(with));
    assert_string_not_equal(with, before);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("/etc/shadow", link), 0);
    new_target(p, "third");
    assert_int_equal(fetch(p, "skill"), 0);
    assert_string_not_equal(p->sha256, with);
}

static void test_folder_with_newline_in_name(void **state)
{
    struct place *const p = *state;
    char name[256];
    char list[512];
    char a[VB_SHA256_HEX];
    char want[VB_SHA256_HEX];

    assert_int_equal(vb_sha256_hex("a", 1, a, &p->err), 0);
    put_folder(p, "skill");
    (void)snprintf(name, sizeof(name), "skill/a\n%s  b\\", a);
    put(p, name, "a");
    assert_int_equal(fetch(p, "skill"), 0);
    (void)snprintf(list, sizeof(list), "\\%s  a\\n%s  b\\\\\n", a, a);
    assert_int_equal(vb_sha256_hex(list, strlen(list), want, &p->err), 0);
    assert_string_equal(p->sha256, want);
}

static void test_folder_by_dot(void **state)
{
    struct place *const p = *state;

    put_folder(p, "skill");
    put(p, "skill/SKILL.md", "a");
    assert_int_equal(fetch(p, "skill/."), 0);
    assert_string_equal(p->artifact.name, "skill");
}

/* Not one name in /etc may come along with a package. */
static void test_links_in_folder_are_not_followed(void **state)
{
    struct place *const p = *state;
    char link[512];
    struct stat st;

    put_folder(p, "skill");
    put(p, "skill/SKILL.md", "a");
    (void)snprintf(link, sizeof(link), "%s/skill/etc", p->base);
    assert_int_equal(symlink("/etc", link), 0);
    assert_int_equal(fetch(p, "skill"), 0);
    assert_int_equal(p->artifact.size, 1);
    assert_int_equal(fstatat(p->artifact.fd, "etc", &st, AT_SYMLINK_NOFOLLOW), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void test_unusable_folders(void **state)
{
    struct place *const p = *state;

    put_folder(p, "hollow");
    put_folder(p, "hollow/deep");
    refuse(p, "hollow", &limits, VB_E_DATA);
}

/* A folder that is too large is a fact about the package: what fits is examined, the rest is told.
 */
static void test_folder_of_too_much(void **state)
{
    struct place *const p = *state;
    struct vb_fetch_limits small = limits;

    put_folder(p, "big");
    put(p, "big/a", "1234");
    put(p, "big/b", "1234");
    put(p, "big/c", "1234");
    small.bytes = 10;
    assert_int_equal(fetch_with(p, "big", &small), 0);
    assert_int_equal(p->artifact.size, 8);
    assert_int_equal(p->others, 1);
}

static void test_folder_of_too_many(void **state)
{
    struct place *const p = *state;
    struct vb_fetch_limits small = limits;

    put_folder(p, "big");
    put(p, "big/a", "1234");
    put(p, "big/b", "1234");
    put(p, "big/c", "1234");
    small.entries = 2;
    assert_int_equal(fetch_with(p, "big", &small), 0);
    assert_int_equal(p->artifact.size, 8);
    assert_int_equal(p->others, 1);
}

int main(void)
{
#define HERE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_kinds),
        cmocka_unit_test(test_no_purls),
        HERE(test_file),
        HERE(test_file_without_digests),
        HERE(test_file_is_sealed),
        HERE(test_file_by_link),
        HERE(test_unusable_files),
        HERE(test_unreadable_file),
        HERE(test_folder),
        HERE(test_folder_with_links),
        HERE(test_folder_with_newline_in_name),
        HERE(test_folder_by_dot),
        HERE(test_links_in_folder_are_not_followed),
        HERE(test_unusable_folders),
        HERE(test_folder_of_too_many),
        HERE(test_folder_of_too_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
