/* wants: the versions of other packages that the package under examination asks for, so that the
 * world's indexes have them: what is pinned would not be found otherwise, and what follows the
 * installation never seen. */
#ifndef SANDBOX_WORLD_WANTS_H
#define SANDBOX_WORLD_WANTS_H

#include "sandbox/world/respond.h"

/* Looks through the package's LEN bytes, which are hostile, for "name==1.2", "name~=1.2",
 * "name<=1.2", "name@1.2" and "\"name\": \"^1.2\"", and tells RESPONDER. What only looks like one
 * of these does no harm: nobody asks for it. */
VB_CHECKED int vb_wants_find(const unsigned char *bytes, size_t len, struct vb_responder *responder,
                             struct vb_error *err);

#endif
