/* The zygote: what its children share with it, what they do not, and that it ends with its owner.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/box/confine.h"
#include "sandbox/box/kernel.h"
#include "tests/unit/zygote_program.h"

struct catcher {
    struct vb_sink sink;
    unsigned count;
    char what[256];
};

static int catch_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct catcher *catcher = (struct catcher *)(void *)sink;
    const struct vb_str what = vb_event_get_str(event, VB_F_WHAT);
    (void)err;
    catcher->count++;
    snprintf(catcher->what, sizeof(catcher->what), "%.*s", (int)what.len, what.text);
    return VB_OK;
}

static int say(struct vb_sink *sink, const char *what, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "test");
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_REASON, "test");
    return vb_emit(sink, &event, err);
}

struct work {
    int fd;
    const char *constant;
    char own[32];
};

static int run(struct vb_zygote *zygote,
               int (*work_of)(void *, struct vb_sink *, struct vb_error *), const struct work *work,
               struct catcher *caught, bool *ret_died)
{
    struct work copy = *work;
    struct vb_error err = {0};
    const struct vb_child child = {.role = VB_ROLE_UNPACK,
                                   .name = "test",
                                   .zygote = zygote,
                                   .run = work_of,
                                   .ctx = &copy,
                                   .ctx_bytes = sizeof(copy),
                                   .fds = &copy.fd,
                                   .fd_count = copy.fd >= 0 ? 1 : 0,
                                   .timeout_ms = 10000,
                                   .memory_bytes = 512U << 20};
    *caught = (struct catcher){.sink.emit = catch_event};
    const int status = vb_child_run(&child, vb_monotonic_ns(), &caught->sink, ret_died, &err);
    if (status < 0)
        print_message("%s\n", err.message);
    return status;
}

static struct vb_zygote *zygote_of(void)
{
    struct vb_zygote *zygote = NULL;
    struct vb_error err = {0};
    assert_int_equal(vb_zygote_new(&zygote, &err), VB_OK);
    return zygote;
}

static int write_and_tell(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    const struct work *work = ctx;
    char text[256];
    VB_CLEANUP_FD int fd = vb_open_beneath(work->fd, work->own, O_WRONLY | O_CREAT | O_EXCL, 0600);
    const bool written = fd >= 0 && write(fd, work->own, strlen(work->own)) > 0;
    snprintf(text, sizeof(text), "%s %s pid %d", written ? "written" : strerror(errno),
             work->constant, (int)getpid());
    return say(sink, text, err);
}

/* What is handed over arrives whatever became of the coordinator's memory since. */
static void test_children_get_their_work(void **state)
{
    (void)state;
    struct vb_zygote *zygote = zygote_of();
    struct vb_error err = {0};
    struct catcher caught;
    bool died = true;
    VB_CLEANUP_FD int dirfd = -1;
    assert_int_equal(vb_zygote_workspace(zygote, 1 << 20, 100, &dirfd, &err), VB_OK);
    for (int i = 0; i < 50; i++) {
        struct work work = {.fd = dirfd, .constant = "constant"};
        snprintf(work.own, sizeof(work.own), "file-%d", i);
        assert_int_equal(run(zygote, write_and_tell, &work, &caught, &died), VB_OK);
        assert_false(died);
        assert_string_equal(caught.what, "written constant pid 1");
        assert_int_equal(faccessat(dirfd, work.own, R_OK, 0), 0);
    }
    vb_zygote_free(zygote);
}

/* The workspace has its limits, belongs to whom it should and outlives the zygote. */
static void test_workspace(void **state)
{
    (void)state;
    struct vb_zygote *zygote = zygote_of();
    struct vb_error err = {0};
    struct stat st;
    static const char block[65536];
    ssize_t written = 0;
    ssize_t got;
    VB_CLEANUP_FD int dirfd = -1;
    assert_int_equal(vb_zygote_workspace(zygote, 1 << 20, 100, &dirfd, &err), VB_OK);
    vb_zygote_free(zygote);
    assert_int_equal(fstat(dirfd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(st.st_uid, geteuid() == 0 ? VB_SANDBOX_UID : geteuid());
    VB_CLEANUP_FD int fd = vb_open_beneath(dirfd, "big", O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (geteuid() == 0) { /* root has no name in the zygote's user namespace */
        assert_int_equal(fd, -1);
        assert_int_equal(errno, EOVERFLOW);
        return;
    }
    assert_true(fd >= 0);
    while ((got = write(fd, block, sizeof(block))) > 0)
        written += got;
    assert_int_equal(errno, ENOSPC);
    assert_true(written <= 1 << 20);
}

static int die(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    (void)ctx;
    (void)sink;
    (void)err;
    (void)fork(); /* the filter kills for it */
    return VB_OK;
}

/* A child that is killed is one package's affair. */
static void test_a_death_is_its_own(void **state)
{
    (void)state;
    struct vb_zygote *zygote = zygote_of();
    const struct work work = {.fd = -1, .constant = ""};
    struct catcher caught;
    bool died = false;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(run(zygote, die, &work, &caught, &died), VB_OK);
        assert_true(died);
    }
    struct vb_error err = {0};
    VB_CLEANUP_FD int dirfd = -1;
    assert_int_equal(vb_zygote_workspace(zygote, 1 << 20, 100, &dirfd, &err), VB_OK);
    const struct work honest = {.fd = dirfd, .constant = "after", .own = "file"};
    assert_int_equal(run(zygote, write_and_tell, &honest, &caught, &died), VB_OK);
    assert_false(died);
    assert_string_equal(caught.what, "written after pid 1");
    vb_zygote_free(zygote);
}

/* Descriptors that find no place are our trouble, not a package that ends its reader. */
static void test_descriptors_without_room(void **state)
{
    (void)state;
    struct rlimit limit;
    struct catcher caught;
    bool died = false;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 64;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    struct vb_zygote *zygote = zygote_of();
    VB_CLEANUP_FD int low = open("/dev/null", O_RDONLY | O_CLOEXEC);
    VB_CLEANUP_FD int last = fcntl(low, F_DUPFD_CLOEXEC, 63);
    assert_int_equal(last, 63);
    const struct work work = {.fd = last, .constant = ""};
    assert_int_equal(run(zygote, write_and_tell, &work, &caught, &died), VB_E_OS);
    assert_false(died);
    assert_int_equal(caught.count, 0);
    vb_zygote_free(zygote);
    limit.rlim_cur = before;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* A zygote that cannot take all that is handed over gives no child, and says why. */
static void test_descriptors_that_do_not_arrive(void **state)
{
    (void)state;
    struct rlimit limit;
    struct vb_error err = {0};
    struct catcher caught = {.sink.emit = catch_event};
    bool died = false;
    int fds[24];
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 24;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    struct vb_zygote *zygote = zygote_of();
    limit.rlim_cur = before;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (size_t i = 0; i < VB_ARRAY_LEN(fds); i++)
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const struct vb_child child = {.role = VB_ROLE_UNPACK,
                                   .name = "test",
                                   .zygote = zygote,
                                   .run = write_and_tell,
                                   .fds = fds,
                                   .fd_count = VB_ARRAY_LEN(fds),
                                   .timeout_ms = 10000,
                                   .memory_bytes = 512U << 20};
    assert_int_equal(vb_child_run(&child, vb_monotonic_ns(), &caught.sink, &died, &err), VB_E_OS);
    assert_non_null(strstr(err.message, "descriptors of the test child"));
    assert_false(died);
    for (size_t i = 0; i < VB_ARRAY_LEN(fds); i++)
        vb_close_fd(&fds[i]);
    vb_zygote_free(zygote);
}

/* The first child of PROCESS, 0: none, or this /proc does not say. */
static pid_t child_of(pid_t process)
{
    char path[64];
    char text[64] = "";
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)process, (int)process);
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    return got <= 0 ? 0 : (pid_t)strtol(text, NULL, 10);
}

/* Without its zygote the coordinator has an error, not an unconfined child. */
static void test_zygote_gone(void **state)
{
    (void)state;
    struct vb_zygote *zygote = zygote_of();
    struct vb_error err = {0};
    const struct work work = {.fd = -1, .constant = ""};
    struct catcher caught;
    bool died = false;
    int dirfd = -1;
    const pid_t pid = child_of(getpid());
    if (pid <= 0) {
        vb_zygote_free(zygote);
        skip();
    }
    assert_int_equal(kill(pid, SIGKILL), 0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_true(run(zygote, die, &work, &caught, &died) < 0);
    assert_true(vb_zygote_workspace(zygote, 4096, 10, &dirfd, &err) < 0);
    assert_int_equal(dirfd, -1);
    vb_zygote_free(zygote);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* Somebody may have stopped it: that keeps nobody. */
static void test_zygote_stopped(void **state)
{
    (void)state;
    struct vb_zygote *zygote = zygote_of();
    const pid_t pid = child_of(getpid());
    if (pid <= 0) {
        vb_zygote_free(zygote);
        skip();
    }
    siginfo_t info;
    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT), 0);
    vb_zygote_free(zygote);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* Gone, or a corpse that nobody buries. */
static bool is_dead(pid_t pid)
{
    char path[64];
    char state = 'X';
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return true;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 'X';
    fclose(file);
    return state == 'Z' || state == 'X';
}

/* It ends with a coordinator that is killed, at once. */
static void test_dies_with_its_owner(void **state)
{
    (void)state;
    int ends[2];
    char byte = 0;
    assert_int_equal(pipe(ends), 0);
    const pid_t owner = fork();
    assert_true(owner >= 0);
    if (owner == 0) {
        struct vb_zygote *zygote = NULL;
        close(ends[0]);
        const bool made = vb_zygote_new(&zygote, NULL) == VB_OK;
        byte = made ? 'y' : 'n';
        (void)!write(ends[1], &byte, 1);
        pause();
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    const pid_t pid = child_of(owner);
    if (pid <= 0) {
        (void)kill(owner, SIGKILL);
        skip();
    }
    assert_int_equal(kill(owner, SIGKILL), 0);
    assert_int_equal(waitpid(owner, NULL, 0), owner);
    for (int tries = 0; tries < 1000 && !is_dead(pid); tries++)
        usleep(10000);
    assert_true(is_dead(pid));
    close(ends[0]);
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

/* As many as the kernel delivers: what is beyond our room is closed. */
static void test_more_descriptors_than_taken(void **state)
{
    (void)state;
    enum { SENT = VB_SYS_FDS_MAX + 8 };
    union {
        char bytes[CMSG_SPACE(SENT * sizeof(int))];
        struct cmsghdr head;
    } control = {0};
    char byte = 'x';
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    const struct msghdr message = {.msg_iov = &part,
                                   .msg_iovlen = 1,
                                   .msg_control = control.bytes,
                                   .msg_controllen = sizeof(control.bytes)};
    int ends[2];
    int fds[VB_SYS_FDS_MAX];
    size_t count = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    control.head.cmsg_level = SOL_SOCKET;
    control.head.cmsg_type = SCM_RIGHTS;
    control.head.cmsg_len = CMSG_LEN(SENT * sizeof(int));
    for (int i = 0; i < SENT; i++)
        memcpy(CMSG_DATA(&control.head) + (size_t)i * sizeof(int), &ends[0], sizeof(int));
    const unsigned before = count_fds();
    assert_int_equal(sendmsg(ends[0], &message, 0), 1);
    assert_int_equal(vb_sys_recv_fds(ends[1], &byte, 1, fds, &count), 1);
    assert_int_equal(count, VB_SYS_FDS_MAX);
    assert_int_equal(count_fds(), before + VB_SYS_FDS_MAX);
    for (size_t i = 0; i < count; i++)
        vb_close_fd(&fds[i]);
    close(ends[0]);
    close(ends[1]);
}

static void test_nothing_left(void **state)
{
    (void)state;
    const unsigned before = count_fds();
    struct vb_error err = {0};
    struct catcher caught;
    bool died = false;
    for (int i = 0; i < 5; i++) {
        struct vb_zygote *zygote = zygote_of();
        int dirfd = -1;
        assert_int_equal(vb_zygote_workspace(zygote, 1 << 20, 100, &dirfd, &err), VB_OK);
        const struct work work = {.fd = dirfd, .constant = "", .own = "file"};
        assert_int_equal(run(zygote, i % 2 == 0 ? die : write_and_tell, &work, &caught, &died),
                         VB_OK);
        vb_close_fd(&dirfd);
        vb_zygote_free(zygote);
    }
    assert_int_equal(count_fds(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* --- a zygote that is a program --- */

static struct vb_zygote_program program_of(const char *path)
{
    return (struct vb_zygote_program){
        path, {.name = "program", .ctx_bytes = sizeof(struct program_work)}};
}

static void test_program_has_nothing_of_ours(void **state)
{
    (void)state;
    static const char secret[] = "what the coordinator knows";
    const struct vb_zygote_program program = program_of(VB_BINARY_DIR "/tests/zygote_program");
    const unsigned before = count_fds();
    struct vb_zygote *zygote = NULL;
    struct vb_error err = {0};
    assert_int_equal(vb_zygote_execute(&program, &zygote, &err), VB_OK);
    for (int i = 0; i < 10; i++) {
        struct catcher caught = {.sink.emit = catch_event};
        bool died = true;
        struct program_work work = {.fd = -1, .address = (uint64_t)(uintptr_t)secret};
        assert_int_equal(vb_zygote_workspace(zygote, 1 << 20, 100, &work.fd, &err), VB_OK);
        const struct vb_child child = {.role = VB_ROLE_UNPACK,
                                       .name = "program",
                                       .zygote = zygote,
                                       .run = die, /* not there */
                                       .ctx = &work,
                                       .ctx_bytes = sizeof(work),
                                       .fds = &work.fd,
                                       .fd_count = 1,
                                       .timeout_ms = 10000,
                                       .memory_bytes = 512U << 20};
        assert_int_equal(vb_child_run(&child, vb_monotonic_ns(), &caught.sink, &died, &err), VB_OK);
        assert_false(died);
        /* standard input and output, the folder, its pipes for frames and the report */
        assert_string_equal(caught.what, "written, 6 descriptors, sees no memory, pid 1");
        vb_close_fd(&work.fd);
    }
    vb_zygote_free(zygote);
    assert_int_equal(count_fds(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_program_that_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        size_t ctx_bytes;
        int status;
    } rows[] = {
        {VB_BINARY_DIR "/tests/no such program", sizeof(struct program_work), VB_E_CONFIG},
        {VB_SOURCE_DIR "/README.md", sizeof(struct program_work), VB_E_CONFIG},
        {VB_BINARY_DIR "/tests/zygote_program", sizeof(struct program_work) + 8, VB_E_CONFIG},
        {"/bin/true", sizeof(struct program_work), VB_E_OS}, /* ends without a word */
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_zygote_program program = program_of(rows[i].path);
        struct vb_zygote *zygote = NULL;
        struct vb_error err = {0};
        program.work.ctx_bytes = rows[i].ctx_bytes;
        assert_int_equal(vb_zygote_execute(&program, &zygote, &err), rows[i].status);
        assert_null(zygote);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    }
}

int main(void)
{
    struct vb_error err = {0};
    struct vb_zygote *zygote = NULL;
    if (vb_zygote_new(&zygote, &err) == VB_E_UNAVAILABLE) {
        printf("skipped: %s\n", err.message);
        return 77;
    }
    vb_zygote_free(zygote);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_children_get_their_work),
        cmocka_unit_test(test_workspace),
        cmocka_unit_test(test_a_death_is_its_own),
        cmocka_unit_test(test_zygote_gone),
        cmocka_unit_test(test_dies_with_its_owner),
        cmocka_unit_test(test_nothing_left),
        cmocka_unit_test(test_zygote_stopped),
        cmocka_unit_test(test_descriptors_without_room),
        cmocka_unit_test(test_descriptors_that_do_not_arrive),
        cmocka_unit_test(test_more_descriptors_than_taken),
        cmocka_unit_test(test_program_has_nothing_of_ours),
        cmocka_unit_test(test_program_that_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
