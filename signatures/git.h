/* Signatures in a repository of git that lies in the package. */
#ifndef VETBOX_SIGNATURES_GIT_H
#define VETBOX_SIGNATURES_GIT_H

#include "signatures/internal.h"

/* Tells in one result that FILES, sorted, have signed commits and tags among them, as far as these
 * are in files of their own. */
VB_CHECKED int vb_sig_git(int dirfd, const struct vb_sig_paths *files, struct vb_sink *sink,
                          struct vb_error *err);

#endif
