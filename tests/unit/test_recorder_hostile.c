/* The recorder against a subject that means harm: refused calls, bad pointers, endless arguments,
 * storms of signals, deaths in the middle of a call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder_harness.h"

/* --- refusals --- */

static const struct refused {
    const char *name;
    long number;
    long args[4];
    int error;
    const char *event_name; /* NULL: the filter refuses without a word */
} refused_calls[] = {
    {"mount", SYS_mount, {0, 0, 0, 0}, EPERM, "mount"},
    {"ptrace", SYS_ptrace, {0, 0, 0, 0}, EPERM, "ptrace"},
    {"bpf", SYS_bpf, {0, 0, 0, 0}, EPERM, "bpf"},
    {"io_uring_setup", SYS_io_uring_setup, {8, 0, 0, 0}, ENOSYS, "io_uring_setup"},
    {"unshare", SYS_unshare, {CLONE_NEWUSER, 0, 0, 0}, EPERM, "unshare"},
    {"setns", SYS_setns, {0, 0, 0, 0}, EPERM, "setns"},
    {"clone", SYS_clone, {CLONE_NEWUSER | SIGCHLD, 0, 0, 0}, EPERM, "clone"},
    {"clone thread", SYS_clone, {CLONE_NEWNET | CLONE_THREAD, 0, 0, 0}, EPERM, "clone"},
    {"clone3", SYS_clone3, {(long)&(uint64_t){SIGCHLD}, 64, 0, 0}, ENOSYS, NULL},
    {"clone3 of nowhere", SYS_clone3, {0, 64, 0, 0}, ENOSYS, NULL},
    {"clone3, namespace", SYS_clone3, {(long)&(uint64_t){CLONE_NEWUSER}, 64}, ENOSYS, "clone3"},
    {"clone3, time", SYS_clone3, {(long)&(uint64_t){CLONE_NEWTIME}, 64}, ENOSYS, "clone3"},
    {"seccomp", SYS_seccomp, {1, 0, 0, 0}, ENOSYS, "seccomp"},
    {"prctl", SYS_prctl, {PR_SET_SECCOMP, 2, 0, 0}, EINVAL, "prctl"},
    {"prctl, high bits", SYS_prctl, {PR_SET_SECCOMP | 1L << 32, 2, 0, 0}, EINVAL, "prctl"},
    {"TIOCSTI", SYS_ioctl, {0, TIOCSTI, 0, 0}, EPERM, "ioctl"},
    {"TIOCSTI, high bits", SYS_ioctl, {0, TIOCSTI | 1L << 40, 0, 0}, EPERM, "ioctl"},
    {"TIOCLINUX", SYS_ioctl, {0, TIOCLINUX, 0, 0}, EPERM, "ioctl"},
    {"TIOCSETD", SYS_ioctl, {0, TIOCSETD, 0, 0}, EPERM, "ioctl"},
    {"a bridge", SYS_ioctl, {0, 0x89a0 /* SIOCBRADDBR */, 0, 0}, EPERM, "ioctl"},
    {"personality", SYS_personality, {0x0040000, 0, 0, 0}, EPERM, "personality"},
    {"keyctl", SYS_keyctl, {0, 0, 0, 0}, ENOSYS, "keyctl"},
    {"process_vm_readv", SYS_process_vm_readv, {1, 0, 0, 0}, EPERM, "process_vm_readv"},
    {"open_by_handle_at", SYS_open_by_handle_at, {0, 0, 0, 0}, EPERM, "open_by_handle_at"},
    {"socket of high family", SYS_socket, {AF_ALG, SOCK_SEQPACKET, 0, 0}, EAFNOSUPPORT, "socket"},
    {"SCTP", SYS_socket, {AF_INET, SOCK_STREAM, 132, 0}, EPROTONOSUPPORT, "socket"},
    {"DCCP", SYS_socket, {AF_INET6, 6, 0, 0}, EPROTONOSUPPORT, "socket"},
    {"netlink beyond routes", SYS_socket, {AF_NETLINK, SOCK_RAW, 4, 0}, EAFNOSUPPORT, "socket"},
    {"tomorrow's call", 999, {0, 0, 0, 0}, ENOSYS, "syscall 999"},
    {"landlock", SYS_landlock_create_ruleset, {0, 0, 0, 0}, ENOSYS, NULL},
};

static int do_refused(void *arg)
{
    const struct refused *c = arg;
    return raw(c->number, c->args[0], c->args[1], c->args[2], c->args[3]) == -c->error ? 0 : 1;
}

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(refused_calls); i++) {
        const struct refused *c = &refused_calls[i];
        struct recording r;
        run(&r, do_refused, (void *)(uintptr_t)c);
        if (r.exit_status)
            fail_msg("%s was not refused as it should be", c->name);
        assert_int_equal(count_events(&r, VB_EV_KERNEL_DENIED, VB_F_NONE, NULL),
                         c->event_name != 0);
        if (c->event_name) {
            const struct vb_event *e =
                must_find(&r, VB_EV_KERNEL_DENIED, VB_F_SYSCALL, c->event_name);
            assert_field(e, VB_F_ERRNO, strerrorname_np(c->error));
            assert_int_equal(vb_event_get(e, VB_F_ARGUMENTS)->list.count, 6);
        }
        recording_done(&r);
    }
}

static int do_allowed(void *arg)
{
    (void)arg;
    int fds[2];
    char name[16];
    struct winsize size;
    bool ok = pipe(fds) == 0 && fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0 &&
              prctl(PR_GET_NAME, name) == 0 && prctl(PR_SET_PDEATHSIG, 0) == 0 &&
              syscall(SYS_personality, 0xffffffffL) >= 0 && kill(getpid(), 0) == 0;
    (void)ioctl(fds[0], TIOCGWINSZ, &size);
    int available;
    ok = ok && ioctl(fds[0], FIONREAD, &available) == 0;
    ok = ok &&
         mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
    return ok ? 0 : 1;
}

static void test_ordinary_calls_are_silent(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_allowed, NULL);
    assert_int_equal(r.exit_status, 0);
    if (r.count != 1)
        recording_print(&r);
    assert_int_equal(r.count, 1);
    recording_done(&r);
}

static int do_recorded_kernel_calls(void *arg)
{
    (void)arg;
    prctl(PR_SET_NAME, "sshd");
    prctl(PR_SET_DUMPABLE, 0);
    int fd = open("/nonexistent/after", O_RDONLY);
    (void)fd;
    return setuid(getuid()) ? 1 : 0;
}

static void test_kernel_calls(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_recorded_kernel_calls, NULL);
    assert_field(find_event(&r, VB_EV_KERNEL_CALL, VB_F_SYSCALL, "prctl", 0), VB_F_DETAIL,
                 "PR_SET_NAME sshd");
    assert_field(find_event(&r, VB_EV_KERNEL_CALL, VB_F_SYSCALL, "prctl", 1), VB_F_DETAIL,
                 "PR_SET_DUMPABLE");
    /* Who may not read the subject's memory any more refuses what it cannot see. Root and the
     * creator of the box's user namespace still may. */
    size_t seen = count_events(&r, VB_EV_FILE_OPEN, VB_F_PATH, "/nonexistent/after");
    size_t opaque = count_events(&r, VB_EV_PROCESS_OPAQUE, VB_F_SYSCALL, "openat");
    assert_int_equal(seen + opaque, 1);
    assert_int_equal(r.exit_status, 0);
    recording_done(&r);
}

#if defined(__x86_64__) && !defined(__ILP32__)
static int do_int80(void *arg)
{
    (void)arg;
    long result;
    /* 20 is getpid for i386 and writev for x86_64. */
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
    if (result != -ENOSYS)
        return 1;
    return raw(0x40000000L | 39, 0, 0, 0, 0) == -ENOSYS ? 0 : 2;
}

static void test_foreign_calls(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_int80, NULL);
    assert_int_equal(r.exit_status, 0);
    const struct vb_event *e =
        must_find(&r, VB_EV_KERNEL_DENIED, VB_F_DETAIL, "32-bit system call");
    assert_field(e, VB_F_SYSCALL, "getpid");
    assert_field(e, VB_F_ERRNO, "ENOSYS");
    must_find(&r, VB_EV_KERNEL_DENIED, VB_F_DETAIL, "x32 system call");
    recording_done(&r);
}
#endif

/* --- hostile arguments --- */

static int do_bad_pointers(void *arg)
{
    (void)arg;
    const long bad[] = {1, 4096, -4096, (long)0x7fffffffe000, (long)0xffff888000000000};
    char *end = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (end == MAP_FAILED || munmap(end + 4096, 4096))
        return 1;
    memset(end, 'a', 4096); /* a path that runs out of its page */
    if (raw(SYS_openat, AT_FDCWD, (long)(end + 4000), O_RDONLY, 0) != -EFAULT)
        return 2;
    for (size_t i = 0; i < VB_ARRAY_LEN(bad); i++) {
        if (raw(SYS_openat, AT_FDCWD, bad[i], O_RDONLY, 0) != -EFAULT ||
            raw(SYS_execve, bad[i], 0, 0, 0) != -EFAULT ||
            raw(SYS_execve, (long)"/bin/true", bad[i], 0, 0) != -EFAULT ||
            raw(SYS_rename, (long)"/nonexistent", bad[i], 0, 0) != -EFAULT ||
            raw(SYS_connect, 0, bad[i], 16, 0) != -EFAULT ||
            raw(SYS_sendmsg, 0, bad[i], 0, 0) != -EFAULT ||
            raw(SYS_sendmmsg, 0, bad[i], 2, 0) != -EFAULT ||
            raw(SYS_openat2, AT_FDCWD, (long)"/x", bad[i], 24) != -EFAULT)
            return 3;
    }
    /* A path that ends exactly with its page is whole. */
    memcpy(end + 4096 - 5, "/nope", 5);
    end[4095] = '\0';
    return raw(SYS_openat, AT_FDCWD, (long)(end + 4096 - 5), O_RDONLY, 0) == -ENOENT ? 0 : 4;
}

static void test_bad_pointers(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_bad_pointers, NULL);
    assert_int_equal(r.exit_status, 0);
    assert_int_equal(count_events(&r, VB_EV_PROCESS_OPAQUE, VB_F_NONE, NULL), 1 + 5 * 8);
    must_find(&r, VB_EV_FILE_OPEN, VB_F_PATH, "/nop");
    recording_done(&r);
}

static int do_long_paths(void *arg)
{
    (void)arg;
    char *path = malloc(70000);
    if (!path)
        return 1;
    memset(path, '/', 70000);
    for (int i = 1; i < 69999; i += 2)
        path[i] = 'a';
    path[69999] = '\0';
    if (raw(SYS_openat, AT_FDCWD, (long)path, O_RDONLY, 0) != -ENAMETOOLONG)
        return 2;
    path[4095] = '\0'; /* the longest that there is */
    long result = raw(SYS_openat, AT_FDCWD, (long)(path + 1), O_RDONLY, 0);
    if (result != -ENOENT)
        return 3;
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    memset(un.sun_path, 'b', sizeof(un.sun_path)); /* no NUL */
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)connect(fd, (struct sockaddr *)&un, sizeof(un));
    (void)raw(SYS_connect, fd, (long)&un, -1, 0);
    (void)raw(SYS_connect, fd, (long)&un, 0, 0);
    (void)raw(SYS_connect, fd, (long)&un, 1, 0);
    struct iovec huge[2] = {{path, SIZE_MAX - 3}, {path, 100}};
    struct msghdr m = {.msg_iov = huge, .msg_iovlen = 2};
    (void)sendmsg(fd, &m, MSG_NOSIGNAL);
    m.msg_iovlen = SIZE_MAX / 2;
    (void)sendmsg(fd, &m, MSG_NOSIGNAL);
    (void)raw(SYS_openat, 12345, (long)"relative", O_RDONLY, 0);
    (void)raw(SYS_openat, AT_FDCWD, (long)"", O_RDONLY, 0);
    return 0;
}

static void test_extreme_arguments(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_long_paths, NULL);
    assert_int_equal(r.exit_status, 0);
    assert_int_equal(count_events(&r, VB_EV_FILE_OPEN, VB_F_NONE, NULL), 4);
    const struct vb_event *e = find_event(&r, VB_EV_FILE_OPEN, VB_F_NONE, NULL, 0);
    assert_in_range(vb_event_get_str(e, VB_F_PATH).len, 4094, 4095);
    must_find(&r, VB_EV_FILE_OPEN, VB_F_PATH, "relative");
    assert_int_equal(count_events(&r, VB_EV_NET_CONNECT, VB_F_NONE, NULL), 4);
    recording_done(&r);
}

/* What one call may name is more than anybody wants to read: the recorder, too, has other work. */
static int do_endless(void *arg)
{
    (void)arg;
    static char text[100000], *variables[30001];
    static struct iovec pieces[1024];
    static struct mmsghdr messages[1024];
    char *argv[] = {(char[]){"endless"}, NULL};
    memset(text, 'a', sizeof(text) - 1);
    for (size_t i = 0; i + 1 < VB_ARRAY_LEN(variables); i++)
        variables[i] = text;
    for (size_t i = 0; i < VB_ARRAY_LEN(pieces); i++)
        pieces[i] = (struct iovec){text + i, 1};
    for (size_t i = 0; i < VB_ARRAY_LEN(messages); i++)
        messages[i].msg_hdr = (struct msghdr){.msg_iov = pieces, .msg_iovlen = 1024};
    return raw(SYS_execve, (long)"/nonexistent/endless", (long)argv, (long)variables, 0) ==
                       -E2BIG &&
                   raw(SYS_sendmmsg, 0, (long)messages, 1024, 0) == -EMSGSIZE
               ? 0
               : 1;
}

static void test_endless_arguments(void **state)
{
    (void)state;
    struct recording r;
    const uint64_t begin_ns = vb_monotonic_ns();
    run(&r, do_endless, NULL);
    assert_int_equal(r.exit_status, 0);
    must_find(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, "/nonexistent/endless");
    must_find(&r, VB_EV_PROCESS_OPAQUE, VB_F_SYSCALL, "sendmmsg");
    assert_true(vb_monotonic_ns() - begin_ns < 1000000000); /* it was 7 s */
    recording_done(&r);
}

static int do_dying(void *arg)
{
    (void)arg;
    for (int i = 0; i < 40; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            for (;;)
                (void)!open("/nonexistent/dying", O_RDONLY);
        }
        usleep(1000);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    return 0;
}

static void test_subjects_that_die_in_a_call(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_dying, NULL);
    assert_int_equal(r.exit_status, 0);
    assert_int_equal(count_events(&r, VB_EV_PROCESS_SIGNAL, VB_F_NONE, NULL), 40);
    recording_done(&r);
}

/* The lists of one event together must fit into it, and arguments must not push the environment
 * out: either would hide what is executed. */
static int do_crowded_exec(void *arg)
{
    (void)arg;
    enum { ARGUMENTS = 1300, VARIABLES = 3000 };
    static char argument[] = "a", plain[] = "X=1", telling[] = "LD_PRELOAD=./evil.so";
    static char *argv[ARGUMENTS + 1], *envp[VARIABLES + 2];
    for (int i = 0; i < ARGUMENTS; i++)
        argv[i] = argument;
    for (int i = 0; i < VARIABLES; i++)
        envp[i] = plain;
    envp[VARIABLES] = telling;
    execve("/nonexistent", argv, envp);
    return 0;
}

static void test_crowded_exec(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_crowded_exec, NULL);
    const struct vb_event *e = must_find(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, "/nonexistent");
    assert_string_equal(list_text(e, VB_F_ENVIRONMENT), "LD_PRELOAD=./evil.so");
    const struct vb_value *argv = vb_event_get(e, VB_F_ARGV);
    assert_true(argv->list.count + 1 <= VB_EVENT_MAX_LIST && argv->list.count > 512);
    recording_done(&r);
}

/* --- signals during a notification --- */

static volatile sig_atomic_t alarms;

static void count_alarm(int number)
{
    (void)number;
    alarms++;
}

static int do_storm(void *arg)
{
    struct sigaction action = {.sa_handler = count_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    const struct itimerval timer = {{0, 1000}, {0, 1000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    int *opens = arg;
    while (alarms < 20) {
        ++*opens;
        if (open("/nonexistent/storm", O_RDONLY) >= 0 || errno != ENOENT)
            return 1;
    }
    return 0;
}

static void test_signal_storm(void **state)
{
    (void)state;
    struct recording r;
    recording_init(&r);
    int *opens =
        mmap(NULL, sizeof(*opens), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(opens, MAP_FAILED);
    const struct subject subject = {.run = do_storm, .arg = opens};
    r.delay_us = 2000; /* longer than the storm's beat */
    record(&subject, &r);
    assert_int_equal(r.step_status, 0);
    assert_int_equal(r.exit_status, 0);
    /* No call is lost, and none is recorded twice because a signal restarted it. */
    assert_int_equal(count_events(&r, VB_EV_FILE_OPEN, VB_F_PATH, "/nonexistent/storm"), *opens);
    munmap(opens, sizeof(*opens));
    recording_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_ordinary_calls_are_silent),
        cmocka_unit_test(test_kernel_calls),
#if defined(__x86_64__) && !defined(__ILP32__)
        cmocka_unit_test(test_foreign_calls),
#endif
        cmocka_unit_test(test_bad_pointers),
        cmocka_unit_test(test_extreme_arguments),
        cmocka_unit_test(test_endless_arguments),
        cmocka_unit_test(test_subjects_that_die_in_a_call),
        cmocka_unit_test(test_signal_storm),
        cmocka_unit_test(test_crowded_exec),
    };
    if (!recorder_available())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
