/* layers: `vetbox doctor` and the refusal to run without containment. Each layer is tried for real,
 * by a throw-away child that is as unprivileged as a box: that a flag exists says nothing about
 * whether this host, container or security module lets us use it. */
#include "sandbox/box/layers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/kernel.h"
#include "sandbox/box/net.h"

enum { PROBE_PATIENCE_MS = 5000, NEW_TIME = 0x80 /* CLONE_NEWTIME */ };

/* What a probe says on its pipe. */
struct answer {
    bool present;
    int system_errno;
    char detail[256];
};

static VB_PRINTF(3, 4) void say(struct answer *answer, bool present, const char *fmt, ...)
{
    answer->present = present;
    answer->system_errno = present ? 0 : errno;
    va_list args;
    va_start(args, fmt);
    vsnprintf(answer->detail, sizeof(answer->detail), fmt, args);
    va_end(args);
}

static void refuse(struct answer *answer, const char *what)
{
    say(answer, false, "%s: %s", what, strerror(errno));
}

/* New namespaces for the calling process, with its user mapped. */
static bool enter(struct answer *answer, int flags)
{
    const uid_t uid = geteuid();
    const gid_t gid = getegid();
    if (unshare(CLONE_NEWUSER | flags) < 0) {
        refuse(answer, "unshare");
        return false;
    }
    if (vb_sys_map_self(VB_PERSONA_UID, uid, VB_PERSONA_GID, gid) < 0) {
        refuse(answer, "writing uid_map and gid_map");
        return false;
    }
    return true;
}

/* --- namespaces and mounts --- */

static void probe_user(struct answer *answer)
{
    if (!enter(answer, 0))
        return;
    if (geteuid() != VB_PERSONA_UID)
        say(answer, false, "uid_map was written, yet the user id is %u", (unsigned)geteuid());
    else
        say(answer, true, "uid_map and gid_map written");
}

static const struct vb_mount_option small_tmpfs[] = {
    {"size", "1m"}, {"nr_inodes", "100"}, {NULL, NULL}};

/* A tmpfs on "/", as a descriptor; -1 with the answer given. */
static int mount_tmpfs(struct answer *answer)
{
    if (!enter(answer, CLONE_NEWNS))
        return -1;
    if (vb_sys_mount_private() < 0) {
        refuse(answer, "mount_setattr(private)");
        return -1;
    }
    VB_CLEANUP_FD int mount = vb_sys_mount_new("tmpfs", small_tmpfs, VB_MOUNT_NODEV);
    if (mount < 0 || vb_sys_mount_attach(mount, AT_FDCWD, "/") < 0) {
        refuse(answer, "mounting a tmpfs (fsopen, fsmount, move_mount)");
        return -1;
    }
    return vb_steal_fd(&mount);
}

static void probe_mount(struct answer *answer)
{
    VB_CLEANUP_FD int root = mount_tmpfs(answer);
    if (root < 0)
        return;
    VB_CLEANUP_FD int usr = -1;
    if (mkdirat(root, "usr", 0755) < 0 ||
        (usr = vb_sys_mount_copy(AT_FDCWD, "/usr", VB_MOUNT_READONLY | VB_MOUNT_NODEV)) < 0 ||
        vb_sys_mount_attach(usr, root, "usr") < 0)
        refuse(answer, "showing /usr read-only (open_tree, mount_setattr)");
    else if (vb_sys_pivot(root) < 0)
        refuse(answer, "pivot_root");
    else if (mkdir("/usr/vetbox-probe", 0755) == 0 || errno != EROFS)
        say(answer, false, "a read-only /usr could be written");
    else
        say(answer, true, "tmpfs, read-only /usr and pivot_root");
}

static void probe_overlay(struct answer *answer)
{
    static const struct vb_mount_option options[] = {{"lowerdir", "/usr/share"},
                                                     {"upperdir", "/tmp/up"},
                                                     {"workdir", "/tmp/work"},
                                                     {"userxattr", NULL},
                                                     {NULL, NULL}};
    if (!enter(answer, CLONE_NEWNS))
        return;
    VB_CLEANUP_FD int tmp = vb_sys_mount_new("tmpfs", small_tmpfs, VB_MOUNT_NODEV);
    if (tmp < 0 || vb_sys_mount_private() < 0 || vb_sys_mount_attach(tmp, AT_FDCWD, "/tmp") < 0 ||
        mkdir("/tmp/up", 0755) < 0 || mkdir("/tmp/work", 0755) < 0) {
        refuse(answer, "mounting a tmpfs");
        return;
    }
    /* Its notes about what was removed are extended attributes. */
    if (setxattr("/tmp/up", "user.overlay.probe", "y", 1, 0) < 0) {
        refuse(answer, "an extended attribute on a tmpfs");
        return;
    }
    VB_CLEANUP_FD int overlay = vb_sys_mount_new("overlay", options, VB_MOUNT_NODEV);
    if (overlay < 0)
        refuse(answer, "mounting an overlay");
    else
        say(answer, true, "an overlay over /usr/share");
}

static void probe_pid(struct answer *answer)
{
    static const struct vb_mount_option options[] = {{"hidepid", "2"}, {NULL, NULL}};
    if (!enter(answer, CLONE_NEWNS | CLONE_NEWPID))
        return;
    const pid_t pid = fork();
    if (pid == 0) {
        const int proc = vb_sys_mount_new("proc", options, VB_MOUNT_NODEV | VB_MOUNT_NOSUID);
        _exit(getpid() != 1 ? 255 : proc < 0 ? errno : 0);
    }
    int status = 0;
    if (pid < 0 || vb_sys_reap(pid, &status) < 0 || !WIFEXITED(status)) {
        refuse(answer, "forking into a pid namespace");
        return;
    }
    errno = WEXITSTATUS(status);
    if (errno != 0)
        refuse(answer, "mounting a new /proc");
    else
        say(answer, true, "a new pid namespace with its own /proc");
}

static bool connect_over_loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *generic = (struct sockaddr *)(void *)&address;
    socklen_t len = sizeof(address);
    VB_CLEANUP_FD int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    VB_CLEANUP_FD int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return server >= 0 && client >= 0 && bind(server, generic, len) == 0 &&
           listen(server, 1) == 0 && getsockname(server, generic, &len) == 0 &&
           connect(client, generic, len) == 0;
}

static void probe_network(struct answer *answer)
{
    struct vb_error err = {0};
    if (!enter(answer, CLONE_NEWNET))
        return;
    if (vb_loopback_up(&err) < 0)
        say(answer, false, "%s", err.message);
    else if (!connect_over_loopback())
        refuse(answer, "connecting over lo");
    else
        say(answer, true, "a network of its own with lo up");
}

static void probe_time(struct answer *answer)
{
    struct timespec before;
    struct timespec after;
    if (!enter(answer, 0))
        return;
    if (unshare(NEW_TIME) < 0 || vb_sys_write_file(AT_FDCWD, "/proc/self/timens_offsets",
                                                   "monotonic 100000 0\nboottime 100000 0") < 0) {
        refuse(answer, "setting the clock offset of a time namespace");
        return;
    }
    if (clock_gettime(CLOCK_BOOTTIME, &before) < 0)
        return;
    const pid_t pid = fork();
    if (pid == 0)
        _exit(clock_gettime(CLOCK_BOOTTIME, &after) < 0 || after.tv_sec < before.tv_sec + 100000);
    int status = -1;
    if (pid < 0 || vb_sys_reap(pid, &status) < 0 || status != 0)
        say(answer, false, "a child in the time namespace does not see the offset");
    else
        say(answer, true, "uptime shifted");
}

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

static void probe_filter(struct answer *answer)
{
    if (load_filter(0, SECCOMP_RET_ERRNO | ENOTNAM) < 0)
        refuse(answer, "loading a filter");
    else if (syscall(SYS_getppid) != -1 || errno != ENOTNAM)
        say(answer, false, "the filter has no effect");
    else
        say(answer, true, "a filter answers a system call");
}

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
    _exit(syscall(SYS_getppid) == 4711 ? 0 : 2);
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

static bool start_observed(struct answer *answer, struct observed *ret, long *ret_listener)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        refuse(answer, "socketpair");
        return false;
    }
    ret->socket = ends[0];
    VB_CLEANUP_FD int theirs = ends[1];
    ret->pid = vb_sys_clone(CLONE_NEWUSER, &ret->pidfd);
    if (ret->pid == 0)
        observed_main(theirs);
    if (ret->pid < 0) {
        refuse(answer, "clone3 with a user namespace");
        return false;
    }
    vb_close_fd(&theirs);
    long numbers[2];
    const bool heard = read(ret->socket, numbers, sizeof(numbers)) == (ssize_t)sizeof(numbers);
    if (!heard || numbers[0] < 0) {
        errno = heard ? (int)numbers[1] : errno;
        refuse(answer, "loading a filter with a listener (WAIT_KILLABLE_RECV)");
        return false;
    }
    *ret_listener = numbers[0];
    return true;
}

static void answer_one(struct answer *answer, struct observed *observed, int listener)
{
    struct seccomp_notif_sizes sizes;
    if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0) {
        refuse(answer, "asking for the sizes of notifications");
        return;
    }
    VB_CLEANUP_FREE struct seccomp_notif *got =
        calloc(1, sizes.seccomp_notif > sizeof(*got) ? sizes.seccomp_notif : sizeof(*got));
    VB_CLEANUP_FREE struct seccomp_notif_resp *reply = calloc(
        1, sizes.seccomp_notif_resp > sizeof(*reply) ? sizes.seccomp_notif_resp : sizeof(*reply));
    if (got == NULL || reply == NULL || write(observed->socket, "g", 1) != 1 ||
        ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, got) < 0) {
        refuse(answer, "receiving a notification");
        return;
    }
    reply->id = got->id;
    reply->val = 4711;
    int status = -1;
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, reply) < 0 ||
        vb_sys_reap(observed->pid, &status) < 0) {
        refuse(answer, "answering a notification");
        return;
    }
    observed->pid = -1;
    if (status != 0)
        say(answer, false, "the observed process did not get the answer");
    else
        say(answer, true, "a system call was received and answered");
}

static void probe_notification(struct answer *answer)
{
    VB_CLEANUP(observed_done)
    struct observed observed = {.pid = -1, .pidfd = -1, .socket = -1};
    long number = -1;
    if (!start_observed(answer, &observed, &number))
        return;
    VB_CLEANUP_FD int listener = pidfd_getfd(observed.pidfd, (int)number, 0);
    if (listener < 0)
        refuse(answer, "pidfd_getfd of the listener");
    else
        answer_one(answer, &observed, listener);
}

static void probe_memory(struct answer *answer)
{
    VB_CLEANUP(observed_done)
    struct observed observed = {.pid = -1, .pidfd = -1, .socket = -1};
    long number = -1;
    if (!start_observed(answer, &observed, &number))
        return;
    char copy[sizeof(secret)] = "";
    struct iovec here = {.iov_base = copy, .iov_len = sizeof(copy)};
    struct iovec there = {.iov_base = (void *)(uintptr_t)secret, .iov_len = sizeof(secret)};
    if (process_vm_readv(observed.pid, &here, 1, &there, 1, 0) != (ssize_t)sizeof(secret))
        refuse(answer, "process_vm_readv");
    else if (memcmp(copy, secret, sizeof(secret)) != 0)
        say(answer, false, "process_vm_readv gave other bytes");
    else
        say(answer, true, "arguments of system calls can be read");
}

/* --- the rest --- */

static void probe_landlock(struct answer *answer)
{
    const int version = vb_landlock_version();
    struct vb_error err = {0};
    errno = ENOSYS;
    if (version == 0)
        refuse(answer, "landlock_create_ruleset");
    else if (vb_landlock_confine(NULL, 0, &err) < 0)
        say(answer, false, "%s", err.message);
    else if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0)
        say(answer, false, "Landlock has no effect");
    else
        say(answer, true, "version %d", version);
}

static void probe_pidfd(struct answer *answer)
{
    int pidfd = -1;
    const pid_t pid = vb_sys_clone(0, &pidfd);
    if (pid == 0) {
        (void)pause();
        _exit(0);
    }
    if (pid < 0) {
        refuse(answer, "clone3");
        return;
    }
    int status = 0;
    if (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) < 0) {
        refuse(answer, "pidfd_send_signal");
        (void)kill(pid, SIGKILL);
        (void)vb_sys_reap(pid, &status);
        return;
    }
    if (vb_sys_reap(pid, &status) < 0 || !WIFSIGNALED(status))
        say(answer, false, "a child survived a signal through its pidfd");
    else
        say(answer, true, "clone3 and pidfd_send_signal");
}

static void probe_memfd(struct answer *answer)
{
    VB_CLEANUP_FD int fd = memfd_create("vetbox", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || write(fd, "x", 1) != 1 || fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) < 0)
        refuse(answer, "memfd_create");
    else
        say(answer, true, "memory files with seals");
}

/* --- the table --- */

static const char fix_kernel[] = "use a kernel of 5.19 or later";

/* fix NULL: what stands in the way of namespaces here (vb_namespace_advice). */
static const struct layer {
    const char *name;
    enum vb_layer_purpose purpose;
    void (*probe)(struct answer *answer);
    const char *fix;
} layers[] = {
    {"user namespace", VB_LAYER_CONTAINMENT, probe_user, NULL},
    {"mount namespace", VB_LAYER_CONTAINMENT, probe_mount, NULL},
    {"pid namespace and /proc", VB_LAYER_CONTAINMENT, probe_pid, NULL},
    {"network namespace", VB_LAYER_CONTAINMENT, probe_network, NULL},
    {"seccomp filter", VB_LAYER_CONTAINMENT, probe_filter,
     "use a kernel with CONFIG_SECCOMP_FILTER=y"},
    {"seccomp notification", VB_LAYER_CONTAINMENT, probe_notification,
     "use a kernel of 5.19 or later; in a container, a seccomp profile that allows seccomp and "
     "pidfd_getfd; with Yama, the sysctl kernel.yama.ptrace_scope below 3"},
    {"memory of the observed", VB_LAYER_CONTAINMENT, probe_memory,
     "set the sysctl kernel.yama.ptrace_scope below 3; in a container, use a seccomp profile that "
     "allows process_vm_readv"},
    {"pidfd", VB_LAYER_CONTAINMENT, probe_pidfd, fix_kernel},
    {"memory file", VB_LAYER_CONTAINMENT, probe_memfd,
     "set the sysctl vm.memfd_noexec=0 or use a kernel with CONFIG_MEMFD_CREATE=y"},
    {"Landlock", VB_LAYER_FIDELITY, probe_landlock,
     "use a kernel of 5.13 or later with landlock in the boot parameter lsm= (a second wall around "
     "the parsers)"},
    {"overlay", VB_LAYER_FIDELITY, probe_overlay,
     "use a kernel of 6.6 or later with CONFIG_OVERLAY_FS and CONFIG_TMPFS_XATTR (each box then "
     "copies what it needs, and /usr is read-only)"},
    {"time namespace", VB_LAYER_FIDELITY, probe_time,
     "use a kernel of 5.6 or later with CONFIG_TIME_NS=y (the box then shows its own uptime)"},
};

static _Noreturn void probe_main(const struct layer *layer, int fd)
{
    struct vb_error err = {0};
    struct answer answer = {0};
    errno = 0;
    if (vb_sys_die_with_parent() < 0)
        refuse(&answer, "prctl");
    else if (vb_drop_to_sandbox_user(&err) < 0)
        say(&answer, false, "%s", err.message);
    else
        layer->probe(&answer);
    _exit(write(fd, &answer, sizeof(answer)) != (ssize_t)sizeof(answer));
}

static int try_layer(const struct layer *layer, struct answer *ret, struct vb_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return vb_fail(err, VB_E_OS, errno, "probing the kernel");
    VB_CLEANUP_FD int ours = ends[0];
    VB_CLEANUP_FD int theirs = ends[1];
    const pid_t pid = fork();
    if (pid < 0)
        return vb_fail(err, VB_E_OS, errno, "probing the kernel");
    if (pid == 0)
        probe_main(layer, theirs);
    vb_close_fd(&theirs);
    struct pollfd fd = {.fd = ours, .events = POLLIN};
    const bool heard = poll(&fd, 1, PROBE_PATIENCE_MS) > 0 &&
                       read(ours, ret, sizeof(*ret)) == (ssize_t)sizeof(*ret);
    int status = 0;
    if (!heard)
        (void)kill(pid, SIGKILL);
    if (vb_sys_reap(pid, &status) < 0)
        return vb_fail(err, VB_E_OS, errno, "probing the kernel");
    if (!heard && WIFSIGNALED(status))
        say(ret, false, "the probe was killed by signal %d", WTERMSIG(status));
    else if (!heard)
        say(ret, false, "the probe ended without an answer");
    return VB_OK;
}

static const char *fix_of(const struct layer *layer, const struct answer *answer)
{
    return layer->fix != NULL ? layer->fix : vb_namespace_advice(answer->system_errno);
}

int vb_layers_probe(struct vb_layer_report ret[VB_LAYERS_MAX], struct vb_error *err)
{
    _Static_assert(VB_ARRAY_LEN(layers) <= VB_LAYERS_MAX, "too many layers");
    for (size_t i = 0; i < VB_ARRAY_LEN(layers); i++) {
        struct answer answer = {0};
        const int status = try_layer(&layers[i], &answer, err);
        if (status < 0)
            return status;
        ret[i] = (struct vb_layer_report){
            .name = layers[i].name,
            .purpose = layers[i].purpose,
            .present = answer.present,
            .fix = answer.present ? NULL : fix_of(&layers[i], &answer),
        };
        memcpy(ret[i].detail, answer.detail, sizeof(ret[i].detail));
    }
    return (int)VB_ARRAY_LEN(layers);
}

int vb_layers_require(struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(layers); i++) {
        struct answer answer = {0};
        if (layers[i].purpose != VB_LAYER_CONTAINMENT)
            continue;
        const int status = try_layer(&layers[i], &answer, err);
        if (status < 0)
            return status;
        if (!answer.present)
            return vb_fail(err, VB_E_UNAVAILABLE, 0,
                           "this kernel cannot contain a package: %s: %s; %s", layers[i].name,
                           answer.detail, fix_of(&layers[i], &answer));
    }
    return VB_OK;
}
