/* demand: see demand.h. Trust boundary: addresses and ports are the subject's choice, and may be
 * others by the time the kernel reads them. */
#include "sandbox/box/demand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/box/net.h"
#include "sandbox/world/world.h"

struct listener {
    int fd;   /* -1: the place is free */
    int type; /* SOCK_STREAM or SOCK_DGRAM */
    union vb_net_address address;
    bool everywhere; /* at each address of the family */
    uint64_t asked;  /* when, in requests */
};

enum { PLACES = VB_DEMAND_DATAGRAMS + VB_DEMAND_STREAMS };
_Static_assert(PLACES + VB_NET_SOCKETS <= VB_WORLD_SOCKETS, "the world listens at all of them");

struct vb_demand {
    struct vb_world_child *world;
    bool offline;
    struct listener listeners[PLACES]; /* datagrams first */
    uint64_t requests, missed;
};

int vb_demand_new(struct vb_world_child *world, bool offline, struct vb_demand **ret,
                  struct vb_error *err)
{
    struct vb_demand *demand = calloc(1, sizeof(*demand));
    if (demand == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "making listeners for a box");
    demand->world = world;
    demand->offline = offline;
    for (size_t i = 0; i < PLACES; i++)
        demand->listeners[i].fd = -1;
    *ret = demand;
    return VB_OK;
}

void vb_demand_free(struct vb_demand *demand)
{
    for (size_t i = 0; demand != NULL && i < PLACES; i++)
        vb_close_fd(&demand->listeners[i].fd);
    free(demand);
}

/* --- addresses --- */

static uint16_t port_of(const union vb_net_address *address)
{
    return address->any.sa_family == AF_INET ? address->in.sin_port : address->in6.sin6_port;
}

static bool same_address(const union vb_net_address *a, const union vb_net_address *b)
{
    return a->any.sa_family == AF_INET ? a->in.sin_addr.s_addr == b->in.sin_addr.s_addr
                                       : IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr);
}

/* As the kernel will take it: an IPv4 address in the form of IPv6 is one. */
static union vb_net_address destination(const struct sockaddr *address)
{
    union vb_net_address ret = {0};
    memcpy(&ret, address, address->sa_family == AF_INET ? sizeof(ret.in) : sizeof(ret.in6));
    if (ret.any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&ret.in6.sin6_addr))
        return ret;
    union vb_net_address v4 = {.in = {.sin_family = AF_INET, .sin_port = ret.in6.sin6_port}};
    memcpy(&v4.in.sin_addr, ret.in6.sin6_addr.s6_addr + 12, sizeof(v4.in.sin_addr));
    return v4;
}

static union vb_net_address everywhere(const union vb_net_address *address)
{
    union vb_net_address ret = {0};
    ret.any.sa_family = address->any.sa_family;
    if (ret.any.sa_family == AF_INET)
        ret.in.sin_port = port_of(address);
    else
        ret.in6.sin6_port = port_of(address);
    return ret;
}

/* The box itself; the kernel takes the address 0 for it too. */
static bool is_own(const union vb_net_address *address)
{
    const union vb_net_address zero = everywhere(address);
    return same_address(address, &zero) || vb_net_is_own(address);
}

/* --- listeners --- */

static struct listener *find(struct vb_demand *demand, int type, const union vb_net_address *to)
{
    for (size_t i = 0; i < PLACES; i++) {
        struct listener *listener = &demand->listeners[i];
        if (listener->fd >= 0 && listener->type == type &&
            listener->address.any.sa_family == to->any.sa_family &&
            port_of(&listener->address) == port_of(to) &&
            (listener->everywhere || same_address(&listener->address, to)))
            return listener;
    }
    return NULL;
}

static int drop(struct vb_demand *demand, struct listener *listener, struct vb_error *err)
{
    const int status = vb_world_child_remove(demand->world, listener->fd, err);
    vb_close_fd(&listener->fd);
    return status;
}

/* A free place, or the one that was asked for longest ago. */
static struct listener *choose_place(struct vb_demand *demand, int type)
{
    const bool stream = type == SOCK_STREAM;
    struct listener *chosen = &demand->listeners[stream ? VB_DEMAND_DATAGRAMS : 0];
    const size_t count = stream ? VB_DEMAND_STREAMS : VB_DEMAND_DATAGRAMS;
    for (struct listener *at = chosen; at < chosen + count; at++) {
        if (at->fd < 0)
            return at;
    }
    struct listener *oldest = chosen;
    for (size_t i = 1; i < count; i++) {
        if (chosen[i].asked < oldest->asked)
            oldest = &chosen[i];
    }
    return stream ? oldest : NULL;
}

/* At every address, so that whoever hides one is seen all the same; at this one where a socket of
 * the subject's has the port elsewhere. */
static int open_listener(struct listener *listener, int type, const union vb_net_address *to)
{
    const union vb_net_address all = everywhere(to);
    *listener = (struct listener){.type = type, .address = all, .everywhere = true};
    listener->fd = vb_net_socket_open(type, &all, VB_NET_DIRECT);
    if (listener->fd >= 0 || errno != EADDRINUSE)
        return listener->fd;
    listener->address = *to;
    listener->everywhere = false;
    listener->fd = vb_net_socket_open(type, to, VB_NET_DIRECT);
    return listener->fd;
}

static int make(struct vb_demand *demand, int type, const union vb_net_address *to,
                struct vb_error *err)
{
    struct listener *listener = choose_place(demand, type);
    int status = VB_OK;
    if (listener != NULL && listener->fd >= 0)
        status = drop(demand, listener, err);
    if (status < 0)
        return status;
    if (listener == NULL || open_listener(listener, type, to) < 0) {
        demand->missed++;
        return VB_OK;
    }
    listener->asked = demand->requests;
    return vb_world_child_add(demand->world, listener->fd, err);
}

/* --- what the subject does --- */

int vb_demand_reach(struct vb_demand *demand, int type, const struct sockaddr *address,
                    int *ret_errno, struct vb_error *err)
{
    if (type != SOCK_DGRAM && (type != SOCK_STREAM || demand->offline))
        return VB_OK;
    const union vb_net_address to = destination(address);
    struct listener *listener = find(demand, type, &to);
    demand->requests++;
    if (listener != NULL)
        listener->asked = demand->requests;
    /* Nobody listens there but we, for the sake of others. (For datagrams there is no answer.) */
    if (is_own(&to) && listener != NULL && type == SOCK_STREAM)
        *ret_errno = ECONNREFUSED;
    if (is_own(&to) || listener != NULL || port_of(&to) == 0)
        return VB_OK;
    return make(demand, type, &to, err);
}

int vb_demand_yield(struct vb_demand *demand, unsigned port, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < PLACES; i++) {
        struct listener *listener = &demand->listeners[i];
        if (listener->fd >= 0 && port_of(&listener->address) == htons((uint16_t)port))
            status = drop(demand, listener, err);
    }
    return status;
}

int vb_demand_tell(const struct vb_demand *demand, uint32_t detonation, struct vb_sink *sink,
                   struct vb_error *err)
{
    struct vb_event event;
    if (demand->missed == 0)
        return VB_OK;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    event.detonation = detonation;
    vb_event_str(&event, VB_F_STAGE, "world");
    vb_event_str(&event, VB_F_WHAT, "connections");
    vb_event_str(&event, VB_F_REASON, "no listener could be made");
    vb_event_int(&event, VB_F_COUNT, (int64_t)demand->missed);
    return vb_emit(sink, &event, err);
}
