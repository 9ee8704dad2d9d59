/* The static stages: each runs in a child of its own that can only read what it was handed, and
 * appends to the log. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "cli/beside.h"
#include "cli/examine_internal.h"
#include "cli/reader.h"
#include "vetbox/fetch.h"
#include "vetbox/identify.h"
#include "vetbox/sandbox.h"

enum {
    MIB = 1024 * 1024,
    EXAMINER_MS = 60000,
    HURRIED_MS = 5000, /* a machine with much to do may need it for a healthy child */
};

const struct vb_tree_limits vb_examine_limits = {
    .bytes = (uint64_t)1024 * MIB,
    .file_bytes = (uint64_t)512 * MIB,
    .entries = 100000,
    .depth = 65}; /* one more than a copy or an archive may have */

int vb_stage_workspace(const struct vb_session *session, int *ret_dirfd, struct vb_error *err)
{
    return vb_zygote_workspace(session->toolbox->zygote, vb_stage_bytes, VB_STAGE_INODES, ret_dirfd,
                               err);
}

/* A stage has what is left of the session's time, and never more than EXAMINER_MS. */
unsigned vb_stage_ms(const struct vb_session *session)
{
    const unsigned left = vb_session_left_ms(session);
    return left < EXAMINER_MS ? left : EXAMINER_MS;
}

int vb_stage_run_to(struct vb_session *session, const struct vb_child *child, struct vb_sink *sink,
                    bool *ret_died, struct vb_error *err)
{
    *ret_died = false;
    struct vb_child timed = *child;
    timed.hurried = child->timeout_ms < HURRIED_MS;
    vb_session_share(session);
    const int status = vb_child_run(&timed, session->log.epoch_ns, sink, ret_died, err);
    return status < 0 ? vb_wrap(err, "%s", child->name) : VB_OK;
}

int vb_stage_run(struct vb_session *session, const struct vb_child *child, bool *ret_died,
                 struct vb_error *err)
{
    return vb_stage_run_to(session, child, &session->tee.sink, ret_died, err);
}

/* What is handed to a child as bytes must not point to what came up after the zygote was made. */
void vb_stage_name(char ret[VB_STAGE_NAME_BYTES], const char *name)
{
    snprintf(ret, VB_STAGE_NAME_BYTES, "%s", name == NULL ? "" : name);
}

/* --- unpack --- */

/* One reader of archives, in a child that has nothing but the descriptors of its job. */
static int run_reader(struct vb_session *session, struct vb_reader_work *work, struct vb_error *err)
{
    bool died;
    const int candidates[] = {work->job.artifact_fd, work->job.out_fd, work->job.beside_fd};
    int fds[VB_ARRAY_LEN(candidates) + VB_DEFERRED_MAX];
    size_t count = 0;
    /* The paths of archives that wait are too much to hand over; they are rare. */
    const bool shared = work->job.inner_count == 0;
    snprintf(work->name, sizeof(work->name), "%s",
             session->artifact.name == NULL ? "" : session->artifact.name);
    for (size_t i = 0; i < VB_ARRAY_LEN(candidates); i++) {
        if (candidates[i] >= 0)
            fds[count++] = candidates[i];
    }
    for (size_t i = 0; i < work->job.inner_count; i++)
        fds[count++] = work->job.inners[i].fd;
    if (shared)
        work->job.inners = NULL; /* points to our stack */
    if (shared && session->toolbox->executed)
        work->job.locale = (locale_t)0;
    /* It stops by itself and says so, and the other stages have time left to look at the rest. */
    const unsigned half_ms = vb_stage_ms(session) / 2 + 1;
    if (work->limits.timeout_ms > half_ms)
        work->limits.timeout_ms = half_ms;
    const struct vb_child child = {.role = VB_ROLE_UNPACK,
                                   .name = "unpack",
                                   .zygote = shared ? session->toolbox->zygote : NULL,
                                   .run = vb_reader_run,
                                   .ctx = work,
                                   .ctx_bytes = shared ? sizeof(*work) : 0,
                                   .fds = fds,
                                   .fd_count = count,
                                   .at_once = work->job.tells,
                                   .timeout_ms = vb_stage_ms(session),
                                   .memory_bytes = (uint64_t)1024 * MIB};
    return vb_stage_run(session, &child, &died, err);
}

static int new_beside(struct vb_session *session, size_t reader, struct vb_error *err)
{
    if (session->spare_fd != NULL && *session->spare_fd >= 0) {
        session->beside_fds[reader] = vb_steal_fd(session->spare_fd);
        return VB_OK;
    }
    return vb_stage_workspace(session, &session->beside_fds[reader], err);
}

/* The package itself, if ARTIFACT_FD is one, and archives within it. */
static int read_usual(struct vb_session *session, int artifact_fd, int out_fd, bool tells,
                      struct vb_error *err)
{
    struct vb_reader_work work = {.limits = vb_unpack_default_limits};
    const int status = new_beside(session, VB_READER_USUAL, err);
    if (status < 0)
        return status;
    work.job = (struct vb_unpack_job){.artifact_fd = artifact_fd,
                                      .out_fd = out_fd,
                                      .beside_fd = session->beside_fds[VB_READER_USUAL],
                                      .tells = tells};
    return run_reader(session, &work, err);
}

static int deferred_lost(struct vb_session *session, struct vb_error *err)
{
    struct vb_event event;
    if (session->tee.deferred_count <= VB_DEFERRED_MAX)
        return VB_OK;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "unpack");
    vb_event_str(&event, VB_F_WHAT, "nested archive");
    vb_event_str(&event, VB_F_REASON, "more archives for the second reader than it takes");
    vb_event_int(&event, VB_F_COUNT, (int64_t)session->tee.deferred_count - VB_DEFERRED_MAX);
    return vb_emit(&session->tee.sink, &event, err);
}

/* Opens what was deferred, to be read only: the second reader must not touch what the first wrote.
 * A path that a taken over child made up opens nothing, or a file of this package. */
static size_t open_deferred(const struct vb_session *session, int out_fd,
                            struct vb_unpack_inner ret[VB_DEFERRED_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < VB_DEFERRED_MAX && session->tee.deferred[i] != NULL; i++) {
        const char *path = session->tee.deferred[i];
        int fd = vb_open_beneath(out_fd, path, O_RDONLY | O_NONBLOCK, 0);
        if (fd < 0)
            fd = vb_open_beneath(session->beside_fds[VB_READER_USUAL], path, O_RDONLY | O_NONBLOCK,
                                 0);
        if (fd >= 0)
            ret[count++] = (struct vb_unpack_inner){fd, path};
    }
    return count;
}

/* What the first reader used of its budget, as the file system has it. */
static struct vb_unpack_limits second_limits(int out_fd, int beside_fd)
{
    struct vb_unpack_limits limits = vb_unpack_default_limits;
    const int fds[] = {out_fd, beside_fd};
    for (size_t i = 0; i < VB_ARRAY_LEN(fds); i++) {
        struct statvfs st;
        if (fstatvfs(fds[i], &st) < 0)
            continue;
        const uint64_t used = (st.f_blocks - st.f_bfree) * st.f_bsize;
        const size_t nodes = st.f_files - st.f_ffree;
        limits.bytes -= used < limits.bytes ? used : limits.bytes;
        limits.entries -= nodes < limits.entries ? nodes : limits.entries;
    }
    return limits;
}

/* Formats with risky parsers, only now that all others have declined. */
static int read_second(struct vb_session *session, int artifact_fd, int out_fd,
                       struct vb_error *err)
{
    struct vb_unpack_inner inners[VB_DEFERRED_MAX];
    const char *first = session->tee.deferred[0];
    const bool top = first != NULL && strcmp(first, ".") == 0 && artifact_fd >= 0;
    int status = first != NULL ? new_beside(session, VB_READER_SECOND, err) : VB_OK;
    if (first == NULL || status < 0)
        return status;
    struct vb_reader_work work = {
        .limits = second_limits(out_fd, session->beside_fds[VB_READER_USUAL]), .second = true};
    work.job = (struct vb_unpack_job){.artifact_fd = top ? artifact_fd : -1,
                                      .out_fd = top ? out_fd : -1,
                                      .beside_fd = session->beside_fds[VB_READER_SECOND],
                                      .inners = inners,
                                      .locale = session->toolbox->locale};
    if (!top)
        work.job.inner_count = open_deferred(session, out_fd, inners);
    status = run_reader(session, &work, err);
    for (size_t i = 0; i < work.job.inner_count; i++)
        vb_close_fd(&inners[i].fd);
    return status < 0 ? status : deferred_lost(session, err);
}

/* TELLS: of what is done before all is. */
static int extract(struct vb_session *session, bool tells, int *ret_dirfd, struct vb_error *err)
{
    VB_CLEANUP_FD int artifact = -1;
    int status = VB_OK;
    if (session->artifact.form == VB_ARTIFACT_FOLDER) {
        *ret_dirfd = vb_steal_fd(&session->artifact.fd);
    } else {
        artifact = vb_steal_fd(&session->artifact.fd);
        status = vb_stage_workspace(session, ret_dirfd, err);
    }
    if (status == VB_OK)
        status = read_usual(session, artifact, *ret_dirfd, tells, err);
    return status == VB_OK ? read_second(session, artifact, *ret_dirfd, err) : status;
}

int vb_examine_extract(struct vb_session *session, int *ret_dirfd, struct vb_error *err)
{
    return extract(session, true, ret_dirfd, err);
}

static bool is_empty(int dirfd)
{
    struct statvfs st;
    /* A new file system has its top folder and nothing else. */
    return fstatvfs(dirfd, &st) == 0 && st.f_files - st.f_ffree <= 1;
}

/* As a new one is, to whoever reads there next: a reader that was taken over could leave word for
 * another in the mode and the times. */
static bool is_as_new(int dirfd)
{
    struct stat st;
    return is_empty(dirfd) && fstat(dirfd, &st) == 0 && st.st_mode == (S_IFDIR | 0700) &&
           futimens(dirfd, NULL) == 0;
}

void vb_examine_spare(struct vb_session *session)
{
    int *fd = &session->beside_fds[VB_READER_USUAL];
    if (session->spare_fd != NULL && *session->spare_fd < 0 && *fd >= 0 && is_as_new(*fd))
        *session->spare_fd = vb_steal_fd(fd);
}

/* The name of the only folder at the top of DIRFD, "": there is none, or more than that. */
static void top_folder(int dirfd, char ret[NAME_MAX + 1])
{
    size_t count = 0;
    DIR *dir = fdopendir(fcntl(dirfd, F_DUPFD_CLOEXEC, 3));
    ret[0] = '\0';
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        snprintf(ret, NAME_MAX + 1, "%s", entry->d_name);
    }
    if (dir != NULL)
        (void)closedir(dir);
    if (count != 1)
        ret[0] = '\0';
}

/* What archives of other folders hold is none of the package. */
static void enter_beside(struct vb_session *session, const char *path)
{
    for (size_t i = 0; i < VB_READERS; i++) {
        int *fd = &session->beside_fds[i];
        if (*fd < 0 || is_empty(*fd))
            continue;
        const int inner = vb_open_beneath(*fd, path, O_RDONLY | O_DIRECTORY, 0);
        vb_close_fd(fd);
        *fd = inner;
    }
}

/* Of an archive of a whole repository a folder may be meant: *FOLDER is that from now on. */
static int enter_folder(struct vb_session *session, int *folder, struct vb_error *err)
{
    struct vb_reference reference;
    char wanted[VB_REFERENCE_NAME_BYTES], top[NAME_MAX + 1];
    char path[VB_REFERENCE_NAME_BYTES + NAME_MAX + 2];
    const int status = vb_reference_read(session->reference, &reference, err);
    if (status < 0 || !vb_reference_folder(&reference, wanted, sizeof(wanted)))
        return status;
    top_folder(*folder, top);
    snprintf(path, sizeof(path), "%s/%s", top, wanted);
    const int inner =
        top[0] == '\0' ? -1 : vb_open_beneath(*folder, path, O_RDONLY | O_DIRECTORY, 0);
    if (inner < 0 && wanted[0] == '\0')
        return vb_fail(err, VB_E_DATA, 0, "the archive of the repository has no folder at its top");
    if (inner < 0)
        return vb_fail(err, VB_E_NOINPUT, errno, "%s: the repository has no folder %s",
                       session->reference, wanted);
    enter_beside(session, path);
    vb_close_fd(folder);
    *folder = inner;
    return VB_OK;
}

int vb_examine_unpack(struct vb_session *session, struct vb_error *err)
{
    VB_CLEANUP_FD int folder = -1;
    int status = vb_beside_keep(session, err);
    if (status == VB_OK)
        status = extract(session, false, &folder, err);
    if (status == VB_OK)
        status = enter_folder(session, &folder, err);
    return status < 0 ? status
                      : vb_tree_seal(vb_steal_fd(&folder), &vb_examine_limits, &session->tee.sink,
                                     &session->tree, err);
}

/* --- identify --- */

struct identify_work {
    int dirfd;
    char name[VB_STAGE_NAME_BYTES];
};

static int identify_in_child(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    const struct identify_work *work = ctx;
    return vb_identify(work->dirfd, work->name, &vb_identify_default_limits, sink, err);
}

static int identify_beside_in_child(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    const struct identify_work *work = ctx;
    return vb_identify_beside(work->dirfd, &vb_identify_default_limits, sink, err);
}

static int run_identify(struct vb_session *session, struct identify_work *work,
                        int (*run)(void *ctx, struct vb_sink *sink, struct vb_error *err),
                        struct vb_error *err)
{
    bool died;
    const struct vb_child child = {.role = VB_ROLE_IDENTIFY,
                                   .name = "identify",
                                   .zygote = session->toolbox->zygote,
                                   .run = run,
                                   .ctx = work,
                                   .ctx_bytes = sizeof(*work),
                                   .fds = &work->dirfd,
                                   .fd_count = 1,
                                   .reads_only = true,
                                   .timeout_ms = vb_stage_ms(session),
                                   .memory_bytes = (uint64_t)512 * MIB};
    return vb_stage_run(session, &child, &died, err);
}

/* Whether the package itself has anything that is run. */
static bool has_entry_points(const struct vb_manifest *manifest)
{
    for (size_t i = 0; i < manifest->code_count; i++) {
        if (manifest->codes[i].interpreter != NULL)
            return true;
    }
    return manifest->entry_count > 0;
}

/* A package that is nothing but what its archives hold: how much of that is not run. Where the
 * package runs something of its own, the run shows what that does with its archives. */
static int identify_beside(struct vb_session *session, struct vb_error *err)
{
    int status = VB_OK;
    if (has_entry_points(&session->manifest))
        return VB_OK;
    for (size_t i = 0; status == VB_OK && i < VB_READERS; i++) {
        struct identify_work work = {.dirfd = session->beside_fds[i]};
        if (work.dirfd >= 0 && !is_empty(work.dirfd))
            status = run_identify(session, &work, identify_beside_in_child, err);
    }
    return status;
}

/* Nothing that executes or instructs, and no package kind: not a package. Where something was kept
 * back because it is hostile, or lies in archives, that is a matter for the verdict. */
static int check_is_package(const struct vb_session *session, struct vb_error *err)
{
    const struct vb_manifest *manifest = &session->manifest;
    for (size_t i = 0; i < manifest->package_count; i++) {
        if (strcmp(manifest->packages[i].kind, "files") != 0)
            return VB_OK;
    }
    if (session->tee.hostile || session->tee.closed ||
        manifest->code_count + manifest->entry_count > 0)
        return VB_OK;
    return vb_fail(err, VB_E_DATA, 0,
                   "%s is not a package: nothing in it executes or instructs an agent",
                   session->reference);
}

int vb_examine_identify(struct vb_session *session, struct vb_error *err)
{
    struct identify_work work = {.dirfd = session->tree->dirfd};
    vb_stage_name(work.name, session->artifact.name);
    return run_identify(session, &work, identify_in_child, err);
}

static int identify(struct vb_session *session, struct vb_error *err)
{
    int status = vb_examine_identify(session, err);
    if (status == VB_OK)
        status = identify_beside(session, err);
    return status < 0 ? status : check_is_package(session, err);
}

/* --- scan --- */

struct scan_work {
    int dirfd;
    const char *prefix; /* a constant */
    const struct vb_rules *rules;
    int known_fd; /* digests of dependencies' files; -1: none */
    struct vb_scan_limits limits;
};

static int scan_in_child(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    const struct scan_work *work = ctx;
    struct vb_deps_sink deps;
    vb_deps_sink_init(&deps, work->prefix, work->known_fd, sink);
    return vb_scan(work->dirfd, work->prefix, work->rules, &work->limits, &deps.sink, err);
}

int vb_examine_scan(struct vb_session *session, int dirfd, const char *prefix, struct vb_error *err)
{
    bool died;
    struct scan_work work = {dirfd, prefix, session->toolbox->rules, session->deps.known_fd,
                             vb_scan_default_limits};
    const int fds[] = {dirfd, work.known_fd};
    /* It stops by itself and says what is left. Behind dependencies, what is run needs the rest. */
    const unsigned parts = strcmp(prefix, VB_DEPS_PREFIX) == 0 ? 4 : 2;
    work.limits.timeout_ms = vb_stage_ms(session) / parts + 1;
    if (work.limits.timeout_ms / 1000 < work.limits.file_timeout_s)
        work.limits.file_timeout_s = work.limits.timeout_ms / 1000 + 1;
    const struct vb_child child = {.role = VB_ROLE_SCAN,
                                   .name = "scan",
                                   .zygote = session->toolbox->zygote,
                                   .run = scan_in_child,
                                   .ctx = &work,
                                   .ctx_bytes = sizeof(work),
                                   .fds = fds,
                                   .fd_count = work.known_fd < 0 ? 1 : 2,
                                   .reads_only = true,
                                   .timeout_ms = vb_stage_ms(session),
                                   .memory_bytes = (uint64_t)2048 * MIB};
    return vb_stage_run(session, &child, &died, err);
}

/* The package, and what was unpacked beside it: its paths say so by themselves ("inner.zip!/a"). */
static int scan_tree(struct vb_session *session, struct vb_error *err)
{
    int status = vb_examine_scan(session, session->tree->dirfd, "", err);
    for (size_t i = 0; status == VB_OK && i < VB_READERS; i++) {
        if (session->beside_fds[i] >= 0 && !is_empty(session->beside_fds[i]))
            status = vb_examine_scan(session, session->beside_fds[i], "", err);
    }
    return status;
}

/* --- all of them --- */

int vb_examine(struct vb_session *session, struct vb_error *err)
{
    static int (*const stages[])(struct vb_session * session, struct vb_error * err) = {
        vb_examine_fetch, vb_examine_unpack, identify, vb_examine_verify, scan_tree};
    for (size_t i = 0; i < VB_ARRAY_LEN(stages); i++) {
        const int status = stages[i](session, err);
        if (status < 0)
            return status;
    }
    return VB_OK;
}
