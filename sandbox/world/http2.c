/* http2: HTTP/2 (RFC 9113) by nghttp2: bytes in, bytes out. See internal.h. */
#include <nghttp2/nghttp2.h>
#include <string.h>

#include "sandbox/world/exchange.h"

enum { IDLE_MS = 30000, STREAMS = 100, HEADERS_MAX = VB_HTTP_HEADERS_MAX + 3, NUMBER_BYTES = 24 };

/* One request and its answer. */
struct stream {
    struct stream *next, **link; /* all that are open */
    int32_t id;
    struct vb_exchange *exchange;
    bool ended;                        /* the request is complete */
    bool head_only;                    /* the answer has no body */
    const struct vb_http_reply *reply; /* of exchange; NULL: none yet */
    uint64_t sent;
};

struct http2 {
    struct vb_connection *connection;
    struct stream *streams;
    nghttp2_session *session;
    struct vb_error *err;
    int status; /* of a callback: the session ends with it */
};

static int give_up(struct http2 *http, int status)
{
    http->status = status;
    return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static void free_stream(struct stream *stream)
{
    if (stream == NULL)
        return;
    if (stream->link != NULL)
        *stream->link = stream->next;
    if (stream->next != NULL)
        stream->next->link = stream->link;
    vb_exchange_free(stream->exchange);
    free(stream);
}

/* --- a request comes --- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    struct http2 *http = ctx;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    struct stream *stream = calloc(1, sizeof(*stream));
    if (stream == NULL)
        return give_up(http, vb_fail(http->err, VB_E_NOMEM, 0, "answering HTTP"));
    const int status = vb_exchange_new(http->connection, "h2", &stream->exchange, http->err);
    if (status < 0) {
        free_stream(stream);
        return give_up(http, status);
    }
    stream->id = frame->hd.stream_id;
    stream->link = &http->streams;
    stream->next = http->streams;
    if (stream->next != NULL)
        stream->next->link = &stream->next;
    http->streams = stream;
    if (nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream) != 0)
        free_stream(stream);
    return 0;
}

typedef int put_part(struct vb_exchange *exchange, const void *text, size_t len,
                     struct vb_error *err);

static const struct {
    const char *name;
    put_part *put; /* NULL: it tells us nothing */
} pseudo[] = {
    {":method", vb_exchange_method},
    {":path", vb_exchange_target},
    {":authority", vb_exchange_host},
    {":scheme", NULL},
};

static int put_header(struct vb_exchange *exchange, const struct vb_str *name,
                      const struct vb_str *value, struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(pseudo); i++) {
        if (vb_str_equal(*name, pseudo[i].name))
            return pseudo[i].put == NULL ? VB_OK
                                         : pseudo[i].put(exchange, value->text, value->len, err);
    }
    return vb_exchange_header(exchange, name, value, err);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, nghttp2_rcbuf *name,
                     nghttp2_rcbuf *value, uint8_t flags, void *ctx)
{
    struct http2 *http = ctx;
    struct stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    const nghttp2_vec name_bytes = nghttp2_rcbuf_get_buf(name);
    const nghttp2_vec value_bytes = nghttp2_rcbuf_get_buf(value);
    const struct vb_str name_text = {(const char *)name_bytes.base, name_bytes.len};
    const struct vb_str value_text = {(const char *)value_bytes.base, value_bytes.len};
    (void)flags;
    if (stream == NULL)
        return 0;
    if (vb_str_equal(name_text, ":method"))
        stream->head_only = vb_str_equal(value_text, "HEAD");
    const int status = put_header(stream->exchange, &name_text, &value_text, http->err);
    return status < 0 ? give_up(http, status) : 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
                   size_t len, void *ctx)
{
    struct http2 *http = ctx;
    struct stream *stream = nghttp2_session_get_stream_user_data(session, id);
    (void)flags;
    const int status =
        stream == NULL ? VB_OK : vb_exchange_body(stream->exchange, bytes, len, http->err);
    return status < 0 ? give_up(http, status) : 0;
}

/* --- the answer goes --- */

/* NOLINTNEXTLINE(readability-function-size): nghttp2 calls it so */
static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *ret, size_t max,
                         uint32_t *ret_flags, nghttp2_data_source *source, void *ctx)
{
    struct stream *stream = source->ptr;
    const ssize_t len = vb_reply_read(stream->reply, stream->sent, ret, max);
    (void)session;
    (void)id;
    (void)ctx;
    if (len <= 0) /* its file was cut meanwhile */
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    stream->sent += (uint64_t)len;
    if (stream->sent == vb_reply_size(stream->reply))
        *ret_flags |= NGHTTP2_DATA_FLAG_EOF;
    return len;
}

static nghttp2_nv pair(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
                        strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static int submit(struct http2 *http, int32_t id, struct stream *stream)
{
    const struct vb_http_reply *reply = stream->reply;
    nghttp2_nv headers[HEADERS_MAX];
    char names[HEADERS_MAX][VB_COURIER_NAME_BYTES];
    char status[NUMBER_BYTES], length[NUMBER_BYTES], date[VB_DATE_BYTES];
    size_t count = 0;
    const bool body = vb_reply_size(reply) > 0 && !stream->head_only && reply->status != 204 &&
                      reply->status != 304; /* RFC 9110, 6.4.1 */
    const uint64_t size =
        stream->head_only && reply->stated > 0 ? reply->stated : vb_reply_size(reply);
    snprintf(status, sizeof(status), "%u", reply->status);
    snprintf(length, sizeof(length), "%llu", (unsigned long long)size);
    vb_world_date(http->connection->world, date);
    headers[count++] = pair(":status", status);
    headers[count++] = pair("date", date);
    for (size_t i = 0; i < reply->header_count && count < HEADERS_MAX - 1; i++) {
        snprintf(names[count], sizeof(names[count]), "%s", reply->headers[i].name);
        for (char *at = names[count]; *at != '\0'; at++) /* RFC 9113, 8.2: in lower case */
            *at = *at >= 'A' && *at <= 'Z' ? (char)(*at + ('a' - 'A')) : *at;
        headers[count] = pair(names[count], reply->headers[i].value);
        count++;
    }
    headers[count++] = pair("content-length", length);
    const nghttp2_data_provider source = {.source.ptr = stream, .read_callback = read_body};
    return nghttp2_submit_response(http->session, id, headers, count, body ? &source : NULL);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    struct http2 *http = ctx;
    const bool carries = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    struct stream *stream =
        carries ? nghttp2_session_get_stream_user_data(session, frame->hd.stream_id) : NULL;
    int status = VB_OK;
    if (stream == NULL || stream->ended)
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS)
        status = vb_exchange_headers_end(stream->exchange, http->err);
    stream->ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (status == VB_OK && stream->ended)
        status = vb_exchange_end(stream->exchange, true, &stream->reply, http->err);
    if (status < 0)
        return give_up(http, status);
    return stream->reply == NULL || submit(http, frame->hd.stream_id, stream) == 0
               ? 0
               : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *ctx)
{
    struct http2 *http = ctx;
    struct stream *stream = http->streams;
    while (stream != NULL && stream->id != id)
        stream = stream->next;
    const struct vb_http_reply *ignored = NULL;
    int status = VB_OK;
    (void)code;
    if (stream != NULL && !stream->ended)
        status = vb_exchange_end(stream->exchange, false, &ignored, http->err);
    (void)nghttp2_session_set_stream_user_data(session, id, NULL);
    free_stream(stream);
    return status < 0 ? give_up(http, status) : 0;
}

/* Whoever floods us is told so, and then let go. */
static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    const struct http2 *http = ctx;
    (void)session;
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR)
        vb_connection_abandon(http->connection);
    return 0;
}

/* --- the protocol --- */

static int new_session(struct http2 *http)
{
    nghttp2_session_callbacks *callbacks = NULL;
    if (nghttp2_session_callbacks_new(&callbacks) != 0)
        return -1;
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    const int result = nghttp2_session_server_new(&http->session, callbacks, http);
    nghttp2_session_callbacks_del(callbacks);
    return result;
}

static int send_out(struct http2 *http, struct vb_error *err)
{
    const uint8_t *bytes = NULL;
    int status = VB_OK;
    while (status == VB_OK && !http->connection->abandoned &&
           http->connection->out.len - http->connection->sent < VB_WORLD_FULL) {
        const ssize_t len = nghttp2_session_mem_send(http->session, &bytes);
        if (len < 0)
            vb_connection_abandon(http->connection);
        if (len <= 0)
            break;
        status = vb_connection_send(http->connection, bytes, (size_t)len, err);
    }
    return status;
}

/* Answers that have come meanwhile, and what there was no room for. */
static int refill(struct vb_connection *connection, struct vb_error *err)
{
    struct http2 *http = connection->state;
    http->err = err;
    for (struct stream *stream = http->streams; stream != NULL; stream = stream->next) {
        if (!stream->ended || stream->reply != NULL || vb_exchange_waits(stream->exchange))
            continue;
        stream->reply = vb_exchange_reply(stream->exchange);
        if (stream->reply != NULL && submit(http, stream->id, stream) != 0)
            vb_connection_abandon(connection);
    }
    const int status = send_out(http, err);
    return status < 0 ? status : http->status;
}

static bool owes(const struct vb_connection *connection)
{
    const struct http2 *http = connection->state;
    for (const struct stream *stream = http->streams; stream != NULL; stream = stream->next) {
        if (vb_exchange_waits(stream->exchange) ||
            (stream->reply != NULL && (stream->reply->in_file || stream->reply->lent.text != NULL)))
            return true;
    }
    return nghttp2_session_want_write(http->session) != 0;
}

static int begin(struct vb_connection *connection, struct vb_error *err)
{
    static const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20},
    };
    struct http2 *http = calloc(1, sizeof(*http));
    if (http == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "answering HTTP");
    connection->state = http;
    http->connection = connection;
    http->err = err;
    if (new_session(http) != 0 || nghttp2_submit_settings(http->session, NGHTTP2_FLAG_NONE,
                                                          settings, VB_ARRAY_LEN(settings)) != 0)
        return vb_fail(err, VB_E_NOMEM, 0, "answering HTTP");
    return send_out(http, err);
}

static int input(struct vb_connection *connection, const unsigned char *bytes, size_t len,
                 struct vb_error *err)
{
    struct http2 *http = connection->state;
    http->err = err;
    const ssize_t got = nghttp2_session_mem_recv(http->session, bytes, len);
    if (http->status < 0)
        return http->status;
    if (got < 0)
        vb_connection_abandon(connection);
    const int status = send_out(http, err);
    if (nghttp2_session_want_read(http->session) == 0 &&
        nghttp2_session_want_write(http->session) == 0)
        connection->closing = true;
    return status;
}

static int end(struct vb_connection *connection, struct vb_error *err)
{
    struct http2 *http = connection->state;
    http->err = err;
    /* Its callbacks tell of the requests that are still open. */
    while (http->streams != NULL && http->status == VB_OK)
        (void)on_close(http->session, http->streams->id, 0, http);
    return http->status;
}

static void free_state(struct vb_connection *connection)
{
    struct http2 *http = connection->state;
    if (http == NULL)
        return;
    if (http->session != NULL) {
        nghttp2_session_del(http->session);
    }
    while (http->streams != NULL)
        free_stream(http->streams);
    free(http);
}

const struct vb_protocol vb_protocol_http2 = {.name = "h2",
                                              .idle_ms = IDLE_MS,
                                              .framed = true,
                                              .begin = begin,
                                              .input = input,
                                              .refill = refill,
                                              .owes = owes,
                                              .end = end,
                                              .free = free_state};
