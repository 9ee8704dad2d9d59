/* The artifact as it came, and the signatures that lie beside it: what was unpacked has neither. */
#ifndef CLI_BESIDE_H
#define CLI_BESIDE_H

#include "cli/session.h"

/* Remembers the artifact, which the readers take. */
VB_CHECKED int vb_beside_keep(struct vb_session *session, struct vb_error *err);

/* A folder with a copy of it and of files named as signatures of it are, where the user's file has
 * such beside it or may have one within. *RET_FD is -1 where there is nothing to be checked. */
VB_CHECKED int vb_beside_folder(const struct vb_session *session, int *ret_fd,
                                struct vb_error *err);

#endif
