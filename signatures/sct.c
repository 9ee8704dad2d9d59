/* SCTs by hand, because OpenSSL 3.0 reads a list of logs from a file alone. Trust boundary: the
 * certificate is the package's. */
#include "signatures/sct.h"

#include <openssl/ct.h>
#include <openssl/x509v3.h>

#include "signatures/der.h"

enum { SCTS_MAX = 16, KEY_HASH = 32 };

/* 1.3.6.1.4.1.11129.2.4.2 with its tag and length, as it stands in an extension. */
static const unsigned char sct_oid[] = {0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04,
                                        0x01, 0xd6, 0x79, 0x02, 0x04, 0x02};

static void free_openssl(unsigned char **data)
{
    OPENSSL_free(*data);
}

/* --- what was signed: the certificate before the timestamps were put in (RFC 6962, 3.2) --- */

static int append_head(struct vb_buf *buf, unsigned char tag, size_t len, struct vb_error *err)
{
    unsigned char head[5] = {tag};
    size_t n = 1;

    if (len < 0x80) {
        head[n++] = (unsigned char)len;
    } else if (len < 0x100) {
        head[n++] = 0x81;
        head[n++] = (unsigned char)len;
    } else if (len < 0x10000) {
        head[n++] = 0x82;
        head[n++] = (unsigned char)(len >> 8);
        head[n++] = (unsigned char)len;
    } else {
        head[n++] = 0x83;
        head[n++] = (unsigned char)(len >> 16);
        head[n++] = (unsigned char)(len >> 8);
        head[n++] = (unsigned char)len;
    }
    return vb_buf_append(buf, head, n, err);
}

static int append_wrapped(struct vb_buf *buf, unsigned char tag, const struct vb_buf *content,
                          struct vb_error *err)
{
    const int status = append_head(buf, tag, content->len, err);

    return status < 0 ? status : vb_buf_append(buf, content->data, content->len, err);
}

static bool is_sct(struct vb_sig_bytes extension)
{
    struct vb_sig_bytes content;

    return vb_sig_der_whole(extension, VB_SIG_DER_SEQUENCE, &content) &&
           content.len > sizeof(sct_oid) && memcmp(content.data, sct_oid, sizeof(sct_oid)) == 0;
}

/* All extensions of FIELD (the [3] of a certificate) but the timestamps. */
static int other_extensions(struct vb_sig_bytes field, struct vb_buf *ret, bool *ret_good,
                            struct vb_error *err)
{
    struct vb_sig_bytes explicit_tag;
    struct vb_sig_bytes list;
    struct vb_sig_bytes item;
    unsigned char tag;

    *ret_good = vb_sig_der_whole(field, 0xa3, &explicit_tag) &&
                vb_sig_der_whole(explicit_tag, VB_SIG_DER_SEQUENCE, &list);
    while (*ret_good && list.len > 0) {
        *ret_good = vb_sig_der_any(&list, &tag, &item);
        const int status =
            *ret_good && !is_sct(item) ? vb_buf_append(ret, item.data, item.len, err) : 0;
        if (status < 0)
            return status;
    }
    return 0;
}

/* The fields of the certificate's signed part, the extensions without the timestamps. */
static int rewrite_fields(struct vb_sig_bytes fields, struct vb_buf *ret, bool *ret_good,
                          struct vb_error *err)
{
    enum { EXTENSIONS = 0xa3 };
    int status = 0;

    *ret_good = true;
    while (status == 0 && *ret_good && fields.len > 0) {
        VB_CLEANUP(vb_buf_done) struct vb_buf extensions = {0};
        VB_CLEANUP(vb_buf_done) struct vb_buf list = {0};
        struct vb_sig_bytes field;
        unsigned char tag = 0;

        *ret_good = vb_sig_der_any(&fields, &tag, &field);
        if (!*ret_good)
            return 0;
        if (tag != EXTENSIONS) {
            status = vb_buf_append(ret, field.data, field.len, err);
            continue;
        }
        vb_buf_init(&extensions, VB_SIG_CERT_MAX);
        vb_buf_init(&list, VB_SIG_CERT_MAX + 8);
        status = other_extensions(field, &extensions, ret_good, err);
        if (status == 0 && *ret_good)
            status = append_wrapped(&list, VB_SIG_DER_SEQUENCE, &extensions, err);
        if (status == 0 && *ret_good)
            status = append_wrapped(ret, EXTENSIONS, &list, err);
    }
    return status;
}

static int precertificate(struct vb_sig_bytes cert, struct vb_buf *ret, bool *ret_good,
                          struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf fields = {0};
    struct vb_sig_bytes outer;
    struct vb_sig_bytes inner;

    vb_buf_init(&fields, VB_SIG_CERT_MAX + 16);
    *ret_good = vb_sig_der_whole(cert, VB_SIG_DER_SEQUENCE, &outer) &&
                vb_sig_der_get(&outer, VB_SIG_DER_SEQUENCE, &inner);
    int status = *ret_good ? rewrite_fields(inner, &fields, ret_good, err) : 0;
    if (status == 0 && *ret_good)
        status = append_wrapped(ret, VB_SIG_DER_SEQUENCE, &fields, err);
    return status;
}

/* --- the timestamps --- */

struct sct {
    const unsigned char *log_id;
    uint64_t time; /* milliseconds */
    struct vb_sig_bytes extensions;
    unsigned char hash;
    unsigned char algorithm;
    struct vb_sig_bytes signature;
};

static bool take(struct vb_sig_bytes *in, size_t len, struct vb_sig_bytes *ret)
{
    if (len > in->len)
        return false;
    *ret = (struct vb_sig_bytes){.data = in->data, .len = len};
    in->data += len;
    in->len -= len;
    return true;
}

/* A field behind its length in two bytes. */
static bool take_u16(struct vb_sig_bytes *in, struct vb_sig_bytes *ret)
{
    struct vb_sig_bytes head;

    return take(in, 2, &head) && take(in, (size_t)head.data[0] << 8 | head.data[1], ret);
}

static bool parse_sct(struct vb_sig_bytes in, struct sct *ret)
{
    enum { HEAD = 1 + VB_SIG_LOG_ID + 8 };
    struct vb_sig_bytes head;
    struct vb_sig_bytes algorithms;

    if (!take(&in, HEAD, &head) || head.data[0] != 0 || !take_u16(&in, &ret->extensions) ||
        !take(&in, 2, &algorithms) || !take_u16(&in, &ret->signature) || in.len != 0)
        return false;
    ret->log_id = head.data + 1;
    ret->time = 0;
    for (size_t i = 0; i < 8; i++)
        ret->time = ret->time << 8 | head.data[1 + VB_SIG_LOG_ID + i];
    ret->hash = algorithms.data[0];
    ret->algorithm = algorithms.data[1];
    return true;
}

/* RFC 5246, 7.4.1.4.1: SHA-256 with what fits to the key. */
static bool algorithm_fits(const struct sct *sct, EVP_PKEY *key)
{
    enum { TLS_SHA256 = 4, TLS_RSA = 1, TLS_ECDSA = 3 };
    const int kind = EVP_PKEY_get_base_id(key);

    return sct->hash == TLS_SHA256 && ((kind == EVP_PKEY_EC && sct->algorithm == TLS_ECDSA) ||
                                       (kind == EVP_PKEY_RSA && sct->algorithm == TLS_RSA));
}

static int signed_data(const struct sct *sct, const unsigned char issuer[KEY_HASH],
                       const struct vb_buf *cert, struct vb_buf *ret, struct vb_error *err)
{
    unsigned char head[12] = {0}; /* version 1, a timestamp of a certificate */
    const unsigned char length[3] = {(unsigned char)(cert->len >> 16),
                                     (unsigned char)(cert->len >> 8), (unsigned char)cert->len};
    const unsigned char extensions[2] = {(unsigned char)(sct->extensions.len >> 8),
                                         (unsigned char)sct->extensions.len};

    for (size_t i = 0; i < 8; i++)
        head[2 + i] = (unsigned char)(sct->time >> (56 - 8 * i));
    head[11] = 1; /* of what will be a certificate */
    const struct vb_sig_bytes parts[] = {
        {head, sizeof(head)},    {issuer, KEY_HASH}, {length, sizeof(length)},
        {cert->data, cert->len}, {extensions, 2},    sct->extensions,
    };
    int status = 0;
    for (size_t i = 0; status == 0 && i < VB_ARRAY_LEN(parts); i++)
        status = vb_buf_append(ret, parts[i].data, parts[i].len, err);
    return status;
}

static int check_sct(const struct sct *sct, const unsigned char issuer[KEY_HASH],
                     const struct vb_buf *cert, const struct vb_sig_logs *logs,
                     enum vb_sig_logged *ret, struct vb_error *err)
{
    const struct vb_sig_log *log = vb_sig_log_find(logs, sct->log_id);
    VB_CLEANUP(vb_buf_done) struct vb_buf data = {0};
    bool good = false;

    *ret = VB_SIG_LOGGED_UNKNOWN;
    if (log == NULL || sct->time / 1000 > INT64_MAX ||
        !vb_sig_within(&log->period, (int64_t)(sct->time / 1000)))
        return 0;
    *ret = VB_SIG_LOGGED_BAD;
    if (!algorithm_fits(sct, log->key))
        return 0;
    vb_buf_init(&data, 2 * VB_SIG_CERT_MAX + 0x20000);
    int status = signed_data(sct, issuer, cert, &data, err);
    if (status == 0)
        status = vb_sig_check(log->key, "SHA256",
                              (struct vb_sig_bytes){.data = data.data, .len = data.len},
                              sct->signature, &good, err);
    if (status == 0 && good)
        *ret = VB_SIG_LOGGED;
    return status;
}

/* Each timestamp of LIST against its log. */
static int check_list(struct vb_sig_bytes list, const unsigned char issuer[KEY_HASH],
                      const struct vb_buf *cert, const struct vb_sig_logs *logs,
                      enum vb_sig_logged *ret, struct vb_error *err)
{
    struct vb_sig_bytes item;
    struct vb_sig_bytes all;
    size_t count = 0;

    *ret = VB_SIG_LOGGED_BAD;
    if (!take_u16(&list, &all) || list.len != 0)
        return 0;
    *ret = all.len == 0 ? VB_SIG_LOGGED_NOT : VB_SIG_LOGGED_UNKNOWN;
    while (all.len > 0) {
        enum vb_sig_logged one = VB_SIG_LOGGED_BAD;
        struct sct sct;
        int status = 0;
        if (++count <= SCTS_MAX && take_u16(&all, &item) && parse_sct(item, &sct))
            status = check_sct(&sct, issuer, cert, logs, &one, err);
        if (status < 0)
            return status;
        if (one == VB_SIG_LOGGED_BAD) {
            *ret = one;
            return 0;
        }
        if (one == VB_SIG_LOGGED)
            *ret = one;
    }
    return 0;
}

static int issuer_hash(const X509 *issuer, unsigned char ret[VB_SIG_DIGEST_MAX],
                       struct vb_error *err)
{
    VB_CLEANUP(free_openssl) unsigned char *spki = NULL;
    size_t len;

    const int spki_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(issuer), &spki);
    if (spki_len <= 0)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a certificate's key");
    return vb_sig_hash("SHA256", (struct vb_sig_bytes){.data = spki, .len = (size_t)spki_len}, ret,
                       &len, err);
}

/* The content of the extension's OCTET STRING within the OCTET STRING; empty where there is none.
 * False where it stands there twice or is malformed. */
static bool find_list(const X509 *leaf, struct vb_sig_bytes *ret)
{
    const int at = X509_get_ext_by_NID(leaf, NID_ct_precert_scts, -1);

    *ret = (struct vb_sig_bytes){0};
    if (at < 0)
        return true;
    if (X509_get_ext_by_NID(leaf, NID_ct_precert_scts, at) >= 0)
        return false;
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(leaf, at));
    return vb_sig_der_whole((struct vb_sig_bytes){.data = ASN1_STRING_get0_data(value),
                                                  .len = (size_t)ASN1_STRING_length(value)},
                            VB_SIG_DER_OCTETS, ret);
}

int vb_sig_sct(const X509 *leaf, const X509 *issuer, const struct vb_sig_logs *logs,
               enum vb_sig_logged *ret, struct vb_error *err)
{
    VB_CLEANUP(free_openssl) unsigned char *der = NULL;
    VB_CLEANUP(vb_buf_done) struct vb_buf cert = {0};
    unsigned char hash[VB_SIG_DIGEST_MAX];
    struct vb_sig_bytes list;
    bool good = false;

    *ret = VB_SIG_LOGGED_BAD;
    if (!find_list(leaf, &list))
        return 0;
    if (list.data == NULL) {
        *ret = VB_SIG_LOGGED_NOT;
        return 0;
    }
    const int len = i2d_X509(leaf, &der);
    if (len <= 0)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a certificate");
    vb_buf_init(&cert, VB_SIG_CERT_MAX + 32);
    int status =
        precertificate((struct vb_sig_bytes){.data = der, .len = (size_t)len}, &cert, &good, err);
    if (status == 0 && good)
        status = issuer_hash(issuer, hash, err);
    if (status == 0 && good)
        status = check_list(list, hash, &cert, logs, ret, err);
    return status;
}
