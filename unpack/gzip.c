/* Gzip streams (RFC 1952), by zlib: libarchive's filter looks neither at the checksum nor at the
 * length that end a member, and does not say how many members there were. */
#include <zlib.h>

#include "unpack/internal.h"

enum {
    GZIP_WINDOW = 15 + 16,       /* inflateInit2: a gzip header and nothing else */
    OUT_BLOCK = 4 * UNPACK_BLOCK /* so that few files stand in two */
};

struct gzip {
    struct decoder base; /* first */
    struct unpack *u;
    z_stream z;
    uint64_t position; /* in the artifact, behind the block */
    bool ended;
    bool damaged; /* told once what was decoded before is served */
    unsigned char in[UNPACK_BLOCK];
    unsigned char out[OUT_BLOCK];
};

static int gzip_next(struct decoder *base, const unsigned char **ret, size_t *ret_len);
static uint64_t gzip_consumed(const struct decoder *base);
static const char *gzip_problem(const struct decoder *base);
static void gzip_free(struct decoder *base);

static const struct decoder_ops ops = {
    gzip_next,
    gzip_consumed,
    gzip_problem,
    gzip_free,
};

int gzip_new(struct decoder **ret, struct unpack *u)
{
    struct gzip *const gzip = calloc(1, sizeof(*gzip));

    if (gzip == NULL || inflateInit2(&gzip->z, GZIP_WINDOW) != Z_OK) {
        free(gzip);
        return vb_fail(u->err, VB_E_NOMEM, 0, "no memory to read %s", u->name);
    }
    gzip->base = (struct decoder){.ops = &ops, .streams = 1};
    gzip->u = u;
    *ret = &gzip->base;
    return 0;
}

static void gzip_free(struct decoder *base)
{
    struct gzip *const gzip = (struct gzip *)base;

    (void)inflateEnd(&gzip->z);
    free(gzip);
}

static uint64_t gzip_consumed(const struct decoder *base)
{
    const struct gzip *const gzip = (const struct gzip *)base;

    return gzip->position - gzip->z.avail_in;
}

static const char *gzip_problem(const struct decoder *base)
{
    const struct gzip *const gzip = (const struct gzip *)base;

    return gzip->z.msg != NULL ? gzip->z.msg : "the gzip data is cut off";
}

static bool refill(struct gzip *gzip)
{
    struct unpack *const u = gzip->u;
    const uint64_t rest = u->size > gzip->position ? u->size - gzip->position : 0;
    const size_t want = rest < sizeof(gzip->in) ? (size_t)rest : sizeof(gzip->in);

    if (want == 0 || !limits_in_time(u) || read_at(u, gzip->in, want, gzip->position) != 0)
        return false;
    gzip->position += want;
    u->consumed += want;
    gzip->z.next_in = gzip->in;
    gzip->z.avail_in = (uInt)want;
    return true;
}

/* A member ended. What follows is another one, or no gzip data any more. */
static void end_member(struct gzip *gzip)
{
    unsigned char head[4];
    const uint64_t at = gzip_consumed(&gzip->base);

    gzip->ended = true;
    if (at + sizeof(head) > gzip->u->size || read_at(gzip->u, head, sizeof(head), at) != 0 ||
        memcmp(head, "\x1f\x8b\x08", 3) != 0 || (head[3] & 0xe0) != 0)
        return;
    gzip->ended = inflateReset(&gzip->z) != Z_OK;
    gzip->base.streams += !gzip->ended;
}

static int gzip_next(struct decoder *base, const unsigned char **ret, size_t *ret_len)
{
    struct gzip *const gzip = (struct gzip *)base;
    z_stream *const z = &gzip->z;

    z->next_out = gzip->out;
    z->avail_out = sizeof(gzip->out);
    while (!gzip->ended && !gzip->damaged && z->avail_out > 0) {
        int r;

        if (z->avail_in == 0 && !refill(gzip)) {
            gzip->damaged = true; /* cut off, or stopped */
            break;
        }
        r = inflate(z, Z_NO_FLUSH);
        if (r == Z_STREAM_END)
            end_member(gzip);
        else if (r != Z_OK)
            gzip->damaged = true;
    }
    *ret = gzip->out;
    *ret_len = sizeof(gzip->out) - z->avail_out;
    if (*ret_len > 0)
        return 1;
    return gzip->damaged ? -1 : 0;
}

void vb_unpack_prepare(void)
{
    /* "ab", with its header, its checksum and its length. */
    static const unsigned char ab[] = {0x1f, 0x8b, 8, 0,    0,    0,    0,    0, 2, 3, 0x4b,
                                       0x4c, 2,    0, 0x6d, 0x48, 0x83, 0x9e, 2, 0, 0, 0};
    unsigned char out[sizeof("ab")];
    z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)ab,
                  .avail_in = sizeof(ab),
                  .next_out = out,
                  .avail_out = 1};

    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
        return;
    (void)inflate(&z, Z_NO_FLUSH); /* to the middle of it, which asks for a window */
    z.avail_out = sizeof(out) - 1;
    (void)inflate(&z, Z_NO_FLUSH);
    (void)inflateReset(&z);
    (void)inflateEnd(&z);
}
