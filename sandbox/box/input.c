/* input: a process of its own carries the user's standard input into a box, through a pipe of ours.
 * Trust boundary: the descriptor is the user's terminal or file, which the subject could open anew
 * from /proc if it held it, and write. It never does; nor does the supervisor, which reads hostile
 * memory. Nothing here looks at a byte. */
#include "sandbox/box/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box/confine.h"
#include "sandbox/box/kernel.h"
#include "vetbox/sandbox.h"

enum { CHUNK = 4096, PATIENCE_MS = 200 };

static bool wait_for(struct pollfd *fds, nfds_t count)
{
    int ready;
    do {
        ready = poll(fds, count, -1);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

/* Waits until the pipe is empty, for it holds a single page, and then for more to come: nothing is
 * taken from the user that the subject did not ask for, but for the last chunk. False: nobody reads
 * any more. */
static bool is_wanted(int from, int to)
{
    struct pollfd room = {.fd = to, .events = POLLOUT};
    struct pollfd more[2] = {{.fd = to}, {.fd = from, .events = POLLIN}};
    return wait_for(&room, 1) && (room.revents & POLLERR) == 0 &&
           wait_for(more, VB_ARRAY_LEN(more)) && (more[0].revents & POLLERR) == 0;
}

/* Returns how many bytes of CHUNK could not be written. */
static size_t pass_on(int to, const char *chunk, size_t len)
{
    size_t done = 0;
    while (done < len) {
        const ssize_t some = write(to, chunk + done, len - done);
        struct pollfd room = {.fd = to, .events = POLLOUT};
        if (some < 0 && errno != EINTR && (errno != EAGAIN || !wait_for(&room, 1)))
            break;
        done += some > 0 ? (size_t)some : 0;
    }
    return len - done;
}

/* Of the last chunk LEFT bytes were not written, and others may stand unread in the pipe. The
 * subject may have written more to it: nothing before the chunk is given back. */
static void give_back(int from, int to, size_t chunk, size_t left)
{
    int unread = 0;
    struct stat st;
    if (fstat(from, &st) < 0 || !S_ISREG(st.st_mode) || ioctl(to, FIONREAD, &unread) < 0)
        return;
    const size_t all = left + (unread > 0 ? (size_t)unread : 0);
    (void)lseek(from, -(off_t)(all < chunk ? all : chunk), SEEK_CUR);
}

static void carry(int from, int to)
{
    char chunk[CHUNK];
    size_t len = 0, left = 0;
    while (left == 0 && is_wanted(from, to)) {
        const ssize_t got = read(from, chunk, sizeof(chunk));
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        len = got > 0 ? (size_t)got : 0;
        left = pass_on(to, chunk, len);
        if (len == 0)
            break;
    }
    give_back(from, to, len, left);
}

static _Noreturn void carrier_main(int from, int to)
{
    const int keep[] = {from, to};
    struct vb_error ignored = {0};
    /* In the background a terminal gives nothing; it must not stop us either. */
    (void)signal(SIGTTIN, SIG_IGN);
    if (vb_sys_die_with_parent() == 0 && vb_sys_close_others(keep, VB_ARRAY_LEN(keep)) == 0 &&
        vb_null_stdio(false, &ignored) == VB_OK)
        carry(from, to);
    _exit(0);
}

int vb_input_open(struct vb_input *ret, int *ret_writer, struct vb_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return vb_fail(err, VB_E_OS, errno, "making a pipe for standard input");
    ret->reader = ends[0];
    *ret_writer = ends[1];
    return fcntl(*ret_writer, F_SETFL, O_NONBLOCK) < 0
               ? vb_fail(err, VB_E_OS, errno, "making a pipe for standard input")
               : VB_OK;
}

int vb_input_text(const char *text, struct vb_input *ret, struct vb_error *err)
{
    VB_CLEANUP_FD int writer = -1;
    const size_t len = strlen(text);
    if (len > VB_INPUT_MAX)
        return vb_fail(err, VB_E_SOFTWARE, 0, "more standard input than a pipe holds");
    const int status = vb_input_open(ret, &writer, err);
    return status < 0 ? status : vb_write_all(writer, text, len, err);
}

int vb_input_new(int fd, struct vb_input *ret, struct vb_error *err)
{
    int ends[2];
    VB_CLEANUP_FD int from = fd;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the standard input of a box");
    VB_CLEANUP_FD int reader = ends[0];
    VB_CLEANUP_FD int writer = ends[1];
    if (fcntl(writer, F_SETPIPE_SZ, CHUNK) < 0 || fcntl(writer, F_SETFL, O_NONBLOCK) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the standard input of a box");
    const pid_t pid = fork();
    if (pid < 0)
        return vb_fail(err, VB_E_OS, errno, "passing on standard input");
    if (pid == 0) {
        vb_close_fd(&reader);
        carrier_main(from, writer);
    }
    const int pidfd = pidfd_open(pid, 0);
    *ret = (struct vb_input){.pid = pid, .pidfd = pidfd, .reader = vb_steal_fd(&reader)};
    return VB_OK;
}

void vb_input_done(struct vb_input *input)
{
    vb_close_fd(&input->reader);
    if (input->pid <= 0)
        return;
    struct pollfd end = {.fd = input->pidfd, .events = POLLIN};
    int status;
    if (input->pidfd < 0 || poll(&end, 1, PATIENCE_MS) <= 0)
        (void)kill(input->pid, SIGKILL);
    (void)vb_sys_reap(input->pid, &status);
    vb_close_fd(&input->pidfd);
    input->pid = 0;
}
