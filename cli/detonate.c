/* The dynamic stages: the plan's rows, one box each, and a scan of what the runs left behind. */
#include <errno.h>
#include <string.h>

#include "cli/answered.h"
#include "cli/missing.h"
#include "cli/network.h"
#include "cli/other_days.h"
#include "cli/personas.h"
#include "cli/places.h"
#include "cli/plan.h"
#include "cli/planted.h"
#include "cli/probed.h"
#include "cli/second.h"

enum { MIB = 1024 * 1024, DROPS_INODES = 20000, MIN_RESERVE_MS = 500 };

static void plan_cleanup(struct vb_plan **plan)
{
    vb_plan_free(*plan);
}

static void sandbox_cleanup(struct vb_sandbox **sandbox)
{
    vb_sandbox_free(*sandbox);
}

/* MISSED calls of scripts are one gap: the scripts themselves ran. */
static int not_run(struct vb_session *session, const struct vb_detonation *row, uint64_t missed,
                   struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "detonate");
    vb_event_str(&event, VB_F_WHAT, row == NULL ? VB_CALLS_NOT_RUN : row->reason);
    vb_event_str(&event, VB_F_REASON, "no time is left for it within --timeout");
    vb_event_str(&event, VB_F_PATH, row == NULL ? NULL : row->path);
    if (row != NULL && row->line > 0)
        vb_event_int(&event, VB_F_LINE, row->line);
    if (row == NULL)
        vb_event_int(&event, VB_F_COUNT, (int64_t)missed);
    return vb_emit(&session->tee.sink, &event, err);
}

/* Once more, in a network where names exist that look drawn by chance: what was refused for such a
 * name may be what it waits for. Within the time that ROW had. */
static int run_again(struct vb_runs *runs, const struct vb_detonation *row, struct vb_sink *sink,
                     struct vb_error *err)
{
    struct vb_detonation again = *row;
    struct vb_detonation_result result;
    again.id = runs->next_id++;
    again.every_name = true;
    again.repeats = row->id;
    return vb_detonate(runs->sandbox, &again, sink, &result, err);
}

/* Once more, but left alone where it listens: that somebody asks there may be what it takes a box
 * for, or be meant to keep its client away from its streams. */
static int run_unasked(struct vb_runs *runs, size_t i, struct vb_sink *sink, struct vb_error *err)
{
    const struct vb_detonation *row = &runs->plan->rows[i];
    int status = VB_OK;
    for (size_t way = 0; status == VB_OK && way < vb_runs_ways(runs, i); way++) {
        const unsigned left = vb_session_left_ms(runs->session);
        struct vb_detonation again = *row;
        struct vb_detonation_result result;
        if (left <= runs->reserve_ms) {
            runs->calls_missed++;
            continue;
        }
        again.id = runs->next_id++;
        again.unasked = true;
        again.repeats = row->id;
        again.modules = way == 0 ? NULL : runs->rows[i].modules;
        again.timeout_ms =
            left - runs->reserve_ms < row->timeout_ms ? left - runs->reserve_ms : row->timeout_ms;
        status = vb_detonate(runs->sandbox, &again, sink, &result, err);
    }
    return status;
}

/* Once more, with stand-ins for the modules that it missed, as often as it then misses others. */
static int run_with_modules(struct vb_runs *runs, size_t i, struct vb_missing *missing,
                            struct vb_second *second, struct vb_error *err)
{
    const struct vb_detonation *row = &runs->plan->rows[i];
    struct vb_row_run *run = &runs->rows[i];
    const bool any = vb_missing_any(missing);
    int more = vb_missing_tell(missing, row, err);
    more = more == VB_OK && any ? 1 : more; /* what another run missed before */
    for (unsigned round = 0; more == 1 && round < VB_MISSING_ROUNDS; round++) {
        const unsigned left = vb_session_left_ms(runs->session);
        const uint64_t before = runs->session->log.bytes;
        struct vb_detonation again = *row;
        struct vb_detonation_result result;
        if (left <= runs->reserve_ms)
            return VB_OK;
        again.id = runs->next_id++;
        again.repeats = row->id;
        again.every_name = run->every_name;
        again.modules = vb_missing_modules(missing);
        again.timeout_ms =
            left - runs->reserve_ms < row->timeout_ms ? left - runs->reserve_ms : row->timeout_ms;
        const int status = vb_detonate(runs->sandbox, &again, &missing->sink, &result, err);
        run->asked |= status == VB_OK && result.asked;
        run->guessed |= status == VB_OK && result.guessed;
        run->left |= second->left;
        run->dated |= runs->session->tee.dates.seen;
        run->around |= runs->session->tee.around.seen;
        if (run->duration_ms < result.duration_ms)
            run->duration_ms = result.duration_ms;
        if (run->log_bytes < runs->session->log.bytes - before)
            run->log_bytes = runs->session->log.bytes - before;
        more = status < 0 ? status : vb_missing_tell(missing, &again, err);
    }
    run->modules = any ? vb_missing_modules(missing) : NULL;
    return more < 0 ? more : VB_OK;
}

static int run_row(struct vb_runs *runs, size_t i, struct vb_missing *missing,
                   struct vb_second *second, struct vb_error *err)
{
    struct vb_session *session = runs->session;
    struct vb_detonation *row = &runs->plan->rows[i];
    const unsigned left = vb_session_left_ms(session);
    struct vb_sink *sink = &missing->sink;
    struct vb_detonation_result result = {0};
    if (left <= runs->reserve_ms) {
        runs->calls_missed += row->call;
        return row->call ? VB_OK : not_run(session, row, 0, err);
    }
    row->timeout_ms = vb_plan_share_ms(runs->plan, i, left - runs->reserve_ms);
    vb_missing_begin(missing); /* another's words give it none: it may do without */
    const uint64_t before = session->log.bytes;
    second->left = false;
    int status = vb_detonate(runs->sandbox, row, sink, &result, err);
    runs->rows[i].ran = true;
    runs->rows[i].left = second->left;
    runs->rows[i].again = row->repeats > 0;
    runs->rows[i].log_bytes = session->log.bytes - before;
    runs->rows[i].duration_ms = result.duration_ms;
    runs->rows[i].finished = result.finished;
    runs->rows[i].asked = result.asked;
    runs->rows[i].guessed = result.guessed;
    runs->rows[i].every_name = result.name_doubted;
    runs->rows[i].dated = session->tee.dates.seen;
    runs->rows[i].around = session->tee.around.seen;
    if (status == VB_OK)
        status = run_with_modules(runs, i, missing, second, err);
    if (status == VB_OK && runs->rows[i].asked)
        status = run_unasked(runs, i, sink, err);
    const unsigned still = vb_session_left_ms(session);
    if (status < 0 || !result.name_doubted || row->repeats > 0 || still <= runs->reserve_ms)
        return status;
    row->timeout_ms = vb_plan_share_ms(runs->plan, i, still - runs->reserve_ms);
    status = run_again(runs, row, sink, err);
    runs->rows[i].dated |= session->tee.dates.seen;
    runs->rows[i].around |= session->tee.around.seen;
    return status;
}

static int run_plan(struct vb_session *session, const struct vb_sandbox_options *options,
                    struct vb_sandbox **sandbox, struct vb_plan *plan, struct vb_error *err)
{
    /* What is behind the runs has a tenth of the time that is left now. */
    const unsigned all = vb_session_left_ms(session);
    VB_CLEANUP_FREE struct vb_row_run *rows = calloc(plan->count, sizeof(*rows));
    struct vb_runs runs = {.session = session,
                           .sandbox = *sandbox,
                           .plan = plan,
                           .rows = rows,
                           .next_id = plan->rows[plan->count - 1].id + 1,
                           .reserve_ms = all / 10 > MIN_RESERVE_MS ? all / 10 : MIN_RESERVE_MS};
    if (rows == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "running the plan");
    VB_CLEANUP(vb_planted_done) struct vb_planted planted;
    VB_CLEANUP_FREE struct vb_probed *probed = malloc(sizeof(*probed));
    if (probed == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "running the plan");
    struct vb_second second;
    vb_second_init(&second, &session->tee.sink);
    if (vb_probed_init(probed, session, &second.sink, err) < 0)
        return vb_wrap(err, "before the plan");
    vb_planted_init(&planted, &probed->sink);
    VB_CLEANUP(vb_missing_done) struct vb_missing missing;
    vb_missing_init(&missing, &planted.sink);
    for (size_t i = 0; i < plan->count; i++) {
        const struct vb_detonation *row = &plan->rows[i];
        if (run_row(&runs, i, &missing, &second, err) < 0)
            return vb_wrap(err, "running %s", row->path != NULL ? row->path : row->reason);
    }
    const bool carried = session->options->value[VB_OPT_FRESH] == NULL;
    if (carried && vb_second_run(&runs, &planted.sink, err) < 0)
        return vb_wrap(err, "after the plan");
    if (runs.calls_missed > 0 && not_run(session, NULL, runs.calls_missed, err) < 0)
        return vb_wrap(err, "after the plan");
    int status = carried ? vb_planted_run(&planted, &runs, err) : VB_OK;
    if (status == VB_OK)
        status = vb_probed_run(probed, &runs, err);
    if (status == VB_OK)
        status = vb_run_answered(&runs, err);
    if (status == VB_OK)
        status = vb_run_other_days(&runs, err);
    return status == VB_OK ? vb_run_elsewhere(&runs, options, sandbox, err) : status;
}

int vb_session_detonate(struct vb_session *session, struct vb_error *err)
{
    VB_CLEANUP(plan_cleanup) struct vb_plan *plan = NULL;
    VB_CLEANUP(vb_network_done) struct vb_network network = {0};
    VB_CLEANUP(sandbox_cleanup) struct vb_sandbox *sandbox = NULL;
    struct vb_sandbox_options options = vb_sandbox_default_options;
    VB_CLEANUP_FREE char *world_rules = NULL;
    int status = vb_network_choose(session->options, &network, &options, err);
    if (status == VB_OK)
        status = vb_place_world_rules(session->options->value[VB_OPT_RULES], &world_rules, err);
    options.world_rules = world_rules;
    if (status == VB_OK)
        status = vb_persona_named(session->options->value[VB_OPT_PERSONA], &options.persona, err);
    options.carries_on = session->options->value[VB_OPT_FRESH] == NULL;
    options.answers = true;
    options.baits = session->toolbox->baits;
    if (status == VB_OK)
        status = vb_session_plan(session, &session->tee.sink, &plan, err);
    if (status != VB_OK || plan->count == 0)
        return status;
    status = vb_workspace_new((uint64_t)512 * MIB, DROPS_INODES, &session->drops_fd, err);
    if (status < 0)
        return status;
    options.epoch_ns = session->log.epoch_ns;
    options.rootfs = session->options->value[VB_OPT_ROOTFS];
    options.tree_fd = session->tree->dirfd;
    options.drops_fd = session->drops_fd;
    options.evidence_fd = session->evidence_fd;
    options.name = session->artifact.name;
    options.closure_fd = session->deps.closure_fd;
    options.libraries_fd = session->deps.libraries_fd;
    vb_session_share(session); /* what boxes are like is told whatever the package is like */
    status = vb_sandbox_new(&options, &session->tee.sink, &sandbox, err);
    if (status == VB_OK)
        status = run_plan(session, &options, &sandbox, plan, err);
    if (status == VB_OK)
        status = vb_examine_scan(session, session->drops_fd, "dropped", err);
    return status;
}
