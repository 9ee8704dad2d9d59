/* run: the coordinator's side of one box: fork its supervisor, check every frame, and read off what
 * passes how it ended. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/courier_child.h"
#include "sandbox/box/kernel.h"
#include "sandbox/box/relay.h"
#include "sandbox/recorder/recorder.h"

enum {
    /* What a supervisor may need beyond the subject's time: setting up, a last look at the files.
     */
    SUPERVISOR_EXTRA_MS = 60000,
    EXIT_LOST = 137 /* 128 + SIGKILL */
};

/* --- in the supervisor --- */

static bool parent_is_gone(int frames_fd)
{
    struct pollfd fd = {.fd = frames_fd, .events = 0};
    return poll(&fd, 1, 0) > 0 && (fd.revents & POLLERR) != 0;
}

/* The subject's streams may be our own, whose numbers are about to be /dev/null. */
static void move_away(int *fd)
{
    *fd = *fd < 0 ? -1 : fcntl(*fd, F_DUPFD_CLOEXEC, 3);
}

static int settle(struct vb_box_setup *setup, const struct vb_pipes *pipes, struct vb_error *err)
{
    static const struct vb_limit_row limits[] = {{RLIMIT_CORE, 1}};
    vb_ignore_terminal_signals();
    int status = vb_drop_to_sandbox_user(err);
    if (status == VB_OK)
        status = vb_base_enter(&setup->base, err);
    if (status < 0)
        return status;
    if (vb_sys_die_with_parent() < 0 || vb_sys_no_new_privs() < 0)
        return vb_fail(err, VB_E_OS, errno, "tying a supervisor to its parent");
    if (parent_is_gone(pipes->frames[1]))
        _exit(1);
    struct vb_sandbox_options *options = &setup->options;
    move_away(&options->input_fd);
    move_away(&options->output_fds[0]);
    move_away(&options->output_fds[1]);
    int keep[11 + VB_NET_SOCKETS] = {
        pipes->frames[1],  pipes->report[1],       options->tree_fd,       options->input_fd,
        setup->staging_fd, options->output_fds[0], options->output_fds[1], options->stop_fd,
        setup->cgroup.dir, setup->cgroup.kill,     setup->live_fd};
    memcpy(keep + 11, setup->base.fds + VB_BASE_SOCKET, VB_NET_SOCKETS * sizeof(*keep));
    if (vb_sys_close_others(keep, VB_ARRAY_LEN(keep)) < 0)
        return vb_fail(err, VB_E_OS, errno, "closing inherited descriptors");
#ifdef VB_SANITIZED
    status = vb_null_stdio(true, err); /* the sanitizers' reports go there */
#else
    status = vb_null_stdio(false, err);
#endif
    return status < 0 ? status : vb_limits_set(limits, VB_ARRAY_LEN(limits), err);
}

static _Noreturn void supervisor_main(const struct vb_box_setup *shared,
                                      const struct vb_detonation *detonation,
                                      const struct vb_pipes *pipes)
{
    struct vb_error err = {0};
    struct vb_box_setup setup = *shared;
    struct vb_frame_sink frames;
    vb_frame_sink_init(&frames, pipes->frames[1], setup.options.epoch_ns);
    int status = settle(&setup, pipes, &err);
    if (status == VB_OK)
        status = vb_supervise(&setup, detonation, &frames, &err);
    struct vb_error flush_error = {0};
    const int flushed = vb_frame_sink_flush(&frames, &flush_error);
    vb_frame_sink_done(&frames);
    if (status == VB_OK && flushed < 0) {
        status = flushed;
        err = flush_error;
    }
    vb_report_write(pipes->report[1], status, &err);
    _exit(0);
}

/* --- in the coordinator --- */

static int start_supervisor(const struct vb_box_setup *setup,
                            const struct vb_detonation *detonation, struct vb_process *process,
                            struct vb_error *err)
{
    VB_CLEANUP(vb_pipes_done) struct vb_pipes pipes = {{-1, -1}, {-1, -1}};
    const int status = vb_pipes_new(&pipes, err);
    if (status < 0)
        return status;
    process->pid = fork();
    if (process->pid < 0)
        return vb_fail(err, VB_E_OS, errno, "forking a supervisor");
    if (process->pid == 0)
        supervisor_main(setup, detonation, &pipes);
    process->frames = vb_steal_fd(&pipes.frames[0]);
    process->report = vb_steal_fd(&pipes.report[0]);
    process->pidfd = pidfd_open(process->pid, 0);
    if (process->pidfd < 0)
        return vb_fail(err, VB_E_UNAVAILABLE, errno, "pidfd_open: use a kernel of 5.19 or later");
    return VB_OK;
}

/* Reads the result off the events that pass. */
struct end_watch {
    struct vb_sink sink;
    struct vb_sink *next;
    const struct vb_box_setup *setup;
    uint64_t stand_ins; /* commands of ours that ran */
    struct vb_detonation_result result;
};

bool vb_box_changed(const struct vb_changes *changes, const char *path)
{
    for (size_t i = 0; i < changes->count; i++) {
        if (strcmp(changes->paths[i], path) == 0)
            return true;
    }
    return changes->more;
}

static int note_change(const struct vb_box_setup *setup, struct vb_str path, struct vb_error *err)
{
    char folder[256];
    struct vb_changes *changes = setup->changes;
    vb_box_folder(setup, folder, sizeof(folder));
    const size_t len = strlen(folder);
    if (path.len <= len + 1 || memcmp(path.text, folder, len) != 0 || path.text[len] != '/')
        return VB_OK;
    VB_CLEANUP_FREE char *below = strndup(path.text + len + 1, path.len - len - 1);
    if (below == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "noting what a run changed");
    if (vb_box_changed(changes, below))
        return VB_OK;
    if (changes->count == VB_CHANGED_MAX)
        changes->more = true;
    else
        changes->paths[changes->count++] = vb_steal(below);
    return VB_OK;
}

static int watch_emit(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct end_watch *watch = (struct end_watch *)(void *)base;
    if (event->kind == VB_EV_DETONATION_END) {
        const int64_t number = vb_event_get_int(event, VB_F_SIGNAL, 0);
        const int64_t exited = vb_event_get_int(event, VB_F_STATUS, 0);
        const struct vb_str outcome = vb_event_get_str(event, VB_F_OUTCOME);
        watch->result.timed_out = vb_str_equal(outcome, "timeout");
        watch->result.finished = vb_str_equal(outcome, "exit") || vb_str_equal(outcome, "signal");
        watch->result.exit_status = (int)((number > 0 ? 128 + number : exited) & 0xff);
        watch->result.duration_ms = (unsigned)vb_event_get_int(event, VB_F_DURATION, 0);
    }
    watch->result.asked |= event->kind == VB_EV_DETONATION_PROBE;
    if (event->kind == VB_EV_WORLD_ANSWER &&
        vb_str_equal(vb_event_get_str(event, VB_F_OUTCOME), "doubted"))
        watch->result.name_doubted = true;
    if (event->kind == VB_EV_WORLD_RESPONSE &&
        vb_str_equal(vb_event_get_str(event, VB_F_RULE), "guess") &&
        vb_event_get_int(event, VB_F_SIZE, 0) > 0)
        watch->result.guessed = true;
    if (event->kind == VB_EV_PROCESS_EXEC && watch->setup->base.overlay)
        watch->stand_ins |=
            vb_command_bit(watch->setup->options.rootfs, vb_event_get_str(event, VB_F_PATH));
    if (event->kind == VB_EV_TRUTH_FILE && watch->setup->changes != NULL &&
        (vb_str_equal(vb_event_get_str(event, VB_F_CHANGE), "modified") ||
         vb_str_equal(vb_event_get_str(event, VB_F_CHANGE), "metadata"))) {
        const int status = note_change(watch->setup, vb_event_get_str(event, VB_F_PATH), err);
        if (status < 0)
            return status;
    }
    return vb_emit(watch->next, event, err);
}

static int tell_lost(const struct vb_relay *relay, const struct vb_detonation *detonation,
                     const struct vb_death *death, struct vb_sink *sink, struct vb_error *err)
{
    const int status = vb_emit_death(relay, death, sink, err);
    if (status < 0)
        return status;
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    event.detonation = relay->detonation;
    vb_event_str(&event, VB_F_STAGE, "detonate");
    vb_event_str(&event, VB_F_WHAT, detonation->reason);
    vb_event_str(&event, VB_F_REASON,
                 "the supervisor of the box died: the run is not fully recorded");
    vb_event_str(&event, VB_F_PATH, detonation->path);
    if (detonation->line > 0)
        vb_event_int(&event, VB_F_LINE, detonation->line);
    return vb_emit(sink, &event, err);
}

static int tell_stand_ins(const struct vb_detonation *detonation, uint64_t bits,
                          struct vb_sink *sink, struct vb_error *err)
{
    int status = VB_OK;
    for (unsigned i = 0; status == VB_OK && i < VB_COMMANDS_MAX; i++) {
        struct vb_event event;
        if ((bits >> i & 1) == 0)
            continue;
        vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
        event.detonation = detonation->id;
        vb_event_str(&event, VB_F_STAGE, "detonate");
        vb_event_str(&event, VB_F_WHAT, vb_command_name(i));
        vb_event_str(&event, VB_F_REASON, "not installed: a stand-in answered");
        vb_event_str(&event, VB_F_PATH, detonation->path);
        status = vb_emit(sink, &event, err);
    }
    return status;
}

static int run_box(const struct vb_box_setup *setup, const struct vb_detonation *detonation,
                   struct vb_sink *sink, struct vb_detonation_result *ret, struct vb_error *err)
{
    const struct vb_relay relay = {
        .role = VB_ROLE_BOX,
        .name = "box",
        .detonation = detonation->id,
        .epoch_ns = setup->options.epoch_ns,
        .timeout_ms = detonation->timeout_ms + SUPERVISOR_EXTRA_MS,
    };
    VB_CLEANUP(vb_process_done)
    struct vb_process process = {.pid = -1, .pidfd = -1, .frames = -1, .report = -1};
    struct end_watch watch = {.sink = {.emit = watch_emit},
                              .next = sink,
                              .setup = setup,
                              .result = {.exit_status = EXIT_LOST}};
    int status = start_supervisor(setup, detonation, &process, err);
    if (status < 0)
        return status;
    struct vb_death death;
    status = vb_relay_run(&relay, &process, &watch.sink, &death, err);
    watch.result.lost = death.died;
    if (status == VB_OK && death.died)
        status = tell_lost(&relay, detonation, &death, sink, err);
    if (status == VB_OK)
        status = tell_stand_ins(detonation, watch.stand_ins, sink, err);
    if (status == VB_OK)
        *ret = watch.result;
    return status;
}

int vb_box_run(const struct vb_box_setup *setup, const struct vb_detonation *detonation,
               struct vb_sink *sink, struct vb_detonation_result *ret, struct vb_error *err)
{
    /* What the box may write lies in memory as well. The watch is the one to say when its memory is
     * used up; this is the wall behind it. */
    const struct vb_cgroup_limits limits = {
        .id = detonation->id,
        .memory_bytes = setup->options.memory_bytes +
                        (setup->carries_on ? 2 : 1) * setup->options.disk_bytes + setup->tree_bytes,
        .processes = setup->options.processes,
    };
    struct vb_box_setup own = *setup;
    int status = vb_cgroup_new(&setup->cgroups, &limits, &own.cgroup, err);
    if (status < 0)
        return status;
    if (setup->courier != NULL)
        status = vb_courier_child_begin(setup->courier, &own.live_fd, err);
    if (status == VB_OK)
        status = run_box(&own, detonation, sink, ret, err);
    if (setup->courier != NULL)
        vb_close_fd(&own.live_fd);
    if (status == VB_OK && setup->courier != NULL)
        status = vb_courier_child_end(setup->courier, detonation->id, sink, err);
    vb_cgroup_done(&setup->cgroups, detonation->id, &own.cgroup);
    return status;
}
