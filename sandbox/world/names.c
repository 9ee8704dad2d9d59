/* names: one table, filled by whoever asks. Names are hostile; they are compared, never read. */
#include "sandbox/world/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "sandbox/world/chance.h"

enum { SLOTS = 2 * VB_NAMES_MAX }; /* a power of two */

struct entry {
    char *name; /* NULL: free */
    struct vb_host_address address;
};

struct vb_host_names {
    uint64_t key;
    bool cut_off;
    bool doubting;
    const char *known; /* bytes with names that exist all the same */
    size_t known_len;
    size_t count;
    struct entry entries[SLOTS]; /* by the name's hash, the next free one after it */
};

/* Ranges of hosting and delivery networks: what most names of today lead to. */
static const struct {
    const char *first;
    unsigned bits; /* of the address that are free */
} ranges[] = {
    {"104.16.0.0", 19}, {"151.101.0.0", 16}, {"52.84.0.0", 17},  {"34.96.0.0", 20},
    {"99.84.0.0", 16},  {"172.64.0.0", 18},  {"13.224.0.0", 18}, {"18.64.0.0", 18},
};

/* What has its address by convention. */
static const struct {
    const char *name, *address;
} fixed[] = {
    {"metadata.google.internal", "169.254.169.254"},
    {"metadata.azure.internal", "169.254.169.254"},
    {"instance-data", "169.254.169.254"},
};

int vb_host_names_new(struct vb_host_names **ret, struct vb_error *err)
{
    *ret = calloc(1, sizeof(**ret));
    return *ret == NULL ? vb_fail(err, VB_E_NOMEM, errno, "making the names of the world") : VB_OK;
}

void vb_host_names_free(struct vb_host_names *names)
{
    if (names == NULL)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        free(names->entries[i].name);
    free(names);
}

void vb_host_names_key(struct vb_host_names *names, uint64_t key)
{
    names->key = key;
}

void vb_host_names_doubt(struct vb_host_names *names, const void *bytes, size_t len)
{
    names->doubting = true;
    names->known = bytes;
    names->known_len = len;
}

/* The label that somebody would own is what has to stand there: what comes before it may be made up
 * by anybody. */
static bool is_known(const struct vb_host_names *names, const char *name)
{
    const char *last = strrchr(name, '.');
    const char *label = last;
    while (label != NULL && label > name && label[-1] != '.')
        label--;
    return names->known_len > 0 && label != NULL &&
           memmem(names->known, names->known_len, label, strlen(label)) != NULL;
}

/* Nobody ever has one of these (RFC 6761, 6.4). */
static bool is_invalid(const char *name)
{
    static const char end[] = ".invalid";
    const size_t len = strlen(name);
    return len >= sizeof(end) - 1 && strcasecmp(name + len - (sizeof(end) - 1), end) == 0;
}

bool vb_host_names_exists(const struct vb_host_names *names, const char *name)
{
    if (is_invalid(name))
        return false;
    return !names->doubting || !vb_name_looks_drawn(name) || is_known(names, name);
}

void vb_host_names_cut_off(struct vb_host_names *names)
{
    names->cut_off = true;
}

bool vb_host_names_are_cut_off(const struct vb_host_names *names)
{
    return names->cut_off;
}

/* FNV-1a, of the name in lower case. Who asks for names that collide makes his own run slower. */
static uint64_t hash_of(const char *name, uint64_t key)
{
    uint64_t hash = 14695981039346656037U ^ key;
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 1099511628211U;
    return hash ^ hash >> 29;
}

static void lower(const char *name, char ret[VB_NAME_BYTES])
{
    size_t len = strnlen(name, VB_NAME_BYTES - 1);
    for (size_t i = 0; i < len; i++)
        ret[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + ('a' - 'A')) : name[i];
    ret[len] = '\0';
}

/* 2606:4700::/32 with the hash behind it. */
static struct in6_addr long_address(uint64_t hash)
{
    struct in6_addr ret = {.s6_addr = {0x26, 0x06, 0x47, 0x00}};
    for (size_t i = 0; i < sizeof(hash); i++)
        ret.s6_addr[15 - i] = (unsigned char)(hash >> 8 * i);
    return ret;
}

static struct in_addr short_address(uint64_t hash)
{
    const size_t row = hash % VB_ARRAY_LEN(ranges);
    const uint32_t free_bits = (uint32_t)(hash >> 8) & ((1U << ranges[row].bits) - 1);
    struct in_addr ret = {0};
    (void)inet_pton(AF_INET, ranges[row].first, &ret);
    /* Never the first or the last address of a network, which no host has. */
    const uint32_t last = (free_bits & 0xff) % 253 + 1;
    ret.s_addr = htonl(ntohl(ret.s_addr) | (free_bits & ~0xffU) | last);
    return ret;
}

static bool fixed_address(const char *name, struct in_addr *ret)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(fixed); i++) {
        if (strcmp(name, fixed[i].name) == 0)
            return inet_pton(AF_INET, fixed[i].address, ret) == 1;
    }
    return false;
}

static void choose(const struct vb_host_names *names, const char *name, uint64_t hash,
                   struct vb_host_address *ret)
{
    ret->in6 = long_address(hash);
    for (uint64_t next = hash; vb_host_names_find(names, AF_INET6, &ret->in6) != NULL;) {
        next = next * 6364136223846793005U + 1442695040888963407U;
        ret->in6 = long_address(next);
    }
    if (fixed_address(name, &ret->in))
        return;
    /* The same in every run unless somebody has it already. */
    do {
        ret->in = short_address(hash);
        hash = hash * 6364136223846793005U + 1442695040888963407U;
    } while (vb_host_names_find(names, AF_INET, &ret->in) != NULL);
}

bool vb_host_names_give(struct vb_host_names *names, const char *name, struct vb_host_address *ret)
{
    char key[VB_NAME_BYTES];
    lower(name, key);
    const uint64_t hash = hash_of(key, names->key);
    struct entry *entry = &names->entries[hash % SLOTS];
    while (entry->name != NULL && strcmp(entry->name, key) != 0)
        entry = entry == &names->entries[SLOTS - 1] ? names->entries : entry + 1;
    if (entry->name == NULL) {
        char *copy = names->count < VB_NAMES_MAX ? strdup(key) : NULL;
        if (copy == NULL)
            return false;
        choose(names, key, hash, &entry->address);
        entry->name = copy;
        names->count++;
    }
    *ret = entry->address;
    return true;
}

const char *vb_host_names_find(const struct vb_host_names *names, int family, const void *address)
{
    for (size_t i = 0; i < SLOTS; i++) {
        const struct entry *entry = &names->entries[i];
        const void *own =
            family == AF_INET ? (const void *)&entry->address.in : &entry->address.in6;
        const size_t len = family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
        if (entry->name != NULL && memcmp(own, address, len) == 0)
            return entry->name;
    }
    return NULL;
}
