/* crowd: many files by GET over one set of connections. The servers may be the attacker's: what
 * they send is bounded and kept, never interpreted beyond HTTP itself. */
#ifndef FETCH_CROWD_H
#define FETCH_CROWD_H

#include "fetch/internal.h"
#include "fetch/libcurl.h"
#include "fetch/patience.h"

enum {
    CROWD_AT_ONCE = 16,
    CROWD_HEADERS = 4,
    CROWD_HOPS = 5,
    CROWD_URL_BYTES = 2048,
    CROWD_ORIGIN_BYTES = 512
};

struct crowd {
    struct libcurl libcurl;
    CURLM *multi;
    const char *ca_file; /* NULL: the system's; not owned */
    uint64_t deadline_ns;
    uint64_t room; /* bytes that may still come, of all */
    struct patience_servers servers;
};

/* One file. Who asks sets what is above the line. */
struct crowd_get {
    char url[CROWD_URL_BYTES];
    const char *headers[CROWD_HEADERS]; /* "Name: value" */
    /* scheme://host[:port] that the user has set: it may be near, and without TLS. Everything else
     * is public, whether we connect to it or a proxy does. */
    char origin[CROWD_ORIGIN_BYTES];
    char secret[CROWD_ORIGIN_BYTES]; /* a header for that origin alone; "": none */
    uint64_t limit;                  /* bytes */
    void *ctx;
    /* --- */
    int fd; /* an anonymous file with what came; -1 where nothing did */
    long code;
    int status; /* VB_OK, or an error that concerns this one alone */
    char reason[256];
};

VB_CHECKED int crowd_open(struct crowd *crowd, const char *ca_file, unsigned timeout_ms,
                          uint64_t room, struct vb_error *err);
void crowd_close(struct crowd *crowd);

struct crowd_work {
    void *ctx;
    /* The next file: true and *RET, zeroed before, filled. False: none now. */
    bool (*next)(void *ctx, struct crowd_get *ret);
    /* It is over. GET is the crowd's and goes after this. */
    int (*done)(void *ctx, struct crowd_get *get, struct vb_error *err);
};
/* Fetches until NEXT has no more and nothing is under way. */
VB_CHECKED int crowd_run(struct crowd *crowd, const struct crowd_work *work, struct vb_error *err);

#endif
