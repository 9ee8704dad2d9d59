/* Every folder of tests/fixtures/identify is a package and the exact list of what is said about it.
 * To write the lists anew after a wanted change: VETBOX_UPDATE=1 build/tests/test_identify */
#include "identify_helper.h"

#include <dirent.h>
#include <fcntl.h>

#include "identify/internal.h"

#define FIXTURES VB_SOURCE_DIR "/tests/fixtures/identify"

static bool read_text(const char *path, struct vb_buf *buf)
{
    struct vb_error err = {0};
    vb_buf_init(buf, 1024 * 1024);
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    if (vb_buf_read_fd(buf, fd, &err) < 0)
        fail_msg("%s: %s", path, err.message);
    return true;
}

static bool has_line(const char *text, const char *line, size_t len)
{
    for (const char *at = text; *at != '\0';) {
        const size_t here = strcspn(at, "\n");
        if (here == len && memcmp(at, line, len) == 0)
            return true;
        at += here + (at[here] == '\n');
    }
    return false;
}

static void print_missing(const char *sign, const char *from, const char *in)
{
    while (*from != '\0') {
        const size_t len = strcspn(from, "\n");
        if (!has_line(in, from, len))
            print_message("%s %.*s\n", sign, (int)len, from);
        from += len + (from[len] == '\n');
    }
}

static void update(const char *path, const struct listing *listing)
{
    struct vb_error err = {0};
    VB_CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(vb_write_all(fd, listing->text.data, listing->text.len, &err), 0);
}

static unsigned check_fixture(const char *name)
{
    char path[4096];
    struct vb_error err = {0};
    struct listing listing;
    VB_CLEANUP(vb_buf_done) struct vb_buf expected = {0};
    listing_init(&listing);
    snprintf(path, sizeof(path), FIXTURES "/%s/tree", name);
    if (identify_folder(path, NULL, &listing, &err) < 0)
        fail_msg("%s: %s", name, err.message);
    snprintf(path, sizeof(path), FIXTURES "/%s/expected.txt", name);
    if (getenv("VETBOX_UPDATE") != NULL)
        update(path, &listing);
    const char *want =
        read_text(path, &expected) && expected.len > 0 ? (const char *)expected.data : "";
    const bool same = strcmp(want, listing_text(&listing)) == 0;
    if (!same) {
        print_message("--- %s: expected (-) and found (+), or another order\n", name);
        print_missing("-", want, listing_text(&listing));
        print_missing("+", listing_text(&listing), want);
    }
    listing_done(&listing);
    return same ? 0 : 1;
}

static void fixtures_are_listed_exactly(VB_UNUSED void **state)
{
    unsigned wrong = 0;
    unsigned count = 0;
    DIR *dir = opendir(FIXTURES);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        wrong += check_fixture(entry->d_name);
        count++;
    }
    closedir(dir);
    assert_true(count >= vb_id_kind_count);
    assert_int_equal(wrong, 0);
}

/* A row of the table without a fixture of its name proves nothing. */
static void every_kind_has_a_fixture(VB_UNUSED void **state)
{
    char path[4096];
    char line[128];
    for (size_t i = 0; i < vb_id_kind_count; i++) {
        VB_CLEANUP(vb_buf_done) struct vb_buf expected = {0};
        const char *kind = vb_id_kinds[i].name;
        snprintf(path, sizeof(path), FIXTURES "/%s/expected.txt", kind);
        if (!read_text(path, &expected))
            fail_msg("no fixture for %s", kind);
        snprintf(line, sizeof(line), "package %s @", kind);
        if (expected.len == 0 || strstr((const char *)expected.data, line) == NULL)
            fail_msg("the fixture of %s is not recognised as one", kind);
    }
}

/* A declaration without its line would leave a reader to search for it. */
static void every_declaration_has_a_line(VB_UNUSED void **state)
{
    char path[4096];
    DIR *dir = opendir(FIXTURES);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        VB_CLEANUP(vb_buf_done) struct vb_buf expected = {0};
        snprintf(path, sizeof(path), FIXTURES "/%s/expected.txt", entry->d_name);
        if (entry->d_name[0] == '.' || !read_text(path, &expected))
            continue;
        for (const char *at = (const char *)expected.data; at != NULL && *at != '\0';) {
            const size_t len = strcspn(at, "\n");
            const char *detail = memmem(at, len, " | ", 3);
            const char *end = detail == NULL ? at + len : detail;
            if (strncmp(at, "declares ", 9) == 0 && (end[-1] < '0' || end[-1] > '9'))
                fail_msg("%s: no line in\n  %.*s", entry->d_name, (int)len, at);
            at += len + (at[len] == '\n');
        }
    }
    closedir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixtures_are_listed_exactly),
        cmocka_unit_test(every_kind_has_a_fixture),
        cmocka_unit_test(every_declaration_has_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
