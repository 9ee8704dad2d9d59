/* modules: what stands in for Python and Node modules that a package needs and nobody gave along,
 * so that what comes behind its imports is seen too (docs/adr/0013). Each is a package like any
 * other, in the home of the box, where python3 and node look last. */
#ifndef SANDBOX_BOX_MODULES_H
#define SANDBOX_BOX_MODULES_H

#include "sandbox/box/box.h"

#define VB_BASE_MODULES VB_BASE "/modules" /* where a box attaches them, below its root */

/* Whether DETONATION has some. */
bool vb_modules_any(const struct vb_box_setup *setup, const struct vb_detonation *detonation);
/* In init: those of its detonation, attached at VB_BASE_MODULES. */
VB_CHECKED int vb_modules_mount(const struct vb_inside *inside, struct vb_error *err);
/* LOWER, the lower layers of a box's root, with them at the end. */
void vb_modules_lower(const struct vb_inside *inside, char *lower, size_t size);

#endif
