/* Finds the signatures of a package and verifies each. Trust boundary: names and bytes below DIRFD
 * are the package's; the trust store was read before by the coordinator. */
#include "signatures/internal.h"

#define NOT_VERIFIED "this version of vetbox recognises the format and does not verify it"

/* The first row whose name and probe fit decides. */
static const struct vb_sig_format formats[] = {
    {"minisign", {".minisig", ".sig"}, vb_sig_minisign_probe, vb_sig_minisign, NULL},
    {"signify", {".sig"}, vb_sig_signify_probe, vb_sig_signify, NULL},
    {"sshsig", {".sig", ".sshsig"}, vb_sig_sshsig_probe, vb_sig_sshsig, NULL},
    {"oms",
     {"skill.oms.sig", "model.sig", ".oms.sig"},
     vb_sig_probe_json,
     vb_sig_known,
     "OpenSSF Model Signing: " NOT_VERIFIED},
    {"sigstore",
     {".sigstore.json", ".sigstore", ".sigstore.jsonl", ".sig"},
     vb_sig_probe_json,
     vb_sig_known,
     "Sigstore bundle: " NOT_VERIFIED},
    {"attestation",
     {".attestation", ".provenance", ".intoto.jsonl", ".intoto.json"},
     vb_sig_probe_json,
     vb_sig_known,
     "attestation: " NOT_VERIFIED},
    {"openpgp",
     {".asc", ".sig", ".sign", ".gpg"},
     vb_sig_probe_openpgp,
     vb_sig_known,
     "OpenPGP: " NOT_VERIFIED},
    {"cms",
     {".signature.p7s", ".p7s", ".p7", ".p7m", ".sig"},
     vb_sig_probe_cms,
     vb_sig_known,
     "CMS (PKCS #7): " NOT_VERIFIED},
    {"mcpb",
     {".mcpb", ".dxt"},
     vb_sig_probe_mcpb,
     vb_sig_known,
     "signature block of an MCP bundle: " NOT_VERIFIED},
    {"vsix",
     {".sigzip", ".signature.zip"},
     vb_sig_probe_zip,
     vb_sig_known,
     "signature archive of a VS Code extension: " NOT_VERIFIED},
    {"cosign", {".sig"}, vb_sig_probe_cosign, vb_sig_known, "cosign blob signature: " NOT_VERIFIED},
    {"cosign-key",
     {"cosign.pub"},
     vb_sig_probe_pem_key,
     vb_sig_known,
     "a public key of the package's own; a key proves nothing by itself"},
    {"unknown",
     {".sig"},
     vb_sig_probe_beside,
     vb_sig_known,
     "no signature format that vetbox knows"},
};

/* SSH signatures name what they were made for. git's is accepted because keys are commonly shared
 * between both; allowed_signers can narrow it. */
static const char *const file_namespaces[] = {"file", "git", NULL};

/* The length of PATH without SUFFIX (0 where SUFFIX is the whole name), or SIZE_MAX. */
static size_t match_suffix(const char *path, const char *suffix)
{
    const char *base = vb_path_base(path);
    const size_t base_len = strlen(base);
    const size_t suffix_len = strlen(suffix);

    if (suffix[0] != '.')
        return strcmp(base, suffix) == 0 ? 0 : SIZE_MAX;
    /* A file that is named like the ending alone signs nothing by its name. */
    if (base_len < suffix_len || strcmp(base + base_len - suffix_len, suffix) != 0)
        return SIZE_MAX;
    return base_len == suffix_len ? 0 : strlen(path) - suffix_len;
}

static size_t match_name(const struct vb_sig_format *format, const char *path)
{
    for (size_t i = 0; i < VB_SIG_SUFFIXES_MAX && format->suffixes[i] != NULL; i++) {
        const size_t stem = match_suffix(path, format->suffixes[i]);
        if (stem != SIZE_MAX)
            return stem;
    }
    return SIZE_MAX;
}

static bool any_name_matches(const char *path)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(formats); i++) {
        if (match_name(&formats[i], path) != SIZE_MAX)
            return true;
    }
    return false;
}

bool vb_sig_recognise(struct vb_sig_job *ret_job, char *subject, size_t subject_size)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(formats); i++) {
        const size_t stem = match_name(&formats[i], ret_job->path);
        if (stem == SIZE_MAX || stem >= subject_size)
            continue;
        memcpy(subject, ret_job->path, stem);
        subject[stem] = '\0';
        ret_job->subject = stem > 0 ? subject : NULL;
        ret_job->format = &formats[i];
        if (formats[i].probe(ret_job))
            return true;
    }
    return false;
}

static bool is_valid(const struct vb_sig_result *result)
{
    return result->outcome == VB_SIGNATURE_VALID_TRUSTED ||
           result->outcome == VB_SIGNATURE_VALID_UNTRUSTED;
}

int vb_sig_examine(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err)
{
    result->format = job->format->name;
    const int status = job->format->verify(job, result, err);
    if (status < 0)
        return status;
    if (is_valid(result) && job->subject != NULL && vb_sig_is_sums(job->subject))
        return vb_sig_sums(job->dirfd, job->subject, result, err);
    return 0;
}

static int could_not_read(struct vb_sink *sink, const char *path, const char *why,
                          struct vb_error *err)
{
    struct vb_event event;

    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "verify");
    vb_event_str(&event, VB_F_WHAT, "signatures");
    vb_event_str(&event, VB_F_REASON, why);
    vb_event_str(&event, VB_F_PATH, path);
    return vb_emit(sink, &event, err);
}

static int examine_file(struct vb_sig_job job, struct vb_sink *sink, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf data = {0};
    const char *why = NULL;
    char subject[4096];

    VB_CLEANUP_FD int fd = vb_sig_open_regular(job.dirfd, job.path, &job.size, &why);
    if (fd < 0)
        return could_not_read(sink, job.path, why, err);
    vb_buf_init(&data, VB_SIG_FILE_MAX + 1);
    int status = vb_sig_read_head(fd, VB_SIG_FILE_MAX + 1, &data, err);
    if (status < 0)
        return vb_wrap(err, "signature file %s", job.path);
    job.fd = fd;
    job.data = (struct vb_sig_bytes){.data = data.data, .len = data.len};
    if (!vb_sig_recognise(&job, subject, sizeof(subject)))
        return 0;
    status = vb_sig_examine(&job, &result, err);
    if (status < 0)
        return vb_wrap(err, "signature file %s", job.path);
    return vb_sig_result_emit(&job, &result, sink, err);
}

int vb_verify(int dirfd, const struct vb_trust *trust, struct vb_sink *sink, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_paths_done) struct vb_sig_paths candidates = {0};
    struct vb_sig_job job = {
        .dirfd = dirfd, .trust = trust, .now = (int64_t)time(NULL), .namespaces = file_namespaces};

    int status = vb_sig_walk(dirfd, any_name_matches, sink, &candidates, err);
    for (size_t i = 0; status == 0 && i < candidates.count; i++) {
        job.path = candidates.items[i];
        status = examine_file(job, sink, err);
    }
    return status;
}
