/* Base64 (RFC 4648), both alphabets for reading. */
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

int vb_base64_digit(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
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
