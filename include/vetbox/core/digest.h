/* SHA-256 and SHA-512 (FIPS 180-4) by libcrypto. */
#ifndef VETBOX_CORE_DIGEST_H
#define VETBOX_CORE_DIGEST_H

#include "vetbox/core/error.h"

enum vb_digest_kind { VB_DIGEST_SHA256, VB_DIGEST_SHA512 };
enum { VB_SHA256_BYTES = 32, VB_SHA512_BYTES = 64, VB_SHA256_HEX = 65, VB_SHA512_HEX = 129 };

struct vb_digest; /* a running computation */

VB_CHECKED int vb_digest_new(enum vb_digest_kind kind, struct vb_digest **ret,
                             struct vb_error *err);
VB_CHECKED int vb_digest_update(struct vb_digest *digest, const void *data, size_t len,
                                struct vb_error *err);
/* Writes the lower-case hex digest and its NUL; RET_HEX holds VB_SHA256_HEX or VB_SHA512_HEX. */
VB_CHECKED int vb_digest_hex(struct vb_digest *digest, char *ret_hex, struct vb_error *err);
void vb_digest_free(struct vb_digest *digest);

/* SHA-256 of a memory range, and of a file from its beginning (the offset is not moved). */
VB_CHECKED int vb_sha256_hex(const void *data, size_t len, char ret_hex[VB_SHA256_HEX],
                             struct vb_error *err);
VB_CHECKED int vb_sha256_fd(int fd, char ret_hex[VB_SHA256_HEX], struct vb_error *err);

#endif
