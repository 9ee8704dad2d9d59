/* capture: see capture.h. Bytes, addresses and lengths are hostile; they are only copied. */
#include "sandbox/world/capture.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "sandbox/world/internal.h"

enum {
    V4_HEAD = 20, /* RFC 791 */
    V6_HEAD = 40, /* RFC 8200 */
    TCP_HEAD = 20,
    UDP_HEAD = 8,
    IP_MAX = 65535,
    SEGMENT_MAX = 32768,
    HOPS = 64,
    WINDOW = 65535,
    FIRST_NUMBER = 1000 /* of a stream's bytes; arbitrary */
};

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 }; /* RFC 9293, 3.1 */

/* --- the file: pcapng's blocks, in this machine's byte order, which the first one tells --- */

enum {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    BLOCK_SECRETS = 10,
    BLOCK_SECTION = 0x0a0d0d0a,
    BYTE_ORDER_MAGIC = 0x1a2b3c4d,
    LINKTYPE_RAW = 101, /* a packet begins with its IP header */
    SECRETS_TLS = 0x544c534b,
    OPTION_COMMENT = 1,
    OPTION_NAME = 2,       /* of an interface */
    OPTION_PROGRAM = 4,    /* of a section */
    OPTION_RESOLUTION = 9, /* of an interface's times */
    NANOSECONDS = 9,
    PACKET_FRAME = 32 /* bytes of a packet's block around it */
};

struct vb_capture {
    int fd;
    uint64_t written, missed;
    struct vb_buf secrets;
    unsigned char block[PACKET_FRAME + IP_MAX + 4];
};

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

static int put(struct vb_buf *buf, const void *bytes, size_t len, struct vb_error *err)
{
    const int status = vb_buf_append(buf, bytes, len, err);
    return status < 0 ? status : vb_buf_append(buf, "\0\0\0", padded(len) - len, err);
}

static int put_option(struct vb_buf *buf, uint16_t code, const void *value, size_t len,
                      struct vb_error *err)
{
    const uint16_t head[2] = {code, (uint16_t)len};
    const int status = put(buf, head, sizeof(head), err);
    return status < 0 ? status : put(buf, value, len, err);
}

/* Everything behind a block's length; OPTIONS ends with the option that ends them. */
static int put_block(struct vb_buf *buf, uint32_t type, const struct vb_buf *body,
                     struct vb_error *err)
{
    const uint32_t len = (uint32_t)(body->len + 3 * sizeof(len));
    const uint32_t head[2] = {type, len};
    int status = put(buf, head, sizeof(head), err);
    if (status == VB_OK)
        status = put(buf, body->data, body->len, err);
    return status < 0 ? status : put(buf, &len, sizeof(len), err);
}

static int put_section(struct vb_buf *buf, uint32_t run, struct vb_error *err)
{
    static const struct {
        uint32_t magic;
        uint16_t major, minor;
        uint32_t length[2]; /* of the section: unknown */
    } fixed = {BYTE_ORDER_MAGIC, 1, 0, {UINT32_MAX, UINT32_MAX}};
    static const char program[] = "vetbox " VETBOX_VERSION;
    char comment[192];
    VB_CLEANUP(vb_buf_done) struct vb_buf body;
    vb_buf_init(&body, 4096);
    snprintf(comment, sizeof(comment),
             "Run %u: the conversations in the network of the box. Addresses, ports, bytes and "
             "times are true; the borders of segments are not the kernel's.",
             (unsigned)run);
    int status = put(&body, &fixed, sizeof(fixed), err);
    if (status == VB_OK)
        status = put_option(&body, OPTION_COMMENT, comment, strlen(comment), err);
    if (status == VB_OK)
        status = put_option(&body, OPTION_PROGRAM, program, sizeof(program) - 1, err);
    if (status == VB_OK)
        status = put_option(&body, 0, "", 0, err);
    return status < 0 ? status : put_block(buf, BLOCK_SECTION, &body, err);
}

static int put_interface(struct vb_buf *buf, struct vb_error *err)
{
    static const struct {
        uint16_t type, reserved;
        uint32_t most; /* bytes of a packet: all */
    } fixed = {LINKTYPE_RAW, 0, 0};
    static const unsigned char resolution = NANOSECONDS;
    VB_CLEANUP(vb_buf_done) struct vb_buf body;
    vb_buf_init(&body, 4096);
    int status = put(&body, &fixed, sizeof(fixed), err);
    if (status == VB_OK)
        status = put_option(&body, OPTION_NAME, "eth0", 4, err);
    if (status == VB_OK)
        status = put_option(&body, OPTION_RESOLUTION, &resolution, 1, err);
    if (status == VB_OK)
        status = put_option(&body, 0, "", 0, err);
    return status < 0 ? status : put_block(buf, BLOCK_INTERFACE, &body, err);
}

static int put_secrets(struct vb_buf *buf, const struct vb_buf *secrets, struct vb_error *err)
{
    const uint32_t fixed[2] = {SECRETS_TLS, (uint32_t)secrets->len};
    VB_CLEANUP(vb_buf_done) struct vb_buf body;
    vb_buf_init(&body, VB_CAPTURE_SECRETS_MAX + sizeof(fixed) + 4);
    if (secrets->len == 0)
        return VB_OK;
    int status = put(&body, fixed, sizeof(fixed), err);
    if (status == VB_OK)
        status = put(&body, secrets->data, secrets->len, err);
    return status < 0 ? status : put_block(buf, BLOCK_SECRETS, &body, err);
}

/* The packet of LEN bytes stands in CAPTURE's block, behind the place of its head. */
static void write_packet(struct vb_capture *capture, size_t len)
{
    struct vb_error ignored;
    struct timespec now = {0};
    const size_t all = PACKET_FRAME + padded(len);
    if (capture->written + all > VB_CAPTURE_PACKETS_MAX) {
        capture->missed++;
        return;
    }
    (void)clock_gettime(CLOCK_REALTIME, &now);
    const uint64_t ns = (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
    const uint32_t head[] = {BLOCK_PACKET,  (uint32_t)all, 0, (uint32_t)(ns >> 32), (uint32_t)ns,
                             (uint32_t)len, (uint32_t)len};
    memcpy(capture->block, head, sizeof(head));
    memset(capture->block + sizeof(head) + len, 0, padded(len) - len);
    memcpy(capture->block + sizeof(head) + padded(len), &head[1], sizeof(head[1]));
    if (vb_write_all(capture->fd, capture->block, all, &ignored) < 0) {
        capture->written = VB_CAPTURE_PACKETS_MAX; /* half a block ends the file */
        capture->missed++;
        return;
    }
    capture->written += all;
}

/* --- packets --- */

static void put16(unsigned char *at, size_t value)
{
    at[0] = (unsigned char)(value >> 8);
    at[1] = (unsigned char)value;
}

static void put32(unsigned char *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

/* RFC 1071 */
static uint32_t add_sum(uint32_t sum, const unsigned char *bytes, size_t len)
{
    uint64_t wide = sum;
    for (size_t i = 0; i + 1 < len; i += 2)
        wide += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    if (len % 2 != 0)
        wide += (uint32_t)bytes[len - 1] << 8;
    while (wide >> 16 != 0)
        wide = (wide & 0xffff) + (wide >> 16);
    return (uint32_t)wide;
}

static bool is_v4(const union vb_world_address *address)
{
    return address->any.sa_family == AF_INET;
}

static unsigned char *packet_of(struct vb_capture *capture)
{
    return capture->block + PACKET_FRAME - sizeof(uint32_t);
}

static size_t head_of(const union vb_world_address *address)
{
    return is_v4(address) ? V4_HEAD : V6_HEAD;
}

/* The IP header before LEN bytes of PROTOCOL. Returns the sum of what their checksum covers of it.
 */
static uint32_t put_ip(unsigned char *ip, const union vb_world_address *from,
                       const union vb_world_address *to, unsigned char protocol, size_t len)
{
    const unsigned char pseudo[4] = {0, protocol, (unsigned char)(len >> 8), (unsigned char)len};
    if (is_v4(from)) {
        memset(ip, 0, V4_HEAD);
        ip[0] = 0x45;
        put16(ip + 2, V4_HEAD + len);
        ip[6] = 0x40; /* not to be fragmented */
        ip[8] = HOPS;
        ip[9] = protocol;
        memcpy(ip + 12, &from->in.sin_addr, 4);
        memcpy(ip + 16, &to->in.sin_addr, 4);
        put16(ip + 10, ~add_sum(0, ip, V4_HEAD) & 0xffff);
        return add_sum(add_sum(0, pseudo, sizeof(pseudo)), ip + 12, 8);
    }
    memset(ip, 0, V6_HEAD);
    ip[0] = 0x60;
    put16(ip + 4, len);
    ip[6] = protocol;
    ip[7] = HOPS;
    memcpy(ip + 8, &from->in6.sin6_addr, 16);
    memcpy(ip + 24, &to->in6.sin6_addr, 16);
    return add_sum(add_sum(0, pseudo, sizeof(pseudo)), ip + 8, 32);
}

void vb_capture_datagram(struct vb_capture *capture, const union vb_world_address *from,
                         const union vb_world_address *to, const void *bytes, size_t len)
{
    if (capture == NULL)
        return;
    const size_t head = head_of(from) + UDP_HEAD;
    if (from->any.sa_family != to->any.sa_family || len > IP_MAX - head) {
        capture->missed++;
        return;
    }
    unsigned char *udp = packet_of(capture) + head_of(from);
    put16(udp, vb_world_port(from));
    put16(udp + 2, vb_world_port(to));
    put16(udp + 4, UDP_HEAD + len);
    put16(udp + 6, 0);
    memcpy(udp + UDP_HEAD, bytes, len);
    const uint32_t sum = put_ip(packet_of(capture), from, to, IPPROTO_UDP, UDP_HEAD + len);
    const uint32_t check = ~add_sum(sum, udp, UDP_HEAD + len) & 0xffff;
    put16(udp + 6, check == 0 ? 0xffff : check); /* RFC 768: 0 says that there is none */
    write_packet(capture, head + len);
}

static void write_segment(struct vb_capture *capture, struct vb_flow *flow, enum vb_side side,
                          unsigned char flags, const struct vb_str *bytes)
{
    const enum vb_side other = side == VB_CLIENT ? VB_SERVER : VB_CLIENT;
    const union vb_world_address *from = flow->ends[side];
    const union vb_world_address *to = flow->ends[other];
    if (from->any.sa_family != to->any.sa_family) {
        capture->missed++;
        return;
    }
    unsigned char *tcp = packet_of(capture) + head_of(from);
    memset(tcp, 0, TCP_HEAD);
    put16(tcp, vb_world_port(from));
    put16(tcp + 2, vb_world_port(to));
    put32(tcp + 4, flow->next[side]);
    if ((flags & ACK) != 0)
        put32(tcp + 8, flow->next[other]);
    tcp[12] = TCP_HEAD / 4 << 4;
    tcp[13] = flags;
    put16(tcp + 14, WINDOW);
    memcpy(tcp + TCP_HEAD, bytes->text, bytes->len);
    const size_t len = TCP_HEAD + bytes->len;
    const uint32_t sum = put_ip(packet_of(capture), from, to, IPPROTO_TCP, len);
    put16(tcp + 16, ~add_sum(sum, tcp, len) & 0xffff);
    write_packet(capture, head_of(from) + len);
    flow->next[side] += (uint32_t)bytes->len + ((flags & (SYN | FIN)) != 0);
}

static void write_flags(struct vb_capture *capture, struct vb_flow *flow, enum vb_side from,
                        unsigned char flags)
{
    const struct vb_str nothing = {"", 0};
    if (capture != NULL)
        write_segment(capture, flow, from, flags, &nothing);
}

void vb_capture_open(struct vb_capture *capture, struct vb_flow *flow)
{
    flow->next[VB_CLIENT] = FIRST_NUMBER;
    flow->next[VB_SERVER] = FIRST_NUMBER;
    write_flags(capture, flow, VB_CLIENT, SYN);
    write_flags(capture, flow, VB_SERVER, SYN | ACK);
    write_flags(capture, flow, VB_CLIENT, ACK);
}

void vb_capture_bytes(struct vb_capture *capture, struct vb_flow *flow, enum vb_side from,
                      const void *bytes, size_t len)
{
    for (size_t at = 0; capture != NULL && at < len; at += SEGMENT_MAX) {
        const size_t left = len - at;
        const struct vb_str part = {(const char *)bytes + at,
                                    left < SEGMENT_MAX ? left : SEGMENT_MAX};
        write_segment(capture, flow, from, PSH | ACK, &part);
    }
}

void vb_capture_close(struct vb_capture *capture, struct vb_flow *flow, enum vb_side from)
{
    write_flags(capture, flow, from, FIN | ACK);
    write_flags(capture, flow, from == VB_CLIENT ? VB_SERVER : VB_CLIENT, ACK);
}

void vb_capture_reset(struct vb_capture *capture, struct vb_flow *flow, enum vb_side from)
{
    write_flags(capture, flow, from, RST | ACK);
}

/* --- all of it --- */

int vb_capture_new(struct vb_capture **ret, struct vb_error *err)
{
    struct vb_capture *capture = calloc(1, sizeof(*capture));
    if (capture == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "recording the network of a box");
    capture->fd = memfd_create("packets", MFD_CLOEXEC);
    if (capture->fd < 0) {
        free(capture);
        return vb_fail(err, VB_E_OS, errno, "recording the network of a box");
    }
    vb_buf_init(&capture->secrets, VB_CAPTURE_SECRETS_MAX);
    *ret = capture;
    return VB_OK;
}

void vb_capture_free(struct vb_capture *capture)
{
    if (capture == NULL)
        return;
    vb_close_fd(&capture->fd);
    vb_buf_done(&capture->secrets);
    free(capture);
}

struct vb_buf *vb_capture_secrets(struct vb_capture *capture)
{
    return &capture->secrets;
}

uint64_t vb_capture_missed(const struct vb_capture *capture)
{
    return capture == NULL ? 0 : capture->missed;
}

int vb_capture_end(struct vb_capture *capture, uint32_t run, int ret[2], struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf head;
    VB_CLEANUP_FD int fd = -1;
    vb_buf_init(&head, VB_CAPTURE_RUN_MAX - VB_CAPTURE_PACKETS_MAX);
    ret[0] = ret[1] = -1;
    if (capture->written == 0)
        return VB_OK;
    int status = put_section(&head, run, err);
    if (status == VB_OK)
        status = put_interface(&head, err);
    if (status == VB_OK)
        status = put_secrets(&head, &capture->secrets, err);
    if (status == VB_OK && (fd = memfd_create("head", MFD_CLOEXEC)) < 0)
        status = vb_fail(err, VB_E_OS, errno, "recording the network of a box");
    if (status == VB_OK)
        status = vb_write_all(fd, head.data, head.len, err);
    if (status < 0)
        return status;
    ret[0] = vb_steal_fd(&fd);
    ret[1] = capture->fd;
    return VB_OK;
}
