/* One box, without the recorder: what the subject sees, what it cannot do, how each way of running
 * wild ends, and that nothing is left afterwards. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "sandbox/box/box.h"
#include "sandbox/box/kernel.h"
#include "sandbox/box/watch.h"

/* Keeps the whole log as JSON Lines, and what was printed. */
struct catcher {
    struct vb_sink sink;
    struct vb_buf log;
    struct vb_buf output, errors; /* at the end the errors stand behind the output */
    unsigned count;
    enum vb_event_kind first, last;
    uint32_t strays; /* events that do not carry the detonation's number */
};

static int catch_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct catcher *catcher = (struct catcher *)(void *)sink;
    if (catcher->count++ == 0)
        catcher->first = event->kind;
    catcher->last = event->kind;
    catcher->strays += event->detonation != 7;
    if (event->kind == VB_EV_DETONATION_OUTPUT) {
        const struct vb_str text = vb_event_get_str(event, VB_F_TEXT);
        const bool error = vb_str_equal(vb_event_get_str(event, VB_F_STREAM), "stderr");
        const int status =
            vb_buf_append(error ? &catcher->errors : &catcher->output, text.text, text.len, err);
        if (status < 0)
            return status;
    }
    return vb_event_to_json(event, &catcher->log, err);
}

struct run {
    struct vb_box_setup setup;
    struct catcher caught;
    struct vb_detonation_result result;
    struct vb_error err;
    int status;
};

/* As on an older kernel: the second round of the tests that look at files. */
static bool without_overlay;

static void run_init(struct run *run)
{
    *run = (struct run){.caught.sink.emit = catch_event};
    vb_buf_init(&run->caught.log, 64 << 20);
    vb_buf_init(&run->caught.output, 64 << 20);
    vb_buf_init(&run->caught.errors, 64 << 20);
    run->setup.options = vb_sandbox_default_options;
    run->setup.options.epoch_ns = vb_monotonic_ns();
    run->setup.options.disk_bytes = 16 << 20;
    run->setup.options.memory_bytes = 128 << 20;
    run->setup.options.processes = 24;
    run->setup.staging_fd = -1;
    vb_base_init(&run->setup.base);
    run->setup.options.no_overlay = without_overlay;
    snprintf(run->setup.folder, sizeof(run->setup.folder), "weather");
    snprintf(run->setup.machine_id, sizeof(run->setup.machine_id), "0123456789abcdef");
    snprintf(run->setup.boot_id, sizeof(run->setup.boot_id), "boot-id-of-the-box");
}

static void run_done(struct run *run)
{
    vb_buf_done(&run->caught.log);
    vb_buf_done(&run->caught.output);
    vb_buf_done(&run->caught.errors);
    vb_close_fd(&run->setup.staging_fd);
    vb_close_fd(&run->setup.options.tree_fd);
    vb_base_done(&run->setup.base);
}

static void run_argv(struct run *run, char **argv, unsigned timeout_ms)
{
    char reason[] = "test";
    const struct vb_detonation detonation = {
        .id = 7, .reason = reason, .argv = argv, .timeout_ms = timeout_ms};
    run->status = vb_base_new(&run->setup, &run->setup.base, &run->err);
    if (run->status == VB_OK && !without_overlay && !run->setup.base.overlay)
        print_message("this kernel has no overlay for boxes\n");
    if (run->status == VB_OK)
        run->status =
            vb_box_run(&run->setup, &detonation, &run->caught.sink, &run->result, &run->err);
    if (run->caught.errors.len > 0)
        assert_int_equal(vb_buf_append(&run->caught.output, run->caught.errors.data,
                                       run->caught.errors.len, NULL),
                         VB_OK);
}

static void run_shell(struct run *run, const char *script, unsigned timeout_ms)
{
    char bash[] = "bash";
    char c[] = "-c";
    char *text = strdup(script);
    char *argv[] = {bash, c, text, NULL};
    run_argv(run, argv, timeout_ms);
    free(text);
    if (run->status < 0)
        print_error("%s\n", run->err.message);
}

static bool logged(const struct run *run, const char *text)
{
    return run->caught.log.data != NULL && strstr((const char *)run->caught.log.data, text) != NULL;
}

static const char *output(const struct run *run)
{
    return run->caught.output.data == NULL ? "" : (const char *)run->caught.output.data;
}

/* Runs SCRIPT and returns what it printed, which the caller compares. */
#define SHELL(name, script)               \
    VB_CLEANUP(run_done) struct run name; \
    run_init(&name);                      \
    run_shell(&name, script, 10000);      \
    assert_int_equal(name.status, VB_OK)

/* --- what the subject sees --- */

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
    assert_string_equal(output(&run), "alex\n1000\n1000\nalex-laptop\n/home/alex\n/home/alex\n"
                                      "alex-laptop\nboot-id-of-the-box\n0123456789abcdef\n"
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

/* --- baits and the package --- */

static void test_baits(void **state)
{
    (void)state;
    const unsigned char seed[32] = {1, 2, 3};
    struct vb_error err = {0};
    struct vb_bait_set *baits = NULL;
    assert_int_equal(vb_bait_set_new(VB_PERSONA_HOME, seed, &baits, &err), VB_OK);
    VB_CLEANUP(run_done) struct run run;
    run_init(&run);
    run.setup.baits = baits;
    run_shell(&run, "stat -c '%a %U' .ssh .ssh/id_ed25519; cat .ssh/id_ed25519; env", 10000);
    assert_int_equal(run.status, VB_OK);
    assert_non_null(strstr(output(&run), "700 alex\n600 alex\n"));
    assert_non_null(strstr(output(&run), "OPENSSH PRIVATE KEY"));
    assert_true(logged(&run, "bait.seen"));
    assert_true(logged(&run, "\"where\":\"output\""));
    assert_true(logged(&run, "\"bait\":\"ssh-ed25519\""));
    assert_false(logged(&run, "truth.file")); /* reading changes nothing */
    for (size_t i = 0; i < vb_bait_count(baits); i++) {
        const struct vb_bait *bait = vb_bait_at(baits, i);
        if (bait->place == VB_BAIT_ENV)
            assert_non_null(strstr(output(&run), bait->env));
    }
    vb_bait_set_free(baits);
}

static void put(int dirfd, const char *path, uint32_t mode, const char *text)
{
    assert_int_equal(vb_mkdir_parents(dirfd, path), 0);
    VB_CLEANUP_FD int fd = vb_open_beneath(dirfd, path, O_WRONLY | O_CREAT | O_EXCL, mode);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void make_package(struct run *run)
{
    struct vb_error err = {0};
    int dirfd = -1;
    assert_int_equal(vb_workspace_new(1 << 20, 100, &dirfd, &err), VB_OK);
    put(dirfd, "SKILL.md", 0644, "# weather\n");
    put(dirfd, "scripts/run.sh", 0755, "#!/bin/sh\necho from the package: $0\n");
    run->setup.options.tree_fd = dirfd;
    run->setup.tree_bytes = 65536;
    run->setup.tree_entries = 10;
}

static void test_package(void **state)
{
    (void)state;
    VB_CLEANUP(run_done) struct run run;
    run_init(&run);
    make_package(&run);
    char program[] = "{tree}/scripts/run.sh";
    char *argv[] = {program, NULL};
    run_argv(&run, argv, 5000);
    assert_int_equal(run.status, VB_OK);
    assert_string_equal(output(&run),
                        "from the package: "
                        "/home/alex/.openclaw/workspace/skills/weather/scripts/run.sh\n");
    assert_false(logged(&run, "truth.file"));
}

/* A link in a folder's place does not hide that the folder's files are gone. */
static void test_truth_behind_a_link(void **state)
{
    (void)state;
    VB_CLEANUP(run_done) struct run run;
    run_init(&run);
    make_package(&run);
    run_shell(&run, "rm scripts/run.sh; rmdir scripts; ln -s /usr scripts", 10000);
    assert_int_equal(run.status, VB_OK);
    const char *at = strstr(
        (const char *)run.caught.log.data,
        "\"path\":\"/home/alex/.openclaw/workspace/skills/weather/scripts/run.sh\",\"change\":");
    assert_non_null(at);
    assert_non_null(strstr(at, "\"change\":\"removed\""));
}

static void test_truth(void **state)
{
    (void)state;
    struct vb_error err = {0};
    VB_CLEANUP(run_done) struct run run;
    run_init(&run);
    make_package(&run);
    assert_int_equal(vb_workspace_new(1 << 20, 100, &run.setup.staging_fd, &err), VB_OK);
    run_shell(
        &run,
        "echo malware > /tmp/new; ln -s /etc/passwd link; echo '# more' >> SKILL.md; "
        "rm ~/.bash_logout; chmod 600 scripts/run.sh; echo \"alias ls=rm\" >> ~/.bashrc; "
        "touch -r ~/.profile ~/.ref; printf X | dd of=$HOME/.profile conv=notrunc status=none; "
        "touch -r ~/.ref ~/.profile; rm ~/.ref; mkdir -p /var/tmp/a/b; "
        "echo deep > /var/tmp/a/b/c; chmod 000 /var/tmp/a/b/c /var/tmp/a/b /var/tmp/a",
        10000);
    assert_int_equal(run.status, VB_OK);
    static const char *const rows[][2] = {
        {"/tmp/new\"", "created"},
        {"skills/weather/link\"", "created"},
        {"skills/weather/SKILL.md\"", "modified"},
        {"skills/weather/scripts/run.sh\"", "metadata"},
        {"/home/alex/.bash_logout\"", "removed"},
        {"/home/alex/.bashrc\"", "modified"},
        {"/home/alex/.profile\"", "modified"}, /* its old times were put back */
        {"/var/tmp/a/b/c\"", "created"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const char *at = strstr((const char *)run.caught.log.data, rows[i][0]);
        if (at == NULL)
            fail_msg("no event for %s", rows[i][0]);
        const char *end = strchr(at, '\n');
        const char *change = strstr(at, rows[i][1]);
        if (change == NULL || change > end)
            fail_msg("%s was not %s", rows[i][0], rows[i][1]);
    }
    assert_false(logged(&run, "truth.file\",\"path\":\"/home/alex/.ref"));
    char digest[VB_SHA256_HEX];
    assert_int_equal(vb_sha256_hex("malware\n", 8, digest, &err), VB_OK);
    assert_true(logged(&run, digest));
    char kept[16] = "";
    VB_CLEANUP_FD int fd = vb_open_beneath(run.setup.staging_fd, digest, O_RDONLY, 0);
    assert_int_equal(read(fd, kept, sizeof(kept)), 8);
    assert_string_equal(kept, "malware\n");
}

static bool changed(const struct run *run, const char *path, const char *change)
{
    char text[512];
    snprintf(text, sizeof(text), "\"path\":\"%s\",\"change\":\"%s\"", path, change);
    return logged(run, text);
}

/* A folder that was removed and made again hides what was below, also in its own folders. */
static void test_truth_of_a_new_folder(void **state)
{
    (void)state;
    VB_CLEANUP(run_done) struct run run;
    run_init(&run);
    make_package(&run);
    run_shell(&run, "cd ..; rm -r weather; mkdir -p weather/scripts; echo new > weather/SKILL.md",
              10000);
    assert_int_equal(run.status, VB_OK);
#define SKILL VB_PERSONA_SKILLS "/weather/"
    assert_true(changed(&run, SKILL "SKILL.md", "modified"));
    assert_true(changed(&run, SKILL "scripts/run.sh", "removed"));
    assert_false(changed(&run, SKILL "scripts", "removed"));
    SHELL(file, "rm -r ~/.config; echo a file > ~/.config");
    assert_true(changed(&file, "/home/alex/.config", "removed"));
    assert_true(changed(&file, "/home/alex/.config", "created"));
}

/* What was touched and what was written as it was before is no change. */
static void test_truth_of_nothing(void **state)
{
    (void)state;
    SHELL(run, "touch ~/.profile; cp ~/.bashrc /tmp/x; cat /tmp/x > ~/.bashrc; rm /tmp/x; "
               "mkdir -p ~/.config; chmod 700 ~/.profile; chmod 644 ~/.profile");
    assert_false(logged(&run, "truth.file"));
}

/* Nobody but root writes to /usr; whoever tries all the same is seen. */
static void test_truth_of_usr(void **state)
{
    (void)state;
    SHELL(run, "chmod u+w /usr && mkdir /usr/evil && echo x > /usr/evil/x; rm -f /usr/bin/env; "
               "echo y > /usr/bin/env");
    assert_int_equal(changed(&run, "/usr/evil/x", "created"), run.setup.base.overlay);
    assert_false(logged(&run, "\"path\":\"/usr/bin"));
}

/* Files that there is no room to keep are told, and are no failure of ours. */
static void test_no_room_to_keep(void **state)
{
    (void)state;
    struct vb_error err = {0};
    VB_CLEANUP(run_done) struct run run;
    run_init(&run);
    assert_int_equal(vb_workspace_new(1 << 16, 20, &run.setup.staging_fd, &err), VB_OK);
    run_shell(&run, "head -c 200000 /dev/urandom > /tmp/big; echo small > /tmp/small", 10000);
    assert_int_equal(run.status, VB_OK);
    assert_true(changed(&run, "/tmp/big", "created"));
    assert_true(logged(&run, "too large or too many to keep"));
}

/* --- running wild --- */

static bool has_perl(void)
{
    return access("/usr/bin/perl", X_OK) == 0;
}

static void assert_limit(const struct run *run, const char *what)
{
    char text[64];
    snprintf(text, sizeof(text), "\"what\":\"%s\"", what);
    assert_int_equal(run->status, VB_OK);
    assert_true(logged(run, "sandbox.limit"));
    if (!logged(run, text))
        fail_msg("no limit %s in %s", what, (const char *)run->caught.log.data);
    assert_int_equal(run->caught.last, VB_EV_DETONATION_END);
}

#define WILD(name, script, timeout_ms)                                          \
    VB_CLEANUP(run_done) struct run name;                                       \
    run_init(&name);                                                            \
    const uint64_t start_##name = vb_monotonic_ns();                            \
    run_shell(&name, script, timeout_ms);                                       \
    const uint64_t took_##name = (vb_monotonic_ns() - start_##name) / 1000000U; \
    assert_true(took_##name < (timeout_ms) + 5000)

static void test_sleeper(void **state)
{
    (void)state;
    WILD(run, "sleep 1000", 300);
    assert_limit(&run, "time");
    assert_true(run.result.timed_out);
    assert_int_equal(run.result.exit_status, 128 + SIGTERM);
}

static void test_ignores_term(void **state)
{
    (void)state;
    WILD(run, "trap '' TERM INT HUP; while :; do :; done", 300);
    assert_limit(&run, "time");
    assert_true(run.result.timed_out);
    assert_int_equal(run.result.exit_status, 128 + SIGKILL);
}

static void test_fork_bomb(void **state)
{
    (void)state;
    WILD(run, "f() { f & f & sleep 5; }; f; wait; sleep 5", 1500);
    assert_limit(&run, "processes");
}

static void test_classic_fork_bomb(void **state)
{
    (void)state;
    WILD(run, ":(){ :|:& };:", 2000);
    assert_int_equal(run.status, VB_OK);
    assert_int_equal(run.caught.last, VB_EV_DETONATION_END);
}

static void test_memory_bomb(void **state)
{
    (void)state;
    if (!has_perl())
        skip();
    /* One process runs into its own limit; several together only into the supervisor's. */
    WILD(run, "for i in 1 2 3 4; do perl -e '$x = \"x\" x (60 << 20); sleep 20' & done; wait",
         8000);
    assert_limit(&run, "memory");
    assert_true(logged(&run, "\"outcome\":\"limit\""));
}

static void test_shared_memory_bomb(void **state)
{
    (void)state;
    if (!has_perl())
        skip();
    /* Memory files that are neither mapped nor on the limited disk. */
    WILD(run,
         "perl -e 'my $n = \"x\"; for (1..40) { my $fd = syscall(319, $n, 0); open(my $f, \">&=\", "
         "$fd); "
         "push @f, $f; print $f \"x\" x (8 << 20); $f->flush; } sleep 20'",
         8000);
    assert_limit(&run, "memory");
}

/* System V segments stay in memory although nobody has them mapped or open. */
static void test_segment_bomb(void **state)
{
    (void)state;
    if (!has_perl())
        skip();
    WILD(run,
         "perl -e 'for (1..20) { my $s = shmget(0, 16 << 20, 0600 | 01000) // exit; "
         "shmwrite($s, \"x\" x (16 << 20), 0, 16 << 20) } sleep 20'",
         8000);
    assert_limit(&run, "memory");
    assert_true(logged(&run, "\"outcome\":\"limit\""));
}

/* Memory that no count of ours shows ends the box before it ends the machine; a machine that was
 * short of memory before, or became so without us, does not. */
static void test_short_machine(void **state)
{
    (void)state;
    const uint64_t gib = 1ULL << 30;
    const struct vb_watch watch = {.memory_limit = gib, .available = 8 * gib};
    const struct vb_watch tight = {.memory_limit = gib, .available = gib};
    assert_true(vb_watch_is_short(&watch, &(struct vb_machine){16 * gib, gib / 2}));
    assert_false(vb_watch_is_short(&watch, &(struct vb_machine){16 * gib, gib}));
    assert_false(vb_watch_is_short(&watch, &(struct vb_machine){16 * gib, 9 * gib}));
    assert_false(vb_watch_is_short(&tight, &(struct vb_machine){64 * gib, gib / 2}));
}

static void test_disk_filler(void **state)
{
    (void)state;
    WILD(run, "for i in 1 2 3 4 5; do head -c 8M /dev/zero > /tmp/fill$i; done; echo done", 5000);
    assert_limit(&run, "disk");
    assert_non_null(strstr(output(&run), "No space left"));
}

static void test_file_filler(void **state)
{
    (void)state;
    if (!has_perl())
        skip();
    WILD(run, "perl -e 'for (1..20000) { open(F, \">/tmp/$_\") or last; close F }'", 8000);
    assert_limit(&run, "files");
}

static void test_endless_output(void **state)
{
    (void)state;
    WILD(run, "yes", 500);
    assert_limit(&run, "output");
    assert_true(logged(&run, "\"truncated\":true"));
    assert_int_equal(run.caught.output.len, vb_sandbox_default_options.max_output);
}

static void test_huge_file(void **state)
{
    (void)state;
    WILD(run, "ulimit -c unlimited 2>/dev/null; exec truncate -s 1T /tmp/x", 3000);
    assert_limit(&run, "disk");
}

static void test_deep_folders(void **state)
{
    (void)state;
    if (!has_perl())
        skip();
    WILD(run, "perl -e 'for (1..3000) { mkdir \"d\"; chdir \"d\" or last; }'", 5000);
    assert_int_equal(run.status, VB_OK);
    assert_true(logged(&run, "too deep"));
}

static void test_sockets_and_pipes(void **state)
{
    (void)state;
    if (!has_perl())
        skip();
    WILD(run,
         "mkfifo /tmp/fifo; perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "
         "\"/tmp/sock\", Listen => 1)'; ls /tmp",
         3000);
    assert_int_equal(run.status, VB_OK);
    assert_true(logged(&run, "/tmp/fifo"));
}

/* --- nothing is left --- */

/* A command that nobody else on this machine runs. */
static char sleeper[64];

static bool is_ours(int proc_fd, const char *pid)
{
    char path[300];
    char text[4096];
    snprintf(path, sizeof(path), "%s/cmdline", pid);
    const ssize_t len = vb_sys_read_file(proc_fd, path, text, sizeof(text));
    for (ssize_t i = 0; i + 1 < len; i++)
        text[i] = text[i] == '\0' ? ' ' : text[i];
    if (len > 0 && strstr(text, sleeper) != NULL)
        return true;
    snprintf(path, sizeof(path), "%s/stat", pid);
    if (vb_sys_read_file(proc_fd, path, text, sizeof(text)) <= 0)
        return false;
    char run_state = '?';
    int group = 0;
    const char *after_name = strrchr(text, ')');
    /* A zombie is dead; the machine's init may take its time to reap an orphan. */
    return after_name != NULL && sscanf(after_name, ") %c %*d %d", &run_state, &group) == 2 &&
           run_state != 'Z' && group == getpgrp();
}

/* Those of our process group (coordinators, supervisors, inits), and the sleepers. */
static unsigned count_processes(void)
{
    DIR *dir = opendir("/proc");
    const struct dirent *entry;
    unsigned count = 0;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            count += is_ours(dirfd(dir), entry->d_name);
    }
    closedir(dir);
    return count;
}

static unsigned count_lines(const char *path)
{
    static char text[1 << 20];
    unsigned lines = 0;
    const ssize_t len = vb_sys_read_file(AT_FDCWD, path, text, sizeof(text));
    for (ssize_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    return lines;
}

static unsigned count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static void test_nothing_left(void **state)
{
    (void)state;
    const unsigned processes = count_processes();
    const unsigned mounts = count_lines("/proc/self/mountinfo");
    const unsigned fds = count_fds();
    for (int i = 0; i < 20; i++) {
        SHELL(run,
              "setsid sleep 98765 & (trap '' HUP TERM; sleep 98765) & echo x > /tmp/x; exit 0");
        assert_int_equal(run.result.exit_status, 0);
    }
    assert_int_equal(count_processes(), processes);
    assert_int_equal(count_lines("/proc/self/mountinfo"), mounts);
    assert_int_equal(count_fds(), fds);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* The only child of PID, 0 if it has none yet. */
static pid_t child_of(pid_t pid)
{
    char path[64];
    char text[256];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
    if (vb_sys_read_file(AT_FDCWD, path, text, sizeof(text)) <= 0)
        return 0;
    return (pid_t)strtol(text, NULL, 10);
}

static void wait_until(bool (*condition)(void *), void *ctx)
{
    for (int i = 0; i < 2000 && !condition(ctx); i++) {
        const struct timespec pause = {.tv_nsec = 10000000};
        nanosleep(&pause, NULL);
    }
    assert_true(condition(ctx));
}

static bool sleeper_runs(void *ctx)
{
    return count_processes() > *(unsigned *)ctx;
}

static bool sleepers_gone(void *ctx)
{
    return count_processes() <= *(unsigned *)ctx;
}

enum victim { SUPERVISOR, COORDINATOR, COORDINATOR_OF_STOPPED };

static _Noreturn void coordinate(void)
{
    struct run run;
    run_init(&run);
    char script[80];
    snprintf(script, sizeof(script), "exec %s", sleeper);
    run_shell(&run, script, 60000);
    const bool told = run.status == VB_OK && logged(&run, "examiner.died") &&
                      logged(&run, "\"kind\":\"coverage\"") && run.result.exit_status == 137;
    _exit(told ? 0 : 1);
}

/* Whoever of us is killed, the box does not survive it. */
static void kill_one(enum victim victim)
{
    unsigned before = count_processes();
    const pid_t coordinator = fork();
    if (coordinator == 0)
        coordinate();
    unsigned more = before + 3; /* coordinator, supervisor and init; the fourth is the sleeper */
    wait_until(sleeper_runs, &more);
    const pid_t supervisor = child_of(coordinator);
    int status = 0;
    /* A stopped supervisor notices nothing by itself. */
    if (victim == COORDINATOR_OF_STOPPED)
        assert_int_equal(kill(supervisor, SIGSTOP), 0);
    assert_int_equal(kill(victim == SUPERVISOR ? supervisor : coordinator, SIGKILL), 0);
    assert_int_equal(waitpid(coordinator, &status, 0), coordinator);
    if (victim == SUPERVISOR)
        assert_int_equal(status, 0);
    wait_until(sleepers_gone, &before);
}

static void test_killed(void **state)
{
    (void)state;
    kill_one(SUPERVISOR);
    kill_one(COORDINATOR);
    kill_one(COORDINATOR_OF_STOPPED);
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
    (void)setpgid(0, 0);
    snprintf(sleeper, sizeof(sleeper), "sleep 98765.%d", (int)getpid());
    struct vb_layer_report reports[VB_LAYERS_MAX];
    struct vb_error err = {0};
    const int count = vb_layers_probe(reports, &err);
    for (int i = 0; i < count; i++) {
        if (reports[i].purpose == VB_LAYER_CONTAINMENT && !reports[i].present) {
            printf("skipped: %s: %s\n", reports[i].name, reports[i].detail);
            return 77;
        }
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_room_to_keep),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_powerless),
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_network6),
        cmocka_unit_test(test_network_ends_in_the_box),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_init_untouchable),
        cmocka_unit_test(test_no_mounts),
        cmocka_unit_test(test_uptime),
        cmocka_unit_test(test_sleeper),
        cmocka_unit_test(test_ignores_term),
        cmocka_unit_test(test_fork_bomb),
        cmocka_unit_test(test_classic_fork_bomb),
        cmocka_unit_test(test_memory_bomb),
        cmocka_unit_test(test_shared_memory_bomb),
        cmocka_unit_test(test_segment_bomb),
        cmocka_unit_test(test_short_machine),
        cmocka_unit_test(test_endless_output),
        cmocka_unit_test(test_huge_file),
        cmocka_unit_test(test_sockets_and_pipes),
        cmocka_unit_test(test_nothing_left),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_layers),
    };
    const struct CMUnitTest files[] = {
        cmocka_unit_test(test_true),           cmocka_unit_test(test_identity),
        cmocka_unit_test(test_host_invisible), cmocka_unit_test(test_no_host_paths),
        cmocka_unit_test(test_read_only),      cmocka_unit_test(test_programs_work),
        cmocka_unit_test(test_baits),          cmocka_unit_test(test_package),
        cmocka_unit_test(test_truth),          cmocka_unit_test(test_truth_behind_a_link),
        cmocka_unit_test(test_disk_filler),    cmocka_unit_test(test_file_filler),
        cmocka_unit_test(test_deep_folders),   cmocka_unit_test(test_truth_of_a_new_folder),
        cmocka_unit_test(test_truth_of_usr),   cmocka_unit_test(test_truth_of_nothing),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    failed += cmocka_run_group_tests(files, NULL, NULL);
    without_overlay = true;
    return failed + cmocka_run_group_tests(files, NULL, NULL);
}
