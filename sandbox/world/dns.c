/* The question of a DNS query and the answer to it (RFC 1035, section 4).
 * Trust boundary: DATA is hostile. */
#include "sandbox/world/dns.h"

#include <arpa/inet.h>
#include <string.h>

enum { DNS_HEADER = 12, LABEL_MAX = 63, NAME_MAX_WIRE = 255 };
enum {
    TYPE_A = 1,
    TYPE_PTR = 12,
    TYPE_MX = 15,
    TYPE_TXT = 16,
    TYPE_AAAA = 28,
    TYPE_SRV = 33,
    TYPE_ANY = 255
};
enum { TTL_SECONDS = 300, NO_SUCH_NAME = 3, FAILED = 2 };

static const struct {
    unsigned number;
    const char *name;
} types[] = {
    {1, "A"},       {2, "NS"},    {5, "CNAME"}, {6, "SOA"},    {10, "NULL"},  {12, "PTR"},
    {15, "MX"},     {16, "TXT"},  {28, "AAAA"}, {33, "SRV"},   {35, "NAPTR"}, {43, "DS"},
    {48, "DNSKEY"}, {52, "TLSA"}, {64, "SVCB"}, {65, "HTTPS"}, {255, "ANY"},  {257, "CAA"},
};

static unsigned be16(const unsigned char *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* One label in presentation form: what is not printable, and a dot within it, is escaped. */
static bool put_label(struct vb_dns_question *ret, size_t *len, const unsigned char *label,
                      size_t label_len)
{
    if (*len && *len + 1 < sizeof(ret->name))
        ret->name[(*len)++] = '.';
    for (size_t i = 0; i < label_len; i++) {
        unsigned char c = label[i];
        bool plain = c > 0x20 && c < 0x7f && c != '.' && c != '\\';
        size_t room = sizeof(ret->name) - *len;
        int n = snprintf(ret->name + *len, room, plain ? "%c" : "\\%03u", c);
        if (n < 0 || (size_t)n >= room)
            return false;
        *len += (size_t)n;
    }
    return true;
}

/* Reads the name at AT; returns the offset behind it, or 0. A question has no reason to be
 * compressed. */
static size_t read_name(const unsigned char *data, size_t len, size_t at,
                        struct vb_dns_question *ret)
{
    size_t out = 0, begin = at;
    while (at < len && data[at] && data[at] <= LABEL_MAX && at - begin < NAME_MAX_WIRE) {
        size_t label = data[at];
        if (label > len - at - 1 || !put_label(ret, &out, data + at + 1, label))
            return 0;
        at += 1 + label;
    }
    if (at >= len || data[at])
        return 0;
    if (!out)
        ret->name[out++] = '.';
    ret->name[out] = '\0';
    return at + 1;
}

static bool read_query(const unsigned char *data, size_t len, struct vb_dns_question *ret)
{
    /* A query (QR 0, opcode 0) with one question. */
    if (len < DNS_HEADER || data[2] & 0xf8 || be16(data + 4) != 1)
        return false;
    size_t at = read_name(data, len, DNS_HEADER, ret);
    if (!at || len - at < 4)
        return false;
    unsigned type = be16(data + at);
    ret->begin = 0;
    ret->end = at + 4;
    ret->code = type;
    snprintf(ret->number, sizeof(ret->number), "TYPE%u", type);
    ret->type = ret->number;
    for (size_t i = 0; i < VB_ARRAY_LEN(types); i++)
        if (types[i].number == type)
            ret->type = types[i].name;
    return true;
}

bool vb_dns_question(const unsigned char *data, size_t len, struct vb_dns_question *ret)
{
    if (len > 2 && be16(data) == len - 2 && read_query(data + 2, len - 2, ret)) {
        ret->begin = 2; /* behind the length that a stream has */
        return true;
    }
    return read_query(data, len, ret);
}

/* --- the answer --- */

static void put(struct vb_dns_reply *reply, const void *bytes, size_t len)
{
    if (len > sizeof(reply->bytes) - reply->len)
        return; /* there is room for what is put here: see VB_DNS_REPLY_MAX */
    memcpy(reply->bytes + reply->len, bytes, len);
    reply->len += len;
}

static void put16(struct vb_dns_reply *reply, unsigned value)
{
    const unsigned char bytes[] = {(unsigned char)(value >> 8), (unsigned char)value};
    put(reply, bytes, sizeof(bytes));
}

/* TEXT ("mail", "example.org") in wire form; its end is the caller's to put. */
static void put_labels(struct vb_dns_reply *reply, const char *text)
{
    while (*text != '\0') {
        const size_t len = strcspn(text, ".");
        const unsigned char head = (unsigned char)(len > LABEL_MAX ? LABEL_MAX : len);
        put(reply, &head, 1);
        put(reply, text, head);
        text += len + (text[len] == '.');
    }
}

/* The one record of an answer: of the name that was asked for, with DATA. */
static void put_record(struct vb_dns_reply *reply, unsigned type, const void *data, size_t len)
{
    enum { POINTER_TO_QUESTION = 0xc00c, CLASS_IN = 1 };
    put16(reply, POINTER_TO_QUESTION);
    put16(reply, type);
    put16(reply, CLASS_IN);
    put16(reply, 0);
    put16(reply, TTL_SECONDS);
    put16(reply, (unsigned)len);
    put(reply, data, len);
    reply->bytes[7] = 1;
    reply->outcome = "answered";
}

static void answer_address(const struct vb_dns_question *question, struct vb_host_names *names,
                           struct vb_dns_reply *reply)
{
    struct vb_host_address address;
    const bool v4 = question->code != TYPE_AAAA;
    if (!vb_host_names_exists(names, question->name)) {
        reply->bytes[3] |= NO_SUCH_NAME;
        reply->outcome = "doubted";
        return;
    }
    if (!vb_host_names_give(names, question->name, &address)) {
        reply->bytes[3] |= FAILED;
        reply->outcome = "unknown";
        reply->crowded = true;
        return;
    }
    const void *bytes = v4 ? (const void *)&address.in : &address.in6;
    put_record(reply, v4 ? TYPE_A : TYPE_AAAA, bytes,
               v4 ? sizeof(address.in) : sizeof(address.in6));
    (void)inet_ntop(v4 ? AF_INET : AF_INET6, bytes, reply->text, sizeof(reply->text));
}

/* "7.100.51.198.in-addr.arpa" → the name that was given that address. */
static const char *name_behind(const struct vb_dns_question *question,
                               const struct vb_host_names *names)
{
    static const char suffix[] = ".in-addr.arpa";
    const size_t len = strlen(question->name);
    char text[INET_ADDRSTRLEN] = "";
    unsigned char bytes[4];
    if (len < sizeof(suffix) || len - (sizeof(suffix) - 1) >= sizeof(text) ||
        strcmp(question->name + len - (sizeof(suffix) - 1), suffix) != 0)
        return NULL;
    memcpy(text, question->name, len - (sizeof(suffix) - 1));
    if (inet_pton(AF_INET, text, bytes) != 1)
        return NULL;
    const unsigned char address[4] = {bytes[3], bytes[2], bytes[1], bytes[0]};
    return vb_host_names_find(names, AF_INET, address);
}

static void answer_name(const struct vb_dns_question *question, const struct vb_host_names *names,
                        struct vb_dns_reply *reply)
{
    struct vb_dns_reply data = {0};
    const char *name = name_behind(question, names);
    if (name == NULL) {
        reply->bytes[3] |= NO_SUCH_NAME;
        reply->outcome = "unknown";
        return;
    }
    put_labels(&data, name);
    put(&data, "", 1);
    put_record(reply, TYPE_PTR, data.bytes, data.len);
    snprintf(reply->text, sizeof(reply->text), "%s", name);
}

static void answer_mail(const struct vb_dns_question *question, struct vb_dns_reply *reply)
{
    static const unsigned char data[] = {0, 10, 4, 'm', 'a', 'i', 'l', 0xc0, DNS_HEADER};
    put_record(reply, TYPE_MX, data, sizeof(data));
    snprintf(reply->text, sizeof(reply->text), "mail.%.240s", question->name);
}

/* "_imaps._tcp.example.org" → its host by the same name without the service. */
static void answer_service(const struct vb_dns_question *question, struct vb_dns_reply *reply)
{
    static const unsigned char head[] = {0, 10, 0, 5, 1, 187}; /* priority, weight, port 443 */
    struct vb_dns_reply data = {0};
    const char *name = question->name;
    while (name[0] == '_' && strchr(name, '.') != NULL)
        name = strchr(name, '.') + 1;
    if (name == question->name)
        return;
    put(&data, head, sizeof(head));
    put_labels(&data, name);
    put(&data, "", 1);
    put_record(reply, TYPE_SRV, data.bytes, data.len);
    snprintf(reply->text, sizeof(reply->text), "%s", name);
}

static void answer_text(struct vb_dns_reply *reply)
{
    static const char data[] = "\x0bv=spf1 -all";
    put_record(reply, TYPE_TXT, data, sizeof(data) - 1);
    snprintf(reply->text, sizeof(reply->text), "%s", data + 1);
}

void vb_dns_answer(const struct vb_dns_question *question, const unsigned char *query,
                   struct vb_host_names *names, struct vb_dns_reply *ret)
{
    /* A response, recursion desired as in the query and available; one question, no answer yet. */
    const unsigned char head[DNS_HEADER] = {
        query[0], query[1], (unsigned char)(0x80 | (query[2] & 0x01)), 0x80, 0, 1};
    *ret = (struct vb_dns_reply){.outcome = "empty"};
    put(ret, head, sizeof(head));
    put(ret, query + DNS_HEADER, question->end - DNS_HEADER);
    if (vb_host_names_are_cut_off(names)) {
        ret->bytes[3] |= FAILED;
        ret->outcome = "failed";
        return;
    }
    switch (question->code) {
    case TYPE_A:
    case TYPE_AAAA:
    case TYPE_ANY:
        answer_address(question, names, ret);
        break;
    case TYPE_PTR:
        answer_name(question, names, ret);
        break;
    case TYPE_SRV:
        answer_service(question, ret);
        break;
    case TYPE_MX:
        answer_mail(question, ret);
        break;
    case TYPE_TXT:
        answer_text(ret);
        break;
    default: /* the name is there, such a record is not */
        break;
    }
}
