/* Commands that print what is logged, as it is logged. */
#ifndef CLI_LISTEN_H
#define CLI_LISTEN_H

#include <stdio.h>

#include "vetbox/core.h"

/* Calls EACH for every event of KIND as it is logged. */
struct vb_hearing {
    enum vb_event_kind kind;
    void (*each)(const struct vb_event *event, void *ctx);
};

/* The follower of a log: its sink emits to vb_hear. */
struct vb_listener {
    struct vb_sink sink; /* first */
    const struct vb_hearing *rows;
    size_t count;
    void *ctx;
};
int vb_hear(struct vb_sink *sink, struct vb_event *event, struct vb_error *err);

/* TEXT of the package, with nothing left in it that a terminal obeys. */
void vb_print_escaped(FILE *out, struct vb_str text);

#endif
