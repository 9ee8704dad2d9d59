/* net: the network of a box. lo, and an interface as a machine behind a router has one; every other
 * address of the world is local to the box (AnyIP), and every packet to one goes to the sockets
 * that are made here, which tell its true destination (TPROXY). Nothing leads out: the namespace
 * holds no interface that ends anywhere else. Trusted code, in the child that makes the base. */
#include "sandbox/box/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    LO = 1,
    ETHERNET = 2,
    PEER = 3,
    BATCH_BYTES = 16384,
    ANSWER_BYTES = 8192,
    /* Where a print server listens on many machines: an ordinary line of /proc/net/tcp. */
    CATCH_PORT = 631
};

static const unsigned char hardware[6] = {0x3c, 0x52, 0x82, 0x4e, 0x91, 0x07};

/* --- netlink: many requests in one message, an answer to each --- */

struct batch {
    struct nlmsghdr *last;
    size_t len;
    unsigned count;
    uint32_t optional; /* by the number of the request: what IPv6 refuses is not missed */
    char bytes[BATCH_BYTES];
};

static struct nlmsghdr *add(struct batch *batch, uint16_t type, uint16_t flags)
{
    batch->last = mnl_nlmsg_put_header(batch->bytes + batch->len);
    batch->last->nlmsg_type = type;
    batch->last->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    batch->last->nlmsg_seq = ++batch->count;
    return batch->last;
}

static void finish(struct batch *batch)
{
    batch->len += (batch->last->nlmsg_len + 3U) & ~3U;
}

/* Reads answers until each of COUNT requests has one. Returns 0 or the first errno that counts. */
static int hear(int fd, const struct batch *batch, unsigned count)
{
    char answer[ANSWER_BYTES];
    int failed = 0;
    while (count > 0) {
        const ssize_t got = recv(fd, answer, sizeof(answer), 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : EPROTO;
        int left = (int)got;
        for (const struct nlmsghdr *head = (const void *)answer; mnl_nlmsg_ok(head, left);
             head = mnl_nlmsg_next(head, &left)) {
            if (head->nlmsg_type != NLMSG_ERROR)
                continue;
            const struct nlmsgerr *error = mnl_nlmsg_get_payload(head);
            const uint32_t bit = 1U << (head->nlmsg_seq & 31);
            if (error->error != 0 && failed == 0 && (batch->optional & bit) == 0)
                failed = -error->error;
            count = count > 0 ? count - 1 : 0;
        }
    }
    return failed;
}

static int talk(int family, const struct batch *batch, unsigned answers)
{
    VB_CLEANUP_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);
    if (fd < 0 || send(fd, batch->bytes, batch->len, 0) != (ssize_t)batch->len)
        return errno;
    /* A request that the kernel cannot even read has no answer: never wait for ever. */
    const struct timeval patience = {.tv_sec = 5};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
        return errno;
    return hear(fd, batch, answers);
}

/* --- interfaces and routes --- */

static void bring_up(struct batch *batch, int index)
{
    struct nlmsghdr *head = add(batch, RTM_NEWLINK, 0);
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(head, sizeof(*link));
    link->ifi_index = index;
    link->ifi_flags = IFF_UP;
    link->ifi_change = IFF_UP;
    finish(batch);
}

/* A pair of interfaces that ends in itself; only its first half is ever meant. */
static void make_ethernet(struct batch *batch)
{
    struct nlmsghdr *head = add(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
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
    finish(batch);
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

static void mark_optional(struct batch *batch, const struct family *family)
{
    if (family->family == AF_INET6)
        batch->optional |= 1U << (batch->count & 31);
}

static void give_address(struct batch *batch, const struct family *family)
{
    struct nlmsghdr *head = add(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
    struct ifaddrmsg *address = mnl_nlmsg_put_extra_header(head, sizeof(*address));
    address->ifa_family = family->family;
    address->ifa_prefixlen = family->prefix;
    address->ifa_index = ETHERNET;
    address->ifa_flags = IFA_F_PERMANENT | IFA_F_NODAD;
    put_address(head, family, IFA_LOCAL, family->own);
    put_address(head, family, IFA_ADDRESS, family->own);
    put_address(head, family, IFA_BROADCAST, family->broadcast);
    mark_optional(batch, family);
    finish(batch);
}

/* All addresses below DESTINATION are the box's own. Without a preferred source a client's own
 * address would be the server's. */
static void make_local(struct batch *batch, const struct family *family, const char *destination,
                       uint8_t prefix)
{
    struct nlmsghdr *head = add(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
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
    finish(batch);
}

static void make_default(struct batch *batch, const struct family *family)
{
    struct nlmsghdr *head = add(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
    struct rtmsg *route = mnl_nlmsg_put_extra_header(head, sizeof(*route));
    route->rtm_family = family->family;
    route->rtm_table = RT_TABLE_MAIN;
    route->rtm_protocol = RTPROT_DHCP;
    route->rtm_scope = RT_SCOPE_UNIVERSE;
    route->rtm_type = RTN_UNICAST;
    put_address(head, family, RTA_GATEWAY, family->router);
    mnl_attr_put_u32(head, RTA_OIF, ETHERNET);
    mark_optional(batch, family);
    finish(batch);
}

static int make_interfaces(bool ethernet, struct vb_error *err)
{
    struct batch batch = {0};
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
    const int failed = talk(NETLINK_ROUTE, &batch, batch.count);
    return failed != 0 ? vb_fail(err, VB_E_OS, failed, "setting up the network of a box") : VB_OK;
}

int vb_loopback_up(struct vb_error *err)
{
    return make_interfaces(false, err);
}

/* --- nf_tables: what is not for the box itself goes to the catching sockets --- */

static void nf_add(struct batch *batch, int message, uint16_t flags)
{
    struct nlmsghdr *head = add(batch, (uint16_t)((NFNL_SUBSYS_NFTABLES << 8) | message), flags);
    struct nfgenmsg *nf = mnl_nlmsg_put_extra_header(head, sizeof(*nf));
    nf->nfgen_family = NFPROTO_INET;
    nf->version = NFNETLINK_V0;
}

static void nf_edge(struct batch *batch, uint16_t type)
{
    struct nlmsghdr *head = add(batch, type, 0);
    head->nlmsg_flags = NLM_F_REQUEST; /* has no answer */
    struct nfgenmsg *nf = mnl_nlmsg_put_extra_header(head, sizeof(*nf));
    nf->nfgen_family = AF_UNSPEC;
    nf->version = NFNETLINK_V0;
    nf->res_id = htons(NFNL_SUBSYS_NFTABLES);
    finish(batch);
}

static struct nlattr *begin_expression(struct nlmsghdr *head, const char *name,
                                       struct nlattr **ret_data)
{
    struct nlattr *element = mnl_attr_nest_start(head, NFTA_LIST_ELEM);
    mnl_attr_put_strz(head, NFTA_EXPR_NAME, name);
    *ret_data = mnl_attr_nest_start(head, NFTA_EXPR_DATA);
    return element;
}

static void end_expression(struct nlmsghdr *head, struct nlattr *element, struct nlattr *data)
{
    mnl_attr_nest_end(head, data);
    mnl_attr_nest_end(head, element);
}

static void put_u32(struct nlmsghdr *head, uint16_t type, uint32_t value)
{
    mnl_attr_put_u32(head, type, htonl(value));
}

static void put_data(struct nlmsghdr *head, uint16_t type, const void *bytes, size_t len)
{
    struct nlattr *data = mnl_attr_nest_start(head, type);
    mnl_attr_put(head, NFTA_DATA_VALUE, len, bytes);
    mnl_attr_nest_end(head, data);
}

/* register 1 = meta KEY; continue only where it is BYTES */
static void match_meta(struct nlmsghdr *head, uint32_t key, const void *bytes, size_t len)
{
    struct nlattr *data;
    struct nlattr *element = begin_expression(head, "meta", &data);
    put_u32(head, NFTA_META_KEY, key);
    put_u32(head, NFTA_META_DREG, NFT_REG_1);
    end_expression(head, element, data);
    element = begin_expression(head, "cmp", &data);
    put_u32(head, NFTA_CMP_SREG, NFT_REG_1);
    put_u32(head, NFTA_CMP_OP, NFT_CMP_EQ);
    put_data(head, NFTA_CMP_DATA, bytes, len);
    end_expression(head, element, data);
}

/* the same for the first LEN bytes of the destination address, which stands at OFFSET */
static void match_destination(struct nlmsghdr *head, uint32_t offset, const void *bytes, size_t len)
{
    struct nlattr *data;
    struct nlattr *element = begin_expression(head, "payload", &data);
    put_u32(head, NFTA_PAYLOAD_DREG, NFT_REG_1);
    put_u32(head, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
    put_u32(head, NFTA_PAYLOAD_OFFSET, offset);
    put_u32(head, NFTA_PAYLOAD_LEN, (uint32_t)len);
    end_expression(head, element, data);
    element = begin_expression(head, "cmp", &data);
    put_u32(head, NFTA_CMP_SREG, NFT_REG_1);
    put_u32(head, NFTA_CMP_OP, NFT_CMP_EQ);
    put_data(head, NFTA_CMP_DATA, bytes, len);
    end_expression(head, element, data);
}

static void load_register(struct nlmsghdr *head, uint32_t number, const void *bytes, size_t len)
{
    struct nlattr *data;
    struct nlattr *element = begin_expression(head, "immediate", &data);
    put_u32(head, NFTA_IMMEDIATE_DREG, number);
    put_data(head, NFTA_IMMEDIATE_DATA, bytes, len);
    end_expression(head, element, data);
}

static void accept_packet(struct nlmsghdr *head)
{
    struct nlattr *data;
    struct nlattr *element = begin_expression(head, "immediate", &data);
    put_u32(head, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    struct nlattr *value = mnl_attr_nest_start(head, NFTA_IMMEDIATE_DATA);
    struct nlattr *verdict = mnl_attr_nest_start(head, NFTA_DATA_VERDICT);
    put_u32(head, NFTA_VERDICT_CODE, NF_ACCEPT);
    mnl_attr_nest_end(head, verdict);
    mnl_attr_nest_end(head, value);
    end_expression(head, element, data);
}

static void catch_packet(struct nlmsghdr *head, uint8_t family, const void *address, size_t len)
{
    const uint16_t port = htons(CATCH_PORT);
    struct nlattr *data;
    load_register(head, NFT_REG_1, address, len);
    load_register(head, NFT_REG_2, &port, sizeof(port));
    struct nlattr *element = begin_expression(head, "tproxy", &data);
    put_u32(head, NFTA_TPROXY_FAMILY, family);
    put_u32(head, NFTA_TPROXY_REG_ADDR, NFT_REG_1);
    put_u32(head, NFTA_TPROXY_REG_PORT, NFT_REG_2);
    end_expression(head, element, data);
}

static const char table_name[] = "filter";
static const char chain_name[] = "prerouting";

static struct nlattr *begin_rule(struct batch *batch)
{
    nf_add(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
    mnl_attr_put_strz(batch->last, NFTA_RULE_TABLE, table_name);
    mnl_attr_put_strz(batch->last, NFTA_RULE_CHAIN, chain_name);
    return mnl_attr_nest_start(batch->last, NFTA_RULE_EXPRESSIONS);
}

static void end_rule(struct batch *batch, struct nlattr *expressions)
{
    accept_packet(batch->last);
    mnl_attr_nest_end(batch->last, expressions);
    finish(batch);
}

/* Destinations that stay as they are: the box's own. */
static void leave_alone(struct batch *batch, uint8_t family, const char *address, size_t len)
{
    const uint32_t offset = family == NFPROTO_IPV4 ? 16 : 24; /* RFC 791, RFC 8200 */
    unsigned char bytes[16] = {0};
    if (inet_pton(family == NFPROTO_IPV4 ? AF_INET : AF_INET6, address, bytes) != 1)
        return;
    struct nlattr *expressions = begin_rule(batch);
    match_meta(batch->last, NFT_META_NFPROTO, &family, sizeof(family));
    match_destination(batch->last, offset, bytes, len);
    end_rule(batch, expressions);
}

static void catch_protocol(struct batch *batch, uint8_t family, uint8_t protocol)
{
    unsigned char address[16] = {0};
    const bool v4 = family == NFPROTO_IPV4;
    if (inet_pton(v4 ? AF_INET : AF_INET6, v4 ? "127.0.0.1" : "::1", address) != 1)
        return;
    struct nlattr *expressions = begin_rule(batch);
    match_meta(batch->last, NFT_META_NFPROTO, &family, sizeof(family));
    match_meta(batch->last, NFT_META_L4PROTO, &protocol, sizeof(protocol));
    catch_packet(batch->last, family, address, v4 ? 4 : 16);
    end_rule(batch, expressions);
}

static void make_chain(struct batch *batch)
{
    nf_add(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE);
    mnl_attr_put_strz(batch->last, NFTA_TABLE_NAME, table_name);
    finish(batch);
    nf_add(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
    mnl_attr_put_strz(batch->last, NFTA_CHAIN_TABLE, table_name);
    mnl_attr_put_strz(batch->last, NFTA_CHAIN_NAME, chain_name);
    mnl_attr_put_strz(batch->last, NFTA_CHAIN_TYPE, "filter");
    struct nlattr *hook = mnl_attr_nest_start(batch->last, NFTA_CHAIN_HOOK);
    put_u32(batch->last, NFTA_HOOK_HOOKNUM, NF_INET_PRE_ROUTING);
    put_u32(batch->last, NFTA_HOOK_PRIORITY, (uint32_t)-150); /* mangle */
    mnl_attr_nest_end(batch->last, hook);
    finish(batch);
}

/* 0 or an errno. */
static int catch_everything(void)
{
    struct batch batch = {0};
    nf_edge(&batch, NFNL_MSG_BATCH_BEGIN);
    make_chain(&batch);
    leave_alone(&batch, NFPROTO_IPV4, "127.0.0.0", 1);
    leave_alone(&batch, NFPROTO_IPV4, VB_NET_ADDRESS, 4);
    leave_alone(&batch, NFPROTO_IPV6, "::1", 16);
    leave_alone(&batch, NFPROTO_IPV6, VB_NET_ADDRESS6, 16);
    catch_protocol(&batch, NFPROTO_IPV4, IPPROTO_TCP);
    catch_protocol(&batch, NFPROTO_IPV4, IPPROTO_UDP);
    catch_protocol(&batch, NFPROTO_IPV6, IPPROTO_TCP);
    catch_protocol(&batch, NFPROTO_IPV6, IPPROTO_UDP);
    const unsigned answers = batch.count - 1;
    nf_edge(&batch, NFNL_MSG_BATCH_END);
    return talk(NETLINK_NETFILTER, &batch, answers);
}

/* --- the catching sockets --- */

const struct vb_net_socket vb_net_sockets[VB_NET_SOCKETS] = {
    {AF_INET, SOCK_STREAM}, {AF_INET, SOCK_DGRAM}, {AF_INET6, SOCK_STREAM}, {AF_INET6, SOCK_DGRAM}};

static bool set_options(int fd, const struct vb_net_socket *row)
{
    static const struct {
        int family, type, level, name;
    } options[] = {
        {AF_INET, 0, IPPROTO_IP, IP_TRANSPARENT},
        {AF_INET, SOCK_DGRAM, IPPROTO_IP, IP_RECVORIGDSTADDR},
        {AF_INET6, 0, IPPROTO_IPV6, IPV6_V6ONLY},
        {AF_INET6, 0, IPPROTO_IPV6, IPV6_TRANSPARENT},
        {AF_INET6, SOCK_DGRAM, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR},
    };
    static const int on = 1;
    for (size_t i = 0; i < VB_ARRAY_LEN(options); i++) {
        const bool meant = options[i].family == row->family &&
                           (options[i].type == 0 || options[i].type == row->type);
        if (meant && setsockopt(fd, options[i].level, options[i].name, &on, sizeof(on)) < 0)
            return false;
    }
    return true;
}

/* The socket, or -1 with errno. */
static int open_socket(const struct vb_net_socket *row)
{
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } address = {0};
    const bool v4 = row->family == AF_INET;
    if (v4)
        address.in = (struct sockaddr_in){.sin_family = AF_INET,
                                          .sin_port = htons(CATCH_PORT),
                                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    else
        address.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                            .sin6_port = htons(CATCH_PORT),
                                            .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    VB_CLEANUP_FD int fd = socket(row->family, row->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || !set_options(fd, row) ||
        bind(fd, &address.any, v4 ? sizeof(address.in) : sizeof(address.in6)) < 0 ||
        (row->type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0))
        return -1;
    return vb_steal_fd(&fd);
}

int vb_net_build(int ret_sockets[VB_NET_SOCKETS], int *ret_errno, struct vb_error *err)
{
    *ret_errno = 0;
    const int status = make_interfaces(true, err);
    if (status < 0)
        return status;
    *ret_errno = catch_everything();
    for (size_t i = 0; *ret_errno == 0 && i < VB_NET_SOCKETS; i++) {
        ret_sockets[i] = open_socket(&vb_net_sockets[i]);
        if (ret_sockets[i] < 0 && vb_net_sockets[i].family == AF_INET)
            *ret_errno = errno;
    }
    return VB_OK;
}
