/* OpenPGP's framing. Trust boundary: the bytes are the package's (or, for keys, the user's); what
 * other readers would guess, skip or repair is refused here. */
#include "signatures/pgp.h"

/* --- packets --- */

static uint32_t big_endian(const unsigned char *bytes, size_t count)
{
    uint32_t value = 0;

    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* Section 4.2.1: a length of one, two or five bytes, of packets (partial ones are refused) and of
 * subpackets (LAST is 254, as they have none). Takes it off IN. */
static bool take_length(struct vb_sig_bytes *in, unsigned last, size_t *ret)
{
    const unsigned first = in->len > 0 ? in->data[0] : 0;
    size_t taken = 1;

    if (in->len == 0)
        return false;
    if (first < 192) {
        *ret = first;
    } else if (first <= last) {
        taken = 2;
        if (in->len >= taken)
            *ret = ((size_t)(first - 192) << 8) + in->data[1] + 192;
    } else if (first == 255) {
        taken = 5;
        if (in->len >= taken)
            *ret = big_endian(in->data + 1, 4);
    } else {
        return false;
    }
    if (in->len < taken)
        return false;
    in->data += taken;
    in->len -= taken;
    return true;
}

/* Section 4.2.2, without the indeterminate length. */
static bool take_old_length(struct vb_sig_bytes *in, unsigned form, size_t *ret)
{
    const size_t taken = (size_t)1 << form;

    if (form > 2 || in->len < taken)
        return false;
    *ret = big_endian(in->data, taken);
    in->data += taken;
    in->len -= taken;
    return true;
}

bool vb_pgp_packet(struct vb_sig_bytes *in, struct vb_pgp_packet *ret)
{
    struct vb_sig_bytes rest = *in;
    size_t len = 0;

    if (rest.len < 2 || (rest.data[0] & 0x80) == 0)
        return false;
    const unsigned first = rest.data[0];
    const bool modern = (first & 0x40) != 0;
    rest.data++;
    rest.len--;
    if (modern ? !take_length(&rest, 223, &len) : !take_old_length(&rest, first & 3, &len))
        return false;
    if (len > rest.len)
        return false;
    ret->type = modern ? first & 0x3f : (first & 0x3c) >> 2;
    ret->body = (struct vb_sig_bytes){.data = rest.data, .len = len};
    ret->whole =
        (struct vb_sig_bytes){.data = in->data, .len = (size_t)(rest.data - in->data) + len};
    in->data += ret->whole.len;
    in->len -= ret->whole.len;
    return ret->type != 0;
}

size_t vb_pgp_header(unsigned type, size_t len, unsigned char ret[6])
{
    ret[0] = (unsigned char)(0xc0 | type);
    if (len < 192) {
        ret[1] = (unsigned char)len;
        return 2;
    }
    ret[1] = 255;
    for (size_t i = 0; i < 4; i++)
        ret[2 + i] = (unsigned char)(len >> (24 - 8 * i));
    return 6;
}

/* --- armor --- */

void vb_pgp_skip_blank(struct vb_sig_bytes *in)
{
    struct vb_sig_bytes rest = *in, line;

    while (vb_sig_get_line(&rest, &line) && line.len == 0)
        *in = rest;
}

static uint32_t crc24(const unsigned char *data, size_t len)
{
    uint32_t crc = 0xb704ce; /* section 6.1.1 */

    for (size_t i = 0; i < len; i++) {
        crc ^= (uint32_t)data[i] << 16;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 0x800000) != 0 ? crc << 1 ^ 0x1864cfb : crc << 1;
    }
    return crc & 0xffffff;
}

/* Nobody signed the lines in front of the body: only those that are known, and few. */
static bool is_header(struct vb_sig_bytes line)
{
    static const char *const names[] = {
        "Version: ", "Comment: ", "Hash: ", "Charset: ", "MessageID: "};
    enum { HEADER_MAX = 128 };

    for (size_t i = 0; i < line.len; i++) {
        if (line.data[i] < 0x20 || line.data[i] > 0x7e)
            return false;
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++) {
        struct vb_sig_bytes rest = line;
        if (vb_sig_skip(&rest, names[i]))
            return line.len <= HEADER_MAX;
    }
    return false;
}

static bool take_headers(struct vb_sig_bytes *in)
{
    enum { HEADERS_MAX = 4 };
    struct vb_sig_bytes line;

    for (int i = 0; i <= HEADERS_MAX && vb_sig_get_line(in, &line); i++) {
        if (line.len == 0)
            return true;
        if (!is_header(line))
            return false;
    }
    return false;
}

/* "Version: GnuPG v2.0.22 (GNU/Linux)", as older ones write it. */
static bool is_version(struct vb_sig_bytes line)
{
    static const char *const systems[] = {"", " (GNU/Linux)", " (Darwin)", " (MingW32)",
                                          " (FreeBSD)"};

    if (!vb_sig_skip(&line, "Version: GnuPG v"))
        return false;
    while (line.len > 0 && strchr("0123456789.", line.data[0]) != NULL && line.data[0] != '\0') {
        line.data++;
        line.len--;
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(systems); i++) {
        if (vb_sig_equals(line, systems[i]))
            return true;
    }
    return false;
}

bool vb_pgp_has_words(struct vb_sig_bytes in)
{
    struct vb_sig_bytes line;

    if (!vb_sig_get_line(&in, &line))
        return false;
    while (vb_sig_get_line(&in, &line) && line.len > 0) {
        if (!is_version(line))
            return true;
    }
    return false;
}

static bool crc_fits(struct vb_sig_bytes line, const unsigned char *data, size_t len)
{
    unsigned char crc[3];
    size_t crc_len;

    return vb_sig_skip(&line, "=") && vb_sig_base64(line, false, crc, sizeof(crc), &crc_len) &&
           crc_len == sizeof(crc) && big_endian(crc, sizeof(crc)) == crc24(data, len);
}

const char *vb_pgp_dearmor(struct vb_sig_bytes *in, const char *label, unsigned char *ret,
                           size_t max, size_t *ret_len)
{
    struct vb_sig_bytes line = {0}, crc = {0}, body;
    char mark[64];

    snprintf(mark, sizeof(mark), "-----BEGIN PGP %s-----", label);
    if (!vb_sig_get_line(in, &line) || !vb_sig_equals(line, mark))
        return "it does not begin with its own line";
    if (!take_headers(in))
        return "its armor has lines that do not belong there";
    snprintf(mark, sizeof(mark), "-----END PGP %s-----", label);
    body.data = in->data;
    for (;;) {
        if (!vb_sig_get_line(in, &line))
            return "its armor does not end";
        if (vb_sig_equals(line, mark))
            break;
        if (crc.data != NULL)
            return "something stands behind its checksum";
        if (line.len == 5 && line.data[0] == '=')
            crc = line;
    }
    body.len = (size_t)((crc.data != NULL ? crc.data : line.data) - body.data);
    if (!vb_sig_base64(body, true, ret, max, ret_len))
        return "its armor is not base64, or too long";
    return crc.data == NULL || crc_fits(crc, ret, *ret_len) ? NULL : "its checksum does not fit";
}

/* --- signatures --- */

const char *vb_pgp_digest(unsigned digest)
{
    static const char *const names[] = {"SHA256", "SHA384", "SHA512"}; /* section 9.5 */

    return digest >= 8 && digest - 8 < VB_ARRAY_LEN(names) ? names[digest - 8] : NULL;
}

static bool take(struct vb_sig_bytes *in, size_t len, struct vb_sig_bytes *ret)
{
    if (in->len < len)
        return false;
    *ret = (struct vb_sig_bytes){.data = in->data, .len = len};
    in->data += len;
    in->len -= len;
    return true;
}

/* Section 5.2.3.7. HASHED: it is signed itself. */
static void see_subpacket(unsigned type, struct vb_sig_bytes body, bool hashed,
                          struct vb_pgp_signature *ret)
{
    enum { CREATED = 2, KEY_EXPIRES = 9, ISSUER = 16, ISSUER_FINGERPRINT = 33 };

    if (type == CREATED && hashed && body.len == 4)
        ret->created = big_endian(body.data, 4);
    if (type == KEY_EXPIRES && hashed && body.len == 4)
        ret->key_expires = big_endian(body.data, 4);
    if (type == ISSUER && body.len == sizeof(ret->id)) {
        ret->has_id = true;
        memcpy(ret->id, body.data, sizeof(ret->id));
    }
    if (type == ISSUER_FINGERPRINT && body.len == 1 + VB_PGP_FINGERPRINT && body.data[0] == 4) {
        ret->has_fingerprint = true;
        memcpy(ret->fingerprint, body.data + 1, VB_PGP_FINGERPRINT);
    }
}

static bool take_subpackets(struct vb_sig_bytes *in, bool hashed, struct vb_pgp_signature *ret)
{
    struct vb_sig_bytes count, area, body;

    if (!take(in, 2, &count) || !take(in, big_endian(count.data, 2), &area))
        return false;
    while (area.len > 0) {
        size_t len = 0;
        if (!take_length(&area, 254, &len) || len == 0 || !take(&area, len, &body))
            return false;
        const unsigned type = body.data[0] & 0x7f;
        body.data++;
        body.len--;
        see_subpacket(type, body, hashed, ret);
    }
    return true;
}

bool vb_pgp_signature(struct vb_sig_bytes body, struct vb_pgp_signature *ret)
{
    struct vb_sig_bytes head, left;

    *ret = (struct vb_pgp_signature){.version = body.len > 0 ? body.data[0] : 0};
    if (body.len == 0 || ret->version != 4)
        return body.len > 0;
    const unsigned char *start = body.data;
    if (!take(&body, 4, &head))
        return false;
    ret->kind = head.data[1];
    ret->key_algorithm = head.data[2];
    ret->digest = head.data[3];
    /* The hashed ones last, so that they decide. */
    struct vb_sig_bytes hashed = body, size;
    if (!take(&body, 2, &size) || !take(&body, big_endian(size.data, 2), &left))
        return false;
    ret->hashed = (struct vb_sig_bytes){start, (size_t)(body.data - start)};
    if (!take_subpackets(&body, false, ret) || !take_subpackets(&hashed, true, ret) ||
        !take(&body, sizeof(ret->left), &left))
        return false;
    memcpy(ret->left, left.data, sizeof(ret->left));
    return body.len > 2;
}

/* --- texts that are signed and readable --- */

/* Names of digests with commas between. */
static bool is_hash_list(struct vb_sig_bytes in)
{
    static const char *const names[] = {"SHA256", "SHA384", "SHA512",   "SHA224",
                                        "SHA1",   "MD5",    "RIPEMD160"};
    bool found;

    do {
        found = false;
        for (size_t i = 0; !found && i < VB_ARRAY_LEN(names); i++)
            found = vb_sig_skip(&in, names[i]);
    } while (found && vb_sig_skip(&in, ","));
    return found && in.len == 0;
}

/* Only these, since nobody signed them either; what they say the signature itself says better. */
static bool take_hash_headers(struct vb_sig_bytes *in)
{
    enum { HEADERS_MAX = 4 };
    struct vb_sig_bytes line;

    for (int i = 0; i <= HEADERS_MAX && vb_sig_get_line(in, &line); i++) {
        if (line.len == 0)
            return true;
        if (!vb_sig_skip(&line, "Hash: ") || !is_hash_list(line))
            return false;
    }
    return false;
}

/* What no two readers show alike. */
static bool is_plain(struct vb_sig_bytes line)
{
    return line.len == 0 ||
           (memchr(line.data, '\0', line.len) == NULL &&
            memchr(line.data, '\r', line.len) == NULL &&
            memchr(line.data, '\f', line.len) == NULL && memchr(line.data, '\v', line.len) == NULL);
}

const char *vb_pgp_cleartext(struct vb_sig_bytes *in, struct vb_buf *ret, int *ret_status,
                             struct vb_error *err)
{
    struct vb_sig_bytes line;
    int status = 0;

    *ret_status = 0;
    if (!vb_sig_get_line(in, &line) || !vb_sig_equals(line, "-----BEGIN PGP SIGNED MESSAGE-----") ||
        !take_hash_headers(in))
        return "the frame of its text has lines that do not belong there";
    for (bool first = true; status == 0; first = false) {
        struct vb_sig_bytes rest = *in;
        if (!vb_sig_get_line(&rest, &line))
            return "its text does not end with a signature";
        if (vb_sig_equals(line, "-----BEGIN PGP SIGNATURE-----"))
            return NULL;
        *in = rest;
        if (!is_plain(line))
            return "its text has characters that end lines for some and not for others";
        if (line.len > 0 && line.data[0] == '-' && !vb_sig_skip(&line, "- "))
            return "its text has a line with a dash in front that is not escaped";
        while (line.len > 0 && strchr(" \t", line.data[line.len - 1]) != NULL)
            line.len--;
        if (!first)
            status = vb_buf_append(ret, "\r\n", 2, err);
        if (status == 0 && line.len > 0)
            status = vb_buf_append(ret, line.data, line.len, err);
    }
    *ret_status = status;
    return "";
}
