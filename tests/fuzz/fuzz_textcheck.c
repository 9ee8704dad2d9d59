/* libs: vb_scan vb_core */
/* Text in an attacker's hands: every check ends, and every event is sound. The first byte chooses
 * what sort of file it is. */
#include <string.h>

#include "scan/textcheck.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    (void)sink;
    if (vb_event_check(event, err) < 0)
        abort();
    const struct vb_str detail = vb_event_get_str(event, VB_F_DETAIL);
    if (detail.len == 0 || !vb_utf8_valid(detail.text, detail.len))
        abort();
    return VB_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"a.md", "a.html", "a.py", "a.json", "SKILL.md", "a"};
    struct vb_error err = {0};
    struct vb_sink sink = {.emit = check_event};
    struct vb_phrases *phrases = NULL;
    if (size < 2 || size > 100000)
        return 0;
    if (vb_phrases_new(&phrases, &err) < 0)
        abort();
    struct vb_item item = {.path = names[data[0] % VB_ARRAY_LEN(names)],
                           .layer = data[0] >= 128 ? "base64@0" : "",
                           .depth = data[0] >= 128,
                           .data = data + 1,
                           .len = size - 1};
    vb_item_classify(&item);
    item.text = true; /* whatever it is, the checks must stand it */
    if (vb_textcheck(phrases, &item, &sink, &err) < 0)
        abort();
    char path[256];
    const size_t len = size - 1 < sizeof(path) - 1 ? size - 1 : sizeof(path) - 1;
    memcpy(path, data + 1, len);
    path[len] = '\0';
    if (vb_textcheck_path(path, &sink, &err) < 0)
        abort();
    vb_phrases_free(phrases);
    return 0;
}
