/* DER in its one allowed form. Trust boundary: every length here was written by the package. */
#include "signatures/der.h"
#include "signatures/wire.h"

/* The length octets behind a tag. */
static bool get_length(struct vb_sig_bytes *in, size_t *ret)
{
    enum { LONG_FORM = 0x80, OCTETS_MAX = 4 };

    if (in->len == 0)
        return false;
    size_t length = in->data[0];
    size_t octets = 0;
    if (length >= LONG_FORM) {
        octets = length - LONG_FORM;
        length = 0;
        if (octets == 0 || octets > OCTETS_MAX || in->len < 1 + octets || in->data[1] == 0)
            return false;
        for (size_t i = 0; i < octets; i++)
            length = length << 8 | in->data[1 + i];
        if (length < LONG_FORM)
            return false;
    }
    in->data += 1 + octets;
    in->len -= 1 + octets;
    *ret = length;
    return true;
}

bool vb_sig_der_get(struct vb_sig_bytes *in, unsigned char tag, struct vb_sig_bytes *ret)
{
    size_t length;

    if (in->len == 0 || in->data[0] != tag)
        return false;
    in->data++;
    in->len--;
    if (!get_length(in, &length) || length > in->len)
        return false;
    *ret = (struct vb_sig_bytes){.data = in->data, .len = length};
    in->data += length;
    in->len -= length;
    return true;
}

bool vb_sig_der_whole(struct vb_sig_bytes bytes, unsigned char tag, struct vb_sig_bytes *ret)
{
    return vb_sig_der_get(&bytes, tag, ret) && bytes.len == 0;
}

bool vb_sig_der_any(struct vb_sig_bytes *in, unsigned char *ret_tag, struct vb_sig_bytes *ret)
{
    const struct vb_sig_bytes start = *in;
    struct vb_sig_bytes content;

    if (in->len == 0 || !vb_sig_der_get(in, in->data[0], &content))
        return false;
    *ret_tag = start.data[0];
    *ret = (struct vb_sig_bytes){.data = start.data, .len = start.len - in->len};
    return true;
}

bool vb_sig_der_positive(struct vb_sig_bytes *in, struct vb_sig_bytes *ret)
{
    struct vb_sig_bytes number;

    return vb_sig_der_get(in, VB_SIG_DER_INTEGER, &number) && vb_sig_positive(number, ret);
}
