/* Certificates (RFC 5280) of bundles: read strictly, chained to given roots at a given time.
 * Nothing is looked up: no system store, no revocation, no network. */
#ifndef VETBOX_SIGNATURES_X509_H
#define VETBOX_SIGNATURES_X509_H

#include <openssl/x509.h>

#include "signatures/json.h"

enum {
    VB_SIG_CERT_MAX = 32 * 1024, /* bytes of one certificate's DER */
    VB_SIG_CHAIN_MAX = 32,       /* certificates in a bundle */
    VB_SIG_NAME_MAX = 512        /* bytes of an identity */
};

/* Leaves *ret NULL and returns 0 where DER is no certificate, and nothing but one. */
VB_CHECKED int vb_sig_cert(struct vb_sig_bytes der, X509 **ret, struct vb_error *err);
void vb_sig_cert_free(X509 **cert);              /* for VB_CLEANUP */
void vb_sig_certs_free(STACK_OF(X509) * *certs); /* for VB_CLEANUP */

/* The [{"rawBytes": base64}] of a bundle or a trusted root, in its order. *ret_why says what is
 * wrong with it, and is left alone otherwise. */
VB_CHECKED int vb_sig_certs_json(const json_t *array, STACK_OF(X509) * *ret, const char **ret_why,
                                 struct vb_error *err);

/* The certificate's key where it is of a kind that vetbox checks; else NULL. */
VB_CHECKED int vb_sig_cert_key(const X509 *cert, EVP_PKEY **ret, struct vb_error *err);
/* Whether DER is all of CERT. */
VB_CHECKED int vb_sig_cert_is(const X509 *cert, struct vb_sig_bytes der, bool *ret,
                              struct vb_error *err);

/* What a chain is worth. Unknown: it leads to no root that was given. Outside: a certificate was
 * not valid at that time. Bad: it does not hold together. */
enum vb_sig_chain {
    VB_SIG_CHAIN_GOOD,
    VB_SIG_CHAIN_UNKNOWN,
    VB_SIG_CHAIN_OUTSIDE,
    VB_SIG_CHAIN_BAD
};

struct vb_sig_chained {
    enum vb_sig_chain chain;
    const char *why;    /* where it is not good: a constant text of OpenSSL's */
    const X509 *anchor; /* where it is: the one of the roots that it ends in */
    X509 *issuer;       /* and the certificate that signed the leaf */
};
void vb_sig_chained_done(struct vb_sig_chained *chained); /* for VB_CLEANUP */

/* Chains LEAF to one of ROOTS (each of them is believed by itself) over OTHERS, which may be NULL,
 * at TIME, seconds since 1970. RET is zeroed. */
VB_CHECKED int vb_sig_chain(X509 *leaf, STACK_OF(X509) * others, STACK_OF(X509) * roots,
                            int64_t time, struct vb_sig_chained *ret, struct vb_error *err);
/* Whether every one of CERTS is valid at TIME by its own dates. */
bool vb_sig_certs_valid(const STACK_OF(X509) * certs, int64_t time);

/* NULL if the leaf may sign files: key usage digitalSignature, and extended key usage codeSigning,
 * which may be absent where EKU_NEEDED is false. Else a constant text. */
const char *vb_sig_cert_use(X509 *cert, bool eku_needed);

/* Who the certificate was given to: the one URI, mail address or Fulcio user name in the subject
 * alternative name. None: there is not exactly one of them, of one line. Too long: it has no room,
 * and what was cut could be compared with nothing. */
enum vb_sig_identity { VB_SIG_IDENTITY_ONE, VB_SIG_IDENTITY_NONE, VB_SIG_IDENTITY_TOO_LONG };
enum vb_sig_identity vb_sig_cert_identity(const X509 *cert, char ret[VB_SIG_NAME_MAX]);
/* The common name, or all of the subject, of certificates that name no identity. */
void vb_sig_cert_subject(const X509 *cert, char ret[VB_SIG_NAME_MAX]);

/* --- what Fulcio wrote into a certificate (fulcio docs/oid-info.md) --- */

enum { VB_SIG_FACT_ISSUER_OLD = 1, VB_SIG_FACT_ISSUER = 8, VB_SIG_FACTS = 25 };

/* By the last number of the extension's object identifier, below 1.3.6.1.4.1.57264.1; empty where
 * absent. They point into the certificate. */
struct vb_sig_facts {
    struct vb_sig_bytes items[VB_SIG_FACTS];
};
/* The name of fact NUMBER in events, NULL where it is not told. */
const char *vb_sig_fact_name(size_t number);
/* False where one of them stands there twice or is not of its form. */
bool vb_sig_cert_facts(const X509 *cert, struct vb_sig_facts *ret);
/* The issuer of the identity, empty where there is none. */
struct vb_sig_bytes vb_sig_facts_issuer(const struct vb_sig_facts *facts);

#endif
