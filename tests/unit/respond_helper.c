/* respond_helper: see respond_helper.h. */
#include "respond_helper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

const unsigned char respond_seed[32] = {3, 1, 4, 1, 5};

struct vb_responder *respond_with(const char *rules_dir)
{
    struct vb_responder *responder = NULL;
    struct vb_error err = {0};
    if (vb_responder_new(rules_dir, respond_seed, "203.0.113.77", &responder, &err) < 0)
        fail_msg("%s", err.message);
    return responder;
}

struct vb_http_reply respond_to(struct vb_responder *responder, const struct ask *ask)
{
    const struct vb_http_header headers[] = {
        {"User-Agent", ask->agent == NULL ? "python-requests/2.31" : ask->agent},
        {"Accept", ask->accept == NULL ? "*/*" : ask->accept},
    };
    const struct vb_http_request request = {
        .host = ask->host,
        .port = 443,
        .tls = true,
        .method = ask->method,
        .target = ask->target,
        .headers = headers,
        .header_count = VB_ARRAY_LEN(headers),
        .body = (const unsigned char *)ask->body,
        .body_len = ask->body == NULL ? 0 : strlen(ask->body),
    };
    struct vb_http_reply reply;
    struct vb_error err = {0};
    if (vb_respond(responder, &request, RESPOND_NOW, &reply, &err) < 0)
        fail_msg("%s %s%s: %s", ask->method, ask->host, ask->target, err.message);
    return reply;
}

const char *reply_header(const struct vb_http_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return reply->headers[i].value;
    }
    return "";
}

bool reply_holds(const struct vb_http_reply *reply, const char *text)
{
    return reply->body.len > 0 &&
           memmem(reply->body.data, reply->body.len, text, strlen(text)) != NULL;
}
