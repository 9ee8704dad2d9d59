/* relay: trusted code that reads what an attacker may write. The only things it takes from a child
 * are bounded frames (decoded in core) and one bounded report. */
#include "sandbox/box/relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

/* A child in an attacker's hands can send valid events for ever; this bounds how long we listen. */
enum { MAX_EVENTS = 2000000 };

#define SOURCE_BIT(source) (1U << (source))

/* Which sources a role may claim: a scanner that says "syscall" lies. */
static const struct {
    enum vb_role role;
    unsigned sources;
} role_sources[] = {
    {VB_ROLE_FETCH, SOURCE_BIT(VB_SOURCE_STATIC) | SOURCE_BIT(VB_SOURCE_TOOL)},
    {VB_ROLE_UNPACK, SOURCE_BIT(VB_SOURCE_STATIC) | SOURCE_BIT(VB_SOURCE_TOOL)},
    {VB_ROLE_IDENTIFY, SOURCE_BIT(VB_SOURCE_STATIC) | SOURCE_BIT(VB_SOURCE_TOOL)},
    {VB_ROLE_SCAN, SOURCE_BIT(VB_SOURCE_STATIC) | SOURCE_BIT(VB_SOURCE_TOOL)},
    {VB_ROLE_VERIFY, SOURCE_BIT(VB_SOURCE_STATIC) | SOURCE_BIT(VB_SOURCE_TOOL)},
    {VB_ROLE_WORLD, SOURCE_BIT(VB_SOURCE_WORLD)},
    {VB_ROLE_DRIVER, SOURCE_BIT(VB_SOURCE_TRUTH) | SOURCE_BIT(VB_SOURCE_TOOL)},
    {VB_ROLE_BOX, SOURCE_BIT(VB_SOURCE_SYSCALL) | SOURCE_BIT(VB_SOURCE_WORLD) |
                      SOURCE_BIT(VB_SOURCE_TRUTH) | SOURCE_BIT(VB_SOURCE_TOOL)},
};

struct vb_relay_state {
    const struct vb_relay *relay;
    struct vb_process *process;
    struct vb_sink *sink;
    struct vb_frame_reader *reader;
    struct vb_death death;
    uint64_t deadline_ns;
    uint64_t events;
    bool frames_open;
    bool killed;    /* by us */
    int own_status; /* an error of ours; the child is killed for it */
};

static VB_PRINTF(3, 4) void condemn(struct vb_relay_state *state, const char *reason,
                                    const char *fmt, ...)
{
    struct vb_death *death = &state->death;
    if (death->died)
        return;
    death->died = true;
    death->reason = reason;
    va_list args;
    va_start(args, fmt);
    vsnprintf(death->detail, sizeof(death->detail), fmt, args);
    va_end(args);
}

static bool source_allowed(enum vb_role role, enum vb_source source)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(role_sources); i++) {
        if (role_sources[i].role == role)
            return source >= VB_SOURCE_STATIC && source <= VB_SOURCE_TOOL &&
                   (role_sources[i].sources & SOURCE_BIT(source)) != 0;
    }
    return false;
}

/* Checks one event and passes it on. Returns false when listening is over. */
static bool pass_on(struct vb_relay_state *state, struct vb_event *event, struct vb_error *err)
{
    const struct vb_relay *relay = state->relay;
    const struct vb_event_type *type = vb_event_type(event->kind);
    if (type == NULL || (type->roles & (unsigned)relay->role) == 0) {
        condemn(state, "sent an event that its role may not send", "%s",
                type == NULL ? "unknown kind" : type->name);
        return false;
    }
    if (!source_allowed(relay->role, event->source)) {
        condemn(state, "sent an event from a source that its role does not have", "%s", type->name);
        return false;
    }
    if (++state->events > MAX_EVENTS) {
        condemn(state, "sent too many events", "more than %d", MAX_EVENTS);
        return false;
    }
    event->detonation = relay->detonation;
    const uint64_t now = vb_monotonic_ns() - relay->epoch_ns;
    if (event->time_ns > now)
        event->time_ns = now;
    state->own_status = vb_emit(state->sink, event, err);
    return state->own_status == VB_OK;
}

static bool pass_on_buffered(struct vb_relay_state *state, struct vb_error *err)
{
    struct vb_event event;
    struct vb_error broken = {0};
    int got;
    while ((got = vb_frame_reader_next(state->reader, &event, &broken)) > 0) {
        if (!pass_on(state, &event, err))
            return false;
    }
    if (got < 0) {
        condemn(state, "broke its protocol", "%s", broken.message);
        return false;
    }
    return true;
}

/* Reads what is there. Returns false when listening is over. */
static bool read_frames(struct vb_relay_state *state, bool *ret_again, struct vb_error *err)
{
    struct vb_error broken = {0};
    const int got = vb_frame_reader_fill(state->reader, state->process->frames, ret_again, &broken);
    if (got < 0) {
        condemn(state, "broke its protocol", "%s", broken.message);
        return false;
    }
    if (got == 0 && !*ret_again)
        state->frames_open = false;
    return pass_on_buffered(state, err);
}

static int remaining_ms(const struct vb_relay_state *state)
{
    const uint64_t now = vb_monotonic_ns();
    if (now >= state->deadline_ns)
        return 0;
    const uint64_t left = (state->deadline_ns - now) / 1000000U + 1;
    return left > 60000 ? 60000 : (int)left;
}

/* Listens until the child is dead (true) or must be killed (false). */
static bool listen_until_end(struct vb_relay_state *state, struct vb_error *err)
{
    for (;;) {
        struct pollfd fds[2] = {
            {.fd = state->process->pidfd, .events = POLLIN},
            {.fd = state->frames_open ? state->process->frames : -1, .events = POLLIN},
        };
        const int left = remaining_ms(state);
        if (left == 0) {
            state->death.late = !state->death.died;
            condemn(state, "ran out of time", "%u ms", state->relay->timeout_ms);
            return false;
        }
        if (poll(fds, VB_ARRAY_LEN(fds), left) < 0 && errno != EINTR) {
            state->own_status = vb_fail(err, VB_E_OS, errno, "waiting for a child");
            return false;
        }
        bool again = false;
        if (fds[1].revents != 0 && !read_frames(state, &again, err))
            return false;
        if ((fds[0].revents & POLLIN) != 0)
            return true;
    }
}

/* What the dead child left in the pipe. A process of its own that still holds the pipe cannot keep
 * us: the pipe does not block. */
static void drain(struct vb_relay_state *state, struct vb_error *err)
{
    bool again = false;
    while (state->frames_open && !again) {
        if (!read_frames(state, &again, err))
            return;
    }
}

static void read_report(struct vb_relay_state *state, struct vb_report *ret, bool *ret_whole)
{
    const ssize_t got = read(state->process->report, ret, sizeof(*ret));
    *ret_whole = got == (ssize_t)sizeof(*ret) && ret->status <= 0 && ret->status > -VB_STATUS_COUNT;
    ret->message[sizeof(ret->message) - 1] = '\0';
    /* The text may come from a parser that was taken over: it must not reach a terminal raw. */
    for (char *at = ret->message; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    }
}

/* Says what a finished child's wait status and report mean. */
static int conclude(struct vb_relay_state *state, int wait_status, struct vb_error *err)
{
    struct vb_death *death = &state->death;
    if (WIFSIGNALED(wait_status)) {
        if (!state->killed)
            death->died = false; /* a frame that its end cut is not the reason */
        death->signal = WTERMSIG(wait_status);
        const bool filtered = death->signal == SIGSYS;
        condemn(state, filtered ? "made a system call that it may not make" : "was killed", "%s",
                strsignal(death->signal));
        return VB_OK;
    }
    death->status = WEXITSTATUS(wait_status);
    struct vb_report report;
    bool whole;
    read_report(state, &report, &whole);
    if (!whole)
        condemn(state, "ended without a word", "exit status %d", death->status);
    if (death->died || report.status == VB_OK)
        return VB_OK;
    const int status = vb_fail(err, report.status, 0, "%s", report.message);
    if (err != NULL)
        err->system_errno = report.system_errno;
    return status;
}

int vb_relay_listen_new(const struct vb_relay *relay, struct vb_process *process,
                        struct vb_sink *sink, struct vb_relay_state **ret, struct vb_error *err)
{
    struct vb_relay_state *state = calloc(1, sizeof(*state));
    if (state == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "listening to the %s child", relay->name);
    const int status = vb_frame_reader_new(&state->reader, err);
    if (status < 0) {
        free(state);
        return status;
    }
    state->relay = relay;
    state->process = process;
    state->sink = sink;
    state->frames_open = true;
    *ret = state;
    return VB_OK;
}

void vb_relay_listen_free(struct vb_relay_state *state)
{
    if (state == NULL)
        return;
    vb_frame_reader_free(state->reader);
    free(state);
}

bool vb_relay_listen_step(struct vb_relay_state *state, struct vb_error *err, int *ret_status)
{
    bool again = false;
    const bool listening =
        state->frames_open && !state->death.died && read_frames(state, &again, err);
    *ret_status = state->own_status;
    return listening && state->frames_open;
}

int vb_relay_listen_finish(struct vb_relay_state *state, struct vb_death *ret, struct vb_error *err)
{
    const struct vb_relay *relay = state->relay;
    struct vb_process *process = state->process;
    state->deadline_ns = vb_monotonic_ns() + (uint64_t)relay->timeout_ms * 1000000U;
    state->killed = state->death.died || !listen_until_end(state, err);
    if (state->killed && pidfd_send_signal(process->pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
        return vb_fail(err, VB_E_OS, errno, "killing the %s child", relay->name);
    int wait_status = 0;
    if (vb_process_reap(process, &wait_status) < 0)
        return vb_fail(err, VB_E_OS, errno, "reaping the %s child", relay->name);
    if (state->own_status < 0)
        return state->own_status;
    if (!state->death.died)
        drain(state, err);
    if (state->own_status < 0)
        return state->own_status;
    const int status = conclude(state, wait_status, err);
    *ret = state->death;
    return status;
}

static void free_state(struct vb_relay_state **state)
{
    vb_relay_listen_free(*state);
}

int vb_relay_run(const struct vb_relay *relay, struct vb_process *process, struct vb_sink *sink,
                 struct vb_death *ret, struct vb_error *err)
{
    VB_CLEANUP(free_state) struct vb_relay_state *state = NULL;
    *ret = (struct vb_death){0};
    const int status = vb_relay_listen_new(relay, process, sink, &state, err);
    return status < 0 ? status : vb_relay_listen_finish(state, ret, err);
}

int vb_emit_death(const struct vb_relay *relay, const struct vb_death *death, struct vb_sink *sink,
                  struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_EXAMINER_DIED, VB_SOURCE_TOOL);
    event.detonation = relay->detonation;
    vb_event_str(&event, VB_F_ROLE, relay->name);
    vb_event_str(&event, VB_F_REASON, death->reason);
    if (death->signal != 0)
        vb_event_int(&event, VB_F_SIGNAL, death->signal);
    else
        vb_event_int(&event, VB_F_STATUS, death->status);
    vb_event_str(&event, VB_F_DETAIL, death->detail);
    return vb_emit(sink, &event, err);
}

int vb_emit_late(const struct vb_relay *relay, struct vb_sink *sink, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, relay->name);
    vb_event_str(&event, VB_F_WHAT, "the rest of what it had to look at");
    vb_event_str(&event, VB_F_REASON, "no time is left for it within --timeout");
    return vb_emit(sink, &event, err);
}
