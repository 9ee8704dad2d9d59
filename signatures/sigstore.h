/* Who signed a bundle, and whether the user trusts him. */
#ifndef VETBOX_SIGNATURES_SIGSTORE_H
#define VETBOX_SIGNATURES_SIGSTORE_H

#include "signatures/evidence.h"
#include "signatures/internal.h"

/* Concludes RESULT for BUNDLE: that it was signed by whom, when, and over ARTIFACT (NULL: over its
 * envelope alone, of which nothing was read yet). What the envelope says is the caller's. */
VB_CHECKED int vb_sig_bundle_judge(const struct vb_sig_job *job, const struct vb_sig_bundle *bundle,
                                   struct vb_sig_artifact *artifact, struct vb_sig_result *result,
                                   struct vb_error *err);

bool vb_sig_holds(const struct vb_sig_result *result);

/* Judges TEXT, one of several bundles in the file of JOB. */
VB_CHECKED int vb_sig_bundle_line(const struct vb_sig_job *job, struct vb_sig_bytes text,
                                  struct vb_sig_result *result, struct vb_error *err);

/* Reads the bundle in the file of JOB. *ret_read is false where RESULT is concluded already. */
VB_CHECKED int vb_sig_bundle_read(const struct vb_sig_job *job, struct vb_sig_bundle *ret,
                                  bool *ret_read, struct vb_sig_result *result,
                                  struct vb_error *err);

/* The same for a BUNDLE that is over the folder in which its file lies (OpenSSF Model Signing). */
VB_CHECKED int vb_sig_oms_judge(const struct vb_sig_job *job, const struct vb_sig_bundle *bundle,
                                struct vb_sig_result *result, struct vb_error *err);

#endif
