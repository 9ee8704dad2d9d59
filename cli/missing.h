/* What runs miss: modules whose absence ended one are stood in for in the next
 * (docs/adr/0013). */
#ifndef CLI_MISSING_H
#define CLI_MISSING_H

#include "cli/other_days.h"

enum { VB_MISSING_MAX = 64, VB_MISSING_ROUNDS = 8, VB_MISSING_ADVISED = 8 };

/* A sink that looks at what runs print, on its way to the log. */
struct vb_missing {
    struct vb_sink sink;
    struct vb_sink *next;
    char *modules[VB_MISSING_MAX + 1]; /* as in struct vb_detonation */
    size_t count;
    size_t told;                       /* of them */
    bool any;                          /* the run under way missed one, be it known already */
    char *advised[VB_MISSING_ADVISED]; /* that the run under way says one should install */
    size_t advised_count;
};

void vb_missing_init(struct vb_missing *missing, struct vb_sink *next);
void vb_missing_done(struct vb_missing *missing);
/* Those that runs missed until now; NULL: none. */
char *const *vb_missing_modules(const struct vb_missing *missing);
/* Before a run that has no stand-ins. */
void vb_missing_begin(struct vb_missing *missing);
/* Whether that run missed any. */
bool vb_missing_any(const struct vb_missing *missing);
/* ROW missed some: tells of those that nobody told of yet. Returns 1 if there are any. */
VB_CHECKED int vb_missing_tell(struct vb_missing *missing, const struct vb_detonation *row,
                               struct vb_error *err);

#endif
