/* The first of the static stages: where the package comes from. See examine.c. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "cli/examine_internal.h"
#include "cli/reader.h"
#include "vetbox/fetch.h"

enum { MIB = 1024 * 1024, REDIRECTS = 5 };

struct fetch_work {
    const char *url; /* NULL: a package of an index */
    struct vb_package_reference package;
    int target_fd;
    struct vb_fetch_limits limits;
};

static int fetch_in_child(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    const struct fetch_work *work = ctx;
    if (work->url == NULL)
        return vb_fetch_package(&work->package, work->target_fd, &work->limits, sink, err);
    /* The same variable that OpenSSL and most clients honour. */
    return vb_fetch_https(work->url, work->target_fd, getenv("SSL_CERT_FILE"), &work->limits, sink,
                          err);
}

/* The last component of the URL's path, on the heap; NULL when out of memory. */
static char *name_in_url(const char *url)
{
    const char *host = strstr(url, "://");
    host = host == NULL ? url : host + 3;
    const size_t len = strcspn(host, "?#");
    size_t start = len;
    while (start > 0 && host[start - 1] != '/')
        start--;
    return start == 0 || start == len ? strdup("download") : strndup(host + start, len - start);
}

/* Readers of archives know them by their names, which an index says. */
struct namer {
    struct vb_sink sink;
    struct vb_session *session;
};

static int namer_emit(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    const struct namer *namer = (const struct namer *)(const void *)base;
    struct vb_session *session = namer->session;
    if (event->kind == VB_EV_FETCH_ARTIFACT && session->artifact.name == NULL) {
        session->artifact.name = vb_str_dup(vb_event_get_str(event, VB_F_NAME));
        if (session->artifact.name == NULL)
            return vb_fail(err, VB_E_NOMEM, errno, "naming the download");
    }
    return vb_emit(&session->tee.sink, event, err);
}

/* Runs WORK in a child; what comes is the session's artifact. */
static int download(struct vb_session *session, struct fetch_work *work, struct vb_error *err)
{
    bool died;
    session->artifact.fd = memfd_create("vetbox-artifact", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    struct namer namer = {.sink.emit = namer_emit, .session = session};
    if (session->artifact.fd < 0)
        return vb_fail(err, VB_E_OS, errno, "making a file for the download");
    work->target_fd = session->artifact.fd;
    const int fds[] = {work->target_fd, work->package.record_fd};
    const struct vb_child child = {.role = VB_ROLE_FETCH,
                                   .name = "fetch",
                                   .confinement = VB_CONFINE_FETCHER,
                                   .run = fetch_in_child,
                                   .ctx = work,
                                   .fds = fds,
                                   .fd_count = work->package.record_fd < 0 ? 1 : 2,
                                   .timeout_ms = work->limits.timeout_ms + 2000,
                                   .memory_bytes = (uint64_t)2048 * MIB};
    const int status = vb_stage_run_to(session, &child, &namer.sink, &died, err);
    if (status == VB_OK && died)
        return vb_fail(err, VB_E_TEMPFAIL, 0, "the download of %s was ended", session->reference);
    if (status == VB_OK && fcntl(session->artifact.fd, F_ADD_SEALS,
                                 F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
        return vb_fail(err, VB_E_OS, errno, "sealing the download");
    return status;
}

static int fetch_https(struct vb_session *session, const struct vb_fetch_limits *limits,
                       struct vb_error *err)
{
    struct fetch_work work = {
        .url = session->reference, .package.record_fd = -1, .limits = *limits};
    session->artifact.name = name_in_url(session->reference);
    if (session->artifact.name == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "naming the download");
    return download(session, &work, err);
}

/* What the index said lies beside the log, so that it can be verified again. */
static int keep_record(const struct vb_session *session, struct vb_error *err)
{
    enum { RECORD_BYTES = 16 * MIB };
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    vb_buf_init(&text, RECORD_BYTES);
    VB_CLEANUP_FD int from = fcntl(session->record_fd, F_DUPFD_CLOEXEC, 3);
    if (session->evidence_fd < 0)
        return VB_OK;
    if (from < 0 || lseek(from, 0, SEEK_SET) < 0)
        return vb_fail(err, VB_E_OS, errno, "reading what the index says");
    const int status = vb_buf_read_fd(&text, from, err);
    /* Longer than any that is verified: the verify stage says so. */
    if (status == VB_E_LIMIT || (status == VB_OK && text.len == 0))
        return VB_OK;
    VB_CLEANUP_FD int to = status < 0 ? -1
                                      : openat(session->evidence_fd, "record.json",
                                               O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (status == VB_OK && to < 0)
        return vb_fail(err, VB_E_CANTCREAT, errno, "keeping what the index says");
    return status < 0 ? status : vb_write_all(to, text.data, text.len, err);
}

static int fetch_package(struct vb_session *session, const struct vb_fetch_limits *limits,
                         const struct vb_reference *reference, struct vb_error *err)
{
    struct vb_indexes *indexes = NULL;
    session->record_fd = memfd_create("vetbox-record", MFD_CLOEXEC);
    if (session->record_fd < 0)
        return vb_fail(err, VB_E_OS, errno, "making a file for what the index says");
    int status = vb_indexes_new(1U << reference->index, &indexes, err);
    if (status < 0)
        return status;
    struct fetch_work work = {.package = {.index = reference->index,
                                          .name = reference->name,
                                          .indexes = indexes,
                                          .ca_file = getenv("SSL_CERT_FILE"),
                                          .record_fd = session->record_fd},
                              .limits = *limits};
    status = download(session, &work, err);
    vb_indexes_free(indexes);
    return status < 0 ? status : keep_record(session, err);
}

int vb_examine_fetch(struct vb_session *session, struct vb_error *err)
{
    const struct vb_fetch_limits limits = {.bytes = vb_examine_limits.file_bytes,
                                           .entries = vb_examine_limits.entries,
                                           .timeout_ms = vb_session_left_ms(session),
                                           .redirects = REDIRECTS,
                                           .undigested = session->undigested};
    struct vb_reference reference;
    int status = vb_reference_read(session->reference, &reference, err);
    if (status < 0)
        return status;
    if (reference.kind == VB_REFERENCE_HTTPS)
        return fetch_https(session, &limits, err);
    if (reference.kind == VB_REFERENCE_PACKAGE)
        return fetch_package(session, &limits, &reference, err);
    VB_CLEANUP_FD int folder = -1;
    struct stat st;
    /* What changes its kind behind this question is refused. */
    if (stat(session->reference, &st) == 0 && S_ISDIR(st.st_mode))
        status = vb_workspace_new(vb_stage_bytes, VB_STAGE_INODES, &folder, err);
    if (status < 0)
        return status;
    return vb_fetch_path(session->reference, folder, &limits, &session->tee.sink,
                         &session->artifact, err);
}
