#include "sigstore_helper.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

static const char file_text[] = "signed by an identity\n";

#define LOG_NAME "log.example"
#define LOG2_NAME "log2.example"

/* --- small things --- */

static json_t *base64_of(const void *data, size_t len)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};

    vb_buf_init(&text, 1024 * 1024);
    assert_int_equal(vb_base64_encode(&text, data, len, NULL), 0);
    return json_stringn((const char *)text.data, text.len);
}

static char *base64_text(const void *data, size_t len)
{
    VB_CLEANUP(vb_json_free) json_t *json = base64_of(data, len);

    return strdup(json_string_value(json));
}

static json_t *cert_json(X509 *cert)
{
    unsigned char *der = NULL;
    const int len = i2d_X509(cert, &der);
    json_t *json = base64_of(der, (size_t)len);

    OPENSSL_free(der);
    return json;
}

static size_t spki_of(EVP_PKEY *key, unsigned char ret[512])
{
    unsigned char *end = ret;

    return (size_t)i2d_PUBKEY(key, &end);
}

static void sha256(const void *data, size_t len, unsigned char ret[VB_SIG_DIGEST_MAX])
{
    size_t got;

    assert_int_equal(
        vb_sig_hash("SHA256", (struct vb_sig_bytes){.data = data, .len = len}, ret, &got, NULL), 0);
}

static size_t sign(EVP_PKEY *key, const void *data, size_t len, unsigned char ret[512])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t size = 512;

    assert_int_equal(
        EVP_DigestSignInit_ex(ctx, NULL, vb_sig_key_digest(key), NULL, NULL, key, NULL), 1);
    assert_int_equal(EVP_DigestSign(ctx, ret, &size, data, len), 1);
    EVP_MD_CTX_free(ctx);
    return size;
}

/* --- certificates --- */

static void extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    if (extension == NULL)
        fail_msg("%s", value);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* An extension of Fulcio's with a UTF8String. */
static void extend_fact(X509 *cert, int number, const char *text)
{
    ASN1_OBJECT *object;
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    unsigned char der[256] = {0x0c, (unsigned char)strlen(text)};
    char oid[64];

    snprintf(oid, sizeof(oid), "1.3.6.1.4.1.57264.1.%d", number);
    object = OBJ_txt2obj(oid, 1);
    memcpy(der + 2, text, strlen(text));
    assert_int_equal(ASN1_OCTET_STRING_set(value, der, (int)strlen(text) + 2), 1);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, 0, value);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
}

static X509 *new_cert(EVP_PKEY *key, const char *name, X509 *issuer, int64_t from, int64_t seconds)
{
    X509 *cert = X509_new();
    static long serial = 1;

    assert_int_equal(X509_set_version(cert, 2), 1);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
    ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)from);
    ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(from + seconds));
    if (name != NULL)
        X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                                   (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(issuer != NULL ? issuer : cert));
    X509_set_pubkey(cert, key);
    return cert;
}

static X509 *authority(EVP_PKEY *key, const char *name)
{
    X509 *cert = new_cert(key, name, NULL, SIGNED_AT - 1000000, 100000000);

    extend(cert, cert, NID_basic_constraints, "critical,CA:TRUE");
    extend(cert, cert, NID_key_usage, "critical,keyCertSign");
    extend(cert, cert, NID_subject_key_identifier, "hash");
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    return cert;
}

/* The timestamp of the log of certificates over CERT as it is now (RFC 6962, 3.2). */
static void add_sct(const struct instance *instance, X509 *cert, X509 *issuer, bool other)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf data = {0};
    unsigned char *tbs = NULL;
    unsigned char head[12] = {0};
    unsigned char hash[VB_SIG_DIGEST_MAX];
    unsigned char spki[512];
    unsigned char signature[512];
    const uint64_t at = (uint64_t)SIGNED_AT * 1000;

    vb_buf_init(&data, 65536);
    for (size_t i = 0; i < 8; i++)
        head[2 + i] = (unsigned char)(at >> (56 - 8 * i));
    head[11] = 1;
    const int len = i2d_re_X509_tbs(cert, &tbs);
    sha256(spki, spki_of(X509_get0_pubkey(issuer), spki), hash);
    if (other)
        hash[0] ^= 1;
    const unsigned char tbs_len[3] = {0, (unsigned char)(len >> 8), (unsigned char)len};
    assert_int_equal(vb_buf_append(&data, head, sizeof(head), NULL), 0);
    assert_int_equal(vb_buf_append(&data, hash, 32, NULL), 0);
    assert_int_equal(vb_buf_append(&data, tbs_len, 3, NULL), 0);
    assert_int_equal(vb_buf_append(&data, tbs, (size_t)len, NULL), 0);
    assert_int_equal(vb_buf_append(&data, "\0\0", 2, NULL), 0);
    OPENSSL_free(tbs);
    const size_t size = sign(instance->ct, data.data, data.len, signature);

    /* The list: its length, the one length, version, log, time, no extensions, algorithm. */
    unsigned char list[512] = {0x04};
    const size_t one = 1 + 32 + 8 + 2 + 2 + 2 + size;
    size_t n = 2;
    assert_true(one + 4 < 0x80);
    list[1] = (unsigned char)(one + 4);
    list[n++] = 0;
    list[n++] = (unsigned char)(one + 2);
    list[n++] = 0;
    list[n++] = (unsigned char)one;
    list[n++] = 0;
    sha256(spki, spki_of(instance->ct, spki), hash);
    memcpy(list + n, hash, 32);
    memcpy(list + n + 32, head + 2, 8);
    memcpy(list + n + 40, "\0\0\x04\x03\0", 5);
    n += 45;
    list[n++] = (unsigned char)size;
    memcpy(list + n, signature, size);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    assert_int_equal(ASN1_OCTET_STRING_set(value, list, (int)(n + size)), 1);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(NULL, NID_ct_precert_scts, 0, value);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
}

X509 *instance_leaf(const struct instance *instance, const struct scene *scene)
{
    EVP_PKEY *signer = scene->stranger ? instance->other : instance->ca;
    X509 *issuer = scene->stranger ? instance->other_cert : instance->ca_cert;
    X509 *cert = new_cert(instance->leaf, NULL, issuer, SIGNED_AT - 60, CERTIFICATE_LIFE);
    char san[512];

    snprintf(san, sizeof(san), "critical,%s", scene->san != NULL ? scene->san : "URI:" SIGNER_URI);
    extend(cert, issuer, NID_key_usage, "critical,digitalSignature");
    extend(cert, issuer, NID_ext_key_usage, scene->eku != NULL ? scene->eku : "codeSigning");
    extend(cert, issuer, NID_authority_key_identifier, "keyid:always");
    extend(cert, issuer, NID_subject_alt_name, san);
    if (!scene->no_issuer)
        extend_fact(cert, 8, SIGNER_ISSUER);
    if (scene->twice)
        extend_fact(cert, 8, "https://other.example");
    extend_fact(cert, 12, "https://forge.example/acme/skills");
    extend_fact(cert, 13, "0123456789abcdef0123456789abcdef01234567");
    assert_true(X509_sign(cert, signer, EVP_sha256()) > 0); /* names the algorithm */
    if (!scene->no_sct)
        add_sct(instance, cert, issuer, scene->other_sct);
    assert_true(X509_sign(cert, signer, EVP_sha256()) > 0);
    return cert;
}

/* --- the instance --- */

void instance_init(struct instance *instance)
{
    *instance = (struct instance){0};
    EVP_PKEY **const keys[] = {&instance->ca, &instance->leaf, &instance->log,
                               &instance->ct, &instance->tsa,  &instance->other};
    for (size_t i = 0; i < VB_ARRAY_LEN(keys); i++)
        *keys[i] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    instance->log2 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    instance->ca_cert = authority(instance->ca, "authority");
    instance->other_cert = authority(instance->other, "stranger");
    instance->tsa_cert =
        new_cert(instance->tsa, "clock", instance->ca_cert, SIGNED_AT - 1000, 2000);
    extend(instance->tsa_cert, instance->ca_cert, NID_key_usage, "critical,digitalSignature");
    extend(instance->tsa_cert, instance->ca_cert, NID_ext_key_usage, "critical,timeStamping");
    extend(instance->tsa_cert, instance->ca_cert, NID_authority_key_identifier, "keyid:always");
    assert_true(X509_sign(instance->tsa_cert, instance->ca, EVP_sha256()) > 0);
    package_init(&instance->package);
    put_text(&instance->package, "file.txt", file_text);
    instance_trust(instance, instance_root(instance), NULL);
}

void instance_done(struct instance *instance)
{
    EVP_PKEY *const keys[] = {instance->ca, instance->leaf, instance->log,  instance->log2,
                              instance->ct, instance->tsa,  instance->other};
    X509 *const certs[] = {instance->ca_cert, instance->other_cert, instance->leaf_cert,
                           instance->tsa_cert};

    for (size_t i = 0; i < VB_ARRAY_LEN(keys); i++)
        EVP_PKEY_free(keys[i]);
    for (size_t i = 0; i < VB_ARRAY_LEN(certs); i++)
        X509_free(certs[i]);
    package_done(&instance->package);
}

/* The id of a log: of the key alone, or of its NAME too. */
static void log_id(EVP_PKEY *key, const char *name, unsigned char ret[VB_SIG_DIGEST_MAX])
{
    unsigned char text[512];
    size_t len = 32;

    if (name == NULL) {
        sha256(text, spki_of(key, text), ret);
        return;
    }
    const int at = snprintf((char *)text, sizeof(text), "%s\n\x01", name);
    assert_int_equal(EVP_PKEY_get_raw_public_key(key, text + at, &len), 1);
    sha256(text, (size_t)at + len, ret);
}

static json_t *log_json(EVP_PKEY *key, const char *name)
{
    unsigned char id[VB_SIG_DIGEST_MAX];
    unsigned char spki[512];

    log_id(key, name, id);
    return json_pack(
        "{s:s,s:s,s:{s:o,s:s,s:{s:s}},s:{s:o}}", "baseUrl",
        name != NULL ? "https://" LOG2_NAME : "https://" LOG_NAME, "hashAlgorithm", "SHA2_256",
        "publicKey", "rawBytes", base64_of(spki, spki_of(key, spki)), "keyDetails",
        EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? "PKIX_ED25519" : "PKIX_ECDSA_P256_SHA_256",
        "validFor", "start", "2020-01-01T00:00:00Z", "logId", "keyId", base64_of(id, 32));
}

/* ISSUER is NULL where CERT is a root. */
static json_t *authority_json(X509 *cert, X509 *issuer)
{
    json_t *json = json_pack("{s:{s:[{s:o}]},s:{s:s,s:s}}", "certChain", "certificates", "rawBytes",
                             cert_json(cert), "validFor", "start", "2020-01-01T00:00:00Z", "end",
                             "2030-12-31T23:59:59.999Z");

    if (issuer != NULL)
        json_array_append_new(json_object_get(json_object_get(json, "certChain"), "certificates"),
                              json_pack("{s:o}", "rawBytes", cert_json(issuer)));
    return json;
}

json_t *instance_root(const struct instance *instance)
{
    return json_pack("{s:s,s:[o,o],s:[o],s:[o],s:[o]}", "mediaType",
                     "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "tlogs",
                     log_json(instance->log, NULL), log_json(instance->log2, LOG2_NAME), "ctlogs",
                     log_json(instance->ct, NULL), "certificateAuthorities",
                     authority_json(instance->ca_cert, NULL), "timestampAuthorities",
                     authority_json(instance->tsa_cert, instance->ca_cert));
}

void instance_trust(struct instance *instance, json_t *root, EVP_PKEY *pem)
{
    struct vb_trust *trust = calloc(1, sizeof(*trust));
    struct vb_error err = {0};
    char *text = json_dumps(root, 0);
    unsigned char spki[512];

    if (vb_sig_trust_sigstore(
            trust, "trusted_root.json", "trusted_root",
            (struct vb_sig_bytes){.data = (const unsigned char *)text, .len = strlen(text)},
            &err) < 0)
        fail_msg("%s", err.message);
    free(text);
    json_decref(root);
    vb_trust_free(instance->package.trust);
    instance->package.trust = trust;
    if (pem == NULL)
        return;
    VB_CLEANUP_FREE char *body = base64_text(spki, spki_of(pem, spki));
    char key[1024];
    const int len = snprintf(key, sizeof(key),
                             "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", body);
    assert_int_equal(vb_sig_trust_pem_key(trust, "acme.pub", "acme",
                                          (struct vb_sig_bytes){.data = (const unsigned char *)key,
                                                                .len = (size_t)len},
                                          &err),
                     0);
}

/* --- time stamps --- */

static int stamp_time(struct TS_resp_ctx *ctx, void *data, long *ret_seconds, long *ret_micros)
{
    (void)ctx;
    *ret_seconds = (long)*(int64_t *)data;
    *ret_micros = 0;
    return 1;
}

static ASN1_INTEGER *stamp_serial(struct TS_resp_ctx *ctx, void *data)
{
    ASN1_INTEGER *serial = ASN1_INTEGER_new();

    (void)ctx;
    (void)data;
    ASN1_INTEGER_set(serial, 7);
    return serial;
}

TS_RESP *instance_stamp(const struct instance *instance, const unsigned char *signature, size_t len,
                        int64_t at)
{
    unsigned char digest[VB_SIG_DIGEST_MAX];
    TS_REQ *request = TS_REQ_new();
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    TS_RESP_CTX *ctx = TS_RESP_CTX_new();
    ASN1_OBJECT *policy = OBJ_txt2obj("1.3.6.1.4.1.57264.2", 1);

    sha256(signature, len, digest);
    X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL);
    TS_MSG_IMPRINT_set_algo(imprint, algorithm);
    TS_MSG_IMPRINT_set_msg(imprint, digest, 32);
    TS_REQ_set_version(request, 1);
    TS_REQ_set_msg_imprint(request, imprint);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(i2d_TS_REQ_bio(bio, request), 1);
    assert_int_equal(TS_RESP_CTX_set_signer_cert(ctx, instance->tsa_cert), 1);
    assert_int_equal(TS_RESP_CTX_set_signer_key(ctx, instance->tsa), 1);
    assert_int_equal(TS_RESP_CTX_set_signer_digest(ctx, EVP_sha256()), 1);
    assert_int_equal(TS_RESP_CTX_set_def_policy(ctx, policy), 1);
    assert_int_equal(TS_RESP_CTX_add_md(ctx, EVP_sha256()), 1);
    TS_RESP_CTX_set_time_cb(ctx, stamp_time, &at);
    TS_RESP_CTX_set_serial_cb(ctx, stamp_serial, NULL);
    TS_RESP *response = TS_RESP_create_response(ctx, bio);
    assert_non_null(response);
    TS_RESP_CTX_free(ctx);
    TS_REQ_free(request);
    TS_MSG_IMPRINT_free(imprint);
    X509_ALGOR_free(algorithm);
    ASN1_OBJECT_free(policy);
    BIO_free(bio);
    return response;
}

static json_t *stamp(const struct instance *instance, const unsigned char *signature, size_t len,
                     int64_t at)
{
    TS_RESP *response = instance_stamp(instance, signature, len, at);
    unsigned char *der = NULL;
    const int der_len = i2d_TS_RESP(response, &der);
    json_t *json = json_pack("{s:[{s:o}]}", "rfc3161Timestamps", "signedTimestamp",
                             base64_of(der, (size_t)der_len));

    OPENSSL_free(der);
    TS_RESP_free(response);
    return json;
}

/* --- entries --- */

struct content {
    unsigned char signature[512];
    size_t signature_len;
    unsigned char digest[VB_SIG_DIGEST_MAX]; /* of what is signed */
    char *payload;                           /* of DSSE, or NULL */
};

/* PEM in base64, as Rekor v1 writes it. */
static json_t *pem_json(const struct instance *instance, const struct scene *scene)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;

    if (scene->by_key)
        PEM_write_bio_PUBKEY(bio, scene->lie == OTHER_KEY ? instance->other : instance->leaf);
    else
        PEM_write_bio_X509(bio,
                           scene->lie == OTHER_KEY ? instance->other_cert : instance->leaf_cert);
    const long len = BIO_get_mem_data(bio, &text);
    json_t *json = base64_of(text, (size_t)len);
    BIO_free(bio);
    return json;
}

static json_t *body_v2(const struct instance *instance, const struct scene *scene,
                       const struct content *content)
{
    unsigned char spki[512];
    EVP_PKEY *key = scene->lie == OTHER_KEY ? instance->other : instance->leaf;
    json_t *raw = scene->by_key ? base64_of(spki, spki_of(key, spki))
                                : cert_json(scene->lie == OTHER_KEY ? instance->other_cert
                                                                    : instance->leaf_cert);

    return json_pack("{s:s,s:s,s:{s:{s:{s:s,s:o},s:{s:o,s:{s:s,s:{s:o}}}}}}", "apiVersion", "0.0.2",
                     "kind", "hashedrekord", "spec", "hashedRekordV002", "data", "algorithm",
                     "SHA2_256", "digest", base64_of(content->digest, 32), "signature", "content",
                     base64_of(content->signature, content->signature_len), "verifier",
                     "keyDetails", "PKIX_ECDSA_P256_SHA_256",
                     scene->by_key ? "publicKey" : "x509Certificate", "rawBytes", raw);
}

static json_t *body_v1(const struct instance *instance, const struct scene *scene,
                       const struct content *content)
{
    char hex[65];
    unsigned char digest[VB_SIG_DIGEST_MAX];
    json_t *signature = base64_of(content->signature, content->signature_len);
    json_t *pem = pem_json(instance, scene);

    if (content->payload == NULL) {
        vb_sig_hex((struct vb_sig_bytes){.data = content->digest, .len = 32}, hex);
        return json_pack("{s:s,s:s,s:{s:{s:{s:s,s:s}},s:{s:o,s:{s:o}}}}", "apiVersion", "0.0.1",
                         "kind", "hashedrekord", "spec", "data", "hash", "algorithm", "sha256",
                         "value", hex, "signature", "content", signature, "publicKey", "content",
                         pem);
    }
    sha256(content->payload, strlen(content->payload), digest);
    digest[0] ^= scene->lie == OTHER_DIGEST ? 1 : 0;
    vb_sig_hex((struct vb_sig_bytes){.data = digest, .len = 32}, hex);
    if (scene->intoto) {
        VB_CLEANUP(vb_json_free) json_t *once = signature;
        const char *text = json_string_value(once);
        return json_pack("{s:s,s:s,s:{s:{s:{s:s,s:s},s:{s:[{s:o,s:o}]}}}}", "apiVersion", "0.0.2",
                         "kind", "intoto", "spec", "content", "payloadHash", "algorithm", "sha256",
                         "value", hex, "envelope", "signatures", "sig",
                         base64_of(text, strlen(text)), "publicKey", pem);
    }
    return json_pack("{s:s,s:s,s:{s:{s:s,s:s},s:[{s:o,s:o}]}}", "apiVersion", "0.0.1", "kind",
                     "dsse", "spec", "payloadHash", "algorithm", "sha256", "value", hex,
                     "signatures", "signature", signature, "verifier", pem);
}

/* A tree of two: something else, and BODY. */
static json_t *proof(const struct instance *instance, bool second, const char *body)
{
    EVP_PKEY *key = second ? instance->log2 : instance->log;
    unsigned char node[65] = {1};
    unsigned char hash[VB_SIG_DIGEST_MAX];
    unsigned char id[VB_SIG_DIGEST_MAX];
    unsigned char line[4 + 512];
    VB_CLEANUP_FREE unsigned char *leaf = calloc(1, strlen(body) + 1);
    char note[1024];

    memcpy(leaf + 1, body, strlen(body));
    sha256(leaf, strlen(body) + 1, hash);
    memcpy(node + 33, hash, 32);
    sha256("\0other", 6, hash);
    memcpy(node + 1, hash, 32);
    sha256(node, sizeof(node), hash);
    VB_CLEANUP_FREE char *root = base64_text(hash, 32);
    const int len =
        snprintf(note, sizeof(note), "%s\n2\n%s\n", second ? LOG2_NAME : LOG_NAME " - 77", root);
    log_id(key, second ? LOG2_NAME : NULL, id);
    memcpy(line, id, 4);
    const size_t size = sign(key, note, (size_t)len, line + 4);
    VB_CLEANUP_FREE char *text = base64_text(line, size + 4);
    snprintf(note + len, sizeof(note) - (size_t)len, "\n\xe2\x80\x94 %s %s\n",
             second ? LOG2_NAME : LOG_NAME, text);
    return json_pack("{s:s,s:s,s:s,s:[o],s:{s:s}}", "logIndex", "1", "treeSize", "2", "rootHash",
                     root, "hashes", base64_of(node + 1, 32), "checkpoint", "envelope", note);
}

static json_t *promise(const struct instance *instance, const char *body, int64_t at)
{
    unsigned char id[VB_SIG_DIGEST_MAX];
    unsigned char signature[512];
    char hex[65];
    char *text = NULL;
    VB_CLEANUP_FREE char *body64 = base64_text(body, strlen(body));

    log_id(instance->log, NULL, id);
    vb_sig_hex((struct vb_sig_bytes){.data = id, .len = 32}, hex);
    const int len = asprintf(
        &text, "{\"body\":\"%s\",\"integratedTime\":%lld,\"logID\":\"%s\",\"logIndex\":%d}", body64,
        (long long)at, hex, 1001);
    const size_t size = sign(instance->log, text, (size_t)len, signature);
    free(text);
    return json_pack("{s:o}", "signedEntryTimestamp", base64_of(signature, size));
}

/* The entry's own view of CONTENT; what it says of the key is told apart. */
static struct content lie_of(const struct scene *scene, const struct content *content)
{
    struct content told = *content;

    told.digest[0] ^= scene->lie == OTHER_DIGEST ? 1 : 0;
    told.signature[8] ^= scene->lie == OTHER_SIGNATURE ? 1 : 0;
    return told;
}

static json_t *entry(const struct instance *instance, const struct scene *scene,
                     const struct content *signed_content)
{
    const struct content told = lie_of(scene, signed_content);
    const struct content *content = &told;
    const bool second = scene->second_log;
    const int64_t at = scene->entered_at != 0 ? scene->entered_at : SIGNED_AT;
    VB_CLEANUP(vb_json_free)
    json_t *json = second ? body_v2(instance, scene, content) : body_v1(instance, scene, content);
    VB_CLEANUP_FREE char *body = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    unsigned char id[VB_SIG_DIGEST_MAX];
    char time_text[32];

    log_id(second ? instance->log2 : instance->log, second ? LOG2_NAME : NULL, id);
    json_t *ret = json_pack(
        "{s:s,s:{s:o},s:{s:s,s:s},s:o,s:o}", "logIndex", second ? "1" : "1001", "logId", "keyId",
        base64_of(id, 32), "kindVersion", "kind", json_string_value(json_object_get(json, "kind")),
        "version", json_string_value(json_object_get(json, "apiVersion")), "inclusionProof",
        proof(instance, second, body), "canonicalizedBody", base64_of(body, strlen(body)));
    if (second)
        return ret;
    snprintf(time_text, sizeof(time_text), "%lld", (long long)at);
    json_object_set_new(ret, "integratedTime", json_string(time_text));
    json_object_set_new(ret, "inclusionPromise", promise(instance, body, at));
    return ret;
}

/* --- the bundle --- */

static void sign_content(const struct instance *instance, const struct scene *scene,
                         struct content *ret)
{
    static const char type[] = "application/vnd.in-toto+json";
    unsigned char digest[VB_SIG_DIGEST_MAX];
    char *message = NULL;
    char hex[65];

    *ret = (struct content){0};
    sha256(file_text, strlen(file_text), digest);
    if (scene->statement != NULL)
        ret->payload = strdup(scene->statement);
    if (scene->dsse && ret->payload == NULL) {
        vb_sig_hex((struct vb_sig_bytes){.data = digest, .len = 32}, hex);
        assert_true(asprintf(&ret->payload,
                             "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{"
                             "\"name\":\"file.txt\",\"digest\":{\"sha256\":\"%s\"}}],"
                             "\"predicateType\":\"https://slsa.dev/provenance/v1\","
                             "\"predicate\":{}}",
                             hex) > 0);
    }
    if (scene->dsse) {
        assert_true(asprintf(&message, "DSSEv1 %zu %s %zu %s", strlen(type), type,
                             strlen(ret->payload), ret->payload) > 0);
    } else {
        message = strdup(file_text);
    }
    sha256(message, strlen(message), ret->digest);
    ret->signature_len = sign(instance->leaf, message, strlen(message), ret->signature);
    free(message);
}

static json_t *material(const struct instance *instance, const struct scene *scene)
{
    unsigned char spki[512];

    if (scene->by_key && scene->told_key)
        return json_pack("{s:{s:o}}", "publicKey", "rawBytes",
                         base64_of(spki, spki_of(instance->leaf, spki)));
    if (scene->by_key)
        return json_pack("{s:{s:s}}", "publicKey", "hint",
                         scene->hint != NULL ? scene->hint : "acme");
    if (scene->with_root)
        return json_pack("{s:{s:[{s:o},{s:o}]}}", "x509CertificateChain", "certificates",
                         "rawBytes", cert_json(instance->leaf_cert), "rawBytes",
                         cert_json(instance->ca_cert));
    if (scene->version == 1 || scene->version == 2)
        return json_pack("{s:{s:[{s:o}]}}", "x509CertificateChain", "certificates", "rawBytes",
                         cert_json(instance->leaf_cert));
    return json_pack("{s:{s:o}}", "certificate", "rawBytes", cert_json(instance->leaf_cert));
}

json_t *instance_bundle(struct instance *instance, const struct scene *scene)
{
    static const char *const types[] = {"application/vnd.dev.sigstore.bundle.v0.3+json",
                                        "application/vnd.dev.sigstore.bundle+json;version=0.1",
                                        "application/vnd.dev.sigstore.bundle+json;version=0.2",
                                        "application/vnd.dev.sigstore.bundle+json;version=0.3"};
    struct content content;

    X509_free(instance->leaf_cert);
    instance->leaf_cert = instance_leaf(instance, scene);
    sign_content(instance, scene, &content);
    json_t *signature = base64_of(content.signature, content.signature_len);
    json_t *key = material(instance, scene);
    json_object_set_new(key, "tlogEntries", json_pack("[o]", entry(instance, scene, &content)));
    if (scene->stamped || scene->second_log)
        json_object_set_new(key, "timestampVerificationData",
                            stamp(instance, content.signature,
                                  content.signature_len - (scene->other_stamp ? 1 : 0),
                                  scene->stamped_at != 0 ? scene->stamped_at : SIGNED_AT));
    json_t *bundle =
        json_pack("{s:s,s:o}", "mediaType", types[scene->version], "verificationMaterial", key);
    if (scene->dsse)
        json_object_set_new(bundle, "dsseEnvelope",
                            json_pack("{s:s,s:o,s:[{s:o}]}", "payloadType",
                                      "application/vnd.in-toto+json", "payload",
                                      base64_of(content.payload, strlen(content.payload)),
                                      "signatures", "sig", signature));
    else
        json_object_set_new(bundle, "messageSignature",
                            json_pack("{s:{s:s,s:o},s:o}", "messageDigest", "algorithm", "SHA2_256",
                                      "digest", base64_of(content.digest, 32), "signature",
                                      signature));
    free(content.payload);
    return bundle;
}

void instance_verify(struct instance *instance, json_t *bundle, struct vb_sig_result *ret)
{
    instance_verify_as(instance, "file.txt.sigstore.json", bundle, ret);
}

void instance_verify_as(struct instance *instance, const char *name, json_t *bundle,
                        struct vb_sig_result *ret)
{
    struct vb_error err = {0};
    char subject[64];
    char *text = json_dumps(bundle, JSON_COMPACT);

    put_text(&instance->package, name, text);
    json_decref(bundle);
    VB_CLEANUP_FD int fd = openat(instance->package.fd, name, O_RDONLY | O_CLOEXEC);
    struct vb_sig_job job = {
        .dirfd = instance->package.fd,
        .trust = instance->package.trust,
        .now = SIGNED_AT + 100000,
        .path = name,
        .fd = fd,
        .data = {.data = (const unsigned char *)text, .len = strlen(text)},
    };
    assert_true(vb_sig_recognise(&job, subject, sizeof(subject)));
    if (vb_sig_examine(&job, ret, &err) < 0)
        fail_msg("%s", err.message);
    free(text);
}
