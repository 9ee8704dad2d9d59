/* OpenSSL 3.0 behind a few calls. A key or signature that is no good is an answer, not an error;
 * an error is always our own failure. */
#ifndef VETBOX_SIGNATURES_CRYPTO_H
#define VETBOX_SIGNATURES_CRYPTO_H

#include <openssl/evp.h>

#include "vetbox/core.h"

enum {
    VB_SIG_DIGEST_MAX = 64,    /* bytes of SHA-512 and BLAKE2b-512 */
    VB_SIG_ED25519_KEY = 32,   /* bytes */
    VB_SIG_ED25519_BYTES = 64, /* bytes of a signature */
    VB_SIG_RSA_BITS_MIN = 2048,
    VB_SIG_RSA_BITS_MAX = 8192, /* bounds the work that a package can ask for */
    VB_SIG_ECDSA_DER_MAX = 160, /* two 66-byte integers of P-521 and their headers */
    VB_SIG_SIGNATURE_MAX = VB_SIG_RSA_BITS_MAX / 8, /* bytes of any signature */
    VB_SIG_SPKI_MAX = VB_SIG_SIGNATURE_MAX + 64,    /* bytes of a key's DER */
    VB_SIG_KEY_ID = 7 + 64 + 1                      /* "sha256:", hex, NUL */
};

struct vb_sig_bytes {
    const unsigned char *data;
    size_t len;
};

/* Each leaves *ret NULL and returns 0 where the bytes are no acceptable key. */
VB_CHECKED int vb_sig_key_ed25519(struct vb_sig_bytes raw, EVP_PKEY **ret, struct vb_error *err);
/* CURVE is P-256, P-384 or P-521; POINT is 04 || X || Y. */
VB_CHECKED int vb_sig_key_ec(const char *curve, struct vb_sig_bytes point, EVP_PKEY **ret,
                             struct vb_error *err);
/* Big-endian modulus and exponent. */
VB_CHECKED int vb_sig_key_rsa(struct vb_sig_bytes n, struct vb_sig_bytes e, EVP_PKEY **ret,
                              struct vb_error *err);
/* A DER SubjectPublicKeyInfo, all of it: Ed25519, ECDSA on one of the three curves (uncompressed)
 * or RSA. */
VB_CHECKED int vb_sig_key_spki(struct vb_sig_bytes der, EVP_PKEY **ret, struct vb_error *err);
/* The same in PEM (RFC 7468, "PUBLIC KEY"), with nothing before and after it. */
VB_CHECKED int vb_sig_key_pem(struct vb_sig_bytes text, EVP_PKEY **ret, struct vb_error *err);
void vb_sig_key_free(EVP_PKEY **key); /* for VB_CLEANUP */

/* The digest that goes with KEY where nothing else is said: by its curve, SHA-256 for RSA, NULL for
 * Ed25519. */
const char *vb_sig_key_digest(EVP_PKEY *key);
/* "sha256:" and the hex digest of the SubjectPublicKeyInfo. */
VB_CHECKED int vb_sig_key_id(EVP_PKEY *key, char ret[VB_SIG_KEY_ID], struct vb_error *err);

/* DER ECDSA-Sig-Value of big-endian R and S. Returns the length, 0 if they are too large. */
size_t vb_sig_ecdsa_der(struct vb_sig_bytes r, struct vb_sig_bytes s,
                        unsigned char ret[VB_SIG_ECDSA_DER_MAX]);

/* DIGEST is NULL for Ed25519; RSA is PKCS#1 v1.5; ECDSA signatures are DER. */
VB_CHECKED int vb_sig_check(EVP_PKEY *key, const char *digest, struct vb_sig_bytes message,
                            struct vb_sig_bytes signature, bool *ret_good, struct vb_error *err);

struct vb_sig_hashed {
    const char *algorithm; /* OpenSSL's name */
    struct vb_sig_bytes digest;
};

/* The same for a message of which only a digest is at hand. ECDSA and RSA only, false for Ed25519.
 * PSS: RSA with MGF1 and a salt of the digest's length, as key details in Sigstore mean it; false
 * for others. */
VB_CHECKED int vb_sig_check_hash(EVP_PKEY *key, const struct vb_sig_hashed *hashed,
                                 struct vb_sig_bytes signature, bool pss, bool *ret_good,
                                 struct vb_error *err);

/* ALGORITHM is OpenSSL's name: SHA256, SHA384, SHA512 or BLAKE2B512. The file is read from its
 * beginning to its end. *ret_len is the length of the digest. */
VB_CHECKED int vb_sig_hash_fd(const char *algorithm, int fd, unsigned char ret[VB_SIG_DIGEST_MAX],
                              size_t *ret_len, struct vb_error *err);
/* Of the file, if FD is one, then TEXT, then MORE. */
VB_CHECKED int vb_sig_hash_and(const char *algorithm, int fd, struct vb_sig_bytes text,
                               struct vb_sig_bytes more, unsigned char ret[VB_SIG_DIGEST_MAX],
                               struct vb_error *err);
/* The same for the bytes from START to before END, or to the end of the file. */
VB_CHECKED int vb_sig_hash_part(const char *algorithm, int fd, uint64_t start, uint64_t end,
                                unsigned char ret[VB_SIG_DIGEST_MAX], struct vb_error *err);
VB_CHECKED int vb_sig_hash(const char *algorithm, struct vb_sig_bytes data,
                           unsigned char ret[VB_SIG_DIGEST_MAX], size_t *ret_len,
                           struct vb_error *err);

/* OpenSSL said no. Returns 0 if that is its judgement of the input, VB_E_NOMEM if it ran out of
 * memory: the latter must never look like a bad signature. */
VB_CHECKED int vb_sig_refused(struct vb_error *err);

/* Lower-case hex and its NUL: 2 * len + 1 bytes. */
void vb_sig_hex(struct vb_sig_bytes bytes, char *ret);
/* In constant time. */
bool vb_sig_same(struct vb_sig_bytes a, struct vb_sig_bytes b);

#endif
