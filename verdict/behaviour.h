/* The rules over what runs do, as they were loaded: behaviour.c fills it, behaviour_see.c judges by
 * it, behaviour_cases.c tests them. */
#ifndef VERDICT_BEHAVIOUR_H
#define VERDICT_BEHAVIOUR_H

#include "verdict/arena.h"
#include "verdict/sigma/sigma.h"
#include "vetbox/core/iocs.h"
#include "vetbox/verdict.h"

/* A file of rules that is built in. */
struct vb_behaviour_file {
    const char *name;
    const unsigned char *text;
    size_t len;
};
size_t vb_behaviour_files(const struct vb_behaviour_file **ret);

struct vb_behaviour {
    struct vb_sigma *sigma;
    struct arena arena;
    struct vb_behaviour_rule *rules; /* by the engine's numbers */
    size_t count;
    struct vb_iocs *iocs;
};

/* Which rules and correlations matched in the log, one truth for each; what they feed counts too.
 */
VB_CHECKED int vb_behaviour_hear(int log_fd, const struct vb_policy *policy,
                                 const struct vb_behaviour *behaviour, bool *ret_heard,
                                 struct vb_error *err);

#endif
