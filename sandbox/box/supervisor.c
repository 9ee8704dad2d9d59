/* supervisor: stands outside one box, as the user who owns it. It reads hostile memory (through the
 * recorder) and hostile output, and says what it saw in frames; it decides nothing. Whatever
 * happens to it, the box dies with it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sandbox/box/kernel.h"
#include "sandbox/box/supervisor.h"
#include "sandbox/detonate/interpreter.h"

enum {
    LEAVE_MS = 500,  /* for a subject with whom nobody talks any more, to end by itself */
    LINGER_MS = 200, /* for what the main process left running */
    TERMINATE_GRACE_MS = 300,
    INIT_PATIENCE_MS = 3000,
    RECORDER_LAST_STEPS = 10000
};

enum limit {
    LIMIT_TIME,
    LIMIT_CPU,
    LIMIT_MEMORY,
    LIMIT_PROCESSES,
    LIMIT_FILES,
    LIMIT_OPEN_FILES,
    LIMIT_DISK,
    LIMIT_OUTPUT
};

static const char *const limit_names[] = {"time",  "cpu",        "memory", "processes",
                                          "files", "open files", "disk",   "output"};

uint64_t vb_ms(uint64_t milliseconds)
{
    return milliseconds * 1000000U;
}

int vb_supervisor_emit(struct vb_supervisor *box, struct vb_event *event, struct vb_error *err)
{
    event->detonation = box->detonation->id;
    return vb_emit(box->sink, event, err);
}

static int tell_limit(struct vb_supervisor *box, enum limit limit, const char *detail,
                      int64_t count, struct vb_error *err)
{
    if ((box->limits_told & (1U << limit)) != 0)
        return VB_OK;
    box->limits_told |= 1U << limit;
    struct vb_event event;
    vb_event_init(&event, VB_EV_SANDBOX_LIMIT, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_WHAT, limit_names[limit]);
    vb_event_str(&event, VB_F_DETAIL, detail);
    if (count > 0)
        vb_event_int(&event, VB_F_COUNT, count);
    return vb_supervisor_emit(box, &event, err);
}

/* --- while it runs --- */

static int kill_box(struct vb_supervisor *box, struct vb_error *err)
{
    vb_cgroup_kill(&box->setup->cgroup);
    if (pidfd_send_signal(box->init_pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
        return vb_fail(err, VB_E_OS, errno, "killing a box");
    box->kill_ns = UINT64_MAX;
    return VB_OK;
}

/* The first reason to end it is the one that counts. */
static void schedule_kill(struct vb_supervisor *box, const char *outcome, uint64_t grace_ms)
{
    if (box->kill_ns != 0)
        return;
    box->kill_ns = vb_monotonic_ns() + vb_ms(grace_ms);
    box->outcome = outcome;
}

static int hear_init(struct vb_supervisor *box, struct vb_error *err)
{
    struct vb_box_message message;
    const ssize_t got = vb_sys_recv(box->control, &message, sizeof(message), NULL, NULL);
    if (got != (ssize_t)sizeof(message)) {
        vb_close_fd(&box->control);
        return VB_OK;
    }
    message.text[sizeof(message.text) - 1] = '\0';
    if (message.word == VB_BOX_FAILED)
        return vb_start_fail(&message, err);
    if (message.word == VB_BOX_ENDED) {
        box->subject_ended = true;
        box->subject_status = message.number;
        box->end_ns = vb_monotonic_ns();
        schedule_kill(box, NULL, LINGER_MS);
    }
    if (message.word == VB_BOX_MOVED)
        box->moved = message.number;
    return VB_OK;
}

/* The O_PATH descriptor of the file PATH in LAYER, a folder with one of the overlay's layers; -1:
 * there is no such file. */
static int open_in(int layer, const char *path)
{
    return layer < 0 || path[0] != '/' ? -1
                                       : vb_open_beneath(layer, path + 1, O_PATH | O_NOFOLLOW, 0);
}

static bool has_type(int fd, mode_t type)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

/* A folder that stood there before the box: the overlay refuses to rename it. */
static bool is_folder_below(const struct vb_supervisor *box, const char *path)
{
    VB_CLEANUP_FD int fd = open_in(box->below_fds[VB_LAYER_ROOT], path);
    return has_type(fd, S_IFDIR);
}

/* An overlay notes of what it copied where it came from. */
static bool is_copy(int fd)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return getxattr(path, "user.overlay.origin", NULL, 0) >= 0;
}

bool vb_supervisor_splits(void *ctx, const char *path)
{
    const struct vb_supervisor *box = ctx;
    VB_CLEANUP_FD int upper = openat(box->writable_fd, vb_layer_rows[VB_LAYER_ROOT].folder,
                                     O_PATH | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_FD int above = open_in(upper, path);
    VB_CLEANUP_FD int below = above < 0 ? open_in(box->below_fds[VB_LAYER_ROOT], path) : -1;
    return above < 0 ? has_type(below, S_IFREG) : has_type(above, S_IFREG) && is_copy(above);
}

int vb_supervisor_rename(void *ctx, const char *from, const char *to, bool replace)
{
    struct vb_supervisor *box = ctx;
    struct vb_box_message message = {.word = VB_BOX_MOVE, .number = replace};
    const size_t len = strlen(from);
    if (from[0] != '/' || to[0] != '/' || len + strlen(to) + 2 > sizeof(message.text) ||
        (strncmp(from, to, len) == 0 && (to[len] == '/' || to[len] == '\0')) ||
        !is_folder_below(box, from))
        return 1;
    memcpy(message.text, from, len + 1);
    memcpy(message.text + len + 1, to, strlen(to) + 1);
    box->moved = -1;
    if (vb_sys_send(box->control, &message, sizeof(message), -1) < 0)
        return 1;
    struct vb_error ignored;
    const uint64_t until_ns = vb_monotonic_ns() + vb_ms(INIT_PATIENCE_MS);
    while (box->moved < 0 && box->control >= 0) {
        struct pollfd fd = {.fd = box->control, .events = POLLIN};
        const uint64_t now = vb_monotonic_ns();
        if (now >= until_ns || poll(&fd, 1, (int)((until_ns - now) / 1000000U) + 1) <= 0) {
            schedule_kill(box, "limit",
                          0); /* an init that does not answer is the subject's doing */
            break;
        }
        if (hear_init(box, &ignored) < 0)
            return -EIO;
    }
    return box->moved < 0 ? -EIO : -box->moved;
}

int vb_supervisor_reach(void *ctx, int type, const struct sockaddr *address, int *ret_errno,
                        struct vb_error *err)
{
    struct vb_supervisor *box = ctx;
    return vb_demand_reach(box->demand, type, address, ret_errno, err);
}

int vb_supervisor_yield(void *ctx, unsigned port, struct vb_error *err)
{
    struct vb_supervisor *box = ctx;
    return vb_demand_yield(box->demand, port, err);
}

void vb_supervisor_serves(void *ctx, const struct sockaddr *address)
{
    struct vb_supervisor *box = ctx;
    vb_served_note(&box->served, address);
    if (box->driver != NULL)
        vb_driver_child_serves(box->driver, &box->served);
}

void vb_supervisor_watch_bait(void *ctx, size_t index, int fd)
{
    struct vb_supervisor *box = ctx;
    vb_witness_watch(box->witness, index, fd);
}

bool vb_supervisor_watch_root(void *ctx, int fd)
{
    const struct vb_supervisor *box = ctx;
    return vb_witness_watch_root(box->witness, fd);
}

bool vb_supervisor_root_changed(void *ctx)
{
    const struct vb_supervisor *box = ctx;
    return vb_witness_root_changed(box->witness);
}

static int check_usage(struct vb_supervisor *box, struct vb_error *err)
{
    const struct vb_sandbox_options *options = &box->setup->options;
    struct vb_usage usage;
    int status = VB_OK;
    vb_watch_measure(&box->watch, &usage);
    if (usage.disk_full)
        status = tell_limit(box, LIMIT_DISK, "the disk of the box is full",
                            (int64_t)options->disk_bytes, err);
    if (status == VB_OK && usage.inodes_full)
        status = tell_limit(box, LIMIT_FILES, "the box holds no more files", 0, err);
    /* Init counts too. */
    if (status == VB_OK && usage.tasks + 1 >= options->processes)
        status = tell_limit(box, LIMIT_PROCESSES, "processes and threads", usage.tasks, err);
    if (status == VB_OK && usage.descriptors >= VB_BOX_OPEN_FILES)
        status =
            tell_limit(box, LIMIT_OPEN_FILES, "descriptors of one process", usage.descriptors, err);
    if (status < 0 || (usage.memory <= options->memory_bytes && !usage.machine_short))
        return status;
    status = tell_limit(box, LIMIT_MEMORY,
                        usage.machine_short ? "the machine ran short of memory"
                                            : "bytes of memory in use",
                        (int64_t)usage.memory, err);
    if (status < 0 || box->kill_ns == UINT64_MAX)
        return status;
    box->outcome = "limit";
    return kill_box(box, err);
}

/* Asks everybody to end, and sees to it. */
static void stop(struct vb_supervisor *box, const char *outcome)
{
    schedule_kill(box, outcome, TERMINATE_GRACE_MS);
    if (box->control >= 0)
        (void)vb_box_say(box->control, VB_BOX_TERMINATE, 0, -1); /* a dead init needs no telling */
}

static int stop_in_time(struct vb_supervisor *box, struct vb_error *err)
{
    char detail[64];
    snprintf(detail, sizeof(detail), "still running after %u ms", box->detonation->timeout_ms);
    const int status =
        tell_limit(box, LIMIT_TIME, detail, (int64_t)box->detonation->timeout_ms, err);
    stop(box, "timeout");
    return status;
}

/* Nothing is printed or done any more, and somebody wants to read what nobody has typed. */
static int answer_prompt(struct vb_supervisor *box, struct vb_error *err)
{
    if (box->prompt.writer < 0 || box->driver != NULL || box->recorder == NULL || !box->recording ||
        box->outcome != NULL || vb_world_child_busy(box->world) ||
        !vb_recorder_awaits_input(box->recorder))
        return VB_OK;
    return vb_prompt_step(&box->prompt, box->outputs, box->detonation->id, box->sink, err);
}

static int step_driver(struct vb_supervisor *box, struct vb_error *err)
{
    const int status = vb_driver_child_step(box->driver, err);
    if (status == VB_OK && box->leave_ns == 0 && vb_driver_child_done(box->driver))
        box->leave_ns = vb_monotonic_ns() + vb_ms(LEAVE_MS);
    return status;
}

/* A driver that waits for the answer of a server which does nothing waits in vain. */
static void watch_silence(struct vb_supervisor *box)
{
    enum { SILENT_TICKS = 5 };
    const bool silent = box->driver != NULL && box->recording &&
                        vb_driver_child_waits(box->driver) && vb_recorder_idle(box->recorder) &&
                        !vb_world_child_busy(box->world);
    box->silent_ticks = silent ? box->silent_ticks + 1 : 0;
    if (box->silent_ticks == SILENT_TICKS) {
        vb_driver_child_silence(box->driver);
        box->silent_ticks = 0;
    }
}

/* Who only waits for requests is asked a little, and then has had its turn. */
static int ask_served(struct vb_supervisor *box, struct vb_error *err)
{
    const bool driven = box->driver != NULL && !box->detonation->hosted;
    if (driven || box->detonation->when == NULL || !box->recording || box->served.count == 0)
        return VB_OK;
    const int status = vb_served_step(&box->served, box->detonation->id, box->sink, err);
    if (status < 0 || !box->served.over || box->driver != NULL)
        return status;
    vb_recorder_hurry(box->recorder);
    const bool idle = vb_recorder_idle(box->recorder) && !vb_world_child_busy(box->world);
    if (vb_served_had_its_turn(&box->served, idle, vb_recorder_moves(box->recorder)) &&
        box->leave_ns == 0)
        box->leave_ns = vb_monotonic_ns();
    return VB_OK;
}

static int keep_time(struct vb_supervisor *box, struct vb_error *err)
{
    const uint64_t now = vb_monotonic_ns();
    uint64_t ticks;
    (void)!read(box->ticks, &ticks, sizeof(ticks)); /* how many does not matter */
    int status = check_usage(box, err);
    if (status == VB_OK)
        status = vb_world_child_step(box->world, err);
    if (status == VB_OK && box->driver != NULL)
        status = step_driver(box, err);
    watch_silence(box);
    if (box->witness != NULL)
        vb_witness_step(box->witness);
    for (int i = 0; status == VB_OK && i < 2; i++)
        status = vb_output_tell_lines(&box->outputs[i], box->detonation->id, box->sink, err);
    if (status == VB_OK)
        status = answer_prompt(box, err);
    if (status == VB_OK)
        status = ask_served(box, err);
    if (status == VB_OK)
        status = vb_frame_sink_flush(box->frames, err);
    if (status == VB_OK && box->kill_ns == 0 && box->leave_ns != 0 && now >= box->leave_ns)
        stop(box, NULL);
    if (status == VB_OK && box->kill_ns == 0 && now >= box->stop_ns)
        status = stop_in_time(box, err);
    if (status == VB_OK && box->kill_ns != 0 && now >= box->kill_ns)
        status = kill_box(box, err);
    return status;
}

/* --- waiting --- */

/* All but the recorder, which sees to itself. */
static int watch_all(struct vb_supervisor *box, struct vb_error *err)
{
    const struct timespec tick = {.tv_nsec = VB_BOX_TICK_MS * 1000000};
    const struct itimerspec every = {.it_interval = tick, .it_value = tick};
    box->ticks = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (box->ticks < 0 || timerfd_settime(box->ticks, 0, &every, NULL) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the timer of a box");
    const struct {
        enum vb_wait tag;
        int fd; /* -1: there is nothing to wait for */
    } sources[] = {
        {VB_WAIT_TICK, box->ticks},
        {VB_WAIT_INIT, box->init_pidfd},
        {VB_WAIT_CONTROL, box->control},
        {VB_WAIT_START, box->start},
        {VB_WAIT_OUTPUT, box->outputs[0].fd},
        {VB_WAIT_ERROR, box->outputs[1].fd},
        {VB_WAIT_STOP, box->setup->options.stop_fd},
        {VB_WAIT_WORLD, vb_world_child_fd(box->world)},
        {VB_WAIT_PROBES, box->hearsay == NULL ? -1 : vb_hearsay_fd(box->hearsay)},
        {VB_WAIT_DRIVER, box->driver == NULL ? -1 : vb_driver_child_fd(box->driver)},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(sources); i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = sources[i].tag};
        if (sources[i].fd >= 0 && epoll_ctl(box->epoll, EPOLL_CTL_ADD, sources[i].fd, &event) < 0)
            return vb_fail(err, VB_E_OS, errno, "watching a box");
    }
    return VB_OK;
}

static int note_end(struct vb_supervisor *box)
{
    (void)epoll_ctl(box->epoll, EPOLL_CTL_DEL, box->init_pidfd, NULL);
    box->ended = true;
    return VB_OK;
}

static int record(struct vb_supervisor *box, const struct epoll_event *event, struct vb_error *err)
{
    /* What the subject was told comes before what it does because of that. */
    const int told = box->driver == NULL ? VB_OK : step_driver(box, err);
    if (told < 0)
        return told;
    const int left = vb_recorder_step(box->recorder, event->data.u32, event->events, err);
    box->recording = left > 0;
    return left < 0 ? left : VB_OK;
}

static int hear_stop(struct vb_supervisor *box)
{
    (void)epoll_ctl(box->epoll, EPOLL_CTL_DEL, box->setup->options.stop_fd, NULL);
    stop(box, "stopped");
    return VB_OK;
}

static void read_output(struct vb_supervisor *box, int i)
{
    (void)vb_output_read(&box->outputs[i]);
    if (i == 0 && box->driver != NULL && box->outputs[i].fd < 0)
        vb_driver_child_hang_up(box->driver);
}

static int handle(struct vb_supervisor *box, const struct epoll_event *event, struct vb_error *err)
{
    switch (event->data.u32) {
    case VB_WAIT_INIT:
        return note_end(box);
    case VB_WAIT_CONTROL:
        return hear_init(box, err);
    case VB_WAIT_START:
        return vb_start_hear(box, err);
    case VB_WAIT_OUTPUT:
    case VB_WAIT_ERROR:
        read_output(box, (int)(event->data.u32 - VB_WAIT_OUTPUT));
        return VB_OK;
    case VB_WAIT_DRIVER:
        return step_driver(box, err);
    case VB_WAIT_PROBES:
        (void)vb_hearsay_step(box->hearsay);
        return VB_OK;
    case VB_WAIT_WORLD:
        return vb_world_child_step(box->world, err);
    case VB_WAIT_STOP:
        return hear_stop(box);
    case VB_WAIT_TICK:
        return keep_time(box, err);
    default:
        return record(box, event, err);
    }
}

/* Handles whatever is there. Returns how much that was, or an error. */
static int serve_once(struct vb_supervisor *box, int patience_ms, struct vb_error *err)
{
    struct epoll_event events[VB_WAIT_RECORDER + VB_RECORDER_TAGS];
    const int got = epoll_wait(box->epoll, events, VB_ARRAY_LEN(events), patience_ms);
    if (got < 0 && errno != EINTR)
        return vb_fail(err, VB_E_OS, errno, "waiting for a box");
    for (int i = 0; i < got; i++) {
        const int status = handle(box, &events[i], err);
        if (status < 0)
            return status;
    }
    return got < 0 ? 0 : got;
}

int vb_supervisor_catch_up(void *ctx, struct vb_error *err)
{
    struct vb_supervisor *box = ctx;
    return vb_world_child_step(box->world, err);
}

bool vb_supervisor_busy(void *ctx)
{
    enum { MEASURED_MS = 5 };
    struct vb_supervisor *box = ctx;
    struct vb_error ignored; /* the next tick meets it again */
    const uint64_t now = vb_monotonic_ns();
    /* Who takes much and then waits would be gone before the next tick. */
    if (now - box->measured_ns >= vb_ms(MEASURED_MS)) {
        box->measured_ns = now;
        (void)!check_usage(box, &ignored);
    }
    return box->outcome != NULL || vb_world_child_busy(box->world) ||
           (box->driver != NULL && vb_driver_child_busy(box->driver));
}

/* The same while the subject is there, some of whose calls may wait for a time. */
static int serve_recorded(struct vb_supervisor *box, struct vb_error *err)
{
    const int patience_ms = box->recording ? vb_recorder_patience_ms(box->recorder) : -1;
    const int served = serve_once(box, patience_ms, err);
    if (served < 0 || !box->recording)
        return served;
    const int status = vb_recorder_rest(box->recorder, served == 0, err);
    const uint64_t moved_ns = vb_recorder_moved_ns(box->recorder);
    vb_world_child_moved(box->world, moved_ns);
    if (box->driver != NULL && moved_ns != box->moved_ns)
        vb_driver_child_moved(box->driver);
    box->moved_ns = moved_ns;
    return status;
}

static int serve(struct vb_supervisor *box, struct vb_error *err)
{
    int status = watch_all(box, err);
    while (status >= 0 && !box->ended)
        status = serve_recorded(box, err);
    return status < 0 ? status : VB_OK;
}

/* --- afterwards --- */

/* What init said last, what was printed last. */
static int drain(struct vb_supervisor *box, struct vb_error *err)
{
    int status = VB_OK;
    while (status == VB_OK && box->control >= 0)
        status = hear_init(box, err);
    for (int i = 0; i < 2; i++) {
        while (vb_output_read(&box->outputs[i]))
            ;
    }
    while (box->hearsay != NULL && vb_hearsay_step(box->hearsay))
        ;
    for (int i = 0; status >= 0 && box->recording && i < RECORDER_LAST_STEPS; i++) {
        status = serve_once(box, 0, err);
        if (status == 0)
            break;
    }
    if (status >= 0)
        status = vb_world_child_end(box->world, err);
    if (status >= 0 && box->driver != NULL)
        status = vb_driver_child_end(box->driver, err);
    return status < 0 || box->demand == NULL
               ? status
               : vb_demand_tell(box->demand, box->detonation->id, box->sink, err);
}

static int tell_outputs(struct vb_supervisor *box, struct vb_error *err)
{
    int status = VB_OK;
    for (int i = 0; status == VB_OK && i < 2; i++) {
        struct vb_output *output = &box->outputs[i];
        status = vb_output_tell(output, box->setup->baits, box->detonation->id, box->sink, err);
        if (status == VB_OK && vb_output_overflowed(output))
            status = tell_limit(box, LIMIT_OUTPUT, "bytes were printed, not all of them are kept",
                                (int64_t)output->total, err);
    }
    return status;
}

static int tell_not_carried(struct vb_supervisor *box, const char *reason, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TRUTH);
    vb_event_str(&event, VB_F_STAGE, "detonate");
    vb_event_str(&event, VB_F_WHAT, "what the run left for the next");
    vb_event_str(&event, VB_F_REASON, reason);
    return vb_supervisor_emit(box, &event, err);
}

static void close_below(struct vb_supervisor *box)
{
    for (size_t i = 0; i < VB_LAYER_COUNT; i++)
        vb_close_fd(&box->below_fds[i]);
}

/* Nobody looks at what was below any more: it changes. */
static int carry_on(struct vb_supervisor *box, bool seen_all, struct vb_error *err)
{
    close_below(box);
    if (!box->setup->carries_on)
        return VB_OK;
    const int status =
        vb_carry_on(seen_all && !box->detonation->forgets ? box->folder + 1 : NULL, err);
    if (status < 0 || box->detonation->forgets)
        return status < 0 ? status : VB_OK;
    if (status > 0)
        return tell_not_carried(box, "too many bytes or files", err);
    return seen_all ? VB_OK : tell_not_carried(box, "not all of it was looked at", err);
}

static int tell_truth(struct vb_supervisor *box, struct vb_error *err)
{
    bool seen_all = false;
    const struct vb_truth truth = {
        .writable_fd = box->writable_fd,
        .below_fds = {box->below_fds[VB_LAYER_ROOT], box->below_fds[VB_LAYER_USR]},
        .filled = box->setup->base.overlay ? NULL : &box->filled,
        .keep_fd = box->setup->staging_fd,
        .detonation = box->detonation->id,
        .sink = box->sink,
    };
    const int status = vb_truth_tell(&truth, &seen_all, err);
    return status < 0 ? status : carry_on(box, seen_all, err);
}

/* The kernel's own limits show as the signal that ended the subject. */
static int tell_signal_limits(struct vb_supervisor *box, struct vb_error *err)
{
    if (!box->subject_ended || !WIFSIGNALED(box->subject_status))
        return VB_OK;
    const int number = WTERMSIG(box->subject_status);
    if (number != SIGXCPU && number != SIGXFSZ)
        return VB_OK;
    box->outcome = "limit";
    if (number == SIGXCPU)
        return tell_limit(box, LIMIT_CPU, "processor time of one process", 0, err);
    return tell_limit(box, LIMIT_DISK, "size of one file", (int64_t)box->setup->options.disk_bytes,
                      err);
}

/* By itself: what we stop has another reason to be incomplete. */
static int tell_left_out(struct vb_supervisor *box, struct vb_error *err)
{
    if (box->outcome != NULL || box->leave_ns != 0 || !box->subject_ended ||
        !vb_interpreter_left_out(box->detonation->interpreter, box->subject_status))
        return VB_OK;
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "detonate");
    vb_event_str(&event, VB_F_WHAT, box->detonation->interpreter);
    vb_event_str(&event, VB_F_REASON, "cannot be executed: some of it has no like on this system");
    vb_event_str(&event, VB_F_PATH, box->detonation->path);
    return vb_supervisor_emit(box, &event, err);
}

static int tell_end(struct vb_supervisor *box, struct vb_error *err)
{
    const char *outcome = box->outcome;
    const bool signalled = !box->subject_ended || WIFSIGNALED(box->subject_status);
    if (outcome == NULL)
        outcome =
            signalled ? (box->subject_ended || box->leave_ns != 0 ? "signal" : "stopped") : "exit";
    struct vb_event event;
    vb_event_init(&event, VB_EV_DETONATION_END, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_OUTCOME, outcome);
    vb_event_int(&event, VB_F_DURATION, (int64_t)((box->end_ns - box->begin_ns) / 1000000U));
    if (box->recorder != NULL && vb_recorder_moved_ns(box->recorder) > 0)
        vb_event_int(&event, VB_F_SKIPPED,
                     (int64_t)(vb_recorder_moved_ns(box->recorder) / 1000000U));
    if (signalled)
        vb_event_int(&event, VB_F_SIGNAL,
                     box->subject_ended ? WTERMSIG(box->subject_status) : SIGKILL);
    else
        vb_event_int(&event, VB_F_STATUS, WEXITSTATUS(box->subject_status));
    return vb_supervisor_emit(box, &event, err);
}

static int conclude(struct vb_supervisor *box, struct vb_error *err)
{
    int wait_status;
    if (vb_sys_reap(box->init, &wait_status) < 0)
        return vb_fail(err, VB_E_OS, errno, "reaping a box");
    box->init = -1;
    int status = drain(box, err);
    if (box->end_ns == 0)
        box->end_ns = vb_monotonic_ns();
    if (status == VB_OK)
        status = check_usage(box, err);
    if (status == VB_OK)
        status = tell_outputs(box, err);
    if (status == VB_OK)
        status = vb_served_end(&box->served, box->detonation->id, box->sink, err);
    if (status == VB_OK && box->hearsay != NULL)
        status = vb_hearsay_tell(box->hearsay, box->sink, err);
    if (status == VB_OK)
        status = tell_truth(box, err);
    if (status == VB_OK && box->witness != NULL)
        status = vb_witness_tell(box->witness, box->detonation->id, box->sink, err);
    if (status == VB_OK)
        status = tell_signal_limits(box, err);
    if (status == VB_OK)
        status = tell_left_out(box, err);
    return status < 0 ? status : tell_end(box, err);
}

static void supervisor_done(struct vb_supervisor *box)
{
    if (box->init > 0) {
        int status;
        (void)pidfd_send_signal(box->init_pidfd, SIGKILL, NULL, 0);
        (void)vb_sys_reap(box->init, &status);
    }
    vb_recorder_free(box->recorder);
    vb_close_fd(&box->prompt.writer);
    vb_input_done(&box->input); /* the recorder's scripts were the last readers */
    vb_world_child_free(box->world);
    vb_driver_child_free(box->driver);
    vb_hearsay_free(box->hearsay);
    vb_served_done(&box->served);
    vb_demand_free(box->demand);
    vb_witness_free(box->witness);
    for (int i = 0; i < 2; i++)
        vb_output_done(&box->outputs[i]);
    vb_strings_free(box->argv);
    vb_strings_free(box->envp);
    free(box->given);
    vb_close_fd(&box->epoll);
    vb_close_fd(&box->ticks);
    vb_close_fd(&box->control);
    vb_close_fd(&box->start);
    vb_close_fd(&box->init_pidfd);
    close_below(box);
    vb_close_fd(&box->writable_fd);
    vb_close_fd(&box->proc_fd);
    vb_close_fd(&box->segments_fd);
}

int vb_supervise(const struct vb_box_setup *setup, const struct vb_detonation *detonation,
                 struct vb_frame_sink *frames, struct vb_error *err)
{
    static int (*const steps[])(struct vb_supervisor * box, struct vb_error * err) = {
        vb_start_argv,      vb_start_environment, vb_start_tell, vb_start_init,
        vb_start_accompany, vb_start_subject,     serve,         conclude};
    VB_CLEANUP(supervisor_done)
    struct vb_supervisor box = {
        .setup = setup,
        .detonation = detonation,
        .frames = frames,
        .sink = &frames->sink,
        .epoll = epoll_create1(EPOLL_CLOEXEC),
        .ticks = -1,
        .control = -1,
        .start = -1,
        .init = -1,
        .init_pidfd = -1,
        .writable_fd = -1,
        .below_fds = {-1, -1},
        .proc_fd = -1,
        .segments_fd = -1,
        .served = {.fd = -1, .left_alone = detonation->unasked},
        .prompt = {.writer = -1},
        .input = {.pidfd = -1, .reader = -1},
        .outputs = {{.fd = -1}, {.fd = -1}},
    };
    vb_box_folder(setup, box.folder, sizeof(box.folder));
    const bool below = detonation->cwd != NULL && vb_path_safe(detonation->cwd);
    snprintf(box.cwd, sizeof(box.cwd), "%s%s%s", box.folder, below ? "/" : "",
             below ? detonation->cwd : "");
    int status = vb_persona_environment(setup, box.cwd, &box.envp, err);
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(steps); i++)
        status = steps[i](&box, err);
    return status;
}
