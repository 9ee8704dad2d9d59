/* Signed certificate timestamps (RFC 6962) inside a certificate. */
#ifndef VETBOX_SIGNATURES_SCT_H
#define VETBOX_SIGNATURES_SCT_H

#include "signatures/trusted_root.h"

enum vb_sig_logged {
    VB_SIG_LOGGED,         /* by a log of the trusted root */
    VB_SIG_LOGGED_UNKNOWN, /* or only by others, or at a time when theirs was not valid */
    VB_SIG_LOGGED_NOT,     /* no timestamps */
    VB_SIG_LOGGED_BAD      /* malformed, or not of this certificate */
};

/* LEAF was signed by ISSUER. One good timestamp is enough; a bad one of a known log is not made
 * good by others. */
VB_CHECKED int vb_sig_sct(const X509 *leaf, const X509 *issuer, const struct vb_sig_logs *logs,
                          enum vb_sig_logged *ret, struct vb_error *err);

#endif
