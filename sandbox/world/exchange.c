/* exchange: gathers a request, tells of it, keeps its body, asks respond.c for the answer. Every
 * byte of it is hostile; it is bounded here. See exchange.h. */
#include "sandbox/world/exchange.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
    TARGET_BYTES = 16384,
    HEADERS = 100,
    HEADER_BYTES = 65536,      /* of all of them */
    HEARD_BYTES = 1024 * 1024, /* of all of them, that are searched at least */
    BODY_BYTES = 65536,        /* that are looked at to find an answer */
    SHOWN_BYTES = 2048,
    FILES = 128 /* of bodies that are under way */
};
static const uint64_t kept_bytes = 32U << 20; /* of one body */
static const uint64_t kept_in_all = 128U << 20;
/* Of requests that are under way, on all connections: a stream of HTTP/2 costs its client nothing.
 */
static const uint64_t held_in_all = 128U << 20;
enum { HELD_AT_LEAST = 16 * 1024 /* by one, whatever it says */ };

struct vb_exchange {
    struct vb_connection *connection;
    const char *version;
    struct vb_outbound outbound;
    char method[32];
    char host[VB_NAME_BYTES + 8]; /* with its port */
    struct vb_buf target;
    struct vb_buf headers; /* NAME NUL VALUE NUL … */
    size_t header_count;
    size_t heard;  /* bytes of headers, kept or not */
    uint64_t held; /* bytes of memory, about */
    char *url;
    struct vb_buf body; /* its beginning */
    uint64_t size;      /* of all of it */
    struct vb_digest *digest;
    int file; /* what is kept of it; -1: nothing yet */
    bool file_whole;
    bool cut;
    struct vb_http_reply reply;
    bool replied;
    struct vb_live_wait wait; /* for a real host */
    const char *reason;       /* why it has no answer, or was not asked; NULL */
};

static int hold(struct vb_exchange *exchange, size_t len, struct vb_error *err)
{
    struct vb_world *world = exchange->connection->world;
    exchange->held += len;
    world->held += len;
    return world->held <= held_in_all
               ? VB_OK
               : vb_fail(err, VB_E_LIMIT, 0, "too many requests at once in the network of a box");
}

int vb_exchange_new(struct vb_connection *connection, const char *version, struct vb_exchange **ret,
                    struct vb_error *err)
{
    struct vb_exchange *exchange = calloc(1, sizeof(*exchange));
    if (exchange == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "answering in the network of a box");
    exchange->connection = connection;
    exchange->version = version;
    exchange->outbound.connection = connection;
    exchange->file = -1;
    exchange->file_whole = true;
    vb_buf_init(&exchange->target, TARGET_BYTES);
    vb_buf_init(&exchange->headers, HEADER_BYTES);
    vb_buf_init(&exchange->body, BODY_BYTES);
    const int status = hold(exchange, HELD_AT_LEAST, err);
    if (status < 0) {
        vb_exchange_free(exchange);
        return status;
    }
    *ret = exchange;
    return VB_OK;
}

void vb_exchange_free(struct vb_exchange *exchange)
{
    if (exchange == NULL)
        return;
    vb_live_cancel(exchange->connection->world, &exchange->wait);
    if (exchange->replied)
        vb_http_reply_done(&exchange->reply);
    vb_bait_stream_free(exchange->outbound.stream);
    vb_buf_done(&exchange->target);
    vb_buf_done(&exchange->headers);
    vb_buf_done(&exchange->body);
    vb_digest_free(exchange->digest);
    exchange->connection->world->files -= exchange->file >= 0;
    exchange->connection->world->held -= exchange->held;
    vb_close_fd(&exchange->file);
    free(exchange->url);
    free(exchange);
}

/* --- the head --- */

static void copy_text(char *ret, size_t size, const void *text, size_t len, bool *ret_cut)
{
    if (len >= size) {
        len = size - 1;
        *ret_cut = true;
    }
    memcpy(ret, text, len);
    ret[len] = '\0';
    ret[strnlen(ret, len)] = '\0';
}

int vb_exchange_method(struct vb_exchange *exchange, const void *text, size_t len,
                       struct vb_error *err)
{
    (void)err;
    copy_text(exchange->method, sizeof(exchange->method), text, len, &exchange->cut);
    return VB_OK;
}

int vb_exchange_host(struct vb_exchange *exchange, const void *text, size_t len,
                     struct vb_error *err)
{
    (void)err;
    copy_text(exchange->host, sizeof(exchange->host), text, len, &exchange->cut);
    for (char *at = exchange->host; *at != '\0'; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at + ('a' - 'A')) : *at;
    return VB_OK;
}

/* Appends the text, as much of it as there is room for, and its NUL. */
static int append_text(struct vb_exchange *exchange, struct vb_buf *buf, const struct vb_str *text,
                       struct vb_error *err)
{
    const char *nul = text->len == 0 ? NULL : memchr(text->text, '\0', text->len);
    size_t len = nul != NULL ? (size_t)(nul - text->text) : text->len;
    exchange->cut = exchange->cut || nul != NULL;
    if (buf->len + len + 1 > buf->max) {
        exchange->cut = true;
        len = buf->len + 1 > buf->max ? 0 : buf->max - buf->len - 1;
    }
    if (buf->len + 1 > buf->max)
        return VB_OK;
    int status = hold(exchange, len + 1, err);
    if (status == VB_OK && len > 0)
        status = vb_buf_append(buf, text->text, len, err);
    return status < 0 ? status : vb_buf_append(buf, "", 1, err);
}

static int search_pair(struct vb_exchange *exchange, const struct vb_str *name,
                       const struct vb_str *value, struct vb_error *err)
{
    struct vb_world *world = exchange->connection->world;
    struct vb_outbound outbound = {.connection = exchange->connection, .url = exchange->url};
    int status = vb_world_search(world, &outbound, name->text, name->len, err);
    if (status == VB_OK)
        status = vb_world_search(world, &outbound, value->text, value->len, err);
    if (status == VB_OK)
        status = vb_world_search_end(world, &outbound, err);
    exchange->outbound.unsearched |= outbound.unsearched;
    vb_bait_stream_free(outbound.stream);
    return status;
}

int vb_exchange_target(struct vb_exchange *exchange, const void *text, size_t len,
                       struct vb_error *err)
{
    const struct vb_str target = {text, len};
    const struct vb_str nothing = {"", 0};
    vb_buf_clear(&exchange->target);
    int status = append_text(exchange, &exchange->target, &target, err);
    if (status == VB_OK && exchange->cut)
        status = search_pair(exchange, &target, &nothing, err);
    return status;
}

int vb_exchange_header(struct vb_exchange *exchange, const struct vb_str *name,
                       const struct vb_str *value, struct vb_error *err)
{
    const bool full = exchange->header_count == HEADERS ||
                      exchange->headers.len + name->len + value->len + 2 > HEADER_BYTES;
    int status = VB_OK;
    exchange->heard += name->len + value->len;
    if (exchange->heard > HEARD_BYTES) { /* a few bytes of HPACK may be a thousand times as many */
        exchange->cut = true;
        vb_connection_abandon(exchange->connection);
        return VB_OK;
    }
    /* What is not kept, and what comes behind the body, is searched here and now. */
    if (full || exchange->url != NULL || memchr(value->text, '\0', value->len) != NULL)
        status = search_pair(exchange, name, value, err);
    if (status < 0 || full) {
        exchange->cut = true;
        return status;
    }
    status = append_text(exchange, &exchange->headers, name, err);
    if (status == VB_OK)
        status = append_text(exchange, &exchange->headers, value, err);
    exchange->header_count += status == VB_OK;
    return status;
}

/* The headers as pairs that point into the exchange. */
static size_t list_headers(const struct vb_exchange *exchange, struct vb_http_header ret[HEADERS])
{
    const char *at = (const char *)exchange->headers.data;
    for (size_t i = 0; i < exchange->header_count; i++) {
        ret[i].name = at;
        at += strlen(at) + 1;
        ret[i].value = at;
        at += strlen(at) + 1;
    }
    return exchange->header_count;
}

const char *vb_exchange_get(const struct vb_exchange *exchange, const char *name)
{
    struct vb_http_header headers[HEADERS];
    const size_t count = list_headers(exchange, headers);
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(headers[i].name, name) == 0)
            return headers[i].value;
    }
    return NULL;
}

const char *vb_exchange_resource(const struct vb_exchange *exchange)
{
    return exchange->target.len == 0 ? "/" : (const char *)exchange->target.data;
}

/* An absolute target, as a proxy is given one, is the URL itself (RFC 9112, 3.2.2). */
static bool is_absolute(const char *target)
{
    return strncasecmp(target, "http://", 7) == 0 || strncasecmp(target, "https://", 8) == 0;
}

static int make_url(struct vb_exchange *exchange, struct vb_error *err)
{
    const struct vb_connection *connection = exchange->connection;
    const bool tls = connection->tls != NULL;
    const uint16_t port = vb_world_port(&connection->to);
    const char *target = vb_exchange_resource(exchange);
    const bool v6 = exchange->host[0] == '\0' && strchr(connection->host, ':') != NULL;
    char own[VB_NAME_BYTES + 16];
    char number[16] = "";
    if (port != (tls ? 443 : 80))
        snprintf(number, sizeof(number), ":%u", (unsigned)port);
    snprintf(own, sizeof(own), v6 ? "[%s]%s" : "%s%s", connection->host, number);
    const char *host = exchange->host[0] != '\0' ? exchange->host : own;
    int len = -1;
    free(exchange->url);
    if (is_absolute(target))
        len = asprintf(&exchange->url, "%s", target);
    else
        len = asprintf(&exchange->url, "%s://%s%s%s", tls ? "https" : "http", host,
                       target[0] == '/' ? "" : "/", target);
    if (len < 0) {
        exchange->url = NULL;
        return vb_fail(err, VB_E_NOMEM, errno, "answering in the network of a box");
    }
    exchange->outbound.url = exchange->url;
    return VB_OK;
}

int vb_exchange_headers_end(struct vb_exchange *exchange, struct vb_error *err)
{
    struct vb_world *world = exchange->connection->world;
    const char *host = vb_exchange_get(exchange, "host");
    if (exchange->host[0] == '\0' && host != NULL)
        (void)!vb_exchange_host(exchange, host, strlen(host), err);
    int status = make_url(exchange, err);
    if (status == VB_OK)
        status =
            vb_world_search(world, &exchange->outbound, exchange->url, strlen(exchange->url), err);
    if (status == VB_OK)
        status = vb_world_search_end(world, &exchange->outbound, err);
    if (status == VB_OK)
        status = vb_world_search(world, &exchange->outbound, exchange->method,
                                 strlen(exchange->method), err);
    if (status == VB_OK)
        status = vb_world_search_end(world, &exchange->outbound, err);
    if (status == VB_OK)
        status = vb_world_search(world, &exchange->outbound, exchange->headers.data,
                                 exchange->headers.len, err);
    return status < 0 ? status : vb_world_search_end(world, &exchange->outbound, err);
}

/* --- the body --- */

static void keep_bytes(struct vb_exchange *exchange, const unsigned char *bytes, size_t len)
{
    struct vb_world *world = exchange->connection->world;
    struct vb_error ignored;
    if ((world->options.keep == NULL && world->options.live_hosts == NULL) || !exchange->file_whole)
        return;
    if (exchange->file < 0 && world->files < FILES) {
        exchange->file = memfd_create("body", MFD_CLOEXEC);
        world->files += exchange->file >= 0;
    }
    if (exchange->file < 0 || exchange->size + len > kept_bytes ||
        world->kept_bytes + len > kept_in_all ||
        vb_write_all(exchange->file, bytes, len, &ignored) < 0) {
        exchange->file_whole = false;
        world->not_kept++;
        return;
    }
    world->kept_bytes += len;
}

int vb_exchange_body(struct vb_exchange *exchange, const void *bytes, size_t len,
                     struct vb_error *err)
{
    if (len == 0)
        return VB_OK;
    int status =
        exchange->digest != NULL ? VB_OK : vb_digest_new(VB_DIGEST_SHA256, &exchange->digest, err);
    if (status == VB_OK)
        status = vb_digest_update(exchange->digest, bytes, len, err);
    if (status < 0)
        return status;
    keep_bytes(exchange, bytes, len);
    exchange->size += len;
    const size_t room = exchange->body.max - exchange->body.len;
    const size_t shown = len < room ? len : room;
    if (shown > 0)
        status = hold(exchange, shown, err);
    if (status == VB_OK && shown > 0)
        status = vb_buf_append(&exchange->body, bytes, shown, err);
    return status < 0
               ? status
               : vb_world_search(exchange->connection->world, &exchange->outbound, bytes, len, err);
}

/* --- what is said of it --- */

static int tell_request(struct vb_exchange *exchange, bool whole, struct vb_error *err)
{
    struct vb_world *world = exchange->connection->world;
    struct vb_http_header headers[HEADERS];
    struct vb_str lines[HEADERS];
    char *texts[HEADERS] = {0};
    char hex[VB_SHA256_HEX] = "";
    struct vb_event event;
    const size_t count = list_headers(exchange, headers);
    int status = VB_OK;
    for (size_t i = 0; i < count && status == VB_OK; i++) {
        const int len = asprintf(&texts[i], "%s: %s", headers[i].name, headers[i].value);
        if (len < 0)
            status = vb_fail(err, VB_E_NOMEM, errno, "answering in the network of a box");
        lines[i] = (struct vb_str){texts[i], len < 0 ? 0 : (size_t)len};
    }
    if (status == VB_OK && exchange->digest != NULL)
        status = vb_digest_hex(exchange->digest, hex, err);
    if (status == VB_OK && hex[0] != '\0' && exchange->file >= 0 && exchange->file_whole)
        status = vb_world_keep(world, exchange->file, hex, err);
    world->not_kept += status > 0;
    status = status > 0 ? VB_OK : status;
    vb_world_event(world, exchange->connection, VB_EV_WORLD_REQUEST, &event);
    vb_event_str(&event, VB_F_PROTOCOL, exchange->version);
    vb_event_str(&event, VB_F_METHOD, exchange->method);
    vb_event_str(&event, VB_F_URL, exchange->url);
    vb_event_list(&event, VB_F_HEADERS, lines, count);
    vb_event_int(&event, VB_F_SIZE, (int64_t)exchange->size);
    if (hex[0] != '\0')
        vb_event_str(&event, VB_F_SHA256, hex);
    if (exchange->body.len > 0)
        vb_event_strn(&event, VB_F_TEXT, (const char *)exchange->body.data,
                      exchange->body.len < SHOWN_BYTES ? exchange->body.len : SHOWN_BYTES);
    const struct vb_str body = {(const char *)exchange->body.data, exchange->body.len};
    vb_world_put_cipher(&event, &exchange->outbound, &body, exchange->size);
    if (exchange->cut || !whole || exchange->size > SHOWN_BYTES)
        vb_event_bool(&event, VB_F_TRUNCATED, true);
    if (status == VB_OK)
        status = vb_world_emit(world, &event, err);
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    return status;
}

/* The body of a real host's answer, which cannot be made again, is kept. Its digest is in HEX, and
 * that of a program: it may turn up again as a file. */
static int keep_answer(const struct vb_exchange *exchange, char hex[VB_SHA256_HEX],
                       struct vb_error *err)
{
    const struct vb_http_reply *reply = &exchange->reply;
    struct vb_world *world = exchange->connection->world;
    hex[0] = '\0';
    int status = reply->in_file ? vb_sha256_fd(reply->file, hex, err)
                 : reply->token[0] != '\0'
                     ? vb_sha256_hex(reply->body.data, reply->body.len, hex, err)
                     : VB_OK;
    if (status == VB_OK && reply->in_file)
        status = vb_world_keep(world, reply->file, hex, err);
    world->not_kept += status > 0;
    return status < 0 ? status : VB_OK;
}

static int tell_response(const struct vb_exchange *exchange, struct vb_error *err)
{
    const struct vb_http_reply *reply = &exchange->reply;
    char hex[VB_SHA256_HEX];
    struct vb_event event;
    const int status = keep_answer(exchange, hex, err);
    if (status < 0)
        return status;
    vb_world_event(exchange->connection->world, exchange->connection, VB_EV_WORLD_RESPONSE, &event);
    vb_event_str(&event, VB_F_URL, exchange->url);
    vb_event_int(&event, VB_F_STATUS, reply->status);
    vb_event_str(&event, VB_F_FORM, reply->form);
    vb_event_str(&event, VB_F_RULE, reply->rule);
    vb_event_int(&event, VB_F_SIZE, (int64_t)vb_reply_size(reply));
    if (hex[0] != '\0')
        vb_event_str(&event, VB_F_SHA256, hex);
    vb_event_str(&event, VB_F_REASON, exchange->reason);
    if (reply->token[0] != '\0')
        vb_event_str(&event, VB_F_TOKEN, reply->token);
    return vb_world_emit(exchange->connection->world, &event, err);
}

/* The host that is asked, without its port: "[::1]:80", "name:80", "name". */
static void host_alone(const struct vb_exchange *exchange, char ret[VB_NAME_BYTES + 8])
{
    const char *from = exchange->host[0] != '\0' ? exchange->host : exchange->connection->host;
    snprintf(ret, VB_NAME_BYTES + 8, "%s", from[0] == '[' ? from + 1 : from);
    char *end = from[0] == '[' ? strchr(ret, ']') : strrchr(ret, ':');
    const bool bare_v6 = from[0] != '[' && end != NULL && strchr(ret, ':') != end;
    if (end != NULL && !bare_v6)
        *end = '\0';
}

/* What goes to a real host waits for it. */
static void ask_live(struct vb_exchange *exchange, const struct vb_http_request *request)
{
    const struct vb_connection *connection = exchange->connection;
    const struct vb_live_question question = {
        .connection = connection,
        .request = request,
        .authority = exchange->host,
        .outbound = &exchange->outbound,
        .http2 = exchange->version[0] == 'h' && exchange->version[1] == '2',
        .whole = !exchange->cut,
        .body = exchange->file_whole ? exchange->file : -1,
        .body_size = exchange->size,
    };
    exchange->wait.exchange = exchange;
    exchange->wait.connection = exchange->connection;
    exchange->reason = vb_live_ask(connection->world, &question, &exchange->wait);
}

static int respond(struct vb_exchange *exchange, struct vb_error *err)
{
    const struct vb_connection *connection = exchange->connection;
    struct vb_http_header headers[HEADERS];
    char host[VB_NAME_BYTES + 8];
    host_alone(exchange, host);
    const struct vb_http_request request = {
        .host = host,
        .port = vb_world_port(&connection->to),
        .tls = connection->tls != NULL,
        .method = exchange->method,
        .target = vb_exchange_resource(exchange),
        .headers = headers,
        .header_count = list_headers(exchange, headers),
        .body = exchange->body.data,
        .body_len = exchange->body.len,
    };
    int status =
        vb_world_answer_doh(connection->world, &request, &exchange->reply, &exchange->replied, err);
    if (status == VB_OK && !exchange->replied)
        status = vb_replay_answer(connection->world->options.replay, exchange->method,
                                  exchange->url, &exchange->reply, &exchange->replied, err);
    if (status == VB_OK && !exchange->replied)
        ask_live(exchange, &request);
    if (status == VB_OK && vb_exchange_waits(exchange))
        return VB_OK;
    if (status == VB_OK && !exchange->replied) {
        status = vb_respond(connection->world->options.responder, &request,
                            vb_world_now(connection->world), &exchange->reply, err);
        exchange->replied = status == VB_OK;
    }
    return status < 0 ? status : tell_response(exchange, err);
}

int vb_exchange_end(struct vb_exchange *exchange, bool whole, const struct vb_http_reply **ret,
                    struct vb_error *err)
{
    *ret = NULL;
    struct vb_world *world = exchange->connection->world;
    int status = exchange->url == NULL ? vb_exchange_headers_end(exchange, err) : VB_OK;
    if (status == VB_OK)
        status = vb_world_search_end(world, &exchange->outbound, err);
    if (status == VB_OK)
        status = tell_request(exchange, whole, err);
    if (status < 0 || !whole || world->options.responder == NULL)
        return status;
    status = respond(exchange, err);
    if (status == VB_OK)
        *ret = vb_exchange_reply(exchange);
    return status;
}

bool vb_exchange_waits(const struct vb_exchange *exchange)
{
    return exchange->wait.link != NULL;
}

const struct vb_http_reply *vb_exchange_reply(const struct vb_exchange *exchange)
{
    return exchange->replied ? &exchange->reply : NULL;
}

int vb_exchange_answered(struct vb_exchange *exchange, struct vb_courier_mail *mail,
                         struct vb_error *err)
{
    int status = vb_live_reply(mail, &exchange->reply, &exchange->reason, err);
    exchange->replied = status == VB_OK;
    if (status == VB_OK)
        status = tell_response(exchange, err);
    exchange->reason = NULL; /* it is MAIL's */
    return status;
}

/* --- the reply's body --- */

uint64_t vb_reply_size(const struct vb_http_reply *reply)
{
    if (reply->lent.text != NULL)
        return reply->lent.len;
    return reply->in_file ? reply->file_len : reply->body.len;
}

ssize_t vb_reply_read(const struct vb_http_reply *reply, uint64_t at, void *ret, size_t max)
{
    const uint64_t left = vb_reply_size(reply) - at;
    const size_t len = left < max ? (size_t)left : max;
    if (reply->in_file)
        return pread(reply->file, ret, len, (off_t)at);
    const void *body = reply->lent.text != NULL ? reply->lent.text : (char *)reply->body.data;
    memcpy(ret, (const char *)body + at, len);
    return (ssize_t)len;
}
