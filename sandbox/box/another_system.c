/* another_system: the folder of what a box that is to be another system shows to commands and
 * interpreters. Which files these are, macos.c and windows.c say. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/box.h"

static int put_file(int dirfd, const struct vb_system_file *file, struct vb_error *err)
{
    VB_CLEANUP_FD int fd =
        openat(dirfd, file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file->mode);
    if (fd < 0)
        return vb_fail(err, VB_E_OS, errno, "making %s of another system", file->path);
    return vb_write_all(fd, file->text, strlen(file->text), err);
}

int vb_system_build(int usr, const char *folder, const struct vb_system_file *files, size_t count,
                    struct vb_error *err)
{
    static const char *const folders[] = {"bin", "python", "."};
    int status = VB_OK;
    if (mkdirat(usr, folder, 0755) < 0)
        return vb_fail(err, VB_E_OS, errno, "making %s", folder);
    VB_CLEANUP_FD int dirfd = openat(usr, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0 || mkdirat(dirfd, "bin", 0755) < 0 || mkdirat(dirfd, "python", 0755) < 0)
        return vb_fail(err, VB_E_OS, errno, "making %s", folder);
    for (size_t i = 0; status == VB_OK && i < count; i++)
        status = put_file(dirfd, &files[i], err);
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(folders); i++) {
        if (fchmodat(dirfd, folders[i], 0555, 0) < 0)
            return vb_fail(err, VB_E_OS, errno, "closing %s", folder);
    }
    return status;
}
