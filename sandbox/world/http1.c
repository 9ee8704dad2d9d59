/* http1: HTTP/1.0 and 1.1 (RFC 9112), read by libhtp, which is made for hostile traffic. It parses
 * what clients send; it learns of our answers only that there was one. See internal.h. */
#include <htp/htp.h>
#include <htp/htp_transaction.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "sandbox/world/exchange.h"

enum {
    IDLE_MS = 30000,
    FIELD_BYTES = 65536, /* of a line of the head */
    AT_ONCE = 32,        /* requests that may wait for their answers */
    HEADERS_MAX = 200
};

struct pending {
    struct vb_exchange *exchange;
    bool close;     /* the stream ends after it */
    bool head_only; /* the answer has no body */
    bool shown;     /* to the parser, as answered */
    bool asked;     /* for its answer */
    bool begun;     /* the head of the answer is sent */
    uint64_t sent;  /* of its body */
};

struct http1 {
    struct vb_connection *connection;
    htp_cfg_t *config;
    htp_connp_t *parser;
    struct vb_exchange *current; /* its head has come, its end has not */
    bool current_close;
    bool connect; /* it asks for a tunnel */
    struct pending done[AT_ONCE];
    size_t done_count;
    bool over;  /* nothing is answered any more */
    int status; /* of a callback */
    struct vb_error *err;
};

static struct http1 *of(const htp_tx_t *tx)
{
    return htp_connp_get_user_data(tx->connp);
}

static struct vb_str str_of(const bstr *text)
{
    return text == NULL ? (struct vb_str){"", 0}
                        : (struct vb_str){(const char *)bstr_ptr(text), bstr_len(text)};
}

/* --- what the parser says --- */

static int take_headers(struct http1 *http, const htp_tx_t *tx)
{
    int status = VB_OK;
    const size_t count = htp_table_size(tx->request_headers);
    for (size_t i = 0; status == VB_OK && i < count; i++) {
        const htp_header_t *header = htp_table_get_index(tx->request_headers, i, NULL);
        const struct vb_str name = str_of(header->name);
        const struct vb_str value = str_of(header->value);
        status = vb_exchange_header(http->current, &name, &value, http->err);
    }
    return status;
}

static bool stays_open(const struct vb_exchange *exchange, const htp_tx_t *tx)
{
    const char *connection = vb_exchange_get(exchange, "connection");
    if (connection != NULL && strcasecmp(connection, "close") == 0)
        return false;
    return tx->request_protocol_number == HTP_PROTOCOL_1_1 ||
           (connection != NULL && strcasecmp(connection, "keep-alive") == 0);
}

static int on_headers(htp_tx_t *tx)
{
    struct http1 *http = of(tx);
    const struct vb_str method = str_of(tx->request_method);
    const struct vb_str target = str_of(tx->request_uri);
    const bool new_version = tx->request_protocol_number == HTP_PROTOCOL_1_1;
    if (http->status < 0 || http->current != NULL)
        return HTP_OK;
    http->status = vb_exchange_new(http->connection, new_version ? "http/1.1" : "http/1.0",
                                   &http->current, http->err);
    if (http->status == VB_OK)
        http->status = vb_exchange_method(http->current, method.text, method.len, http->err);
    if (http->status == VB_OK)
        http->status = vb_exchange_target(http->current, target.text, target.len, http->err);
    if (http->status == VB_OK)
        http->status = take_headers(http, tx);
    if (http->status == VB_OK)
        http->status = vb_exchange_headers_end(http->current, http->err);
    if (http->status < 0)
        return HTP_OK;
    http->current_close = !stays_open(http->current, tx);
    http->connect = tx->request_method_number == HTP_M_CONNECT;
    const char *expect = vb_exchange_get(http->current, "expect");
    if (expect != NULL && strcasecmp(expect, "100-continue") == 0)
        http->status =
            vb_connection_say(http->connection, "HTTP/1.1 100 Continue\r\n\r\n", http->err);
    return HTP_OK;
}

static int on_body(htp_tx_data_t *data)
{
    struct http1 *http = of(data->tx);
    if (http->status == VB_OK && http->current != NULL && data->data != NULL)
        http->status = vb_exchange_body(http->current, data->data, data->len, http->err);
    return HTP_OK;
}

static int on_complete(htp_tx_t *tx)
{
    struct http1 *http = of(tx);
    if (http->status < 0 || http->current == NULL)
        return HTP_OK;
    if (http->done_count == AT_ONCE) { /* it asks and asks in one breath */
        const struct vb_http_reply *ignored = NULL;
        vb_connection_abandon(http->connection);
        http->status = vb_exchange_end(http->current, false, &ignored, http->err);
        vb_exchange_free(vb_steal(http->current));
        return HTP_OK;
    }
    struct pending *pending = &http->done[http->done_count++];
    *pending = (struct pending){.close = http->current_close,
                                .head_only = tx->request_method_number == HTP_M_HEAD};
    pending->exchange = vb_steal(http->current);
    return HTP_OK;
}

/* --- answers --- */

static const char *reason_of(unsigned status)
{
    static const struct {
        unsigned status;
        const char *reason;
    } reasons[] = {
        {101, "Switching Protocols"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {409, "Conflict"},
        {410, "Gone"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "OK";
}

/* RFC 9110, 6.4.1 */
static bool has_body(const struct vb_http_reply *reply)
{
    return reply->status != 204 && reply->status != 304;
}

static int write_head(struct http1 *http, const struct vb_http_reply *reply,
                      const struct pending *pending, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf head;
    char date[VB_DATE_BYTES];
    const uint64_t size =
        pending->head_only && reply->stated > 0 ? reply->stated : vb_reply_size(reply);
    vb_buf_init(&head, 2 * FIELD_BYTES);
    vb_world_date(http->connection->world, date);
    int status = vb_buf_printf(&head, err, "HTTP/1.1 %u %s\r\nDate: %s\r\n", reply->status,
                               reason_of(reply->status), date);
    for (size_t i = 0; status == VB_OK && i < reply->header_count; i++)
        status = vb_buf_printf(&head, err, "%s: %s\r\n", reply->headers[i].name,
                               reply->headers[i].value);
    if (status == VB_OK && has_body(reply))
        status = vb_buf_printf(&head, err, "Content-Length: %llu\r\n", (unsigned long long)size);
    if (status == VB_OK)
        status = vb_buf_printf(&head, err, "Connection: %s\r\n\r\n",
                               pending->close ? "close" : "keep-alive");
    return status < 0 ? status : vb_connection_send(http->connection, head.data, head.len, err);
}

/* The parser waits for an answer before it lets go of a request: it is shown the shortest one. */
static void show_answers(struct http1 *http)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    const htp_time_t now = {0};
    for (size_t i = 0; i < http->done_count; i++) {
        if (!http->done[i].shown)
            (void)htp_connp_res_data(http->parser, &now, answer, sizeof(answer) - 1);
        http->done[i].shown = true;
    }
}

/* As much of the body as there is room for. */
static int send_body(struct http1 *http, const struct vb_http_reply *reply, struct pending *pending,
                     struct vb_error *err)
{
    struct vb_connection *connection = http->connection;
    unsigned char bytes[16384];
    int status = VB_OK;
    while (status == VB_OK && pending->sent < vb_reply_size(reply) && !connection->deaf &&
           !connection->abandoned && connection->out.len - connection->sent < VB_WORLD_FULL) {
        const ssize_t got = vb_reply_read(reply, pending->sent, bytes, sizeof(bytes));
        if (got <= 0) { /* its file was cut meanwhile */
            vb_connection_abandon(connection);
            break;
        }
        pending->sent += (uint64_t)got;
        status = vb_connection_send(connection, bytes, (size_t)got, err);
    }
    return status;
}

/* *RET_DONE: nothing of it is left to be sent. */
static int answer(struct http1 *http, struct pending *pending, bool *ret_done, struct vb_error *err)
{
    const struct vb_http_reply *reply = NULL;
    int status = VB_OK;
    if (!pending->asked)
        status = vb_exchange_end(pending->exchange, true, &reply, err);
    pending->asked = true;
    *ret_done = false;
    if (status < 0 || vb_exchange_waits(pending->exchange))
        return status;
    reply = vb_exchange_reply(pending->exchange);
    if (reply != NULL && !pending->begun)
        status = write_head(http, reply, pending, err);
    pending->begun = true;
    const bool body = reply != NULL && !pending->head_only && has_body(reply);
    if (status == VB_OK && body)
        status = send_body(http, reply, pending, err);
    *ret_done = !body || pending->sent == vb_reply_size(reply) || http->connection->deaf ||
                http->connection->abandoned;
    http->over = *ret_done && (reply == NULL || pending->close || http->connection->abandoned);
    return status;
}

/* In their order; one whose answer is still to come keeps those behind it waiting. */
static int answer_all(struct http1 *http, struct vb_error *err)
{
    int status = VB_OK;
    show_answers(http);
    while (status == VB_OK && http->done_count > 0) {
        struct pending *first = &http->done[0];
        const struct vb_http_reply *ignored = NULL;
        bool done = true;
        if (!http->over)
            status = answer(http, first, &done, err);
        else if (!first->asked) /* behind the last one that is answered */
            status = vb_exchange_end(first->exchange, false, &ignored, err);
        if (status < 0 || !done)
            return status;
        vb_exchange_free(first->exchange);
        http->done_count--;
        memmove(http->done, http->done + 1, http->done_count * sizeof(http->done[0]));
    }
    http->connection->closing = http->connection->closing || http->over;
    return status;
}

static int refill(struct vb_connection *connection, struct vb_error *err)
{
    struct http1 *http = connection->state;
    http->err = err;
    return answer_all(http, err);
}

static bool owes(const struct vb_connection *connection)
{
    const struct http1 *http = connection->state;
    return http->done_count > 0;
}

/* CONNECT (RFC 9110, 9.3.6): the client takes us for a proxy. Behind the answer comes the stream
 * that it wants there, which is told apart like any other. Frees HTTP. */
static int open_tunnel(struct http1 *http, struct vb_error *err)
{
    struct vb_connection *connection = http->connection;
    const struct vb_http_reply *ignored = NULL;
    char target[VB_NAME_BYTES] = "";
    int status = VB_OK;
    if (http->current != NULL)
        status = vb_exchange_end(http->current, false, &ignored, err);
    if (http->current != NULL)
        snprintf(target, sizeof(target), "%s", vb_exchange_resource(http->current));
    if (status == VB_OK)
        status = vb_connection_say(connection, "HTTP/1.1 200 Connection established\r\n\r\n", err);
    char *port = strrchr(target, ':');
    if (port != NULL)
        *port = '\0';
    vb_connection_restart(connection, target);
    return status;
}

/* A WebSocket (RFC 6455, 4.2): frames follow instead of requests. Frees HTTP. */
static int open_websocket(struct http1 *http, struct vb_error *err)
{
    struct vb_connection *connection = http->connection;
    struct vb_exchange *exchange = http->done[0].exchange;
    const struct vb_http_reply *ignored = NULL;
    char accept[VB_WEBSOCKET_ACCEPT];
    char head[256];
    int status = vb_exchange_end(exchange, false, &ignored, err);
    if (status == VB_OK)
        status = vb_websocket_accept(vb_exchange_get(exchange, "sec-websocket-key"), accept, err);
    if (status < 0)
        return status;
    snprintf(head, sizeof(head),
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n\r\n",
             accept);
    status = vb_connection_say(connection, head, err);
    return status < 0 ? status : vb_connection_switch(connection, &vb_protocol_websocket, err);
}

static bool wants_websocket(const struct http1 *http)
{
    const bool alone = http->done_count == 1 && !http->done[0].asked;
    const struct vb_exchange *exchange = alone ? http->done[0].exchange : NULL;
    const char *upgrade = exchange == NULL ? NULL : vb_exchange_get(exchange, "upgrade");
    return upgrade != NULL && strcasecmp(upgrade, "websocket") == 0 &&
           vb_exchange_get(exchange, "sec-websocket-key") != NULL;
}

/* --- the protocol --- */

static int begin(struct vb_connection *connection, struct vb_error *err)
{
    htp_time_t now = {0};
    struct http1 *http = calloc(1, sizeof(*http));
    if (http == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "answering HTTP");
    connection->state = http;
    http->connection = connection;
    http->config = htp_config_create();
    http->parser = http->config == NULL ? NULL : htp_connp_create(http->config);
    if (http->parser == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "answering HTTP");
    (void)htp_config_set_server_personality(http->config, HTP_SERVER_APACHE_2);
    htp_config_set_field_limits(http->config, FIELD_BYTES, FIELD_BYTES);
    htp_config_set_number_headers_limit(http->config, HEADERS_MAX);
    htp_config_set_log_level(http->config, HTP_LOG_NONE);
    htp_config_set_tx_auto_destroy(http->config, 1);
    htp_config_register_request_headers(http->config, on_headers);
    htp_config_register_request_body_data(http->config, on_body);
    htp_config_register_request_complete(http->config, on_complete);
    htp_connp_set_user_data(http->parser, http);
    htp_connp_open(http->parser, NULL, 0, NULL, 0, &now);
    return VB_OK;
}

static int input(struct vb_connection *connection, const unsigned char *bytes, size_t len,
                 struct vb_error *err)
{
    struct http1 *http = connection->state;
    const htp_time_t now = {0};
    if (connection->closing || http->over)
        return VB_OK;
    http->err = err;
    const int got = htp_connp_req_data(http->parser, &now, bytes, len);
    int status = http->status;
    if (status == VB_OK && wants_websocket(http))
        return open_websocket(http, err);
    if (status == VB_OK)
        status = answer_all(http, err);
    if (status < 0)
        return status;
    if (http->connect)
        return open_tunnel(http, err);
    if (got == HTP_STREAM_ERROR)
        vb_connection_abandon(connection);
    connection->closing = connection->closing || got != HTP_STREAM_DATA;
    return VB_OK;
}

/* A request that never came to its end is told of all the same. */
static int end(struct vb_connection *connection, struct vb_error *err)
{
    struct http1 *http = connection->state;
    const struct vb_http_reply *ignored = NULL;
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < http->done_count; i++) {
        if (!http->done[i].asked) /* behind one that waited */
            status = vb_exchange_end(http->done[i].exchange, false, &ignored, err);
        http->done[i].asked = true;
    }
    return status < 0 || http->current == NULL
               ? status
               : vb_exchange_end(http->current, false, &ignored, err);
}

static void free_state(struct vb_connection *connection)
{
    struct http1 *http = connection->state;
    if (http == NULL)
        return;
    if (http->parser != NULL)
        htp_connp_destroy_all(http->parser);
    if (http->config != NULL)
        htp_config_destroy(http->config);
    vb_exchange_free(http->current);
    for (size_t i = 0; i < http->done_count; i++)
        vb_exchange_free(http->done[i].exchange);
    free(http);
}

const struct vb_protocol vb_protocol_http1 = {.name = "http",
                                              .idle_ms = IDLE_MS,
                                              .framed = true,
                                              .begin = begin,
                                              .input = input,
                                              .refill = refill,
                                              .owes = owes,
                                              .end = end,
                                              .free = free_state};
