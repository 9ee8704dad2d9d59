/* respond: finds the rule and makes its reply. See respond.h; the parts are in answers/. */
#include "sandbox/world/respond.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sandbox/world/answers/internal.h"

static const int64_t last_second = 253402300799; /* of the year 9999 */

static int no_memory(struct vb_error *err)
{
    return vb_fail(err, VB_E_NOMEM, errno, "preparing the answers of the network of a box");
}

/* --- the responder --- */

int vb_responder_new(const char *rules_dir, const unsigned char seed[32],
                     const char *public_address, struct vb_responder **ret, struct vb_error *err)
{
    struct vb_responder *responder = calloc(1, sizeof(*responder));
    if (responder == NULL)
        return no_memory(err);
    memcpy(responder->seed, seed, sizeof(responder->seed));
    responder->address = strdup(public_address);
    int status = responder->address == NULL ? no_memory(err) : VB_OK;
    if (status == VB_OK)
        status = vb_answer_make_baits(responder, err);
    if (status == VB_OK && rules_dir != NULL)
        status = vb_answer_rules_folder(responder, rules_dir, err);
    if (status < 0) {
        vb_responder_free(responder);
        return status;
    }
    *ret = responder;
    return VB_OK;
}

void vb_responder_free(struct vb_responder *responder)
{
    if (responder == NULL)
        return;
    for (size_t i = 0; i < responder->file_count; i++)
        vb_yaml_free(responder->files[i]);
    for (size_t i = 0; i < responder->bait_count; i++)
        free((void *)(uintptr_t)responder->baits[i].value);
    for (size_t i = 0; i < responder->wanted_count; i++) {
        free(responder->wanted[i].name);
        free(responder->wanted[i].version);
    }
    json_decref(responder->list);
    free(responder->files);
    free(responder->rules);
    free(responder->address);
    free(responder);
}

const struct vb_http_header *vb_responder_bait_at(const struct vb_responder *responder,
                                                  size_t index)
{
    return index < responder->bait_count ? &responder->baits[index] : NULL;
}

int vb_responder_set_bait(struct vb_responder *responder, const char *name, const char *value,
                          struct vb_error *err)
{
    for (size_t i = 0; i < responder->bait_count; i++) {
        if (strcmp(responder->baits[i].name, name) != 0)
            continue;
        char *copy = strdup(value);
        if (copy == NULL)
            return no_memory(err);
        free((void *)(uintptr_t)responder->baits[i].value);
        responder->baits[i].value = copy;
        return VB_OK;
    }
    return vb_fail(err, VB_E_USAGE, 0, "no answer holds a credential called %s", name);
}

int vb_responder_want(struct vb_responder *responder, const char *name, const char *version,
                      struct vb_error *err)
{
    static const char usual[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_+@/";
    const size_t name_len = strlen(name), len = strlen(version);
    if (responder->wanted_count == VB_WORLD_WANTED_MAX || name_len == 0 || name_len > 214 ||
        len == 0 || len > 40 || strspn(name, usual) != name_len || strspn(version, usual) != len)
        return VB_OK; /* it is only a package that will not be found */
    for (size_t i = 0; i < responder->wanted_count; i++) {
        if (strcmp(responder->wanted[i].name, name) == 0 &&
            strcmp(responder->wanted[i].version, version) == 0)
            return VB_OK;
    }
    struct vb_wanted wanted = {strdup(name), strdup(version)};
    if (wanted.name == NULL || wanted.version == NULL) {
        free(wanted.name);
        free(wanted.version);
        return no_memory(err);
    }
    responder->wanted[responder->wanted_count++] = wanted;
    return VB_OK;
}

void vb_responder_serve(struct vb_responder *responder, const struct vb_shelf *shelf)
{
    responder->shelf = shelf;
}

void vb_responder_guess(struct vb_responder *responder, enum vb_guess guess)
{
    responder->guess = guess;
}

/* --- what answers are made with --- */

void vb_answer_stream(const struct vb_answer *answer, const char *name, struct vb_stream *ret)
{
    char own[64];
    snprintf(own, sizeof(own), "world:%.50s", name);
    vb_stream_init(ret, answer->responder->seed, own);
}

void vb_answer_time(int64_t seconds, const char *format, char *ret, size_t size)
{
    const time_t when = (time_t)(seconds < 0 ? 0 : seconds > last_second ? last_second : seconds);
    struct tm tm;
    ret[0] = '\0';
    if (gmtime_r(&when, &tm) != NULL && strftime(ret, size, format, &tm) == 0)
        ret[0] = '\0';
}

int vb_answer_origin(const struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    const struct vb_http_request *request = answer->view->request;
    const bool v6 = strchr(request->host, ':') != NULL;
    const int status = vb_buf_printf(out, err, "http%s://%s%.255s%s", request->tls ? "s" : "",
                                     v6 ? "[" : "", request->host, v6 ? "]" : "");
    if (status < 0 || request->port == (request->tls ? 443 : 80) || request->port == 0)
        return status;
    return vb_buf_printf(out, err, ":%u", (unsigned)request->port);
}

int vb_answer_make_token(struct vb_answer *answer, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    vb_buf_init(&text, VB_HTTP_TOKEN_CHARS);
    const int status =
        vb_stream_text(&answer->stream, "0123456789abcdef", VB_HTTP_TOKEN_CHARS, &text, err);
    if (status < 0)
        return status;
    memcpy(answer->token, text.data, text.len);
    answer->token[text.len] = '\0';
    return VB_OK;
}

const char *vb_answer_token(struct vb_answer *answer)
{
    answer->token_used = true;
    return answer->token;
}

int vb_answer_header(struct vb_answer *answer, const char *name, const char *value,
                     struct vb_error *err)
{
    struct vb_http_reply *reply = answer->reply;
    if (reply->header_count == VB_HTTP_HEADERS_MAX)
        return VB_OK;
    const size_t name_size = strlen(name) + 1;
    char *pair = malloc(name_size + strlen(value) + 1);
    if (pair == NULL)
        return no_memory(err);
    memcpy(pair, name, name_size);
    size_t out = name_size;
    for (; *value != '\0'; value++) {
        if (*value >= 0x20 && *value < 0x7f)
            pair[out++] = *value;
    }
    pair[out] = '\0';
    reply->owned[reply->header_count] = pair;
    reply->headers[reply->header_count++] = (struct vb_http_header){pair, pair + name_size};
    return VB_OK;
}

/* --- one answer --- */

static int put_headers(struct vb_answer *answer, const struct vb_rule *rule, struct vb_error *err)
{
    int status =
        rule->type == NULL ? VB_OK : vb_answer_header(answer, "Content-Type", rule->type, err);
    for (size_t i = 0; rule->headers != NULL && i < rule->headers->count && status == VB_OK; i++) {
        VB_CLEANUP(vb_buf_done) struct vb_buf value;
        vb_buf_init(&value, 16384);
        status =
            vb_answer_expand(answer, rule->headers->items[i]->text, VB_ESCAPE_HEADER, &value, err);
        if (status == VB_OK)
            status = vb_answer_header(answer, rule->headers->keys[i]->text,
                                      value.data == NULL ? "" : (const char *)value.data, err);
    }
    return status;
}

static int put_body(struct vb_answer *answer, const struct vb_rule *rule, struct vb_buf *out,
                    struct vb_error *err)
{
    if (rule->kind != NULL) {
        bool made = false;
        const int status = vb_make_dependency(answer, rule->kind, out, &made, err);
        return status < 0 || made ? status : rule->kind->make(answer, out, err);
    }
    if (rule->body == NULL)
        return VB_OK;
    return rule->bytes ? vb_base64_decode(out, rule->body->text, rule->body->len, err)
                       : vb_answer_expand(answer, rule->body->text, rule->escape, out, err);
}

static int apply(struct vb_answer *answer, const struct vb_rule *rule, struct vb_error *err)
{
    struct vb_http_reply *reply = answer->reply;
    reply->rule = rule->id;
    reply->form = rule->form;
    reply->status = rule->status;
    int status = put_headers(answer, rule, err);
    if (status < 0 || !rule->base64)
        return status < 0 ? status : put_body(answer, rule, &reply->body, err);
    VB_CLEANUP(vb_buf_done) struct vb_buf plain;
    vb_buf_init(&plain, VB_HTTP_REPLY_MAX / 2);
    status = put_body(answer, rule, &plain, err);
    return status < 0 ? status : vb_base64_encode(&reply->body, plain.data, plain.len, err);
}

static int64_t within_time(int64_t seconds)
{
    return seconds < 1 ? 1 : seconds > last_second ? last_second : seconds;
}

/* What is left where the rules, contrary to ours, leave something. */
static const struct vb_kind guess_kind = {"guess", "", NULL, vb_make_guess};
static const struct vb_rule guess = {.id = "none", .form = "", .status = 200, .kind = &guess_kind};

/* What waits for the first request: a run without the network should not pay for it. */
static int begin(struct vb_responder *responder, int64_t now, struct vb_error *err)
{
    if (responder->born == 0)
        responder->born = now;
    if (responder->complete)
        return VB_OK;
    const int status = vb_answer_rules_own(responder, err);
    responder->complete = status == VB_OK;
    return status;
}

int vb_respond(struct vb_responder *responder, const struct vb_http_request *request,
               int64_t now_seconds, struct vb_http_reply *ret, struct vb_error *err)
{
    struct vb_view view;
    struct vb_http_reply reply = {.status = 200};
    struct vb_answer answer = {
        .responder = responder, .view = &view, .now = within_time(now_seconds), .reply = &reply};
    char number[24];
    int status = begin(responder, answer.now, err);
    if (status < 0)
        return status;
    snprintf(number, sizeof(number), "%llu", (unsigned long long)responder->counter++);
    vb_answer_stream(&answer, number, &answer.stream);
    vb_view_init(&view, request);
    vb_buf_init(&reply.body, VB_HTTP_REPLY_MAX);
    const struct vb_rule *rule = vb_answer_rule_find(responder, &view);
    status = vb_answer_make_token(&answer, err);
    if (status == VB_OK)
        status = apply(&answer, rule == NULL ? &guess : rule, err);
    if (status < 0) {
        vb_http_reply_done(&reply);
        return status;
    }
    if (answer.token_used)
        memcpy(reply.token, answer.token, sizeof(reply.token));
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
    reply->header_count = 0;
    if (reply->in_file)
        vb_close_fd(&reply->file);
}
