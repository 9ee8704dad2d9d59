/* live: the world's side of --net live. See live.h. */
#include "sandbox/world/live.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "sandbox/world/exchange.h"

/* --- may it leave? --- */

/* The port that an authority names; 0: none. */
static unsigned port_of(const char *authority)
{
    const char *end = strrchr(authority, ':');
    const bool bare_v6 = end != NULL && authority[0] != '[' && strchr(authority, ':') != end;
    const bool within = end != NULL && strchr(end, ']') != NULL;
    return end == NULL || bare_v6 || within ? 0 : (unsigned)strtoul(end + 1, NULL, 10);
}

/* Where it was sent, by the address; who asks names anything. */
static const char *true_host(const struct vb_connection *connection)
{
    return connection->name[0] != '\0' ? connection->name : connection->address;
}

/* NULL: none. What stands here first is said. */
static const char *objection(const struct vb_world *world, const struct vb_live_question *question)
{
    const struct vb_connection *connection = question->connection;
    const struct vb_http_request *request = question->request;
    const char *server = connection->tls == NULL ? "" : vb_tls_name(connection->tls);
    const unsigned port = port_of(question->authority);
    if (question->outbound->baited)
        return "a secret of the box is in the request: it was not passed on";
    if (world->baited)
        return "a secret of the box was sent before: nothing more of this run is passed on";
    if (question->outbound->unsearched || !question->whole)
        return "it could not be searched to its end for secrets: it was not passed on";
    if (strcasecmp(request->host, true_host(connection)) != 0 ||
        (port != 0 && port != vb_world_port(&connection->to)) ||
        (server[0] != '\0' && strcasecmp(server, request->host) != 0))
        return "it names another host than it was sent to: it was not passed on";
    if (request->target[0] != '/')
        return "it is made for a proxy: it was not passed on";
    if (question->body_size > 0 && question->body < 0)
        return "its body is too large: it was not passed on";
    return NULL;
}

static bool is_listed(const struct vb_world *world, const char *host)
{
    return vb_courier_hosts_find(world->options.live_hosts, host) >= 0;
}

/* --- asking --- */

static void wait_for(struct vb_world *world, struct vb_live_wait *wait, uint32_t number)
{
    wait->number = number;
    wait->until_ns = vb_monotonic_ns() + VB_LIVE_MS * UINT64_C(1000000);
    wait->next = world->live.first;
    wait->link = &world->live.first;
    if (wait->next != NULL)
        wait->next->link = &wait->next;
    world->live.first = wait;
}

static void unlink_wait(struct vb_live_wait *wait)
{
    *wait->link = wait->next;
    if (wait->next != NULL)
        wait->next->link = wait->link;
    wait->link = NULL;
}

static void put_request(const struct vb_live_question *question, struct vb_courier_message *ret)
{
    const struct vb_http_request *request = question->request;
    ret->port = request->port;
    ret->flags = (request->tls ? VB_COURIER_TLS : 0U) | (question->http2 ? VB_COURIER_HTTP2 : 0U);
    ret->body = question->body_size;
    ret->strings[ret->count++] = request->method;
    ret->strings[ret->count++] = request->host;
    ret->strings[ret->count++] = request->target;
    for (size_t i = 0; i < request->header_count && i < VB_COURIER_HEADERS_MAX; i++) {
        ret->strings[ret->count++] = request->headers[i].name;
        ret->strings[ret->count++] = request->headers[i].value;
    }
}

/* Where it cannot be told, the wait is over at once: the next look finds it. */
const char *vb_live_ask(struct vb_world *world, const struct vb_live_question *question,
                        struct vb_live_wait *wait)
{
    struct vb_courier_message message = {.word = VB_COURIER_ASK};
    struct vb_error refused;
    if (world->options.live_hosts == NULL || (!is_listed(world, question->request->host) &&
                                              !is_listed(world, true_host(question->connection))))
        return NULL;
    const char *reason = objection(world, question);
    if (reason != NULL)
        return reason;
    message.number = ++world->live.number;
    put_request(question, &message);
    wait_for(world, wait, message.number);
    if (world->live.fd < 0 ||
        vb_courier_send(world->live.fd, &message, question->body_size > 0 ? question->body : -1,
                        &refused) < 0)
        wait->until_ns = 0;
    return NULL;
}

void vb_live_cancel(struct vb_world *world, struct vb_live_wait *wait)
{
    const struct vb_courier_message message = {.word = VB_COURIER_CANCEL, .number = wait->number};
    struct vb_error ignored;
    if (wait->link == NULL)
        return;
    unlink_wait(wait);
    if (world->live.fd >= 0)
        (void)!vb_courier_send(world->live.fd, &message, -1, &ignored);
}

/* --- what comes back --- */

static struct vb_live_wait *find(const struct vb_world *world, uint32_t number)
{
    struct vb_live_wait *wait = world->live.first;
    while (wait != NULL && wait->number != number)
        wait = wait->next;
    return wait;
}

/* One that has waited for too long, or that nobody will answer. */
static struct vb_live_wait *find_late(const struct vb_world *world)
{
    const uint64_t now = world->live.fd < 0 ? UINT64_MAX : vb_monotonic_ns();
    struct vb_live_wait *wait = world->live.first;
    while (wait != NULL && wait->until_ns > now)
        wait = wait->next;
    return wait;
}

static void say_nothing_came(struct vb_courier_mail *mail, bool gone)
{
    vb_close_fd(&mail->body);
    mail->message = (struct vb_courier_message){
        .word = VB_COURIER_ANSWER,
        .count = 1,
        .strings = {gone ? "nobody carries requests any more" : "no answer in time"}};
}

static int give(struct vb_world *world, struct vb_live_wait *wait, struct vb_connection **ret,
                struct vb_error *err)
{
    *ret = wait->connection;
    unlink_wait(wait);
    world->live.failed += world->live.mail->message.status == 0;
    const int status = vb_exchange_answered(wait->exchange, world->live.mail, err);
    return status < 0 ? status : 1;
}

int vb_live_next(struct vb_world *world, struct vb_connection **ret, struct vb_error *err)
{
    struct vb_live *live = &world->live;
    struct vb_error closed;
    *ret = NULL;
    if (live->mail == NULL)
        return 0;
    if (live->fd >= 0) {
        const int got = vb_courier_receive(live->fd, live->mail, &closed);
        struct vb_live_wait *wait = got > 0 && live->mail->message.word == VB_COURIER_ANSWER
                                        ? find(world, live->mail->message.number)
                                        : NULL;
        if (got < 0) {
            (void)epoll_ctl(world->epoll, EPOLL_CTL_DEL, live->fd, NULL);
            live->fd = -1;
        }
        if (wait != NULL)
            return give(world, wait, ret, err);
        if (got > 0)
            return 1; /* nobody waits for it any more */
    }
    struct vb_live_wait *late = find_late(world);
    if (late == NULL)
        return 0;
    say_nothing_came(live->mail, live->fd < 0);
    return give(world, late, ret, err);
}

/* --- the reply --- */

static int add_header(struct vb_http_reply *reply, const char *name, const char *value,
                      struct vb_error *err)
{
    const size_t size = strlen(name) + 1;
    if (reply->header_count == VB_HTTP_HEADERS_MAX || !vb_courier_header_fits(name, value) ||
        vb_courier_header_stays(name, NULL))
        return VB_OK;
    char *pair = malloc(size + strlen(value) + 1);
    if (pair == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "answering in the network of a box");
    memcpy(pair, name, size);
    memcpy(pair + size, value, strlen(value) + 1);
    reply->owned[reply->header_count] = pair;
    reply->headers[reply->header_count++] = (struct vb_http_header){pair, pair + size};
    return VB_OK;
}

/* As proxies say it that everybody knows (RFC 9110, 15.6.3). */
static int make_failure(struct vb_http_reply *reply, struct vb_error *err)
{
    static const char page[] =
        "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
        "<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";
    reply->status = 502;
    reply->form = "html";
    const int status = add_header(reply, "Content-Type", "text/html", err);
    return status < 0 ? status : vb_buf_append(&reply->body, page, sizeof(page) - 1, err);
}

/* The file that came holds what was said, at least now; whoever reads it looks again. What has no
 * end is no file. */
static bool holds(int file, uint64_t size)
{
    const off_t end = lseek(file, 0, SEEK_END);
    return end >= 0 && (uint64_t)end == size;
}

static int make_answer(struct vb_courier_mail *mail, struct vb_http_reply *reply,
                       struct vb_error *err)
{
    const struct vb_courier_message *message = &mail->message;
    int status = VB_OK;
    reply->status = message->status;
    reply->form = message->body > 0 ? "live" : "empty";
    reply->stated = message->stated;
    for (size_t i = 0; status == VB_OK && i + 1 < message->count; i += 2)
        status = add_header(reply, message->strings[i], message->strings[i + 1], err);
    reply->in_file = message->body > 0;
    reply->file = reply->in_file ? vb_steal_fd(&mail->body) : -1;
    reply->file_len = message->body;
    return status;
}

int vb_live_reply(struct vb_courier_mail *mail, struct vb_http_reply *ret, const char **ret_reason,
                  struct vb_error *err)
{
    const struct vb_courier_message *message = &mail->message;
    struct vb_http_reply reply = {.rule = "live"};
    const bool broken =
        message->status != 0 && (message->status < 200 || message->status > 599 ||
                                 (message->body > 0 && !holds(mail->body, message->body)));
    const bool failed = message->status == 0 || broken;
    vb_buf_init(&reply.body, VB_HTTP_REPLY_MAX);
    *ret_reason = !failed              ? NULL
                  : broken             ? "what came back is no answer"
                  : message->count > 0 ? message->strings[0]
                                       : "no answer";
    const int status = failed ? make_failure(&reply, err) : make_answer(mail, &reply, err);
    if (status < 0) {
        vb_http_reply_done(&reply);
        return status;
    }
    *ret = reply;
    return VB_OK;
}
