/* libs: vb_unpack */
/* The tar checker over any bytes: no crash, well-formed events, and the same ones however the bytes
 * are cut into pieces. */
#include <archive.h>
#include <string.h>

#include "unpack/tar_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was told, as one number. */
struct telling {
    struct vb_sink sink;
    uint64_t sum;
};

static void mix(struct telling *telling, struct vb_str text)
{
    for (size_t i = 0; i < text.len; i++)
        telling->sum = telling->sum * 1099511628211u + (unsigned char)text.text[i] + 1;
}

static int on_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct telling *const telling = (struct telling *)(void *)sink;

    if (vb_event_check(event, err) != 0)
        __builtin_trap();
    mix(telling, vb_event_get_str(event, VB_F_CODE));
    mix(telling, vb_event_get_str(event, VB_F_PATH));
    mix(telling, vb_event_get_str(event, VB_F_DETAIL));
    return 0;
}

static uint64_t run(const uint8_t *data, size_t size, size_t piece)
{
    static const struct vb_unpack_limits limits = {.entries = 100};
    struct telling telling = {.sink.emit = on_event};
    struct vb_error err = {0};
    struct unpack u = {.limits = &limits,
                       .sink = &telling.sink,
                       .err = &err,
                       .name = "x",
                       .place = ".",
                       .prefix = ""};
    struct tar_check *check = NULL;

    if (tar_check_new(&check, &u) != 0)
        return 0;
    for (size_t at = 0; at < size; at += piece) {
        if (tar_check_feed(check, data + at, size - at < piece ? size - at : piece) != 0)
            __builtin_trap();
    }
    tar_check_free(&check);
    return telling.sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint64_t whole = run(data, size, size + 1);

    if (run(data, size, 7) != whole || run(data, size, 512) != whole)
        __builtin_trap();
    return 0;
}
