/* dns: questions that programs ask, and what the world answers (RFC 1035). */
#ifndef SANDBOX_WORLD_DNS_H
#define SANDBOX_WORLD_DNS_H

#include "sandbox/world/names.h"

enum { VB_DNS_PORT = 53, VB_DNS_REPLY_MAX = 1024 };

struct vb_dns_question {
    char name[256];
    const char *type; /* A, AAAA, …; points to static text or NUMBER */
    char number[16];
    unsigned code; /* the type's number */
    size_t begin;  /* of the query in its message: behind the length that a stream has, or 0 */
    size_t end;    /* of the question, from BEGIN on */
};
/* The first question of a DNS query, in a datagram or behind the length of a stream. */
bool vb_dns_question(const unsigned char *data, size_t len, struct vb_dns_question *ret);

struct vb_dns_reply {
    unsigned char bytes[VB_DNS_REPLY_MAX]; /* without a stream's length */
    size_t len;
    bool crowded;             /* there was no address left for the name */
    const char *outcome;      /* answered, empty (no record of that type), unknown (no such name),
                                 failed (nobody who knows it is reached), or doubted (none, because it
                                 looks drawn by chance) */
    char text[VB_NAME_BYTES]; /* the address or the name in the answer; "" */
};
/* The answer to QUESTION, which QUERY is (hostile; BEGIN bytes of it skipped already). */
void vb_dns_answer(const struct vb_dns_question *question, const unsigned char *query,
                   struct vb_host_names *names, struct vb_dns_reply *ret);

#endif
