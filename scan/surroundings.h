/* Which files hold code that may act by where it runs: runs of them are tried on other machines. */
#ifndef VETBOX_SCAN_SURROUNDINGS_H
#define VETBOX_SCAN_SURROUNDINGS_H

#include "scan/item.h"

struct vb_around_notes {
    size_t told;   /* events */
    unsigned done; /* bits of what was told of the file at hand */
};

/* Emits a scan.surroundings event for each that ITEM looks at, once a file, and once for all that
 * are too many. */
VB_CHECKED int vb_note_surroundings(struct vb_around_notes *notes, const struct vb_item *item,
                                    struct vb_sink *sink, struct vb_error *err);

#endif
