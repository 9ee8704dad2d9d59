/* wants: which packages of npm and PyPI a package needs, by what it declares and by the installers
 * that its code calls. */
#ifndef CLI_WANTS_H
#define CLI_WANTS_H

#include "vetbox/core/manifest.h"
#include "vetbox/fetch.h"

enum { VB_WANTS_MAX = 512 };

struct vb_wants {
    struct vb_closure_want all[VB_WANTS_MAX]; /* their texts are owned */
    size_t count;
    size_t left_out; /* there is no room for them */
};

/* What is wanted twice is kept once. */
VB_CHECKED int vb_wants_gather(const struct vb_manifest *manifest, struct vb_wants *ret,
                               struct vb_error *err);
void vb_wants_done(struct vb_wants *wants);

#endif
