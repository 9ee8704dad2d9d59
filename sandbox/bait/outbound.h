/* outbound: the public search over needles that need not come from a set of baits. */
#ifndef SANDBOX_BAIT_OUTBOUND_H
#define SANDBOX_BAIT_OUTBOUND_H

#include "sandbox/bait/needles.h"

/* The needles of a set; the set owns them. */
struct vb_needles *vb_bait_needles(const struct vb_bait_set *set);

/* As vb_bait_stream_new. */
VB_CHECKED int vb_outbound_new(struct vb_needles *needles, struct vb_bait_trail *trail,
                               struct vb_bait_stream **ret, struct vb_error *err);

struct vb_share;
/* What a run has unpacked so far. */
struct vb_share *vb_bait_trail_share(struct vb_bait_trail *trail);

#endif
