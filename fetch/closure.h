/* closure: all packages that some packages need, resolved and fetched. What the two indexes share.
 * Runs in a fetcher child; what an index says is hostile. */
#ifndef FETCH_CLOSURE_H
#define FETCH_CLOSURE_H

#include "fetch/pep440.h"
#include "fetch/settings.h"

enum { CLOSURE_PACKAGES = 2000, CLOSURE_ROUNDS = 40, CLOSURE_MISSING = 256, CLOSURE_TEXT = 512 };

struct closure {
    const struct vb_closure_request *request;
    struct crowd crowd;
    struct pep508_machine machine;
    json_t *npm, *pypi, *missing; /* arrays of objects: see vb_closure_fetch */
    bool untold;                  /* there are rows of MISSING that have no room there */
    json_t *packuments; /* name → what npm's index says of the versions that are needed */
    int data_fd;
    uint64_t data_len;
};

/* Not fatal: it is told. Nothing is told twice. */
VB_CHECKED int closure_miss(struct closure *closure, enum vb_index index, const char *name,
                            const char *range, const char *reason, struct vb_error *err);
VB_CHECKED int npm_resolve(struct closure *closure, struct vb_error *err);
VB_CHECKED int pypi_resolve(struct closure *closure, struct vb_error *err);
/* What came for GET, parsed; VB_E_DATA where it is no JSON. */
VB_CHECKED int closure_parse(struct crowd_get *get, json_t **ret, struct vb_error *err);

/* A name that may stand in an address and in a path: @scope/name or name. */
bool npm_name_valid(const char *name);
/* The address of NAME's packument below its registry. */
bool npm_packument_path(const char *name, char *ret, size_t size);
/* The version that RANGE (or a tag) means of PACKUMENT, or NULL. */
const char *npm_choose(const json_t *packument, const char *range);
/* "sha512-…" of an integrity string of several, as a name of a file: sha512-HEX. False: none. */
bool npm_digest_name(const char *integrity, char *ret, size_t size);

/* The header that asks for a project's page. */
extern const char pypi_accept[];
/* A project's page in JSON, whichever form it came in. */
VB_CHECKED int pypi_parse_page(struct crowd_get *get, const char *base, json_t **ret,
                               struct vb_error *err);

#endif
