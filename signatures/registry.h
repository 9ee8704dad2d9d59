/* What an index told of the artifact when it was fetched: digests, signatures, keys, attestations
 * (docs/registry-signatures.md). Whoever runs the index could have made up all of it. */
#ifndef VETBOX_SIGNATURES_REGISTRY_H
#define VETBOX_SIGNATURES_REGISTRY_H

#include "signatures/cover.h"
#include "signatures/sigstore.h"

enum { VB_SIG_RECORD_MAX = 16 * 1024 * 1024, VB_SIG_TOLD_MAX = 32 /* signatures of one kind */ };

struct vb_sig_told {
    struct vb_sig_job job; /* its path is the artifact's name; there is no file of a signature */
    struct vb_sig_artifact artifact;
    const json_t *record;
    const char *name; /* of the package, in the index */
    const char *version;
    struct vb_sig_cover *cover;
    struct vb_sink *sink;
};

/* What the index told of WORK's artifact; *ret stays NULL where nothing was, or nothing readable.
 */
VB_CHECKED int vb_sig_record(const struct vb_verify_job *work, struct vb_sink *sink, json_t **ret,
                             struct vb_error *err);
/* Verifies all that RECORD, which may be NULL, holds; emits fetch.digest and signature.result. */
VB_CHECKED int vb_sig_registry(const struct vb_sig_job *job, const struct vb_verify_job *work,
                               const json_t *record, struct vb_sig_cover *cover,
                               struct vb_sink *sink, struct vb_error *err);

/* A result that is over the whole artifact goes into the coverage and the log. MORE is put behind
 * its reason, whatever trust.yaml makes of that. */
VB_CHECKED int vb_sig_told_emit(struct vb_sig_told *told, struct vb_sig_result *result,
                                const char *more, struct vb_error *err);
/* Why the record lacks KEY, in the fetcher's words, or NULL. */
const char *vb_sig_told_missing(const struct vb_sig_told *told, const char *key);

/* A digest of an integrity string (W3C Subresource Integrity) and whether the artifact has it.
 * *ret_at walks over the string; returns false at its end. */
struct vb_sig_integrity {
    const char *algorithm; /* OpenSSL's name; NULL: none that we know */
    unsigned char digest[VB_SIG_DIGEST_MAX];
    size_t len;
};
bool vb_sig_integrity_next(const char **ret_at, struct vb_sig_integrity *ret);

/* --- npm --- */

/* A key of the registry by its id, in its own notation. */
struct vb_sig_npm_key {
    EVP_PKEY *key;       /* NULL: there is none, or none that can be used */
    const char *trusted; /* name of the same key in the trust folder, or NULL */
    char id[VB_SIG_KEY_ID];
    int64_t expires; /* 0: never */
    const char *why; /* where there is no key: a constant text */
};
void vb_sig_npm_key_done(struct vb_sig_npm_key *key); /* for VB_CLEANUP */
VB_CHECKED int vb_sig_npm_key(const struct vb_sig_told *told, struct vb_sig_bytes id,
                              struct vb_sig_npm_key *ret, struct vb_error *err);

VB_CHECKED int vb_sig_npm(struct vb_sig_told *told, struct vb_error *err);

/* Compares the tree, all of whose FILES are sorted, with the list of a version's files that ClawHub
 * gave, and emits signature.list. */
VB_CHECKED int vb_sig_clawhub(const struct vb_sig_told *told, const struct vb_sig_paths *files,
                              struct vb_error *err);

/* --- attestations --- */

/* npm's, of its own form. */
VB_CHECKED int vb_sig_npm_attestations(struct vb_sig_told *told, struct vb_error *err);
/* PyPI's (PEP 740). */
VB_CHECKED int vb_sig_pypi_attestations(struct vb_sig_told *told, struct vb_error *err);

/* --- where it is said to come from --- */

/* HOST/OWNER/REPOSITORY in lower case of an address in any of the notations in use, "" where it is
 * none. */
void vb_sig_repository(struct vb_sig_bytes address, char *ret, size_t size);
/* Whether the package's own manifest names a repository, and none that is REPOSITORY; RET is then
 * one that it names. */
VB_CHECKED int vb_sig_repository_differs(const struct vb_sig_told *told, const char *repository,
                                         char *ret, size_t size, bool *ret_differs,
                                         struct vb_error *err);

/* Whom a certificate names. */
struct vb_sig_signer_told {
    const char *name;       /* his identity */
    const char *repository; /* as above; "": it names none */
};
/* RET is the author's mail address or page as package.json has it where the certificate is another
 * one's: an identity that is a mail address, or an owner on the same host. Else "". */
VB_CHECKED int vb_sig_author_differs(const struct vb_sig_told *told,
                                     const struct vb_sig_signer_told *signer, char *ret,
                                     size_t size, struct vb_error *err);

#endif
