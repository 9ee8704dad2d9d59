/* Commands that print what is logged, as it is logged. */
#include "cli/listen.h"

void vb_print_escaped(FILE *out, struct vb_str text)
{
    struct vb_buf buf;
    vb_buf_init(&buf, SIZE_MAX / 2);
    if (vb_text_escape(&buf, text.text, text.len, false, NULL) == VB_OK)
        fputs((const char *)buf.data, out);
    vb_buf_done(&buf);
}

int vb_hear(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    const struct vb_listener *listener = (const struct vb_listener *)(const void *)sink;
    (void)err;
    for (size_t i = 0; i < listener->count; i++) {
        if (listener->rows[i].kind == event->kind)
            listener->rows[i].each(event, listener->ctx);
    }
    return VB_OK;
}
