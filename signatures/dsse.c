/* DSSE. Trust boundary: the envelope is the package's, and its payload is bytes until a signature
 * over them was verified. */
#include "signatures/dsse.h"

void vb_sig_dsse_done(struct vb_sig_dsse *dsse)
{
    vb_buf_done(&dsse->payload);
}

/* The protocol allows either alphabet; one text must not mix them. */
static int decode(struct vb_sig_bytes text, struct vb_buf *ret, bool *ret_good,
                  struct vb_error *err)
{
    VB_CLEANUP_FREE unsigned char *copy = NULL;
    bool standard = false;
    bool url = false;

    for (size_t i = 0; i < text.len; i++) {
        standard = standard || text.data[i] == '+' || text.data[i] == '/';
        url = url || text.data[i] == '-' || text.data[i] == '_';
    }
    *ret_good = false;
    if (!url)
        return vb_sig_base64_append(text, ret, ret_good, err);
    if (standard || text.len / 4 * 3 > ret->max)
        return 0;
    copy = malloc(text.len);
    if (copy == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a signed payload");
    for (size_t i = 0; i < text.len; i++)
        copy[i] = text.data[i] == '-' ? '+' : text.data[i] == '_' ? '/' : text.data[i];
    text.data = copy;
    return vb_sig_base64_append(text, ret, ret_good, err);
}

static int parse_signature(const json_t *json, struct vb_sig_dsse_signature *ret,
                           const char **ret_why, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf bytes = {0};
    struct vb_sig_bytes text;
    bool good = false;

    vb_buf_init(&bytes, sizeof(ret->data) + 3); /* padding is counted before it is seen */
    if (vb_sig_json_text(json, "sig", &text)) {
        const int status = decode(text, &bytes, &good, err);
        if (status < 0)
            return status;
    }
    if (!good || bytes.len == 0 || bytes.len > sizeof(ret->data)) {
        *ret_why = "a signature of the DSSE envelope is not base64 of a possible length";
        return 0;
    }
    memcpy(ret->data, bytes.data, bytes.len);
    ret->len = bytes.len;
    if (vb_sig_json_has(json, "keyid") && !vb_sig_json_text(json, "keyid", &ret->key_id))
        *ret_why = "a key id of the DSSE envelope is no text";
    return 0;
}

int vb_sig_dsse_parse(const json_t *envelope, struct vb_sig_dsse *ret, const char **ret_why,
                      struct vb_error *err)
{
    const json_t *signatures =
        vb_sig_json_array(envelope, "signatures", VB_SIG_DSSE_SIGNATURES_MAX);
    struct vb_sig_bytes payload;
    const char *why = NULL;
    bool good = false;
    int status = 0;

    vb_buf_init(&ret->payload, VB_SIG_DSSE_PAYLOAD_MAX);
    if (!vb_sig_json_text(envelope, "payloadType", &ret->payload_type))
        why = "the DSSE envelope has no payloadType";
    else if (json_array_size(signatures) == 0)
        why = "the DSSE envelope has no signatures, or too many";
    else if (!vb_sig_json_text(envelope, "payload", &payload))
        why = "the DSSE envelope has no payload";
    else
        status = decode(payload, &ret->payload, &good, err);
    if (status == 0 && why == NULL && !good)
        why = "the payload of the DSSE envelope is not base64, or too large";
    for (size_t i = 0; status == 0 && why == NULL && i < json_array_size(signatures); i++) {
        status = parse_signature(json_array_get(signatures, i), &ret->signatures[i], &why, err);
        ret->signature_count = i + 1;
    }
    if (status == 0 && why != NULL)
        *ret_why = why;
    return status;
}

int vb_sig_dsse_pae(const struct vb_sig_dsse *dsse, struct vb_buf *ret, struct vb_error *err)
{
    int status = vb_buf_printf(ret, err, "DSSEv1 %zu ", dsse->payload_type.len);

    if (status == 0)
        status = vb_buf_append(ret, dsse->payload_type.data, dsse->payload_type.len, err);
    if (status == 0)
        status = vb_buf_printf(ret, err, " %zu ", dsse->payload.len);
    if (status == 0 && dsse->payload.len > 0)
        status = vb_buf_append(ret, dsse->payload.data, dsse->payload.len, err);
    return status;
}

int vb_sig_dsse_check(const struct vb_sig_dsse *dsse, size_t number, EVP_PKEY *key, bool *ret_good,
                      struct vb_error *err)
{
    const struct vb_sig_dsse_signature *signature = &dsse->signatures[number];
    VB_CLEANUP(vb_buf_done) struct vb_buf pae = {0};

    vb_buf_init(&pae, dsse->payload.len + dsse->payload_type.len + 64);
    const int status = vb_sig_dsse_pae(dsse, &pae, err);
    if (status < 0)
        return status;
    return vb_sig_check(
        key, vb_sig_key_digest(key), (struct vb_sig_bytes){.data = pae.data, .len = pae.len},
        (struct vb_sig_bytes){.data = signature->data, .len = signature->len}, ret_good, err);
}
