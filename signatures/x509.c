/* Certificates through OpenSSL 3.0. Trust boundary: every certificate but the roots is the
 * package's. */
#include "signatures/x509.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

static void store_ctx_free(X509_STORE_CTX **ctx)
{
    X509_STORE_CTX_free(*ctx);
}

static void free_openssl(unsigned char **data)
{
    OPENSSL_free(*data);
}

void vb_sig_cert_free(X509 **cert)
{
    X509_free(*cert);
    *cert = NULL;
}

void vb_sig_certs_free(STACK_OF(X509) * *certs)
{
    sk_X509_pop_free(*certs, X509_free);
    *certs = NULL;
}

int vb_sig_cert(struct vb_sig_bytes der, X509 **ret, struct vb_error *err)
{
    const unsigned char *end = der.data;

    if (der.len == 0 || der.len > VB_SIG_CERT_MAX)
        return 0;
    VB_CLEANUP(vb_sig_cert_free) X509 *cert = d2i_X509(NULL, &end, (long)der.len);
    const int status = vb_sig_refused(err);
    if (status < 0 || cert == NULL || end != der.data + der.len)
        return status;
    *ret = vb_steal(cert);
    return 0;
}

static int add_json(const json_t *json, STACK_OF(X509) * certs, const char **ret_why,
                    struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf der = {0};
    VB_CLEANUP(vb_sig_cert_free) X509 *cert = NULL;
    bool good = false;

    vb_buf_init(&der, VB_SIG_CERT_MAX);
    int status = vb_sig_json_decode(json, "rawBytes", &der, &good, err);
    if (status == 0 && good)
        status = vb_sig_cert((struct vb_sig_bytes){.data = der.data, .len = der.len}, &cert, err);
    if (status == 0 && cert == NULL)
        *ret_why = "a certificate is not the base64 of a certificate's DER";
    if (status < 0 || cert == NULL)
        return status;
    if (sk_X509_push(certs, cert) <= 0)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a certificate");
    cert = NULL;
    return 0;
}

int vb_sig_certs_json(const json_t *array, STACK_OF(X509) * *ret, const char **ret_why,
                      struct vb_error *err)
{
    VB_CLEANUP(vb_sig_certs_free) STACK_OF(X509) *certs = sk_X509_new_null();
    const char *why = NULL;
    int status = 0;

    if (certs == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for certificates");
    if (json_array_size(array) == 0 || json_array_size(array) > VB_SIG_CHAIN_MAX)
        why = "no certificates, or too many";
    for (size_t i = 0; status == 0 && why == NULL && i < json_array_size(array); i++)
        status = add_json(json_array_get(array, i), certs, &why, err);
    if (status < 0)
        return status;
    if (why != NULL)
        *ret_why = why;
    else
        *ret = vb_steal(certs);
    return 0;
}

int vb_sig_cert_key(const X509 *cert, EVP_PKEY **ret, struct vb_error *err)
{
    VB_CLEANUP(free_openssl) unsigned char *der = NULL;

    const int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    if (len <= 0)
        return vb_sig_refused(err);
    return vb_sig_key_spki((struct vb_sig_bytes){.data = der, .len = (size_t)len}, ret, err);
}

int vb_sig_cert_is(const X509 *cert, struct vb_sig_bytes der, bool *ret, struct vb_error *err)
{
    VB_CLEANUP(free_openssl) unsigned char *own = NULL;

    const int len = i2d_X509(cert, &own);
    if (len <= 0)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a certificate");
    *ret = vb_sig_same((struct vb_sig_bytes){.data = own, .len = (size_t)len}, der);
    return 0;
}

/* --- chains --- */

static enum vb_sig_chain judge(int code)
{
    switch (code) {
    case X509_V_OK:
        return VB_SIG_CHAIN_GOOD;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
        return VB_SIG_CHAIN_UNKNOWN;
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return VB_SIG_CHAIN_OUTSIDE;
    default:
        return VB_SIG_CHAIN_BAD;
    }
}

void vb_sig_chained_done(struct vb_sig_chained *chained)
{
    vb_sig_cert_free(&chained->issuer);
}

/* What X509_verify_cert, which answered GOOD, found. */
static int fill(X509_STORE_CTX *ctx, bool good, struct vb_sig_chained *ret, struct vb_error *err)
{
    const int code = X509_STORE_CTX_get_error(ctx);

    if (!good) {
        const enum vb_sig_chain chain = judge(code);
        ret->chain = chain == VB_SIG_CHAIN_GOOD ? VB_SIG_CHAIN_BAD : chain;
        ret->why = X509_verify_cert_error_string(code);
        return 0;
    }
    const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
    const int count = sk_X509_num(chain);
    X509 *issuer = sk_X509_value(chain, count > 1 ? 1 : 0);
    if (X509_up_ref(issuer) != 1)
        return vb_fail(err, VB_E_SOFTWARE, 0, "a certificate has too many owners");
    ret->chain = VB_SIG_CHAIN_GOOD;
    ret->issuer = issuer;
    ret->anchor = sk_X509_value(chain, count - 1);
    return 0;
}

int vb_sig_chain(X509 *leaf, STACK_OF(X509) * others, STACK_OF(X509) * roots, int64_t time,
                 struct vb_sig_chained *ret, struct vb_error *err)
{
    enum { DEPTH_MAX = 8, BITS_112 = 2 };
    VB_CLEANUP(store_ctx_free) X509_STORE_CTX *ctx = X509_STORE_CTX_new();

    if (ctx == NULL || X509_STORE_CTX_init(ctx, NULL, leaf, others) != 1)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a chain of certificates");
    X509_STORE_CTX_set0_trusted_stack(ctx, roots);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, (time_t)time);
    X509_VERIFY_PARAM_set_depth(param, DEPTH_MAX);
    X509_VERIFY_PARAM_set_auth_level(param, BITS_112);
    /* Who put an intermediate certificate among the roots believes it. */
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    const bool good = X509_verify_cert(ctx) == 1;
    const int status = vb_sig_refused(err);
    if (status < 0 || X509_STORE_CTX_get_error(ctx) == X509_V_ERR_OUT_OF_MEM)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a chain of certificates");
    return fill(ctx, good, ret, err);
}

bool vb_sig_certs_valid(const STACK_OF(X509) * certs, int64_t time)
{
    time_t at = (time_t)time;

    for (int i = 0; i < sk_X509_num(certs); i++) {
        const X509 *cert = sk_X509_value(certs, i);
        if (X509_cmp_time(X509_get0_notBefore(cert), &at) >= 0 ||
            X509_cmp_time(X509_get0_notAfter(cert), &at) < 0)
            return false;
    }
    return true;
}

const char *vb_sig_cert_use(X509 *cert, bool eku_needed)
{
    const uint32_t usage = X509_get_key_usage(cert);
    const uint32_t extended = X509_get_extended_key_usage(cert);

    if ((X509_get_extension_flags(cert) & (EXFLAG_INVALID | EXFLAG_CRITICAL)) != 0)
        return "an extension of the certificate is malformed, or critical and unknown";
    if (usage == UINT32_MAX || (usage & X509v3_KU_DIGITAL_SIGNATURE) == 0)
        return "the certificate is not for signatures (key usage)";
    if (extended == UINT32_MAX ? eku_needed : (extended & XKU_CODE_SIGN) == 0)
        return "the certificate is not for signing code (extended key usage)";
    return NULL;
}
