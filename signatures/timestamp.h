/* Time stamps of RFC 3161 over a signature. */
#ifndef VETBOX_SIGNATURES_TIMESTAMP_H
#define VETBOX_SIGNATURES_TIMESTAMP_H

#include "signatures/trusted_root.h"

enum { VB_SIG_TIMESTAMP_MAX = 64 * 1024 /* bytes */, VB_SIG_TIMESTAMPS_MAX = 8 };

enum vb_sig_stamp {
    VB_SIG_STAMP_GOOD,
    VB_SIG_STAMP_UNKNOWN, /* by no authority that the user believes at that time */
    VB_SIG_STAMP_BAD      /* malformed, or of another signature */
};

struct vb_sig_stamped {
    enum vb_sig_stamp stamp;
    int64_t time;    /* seconds since 1970; says nothing unless it is good */
    const char *why; /* a constant text, where it is not */
};

/* RESPONSE is a DER TimeStampResp; with TOKEN what is in one, as CMS carries it. */
VB_CHECKED int vb_sig_timestamp_token(struct vb_sig_bytes token, struct vb_sig_bytes signature,
                                      const struct vb_sig_authorities *authorities,
                                      struct vb_sig_stamped *ret, struct vb_error *err);
VB_CHECKED int vb_sig_timestamp(struct vb_sig_bytes response, struct vb_sig_bytes signature,
                                const struct vb_sig_authorities *authorities,
                                struct vb_sig_stamped *ret, struct vb_error *err);

#endif
