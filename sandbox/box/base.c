/* base: what is the same in every box of a package, made once: folders, /etc, home, baits and the
 * package's files, on a tmpfs that only a mount namespace of our own holds. Every box starts from a
 * copy of that namespace and lays an overlay over the base, so that a box costs no copying, and
 * what lies in its upper layer is exactly what was changed. Trusted code; the package's files are
 * copied, never looked at. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/carry.h"
#include "sandbox/box/closure.h"
#include "sandbox/box/hearsay.h"
#include "sandbox/box/kernel.h"
#include "sandbox/box/machine.h"
#include "sandbox/box/net.h"

/* Everything belongs to the one user of the box. What is another's on a real machine is at least
 * closed to writing, as an ordinary user finds it there. */
static const struct {
    const char *path;
    uint32_t mode;
} folders[] = {
    {"boot", 0555},      {"dev", 0555},      {"dev/pts", 0755},       {"dev/shm", 01777},
    {"etc", 0555},       {"home", 0555},     {"media", 0555},         {"mnt", 0555},
    {"opt", 0555},       {"proc", 0555},     {"root", 0000},          {"run", 0555},
    {"run/lock", 01777}, {"run/user", 0555}, {"run/user/1000", 0700}, {"srv", 0555},
    {"sys", 0555},       {"tmp", 01777},     {"usr", 0555},           {"var", 0555},
    {"var/cache", 0555}, {"var/lib", 0555},  {"var/log", 0555},       {"var/spool", 0555},
    {"var/tmp", 01777},
};

static const struct {
    const char *path, *target;
} links[] = {
    {"dev/fd", "/proc/self/fd"},       {"dev/stdin", "/proc/self/fd/0"},
    {"dev/stdout", "/proc/self/fd/1"}, {"dev/stderr", "/proc/self/fd/2"},
    {"dev/ptmx", "pts/ptmx"},          {"var/run", "/run"},
    {"var/lock", "/run/lock"},
};

enum { SPARE_INODES = 4000 };
static const uint64_t spare_bytes = 16U << 20;

/* --- filling --- */

static int make_folders(const struct vb_box_setup *setup, int root, struct vb_error *err)
{
    const char *home = vb_persona_traits(setup->options.persona)->home + 1;
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++) {
        if (mkdirat(root, folders[i].path, 0755) < 0)
            return vb_fail(err, VB_E_OS, errno, "making the folder /%s of a box", folders[i].path);
    }
    if (mkdirat(root, home, 0755) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the folder /%s of a box", home);
    for (size_t i = 0; i < VB_ARRAY_LEN(links); i++) {
        if (symlinkat(links[i].target, root, links[i].path) < 0)
            return vb_fail(err, VB_E_OS, errno, "making the link /%s of a box", links[i].path);
    }
    return VB_OK;
}

/* Last, because a closed folder takes no files. */
static int close_folders(int root, struct vb_error *err)
{
    for (size_t i = VB_ARRAY_LEN(folders); i-- > 0;) {
        if (fchmodat(root, folders[i].path, folders[i].mode, 0) < 0)
            return vb_fail(err, VB_E_OS, errno, "closing the folder /%s of a box", folders[i].path);
    }
    return fchmod(root, 0555) < 0 ? vb_fail(err, VB_E_OS, errno, "closing the root of a box")
                                  : VB_OK;
}

int vb_base_fill(const struct vb_box_setup *setup, int root_fd, struct vb_error *err)
{
    const mode_t mask = umask(022);
    int status = make_folders(setup, root_fd, err);
    if (status == VB_OK)
        status = vb_devices_build(root_fd, err);
    if (status == VB_OK)
        status = vb_programs_build(root_fd, err);
    if (status == VB_OK)
        status = vb_etc_build(setup, root_fd, err);
    if (status == VB_OK)
        status = vb_machine_build(root_fd, err);
    if (status == VB_OK)
        status = vb_used_build(setup, root_fd, err);
    if (status == VB_OK)
        status = vb_age(setup, root_fd, err);
    if (status == VB_OK)
        status = vb_persona_fill(setup, root_fd, err);
    if (status == VB_OK)
        status = vb_closure_places(setup, root_fd, err);
    if (status == VB_OK)
        status = close_folders(root_fd, err);
    umask(mask);
    return status;
}

/* --- the namespaces that hold it --- */

static int write_text(int base, const char *path, const char *text, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = openat(base, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    if (fd < 0)
        return vb_fail(err, VB_E_OS, errno, "writing %s of the base of the boxes", path);
    return vb_write_all(fd, text, strlen(text), err);
}

/* What stands in the place of files of /proc (root.c). */
static int write_masks(const struct vb_box_setup *setup, int base, struct vb_error *err)
{
    char boot_id[64];
    snprintf(boot_id, sizeof(boot_id), "%s\n", setup->boot_id);
    const int status = write_text(base, "boot_id", boot_id, err);
    return status < 0
               ? status
               : write_text(base, "cmdline",
                            "BOOT_IMAGE=/boot/vmlinuz root=/dev/nvme0n1p2 ro quiet splash\n", err);
}

/* --- another root file system than the machine's --- */

/* What it must have: places for what is mounted, and the programs. */
static const char *const needed[] = {"dev", "etc", "proc", "tmp", "usr"};

/* Before the change of user, who may not be able to come here by the path. */
static int stand_in_rootfs(const char *path, struct vb_error *err)
{
    if (path == NULL)
        return VB_OK;
    if (chdir(path) < 0)
        return vb_fail(err, VB_E_NOINPUT, errno, "the root file system %s", path);
    for (size_t i = 0; i < VB_ARRAY_LEN(needed); i++) {
        struct stat st;
        if (fstatat(AT_FDCWD, needed[i], &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
            return vb_fail(err, VB_E_NOINPUT, 0, "the root file system %s has no folder %s", path,
                           needed[i]);
    }
    return VB_OK;
}

/* Makes it the root of the namespaces that hold the base. Whatever a box shows of "the machine" is
 * then this: no path of the real machine's can be reached from there any more. */
static int take_rootfs(const char *path, struct vb_error *err)
{
    static const char *const kept[] = {"/dev", "/proc"};
    if (path == NULL)
        return VB_OK;
    VB_CLEANUP_FD int root =
        vb_sys_mount_copy(AT_FDCWD, ".", VB_MOUNT_READONLY | VB_MOUNT_NOSUID | VB_MOUNT_NODEV);
    if (root < 0 || vb_sys_mount_attach(root, AT_FDCWD, "/") < 0)
        return vb_fail_namespaces(err, errno, "mounting the root file system of the boxes");
    for (size_t i = 0; i < VB_ARRAY_LEN(kept); i++) {
        VB_CLEANUP_FD int mount = vb_sys_mount_copy(AT_FDCWD, kept[i], 0);
        if (mount < 0 || vb_sys_mount_attach(mount, root, kept[i] + 1) < 0)
            return vb_fail_namespaces(err, errno,
                                      "mounting into the root file system of the boxes");
    }
    return vb_sys_pivot(root) < 0
               ? vb_fail_namespaces(err, errno, "changing to the root file system of the boxes")
               : VB_OK;
}

/* The subject is given descriptors of these files, which are its user's: nothing may be written
 * through them, to be read by the next box. */
static int protect_machine(struct vb_error *err)
{
    VB_CLEANUP_FD int machine = vb_sys_mount_copy(AT_FDCWD, VB_BASE_MACHINE, VB_MOUNT_READONLY);
    if (machine < 0 || vb_sys_mount_attach(machine, AT_FDCWD, VB_BASE_MACHINE) < 0)
        return vb_fail_namespaces(err, errno, "protecting the machine of the boxes");
    return VB_OK;
}

static int mount_base(const struct vb_box_setup *setup, struct vb_error *err)
{
    char size[32];
    char inodes[32];
    snprintf(size, sizeof(size), "%llu",
             (unsigned long long)(spare_bytes + setup->tree_bytes + setup->closure_bytes));
    snprintf(inodes, sizeof(inodes), "%llu",
             (unsigned long long)(SPARE_INODES + setup->tree_entries + setup->closure_entries));
    const struct vb_mount_option options[] = {
        {"source", "tmpfs"}, {"size", size}, {"nr_inodes", inodes}, {"mode", "0755"}, {NULL, NULL}};
    if (vb_sys_mount_private() < 0)
        return vb_fail_namespaces(err, errno, "making the mounts of the boxes private");
    int status = take_rootfs(setup->options.rootfs, err);
    if (status < 0)
        return status;
    VB_CLEANUP_FD int base = vb_sys_mount_new("tmpfs", options, VB_MOUNT_NOSUID | VB_MOUNT_NODEV);
    if (base < 0 || vb_sys_mount_attach(base, AT_FDCWD, VB_BASE) < 0)
        return vb_fail_namespaces(err, errno, "mounting the base of the boxes");
    if (mkdirat(base, "root", 0755) < 0 || mkdirat(base, "box", 0755) < 0 ||
        mkdirat(base, "usr", 0755) < 0 || mkdirat(base, "probes", 0755) < 0 ||
        mkdirat(base, "modules", 0755) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the base of the boxes");
    VB_CLEANUP_FD int root = openat(base, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_FD int usr = openat(base, "usr", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_FD int probes = openat(base, "probes", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || usr < 0 || probes < 0)
        return vb_fail(err, VB_E_OS, errno, "making the base of the boxes");
    status = write_masks(setup, base, err);
    if (status == VB_OK)
        status = vb_commands_build(usr, err);
    if (status == VB_OK)
        status = vb_hosts_build(usr, err);
    if (status == VB_OK)
        status = vb_closure_build(setup, base, usr, err);
    if (status == VB_OK)
        status = vb_probes_build(probes, err);
    if (status == VB_OK)
        status = vb_machine_prepare(base, err);
    if (status == VB_OK)
        status = protect_machine(err);
    return status < 0 ? status : vb_base_fill(setup, root, err);
}

/* An overlay keeps its notes in extended attributes, which a tmpfs has since 6.6. */
static bool overlay_works(void)
{
    static const char attribute[] = "user.overlay.probe";
    static const struct vb_mount_option options[] = {{"lowerdir", VB_BASE_ROOT},
                                                     {"upperdir", VB_BASE "/box/upper"},
                                                     {"workdir", VB_BASE "/box/work"},
                                                     {"userxattr", NULL},
                                                     {NULL, NULL}};
    if (mkdir(VB_BASE "/box/upper", 0755) < 0 || mkdir(VB_BASE "/box/work", 0755) < 0 ||
        setxattr(VB_BASE "/box/upper", attribute, "y", 1, 0) < 0)
        return false;
    VB_CLEANUP_FD int overlay = vb_sys_mount_new("overlay", options, VB_MOUNT_NODEV);
    return overlay >= 0;
}

/* What the child says, with each of its descriptors: where in FDS of struct vb_base it belongs. */
struct made {
    struct vb_report report;
    uint32_t place;
    bool overlay;
    int net_errno;
};

static int enter_namespaces(struct vb_error *err)
{
    int status = vb_drop_to_sandbox_user(err);
    const uid_t uid = geteuid();
    const gid_t gid = getegid();
    if (status < 0)
        return status;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) < 0)
        return vb_fail_namespaces(err, errno, "making namespaces for the base of the boxes");
    if (vb_sys_map_self(uid, uid, gid, gid) < 0)
        return vb_fail_namespaces(err, errno, "mapping the user into a user namespace");
    return VB_OK;
}

static int open_namespaces(struct vb_base *base, struct vb_error *err)
{
    static const char *const paths[] = {[VB_BASE_USER] = "/proc/self/ns/user",
                                        [VB_BASE_MOUNT] = "/proc/self/ns/mnt",
                                        [VB_BASE_NET] = "/proc/self/ns/net"};
    for (size_t i = 0; i < VB_ARRAY_LEN(paths); i++) {
        base->fds[i] = open(paths[i], O_RDONLY | O_CLOEXEC);
        if (base->fds[i] < 0)
            return vb_fail(err, VB_E_OS, errno, "opening the namespaces of the base");
    }
    return VB_OK;
}

static int make(const struct vb_box_setup *setup, struct vb_base *base, struct vb_error *err)
{
    const unsigned form = (setup->options.no_tproxy ? 0U : VB_NET_CATCHING) |
                          (setup->options.offline ? VB_NET_OFFLINE : 0U);
    int status = stand_in_rootfs(setup->options.rootfs, err);
    if (status == VB_OK)
        status = enter_namespaces(err);
    if (status == VB_OK)
        status = mount_base(setup, err);
    if (status == VB_OK)
        status = vb_net_build(form, &base->fds[VB_BASE_FAR], base->fds + VB_BASE_SOCKET,
                              &base->net_errno, err);
    if (status == VB_OK)
        status = open_namespaces(base, err);
    base->overlay = status == VB_OK && !setup->options.no_overlay && overlay_works();
    if (status == VB_OK && base->overlay && setup->options.carries_on)
        status = vb_carry_mount(setup, err);
    return status;
}

/* In a child: makes the base and sends what holds it, which then lives as long as somebody has the
 * descriptors. */
static _Noreturn void make_and_send(const struct vb_box_setup *setup, int socket)
{
    struct vb_error err = {0};
    struct vb_base base;
    vb_base_init(&base);
    const int status = make(setup, &base, &err);
    struct made made = {.overlay = base.overlay, .net_errno = base.net_errno};
    made.report.status = status;
    made.report.system_errno = err.system_errno;
    memcpy(made.report.message, err.message, sizeof(made.report.message));
    bool failed = false;
    for (uint32_t i = 0; !failed && i < VB_BASE_FDS; i++) {
        made.place = i;
        failed = (base.fds[i] >= 0 || (i == 0 && status < 0)) &&
                 vb_sys_send(socket, &made, sizeof(made), base.fds[i]) < 0;
    }
    _exit(failed);
}

static int receive(int socket, struct vb_base *ret, struct vb_error *err)
{
    for (;;) {
        struct made made;
        VB_CLEANUP_FD int fd = -1;
        const ssize_t got = vb_sys_recv(socket, &made, sizeof(made), &fd, NULL);
        if (got == 0)
            break;
        if (got != (ssize_t)sizeof(made) || made.place >= VB_BASE_FDS)
            return vb_fail(err, VB_E_OS, got < 0 ? errno : 0, "making the base of the boxes");
        if (made.report.status < 0) {
            const int status = vb_fail(err, made.report.status, 0, "%s", made.report.message);
            err->system_errno = made.report.system_errno;
            return status;
        }
        ret->overlay = made.overlay;
        ret->net_errno = made.net_errno;
        ret->fds[made.place] = vb_steal_fd(&fd);
    }
    if (ret->fds[VB_BASE_USER] < 0 || ret->fds[VB_BASE_MOUNT] < 0 || ret->fds[VB_BASE_NET] < 0)
        return vb_fail(err, VB_E_SOFTWARE, 0, "making the base of the boxes: no namespace came");
    return VB_OK;
}

void vb_base_init(struct vb_base *base)
{
    *base = (struct vb_base){0};
    for (size_t i = 0; i < VB_BASE_FDS; i++)
        base->fds[i] = -1;
}

int vb_base_new(const struct vb_box_setup *setup, struct vb_base *ret, struct vb_error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the base of the boxes");
    VB_CLEANUP_FD int ours = ends[0];
    VB_CLEANUP_FD int theirs = ends[1];
    const pid_t pid = fork();
    if (pid < 0)
        return vb_fail(err, VB_E_OS, errno, "making the base of the boxes");
    if (pid == 0)
        make_and_send(setup, theirs);
    vb_close_fd(&theirs);
    vb_base_init(ret);
    const int status = receive(ours, ret, err);
    if (clock_gettime(CLOCK_REALTIME, &ret->filled) < 0)
        ret->filled = (struct timespec){0};
    int wait_status;
    (void)vb_sys_reap(pid, &wait_status);
    return status;
}

void vb_base_done(struct vb_base *base)
{
    for (size_t i = 0; i < VB_BASE_FDS; i++)
        vb_close_fd(&base->fds[i]);
}

int vb_base_enter(struct vb_base *base, struct vb_error *err)
{
    static const int types[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET}; /* the user's first */
    for (size_t i = 0; i < VB_ARRAY_LEN(types); i++) {
        if (setns(base->fds[i], types[i]) < 0)
            return vb_fail_namespaces(err, errno, "entering the base of the boxes");
        vb_close_fd(&base->fds[i]);
    }
    /* Entering gave every capability of that namespace and made us undumpable (and forgot whose
     * death ends us, as a change of user does). The boxes are ours without a capability: we are the
     * user who made them. Listeners on demand need the low ports of the boxes' own network. */
    const int dropped = base->net_errno == 0 ? vb_sys_drop_capabilities() : vb_sys_keep_ports();
    if (dropped < 0 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
        return vb_fail(err, VB_E_OS, errno, "after entering the base of the boxes");
    return VB_OK;
}
