/* netlink: many requests to the kernel in one message, and an answer to each. Trusted bytes only.
 */
#ifndef SANDBOX_BOX_NETLINK_H
#define SANDBOX_BOX_NETLINK_H

#include <libmnl/libmnl.h>

#include "vetbox/core.h"

enum { VB_NETLINK_BYTES = 16384 };

struct vb_netlink {
    struct nlmsghdr *last; /* the request that is being written */
    size_t len;
    unsigned count;
    uint32_t optional; /* by the number of the request, below 32: a refusal is no failure */
    char bytes[VB_NETLINK_BYTES];
};

/* Begins a request of TYPE. */
struct nlmsghdr *vb_netlink_add(struct vb_netlink *batch, uint16_t type, uint16_t flags);
void vb_netlink_finish(struct vb_netlink *batch);
/* What the request at hand asks for may be refused. */
void vb_netlink_mark_optional(struct vb_netlink *batch);
/* Sends all to the netlink FAMILY and reads ANSWERS answers. 0, or the first errno that counts. */
int vb_netlink_talk(const struct vb_netlink *batch, int family, unsigned answers);

#endif
