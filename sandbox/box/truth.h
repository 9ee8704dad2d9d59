/* truth: what the files of a box show after the run, whatever the recorder was told. */
#ifndef SANDBOX_BOX_TRUTH_H
#define SANDBOX_BOX_TRUTH_H

#include <time.h>

#include "sandbox/box/carry.h"

struct vb_truth {
    int writable_fd;               /* the box's writable file system; nobody runs in it now */
    int below_fds[VB_LAYER_COUNT]; /* what stood below its layers when the box began */
    /* NULL: it holds the upper layers of overlays, so what is there was changed. Otherwise its
     * folder root/ is the whole root, and what changed later than this is compared with the base.
     */
    const struct timespec *filled;
    int keep_fd; /* changed files are copied here under their SHA-256; -1 */
    uint32_t detonation;
    struct vb_sink *sink;
};

/* Emits truth.file for everything that was created, modified or removed, and coverage for what was
 * not looked at or not kept. Costs nothing to speak of where nothing was changed. *RET_ALL: every
 * folder was looked at. */
VB_CHECKED int vb_truth_tell(const struct vb_truth *truth, bool *ret_all, struct vb_error *err);

/* Waits until a later change cannot carry the same change time as what was written before, and
 * gives the last time that such a write can carry. */
void vb_truth_let_clock_pass(struct timespec *ret);

/* Copies all of FD to FOLDER/NAME unless something of that name stands there already. 1: there is
 * no room for it. */
VB_CHECKED int vb_keep_copy(int fd, int folder, const char *name, struct vb_error *err);
/* Appends all of FD to FOLDER/NAME, which is made if it is not there and holds at most MAX bytes.
 * 1: there is no room for it, and nothing was appended. */
VB_CHECKED int vb_keep_more(int fd, int folder, const char *name, uint64_t max,
                            struct vb_error *err);

#endif
