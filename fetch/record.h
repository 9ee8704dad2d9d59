/* record: what an index says of the file that it names, besides where it lies: digests, signatures,
 * keys and attestations. It is kept as it came, for those who verify without a network
 * (docs/registry-signatures.md describes the form). */
#ifndef FETCH_RECORD_H
#define FETCH_RECORD_H

#include "fetch/closure.h"

enum { RECORD_ROOM = 96 << 20 /* bytes of all answers */ };

struct record {
    struct crowd *crowd;
    const struct vb_indexes *indexes;
    const struct registry *registry;
    const char *name;
    const char *index; /* as references name it */
    json_t *json;      /* NULL: nobody asked for one */
};

/* Both give up on what does not come within seconds.
 * DIST is the part of a packument's version that is about its tarball. Asks for the keys and the
 * attestations where DIST says that there are some; that they do not come is a row of "missing". */
VB_CHECKED int record_npm(struct record *record, const char *version, const json_t *dist,
                          struct vb_error *err);
/* FILE is a row of a project's page. */
VB_CHECKED int record_pypi(struct record *record, const char *version, const json_t *file,
                           struct vb_error *err);
/* TOLD is the API's answer for a version. */
VB_CHECKED int record_clawhub(struct record *record, const char *version, const json_t *told,
                              struct vb_error *err);
/* Of an index that says nothing more than perhaps a digest. */
VB_CHECKED int record_plain(struct record *record, const char *version, const json_t *told,
                            struct vb_error *err);
VB_CHECKED int record_write(const struct record *record, int fd, struct vb_error *err);

#endif
