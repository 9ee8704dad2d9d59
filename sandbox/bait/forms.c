/* The forms of a secret that are looked for as they are. What may be written in too many ways for
 * that (percent signs and other escapes, UTF-16, compression, codes within codes) is undone first:
 * layer.c. Trust boundary: none; the input is our own. */
#include "sandbox/bait/needles.h"

static size_t write_raw(const unsigned char *in, size_t len, unsigned char *out)
{
    memcpy(out, in, len);
    return len;
}

static size_t write_reversed(const unsigned char *in, size_t len, unsigned char *out)
{
    for (size_t i = 0; i < len; i++)
        out[i] = in[len - 1 - i];
    return len;
}

static bool upper(unsigned char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool lower(unsigned char c)
{
    return c >= 'a' && c <= 'z';
}

static size_t write_lower(const unsigned char *in, size_t len, unsigned char *out)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (unsigned char)(upper(in[i]) ? in[i] + 32 : in[i]);
    return len;
}

static size_t write_rot13(const unsigned char *in, size_t len, unsigned char *out)
{
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = in[i], base = c >= 'a' ? 'a' : 'A';
        out[i] = (unsigned char)(upper(c) || lower(c) ? (c - base + 13) % 26 + base : c);
    }
    return len;
}

/* The digits of BITS bits that do not depend on what stands behind. */
static size_t write_digits(const unsigned char *in, size_t len, unsigned bits, const char *alphabet,
                           unsigned char *out)
{
    size_t n = 0;
    for (size_t bit = 0; bit + bits <= 8 * len; bit += bits) {
        unsigned pair = (unsigned)in[bit / 8] << 8;
        if (bit / 8 + 1 < len)
            pair |= in[bit / 8 + 1];
        out[n++] = (unsigned char)alphabet[pair >> (16 - bits - bit % 8) & ((1U << bits) - 1)];
    }
    return n;
}

static size_t write_hex(const unsigned char *in, size_t len, unsigned char *out)
{
    return write_digits(in, len, 4, "0123456789abcdef", out);
}

static size_t write_base32(const unsigned char *in, size_t len, unsigned char *out)
{
    return write_digits(in, len, 5, "abcdefghijklmnopqrstuvwxyz234567", out);
}

static size_t write_base64(const unsigned char *in, size_t len, unsigned char *out)
{
    return write_digits(in, len, 6,
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", out);
}

static size_t write_hex_reversed(const unsigned char *in, size_t len, unsigned char *out)
{
    unsigned char plain[VB_TEXT_MAX];
    const size_t digits = write_hex(in, len, plain);
    return write_reversed(plain, digits, out);
}

static size_t write_base64_reversed(const unsigned char *in, size_t len, unsigned char *out)
{
    unsigned char plain[VB_TEXT_MAX];
    const size_t digits = write_base64(in, len, plain);
    return write_reversed(plain, digits, out);
}

/* Of two forms in which a piece reads the same, the earlier is named. "raw" has to be the first. */
const struct vb_form vb_forms[] = {
    {"raw", VB_LANE_EXACT, 8, false, 1, write_raw},
    {"rot13", VB_LANE_EXACT, 8, false, 1, write_rot13},
    {"reversed", VB_LANE_EXACT, 8, true, 1, write_reversed},
    {"base64", VB_LANE_EXACT, 6, false, 3, write_base64},
    {"base64 reversed", VB_LANE_EXACT, 6, true, 3, write_base64_reversed},
    {"case-folded", VB_LANE_FOLDED, 8, false, 1, write_lower},
    {"hex", VB_LANE_FOLDED, 4, false, 1, write_hex},
    {"hex reversed", VB_LANE_FOLDED, 4, true, 1, write_hex_reversed},
    {"base32", VB_LANE_FOLDED, 5, false, 5, write_base32},
};
const size_t vb_form_count = VB_ARRAY_LEN(vb_forms);
