/* patience: whether a request that failed is asked again, and when. */
#ifndef FETCH_PATIENCE_H
#define FETCH_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

enum { PATIENCE_TRIES = 4 /* of one request, the first included */ };

/* What an answer says of its server's limits; -1 where it says nothing. RFC 9110 10.2.3; the
 * RateLimit fields of draft-ietf-httpapi-ratelimit-headers-07, and those with an X before them as
 * the large services mean them. */
struct patience_said {
    int64_t retry_after_s; /* Retry-After, from now on */
    int64_t reset_in_s;    /* RateLimit-Reset */
    int64_t reset_at_s;    /* X-RateLimit-Reset, since 1970 */
    int64_t remaining;     /* requests: RateLimit-Remaining, X-RateLimit-Remaining */
};

/* Whether CODE (of HTTP; 0: the connection broke before all had come) is one that passes. */
bool patience_passes(long code, const struct patience_said *said);

/* Milliseconds until it is asked again after TRIES attempts at NOW_S, seconds since 1970: what the
 * server asks for, else twice as long each time. DICE, any number, adds up to a quarter: others
 * that were told the same do not come at the same moment. */
uint64_t patience_ms(const struct patience_said *said, unsigned tries, int64_t now_s,
                     uint32_t dice);

/* The same of the server's next request after an answer that was good; 0: at once. */
uint64_t patience_pause_ms(const struct patience_said *said, int64_t now_s, uint32_t dice);

/* Servers that want to be left alone for a while, by scheme://host[:port]; zeroed: none. Of more
 * the ones that wait longest are kept. */
enum { PATIENCE_SERVERS = 16, PATIENCE_ORIGIN_BYTES = 512 };
struct patience_servers {
    struct {
        char origin[PATIENCE_ORIGIN_BYTES];
        uint64_t until_ns;
    } rows[PATIENCE_SERVERS];
};
void patience_leave(struct patience_servers *servers, const char *url, uint64_t until_ns);
/* 0: URL's server is none of them. */
uint64_t patience_until(const struct patience_servers *servers, const char *url);

#endif
