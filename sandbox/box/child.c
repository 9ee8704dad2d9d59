/* child: vb_child_run. An examiner is started behind all its walls before it sees one byte of the
 * package; what it says afterwards goes through relay.c. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sandbox/box/kernel.h"
#include "sandbox/box/relay.h"
#include "sandbox/box/zygote.h"

enum { OPEN_FILES = 64, FETCHER_OPEN_FILES = 256 };

#define FILE_BYTES (8ULL << 30)

#ifdef VB_SANITIZED
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

/* --- in the child --- */

static int keep_only(const struct vb_child *child, const struct vb_pipes *pipes,
                     struct vb_error *err)
{
    int keep[VB_CHILD_FDS_MAX + 2];
    if (child->fd_count > VB_CHILD_FDS_MAX)
        return vb_fail(err, VB_E_SOFTWARE, 0, "a child keeps too many descriptors");
    for (size_t i = 0; i < child->fd_count; i++)
        keep[i] = child->fds[i];
    keep[child->fd_count] = pipes->frames[1];
    keep[child->fd_count + 1] = pipes->report[1];
    if (vb_sys_close_others(keep, child->fd_count + 2) < 0)
        return vb_fail(err, VB_E_OS, errno, "closing inherited descriptors");
    return VB_OK;
}

static int limit_child(const struct vb_child *child, struct vb_error *err)
{
    const bool examiner = child->confinement == VB_CONFINE_EXAMINER;
    const bool bounded = !sanitized && child->memory_bytes != 0; /* ASan reserves terabytes */
    const struct vb_limit_row rows[] = {
        {RLIMIT_CORE, 1}, /* see subject.c */
        {RLIMIT_CPU, child->timeout_ms / 1000 + 2},
        {RLIMIT_FSIZE, FILE_BYTES},
        {RLIMIT_NOFILE, examiner ? OPEN_FILES : FETCHER_OPEN_FILES},
        {RLIMIT_MEMLOCK, 0},
        {RLIMIT_MSGQUEUE, 0},
        {RLIMIT_NPROC, examiner ? 0 : RLIM_INFINITY}, /* libcurl resolves names in a thread */
        {RLIMIT_AS, bounded ? child->memory_bytes : RLIM_INFINITY},
    };
    return vb_limits_set(rows, VB_ARRAY_LEN(rows), err);
}

static void unblock_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void vb_child_default_signals(void)
{
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    unblock_signals();
    (void)signal(SIGPIPE, SIG_IGN); /* a write without a reader is an error like any other */
}

/* The parent may have died before its death could be signalled to us: then nobody reads. */
static bool parent_is_gone(const struct vb_pipes *pipes)
{
    struct pollfd fd = {.fd = pipes->frames[1], .events = 0};
    return poll(&fd, 1, 0) > 0 && (fd.revents & POLLERR) != 0;
}

/* The zygote has done the rest: namespaces, an empty root, no privileges to be had from a program.
 */
static int confine_examiner(const struct vb_child *child, const struct sock_fprog *filter,
                            struct vb_error *err)
{
    int status = limit_child(child, err);
    if (status < 0)
        return status;
    if (vb_sys_drop_capabilities() < 0 || vb_sys_die_with_parent() < 0)
        return vb_fail(err, VB_E_OS, errno, "dropping privileges");
    status = vb_landlock_confine(child->fds, child->fd_count, child->reads_only, err);
    return status < 0 ? status : vb_examiner_filter_load(filter, err);
}

static int confine_fetcher(const struct vb_child *child, struct vb_error *err)
{
    int status = vb_null_stdio(sanitized, err);
    if (status == VB_OK)
        status = limit_child(child, err);
    if (status < 0)
        return status;
    if (vb_sys_no_new_privs() < 0 || vb_sys_drop_capabilities() < 0 || vb_sys_die_with_parent() < 0)
        return vb_fail(err, VB_E_OS, errno, "dropping privileges");
    return vb_fetcher_filter_load(err);
}

static int confined_run(const struct vb_child *child, const struct vb_pipes *pipes,
                        uint64_t epoch_ns, struct vb_error *err)
{
    struct vb_frame_sink sink;
    vb_frame_sink_init(&sink, pipes->frames[1], epoch_ns);
    sink.at_once = child->at_once;
    int status = child->run(child->ctx, &sink.sink, err);
    /* What was seen before a failure still counts. */
    struct vb_error flush_error = {0};
    const int flushed = vb_frame_sink_flush(&sink, &flush_error);
    vb_frame_sink_done(&sink);
    if (status == VB_OK && flushed < 0) {
        *err = flush_error;
        status = flushed;
    }
    return status;
}

void vb_child_main(const struct vb_child *child, const struct vb_pipes *pipes, uint64_t epoch_ns,
                   const struct sock_fprog *filter)
{
    struct vb_error err = {0};
    int status = VB_OK;
    if (filter == NULL)
        vb_child_default_signals();
    else
        unblock_signals();
    if (vb_sys_die_with_parent() < 0)
        status = vb_fail(&err, VB_E_OS, errno, "tying a child to its parent");
    if (status == VB_OK)
        status = keep_only(child, pipes, &err);
    if (status == VB_OK && parent_is_gone(pipes))
        _exit(1);
    if (status == VB_OK)
        status =
            filter != NULL ? confine_examiner(child, filter, &err) : confine_fetcher(child, &err);
    if (status < 0)
        vb_wrap(&err, "starting the %s child", child->name);
    else
        status = confined_run(child, pipes, epoch_ns, &err);
    vb_report_write(pipes->report[1], status, &err);
    _exit(0);
}

static _Noreturn void fetcher_main(const struct vb_child *child, const struct vb_pipes *pipes,
                                   uint64_t epoch_ns)
{
    struct vb_error err = {0};
    const int status = vb_drop_to_sandbox_user(&err);
    if (status == VB_OK)
        vb_child_main(child, pipes, epoch_ns, NULL);
    vb_report_write(pipes->report[1], status, &err);
    _exit(0);
}

static int start_fetcher(const struct vb_child *child, const struct vb_pipes *pipes,
                         uint64_t epoch_ns, pid_t *ret_pid, struct vb_error *err)
{
    const pid_t pid = fork();
    if (pid < 0)
        return vb_fail(err, VB_E_OS, errno, "forking the %s child", child->name);
    if (pid == 0)
        fetcher_main(child, pipes, epoch_ns);
    *ret_pid = pid;
    return VB_OK;
}

/* --- in the coordinator --- */

static void free_zygote(struct vb_zygote **zygote)
{
    vb_zygote_free(*zygote);
}

static int start_examiner(const struct vb_child *child, const struct vb_pipes *pipes,
                          uint64_t epoch_ns, pid_t *ret_pid, struct vb_error *err)
{
    VB_CLEANUP(free_zygote) struct vb_zygote *own = NULL;
    const int status = child->zygote == NULL ? vb_zygote_new(&own, err) : VB_OK;
    if (status < 0)
        return status;
    return vb_zygote_fork(own != NULL ? own : child->zygote, child, pipes, epoch_ns, ret_pid, err);
}

static int start_child(const struct vb_child *child, uint64_t epoch_ns, struct vb_process *process,
                       struct vb_error *err)
{
    VB_CLEANUP(vb_pipes_done) struct vb_pipes pipes = {{-1, -1}, {-1, -1}};
    int status = vb_pipes_new(&pipes, err);
    if (status < 0)
        return status;
    status = child->confinement == VB_CONFINE_EXAMINER
                 ? start_examiner(child, &pipes, epoch_ns, &process->pid, err)
                 : start_fetcher(child, &pipes, epoch_ns, &process->pid, err);
    if (status < 0)
        return status;
    process->frames = vb_steal_fd(&pipes.frames[0]);
    process->report = vb_steal_fd(&pipes.report[0]);
    process->pidfd = pidfd_open(process->pid, 0);
    if (process->pidfd < 0)
        return vb_fail(err, VB_E_UNAVAILABLE, errno, "pidfd_open: use a kernel of 5.19 or later");
    return VB_OK;
}

int vb_child_run(const struct vb_child *child, uint64_t epoch_ns, struct vb_sink *sink,
                 bool *ret_died, struct vb_error *err)
{
    const struct vb_relay relay = {
        .role = child->role,
        .name = child->name,
        .epoch_ns = epoch_ns,
        .timeout_ms = child->timeout_ms,
    };
    VB_CLEANUP(vb_process_done)
    struct vb_process process = {.pid = -1, .pidfd = -1, .frames = -1, .report = -1};
    int status = start_child(child, epoch_ns, &process, err);
    if (status < 0)
        return status;
    struct vb_death death;
    status = vb_relay_run(&relay, &process, sink, &death, err);
    if (status < 0)
        return status;
    if (death.died) {
        status = child->hurried && death.late ? vb_emit_late(&relay, sink, err)
                                              : vb_emit_death(&relay, &death, sink, err);
        if (status < 0)
            return status;
    }
    *ret_died = death.died;
    return VB_OK;
}
