/* carry: what one box of a package leaves to the next, as a machine keeps what was done to it. A
 * file system of the package's own, limited like one box, stands in the base's mount namespace. It
 * holds the two upper layers that a box writes to and, below them, all that boxes before it wrote.
 * Without an overlay there is none of it: each box is new. */
#ifndef SANDBOX_BOX_CARRY_H
#define SANDBOX_BOX_CARRY_H

#include "sandbox/box/box.h"

enum vb_layer { VB_LAYER_ROOT, VB_LAYER_USR, VB_LAYER_COUNT };

/* A layer of the box's root, and where it stands. */
struct vb_layer_row {
    const char *folder; /* of the file system that can be written */
    const char *work;   /* the kernel's, beside it */
    const char *base;   /* what every box of the package starts from */
    const char *over;   /* what lies over that, with a colon; or "" */
    const char *prefix; /* in the box */
};
extern const struct vb_layer_row vb_layer_rows[VB_LAYER_COUNT];

/* Makes the folders that the layers are written to, below WRITABLE_FD. */
VB_CHECKED int vb_carry_make_layers(int writable_fd, struct vb_error *err);

/* Mounts it, in the base (base.c). */
VB_CHECKED int vb_carry_mount(const struct vb_box_setup *setup, struct vb_error *err);

/* In init: the file system that the box writes to, attached at VB_BASE_BOX. */
VB_CHECKED int vb_carry_attach(struct vb_error *err);

/* In init: what lies below LAYER as the overlay's option "lowerdir", written to RET. True if boxes
 * before this one have left something there. */
bool vb_carry_lower(const struct vb_box_setup *setup, enum vb_layer layer, char *ret, size_t size);

/* In the supervisor of a box that is dead: makes what it wrote part of what the next box starts
 * from. What it removed or displaced of the package, in FOLDER from the root on, is there again:
 * each entry point runs as it was shipped. FOLDER NULL: what it wrote is forgotten. 1: so it was
 * anyway, there is too much of it. */
VB_CHECKED int vb_carry_on(const char *folder, struct vb_error *err);

#endif
