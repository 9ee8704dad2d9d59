/* The recorder against a live kernel: a child runs under the real filter and does things; the test
 * holds the events and what the child was answered. Here files, processes, the network and whole
 * programs; test_recorder_hostile.c has what means harm. */
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

/* --- files --- */

static int do_opens(void *arg)
{
    (void)arg;
    if (chdir(test_folder()) || mkdir("sub", 0750))
        return 1;
    int dir = open(".", O_RDONLY | O_DIRECTORY);
    int fd = openat(dir, "sub/../sub/./new", O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0640);
    struct open_how how = {.flags = O_RDWR};
    long second = raw(SYS_openat2, dir, (long)"sub/new", (long)&how, sizeof(how));
    long third = raw(SYS_creat, (long)"made", 0600, 0, 0);
    long fourth = raw(SYS_open, (long)"/nonexistent//x/.././y", O_RDONLY, 0, 0);
    long fifth = raw(SYS_openat, AT_FDCWD, (long)test_folder(), O_TMPFILE | O_RDWR, 0600);
    (void)fifth; /* not every file system has it */
    return fd >= 0 && second >= 0 && third >= 0 && fourth == -ENOENT ? 0 : 2;
}

static void test_opens(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_opens, NULL);
    assert_int_equal(r.exit_status, 0);
    const struct vb_event *e = must_find(&r, VB_EV_FILE_OPEN, VB_F_PATH, in_folder("sub/new"));
    assert_string_equal(list_text(e, VB_F_FLAGS), "write create append exclusive");
    assert_int_equal(vb_event_get_int(e, VB_F_MODE, -1), 0640);
    assert_int_equal(e->detonation, 7);
    assert_int_equal(e->source, VB_SOURCE_SYSCALL);
    char self[512];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[n] = '\0';
    assert_field(e, VB_F_EXECUTABLE, self);
    e = find_event(&r, VB_EV_FILE_OPEN, VB_F_PATH, in_folder("sub/new"), 1);
    assert_string_equal(list_text(e, VB_F_FLAGS), "read write");
    e = must_find(&r, VB_EV_FILE_OPEN, VB_F_PATH, in_folder("made"));
    assert_string_equal(list_text(e, VB_F_FLAGS), "write create truncate");
    assert_null(vb_event_get(e, VB_F_MISSING)); /* it makes the file */
    e = must_find(&r, VB_EV_FILE_OPEN, VB_F_PATH, "/nonexistent/y");
    assert_non_null(vb_event_get(e, VB_F_MISSING));
    assert_string_equal(list_text(e, VB_F_FLAGS), "read");
    e = find_event(&r, VB_EV_FILE_OPEN, VB_F_PATH, test_folder(), 1);
    assert_string_equal(list_text(e, VB_F_FLAGS), "read write temporary");
    e = must_find(&r, VB_EV_FILE_MKDIR, VB_F_PATH, in_folder("sub"));
    assert_int_equal(vb_event_get_int(e, VB_F_MODE, -1), 0750);
    recording_done(&r);
}

static int do_changes(void *arg)
{
    (void)arg;
    if (chdir(test_folder()))
        return 1;
    int dir = open("/", O_RDONLY | O_DIRECTORY);
    char from_root[128];
    snprintf(from_root, sizeof(from_root), "%s/two", test_folder() + 1);
    int fd = open("one", O_RDWR | O_CREAT, 0600);
    bool ok = fd >= 0 && rename("one", in_folder("two")) == 0 && link("two", "hard") == 0 &&
              symlink("../anywhere", "soft") == 0 && chmod("two", 0711) == 0 &&
              fchmod(fd, 04755) == 0 && fchmodat(dir, from_root, 0600, 0) == 0 &&
              truncate("two", 5) == 0 && lchown("two", (uid_t)-1, getgid()) == 0 &&
              utimensat(AT_FDCWD, "two", NULL, 0) == 0 && futimens(fd, NULL) == 0 &&
              mkfifo("pipe", 0600) == 0 && unlink("hard") == 0 &&
              unlinkat(dir, from_root, 0) == 0 && mkdir("gone", 0700) == 0 && rmdir("gone") == 0;
    return ok ? 0 : 2;
}

static void test_changes(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_changes, NULL);
    assert_int_equal(r.exit_status, 0);
    const struct vb_event *e = must_find(&r, VB_EV_FILE_RENAME, VB_F_PATH, in_folder("one"));
    assert_field(e, VB_F_TARGET, in_folder("two"));
    e = must_find(&r, VB_EV_FILE_LINK, VB_F_PATH, in_folder("hard"));
    assert_field(e, VB_F_TARGET, in_folder("two"));
    assert_field(e, VB_F_FORM, "hard");
    e = must_find(&r, VB_EV_FILE_LINK, VB_F_PATH, in_folder("soft"));
    assert_field(e, VB_F_TARGET, "../anywhere");
    assert_field(e, VB_F_FORM, "symbolic");
    assert_int_equal(count_events(&r, VB_EV_FILE_ATTRIBUTE, VB_F_PATH, in_folder("two")), 7);
    assert_int_equal(count_events(&r, VB_EV_FILE_ATTRIBUTE, VB_F_ACTION, "chmod"), 3);
    e = find_event(&r, VB_EV_FILE_ATTRIBUTE, VB_F_ACTION, "chmod", 1);
    assert_int_equal(vb_event_get_int(e, VB_F_MODE, -1), 04755);
    assert_field(must_find(&r, VB_EV_FILE_ATTRIBUTE, VB_F_ACTION, "truncate"), VB_F_VALUE, "5");
    assert_int_equal(count_events(&r, VB_EV_FILE_ATTRIBUTE, VB_F_ACTION, "utime"), 2);
    must_find(&r, VB_EV_FILE_MKDIR, VB_F_PATH, in_folder("pipe"));
    must_find(&r, VB_EV_FILE_DELETE, VB_F_PATH, in_folder("hard"));
    must_find(&r, VB_EV_FILE_DELETE, VB_F_PATH, in_folder("two"));
    assert_null(
        vb_event_get(must_find(&r, VB_EV_FILE_DELETE, VB_F_PATH, in_folder("gone")), VB_F_MISSING));
    recording_done(&r);
}

static int do_in_vain(void *arg)
{
    (void)arg;
    struct stat st;
    if (chdir(test_folder()) || symlink("nowhere", "dangling"))
        return 1;
    return unlink("a") == 0 || rename("b", "c") == 0 || chmod("d/e", 0600) == 0 ||
           open("dangling", O_RDONLY) >= 0 || open("/proc/self/nothing", O_RDONLY) >= 0 ||
           raw(SYS_execve, (long)"f", 0, 0, 0) != -ENOENT || stat("dangling", &st) == 0;
}

/* What was not there is an attempt, and says so. */
static void test_in_vain(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_in_vain, NULL);
    assert_int_equal(r.exit_status, 0);
    size_t missing = 0;
    for (size_t i = 0; i < r.count; i++)
        missing += vb_event_get(&r.events[i], VB_F_MISSING) != NULL;
    if (missing != 6)
        recording_print(&r);
    assert_int_equal(missing, 6);
    recording_done(&r);
}

static int do_silently(void *arg)
{
    (void)arg;
    struct stat st;
    for (int i = 0; i < 100; i++)
        if (fstat(0, &st) || fstatat(0, "", &st, AT_EMPTY_PATH) || getppid() < 0)
            return 1;
    return 0;
}

static void test_silence(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_silently, NULL);
    assert_int_equal(r.exit_status, 0);
    assert_int_equal(r.count, 1); /* its end */
    assert_int_equal(r.events[0].kind, VB_EV_PROCESS_EXIT);
    recording_done(&r);
}

/* --- scripts through a pipe --- */

static int do_shell(void *arg)
{
    if (test_folder()[0] && chdir(test_folder())) /* where the test has one */
        return 126;
    execl("/usr/bin/bash", "bash", "-c", (const char *)arg, (char *)NULL);
    return 127;
}

#define SHELL(r, script)                               \
    struct recording r;                                \
    run(&r, do_shell, (void *)(uintptr_t)("" script)); \
    if (r.exit_status)                                 \
    fail_msg("%s: status %d", script, r.exit_status)

/* What a shell was fed is known, and everybody sees the pipe as he would without us: the script's
 * own reads, the end of the file, the writer's SIGPIPE, the exit status. */
static void test_piped_script(void **state)
{
    (void)state;
    SHELL(r, "x=$({ echo 'read line; echo got $line'; sleep 0.1; echo rest; } | sh -s arg);"
             "test \"$x\" = 'got rest'");
    const struct vb_event *e =
        must_find(&r, VB_EV_PROCESS_SCRIPT, VB_F_TEXT, "read line; echo got $line\nrest\n");
    assert_int_equal(vb_event_get_int(e, VB_F_SIZE, 0), 31);
    assert_field(e, VB_F_SHA256,
                 "b2e58cd7e4fb1c20d9c61fa87b2e7ad430b2dfacb2be1575f8f056361275669f");
    assert_field(e, VB_F_EXECUTABLE, "/usr/bin/sh");
    recording_done(&r);
    SHELL(pipe, "yes 'exit 4' | bash; test \"${PIPESTATUS[*]}\" = '141 4'");
    must_find(&pipe, VB_EV_PROCESS_SCRIPT, VB_F_EXECUTABLE, NULL);
    recording_done(&pipe);
    SHELL(late, "yes : | head -c 400000 | { sleep 0.1; bash; }");
    e = must_find(&late, VB_EV_PROCESS_SCRIPT, VB_F_EXECUTABLE, NULL);
    assert_int_equal(vb_event_get_int(e, VB_F_SIZE, 0), 400000);
    assert_int_equal(vb_event_get_str(e, VB_F_TEXT).len, 64 * 1024);
    assert_non_null(vb_event_get(e, VB_F_TRUNCATED));
    recording_done(&late);
}

/* Nothing is put between where no script is read. */
static void test_no_script(void **state)
{
    (void)state;
    SHELL(r, "echo data | bash -c 'cat >/dev/null'; bash </dev/null; echo x | cat >/dev/null;"
             "echo exit 9 >file; bash -c : <file; rm file");
    assert_int_equal(count_events(&r, VB_EV_PROCESS_SCRIPT, VB_F_TEXT, NULL), 0);
    recording_done(&r);
}

/* A ninth at once is not recorded, works all the same, and is counted. */
static void test_many_scripts(void **state)
{
    (void)state;
    SHELL(r, "mkfifo p; exec 3<>p; for i in 1 2 3 4 5 6 7 8 9 10; do"
             " { echo 'read x <&3'; sleep 1; } | bash & done; sleep 0.6;"
             "for i in 1 2 3 4 5 6 7 8 9 10; do echo go >&3; done; wait; rm p");
    assert_int_equal(count_events(&r, VB_EV_PROCESS_SCRIPT, VB_F_TEXT, "read x <&3\n"), 8);
    assert_int_equal(
        vb_event_get_int(must_find(&r, VB_EV_COVERAGE, VB_F_WHAT, "piped scripts"), VB_F_COUNT, 0),
        2);
    recording_done(&r);
}

/* --- what was written, run and deleted --- */

static void assert_kept(const struct recording *r, int folder, const char *name, const char *reason,
                        const char *bytes)
{
    char hex[VB_SHA256_HEX], text[64] = "";
    struct vb_error err;
    assert_int_equal(vb_sha256_hex(bytes, strlen(bytes), hex, &err), 0);
    const struct vb_event *e = must_find(r, VB_EV_FILE_SNAPSHOT, VB_F_SHA256, hex);
    assert_field(e, VB_F_PATH, in_folder(name));
    assert_field(e, VB_F_REASON, reason);
    int fd = openat(folder, hex, O_RDONLY);
    assert_true(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
    close(fd);
    assert_string_equal(text, bytes);
}

static void test_snapshots(void **state)
{
    (void)state;
    struct recording r;
    recording_init(&r);
    assert_int_equal(mkdir(in_folder("keep"), 0700), 0);
    FILE *old = fopen(in_folder("old"), "w");
    assert_true(old && fputs("not the box's", old) >= 0 && fclose(old) == 0);
    usleep(20000); /* the clock of file times ticks */
    const struct subject subject = {
        .run = do_shell,
        .arg = (void *)(uintptr_t) "printf '#!/bin/sh\n:' >run; chmod +x run; ./run; ./run; "
                                   "printf 'a=1' >lib; bash lib; rm run lib; "
                                   "printf 1st >x; printf 2nd >y; mv y x; rm x; "
                                   "mkfifo p; rm p; rm old",
        .keep_fd = open(in_folder("keep"), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    record(&subject, &r);
    assert_int_equal(r.exit_status, 0);
    assert_kept(&r, subject.keep_fd, "run", "execute", "#!/bin/sh\n:");
    assert_kept(&r, subject.keep_fd, "lib", "execute", "a=1");
    assert_kept(&r, subject.keep_fd, "x", "replace", "1st");
    assert_kept(&r, subject.keep_fd, "x", "delete", "2nd");
    assert_int_equal(count_events(&r, VB_EV_FILE_SNAPSHOT, VB_F_PATH, NULL), 4);
    close(subject.keep_fd);
    recording_done(&r);
}

/* A lease on what it wrote would keep everybody else from opening it until long after it is gone.
 */
static int do_lease(void *arg)
{
    (void)arg;
    const int fd = open(in_folder("leased"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, "my bytes", 8) != 8)
        return 1;
    (void)signal(SIGIO, SIG_IGN); /* how a holder hears of who comes */
    if (raw(SYS_fcntl, fd, F_SETLEASE, F_WRLCK, 0) != -EINVAL || fcntl(fd, F_GETLEASE) != F_UNLCK ||
        raw(SYS_fcntl, fd, F_SETLEASE + 16, F_WRLCK, 0) != -EINVAL)
        return 2;
    return unlink(in_folder("leased"));
}

static void test_leases(void **state)
{
    (void)state;
    struct recording r;
    recording_init(&r);
    assert_int_equal(mkdir(in_folder("keep"), 0700), 0);
    const struct subject subject = {
        .run = do_lease, .keep_fd = open(in_folder("keep"), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    record(&subject, &r);
    assert_kept(&r, subject.keep_fd, "leased", "delete", "my bytes");
    assert_int_equal(r.exit_status, 0);
    assert_int_equal(count_events(&r, VB_EV_KERNEL_DENIED, VB_F_SYSCALL, "fcntl"), 2);
    close(subject.keep_fd);
    recording_done(&r);
}

/* Every other command of fcntl is nobody's business. */
static int do_fcntl(void *arg)
{
    (void)arg;
    const int fd = memfd_create("x", MFD_ALLOW_SEALING);
    int pipe_ends[2];
    struct flock lock = {.l_type = F_WRLCK};
    return pipe(pipe_ends) || fcntl(fd, F_DUPFD, 10) < 10 || fcntl(fd, F_GETFD) != 0 ||
           fcntl(fd, F_SETFL, O_APPEND) || fcntl(fd, F_SETLK, &lock) ||
           fcntl(fd, F_OFD_GETLK, &lock) || fcntl(fd, F_SETOWN, getpid()) ||
           fcntl(fd, F_SETSIG, 0) || fcntl(fd, F_GETLEASE) < 0 ||
           fcntl(fd, F_DUPFD_CLOEXEC, 10) < 10 || fcntl(pipe_ends[0], F_SETPIPE_SZ, 4096) < 0 ||
           fcntl(pipe_ends[0], F_GETPIPE_SZ) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) ||
           fcntl(fd, F_GET_SEALS) < 0;
}

static void test_fcntl(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_fcntl, NULL);
    assert_int_equal(r.exit_status, 0);
    assert_int_equal(count_events(&r, VB_EV_KERNEL_DENIED, VB_F_NONE, NULL), 0);
    recording_done(&r);
}

/* --- names behind links --- */

static int do_climb(void *arg)
{
    (void)arg;
    char name[600];
    if (mkdir(in_folder("deep"), 0700) || mkdir(in_folder("deep/er"), 0700) ||
        symlink(in_folder("deep/er"), in_folder("L")) || mkdir(in_folder("deep/x"), 0700))
        return 1;
    snprintf(name, sizeof(name), "%s/L/../x", test_folder());
    if (chmod(name, 0755) || rename(name, in_folder("L/../y")) || rmdir(in_folder("L/../y")))
        return 2;
    return raw(SYS_execve, (long)in_folder("L/../no-program"), 0, 0, 0) != -ENOENT;
}

/* The name that counts is that of what is really changed, not what normalising makes of it. */
static void test_climbing_names(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_climb, NULL);
    assert_int_equal(r.exit_status, 0);
    must_find(&r, VB_EV_FILE_ATTRIBUTE, VB_F_PATH, in_folder("deep/x"));
    assert_field(must_find(&r, VB_EV_FILE_RENAME, VB_F_PATH, in_folder("deep/x")), VB_F_TARGET,
                 in_folder("deep/y"));
    must_find(&r, VB_EV_FILE_DELETE, VB_F_PATH, in_folder("deep/y"));
    assert_field(must_find(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, in_folder("no-program")), VB_F_TARGET,
                 in_folder("deep/no-program"));
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

/* --- the rest of the table --- */

static int do_code(void *arg)
{
    (void)arg;
    const int prot = PROT_READ | PROT_WRITE;
    for (int i = 0; i < 5; i++) {
        char *page = mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED)
            return 1;
        page[0] = (char)0xc3;
        if (mprotect(page, 4096, PROT_READ | PROT_EXEC))
            return 2;
    }
    return 0;
}

static void test_written_code(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_code, NULL);
    assert_int_equal(count_events(&r, VB_EV_KERNEL_CALL, VB_F_SYSCALL, "mprotect"), 2);
    assert_int_equal(vb_event_get_int(must_find(&r, VB_EV_KERNEL_CALL, VB_F_DETAIL,
                                                "so often memory that can be executed was written"),
                                      VB_F_COUNT, 0),
                     5);
    recording_done(&r);
}

static int do_serve(void *arg)
{
    (void)arg;
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) || listen(fd, 1))
        return 1;
    if (accept(fd, NULL, NULL) >= 0 || accept4(fd, NULL, NULL, 0) >= 0)
        return 2;
    shutdown(fd, SHUT_RDWR);
    setsid();
    int file = open(in_folder("f"), O_CREAT | O_WRONLY, 0600);
    return file < 0 || ftruncate(file, 7);
}

static void test_more_rows(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_serve, NULL);
    assert_int_equal(r.exit_status, 0);
    assert_int_equal(count_events(&r, VB_EV_NET_ACCEPT, VB_F_ADDRESS, "127.0.0.1"), 2);
    must_find(&r, VB_EV_KERNEL_CALL, VB_F_SYSCALL, "shutdown");
    must_find(&r, VB_EV_KERNEL_CALL, VB_F_SYSCALL, "setsid");
    const struct vb_event *e = must_find(&r, VB_EV_FILE_ATTRIBUTE, VB_F_PATH, in_folder("f"));
    assert_field(e, VB_F_ACTION, "truncate");
    assert_field(e, VB_F_VALUE, "7");
    recording_done(&r);
}

/* --- probes --- */

static int do_probes(void *arg)
{
    struct stat st;
    char text[64];
    (void)arg;
    for (int i = 0; i < 100; i++) /* the same again: once */
        if (stat("/etc", &st))
            return 1;
    if (access(in_folder("missing"), R_OK) == 0 || readlink("/proc/self/exe", text, 1) != 1)
        return 2;
    if (raw(SYS_statx, AT_FDCWD, (long)"/usr/../etc", 0, 0) != -EFAULT)
        return 3;
    if (raw(SYS_newfstatat, AT_FDCWD, 1, 0, 0) != -EFAULT) /* no name: nothing to tell */
        return 4;
    return chdir(test_folder()) || stat("relative", &st) == 0;
}

static void test_probes(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_probes, NULL);
    assert_int_equal(r.exit_status, 0);
    assert_int_equal(count_events(&r, VB_EV_FILE_PROBE, VB_F_PATH, NULL), 5);
    assert_int_equal(count_events(&r, VB_EV_FILE_PROBE, VB_F_PATH, "/etc"), 2);
    assert_field(must_find(&r, VB_EV_FILE_PROBE, VB_F_PATH, "/etc"), VB_F_ACTION, "stat");
    assert_field(must_find(&r, VB_EV_FILE_PROBE, VB_F_PATH, in_folder("missing")), VB_F_ACTION,
                 "access");
    assert_field(must_find(&r, VB_EV_FILE_PROBE, VB_F_PATH, "/proc/self/exe"), VB_F_ACTION,
                 "readlink");
    must_find(&r, VB_EV_FILE_PROBE, VB_F_PATH, in_folder("relative"));
    assert_null(find_event(&r, VB_EV_PROCESS_OPAQUE, VB_F_PATH, NULL, 0));
    recording_done(&r);
}

static int do_probe_flood(void *arg)
{
    char name[32];
    struct stat st;
    (void)arg;
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "/nowhere/%d", i);
        if (stat(name, &st) == 0 || open("/nowhere", O_RDONLY) >= 0)
            return 1;
    }
    return 0;
}

/* What asks about names cannot push out what opens them, and what is not kept is counted. */
static void test_probes_have_their_own_share(void **state)
{
    (void)state;
    struct recording r;
    recording_init(&r);
    const struct subject subject = {.run = do_probe_flood, .max_events = 240};
    record(&subject, &r);
    assert_int_equal(r.exit_status, 0);
    assert_int_equal(count_events(&r, VB_EV_FILE_PROBE, VB_F_PATH, NULL), 240 / 8);
    assert_int_equal(count_events(&r, VB_EV_FILE_OPEN, VB_F_PATH, "/nowhere"), 200);
    assert_int_equal(r.dropped, 0);
    assert_int_equal(
        vb_event_get_int(must_find(&r, VB_EV_COVERAGE, VB_F_WHAT, "probes"), VB_F_COUNT, 0),
        200 - 240 / 8);
    recording_done(&r);
}

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
    assert_int_equal(vb_event_get_int(fork_event, VB_F_PID, 0), vb_event_get_int(e, VB_F_PID, -1));
    assert_int_equal(count_events(&r, VB_EV_PROCESS_EXIT, VB_F_NONE, NULL), 2);
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

/* --- network --- */

static int do_network(void *arg)
{
    (void)arg;
    int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int tcp6 = socket(AF_INET6, SOCK_STREAM, 0);
    int local = socket(AF_UNIX, SOCK_STREAM, 0);
    if (tcp < 0 || local < 0)
        return 1;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(9)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)connect(tcp, (struct sockaddr *)&a, sizeof(a));
    struct sockaddr_in6 b = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
    b.sin6_addr = in6addr_loopback;
    (void)connect(tcp6, (struct sockaddr *)&b, sizeof(b));
    struct sockaddr_un c = {.sun_family = AF_UNIX, .sun_path = "/nonexistent/socket"};
    (void)connect(local, (struct sockaddr *)&c, sizeof(c));
    struct sockaddr_un d = {.sun_family = AF_UNIX, .sun_path = "\0hidden"};
    (void)connect(local, (struct sockaddr *)&d, offsetof(struct sockaddr_un, sun_path) + 7);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    a.sin_port = 0;
    if (bind(server, (struct sockaddr *)&a, sizeof(a)) || listen(server, 1))
        return 2;
    if (socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != EAFNOSUPPORT)
        return 3;
    return socket(AF_NETLINK, SOCK_RAW, 0) >= 0 ? 0 : 4;
}

static void test_network(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_network, NULL);
    assert_int_equal(r.exit_status, 0);
    const struct vb_event *e = must_find(&r, VB_EV_NET_SOCKET, VB_F_FAMILY, "inet");
    assert_field(e, VB_F_PROTOCOL, "tcp");
    assert_int_equal(count_events(&r, VB_EV_NET_SOCKET, VB_F_FAMILY, "unix"), 0);
    assert_int_equal(count_events(&r, VB_EV_NET_SOCKET, VB_F_FAMILY, "netlink"), 0);
    e = must_find(&r, VB_EV_NET_CONNECT, VB_F_ADDRESS, "127.0.0.1");
    assert_int_equal(vb_event_get_int(e, VB_F_PORT, 0), 9);
    assert_field(e, VB_F_FAMILY, "inet");
    assert_field(must_find(&r, VB_EV_NET_CONNECT, VB_F_ADDRESS, "::1"), VB_F_FAMILY, "inet6");
    assert_field(must_find(&r, VB_EV_NET_CONNECT, VB_F_ADDRESS, "/nonexistent/socket"), VB_F_FAMILY,
                 "unix");
    must_find(&r, VB_EV_NET_CONNECT, VB_F_ADDRESS, "@hidden");
    assert_int_equal(count_events(&r, VB_EV_NET_BIND, VB_F_ADDRESS, "127.0.0.1"), 2);
    /* listen tells the port that bind left to the kernel */
    e = find_event(&r, VB_EV_NET_BIND, VB_F_ADDRESS, "127.0.0.1", 1);
    assert_true(vb_event_get_int(e, VB_F_PORT, 0) > 0);
    e = must_find(&r, VB_EV_KERNEL_DENIED, VB_F_SYSCALL, "socket");
    assert_field(e, VB_F_ERRNO, "EAFNOSUPPORT");
    recording_done(&r);
}

static const char query_a[] =
    "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\4exfl\7example\3com\0\0\1\0\1";
static const char query_txt[] =
    "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\3txt\7example\3com\0\0\x10\0\1";

static int do_dns(void *arg)
{
    (void)arg;
    int udp = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(53)};
    a.sin_addr.s_addr = htonl(0x7f000035); /* 127.0.0.53 */
    (void)sendto(udp, query_a, sizeof(query_a) - 1, 0, (struct sockaddr *)&a, sizeof(a));
    /* As the C library does it: connected, both questions in one call. */
    if (connect(udp, (struct sockaddr *)&a, sizeof(a)))
        return 1;
    struct iovec iov[3] = {{(char *)query_a, sizeof(query_a) - 1},
                           {(char *)query_txt, 20},
                           {(char *)query_txt + 20, sizeof(query_txt) - 1 - 20}};
    struct mmsghdr m[2] = {{.msg_hdr = {.msg_iov = iov, .msg_iovlen = 1}},
                           {.msg_hdr = {.msg_iov = iov + 1, .msg_iovlen = 2}}};
    (void)sendmmsg(udp, m, 2, MSG_NOSIGNAL);
    (void)send(udp, query_txt, sizeof(query_txt) - 1, MSG_NOSIGNAL);
    a.sin_port = htons(54);
    (void)sendto(udp, query_a, sizeof(query_a) - 1, 0, (struct sockaddr *)&a, sizeof(a));
    return 0;
}

static void test_dns(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_dns, NULL);
    assert_int_equal(r.exit_status, 0);
    assert_int_equal(count_events(&r, VB_EV_NET_NAME, VB_F_NAME, "exfl.example.com"), 2);
    assert_int_equal(count_events(&r, VB_EV_NET_NAME, VB_F_NAME, "txt.example.com"), 2);
    assert_field(must_find(&r, VB_EV_NET_NAME, VB_F_NAME, "txt.example.com"), VB_F_WHAT, "TXT");
    assert_int_equal(count_events(&r, VB_EV_NET_SEND, VB_F_ADDRESS, "127.0.0.53"), 5);
    const struct vb_event *e = must_find(&r, VB_EV_NET_SEND, VB_F_ADDRESS, "127.0.0.53");
    assert_int_equal(vb_event_get_int(e, VB_F_SIZE, 0), sizeof(query_a) - 1);
    recording_done(&r);
}

/* --- real programs --- */

static int do_program(void *arg)
{
    char *const argv[] = {(char *)"/bin/sh", (char *)"-c", arg, NULL};
    execv("/bin/sh", argv);
    return 1;
}

static void test_real_programs(void **state)
{
    (void)state;
    static const struct {
        const char *needs;
        const char *command;
    } programs[] = {
        {"/bin/bash", "bash -c 'for i in 1 2 3; do echo $i | cat; done | wc -l'"},
        {"/usr/bin/python3", "python3 -c 'import threading,subprocess,ssl,json,asyncio,tempfile\n"
                             "t=threading.Thread(target=print);t.start();t.join()\n"
                             "subprocess.run([\"true\"],check=True)\n"
                             "async def f(): await asyncio.sleep(0.01)\n"
                             "asyncio.run(f())\n"
                             "tempfile.TemporaryFile().close()'"},
        {"/usr/bin/node",
         "node -e 'require(\"child_process\").execSync(\"true\");"
         "require(\"fs\").promises.readdir(\"/\").then(()=>setTimeout(()=>process.exit(0),10))'"},
        {"/usr/bin/git", "git --version"},
        {"/usr/bin/curl", "curl -s -m 2 http://127.0.0.1:9/ ; test $? = 7"},
        {"/usr/bin/perl", "perl -e 'system(\"true\") == 0 or die; print `echo x`'"},
        {"/usr/bin/ruby", "ruby -e 'Thread.new { 1 }.join; system(\"true\") or exit 1'"},
        {"/bin/tar", "tar -cf /dev/null /etc/hostname"},
        {"/usr/bin/find", "find /etc/alternatives -name '*.x'"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(programs); i++) {
        if (access(programs[i].needs, X_OK))
            continue;
        char command[1024];
        snprintf(command, sizeof(command), "exec >/dev/null 2>&1; %s", programs[i].command);
        struct recording r;
        run(&r, do_program, command);
        if (r.exit_status) {
            recording_print(&r);
            fail_msg("%s ends with %d", programs[i].command, r.exit_status);
        }
        for (size_t n = 0; n < r.count; n++)
            if (r.events[n].kind == VB_EV_KERNEL_DENIED)
                print_message("%s: %.*s is refused\n", programs[i].needs,
                              (int)vb_event_get_str(&r.events[n], VB_F_SYSCALL).len,
                              vb_event_get_str(&r.events[n], VB_F_SYSCALL).text);
        recording_done(&r);
    }
}

/* --- */

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_opens),
        WITH_FOLDER(test_changes),
        WITH_FOLDER(test_in_vain),
        cmocka_unit_test(test_silence),
        WITH_FOLDER(test_piped_script),
        WITH_FOLDER(test_no_script),
        WITH_FOLDER(test_many_scripts),
        WITH_FOLDER(test_snapshots),
        WITH_FOLDER(test_leases),
        cmocka_unit_test(test_fcntl),
        cmocka_unit_test(test_memfd_snapshot),
        WITH_FOLDER(test_deleted_program),
        WITH_FOLDER(test_climbing_names),
        cmocka_unit_test(test_memfd_by_name),
        cmocka_unit_test(test_written_code),
        WITH_FOLDER(test_more_rows),
        WITH_FOLDER(test_probes),
        cmocka_unit_test(test_probes_have_their_own_share),
        WITH_FOLDER(test_exec),
        cmocka_unit_test(test_memfd_exec),
        cmocka_unit_test(test_vfork_exec),
        cmocka_unit_test(test_long_argument_vectors_are_cut),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_threads_lose_nothing),
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_dns),
        cmocka_unit_test(test_real_programs),
    };
    if (!recorder_available())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
