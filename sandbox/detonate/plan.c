/* plan: what of a package is run, and in which order. Everything that could execute
 * and is not in the plan is a coverage event: nothing is left out in silence. */
#include <errno.h>

#include "sandbox/detonate/plan_internal.h"

/* --- time --- */

/* Most rows end at once, so each may take several times its even share of what is left; and who
 * is asked for everything that it can do takes its time. */
unsigned vb_plan_share_ms(const struct vb_plan *plan, size_t row, unsigned left_ms)
{
    enum {
        MIN_ROW_MS = 1000,
        MAX_ROW_MS = 10000,
        MIN_SERVER_MS = 12000,
        MAX_SERVER_MS = 20000,
        GENEROSITY = 4
    };
    const bool served = plan->rows != NULL && plan->rows[row].driver != VB_DRIVER_NONE;
    const size_t least = served ? MIN_SERVER_MS : MIN_ROW_MS;
    const size_t most = served ? MAX_SERVER_MS : MAX_ROW_MS;
    if (plan->count == 1)
        return left_ms;
    const size_t behind = plan->count - row - 1;
    size_t share = left_ms / (1 + behind / GENEROSITY);
    share = share < least ? least : share > most ? most : share;
    return share < left_ms ? (unsigned)share : left_ms;
}

static void free_plan(struct vb_plan **plan)
{
    vb_plan_free(*plan);
}

int vb_plan_make(const struct vb_plan_input *input, struct vb_sink *sink, struct vb_plan **ret,
                 struct vb_error *err)
{
    VB_CLEANUP(free_plan) struct vb_plan *plan = calloc(1, sizeof(*plan));
    VB_CLEANUP_FREE struct vb_planner *planner = calloc(1, sizeof(*planner));
    if (plan != NULL)
        plan->rows = calloc(VB_PLAN_MAX_ROWS + VB_PLAN_MAX_REPEATED, sizeof(*plan->rows));
    if (plan == NULL || plan->rows == NULL || planner == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "planning the detonations");
    planner->manifest = input->manifest;
    planner->tree = input->tree;
    planner->rootfs = input->rootfs;
    planner->sink = sink;
    planner->plan = plan;
    int status = vb_plan_codes(planner, input->manifest, err);
    if (status == VB_OK)
        status = vb_plan_entries(planner, input->manifest, err);
    if (status == VB_OK)
        status = vb_plan_scripts(planner, err);
    if (status == VB_OK)
        status = vb_plan_usages(planner, input->manifest, err);
    vb_plan_order(plan);
    if (status == VB_OK)
        status = vb_plan_repeat_servers(planner, err);
    if (status == VB_OK)
        status = vb_plan_tell_left_out(planner, err);
    if (status < 0)
        return status;
    vb_plan_number_rows(plan);
    *ret = vb_steal(plan);
    return VB_OK;
}
