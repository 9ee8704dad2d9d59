/* inside: pid 1 of a box. It has every capability of the box's user namespace while it builds the
 * root, and none afterwards; then it only starts the subject and reaps. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/kernel.h"
#include "sandbox/box/machine.h"

int vb_box_say(int socket, enum vb_box_word word, int number, int fd)
{
    struct vb_box_message message = {.word = (int32_t)word, .number = number};
    return vb_sys_send(socket, &message, sizeof(message), fd);
}

int vb_box_say_failed(int socket, const struct vb_error *err)
{
    struct vb_box_message message = {
        .word = VB_BOX_FAILED, .status = err->status, .number = err->system_errno};
    memcpy(message.text, err->message, sizeof(message.text));
    message.text[sizeof(message.text) - 1] = '\0';
    return vb_sys_send(socket, &message, sizeof(message), -1);
}

/* --- the steps before the subject, in order --- */

static int map_user(struct vb_inside *inside, struct vb_error *err)
{
    if (vb_sys_map_self(VB_PERSONA_UID, inside->uid, VB_PERSONA_GID, inside->gid) < 0)
        return vb_fail_namespaces(err, errno, "mapping the user into a user namespace");
    return VB_OK;
}

/* Not while we are cloned: the top of the namespace would be our parent's group. */
static int hide_groups(struct vb_inside *inside, struct vb_error *err)
{
    (void)inside;
    if (unshare(CLONE_NEWCGROUP) < 0)
        return vb_fail_namespaces(err, errno, "making a cgroup namespace");
    return VB_OK;
}

static int name_host(struct vb_inside *inside, struct vb_error *err)
{
    const char *host = vb_persona_traits(inside->setup->options.persona)->host;
    if (sethostname(host, strlen(host)) < 0 || setdomainname("", 0) < 0)
        return vb_fail(err, VB_E_OS, errno, "naming the host of a box");
    return VB_OK;
}

/* When memory runs out the kernel takes the box first, not the machine's other work. */
static int prefer_for_oom(struct vb_inside *inside, struct vb_error *err)
{
    (void)inside;
    if (vb_sys_write_file(AT_FDCWD, "/proc/self/oom_score_adj", "1000") < 0)
        return vb_fail(err, VB_E_OS, errno, "setting oom_score_adj");
    return VB_OK;
}

static int tell_missing(const struct vb_inside *inside, const char *layer, int system_errno,
                        struct vb_error *err)
{
    struct vb_box_message message = {.word = VB_BOX_MISSING};
    snprintf(message.text, sizeof(message.text), "%s\n%s", layer, strerror(system_errno));
    if (vb_sys_send(inside->control, &message, sizeof(message), -1) < 0)
        return vb_fail(err, VB_E_OS, errno, "telling the supervisor");
    return VB_OK;
}

/* What the subject watches counts against the user who runs vetbox, unless the box's namespace has
 * limits of its own. */
static int limit_watches(struct vb_inside *inside, struct vb_error *err)
{
    (void)inside;
    if (vb_sys_write_file(AT_FDCWD, "/proc/sys/user/max_inotify_instances", "64") < 0 ||
        vb_sys_write_file(AT_FDCWD, "/proc/sys/user/max_inotify_watches", "8192") < 0)
        return vb_fail(err, VB_E_OS, errno, "limiting the file watches of a box");
    return VB_OK;
}

/* Fidelity: without a time namespace the subject sees the real uptime. */
static int shift_uptime(struct vb_inside *inside, struct vb_error *err)
{
    char offsets[64];
    snprintf(offsets, sizeof(offsets), "monotonic %d 0\nboottime %d 0", VB_MACHINE_UPTIME,
             VB_MACHINE_UPTIME);
    if (unshare(0x80 /* CLONE_NEWTIME */) == 0 &&
        vb_sys_write_file(AT_FDCWD, "/proc/self/timens_offsets", offsets) == 0)
        return VB_OK;
    return tell_missing(inside, "time namespace", errno, err);
}

/* A machine that has been up for days has not just made its second process. Kernels without
 * CONFIG_CHECKPOINT_RESTORE count from there all the same (docs/tells.md). */
static int count_processes(struct vb_inside *inside, struct vb_error *err)
{
    enum { LEAST = 9000, SPREAD = 16384 }; /* there are 32768 at least */
    char text[24];
    (void)err;
    snprintf(text, sizeof(text), "%lu", LEAST + strtoul(inside->setup->boot_id, NULL, 16) % SPREAD);
    (void)vb_sys_write_file(AT_FDCWD, "/proc/sys/kernel/ns_last_pid", text);
    return VB_OK;
}

static const struct {
    const char *name;
    int (*run)(struct vb_inside *inside, struct vb_error *err);
} steps[] = {
    {"user namespace", map_user},
    {"cgroup namespace", hide_groups},
    {"host name", name_host},
    {"memory", prefer_for_oom},
    {"file watches", limit_watches},
    {"time namespace", shift_uptime},
    {"process numbers", count_processes},
    {"root", vb_root_build},
};

/* --- the subject and everything that it leaves to us --- */

static int wait_for_go(int control)
{
    struct vb_box_message message;
    const ssize_t got = vb_sys_recv(control, &message, sizeof(message), NULL, NULL);
    return got == (ssize_t)sizeof(message) && message.word == VB_BOX_GO ? 0 : -1;
}

/* Reaps whoever ended. Returns false when nobody is left. */
static bool reap_all(int control, pid_t subject)
{
    for (;;) {
        int status;
        const pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0)
            return false;
        if (pid == 0)
            return true;
        if (pid == subject)
            (void)vb_box_say(control, VB_BOX_ENDED, status, -1);
    }
}

/* In a child, which the subject may kill and which ends by itself. */
static int move_folder(const char *paths, bool replace)
{
    enum { PATIENCE_S = 2 };
    const pid_t pid = fork();
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)alarm(PATIENCE_S);
        _exit(vb_move_folder(paths, paths + strlen(paths) + 1, replace));
    }
    int status = 0;
    if (pid < 0)
        return errno;
    /* The alarm does not wake a child that the subject stopped. */
    const uint64_t until_ns = vb_monotonic_ns() + PATIENCE_S * UINT64_C(1000000000);
    pid_t ended;
    while ((ended = waitpid(pid, &status, WNOHANG)) == 0 && vb_monotonic_ns() < until_ns)
        (void)usleep(200);
    if (ended == 0) {
        (void)kill(pid, SIGKILL);
        ended = waitpid(pid, &status, 0);
    }
    return ended == pid && WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

static _Noreturn void tend(int control, int signals, pid_t subject)
{
    struct pollfd fds[2] = {{.fd = control, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    while (reap_all(control, subject)) {
        if (poll(fds, VB_ARRAY_LEN(fds), -1) < 0)
            continue;
        struct signalfd_siginfo info;
        if ((fds[1].revents & POLLIN) != 0)
            (void)!read(signals, &info, sizeof(info));
        struct vb_box_message message;
        if (fds[0].revents == 0)
            continue;
        if (vb_sys_recv(control, &message, sizeof(message), NULL, NULL) <= 0)
            break; /* no supervisor: nobody needs this box any more */
        message.text[sizeof(message.text) - 1] = '\0';
        if (message.word == VB_BOX_TERMINATE)
            (void)kill(-1, SIGTERM); /* everybody but ourselves */
        if (message.word == VB_BOX_MOVE)
            (void)vb_box_say(control, VB_BOX_MOVED, move_folder(message.text, message.number != 0),
                             -1);
    }
    _exit(0); /* the end of pid 1 kills whoever is left */
}

/* Before there is a subject, which must never meet an init that it could trace: one with fewer
 * capabilities than now, or one whose memory may be read. */
static int give_up_power(struct vb_error *err)
{
    if (vb_sys_no_new_privs() < 0 || vb_sys_drop_capabilities() < 0 ||
        vb_sys_die_with_parent() < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return vb_fail(err, VB_E_OS, errno, "dropping privileges");
    return VB_OK;
}

static int close_rest(const struct vb_inside *inside, int signals, struct vb_error *err)
{
    const int keep[] = {inside->control, signals};
    if (vb_sys_close_others(keep, VB_ARRAY_LEN(keep)) < 0)
        return vb_fail(err, VB_E_OS, errno, "closing descriptors");
    return vb_null_stdio(false, err);
}

static int watch_children(struct vb_error *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    const int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0 || sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return vb_fail(err, VB_E_OS, errno, "watching children");
    return fd;
}

static int run_steps(struct vb_inside *inside, struct vb_error *err)
{
    if (vb_sys_die_with_parent() < 0)
        return vb_fail(err, VB_E_OS, errno, "tying a box to its supervisor");
    for (size_t i = 0; i < VB_ARRAY_LEN(steps); i++) {
        if (steps[i].run(inside, err) < 0)
            return vb_wrap(err, "setting up a box (%s)", steps[i].name);
    }
    return VB_OK;
}

_Noreturn void vb_inside_main(struct vb_inside *inside)
{
    struct vb_error err = {0};
    const int signals = watch_children(&err);
    int status = signals < 0 ? signals : run_steps(inside, &err);
    if (status == VB_OK)
        status = give_up_power(&err);
    if (status < 0) {
        (void)vb_box_say_failed(inside->control, &err);
        _exit(1);
    }
    if (vb_box_say(inside->control, VB_BOX_READY, 0, -1) < 0 || wait_for_go(inside->control) < 0)
        _exit(1);
    const pid_t subject = fork();
    if (subject == 0)
        vb_subject_main(inside);
    status = subject < 0 ? vb_fail(&err, VB_E_OS, errno, "forking the subject")
                         : close_rest(inside, signals, &err);
    if (status < 0) {
        (void)vb_box_say_failed(inside->control, &err);
        _exit(1);
    }
    tend(inside->control, signals, subject);
}
