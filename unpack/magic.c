/* Which archive some bytes are. The table decides what is read at all: only formats and filters
 * named here reach libarchive, never its "all" sets, some of which start programs. */
#include "unpack/internal.h"

struct magic {
    const char *name;
    int filter; /* the libarchive filter that reads it, -1: no filter of ours */
    uint16_t offset;
    uint8_t len;
    const char *bytes;
};

/* Compressed streams and archives; those without a filter are only recognised. */
static const struct magic magics[] = {
    {"gzip", ARCHIVE_FILTER_GZIP, 0, 3, "\x1f\x8b\x08"},
    {"bzip2", ARCHIVE_FILTER_BZIP2, 0, 3, "BZh"},
    {"xz", ARCHIVE_FILTER_XZ, 0, 6,
     "\xfd"
     "7zXZ\0"},
    {"zstd", ARCHIVE_FILTER_ZSTD, 0, 4, "\x28\xb5\x2f\xfd"},
    {"lz4", ARCHIVE_FILTER_LZ4, 0, 4, "\x04\x22\x4d\x18"},
    {"lz4", ARCHIVE_FILTER_LZ4, 0, 4, "\x02\x21\x4c\x18"},
    {"zip", -1, 0, 4, "PK\x03\x04"},
    {"zip", -1, 0, 4, "PK\x05\x06"},
    {"zip", -1, 0, 4, "PK\x07\x08"},
    {"tar", -1, 257, 5, "ustar"},
    {"7z", -1, 0, 6, "7z\xbc\xaf\x27\x1c"},
    {"rar", -1, 0, 6, "Rar!\x1a\x07"},
    {"compress", -1, 0, 2, "\x1f\x9d"},
    {"lzip", -1, 0, 4, "LZIP"},
    {"lzop", -1, 0, 4, "\x89LZO"},
    {"lrzip", -1, 0, 4, "LRZI"},
    {"cab", -1, 0, 4, "MSCF"},
    {"ar", -1, 0, 8, "!<arch>\n"},
    {"xar", -1, 0, 4, "xar!"},
    {"rpm", -1, 0, 4, "\xed\xab\xee\xdb"},
    {"cpio", -1, 0, 5, "07070"},
};

static bool matches(const struct magic *m, const unsigned char *head, size_t len)
{
    if (len < (size_t)m->offset + m->len || memcmp(head + m->offset, m->bytes, m->len) != 0)
        return false;
    /* "BZh" begins ordinary words too: the level and the block's magic must follow. */
    return m->filter != ARCHIVE_FILTER_BZIP2 ||
           (len >= 10 && head[3] >= '1' && head[3] <= '9' &&
            (memcmp(head + 4, "1AY&SY", 6) == 0 || memcmp(head + 4, "\x17rE8P\x90", 6) == 0));
}

static uint32_t le32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* .lzma has no magic: properties 5d, a dictionary of 2^n or 2^n + 2^(n-1), a plausible size. */
static bool is_lzma(const unsigned char *head, size_t len)
{
    uint32_t dictionary;
    uint64_t size;

    if (len < 14 || head[0] != 0x5d || head[13] != 0)
        return false;
    dictionary = le32(head + 1);
    if (dictionary < 4096)
        return false;
    while ((dictionary & 1) == 0)
        dictionary >>= 1;
    if (dictionary != 1 && dictionary != 3)
        return false;
    size = le32(head + 5) | (uint64_t)le32(head + 9) << 32;
    return size == UINT64_MAX || size < (uint64_t)1 << 38;
}

/* Skippable frames may stand before a zstd or an lz4 frame; the first real one decides. */
static size_t skip_frames(const unsigned char *head, size_t len)
{
    size_t at = 0;

    while (len - at >= 8 && (le32(head + at) & 0xfffffff0u) == 0x184d2a50u) {
        const uint32_t size = le32(head + at + 4);

        if (size > len - at - 8)
            return 0;
        at += 8 + size;
    }
    return at;
}

int magic_filter(const unsigned char *head, size_t len)
{
    const size_t at = skip_frames(head, len);

    for (size_t i = 0; i < VB_ARRAY_LEN(magics); i++) {
        if (magics[i].filter >= 0 && matches(&magics[i], head + at, len - at))
            return magics[i].filter;
    }
    return is_lzma(head, len) ? ARCHIVE_FILTER_LZMA : ARCHIVE_FILTER_NONE;
}

const char *magic_filter_name(int filter)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(magics); i++) {
        if (magics[i].filter == filter)
            return magics[i].name;
    }
    return filter == ARCHIVE_FILTER_LZMA ? "lzma" : "none";
}

static bool all_zero(const unsigned char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] != 0)
            return false;
    }
    return true;
}

/* The header's own sum (POSIX ustar; some old writers summed signed bytes). */
static bool tar_checksum_fits(const unsigned char *h)
{
    long want = 0;
    long sum = 0;
    long signed_sum = 0;
    size_t i = 148;

    while (i < 156 && (h[i] == ' ' || h[i] == 0))
        i++;
    if (i == 156)
        return false;
    for (; i < 156 && h[i] >= '0' && h[i] <= '7'; i++)
        want = want * 8 + (h[i] - '0');
    for (i = 0; i < 512; i++) {
        const bool own = i >= 148 && i < 156;

        sum += own ? ' ' : h[i];
        signed_sum += own ? ' ' : (signed char)h[i];
    }
    return want == sum || want == signed_sum;
}

bool magic_is_tar(const unsigned char *head, size_t len)
{
    if (len >= 512 && tar_checksum_fits(head))
        return true;
    /* An archive without entries is two blocks of zeros. */
    if (len >= 1024 && all_zero(head, 1024))
        return true;
    return len > 262 && memcmp(head + 257, "ustar", 5) == 0;
}

bool magic_is_zip(const unsigned char *head, size_t len)
{
    const char *const name = magic_archive(head, len);

    return name != NULL && strcmp(name, "zip") == 0;
}

const char *magic_archive(const unsigned char *head, size_t len)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(magics); i++) {
        if (matches(&magics[i], head, len))
            return magics[i].name;
    }
    return len >= 512 && head[0] != 0 && tar_checksum_fits(head) ? "tar" : NULL;
}
