/* move: renames of folders that an overlay refuses. A folder of the base that is renamed as a whole
 * would need a mark that an ordinary user's overlay may not carry, and the kernel says EXDEV; mv
 * then copies and deletes, which looks like destruction and is none. Here the folder is made anew
 * and what it holds is renamed into it, as the one rename would have done. Runs in a child of init:
 * inside the box and as its user, so that names lead no further than the subject's own would. The
 * subject may kill or stop this child; init waits for it with a limit. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/box.h"

enum { MAX_DEPTH = 64 };

static int open_folder(int dirfd, const char *name)
{
    return openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* DEPTH below 0: whatever stands at TO stays there. */
static int move_folder(int from_fd, const char *from, int to_fd, const char *to, int depth);

/* Names are collected by the folder's own order: what is moved away is not met again. */
static int move_entries(int from, int to, int depth)
{
    const int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    if (dir == NULL)
        return errno;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            renameat(from, entry->d_name, to, entry->d_name) == 0)
            continue;
        const int failed =
            errno == EXDEV ? move_folder(from, entry->d_name, to, entry->d_name, depth + 1) : errno;
        if (failed != 0)
            return failed;
    }
    return 0;
}

/* 0 or an errno. */
static int move_folder(int from_fd, const char *from, int to_fd, const char *to, int depth)
{
    struct stat st;
    VB_CLEANUP_FD int source = open_folder(from_fd, from);
    if (source < 0 || fstat(source, &st) < 0)
        return errno;
    if (depth > MAX_DEPTH)
        return EXDEV; /* then mv may try */
    /* A rename takes the place of an empty folder. */
    if (mkdirat(to_fd, to, 0700) < 0 &&
        (errno != EEXIST || depth < 0 || unlinkat(to_fd, to, AT_REMOVEDIR) < 0 ||
         mkdirat(to_fd, to, 0700) < 0))
        return errno;
    VB_CLEANUP_FD int target = open_folder(to_fd, to);
    const int failed = target < 0 ? errno : move_entries(source, target, depth);
    if (failed != 0)
        return failed;
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    if (fchmod(target, st.st_mode & 07777) < 0 || futimens(target, times) < 0 ||
        unlinkat(from_fd, from, AT_REMOVEDIR) < 0)
        return errno;
    return 0;
}

int vb_move_folder(const char *from, const char *to, bool replace)
{
    return move_folder(AT_FDCWD, from, AT_FDCWD, to, replace ? 0 : -1);
}
