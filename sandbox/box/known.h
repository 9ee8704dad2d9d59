/* known: what a package could have a name from: its own bytes. */
#ifndef SANDBOX_BOX_KNOWN_H
#define SANDBOX_BOX_KNOWN_H

#include "sandbox/box/box.h"

/* Appends the package's files, as much of them as RET may hold, and what DETONATION is run with. */
VB_CHECKED int vb_known_gather(const struct vb_box_setup *setup,
                               const struct vb_detonation *detonation, struct vb_buf *ret,
                               struct vb_error *err);

#endif
