/* A walk that misses nothing, or says so. Trust boundary: names, kinds and depth are the package's;
 * nothing recurses and no link is followed. */
#include "signatures/folder.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

void vb_sig_folder_done(struct vb_sig_folder *folder)
{
    vb_sig_paths_done(&folder->files);
    vb_sig_paths_done(&folder->links);
}

struct walk {
    bool (*skip)(const void *ctx, const char *path);
    const void *ctx;
    struct vb_sig_paths dirs;
    size_t entries;
    struct vb_sig_folder *found;
};

static void walk_done(struct walk *walk)
{
    vb_sig_paths_done(&walk->dirs);
}

/* The first one is told. */
static int note(char place[256], const char *path)
{
    const struct vb_sig_bytes text = {.data = (const unsigned char *)path, .len = strlen(path)};

    if (place[0] == '\0')
        snprintf(place, 256, "%.*s", vb_sig_cut(text, 255), path);
    return 0;
}

static int add_entry(struct walk *walk, int dirfd, const char *dir, const char *name,
                     struct vb_error *err)
{
    const bool top = strcmp(dir, ".") == 0;
    char path[PATH_MAX];
    struct stat st;

    const int len = snprintf(path, sizeof(path), "%s%s%s", top ? "" : dir, top ? "" : "/", name);
    if (len < 0 || (size_t)len >= sizeof(path))
        return note(walk->found->gap, dir);
    if (walk->skip(walk->ctx, path))
        return 0;
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return note(walk->found->gap, path);
    if (S_ISDIR(st.st_mode))
        return vb_sig_paths_add(&walk->dirs, path, err);
    if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
        return note(walk->found->strange, path);
    int status = vb_sig_paths_add(&walk->found->files, path, err);
    if (status == 0 && S_ISLNK(st.st_mode))
        status = vb_sig_paths_add(&walk->found->links, path, err);
    return status;
}

static int see_entry(void *ctx, int dirfd, const char *dir, const char *name, struct vb_error *err)
{
    struct walk *walk = ctx;

    if (++walk->entries <= VB_SIG_ENTRIES_MAX)
        return add_entry(walk, dirfd, dir, name, err);
    note(walk->found->gap, dir);
    return 1;
}

static int walk_dir(struct walk *walk, int rootfd, const char *path, struct vb_error *err)
{
    bool opened = false;
    const int status = vb_sig_read_dir(rootfd, path, see_entry, walk, &opened, err);

    return opened ? status : note(walk->found->gap, path);
}

int vb_sig_folder(int dirfd, bool (*skip)(const void *ctx, const char *path), const void *ctx,
                  struct vb_sig_folder *ret, struct vb_error *err)
{
    VB_CLEANUP(walk_done) struct walk walk = {.skip = skip, .ctx = ctx, .found = ret};

    int status = vb_sig_paths_add(&walk.dirs, ".", err);
    for (size_t i = 0; status == 0 && i < walk.dirs.count && walk.entries <= VB_SIG_ENTRIES_MAX;
         i++)
        status = walk_dir(&walk, dirfd, walk.dirs.items[i], err);
    vb_sig_paths_sort(&ret->files);
    vb_sig_paths_sort(&ret->links);
    return status;
}
