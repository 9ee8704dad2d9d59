/* Which files of which package the signatures cover, and whether what must be signed is. */
#ifndef VETBOX_SIGNATURES_COVER_H
#define VETBOX_SIGNATURES_COVER_H

#include "signatures/publishers.h"

struct vb_sig_cover {
    const struct vb_trust *trust;
    int64_t now;
    const char *registry;            /* that all of it came from; NULL: unknown */
    struct vb_sig_paths files;       /* all of the tree, sorted */
    unsigned char *marks;            /* of each */
    size_t present;                  /* files that are no signatures */
    struct vb_buf names;             /* what packages points into */
    struct vb_sig_package *packages; /* sorted by root */
    bool *claimed;                   /* of each, whether a row of trust.yaml has its name */
    size_t package_count;
    size_t left_out; /* packages that trust.yaml is not asked about: there are too many */
    bool any_valid;
};

/* FILES moves into RET, whose registry may be set before. PACKAGES_FD is as in
 * vb_verify_job; -1: one package without a name. */
VB_CHECKED int vb_sig_cover_init(struct vb_sig_cover *ret, const struct vb_trust *trust,
                                 int64_t now, struct vb_sig_paths *files, int packages_fd,
                                 struct vb_error *err);
void vb_sig_cover_done(struct vb_sig_cover *cover); /* for VB_CLEANUP */

/* PATH is a signature: nothing needs to cover it. */
void vb_sig_cover_signature(struct vb_sig_cover *cover, const char *path);
/* Judges RESULT, of the signature at PATH, by trust.yaml, and notes what it covers. WHOLE: it
 * covers every file. */
void vb_sig_cover_add(struct vb_sig_cover *cover, const char *path, bool whole,
                      struct vb_sig_result *result);
/* Emits signature.coverage and signature.expected, and what of the packages was left out. */
VB_CHECKED int vb_sig_cover_emit(const struct vb_sig_cover *cover, struct vb_sink *sink,
                                 struct vb_error *err);

#endif
