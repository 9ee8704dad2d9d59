/* Files that stand unpacked already: those of a package that is a folder, and texts that may name a
 * password. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "unpack/beside.h"

/* Folders that are still to be listed: a list instead of recursion, so that depth costs no
 * descriptors. */
struct walk {
    struct unpack *u;
    int top_fd;
    file_visitor *visit;
    void *ctx;
    char **folders;
    size_t count;
    size_t capacity;
};

static void walk_done(struct walk *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->folders[i]);
    free(w->folders);
    *w = (struct walk){0};
}

static int cannot_look(const struct walk *w, const char *path)
{
    return vb_fail(w->u->err, VB_E_IO, errno, "cannot look at the unpacked %s", path);
}

static int add_folder(struct walk *w, const char *path)
{
    if (w->count == w->capacity) {
        const size_t capacity = w->capacity == 0 ? 64 : w->capacity * 2;
        char **const folders = reallocarray(w->folders, capacity, sizeof(*folders));

        if (folders == NULL)
            return vb_fail(w->u->err, VB_E_NOMEM, errno, "no memory to look at the files");
        w->folders = folders;
        w->capacity = capacity;
    }
    w->folders[w->count] = strdup(path);
    if (w->folders[w->count] == NULL)
        return vb_fail(w->u->err, VB_E_NOMEM, errno, "no memory to look at the files");
    w->count++;
    return 0;
}

static int visit(struct walk *w, const char *folder, const char *name)
{
    char path[UNPACK_PATH_MAX + 1];
    VB_CLEANUP_FD int fd = -1;
    struct stat st;

    if ((size_t)snprintf(path, sizeof(path), "%s%s%s", folder, folder[0] != '\0' ? "/" : "",
                         name) >= sizeof(path))
        return report_coverage(w->u, "file", "its path is too long", str_of(folder));
    fd = vb_open_beneath(w->top_fd, path, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0 && (errno == ELOOP || errno == ENXIO))
        return 0; /* a link or a socket: others tell of them */
    if (fd < 0 || fstat(fd, &st) != 0)
        return cannot_look(w, path);
    if (S_ISDIR(st.st_mode))
        return add_folder(w, path);
    return S_ISREG(st.st_mode) ? w->visit(w->u, fd, path, (uint64_t)st.st_size, w->ctx) : 0;
}

static int list_folder(struct walk *w, const char *folder)
{
    const int fd =
        vb_open_beneath(w->top_fd, folder[0] != '\0' ? folder : ".", O_RDONLY | O_DIRECTORY, 0);
    VB_CLEANUP_DIR DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    int status = 0;

    if (dir == NULL)
        return cannot_look(w, folder);
    for (const struct dirent *e = readdir(dir); status == 0 && e != NULL; e = readdir(dir)) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            status = visit(w, folder, e->d_name);
    }
    return status;
}

int collect_files(struct unpack *u, int dirfd, file_visitor *visitor, void *ctx)
{
    VB_CLEANUP(walk_done)
    struct walk w = {.u = u, .top_fd = dirfd, .visit = visitor, .ctx = ctx};
    int status = add_folder(&w, "");

    while (status == 0 && w.count > 0 && limits_in_time(u)) {
        VB_CLEANUP_FREE char *folder = w.folders[--w.count];

        status = list_folder(&w, folder);
    }
    return status;
}

static int look_at(struct unpack *u, int fd, const char *path, uint64_t size, void *ctx)
{
    (void)ctx;
    u->entries++;
    u->input_size += size;
    return beside_look(u, fd, path);
}

int collect_archives(struct unpack *u)
{
    const int status = collect_files(u, u->out_fd, look_at, NULL);

    /* They were read already, and paid for. */
    u->consumed = u->input_size;
    u->entries_before = u->entries;
    beside_sort(u->beside);
    return status;
}
