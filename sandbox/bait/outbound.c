/* What leaves, searched for baits: messages, names that are asked for, and what a run's messages
 * say together. Trust boundary: the bytes are hostile. */
#include "sandbox/bait/outbound.h"

#include <stdlib.h>

#include "sandbox/bait/layer.h"

enum { NAME_MAX_BYTES = 255 };

struct vb_bait_trail {
    struct vb_share share;
    size_t count;
    uint64_t sent[];
};

struct vb_bait_stream {
    struct vb_outbound outbound;
    struct vb_layer *layer;
    bool own; /* the trail */
    struct vb_share share;
    size_t unpacked; /* of the last message */
};

static int no_memory(struct vb_error *err)
{
    return vb_fail(err, VB_E_NOMEM, 0, "searching for baits: out of memory");
}

int vb_bait_trail_new(const struct vb_bait_set *set, struct vb_bait_trail **ret,
                      struct vb_error *err)
{
    const size_t count = vb_bait_count(set);
    struct vb_bait_trail *trail = calloc(1, sizeof(*trail) + count * sizeof(trail->sent[0]));
    if (!trail)
        return no_memory(err);
    trail->count = count;
    *ret = trail;
    return VB_OK;
}

void vb_bait_trail_free(struct vb_bait_trail *trail)
{
    free(trail);
}

struct vb_share *vb_bait_trail_share(struct vb_bait_trail *trail)
{
    return &trail->share;
}

uint64_t vb_bait_trail_refused(const struct vb_bait_trail *trail)
{
    return trail ? trail->share.refused : 0;
}

int vb_outbound_new(struct vb_needles *needles, struct vb_bait_trail *trail,
                    struct vb_bait_stream **ret, struct vb_error *err)
{
    struct vb_bait_stream *stream = calloc(1, sizeof(*stream));
    if (!stream)
        return no_memory(err);
    stream->own = trail == NULL;
    stream->outbound.share = trail ? &trail->share : &stream->share;
    stream->outbound.needles = needles;
    stream->outbound.sent =
        trail ? trail->sent : calloc(needles->count + 1, sizeof(*stream->outbound.sent));
    int status = stream->outbound.sent ? VB_OK : no_memory(err);
    if (!status)
        status = vb_layer_new(&stream->outbound, NULL, NULL, &stream->layer, err);
    if (status) {
        vb_bait_stream_free(stream);
        return status;
    }
    *ret = stream;
    return VB_OK;
}

int vb_bait_stream_new(const struct vb_bait_set *set, struct vb_bait_trail *trail,
                       struct vb_bait_stream **ret, struct vb_error *err)
{
    return vb_outbound_new(vb_bait_needles(set), trail, ret, err);
}

void vb_bait_stream_free(struct vb_bait_stream *stream)
{
    if (!stream)
        return;
    vb_layer_free(stream->layer);
    if (stream->own)
        free(stream->outbound.sent);
    free(stream);
}

int vb_bait_stream_feed(struct vb_bait_stream *stream, const void *data, size_t len,
                        vb_bait_found *found, void *ctx, struct vb_error *err)
{
    stream->outbound.found = found;
    stream->outbound.ctx = ctx;
    stream->outbound.fed += len;
    const int status = vb_layer_feed(stream->layer, data, len, err);
    return status ? status : stream->outbound.cut;
}

int vb_bait_stream_finish(struct vb_bait_stream *stream, vb_bait_found *found, void *ctx,
                          struct vb_error *err)
{
    struct vb_outbound *outbound = &stream->outbound;
    outbound->found = found;
    outbound->ctx = ctx;
    const int status = vb_layer_finish(stream->layer, err);
    const bool cut = outbound->cut;
    stream->unpacked = cut ? SIZE_MAX : outbound->whole;
    outbound->cut = false;
    outbound->fed = outbound->unpacked = outbound->whole = 0;
    memset(outbound->told, 0, sizeof(outbound->told));
    if (stream->own)
        memset(outbound->sent, 0, outbound->needles->count * sizeof(*outbound->sent));
    return status ? status : cut;
}

size_t vb_bait_stream_unpacked(const struct vb_bait_stream *stream)
{
    return stream->unpacked;
}

static void stream_free(struct vb_bait_stream **stream)
{
    vb_bait_stream_free(*stream);
}

static int search_whole(struct vb_bait_stream *stream, struct vb_str text, vb_bait_found *found,
                        void *ctx, struct vb_error *err)
{
    const int fed = vb_bait_stream_feed(stream, text.text, text.len, found, ctx, err);
    const int finished = fed < 0 ? fed : vb_bait_stream_finish(stream, found, ctx, err);
    return finished ? finished : fed;
}

int vb_bait_search(const struct vb_bait_set *set, const void *data, size_t len,
                   vb_bait_found *found, void *ctx)
{
    struct vb_error err;
    VB_CLEANUP(stream_free) struct vb_bait_stream *stream = NULL;
    /* No code that is undone here makes more bytes of less. */
    if (len < vb_bait_needles(set)->shortest)
        return VB_OK;
    const int status = vb_bait_stream_new(set, NULL, &stream, &err);
    if (status)
        return status;
    stream->outbound.own_code_only = true;
    return search_whole(stream, (struct vb_str){data, len}, found, ctx, &err);
}

/* Labels without the dots; a bait that the labels show by themselves is not told twice. */
struct names {
    vb_bait_found *found;
    void *ctx;
    uint64_t told[VB_BAITS_MAX / 64];
    const struct vb_bait *baits;
};

static void found_in_name(void *ctx, const struct vb_bait *bait, const char *form)
{
    struct names *names = ctx;
    const size_t index = (size_t)(bait - names->baits);
    if (names->told[index / 64] >> index % 64 & 1)
        return;
    names->told[index / 64] |= 1ULL << index % 64;
    names->found(names->ctx, bait, form);
}

int vb_bait_search_name(const struct vb_bait_set *set, struct vb_bait_trail *trail,
                        struct vb_str name, vb_bait_found *found, void *ctx, struct vb_error *err)
{
    VB_CLEANUP(stream_free) struct vb_bait_stream *stream = NULL;
    int status = vb_bait_stream_new(set, trail, &stream, err);
    if (status)
        return status;
    struct names names = {found, ctx, {0}, stream->outbound.needles->baits};
    stream->layer->code = "name";
    char joined[NAME_MAX_BYTES + 1];
    size_t len = 0;
    for (size_t i = 0; i < name.len && len < NAME_MAX_BYTES; i++) {
        if (name.text[i] != '.')
            joined[len++] = name.text[i];
    }
    status = search_whole(stream, name, found_in_name, &names, err);
    if (status < 0 || len == name.len)
        return status;
    const int again =
        search_whole(stream, (struct vb_str){joined, len}, found_in_name, &names, err);
    return again ? again : status;
}
