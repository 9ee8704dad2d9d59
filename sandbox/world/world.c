/* Answers questions for names; of everything else accepts, records, closes. See world.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/world/dns.h"
#include "sandbox/world/world.h"

enum {
    CONNECTIONS = 128, /* at once; of what comes beyond, only the destination is recorded */
    FIRST_BYTES = 16384,
    SHOWN_BYTES = 256,
    AT_ONCE = 64,
    PATIENCE_MS = 250,
    MAX_EVENTS = 20000,
    LAST_ROUNDS = 64,  /* of AT_ONCE each: more than a socket holds */
    LISTENER = 1 << 16 /* in epoll's data: what is below is a connection's index */
};

union address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

struct connection {
    int fd; /* -1: free */
    union address to;
    uint64_t until_ns;
    size_t len;
    size_t answered;      /* of them: questions for names */
    unsigned char *bytes; /* FIRST_BYTES of room, or NULL until something comes */
};

struct vb_world {
    struct vb_world_options options;
    struct vb_host_names *names;
    int epoll;
    int sockets[VB_WORLD_SOCKETS];
    struct connection connections[CONNECTIONS];
    uint64_t events, unsaid, unread;
    uint64_t lost_before; /* datagrams; before this run */
    uint64_t lost_since;  /* by sockets that were removed */
    bool more;            /* the socket served last may hold more */
    unsigned char bytes[FIRST_BYTES];
};

/* --- telling --- */

struct sighting {
    struct vb_world *world;
    struct vb_error *err;
    int status;
};

static void bait_seen(void *ctx, const struct vb_bait *bait, const char *form)
{
    struct sighting *sighting = ctx;
    struct vb_event event;
    if (sighting->status < 0 || sighting->world->events >= MAX_EVENTS)
        return;
    sighting->world->events++;
    vb_event_init(&event, VB_EV_BAIT_SEEN, VB_SOURCE_WORLD);
    event.detonation = sighting->world->options.detonation;
    vb_event_str(&event, VB_F_BAIT, bait->id);
    vb_event_str(&event, VB_F_WHERE, "sent");
    vb_event_str(&event, VB_F_FORM, form);
    sighting->status = vb_emit(sighting->world->options.sink, &event, sighting->err);
}

struct came {
    const char *protocol;
    const union address *to;
    const unsigned char *bytes;
    size_t len;
};

static int tell(struct vb_world *world, const struct came *came, struct vb_error *err)
{
    const union address *to = came->to;
    const size_t len = came->len;
    char text[INET6_ADDRSTRLEN] = "";
    const bool v4 = to->any.sa_family == AF_INET;
    const uint16_t port = v4 ? to->in.sin_port : to->in6.sin6_port;
    const void *bytes = v4 ? (const void *)&to->in.sin_addr : (const void *)&to->in6.sin6_addr;
    struct vb_event event;
    if (world->events >= MAX_EVENTS) {
        world->unsaid++;
        return VB_OK;
    }
    world->events++;
    inet_ntop(to->any.sa_family, bytes, text, sizeof(text));
    vb_event_init(&event, VB_EV_WORLD_CONNECTION, VB_SOURCE_WORLD);
    event.detonation = world->options.detonation;
    vb_event_str(&event, VB_F_PROTOCOL, came->protocol);
    vb_event_str(&event, VB_F_FAMILY, v4 ? "inet" : "inet6");
    vb_event_str(&event, VB_F_ADDRESS, text);
    vb_event_int(&event, VB_F_PORT, ntohs(port));
    vb_event_int(&event, VB_F_SIZE, (int64_t)len);
    if (len > 0)
        vb_event_strn(&event, VB_F_TEXT, (const char *)came->bytes,
                      len < SHOWN_BYTES ? len : SHOWN_BYTES);
    if (len > SHOWN_BYTES)
        vb_event_bool(&event, VB_F_TRUNCATED, true);
    int status = vb_emit(world->options.sink, &event, err);
    struct sighting sighting = {world, err, VB_OK};
    if (status == VB_OK && len > 0 && world->options.baits != NULL)
        vb_bait_search(world->options.baits, came->bytes, len, bait_seen, &sighting);
    return status < 0 ? status : sighting.status;
}

static uint16_t port_of(const union address *address)
{
    return ntohs(address->any.sa_family == AF_INET ? address->in.sin_port : address->in6.sin6_port);
}

/* --- questions for names --- */

static int tell_answer(struct vb_world *world, const struct vb_dns_question *question,
                       const struct vb_dns_reply *reply, struct vb_error *err)
{
    struct vb_event event;
    if (world->events >= MAX_EVENTS) {
        world->unsaid++;
        return VB_OK;
    }
    world->events++;
    vb_event_init(&event, VB_EV_WORLD_ANSWER, VB_SOURCE_WORLD);
    event.detonation = world->options.detonation;
    vb_event_str(&event, VB_F_NAME, question->name);
    vb_event_str(&event, VB_F_WHAT, question->type);
    vb_event_str(&event, VB_F_OUTCOME, reply->outcome);
    if (reply->text[0] != '\0')
        vb_event_str(&event, VB_F_ADDRESS, reply->text);
    return vb_emit(world->options.sink, &event, err);
}

/* A datagram to a resolver: who sent it, to whom, on which of the sockets. */
struct query {
    int socket;
    const union address *from, *to;
    const unsigned char *bytes;
    size_t len;
};

union control {
    char bytes[256];
    struct cmsghdr aligned;
};

/* The answer comes from the address that was asked. */
static void put_source(struct msghdr *message, const union address *source)
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
static int answering_socket(const struct vb_world *world, const struct query *query)
{
    const size_t family = query->to->any.sa_family == AF_INET ? 0 : 1;
    return world->options.resolvers != NULL && world->options.resolvers[family] >= 0
               ? world->options.resolvers[family]
               : query->socket;
}

static int answer_datagram(struct vb_world *world, const struct query *query, struct vb_error *err)
{
    struct vb_dns_question question;
    struct vb_dns_reply reply;
    if (port_of(query->to) != VB_DNS_PORT ||
        !vb_dns_question(query->bytes, query->len, &question) || question.begin != 0)
        return VB_OK;
    vb_dns_answer(&question, query->bytes, world->names, &reply);
    union address to = *query->from;
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
    return tell_answer(world, &question, &reply, err);
}

/* Answers the questions that the stream has brought whole. */
static int answer_stream(struct vb_world *world, struct connection *connection,
                         struct vb_error *err)
{
    int status = VB_OK;
    while (status == VB_OK && connection->len - connection->answered > 2) {
        const unsigned char *at = connection->bytes + connection->answered;
        const size_t len = 2 + ((size_t)at[0] << 8 | at[1]);
        struct vb_dns_question question;
        struct vb_dns_reply reply;
        unsigned char head[2];
        if (len > connection->len - connection->answered || !vb_dns_question(at, len, &question) ||
            question.begin == 0)
            break;
        vb_dns_answer(&question, at + 2, world->names, &reply);
        head[0] = (unsigned char)(reply.len >> 8);
        head[1] = (unsigned char)reply.len;
        (void)send(connection->fd, head, sizeof(head), MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE);
        (void)send(connection->fd, reply.bytes, reply.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        status = tell_answer(world, &question, &reply, err);
        connection->answered += len;
    }
    return status;
}

static bool is_stream(int socket)
{
    int type = 0;
    socklen_t len = sizeof(type);
    return getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

/* --- streams --- */

static int finish(struct vb_world *world, struct connection *connection, struct vb_error *err)
{
    const struct came came = {"tcp", &connection->to, connection->bytes, connection->len};
    vb_close_fd(&connection->fd);
    const int status = tell(world, &came, err);
    free(connection->bytes);
    connection->bytes = NULL;
    return status;
}

/* Takes what is there. It is over when the other side says so, or when enough was sent. */
static int collect(struct vb_world *world, struct connection *connection, struct vb_error *err)
{
    if (connection->bytes == NULL)
        connection->bytes = malloc(FIRST_BYTES);
    if (connection->bytes == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "listening to the network of a box");
    const ssize_t got = recv(connection->fd, connection->bytes + connection->len,
                             FIRST_BYTES - connection->len, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return VB_OK;
    connection->len += got > 0 ? (size_t)got : 0;
    const int status =
        port_of(&connection->to) == VB_DNS_PORT ? answer_stream(world, connection, err) : VB_OK;
    if (status < 0)
        return status;
    return got <= 0 || connection->len == FIRST_BYTES ? finish(world, connection, err) : VB_OK;
}

static int hold(struct vb_world *world, int fd, const union address *to, struct vb_error *err)
{
    struct connection connection = {
        .fd = fd, .to = *to, .until_ns = vb_monotonic_ns() + PATIENCE_MS * UINT64_C(1000000)};
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.u32 = i};
        if (world->connections[i].fd >= 0)
            continue;
        if (epoll_ctl(world->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
            break;
        world->connections[i] = connection;
        return VB_OK;
    }
    world->unread++;
    return finish(world, &connection, err);
}

static int accept_all(struct vb_world *world, int listener, struct vb_error *err)
{
    int status = VB_OK;
    for (int i = 0; status == VB_OK && i < AT_ONCE; i++) {
        union address to = {0};
        socklen_t len = sizeof(to);
        const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            world->more = false; /* none left, or it went away again */
            return VB_OK;
        }
        if (getsockname(fd, &to.any, &len) < 0)
            close(fd);
        else
            status = hold(world, fd, &to, err);
    }
    return status;
}

/* --- datagrams --- */

/* The destination before TPROXY changed it (ip(7), IP_RECVORIGDSTADDR; the same for IPv6). */
static bool original_destination(struct msghdr *message, union address *ret)
{
    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head != NULL;
         head = CMSG_NXTHDR(message, head)) {
        const bool v4 = head->cmsg_level == IPPROTO_IP && head->cmsg_type == IP_ORIGDSTADDR;
        const bool v6 = head->cmsg_level == IPPROTO_IPV6 && head->cmsg_type == IPV6_ORIGDSTADDR;
        if (v4)
            memcpy(&ret->in, CMSG_DATA(head), sizeof(ret->in));
        if (v6)
            memcpy(&ret->in6, CMSG_DATA(head), sizeof(ret->in6));
        if (v4 || v6)
            return true;
    }
    return false;
}

/* How many datagrams a socket had no room for, since it was made. */
static uint64_t lost_at(int socket)
{
    uint32_t figures[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof(figures);
    if (socket < 0 || is_stream(socket) ||
        getsockopt(socket, SOL_SOCKET, SO_MEMINFO, figures, &len) < 0)
        return 0;
    return figures[SK_MEMINFO_DROPS];
}

static uint64_t lost_datagrams(const struct vb_world *world)
{
    uint64_t lost = world->lost_since;
    for (size_t i = 0; i < VB_ARRAY_LEN(world->sockets); i++)
        lost += lost_at(world->sockets[i]);
    return lost;
}

static int receive_all(struct vb_world *world, int socket, struct vb_error *err)
{
    int status = VB_OK;
    for (int i = 0; status == VB_OK && i < AT_ONCE; i++) {
        union control control = {0};
        union address to = {0};
        union address from = {0};
        struct iovec part = {.iov_base = world->bytes, .iov_len = sizeof(world->bytes)};
        struct msghdr message = {.msg_name = &from,
                                 .msg_namelen = sizeof(from),
                                 .msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = control.bytes,
                                 .msg_controllen = sizeof(control.bytes)};
        const ssize_t got = recvmsg(socket, &message, MSG_DONTWAIT);
        if (got < 0) {
            world->more = false;
            return VB_OK;
        }
        const struct came came = {"udp", &to, world->bytes, (size_t)got};
        const struct query query = {socket, &from, &to, world->bytes, (size_t)got};
        if (!original_destination(&message, &to))
            continue;
        status = tell(world, &came, err);
        if (status == VB_OK)
            status = answer_datagram(world, &query, err);
    }
    return status;
}

/* --- all of it --- */

/* The place of the socket FD (-1: a free place), or VB_WORLD_SOCKETS. */
static size_t place_of(const struct vb_world *world, int fd)
{
    size_t place = 0;
    while (place < VB_WORLD_SOCKETS && world->sockets[place] != fd)
        place++;
    return place;
}

int vb_world_add(struct vb_world *world, int fd, struct vb_error *err)
{
    const size_t place = place_of(world, -1);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = LISTENER + (uint32_t)place};
    if (place == VB_WORLD_SOCKETS)
        return vb_fail(err, VB_E_SOFTWARE, 0, "too many sockets in the network of a box");
    if (epoll_ctl(world->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        return vb_fail(err, VB_E_OS, errno, "listening to the network of a box");
    world->sockets[place] = fd;
    return VB_OK;
}

int vb_world_new(const struct vb_world_options *options, struct vb_world **ret,
                 struct vb_error *err)
{
    struct vb_world *world = calloc(1, sizeof(*world));
    if (world == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "listening to the network of a box");
    world->options = *options;
    world->epoll = -1;
    for (size_t i = 0; i < CONNECTIONS; i++)
        world->connections[i].fd = -1;
    for (size_t i = 0; i < VB_ARRAY_LEN(world->sockets); i++)
        world->sockets[i] = -1;
    int status = vb_host_names_new(&world->names, err);
    if (status == VB_OK && (world->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
        status = vb_fail(err, VB_E_OS, errno, "listening to the network of a box");
    for (size_t i = 0; status == VB_OK && i < options->count; i++) {
        if (options->sockets[i] >= 0)
            status = vb_world_add(world, options->sockets[i], err);
    }
    if (status < 0) {
        vb_world_free(world);
        return status;
    }
    world->lost_before = lost_datagrams(world);
    *ret = world;
    return VB_OK;
}

void vb_world_free(struct vb_world *world)
{
    if (world == NULL)
        return;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        vb_close_fd(&world->connections[i].fd);
        free(world->connections[i].bytes);
    }
    vb_close_fd(&world->epoll);
    vb_host_names_free(world->names);
    free(world);
}

int vb_world_fd(const struct vb_world *world)
{
    return world->epoll;
}

static int serve(struct vb_world *world, uint32_t which, struct vb_error *err)
{
    if (which < CONNECTIONS)
        return world->connections[which].fd < 0 ? VB_OK
                                                : collect(world, &world->connections[which], err);
    const int socket = world->sockets[which - LISTENER];
    return is_stream(socket) ? accept_all(world, socket, err) : receive_all(world, socket, err);
}

static int let_go(struct vb_world *world, uint64_t until_ns, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < CONNECTIONS; i++) {
        struct connection *connection = &world->connections[i];
        if (connection->fd >= 0 && connection->until_ns <= until_ns)
            status = finish(world, connection, err);
    }
    return status;
}

int vb_world_step(struct vb_world *world, struct vb_error *err)
{
    struct epoll_event events[AT_ONCE];
    const int count = epoll_wait(world->epoll, events, AT_ONCE, 0);
    int status = VB_OK;
    for (int i = 0; status == VB_OK && i < count; i++)
        status = serve(world, events[i].data.u32, err);
    return status < 0 ? status : let_go(world, vb_monotonic_ns(), err);
}

/* Nobody sends to it any more, or it is about to be closed. */
static int empty(struct vb_world *world, size_t place, struct vb_error *err)
{
    int status = VB_OK;
    world->more = world->sockets[place] >= 0;
    for (int n = 0; status == VB_OK && world->more && n < LAST_ROUNDS; n++)
        status = serve(world, LISTENER + (uint32_t)place, err);
    return status;
}

int vb_world_remove(struct vb_world *world, int fd, struct vb_error *err)
{
    const size_t place = place_of(world, fd);
    if (place == VB_WORLD_SOCKETS)
        return VB_OK;
    const int status = empty(world, place, err);
    world->lost_since += lost_at(fd);
    world->sockets[place] = -1;
    if (epoll_ctl(world->epoll, EPOLL_CTL_DEL, fd, NULL) < 0 && status == VB_OK)
        return vb_fail(err, VB_E_OS, errno, "listening to the network of a box");
    return status;
}

static int tell_gap(struct vb_world *world, uint64_t count, const char *what, const char *reason,
                    struct vb_error *err)
{
    struct vb_event event;
    if (count == 0)
        return VB_OK;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_WORLD);
    event.detonation = world->options.detonation;
    vb_event_str(&event, VB_F_STAGE, "world");
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_int(&event, VB_F_COUNT, (int64_t)count);
    return vb_emit(world->options.sink, &event, err);
}

int vb_world_end(struct vb_world *world, struct vb_error *err)
{
    int status = VB_OK;
    /* The sockets are the next run's too: nothing of this one may be left in them. */
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(world->sockets); i++)
        status = empty(world, i, err);
    for (uint32_t i = 0; status == VB_OK && i < CONNECTIONS; i++)
        status = serve(world, i, err);
    if (status == VB_OK)
        status = let_go(world, UINT64_MAX, err);
    if (status == VB_OK)
        status = tell_gap(world, world->unsaid, "connections", "too many to list", err);
    if (status == VB_OK)
        status = tell_gap(world, world->unread, "connections", "too many at once to read", err);
    if (status == VB_OK)
        status = tell_gap(world, lost_datagrams(world) - world->lost_before, "datagrams",
                          "more than the network of the box holds", err);
    return status;
}
