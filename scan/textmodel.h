/* A small linear model of passages that turn an agent against its user: docs/text-model.md. */
#ifndef VETBOX_SCAN_TEXTMODEL_H
#define VETBOX_SCAN_TEXTMODEL_H

#include "scan/item.h"

enum {
    VB_UNIT_BYTES = 512, /* of a unit: a sentence, a list item, a line, a string of a program */
    VB_UNIT_LEAST = 20,
    VB_PASSAGE_UNITS = 3,
    VB_PASSAGE_LEAST = 40, /* what is shorter says nothing */
    VB_PASSAGE_MOST = 600
};

struct vb_text_model {
    const int8_t *weights; /* 1 << bits of them */
    unsigned bits;
    float scale, bias;      /* of the regression: bias + scale * sum / sqrt(count) */
    float slope, intercept; /* of the calibration */
    float threshold;        /* the probability from which on a passage is told */
};

/* The weights of rules/model/text.model, made when vetbox is built. */
extern const unsigned char vb_text_model_bytes[];
extern const size_t vb_text_model_bytes_len;

/* Reads a model; it points into BYTES. */
VB_CHECKED int vb_text_model_read(const unsigned char *bytes, size_t len, struct vb_text_model *ret,
                                  struct vb_error *err);

/* What the features of a unit add to a passage. */
struct vb_text_sum {
    int32_t weights;
    uint32_t count;
    uint32_t words;
};

/* UNIT has at most VB_UNIT_BYTES bytes. ESCAPED: it stood in a literal, where \n is a blank. */
struct vb_text_sum vb_text_model_unit(const struct vb_text_model *model, struct vb_str unit,
                                      bool escaped);
/* The probability of a passage, by the sum over its units. */
float vb_text_model_chance(const struct vb_text_model *model, struct vb_text_sum sum);

/* --- passages.c --- */

struct vb_passage {
    size_t offset, length; /* in the item */
    float chance;
};

typedef void (*vb_passage_fn)(void *ctx, const struct vb_passage *passage);

/* Calls EACH for the passages of ITEM that reach the model's threshold, of overlapping ones only
 * for the surest. Prose counts whole, of programs and configuration the comments and longer
 * strings. */
void vb_passages_each(const struct vb_text_model *model, const struct vb_item *item,
                      vb_passage_fn each, void *ctx);

#endif
