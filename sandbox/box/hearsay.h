/* hearsay: what the probes in a subject's interpreters say, and stand-ins for modules that it
 * misses (modules.h), kept by the supervisor and told when the run is over. It proves nothing: the
 * subject holds the other end. */
#ifndef SANDBOX_BOX_HEARSAY_H
#define SANDBOX_BOX_HEARSAY_H

#include "sandbox/box/box.h"

struct vb_hearsay;
struct vb_hearsay_source {
    const struct vb_box_setup *setup;
    const struct vb_detonation *detonation;
    const char *folder; /* the package's, inside */
    const char *cwd;
};
/* SOURCE's pointers must outlive it. */
VB_CHECKED int vb_hearsay_new(const struct vb_hearsay_source *source, struct vb_hearsay **ret,
                              struct vb_error *err);
void vb_hearsay_free(struct vb_hearsay *hearsay);
/* The subject's end, for its process to take a copy of; and the other, to poll for POLLIN, -1 when
 * the subject shut it. */
int vb_hearsay_end(const struct vb_hearsay *hearsay);
int vb_hearsay_fd(const struct vb_hearsay *hearsay);
/* Hears what is there, a bounded amount at a time. False: nothing more came. */
bool vb_hearsay_step(struct vb_hearsay *hearsay);
/* At the end: keeps the code and the texts, and emits what was said to SINK, as interpreter.code
 * and its like. */
VB_CHECKED int vb_hearsay_tell(struct vb_hearsay *hearsay, struct vb_sink *sink,
                               struct vb_error *err);

/* The probes themselves (probes.c): their files, written to FOLDER, as layers over the base of the
 * boxes; and what has to stand in the environment for INTERPRETER to load them, NULL-terminated. */
VB_CHECKED int vb_probes_build(int folder, struct vb_error *err);
char *const *vb_probes_environment(const char *interpreter);
#define VB_BASE_PROBES VB_BASE "/probes"

#endif
