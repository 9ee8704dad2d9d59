/* Signatures made by the real tools, stored as fixtures, and every way to damage them. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "signatures_helper.h"

/* Replaces FROM by TO in a fixture and stores it as NAME. */
static void put_edited(const struct package *package, const char *fixture, const char *name,
                       const char *from, const char *to)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf data = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf out = {0};

    fixture_read(fixture, &data);
    const char *at = strstr((const char *)data.data, from);
    assert_non_null(at);
    const size_t before = (size_t)((const unsigned char *)at - data.data);
    vb_buf_init(&out, 1024 * 1024);
    assert_int_equal(vb_buf_append(&out, data.data, before, NULL), 0);
    assert_int_equal(vb_buf_append_str(&out, to, NULL), 0);
    assert_int_equal(vb_buf_append_str(&out, at + strlen(from), NULL), 0);
    package_put(package, name, out.data, out.len);
}

/* --- what is good --- */

static void test_nothing_signed_is_no_event(void **state)
{
    VB_CLEANUP(capture_done) struct capture capture;

    put_text(*state, "SKILL.md", "# a skill\n");
    put_text(*state, "mystery.sig", "structure of an ML module, not a signature\n");
    put_text(*state, "notes.asc", "= AsciiDoc, not OpenPGP\n");
    put_text(*state, "lib/key.pub", "-----BEGIN PUBLIC KEY-----\n");
    put_text(*state, ".minisig.txt", "x");
    put_text(*state, "web.bundle", "{\"mediaType\":\"text/javascript\"}\n");
    package_verify(*state, &capture);
    assert_int_equal(capture.count, 0);
    assert_int_equal(capture.coverage, 0);
}

static void test_every_scheme_is_trusted(void **state)
{
    static const struct {
        const char *file;
        const char *signature;
        const char *stored;
        const char *format;
        const char *name;
        const char *key_id;
    } rows[] = {
        {"prehashed.txt", "prehashed.txt.minisig", ".minisig", "minisign", "alice",
         "78B7451DFA0A75CF"},
        {"prehashed.txt", "prehashed.txt.minisig", ".sig", "minisign", "alice", "78B7451DFA0A75CF"},
        {"legacy.txt", "legacy.txt.minisig", ".minisig", "minisign", "alice", "78B7451DFA0A75CF"},
        {"signify.txt", "signify.txt.sig", ".sig", "signify", "bob", ""},
        {"ssh.txt", "carol.sig", ".sig", "sshsig", "carol@example.org", "SHA256:"},
        {"ssh.txt", "carol-sha256.sig", ".sshsig", "sshsig", "carol@example.org", "SHA256:"},
        {"ssh.txt", "dave.sig", ".sig", "sshsig", "dave@example.org,dave@example.net", "SHA256:"},
        {"ssh.txt", "erin.sig", ".sig", "sshsig", "erin@example.org", "SHA256:"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(capture_done) struct capture capture;
        struct package package;
        char name[128];
        package_init(&package);
        package_copy(&package, rows[i].file, rows[i].file);
        snprintf(name, sizeof(name), "%s%s", rows[i].file, rows[i].stored);
        package_copy(&package, rows[i].signature, name);
        package_verify(&package, &capture);
        assert_int_equal(capture.count, 1);
        const struct seen *seen = &capture.seen[0];
        if (strcmp(seen->outcome, "valid-trusted") != 0)
            fail_msg("%s: %s (%s)", rows[i].signature, seen->outcome, seen->reason);
        assert_string_equal(seen->format, rows[i].format);
        assert_string_equal(seen->name, rows[i].name);
        assert_string_equal(seen->path, name);
        assert_string_equal(seen->covers, rows[i].file);
        assert_true(strncmp(seen->key_id, rows[i].key_id, strlen(rows[i].key_id)) == 0);
        package_done(&package);
    }
    (void)state;
}

static void test_a_folder_deep_is_found(void **state)
{
    VB_CLEANUP(capture_done) struct capture capture;

    package_copy(*state, "ssh.txt", "a/b/c/ssh.txt");
    package_copy(*state, "carol.sig", "a/b/c/ssh.txt.sig");
    package_copy(*state, "ssh.txt", "a/ssh.txt");
    package_copy(*state, "mallory.sig", "a/ssh.txt.sig");
    package_verify(*state, &capture);
    assert_int_equal(capture.count, 2);
    assert_string_equal(capture.seen[0].path, "a/b/c/ssh.txt.sig");
    assert_string_equal(capture.seen[0].outcome, "valid-trusted");
    assert_string_equal(capture.seen[0].covers, "a/b/c/ssh.txt");
    assert_string_equal(capture.seen[1].outcome, "valid-untrusted");
}

/* Places deeper than a path can name are said to be uncovered, a hundred times at most. */
static void test_too_deep_is_a_gap(void **state)
{
    VB_CLEANUP(capture_done) struct capture capture;
    const struct package *package = *state;
    char name[201];
    int fd = fcntl(package->fd, F_DUPFD_CLOEXEC, 0);

    memset(name, 'd', 200);
    name[200] = '\0';
    for (size_t depth = 0; depth < 20; depth++) {
        assert_int_equal(mkdirat(fd, name, 0755), 0);
        const int next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(next >= 0);
        vb_close_fd(&fd);
        fd = next;
    }
    for (int i = 0; i < 150; i++) {
        snprintf(name, sizeof(name), "%0195d.sig", i);
        VB_CLEANUP_FD int file = openat(fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(file >= 0);
    }
    package_verify(package, &capture);
    assert_int_equal(capture.count, 0);
    assert_int_equal(capture.coverage, 100);
    for (int i = 0; i < 150; i++) {
        snprintf(name, sizeof(name), "%0195d.sig", i);
        assert_int_equal(unlinkat(fd, name, 0), 0);
    }
    vb_close_fd(&fd);
}

static void test_crlf_and_missing_last_newline(void **state)
{
    static const char text[] =
        "untrusted comment: bob\r\n"
        "RWSHmlmXduY7VKFCisv/"
        "gU7JuNenGFZ4o7r0Qxejo9P7bALIL8PCaNt6ASGal9rutC5gcDnBm2TfQZgPBAcbrRY3NQP9"
        "xVX/rgo=";

    package_copy(*state, "signify.txt", "signify.txt");
    put_text(*state, "signify.txt.sig", text);
    expect_one(*state, "signify", "valid-trusted", "");
}

static void test_reason_carries_the_trusted_comment(void **state)
{
    package_copy(*state, "prehashed.txt", "prehashed.txt");
    package_copy(*state, "prehashed.txt.minisig", "prehashed.txt.minisig");
    expect_one(*state, "minisign", "valid-trusted", "timestamp:1767225600");
}

/* --- whom to trust --- */

static void test_unknown_keys_are_never_trusted(void **state)
{
    package_copy(*state, "ssh.txt", "ssh.txt");
    package_copy(*state, "mallory.sig", "ssh.txt.sig");
    expect_one(*state, "sshsig", "valid-untrusted", "not in the trust folder");
    package_copy(*state, "frank.sig", "ssh.txt.sig");
    expect_one(*state, "sshsig", "valid-untrusted", "expired");
    package_copy(*state, "grace.sig", "ssh.txt.sig");
    expect_one(*state, "sshsig", "valid-untrusted", "other namespaces");
}

static void test_unknown_minisign_key_cannot_be_checked(void **state)
{
    VB_CLEANUP(capture_done) struct capture capture;

    package_copy(*state, "prehashed.txt", "prehashed.txt");
    package_copy(*state, "stranger.minisig", "prehashed.txt.minisig");
    package_verify(*state, &capture);
    assert_int_equal(capture.count, 1);
    assert_string_equal(capture.seen[0].outcome, "present-unverifiable");
    assert_non_null(strstr(capture.seen[0].reason, "not in the trust folder"));
    assert_int_equal(strlen(capture.seen[0].key_id), 16);
    assert_string_equal(capture.seen[0].name, "");
}

static void test_empty_store_trusts_nobody(void **state)
{
    struct package *package = *state;
    struct vb_error err = {0};

    vb_trust_free(package->trust);
    package->trust = NULL;
    assert_int_equal(vb_trust_load(NULL, &package->trust, &err), 0);
    package_copy(package, "ssh.txt", "ssh.txt");
    package_copy(package, "carol.sig", "ssh.txt.sig");
    expect_one(package, "sshsig", "valid-untrusted", "not in the trust folder");
}

/* The time range of a line, at its edges. */
static void test_time_range(void **state)
{
    static const char *const namespaces[] = {"file", NULL};
    static const struct {
        int64_t now;
        enum vb_signature_outcome outcome;
    } rows[] = {
        {1577836799, VB_SIGNATURE_VALID_UNTRUSTED}, /* the second before 2020-01-01 */
        {1577836800, VB_SIGNATURE_VALID_TRUSTED},
        {1609459200, VB_SIGNATURE_VALID_TRUSTED}, /* 2021-01-01: the last */
        {1609459201, VB_SIGNATURE_VALID_UNTRUSTED},
    };
    const struct package *package = *state;
    VB_CLEANUP(vb_buf_done) struct vb_buf data = {0};

    package_copy(package, "ssh.txt", "ssh.txt");
    fixture_read("frank.sig", &data);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
        const struct vb_sig_job job = {.dirfd = package->fd,
                                       .trust = package->trust,
                                       .now = rows[i].now,
                                       .path = "ssh.txt.sig",
                                       .subject = "ssh.txt",
                                       .data = {.data = data.data, .len = data.len},
                                       .namespaces = namespaces};
        assert_int_equal(vb_sig_sshsig(&job, &result, NULL), 0);
        assert_int_equal(result.outcome, rows[i].outcome);
        assert_int_equal(result.clock, rows[i].now);
        assert_string_equal(result.name, "frank@example.org");
    }
}

/* --- what is bad --- */

static void test_changed_file_is_invalid(void **state)
{
    put_text(*state, "prehashed.txt", "the first signed filf\n");
    package_copy(*state, "prehashed.txt.minisig", "prehashed.txt.minisig");
    expect_one(*state, "minisign", "invalid", "not of this file");
}

static void test_changed_files_of_the_other_schemes(void **state)
{
    VB_CLEANUP(capture_done) struct capture capture;

    put_text(*state, "ssh.txt", "the fourth signed file");
    package_copy(*state, "carol.sig", "ssh.txt.sig");
    put_text(*state, "signify.txt", "");
    package_copy(*state, "signify.txt.sig", "signify.txt.sig");
    put_text(*state, "legacy.txt", "the second signed file\n\n");
    package_copy(*state, "legacy.txt.minisig", "legacy.txt.minisig");
    put_text(*state, "d/ssh.txt", "x");
    package_copy(*state, "dave.sig", "d/ssh.txt.sig");
    put_text(*state, "e/ssh.txt", "x");
    package_copy(*state, "erin.sig", "e/ssh.txt.sig");
    package_verify(*state, &capture);
    assert_int_equal(capture.count, 5);
    for (size_t i = 0; i < capture.count; i++) {
        assert_string_equal(capture.seen[i].outcome, "invalid");
        assert_string_equal(capture.seen[i].name, "");
    }
}

static void test_trusted_comment_is_signed(void **state)
{
    package_copy(*state, "prehashed.txt", "prehashed.txt");
    put_edited(*state, "prehashed.txt.minisig", "prehashed.txt.minisig", "timestamp:1767225600",
               "timestamp:1767225601");
    expect_one(*state, "minisign", "invalid", "trusted comment was changed");
}

static void test_untrusted_comment_is_not_signed(void **state)
{
    package_copy(*state, "prehashed.txt", "prehashed.txt");
    put_edited(*state, "prehashed.txt.minisig", "prehashed.txt.minisig", "signature from",
               "whatever");
    expect_one(*state, "minisign", "valid-trusted", "");
}

static void test_renamed_file_is_a_substitution(void **state)
{
    package_copy(*state, "prehashed.txt", "install.sh");
    package_copy(*state, "prehashed.txt.minisig", "install.sh.minisig");
    expect_one(*state, "minisign", "invalid", "made for a file named prehashed.txt");
}

static void test_changed_key_id(void **state)
{
    package_copy(*state, "prehashed.txt", "prehashed.txt");
    put_edited(*state, "prehashed.txt.minisig", "prehashed.txt.minisig", "RUTPdQr6", "RUTPdQr7");
    expect_one(*state, "minisign", "present-unverifiable", "not in the trust folder");
}

/* A signature over the digest must not pass for one over the file, and the other way round. */
static void test_algorithm_swapped(void **state)
{
    package_copy(*state, "prehashed.txt", "prehashed.txt");
    put_edited(*state, "prehashed.txt.minisig", "prehashed.txt.minisig", "RUTP", "RWTP");
    expect_one(*state, "minisign", "invalid", "not of this file");
    put_edited(*state, "prehashed.txt.minisig", "prehashed.txt.minisig", "RUTP", "RXTP");
    expect_one(*state, "minisign", "invalid", "unknown signature algorithm");
}

static void test_comment_stripped_from_minisig(void **state)
{
    package_copy(*state, "prehashed.txt", "prehashed.txt");
    put_text(
        *state, "prehashed.txt.minisig",
        "untrusted comment: x\n"
        "RUTPdQr6HUW3eDxSZ1HLmpeP5mUz1liORtJdXe+p7joEc66JRaj6xy+ZlISUAYoRdaEnOWduwnVyarVnWY3XT1/Hv"
        "BtlHHyQrQw=\n");
    expect_one(*state, "minisign", "invalid", "line 3");
}

static void test_trailing_bytes(void **state)
{
    static const char *const rows[][3] = {
        {"prehashed.txt", "prehashed.txt.minisig", "prehashed.txt.minisig"},
        {"signify.txt", "signify.txt.sig", "signify.txt.sig"},
        {"ssh.txt", "carol.sig", "ssh.txt.sig"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(capture_done) struct capture capture;
        VB_CLEANUP(vb_buf_done) struct vb_buf data = {0};
        struct package package;
        package_init(&package);
        package_copy(&package, rows[i][0], rows[i][0]);
        fixture_read(rows[i][1], &data);
        assert_int_equal(vb_buf_append_str(&data, "\n", NULL), 0);
        package_put(&package, rows[i][2], data.data, data.len);
        package_verify(&package, &capture);
        assert_int_equal(capture.count, 1);
        assert_string_equal(capture.seen[0].outcome, "invalid");
        assert_non_null(strstr(capture.seen[0].reason, "bytes follow"));
        package_done(&package);
    }
    (void)state;
}

static void test_wrong_namespace(void **state)
{
    package_copy(*state, "ssh.txt", "ssh.txt");
    package_copy(*state, "carol-email.sig", "ssh.txt.sig");
    expect_one(*state, "sshsig", "invalid", "namespace email");
    /* Also where allowed_signers has the key for git's, as grace's. */
    package_copy(*state, "carol-git.sig", "ssh.txt.sig");
    expect_one(*state, "sshsig", "invalid", "namespace git");
    package_copy(*state, "grace-git.sig", "ssh.txt.sig");
    expect_one(*state, "sshsig", "invalid", "namespace git");
}

/* The line that binds the trusted comment cannot be cut off: signify signs the same bytes. */
static void test_cut_minisign(void **state)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};

    fixture_read("legacy.txt.minisig", &text);
    const char *cut = strstr((const char *)text.data, "trusted comment: timestamp");
    assert_non_null(cut);
    const size_t len = (size_t)(cut - (const char *)text.data);
    package_copy(*state, "legacy.txt", "legacy.txt");
    package_put(*state, "legacy.txt.sig", text.data, len);
    expect_one(*state, "signify", "invalid", "no trusted comment");
}

static void test_oversized_signature(void **state)
{
    VB_CLEANUP_FREE char *big = malloc(VB_SIG_FILE_MAX + 10);

    memset(big, 'A', VB_SIG_FILE_MAX + 10);
    put_text(*state, "a", "a");
    package_put(*state, "a.minisig", big, VB_SIG_FILE_MAX + 10);
    expect_one(*state, "minisign", "invalid", "64 KiB");
}

static void test_signed_file_missing_or_link(void **state)
{
    const struct package *package = *state;

    package_copy(package, "carol.sig", "ssh.txt.sig");
    expect_one(package, "sshsig", "present-unverifiable", "it is not there");
    assert_int_equal(symlinkat("/etc/passwd", package->fd, "ssh.txt"), 0);
    expect_one(package, "sshsig", "present-unverifiable", "symbolic link");
    assert_int_equal(unlinkat(package->fd, "ssh.txt", 0), 0);
    assert_int_equal(mkdirat(package->fd, "ssh.txt", 0755), 0);
    expect_one(package, "sshsig", "present-unverifiable", "no regular file");
}

/* Every fixture cut at every byte, and with every byte changed: no crash, and never trusted where
 * a byte that is signed has changed. */
static void damage(const struct package *package, const char *file, const char *signature,
                   const char *name)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf data = {0};

    package_copy(package, file, file);
    fixture_read(signature, &data);
    for (size_t cut = 0; cut + 1 < data.len; cut++) {
        VB_CLEANUP(capture_done) struct capture capture;
        package_put(package, name, data.data, cut);
        package_verify(package, &capture);
        assert_int_equal(capture.count, 1);
        if (strncmp(capture.seen[0].outcome, "valid", 5) == 0)
            fail_msg("%s cut at %zu is %s", signature, cut, capture.seen[0].outcome);
    }
    const unsigned char *comment_end = memchr(data.data, '\n', data.len);
    const size_t first = data.data[0] == 'u' ? (size_t)(comment_end - data.data) : 0;
    for (size_t at = first; at < data.len; at++) {
        VB_CLEANUP(capture_done) struct capture capture;
        data.data[at] ^= 1;
        package_put(package, name, data.data, data.len);
        data.data[at] ^= 1;
        package_verify(package, &capture);
        assert_int_equal(capture.count, 1);
        if (strcmp(capture.seen[0].outcome, "valid-trusted") == 0)
            fail_msg("%s changed at %zu is trusted", signature, at);
    }
}

static void test_damaged_at_each_byte(void **state)
{
    damage(*state, "prehashed.txt", "prehashed.txt.minisig", "prehashed.txt.minisig");
}

static void test_damaged_legacy(void **state)
{
    damage(*state, "legacy.txt", "legacy.txt.minisig", "legacy.txt.minisig");
}

static void test_damaged_signify(void **state)
{
    damage(*state, "signify.txt", "signify.txt.sig", "signify.txt.sig");
}

static void test_damaged_sshsig(void **state)
{
    damage(*state, "ssh.txt", "carol.sig", "ssh.txt.sig");
}

static void test_damaged_ecdsa(void **state)
{
    damage(*state, "ssh.txt", "dave.sig", "ssh.txt.sig");
}

static void test_damaged_rsa(void **state)
{
    damage(*state, "ssh.txt", "erin.sig", "ssh.txt.sig");
}

/* --- what is only recognised, or is none of what it looks like --- */

static void test_known_formats_cannot_be_checked(void **state)
{
    static const char cms[] = "\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0";
    static const struct {
        const char *name;
        const char *data;
        size_t len;
        const char *format;
        bool invalid;
    } rows[] = {
        {"skill.oms.sig", "{\"mediaType\":\"x\"}", 17, "oms", false},
        {"a.sigstore.json", " {}", 3, "sigstore", false},
        {"a.sigstore", "{}", 2, "sigstore", false},
        {"a.publish.attestation", "{}", 2, "attestation", false},
        {"a.asc", "-----BEGIN PGP SIGNATURE-----\n", 30, "openpgp", true},
        {"a.asc", "To end it:\n-----BEGIN PGP SIGNATURE-----\n", 41, "openpgp", false},
        {"a.sig", "\x89\x01\x33\x04\x00\x01\x08\x00\x1d\x16\x21\x04\x00\x00\x00\x00", 16, "openpgp",
         false},
        {"a.p7s", cms, sizeof(cms) - 1, "cms", true},
        {"a.sig", "-----BEGIN PKCS7-----\n", 22, "cms", true},
        {"x.mcpb", "PK\x05\x06 MCPB_SIG_V1 MCPB_SIG_END", 29, "mcpb", true},
        {"a.dsse", "{\"payload\":1}", 13, "dsse", true},
        {".signature.p7s", cms, sizeof(cms) - 1, "vsix", false},
        {".signature.manifest", "{\"package\":{}}", 14, "vsix", false},
        {"package/services/digital-signature/xml-signature/1.psdsxs", "<Signature/>", 12, "vsix",
         false},
        {"a.sigzip", "PK\x03\x04", 4, "vsix", false},
        {"a.sig", "MEUCIQDxWfXq2l8p8u3zBDbYDp4Bg0mC6zVt0M3P5bYV7lq6AQ==\n", 53, "cosign", false},
        {"a.bundle", "{\"base64Signature\":\"\"}", 22, "cosign", true},
        {"cosign.pub", "-----BEGIN PUBLIC KEY-----\n", 27, "cosign-key", false},
        {"a.sig", "hello", 5, "unknown", false},
        {"a.sig", "", 0, "unknown", false},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(capture_done) struct capture capture;
        struct package package;
        package_init(&package);
        put_text(&package, "a", "a");
        package_put(&package, rows[i].name, rows[i].data, rows[i].len);
        package_verify(&package, &capture);
        if (capture.count != 1)
            fail_msg("row %zu: %zu results", i, capture.count);
        assert_string_equal(capture.seen[0].format, rows[i].format);
        assert_string_equal(capture.seen[0].outcome,
                            rows[i].invalid ? "invalid" : "present-unverifiable");
        assert_true(strlen(capture.seen[0].reason) > 10);
        package_done(&package);
    }
    (void)state;
}

static void test_outcome_names(void **state)
{
    assert_string_equal(vb_signature_outcome_name(VB_SIGNATURE_ABSENT), "absent");
    assert_string_equal(vb_signature_outcome_name(VB_SIGNATURE_UNVERIFIABLE),
                        "present-unverifiable");
    assert_string_equal(vb_signature_outcome_name(VB_SIGNATURE_INVALID), "invalid");
    assert_string_equal(vb_signature_outcome_name(VB_SIGNATURE_VALID_UNTRUSTED), "valid-untrusted");
    assert_string_equal(vb_signature_outcome_name(VB_SIGNATURE_VALID_TRUSTED), "valid-trusted");
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_signed_is_no_event, package_setup,
                                        package_teardown),
        cmocka_unit_test(test_every_scheme_is_trusted),
        cmocka_unit_test_setup_teardown(test_a_folder_deep_is_found, package_setup,
                                        package_teardown),
        cmocka_unit_test_setup_teardown(test_too_deep_is_a_gap, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_crlf_and_missing_last_newline, package_setup,
                                        package_teardown),
        cmocka_unit_test_setup_teardown(test_reason_carries_the_trusted_comment, package_setup,
                                        package_teardown),
        cmocka_unit_test_setup_teardown(test_unknown_keys_are_never_trusted, package_setup,
                                        package_teardown),
        cmocka_unit_test_setup_teardown(test_unknown_minisign_key_cannot_be_checked, package_setup,
                                        package_teardown),
        cmocka_unit_test_setup_teardown(test_empty_store_trusts_nobody, package_setup,
                                        package_teardown),
        cmocka_unit_test_setup_teardown(test_time_range, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_changed_file_is_invalid, package_setup,
                                        package_teardown),
        cmocka_unit_test_setup_teardown(test_changed_files_of_the_other_schemes, package_setup,
                                        package_teardown),
        cmocka_unit_test_setup_teardown(test_trusted_comment_is_signed, package_setup,
                                        package_teardown),
        cmocka_unit_test_setup_teardown(test_untrusted_comment_is_not_signed, package_setup,
                                        package_teardown),
        cmocka_unit_test_setup_teardown(test_renamed_file_is_a_substitution, package_setup,
                                        package_teardown),
        cmocka_unit_test_setup_teardown(test_changed_key_id, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_algorithm_swapped, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_comment_stripped_from_minisig, package_setup,
                                        package_teardown),
        cmocka_unit_test(test_trailing_bytes),
        cmocka_unit_test_setup_teardown(test_wrong_namespace, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_cut_minisign, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_oversized_signature, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_signed_file_missing_or_link, package_setup,
                                        package_teardown),
        cmocka_unit_test_setup_teardown(test_damaged_at_each_byte, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_damaged_legacy, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_damaged_signify, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_damaged_sshsig, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_damaged_ecdsa, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_damaged_rsa, package_setup, package_teardown),
        cmocka_unit_test(test_known_formats_cannot_be_checked),
        cmocka_unit_test(test_outcome_names),
    };

    if (vb_signatures_prepare() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
