/* clock: how far the box's clock is ahead of the machine's, and the subject's sight of it. Private
 * to the recorder.
 *
 * A program reads the clock in the kernel's shared code (vDSO), past every filter. As long as
 * nothing was skipped that is right, and costs nothing. From the first skipped wait on each
 * process's private copy of that code asks the kernel instead and adds what was skipped; a call
 * that does not come from there is answered by the recorder. */
#ifndef SANDBOX_RECORDER_CLOCK_H
#define SANDBOX_RECORDER_CLOCK_H

#include <sys/types.h>
#include <time.h>

#include "vetbox/core.h"

enum { VB_CLOCK_PROCESSES = 256 /* of a box whose clock can be moved */ };

struct vb_clock {
    bool unable; /* the kernel does not let us, or its shared code is unknown */
    bool asked;  /* for the offsets of the box's time namespace */
    int64_t monotonic_ns, boottime_ns;
    uint64_t moved_ns; /* all clocks */
    uint64_t ahead_s;  /* besides, those that count from 1970: set before the box begins */
};

/* Marks the calls that the shared code makes, in their sixth register: the filter lets them pass.
 * The same for all filters of this process and its children. */
uint64_t vb_clock_cookie(void);
/* What TID (as we number it) reads of the clock ID now. False: that clock is not moved. */
bool vb_clock_read(struct vb_clock *clock, pid_t tid, clockid_t id, struct timespec *ret);
/* The same in nanoseconds since the clock's beginning. */
bool vb_clock_now(struct vb_clock *clock, pid_t tid, clockid_t id, int64_t *ret);
/* True if the subject sees another time than the machine's. */
bool vb_clock_differs(const struct vb_clock *clock);
/* Shows the time as it is to the process that just became another program. False: it cannot be
 * shown to it. */
bool vb_clock_show(struct vb_clock *clock, pid_t tgid);
/* Moves the clock of all COUNT processes whose memory (/proc/PID/mem) and first page of shared code
 * are given. None of them runs. False: it was moved nowhere. */
struct vb_clock_process {
    int mem;
    uint64_t code;
};
bool vb_clock_move(struct vb_clock *clock, const struct vb_clock_process *processes, size_t count,
                   uint64_t by_ns);
/* Where the shared code of the process is whose folder in a /proc is DIRFD; 0: nowhere. */
uint64_t vb_clock_code(int dirfd);

#endif
