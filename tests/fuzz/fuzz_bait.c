/* libs: vb_sandbox */
/* What is sent, in an attacker's hands: fed in pieces that the first byte tells, and as a name; the
 * search ends, stays within its memory, and says how in words. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/bait/bait.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_found(void *ctx, const struct vb_bait *bait, const char *form)
{
    unsigned *count = ctx;
    ++*count;
    if (!bait->secret || !*form || strlen(form) > 95)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char seed[32] = {1};
    static struct vb_bait_set *set;
    static struct vb_bait_trail *trail;
    struct vb_error err = {0};
    struct vb_bait_stream *stream = NULL;
    if (!set &&
        (vb_bait_set_new("/home/maja", seed, &set, &err) || vb_bait_trail_new(set, &trail, &err)))
        return 0;
    if (size < 1 || vb_bait_stream_new(set, trail, &stream, &err))
        return 0;
    const size_t piece = data[0] ? (size_t)data[0] * data[0] : size;
    unsigned count = 0;
    for (size_t at = 1; at < size; at += piece) {
        const size_t some = size - at < piece ? size - at : piece;
        if (vb_bait_stream_feed(stream, data + at, some, on_found, &count, &err) < 0)
            abort();
    }
    if (vb_bait_stream_finish(stream, on_found, &count, &err) < 0)
        abort();
    if (count > vb_bait_count(set))
        abort();
    vb_bait_stream_free(stream);
    const struct vb_str name = {(const char *)data, size};
    if (vb_bait_search_name(set, trail, name, on_found, &count, &err) < 0)
        abort();
    return 0;
}
