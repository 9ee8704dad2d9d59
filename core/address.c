/* address: which addresses may be reached when somebody else chose the name. One table of the
 * registries of special-purpose addresses (IANA; RFC 6890 and those after it); what is not public
 * unicast is refused, however it is written. */
#include <netinet/in.h>
#include <string.h>

#include "vetbox/core/courier.h"

struct prefix {
    unsigned char bytes[16];
    unsigned bits;
    const char *what;
};

static const struct prefix v4[] = {
    {{0}, 8, "unspecified"},
    {{10}, 8, "private"},
    {{100, 64}, 10, "of a carrier's NAT"},
    {{127}, 8, "loopback"},
    {{168, 63, 129, 16}, 32, "a cloud's metadata"},
    {{169, 254}, 16, "link-local or a cloud's metadata"},
    {{172, 16}, 12, "private"},
    {{192, 0, 0}, 24, "reserved"},
    {{192, 0, 2}, 24, "reserved"},
    {{192, 31, 196}, 24, "reserved"},
    {{192, 52, 193}, 24, "reserved"},
    {{192, 88, 99}, 24, "reserved"},
    {{192, 168}, 16, "private"},
    {{192, 175, 48}, 24, "reserved"},
    {{198, 18}, 15, "reserved"},
    {{198, 51, 100}, 24, "reserved"},
    {{203, 0, 113}, 24, "reserved"},
    {{224}, 4, "multicast"},
    {{240}, 4, "reserved"},
};

/* Addresses of IPv4 in those of IPv6 are refused whatever they are, but for those of NAT64. */
static const struct prefix v6[] = {
    {{0}, 128, "unspecified"},
    {{[15] = 1}, 128, "loopback"},
    {{[10] = 0xff, [11] = 0xff}, 96, "of IPv4 in IPv6"},
    {{0}, 96, "of IPv4 in IPv6"},
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, "of a private NAT64"},
    {{0xfe, 0x80}, 10, "link-local"},
    {{0xfe, 0xc0}, 10, "site-local"},
    {{0xfc}, 7, "unique local"},
    {{0xff}, 8, "multicast"},
    {{0x20, 0x01}, 23, "reserved"}, /* Teredo, ORCHID, benchmarks, … */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "reserved"},
    {{0x20, 0x02}, 16, "of IPv4 in IPv6"}, /* 6to4 */
    {{0x26, 0x20, 0x00, 0x4f, 0x80}, 48, "reserved"},
    {{0x3f, 0xff}, 20, "reserved"},
};

static const struct prefix nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96, ""};
static const struct prefix global = {{0x20}, 3, ""};

static bool fits(const struct prefix *prefix, const unsigned char *bytes)
{
    const unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;
    const unsigned mask = 0xff00U >> rest;
    return memcmp(prefix->bytes, bytes, whole) == 0 &&
           (rest == 0 || ((prefix->bytes[whole] ^ bytes[whole]) & mask & 0xff) == 0);
}

static const char *find(const struct prefix *rows, size_t count, const unsigned char *bytes)
{
    for (size_t i = 0; i < count; i++) {
        if (fits(&rows[i], bytes))
            return rows[i].what;
    }
    return NULL;
}

static const char *refusal_v4(const unsigned char bytes[4])
{
    return find(v4, VB_ARRAY_LEN(v4), bytes);
}

static const char *refusal_v6(const unsigned char bytes[16])
{
    if (fits(&nat64, bytes)) /* RFC 6052: it leads to the address behind it */
        return refusal_v4(bytes + 12);
    const char *what = find(v6, VB_ARRAY_LEN(v6), bytes);
    return what != NULL || fits(&global, bytes) ? what : "reserved";
}

const char *vb_address_refusal(const struct sockaddr *address)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (address->sa_family == AF_INET) {
        memcpy(&in, address, sizeof(in));
        return refusal_v4((const unsigned char *)&in.sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        memcpy(&in6, address, sizeof(in6));
        return refusal_v6((const unsigned char *)&in6.sin6_addr);
    }
    return "of another family";
}
