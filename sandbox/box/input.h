/* input: what the user types or pipes into `vetbox run`, on its way to the subject. */
#ifndef SANDBOX_BOX_INPUT_H
#define SANDBOX_BOX_INPUT_H

#include <sys/types.h>

#include "vetbox/core.h"

struct vb_input {
    pid_t pid; /* of the process that passes it on; 0: there is none */
    int pidfd;
    int reader; /* the subject's end; owned; -1 */
};

/* Starts passing on what comes from FD, which is closed here: only the new process keeps it. */
VB_CHECKED int vb_input_new(int fd, struct vb_input *ret, struct vb_error *err);
/* The reader finds TEXT, at most VB_INPUT_MAX bytes, and its end. No process is needed. */
VB_CHECKED int vb_input_text(const char *text, struct vb_input *ret, struct vb_error *err);
/* The reader waits for what is written to *RET_WRITER, the caller's. */
VB_CHECKED int vb_input_open(struct vb_input *ret, int *ret_writer, struct vb_error *err);
/* Ends it, when nobody is left who could read. What the subject left unread of a file is given back
 * to it: whoever reads on from there reads that first. */
void vb_input_done(struct vb_input *input);

#endif
