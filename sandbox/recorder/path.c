/* Names as the box sees them. The supervisor reads them through its own /proc; the links there show
 * the path below the box's root, because that is where its mounts end.
 * Trust boundary: paths are hostile text. Nothing is opened but for its name (O_PATH). */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/recorder/call.h"

static bool read_link(const char *link, char *ret, size_t size)
{
    ssize_t n = readlink(link, ret, size - 1);
    if (n <= 0)
        return false;
    ret[n] = '\0';
    return true;
}

static char *put_text(char *at, const char *text)
{
    while (*text)
        *at++ = *text++;
    return at;
}

static char *put_number(char *at, int number)
{
    char digits[12];
    size_t i = sizeof(digits);
    unsigned left = number < 0 ? 0U - (unsigned)number : (unsigned)number;
    do
        digits[--i] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (number < 0)
        digits[--i] = '-';
    memcpy(at, digits + i, sizeof(digits) - i);
    return at + sizeof(digits) - i;
}

/* Asked for several times in each call: snprintf would take as long as what the kernel does. */
void vb_proc_name(pid_t pid, const char *what, char ret[VB_PROC_NAME])
{
    char *end = put_number(put_text(ret, "/proc/"), (int)pid);
    *end++ = '/';
    *put_text(end, what) = '\0';
}

static void name_fd(pid_t tid, int fd, char ret[VB_PROC_NAME])
{
    vb_proc_name(tid, fd == AT_FDCWD ? "cwd" : "fd/", ret);
    if (fd != AT_FDCWD)
        *put_number(ret + strlen(ret), fd) = '\0';
}

bool vb_path_of_fd(pid_t tid, int fd, char *ret, size_t size)
{
    char link[VB_PROC_NAME];
    name_fd(tid, fd, link);
    return read_link(link, ret, size);
}

int vb_path_open_fd(pid_t tid, int fd)
{
    char link[VB_PROC_NAME];
    name_fd(tid, fd, link);
    return open(link, O_PATH | O_CLOEXEC);
}

/* Removes empty, "." and ".." components from the absolute PATH, in place. */
static void normalise(char *path)
{
    char *out = path; /* behind the last component kept */
    const char *in = path;
    while (*in) {
        while (*in == '/')
            in++;
        size_t len = strcspn(in, "/");
        if (len == 2 && in[0] == '.' && in[1] == '.') {
            while (out > path && *--out != '/')
                ;
        } else if (len > 0 && !(len == 1 && in[0] == '.')) {
            *out++ = '/';
            memmove(out, in, len);
            out += len;
        }
        in += len;
    }
    if (out == path)
        *out++ = '/';
    *out = '\0';
}

void vb_path_resolve(pid_t tid, int dirfd, const char *path, char *ret)
{
    size_t base = 0;
    if (path[0] != '/' && vb_path_of_fd(tid, dirfd, ret, PATH_MAX)) {
        base = strlen(ret);
        if (path[0])
            ret[base++] = '/';
    }
    /* PATH_MAX bytes at most, and so is what is in front of it. */
    const size_t len = strnlen(path, VB_PATH_ROOM - base - 1);
    memcpy(ret + base, path, len);
    ret[base + len] = '\0';
    if (ret[0] == '/')
        normalise(ret);
}

void vb_path_resolve_in(pid_t tid, int dirfd, const char *path, char *ret)
{
    const size_t base = vb_path_of_fd(tid, dirfd, ret, PATH_MAX) ? strlen(ret) : 0;
    snprintf(ret + base, VB_PATH_ROOM - base, "/%s", path);
    normalise(ret + base);
    if (ret[0] == '/')
        normalise(ret);
}

/* --- where links lead --- */

static const char *after(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(path, prefix, len) == 0 && (path[len] == '/' || !path[len]) ? path + len : NULL;
}

/* Folders in which no link is the subject's: they are the host's, its users' rights hold in them,
 * and an overlay lets nobody move such a folder away. Only what is on every machine and never
 * empty: another one could be made by the subject, or removed and made again. /lib is left out
 * because it is a link in a folder of the subject's. */
static bool links_are_the_hosts(const char *path)
{
    static const char *const folders[] = {"/usr/lib", "/usr/share"};
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++)
        if (after(path, folders[i]))
            return true;
    return false;
}

void vb_tops_init(struct vb_tops *tops, const struct vb_recorder_options *options)
{
    *tops = (struct vb_tops){.options = options};
    for (size_t i = 0; i < VB_ARRAY_LEN(tops->folders); i++)
        tops->folders[i].fd = -1;
}

static void forget_tops(struct vb_tops *tops)
{
    memset(tops->merged, 0, sizeof(tops->merged));
    for (size_t i = 0; i < VB_ARRAY_LEN(tops->folders); i++)
        vb_close_fd(&tops->folders[i].fd);
}

void vb_tops_done(struct vb_tops *tops)
{
    forget_tops(tops);
}

/* What is remembered is still so. What is learned behind this holds until the next time. */
static bool tops_hold(struct vb_tops *tops)
{
    if (tops == NULL || !tops->watched)
        return false;
    if (tops->options->root_changed(tops->options->ctx))
        forget_tops(tops);
    return true;
}

/* /lib/x is /usr/lib/x as long as the link in the root, which is the subject's, says so. Libraries
 * are opened and programs executed by such names more often than by any other. */
static bool is_merged(const struct vb_name *name)
{
    static const char *const folders[VB_ARRAY_LEN(name->tops->merged)] = {"lib", "bin"};
    char link[16];
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++) {
        if (strncmp(name->path + 1, folders[i], 3) != 0 || name->path[4] != '/')
            continue;
        const bool holds = tops_hold(name->tops);
        if (holds && name->tops->merged[i] != VB_TOP_UNKNOWN)
            return name->tops->merged[i] == VB_TOP_MERGED;
        const ssize_t len = readlinkat(name->root_fd, folders[i], link, sizeof(link));
        const bool merged =
            len == 7 && memcmp(link, "usr/", 4) == 0 && memcmp(link + 4, folders[i], 3) == 0;
        if (holds)
            name->tops->merged[i] = merged ? VB_TOP_MERGED : VB_TOP_APART;
        return merged;
    }
    return false;
}

/* "name/..": where that leads depends on what NAME is, which normalising forgets. */
static bool climbs(const char *text)
{
    bool entered = false;
    while (*text) {
        const size_t len = strcspn(text, "/");
        const bool up = len == 2 && text[0] == '.' && text[1] == '.';
        if (up && entered)
            return true;
        entered |= !up && len > 0 && !(len == 1 && text[0] == '.');
        text += len + (text[len] == '/');
    }
    return false;
}

/* In one call, for names without magic links. */
static int look_up(const struct vb_name *name, const char *path, uint64_t resolve)
{
    struct open_how how = {
        .flags = (uint64_t)(O_PATH | O_CLOEXEC | (name->follow ? 0 : O_NOFOLLOW)),
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve,
    };
    return (int)syscall(SYS_openat2, name->root_fd, path, &how, sizeof(how));
}

static void put_file(struct vb_found *ret, const struct stat *st)
{
    ret->device = st->st_dev;
    ret->inode = st->st_ino;
    ret->mode = st->st_mode;
    ret->changed = st->st_ctim;
}

/* The descriptor of FOLDER, which stands right in the root; -1: it must be opened for itself. */
static int top_folder(const struct vb_name *name, const char *folder, size_t len)
{
    struct vb_tops *tops = name->tops;
    if (len < 2 || len >= sizeof(tops->folders[0].name) || memchr(folder + 1, '/', len - 1) ||
        !tops_hold(tops))
        return -1;
    for (size_t i = 0; i < VB_ARRAY_LEN(tops->folders); i++)
        if (tops->folders[i].fd >= 0 && strcmp(tops->folders[i].name, folder) == 0)
            return tops->folders[i].fd;
    struct vb_top *slot = &tops->folders[tops->next++ % VB_ARRAY_LEN(tops->folders)];
    vb_close_fd(&slot->fd);
    memcpy(slot->name, folder, len + 1);
    slot->fd = look_up(name, folder, RESOLVE_NO_SYMLINKS);
    return slot->fd;
}

/* The descriptor of FOLDER, if there is one already. */
static int known_folder(const struct vb_name *name, const char *folder, size_t len)
{
    const struct vb_folder *programs = name->programs;
    if (programs && programs->fd >= 0 && strcmp(programs->path, folder) == 0)
        return programs->fd;
    return top_folder(name, folder, len);
}

/* The usual name leads where it says, through no link, or names what is not there yet: then nothing
 * need be asked about where it led. Returns false where it may be otherwise. */
static bool find_as_named(const struct vb_name *name, const char *path, struct vb_found *ret)
{
    char folder[VB_PATH_ROOM];
    struct stat st;
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash[1] == '\0')
        return false;
    const size_t len = slash == path ? 1 : (size_t)(slash - path);
    memcpy(folder, path, len);
    folder[len] = '\0';
    const int known = known_folder(name, folder, len);
    VB_CLEANUP_FD int opened = known < 0 ? look_up(name, folder, RESOLVE_NO_SYMLINKS) : -1;
    const int fd = known < 0 ? opened : known;
    /* there may not even be the folder: nobody gets anywhere */
    if (fd < 0 || fstatat(fd, slash + 1, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        ret->missing = errno == ENOENT;
        return ret->missing;
    }
    if (S_ISLNK(st.st_mode) && name->follow)
        return false;
    put_file(ret, &st);
    return true;
}

static void describe(int fd, const char *missing, struct vb_found *ret)
{
    char link[64];
    struct stat st;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (!read_link(link, ret->path, PATH_MAX))
        ret->path[0] = '\0';
    if (missing[0] == '\0' && fstat(fd, &st) == 0)
        put_file(ret, &st);
    size_t len = strlen(ret->path);
    if (missing[0] == '\0' || len == 0)
        return;
    if (len == 1)
        len = 0; /* the root itself */
    snprintf(ret->path + len, sizeof(ret->path) - len, "/%s", missing);
}

int vb_path_find(const struct vb_name *name, struct vb_found *ret)
{
    char missing[NAME_MAX + 1] = "";
    ret->path[0] = '\0';
    ret->inode = 0;
    ret->missing = false;
    const bool plain = name->path[0] == '/' && !climbs(name->text);
    const char *path = name->path;
    if (plain && is_merged(name)) {
        const size_t len = strnlen(name->path, PATH_MAX);
        memcpy(ret->path, "/usr", 4);
        memcpy(ret->path + 4, name->path, len);
        ret->path[4 + len] = '\0';
        path = ret->path;
    }
    if (plain && !name->anywhere && !name->own_usr && links_are_the_hosts(path))
        return 0;
    const bool processes = after(name->path, "/proc") != NULL;
    if (plain && !processes && find_as_named(name, path, ret))
        return 0;
    const bool special = processes || after(name->path, "/dev"); /* /dev/fd leads to /proc/self */
    ret->path[0] = '\0';
    VB_CLEANUP_FD int fd = plain && !special ? look_up(name, name->path, 0) : -1;
    const int status = fd < 0 ? vb_walk(name, &fd, missing) : 0;
    if (status == 0)
        describe(fd, missing, ret);
    ret->missing = status == -ENOENT || missing[0] != '\0';
    return status;
}
