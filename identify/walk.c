/* The list of a tree's regular files. Trust boundary: names come from the package; folders are
 * opened beneath the tree only, one at a time, and entries and depth are capped. */
#include "identify/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* Folders that hold no code of their own: object stores of version control. */
static const char *const skipped_folders[] = {".git/objects", ".git/logs", ".git/refs"};

static const char *const vendored_folders[] = {"node_modules", "site-packages", ".git", ".venv",
                                               "bower_components"};

struct walk {
    struct vb_id *id;
    char **folders;
    size_t folder_count;
    size_t seen;
};

static bool skipped(const char *path)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(skipped_folders); i++) {
        const size_t len = strlen(skipped_folders[i]);
        const size_t path_len = strlen(path);
        if (path_len < len || strcmp(path + path_len - len, skipped_folders[i]) != 0)
            continue;
        if (path_len == len || path[path_len - len - 1] == '/')
            return true;
    }
    return false;
}

bool vb_id_vendored(const char *path)
{
    for (const char *part = path; part != NULL;) {
        const char *end = strchr(part, '/');
        const size_t len = end == NULL ? strlen(part) : (size_t)(end - part);
        for (size_t i = 0; end != NULL && i < VB_ARRAY_LEN(vendored_folders); i++) {
            if (strlen(vendored_folders[i]) == len && memcmp(part, vendored_folders[i], len) == 0)
                return true;
        }
        part = end == NULL ? NULL : end + 1;
    }
    return false;
}

/* Grows ARRAY by powers of two; *ARRAY holds COUNT items of SIZE bytes. */
static bool grow(void **array, size_t count, size_t size)
{
    if (count != 0 && (count < 16 || (count & (count - 1)) != 0))
        return true;
    const size_t capacity = count == 0 ? 16 : count * 2;
    size_t bytes;
    if (__builtin_mul_overflow(capacity, size, &bytes))
        return false;
    void *grown = realloc(*array, bytes);
    if (grown == NULL)
        return false;
    *array = grown;
    return true;
}

static void add_file(struct vb_id *id, char *path, const struct stat *status)
{
    void *files = id->files;
    const bool grown = grow(&files, id->file_count, sizeof(*id->files));
    id->files = files;
    if (!grown) {
        free(path);
        vb_id_fail(id, VB_E_NOMEM, "listing the files");
        return;
    }
    id->files[id->file_count++] = (struct vb_id_file){
        .path = path, .size = (uint64_t)status->st_size, .mode = (uint32_t)status->st_mode & 07777};
}

static void add_folder(struct walk *walk, char *path)
{
    void *folders = walk->folders;
    const bool grown = grow(&folders, walk->folder_count, sizeof(*walk->folders));
    walk->folders = folders;
    if (!grown) {
        free(path);
        vb_id_fail(walk->id, VB_E_NOMEM, "listing the folders");
        return;
    }
    walk->folders[walk->folder_count++] = path;
}

static unsigned depth_of(const char *path)
{
    unsigned depth = 1;
    for (; *path != '\0'; path++)
        depth += *path == '/';
    return depth;
}

static void visit(struct walk *walk, int folder_fd, const char *folder, const char *name)
{
    struct stat status;
    char path[VB_ID_PATH_MAX];
    if (!vb_id_join(path, folder, name) || !vb_path_safe(path)) {
        vb_id_coverage(walk->id, folder, "file", "unusable name", NULL);
        return;
    }
    if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        vb_id_coverage(walk->id, path, "file", "unreadable", NULL);
        return;
    }
    const bool is_folder = S_ISDIR(status.st_mode);
    if ((!is_folder && !S_ISREG(status.st_mode)) || (is_folder && skipped(path)))
        return;
    if (is_folder && depth_of(path) >= VB_ID_DEPTH_MAX) {
        vb_id_coverage(walk->id, path, "folder", "too deep", NULL);
        return;
    }
    char *copy = strdup(path);
    if (copy == NULL)
        vb_id_fail(walk->id, VB_E_NOMEM, "listing the files");
    else if (is_folder)
        add_folder(walk, copy);
    else
        add_file(walk->id, copy, &status);
}

static void list_folder(struct walk *walk, const char *folder)
{
    VB_CLEANUP_FD int fd =
        vb_open_beneath(walk->id->dirfd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) {
        vb_id_coverage(walk->id, folder, "folder", "unreadable", NULL);
        return;
    }
    VB_CLEANUP_DIR DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        vb_id_fail(walk->id, VB_E_OS, "listing a folder");
        return;
    }
    const int borrowed = vb_steal_fd(&fd);
    for (struct dirent *entry; vb_id_ok(walk->id) && (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (walk->seen == VB_ID_ENTRIES_MAX) {
            walk->id->dropped[VB_ID_FILE]++;
            continue;
        }
        walk->seen++;
        visit(walk, borrowed, folder, entry->d_name);
    }
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct vb_id_file *)a)->path, ((const struct vb_id_file *)b)->path);
}

void vb_id_walk(struct vb_id *id)
{
    struct walk walk = {.id = id};
    char *top = strdup(".");
    if (top == NULL) {
        vb_id_fail(id, VB_E_NOMEM, "listing the files");
        return;
    }
    add_folder(&walk, top);
    for (size_t i = 0; i < walk.folder_count && vb_id_ok(id); i++)
        list_folder(&walk, walk.folders[i]);
    for (size_t i = 0; i < walk.folder_count; i++)
        free(walk.folders[i]);
    free(walk.folders);
    if (id->file_count > 0)
        qsort(id->files, id->file_count, sizeof(*id->files), by_path);
}

void vb_id_files_done(struct vb_id *id)
{
    for (size_t i = 0; i < id->file_count; i++)
        free(id->files[i].path);
    free(id->files);
}

const struct vb_id_file *vb_id_find(const struct vb_id *id, const char *path)
{
    const size_t i = vb_id_lower(id, path);
    return i < id->file_count && strcmp(id->files[i].path, path) == 0 ? &id->files[i] : NULL;
}

size_t vb_id_lower(const struct vb_id *id, const char *prefix)
{
    size_t low = 0;
    for (size_t high = id->file_count; low < high;) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(id->files[middle].path, prefix) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool vb_id_below(const struct vb_id_file *file, const char *prefix)
{
    return strncmp(file->path, prefix, strlen(prefix)) == 0;
}

bool vb_id_join(char ret[VB_ID_PATH_MAX], const char *root, const char *rel)
{
    const bool at_top = strcmp(root, ".") == 0;
    const int len = at_top ? snprintf(ret, VB_ID_PATH_MAX, "%s", rel)
                           : snprintf(ret, VB_ID_PATH_MAX, "%s/%s", root, rel);
    return len >= 0 && len < VB_ID_PATH_MAX;
}

bool vb_id_prefix(char ret[VB_ID_PATH_MAX], const char *root)
{
    if (strcmp(root, ".") != 0)
        return vb_id_join(ret, root, "");
    ret[0] = '\0';
    return true;
}

const struct vb_id_file *vb_id_at_root(const struct vb_id *id, const char *root, const char *rel)
{
    char path[VB_ID_PATH_MAX];
    return vb_id_join(path, root, rel) ? vb_id_find(id, path) : NULL;
}

static bool ends_with(const char *text, const char *suffix)
{
    const size_t len = strlen(text);
    const size_t suffix_len = strlen(suffix);
    return len >= suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

bool vb_id_any(const struct vb_id *id, const char *root, const char *folder, const char *suffix)
{
    char prefix[VB_ID_PATH_MAX];
    if (!vb_id_join(prefix, root, folder))
        return false;
    for (size_t i = vb_id_lower(id, prefix);
         i < id->file_count && vb_id_below(&id->files[i], prefix); i++) {
        if (ends_with(id->files[i].path, suffix))
            return true;
    }
    return false;
}

bool vb_id_is_skill_name(const char *base)
{
    return vb_ascii_equal(base, "skill.md") || vb_ascii_equal(base, "skills.md");
}

const struct vb_id_file *vb_id_skill_file(const struct vb_id *id, const char *root)
{
    static const char *const names[] = {"skill.md", "skills.md"};
    char prefix[VB_ID_PATH_MAX];
    if (!vb_id_prefix(prefix, root))
        return NULL;
    const struct vb_id_file *exact = vb_id_at_root(id, root, "SKILL.md");
    if (exact != NULL)
        return exact;
    for (size_t n = 0; n < VB_ARRAY_LEN(names); n++) {
        for (size_t i = vb_id_lower(id, prefix);
             i < id->file_count && vb_id_below(&id->files[i], prefix); i++) {
            if (vb_ascii_equal(id->files[i].path + strlen(prefix), names[n]))
                return &id->files[i];
        }
    }
    return NULL;
}

void vb_id_parent(char ret[VB_ID_PATH_MAX], const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 1 : (size_t)(slash - path);
    if (len >= VB_ID_PATH_MAX)
        len = VB_ID_PATH_MAX - 1;
    memmove(ret, slash == NULL ? "." : path, len); /* PATH may be RET */
    ret[len] = '\0';
}
