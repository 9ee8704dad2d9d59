/* What a thief may write a secret in. See bait_encoders.h. */
#include "tests/unit/bait_encoders.h"

#include <brotli/encode.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

void put(struct bytes *b, const void *data, size_t len)
{
    assert_true(len <= sizeof(b->at) - b->len);
    memcpy(b->at + b->len, data, len);
    b->len += len;
}

void enc_raw(const struct bytes *in, struct bytes *out, unsigned variant)
{
    (void)variant;
    put(out, in->at, in->len);
}

void enc_case(const struct bytes *in, struct bytes *out, unsigned variant)
{
    for (size_t i = 0; i < in->len; i++) {
        const unsigned char c = in->at[i], letter = c | 0x20;
        const bool is_letter = letter >= 'a' && letter <= 'z';
        const bool big = variant == 1 || (variant == 2 && i % 3 == 0);
        const unsigned char changed = is_letter ? (big ? letter & 0xDF : letter) : c;
        put(out, &changed, 1);
    }
}

void enc_rot13(const struct bytes *in, struct bytes *out, unsigned variant)
{
    (void)variant;
    for (size_t i = 0; i < in->len; i++) {
        unsigned char c = in->at[i], letter = c | 0x20;
        if (letter >= 'a' && letter <= 'z')
            c = (unsigned char)(letter < 'n' ? c + 13 : c - 13);
        put(out, &c, 1);
    }
}

void enc_reversed(const struct bytes *in, struct bytes *out, unsigned variant)
{
    (void)variant;
    for (size_t i = in->len; i > 0; i--)
        put(out, &in->at[i - 1], 1);
}

void enc_xor(const struct bytes *in, struct bytes *out, unsigned variant)
{
    for (size_t i = 0; i < in->len; i++) {
        const unsigned char c = (unsigned char)(in->at[i] ^ variant);
        put(out, &c, 1);
    }
}

static void digits(const struct bytes *in, struct bytes *out, unsigned bits, const char *alphabet)
{
    uint32_t word = 0;
    unsigned have = 0;
    for (size_t i = 0; i < in->len; i++) {
        word = word << 8 | in->at[i];
        for (have += 8; have >= bits; have -= bits)
            put(out, &alphabet[word >> (have - bits) & ((1U << bits) - 1)], 1);
    }
    if (have)
        put(out, &alphabet[word << (bits - have) & ((1U << bits) - 1)], 1);
}

static const char *const base64s[] = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"};

void enc_base64(const struct bytes *in, struct bytes *out, unsigned variant)
{
    digits(in, out, 6, base64s[variant & 1]);
}

void enc_base64_lines(const struct bytes *in, struct bytes *out, unsigned variant)
{
    static struct bytes flat;
    flat.len = 0;
    enc_base64(in, &flat, variant);
    for (size_t i = 0; i < flat.len; i += 76) {
        put(out, flat.at + i, flat.len - i < 76 ? flat.len - i : 76);
        put(out, "\r\n", 2);
    }
}

void enc_base32(const struct bytes *in, struct bytes *out, unsigned variant)
{
    digits(in, out, 5,
           variant ? "abcdefghijklmnopqrstuvwxyz234567" : "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
}

void enc_hex(const struct bytes *in, struct bytes *out, unsigned variant)
{
    digits(in, out, 4, variant ? "0123456789ABCDEF" : "0123456789abcdef");
}

/* Every STEP-th byte escaped. */
static void escape(const struct bytes *in, struct bytes *out, const char *format, size_t step)
{
    for (size_t i = 0; i < in->len; i++) {
        char text[16];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        const int n = snprintf(text, sizeof(text), format, in->at[i]);
#pragma GCC diagnostic pop
        put(out, i % step ? (const char *)&in->at[i] : text, i % step ? 1 : (size_t)n);
    }
}

void enc_url(const struct bytes *in, struct bytes *out, unsigned variant)
{
    escape(in, out, variant & 1 ? "%%%02x" : "%%%02X", variant / 2 + 1);
}

void enc_json(const struct bytes *in, struct bytes *out, unsigned variant)
{
    escape(in, out, variant & 1 ? "\\x%02x" : "\\u%04x", variant / 2 + 1);
}

void enc_html(const struct bytes *in, struct bytes *out, unsigned variant)
{
    escape(in, out, variant & 1 ? "&#x%X;" : "&#%u;", variant / 2 + 1);
}

void enc_utf16(const struct bytes *in, struct bytes *out, unsigned variant)
{
    for (size_t i = 0; i < in->len; i++) {
        const unsigned char pair[2] = {variant ? 0 : in->at[i], variant ? in->at[i] : 0};
        put(out, pair, 2);
    }
}

static void deflated(const struct bytes *in, struct bytes *out, int bits)
{
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)in->at,
                  .avail_in = (uInt)in->len,
                  .next_out = out->at + out->len,
                  .avail_out = (uInt)(ROOM - out->len)};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += z.total_out;
    deflateEnd(&z);
}

void enc_gzip(const struct bytes *in, struct bytes *out, unsigned variant)
{
    (void)variant;
    deflated(in, out, 15 + 16);
}

void enc_deflate(const struct bytes *in, struct bytes *out, unsigned variant)
{
    deflated(in, out, variant ? -15 : 15);
}

void enc_zip(const struct bytes *in, struct bytes *out, unsigned variant)
{
    const unsigned char head[34] = {'P', 'K', 3,        4,          20,  0,   8,
                                    0,   8,   [26] = 4, [30] = 'f', 'i', 'l', 'e'};
    (void)variant;
    put(out, head, sizeof(head));
    deflated(in, out, -15);
    put(out, "PK\1\2 and so on", 14);
}

/* IN behind a text: what cannot be made smaller would be stored as it is. */
static const struct bytes *behind_text(const struct bytes *in)
{
    static struct bytes text;
    uint32_t x = 1;
    text.len = 0;
    for (size_t i = 0; i < 4000; i++) {
        x = x * 1664525 + 1013904223;
        put(&text, &"eeeeeettttaaaoooiiinnsshrdlu"[(x >> 16) % 28], 1);
    }
    put(&text, in->at, in->len);
    return &text;
}

void enc_zstd(const struct bytes *in, struct bytes *out, unsigned variant)
{
    (void)variant;
    in = behind_text(in);
    const size_t n = ZSTD_compress(out->at + out->len, ROOM - out->len, in->at, in->len, 3);
    assert_false(ZSTD_isError(n));
    out->len += n;
}

void enc_brotli(const struct bytes *in, struct bytes *out, unsigned variant)
{
    size_t n = ROOM - out->len;
    in = behind_text(in);
    assert_true(BrotliEncoderCompress(variant ? 5 : 11, 22, BROTLI_MODE_GENERIC, in->len, in->at,
                                      &n, out->at + out->len));
    out->len += n;
}
