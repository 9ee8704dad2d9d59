/* Cursors over hostile bytes. Trust boundary: every length here was written by the package. */
#include "signatures/wire.h"

bool vb_sig_get_u32(struct vb_sig_bytes *in, uint32_t *ret)
{
    if (in->len < 4)
        return false;
    *ret = (uint32_t)in->data[0] << 24 | (uint32_t)in->data[1] << 16 | (uint32_t)in->data[2] << 8 |
           in->data[3];
    in->data += 4;
    in->len -= 4;
    return true;
}

bool vb_sig_get_string(struct vb_sig_bytes *in, struct vb_sig_bytes *ret)
{
    uint32_t len;

    if (!vb_sig_get_u32(in, &len) || len > in->len)
        return false;
    *ret = (struct vb_sig_bytes){.data = in->data, .len = len};
    in->data += len;
    in->len -= len;
    return true;
}

bool vb_sig_positive(struct vb_sig_bytes number, struct vb_sig_bytes *ret)
{
    if (number.len == 0 || (number.data[0] & 0x80) != 0)
        return false;
    if (number.data[0] == 0) {
        if (number.len == 1 || (number.data[1] & 0x80) == 0)
            return false;
        number.data++;
        number.len--;
    }
    *ret = number;
    return true;
}

bool vb_sig_get_mpint(struct vb_sig_bytes *in, struct vb_sig_bytes *ret)
{
    struct vb_sig_bytes number;

    return vb_sig_get_string(in, &number) && vb_sig_positive(number, ret);
}

bool vb_sig_get_line(struct vb_sig_bytes *in, struct vb_sig_bytes *ret)
{
    if (in->len == 0)
        return false;
    const unsigned char *end = memchr(in->data, '\n', in->len);
    const size_t len = end != NULL ? (size_t)(end - in->data) : in->len;
    const size_t taken = end != NULL ? len + 1 : len;
    *ret = (struct vb_sig_bytes){.data = in->data, .len = len};
    if (len > 0 && end != NULL && in->data[len - 1] == '\r')
        ret->len--;
    in->data += taken;
    in->len -= taken;
    return true;
}

bool vb_sig_equals(struct vb_sig_bytes bytes, const char *text)
{
    const size_t len = strlen(text);

    return bytes.len == len && memcmp(bytes.data, text, len) == 0;
}

bool vb_sig_skip(struct vb_sig_bytes *bytes, const char *prefix)
{
    const size_t len = strlen(prefix);

    if (bytes->len < len || memcmp(bytes->data, prefix, len) != 0)
        return false;
    bytes->data += len;
    bytes->len -= len;
    return true;
}
