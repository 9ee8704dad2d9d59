/* What --net says: which network the boxes have. */
#ifndef CLI_NETWORK_H
#define CLI_NETWORK_H

#include "cli/options.h"
#include "vetbox/sandbox.h"

/* Sets what RET has of it. Nothing is opened: RET may point into OPTIONS. */
VB_CHECKED int vb_network_choose(const struct vb_options *options, struct vb_sandbox_options *ret,
                                 struct vb_error *err);

#endif
