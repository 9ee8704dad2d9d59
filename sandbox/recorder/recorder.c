/* The supervisor's end: takes notifications, has them decoded, answers.
 * Trust boundary: the subject chooses every argument and may die at any moment; nothing that it
 * does may make this code fail, wait or grow. */
#include "sandbox/recorder/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/recorder/call.h"

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

enum {
    PIDS = 1 << 22, /* the most that pid_max can be */
    X32_BIT = 0x40000000,
    NUMBERS = 1024 /* of system calls */
};

static int no_memory(struct vb_error *err)
{
    return vb_fail(err, VB_E_NOMEM, 0, "starting the recorder: out of memory");
}

/* A kernel may know larger structures than the headers that we were built with. */
static int make_buffers(struct vb_recorder *recorder, struct vb_error *err)
{
    struct seccomp_notif_sizes sizes;
    if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
        return vb_fail(err, VB_E_UNAVAILABLE, errno,
                       "the kernel has no seccomp notifications; Linux 5.0 or newer is needed");
    recorder->notif_size = sizes.seccomp_notif > sizeof(struct seccomp_notif)
                               ? sizes.seccomp_notif
                               : sizeof(struct seccomp_notif);
    recorder->response_size = sizes.seccomp_notif_resp > sizeof(struct seccomp_notif_resp)
                                  ? sizes.seccomp_notif_resp
                                  : sizeof(struct seccomp_notif_resp);
    recorder->notif = calloc(1, recorder->notif_size);
    recorder->response = calloc(1, recorder->response_size);
    recorder->by_number = calloc(NUMBERS, sizeof(*recorder->by_number));
    recorder->numbers = NUMBERS;
    recorder->seen = calloc(PIDS / 64, sizeof(*recorder->seen)); /* pages come as they are needed */
    const size_t baits = recorder->options.baits ? vb_bait_count(recorder->options.baits) : 0;
    recorder->bait_ids = calloc(baits + 1, sizeof(*recorder->bait_ids));
    recorder->bait_folders = calloc(baits + 1, sizeof(*recorder->bait_folders));
    const bool all = recorder->notif && recorder->response && recorder->by_number &&
                     recorder->seen && recorder->bait_ids && recorder->bait_folders;
    for (size_t i = 0; all && i < baits; i++) {
        const struct vb_bait *bait = vb_bait_at(recorder->options.baits, i);
        if (bait->place == VB_BAIT_FILE)
            recorder->bait_folders[i] = (size_t)(strrchr(bait->path, '/') - bait->path);
    }
    return all ? VB_OK : no_memory(err);
}

static void index_table(struct vb_recorder *recorder)
{
    for (size_t i = 0; i < vb_syscall_count; i++) {
        int number = seccomp_syscall_resolve_name(vb_syscalls[i].name);
        if (number >= 0 && (size_t)number < recorder->numbers)
            recorder->by_number[number] = &vb_syscalls[i];
    }
}

/* --- is the subject still one task? --- */

/* Making a process is not notified (syscalls.def): until there has been a second one, each call
 * asks. An orphan is init's child, whoever made it; making a thread is notified. */
static void open_children(struct vb_recorder *recorder, const struct vb_process *process)
{
    const pid_t parents[] = {process->tgid, process->ppid};
    for (size_t i = 0; i < VB_ARRAY_LEN(parents); i++)
        recorder->children[i] = vb_process_children(parents[i]);
}

static void close_children(struct vb_recorder *recorder)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(recorder->children); i++)
        vb_close_fd(&recorder->children[i]);
}

/* "17 18 " is two. A kernel that does not tell may have any number. */
static bool has_children(int fd, size_t at_most)
{
    char text[64];
    const ssize_t got = fd < 0 ? -1 : pread(fd, text, sizeof(text), 0);
    size_t count = 0;
    for (ssize_t i = 0; i < got; i++)
        count += text[i] == ' ';
    return got < 0 || count > at_most;
}

static void watch_baits_in_time(struct vb_recorder *recorder, const struct vb_process *process)
{
    if (recorder->baits_watched)
        return;
    if (!recorder->any_seen)
        open_children(recorder, process);
    if (process->tid != process->tgid || has_children(recorder->children[0], 0) ||
        has_children(recorder->children[1], 1))
        vb_recorder_watch_baits(recorder);
}

/* --- beginning and end --- */

int vb_recorder_new(const struct vb_recorder_options *options, struct vb_recorder **ret,
                    struct vb_error *err)
{
    struct vb_recorder *recorder = calloc(1, sizeof(*recorder));
    if (!recorder)
        return no_memory(err);
    recorder->options = *options;
    recorder->options.listener = -1; /* the caller's until all went well */
    recorder->root_fd = recorder->processes.programs.fd = -1;
    recorder->processes.parent.children = -1;
    vb_tops_init(&recorder->tops, &recorder->options);
    vb_rests_init(&recorder->rests);
    recorder->clock.ahead_s = (uint64_t)options->days_ahead * 86400;
    recorder->children[0] = recorder->children[1] = -1;
    /* The clock of most file times; the exact one may be ahead of it. */
    recorder->begin = options->filled;
    int status = make_buffers(recorder, err);
    if (status) {
        vb_recorder_free(recorder);
        return status;
    }
    index_table(recorder);
    vb_exec_given(recorder, options->environment);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = options->first_tag};
    if (epoll_ctl(options->epoll, EPOLL_CTL_ADD, options->listener, &event) < 0) {
        vb_recorder_free(recorder);
        return vb_fail(err, VB_E_OS, errno, "starting the recorder");
    }
    recorder->options.listener = options->listener;
    /* A cheaper wake-up where the kernel has it (6.6); no loss where it has not. */
    (void)ioctl(options->listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS,
                (unsigned long)SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
    *ret = recorder;
    return VB_OK;
}

static int end(struct vb_recorder *recorder, struct vb_error *err)
{
    const int status = vb_scripts_end(recorder, err);
    return status ? status : vb_recorder_coverage(recorder, err);
}

void vb_recorder_free(struct vb_recorder *recorder)
{
    if (!recorder)
        return;
    /* If the sink is broken, its owner knows from the step that failed. */
    const int told = end(recorder, NULL);
    (void)told;
    for (size_t i = 0; i < VB_RELAYS; i++)
        vb_relay_free(recorder->relays[i]);
    vb_rests_done(&recorder->rests);
    vb_close_fd(&recorder->options.listener);
    vb_close_fd(&recorder->root_fd);
    vb_tops_done(&recorder->tops);
    vb_close_fd(&recorder->processes.programs.fd);
    vb_close_fd(&recorder->processes.parent.children);
    free(recorder->by_number);
    free(recorder->seen);
    close_children(recorder);
    free(recorder->bait_ids);
    free(recorder->bait_folders);
    free(recorder->notif);
    free(recorder->response);
    free(recorder);
}

uint64_t vb_recorder_dropped(const struct vb_recorder *recorder)
{
    return recorder->dropped;
}

/* --- one notification --- */

/* A call that the filter's architecture does not have. */
static int decode_foreign(struct vb_call *call, uint32_t scmp_arch, unsigned number,
                          const char *detail, struct vb_error *err)
{
    char unknown[32];
    char *name = seccomp_syscall_resolve_num_arch(scmp_arch, (int)number);
    snprintf(unknown, sizeof(unknown), "syscall %u", number);
    call->name = name ? name : unknown;
    int status = vb_call_deny(call, ENOSYS, detail, err);
    free(name);
    call->name = "";
    return status;
}

static int decode(struct vb_call *call, struct vb_error *err)
{
    const struct vb_recorder *recorder = call->recorder;
    const struct seccomp_data *data = &call->notif->data;
    unsigned number = (unsigned)data->nr;
    uint32_t native = seccomp_arch_native();
    if (data->arch == AUDIT_ARCH_I386)
        return decode_foreign(call, SCMP_ARCH_X86, number, "32-bit system call", err);
    if (data->arch != native)
        return decode_foreign(call, native, number, "system call of another architecture", err);
    if (native == SCMP_ARCH_X86_64 && number & X32_BIT)
        return decode_foreign(call, SCMP_ARCH_X32, number, "x32 system call", err);
    if (number < recorder->numbers)
        call->row = recorder->by_number[number];
    if (!call->row || !call->row->decode || call->row->action < VB_SYSCALL_DENY)
        return decode_foreign(call, native, number, "a call that the box does not know", err);
    call->name = call->row->name;
    return call->row->decode(call, err);
}

/* Most programs are in one folder. Where /usr is a mount of its own nobody can take it away, nor
 * what is in an overlay's lower layer as long as there are files in it that one may not delete. */
static void open_programs(struct vb_recorder *recorder)
{
    struct vb_folder *programs = &recorder->processes.programs;
    struct stat st;
    struct statx usr;
    if (recorder->own_usr ||
        statx(recorder->root_fd, "usr", AT_SYMLINK_NOFOLLOW, STATX_TYPE, &usr) < 0 ||
        !(usr.stx_attributes & STATX_ATTR_MOUNT_ROOT))
        return;
    VB_CLEANUP_FD int fd = vb_open_beneath(recorder->root_fd, "usr/bin", O_PATH | O_DIRECTORY, 0);
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid == geteuid() || st.st_mode & (S_IWGRP | S_IWOTH))
        return;
    programs->path = "/usr/bin";
    programs->fd = vb_steal_fd(&fd);
}

/* The box has one root: chroot and pivot_root are refused. */
static void open_root(struct vb_recorder *recorder, pid_t tid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/root", (int)tid);
    recorder->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    /* In a root file system that the user built, what is in /usr is his, and so the subject's. */
    static const char *const folders[] = {"usr/lib", "usr/share"};
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++) {
        struct stat st;
        if (fstatat(recorder->root_fd, folders[i], &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            st.st_uid == geteuid())
            recorder->own_usr = true;
    }
    open_programs(recorder);
}

/* A process that makes its first call: its making was not notified. */
static int see_new_process(struct vb_call *call, struct vb_error *err)
{
    struct vb_recorder *recorder = call->recorder;
    const struct vb_process *process = call->process;
    const uint64_t bit = 1ULL << (process->tgid % 64);
    const size_t word = (unsigned)process->tgid / 64;
    const bool first = !recorder->any_seen; /* the subject itself */
    if ((unsigned)process->tgid >= PIDS || recorder->seen[word] & bit)
        return VB_OK;
    recorder->seen[word] |= bit;
    recorder->any_seen = true;
    if (first)
        return VB_OK;
    vb_recorder_watch_baits(recorder);
    struct vb_event event;
    vb_call_event(call, &event, VB_EV_PROCESS_FORK);
    vb_event_int(&event, VB_F_PPID, process->ppid);
    return vb_call_emit(call, &event, err);
}

void vb_recorder_forget(struct vb_recorder *recorder, pid_t tgid)
{
    vb_process_forget(&recorder->processes, tgid);
    vb_rests_forget(recorder, tgid);
    if ((unsigned)tgid < PIDS)
        recorder->seen[(unsigned)tgid / 64] &= ~(1ULL << (tgid % 64));
}

/* A call that is notified only to show the clock, which is the machine's. */
static bool is_nothing(const struct vb_recorder *recorder)
{
    const struct seccomp_data *data = &recorder->notif->data;
    return data->nr == SYS_arch_prctl && data->arch == seccomp_arch_native() &&
           !vb_clock_differs(&recorder->clock);
}

static int handle(struct vb_recorder *recorder, struct vb_error *err)
{
    struct vb_call call = {.recorder = recorder, .notif = recorder->notif, .name = ""};
    if (is_nothing(recorder))
        return vb_call_answer(&call, err);
    pid_t tid = (pid_t)recorder->notif->pid;
    if (recorder->root_fd < 0)
        open_root(recorder, tid);
    vb_memory_init(&recorder->memory, tid);
    call.process = vb_process_get(&recorder->processes, tid);
    if (!call.process) /* it died; the answer goes nowhere, but is harmless */
        call.error = EPERM;
    if (call.process)
        watch_baits_in_time(recorder, call.process);
    int status = call.process ? see_new_process(&call, err) : VB_OK;
    if (!status && call.process)
        status = vb_exec_check(&call, err);
    if (!status && call.process && !call.gone)
        status = decode(&call, err);
    /* It is answered even if we failed: the caller ends the box in its own time. */
    int answered = vb_call_answer(&call, status ? NULL : err);
    return status ? status : answered;
}

static int take(struct vb_recorder *recorder, struct vb_error *err)
{
    /* The kernel insists on a zeroed structure. Whatever POLLIN stood for is there to be taken,
     * dead or alive: this does not wait. */
    memset(recorder->notif, 0, recorder->notif_size);
    if (ioctl(recorder->options.listener, SECCOMP_IOCTL_NOTIF_RECV, recorder->notif) < 0) {
        if (errno == ENOENT || errno == EINTR) /* the task died, or a signal came */
            return VB_OK;
        return vb_fail(err, VB_E_OS, errno, "taking the subject's system call");
    }
    return handle(recorder, err);
}

int vb_recorder_step(struct vb_recorder *recorder, uint32_t tag, uint32_t ready,
                     struct vb_error *err)
{
    const uint32_t number = tag - recorder->options.first_tag;
    int status;
    if (number == 0 && !(ready & EPOLLIN)) { /* nobody is left */
        (void)epoll_ctl(recorder->options.epoll, EPOLL_CTL_DEL, recorder->options.listener, NULL);
        return end(recorder, err);
    }
    if (number == VB_RECORDER_TAGS - 1)
        status = vb_rests_ready(recorder, err);
    else if (number > 0)
        status = vb_script_step(recorder, number - 1, ready, err);
    else
        status = take(recorder, err);
    return status ? status : 1;
}
