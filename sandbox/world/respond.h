/* respond: what the world answers to a request over HTTP. Pure: no sockets, no files, no clock; the
 * same seed and the same requests in the same order give the same bytes. Rules say which answer
 * (docs/world.md): those of a folder first, then the built-in ones of rules/world/.
 *
 * The request is hostile. Rules, seed and baits are the coordinator's. */
#ifndef SANDBOX_WORLD_RESPOND_H
#define SANDBOX_WORLD_RESPOND_H

#include "vetbox/sandbox.h"

enum {
    VB_HTTP_HEADERS_MAX = 64,            /* of a reply */
    VB_HTTP_RULE_HEADERS_MAX = 16,       /* of one that a rule or a capture makes */
    VB_HTTP_BODY_SEEN = 64 * 1024,       /* bytes of a request's body that are looked at */
    VB_HTTP_REPLY_MAX = 2 * 1024 * 1024, /* bytes of a reply's body */
    VB_HTTP_TOKEN_CHARS = 32
};

struct vb_http_header {
    const char *name, *value;
};

struct vb_http_request {
    const char *host; /* lower case, without port: the name, or the address in text */
    uint16_t port;
    bool tls;
    const char *method;
    const char *target; /* as sent: path and query, percent-encoding kept; or an absolute URL */
    const struct vb_http_header *headers;
    size_t header_count;
    const unsigned char *body; /* its first bytes, at most VB_HTTP_BODY_SEEN */
    size_t body_len;
};

struct vb_http_reply {
    unsigned status; /* 200 to 599 */
    /* No Content-Length, Date or Connection: those are the connection's. Never a line break. */
    struct vb_http_header headers[VB_HTTP_HEADERS_MAX];
    size_t header_count;
    struct vb_buf body; /* complete, whatever the method: HEAD leaves it out */
    const char *rule;   /* id of the rule that answered; the responder's */
    const char *form;   /* json, html, text, script, archive, elf, wheel, npm, git, empty, … */
    /* Of a second stage: 32 hex digits that stand in this answer and in no other. They show up in
     * an exec, a file or a request only when what was sent is executed. "": none. For a git
     * repository they are the repository's, since its parts come in several answers. */
    char token[VB_HTTP_TOKEN_CHARS + 1];
    char *owned[VB_HTTP_HEADERS_MAX]; /* the memory of the headers */
    /* Of a real host: the body is in a file instead, of which only so much counts.
     */
    bool in_file;
    int file; /* the reply's */
    uint64_t file_len;
    struct vb_str lent; /* of a dependency: the body, which is the shelf's; NULL: none */
    uint64_t stated;    /* the length that an answer to HEAD says; 0: the body's */
};

struct vb_responder;

/* Reads the rules of RULES_DIR (NULL: none), *.yaml in the order of their names. The built-in ones
 * come behind them; they are read when the first request comes, from memory, so that a run without
 * the network does not pay for them. SEED makes the run's credentials and tokens. PUBLIC_ADDRESS is
 * the address that the box is told it has, in text. A rule file that is wrong is VB_E_CONFIG with
 * its line. *RET is the caller's. */
VB_CHECKED int vb_responder_new(const char *rules_dir, const unsigned char seed[32],
                                const char *public_address, struct vb_responder **ret,
                                struct vb_error *err);
void vb_responder_free(struct vb_responder *responder);

/* The credentials that answers give away (cloud metadata, OAuth): name and value, made from the
 * seed unless set. NULL behind the last. They are the responder's. */
const struct vb_http_header *vb_responder_bait_at(const struct vb_responder *responder,
                                                  size_t index);
/* Gives the bait NAME this VALUE from now on; both are copied. An unknown name is VB_E_USAGE. */
VB_CHECKED int vb_responder_set_bait(struct vb_responder *responder, const char *name,
                                     const char *value, struct vb_error *err);

/* The package indexes of the world have VERSION of the package NAME, too, which the package under
 * examination asks for; both hostile, copied. What is no name or version is passed over. */
VB_CHECKED int vb_responder_want(struct vb_responder *responder, const char *name,
                                 const char *version, struct vb_error *err);

/* From now on the package indexes have what SHELF holds, and exactly that, of the packages that it
 * holds. The shelf outlives the responder. */
struct vb_shelf;
void vb_responder_serve(struct vb_responder *responder, const struct vb_shelf *shelf);
/* From now on what no rule knows is answered so. */
void vb_responder_guess(struct vb_responder *responder, enum vb_guess guess);
/* Such an answer has this rule. */
#define VB_RULE_DEPENDENCY "dependency"

/* Answers REQUEST at NOW_SECONDS (Unix time as the box sees it). Every request gets an answer; it
 * fails only for memory. *RET is the caller's (vb_http_reply_done); untouched on failure. */
VB_CHECKED int vb_respond(struct vb_responder *responder, const struct vb_http_request *request,
                          int64_t now_seconds, struct vb_http_reply *ret, struct vb_error *err);
void vb_http_reply_done(struct vb_http_reply *reply);

#endif
