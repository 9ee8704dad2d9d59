/* The zip as a reader of a stream sees it (uv's CVE-2025-54368): from local header to local header,
 * ends of data found by data descriptors (APPNOTE 4.3.9), the directory not looked at. Where an
 * entry follows the other without a rest both ways of reading agree; only the rest is read here. */
#include "unpack/zip_internal.h"

enum { NAME_MAX_PLAUSIBLE = 1024 };

/* A data descriptor has a signature or none, and sizes of 4 or 8 bytes. */
struct descriptor {
    uint8_t len;
    bool signature;
    bool wide;
};

static const struct descriptor descriptors[] = {
    {16, true, false},
    {24, true, true},
    {12, false, false},
    {20, false, true},
};

static uint64_t number_at(const unsigned char *p, bool wide)
{
    return wide ? le64(p) : le32(p);
}

static bool descriptor_fits(struct zip_check *c, const struct zip_entry *entry, uint64_t at,
                            const struct descriptor *row)
{
    const unsigned char *p = zip_view(c, at, row->len);
    const size_t width = row->wide ? 8 : 4;

    if (p == NULL || (row->signature && memcmp(p, "PK\x07\x08", 4) != 0))
        return false;
    p += row->signature ? 4 : 0;
    return le32(p) == entry->crc && number_at(p + 4, row->wide) == entry->compressed &&
           number_at(p + 4 + width, row->wide) == entry->size;
}

size_t zip_descriptor_len(struct zip_check *c, const struct zip_entry *entry, uint64_t at,
                          uint64_t next)
{
    size_t best = 0;

    for (size_t i = 0; i < VB_ARRAY_LEN(descriptors); i++) {
        const struct descriptor *const row = &descriptors[i];

        /* Of an empty file's zeros, those that reach what follows. */
        if (row->len <= next - at && (best == 0 || row->len == next - at) &&
            descriptor_fits(c, entry, at, row))
            best = row->len;
    }
    return best;
}

/* --- bytes that the directory does not explain --- */

static bool is_known_method(unsigned method)
{
    return method <= 20 || (method >= 93 && method <= ZIP_AES);
}

/* True if the bytes at AT are a local header that readers would follow. */
static bool read_hidden(struct zip_check *c, uint64_t at, uint64_t to, struct zip_reading *ret)
{
    const unsigned char *p = zip_view(c, at, ZIP_LOCAL_SIZE);
    struct zip_header local;

    if (p == NULL || memcmp(p, "PK\x03\x04", 4) != 0)
        return false;
    p = zip_view(c, at, ZIP_LOCAL_SIZE + (size_t)le16(p + 26) + le16(p + 28));
    if (p == NULL)
        return false;
    zip_read_local(p, &local);
    if (local.name_len == 0 || local.name_len > NAME_MAX_PLAUSIBLE || local.name[0] < ' ' ||
        !is_known_method(local.method))
        return false;
    *ret = (struct zip_reading){
        .name_at = at + ZIP_LOCAL_SIZE,
        .name_len = local.name_len,
        .data_at = at + ZIP_LOCAL_SIZE + local.name_len + local.extra_len,
        .compressed = local.compressed,
        .crc = local.crc,
        .method = local.method,
        .flags = local.flags,
    };
    if (ret->data_at > to)
        return false;
    if (ret->compressed > to - ret->data_at ||
        (ret->compressed == 0 && (local.flags & ZIP_DESCRIPTOR) != 0))
        ret->compressed = to - ret->data_at;
    return true;
}

/* Where the hidden entry ends. */
static uint64_t hidden_end(struct zip_check *c, const struct zip_reading *hidden, uint64_t to)
{
    const uint64_t end = hidden->data_at + hidden->compressed;

    if ((hidden->flags & ZIP_DESCRIPTOR) == 0)
        return end;
    if (end == to)
        return hidden->data_at; /* no size: go on looking behind the header */
    return zip_magic_at(c, end, "PK\x07\x08") ? end + 16 : end;
}

bool zip_forward_gap(struct zip_check *c, uint64_t from, uint64_t to)
{
    bool filled = true;

    while (from < to && limits_in_time(c->u) && c->u->status == 0) {
        const uint64_t at = zip_find(c, from, to, "PK\x03\x04");
        struct zip_reading hidden;

        filled = filled && at == from;
        if (at >= to)
            return false;
        if (read_hidden(c, at, to, &hidden)) {
            zip_add_reading(c, ZIP_FORWARD, &hidden);
            zip_report_hidden(c, &hidden, at);
            from = hidden_end(c, &hidden, to);
        } else {
            filled = false;
            from = at + 4;
        }
    }
    return filled && from == to;
}

/* --- ends that only a data descriptor tells --- */

/* True if data of LEN bytes ends at AT by a descriptor there, or one without a signature before the
 * local header there; *ret_len is the length of the data. */
static bool ends_at(struct zip_check *c, const struct zip_entry *entry, uint64_t at,
                    uint64_t *ret_len)
{
    const uint64_t len = at - entry->data_at;
    const unsigned char *p = zip_view(c, at, 16);

    if (p == NULL)
        return false;
    *ret_len = len;
    if (memcmp(p, "PK\x07\x08", 4) == 0)
        return le32(p + 8) == len;
    if (memcmp(p, "PK\x03\x04", 4) != 0)
        return false;
    if (len >= 12) {
        p = zip_view(c, at - 12, 12);
        *ret_len = len - 12;
        if (p != NULL && le32(p + 4) == len - 12)
            return true;
    }
    p = len >= 20 ? zip_view(c, at - 20, 20) : NULL;
    *ret_len = len - 20;
    return p != NULL && le64(p + 4) == len - 20;
}

void zip_forward_entry(struct zip_check *c, struct zip_entry *entry)
{
    const uint64_t end = entry->data_at + entry->compressed;
    struct zip_reading reading = zip_reading_of(entry);
    uint64_t at = entry->data_at;

    while ((at = zip_find(c, at, end, "PK")) < end && c->u->status == 0) {
        if (ends_at(c, entry, at, &reading.compressed)) {
            reading.crc = 0;
            zip_add_reading(c, ZIP_FORWARD, &reading);
            zip_report_entry(c, entry, ZIP_CODE_DESCRIPTOR,
                             "%llu bytes of data by a data descriptor within it, %llu by the "
                             "directory",
                             (unsigned long long)reading.compressed,
                             (unsigned long long)entry->compressed);
            (void)zip_forward_gap(c, at, end);
            return;
        }
        at += 2;
    }
}
