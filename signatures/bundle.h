/* Sigstore bundles (sigstore/protobuf-specs, sigstore_bundle.proto; versions 0.1 to 0.3): read
 * whole and strictly, before anything is verified. */
#ifndef VETBOX_SIGNATURES_BUNDLE_H
#define VETBOX_SIGNATURES_BUNDLE_H

#include "signatures/statement.h"
#include "signatures/timestamp.h"
#include "signatures/tlog.h"

enum { VB_SIG_BUNDLE_MAX = 4 * 1024 * 1024, VB_SIG_HINT_MAX = 512 /* bytes */ };

enum vb_sig_material { VB_SIG_BY_CERTIFICATE, VB_SIG_BY_CHAIN, VB_SIG_BY_KEY };

struct vb_sig_bundle {
    json_t *json;
    unsigned version; /* 1, 2 or 3 for 0.1, 0.2 and 0.3 */
    enum vb_sig_material material;
    STACK_OF(X509) * certs; /* leaf first; NULL for a key */
    EVP_PKEY *told_key;     /* a key within the bundle itself, which proves nothing; may be NULL */
    struct vb_sig_bytes hint; /* which key, may be empty */
    struct vb_sig_entry entries[VB_SIG_ENTRIES_PER_BUNDLE];
    size_t entry_count;
    struct vb_buf timestamps[VB_SIG_TIMESTAMPS_MAX];
    size_t timestamp_count;
    bool is_dsse;
    struct vb_sig_dsse dsse;                       /* exactly one signature */
    unsigned char signature[VB_SIG_SIGNATURE_MAX]; /* of a message, or of DSSE */
    size_t signature_len;
    const char *told_algorithm; /* of the message's digest, which nobody signed; may be NULL */
    unsigned char told_digest[VB_SIG_DIGEST_MAX];
    size_t told_len;
};
void vb_sig_bundle_done(struct vb_sig_bundle *bundle); /* for VB_CLEANUP */

/* Fills RET, zeroed. Where TEXT is no bundle WHY says why not, and is left alone otherwise. A
 * bundle of a later version is *ret_unknown and not read. */
VB_CHECKED int vb_sig_bundle(struct vb_sig_bytes text, struct vb_sig_bundle *ret, bool *ret_unknown,
                             char *why, size_t why_size, struct vb_error *err);

/* The digest of what BUNDLE signs: ARTIFACT, or the encoding of its envelope. */
VB_CHECKED int vb_sig_bundle_digest(const struct vb_sig_bundle *bundle,
                                    struct vb_sig_artifact *artifact, const char *algorithm,
                                    unsigned char ret[VB_SIG_DIGEST_MAX], size_t *ret_len,
                                    struct vb_error *err);

/* A bundle, the key that its signature was verified with, and what it signs. */
struct vb_sig_signed {
    const struct vb_sig_bundle *bundle;
    EVP_PKEY *key;
    struct vb_sig_artifact *artifact; /* NULL: its envelope alone */
};

/* The body of ENTRY says what SIGNED_BY is: this signature by this key or certificate over this
 * file or envelope. *ret_known is false where it is of a kind that we do not know. */
VB_CHECKED int vb_sig_body(const struct vb_sig_entry *entry, const struct vb_sig_signed *signed_by,
                           bool *ret_known, const char **ret_why, struct vb_error *err);

#endif
