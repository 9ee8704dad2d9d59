/* The weights, and what the features of a passage are. tools/textmodel/features.py has the same for
 * training; tests/unit/test_textmodel.c holds the two together. The text is hostile: a unit is
 * bounded, and every feature is a slot of the table. */
#include "scan/textmodel.h"

#include <endian.h>
#include <math.h>
#include <string.h>

static const unsigned char magic[8] = {'v', 'b', 't', 'e', 'x', 't', '1', '\n'};

enum {
    FIELDS = 6, /* bits, scale, bias, slope, intercept, threshold: 32 bits each, little endian */
    HEADER = sizeof(magic) + FIELDS * 4,
    MAX_BITS = 20,
    DAMPING = 200 /* features: of a short passage less is sure */
};

int vb_text_model_read(const unsigned char *bytes, size_t len, struct vb_text_model *ret,
                       struct vb_error *err)
{
    int32_t fields[FIELDS];
    if (len < HEADER || memcmp(bytes, magic, sizeof(magic)) != 0)
        return vb_fail(err, VB_E_SOFTWARE, 0, "the text model is none");
    for (size_t i = 0; i < FIELDS; i++) {
        uint32_t value;
        memcpy(&value, bytes + sizeof(magic) + i * 4, sizeof(value));
        fields[i] = (int32_t)le32toh(value);
    }
    if (fields[0] < 1 || fields[0] > MAX_BITS || len - HEADER != (size_t)1 << fields[0])
        return vb_fail(err, VB_E_SOFTWARE, 0, "the text model has not as many weights as it says");
    *ret = (struct vb_text_model){.weights = (const int8_t *)bytes + HEADER,
                                  .bits = (unsigned)fields[0],
                                  .scale = (float)fields[1] / (1 << 24),
                                  .bias = (float)fields[2] / 65536,
                                  .slope = (float)fields[3] / 65536,
                                  .intercept = (float)fields[4] / 65536,
                                  .threshold = (float)fields[5] / 1000000};
    return VB_OK;
}

float vb_text_model_chance(const struct vb_text_model *model, struct vb_text_sum sum)
{
    if (sum.count == 0)
        return 0;
    const float score =
        model->bias + model->scale * (float)sum.weights / sqrtf((float)(sum.count + DAMPING));
    return 1 / (1 + expf(-(model->slope * score + model->intercept)));
}

/* --- the bytes that are hashed --- */

struct normal {
    unsigned char bytes[VB_UNIT_BYTES + 2];
    size_t len;
};

static bool letter(unsigned char byte)
{
    return byte >= 'a' && byte <= 'z';
}

/* What stands twice in a row counts once, of all but letters. */
static void put(struct normal *normal, unsigned char byte)
{
    if (byte < 0x80 && !letter(byte) && normal->len > 0 && normal->bytes[normal->len - 1] == byte)
        return;
    normal->bytes[normal->len++] = byte;
}

static void put_ascii(struct normal *normal, unsigned char byte)
{
    if (byte <= ' ' || byte == 0x7F || strchr("#=^", byte) != NULL)
        put(normal, ' ');
    else if (byte >= '0' && byte <= '9')
        put(normal, '0');
    else if (byte >= 'A' && byte <= 'Z')
        put(normal, (unsigned char)(byte | 0x20));
    else if (strchr("*'", byte) == NULL)
        put(normal, byte);
}

/* Punctuation and invisible characters of three bytes: how many bytes are read, 0 if AT is none. */
static size_t put_general(struct normal *normal, const unsigned char *at, size_t len)
{
    if (len < 3)
        return 0;
    if (memcmp(at, "\xef\xbb\xbf", 3) == 0 || memcmp(at, "\xe2\x81\xa0", 3) == 0)
        return 3;
    if (at[0] != 0xE2 || at[1] != 0x80)
        return 0;
    if (at[2] >= 0x90 && at[2] <= 0x95) {
        put(normal, '-');
        return 3;
    }
    if (at[2] >= 0x9C && at[2] <= 0x9F) {
        put(normal, '"');
        return 3;
    }
    return (at[2] >= 0x8B && at[2] <= 0x8F) || (at[2] >= 0x98 && at[2] <= 0x9B) ? 3 : 0;
}

static void normalise(struct normal *normal, struct vb_str unit, bool escaped)
{
    const unsigned char *at = (const unsigned char *)unit.text;
    const unsigned char *end = at + (unit.len < VB_UNIT_BYTES ? unit.len : VB_UNIT_BYTES);
    normal->len = 0;
    put(normal, ' ');
    while (at < end) {
        const size_t general = put_general(normal, at, (size_t)(end - at));
        if (general > 0) {
            at += general;
        } else if (escaped && end - at > 1 && at[0] == '\\' && at[1] != '\0' &&
                   strchr("ntr", at[1]) != NULL) {
            put(normal, ' ');
            at += 2;
        } else if (*at < 0x80) {
            put_ascii(normal, *at++);
        } else {
            put(normal, *at++);
        }
    }
    put(normal, ' ');
}

/* --- features --- */

enum { PRIME = 16777619, SHORTEST = 3, LONGEST = 5 };

static const uint32_t begin_chars = 2166136261U;
static const uint32_t begin_word = 0x5BD1E995U;

static uint32_t step(uint32_t hash, unsigned char byte)
{
    return (hash ^ byte) * PRIME;
}

static void count(const struct vb_text_model *model, struct vb_text_sum *sum, uint32_t hash)
{
    sum->weights += model->weights[(hash * 2654435769U) >> (32 - model->bits)];
    sum->count++;
}

static void count_chars(const struct vb_text_model *model, const struct normal *normal,
                        struct vb_text_sum *sum)
{
    for (size_t i = 0; i < normal->len; i++) {
        const size_t left = normal->len - i;
        uint32_t hash = begin_chars;
        for (size_t length = 1; length <= LONGEST && length <= left; length++) {
            hash = step(hash, normal->bytes[i + length - 1]);
            if (length >= SHORTEST)
                count(model, sum, hash);
        }
    }
}

/* A character of the scripts that put no blanks between words is a word. */
static bool ideograph(const unsigned char *at, size_t len)
{
    return len >= 3 && at[0] >= 0xE3 && at[0] <= 0xED && (at[1] & 0xC0) == 0x80 &&
           (at[2] & 0xC0) == 0x80;
}

static bool of_word(const unsigned char *at, size_t len)
{
    return letter(*at) || *at == '0' || *at == '_' || (*at >= 0x80 && !ideograph(at, len));
}

/* The end of the word at BEGIN; BEGIN if there is none. */
static size_t word_end(const struct normal *normal, size_t begin)
{
    size_t end = begin;
    if (ideograph(normal->bytes + begin, normal->len - begin))
        return begin + 3;
    while (end < normal->len && of_word(normal->bytes + end, normal->len - end))
        end++;
    return end;
}

static void count_words(const struct vb_text_model *model, const struct normal *normal,
                        struct vb_text_sum *sum)
{
    uint32_t before = 0;
    bool first = true;
    for (size_t i = 0; i < normal->len;) {
        const size_t end = word_end(normal, i);
        if (end == i) {
            i++;
            continue;
        }
        uint32_t hash = begin_word;
        for (; i < end; i++)
            hash = step(hash, normal->bytes[i]);
        sum->words++;
        count(model, sum, hash);
        if (!first)
            count(model, sum, before * PRIME ^ hash);
        before = hash;
        first = false;
    }
}

struct vb_text_sum vb_text_model_unit(const struct vb_text_model *model, struct vb_str unit,
                                      bool escaped)
{
    struct normal normal;
    struct vb_text_sum sum = {0};
    normalise(&normal, unit, escaped);
    count_chars(model, &normal, &sum);
    count_words(model, &normal, &sum);
    return sum;
}
