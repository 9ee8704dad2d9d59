/* The files of a signed folder, as they lie there. */
#ifndef VETBOX_SIGNATURES_FOLDER_H
#define VETBOX_SIGNATURES_FOLDER_H

#include "signatures/internal.h"

struct vb_sig_folder {
    struct vb_sig_paths files; /* regular files and links, relative to the folder, sorted */
    struct vb_sig_paths links; /* those of them that are links, sorted */
    char strange[256];         /* what is neither, "" if nothing */
    char gap[256];             /* what could not be looked at, "" if nothing */
};
void vb_sig_folder_done(struct vb_sig_folder *folder); /* for VB_CLEANUP */

/* Lists what is below DIRFD but for what SKIP takes; a folder that it takes is not entered. */
VB_CHECKED int vb_sig_folder(int dirfd, bool (*skip)(const void *ctx, const char *path),
                             const void *ctx, struct vb_sig_folder *ret, struct vb_error *err);

#endif
