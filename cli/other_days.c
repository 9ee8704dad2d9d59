/* Runs on other days: see other_days.h. */
#include "cli/other_days.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum {
    CONTROLS = 3,             /* runs of today that other days are compared with */
    LEAST_MS = 500,           /* of a run */
    JUDGED_BYTES_A_MS = 20000 /* in the worst case */
};

static bool is_wanted(const struct vb_dates *dates, const struct vb_row_run *row)
{
    return row->ran && !row->again && (dates->all || (row->dated && row->finished));
}

/* Milliseconds for ROW's run, one of COUNT that are left; 0: there is no time for what took so long
 * today, or no room in the log for what told so much. */
static unsigned share_ms(const struct vb_runs *runs, const struct vb_row_run *row, size_t count)
{
    const unsigned left = vb_runs_left_ms(runs), share = left / (unsigned)(count > 0 ? count : 1);
    const unsigned least = 2 * row->duration_ms > LEAST_MS ? 2 * row->duration_ms : LEAST_MS;
    if (left < least || !vb_runs_have_room(runs, row))
        return 0;
    return share > least ? share : least;
}

/* What one run on a day is. */
struct visit {
    size_t row, way;
    unsigned days_ahead, timeout_ms;
};

static int run_on(struct vb_runs *runs, const struct visit *visit, struct vb_error *err)
{
    struct vb_detonation again =
        vb_runs_again(runs, visit->row, visit->way); /* the days are compared: all begin alike */
    again.other_day = true;
    again.days_ahead = visit->days_ahead;
    again.timeout_ms = visit->timeout_ms;
    return vb_runs_make(runs, runs->sandbox, &again, "on another day", err);
}

/* --- what there was no time for --- */

static int tell_missed(const struct vb_runs *runs, size_t i, const char *what, struct vb_error *err)
{
    const struct vb_detonation *row = &runs->plan->rows[i];
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "dates");
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_REASON,
                 "no time is left for it within --timeout, or no room in the log");
    vb_event_str(&event, VB_F_PATH, row->path);
    if (row->line > 0)
        vb_event_int(&event, VB_F_LINE, row->line);
    return vb_emit(&runs->session->tee.sink, &event, err);
}

static int tell_row(const struct vb_runs *runs, size_t i, const struct vb_dates *dates,
                    struct vb_error *err)
{
    const struct vb_row_run *row = &runs->rows[i];
    int status = VB_OK;
    if (row->missed != 0 && !row->compared)
        return tell_missed(runs, i, "a run on any other day", err);
    for (size_t day = 0; status == VB_OK && day < dates->count; day++) {
        char what[64];
        snprintf(what, sizeof(what), "a run %u days ahead", dates->days[day]);
        if (row->missed & 1U << day)
            status = tell_missed(runs, i, what, err);
    }
    return status;
}

/* --- once more today --- */

/* What the verdict would be so far. */
static int judge_so_far(const struct vb_runs *runs, struct vb_verdict **ret, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = memfd_create("vetbox-log", MFD_CLOEXEC);
    if (fd < 0)
        return vb_fail(err, VB_E_OS, errno, "copying the event log");
    const int status = vb_log_copy(&runs->session->log, fd, err);
    const struct vb_toolbox *toolbox = runs->session->toolbox;
    return status < 0 ? status : vb_judge(fd, toolbox->policy, toolbox->behaviour, ret, err);
}

static bool is_gated(const struct vb_verdict *verdict, const struct vb_detonation *row)
{
    for (size_t i = 0; i < verdict->finding_count; i++) {
        const struct vb_finding *finding = &verdict->findings[i];
        if (strcmp(finding->id, "VB-DATE-GATE") == 0 && finding->line == row->line &&
            strcmp(finding->path != NULL ? finding->path : "",
                   row->path != NULL ? row->path : "") == 0)
            return true;
    }
    return false;
}

static void free_verdict(struct vb_verdict **verdict)
{
    vb_verdict_free(*verdict);
}

/* Each way once; LEFT: how many such runs are left of all. */
static int control(struct vb_runs *runs, size_t i, size_t *left, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t way = 0; status == VB_OK && way < vb_runs_ways(runs, i); way++) {
        const struct visit visit = {i, way, 0, share_ms(runs, &runs->rows[i], (*left)--)};
        if (visit.timeout_ms > 0)
            status = run_on(runs, &visit, err);
    }
    return status;
}

/* What an entry point does one time and not another is no matter of days. */
static int confirm(struct vb_runs *runs, struct vb_error *err)
{
    VB_CLEANUP(free_verdict) struct vb_verdict *verdict = NULL;
    int status = VB_OK;
    size_t left = 0;
    if (vb_runs_left_ms(runs) / 2 <= runs->session->log.bytes / JUDGED_BYTES_A_MS)
        return VB_OK;
    status = judge_so_far(runs, &verdict, err);
    for (size_t i = 0; status == VB_OK && i < runs->plan->count; i++) {
        runs->rows[i].doubted = runs->rows[i].compared && is_gated(verdict, &runs->plan->rows[i]);
        left += runs->rows[i].doubted ? CONTROLS * vb_runs_ways(runs, i) : 0;
    }
    for (size_t i = 0; status == VB_OK && left > 0; i = (i + 1) % runs->plan->count) {
        if (runs->rows[i].doubted)
            status = control(runs, i, &left, err);
    }
    return status;
}

/* --- all of it --- */

static int run_ways(struct vb_runs *runs, size_t i, const struct vb_dates *dates, size_t day,
                    size_t *left, struct vb_error *err)
{
    struct vb_row_run *row = &runs->rows[i];
    int status = VB_OK;
    for (size_t way = 0; status == VB_OK && way < vb_runs_ways(runs, i); way++) {
        const struct visit visit = {i, way, dates->days[day], share_ms(runs, row, (*left)--)};
        if (visit.timeout_ms == 0)
            row->missed |= 1U << day;
        else
            status = run_on(runs, &visit, err);
        row->compared |= visit.timeout_ms > 0;
    }
    return status;
}

static int run_day(struct vb_runs *runs, const struct vb_dates *dates, size_t day, size_t *left,
                   struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; i < runs->plan->count && status == VB_OK; i++) {
        if (is_wanted(dates, &runs->rows[i]) && !runs->session->tee.dates.fixed)
            status = run_ways(runs, i, dates, day, left, err);
    }
    return status;
}

int vb_run_other_days(struct vb_runs *runs, struct vb_error *err)
{
    struct vb_dates dates;
    size_t wanted = 0;
    int status = vb_dates_choose(runs->session->options, &dates, err);
    for (size_t i = 0; i < runs->plan->count; i++)
        wanted += is_wanted(&dates, &runs->rows[i]) ? vb_runs_ways(runs, i) : 0;
    if (status < 0 || wanted == 0 || dates.count == 0)
        return status;
    size_t left = wanted * dates.count;
    /* One day after the other, the furthest first: a gate that opened stays open, mostly. */
    for (size_t day = 0; status == VB_OK && day < dates.count; day++)
        status = run_day(runs, &dates, day, &left, err);
    for (size_t i = 0; status == VB_OK && i < runs->plan->count; i++)
        status = tell_row(runs, i, &dates, err);
    return status == VB_OK ? confirm(runs, err) : status;
}
