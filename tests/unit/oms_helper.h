/* Folders signed in this very run by the openssl command, with fresh keys and certificates. */
#ifndef VETBOX_TESTS_OMS_HELPER_H
#define VETBOX_TESTS_OMS_HELPER_H

#include "signatures_helper.h"

/* How a folder is signed; what is NULL or 0 is as usual. */
struct recipe {
    const char *key;       /* P-256, P-384, P-521, RSA or ED25519 */
    bool by_certificate;   /* else by key */
    const char *eku;       /* extended key usage of the leaf; "" for none */
    const char *hash_type; /* sha256 */
    const char *algorithm; /* OpenSSL's name of the same */
    const char *dgst;      /* of the signature: -sha256 */
    int shard_size;
    bool symlinks;
    bool legacy;
    const char *ignored; /* one path */
    const char *extra;   /* one more file in the statement, that need not be there */
    const char *predicate_type;
    const char *duplicate; /* a key of the statement that stands there twice */
};

/* "skill/" in PACKAGE with a few files; keys lie beside it, trust in "trust/". */
void oms_begin(struct package *package);
/* Makes keys as RECIPE says, puts them into the trust folder and reads it. */
void oms_keys(struct package *package, const struct recipe *recipe);
/* Writes skill/skill.oms.sig. */
void oms_sign(const struct package *package, const struct recipe *recipe);
/* oms_begin, oms_keys and oms_sign. */
void oms_make(struct package *package, const struct recipe *recipe);

/* What is said of skill/skill.oms.sig at NOW, seconds since 1970; 0: now. */
void oms_verify(const struct package *package, int64_t now, struct vb_sig_result *ret);
void oms_expect(const struct package *package, int64_t now, enum vb_signature_outcome outcome,
                const char *reason_part);

/* Changes the JSON of skill/skill.oms.sig. */
json_t *oms_read_bundle(const struct package *package);
void oms_write_bundle(const struct package *package, json_t *bundle);

#endif
