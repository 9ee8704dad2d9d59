/* One box, without the recorder: what the subject sees and what it cannot do. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "box_harness.h"

static void test_true(void **state)
{
    (void)state;
    SHELL(run, "true");
    assert_int_equal(run.result.exit_status, 0);
    assert_false(run.result.timed_out);
    assert_int_equal(run.caught.first, VB_EV_DETONATION_BEGIN);
    assert_int_equal(run.caught.last, VB_EV_DETONATION_END);
    assert_int_equal(run.caught.strays, 0);
    assert_true(logged(&run, "\"outcome\":\"exit\""));
    assert_false(logged(&run, "truth.file"));
}

static void test_status(void **state)
{
    (void)state;
    SHELL(run, "echo out; echo err >&2; exit 3");
    assert_int_equal(run.result.exit_status, 3);
    assert_true(logged(&run, "\"stream\":\"stdout\""));
    assert_true(logged(&run, "\"stream\":\"stderr\""));
    SHELL(killed, "kill -SEGV $$");
    assert_int_equal(killed.result.exit_status, 128 + SIGSEGV);
    assert_true(logged(&killed, "\"outcome\":\"signal\""));
}

static void test_not_found(void **state)
{
    (void)state;
    VB_CLEANUP(run_done) struct run run;
    run_init(&run);
    char name[] = "no-such-interpreter";
    char *argv[] = {name, NULL};
    run_argv(&run, argv, 5000);
    assert_int_equal(run.status, VB_OK);
    assert_int_equal(run.result.exit_status, 127);
    assert_true(logged(&run, "cannot be executed"));
}

static void test_identity(void **state)
{
    (void)state;
    SHELL(run, "id -un; id -u; id -g; hostname; echo $HOME; pwd; cat /etc/hostname; "
               "cat /proc/sys/kernel/random/boot_id /etc/machine-id; echo $USER $LOGNAME");
    assert_string_equal(output(&run), "alex\n1000\n1000\nalex-thinkpad\n/home/alex\n/home/alex\n"
                                      "alex-thinkpad\nboot-id-of-the-box\n0123456789abcdef\n"
                                      "alex alex\n");
}

static void test_powerless(void **state)
{
    (void)state;
    SHELL(run, "grep -E '^(Cap|NoNewPrivs)' /proc/self/status | tr -s '\\t' ' '");
    assert_string_equal(output(&run), "CapInh: 0000000000000000\nCapPrm: 0000000000000000\n"
                                      "CapEff: 0000000000000000\nCapBnd: 0000000000000000\n"
                                      "CapAmb: 0000000000000000\nNoNewPrivs: 1\n");
}

static void test_host_invisible(void **state)
{
    (void)state;
    const char *const marks[] = {"/root/.profile",
                                 "/var/lib/dpkg/status",
                                 "/etc/ssh/sshd_config",
                                 "/sys/kernel/security",
                                 "/proc/1/root/etc",
                                 "/dev/vda",
                                 "/dev/sda",
                                 "/dev/kmsg",
                                 "/dev/mem"};
    for (size_t i = 0; i < VB_ARRAY_LEN(marks); i++) {
        char script[128];
        snprintf(script, sizeof(script), "test -e %s && echo visible", marks[i]);
        SHELL(run, script);
        assert_string_equal(output(&run), "");
    }
    SHELL(homes, "ls /home; ls -A /opt /srv /mnt /media | grep -v :; cat /etc/shadow");
    assert_int_equal(strncmp(output(&homes), "alex\n", 5), 0);
    assert_null(strstr(output(&homes), "root"));
    assert_non_null(strstr(output(&homes), "Permission denied"));
    SHELL(root, "ls -A / | tr '\\n' ' '");
    assert_null(strstr(output(&root), "lost+found"));
}

/* Where vetbox stands, who runs it and where it was started from show nowhere. */
static void test_no_host_paths(void **state)
{
    (void)state;
    char here[4096];
    assert_non_null(getcwd(here, sizeof(here)));
    SHELL(run, "cat /proc/self/mountinfo /proc/self/mounts /proc/self/cgroup /proc/cmdline "
               "/proc/self/environ /proc/*/cmdline | tr '\\0' '\\n'");
    assert_true(strlen(output(&run)) > 100);
    assert_null(strstr(output(&run), here));
    assert_null(strstr(output(&run), "vetbox"));
    assert_null(strstr(output(&run), "test_box"));
    assert_null(strstr(output(&run), VB_BINARY_DIR));
}

/* Every address answers, but only the box's own world does; its own addresses are as they are. */
static void test_network(void **state)
{
    (void)state;
    SHELL(run, "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ' | sort | tr '\\n' ' '; "
               "exec 3<>/dev/tcp/127.0.0.1/9 || echo refused; "
               "exec 4<>/dev/tcp/192.168.1.23/9 || echo refused; "
               "exec 5<>/dev/tcp/198.51.100.7/8443 && echo to-v4 >&5 && cat <&5 && echo closed; "
               "exec 6<>/dev/tcp/192.168.1.77/22 && echo neighbour; "
               "echo query > /dev/udp/203.0.113.9/53");
    if (run.setup.base.net_errno != 0)
        skip();
    assert_int_equal(strncmp(output(&run), "eth0 lo ", 8), 0);
    assert_non_null(strstr(output(&run), "9: Connection refused"));
    assert_non_null(strstr(output(&run), "closed\nneighbour\n"));
    assert_true(logged(&run,
                       "\"protocol\":\"tcp\",\"family\":\"inet\",\"address\":\"198.51.100.7\","
                       "\"port\":8443,\"size\":6,\"text\":\"to-v4\\n\""));
    assert_true(logged(&run, "\"address\":\"192.168.1.77\",\"port\":22"));
    assert_true(logged(&run, "\"protocol\":\"udp\",\"family\":\"inet\",\"address\":\"203.0.113.9\","
                             "\"port\":53,\"size\":6"));
}

static void test_network6(void **state)
{
    (void)state;
    SHELL(run, "exec 5<>/dev/tcp/2001:db8::17/443 && echo to-v6 >&5 && cat <&5 && echo closed; "
               "echo query > /dev/udp/2001:db8::53/53; exec 3<>/dev/tcp/::1/9 || echo refused");
    if (run.setup.base.net_errno != 0 || run.setup.base.fds[VB_BASE_SOCKET + 2] < 0)
        skip();
    assert_non_null(strstr(output(&run), "closed\n"));
    assert_non_null(strstr(output(&run), "refused\n"));
    assert_true(logged(&run, "\"family\":\"inet6\",\"address\":\"2001:db8::17\",\"port\":443"));
    assert_true(logged(&run, "\"family\":\"inet6\",\"address\":\"2001:db8::53\",\"port\":53"));
}

/* Nothing of the host answers: a server of ours outside sees nobody. */
static void test_network_ends_in_the_box(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *generic = (struct sockaddr *)(void *)&address;
    socklen_t len = sizeof(address);
    VB_CLEANUP_FD int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(server, generic, len), 0);
    assert_int_equal(listen(server, 1), 0);
    assert_int_equal(getsockname(server, generic, &len), 0);
    char script[128];
    snprintf(script, sizeof(script), "exec 3<>/dev/tcp/127.0.0.1/%d || echo refused",
             ntohs(address.sin_port));
    SHELL(run, script);
    assert_non_null(strstr(output(&run), "refused\n"));
    assert_int_equal(accept(server, NULL, NULL), -1);
    assert_int_equal(errno, EAGAIN);
}

static void test_read_only(void **state)
{
    (void)state;
    SHELL(run, "for d in / /usr /etc /usr/bin /var /run /dev /proc/sys/kernel /sys /opt; do "
               "echo x 2>/dev/null > $d/vb-probe && echo \"$d was written\"; done; "
               "chmod u+w /usr/bin/env 2>/dev/null && echo chmod; "
               "mkdir /mnt/x 2>/dev/null && echo mkdir; true");
    assert_string_equal(output(&run), "");
}

static void test_programs_work(void **state)
{
    (void)state;
    SHELL(run,
          "echo 1 > /dev/null; head -c4 /dev/urandom | wc -c; ls /dev/fd/ >/dev/null && echo fd; "
          "mktemp >/dev/null && echo tmp; touch /dev/shm/x && echo shm; "
          "touch $XDG_RUNTIME_DIR/x && echo run; getent passwd alex | cut -d: -f6; "
          "script -qc true /dev/null >/dev/null && echo pty");
    assert_string_equal(output(&run), "4\nfd\ntmp\nshm\nrun\n/home/alex\npty\n");
}

static void test_descriptors(void **state)
{
    (void)state;
    VB_CLEANUP_FD int leak = open("/etc/passwd", O_RDONLY); /* without O_CLOEXEC, on purpose */
    assert_true(leak >= 0);
    SHELL(run, "ls /proc/self/fd | tr '\\n' ' '; readlink /proc/self/fd/0");
    assert_string_equal(output(&run), "0 1 2 3 /dev/null\n"); /* 3: ls's own */
}

static void test_init_untouchable(void **state)
{
    (void)state;
    SHELL(run,
          "kill -9 1; sleep 0.1; echo alive; kill -0 1 && echo seen; ls /proc | grep -cx 1; "
          "cat /proc/1/environ /proc/1/maps; ls /proc/1/root; cat /proc/1/comm /proc/1/cgroup; "
          "wc -w < /proc/1/stat; tr '\\0' ' ' < /proc/1/cmdline");
    assert_non_null(strstr(output(&run), "alive\n"));
    assert_non_null(strstr(output(&run), "\n0\n"));
    assert_null(strstr(output(&run), "PATH="));
    assert_non_null(strstr(output(&run), "systemd\n0::/init.scope\n52\n/sbin/init splash "));
    assert_non_null(strstr(output(&run), "/proc/1/environ: Permission denied"));
    assert_non_null(strstr(output(&run), "'/proc/1/root': Permission denied"));
}

static void test_no_mounts(void **state)
{
    (void)state;
    SHELL(run, "mount -t tmpfs x /tmp 2>/dev/null; echo $?; umount /usr 2>/dev/null; echo $?; "
               "ls /usr/bin/env");
    assert_null(strstr(output(&run), "0\n"));
    assert_non_null(strstr(output(&run), "/usr/bin/env\n"));
}

static void test_uptime(void **state)
{
    (void)state;
    SHELL(run, "cut -d. -f1 /proc/uptime");
    if (logged(&run, "time namespace"))
        skip();
    assert_true(strtol(output(&run), NULL, 10) > 400000);
}

static void test_layers(void **state)
{
    (void)state;
    struct vb_layer_report reports[VB_LAYERS_MAX];
    struct vb_error err = {0};
    const int count = vb_layers_probe(reports, &err);
    assert_true(count >= 12);
    for (int i = 0; i < count; i++) {
        assert_true(reports[i].detail[0] != '\0');
        assert_true(reports[i].present == (reports[i].fix == NULL));
        if (reports[i].purpose == VB_LAYER_CONTAINMENT && !reports[i].present)
            fail_msg("%s: %s", reports[i].name, reports[i].detail);
    }
}

int main(void)
{
    if (!boxes_available())
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),      cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_powerless),   cmocka_unit_test(test_network),
        cmocka_unit_test(test_network6),    cmocka_unit_test(test_network_ends_in_the_box),
        cmocka_unit_test(test_descriptors), cmocka_unit_test(test_init_untouchable),
        cmocka_unit_test(test_no_mounts),   cmocka_unit_test(test_uptime),
        cmocka_unit_test(test_layers),
    };
    const struct CMUnitTest files[] = {
        cmocka_unit_test(test_true),           cmocka_unit_test(test_identity),
        cmocka_unit_test(test_host_invisible), cmocka_unit_test(test_no_host_paths),
        cmocka_unit_test(test_read_only),      cmocka_unit_test(test_programs_work),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    failed += cmocka_run_group_tests(files, NULL, NULL);
    without_overlay = true;
    return failed + cmocka_run_group_tests(files, NULL, NULL);
}
