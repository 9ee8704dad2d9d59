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
    const char *reason;
    int signal; /* 0: none */
    int status; /* exit status where there was no signal */
    char detail[256];
};

/* Passes PROCESS's events on to SINK until it ends, and reaps it. Returns 0 with ret->died unset
 * when it reported success, its own error when it reported one, an error of ours (of SINK's) with
 * the child killed, and 0 with *ret filled when it died or broke its protocol. */
VB_CHECKED int vb_relay_run(const struct vb_relay *relay, struct vb_process *process,
                            struct vb_sink *sink, struct vb_death *ret, struct vb_error *err);

/* Emits examiner.died. */
VB_CHECKED int vb_emit_death(const struct vb_relay *relay, const struct vb_death *death,
                             struct vb_sink *sink, struct vb_error *err);

#endif
