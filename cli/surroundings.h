/* Which entry points may act by where they run. */
#ifndef CLI_SURROUNDINGS_H
#define CLI_SURROUNDINGS_H

#include "vetbox/core.h"

enum { VB_AROUND_FILES = 256, VB_AROUND_ALL = (1 << VB_AROUND_COUNT) - 1 };

/* The signs for it, read off the events that pass; bits 1 << enum vb_around. */
struct vb_around_signs {
    struct {
        char *path;
        unsigned what;
    } files[VB_AROUND_FILES]; /* of the package, with code that looks */
    size_t count;
    bool many;     /* more than can be listed: any of its files may */
    unsigned seen; /* in the detonation that came last */
};
VB_CHECKED int vb_around_signs_see(struct vb_around_signs *signs, const struct vb_event *event,
                                   struct vb_error *err);
void vb_around_signs_done(struct vb_around_signs *signs);

#endif
