/* Runs a command in a user namespace of its own in which no further one can be made: a machine with
 * user.max_user_namespaces=0, without touching this one. Exit status 99: it cannot be had here. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vetbox/core.h"

static int write_to(const char *path, const char *text)
{
    VB_CLEANUP_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd < 0 ? -1 : vb_write_all(fd, text, strlen(text), NULL);
}

static int write_map(pid_t child, const char *name, unsigned first, unsigned count)
{
    char path[64];
    char map[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)child, name);
    snprintf(map, sizeof(map), "%u %u %u", first, first, count);
    return write_to(path, map);
}

/* The child's part: its capabilities in the namespace last until exec. */
static int limited(int ready, char **argv)
{
    char go;
    if (read(ready, &go, 1) != 1 || write_to("/proc/sys/user/max_user_namespaces", "0") < 0)
        return 99;
    execvp(argv[0], argv);
    return 99;
}

int main(int argc, char **argv)
{
    int ready[2];
    int made[2];
    char go = 0;
    const uid_t uid = getuid() == 0 ? 1000 : getuid();
    if (argc < 2 || pipe2(ready, O_CLOEXEC) < 0 || pipe2(made, O_CLOEXEC) < 0)
        return 99;
    if (getuid() == 0 && (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0))
        return 99;
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* the change of user took our own /proc files away */
    const pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWUSER) < 0 || write(made[1], "m", 1) != 1)
            _exit(99);
        _exit(limited(ready[0], argv + 1));
    }
    close(made[1]);
    if (child < 0 || read(made[0], &go, 1) != 1)
        return 99;
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)child);
    const int failed = write_to(path, "deny") | write_map(child, "uid_map", uid, 1) |
                       write_map(child, "gid_map", getgid(), 1);
    if (failed != 0 || write(ready[1], "g", 1) != 1) {
        kill(child, SIGKILL);
        return 99;
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}
