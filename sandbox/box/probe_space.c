/* probe_space: the namespaces and file systems that a box is made of. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/kernel.h"
#include "sandbox/box/probe.h"

enum { NEW_TIME = 0x80 /* CLONE_NEWTIME */ };

void vb_probe_say(struct vb_probe *ret, bool present, const char *fmt, ...)
{
    ret->present = present;
    ret->system_errno = present ? 0 : errno;
    va_list args;
    va_start(args, fmt);
    vsnprintf(ret->detail, sizeof(ret->detail), fmt, args);
    va_end(args);
}

void vb_probe_refuse(struct vb_probe *ret, enum vb_probe_step step, const char *what)
{
    ret->step = step;
    vb_probe_say(ret, false, "%s: %s", what, strerror(errno));
}

bool vb_probe_enter(struct vb_probe *ret, int flags)
{
    const uid_t uid = geteuid();
    const gid_t gid = getegid();
    if (unshare(CLONE_NEWUSER) < 0) {
        vb_probe_refuse(ret, VB_STEP_USER, "unshare(CLONE_NEWUSER)");
        return false;
    }
    if (vb_sys_map_self(VB_PERSONA_UID, uid, VB_PERSONA_GID, gid) < 0) {
        vb_probe_refuse(ret, VB_STEP_USER, "writing uid_map and gid_map");
        return false;
    }
    if (flags != 0 && unshare(flags) < 0) {
        vb_probe_refuse(ret, VB_STEP_NAMESPACE, "unshare");
        return false;
    }
    return true;
}

/* --- namespaces and mounts --- */

void vb_probe_user(struct vb_probe *ret)
{
    if (!vb_probe_enter(ret, 0))
        return;
    if (geteuid() != VB_PERSONA_UID)
        vb_probe_say(ret, false, "uid_map was written, yet the user id is %u", (unsigned)geteuid());
    else
        vb_probe_say(ret, true, "uid_map and gid_map written");
}

static const struct vb_mount_option small_tmpfs[] = {
    {"size", "1m"}, {"nr_inodes", "100"}, {NULL, NULL}};

/* A tmpfs on "/", as a descriptor; -1 with the answer given. */
static int mount_tmpfs(struct vb_probe *ret)
{
    if (!vb_probe_enter(ret, CLONE_NEWNS))
        return -1;
    if (vb_sys_mount_private() < 0) {
        vb_probe_refuse(ret, VB_STEP_MOUNT, "mount_setattr(private)");
        return -1;
    }
    VB_CLEANUP_FD int mount = vb_sys_mount_new("tmpfs", small_tmpfs, VB_MOUNT_NODEV);
    if (mount < 0 || vb_sys_mount_attach(mount, AT_FDCWD, "/") < 0) {
        vb_probe_refuse(ret, VB_STEP_MOUNT, "mounting a tmpfs (fsopen, fsmount, move_mount)");
        return -1;
    }
    return vb_steal_fd(&mount);
}

void vb_probe_mount(struct vb_probe *ret)
{
    VB_CLEANUP_FD int root = mount_tmpfs(ret);
    if (root < 0)
        return;
    VB_CLEANUP_FD int usr = -1;
    if (mkdirat(root, "usr", 0755) < 0 ||
        (usr = vb_sys_mount_copy(AT_FDCWD, "/usr", VB_MOUNT_READONLY | VB_MOUNT_NODEV)) < 0 ||
        vb_sys_mount_attach(usr, root, "usr") < 0)
        vb_probe_refuse(ret, VB_STEP_MOUNT, "showing /usr read-only (open_tree, mount_setattr)");
    else if (vb_sys_pivot(root) < 0)
        vb_probe_refuse(ret, VB_STEP_MOUNT, "pivot_root");
    else if (mkdir("/usr/vetbox-probe", 0755) == 0 || errno != EROFS)
        vb_probe_say(ret, false, "a read-only /usr could be written");
    else
        vb_probe_say(ret, true, "tmpfs, read-only /usr and pivot_root");
}

void vb_probe_overlay(struct vb_probe *ret)
{
    static const struct vb_mount_option options[] = {{"lowerdir", "/usr/share"},
                                                     {"upperdir", "/tmp/up"},
                                                     {"workdir", "/tmp/work"},
                                                     {"userxattr", NULL},
                                                     {NULL, NULL}};
    if (!vb_probe_enter(ret, CLONE_NEWNS))
        return;
    VB_CLEANUP_FD int tmp = vb_sys_mount_new("tmpfs", small_tmpfs, VB_MOUNT_NODEV);
    if (tmp < 0 || vb_sys_mount_private() < 0 || vb_sys_mount_attach(tmp, AT_FDCWD, "/tmp") < 0 ||
        mkdir("/tmp/up", 0755) < 0 || mkdir("/tmp/work", 0755) < 0) {
        vb_probe_refuse(ret, VB_STEP_MOUNT, "mounting a tmpfs");
        return;
    }
    /* Its notes about what was removed are extended attributes. */
    if (setxattr("/tmp/up", "user.overlay.probe", "y", 1, 0) < 0) {
        vb_probe_refuse(ret, VB_STEP_CALL, "an extended attribute on a tmpfs");
        return;
    }
    VB_CLEANUP_FD int overlay = vb_sys_mount_new("overlay", options, VB_MOUNT_NODEV);
    if (overlay < 0)
        vb_probe_refuse(ret, VB_STEP_MOUNT, "mounting an overlay");
    else
        vb_probe_say(ret, true, "an overlay over /usr/share");
}

void vb_probe_pid(struct vb_probe *ret)
{
    static const struct vb_mount_option options[] = {{"hidepid", "2"}, {NULL, NULL}};
    if (!vb_probe_enter(ret, CLONE_NEWNS | CLONE_NEWPID))
        return;
    const pid_t pid = fork();
    if (pid == 0) {
        const int proc = vb_sys_mount_new("proc", options, VB_MOUNT_NODEV | VB_MOUNT_NOSUID);
        _exit(getpid() != 1 ? 255 : proc < 0 ? errno : 0);
    }
    int status = 0;
    if (pid < 0 || vb_sys_reap(pid, &status) < 0 || !WIFEXITED(status)) {
        vb_probe_refuse(ret, VB_STEP_CALL, "forking into a pid namespace");
        return;
    }
    errno = WEXITSTATUS(status);
    if (errno != 0)
        vb_probe_refuse(ret, VB_STEP_PROC, "mounting a new /proc");
    else
        vb_probe_say(ret, true, "a new pid namespace with its own /proc");
}

void vb_probe_time(struct vb_probe *ret)
{
    struct timespec before;
    struct timespec after;
    if (!vb_probe_enter(ret, 0))
        return;
    if (unshare(NEW_TIME) < 0) {
        vb_probe_refuse(ret, VB_STEP_NAMESPACE, "unshare(CLONE_NEWTIME)");
        return;
    }
    if (vb_sys_write_file(AT_FDCWD, "/proc/self/timens_offsets",
                          "monotonic 100000 0\nboottime 100000 0") < 0) {
        vb_probe_refuse(ret, VB_STEP_CALL, "setting the clock offset of a time namespace");
        return;
    }
    if (clock_gettime(CLOCK_BOOTTIME, &before) < 0)
        return;
    const pid_t pid = fork();
    if (pid == 0)
        _exit(clock_gettime(CLOCK_BOOTTIME, &after) < 0 || after.tv_sec < before.tv_sec + 100000);
    int status = -1;
    if (pid < 0 || vb_sys_reap(pid, &status) < 0 || status != 0)
        vb_probe_say(ret, false, "a child in the time namespace does not see the offset");
    else
        vb_probe_say(ret, true, "uptime shifted");
}

void vb_probe_ipc(struct vb_probe *ret)
{
    static const char link[] = "/proc/self/ns/ipc";
    char before[64] = "";
    char after[64] = "";
    const ssize_t len = readlink(link, before, sizeof(before) - 1);
    if (!vb_probe_enter(ret, CLONE_NEWIPC))
        return;
    if (len < 0 || readlink(link, after, sizeof(after) - 1) < 0)
        vb_probe_refuse(ret, VB_STEP_NAMESPACE, "reading /proc/self/ns/ipc");
    else if (strcmp(before, after) == 0)
        vb_probe_say(ret, false, "shared memory is still the host's");
    else
        vb_probe_say(ret, true, "shared memory and message queues of its own");
}

void vb_probe_uts(struct vb_probe *ret)
{
    static const char name[] = "vetbox-probe";
    char got[sizeof(name)] = "";
    if (!vb_probe_enter(ret, CLONE_NEWUTS))
        return;
    if (sethostname(name, strlen(name)) < 0 || gethostname(got, sizeof(got)) < 0)
        vb_probe_refuse(ret, VB_STEP_NAMESPACE, "sethostname");
    else if (strcmp(got, name) != 0)
        vb_probe_say(ret, false, "the host name did not change");
    else
        vb_probe_say(ret, true, "a host name of its own");
}

void vb_probe_cgroup(struct vb_probe *ret)
{
    char text[512];
    if (!vb_probe_enter(ret, CLONE_NEWCGROUP))
        return;
    if (vb_sys_read_file(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text)) < 0)
        vb_probe_refuse(ret, VB_STEP_CALL, "reading /proc/self/cgroup");
    else
        vb_probe_say(ret, true, "the host's control groups have no names");
}

/* --- limits and watches inside of them --- */

void vb_probe_limits(struct vb_probe *ret)
{
    static const struct vb_cgroup_limits limits = {.memory_bytes = 64 << 20, .processes = 16};
    struct vb_error err = {0};
    struct vb_cgroup group = {-1, -1};
    VB_CLEANUP(vb_cgroups_done) struct vb_cgroups groups;
    vb_cgroups_init(&groups);
    if (vb_cgroups_new(&groups, &err) < 0 || vb_cgroup_new(&groups, &limits, &group, &err) < 0) {
        ret->step = VB_STEP_CALL;
        errno = err.system_errno;
        vb_probe_say(ret, false, "%s", err.message);
        return;
    }
    const bool memory = vb_cgroup_read(&group, "memory.max", NULL) == (int64_t)limits.memory_bytes;
    const bool tasks = vb_cgroup_read(&group, "pids.max", NULL) == (int64_t)limits.processes;
    vb_cgroup_done(&groups, limits.id, &group);
    if (memory || tasks)
        vb_probe_say(ret, true, "the kernel counts a box's %s%s%s", memory ? "memory" : "",
                     memory && tasks ? " and " : "", tasks ? "processes" : "");
    else
        vb_probe_say(ret, false, "a limit that was set has no effect");
}

/* For an exit status: 0, errno, or with NOT_MOUNTED added the errno of the mount. */
enum { NOT_MOUNTED = 128 };
