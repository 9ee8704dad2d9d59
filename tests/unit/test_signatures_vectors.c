/* Published vectors: OpenSSH's own signatures, and Wycheproof for the primitives. They are not part
 * of the source tree; without them this program is skipped. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "signatures_helper.h"

static char vectors[512];

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

    snprintf(path, sizeof(path), "%s/sshsig/%s%s", vectors, name, ending);
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
        vb_trust_free(trust);
        package_done(&package);
    }
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
    size_t valid; /* how many the file holds at least, so that an empty file cannot pass */
    size_t invalid;
} suites[] = {
    {"ed25519_test.json", NULL, key_ed25519, 80, 60},
    {"ecdsa_secp256r1_sha256_test.json", "SHA256", key_p256, 100, 100},
    {"ecdsa_secp384r1_sha384_test.json", "SHA384", key_p384, 100, 100},
    {"rsa_signature_2048_sha256_test.json", "SHA256", key_rsa, 9, 200},
};

struct tally {
    size_t valid;
    size_t invalid;
    size_t total; /* but for those that may be either */
};

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
    if (strcmp(result, "acceptable") == 0)
        return;
    tally->total++;
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

        snprintf(path, sizeof(path), "%s/wycheproof/%s", vectors, suites[i].file);
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
        print_message("%s: %zu/%zu passed, %zu of them valid\n", suites[i].file,
                      tally.valid + tally.invalid, tally.total, tally.valid);
        assert_true(tally.valid >= suites[i].valid && tally.invalid >= suites[i].invalid);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openssh),
        cmocka_unit_test(test_wycheproof),
    };

    if (vectors_folder(vectors, sizeof(vectors)) == NULL) {
        printf("skipped: no published vectors at %s (set VETBOX_VECTORS)\n", vectors);
        return 77;
    }
    if (vb_signatures_prepare() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
