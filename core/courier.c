/* courier: the list of hosts, and messages between processes that do not trust each other: every
 * length is checked, on both sides. See courier.h. */
#include "vetbox/core/courier.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "vetbox/core/text.h"

enum { ROOM_MS = 1000, LABEL_MAX = 63, NAME_MAX_BYTES = 253 };

/* --- hosts --- */

static bool is_label(const char *text, size_t len)
{
    if (len == 0 || len > LABEL_MAX || text[0] == '-' || text[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++) {
        const char c = vb_ascii_lower(text[i]);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
            return false;
    }
    return true;
}

/* A name of the public DNS: two labels or more, the last of which begins with a letter, so that it
 * is no address in whatever notation (RFC 3696, 2). */
static bool is_name(const char *text)
{
    const char *last = strrchr(text, '.');
    const char first = last == NULL ? '\0' : vb_ascii_lower(last[1]);
    if (strlen(text) > NAME_MAX_BYTES || first < 'a' || first > 'z')
        return false;
    for (;;) {
        const size_t len = strcspn(text, ".");
        if (!is_label(text, len))
            return false;
        if (text[len] == '\0')
            return true;
        text += len + 1;
    }
}

/* Names that lead home whatever a resolver says (RFC 6761, 6762, 8375, and what people use). */
static bool is_local_name(const char *name)
{
    static const char *const ends[] = {".localhost", ".local",        ".localdomain", ".internal",
                                       ".home.arpa", ".in-addr.arpa", ".ip6.arpa",    ".lan"};
    const size_t len = strlen(name);
    for (size_t i = 0; i < VB_ARRAY_LEN(ends); i++) {
        const size_t end = strlen(ends[i]);
        if (len > end && strcmp(name + len - end, ends[i]) == 0)
            return true;
    }
    return false;
}

/* Writes the one text that stands for the address TEXT; NULL: it is none. */
static const char *take_address(const char *text, char ret[INET6_ADDRSTRLEN],
                                const char **ret_refusal)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    char bare[INET6_ADDRSTRLEN + 2];
    const size_t len = strlen(text);
    const bool bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';
    snprintf(bare, sizeof(bare), "%.*s", (int)(bracketed ? len - 2 : len),
             bracketed ? text + 1 : text);
    if (!bracketed && inet_pton(AF_INET, bare, &in.sin_addr) == 1) {
        *ret_refusal = vb_address_refusal((const struct sockaddr *)(const void *)&in);
        return inet_ntop(AF_INET, &in.sin_addr, ret, INET6_ADDRSTRLEN);
    }
    if (inet_pton(AF_INET6, bare, &in6.sin6_addr) == 1) {
        *ret_refusal = vb_address_refusal((const struct sockaddr *)(const void *)&in6);
        return inet_ntop(AF_INET6, &in6.sin6_addr, ret, INET6_ADDRSTRLEN);
    }
    return NULL;
}

/* Whatever resolvers read as an address of IPv4: 127.1, 0x7f000001, 2130706433. */
static const char *odd_refusal(const char *name)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    return inet_aton(name, &in.sin_addr) == 0
               ? NULL
               : vb_address_refusal((const struct sockaddr *)(const void *)&in);
}

const char *vb_host_refusal(const char *host)
{
    char name[VB_COURIER_HOST_BYTES], address[INET6_ADDRSTRLEN];
    const char *refusal = NULL;
    size_t len = strlen(host);
    len -= len > 0 && host[len - 1] == '.';
    if (len == 0 || len >= sizeof(name))
        return "no host";
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)host[i] <= 0x20 || (unsigned char)host[i] >= 0x7f)
            return "no host"; /* there are other dots and digits than those of ASCII */
        name[i] = vb_ascii_lower(host[i]);
    }
    name[len] = '\0';
    char *zone = strchr(name, '%');
    if (zone != NULL)
        snprintf(zone, 2, "%s", name[0] == '[' ? "]" : "");
    if (take_address(name, address, &refusal) != NULL)
        return refusal;
    refusal = odd_refusal(name);
    if (refusal != NULL)
        return refusal;
    return strchr(name, '.') == NULL || is_local_name(name) ? "of the local network" : NULL;
}

static int take_host(struct vb_courier_hosts *hosts, const char *text, struct vb_error *err)
{
    char address[INET6_ADDRSTRLEN];
    const char *refusal = NULL;
    char *name = hosts->names[hosts->count];
    if (take_address(text, address, &refusal) != NULL) {
        if (refusal != NULL)
            return vb_fail(err, VB_E_USAGE, 0, "the address %s is %s and never reached", address,
                           refusal);
        snprintf(name, VB_COURIER_HOST_BYTES, "%s", address);
    } else {
        for (size_t i = 0; i <= strlen(text); i++)
            name[i] = vb_ascii_lower(text[i]);
        if (!is_name(name))
            return vb_fail(err, VB_E_USAGE, 0,
                           "\"%s\" is no host: a name such as api.example.com or a public address "
                           "is needed",
                           text);
        if (is_local_name(name))
            return vb_fail(err, VB_E_USAGE, 0,
                           "%s is a name of the local network and never reached", name);
    }
    for (size_t i = 0; i < hosts->count; i++) {
        if (strcmp(hosts->names[i], name) == 0)
            return VB_OK;
    }
    hosts->count++;
    return VB_OK;
}

int vb_courier_hosts_parse(const char *list, struct vb_courier_hosts *ret, struct vb_error *err)
{
    struct vb_courier_hosts hosts = {.count = 0};
    for (;;) {
        char text[VB_COURIER_HOST_BYTES];
        const size_t len = strcspn(list, ",");
        if (len >= sizeof(text) || hosts.count == VB_COURIER_HOSTS_MAX)
            return vb_fail(err, VB_E_USAGE, 0,
                           "at most %d hosts, each of a usual length, are needed",
                           VB_COURIER_HOSTS_MAX);
        snprintf(text, sizeof(text), "%.*s", (int)len, list);
        const int status = take_host(&hosts, text, err);
        if (status < 0)
            return status;
        if (list[len] == '\0')
            break;
        list += len + 1;
    }
    *ret = hosts;
    return VB_OK;
}

int vb_courier_hosts_find(const struct vb_courier_hosts *hosts, const char *host)
{
    char address[INET6_ADDRSTRLEN];
    const char *refusal;
    const char *text = take_address(host, address, &refusal) != NULL ? address : host;
    for (size_t i = 0; i < hosts->count; i++) {
        if (vb_ascii_equal(text, hosts->names[i]))
            return (int)i;
    }
    return -1;
}

/* --- headers --- */

bool vb_courier_token_fits(const char *text)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    const char *at = text;
    for (; *at != '\0'; at++) {
        const char c = vb_ascii_lower(*at);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && strchr(marks, c) == NULL)
            return false;
    }
    return at > text && at - text < VB_COURIER_NAME_BYTES;
}

bool vb_courier_header_fits(const char *name, const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        if (((unsigned char)*at < 0x20 && *at != '\t') || *at == 0x7f)
            return false;
    }
    return vb_courier_token_fits(name);
}

/* NAME stands in LIST, words with commas and spaces between them. */
static bool is_listed(const char *list, const char *name)
{
    static const char between[] = ", \t";
    for (list += strspn(list, between); *list != '\0'; list += strspn(list, between)) {
        char word[VB_COURIER_NAME_BYTES];
        const size_t len = strcspn(list, between);
        snprintf(word, sizeof(word), "%.*s", (int)(len < sizeof(word) ? len : 0), list);
        if (vb_ascii_equal(word, name))
            return true;
        list += len;
    }
    return false;
}

bool vb_courier_header_stays(const char *name, const char *connection)
{
    static const char *const own[] = {"connection",
                                      "keep-alive",
                                      "proxy-connection",
                                      "proxy-authenticate",
                                      "proxy-authorization",
                                      "te",
                                      "trailer",
                                      "transfer-encoding",
                                      "upgrade",
                                      "http2-settings",
                                      "expect",
                                      "host",
                                      "content-length",
                                      "alt-svc",
                                      "date"};
    for (size_t i = 0; i < VB_ARRAY_LEN(own); i++) {
        if (vb_ascii_equal(name, own[i]))
            return true;
    }
    return connection != NULL && is_listed(connection, name);
}

/* --- messages --- */

/* What stands before the strings, each with its NUL. */
struct wire {
    uint32_t word, number, flags;
    uint16_t port, status;
    uint64_t body, stated;
    uint32_t count, bytes;
};

union control {
    char bytes[CMSG_SPACE(4 * sizeof(int))];
    struct cmsghdr aligned;
};

static int pack(const struct vb_courier_message *message, struct vb_buf *ret, struct vb_error *err)
{
    size_t bytes = 0;
    for (size_t i = 0; i < message->count; i++)
        bytes += strlen(message->strings[i]) + 1;
    if (message->count > VB_COURIER_STRINGS_MAX || bytes > VB_COURIER_MESSAGE_BYTES)
        return vb_fail(err, VB_E_LIMIT, 0, "its head is too large");
    const struct wire wire = {.word = message->word,
                              .number = message->number,
                              .flags = message->flags,
                              .port = message->port,
                              .status = message->status,
                              .body = message->body,
                              .stated = message->stated,
                              .count = (uint32_t)message->count,
                              .bytes = (uint32_t)bytes};
    int status = vb_buf_append(ret, &wire, sizeof(wire), err);
    for (size_t i = 0; status == VB_OK && i < message->count; i++)
        status = vb_buf_append(ret, message->strings[i], strlen(message->strings[i]) + 1, err);
    return status;
}

static int transmit(int socket, struct msghdr *message)
{
    for (;;) {
        struct pollfd room = {.fd = socket, .events = POLLOUT};
        if (sendmsg(socket, message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            return 0;
        if (errno == EAGAIN && poll(&room, 1, ROOM_MS) <= 0)
            return -1;
        if (errno != EAGAIN && errno != EINTR)
            return -1;
    }
}

int vb_courier_send(int socket, const struct vb_courier_message *message, int body,
                    struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf bytes;
    union control control = {.bytes = {0}};
    vb_buf_init(&bytes, sizeof(struct wire) + VB_COURIER_MESSAGE_BYTES);
    const int status = pack(message, &bytes, err);
    if (status < 0)
        return status;
    struct iovec part = {.iov_base = bytes.data, .iov_len = bytes.len};
    struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1};
    if (body >= 0) {
        head.msg_control = control.bytes;
        head.msg_controllen = CMSG_SPACE(sizeof(body));
        struct cmsghdr *rights = CMSG_FIRSTHDR(&head);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(body));
        memcpy(CMSG_DATA(rights), &body, sizeof(body));
    }
    if (transmit(socket, &head) < 0)
        return vb_fail(err, VB_E_UNAVAILABLE, errno, "nobody takes it");
    return VB_OK;
}

/* The first descriptor that came, or -1; others are closed. */
static int take_body(struct msghdr *message)
{
    int ret = -1;
    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head != NULL;
         head = CMSG_NXTHDR(message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < (head->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(head) + i * sizeof(fd), sizeof(fd));
            if (ret < 0)
                ret = fd;
            else
                close(fd);
        }
    }
    return ret;
}

/* TEXT is so many strings and nothing else. */
static bool split(struct vb_courier_message *message, const char *text, size_t bytes, size_t count)
{
    const char *end = text + bytes;
    for (size_t i = 0; i < count; i++) {
        const char *nul = text == end ? NULL : memchr(text, '\0', (size_t)(end - text));
        if (nul == NULL)
            return false;
        message->strings[i] = text;
        text = nul + 1;
    }
    message->count = count;
    return text == end;
}

static bool unpack(struct vb_courier_mail *mail, const struct wire *wire, size_t bytes)
{
    mail->message = (struct vb_courier_message){.word = wire->word,
                                                .number = wire->number,
                                                .flags = wire->flags,
                                                .port = wire->port,
                                                .status = wire->status,
                                                .body = wire->body,
                                                .stated = wire->stated};
    return wire->word > 0 && wire->word < VB_COURIER_WORDS && wire->body <= VB_COURIER_BODY_MAX &&
           wire->count <= VB_COURIER_STRINGS_MAX && wire->bytes == bytes &&
           (wire->body == 0 || mail->body >= 0) &&
           split(&mail->message, (const char *)mail->text, bytes, wire->count);
}

int vb_courier_receive(int socket, struct vb_courier_mail *mail, struct vb_error *err)
{
    struct wire wire;
    union control control;
    struct iovec parts[2] = {{.iov_base = &wire, .iov_len = sizeof(wire)},
                             {.iov_base = mail->text, .iov_len = sizeof(mail->text)}};
    struct msghdr head = {.msg_iov = parts,
                          .msg_iovlen = 2,
                          .msg_control = control.bytes,
                          .msg_controllen = sizeof(control.bytes)};
    ssize_t got;
    vb_close_fd(&mail->body);
    do {
        got = recvmsg(socket, &head, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return 0;
    if (got > 0)
        mail->body = take_body(&head);
    if (got <= 0)
        return vb_fail(err, VB_E_UNAVAILABLE, got < 0 ? errno : 0, "the other end is closed");
    if ((size_t)got < sizeof(wire) || (head.msg_flags & MSG_TRUNC) != 0 ||
        !unpack(mail, &wire, (size_t)got - sizeof(wire)))
        return vb_fail(err, VB_E_PROTOCOL, 0, "what came is no message");
    return 1;
}
