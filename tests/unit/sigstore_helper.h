/* A Sigstore instance of the test's own: an authority, two logs, a log of certificates and a clock,
 * with fresh keys. */
#ifndef VETBOX_TESTS_SIGSTORE_HELPER_H
#define VETBOX_TESTS_SIGSTORE_HELPER_H

#include <openssl/ts.h>
#include <openssl/x509.h>

#include "signatures_helper.h"

enum { SIGNED_AT = 1750000000, CERTIFICATE_LIFE = 600 }; /* seconds since 1970; seconds */

#define SIGNER_URI "https://forge.example/acme/skills/.github/workflows/release.yml@refs/tags/v1"
#define SIGNER_ISSUER "https://issuer.example"

/* What the log entry says otherwise than the bundle. */
enum entry_lie { HONEST, OTHER_DIGEST, OTHER_SIGNATURE, OTHER_KEY };

/* What is to be different from an ordinary bundle of version 0.3 over a file. */
struct scene {
    int version;           /* 1, 2 or 3; 0: 3 */
    bool second_log;       /* Rekor v2, and so a time stamp */
    bool stamped;          /* a time stamp besides the promise */
    const char *statement; /* with dsse: this one instead of one about the file */
    bool intoto;           /* with dsse: the entry is of that kind */
    bool with_root;        /* version 1 and 2: the root stands in the bundle */
    enum entry_lie lie;
    bool other_stamp; /* of another signature */
    bool told_key;    /* with by_key: the key stands in the bundle */
    const char *hint; /* with by_key */
    bool dsse;        /* a statement about the file */
    bool by_key;      /* of the leaf, without a certificate */
    const char *eku;  /* short name; NULL: codeSigning */
    const char *san;  /* NULL: URI:SIGNER_URI */
    bool no_sct;
    bool other_sct;     /* of another certificate */
    bool stranger;      /* by an authority that the trusted root does not have */
    int64_t entered_at; /* 0: SIGNED_AT */
    int64_t stamped_at; /* the same */
    bool no_issuer;     /* the certificate does not say who vouched */
    bool twice;         /* the issuer stands there twice */
};

struct instance {
    EVP_PKEY *ca, *leaf, *log, *log2, *ct, *tsa, *other;
    X509 *ca_cert, *other_cert, *leaf_cert, *tsa_cert;
    struct package package; /* file.txt and file.txt.sigstore.json; trust is the instance's */
};
void instance_init(struct instance *instance);
void instance_done(struct instance *instance);

/* What trusted_root.json says, to be changed and then given to instance_trust. */
json_t *instance_root(const struct instance *instance);
/* The package's trust is ROOT, which is taken, and PEM, one more public key, or NULL. */
void instance_trust(struct instance *instance, json_t *root, EVP_PKEY *pem);

/* A bundle over "file.txt", as SCENE says. */
json_t *instance_bundle(struct instance *instance, const struct scene *scene);
/* A certificate of the leaf's key, as SCENE says. */
X509 *instance_leaf(const struct instance *instance, const struct scene *scene);
/* A time stamp of its clock over SIGNATURE; the caller frees it. */
TS_RESP *instance_stamp(const struct instance *instance, const unsigned char *signature, size_t len,
                        int64_t at);
/* What is said of it as the file NAME; it is taken. */
void instance_verify_as(struct instance *instance, const char *name, json_t *bundle,
                        struct vb_sig_result *ret);
/* The same as the signature of file.txt. */
void instance_verify(struct instance *instance, json_t *bundle, struct vb_sig_result *ret);

#endif
