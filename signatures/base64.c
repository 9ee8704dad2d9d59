/* Strict base64. Two texts for the same signature would let one package have two digests, and a
 * lax decoder would read what another verifier refuses. */
#include "signatures/wire.h"

/* Only the standard alphabet. */
static int value_of(unsigned char c)
{
    return c == '-' || c == '_' ? -1 : vb_base64_digit(c);
}

/* The length of a line end at TEXT, or 0. */
static size_t newline_at(struct vb_sig_bytes text, size_t i)
{
    if (text.data[i] == '\n')
        return 1;
    return text.data[i] == '\r' && i + 1 < text.len && text.data[i + 1] == '\n' ? 2 : 0;
}

struct quad {
    uint32_t bits;
    unsigned digits;
    unsigned padding;
};

/* Adds one character; false where it may not stand here. */
static bool quad_add(struct quad *quad, unsigned char c)
{
    const int value = value_of(c);

    if (c == '=' && quad->digits >= 2) {
        quad->padding++;
    } else if (value < 0 || quad->padding > 0) {
        return false;
    } else {
        quad->digits++;
    }
    quad->bits = quad->bits << 6 | (c == '=' ? 0U : (uint32_t)value);
    return true;
}

/* Writes a full quad's bytes. Returns how many, or -1 if unused bits are set. */
static int quad_write(const struct quad *quad, unsigned char out[3])
{
    const int count = (int)quad->digits - 1;

    for (int i = 0; i < 3; i++) {
        out[i] = (unsigned char)(quad->bits >> (16 - 8 * i));
        if (i >= count && out[i] != 0)
            return -1;
    }
    return count;
}

bool vb_sig_base64(struct vb_sig_bytes text, bool newlines, unsigned char *ret, size_t max,
                   size_t *ret_len)
{
    struct quad quad = {0};
    bool finished = false;
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        const size_t end = newlines ? newline_at(text, i) : 0;
        if (end > 0) {
            i += end - 1;
            continue;
        }
        if (finished || !quad_add(&quad, text.data[i]))
            return false;
        if (quad.digits + quad.padding < 4)
            continue;
        unsigned char out[3];
        const int count = quad_write(&quad, out);
        if (count < 0 || (size_t)count > max - len)
            return false;
        memcpy(ret + len, out, (size_t)count);
        len += (size_t)count;
        finished = quad.padding > 0;
        quad = (struct quad){0};
    }
    if (quad.digits != 0)
        return false;
    *ret_len = len;
    return true;
}
