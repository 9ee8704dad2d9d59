/* inventory: what stands in a folder, remembered, so that it can be compared later. */
#ifndef SANDBOX_BOX_INVENTORY_H
#define SANDBOX_BOX_INVENTORY_H

#include <sys/stat.h>
#include <time.h>

#include "vetbox/core.h"

enum vb_entry_type {
    VB_ENTRY_FILE,
    VB_ENTRY_LINK,
    VB_ENTRY_FOLDER,
    VB_ENTRY_WHITEOUT, /* in the upper layer of an overlay: something below was removed */
    VB_ENTRY_OTHER
};

struct vb_entry {
    char *path; /* below the folder */
    enum vb_entry_type type;
    uint32_t mode;
    uint64_t size;
    struct timespec changed; /* nobody can set it */
    bool opaque;             /* for whoever compares: nothing shines through this folder */
};

struct vb_inventory {
    struct vb_entry *entries; /* sorted by path */
    size_t count;
    uint64_t bytes;  /* of regular files */
    uint64_t missed; /* folders too deep or too many entries */
};

struct vb_inventory_limits {
    size_t entries;
    unsigned depth;
    bool force; /* chmod folders that their owner closed; only where nobody runs any more */
};

enum vb_entry_type vb_entry_type_of(const struct stat *st);

/* Walks FOLDER_FD (not moved, not owned) without following a link. What lies beyond LIMITS is
 * counted in missed, not an error. */
VB_CHECKED int vb_inventory_take(int folder_fd, const struct vb_inventory_limits *limits,
                                 struct vb_inventory *ret, struct vb_error *err);
void vb_inventory_done(struct vb_inventory *inventory);
/* The entry of PATH, or NULL. */
struct vb_entry *vb_inventory_find(const struct vb_inventory *inventory, const char *path);

#endif
