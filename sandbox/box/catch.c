/* catch: whatever is sent in a box's network, but for what the box itself owns, comes to sockets
 * that tell its true destination: nf_tables rules with TPROXY, written as netlink messages, and the
 * sockets. Trusted code, in the child that makes the base. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "sandbox/box/net.h"
#include "sandbox/box/netlink.h"

/* Where a print server listens on many machines: an ordinary line of /proc/net/tcp. */
enum { CATCH_PORT = 631 };

/* --- rules --- */

static void nf_add(struct vb_netlink *batch, int message, uint16_t flags)
{
    struct nlmsghdr *head =
        vb_netlink_add(batch, (uint16_t)((NFNL_SUBSYS_NFTABLES << 8) | message), flags);
    struct nfgenmsg *nf = mnl_nlmsg_put_extra_header(head, sizeof(*nf));
    nf->nfgen_family = NFPROTO_INET;
    nf->version = NFNETLINK_V0;
}

static void nf_edge(struct vb_netlink *batch, uint16_t type)
{
    struct nlmsghdr *head = vb_netlink_add(batch, type, 0);
    head->nlmsg_flags = NLM_F_REQUEST; /* has no answer */
    struct nfgenmsg *nf = mnl_nlmsg_put_extra_header(head, sizeof(*nf));
    nf->nfgen_family = AF_UNSPEC;
    nf->version = NFNETLINK_V0;
    nf->res_id = htons(NFNL_SUBSYS_NFTABLES);
    vb_netlink_finish(batch);
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

/* Goes on only where register 1 is BYTES. */
static void compare_register(struct nlmsghdr *head, const void *bytes, size_t len)
{
    struct nlattr *data;
    struct nlattr *element = begin_expression(head, "cmp", &data);
    put_u32(head, NFTA_CMP_SREG, NFT_REG_1);
    put_u32(head, NFTA_CMP_OP, NFT_CMP_EQ);
    put_data(head, NFTA_CMP_DATA, bytes, len);
    end_expression(head, element, data);
}

/* register 1 = meta KEY; continue only where it is BYTES */
static void match_meta(struct nlmsghdr *head, uint32_t key, const void *bytes, size_t len)
{
    struct nlattr *data;
    struct nlattr *element = begin_expression(head, "meta", &data);
    put_u32(head, NFTA_META_KEY, key);
    put_u32(head, NFTA_META_DREG, NFT_REG_1);
    end_expression(head, element, data);
    compare_register(head, bytes, len);
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
    compare_register(head, bytes, len);
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

static struct nlattr *begin_rule(struct vb_netlink *batch)
{
    nf_add(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
    mnl_attr_put_strz(batch->last, NFTA_RULE_TABLE, table_name);
    mnl_attr_put_strz(batch->last, NFTA_RULE_CHAIN, chain_name);
    return mnl_attr_nest_start(batch->last, NFTA_RULE_EXPRESSIONS);
}

static void end_rule(struct vb_netlink *batch, struct nlattr *expressions)
{
    accept_packet(batch->last);
    mnl_attr_nest_end(batch->last, expressions);
    vb_netlink_finish(batch);
}

/* What is the box itself: destinations below the first LEN bytes of ADDRESS. */
static const struct own {
    uint8_t nf_family;
    int family;
    const char *address;
    size_t len;
} own[] = {
    {NFPROTO_IPV4, AF_INET, "127.0.0.0", 1},
    {NFPROTO_IPV4, AF_INET, VB_NET_ADDRESS, 4},
    {NFPROTO_IPV6, AF_INET6, "::1", 16},
    {NFPROTO_IPV6, AF_INET6, VB_NET_ADDRESS6, 16},
};

static void leave_alone(struct vb_netlink *batch, const struct own *row)
{
    const uint32_t offset = row->family == AF_INET ? 16 : 24; /* RFC 791, RFC 8200 */
    unsigned char bytes[16] = {0};
    if (inet_pton(row->family, row->address, bytes) != 1)
        return;
    struct nlattr *expressions = begin_rule(batch);
    match_meta(batch->last, NFT_META_NFPROTO, &row->nf_family, sizeof(row->nf_family));
    match_destination(batch->last, offset, bytes, row->len);
    end_rule(batch, expressions);
}

static void catch_protocol(struct vb_netlink *batch, uint8_t family, uint8_t protocol)
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

static void make_chain(struct vb_netlink *batch)
{
    nf_add(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE);
    mnl_attr_put_strz(batch->last, NFTA_TABLE_NAME, table_name);
    vb_netlink_finish(batch);
    nf_add(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
    mnl_attr_put_strz(batch->last, NFTA_CHAIN_TABLE, table_name);
    mnl_attr_put_strz(batch->last, NFTA_CHAIN_NAME, chain_name);
    mnl_attr_put_strz(batch->last, NFTA_CHAIN_TYPE, "filter");
    struct nlattr *hook = mnl_attr_nest_start(batch->last, NFTA_CHAIN_HOOK);
    put_u32(batch->last, NFTA_HOOK_HOOKNUM, NF_INET_PRE_ROUTING);
    put_u32(batch->last, NFTA_HOOK_PRIORITY, (uint32_t)-150); /* mangle */
    mnl_attr_nest_end(batch->last, hook);
    vb_netlink_finish(batch);
}

static int load_rules(bool offline)
{
    struct vb_netlink batch = {0};
    nf_edge(&batch, NFNL_MSG_BATCH_BEGIN);
    make_chain(&batch);
    for (size_t i = 0; i < VB_ARRAY_LEN(own); i++)
        leave_alone(&batch, &own[i]);
    if (!offline) { /* otherwise nobody listens, and the kernel refuses streams */
        catch_protocol(&batch, NFPROTO_IPV4, IPPROTO_TCP);
        catch_protocol(&batch, NFPROTO_IPV6, IPPROTO_TCP);
    }
    catch_protocol(&batch, NFPROTO_IPV4, IPPROTO_UDP);
    catch_protocol(&batch, NFPROTO_IPV6, IPPROTO_UDP);
    const unsigned answers = batch.count - 1;
    nf_edge(&batch, NFNL_MSG_BATCH_END);
    return vb_netlink_talk(&batch, NETLINK_NETFILTER, answers);
}

/* --- sockets --- */

/* FAMILY or TYPE 0: of either. */
static const struct {
    int family, type;
    unsigned uses; /* 1 << enum vb_net_use */
    int level, name;
} options[] = {
    {AF_INET, 0, 1 << VB_NET_CAUGHT, IPPROTO_IP, IP_TRANSPARENT},
    {AF_INET, SOCK_DGRAM, 1 << VB_NET_CAUGHT | 1 << VB_NET_DIRECT, IPPROTO_IP, IP_RECVORIGDSTADDR},
    {AF_INET6, 0, 1 << VB_NET_CAUGHT | 1 << VB_NET_DIRECT, IPPROTO_IPV6, IPV6_V6ONLY},
    {AF_INET6, 0, 1 << VB_NET_CAUGHT, IPPROTO_IPV6, IPV6_TRANSPARENT},
    {AF_INET6, 0, 1 << VB_NET_DIRECT, IPPROTO_IPV6, IPV6_FREEBIND},
    {AF_INET6, SOCK_DGRAM, 1 << VB_NET_CAUGHT | 1 << VB_NET_DIRECT, IPPROTO_IPV6,
     IPV6_RECVORIGDSTADDR},
    {0, SOCK_STREAM, 1 << VB_NET_DIRECT, SOL_SOCKET, SO_REUSEADDR},
    /* Connections have it from their listener. An answer in two pieces would wait for the client to
     * confirm the first. */
    {0, SOCK_STREAM, 1 << VB_NET_CAUGHT | 1 << VB_NET_DIRECT, IPPROTO_TCP, TCP_NODELAY},
};

static bool set_options(int fd, int family, int type, enum vb_net_use use)
{
    static const int on = 1;
    for (size_t i = 0; i < VB_ARRAY_LEN(options); i++) {
        const bool meant = (options[i].family == 0 || options[i].family == family) &&
                           (options[i].type == 0 || options[i].type == type) &&
                           (options[i].uses & 1U << use) != 0;
        if (meant && setsockopt(fd, options[i].level, options[i].name, &on, sizeof(on)) < 0)
            return false;
    }
    return true;
}

int vb_net_socket_open(int type, const union vb_net_address *address, enum vb_net_use use)
{
    const int family = address->any.sa_family;
    const socklen_t len = family == AF_INET ? sizeof(address->in) : sizeof(address->in6);
    VB_CLEANUP_FD int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* A burst has to wait for the world, which may have no processor for a moment. */
    const int room = 8 << 20;
    if (fd >= 0 && type == SOCK_DGRAM &&
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    if (fd < 0 || !set_options(fd, family, type, use) || bind(fd, &address->any, len) < 0 ||
        (type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0))
        return -1;
    return vb_steal_fd(&fd);
}

/* Every address that a resolver may have. */
static union vb_net_address resolver(sa_family_t family)
{
    enum { DNS_PORT = 53 };
    union vb_net_address ret = {.any.sa_family = family};
    if (family == AF_INET)
        ret.in.sin_port = htons(DNS_PORT);
    else
        ret.in6.sin6_port = htons(DNS_PORT);
    return ret;
}

/* --- all of it --- */

int vb_net_catch(bool offline, int ret_sockets[VB_NET_SOCKETS])
{
    const union vb_net_address here[] = {
        {.in = {.sin_family = AF_INET,
                .sin_port = htons(CATCH_PORT),
                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}},
        {.in6 = {.sin6_family = AF_INET6,
                 .sin6_port = htons(CATCH_PORT),
                 .sin6_addr = IN6ADDR_LOOPBACK_INIT}},
    };
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
    int failed = load_rules(offline);
    for (size_t i = 0; failed == 0 && i < VB_NET_CATCHERS; i++) {
        const union vb_net_address *address = &here[i / 2];
        if (offline && types[i % 2] == SOCK_STREAM)
            continue;
        ret_sockets[i] = vb_net_socket_open(types[i % 2], address, VB_NET_CAUGHT);
        if (ret_sockets[i] < 0 && address->any.sa_family == AF_INET)
            failed = errno;
    }
    for (size_t i = 0; failed == 0 && i < VB_NET_RESOLVERS; i++) {
        const union vb_net_address port = resolver(here[i].any.sa_family);
        ret_sockets[VB_NET_CATCHERS + i] = vb_net_socket_open(SOCK_DGRAM, &port, VB_NET_DIRECT);
    }
    return failed;
}

bool vb_net_is_own(const union vb_net_address *address)
{
    const bool v4 = address->any.sa_family == AF_INET;
    const void *wanted = v4 ? (const void *)&address->in.sin_addr : &address->in6.sin6_addr;
    for (size_t i = 0; i < VB_ARRAY_LEN(own); i++) {
        unsigned char bytes[16];
        if (own[i].family == address->any.sa_family &&
            inet_pton(own[i].family, own[i].address, bytes) == 1 &&
            memcmp(wanted, bytes, own[i].len) == 0)
            return true;
    }
    return false;
}
