/* Where fuzz targets send their events. */
#ifndef VETBOX_TESTS_FUZZ_SINK_H
#define VETBOX_TESTS_FUZZ_SINK_H

#include "vetbox/core.h"

/* A sink's emit that holds every event to its form and drops it; aborts on one that is not sound.
 */
int fuzz_check_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err);

#endif
