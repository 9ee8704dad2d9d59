/* The network of a box, both ways in which it comes to be: where the kernel catches what is sent
 * (nf_tables), and where each port gets a listener when it is tried. tests/live/sender.c sends. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/box/demand.h"
#include "slowness.h"
#include "vetbox/sandbox.h"

struct catcher {
    struct vb_sink sink;
    struct vb_buf log;
};

static int catch_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct catcher *catcher = (struct catcher *)(void *)sink;
    return vb_event_to_json(event, &catcher->log, err);
}

struct run {
    struct vb_sandbox_options options;
    struct catcher caught;
    struct vb_error err;
};

/* The round at hand. */
static bool on_demand;
/* The test at hand. */
static bool offline;

static void run_done(struct run *run)
{
    vb_buf_done(&run->caught.log);
    vb_close_fd(&run->options.tree_fd);
}

static void put_sender(int tree_fd)
{
    struct vb_error err = {0};
    VB_CLEANUP_FD int from = open(VB_BINARY_DIR "/tests/sender", O_RDONLY | O_CLOEXEC);
    VB_CLEANUP_FD int to =
        vb_open_beneath(tree_fd, "sender", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    assert_true(from >= 0 && to >= 0);
    char bytes[65536];
    ssize_t got;
    while ((got = read(from, bytes, sizeof(bytes))) > 0)
        assert_int_equal(vb_write_all(to, bytes, (size_t)got, &err), VB_OK);
    assert_int_equal(got, 0);
    assert_int_equal(fchmod(to, 0755), 0);
}

/* Runs the shell's SCRIPT beside the sender. */
static void run_script(struct run *run, const char *script)
{
    struct vb_sandbox *sandbox = NULL;
    struct vb_detonation_result result;
    *run = (struct run){.options = vb_sandbox_default_options, .caught.sink.emit = catch_event};
    vb_buf_init(&run->caught.log, 64 << 20);
    run->options.epoch_ns = vb_monotonic_ns();
    run->options.no_tproxy = on_demand;
    run->options.offline = offline;
    assert_int_equal(vb_workspace_new(4 << 20, 100, &run->options.tree_fd, &run->err), VB_OK);
    put_sender(run->options.tree_fd);
    char *text = strdup(script);
    char sh[] = "sh", c[] = "-c", reason[] = "test";
    char *argv[] = {sh, c, text, NULL};
    const struct vb_detonation row = {
        .id = 1, .reason = reason, .argv = argv, .timeout_ms = 20000 * slowness()};
    int status = vb_sandbox_new(&run->options, &run->caught.sink, &sandbox, &run->err);
    if (status == VB_OK)
        status = vb_detonate(sandbox, &row, &run->caught.sink, &result, &run->err);
    vb_sandbox_free(sandbox);
    free(text);
    if (status < 0)
        fail_msg("%s", run->err.message);
}

#define RUN(name, script)                 \
    VB_CLEANUP(run_done) struct run name; \
    run_script(&name, script)

static unsigned count(const struct run *run, const char *text)
{
    unsigned found = 0;
    const char *at = run->caught.log.data == NULL ? "" : (const char *)run->caught.log.data;
    while ((at = strstr(at, text)) != NULL) {
        found++;
        at += strlen(text);
    }
    return found;
}

/* The kernel may have nothing to catch with: then this round is the other one. */
static bool is_caught(const struct run *run)
{
    return count(run, "\"caught network\"") == 0;
}

static bool has_ipv6(void)
{
    return access("/proc/net/if_inet6", F_OK) == 0;
}

/* --- */

static void test_way_is_told(void **state)
{
    (void)state;
    RUN(run, "true");
    if (on_demand)
        assert_int_equal(count(&run, "\"name\":\"caught network\",\"outcome\":\"replaced\""), 1);
    else if (!is_caught(&run))
        skip();
}

/* Whichever way something is sent, and to whom: it arrives, and both the attempt and the arrival
 * are recorded with the true destination. */
static void test_every_destination(void **state)
{
    (void)state;
    static const struct {
        const char *way, *address;
        int port;
        const char *protocol, *told; /* as what address it is told where that is another */
    } rows[] = {
        {"connect", "198.51.100.7", 443, "tcp", NULL},
        {"connect", "198.51.100.8", 443, "tcp", NULL},
        {"connect", "203.0.113.9", 50123, "tcp", NULL},
        {"connect", "192.168.1.77", 22, "tcp", NULL},
        {"connect", "169.254.169.254", 80, "tcp", NULL},
        {"connect", "2001:db8::17", 443, "tcp", NULL},
        {"connect", "2001:db8::18", 40404, "tcp", NULL},
        {"connect", "::ffff:198.51.100.9", 8443, "tcp", "198.51.100.9"},
        {"nonblock", "198.51.100.10", 8080, "tcp", NULL},
        {"fastopen", "198.51.100.11", 81, "tcp", NULL},
        {"sendto", "203.0.113.53", 53, "udp", NULL},
        {"sendto", "203.0.113.54", 53, "udp", NULL},
        {"sendto", "2001:db8::53", 53, "udp", NULL},
        {"sendto", "::ffff:203.0.113.55", 123, "udp", "203.0.113.55"},
        {"sendmsg", "203.0.113.56", 51820, "udp", NULL},
        {"sendmmsg", "2001:db8::57", 514, "udp", NULL},
        {"datagram", "203.0.113.58", 6881, "udp", NULL},
        {"datagram", "2001:db8::59", 69, "udp", NULL},
    };
    char script[4096] = "";
    for (size_t i = 0, len = 0; i < VB_ARRAY_LEN(rows); i++)
        len += (size_t)snprintf(script + len, sizeof(script) - len, "./sender %s %s %d; ",
                                rows[i].way, rows[i].address, rows[i].port);
    RUN(run, script);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const char *told = rows[i].told == NULL ? rows[i].address : rows[i].told;
        char said[128], seen[256], arrived[512];
        if (strchr(rows[i].address, ':') != NULL && !has_ipv6())
            continue;
        snprintf(said, sizeof(said), "%s %s %d: ok\\n", rows[i].way, rows[i].address, rows[i].port);
        snprintf(seen, sizeof(seen), "\"address\":\"%s\",\"port\":%d", rows[i].address,
                 rows[i].port);
        snprintf(arrived, sizeof(arrived),
                 "\"protocol\":\"%s\",\"family\":\"%s\",\"address\":\"%s\",\"port\":%d,\"size\":%zu"
                 ",\"text\":\"%s to %s\"",
                 rows[i].protocol, strchr(told, ':') == NULL ? "inet" : "inet6", told, rows[i].port,
                 strlen(rows[i].way) + 4 + strlen(rows[i].address), rows[i].way, rows[i].address);
        if (count(&run, said) != 1 || count(&run, seen) == 0 ||
            count(&run, arrived) != (strcmp(rows[i].way, "sendmmsg") == 0 ? 2 : 1))
            fail_msg("%s: said %u, seen %u, arrived %u in %s", said, count(&run, said),
                     count(&run, seen), count(&run, arrived), (const char *)run.caught.log.data);
    }
    assert_int_equal(count(&run, "no listener could be made"), 0);
}

/* The box's own addresses are what they are on any machine. */
static void test_own_addresses(void **state)
{
    (void)state;
    RUN(run, "./sender connect 127.0.0.1 443; ./sender connect 192.168.1.23 443; "
             "./sender connect 198.51.100.7 443; ./sender connect 127.0.0.1 443; "
             "./sender connect 0.0.0.0 443; ./sender nonblock 192.168.1.23 443; "
             "./sender connect ::1 443; ./sender connect ::ffff:127.0.0.1 443");
    assert_int_equal(count(&run, "443: ECONNREFUSED\\n"), has_ipv6() ? 7 : 6);
    assert_int_equal(count(&run, "198.51.100.7 443: ok\\n"), 1);
    assert_int_equal(count(&run, "\"world.connection\""), 1);
}

/* A server of the subject's own takes any port that it could take elsewhere, and no other. */
static void test_own_server(void **state)
{
    (void)state;
    RUN(run, "./sender serve 198.51.100.7 8080; ./sender connect 203.0.113.9 8080; "
             "./sender serve 198.51.100.7 80");
    assert_int_equal(count(&run, "198.51.100.7 8080: ok\\n"), 1);
    assert_int_equal(count(&run, "203.0.113.9 8080: ok\\n"), 1);
    assert_int_equal(count(&run, "198.51.100.7 80: EACCES\\n"), 1);
}

/* More ports than there are sockets: streams make room for each other, and of datagrams that came
 * to nobody the number is told. */
static void test_many_ports(void **state)
{
    (void)state;
    enum { MANY = 600 };
    RUN(run, "./sender scan 198.51.100.7 1 600; ./sender flood 198.51.100.7 1 600; "
             "./sender connect 198.51.100.8 9999");
    assert_int_equal(count(&run, "scan 198.51.100.7 1: ok\\n"), 1);
    assert_int_equal(count(&run, "flood 198.51.100.7 1: ok\\n"), 1);
    assert_int_equal(count(&run, "connect 198.51.100.8 9999: ok\\n"), 1);
    assert_int_equal(count(&run, "\"protocol\":\"tcp\",\"family\":\"inet\",\"address\":\"198.51."
                                 "100.7\""),
                     MANY);
    const bool caught = is_caught(&run);
    assert_int_equal(count(&run, "\"protocol\":\"udp\",\"family\":\"inet\",\"address\""),
                     caught ? MANY : VB_DEMAND_DATAGRAMS);
    assert_int_equal(count(&run, "\"reason\":\"no listener could be made\",\"count\":472"),
                     caught ? 0 : 1);
    _Static_assert(MANY - VB_DEMAND_DATAGRAMS == 472, "the number above");
}

/* Where nobody was tried, nobody listens. */
static void test_listeners_are_few(void **state)
{
    (void)state;
    RUN(run, "before=$(grep -c ' 0A ' /proc/net/tcp); ./sender connect 198.51.100.7 443 >&2; "
             "echo listening $before, $(grep -c ' 0A ' /proc/net/tcp)");
    const bool caught = is_caught(&run);
    assert_int_equal(count(&run, "connect 198.51.100.7 443: ok\\n"), 1);
    assert_int_equal(count(&run, caught ? "listening 1, 1\\n" : "listening 0, 1\\n"), 1);
}

/* Every name has an address, by whichever resolver, and who goes there comes to the world. */
static void test_names(void **state)
{
    (void)state;
    RUN(run, "getent ahostsv4 one.example.org >/dev/null && echo resolved; python3 -c '\n"
             "import socket, struct\n"
             "q = struct.pack(\">HHHHHH\", 7, 256, 1, 0, 0, 0) + b\"\\3two\\7example\\3org\\0\" + "
             "struct.pack(\">HH\", 1, 1)\n"
             "u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.settimeout(5)\n"
             "u.sendto(q, (\"198.51.100.53\", 53)); a, who = u.recvfrom(512)\n"
             "t = socket.create_connection((\"203.0.113.53\", 53), 5)\n"
             "t.sendall(struct.pack(\">H\", len(q)) + q); b = t.recv(512)\n"
             "print(\"from\", *who, a == b[2:], socket.inet_ntoa(a[-4:]) == "
             "socket.gethostbyname(\"two.example.org\"))\n"
             "print(\"back\", socket.gethostbyaddr(socket.inet_ntoa(a[-4:]))[0])\n"
             "socket.create_connection((\"two.example.org\", 8080), 5).sendall(b\"hello\")\n"
             "'");
    assert_int_equal(count(&run, "resolved\\n"), 1);
    assert_int_equal(count(&run, "from 198.51.100.53 53 True True\\n"), 1);
    assert_int_equal(count(&run, "back two.example.org\\n"), 1);
    assert_true(count(&run, "\"world.answer\"") >= 5);
    assert_true(count(&run, "\"name\":\"two.example.org\",\"what\":\"A\"") >= 3);
    /* What a stream to a resolver carried is kept and searched as any other's. */
    assert_int_equal(count(&run, "\"address\":\"203.0.113.53\",\"port\":53,\"size\":35,"), 1);
    assert_int_equal(count(&run, "\"port\":8080,\"size\":5,\"text\":\"hello\""), 1);
}

/* Without a network everything is refused as on a machine that has no way out, and recorded. */
static void test_offline(void **state)
{
    (void)state;
    offline = true;
    RUN(run, "./sender connect 198.51.100.7 443; ./sender nonblock 203.0.113.9 80; "
             "./sender connect 192.168.1.1 80; ./sender connect 127.0.0.1 443; "
             "./sender sendto 8.8.8.8 53; ./sender connect 2001:db8::17 443; "
             "getent hosts some.example.org || echo unresolved; "
             "grep -c '^eth0' /proc/net/route; python3 -c '\n"
             "import socket\n"
             "own = socket.create_server((\"127.0.0.1\", 8080))\n"
             "socket.create_connection((\"127.0.0.1\", 8080), 5); print(\"own ok\")\n"
             "'");
    offline = false;
    assert_int_equal(count(&run, "198.51.100.7 443: ENETUNREACH\\n"), 1);
    assert_int_equal(count(&run, "203.0.113.9 80: ENETUNREACH\\n"), 1);
    assert_int_equal(count(&run, "8.8.8.8 53: ENETUNREACH\\n"), 1);
    assert_int_equal(count(&run, "2001:db8::17 443: ENETUNREACH\\n"), has_ipv6() ? 1 : 0);
    assert_int_equal(count(&run, "192.168.1.1 80: ECONNREFUSED\\n"), 1);
    assert_int_equal(count(&run, "127.0.0.1 443: ECONNREFUSED\\n"), 1);
    assert_int_equal(count(&run, "own ok\\n"), 1);
    assert_int_equal(count(&run, "unresolved\\n"), 1);
    assert_true(
        count(&run, "\"name\":\"some.example.org\",\"what\":\"A\",\"outcome\":\"failed\"") >= 1);
    assert_int_equal(count(&run, "\"outcome\":\"answered\""), 0);
    assert_true(count(&run, "\"address\":\"198.51.100.7\",\"port\":443") >= 1);
    assert_true(count(&run, "\"address\":\"8.8.8.8\",\"port\":53") >= 1);
    assert_int_equal(count(&run, "\"name\":\"network\",\"outcome\":\"none\""), 1);
}

int main(void)
{
    struct vb_layer_report reports[VB_LAYERS_MAX];
    struct vb_error err = {0};
    const int layers = vb_layers_probe(reports, &err);
    for (int i = 0; i < layers; i++) {
        if (reports[i].purpose == VB_LAYER_CONTAINMENT && !reports[i].present) {
            printf("skipped: %s: %s\n", reports[i].name, reports[i].detail);
            return 77;
        }
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_way_is_told),   cmocka_unit_test(test_every_destination),
        cmocka_unit_test(test_own_addresses), cmocka_unit_test(test_own_server),
        cmocka_unit_test(test_many_ports),    cmocka_unit_test(test_listeners_are_few),
        cmocka_unit_test(test_names),         cmocka_unit_test(test_offline),
    };
    const int failed = cmocka_run_group_tests_name("caught", tests, NULL, NULL);
    on_demand = true;
    return failed + cmocka_run_group_tests_name("on demand", tests, NULL, NULL);
}
