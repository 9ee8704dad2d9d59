/* authority: the certificate authority of one run, that everything in the box trusts (RFC 5280). It
 * looks like the one of a company's proxy. Its key exists in vetbox's own processes only. */
#ifndef SANDBOX_WORLD_AUTHORITY_H
#define SANDBOX_WORLD_AUTHORITY_H

#include "vetbox/core.h"

struct vb_authority;
/* COMPANY is who it belongs to. It is valid for two years before and after NOW, in seconds since
 * 1970, so that a clock that was moved does no harm. */
VB_CHECKED int vb_authority_new(const char *company, int64_t now, struct vb_authority **ret,
                                struct vb_error *err);
void vb_authority_free(struct vb_authority *authority);
/* Its certificate in PEM, owned by it. */
const char *vb_authority_pem(const struct vb_authority *authority);
/* The same in DER, appended to RET. */
VB_CHECKED int vb_authority_der(const struct vb_authority *authority, struct vb_buf *ret,
                                struct vb_error *err);
/* The file name, without its ".0", by which OpenSSL finds the certificate in a folder of them. */
unsigned long vb_authority_hash(const struct vb_authority *authority);

#endif
