/* What runs are tried on other days: --dates, and which entry points may act by the date. */
#ifndef CLI_DATES_H
#define CLI_DATES_H

#include "cli/options.h"

enum { VB_DATES_MAX = 8, VB_DATED_FILES = 256 };

/* What --dates says: days after today, the furthest first. */
struct vb_dates {
    unsigned days[VB_DATES_MAX];
    size_t count;
    bool all; /* every entry point, not only those that may act by the date */
};
VB_CHECKED int vb_dates_choose(const struct vb_options *options, struct vb_dates *ret,
                               struct vb_error *err);

/* The signs that an entry point may act by the date, read off the events that pass. */
struct vb_date_signs {
    char *files[VB_DATED_FILES]; /* of the package, with code that looks at the date */
    size_t count;
    bool many;  /* more than can be listed: any of its files may */
    bool seen;  /* in the detonation that came last */
    bool fixed; /* the clock of a box cannot be set here */
};
VB_CHECKED int vb_date_signs_see(struct vb_date_signs *signs, const struct vb_event *event,
                                 struct vb_error *err);
void vb_date_signs_done(struct vb_date_signs *signs);

#endif
