/* confine: what parent and child share when a process is started that will not be trusted. Every
 * hardening step that fails is fatal: there is no silent weaker mode. */
#include "sandbox/box/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sandbox/box/kernel.h"

/* --- processes and their pipes --- */

int vb_process_reap(struct vb_process *process, int *ret_status)
{
    if (vb_sys_reap(process->pid, ret_status) < 0)
        return -1;
    process->pid = -1;
    return 0;
}

void vb_process_done(struct vb_process *process)
{
    if (process->pid > 0) {
        int status;
        if (process->pidfd >= 0)
            (void)pidfd_send_signal(process->pidfd, SIGKILL, NULL, 0);
        else
            (void)kill(process->pid, SIGKILL);
        (void)vb_process_reap(process, &status);
    }
    vb_close_fd(&process->pidfd);
    vb_close_fd(&process->frames);
    vb_close_fd(&process->report);
}

int vb_pipes_new(struct vb_pipes *ret, struct vb_error *err)
{
    enum { FRAME_PIPE_BYTES = 1024 * 1024 };
    struct vb_pipes pipes = {{-1, -1}, {-1, -1}};
    if (pipe2(pipes.frames, O_CLOEXEC) < 0 || pipe2(pipes.report, O_CLOEXEC) < 0 ||
        fcntl(pipes.frames[0], F_SETFL, O_NONBLOCK) < 0 ||
        fcntl(pipes.report[0], F_SETFL, O_NONBLOCK) < 0) {
        const int saved = errno;
        vb_pipes_done(&pipes);
        return vb_fail(err, VB_E_OS, saved, "making a pipe to a child");
    }
    /* Fewer wake-ups across processors; the default size works too. */
    (void)fcntl(pipes.frames[1], F_SETPIPE_SZ, FRAME_PIPE_BYTES);
    *ret = pipes;
    return VB_OK;
}

void vb_pipes_done(struct vb_pipes *pipes)
{
    for (int i = 0; i < 2; i++) {
        vb_close_fd(&pipes->frames[i]);
        vb_close_fd(&pipes->report[i]);
    }
}

void vb_report_write(int fd, int status, const struct vb_error *err)
{
    struct vb_report report = {.status = status};
    if (status < 0) {
        report.system_errno = err->system_errno;
        memcpy(report.message, err->message, sizeof(report.message));
        report.message[sizeof(report.message) - 1] = '\0';
    }
    struct vb_error ignored;
    /* If the reader is gone nobody is left to tell. */
    (void)!vb_write_all(fd, &report, sizeof(report), &ignored);
}

/* --- privileges --- */

int vb_drop_to_sandbox_user(struct vb_error *err)
{
    if (geteuid() != 0)
        return VB_OK;
    if (setgroups(0, NULL) < 0 || setresgid(VB_SANDBOX_GID, VB_SANDBOX_GID, VB_SANDBOX_GID) < 0 ||
        setresuid(VB_SANDBOX_UID, VB_SANDBOX_UID, VB_SANDBOX_UID) < 0)
        return vb_fail(err, VB_E_UNAVAILABLE, errno,
                       "cannot become the unprivileged user %d; root without CAP_SETUID and "
                       "CAP_SETGID cannot contain a package: run vetbox as an ordinary user",
                       VB_SANDBOX_UID);
    /* Changing ids makes a process undumpable, and its files in /proc root's: it could not write
     * its own uid_map. */
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
        return vb_fail(err, VB_E_OS, errno, "after the change of user");
    return VB_OK;
}

/* --- limits, standard input and output --- */

int vb_limits_set(const struct vb_limit_row *rows, size_t count, struct vb_error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct rlimit limit;
        if (getrlimit((__rlimit_resource_t)rows[i].resource, &limit) < 0)
            return vb_fail(err, VB_E_OS, errno, "reading resource limit %d", rows[i].resource);
        /* Never above what we were given ourselves: that needs a privilege. */
        if (limit.rlim_max > rows[i].value)
            limit.rlim_max = rows[i].value;
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit((__rlimit_resource_t)rows[i].resource, &limit) < 0)
            return vb_fail(err, VB_E_OS, errno, "setting resource limit %d", rows[i].resource);
    }
    return VB_OK;
}

void vb_ignore_terminal_signals(void)
{
    static const int numbers[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGPIPE};
    for (size_t i = 0; i < VB_ARRAY_LEN(numbers); i++)
        (void)signal(numbers[i], SIG_IGN);
    (void)signal(SIGCHLD, SIG_DFL);
}

int vb_null_stdio(bool keep_error, struct vb_error *err)
{
    VB_CLEANUP_FD int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return vb_fail(err, VB_E_OS, errno, "opening /dev/null");
    const int last = keep_error ? STDOUT_FILENO : STDERR_FILENO;
    for (int fd = STDIN_FILENO; fd <= last; fd++) {
        if (null != fd && dup2(null, fd) < 0)
            return vb_fail(err, VB_E_OS, errno, "closing standard input and output");
    }
    if (null <= STDERR_FILENO)
        vb_steal_fd(&null);
    return VB_OK;
}
