/* bait_encoders: the codes that the search for baits has to undo, each from IN to OUT. */
#ifndef TESTS_UNIT_BAIT_ENCODERS_H
#define TESTS_UNIT_BAIT_ENCODERS_H

#include <stddef.h>

enum { ROOM = 1 << 16 };

struct bytes {
    unsigned char at[ROOM];
    size_t len;
};

void put(struct bytes *b, const void *data, size_t len);

/* Appends IN to OUT; VARIANT is the key, the case, the alphabet, … */
typedef void encoder(const struct bytes *in, struct bytes *out, unsigned variant);

encoder enc_raw, enc_case, enc_rot13, enc_reversed, enc_xor, enc_base64, enc_base64_lines,
    enc_base32, enc_hex, enc_url, enc_json, enc_html, enc_utf16, enc_gzip, enc_deflate, enc_zip,
    enc_zstd, enc_brotli;

#endif
