/* root: the file system of a box. What is not put here does not exist for the subject: an overlay
 * over the base (base.c) that catches every change, one over the host's /usr, and the box's own
 * /dev and /proc. What an ordinary user cannot hide is named in docs/TRUST.md. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/carry.h"
#include "sandbox/box/closure.h"
#include "sandbox/box/hearsay.h"
#include "sandbox/box/kernel.h"
#include "sandbox/box/modules.h"

enum { SPARE_INODES = 1000, BYTES_PER_INODE = 4096, MIN_INODES = 2000 };

static const unsigned shown = VB_MOUNT_READONLY | VB_MOUNT_NOSUID | VB_MOUNT_NODEV;

static int fail_mount(struct vb_error *err, const char *what)
{
    const int saved = errno;
    if (saved == EPERM || saved == EACCES)
        return vb_fail_namespaces(err, saved, what);
    return vb_fail(err, VB_E_OS, saved, "%s", what);
}

static int bind_path(int root, const char *source, const char *target, unsigned attributes,
                     struct vb_error *err)
{
    VB_CLEANUP_FD int mount = vb_sys_mount_copy(AT_FDCWD, source, attributes);
    if (mount < 0 || vb_sys_mount_attach(mount, root, target) < 0) {
        char what[128];
        snprintf(what, sizeof(what), "mounting %s into a box", source);
        return fail_mount(err, what);
    }
    return VB_OK;
}

/* --- what can be written --- */

int vb_writable_new(const struct vb_box_setup *setup, unsigned boxes, struct vb_error *err)
{
    char size[32];
    char inodes[32];
    const uint64_t bytes = boxes * setup->options.disk_bytes;
    const uint64_t some = bytes / BYTES_PER_INODE;
    snprintf(size, sizeof(size), "%llu", (unsigned long long)(bytes + setup->tree_bytes));
    snprintf(inodes, sizeof(inodes), "%llu",
             (unsigned long long)((some < MIN_INODES ? MIN_INODES : some) + SPARE_INODES +
                                  setup->tree_entries));
    const struct vb_mount_option options[] = {
        {"source", "tmpfs"}, {"size", size}, {"nr_inodes", inodes}, {"mode", "0755"}, {NULL, NULL}};
    const int fd = vb_sys_mount_new("tmpfs", options, VB_MOUNT_NOSUID | VB_MOUNT_NODEV);
    return fd < 0 ? fail_mount(err, "mounting the writable files of a box") : fd;
}

/* One of the box's own. */
static int attach_new(const struct vb_box_setup *setup, struct vb_error *err)
{
    VB_CLEANUP_FD int writable = vb_writable_new(setup, 1, err);
    if (writable < 0)
        return writable;
    if (vb_sys_mount_attach(writable, AT_FDCWD, VB_BASE_BOX) < 0)
        return fail_mount(err, "mounting the writable files of a box");
    const int status = vb_carry_make_layers(writable, err);
    return status < 0 ? status : vb_steal_fd(&writable);
}

static int mount_writable(const struct vb_inside *inside, struct vb_error *err)
{
    VB_CLEANUP_FD int writable =
        inside->setup->carries_on ? vb_carry_attach(err) : attach_new(inside->setup, err);
    if (writable < 0)
        return writable;
    if (vb_box_say(inside->control, VB_BOX_WRITABLE, 0, writable) < 0)
        return vb_fail(err, VB_E_OS, errno, "handing over the writable files of a box");
    return VB_OK;
}

/* What lies below LAYER where boxes before this one changed it: the supervisor compares with it. */
static int hand_over_below(const struct vb_inside *inside, enum vb_layer layer, const char *lower,
                           struct vb_error *err)
{
    const struct vb_mount_option options[] = {
        {"source", "overlay"}, {"lowerdir", lower}, {"userxattr", NULL}, {NULL, NULL}};
    VB_CLEANUP_FD int below =
        vb_sys_mount_new("overlay", options, VB_MOUNT_READONLY | VB_MOUNT_NOSUID | VB_MOUNT_NODEV);
    if (below < 0)
        return fail_mount(err, "mounting what boxes before this one left");
    if (vb_box_say(inside->control, VB_BOX_BELOW, (int)layer, below) < 0)
        return vb_fail(err, VB_E_OS, errno, "handing over what boxes before this one left");
    return VB_OK;
}

/* 1: the kernel does not lay an overlay there. */
static int overlay(const struct vb_inside *inside, enum vb_layer layer, int *ret,
                   struct vb_error *err)
{
    const struct vb_layer_row *row = &vb_layer_rows[layer];
    char below[128];
    char lower[256];
    char upper[64];
    char work[64];
    const bool changed = vb_carry_lower(inside->setup, layer, below, sizeof(below));
    snprintf(lower, sizeof(lower), "%s%s%s%s", inside->detonation->probed ? VB_BASE_PROBES "/" : "",
             inside->detonation->probed ? row->folder : "", inside->detonation->probed ? ":" : "",
             below);
    if (layer == VB_LAYER_ROOT)
        vb_modules_lower(inside, lower, sizeof(lower));
    snprintf(upper, sizeof(upper), "%s/%s", VB_BASE_BOX, row->folder);
    snprintf(work, sizeof(work), "%s/%s", VB_BASE_BOX, row->work);
    const struct vb_mount_option options[] = {{"source", "overlay"}, {"lowerdir", lower},
                                              {"upperdir", upper},   {"workdir", work},
                                              {"userxattr", NULL},   {NULL, NULL}};
    *ret = vb_sys_mount_new("overlay", options, VB_MOUNT_NOSUID | VB_MOUNT_NODEV);
    if (*ret < 0)
        return 1;
    return changed ? hand_over_below(inside, layer, lower, err) : VB_OK;
}

/* Without an overlay a box fills a root of its own. */
static int fill_root(const struct vb_inside *inside, struct vb_error *err)
{
    VB_CLEANUP_FD int root = vb_sys_mount_copy(AT_FDCWD, VB_BASE_BOX "/root", 0);
    VB_CLEANUP_FD int folder =
        root < 0 ? -1 : openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return fail_mount(err, "mounting the root of a box");
    const int status = vb_base_fill(inside->setup, folder, err);
    return status < 0 ? status : vb_steal_fd(&root);
}

static int mount_root(const struct vb_inside *inside, struct vb_error *err)
{
    VB_CLEANUP_FD int root = -1;
    if (!inside->setup->base.overlay) {
        root = fill_root(inside, err);
        if (root < 0)
            return root;
    } else {
        const int status = overlay(inside, VB_LAYER_ROOT, &root, err);
        if (status < 0)
            return status;
    }
    if (root < 0 || vb_sys_mount_attach(root, AT_FDCWD, "/") < 0)
        return fail_mount(err, "mounting the root of a box");
    return vb_steal_fd(&root);
}

/* --- programs --- */

static const char *const tops[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};

/* /bin, /lib and their like are links into /usr on most systems and folders on some. */
int vb_programs_build(int root, struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(tops); i++) {
        char source[32];
        char target[256];
        struct stat st;
        snprintf(source, sizeof(source), "/%s", tops[i]);
        if (lstat(source, &st) < 0)
            continue;
        const ssize_t len = readlink(source, target, sizeof(target) - 1);
        target[len > 0 ? len : 0] = '\0';
        if (len > 0 ? symlinkat(target, root, tops[i]) < 0
                    : S_ISDIR(st.st_mode) && mkdirat(root, tops[i], 0555) < 0)
            return vb_fail(err, VB_E_OS, errno, "making /%s of a box", tops[i]);
    }
    return VB_OK;
}

static int mount_programs(const struct vb_inside *inside, int root, struct vb_error *err)
{
    /* Where something else is mounted below /usr the kernel refuses an overlay. */
    VB_CLEANUP_FD int usr = -1;
    int status = inside->setup->base.overlay ? overlay(inside, VB_LAYER_USR, &usr, err) : VB_OK;
    if (status < 0)
        return status;
    if (usr < 0)
        status = bind_path(root, "/usr", "usr", shown, err);
    else if (vb_sys_mount_attach(usr, root, "usr") < 0)
        return fail_mount(err, "mounting /usr into a box");
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(tops); i++) {
        char source[32];
        struct stat st;
        snprintf(source, sizeof(source), "/%s", tops[i]);
        if (lstat(source, &st) == 0 && S_ISDIR(st.st_mode))
            status = bind_path(root, source, tops[i], shown, err);
    }
    return status;
}

/* --- /dev --- */

static const char *const devices[] = {"dev/null",   "dev/zero",    "dev/full",
                                      "dev/random", "dev/urandom", "dev/tty"};

int vb_devices_build(int root, struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(devices); i++) {
        VB_CLEANUP_FD int fd =
            openat(root, devices[i], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd < 0)
            return vb_fail(err, VB_E_OS, errno, "making /%s of a box", devices[i]);
    }
    return VB_OK;
}

static int mount_devices(int root, struct vb_error *err)
{
    static const struct vb_mount_option terminals[] = {{"source", "devpts"},
                                                       {"newinstance", NULL},
                                                       {"ptmxmode", "0666"},
                                                       {"mode", "0620"},
                                                       {NULL, NULL}};
    for (size_t i = 0; i < VB_ARRAY_LEN(devices); i++) {
        char source[32];
        snprintf(source, sizeof(source), "/%s", devices[i]);
        /* They are the host's own nodes, of which everybody who writes may set the times. */
        const int status =
            bind_path(root, source, devices[i], VB_MOUNT_NOSUID | VB_MOUNT_READONLY, err);
        if (status < 0)
            return status;
    }
    VB_CLEANUP_FD int pts =
        vb_sys_mount_new("devpts", terminals, VB_MOUNT_NOSUID | VB_MOUNT_NOEXEC);
    if (pts < 0 || vb_sys_mount_attach(pts, root, "dev/pts") < 0)
        return fail_mount(err, "mounting /dev/pts in a box");
    return VB_OK;
}

/* --- /proc --- */

/* Files that give something of the kernel away on some hosts, and what is asked before anything
 * else; the rest is stood in for when it is opened (machine.c). One that this kernel lacks is
 * skipped. WITH stands there instead, with nothing in it: /dev/null. */
static const struct {
    const char *path, *with;
} masks[] = {
    {"proc/sys/kernel/random/boot_id", VB_BASE "/boot_id"},
    {"proc/cmdline", VB_BASE "/cmdline"},
    {"proc/1", VB_BASE_MACHINE "/init"}, /* hidden from lists all the same */
    {"proc/kallsyms", "/dev/null"},
    {"proc/kcore", "/dev/null"},
    {"proc/keys", "/dev/null"},
    {"proc/key-users", "/dev/null"},
    {"proc/sysrq-trigger", "/dev/null"},
};

static int mask_proc(int root, struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(masks); i++) {
        struct stat st;
        if (fstatat(root, masks[i].path, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        const int status =
            bind_path(root, masks[i].with, masks[i].path, VB_MOUNT_READONLY | VB_MOUNT_NOSUID, err);
        if (status < 0)
            return status;
    }
    return VB_OK;
}

static int mount_proc(const struct vb_inside *inside, int root, struct vb_error *err)
{
    /* Nobody inside sees init, which is not the subject's business and holds memory of ours. */
    static const struct vb_mount_option options[] = {
        {"source", "proc"}, {"hidepid", "2"}, {NULL, NULL}};
    VB_CLEANUP_FD int proc =
        vb_sys_mount_new("proc", options, VB_MOUNT_NOSUID | VB_MOUNT_NODEV | VB_MOUNT_NOEXEC);
    if (proc < 0 || vb_sys_mount_attach(proc, root, "proc") < 0)
        return fail_mount(err, "mounting /proc in a box");
    if (vb_box_say(inside->control, VB_BOX_PROC, 0, proc) < 0)
        return vb_fail(err, VB_E_OS, errno, "handing over /proc of a box");
    /* Opened here because it shows the segments of whoever opens it. */
    VB_CLEANUP_FD int segments = openat(proc, "sysvipc/shm", O_RDONLY | O_CLOEXEC);
    if (segments >= 0 && vb_box_say(inside->control, VB_BOX_SEGMENTS, 0, segments) < 0)
        return vb_fail(err, VB_E_OS, errno, "handing over the list of shared memory of a box");
    return mask_proc(root, err);
}

/* --- all of it --- */

int vb_root_build(struct vb_inside *inside, struct vb_error *err)
{
    if (vb_sys_mount_private() < 0)
        return fail_mount(err, "making the mounts of a box private");
    int status = mount_writable(inside, err);
    if (status == VB_OK)
        status = vb_modules_mount(inside, err);
    if (status < 0)
        return status;
    VB_CLEANUP_FD int root = mount_root(inside, err);
    status = root < 0 ? root : mount_programs(inside, root, err);
    if (status == VB_OK)
        status = vb_closure_mount(inside, root, err);
    if (status == VB_OK)
        status = mount_devices(root, err);
    if (status == VB_OK)
        status = mount_proc(inside, root, err);
    if (status == VB_OK)
        status = vb_etc_mount(root, err);
    if (status == VB_OK && vb_sys_pivot(root) < 0)
        status = fail_mount(err, "changing to the root of a box");
    return status;
}
