/* The recorder against a subject that means harm: refused calls, bad pointers, storms, floods,
 * deaths in the middle of a call, and stolen baits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

/* --- limits --- */

static int do_flood(void *arg)
{
    const struct vb_bait *bait = arg;
    for (int i = 0; i < 5000; i++)
        (void)!open("/nonexistent/flood", O_RDONLY);
    if (bait)
        (void)!open(bait->path, O_RDONLY);
    return 0;
}

static void test_flood_is_counted(void **state)
{
    (void)state;
    struct vb_bait_set *baits = make_baits();
    const struct vb_bait *bait = vb_bait_at(baits, 0);
    struct recording r;
    recording_init(&r);
    const struct subject subject = {
        .run = do_flood, .arg = (void *)(uintptr_t)bait, .max_events = 100, .baits = baits};
    record(&subject, &r);
    assert_int_equal(r.step_status, 0);
    assert_int_equal(r.exit_status, 0);
    assert_int_equal(count_events(&r, VB_EV_FILE_OPEN, VB_F_NONE, NULL), 100);
    assert_int_equal(count_events(&r, VB_EV_SANDBOX_LIMIT, VB_F_WHAT, "log"), 1);
    /* 4900 opens, the bait's own open and the exit */
    assert_int_equal(r.dropped, 4902);
    const struct vb_event *e = must_find(&r, VB_EV_COVERAGE, VB_F_REASON, "limit");
    assert_int_equal(vb_event_get_int(e, VB_F_COUNT, 0), 4902);
    assert_int_equal(count_events(&r, VB_EV_COVERAGE, VB_F_NONE, NULL), 1);
    /* What a flood would like to hide is kept. */
    must_find(&r, VB_EV_BAIT_READ, VB_F_BAIT, bait->id);
    recording_done(&r);
    vb_bait_set_free(baits);
}

/* Floods of what is always kept, and of one bait that does not matter. */
static int do_vital_flood(void *arg)
{
    const struct vb_bait *const *baits = arg;
    for (int i = 0; i < 2000; i++) {
        (void)raw(SYS_acct, 0, 0, 0, 0);
        (void)!open(baits[0]->path, O_RDONLY);
    }
    (void)!open(baits[1]->path, O_RDONLY);
    char *argv[] = {(char[]){"nothing"}, NULL};
    execv("/nonexistent/program", argv);
    return 0;
}

static void test_vital_flood_leaves_room(void **state)
{
    (void)state;
    struct vb_bait_set *baits = make_baits();
    const struct vb_bait *two[] = {vb_bait_at(baits, 0), vb_bait_at(baits, 1)};
    struct recording r;
    recording_init(&r);
    const struct subject subject = {
        .run = do_vital_flood, .arg = two, .max_events = 100, .baits = baits};
    record(&subject, &r);
    assert_int_equal(r.step_status, 0);
    assert_int_equal(r.exit_status, 0);
    must_find(&r, VB_EV_BAIT_READ, VB_F_BAIT, two[1]->id);
    must_find(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, "/nonexistent/program");
    assert_true(count_events(&r, VB_EV_KERNEL_DENIED, VB_F_NONE, NULL) < 2000);
    recording_done(&r);
    vb_bait_set_free(baits);
}

static long resident_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static int do_long_flood(void *arg)
{
    for (int i = 0; i < *(const int *)arg; i++)
        (void)!open("/nonexistent/flood", O_RDONLY);
    return 0;
}

static void test_memory_stays_flat(void **state)
{
    (void)state;
    struct recording r;
    recording_init(&r);
    r.count_only = true;
    int opens = 1000;
    const struct subject subject = {.run = do_long_flood, .arg = &opens};
    record(&subject, &r);
    long before = resident_kib();
    opens = 60000;
    uint64_t begin = vb_monotonic_ns();
    record(&subject, &r);
    print_message("one recorded open: %.1f us\n",
                  (double)(vb_monotonic_ns() - begin) / 1e3 / opens);
#ifndef VB_SANITIZED /* which keeps freed memory back */
    assert_true(resident_kib() - before < 512);
#else
    (void)before;
#endif
    assert_int_equal(r.emitted, 61002);
    recording_done(&r);
}

static void test_broken_sink_ends_the_recorder(void **state)
{
    (void)state;
    struct recording r;
    recording_init(&r);
    r.fail_after = 10;
    const struct subject subject = {.run = do_flood};
    record(&subject, &r);
    assert_int_equal(r.step_status, VB_E_IO);
    recording_done(&r);
}

/* --- baits --- */

struct theft {
    const struct vb_bait *file, *other, *variable;
};

static int do_theft(void *arg)
{
    const struct theft *t = arg;
    (void)!open(t->file->path, O_RDONLY);
    (void)!open(t->other->path, O_WRONLY); /* not a reading */
    char variable[512], stolen[512], argument[512];
    snprintf(variable, sizeof(variable), "%s=%s", t->variable->env, t->variable->secret);
    snprintf(stolen, sizeof(stolen), "LOOT=%s", t->other->secret);
    snprintf(argument, sizeof(argument), "http://c2.example/?k=%s", t->file->secret);
    int fds[2], udp = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in sink = {.sin_family = AF_INET, .sin_port = htons(9)};
    sink.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) ||
        send(fds[0], t->other->secret, strlen(t->other->secret), 0) < 0 ||
        sendto(udp, t->variable->secret, strlen(t->variable->secret), 0, (struct sockaddr *)&sink,
               sizeof(sink)) < 0)
        return 1;
    char *const argv[] = {(char *)"true", argument, NULL};
    char *const env[] = {variable, stolen, NULL};
    execve("/bin/true", argv, env);
    return 2;
}

static void test_baits(void **state)
{
    (void)state;
    struct vb_bait_set *baits = make_baits();
    struct theft theft = {bait_named(baits, "ssh-ed25519"), bait_named(baits, "aws-credentials"),
                          bait_named(baits, "env-github")};
    struct recording r;
    recording_init(&r);
    const struct subject subject = {.run = do_theft, .arg = &theft, .baits = baits};
    record(&subject, &r);
    assert_int_equal(r.exit_status, 0);
    const struct vb_event *e = must_find(&r, VB_EV_BAIT_READ, VB_F_BAIT, "ssh-ed25519");
    assert_field(e, VB_F_PATH, "/home/maja/.ssh/id_ed25519");
    assert_int_equal(count_events(&r, VB_EV_BAIT_READ, VB_F_NONE, NULL), 1);
    assert_field(must_find(&r, VB_EV_BAIT_SEEN, VB_F_WHERE, "argv"), VB_F_BAIT, "ssh-ed25519");
    assert_field(must_find(&r, VB_EV_BAIT_SEEN, VB_F_WHERE, "sent"), VB_F_BAIT, "env-github");
    /* What one process tells another within the box is not sent anywhere. */
    assert_int_equal(count_events(&r, VB_EV_BAIT_SEEN, VB_F_WHERE, "sent"), 1);
    /* A variable in its own place is no sighting; another's secret in one is. */
    assert_int_equal(count_events(&r, VB_EV_BAIT_SEEN, VB_F_WHERE, "environment"), 1);
    e = must_find(&r, VB_EV_BAIT_SEEN, VB_F_WHERE, "environment");
    assert_field(e, VB_F_BAIT, "aws-credentials");
    assert_field(e, VB_F_FORM, "raw");
    recording_done(&r);
    vb_bait_set_free(baits);
}

/* A bait that really lies in the tests' folder, reached by other names. */
static int do_detours(void *arg)
{
    (void)arg;
    char magic[256], fd_path[64], through_cwd[64];
    if (chdir(test_folder()) || symlink(".aws/credentials", "link") || symlink(".aws", "dir"))
        return 1;
    (void)!open("link", O_RDONLY);
    (void)!open("dir/credentials", O_RDONLY);
    snprintf(magic, sizeof(magic), "/proc/self/root%s/.aws/credentials", test_folder());
    (void)!open(magic, O_RDONLY);
    snprintf(through_cwd, sizeof(through_cwd), "/proc/%d/cwd/.aws/credentials", getpid());
    (void)!open(through_cwd, O_RDONLY);
    int fd = open(".aws/credentials", O_PATH);
    snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", fd);
    (void)!open(fd_path, O_RDONLY);
    snprintf(fd_path, sizeof(fd_path), "/dev/fd/%d", fd);
    (void)!open(fd_path, O_RDONLY);
    (void)!open("link", O_RDONLY | O_NOFOLLOW); /* fails: no reading */
    return 0;
}

static void test_baits_by_detours(void **state)
{
    (void)state;
    static const unsigned char seed[32] = {43};
    struct vb_bait_set *baits = NULL;
    struct vb_error err;
    assert_int_equal(vb_bait_set_new(test_folder(), seed, &baits, &err), 0);
    assert_int_equal(mkdir(in_folder(".aws"), 0700), 0);
    int fd = open(in_folder(".aws/credentials"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    struct recording r;
    recording_init(&r);
    const struct subject subject = {.run = do_detours, .baits = baits};
    record(&subject, &r);
    assert_int_equal(r.exit_status, 0);
    if (count_events(&r, VB_EV_BAIT_READ, VB_F_BAIT, "aws-credentials") != 6)
        recording_print(&r);
    assert_int_equal(count_events(&r, VB_EV_BAIT_READ, VB_F_BAIT, "aws-credentials"), 6);
    const struct vb_event *e = must_find(&r, VB_EV_FILE_OPEN, VB_F_PATH, in_folder("link"));
    assert_field(e, VB_F_TARGET, in_folder(".aws/credentials"));
    recording_done(&r);
    vb_bait_set_free(baits);
}

/* The same bait by other names of the file itself, and by ways that its name does not show. */
static int do_disguises(void *arg)
{
    (void)arg;
    char path[PATH_MAX];
    if (chdir(test_folder()) || link(".aws/credentials", "hard") || rename(".aws", "moved") ||
        mkdir("moved/sub", 0700) || symlink("moved/sub", "climb"))
        return 1;
    (void)!open("hard", O_RDONLY);
    (void)!open("moved/credentials", O_RDONLY);
    (void)!open("climb/../credentials", O_RDONLY);
    const struct open_how in_root = {.resolve = RESOLVE_IN_ROOT};
    const int folder = open("moved", O_PATH | O_DIRECTORY);
    (void)raw(SYS_openat2, folder, (long)"/../../credentials", (long)&in_root, sizeof(in_root));
    int pipe_ends[2];
    if (pipe(pipe_ends))
        return 1;
    pid_t other = fork();
    if (other == 0) {
        close(pipe_ends[1]);
        _exit((int)read(pipe_ends[0], path, 1));
    }
    snprintf(path, sizeof(path), "/proc/%d/root%s/hard", (int)other, test_folder());
    (void)!open(path, O_RDONLY);
    snprintf(path, sizeof(path), "/proc/self/task/%d/cwd/hard", getpid());
    (void)!open(path, O_RDONLY);
    close(pipe_ends[1]);
    return waitpid(other, NULL, 0) == other ? 0 : 1;
}

/* Where the working folder's own name is too long for anybody to read it. */
static int do_deep(void *arg)
{
    enum { LEVELS = 20, NAME = 240 };
    char name[NAME + 1], up[LEVELS * 3 + 64] = "";
    (void)arg;
    memset(name, 'n', NAME);
    name[NAME] = '\0';
    if (chdir(test_folder()))
        return 1;
    for (int i = 0; i < LEVELS; i++) {
        if (mkdir(name, 0700) || chdir(name))
            return 1;
        memcpy(up + strlen(up), "../", 4);
    }
    memcpy(up + strlen(up), ".aws/credentials", sizeof(".aws/credentials"));
    (void)!open(up, O_RDONLY);
    for (int i = 0; i < LEVELS; i++) { /* so that the folder can be removed */
        if (chdir("..") || rmdir(name))
            return 1;
    }
    return 0;
}

/* So many steps that following them would keep the recorder from its work. */
static int do_long_way(void *arg)
{
    (void)arg;
    char path[PATH_MAX] = "";
    if (chdir(test_folder()))
        return 1;
    while (strlen(path) + 64 < sizeof(path))
        memcpy(path + strlen(path), ".aws/../", 9);
    memcpy(path + strlen(path), ".aws/credentials", sizeof(".aws/credentials"));
    return raw(SYS_openat, AT_FDCWD, (long)path, O_RDONLY, 0) == -ELOOP ? 0 : 2;
}

static void steal(int (*function)(void *), struct recording *r)
{
    static const unsigned char seed[32] = {44};
    struct vb_bait_set *baits = NULL;
    struct vb_error err;
    assert_int_equal(vb_bait_set_new(test_folder(), seed, &baits, &err), 0);
    assert_int_equal(mkdir(in_folder(".aws"), 0700), 0);
    int fd = open(in_folder(".aws/credentials"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    recording_init(r);
    const struct subject subject = {.run = function, .baits = baits};
    record(&subject, r);
    vb_bait_set_free(baits);
    assert_int_equal(r->step_status, 0);
    assert_int_equal(r->exit_status, 0);
}

static void test_baits_in_disguise(void **state)
{
    (void)state;
    struct recording r;
    steal(do_disguises, &r);
    assert_int_equal(count_events(&r, VB_EV_BAIT_READ, VB_F_BAIT, "aws-credentials"),
                     7); /* one is the hard link itself */
    const struct vb_event *e =
        must_find(&r, VB_EV_FILE_OPEN, VB_F_TARGET, in_folder("moved/credentials"));
    assert_field(e, VB_F_PATH, in_folder("credentials")); /* as written, normalised */
    recording_done(&r);
}

/* Folders with baits in them, by every name that lets one list them; then some that do not. */
static int do_listings(void *arg)
{
    (void)arg;
    if (chdir(test_folder()) || symlink(".aws", "dir") || mkdir("empty", 0700))
        return 1;
    const int aws = open(".aws", O_PATH | O_DIRECTORY);
    (void)!open(".aws", O_RDONLY | O_DIRECTORY);
    (void)!open(".aws/", O_RDONLY);
    (void)!open("dir", O_RDONLY | O_DIRECTORY);
    (void)!openat(aws, ".", O_RDONLY | O_DIRECTORY);
    (void)!open(".", O_RDONLY | O_DIRECTORY);
    (void)!open("empty", O_RDONLY | O_DIRECTORY);
    (void)!open(".aws/credentials", O_RDONLY);
    (void)!open(".ssh", O_RDONLY | O_DIRECTORY); /* is not there */
    return aws < 0;
}

static void test_listed_baits(void **state)
{
    (void)state;
    struct recording r;
    steal(do_listings, &r);
    assert_int_equal(count_events(&r, VB_EV_BAIT_LIST, VB_F_PATH, in_folder(".aws")), 4);
    assert_int_equal(count_events(&r, VB_EV_BAIT_LIST, VB_F_PATH, test_folder()), 1);
    assert_int_equal(count_events(&r, VB_EV_BAIT_LIST, VB_F_NONE, NULL), 5);
    const struct vb_event *e = must_find(&r, VB_EV_BAIT_LIST, VB_F_PATH, in_folder(".aws"));
    assert_int_equal(vb_event_get_int(e, VB_F_COUNT, 0), 2); /* credentials and config */
    recording_done(&r);
}

static void test_baits_from_a_nameless_folder(void **state)
{
    (void)state;
    struct recording r;
    steal(do_deep, &r);
    assert_int_equal(count_events(&r, VB_EV_BAIT_READ, VB_F_BAIT, "aws-credentials"), 1);
    recording_done(&r);
}

static void test_a_way_too_long_is_refused(void **state)
{
    (void)state;
    struct recording r;
    steal(do_long_way, &r);
    must_find(&r, VB_EV_PROCESS_OPAQUE, VB_F_SYSCALL, "openat");
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

/* --- */

/* --- an execution whose arguments change after they were read --- */

static char raced_path[64], raced_word[64];
static atomic_int *raced_told;
static atomic_int raced_ready; /* the thread makes no more calls that the recorder is asked about */

/* What was announced has been read when the sink has it. */
static void wait_until_told(void)
{
    atomic_store(&raced_ready, 1);
    while (atomic_load(raced_told) == 0)
        usleep(100);
}

static void *change_path(void *arg)
{
    (void)arg;
    wait_until_told();
    memcpy(raced_path, "/usr/bin/false", sizeof("/usr/bin/false"));
    atomic_fetch_add(raced_told, 1);
    return NULL;
}

static void *change_word(void *arg)
{
    (void)arg;
    wait_until_told();
    memcpy(raced_word, "evil", sizeof("evil"));
    atomic_fetch_add(raced_told, 1);
    return NULL;
}

static int do_race(void *arg)
{
    void *(*change)(void *) = arg ? change_word : change_path;
    pthread_t thread;
    snprintf(raced_path, sizeof(raced_path), "/usr/bin/true");
    snprintf(raced_word, sizeof(raced_word), "good");
    char *const argv[] = {(char *)"true", raced_word, NULL};
    if (pthread_create(&thread, NULL, change, NULL))
        return 3;
    while (atomic_load(&raced_ready) == 0)
        usleep(100);
    execv(raced_path, argv); /* the sink waits for the thread */
    return 2;
}

static void record_race(struct recording *r, void *arg)
{
    raced_told =
        mmap(NULL, sizeof(*raced_told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(raced_told != MAP_FAILED);
    recording_init(r);
    r->told = raced_told;
    const struct subject subject = {.run = do_race, .arg = arg};
    record(&subject, r);
    munmap(raced_told, sizeof(*raced_told));
}

/* The record says true; false ran, and that shows. */
static void test_hidden_execution(void **state)
{
    (void)state;
    struct recording r;
    record_race(&r, NULL);
    assert_int_equal(r.exit_status, 1);
    must_find(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, "/usr/bin/true");
    const struct vb_event *e = must_find(&r, VB_EV_TRUTH_EXEC, VB_F_PATH, "/usr/bin/true");
    assert_field(e, VB_F_EXECUTABLE, "/usr/bin/false");
    assert_field(e, VB_F_REASON, "program");
    recording_done(&r);
    record_race(&r, &r);
    assert_int_equal(r.exit_status, 0);
    e = must_find(&r, VB_EV_TRUTH_EXEC, VB_F_REASON, "arguments");
    assert_field(e, VB_F_COMMAND, "true evil");
    recording_done(&r);
}

static int do_executions(void *arg)
{
    (void)arg;
    /* Scripts, other names, no arguments, descriptors, failures: nothing is hidden here. */
    static const char script[] =
        "printf '#!/usr/bin/env -S sh -e\n:' >s; chmod +x s; ./s a; PATH=. s; "
        "printf '#!%s/s  -z \n' \"$PWD\" >t; chmod +x t; ./t; (exec -a other true x); nosuch; "
        "python3 -c 'import os;f=os.open(\"/bin/true\",0);os.execve(f,[\"t\"],{})'; "
        "printf ': no interpreter' >n; chmod +x n; ./n; seq 5000 | xargs true; rm s t n";
    if (chdir(test_folder()))
        return 1;
    execl("/bin/bash", "bash", "-c", script, (char *)NULL);
    return 2;
}

static void test_honest_executions(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_executions, NULL);
    assert_int_equal(r.exit_status, 0);
    assert_true(count_events(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, NULL) > 12);
    if (find_event(&r, VB_EV_TRUTH_EXEC, VB_F_PATH, NULL, 0)) {
        recording_print(&r);
        fail_msg("an honest execution is called hidden");
    }
    recording_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hidden_execution),
        WITH_FOLDER(test_honest_executions),
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
        cmocka_unit_test(test_flood_is_counted),
        cmocka_unit_test(test_vital_flood_leaves_room),
        cmocka_unit_test(test_memory_stays_flat),
        cmocka_unit_test(test_broken_sink_ends_the_recorder),
        cmocka_unit_test(test_baits),
        WITH_FOLDER(test_baits_by_detours),
        WITH_FOLDER(test_baits_in_disguise),
        WITH_FOLDER(test_listed_baits),
        WITH_FOLDER(test_baits_from_a_nameless_folder),
        WITH_FOLDER(test_a_way_too_long_is_refused),
        cmocka_unit_test(test_crowded_exec),
    };
    if (!recorder_available())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
