/* sniff: which protocol a stream speaks, by its first bytes; by its port where the client waits for
 * the server to begin. See internal.h. */
#include <string.h>

#include "sandbox/world/internal.h"

enum { DNS_PORT = 53 };

/* Ports where the server speaks first, or where a silent client says nothing of its protocol. */
static const struct {
    uint16_t port;
    const struct vb_protocol *protocol;
    bool under_tls; /* the client begins TLS, and then waits */
} greeters[] = {
    {22, &vb_protocol_ssh, false},   {25, &vb_protocol_smtp, false},
    {465, &vb_protocol_smtp, true},  {587, &vb_protocol_smtp, false},
    {2222, &vb_protocol_ssh, false}, {2525, &vb_protocol_smtp, false},
};

static const struct {
    const char *first;
    const struct vb_protocol *protocol;
} words[] = {
    {"PRI * HTTP/2.0\r\n", &vb_protocol_http2},
    {"SSH-", &vb_protocol_ssh},
    {"EHLO ", &vb_protocol_smtp},
    {"HELO ", &vb_protocol_smtp},
    {"LHLO ", &vb_protocol_smtp},
};

enum match { NO, MORE, YES };

static enum match begins(const struct vb_buf *plain, const char *word)
{
    const size_t len = strlen(word);
    const size_t have = plain->len < len ? plain->len : len;
    if (memcmp(plain->data, word, have) != 0)
        return NO;
    return have == len ? YES : MORE;
}

/* METHOD SP target (RFC 9112, 3): a method is a word in capitals. */
static enum match is_http(const struct vb_buf *plain)
{
    size_t at = 0;
    while (at < plain->len && at < 16 &&
           ((plain->data[at] >= 'A' && plain->data[at] <= 'Z') || plain->data[at] == '-'))
        at++;
    if (at == plain->len)
        return at < 16 ? MORE : NO;
    if (at < 3 || plain->data[at] != ' ')
        return NO;
    if (plain->len == at + 1)
        return MORE;
    const unsigned char first = plain->data[at + 1];
    const char *line = memchr(plain->data, '\n', plain->len);
    if (line == NULL)
        return first == '/' || first == '*' || first == 'h' ? MORE : NO;
    const size_t len = (size_t)((const unsigned char *)line - plain->data);
    return memmem(plain->data, len, " HTTP/1.", 8) != NULL ? YES : NO;
}

/* What a shell says that waits for somebody to type at the other end. */
static bool is_shell(const struct vb_buf *plain)
{
    static const char *const signs[] = {"$ ", "# ", "no job control", "sh-", "bash-", "uid="};
    for (size_t i = 0; i < VB_ARRAY_LEN(signs); i++) {
        if (memmem(plain->data, plain->len, signs[i], strlen(signs[i])) != NULL &&
            plain->len < 1024)
            return true;
    }
    return false;
}

/* *2\r\n$4\r\n: an array of words. */
static enum match is_redis(const struct vb_buf *plain)
{
    size_t at = 1;
    if (plain->data[0] != '*')
        return NO;
    while (at < plain->len && at < 8 && plain->data[at] >= '0' && plain->data[at] <= '9')
        at++;
    static const char behind[] = "\r\n$";
    const size_t have = plain->len - at < 3 ? plain->len - at : 3;
    if ((at == 1 && have > 0) || memcmp(plain->data + at, behind, have) != 0)
        return NO;
    return have == 3 ? YES : MORE;
}

static size_t greeter_at(uint16_t port)
{
    size_t place = 0;
    while (place < VB_ARRAY_LEN(greeters) && greeters[place].port != port)
        place++;
    return place;
}

static const struct vb_protocol *by_port(uint16_t port)
{
    const size_t place = greeter_at(port);
    return place == VB_ARRAY_LEN(greeters) ? NULL : greeters[place].protocol;
}

bool vb_world_awaits_us(const struct vb_connection *connection)
{
    const struct vb_tls *tls = connection->tls;
    const size_t place = greeter_at(vb_world_port(&connection->to));
    if (place == VB_ARRAY_LEN(greeters))
        return false;
    return greeters[place].under_tls
               ? tls != NULL && vb_tls_state(tls) == VB_TLS_OPEN && connection->plain.len == 0
               : connection->received == 0;
}

const struct vb_protocol *vb_world_sniff(const struct vb_connection *connection, bool enough)
{
    const struct vb_buf *plain = &connection->plain;
    const uint16_t port = vb_world_port(&connection->to);
    bool more = false;
    if (connection->tls != NULL && strcmp(vb_tls_alpn(connection->tls), "h2") == 0)
        return &vb_protocol_http2;
    if (plain->len == 0 && !enough)
        return NULL;
    /* A client that waits for the server to begin may be a shell that waits for commands. */
    if (plain->len == 0)
        return by_port(port) != NULL ? by_port(port) : &vb_protocol_shell;
    if (port == DNS_PORT || port == 853)
        return &vb_protocol_dns;
    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++) {
        const enum match match = begins(plain, words[i].first);
        if (match == YES)
            return words[i].protocol;
        more = more || match == MORE;
    }
    const enum match redis = is_redis(plain);
    if (redis == YES)
        return &vb_protocol_redis;
    more = more || redis == MORE;
    const enum match http = is_http(plain);
    if (http == YES)
        return &vb_protocol_http1;
    if (http == MORE || more)
        return !enough ? NULL : &vb_protocol_raw;
    if (is_shell(plain))
        return &vb_protocol_shell;
    if (by_port(port) != NULL)
        return by_port(port);
    return enough ? &vb_protocol_raw : NULL;
}
