/* The recorder: processes and threads, what they execute and whom they signal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder_harness.h"

/* --- processes --- */

static int do_exec(void *arg)
{
    char *const argv[] = {(char *)"sh", (char *)"-c", arg, NULL};
    char *const env[] = {(char *)"PATH=/usr/bin:/bin", (char *)"LD_PRELOAD=/nonexistent/evil.so",
                         (char *)"https_proxy=http://10.9.8.7:1", (char *)"HOME=/nowhere", NULL};
    if (chdir(test_folder()))
        return 1;
    execve("/bin/sh", argv, env);
    return 1;
}

static void test_exec(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_exec, (char[]){"/bin/true one 'two words' \"\"; exit 3"});
    assert_int_equal(r.exit_status, 3);
    const struct vb_event *e = must_find(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, "/bin/sh");
    assert_string_equal(list_text(e, VB_F_ARGV), "sh -c /bin/true one 'two words' \"\"; exit 3");
    assert_string_equal(list_text(e, VB_F_ENVIRONMENT),
                        "LD_PRELOAD=/nonexistent/evil.so https_proxy=http://10.9.8.7:1");
    assert_field(e, VB_F_CWD, test_folder());
    assert_int_equal(vb_event_get_int(e, VB_F_PPID, 0), getpid());
    const struct vb_event *child = must_find(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, "/bin/true");
    const struct vb_value *argv = vb_event_get(child, VB_F_ARGV);
    assert_int_equal(argv->list.count, 4);
    assert_true(vb_str_equal(argv->list.items[2], "two words"));
    assert_int_equal(vb_event_get_int(child, VB_F_PPID, 0), vb_event_get_int(e, VB_F_PID, -1));
    /* The program is the new one after an exec. */
    char shell[PATH_MAX]; /* realpath(3) */
    assert_non_null(realpath("/bin/sh", shell));
    assert_field(child, VB_F_EXECUTABLE, shell);
    const struct vb_event *fork_event = find_event(&r, VB_EV_PROCESS_FORK, VB_F_NONE, NULL, 0);
    assert_non_null(fork_event);
    assert_int_equal(vb_event_get_int(fork_event, VB_F_PPID, 0), vb_event_get_int(e, VB_F_PID, -1));
    assert_int_equal(vb_event_get_int(fork_event, VB_F_PID, 0),
                     vb_event_get_int(child, VB_F_PID, -1));
    assert_int_equal(count_events(&r, VB_EV_PROCESS_EXIT, VB_F_NONE, NULL), 2);
    recording_done(&r);
}

static void fork_and_open(int depth)
{
    const pid_t child = fork();
    if (child == 0) {
        (void)open("/nonexistent", O_RDONLY);
        if (depth > 1)
            fork_and_open(depth - 1);
        _exit(0);
    }
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}

static int do_family(void *arg)
{
    (void)arg;
    (void)open("/nonexistent", O_RDONLY); /* whoever calls first is the subject */
    for (int i = 0; i < 6; i++)
        fork_and_open(1);
    fork_and_open(2);
    fork_and_open(1);
    return 0;
}

/* Who has many children is known well, and is still nobody else's parent. */
static void test_parents(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_family, NULL);
    assert_int_equal(r.exit_status, 0);
    int64_t parent = 0, subject = 0;
    size_t forks = 0, grandchildren = 0;
    for (size_t i = 0; i < r.count; i++) {
        const struct vb_event *e = &r.events[i];
        if (e->kind != VB_EV_PROCESS_FORK)
            continue;
        const int64_t ppid = vb_event_get_int(e, VB_F_PPID, 0);
        subject = forks++ == 0 ? ppid : subject;
        grandchildren += ppid != subject;
        assert_true(ppid == subject || ppid == parent);
        parent = vb_event_get_int(e, VB_F_PID, 0);
    }
    assert_int_equal(forks, 9);
    assert_int_equal(grandchildren, 1);
    recording_done(&r);
}

/* Another system's option works, is recorded as it was given, and is no evasion; a program that is
 * only called so gets what it was given. */
static void test_other_systems_options(void **state)
{
    (void)state;
    SHELL(r, "test \"$(echo aGVsbG8= | base64 -D)\" = hello;"
             "cp /bin/echo base64; test \"$(./base64 -D)\" = -D");
    assert_string_equal(
        list_text(must_find(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, "/usr/bin/base64"), VB_F_ARGV),
        "base64 -D");
    assert_int_equal(count_events(&r, VB_EV_TRUTH_EXEC, VB_F_NONE, NULL), 0);
    recording_done(&r);
}

static int do_memfd_exec(void *arg)
{
    (void)arg;
    int in = open("/bin/true", O_RDONLY);
    int fd = memfd_create("payload", 0);
    struct stat st;
    if (fstat(in, &st))
        return 1;
    while (st.st_size > 0) {
        char buffer[4096];
        ssize_t n = read(in, buffer, sizeof(buffer));
        if (n <= 0 || write(fd, buffer, (size_t)n) != n)
            return 1;
        st.st_size -= n;
    }
    char *const argv[] = {(char *)"[kworker/0:1]", NULL};
    char *const env[] = {NULL};
    syscall(SYS_execveat, fd, "", argv, env, AT_EMPTY_PATH);
    return 2;
}

static void test_memfd_exec(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_memfd_exec, NULL);
    assert_int_equal(r.exit_status, 0);
    const struct vb_event *e = must_find(&r, VB_EV_KERNEL_CALL, VB_F_SYSCALL, "memfd_create");
    assert_field(e, VB_F_DETAIL, "payload");
    e = must_find(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, "/memfd:payload (deleted)");
    assert_string_equal(list_text(e, VB_F_ARGV), "[kworker/0:1]");
    recording_done(&r);
}

/* A function of its own: what a caller keeps in registers could be clobbered. */
static __attribute__((noinline)) int vfork_exec_once(void)
{
    const pid_t pid = vfork();
    if (pid == 0) {
        execl("/bin/true", "true", NULL);
        _exit(9);
    }
    int status;
    return pid < 0 || waitpid(pid, &status, 0) != pid || status;
}

static int do_vfork_exec(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20; i++) {
        if (vfork_exec_once() != 0)
            return 1;
    }
    return 0;
}

static void test_vfork_exec(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_vfork_exec, NULL);
    assert_int_equal(r.exit_status, 0);
    assert_int_equal(count_events(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, "/bin/true"), 20);
    assert_int_equal(count_events(&r, VB_EV_PROCESS_FORK, VB_F_NONE, NULL), 20);
    recording_done(&r);
}

static int do_long_exec(void *arg)
{
    (void)arg;
    enum { MANY = 3000 };
    static char *argv[MANY + 1];
    char *big = malloc(100 * 1024);
    if (!big)
        return 1;
    memset(big, 'x', 100 * 1024 - 1);
    big[100 * 1024 - 1] = '\0';
    for (int i = 0; i < MANY; i++)
        argv[i] = i < 4 ? big : (char *)"y";
    char *const env[] = {NULL};
    execve("/bin/true", argv, env);
    return 1;
}

static void test_long_argument_vectors_are_cut(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_long_exec, NULL);
    assert_int_equal(r.exit_status, 0);
    const struct vb_event *e = must_find(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, "/bin/true");
    assert_non_null(vb_event_get(e, VB_F_TRUNCATED));
    assert_true(vb_event_get(e, VB_F_ARGV)->list.count >= 2);
    recording_done(&r);
}

/* LEN bytes right before an end of memory. */
static void *put_last(const void *bytes, size_t len)
{
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED || munmap(page + 4096, 4096))
        _exit(3);
    return memcpy(page + 4096 - len, bytes, len);
}

static int do_exec_at_ends(void *arg)
{
    (void)arg;
    char *const argv[] = {put_last("true", 5), put_last("last words", 11), NULL};
    char *const env[] = {put_last("PYTHONPATH=/tmp/x", 18), NULL};
    raw(SYS_execve, (long)put_last("/bin/true", 10), (long)put_last(argv, sizeof(argv)),
        (long)put_last(env, sizeof(env)), 0);
    return 1;
}

/* Nothing can be read behind any of them. */
static void test_arguments_at_ends_of_memory(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_exec_at_ends, NULL);
    assert_int_equal(r.exit_status, 0);
    const struct vb_event *e = must_find(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, "/bin/true");
    assert_string_equal(list_text(e, VB_F_ARGV), "true last words");
    assert_string_equal(list_text(e, VB_F_ENVIRONMENT), "PYTHONPATH=/tmp/x");
    assert_null(find_event(&r, VB_EV_PROCESS_OPAQUE, VB_F_PATH, NULL, 0));
    recording_done(&r);
}

static int do_signals(void *arg)
{
    (void)arg;
    signal(SIGUSR1, SIG_IGN);
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    kill(child, 0);          /* asks only: silent */
    kill(getpid(), SIGUSR1); /* itself: silent */
    raise(SIGUSR1);
    if (kill(child, SIGUSR2))
        return 1;
    int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
    (void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
    waitpid(child, NULL, 0);
    kill(-1234567, SIGTERM);
    return 0;
}

static void test_signals(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_signals, NULL);
    assert_int_equal(r.exit_status, 0);
    assert_int_equal(count_events(&r, VB_EV_PROCESS_SIGNAL, VB_F_NONE, NULL), 3);
    const struct vb_event *e = find_event(&r, VB_EV_PROCESS_SIGNAL, VB_F_NONE, NULL, 0);
    assert_int_equal(vb_event_get_int(e, VB_F_SIGNAL, 0), SIGUSR2);
    const struct vb_event *through = find_event(&r, VB_EV_PROCESS_SIGNAL, VB_F_NONE, NULL, 1);
    assert_int_equal(vb_event_get_int(through, VB_F_SIGNAL, 0), SIGKILL);
    struct vb_str target = vb_event_get_str(e, VB_F_TARGET);
    struct vb_str same = vb_event_get_str(through, VB_F_TARGET);
    assert_int_equal(target.len, same.len);
    assert_memory_equal(target.text, same.text, same.len);
    must_find(&r, VB_EV_PROCESS_SIGNAL, VB_F_TARGET, "-1234567");
    recording_done(&r);
}

/* --- programs without a name --- */

/* The mark of a deleted program is not its name, and a name that ends like the mark is one. */
static void test_deleted_program(void **state)
{
    (void)state;
    SHELL(r, "cp /usr/bin/dash y; : >'y (deleted)'; ./y -c 'rm y; (: >one)';"
             "cp /usr/bin/dash 'z (deleted)'; './z (deleted)' -c ': >two'");
    assert_field(must_find(&r, VB_EV_FILE_OPEN, VB_F_PATH, in_folder("one")), VB_F_EXECUTABLE,
                 in_folder("y"));
    assert_field(must_find(&r, VB_EV_FILE_OPEN, VB_F_PATH, in_folder("two")), VB_F_EXECUTABLE,
                 in_folder("z (deleted)"));
    recording_done(&r);
}

static int copy_program(int to)
{
    char chunk[65536];
    int from = open("/bin/true", O_RDONLY | O_CLOEXEC);
    ssize_t n;
    while ((n = read(from, chunk, sizeof(chunk))) > 0)
        if (write(to, chunk, (size_t)n) != n)
            return -1;
    close(from);
    return n < 0 ? -1 : 0;
}

static int do_memfd_by_name(void *arg)
{
    char *const argv[] = {(char *)"innocent", NULL};
    (void)arg;
    int fd = memfd_create("payload", 0);
    char path[64];
    if (fd < 0 || copy_program(fd))
        return 1;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    execv(path, argv);
    return 2;
}

/* A program that never had a name is kept before it runs. */
static void test_memfd_snapshot(void **state)
{
    (void)state;
    struct recording r;
    char hex[VB_SHA256_HEX];
    int fd = open("/bin/true", O_RDONLY);
    assert_int_equal(vb_sha256_fd(fd, hex, &r.err), 0);
    close(fd);
    run(&r, do_memfd_by_name, NULL);
    assert_field(must_find(&r, VB_EV_FILE_SNAPSHOT, VB_F_SHA256, hex), VB_F_PATH,
                 "/memfd:payload (deleted)");
    recording_done(&r);
}

static void test_memfd_by_name(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_memfd_by_name, NULL);
    assert_int_equal(r.exit_status, 0);
    must_find(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, "/memfd:payload (deleted)");
    recording_done(&r);
}

/* --- threads --- */

enum { THREADS = 8, OPENS = 1000 };

static void *open_many(void *arg)
{
    char path[64];
    for (int i = 0; i < OPENS; i++) {
        snprintf(path, sizeof(path), "/nonexistent/%d/%d", (int)(intptr_t)arg, i);
        int fd = open(path, O_RDONLY);
        if (fd >= 0)
            close(fd);
    }
    return NULL;
}

static int do_threads(void *arg)
{
    (void)arg;
    pthread_t threads[THREADS];
    for (intptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, open_many, (void *)i))
            return 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}

static void test_threads_lose_nothing(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_threads, NULL);
    assert_int_equal(r.exit_status, 0);
    /* Making threads is silent. */
    assert_int_equal(count_events(&r, VB_EV_PROCESS_FORK, VB_F_NONE, NULL), 0);
    assert_int_equal(count_events(&r, VB_EV_KERNEL_DENIED, VB_F_NONE, NULL), 0);
    static bool seen[THREADS][OPENS];
    memset(seen, 0, sizeof(seen));
    size_t opens = 0;
    int64_t pid = vb_event_get_int(&r.events[r.count - 1], VB_F_PID, 0);
    for (size_t i = 0; i < r.count; i++) {
        struct vb_str path = vb_event_get_str(&r.events[i], VB_F_PATH);
        int thread, file;
        if (r.events[i].kind != VB_EV_FILE_OPEN ||
            sscanf(path.text, "/nonexistent/%d/%d", &thread, &file) != 2)
            continue;
        assert_false(seen[thread][file]);
        seen[thread][file] = true;
        opens++;
        assert_int_equal(vb_event_get_int(&r.events[i], VB_F_PID, 0), pid);
        assert_int_not_equal(vb_event_get_int(&r.events[i], VB_F_TID, pid), pid);
    }
    assert_int_equal(opens, THREADS * OPENS);
    recording_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memfd_snapshot),
        WITH_FOLDER(test_deleted_program),
        cmocka_unit_test(test_memfd_by_name),
        WITH_FOLDER(test_exec),
        cmocka_unit_test(test_parents),
        WITH_FOLDER(test_other_systems_options),
        cmocka_unit_test(test_memfd_exec),
        cmocka_unit_test(test_vfork_exec),
        cmocka_unit_test(test_long_argument_vectors_are_cut),
        cmocka_unit_test(test_arguments_at_ends_of_memory),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_threads_lose_nothing),
    };
    if (!recorder_available())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
