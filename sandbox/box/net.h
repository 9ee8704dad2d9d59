/* net: the network of a box, and the sockets that everything sent in it comes to. */
#ifndef SANDBOX_BOX_NET_H
#define SANDBOX_BOX_NET_H

#include "vetbox/core.h"

/* What the box's one interface is called by. */
#define VB_NET_ADDRESS "192.168.1.23"
#define VB_NET_ADDRESS6 "fd00:1::23"
#define VB_NET_HARDWARE "3c:52:82:4e:91:07"

enum { VB_NET_SOCKETS = 4 };
struct vb_net_socket {
    int family, type;
};
extern const struct vb_net_socket vb_net_sockets[VB_NET_SOCKETS];

/* In a new network namespace, with its capabilities: interfaces, routes, and the sockets of
 * vb_net_sockets in RET_SOCKETS (-1 where IPv6 is missing), owned by the caller. getsockname of
 * what a stream socket accepts, and the original address in a datagram's control message, are the
 * true destination. Where the kernel cannot catch (no nf_tables), *RET_ERRNO says why and there are
 * no sockets: addresses are then local, but nobody listens. */
VB_CHECKED int vb_net_build(int ret_sockets[VB_NET_SOCKETS], int *ret_errno, struct vb_error *err);

/* The parts of it (catch.c): the rules, 0 or an errno; and one socket, -1 with errno. */
int vb_net_catch(void);
int vb_net_socket_open(const struct vb_net_socket *row);

/* Brings lo up; nothing else is in the new network namespace. */
VB_CHECKED int vb_loopback_up(struct vb_error *err);

#endif
