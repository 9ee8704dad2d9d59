/* kernel: thin system calls. <sys/mount.h> clashes with <linux/mount.h> in glibc 2.36, so the mount
 * calls are made by number, and only here. */
#include "sandbox/box/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t vb_sys_clone(uint64_t flags, int *ret_pidfd)
{
    return vb_sys_clone_into(-1, flags, ret_pidfd);
}

pid_t vb_sys_clone_into(int cgroup, uint64_t flags, int *ret_pidfd)
{
    struct clone_args args = {.flags = flags};
    /* The kernel insists: a sibling takes over our own exit signal. */
    args.exit_signal = (flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD;
    if (ret_pidfd != NULL) {
        args.flags |= CLONE_PIDFD;
        args.pidfd = (uint64_t)(uintptr_t)ret_pidfd;
    }
    if (cgroup >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (unsigned)cgroup;
    }
    return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* --- mounts --- */

static unsigned attribute_bits(unsigned attributes)
{
    static const struct {
        unsigned ours, kernel;
    } rows[] = {{VB_MOUNT_READONLY, MOUNT_ATTR_RDONLY},
                {VB_MOUNT_NOSUID, MOUNT_ATTR_NOSUID},
                {VB_MOUNT_NODEV, MOUNT_ATTR_NODEV},
                {VB_MOUNT_NOEXEC, MOUNT_ATTR_NOEXEC}};
    unsigned bits = 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        bits |= (attributes & rows[i].ours) != 0 ? rows[i].kernel : 0;
    return bits;
}

int vb_sys_mount_new(const char *type, const struct vb_mount_option *options, unsigned attributes)
{
    VB_CLEANUP_FD int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
    if (fs < 0)
        return -1;
    for (; options->key != NULL; options++) {
        const int command = options->value == NULL ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
        if (syscall(SYS_fsconfig, fs, command, options->key, options->value, 0) < 0)
            return -1;
    }
    if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attribute_bits(attributes));
}

int vb_sys_mount_restrict(int mount_fd, unsigned attributes, bool below)
{
    struct mount_attr attr = {.attr_set = attribute_bits(attributes)};
    const int flags = AT_EMPTY_PATH | (below ? AT_RECURSIVE : 0);
    return (int)syscall(SYS_mount_setattr, mount_fd, "", flags, &attr, sizeof(attr));
}

int vb_sys_mount_copy(int dirfd, const char *path, unsigned attributes)
{
    VB_CLEANUP_FD int fd = (int)syscall(SYS_open_tree, dirfd, path,
                                        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (fd < 0 || (attributes != 0 && vb_sys_mount_restrict(fd, attributes, true) < 0))
        return -1;
    return vb_steal_fd(&fd);
}

int vb_sys_mount_attach(int mount_fd, int dirfd, const char *path)
{
    return (int)syscall(SYS_move_mount, mount_fd, "", dirfd, path, MOVE_MOUNT_F_EMPTY_PATH);
}

int vb_sys_mount_private(void)
{
    struct mount_attr attr = {.propagation = 1U << 18 /* MS_PRIVATE */};
    return (int)syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr));
}

enum { DETACH = 2 /* MNT_DETACH */ };

int vb_sys_mount_detach(int root_fd)
{
    if (fchdir(root_fd) < 0 || syscall(SYS_umount2, ".", DETACH) < 0)
        return -1;
    return chdir("/");
}

int vb_sys_pivot(int root_fd)
{
    /* With both arguments "." the old root is stacked on the new one, so that no folder for it is
     * needed (pivot_root(2)). */
    if (fchdir(root_fd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
        syscall(SYS_umount2, ".", DETACH) < 0)
        return -1;
    return chdir("/");
}

/* --- descriptors --- */

/* The smallest descriptor of KEEP that is at least FROM, or -1. */
static int next_kept(const int *keep, size_t count, int from)
{
    int best = -1;
    for (size_t i = 0; i < count; i++) {
        if (keep[i] >= from && (best < 0 || keep[i] < best))
            best = keep[i];
    }
    return best;
}

int vb_sys_close_others(const int *keep, size_t count)
{
    int from = 3;
    for (;;) {
        const int kept = next_kept(keep, count, from);
        const unsigned last = kept < 0 ? ~0U : (unsigned)kept - 1;
        if (last >= (unsigned)from && syscall(SYS_close_range, (unsigned)from, last, 0) < 0)
            return -1;
        if (kept < 0)
            return 0;
        from = kept + 1;
    }
}

union control {
    char bytes[CMSG_SPACE(VB_SYS_FDS_MAX * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
    struct cmsghdr aligned;
};

/* What came beside the bytes of a message. */
struct received {
    int fds[VB_SYS_FDS_MAX];
    size_t count;
    pid_t pid;
};

int vb_sys_send_fds(int socket, const void *data, size_t len, const int *fds, size_t count)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
    union control control = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > VB_SYS_FDS_MAX) {
        errno = EINVAL;
        return -1;
    }
    if (count > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof(*fds));
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(count * sizeof(*fds));
        memcpy(CMSG_DATA(head), fds, count * sizeof(*fds));
    }
    for (;;) {
        const ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);
        if (sent >= 0)
            return 0;
        if (errno != EINTR)
            return -1;
    }
}

int vb_sys_send(int socket, const void *data, size_t len, int fd)
{
    return vb_sys_send_fds(socket, data, len, &fd, fd >= 0 ? 1 : 0);
}

/* Where no credentials come the kernel has their room for descriptors, too: more than we take. */
static void take_fds(struct cmsghdr *head, struct received *ret)
{
    const size_t all = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    ret->count = all < VB_SYS_FDS_MAX ? all : VB_SYS_FDS_MAX;
    memcpy(ret->fds, CMSG_DATA(head), ret->count * sizeof(int));
    for (size_t i = ret->count; i < all; i++) {
        int fd;
        memcpy(&fd, CMSG_DATA(head) + i * sizeof(fd), sizeof(fd));
        vb_close_fd(&fd);
    }
}

static void take_control(struct msghdr *message, struct received *ret)
{
    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head != NULL;
         head = CMSG_NXTHDR(message, head)) {
        if (head->cmsg_level != SOL_SOCKET)
            continue;
        if (head->cmsg_type == SCM_RIGHTS)
            take_fds(head, ret);
        if (head->cmsg_type == SCM_CREDENTIALS) {
            struct ucred credentials;
            memcpy(&credentials, CMSG_DATA(head), sizeof(credentials));
            ret->pid = credentials.pid;
        }
    }
}

static ssize_t receive(int socket, void *data, size_t len, struct received *ret)
{
    struct iovec part = {.iov_base = data, .iov_len = len};
    union control control = {0};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t got;
    do {
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    ret->count = 0;
    ret->pid = 0;
    if (got >= 0)
        take_control(&message, ret);
    return got;
}

static void close_from(struct received *received, size_t first)
{
    for (size_t i = first; i < received->count; i++)
        vb_close_fd(&received->fds[i]);
}

ssize_t vb_sys_recv(int socket, void *data, size_t len, int *ret_fd, pid_t *ret_pid)
{
    struct received received;
    const ssize_t got = receive(socket, data, len, &received);
    const bool wanted = got >= 0 && ret_fd != NULL && received.count > 0;
    close_from(&received, wanted ? 1 : 0);
    if (got < 0)
        return -1;
    if (ret_fd != NULL)
        *ret_fd = wanted ? received.fds[0] : -1;
    if (ret_pid != NULL)
        *ret_pid = received.pid;
    return got;
}

ssize_t vb_sys_recv_fds(int socket, void *data, size_t len, int ret_fds[VB_SYS_FDS_MAX],
                        size_t *ret_count)
{
    struct received received;
    const ssize_t got = receive(socket, data, len, &received);
    if (got < 0)
        return -1;
    memcpy(ret_fds, received.fds, received.count * sizeof(*ret_fds));
    *ret_count = received.count;
    return got;
}

int vb_sys_memory_file(const char *name)
{
    /* MFD_NOEXEC_SEAL: the sysctl vm.memfd_noexec=2 allows no others. Before 6.3 it is unknown. */
    enum { NOEXEC_SEAL = 8 };
    const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    const int fd = memfd_create(name, flags | NOEXEC_SEAL);
    return fd < 0 && errno == EINVAL ? memfd_create(name, flags) : fd;
}

int vb_sys_write_file(int dirfd, const char *path, const char *text)
{
    VB_CLEANUP_FD int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    const size_t len = strlen(text);
    return write(fd, text, len) == (ssize_t)len ? 0 : -1;
}

ssize_t vb_sys_read_file(int dirfd, const char *path, char *ret, size_t size)
{
    VB_CLEANUP_FD int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    const ssize_t got = read(fd, ret, size - 1);
    ret[got < 0 ? 0 : got] = '\0';
    return got;
}

/* --- privileges --- */

/* KEPT has one bit for each capability; all of it is below 32. What is gone already is asked for
 * only: to drop it again would cost a change of credentials each. */
static bool bound_to(uint32_t kept)
{
    bool all = true;
    /* Past the last capability the kernel says EINVAL. Without CAP_SETPCAP (an ordinary user
     * outside any namespace) it says EPERM: there is nothing in the effective sets to bound then.
     */
    for (unsigned capability = 0; capability < 64; capability++) {
        const bool keep = capability < 32 && (kept & 1U << capability) != 0;
        const int held = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
        if (held < 0)
            break;
        if (!keep && held > 0)
            all = prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0 && all;
    }
    return all;
}

/* What was dropped never comes back, to no process that is forked from here on either. */
static bool bounding_set_is_empty;

void vb_sys_empty_bounding_set(void)
{
    bounding_set_is_empty = bound_to(0);
}

static int drop_all_but(uint32_t kept)
{
    if (!bounding_set_is_empty)
        (void)bound_to(kept);
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return -1;
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct sets[2] = {{.effective = kept, .permitted = kept}, {0}};
    return (int)syscall(SYS_capset, &head, sets);
}

int vb_sys_drop_capabilities(void)
{
    return drop_all_but(0);
}

int vb_sys_keep_ports(void)
{
    return drop_all_but(1U << CAP_NET_BIND_SERVICE);
}

int vb_sys_no_new_privs(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int vb_sys_die_with_parent(void)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

static int write_map(const char *path, unsigned inside, unsigned outside)
{
    char line[64];
    snprintf(line, sizeof(line), "%u %u 1", inside, outside);
    return vb_sys_write_file(AT_FDCWD, path, line);
}

int vb_sys_map_self(uid_t inside_uid, uid_t outside_uid, gid_t inside_gid, gid_t outside_gid)
{
    /* Without "deny" an ordinary user may not write gid_map (user_namespaces(7)). */
    if (vb_sys_write_file(AT_FDCWD, "/proc/self/setgroups", "deny") < 0 ||
        write_map("/proc/self/uid_map", inside_uid, outside_uid) < 0)
        return -1;
    return write_map("/proc/self/gid_map", inside_gid, outside_gid);
}

int vb_sys_reap(pid_t pid, int *ret_status)
{
    pid_t got;
    do {
        got = waitpid(pid, ret_status, 0);
    } while (got < 0 && errno == EINTR);
    return got == pid ? 0 : -1;
}
