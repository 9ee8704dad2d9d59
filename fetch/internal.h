/* What the files of fetch/ share. */
#ifndef VETBOX_FETCH_INTERNAL_H
#define VETBOX_FETCH_INTERNAL_H

#include "vetbox/fetch.h"

/* Copies bytes to a descriptor, counts and digests them on the way. */
struct intake {
    int fd; /* not owned */
    uint64_t size;
    uint64_t limit;
    struct vb_digest *sha256; /* NULL, both: nobody asks for them */
    struct vb_digest *sha512;
};

VB_CHECKED int intake_open(struct intake *intake, int fd, const struct vb_fetch_limits *limits,
                           struct vb_error *err);
void intake_done(struct intake *intake);
/* VB_E_LIMIT once more than the limit came. */
VB_CHECKED int intake_add(struct intake *intake, const void *data, size_t len,
                          struct vb_error *err);
/* Emits fetch.artifact for a file; URL may be NULL. */
VB_CHECKED int intake_report(struct intake *intake, const char *name, const char *url,
                             struct vb_sink *sink, struct vb_error *err);

#endif
