/* Events of the log as Sigma rules see them (views.def). Events come in the order of the log: what
 * an earlier one told (a process's command line, the name behind an address) is joined to later
 * ones of the same detonation, as a log source would have known it too. */
#ifndef VERDICT_SIGMA_VIEWS_H
#define VERDICT_SIGMA_VIEWS_H

#include "verdict/sigma/sigma.h"
#include "vetbox/core/event.h"

struct vb_sigma_views;

/* What the log's earlier events say about a value, and a log source would not know. */
enum vb_sigma_fact {
    VB_SIGMA_FACT_HOST,    /* the package names this host: "true" or "false" */
    VB_SIGMA_FACT_PROGRAM, /* it declares this program, or everybody has it: likewise */
    VB_SIGMA_FACT_PLACE,   /* where this path lies: own, made, home or system */
    VB_SIGMA_FACT_BAIT /* whose business this bait is: private, service, config, common, handed */
};
/* The answer, for as long as the event lasts; NULL: nobody knows. */
typedef const char *vb_sigma_ask(void *ctx, enum vb_sigma_fact fact, struct vb_str value);

/* For events that go to MATCHER. *RET is the caller's (vb_sigma_views_free). */
VB_CHECKED int vb_sigma_views_new(const struct vb_sigma *sigma, struct vb_sigma_matcher *matcher,
                                  struct vb_sigma_views **ret, struct vb_error *err);
/* Without it those fields are missing. */
void vb_sigma_views_know(struct vb_sigma_views *views, vb_sigma_ask *ask, void *ctx);
void vb_sigma_views_free(struct vb_sigma_views *views);

/* Fills *RET with EVENT and its views, which may be none; valid until VIEWS is used again and as
 * long as EVENT is. */
VB_CHECKED int vb_sigma_views_of(struct vb_sigma_views *views, const struct vb_event *event,
                                 struct vb_sigma_event *ret, struct vb_error *err);

#endif
