/* runs: see runs.h. */
#include "cli/runs.h"

unsigned vb_runs_left_ms(const struct vb_runs *runs)
{
    const unsigned left = vb_session_left_ms(runs->session);
    return left > runs->reserve_ms ? left - runs->reserve_ms : 0;
}

bool vb_runs_have_room(const struct vb_runs *runs, const struct vb_row_run *row)
{
    return vb_session_room(runs->session) >= row->log_bytes + row->log_bytes / 8;
}

size_t vb_runs_ways(const struct vb_runs *runs, size_t i)
{
    return runs->rows[i].modules != NULL ? 2 : 1;
}

struct vb_detonation vb_runs_again(struct vb_runs *runs, size_t i, size_t way)
{
    struct vb_detonation again = runs->plan->rows[i];
    again.repeats = again.id;
    again.id = runs->next_id++;
    again.every_name = runs->rows[i].every_name;
    again.modules = way == 0 ? NULL : runs->rows[i].modules;
    again.forgets = true;
    return again;
}

int vb_runs_make(const struct vb_runs *runs, struct vb_sandbox *sandbox,
                 const struct vb_detonation *again, const char *how, struct vb_error *err)
{
    struct vb_detonation_result result;
    const int status = vb_detonate(sandbox, again, &runs->session->tee.sink, &result, err);
    return status < 0 ? vb_wrap(err, "running %s %s",
                                again->path != NULL ? again->path : again->reason, how)
                      : VB_OK;
}

int vb_runs_tell_missed(const struct vb_runs *runs, const char *stage, const char *what,
                        const char *reason, uint64_t count, struct vb_error *err)
{
    struct vb_event event;
    if (count == 0)
        return VB_OK;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, stage);
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_int(&event, VB_F_COUNT, (int64_t)count);
    return vb_emit(&runs->session->tee.sink, &event, err);
}
