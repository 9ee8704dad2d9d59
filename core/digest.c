/* Digests by libcrypto. */
#include "vetbox/core/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <unistd.h>

struct vb_digest {
    EVP_MD_CTX *ctx;
};

int vb_digest_new(enum vb_digest_kind kind, struct vb_digest **ret, struct vb_error *err)
{
    struct vb_digest *digest = calloc(1, sizeof(*digest));
    if (digest == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "starting a digest");
    digest->ctx = EVP_MD_CTX_new();
    const EVP_MD *md = kind == VB_DIGEST_SHA512 ? EVP_sha512() : EVP_sha256();
    if (digest->ctx == NULL || EVP_DigestInit_ex(digest->ctx, md, NULL) != 1) {
        vb_digest_free(digest);
        return vb_fail(err, VB_E_SOFTWARE, 0, "libcrypto cannot start a digest");
    }
    *ret = digest;
    return VB_OK;
}

int vb_digest_update(struct vb_digest *digest, const void *data, size_t len, struct vb_error *err)
{
    if (EVP_DigestUpdate(digest->ctx, data, len) != 1)
        return vb_fail(err, VB_E_SOFTWARE, 0, "libcrypto cannot update a digest");
    return VB_OK;
}

int vb_digest_hex(struct vb_digest *digest, char *ret_hex, struct vb_error *err)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_DigestFinal_ex(digest->ctx, raw, &len) != 1)
        return vb_fail(err, VB_E_SOFTWARE, 0, "libcrypto cannot finish a digest");
    for (unsigned i = 0; i < len; i++) {
        ret_hex[2 * i] = hex[raw[i] >> 4];
        ret_hex[2 * i + 1] = hex[raw[i] & 15];
    }
    ret_hex[2 * (size_t)len] = '\0';
    return VB_OK;
}

void vb_digest_free(struct vb_digest *digest)
{
    if (digest == NULL)
        return;
    EVP_MD_CTX_free(digest->ctx);
    free(digest);
}

static void digest_cleanup(struct vb_digest **digest)
{
    vb_digest_free(*digest);
}

int vb_sha256_hex(const void *data, size_t len, char ret_hex[VB_SHA256_HEX], struct vb_error *err)
{
    VB_CLEANUP(digest_cleanup) struct vb_digest *digest = NULL;
    int status = vb_digest_new(VB_DIGEST_SHA256, &digest, err);
    if (status == VB_OK)
        status = vb_digest_update(digest, data, len, err);
    if (status == VB_OK)
        status = vb_digest_hex(digest, ret_hex, err);
    return status;
}

int vb_sha256_fd(int fd, char ret_hex[VB_SHA256_HEX], struct vb_error *err)
{
    VB_CLEANUP(digest_cleanup) struct vb_digest *digest = NULL;
    int status = vb_digest_new(VB_DIGEST_SHA256, &digest, err);
    unsigned char chunk[65536];
    off_t offset = 0;
    while (status == VB_OK) {
        const ssize_t got = pread(fd, chunk, sizeof(chunk), offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vb_fail(err, VB_E_IO, errno, "reading for a digest");
        if (got == 0)
            return vb_digest_hex(digest, ret_hex, err);
        status = vb_digest_update(digest, chunk, (size_t)got, err);
        offset += got;
    }
    return status;
}
