/* internal: what the world's files share. Everything that comes in through a connection is hostile.
 *
 *   world.c       sockets, datagrams, and whom to let go
 *   connection.c  one stream: its bytes, under TLS where the client begins it
 *   sniff.c       which protocol its first bytes speak
 *   resolver.c, http1.c, http2.c, talk.c   the protocols
 *   exchange.c    one request of HTTP and its answer, whichever version
 *   live.c        what of that really leaves
 *   tell.c        what is said of all this
 *   capture.c     and the packets of it
 */
#ifndef SANDBOX_WORLD_INTERNAL_H
#define SANDBOX_WORLD_INTERNAL_H

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sandbox/world/capture.h"
#include "sandbox/world/live.h"
#include "sandbox/world/names.h"
#include "sandbox/world/respond.h"
#include "sandbox/world/tls.h"
#include "sandbox/world/world.h"

enum {
    VB_WORLD_CONNECTIONS =
        256,              /* at once; of what comes beyond, only the destination is recorded */
    VB_WORLD_SHOWN = 256, /* bytes of a stream that an event shows */
    VB_WORLD_EVENTS = 20000,
    VB_WORLD_OUT = 4 * 1024 * 1024, /* bytes that wait to be taken by one client */
    VB_WORLD_FULL = 256 * 1024      /* from so many on, nothing more is read from it */
};

union vb_world_address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

struct vb_connection;

/* A protocol that a stream speaks. What it is given is plain, whatever is on the wire. */
struct vb_protocol {
    const char *name;
    unsigned idle_ms; /* how long it waits for a silent client */
    bool framed; /* its messages are not all that it is given: the stream is searched as well */
    /* The stream is of this protocol from its first byte on. May set vb_connection.state. */
    int (*begin)(struct vb_connection *connection, struct vb_error *err);
    int (*input)(struct vb_connection *connection, const unsigned char *bytes, size_t len,
                 struct vb_error *err);
    /* There is room in vb_connection.out again, or an answer has come. May be NULL. */
    int (*refill)(struct vb_connection *connection, struct vb_error *err);
    /* Something that was asked for is still to be sent. May be NULL: never. */
    bool (*owes)(const struct vb_connection *connection);
    int (*end)(struct vb_connection *connection, struct vb_error *err); /* tells what is left */
    void (*free)(struct vb_connection *connection);
};

/* Bytes that leave on one way, searched for baits as they come. */
struct vb_outbound {
    const struct vb_connection *connection;
    const char *domain;            /* of a name that was asked for; then there is no connection */
    const char *url;               /* NULL: none */
    struct vb_bait_stream *stream; /* NULL until something is searched */
    size_t unpacked;        /* bytes that were something packed; SIZE_MAX: that is not known */
    unsigned char seen[32]; /* a bit for each bait that was told of */
    bool unsearched;        /* something of it */
    bool baited;            /* a secret of the box was seen in it */
};

struct vb_connection {
    struct vb_world *world;
    int fd;
    uint32_t place; /* of it among the world's */
    uint32_t number;
    union vb_world_address from, to;
    struct vb_flow flow;
    char address[INET6_ADDRSTRLEN]; /* TO, in text */
    char name[VB_NAME_BYTES];       /* that the address was given for; "" */
    char host[VB_NAME_BYTES]; /* whom the client takes it for: the same, the address, or, behind a
                                 proxy's answer, whom it asked for */
    uint64_t begin_ns, idle_until_ns;
    uint64_t received; /* on the wire */
    unsigned char first[VB_WORLD_SHOWN];
    struct vb_tls *tls; /* NULL: plain so far */
    bool decided;       /* about TLS */
    bool tls_told;
    const struct vb_protocol *protocol; /* NULL: nothing recognised yet */
    void *state;
    struct vb_buf plain; /* what came before the protocol was recognised */
    struct vb_buf out;   /* for the wire */
    size_t sent;         /* of it */
    bool closing;        /* once everything was sent */
    bool input_ended;
    bool abandoned;
    bool broken;      /* by the client */
    bool deaf;        /* it takes nothing any more */
    bool more;        /* its protocol had something to send a moment ago, and may have more */
    uint32_t watched; /* epoll's events */
    struct vb_outbound outbound;
};

struct vb_world {
    struct vb_world_options options;
    struct vb_host_names *names;
    struct vb_bait_trail *trail; /* of all that is sent in this run; NULL without baits */
    struct vb_tls_maker *tls;    /* made when the first client wants it */
    int epoll;
    int sockets[VB_WORLD_SOCKETS];
    struct vb_connection *connections[VB_WORLD_CONNECTIONS];
    uint32_t numbers; /* of connections, given so far */
    uint64_t events, unsaid, unread;
    uint64_t starved;              /* connections that wanted too much memory */
    uint64_t abandoned;            /* connections that we ended for what they sent */
    uint64_t refused;              /* connections whose client did not take our certificate */
    uint64_t unfinished;           /* and those whose client left before it said anything */
    uint64_t nameless;             /* questions for names that there was no address left for */
    unsigned files;                /* of bodies, open */
    uint64_t held;                 /* bytes of memory, by requests that are under way */
    uint64_t kept_bytes, not_kept; /* of bodies */
    uint64_t unsearched;           /* messages, to their end */
    struct vb_live live;
    bool baited;          /* a bait was seen in what was sent */
    uint64_t lost_before; /* datagrams; before this run */
    uint64_t lost_since;  /* by sockets that were removed */
    bool more;            /* the socket served last may hold more */
    unsigned char bytes[65536];
};

/* --- tell.c --- */

/* Initialises an event of this run; about CONNECTION where that is not NULL: its number, true
 * destination, and name. */
void vb_world_event(const struct vb_world *world, const struct vb_connection *connection,
                    enum vb_event_kind kind, struct vb_event *ret);
/* The box's time, in seconds; and as HTTP writes it. */
int64_t vb_world_now(const struct vb_world *world);
enum { VB_DATE_BYTES = 40 };
void vb_world_date(const struct vb_world *world, char ret[VB_DATE_BYTES]);
/* Emits it, or counts what is too much to list. */
VB_CHECKED int vb_world_emit(struct vb_world *world, struct vb_event *event, struct vb_error *err);
uint16_t vb_world_port(const union vb_world_address *address);
/* Sets the family, address and port of EVENT. TEXT must live until it is emitted. */
void vb_world_put_address(struct vb_event *event, const union vb_world_address *address,
                          char text[INET6_ADDRSTRLEN]);

struct vb_came {
    const char *protocol;
    const union vb_world_address *to;
    const unsigned char *bytes; /* the first of them */
    size_t shown;
    uint64_t size;                          /* all of them */
    size_t enciphered;                      /* of a datagram */
    const struct vb_connection *connection; /* NULL: a datagram */
};
/* world.connection */
VB_CHECKED int vb_world_tell_came(struct vb_world *world, const struct vb_came *came,
                                  struct vb_error *err);
/* bait.seen for each bait in BYTES and what came before them in the same message. */
VB_CHECKED int vb_world_search(struct vb_world *world, struct vb_outbound *outbound,
                               const void *bytes, size_t len, struct vb_error *err);
/* The message is complete: what is searched next on this way begins another. */
VB_CHECKED int vb_world_search_end(struct vb_world *world, struct vb_outbound *outbound,
                                   struct vb_error *err);
/* Says of the BYTES, of a message of SIZE that left on this way, whether they look enciphered. */
void vb_world_put_cipher(struct vb_event *event, const struct vb_outbound *outbound,
                         const struct vb_str *bytes, uint64_t size);
/* A name that was asked for. */
VB_CHECKED int vb_world_search_name(struct vb_world *world, const char *name,
                                    struct vb_outbound *outbound, struct vb_error *err);
/* Hands FD, whose bytes have the digest HEX, to whoever keeps the evidence. */
VB_CHECKED int vb_world_keep(struct vb_world *world, int fd, const char *hex, struct vb_error *err);
/* Says what was not recorded. */
VB_CHECKED int vb_world_tell_gap(struct vb_world *world, uint64_t count, const char *what,
                                 const char *reason, struct vb_error *err);

/* --- connection.c --- */

/* Takes FD, which was accepted for what FROM sent to TO. */
VB_CHECKED int vb_connection_open(struct vb_world *world, int fd,
                                  const union vb_world_address *from,
                                  const union vb_world_address *to, struct vb_error *err);
/* Sets its address and host from its destination. */
void vb_connection_name(struct vb_connection *connection);
/* True if there is something to read, or it is over. */
bool vb_connection_holds(const struct vb_connection *connection);
/* There is something to read or to write. */
VB_CHECKED int vb_connection_serve(struct vb_connection *connection, struct vb_error *err);
/* Time passes: whoever is silent for too long is let go. */
VB_CHECKED int vb_connection_tick(struct vb_connection *connection, uint64_t now_ns,
                                  struct vb_error *err);
/* Ends it, and says what it was. It is freed, whatever is returned. */
VB_CHECKED int vb_connection_finish(struct vb_connection *connection, struct vb_error *err);
void vb_connection_free(struct vb_connection *connection);
/* It ends as soon as everything was sent, for what its client does: what comes now is not read. */
void vb_connection_abandon(struct vb_connection *connection);
/* Sends BYTES, through TLS where the stream has it. What a client does not take is dropped with it.
 */
VB_CHECKED int vb_connection_send(struct vb_connection *connection, const void *bytes, size_t len,
                                  struct vb_error *err);
/* An answer that it waited for has come. */
VB_CHECKED int vb_connection_resume(struct vb_connection *connection, struct vb_error *err);
/* What follows is a stream of its own, to HOST (hostile), and of a protocol that is not known yet:
 * behind a proxy's answer. Frees the protocol's state. */
void vb_connection_restart(struct vb_connection *connection, const char *host);
/* What follows is of PROTOCOL. Frees the state of the one before. */
VB_CHECKED int vb_connection_switch(struct vb_connection *connection,
                                    const struct vb_protocol *protocol, struct vb_error *err);
VB_CHECKED int vb_connection_say(struct vb_connection *connection, const char *text,
                                 struct vb_error *err);

/* --- sniff.c --- */

/* CONNECTION has said nothing yet, and at its port a server usually speaks first. */
bool vb_world_awaits_us(const struct vb_connection *connection);
/* The protocol that CONNECTION's first plain bytes speak; NULL: they do not say it yet. With ENOUGH
 * it decides now. */
const struct vb_protocol *vb_world_sniff(const struct vb_connection *connection, bool enough);

/* --- the protocols --- */

extern const struct vb_protocol vb_protocol_dns, vb_protocol_http1, vb_protocol_http2,
    vb_protocol_websocket, vb_protocol_smtp, vb_protocol_ssh, vb_protocol_shell, vb_protocol_redis,
    vb_protocol_raw;

/* websocket.c: the answer to the KEY of a client that wants one. */
enum { VB_WEBSOCKET_ACCEPT = 32 };
VB_CHECKED int vb_websocket_accept(const char *key, char ret[VB_WEBSOCKET_ACCEPT],
                                   struct vb_error *err);

/* resolver.c: a datagram to a resolver: who sent it, to whom, on which of the sockets. */
struct vb_query {
    int socket;
    const union vb_world_address *from, *to;
    const unsigned char *bytes;
    size_t len;
};
struct vb_dns_question;
struct vb_dns_reply;
/* Searches and answers the question that stands in the LEN BYTES, and tells of it. */
VB_CHECKED int vb_world_answer_question(struct vb_world *world,
                                        const struct vb_dns_question *question,
                                        const unsigned char *bytes, size_t len,
                                        struct vb_dns_reply *ret, struct vb_error *err);
/* doh.c: *RET_DONE says whether REQUEST was such a question; then *RET is the caller's. */
VB_CHECKED int vb_world_answer_doh(struct vb_world *world, const struct vb_http_request *request,
                                   struct vb_http_reply *ret, bool *ret_done, struct vb_error *err);
VB_CHECKED int vb_world_answer_datagram(struct vb_world *world, const struct vb_query *query,
                                        const struct vb_dns_question *question,
                                        struct vb_error *err);

#endif
