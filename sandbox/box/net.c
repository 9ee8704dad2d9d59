/* net: the network of a box. lo, and an interface as a machine behind a router has one; every other
 * address of the world is local to the box (AnyIP), and every packet to one is caught (catch.c).
 * Nothing leads out: the namespace holds no interface that ends anywhere else. Trusted code, in the
 * child that makes the base. */
#include "sandbox/box/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/socket.h>

#include "sandbox/box/netlink.h"

enum { LO = 1, ETHERNET = 2, PEER = 3 };

static const unsigned char hardware[6] = {0x3c, 0x52, 0x82, 0x4e, 0x91, 0x07};

static void bring_up(struct vb_netlink *batch, int index)
{
    struct nlmsghdr *head = vb_netlink_add(batch, RTM_NEWLINK, 0);
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(head, sizeof(*link));
    link->ifi_index = index;
    link->ifi_flags = IFF_UP;
    link->ifi_change = IFF_UP;
    vb_netlink_finish(batch);
}

/* A pair of interfaces that ends in itself; only its first half is ever meant. */
static void make_ethernet(struct vb_netlink *batch)
{
    struct nlmsghdr *head = vb_netlink_add(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(head, sizeof(*link));
    link->ifi_index = ETHERNET;
    mnl_attr_put_strz(head, IFLA_IFNAME, "eth0");
    mnl_attr_put(head, IFLA_ADDRESS, sizeof(hardware), hardware);
    struct nlattr *info = mnl_attr_nest_start(head, IFLA_LINKINFO);
    mnl_attr_put_strz(head, IFLA_INFO_KIND, "veth");
    struct nlattr *data = mnl_attr_nest_start(head, IFLA_INFO_DATA);
    struct nlattr *peer = mnl_attr_nest_start(head, VETH_INFO_PEER);
    struct ifinfomsg *other = mnl_nlmsg_put_extra_header(head, sizeof(*other));
    other->ifi_index = PEER;
    mnl_attr_put_strz(head, IFLA_IFNAME, "veth5d1c0a2");
    mnl_attr_nest_end(head, peer);
    mnl_attr_nest_end(head, data);
    mnl_attr_nest_end(head, info);
    vb_netlink_finish(batch);
}

struct family {
    uint8_t family;
    uint8_t bytes, prefix;
    const char *own, *network, *broadcast, *router;
};

static const struct family families[] = {
    {AF_INET, 4, 24, VB_NET_ADDRESS, "192.168.1.0", "192.168.1.255", "192.168.1.1"},
    {AF_INET6, 16, 64, VB_NET_ADDRESS6, "fd00:1::", NULL, "fd00:1::1"},
};

static void put_address(struct nlmsghdr *head, const struct family *family, uint16_t type,
                        const char *text)
{
    unsigned char bytes[16] = {0};
    if (text == NULL || inet_pton(family->family, text, bytes) != 1)
        return; /* a broadcast address is IPv4's only */
    mnl_attr_put(head, type, family->bytes, bytes);
}

/* What IPv6 refuses is not missed. */
static void mark_optional(struct vb_netlink *batch, const struct family *family)
{
    if (family->family == AF_INET6)
        vb_netlink_mark_optional(batch);
}

static void give_address(struct vb_netlink *batch, const struct family *family)
{
    struct nlmsghdr *head = vb_netlink_add(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
    struct ifaddrmsg *address = mnl_nlmsg_put_extra_header(head, sizeof(*address));
    address->ifa_family = family->family;
    address->ifa_prefixlen = family->prefix;
    address->ifa_index = ETHERNET;
    address->ifa_flags = IFA_F_PERMANENT | IFA_F_NODAD;
    put_address(head, family, IFA_LOCAL, family->own);
    put_address(head, family, IFA_ADDRESS, family->own);
    put_address(head, family, IFA_BROADCAST, family->broadcast);
    mark_optional(batch, family);
    vb_netlink_finish(batch);
}

/* All addresses below DESTINATION are the box's own. Without a preferred source a client's own
 * address would be the server's. */
static void make_local(struct vb_netlink *batch, const struct family *family,
                       const char *destination, uint8_t prefix)
{
    struct nlmsghdr *head = vb_netlink_add(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
    struct rtmsg *route = mnl_nlmsg_put_extra_header(head, sizeof(*route));
    route->rtm_family = family->family;
    route->rtm_dst_len = prefix;
    route->rtm_table = RT_TABLE_LOCAL;
    route->rtm_protocol = RTPROT_KERNEL;
    route->rtm_scope = RT_SCOPE_HOST;
    route->rtm_type = RTN_LOCAL;
    if (prefix > 0)
        put_address(head, family, RTA_DST, destination);
    put_address(head, family, RTA_PREFSRC, family->own);
    mnl_attr_put_u32(head, RTA_OIF, LO);
    mark_optional(batch, family);
    vb_netlink_finish(batch);
}

static void make_default(struct vb_netlink *batch, const struct family *family)
{
    struct nlmsghdr *head = vb_netlink_add(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
    struct rtmsg *route = mnl_nlmsg_put_extra_header(head, sizeof(*route));
    route->rtm_family = family->family;
    route->rtm_table = RT_TABLE_MAIN;
    route->rtm_protocol = RTPROT_DHCP;
    route->rtm_scope = RT_SCOPE_UNIVERSE;
    route->rtm_type = RTN_UNICAST;
    put_address(head, family, RTA_GATEWAY, family->router);
    mnl_attr_put_u32(head, RTA_OIF, ETHERNET);
    mark_optional(batch, family);
    vb_netlink_finish(batch);
}

static int make_interfaces(bool ethernet, struct vb_error *err)
{
    struct vb_netlink batch = {0};
    bring_up(&batch, LO);
    if (ethernet) {
        make_ethernet(&batch);
        bring_up(&batch, ETHERNET);
        bring_up(&batch, PEER);
    }
    for (size_t i = 0; ethernet && i < VB_ARRAY_LEN(families); i++) {
        give_address(&batch, &families[i]);
        make_default(&batch, &families[i]);
        make_local(&batch, &families[i], families[i].network, families[i].prefix);
        make_local(&batch, &families[i], "", 0);
    }
    const int failed = vb_netlink_talk(&batch, NETLINK_ROUTE, batch.count);
    return failed != 0 ? vb_fail(err, VB_E_OS, failed, "setting up the network of a box") : VB_OK;
}

int vb_loopback_up(struct vb_error *err)
{
    return make_interfaces(false, err);
}

int vb_net_build(bool catching, int ret_sockets[VB_NET_SOCKETS], int *ret_errno,
                 struct vb_error *err)
{
    const int status = make_interfaces(true, err);
    *ret_errno = catching && status == VB_OK ? vb_net_catch(ret_sockets) : EOPNOTSUPP;
    return status;
}
