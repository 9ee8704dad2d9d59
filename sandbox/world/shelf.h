/* shelf: the files of a closure (docs/dependencies.md), in memory for who answers in the network of
 * the boxes: it opens nothing. They are mapped, not read, and not parsed here. */
#ifndef SANDBOX_WORLD_SHELF_H
#define SANDBOX_WORLD_SHELF_H

#include "vetbox/core.h"

struct vb_shelf;

/* The regular files below FOLDER_FD, which nobody changes any more. *RET is the caller's. */
VB_CHECKED int vb_shelf_new(int folder_fd, struct vb_shelf **ret, struct vb_error *err);
void vb_shelf_free(struct vb_shelf *shelf);
/* The bytes of the file PATH below the folder; false: there is none. */
bool vb_shelf_find(const struct vb_shelf *shelf, const char *path, struct vb_str *ret);

#endif
