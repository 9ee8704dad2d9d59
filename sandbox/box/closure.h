/* closure: what the package depends on, in its boxes. It is copied to the base once, and mounted
 * read-only in each box where node and python3 look for it (docs/adr/0015). */
#ifndef SANDBOX_BOX_CLOSURE_H
#define SANDBOX_BOX_CLOSURE_H

#include "sandbox/box/box.h"

#define VB_CLOSURE_DEPS VB_BASE "/deps" /* where the base holds it */

/* All of these do nothing where setup.options.libraries_fd is -1. */

/* How much room it takes in the base. */
VB_CHECKED int vb_closure_measure(struct vb_box_setup *setup, struct vb_error *err);
/* Copies it to BASE, which stands at VB_BASE, and the commands of Python's packages to USR, which
 * boxes lay over /usr. */
VB_CHECKED int vb_closure_build(const struct vb_box_setup *setup, int base, int usr,
                                struct vb_error *err);
/* Where it is mounted later, in a root that is being filled. */
VB_CHECKED int vb_closure_places(const struct vb_box_setup *setup, int root_fd,
                                 struct vb_error *err);
/* Mounts it in the root of a box, behind its programs. */
VB_CHECKED int vb_closure_mount(const struct vb_inside *inside, int root, struct vb_error *err);

#endif
