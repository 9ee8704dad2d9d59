/* supervisor: what start.c and supervisor.c share of one box. */
#ifndef SANDBOX_BOX_SUPERVISOR_H
#define SANDBOX_BOX_SUPERVISOR_H

#include "sandbox/box/box.h"
#include "sandbox/box/demand.h"
#include "sandbox/box/driver_child.h"
#include "sandbox/box/hearsay.h"
#include "sandbox/box/input.h"
#include "sandbox/box/output.h"
#include "sandbox/box/prompt.h"
#include "sandbox/box/served.h"
#include "sandbox/box/truth.h"
#include "sandbox/box/watch.h"
#include "sandbox/box/witness.h"
#include "sandbox/box/world_child.h"
#include "sandbox/recorder/recorder.h"

enum { VB_BOX_TICK_MS = 50 }; /* between two measurements, and two looks at the time */

/* What a supervisor waits for: the tags of its epoll. */
enum vb_wait {
    VB_WAIT_INIT,
    VB_WAIT_CONTROL,
    VB_WAIT_START,
    VB_WAIT_OUTPUT,
    VB_WAIT_ERROR,
    VB_WAIT_WORLD,
    VB_WAIT_DRIVER,
    VB_WAIT_PROBES,
    VB_WAIT_STOP,
    VB_WAIT_TICK,
    VB_WAIT_RECORDER /* and the recorder's other tags */
};

struct vb_supervisor {
    const struct vb_box_setup *setup;
    const struct vb_detonation *detonation;
    struct vb_frame_sink *frames;
    struct vb_sink *sink;
    char folder[256]; /* the package's, inside */
    char cwd[256 + 4096];
    char **argv;
    char **envp;
    char *given; /* what the subject reads; NULL: nothing, or what the user types */
    int epoll;
    int ticks;   /* a timer */
    int control; /* to init */
    int start;   /* to the subject until it executes */
    pid_t init;
    int init_pidfd;
    int writable_fd;
    int below_fds[VB_LAYER_COUNT]; /* what stands below its layers */
    int proc_fd;
    int segments_fd;
    struct vb_input input;
    struct vb_output outputs[2];
    struct vb_served served; /* where the subject listens */
    struct vb_prompt prompt; /* who answers where the subject asks its user */
    struct timespec filled;  /* without an overlay: when the last file was put there */
    struct vb_watch watch;
    struct vb_world_child *world;
    struct vb_driver_child *driver; /* NULL: nobody talks with it */
    struct vb_hearsay *hearsay;     /* NULL: its interpreters have no probes */
    unsigned silent_ticks;
    uint64_t leave_ns;          /* when a subject is asked to end with whom nobody talks any more */
    uint64_t moved_ns;          /* how far the box's clock was moved when that was last looked at */
    struct vb_demand *demand;   /* NULL where the kernel catches what is sent */
    struct vb_witness *witness; /* NULL without baits */
    struct vb_recorder *recorder;
    bool recording;                              /* tasks are left under the filter */
    bool ended;                                  /* init is dead */
    uint64_t begin_ns, end_ns, stop_ns, kill_ns; /* stop: deadline; kill: 0 while not set */
    uint64_t measured_ns; /* when the box was last measured for the recorder */
    unsigned limits_told;
    bool subject_ended;
    bool lingers; /* for what it left running */
    int moved;    /* what init said of the last rename; -1: nothing yet */
    int subject_status;
    const char *outcome; /* where we ended it */
};

enum vb_supervisor_limit {
    VB_LIMIT_TIME,
    VB_LIMIT_CPU,
    VB_LIMIT_MEMORY,
    VB_LIMIT_PROCESSES,
    VB_LIMIT_FILES,
    VB_LIMIT_OPEN_FILES,
    VB_LIMIT_DISK,
    VB_LIMIT_OUTPUT
};

/* Emits EVENT as one of this detonation. */
VB_CHECKED int vb_supervisor_emit(struct vb_supervisor *box, struct vb_event *event,
                                  struct vb_error *err);
/* The subject ran into LIMIT: told of once. COUNT: 0 is none. */
VB_CHECKED int vb_supervisor_tell_limit(struct vb_supervisor *box, enum vb_supervisor_limit limit,
                                        const char *detail, int64_t count, struct vb_error *err);
/* Measures the box, and ends it where it uses too much. */
VB_CHECKED int vb_supervisor_measure(struct vb_supervisor *box, struct vb_error *err);
/* Ends the box in GRACE_MS. The first reason to is the one that counts. */
void vb_supervisor_end(struct vb_supervisor *box, const char *outcome, uint64_t grace_ms);
/* One word of init's. */
VB_CHECKED int vb_supervisor_hear_init(struct vb_supervisor *box, struct vb_error *err);
/* Milliseconds as nanoseconds. */
uint64_t vb_ms(uint64_t milliseconds);

/* Renames a folder of the base as the recorder's options say (CTX is the supervisor). */
int vb_supervisor_rename(void *ctx, const char *from, const char *to, bool replace);

/* True for a file of the base, whose names an overlay of an ordinary user cannot keep together, as
 * the recorder's options say. */
bool vb_supervisor_splits(void *ctx, const char *path);

/* Listens where the subject is about to send to, and nowhere that it wants to listen itself, as the
 * recorder's options say. */
int vb_supervisor_reach(void *ctx, int type, const struct sockaddr *address, int *ret_errno,
                        struct vb_error *err);
int vb_supervisor_yield(void *ctx, unsigned port, struct vb_error *err);

/* The subject listens, as the recorder's options say. */
void vb_supervisor_serves(void *ctx, const struct sockaddr *address);

/* Passes on what the world has said, as the recorder's options say. */
int vb_supervisor_catch_up(void *ctx, struct vb_error *err);

/* True while the network of the box has something to do, or the run is being ended, as the
 * recorder's options say. Measures the box. */
bool vb_supervisor_busy(void *ctx);

/* Watches the baits, as the recorder's options say. */
void vb_supervisor_watch_bait(void *ctx, size_t index, int fd);
bool vb_supervisor_watch_root(void *ctx, int fd);
bool vb_supervisor_root_changed(void *ctx);

/* The steps that lead to a running subject, in this order (start.c). */
VB_CHECKED int vb_start_argv(struct vb_supervisor *box, struct vb_error *err);
VB_CHECKED int vb_start_environment(struct vb_supervisor *box, struct vb_error *err);
VB_CHECKED int vb_start_tell(struct vb_supervisor *box, struct vb_error *err);
VB_CHECKED int vb_start_init(struct vb_supervisor *box, struct vb_error *err);
VB_CHECKED int vb_start_accompany(struct vb_supervisor *box, struct vb_error *err);
VB_CHECKED int vb_start_subject(struct vb_supervisor *box, struct vb_error *err);
/* One word from the subject, or the end of its socket: it executes. */
VB_CHECKED int vb_start_hear(struct vb_supervisor *box, struct vb_error *err);
/* The last step: everything is told (conclude.c). */
VB_CHECKED int vb_supervisor_conclude(struct vb_supervisor *box, struct vb_error *err);
/* Closes what stood below the box's layers. */
void vb_supervisor_close_below(struct vb_supervisor *box);
/* The failure that init or subject reported. */
int vb_start_fail(const struct vb_box_message *message, struct vb_error *err);

#endif
