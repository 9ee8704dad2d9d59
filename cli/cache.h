/* cache: files of packages, named by their digests, for whoever needs them again. A cache that
 * cannot be written to is only slower. */
#ifndef CLI_CACHE_H
#define CLI_CACHE_H

#include "vetbox/fetch.h"

enum { VB_CACHE_NAME_BYTES = 7 + VB_SHA512_HEX, VB_CACHE_HELD_MAX = 65536 };

struct vb_cache_list {
    struct vb_closure_held *all; /* sorted; their digests are owned */
    size_t count;
};

/* sha512-HEX or sha256-HEX. */
bool vb_cache_is_digest(const char *name);
/* What the folder FD (-1: there is none) holds. While FD is open nobody else trims it. */
VB_CHECKED int vb_cache_read(int fd, struct vb_cache_list *ret, struct vb_error *err);
void vb_cache_list_done(struct vb_cache_list *list);
/* A new file that nobody else writes to, and its name, which is none of a digest. -1: no. */
int vb_cache_new(int fd, char ret_name[VB_CACHE_NAME_BYTES]);
/* The file NAME, to be read; it counts as used now. -1: it is not there. */
int vb_cache_take(int fd, const char *name);
/* Removes what was used least lately, until at most BYTES are left, and what writers that were
 * killed have left. Nothing where somebody else uses the folder. */
void vb_cache_trim(int fd, uint64_t bytes);

#endif
