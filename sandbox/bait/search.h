/* search: finds baits' secrets in hostile bytes, however they were written. */
#ifndef SANDBOX_BAIT_SEARCH_H
#define SANDBOX_BAIT_SEARCH_H

#include "sandbox/bait/bait.h"

enum { VB_BAITS_MAX = 256 };

struct vb_searcher;
/* BAITS (at most VB_BAITS_MAX) must outlive the searcher. */
VB_CHECKED int vb_searcher_new(const struct vb_bait *baits, size_t count, struct vb_searcher **ret,
                               struct vb_error *err);
void vb_searcher_free(struct vb_searcher *searcher);
void vb_searcher_run(const struct vb_searcher *searcher, const unsigned char *data, size_t len,
                     void (*found)(void *ctx, const struct vb_bait *bait, const char *form),
                     void *ctx);

#endif
