/* Finds the signatures of a package and verifies each. Trust boundary: names and bytes below DIRFD
 * are the package's; the trust store was read before by the coordinator. */
#include "signatures/git.h"
#include "signatures/pgp.h"
#include "signatures/registry.h"
#include "signatures/wheel.h"

#define NOT_VERIFIED "this version of vetbox recognises the format and does not verify it"

/* The first row whose name and probe fit decides. */
static const struct vb_sig_format formats[] = {
    {"minisign", {".minisig", ".sig"}, vb_sig_minisign_probe, vb_sig_minisign, NULL},
    {"signify", {".sig"}, vb_sig_signify_probe, vb_sig_signify, NULL},
    {"sshsig", {".sig", ".sshsig"}, vb_sig_sshsig_probe, vb_sig_sshsig, NULL},
    {"oms", {"skill.oms.sig", "model.sig", ".oms.sig"}, vb_sig_probe_json, vb_sig_oms, NULL},
    {"sigstore",
     {".sigstore.json", ".sigstore", ".bundle", ".sig"},
     vb_sig_sigstore_probe,
     vb_sig_sigstore,
     NULL},
    {"sigstore", {".sigstore.jsonl", ".intoto.jsonl"}, vb_sig_probe_json, vb_sig_lines, NULL},
    {"dsse",
     {".dsse", ".dsse.json", ".intoto.json", ".att"},
     vb_sig_dsse_probe,
     vb_sig_dsse_file,
     NULL},
    {"attestation",
     {".attestation", ".provenance", ".intoto.json"},
     vb_sig_probe_json,
     vb_sig_known,
     "attestation: " NOT_VERIFIED},
    {"openpgp",
     {".asc", ".sig", ".sign", ".gpg", ".pgp"},
     vb_sig_openpgp_probe,
     vb_sig_openpgp,
     NULL},
    {"vsix",
     {".signature.p7s", ".signature.manifest", ".psdsxs"},
     vb_sig_probe_vsix,
     vb_sig_vsix,
     "signature of a VS Code extension by its marketplace: " NOT_VERIFIED},
    {"cms", {".signature.p7s", ".p7s", ".p7", ".p7m", ".sig"}, vb_sig_probe_cms, vb_sig_cms, NULL},
    {"mcpb", {".mcpb", ".dxt"}, vb_sig_mcpb_probe, vb_sig_mcpb, NULL},
    {"vsix",
     {".sigzip", ".signature.zip"},
     vb_sig_probe_zip,
     vb_sig_known,
     "signature archive of a VS Code extension: " NOT_VERIFIED},
    {"cosign", {".sig"}, vb_sig_cosign_probe, vb_sig_cosign, NULL},
    {"cosign", {".bundle"}, vb_sig_probe_cosign_bundle, vb_sig_cosign_bundle, NULL},
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

/* SSH signatures name what they were made for. What somebody signed as a commit of git's is no file
 * of a package. */
static const char *const file_namespaces[] = {"file", NULL};

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

/* Something that the user handed over by itself is an envelope under any name. */
static const struct vb_sig_format envelope = {
    "dsse", {NULL}, vb_sig_dsse_probe, vb_sig_dsse_file, NULL};

size_t vb_signature_endings(const char *ret[VB_SIGNATURE_ENDINGS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < VB_ARRAY_LEN(formats); i++) {
        for (size_t k = 0; k < VB_SIG_SUFFIXES_MAX && formats[i].suffixes[k] != NULL; k++) {
            const char *suffix = formats[i].suffixes[k];
            bool known = suffix[0] != '.';
            for (size_t n = 0; !known && n < count; n++)
                known = strcmp(ret[n], suffix) == 0;
            if (!known && count < VB_SIGNATURE_ENDINGS_MAX)
                ret[count++] = suffix;
        }
    }
    return count;
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

static bool covers(const struct vb_sig_result *result, const char *path)
{
    for (size_t i = 0; i < result->covers.count; i++) {
        if (strcmp(result->covers.items[i], path) == 0)
            return true;
    }
    return false;
}

/* A list vouches for files only where it is itself what was signed: an envelope beside it may hold
 * something else. */
int vb_sig_examine(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err)
{
    result->format = job->format->name;
    int status = job->format->verify(job, result, err);
    if (status == 0 && is_valid(result) && job->subject != NULL && vb_sig_is_sums(job->subject) &&
        covers(result, job->subject))
        status = vb_sig_sums(job->dirfd, job->subject, result, err);
    result->anchored = result->anchored && is_valid(result);
    return status;
}

/* For what is looked at once more. */
static int emit_nowhere(struct vb_sink *sink VB_UNUSED, struct vb_event *event VB_UNUSED,
                        struct vb_error *err VB_UNUSED)
{
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

/* What a job points into. */
struct candidate {
    int fd;
    struct vb_buf data;
    char subject[4096];
};

static void candidate_done(struct candidate *candidate)
{
    vb_close_fd(&candidate->fd);
    vb_buf_done(&candidate->data);
}

/* Opens the file of JOB, reads its beginning and finds its format. Leaves job->format NULL where it
 * is no signature. */
static int open_candidate(struct vb_sig_job *job, struct candidate *ret, struct vb_sink *sink,
                          struct vb_error *err)
{
    const char *why = NULL;

    job->format = NULL;
    ret->fd = vb_sig_open_regular(job->dirfd, job->path, &job->size, &why);
    if (ret->fd < 0)
        return could_not_read(sink, job->path, why, err);
    vb_buf_init(&ret->data, VB_SIG_FILE_MAX + 1);
    const int status = vb_sig_read_head(ret->fd, VB_SIG_FILE_MAX + 1, &ret->data, err);
    if (status < 0)
        return vb_wrap(err, "signature file %s", job->path);
    job->fd = ret->fd;
    job->data = (struct vb_sig_bytes){.data = ret->data.data, .len = ret->data.len};
    if (!vb_sig_recognise(job, ret->subject, sizeof(ret->subject)))
        job->format = NULL;
    return 0;
}

static bool is_openpgp(const struct vb_sig_format *format)
{
    return format->verify == vb_sig_openpgp;
}

/* One signature of the file of JOB. While gpgv is asked it has no outcome yet. */
static int examine_one(const struct vb_sig_job *job, const char *whole, struct vb_sig_cover *cover,
                       uint64_t *ret_next, struct vb_sink *sink, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
    const int status = vb_sig_examine(job, &result, err);

    if (status < 0)
        return vb_wrap(err, "signature file %s", job->path);
    *ret_next = result.next;
    if (job->gpgv->what == VB_GPGV_ASKS)
        return 0;
    const bool all = whole != NULL && covers(&result, whole);
    /* What else it covers lies beside the artifact, and is no file of the package. */
    if (whole != NULL && !all)
        vb_sig_paths_done(&result.covers);
    vb_sig_cover_add(cover, whole != NULL ? "." : job->path, all, &result);
    return vb_sig_result_emit(job, &result, sink, err);
}

/* WHOLE is the name of the artifact beside which the signature lies, or NULL for one in the tree.
 */
static int examine_file(struct vb_sig_job job, const char *whole, struct vb_sig_cover *cover,
                        struct vb_sink *sink, struct vb_error *err)
{
    VB_CLEANUP(candidate_done) struct candidate candidate = {.fd = -1};

    int status = open_candidate(&job, &candidate, sink, err);
    if (status < 0)
        return status;
    if (job.format == NULL && whole != NULL && strcmp(job.path, whole) == 0 &&
        vb_sig_dsse_probe(&job))
        job.format = &envelope;
    if (job.format == NULL || (job.gpgv->what == VB_GPGV_ASKS && !is_openpgp(job.format)))
        return 0;
    do {
        uint64_t next = 0;
        status = examine_one(&job, whole, cover, &next, sink, err);
        job.at = next;
        job.line++;
    } while (status == 0 && job.at != 0);
    return status;
}

/* The signatures beside the artifact and in it. */
static int verify_beside(struct vb_sig_job job, const struct vb_verify_job *work,
                         struct vb_sig_cover *cover, struct vb_sink *sink, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_paths_done) struct vb_sig_paths files = {0};
    int status = vb_sig_walk(work->beside_fd, sink, &files, NULL, err);

    job.dirfd = work->beside_fd;
    job.beside = true;
    for (size_t i = 0; status == 0 && i < files.count; i++) {
        job.path = files.items[i];
        if (strcmp(job.path, work->beside_name) == 0 || any_name_matches(job.path))
            status = examine_file(job, work->beside_name, cover, sink, err);
    }
    return status;
}

/* Files whose names are those of signatures, as far as there are not too many. */
static int find_candidates(const struct vb_sig_paths *files, struct vb_sink *sink,
                           struct vb_sig_paths *ret, struct vb_error *err)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < files->count; i++) {
        if (!any_name_matches(files->items[i]))
            continue;
        if (ret->count == VB_SIG_CANDIDATES_MAX)
            return could_not_read(sink, files->items[i], "more signature files than are examined",
                                  err);
        status = vb_sig_paths_add(ret, files->items[i], err);
    }
    return status;
}

/* What is a signature and nothing else needs none: known before the first one is told of. */
static int leave_out_signatures(struct vb_sig_job job, const struct vb_sig_paths *candidates,
                                struct vb_sig_cover *cover, struct vb_error *err)
{
    struct vb_sink nowhere = {.emit = emit_nowhere};

    for (size_t i = 0; i < candidates->count; i++) {
        VB_CLEANUP(candidate_done) struct candidate candidate = {.fd = -1};
        job.path = candidates->items[i];
        const int status = open_candidate(&job, &candidate, &nowhere, err);
        if (status < 0)
            return status;
        bool bare = job.format != NULL && job.format->verify != vb_sig_vsix;
        if (bare && !is_openpgp(job.format))
            bare = vb_sig_strict(&job);
        else if (bare && vb_sig_openpgp_bare(&job, &bare, err) < 0)
            return vb_wrap(err, "signature file %s", job.path);
        if (bare)
            vb_sig_cover_signature(cover, job.path);
    }
    return 0;
}

/* A file that is no archive is all of its tree, and examined beside its signatures. */
static bool is_alone(const struct vb_verify_job *work, const struct vb_sig_cover *cover)
{
    return work->beside_fd >= 0 && cover->files.count == 1 &&
           strcmp(cover->files.items[0], work->beside_name) == 0;
}

static int examine_all(struct vb_sig_job job, const struct vb_verify_job *work,
                       const struct vb_sig_paths *candidates, struct vb_sig_cover *cover,
                       struct vb_sink *sink, struct vb_error *err)
{
    const bool alone = is_alone(work, cover);
    int status = 0;

    for (size_t i = 0; status == 0 && !alone && i < candidates->count; i++) {
        job.path = candidates->items[i];
        status = examine_file(job, NULL, cover, sink, err);
    }
    if (status == 0 && work->beside_fd >= 0)
        status = verify_beside(job, work, cover, sink, err);
    return status;
}

/* What gpgv must be asked is asked, and the rest left for when it has answered: *ret_asked. */
static int ask_gpgv(struct vb_sig_job job, const struct vb_verify_job *work,
                    const struct vb_sig_paths *candidates, struct vb_sig_cover *cover,
                    bool *ret_asked, struct vb_error *err)
{
    struct vb_sink nowhere = {.emit = emit_nowhere};

    *ret_asked = false;
    if (work->gpgv != VB_GPGV_ASKS)
        return 0;
    const int status = examine_all(job, work, candidates, cover, &nowhere, err);
    *ret_asked = job.gpgv->count > 0;
    job.gpgv->what = VB_GPGV_NOBODY;
    return status;
}

int vb_verify_job(const struct vb_verify_job *work, struct vb_sink *sink, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_paths_done) struct vb_sig_paths files = {0};
    VB_CLEANUP(vb_sig_paths_done) struct vb_sig_paths others = {0};
    VB_CLEANUP(vb_sig_paths_done) struct vb_sig_paths candidates = {0};
    VB_CLEANUP(vb_json_free) json_t *record = NULL;
    VB_CLEANUP(vb_sig_cover_done) struct vb_sig_cover cover = {0};
    VB_CLEANUP(vb_sig_gpgv_done) struct vb_sig_gpgv gpgv = {.what = VB_GPGV_NOBODY};
    struct vb_sink nowhere = {.emit = emit_nowhere};
    struct vb_sig_job job = {.dirfd = work->dirfd,
                             .trust = work->trust,
                             .now = (int64_t)time(NULL),
                             .namespaces = file_namespaces,
                             .gpgv = &gpgv};
    /* What cannot be looked at was told when gpgv was asked. */
    struct vb_sink *once = work->gpgv == VB_GPGV_SAID ? &nowhere : sink;
    bool asked = false;

    int status = vb_sig_gpgv_init(&gpgv, work, sink, err);
    if (status == 0)
        status = vb_sig_walk(work->dirfd, once, &files, &others, err);
    if (status == 0)
        status = find_candidates(&files, once, &candidates, err);
    /* A link is a file of the package: what it leads to is none that a digest is about. */
    for (size_t i = 0; status == 0 && i < others.count; i++)
        status = vb_sig_paths_add(&files, others.items[i], err);
    vb_sig_paths_sort(&files);
    if (status == 0)
        status = vb_sig_record(work, once, &record, err);
    cover.registry = json_string_value(json_object_get(record, "registry"));
    if (status == 0)
        status = vb_sig_cover_init(&cover, work->trust, job.now, &files, work->packages_fd, err);
    if (status == 0)
        status = leave_out_signatures(job, &candidates, &cover, err);
    if (status == 0)
        status = ask_gpgv(job, work, &candidates, &cover, &asked, err);
    if (status < 0 || asked)
        return status;
    status = examine_all(job, work, &candidates, &cover, sink, err);
    if (status == 0)
        status = vb_sig_git(work->dirfd, &cover.files, sink, err);
    if (status == 0)
        status = vb_sig_registry(&job, work, record, &cover, sink, err);
    if (status == 0)
        status = vb_sig_wheel(work->dirfd, work->beside_name, &cover.files, sink, err);
    return status < 0 ? status : vb_sig_cover_emit(&cover, sink, err);
}

int vb_verify(int dirfd, const struct vb_trust *trust, struct vb_sink *sink, struct vb_error *err)
{
    const struct vb_verify_job job = {
        .dirfd = dirfd, .packages_fd = -1, .beside_fd = -1, .trust = trust};

    return vb_verify_job(&job, sink, err);
}
