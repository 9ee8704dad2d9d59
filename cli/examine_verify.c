/* The static stage that checks signatures. See examine.c. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "cli/beside.h"
#include "cli/examine_internal.h"
#include "cli/gpgv.h"
#include "vetbox/fetch.h"

enum { MIB = 1024 * 1024 };

struct verify_work {
    struct vb_verify_job job;
};

static int verify_in_child(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    const struct verify_work *work = ctx;
    return vb_verify_job(&work->job, sink, err);
}

enum { NAME_TEXTS = 4 }; /* kind, name, root and author */

/* *LEFT_OUT is one more where there is no room for it. */
static int add_name(struct vb_buf *buf, const char *const texts[NAME_TEXTS], size_t *left_out,
                    struct vb_error *err)
{
    size_t bytes = 0;
    for (size_t i = 0; i < NAME_TEXTS; i++)
        bytes += strlen(texts[i]) + 1;
    if (bytes > buf->max - buf->len) {
        (*left_out)++;
        return VB_OK;
    }
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < NAME_TEXTS; i++)
        status = vb_buf_append(buf, texts[i], strlen(texts[i]) + 1, err);
    return status;
}

/* What an index knows the package by: npm:@scope/name@1.2 and pypi:name==1.2. */
static int add_reference(const struct vb_session *session, struct vb_buf *buf, size_t *left_out,
                         struct vb_error *err)
{
    struct vb_reference reference;
    const int status = vb_reference_read(session->reference, &reference, err);
    if (status < 0 || reference.kind != VB_REFERENCE_PACKAGE)
        return status;
    const char *name = reference.name;
    const size_t scope = name[0] == '@' ? 1 : 0;
    VB_CLEANUP_FREE char *plain = strndup(name, scope + strcspn(name + scope, "@=<>!~[; "));
    if (plain == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "naming the package");
    const char *const texts[NAME_TEXTS] = {vb_index_name(reference.index), plain, ".", ""};
    return add_name(buf, texts, left_out, err);
}

static int tell_left_out(struct vb_session *session, size_t count, struct vb_error *err)
{
    struct vb_event event;
    if (count == 0)
        return VB_OK;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "verify");
    vb_event_str(&event, VB_F_WHAT, "packages");
    vb_event_str(&event, VB_F_REASON, "their names are longer than is handed over");
    vb_event_int(&event, VB_F_COUNT, (int64_t)count);
    return vb_emit(&session->tee.sink, &event, err);
}

/* What the package calls itself, for those who compare it with whom the user trusts to publish it.
 */
static int write_names(struct vb_session *session, int *ret_fd, struct vb_error *err)
{
    const struct vb_manifest *manifest = &session->manifest;
    VB_CLEANUP(vb_buf_done) struct vb_buf buf;
    size_t left_out = 0;
    vb_buf_init(&buf, MIB);
    int status = add_reference(session, &buf, &left_out, err);
    for (size_t i = 0; status == VB_OK && i < manifest->package_count; i++) {
        const struct vb_manifest_package *package = &manifest->packages[i];
        const char *const texts[NAME_TEXTS] = {
            package->kind, package->name != NULL ? package->name : "", package->root,
            package->author != NULL ? package->author : ""};
        status = add_name(&buf, texts, &left_out, err);
    }
    if (status == VB_OK)
        status = tell_left_out(session, left_out, err);
    VB_CLEANUP_FD int fd = memfd_create("vetbox-names", MFD_CLOEXEC);
    if (status == VB_OK && fd < 0)
        status = vb_fail(err, VB_E_OS, errno, "making a file for the package's names");
    if (status == VB_OK)
        status = vb_write_all(fd, buf.data != NULL ? (const char *)buf.data : "", buf.len, err);
    if (status == VB_OK)
        *ret_fd = vb_steal_fd(&fd);
    return status;
}

/* One look at the signatures, with what WORK says of gpgv. */
static int run_verify(struct vb_session *session, struct verify_work *work, struct vb_sink *sink,
                      bool *ret_died, struct vb_error *err)
{
    const struct vb_verify_job *job = &work->job;
    const int candidates[] = {job->dirfd,
                              job->packages_fd,
                              job->beside_fd,
                              job->from_index ? job->record_fd : -1,
                              job->from_index ? job->artifact_fd : -1,
                              job->gpgv != VB_GPGV_NOBODY ? job->gpgv_fd : -1};
    int fds[VB_ARRAY_LEN(candidates)];
    size_t fd_count = 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(candidates); i++) {
        if (candidates[i] >= 0)
            fds[fd_count++] = candidates[i];
    }
    const struct vb_child child = {.role = VB_ROLE_VERIFY,
                                   .name = "verify",
                                   .zygote = session->toolbox->zygote,
                                   .run = verify_in_child,
                                   .ctx = work,
                                   .ctx_bytes = sizeof(*work),
                                   .fds = fds,
                                   .fd_count = fd_count,
                                   .reads_only = true,
                                   .timeout_ms = vb_stage_ms(session),
                                   .memory_bytes = (uint64_t)512 * MIB};
    return vb_stage_run_to(session, &child, sink, ret_died, err);
}

/* What the verify child may write what is signed to: it cannot grow. */
static int new_asked(int *ret_fd, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = memfd_create("vetbox-gpgv-asked", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ftruncate(fd, VB_GPGV_BYTES) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
        return vb_fail(err, VB_E_OS, errno, "making a file for signatures");
    *ret_fd = vb_steal_fd(&fd);
    return VB_OK;
}

/* Where the user trusts OpenPGP keys: a first look finds the signatures by them, if there are none
 * it is the only one; gpgv checks these, and a second look is at all with what it said. */
static int verify_with_gpgv(struct vb_session *session, struct verify_work *work,
                            struct vb_error *err)
{
    VB_CLEANUP(vb_gpgv_done) struct vb_gpgv gpgv = {.count = 0};
    VB_CLEANUP_FD int asked = -1;
    VB_CLEANUP_FD int said = -1;
    bool died = false;
    int status = vb_gpgv_init(&gpgv, session, err);
    if (status == VB_OK)
        status = new_asked(&asked, err);
    work->job.gpgv = VB_GPGV_ASKS;
    work->job.gpgv_fd = asked;
    if (status == VB_OK)
        status = run_verify(session, work, &gpgv.sink, &died, err);
    if (status < 0 || died || !gpgv.asked)
        return status;
    gpgv.asked_fd = asked;
    gpgv.beside_fd = work->job.beside_fd;
    status = vb_gpgv_ask(&gpgv, &said, err);
    work->job.gpgv = VB_GPGV_SAID;
    work->job.gpgv_fd = said;
    return status < 0 ? status : run_verify(session, work, &session->tee.sink, &died, err);
}

int vb_examine_verify(struct vb_session *session, struct vb_error *err)
{
    bool died;
    VB_CLEANUP_FD int names = -1;
    VB_CLEANUP_FD int beside = -1;
    int status = write_names(session, &names, err);
    if (status == VB_OK)
        status = vb_beside_folder(session, &beside, err);
    if (status < 0)
        return status;
    struct verify_work work = {{.dirfd = session->tree->dirfd,
                                .packages_fd = names,
                                .beside_fd = beside,
                                .from_index = session->record_fd >= 0 && session->original_fd >= 0,
                                .record_fd = session->record_fd,
                                .artifact_fd = session->original_fd,
                                .trust = session->toolbox->trust}};
    vb_stage_name(work.job.beside_name, session->artifact.name);
    return vb_trust_has_keyring(session->toolbox->trust)
               ? verify_with_gpgv(session, &work, err)
               : run_verify(session, &work, &session->tee.sink, &died, err);
}
