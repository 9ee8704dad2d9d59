/* Public keys as X.509 writes them. Trust boundary: the bytes may be a package's; they are taken
 * apart here, so that OpenSSL's decoders never see an algorithm that nobody asked for. */
#include "signatures/der.h"
#include "signatures/wire.h"

#include <openssl/objects.h>
#include <openssl/x509.h>

/* SubjectPublicKeyInfo up to the key's own bytes (RFC 5480, RFC 8410): all of it is fixed. */
static const struct key_form {
    const char *curve; /* NULL: Ed25519 */
    size_t head_len;
    size_t key_len;
    unsigned char head[28];
} forms[] = {
    {NULL, 12, 32, {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}},
    {"P-256", 26, 65, {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                       0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                       0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00}},
    {"P-384", 23, 97, {0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
                       0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00}},
    {"P-521", 25, 133, {0x30, 0x81, 0x9b, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86,
                        0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81,
                        0x04, 0x00, 0x23, 0x03, 0x81, 0x86, 0x00}},
};

/* rsaEncryption with its NULL. */
static const unsigned char rsa_algorithm[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                              0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};

static int key_rsa(struct vb_sig_bytes der, EVP_PKEY **ret, struct vb_error *err)
{
    struct vb_sig_bytes info;
    struct vb_sig_bytes algorithm;
    struct vb_sig_bytes bits;
    struct vb_sig_bytes numbers;
    struct vb_sig_bytes n;
    struct vb_sig_bytes e;

    if (!vb_sig_der_whole(der, VB_SIG_DER_SEQUENCE, &info) ||
        !vb_sig_der_get(&info, VB_SIG_DER_SEQUENCE, &algorithm) ||
        !vb_sig_der_get(&info, VB_SIG_DER_BITS, &bits) || info.len != 0)
        return 0;
    if (algorithm.len != sizeof(rsa_algorithm) ||
        memcmp(algorithm.data, rsa_algorithm, sizeof(rsa_algorithm)) != 0 || bits.len == 0 ||
        bits.data[0] != 0)
        return 0;
    bits.data++;
    bits.len--;
    if (!vb_sig_der_whole(bits, VB_SIG_DER_SEQUENCE, &numbers) ||
        !vb_sig_der_positive(&numbers, &n) || !vb_sig_der_positive(&numbers, &e) ||
        numbers.len != 0)
        return 0;
    return vb_sig_key_rsa(n, e, ret, err);
}

int vb_sig_key_spki(struct vb_sig_bytes der, EVP_PKEY **ret, struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(forms); i++) {
        const struct key_form *form = &forms[i];
        if (der.len != form->head_len + form->key_len ||
            memcmp(der.data, form->head, form->head_len) != 0)
            continue;
        const struct vb_sig_bytes key = {.data = der.data + form->head_len, .len = form->key_len};
        return form->curve == NULL ? vb_sig_key_ed25519(key, ret, err)
                                   : vb_sig_key_ec(form->curve, key, ret, err);
    }
    return key_rsa(der, ret, err);
}

bool vb_sig_pem(struct vb_sig_bytes *in, const char *label, unsigned char *ret, size_t max,
                size_t *ret_len)
{
    struct vb_sig_bytes line;
    struct vb_sig_bytes body;
    char mark[64];

    snprintf(mark, sizeof(mark), "-----BEGIN %s-----", label);
    if (!vb_sig_get_line(in, &line) || !vb_sig_equals(line, mark))
        return false;
    snprintf(mark, sizeof(mark), "-----END %s-----", label);
    body.data = in->data;
    while (vb_sig_get_line(in, &line)) {
        if (!vb_sig_equals(line, mark))
            continue;
        body.len = (size_t)(line.data - body.data);
        return vb_sig_base64(body, true, ret, max, ret_len);
    }
    return false;
}

int vb_sig_key_pem(struct vb_sig_bytes text, EVP_PKEY **ret, struct vb_error *err)
{
    unsigned char der[VB_SIG_SPKI_MAX];
    size_t len;

    if (!vb_sig_pem(&text, "PUBLIC KEY", der, sizeof(der), &len) || text.len != 0)
        return 0;
    return vb_sig_key_spki((struct vb_sig_bytes){.data = der, .len = len}, ret, err);
}

const char *vb_sig_key_digest(EVP_PKEY *key)
{
    const int kind = EVP_PKEY_get_base_id(key);
    const int bits = EVP_PKEY_get_bits(key);

    if (kind == EVP_PKEY_ED25519)
        return NULL;
    if (kind != EVP_PKEY_EC || bits <= 256)
        return "SHA256";
    return bits <= 384 ? "SHA384" : "SHA512";
}

static void free_openssl(unsigned char **data)
{
    OPENSSL_free(*data);
}

int vb_sig_key_id(EVP_PKEY *key, char ret[VB_SIG_KEY_ID], struct vb_error *err)
{
    VB_CLEANUP(free_openssl) unsigned char *der = NULL;
    unsigned char digest[VB_SIG_DIGEST_MAX];
    size_t len;

    const int der_len = i2d_PUBKEY(key, &der);
    if (der_len <= 0)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a public key");
    const struct vb_sig_bytes spki = {.data = der, .len = (size_t)der_len};
    const int status = vb_sig_hash("SHA256", spki, digest, &len, err);
    if (status < 0)
        return status;
    memcpy(ret, "sha256:", 8);
    vb_sig_hex((struct vb_sig_bytes){.data = digest, .len = len}, ret + 7);
    return 0;
}

void vb_sig_hex(struct vb_sig_bytes bytes, char *ret)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.len; i++) {
        *ret++ = digits[bytes.data[i] >> 4];
        *ret++ = digits[bytes.data[i] & 15];
    }
    *ret = '\0';
}
