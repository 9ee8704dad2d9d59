/* Sigstore bundles of an instance of our own: what is good, what nobody knows, and every way to
 * change one. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/pem.h>

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

#define PYPI_PUBLISH    \
    "https://docs.pypi" \
    ".org/attestations/publish/v1"

/* Who tells something of a file does not sign it. */
static void test_what_endorses(void **state)
{
    static const char signed_text[] = "signed by an identity\n";
    static const struct {
        const char *type;
        bool endorses;
    } rows[] = {
        {"https://slsa.dev/provenance/v0.2", true},
        {PYPI_PUBLISH, true},
        {"https://in-toto.io/attestation/vulns/v0.2", false},
        {"https://cyclonedx.org/bom", false},
        {"https://spdx.dev/Document", false},
        {"https://slsa.dev/verification_summary/v1", false},
        {"https://slsa.dev/provenance/v1/", false},
        {"https://slsa.dev/provenance/v", false},
        {"", false},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
        unsigned char digest[VB_SIG_DIGEST_MAX];
        char text[512], hex[2 * VB_SIG_DIGEST_MAX + 1];
        size_t len;
        assert_int_equal(
            vb_sig_hash("SHA256",
                        (struct vb_sig_bytes){.data = (const unsigned char *)signed_text,
                                              .len = strlen(signed_text)},
                        digest, &len, NULL),
            0);
        vb_sig_hex((struct vb_sig_bytes){.data = digest, .len = len}, hex);
        snprintf(text, sizeof(text),
                 "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"f\","
                 "\"digest\":{\"sha256\":\"%s\"}}],\"predicateType\":\"%s\",\"predicate\":{}}",
                 hex, rows[i].type);
        const struct scene scene = {.dsse = true, .statement = text};
        instance_verify(*state, instance_bundle(*state, &scene), &result);
        assert_true(vb_sig_holds(&result));
        assert_int_equal(result.covers.count, rows[i].endorses ? 1 : 0);
        assert_true((strstr(result.reason, "does not sign the file") != NULL) == !rows[i].endorses);
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
static const struct scene both = {.stamped = true};

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
    {"stamp beside a log", &both, change_stamp, VB_SIGNATURE_VALID_UNTRUSTED, "of no authority"},
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

/* --- several bundles, one a line --- */

/* What vb_verify says of LINES, COUNT of them, which are freed. */
static void verify_lines(struct instance *instance, char **lines, size_t count, const char *between,
                         struct capture *ret)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text;

    vb_buf_init(&text, 32 * 1024 * 1024);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(vb_buf_append_str(&text, lines[i], NULL), 0);
        assert_int_equal(vb_buf_append_str(&text, between, NULL), 0);
        free(lines[i]);
    }
    package_put(&instance->package, "file.txt.sigstore.jsonl", text.data, text.len);
    package_verify(&instance->package, ret);
}

static char *line_of(json_t *bundle)
{
    char *text = json_dumps(bundle, JSON_COMPACT);

    json_decref(bundle);
    return text;
}

static void expect_seen(const struct capture *capture, size_t i, const char *outcome,
                        const char *reason)
{
    if (i >= capture->count || strcmp(capture->seen[i].outcome, outcome) != 0 ||
        strstr(capture->seen[i].reason, reason) == NULL)
        fail_msg("%zu of %zu: %s (%s), and not %s (%s)", i, capture->count,
                 i < capture->count ? capture->seen[i].outcome : "",
                 i < capture->count ? capture->seen[i].reason : "", outcome, reason);
}

static void test_lines(void **state)
{
    static const struct scene dsse = {.dsse = true};
    static const char *const between[] = {"\n", "\r\n \n", "\n\n\n"};
    struct instance *instance = *state;

    for (size_t i = 0; i < VB_ARRAY_LEN(between); i++) {
        char *lines[] = {line_of(instance_bundle(instance, &dsse)),
                         line_of(instance_bundle(instance, &plain))};
        struct capture capture;
        verify_lines(instance, lines, 2, between[i], &capture);
        assert_int_equal(capture.count, 2);
        for (size_t k = 0; k < 2; k++) {
            expect_seen(&capture, k, "valid-untrusted", k == 0 ? "line 1: no line" : "line 2: no");
            assert_string_equal(capture.seen[k].name, SIGNER_URI);
            assert_string_equal(capture.seen[k].covers, "file.txt");
            assert_string_equal(capture.seen[k].format, "sigstore");
        }
        capture_done(&capture);
    }
}

/* Whatever is wrong with one line is told of that one, and of no other. */
static void test_changed_lines(void **state)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(changes); i++) {
        json_t *bundle = instance_bundle(*state, changes[i].scene);
        changes[i].change(bundle);
        char *lines[] = {line_of(instance_bundle(*state, &plain)), line_of(bundle),
                         line_of(instance_bundle(*state, &plain))};
        struct capture capture;
        verify_lines(*state, lines, 3, "\n", &capture);
        assert_int_equal(capture.count, 3);
        expect_seen(&capture, 0, "valid-untrusted", "line 1: no line");
        expect_seen(&capture, 1, vb_signature_outcome_name(changes[i].outcome), changes[i].reason);
        expect_seen(&capture, 2, "valid-untrusted", "line 3: no line");
        capture_done(&capture);
    }
}

static void test_malformed_lines(void **state)
{
    static const struct {
        const char *line;
        const char *outcome;
        const char *reason;
    } rows[] = {
        {"{", "invalid", "line 2: JSON"},
        {"[]", "invalid", "line 2: "},
        {"{} {}", "invalid", "line 2: JSON"},
        {"{}", "present-unverifiable", "no version from"},
        {"{\"payload\":\"\",\"payload\":\"\"}", "invalid", "line 2: JSON"},
        {"{\"payload\":\"\"}", "invalid", "no payloadType"},
        {"{\"payload\":\"AA==\",\"payloadType\":\"t\",\"signatures\":[]}", "invalid",
         "has no signatures"},
        {"{\"payload\":\"AA==\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"AA==\"}]}",
         "present-unverifiable", "signed with no key"},
        {"{\"payload\":\"AA==\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"AA==\",\"cert\":"
         "\"x\"}]}",
         "invalid", "none in PEM"},
        {"x", "invalid", "line 2: JSON"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        char *lines[] = {line_of(instance_bundle(*state, &plain)), strdup(rows[i].line)};
        struct capture capture;
        verify_lines(*state, lines, 2, "\n", &capture);
        assert_int_equal(capture.count, 2);
        expect_seen(&capture, 1, rows[i].outcome, rows[i].reason);
        capture_done(&capture);
    }
}

/* What is not read is told, and nothing behind a bound is skipped in silence. */
static void test_too_many_lines(void **state)
{
    enum { MAX = 64 };
    struct capture capture;
    char *lines[MAX + 1];
    char *large = malloc(VB_SIG_BUNDLE_MAX + 10);

    for (size_t i = 0; i < VB_ARRAY_LEN(lines); i++)
        lines[i] = strdup("{}");
    verify_lines(*state, lines, MAX + 1, "\n", &capture);
    assert_int_equal(capture.count, MAX + 1);
    expect_seen(&capture, MAX, "present-unverifiable", "more than 64");
    capture_done(&capture);
    /* A line that fills what is read at once, and one behind it. */
    json_t *bundle = instance_bundle(*state, &plain);
    const size_t len = json_dumpb(bundle, NULL, 0, JSON_COMPACT);
    memset(large, ' ', VB_SIG_BUNDLE_MAX + 9);
    large[VB_SIG_BUNDLE_MAX + 9] = '\0';
    json_dumpb(bundle, large, len, JSON_COMPACT);
    json_decref(bundle);
    for (size_t more = 0; more < 3; more++) {
        char *two[] = {strndup(large, VB_SIG_BUNDLE_MAX - 1 + more), strdup("x")};
        verify_lines(*state, two, 2, "\n", &capture);
        expect_seen(&capture, 0, more == 2 ? "present-unverifiable" : "valid-untrusted",
                    more == 2 ? "larger than 4 MiB" : "line 1: no line");
        if (more != 2)
            expect_seen(&capture, 1, "invalid", "line 2: ");
        capture_done(&capture);
    }
    free(large);
}

/* An envelope by a key of the user's, as cosign and SLSA's generator write them. */
static void test_envelope_lines(void **state)
{
    static const struct scene dsse = {.dsse = true};
    static const struct scene other = {
        .dsse = true,
        .statement =
            "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"digest\":{\"sha256\":"
            "\"0000000000000000000000000000000000000000000000000000000000000000\"}}],"
            "\"predicateType\":\"https://slsa.dev/provenance/v1\",\"predicate\":{}}"};
    struct instance *instance = *state;
    VB_CLEANUP(vb_json_free) json_t *bundle = instance_bundle(instance, &dsse);
    VB_CLEANUP(vb_json_free) json_t *others = instance_bundle(instance, &other);
    json_t *envelope = json_object_get(bundle, "dsseEnvelope");
    json_t *about_others = json_object_get(others, "dsseEnvelope");
    struct capture capture;

    char *unknown[] = {json_dumps(envelope, JSON_COMPACT)};
    verify_lines(instance, unknown, 1, "\n", &capture);
    expect_seen(&capture, 0, "present-unverifiable", "signed with no key");
    capture_done(&capture);

    instance_trust(instance, instance_root(instance), instance->leaf);
    char *known[] = {json_dumps(envelope, JSON_COMPACT), json_dumps(about_others, JSON_COMPACT)};
    verify_lines(instance, known, 2, "\n", &capture);
    expect_seen(&capture, 0, "valid-trusted", "line 1: payload of type");
    assert_string_equal(capture.seen[0].covers, "file.txt");
    assert_string_equal(capture.seen[0].format, "dsse");
    expect_seen(&capture, 1, "invalid", "is not about file.txt");
    capture_done(&capture);

    /* The certificate beside the signature says that it holds, and not who signed when. */
    instance_trust(instance, instance_root(instance), NULL);
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    assert_int_equal(PEM_write_bio_X509(bio, instance->leaf_cert), 1);
    const long len = BIO_get_mem_data(bio, &pem);
    json_t *signature = json_array_get(json_object_get(envelope, "signatures"), 0);
    json_object_set_new(signature, "cert", json_stringn(pem, (size_t)len));
    BIO_free(bio);
    char *told[] = {json_dumps(envelope, JSON_COMPACT), NULL};
    change(envelope, "payload", 20);
    told[1] = json_dumps(envelope, JSON_COMPACT);
    verify_lines(instance, told, 2, "\n", &capture);
    expect_seen(&capture, 0, "valid-untrusted", "no log entry with it says when");
    assert_string_equal(capture.seen[0].covers, "file.txt");
    assert_string_equal(capture.seen[0].name, "");
    expect_seen(&capture, 1, "invalid", "not of this envelope");
    capture_done(&capture);
}

/* --- bundles of an older cosign --- */

/* What cosign wrote before there were bundles of Sigstore's. */
static json_t *older(json_t *bundle, bool twice)
{
    json_t *entry = entry_of(bundle);
    unsigned char id[VB_SIG_LOG_ID];
    char hex[2 * VB_SIG_LOG_ID + 1];
    json_t *chain = json_object_get(material_of(bundle), "x509CertificateChain");
    const char *der = json_string_value(
        json_object_get(json_array_get(json_object_get(chain, "certificates"), 0), "rawBytes"));
    VB_CLEANUP_FREE char *pem = NULL;
    VB_CLEANUP(vb_buf_done) struct vb_buf text;

    assert_true(vb_sig_json_base64_exact(json_object_get(entry, "logId"), "keyId", id, sizeof(id)));
    vb_sig_hex((struct vb_sig_bytes){id, sizeof(id)}, hex);
    assert_true(
        asprintf(&pem, "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n", der) > 0);
    vb_buf_init(&text, 65536);
    if (twice)
        assert_int_equal(vb_base64_encode(&text, pem, strlen(pem), NULL), 0);
    else
        assert_int_equal(vb_buf_append_str(&text, pem, NULL), 0);
    json_t *ret = json_pack(
        "{s:O,s:s%,s:{s:O,s:{s:O,s:O,s:O,s:s}}}", "base64Signature",
        json_object_get(json_object_get(bundle, "messageSignature"), "signature"), "cert",
        (const char *)text.data, text.len, "rekorBundle", "SignedEntryTimestamp",
        json_object_get(json_object_get(entry, "inclusionPromise"), "signedEntryTimestamp"),
        "Payload", "body", json_object_get(entry, "canonicalizedBody"), "integratedTime",
        json_object_get(entry, "integratedTime"), "logIndex", json_object_get(entry, "logIndex"),
        "logID", hex);
    assert_non_null(ret);
    json_decref(bundle);
    return ret;
}

static json_t *payload_of(json_t *json)
{
    return json_object_get(json_object_get(json, "rekorBundle"), "Payload");
}

static const struct scene first_version = {.version = 1};
static const struct scene lies_of[] = {{.version = 1, .lie = OTHER_DIGEST},
                                       {.version = 1, .lie = OTHER_SIGNATURE},
                                       {.version = 1, .lie = OTHER_KEY},
                                       {.version = 1, .no_sct = true}};

static const struct {
    const char *in; /* "" top, "rekor" or "payload" */
    const char *key;
    const char *json; /* NULL: removed; "": a byte in its middle is changed */
    enum vb_signature_outcome outcome;
    const char *reason;
} older_rows[] = {
    {"", "base64Signature", "", VB_SIGNATURE_INVALID, ""},
    {"", "base64Signature", "\"eyJwYXlsb2FkIjoiIn0=\"", VB_SIGNATURE_UNVERIFIABLE, "attestation"},
    {"", "base64Signature", "7", VB_SIGNATURE_INVALID, "no signature in it"},
    {"", "base64Signature", "\"____\"", VB_SIGNATURE_INVALID, "not base64"},
    {"", "cert", "7", VB_SIGNATURE_INVALID, "is no text"},
    {"", "cert", "\"AAAA\"", VB_SIGNATURE_INVALID, "in PEM"},
    {"", "cert", "\"====\"", VB_SIGNATURE_INVALID, "neither PEM nor"},
    {"", "cert", "\"\"", VB_SIGNATURE_UNVERIFIABLE, "not in the trust folder"},
    {"", "cert", NULL, VB_SIGNATURE_UNVERIFIABLE, "not in the trust folder"},
    {"", "rekorBundle", NULL, VB_SIGNATURE_VALID_UNTRUSTED, "leads to none"},
    {"", "rekorBundle", "[]", VB_SIGNATURE_INVALID, "promised is malformed"},
    {"", "rekorBundle", "{}", VB_SIGNATURE_INVALID, "promised is malformed"},
    {"rekor", "SignedEntryTimestamp", "", VB_SIGNATURE_INVALID, "promise"},
    {"rekor", "SignedEntryTimestamp", NULL, VB_SIGNATURE_INVALID, "promised is malformed"},
    {"rekor", "SignedEntryTimestamp", "\"\"", VB_SIGNATURE_INVALID, "promise"},
    {"payload", "body", "\"e30=\"", VB_SIGNATURE_INVALID, "of which kind"},
    {"payload", "body", "\"x\"", VB_SIGNATURE_INVALID, "of which kind"},
    {"payload", "integratedTime", "1750000001", VB_SIGNATURE_INVALID, "not of this entry"},
    {"payload", "integratedTime", "-1", VB_SIGNATURE_INVALID, "negative"},
    {"payload", "integratedTime", "\"x\"", VB_SIGNATURE_INVALID, "promised is malformed"},
    {"payload", "logIndex", "99999", VB_SIGNATURE_INVALID, "not of this entry"},
    {"payload", "logID", "\"00\"", VB_SIGNATURE_INVALID, "promised is malformed"},
    {"payload", "logID", "\"0000000000000000000000000000000000000000000000000000000000000000\"",
     VB_SIGNATURE_VALID_UNTRUSTED, "of no log that"},
};

static void expect_older(struct instance *instance, json_t *json, enum vb_signature_outcome outcome,
                         const char *reason)
{
    VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};

    instance_verify_as(instance, "file.txt.bundle", json, &result);
    if (result.outcome != outcome || strstr(result.reason, reason) == NULL)
        fail_msg("%s (%s), and not %s (%s)", vb_signature_outcome_name(result.outcome),
                 result.reason, vb_signature_outcome_name(outcome), reason);
    assert_string_equal(result.format, "cosign");
    assert_int_equal(result.anchored, strcmp(reason, "no line of trust.yaml") == 0);
}

static void test_older_cosign(void **state)
{
    struct instance *instance = *state;

    for (size_t twice = 0; twice < 2; twice++)
        expect_older(instance, older(instance_bundle(instance, &first_version), twice == 1),
                     VB_SIGNATURE_VALID_UNTRUSTED, "no line of trust.yaml");
    for (size_t i = 0; i < VB_ARRAY_LEN(older_rows); i++) {
        json_t *json = older(instance_bundle(instance, &first_version), true);
        json_t *in = json_object_get(json, "rekorBundle");
        in = strcmp(older_rows[i].in, "payload") == 0 ? payload_of(json)
             : older_rows[i].in[0] == '\0'            ? json
                                                      : in;
        print_message("%s %s\n", older_rows[i].key,
                      older_rows[i].json != NULL ? older_rows[i].json : "-");
        if (older_rows[i].json == NULL)
            json_object_del(in, older_rows[i].key);
        else if (older_rows[i].json[0] == '\0')
            change(in, older_rows[i].key, 20);
        else
            json_object_set_new(in, older_rows[i].key,
                                json_loads(older_rows[i].json, JSON_DECODE_ANY, NULL));
        expect_older(instance, json, older_rows[i].outcome, older_rows[i].reason);
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(lies_of); i++)
        expect_older(instance, older(instance_bundle(instance, &lies_of[i]), true),
                     lies_of[i].no_sct ? VB_SIGNATURE_VALID_UNTRUSTED : VB_SIGNATURE_INVALID, "");
    put_text(&instance->package, "file.txt", "signed by nobody\n");
    expect_older(instance, older(instance_bundle(instance, &first_version), true),
                 VB_SIGNATURE_INVALID, "not of this file");
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
        cmocka_unit_test_setup_teardown(test_by_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hints, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_statements, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_endorses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scenes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changed_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(test_older_cosign, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changed_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_malformed_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_many_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_envelope_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(test_periods, setup, teardown),
        cmocka_unit_test_setup_teardown(test_malformed_roots, setup, teardown),
    };

    if (vb_signatures_prepare() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
