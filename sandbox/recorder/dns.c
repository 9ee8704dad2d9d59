/* The question of a DNS query (RFC 1035, section 4.1).
 * Trust boundary: DATA is hostile. */
#include <string.h>

#include "sandbox/recorder/call.h"

enum { DNS_HEADER = 12, LABEL_MAX = 63, NAME_MAX_WIRE = 255 };

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
    snprintf(ret->number, sizeof(ret->number), "TYPE%u", type);
    ret->type = ret->number;
    for (size_t i = 0; i < VB_ARRAY_LEN(types); i++)
        if (types[i].number == type)
            ret->type = types[i].name;
    return true;
}

bool vb_dns_question(const unsigned char *data, size_t len, struct vb_dns_question *ret)
{
    if (len > 2 && be16(data) == len - 2 && read_query(data + 2, len - 2, ret))
        return true; /* behind the length that a stream has */
    return read_query(data, len, ret);
}
