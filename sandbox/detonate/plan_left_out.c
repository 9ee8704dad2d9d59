/* What is left out of the plan is told: the first of each reason by its place, the rest as a
 * number. Names are the package's. */
#include <string.h>

#include "sandbox/detonate/interpreter.h"
#include "sandbox/detonate/plan_internal.h"

enum { MAX_ALIKE = 16 /* coverage events of one reason before they are only counted */ };

int vb_plan_emit_coverage(struct vb_planner *planner, const struct vb_candidate *what,
                          const char *reason, uint64_t count, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "detonate");
    vb_event_str(&event, VB_F_WHAT, what->reason);
    vb_event_str(&event, VB_F_REASON, reason);
    if (count > 0)
        vb_event_int(&event, VB_F_COUNT, (int64_t)count);
    else
        vb_event_str(&event, VB_F_PATH, what->path);
    if (count == 0 && what->line > 0)
        vb_event_int(&event, VB_F_LINE, what->line);
    return vb_emit(planner->sink, &event, err);
}

static struct vb_left_out *reason_row(struct vb_planner *planner, const char *reason)
{
    for (size_t i = 0; i < planner->reason_count; i++) {
        if (strcmp(planner->left_out[i].reason, reason) == 0)
            return &planner->left_out[i];
    }
    if (planner->reason_count == VB_PLAN_MAX_REASONS)
        return NULL;
    struct vb_left_out *row = &planner->left_out[planner->reason_count++];
    snprintf(row->reason, sizeof(row->reason), "%s", reason);
    return row;
}

int vb_plan_leave_out(struct vb_planner *planner, const struct vb_candidate *what,
                      const char *reason, struct vb_error *err)
{
    struct vb_left_out *row = reason_row(planner, reason);
    if (row != NULL && ++row->count > MAX_ALIKE)
        return VB_OK; /* told as a number at the end */
    return vb_plan_emit_coverage(planner, what, reason, 0, err);
}

int vb_plan_tell_left_out(struct vb_planner *planner, struct vb_error *err)
{
    static const struct vb_candidate more = {.reason = "more of the same"};
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < planner->reason_count; i++) {
        const struct vb_left_out *row = &planner->left_out[i];
        if (row->count > MAX_ALIKE)
            status =
                vb_plan_emit_coverage(planner, &more, row->reason, row->count - MAX_ALIKE, err);
    }
    return status;
}

void vb_plan_missing_interpreter(const char *name, char ret[VB_PLAN_REASON_BYTES])
{
    const char *package = vb_interpreter_package(name);
    const bool known = vb_interpreter_named(name) != NULL;
    if (package != NULL && strcmp(package, name) != 0)
        snprintf(ret, VB_PLAN_REASON_BYTES, "interpreter %.48s is not installed: install %s", name,
                 package);
    else
        snprintf(ret, VB_PLAN_REASON_BYTES, "interpreter %.64s is not %s", name,
                 known ? "installed" : "one that vetbox can start");
}

/* Of code for another system what has no like here is left out. */
int vb_plan_tell_translated(struct vb_planner *planner, const struct vb_candidate *what,
                            const struct vb_interpreter *interpreter, struct vb_error *err)
{
    static const char *const systems[][2] = {{"powershell", "PowerShell for Windows"},
                                             {"cmd", "a batch file for Windows"},
                                             {"osascript", "AppleScript for macOS"}};
    const struct vb_candidate code = {
        .reason = VB_TRANSLATED, .path = what->path, .line = what->line};
    char reason[VB_PLAN_REASON_BYTES] = "";
    for (size_t i = 0; i < VB_ARRAY_LEN(systems); i++) {
        if (strcmp(systems[i][0], interpreter->name) == 0)
            snprintf(reason, sizeof(reason),
                     "%s was run as a shell script, as far as there is something like it here",
                     systems[i][1]);
    }
    return vb_plan_leave_out(planner, &code, reason, err);
}
