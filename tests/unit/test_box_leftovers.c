/* One box, without the recorder: nothing of it is left afterwards, whoever dies first. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "box_harness.h"
#include "sandbox/box/kernel.h"

enum { OTHERS_MAX = 32, END_MS = 60000 };

/* A command that nobody else on this machine runs. */
static char sleeper[64];

static bool is_ours(int proc_fd, const char *pid)
{
    char path[300];
    char text[4096];
    snprintf(path, sizeof(path), "%s/cmdline", pid);
    const ssize_t len = vb_sys_read_file(proc_fd, path, text, sizeof(text));
    for (ssize_t i = 0; i + 1 < len; i++)
        text[i] = text[i] == '\0' ? ' ' : text[i];
    if (len > 0 && strstr(text, sleeper) != NULL)
        return true;
    snprintf(path, sizeof(path), "%s/stat", pid);
    if (vb_sys_read_file(proc_fd, path, text, sizeof(text)) <= 0)
        return false;
    char run_state = '?';
    int group = 0;
    const char *after_name = strrchr(text, ')');
    /* A zombie is dead; the machine's init may take its time to reap an orphan. */
    return after_name != NULL && sscanf(after_name, ") %c %*d %d", &run_state, &group) == 2 &&
           run_state != 'Z' && group == getpgrp();
}

/* Those of our process group (coordinators, supervisors, inits), and the sleepers. The first MAX of
 * them go to RET. */
static unsigned list_processes(pid_t *ret, unsigned max)
{
    DIR *dir = opendir("/proc");
    const struct dirent *entry;
    unsigned count = 0;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !is_ours(dirfd(dir), entry->d_name))
            continue;
        if (count < max)
            ret[count] = (pid_t)strtol(entry->d_name, NULL, 10);
        count++;
    }
    closedir(dir);
    return count;
}

static unsigned count_processes(void)
{
    return list_processes(NULL, 0);
}

static unsigned count_lines(const char *path)
{
    static char text[1 << 20];
    unsigned lines = 0;
    const ssize_t len = vb_sys_read_file(AT_FDCWD, path, text, sizeof(text));
    for (ssize_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    return lines;
}

static unsigned count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static void test_nothing_left(void **state)
{
    (void)state;
    const unsigned processes = count_processes();
    const unsigned mounts = count_lines("/proc/self/mountinfo");
    const unsigned fds = count_fds();
    for (int i = 0; i < 20; i++) {
        SHELL(run,
              "setsid sleep 98765 & (trap '' HUP TERM; sleep 98765) & echo x > /tmp/x; exit 0");
        assert_int_equal(run.result.exit_status, 0);
    }
    assert_int_equal(count_processes(), processes);
    assert_int_equal(count_lines("/proc/self/mountinfo"), mounts);
    assert_int_equal(count_fds(), fds);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* The only child of PID, 0 if it has none yet. */
static pid_t child_of(pid_t pid)
{
    char path[64];
    char text[256];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
    if (vb_sys_read_file(AT_FDCWD, path, text, sizeof(text)) <= 0)
        return 0;
    return (pid_t)strtol(text, NULL, 10);
}

static void wait_until(bool (*condition)(void *), void *ctx)
{
    for (int i = 0; i < 2000 && !condition(ctx); i++) {
        const struct timespec pause = {.tv_nsec = 10000000};
        nanosleep(&pause, NULL);
    }
    assert_true(condition(ctx));
}

static bool sleepers_gone(void *ctx)
{
    return count_processes() <= *(unsigned *)ctx;
}

enum victim { SUPERVISOR, COORDINATOR, COORDINATOR_OF_STOPPED };

/* READY gets a byte once the sleeper is about to run. */
static _Noreturn void coordinate(int ready)
{
    struct run run;
    run_init(&run);
    run.setup.options.output_fds[0] = ready;
    char script[80];
    snprintf(script, sizeof(script), "echo; exec %s", sleeper);
    run_shell(&run, script, 60000);
    const bool told = run.status == VB_OK && logged(&run, "examiner.died") &&
                      logged(&run, "\"kind\":\"coverage\"") && run.result.exit_status == 137;
    _exit(told ? 0 : 1);
}

/* However long that takes on a busy machine: either the box runs, or nobody is left to run it. */
static pid_t start_coordinator(void)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    const pid_t coordinator = fork();
    if (coordinator == 0) {
        close(ready[0]);
        coordinate(ready[1]);
    }
    close(ready[1]);
    assert_true(coordinator > 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return coordinator;
}

/* Pidfds of everybody who is ours, but not of this process. */
static unsigned open_others(int fds[OTHERS_MAX])
{
    pid_t pids[OTHERS_MAX];
    unsigned count = 0;
    const unsigned found = list_processes(pids, OTHERS_MAX);
    assert_true(found <= OTHERS_MAX);
    for (unsigned i = 0; i < found; i++) {
        const int fd = pids[i] == getpid() ? -1 : pidfd_open(pids[i], 0);
        if (fd >= 0)
            fds[count++] = fd;
    }
    return count;
}

/* The same, once WANTED of them are there: on a busy machine the last ones take their time. */
static unsigned open_started(int fds[OTHERS_MAX], unsigned wanted)
{
    const struct timespec moment = {.tv_nsec = 50000000};
    unsigned count = open_others(fds);
    for (unsigned waited = 0; count < wanted && waited < END_MS; waited += 50) {
        for (unsigned i = 0; i < count; i++)
            close(fds[i]);
        (void)nanosleep(&moment, NULL);
        count = open_others(fds);
    }
    return count;
}

static void wait_for_ends(const int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct pollfd fd = {.fd = fds[i], .events = POLLIN};
        assert_int_equal(poll(&fd, 1, END_MS), 1);
        close(fds[i]);
    }
}

/* Whoever of us is killed, the box does not survive it. */
static void kill_one(enum victim victim)
{
    int others[OTHERS_MAX];
    unsigned before = count_processes();
    const pid_t coordinator = start_coordinator();
    const pid_t supervisor = child_of(coordinator);
    assert_true(supervisor > 0);
    const unsigned count = open_started(others, 4);
    assert_true(count >= 4); /* coordinator, supervisor, init and the sleeper */
    int status = 0;
    /* A stopped supervisor notices nothing by itself. */
    if (victim == COORDINATOR_OF_STOPPED)
        assert_int_equal(kill(supervisor, SIGSTOP), 0);
    assert_int_equal(kill(victim == SUPERVISOR ? supervisor : coordinator, SIGKILL), 0);
    assert_int_equal(waitpid(coordinator, &status, 0), coordinator);
    if (victim == SUPERVISOR)
        assert_int_equal(status, 0);
    wait_for_ends(others, count);
    wait_until(sleepers_gone, &before);
}

static void test_killed(void **state)
{
    (void)state;
    kill_one(SUPERVISOR);
    kill_one(COORDINATOR);
    kill_one(COORDINATOR_OF_STOPPED);
}

int main(void)
{
    (void)setpgid(0, 0);
    snprintf(sleeper, sizeof(sleeper), "sleep 98765.%d", (int)getpid());
    if (!boxes_available())
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_left),
        cmocka_unit_test(test_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
