/* Events of the log as Sigma rules see them (views.def). Events come in the order of the log: what
 * an earlier one told (a process's command line, the name behind an address) is joined to later
 * ones of the same detonation, as a log source would have known it too. */
#ifndef VERDICT_SIGMA_VIEWS_H
#define VERDICT_SIGMA_VIEWS_H

#include "verdict/sigma/sigma.h"
#include "vetbox/core/event.h"

struct vb_sigma_views;

/* For events that go to MATCHER. *RET is the caller's (vb_sigma_views_free). */
VB_CHECKED int vb_sigma_views_new(const struct vb_sigma *sigma, struct vb_sigma_matcher *matcher,
                                  struct vb_sigma_views **ret, struct vb_error *err);
void vb_sigma_views_free(struct vb_sigma_views *views);

/* Fills *RET with EVENT and its views, which may be none; valid until VIEWS is used again and as
 * long as EVENT is. */
VB_CHECKED int vb_sigma_views_of(struct vb_sigma_views *views, const struct vb_event *event,
                                 struct vb_sigma_event *ret, struct vb_error *err);

#endif
