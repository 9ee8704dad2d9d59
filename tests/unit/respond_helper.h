/* respond_helper: asks the world for an answer over HTTP, in tests. */
#ifndef TESTS_RESPOND_HELPER_H
#define TESTS_RESPOND_HELPER_H

#include "sandbox/world/respond.h"

enum { RESPOND_NOW = 1790000000 }; /* 2026-09-21 */
extern const unsigned char respond_seed[32];

struct ask {
    const char *method, *host, *target, *accept, *agent, *body;
};

/* A responder of the test's own; a wrong rule fails the test. */
struct vb_responder *respond_with(const char *rules_dir);
/* What ASK gets over HTTPS; NULL members are what most programs send. The caller's. */
struct vb_http_reply respond_to(struct vb_responder *responder, const struct ask *ask);
/* The reply's header NAME, "" if it has none. */
const char *reply_header(const struct vb_http_reply *reply, const char *name);
bool reply_holds(const struct vb_http_reply *reply, const char *text);

#endif
