/* network: --net, for the commands that run something. */
#ifndef CLI_NETWORK_H
#define CLI_NETWORK_H

#include "cli/options.h"
#include "vetbox/fetch.h"
#include "vetbox/sandbox.h"

/* Who really reaches hosts, with --net live. It must outlive the sandbox. */
struct vb_network {
    struct vb_courier *courier; /* NULL: nobody */
    struct vb_courier_work work;
};
/* Sets in RET what --net says. NETWORK, zeroed, is the caller's (vb_network_done); NULL: it is only
 * checked. */
VB_CHECKED int vb_network_choose(const struct vb_options *options, struct vb_network *network,
                                 struct vb_sandbox_options *ret, struct vb_error *err);
void vb_network_done(struct vb_network *network);

#endif
