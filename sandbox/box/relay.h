/* relay: the coordinator's side of a child. What a child may send, and when, is checked here; what
 * breaks the rules kills the child and becomes a finding. */
#ifndef SANDBOX_BOX_RELAY_H
#define SANDBOX_BOX_RELAY_H

#include "sandbox/box/confine.h"

struct vb_relay {
    enum vb_role role;
    const char *name;
    uint32_t detonation; /* written into every event, whatever the child says */
    uint64_t epoch_ns;
    unsigned timeout_ms;
};

/* How a child ended that was not asked to. */
struct vb_death {
    bool died;
    bool late; /* it ran out of time */
    const char *reason;
    int signal; /* 0: none */
    int status; /* exit status where there was no signal */
    char detail[256];
};

/* The same in steps, for who has more to wait for. RELAY, PROCESS and SINK must outlive it. */
struct vb_relay_state;
VB_CHECKED int vb_relay_listen_new(const struct vb_relay *relay, struct vb_process *process,
                                   struct vb_sink *sink, struct vb_relay_state **ret,
                                   struct vb_error *err);
void vb_relay_listen_free(struct vb_relay_state *state);
/* Passes on what is there. False: there is nothing more to come, or listening is over; *RET_STATUS
 * is an error of ours (of SINK's), or 0. */
bool vb_relay_listen_step(struct vb_relay_state *state, struct vb_error *err, int *ret_status);
/* The rest, as vb_relay_run does; the child's time begins now. */
VB_CHECKED int vb_relay_listen_finish(struct vb_relay_state *state, struct vb_death *ret,
                                      struct vb_error *err);

/* Passes PROCESS's events on to SINK until it ends, and reaps it. Returns 0 with ret->died unset
 * when it reported success, its own error when it reported one, an error of ours (of SINK's) with
 * the child killed, and 0 with *ret filled when it died or broke its protocol. */
VB_CHECKED int vb_relay_run(const struct vb_relay *relay, struct vb_process *process,
                            struct vb_sink *sink, struct vb_death *ret, struct vb_error *err);

/* Emits examiner.died. */
VB_CHECKED int vb_emit_death(const struct vb_relay *relay, const struct vb_death *death,
                             struct vb_sink *sink, struct vb_error *err);
/* Emits the coverage event of a child for which too little of our own time was left. */
VB_CHECKED int vb_emit_late(const struct vb_relay *relay, struct vb_sink *sink,
                            struct vb_error *err);

#endif
