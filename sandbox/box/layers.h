/* layers: what this kernel lets us build, tried for real. */
#ifndef SANDBOX_BOX_LAYERS_H
#define SANDBOX_BOX_LAYERS_H

#include "vetbox/sandbox.h"

/* VB_E_UNAVAILABLE with the setting to change where a subject's memory could not be read: every
 * call would look as if the subject hid it. What else is missing shows when a box is made. */
VB_CHECKED int vb_layers_require(struct vb_error *err);
/* After a box could not be made, which gave FAILED and ERR: says which containment layer is missing
 * and what to change, if that is the reason; otherwise ERR stays. Returns the status. */
int vb_layers_explain(int failed, struct vb_error *err);

#endif
