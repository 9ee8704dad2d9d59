/* The list of paths and the walk that fills it. Trust boundary: names and depth are the package's;
 * nothing here recurses and no link is followed. */
#include "signatures/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

void vb_sig_paths_done(struct vb_sig_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        free(paths->items[i]);
    free(paths->items);
    *paths = (struct vb_sig_paths){0};
}

int vb_sig_paths_add(struct vb_sig_paths *paths, const char *path, struct vb_error *err)
{
    if (paths->count == paths->capacity) {
        const size_t capacity = paths->capacity == 0 ? 16 : paths->capacity * 2;
        char **items = reallocarray(paths->items, capacity, sizeof(*items));
        if (items == NULL)
            return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a list of paths");
        paths->items = items;
        paths->capacity = capacity;
    }
    char *copy = strdup(path);
    if (copy == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a path");
    paths->items[paths->count++] = copy;
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void vb_sig_paths_sort(struct vb_sig_paths *paths)
{
    if (paths->count > 1)
        qsort(paths->items, paths->count, sizeof(*paths->items), compare);
}

struct walk {
    struct vb_sig_paths dirs; /* still to be read, from NEXT on */
    size_t next;
    size_t entries;
    size_t gaps;
    bool full;
    struct vb_sink *sink;
    struct vb_sig_paths *found;
    struct vb_sig_paths *others;
};

static void walk_done(struct walk *walk)
{
    vb_sig_paths_done(&walk->dirs);
}

static void close_dir(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

static int not_covered(struct walk *walk, const char *path, const char *reason,
                       struct vb_error *err)
{
    enum { GAPS_MAX = 100 };
    struct vb_event event;

    /* A tree made of unreadable places must not flood the log. */
    if (++walk->gaps > GAPS_MAX)
        return 0;
    if (walk->gaps == GAPS_MAX)
        reason = "this and more places cannot be looked at";
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "verify");
    vb_event_str(&event, VB_F_WHAT, "signatures");
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_str(&event, VB_F_PATH, path);
    return vb_emit(walk->sink, &event, err);
}

static int walk_entry(struct walk *walk, int dirfd, const char *dir, const char *name,
                      struct vb_error *err)
{
    const bool top = strcmp(dir, ".") == 0;
    char path[PATH_MAX];
    struct stat st;

    const int len = snprintf(path, sizeof(path), "%s%s%s", top ? "" : dir, top ? "" : "/", name);
    if (len < 0 || (size_t)len >= sizeof(path))
        return not_covered(walk, dir, "a path is too long", err);
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return not_covered(walk, path, "cannot look at it", err);
    if (S_ISDIR(st.st_mode))
        return vb_sig_paths_add(&walk->dirs, path, err);
    if (!S_ISREG(st.st_mode))
        return walk->others != NULL ? vb_sig_paths_add(walk->others, path, err) : 0;
    return vb_sig_paths_add(walk->found, path, err);
}

static int walk_dir(struct walk *walk, int rootfd, const char *path, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = vb_open_beneath(rootfd, path, O_RDONLY | O_DIRECTORY, 0);

    if (fd < 0)
        return not_covered(walk, path, "cannot open the folder", err);
    VB_CLEANUP(close_dir) DIR *dir = fdopendir(fd);
    if (dir == NULL)
        return vb_fail(err, VB_E_OS, errno, "cannot read folder %s", path);
    const int dirfd_borrowed = vb_steal_fd(&fd);
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL)
            break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (++walk->entries > VB_SIG_ENTRIES_MAX) {
            walk->full = true;
            return not_covered(walk, path, "more files than are looked at", err);
        }
        const int status = walk_entry(walk, dirfd_borrowed, path, entry->d_name, err);
        if (status < 0 || walk->full)
            return status;
    }
    return errno != 0 ? vb_fail(err, VB_E_IO, errno, "cannot read folder %s", path) : 0;
}

int vb_sig_walk(int dirfd, struct vb_sink *sink, struct vb_sig_paths *ret,
                struct vb_sig_paths *ret_others, struct vb_error *err)
{
    VB_CLEANUP(walk_done) struct walk walk = {.sink = sink, .found = ret, .others = ret_others};

    int status = vb_sig_paths_add(&walk.dirs, ".", err);
    while (status == 0 && !walk.full && walk.next < walk.dirs.count) {
        status = walk_dir(&walk, dirfd, walk.dirs.items[walk.next], err);
        walk.next++;
    }
    if (status < 0)
        return status;
    vb_sig_paths_sort(ret);
    return 0;
}
