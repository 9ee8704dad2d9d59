/* stop: what Ctrl-C means while a command runs in the box. The first SIGINT or SIGTERM ends the
 * run, and what was seen until then is judged and reported; the next one ends vetbox at once, and
 * the box with it. */
#ifndef CLI_STOP_H
#define CLI_STOP_H

#include "vetbox/core.h"

/* From now on. *RET_FD becomes readable with the first signal; vb_stop_end closes it. */
VB_CHECKED int vb_stop_begin(int *ret_fd, struct vb_error *err);
/* Signals mean again what they usually do. Returns the one that came, or 0. */
int vb_stop_end(int *fd);

#endif
