/* What a log entry says, against the bundle that it came with. Trust boundary: both are the
 * package's; that the log has the entry is proven elsewhere. */
#include "signatures/bundle.h"

enum { VERIFIER_MAX = VB_SIG_CERT_MAX * 3 / 2 };

struct body {
    const json_t *spec;
    const struct vb_sig_bundle *bundle;
    const struct vb_sig_signed *signed_by;
};

/* --- pieces --- */

static struct vb_sig_bytes signature_of(const struct body *body)
{
    return (struct vb_sig_bytes){.data = body->bundle->signature,
                                 .len = body->bundle->signature_len};
}

static bool same_signature(const struct body *body, const json_t *parent, const char *key)
{
    unsigned char told[VB_SIG_SIGNATURE_MAX];
    size_t len;

    return vb_sig_json_base64(parent, key, told, sizeof(told), &len) &&
           vb_sig_same((struct vb_sig_bytes){.data = told, .len = len}, signature_of(body));
}

static int same_key(const struct body *body, struct vb_sig_bytes spki, bool *ret,
                    struct vb_error *err)
{
    VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = NULL;
    const int status = vb_sig_key_spki(spki, &key, err);

    *ret = key != NULL && EVP_PKEY_eq(key, body->signed_by->key) == 1;
    return status < 0 ? status : vb_sig_refused(err);
}

/* PEM of the bundle's certificate, or of its key. */
static int same_pem(const struct body *body, struct vb_sig_bytes pem, bool *ret,
                    struct vb_error *err)
{
    unsigned char der[VB_SIG_CERT_MAX];
    struct vb_sig_bytes rest = pem;
    size_t len;

    *ret = false;
    if (body->bundle->certs == NULL) {
        if (!vb_sig_pem(&rest, "PUBLIC KEY", der, sizeof(der), &len) || rest.len != 0)
            return 0;
        return same_key(body, (struct vb_sig_bytes){.data = der, .len = len}, ret, err);
    }
    if (!vb_sig_pem(&rest, "CERTIFICATE", der, sizeof(der), &len) || rest.len != 0)
        return 0;
    return vb_sig_cert_is(sk_X509_value(body->bundle->certs, 0),
                          (struct vb_sig_bytes){.data = der, .len = len}, ret, err);
}

static int same_verifier(const struct body *body, const json_t *parent, const char *key, bool *ret,
                         struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf pem = {0};

    vb_buf_init(&pem, VERIFIER_MAX);
    const int status = vb_sig_json_decode(parent, key, &pem, ret, err);
    if (status < 0 || !*ret)
        return status;
    return same_pem(body, (struct vb_sig_bytes){.data = pem.data, .len = pem.len}, ret, err);
}

static int same_payload(const struct body *body, const json_t *hash, bool *ret,
                        struct vb_error *err)
{
    const struct vb_buf *payload = &body->bundle->dsse.payload;
    unsigned char told[VB_SIG_HASH];
    unsigned char digest[VB_SIG_DIGEST_MAX];
    size_t len;

    *ret = false;
    if (!vb_sig_json_is(hash, "algorithm", "sha256") ||
        !vb_sig_json_hex_exact(hash, "value", told, sizeof(told)))
        return 0;
    const int status =
        vb_sig_hash("SHA256", (struct vb_sig_bytes){.data = payload->data, .len = payload->len},
                    digest, &len, err);
    *ret = status == 0 && vb_sig_same((struct vb_sig_bytes){.data = told, .len = sizeof(told)},
                                      (struct vb_sig_bytes){.data = digest, .len = len});
    return status;
}

static const char other_digest[] = "the log entry is of another file";
static const char other_signature[] = "the log entry is of another signature";
static const char other_key[] = "the log entry names another key or certificate";
static const char other_kind[] = "the log entry is of a kind that does not go with this bundle";

/* --- kinds --- */

static int hashedrekord_1(const struct body *body, const char **ret_why, struct vb_error *err)
{
    const json_t *hash = vb_sig_json_object(vb_sig_json_object(body->spec, "data"), "hash");
    const json_t *signature = vb_sig_json_object(body->spec, "signature");
    unsigned char told[VB_SIG_DIGEST_MAX];
    struct vb_sig_bytes name = {0};
    struct vb_sig_bytes digest = {0};
    bool good = false;

    if (body->bundle->is_dsse) {
        *ret_why = other_kind;
        return 0;
    }
    const char *algorithm =
        vb_sig_json_text(hash, "algorithm", &name) ? vb_sig_digest_algorithm(name) : NULL;
    int status = algorithm != NULL
                     ? vb_sig_artifact_digest(body->signed_by->artifact, algorithm, &digest, err)
                     : 0;
    if (status < 0)
        return status;
    if (algorithm == NULL || !vb_sig_json_hex_exact(hash, "value", told, digest.len) ||
        !vb_sig_same((struct vb_sig_bytes){.data = told, .len = digest.len}, digest))
        *ret_why = other_digest;
    else if (!same_signature(body, signature, "content"))
        *ret_why = other_signature;
    else
        status =
            same_verifier(body, vb_sig_json_object(signature, "publicKey"), "content", &good, err);
    if (status == 0 && *ret_why == NULL && !good)
        *ret_why = other_key;
    return status;
}

static int dsse_1(const struct body *body, const char **ret_why, struct vb_error *err)
{
    const json_t *list = vb_sig_json_array(body->spec, "signatures", 1);
    const json_t *signature = json_array_get(list, 0);
    bool good = false;

    if (!body->bundle->is_dsse) {
        *ret_why = other_kind;
        return 0;
    }
    int status = same_payload(body, vb_sig_json_object(body->spec, "payloadHash"), &good, err);
    if (status < 0)
        return status;
    if (!good)
        *ret_why = other_digest;
    else if (!same_signature(body, signature, "signature"))
        *ret_why = other_signature;
    else
        status = same_verifier(body, signature, "verifier", &good, err);
    if (status == 0 && *ret_why == NULL && !good)
        *ret_why = other_key;
    return status;
}

/* Here the signature is base64 of base64. */
static bool same_signature_twice(const struct body *body, const json_t *signature)
{
    unsigned char text[VB_SIG_SIGNATURE_MAX * 4 / 3 + 4];
    unsigned char told[VB_SIG_SIGNATURE_MAX];
    size_t len;

    return vb_sig_json_base64(signature, "sig", text, sizeof(text), &len) &&
           vb_sig_base64((struct vb_sig_bytes){.data = text, .len = len}, false, told, sizeof(told),
                         &len) &&
           vb_sig_same((struct vb_sig_bytes){.data = told, .len = len}, signature_of(body));
}

static int intoto_2(const struct body *body, const char **ret_why, struct vb_error *err)
{
    const json_t *content = vb_sig_json_object(body->spec, "content");
    const json_t *envelope = vb_sig_json_object(content, "envelope");
    const json_t *signature = json_array_get(vb_sig_json_array(envelope, "signatures", 1), 0);
    bool good = false;

    if (!body->bundle->is_dsse) {
        *ret_why = other_kind;
        return 0;
    }
    int status = same_payload(body, vb_sig_json_object(content, "payloadHash"), &good, err);
    if (status < 0)
        return status;
    if (!good)
        *ret_why = other_digest;
    else if (!same_signature_twice(body, signature))
        *ret_why = other_signature;
    else
        status = same_verifier(body, signature, "publicKey", &good, err);
    if (status == 0 && *ret_why == NULL && !good)
        *ret_why = other_key;
    return status;
}

static int same_raw_verifier(const struct body *body, const json_t *verifier, bool *ret,
                             struct vb_error *err)
{
    const bool by_cert = body->bundle->certs != NULL;
    const json_t *told = vb_sig_json_object(verifier, by_cert ? "x509Certificate" : "publicKey");
    VB_CLEANUP(vb_buf_done) struct vb_buf der = {0};

    vb_buf_init(&der, VB_SIG_CERT_MAX);
    const int status = vb_sig_json_decode(told, "rawBytes", &der, ret, err);
    if (status < 0 || !*ret)
        return status;
    const struct vb_sig_bytes bytes = {.data = der.data, .len = der.len};
    return by_cert ? vb_sig_cert_is(sk_X509_value(body->bundle->certs, 0), bytes, ret, err)
                   : same_key(body, bytes, ret, err);
}

static int hashedrekord_2(const struct body *body, const char **ret_why, struct vb_error *err)
{
    const json_t *spec = vb_sig_json_object(body->spec, "hashedRekordV002");
    const json_t *data = vb_sig_json_object(spec, "data");
    const json_t *signature = vb_sig_json_object(spec, "signature");
    unsigned char told[VB_SIG_DIGEST_MAX];
    unsigned char digest[VB_SIG_DIGEST_MAX];
    struct vb_sig_bytes name = {0};
    size_t len = 0;
    bool good = false;

    const char *algorithm =
        vb_sig_json_text(data, "algorithm", &name) ? vb_sig_digest_algorithm(name) : NULL;
    int status = algorithm != NULL ? vb_sig_bundle_digest(body->bundle, body->signed_by->artifact,
                                                          algorithm, digest, &len, err)
                                   : 0;
    if (status < 0)
        return status;
    if (algorithm == NULL || !vb_sig_json_base64_exact(data, "digest", told, len) ||
        !vb_sig_same((struct vb_sig_bytes){.data = told, .len = len},
                     (struct vb_sig_bytes){.data = digest, .len = len}))
        *ret_why = other_digest;
    else if (!same_signature(body, signature, "content"))
        *ret_why = other_signature;
    else
        status = same_raw_verifier(body, vb_sig_json_object(signature, "verifier"), &good, err);
    if (status == 0 && *ret_why == NULL && !good)
        *ret_why = other_key;
    return status;
}

static const struct {
    const char *kind;
    const char *version;
    int (*check)(const struct body *body, const char **ret_why, struct vb_error *err);
} kinds[] = {
    {"hashedrekord", "0.0.1", hashedrekord_1},
    {"hashedrekord", "0.0.2", hashedrekord_2},
    {"dsse", "0.0.1", dsse_1},
    {"intoto", "0.0.2", intoto_2},
};

int vb_sig_body(const struct vb_sig_entry *entry, const struct vb_sig_signed *signed_by,
                bool *ret_known, const char **ret_why, struct vb_error *err)
{
    const struct vb_sig_bytes text = {.data = entry->body.data, .len = entry->body.len};
    VB_CLEANUP(vb_json_free) json_t *json = NULL;
    char why[128];
    size_t i = 0;

    while (i < VB_ARRAY_LEN(kinds) && !(vb_sig_equals(entry->kind, kinds[i].kind) &&
                                        vb_sig_equals(entry->version, kinds[i].version)))
        i++;
    *ret_known = i < VB_ARRAY_LEN(kinds);
    if (!*ret_known)
        return 0;
    const int status = vb_sig_json_parse(text, VB_SIG_BODY_MAX, &json, why, sizeof(why), err);
    if (status < 0)
        return status;
    if (json == NULL || !vb_sig_json_is(json, "kind", kinds[i].kind) ||
        !vb_sig_json_is(json, "apiVersion", kinds[i].version)) {
        *ret_why = "the log entry is not of the kind that the bundle says";
        return 0;
    }
    const struct body body = {.spec = vb_sig_json_object(json, "spec"),
                              .bundle = signed_by->bundle,
                              .signed_by = signed_by};
    const char *wrong = NULL;
    const int checked = kinds[i].check(&body, &wrong, err);
    if (checked == 0 && wrong != NULL)
        *ret_why = wrong;
    return checked;
}
