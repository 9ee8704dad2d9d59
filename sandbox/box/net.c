/* net: the network of a box. lo, and an interface as a machine behind a router has one; every other
 * address of the world is local to the box (AnyIP), and every packet to one is caught (catch.c).
 * Offline, only those of its own network are. Nothing leads out: the interface ends in a namespace
 * of its own, which holds nothing else and in which nobody is. Trusted code, in the child that
 * makes the base. */
#include "sandbox/box/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "sandbox/box/confine.h"
#include "sandbox/box/netlink.h"

enum { LO = 1, ETHERNET = 2, FAR_END = 17 };

static const unsigned char hardware[6] = {0x54, 0xe1, 0xad, 0x4e, 0x91, 0x07};

static void bring_up(struct vb_netlink *batch, int index)
{
    struct nlmsghdr *head = vb_netlink_add(batch, RTM_NEWLINK, 0);
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(head, sizeof(*link));
    link->ifi_index = index;
    link->ifi_flags = IFF_UP;
    link->ifi_change = IFF_UP;
    vb_netlink_finish(batch);
}

/* A pair of interfaces: the half that a machine has is in the namespace BOX, with its other half
 * here. */
static void make_ethernet(struct vb_netlink *batch, int box)
{
    struct nlmsghdr *head = vb_netlink_add(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(head, sizeof(*link));
    link->ifi_index = FAR_END;
    struct nlattr *info = mnl_attr_nest_start(head, IFLA_LINKINFO);
    mnl_attr_put_strz(head, IFLA_INFO_KIND, "veth");
    struct nlattr *data = mnl_attr_nest_start(head, IFLA_INFO_DATA);
    struct nlattr *peer = mnl_attr_nest_start(head, VETH_INFO_PEER);
    struct ifinfomsg *near = mnl_nlmsg_put_extra_header(head, sizeof(*near));
    near->ifi_index = ETHERNET;
    mnl_attr_put_strz(head, IFLA_IFNAME, "eth0");
    mnl_attr_put(head, IFLA_ADDRESS, sizeof(hardware), hardware);
    mnl_attr_put_u32(head, IFLA_NET_NS_FD, (uint32_t)box);
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
    {AF_INET, 4, 24, VB_NET_ADDRESS, "192.168.1.0", "192.168.1.255", VB_NET_ROUTER},
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

static int talk(const struct vb_netlink *batch, struct vb_error *err)
{
    const int failed = vb_netlink_talk(batch, NETLINK_ROUTE, batch->count);
    return failed != 0 ? vb_fail(err, VB_E_OS, failed, "setting up the network of a box") : VB_OK;
}

int vb_loopback_up(struct vb_error *err)
{
    struct vb_netlink batch = {0};
    bring_up(&batch, LO);
    return talk(&batch, err);
}

static int set_up(bool offline, struct vb_error *err)
{
    struct vb_netlink batch = {0};
    bring_up(&batch, LO);
    bring_up(&batch, ETHERNET);
    for (size_t i = 0; i < VB_ARRAY_LEN(families); i++) {
        give_address(&batch, &families[i]);
        make_local(&batch, &families[i], families[i].network, families[i].prefix);
        if (offline)
            continue;
        make_default(&batch, &families[i]);
        make_local(&batch, &families[i], "", 0);
    }
    return talk(&batch, err);
}

/* From a new namespace, which *RET_FAR keeps, and back. */
static int lay_cable(int *ret_far, struct vb_error *err)
{
    static const char here[] = "/proc/self/ns/net";
    struct vb_netlink batch = {0};
    VB_CLEANUP_FD int box = open(here, O_RDONLY | O_CLOEXEC);
    if (box < 0 || unshare(CLONE_NEWNET) < 0)
        return vb_fail_namespaces(err, errno, "making a second network namespace");
    VB_CLEANUP_FD int far = open(here, O_RDONLY | O_CLOEXEC);
    make_ethernet(&batch, box);
    bring_up(&batch, FAR_END);
    const int status = talk(&batch, err);
    if (status < 0)
        return status;
    if (far < 0 || setns(box, CLONE_NEWNET) < 0)
        return vb_fail_namespaces(err, errno, "entering the network of the boxes");
    *ret_far = vb_steal_fd(&far);
    return VB_OK;
}

int vb_net_build(unsigned form, int *ret_far, int ret_sockets[VB_NET_SOCKETS], int *ret_errno,
                 struct vb_error *err)
{
    const bool offline = (form & VB_NET_OFFLINE) != 0;
    const bool catching = (form & VB_NET_CATCHING) != 0;
    int status = lay_cable(ret_far, err);
    if (status == VB_OK)
        status = set_up(offline, err);
    if (status == VB_OK)
        *ret_errno = catching ? vb_net_catch(offline, ret_sockets) : EOPNOTSUPP;
    return status;
}
