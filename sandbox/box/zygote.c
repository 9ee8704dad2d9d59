/* zygote: trusted code on both sides of a socket. The coordinator asks, one question at a time;
 * what is forked here becomes the coordinator's own child. */
#include "sandbox/box/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/box/kernel.h"

enum {
    CONTEXT_MAX = 2048,
    PIPE_ENDS = 2,
    ANSWER_MS = 30000, /* even on a machine that swaps */
    LARGE_BLOCK = 100000
};

struct vb_zygote {
    pid_t pid;
    int socket;
    bool program; /* it executed one: no pointer of ours means anything there */
};

/* Where a program that is executed as a zygote finds its socket. */
enum { PROGRAM_SOCKET = STDERR_FILENO + 1 };

/* What both sides must agree on where they are two programs, of which one may be another version's.
 */
struct build {
    char version[16];
    size_t question, context;
};

/* What the coordinator asks for. */
struct question {
    bool workspace;        /* and no child */
    struct vb_child child; /* its pointers hold on both sides, where one is a copy of the other */
    uint64_t epoch_ns;
    int fds[VB_CHILD_FDS_MAX +
            PIPE_ENDS]; /* the numbers that they have there, and will have here */
    uint64_t bytes, inodes;
    unsigned char context[CONTEXT_MAX] __attribute__((aligned(16)));
};

struct answer {
    pid_t pid;
    struct vb_report report;
    struct build build; /* in the first one */
};

/* WORK NULL: of a copy of us, which is the same by nature. */
static struct build build_of(const struct vb_zygote_work *work)
{
    struct build build = {.question = sizeof(struct question)};
    snprintf(build.version, sizeof(build.version), "%s", VETBOX_VERSION);
    build.context = work != NULL ? work->ctx_bytes : 0;
    return build;
}

/* --- in the zygote --- */

struct state {
    int socket;
    struct sock_fprog filter;
    const struct vb_zygote_work *work; /* what all children do; NULL: each is told */
};

static int enter_empty_root(struct vb_error *err)
{
    static const struct vb_mount_option options[] = {
        {"size", "4k"}, {"nr_inodes", "2"}, {"mode", "0555"}, {NULL, NULL}};
    if (vb_sys_mount_private() < 0)
        return vb_fail_namespaces(err, errno, "making the mounts private");
    VB_CLEANUP_FD int root = vb_sys_mount_new(
        "tmpfs", options, VB_MOUNT_READONLY | VB_MOUNT_NOSUID | VB_MOUNT_NODEV | VB_MOUNT_NOEXEC);
    if (root < 0 || vb_sys_mount_attach(root, AT_FDCWD, "/") < 0)
        return vb_fail_namespaces(err, errno, "mounting an empty root");
    if (vb_sys_pivot(root) < 0)
        return vb_fail_namespaces(err, errno, "changing to the empty root");
    return VB_OK;
}

/* What each child would do for itself otherwise, over and over. Dates in packages are read by the
 * same clock everywhere; libc would look for that of the machine at each of them, in vain. */
static void prepare_once(void)
{
    sigset_t all;
    vb_child_default_signals();
    sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL); /* whoever ends it kills it */
    vb_sys_empty_bounding_set();
    (void)setenv("TZ", "UTC0", 1);
    tzset();
}

/* The first large block makes malloc put in order all that was freed, all over the heap: each child
 * would copy those pages. */
static void tidy_heap(void)
{
    void *volatile block = malloc(LARGE_BLOCK);
    free(block);
}

/* The walls that all children share. What stands is for the children to keep: capabilities in the
 * new user namespace, which they drop. */
static int prepare(struct state *state, struct vb_error *err)
{
    const int unshared = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
    int status = vb_drop_to_sandbox_user(err);
    const uid_t uid = geteuid();
    const gid_t gid = getegid();
    if (status < 0)
        return status;
    if (vb_sys_close_others(&state->socket, 1) < 0)
        return vb_fail(err, VB_E_OS, errno, "preparing for children");
    if (unshare(unshared) < 0)
        return vb_fail_namespaces(err, errno, "making namespaces for children");
    if (vb_sys_map_self(uid, uid, gid, gid) < 0)
        return vb_fail_namespaces(err, errno, "mapping the user into a user namespace");
#ifdef VB_SANITIZED
    status = vb_null_stdio(true, err);
#else
    status = vb_null_stdio(false, err);
#endif
    if (status == VB_OK)
        status = enter_empty_root(err);
    if (status == VB_OK && (vb_sys_no_new_privs() < 0 || vb_sys_die_with_parent() < 0))
        status = vb_fail(err, VB_E_OS, errno, "preparing for children");
    if (status < 0)
        return status;
    prepare_once();
    status = vb_examiner_filter_new(&state->filter, err);
    tidy_heap();
    return status;
}

/* Gives the descriptors the numbers that they have in the coordinator: whoever wrote the child's
 * work knows those. */
static int renumber(const int *from, const int *to, size_t count)
{
    int high[VB_SYS_FDS_MAX];
    int last = 0;
    for (size_t i = 0; i < count; i++)
        last = to[i] > last ? to[i] : last;
    for (size_t i = 0; i < count; i++) {
        high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, last + 1);
        if (high[i] < 0)
            return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (dup3(high[i], to[i], O_CLOEXEC) < 0)
            return -1;
    }
    return 0;
}

static _Noreturn void become_child(const struct state *state, struct question *question,
                                   const int *fds)
{
    struct vb_child *child = &question->child;
    const size_t count = child->fd_count;
    const struct vb_pipes pipes = {.frames = {-1, question->fds[count]},
                                   .report = {-1, question->fds[count + 1]}};
    if (renumber(fds, question->fds, count + PIPE_ENDS) < 0) {
        struct vb_error err = {0}; /* of ours: to end without a word is what packages do */
        const int status =
            vb_fail(&err, VB_E_OS, errno, "numbering the descriptors of the %s child", child->name);
        vb_report_write(fds[count + 1], status, &err);
        _exit(1);
    }
    child->fds = question->fds;
    if (child->ctx_bytes > 0)
        child->ctx = question->context;
    vb_child_main(child, &pipes, question->epoch_ns, &state->filter);
}

static void refuse(struct answer *answer, int status, const struct vb_error *err)
{
    answer->report.status = status;
    memcpy(answer->report.message, err->message, sizeof(err->message));
}

static void give_child(const struct state *state, struct question *question, const int *fds,
                       size_t count, struct answer *ret)
{
    struct vb_error err = {0};
    if (state->work != NULL) {
        question->child.name = state->work->name;
        question->child.run = state->work->run;
    }
    if (count != question->child.fd_count + PIPE_ENDS) {
        refuse(ret,
               vb_fail(&err, VB_E_OS, EMFILE, "taking the descriptors of the %s child",
                       question->child.name),
               &err);
        return;
    }
    ret->pid = vb_sys_clone(CLONE_NEWPID | CLONE_PARENT, NULL);
    if (ret->pid == 0)
        become_child(state, question, fds);
    if (ret->pid < 0)
        refuse(ret, vb_fail_namespaces(&err, errno, "making a namespace for a child"), &err);
}

/* Its descriptor, or -1 with the reason in RET. */
static int give_workspace(const struct question *question, struct answer *ret)
{
    const int fd = vb_workspace_mount(question->bytes, question->inodes, geteuid(), getegid());
    if (fd < 0) {
        struct vb_error err = {0};
        refuse(ret, vb_fail_namespaces(&err, errno, "mounting a workspace"), &err);
    }
    return fd;
}

static void serve(struct state *state)
{
    struct question question;
    int fds[VB_SYS_FDS_MAX];
    size_t count = 0;
    while (vb_sys_recv_fds(state->socket, &question, sizeof(question), fds, &count) ==
           (ssize_t)sizeof(question)) {
        struct answer answer = {.pid = -1};
        VB_CLEANUP_FD int workspace = -1;
        if (question.workspace)
            workspace = give_workspace(&question, &answer);
        else
            give_child(state, &question, fds, count, &answer);
        for (size_t i = 0; i < count; i++)
            vb_close_fd(&fds[i]);
        if (vb_sys_send(state->socket, &answer, sizeof(answer), workspace) < 0)
            break;
    }
}

static _Noreturn void zygote_main(int socket, const struct vb_zygote_work *work)
{
    struct state state = {.socket = socket, .work = work};
    struct vb_error err = {0};
    struct answer answer = {.pid = -1, .build = build_of(work)};
    answer.report.status = prepare(&state, &err);
    memcpy(answer.report.message, err.message, sizeof(err.message));
    if (vb_sys_send(socket, &answer, sizeof(answer), -1) == 0 && answer.report.status == VB_OK)
        serve(&state);
    _exit(0);
}

/* --- in the coordinator --- */

/* One that somebody stopped would keep us for ever, and its late answer would be taken for that to
 * the next question: it is ended. */
static int await_answer(const struct vb_zygote *zygote, struct vb_error *err)
{
    struct pollfd fd = {.fd = zygote->socket, .events = POLLIN};
    int ready;
    do {
        ready = poll(&fd, 1, ANSWER_MS);
    } while (ready < 0 && errno == EINTR);
    if (ready > 0)
        return VB_OK;
    const int saved = ready == 0 ? ETIMEDOUT : errno;
    (void)kill(zygote->pid, SIGKILL);
    return vb_fail(err, VB_E_OS, saved,
                   "the process that examiners are forked from does not answer");
}

static int hear(const struct vb_zygote *zygote, struct answer *ret, int *ret_fd,
                struct vb_error *err)
{
    const int status = await_answer(zygote, err);
    if (status < 0)
        return status;
    const ssize_t got = vb_sys_recv(zygote->socket, ret, sizeof(*ret), ret_fd, NULL);
    if (got != (ssize_t)sizeof(*ret))
        return vb_fail(err, VB_E_OS, got < 0 ? errno : 0,
                       "the process that examiners are forked from is gone");
    if (ret->report.status < 0)
        return vb_fail(err, ret->report.status, 0, "%s", ret->report.message);
    return VB_OK;
}

void vb_zygote_main(const struct vb_zygote_work *work)
{
    zygote_main(PROGRAM_SOCKET, work);
}

/* Nothing of ours is in what is executed: neither memory nor descriptors nor where anything lies.
 */
static _Noreturn void execute(const struct vb_zygote_program *program, int socket)
{
    struct vb_error err = {0};
    struct answer answer = {.pid = -1};
    char *const argv[] = {(char *)(uintptr_t)vb_path_base(program->path), NULL};
#ifdef VB_SANITIZED
    char *const *const variables = environ; /* the sanitizers have their options there */
#else
    static char *const variables[] = {NULL}; /* keys are kept there */
#endif
    const int keep = PROGRAM_SOCKET;
    if (socket == PROGRAM_SOCKET ? fcntl(socket, F_SETFD, 0) == 0
                                 : dup2(socket, PROGRAM_SOCKET) == PROGRAM_SOCKET) {
        if (vb_sys_close_others(&keep, 1) == 0)
            (void)execve(program->path, argv, variables);
    }
    answer.report.status =
        vb_fail(&err, VB_E_CONFIG, errno, "cannot execute %s: install vetbox again", program->path);
    memcpy(answer.report.message, err.message, sizeof(err.message));
    (void)vb_sys_send(PROGRAM_SOCKET, &answer, sizeof(answer), -1);
    _exit(1);
}

static int check_build(const struct vb_zygote_program *program, const struct answer *answer,
                       struct vb_error *err)
{
    const struct build ours = build_of(&program->work);
    return memcmp(&ours, &answer->build, sizeof(ours)) == 0
               ? VB_OK
               : vb_fail(err, VB_E_CONFIG, 0,
                         "%s is of another version of vetbox: install vetbox again", program->path);
}

/* PROGRAM NULL: a copy of us. */
static int new_zygote(const struct vb_zygote_program *program, struct vb_zygote **ret,
                      struct vb_error *err)
{
    struct answer answer;
    int ends[2];
    struct vb_zygote *zygote = malloc(sizeof(*zygote));
    if (zygote == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "preparing for children");
    *zygote = (struct vb_zygote){.pid = -1, .socket = -1, .program = program != NULL};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        free(zygote);
        return vb_fail(err, VB_E_OS, errno, "preparing for children");
    }
    zygote->socket = ends[0];
    zygote->pid = fork();
    if (zygote->pid == 0 && program != NULL)
        execute(program, ends[1]);
    if (zygote->pid == 0)
        zygote_main(ends[1], NULL);
    vb_close_fd(&ends[1]);
    int status = zygote->pid < 0 ? vb_fail(err, VB_E_OS, errno, "forking for children")
                                 : hear(zygote, &answer, NULL, err);
    if (status == VB_OK && program != NULL)
        status = check_build(program, &answer, err);
    if (status < 0) {
        vb_zygote_free(zygote);
        return status;
    }
    *ret = zygote;
    return VB_OK;
}

int vb_zygote_new(struct vb_zygote **ret, struct vb_error *err)
{
    return new_zygote(NULL, ret, err);
}

int vb_zygote_execute(const struct vb_zygote_program *program, struct vb_zygote **ret,
                      struct vb_error *err)
{
    return new_zygote(program, ret, err);
}

void vb_zygote_free(struct vb_zygote *zygote)
{
    int status;
    if (zygote == NULL)
        return;
    vb_close_fd(&zygote->socket);
    if (zygote->pid > 0 && kill(zygote->pid, SIGKILL) == 0) /* it may not hear that, if stopped */
        (void)vb_sys_reap(zygote->pid, &status);
    free(zygote);
}

/* Where something lies here is nothing that a reader of hostile bytes needs to know. */
static void forget_pointers(struct vb_child *child)
{
    child->name = NULL;
    child->zygote = NULL;
    child->run = NULL;
    child->ctx = NULL;
    child->fds = NULL;
}

int vb_zygote_fork(struct vb_zygote *zygote, const struct vb_child *child,
                   const struct vb_pipes *pipes, uint64_t epoch_ns, pid_t *ret_pid,
                   struct vb_error *err)
{
    struct question question = {.child = *child, .epoch_ns = epoch_ns};
    struct answer answer;
    const size_t count = child->fd_count;
    if (zygote->program)
        forget_pointers(&question.child);
    if (count > VB_CHILD_FDS_MAX || child->ctx_bytes > CONTEXT_MAX ||
        (zygote->program && child->ctx_bytes == 0))
        return vb_fail(err, VB_E_SOFTWARE, 0, "a child is given too much");
    if (count > 0)
        memcpy(question.fds, child->fds, count * sizeof(*child->fds));
    question.fds[count] = pipes->frames[1];
    question.fds[count + 1] = pipes->report[1];
    if (child->ctx_bytes > 0)
        memcpy(question.context, child->ctx, child->ctx_bytes);
    if (vb_sys_send_fds(zygote->socket, &question, sizeof(question), question.fds,
                        count + PIPE_ENDS) < 0)
        return vb_fail(err, VB_E_OS, errno,
                       "asking the process that examiners are forked from for a child");
    const int status = hear(zygote, &answer, NULL, err);
    if (status == VB_OK)
        *ret_pid = answer.pid;
    return status;
}

int vb_zygote_workspace(struct vb_zygote *zygote, uint64_t bytes, uint64_t inodes, int *ret_dirfd,
                        struct vb_error *err)
{
    const struct question question = {.workspace = true, .bytes = bytes, .inodes = inodes};
    struct answer answer;
    int fd = -1;
    if (vb_sys_send(zygote->socket, &question, sizeof(question), -1) < 0)
        return vb_fail(err, VB_E_OS, errno,
                       "asking the process that examiners are forked from for a workspace");
    const int status = hear(zygote, &answer, &fd, err);
    if (status < 0)
        return status;
    if (fd < 0)
        return vb_fail(err, VB_E_SOFTWARE, 0, "making a workspace: no descriptor came");
    *ret_dirfd = fd;
    return VB_OK;
}
