/* Signed lists of digests: the signature covers the list, the list covers the files. */
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "signatures_helper.h"

static void put_sums(const struct package *package)
{
    package_copy(package, "prehashed.txt", "prehashed.txt");
    package_copy(package, "legacy.txt", "legacy.txt");
    package_copy(package, "SHA256SUMS", "SHA256SUMS");
    package_copy(package, "SHA256SUMS.minisig", "SHA256SUMS.minisig");
}

static void test_sums_cover_what_they_list(void **state)
{
    VB_CLEANUP(capture_done) struct capture capture;

    put_sums(*state);
    put_text(*state, "unlisted.txt", "x");
    package_verify(*state, &capture);
    assert_int_equal(capture.count, 1);
    assert_string_equal(capture.seen[0].outcome, "valid-trusted");
    assert_string_equal(capture.seen[0].covers, "SHA256SUMS,legacy.txt,prehashed.txt");
}

static void test_sums_with_a_changed_file(void **state)
{
    put_sums(*state);
    put_text(*state, "legacy.txt", "the second signed fire\n");
    expect_one(*state, "minisign", "invalid", "legacy.txt differs");
}

static void test_sums_with_a_missing_file(void **state)
{
    const struct package *package = *state;

    put_sums(package);
    assert_int_equal(unlinkat(package->fd, "legacy.txt", 0), 0);
    expect_one(package, "minisign", "invalid", "legacy.txt: it is not there");
}

static void test_sums_count_from_their_folder(void **state)
{
    VB_CLEANUP(capture_done) struct capture capture;

    package_copy(*state, "prehashed.txt", "dist/prehashed.txt");
    package_copy(*state, "legacy.txt", "dist/legacy.txt");
    package_copy(*state, "SHA256SUMS", "dist/SHA256SUMS");
    package_copy(*state, "SHA256SUMS.minisig", "dist/SHA256SUMS.minisig");
    package_verify(*state, &capture);
    assert_int_equal(capture.count, 1);
    assert_string_equal(capture.seen[0].covers,
                        "dist/SHA256SUMS,dist/legacy.txt,dist/prehashed.txt");
}

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

/* The list's forms, after the signature: what the list says decides. */
static void test_sums_forms(void **state)
{
    static const struct {
        const char *list;
        enum vb_signature_outcome outcome;
        const char *reason;
        size_t covers;
    } rows[] = {
        {EMPTY "  a\n" EMPTY " *b\nSHA256 (c) = " EMPTY "\n", VB_SIGNATURE_VALID_TRUSTED, "", 3},
        {"# comment\n\n" EMPTY "  ./a", VB_SIGNATURE_VALID_TRUSTED, "", 1},
        {"\\" EMPTY "  x\\ny\n", VB_SIGNATURE_VALID_TRUSTED, "", 1},
        {EMPTY "  a\n" EMPTY "  a\n", VB_SIGNATURE_VALID_TRUSTED, "", 1},
        {EMPTY "  a\n" ZEROS "  a\n", VB_SIGNATURE_INVALID, "two digests for a", 0},
        {EMPTY "  ../a\n", VB_SIGNATURE_INVALID, "outside", 0},
        {EMPTY "  /etc/passwd\n", VB_SIGNATURE_INVALID, "outside", 0},
        {EMPTY " a\n", VB_SIGNATURE_INVALID, "line 1", 0},
        {EMPTY "  a\nabc  b\n", VB_SIGNATURE_INVALID, "line 2", 0},
        {"SHA256 (a) = " EMPTY "0\n", VB_SIGNATURE_INVALID, "line 1", 0},
        {"\\" EMPTY "  x\\ty\n", VB_SIGNATURE_INVALID, "name that cannot be read", 0},
        {ZEROS "  a\n", VB_SIGNATURE_INVALID, "a differs", 0},
        {EMPTY "  link\n", VB_SIGNATURE_INVALID, "symbolic link", 0},
        {EMPTY "  \n", VB_SIGNATURE_INVALID, "line 1", 0},
        {"", VB_SIGNATURE_VALID_TRUSTED, "", 0},
    };
    const struct package *package = *state;

    put_text(package, "a", "");
    put_text(package, "b", "");
    put_text(package, "c", "");
    put_text(package, "x\ny", "");
    assert_int_equal(symlinkat("a", package->fd, "link"), 0);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_sig_result_done)
        struct vb_sig_result result = {.outcome = VB_SIGNATURE_VALID_TRUSTED};
        put_text(package, "SHA256SUMS", rows[i].list);
        assert_int_equal(vb_sig_sums(package->fd, "SHA256SUMS", &result, NULL), 0);
        if (result.outcome != rows[i].outcome || strstr(result.reason, rows[i].reason) == NULL ||
            result.covers.count != rows[i].covers)
            fail_msg("row %zu: outcome %d, %zu files (%s)", i, (int)result.outcome,
                     result.covers.count, result.reason);
    }
}

/* More files than one event may list, by count or by bytes, come in several. */
static void split_list(int width)
{
    enum { PATHS = 2500 };
    VB_CLEANUP(capture_done) struct capture capture;
    VB_CLEANUP(vb_sig_result_done)
    struct vb_sig_result result = {.format = "minisign", .outcome = VB_SIGNATURE_VALID_TRUSTED};
    const struct vb_sig_job job = {.path = "SHA256SUMS.minisig"};
    char path[300];

    for (int i = 0; i < PATHS; i++) {
        snprintf(path, sizeof(path), "%0*d", width, i);
        assert_int_equal(vb_sig_paths_add(&result.covers, path, NULL), 0);
    }
    capture_init(&capture);
    assert_int_equal(vb_sig_result_emit(&job, &result, &capture.sink, NULL), 0);
    size_t commas = 0;
    for (size_t i = 0; i < capture.count; i++) {
        assert_string_equal(capture.seen[i].path, "SHA256SUMS.minisig");
        for (const char *c = capture.seen[i].covers; *c != '\0'; c++)
            commas += *c == ',' ? 1 : 0;
    }
    assert_true(capture.count > 2);
    assert_int_equal(commas + capture.count, PATHS);
}

static void test_long_lists_are_split(void **state)
{
    split_list(4);
    split_list(250);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sums_cover_what_they_list, package_setup,
                                        package_teardown),
        cmocka_unit_test_setup_teardown(test_sums_with_a_changed_file, package_setup,
                                        package_teardown),
        cmocka_unit_test_setup_teardown(test_sums_with_a_missing_file, package_setup,
                                        package_teardown),
        cmocka_unit_test_setup_teardown(test_sums_count_from_their_folder, package_setup,
                                        package_teardown),
        cmocka_unit_test_setup_teardown(test_sums_forms, package_setup, package_teardown),
        cmocka_unit_test(test_long_lists_are_split),
    };

    if (vb_signatures_prepare() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
