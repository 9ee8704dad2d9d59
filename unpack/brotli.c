/* Brotli streams (RFC 7932). They have no magic and no checksum, so that a stream counts as brotli
 * only where its name ends in ".br" and its bytes are nothing else. The window is at most 16 MiB:
 * the large one of the command line tool is not switched on. */
#include <brotli/decode.h>

#include "unpack/internal.h"

struct brotli {
    struct decoder base; /* first */
    struct unpack *u;
    BrotliDecoderState *decoder;
    uint64_t position; /* in the artifact, behind the block */
    const uint8_t *next;
    size_t left;
    bool ended;
    uint8_t block[UNPACK_BLOCK];
};

static int brotli_next(struct decoder *base, const unsigned char **ret, size_t *ret_len);
static uint64_t brotli_consumed(const struct decoder *base);
static void brotli_free(struct decoder *base);

static const struct decoder_ops ops = {
    brotli_next,
    brotli_consumed,
    NULL,
    brotli_free,
};

int brotli_new(struct decoder **ret, struct unpack *u)
{
    struct brotli *const brotli = calloc(1, sizeof(*brotli));

    if (brotli != NULL)
        brotli->decoder = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    if (brotli == NULL || brotli->decoder == NULL) {
        free(brotli);
        return vb_fail(u->err, VB_E_NOMEM, 0, "no memory to read %s", u->name);
    }
    brotli->base = (struct decoder){.ops = &ops, .streams = 1};
    brotli->u = u;
    *ret = &brotli->base;
    return 0;
}

static void brotli_free(struct decoder *base)
{
    struct brotli *const brotli = (struct brotli *)base;

    BrotliDecoderDestroyInstance(brotli->decoder);
    free(brotli);
}

static bool refill(struct brotli *brotli)
{
    struct unpack *const u = brotli->u;
    const uint64_t rest = u->size > brotli->position ? u->size - brotli->position : 0;
    const size_t want = rest < sizeof(brotli->block) ? (size_t)rest : sizeof(brotli->block);

    if (want == 0 || !limits_in_time(u) || read_at(u, brotli->block, want, brotli->position) != 0)
        return false;
    brotli->position += want;
    u->consumed += want;
    brotli->next = brotli->block;
    brotli->left = want;
    return true;
}

static int brotli_next(struct decoder *base, const unsigned char **ret, size_t *ret_len)
{
    struct brotli *const brotli = (struct brotli *)base;

    while (!brotli->ended) {
        size_t room = 0;
        size_t len = 0;
        const BrotliDecoderResult r = BrotliDecoderDecompressStream(
            brotli->decoder, &brotli->left, &brotli->next, &room, NULL, NULL);

        if (r == BROTLI_DECODER_RESULT_ERROR)
            return -1;
        brotli->ended = r == BROTLI_DECODER_RESULT_SUCCESS;
        *ret = BrotliDecoderTakeOutput(brotli->decoder, &len);
        *ret_len = len;
        if (len > 0) {
            brotli->ended = false; /* there may be more output */
            return 1;
        }
        if (r == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT && !refill(brotli))
            return -1;
    }
    return 0;
}

static uint64_t brotli_consumed(const struct decoder *base)
{
    const struct brotli *const brotli = (const struct brotli *)base;

    return brotli->position - brotli->left;
}
