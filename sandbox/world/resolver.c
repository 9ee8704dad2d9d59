/* resolver: answers questions for names, in datagrams and streams to port 53 of any address. See
 * internal.h. */
#include <string.h>
#include <sys/socket.h>

#include "sandbox/world/cipher.h"
#include "sandbox/world/dns.h"
#include "sandbox/world/internal.h"

/* The last two labels of NAME: near enough to whose it is, without a list of all registries. */
static const char *domain_of(const char *name)
{
    const char *ret = name + strlen(name);
    for (int dots = 0; ret > name; ret--) {
        dots += ret[-1] == '.';
        if (dots == 2)
            break;
    }
    return ret;
}

/* Whoever runs the servers of a name's domain sees what is asked for. */
static int search_question(struct vb_world *world, const struct vb_dns_question *question,
                           const unsigned char *bytes, size_t len, struct vb_error *err)
{
    struct vb_outbound outbound = {.domain = domain_of(question->name)};
    int status = vb_world_search_name(world, question->name, &outbound, err);
    if (status == VB_OK)
        status = vb_world_search(world, &outbound, bytes, len, err);
    if (status == VB_OK)
        status = vb_world_search_end(world, &outbound, err);
    vb_bait_stream_free(outbound.stream);
    return status;
}

static int tell_answer(struct vb_world *world, const struct vb_dns_question *question,
                       const struct vb_dns_reply *reply, struct vb_error *err)
{
    struct vb_event event;
    vb_world_event(world, NULL, VB_EV_WORLD_ANSWER, &event);
    vb_event_str(&event, VB_F_NAME, question->name);
    vb_event_str(&event, VB_F_WHAT, question->type);
    vb_event_str(&event, VB_F_OUTCOME, reply->outcome);
    if (reply->text[0] != '\0')
        vb_event_str(&event, VB_F_ADDRESS, reply->text);
    const size_t enciphered = vb_cipher_size_in_name(question->name);
    if (enciphered > 0)
        vb_event_int(&event, VB_F_ENCIPHERED, (int64_t)enciphered);
    return vb_world_emit(world, &event, err);
}

int vb_world_answer_question(struct vb_world *world, const struct vb_dns_question *question,
                             const unsigned char *bytes, size_t len, struct vb_dns_reply *ret,
                             struct vb_error *err)
{
    const int status = search_question(world, question, bytes, len, err);
    if (status < 0)
        return status;
    vb_dns_answer(question, bytes, world->names, ret);
    world->nameless += ret->crowded;
    return tell_answer(world, question, ret, err);
}

/* --- datagrams --- */

union control {
    char bytes[256];
    struct cmsghdr aligned;
};

/* The answer comes from the address that was asked. */
static void put_source(struct msghdr *message, const union vb_world_address *source)
{
    struct cmsghdr *head = CMSG_FIRSTHDR(message);
    if (source->any.sa_family == AF_INET) {
        const struct in_pktinfo info = {.ipi_spec_dst = source->in.sin_addr};
        head->cmsg_level = IPPROTO_IP;
        head->cmsg_type = IP_PKTINFO;
        head->cmsg_len = CMSG_LEN(sizeof(info));
        memcpy(CMSG_DATA(head), &info, sizeof(info));
        message->msg_controllen = CMSG_SPACE(sizeof(info));
        return;
    }
    const struct in6_pktinfo info = {.ipi6_addr = source->in6.sin6_addr};
    head->cmsg_level = IPPROTO_IPV6;
    head->cmsg_type = IPV6_PKTINFO;
    head->cmsg_len = CMSG_LEN(sizeof(info));
    memcpy(CMSG_DATA(head), &info, sizeof(info));
    message->msg_controllen = CMSG_SPACE(sizeof(info));
}

/* A socket that sends from the port of a resolver: one made for it, or the one that was asked. */
static int answering_socket(const struct vb_world *world, const struct vb_query *query)
{
    const size_t family = query->to->any.sa_family == AF_INET ? 0 : 1;
    return world->options.resolvers != NULL && world->options.resolvers[family] >= 0
               ? world->options.resolvers[family]
               : query->socket;
}

int vb_world_answer_datagram(struct vb_world *world, const struct vb_query *query,
                             const struct vb_dns_question *question, struct vb_error *err)
{
    struct vb_dns_reply reply;
    const int status =
        vb_world_answer_question(world, question, query->bytes, query->len, &reply, err);
    if (status < 0)
        return status;
    union vb_world_address to = *query->from;
    union control control = {0};
    struct iovec part = {.iov_base = reply.bytes, .iov_len = reply.len};
    struct msghdr message = {.msg_name = &to,
                             .msg_namelen =
                                 to.any.sa_family == AF_INET ? sizeof(to.in) : sizeof(to.in6),
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    put_source(&message, query->to);
    /* Who does not listen any more gets no answer. */
    (void)sendmsg(answering_socket(world, query), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    vb_capture_datagram(world->options.capture, query->to, query->from, reply.bytes, reply.len);
    return VB_OK;
}

/* --- streams --- */

enum { STREAM_BYTES = 2 + 65535, IDLE_MS = 5000 };

static int begin(struct vb_connection *connection, struct vb_error *err)
{
    struct vb_buf *gathered = calloc(1, sizeof(*gathered));
    if (gathered == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "answering in the network of a box");
    vb_buf_init(gathered, 2 * STREAM_BYTES);
    connection->state = gathered;
    return VB_OK;
}

static int answer(struct vb_connection *connection, const unsigned char *query, size_t len,
                  const struct vb_dns_question *question, struct vb_error *err)
{
    struct vb_dns_reply reply;
    unsigned char bytes[2 + VB_DNS_REPLY_MAX];
    const int status =
        vb_world_answer_question(connection->world, question, query, len, &reply, err);
    if (status < 0)
        return status;
    bytes[0] = (unsigned char)(reply.len >> 8);
    bytes[1] = (unsigned char)reply.len;
    memcpy(bytes + 2, reply.bytes, reply.len);
    return vb_connection_send(connection, bytes, 2 + reply.len, err);
}

/* Answers the questions that have come whole. What is none ends the conversation. */
static int input(struct vb_connection *connection, const unsigned char *bytes, size_t len,
                 struct vb_error *err)
{
    struct vb_buf *gathered = connection->state;
    size_t done = 0;
    int status = VB_OK;
    if (gathered->len + len > gathered->max)
        vb_connection_abandon(connection);
    else
        status = vb_buf_append(gathered, bytes, len, err);
    while (status == VB_OK && gathered->len - done > 2) {
        const unsigned char *at = gathered->data + done;
        const size_t whole = 2 + ((size_t)at[0] << 8 | at[1]);
        struct vb_dns_question question;
        if (whole > gathered->len - done)
            break;
        if (!vb_dns_question(at, whole, &question) || question.begin == 0) {
            vb_connection_abandon(connection);
            status = vb_world_search(connection->world, &connection->outbound, at, whole, err);
        } else
            status = answer(connection, at + 2, whole - 2, &question, err);
        done += whole;
    }
    if (done > 0) {
        memmove(gathered->data, gathered->data + done, gathered->len - done);
        gathered->len -= done;
    }
    return status;
}

static void free_state(struct vb_connection *connection)
{
    vb_buf_done(connection->state);
    free(connection->state);
}

/* What was no whole question. */
static int end(struct vb_connection *connection, struct vb_error *err)
{
    const struct vb_buf *left = connection->state;
    const int status =
        vb_world_search(connection->world, &connection->outbound, left->data, left->len, err);
    return status < 0 ? status : vb_world_search_end(connection->world, &connection->outbound, err);
}

const struct vb_protocol vb_protocol_dns = {.name = "dns",
                                            .idle_ms = IDLE_MS,
                                            .begin = begin,
                                            .input = input,
                                            .end = end,
                                            .free = free_state};
