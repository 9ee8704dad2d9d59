/* Sockets, addresses and what is sent. Trust boundary: see call.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "sandbox/recorder/call.h"
#include "sandbox/world/dns.h"

/* One sendmmsg may name a thousand messages of a thousand pieces, which would keep us from all
 * other work; nobody sends so much at once. */
enum {
    DNS_PORT = 53,
    IOV_BATCH = 64,
    MESSAGES_MAX = 1024,
    PIECES_MAX = 4 * MESSAGES_MAX,
    BYTES_MAX = 64 * VB_SENT_MAX
};

static const struct {
    int family;
    const char *name;
} families[] = {
    {AF_UNSPEC, "unspec"}, {AF_UNIX, "unix"},       {AF_INET, "inet"},
    {AF_INET6, "inet6"},   {AF_NETLINK, "netlink"}, {AF_PACKET, "packet"},
    {AF_VSOCK, "vsock"},   {AF_ALG, "alg"},         {AF_BLUETOOTH, "bluetooth"},
    {AF_CAN, "can"},       {AF_KEY, "key"},         {AF_TIPC, "tipc"},
    {AF_XDP, "xdp"},       {AF_RDS, "rds"},         {AF_QIPCRTR, "qipcrtr"},
    {AF_NFC, "nfc"},
};

static const char *family_name(int family, char *room, size_t size)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(families); i++)
        if (families[i].family == family)
            return families[i].name;
    snprintf(room, size, "%d", family);
    return room;
}

/* --- socket --- */

static const char *protocol_name(int family, int type, int protocol, char *room, size_t size)
{
    bool internet = family == AF_INET || family == AF_INET6;
    if (internet && type == SOCK_RAW)
        return "raw";
    if (internet && type == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP))
        return "tcp";
    if (internet && type == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP))
        return "udp";
    if (internet && (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6))
        return "icmp";
    snprintf(room, size, "%d", protocol);
    return room;
}

/* What else an ordinary family has (SCTP, DCCP, SMC, …) is the kernel's least tried code, and some
 * of it loads by itself. Raw sockets are the kernel's to refuse; Go tries MPTCP by itself. */
static bool protocol_is_ordinary(int protocol)
{
    static const int ordinary[] = {IPPROTO_IP,   IPPROTO_TCP,    IPPROTO_UDP,
                                   IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_MPTCP};
    for (size_t i = 0; i < VB_ARRAY_LEN(ordinary); i++)
        if (ordinary[i] == protocol)
            return true;
    return false;
}

static bool is_ordinary(int family, int type, int protocol)
{
    if (family != AF_INET && family != AF_INET6)
        return family == AF_UNIX;
    return type == SOCK_RAW ||
           ((type == SOCK_STREAM || type == SOCK_DGRAM) && protocol_is_ordinary(protocol));
}

int vb_decode_socket(struct vb_call *call, struct vb_error *err)
{
    int family = (int)call->notif->data.args[0];
    int type = (int)call->notif->data.args[1] & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
    int protocol = (int)call->notif->data.args[2];
    char family_room[16], protocol_room[16], detail[48];
    const char *name = family_name(family, family_room, sizeof(family_room));
    if (!is_ordinary(family, type, protocol)) {
        const bool internet = family == AF_INET || family == AF_INET6;
        snprintf(detail, sizeof(detail), "family %s, protocol %d", name, protocol);
        return vb_call_deny(call, internet ? EPROTONOSUPPORT : EAFNOSUPPORT, detail, err);
    }
    if (type == SOCK_STREAM && family != AF_UNIX)
        call->recorder->rests.any_streams = true;
    struct vb_event event;
    vb_call_event(call, &event, VB_EV_NET_SOCKET);
    vb_event_str(&event, VB_F_FAMILY, name);
    vb_event_str(&event, VB_F_PROTOCOL,
                 protocol_name(family, type, protocol, protocol_room, sizeof(protocol_room)));
    return vb_call_emit(call, &event, err);
}

/* --- addresses --- */

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
        struct sockaddr_nl nl;
        struct sockaddr_storage storage;
    } raw;
    size_t len;
    const char *family;
    char family_room[16];
    char text[2 * sizeof(struct sockaddr_un)];
    int port; /* -1: none */
};

/* A path, or a name in the abstract namespace with @ in front. */
static void describe_unix(struct address *a)
{
    size_t offset = offsetof(struct sockaddr_un, sun_path);
    const char *path = a->raw.un.sun_path;
    size_t len = a->len > offset ? a->len - offset : 0;
    if (len > sizeof(a->raw.un.sun_path))
        len = sizeof(a->raw.un.sun_path);
    if (len && !path[0])
        snprintf(a->text, sizeof(a->text), "@%.*s", (int)len - 1, path + 1);
    else
        snprintf(a->text, sizeof(a->text), "%.*s", (int)len, path);
}

static void describe(struct address *a)
{
    int family = a->len >= sizeof(sa_family_t) ? a->raw.any.sa_family : AF_UNSPEC;
    a->family = family_name(family, a->family_room, sizeof(a->family_room));
    a->port = -1;
    a->text[0] = '\0';
    if (family == AF_INET && a->len >= sizeof(a->raw.in)) {
        inet_ntop(AF_INET, &a->raw.in.sin_addr, a->text, sizeof(a->text));
        a->port = ntohs(a->raw.in.sin_port);
    } else if (family == AF_INET6 && a->len >= offsetof(struct sockaddr_in6, sin6_scope_id)) {
        inet_ntop(AF_INET6, &a->raw.in6.sin6_addr, a->text, sizeof(a->text));
        a->port = ntohs(a->raw.in6.sin6_port);
    } else if (family == AF_UNIX) {
        describe_unix(a);
    } else if (family == AF_NETLINK && a->len >= sizeof(a->raw.nl)) {
        snprintf(a->text, sizeof(a->text), "%u", a->raw.nl.nl_pid);
    }
}

/* Reads a socket address of the subject. A length beyond the kernel's own limit is cut: the kernel
 * refuses it anyway. Returns 0 or a negative errno. */
static int read_address(struct vb_call *call, uint64_t pointer, uint64_t len, struct address *ret)
{
    memset(&ret->raw, 0, sizeof(ret->raw));
    ret->len = (unsigned)len < sizeof(ret->raw) ? (unsigned)len : sizeof(ret->raw);
    int status = vb_memory_read(&call->recorder->memory, pointer, &ret->raw, ret->len);
    if (!status)
        describe(ret);
    return status;
}

static void put_address(struct vb_event *event, const struct address *a)
{
    vb_event_str(event, VB_F_FAMILY, a->family);
    vb_event_str(event, VB_F_ADDRESS, a->text);
    if (a->port >= 0)
        vb_event_int(event, VB_F_PORT, a->port);
}

/* A copy of a socket of the subject's, or -1. */
static int copy_socket(const struct vb_call *call, int fd)
{
    VB_CLEANUP_FD int pidfd = vb_thread_fd(call->process);
    return pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}

/* --- somebody must listen where the kernel catches nothing --- */

/* Before the kernel goes on with a call that sends to TO. */
static int reach(struct vb_call *call, const struct address *to, struct vb_error *err)
{
    const struct vb_recorder_options *options = &call->recorder->options;
    if (!options->reach || call->gone || to->port < 0)
        return VB_OK;
    VB_CLEANUP_FD int copy = copy_socket(call, (int)call->notif->data.args[0]);
    int type = -1;
    socklen_t len = sizeof(type);
    if (copy < 0 || getsockopt(copy, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
        return VB_OK; /* it sends nothing then, or what its process cannot be asked for */
    return options->reach(options->ctx, type, &to->raw.any, &call->error, err);
}

/* Before the kernel goes on with a call that takes the port of AT. */
static int yield(struct vb_call *call, const struct address *at, struct vb_error *err)
{
    const struct vb_recorder_options *options = &call->recorder->options;
    return options->yield && at->port > 0 ? options->yield(options->ctx, (unsigned)at->port, err)
                                          : VB_OK;
}

/* --- connect, bind, listen and accept --- */

int vb_decode_address(struct vb_call *call, struct vb_error *err)
{
    struct address a;
    int status = read_address(call, call->notif->data.args[1], call->notif->data.args[2], &a);
    if (status)
        return vb_call_opaque(call, -status, "the socket address", err);
    struct vb_event event;
    vb_call_event(call, &event, call->row->kind);
    put_address(&event, &a);
    status = vb_call_emit(call, &event, err);
    if (status)
        return status;
    return call->row->kind == VB_EV_NET_BIND ? yield(call, &a, err) : reach(call, &a, err);
}

/* Asks a socket of the subject for its own name or its peer's. */
static bool ask_socket(const struct vb_call *call, int fd, bool peer, struct address *ret)
{
    VB_CLEANUP_FD int copy = copy_socket(call, fd);
    if (copy < 0)
        return false;
    socklen_t len = sizeof(ret->raw);
    memset(&ret->raw, 0, sizeof(ret->raw));
    int result =
        peer ? getpeername(copy, &ret->raw.any, &len) : getsockname(copy, &ret->raw.any, &len);
    if (result < 0)
        return false;
    ret->len = len < sizeof(ret->raw) ? len : sizeof(ret->raw);
    describe(ret);
    return true;
}

int vb_decode_listen(struct vb_call *call, struct vb_error *err)
{
    struct address a = {.family = "unspec", .port = -1};
    (void)ask_socket(call, (int)call->notif->data.args[0], false, &a);
    struct vb_event event;
    vb_call_event(call, &event, call->row->kind);
    put_address(&event, &a);
    const int status = vb_call_emit(call, &event, err);
    if (status || call->row->kind != VB_EV_NET_BIND)
        return status;
    const struct vb_recorder_options *options = &call->recorder->options;
    if (options->serves)
        options->serves(options->ctx, &a.raw.any);
    return yield(call, &a, err);
}

/* --- sending --- */

/* What one message carries; DATA is the recorder's. */
struct message {
    struct address to;
    bool addressed;
    bool connected; /* the address is its peer's */
    size_t total;   /* bytes that the subject says it sends */
    size_t kept;    /* bytes of them in the recorder's room */
};

static int emit_name(struct vb_call *call, const struct message *m, struct vb_error *err)
{
    struct vb_dns_question question;
    if (!m->addressed || m->to.port != DNS_PORT ||
        !vb_dns_question(call->recorder->sent, m->kept, &question))
        return VB_OK;
    struct vb_event event;
    vb_call_event(call, &event, VB_EV_NET_NAME);
    vb_event_str(&event, VB_F_NAME, question.name);
    vb_event_str(&event, VB_F_PROTOCOL, "dns");
    vb_event_str(&event, VB_F_WHAT, question.type);
    return vb_call_emit(call, &event, err);
}

static bool stays_inside(const struct address *to)
{
    return to->raw.any.sa_family == AF_UNIX || to->raw.any.sa_family == AF_NETLINK;
}

static int emit_message(struct vb_call *call, const struct message *m, struct vb_error *err)
{
    const struct vb_recorder *recorder = call->recorder;
    size_t shown = m->kept < VB_SENT_TEXT ? m->kept : VB_SENT_TEXT;
    struct vb_event event;
    vb_call_event(call, &event, VB_EV_NET_SEND);
    vb_event_int(&event, VB_F_SIZE, m->total > INT64_MAX ? INT64_MAX : (int64_t)m->total);
    if (m->addressed)
        put_address(&event, &m->to);
    vb_event_strn(&event, VB_F_TEXT, (const char *)recorder->sent, shown);
    if (m->total > shown)
        vb_event_bool(&event, VB_F_TRUNCATED, true);
    int status = vb_call_emit(call, &event, err);
    if (!status && m->addressed && !m->connected)
        status = reach(call, &m->to, err);
    if (!status)
        status = emit_name(call, m, err);
    /* What goes from one process of the box to another has not left it. */
    if (status || (m->addressed && stays_inside(&m->to)))
        return status;
    return vb_call_search(call, recorder->sent, m->kept, "sent", NULL, err);
}

/* Appends one piece of the payload. Returns 0 or a negative errno. */
static int gather(struct vb_call *call, struct message *m, uint64_t pointer, uint64_t len)
{
    struct vb_recorder *recorder = call->recorder;
    if (__builtin_add_overflow(m->total, (size_t)len, &m->total))
        return -EINVAL;
    size_t room = sizeof(recorder->sent) - m->kept;
    size_t part = len < room ? (size_t)len : room;
    call->bytes += part;
    if (call->pieces++ == PIECES_MAX || call->bytes > BYTES_MAX)
        return -EMSGSIZE;
    int status = vb_memory_read(&recorder->memory, pointer, recorder->sent + m->kept, part);
    if (!status)
        m->kept += part;
    return status;
}

/* A connected socket knows its peer; the subject's own address wins. */
static int find_receiver(struct vb_call *call, struct message *m, uint64_t pointer, uint64_t len)
{
    m->addressed = true;
    if (pointer && len)
        return read_address(call, pointer, len, &m->to);
    m->connected = true;
    m->addressed = ask_socket(call, (int)call->notif->data.args[0], true, &m->to);
    return 0;
}

int vb_decode_sendto(struct vb_call *call, struct vb_error *err)
{
    const __u64 *args = call->notif->data.args;
    struct message m = {.total = 0};
    int status = gather(call, &m, args[1], args[2]);
    if (!status)
        status = find_receiver(call, &m, args[4], args[5]);
    if (status)
        return vb_call_opaque(call, -status, "what is sent", err);
    return emit_message(call, &m, err);
}

static int gather_vector(struct vb_call *call, struct message *m, uint64_t vector, uint64_t count)
{
    if (count > MESSAGES_MAX) /* UIO_MAXIOV: the kernel refuses more */
        return -EMSGSIZE;
    struct iovec iov[IOV_BATCH];
    for (uint64_t done = 0; done < count;) {
        size_t batch = count - done < IOV_BATCH ? (size_t)(count - done) : IOV_BATCH;
        int status = vb_memory_read(&call->recorder->memory, vector + done * sizeof(*iov), iov,
                                    batch * sizeof(*iov));
        for (size_t i = 0; !status && i < batch; i++)
            status = gather(call, m, (uintptr_t)iov[i].iov_base, iov[i].iov_len);
        if (status)
            return status;
        done += batch;
    }
    return 0;
}

static int send_message(struct vb_call *call, uint64_t pointer, struct vb_error *err)
{
    struct msghdr header;
    struct message m = {.total = 0};
    int status = vb_memory_read(&call->recorder->memory, pointer, &header, sizeof(header));
    if (!status)
        status = gather_vector(call, &m, (uintptr_t)header.msg_iov, header.msg_iovlen);
    if (!status)
        status = find_receiver(call, &m, (uintptr_t)header.msg_name, header.msg_namelen);
    if (status)
        return vb_call_opaque(call, -status, "what is sent", err);
    return emit_message(call, &m, err);
}

int vb_decode_sendmsg(struct vb_call *call, struct vb_error *err)
{
    return send_message(call, call->notif->data.args[1], err);
}

int vb_decode_sendmmsg(struct vb_call *call, struct vb_error *err)
{
    uint64_t pointer = call->notif->data.args[1];
    unsigned count = (unsigned)call->notif->data.args[2];
    if (count > MESSAGES_MAX) /* as the kernel does */
        count = MESSAGES_MAX;
    for (unsigned i = 0; i < count; i++) {
        uint64_t at;
        if (__builtin_add_overflow(pointer, (uint64_t)i * sizeof(struct mmsghdr), &at))
            return vb_call_opaque(call, EFAULT, "what is sent", err);
        int status = send_message(call, at, err);
        if (status || call->error || call->gone)
            return status;
    }
    return VB_OK;
}
