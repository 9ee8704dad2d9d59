/* CMS with OpenSSL. Trust boundary: the signature and its certificates are the package's; what a
 * chain may end in is the user's. What OpenSSL would accept out of old habit is refused here. */
#include "signatures/cms.h"
#include "signatures/timestamp.h"

#include <errno.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <unistd.h>

enum { SIGNERS_MAX = 8, CERTS_MAX = 32 };

static void cms_free(CMS_ContentInfo **cms)
{
    CMS_ContentInfo_free(*cms);
}

bool vb_sig_cms_strict(struct vb_sig_bytes data)
{
    const unsigned char *end = data.data;
    VB_CLEANUP(cms_free)
    CMS_ContentInfo *cms = data.len == 0 ? NULL : d2i_CMS_ContentInfo(NULL, &end, (long)data.len);

    ERR_clear_error();
    return cms != NULL && end == data.data + data.len &&
           OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed && CMS_is_detached(cms) == 1;
}

/* --- the signed bytes, never in memory whole --- */

struct range {
    int fd;
    uint64_t at;
    uint64_t end;
    bool failed;
};

static int range_read(BIO *bio, char *data, int size)
{
    struct range *range = BIO_get_data(bio);
    const uint64_t left = range->end - range->at;
    const size_t want = left < (uint64_t)size ? (size_t)left : (size_t)size;

    for (;;) {
        const ssize_t got = want == 0 ? 0 : pread(range->fd, data, want, (off_t)range->at);
        if (got < 0 && errno == EINTR)
            continue;
        range->failed = range->failed || got < 0 || (got == 0 && want > 0);
        if (got > 0)
            range->at += (uint64_t)got;
        return got < 0 ? -1 : (int)got;
    }
}

static long range_ctrl(BIO *bio, int command, long number VB_UNUSED, void *pointer VB_UNUSED)
{
    const struct range *range = BIO_get_data(bio);

    return command == BIO_CTRL_FLUSH || (command == BIO_CTRL_EOF && range->at == range->end);
}

static void method_free(BIO_METHOD **method)
{
    BIO_meth_free(*method);
}

static void bio_free(BIO **bio)
{
    BIO_free(*bio);
}

/* Whether all signatures in CMS are of the range's bytes. */
static int check_bytes(CMS_ContentInfo *cms, struct range *range, bool *ret, struct vb_error *err)
{
    VB_CLEANUP(method_free) BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "range");

    if (method == NULL || BIO_meth_set_read(method, range_read) != 1 ||
        BIO_meth_set_ctrl(method, range_ctrl) != 1)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a signed file");
    VB_CLEANUP(bio_free) BIO *bio = BIO_new(method);
    if (bio == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a signed file");
    BIO_set_data(bio, range);
    BIO_set_init(bio, 1);
    /* Whose certificates they are is asked later, one by one. */
    *ret = CMS_verify(cms, NULL, NULL, bio, NULL, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1;
    const int status = vb_sig_refused(err);
    if (status == 0 && range->failed)
        return vb_fail(err, VB_E_IO, 0, "cannot read a signed file");
    return status;
}

/* --- what is accepted at all --- */

static bool digest_is_strong(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *object;

    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    const int nid = OBJ_obj2nid(object);
    return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

/* Without signed attributes what is signed could as well be the attributes of another signature. */
static bool says_data(CMS_SignerInfo *signer)
{
    const ASN1_OBJECT *type =
        CMS_signed_get0_data_by_OBJ(signer, OBJ_nid2obj(NID_pkcs9_contentType), -3, V_ASN1_OBJECT);

    return type != NULL && OBJ_obj2nid(type) == NID_pkcs7_data;
}

/* NULL, or why SIGNER is not looked at any further; *ret_invalid says that it never will be. */
static const char *signer_objection(CMS_SignerInfo *signer, bool *ret_invalid)
{
    X509 *cert = NULL;
    X509_ALGOR *digest = NULL;

    CMS_SignerInfo_get0_algs(signer, NULL, &cert, &digest, NULL);
    *ret_invalid = true;
    if (digest == NULL || !digest_is_strong(digest))
        return "its digest is not SHA-256, SHA-384 or SHA-512";
    if (!says_data(signer))
        return "it has no signed attributes, or not those of a file";
    *ret_invalid = false;
    return cert == NULL ? "it does not hold the signer's certificate" : NULL;
}

/* Concludes, or leaves the outcome absent where CMS can be checked. */
static int look(CMS_ContentInfo *cms, struct vb_sig_result *result)
{
    ASN1_OCTET_STRING **content = CMS_get0_content(cms);
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
    const int count = signers == NULL ? 0 : sk_CMS_SignerInfo_num(signers);

    if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed || content == NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "CMS that is no signature");
    if (*content != NULL || OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "CMS that holds what it signs, or signs something else than a file");
    if (count < 1 || count > SIGNERS_MAX)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "CMS with no signer, or too many");
    (void)CMS_set1_signers_certs(cms, NULL, 0);
    for (int i = 0; i < count; i++) {
        bool invalid = false;
        const char *why = signer_objection(sk_CMS_SignerInfo_value(signers, i), &invalid);
        if (why != NULL)
            return vb_sig_conclude(
                result, invalid ? VB_SIGNATURE_INVALID : VB_SIGNATURE_UNVERIFIABLE, "CMS: %s", why);
    }
    return 0;
}

/* --- whose it is --- */

static int describe(const struct vb_sig_job *job, X509 *cert, const struct vb_sig_chained *chained,
                    struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = NULL;

    int status = vb_sig_cert_key(cert, &key, err);
    if (status == 0 && key != NULL)
        status = vb_sig_key_id(key, result->key_id, err);
    /* What a certificate says of itself is shown only where somebody vouches for it. */
    if (chained->chain != VB_SIG_CHAIN_GOOD)
        return status;
    if (!vb_sig_cert_identity(cert, result->name))
        vb_sig_cert_subject(cert, result->name);
    snprintf(result->root, sizeof(result->root), "%s",
             vb_sig_trust_root_name(job->trust, chained->anchor));
    return status;
}

/* --- when it was signed --- */

/* The time stamp over SIGNER's signature (RFC 3161, appendix A); empty where there is none, or not
 * one alone. */
static struct vb_sig_bytes token_of(CMS_SignerInfo *signer)
{
    const int nid = NID_id_smime_aa_timeStampToken;
    const int at = CMS_unsigned_get_attr_by_NID(signer, nid, -1);
    X509_ATTRIBUTE *attribute = at < 0 ? NULL : CMS_unsigned_get_attr(signer, at);

    if (attribute == NULL || X509_ATTRIBUTE_count(attribute) != 1 ||
        CMS_unsigned_get_attr_by_NID(signer, nid, at) >= 0)
        return (struct vb_sig_bytes){0};
    const ASN1_STRING *value = X509_ATTRIBUTE_get0_data(attribute, 0, V_ASN1_SEQUENCE, NULL);
    if (value == NULL)
        return (struct vb_sig_bytes){0};
    return (struct vb_sig_bytes){ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)};
}

/* Asks every clock that is believed: those of the folder, then those of each trusted root. */
static int ask_clocks(const struct vb_trust *trust, struct vb_sig_bytes token,
                      struct vb_sig_bytes signature, struct vb_sig_stamped *ret,
                      const struct vb_sig_trusted_root **ret_root, struct vb_error *err)
{
    static const struct vb_sig_authorities none;
    int status =
        vb_sig_timestamp_token(token, signature, trust != NULL ? &trust->clocks : &none, ret, err);

    for (size_t i = 0; status == 0 && trust != NULL && ret->stamp == VB_SIG_STAMP_UNKNOWN &&
                       i < trust->trusted_root_count;
         i++) {
        *ret_root = &trust->trusted_roots[i];
        status = vb_sig_timestamp_token(token, signature, &(*ret_root)->tsas, ret, err);
    }
    return status;
}

/* *RET is good where somebody who is trusted with time says when SIGNER signed, bad where something
 * is wrong with what it brings, and else unknown. */
static int stamped(const struct vb_sig_job *job, CMS_SignerInfo *signer,
                   struct vb_sig_result *result, struct vb_sig_stamped *ret, struct vb_error *err)
{
    const struct vb_sig_trusted_root *root = NULL;
    const ASN1_OCTET_STRING *value = CMS_SignerInfo_get0_signature(signer);
    const struct vb_sig_bytes signature = {ASN1_STRING_get0_data(value),
                                           (size_t)ASN1_STRING_length(value)};
    const struct vb_sig_bytes token = token_of(signer);

    *ret = (struct vb_sig_stamped){.stamp = VB_SIG_STAMP_UNKNOWN};
    if (token.len == 0)
        return vb_sig_refused(err);
    const int status = ask_clocks(job->trust, token, signature, ret, &root, err);
    if (status == 0 && ret->stamp == VB_SIG_STAMP_GOOD && root != NULL && root->as_of != 0)
        result->shipped = root;
    return status;
}

/* --- whether he is trusted --- */

static const char *chain_objection(const struct vb_sig_chained *chained,
                                   const struct vb_sig_stamped *stamp)
{
    if (chained->chain == VB_SIG_CHAIN_UNKNOWN)
        return "its certificate leads to none in the trust folder";
    if (chained->chain == VB_SIG_CHAIN_OUTSIDE && stamp->why != NULL)
        return "its certificate is not valid today, and its time stamp is of no clock that is "
               "trusted";
    return chained->why;
}

struct signed_by {
    X509 *cert;
    STACK_OF(X509) * others; /* certificates that came along */
    struct vb_sig_stamped stamp;
};

/* *RET_WHY: why SIGNER is not trusted at the time of his stamp, or now; NULL: he is. */
static int judge_signer(const struct vb_sig_job *job, const struct signed_by *signer,
                        struct vb_sig_result *result, const char **ret_why, struct vb_error *err)
{
    const int64_t when = signer->stamp.stamp == VB_SIG_STAMP_GOOD ? signer->stamp.time : job->now;
    X509 *cert = signer->cert;
    VB_CLEANUP(vb_sig_chained_done) struct vb_sig_chained chained = {0};
    VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = NULL;

    chained.chain = VB_SIG_CHAIN_UNKNOWN;
    *ret_why = vb_sig_cert_use(cert, true);
    int status = vb_sig_cert_key(cert, &key, err);
    if (status == 0 && key == NULL && *ret_why == NULL)
        *ret_why = "the key of its certificate is of a kind that is not checked";
    if (status == 0 && *ret_why == NULL && job->trust != NULL && job->trust->root_certs != NULL) {
        status = vb_sig_chain(cert, signer->others, job->trust->root_certs, when, &chained, err);
        result->clock = when;
    }
    if (status == 0)
        status = describe(job, cert, &chained, result, err);
    if (status < 0 || *ret_why != NULL || chained.chain == VB_SIG_CHAIN_GOOD)
        return status;
    *ret_why = chain_objection(&chained, &signer->stamp);
    return 0;
}

/* The latest of all signers' times, as far as each has one: whoever was revoked before that may
 * have been revoked before he signed. */
static void note_time(struct vb_sig_result *result, const struct vb_sig_stamped *stamp, bool *dated)
{
    *dated = *dated && stamp->stamp == VB_SIG_STAMP_GOOD;
    if (stamp->stamp == VB_SIG_STAMP_GOOD && stamp->time > result->signed_at)
        result->signed_at = stamp->time;
}

/* What is proven is when, where all of them are; else that it is good now. */
static void conclude_time(const struct vb_sig_job *job, struct vb_sig_result *result, bool dated)
{
    if (dated) {
        result->clock = result->signed_at;
        result->clock_source = "authority";
        return;
    }
    result->signed_at = 0;
    if (result->clock != 0)
        result->clock = job->now;
}

/* All signers must be trusted; the last one is named. */
static int judge(const struct vb_sig_job *job, CMS_ContentInfo *cms, struct vb_sig_result *result,
                 struct vb_error *err)
{
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
    VB_CLEANUP(vb_sig_certs_free) STACK_OF(X509) *others = CMS_get1_certs(cms);
    const char *why = NULL;
    bool dated = true;

    if (sk_X509_num(others) > CERTS_MAX)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE, "CMS with too many certificates");
    for (int i = 0; why == NULL && i < sk_CMS_SignerInfo_num(signers); i++) {
        CMS_SignerInfo *info = sk_CMS_SignerInfo_value(signers, i);
        struct signed_by signer = {.others = others};
        int status = stamped(job, info, result, &signer.stamp, err);
        if (status == 0 && signer.stamp.stamp == VB_SIG_STAMP_BAD)
            return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "CMS: %s", signer.stamp.why);
        CMS_SignerInfo_get0_algs(info, NULL, &signer.cert, NULL, NULL);
        if (status == 0)
            status = judge_signer(job, &signer, result, &why, err);
        if (status < 0)
            return status;
        note_time(result, &signer.stamp, &dated);
    }
    conclude_time(job, result, dated && why == NULL);
    if (why != NULL) {
        result->shipped = NULL; /* no time is told */
        return vb_sig_conclude(result, VB_SIGNATURE_VALID_UNTRUSTED, "%s", why);
    }
    return vb_sig_conclude(result, VB_SIGNATURE_VALID_TRUSTED,
                           "by a certificate that leads to one in the trust folder");
}

int vb_sig_cms_judge(const struct vb_sig_job *job, struct vb_sig_bytes der, int fd, uint64_t len,
                     struct vb_sig_result *result, struct vb_error *err)
{
    const unsigned char *at = der.data;
    struct range range = {.fd = fd, .end = len};
    bool good = false;

    VB_CLEANUP(cms_free) CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der.len);
    int status = vb_sig_refused(err);
    if (status < 0)
        return status;
    if (cms == NULL || at != der.data + der.len)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                               "no CMS, or something stands behind it");
    look(cms, result);
    if (result->outcome == VB_SIGNATURE_ABSENT)
        status = check_bytes(cms, &range, &good, err);
    if (status < 0 || result->outcome != VB_SIGNATURE_ABSENT)
        return status;
    if (!good)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "the signature is not of this file");
    return judge(job, cms, result, err);
}

/* --- a file of its own --- */

int vb_sig_cms(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err)
{
    static const char *const labels[] = {"PKCS7", "CMS"};
    VB_CLEANUP_FREE unsigned char *plain = malloc(VB_SIG_FILE_MAX);
    VB_CLEANUP_FD int fd = -1;
    struct vb_sig_bytes der = job->data;
    uint64_t size;
    size_t len;

    if (plain == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a signature");
    if (job->size > VB_SIG_FILE_MAX)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "the signature file is larger than 64 KiB");
    for (size_t i = 0; i < VB_ARRAY_LEN(labels); i++) {
        struct vb_sig_bytes text = job->data;
        if (vb_sig_pem(&text, labels[i], plain, VB_SIG_FILE_MAX, &len) && text.len == 0)
            der = (struct vb_sig_bytes){plain, len};
    }
    const int status = vb_sig_open_subject(job, result, &fd, &size, err);
    if (status < 0 || fd < 0)
        return status;
    return vb_sig_cms_judge(job, der, fd, size, result, err);
}
