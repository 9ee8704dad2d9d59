#include "fuzz/sink.h"

int fuzz_check_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    (void)sink;
    if (vb_event_check(event, err) != 0)
        abort();
    return 0;
}
