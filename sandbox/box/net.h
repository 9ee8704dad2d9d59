/* net: the network of a box, and the sockets that everything sent in it comes to. */
#ifndef SANDBOX_BOX_NET_H
#define SANDBOX_BOX_NET_H

#include <netinet/in.h>

#include "vetbox/core.h"

/* What the box's one interface is called by. */
#define VB_NET_ADDRESS "192.168.1.23"
#define VB_NET_ADDRESS6 "fd00:1::23"
#define VB_NET_ROUTER "192.168.1.1" /* which is its resolver too */
#define VB_NET_HARDWARE "54:e1:ad:4e:91:07"

union vb_net_address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

/* What everything that is caught comes to: TCP and UDP, over IPv4 and IPv6. Behind them what
 * answers for resolvers is sent from: of either family. */
enum {
    VB_NET_CATCHERS = 4,
    VB_NET_RESOLVERS = 2,
    VB_NET_SOCKETS = VB_NET_CATCHERS + VB_NET_RESOLVERS
};

enum vb_net_form {
    VB_NET_CATCHING = 1,
    VB_NET_OFFLINE = 2 /* nothing but the box's own network is there, and of that only who resolves
                          names */
};

/* In a new network namespace, with its capabilities: interfaces, routes, and with VB_NET_CATCHING
 * the sockets in RET_SOCKETS (-1 where IPv6 is missing), owned by the caller. *RET_FAR keeps the
 * namespace with the far end of the interface, which goes with it. Where the kernel cannot catch
 * (no nf_tables), or need not, *RET_ERRNO says so and there are no sockets: every address is then
 * local, and nobody listens until somebody does (demand.h). */
VB_CHECKED int vb_net_build(unsigned form, int *ret_far, int ret_sockets[VB_NET_SOCKETS],
                            int *ret_errno, struct vb_error *err);

/* The rules, and the sockets in RET_SOCKETS (OFFLINE: for datagrams only). 0 or an errno. */
int vb_net_catch(bool offline, int ret_sockets[VB_NET_SOCKETS]);
/* True for a destination that stays as it is, because it is the box itself. */
bool vb_net_is_own(const union vb_net_address *address);

enum vb_net_use {
    VB_NET_CAUGHT, /* what is sent elsewhere is led here; needs CAP_NET_ADMIN */
    VB_NET_DIRECT  /* what is sent here */
};

/* A socket of TYPE that is bound to ADDRESS, and listens if it is a stream; -1 with errno.
 * getsockname of what it accepts, and the original address in a datagram's control message, are the
 * true destination. */
int vb_net_socket_open(int type, const union vb_net_address *address, enum vb_net_use use);

/* Brings lo up; nothing else is in the new network namespace. */
VB_CHECKED int vb_loopback_up(struct vb_error *err);

#endif
