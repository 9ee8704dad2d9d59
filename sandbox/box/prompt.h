/* prompt: answers a subject that asks its user something, and tells one that only waits for input
 * that there is none. */
#ifndef SANDBOX_BOX_PROMPT_H
#define SANDBOX_BOX_PROMPT_H

#include "sandbox/box/output.h"

struct vb_prompt {
    int writer;      /* of its standard input; -1: it has an end */
    const char *key; /* what a user has in the place of a key; NULL: made up */
    unsigned answers;
    size_t answered[2]; /* bytes of either output that were there at the last answer */
};

/* The answer to QUESTION, the end of what was printed; static, without a newline. */
const char *vb_prompt_answer(const char *question);

/* For a box in which everybody waits, somebody of them for input: writes an answer and emits
 * detonation.answer, or ends the input where nothing was asked. */
VB_CHECKED int vb_prompt_step(struct vb_prompt *prompt, const struct vb_output outputs[2],
                              uint32_t detonation, struct vb_sink *sink, struct vb_error *err);

#endif
