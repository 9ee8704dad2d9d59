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
    struct vb_buf arena; /* bytes that stood there in base64, or the whole of a plain line */
    struct vb_str items[VB_EVENT_MAX_LIST];
    size_t item_count;
};

void vb_line_init(struct vb_line *line);
void vb_line_done(struct vb_line *line);
/* A line as vb_event_to_json writes it, in ASCII and without escapes; false for any other, which
 * vb_event_from_any_json reads or refuses. */
VB_CHECKED bool vb_event_from_plain_line(const char *text, size_t len, struct vb_line *line,
                                         struct vb_event *ret);
/* VB_E_DATA for what is no event, VB_E_LIMIT for a line of more than VB_LINE_MAX_BYTES. */
VB_CHECKED int vb_event_from_any_json(const char *text, size_t len, struct vb_line *line,
                                      struct vb_event *ret, struct vb_error *err);
/* Either of the two, whichever is quicker. */
VB_CHECKED int vb_event_from_json(const char *text, size_t len, struct vb_line *line,
                                  struct vb_event *ret, struct vb_error *err);

#endif
