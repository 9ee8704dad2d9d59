/* CMS (RFC 5652), which PKCS #7 became: detached signatures with certificates. */
#ifndef VETBOX_SIGNATURES_CMS_H
#define VETBOX_SIGNATURES_CMS_H

#include "signatures/internal.h"

/* Judges DER, a signature over the first LEN bytes of FD, which the caller adds to what RESULT
 * covers. */
VB_CHECKED int vb_sig_cms_judge(const struct vb_sig_job *job, struct vb_sig_bytes der, int fd,
                                uint64_t len, struct vb_sig_result *result, struct vb_error *err);

#endif
