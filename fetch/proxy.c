/* proxy: http_proxy and its like, and no_proxy. See proxy.h. */
#include "fetch/proxy.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum { ENTRY_BYTES = 256 };

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static const char *first_of(const char *const *names, size_t count)
{
    const char *value = NULL;
    for (size_t i = 0; value == NULL && i < count; i++)
        value = variable(names[i]);
    return value;
}

/* The bytes of the address TEXT; 0: it is none. */
static size_t address_of(const char *text, unsigned char ret[16])
{
    return inet_pton(AF_INET, text, ret) == 1 ? 4 : inet_pton(AF_INET6, text, ret) == 1 ? 16 : 0;
}

/* ADDRESS, of LEN bytes, is what ENTRY says: "192.0.2.1", "10.0.0.0/8", "[::1]", "fd00::/8". */
static bool holds_address(const char *entry, const unsigned char *address, size_t len)
{
    char text[ENTRY_BYTES];
    unsigned char own[16];
    const size_t bracket = entry[0] == '[';
    const size_t own_len = strcspn(entry + bracket, "]/");
    snprintf(text, sizeof(text), "%.*s", (int)own_len, entry + bracket);
    if (address_of(text, own) != len)
        return false;
    const char *slash = strchr(entry, '/');
    const unsigned long bits =
        slash == NULL ? 8 * (unsigned long)len : strtoul(slash + 1, NULL, 10);
    const size_t whole = bits / 8;
    const unsigned mask = 0xff00U >> bits % 8 & 0xff;
    return bits <= 8 * len && memcmp(own, address, whole) == 0 &&
           (bits % 8 == 0 || ((own[whole] ^ address[whole]) & mask) == 0);
}

/* HOST is the name ENTRY or one below it. */
static bool holds_name(const char *entry, const char *host)
{
    entry += entry[0] == '.';
    size_t len = strlen(entry), host_len = strlen(host);
    len -= len > 0 && entry[len - 1] == '.';
    host_len -= host_len > 0 && host[host_len - 1] == '.';
    return len > 0 && host_len >= len && strncasecmp(host + host_len - len, entry, len) == 0 &&
           (host_len == len || host[host_len - len - 1] == '.');
}

static bool is_excepted(const char *list, const char *host)
{
    unsigned char address[16];
    const size_t address_len = address_of(host, address);
    if (strcmp(list, "*") == 0)
        return true;
    for (const char *at = list; *(at += strspn(at, ", \t")) != '\0';) {
        char entry[ENTRY_BYTES];
        const size_t len = strcspn(at, ", \t");
        snprintf(entry, sizeof(entry), "%.*s", (int)len, at);
        at += len;
        if (len < sizeof(entry) && (address_len > 0 ? holds_address(entry, address, address_len)
                                                    : holds_name(entry, host)))
            return true;
    }
    return false;
}

const char *proxy_for(const char *scheme, const char *host)
{
    /* HTTP_PROXY is left out as curl does: a client sets it where a server runs CGI. */
    static const char *const plain[] = {"http_proxy", "all_proxy", "ALL_PROXY"};
    static const char *const secure[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    static const char *const except[] = {"no_proxy", "NO_PROXY"};
    const char *proxy = vb_ascii_equal(scheme, "http") ? first_of(plain, VB_ARRAY_LEN(plain))
                                                       : first_of(secure, VB_ARRAY_LEN(secure));
    const char *list = first_of(except, VB_ARRAY_LEN(except));
    return proxy != NULL && list != NULL && is_excepted(list, host) ? NULL : proxy;
}
