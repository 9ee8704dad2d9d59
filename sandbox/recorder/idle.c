/* Does anybody in the box have anything to do before the first wait is over? /proc of the box says
 * what each task waits for. Where the answer is not known nobody is idle, and the time is the
 * machine's. Trust boundary: the kernel's words, but for the names of programs, which are stepped
 * over. */
#include "sandbox/recorder/rest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/box/kernel.h"
#include "sandbox/recorder/call.h"

enum {
    MOVES_MAX = 20000, /* a box that does nothing but wait ends at its limit like any other */
    SENT_MS = 500,     /* so long may bytes between two programs lie in the kernel */
    SOCKETS_MAX = 512,
    FUTEX_COMMAND = 0x7f
};
/* All moves of a box together: no plan of an attacker's is longer, and no clock runs over. */
static const uint64_t moved_max_ns = UINT64_C(400) * 86400 * 1000000000;

/* --- one task --- */

/* Calls that may wait in the kernel with an end: ARG says whether there is one. */
static const struct {
    int number;
    unsigned arg;
    enum { POINTER, MILLISECONDS, ALWAYS } form;
} timed[] = {
    {SYS_nanosleep, 0, ALWAYS},
    {SYS_clock_nanosleep, 0, ALWAYS},
    {SYS_restart_syscall, 0, ALWAYS},
    {SYS_poll, 2, MILLISECONDS},
    {SYS_epoll_wait, 3, MILLISECONDS},
    {SYS_epoll_pwait, 3, MILLISECONDS},
    {SYS_epoll_pwait2, 3, POINTER},
    {SYS_ppoll, 2, POINTER},
    {SYS_select, 4, POINTER},
    {SYS_pselect6, 4, POINTER},
    {SYS_futex, 3, POINTER},
    {SYS_rt_sigtimedwait, 2, POINTER},
    {SYS_semtimedop, 3, POINTER},
    {SYS_mq_timedsend, 4, POINTER},
    {SYS_mq_timedreceive, 4, POINTER},
    {SYS_io_getevents, 4, POINTER},
    {SYS_io_pgetevents, 4, POINTER},
    {SYS_recvmmsg, 4, POINTER},
    {449 /* futex_waitv */, 3, POINTER},
    {455 /* futex_wait */, 4, POINTER},
};

/* "202 0x7f… 0x80 …": a number and six registers. False: it is in no call. */
static bool parse_call(const char *text, int *ret_number, uint64_t ret_args[VB_SYSCALL_ARGS])
{
    char *end;
    const long number = strtol(text, &end, 10);
    if (end == text || number < 0 || number > INT_MAX)
        return false;
    *ret_number = (int)number;
    for (size_t i = 0; i < VB_SYSCALL_ARGS; i++) {
        const char *at = end;
        ret_args[i] = strtoull(at, &end, 16);
        if (end == at)
            return false;
    }
    return true;
}

static bool has_an_end(int number, const uint64_t args[VB_SYSCALL_ARGS])
{
    size_t row = 0;
    while (row < VB_ARRAY_LEN(timed) && timed[row].number != number)
        row++;
    if (row == VB_ARRAY_LEN(timed))
        return false;
    if (number == SYS_futex && (args[1] & FUTEX_COMMAND) == 1)
        return false;
    const uint64_t arg = args[timed[row].arg];
    return timed[row].form == ALWAYS || (timed[row].form == POINTER && arg != 0) ||
           (timed[row].form == MILLISECONDS && (int)arg >= 0);
}

static bool is_kept(const struct vb_recorder *recorder, pid_t inner_tid)
{
    for (size_t i = 0; i < VB_RESTS; i++) {
        if (recorder->rests.slots[i].id != 0 && recorder->rests.slots[i].inner_tid == inner_tid)
            return true;
    }
    return false;
}

/* One file of the task TID in the folder TASKS. */
static ssize_t read_task(int tasks, const char *tid, const char *name, char *ret, size_t size)
{
    char path[NAME_MAX + 16];
    snprintf(path, sizeof(path), "%s/%s", tid, name);
    return vb_sys_read_file(tasks, path, ret, size);
}

static bool waits_in_kernel(int tasks, const char *tid, char state)
{
    char text[256];
    int number;
    uint64_t args[VB_SYSCALL_ARGS];
    if (read_task(tasks, tid, "syscall", text, sizeof(text)) <= 0 ||
        !parse_call(text, &number, args))
        return false;
    if (state == 'D') /* for a child that has borrowed its memory */
        return number == SYS_vfork || number == SYS_clone;
    return state == 'S' && !has_an_end(number, args);
}

static bool waits(const struct vb_recorder *recorder, int tasks, const char *tid)
{
    char stat[1024];
    if (read_task(tasks, tid, "stat", stat, sizeof(stat)) <= 0)
        return false; /* just gone: somebody may be about to hear of it */
    const char *name_end = strrchr(stat, ')');
    const char state = name_end != NULL && name_end[1] == ' ' ? name_end[2] : 'R';
    if (strchr("ZXTt", state) != NULL)
        return true;
    return state != 'R' &&
           (is_kept(recorder, (pid_t)strtol(tid, NULL, 10)) || waits_in_kernel(tasks, tid, state));
}

/* --- all processes --- */

struct box {
    struct vb_clock_process processes[VB_CLOCK_PROCESSES];
    size_t count;
    pid_t member; /* one of them */
};

static void box_done(struct box *box)
{
    for (size_t i = 0; i < box->count; i++)
        vb_close_fd(&box->processes[i].mem);
}

static DIR *open_dir(int dirfd, const char *path)
{
    int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL)
        vb_close_fd(&fd);
    return dir;
}

static bool all_wait(const struct vb_recorder *recorder, int process)
{
    VB_CLEANUP_DIR DIR *dir = open_dir(process, "task");
    const struct dirent *entry;
    bool idle = dir != NULL;
    while (idle && (entry = readdir(dir)) != NULL)
        idle = entry->d_name[0] == '.' || waits(recorder, dirfd(dir), entry->d_name);
    return idle;
}

/* One that ended has no memory any more, and reads no clock. */
static bool has_ended(int process)
{
    char stat[1024];
    if (vb_sys_read_file(process, "stat", stat, sizeof(stat)) <= 0)
        return true;
    const char *name_end = strrchr(stat, ')');
    return name_end != NULL && (name_end[2] == 'Z' || name_end[2] == 'X');
}

static bool add_process(const struct vb_recorder *recorder, const char *pid, struct box *box)
{
    VB_CLEANUP_FD int process =
        openat(recorder->options.proc_fd, pid, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (process < 0 || !all_wait(recorder, process) || box->count == VB_CLOCK_PROCESSES)
        return false;
    if (has_ended(process))
        return true;
    const int mem = openat(process, "mem", O_RDWR | O_CLOEXEC);
    if (mem < 0)
        return false;
    box->processes[box->count++] = (struct vb_clock_process){mem, vb_clock_code(process)};
    box->member = (pid_t)strtol(pid, NULL, 10);
    return true;
}

static bool read_box(const struct vb_recorder *recorder, struct box *box)
{
    VB_CLEANUP_DIR DIR *dir = open_dir(recorder->options.proc_fd, ".");
    const struct dirent *entry;
    bool idle = dir != NULL;
    while (idle && (entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        if (*name >= '1' && *name <= '9' && strcmp(name, "1") != 0)
            idle = add_process(recorder, name, box);
    }
    return idle;
}

/* --- everything else --- */

static bool has_timer(struct vb_recorder *recorder)
{
    const uint64_t now = vb_monotonic_ns();
    bool armed = recorder->rests.many_timers;
    for (size_t i = 0; i < VB_REST_TIMERS; i++) {
        struct vb_rest_timer *timer = &recorder->rests.timers[i];
        if (timer->tgid != 0 &&
            (timer->until_ns <= now || (kill(timer->tgid, 0) < 0 && errno == ESRCH)))
            timer->tgid = 0;
        armed |= timer->tgid != 0;
    }
    return armed;
}

static bool has_call(const struct vb_recorder *recorder)
{
    struct pollfd fd = {.fd = recorder->options.listener, .events = POLLIN};
    return poll(&fd, 1, 0) != 0;
}

/* The table NAME of MEMBER's network lists a connection with bytes that the peer has not
 * confirmed. Its lines begin with "  0: 0100007F:1F90 00000000:0000 01 0000001A:": number,
 * addresses, state, and the queue of these bytes. */
static bool lists_unconfirmed(const struct vb_recorder *recorder, pid_t member, const char *name)
{
    char path[64];
    snprintf(path, sizeof(path), "%d/net/%s", (int)member, name);
    const int fd = openat(recorder->options.proc_fd, path, O_RDONLY | O_CLOEXEC);
    VB_CLEANUP_FILE FILE *lines = fd < 0 ? NULL : fdopen(fd, "r");
    char line[256];
    unsigned long queue = 0;
    if (fd >= 0 && lines == NULL)
        close(fd);
    for (int i = 0;
         lines != NULL && i < SOCKETS_MAX && queue == 0 && fgets(line, sizeof(line), lines); i++) {
        const char *at = line;
        for (int field = 0; field < 4; field++) {
            at += strspn(at, " ");
            at += strcspn(at, " ");
        }
        queue = i == 0 ? 0 : strtoul(at, NULL, 16); /* the first line is a heading */
    }
    return queue != 0;
}

/* The TCP segments that came and went in MEMBER's network, and one; 0: unknown. The second line
 * that begins with "Tcp:" has the numbers, the tenth and eleventh of which these are. */
static uint64_t count_segments(const struct vb_recorder *recorder, pid_t member)
{
    char path[64], text[4096];
    snprintf(path, sizeof(path), "%d/net/snmp", (int)member);
    if (vb_sys_read_file(recorder->options.proc_fd, path, text, sizeof(text)) <= 0)
        return 0;
    char *at = strstr(text, "\nTcp: ");
    at = at == NULL ? NULL : strstr(at + 1, "\nTcp: ");
    if (at == NULL)
        return 0;
    at += strlen("\nTcp: ");
    uint64_t sum = 1;
    for (int field = 1; field <= 11; field++) {
        const uint64_t number = strtoull(at, &at, 10);
        sum += field >= 10 ? number : 0;
    }
    return sum;
}

/* Something was sent that is not received yet: the kernel holds it back for a few hundredths of a
 * second, or has no processor to deliver it. Who never receives keeps nobody waiting. To ask takes
 * milliseconds, for the kernel looks through the connections of all networks: it is not asked again
 * before another segment was under way. */
static bool is_sending(struct vb_recorder *recorder, const struct box *box)
{
    struct vb_rests *rests = &recorder->rests;
    const uint64_t now = vb_monotonic_ns();
    if (!rests->any_streams || box->count == 0)
        return false;
    const uint64_t segments = count_segments(recorder, box->member);
    if (segments != 0 && segments == rests->segments)
        return false;
    if ((!lists_unconfirmed(recorder, box->member, "tcp") &&
         !lists_unconfirmed(recorder, box->member, "tcp6"))) {
        rests->sending_ns = 0;
        rests->segments = segments;
        return false;
    }
    if (rests->sending_ns == 0)
        rests->sending_ns = now;
    return now - rests->sending_ns < SENT_MS * UINT64_C(1000000);
}

bool vb_idle_move(struct vb_recorder *recorder, uint64_t ns)
{
    struct vb_clock *clock = &recorder->clock;
    const struct vb_recorder_options *options = &recorder->options;
    VB_CLEANUP(box_done) struct box box;
    box.count = 0;
    /* A program that does a little every minute must not fill the log only because its minutes are
     * short. */
    if (clock->unable || recorder->rests.moves >= MOVES_MAX || !vb_recorder_has_room(recorder) ||
        ns > moved_max_ns - clock->moved_ns || has_timer(recorder) || has_call(recorder) ||
        !read_box(recorder, &box) || (options->busy != NULL && options->busy(options->ctx)) ||
        is_sending(recorder, &box) || vb_rests_called(recorder) || has_call(recorder) ||
        !vb_clock_move(clock, box.processes, box.count, ns))
        return false;
    recorder->rests.moves++;
    return true;
}

/* --- input --- */

/* The task waits for descriptor 0 alone, or for several without an end. */
static bool reads_input(int tasks, const char *tid, bool *ret_many)
{
    static const int many[] = {SYS_poll,     SYS_ppoll,      SYS_select,
                               SYS_pselect6, SYS_epoll_wait, SYS_epoll_pwait};
    char text[256];
    int number;
    uint64_t args[VB_SYSCALL_ARGS];
    if (read_task(tasks, tid, "syscall", text, sizeof(text)) <= 0 ||
        !parse_call(text, &number, args))
        return false;
    for (size_t i = 0; i < VB_ARRAY_LEN(many); i++)
        *ret_many |= number == many[i] && !has_an_end(number, args);
    return (number == SYS_read || number == SYS_readv) && args[0] == 0;
}

static bool one_reads_input(const struct vb_recorder *recorder, const char *pid, bool *ret_many)
{
    char path[64];
    bool reads = false;
    snprintf(path, sizeof(path), "%.20s/task", pid);
    VB_CLEANUP_DIR DIR *dir = open_dir(recorder->options.proc_fd, path);
    const struct dirent *entry;
    while (dir != NULL && !reads && (entry = readdir(dir)) != NULL)
        reads = entry->d_name[0] != '.' && reads_input(dirfd(dir), entry->d_name, ret_many);
    return reads;
}

bool vb_recorder_awaits_input(struct vb_recorder *recorder)
{
    VB_CLEANUP_DIR DIR *dir = open_dir(recorder->options.proc_fd, ".");
    const struct dirent *entry;
    bool many = false;
    bool reads = false;
    while (dir != NULL && !reads && (entry = readdir(dir)) != NULL) {
        if (*entry->d_name >= '1' && *entry->d_name <= '9' && strcmp(entry->d_name, "1") != 0)
            reads = one_reads_input(recorder, entry->d_name, &many);
    }
    VB_CLEANUP(box_done) struct box box;
    box.count = 0;
    return (reads || (many && recorder->rests.count == 0)) && !has_call(recorder) &&
           read_box(recorder, &box);
}

bool vb_recorder_idle(struct vb_recorder *recorder)
{
    VB_CLEANUP(box_done) struct box box;
    box.count = 0;
    return recorder->rests.count == 0 && !has_timer(recorder) && !has_call(recorder) &&
           read_box(recorder, &box) && box.count > 0 && !is_sending(recorder, &box) &&
           !has_call(recorder);
}
