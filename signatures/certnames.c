/* What a certificate says about whom it was given to. Trust boundary: a certificate of the package;
 * none of it is believed before its chain was verified, and its texts are bounded and UTF-8. */
#include <openssl/x509v3.h>

#include "signatures/der.h"
#include "signatures/internal.h"
#include "signatures/x509.h"

/* 1.3.6.1.4.1.57264.1, the arc below which all of Fulcio's extensions stand. */
static const unsigned char fulcio_arc[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30, 0x01};

/* The number after that arc, 0 where OBJECT is something else. */
static size_t fulcio_number(const ASN1_OBJECT *object)
{
    const unsigned char *oid = OBJ_get0_data(object);

    if (OBJ_length(object) != sizeof(fulcio_arc) + 1 ||
        memcmp(oid, fulcio_arc, sizeof(fulcio_arc)) != 0)
        return 0;
    return oid[sizeof(fulcio_arc)];
}

static enum vb_sig_identity copy_name(struct vb_sig_bytes text, char ret[VB_SIG_NAME_MAX])
{
    if (text.len == 0 || !vb_utf8_valid(text.data, text.len) ||
        memchr(text.data, '\0', text.len) != NULL)
        return VB_SIG_IDENTITY_NONE;
    if (text.len >= VB_SIG_NAME_MAX)
        return VB_SIG_IDENTITY_TOO_LONG;
    memcpy(ret, text.data, text.len);
    ret[text.len] = '\0';
    return VB_SIG_IDENTITY_ONE;
}

static struct vb_sig_bytes string_bytes(const ASN1_STRING *string)
{
    return (struct vb_sig_bytes){.data = ASN1_STRING_get0_data(string),
                                 .len = (size_t)ASN1_STRING_length(string)};
}

static void names_free(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
}

/* The text of an otherName of Fulcio's type 7, a user name. */
static enum vb_sig_identity user_name(const OTHERNAME *other, char ret[VB_SIG_NAME_MAX])
{
    enum { USER_NAME = 7 };

    return fulcio_number(other->type_id) == USER_NAME && other->value->type == V_ASN1_UTF8STRING
               ? copy_name(string_bytes(other->value->value.utf8string), ret)
               : VB_SIG_IDENTITY_NONE;
}

enum vb_sig_identity vb_sig_cert_identity(const X509 *cert, char ret[VB_SIG_NAME_MAX])
{
    VB_CLEANUP(names_free)
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

    if (sk_GENERAL_NAME_num(names) != 1)
        return VB_SIG_IDENTITY_NONE;
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, 0);
    switch (name->type) {
    case GEN_URI:
        return copy_name(string_bytes(name->d.uniformResourceIdentifier), ret);
    case GEN_EMAIL:
        return copy_name(string_bytes(name->d.rfc822Name), ret);
    case GEN_OTHERNAME:
        return user_name(name->d.otherName, ret);
    default:
        return VB_SIG_IDENTITY_NONE;
    }
}

void vb_sig_cert_subject(const X509 *cert, char ret[VB_SIG_NAME_MAX])
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    unsigned char *utf8 = NULL;

    ret[0] = '\0';
    const X509_NAME_ENTRY *entry = at >= 0 ? X509_NAME_get_entry(subject, at) : NULL;
    const int len =
        entry != NULL ? ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry)) : -1;
    if (len < 0 || copy_name((struct vb_sig_bytes){.data = utf8, .len = (size_t)len}, ret) !=
                       VB_SIG_IDENTITY_ONE)
        X509_NAME_oneline(subject, ret, VB_SIG_NAME_MAX);
    OPENSSL_free(utf8);
}

const char *vb_sig_fact_name(size_t number)
{
    static const char *const names[VB_SIG_FACTS] = {
        [9] = "build-signer",
        [11] = "runner",
        [12] = "source-repository",
        [13] = "source-commit",
        [14] = "source-ref",
        [15] = "source-repository-id",
        [16] = "source-owner",
        [17] = "source-owner-id",
        [18] = "build-config",
        [20] = "build-trigger",
        [21] = "build-run",
        [22] = "source-visibility",
        [23] = "deployment-environment",
    };
    return number < VB_SIG_FACTS ? names[number] : NULL;
}

/* Up to .6 the value is the text itself, from .8 on a UTF8String. */
static bool fact_value(size_t number, struct vb_sig_bytes value, struct vb_sig_bytes *ret)
{
    enum { LAST_RAW = 6 };
    struct vb_sig_bytes text = value;

    if (number > LAST_RAW && !vb_sig_der_whole(value, VB_SIG_DER_UTF8, &text))
        return false;
    *ret = text;
    return text.len < 4096 && vb_utf8_valid(text.data, text.len) &&
           memchr(text.data, '\0', text.len) == NULL;
}

bool vb_sig_cert_facts(const X509 *cert, struct vb_sig_facts *ret)
{
    const int count = X509_get_ext_count(cert);

    *ret = (struct vb_sig_facts){0};
    for (int i = 0; i < count; i++) {
        X509_EXTENSION *extension = X509_get_ext(cert, i);
        const size_t number = fulcio_number(X509_EXTENSION_get_object(extension));
        if (number == 0 || number >= VB_SIG_FACTS || number == 7)
            continue;
        if (ret->items[number].data != NULL ||
            !fact_value(number, string_bytes(X509_EXTENSION_get_data(extension)),
                        &ret->items[number]))
            return false;
    }
    return true;
}

struct vb_sig_bytes vb_sig_facts_issuer(const struct vb_sig_facts *facts)
{
    const struct vb_sig_bytes *issuer = &facts->items[VB_SIG_FACT_ISSUER];

    return issuer->len > 0 ? *issuer : facts->items[VB_SIG_FACT_ISSUER_OLD];
}
