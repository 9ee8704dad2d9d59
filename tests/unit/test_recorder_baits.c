/* The recorder and its baits: whichever way leads to one, and whatever leaves with it. */
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
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder_harness.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_baits),
        WITH_FOLDER(test_baits_by_detours),
        WITH_FOLDER(test_baits_in_disguise),
        WITH_FOLDER(test_listed_baits),
        WITH_FOLDER(test_baits_from_a_nameless_folder),
        WITH_FOLDER(test_a_way_too_long_is_refused),
    };
    if (!recorder_available())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
