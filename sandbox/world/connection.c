/* connection: one stream from the box, from its first byte to what is said of it. Under the
 * protocol lies TLS where the client's first bytes begin it, on whatever port. See internal.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "sandbox/world/internal.h"

enum {
    /* A client that has not shown its protocol by then is taken for silent. Who began TLS speaks
     * first in nearly all that it carries. */
    DECIDE_MS = 1000,
    DECIDE_TLS_MS = 5000,
    GREET_MS = 50,       /* where servers speak first */
    LONGEST_MS = 120000, /* a stream that only drips ends then */
    PLAIN_BYTES = 16384, /* before its protocol is known */
    LAST_READS = 64      /* of what a client sent behind the end */
};

static uint64_t ms(uint64_t milliseconds)
{
    return milliseconds * 1000000U;
}

/* --- sending --- */

static int watch(struct vb_connection *connection)
{
    const size_t waiting = connection->out.len - connection->sent;
    struct epoll_event event = {.data.u32 = connection->place};
    if (waiting > 0 || connection->more)
        event.events |= EPOLLOUT;
    if (!connection->input_ended && waiting < VB_WORLD_FULL)
        event.events |= EPOLLIN;
    if (event.events == connection->watched)
        return 0;
    connection->watched = event.events;
    return epoll_ctl(connection->world->epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

/* Sends what the client takes. */
static void flush(struct vb_connection *connection)
{
    struct vb_buf *out = &connection->out;
    while (connection->sent < out->len) {
        const ssize_t got = send(connection->fd, out->data + connection->sent,
                                 out->len - connection->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno != EAGAIN) {
            connection->sent = out->len;
            connection->deaf = true; /* nobody takes it any more; what was sent may still wait */
        }
        if (got < 0)
            break;
        vb_capture_bytes(connection->world->options.capture, &connection->flow, VB_SERVER,
                         out->data + connection->sent, (size_t)got);
        connection->sent += (size_t)got;
    }
    if (connection->sent == out->len) {
        vb_buf_clear(out);
        connection->sent = 0;
    }
}

void vb_connection_abandon(struct vb_connection *connection)
{
    connection->world->abandoned += !connection->closing;
    connection->abandoned = true;
    connection->closing = true;
}

int vb_connection_send(struct vb_connection *connection, const void *bytes, size_t len,
                       struct vb_error *err)
{
    if (connection->deaf)
        return VB_OK;
    if (connection->out.len + len + (len >> 8) + 1024 > VB_WORLD_OUT) {
        vb_connection_abandon(connection); /* it asks and never listens */
        return VB_OK;
    }
    return connection->tls == NULL
               ? vb_buf_append(&connection->out, bytes, len, err)
               : vb_tls_write(connection->tls, bytes, len, &connection->out, err);
}

int vb_connection_say(struct vb_connection *connection, const char *text, struct vb_error *err)
{
    return vb_connection_send(connection, text, strlen(text), err);
}

void vb_connection_restart(struct vb_connection *connection, const char *host)
{
    if (connection->protocol != NULL && connection->protocol->free != NULL)
        connection->protocol->free(connection);
    connection->protocol = NULL;
    connection->state = NULL;
    connection->decided = connection->tls != NULL;
    snprintf(connection->host, sizeof(connection->host), "%s", host);
}

int vb_connection_switch(struct vb_connection *connection, const struct vb_protocol *protocol,
                         struct vb_error *err)
{
    if (connection->protocol->free != NULL)
        connection->protocol->free(connection);
    connection->protocol = protocol;
    connection->state = NULL;
    return protocol->begin == NULL ? VB_OK : protocol->begin(connection, err);
}

/* --- receiving --- */

static void be_patient(struct vb_connection *connection)
{
    const unsigned undecided = vb_world_awaits_us(connection) ? GREET_MS
                               : connection->tls != NULL      ? DECIDE_TLS_MS
                                                              : DECIDE_MS;
    const unsigned idle = connection->protocol == NULL ? undecided : connection->protocol->idle_ms;
    connection->idle_until_ns = vb_monotonic_ns() + ms(idle);
}

/* Gives the protocol the plain bytes that have gathered. */
static int hand_over(struct vb_connection *connection, struct vb_error *err)
{
    const struct vb_buf *plain = &connection->plain;
    const int status = connection->protocol->framed
                           ? vb_world_search(connection->world, &connection->outbound, plain->data,
                                             plain->len, err)
                           : VB_OK;
    return status < 0 ? status
                      : connection->protocol->input(connection, plain->data, plain->len, err);
}

static int choose_protocol(struct vb_connection *connection, bool enough, struct vb_error *err)
{
    const struct vb_protocol *protocol = vb_world_sniff(connection, enough);
    if (protocol == NULL)
        return VB_OK;
    connection->protocol = protocol;
    be_patient(connection);
    int status = protocol->begin == NULL ? VB_OK : protocol->begin(connection, err);
    if (status == VB_OK && connection->plain.len > 0)
        status = hand_over(connection, err);
    vb_buf_clear(&connection->plain);
    return status;
}

/* Passes on the plain bytes that have gathered. */
static int pass_on(struct vb_connection *connection, struct vb_error *err)
{
    struct vb_buf *plain = &connection->plain;
    int status = VB_OK;
    if (plain->len == 0)
        return VB_OK;
    if (connection->protocol == NULL)
        return choose_protocol(connection, plain->len >= PLAIN_BYTES, err);
    be_patient(connection);
    status = hand_over(connection, err);
    vb_buf_clear(plain);
    return status;
}

static int tell_tls(struct vb_connection *connection, struct vb_error *err)
{
    const struct vb_tls *tls = connection->tls;
    const bool refused = !vb_tls_was_open(tls);
    struct vb_event event;
    connection->tls_told = true;
    connection->world->refused += refused && vb_tls_said_no(tls);
    connection->world->unfinished += refused && !vb_tls_said_no(tls);
    vb_world_event(connection->world, connection, VB_EV_WORLD_TLS, &event);
    vb_event_str(&event, VB_F_OUTCOME, refused ? "refused" : "accepted");
    vb_event_str(&event, VB_F_VERSION, vb_tls_version(tls));
    const char *server = vb_tls_name(tls);
    if (server[0] != '\0')
        vb_event_str(&event, VB_F_SERVER_NAME, server);
    if (vb_tls_alpn(tls)[0] != '\0')
        vb_event_str(&event, VB_F_PROTOCOL, vb_tls_alpn(tls));
    if (refused)
        vb_event_str(&event, VB_F_DETAIL, vb_tls_refusal(tls));
    const int status =
        vb_world_search(connection->world, &connection->outbound, server, strlen(server), err);
    return status < 0 ? status : vb_world_emit(connection->world, &event, err);
}

static int decipher(struct vb_connection *connection, const unsigned char *bytes, size_t len,
                    struct vb_error *err)
{
    int status =
        vb_tls_read(connection->tls, bytes, len, &connection->plain, &connection->out, err);
    const enum vb_tls_state state = vb_tls_state(connection->tls);
    if (status == VB_OK && state != VB_TLS_GREETING && !connection->tls_told)
        status = tell_tls(connection, err);
    if (state == VB_TLS_BROKEN)
        vb_connection_abandon(connection);
    if (state != VB_TLS_GREETING && state != VB_TLS_OPEN)
        connection->closing = true;
    return status;
}

/* A record of TLS that holds a ClientHello (RFC 8446, 5.1), as far as it has come. */
static bool begins_tls(const unsigned char *bytes, size_t len)
{
    return bytes[0] == 22 && (len < 2 || bytes[1] == 3) && (len < 3 || bytes[2] <= 4);
}

/* Whether the stream is TLS shows in its first three bytes, however many come at once. */
static int decide(struct vb_connection *connection, struct vb_error *err)
{
    enum { HEAD = 3 };
    struct vb_buf *plain = &connection->plain;
    VB_CLEANUP(vb_buf_done) struct vb_buf hello = {0};
    const bool tls = connection->world->tls != NULL && begins_tls(plain->data, plain->len);
    if (tls && plain->len < HEAD)
        return VB_OK;
    connection->decided = true;
    if (!tls)
        return VB_OK;
    vb_buf_init(&hello, plain->max);
    int status = vb_buf_append(&hello, plain->data, plain->len, err);
    vb_buf_clear(plain);
    if (status == VB_OK)
        status = vb_tls_new(connection->world->tls, connection->host, &connection->tls, err);
    return status < 0 ? status : decipher(connection, hello.data, hello.len, err);
}

static int take(struct vb_connection *connection, const unsigned char *bytes, size_t len,
                struct vb_error *err)
{
    if (connection->received < sizeof(connection->first)) {
        const size_t room = sizeof(connection->first) - (size_t)connection->received;
        memcpy(connection->first + connection->received, bytes, len < room ? len : room);
    }
    connection->received += len;
    int status = connection->tls != NULL ? decipher(connection, bytes, len, err)
                                         : vb_buf_append(&connection->plain, bytes, len, err);
    if (status == VB_OK && !connection->decided)
        status = decide(connection, err);
    if (connection->protocol == NULL)
        be_patient(connection);
    return status < 0 || !connection->decided ? status : pass_on(connection, err);
}

static int receive(struct vb_connection *connection, struct vb_error *err)
{
    struct vb_world *world = connection->world;
    const ssize_t got = recv(connection->fd, world->bytes, sizeof(world->bytes), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return VB_OK;
    if (got > 0) {
        vb_capture_bytes(world->options.capture, &connection->flow, VB_CLIENT, world->bytes,
                         (size_t)got);
        return take(connection, world->bytes, (size_t)got, err);
    }
    if (got == 0)
        vb_capture_close(world->options.capture, &connection->flow, VB_CLIENT);
    else
        vb_capture_reset(world->options.capture, &connection->flow, VB_CLIENT);
    connection->broken = got < 0;
    connection->input_ended = true;
    connection->closing = true;
    return VB_OK;
}

/* --- its life --- */

bool vb_connection_holds(const struct vb_connection *connection)
{
    struct pollfd fd = {.fd = connection->fd, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

/* Its protocol has more to send, and there is room for it. */
static int refill(struct vb_connection *connection, struct vb_error *err)
{
    const struct vb_protocol *protocol = connection->protocol;
    const size_t before = connection->out.len;
    connection->more = false;
    if (protocol == NULL || protocol->refill == NULL || connection->abandoned ||
        before - connection->sent >= VB_WORLD_FULL)
        return VB_OK;
    const int status = protocol->refill(connection, err);
    connection->more = connection->out.len > before;
    if (connection->more)
        be_patient(connection);
    return status;
}

static bool owes(const struct vb_connection *connection)
{
    const struct vb_protocol *protocol = connection->protocol;
    return protocol != NULL && protocol->owes != NULL && !connection->abandoned &&
           !connection->broken && !connection->deaf && protocol->owes(connection);
}

/* Nobody is there any more; who has only nothing more to say still listens. */
static bool is_gone(const struct vb_connection *connection)
{
    struct pollfd fd = {.fd = connection->fd, .events = 0};
    return connection->input_ended && poll(&fd, 1, 0) > 0;
}

int vb_connection_serve(struct vb_connection *connection, struct vb_error *err)
{
    int status = connection->input_ended ? VB_OK : receive(connection, err);
    if (status < 0)
        return status;
    flush(connection);
    status = refill(connection, err);
    if (status < 0)
        return status;
    flush(connection);
    if (connection->closing && connection->out.len == 0 &&
        (!owes(connection) || is_gone(connection)))
        return vb_connection_finish(connection, err);
    return watch(connection) < 0 ? vb_fail(err, VB_E_OS, errno, "answering in the network of a box")
                                 : VB_OK;
}

int vb_connection_resume(struct vb_connection *connection, struct vb_error *err)
{
    be_patient(connection);
    const int status = refill(connection, err);
    return status < 0 ? status : vb_connection_serve(connection, err);
}

int vb_connection_tick(struct vb_connection *connection, uint64_t now_ns, struct vb_error *err)
{
    if (now_ns - connection->begin_ns > ms(LONGEST_MS)) {
        vb_connection_abandon(connection);
        return vb_connection_finish(connection, err);
    }
    if (now_ns < connection->idle_until_ns)
        return VB_OK;
    if (connection->protocol != NULL)
        return vb_connection_finish(connection, err);
    const int status = choose_protocol(connection, true, err);
    return status < 0 ? status : vb_connection_serve(connection, err);
}

void vb_connection_free(struct vb_connection *connection)
{
    if (connection == NULL)
        return;
    if (connection->protocol != NULL && connection->protocol->free != NULL)
        connection->protocol->free(connection);
    vb_bait_stream_free(connection->outbound.stream);
    vb_tls_free(connection->tls);
    vb_buf_done(&connection->plain);
    vb_buf_done(&connection->out);
    vb_close_fd(&connection->fd);
    connection->world->connections[connection->place] = NULL;
    free(connection);
}

/* What the client had sent when we had heard enough: whoever owns the other end could read it. */
static int hear_rest(struct vb_connection *connection, struct vb_error *err)
{
    struct vb_world *world = connection->world;
    struct vb_buf *plain = &connection->plain;
    const bool understood = connection->tls == NULL || vb_tls_state(connection->tls) == VB_TLS_OPEN;
    int status = VB_OK;
    for (int n = 0; status == VB_OK && understood && !connection->input_ended && n < LAST_READS;
         n++) {
        const ssize_t got = recv(connection->fd, world->bytes, sizeof(world->bytes), MSG_DONTWAIT);
        if (got <= 0)
            break;
        const size_t len = (size_t)got;
        vb_capture_bytes(world->options.capture, &connection->flow, VB_CLIENT, world->bytes, len);
        connection->received += len;
        vb_buf_clear(plain);
        status = connection->tls != NULL
                     ? vb_tls_read(connection->tls, world->bytes, len, plain, &connection->out, err)
                     : vb_buf_append(plain, world->bytes, len, err);
        if (status == VB_OK)
            status = vb_world_search(world, &connection->outbound, plain->data, plain->len, err);
    }
    return status;
}

/* Whatever was said and not yet understood is still searched. */
static int conclude(struct vb_connection *connection, struct vb_error *err)
{
    int status = VB_OK;
    if (connection->protocol == NULL)
        status = choose_protocol(connection, true, err);
    if (status == VB_OK)
        status = hear_rest(connection, err);
    if (status == VB_OK)
        status = vb_world_search_end(connection->world, &connection->outbound, err);
    if (status == VB_OK && connection->protocol != NULL && connection->protocol->end != NULL)
        status = connection->protocol->end(connection, err);
    if (status == VB_OK && connection->tls != NULL && !connection->tls_told)
        status = tell_tls(connection, err);
    if (status == VB_OK && connection->tls != NULL)
        status = vb_tls_close(connection->tls, &connection->out, err);
    flush(connection);
    if (!connection->broken)
        vb_capture_close(connection->world->options.capture, &connection->flow, VB_SERVER);
    return status;
}

int vb_connection_finish(struct vb_connection *connection, struct vb_error *err)
{
    int status = conclude(connection, err);
    const struct vb_came came = {
        .protocol = "tcp",
        .to = &connection->to,
        .bytes = connection->first,
        .shown = connection->received < sizeof(connection->first) ? (size_t)connection->received
                                                                  : sizeof(connection->first),
        .size = connection->received,
        .connection = connection,
    };
    if (status == VB_OK)
        status = vb_world_tell_came(connection->world, &came, err);
    vb_connection_free(connection);
    return status;
}

void vb_connection_name(struct vb_connection *connection)
{
    const union vb_world_address *to = &connection->to;
    const bool v4 = to->any.sa_family == AF_INET;
    const void *bytes = v4 ? (const void *)&to->in.sin_addr : (const void *)&to->in6.sin6_addr;
    const char *name = vb_host_names_find(connection->world->names, to->any.sa_family, bytes);
    (void)inet_ntop(to->any.sa_family, bytes, connection->address, sizeof(connection->address));
    snprintf(connection->host, sizeof(connection->host), "%s",
             name != NULL ? name : connection->address);
    snprintf(connection->name, sizeof(connection->name), "%s", name != NULL ? name : "");
}

int vb_connection_open(struct vb_world *world, int fd, const union vb_world_address *from,
                       const union vb_world_address *to, struct vb_error *err)
{
    uint32_t place = 0;
    while (place < VB_WORLD_CONNECTIONS && world->connections[place] != NULL)
        place++;
    struct vb_connection *connection =
        place == VB_WORLD_CONNECTIONS ? NULL : calloc(1, sizeof(*connection));
    if (connection == NULL) {
        const struct vb_came came = {.protocol = "tcp", .to = to};
        struct vb_flow flow = {.ends = {from, to}};
        vb_capture_open(world->options.capture, &flow);
        vb_capture_reset(world->options.capture, &flow, VB_SERVER);
        world->unread++;
        close(fd);
        return vb_world_tell_came(world, &came, err);
    }
    connection->world = world;
    connection->fd = fd;
    connection->place = place;
    connection->number = ++world->numbers;
    connection->from = *from;
    connection->to = *to;
    connection->flow.ends[VB_CLIENT] = &connection->from;
    connection->flow.ends[VB_SERVER] = &connection->to;
    vb_capture_open(world->options.capture, &connection->flow);
    connection->begin_ns = vb_monotonic_ns();
    connection->outbound.connection = connection;
    vb_buf_init(&connection->plain, 4 * sizeof(world->bytes));
    vb_buf_init(&connection->out, VB_WORLD_OUT);
    vb_connection_name(connection);
    be_patient(connection);
    world->connections[place] = connection;
    connection->watched = EPOLLIN;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = place};
    if (epoll_ctl(world->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
        vb_connection_free(connection);
        return vb_fail(err, VB_E_OS, errno, "answering in the network of a box");
    }
    return VB_OK;
}
