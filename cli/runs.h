/* The runs of a package, and what those have in common that are made once more. */
#ifndef CLI_RUNS_H
#define CLI_RUNS_H

#include "cli/session.h"
#include "vetbox/sandbox.h"

/* What is known of a row of the plan after its run of today. */
struct vb_row_run {
    bool ran;
    bool left;     /* a file in the home, beside its own folder */
    bool finished; /* it came to an end of its own */
    unsigned duration_ms;
    uint64_t log_bytes;
    bool asked;           /* it listened, and was asked something there */
    bool guessed;         /* the world guessed at an answer for it */
    bool every_name;      /* it was run again with every host name */
    bool again;           /* it is another row once more */
    bool dated;           /* it may act by the date */
    bool doubted;         /* what it did there is to be compared with more runs of today */
    bool compared;        /* it ran on at least one other day */
    unsigned around;      /* what of its surroundings it may act by: bits of enum vb_around */
    unsigned elsewhere;   /* the machines that it is to run on once more (personas.c) */
    unsigned missed;      /* a bit for each of the days for which there was no time or room */
    char *const *modules; /* that it missed, or said that it missed: stood in for in runs of its own
                             beside those without; NULL: none */
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

/* What is left for runs. */
unsigned vb_runs_left_ms(const struct vb_runs *runs);
/* The log has room for what ROW told, and an eighth more. */
bool vb_runs_have_room(const struct vb_runs *runs, const struct vb_row_run *row);
/* How often row I runs wherever it runs once more: as it is, and then with stand-ins for the
 * modules that it missed. Its word alone never gives it those in the place of a run without. */
size_t vb_runs_ways(const struct vb_runs *runs, size_t i);
/* Row I once more, of which nothing is carried on; WAY 1 is that with stand-ins. The texts stay the
 * plan's. */
struct vb_detonation vb_runs_again(struct vb_runs *runs, size_t i, size_t way);
/* Makes that run in SANDBOX; HOW it differs is for the error. */
VB_CHECKED int vb_runs_make(const struct vb_runs *runs, struct vb_sandbox *sandbox,
                            const struct vb_detonation *again, const char *how,
                            struct vb_error *err);

/* Tells of COUNT runs that were WHAT and were not made, for REASON, as STAGE; of none nothing. */
VB_CHECKED int vb_runs_tell_missed(const struct vb_runs *runs, const char *stage, const char *what,
                                   const char *reason, uint64_t count, struct vb_error *err);

#endif
