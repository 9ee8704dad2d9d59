/* courier: the process that really reaches the hosts of --net live, and how one talks with it.
 * Three parties meet here: the coordinator, which names the hosts; the world of a box, which asks;
 * the courier, which carries the request there and the answer back. None of them trusts the others'
 * lengths: the world has read what malware sent, the courier what a server sent. */
#ifndef VETBOX_CORE_COURIER_H
#define VETBOX_CORE_COURIER_H

#include <sys/socket.h>

#include "vetbox/core/error.h"

/* --- whom it may reach --- */

enum { VB_COURIER_HOSTS_MAX = 16, VB_COURIER_HOST_BYTES = 256 };

struct vb_courier_hosts {
    char names[VB_COURIER_HOSTS_MAX][VB_COURIER_HOST_BYTES]; /* lower case */
    size_t count;
};

/* Reads LIST, hosts with commas between them: a name with a dot, or a public address. VB_E_USAGE
 * for anything else. There are no patterns: the names that one stands for are the asker's choice,
 * and would carry what he likes to a resolver. */
VB_CHECKED int vb_courier_hosts_parse(const char *list, struct vb_courier_hosts *ret,
                                      struct vb_error *err);
/* The row of HOST, a name or an address in text of any case, or -1. */
int vb_courier_hosts_find(const struct vb_courier_hosts *hosts, const char *host);

/* Why ADDRESS may never be reached ("loopback", "private", …), a constant; NULL: it is public
 * (IANA's registries of special-purpose addresses, RFC 6890). */
const char *vb_address_refusal(const struct sockaddr *address);
/* The same of HOST as it stands in an address of the web, whoever resolves it: one that is an
 * address in whatever notation, or whose name is of the local network. NULL: it may be public. */
const char *vb_host_refusal(const char *host);

/* --- what is said --- */

enum {
    VB_COURIER_HEADERS_MAX = 100,       /* of a request */
    VB_COURIER_ANSWER_HEADERS_MAX = 60, /* of an answer */
    VB_COURIER_STRINGS_MAX = 2 * VB_COURIER_HEADERS_MAX + 3,
    VB_COURIER_MESSAGE_BYTES = 128 * 1024,
    VB_COURIER_BODY_MAX = 32 * 1024 * 1024, /* either way */
    VB_COURIER_NAME_BYTES = 64              /* of a header's name, with its NUL */
};

enum vb_courier_word {
    /* the world to the courier: method, host, target, then names and values of headers; the body
     * is in the descriptor that comes along */
    VB_COURIER_ASK = 1,
    VB_COURIER_CANCEL, /* nobody waits for number's answer any more */
    /* the courier to the world: names and values of headers, the body in a descriptor; with status
     * 0 one string, why there is no answer */
    VB_COURIER_ANSWER,
    /* the coordinator to the courier, with the courier's end of a socket to a run's world */
    VB_COURIER_RUN,
    VB_COURIER_END,     /* the run is over */
    VB_COURIER_READY,   /* the courier to the coordinator, once */
    VB_COURIER_ACCOUNT, /* and after END: a struct vb_courier_account */
    VB_COURIER_WORDS
};

enum { VB_COURIER_TLS = 1, VB_COURIER_HTTP2 = 2 };

struct vb_courier_message {
    uint32_t word;
    uint32_t number; /* of the request, chosen by who asks */
    uint32_t flags;  /* VB_COURIER_TLS and VB_COURIER_HTTP2 */
    uint16_t port;
    uint16_t status; /* of HTTP */
    uint64_t body;   /* its bytes; 0: there is none */
    uint64_t stated; /* the length that an answer to HEAD states; 0: none */
    size_t count;
    const char *strings[VB_COURIER_STRINGS_MAX];
};

/* Sends one message over a SEQPACKET socket, with BODY (-1: none). Waits a moment for room. More
 * than a message holds is VB_E_LIMIT; VB_E_UNAVAILABLE: nobody takes it. */
VB_CHECKED int vb_courier_send(int socket, const struct vb_courier_message *message, int body,
                               struct vb_error *err);

struct vb_courier_mail {
    struct vb_courier_message message; /* its strings are in TEXT */
    int body;                          /* -1: none; whoever takes it leaves -1 */
    unsigned char text[VB_COURIER_MESSAGE_BYTES];
};
/* Takes one message if there is one. Returns 1, or 0: there is none now. VB_E_UNAVAILABLE: the
 * other end is closed; VB_E_PROTOCOL: what came is no message. Closes a body that was left. */
int vb_courier_receive(int socket, struct vb_courier_mail *mail, struct vb_error *err);

/* What left in one run, for each of the hosts. */
struct vb_courier_account {
    struct {
        uint64_t requests;       /* that left */
        uint64_t failed;         /* that were asked for and have no answer, left or not */
        uint64_t sent, received; /* bytes of HTTP, about */
    } rows[VB_COURIER_HOSTS_MAX];
};

/* A header that can be passed on (RFC 9110, 5.1 and 5.5): its name a token, its value without a
 * control character. */
bool vb_courier_header_fits(const char *name, const char *value);
bool vb_courier_token_fits(const char *text);
/* It speaks of one connection, or of a message on it, and ends there (RFC 9110, 7.6.1). CONNECTION
 * is the value of that header, or NULL. */
bool vb_courier_header_stays(const char *name, const char *connection);

/* --- who it is, for the room that starts it --- */

struct vb_courier_work {
    struct vb_courier_hosts hosts;
    /* Reads all that it needs: libraries, certificates. */
    int (*prepare)(void *ctx, struct vb_error *err);
    /* Behind the walls: serves until CONTROL is closed. */
    int (*serve)(void *ctx, int control, struct vb_error *err);
    void *ctx;
};

#endif
