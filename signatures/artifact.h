/* The bytes that a bundle signs: a file whose digests are computed once each. */
#ifndef VETBOX_SIGNATURES_ARTIFACT_H
#define VETBOX_SIGNATURES_ARTIFACT_H

#include "signatures/crypto.h"

enum { VB_SIG_DIGESTS = 3 };

struct vb_sig_artifact {
    int fd; /* borrowed */
    struct {
        unsigned char bytes[VB_SIG_DIGEST_MAX];
        size_t len; /* 0: not computed yet */
    } digests[VB_SIG_DIGESTS];
};

/* OpenSSL's name of an algorithm by any name that signature formats use for it (sha256, SHA2_256,
 * ...), NULL where it is none of SHA-256, SHA-384 and SHA-512. */
const char *vb_sig_digest_algorithm(struct vb_sig_bytes name);

/* *RET points into ARTIFACT. ALGORITHM is a name of OpenSSL's. */
VB_CHECKED int vb_sig_artifact_digest(struct vb_sig_artifact *artifact, const char *algorithm,
                                      struct vb_sig_bytes *ret, struct vb_error *err);

#endif
