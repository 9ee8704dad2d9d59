/* Signature formats that are recognised and not verified: saying nothing would call a signed
 * package unsigned. Trust boundary: a look at hostile bytes, nothing is parsed. */
#include "signatures/internal.h"

static bool begins(const struct vb_sig_job *job, const char *text)
{
    struct vb_sig_bytes data = job->data;

    return vb_sig_skip(&data, text);
}

static bool contains(const struct vb_sig_job *job, const char *text)
{
    return job->data.len > 0 && memmem(job->data.data, job->data.len, text, strlen(text)) != NULL;
}

bool vb_sig_probe_json(const struct vb_sig_job *job)
{
    size_t i = 0;

    while (i < job->data.len && strchr(" \t\r\n", job->data.data[i]) != NULL &&
           job->data.data[i] != '\0')
        i++;
    return i < job->data.len && job->data.data[i] == '{';
}

bool vb_sig_probe_cms(const struct vb_sig_job *job)
{
    static const unsigned char signed_data[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                                0xf7, 0x0d, 0x01, 0x07, 0x02};

    if (begins(job, "-----BEGIN PKCS7-----") || begins(job, "-----BEGIN CMS-----"))
        return true;
    const size_t window = job->data.len < 32 ? job->data.len : 32;
    return window > 0 && job->data.data[0] == 0x30 &&
           memmem(job->data.data, window, signed_data, sizeof(signed_data)) != NULL;
}

bool vb_sig_probe_zip(const struct vb_sig_job *job)
{
    return begins(job, "PK\x03\x04");
}

/* What a marketplace puts into the extension itself, and the signatures of OPC (ISO/IEC 29500-2).
 */
bool vb_sig_probe_vsix(const struct vb_sig_job *job)
{
    const char *base = vb_path_base(job->path);

    if (strcmp(base, ".signature.p7s") == 0)
        return vb_sig_probe_cms(job);
    if (strcmp(base, ".signature.manifest") == 0)
        return vb_sig_probe_json(job);
    return strcmp(vb_path_extension(base), "psdsxs") == 0 &&
           strstr(job->path, "package/services/digital-signature/") != NULL;
}

bool vb_sig_probe_pem_key(const struct vb_sig_job *job)
{
    return begins(job, "-----BEGIN PUBLIC KEY-----");
}

/* cosign sign-blob --bundle, before there were Sigstore's. */
bool vb_sig_probe_cosign_bundle(const struct vb_sig_job *job)
{
    return vb_sig_probe_json(job) && contains(job, "\"base64Signature\"");
}

/* An unknown .sig is taken for a signature only where the file that it would sign lies beside it:
 * other tools use the ending for other things. */
bool vb_sig_probe_beside(const struct vb_sig_job *job)
{
    const char *why;
    uint64_t size;
    VB_CLEANUP_FD int fd =
        job->subject == NULL ? -1 : vb_sig_open_regular(job->dirfd, job->subject, &size, &why);

    return fd >= 0;
}

int vb_sig_vsix(const struct vb_sig_job *job, struct vb_sig_result *result,
                struct vb_error *err VB_UNUSED)
{
    return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE, "%s", job->format->reason);
}

int vb_sig_known(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err)
{
    /* Covers says what it claims to cover; the outcome says that nobody checked. */
    if (job->subject != NULL && vb_sig_probe_beside(job)) {
        const int status = vb_sig_paths_add(&result->covers, job->subject, err);
        if (status < 0)
            return status;
    }
    return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE, "%s", job->format->reason);
}
