/* layers: what this kernel lets us build, tried for real. */
#ifndef SANDBOX_BOX_LAYERS_H
#define SANDBOX_BOX_LAYERS_H

#include "vetbox/sandbox.h"

/* VB_E_UNAVAILABLE with the setting to change when a containment layer is missing. Tries the
 * containment layers only. */
VB_CHECKED int vb_layers_require(struct vb_error *err);

#endif
