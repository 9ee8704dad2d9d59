/* What the world and the courier of --net live have in common: which hosts may be listed and which
 * addresses are never reached, which headers are passed on, and messages that may be hostile. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "vetbox/core.h"
#include "vetbox/core/courier.h"

/* --- hosts --- */

static void test_hosts(void **state)
{
    (void)state;
    struct vb_courier_hosts hosts;
    struct vb_error err = {0};
    assert_int_equal(
        vb_courier_hosts_parse("API.Shop.example,23.45.67.89,[2a00:1450::1],a_b.c-d.example,"
                               "api.shop.example",
                               &hosts, &err),
        VB_OK);
    assert_int_equal(hosts.count, 4);
    assert_string_equal(hosts.names[0], "api.shop.example");
    static const struct {
        const char *host;
        int row;
    } rows[] = {
        {"api.shop.example", 0},     {"API.SHOP.EXAMPLE", 0},
        {"23.45.67.89", 1},          {"2a00:1450::1", 2},
        {"2A00:1450:0:0::1", 2},     {"a_b.c-d.example", 3},
        {"shop.example", -1},        {"x.api.shop.example", -1},
        {"api.shop.example.", -1},   {"api.shop.example.evil.example", -1},
        {"api.shop.example:80", -1}, {"23.45.67.8", -1},
        {"0x172d4359", -1},          {"", -1},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (vb_courier_hosts_find(&hosts, rows[i].host) != rows[i].row)
            fail_msg("%s is not in row %d", rows[i].host, rows[i].row);
    }
}

static void test_no_hosts(void **state)
{
    (void)state;
    static const char *const lists[] = {"",
                                        ",",
                                        "api.example.com,",
                                        "localhost",
                                        "*",
                                        "*.example.com",
                                        "example",
                                        "a..example",
                                        "-a.example",
                                        "a-.example",
                                        "a.example.",
                                        ".example",
                                        "a b.example",
                                        "a.example/x",
                                        "u@a.example",
                                        "a.example:443",
                                        "printer.local",
                                        "db.internal",
                                        "router.lan",
                                        "x.localhost",
                                        "nas.home.arpa",
                                        "1.0.0.127.in-addr.arpa",
                                        "127.1",
                                        "2130706433",
                                        "0x7f.0.0.1",
                                        "127.0.0.1",
                                        "10.0.0.1",
                                        "169.254.169.254",
                                        "::1",
                                        "[::1]",
                                        "[23.45.67.89]",
                                        "::ffff:23.45.67.89",
                                        "fe80::1%eth0",
                                        "fd00::1"};
    struct vb_courier_hosts hosts = {.count = 77};
    for (size_t i = 0; i < VB_ARRAY_LEN(lists); i++) {
        struct vb_error err = {0};
        if (vb_courier_hosts_parse(lists[i], &hosts, &err) != VB_E_USAGE)
            fail_msg("\"%s\" may be listed", lists[i]);
    }
    char label[400] = "";
    memset(label, 'a', 300);
    memcpy(label + 300, ".example", 9);
    struct vb_error err = {0};
    assert_int_equal(vb_courier_hosts_parse(label, &hosts, &err), VB_E_USAGE);
    char many[VB_COURIER_HOSTS_MAX * 20 + 20] = "h.example";
    for (int i = 0; i < VB_COURIER_HOSTS_MAX; i++)
        snprintf(many + strlen(many), sizeof(many) - strlen(many), ",h%d.example", i);
    assert_int_equal(vb_courier_hosts_parse(many, &hosts, &err), VB_E_USAGE);
    assert_int_equal(hosts.count, 77);
}

static const char *refusal_of(const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        return vb_address_refusal((const struct sockaddr *)(const void *)&in);
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return vb_address_refusal((const struct sockaddr *)(const void *)&in6);
}

/* The first and the last of each block, and its neighbours. */
static void test_addresses(void **state)
{
    (void)state;
    static const char *const never[] = {"0.0.0.0",
                                        "0.255.255.255",
                                        "10.0.0.0",
                                        "10.255.255.255",
                                        "100.64.0.0",
                                        "100.127.255.255",
                                        "127.0.0.1",
                                        "127.255.255.255",
                                        "168.63.129.16",
                                        "169.254.0.1",
                                        "169.254.169.254",
                                        "172.16.0.0",
                                        "172.31.255.255",
                                        "192.0.0.170",
                                        "192.0.2.1",
                                        "192.168.0.0",
                                        "192.168.255.255",
                                        "198.18.0.0",
                                        "198.19.255.255",
                                        "198.51.100.7",
                                        "203.0.113.7",
                                        "224.0.0.1",
                                        "239.255.255.255",
                                        "240.0.0.1",
                                        "255.255.255.255",
                                        "::",
                                        "::1",
                                        "::127.0.0.1",
                                        "::ffff:127.0.0.1",
                                        "::ffff:8.8.8.8",
                                        "64:ff9b::a00:1",
                                        "64:ff9b::7f00:1",
                                        "64:ff9b::a9fe:a9fe",
                                        "64:ff9b:1::1",
                                        "fe80::1",
                                        "febf::1",
                                        "fec0::1",
                                        "fc00::1",
                                        "fdff::1",
                                        "ff02::1",
                                        "2001::1",
                                        "2001:1ff::1",
                                        "2001:db8::1",
                                        "2002:7f00:1::",
                                        "3fff::1",
                                        "100::1",
                                        "5f00::1",
                                        "4000::1"};
    static const char *const may[] = {"1.1.1.1",         "9.255.255.255",   "11.0.0.0",
                                      "100.63.255.255",  "100.128.0.0",     "126.255.255.255",
                                      "128.0.0.0",       "168.63.129.15",   "169.253.255.255",
                                      "169.255.0.0",     "172.15.255.255",  "172.32.0.0",
                                      "192.167.255.255", "192.169.0.0",     "198.17.255.255",
                                      "198.20.0.0",      "223.255.255.255", "2001:200::1",
                                      "2a00:1450::1",    "2606:4700::1",    "64:ff9b::808:808"};
    for (size_t i = 0; i < VB_ARRAY_LEN(never); i++) {
        if (refusal_of(never[i]) == NULL)
            fail_msg("%s may be reached", never[i]);
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(may); i++) {
        if (refusal_of(may[i]) != NULL)
            fail_msg("%s is %s", may[i], refusal_of(may[i]));
    }
    const struct sockaddr local = {.sa_family = AF_UNIX};
    assert_non_null(vb_address_refusal(&local));
}

static void test_headers(void **state)
{
    (void)state;
    char name[VB_COURIER_NAME_BYTES + 1] = {0};
    assert_true(vb_courier_header_fits("X-Mine", "a\tb \xc3\xa4"));
    assert_false(vb_courier_header_fits("X Mine", "a"));
    assert_false(vb_courier_header_fits("", "a"));
    assert_false(vb_courier_header_fits("X-Mine:", "a"));
    assert_false(vb_courier_header_fits("X-Mine", "a\r\nHost: b"));
    assert_false(vb_courier_header_fits("X-Mine", "a\x7f"));
    memset(name, 'n', VB_COURIER_NAME_BYTES);
    assert_false(vb_courier_header_fits(name, "a"));
    assert_true(vb_courier_header_fits(name + 1, "a"));
    assert_true(vb_courier_header_stays("Transfer-Encoding", NULL));
    assert_true(vb_courier_header_stays("host", NULL));
    assert_true(vb_courier_header_stays("X-Hop", "close, x-hop"));
    assert_false(vb_courier_header_stays("X-Hop", "close, x-hops"));
    assert_false(vb_courier_header_stays("Authorization", NULL));
}

/* --- messages --- */

static unsigned open_files(void)
{
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static int body_of(const char *text)
{
    const int fd = memfd_create("body", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    return fd;
}

static void test_message(void **state)
{
    (void)state;
    int ends[2];
    struct vb_error err = {0};
    struct vb_courier_mail mail = {.body = -1};
    char text[8] = "";
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(vb_courier_receive(ends[1], &mail, &err), 0);
    const struct vb_courier_message message = {.word = VB_COURIER_ASK,
                                               .number = 7,
                                               .flags = VB_COURIER_TLS,
                                               .port = 443,
                                               .body = 5,
                                               .count = 3,
                                               .strings = {"POST", "", "/x"}};
    VB_CLEANUP_FD int body = body_of("hello");
    assert_int_equal(vb_courier_send(ends[0], &message, body, &err), VB_OK);
    assert_int_equal(vb_courier_receive(ends[1], &mail, &err), 1);
    assert_int_equal(mail.message.number, 7);
    assert_int_equal(mail.message.port, 443);
    assert_int_equal(mail.message.count, 3);
    assert_string_equal(mail.message.strings[0], "POST");
    assert_string_equal(mail.message.strings[1], "");
    assert_string_equal(mail.message.strings[2], "/x");
    assert_int_equal(pread(mail.body, text, sizeof(text), 0), 5);
    assert_string_equal(text, "hello");
    const unsigned before = open_files();
    assert_int_equal(vb_courier_receive(ends[1], &mail, &err), 0); /* what was left is closed */
    assert_int_equal(open_files(), before - 1);
    close(ends[0]);
    assert_int_equal(vb_courier_receive(ends[1], &mail, &err), VB_E_UNAVAILABLE);
    close(ends[1]);
}

static void test_too_large(void **state)
{
    (void)state;
    int ends[2];
    struct vb_error err = {0};
    VB_CLEANUP_FREE char *large = calloc(1, VB_COURIER_MESSAGE_BYTES + 1);
    assert_non_null(large);
    memset(large, 'x', VB_COURIER_MESSAGE_BYTES);
    const struct vb_courier_message message = {
        .word = VB_COURIER_ASK, .count = 1, .strings = {large}};
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(vb_courier_send(ends[0], &message, -1, &err), VB_E_LIMIT);
    close(ends[0]);
    close(ends[1]);
}

/* A good message, then every byte of its head and its tail set to what it may not be, and every
 * length that is not all of it: none is taken for something else, none leaves a descriptor open. */
static void test_hostile(void **state)
{
    (void)state;
    int ends[2];
    struct vb_error err = {0};
    struct vb_courier_mail mail = {.body = -1};
    const struct vb_courier_message message = {.word = VB_COURIER_ANSWER,
                                               .number = 1,
                                               .status = 200,
                                               .count = 2,
                                               .strings = {"Server", "x"}};
    unsigned char good[4096], bad[4096];
    unsigned refused = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(vb_courier_send(ends[0], &message, -1, &err), VB_OK);
    const ssize_t len = recv(ends[1], good, sizeof(good), 0);
    assert_true(len > 0);
    const unsigned before = open_files();
    for (ssize_t cut = 1; cut < len; cut++) {
        assert_int_equal(send(ends[0], good, (size_t)cut, 0), cut);
        assert_int_equal(vb_courier_receive(ends[1], &mail, &err), VB_E_PROTOCOL);
    }
    for (ssize_t at = 0; at < len; at++) {
        memcpy(bad, good, (size_t)len);
        bad[at] = 0xff;
        assert_int_equal(send(ends[0], bad, (size_t)len, 0), len);
        const int got = vb_courier_receive(ends[1], &mail, &err);
        assert_true(got == 1 || got == VB_E_PROTOCOL);
        refused += got != 1;
        for (size_t i = 0; got == 1 && i < mail.message.count; i++)
            assert_true(strlen(mail.message.strings[i]) < (size_t)len);
        /* a body was said to come, and did not */
        assert_true(got != 1 || mail.message.body == 0);
    }
    assert_true(refused > 16);
    assert_int_equal(open_files(), before);
    close(ends[0]);
    close(ends[1]);
}

/* More descriptors than one: the first is the body, the others are closed. */
static void test_descriptors(void **state)
{
    (void)state;
    int ends[2];
    struct vb_error err = {0};
    struct vb_courier_mail mail = {.body = -1};
    VB_CLEANUP_FD int body = body_of("x");
    const int fds[3] = {body, body, body};
    const struct vb_courier_message message = {.word = VB_COURIER_CANCEL};
    unsigned char bytes[4096];
    union {
        char bytes[CMSG_SPACE(sizeof(fds))];
        struct cmsghdr aligned;
    } control = {.bytes = {0}};
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(vb_courier_send(ends[0], &message, -1, &err), VB_OK);
    struct iovec part = {.iov_base = bytes,
                         .iov_len = (size_t)recv(ends[1], bytes, sizeof(bytes), 0)};
    struct msghdr head = {.msg_iov = &part,
                          .msg_iovlen = 1,
                          .msg_control = control.bytes,
                          .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&head);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(fds));
    memcpy(CMSG_DATA(rights), fds, sizeof(fds));
    const unsigned before = open_files();
    assert_true(sendmsg(ends[0], &head, 0) > 0);
    assert_int_equal(vb_courier_receive(ends[1], &mail, &err), 1);
    assert_true(mail.body >= 0);
    assert_int_equal(open_files(), before + 1);
    vb_close_fd(&mail.body);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),     cmocka_unit_test(test_no_hosts),
        cmocka_unit_test(test_addresses), cmocka_unit_test(test_headers),
        cmocka_unit_test(test_message),   cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_hostile),   cmocka_unit_test(test_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
