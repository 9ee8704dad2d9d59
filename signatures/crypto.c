/* OpenSSL 3.0's EVP for the signature formats. Trust boundary: keys, signatures and messages come
 * from the package; lengths are checked here before OpenSSL sees them. */
#include "signatures/crypto.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

static void md_ctx_free(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static void md_free(EVP_MD **md)
{
    EVP_MD_free(*md);
}

static void pkey_ctx_free(EVP_PKEY_CTX **ctx)
{
    EVP_PKEY_CTX_free(*ctx);
}

static void bn_free(BIGNUM **bn)
{
    BN_free(*bn);
}

static void bld_free(OSSL_PARAM_BLD **bld)
{
    OSSL_PARAM_BLD_free(*bld);
}

static void params_free(OSSL_PARAM **params)
{
    OSSL_PARAM_free(*params);
}

void vb_sig_key_free(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
    *key = NULL;
}

int vb_sig_refused(struct vb_error *err)
{
    bool memory = false;
    unsigned long code;

    while ((code = ERR_get_error()) != 0)
        memory = memory || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
    return memory ? vb_fail(err, VB_E_NOMEM, 0, "out of memory while checking a signature") : 0;
}

static int broken(struct vb_error *err, const char *what)
{
    const int status = vb_sig_refused(err);

    if (status < 0)
        return status;
    return vb_fail(err, VB_E_UNAVAILABLE, 0, "libcrypto does not offer %s", what);
}

static int key_from_params(const char *algorithm, OSSL_PARAM *params, EVP_PKEY **ret,
                           struct vb_error *err)
{
    VB_CLEANUP(pkey_ctx_free)
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
    EVP_PKEY *key = NULL;

    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
        return broken(err, algorithm);
    if (EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return vb_sig_refused(err);
    *ret = key;
    return 0;
}

int vb_sig_key_ed25519(struct vb_sig_bytes raw, EVP_PKEY **ret, struct vb_error *err)
{
    if (raw.len != VB_SIG_ED25519_KEY)
        return 0;
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw.data, raw.len);
    if (key == NULL)
        return vb_sig_refused(err);
    *ret = key;
    return 0;
}

int vb_sig_key_ec(const char *curve, struct vb_sig_bytes point, EVP_PKEY **ret,
                  struct vb_error *err)
{
    /* Compressed points are legal in X.509, not in SSH keys. */
    if (point.len == 0 || point.data[0] != 4)
        return 0;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)curve, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point.data,
                                          point.len),
        OSSL_PARAM_construct_end(),
    };
    return key_from_params("EC", params, ret, err);
}

static bool rsa_numbers_fit(const BIGNUM *n, const BIGNUM *e)
{
    return BN_num_bits(n) >= VB_SIG_RSA_BITS_MIN && BN_num_bits(n) <= VB_SIG_RSA_BITS_MAX &&
           BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e) && BN_num_bits(e) <= 64;
}

int vb_sig_key_rsa(struct vb_sig_bytes n, struct vb_sig_bytes e, EVP_PKEY **ret,
                   struct vb_error *err)
{
    if (n.len > VB_SIG_RSA_BITS_MAX / 8 || e.len > 8)
        return 0;
    VB_CLEANUP(bn_free) BIGNUM *modulus = BN_bin2bn(n.data, (int)n.len, NULL);
    VB_CLEANUP(bn_free) BIGNUM *exponent = BN_bin2bn(e.data, (int)e.len, NULL);
    if (modulus == NULL || exponent == NULL)
        return broken(err, "large numbers");
    if (!rsa_numbers_fit(modulus, exponent))
        return 0;
    VB_CLEANUP(bld_free) OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    if (bld == NULL || OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, exponent) != 1)
        return broken(err, "RSA parameters");
    VB_CLEANUP(params_free) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    if (params == NULL)
        return broken(err, "RSA parameters");
    return key_from_params("RSA", params, ret, err);
}

static size_t strip_zeros(struct vb_sig_bytes number, const unsigned char **ret)
{
    size_t skip = 0;

    while (skip < number.len && number.data[skip] == 0)
        skip++;
    *ret = number.data + skip;
    return number.len - skip;
}

/* One DER INTEGER. Returns its length. */
static size_t der_integer(struct vb_sig_bytes number, unsigned char *out)
{
    const unsigned char *digits;
    const size_t len = strip_zeros(number, &digits);
    const size_t pad = len == 0 || (digits[0] & 0x80) != 0 ? 1 : 0;

    out[0] = 0x02;
    out[1] = (unsigned char)(len + pad);
    out[2] = 0;
    if (len > 0)
        memcpy(out + 2 + pad, digits, len);
    return 2 + pad + len;
}

size_t vb_sig_ecdsa_der(struct vb_sig_bytes r, struct vb_sig_bytes s,
                        unsigned char ret[VB_SIG_ECDSA_DER_MAX])
{
    enum { INTEGER_MAX = 66 };
    unsigned char body[2 * (INTEGER_MAX + 3)];
    const unsigned char *digits;
    size_t head = 0;

    if (strip_zeros(r, &digits) > INTEGER_MAX || strip_zeros(s, &digits) > INTEGER_MAX)
        return 0;
    size_t len = der_integer(r, body);
    len += der_integer(s, body + len);
    ret[head++] = 0x30;
    if (len >= 0x80)
        ret[head++] = 0x81;
    ret[head++] = (unsigned char)len;
    memcpy(ret + head, body, len);
    return head + len;
}

int vb_sig_check(EVP_PKEY *key, const char *digest, struct vb_sig_bytes message,
                 struct vb_sig_bytes signature, bool *ret_good, struct vb_error *err)
{
    VB_CLEANUP(md_ctx_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    static const unsigned char nothing[1];
    const unsigned char *data = message.len > 0 ? message.data : nothing;

    if (ctx == NULL || EVP_DigestVerifyInit_ex(ctx, NULL, digest, NULL, NULL, key, NULL) != 1)
        return broken(err, digest != NULL ? digest : "Ed25519");
    const int verdict = EVP_DigestVerify(ctx, signature.data, signature.len, data, message.len);
    if (verdict != 1) {
        const int status = vb_sig_refused(err);
        if (status < 0)
            return status;
    }
    *ret_good = verdict == 1;
    return 0;
}

int vb_sig_check_hash(EVP_PKEY *key, const struct vb_sig_hashed *hashed,
                      struct vb_sig_bytes signature, bool pss, bool *ret_good, struct vb_error *err)
{
    VB_CLEANUP(pkey_ctx_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    VB_CLEANUP(md_free) EVP_MD *md = EVP_MD_fetch(NULL, hashed->algorithm, NULL);
    const int kind = EVP_PKEY_get_base_id(key);

    *ret_good = false;
    if (kind == EVP_PKEY_ED25519 || (pss && kind != EVP_PKEY_RSA))
        return 0;
    if (ctx == NULL || md == NULL || EVP_PKEY_verify_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_signature_md(ctx, md) != 1)
        return broken(err, hashed->algorithm);
    if (pss && (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) != 1 ||
                EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) != 1))
        return broken(err, "RSA-PSS");
    const int verdict = EVP_PKEY_verify(ctx, signature.data, signature.len, hashed->digest.data,
                                        hashed->digest.len);
    *ret_good = verdict == 1;
    return verdict == 1 ? 0 : vb_sig_refused(err);
}

/* A running hash, or NULL. */
static EVP_MD_CTX *hash_begin(const char *algorithm)
{
    VB_CLEANUP(md_free) EVP_MD *md = EVP_MD_fetch(NULL, algorithm, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    if (md == NULL || ctx == NULL || EVP_MD_get_size(md) > VB_SIG_DIGEST_MAX ||
        EVP_DigestInit_ex2(ctx, md, NULL) != 1) {
        EVP_MD_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

static int hash_end(EVP_MD_CTX *ctx, unsigned char *ret, size_t *ret_len, struct vb_error *err)
{
    unsigned len = 0;

    if (EVP_DigestFinal_ex(ctx, ret, &len) != 1)
        return broken(err, "the end of a digest");
    *ret_len = len;
    return 0;
}

int vb_sig_hash(const char *algorithm, struct vb_sig_bytes data,
                unsigned char ret[VB_SIG_DIGEST_MAX], size_t *ret_len, struct vb_error *err)
{
    VB_CLEANUP(md_ctx_free) EVP_MD_CTX *ctx = hash_begin(algorithm);

    if (ctx == NULL || EVP_DigestUpdate(ctx, data.data, data.len) != 1)
        return broken(err, algorithm);
    return hash_end(ctx, ret, ret_len, err);
}

/* The bytes of FD from START to before END, or to its end. */
static int hash_bytes(EVP_MD_CTX *ctx, int fd, uint64_t start, uint64_t end, struct vb_error *err)
{
    unsigned char block[16384];

    while (start < end) {
        const size_t want = end - start < sizeof(block) ? (size_t)(end - start) : sizeof(block);
        const ssize_t n = pread(fd, block, want, (off_t)start);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return vb_fail(err, VB_E_IO, errno, "cannot read a signed file");
        if (n == 0)
            return 0;
        if (EVP_DigestUpdate(ctx, block, (size_t)n) != 1)
            return broken(err, "a digest");
        start += (uint64_t)n;
    }
    return 0;
}

int vb_sig_hash_fd(const char *algorithm, int fd, unsigned char ret[VB_SIG_DIGEST_MAX],
                   size_t *ret_len, struct vb_error *err)
{
    VB_CLEANUP(md_ctx_free) EVP_MD_CTX *ctx = hash_begin(algorithm);

    if (ctx == NULL)
        return broken(err, algorithm);
    const int status = hash_bytes(ctx, fd, 0, INT64_MAX, err);
    return status < 0 ? status : hash_end(ctx, ret, ret_len, err);
}

int vb_sig_hash_and(const char *algorithm, int fd, struct vb_sig_bytes text,
                    struct vb_sig_bytes more, unsigned char ret[VB_SIG_DIGEST_MAX],
                    struct vb_error *err)
{
    VB_CLEANUP(md_ctx_free) EVP_MD_CTX *ctx = hash_begin(algorithm);
    size_t len;

    if (ctx == NULL)
        return broken(err, algorithm);
    const int status = fd >= 0 ? hash_bytes(ctx, fd, 0, INT64_MAX, err) : 0;
    if (status < 0)
        return status;
    if (EVP_DigestUpdate(ctx, text.data, text.len) != 1 ||
        EVP_DigestUpdate(ctx, more.data, more.len) != 1)
        return broken(err, algorithm);
    return hash_end(ctx, ret, &len, err);
}

int vb_sig_hash_part(const char *algorithm, int fd, uint64_t start, uint64_t end,
                     unsigned char ret[VB_SIG_DIGEST_MAX], struct vb_error *err)
{
    VB_CLEANUP(md_ctx_free) EVP_MD_CTX *ctx = hash_begin(algorithm);
    size_t len;

    if (ctx == NULL)
        return broken(err, algorithm);
    const int status = hash_bytes(ctx, fd, start, end < INT64_MAX ? end : INT64_MAX, err);
    return status < 0 ? status : hash_end(ctx, ret, &len, err);
}

bool vb_sig_same(struct vb_sig_bytes a, struct vb_sig_bytes b)
{
    return a.len == b.len && CRYPTO_memcmp(a.data, b.data, a.len) == 0;
}
