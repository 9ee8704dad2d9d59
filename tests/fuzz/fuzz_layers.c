/* libs: vb_scan vb_core */
/* Encoded data in an attacker's hands: layers stay within the budget and inside their input. */
#include "scan/layers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BYTES = 1 << 20, COUNT = 64 };

struct seen {
    size_t input; /* bytes of the buffer that is decoded */
    unsigned depth;
    size_t bytes;
    unsigned count;
    struct vb_layer_budget *budget;
};

static int on_layer(void *ctx, const struct vb_layer *layer, struct vb_error *err)
{
    struct seen *seen = ctx;
    if (layer->offset >= seen->input || layer->kind == NULL)
        abort();
    unsigned sum = 0;
    for (size_t i = 0; i < layer->len; i++) /* touches every byte */
        sum += layer->data[i];
    seen->bytes += layer->len;
    seen->count++;
    if ((sum == 0 && layer->len == 0) || seen->bytes > BYTES || seen->count > COUNT)
        abort();
    if (seen->depth == 3)
        return VB_OK;
    const size_t outer = seen->input;
    seen->input = layer->len;
    seen->depth++;
    const int status = vb_layers_each(layer->data, layer->len, seen->budget, on_layer, seen, err);
    seen->depth--;
    seen->input = outer;
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vb_error err = {0};
    struct vb_layer_budget budget = {.bytes = BYTES, .count = COUNT};
    struct seen seen = {.input = size, .budget = &budget};
    if (vb_layers_each(data, size, &budget, on_layer, &seen, &err) < 0)
        abort();
    if (seen.bytes + budget.bytes != BYTES || seen.count + budget.count != COUNT)
        abort();
    return 0;
}
