/* The tree and the ways to walk and copy files that nobody trusts: always beneath a descriptor,
 * never through a link. Bytes are read and hashed here, none are parsed. */
#include "vetbox/core/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vetbox/core/text.h"

enum { PATH_BYTES = 4096, MAX_DEPTH = 128 };

void vb_artifact_done(struct vb_artifact *artifact)
{
    free(artifact->name);
    vb_close_fd(&artifact->fd);
    artifact->name = NULL;
}

/* --- walking --- */

/* Visits every entry below a directory, depth first, in bytewise order within each directory. */
struct walk {
    char path[PATH_BYTES]; /* of the current entry */
    size_t visited;
    const struct vb_tree_limits *limits;
    /* DIRFD is the entry's directory, NAME its last component. */
    int (*visit)(struct walk *walk, int dirfd, const char *name, const struct stat *st,
                 struct vb_error *err);
    struct vb_sink *sink;
    struct vb_tree *tree; /* seal */
    size_t capacity;
    int target_fd; /* copy */
    size_t files;
    uint64_t bytes;
    bool ahead; /* some of the files were copied ahead */
    bool full;  /* a limit on the whole was reached: nothing more is visited */
};

struct names {
    char **items;
    size_t count, capacity;
};

static void names_done(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(struct names *names, const char *name, struct vb_error *err)
{
    if (names->count == names->capacity) {
        const size_t capacity = names->capacity == 0 ? 32 : names->capacity * 2;
        char **items = reallocarray(names->items, capacity, sizeof(*items));
        if (items == NULL)
            return vb_fail(err, VB_E_NOMEM, errno, "listing a folder");
        names->items = items;
        names->capacity = capacity;
    }
    names->items[names->count] = strdup(name);
    if (names->items[names->count] == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "listing a folder");
    names->count++;
    return VB_OK;
}

/* A limit was reached at the current entry. */
static int beyond(struct walk *walk, const char *limit, uint64_t value, struct vb_error *err)
{
    char reason[128];
    snprintf(reason, sizeof(reason), "%s %llu", limit, (unsigned long long)value);
    if (!walk->limits->leave_out)
        return vb_fail(err, VB_E_LIMIT, 0, "%s: %s", walk->path, reason);
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_STAGE, "fetch");
    vb_event_str(&event, VB_F_WHAT, walk->full ? "all files from here on" : "file or folder");
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_str(&event, VB_F_PATH, walk->path);
    return vb_emit(walk->sink, &event, err);
}

/* At most MAX + 1 names: the last one shows the walk that there are too many. */
static int read_names(int fd, size_t max, struct names *ret, struct vb_error *err)
{
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    VB_CLEANUP_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (dir == NULL)
        return vb_fail(err, VB_E_IO, errno, "opening a folder");
    rewinddir(dir);
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL && errno != 0)
            return vb_fail(err, VB_E_IO, errno, "reading a folder");
        if (entry == NULL)
            break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (ret->count > max)
            break;
        const int status = add_name(ret, entry->d_name, err);
        if (status < 0)
            return status;
    }
    if (ret->count > 1)
        qsort(ret->items, ret->count, sizeof(*ret->items), compare_names);
    return VB_OK;
}

static int walk_dir(struct walk *walk, int dirfd, size_t path_len, unsigned depth,
                    struct vb_error *err);

static int walk_entry(struct walk *walk, int dirfd, const char *name, size_t path_len,
                      struct vb_error *err)
{
    struct stat st;
    if (++walk->visited > walk->limits->entries) {
        walk->full = true;
        return beyond(walk, "more files and folders than", walk->limits->entries, err);
    }
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return vb_fail(err, VB_E_IO, errno, "%s", walk->path);
    const int status = walk->visit(walk, dirfd, name, &st, err);
    if (status < 0 || !S_ISDIR(st.st_mode))
        return status;
    VB_CLEANUP_FD int fd = vb_open_beneath(dirfd, name, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return vb_fail(err, VB_E_NOINPUT, errno, "cannot open the folder %s", walk->path);
    unsigned depth = 0;
    for (const char *at = walk->path; *at != '\0'; at++)
        depth += *at == '/';
    return walk_dir(walk, fd, path_len, depth + 1, err);
}

static int walk_dir(struct walk *walk, int dirfd, size_t path_len, unsigned depth,
                    struct vb_error *err)
{
    VB_CLEANUP(names_done) struct names names = {0};
    if (depth > MAX_DEPTH || depth > walk->limits->depth)
        return beyond(walk, "folders nested deeper than", walk->limits->depth, err);
    int status = read_names(dirfd, walk->limits->entries, &names, err);
    for (size_t i = 0; status == VB_OK && !walk->full && i < names.count; i++) {
        const size_t start = path_len == 0 ? 0 : path_len + 1;
        const size_t len = strlen(names.items[i]);
        if (start + len >= sizeof(walk->path)) {
            status = beyond(walk, "paths longer than", PATH_BYTES, err);
            continue;
        }
        if (path_len > 0)
            walk->path[path_len] = '/';
        memcpy(walk->path + start, names.items[i], len + 1);
        status = walk_entry(walk, dirfd, names.items[i], start + len, err);
        walk->path[path_len] = '\0';
    }
    return status;
}

/* --- sealing --- */

static int emit_link(struct walk *walk, int dirfd, const char *name, struct vb_error *err)
{
    char target[PATH_BYTES];
    const ssize_t len = readlinkat(dirfd, name, target, sizeof(target));
    if (len < 0)
        return vb_fail(err, VB_E_IO, errno, "%s", walk->path);
    struct vb_event event;
    vb_event_init(&event, VB_EV_TREE_LINK, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_PATH, walk->path);
    vb_event_strn(&event, VB_F_TARGET, target, (size_t)len);
    return vb_emit(walk->sink, &event, err);
}

static int add_file(struct walk *walk, const struct vb_tree_file *file, struct vb_error *err)
{
    struct vb_tree *tree = walk->tree;
    if (tree->count == walk->capacity) {
        const size_t capacity = walk->capacity == 0 ? 64 : walk->capacity * 2;
        struct vb_tree_file *files = reallocarray(tree->files, capacity, sizeof(*files));
        if (files == NULL)
            return vb_fail(err, VB_E_NOMEM, errno, "listing the tree");
        tree->files = files;
        walk->capacity = capacity;
    }
    tree->files[tree->count] = *file;
    tree->files[tree->count].path = strdup(walk->path);
    if (tree->files[tree->count].path == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "listing the tree");
    tree->count++;
    tree->bytes += file->size;
    return VB_OK;
}

static int seal_visit(struct walk *walk, int dirfd, const char *name, const struct stat *st,
                      struct vb_error *err)
{
    if (S_ISLNK(st->st_mode))
        return emit_link(walk, dirfd, name, err);
    if (!S_ISREG(st->st_mode))
        return VB_OK;
    struct vb_tree_file file = {.size = (uint64_t)st->st_size, .mode = st->st_mode & 07777};
    VB_CLEANUP_FD int fd = vb_open_beneath(dirfd, name, O_RDONLY, 0);
    if (fd < 0)
        return vb_fail(err, VB_E_IO, errno, "%s", walk->path);
    int status = vb_sha256_fd(fd, file.sha256, err);
    if (status == VB_OK)
        status = add_file(walk, &file, err);
    if (status < 0)
        return vb_wrap(err, "%s", walk->path);
    struct vb_event event;
    vb_event_init(&event, VB_EV_TREE_FILE, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_PATH, walk->path);
    vb_event_int(&event, VB_F_SIZE, (int64_t)file.size);
    vb_event_int(&event, VB_F_MODE, file.mode);
    vb_event_str(&event, VB_F_SHA256, file.sha256);
    return vb_emit(walk->sink, &event, err);
}

static int compare_files(const void *a, const void *b)
{
    const struct vb_tree_file *left = a;
    const struct vb_tree_file *right = b;
    return strcmp(left->path, right->path);
}

int vb_tree_seal(int dirfd, const struct vb_tree_limits *limits, struct vb_sink *sink,
                 struct vb_tree **ret, struct vb_error *err)
{
    struct vb_tree *tree = calloc(1, sizeof(*tree));
    if (tree == NULL) {
        vb_close_fd(&dirfd);
        return vb_fail(err, VB_E_NOMEM, errno, "making the tree");
    }
    tree->dirfd = dirfd;
    struct walk walk = {.limits = limits, .visit = seal_visit, .sink = sink, .tree = tree};
    const int status = walk_dir(&walk, dirfd, 0, 0, err);
    if (status < 0) {
        vb_tree_free(tree);
        return vb_wrap(err, "hashing the unpacked package");
    }
    if (tree->count > 1) /* the walk's order differs where a name holds bytes below '/' */
        qsort(tree->files, tree->count, sizeof(*tree->files), compare_files);
    *ret = tree;
    return VB_OK;
}

void vb_tree_free(struct vb_tree *tree)
{
    if (tree == NULL)
        return;
    for (size_t i = 0; i < tree->count; i++)
        free(tree->files[i].path);
    free(tree->files);
    vb_close_fd(&tree->dirfd);
    free(tree);
}

const struct vb_tree_file *vb_tree_find(const struct vb_tree *tree, const char *path)
{
    size_t low = 0;
    size_t high = tree->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(tree->files[middle].path, path);
        if (order == 0)
            return &tree->files[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* --- copying --- */

/* Returns 1 when all of IN was copied, 0 when a limit was reached (and told). */
static int copy_bytes(struct walk *walk, int in, int out, struct vb_error *err)
{
    unsigned char chunk[65536];
    uint64_t copied = 0;
    for (;;) {
        const ssize_t got = read(in, chunk, sizeof(chunk));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vb_fail(err, VB_E_IO, errno, "reading %s", walk->path);
        if (got == 0)
            return 1;
        copied += (uint64_t)got;
        walk->bytes += (uint64_t)got;
        walk->full = walk->bytes > walk->limits->bytes;
        if (walk->full)
            return beyond(walk, "more bytes in all than", walk->limits->bytes, err);
        if (copied > walk->limits->file_bytes)
            return beyond(walk, "a file larger than", walk->limits->file_bytes, err);
        const int status = vb_write_all(out, chunk, (size_t)got, err);
        if (status < 0)
            return vb_wrap(err, "copying %s", walk->path);
    }
}

/* Of what has MODE; -1 and errno. */
static int new_copy(const struct walk *walk, mode_t mode)
{
    return vb_open_beneath(walk->target_fd, walk->path, O_WRONLY | O_CREAT | O_EXCL,
                           (mode & 0100) != 0 ? 0755 : 0644);
}

static int fill_copy(struct walk *walk, int in, int out, struct vb_error *err)
{
    const int whole = copy_bytes(walk, in, out, err);
    if (whole == 0 && ftruncate(out, 0) < 0) /* half a file would be taken for the file */
        return vb_fail(err, VB_E_IO, errno, "emptying %s", walk->path);
    walk->files += whole > 0;
    return whole < 0 ? whole : VB_OK;
}

static int copy_file(struct walk *walk, int dirfd, const char *name, const struct stat *st,
                     struct vb_error *err)
{
    VB_CLEANUP_FD int out = new_copy(walk, st->st_mode);
    if (out < 0 && errno == EEXIST && walk->ahead)
        return VB_OK;
    if (out < 0)
        return vb_fail(err, VB_E_IO, errno, "cannot copy %s", walk->path);
    VB_CLEANUP_FD int in = vb_open_beneath(dirfd, name, O_RDONLY | O_NONBLOCK, 0);
    if (in < 0)
        return vb_fail(err, VB_E_NOINPUT, errno, "cannot read %s", walk->path);
    struct stat opened;
    if (fstat(in, &opened) < 0 || !S_ISREG(opened.st_mode))
        return vb_fail(err, VB_E_NOINPUT, 0, "%s changed its type while it was read", walk->path);
    return fill_copy(walk, in, out, err);
}

static int copy_link(struct walk *walk, int dirfd, const char *name, struct vb_error *err)
{
    char target[PATH_BYTES];
    const ssize_t len = readlinkat(dirfd, name, target, sizeof(target) - 1);
    if (len < 0)
        return vb_fail(err, VB_E_IO, errno, "reading the link %s", walk->path);
    target[len] = '\0';
    const char *base = vb_path_base(walk->path);
    char parent[PATH_BYTES] = ".";
    if (base != walk->path) {
        memcpy(parent, walk->path, (size_t)(base - walk->path) - 1);
        parent[base - walk->path - 1] = '\0';
    }
    VB_CLEANUP_FD int fd = vb_open_beneath(walk->target_fd, parent, O_PATH | O_DIRECTORY, 0);
    if (fd < 0 || symlinkat(target, fd, base) < 0)
        return vb_fail(err, VB_E_IO, errno, "copying the link %s", walk->path);
    return VB_OK;
}

static int skip_special(struct walk *walk, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_STAGE, "fetch");
    vb_event_str(&event, VB_F_WHAT, "special file");
    vb_event_str(&event, VB_F_REASON, "neither a regular file nor a folder nor a link");
    vb_event_str(&event, VB_F_PATH, walk->path);
    return vb_emit(walk->sink, &event, err);
}

static int copy_visit(struct walk *walk, int dirfd, const char *name, const struct stat *st,
                      struct vb_error *err)
{
    if (S_ISREG(st->st_mode))
        return copy_file(walk, dirfd, name, st, err);
    if (S_ISLNK(st->st_mode))
        return copy_link(walk, dirfd, name, err);
    if (!S_ISDIR(st->st_mode))
        return skip_special(walk, err);
    char below[PATH_BYTES + 2];
    snprintf(below, sizeof(below), "%s/", walk->path);
    if (vb_mkdir_parents(walk->target_fd, below) < 0)
        return vb_fail(err, VB_E_IO, errno, "making the folder %s", walk->path);
    return VB_OK;
}

int vb_tree_copy(int source_fd, int target_fd, const struct vb_tree_limits *limits,
                 struct vb_sink *sink, struct vb_tree_sum *sum, struct vb_error *err)
{
    struct walk walk = {
        .limits = limits, .visit = copy_visit, .sink = sink, .target_fd = target_fd};
    if (sum != NULL) {
        walk.files = sum->files;
        walk.bytes = sum->bytes;
        walk.ahead = sum->files > 0;
    }
    const int status = walk_dir(&walk, source_fd, 0, 0, err);
    if (status == VB_OK && sum != NULL)
        *sum = (struct vb_tree_sum){walk.files, walk.bytes};
    return status;
}

/* With the folders around it. 1 where it is there: it was named twice. */
static int new_copy_ahead(const struct walk *walk, mode_t mode, int *ret_fd, struct vb_error *err)
{
    *ret_fd = new_copy(walk, mode);
    if (*ret_fd < 0 && errno == ENOENT && vb_mkdir_parents(walk->target_fd, walk->path) == 0)
        *ret_fd = new_copy(walk, mode);
    if (*ret_fd >= 0)
        return VB_OK;
    return errno == EEXIST ? 1 : vb_fail(err, VB_E_IO, errno, "cannot copy %s", walk->path);
}

int vb_tree_copy_ahead(int source_fd, const char *path, int target_fd,
                       const struct vb_tree_limits *limits, struct vb_tree_sum *sum,
                       struct vb_error *err)
{
    struct walk walk = {
        .limits = limits, .target_fd = target_fd, .files = sum->files, .bytes = sum->bytes};
    struct stat st;
    if (!vb_path_safe(path))
        return VB_OK;
    VB_CLEANUP_FD int in = vb_open_beneath(source_fd, path, O_RDONLY | O_NONBLOCK, 0);
    if (in < 0 || fstat(in, &st) < 0 || !S_ISREG(st.st_mode) ||
        (uint64_t)st.st_size > limits->file_bytes)
        return VB_OK;
    snprintf(walk.path, sizeof(walk.path), "%s", path);
    VB_CLEANUP_FD int out = -1;
    int status = new_copy_ahead(&walk, st.st_mode, &out, err);
    if (status != VB_OK)
        return status < 0 ? status : VB_OK;
    status = fill_copy(&walk, in, out, err);
    *sum = (struct vb_tree_sum){walk.files, walk.bytes};
    return status;
}
