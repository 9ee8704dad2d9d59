/* Published vectors, and at the end a table of all suites: OpenSSH's own signatures, minisign's and
 * npm's keys, Wycheproof for the primitives; Sigstore's are in test_sigstore_vectors.c. Most are
 * not part of the source tree; without them this program is skipped. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "signatures/registry.h"
#include "signatures/wire.h"
#include "vectors_helper.h"

/* --- OpenSSH --- */

static const struct {
    const char *name;
    enum vb_signature_outcome outcome;
} ssh_rows[] = {
    {"ed25519", VB_SIGNATURE_VALID_UNTRUSTED},
    {"rsa", VB_SIGNATURE_VALID_UNTRUSTED},
    {"ecdsa", VB_SIGNATURE_VALID_UNTRUSTED},
    {"ed25519_sk", VB_SIGNATURE_UNVERIFIABLE},
    {"ecdsa_sk", VB_SIGNATURE_UNVERIFIABLE},
    {"ecdsa_sk_webauthn", VB_SIGNATURE_UNVERIFIABLE},
    {"mldsa44-ed25519", VB_SIGNATURE_UNVERIFIABLE},
};

static void verify_ssh(const struct package *package, const struct vb_buf *signature,
                       const struct vb_trust *trust, struct vb_sig_result *ret)
{
    static const char *const namespaces[] = {"unittest", NULL};
    const struct vb_sig_job job = {.dirfd = package->fd,
                                   .trust = trust,
                                   .now = 1700000000,
                                   .path = "signed-data.sig",
                                   .subject = "signed-data",
                                   .data = {.data = signature->data, .len = signature->len},
                                   .namespaces = namespaces};

    assert_int_equal(vb_sig_sshsig(&job, ret, NULL), 0);
}

static void read_vector(const char *name, const char *ending, struct vb_buf *ret)
{
    char path[1024];

    vectors_path(path, "sshsig/%s%s", name, ending);
    file_read(path, ret);
}

/* The same key as a line of allowed_signers. */
static void trust_key(const char *name, struct vb_trust *trust)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf key = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf line = {0};
    struct vb_error err = {0};

    read_vector(name, ".pub", &key);
    vb_buf_init(&line, 64 * 1024);
    assert_int_equal(vb_buf_append_str(&line, "signer@example.org ", NULL), 0);
    assert_int_equal(vb_buf_append(&line, key.data, key.len, NULL), 0);
    const struct vb_sig_bytes text = {.data = line.data, .len = line.len};
    if (vb_sig_trust_signers(trust, name, text, &err) < 0)
        fail_msg("%s", err.message);
}

static void test_openssh(void **state)
{
    struct vectors_suite suite = {.name = "openssh sshsig", .expected = 7};

    for (size_t i = 0; i < VB_ARRAY_LEN(ssh_rows); i++) {
        VB_CLEANUP(vb_sig_result_done) struct vb_sig_result untrusted = {0};
        VB_CLEANUP(vb_sig_result_done) struct vb_sig_result trusted = {0};
        VB_CLEANUP(vb_sig_result_done) struct vb_sig_result changed = {0};
        VB_CLEANUP(vb_buf_done) struct vb_buf data = {0};
        VB_CLEANUP(vb_buf_done) struct vb_buf signature = {0};
        struct vb_trust *trust = calloc(1, sizeof(*trust));
        struct package package;

        package_init(&package);
        read_vector("signed-data", "", &data);
        read_vector(ssh_rows[i].name, ".sig", &signature);
        package_put(&package, "signed-data", data.data, data.len);
        verify_ssh(&package, &signature, trust, &untrusted);
        if (untrusted.outcome != ssh_rows[i].outcome)
            fail_msg("%s: outcome %d (%s)", ssh_rows[i].name, (int)untrusted.outcome,
                     untrusted.reason);
        const bool checked = ssh_rows[i].outcome == VB_SIGNATURE_VALID_UNTRUSTED;
        trust_key(ssh_rows[i].name, trust);
        verify_ssh(&package, &signature, trust, &trusted);
        assert_int_equal(trusted.outcome,
                         checked ? VB_SIGNATURE_VALID_TRUSTED : VB_SIGNATURE_UNVERIFIABLE);
        package_put(&package, "signed-data", data.data, data.len - 1);
        verify_ssh(&package, &signature, trust, &changed);
        assert_int_equal(changed.outcome,
                         checked ? VB_SIGNATURE_INVALID : VB_SIGNATURE_UNVERIFIABLE);
        suite.total++;
        suite.passed++;
        suite.unverifiable += !checked;
        vb_trust_free(trust);
        package_done(&package);
    }
    vectors_told(&suite);
    (void)state;
}

/* --- minisign's published example --- */

static void test_minisign(void **state)
{
    static const char key[] = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n";
    static const char *const rows[] = {
        "untrusted comment: x\n"
        "RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+"
        "dP9eKL8OC351vwIasSSbXxwA=\n"
        "trusted comment: timestamp:1555779966\tfile:test\n"
        "QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/"
        "VqE81QFuMKI5k/SfNQUaOAA==\n",
        "untrusted comment: x\n"
        "RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/"
        "z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n"
        "trusted comment: timestamp:1633700835\tfile:test\tprehashed\n"
        "wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ=="
        "\n",
    };
    struct vectors_suite suite = {.name = "minisign's example", .expected = 4};

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct package package;
        package_init(&package);
        vb_trust_free(package.trust);
        package.trust = calloc(1, sizeof(*package.trust));
        const struct vb_sig_bytes text = {.data = (const unsigned char *)key, .len = strlen(key)};
        assert_int_equal(vb_sig_trust_pub(package.trust, "key", "author", text, NULL), 0);
        put_text(&package, "test.minisig", rows[i]);
        put_text(&package, "test", "test");
        expect_one(&package, "minisign", "valid-trusted", "file:test");
        put_text(&package, "test", "Test");
        expect_one(&package, "minisign", "invalid", "not of this file");
        package_done(&package);
        suite.total += 2;
        suite.passed += 2;
    }
    vectors_told(&suite);
    (void)state;
}

/* --- the ids of the keys that npm's public registry signs with --- */

/* TRUST has the key called ID. */
static bool finds_key(const struct vb_trust *trust, const char *id)
{
    VB_CLEANUP(vb_json_free) json_t *record = json_object();
    VB_CLEANUP(vb_sig_npm_key_done) struct vb_sig_npm_key key = {0};
    const struct vb_sig_told told = {.job.trust = trust, .record = record};
    const struct vb_sig_bytes text = {.data = (const unsigned char *)id, .len = strlen(id)};

    assert_int_equal(vb_sig_npm_key(&told, text, &key, NULL), 0);
    return key.key != NULL;
}

/* They are the fingerprints of the keys as OpenSSH writes keys, and not digests of what the
 * registry's document of keys holds. */
static void test_npm_keys(void **state)
{
    static const struct {
        const char *id, *spki;
    } rows[] = {
        {"SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA",
         "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i6UPp+"
         "IhuteBJbuHcA5UogKo0EWtlWwW6KSaKoTNEYL7JlCQiVnkhBktUgg=="},
        {"SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U",
         "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY6Ya7W++7aUPzvMTrezH6Ycx3c+HOKYCcNGybJZSCJq/"
         "fd7Qa8uuAKtdIkUQtQiEKERhAmE5lMMJhP8OkDOa2g=="},
    };
    struct vectors_suite suite = {.name = "npm's keys", .expected = 2};

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_trust *trust = calloc(1, sizeof(*trust));
        const struct vb_sig_bytes text = {.data = (const unsigned char *)rows[i].spki,
                                          .len = strlen(rows[i].spki)};
        unsigned char der[VB_SIG_SPKI_MAX];
        char pem[512], of_der[96];
        size_t len;
        snprintf(pem, sizeof(pem), "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n",
                 rows[i].spki);
        const struct vb_sig_bytes file = {.data = (const unsigned char *)pem, .len = strlen(pem)};
        assert_int_equal(vb_sig_trust_pem_key(trust, "npm.pub", "npm", file, NULL), 0);
        assert_true(vb_sig_base64(text, false, der, sizeof(der), &len));
        const struct vb_sig_bytes whole = {.data = der, .len = len};
        assert_int_equal(vb_sig_ssh_id(whole, of_der, sizeof(of_der), NULL), 0);
        suite.total++;
        suite.passed += finds_key(trust, rows[i].id) && !finds_key(trust, of_der);
        vb_trust_free(trust);
    }
    vectors_told(&suite);
    (void)state;
}

/* --- Wycheproof --- */

static struct vb_sig_bytes unhex(const char *hex, unsigned char *out, size_t size)
{
    const size_t len = strlen(hex) / 2;
    char pair[3] = {0};

    assert_true(len <= size);
    for (size_t i = 0; i < len; i++) {
        memcpy(pair, hex + 2 * i, 2);
        out[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    return (struct vb_sig_bytes){.data = out, .len = len};
}

static const char *text_at(const json_t *object, const char *outer, const char *inner)
{
    const char *text = json_string_value(json_object_get(json_object_get(object, outer), inner));

    assert_non_null(text);
    return text;
}

static void key_ed25519(const json_t *group, EVP_PKEY **ret)
{
    unsigned char raw[64];

    assert_int_equal(
        vb_sig_key_ed25519(unhex(text_at(group, "publicKey", "pk"), raw, sizeof(raw)), ret, NULL),
        0);
}

static void key_ec(const char *curve, const json_t *group, EVP_PKEY **ret)
{
    unsigned char point[256];

    assert_int_equal(
        vb_sig_key_ec(curve,
                      unhex(text_at(group, "publicKey", "uncompressed"), point, sizeof(point)), ret,
                      NULL),
        0);
}

static void key_p256(const json_t *group, EVP_PKEY **ret)
{
    key_ec("P-256", group, ret);
}

static void key_p384(const json_t *group, EVP_PKEY **ret)
{
    key_ec("P-384", group, ret);
}

static void key_rsa(const json_t *group, EVP_PKEY **ret)
{
    unsigned char n[1024];
    unsigned char e[16];
    struct vb_sig_bytes modulus = unhex(text_at(group, "publicKey", "modulus"), n, sizeof(n));

    /* As Java writes it: with a sign byte. */
    if (modulus.data[0] == 0) {
        modulus.data++;
        modulus.len--;
    }
    assert_int_equal(
        vb_sig_key_rsa(modulus, unhex(text_at(group, "publicKey", "publicExponent"), e, sizeof(e)),
                       ret, NULL),
        0);
}

static const struct {
    const char *file;
    const char *digest;
    void (*key)(const json_t *group, EVP_PKEY **ret);
    size_t valid; /* how many the file holds */
    size_t invalid;
    size_t either;
} suites[] = {
    {"ed25519_test.json", NULL, key_ed25519, 88, 63, 0},
    {"ecdsa_secp256r1_sha256_test.json", "SHA256", key_p256, 174, 310, 0},
    {"ecdsa_secp384r1_sha384_test.json", "SHA384", key_p384, 194, 310, 0},
    {"rsa_signature_2048_sha256_test.json", "SHA256", key_rsa, 9, 249, 1},
};

struct tally {
    size_t valid;
    size_t invalid;
    size_t either;
};

/* What is "acceptable" may be answered either way: it is counted apart. */
static void run_case(const json_t *test, EVP_PKEY *key, size_t suite, struct tally *tally)
{
    static unsigned char message[128 * 1024];
    static unsigned char signature[16 * 1024];
    const char *result = json_string_value(json_object_get(test, "result"));
    const char *msg = json_string_value(json_object_get(test, "msg"));
    const char *sig = json_string_value(json_object_get(test, "sig"));
    bool good = false;

    assert_int_equal(vb_sig_check(key, suites[suite].digest, unhex(msg, message, sizeof(message)),
                                  unhex(sig, signature, sizeof(signature)), &good, NULL),
                     0);
    if (strcmp(result, "acceptable") == 0) {
        tally->either++;
        return;
    }
    if (good != (strcmp(result, "valid") == 0))
        fail_msg("%s, tcId %lld: %s, but verification says %d", suites[suite].file,
                 (long long)json_integer_value(json_object_get(test, "tcId")), result, good);
    tally->valid += good ? 1 : 0;
    tally->invalid += good ? 0 : 1;
}

static void test_wycheproof(void **state)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(suites); i++) {
        VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
        VB_CLEANUP(vb_json_free) json_t *root = NULL;
        struct vb_error err = {0};
        struct tally tally = {0};
        char path[1024];

        vectors_path(path, "wycheproof/%s", suites[i].file);
        file_read(path, &text);
        if (vb_json_parse((const char *)text.data, text.len, text.max, &root, &err) < 0)
            fail_msg("%s: %s", path, err.message);
        const json_t *groups = json_object_get(root, "testGroups");
        for (size_t g = 0; g < json_array_size(groups); g++) {
            const json_t *group = json_array_get(groups, g);
            const json_t *tests = json_object_get(group, "tests");
            VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = NULL;
            suites[i].key(group, &key);
            assert_non_null(key);
            for (size_t t = 0; t < json_array_size(tests); t++)
                run_case(json_array_get(tests, t), key, i, &tally);
        }
        assert_int_equal(tally.valid, suites[i].valid);
        assert_int_equal(tally.invalid, suites[i].invalid);
        const size_t total = tally.valid + tally.invalid + tally.either;
        vectors_told(&(struct vectors_suite){.name = suites[i].file,
                                             .expected = suites[i].valid + suites[i].invalid +
                                                         suites[i].either,
                                             .total = total,
                                             .passed = total,
                                             .either = tally.either});
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest built_in[] = {
        cmocka_unit_test(test_minisign),
        cmocka_unit_test(test_npm_keys),
    };
    const struct CMUnitTest published[] = {
        cmocka_unit_test(test_openssh),
        cmocka_unit_test(test_wycheproof),
        cmocka_unit_test(test_conformance),
        cmocka_unit_test(test_oms),
    };
    char vectors[512];

    if (vb_signatures_prepare() < 0)
        return 1;
    int failed = cmocka_run_group_tests(built_in, NULL, NULL);
    const bool there = vectors_folder(vectors, sizeof(vectors)) != NULL;
    if (there)
        failed += cmocka_run_group_tests(published, NULL, NULL);
    vectors_print();
    if (there || failed != 0)
        return failed;
    printf("skipped: no published vectors at %s (set VETBOX_VECTORS)\n", vectors);
    return 77;
}
