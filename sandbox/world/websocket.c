/* websocket: the frames of a client (RFC 6455) behind its upgrade, unmasked and listened to. No
 * extension is ever agreed on, so a payload is what was said. See internal.h. */
#include <openssl/evp.h>
#include <string.h>

#include "sandbox/world/internal.h"

enum {
    IDLE_MS = 30000,
    HEAD_MAX = 14,
    SAID_BYTES = 65536,
    CLOSE = 8,
    PING = 9,
    PONG = 10,
    CONTROL_MAX = 125 /* bytes that a control frame may carry */
};

struct websocket {
    unsigned char head[HEAD_MAX];
    size_t head_len;
    bool in_payload;
    uint64_t left;  /* of the payload */
    uint64_t taken; /* of it */
    unsigned char control[CONTROL_MAX];
    struct vb_buf said;
    uint64_t size;
};

int vb_websocket_accept(const char *key, char ret[VB_WEBSOCKET_ACCEPT], struct vb_error *err)
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455, 1.3 */
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char text[256];
    snprintf(text, sizeof(text), "%.200s%s", key, guid);
    if (EVP_Digest(text, strlen(text), digest, &len, EVP_sha1(), NULL) != 1 || len != 20)
        return vb_fail(err, VB_E_SOFTWARE, 0, "answering a WebSocket: OpenSSL refused");
    (void)EVP_EncodeBlock((unsigned char *)ret, digest, (int)len);
    return VB_OK;
}

static int begin(struct vb_connection *connection, struct vb_error *err)
{
    struct websocket *socket = calloc(1, sizeof(*socket));
    if (socket == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "answering in the network of a box");
    vb_buf_init(&socket->said, SAID_BYTES);
    connection->state = socket;
    return VB_OK;
}

/* How long the head is, as far as it has come. */
static size_t head_size(const struct websocket *socket)
{
    if (socket->head_len < 2)
        return 2;
    const unsigned len = socket->head[1] & 0x7f;
    return 2U +
           (len == 126   ? 2U
            : len == 127 ? 8U
                         : 0U) +
           ((socket->head[1] & 0x80) != 0 ? 4U : 0U);
}

static void begin_payload(struct websocket *socket)
{
    const unsigned len = socket->head[1] & 0x7f;
    const size_t more = len == 126 ? 2 : len == 127 ? 8 : 0;
    socket->left = more == 0 ? len : 0;
    for (size_t i = 0; i < more; i++)
        socket->left = socket->left << 8 | socket->head[2 + i];
    socket->taken = 0;
    socket->in_payload = true;
}

static int answer_control(struct vb_connection *connection, struct vb_error *err)
{
    const struct websocket *socket = connection->state;
    const unsigned opcode = socket->head[0] & 0x0f;
    const size_t len = socket->taken < CONTROL_MAX ? (size_t)socket->taken : CONTROL_MAX;
    unsigned char frame[2 + CONTROL_MAX];
    if ((opcode != PING && opcode != CLOSE) || connection->closing)
        return VB_OK;
    frame[0] = (unsigned char)(0x80 | (opcode == PING ? PONG : CLOSE));
    frame[1] = (unsigned char)len;
    memcpy(frame + 2, socket->control, len);
    connection->closing = connection->closing || opcode == CLOSE;
    return vb_connection_send(connection, frame, 2 + len, err);
}

static int hear(struct vb_connection *connection, const unsigned char *bytes, size_t len,
                struct vb_error *err)
{
    struct websocket *socket = connection->state;
    const size_t room = socket->said.max - socket->said.len;
    const int status =
        room == 0 ? VB_OK : vb_buf_append(&socket->said, bytes, len < room ? len : room, err);
    socket->size += len;
    return status < 0 ? status
                      : vb_world_search(connection->world, &connection->outbound, bytes, len, err);
}

/* At most LEN bytes of the payload; *RET_TAKEN of them. */
static int take_payload(struct vb_connection *connection, const unsigned char *bytes, size_t len,
                        size_t *ret_taken, struct vb_error *err)
{
    struct websocket *socket = connection->state;
    unsigned char plain[4096];
    size_t count = len < sizeof(plain) ? len : sizeof(plain);
    count = count < socket->left ? count : (size_t)socket->left;
    const bool masked = (socket->head[1] & 0x80) != 0;
    const unsigned char *mask = socket->head + head_size(socket) - 4;
    for (size_t i = 0; i < count; i++) {
        const uint64_t at = socket->taken + i;
        plain[i] = masked ? bytes[i] ^ mask[at % 4] : bytes[i];
        if (at < CONTROL_MAX)
            socket->control[at] = plain[i];
    }
    socket->taken += count;
    socket->left -= count;
    *ret_taken = count;
    return hear(connection, plain, count, err);
}

static int end_frame(struct vb_connection *connection, struct vb_error *err)
{
    struct websocket *socket = connection->state;
    int status = VB_OK;
    if ((socket->head[0] & 0x80) != 0) /* the last one of its message */
        status = vb_world_search_end(connection->world, &connection->outbound, err);
    if (status == VB_OK)
        status = answer_control(connection, err);
    socket->in_payload = false;
    socket->head_len = 0;
    return status;
}

static int input(struct vb_connection *connection, const unsigned char *bytes, size_t len,
                 struct vb_error *err)
{
    struct websocket *socket = connection->state;
    size_t at = 0;
    int status = VB_OK;
    while (status == VB_OK && at < len) {
        size_t taken = 0;
        if (!socket->in_payload) {
            socket->head[socket->head_len++] = bytes[at++];
            if (socket->head_len >= 2 && socket->head_len == head_size(socket))
                begin_payload(socket);
        } else {
            status = take_payload(connection, bytes + at, len - at, &taken, err);
            at += taken;
        }
        if (status == VB_OK && socket->in_payload && socket->left == 0)
            status = end_frame(connection, err);
    }
    return status;
}

static int end(struct vb_connection *connection, struct vb_error *err)
{
    const struct websocket *socket = connection->state;
    struct vb_event event;
    if (socket->size == 0)
        return VB_OK;
    vb_world_event(connection->world, connection, VB_EV_WORLD_SESSION, &event);
    vb_event_str(&event, VB_F_PROTOCOL, "websocket");
    vb_event_strn(&event, VB_F_TEXT, (const char *)socket->said.data, socket->said.len);
    vb_event_int(&event, VB_F_SIZE, (int64_t)socket->size);
    const struct vb_str said = {(const char *)socket->said.data, socket->said.len};
    vb_world_put_cipher(&event, &connection->outbound, &said, socket->size);
    if (socket->size > socket->said.len)
        vb_event_bool(&event, VB_F_TRUNCATED, true);
    return vb_world_emit(connection->world, &event, err);
}

static void free_state(struct vb_connection *connection)
{
    struct websocket *socket = connection->state;
    if (socket == NULL)
        return;
    vb_buf_done(&socket->said);
    free(socket);
}

const struct vb_protocol vb_protocol_websocket = {.name = "websocket",
                                                  .idle_ms = IDLE_MS,
                                                  .framed = true,
                                                  .begin = begin,
                                                  .input = input,
                                                  .end = end,
                                                  .free = free_state};
