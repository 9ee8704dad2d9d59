/* obstacle: what stands in the way of namespaces on this machine, and what exactly to change. The
 * kernel says only EPERM or ENOSPC; which of its many reasons it was is found by looking at each,
 * in the order in which the kernel checks them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/box/confine.h"
#include "sandbox/box/kernel.h"

enum { TEXT_BYTES = 64 * 1024 };

static bool setting_is(const char *path, char value)
{
    char text[16];
    return vb_sys_read_file(AT_FDCWD, path, text, sizeof(text)) > 0 && text[0] == value &&
           (text[1] == '\n' || text[1] == '\0');
}

static bool is_refusal(const struct vb_obstacle *obstacle)
{
    return obstacle->system_errno == EPERM || obstacle->system_errno == EACCES;
}

/* --- counted namespaces --- */

#define COUNTED(name)                                               \
    {                                                               \
        name, "/proc/sys/user/max_" name "_namespaces",             \
            "set the sysctl user.max_" name                         \
            "_namespaces to a few thousand: it is 0, or that many " \
            "exist"                                                 \
    }

static const struct {
    const char *namespace, *path, *advice;
} counted[] = {COUNTED("user"), COUNTED("mnt"), COUNTED("pid"),    COUNTED("net"),
               COUNTED("ipc"),  COUNTED("uts"), COUNTED("cgroup"), COUNTED("time")};

static const char *advise_count(const struct vb_obstacle *obstacle)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(counted); i++) {
        if (obstacle->namespace != NULL ? strcmp(obstacle->namespace, counted[i].namespace) == 0
                                        : setting_is(counted[i].path, '0'))
            return counted[i].advice;
    }
    return "raise the sysctls user.max_user_namespaces, user.max_mnt_namespaces, "
           "user.max_pid_namespaces and user.max_net_namespaces: as many as they say exist";
}

static bool is_counted(const struct vb_obstacle *obstacle)
{
    return obstacle->system_errno == ENOSPC || obstacle->system_errno == EUSERS;
}

/* --- refusals --- */

/* The mount points of this process, one in each call. FOUND decides whether it is looked for. */
static bool any_mount(bool (*found)(const char *mount_point))
{
    VB_CLEANUP_FREE char *text = malloc(TEXT_BYTES);
    VB_CLEANUP_FD int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    while (text != NULL && fd >= 0 && len < TEXT_BYTES - 1) {
        const ssize_t got = read(fd, text + len, TEXT_BYTES - 1 - len);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    if (text == NULL || len == 0)
        return false;
    text[len] = '\0';
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        enum { MOUNT_POINT = 4 /* the fifth field, proc_pid_mountinfo(5) */ };
        char *field = line;
        for (int i = 0; i < MOUNT_POINT && field != NULL; i++)
            field = strchr(field, ' ') == NULL ? NULL : strchr(field, ' ') + 1;
        if (field == NULL)
            continue;
        field[strcspn(field, " ")] = '\0';
        if (found(field))
            return true;
    }
    return false;
}

static bool is_below_proc(const char *mount_point)
{
    return strncmp(mount_point, "/proc/", strlen("/proc/")) == 0 &&
           strcmp(mount_point, "/proc/sys/fs/binfmt_misc") != 0;
}

static bool is_root(const char *mount_point)
{
    return strcmp(mount_point, "/") == 0;
}

static bool is_masked(const struct vb_obstacle *obstacle)
{
    return obstacle->proc && any_mount(is_below_proc);
}

static bool has_no_root_mount(const struct vb_obstacle *obstacle)
{
    (void)obstacle;
    return access("/proc/self/mountinfo", R_OK) == 0 && !any_mount(is_root);
}

static bool userns_clone_is_off(const struct vb_obstacle *obstacle)
{
    (void)obstacle;
    return setting_is("/proc/sys/kernel/unprivileged_userns_clone", '0');
}

static bool apparmor_restricts(const struct vb_obstacle *obstacle)
{
    (void)obstacle;
    return setting_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", '1');
}

static bool is_confined(const struct vb_obstacle *obstacle)
{
    char text[256];
    (void)obstacle;
    return vb_sys_read_file(AT_FDCWD, "/proc/self/attr/current", text, sizeof(text)) > 0 &&
           strstr(text, "(enforce)") != NULL;
}

static bool is_filtered(const struct vb_obstacle *obstacle)
{
    char text[4096];
    (void)obstacle;
    return vb_sys_read_file(AT_FDCWD, "/proc/self/status", text, sizeof(text)) > 0 &&
           strstr(text, "\nSeccomp:\t2") != NULL;
}

static bool is_security_module(const struct vb_obstacle *obstacle)
{
    return obstacle->system_errno == EACCES;
}

#define CONTAINER_PROFILE "--security-opt seccomp=/usr/share/vetbox/container/seccomp.json"

static const struct {
    bool (*stands)(const struct vb_obstacle *obstacle);
    const char *advice;
} refusals[] = {
    {is_masked,
     "parts of /proc are masked, as in a container: start it with --security-opt "
     "systempaths=unconfined (Podman: unmask=ALL; Kubernetes: procMount: Unmasked and hostUsers: "
     "false); see docs/containers.md"},
    {userns_clone_is_off, "set the sysctl kernel.unprivileged_userns_clone=1"},
    {apparmor_restricts,
     "load the AppArmor profile share/vetbox/apparmor/vetbox (install -m 0644 it as "
     "/etc/apparmor.d/vetbox, then apparmor_parser -r /etc/apparmor.d/vetbox), or set the sysctl "
     "kernel.apparmor_restrict_unprivileged_userns=0; in a container, see docs/containers.md"},
    {has_no_root_mount,
     "vetbox runs in a chroot, where the kernel allows no user namespaces: enter that folder with "
     "pivot_root instead (unshare -m, bwrap, systemd-nspawn or a container)"},
    {is_filtered,
     "a seccomp filter is in force, as in a container: start it with " CONTAINER_PROFILE
     " --security-opt systempaths=unconfined, never with --privileged (docs/containers.md); a "
     "systemd service must not have RestrictNamespaces="},
    {is_confined,
     "an AppArmor profile confines vetbox, as in a container: start it with --security-opt "
     "apparmor=vetbox-container (share/vetbox/container/apparmor) or apparmor=unconfined"},
    {is_security_module,
     "a security module refuses it: see its log (SELinux: ausearch -m avc; in a container "
     "--security-opt label=disable)"},
};

static const char *advise_refusal(const struct vb_obstacle *obstacle)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(refusals); i++) {
        if (refusals[i].stands(obstacle))
            return refusals[i].advice;
    }
    return "something refuses namespaces to this process: a chroot, a container without " //
        CONTAINER_PROFILE " (docs/containers.md), or a security module";
}

const char *vb_namespace_advice(const struct vb_obstacle *obstacle)
{
    if (is_counted(obstacle))
        return advise_count(obstacle);
    if (is_refusal(obstacle) || is_filtered(obstacle))
        return advise_refusal(obstacle);
    if (obstacle->system_errno == ENOSYS)
        return "use a kernel of 5.19 or later, or a container runtime that lets clone3 through";
    return "use a kernel of 5.19 or later with namespaces (CONFIG_USER_NS, CONFIG_PID_NS, "
           "CONFIG_NET_NS, CONFIG_IPC_NS, CONFIG_UTS_NS, CONFIG_CGROUPS)";
}

int vb_fail_namespaces(struct vb_error *err, int system_errno, const char *what)
{
    const struct vb_obstacle obstacle = {.system_errno = system_errno,
                                         .proc = strstr(what, "/proc") != NULL};
    return vb_fail(err, VB_E_UNAVAILABLE, 0, "%s: %s; a package cannot be contained without it: %s",
                   what, strerror(system_errno), vb_namespace_advice(&obstacle));
}
