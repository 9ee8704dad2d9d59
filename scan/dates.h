/* Which files hold code that may act by the date: runs of them are tried on other days. */
#ifndef VETBOX_SCAN_DATES_H
#define VETBOX_SCAN_DATES_H

#include "scan/item.h"

struct vb_date_notes {
    size_t told; /* files */
    bool done;   /* the file at hand is among them */
};

/* Emits a scan.date event for ITEM, once a file, and once for all that are too many. */
VB_CHECKED int vb_note_date(struct vb_date_notes *notes, const struct vb_item *item,
                            struct vb_sink *sink, struct vb_error *err);

#endif
