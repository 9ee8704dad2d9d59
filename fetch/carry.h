/* carry: one request to a host of --net live and its answer, by libcurl. Both are hostile. See
 * courier.c. */
#ifndef FETCH_CARRY_H
#define FETCH_CARRY_H

#include "fetch/internal.h"
#include "fetch/libcurl.h"

enum { CARRY_MS = 20000, CARRY_CONNECT_MS = 10000 };

/* What one package may cause in all. */
enum { CARRY_REQUESTS_MAX = 1000 };
static const uint64_t carry_sent_max = 64U << 20, carry_received_max = 256U << 20;

/* What all requests have in common. */
struct carrier {
    struct libcurl libcurl;
    CURLM *multi;
    struct vb_buf certificates;                             /* whom it trusts, in PEM */
    const char *(*refusal)(const struct sockaddr *address); /* why it is not connected to */
    unsigned answer_ms;                                     /* for a request and its answer */
    uint64_t requests, sent, received;                      /* of all so far */
};

/* Loads libcurl and CA_FILE (NULL: the system's certificates), which needs the file system. */
VB_CHECKED int carrier_open(struct carrier *carrier, const char *ca_file, struct vb_error *err);
void carrier_close(struct carrier *carrier);

struct carry;
/* MAIL asks for it: what it says is copied, its body taken. ROW is the host's. */
VB_CHECKED int carry_new(struct carrier *carrier, struct vb_courier_mail *mail, int row,
                         struct carry **ret, struct vb_error *err);
void carry_free(struct carry *carry);
uint32_t carry_number(const struct carry *carry);
int carry_row(const struct carry *carry);
/* Sends it on its way. What is in the way (a limit, a request that is none) is an error. */
VB_CHECKED int carry_start(struct carry *carry, struct vb_error *err);
bool carry_started(const struct carry *carry);
bool carry_late(const struct carry *carry, uint64_t now_ns);
/* Which request libcurl speaks of. */
struct carry *carry_of(const struct carrier *carrier, CURL *curl);
/* It is over, as libcurl says with CODE: sends what came of it to SOCKET, and adds to the row of
 * *ACCOUNT. */
VB_CHECKED int carry_answer(struct carry *carry, CURLcode code, int socket,
                            struct vb_courier_account *account, struct vb_error *err);
/* Nobody waits for it any more: adds what left to the row of *ACCOUNT. */
void carry_abandon(const struct carry *carry, struct vb_courier_account *account);
/* The answer to a request that is not carried, and why. */
VB_CHECKED int carry_refuse(uint32_t number, const char *why, int socket, struct vb_error *err);

/* Why nobody connects to ADDRESS for a package: what vb_address_refusal says, or that it is near.
 * NULL: it may be. */
const char *carry_refusal(const struct sockaddr *address);

#endif
