/* live: what a run asks of the hosts of --net live goes to the courier (vetbox/core/courier.h),
 * which asks the real ones. Here is decided what may leave: never a request in which a bait was
 * seen, none behind one, none that was not wholly searched. What the courier says is hostile. */
#ifndef SANDBOX_WORLD_LIVE_H
#define SANDBOX_WORLD_LIVE_H

#include "sandbox/world/respond.h"
#include "vetbox/core/courier.h"

enum {
    VB_LIVE_MS = 25000
}; /* longer than the courier takes, shorter than a client is waited for */

struct vb_exchange;
struct vb_connection;
struct vb_world;
struct vb_outbound;

/* Where an exchange waits for the courier; a member of it. */
struct vb_live_wait {
    struct vb_live_wait *next, **link; /* LINK NULL: it does not wait */
    struct vb_exchange *exchange;
    struct vb_connection *connection;
    uint32_t number;
    uint64_t until_ns;
};

struct vb_live {
    int fd; /* not owned; -1: the courier is gone */
    struct vb_live_wait *first;
    uint32_t number;
    uint64_t failed; /* requests */
    struct vb_courier_mail *mail;
};

struct vb_live_question {
    const struct vb_connection *connection;
    const struct vb_http_request *request;
    const char *authority; /* as the client named it, with its port */
    const struct vb_outbound *outbound;
    bool http2;
    bool whole; /* nothing of its head was left out */
    int body;   /* all of it; -1: it is not at hand */
    uint64_t body_size;
};

/* Asks the courier, and WAIT waits; or returns why not, where the host is listed and the request
 * does not go there. Otherwise it concerns another host. */
const char *vb_live_ask(struct vb_world *world, const struct vb_live_question *question,
                        struct vb_live_wait *wait);
/* Nobody waits any more. */
void vb_live_cancel(struct vb_world *world, struct vb_live_wait *wait);
/* Gives one answer, or the news that there is none, to its exchange. Returns 1 with the connection
 * that goes on in *RET (NULL: it has gone), 0: none has come, or an error. */
int vb_live_next(struct vb_world *world, struct vb_connection **ret, struct vb_error *err);
/* The reply that MAIL, an answer, makes; with status 0 what a proxy says, and *RET_REASON why.
 * MAIL's body is taken. */
VB_CHECKED int vb_live_reply(struct vb_courier_mail *mail, struct vb_http_reply *ret,
                             const char **ret_reason, struct vb_error *err);

#endif
