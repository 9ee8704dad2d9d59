/* Runs with probes in the interpreters, of what makes code while it runs. */
#ifndef CLI_PROBED_H
#define CLI_PROBED_H

#include "cli/other_days.h"

/* What --probes says runs once more. */
enum vb_probes { VB_PROBES_AUTO, VB_PROBES_ALL, VB_PROBES_NONE, VB_PROBES_COUNT };
VB_CHECKED int vb_probes_choose(const struct vb_options *options, enum vb_probes *ret,
                                struct vb_error *err);

enum { VB_PROBED_FILES = 64, VB_PROBED_ROWS = 1024 };

/* Between the boxes and the log: remembers which detonations came by files that make code. */
struct vb_probed {
    struct vb_sink sink;
    struct vb_sink *next;
    const char *files[VB_PROBED_FILES]; /* of the package: of its tree */
    size_t count;
    bool more;                 /* than could be looked at: any may */
    int64_t row;               /* the detonation that is under way, or that it repeats */
    bool seen[VB_PROBED_ROWS]; /* by that number */
};
/* Looks for such files in SESSION's package: searches them, and reads nothing out of them. */
VB_CHECKED int vb_probed_init(struct vb_probed *probed, const struct vb_session *session,
                              struct vb_sink *next, struct vb_error *err);

/* After all rows ran without: those that --probes wants run once more, with probes. */
VB_CHECKED int vb_probed_run(const struct vb_probed *probed, struct vb_runs *runs,
                             struct vb_error *err);

#endif
