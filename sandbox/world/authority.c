/* authority: made with OpenSSL, one elliptic key a run. Nothing here is hostile. See authority.h.
 */
#include "sandbox/world/authority.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "sandbox/world/certificate.h"

struct vb_authority {
    EVP_PKEY *key;
    X509 *certificate;
    char *pem;
    int64_t now; /* when it was made, in truth */
};

enum {
    SERIAL_BYTES = 16,
    DAY_S = 24 * 3600,
    /* A box's clock may be ahead by more than a year (docs/time.md); and a client may refuse what
     * is valid for more than 825 days. */
    ISSUED_DAYS = 10,
    ISSUED_SPREAD_DAYS = 60,
    VALID_DAYS = 750,
    AUTHORITY_AGE_DAYS = 900,
    AUTHORITY_YEARS = 10
};

static int fail(struct vb_error *err)
{
    return vb_fail(err, VB_E_SOFTWARE, 0, "making a certificate: OpenSSL refused");
}

/* --- any certificate --- */

static bool put_serial(X509 *certificate)
{
    unsigned char bytes[SERIAL_BYTES];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return false;
    bytes[0] &= 0x7f; /* a serial number is positive (RFC 5280, 4.1.2.2) */
    BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    const bool done =
        number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return done;
}

static bool put_name(X509_NAME *name, const char *field, const char *value)
{
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)value, -1,
                                      -1, 0) == 1;
}

static bool put_extension(X509 *certificate, X509 *issuer, int what, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, what, value);
    const bool done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

struct validity {
    int64_t begin, end;
};

/* Valid since some moment of the SPREAD days before BEGIN. */
static struct validity valid_from(int64_t begin, unsigned spread, unsigned days)
{
    uint32_t random = 0;
    (void)RAND_bytes((unsigned char *)&random, sizeof(random));
    begin -= (int64_t)(random % (spread * DAY_S));
    return (struct validity){begin, begin + (int64_t)days * DAY_S};
}

/* A certificate for KEY without a name. */
static X509 *new_certificate(EVP_PKEY *key, struct validity valid)
{
    X509 *ret = X509_new();
    if (ret != NULL && X509_set_version(ret, X509_VERSION_3) == 1 && put_serial(ret) &&
        ASN1_TIME_set(X509_getm_notBefore(ret), (time_t)valid.begin) != NULL &&
        ASN1_TIME_set(X509_getm_notAfter(ret), (time_t)valid.end) != NULL &&
        X509_set_pubkey(ret, key) == 1)
        return ret;
    X509_free(ret);
    return NULL;
}

/* --- the authority's own --- */

static bool describe(struct vb_authority *authority, const char *company)
{
    X509 *certificate = authority->certificate;
    X509_NAME *name = X509_get_subject_name(certificate);
    char title[128];
    snprintf(title, sizeof(title), "%s TLS Inspection CA", company);
    return put_name(name, "C", "US") && put_name(name, "O", company) &&
           put_name(name, "OU", "Network Security") && put_name(name, "CN", title) &&
           X509_set_issuer_name(certificate, name) == 1 &&
           put_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE") &&
           put_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           put_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
           X509_sign(certificate, authority->key, EVP_sha256()) > 0;
}

static bool write_pem(struct vb_authority *authority)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    const bool written = memory != NULL && PEM_write_bio_X509(memory, authority->certificate) == 1;
    const long len = written ? BIO_get_mem_data(memory, &bytes) : 0;
    authority->pem = len > 0 ? strndup(bytes, (size_t)len) : NULL;
    BIO_free(memory);
    return authority->pem != NULL;
}

int vb_authority_new(const char *company, int64_t now, struct vb_authority **ret,
                     struct vb_error *err)
{
    struct vb_authority *authority = calloc(1, sizeof(*authority));
    if (authority == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "making a certificate authority");
    /* Here, where OpenSSL's settings are the machine's, and not in a box's root file system. */
    authority->key = OPENSSL_init_ssl(0, NULL) == 1 ? EVP_EC_gen("P-256") : NULL;
    authority->now = now;
    const struct validity valid = valid_from(now - (int64_t)AUTHORITY_AGE_DAYS * DAY_S,
                                             ISSUED_SPREAD_DAYS, AUTHORITY_YEARS * 365);
    authority->certificate = authority->key == NULL ? NULL : new_certificate(authority->key, valid);
    if (authority->certificate == NULL || !describe(authority, company) || !write_pem(authority)) {
        vb_authority_free(authority);
        return fail(err);
    }
    *ret = authority;
    return VB_OK;
}

void vb_authority_free(struct vb_authority *authority)
{
    if (authority == NULL)
        return;
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
    free(authority->pem);
    free(authority);
}

const char *vb_authority_pem(const struct vb_authority *authority)
{
    return authority->pem;
}

int vb_authority_der(const struct vb_authority *authority, struct vb_buf *ret, struct vb_error *err)
{
    unsigned char *der = NULL;
    const int len = i2d_X509(authority->certificate, &der);
    const int status = len > 0 ? vb_buf_append(ret, der, (size_t)len, err)
                               : vb_fail(err, VB_E_NOMEM, 0, "a certificate in DER");
    OPENSSL_free(der);
    return status;
}

unsigned long vb_authority_hash(const struct vb_authority *authority)
{
    return X509_subject_name_hash(authority->certificate);
}

/* --- a server's --- */

X509 *vb_authority_certificate(const struct vb_authority *authority)
{
    return authority->certificate;
}

static bool describe_server(const struct vb_authority *authority, X509 *certificate,
                            const char *host, bool is_address)
{
    /* A common name has at most 64 characters; the one that counts is the alternative name. */
    char alternative[300];
    snprintf(alternative, sizeof(alternative), "%s:%s", is_address ? "IP" : "DNS", host);
    return (strlen(host) > 64 || put_name(X509_get_subject_name(certificate), "CN", host)) &&
           X509_set_issuer_name(certificate, X509_get_subject_name(authority->certificate)) == 1 &&
           put_extension(certificate, authority->certificate, NID_basic_constraints, "CA:FALSE") &&
           put_extension(certificate, authority->certificate, NID_key_usage,
                         "critical,digitalSignature") &&
           put_extension(certificate, authority->certificate, NID_ext_key_usage, "serverAuth") &&
           put_extension(certificate, authority->certificate, NID_authority_key_identifier,
                         "keyid") &&
           put_extension(certificate, authority->certificate, NID_subject_alt_name, alternative) &&
           X509_sign(certificate, authority->key, EVP_sha256()) > 0;
}

/* What a host's name may be made of, and an address: nothing that an extension's text would read as
 * more than one value. */
static bool is_plain(const char *host)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-._:";
    return host[0] != '\0' && strlen(host) < 254 && host[strspn(host, allowed)] == '\0';
}

int vb_authority_issue(const struct vb_authority *authority, const char *host, bool is_address,
                       EVP_PKEY *key, X509 **ret, struct vb_error *err)
{
    const struct validity valid =
        valid_from(authority->now - (int64_t)ISSUED_DAYS * DAY_S, ISSUED_SPREAD_DAYS, VALID_DAYS);
    X509 *certificate = new_certificate(key, valid);
    if (certificate == NULL ||
        !describe_server(authority, certificate, is_plain(host) ? host : "localhost",
                         is_plain(host) && is_address)) {
        X509_free(certificate);
        return fail(err);
    }
    *ret = certificate;
    return VB_OK;
}
