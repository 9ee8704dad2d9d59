/* conclude: what is told of a box whose init is dead: what it printed last, what it left behind,
 * which of the kernel's limits it met, and how it ended. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "sandbox/box/kernel.h"
#include "sandbox/box/supervisor.h"
#include "sandbox/detonate/interpreter.h"

static int tell_outputs(struct vb_supervisor *box, struct vb_error *err)
{
    int status = VB_OK;
    for (int i = 0; status == VB_OK && i < 2; i++) {
        struct vb_output *output = &box->outputs[i];
        status = vb_output_tell(output, box->setup->baits, box->detonation->id, box->sink, err);
        if (status == VB_OK && vb_output_overflowed(output))
            status = vb_supervisor_tell_limit(box, VB_LIMIT_OUTPUT,
                                              "bytes were printed, not all of them are kept",
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

void vb_supervisor_close_below(struct vb_supervisor *box)
{
    for (size_t i = 0; i < VB_LAYER_COUNT; i++)
        vb_close_fd(&box->below_fds[i]);
}

/* Nobody looks at what was below any more: it changes. */
static int carry_on(struct vb_supervisor *box, bool seen_all, struct vb_error *err)
{
    vb_supervisor_close_below(box);
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
        .keep_fd = vb_box_keeps(box->setup, box->detonation),
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
        return vb_supervisor_tell_limit(box, VB_LIMIT_CPU, "processor time of one process", 0, err);
    return vb_supervisor_tell_limit(box, VB_LIMIT_DISK, "size of one file",
                                    (int64_t)box->setup->options.disk_bytes, err);
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

int vb_supervisor_conclude(struct vb_supervisor *box, struct vb_error *err)
{
    int status = vb_supervisor_measure(box, err);
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
