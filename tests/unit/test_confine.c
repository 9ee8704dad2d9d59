/* The examiners' walls, tried from inside: each attempt of a child that has been taken over must
 * end as a refusal or as examiner.died, and never as anything else. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "sandbox/box/confine.h"
#include "sandbox/box/kernel.h"
#include "sandbox/box/layers.h"

/* Keeps what matters of every event that reached the coordinator. */
struct catcher {
    struct vb_sink sink;
    unsigned count;
    enum vb_event_kind last;
    char reason[256];
    char detail[256];
    char what[256];
    int64_t signal;
};

static void copy_field(const struct vb_event *event, enum vb_field field, char ret[256])
{
    const struct vb_str text = vb_event_get_str(event, field);
    snprintf(ret, 256, "%.*s", (int)text.len, text.text);
}

static int catch_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct catcher *catcher = (struct catcher *)(void *)sink;
    (void)err;
    catcher->count++;
    catcher->last = event->kind;
    catcher->signal = vb_event_get_int(event, VB_F_SIGNAL, 0);
    copy_field(event, VB_F_REASON, catcher->reason);
    copy_field(event, VB_F_DETAIL, catcher->detail);
    copy_field(event, VB_F_WHAT, catcher->what);
    return VB_OK;
}

struct outcome {
    struct catcher caught;
    bool died;
    int status;
    struct vb_error err;
};

static struct vb_child child_of(int (*run)(void *, struct vb_sink *, struct vb_error *))
{
    return (struct vb_child){.role = VB_ROLE_UNPACK,
                             .name = "test",
                             .confinement = VB_CONFINE_EXAMINER,
                             .run = run,
                             .timeout_ms = 10000,
                             .memory_bytes = 512U << 20};
}

static struct outcome run_child(const struct vb_child *child)
{
    struct outcome outcome = {.caught.sink.emit = catch_event};
    outcome.status =
        vb_child_run(child, vb_monotonic_ns(), &outcome.caught.sink, &outcome.died, &outcome.err);
    return outcome;
}

static struct outcome attempt(int (*run)(void *, struct vb_sink *, struct vb_error *))
{
    const struct vb_child child = child_of(run);
    return run_child(&child);
}

/* Says WHAT as a coverage event, which every role may send. */
static int say(struct vb_sink *sink, const char *what, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "test");
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_REASON, "test");
    return vb_emit(sink, &event, err);
}

static void assert_died_by_filter(const struct outcome *outcome)
{
    assert_int_equal(outcome->status, VB_OK);
    assert_true(outcome->died);
    assert_int_equal(outcome->caught.last, VB_EV_EXAMINER_DIED);
    assert_int_equal(outcome->caught.signal, SIGSYS);
}

/* --- what works --- */

static int run_well(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    return say(sink, "well", err);
}

static void test_events_pass(void **state)
{
    (void)state;
    const struct outcome outcome = attempt(run_well);
    assert_int_equal(outcome.status, VB_OK);
    assert_false(outcome.died);
    assert_int_equal(outcome.caught.count, 1);
    assert_string_equal(outcome.caught.what, "well");
}

static int run_error(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    const int status = say(sink, "before", err);
    return status < 0 ? status : vb_fail(err, VB_E_DATA, 0, "a damaged \x1b[2J thing");
}

static void test_own_error(void **state)
{
    (void)state;
    const struct outcome outcome = attempt(run_error);
    assert_int_equal(outcome.status, VB_E_DATA);
    assert_non_null(strstr(outcome.err.message, "damaged"));
    assert_null(strchr(outcome.err.message, 0x1b));
    assert_string_equal(outcome.caught.what, "before");
}

struct folder {
    int fd;
};

static int run_in_folder(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    const struct folder *folder = ctx;
    struct stat st;
    if (mkdirat(folder->fd, "sub", 0755) < 0)
        return vb_fail(err, VB_E_OS, errno, "mkdirat");
    VB_CLEANUP_FD int fd =
        vb_open_beneath(folder->fd, "sub/file", O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (fd < 0 || write(fd, "hello", 5) != 5 || fstat(fd, &st) < 0 || st.st_size != 5)
        return vb_fail(err, VB_E_OS, errno, "a file");
    if (symlinkat("file", folder->fd, "sub/link") < 0)
        return vb_fail(err, VB_E_OS, errno, "symlinkat");
    if (vb_open_beneath(folder->fd, "../etc", O_RDONLY, 0) >= 0)
        return vb_fail(err, VB_E_SOFTWARE, 0, "left the folder");
    return say(sink, "written", err);
}

static void test_workspace(void **state)
{
    (void)state;
    struct vb_error err = {0};
    VB_CLEANUP_FD int dirfd = -1;
    assert_int_equal(vb_workspace_new(1 << 20, 100, &dirfd, &err), VB_OK);
    struct folder folder = {dirfd};
    struct vb_child child = child_of(run_in_folder);
    child.ctx = &folder;
    child.fds = &dirfd;
    child.fd_count = 1;
    const struct outcome outcome = run_child(&child);
    assert_string_equal(outcome.err.message, "");
    assert_int_equal(outcome.status, VB_OK);
    assert_false(outcome.died);
    char text[8] = {0};
    VB_CLEANUP_FD int fd = vb_open_beneath(dirfd, "sub/file", O_RDONLY, 0);
    assert_int_equal(read(fd, text, sizeof(text)), 5);
    assert_string_equal(text, "hello");
    /* the coordinator may write it too, and its limits hold */
    VB_CLEANUP_FD int big = vb_open_beneath(dirfd, "big", O_WRONLY | O_CREAT | O_EXCL, 0644);
    assert_true(big >= 0);
    char block[65536] = {0};
    ssize_t written = 0;
    ssize_t got;
    while ((got = write(big, block, sizeof(block))) > 0)
        written += got;
    assert_int_equal(errno, ENOSPC);
    assert_true(written < 1 << 20);
}

static void test_workspace_mode(void **state)
{
    (void)state;
    struct vb_error err = {0};
    struct stat st;
    VB_CLEANUP_FD int dirfd = -1;
    assert_int_equal(vb_workspace_new(1 << 20, 100, &dirfd, &err), VB_OK);
    assert_int_equal(fstat(dirfd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(st.st_uid, geteuid() == 0 ? VB_SANDBOX_UID : geteuid());
    assert_int_equal(fcntl(dirfd, F_GETFD), FD_CLOEXEC);
}

/* --- what does not --- */

static int run_open_passwd(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    const long fd = syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
    return say(sink, fd >= 0 ? "opened" : "denied", err);
}

static void test_no_files(void **state)
{
    (void)state;
    const struct outcome outcome = attempt(run_open_passwd);
    assert_int_equal(outcome.status, VB_OK);
    assert_string_equal(outcome.caught.what, "denied");
}

static int run_open_through_folder(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    const struct folder *folder = ctx;
    const int fd = openat(folder->fd, "../../../../../../../../etc/passwd", O_RDONLY | O_CLOEXEC);
    return say(sink, fd >= 0 ? "opened" : "denied", err);
}

/* A folder of the host that was handed over must not be a way out of itself. */
static void test_no_way_up(void **state)
{
    (void)state;
    VB_CLEANUP_FD int dirfd = open("/usr/share", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct folder folder = {dirfd};
    struct vb_child child = child_of(run_open_through_folder);
    child.ctx = &folder;
    child.fds = &dirfd;
    child.fd_count = 1;
    const struct outcome outcome = run_child(&child);
    assert_int_equal(outcome.status, VB_OK);
    if (vb_landlock_version() == 0)
        skip();
    assert_string_equal(outcome.caught.what, "denied");
}

static int run_change(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    const struct folder *folder = ctx;
    VB_CLEANUP_FD int read_only = vb_open_beneath(folder->fd, "file", O_RDONLY, 0);
    VB_CLEANUP_FD int written = vb_open_beneath(folder->fd, "file", O_WRONLY | O_TRUNC, 0);
    VB_CLEANUP_FD int made = vb_open_beneath(folder->fd, "new", O_WRONLY | O_CREAT, 0600);
    char text[64];
    snprintf(text, sizeof(text), "read=%d written=%d made=%d removed=%d moved=%d", read_only >= 0,
             written >= 0, made >= 0, unlinkat(folder->fd, "file", 0) == 0,
             renameat(folder->fd, "file", folder->fd, "other") == 0);
    return say(sink, text, err);
}

/* Who only reads the package leaves it to the next one as it was. */
static void test_reads_only(void **state)
{
    (void)state;
    struct vb_error err = {0};
    VB_CLEANUP_FD int dirfd = -1;
    assert_int_equal(vb_workspace_new(1 << 20, 100, &dirfd, &err), VB_OK);
    VB_CLEANUP_FD int file = vb_open_beneath(dirfd, "file", O_WRONLY | O_CREAT, 0644);
    assert_true(file >= 0);
    assert_true(geteuid() != 0 || fchown(file, VB_SANDBOX_UID, VB_SANDBOX_GID) == 0);
    struct folder folder = {dirfd};
    struct vb_child child = child_of(run_change);
    child.ctx = &folder;
    child.fds = &dirfd;
    child.fd_count = 1;
    child.reads_only = true;
    if (vb_landlock_version() == 0)
        skip();
    const struct outcome outcome = run_child(&child);
    assert_int_equal(outcome.status, VB_OK);
    assert_string_equal(outcome.caught.what, "read=1 written=0 made=0 removed=0 moved=0");
}

static int run_connect(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return say(sink, fd >= 0 ? "socket" : "denied", err);
}

static int run_connect_raw(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    struct sockaddr_in address = {.sin_family = AF_INET};
    (void)connect(0, (struct sockaddr *)&address, sizeof(address));
    return say(sink, "connected", err);
}

static void test_no_network(void **state)
{
    (void)state;
    struct outcome outcome = attempt(run_connect);
    assert_string_equal(outcome.caught.what, "denied");
    outcome = attempt(run_connect_raw);
    assert_died_by_filter(&outcome);
}

static int run_exec(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    (void)execl("/bin/sh", "sh", "-c", "true", (char *)NULL);
    return say(sink, "alive", err);
}

static int run_fork(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0)
        _exit(0);
    return say(sink, "alive", err);
}

static int run_executable_memory(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    const long at =
        syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return say(sink, at == -1 ? "denied" : "executable", err);
}

static int run_kill_parent(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    (void)kill(-1, SIGKILL);
    return say(sink, "alive", err);
}

/* Standard input is the same open file for all children of a zygote: what one leaves there, the
 * next one would find. */
static int run_lock_for_ever(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    (void)fcntl(STDIN_FILENO, F_OFD_SETLK, &lock);
    return say(sink, "alive", err);
}

static int run_own_for_ever(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    (void)fcntl(STDIN_FILENO, F_SETOWN, getpid());
    return say(sink, "alive", err);
}

static void test_forbidden_calls(void **state)
{
    (void)state;
    int (*const runs[])(void *, struct vb_sink *, struct vb_error *) = {
        run_exec,        run_fork,          run_executable_memory,
        run_kill_parent, run_lock_for_ever, run_own_for_ever};
    for (size_t i = 0; i < VB_ARRAY_LEN(runs); i++) {
        const struct outcome outcome = attempt(runs[i]);
        assert_died_by_filter(&outcome);
        assert_non_null(strstr(outcome.caught.reason, "system call"));
    }
}

static int run_forbidden_event(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    struct vb_event event;
    vb_event_init(&event, VB_EV_SIGNATURE_RESULT, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_FORMAT, "sshsig");
    vb_event_str(&event, VB_F_OUTCOME, "verified");
    vb_event_str(&event, VB_F_PATH, "x");
    return vb_emit(sink, &event, err);
}

static int run_false_source(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TRUTH);
    vb_event_str(&event, VB_F_STAGE, "test");
    vb_event_str(&event, VB_F_WHAT, "x");
    vb_event_str(&event, VB_F_REASON, "x");
    return vb_emit(sink, &event, err);
}

static int run_garbage(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    const struct vb_frame_sink *frames = (const struct vb_frame_sink *)(const void *)sink;
    unsigned char garbage[4096];
    memset(garbage, 0x5a, sizeof(garbage));
    return vb_write_all(frames->fd, garbage, sizeof(garbage), err);
}

static int run_half_frame(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    const struct vb_frame_sink *frames = (const struct vb_frame_sink *)(const void *)sink;
    return vb_write_all(frames->fd, "\x20\0\0\0abc", 7, err);
}

static void test_protocol(void **state)
{
    (void)state;
    static const struct {
        int (*run)(void *, struct vb_sink *, struct vb_error *);
        const char *reason;
    } rows[] = {{run_forbidden_event, "its role may not send"},
                {run_false_source, "source"},
                {run_garbage, "protocol"},
                {run_half_frame, "protocol"}};
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct outcome outcome = attempt(rows[i].run);
        assert_int_equal(outcome.status, VB_OK);
        assert_true(outcome.died);
        assert_int_equal(outcome.caught.count, 1);
        assert_int_equal(outcome.caught.last, VB_EV_EXAMINER_DIED);
        assert_non_null(strstr(outcome.caught.reason, rows[i].reason));
    }
}

static int run_forever(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)err;
    (void)sink;
    const volatile int *stop = ctx;
    while (*stop == 0)
        ;
    return VB_OK;
}

static void test_timeout(void **state)
{
    (void)state;
    int spin = 0;
    struct vb_child child = child_of(run_forever);
    child.ctx = &spin;
    child.timeout_ms = 300;
    const uint64_t start = vb_monotonic_ns();
    const struct outcome outcome = run_child(&child);
    assert_int_equal(outcome.status, VB_OK);
    assert_true(outcome.died);
    assert_int_equal(outcome.caught.last, VB_EV_EXAMINER_DIED);
    assert_non_null(strstr(outcome.caught.reason, "time"));
    assert_true(vb_monotonic_ns() - start < 5000000000U);
    /* With what was left of our own time it did nothing wrong, but what it had to do is not done.
     */
    child.hurried = true;
    const struct outcome hurried = run_child(&child);
    assert_int_equal(hurried.status, VB_OK);
    assert_true(hurried.died);
    assert_int_equal(hurried.caught.last, VB_EV_COVERAGE);
}

static int run_hungry(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    const size_t block = 16U << 20;
    for (size_t total = 0; total < 4ULL << 30; total += block) {
        char *memory =
            mmap(NULL, block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            return say(sink, total < 1ULL << 30 ? "denied" : "late", err);
    }
    return say(sink, "everything", err);
}

static void test_memory(void **state)
{
    (void)state;
#ifdef VB_SANITIZED
    skip();
#endif
    const struct outcome outcome = attempt(run_hungry);
    assert_int_equal(outcome.status, VB_OK);
    assert_string_equal(outcome.caught.what, "denied");
}

static int run_crash(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    (void)sink;
    (void)err;
    (void)signal(SIGSEGV, SIG_DFL);
    __builtin_trap();
}

static int run_quiet_exit(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    (void)sink;
    (void)err;
    _exit(0);
}

static void test_crash(void **state)
{
    (void)state;
    struct outcome outcome = attempt(run_crash);
    assert_int_equal(outcome.status, VB_OK);
    assert_true(outcome.died);
    assert_true(outcome.caught.signal == SIGILL || outcome.caught.signal == SIGTRAP);
    /* Leaving without the report is not success. */
    outcome = attempt(run_quiet_exit);
    assert_true(outcome.died);
    assert_non_null(strstr(outcome.caught.reason, "without a word"));
}

/* Which descriptors does a child have? fcntl tells without a /proc. */
static int run_count_fds(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    unsigned open_fds = 0;
    for (int fd = 3; fd < 4096; fd++)
        open_fds += fcntl(fd, F_GETFD) >= 0;
    char text[32];
    snprintf(text, sizeof(text), "%u", open_fds);
    return say(sink, text, err);
}

static void test_descriptors(void **state)
{
    (void)state;
    VB_CLEANUP_FD int secret = open("/etc/passwd", O_RDONLY); /* without O_CLOEXEC, on purpose */
    assert_true(secret >= 0);
    VB_CLEANUP_FD int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct vb_child child = child_of(run_count_fds);
    child.fds = &kept;
    child.fd_count = 1;
    const struct outcome outcome = run_child(&child);
    assert_int_equal(outcome.status, VB_OK);
    assert_string_equal(outcome.caught.what, "3"); /* kept, frames, report */
}

static int run_as_fetcher(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    char text[128];
    VB_CLEANUP_FD int users = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    VB_CLEANUP_FD int network = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int exec = execl("/bin/true", "true", (char *)NULL);
    snprintf(text, sizeof(text), "users=%d network=%d exec=%d root=%d groups=%d", users >= 0,
             network >= 0, exec == 0, geteuid() == 0, getgroups(0, NULL));
    return say(sink, text, err);
}

static void test_fetcher(void **state)
{
    (void)state;
    struct vb_child child = child_of(run_as_fetcher);
    child.role = VB_ROLE_FETCH;
    child.confinement = VB_CONFINE_FETCHER;
    const struct outcome outcome = run_child(&child);
    assert_string_equal(outcome.err.message, "");
    assert_int_equal(outcome.status, VB_OK);
    /* Root's groups are given up with root; an ordinary user cannot give up his. */
    char expected[128];
    snprintf(expected, sizeof(expected), "users=1 network=1 exec=0 root=0 groups=%d",
             geteuid() == 0 ? 0 : getgroups(0, NULL));
    assert_string_equal(outcome.caught.what, expected);
}

/* Rows for the sanitizers' sake must never be in what people run. */
static void test_filter_table(void **state)
{
    (void)state;
    bool prctl_allowed = false;
    for (size_t i = 0; i < vb_examiner_call_count(); i++) {
        const char *name = vb_examiner_call_name(i);
        prctl_allowed = prctl_allowed || strcmp(name, "prctl") == 0;
        assert_string_not_equal(name, "execve");
        assert_string_not_equal(name, "clone");
        assert_string_not_equal(name, "clone3");
        assert_string_not_equal(name, "connect");
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(name, vb_examiner_call_name(j));
    }
#ifdef VB_SANITIZED
    assert_true(prctl_allowed);
#else
    assert_false(prctl_allowed);
#endif
}

/* --- a machine that cannot --- */

/* In a user namespace that allows no further ones, as user.max_user_namespaces=0 does. */
static int without_namespaces(void)
{
    const uid_t uid = geteuid();
    const gid_t gid = getegid();
    struct catcher caught = {.sink.emit = catch_event};
    struct vb_error err = {0};
    bool died = false;
    int dirfd = -1;
    if (unshare(CLONE_NEWUSER) < 0 || vb_sys_map_self(1000, uid, 1000, gid) < 0 ||
        vb_sys_write_file(AT_FDCWD, "/proc/sys/user/max_user_namespaces", "0") < 0)
        return 77;
    const struct vb_child child = child_of(run_well);
    if (vb_child_run(&child, vb_monotonic_ns(), &caught.sink, &died, &err) != VB_E_UNAVAILABLE ||
        strstr(err.message, "max_user_namespaces") == NULL || caught.count != 0)
        return 1;
    if (vb_workspace_new(1 << 20, 100, &dirfd, &err) != VB_E_UNAVAILABLE ||
        strstr(err.message, "max_user_namespaces") == NULL)
        return 2;
    if (vb_layers_require(&err) != VB_E_UNAVAILABLE ||
        strstr(err.message, "max_user_namespaces") == NULL)
        return 3;
    return 0;
}

static void test_refusal(void **state)
{
    (void)state;
    int status = 0;
    const pid_t pid = fork();
    if (pid == 0)
        _exit(without_namespaces());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- nothing stays behind --- */

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
    const unsigned before = count_fds();
    for (int i = 0; i < 20; i++) {
        struct vb_error err = {0};
        int dirfd = -1;
        assert_int_equal(vb_workspace_new(1 << 20, 100, &dirfd, &err), VB_OK);
        vb_close_fd(&dirfd);
        const struct outcome outcome = attempt(i % 2 == 0 ? run_well : run_exec);
        assert_int_equal(outcome.status, VB_OK);
    }
    assert_int_equal(count_fds(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

int main(void)
{
    struct vb_error err = {0};
    int probe = -1;
    if (vb_workspace_new(4096, 10, &probe, &err) == VB_E_UNAVAILABLE) {
        printf("skipped: %s\n", err.message);
        return 77;
    }
    vb_close_fd(&probe);
    const gid_t groups[] = {0, 12};
    if (geteuid() == 0 && setgroups(VB_ARRAY_LEN(groups), groups) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_pass),     cmocka_unit_test(test_own_error),
        cmocka_unit_test(test_workspace),       cmocka_unit_test(test_workspace_mode),
        cmocka_unit_test(test_no_files),        cmocka_unit_test(test_no_way_up),
        cmocka_unit_test(test_reads_only),      cmocka_unit_test(test_no_network),
        cmocka_unit_test(test_forbidden_calls), cmocka_unit_test(test_protocol),
        cmocka_unit_test(test_timeout),         cmocka_unit_test(test_memory),
        cmocka_unit_test(test_crash),           cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_fetcher),         cmocka_unit_test(test_filter_table),
        cmocka_unit_test(test_refusal),         cmocka_unit_test(test_nothing_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
