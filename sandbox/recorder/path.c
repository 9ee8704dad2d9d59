/* Names as the box sees them. The supervisor reads them through its own /proc; the links there show
 * the path below the box's root, because that is where its mounts end.
 * Trust boundary: paths are hostile text. Nothing is opened but for its name (O_PATH). */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/recorder/call.h"

enum { MAGIC_MAX = 8 }; /* /proc/self/root/proc/self/root/… */

static bool read_link(const char *link, char *ret, size_t size)
{
    ssize_t n = readlink(link, ret, size - 1);
    if (n <= 0)
        return false;
    ret[n] = '\0';
    return true;
}

bool vb_path_of_fd(pid_t tid, int fd, char *ret, size_t size)
{
    char link[64];
    if (fd == AT_FDCWD)
        snprintf(link, sizeof(link), "/proc/%d/cwd", (int)tid);
    else
        snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)tid, fd);
    return read_link(link, ret, size);
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
    snprintf(ret + base, VB_PATH_ROOM - base, "%s", path);
    if (ret[0] == '/')
        normalise(ret);
}

/* --- where links lead --- */

/* Folders in which no link is the subject's: they are the host's, and read-only. */
static bool links_are_the_hosts(const char *path)
{
    static const char *const folders[] = {"/usr/lib/",     "/usr/lib64/", "/usr/share/", "/lib/",
                                          "/usr/include/", "/lib64/",     "/proc/",      "/sys/"};
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++)
        if (strncmp(path, folders[i], strlen(folders[i])) == 0)
            return true;
    return false;
}

static const char *after(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(path, prefix, len) == 0 && (path[len] == '/' || !path[len]) ? path + len : NULL;
}

/* The rest of PATH behind the caller's own folder in /proc, or NULL. */
static const char *after_own_proc(const struct vb_process *process, const char *path)
{
    char own[64];
    snprintf(own, sizeof(own), "/proc/%d", (int)process->inner_tgid);
    const char *rest = after(path, "/proc/self");
    if (!rest)
        rest = after(path, "/proc/thread-self");
    return rest ? rest : after(path, own);
}

/* The magic links of the caller's own process, by which a name can be hidden: /proc/self/root/…,
 * /proc/self/cwd/…, /proc/self/fd/3, /dev/fd/3. False if PATH is none of them. */
static bool through_own_proc(const struct vb_process *process, const char *path, char *ret,
                             size_t size)
{
    const char *rest = after_own_proc(process, path);
    const char *fd = after(path, "/dev/fd");
    if (!rest && !fd)
        return false;
    const char *below = rest ? after(rest, "/root") : NULL;
    if (below && snprintf(ret, size, "%s", *below ? below : "/") > 0)
        return true;
    below = rest ? after(rest, "/cwd") : NULL;
    if (below) {
        vb_path_resolve(process->tid, AT_FDCWD, *below ? below + 1 : "", ret);
        return true;
    }
    if (rest)
        fd = after(rest, "/fd");
    if (!fd || fd[0] != '/' || fd[1] < '0' || fd[1] > '9')
        return false;
    int number = 0;
    for (fd++; *fd >= '0' && *fd <= '9'; fd++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, *fd - '0', &number))
            return false;
    if (!vb_path_of_fd(process->tid, number, ret, PATH_MAX) || ret[0] != '/')
        return false;
    size_t len = strlen(ret);
    snprintf(ret + len, size - len, "%s", fd);
    return true;
}

static bool look_up(int root_fd, const char *path, bool follow, char *ret, size_t size)
{
    struct open_how how = {
        .flags = O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW),
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    VB_CLEANUP_FD int fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    return fd >= 0 && read_link(link, ret, size);
}

/* A file that is about to be made: its folder is looked up instead. */
static bool look_up_parent(int root_fd, const char *path, char *ret, size_t size)
{
    char folder[VB_PATH_ROOM];
    const char *base = strrchr(path, '/');
    if (!base || !base[1] || (size_t)(base - path) >= sizeof(folder))
        return false;
    memcpy(folder, path, (size_t)(base - path));
    folder[base - path] = '\0';
    if (!look_up(root_fd, *folder ? folder : "/", true, ret, size / 2))
        return false;
    size_t len = strlen(ret);
    if (len == 1)
        len = 0; /* the root itself */
    return snprintf(ret + len, size - len, "%s", base) < (int)(size - len);
}

bool vb_path_real(int root_fd, const struct vb_process *process, const char *path, bool follow,
                  char *ret, size_t size)
{
    char direct[VB_PATH_ROOM];
    if (size < VB_PATH_ROOM || path[0] != '/')
        return false;
    bool magic = false;
    char next[VB_PATH_ROOM];
    for (int i = 0; i < MAGIC_MAX && through_own_proc(process, path, next, sizeof(next)); i++) {
        memcpy(direct, next, strlen(next) + 1);
        path = direct;
        magic = true;
    }
    if (links_are_the_hosts(path))
        return magic && snprintf(ret, size, "%s", path) > 0;
    if (look_up(root_fd, path, follow, ret, size))
        return true;
    return errno == ENOENT && look_up_parent(root_fd, path, ret, size);
}
