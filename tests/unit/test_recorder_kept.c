/* The recorder: what it keeps of a run, scripts that came through a pipe and files that were
 * written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recorder_harness.h"

/* --- scripts through a pipe --- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_piped_script), WITH_FOLDER(test_no_script), WITH_FOLDER(test_many_scripts),
        WITH_FOLDER(test_snapshots),    WITH_FOLDER(test_leases),    cmocka_unit_test(test_fcntl),
    };
    if (!recorder_available())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
