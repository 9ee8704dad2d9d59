#include "oms_helper.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const files[] = {"SKILL.md", "data/empty", "scripts/b.py", "scripts/run.sh"};

static void path_in(const struct package *package, const char *name, char ret[1024])
{
    snprintf(ret, 1024, "%s/%s", package->path, name);
}

static void read_in(const struct package *package, const char *name, struct vb_buf *ret)
{
    char path[1024];

    path_in(package, name, path);
    file_read(path, ret);
}

void oms_begin(struct package *package)
{
    char text[1000];

    package_init(package);
    vb_trust_free(package->trust);
    package->trust = NULL;
    put_text(package, "trust/README", "");
    put_text(package, "skill/SKILL.md", "---\nname: signed\n---\n# Signed just now\n");
    put_text(package, "skill/scripts/run.sh", "echo hello\n");
    put_text(package, "skill/data/empty", "");
    memset(text, 'x', sizeof(text));
    package_put(package, "skill/scripts/b.py", text, sizeof(text));
}

/* --- keys and certificates --- */

static void make_key(const struct package *package, const char *kind, const char *name)
{
    char curve[64];

    if (strcmp(kind, "ED25519") == 0) {
        assert_int_equal(RUN(package, "openssl", "genpkey", "-algorithm", kind, "-out", name), 0);
        return;
    }
    if (strcmp(kind, "RSA") == 0) {
        assert_int_equal(RUN(package, "openssl", "genpkey", "-algorithm", kind, "-pkeyopt",
                             "rsa_keygen_bits:2048", "-out", name),
                         0);
        return;
    }
    snprintf(curve, sizeof(curve), "ec_paramgen_curve:%s", kind);
    assert_int_equal(
        RUN(package, "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", curve, "-out", name), 0);
}

static void make_root(const struct package *package)
{
    make_key(package, "P-256", "root.key");
    assert_int_equal(RUN(package, "openssl", "req", "-x509", "-key", "root.key", "-out",
                         "trust/acme-root.pem", "-days", "30", "-subj", "/CN=Acme Root", "-addext",
                         "keyUsage=critical,keyCertSign"),
                     0);
}

static void make_leaf(const struct package *package, const struct recipe *recipe)
{
    const char *eku = recipe->eku != NULL ? recipe->eku : "codeSigning";
    char extensions[256];

    snprintf(extensions, sizeof(extensions),
             "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n%s%s\n",
             eku[0] != '\0' ? "extendedKeyUsage=" : "", eku);
    put_text(package, "leaf.ext", extensions);
    assert_int_equal(RUN(package, "openssl", "req", "-new", "-key", "key.pem", "-subj",
                         "/CN=Acme Skills", "-out", "leaf.csr"),
                     0);
    assert_int_equal(RUN(package, "openssl", "x509", "-req", "-in", "leaf.csr", "-CA",
                         "trust/acme-root.pem", "-CAkey", "root.key", "-set_serial", "7", "-days",
                         "10", "-extfile", "leaf.ext", "-out", "leaf.pem"),
                     0);
    assert_int_equal(
        RUN(package, "openssl", "x509", "-in", "leaf.pem", "-outform", "DER", "-out", "leaf.der"),
        0);
}

void oms_keys(struct package *package, const struct recipe *recipe)
{
    struct vb_error err = {0};
    char path[1024];

    make_key(package, recipe->key, "key.pem");
    if (recipe->by_certificate) {
        make_root(package);
        make_leaf(package, recipe);
    } else {
        assert_int_equal(
            RUN(package, "openssl", "pkey", "-in", "key.pem", "-pubout", "-out", "trust/acme.pub"),
            0);
    }
    path_in(package, "trust", path);
    vb_trust_free(package->trust);
    package->trust = NULL;
    if (vb_trust_load(path, &package->trust, &err) < 0)
        fail_msg("%s", err.message);
}

/* --- the statement --- */

struct listing {
    json_t *resources;
    struct vb_buf digests; /* raw, one behind the other */
};

static void add(struct listing *list, const struct recipe *recipe, const char *name,
                const void *data, size_t size)
{
    unsigned char digest[VB_SIG_DIGEST_MAX];
    char hex[2 * VB_SIG_DIGEST_MAX + 1];
    size_t len;
    const char *algorithm = recipe->algorithm != NULL ? recipe->algorithm : "SHA256";
    const char *told = recipe->hash_type != NULL ? recipe->hash_type : "sha256";

    assert_int_equal(vb_sig_hash(algorithm, (struct vb_sig_bytes){.data = data, .len = size},
                                 digest, &len, NULL),
                     0);
    assert_int_equal(vb_buf_append(&list->digests, digest, len, NULL), 0);
    vb_sig_hex((struct vb_sig_bytes){.data = digest, .len = len}, hex);
    json_t *item = recipe->legacy
                       ? json_pack("{s:s,s:{s:s}}", "name", name, "digest", told, hex)
                       : json_pack("{s:s,s:s,s:s}", "name", name, "algorithm", told, "digest", hex);
    assert_int_equal(json_array_append_new(list->resources, item), 0);
}

static void add_file(struct listing *list, const struct recipe *recipe,
                     const struct package *package, const char *name)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf data = {0};
    char path[512];

    snprintf(path, sizeof(path), "skill/%s", name);
    read_in(package, path, &data);
    if (recipe->shard_size == 0) {
        add(list, recipe, name, data.data, data.len);
        return;
    }
    for (size_t at = 0; at < data.len; at += (size_t)recipe->shard_size) {
        const size_t left = data.len - at;
        const size_t size = left < (size_t)recipe->shard_size ? left : (size_t)recipe->shard_size;
        char shard[600];
        snprintf(shard, sizeof(shard), "%s:%zu:%zu", name, at, at + size);
        add(list, recipe, shard, data.data + at, size);
    }
}

static json_t *modern(const struct recipe *recipe, struct listing *list)
{
    unsigned char digest[VB_SIG_DIGEST_MAX];
    char hex[2 * VB_SIG_DIGEST_MAX + 1];
    size_t len;

    assert_int_equal(
        vb_sig_hash("SHA256",
                    (struct vb_sig_bytes){.data = list->digests.data, .len = list->digests.len},
                    digest, &len, NULL),
        0);
    vb_sig_hex((struct vb_sig_bytes){.data = digest, .len = len}, hex);
    json_t *how = json_pack("{s:s,s:s,s:b}", "method", recipe->shard_size != 0 ? "shards" : "files",
                            "hash_type", recipe->hash_type != NULL ? recipe->hash_type : "sha256",
                            "allow_symlinks", recipe->symlinks);
    if (recipe->shard_size != 0)
        json_object_set_new(how, "shard_size", json_integer(recipe->shard_size));
    if (recipe->ignored != NULL)
        json_object_set_new(how, "ignore_paths", json_pack("[s]", recipe->ignored));
    return json_pack("{s:s,s:[{s:s,s:{s:s}}],s:s,s:{s:o,s:O}}", "_type",
                     "https://in-toto.io/Statement/v1", "subject", "name", "skill", "digest",
                     "sha256", hex, "predicateType",
                     recipe->predicate_type != NULL ? recipe->predicate_type
                                                    : "https://model_signing/signature/v1.0",
                     "predicate", "serialization", how, "resources", list->resources);
}

static json_t *legacy(struct listing *list)
{
    return json_pack("{s:s,s:O,s:s,s:{}}", "_type", "https://in-toto.io/Statement/v1", "subject",
                     list->resources, "predicateType", "https://model_signing/Digests/v0.1",
                     "predicate");
}

/* The statement's text; free it. */
static char *statement(const struct package *package, const struct recipe *recipe)
{
    struct listing list = {.resources = json_array()};

    vb_buf_init(&list.digests, 1024 * 1024);
    for (size_t i = 0; i < VB_ARRAY_LEN(files); i++)
        add_file(&list, recipe, package, files[i]);
    if (recipe->extra != NULL)
        add(&list, recipe, recipe->extra, "x", strstr(recipe->extra, ":0:0") == NULL);
    json_t *json = recipe->legacy ? legacy(&list) : modern(recipe, &list);
    char *text = json_dumps(json, JSON_COMPACT);
    assert_non_null(text);
    json_decref(json);
    json_decref(list.resources);
    vb_buf_done(&list.digests);
    if (recipe->duplicate == NULL)
        return text;
    char *twice = NULL;
    assert_true(asprintf(&twice, "{\"%s\":\"\",%s", recipe->duplicate, text + 1) > 0);
    free(text);
    return twice;
}

/* --- the bundle --- */

static void sign_bytes(const struct package *package, const struct recipe *recipe)
{
    if (strcmp(recipe->key, "ED25519") == 0) {
        assert_int_equal(RUN(package, "openssl", "pkeyutl", "-sign", "-rawin", "-inkey", "key.pem",
                             "-in", "pae.bin", "-out", "out.bin"),
                         0);
        return;
    }
    const char *usual = strcmp(recipe->key, "P-384") == 0   ? "-sha384"
                        : strcmp(recipe->key, "P-521") == 0 ? "-sha512"
                                                            : "-sha256";
    assert_int_equal(RUN(package, "openssl", "dgst", recipe->dgst != NULL ? recipe->dgst : usual,
                         "-sign", "key.pem", "-out", "out.bin", "pae.bin"),
                     0);
}

static json_t *base64_of(const void *data, size_t len)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};

    vb_buf_init(&text, 1024 * 1024);
    assert_int_equal(vb_base64_encode(&text, data, len, NULL), 0);
    return json_stringn((const char *)text.data, text.len);
}

static json_t *material(const struct package *package, const struct recipe *recipe)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf der = {0};

    if (!recipe->by_certificate)
        return json_pack("{s:{s:s},s:[]}", "publicKey", "hint", "acme", "tlogEntries");
    read_in(package, "leaf.der", &der);
    return json_pack("{s:{s:[{s:o}]},s:[]}", "x509CertificateChain", "certificates", "rawBytes",
                     base64_of(der.data, der.len), "tlogEntries");
}

void oms_sign(const struct package *package, const struct recipe *recipe)
{
    static const char type[] = "application/vnd.in-toto+json";
    VB_CLEANUP(vb_buf_done) struct vb_buf signature = {0};
    VB_CLEANUP_FREE char *text = statement(package, recipe);
    char *pae = NULL;

    const int len = asprintf(&pae, "DSSEv1 %zu %s %zu %s", strlen(type), type, strlen(text), text);
    assert_true(len > 0);
    package_put(package, "pae.bin", pae, (size_t)len);
    free(pae);
    sign_bytes(package, recipe);
    read_in(package, "out.bin", &signature);
    oms_write_bundle(package, json_pack("{s:s,s:o,s:{s:s,s:o,s:[{s:o,s:n}]}}", "mediaType",
                                        "application/vnd.dev.sigstore.bundle.v0.3+json",
                                        "verificationMaterial", material(package, recipe),
                                        "dsseEnvelope", "payloadType", type, "payload",
                                        base64_of(text, strlen(text)), "signatures", "sig",
                                        base64_of(signature.data, signature.len), "keyid"));
}

void oms_make(struct package *package, const struct recipe *recipe)
{
    oms_begin(package);
    oms_keys(package, recipe);
    oms_sign(package, recipe);
}

json_t *oms_read_bundle(const struct package *package)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    json_t *json = NULL;

    read_in(package, "skill/skill.oms.sig", &text);
    assert_int_equal(vb_json_parse((const char *)text.data, text.len, text.max, &json, NULL), 0);
    return json;
}

void oms_write_bundle(const struct package *package, json_t *bundle)
{
    assert_non_null(bundle);
    char *text = json_dumps(bundle, JSON_INDENT(2));
    put_text(package, "skill/skill.oms.sig", text);
    free(text);
    json_decref(bundle);
}

/* --- verifying --- */

void oms_verify(const struct package *package, int64_t now, struct vb_sig_result *ret)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf data = {0};
    struct vb_error err = {0};
    char subject[64];

    VB_CLEANUP_FD int fd = openat(package->fd, "skill/skill.oms.sig", O_RDONLY | O_CLOEXEC);
    vb_buf_init(&data, VB_SIG_FILE_MAX + 1);
    assert_int_equal(vb_sig_read_head(fd, VB_SIG_FILE_MAX + 1, &data, NULL), 0);
    struct vb_sig_job job = {.dirfd = package->fd,
                             .trust = package->trust,
                             .now = now != 0 ? now : (int64_t)time(NULL),
                             .path = "skill/skill.oms.sig",
                             .fd = fd,
                             .data = {.data = data.data, .len = data.len}};
    assert_true(vb_sig_recognise(&job, subject, sizeof(subject)));
    if (vb_sig_examine(&job, ret, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(ret->format, "oms");
}

void oms_expect(const struct package *package, int64_t now, enum vb_signature_outcome outcome,
                const char *reason_part)
{
    VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};

    oms_verify(package, now, &result);
    if (result.outcome != outcome || strstr(result.reason, reason_part) == NULL)
        fail_msg("%s (%s), and not %s (%s)", vb_signature_outcome_name(result.outcome),
                 result.reason, vb_signature_outcome_name(outcome), reason_part);
}
