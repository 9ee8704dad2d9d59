/* Opening and making what lies beneath a descriptor, never through a link. Apart from the tree, so
 * that who needs no more has no digests in it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vetbox/core/text.h"
#include "vetbox/core/tree.h"

enum { PATH_BYTES = 4096 };

int vb_open_beneath(int dirfd, const char *path, int flags, uint32_t mode)
{
    const struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .mode = mode,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    for (int tries = 0;; tries++) {
        const long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
        /* EAGAIN: a rename elsewhere raced with the check for "..". */
        if (fd >= 0 || errno != EAGAIN || tries >= 16)
            return (int)fd;
    }
}

/* The folder that the first LEN bytes of PATH name; one that is there will do. */
static int make_folder(int dirfd, const char *path, size_t len)
{
    char part[PATH_BYTES];
    char parent[PATH_BYTES] = ".";
    if (len >= sizeof(part)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(part, path, len);
    part[len] = '\0';
    const char *base = vb_path_base(part);
    if (base != part) {
        memcpy(parent, part, (size_t)(base - part) - 1);
        parent[base - part - 1] = '\0';
    }
    VB_CLEANUP_FD int fd = vb_open_beneath(dirfd, parent, O_PATH | O_DIRECTORY, 0);
    return fd < 0 || (mkdirat(fd, base, 0755) < 0 && errno != EEXIST) ? -1 : 0;
}

int vb_mkdir_parents(int dirfd, const char *path)
{
    const char *const last = strrchr(path, '/');
    const char *slash = last;
    /* Mostly only the last one is missing: back to what is there, then forth again. */
    while (slash != NULL && make_folder(dirfd, path, (size_t)(slash - path)) < 0) {
        if (errno != ENOENT)
            return -1;
        slash = memrchr(path, '/', (size_t)(slash - path));
        if (slash == NULL) {
            errno = ENOENT;
            return -1;
        }
    }
    while (slash != last) {
        slash = strchr(slash + 1, '/');
        if (make_folder(dirfd, path, (size_t)(slash - path)) < 0)
            return -1;
    }
    return 0;
}
