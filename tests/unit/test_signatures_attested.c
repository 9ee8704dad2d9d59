/* Attestations that an index hands out: npm's and PyPI's, by a Sigstore instance of the test's own.
 * Each row changes one thing. The certificate is for forge.example/acme/skills. */
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "signatures/registry.h"
#include "sigstore_helper.h"

static const char artifact[] = "the bytes of a package";
static const char slsa[] = "https://slsa.dev/provenance/v1";
static const char publish[] = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1";
static const char pypi_publish[] = "https://docs.pypi"
                                   ".org/attestations/publish/v1";
static const char here[] = "https://forge.example/acme/skills";
static const char commit[] = "0123456789abcdef0123456789abcdef01234567";
static const char rows_of_trust[] = "version: 1\n"
                                    "publishers:\n"
                                    "  - packages: [\"@acme/*\", tool]\n"
                                    "    signers:\n"
                                    "      - identity: " SIGNER_URI "\n"
                                    "        issuer: " SIGNER_ISSUER "\n";

static struct instance sigstore;

static int setup(void **state VB_UNUSED)
{
    instance_init(&sigstore);
    instance_trust(&sigstore, instance_root(&sigstore), NULL);
    return 0;
}

static int teardown(void **state VB_UNUSED)
{
    instance_done(&sigstore);
    return 0;
}

/* --- statements --- */

struct statement {
    const char *name, *more; /* more: a second subject */
    const char *bytes;       /* of which the digest is */
    const char *type;
    const char *repository, *commit; /* of SLSA */
    bool old;                        /* SLSA 0.2 */
};

static void digest_of(const char *algorithm, const char *text, char *ret)
{
    unsigned char digest[VB_SIG_DIGEST_MAX];
    struct vb_error err = {0};
    size_t len;

    assert_int_equal(vb_sig_hash(algorithm,
                                 (struct vb_sig_bytes){(const unsigned char *)text, strlen(text)},
                                 digest, &len, &err),
                     0);
    vb_sig_hex((struct vb_sig_bytes){.data = digest, .len = len}, ret);
}

static void write_statement(const struct statement *from, bool npm, char *ret, size_t size)
{
    char hex[2 * VB_SIG_DIGEST_MAX + 1], predicate[1024];
    const char *name = from->name != NULL ? from->name
                       : npm              ? "pkg:npm/%40acme/tool@1.2.3"
                                          : "Acme_Tool-1.2.3-py3-none-any.whl";

    digest_of(npm ? "SHA512" : "SHA256", from->bytes != NULL ? from->bytes : artifact, hex);
    snprintf(predicate, sizeof(predicate),
             from->old
                 ? "{\"invocation\":{\"configSource\":{\"uri\":\"git+%s@refs/tags/v1\",\"digest\":{"
                   "\"sha1\":\"%s\"}}}}"
                 : "{\"buildDefinition\":{\"externalParameters\":{\"workflow\":{\"repository\":"
                   "\"%s\"}},\"resolvedDependencies\":[{\"digest\":{\"gitCommit\":\"%s\"}}]}}",
             from->repository != NULL ? from->repository : here,
             from->commit != NULL ? from->commit : commit);
    snprintf(ret, size,
             "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"%s\","
             "\"digest\":{\"%s\":\"%s\"}}%s],\"predicateType\":\"%s\",\"predicate\":%s}",
             name, npm ? "sha512" : "sha256", hex, from->more != NULL ? from->more : "",
             from->type != NULL ? from->type : slsa, predicate);
}

/* --- what is said of them --- */

struct told {
    struct vb_sink sink;
    size_t results;
    char format[32], outcome[32], reason[512], name[512];
};

static int keep_event(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct told *told = (struct told *)(void *)base;
    static const struct {
        enum vb_field field;
        size_t offset, size;
    } kept[] = {
        {VB_F_FORMAT, offsetof(struct told, format), sizeof(told->format)},
        {VB_F_OUTCOME, offsetof(struct told, outcome), sizeof(told->outcome)},
        {VB_F_REASON, offsetof(struct told, reason), sizeof(told->reason)},
        {VB_F_NAME, offsetof(struct told, name), sizeof(told->name)},
    };

    if (vb_event_check(event, err) < 0)
        fail_msg("%s", err->message);
    if (event->kind != VB_EV_SIGNATURE_RESULT)
        return 0;
    told->results++;
    for (size_t i = 0; i < VB_ARRAY_LEN(kept); i++) {
        const struct vb_str text = vb_event_get_str(event, kept[i].field);
        snprintf((char *)told + kept[i].offset, kept[i].size, "%.*s", (int)text.len, text.text);
    }
    return 0;
}

static int file_of(const void *data, size_t len)
{
    struct vb_error err = {0};
    const int fd = memfd_create("vetbox-test", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(vb_write_all(fd, data, len, &err), 0);
    return fd;
}

/* RECORD is taken. */
static void verify(json_t *record, struct told *ret)
{
    static const char names[] = "npm\0@acme/tool\0.";
    struct vb_error err = {0};
    char *text = json_dumps(record, 0);
    VB_CLEANUP_FD int record_fd = file_of(text, strlen(text));
    VB_CLEANUP_FD int bytes = file_of(artifact, strlen(artifact));
    VB_CLEANUP_FD int packages = file_of(names, sizeof(names));
    const struct vb_verify_job job = {.dirfd = sigstore.package.fd,
                                      .packages_fd = packages,
                                      .beside_fd = -1,
                                      .beside_name = "tool-1.2.3.tgz",
                                      .from_index = true,
                                      .record_fd = record_fd,
                                      .artifact_fd = bytes,
                                      .trust = sigstore.package.trust};

    *ret = (struct told){.sink.emit = keep_event};
    if (vb_verify_job(&job, &ret->sink, &err) < 0)
        fail_msg("%s", err.message);
    free(text);
    json_decref(record);
}

static void expect(const struct told *told, const char *outcome, const char *reason)
{
    if (told->results != 1 || strcmp(told->outcome, outcome) != 0 ||
        (reason != NULL ? strstr(told->reason, reason) == NULL
                        : strchr(told->reason, ';') != NULL &&
                              strstr(told->reason, "; its certificate") != NULL))
        fail_msg("%zu results, %s (%s) where %s (%s) belongs", told->results, told->outcome,
                 told->reason, outcome, reason != NULL ? reason : "no contradiction");
}

static json_t *npm_record(json_t *bundle, const char *type)
{
    return json_pack("{s:s,s:s,s:s,s:{s:[{s:s,s:o}]}}", "index", "npm", "name", "@acme/tool",
                     "version", "1.2.3", "attestations", "attestations", "predicateType", type,
                     "bundle", bundle);
}

static json_t *npm_bundle(const struct statement *statement, struct scene scene)
{
    char text[4096];

    write_statement(statement, true, text, sizeof(text));
    scene.dsse = true;
    scene.statement = text;
    return instance_bundle(&sigstore, &scene);
}

static void verify_npm(const struct statement *statement, struct told *ret)
{
    verify(npm_record(npm_bundle(statement, (struct scene){0}), slsa), ret);
}

/* The same, in PyPI's words. */
static json_t *pypi_attestation(const struct statement *statement)
{
    char text[4096];
    write_statement(statement, false, text, sizeof(text));
    const struct scene scene = {.dsse = true, .statement = text};
    json_t *bundle = instance_bundle(&sigstore, &scene);
    json_t *material = json_object_get(bundle, "verificationMaterial");
    json_t *envelope = json_object_get(bundle, "dsseEnvelope");
    json_t *ret = json_pack(
        "{s:i,s:{s:O,s:O},s:{s:O,s:O}}", "version", 1, "verification_material", "certificate",
        json_object_get(json_object_get(material, "certificate"), "rawBytes"),
        "transparency_entries", json_object_get(material, "tlogEntries"), "envelope", "statement",
        json_object_get(envelope, "payload"), "signature",
        json_object_get(json_array_get(json_object_get(envelope, "signatures"), 0), "sig"));

    assert_non_null(ret);
    json_decref(bundle);
    return ret;
}

static json_t *pypi_record(json_t *attestation, const char *repository)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:{s:i,s:[{s:{s:s,s:s},s:[o]}]}}", "index", "pypi", "name",
                     "acme-tool", "version", "1.2.3", "file", "acme_tool-1.2.3-py3-none-any.whl",
                     "provenance", "version", 1, "attestation_bundles", "publisher", "kind",
                     "Forge", "repository", repository, "attestations", attestation);
}

/* --- tests --- */

static void test_npm(void **state VB_UNUSED)
{
    static const struct statement good = {0};
    struct vb_error err = {0};
    struct told told;

    put_text(&sigstore.package, "package/package.json",
             "{\"repository\":{\"url\":\"git+https://forge.example/Acme/skills.git\"}}");
    verify_npm(&good, &told);
    expect(&told, "valid-untrusted", NULL);
    expect(&told, "valid-untrusted", "no line of trust.yaml names this identity");
    assert_string_equal(told.format, "npm-provenance");
    assert_string_equal(told.name, SIGNER_URI);
    assert_int_equal(vb_publishers_read("trust.yaml", rows_of_trust, strlen(rows_of_trust),
                                        &sigstore.package.trust->publishers, &err),
                     0);
    verify_npm(&good, &told);
    expect(&told, "valid-trusted", NULL);
    /* What does not agree is told of somebody who is trusted, too. */
    put_text(&sigstore.package, "package/package.json",
             "{\"repository\":\"https://forge.example/thief/skills\"}");
    verify_npm(&good, &told);
    expect(&told, "valid-trusted", "the package names forge.example/thief/skills");
}

static void test_npm_mutations(void **state VB_UNUSED)
{
    static const char other[] = "https://forge.example/thief/skills";
    static const struct {
        struct statement statement;
        const char *outcome, *reason;
    } rows[] = {
        {{.name = "pkg:npm/@acme/tool@1.2.3"}, "valid-untrusted", NULL},
        {{.old = true}, "valid-untrusted", NULL},
        {{.name = "pkg:npm/%40acme/tool@1.2.4"}, "invalid", "another package or version"},
        {{.name = "pkg:npm/tool@1.2.3"}, "invalid", "another package or version"},
        {{.name = "pkg:npm/%40acme/tool@1.2.3%00"}, "invalid", "another package or version"},
        {{.name = "pkg:npm/%4"}, "invalid", "another package or version"},
        {{.name = "pkg:pypi/%40acme/tool@1.2.3"}, "invalid", "another package or version"},
        {{.bytes = "another artifact"}, "invalid", "another digest"},
        {{.more = ",{\"name\":\"x\",\"digest\":{\"sha512\":\"00\"}}"}, "invalid", "several files"},
        {{.type = "https://example.org/vetted"}, "present-unverifiable", "does not know what"},
        {{.repository = other},
         "valid-untrusted",
         "its statement names forge.example/thief/skills"},
        {{.repository = other, .old = true}, "valid-untrusted", "its statement names"},
        {{.commit = "89abcdef"}, "valid-untrusted", "different commits"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct told told;
        verify_npm(&rows[i].statement, &told);
        expect(&told, rows[i].outcome, rows[i].reason);
    }
}

/* What the package names as its repository, against the certificate's. */
static void test_package_repository(void **state VB_UNUSED)
{
    static const struct {
        const char *file, *text, *reason; /* NULL: no contradiction */
    } rows[] = {
        {"package.json", "{\"repository\":\"https://forge.example/acme/skills\"}", NULL},
        {"package.json", "{\"repository\":\"https://elsewhere.example/a/b\"}", NULL},
        {"package.json", "{\"repository\":7}", NULL},
        {"package.json", "{", NULL},
        {"package.json", "{\"repository\":\"https://forge.example/thief/skills\"}",
         "the package names forge.example/thief/skills"},
        {"a-1.dist-info/METADATA",
         "Name: a\nHome-page: https://acme.example\nProject-URL: Source, "
         "https://forge.example/thief/skills/\n\nProject-URL: x, https://forge.example/acme/skills",
         "the package names forge.example/thief/skills"},
        {"a-1/PKG-INFO",
         "Home-page: https://forge.example/x/y\nProject-URL: Source, "
         "https://forge.example/acme/skills/\n",
         NULL},
        {"deep/er/package.json", "{\"repository\":\"https://forge.example/x/y\"}", NULL},
    };
    static const struct statement good = {0};

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct told told;
        put_text(&sigstore.package, rows[i].file, rows[i].text);
        verify_npm(&good, &told);
        expect(&told, "valid-untrusted", rows[i].reason);
        assert_int_equal(unlinkat(sigstore.package.fd, rows[i].file, 0), 0);
    }
}

/* npm's own attestation is by a key of the registry. */
static void test_npm_publish(void **state VB_UNUSED)
{
    static const struct statement published = {.type = publish};
    EVP_PKEY *const keys[] = {NULL, sigstore.leaf, sigstore.other};
    static const char *const outcomes[] = {"present-unverifiable", "valid-untrusted", "invalid"};

    for (size_t i = 0; i < VB_ARRAY_LEN(keys); i++) {
        unsigned char *der = NULL;
        char spki[512] = "";
        struct told told;
        json_t *record =
            npm_record(npm_bundle(&published, (struct scene){.by_key = true}), publish);
        if (keys[i] != NULL) {
            const int len = i2d_PUBKEY(keys[i], &der);
            (void)EVP_EncodeBlock((unsigned char *)spki, der, len);
            OPENSSL_free(der);
            json_object_set_new(record, "keys",
                                json_pack("{s:[{s:s,s:s}]}", "keys", "keyid", "acme", "key", spki));
        }
        verify(record, &told);
        expect(&told, outcomes[i], "");
        assert_string_equal(told.format, "npm-publish");
    }
}

static void test_npm_signature(void **state VB_UNUSED)
{
    static const struct statement good = {0};
    static const struct statement other = {.name = "pkg:npm/%40acme/tool@1.2.4"};
    json_t *bundle = npm_bundle(&good, (struct scene){0});
    json_t *another = npm_bundle(&other, (struct scene){0});
    struct told told;

    /* One statement under the other's signature. */
    json_object_set(json_object_get(another, "dsseEnvelope"), "payload",
                    json_object_get(json_object_get(bundle, "dsseEnvelope"), "payload"));
    json_decref(bundle);
    verify(npm_record(another, slsa), &told);
    expect(&told, "invalid", "not of this envelope");
    assert_string_equal(told.name, "");
    /* No statement at all. */
    verify(npm_record(instance_bundle(&sigstore, &(struct scene){0}), slsa), &told);
    expect(&told, "invalid", "holds no statement");
    /* By an authority that nobody knows. */
    verify(npm_record(npm_bundle(&good, (struct scene){.stranger = true}), slsa), &told);
    expect(&told, "valid-untrusted", "of no authority");
}

static void test_pypi(void **state VB_UNUSED)
{
    static const struct {
        struct statement statement;
        const char *publisher, *outcome, *reason;
    } rows[] = {
        {{.type = pypi_publish}, "acme/skills", "valid-untrusted", NULL},
        {{.type = slsa}, "Acme/Skills", "valid-untrusted", NULL},
        {{.type = pypi_publish}, "thief/skills", "valid-untrusted", "the index names thief/skills"},
        {{.name = "acme-tool-1.2.3-py3-none-any.whl", .type = pypi_publish},
         "acme/skills",
         "valid-untrusted",
         NULL},
        {{.name = "acme_tool-1.2.4-py3-none-any.whl"}, "acme/skills", "invalid", "another package"},
        {{.name = ""}, "acme/skills", "invalid", "another package"},
        {{.bytes = "another artifact"}, "acme/skills", "invalid", "another digest"},
        {{.type = publish}, "acme/skills", "present-unverifiable", "does not know what"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct told told;
        verify(pypi_record(pypi_attestation(&rows[i].statement), rows[i].publisher), &told);
        expect(&told, rows[i].outcome, rows[i].reason);
        assert_string_equal(told.format, "pypi-attestation");
    }
}

static void test_pypi_form(void **state VB_UNUSED)
{
    static const char *const left_out[][2] = {
        {"verification_material", "certificate"},
        {"verification_material", "transparency_entries"},
        {"envelope", "statement"},
        {"envelope", "signature"},
    };
    static const struct statement good = {.type = pypi_publish};
    struct told told;

    for (size_t i = 0; i < VB_ARRAY_LEN(left_out); i++) {
        json_t *attestation = pypi_attestation(&good);
        json_object_del(json_object_get(attestation, left_out[i][0]), left_out[i][1]);
        verify(pypi_record(attestation, "acme/skills"), &told);
        expect(&told, "invalid", "no bundle");
    }
    json_t *attestation = pypi_attestation(&good);
    json_object_set_new(attestation, "version", json_integer(2));
    verify(pypi_record(attestation, "acme/skills"), &told);
    expect(&told, "invalid", "no bundle");
    /* What another package published, as this one's. */
    json_t *record = pypi_record(pypi_attestation(&good), "acme/skills");
    json_object_set_new(record, "name", json_string("acme"));
    verify(record, &told);
    expect(&told, "valid-untrusted",
           NULL); /* acme-tool-1.2.3 is a version of acme, for all we know */
    record = pypi_record(pypi_attestation(&good), "acme/skills");
    json_object_set_new(record, "name", json_string("victim"));
    verify(record, &told);
    expect(&told, "invalid", "another package");
    /* No entry in a log. */
    attestation = pypi_attestation(&good);
    json_array_clear(json_object_get(json_object_get(attestation, "verification_material"),
                                     "transparency_entries"));
    verify(pypi_record(attestation, "acme/skills"), &told);
    expect(&told, "invalid", "no log entry");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_npm, setup, teardown),
        cmocka_unit_test_setup_teardown(test_npm_mutations, setup, teardown),
        cmocka_unit_test_setup_teardown(test_package_repository, setup, teardown),
        cmocka_unit_test_setup_teardown(test_npm_publish, setup, teardown),
        cmocka_unit_test_setup_teardown(test_npm_signature, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pypi, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pypi_form, setup, teardown),
    };
    if (vb_signatures_prepare() < 0)
        return 1;
    return cmocka_run_group_tests_name("signatures_attested", tests, NULL, NULL);
}
