/* Sigstore bundles beside the file that they sign. Trust boundary: bundle and file are the
 * package's; nothing of either is believed before it is judged. */
#include "signatures/sigstore.h"

bool vb_sig_holds(const struct vb_sig_result *result)
{
    return result->outcome == VB_SIGNATURE_VALID_TRUSTED ||
           result->outcome == VB_SIGNATURE_VALID_UNTRUSTED;
}

static int invalid(struct vb_sig_result *result, const char *why)
{
    return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "%s", why);
}

static int parse(struct vb_sig_bytes text, struct vb_sig_bundle *ret, bool *ret_read,
                 struct vb_sig_result *result, struct vb_error *err)
{
    bool unknown = false;
    char why[256] = "";

    const int status = vb_sig_bundle(text, ret, &unknown, why, sizeof(why), err);
    if (status < 0)
        return status;
    *ret_read = why[0] == '\0';
    if (*ret_read)
        return 0;
    return vb_sig_conclude(result, unknown ? VB_SIGNATURE_UNVERIFIABLE : VB_SIGNATURE_INVALID, "%s",
                           why);
}

int vb_sig_bundle_read(const struct vb_sig_job *job, struct vb_sig_bundle *ret, bool *ret_read,
                       struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};

    *ret_read = false;
    vb_buf_init(&text, VB_SIG_BUNDLE_MAX + 1);
    const int status = vb_sig_read_head(job->fd, VB_SIG_BUNDLE_MAX + 1, &text, err);
    if (status == 0 && text.len > VB_SIG_BUNDLE_MAX)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "a bundle larger than 4 MiB is not read");
    return status < 0 ? status
                      : parse((struct vb_sig_bytes){.data = text.data, .len = text.len}, ret,
                              ret_read, result, err);
}

/* The file must be among what the statement is about. */
static int check_statement(const struct vb_sig_bundle *bundle, struct vb_sig_artifact *artifact,
                           struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_statement_done) struct vb_sig_statement statement = {0};
    char why[256] = "";
    bool covers = false;

    int status = vb_sig_statement(&bundle->dsse, &statement, why, sizeof(why), err);
    if (status == 0 && why[0] == '\0')
        status = vb_sig_statement_covers(&statement, artifact, &covers, err);
    if (status < 0)
        return status;
    if (why[0] != '\0')
        return invalid(result, why);
    if (!covers)
        return invalid(result, "what is signed is a statement about other files");
    if (vb_sig_statement_endorses(&statement))
        return 0;
    vb_sig_paths_done(&result->covers);
    return vb_sig_conclude(result, result->outcome,
                           "a statement of type %.*s, which does not sign the file it is about",
                           vb_sig_cut(statement.predicate_type, 200),
                           (const char *)statement.predicate_type.data);
}

/* The name of a folder's signature may be anything. */
static bool is_of_folder(const struct vb_sig_bundle *bundle)
{
    static const char predicates[] = "https://model_signing/";
    const struct vb_buf *payload = &bundle->dsse.payload;

    return bundle->is_dsse && payload->len > 0 &&
           memmem(payload->data, payload->len, predicates, sizeof(predicates) - 1) != NULL;
}

bool vb_sig_sigstore_probe(const struct vb_sig_job *job)
{
    static const char media_type[] = "application/vnd.dev.sigstore.bundle";
    static const char *const names[] = {".sigstore.json", ".sigstore"};
    const size_t len = strlen(job->path);

    if (!vb_sig_probe_json(job))
        return false;
    /* The name alone decides, so that a damaged bundle is invalid and not merely unknown. */
    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++) {
        const size_t suffix = strlen(names[i]);
        if (len > suffix && strcmp(job->path + len - suffix, names[i]) == 0)
            return true;
    }
    return memmem(job->data.data, job->data.len, media_type, sizeof(media_type) - 1) != NULL;
}

/* Over the file that the bundle's is named after. */
static int judge_file(const struct vb_sig_job *job, const struct vb_sig_bundle *bundle,
                      struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = -1;
    uint64_t size;

    int status = vb_sig_open_subject(job, result, &fd, &size, err);
    if (status < 0 || fd < 0)
        return status;
    struct vb_sig_artifact artifact = {.fd = fd};
    status = vb_sig_bundle_judge(job, bundle, &artifact, result, err);
    if (status == 0 && vb_sig_holds(result) && bundle->is_dsse)
        status = check_statement(bundle, &artifact, result, err);
    return status;
}

int vb_sig_sigstore(const struct vb_sig_job *job, struct vb_sig_result *result,
                    struct vb_error *err)
{
    VB_CLEANUP(vb_sig_bundle_done) struct vb_sig_bundle bundle = {0};
    bool read;

    const int status = vb_sig_bundle_read(job, &bundle, &read, result, err);
    if (status < 0 || !read)
        return status;
    if (is_of_folder(&bundle)) {
        result->format = "oms";
        return vb_sig_oms_judge(job, &bundle, result, err);
    }
    return judge_file(job, &bundle, result, err);
}

int vb_sig_bundle_line(const struct vb_sig_job *job, struct vb_sig_bytes text,
                       struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_bundle_done) struct vb_sig_bundle bundle = {0};
    bool read = false;

    const int status = parse(text, &bundle, &read, result, err);
    if (status < 0 || !read)
        return status;
    if (is_of_folder(&bundle))
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "the signature of a folder stands in a file of its own");
    return judge_file(job, &bundle, result, err);
}
