/* probe_net: a network of a box's own. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/probe.h"

static const size_t attribute_header =
    4; /* of an attribute, padded (NLA_HDRLEN, which is an int) */

static bool connect_over_loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *generic = (struct sockaddr *)(void *)&address;
    socklen_t len = sizeof(address);
    VB_CLEANUP_FD int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    VB_CLEANUP_FD int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return server >= 0 && client >= 0 && bind(server, generic, len) == 0 &&
           listen(server, 1) == 0 && getsockname(server, generic, &len) == 0 &&
           connect(client, generic, len) == 0;
}

void vb_probe_network(struct vb_probe *ret)
{
    struct vb_error err = {0};
    if (!vb_probe_enter(ret, CLONE_NEWNET))
        return;
    if (unshare(CLONE_NEWNET) < 0) /* the boxes', and one for the far end of their interface */
        vb_probe_refuse(ret, VB_STEP_NAMESPACE, "making a second network namespace");
    else if (vb_loopback_up(&err) < 0)
        vb_probe_say(ret, false, "%s", err.message);
    else if (!connect_over_loopback())
        vb_probe_refuse(ret, VB_STEP_CALL, "connecting over lo");
    else
        vb_probe_say(ret, true, "a network of its own with lo up");
}

/* --- nf_tables: one rule that hands connections to a port, in nfnetlink messages --- */

struct batch {
    _Alignas(struct nlmsghdr) unsigned char bytes[1024];
    size_t len;
    struct nlmsghdr *message;
    uint32_t sequence;
};

/* NLMSG_ALIGN without its signed constant. */
static size_t aligned(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

static void *grow(struct batch *batch, size_t len)
{
    void *at = batch->bytes + batch->len;
    batch->len += aligned(len);
    if (batch->message != NULL)
        batch->message->nlmsg_len += (uint32_t)aligned(len);
    return at; /* the rule below is far smaller than the batch */
}

static void begin(struct batch *batch, int type, int flags, int family)
{
    batch->message = NULL;
    struct nlmsghdr *head = grow(batch, sizeof(*head));
    *head = (struct nlmsghdr){.nlmsg_len = sizeof(*head),
                              .nlmsg_type = (uint16_t)type,
                              .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
                              .nlmsg_seq = batch->sequence++};
    batch->message = head;
    struct nfgenmsg *generic = grow(batch, sizeof(*generic));
    *generic = (struct nfgenmsg){.nfgen_family = (uint8_t)family, .version = NFNETLINK_V0};
    /* A batch says in its first message whose it is. */
    if (type < NLMSG_MIN_TYPE + 2)
        generic->res_id = htons(NFNL_SUBSYS_NFTABLES);
}

static void put(struct batch *batch, int type, const void *data, size_t len)
{
    struct nlattr *attribute = grow(batch, attribute_header + len);
    *attribute =
        (struct nlattr){.nla_len = (uint16_t)(attribute_header + len), .nla_type = (uint16_t)type};
    memcpy(attribute + 1, data, len);
}

static void put_number(struct batch *batch, int type, uint32_t number)
{
    const uint32_t big = htonl(number);
    put(batch, type, &big, sizeof(big));
}

static void put_text(struct batch *batch, int type, const char *text)
{
    put(batch, type, text, strlen(text) + 1);
}

static struct nlattr *nest(struct batch *batch, int type)
{
    struct nlattr *attribute = grow(batch, attribute_header);
    *attribute = (struct nlattr){.nla_type = (uint16_t)(type | NLA_F_NESTED)};
    return attribute;
}

static void unnest(struct batch *batch, struct nlattr *attribute)
{
    attribute->nla_len = (uint16_t)(batch->bytes + batch->len - (unsigned char *)attribute);
}

static void put_chain(struct batch *batch)
{
    enum { MANGLE = -150 }; /* NF_IP_PRI_MANGLE */
    begin(batch, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE, NLM_F_CREATE, NFPROTO_IPV4);
    put_text(batch, NFTA_TABLE_NAME, "vb");
    begin(batch, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN, NLM_F_CREATE, NFPROTO_IPV4);
    put_text(batch, NFTA_CHAIN_TABLE, "vb");
    put_text(batch, NFTA_CHAIN_NAME, "in");
    put_text(batch, NFTA_CHAIN_TYPE, "filter");
    struct nlattr *hook = nest(batch, NFTA_CHAIN_HOOK);
    put_number(batch, NFTA_HOOK_HOOKNUM, NF_INET_PRE_ROUTING);
    put_number(batch, NFTA_HOOK_PRIORITY, (uint32_t)MANGLE);
    unnest(batch, hook);
}

static void put_port(struct batch *batch, uint16_t port)
{
    const uint16_t big = htons(port);
    struct nlattr *element = nest(batch, NFTA_LIST_ELEM);
    put_text(batch, NFTA_EXPR_NAME, "immediate");
    struct nlattr *inner = nest(batch, NFTA_EXPR_DATA);
    put_number(batch, NFTA_IMMEDIATE_DREG, NFT_REG_1);
    struct nlattr *data = nest(batch, NFTA_IMMEDIATE_DATA);
    put(batch, NFTA_DATA_VALUE, &big, sizeof(big));
    unnest(batch, data);
    unnest(batch, inner);
    unnest(batch, element);
}

static void put_rule(struct batch *batch)
{
    begin(batch, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE,
          NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK, NFPROTO_IPV4);
    put_text(batch, NFTA_RULE_TABLE, "vb");
    put_text(batch, NFTA_RULE_CHAIN, "in");
    struct nlattr *expressions = nest(batch, NFTA_RULE_EXPRESSIONS);
    put_port(batch, 9999);
    struct nlattr *element = nest(batch, NFTA_LIST_ELEM);
    put_text(batch, NFTA_EXPR_NAME, "tproxy");
    struct nlattr *inner = nest(batch, NFTA_EXPR_DATA);
    put_number(batch, NFTA_TPROXY_FAMILY, NFPROTO_IPV4);
    put_number(batch, NFTA_TPROXY_REG_PORT, NFT_REG_1);
    unnest(batch, inner);
    unnest(batch, element);
    unnest(batch, expressions);
}

/* What the kernel says of the batch: the first error, or 0 for the rule. */
static int hear(int fd)
{
    union {
        struct nlmsghdr head;
        unsigned char bytes[2048];
    } answer;
    const ssize_t got = recv(fd, &answer, sizeof(answer), 0);
    if (got < 0)
        return errno;
    struct nlmsgerr error;
    if (got < (ssize_t)NLMSG_LENGTH(sizeof(error)) || answer.head.nlmsg_type != NLMSG_ERROR)
        return EPROTO;
    memcpy(&error, NLMSG_DATA(&answer.head), sizeof(error));
    return -error.error;
}

void vb_probe_tproxy(struct vb_probe *ret)
{
    if (!vb_probe_enter(ret, CLONE_NEWNET))
        return;
    struct batch batch = {.sequence = 1};
    begin(&batch, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC);
    put_chain(&batch);
    put_rule(&batch);
    begin(&batch, NFNL_MSG_BATCH_END, 0, AF_UNSPEC);
    VB_CLEANUP_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    const bool sent = fd >= 0 && send(fd, batch.bytes, batch.len, 0) == (ssize_t)batch.len;
    errno = sent ? hear(fd) : errno;
    if (!sent || errno != 0)
        vb_probe_refuse(ret, VB_STEP_CALL,
                        "a listener is made for each port that is tried; loading a rule with "
                        "tproxy (nf_tables)");
    else
        vb_probe_say(ret, true, "a rule that redirects connections was loaded: all are caught");
}
