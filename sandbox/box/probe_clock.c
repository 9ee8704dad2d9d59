/* probe_clock: whether a program can be shown another time, tried on a process in a user namespace
 * of its own, as a box's are. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/box/kernel.h"
#include "sandbox/box/probe.h"
#include "sandbox/recorder/clock.h"

enum { MOVED_S = 3600, ANSWER_S = 2 };

/* Reads the clock as programs do, in the shared code, before and after it was moved. */
static _Noreturn void reader_main(int socket)
{
    struct timespec before, after;
    char go = 'g';
    if (clock_gettime(CLOCK_MONOTONIC, &before) < 0 || write(socket, &go, 1) != 1 ||
        read(socket, &go, 1) != 1 || clock_gettime(CLOCK_MONOTONIC, &after) < 0)
        _exit(1);
    const time_t passed = after.tv_sec - before.tv_sec;
    _exit(write(socket, &passed, sizeof(passed)) != (ssize_t)sizeof(passed));
}

static bool move_clock_of(pid_t pid)
{
    char path[64];
    struct vb_clock clock = {0};
    snprintf(path, sizeof(path), "/proc/%d", (int)pid);
    VB_CLEANUP_FD int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_FD int mem = dir < 0 ? -1 : openat(dir, "mem", O_RDWR | O_CLOEXEC);
    const struct vb_clock_process process = {mem, dir < 0 ? 0 : vb_clock_code(dir)};
    errno = ENOSYS; /* unless a write says why: the shared code is of an unknown form */
    return mem >= 0 && vb_clock_move(&clock, &process, 1, (uint64_t)MOVED_S * 1000000000);
}

static void compare_clocks(struct vb_probe *ret, int socket, pid_t pid)
{
    time_t passed = 0;
    char go = 'g';
    if (read(socket, &go, 1) != 1)
        vb_probe_say(ret, false, "the process whose clock was to be moved ended");
    else if (!move_clock_of(pid))
        vb_probe_refuse(ret, VB_STEP_CALL, "writing to the shared code in /proc/PID/mem");
    else if (write(socket, &go, 1) != 1 ||
             read(socket, &passed, sizeof(passed)) != (ssize_t)sizeof(passed))
        vb_probe_say(ret, false, "the process whose clock was moved ended");
    else if (passed < MOVED_S || passed > MOVED_S + ANSWER_S)
        vb_probe_say(ret, false, "a clock that was moved by an hour moved by %lld seconds",
                     (long long)passed);
    else
        vb_probe_say(ret, true, "a program was shown another time");
}

void vb_probe_clock(struct vb_probe *ret)
{
    int ends[2], pidfd = -1, status;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        vb_probe_refuse(ret, VB_STEP_CALL, "socketpair");
        return;
    }
    VB_CLEANUP_FD int ours = ends[0];
    VB_CLEANUP_FD int theirs = ends[1];
    const pid_t pid = vb_sys_clone(CLONE_NEWUSER, &pidfd);
    if (pid == 0)
        reader_main(theirs);
    if (pid < 0) {
        vb_probe_refuse(ret, VB_STEP_USER, "clone3 with a user namespace");
        return;
    }
    vb_close_fd(&theirs);
    compare_clocks(ret, ours, pid);
    (void)kill(pid, SIGKILL);
    (void)vb_sys_reap(pid, &status);
    vb_close_fd(&pidfd);
}
