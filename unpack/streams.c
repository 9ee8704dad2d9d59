/* Where compressed streams end, by what they say of themselves. Most formats let one stream follow
 * the other; some readers go on, some take the first for all, and libarchive drops what it has
 * decoded when the next one is none. Nothing is decoded here. */
#include <zlib.h>

#include "unpack/internal.h"

/* What pzstd writes before each frame, its length, is no room to hide anything in. */
enum { WINDOW = 4096, SKIPPABLE = 0x184d2a50, SKIPPED_HARMLESS = 4 };

/* Bytes of the artifact around the place that is looked at. */
struct view {
    struct unpack *u;
    uint64_t at;
    size_t len;
    uint64_t budget; /* bytes that may still be looked at twice */
    unsigned char data[WINDOW];
};

/* LEN bytes at AT, WINDOW at most; NULL if there are not as many, or on failure (u->status). */
static const unsigned char *view(struct view *v, uint64_t at, size_t len)
{
    const uint64_t size = v->u->size;

    if (at > size || len > size - at || v->u->status != 0)
        return NULL;
    if (at < v->at || at - v->at > v->len || len > v->len - (size_t)(at - v->at)) {
        v->len = size - at < WINDOW ? (size_t)(size - at) : (size_t)WINDOW;
        v->at = at;
        if (!limits_in_time(v->u) || read_at(v->u, v->data, v->len, at) != 0) {
            v->len = 0;
            return NULL;
        }
    }
    return v->data + (at - v->at);
}

/* Where TEXT stands first from FROM on; the artifact's size if nowhere. */
static uint64_t find(struct view *v, uint64_t from, const char *text)
{
    const size_t len = strlen(text);
    const uint64_t size = v->u->size;

    while (from < size && size - from >= len) {
        const size_t room = size - from < WINDOW ? (size_t)(size - from) : (size_t)WINDOW;
        const unsigned char *const p = view(v, from, room);
        const unsigned char *const hit = p != NULL ? memmem(p, room, text, len) : NULL;

        if (p == NULL)
            return size;
        if (hit != NULL)
            return from + (uint64_t)(hit - p);
        from += room - (len - 1);
    }
    return size;
}

/* --- xz (.xz file format 1.1.0) --- */

enum { XZ_HEADER = 12, XZ_FOOTER = 12 };

/* 1.2, at *AT, which moves behind it. */
static bool xz_number(struct view *v, uint64_t *at, uint64_t *ret)
{
    *ret = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
        const unsigned char *const p = view(v, (*at)++, 1);

        if (p == NULL)
            return false;
        *ret |= (uint64_t)(*p & 0x7f) << shift;
        if ((*p & 0x80) == 0)
            return true;
    }
    return false;
}

/* True if the index in [AT, END) is that of blocks which take up LEN bytes (4). */
static bool xz_index_fits(struct view *v, uint64_t at, uint64_t end, uint64_t len)
{
    const unsigned char *const p = view(v, at, 1);
    uint64_t records;
    uint64_t sum = 0;

    if (p == NULL || *p != 0)
        return false;
    at++;
    if (!xz_number(v, &at, &records))
        return false;
    while (records-- > 0) {
        uint64_t unpadded;
        uint64_t size;

        if (at >= end || !xz_number(v, &at, &unpadded) || !xz_number(v, &at, &size) ||
            unpadded > len - sum || len - sum - unpadded < (4 - unpadded % 4) % 4)
            return false;
        sum += unpadded + (4 - unpadded % 4) % 4;
    }
    return sum == len;
}

/* True if the stream from AT on has its footer right before END (2.1.2). */
static bool xz_ends(struct view *v, uint64_t at, uint64_t end)
{
    const unsigned char *const p = view(v, end - XZ_FOOTER, XZ_FOOTER);
    uint64_t index;

    if (p == NULL || le32(p) != crc32(0, p + 4, 6))
        return false;
    index = ((uint64_t)le32(p + 4) + 1) * 4;
    if (index > end - at - XZ_HEADER - XZ_FOOTER || index > v->budget)
        return false;
    v->budget -= index;
    return xz_index_fits(v, end - XZ_FOOTER - index, end - XZ_FOOTER,
                         end - at - index - XZ_HEADER - XZ_FOOTER);
}

static uint64_t xz_end(struct view *v, uint64_t at)
{
    const unsigned char *const p = view(v, at, XZ_HEADER);
    uint64_t found;

    if (p == NULL || memcmp(p,
                            "\xfd"
                            "7zXZ\0",
                            6) != 0)
        return 0;
    for (uint64_t from = at + XZ_HEADER; (found = find(v, from, "YZ")) < v->u->size;
         from = found + 1) {
        const uint64_t end = found + 2;

        if ((end - at) % 4 == 0 && end - at >= XZ_HEADER + XZ_FOOTER && xz_ends(v, at, end))
            return end;
    }
    return 0;
}

/* --- zstd (RFC 8878) and lz4 (frame format 1.6.1) --- */

/* A frame that decoders skip; both formats have it. */
static uint64_t skippable_end(struct view *v, uint64_t at)
{
    const unsigned char *const p = view(v, at, 8);

    if (p == NULL || (le32(p) & 0xfffffff0u) != SKIPPABLE || le32(p + 4) > v->u->size - at - 8)
        return 0;
    return at + 8 + le32(p + 4);
}

static void note_skipped(struct extent *extent, uint64_t at, uint64_t end)
{
    const struct stretch held = {.at = at + 8, .len = end - at - 8};

    if (held.len <= SKIPPED_HARMLESS)
        return;
    if (extent->skipped_count < SKIPPED_KEPT)
        extent->skipped[extent->skipped_count] = held;
    extent->skipped_count++;
    extent->skipped_bytes += held.len;
}

static uint64_t zstd_end(struct view *v, uint64_t at)
{
    static const uint8_t id_bytes[] = {0, 1, 2, 4};
    static const uint8_t size_bytes[] = {0, 2, 4, 8};
    const unsigned char *p = view(v, at, 5);
    bool single;
    bool last = false;
    unsigned flags;

    if (p == NULL || memcmp(p, "\x28\xb5\x2f\xfd", 4) != 0)
        return 0;
    flags = p[4];
    single = (flags & 0x20) != 0;
    at += 5u + !single + id_bytes[flags & 3] + size_bytes[flags >> 6];
    at += single && flags >> 6 == 0 ? 1 : 0;
    while (!last) {
        unsigned type;

        p = view(v, at, 3);
        type = p != NULL ? p[0] >> 1 & 3 : 3;
        if (type == 3)
            return 0;
        last = (p[0] & 1) != 0;
        at += 3 + (type == 1 ? 1 : ((uint64_t)le16(p) | (uint64_t)p[2] << 16) >> 3);
    }
    return at + ((flags & 4) != 0 ? 4 : 0);
}

static uint64_t lz4_end(struct view *v, uint64_t at)
{
    const unsigned char *p = view(v, at, 7);
    unsigned flags;

    if (p == NULL || memcmp(p, "\x04\x22\x4d\x18", 4) != 0 || p[4] >> 6 != 1)
        return 0;
    flags = p[4];
    at += 7u + ((flags & 8) != 0 ? 8 : 0) + ((flags & 1) != 0 ? 4 : 0);
    for (;;) {
        uint32_t block;

        p = view(v, at, 4);
        if (p == NULL)
            return 0;
        block = le32(p) & 0x7fffffff;
        at += 4;
        if (block == 0)
            return at + ((flags & 4) != 0 ? 4 : 0);
        at += block + ((flags & 16) != 0 ? 4u : 0u);
    }
}

/* --- bzip2 and lzip --- */

/* Its end lies within a byte and has no mark that could be looked for: where the next one begins.
 */
static uint64_t bzip2_end(struct view *v, uint64_t at)
{
    uint64_t next;

    for (next = find(v, at + 4, "BZh"); next < v->u->size; next = find(v, next + 1, "BZh")) {
        const unsigned char *const p = view(v, next, 10);

        if (p != NULL && magic_filter(p, 10, NULL) == ARCHIVE_FILTER_BZIP2)
            return next;
    }
    return v->u->size;
}

/* Each member ends with its own length, which is looked for byte by byte. */
static uint64_t lzip_end(struct view *v, uint64_t at)
{
    enum { SHORTEST = 26, LENGTH = 8 };
    const unsigned char *p = view(v, at, 4);

    if (p == NULL || memcmp(p, "LZIP", 4) != 0)
        return 0;
    for (uint64_t end = at + SHORTEST; end <= v->u->size; end++) {
        p = view(v, end - LENGTH, LENGTH);
        if (p == NULL)
            return 0;
        if (le64(p) == end - at)
            return end;
    }
    return 0;
}

static const struct {
    int filter;
    uint64_t (*end)(struct view *v, uint64_t at); /* of the stream at AT, 0: it has none */
    bool skips;                                   /* frames without data may stand between */
    unsigned padding; /* zeros between streams come in multiples of this, 0: there are none */
} rows[] = {
    {ARCHIVE_FILTER_XZ, xz_end, false, 4},     {ARCHIVE_FILTER_ZSTD, zstd_end, true, 0},
    {ARCHIVE_FILTER_LZ4, lz4_end, true, 0},    {ARCHIVE_FILTER_BZIP2, bzip2_end, false, 0},
    {ARCHIVE_FILTER_LZIP, lzip_end, false, 0},
};

static uint64_t skip_padding(struct view *v, uint64_t at, unsigned unit)
{
    const unsigned char *p = unit != 0 ? view(v, at, unit) : NULL;

    while (p != NULL && memcmp(p, "\0\0\0\0", unit) == 0) {
        at += unit;
        p = view(v, at, unit);
    }
    return at;
}

int streams_measure(struct unpack *u, int filter, struct extent *ret)
{
    struct view v = {.u = u, .budget = u->size};
    size_t row = 0;

    *ret = (struct extent){0};
    while (row < VB_ARRAY_LEN(rows) && rows[row].filter != filter)
        row++;
    for (uint64_t at = 0; row < VB_ARRAY_LEN(rows) && at < u->size;) {
        uint64_t end = rows[row].end(&v, at);
        const bool skipped = end == 0 || end > u->size;

        if (!skipped)
            ret->streams++;
        else
            end = rows[row].skips ? skippable_end(&v, at) : 0;
        if (end == 0 || end > u->size)
            break;
        if (skipped)
            note_skipped(ret, at, end);
        ret->end = end;
        at = skip_padding(&v, end, rows[row].padding);
    }
    return u->status;
}
