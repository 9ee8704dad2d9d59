/* courier_child: starts the courier and believes nothing of it but numbers. What it reads comes
 * from worlds, which read what malware sends, and from servers. See courier_child.h. */
#include "sandbox/box/courier_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/kernel.h"
#include "sandbox/box/relay.h"

enum {
    START_MS = 30000, /* even on a machine that swaps */
    ACCOUNT_MS = 10000,
    OPEN_FILES = 256,
    FILE_BYTES = VB_COURIER_BODY_MAX,
    HOSTS_BYTES = 4 << 20 /* of /etc/hosts */
};
#ifndef VB_SANITIZED
static const uint64_t memory_bytes = UINT64_C(2) << 30;
static const bool sanitized = false;
#else
static const bool sanitized = true;
#endif

struct vb_courier_child {
    const struct vb_courier_work *work;
    struct vb_process process; /* without frames: it says nothing but numbers */
    int control;               /* -1: it is gone */
    bool told;                 /* that it is */
};

static int fail(struct vb_error *err)
{
    return vb_fail(err, VB_E_OS, errno, "the courier to real hosts");
}

/* --- in the child --- */

/* What it needs to find names, and nothing else of the machine: copies, since a resolver looks at
 * them again and again. Search domains would lead a listed name somewhere else. */
static int read_setting(const char *path, size_t max, struct vb_buf *ret, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    vb_buf_init(ret, max);
    if (fd < 0)
        return VB_OK; /* a machine without it is as one with an empty one */
    const int status = vb_buf_read_fd(ret, fd, err);
    return status < 0 ? vb_wrap(err, "reading %s", path) : VB_OK;
}

static int keep_servers(const struct vb_buf *all, struct vb_buf *ret, struct vb_error *err)
{
    const char *at = all->len == 0 ? "" : (const char *)all->data;
    int status = VB_OK;
    while (status == VB_OK && *at != '\0') {
        const size_t len = strcspn(at, "\n");
        if (vb_ascii_starts(at, "nameserver") || vb_ascii_starts(at, "options"))
            status = vb_buf_printf(ret, err, "%.*s\n", (int)len, at);
        at += len + (at[len] == '\n');
    }
    return status < 0 ? status : vb_buf_append_str(ret, "search .\n", err);
}

static int write_setting(int root, const char *path, const struct vb_buf *text,
                         struct vb_error *err)
{
    VB_CLEANUP_FD int fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    return fd < 0 ? fail(err) : vb_write_all(fd, text->data, text->len, err);
}

static int fill_root(int root, struct vb_error *err)
{
    enum { RESOLV_BYTES = 65536 };
    VB_CLEANUP(vb_buf_done) struct vb_buf hosts = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf resolv = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf servers = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf order = {0};
    vb_buf_init(&servers, RESOLV_BYTES + 16);
    vb_buf_init(&order, RESOLV_BYTES);
    int status = read_setting("/etc/hosts", HOSTS_BYTES, &hosts, err);
    if (status == VB_OK)
        status = read_setting("/etc/resolv.conf", RESOLV_BYTES, &resolv, err);
    if (status == VB_OK)
        status = keep_servers(&resolv, &servers, err);
    if (status == VB_OK)
        status = vb_buf_append_str(&order, "hosts: files dns\n", err);
    if (status == VB_OK && mkdirat(root, "etc", 0755) < 0)
        status = fail(err);
    if (status == VB_OK)
        status = write_setting(root, "etc/hosts", &hosts, err);
    if (status == VB_OK)
        status = write_setting(root, "etc/resolv.conf", &servers, err);
    return status < 0 ? status : write_setting(root, "etc/nsswitch.conf", &order, err);
}

static int enter_root(struct vb_error *err)
{
    static const struct vb_mount_option options[] = {
        {"size", "8m"}, {"nr_inodes", "8"}, {"mode", "0755"}, {NULL, NULL}};
    const uid_t uid = geteuid();
    const gid_t gid = getegid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
        return vb_fail_namespaces(err, errno, "making namespaces for the courier");
    if (vb_sys_map_self(uid, uid, gid, gid) < 0 || vb_sys_mount_private() < 0)
        return vb_fail_namespaces(err, errno, "mapping the courier's user");
    VB_CLEANUP_FD int root =
        vb_sys_mount_new("tmpfs", options, VB_MOUNT_NOSUID | VB_MOUNT_NODEV | VB_MOUNT_NOEXEC);
    if (root < 0)
        return vb_fail_namespaces(err, errno, "mounting the courier's root");
    const int status = fill_root(root, err);
    if (status < 0)
        return status;
    if (vb_sys_mount_restrict(root, VB_MOUNT_READONLY, false) < 0 ||
        vb_sys_mount_attach(root, AT_FDCWD, "/") < 0 || vb_sys_pivot(root) < 0)
        return vb_fail_namespaces(err, errno, "changing to the courier's root");
    return VB_OK;
}

static int set_limits(struct vb_error *err)
{
    const struct vb_limit_row limits[] = {
        {RLIMIT_CORE, 1},          {RLIMIT_NOFILE, OPEN_FILES}, {RLIMIT_FSIZE, FILE_BYTES},
        {RLIMIT_MEMLOCK, 0},       {RLIMIT_MSGQUEUE, 0},
#ifndef VB_SANITIZED
        {RLIMIT_AS, memory_bytes},
#endif
    };
    return vb_limits_set(limits, VB_ARRAY_LEN(limits), err);
}

static int confine(struct vb_error *err)
{
    struct sock_fprog filter = {0};
    int status = vb_null_stdio(sanitized, err);
    if (status == VB_OK)
        status = enter_root(err);
    if (status == VB_OK)
        status = set_limits(err);
    if (status == VB_OK)
        status = vb_courier_filter_new(&filter, err);
    VB_CLEANUP_FD int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (status == VB_OK && (root < 0 || vb_sys_drop_capabilities() < 0 ||
                            vb_sys_die_with_parent() < 0 || vb_sys_no_new_privs() < 0))
        status = fail(err);
    if (status == VB_OK)
        status = vb_landlock_online(&root, 1, err);
    if (status == VB_OK)
        status = vb_examiner_filter_load(&filter, err);
    vb_program_done(&filter);
    return status;
}

static int tell_ready(int control, struct vb_error *err)
{
    const struct vb_courier_message ready = {.word = VB_COURIER_READY};
    return vb_courier_send(control, &ready, -1, err);
}

static _Noreturn void child_main(const struct vb_courier_work *work, int control, int report)
{
    struct vb_error err = {0};
    const int keep[] = {control, report};
    vb_ignore_terminal_signals();
    int status = vb_drop_to_sandbox_user(&err);
    if (status == VB_OK &&
        (vb_sys_die_with_parent() < 0 || vb_sys_close_others(keep, VB_ARRAY_LEN(keep)) < 0))
        status = fail(&err);
    if (status == VB_OK)
        status = work->prepare(work->ctx, &err);
    if (status == VB_OK && clearenv() != 0) /* proxies, other files of hosts, debugging */
        status = fail(&err);
    if (status == VB_OK)
        status = confine(&err);
    if (status == VB_OK)
        status = tell_ready(control, &err);
    if (status == VB_OK)
        status = work->serve(work->ctx, control, &err);
    vb_report_write(report, status, &err);
    _exit(0);
}

/* --- in the coordinator --- */

static bool await(int fd, int ms)
{
    const uint64_t until_ns = vb_monotonic_ns() + (uint64_t)ms * 1000000;
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        const uint64_t now = vb_monotonic_ns();
        if (now >= until_ns)
            return false;
        const int got = poll(&ready, 1, (int)((until_ns - now) / 1000000) + 1);
        if (got > 0)
            return true;
        if (got < 0 && errno != EINTR)
            return false;
    }
}

/* Why it ended before it was ready. */
static int read_report(const struct vb_courier_child *courier, struct vb_error *err)
{
    struct vb_report report;
    const ssize_t got = read(courier->process.report, &report, sizeof(report));
    if (got != (ssize_t)sizeof(report) || report.status >= 0 || report.status <= -VB_STATUS_COUNT)
        return vb_fail(err, VB_E_SOFTWARE, 0, "the courier to real hosts did not begin");
    report.message[sizeof(report.message) - 1] = '\0';
    return vb_fail(err, report.status, 0, "%s", report.message);
}

static int await_ready(struct vb_courier_child *courier, struct vb_error *err)
{
    struct vb_courier_mail *mail = malloc(sizeof(*mail));
    if (mail == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "the courier to real hosts");
    mail->body = -1;
    const bool ready = await(courier->control, START_MS) &&
                       vb_courier_receive(courier->control, mail, err) > 0 &&
                       mail->message.word == VB_COURIER_READY;
    vb_close_fd(&mail->body);
    free(mail);
    return ready ? VB_OK : read_report(courier, err);
}

int vb_courier_child_new(const struct vb_courier_work *work, struct vb_courier_child **ret,
                         struct vb_error *err)
{
    VB_CLEANUP(vb_pipes_done) struct vb_pipes pipes = {{-1, -1}, {-1, -1}};
    int ends[2] = {-1, -1};
    struct vb_courier_child *courier = calloc(1, sizeof(*courier));
    if (courier == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "the courier to real hosts");
    *courier = (struct vb_courier_child){.work = work, .control = -1, .process = {-1, -1, -1, -1}};
    int status = vb_pipes_new(&pipes, err);
    if (status == VB_OK && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        status = fail(err);
    if (status < 0) {
        vb_courier_child_free(courier);
        return status;
    }
    courier->control = ends[0];
    VB_CLEANUP_FD int far = ends[1];
    courier->process.pid = fork();
    if (courier->process.pid == 0)
        child_main(work, far, pipes.report[1]);
    vb_close_fd(&far);
    courier->process.report = vb_steal_fd(&pipes.report[0]);
    vb_close_fd(&pipes.report[1]);
    if (courier->process.pid < 0 ||
        (courier->process.pidfd = pidfd_open(courier->process.pid, 0)) < 0)
        status = fail(err);
    else
        status = await_ready(courier, err);
    if (status < 0) {
        vb_courier_child_free(courier);
        return status;
    }
    *ret = courier;
    return VB_OK;
}

void vb_courier_child_free(struct vb_courier_child *courier)
{
    if (courier == NULL)
        return;
    vb_close_fd(&courier->control);
    vb_process_done(&courier->process);
    free(courier);
}

const struct vb_courier_hosts *vb_courier_child_hosts(const struct vb_courier_child *courier)
{
    return &courier->work->hosts;
}

int vb_courier_child_begin(struct vb_courier_child *courier, int *ret_fd, struct vb_error *err)
{
    const struct vb_courier_message message = {.word = VB_COURIER_RUN};
    int ends[2];
    *ret_fd = -1;
    if (courier->control < 0)
        return VB_OK;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return fail(err);
    VB_CLEANUP_FD int ours = ends[0];
    VB_CLEANUP_FD int theirs = ends[1];
    struct vb_error gone;
    if (vb_courier_send(courier->control, &message, theirs, &gone) < 0)
        vb_close_fd(&courier->control);
    else
        *ret_fd = vb_steal_fd(&ours);
    return VB_OK;
}

/* The numbers of one run, or false: there are none. */
static bool get_account(struct vb_courier_child *courier, struct vb_courier_account *ret)
{
    const struct vb_courier_message message = {.word = VB_COURIER_END};
    struct vb_error gone;
    if (courier->control < 0 || vb_courier_send(courier->control, &message, -1, &gone) < 0 ||
        !await(courier->control, ACCOUNT_MS))
        return false;
    return recv(courier->control, ret, sizeof(*ret), MSG_DONTWAIT) == (ssize_t)sizeof(*ret);
}

static int64_t at_most(uint64_t number)
{
    return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

static int tell_account(const struct vb_courier_hosts *hosts,
                        const struct vb_courier_account *account, uint32_t detonation,
                        struct vb_sink *sink, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < hosts->count; i++) {
        struct vb_event event;
        if (account->rows[i].requests == 0 && account->rows[i].failed == 0)
            continue;
        vb_event_init(&event, VB_EV_LIVE_HOST, VB_SOURCE_TOOL);
        event.detonation = detonation;
        vb_event_str(&event, VB_F_NAME, hosts->names[i]);
        vb_event_int(&event, VB_F_COUNT, at_most(account->rows[i].requests));
        vb_event_int(&event, VB_F_SIZE, at_most(account->rows[i].sent));
        vb_event_int(&event, VB_F_RECEIVED, at_most(account->rows[i].received));
        if (account->rows[i].failed > 0)
            vb_event_int(&event, VB_F_FAILED, at_most(account->rows[i].failed));
        status = vb_emit(sink, &event, err);
    }
    return status;
}

/* It is ended, whatever it does, and how it went is told once. */
static int tell_gone(struct vb_courier_child *courier, uint32_t detonation, struct vb_sink *sink,
                     struct vb_error *err)
{
    const struct vb_relay relay = {.name = "courier", .detonation = detonation};
    struct vb_death death = {.died = true};
    struct vb_event event;
    int wait_status = 0;
    vb_close_fd(&courier->control);
    if (courier->told)
        return VB_OK;
    courier->told = true;
    if (!await(courier->process.pidfd, 1))
        (void)pidfd_send_signal(courier->process.pidfd, SIGKILL, NULL, 0);
    if (vb_process_reap(&courier->process, &wait_status) < 0)
        return fail(err);
    death.signal = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
    death.status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0;
    death.reason = death.signal == SIGSYS    ? "made a system call that it may not make"
                   : death.signal == SIGKILL ? "did not answer, and was ended"
                   : death.signal != 0       ? "was killed"
                                             : "ended before its time";
    int status = vb_emit_death(&relay, &death, sink, err);
    if (status < 0)
        return status;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    event.detonation = detonation;
    vb_event_str(&event, VB_F_STAGE, "world");
    vb_event_str(&event, VB_F_WHAT, "requests to real hosts");
    vb_event_str(&event, VB_F_REASON, "the courier died: how much left in this run is not known");
    return vb_emit(sink, &event, err);
}

int vb_courier_child_end(struct vb_courier_child *courier, uint32_t detonation,
                         struct vb_sink *sink, struct vb_error *err)
{
    struct vb_courier_account account;
    return get_account(courier, &account)
               ? tell_account(&courier->work->hosts, &account, detonation, sink, err)
               : tell_gone(courier, detonation, sink, err);
}
