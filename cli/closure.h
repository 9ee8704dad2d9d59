/* closure: what the package needs of npm and PyPI, resolved and fetched into a folder
 * (docs/dependencies.md), with a cache by digest. */
#ifndef CLI_CLOSURE_H
#define CLI_CLOSURE_H

#include "vetbox/core.h"

struct vb_session;

/* *RET is a folder with closure.json, owned by the caller; -1 where nothing is wanted, or nothing
 * could be resolved, which is told. */
VB_CHECKED int vb_closure_gather(struct vb_session *session, int *ret, struct vb_error *err);

#endif
