/* Reading bundles. Trust boundary: all of it is the package's. */
#include "signatures/bundle.h"

void vb_sig_bundle_done(struct vb_sig_bundle *bundle)
{
    vb_sig_certs_free(&bundle->certs);
    EVP_PKEY_free(bundle->told_key);
    for (size_t i = 0; i < VB_SIG_ENTRIES_PER_BUNDLE; i++)
        vb_sig_entry_done(&bundle->entries[i]);
    for (size_t i = 0; i < VB_SIG_TIMESTAMPS_MAX; i++)
        vb_buf_done(&bundle->timestamps[i]);
    vb_sig_dsse_done(&bundle->dsse);
    vb_json_free(&bundle->json);
}

static unsigned parse_version(const json_t *json)
{
    static const struct {
        const char *type;
        unsigned version;
    } types[] = {
        {"application/vnd.dev.sigstore.bundle+json;version=0.1", 1},
        {"application/vnd.dev.sigstore.bundle+json;version=0.2", 2},
        {"application/vnd.dev.sigstore.bundle+json;version=0.3", 3},
        {"application/vnd.dev.sigstore.bundle.v0.3+json", 3},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(types); i++) {
        if (vb_sig_json_is(json, "mediaType", types[i].type))
            return types[i].version;
    }
    return 0;
}

/* --- the key --- */

static int parse_certificate(const json_t *json, struct vb_sig_bundle *ret, const char **ret_why,
                             struct vb_error *err)
{
    VB_CLEANUP(vb_json_free) json_t *list = json_pack("[O]", (json_t *)(uintptr_t)json);

    if (list == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a certificate");
    ret->material = VB_SIG_BY_CERTIFICATE;
    return vb_sig_certs_json(list, &ret->certs, ret_why, err);
}

static int parse_key(const json_t *json, struct vb_sig_bundle *ret, const char **ret_why,
                     struct vb_error *err)
{
    unsigned char der[VB_SIG_SPKI_MAX];
    size_t len;

    ret->material = VB_SIG_BY_KEY;
    if (vb_sig_json_has(json, "hint") &&
        (!vb_sig_json_text(json, "hint", &ret->hint) || ret->hint.len > VB_SIG_HINT_MAX)) {
        *ret_why = "the hint at the key is no text, or too long";
        return 0;
    }
    if (!vb_sig_json_has(json, "rawBytes"))
        return 0;
    int status = 0;
    if (vb_sig_json_base64(json, "rawBytes", der, sizeof(der), &len))
        status =
            vb_sig_key_spki((struct vb_sig_bytes){.data = der, .len = len}, &ret->told_key, err);
    if (status == 0 && ret->told_key == NULL)
        *ret_why = "the key is not the base64 of a key's DER, or of a kind that is not checked";
    return status;
}

static int parse_material(const json_t *material, struct vb_sig_bundle *ret, const char **ret_why,
                          struct vb_error *err)
{
    const json_t *certificate = vb_sig_json_object(material, "certificate");
    const json_t *chain = vb_sig_json_object(material, "x509CertificateChain");
    const json_t *key = vb_sig_json_object(material, "publicKey");

    if ((certificate != NULL) + (chain != NULL) + (key != NULL) != 1) {
        *ret_why = "the bundle names no key, or several";
        return 0;
    }
    if (certificate != NULL)
        return parse_certificate(certificate, ret, ret_why, err);
    if (key != NULL)
        return parse_key(key, ret, ret_why, err);
    ret->material = VB_SIG_BY_CHAIN;
    return vb_sig_certs_json(vb_sig_json_array(chain, "certificates", VB_SIG_CHAIN_MAX),
                             &ret->certs, ret_why, err);
}

/* --- entries and time stamps --- */

static int parse_entries(const json_t *material, struct vb_sig_bundle *ret, const char **ret_why,
                         struct vb_error *err)
{
    const json_t *list = vb_sig_json_array(material, "tlogEntries", VB_SIG_ENTRIES_PER_BUNDLE);
    const char *why = NULL;
    int status = 0;

    if (list == NULL && vb_sig_json_has(material, "tlogEntries"))
        why = "the log entries are no list, or too many";
    for (size_t i = 0; status == 0 && why == NULL && i < json_array_size(list); i++) {
        ret->entry_count = i + 1;
        status = vb_sig_entry_parse(json_array_get(list, i), &ret->entries[i], &why, err);
    }
    if (why != NULL)
        *ret_why = why;
    return status;
}

static int parse_timestamps(const json_t *material, struct vb_sig_bundle *ret, const char **ret_why,
                            struct vb_error *err)
{
    const json_t *data = vb_sig_json_object(material, "timestampVerificationData");
    const json_t *list = vb_sig_json_array(data, "rfc3161Timestamps", VB_SIG_TIMESTAMPS_MAX);
    bool good = list != NULL || !vb_sig_json_has(data, "rfc3161Timestamps");
    int status = 0;

    for (size_t i = 0; status == 0 && good && i < json_array_size(list); i++) {
        vb_buf_init(&ret->timestamps[i], VB_SIG_TIMESTAMP_MAX);
        ret->timestamp_count = i + 1;
        status = vb_sig_json_decode(json_array_get(list, i), "signedTimestamp", &ret->timestamps[i],
                                    &good, err);
    }
    if (status == 0 && !good)
        *ret_why = "the time stamps are not base64, or too many";
    return status;
}

/* --- what is signed --- */

static const char *parse_message(const json_t *message, struct vb_sig_bundle *ret)
{
    const json_t *digest = vb_sig_json_object(message, "messageDigest");
    struct vb_sig_bytes name;

    if (!vb_sig_json_base64(message, "signature", ret->signature, sizeof(ret->signature),
                            &ret->signature_len) ||
        ret->signature_len == 0)
        return "the signature is not base64 of a possible length";
    if (digest == NULL)
        return vb_sig_json_has(message, "messageDigest") ? "the digest is no object" : NULL;
    if (!vb_sig_json_text(digest, "algorithm", &name) ||
        !vb_sig_json_base64(digest, "digest", ret->told_digest, sizeof(ret->told_digest),
                            &ret->told_len))
        return "the digest of what is signed is malformed";
    ret->told_algorithm = vb_sig_digest_algorithm(name);
    return NULL;
}

static int parse_content(struct vb_sig_bundle *ret, const char **ret_why, struct vb_error *err)
{
    const json_t *message = vb_sig_json_object(ret->json, "messageSignature");
    const json_t *envelope = vb_sig_json_object(ret->json, "dsseEnvelope");
    const char *why = NULL;
    int status = 0;

    ret->is_dsse = envelope != NULL;
    if ((message != NULL) == (envelope != NULL))
        why = "the bundle holds no signature, or two";
    else if (message != NULL)
        why = parse_message(message, ret);
    else
        status = vb_sig_dsse_parse(envelope, &ret->dsse, &why, err);
    if (status == 0 && why == NULL && envelope != NULL) {
        ret->signature_len = ret->dsse.signatures[0].len;
        memcpy(ret->signature, ret->dsse.signatures[0].data, ret->signature_len);
        if (ret->dsse.signature_count != 1)
            why = "an envelope in a bundle has exactly one signature";
    }
    if (why != NULL)
        *ret_why = why;
    return status;
}

int vb_sig_bundle(struct vb_sig_bytes text, struct vb_sig_bundle *ret, bool *ret_unknown, char *why,
                  size_t why_size, struct vb_error *err)
{
    const char *wrong = NULL;

    int status = vb_sig_json_parse(text, VB_SIG_BUNDLE_MAX, &ret->json, why, why_size, err);
    if (status < 0 || ret->json == NULL)
        return status;
    ret->version = parse_version(ret->json);
    *ret_unknown = ret->version == 0;
    if (*ret_unknown) {
        snprintf(why, why_size, "the bundle is of no version from 0.1 to 0.3");
        return 0;
    }
    const json_t *material = vb_sig_json_object(ret->json, "verificationMaterial");
    if (material == NULL)
        wrong = "the bundle has no verificationMaterial";
    else
        status = parse_material(material, ret, &wrong, err);
    if (status == 0 && wrong == NULL)
        status = parse_entries(material, ret, &wrong, err);
    if (status == 0 && wrong == NULL)
        status = parse_timestamps(material, ret, &wrong, err);
    if (status == 0 && wrong == NULL)
        status = parse_content(ret, &wrong, err);
    if (status == 0 && wrong != NULL)
        snprintf(why, why_size, "%s", wrong);
    return status;
}

int vb_sig_bundle_digest(const struct vb_sig_bundle *bundle, struct vb_sig_artifact *artifact,
                         const char *algorithm, unsigned char ret[VB_SIG_DIGEST_MAX],
                         size_t *ret_len, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf pae = {0};
    struct vb_sig_bytes digest;
    int status;

    if (!bundle->is_dsse) {
        status = vb_sig_artifact_digest(artifact, algorithm, &digest, err);
        if (status < 0)
            return status;
        memcpy(ret, digest.data, digest.len);
        *ret_len = digest.len;
        return 0;
    }
    vb_buf_init(&pae, bundle->dsse.payload.len + bundle->dsse.payload_type.len + 64);
    status = vb_sig_dsse_pae(&bundle->dsse, &pae, err);
    if (status < 0)
        return status;
    return vb_sig_hash(algorithm, (struct vb_sig_bytes){.data = pae.data, .len = pae.len}, ret,
                       ret_len, err);
}
