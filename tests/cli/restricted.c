/* Runs a command on a machine that restricts namespaces, without touching this one: in user, mount
 * and pid namespaces of its own, in which the restriction is made for real where the kernel counts
 * or checks per namespace, and otherwise by a seccomp filter and a file in the place of the sysctl.
 *
 *   restricted CONDITION COMMAND...
 *
 * Conditions: the table below, max_*_namespaces=N, and profile=FILE (a container's seccomp
 * profile). Exit status 99: the condition cannot be had here; the last line on standard error says
 * what for. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vetbox/core.h"

enum {
    ORDINARY = 1000, /* the user that root becomes */
    NOT_HERE = 99
};

static int not_here(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    return NOT_HERE;
}

static int write_to(const char *path, const char *text)
{
    VB_CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return fd < 0 ? -1 : vb_write_all(fd, text, strlen(text), NULL);
}

/* --- filters --- */

struct refusal {
    const char *name;
    int error;
};

static int load(scmp_filter_ctx filter)
{
    const int failed = filter == NULL ? -1 : seccomp_load(filter);
    seccomp_release(filter);
    return failed;
}

/* Adds rules that refuse all flags of clone that make a namespace. */
static int refuse_namespaces(scmp_filter_ctx filter)
{
    static const unsigned flags[] = {CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,   CLONE_NEWNET,
                                     CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};
    int failed = 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(flags); i++)
        failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                   SCMP_A0(SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
    return failed;
}

static int refuse(const struct refusal *rows, size_t count, bool clone_flags)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int failed = filter != NULL && clone_flags ? refuse_namespaces(filter) : 0;
    for (size_t i = 0; filter != NULL && i < count; i++)
        failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)rows[i].error),
                                   seccomp_syscall_resolve_name(rows[i].name), 0);
    return failed | load(filter);
}

/* What a container without CAP_SYS_ADMIN gets from Docker's default profile. */
static int docker(void)
{
    static const struct refusal rows[] = {
        {"clone3", ENOSYS},       {"unshare", EPERM},     {"setns", EPERM},
        {"mount", EPERM},         {"umount2", EPERM},     {"pivot_root", EPERM},
        {"mount_setattr", EPERM}, {"move_mount", EPERM},  {"open_tree", EPERM},
        {"fsopen", EPERM},        {"fsconfig", EPERM},    {"fsmount", EPERM},
        {"fspick", EPERM},        {"sethostname", EPERM}, {"setdomainname", EPERM},
        {"pidfd_getfd", EPERM},   {"kcmp", EPERM},        {"process_madvise", EPERM},
        {"keyctl", EPERM},        {"add_key", EPERM},     {"request_key", EPERM},
        {"bpf", EPERM},           {"userfaultfd", EPERM}, {"perf_event_open", EPERM},
        {"fanotify_init", EPERM},
    };
    return refuse(rows, VB_ARRAY_LEN(rows), true);
}

static int allow_names(scmp_filter_ctx filter, const json_t *names)
{
    size_t i;
    const json_t *name;
    json_array_foreach(names, i, name)
    {
        const int number = seccomp_syscall_resolve_name(json_string_value(name));
        /* As container runtimes do: what this libseccomp does not know is left out. */
        if (number != __NR_SCMP_ERROR && seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) < 0)
            return -1;
    }
    return 0;
}

/* Docker's JSON format, as far as our profile uses it. */
static int profile(const char *path)
{
    json_t *root = json_load_file(path, 0, NULL);
    const json_t *rows = json_object_get(root, "syscalls");
    const int error = (int)json_integer_value(json_object_get(root, "defaultErrnoRet"));
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO((unsigned)error));
    int failed = filter == NULL || !json_is_array(rows) || error == 0;
    failed = failed || seccomp_arch_add(filter, SCMP_ARCH_X86) < 0 ||
             seccomp_arch_add(filter, SCMP_ARCH_X32) < 0;
    size_t i;
    const json_t *row;
    json_array_foreach(rows, i, row)
    {
        failed = failed || allow_names(filter, json_object_get(row, "names")) < 0;
    }
    json_decref(root);
    return failed ? -1 : load(filter);
}

/* --- files --- */

/* A sysctl that this kernel may not have. */
static int pretend(const char *path, const char *value)
{
    char folder[128];
    snprintf(folder, sizeof(folder), "%s", path);
    *strrchr(folder, '/') = '\0';
    /* Two sysctls may stand in a folder that does not exist: the one above is covered. */
    if (access(folder, F_OK) < 0) {
        char above[128];
        memcpy(above, folder, sizeof(above));
        *strrchr(above, '/') = '\0';
        return mount("tmpfs", above, "tmpfs", 0, NULL) < 0 || mkdir(folder, 0755) < 0
                   ? -1
                   : write_to(path, value);
    }
    return mount("tmpfs", folder, "tmpfs", 0, NULL) < 0 ? -1 : write_to(path, value);
}

static int masked_proc(void)
{
    return mount("/dev/null", "/proc/keys", NULL, MS_BIND, NULL);
}

/* As Ubuntu does: the namespace is made, and capabilities in it are void. */
static int apparmor(void)
{
    static const struct refusal rows[] = {{"fsopen", EACCES},
                                          {"mount", EACCES},
                                          {"open_tree", EACCES},
                                          {"mount_setattr", EACCES},
                                          {"move_mount", EACCES}};
    return pretend("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n") |
           refuse(rows, VB_ARRAY_LEN(rows), false);
}

static int userns_clone(void)
{
    static const struct refusal rows[] = {{"unshare", EPERM}, {"clone3", EPERM}};
    return pretend("/proc/sys/kernel/unprivileged_userns_clone", "0\n") |
           refuse(rows, VB_ARRAY_LEN(rows), true);
}

static int yama(void)
{
    static const struct refusal rows[] = {{"pidfd_getfd", EPERM}, {"process_vm_readv", EPERM}};
    return pretend("/proc/sys/kernel/yama/ptrace_scope", "3\n") |
           refuse(rows, VB_ARRAY_LEN(rows), false);
}

static int security_module(void)
{
    static const struct refusal rows[] = {{"fsopen", EACCES}, {"mount", EACCES}};
    return refuse(rows, VB_ARRAY_LEN(rows), false);
}

/* Kept by each pid namespace, and writable by the machine's root only. */
static int memfd_noexec(void)
{
    if (write_to("/proc/sys/vm/memfd_noexec", "2") < 0)
        return not_here("it needs the machine's root and Linux 6.3 or newer (vm.memfd_noexec)");
    return setresgid(ORDINARY, ORDINARY, ORDINARY) | setresuid(ORDINARY, ORDINARY, ORDINARY);
}

/* Shows ENTRY of "/" below the new root. */
static int show(const char *entry)
{
    char from[300];
    char to[300];
    char target[256] = "";
    struct stat st;
    snprintf(from, sizeof(from), "/%s", entry);
    snprintf(to, sizeof(to), "/mnt/root/%s", entry);
    if (lstat(from, &st) < 0)
        return -1;
    if (S_ISLNK(st.st_mode))
        return readlink(from, target, sizeof(target) - 1) < 0 ? -1 : symlink(target, to);
    if (!S_ISDIR(st.st_mode))
        return 0;
    return mkdir(to, 0755) < 0 ? -1 : mount(from, to, NULL, MS_BIND | MS_REC, NULL);
}

/* A root that is a plain folder with everything of this machine in it. */
static int change_root(void)
{
    DIR *dir = opendir("/");
    if (dir == NULL || mount("tmpfs", "/mnt", "tmpfs", 0, NULL) < 0 || mkdir("/mnt/root", 0755) < 0)
        return -1;
    int failed = 0;
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "mnt") != 0)
            failed |= show(entry->d_name);
    }
    closedir(dir);
    char cwd[4096];
    return failed != 0 || getcwd(cwd, sizeof(cwd)) == NULL || chroot("/mnt/root") < 0 ||
                   chdir(cwd) < 0
               ? -1
               : 0;
}

/* A kernel without nf_tables. */
static int no_nf_tables(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int failed = filter == NULL ? -1 : 0;
    if (filter != NULL)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPROTONOSUPPORT), SCMP_SYS(socket), 2,
                                  SCMP_A0(SCMP_CMP_EQ, AF_NETLINK),
                                  SCMP_A2(SCMP_CMP_EQ, NETLINK_NETFILTER));
    return failed | load(filter);
}

/* proc_mem.force_override=never: read-only memory of others stays as it is, for root too. */
static int no_override(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int failed = filter == NULL ? -1 : 0;
    if (filter != NULL)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EIO), SCMP_SYS(pwrite64), 0);
    return failed | load(filter);
}

/* A machine without version 2 of control groups, or a container that shows none. */
static int no_cgroup(void)
{
    return mount("tmpfs", "/sys/fs/cgroup", "tmpfs", 0, NULL);
}

static int nothing(void)
{
    return 0;
}

static const struct {
    const char *name;
    int (*make)(void);
    bool as_root; /* in namespaces of the machine's root */
} conditions[] = {
    {"none", nothing, false},
    {"docker", docker, false},
    {"masked-proc", masked_proc, false},
    {"apparmor", apparmor, false},
    {"userns-clone", userns_clone, false},
    {"yama", yama, false},
    {"security-module", security_module, false},
    {"memfd-noexec", memfd_noexec, true},
    {"chroot", change_root, false},
    {"no-nf-tables", no_nf_tables, false},
    {"no-override", no_override, false},
    {"no-cgroup", no_cgroup, false},
};

/* A limit of N with N - 1 to spare: those namespaces exist that a limit of 1 allows. */
static int count_out(const char *setting)
{
    static const struct {
        const char *setting;
        int flag;
    } rows[] = {{"max_net_namespaces=1", CLONE_NEWNET}, {"max_ipc_namespaces=1", CLONE_NEWIPC}};
    char path[128];
    const char *value = strchr(setting, '=');
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (strcmp(setting, rows[i].setting) == 0 && unshare(rows[i].flag) < 0)
            return -1;
    }
    snprintf(path, sizeof(path), "/proc/sys/user/%.*s", (int)(value - setting), setting);
    return write_to(path, value + 1);
}

static int make_condition(const char *name)
{
    static const char file[] = "profile=";
    for (size_t i = 0; i < VB_ARRAY_LEN(conditions); i++) {
        if (strcmp(name, conditions[i].name) == 0)
            return conditions[i].make();
    }
    if (strncmp(name, file, strlen(file)) == 0)
        return profile(name + strlen(file));
    return strncmp(name, "max_", 4) == 0 && strchr(name, '=') != NULL ? count_out(name) : -1;
}

/* --- the namespaces --- */

static int wait_for(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : NOT_HERE;
}

/* The first process of the pid namespace. Its capabilities last until exec. */
static int first_process(char **argv)
{
    if (mount("proc", "/proc", "proc", 0, NULL) < 0)
        return not_here("a /proc of its own, as a container without masked paths allows");
    const int made = make_condition(argv[0]);
    if (made != 0)
        return made == NOT_HERE ? made : not_here(argv[0]);
    /* Not as pid 1 itself: orphans of the program are reaped here. */
    const pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        execvp(argv[1], argv + 1);
        _exit(NOT_HERE);
    }
    return child < 0 ? NOT_HERE : wait_for(child);
}

static int separated(int ready, int made, char **argv)
{
    char go;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) < 0)
        return not_here("user namespaces for ordinary users");
    if (write(made, "m", 1) != 1 || read(ready, &go, 1) != 1)
        return NOT_HERE; /* the parent has said why */
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return not_here("mounts of its own");
    const pid_t child = fork();
    if (child == 0)
        _exit(first_process(argv));
    return child < 0 ? NOT_HERE : wait_for(child);
}

static bool needs_root(const char *name)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(conditions); i++) {
        if (strcmp(name, conditions[i].name) == 0)
            return conditions[i].as_root;
    }
    return false;
}

static int as_root(char **argv)
{
    if (unshare(CLONE_NEWNS | CLONE_NEWPID) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return not_here("it needs the machine's root, to make mount and pid namespaces");
    const pid_t child = fork();
    if (child == 0)
        _exit(first_process(argv));
    return child < 0 ? NOT_HERE : wait_for(child);
}

static int write_map(pid_t child, const char *name, unsigned id)
{
    char path[64];
    char map[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)child, name);
    snprintf(map, sizeof(map), "%u %u 1", id, id);
    return write_to(path, map);
}

int main(int argc, char **argv)
{
    int ready[2];
    int made[2];
    char go = 0;
    const uid_t uid = getuid() == 0 ? ORDINARY : getuid();
    if (argc < 3 || pipe2(ready, O_CLOEXEC) < 0 || pipe2(made, O_CLOEXEC) < 0)
        return NOT_HERE;
    if (needs_root(argv[1]))
        return as_root(argv + 1);
    if (getuid() == 0 && (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0))
        return NOT_HERE;
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* the change of user took our own /proc files away */
    const pid_t child = fork();
    if (child == 0)
        _exit(separated(ready[0], made[1], argv + 1));
    close(made[1]);
    if (child < 0 || read(made[0], &go, 1) != 1)
        return NOT_HERE;
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)child);
    const int failed = write_to(path, "deny") | write_map(child, "uid_map", uid) |
                       write_map(child, "gid_map", getgid());
    if (failed != 0 || write(ready[1], "g", 1) != 1) {
        const int status = not_here("the id map of a user namespace");
        kill(child, SIGKILL);
        return status;
    }
    return wait_for(child);
}
