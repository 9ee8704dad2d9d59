/* out: bytes of any width with a first error that sticks; gzip and zlib without compression. */
#include "sandbox/world/answers/internal.h"

#include <string.h>

enum { STORED_MAX = 65535 };

void vb_put(struct vb_out *out, const void *bytes, size_t len)
{
    if (out->status == VB_OK && len > 0)
        out->status = vb_buf_append(out->buf, bytes, len, out->err);
}

void vb_put_str(struct vb_out *out, const char *text)
{
    vb_put(out, text, strlen(text));
}

void vb_put_little(struct vb_out *out, uint64_t value, unsigned bytes)
{
    unsigned char raw[8];
    for (unsigned i = 0; i < bytes && i < sizeof(raw); i++)
        raw[i] = (unsigned char)(value >> (8 * i));
    vb_put(out, raw, bytes);
}

void vb_put_big(struct vb_out *out, uint64_t value, unsigned bytes)
{
    unsigned char raw[8];
    for (unsigned i = 0; i < bytes && i < sizeof(raw); i++)
        raw[i] = (unsigned char)(value >> (8 * (bytes - 1 - i)));
    vb_put(out, raw, bytes);
}

void vb_put_zero(struct vb_out *out, size_t len)
{
    static const unsigned char zeros[512];
    for (; len > sizeof(zeros); len -= sizeof(zeros))
        vb_put(out, zeros, sizeof(zeros));
    vb_put(out, zeros, len);
}

uint32_t vb_crc32(const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    uint32_t crc = 0xffffffffU;
    for (size_t i = 0; i < len; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320U & (0U - (crc & 1U)));
    }
    return ~crc;
}

static uint32_t adler32_of(const unsigned char *bytes, size_t len)
{
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < len; i++) {
        a = (a + bytes[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

/* RFC 1951, 3.2.4: blocks of at most 65535 bytes as they are. */
static void put_stored(struct vb_out *out, const unsigned char *bytes, size_t len)
{
    do {
        const size_t part = len < STORED_MAX ? len : STORED_MAX;
        vb_put_little(out, part == len, 1);
        vb_put_little(out, part, 2);
        vb_put_little(out, ~part, 2);
        vb_put(out, bytes, part);
        bytes += part;
        len -= part;
    } while (len > 0);
}

void vb_put_zlib(struct vb_out *out, const void *bytes, size_t len)
{
    vb_put_big(out, 0x7801, 2);
    put_stored(out, bytes, len);
    vb_put_big(out, adler32_of(bytes, len), 4);
}

void vb_put_gzip(struct vb_out *out, const void *bytes, size_t len, int64_t seconds)
{
    static const unsigned char deflated[] = {0x1f, 0x8b, 8, 0};
    static const unsigned char from_unix[] = {0, 3};
    vb_put(out, deflated, sizeof(deflated));
    vb_put_little(out, (uint64_t)seconds, 4);
    vb_put(out, from_unix, sizeof(from_unix));
    put_stored(out, bytes, len);
    vb_put_little(out, vb_crc32(bytes, len), 4);
    vb_put_little(out, len, 4);
}
