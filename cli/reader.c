/* reader: runs behind all walls, in vetbox's own children and in those of vetbox-reader. */
#include "cli/reader.h"

int vb_reader_run(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    struct vb_reader_work *work = ctx;
    work->job.name = work->name;
    return work->second ? vb_unpack_second(&work->job, &work->limits, sink, err)
                        : vb_unpack(&work->job, &work->limits, sink, err);
}
