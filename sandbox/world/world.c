/* Takes what comes in the network of a box: streams are connection.c's, datagrams are answered
 * where they ask for names, and all of it is told of. See world.h. */
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/world/cipher.h"
#include "sandbox/world/dns.h"
#include "sandbox/world/internal.h"

enum {
    AT_ONCE = 64,
    LAST_ROUNDS = 64,  /* of AT_ONCE each: more than a socket holds */
    LAST_READS = 4096, /* of one stream: what a socket holds */
    /* in epoll's data: what is below is a connection's place */
    LISTENER = 1 << 16,
    COURIER = 1 << 17
};

static bool is_stream(int socket)
{
    int type = 0;
    socklen_t len = sizeof(type);
    return getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

/* --- streams --- */

static int accept_all(struct vb_world *world, int listener, struct vb_error *err)
{
    int status = VB_OK;
    for (int i = 0; status == VB_OK && i < AT_ONCE; i++) {
        union vb_world_address from = {0};
        union vb_world_address to = {0};
        socklen_t from_len = sizeof(from);
        socklen_t len = sizeof(to);
        const int fd = accept4(listener, &from.any, &from_len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            world->more = false; /* none left, or it went away again */
            return VB_OK;
        }
        if (getsockname(fd, &to.any, &len) < 0)
            close(fd);
        else
            status = vb_connection_open(world, fd, &from, &to, err);
    }
    return status;
}

/* --- datagrams --- */

/* The destination before TPROXY changed it (ip(7), IP_RECVORIGDSTADDR; the same for IPv6). */
static bool original_destination(struct msghdr *message, union vb_world_address *ret)
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

union control {
    char bytes[256];
    struct cmsghdr aligned;
};

static int search_datagram(struct vb_world *world, const struct vb_query *query,
                           struct vb_error *err)
{
    struct vb_connection origin = {.world = world, .to = *query->to};
    struct vb_outbound outbound = {.connection = &origin};
    vb_connection_name(&origin);
    int status = vb_world_search(world, &outbound, query->bytes, query->len, err);
    if (status == VB_OK)
        status = vb_world_search_end(world, &outbound, err);
    vb_bait_stream_free(outbound.stream);
    return status;
}

static int take_datagram(struct vb_world *world, const struct vb_query *query, struct vb_error *err)
{
    struct vb_dns_question question;
    const bool asks = vb_world_port(query->to) == VB_DNS_PORT &&
                      vb_dns_question(query->bytes, query->len, &question) && question.begin == 0;
    const struct vb_came came = {
        .protocol = "udp",
        .to = query->to,
        .bytes = query->bytes,
        .shown = query->len < VB_WORLD_SHOWN ? query->len : VB_WORLD_SHOWN,
        .size = query->len,
        .enciphered = asks ? 0 : vb_cipher_size(query->bytes, query->len, SIZE_MAX),
    };
    const int status = vb_world_tell_came(world, &came, err);
    if (status < 0)
        return status;
    return asks ? vb_world_answer_datagram(world, query, &question, err)
                : search_datagram(world, query, err);
}

static int receive_all(struct vb_world *world, int socket, struct vb_error *err)
{
    int status = VB_OK;
    for (int i = 0; status == VB_OK && i < AT_ONCE; i++) {
        union control control = {0};
        union vb_world_address to = {0};
        union vb_world_address from = {0};
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
        const struct vb_query query = {socket, &from, &to, world->bytes, (size_t)got};
        if (!original_destination(&message, &to))
            continue;
        vb_capture_datagram(world->options.capture, &from, &to, query.bytes, query.len);
        status = take_datagram(world, &query, err);
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

static int begin_live(struct vb_world *world, struct vb_error *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = COURIER};
    world->live.mail = malloc(sizeof(*world->live.mail));
    if (world->live.mail == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "listening to real hosts");
    world->live.mail->body = -1;
    world->live.fd = world->options.live_fd;
    if (world->live.fd >= 0 && epoll_ctl(world->epoll, EPOLL_CTL_ADD, world->live.fd, &event) < 0)
        return vb_fail(err, VB_E_OS, errno, "listening to real hosts");
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
    for (size_t i = 0; i < VB_ARRAY_LEN(world->sockets); i++)
        world->sockets[i] = -1;
    int status = vb_host_names_new(&world->names, err);
    if (status == VB_OK)
        vb_host_names_key(world->names, options->name_key);
    if (status == VB_OK && options->known != NULL)
        vb_host_names_doubt(world->names, options->known->data, options->known->len);
    if (status == VB_OK && options->offline)
        vb_host_names_cut_off(world->names);
    if (status == VB_OK && options->baits != NULL)
        status = vb_bait_trail_new(options->baits, &world->trail, err);
    if (status == VB_OK && options->authority != NULL)
        status =
            vb_tls_maker_new(options->authority,
                             options->capture == NULL ? NULL : vb_capture_secrets(options->capture),
                             &world->tls, err);
    if (status == VB_OK && (world->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
        status = vb_fail(err, VB_E_OS, errno, "listening to the network of a box");
    if (status == VB_OK && options->live_hosts != NULL)
        status = begin_live(world, err);
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
    for (size_t i = 0; i < VB_WORLD_CONNECTIONS; i++)
        vb_connection_free(world->connections[i]);
    if (world->live.mail != NULL)
        vb_close_fd(&world->live.mail->body);
    free(world->live.mail);
    vb_close_fd(&world->epoll);
    vb_tls_maker_free(world->tls);
    vb_bait_trail_free(world->trail);
    vb_host_names_free(world->names);
    free(world);
}

int vb_world_fd(const struct vb_world *world)
{
    return world->epoll;
}

/* STATUS is what became of the connection at PLACE. A client that wants more memory than there is
 * loses its connection; the others go on. */
static int spare_others(struct vb_world *world, uint32_t place, int status)
{
    if (status != VB_E_NOMEM && status != VB_E_LIMIT)
        return status;
    world->starved++;
    vb_connection_free(world->connections[place]);
    return VB_OK;
}

static int serve_connection(struct vb_world *world, uint32_t place, struct vb_error *err)
{
    return world->connections[place] == NULL
               ? VB_OK
               : spare_others(world, place, vb_connection_serve(world->connections[place], err));
}

/* What came from real hosts, or did not come in time. */
static int serve_live(struct vb_world *world, struct vb_error *err)
{
    int status = 1;
    for (int n = 0; status > 0 && n < AT_ONCE; n++) {
        struct vb_connection *connection = NULL;
        status = vb_live_next(world, &connection, err);
        if (connection == NULL)
            continue;
        const uint32_t place = connection->place;
        if (status > 0)
            status = vb_connection_resume(connection, err);
        status = spare_others(world, place, status);
        status = status < 0 ? status : 1;
    }
    return status < 0 ? status : VB_OK;
}

static int serve(struct vb_world *world, uint32_t which, struct vb_error *err)
{
    if (which == COURIER)
        return VB_OK; /* each step looks */
    if (which < VB_WORLD_CONNECTIONS)
        return serve_connection(world, which, err);
    const int socket = world->sockets[which - LISTENER];
    return is_stream(socket) ? accept_all(world, socket, err) : receive_all(world, socket, err);
}

static int tick(struct vb_world *world, struct vb_error *err)
{
    const uint64_t now = vb_monotonic_ns();
    int status = VB_OK;
    for (uint32_t i = 0; status == VB_OK && i < VB_WORLD_CONNECTIONS; i++) {
        if (world->connections[i] != NULL)
            status = spare_others(world, i, vb_connection_tick(world->connections[i], now, err));
    }
    return status;
}

bool vb_world_owes_a_word(const struct vb_world *world)
{
    if (world->live.first != NULL)
        return true;
    for (size_t i = 0; i < VB_WORLD_CONNECTIONS; i++) {
        const struct vb_connection *connection = world->connections[i];
        if (connection != NULL && connection->protocol == NULL && connection->plain.len == 0 &&
            (connection->tls == NULL || vb_world_awaits_us(connection)))
            return true;
    }
    return false;
}

int vb_world_step(struct vb_world *world, struct vb_error *err)
{
    struct epoll_event events[AT_ONCE];
    const int count = epoll_wait(world->epoll, events, AT_ONCE, 0);
    int status = VB_OK;
    for (int i = 0; status == VB_OK && i < count; i++)
        status = serve(world, events[i].data.u32, err);
    if (status == VB_OK)
        status = serve_live(world, err);
    return status < 0 ? status : tick(world, err);
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

/* What the client had sent when it ended. */
static int drain(struct vb_world *world, uint32_t place, struct vb_error *err)
{
    int status = VB_OK;
    for (int n = 0; status == VB_OK && n < LAST_READS; n++) {
        struct vb_connection *connection = world->connections[place];
        if (connection == NULL || connection->input_ended || !vb_connection_holds(connection))
            break;
        status = serve_connection(world, place, err);
    }
    struct vb_connection *connection = world->connections[place];
    return status < 0 || connection == NULL
               ? status
               : spare_others(world, place, vb_connection_finish(connection, err));
}

static int tell_gaps(struct vb_world *world, struct vb_error *err)
{
    enum { FEW_UNFINISHED = 8 };
    const struct {
        uint64_t count;
        const char *what, *reason;
    } gaps[] = {
        {world->unsaid, "connections", "too many to list"},
        {world->unread, "connections", "too many at once to read"},
        {world->starved, "connections", "wanted more memory than the world has"},
        {world->abandoned, "connections", "broken off for what they sent: the rest was not read"},
        {world->refused, "connections",
         "TLS with a certificate that the client did not take: what it would have sent is not "
         "known"},
        /* A program that ends leaves one behind now and then. */
        {world->unfinished > FEW_UNFINISHED ? world->unfinished : 0, "connections",
         "TLS that the client left before it began"},
        {world->nameless, "names", "more than the world has addresses for"},
        {world->unsearched, "messages", "unpack to more than is searched for secrets"},
        {vb_bait_trail_refused(world->trail), "messages",
         "more in one run than is unpacked to search it for secrets"},
        {world->not_kept, "bodies of requests", "too large or too many to keep"},
        {world->live.failed, "requests to real hosts", "no answer came from there"},
        {vb_capture_missed(world->options.capture), "packets", "too many to keep"},
        {lost_datagrams(world) - world->lost_before, "datagrams",
         "more than the network of the box holds"},
    };
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(gaps); i++)
        status = vb_world_tell_gap(world, gaps[i].count, gaps[i].what, gaps[i].reason, err);
    return status;
}

int vb_world_end(struct vb_world *world, struct vb_error *err)
{
    int status = VB_OK;
    /* The sockets are the next run's too: nothing of this one may be left in them. */
    for (int round = 0; round < 2; round++) { /* what had no place may have one now */
        for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(world->sockets); i++)
            status = empty(world, i, err);
        for (uint32_t i = 0; status == VB_OK && i < VB_WORLD_CONNECTIONS; i++)
            status = drain(world, i, err);
    }
    return status < 0 ? status : tell_gaps(world, err);
}
