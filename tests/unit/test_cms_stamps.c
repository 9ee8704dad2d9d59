/* Time stamps in CMS signatures: a certificate that is over was good when somebody who is trusted
 * with time saw the signature. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/cms.h>

#include "sigstore_helper.h"

static const char text[] = "signed by an identity\n"; /* of file.txt */

static int setup(void **state)
{
    struct instance *instance = calloc(1, sizeof(*instance));

    instance_init(instance);
    *state = instance;
    return 0;
}

static int teardown(void **state)
{
    instance_done(*state);
    free(*state);
    return 0;
}

/* What is to be different from a certificate that is over and a good stamp in its time. */
struct stamp_scene {
    bool none;            /* no stamp */
    bool other_signature; /* of another one */
    bool other_type;      /* the attribute is no SEQUENCE */
    bool response;        /* a whole TimeStampResp */
    bool two_values;      /* one attribute with two values */
    size_t flip;          /* this byte of it from its end is changed; 0: none */
    int64_t at;           /* 0: SIGNED_AT */
    bool no_clock;        /* nobody trusts the clock */
    bool clock_file;      /* the folder does, and no trusted root */
    bool clock_as_root;   /* the clock's certificate is among the roots of signers */
};

static unsigned char *cert_der(X509 *cert, size_t *ret_len)
{
    unsigned char *der = NULL;
    const int len = i2d_X509(cert, &der);

    assert_true(len > 0);
    *ret_len = (size_t)len;
    return der;
}

static void trust_cert(struct vb_trust *trust, X509 *cert, bool clock)
{
    size_t len;
    unsigned char *der = cert_der(cert, &len);
    const struct vb_sig_bytes bytes = {der, len};

    assert_int_equal(clock ? vb_sig_trust_clocks(trust, "f", "clock", bytes, NULL)
                           : vb_sig_trust_der(trust, "f", "acme", bytes, NULL),
                     0);
    OPENSSL_free(der);
}

static void prepare_trust(struct instance *instance, const struct stamp_scene *scene)
{
    json_t *root = instance_root(instance);

    if (scene->no_clock || scene->clock_file)
        json_object_set_new(root, "timestampAuthorities", json_array());
    instance_trust(instance, root, NULL);
    trust_cert(instance->package.trust, instance->ca_cert, false);
    if (scene->clock_file)
        trust_cert(instance->package.trust, instance->tsa_cert, true);
    if (scene->clock_as_root)
        trust_cert(instance->package.trust, instance->tsa_cert, false);
}

/* The stamp's DER, ready to be spoilt. */
static int stamp_der(const struct instance *instance, const struct stamp_scene *scene,
                     const ASN1_OCTET_STRING *signature, unsigned char ret[8192])
{
    const size_t len = (size_t)ASN1_STRING_length(signature);
    TS_RESP *response = instance_stamp(instance, ASN1_STRING_get0_data(signature),
                                       len - (scene->other_signature ? 1 : 0),
                                       scene->at != 0 ? scene->at : SIGNED_AT);
    unsigned char *end = ret;
    const int size = scene->response ? i2d_TS_RESP(response, &end)
                                     : i2d_PKCS7(TS_RESP_get_token(response), &end);

    assert_true(size > 0 && size < 8000);
    TS_RESP_free(response);
    assert_true(scene->flip < (size_t)size);
    if (scene->flip != 0)
        ret[(size_t)size - scene->flip] ^= 1;
    return size;
}

/* False where OpenSSL itself sees that it is no DER. */
static bool add_stamp(const struct instance *instance, const struct stamp_scene *scene,
                      CMS_SignerInfo *signer)
{
    const int nid = NID_id_smime_aa_timeStampToken;
    const int type = scene->other_type ? V_ASN1_OCTET_STRING : V_ASN1_SEQUENCE;
    unsigned char der[8192];
    const int len = stamp_der(instance, scene, CMS_SignerInfo_get0_signature(signer), der);
    X509_ATTRIBUTE *attribute = X509_ATTRIBUTE_create_by_NID(NULL, nid, type, der, len);

    assert_non_null(attribute);
    if (scene->two_values)
        assert_int_equal(X509_ATTRIBUTE_set1_data(attribute, type, der, len), 1);
    const bool added = CMS_unsigned_add1_attr(signer, attribute) == 1;
    X509_ATTRIBUTE_free(attribute);
    return added;
}

/* file.txt.p7s; false where it could not be made. */
static bool sign(struct instance *instance, const struct stamp_scene *scene)
{
    static const struct scene plain;
    X509 *leaf = instance_leaf(instance, &plain);
    BIO *data = BIO_new_mem_buf(text, (int)strlen(text));
    CMS_ContentInfo *cms =
        CMS_sign(leaf, instance->leaf, NULL, data, CMS_BINARY | CMS_DETACHED | CMS_NOSMIMECAP);
    unsigned char *der = NULL;

    assert_non_null(cms);
    const bool made =
        scene->none ||
        add_stamp(instance, scene, sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0));
    const int len = i2d_CMS_ContentInfo(cms, &der);
    assert_true(len > 0);
    package_put(&instance->package, "file.txt.p7s", der, (size_t)len);
    OPENSSL_free(der);
    CMS_ContentInfo_free(cms);
    BIO_free(data);
    X509_free(leaf);
    return made;
}

static void verify(struct instance *instance, int64_t now, struct vb_sig_result *ret)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf data;
    VB_CLEANUP_FD int fd = openat(instance->package.fd, "file.txt.p7s", O_RDONLY | O_CLOEXEC);
    struct vb_error err = {0};
    char subject[64];

    vb_buf_init(&data, VB_SIG_FILE_MAX + 1);
    assert_int_equal(vb_sig_read_head(fd, VB_SIG_FILE_MAX + 1, &data, NULL), 0);
    struct vb_sig_job job = {.dirfd = instance->package.fd,
                             .trust = instance->package.trust,
                             .now = now,
                             .path = "file.txt.p7s",
                             .fd = fd,
                             .size = data.len,
                             .data = {data.data, data.len}};
    assert_true(vb_sig_recognise(&job, subject, sizeof(subject)));
    if (vb_sig_examine(&job, ret, &err) < 0)
        fail_msg("%s", err.message);
}

static const struct {
    const char *name;
    struct stamp_scene scene;
    enum vb_signature_outcome outcome;
    const char *reason;
} rows[] = {
    {"good", {0}, VB_SIGNATURE_VALID_TRUSTED, ""},
    {"clock of the folder", {.clock_file = true}, VB_SIGNATURE_VALID_TRUSTED, ""},
    {"no stamp", {.none = true}, VB_SIGNATURE_VALID_UNTRUSTED, "expired"},
    {"unknown clock", {.no_clock = true}, VB_SIGNATURE_VALID_UNTRUSTED, "of no clock that is"},
    {"a root is no clock",
     {.no_clock = true, .clock_as_root = true},
     VB_SIGNATURE_VALID_UNTRUSTED,
     "of no clock that is"},
    {"other signature", {.other_signature = true}, VB_SIGNATURE_INVALID, "another signature"},
    {"no sequence", {.other_type = true}, VB_SIGNATURE_VALID_UNTRUSTED, "expired"},
    {"a response", {.response = true}, VB_SIGNATURE_INVALID, "malformed"},
    {"two values", {.two_values = true}, VB_SIGNATURE_VALID_UNTRUSTED, "expired"},
    {"its signature", {.flip = 1}, VB_SIGNATURE_VALID_UNTRUSTED, "of no clock that is"},
    {"before the certificate",
     {.at = SIGNED_AT - 100},
     VB_SIGNATURE_VALID_UNTRUSTED,
     "not yet valid"},
    {"after the certificate",
     {.at = SIGNED_AT + CERTIFICATE_LIFE},
     VB_SIGNATURE_VALID_UNTRUSTED,
     "expired"},
    {"before the clock",
     {.at = SIGNED_AT - 2000},
     VB_SIGNATURE_VALID_UNTRUSTED,
     "of no clock that is"},
    {"after the clock",
     {.at = SIGNED_AT + 2000},
     VB_SIGNATURE_VALID_UNTRUSTED,
     "of no clock that is"},
};

static void test_stamps(void **state)
{
    struct instance *instance = *state;

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
        const bool good = rows[i].outcome == VB_SIGNATURE_VALID_TRUSTED;
        prepare_trust(instance, &rows[i].scene);
        assert_true(sign(instance, &rows[i].scene));
        verify(instance, SIGNED_AT + 100000, &result);
        if (result.outcome != rows[i].outcome || strstr(result.reason, rows[i].reason) == NULL)
            fail_msg("%s: %s (%s)", rows[i].name, vb_signature_outcome_name(result.outcome),
                     result.reason);
        assert_int_equal(result.signed_at, good ? SIGNED_AT : 0);
        assert_string_equal(result.clock_source != NULL ? result.clock_source : "",
                            good ? "authority" : "");
        assert_string_equal(result.name, good ? SIGNER_URI : "");
    }
}

/* Whatever byte of a stamp is changed: it is malformed, of nobody who is known, or, where nobody
 * signed that byte (the name of the algorithm), says what it did. Never another time. */
static void test_every_part(void **state)
{
    struct instance *instance = *state;
    size_t changed = 0;

    prepare_trust(instance, &(struct stamp_scene){0});
    for (size_t flip = 1; flip < 360; flip += 5) {
        VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
        const struct stamp_scene scene = {.flip = flip};
        if (!sign(instance, &scene))
            continue;
        verify(instance, SIGNED_AT + 100000, &result);
        const bool trusted = result.outcome == VB_SIGNATURE_VALID_TRUSTED;
        if (result.signed_at != (trusted ? SIGNED_AT : 0))
            fail_msg("byte %zu from the end: %s", flip, result.reason);
        changed += trusted ? 0 : 1;
    }
    assert_true(changed > 40);
}

/* While the certificate is good a stamp says when, and a missing one does no harm. */
static void test_while_good(void **state)
{
    struct instance *instance = *state;

    for (size_t i = 0; i < 2; i++) {
        VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
        const struct stamp_scene scene = {.none = i == 1};
        prepare_trust(instance, &scene);
        assert_true(sign(instance, &scene));
        verify(instance, SIGNED_AT + 10, &result);
        assert_int_equal(result.outcome, VB_SIGNATURE_VALID_TRUSTED);
        assert_int_equal(result.signed_at, i == 1 ? 0 : SIGNED_AT);
        assert_int_equal(result.clock, i == 1 ? SIGNED_AT + 10 : SIGNED_AT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stamps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_part, setup, teardown),
        cmocka_unit_test_setup_teardown(test_while_good, setup, teardown),
    };

    if (vb_signatures_prepare() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
