/* Sigstore bundles of an instance of our own: what is good, what nobody knows, and every way to
 * change one. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "signatures/sigstore.h"
#include "sigstore_helper.h"

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

static void expect(struct instance *instance, json_t *bundle, enum vb_signature_outcome outcome,
                   const char *reason_part)
{
    VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};

    instance_verify(instance, bundle, &result);
    if (result.outcome != outcome || strstr(result.reason, reason_part) == NULL)
        fail_msg("%s (%s), and not %s (%s)", vb_signature_outcome_name(result.outcome),
                 result.reason, vb_signature_outcome_name(outcome), reason_part);
    assert_true(outcome == VB_SIGNATURE_VALID_UNTRUSTED || !result.anchored);
}

/* --- what is good --- */

static void test_good(void **state)
{
    static const struct {
        struct scene scene;
        const char *source;
    } rows[] = {
        {{0}, "log"},
        {{.version = 1}, "log"},
        {{.version = 2}, "log"},
        {{.version = 3, .dsse = true}, "log"},
        {{.version = 2, .dsse = true, .intoto = true}, "log"},
        {{.stamped = true}, "authority"},
        {{.stamped = true, .stamped_at = SIGNED_AT + 7}, "authority"},
        {{.second_log = true}, "authority"},
        {{.second_log = true, .dsse = true}, "authority"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
        instance_verify(*state, instance_bundle(*state, &rows[i].scene), &result);
        if (!result.anchored)
            fail_msg("row %zu: %s (%s)", i, vb_signature_outcome_name(result.outcome),
                     result.reason);
        assert_int_equal(result.outcome, VB_SIGNATURE_VALID_UNTRUSTED);
        assert_string_equal(result.name, SIGNER_URI);
        assert_string_equal(result.issuer, SIGNER_ISSUER);
        assert_string_equal(result.clock_source, rows[i].source);
        assert_true(result.signed_at == SIGNED_AT && result.clock == SIGNED_AT);
        assert_int_equal(result.covers.count, 1);
        assert_string_equal(result.covers.items[0], "file.txt");
        assert_int_equal(result.facts.count, 2);
        assert_string_equal(result.facts.items[0],
                            "source-repository=https://forge.example/acme/skills");
    }
}

static void test_names(void **state)
{
    static const struct {
        const char *san;
        const char *name;
    } rows[] = {
        {"email:me@acme.example", "me@acme.example"},
        {"otherName:1.3.6.1.4.1.57264.1.7;UTF8:me!acme", "me!acme"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
        const struct scene scene = {.san = rows[i].san};
        instance_verify(*state, instance_bundle(*state, &scene), &result);
        assert_true(result.anchored);
        assert_string_equal(result.name, rows[i].name);
    }
}

/* The authority's certificate as a file of the folder, called NAME. */
static void trust_certificate(struct instance *instance, const char *name)
{
    unsigned char *der = NULL;
    const int len = i2d_X509(instance->ca_cert, &der);

    assert_int_equal(vb_sig_trust_der(instance->package.trust, "f.der", name,
                                      (struct vb_sig_bytes){.data = der, .len = (size_t)len}, NULL),
                     strlen(name) <= NAME_MAX ? 0 : VB_E_CONFIG);
    OPENSSL_free(der);
}

/* Whoever has a certificate that leads to one of the folder has his issuer too, and the root's name
 * is whole: both are what trust.yaml is asked with. */
static void test_own_root(void **state)
{
    VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
    const struct scene plain = {0};
    char name[NAME_MAX + 2];

    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    trust_certificate(*state, name);
    name[NAME_MAX] = '\0';
    trust_certificate(*state, name);
    instance_verify(*state, instance_bundle(*state, &plain), &result);
    assert_int_equal(result.outcome, VB_SIGNATURE_VALID_TRUSTED);
    assert_false(result.by_instance);
    assert_string_equal(result.root, name);
    assert_string_equal(result.name, SIGNER_URI);
    assert_string_equal(result.issuer, SIGNER_ISSUER);
    assert_int_equal(result.facts.count, 2);
}

/* Of an own authority, whose certificates name nobody who vouched. */
static void test_own_root_without_issuer(void **state)
{
    static const struct {
        struct scene scene;
        enum vb_signature_outcome outcome;
        const char *name;
    } rows[] = {
        {{.no_issuer = true}, VB_SIGNATURE_VALID_TRUSTED, SIGNER_URI},
        {{.no_issuer = true, .san = "DNS:acme.example"}, VB_SIGNATURE_VALID_TRUSTED, ""},
        /* two identities of which one could be revoked */
        {{.san = "URI:a,URI:b"}, VB_SIGNATURE_INVALID, ""},
        {{.twice = true}, VB_SIGNATURE_INVALID, ""},
    };

    trust_certificate(*state, "acme");
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
        instance_verify(*state, instance_bundle(*state, &rows[i].scene), &result);
        assert_int_equal(result.outcome, rows[i].outcome);
        assert_string_equal(result.name, rows[i].name);
        assert_string_equal(result.issuer, "");
    }
}

/* What has no room is not cut, and so not compared with what it is not. */
static void test_long_names(void **state)
{
    char longest[VB_SIG_NAME_MAX + 8], fits[VB_SIG_NAME_MAX];
    char san[2 * VB_SIG_NAME_MAX];

    memset(longest, 'x', VB_SIG_NAME_MAX);
    longest[VB_SIG_NAME_MAX] = '\0';
    memcpy(fits, longest, sizeof(fits) - 1);
    fits[sizeof(fits) - 1] = '\0';
    snprintf(san, sizeof(san), "URI:%s", longest);
    const struct scene long_issuer = {.issuer = longest}, long_name = {.san = san},
                       own_name = {.san = san, .no_issuer = true}, good = {.issuer = fits};

    for (int own = 0; own <= 1; own++) {
        VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
        expect(*state, instance_bundle(*state, &long_issuer), VB_SIGNATURE_UNVERIFIABLE,
               "longer than 511 bytes");
        expect(*state, instance_bundle(*state, &long_name), VB_SIGNATURE_UNVERIFIABLE,
               "longer than 511 bytes");
        instance_verify(*state, instance_bundle(*state, &good), &result);
        assert_string_equal(result.issuer, fits);
        if (own == 0)
            trust_certificate(*state, "acme");
    }
    expect(*state, instance_bundle(*state, &own_name), VB_SIGNATURE_UNVERIFIABLE,
           "longer than 511 bytes");
}

static void test_by_key(void **state)
{
    struct instance *instance = *state;
    const struct scene scene = {.by_key = true};

    expect(instance, instance_bundle(instance, &scene), VB_SIGNATURE_UNVERIFIABLE,
           "not in the trust folder");
    instance_trust(instance, instance_root(instance), instance->leaf);
    expect(instance, instance_bundle(instance, &scene), VB_SIGNATURE_VALID_TRUSTED, "");
    instance_trust(instance, instance_root(instance), instance->other);
    expect(instance, instance_bundle(instance, &scene), VB_SIGNATURE_INVALID,
           "not of the key that the bundle names");
}

/* RFC 8032, section 7.3: key, message and signature of Ed25519ph, which OpenSSL 3.0 does not have.
 */
static const unsigned char prehash_key[] = {
    0xec, 0x17, 0x2b, 0x93, 0xad, 0x5e, 0x56, 0x3b, 0xf4, 0x93, 0x2c, 0x70, 0xe1, 0x24, 0x50, 0x34,
    0xc3, 0x54, 0x67, 0xef, 0x2e, 0xfd, 0x4d, 0x64, 0xeb, 0xf8, 0x19, 0x68, 0x34, 0x67, 0xe2, 0xbf};
static const char prehash_signature[] =
    "mKcCIvC4Ehqp0w+BPWg/gJ5GK0acf/h2OUmbuU5trkEx+FBCRjwqNVogA9BirfWqoQuMYeY2Biqq0RwqJgg0Bg==";

static void test_prehashed(void **state)
{
    struct instance *instance = *state;
    const struct scene enveloped = {.by_key = true, .dsse = true, .hint = "acme"};
    VB_CLEANUP(vb_sig_key_free)
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, prehash_key, 32);
    unsigned char *der = NULL;
    const char *const hints[] = {"acme", "another"};

    put_text(&instance->package, "file.txt", "abc");
    instance_trust(instance, instance_root(instance), key);
    for (size_t i = 0; i < VB_ARRAY_LEN(hints); i++)
        expect(instance,
               json_pack("{s:s,s:{s:{s:s},s:[]},s:{s:s}}", "mediaType",
                         "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial",
                         "publicKey", "hint", hints[i], "tlogEntries", "messageSignature",
                         "signature", prehash_signature),
               VB_SIGNATURE_UNVERIFIABLE, i == 0 ? "Ed25519ph" : "not in the trust folder");
    /* a key within the bundle itself */
    const int len = i2d_PUBKEY(key, &der);
    VB_CLEANUP(vb_buf_done) struct vb_buf spki = {0};
    vb_buf_init(&spki, 256);
    assert_int_equal(vb_base64_encode(&spki, der, (size_t)len, NULL), 0);
    OPENSSL_free(der);
    expect(instance,
           json_pack("{s:s,s:{s:{s:s%},s:[]},s:{s:s}}", "mediaType",
                     "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial",
                     "publicKey", "rawBytes", spki.data, spki.len, "tlogEntries",
                     "messageSignature", "signature", prehash_signature),
           VB_SIGNATURE_UNVERIFIABLE, "Ed25519ph");
    /* an envelope: only where a log entry says so */
    expect(instance, instance_bundle(instance, &enveloped), VB_SIGNATURE_INVALID,
           "not of the key that the bundle names");
    json_t *bundle = instance_bundle(instance, &enveloped);
    json_t *entry = json_array_get(
        json_object_get(json_object_get(bundle, "verificationMaterial"), "tlogEntries"), 0);
    json_object_set_new(entry, "canonicalizedBody",
                        json_string("eyJrZXlEZXRhaWxzIjoiUEtJWF9FRDI1NTE5X1BIIn0="));
    expect(instance, bundle, VB_SIGNATURE_UNVERIFIABLE, "Ed25519ph");
}

/* A hint may be the key's digest, in hex or base64; a key in the bundle proves nothing. */
static void test_hints(void **state)
{
    struct instance *instance = *state;
    const struct scene told = {.by_key = true, .told_key = true};
    VB_CLEANUP(vb_buf_done) struct vb_buf base64 = {0};
    unsigned char digest[32];

    expect(instance, instance_bundle(instance, &told), VB_SIGNATURE_VALID_UNTRUSTED,
           "not in the trust folder");
    instance_trust(instance, instance_root(instance), instance->other);
    expect(instance, instance_bundle(instance, &told), VB_SIGNATURE_VALID_UNTRUSTED,
           "not in the trust folder");
    const char *hex = instance->package.trust->pems[0].id + strlen("sha256:");
    assert_true(vb_sig_unhex((struct vb_sig_bytes){.data = (const unsigned char *)hex, .len = 64},
                             digest, 32));
    vb_buf_init(&base64, 128);
    assert_int_equal(vb_base64_encode(&base64, digest, 32, NULL), 0);
    const struct scene scenes[] = {
        {.by_key = true, .hint = hex},
        {.by_key = true, .hint = instance->package.trust->pems[0].id},
        {.by_key = true, .hint = (const char *)base64.data},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(scenes); i++)
        expect(instance, instance_bundle(instance, &scenes[i]), VB_SIGNATURE_INVALID,
               "not of the key that the bundle names");
    const struct scene unknown = {.by_key = true, .hint = "0000"};
    expect(instance, instance_bundle(instance, &unknown), VB_SIGNATURE_UNVERIFIABLE,
           "not in the trust folder");
}

/* The log proves an entry, and the entry is about something else. */
static void test_lies(void **state)
{
    static const char *const reasons[] = {
        [OTHER_DIGEST] = "of another file",
        [OTHER_SIGNATURE] = "of another signature",
        [OTHER_KEY] = "another key or certificate",
    };
    static const struct scene scenes[] = {
        {0},
        {.dsse = true},
        {.dsse = true, .intoto = true},
        {.second_log = true},
        {.second_log = true, .dsse = true},
        {.by_key = true},
        {.by_key = true, .second_log = true},
    };
    struct instance *instance = *state;

    instance_trust(instance, instance_root(instance), instance->leaf);
    for (size_t i = 0; i < VB_ARRAY_LEN(scenes); i++) {
        for (enum entry_lie lie = OTHER_DIGEST; lie <= OTHER_KEY; lie++) {
            struct scene scene = scenes[i];
            scene.lie = lie;
            expect(instance, instance_bundle(instance, &scene), VB_SIGNATURE_INVALID, reasons[lie]);
        }
    }
}

static void test_statements(void **state)
{
    static const struct {
        const char *text;
        const char *reason;
    } rows[] = {
        {"{\"_type\":\"x\"}", "no in-toto statement"},
        {"{\"_type\":\"https://in-toto.io/Statement/v1\"}", "no predicateType"},
        {"{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":\"p\"}",
         "names no subjects"},
        {"{\"_type\":\"https://in-toto.io/Statement/v0.1\",\"predicateType\":\"p\",\"subject\":"
         "[{\"name\":\"file.txt\",\"digest\":{\"md5\":\"00\"}}]}",
         "other files"},
        {"{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":\"p\",\"subject\":"
         "[{\"name\":\"file.txt\"}]}",
         "other files"},
        {"{\"_type\":\"a\",\"_type\":\"https://in-toto.io/Statement/v1\"}", "duplicate"},
        {"no JSON", "JSON"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct scene scene = {.dsse = true, .statement = rows[i].text};
        expect(*state, instance_bundle(*state, &scene), VB_SIGNATURE_INVALID, rows[i].reason);
    }
}

/* --- what is wrong from the beginning --- */

static void test_scenes(void **state)
{
    static const struct {
        struct scene scene;
        enum vb_signature_outcome outcome;
        const char *reason;
    } rows[] = {
        {{.eku = "serverAuth"}, VB_SIGNATURE_INVALID, "not for signing code"},
        {{.no_sct = true}, VB_SIGNATURE_VALID_UNTRUSTED, "in no public log"},
        {{.other_sct = true}, VB_SIGNATURE_INVALID, "not of this certificate"},
        {{.stranger = true}, VB_SIGNATURE_VALID_UNTRUSTED, "of no authority"},
        {{.entered_at = SIGNED_AT + CERTIFICATE_LIFE}, VB_SIGNATURE_INVALID, "was not valid"},
        {{.entered_at = SIGNED_AT - 61}, VB_SIGNATURE_INVALID, "was not valid"},
        {{.stamped = true, .stamped_at = SIGNED_AT + CERTIFICATE_LIFE},
         VB_SIGNATURE_INVALID,
         "was not valid"},
        {{.second_log = true, .stamped_at = SIGNED_AT + 1500},
         VB_SIGNATURE_VALID_UNTRUSTED,
         "of no authority that the trusted root names for that time"},
        {{.stamped = true, .other_stamp = true}, VB_SIGNATURE_INVALID, "of another signature"},
        {{.san = "URI:a,URI:b"}, VB_SIGNATURE_INVALID, "one identity"},
        {{.san = "DNS:acme.example"}, VB_SIGNATURE_INVALID, "one identity"},
        {{.version = 2, .with_root = true}, VB_SIGNATURE_INVALID, "root certificate of its own"},
        {{.no_issuer = true}, VB_SIGNATURE_INVALID, "who vouched"},
        {{.twice = true}, VB_SIGNATURE_INVALID, "one identity"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        print_message("row %zu\n", i);
        expect(*state, instance_bundle(*state, &rows[i].scene), rows[i].outcome, rows[i].reason);
    }
}

/* --- changes --- */

static json_t *material_of(json_t *bundle)
{
    return json_object_get(bundle, "verificationMaterial");
}

static json_t *entry_of(json_t *bundle)
{
    return json_array_get(json_object_get(material_of(bundle), "tlogEntries"), 0);
}

static json_t *proof_of(json_t *bundle)
{
    return json_object_get(entry_of(bundle), "inclusionProof");
}

/* Changes one digit of the base64 at KEY. */
static void change(json_t *object, const char *key, size_t at)
{
    VB_CLEANUP_FREE char *text = strdup(json_string_value(json_object_get(object, key)));

    text[at] = text[at] == 'A' ? 'B' : 'A';
    assert_int_equal(json_object_set_new(object, key, json_string(text)), 0);
}

static void change_signature(json_t *bundle)
{
    change(json_object_get(bundle, "messageSignature"), "signature", 40);
}

static void change_digest(json_t *bundle)
{
    change(json_object_get(json_object_get(bundle, "messageSignature"), "messageDigest"), "digest",
           4);
}

static void change_promise(json_t *bundle)
{
    change(json_object_get(entry_of(bundle), "inclusionPromise"), "signedEntryTimestamp", 40);
}

static void change_time(json_t *bundle)
{
    json_object_set_new(entry_of(bundle), "integratedTime", json_string("1750000001"));
}

static void change_index(json_t *bundle)
{
    json_object_set_new(entry_of(bundle), "logIndex", json_string("1002"));
}

static void change_root(json_t *bundle)
{
    change(proof_of(bundle), "rootHash", 4);
}

static void cut_proof(json_t *bundle)
{
    json_array_clear(json_object_get(proof_of(bundle), "hashes"));
}

static void longer_proof(json_t *bundle)
{
    json_t *hashes = json_object_get(proof_of(bundle), "hashes");

    json_array_append(hashes, json_array_get(hashes, 0));
}

static void other_place(json_t *bundle)
{
    json_object_set_new(proof_of(bundle), "logIndex", json_string("0"));
}

static void larger_tree(json_t *bundle)
{
    json_object_set_new(proof_of(bundle), "treeSize", json_string("3"));
}

static void outside_tree(json_t *bundle)
{
    json_object_set_new(proof_of(bundle), "logIndex", json_string("2"));
}

static void no_proof(json_t *bundle)
{
    json_object_del(entry_of(bundle), "inclusionProof");
}

static void no_checkpoint(json_t *bundle)
{
    json_object_del(proof_of(bundle), "checkpoint");
}

static void no_entry(json_t *bundle)
{
    json_array_clear(json_object_get(material_of(bundle), "tlogEntries"));
}

/* Replaces FROM by TO in the checkpoint. */
static void edit_checkpoint(json_t *bundle, const char *from, const char *to)
{
    json_t *checkpoint = json_object_get(proof_of(bundle), "checkpoint");
    const char *text = json_string_value(json_object_get(checkpoint, "envelope"));
    const char *at = strstr(text, from);
    char *edited = NULL;

    assert_non_null(at);
    assert_true(asprintf(&edited, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) > 0);
    json_object_set_new(checkpoint, "envelope", json_string(edited));
    free(edited);
}

static void other_origin(json_t *bundle)
{
    edit_checkpoint(bundle, "log.example - 77", "log.example - 78");
}

static void other_log_in_checkpoint(json_t *bundle)
{
    edit_checkpoint(bundle, "log.example - 77", "log.elsewhere - 77");
}

static void checkpoint_size(json_t *bundle)
{
    edit_checkpoint(bundle, "\n2\n", "\n02\n");
}

static void checkpoint_text(json_t *bundle)
{
    edit_checkpoint(bundle, "\n\n", "\nmore\n\n");
}

static void checkpoint_line(json_t *bundle)
{
    edit_checkpoint(bundle, "\xe2\x80\x94 ", "- ");
}

static void change_certificate(json_t *bundle)
{
    json_t *certificate = json_object_get(material_of(bundle), "certificate");

    change(certificate, "rawBytes",
           strlen(json_string_value(json_object_get(certificate, "rawBytes"))) - 12);
}

static void both_materials(json_t *bundle)
{
    json_object_set_new(material_of(bundle), "publicKey", json_pack("{s:s}", "hint", "acme"));
}

static void chain_in_03(json_t *bundle)
{
    json_t *certificate = json_object_get(material_of(bundle), "certificate");

    json_object_set_new(material_of(bundle), "x509CertificateChain",
                        json_pack("{s:[O]}", "certificates", certificate));
    json_object_del(material_of(bundle), "certificate");
}

static void older_version(json_t *bundle)
{
    json_object_set_new(bundle, "mediaType",
                        json_string("application/vnd.dev.sigstore.bundle+json;version=0.1"));
    json_object_del(entry_of(bundle), "inclusionPromise");
}

static void later_version(json_t *bundle)
{
    json_object_set_new(bundle, "mediaType",
                        json_string("application/vnd.dev.sigstore.bundle.v0.4+json"));
}

static void weak_digest(json_t *bundle)
{
    json_t *kind = json_object_get(entry_of(bundle), "kindVersion");

    json_object_set_new(kind, "version", json_string("0.0.2"));
}

static void unknown_kind(json_t *bundle)
{
    json_t *kind = json_object_get(entry_of(bundle), "kindVersion");

    json_object_set_new(kind, "kind", json_string("rekord"));
}

static void unknown_log(json_t *bundle)
{
    change(json_object_get(entry_of(bundle), "logId"), "keyId", 8);
}

static void change_body(json_t *bundle)
{
    change(entry_of(bundle), "canonicalizedBody", 300);
}

static void url_alphabet(json_t *bundle)
{
    json_object_set_new(json_object_get(bundle, "messageSignature"), "signature",
                        json_string("____"));
}

static void change_stamp(json_t *bundle)
{
    json_t *data = json_object_get(material_of(bundle), "timestampVerificationData");
    json_t *one = json_array_get(json_object_get(data, "rfc3161Timestamps"), 0);

    change(one, "signedTimestamp",
           strlen(json_string_value(json_object_get(one, "signedTimestamp"))) - 12);
}

static void no_stamp(json_t *bundle)
{
    json_object_del(material_of(bundle), "timestampVerificationData");
}

static const struct scene plain;
static const struct scene second = {.second_log = true};

static const struct {
    const char *name;
    const struct scene *scene;
    void (*change)(json_t *bundle);
    enum vb_signature_outcome outcome;
    const char *reason;
} changes[] = {
    {"signature", &plain, change_signature, VB_SIGNATURE_INVALID, "not of this file"},
    {"digest", &plain, change_digest, VB_SIGNATURE_INVALID, "of another file"},
    {"promise", &plain, change_promise, VB_SIGNATURE_INVALID, "promise is not of this entry"},
    {"time", &plain, change_time, VB_SIGNATURE_INVALID, "promise is not of this entry"},
    {"index", &plain, change_index, VB_SIGNATURE_INVALID, "promise is not of this entry"},
    {"root", &plain, change_root, VB_SIGNATURE_INVALID, "inclusion proof does not lead"},
    {"proof cut off", &plain, cut_proof, VB_SIGNATURE_INVALID, "inclusion proof does not lead"},
    {"proof too long", &plain, longer_proof, VB_SIGNATURE_INVALID, "inclusion proof does not"},
    {"other place", &plain, other_place, VB_SIGNATURE_INVALID, "inclusion proof does not lead"},
    {"larger tree", &plain, larger_tree, VB_SIGNATURE_INVALID, "inclusion proof does not"},
    {"outside the tree", &plain, outside_tree, VB_SIGNATURE_INVALID, "malformed"},
    {"no proof", &plain, no_proof, VB_SIGNATURE_INVALID, "without an inclusion proof"},
    {"no checkpoint", &plain, no_checkpoint, VB_SIGNATURE_INVALID, "without a checkpoint"},
    {"no entry", &plain, no_entry, VB_SIGNATURE_INVALID, "no log entry"},
    {"origin", &plain, other_origin, VB_SIGNATURE_INVALID, "not of this checkpoint"},
    {"other log", &plain, other_log_in_checkpoint, VB_SIGNATURE_INVALID, "not signed by the log"},
    {"size", &plain, checkpoint_size, VB_SIGNATURE_INVALID, "not of the tree"},
    {"more text", &plain, checkpoint_text, VB_SIGNATURE_INVALID, "not of this checkpoint"},
    {"no dash", &plain, checkpoint_line, VB_SIGNATURE_INVALID, "line of the checkpoint"},
    {"certificate", &plain, change_certificate, VB_SIGNATURE_INVALID, "names another key or"},
    {"two materials", &plain, both_materials, VB_SIGNATURE_INVALID, "names no key, or several"},
    {"chain in 0.3", &plain, chain_in_03, VB_SIGNATURE_INVALID, "holds its certificate alone"},
    {"0.1 without promise", &plain, older_version, VB_SIGNATURE_INVALID, "without the log's"},
    {"0.4", &plain, later_version, VB_SIGNATURE_UNVERIFIABLE, "no version from"},
    {"other kind", &plain, weak_digest, VB_SIGNATURE_INVALID, "not of the kind"},
    {"unknown kind", &plain, unknown_kind, VB_SIGNATURE_VALID_UNTRUSTED, "of a kind that is not"},
    {"unknown log", &plain, unknown_log, VB_SIGNATURE_VALID_UNTRUSTED, "of no log that"},
    {"body", &plain, change_body, VB_SIGNATURE_INVALID, "log entry"},
    {"other base64", &plain, url_alphabet, VB_SIGNATURE_INVALID, "not base64"},
    {"stamp", &second, change_stamp, VB_SIGNATURE_VALID_UNTRUSTED, "of no authority"},
    {"no stamp", &second, no_stamp, VB_SIGNATURE_VALID_UNTRUSTED, "no log and no clock"},
};

static void test_changes(void **state)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(changes); i++) {
        json_t *bundle = instance_bundle(*state, changes[i].scene);
        print_message("%s\n", changes[i].name);
        changes[i].change(bundle);
        expect(*state, bundle, changes[i].outcome, changes[i].reason);
    }
}

static void test_changed_file(void **state)
{
    static const struct scene rows[] = {{0}, {.dsse = true}};
    struct instance *instance = *state;

    put_text(&instance->package, "file.txt", "signed by nobody\n");
    expect(instance, instance_bundle(instance, &rows[0]), VB_SIGNATURE_INVALID, "another file");
    expect(instance, instance_bundle(instance, &rows[1]), VB_SIGNATURE_INVALID,
           "statement about other files");
}

/* A bundle of any size is no reason to call a package changed. */
static void test_too_large(void **state)
{
    json_t *bundle = instance_bundle(*state, &plain);
    char *text = malloc(VB_SIG_BUNDLE_MAX + 1);

    memset(text, 'x', VB_SIG_BUNDLE_MAX);
    text[VB_SIG_BUNDLE_MAX] = '\0';
    json_object_set_new(bundle, "more", json_string(text));
    free(text);
    expect(*state, bundle, VB_SIGNATURE_UNVERIFIABLE, "larger than");
}

/* --- a folder (OpenSSF Model Signing) by an identity --- */

static void test_folder(void **state)
{
    static const char content[] = "# signed by an identity\n";
    VB_CLEANUP(vb_sig_result_done) struct vb_sig_result good = {0};
    VB_CLEANUP(vb_sig_result_done) struct vb_sig_result changed = {0};
    VB_CLEANUP_FREE char *statement = NULL;
    struct instance *instance = *state;
    unsigned char digest[VB_SIG_DIGEST_MAX];
    char hex[65];
    char root[65];
    size_t len;

    assert_int_equal(vb_sig_hash("SHA256",
                                 (struct vb_sig_bytes){.data = (const unsigned char *)content,
                                                       .len = strlen(content)},
                                 digest, &len, NULL),
                     0);
    vb_sig_hex((struct vb_sig_bytes){.data = digest, .len = len}, hex);
    assert_int_equal(vb_sig_hash("SHA256", (struct vb_sig_bytes){.data = digest, .len = len},
                                 digest, &len, NULL),
                     0);
    vb_sig_hex((struct vb_sig_bytes){.data = digest, .len = len}, root);
    assert_true(asprintf(&statement,
                         "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"digest\":{"
                         "\"sha256\":\"%s\"}}],\"predicateType\":"
                         "\"https://model_signing/signature/v1.0\",\"predicate\":{"
                         "\"serialization\":{\"method\":\"files\",\"hash_type\":\"sha256\"},"
                         "\"resources\":[{\"name\":\"SKILL.md\",\"algorithm\":\"sha256\","
                         "\"digest\":\"%s\"}]}}",
                         root, hex) > 0);
    const struct scene scene = {.dsse = true, .statement = statement};
    put_text(&instance->package, "skill/SKILL.md", content);
    instance_verify_as(instance, "skill/skill.oms.sig", instance_bundle(instance, &scene), &good);
    assert_true(good.anchored);
    assert_string_equal(good.format, "oms");
    assert_string_equal(good.name, SIGNER_URI);
    assert_string_equal(good.covers.items[0], "skill/SKILL.md");
    put_text(&instance->package, "skill/run.sh", "echo\n");
    instance_verify_as(instance, "skill/skill.oms.sig", instance_bundle(instance, &scene),
                       &changed);
    assert_int_equal(changed.outcome, VB_SIGNATURE_INVALID);
    assert_false(changed.anchored);
    assert_int_equal(changed.covers.count, 0);
}

/* --- the trusted root --- */

static json_t *first(json_t *root, const char *list)
{
    return json_array_get(json_object_get(root, list), 0);
}

static void test_periods(void **state)
{
    static const struct {
        const char *list;
        bool of_key;
        const char *start;
        const char *end;
        const char *reason; /* "": good */
    } rows[] = {
        {"tlogs", true, "2025-06-15T15:06:40Z", "2025-06-15T15:06:40Z", ""}, /* SIGNED_AT */
        {"tlogs", true, "2025-06-15T15:06:41Z", NULL, "log's key was not valid"},
        {"tlogs", true, "2020-01-01T00:00:00Z", "2025-06-15T15:06:39.999Z",
         "log's key was not valid"},
        {"tlogs", true, "2025-06-15T17:06:40+02:00", NULL, ""},
        {"ctlogs", true, "2025-06-15T15:06:41Z", NULL, "in no log that the trusted root"},
        {"certificateAuthorities", false, "2025-06-15T15:06:41Z", NULL, "of no authority"},
        {"certificateAuthorities", false, "2020-01-01T00:00:00Z", "2025-06-15T15:06:39Z",
         "of no authority"},
    };
    struct instance *instance = *state;

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
        json_t *root = instance_root(instance);
        json_t *item = first(root, rows[i].list);
        json_t *period = json_pack("{s:s,s:s?}", "start", rows[i].start, "end", rows[i].end);
        json_object_set_new(rows[i].of_key ? json_object_get(item, "publicKey") : item, "validFor",
                            period);
        instance_trust(instance, root, NULL);
        instance_verify(instance, instance_bundle(instance, &plain), &result);
        assert_int_equal(result.outcome, VB_SIGNATURE_VALID_UNTRUSTED);
        if (result.anchored != (rows[i].reason[0] == '\0') ||
            strstr(result.reason, rows[i].reason) == NULL)
            fail_msg("row %zu: %s", i, result.reason);
    }
}

static int trust_too(struct instance *instance, const char *name, const json_t *root)
{
    VB_CLEANUP_FREE char *text = json_dumps(root, 0);
    struct vb_error err = {0};

    return vb_sig_trust_sigstore(
        instance->package.trust, name, name,
        (struct vb_sig_bytes){.data = (const unsigned char *)text, .len = strlen(text)}, &err);
}

/* Two trusted roots prove nothing together, and it is told which one proves something alone. */
static void test_roots_apart(void **state)
{
    static const struct {
        const char *missing[2]; /* lists of each that are empty */
        const char *root;       /* NULL: nobody vouches */
    } rows[] = {
        {{"certificateAuthorities", "tlogs"}, NULL},
        {{"tlogs", "certificateAuthorities"}, NULL},
        {{"ctlogs", "certificateAuthorities"}, NULL},
        {{"tlogs", NULL}, "second"},
        {{"ctlogs", NULL}, "second"},
        {{NULL, "ctlogs"}, "trusted_root"},
        {{NULL, "certificateAuthorities"}, "trusted_root"},
    };
    struct instance *instance = *state;

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
        VB_CLEANUP(vb_json_free) json_t *more = instance_root(instance);
        json_t *root = instance_root(instance);
        if (rows[i].missing[0] != NULL)
            json_array_clear(json_object_get(root, rows[i].missing[0]));
        if (rows[i].missing[1] != NULL)
            json_array_clear(json_object_get(more, rows[i].missing[1]));
        instance_trust(instance, root, NULL);
        assert_int_equal(trust_too(instance, "second", more), 0);
        assert_int_equal(trust_too(instance, "second", more), VB_E_CONFIG);
        instance_verify(instance, instance_bundle(instance, &plain), &result);
        assert_int_equal(result.outcome, VB_SIGNATURE_VALID_UNTRUSTED);
        if (result.anchored != (rows[i].root != NULL))
            fail_msg("row %zu: %s", i, result.reason);
        if (result.anchored)
            assert_string_equal(result.root, rows[i].root);
        assert_int_equal(result.facts.count, result.anchored ? 2 : 0);
    }
}

static void test_malformed_roots(void **state)
{
    static const struct {
        const char *list;
        const char *in; /* an object of the item, or NULL */
        const char *key;
        const char *json;
    } rows[] = {
        {"tlogs", NULL, "hashAlgorithm", "\"SHA1\""},
        {"tlogs", "logId", "keyId", "\"AAAA\""},
        {"tlogs", "publicKey", "rawBytes", "\"?\""},
        {"tlogs", "publicKey", "validFor", "{}"},
        {"tlogs", "publicKey", "validFor", "{\"start\":\"2025-06-31T00:00:00Z\"}"},
        {"tlogs", "publicKey", "validFor", "{\"start\":\"2025-06-15 00:00:00Z\"}"},
        {"tlogs", "publicKey", "validFor", "{\"start\":\"2025-06-15T00:00:00\"}"},
        {"tlogs", "publicKey", "validFor", "{\"start\":\"2025-06-15T00:00:00.Z\"}"},
        {"ctlogs", "logId", "keyId", "null"},
        {"certificateAuthorities", NULL, "validFor", "null"},
        {"certificateAuthorities", "certChain", "certificates", "[]"},
        {"certificateAuthorities", "certChain", "certificates", "[{\"rawBytes\":\"AAAA\"}]"},
        {"timestampAuthorities", NULL, "certChain", "7"},
    };
    const struct instance *instance = *state;

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_sig_trusted_root parsed = {0};
        struct vb_error err = {0};
        VB_CLEANUP(vb_json_free) json_t *root = instance_root(instance);
        json_t *item = first(root, rows[i].list);
        json_object_set_new(rows[i].in != NULL ? json_object_get(item, rows[i].in) : item,
                            rows[i].key, json_loads(rows[i].json, JSON_DECODE_ANY, NULL));
        VB_CLEANUP_FREE char *text = json_dumps(root, 0);
        const int status = vb_sig_trusted_root(
            (struct vb_sig_bytes){.data = (const unsigned char *)text, .len = strlen(text)}, "file",
            &parsed, &err);
        if (status != VB_E_CONFIG || strstr(err.message, rows[i].list) == NULL)
            fail_msg("row %zu: %s", i, err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, setup, teardown),
        cmocka_unit_test_setup_teardown(test_roots_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_own_root, setup, teardown),
        cmocka_unit_test_setup_teardown(test_own_root_without_issuer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_by_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_prehashed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hints, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_statements, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scenes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changed_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(test_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(test_periods, setup, teardown),
        cmocka_unit_test_setup_teardown(test_malformed_roots, setup, teardown),
    };

    if (vb_signatures_prepare() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
