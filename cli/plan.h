/* What vet would run. */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include "cli/session.h"
#include "vetbox/sandbox.h"

/* The plan of SESSION's package, after its examination; freed with vb_plan_free. What is left out
 * is coverage to SINK. */
VB_CHECKED int vb_session_plan(struct vb_session *session, struct vb_sink *sink,
                               struct vb_plan **ret, struct vb_error *err);

/* vet --plan-only: writes the plan to where a report would go. */
VB_CHECKED int vb_session_print_plan(struct vb_session *session, struct vb_error *err);

#endif
