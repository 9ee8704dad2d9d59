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
#include <unistd.h>

#include "sandbox/box/kernel.h"
#include "sandbox/box/supervisor.h"

enum {
    LEAVE_MS = 500,  /* for a subject with whom nobody talks any more, to end by itself */
    LINGER_MS = 200, /* for what the main process left running, since it did anything */
    LINGER_MOST_MS = 2000,
    TERMINATE_GRACE_MS = 300,
    RECORDER_LAST_STEPS = 10000
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

int vb_supervisor_tell_limit(struct vb_supervisor *box, enum vb_supervisor_limit limit,
                             const char *detail, int64_t count, struct vb_error *err)
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
void vb_supervisor_end(struct vb_supervisor *box, const char *outcome, uint64_t grace_ms)
{
    if (box->kill_ns != 0)
        return;
    box->kill_ns = vb_monotonic_ns() + vb_ms(grace_ms);
    box->outcome = outcome;
}

int vb_supervisor_hear_init(struct vb_supervisor *box, struct vb_error *err)
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
        box->lingers = box->kill_ns == 0;
        vb_supervisor_end(box, NULL, LINGER_MS);
    }
    if (message.word == VB_BOX_MOVED)
        box->moved = message.number;
    return VB_OK;
}

int vb_supervisor_measure(struct vb_supervisor *box, struct vb_error *err)
{
    const struct vb_sandbox_options *options = &box->setup->options;
    struct vb_usage usage;
    int status = VB_OK;
    vb_watch_measure(&box->watch, &usage);
    if (usage.disk_full)
        status = vb_supervisor_tell_limit(box, VB_LIMIT_DISK, "the disk of the box is full",
                                          (int64_t)options->disk_bytes, err);
    if (status == VB_OK && usage.inodes_full)
        status =
            vb_supervisor_tell_limit(box, VB_LIMIT_FILES, "the box holds no more files", 0, err);
    /* Init counts too. */
    if (status == VB_OK && usage.tasks + 1 >= options->processes)
        status = vb_supervisor_tell_limit(box, VB_LIMIT_PROCESSES, "processes and threads",
                                          usage.tasks, err);
    if (status == VB_OK && usage.descriptors >= VB_BOX_OPEN_FILES)
        status = vb_supervisor_tell_limit(box, VB_LIMIT_OPEN_FILES, "descriptors of one process",
                                          usage.descriptors, err);
    if (status < 0 || (usage.memory <= options->memory_bytes && !usage.machine_short))
        return status;
    status = vb_supervisor_tell_limit(box, VB_LIMIT_MEMORY,
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
    vb_supervisor_end(box, outcome, TERMINATE_GRACE_MS);
    box->lingers = false;
    if (box->control >= 0)
        (void)vb_box_say(box->control, VB_BOX_TERMINATE, 0, -1); /* a dead init needs no telling */
}

static int stop_in_time(struct vb_supervisor *box, struct vb_error *err)
{
    char detail[64];
    snprintf(detail, sizeof(detail), "still running after %u ms", box->detonation->timeout_ms);
    const int status = vb_supervisor_tell_limit(box, VB_LIMIT_TIME, detail,
                                                (int64_t)box->detonation->timeout_ms, err);
    stop(box, "timeout");
    return status;
}

/* Nothing is printed or done any more, and somebody wants to read what nobody has typed. */
static int answer_prompt(struct vb_supervisor *box, struct vb_error *err)
{
    enum { PIPEFULS = 8 };
    if (box->prompt.writer < 0 || box->driver != NULL || box->recorder == NULL || !box->recording ||
        box->outcome != NULL || vb_world_child_busy(box->world) ||
        !vb_recorder_awaits_input(box->recorder))
        return VB_OK;
    /* What it asks may still be on its way, in a pipe that holds no more than this. */
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < PIPEFULS && vb_output_read(&box->outputs[i]); k++)
            continue;
    }
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

static int tell_looking(struct vb_supervisor *box, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "detonate");
    vb_event_str(&event, VB_F_WHAT, "what it would do later");
    vb_event_str(&event, VB_F_REASON, "it listens, and looks around again and again: ended");
    vb_event_str(&event, VB_F_PATH, box->detonation->path);
    return vb_supervisor_emit(box, &event, err);
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
    if (!box->served.left_alone) /* who watches the clock is not shown there that it is moved */
        vb_recorder_hurry(box->recorder);
    const bool idle = vb_recorder_idle(box->recorder) && !vb_world_child_busy(box->world);
    if (!vb_served_had_its_turn(&box->served, idle, vb_recorder_moves(box->recorder)) ||
        box->leave_ns != 0)
        return VB_OK;
    box->leave_ns = vb_monotonic_ns();
    return idle ? VB_OK : tell_looking(box, err);
}

static int keep_time(struct vb_supervisor *box, struct vb_error *err)
{
    const uint64_t now = vb_monotonic_ns();
    uint64_t ticks;
    (void)!read(box->ticks, &ticks, sizeof(ticks)); /* how many does not matter */
    int status = vb_supervisor_measure(box, err);
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

/* What was started in the background may only be about to begin. */
static void linger(struct vb_supervisor *box)
{
    const uint64_t until_ns = vb_monotonic_ns() + vb_ms(LINGER_MS);
    if (box->lingers && box->kill_ns != UINT64_MAX && until_ns > box->kill_ns &&
        until_ns < box->end_ns + vb_ms(LINGER_MOST_MS) && until_ns < box->stop_ns)
        box->kill_ns = until_ns;
}

static int record(struct vb_supervisor *box, const struct epoll_event *event, struct vb_error *err)
{
    /* What the subject was told comes before what it does because of that. */
    const int told = box->driver == NULL ? VB_OK : step_driver(box, err);
    if (told < 0)
        return told;
    linger(box);
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
        return vb_supervisor_hear_init(box, err);
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

/* What init said last, what was printed last. */
static int drain(struct vb_supervisor *box, struct vb_error *err)
{
    int status = VB_OK;
    while (status == VB_OK && box->control >= 0)
        status = vb_supervisor_hear_init(box, err);
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

/* Init is dead: what is still under way comes to its end. */
static int finish(struct vb_supervisor *box, struct vb_error *err)
{
    int wait_status;
    if (vb_sys_reap(box->init, &wait_status) < 0)
        return vb_fail(err, VB_E_OS, errno, "reaping a box");
    box->init = -1;
    const int status = drain(box, err);
    if (box->end_ns == 0)
        box->end_ns = vb_monotonic_ns();
    return status;
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
    vb_supervisor_close_below(box);
    vb_close_fd(&box->writable_fd);
    vb_close_fd(&box->proc_fd);
    vb_close_fd(&box->segments_fd);
}

int vb_supervise(const struct vb_box_setup *setup, const struct vb_detonation *detonation,
                 struct vb_frame_sink *frames, struct vb_error *err)
{
    static int (*const steps[])(struct vb_supervisor * box, struct vb_error * err) = {
        vb_start_argv,         vb_start_environment, vb_start_tell, vb_start_init,
        vb_start_accompany,    vb_start_subject,     serve,         finish,
        vb_supervisor_conclude};
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
