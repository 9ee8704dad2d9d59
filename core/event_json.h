/* Reading one line of the event log. */
#ifndef CORE_EVENT_JSON_H
#define CORE_EVENT_JSON_H

#include "vetbox/core/event.h"
#include "vetbox/core/json.h"
#include "vetbox/core/text.h"

/* An event of VB_EVENT_MAX_BYTES with every byte escaped as \u00XX, and its keys. */
enum { VB_LINE_MAX_BYTES = 8 * VB_EVENT_MAX_BYTES };

/* What a decoded event points into. Reused from line to line. */
struct vb_line {
    json_t *json;
    struct vb_buf arena; /* bytes that stood there in base64 */
    struct vb_str items[VB_EVENT_MAX_LIST];
    size_t item_count;
};

void vb_line_init(struct vb_line *line);
void vb_line_done(struct vb_line *line);
VB_CHECKED int vb_event_from_json(const char *text, size_t len, struct vb_line *line,
                                  struct vb_event *ret, struct vb_error *err);

#endif
