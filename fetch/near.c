/* near: addresses that are public and lead home all the same: those of this machine, and of whoever
 * shares a network with it. Asked anew for each connection: networks come and go. */
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "fetch/carry.h"
#include "vetbox/core/courier.h"

/* The bytes of ADDRESS, network order; 0: of no family that is known. */
static size_t bytes_of(const struct sockaddr *address, unsigned char ret[16])
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (address != NULL && address->sa_family == AF_INET) {
        memcpy(&in, address, sizeof(in));
        memcpy(ret, &in.sin_addr, sizeof(in.sin_addr));
        return sizeof(in.sin_addr);
    }
    if (address != NULL && address->sa_family == AF_INET6) {
        memcpy(&in6, address, sizeof(in6));
        memcpy(ret, &in6.sin6_addr, sizeof(in6.sin6_addr));
        return sizeof(in6.sin6_addr);
    }
    return 0;
}

/* ADDRESS is in the network that MINE and MASK say. One of everything says nothing: then only MINE
 * itself is. */
static bool shares(const struct sockaddr *address, const struct sockaddr *mine,
                   const struct sockaddr *mask)
{
    unsigned char a[16], b[16], bits[16];
    const size_t len = bytes_of(address, a);
    if (len == 0 || bytes_of(mine, b) != len)
        return false;
    if (bytes_of(mask, bits) != len || bits[0] == 0)
        memset(bits, 0xff, sizeof(bits));
    for (size_t i = 0; i < len; i++) {
        if (((a[i] ^ b[i]) & bits[i]) != 0)
            return false;
    }
    return true;
}

const char *carry_refusal(const struct sockaddr *address)
{
    const char *what = vb_address_refusal(address);
    struct ifaddrs *all = NULL;
    if (what != NULL)
        return what;
    if (getifaddrs(&all) < 0)
        return "one that cannot be told from this machine's";
    for (const struct ifaddrs *one = all; what == NULL && one != NULL; one = one->ifa_next) {
        if (shares(address, one->ifa_addr, one->ifa_netmask))
            what = "of this machine or its network";
    }
    freeifaddrs(all);
    return what;
}
