/* respond: the guess that is left when no rule fits. See respond.h. */
#include "sandbox/world/respond.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct vb_responder {
    unsigned char seed[32];
};

int vb_responder_new(const char *rules_dir, const unsigned char seed[32],
                     const char *public_address, struct vb_responder **ret, struct vb_error *err)
{
    (void)rules_dir, (void)public_address;
    struct vb_responder *responder = calloc(1, sizeof(*responder));
    if (responder == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "preparing the answers of the network of a box");
    memcpy(responder->seed, seed, sizeof(responder->seed));
    *ret = responder;
    return VB_OK;
}

void vb_responder_free(struct vb_responder *responder)
{
    free(responder);
}

const struct vb_http_header *vb_responder_bait_at(const struct vb_responder *responder,
                                                  size_t index)
{
    (void)responder, (void)index;
    return NULL;
}

int vb_responder_set_bait(struct vb_responder *responder, const char *name, const char *value,
                          struct vb_error *err)
{
    (void)responder, (void)value;
    return vb_fail(err, VB_E_USAGE, 0, "no answer holds a credential called %s", name);
}

static bool wants_page(const struct vb_http_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, "accept") == 0)
            return strstr(request->headers[i].value, "text/html") != NULL;
    }
    return false;
}

int vb_respond(struct vb_responder *responder, const struct vb_http_request *request,
               int64_t now_seconds, struct vb_http_reply *ret, struct vb_error *err)
{
    (void)responder, (void)now_seconds;
    const bool page = wants_page(request);
    struct vb_http_reply reply = {.status = 200, .rule = "guess", .form = page ? "html" : "json"};
    reply.headers[reply.header_count++] = (struct vb_http_header){
        "Content-Type", page ? "text/html; charset=utf-8" : "application/json"};
    vb_buf_init(&reply.body, VB_HTTP_REPLY_MAX);
    const int status = vb_buf_append_str(
        &reply.body, page ? "<!doctype html><title>Welcome</title>\n" : "{\"ok\":true}\n", err);
    if (status < 0) {
        vb_http_reply_done(&reply);
        return status;
    }
    *ret = reply;
    return VB_OK;
}

void vb_http_reply_done(struct vb_http_reply *reply)
{
    if (reply == NULL)
        return;
    vb_buf_done(&reply->body);
    for (size_t i = 0; i < VB_HTTP_HEADERS_MAX; i++)
        free(reply->owned[i]);
}
