/* What proves when a bundle was signed, and that it was said in public: log entries and time
 * stamps, against the user's trusted root. */
#ifndef VETBOX_SIGNATURES_EVIDENCE_H
#define VETBOX_SIGNATURES_EVIDENCE_H

#include "signatures/bundle.h"

struct vb_sig_evidence {
    int64_t times[VB_SIG_ENTRIES_PER_BUNDLE + VB_SIG_TIMESTAMPS_MAX]; /* seconds since 1970 */
    size_t time_count;
    bool stamped;          /* at least one is of a time stamp authority, not of a log */
    size_t logged;         /* entries that are proven to be in a log of the trusted root */
    const char *unstamped; /* a constant text: a time stamp that no authority of the trusted root
                              made; NULL: there is none */
    const char *doubt;     /* a constant text: what could not be checked; NULL: nothing */
};

/* ROOT may be empty: what needs no key of it is checked all the same. *ret_why, a constant text,
 * says what is wrong with the bundle and is left alone otherwise. RET is zeroed. */
VB_CHECKED int vb_sig_evidence(const struct vb_sig_signed *signed_by,
                               const struct vb_sig_trusted_root *root, struct vb_sig_evidence *ret,
                               const char **ret_why, struct vb_error *err);

/* The earliest of the times, 0 where there is none. */
int64_t vb_sig_evidence_time(const struct vb_sig_evidence *evidence);

#endif
