/* Digests of a signed file. Trust boundary: the file is the package's; it is read, not parsed. */
#include "signatures/artifact.h"

#include <string.h>

#include "signatures/wire.h"

static const struct {
    const char *openssl;
    const char *in_toto; /* also Rekor v1's */
    const char *protobuf;
} algorithms[VB_SIG_DIGESTS] = {
    {"SHA256", "sha256", "SHA2_256"},
    {"SHA384", "sha384", "SHA2_384"},
    {"SHA512", "sha512", "SHA2_512"},
};

const char *vb_sig_digest_algorithm(struct vb_sig_bytes name)
{
    for (size_t i = 0; i < VB_SIG_DIGESTS; i++) {
        if (vb_sig_equals(name, algorithms[i].in_toto) ||
            vb_sig_equals(name, algorithms[i].protobuf))
            return algorithms[i].openssl;
    }
    return NULL;
}

int vb_sig_artifact_digest(struct vb_sig_artifact *artifact, const char *algorithm,
                           struct vb_sig_bytes *ret, struct vb_error *err)
{
    for (size_t i = 0; i < VB_SIG_DIGESTS; i++) {
        if (strcmp(algorithms[i].openssl, algorithm) != 0)
            continue;
        int status = 0;
        if (artifact->digests[i].len == 0)
            status = vb_sig_hash_fd(algorithm, artifact->fd, artifact->digests[i].bytes,
                                    &artifact->digests[i].len, err);
        *ret = (struct vb_sig_bytes){.data = artifact->digests[i].bytes,
                                     .len = artifact->digests[i].len};
        return status;
    }
    return vb_fail(err, VB_E_SOFTWARE, 0, "no digest is called %s", algorithm);
}
