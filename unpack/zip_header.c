/* Decodes local headers (APPNOTE 4.3.7) and records of the directory (4.3.12) with the extra fields
 * (4.5) that change what a reader sees. */
#include "unpack/zip_internal.h"

enum { EXTRA_ZIP64 = 0x0001, EXTRA_UNICODE_NAME = 0x7075, EXTRA_AES = 0x9901 };

static bool only_zeros(const unsigned char *p, size_t len)
{
    while (len > 0 && *p == 0) {
        p++;
        len--;
    }
    return len == 0;
}

static struct zip_extra *extra_for(struct zip_extras *extras, uint16_t id)
{
    switch (id) {
    case EXTRA_ZIP64:
        return &extras->zip64;
    case EXTRA_UNICODE_NAME:
        return &extras->unicode_name;
    case EXTRA_AES:
        return &extras->aes;
    default:
        return NULL;
    }
}

/* Of a field that stands twice the first one counts, as for most readers. */
static void read_extras(const unsigned char *p, size_t len, struct zip_extras *ret)
{
    while (len >= 4) {
        const size_t size = le16(p + 2);
        struct zip_extra *const extra = extra_for(ret, le16(p));

        if (size > len - 4)
            break;
        if (extra != NULL && extra->data != NULL) {
            extra->twice = true;
        } else if (extra != NULL) {
            extra->data = p + 4;
            extra->len = size;
        }
        p += 4 + size;
        len -= 4 + size;
    }
    /* Tools that align the data of an entry pad with zeros. */
    ret->torn = !only_zeros(p, len);
}

/* Takes the next number of the zip64 field if the 32 bits ask for it. */
static void widen(struct zip_header *h, uint64_t *number, size_t *at)
{
    const struct zip_extra *const extra = &h->extras.zip64;

    if (*number != UINT32_MAX)
        return;
    if (extra->data == NULL || *at + 8 > extra->len) {
        h->short64 = true;
        return;
    }
    *number = le64(extra->data + *at);
    *at += 8;
}

/* A zip64 field for numbers that fit: readers that take it anyway must read the same. */
static bool contradicts(const struct zip_header *h)
{
    const struct zip_extra *const extra = &h->extras.zip64;

    return extra->data != NULL && extra->len >= 16 &&
           (le64(extra->data) != h->size || le64(extra->data + 8) != h->compressed);
}

static void read_zip64(struct zip_header *h, bool directory)
{
    const bool asked =
        h->size == UINT32_MAX || h->compressed == UINT32_MAX || h->offset == UINT32_MAX;
    size_t at = 0;

    if (!asked) {
        h->other64 = contradicts(h);
        return;
    }
    widen(h, &h->size, &at);
    widen(h, &h->compressed, &at);
    if (directory)
        widen(h, &h->offset, &at);
}

void zip_read_local(const unsigned char *p, struct zip_header *ret)
{
    *ret = (struct zip_header){
        .flags = le16(p + 6),
        .method = le16(p + 8),
        .crc = le32(p + 14),
        .compressed = le32(p + 18),
        .size = le32(p + 22),
        .name_len = le16(p + 26),
        .extra_len = le16(p + 28),
        .name = p + ZIP_LOCAL_SIZE,
    };
    ret->extra = ret->name + ret->name_len;
    read_extras(ret->extra, ret->extra_len, &ret->extras);
    read_zip64(ret, false);
}

bool zip_read_record(const unsigned char *p, size_t len, struct zip_header *ret, size_t *ret_size)
{
    if (len < ZIP_CENTRAL_SIZE || memcmp(p, "PK\x01\x02", 4) != 0)
        return false;
    *ret = (struct zip_header){
        .made_by = le16(p + 4),
        .flags = le16(p + 8),
        .method = le16(p + 10),
        .crc = le32(p + 16),
        .compressed = le32(p + 20),
        .size = le32(p + 24),
        .name_len = le16(p + 28),
        .extra_len = le16(p + 30),
        .disk = le16(p + 34),
        .attributes = le32(p + 38),
        .offset = le32(p + 42),
        .name = p + ZIP_CENTRAL_SIZE,
    };
    *ret_size = ZIP_CENTRAL_SIZE + (size_t)ret->name_len + ret->extra_len + le16(p + 32);
    if (*ret_size > len)
        return false;
    ret->extra = ret->name + ret->name_len;
    read_extras(ret->extra, ret->extra_len, &ret->extras);
    read_zip64(ret, true);
    return true;
}

bool zip_name_is_ascii(const unsigned char *name, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (name[i] >= 0x80)
            return false;
    }
    return true;
}

/* APPNOTE 4.6.9: a version, the CRC of the name that the path stands for, the path. */
const unsigned char *zip_unicode_name(const struct zip_header *header, size_t *ret_len)
{
    const struct zip_extra *const extra = &header->extras.unicode_name;

    if (extra->data == NULL || extra->len <= 5)
        return NULL;
    *ret_len = extra->len - 5;
    return extra->data + 5;
}
