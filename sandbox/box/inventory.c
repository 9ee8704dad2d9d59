/* inventory: walks files that a subject may have made to hurt whoever walks them: deep folders,
 * closed folders, links, names of every kind. Never follows anything, never reads a file. */
#include "sandbox/box/inventory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

struct walk {
    const struct vb_inventory_limits *limits;
    struct vb_inventory *inventory;
    size_t capacity;
    char path[PATH_BYTES];
};

void vb_inventory_done(struct vb_inventory *inventory)
{
    for (size_t i = 0; i < inventory->count; i++)
        free(inventory->entries[i].path);
    free(inventory->entries);
    *inventory = (struct vb_inventory){0};
}

enum vb_entry_type vb_entry_type_of(const struct stat *st)
{
    if (S_ISREG(st->st_mode))
        return VB_ENTRY_FILE;
    if (S_ISLNK(st->st_mode))
        return VB_ENTRY_LINK;
    if (S_ISCHR(st->st_mode) && st->st_rdev == 0)
        return VB_ENTRY_WHITEOUT;
    return S_ISDIR(st->st_mode) ? VB_ENTRY_FOLDER : VB_ENTRY_OTHER;
}

static int add_entry(struct walk *walk, const struct stat *st, struct vb_error *err)
{
    struct vb_inventory *inventory = walk->inventory;
    if (inventory->count == walk->capacity) {
        const size_t capacity = walk->capacity == 0 ? 128 : walk->capacity * 2;
        struct vb_entry *entries = reallocarray(inventory->entries, capacity, sizeof(*entries));
        if (entries == NULL)
            return vb_fail(err, VB_E_NOMEM, errno, "listing the files of a box");
        inventory->entries = entries;
        walk->capacity = capacity;
    }
    struct vb_entry *entry = &inventory->entries[inventory->count];
    *entry = (struct vb_entry){
        .path = strdup(walk->path),
        .type = vb_entry_type_of(st),
        .mode = st->st_mode & 07777,
        .size = (uint64_t)st->st_size,
        .changed = st->st_ctim,
    };
    if (entry->path == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "listing the files of a box");
    if (entry->type == VB_ENTRY_FILE)
        inventory->bytes += entry->size;
    inventory->count++;
    return VB_OK;
}

static int walk_folder(struct walk *walk, int fd, size_t path_len, unsigned depth,
                       struct vb_error *err);

static int open_folder(const struct walk *walk, int parent, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const int fd = openat(parent, name, flags);
    if (fd >= 0 || errno != EACCES || !walk->limits->force)
        return fd;
    /* A folder of ours (one user) that its owner closed. It is no link: lstat said so, and nobody
     * runs who could change that. */
    return fchmodat(parent, name, 0700, 0) < 0 ? -1 : openat(parent, name, flags);
}

static int walk_entry(struct walk *walk, int parent, const char *name, size_t path_len,
                      unsigned depth, struct vb_error *err)
{
    struct stat st;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return VB_OK;
    int status = add_entry(walk, &st, err);
    if (status < 0 || !S_ISDIR(st.st_mode))
        return status;
    VB_CLEANUP_FD int fd = open_folder(walk, parent, name);
    if (fd < 0) {
        walk->inventory->missed++;
        return VB_OK;
    }
    return walk_folder(walk, fd, path_len, depth + 1, err);
}

static int walk_folder(struct walk *walk, int fd, size_t path_len, unsigned depth,
                       struct vb_error *err)
{
    const int copy =
        depth > walk->limits->depth ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (dir == NULL) {
        walk->inventory->missed++;
        return VB_OK;
    }
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        const size_t start = path_len == 0 ? 0 : path_len + 1;
        const size_t len = strlen(entry->d_name);
        if (start + len >= sizeof(walk->path) || walk->inventory->count >= walk->limits->entries) {
            walk->inventory->missed++;
            continue;
        }
        if (start > 0)
            walk->path[start - 1] = '/';
        memcpy(walk->path + start, entry->d_name, len + 1);
        const int status = walk_entry(walk, fd, entry->d_name, start + len, depth, err);
        walk->path[path_len] = '\0';
        if (status < 0)
            return status;
    }
    return VB_OK;
}

static int compare_entries(const void *a, const void *b)
{
    const struct vb_entry *left = a;
    const struct vb_entry *right = b;
    return strcmp(left->path, right->path);
}

int vb_inventory_take(int folder_fd, const struct vb_inventory_limits *limits,
                      struct vb_inventory *ret, struct vb_error *err)
{
    VB_CLEANUP(vb_inventory_done) struct vb_inventory inventory = {0};
    struct walk walk = {.limits = limits, .inventory = &inventory};
    const int status = walk_folder(&walk, folder_fd, 0, 0, err);
    if (status < 0)
        return status;
    if (inventory.count > 1)
        qsort(inventory.entries, inventory.count, sizeof(*inventory.entries), compare_entries);
    *ret = inventory;
    inventory = (struct vb_inventory){0};
    return VB_OK;
}

struct vb_entry *vb_inventory_find(const struct vb_inventory *inventory, const char *path)
{
    size_t low = 0;
    size_t high = inventory->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(inventory->entries[middle].path, path);
        if (order == 0)
            return &inventory->entries[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
