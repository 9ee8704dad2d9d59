/* reader: what a confined child does with one archive. */
#ifndef CLI_READER_H
#define CLI_READER_H

#include "vetbox/unpack.h"

enum { VB_READER_NAME_BYTES = 256 };

/* Handed to the child as bytes: what came into memory after its zygote was made it cannot see. */
struct vb_reader_work {
    struct vb_unpack_job job;
    char name[VB_READER_NAME_BYTES]; /* in the place of the job's */
    struct vb_unpack_limits limits;
    bool second; /* formats with risky parsers */
};

/* CTX: a struct vb_reader_work. */
VB_CHECKED int vb_reader_run(void *ctx, struct vb_sink *sink, struct vb_error *err);

#endif
