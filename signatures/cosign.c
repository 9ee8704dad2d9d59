/* cosign sign-blob --key: one line of base64 over a file, by a key that the user has. Trust
 * boundary: signature and file are the package's. */
#include "signatures/internal.h"

static bool decode(const struct vb_sig_job *job, unsigned char *ret, size_t *ret_len)
{
    struct vb_sig_bytes data = job->data;
    struct vb_sig_bytes line;

    return vb_sig_get_line(&data, &line) && data.len == 0 &&
           vb_sig_base64(line, false, ret, VB_SIG_SIGNATURE_MAX, ret_len);
}

/* DER of ECDSA, the 64 bytes of Ed25519, or as many as an RSA key has. */
bool vb_sig_cosign_probe(const struct vb_sig_job *job)
{
    unsigned char signature[VB_SIG_SIGNATURE_MAX];
    size_t len;

    if (!decode(job, signature, &len))
        return false;
    return (len > 8 && signature[0] == 0x30) || len == VB_SIG_ED25519_BYTES ||
           len >= VB_SIG_RSA_BITS_MIN / 8;
}

static int check(const struct vb_trust_pem *pem, int fd, uint64_t size,
                 struct vb_sig_bytes signature, bool *ret_good, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf message;
    const char *digest = vb_sig_key_digest(pem->key);
    unsigned char hashed[VB_SIG_DIGEST_MAX];
    size_t len = 0;

    vb_buf_init(&message, (size_t)VB_SIG_LEGACY_MAX + 1);
    if (digest == NULL) { /* Ed25519 wants the file itself */
        int status = size > VB_SIG_LEGACY_MAX ? 0 : vb_buf_reserve(&message, (size_t)size + 1, err);
        if (status == 0 && size <= VB_SIG_LEGACY_MAX)
            status = vb_sig_read_head(fd, VB_SIG_LEGACY_MAX, &message, err);
        if (status < 0 || size > VB_SIG_LEGACY_MAX)
            return status;
        return vb_sig_check(pem->key, NULL, (struct vb_sig_bytes){message.data, message.len},
                            signature, ret_good, err);
    }
    /* cosign takes SHA-256 for every curve. */
    const int status = vb_sig_hash_fd("SHA256", fd, hashed, &len, err);
    const struct vb_sig_hashed of = {"SHA256", {hashed, len}};
    return status < 0 ? status : vb_sig_check_hash(pem->key, &of, signature, false, ret_good, err);
}

int vb_sig_cosign(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err)
{
    unsigned char signature[VB_SIG_SIGNATURE_MAX];
    VB_CLEANUP_FD int fd = -1;
    uint64_t size;
    size_t len;

    if (!decode(job, signature, &len))
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "not one line of base64");
    const int status = vb_sig_open_subject(job, result, &fd, &size, err);
    if (status < 0 || fd < 0)
        return status;
    for (size_t i = 0; job->trust != NULL && i < job->trust->pem_count; i++) {
        const struct vb_trust_pem *pem = &job->trust->pems[i];
        bool good = false;
        const int checked = check(pem, fd, size, (struct vb_sig_bytes){signature, len}, &good, err);
        if (checked < 0)
            return checked;
        if (!good)
            continue;
        snprintf(result->name, sizeof(result->name), "%s", pem->name);
        snprintf(result->key_id, sizeof(result->key_id), "%s", pem->id);
        return vb_sig_conclude(result, VB_SIGNATURE_VALID_TRUSTED, "by a key of the trust folder");
    }
    /* It names no key: this file may have been changed, or a stranger's key may have signed it. */
    return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                           "of this file by no key in the trust folder, and it names none");
}
