/* cache: see cache.h. The folder is the user's; several of us may use it at once. */
#include "cli/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 8, UNFINISHED_SECONDS = 3600 };
static const char unfinished[] = ".new-";

bool vb_cache_is_digest(const char *name)
{
    const size_t len = strlen(name);
    const bool known = strncmp(name, "sha512-", 7) == 0   ? len == 7 + VB_SHA512_HEX - 1
                       : strncmp(name, "sha256-", 7) == 0 ? len == 7 + VB_SHA256_HEX - 1
                                                          : false;
    return known && strspn(name + 7, "0123456789abcdef") == len - 7;
}

static DIR *open_listing(int fd)
{
    VB_CLEANUP_FD int copy = fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (dir != NULL)
        (void)vb_steal_fd(&copy); /* it is DIR's */
    return dir;
}

static int compare_held(const void *a, const void *b)
{
    return strcmp(((const struct vb_closure_held *)a)->digest,
                  ((const struct vb_closure_held *)b)->digest);
}

int vb_cache_read(int fd, struct vb_cache_list *ret, struct vb_error *err)
{
    VB_CLEANUP_DIR DIR *dir = open_listing(fd);
    const struct dirent *entry;
    struct stat st;
    if (dir == NULL)
        return VB_OK;
    (void)flock(fd, LOCK_SH | LOCK_NB);
    ret->all = calloc(VB_CACHE_HELD_MAX, sizeof(*ret->all));
    if (ret->all == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "reading the cache of packages");
    while (ret->count < VB_CACHE_HELD_MAX && (entry = readdir(dir)) != NULL) {
        if (!vb_cache_is_digest(entry->d_name) ||
            fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
            continue;
        char *name = strdup(entry->d_name);
        if (name == NULL)
            return vb_fail(err, VB_E_NOMEM, errno, "reading the cache of packages");
        ret->all[ret->count++] = (struct vb_closure_held){name, (uint64_t)st.st_size};
    }
    qsort(ret->all, ret->count, sizeof(*ret->all), compare_held);
    return VB_OK;
}

void vb_cache_list_done(struct vb_cache_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free((char *)(uintptr_t)list->all[i].digest);
    free(list->all);
    *list = (struct vb_cache_list){0};
}

/* A process's number would be shared with whoever has it in another namespace. */
int vb_cache_new(int fd, char ret_name[VB_CACHE_NAME_BYTES])
{
    int new = -1;
    for (unsigned i = 0; fd >= 0 && new < 0 && i < TRIES; i++) {
        uint64_t random = 0;
        if (getrandom(&random, sizeof(random), 0) != sizeof(random))
            return -1;
        snprintf(ret_name, VB_CACHE_NAME_BYTES, "%s%016llx", unfinished,
                 (unsigned long long)random);
        new = openat(fd, ret_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (new < 0 && errno != EEXIST)
            return -1;
    }
    return new;
}

int vb_cache_take(int fd, const char *name)
{
    struct stat st;
    VB_CLEANUP_FD int from = openat(fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (from < 0 || fstat(from, &st) < 0 || !S_ISREG(st.st_mode))
        return -1;
    (void)futimens(from, NULL);
    return vb_steal_fd(&from);
}

/* --- its size --- */

struct aged {
    char name[VB_CACHE_NAME_BYTES];
    uint64_t bytes;
    struct timespec used;
};

static int compare_aged(const void *a, const void *b)
{
    const struct timespec *x = &((const struct aged *)a)->used;
    const struct timespec *y = &((const struct aged *)b)->used;
    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* All files by their ages in ROWS, of which there are VB_CACHE_HELD_MAX. Unfinished ones go. */
static size_t read_ages(int fd, DIR *dir, struct aged *rows, uint64_t *ret_bytes)
{
    const struct dirent *entry;
    const time_t now = time(NULL);
    size_t count = 0;
    struct stat st;
    *ret_bytes = 0;
    while (count < VB_CACHE_HELD_MAX && (entry = readdir(dir)) != NULL) {
        if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
            continue;
        if (strncmp(entry->d_name, unfinished, sizeof(unfinished) - 1) == 0 &&
            st.st_mtim.tv_sec < now - UNFINISHED_SECONDS)
            (void)unlinkat(fd, entry->d_name, 0);
        if (!vb_cache_is_digest(entry->d_name))
            continue;
        struct aged *row = &rows[count++];
        snprintf(row->name, sizeof(row->name), "%.*s", VB_CACHE_NAME_BYTES - 1, entry->d_name);
        row->bytes = (uint64_t)st.st_size;
        row->used = st.st_mtim;
        *ret_bytes += row->bytes;
    }
    qsort(rows, count, sizeof(*rows), compare_aged);
    return count;
}

void vb_cache_trim(int fd, uint64_t bytes)
{
    VB_CLEANUP_DIR DIR *dir = open_listing(fd);
    VB_CLEANUP_FREE struct aged *rows =
        dir == NULL ? NULL : malloc(VB_CACHE_HELD_MAX * sizeof(*rows));
    uint64_t held = 0;
    if (rows == NULL || flock(fd, LOCK_EX | LOCK_NB) < 0)
        return;
    const size_t count = read_ages(fd, dir, rows, &held);
    for (size_t i = 0; held > bytes && i < count; i++) {
        if (unlinkat(fd, rows[i].name, 0) == 0)
            held -= rows[i].bytes;
    }
    (void)flock(fd, LOCK_SH | LOCK_NB);
}
