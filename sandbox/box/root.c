/* root: the file system of a box, built from nothing. What is not put here does not exist for the
 * subject: /usr read-only from the host, a small /etc, /dev and /proc, and one limited tmpfs for
 * everything that can be written. What an ordinary user cannot hide is named in docs/TRUST.md. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/kernel.h"

const struct vb_writable vb_writables[VB_WRITABLE_COUNT] = {
    {"home", "/home", 0755},
    {"tmp", "/tmp", 01777},
    {"var-tmp", "/var/tmp", 01777},
    {"shm", "/dev/shm", 01777},
    {"runtime", VB_PERSONA_RUNTIME, 0700},
};

enum { SPARE_INODES = 1000, BYTES_PER_INODE = 4096, MIN_INODES = 2000 };

static int fail_mount(struct vb_error *err, const char *what)
{
    const int saved = errno;
    if (saved == EPERM || saved == EACCES)
        return vb_fail_namespaces(err, saved, what);
    return vb_fail(err, VB_E_OS, saved, "%s", what);
}

/* --- the folders --- */

static const struct {
    const char *path;
    uint32_t mode;
} folders[] = {
    {"boot", 0755},      {"dev", 0755},      {"dev/pts", 0755},       {"dev/shm", 01777},
    {"etc", 0755},       {"home", 0755},     {"media", 0755},         {"mnt", 0755},
    {"opt", 0755},       {"proc", 0555},     {"root", 0700},          {"run", 0755},
    {"run/lock", 0755},  {"run/user", 0755}, {"run/user/1000", 0700}, {"srv", 0755},
    {"sys", 0555},       {"tmp", 01777},     {"usr", 0755},           {"var", 0755},
    {"var/cache", 0755}, {"var/lib", 0755},  {"var/log", 0755},       {"var/spool", 0755},
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

static int make_skeleton(int root, struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++) {
        if (mkdirat(root, folders[i].path, folders[i].mode) < 0 ||
            fchmodat(root, folders[i].path, folders[i].mode, 0) < 0)
            return vb_fail(err, VB_E_OS, errno, "making the folder /%s of a box", folders[i].path);
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(links); i++) {
        if (symlinkat(links[i].target, root, links[i].path) < 0)
            return vb_fail(err, VB_E_OS, errno, "making the link /%s of a box", links[i].path);
    }
    return VB_OK;
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

/* /bin, /lib and their like are links into /usr on most systems and folders on some. */
static int mount_programs(int root, struct vb_error *err)
{
    static const char *const tops[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};
    const unsigned attributes = VB_MOUNT_READONLY | VB_MOUNT_NOSUID | VB_MOUNT_NODEV;
    int status = bind_path(root, "/usr", "usr", attributes, err);
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(tops); i++) {
        char source[32];
        char target[256];
        struct stat st;
        snprintf(source, sizeof(source), "/%s", tops[i]);
        if (lstat(source, &st) < 0)
            continue;
        const ssize_t len = readlink(source, target, sizeof(target) - 1);
        if (len > 0) {
            target[len] = '\0';
            if (symlinkat(target, root, tops[i]) < 0)
                return vb_fail(err, VB_E_OS, errno, "making the link /%s of a box", tops[i]);
        } else if (S_ISDIR(st.st_mode)) {
            if (mkdirat(root, tops[i], 0755) < 0)
                return vb_fail(err, VB_E_OS, errno, "making the folder /%s of a box", tops[i]);
            status = bind_path(root, source, tops[i], attributes, err);
        }
    }
    return status;
}

/* --- what can be written --- */

static int mount_writable(const struct vb_inside *inside, int root, struct vb_error *err)
{
    const struct vb_box_setup *setup = inside->setup;
    char size[32];
    char inodes[32];
    const uint64_t bytes = setup->options.disk_bytes;
    const uint64_t some = bytes / BYTES_PER_INODE;
    snprintf(size, sizeof(size), "%llu", (unsigned long long)(bytes + setup->tree_bytes));
    snprintf(inodes, sizeof(inodes), "%llu",
             (unsigned long long)((some < MIN_INODES ? MIN_INODES : some) + SPARE_INODES +
                                  setup->tree_entries));
    const struct vb_mount_option options[] = {
        {"source", "tmpfs"}, {"size", size}, {"nr_inodes", inodes}, {"mode", "0755"}, {NULL, NULL}};
    VB_CLEANUP_FD int writable =
        vb_sys_mount_new("tmpfs", options, VB_MOUNT_NOSUID | VB_MOUNT_NODEV);
    /* Before 6.15 only what is attached can be copied, so it stands at /mnt for a moment. */
    if (writable < 0 || vb_sys_mount_attach(writable, root, "mnt") < 0)
        return fail_mount(err, "mounting the writable files of a box");
    for (size_t i = 0; i < VB_WRITABLE_COUNT; i++) {
        const struct vb_writable *row = &vb_writables[i];
        if (mkdirat(writable, row->folder, row->mode) < 0 ||
            fchmodat(writable, row->folder, row->mode, 0) < 0)
            return vb_fail(err, VB_E_OS, errno, "making %s of a box", row->path);
        VB_CLEANUP_FD int copy = vb_sys_mount_copy(writable, row->folder, 0);
        if (copy < 0 || vb_sys_mount_attach(copy, root, row->path + 1) < 0)
            return fail_mount(err, "mounting a writable folder of a box");
    }
    if (vb_box_say(inside->control, VB_BOX_WRITABLE, 0, writable) < 0)
        return vb_fail(err, VB_E_OS, errno, "handing over the writable files of a box");
    if (vb_sys_mount_detach(writable) < 0)
        return vb_fail(err, VB_E_OS, errno, "detaching the writable files of a box");
    return VB_OK;
}

/* --- /dev --- */

static int make_empty(int root, const char *path)
{
    VB_CLEANUP_FD int fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    return fd < 0 ? -1 : 0;
}

static int mount_devices(int root, struct vb_error *err)
{
    static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
    static const struct vb_mount_option terminals[] = {{"source", "devpts"},
                                                       {"newinstance", NULL},
                                                       {"ptmxmode", "0666"},
                                                       {"mode", "0620"},
                                                       {NULL, NULL}};
    for (size_t i = 0; i < VB_ARRAY_LEN(devices); i++) {
        char source[32];
        snprintf(source, sizeof(source), "/dev/%s", devices[i]);
        if (make_empty(root, source + 1) < 0)
            return vb_fail(err, VB_E_OS, errno, "making %s of a box", source);
        const int status = bind_path(root, source, source + 1, VB_MOUNT_NOSUID, err);
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

/* Files that show the machine rather than the box; one that this kernel lacks is skipped. TEXT is
 * what stands there instead, NULL: nothing. */
static int mask(int root, const char *path, const char *replacement, struct vb_error *err)
{
    struct stat st;
    if (fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return VB_OK;
    VB_CLEANUP_FD int mount =
        vb_sys_mount_copy(root, replacement, VB_MOUNT_READONLY | VB_MOUNT_NOSUID);
    if (mount < 0 || vb_sys_mount_attach(mount, root, path) < 0)
        return fail_mount(err, "masking files of /proc in a box");
    return VB_OK;
}

static int write_text(int root, const char *path, const char *text, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    if (fd < 0)
        return vb_fail(err, VB_E_OS, errno, "writing /%s of a box", path);
    return vb_write_all(fd, text, strlen(text), err);
}

static int mask_proc(const struct vb_inside *inside, int root, struct vb_error *err)
{
    static const char *const empty[] = {"proc/kallsyms",    "proc/kcore",         "proc/keys",
                                        "proc/key-users",   "proc/modules",       "proc/timer_list",
                                        "proc/sched_debug", "proc/sysrq-trigger", "proc/config.gz",
                                        "proc/diskstats",   "proc/partitions",    "proc/swaps"};
    char boot_id[64];
    snprintf(boot_id, sizeof(boot_id), "%s\n", inside->setup->boot_id);
    int status = write_text(root, "run/boot_id", boot_id, err);
    if (status == VB_OK)
        status = write_text(root, "run/cmdline",
                            "BOOT_IMAGE=/boot/vmlinuz root=/dev/nvme0n1p2 ro quiet splash\n", err);
    if (status == VB_OK)
        status = mask(root, "proc/sys/kernel/random/boot_id", "run/boot_id", err);
    if (status == VB_OK)
        status = mask(root, "proc/cmdline", "run/cmdline", err);
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(empty); i++)
        status = mask(root, empty[i], "dev/null", err);
    return status;
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
    return mask_proc(inside, root, err);
}

/* --- all of it --- */

static int open_root(struct vb_error *err)
{
    static const struct vb_mount_option options[] = {{"source", "tmpfs"},
                                                     {"size", "16m"},
                                                     {"nr_inodes", "2000"},
                                                     {"mode", "0755"},
                                                     {NULL, NULL}};
    if (vb_sys_mount_private() < 0)
        return fail_mount(err, "making the mounts of a box private");
    VB_CLEANUP_FD int root = vb_sys_mount_new("tmpfs", options, VB_MOUNT_NOSUID | VB_MOUNT_NODEV);
    if (root < 0 || vb_sys_mount_attach(root, AT_FDCWD, "/") < 0)
        return fail_mount(err, "mounting the root of a box");
    return vb_steal_fd(&root);
}

int vb_root_build(struct vb_inside *inside, struct vb_error *err)
{
    VB_CLEANUP_FD int root = open_root(err);
    int status = root < 0 ? root : make_skeleton(root, err);
    if (status == VB_OK)
        status = mount_writable(inside, root, err);
    if (status == VB_OK)
        status = mount_programs(root, err);
    if (status == VB_OK)
        status = mount_devices(root, err);
    if (status == VB_OK)
        status = mount_proc(inside, root, err);
    if (status == VB_OK)
        status = vb_etc_build(inside->setup, root, err);
    if (status < 0)
        return status;
    if (vb_sys_mount_restrict(root, VB_MOUNT_READONLY, false) < 0)
        return fail_mount(err, "making the root of a box read-only");
    if (vb_sys_pivot(root) < 0)
        return fail_mount(err, "changing to the root of a box");
    return VB_OK;
}
