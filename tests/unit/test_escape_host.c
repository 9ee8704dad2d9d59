/* The escape tests say "contained" because the host is as it was: here the host is not, in every
 * way that they look for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/live/escape_host.h"
#include "vetbox/core.h"

static void write_file(const struct host *host)
{
    assert_int_equal(pwrite(host->file_fd, "~", 1, 0), 1);
}

static void replace_file(const struct host *host)
{
    char other[128];
    snprintf(other, sizeof(other), "%s/other", host->folder);
    VB_CLEANUP_FD int fd = open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(rename(other, host->file), 0);
}

static void put_beside(const struct host *host)
{
    char other[128];
    snprintf(other, sizeof(other), "%s/other", host->folder);
    assert_int_equal(mkdir(other, 0700), 0);
}

static void stop_process(const struct host *host)
{
    siginfo_t info;
    assert_int_equal(kill(host->process, SIGSTOP), 0);
    assert_int_equal(waitid(P_PID, (id_t)host->process, &info, WSTOPPED | WNOWAIT), 0);
}

static void end_process(const struct host *host)
{
    siginfo_t info;
    assert_int_equal(kill(host->process, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)host->process, &info, WEXITED | WNOWAIT), 0);
}

static void reach_port(const struct host *host)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(host->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    VB_CLEANUP_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
}

static void reach_socket(const struct host *host)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const size_t len = strlen(host->socket);
    memcpy(to.sun_path + 1, host->socket, len);
    VB_CLEANUP_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to,
                             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)),
                     0);
}

static void type_line(const struct host *host)
{
    struct pollfd fd = {.fd = host->tty_fd, .events = POLLIN};
    assert_int_equal(write(host->master_fd, "\n", 1), 1);
    assert_int_equal(poll(&fd, 1, 10000), 1); /* the kernel passes it on in its own time */
}

static void leave_process(const struct host *host)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0); /* closed by the exec */
    if (fork() == 0) {
        char seconds[] = "sleep 2; :";
        execl("/bin/sh", "sh", "-c", seconds, host->socket, (char *)NULL);
        _exit(127);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 0);
    close(ready[0]);
}

static const struct damage {
    void (*make)(const struct host *host);
    const char *seen;
} damages[] = {
    {write_file, "changed a file of the host"},
    {replace_file, "changed a file of the host"},
    {put_beside, "put something beside a file of the host"},
    {stop_process, "ended or stopped a process of the host"},
    {end_process, "ended or stopped a process of the host"},
    {reach_port, "reached a listener of the host"},
    {reach_socket, "reached a listener of the host"},
    {type_line, "typed into the terminal"},
    {leave_process, "left a process behind"},
};

/* In a child, which becomes the leader of the terminal's session. Returns what was seen, or NULL.
 */
static bool is_seen(const struct damage *damage)
{
    const pid_t child = fork();
    if (child == 0) {
        struct host host;
        bool seen = host_init(&host) && host_damage(&host) == NULL;
        if (seen) {
            damage->make(&host);
            const char *text = host_damage(&host);
            seen = text != NULL && strcmp(text, damage->seen) == 0;
        }
        host_done(&host);
        _exit(seen ? 0 : 1);
    }
    int status = -1;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_damage_is_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(damages); i++) {
        if (!is_seen(&damages[i]))
            fail_msg("%s (row %zu) was not seen", damages[i].seen, i);
    }
}

static int look_for_secret(void)
{
    struct host host;
    char path[128];
    int wrong = host_init(&host) ? 0 : 1;
    snprintf(path, sizeof(path), "%s/runs", host.folder);
    wrong += host_secret_in(&host, path) ? 2 : 0;
    snprintf(path, sizeof(path), "%s/runs/deep", host.folder);
    wrong += mkdir(path, 0700) == 0 ? 0 : 4;
    snprintf(path, sizeof(path), "%s/runs/deep/file", host.folder);
    VB_CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    /* Across the border of what is read at once. */
    wrong += pwrite(fd, host.secret, 32, 8192 - 5) == 32 ? 0 : 8;
    snprintf(path, sizeof(path), "%s/runs", host.folder);
    wrong += host_secret_in(&host, path) ? 0 : 16;
    host_done(&host);
    return wrong;
}

static void test_secret_is_found(void **state)
{
    (void)state;
    int status = -1;
    const pid_t child = fork();
    if (child == 0)
        _exit(look_for_secret());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damage_is_seen),
        cmocka_unit_test(test_secret_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
