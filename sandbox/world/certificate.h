/* certificate: what tls.c asks of an authority. Apart from authority.h, which knows no OpenSSL. */
#ifndef SANDBOX_WORLD_CERTIFICATE_H
#define SANDBOX_WORLD_CERTIFICATE_H

#include <openssl/x509.h>

#include "sandbox/world/authority.h"

/* Owned by AUTHORITY. */
X509 *vb_authority_certificate(const struct vb_authority *authority);
/* A certificate of a server with KEY for HOST (hostile), an address in text or a name; owned by the
 * caller. */
VB_CHECKED int vb_authority_issue(const struct vb_authority *authority, const char *host,
                                  bool is_address, EVP_PKEY *key, X509 **ret, struct vb_error *err);

#endif
