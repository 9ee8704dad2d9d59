/* shelf: see shelf.h. */
#include "sandbox/world/shelf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "vetbox/core/closure.h"

enum { PATH_BYTES = 1024, DEPTH = 8, FILES = 8 * VB_CLOSURE_PACKAGES_MAX };

struct item {
    char *path;
    struct vb_str bytes;
};

struct vb_shelf {
    struct item *items; /* FILES */
    size_t count;
};

static int fail(struct vb_error *err, const char *what)
{
    return vb_fail(err, errno == ENOMEM ? VB_E_NOMEM : VB_E_IO, errno, "the dependencies: %s",
                   what);
}

static int put_file(struct vb_shelf *shelf, int folder, const char *name, const char *path,
                    struct vb_error *err)
{
    struct stat st;
    VB_CLEANUP_FD int fd = vb_open_beneath(folder, name, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail(err, path);
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return VB_OK;
    if (shelf->count == FILES)
        return vb_fail(err, VB_E_LIMIT, 0, "the dependencies: more than %d files", FILES);
    struct item *item = &shelf->items[shelf->count];
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return fail(err, path);
    item->bytes = (struct vb_str){bytes, (size_t)st.st_size};
    shelf->count++;
    item->path = strdup(path);
    return item->path == NULL ? fail(err, path) : VB_OK;
}

/* PATH, of PATH_BYTES, is FOLDER's; "" the top. Depth is bounded. */
static int put_folder(struct vb_shelf *shelf, int folder, char *path, unsigned depth,
                      struct vb_error *err)
{
    const int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    const size_t len = strlen(path);
    const struct dirent *entry;
    int status = VB_OK;
    if (dir == NULL)
        return fail(err, "a folder");
    while (status == VB_OK && (entry = readdir(dir)) != NULL) {
        struct stat st;
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            len + strlen(name) + 2 > PATH_BYTES ||
            fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        snprintf(path + len, PATH_BYTES - len, "%s%s", len == 0 ? "" : "/", name);
        VB_CLEANUP_FD int below = S_ISDIR(st.st_mode) && depth < DEPTH
                                      ? vb_open_beneath(folder, name, O_RDONLY | O_DIRECTORY, 0)
                                      : -1;
        if (below >= 0)
            status = put_folder(shelf, below, path, depth + 1, err);
        else if (S_ISREG(st.st_mode))
            status = put_file(shelf, folder, name, path, err);
        path[len] = '\0';
    }
    return status;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct item *)a)->path, ((const struct item *)b)->path);
}

int vb_shelf_new(int folder_fd, struct vb_shelf **ret, struct vb_error *err)
{
    char path[PATH_BYTES] = "";
    struct vb_shelf *shelf = calloc(1, sizeof(*shelf));
    if (shelf == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "the dependencies");
    shelf->items = calloc(FILES, sizeof(*shelf->items));
    int status = shelf->items == NULL ? vb_fail(err, VB_E_NOMEM, errno, "the dependencies")
                                      : put_folder(shelf, folder_fd, path, 0, err);
    if (status < 0) {
        vb_shelf_free(shelf);
        return status;
    }
    qsort(shelf->items, shelf->count, sizeof(*shelf->items), compare);
    *ret = shelf;
    return VB_OK;
}

void vb_shelf_free(struct vb_shelf *shelf)
{
    if (shelf == NULL)
        return;
    for (size_t i = 0; i < shelf->count; i++) {
        (void)munmap((void *)(uintptr_t)shelf->items[i].bytes.text, shelf->items[i].bytes.len);
        free(shelf->items[i].path);
    }
    free(shelf->items);
    free(shelf);
}

bool vb_shelf_find(const struct vb_shelf *shelf, const char *path, struct vb_str *ret)
{
    const struct item wanted = {.path = (char *)(uintptr_t)path};
    const struct item *item = shelf->count == 0 ? NULL
                                                : bsearch(&wanted, shelf->items, shelf->count,
                                                          sizeof(*shelf->items), compare);
    if (item != NULL)
        *ret = item->bytes;
    return item != NULL;
}
