/* served: see served.h. Trust boundary: the subject chose the ports and answers as it likes; what
 * it answers is counted, and read to a limit. */
#include "sandbox/box/served.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    QUIET_MS = 400, /* after it began to listen: it may not accept at once */
    REQUEST_MS = 1500,
    ANSWER_MAX = 256 << 10,
    REQUEST_BYTES = 1024,
    SETTLE_MS = 300,   /* for what a request sets going */
    LOOKS = 150,       /* as many moves, each of ten minutes at least: a day */
    LOOKS_ALONE = 3000 /* of any length */
};

#define HELLO                                                                            \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"               \
    "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"" \
    "claude-code\",\"version\":\"2.1.4\"}}}"

static const struct {
    const char *line, *more, *body;
} requests[] = {
    {"GET / HTTP/1.1", "User-Agent: curl/8.5.0\r\nAccept: */*\r\n", ""},
    {"POST /mcp HTTP/1.1",
     "User-Agent: node\r\nContent-Type: application/json\r\n"
     "Accept: application/json, text/event-stream\r\n",
     HELLO},
};

void vb_served_init(struct vb_served *served)
{
    *served = (struct vb_served){.fd = -1};
}

void vb_served_done(struct vb_served *served)
{
    vb_close_fd(&served->fd);
}

/* --- places --- */

static unsigned port_of(const union vb_net_address *at)
{
    return ntohs(at->any.sa_family == AF_INET    ? at->in.sin_port
                 : at->any.sa_family == AF_INET6 ? at->in6.sin6_port
                                                 : 0);
}

unsigned vb_served_port(const struct vb_served *served, size_t place)
{
    return place < served->count ? port_of(&served->at[place]) : 0;
}

void vb_served_note(struct vb_served *served, const struct sockaddr *address)
{
    union vb_net_address at = {0};
    if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
        return;
    memcpy(&at, address, address->sa_family == AF_INET ? sizeof(at.in) : sizeof(at.in6));
    /* Wherever it listens, it is at home there. */
    if (at.any.sa_family == AF_INET && at.in.sin_addr.s_addr == INADDR_ANY)
        at.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (at.any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&at.in6.sin6_addr))
        at.in6.sin6_addr = in6addr_loopback;
    for (size_t i = 0; i < served->count; i++) {
        if (port_of(&served->at[i]) == port_of(&at))
            return;
    }
    if (port_of(&at) == 0 || served->count == VB_SERVED_MAX)
        return;
    served->at[served->count++] = at;
    served->listened_ns = vb_monotonic_ns();
}

int vb_served_connect(const struct vb_served *served, size_t place)
{
    if (place >= served->count)
        return -1;
    const union vb_net_address *at = &served->at[place];
    const socklen_t len = at->any.sa_family == AF_INET ? sizeof(at->in) : sizeof(at->in6);
    VB_CLEANUP_FD int fd = socket(at->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || (connect(fd, &at->any, len) < 0 && errno != EINPROGRESS))
        return -1;
    return vb_steal_fd(&fd);
}

/* --- one request --- */

static int tell(const struct vb_served *served, uint32_t detonation, struct vb_sink *sink,
                struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_DETONATION_PROBE, VB_SOURCE_TOOL);
    event.detonation = detonation;
    vb_event_int(&event, VB_F_PORT, vb_served_port(served, served->place));
    vb_event_str(&event, VB_F_TEXT, requests[served->request].line);
    vb_event_int(&event, VB_F_SIZE, (int64_t)served->got);
    return vb_emit(sink, &event, err);
}

static int end_request(struct vb_served *served, uint32_t detonation, struct vb_sink *sink,
                       struct vb_error *err)
{
    const int status = tell(served, detonation, sink, err);
    vb_close_fd(&served->fd);
    served->request = (served->request + 1) % VB_ARRAY_LEN(requests);
    served->place += served->request == 0;
    return status;
}

/* False: it takes no more. */
static bool send_some(struct vb_served *served)
{
    char text[REQUEST_BYTES];
    const char *body = requests[served->request].body;
    char length[48] = "";
    if (body[0] != '\0')
        (void)snprintf(length, sizeof(length), "Content-Length: %zu\r\n", strlen(body));
    const int len =
        snprintf(text, sizeof(text), "%s\r\nHost: 127.0.0.1:%u\r\n%s%sConnection: close\r\n\r\n%s",
                 requests[served->request].line, vb_served_port(served, served->place),
                 requests[served->request].more, length, body);
    while (served->sent < (size_t)len) {
        const ssize_t some = send(served->fd, text + served->sent, (size_t)len - served->sent,
                                  MSG_NOSIGNAL | MSG_DONTWAIT);
        if (some < 0)
            return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
        served->sent += (size_t)some;
    }
    return true;
}

/* False: nothing more will come, or nobody wants it. */
static bool read_some(struct vb_served *served)
{
    char chunk[16384];
    while (served->got < ANSWER_MAX) {
        const ssize_t some = recv(served->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
        if (some < 0)
            return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
        if (some == 0)
            return false;
        served->got += (size_t)some;
    }
    return false;
}

int vb_served_step(struct vb_served *served, uint32_t detonation, struct vb_sink *sink,
                   struct vb_error *err)
{
    const uint64_t now = vb_monotonic_ns();
    served->over &= served->place >= served->count;
    if (served->over || now - served->listened_ns < QUIET_MS * UINT64_C(1000000))
        return VB_OK;
    if (served->left_alone)
        served->place = served->count;
    if (served->place >= served->count) {
        served->over = true;
        served->over_ns = 0;
        return VB_OK;
    }
    if (served->fd < 0) {
        served->fd = vb_served_connect(served, served->place);
        served->sent = served->got = 0;
        served->until_ns = now + REQUEST_MS * UINT64_C(1000000);
        return served->fd < 0 ? end_request(served, detonation, sink, err) : VB_OK;
    }
    if (send_some(served) && read_some(served) && now < served->until_ns)
        return VB_OK;
    return end_request(served, detonation, sink, err);
}

bool vb_served_had_its_turn(struct vb_served *served, bool idle, unsigned moves)
{
    const uint64_t now = vb_monotonic_ns();
    if (!served->over)
        return false;
    if (served->over_ns == 0) {
        served->over_ns = now;
        served->moves = moves;
    }
    return now - served->over_ns >= SETTLE_MS * UINT64_C(1000000) &&
           (idle || moves - served->moves >= (served->left_alone ? LOOKS_ALONE : LOOKS));
}

int vb_served_end(struct vb_served *served, uint32_t detonation, struct vb_sink *sink,
                  struct vb_error *err)
{
    return served->fd < 0 ? VB_OK : end_request(served, detonation, sink, err);
}
