/* names: which address a host name has in the world, and which name an address was given for. Every
 * name has one of its own, the same in every run of a package, in ranges where real services are.
 */
#ifndef SANDBOX_WORLD_NAMES_H
#define SANDBOX_WORLD_NAMES_H

#include <netinet/in.h>

#include "vetbox/core.h"

enum { VB_NAMES_MAX = 4096, VB_NAME_BYTES = 256 };

struct vb_host_address {
    struct in_addr in;
    struct in6_addr in6;
};

struct vb_host_names;
/* Which addresses names are given depends on KEY, so that nobody can choose one with another's. */
void vb_host_names_key(struct vb_host_names *names, uint64_t key);
/* From now on names that look drawn by chance (chance.h) do not exist, unless they stand in the LEN
 * BYTES, which must live as long. */
void vb_host_names_doubt(struct vb_host_names *names, const void *bytes, size_t len);
/* Whether there is such a NAME (hostile). */
bool vb_host_names_exists(const struct vb_host_names *names, const char *name);
VB_CHECKED int vb_host_names_new(struct vb_host_names **ret, struct vb_error *err);
void vb_host_names_free(struct vb_host_names *names);
/* Whoever resolves them reaches nobody who knows them. */
void vb_host_names_cut_off(struct vb_host_names *names);
bool vb_host_names_are_cut_off(const struct vb_host_names *names);

/* The addresses of NAME (hostile; its case does not matter), which it is given if it has none yet.
 * False when there is no room for more names. */
bool vb_host_names_give(struct vb_host_names *names, const char *name, struct vb_host_address *ret);
/* The name that ADDRESS of FAMILY was given for, in lower case; NULL: none. */
const char *vb_host_names_find(const struct vb_host_names *names, int family, const void *address);

#endif
