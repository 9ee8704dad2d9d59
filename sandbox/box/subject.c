/* subject: the last moments of our own code before what is examined takes the process over. After
 * the filter is loaded nothing may be called that the recorder could be asked about: the listener
 * is not served yet. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/kernel.h"
#include "sandbox/detonate/insider.h"
#include "sandbox/recorder/recorder.h"

enum { NOT_FOUND = 127, NOT_EXECUTABLE = 126, JOIN_SESSION_KEYRING = 1 };

/* What a process can take between two looks of the watch. */
static uint64_t beyond_watch(const struct vb_sandbox_options *options)
{
    static const uint64_t least = 256U << 20;
    return options->memory_bytes / 4 > least ? options->memory_bytes / 4 : least;
}

static int limit_subject(const struct vb_inside *inside, struct vb_error *err)
{
    const struct vb_sandbox_options *options = &inside->setup->options;
    /* A control group notes who ran into its limit: it has to be the narrower one. */
    const unsigned counted = inside->setup->cgroup.dir >= 0;
    const struct vb_limit_row rows[] = {
        /* 1, not 0: a core_pattern with a pipe starts the host's program as root whatever the
         * limit, except for this one (kernel.core_pattern in core(5)). */
        {RLIMIT_CORE, 1},
        {RLIMIT_CPU, inside->detonation->timeout_ms / 1000 + 5},
        /* Not RLIMIT_AS: node reserves far more than it uses. Shared memory is the supervisor's to
         * watch, and so is the limit itself: this one is for who is faster than that, and refuses
         * without a word what the other tells of. */
        {RLIMIT_DATA, options->memory_bytes + beyond_watch(options)},
        {RLIMIT_FSIZE, options->disk_bytes},
        {RLIMIT_MEMLOCK, 64 * 1024},
        {RLIMIT_MSGQUEUE, 64 * 1024},
        {RLIMIT_NICE, 0},
        {RLIMIT_NOFILE, VB_BOX_OPEN_FILES},
        /* Counted within this user namespace since 5.14. */
        {RLIMIT_NPROC, options->processes + counted},
        {RLIMIT_RTPRIO, 0},
        {RLIMIT_SIGPENDING, 1024},
    };
    return vb_limits_set(rows, VB_ARRAY_LEN(rows), err);
}

static int set_up_descriptors(const struct vb_inside *inside, struct vb_error *err)
{
    VB_CLEANUP_FD int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int input = inside->input < 0 ? null : inside->input;
    if (null < 0 || dup2(input, STDIN_FILENO) < 0 || dup2(inside->output[0], STDOUT_FILENO) < 0 ||
        dup2(inside->output[1], STDERR_FILENO) < 0)
        return vb_fail(err, VB_E_OS, errno, "setting up standard input and output");
    const bool probed = inside->probes >= 0;
    const int keep[] = {inside->start, VB_INSIDER_FD};
    if ((probed && dup2(inside->probes, VB_INSIDER_FD) < 0) ||
        vb_sys_close_others(keep, probed ? 2 : 1) < 0 ||
        syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) < 0 ||
        (probed && fcntl(VB_INSIDER_FD, F_SETFD, 0) < 0))
        return vb_fail(err, VB_E_OS, errno, "closing descriptors");
    return VB_OK;
}

static int default_signals(struct vb_error *err)
{
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL); /* fails for those that cannot be changed */
    if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
        return vb_fail(err, VB_E_OS, errno, "resetting signals");
    return VB_OK;
}

static int drop_everything(struct vb_error *err)
{
    /* Init forked us undumpable; the supervisor must be able to take the listener. */
    if (vb_sys_no_new_privs() < 0 || vb_sys_drop_capabilities() < 0 ||
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
        return vb_fail(err, VB_E_OS, errno, "dropping privileges");
    /* The host's session keyring would be possessed by the subject. A kernel without keys has none.
     */
    if (syscall(SYS_keyctl, JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
        return vb_fail(err, VB_E_OS, errno, "leaving the session keyring");
    return vb_landlock_subject(err);
}

static int prepare(const struct vb_inside *inside, struct vb_error *err)
{
    if (setsid() < 0)
        return vb_fail(err, VB_E_OS, errno, "starting a session");
    umask(022);
    /* A run before this one may have closed both. */
    if (chdir(inside->cwd) < 0 && chdir(inside->folder) < 0 && chdir("/") < 0)
        return vb_fail(err, VB_E_OS, errno, "changing to %s", inside->cwd);
    int status = default_signals(err);
    if (status == VB_OK)
        status = set_up_descriptors(inside, err);
    if (status == VB_OK)
        status = limit_subject(inside, err);
    return status < 0 ? status : drop_everything(err);
}

/* Looked up by ourselves, so that the record begins with the one execve that matters. */
static void find_program(const char *name, char *const *envp, char *ret, size_t size)
{
    snprintf(ret, size, "%s", name);
    if (strchr(name, '/') != NULL)
        return;
    const char *path = "/usr/bin:/bin";
    for (; *envp != NULL; envp++) {
        if (strncmp(*envp, "PATH=", 5) == 0)
            path = *envp + 5;
    }
    while (*path != '\0') {
        const size_t len = strcspn(path, ":");
        struct stat st;
        snprintf(ret, size, "%.*s/%s", (int)len, path, name);
        if (stat(ret, &st) == 0 && S_ISREG(st.st_mode) && access(ret, X_OK) == 0)
            return;
        path += len + (path[len] == ':');
    }
    snprintf(ret, size, "%s", name);
}

/* Gives the listener away: the supervisor takes it out of this process. Only write and read are
 * used, which the recorder never asks about. */
static int hand_over_listener(const struct vb_inside *inside, struct vb_error *err)
{
    struct vb_box_message message = {.word = VB_BOX_LISTENER};
    message.number = vb_filter_load(inside->setup->program);
    if (message.number < 0)
        return vb_fail(err, VB_E_UNAVAILABLE, errno, "loading the recorder's filter");
    if (write(inside->start, &message, sizeof(message)) != (ssize_t)sizeof(message) ||
        read(inside->start, &message, sizeof(message)) != (ssize_t)sizeof(message) ||
        message.word != VB_BOX_TAKEN)
        return vb_fail(err, VB_E_OS, errno, "handing over the recorder's listener");
    return VB_OK;
}

static void say(int socket, const struct vb_box_message *message)
{
    (void)!write(socket, message, sizeof(*message));
}

_Noreturn void vb_subject_main(const struct vb_inside *inside)
{
    char program[4096];
    struct vb_error err = {0};
    int status = prepare(inside, &err);
    find_program(inside->argv[0], inside->envp, program, sizeof(program));
    if (status == VB_OK && inside->setup->program != NULL)
        status = hand_over_listener(inside, &err);
    struct vb_box_message message = {.word = VB_BOX_FAILED, .status = status};
    if (status < 0) {
        memcpy(message.text, err.message, sizeof(message.text));
        say(inside->start, &message);
        _exit(1);
    }
    (void)execve(program, inside->argv, inside->envp);
    message.word = VB_BOX_NOT_RUN;
    message.number = errno;
    say(inside->start, &message);
    _exit(message.number == ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
}
