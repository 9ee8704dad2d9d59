/* Base64 (RFC 4648), both alphabets for reading, and the digits of hexadecimal. */
#include "vetbox/core/text.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int vb_base64_encode(struct vb_buf *buf, const void *data, size_t len, struct vb_error *err)
{
    const unsigned char *in = data;
    for (size_t i = 0; i < len; i += 3) {
        const size_t left = len - i;
        const uint32_t group = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                               (left > 2 ? (uint32_t)in[i + 2] : 0);
        const char out[4] = {alphabet[group >> 18], alphabet[(group >> 12) & 63],
                             left > 1 ? alphabet[(group >> 6) & 63] : '=',
                             left > 2 ? alphabet[group & 63] : '='};
        const int status = vb_buf_append(buf, out, sizeof(out), err);
        if (status < 0)
            return status;
    }
    return vb_buf_append(buf, "", 0, err);
}

const unsigned char vb_base64_digits[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['-'] = 63,
    ['/'] = 64, ['_'] = 64,
};

const unsigned char vb_hex_digits[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

int vb_base64_digit(unsigned char c)
{
    return vb_base64_digits[c] - 1;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int vb_base64_decode(struct vb_buf *buf, const char *text, size_t len, struct vb_error *err)
{
    uint32_t bits = 0;
    unsigned have = 0;
    bool padded = false;
    for (size_t i = 0; i < len; i++) {
        if (blank(text[i]))
            continue;
        padded = padded || text[i] == '=';
        const int value = vb_base64_digit((unsigned char)text[i]);
        if (padded ? text[i] != '=' : value < 0)
            return vb_fail(err, VB_E_DATA, 0, "not base64 at byte %zu", i);
        if (padded)
            continue;
        bits = (bits << 6) | (uint32_t)value;
        have += 6;
        if (have < 8)
            continue;
        have -= 8;
        const unsigned char byte = (unsigned char)(bits >> have);
        const int status = vb_buf_append(buf, &byte, 1, err);
        if (status < 0)
            return status;
    }
    if (have >= 6)
        return vb_fail(err, VB_E_DATA, 0, "base64 ends within a byte");
    return vb_buf_append(buf, "", 0, err);
}
