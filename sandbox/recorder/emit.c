/* From a call to the sink: who did it, whether it still counts, and how much is kept. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "sandbox/recorder/call.h"

enum {
    PROBES_SHARE = 8, /* so many times fewer probes than other events are kept */
    VITAL_SHARE = 4,  /* so many times fewer of each vital kind at once: they are larger */
    NS_A_SECOND = 1000000000
};

/* Where its events are counted: each vital kind apart, all others together. */
static size_t sort_of(enum vb_event_kind kind)
{
    static const enum vb_event_kind vital[VB_VITAL_KINDS] = {
        VB_EV_BAIT_READ, VB_EV_BAIT_SEEN,     VB_EV_PROCESS_EXEC,   VB_EV_NET_CONNECT,
        VB_EV_NET_NAME,  VB_EV_KERNEL_DENIED, VB_EV_PROCESS_SCRIPT,
    };
    size_t sort = 0;
    while (sort < VB_VITAL_KINDS && vital[sort] != kind)
        sort++;
    return sort;
}

/* A token bucket for each sort, so that a flood does not take the room of what comes after it: kept
 * as the time at which it is full again. The coarse clock is no system call on any machine. */
static bool is_too_fast(struct vb_recorder *recorder, size_t sort)
{
    const struct vb_recorder_options *options = &recorder->options;
    struct timespec clock;
    if (options->events_a_second == 0 || clock_gettime(CLOCK_MONOTONIC_COARSE, &clock) < 0)
        return false;
    const uint64_t now = (uint64_t)clock.tv_sec * NS_A_SECOND + (uint64_t)clock.tv_nsec;
    const uint64_t each = NS_A_SECOND / options->events_a_second;
    const uint64_t at_once = options->events_at_once / (sort < VB_VITAL_KINDS ? VITAL_SHARE : 1);
    uint64_t *full_ns = &recorder->full_ns[sort];
    if (*full_ns < now)
        *full_ns = now;
    if (*full_ns - now + each > each * at_once)
        return true;
    *full_ns += each;
    return false;
}

bool vb_recorder_has_room(const struct vb_recorder *recorder)
{
    const struct vb_recorder_options *options = &recorder->options;
    const uint64_t now = vb_monotonic_ns();
    if (recorder->emitted >= options->max_events / 2)
        return false;
    for (size_t sort = 0; options->events_a_second > 0 && sort <= VB_VITAL_KINDS; sort++) {
        const uint64_t each = NS_A_SECOND / options->events_a_second;
        const uint64_t at_once =
            options->events_at_once / (sort < VB_VITAL_KINDS ? VITAL_SHARE : 1);
        if (recorder->full_ns[sort] > now && recorder->full_ns[sort] - now > each * at_once / 2)
            return false;
    }
    return true;
}

static enum vb_recorder_limit limit_reached(struct vb_recorder *recorder, size_t sort)
{
    if (recorder->emitted >= recorder->options.max_events)
        return VB_RECORDER_LOG;
    return is_too_fast(recorder, sort) ? VB_RECORDER_RATE : VB_RECORDER_ROOM;
}

/* A flood of ordinary events must not push out the ones that decide, and one kind of those must not
 * push out the others: beyond the limits each has room of its own. */
static bool has_own_room(struct vb_recorder *recorder, size_t sort)
{
    const uint64_t own = recorder->options.max_events / (8 * VB_VITAL_KINDS);
    return sort < VB_VITAL_KINDS &&
           recorder->beyond[sort]++ < (own < VB_VITAL_LEAST ? VB_VITAL_LEAST : own);
}

static int emit_now(struct vb_recorder *recorder, struct vb_event *event, struct vb_error *err)
{
    event->detonation = recorder->options.detonation;
    int status = vb_emit(recorder->options.sink, event, err);
    return status ? vb_wrap(err, "recording the subject") : VB_OK;
}

int vb_recorder_tell_clock(struct vb_recorder *recorder, const char *detail, struct vb_error *err)
{
    struct vb_event event;
    if (recorder->clock_told)
        return VB_OK;
    recorder->clock_told = true;
    vb_event_init(&event, VB_EV_SANDBOX_LAYER, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_NAME, "moved clock");
    vb_event_str(&event, VB_F_OUTCOME, "missing");
    vb_event_str(&event, VB_F_DETAIL, detail);
    return emit_now(recorder, &event, err);
}

static int count_dropped(struct vb_recorder *recorder, enum vb_recorder_limit limit,
                         struct vb_error *err)
{
    const struct vb_recorder_options *options = &recorder->options;
    const bool rate = limit == VB_RECORDER_RATE;
    recorder->dropped++;
    if (recorder->limit_told[limit])
        return VB_OK;
    recorder->limit_told[limit] = true;
    struct vb_event event;
    vb_event_init(&event, VB_EV_SANDBOX_LIMIT, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_WHAT, rate ? "rate" : "log");
    vb_event_int(&event, VB_F_COUNT,
                 (int64_t)(rate ? options->events_a_second : options->max_events));
    vb_event_str(&event, VB_F_DETAIL,
                 rate ? "more was attempted in a short time than is kept"
                      : "more was attempted than is kept");
    return emit_now(recorder, &event, err);
}

static int tell_dropped(struct vb_recorder *recorder, const char *what, uint64_t count,
                        struct vb_error *err)
{
    if (count == 0)
        return VB_OK;
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "sandbox");
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_REASON, "limit");
    vb_event_int(&event, VB_F_COUNT, (int64_t)count);
    return emit_now(recorder, &event, err);
}

int vb_recorder_coverage(struct vb_recorder *recorder, struct vb_error *err)
{
    if (recorder->coverage_told)
        return VB_OK;
    recorder->coverage_told = true;
    int status = tell_dropped(recorder, "events", recorder->dropped, err);
    if (!status)
        status = tell_dropped(recorder, "probes", recorder->probes_dropped, err);
    if (!status)
        status = tell_dropped(recorder, "piped scripts", recorder->scripts_missed, err);
    return status ? status
                  : tell_dropped(recorder, "written files", recorder->snapshots_missed, err);
}

bool vb_recorder_probes_full(const struct vb_recorder *recorder)
{
    return recorder->probes >= recorder->options.max_events / PROBES_SHARE;
}

int vb_call_answer(struct vb_call *call, struct vb_error *err)
{
    struct vb_recorder *recorder = call->recorder;
    struct seccomp_notif_resp *response = recorder->response;
    if (call->answered || call->kept)
        return VB_OK;
    call->answered = true;
    memset(response, 0, recorder->response_size);
    response->id = call->notif->id;
    response->error = -call->error;
    response->val = call->performed && !call->error ? call->value : 0;
    response->flags =
        call->error || call->performed ? 0U : (uint32_t)SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    if (ioctl(recorder->options.listener, SECCOMP_IOCTL_NOTIF_SEND, response) == 0)
        return VB_OK;
    call->gone = true;
    if (errno == ENOENT) /* the task was killed meanwhile */
        return VB_OK;
    return vb_fail(err, VB_E_OS, errno, "answering the subject's system call");
}

bool vb_call_give(struct vb_call *call, int fd, uint64_t flags)
{
    struct seccomp_notif_addfd give = {
        .id = call->notif->id,
        .flags = SECCOMP_ADDFD_FLAG_SEND,
        .srcfd = (uint32_t)fd,
        .newfd_flags = (uint32_t)(flags & O_CLOEXEC),
    };
    /* Before 5.14 there is no answer in the same step: the subject then opens the file itself. */
    if (ioctl(call->recorder->options.listener, SECCOMP_IOCTL_NOTIF_ADDFD, &give) < 0)
        return false;
    call->answered = true;
    return true;
}

/* Until it is answered the kernel keeps the task; if it does not, its id may be somebody else's by
 * now, and so may all that was read. */
static bool still_there(const struct vb_call *call)
{
    uint64_t id = call->notif->id;
    return ioctl(call->recorder->options.listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

void vb_call_event(const struct vb_call *call, struct vb_event *event, enum vb_event_kind kind)
{
    const struct vb_process *process = call->process;
    vb_event_init(event, kind, VB_SOURCE_SYSCALL);
    vb_event_int(event, VB_F_PID, process->tgid);
    if (process->tid != process->tgid && kind != VB_EV_BAIT_SEEN && kind != VB_EV_PROCESS_EXIT)
        vb_event_int(event, VB_F_TID, process->tid);
    if (process->executable[0] && kind != VB_EV_PROCESS_EXIT)
        vb_event_str(event, VB_F_EXECUTABLE, process->executable);
}

/* What REPEATS something that is known already has no room beyond the limits. */
static int keep(struct vb_recorder *recorder, struct vb_event *event, bool repeats,
                struct vb_error *err)
{
    if (event->kind == VB_EV_FILE_PROBE) {
        recorder->probes++;
        return emit_now(recorder, event, err);
    }
    const size_t sort = sort_of(event->kind);
    const enum vb_recorder_limit limit = limit_reached(recorder, sort);
    if (limit != VB_RECORDER_ROOM && (repeats || !has_own_room(recorder, sort)))
        return count_dropped(recorder, limit, err);
    recorder->emitted++;
    return emit_now(recorder, event, err);
}

int vb_call_emit(struct vb_call *call, struct vb_event *event, struct vb_error *err)
{
    struct vb_recorder *recorder = call->recorder;
    int status = call->decided ? vb_call_answer(call, err) : VB_OK;
    if (!call->gone && !call->answered && !still_there(call))
        call->gone = true;
    const bool contact = event->kind == VB_EV_NET_CONNECT || event->kind == VB_EV_NET_SEND;
    if (!status && !call->gone && contact && recorder->options.catch_up)
        status = recorder->options.catch_up(recorder->options.ctx, err);
    if (status || call->gone)
        return status;
    return keep(recorder, event, call->repeats, err);
}

int vb_recorder_keep(struct vb_recorder *recorder, struct vb_event *event, struct vb_error *err)
{
    return keep(recorder, event, false, err);
}

void vb_call_arguments(const struct vb_call *call, struct vb_str items[VB_SYSCALL_ARGS],
                       char text[VB_SYSCALL_ARGS][24])
{
    for (size_t i = 0; i < VB_SYSCALL_ARGS; i++) {
        int n = snprintf(text[i], 24, "0x%llx", (unsigned long long)call->notif->data.args[i]);
        items[i] = (struct vb_str){text[i], (size_t)n};
    }
}

int vb_call_deny(struct vb_call *call, int number, const char *detail, struct vb_error *err)
{
    struct vb_event event;
    struct vb_str items[VB_SYSCALL_ARGS];
    char text[VB_SYSCALL_ARGS][24];
    call->error = number;
    vb_call_event(call, &event, VB_EV_KERNEL_DENIED);
    vb_event_str(&event, VB_F_SYSCALL, call->name);
    vb_event_str(&event, VB_F_ERRNO, strerrorname_np(number));
    vb_call_arguments(call, items, text);
    vb_event_list(&event, VB_F_ARGUMENTS, items, VB_SYSCALL_ARGS);
    vb_event_str(&event, VB_F_DETAIL, detail);
    return vb_call_emit(call, &event, err);
}

int vb_call_opaque(struct vb_call *call, int number, const char *detail, struct vb_error *err)
{
    if (number == ESRCH) {
        call->gone = true;
        return VB_OK;
    }
    char text[128];
    snprintf(text, sizeof(text), "%s: %s", detail, strerrorname_np(number));
    struct vb_event event;
    call->error = number;
    vb_call_event(call, &event, VB_EV_PROCESS_OPAQUE);
    vb_event_str(&event, VB_F_SYSCALL, call->name);
    vb_event_str(&event, VB_F_DETAIL, text);
    return vb_call_emit(call, &event, err);
}

/* --- baits in what passes by --- */

struct sighting {
    struct vb_call *call;
    const char *where;
    const char *own;
    struct vb_error *err;
    int status;
};

static void bait_seen(void *ctx, const struct vb_bait *bait, const char *form)
{
    struct sighting *s = ctx;
    /* What it was given it may have anywhere; only its leaving counts. What the machine is called
     * leaves where the network says so. */
    const bool given = bait->place == VB_BAIT_MACHINE ||
                       (bait->place == VB_BAIT_HANDED && strcmp(s->where, "sent") != 0);
    if (s->status || given || (s->own && bait->env && strcmp(bait->env, s->own) == 0))
        return;
    struct vb_event event;
    vb_call_event(s->call, &event, VB_EV_BAIT_SEEN);
    vb_event_str(&event, VB_F_BAIT, bait->id);
    vb_event_str(&event, VB_F_WHERE, s->where);
    vb_event_str(&event, VB_F_FORM, form);
    s->status = vb_call_emit(s->call, &event, s->err);
}

int vb_call_search(struct vb_call *call, const void *data, size_t len, const char *where,
                   const char *own, struct vb_error *err)
{
    const struct vb_bait_set *baits = call->recorder->options.baits;
    struct sighting s = {call, where, own, err, VB_OK};
    if (baits && vb_bait_search(baits, data, len, bait_seen, &s) < 0)
        return vb_fail(err, VB_E_NOMEM, 0, "searching for baits: out of memory");
    return s.status;
}
