/* truth: what the files of a box show after the run, whatever the recorder was told. */
#ifndef SANDBOX_BOX_TRUTH_H
#define SANDBOX_BOX_TRUTH_H

#include "sandbox/box/inventory.h"

struct vb_truth {
    int writable_fd;                   /* the box's writable file system; nobody runs in it now */
    const struct vb_inventory *before; /* its entries' seen flags are used */
    int keep_fd;                       /* changed files are copied here under their SHA-256; -1 */
    uint32_t detonation;
    struct vb_sink *sink;
};

/* Emits truth.file for everything that was created, modified or removed, and coverage for what was
 * not looked at or not kept. */
VB_CHECKED int vb_truth_tell(const struct vb_truth *truth, struct vb_error *err);

/* Takes the inventory of a filled box, and waits until a later change cannot carry the same change
 * time as anything in it. */
VB_CHECKED int vb_truth_remember(int writable_fd, size_t expected, struct vb_inventory *ret,
                                 struct vb_error *err);

/* Copies all of FD to FOLDER/NAME unless something of that name stands there already. */
VB_CHECKED int vb_keep_copy(int fd, int folder, const char *name, struct vb_error *err);

#endif
