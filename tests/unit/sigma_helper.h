/* Events for Sigma rules out of JSON, and what both engines say of them: the compiled one and the
 * plain one of the tests (sigma_plain.c). */
#ifndef TESTS_SIGMA_HELPER_H
#define TESTS_SIGMA_HELPER_H

#include "verdict/sigma/sigma.h"
#include "vetbox/core/json.h"

enum { SIGMA_EVENT_VALUES = 512, SIGMA_EVENT_SOURCES = 4 };

/* Fields are a flat object; sub-objects are told by paths too. */
struct sigma_event {
    json_t *fields; /* borrowed */
    struct vb_sigma_source sources[SIGMA_EVENT_SOURCES];
    size_t source_count;
};

/* Numbers of the rules that match, ascending, for the compiled engine. */
size_t sigma_hits(const struct vb_sigma *sigma, struct vb_sigma_matcher *matcher,
                  const struct sigma_event *event, uint64_t time_ns, uint64_t seq,
                  const struct vb_sigma_hit **ret);

/* The folder of published vectors, or NULL. */
const char *sigma_vectors(void);
/* Whole file, or a failed test. */
void sigma_read(const char *path, struct vb_buf *buf);

/* --- the plain engine --- */

struct plain; /* one rule */
struct plain *plain_new(const char *name, const char *text, size_t len);
void plain_free(struct plain *plain);
bool plain_match(const struct plain *plain, const struct sigma_event *event);

#endif
