/* commands: what stands in for commands that packages call and this machine lacks, so that what
 * comes behind them is seen too. Each is a small script in /usr/local/bin of the boxes; where it
 * ran, the record is told so: what the real one would have done is not known. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/box.h"

#include <typescript.inc>
#include <windows.inc>

#define FOLDER "/usr/local/bin/"

static const struct {
    const char *name;
    const char *script;
} commands[] = {
#define VB_COMMAND(name, script) {name, script},
#include "sandbox/box/commands.def"
#undef VB_COMMAND
};

_Static_assert(VB_ARRAY_LEN(commands) <= VB_COMMANDS_MAX, "a bit for each");

static bool is_there(const char *root, const char *name)
{
    static const char *const folders[] = {"usr/local/sbin", "usr/local/bin", "usr/sbin",
                                          "usr/bin",        "sbin",          "bin"};
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++) {
        char path[4096];
        struct stat st;
        snprintf(path, sizeof(path), "%s/%s/%s", root == NULL ? "" : root, folders[i], name);
        if (lstat(path, &st) == 0)
            return true;
    }
    return false;
}

static int write_command(int folder, size_t i, struct vb_error *err)
{
    static const char head[] = "#!/bin/bash\n";
    VB_CLEANUP_FD int fd =
        openat(folder, commands[i].name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    if (fd < 0)
        return vb_fail(err, VB_E_OS, errno, "making the command %s of the boxes", commands[i].name);
    const int status = vb_write_all(fd, head, sizeof(head) - 1, err);
    return status < 0 ? status
                      : vb_write_all(fd, commands[i].script, strlen(commands[i].script), err);
}

/* Most machines call python3 python, too; where this one does not, it is the same program. */
static int link_python(int folder, struct vb_error *err)
{
    struct stat st;
    if (is_there(NULL, "python") || lstat("/usr/bin/python3", &st) < 0 ||
        symlinkat("/usr/bin/python3", folder, "python") == 0)
        return VB_OK;
    return vb_fail(err, VB_E_OS, errno, "making the command python of the boxes");
}

int vb_commands_build(int usr, struct vb_error *err)
{
    if (mkdirat(usr, "local", 0755) < 0 || mkdirat(usr, "local/bin", 0755) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the commands of the boxes");
    VB_CLEANUP_FD int folder = openat(usr, "local/bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status =
        folder < 0 ? vb_fail(err, VB_E_OS, errno, "making the commands of the boxes") : VB_OK;
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(commands); i++) {
        if (!is_there(NULL, commands[i].name))
            status = write_command(folder, i, err);
    }
    if (status == VB_OK)
        status = link_python(folder, err);
    if (status == VB_OK)
        status = vb_macos_build(usr, err);
    if (status == VB_OK)
        status = vb_windows_build(usr, err);
    static const char *const closed[] = {"local/opt", "local/bin", "local", "."};
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(closed); i++) {
        if (fchmodat(usr, closed[i], 0555, 0) < 0)
            status = vb_fail(err, VB_E_OS, errno, "closing the commands of the boxes");
    }
    return status;
}

uint64_t vb_command_bit(const char *rootfs, struct vb_str path)
{
    const size_t skip = sizeof(FOLDER) - 1;
    if (path.len <= skip || memcmp(path.text, FOLDER, skip) != 0)
        return 0;
    const struct vb_str name = {path.text + skip, path.len - skip};
    for (size_t i = 0; i < VB_ARRAY_LEN(commands); i++) {
        if (vb_str_equal(name, commands[i].name))
            return is_there(rootfs, commands[i].name) ? 0 : UINT64_C(1) << i;
    }
    return 0;
}

const char *vb_command_name(unsigned bit)
{
    return commands[bit].name;
}
