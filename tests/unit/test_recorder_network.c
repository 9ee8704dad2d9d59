/* The recorder: sockets, addresses and the names that are asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "recorder_harness.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_dns),
    };
    if (!recorder_available())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
