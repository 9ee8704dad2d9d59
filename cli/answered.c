/* answered: see answered.h. The honest read data out of the answer, find none, and say so. */
#include "cli/answered.h"

enum { LEAST_MS = 500, MOST_MS = 10000 };

/* There is time and room in the log for row I once more. */
static bool has_room(const struct vb_runs *runs, size_t i)
{
    const unsigned took = 2 * runs->rows[i].duration_ms;
    return vb_runs_left_ms(runs) >= (took > LEAST_MS ? took : LEAST_MS) &&
           vb_runs_have_room(runs, &runs->rows[i]);
}

static int run_told(struct vb_runs *runs, size_t i, enum vb_guess guess, struct vb_error *err)
{
    const unsigned left = vb_runs_left_ms(runs);
    struct vb_detonation again = vb_runs_again(runs, i, vb_runs_ways(runs, i) - 1);
    again.guess = guess;
    again.timeout_ms = left < MOST_MS ? left : MOST_MS;
    return vb_runs_make(runs, runs->sandbox, &again, "with program text for an answer", err);
}

static int tell_missed(const struct vb_runs *runs, unsigned missed, struct vb_error *err)
{
    struct vb_event event;
    if (missed == 0)
        return VB_OK;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "answers");
    vb_event_str(&event, VB_F_WHAT, "runs with program text for an answer");
    vb_event_str(
        &event, VB_F_REASON,
        "more than 9, or no time is left for them within --timeout, or no room in the log");
    vb_event_int(&event, VB_F_COUNT, (int64_t)missed);
    return vb_emit(&runs->session->tee.sink, &event, err);
}

int vb_run_answered(struct vb_runs *runs, struct vb_error *err)
{
    unsigned made = 0, missed = 0;
    int status = VB_OK;
    for (size_t i = 0; i < runs->plan->count; i++) {
        const struct vb_row_run *row = &runs->rows[i];
        if (!row->ran || row->again || !row->guessed)
            continue;
        for (int guess = VB_GUESS_CODE; guess < VB_GUESS_COUNT; guess++) {
            const bool room = made < VB_ANSWERED_MAX && has_room(runs, i);
            made += room;
            missed += !room;
            if (status == VB_OK && room)
                status = run_told(runs, i, (enum vb_guess)guess, err);
        }
    }
    return status == VB_OK ? tell_missed(runs, missed, err) : status;
}
