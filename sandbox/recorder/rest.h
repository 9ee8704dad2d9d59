/* rest: calls that wait for a time. Each is kept unanswered; when nobody in the box has anything to
 * do, the box's clock is moved to the first moment at which somebody has. Private to the recorder.
 */
#ifndef SANDBOX_RECORDER_REST_H
#define SANDBOX_RECORDER_REST_H

#include <sys/types.h>

#include "sandbox/recorder/clock.h"

struct vb_recorder;
struct vb_call;

enum {
    VB_RESTS = 128,     /* calls that are kept at once; the next one waits in the kernel */
    VB_REST_FILES = 16, /* descriptors that one of them waits for */
    VB_REST_TIMERS = 64,
    VB_REST_TOLD = 64
};

enum vb_rest_kind { VB_REST_SLEEP, VB_REST_FILE, VB_REST_FUTEX };

/* What is put into the subject's memory when the time is over, as the kernel would. */
struct vb_rest_result {
    uint64_t address; /* 0: nothing */
    size_t len;
    unsigned char bytes[8 * VB_REST_FILES];
};

struct vb_rest {
    uint64_t id; /* of the notification; 0: the slot is free */
    enum vb_rest_kind kind;
    pid_t tid, tgid, inner_tid;
    const char *name;          /* of the call */
    uint64_t asked_ns, due_ns; /* how long, and until when by the machine's monotonic clock */
    bool exact;                /* the kernel would wait for another time: it must not go on there */
    bool any_signal;           /* it has a signal mask of its own */
    uint64_t rest_address;     /* SLEEP: where the kernel puts the time that is left; 0: nowhere */
    uint64_t word_address;     /* FUTEX */
    uint32_t word;
    int files[VB_REST_FILES]; /* FILE: copies of the subject's */
    size_t file_count;
    struct vb_rest_result results[4];
};

/* A timer of the kernel's that will send a signal, or make a descriptor ready, in the time of the
 * machine. */
struct vb_rest_timer {
    pid_t tgid; /* 0: the slot is free */
    int kind;   /* of the call that set it */
    int number;
    uint64_t until_ns; /* UINT64_MAX: until it is taken away */
};

struct vb_rests {
    struct vb_rest slots[VB_RESTS];
    size_t count;
    struct vb_rest_timer timers[VB_REST_TIMERS];
    bool any_timers;                /* there was one */
    bool any_streams;               /* somebody had a connection, or wants one */
    bool many_timers;               /* there were more: the clock is not moved any more */
    int ready;                      /* an epoll on what they wait for; -1 */
    uint64_t looked_ns, signals_ns; /* when that was last done */
    uint64_t idle_ns;               /* when it is to be asked again whether all of the box waits, */
    int idle_ms;                    /* and how long after the time before */
    uint64_t segments;              /* of the box's network when nobody was sending; 0: never yet */
    uint64_t sending_ns;            /* since when bytes are between two programs; 0: none are */
    int patience_ms;                /* until the next look */
    unsigned moves;
    bool hurried;
    bool new_rest; /* since the last look */
    struct {
        pid_t tgid;
        int64_t longest_ms;
    } told[VB_REST_TOLD];
};

/* RESTS is zero. */
void vb_rests_init(struct vb_rests *rests);
void vb_rests_done(struct vb_rests *rests);
/* A slot for CALL, which waits for NS more from now on; NULL: it waits in the kernel. The caller
 * adds what else it waits for, and lets go of it with vb_rest_drop if that cannot be had. */
struct vb_rest *vb_rest_take(struct vb_call *call, enum vb_rest_kind kind, uint64_t ns);
/* Waits for the descriptor FD of the caller's too. False: it cannot be waited for. */
bool vb_rest_add_file(struct vb_call *call, struct vb_rest *rest, int fd, uint32_t events);
void vb_rest_drop(struct vb_recorder *recorder, struct vb_rest *rest);
/* One of the files is ready. */
VB_CHECKED int vb_rests_ready(struct vb_recorder *recorder, struct vb_error *err);
/* A timer of the process was set for UNTIL_NS, or (0) taken away. */
void vb_rest_timer(struct vb_recorder *recorder, const struct vb_rest_timer *timer);
void vb_rests_forget(struct vb_recorder *recorder, pid_t tgid);

/* True if one that waits is about to go on: it was woken, has a signal, or a file is ready. The
 * next look sees to it. */
bool vb_rests_called(struct vb_recorder *recorder);

/* --- idle.c --- */

/* Moves the clock by NS if nobody in the box has anything to do meanwhile. */
bool vb_idle_move(struct vb_recorder *recorder, uint64_t ns);

#endif
