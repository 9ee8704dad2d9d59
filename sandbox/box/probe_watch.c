/* probe_watch: what watches a subject and ends it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box/confine.h"
#include "sandbox/box/kernel.h"
#include "sandbox/box/probe.h"

/* --- seccomp --- */

/* getppid gets ACTION, everything else is allowed. */
static long load_filter(unsigned flags, uint32_t action)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = VB_ARRAY_LEN(code), .filter = code};
    if (vb_sys_no_new_privs() < 0)
        return -1;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

void vb_probe_filter(struct vb_probe *ret)
{
    if (load_filter(0, SECCOMP_RET_ERRNO | ENOTNAM) < 0)
        vb_probe_refuse(ret, VB_STEP_CALL, "loading a filter");
    else if (syscall(SYS_getppid) != -1 || errno != ENOTNAM)
        vb_probe_say(ret, false, "the filter has no effect");
    else
        vb_probe_say(ret, true, "a filter answers a system call");
}

/* What the observed process must get back; as a descriptor too it is within every limit. */
enum { EXPECTED = 47 };

static const char secret[] = "bytes of the observed process";

/* The observed side: in a user namespace of its own, as a box is. */
static _Noreturn void observed_main(int socket)
{
    /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV is 1 << 5; Debian 12's header has it, older ones lack
     * it. */
    const unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | 1U << 5;
    long numbers[2] = {load_filter(flags, SECCOMP_RET_USER_NOTIF), 0};
    numbers[1] = numbers[0] < 0 ? errno : 0;
    if (write(socket, numbers, sizeof(numbers)) != (ssize_t)sizeof(numbers) || numbers[0] < 0)
        _exit(1);
    char go;
    if (read(socket, &go, 1) != 1)
        _exit(1);
    _exit(syscall(SYS_getppid) == EXPECTED ? 0 : 2);
}

struct observed {
    pid_t pid;
    int pidfd;
    int socket;
};

static void observed_done(struct observed *observed)
{
    int status;
    vb_close_fd(&observed->socket);
    if (observed->pid > 0) {
        (void)kill(observed->pid, SIGKILL);
        (void)vb_sys_reap(observed->pid, &status);
    }
    vb_close_fd(&observed->pidfd);
}

static bool start_observed(struct vb_probe *ret, struct observed *observed, long *ret_listener)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        vb_probe_refuse(ret, VB_STEP_CALL, "socketpair");
        return false;
    }
    observed->socket = ends[0];
    VB_CLEANUP_FD int theirs = ends[1];
    observed->pid = vb_sys_clone(CLONE_NEWUSER, &observed->pidfd);
    if (observed->pid == 0)
        observed_main(theirs);
    if (observed->pid < 0) {
        vb_probe_refuse(ret, VB_STEP_USER, "clone3 with a user namespace");
        return false;
    }
    vb_close_fd(&theirs);
    long numbers[2];
    const bool heard = read(observed->socket, numbers, sizeof(numbers)) == (ssize_t)sizeof(numbers);
    if (!heard || numbers[0] < 0) {
        errno = heard ? (int)numbers[1] : errno;
        vb_probe_refuse(ret, VB_STEP_CALL, "loading a filter with a listener (WAIT_KILLABLE_RECV)");
        return false;
    }
    *ret_listener = numbers[0];
    return true;
}

/* Receives the one call of the observed process and answers it through ANSWER. */
static void answer_one(struct vb_probe *ret, struct observed *observed, int listener,
                       int (*answer)(int, struct seccomp_notif_resp *))
{
    struct seccomp_notif_sizes sizes;
    if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0) {
        vb_probe_refuse(ret, VB_STEP_CALL, "asking for the sizes of notifications");
        return;
    }
    VB_CLEANUP_FREE struct seccomp_notif *got =
        calloc(1, sizes.seccomp_notif > sizeof(*got) ? sizes.seccomp_notif : sizeof(*got));
    VB_CLEANUP_FREE struct seccomp_notif_resp *reply = calloc(
        1, sizes.seccomp_notif_resp > sizeof(*reply) ? sizes.seccomp_notif_resp : sizeof(*reply));
    if (got == NULL || reply == NULL || write(observed->socket, "g", 1) != 1 ||
        ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, got) < 0) {
        vb_probe_refuse(ret, VB_STEP_CALL, "receiving a notification");
        return;
    }
    reply->id = got->id;
    reply->val = EXPECTED;
    int status = -1;
    if (answer(listener, reply) < 0 || vb_sys_reap(observed->pid, &status) < 0) {
        vb_probe_refuse(ret, VB_STEP_CALL, "answering a notification");
        return;
    }
    observed->pid = -1;
    if (status != 0)
        vb_probe_say(ret, false, "the observed process did not get the answer");
    else
        vb_probe_say(ret, true, "a system call was received and answered");
}

static void observe(struct vb_probe *ret, int (*answer)(int, struct seccomp_notif_resp *))
{
    VB_CLEANUP(observed_done)
    struct observed observed = {.pid = -1, .pidfd = -1, .socket = -1};
    long number = -1;
    if (!start_observed(ret, &observed, &number))
        return;
    VB_CLEANUP_FD int listener = pidfd_getfd(observed.pidfd, (int)number, 0);
    if (listener < 0)
        vb_probe_refuse(ret, VB_STEP_CALL, "pidfd_getfd of the listener");
    else
        answer_one(ret, &observed, listener, answer);
}

static int answer_with_value(int listener, struct seccomp_notif_resp *reply)
{
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, reply);
}

/* The observed process gets a descriptor of ours under the number that it expects as its answer. */
static int answer_with_descriptor(int listener, struct seccomp_notif_resp *reply)
{
    VB_CLEANUP_FD int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct seccomp_notif_addfd add = {.id = reply->id,
                                      .flags = SECCOMP_ADDFD_FLAG_SETFD | SECCOMP_ADDFD_FLAG_SEND,
                                      .srcfd = (uint32_t)fd,
                                      .newfd = EXPECTED};
    return fd < 0 ? -1 : ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
}

void vb_probe_notification(struct vb_probe *ret)
{
    observe(ret, answer_with_value);
}

void vb_probe_addfd(struct vb_probe *ret)
{
    observe(ret, answer_with_descriptor);
    if (ret->present)
        vb_probe_say(ret, true, "a descriptor was put into the observed process");
}

void vb_probe_memory(struct vb_probe *ret)
{
    VB_CLEANUP(observed_done)
    struct observed observed = {.pid = -1, .pidfd = -1, .socket = -1};
    long number = -1;
    if (!start_observed(ret, &observed, &number))
        return;
    char copy[sizeof(secret)] = "";
    struct iovec here = {.iov_base = copy, .iov_len = sizeof(copy)};
    struct iovec there = {.iov_base = (void *)(uintptr_t)secret, .iov_len = sizeof(secret)};
    if (process_vm_readv(observed.pid, &here, 1, &there, 1, 0) != (ssize_t)sizeof(secret))
        vb_probe_refuse(ret, VB_STEP_CALL, "process_vm_readv");
    else if (memcmp(copy, secret, sizeof(secret)) != 0)
        vb_probe_say(ret, false, "process_vm_readv gave other bytes");
    else
        vb_probe_say(ret, true, "arguments of system calls can be read");
}

/* --- the rest --- */

void vb_probe_landlock(struct vb_probe *ret)
{
    const int version = vb_landlock_version();
    struct vb_error err = {0};
    errno = ENOSYS;
    if (version == 0)
        vb_probe_refuse(ret, VB_STEP_CALL, "landlock_create_ruleset");
    else if (vb_landlock_confine(NULL, 0, false, &err) < 0)
        vb_probe_say(ret, false, "%s", err.message);
    else if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0)
        vb_probe_say(ret, false, "Landlock has no effect");
    else
        vb_probe_say(ret, true, "version %d", version);
}

void vb_probe_pidfd(struct vb_probe *ret)
{
    int pidfd = -1;
    const pid_t pid = vb_sys_clone(0, &pidfd);
    if (pid == 0) {
        (void)pause();
        _exit(0);
    }
    if (pid < 0) {
        vb_probe_refuse(ret, VB_STEP_CALL, "clone3");
        return;
    }
    int status = 0;
    if (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) < 0) {
        vb_probe_refuse(ret, VB_STEP_CALL, "pidfd_send_signal");
        (void)kill(pid, SIGKILL);
        (void)vb_sys_reap(pid, &status);
        return;
    }
    if (vb_sys_reap(pid, &status) < 0 || !WIFSIGNALED(status))
        vb_probe_say(ret, false, "a child survived a signal through its pidfd");
    else
        vb_probe_say(ret, true, "clone3 and pidfd_send_signal");
}

void vb_probe_memfd(struct vb_probe *ret)
{
    VB_CLEANUP_FD int fd = vb_sys_memory_file("vetbox");
    if (fd < 0 || write(fd, "x", 1) != 1 || fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) < 0)
        vb_probe_refuse(ret, VB_STEP_CALL, "memfd_create");
    else
        vb_probe_say(ret, true, "memory files with seals");
}
