/* doh: questions for names over HTTP: as messages (RFC 8484), and as the JSON that public resolvers
 * give. Both forms are known by the request alone, whoever is asked. See internal.h. */
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#include "sandbox/world/dns.h"
#include "sandbox/world/exchange.h"

enum { MESSAGE_MAX = 600, BASE64_MAX = 800, QUERY_HEAD = 12 };

static const char message_media[] = "application/dns-message";
static const char json_media[] = "application/dns-json";

static const char *header(const struct vb_http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    }
    return "";
}

/* The value of the query's parameter NAME, percent-encoding kept; "" if there is none. */
static void parameter(const char *target, const char *name, char *ret, size_t size)
{
    const size_t len = strlen(name);
    const char *at = strchr(target, '?');
    ret[0] = '\0';
    while (at != NULL && (strncmp(at + 1, name, len) != 0 || at[1 + len] != '='))
        at = strchr(at + 1, '&');
    if (at != NULL)
        snprintf(ret, size, "%.*s", (int)strcspn(at + 2 + len, "&#"), at + 2 + len);
}

/* base64url without padding (RFC 4648, 5). Returns the length, or 0. */
static size_t decode(const char *text, unsigned char ret[MESSAGE_MAX])
{
    unsigned char padded[BASE64_MAX + 4];
    const size_t len = strlen(text);
    if (len == 0 || len > BASE64_MAX)
        return 0;
    for (size_t i = 0; i < len; i++)
        padded[i] = (unsigned char)(text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
    const size_t more = (4 - len % 4) % 4;
    memset(padded + len, '=', more);
    const int got = EVP_DecodeBlock(ret, padded, (int)(len + more));
    return got < 0 || more > 2 ? 0 : (size_t)got - more;
}

/* The message that NAME's record of TYPE is asked for with. Returns its length, or 0. */
static size_t compose(const char *name, const char *type, unsigned char ret[MESSAGE_MAX])
{
    static const struct {
        const char *name;
        unsigned char number;
    } types[] = {{"A", 1},   {"AAAA", 28}, {"TXT", 16}, {"MX", 15},   {"PTR", 12}, {"SRV", 33},
                 {"28", 28}, {"16", 16},   {"15", 15},  {"CNAME", 5}, {"NS", 2}};
    unsigned char number = 1;
    size_t at = QUERY_HEAD;
    memset(ret, 0, QUERY_HEAD);
    ret[2] = ret[5] = 1; /* recursion desired; one question */
    for (size_t i = 0; i < VB_ARRAY_LEN(types); i++) {
        if (strcasecmp(types[i].name, type) == 0)
            number = types[i].number;
    }
    while (*name != '\0') {
        const size_t len = strcspn(name, ".");
        if (len == 0 || len > 63 || at + len + 6 > MESSAGE_MAX)
            return 0;
        ret[at++] = (unsigned char)len;
        memcpy(ret + at, name, len);
        at += len;
        name += len + (name[len] == '.');
    }
    memcpy(ret + at, (const unsigned char[]){0, 0, number, 0, 1}, 5);
    return at + 5;
}

static size_t find_message(const struct vb_http_request *request, unsigned char ret[MESSAGE_MAX],
                           bool *ret_json)
{
    char value[BASE64_MAX + 1], type[16];
    const bool posted = strcasecmp(header(request, "content-type"), message_media) == 0;
    *ret_json = false;
    if (posted && request->body_len <= MESSAGE_MAX) {
        memcpy(ret, request->body, request->body_len);
        return request->body_len;
    }
    parameter(request->target, "dns", value, sizeof(value));
    if (value[0] != '\0' && strstr(header(request, "accept"), message_media) != NULL)
        return decode(value, ret);
    parameter(request->target, "name", value, sizeof(value));
    parameter(request->target, "type", type, sizeof(type));
    *ret_json = value[0] != '\0' && (strstr(header(request, "accept"), json_media) != NULL ||
                                     strncmp(request->target, "/resolve?", 9) == 0 ||
                                     strncmp(request->target, "/dns-query?", 11) == 0);
    return *ret_json ? compose(value, type, ret) : 0;
}

/* A name's text, with what JSON would take for something else left out. */
static void plain(const char *name, char ret[VB_NAME_BYTES])
{
    size_t len = 0;
    for (; *name != '\0' && len + 1 < VB_NAME_BYTES; name++) {
        if (*name >= 0x20 && *name < 0x7f && *name != '"' && *name != '\\')
            ret[len++] = *name;
    }
    ret[len] = '\0';
}

static int write_json(const struct vb_dns_question *question, const struct vb_dns_reply *dns,
                      struct vb_buf *body, struct vb_error *err)
{
    char name[VB_NAME_BYTES], text[VB_NAME_BYTES];
    plain(question->name, name);
    plain(dns->text, text);
    int status = vb_buf_printf(
        body, err,
        "{\"Status\":%u,\"TC\":false,\"RD\":true,\"RA\":true,\"AD\":false,\"CD\":false,"
        "\"Question\":[{\"name\":\"%s\",\"type\":%u}]",
        dns->bytes[3] & 15U, name, question->code);
    if (status == VB_OK && text[0] != '\0')
        status = vb_buf_printf(
            body, err, ",\"Answer\":[{\"name\":\"%s\",\"type\":%u,\"TTL\":300,\"data\":\"%s\"}]",
            name, question->code, text);
    return status < 0 ? status : vb_buf_append_str(body, "}", err);
}

int vb_world_answer_doh(struct vb_world *world, const struct vb_http_request *request,
                        struct vb_http_reply *ret, bool *ret_done, struct vb_error *err)
{
    unsigned char message[MESSAGE_MAX];
    struct vb_dns_question question;
    struct vb_dns_reply dns;
    bool json = false;
    const size_t len = find_message(request, message, &json);
    *ret_done = len > 0 && vb_dns_question(message, len, &question) && question.begin == 0;
    if (!*ret_done)
        return VB_OK;
    int status = vb_world_answer_question(world, &question, message, len, &dns, err);
    if (status < 0)
        return status;
    struct vb_http_reply reply = {
        .status = 200,
        .headers = {{"Content-Type", json ? json_media : message_media}},
        .header_count = 1,
        .rule = "dns",
        .form = "dns",
    };
    vb_buf_init(&reply.body, VB_HTTP_REPLY_MAX);
    status = json ? write_json(&question, &dns, &reply.body, err)
                  : vb_buf_append(&reply.body, dns.bytes, dns.len, err);
    if (status < 0) {
        vb_http_reply_done(&reply);
        return status;
    }
    *ret = reply;
    return VB_OK;
}
