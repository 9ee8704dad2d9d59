/* Calls that read a clock, set a timer or wait for a time. Trust boundary: see call.h. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/poll.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "sandbox/recorder/call.h"

enum {
    NS_A_SECOND = 1000000000,
    NS_A_MS = 1000000,
    /* Shorter waits are the kernel's: it is more exact, and nothing is gained. */
    SHORT_SLEEP_NS = NS_A_MS,
    SHORT_WAIT_NS = 256 * NS_A_MS, /* as syscalls.def has it */
    SELECT_FDS = 64,
    FUTEX_WAIT_COMMAND = 0,
    FUTEX_REALTIME = 256
};
static const int64_t forever_ns = INT64_MAX / 4; /* 73 years: beyond every run */

static uint64_t arg(const struct vb_call *call, size_t index)
{
    return call->notif->data.args[index];
}

/* Nanoseconds of a time that the kernel would take; -1: it would not. */
static int64_t nanoseconds(const struct timespec *time)
{
    if (time->tv_sec < 0 || time->tv_nsec < 0 || time->tv_nsec >= NS_A_SECOND)
        return -1;
    if (time->tv_sec >= forever_ns / NS_A_SECOND)
        return forever_ns;
    return (int64_t)time->tv_sec * NS_A_SECOND + time->tv_nsec;
}

/* The time at ADDRESS, or -1. */
static int64_t read_time(const struct vb_call *call, uint64_t address)
{
    struct timespec time;
    if (vb_memory_read(&call->recorder->memory, address, &time, sizeof(time)) < 0)
        return -1;
    return nanoseconds(&time);
}

static bool is_moved(const struct vb_call *call)
{
    return vb_clock_differs(&call->recorder->clock);
}

/* --- clocks --- */

/* One that has read no clock yet shows it as it is. */
int vb_decode_settle(struct vb_call *call, struct vb_error *err)
{
    (void)call;
    (void)err;
    return VB_OK;
}

static void put(struct vb_call *call, uint64_t address, const void *data, size_t len)
{
    call->performed = true;
    if (vb_memory_write(&call->recorder->memory, address, data, len) < 0)
        call->error = EFAULT;
}

int vb_decode_clock(struct vb_call *call, struct vb_error *err)
{
    (void)err;
    struct vb_recorder *recorder = call->recorder;
    const int number = call->notif->data.nr;
    const clockid_t id = number == SYS_clock_gettime ? (clockid_t)arg(call, 0)
                         : number == SYS_time        ? CLOCK_REALTIME_COARSE
                                                     : CLOCK_REALTIME;
    struct timespec now;
    if (!is_moved(call) || (number == SYS_gettimeofday && arg(call, 0) == 0) ||
        !vb_clock_read(&recorder->clock, call->process->tid, id, &now))
        return VB_OK;
    if (number == SYS_clock_gettime) {
        put(call, arg(call, 1), &now, sizeof(now));
    } else if (number == SYS_gettimeofday) {
        const struct timeval time = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
        const struct timezone zone = {0};
        put(call, arg(call, 0), &time, sizeof(time));
        if (arg(call, 1) != 0 && call->error == 0)
            put(call, arg(call, 1), &zone, sizeof(zone));
    } else {
        call->performed = true;
        call->value = now.tv_sec;
        if (arg(call, 0) != 0)
            put(call, arg(call, 0), &now.tv_sec, sizeof(now.tv_sec));
    }
    return VB_OK;
}

/* --- sleeping --- */

/* How long it is until the moment AT of the clock ID. False: not a clock that is moved. */
static bool until(const struct vb_call *call, clockid_t id, int64_t at, int64_t *ret)
{
    int64_t now;
    if (!vb_clock_now(&call->recorder->clock, call->process->tid, id, &now))
        return false;
    *ret = at - now;
    return true;
}

static int sleep_for(struct vb_call *call, int64_t ns, bool absolute, uint64_t rest_address,
                     struct vb_error *err)
{
    const int status = vb_call_tell_wait(call, (uint64_t)ns, err);
    struct vb_rest *rest = status < 0 ? NULL : vb_rest_take(call, VB_REST_SLEEP, (uint64_t)ns);
    if (rest != NULL) {
        rest->exact = absolute && is_moved(call);
        rest->rest_address = absolute ? 0 : rest_address;
    }
    return status;
}

int vb_decode_sleep(struct vb_call *call, struct vb_error *err)
{
    const bool simple = call->notif->data.nr == SYS_nanosleep;
    const clockid_t id = simple ? CLOCK_MONOTONIC : (clockid_t)arg(call, 0);
    const bool absolute = !simple && (arg(call, 1) & TIMER_ABSTIME) != 0;
    int64_t ns = read_time(call, arg(call, simple ? 0 : 2));
    const bool known =
        id == CLOCK_REALTIME || id == CLOCK_MONOTONIC || id == CLOCK_BOOTTIME || id == CLOCK_TAI;
    if (ns < 0 || !known || (absolute && !until(call, id, ns, &ns)))
        return VB_OK;
    if (absolute && is_moved(call) && ns <= 0) {
        call->performed = true;
        return VB_OK;
    }
    if (ns < SHORT_SLEEP_NS && !(absolute && is_moved(call)))
        return VB_OK;
    return sleep_for(call, ns, absolute, arg(call, simple ? 1 : 3), err);
}

/* --- waiting for files --- */

struct wait_row {
    int number;
    unsigned timeout; /* which register */
    enum { TIMEOUT_MS, TIMEOUT_SPEC, TIMEOUT_VAL } form;
    enum { FILES_EPOLL, FILES_POLL, FILES_SELECT } files;
    unsigned mask; /* which register has a signal mask; 0: none */
    bool updates;  /* the timeout becomes what is left */
};

static const struct wait_row wait_rows[] = {
    {SYS_epoll_wait, 3, TIMEOUT_MS, FILES_EPOLL, 0, false},
    {SYS_epoll_pwait, 3, TIMEOUT_MS, FILES_EPOLL, 4, false},
    {SYS_epoll_pwait2, 3, TIMEOUT_SPEC, FILES_EPOLL, 4, false},
    {SYS_poll, 2, TIMEOUT_MS, FILES_POLL, 0, false},
    {SYS_ppoll, 2, TIMEOUT_SPEC, FILES_POLL, 3, true},
    {SYS_select, 4, TIMEOUT_VAL, FILES_SELECT, 0, true},
    {SYS_pselect6, 4, TIMEOUT_SPEC, FILES_SELECT, 5, true},
};

static int64_t read_timeout(const struct vb_call *call, const struct wait_row *row)
{
    const uint64_t value = arg(call, row->timeout);
    struct timeval time;
    if (row->form == TIMEOUT_MS)
        return (int)value < 0 ? -1 : (int64_t)(int)value * NS_A_MS;
    if (row->form == TIMEOUT_SPEC)
        return read_time(call, value);
    if (vb_memory_read(&call->recorder->memory, value, &time, sizeof(time)) < 0 ||
        time.tv_usec < 0 || time.tv_usec >= 1000000)
        return -1;
    return nanoseconds(&(struct timespec){.tv_sec = time.tv_sec, .tv_nsec = time.tv_usec * 1000});
}

static struct vb_rest_result *next_result(struct vb_rest *rest)
{
    struct vb_rest_result *result = rest->results;
    while (result->address != 0)
        result++;
    return result;
}

static bool add_polled(struct vb_call *call, struct vb_rest *rest)
{
    struct pollfd fds[VB_REST_FILES];
    const uint64_t count = arg(call, 1);
    if (count > VB_REST_FILES || (count > 0 && vb_memory_read(&call->recorder->memory, arg(call, 0),
                                                              fds, count * sizeof(*fds)) < 0))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (fds[i].fd >= 0 && !vb_rest_add_file(call, rest, fds[i].fd, (uint16_t)fds[i].events))
            return false;
        fds[i].revents = 0;
    }
    if (count > 0) {
        struct vb_rest_result *result = next_result(rest);
        result->address = arg(call, 0);
        result->len = count * sizeof(*fds);
        memcpy(result->bytes, fds, result->len);
    }
    return true;
}

static bool add_selected(struct vb_call *call, struct vb_rest *rest)
{
    static const uint32_t events[] = {EPOLLIN, EPOLLOUT, EPOLLPRI};
    const int count = (int)arg(call, 0);
    uint64_t sets[VB_ARRAY_LEN(events)] = {0};
    if (count < 0 || count > SELECT_FDS)
        return false;
    for (size_t i = 0; count > 0 && i < VB_ARRAY_LEN(sets); i++) {
        const uint64_t address = arg(call, 1 + i);
        if (address == 0)
            continue;
        if (vb_memory_read(&call->recorder->memory, address, &sets[i], sizeof(sets[i])) < 0)
            return false;
        struct vb_rest_result *result = next_result(rest);
        result->address = address; /* no bit of it */
        result->len = sizeof(sets[i]);
    }
    for (int fd = 0; fd < count; fd++) {
        uint32_t wanted = 0;
        for (size_t i = 0; i < VB_ARRAY_LEN(sets); i++)
            wanted |= (sets[i] >> fd & 1) != 0 ? events[i] : 0;
        if (wanted != 0 && !vb_rest_add_file(call, rest, fd, wanted))
            return false;
    }
    return true;
}

static bool add_files(struct vb_call *call, const struct wait_row *row, struct vb_rest *rest)
{
    if (row->files == FILES_EPOLL)
        return vb_rest_add_file(call, rest, (int)arg(call, 0), EPOLLIN);
    return row->files == FILES_POLL ? add_polled(call, rest) : add_selected(call, rest);
}

int vb_decode_wait(struct vb_call *call, struct vb_error *err)
{
    const struct wait_row *row = wait_rows;
    while (row->number != call->notif->data.nr)
        row++; /* syscalls.def names no other */
    const int64_t ns = read_timeout(call, row);
    if (ns < SHORT_WAIT_NS)
        return VB_OK;
    /* A wait for nothing is a sleep; others end as a rule when something comes. */
    const bool nothing = row->files != FILES_EPOLL && arg(call, row->files == FILES_POLL) == 0;
    const int status = nothing ? vb_call_tell_wait(call, (uint64_t)ns, err) : VB_OK;
    struct vb_rest *rest = status < 0 ? NULL : vb_rest_take(call, VB_REST_FILE, (uint64_t)ns);
    if (rest == NULL)
        return status;
    rest->any_signal = row->mask != 0 && arg(call, row->mask) != 0;
    if (row->updates) {
        rest->results[0].address = arg(call, row->timeout);
        rest->results[0].len = sizeof(struct timespec);
    }
    if (!add_files(call, row, rest)) {
        vb_rest_drop(call->recorder, rest);
        call->kept = false;
    }
    return VB_OK;
}

/* --- waiting to be woken --- */

int vb_decode_futex(struct vb_call *call, struct vb_error *err)
{
    (void)err;
    struct vb_recorder *recorder = call->recorder;
    const int operation = (int)arg(call, 1);
    const bool absolute = (operation & 0x7f) != FUTEX_WAIT_COMMAND;
    const clockid_t id = operation & FUTEX_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    const bool exact = absolute && is_moved(call); /* the kernel would wait for too long */
    int64_t ns = read_time(call, arg(call, 3));
    uint32_t word;
    if (ns < 0 || (absolute && !until(call, id, ns, &ns)) || (ns < SHORT_WAIT_NS && !exact) ||
        vb_memory_read(&recorder->memory, arg(call, 0), &word, sizeof(word)) < 0 ||
        word != (uint32_t)arg(call, 2))
        return VB_OK;
    if (ns <= 0) {
        call->error = ETIMEDOUT;
        return VB_OK;
    }
    struct vb_rest *rest = vb_rest_take(call, VB_REST_FUTEX, (uint64_t)ns);
    if (rest != NULL) {
        rest->exact = exact;
        rest->word_address = arg(call, 0);
        rest->word = word;
    }
    return VB_OK;
}

/* --- timers of the kernel's --- */

/* When the timer that is set to NEW goes off. */
static uint64_t goes_off(const struct timespec *value, const struct timespec *interval,
                         bool absolute)
{
    const int64_t ns = nanoseconds(value);
    if (value->tv_sec == 0 && value->tv_nsec == 0)
        return 0;
    if (ns < 0 || absolute || interval->tv_sec != 0 || interval->tv_nsec != 0)
        return UINT64_MAX;
    return vb_monotonic_ns() + (uint64_t)ns;
}

/* They send their signal, or make a descriptor ready, in the time of the machine: until then the
 * box's clock stays. */
int vb_decode_timer(struct vb_call *call, struct vb_error *err)
{
    (void)err;
    struct vb_recorder *recorder = call->recorder;
    const int number = call->notif->data.nr;
    struct vb_rest_timer timer = {.tgid = call->process->tgid, .kind = number};
    struct itimerspec set = {0};
    if (number == SYS_alarm || number == SYS_setitimer) {
        struct itimerval value = {.it_value.tv_sec = (time_t)(unsigned)arg(call, 0)};
        timer.kind = SYS_setitimer; /* they are the same timer */
        if (number == SYS_setitimer &&
            vb_memory_read(&recorder->memory, arg(call, 1), &value, sizeof(value)) < 0)
            return VB_OK;
        set.it_value.tv_sec = value.it_value.tv_sec;
        set.it_value.tv_nsec = value.it_value.tv_usec * 1000;
        set.it_interval.tv_sec = value.it_interval.tv_sec;
        set.it_interval.tv_nsec = value.it_interval.tv_usec * 1000;
    } else {
        timer.number = (int)arg(call, 0);
        if (vb_memory_read(&recorder->memory, arg(call, 2), &set, sizeof(set)) < 0)
            return VB_OK;
    }
    const bool absolute = timer.kind != SYS_setitimer && (arg(call, 1) & 1) != 0;
    timer.until_ns = goes_off(&set.it_value, &set.it_interval, absolute);
    vb_rest_timer(recorder, &timer);
    return VB_OK;
}
