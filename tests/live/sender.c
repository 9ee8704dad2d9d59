/* The subject of test_network.c: sends in every way that there is, and says how it went.
 *
 *   sender WAY ADDRESS PORT [COUNT]
 *
 * It sends "WAY to ADDRESS" and prints "WAY ADDRESS PORT: ok", or the name of the error. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

struct task {
    union address to;
    socklen_t len;
    const char *text;
    int count;
};

static int open_socket(const struct task *task, int type)
{
    return socket(task->to.any.sa_family, type | SOCK_CLOEXEC, 0);
}

/* Until the other side closes, as it does when it has what was sent. */
static int finish(int fd)
{
    char byte;
    ssize_t got;
    shutdown(fd, SHUT_WR);
    while ((got = read(fd, &byte, 1)) > 0)
        continue;
    close(fd);
    return got < 0 ? -1 : 0;
}

static int send_stream(int fd, const struct task *task)
{
    const size_t len = strlen(task->text);
    return write(fd, task->text, len) == (ssize_t)len ? finish(fd) : -1;
}

static int by_connect(const struct task *task)
{
    const int fd = open_socket(task, SOCK_STREAM);
    return connect(fd, &task->to.any, task->len) < 0 ? -1 : send_stream(fd, task);
}

static int by_nonblock(const struct task *task)
{
    const int fd = open_socket(task, SOCK_STREAM | SOCK_NONBLOCK);
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    int failed = 0;
    socklen_t len = sizeof(failed);
    if (connect(fd, &task->to.any, task->len) < 0 && errno != EINPROGRESS)
        return -1;
    if (poll(&ready, 1, 5000) != 1 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len) < 0)
        return -1;
    errno = failed;
    return failed != 0 || write(fd, task->text, strlen(task->text)) < 0 ? -1 : 0;
}

static int by_fastopen(const struct task *task)
{
    const int fd = open_socket(task, SOCK_STREAM);
    const size_t len = strlen(task->text);
    const ssize_t sent = sendto(fd, task->text, len, MSG_FASTOPEN, &task->to.any, task->len);
    return sent == (ssize_t)len ? finish(fd) : -1;
}

static int by_sendto(const struct task *task)
{
    const int fd = open_socket(task, SOCK_DGRAM);
    return sendto(fd, task->text, strlen(task->text), 0, &task->to.any, task->len) < 0 ? -1 : 0;
}

static struct msghdr message(const struct task *task, struct iovec *part)
{
    *part = (struct iovec){(void *)(uintptr_t)task->text, strlen(task->text)};
    return (struct msghdr){.msg_name = (void *)(uintptr_t)&task->to,
                           .msg_namelen = task->len,
                           .msg_iov = part,
                           .msg_iovlen = 1};
}

static int by_sendmsg(const struct task *task)
{
    struct iovec part;
    const struct msghdr header = message(task, &part);
    return sendmsg(open_socket(task, SOCK_DGRAM), &header, 0) < 0 ? -1 : 0;
}

static int by_sendmmsg(const struct task *task)
{
    struct iovec part;
    struct mmsghdr headers[2] = {{.msg_hdr = message(task, &part)}};
    headers[1] = headers[0];
    return sendmmsg(open_socket(task, SOCK_DGRAM), headers, 2, 0) == 2 ? 0 : -1;
}

/* What is written to a connected socket names nobody. */
static int by_datagram(const struct task *task)
{
    const int fd = open_socket(task, SOCK_DGRAM);
    return connect(fd, &task->to.any, task->len) < 0 ||
                   write(fd, task->text, strlen(task->text)) < 0
               ? -1
               : 0;
}

static void set_port(union address *address, int port)
{
    if (address->any.sa_family == AF_INET)
        address->in.sin_port = htons((uint16_t)port);
    else
        address->in6.sin6_port = htons((uint16_t)port);
}

/* COUNT ports, one after the other. */
static int by_scan(const struct task *task)
{
    struct task one = *task;
    const int first = ntohs(task->to.in.sin_port);
    for (int i = 0; i < task->count; i++) {
        set_port(&one.to, first + i);
        const int fd = open_socket(task, SOCK_STREAM);
        if (connect(fd, &one.to.any, one.len) < 0)
            return -1;
        close(fd);
    }
    return 0;
}

static int by_flood(const struct task *task)
{
    struct task one = *task;
    const int first = ntohs(task->to.in.sin_port);
    for (int i = 0; i < task->count; i++) {
        set_port(&one.to, first + i);
        if (by_sendto(&one) < 0)
            return -1;
    }
    return 0;
}

/* Where it reached another host it is refused itself, until it listens there. */
static int by_serve(const struct task *task)
{
    union address here = {.in = {.sin_family = AF_INET, .sin_port = task->to.in.sin_port}};
    const struct task there = {.to = here, .len = sizeof(here.in), .text = task->text};
    const int server = open_socket(task, SOCK_STREAM);
    if (by_connect(task) < 0 || by_connect(&there) == 0 || errno != ECONNREFUSED ||
        bind(server, &here.any, sizeof(here.in)) < 0 || listen(server, 1) < 0)
        return -1;
    const int client = open_socket(task, SOCK_STREAM);
    here.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(client, &here.any, sizeof(here.in)) < 0)
        return -1;
    const int accepted = accept(server, NULL, NULL);
    char byte = 0;
    return accepted >= 0 && write(client, "x", 1) == 1 && read(accepted, &byte, 1) == 1 &&
                   byte == 'x'
               ? 0
               : -1;
}

static const struct {
    const char *name;
    int (*run)(const struct task *task);
} ways[] = {
    {"connect", by_connect},   {"nonblock", by_nonblock}, {"fastopen", by_fastopen},
    {"sendto", by_sendto},     {"sendmsg", by_sendmsg},   {"sendmmsg", by_sendmmsg},
    {"datagram", by_datagram}, {"scan", by_scan},         {"flood", by_flood},
    {"serve", by_serve},
};

static bool read_address(const char *text, struct task *task)
{
    task->len = sizeof(task->to.in);
    task->to.in.sin_family = AF_INET;
    if (inet_pton(AF_INET, text, &task->to.in.sin_addr) == 1)
        return true;
    task->len = sizeof(task->to.in6);
    task->to = (union address){.in6 = {.sin6_family = AF_INET6}};
    return inet_pton(AF_INET6, text, &task->to.in6.sin6_addr) == 1;
}

int main(int argc, char **argv)
{
    char text[128];
    struct task task = {.text = text};
    if (argc < 4 || !read_address(argv[2], &task))
        return 2;
    set_port(&task.to, (int)strtol(argv[3], NULL, 10));
    task.count = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 0;
    snprintf(text, sizeof(text), "%s to %s", argv[1], argv[2]);
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        if (strcmp(ways[i].name, argv[1]) != 0)
            continue;
        errno = 0;
        const bool failed = ways[i].run(&task) < 0;
        printf("%s %s %s: %s\n", argv[1], argv[2], argv[3], failed ? strerrorname_np(errno) : "ok");
        return 0;
    }
    return 2;
}
