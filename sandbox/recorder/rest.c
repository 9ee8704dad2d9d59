/* Calls that are kept until their time is over. A signal does not reach a task whose call the
 * recorder has taken: the recorder looks for it, a few times in a hundredth of a second. Trust
 * boundary: what stands in the subject's memory, and what becomes of it meanwhile, is hostile; it
 * decides for nobody but the subject, and nothing here waits for it. */
#include "sandbox/recorder/rest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sandbox/box/kernel.h"
#include "sandbox/recorder/call.h"

enum {
    NS_A_MS = 1000000,
    NS_A_SECOND = 1000000000,
    TOLD_LEAST_MS = 1000,   /* shorter waits are not told of */
    LOOK_MS = 2,            /* so often at least while other calls come */
    LONGEST_MS = 8,         /* between two looks while none come, and between two for signals; */
    MANY = 4,               /* and a millisecond more for so many that are looked at */
    LONGEST_WORD_MS = 1,    /* where somebody may be woken, who is found out at little cost */
    LONGEST_IDLE_MS = 32,   /* between two looks at the whole box */
    SLACK_NS = 20 * NS_A_MS /* after a timer's time, for its signal */
};
static const uint64_t hurried_ns = UINT64_C(600) * NS_A_SECOND; /* the least move of such a box */

void vb_rests_init(struct vb_rests *rests)
{
    rests->ready = -1; /* the rest is zero, and untouched in a box that never waits */
}

static void close_files(struct vb_rest *rest)
{
    for (size_t i = 0; i < rest->file_count; i++)
        vb_close_fd(&rest->files[i]);
    rest->file_count = 0;
}

void vb_rests_done(struct vb_rests *rests)
{
    for (size_t i = 0; rests->count > 0 && i < VB_RESTS; i++)
        close_files(&rests->slots[i]);
    vb_close_fd(&rests->ready);
}

/* --- telling --- */

/* A process that waits again and again is told of when it waits longer than before. */
static bool is_longest(struct vb_rests *rests, pid_t tgid, int64_t ms)
{
    const size_t slot = (unsigned)tgid % VB_REST_TOLD;
    if (rests->told[slot].tgid != tgid) {
        rests->told[slot].tgid = tgid;
        rests->told[slot].longest_ms = 0;
    }
    if (ms < TOLD_LEAST_MS || ms <= rests->told[slot].longest_ms)
        return false;
    rests->told[slot].longest_ms = ms;
    return true;
}

/* A moment that lies an hour ahead is a little less by the time that it is looked at. */
static int64_t milliseconds(uint64_t ns)
{
    return (int64_t)((ns + NS_A_MS / 2) / NS_A_MS);
}

/* One that came to its end for nothing but the time. */
static int tell_end(struct vb_recorder *recorder, const struct vb_rest *rest, struct vb_error *err)
{
    const int64_t ms = milliseconds(rest->asked_ns);
    struct vb_call call = {.recorder = recorder};
    struct vb_event event;
    if (rest->kind == VB_REST_SLEEP || !is_longest(&recorder->rests, rest->tgid, ms))
        return VB_OK;
    call.process = vb_process_get(&recorder->processes, rest->tid);
    if (call.process == NULL)
        return VB_OK;
    vb_call_event(&call, &event, VB_EV_PROCESS_WAIT);
    vb_event_str(&event, VB_F_SYSCALL, rest->name);
    vb_event_int(&event, VB_F_DURATION, ms);
    return vb_recorder_keep(recorder, &event, err);
}

int vb_call_tell_wait(struct vb_call *call, uint64_t ns, struct vb_error *err)
{
    const int64_t ms = milliseconds(ns);
    struct vb_event event;
    if (!is_longest(&call->recorder->rests, call->process->tgid, ms))
        return VB_OK;
    vb_call_event(call, &event, VB_EV_PROCESS_WAIT);
    vb_event_str(&event, VB_F_SYSCALL, call->name);
    vb_event_int(&event, VB_F_DURATION, ms);
    return vb_call_emit(call, &event, err);
}

/* --- keeping --- */

struct vb_rest *vb_rest_take(struct vb_call *call, enum vb_rest_kind kind, uint64_t ns)
{
    struct vb_recorder *recorder = call->recorder;
    struct vb_rests *rests = &recorder->rests;
    size_t slot = 0;
    if (recorder->options.proc_fd <= 0 || call->gone)
        return NULL;
    while (slot < VB_RESTS && rests->slots[slot].id != 0)
        slot++;
    if (slot == VB_RESTS)
        return NULL;
    vb_process_number(call->process);
    const uint64_t now = vb_monotonic_ns();
    struct vb_rest *rest = &rests->slots[slot];
    *rest = (struct vb_rest){
        .id = call->notif->id,
        .kind = kind,
        .tid = call->process->tid,
        .tgid = call->process->tgid,
        .inner_tid = call->process->inner_tid,
        .name = call->name,
        .asked_ns = ns,
        .due_ns = ns > UINT64_MAX / 2 ? UINT64_MAX / 2 : now + ns,
    };
    rests->count++;
    rests->new_rest = true;
    call->kept = true;
    return rest;
}

void vb_rest_drop(struct vb_recorder *recorder, struct vb_rest *rest)
{
    for (size_t i = 0; i < rest->file_count; i++)
        (void)epoll_ctl(recorder->rests.ready, EPOLL_CTL_DEL, rest->files[i], NULL);
    close_files(rest);
    rest->id = 0;
    recorder->rests.count--;
}

static bool open_ready(struct vb_recorder *recorder)
{
    struct vb_rests *rests = &recorder->rests;
    if (rests->ready >= 0)
        return true;
    struct epoll_event event = {.events = EPOLLIN,
                                .data.u32 = recorder->options.first_tag + VB_RECORDER_TAGS - 1};
    rests->ready = epoll_create1(EPOLL_CLOEXEC);
    if (rests->ready >= 0 &&
        epoll_ctl(recorder->options.epoll, EPOLL_CTL_ADD, rests->ready, &event) < 0)
        vb_close_fd(&rests->ready);
    return rests->ready >= 0;
}

bool vb_rest_add_file(struct vb_call *call, struct vb_rest *rest, int fd, uint32_t events)
{
    struct vb_rests *rests = &call->recorder->rests;
    if (rest->file_count == VB_REST_FILES || !open_ready(call->recorder) ||
        (fd == 0 && call->recorder->options.awaits_input))
        return false;
    VB_CLEANUP_FD int pidfd = vb_thread_fd(call->process);
    VB_CLEANUP_FD int copy = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
    struct epoll_event event = {.events = events, .data.u64 = (uint64_t)(rest - rests->slots)};
    if (copy < 0 || epoll_ctl(rests->ready, EPOLL_CTL_ADD, copy, &event) < 0)
        return false;
    rest->files[rest->file_count++] = vb_steal_fd(&copy);
    return true;
}

/* --- answering --- */

static int answer(struct vb_recorder *recorder, struct vb_rest *rest, int error, bool go_on,
                  struct vb_error *err)
{
    struct seccomp_notif_resp *response = recorder->response;
    memset(response, 0, recorder->response_size);
    response->id = rest->id;
    response->error = -error;
    response->flags = go_on ? (uint32_t)SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0U;
    vb_rest_drop(recorder, rest);
    if (ioctl(recorder->options.listener, SECCOMP_IOCTL_NOTIF_SEND, response) == 0 ||
        errno == ENOENT)
        return VB_OK;
    return vb_fail(err, VB_E_OS, errno, "answering a call that waited");
}

static void write_result(const struct vb_rest *rest, uint64_t address, const void *data, size_t len)
{
    const struct vb_memory memory = {.tid = rest->tid};
    if (address != 0)
        (void)vb_memory_write(&memory, address, data, len); /* as the kernel, which does not care */
}

static int end_in_time(struct vb_recorder *recorder, struct vb_rest *rest, struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(rest->results); i++)
        write_result(rest, rest->results[i].address, rest->results[i].bytes, rest->results[i].len);
    const int told = tell_end(recorder, rest, err);
    const int status =
        answer(recorder, rest, rest->kind == VB_REST_FUTEX ? ETIMEDOUT : 0, false, err);
    return told < 0 ? told : status;
}

/* What the subject handles ends its wait. The kernel sees to that for files, where it is the same
 * as ever, and to what stops a program and lets it go on. */
static int interrupt(struct vb_recorder *recorder, struct vb_rest *rest, bool handled, uint64_t now,
                     struct vb_error *err)
{
    const uint64_t left = rest->due_ns > now ? rest->due_ns - now : 0;
    const struct timespec time = {.tv_sec = (time_t)(left / NS_A_SECOND),
                                  .tv_nsec = (long)(left % NS_A_SECOND)};
    if (rest->kind == VB_REST_FILE || (!handled && !rest->exact))
        return answer(recorder, rest, 0, true, err);
    write_result(rest, rest->rest_address, &time, sizeof(time));
    return answer(recorder, rest, EINTR, false, err);
}

/* --- looking --- */

static uint64_t signal_set(const char *status, const char *name)
{
    const char *at = strstr(status, name);
    return at == NULL ? 0 : strtoull(at + strlen(name), NULL, 16);
}

enum pending { PENDING_NONE, PENDING_DEFAULT, PENDING_HANDLED };

static enum pending pending_signal(const struct vb_rest *rest)
{
    char path[64], status[4096];
    snprintf(path, sizeof(path), "/proc/%d/status", (int)rest->tid);
    if (vb_sys_read_file(AT_FDCWD, path, status, sizeof(status)) <= 0)
        return PENDING_NONE;
    uint64_t pending = signal_set(status, "\nSigPnd:") | signal_set(status, "\nShdPnd:");
    pending &= rest->any_signal ? UINT64_MAX : ~signal_set(status, "\nSigBlk:");
    if (pending == 0)
        return PENDING_NONE;
    return (pending & signal_set(status, "\nSigCgt:")) != 0 ? PENDING_HANDLED : PENDING_DEFAULT;
}

static bool is_woken(const struct vb_rest *rest)
{
    uint32_t word = rest->word;
    const struct iovec local = {&word, sizeof(word)};
    const struct iovec remote = {(void *)(uintptr_t)rest->word_address, sizeof(word)};
    return rest->kind == VB_REST_FUTEX &&
           (process_vm_readv(rest->tid, &local, 1, &remote, 1, 0) != (ssize_t)sizeof(word) ||
            word != rest->word);
}

static bool is_alive(const struct vb_recorder *recorder, const struct vb_rest *rest)
{
    uint64_t id = rest->id;
    return ioctl(recorder->options.listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* Ends the wait of REST if there is a reason to. Returns 1 if it did. */
static int look_at(struct vb_recorder *recorder, struct vb_rest *rest, bool signals, uint64_t now,
                   struct vb_error *err)
{
    int status;
    if (!is_alive(recorder, rest)) {
        vb_rest_drop(recorder, rest);
        return 1;
    }
    const enum pending pending = signals ? pending_signal(rest) : PENDING_NONE;
    if (is_woken(rest))
        status = answer(recorder, rest, EAGAIN, false, err);
    else if (pending != PENDING_NONE)
        status = interrupt(recorder, rest, pending == PENDING_HANDLED, now, err);
    else if (rest->due_ns <= now)
        status = end_in_time(recorder, rest, err);
    else
        return 0;
    return status < 0 ? status : 1;
}

static int look_at_all(struct vb_recorder *recorder, uint64_t now, struct vb_error *err)
{
    struct vb_rests *rests = &recorder->rests;
    const uint64_t each_ns = (LONGEST_MS + rests->count / MANY) * NS_A_MS;
    const bool signals = now - rests->signals_ns >= each_ns - NS_A_MS;
    int ended = 0;
    if (signals)
        rests->signals_ns = now;
    for (size_t i = 0; rests->count > 0 && i < VB_RESTS; i++) {
        struct vb_rest *rest = &rests->slots[i];
        const int status = rest->id == 0 ? 0 : look_at(recorder, rest, signals, now, err);
        if (status < 0)
            return status;
        ended += status;
    }
    return ended;
}

bool vb_rests_called(struct vb_recorder *recorder)
{
    struct vb_rests *rests = &recorder->rests;
    struct pollfd ready = {.fd = rests->ready, .events = POLLIN};
    bool called = rests->ready >= 0 && poll(&ready, 1, 0) != 0;
    for (size_t i = 0; !called && i < VB_RESTS; i++) {
        const struct vb_rest *rest = &rests->slots[i];
        called = rest->id != 0 && (!is_alive(recorder, rest) || is_woken(rest) ||
                                   pending_signal(rest) != PENDING_NONE);
    }
    if (called)
        rests->signals_ns = 0;
    return called;
}

static uint64_t first_due(const struct vb_rests *rests)
{
    uint64_t due = UINT64_MAX;
    for (size_t i = 0; i < VB_RESTS; i++) {
        if (rests->slots[i].id != 0 && rests->slots[i].due_ns < due)
            due = rests->slots[i].due_ns;
    }
    return due;
}

/* Moves the clock to the moment at which the first wait is over, if it may be moved. */
static bool move_on(struct vb_recorder *recorder, uint64_t now)
{
    struct vb_rests *rests = &recorder->rests;
    const uint64_t due = first_due(rests);
    if (due == UINT64_MAX || due <= now || (now < rests->idle_ns && !rests->new_rest))
        return false;
    const uint64_t move = rests->hurried && due - now < hurried_ns ? hurried_ns : due - now;
    if (!vb_idle_move(recorder, move)) {
        const int next = rests->idle_ms < 1 ? 1 : 2 * rests->idle_ms;
        rests->idle_ms = rests->new_rest ? 1 : next < LONGEST_IDLE_MS ? next : LONGEST_IDLE_MS;
        rests->idle_ns = now + (uint64_t)rests->idle_ms * NS_A_MS;
        return false;
    }
    rests->idle_ms = 0;
    for (size_t i = 0; i < VB_RESTS; i++) {
        struct vb_rest *rest = &rests->slots[i];
        if (rest->id != 0)
            rest->due_ns = rest->due_ns > move ? rest->due_ns - move : 0;
    }
    return true;
}

static int longest_patience(const struct vb_rests *rests)
{
    for (size_t i = 0; i < VB_RESTS; i++) {
        if (rests->slots[i].id != 0 && rests->slots[i].kind == VB_REST_FUTEX)
            return LONGEST_WORD_MS;
    }
    return LONGEST_MS + (int)rests->count / MANY;
}

/* When to look again: soon at first, and in time for the first wait that is over. */
static void be_patient(struct vb_rests *rests, uint64_t now)
{
    const uint64_t due = first_due(rests);
    const int longest = longest_patience(rests);
    const int next = rests->patience_ms < 1 ? 1 : 2 * rests->patience_ms;
    rests->patience_ms = next < longest ? next : longest;
    if (due > now && (due - now) / NS_A_MS + 1 < (uint64_t)rests->patience_ms)
        rests->patience_ms = (int)((due - now) / NS_A_MS) + 1;
}

int vb_recorder_patience_ms(const struct vb_recorder *recorder)
{
    const struct vb_rests *rests = &recorder->rests;
    return rests->count == 0 ? -1 : rests->new_rest ? 0 : rests->patience_ms;
}

int vb_recorder_rest(struct vb_recorder *recorder, bool quiet, struct vb_error *err)
{
    struct vb_rests *rests = &recorder->rests;
    if (rests->count == 0)
        return VB_OK;
    uint64_t now = vb_monotonic_ns();
    if (!quiet) {
        rests->patience_ms = 1;
        if (now - rests->looked_ns < (LOOK_MS + rests->count / MANY) * NS_A_MS)
            return VB_OK;
    }
    rests->looked_ns = now;
    int ended = look_at_all(recorder, now, err);
    if (ended == 0 && quiet && move_on(recorder, now))
        ended = look_at_all(recorder, now, err);
    if (ended == 0 && recorder->clock.unable)
        ended = vb_recorder_tell_clock(recorder, "waits last as long as they say", err);
    if (quiet)
        rests->new_rest = false;
    if (ended > 0)
        rests->patience_ms = 0;
    be_patient(rests, now);
    return ended < 0 ? ended : VB_OK;
}

int vb_rests_ready(struct vb_recorder *recorder, struct vb_error *err)
{
    struct vb_rests *rests = &recorder->rests;
    struct epoll_event event;
    if (rests->ready < 0 || epoll_wait(rests->ready, &event, 1, 0) <= 0 ||
        event.data.u64 >= VB_RESTS || rests->slots[event.data.u64].id == 0)
        return VB_OK;
    return answer(recorder, &rests->slots[event.data.u64], 0, true, err);
}

uint64_t vb_recorder_moved_ns(const struct vb_recorder *recorder)
{
    return recorder->clock.moved_ns;
}

unsigned vb_recorder_moves(const struct vb_recorder *recorder)
{
    return recorder->rests.moves;
}

void vb_recorder_hurry(struct vb_recorder *recorder)
{
    recorder->rests.hurried = true;
}

/* --- timers of the kernel's --- */

static bool same_timer(const struct vb_rest_timer *a, const struct vb_rest_timer *b)
{
    return a->tgid == b->tgid && a->kind == b->kind && a->number == b->number;
}

void vb_rest_timer(struct vb_recorder *recorder, const struct vb_rest_timer *timer)
{
    struct vb_rests *rests = &recorder->rests;
    struct vb_rest_timer *free_slot = NULL;
    for (size_t i = 0; i < VB_REST_TIMERS; i++) {
        struct vb_rest_timer *slot = &rests->timers[i];
        if (slot->tgid != 0 && same_timer(slot, timer))
            slot->tgid = 0;
        if (slot->tgid == 0 && free_slot == NULL)
            free_slot = slot;
    }
    if (timer->until_ns == 0)
        return;
    if (free_slot == NULL) {
        rests->many_timers = true;
        return;
    }
    rests->any_timers = true;
    *free_slot = *timer;
    if (timer->until_ns < UINT64_MAX - SLACK_NS)
        free_slot->until_ns += SLACK_NS;
}

void vb_rests_forget(struct vb_recorder *recorder, pid_t tgid)
{
    for (size_t i = 0; recorder->rests.any_timers && i < VB_REST_TIMERS; i++) {
        if (recorder->rests.timers[i].tgid == tgid)
            recorder->rests.timers[i].tgid = 0;
    }
    if (recorder->rests.told[(unsigned)tgid % VB_REST_TOLD].tgid == tgid)
        recorder->rests.told[(unsigned)tgid % VB_REST_TOLD].tgid = 0;
}
