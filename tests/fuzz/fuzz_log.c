/* libs: vb_core */
/* One line of an event log: refused, or an event that is written back as an equal line; and the
 * quick reader of plain lines takes none that the other one reads otherwise. */
#include "core/event_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_line(const struct vb_event *event, struct vb_buf *buf)
{
    vb_buf_init(buf, VB_LINE_MAX_BYTES);
    if (vb_event_to_json(event, buf, NULL) < 0)
        abort();
}

static void compare_plain(const char *text, size_t size)
{
    static struct vb_line lines[2];
    struct vb_event events[2];
    struct vb_buf texts[2];
    vb_line_init(&lines[0]);
    vb_line_init(&lines[1]);
    if (vb_event_from_plain_line(text, size, &lines[0], &events[0])) {
        if (vb_event_from_any_json(text, size, &lines[1], &events[1], NULL) < 0)
            abort();
        write_line(&events[0], &texts[0]);
        write_line(&events[1], &texts[1]);
        if (texts[0].len != texts[1].len || memcmp(texts[0].data, texts[1].data, texts[0].len) != 0)
            abort();
        vb_buf_done(&texts[0]);
        vb_buf_done(&texts[1]);
    }
    vb_line_done(&lines[0]);
    vb_line_done(&lines[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vb_line line;
    static struct vb_line again;
    struct vb_event event;
    struct vb_event second;
    compare_plain((const char *)data, size);
    vb_line_init(&line);
    vb_line_init(&again);
    if (vb_event_from_json((const char *)data, size, &line, &event, NULL) == VB_OK) {
        struct vb_buf first_text;
        struct vb_buf second_text;
        write_line(&event, &first_text);
        if (vb_event_from_json((const char *)first_text.data, first_text.len - 1, &again, &second,
                               NULL) < 0)
            abort();
        write_line(&second, &second_text);
        if (first_text.len != second_text.len ||
            memcmp(first_text.data, second_text.data, first_text.len) != 0)
            abort();
        vb_buf_done(&first_text);
        vb_buf_done(&second_text);
    }
    vb_line_done(&line);
    vb_line_done(&again);
    return 0;
}
