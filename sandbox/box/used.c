/* used: what lies about on a laptop that somebody works at: who is logged in, logs, the kernel's
 * files, sockets of the desktop. Nobody but root reads most of it. Trusted code, before the subject
 * runs. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <utmpx.h>

#include "sandbox/box/box.h"
#include "sandbox/box/kernel.h"
#include "sandbox/box/machine.h"

static const struct {
    const char *path;
    uint32_t mode;
} folders[] = {
    {"boot/efi", 0555},
    {"boot/grub", 0555},
    {"run/dbus", 0555},
    {"run/systemd", 0555},
    {"run/user/1000/systemd", 0755},
    {"tmp/.ICE-unix", 01777},
    {"tmp/.X11-unix", 01777},
    {"tmp/.font-unix", 01777},
    {"var/lib/NetworkManager", 0000},
    {"var/lib/dbus", 0555},
    {"var/lib/systemd", 0555},
    {"var/log/apt", 0555},
    {"var/log/cups", 0555},
    {"var/log/journal", 0555},
    {"var/log/private", 0000},
};

/* Closed files of which only the size is seen. */
static const struct {
    const char *path;
    off_t size;
} closed[] = {
    {"boot/grub/grub.cfg", 8731},       {"var/log/apt/history.log", 41872},
    {"var/log/apt/term.log", 163021},   {"var/log/auth.log", 88120},
    {"var/log/boot.log", 21877},        {"var/log/btmp", 384},
    {"var/log/cron.log", 20117},        {"var/log/kern.log", 310225},
    {"var/log/dpkg.log", 214771},       {"var/log/syslog", 1830412},
    {"var/log/cups/access_log", 11203}, {"var/log/fontconfig.log", 6174},
};

static const char *const sockets[] = {"run/user/1000/bus", "run/user/1000/wayland-0"};

static int make_closed(int root, const char *path, off_t size, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
    return fd < 0 || ftruncate(fd, size) < 0
               ? vb_fail(err, VB_E_OS, errno, "making /%s of a box", path)
               : VB_OK;
}

static int make_kernel(int root, struct vb_error *err)
{
    static const struct {
        const char *name;
        off_t size;
    } files[] = {{"vmlinuz", 12038144}, {"initrd.img", 61021733}, {"config", 289131}};
    struct utsname name;
    int status = uname(&name) < 0 ? vb_fail(err, VB_E_OS, errno, "asking for the kernel") : VB_OK;
    (void)vb_machine_kernel(&name);
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(files); i++) {
        char path[128];
        snprintf(path, sizeof(path), "boot/%s-%s", files[i].name, name.release);
        status = make_closed(root, path, files[i].size, err);
    }
    return status;
}

/* --- who is logged in --- */

static int put_login(int fd, short type, const char *const words[3], time_t when,
                     struct vb_error *err)
{
    struct utmpx entry = {.ut_type = type};
    memcpy(entry.ut_user, words[0], strnlen(words[0], sizeof(entry.ut_user)));
    memcpy(entry.ut_line, words[1], strnlen(words[1], sizeof(entry.ut_line)));
    memcpy(entry.ut_host, words[2], strnlen(words[2], sizeof(entry.ut_host)));
    entry.ut_tv.tv_sec = (__typeof__(entry.ut_tv.tv_sec))when;
    return vb_write_all(fd, &entry, sizeof(entry), err);
}

/* Since the machine was started, a minute later by hand; nobody sits before a machine of CI. */
static int make_logins(const struct vb_box_setup *setup, int root, const char *path,
                       struct vb_error *err)
{
    enum { MINUTE_S = 60 };
    const char *const boot[] = {"reboot", "~", ""};
    const char *const login[] = {vb_persona_traits(setup->options.persona)->user, "tty2", "tty2"};
    struct timespec up = {0};
    (void)clock_gettime(CLOCK_BOOTTIME, &up);
    const time_t booted = time(NULL) - up.tv_sec - VB_MACHINE_UPTIME;
    VB_CLEANUP_FD int fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    if (fd < 0)
        return vb_fail(err, VB_E_OS, errno, "making /%s of a box", path);
    const int status = put_login(fd, BOOT_TIME, boot, booted, err);
    return status < 0 || setup->options.persona == VB_PERSONA_CI
               ? status
               : put_login(fd, USER_PROCESS, login, booted + MINUTE_S, err);
}

/* --- all of it --- */

static int make_id(const struct vb_box_setup *setup, int root, struct vb_error *err)
{
    static const char path[] = "var/lib/dbus/machine-id";
    VB_CLEANUP_FD int fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    char text[40];
    snprintf(text, sizeof(text), "%s\n", setup->machine_id);
    return fd < 0 ? vb_fail(err, VB_E_OS, errno, "making /%s of a box", path)
                  : vb_write_all(fd, text, strlen(text), err);
}

/* Folders last, because a closed one takes no files. */
static int close_folders(int root, struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++) {
        if (fchmodat(root, folders[i].path, folders[i].mode, 0) < 0)
            return vb_fail(err, VB_E_OS, errno, "closing /%s of a box", folders[i].path);
    }
    return VB_OK;
}

int vb_used_build(const struct vb_box_setup *setup, int root_fd, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(folders); i++) {
        if (mkdirat(root_fd, folders[i].path, 0755) < 0)
            status = vb_fail(err, VB_E_OS, errno, "making /%s of a box", folders[i].path);
    }
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(closed); i++)
        status = make_closed(root_fd, closed[i].path, closed[i].size, err);
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(sockets); i++) {
        if (mknodat(root_fd, sockets[i], S_IFSOCK | 0755, 0) < 0)
            status = vb_fail(err, VB_E_OS, errno, "making /%s of a box", sockets[i]);
    }
    if (status == VB_OK)
        status = make_kernel(root_fd, err);
    if (status == VB_OK)
        status = make_logins(setup, root_fd, "run/utmp", err);
    if (status == VB_OK)
        status = make_logins(setup, root_fd, "var/log/wtmp", err);
    if (status == VB_OK)
        status = make_id(setup, root_fd, err);
    return status < 0 ? status : close_folders(root_fd, err);
}
