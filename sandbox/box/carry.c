/* carry: see carry.h. The merge moves names within one file system and copies no byte. Trust
 * boundary: names, depths and modes are the subject's, which is dead; nothing is followed, no file
 * is read. */
#include "sandbox/box/carry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sandbox/box/inventory.h"
#include "sandbox/box/kernel.h"

/* now/ is what the box writes to, kept/ what the boxes before it left, waste/ what is to go. */
#define STATE VB_BASE "/state"

enum {
    MAX_DEPTH = 64, /* as truth.c, which tells of deeper ones that it did not see them */
    LAYER_MODE = 0555
};

const struct vb_layer_row vb_layer_rows[VB_LAYER_COUNT] = {
    [VB_LAYER_ROOT] = {"root", "root.work", VB_BASE_ROOT, "", ""},
    [VB_LAYER_USR] = {"usr", "usr.work", "/usr", VB_BASE_USR ":", "/usr"},
};

/* --- before the box --- */

int vb_carry_make_layers(int writable_fd, struct vb_error *err)
{
    for (size_t i = 0; i < VB_LAYER_COUNT; i++) {
        if (mkdirat(writable_fd, vb_layer_rows[i].folder, LAYER_MODE) < 0 ||
            mkdirat(writable_fd, vb_layer_rows[i].work, 0700) < 0)
            return vb_fail(err, VB_E_OS, errno, "making the writable files of a box");
    }
    return VB_OK;
}

int vb_carry_mount(const struct vb_box_setup *setup, struct vb_error *err)
{
    static const char *const folders[] = {"now", "kept", "kept/root", "kept/usr", "waste"};
    VB_CLEANUP_FD int state = vb_writable_new(setup, 2, err);
    if (state < 0)
        return state;
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++) {
        if (mkdirat(state, folders[i], 0755) < 0)
            return vb_fail(err, VB_E_OS, errno, "making the files that boxes carry on");
    }
    VB_CLEANUP_FD int now = openat(state, "now", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int status = now < 0
                           ? vb_fail(err, VB_E_OS, errno, "making the files that boxes carry on")
                           : vb_carry_make_layers(now, err);
    if (status < 0)
        return status;
    if (mkdir(STATE, 0755) < 0 || vb_sys_mount_attach(state, AT_FDCWD, STATE) < 0)
        return vb_fail_namespaces(err, errno, "mounting the files that boxes carry on");
    return VB_OK;
}

int vb_carry_attach(struct vb_error *err)
{
    VB_CLEANUP_FD int now =
        vb_sys_mount_copy(AT_FDCWD, STATE "/now", VB_MOUNT_NOSUID | VB_MOUNT_NODEV);
    if (now < 0 || vb_sys_mount_attach(now, AT_FDCWD, VB_BASE_BOX) < 0)
        return vb_fail(err, VB_E_OS, errno, "mounting the writable files of a box");
    return vb_steal_fd(&now);
}

static bool is_empty(int folder)
{
    const int fd = folder < 0 ? -1 : openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_DIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return false;
    }
    return true;
}

bool vb_carry_lower(const struct vb_box_setup *setup, enum vb_layer layer, char *ret, size_t size)
{
    char kept[64];
    const struct vb_layer_row *row = &vb_layer_rows[layer];
    snprintf(kept, sizeof(kept), STATE "/kept/%s", row->folder);
    VB_CLEANUP_FD int fd = setup->carries_on ? open(kept, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    const bool left = !is_empty(fd);
    snprintf(ret, size, "%s%s%s%s", left ? kept : "", left ? ":" : "", row->over, row->base);
    return left;
}

/* --- after it --- */

static int open_folder(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A folder can be moved and emptied only where its owner may write to it. Returns it open. */
static int open_up(int parent, const char *name)
{
    return fchmodat(parent, name, 0700, 0) < 0 ? -1 : open_folder(parent, name);
}

static const char opaque_mark[] = "user.overlay.opaque";

static bool is_opaque(int fd)
{
    char value = '\0';
    return fgetxattr(fd, opaque_mark, &value, 1) == 1 && value == 'y';
}

/* What has to go is only moved aside; it is removed when everything stands. */
struct merge {
    int waste;
    unsigned wasted;
};

static int throw_away(struct merge *merge, int parent, const char *name)
{
    char number[16];
    struct stat st;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -1;
    if (!S_ISDIR(st.st_mode))
        return unlinkat(parent, name, 0);
    if (fchmodat(parent, name, 0700, 0) < 0)
        return -1;
    snprintf(number, sizeof(number), "%u", merge->wasted++);
    return renameat(parent, name, merge->waste, number);
}

/* Two folders, one to be moved into the other. */
struct pair {
    int from, to;
    int base; /* the same folder of the base where the package or a part of it lies below; -1 */
    const char *rest; /* of the way to the package; "": within it */
};

static int merge_folder(struct merge *merge, const struct pair *pair, unsigned depth);

/* A folder keeps its mode and times where it is moved to. */
static int move_entry(struct merge *merge, const struct pair *pair, const char *name,
                      const struct stat *st)
{
    const struct timespec times[2] = {st->st_atim, st->st_mtim};
    if (throw_away(merge, pair->to, name) < 0)
        return -1;
    if (!S_ISDIR(st->st_mode))
        return renameat(pair->from, name, pair->to, name);
    if (fchmodat(pair->from, name, 0700, 0) < 0 || renameat(pair->from, name, pair->to, name) < 0 ||
        fchmodat(pair->to, name, st->st_mode & 07777, 0) < 0)
        return -1;
    return utimensat(pair->to, name, times, 0);
}

/* NAME is of the package, or leads to it. RET gets what the base has there, RET_REST what is then
 * left of the way. */
static bool is_shipped(const struct pair *pair, const char *name, struct stat *ret,
                       const char **ret_rest)
{
    const size_t len = strlen(name);
    *ret_rest = pair->rest;
    if (pair->base < 0 || fstatat(pair->base, name, ret, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    if (pair->rest[0] == '\0')
        return true;
    if (strncmp(pair->rest, name, len) != 0 || (pair->rest[len] != '/' && pair->rest[len] != '\0'))
        return false;
    *ret_rest = pair->rest + len + (pair->rest[len] == '/');
    return true;
}

static int merge_entry(struct merge *merge, const struct pair *pair, const char *name,
                       unsigned depth)
{
    struct stat st;
    struct stat base;
    struct stat kept;
    const char *rest;
    if (fstatat(pair->from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    const bool shipped = is_shipped(pair, name, &base, &rest);
    const bool folder = shipped && S_ISDIR(base.st_mode);
    if (folder ? !S_ISDIR(st.st_mode) : shipped && vb_entry_type_of(&st) == VB_ENTRY_WHITEOUT)
        return throw_away(merge, pair->to, name) < 0 ? -1 : unlinkat(pair->from, name, 0);
    const bool there =
        fstatat(pair->to, name, &kept, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(kept.st_mode);
    if (!S_ISDIR(st.st_mode) || (!folder && !there))
        return move_entry(merge, pair, name, &st);
    VB_CLEANUP_FD int from = open_up(pair->from, name);
    const bool opaque = from >= 0 && is_opaque(from);
    if (opaque && !folder)
        return move_entry(merge, pair, name, &st);
    if (from < 0 ||
        (opaque &&
         (fremovexattr(from, opaque_mark) < 0 || throw_away(merge, pair->to, name) < 0)) ||
        (mkdirat(pair->to, name, 0700) < 0 && errno != EEXIST))
        return -1;
    VB_CLEANUP_FD int to = open_up(pair->to, name);
    VB_CLEANUP_FD int below = folder ? open_folder(pair->base, name) : -1;
    const struct pair inner = {from, to, below, rest};
    if (to < 0 || (folder && below < 0) || merge_folder(merge, &inner, depth + 1) < 0)
        return -1;
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    /* What was shipped stays within reach. */
    return fchmod(to, (st.st_mode | (folder ? 0700U : 0U)) & 07777) < 0 || futimens(to, times) < 0
               ? -1
               : unlinkat(pair->from, name, AT_REMOVEDIR);
}

/* Moves all of one folder into the other. 0, or -1 with errno: both are then of no use any more. */
static int merge_folder(struct merge *merge, const struct pair *pair, unsigned depth)
{
    const int copy =
        depth > MAX_DEPTH ? -1 : openat(pair->from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    if (dir == NULL)
        return -1;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            merge_entry(merge, pair, entry->d_name, depth) < 0)
            return -1;
    }
    return 0;
}

/* Removes what was thrown away, however deep it is: a folder in a folder is moved up first. */
static int empty_waste(struct merge *merge)
{
    for (unsigned i = 0; i < merge->wasted; i++) {
        char number[16];
        snprintf(number, sizeof(number), "%u", i);
        VB_CLEANUP_FD int fd = open_folder(merge->waste, number);
        const int copy = fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        VB_CLEANUP_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
        const struct dirent *entry;
        while (dir != NULL && (entry = readdir(dir)) != NULL) {
            if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                throw_away(merge, fd, entry->d_name) < 0)
                return -1;
        }
        if (unlinkat(merge->waste, number, AT_REMOVEDIR) < 0)
            return -1;
    }
    return 0;
}

static int forget_folder(struct merge *merge, int from)
{
    const int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            throw_away(merge, from, entry->d_name) < 0)
            return -1;
    }
    return dir == NULL ? -1 : 0;
}

/* Half of the file system is for the box that comes next. */
static bool is_half_full(int state)
{
    struct statfs fs;
    return fstatfs(state, &fs) < 0 || fs.f_bfree < fs.f_blocks / 2 || fs.f_ffree < fs.f_files / 2;
}

/* FOLDER: the package's, from the root. */
static int carry_layer(struct merge *merge, int state, enum vb_layer layer, const char *folder)
{
    char path[64];
    snprintf(path, sizeof(path), "now/%s", vb_layer_rows[layer].folder);
    VB_CLEANUP_FD int from = open_up(state, path); /* the subject may have closed it */
    snprintf(path, sizeof(path), "kept/%s", vb_layer_rows[layer].folder);
    VB_CLEANUP_FD int to = open_folder(state, path);
    VB_CLEANUP_FD int base =
        layer == VB_LAYER_ROOT ? open(VB_BASE_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    const struct pair pair = {from, to, base, folder};
    if (from < 0 || to < 0)
        return -1;
    if (!is_empty(from) &&
        (folder == NULL ? forget_folder(merge, from) : merge_folder(merge, &pair, 0)) < 0)
        return -1;
    return fchmod(from, LAYER_MODE);
}

int vb_carry_on(const char *folder, struct vb_error *err)
{
    VB_CLEANUP_FD int state = open(STATE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_FD int waste = state < 0 ? -1 : open_folder(state, "waste");
    struct merge merge = {.waste = waste};
    if (waste < 0)
        return vb_fail(err, VB_E_OS, errno, "opening the files that boxes carry on");
    const bool fits = !is_half_full(state);
    for (size_t i = 0; i < VB_LAYER_COUNT; i++) {
        if (carry_layer(&merge, state, (enum vb_layer)i, fits ? folder : NULL) < 0)
            return vb_fail(err, VB_E_OS, errno, "carrying on the files of a box");
    }
    if (empty_waste(&merge) < 0)
        return vb_fail(err, VB_E_OS, errno, "removing files of a box");
    return fits ? VB_OK : 1;
}
