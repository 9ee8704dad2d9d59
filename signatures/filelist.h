/* A list of a tree's files with their digests, compared with the tree both ways. Whoever changes a
 * file may have changed the list: that it fits proves nothing. */
#ifndef VETBOX_SIGNATURES_FILELIST_H
#define VETBOX_SIGNATURES_FILELIST_H

#include "signatures/cover.h"

/* What becomes of a row or a file, in the order in which it is told. */
enum vb_sig_sort {
    VB_SIG_FITS,
    VB_SIG_DIFFERING,
    VB_SIG_MISSING,
    VB_SIG_UNDIGESTED,
    VB_SIG_UNLISTED,
    VB_SIG_SORTS
};

struct vb_sig_list {
    int dirfd;
    const char *format, *path;        /* as signature.list tells them */
    const struct vb_sig_paths *files; /* all that there are, sorted */
    bool (*exempt)(const struct vb_sig_list *list, const char *path); /* needs no row */
    /* --- */
    bool *listed; /* of each file */
    size_t counts[VB_SIG_SORTS];
    struct vb_sig_paths shown[VB_SIG_SORTS];
    size_t present; /* files that must be listed */
};

/* LIST has what is above the line. */
VB_CHECKED int vb_sig_list_begin(struct vb_sig_list *list, struct vb_error *err);
void vb_sig_list_done(struct vb_sig_list *list);
/* A row says that PATH, which is safe, has DIGEST by ALGORITHM, OpenSSL's name; NULL: it says none.
 * Of several rows of one file the first counts. */
VB_CHECKED int vb_sig_list_row(struct vb_sig_list *list, const char *path, const char *algorithm,
                               struct vb_sig_bytes digest, struct vb_error *err);
/* There are no more rows: emits signature.list, one for each sort. */
VB_CHECKED int vb_sig_list_end(struct vb_sig_list *list, struct vb_sink *sink,
                               struct vb_error *err);
/* Row NUMBER cannot be read: emits that instead. */
VB_CHECKED int vb_sig_list_malformed(const struct vb_sig_list *list, size_t number,
                                     const char *reason, struct vb_sink *sink,
                                     struct vb_error *err);

#endif
