/* standins: what the stand-ins for modules say that they were asked for, a part of the hearsay. */
#ifndef SANDBOX_BOX_STANDINS_H
#define SANDBOX_BOX_STANDINS_H

#include "vetbox/core.h"

enum { VB_STANDINS_MAX = 64 };

/* {0} is one that heard nothing. */
struct vb_standins {
    struct vb_standin {
        const char *module; /* as in struct vb_detonation */
        struct vb_buf list; /* each once, on a line of its own */
        bool cut;
    } modules[VB_STANDINS_MAX];
    size_t count;
};

void vb_standins_done(struct vb_standins *standins);
/* MODULE must outlive STANDINS. False: there is no room. */
bool vb_standins_hear(struct vb_standins *standins, const char *module, struct vb_str text);
/* Emits an interpreter.asked to SINK for each module. */
VB_CHECKED int vb_standins_tell(const struct vb_standins *standins, uint32_t detonation,
                                struct vb_sink *sink, struct vb_error *err);
/* Sets what EVENT says of MODULE. */
void vb_standins_name(const char *module, struct vb_event *event);

#endif
