/* Signing: bytes of ours into a DSSE envelope. Trust boundary: none; the key is the user's, and
 * what is signed was written by us. */
#include "signatures/dsse.h"
#include "vetbox/core/json.h"
#include "vetbox/signatures.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>

enum { KEY_FILE_MAX = 64 * 1024 };

struct vb_signer {
    EVP_PKEY *key;
    char id[VB_SIG_KEY_ID];
};

void vb_signer_free(struct vb_signer *signer)
{
    if (signer == NULL)
        return;
    EVP_PKEY_free(signer->key);
    free(signer);
}

static void signer_free(struct vb_signer **signer)
{
    vb_signer_free(*signer);
}

static void bio_free(BIO **bio)
{
    BIO_free(*bio);
}

static void context_free(EVP_MD_CTX **context)
{
    EVP_MD_CTX_free(*context);
}

/* Nobody is asked for a password in the middle of a run. */
static int no_password(char *buf VB_UNUSED, int size VB_UNUSED, int writing VB_UNUSED,
                       void *ctx VB_UNUSED)
{
    return -1;
}

/* Ed25519, or ECDSA on P-256. */
static bool key_fits(EVP_PKEY *key)
{
    char curve[64] = "";
    size_t len;

    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
        return true;
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(key, curve, sizeof(curve), &len) == 1 &&
           strcmp(curve, "prime256v1") == 0;
}

int vb_signer_load(const char *path, struct vb_signer **ret, struct vb_error *err)
{
    VB_CLEANUP(signer_free) struct vb_signer *signer = calloc(1, sizeof(*signer));
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (signer == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a key");
    if (fd < 0)
        return vb_fail(err, VB_E_NOINPUT, errno, "cannot open the key %s", path);
    vb_buf_init(&text, KEY_FILE_MAX);
    int status = vb_buf_read_fd(&text, fd, err);
    if (status < 0)
        return vb_wrap(err, "the key %s", path);
    VB_CLEANUP(bio_free)
    BIO *bio = BIO_new_mem_buf(text.data != NULL ? (const void *)text.data : "", (int)text.len);
    if (bio == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a key");
    signer->key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    ERR_clear_error();
    if (text.data != NULL)
        OPENSSL_cleanse(text.data, text.len);
    if (signer->key == NULL)
        return vb_fail(err, VB_E_CONFIG, 0,
                       "%s holds no private key in PEM that is not encrypted: openssl genpkey "
                       "-algorithm ed25519 makes one",
                       path);
    if (!key_fits(signer->key))
        return vb_fail(err, VB_E_CONFIG, 0, "%s: the key must be of Ed25519 or P-256", path);
    status = vb_sig_key_id(signer->key, signer->id, err);
    if (status == 0)
        *ret = vb_steal(signer);
    return status;
}

static int sign(const struct vb_signer *signer, const struct vb_buf *message,
                unsigned char ret[VB_SIG_SIGNATURE_MAX], size_t *ret_len, struct vb_error *err)
{
    VB_CLEANUP(context_free) EVP_MD_CTX *context = EVP_MD_CTX_new();

    *ret_len = VB_SIG_SIGNATURE_MAX;
    if (context == NULL ||
        EVP_DigestSignInit_ex(context, NULL, vb_sig_key_digest(signer->key), NULL, NULL,
                              signer->key, NULL) != 1 ||
        EVP_DigestSign(context, ret, ret_len, message->data, message->len) != 1)
        return vb_fail(err, VB_E_SOFTWARE, 0, "libcrypto cannot sign with this key");
    return 0;
}

static void base64_member(struct vb_json_out *out, const char *key, struct vb_sig_bytes bytes,
                          struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text;

    vb_buf_init(&text, bytes.len / 3 * 4 + 5);
    const int status = vb_base64_encode(&text, bytes.data, bytes.len, err);
    if (status < 0 && out->status == 0)
        out->status = status;
    vb_json_member_str(out, key, text.data != NULL ? (const char *)text.data : "");
}

static int write_envelope(const struct vb_signer *signer, const struct vb_sig_dsse *dsse,
                          struct vb_sig_bytes signature, int out_fd, struct vb_error *err)
{
    struct vb_json_out out;
    const struct vb_sig_bytes payload = {dsse->payload.data, dsse->payload.len};

    vb_json_out_fd(&out, &out_fd, false, err);
    vb_json_begin_object(&out);
    base64_member(&out, "payload", payload, err);
    vb_json_member_str(&out, "payloadType", (const char *)dsse->payload_type.data);
    vb_json_key(&out, "signatures");
    vb_json_begin_array(&out);
    vb_json_begin_object(&out);
    vb_json_member_str(&out, "keyid", signer->id);
    base64_member(&out, "sig", signature, err);
    vb_json_end_object(&out);
    vb_json_end_array(&out);
    vb_json_end_object(&out);
    const int status = vb_json_finish(&out);
    return status < 0 ? status : vb_write_all(out_fd, "\n", 1, err);
}

int vb_signer_seal(const struct vb_signer *signer, const char *type, const void *data, size_t len,
                   int out_fd, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_dsse_done)
    struct vb_sig_dsse dsse = {.payload_type = {(const unsigned char *)type, strlen(type)}};
    VB_CLEANUP(vb_buf_done) struct vb_buf message;
    unsigned char signature[VB_SIG_SIGNATURE_MAX];
    size_t signature_len = 0;

    if (len > VB_SIG_DSSE_PAYLOAD_MAX)
        return vb_fail(err, VB_E_LIMIT, 0, "more than %d bytes are not signed",
                       (int)VB_SIG_DSSE_PAYLOAD_MAX);
    vb_buf_init(&dsse.payload, VB_SIG_DSSE_PAYLOAD_MAX + 1);
    vb_buf_init(&message, 2 * VB_SIG_DSSE_PAYLOAD_MAX);
    int status = vb_buf_append(&dsse.payload, data, len, err);
    if (status == 0)
        status = vb_sig_dsse_pae(&dsse, &message, err);
    if (status == 0)
        status = sign(signer, &message, signature, &signature_len, err);
    if (status == 0)
        status = write_envelope(signer, &dsse, (struct vb_sig_bytes){signature, signature_len},
                                out_fd, err);
    return status;
}
