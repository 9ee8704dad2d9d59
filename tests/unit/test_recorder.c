/* The recorder against a live kernel: a child runs under the real filter and does things; the test
 * holds the events and what the child was answered. Here files, probes and whole programs; each
 * other subject has a file of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recorder_harness.h"
#include "sandbox/box/witness.h"
#include "sandbox/recorder/call.h"

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

/* --- real programs --- */

static int do_program(void *arg)
{
    char *const argv[] = {(char *)"/bin/sh", (char *)"-c", arg, NULL};
    execv("/bin/sh", argv);
    return 1;
}

/* --- names right in the root --- */

static bool root_changed(void *ctx)
{
    return vb_witness_root_changed(ctx);
}

/* What the recorder finds behind PATH in the root TOPS is of. */
static struct vb_found found_in(struct vb_tops *tops, int root_fd, const char *path)
{
    struct vb_process process = {.tid = getpid()};
    struct vb_found found;
    const struct vb_name name = {.root_fd = root_fd,
                                 .process = &process,
                                 .dirfd = AT_FDCWD,
                                 .text = path,
                                 .path = path,
                                 .follow = true,
                                 .tops = tops};
    assert_int_equal(vb_path_find(&name, &found), 0);
    return found;
}

static ino_t make_file(int root_fd, const char *folder, const char *path)
{
    struct stat st;
    assert_int_equal(mkdirat(root_fd, folder, 0700), 0);
    const int fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    close(fd);
    return st.st_ino;
}

/* What is remembered of the root is forgotten when a name there changes. */
static void test_names_in_the_root(void **state)
{
    (void)state;
    struct vb_error err;
    struct vb_witness *witness;
    struct vb_bait_set *baits = make_baits();
    assert_int_equal(vb_witness_new(baits, &witness, &err), VB_OK);
    const struct vb_recorder_options options = {.root_changed = root_changed, .ctx = witness};
    struct vb_tops tops;
    vb_tops_init(&tops, &options);
    const int root = open(test_folder(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    tops.watched = vb_witness_watch_root(witness, root);
    assert_true(tops.watched && !vb_witness_root_changed(witness));
    assert_int_equal(mkdirat(root, "usr", 0700), 0);
    assert_int_equal(symlinkat("usr/lib", root, "lib"), 0);
    make_file(root, "usr/lib", "usr/lib/x");
    const ino_t first = make_file(root, "etc", "etc/x");
    for (int i = 0; i < 2; i++) {
        assert_string_equal(found_in(&tops, root, "/lib/x").path, "/usr/lib/x");
        assert_int_equal(found_in(&tops, root, "/etc/x").inode, first);
        assert_true(found_in(&tops, root, "/etc/y").missing);
    }
    assert_int_equal(tops.merged[0], VB_TOP_MERGED);
    assert_string_equal(tops.folders[0].name, "/etc");
    assert_int_equal(renameat(root, "etc", root, "old"), 0);
    assert_true(found_in(&tops, root, "/etc/x").missing);
    const ino_t second = make_file(root, "etc", "etc/x");
    assert_int_equal(found_in(&tops, root, "/etc/x").inode, second);
    assert_int_equal(unlinkat(root, "lib", 0), 0);
    assert_int_equal(symlinkat("etc", root, "lib"), 0);
    assert_int_equal(found_in(&tops, root, "/lib/x").inode, second);
    close(root);
    vb_tops_done(&tops);
    vb_witness_free(witness);
    vb_bait_set_free(baits);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_opens),
        WITH_FOLDER(test_changes),
        WITH_FOLDER(test_in_vain),
        cmocka_unit_test(test_silence),
        WITH_FOLDER(test_climbing_names),
        cmocka_unit_test(test_written_code),
        WITH_FOLDER(test_more_rows),
        WITH_FOLDER(test_probes),
        cmocka_unit_test(test_probes_have_their_own_share),
        WITH_FOLDER(test_names_in_the_root),
        cmocka_unit_test(test_real_programs),
    };
    if (!recorder_available())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
