/* Bundles of model-signing-spec and of sigstore-conformance. Of the latter those whose folder ends
 * in _fail must not verify, all others must. Where a case has no trusted root of its own it means
 * that of the public instance, which vetbox ships; where it has one, that alone is meant. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "signatures/manifest.h"
#include "signatures/sigstore.h"
#include "vectors_helper.h"

static const char default_identity[] =
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/"
    ".github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
static const char default_issuer[] = "https://token.actions.githubusercontent.com";

/* The text of CASE's file NAME without its line feed, or FALLBACK. */
static void text_of(const char *folder, const char *name, const char *fallback,
                    char ret[VB_SIG_NAME_MAX])
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    char path[2048];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    snprintf(ret, VB_SIG_NAME_MAX, "%.500s",
             vectors_read_if_there(path, &text) ? (const char *)text.data : fallback);
    ret[strcspn(ret, "\r\n")] = '\0';
}

/* Puts the file at PATH, or where there is none the one at OTHER, into the package. */
static bool put_file(const struct package *package, const char *path, const char *other,
                     const char *name)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf data = {0};

    if (!vectors_read_if_there(path, &data) &&
        (other == NULL || !vectors_read_if_there(other, &data)))
        return false;
    package_put(package, name, data.data, data.len);
    return true;
}

/* A package with artifact, bundle and trust folder. */
static void prepare(const char *folder, const struct package *package)
{
    static const char alone[] = "version: 1\nshipped_roots: false\n";
    char path[2048];
    char other[1024];

    snprintf(path, sizeof(path), "%s/artifact", folder);
    vectors_path(other, "sigstore/bundle-verify/a.txt");
    assert_true(put_file(package, path, other, "a.txt"));
    snprintf(path, sizeof(path), "%s/bundle.sigstore.json", folder);
    assert_true(put_file(package, path, NULL, "a.txt.sigstore.json"));
    package_put(package, "trust/README", "", 0);
    snprintf(path, sizeof(path), "%s/key.pub", folder);
    put_file(package, path, NULL, "trust/key.pub");
    snprintf(path, sizeof(path), "%s/trusted_root.json", folder);
    if (put_file(package, path, NULL, "trust/trusted_root.json"))
        package_put(package, "trust/trust.yaml", alone, sizeof(alone) - 1);
}

static bool is_accepted(const struct vb_sig_result *result, const char *folder)
{
    char identity[VB_SIG_NAME_MAX];
    char issuer[VB_SIG_NAME_MAX];

    if (result->outcome == VB_SIGNATURE_VALID_TRUSTED)
        return true;
    text_of(folder, "identity", default_identity, identity);
    text_of(folder, "issuer", default_issuer, issuer);
    return result->outcome == VB_SIGNATURE_VALID_UNTRUSTED && result->anchored &&
           strcmp(result->name, identity) == 0 && strcmp(result->issuer, issuer) == 0;
}

/* What a user would be told: RET is concluded, and stays absent where the trust folder is refused.
 */
static void verify(const struct package *package, struct vb_sig_result *ret)
{
    struct vb_error err = {0};
    struct vb_trust *trust = NULL;
    char subject[64];
    char path[256];

    snprintf(path, sizeof(path), "%s/trust", package->path);
    if (vb_trust_load(path, &trust, &err) < 0) {
        assert_int_equal(err.status, VB_E_CONFIG);
        snprintf(ret->reason, sizeof(ret->reason), "%.500s", err.message);
        return;
    }
    VB_CLEANUP_FD int fd = openat(package->fd, "a.txt.sigstore.json", O_RDONLY | O_CLOEXEC);
    VB_CLEANUP(vb_buf_done) struct vb_buf data = {0};
    vb_buf_init(&data, VB_SIG_FILE_MAX + 1);
    assert_int_equal(vb_sig_read_head(fd, VB_SIG_FILE_MAX + 1, &data, NULL), 0);
    struct vb_sig_job job = {.dirfd = package->fd,
                             .trust = trust,
                             .now = 1790000000,
                             .path = "a.txt.sigstore.json",
                             .fd = fd,
                             .data = {.data = data.data, .len = data.len}};
    assert_true(vb_sig_recognise(&job, subject, sizeof(subject)));
    assert_string_equal(job.format->name, "sigstore");
    if (vb_sig_examine(&job, ret, &err) < 0)
        fail_msg("%s", err.message);
    vb_trust_free(trust);
}

static void run_case(const char *name, struct vectors_suite *suite)
{
    VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
    const size_t len = strlen(name);
    const bool must_fail = len > 5 && strcmp(name + len - 5, "_fail") == 0;
    struct package package;
    char folder[1024];

    vectors_path(folder, "sigstore/bundle-verify/%s", name);
    package_init(&package);
    prepare(folder, &package);
    verify(&package, &result);
    const bool accepted = is_accepted(&result, folder);
    package_done(&package);
    print_message("%-55s %s: %s%s%s\n", name, vb_signature_outcome_name(result.outcome),
                  result.name, result.name[0] != '\0' ? ": " : "", result.reason);
    suite->total++;
    if (accepted != must_fail)
        suite->passed++;
    else
        print_message("  ^ wrong\n");
    suite->unverifiable += result.outcome == VB_SIGNATURE_UNVERIFIABLE;
    assert_false(must_fail && accepted);
    assert_int_not_equal(result.outcome == VB_SIGNATURE_ABSENT && result.reason[0] == '\0', 1);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_case(const struct dirent *entry)
{
    return entry->d_type == DT_DIR && entry->d_name[0] != '.';
}

void test_conformance(void **state)
{
    struct dirent **cases;
    struct vectors_suite suite = {.name = "sigstore-conformance bundle-verify", .expected = 70};
    char folder[1024];

    vectors_path(folder, "sigstore/bundle-verify");
    const int count = scandir(folder, &cases, is_case, by_name);
    for (int i = 0; i < count; i++) {
        run_case(cases[i]->d_name, &suite);
        free(cases[i]);
    }
    free(cases);
    vectors_told(&suite);
    (void)state;
}

/* --- OpenSSF Model Signing --- */

enum payload { NO_BUNDLE, NO_MANIFEST, MANIFEST };

static const struct {
    const char *file;
    enum payload payload; /* how far it can be read */
    enum vb_signature_outcome signature;
    bool needs_root;
} oms_rows[] = {
    {"valid/key", MANIFEST, VB_SIGNATURE_UNVERIFIABLE, false},
    {"valid/certificate", MANIFEST, VB_SIGNATURE_VALID_UNTRUSTED, false},
    {"valid/sigstore", MANIFEST, VB_SIGNATURE_VALID_UNTRUSTED, true},
    {"invalid/empty", NO_BUNDLE, VB_SIGNATURE_INVALID, false},
    {"invalid/missing-envelope", NO_BUNDLE, VB_SIGNATURE_INVALID, false},
    {"invalid/missing-verification-material", NO_BUNDLE, VB_SIGNATURE_INVALID, false},
    {"invalid/missing-tlog-entries", MANIFEST, VB_SIGNATURE_INVALID, false},
    {"invalid-payload/wrong-predicate", NO_MANIFEST, VB_SIGNATURE_UNVERIFIABLE, false},
};

static enum payload read_payload(const struct vb_sig_bundle *bundle)
{
    VB_CLEANUP(vb_sig_statement_done) struct vb_sig_statement statement = {0};
    VB_CLEANUP(vb_sig_manifest_done) struct vb_sig_manifest manifest = {0};
    const char *wrong = NULL;
    char why[256] = "";

    assert_int_equal(vb_sig_statement(&bundle->dsse, &statement, why, sizeof(why), NULL), 0);
    if (why[0] != '\0')
        return NO_MANIFEST;
    assert_int_equal(vb_sig_manifest(&statement, &manifest, &wrong, NULL), 0);
    return wrong == NULL && manifest.count == 2 ? MANIFEST : NO_MANIFEST;
}

static void run_oms(size_t row, const struct vb_trust *trust, struct vectors_suite *suite)
{
    VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
    VB_CLEANUP(vb_sig_bundle_done) struct vb_sig_bundle bundle = {0};
    bool read = false;
    char path[1024];

    vectors_path(path, "oms/test-vectors/v1.0/%s.bundle.json", oms_rows[row].file);
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    const struct vb_sig_job job = {.trust = trust, .now = 1790000000, .path = path, .fd = fd};
    assert_int_equal(vb_sig_bundle_read(&job, &bundle, &read, &result, NULL), 0);
    const enum payload payload = read ? read_payload(&bundle) : NO_BUNDLE;
    if (read)
        assert_int_equal(vb_sig_bundle_judge(&job, &bundle, NULL, &result, NULL), 0);
    print_message("%-40s %s: %s%s%s\n", oms_rows[row].file,
                  vb_signature_outcome_name(result.outcome), result.name,
                  result.name[0] != '\0' ? ": " : "", result.reason);
    suite->total++;
    suite->unverifiable += result.outcome == VB_SIGNATURE_UNVERIFIABLE;
    suite->passed +=
        payload == oms_rows[row].payload && result.outcome == oms_rows[row].signature &&
        result.anchored == oms_rows[row].needs_root && (result.shipped != NULL) == result.anchored;
}

void test_oms(void **state)
{
    struct vb_trust *trust = NULL;
    struct vectors_suite suite = {.name = "model-signing-spec v1.0", .expected = 8};

    assert_int_equal(vb_trust_load(NULL, &trust, NULL), 0);
    for (size_t i = 0; i < VB_ARRAY_LEN(oms_rows); i++)
        run_oms(i, trust, &suite);
    vb_trust_free(trust);
    vectors_told(&suite);
    (void)state;
}
