/* gpgv, which checks OpenPGP signatures, as a command in a box: one for each signature, without a
 * network, in which there is nothing but that signature, what it is over, and the user's keys. */
#ifndef CLI_GPGV_H
#define CLI_GPGV_H

#include "cli/session.h"

/* Takes what the verify child wants to be asked out of its events, which it passes on. */
struct vb_gpgv {
    struct vb_sink sink;
    struct vb_session *session;
    int asked_fd;  /* what the child writes what is signed to; the caller's, as is the next */
    int beside_fd; /* the folder with what lay beside the artifact, or -1 */
    bool asked;    /* something is wanted, whether or not it is taken */
    struct vb_gpgv_want *wants;
    size_t count;
    struct vb_buf keyring;
};
VB_CHECKED int vb_gpgv_init(struct vb_gpgv *ret, struct vb_session *session, struct vb_error *err);
void vb_gpgv_done(struct vb_gpgv *gpgv); /* for VB_CLEANUP */

/* Asks all that was wanted. The answers are in *RET_FD; that gpgv is not there, or that no box can
 * be made, is one. */
VB_CHECKED int vb_gpgv_ask(struct vb_gpgv *gpgv, int *ret_fd, struct vb_error *err);

#endif
