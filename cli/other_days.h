/* The runs of a package, and those that are made once more on other days. */
#ifndef CLI_OTHER_DAYS_H
#define CLI_OTHER_DAYS_H

#include "cli/session.h"
#include "vetbox/sandbox.h"

/* What is known of a row of the plan after its run of today. */
struct vb_row_run {
    bool ran;
    bool left;     /* a file in the home, beside its own folder */
    bool finished; /* it came to an end of its own */
    unsigned duration_ms;
    uint64_t log_bytes;
    bool every_name;    /* it was run again with every host name */
    bool again;         /* it is another row once more */
    bool dated;         /* it may act by the date */
    bool doubted;       /* what it did there is to be compared with more runs of today */
    bool compared;      /* it ran on at least one other day */
    unsigned around;    /* what of its surroundings it may act by: bits of enum vb_around */
    unsigned elsewhere; /* the machines that it is to run on once more (personas.c) */
    unsigned missed;    /* a bit for each of the days for which there was no time or room */
};

struct vb_runs {
    struct vb_session *session;
    struct vb_sandbox *sandbox;
    const struct vb_plan *plan;
    struct vb_row_run *rows; /* as many as the plan has */
    uint64_t calls_missed;   /* for which there was no time */
    uint32_t next_id;
    unsigned reserve_ms; /* for what is behind the runs */
};

/* After all rows ran today: those that --dates wants, with the clock set ahead; what the verdict
 * would then hold against them is run today once more, for it may be chance. */
VB_CHECKED int vb_run_other_days(struct vb_runs *runs, struct vb_error *err);

#endif
