/* answered: see answered.h. The honest read data out of the answer, find none, and say so. */
#include "cli/answered.h"

enum { LEAST_MS = 500, MOST_MS = 10000, SHARE = 3 /* of the time that is left */ };

/* There is time, beside KEEP_MS for the runs on other days and machines, and room in the log for
 * row I once more. */
static bool has_room(const struct vb_runs *runs, size_t i, unsigned keep_ms)
{
    const unsigned took = 2 * runs->rows[i].duration_ms;
    return vb_runs_left_ms(runs) >= keep_ms + (took > LEAST_MS ? took : LEAST_MS) &&
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

int vb_run_answered(struct vb_runs *runs, struct vb_error *err)
{
    static const char reason[] = "too many, or no time is left for them within --timeout, or no "
                                 "room in the log";
    const unsigned left_ms = vb_runs_left_ms(runs), keep_ms = left_ms - left_ms / SHARE;
    unsigned made = 0, missed = 0;
    int status = VB_OK;
    for (int guess = VB_GUESS_CODE; guess < VB_GUESS_COUNT; guess++) {
        for (size_t i = 0; i < runs->plan->count; i++) {
            const struct vb_row_run *row = &runs->rows[i];
            if (!row->ran || row->again || !row->guessed)
                continue;
            const bool room = made < VB_ANSWERED_MAX && has_room(runs, i, keep_ms);
            made += room;
            missed += !room;
            if (status == VB_OK && room)
                status = run_told(runs, i, (enum vb_guess)guess, err);
        }
    }
    return status == VB_OK
               ? vb_runs_tell_missed(runs, "answers", "runs with program text for an answer",
                                     reason, missed, err)
               : status;
}
