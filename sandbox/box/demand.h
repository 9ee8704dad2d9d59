/* demand: listeners on demand, where the kernel cannot catch what is sent in a box's network
 * (catch.c): one for each port that is tried, made just before the kernel goes on with the attempt.
 * In a supervisor, which lives in that network.
 *
 * This is fidelity, never containment. Who races the recorder for an address reaches the same port
 * of another one, which shows its true destination, or a port where nobody listens. */
#ifndef SANDBOX_BOX_DEMAND_H
#define SANDBOX_BOX_DEMAND_H

#include "sandbox/box/world_child.h"
#include "vetbox/core.h"

/* How many sockets there are at once. Those of datagrams stay, because a connected socket sends to
 * them unannounced; beyond that many streams the one that was asked for longest ago makes room. */
enum { VB_DEMAND_DATAGRAMS = 128, VB_DEMAND_STREAMS = 128 };

struct sockaddr;
struct vb_demand;
/* WORLD listens at what is made; it is not owned and outlives no listener: free it first. OFFLINE:
 * nobody takes streams. */
VB_CHECKED int vb_demand_new(struct vb_world_child *world, bool offline, struct vb_demand **ret,
                             struct vb_error *err);
void vb_demand_free(struct vb_demand *demand);
/* The subject is about to send to ADDRESS (IPv4 or IPv6, hostile) with a socket of TYPE. *RET_ERRNO
 * is what it is to be answered instead, if that is not 0. */
VB_CHECKED int vb_demand_reach(struct vb_demand *demand, int type, const struct sockaddr *address,
                               int *ret_errno, struct vb_error *err);
/* The subject is about to take PORT for a socket of its own. */
VB_CHECKED int vb_demand_yield(struct vb_demand *demand, unsigned port, struct vb_error *err);
/* Says how often there was no listener. */
VB_CHECKED int vb_demand_tell(const struct vb_demand *demand, uint32_t detonation,
                              struct vb_sink *sink, struct vb_error *err);

#endif
