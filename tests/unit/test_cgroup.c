/* Control groups of our own: the kernel holds a box, and nothing is left of them. Skipped where no
 * group is delegated to who runs the test; tests/live/qemu makes such places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box/cgroup.h"
#include "sandbox/box/kernel.h"

enum { MEMORY_BYTES = 32 << 20, PROCESSES = 8, LAST = 7 };

struct place {
    struct vb_cgroups groups;
    struct vb_cgroup box;
    struct vb_error err;
};

static void leave(struct place *place)
{
    vb_cgroup_done(&place->groups, LAST, &place->box);
    vb_cgroups_done(&place->groups);
}

static void enter(struct place *place)
{
    static const struct vb_cgroup_limits limits = {
        .id = LAST, .memory_bytes = MEMORY_BYTES, .processes = PROCESSES};
    *place = (struct place){.box = {-1, -1}};
    vb_cgroups_init(&place->groups);
    if (vb_cgroups_new(&place->groups, &place->err) < 0 ||
        vb_cgroup_new(&place->groups, &limits, &place->box, &place->err) < 0)
        fail_msg("%s", place->err.message);
}

#define ENTER(name)                      \
    VB_CLEANUP(leave) struct place name; \
    enter(&name)

/* Starts RUN in the box. */
static pid_t start(const struct place *place, void (*run)(void))
{
    const pid_t pid = vb_sys_clone_into(place->box.dir, 0, NULL);
    if (pid == 0) {
        run();
        _exit(0);
    }
    assert_true(pid > 0);
    return pid;
}

static int wait_for(pid_t pid)
{
    int status = 0;
    assert_int_equal(vb_sys_reap(pid, &status), 0);
    return status;
}

static void use_memory(void)
{
    for (;;) {
        char *bytes = malloc(1 << 20);
        if (bytes != NULL)
            memset(bytes, 1, 1 << 20);
    }
}

static void fork_often(void)
{
    for (int i = 0; i < 4 * PROCESSES; i++) {
        if (fork() == 0)
            (void)pause();
    }
    (void)pause();
}

static void sleep_on(void)
{
    (void)pause();
}

static bool become(const struct place *place, const char *file, const char *key, int64_t least)
{
    for (int i = 0; i < 5000; i++) {
        if (vb_cgroup_read(&place->box, file, key) >= least)
            return true;
        (void)usleep(1000);
    }
    return false;
}

static void test_memory(void **state)
{
    (void)state;
    ENTER(place);
    if (vb_cgroup_read(&place.box, "memory.max", NULL) < 0)
        skip();
    assert_int_equal(vb_cgroup_read(&place.box, "memory.max", NULL), MEMORY_BYTES);
    assert_int_equal(vb_cgroup_read(&place.box, "memory.events", "oom_kill"), 0);
    const pid_t other = start(&place, sleep_on);
    const int status = wait_for(start(&place, use_memory));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_true(WIFSIGNALED(wait_for(other))); /* all of the box or nothing */
    assert_true(vb_cgroup_read(&place.box, "memory.events", "oom_kill") > 0);
}

static void test_processes(void **state)
{
    (void)state;
    ENTER(place);
    if (vb_cgroup_read(&place.box, "pids.max", NULL) < 0)
        skip();
    assert_int_equal(vb_cgroup_read(&place.box, "pids.events", "max"), 0);
    const pid_t bomb = start(&place, fork_often);
    assert_true(become(&place, "pids.events", "max", 1));
    assert_int_equal(vb_cgroup_read(&place.box, "pids.current", NULL), PROCESSES);
    vb_cgroup_kill(&place.box);
    assert_true(WIFSIGNALED(wait_for(bomb)));
}

static void own_group(char ret[4096])
{
    assert_true(vb_sys_read_file(AT_FDCWD, "/proc/self/cgroup", ret, 4096) > 0);
}

static unsigned count_ours(int base)
{
    const int copy = openat(base, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    unsigned count = 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        count += strncmp(entry->d_name, "vetbox-", 7) == 0;
    return count;
}

/* With somebody still running in the box. */
static void test_nothing_left(void **state)
{
    (void)state;
    static char before[4096], during[4096], after[4096];
    own_group(before);
    struct place place;
    enter(&place);
    own_group(during);
    VB_CLEANUP_FD int base = dup(place.groups.base);
    const pid_t sleeper = start(&place, sleep_on);
    leave(&place);
    own_group(after);
    assert_string_equal(before, after);
    assert_string_not_equal(before, during);
    assert_true(WIFSIGNALED(wait_for(sleeper)));
    assert_int_equal(count_ours(base), 0);
}

/* A coordinator that is killed leaves its groups, and here a process too, to the next one. */
static void test_sweep(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t coordinator = fork();
    if (coordinator == 0) {
        struct vb_error err;
        struct vb_cgroups groups;
        struct vb_cgroup box;
        const struct vb_cgroup_limits limits = {1, MEMORY_BYTES, PROCESSES};
        vb_cgroups_init(&groups);
        if (vb_cgroups_new(&groups, &err) < 0 || vb_cgroup_new(&groups, &limits, &box, &err) < 0)
            _exit(77); /* two processes are too many for the place that we were given */
        if (vb_sys_clone_into(box.dir, 0, NULL) == 0) {
            (void)close(groups.top); /* as a box does */
            (void)!write(ends[1], "", 1);
            sleep_on();
        }
        (void)close(ends[1]);
        char byte;
        if (read(ends[0], &byte, 1) == 1)
            (void)kill(getpid(), SIGKILL);
        _exit(1);
    }
    (void)close(ends[1]);
    const int status = wait_for(coordinator);
    char byte;
    if (WIFEXITED(status)) {
        (void)close(ends[0]);
        skip();
    }
    ENTER(place);
    assert_int_equal(count_ours(place.groups.base), 1); /* this one */
    assert_int_equal(read(ends[0], &byte, 1), 0);       /* who was left had the other end */
    (void)close(ends[0]);
}

int main(void)
{
    struct vb_cgroups groups;
    struct vb_error err = {0};
    vb_cgroups_init(&groups);
    if (vb_cgroups_new(&groups, &err) < 0) {
        printf("skipped: %s\n", err.message);
        return 77;
    }
    vb_cgroups_done(&groups);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_processes),
        cmocka_unit_test(test_nothing_left),
        cmocka_unit_test(test_sweep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
