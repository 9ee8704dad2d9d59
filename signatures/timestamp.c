/* RFC 3161 through OpenSSL's TS. Trust boundary: the response is the package's, the authorities are
 * the user's. */
#include "signatures/timestamp.h"

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <time.h>

/* A response, or a token alone. */
struct stamp {
    TS_RESP *resp;     /* NULL: it is TOKEN alone */
    PKCS7 *token;      /* RESP's, where there is one */
    TS_TST_INFO *info; /* read out of TOKEN */
};

static void stamp_done(struct stamp *stamp)
{
    TS_TST_INFO_free(stamp->info);
    if (stamp->resp == NULL)
        PKCS7_free(stamp->token);
    TS_RESP_free(stamp->resp);
}

static void ctx_free(TS_VERIFY_CTX **ctx)
{
    TS_VERIFY_CTX_free(*ctx);
}

static void store_free(X509_STORE **store)
{
    X509_STORE_free(*store);
}

/* OpenSSL's name of a digest that is still good for signatures, or NULL. */
static const char *digest_name(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *object = NULL;

    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    switch (OBJ_obj2nid(object)) {
    case NID_sha256:
        return "SHA256";
    case NID_sha384:
        return "SHA384";
    case NID_sha512:
        return "SHA512";
    default:
        return NULL;
    }
}

static int check_imprint(TS_TST_INFO *info, struct vb_sig_bytes signature, const char **ret_why,
                         struct vb_error *err)
{
    TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
    const char *name = digest_name(TS_MSG_IMPRINT_get_algo(imprint));
    const ASN1_OCTET_STRING *told = TS_MSG_IMPRINT_get_msg(imprint);
    unsigned char digest[VB_SIG_DIGEST_MAX];
    size_t len;

    if (name == NULL) {
        *ret_why = "the time stamp's digest is none that is checked";
        return 0;
    }
    const int status = vb_sig_hash(name, signature, digest, &len, err);
    if (status < 0)
        return status;
    const struct vb_sig_bytes claimed = {.data = ASN1_STRING_get0_data(told),
                                         .len = (size_t)ASN1_STRING_length(told)};
    if (!vb_sig_same(claimed, (struct vb_sig_bytes){.data = digest, .len = len}))
        *ret_why = "the time stamp is of another signature";
    return 0;
}

/* One signer, and no digest that can be forged. */
static bool signer_fits(PKCS7 *token)
{
    STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(token);

    return sk_PKCS7_SIGNER_INFO_num(signers) == 1 &&
           digest_name(sk_PKCS7_SIGNER_INFO_value(signers, 0)->digest_alg) != NULL;
}

static bool stamped_time(TS_TST_INFO *info, int64_t *ret)
{
    struct tm tm = {0};

    if (ASN1_TIME_to_tm(TS_TST_INFO_get_time(info), &tm) != 1)
        return false;
    *ret = (int64_t)timegm(&tm);
    return true;
}

static X509_STORE *new_store(STACK_OF(X509) * anchors, int64_t time)
{
    VB_CLEANUP(store_free) X509_STORE *store = X509_STORE_new();

    for (int i = 0; store != NULL && i < sk_X509_num(anchors); i++) {
        if (X509_STORE_add_cert(store, sk_X509_value(anchors, i)) != 1)
            return NULL;
    }
    if (store == NULL)
        return NULL;
    X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
    X509_VERIFY_PARAM_set_time(param, (time_t)time);
    X509_VERIFY_PARAM_set_auth_level(param, 2);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    return vb_steal(store);
}

/* Whether STAMP is of somebody whose chain ends in one of ANCHORS. */
static int verify_by(const struct stamp *stamp, STACK_OF(X509) * anchors, int64_t time,
                     bool *ret_good, struct vb_error *err)
{
    VB_CLEANUP(ctx_free) TS_VERIFY_CTX *ctx = TS_VERIFY_CTX_new();
    X509_STORE *store = new_store(anchors, time);
    STACK_OF(X509) *certs = X509_chain_up_ref(anchors);

    if (ctx == NULL || store == NULL || certs == NULL) {
        X509_STORE_free(store);
        sk_X509_pop_free(certs, X509_free);
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a time stamp");
    }
    TS_VERIFY_CTX_set_flags(ctx, TS_VFY_VERSION | TS_VFY_SIGNATURE);
    TS_VERIFY_CTX_set_store(ctx, store); /* both belong to CTX now */
    TS_VERIFY_CTX_set_certs(ctx, certs);
    *ret_good = (stamp->resp != NULL ? TS_RESP_verify_response(ctx, stamp->resp)
                                     : TS_RESP_verify_token(ctx, stamp->token)) == 1;
    return vb_sig_refused(err);
}

/* Whether STAMP is AUTHORITY's; the root is asked only where the others do not know it. */
static int verify(const struct stamp *stamp, const struct vb_sig_authority *authority, int64_t time,
                  bool *ret_good, struct vb_error *err)
{
    const int status = verify_by(stamp, authority->anchors, time, ret_good, err);

    return status < 0 || *ret_good ? status
                                   : verify_by(stamp, authority->chain, time, ret_good, err);
}

/* Its own dates bind an authority's certificates as well as the user's period. */
static bool was_valid(const struct vb_sig_authority *authority, int64_t time)
{
    return vb_sig_within(&authority->period, time) && vb_sig_certs_valid(authority->chain, time);
}

static int find_authority(const struct stamp *stamp, const struct vb_sig_authorities *authorities,
                          struct vb_sig_stamped *ret, struct vb_error *err)
{
    bool good = false;
    int status = 0;

    for (size_t i = 0; status == 0 && !good && i < authorities->count; i++) {
        if (was_valid(&authorities->items[i], ret->time))
            status = verify(stamp, &authorities->items[i], ret->time, &good, err);
    }
    ret->stamp = good ? VB_SIG_STAMP_GOOD : VB_SIG_STAMP_UNKNOWN;
    if (!good)
        ret->why = "the time stamp is of no authority that the trusted root names for that time";
    return status;
}

/* Leaves RET->info NULL where DER, which must be all of it, is none. */
static void parse(struct vb_sig_bytes der, bool whole, struct stamp *ret)
{
    const unsigned char *end = der.data;

    if (der.len == 0 || der.len > VB_SIG_TIMESTAMP_MAX)
        return;
    if (whole)
        ret->resp = d2i_TS_RESP(NULL, &end, (long)der.len);
    else
        ret->token = d2i_PKCS7(NULL, &end, (long)der.len);
    if (ret->resp != NULL)
        ret->token = TS_RESP_get_token(ret->resp);
    if (ret->token != NULL && end == der.data + der.len)
        ret->info = PKCS7_to_TS_TST_INFO(ret->token);
}

static int check(struct vb_sig_bytes der, bool whole, struct vb_sig_bytes signature,
                 const struct vb_sig_authorities *authorities, struct vb_sig_stamped *ret,
                 struct vb_error *err)
{
    VB_CLEANUP(stamp_done) struct stamp stamp = {0};

    parse(der, whole, &stamp);
    *ret = (struct vb_sig_stamped){.stamp = VB_SIG_STAMP_BAD};
    int status = vb_sig_refused(err);
    if (status < 0)
        return status;
    if (stamp.info == NULL || !stamped_time(stamp.info, &ret->time) || !signer_fits(stamp.token)) {
        ret->why = "a time stamp is malformed";
        return 0;
    }
    status = check_imprint(stamp.info, signature, &ret->why, err);
    if (status < 0 || ret->why != NULL)
        return status;
    return find_authority(&stamp, authorities, ret, err);
}

int vb_sig_timestamp(struct vb_sig_bytes response, struct vb_sig_bytes signature,
                     const struct vb_sig_authorities *authorities, struct vb_sig_stamped *ret,
                     struct vb_error *err)
{
    return check(response, true, signature, authorities, ret, err);
}

int vb_sig_timestamp_token(struct vb_sig_bytes token, struct vb_sig_bytes signature,
                           const struct vb_sig_authorities *authorities, struct vb_sig_stamped *ret,
                           struct vb_error *err)
{
    return check(token, false, signature, authorities, ret, err);
}
