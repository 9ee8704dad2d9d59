/* exchange: one request of HTTP and its answer, whichever version carries it (RFC 9110). */
#ifndef SANDBOX_WORLD_EXCHANGE_H
#define SANDBOX_WORLD_EXCHANGE_H

#include "sandbox/world/internal.h"

struct vb_exchange;
/* VERSION (static) is http/1.0, http/1.1 or h2. */
VB_CHECKED int vb_exchange_new(struct vb_connection *connection, const char *version,
                               struct vb_exchange **ret, struct vb_error *err);
void vb_exchange_free(struct vb_exchange *exchange);
/* The parts as they come; all hostile. Pseudo-headers of HTTP/2 are method, target and host. What
 * is too long is cut, and the event says so. */
VB_CHECKED int vb_exchange_method(struct vb_exchange *exchange, const void *text, size_t len,
                                  struct vb_error *err);
VB_CHECKED int vb_exchange_target(struct vb_exchange *exchange, const void *text, size_t len,
                                  struct vb_error *err);
VB_CHECKED int vb_exchange_host(struct vb_exchange *exchange, const void *text, size_t len,
                                struct vb_error *err);
VB_CHECKED int vb_exchange_header(struct vb_exchange *exchange, const struct vb_str *name,
                                  const struct vb_str *value, struct vb_error *err);
/* No header comes any more: they are searched. */
VB_CHECKED int vb_exchange_headers_end(struct vb_exchange *exchange, struct vb_error *err);
VB_CHECKED int vb_exchange_body(struct vb_exchange *exchange, const void *bytes, size_t len,
                                struct vb_error *err);
/* The value of the request's header NAME, or NULL. */
const char *vb_exchange_get(const struct vb_exchange *exchange, const char *name);
/* The target as it was sent. */
const char *vb_exchange_resource(const struct vb_exchange *exchange);

/* Everything has come (WHOLE), or will not come any more: emits world.request, and for a whole one
 * world.response with the answer, which is in *RET until EXCHANGE is freed; NULL: there is none, or
 * none yet (vb_exchange_waits). */
VB_CHECKED int vb_exchange_end(struct vb_exchange *exchange, bool whole,
                               const struct vb_http_reply **ret, struct vb_error *err);
/* A real host was asked. When its answer has come the connection's protocol is told (refill), and
 * vb_exchange_reply has it. */
bool vb_exchange_waits(const struct vb_exchange *exchange);
/* NULL: there is none. */
const struct vb_http_reply *vb_exchange_reply(const struct vb_exchange *exchange);
/* The courier's answer, for live.c: emits world.response. */
VB_CHECKED int vb_exchange_answered(struct vb_exchange *exchange, struct vb_courier_mail *mail,
                                    struct vb_error *err);

/* The bytes of REPLY's body, and at most MAX of them from AT on; fewer than 1: they are gone. */
uint64_t vb_reply_size(const struct vb_http_reply *reply);
ssize_t vb_reply_read(const struct vb_http_reply *reply, uint64_t at, void *ret, size_t max);

#endif
