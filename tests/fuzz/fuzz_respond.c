/* libs: vb_sandbox */
/* A request over HTTP and its answer: whatever comes, there is one, its headers stay in their
 * lines, its JSON is JSON, and its token stands in it. The first line is METHOD HOST TARGET;
 * headers follow, then an empty line and the body. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/world/respond.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADERS = 32 };

static struct vb_responder *responder_of(void)
{
    static struct vb_responder *responder;
    static const unsigned char seed[32] = {1};
    if (responder == NULL && vb_responder_new(NULL, seed, "203.0.113.7", &responder, NULL) < 0)
        abort();
    return responder;
}

/* Cuts the next word off *TEXT at one of ENDS. */
static char *next(char **text, const char *ends)
{
    char *begin = *text;
    char *end = begin + strcspn(begin, ends);
    *text = *end == '\0' ? end : end + 1;
    *end = '\0';
    return begin;
}

static void check(const struct vb_http_request *request)
{
    struct vb_http_reply reply;
    struct vb_error err = {0};
    if (vb_respond(responder_of(), request, 1790000000, &reply, &err) < 0 || reply.status < 200 ||
        reply.status > 599 || reply.form[0] == '\0')
        abort();
    for (size_t i = 0; i < reply.header_count; i++) {
        if (strpbrk(reply.headers[i].value, "\r\n") != NULL)
            abort();
    }
    json_t *json = NULL;
    if (strcmp(reply.form, "json") == 0 || strcmp(reply.form, "credentials") == 0) {
        const bool plain =
            reply.body.len > 0 && reply.body.data[0] != '{' && reply.body.data[0] != '[';
        if (!plain && vb_json_parse((const char *)reply.body.data, reply.body.len,
                                    VB_HTTP_REPLY_MAX, &json, &err) < 0)
            abort();
    }
    json_decref(json);
    if (reply.token[0] != '\0' && strcmp(reply.rule, "script-base64") != 0 &&
        memmem(reply.body.data, reply.body.len, reply.token, VB_HTTP_TOKEN_CHARS) == NULL)
        abort();
    vb_http_reply_done(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vb_http_header headers[HEADERS];
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    char *text = copy;
    struct vb_http_request request = {.port = 443, .tls = true, .headers = headers};
    request.method = next(&text, " \n");
    request.host = next(&text, " \n");
    request.target = next(&text, "\n");
    while (*text != '\0' && *text != '\n' && request.header_count < HEADERS) {
        headers[request.header_count].name = next(&text, ":\n");
        headers[request.header_count++].value = next(&text, "\n");
    }
    text += *text == '\n';
    request.body = (const unsigned char *)text;
    request.body_len = size - (size_t)(text - copy);
    check(&request);
    free(copy);
    return 0;
}
