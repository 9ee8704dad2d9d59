/* Makes OpenSSL ready before the verifying child loses its file system. Trust boundary: runs in the
 * coordinator and sees no byte of any package. */
#include "signatures/internal.h"

#include <openssl/crypto.h>

/* Ed25519 over the BLAKE2b-512 of "test": the published example of minisign. */
static const unsigned char ed25519_key[] = {
    0x79, 0xa5, 0x61, 0xe7, 0x0e, 0xe0, 0x8c, 0xd3, 0xe7, 0x54, 0xc6, 0x3e, 0x9b, 0xd6, 0xb9, 0xc3,
    0x52, 0x0a, 0x1d, 0x42, 0x04, 0xcd, 0x10, 0x4d, 0xa2, 0xe7, 0xef, 0x76, 0x3b, 0x18, 0x53, 0xb7,
};
static const unsigned char ed25519_signature[] = {
    0x9f, 0x6b, 0xde, 0x0e, 0xd5, 0xd6, 0xa3, 0x72, 0x24, 0x30, 0x29, 0x1a, 0x2a, 0x7c, 0x31, 0xfa,
    0x9c, 0x69, 0xd2, 0x20, 0x4f, 0xd0, 0xae, 0x85, 0x5d, 0xc4, 0x32, 0x11, 0xe8, 0x37, 0x59, 0x86,
    0x4e, 0x45, 0x22, 0x74, 0x5f, 0xf3, 0xed, 0x2a, 0xe5, 0x42, 0x05, 0xdd, 0xcb, 0xca, 0x1f, 0x8d,
    0xbe, 0xdb, 0x34, 0x92, 0x72, 0x94, 0x33, 0xa8, 0x72, 0xb0, 0xa8, 0xf0, 0xa2, 0xf3, 0x67, 0x0a,
};

/* ECDSA on P-256 with SHA-256 over "sample": RFC 6979, A.2.5. */
static const unsigned char p256_point[] = {
    0x04, 0x60, 0xfe, 0xd4, 0xba, 0x25, 0x5a, 0x9d, 0x31, 0xc9, 0x61, 0xeb, 0x74,
    0xc6, 0x35, 0x6d, 0x68, 0xc0, 0x49, 0xb8, 0x92, 0x3b, 0x61, 0xfa, 0x6c, 0xe6,
    0x69, 0x62, 0x2e, 0x60, 0xf2, 0x9f, 0xb6, 0x79, 0x03, 0xfe, 0x10, 0x08, 0xb8,
    0xbc, 0x99, 0xa4, 0x1a, 0xe9, 0xe9, 0x56, 0x28, 0xbc, 0x64, 0xf2, 0xf1, 0xb2,
    0x0c, 0x2d, 0x7e, 0x9f, 0x51, 0x77, 0xa3, 0xc2, 0x94, 0xd4, 0x46, 0x22, 0x99,
};
static const unsigned char p256_r[] = {
    0xef, 0xd4, 0x8b, 0x2a, 0xac, 0xb6, 0xa8, 0xfd, 0x11, 0x40, 0xdd, 0x9c, 0xd4, 0x5e, 0x81, 0xd6,
    0x9d, 0x2c, 0x87, 0x7b, 0x56, 0xaa, 0xf9, 0x91, 0xc3, 0x4d, 0x0e, 0xa8, 0x4e, 0xaf, 0x37, 0x16,
};
static const unsigned char p256_s[] = {
    0xf7, 0xcb, 0x1c, 0x94, 0x2d, 0x65, 0x7c, 0x41, 0xd4, 0x36, 0xc7, 0xa1, 0xb6, 0xe2, 0x9f, 0x65,
    0xf3, 0xe9, 0x00, 0xdb, 0xb9, 0xaf, 0xf4, 0x06, 0x4d, 0xc4, 0xab, 0x2f, 0x84, 0x3a, 0xcd, 0xa8,
};

static struct vb_sig_bytes bytes_of(const void *data, size_t len)
{
    return (struct vb_sig_bytes){.data = data, .len = len};
}

static int try_ed25519(bool *ret_good, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = NULL;
    unsigned char digest[VB_SIG_DIGEST_MAX];
    size_t len = 0;

    int status = vb_sig_hash("BLAKE2B512", bytes_of("test", 4), digest, &len, err);
    if (status == 0)
        status = vb_sig_key_ed25519(bytes_of(ed25519_key, sizeof(ed25519_key)), &key, err);
    if (status < 0 || key == NULL)
        return status;
    return vb_sig_check(key, NULL, bytes_of(digest, len),
                        bytes_of(ed25519_signature, sizeof(ed25519_signature)), ret_good, err);
}

static int try_ecdsa(bool *ret_good, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = NULL;
    unsigned char der[VB_SIG_ECDSA_DER_MAX];

    const size_t len =
        vb_sig_ecdsa_der(bytes_of(p256_r, sizeof(p256_r)), bytes_of(p256_s, sizeof(p256_s)), der);
    const int status = vb_sig_key_ec("P-256", bytes_of(p256_point, sizeof(p256_point)), &key, err);
    if (status < 0 || key == NULL)
        return status;
    return vb_sig_check(key, "SHA256", bytes_of("sample", 6), bytes_of(der, len), ret_good, err);
}

/* No known answer is short enough for RSA: a signature of zeros must be refused. */
static int try_rsa(bool *ret_good, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = NULL;
    unsigned char modulus[VB_SIG_RSA_BITS_MIN / 8];
    unsigned char zeros[sizeof(modulus)] = {0};
    const unsigned char exponent[] = {1, 0, 1};
    bool accepted = true;

    memset(modulus, 0xff, sizeof(modulus));
    int status = vb_sig_key_rsa(bytes_of(modulus, sizeof(modulus)),
                                bytes_of(exponent, sizeof(exponent)), &key, err);
    if (status == 0 && key != NULL)
        status = vb_sig_check(key, "SHA256", bytes_of("test", 4), bytes_of(zeros, sizeof(zeros)),
                              &accepted, err);
    *ret_good = status == 0 && !accepted;
    return status;
}

/* The other curves and digests of SSH signatures load parts of their own. */
static int try_others(bool *ret_good, struct vb_error *err)
{
    static const char *const digests[] = {"SHA256", "SHA384", "SHA512"};
    static const char *const curves[] = {"P-384", "P-521"};
    unsigned char digest[VB_SIG_DIGEST_MAX];
    const unsigned char no_point[] = {4, 0, 0};
    size_t len = 0;
    int status = 0;

    for (size_t i = 0; status == 0 && i < VB_ARRAY_LEN(digests); i++)
        status = vb_sig_hash(digests[i], bytes_of("test", 4), digest, &len, err);
    *ret_good = true;
    for (size_t i = 0; status == 0 && i < VB_ARRAY_LEN(curves); i++) {
        VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = NULL;
        status = vb_sig_key_ec(curves[i], bytes_of(no_point, sizeof(no_point)), &key, err);
        *ret_good = *ret_good && key == NULL;
    }
    return status;
}

int vb_signatures_prepare(void)
{
    static int (*const tries[])(bool *ret_good, struct vb_error *err) = {try_ed25519, try_ecdsa,
                                                                         try_rsa, try_others};

    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL) !=
        1)
        return VB_E_UNAVAILABLE;
    for (size_t i = 0; i < VB_ARRAY_LEN(tries); i++) {
        struct vb_error err = {0};
        bool good = false;
        if (tries[i](&good, &err) < 0 || !good)
            return VB_E_UNAVAILABLE;
    }
    return 0;
}
