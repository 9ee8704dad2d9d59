/* The courier's walls, tried from inside by one that has been taken over: it has a network and the
 * three files that say where names are asked for, and nothing else. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/box/courier_child.h"

struct catcher {
    struct vb_sink sink; /* first */
    unsigned hosts, deaths, gaps;
    int64_t signal, count;
};

static int catch_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct catcher *catcher = (struct catcher *)(void *)sink;
    assert_int_equal(vb_event_check(event, err), VB_OK);
    catcher->hosts += event->kind == VB_EV_LIVE_HOST;
    catcher->deaths += event->kind == VB_EV_EXAMINER_DIED;
    catcher->gaps += event->kind == VB_EV_COVERAGE;
    if (event->kind == VB_EV_EXAMINER_DIED)
        catcher->signal = vb_event_get_int(event, VB_F_SIGNAL, 0);
    if (event->kind == VB_EV_LIVE_HOST)
        catcher->count = vb_event_get_int(event, VB_F_COUNT, -1);
    return VB_OK;
}

static int prepare(void *ctx, struct vb_error *err)
{
    (void)ctx;
    (void)err;
    return VB_OK;
}

static void await_mail(int fd, struct vb_courier_mail *mail)
{
    struct vb_error ignored;
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    while (poll(&ready, 1, -1) > 0 && vb_courier_receive(fd, mail, &ignored) == 0)
        continue;
}

/* Waits for a run, makes the attempt and says what came of it to who would be the world. */
static int serve(void *ctx, int control, struct vb_error *err)
{
    static struct vb_courier_mail mail = {.body = -1};
    struct vb_courier_account account = {.rows = {{.requests = 3}}};
    char text[256] = "";
    void (*attempt)(char *ret, size_t size) = *(void (**)(char *, size_t))ctx;
    await_mail(control, &mail);
    if (mail.message.word != VB_COURIER_RUN)
        return VB_OK;
    const int run = vb_steal_fd(&mail.body);
    attempt(text, sizeof(text));
    const struct vb_courier_message said = {
        .word = VB_COURIER_ANSWER, .count = 1, .strings = {text}};
    (void)!vb_courier_send(run, &said, -1, err);
    await_mail(control, &mail);
    (void)!send(control, &account, sizeof(account), MSG_NOSIGNAL);
    await_mail(control, &mail);
    return VB_OK;
}

struct outcome {
    char said[256];
    struct catcher caught;
};

static struct outcome try(void (*attempt)(char *ret, size_t size))
{
    static struct vb_courier_mail mail = {.body = -1};
    struct outcome outcome = {.caught.sink.emit = catch_event};
    struct vb_error err = {0};
    const struct vb_courier_work work = {.hosts = {.names = {"api.shop.example"}, .count = 1},
                                         .prepare = prepare,
                                         .serve = serve,
                                         .ctx = &attempt};
    struct vb_courier_child *child = NULL;
    int run = -1;
    if (vb_courier_child_new(&work, &child, &err) < 0)
        fail_msg("no courier: %s", err.message);
    assert_int_equal(vb_courier_child_begin(child, &run, &err), VB_OK);
    struct pollfd ready = {.fd = run, .events = POLLIN};
    assert_true(run >= 0 && poll(&ready, 1, 20000) == 1);
    if (vb_courier_receive(run, &mail, &err) == 1)
        snprintf(outcome.said, sizeof(outcome.said), "%s", mail.message.strings[0]);
    vb_close_fd(&run);
    assert_int_equal(vb_courier_child_end(child, 1, &outcome.caught.sink, &err), VB_OK);
    vb_courier_child_free(child);
    return outcome;
}

/* --- what works --- */

static void reach(char *ret, size_t size)
{
    char text[64];
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in nobody = {
        .sin_family = AF_INET, .sin_port = htons(1), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int connected = connect(fd, (struct sockaddr *)&nobody, sizeof(nobody));
    const int refused = errno;
    const int names = open("/etc/resolv.conf", O_RDONLY | O_CLOEXEC);
    const ssize_t got = read(names, text, sizeof(text));
    snprintf(ret, size, "socket=%d refused=%d names=%d", fd >= 0,
             connected < 0 && refused == ECONNREFUSED, got > 0);
}

static void test_network(void **state)
{
    (void)state;
    const struct outcome outcome = try(reach);
    assert_string_equal(outcome.said, "socket=1 refused=1 names=1");
    assert_int_equal(outcome.caught.deaths, 0);
    assert_int_equal(outcome.caught.hosts, 1);
    assert_int_equal(outcome.caught.count, 3);
}

/* --- what does not --- */

static void look_around(char *ret, size_t size)
{
    static const char *const paths[] = {"/etc/passwd",
                                        "/etc/shadow",
                                        "/proc/self/status",
                                        "/usr/bin/env",
                                        "/bin/sh",
                                        "/dev/null",
                                        "/sys/kernel",
                                        "/home",
                                        "/root",
                                        "/tmp",

                                        "/etc/../../etc/passwd",
                                        "/proc/1/root/etc",
                                        "/run"};
    snprintf(ret, size, "nothing");
    for (size_t i = 0; i < VB_ARRAY_LEN(paths); i++) {
        const int fd = open(paths[i], O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
            snprintf(ret, size, "%s", paths[i]);
    }
    if (open("/etc/hosts", O_WRONLY | O_CLOEXEC) >= 0 ||
        open("/etc/hosts", O_RDONLY | O_TRUNC | O_CLOEXEC) >= 0 ||
        open("/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0 ||
        open("/etc", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600) >= 0)
        snprintf(ret, size, "written");
}

/* What it inherited: standard streams that lead nowhere, its control, its report, and the run's. */
static void count_descriptors(char *ret, size_t size)
{
    unsigned count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    snprintf(ret, size, "%u descriptors", count);
}

static void local_socket(char *ret, size_t size)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(ret, size, "%s", fd < 0 ? "refused" : "a socket of the machine's");
}

static void test_nothing_else(void **state)
{
    (void)state;
    static const struct {
        void (*attempt)(char *, size_t);
        const char *said;
    } rows[] = {
        {look_around, "nothing"},
        {count_descriptors, "6 descriptors"},
        {local_socket, "refused"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        assert_string_equal(try(rows[i].attempt).said, rows[i].said);
}

static void execute(char *ret, size_t size)
{
    (void)ret;
    (void)size;
    (void)execl("/bin/sh", "sh", "-c", "true", (char *)NULL);
}

static void start_process(char *ret, size_t size)
{
    (void)ret;
    (void)size;
    if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0)
        _exit(0);
}

static void start_by_fork(char *ret, size_t size)
{
    (void)ret;
    (void)size;
    if (syscall(SYS_fork) == 0)
        _exit(0);
}

static void make_code(char *ret, size_t size)
{
    (void)ret;
    (void)size;
    (void)syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void signal_others(char *ret, size_t size)
{
    (void)ret;
    (void)size;
    (void)kill(getppid(), 0);
}

static void take_packets(char *ret, size_t size)
{
    (void)ret;
    (void)size;
    (void)socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
}

static void ask_the_kernel(char *ret, size_t size)
{
    (void)ret;
    (void)size;
    (void)socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
}

static void listen_on_it(char *ret, size_t size)
{
    (void)ret;
    (void)size;
    (void)listen(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 1);
}

static void remove_file(char *ret, size_t size)
{
    (void)ret;
    (void)size;
    (void)unlink("/etc/hosts");
}

/* Each of them ends it, and the log says so and that nobody knows what left. */
static void test_forbidden_calls(void **state)
{
    (void)state;
    void (*const attempts[])(char *, size_t) = {execute,       start_process,  start_by_fork,
                                                signal_others, take_packets,   listen_on_it,
                                                remove_file,   ask_the_kernel, make_code};
    for (size_t i = 0; i < VB_ARRAY_LEN(attempts); i++) {
        const struct outcome outcome = try(attempts[i]);
        if (outcome.caught.signal != SIGSYS || outcome.caught.deaths != 1 ||
            outcome.caught.gaps != 1 || outcome.caught.hosts != 0)
            fail_msg("attempt %zu: signal %d, %u deaths, %u gaps", i, (int)outcome.caught.signal,
                     outcome.caught.deaths, outcome.caught.gaps);
    }
}

/* Without what it needs there is no sandbox, and the reason is its own. */
static int cannot(void *ctx, struct vb_error *err)
{
    (void)ctx;
    return vb_fail(err, VB_E_CONFIG, 0, "no certificates at all");
}

static void test_not_prepared(void **state)
{
    (void)state;
    struct vb_error err = {0};
    struct vb_courier_child *child = NULL;
    const struct vb_courier_work work = {.prepare = cannot, .serve = serve};
    assert_int_equal(vb_courier_child_new(&work, &child, &err), VB_E_CONFIG);
    assert_string_equal(err.message, "no certificates at all");
    assert_null(child);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_nothing_else),
        cmocka_unit_test(test_forbidden_calls),
        cmocka_unit_test(test_not_prepared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
