/* cosign sign-blob --bundle as it was before Sigstore's bundles: signature, certificate or key, and
 * what Rekor promised. It is put into the form of a bundle of version 0.1, which it says no more
 * than. Trust boundary: all of it is the package's. */
#include "signatures/sigstore.h"

struct material {
    json_t *key;     /* of verificationMaterial; NULL: none was told */
    const char *why; /* what is wrong, a constant text */
};

static const char version_1[] = "application/vnd.dev.sigstore.bundle+json;version=0.1";

static json_t *encoded(struct vb_sig_bytes bytes)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text;

    vb_buf_init(&text, 2 * VB_SIG_FILE_MAX);
    if (vb_base64_encode(&text, bytes.data, bytes.len, NULL) < 0)
        return NULL;
    return json_stringn((const char *)text.data, text.len);
}

/* --- certificate or key --- */

/* One block of PEM and nothing else. */
static bool one_block(struct vb_sig_bytes pem, const char *label, struct vb_buf *ret)
{
    size_t len = 0;

    if (!vb_sig_pem(&pem, label, ret->data, VB_SIG_CERT_MAX, &len) || pem.len != 0)
        return false;
    ret->len = len;
    return true;
}

static int read_pem(struct vb_sig_bytes pem, struct material *ret, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf der;

    vb_buf_init(&der, VB_SIG_CERT_MAX + 1);
    const int status = vb_buf_reserve(&der, VB_SIG_CERT_MAX, err);
    if (status < 0)
        return status;
    if (one_block(pem, "CERTIFICATE", &der))
        ret->key = json_pack("{s:{s:[{s:o}]}}", "x509CertificateChain", "certificates", "rawBytes",
                             encoded((struct vb_sig_bytes){der.data, der.len}));
    else if (one_block(pem, "PUBLIC KEY", &der))
        ret->key = json_pack("{s:{s:o}}", "publicKey", "rawBytes",
                             encoded((struct vb_sig_bytes){der.data, der.len}));
    else
        ret->why = "its certificate is not one certificate or public key in PEM";
    return ret->key != NULL || ret->why != NULL
               ? 0
               : vb_fail(err, VB_E_NOMEM, 0, "out of memory for a signature");
}

/* cosign wrote it as PEM, and later as base64 of that. */
static int read_key(const json_t *json, struct material *ret, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf pem = {0};
    struct vb_sig_bytes text = {0}, rest;
    bool good = true;

    if (vb_sig_json_has(json, "cert") && !vb_sig_json_text(json, "cert", &text))
        ret->why = "its certificate is no text";
    if (ret->why != NULL || text.len == 0) {
        ret->key = json_pack("{s:{}}", "publicKey");
        return ret->key != NULL ? 0 : vb_fail(err, VB_E_NOMEM, 0, "out of memory for a signature");
    }
    rest = text;
    if (vb_sig_skip(&rest, "-----BEGIN"))
        return read_pem(text, ret, err);
    vb_buf_init(&pem, VB_SIG_FILE_MAX);
    const int status = vb_sig_base64_append(text, &pem, &good, err);
    if (status < 0)
        return status;
    if (good)
        return read_pem((struct vb_sig_bytes){pem.data, pem.len}, ret, err);
    ret->why = "its certificate is neither PEM nor the base64 of that";
    return 0;
}

/* --- what Rekor promised --- */

/* The body says itself of which kind it is. */
static int add_kind(struct vb_sig_bytes body, json_t *entry, const char **ret_why,
                    struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    VB_CLEANUP(vb_json_free) json_t *json = NULL;
    char why[128];
    bool good = false;

    vb_buf_init(&text, VB_SIG_FILE_MAX);
    int status = vb_sig_base64_append(body, &text, &good, err);
    if (status == 0 && good)
        status = vb_sig_json_parse((struct vb_sig_bytes){text.data, text.len}, VB_SIG_FILE_MAX,
                                   &json, why, sizeof(why), err);
    if (status < 0)
        return status;
    const char *kind = json_string_value(json_object_get(json, "kind"));
    const char *version = json_string_value(json_object_get(json, "apiVersion"));
    if (kind == NULL || version == NULL)
        *ret_why = "a log entry does not say of which kind it is";
    else
        json_object_set_new(entry, "kindVersion",
                            json_pack("{s:s,s:s}", "kind", kind, "version", version));
    return 0;
}

static int read_entry(const json_t *rekor, json_t **ret, const char **ret_why, struct vb_error *err)
{
    const json_t *payload = vb_sig_json_object(rekor, "Payload");
    unsigned char id[VB_SIG_LOG_ID];
    struct vb_sig_bytes promise, body;
    int64_t time = 0, index = 0;

    if (!vb_sig_json_text(rekor, "SignedEntryTimestamp", &promise) ||
        !vb_sig_json_text(payload, "body", &body) ||
        !vb_sig_json_int(payload, "integratedTime", &time) ||
        !vb_sig_json_int(payload, "logIndex", &index) ||
        !vb_sig_json_hex_exact(payload, "logID", id, sizeof(id))) {
        *ret_why = "what the log promised is malformed";
        return 0;
    }
    *ret = json_pack("{s:I,s:{s:o},s:I,s:{s:s%},s:s%}", "logIndex", (json_int_t)index, "logId",
                     "keyId", encoded((struct vb_sig_bytes){id, sizeof(id)}), "integratedTime",
                     (json_int_t)time, "inclusionPromise", "signedEntryTimestamp",
                     (const char *)promise.data, promise.len, "canonicalizedBody",
                     (const char *)body.data, body.len);
    if (*ret == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a signature");
    return add_kind(body, *ret, ret_why, err);
}

/* --- all of it --- */

/* The base64 of what begins with {": attest-blob put its envelope where signatures are. */
static bool holds_envelope(const json_t *json)
{
    struct vb_sig_bytes signature;

    return vb_sig_json_text(json, "base64Signature", &signature) && vb_sig_skip(&signature, "eyJ");
}

/* Leaves *RET NULL where *ret_why says what is wrong. */
static int convert(const json_t *json, char **ret, const char **ret_why, struct vb_error *err)
{
    VB_CLEANUP(vb_json_free) json_t *entry = NULL;
    VB_CLEANUP(vb_json_free) json_t *bundle = NULL;
    VB_CLEANUP(vb_json_free) json_t *key = NULL;
    struct material material = {0};
    struct vb_sig_bytes signature;

    if (!vb_sig_json_text(json, "base64Signature", &signature)) {
        *ret_why = "there is no signature in it";
        return 0;
    }
    int status = read_key(json, &material, err);
    key = material.key;
    *ret_why = material.why;
    if (status == 0 && *ret_why == NULL && vb_sig_json_has(json, "rekorBundle"))
        status = read_entry(json_object_get(json, "rekorBundle"), &entry, ret_why, err);
    if (status < 0 || *ret_why != NULL)
        return status;
    if (entry != NULL)
        json_object_set_new(key, "tlogEntries", json_pack("[O]", entry));
    bundle =
        json_pack("{s:s,s:O,s:{s:s%}}", "mediaType", version_1, "verificationMaterial", key,
                  "messageSignature", "signature", (const char *)signature.data, signature.len);
    *ret = bundle != NULL ? json_dumps(bundle, JSON_COMPACT) : NULL;
    return *ret != NULL ? 0 : vb_fail(err, VB_E_NOMEM, 0, "out of memory for a signature");
}

int vb_sig_cosign_bundle(const struct vb_sig_job *job, struct vb_sig_result *result,
                         struct vb_error *err)
{
    VB_CLEANUP(vb_json_free) json_t *json = NULL;
    VB_CLEANUP_FREE char *text = NULL;
    const char *wrong = NULL;
    char why[256] = "";

    if (job->data.len > VB_SIG_FILE_MAX)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "the signature file is larger than 64 KiB");
    int status = vb_sig_json_parse(job->data, VB_SIG_FILE_MAX, &json, why, sizeof(why), err);
    if (status < 0)
        return status;
    if (json == NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "%s", why);
    if (holds_envelope(json))
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "an older cosign's bundle of an attestation is not verified");
    status = convert(json, &text, &wrong, err);
    if (status < 0)
        return status;
    if (wrong != NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "%s", wrong);
    return vb_sig_bundle_line(job, (struct vb_sig_bytes){(const unsigned char *)text, strlen(text)},
                              result, err);
}
