/* workspace: a file system of our own without a path. Nothing outlives its last descriptor, even
 * when vetbox is killed: there is no folder in /tmp to forget. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/box/confine.h"
#include "sandbox/box/kernel.h"
#include "sandbox/box/zygote.h"

struct spec {
    uint64_t bytes, inodes;
    uid_t uid;
    gid_t gid;
};

static int mount_tmpfs(const struct vb_mount_option *options)
{
    return vb_sys_mount_new("tmpfs", options, VB_MOUNT_NOSUID | VB_MOUNT_NODEV | VB_MOUNT_NOEXEC);
}

int vb_workspace_mount(uint64_t bytes, uint64_t inodes, uid_t uid, gid_t gid)
{
    char size[32];
    char nodes[32];
    char user[32];
    char group[32];
    snprintf(size, sizeof(size), "%llu", (unsigned long long)bytes);
    snprintf(nodes, sizeof(nodes), "%llu", (unsigned long long)inodes);
    snprintf(user, sizeof(user), "%u", (unsigned)uid);
    snprintf(group, sizeof(group), "%u", (unsigned)gid);
    /* The last one is not of every kernel: pages of several sizes, as many as a write fills. */
    enum { LAST = 5 };
    struct vb_mount_option options[] = {
        {"size", size},   {"nr_inodes", nodes},    {"uid", user}, {"gid", group},
        {"mode", "0700"}, {"huge", "within_size"}, {NULL, NULL}};
    VB_CLEANUP_FD int mount = mount_tmpfs(options);
    if (mount < 0 && errno == EINVAL) {
        options[LAST].key = NULL;
        mount = mount_tmpfs(options);
    }
    if (mount < 0)
        return -1;
    /* The mount's own descriptor is O_PATH and takes the mount with it; an ordinary one can be
     * listed and keeps the file system alive by itself. */
    return openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int mount_workspace(const struct spec *spec)
{
    return vb_workspace_mount(spec->bytes, spec->inodes, spec->uid, spec->gid);
}

/* In a child with a namespace of its own, which an ordinary user needs to mount anything. */
static _Noreturn void mount_in_namespace(const struct spec *spec, int socket)
{
    struct vb_error err = {0};
    struct vb_report report = {0};
    int fd = -1;
    if (vb_sys_map_self(spec->uid, spec->uid, spec->gid, spec->gid) < 0)
        report.status = vb_fail_namespaces(&err, errno, "mapping the user into a user namespace");
    else if ((fd = mount_workspace(spec)) < 0)
        report.status = vb_fail_namespaces(&err, errno, "mounting a workspace");
    report.system_errno = err.system_errno;
    memcpy(report.message, err.message, sizeof(report.message));
    _exit(vb_sys_send(socket, &report, sizeof(report), fd) < 0);
}

static int receive_workspace(int socket, int *ret_dirfd, struct vb_error *err)
{
    struct vb_report report;
    VB_CLEANUP_FD int fd = -1;
    const ssize_t got = vb_sys_recv(socket, &report, sizeof(report), &fd, NULL);
    if (got != (ssize_t)sizeof(report))
        return vb_fail(err, VB_E_OS, got < 0 ? errno : 0, "making a workspace");
    if (report.status < 0)
        return vb_fail(err, report.status, 0, "%s", report.message);
    if (fd < 0)
        return vb_fail(err, VB_E_SOFTWARE, 0, "making a workspace: no descriptor came");
    *ret_dirfd = vb_steal_fd(&fd);
    return VB_OK;
}

static int workspace_as_user(const struct spec *spec, int *ret_dirfd, struct vb_error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return vb_fail(err, VB_E_OS, errno, "making a workspace");
    VB_CLEANUP_FD int ours = ends[0];
    VB_CLEANUP_FD int theirs = ends[1];
    const pid_t pid = vb_sys_clone(CLONE_NEWUSER | CLONE_NEWNS, NULL);
    if (pid < 0)
        return vb_fail_namespaces(err, errno, "making a user namespace");
    if (pid == 0)
        mount_in_namespace(spec, theirs);
    vb_close_fd(&theirs);
    const int status = receive_workspace(ours, ret_dirfd, err);
    int wait_status;
    (void)vb_sys_reap(pid, &wait_status);
    return status;
}

int vb_workspace_new(uint64_t bytes, uint64_t inodes, int *ret_dirfd, struct vb_error *err)
{
    struct spec spec = {.bytes = bytes, .inodes = inodes, .uid = geteuid(), .gid = getegid()};
    if (spec.uid != 0)
        return workspace_as_user(&spec, ret_dirfd, err);
    spec.uid = VB_SANDBOX_UID;
    spec.gid = VB_SANDBOX_GID;
    const int fd = mount_workspace(&spec);
    if (fd < 0)
        return vb_fail(err, VB_E_UNAVAILABLE, errno,
                       "mounting a workspace as root; root without CAP_SYS_ADMIN cannot contain a "
                       "package: run vetbox as an ordinary user");
    *ret_dirfd = fd;
    return VB_OK;
}
