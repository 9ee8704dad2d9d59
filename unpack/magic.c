/* Which archive some bytes are. The table decides what is read at all: only formats and filters
 * named here reach libarchive, never its "all" sets, some of which start programs. */
#include <errno.h>

#include "unpack/internal.h"

/* --- what makes libarchive read a format --- */

static int support_tar(struct archive *a)
{
    const int r = archive_read_support_format_tar(a);

    return r != ARCHIVE_OK ? r : archive_read_support_format_gnutar(a);
}

static int support_rar(struct archive *a)
{
    const int r = archive_read_support_format_rar(a);

    return r != ARCHIVE_OK ? r : archive_read_support_format_rar5(a);
}

/* --- the table --- */

enum { ISO_MAGIC_AT = 32769 };

#define FILTER(name, filter, len, bytes)               \
    {                                                  \
        name, filter, MAGIC_USUAL, 0, len, bytes, NULL \
    }
#define FORMAT(name, reader, offset, len, bytes, support) \
    {                                                     \
        name, -1, reader, offset, len, bytes, support     \
    }

static const struct magic magics[] = {
    FILTER("gzip", ARCHIVE_FILTER_GZIP, 3, "\x1f\x8b\x08"),
    FILTER("bzip2", ARCHIVE_FILTER_BZIP2, 3, "BZh"),
    FILTER("xz", ARCHIVE_FILTER_XZ, 6,
           "\xfd"
           "7zXZ\0"),
    FILTER("zstd", ARCHIVE_FILTER_ZSTD, 4, "\x28\xb5\x2f\xfd"),
    FILTER("lz4", ARCHIVE_FILTER_LZ4, 4, "\x04\x22\x4d\x18"),
    FILTER("lz4", ARCHIVE_FILTER_LZ4, 4, "\x02\x21\x4c\x18"),
    FILTER("lzip", ARCHIVE_FILTER_LZIP, 5, "LZIP\1"),
    FILTER("compress", ARCHIVE_FILTER_COMPRESS, 2, "\x1f\x9d"),
    FORMAT("zip", MAGIC_USUAL, 0, 4, "PK\x03\x04", NULL),
    FORMAT("zip", MAGIC_USUAL, 0, 4, "PK\x05\x06", NULL),
    FORMAT("zip", MAGIC_USUAL, 0, 4, "PK\x07\x08", NULL),
    FORMAT("tar", MAGIC_USUAL, 257, 5, "ustar", support_tar),
    FORMAT("ar", MAGIC_USUAL, 0, 8, "!<arch>\n", archive_read_support_format_ar),
    FORMAT("cpio", MAGIC_USUAL, 0, 6, "070701", archive_read_support_format_cpio),
    FORMAT("cpio", MAGIC_USUAL, 0, 6, "070702", archive_read_support_format_cpio),
    FORMAT("cpio", MAGIC_USUAL, 0, 6, "070707", archive_read_support_format_cpio),
    FORMAT("7z", MAGIC_SECOND, 0, 6, "7z\xbc\xaf\x27\x1c", archive_read_support_format_7zip),
    FORMAT("rar", MAGIC_SECOND, 0, 6, "Rar!\x1a\x07", support_rar),
    FORMAT("cab", MAGIC_SECOND, 0, 8, "MSCF\0\0\0\0", archive_read_support_format_cab),
    FORMAT("iso", MAGIC_SECOND, ISO_MAGIC_AT, 5, "CD001", archive_read_support_format_iso9660),
    FORMAT("lzop", MAGIC_NOBODY, 0, 4, "\x89LZO", NULL),
    FORMAT("lrzip", MAGIC_NOBODY, 0, 4, "LRZI", NULL),
    FORMAT("xar", MAGIC_NOBODY, 0, 4, "xar!", NULL),
    FORMAT("rpm", MAGIC_NOBODY, 0, 4, "\xed\xab\xee\xdb", NULL),
};

/* Formats that no fixed bytes tell. */
static const struct magic tar_without_magic = {.name = "tar", .filter = -1, .support = support_tar};
static const struct magic lzma_row = {.name = "lzma", .filter = ARCHIVE_FILTER_LZMA};
static const struct magic brotli_row = {.name = "brotli", .filter = FILTER_BROTLI};

/* "BZh" begins ordinary words too: the level and the block's magic must follow. */
static bool bzip2_follows(const unsigned char *head, size_t len)
{
    return len >= 10 && head[3] >= '1' && head[3] <= '9' &&
           (memcmp(head + 4, "1AY&SY", 6) == 0 || memcmp(head + 4, "\x17rE8P\x90", 6) == 0);
}

/* Two bytes are little: the width of the codes, 9 to 16 bits, and no unknown flag must follow. */
static bool compress_follows(const unsigned char *head, size_t len)
{
    return len >= 4 && (head[2] & 0x60) == 0 && (head[2] & 0x1f) >= 9 && (head[2] & 0x1f) <= 16;
}

static bool matches(const struct magic *m, const unsigned char *head, size_t len)
{
    if (len < (size_t)m->offset + m->len || memcmp(head + m->offset, m->bytes, m->len) != 0)
        return false;
    if (m->filter == ARCHIVE_FILTER_BZIP2)
        return bzip2_follows(head, len);
    return m->filter != ARCHIVE_FILTER_COMPRESS || compress_follows(head, len);
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
    size = le64(head + 5);
    return size == UINT64_MAX || size < (uint64_t)1 << 38;
}

static bool named(const char *name, const char *extension)
{
    return name != NULL && vb_ascii_equal(vb_path_extension(name), extension);
}

/* True for bytes that a reader without a name to go by would take for text. */
static bool is_text(const unsigned char *head, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (head[i] < 0x20 && head[i] != '\n' && head[i] != '\r' && head[i] != '\t')
            return false;
    }
    return vb_utf8_valid((const char *)head, len);
}

static const struct magic *compressed(const unsigned char *head, size_t len, const char *name)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(magics); i++) {
        if (magics[i].filter >= 0 && matches(&magics[i], head, len))
            return &magics[i];
    }
    if (is_lzma(head, len))
        return &lzma_row;
    return named(name, "br") && len > 0 && !is_text(head, len) ? &brotli_row : NULL;
}

int magic_filter(const unsigned char *head, size_t len, const char *name)
{
    const struct magic *const m = compressed(head, len, name);

    /* The name alone must not keep an archive closed that the bytes are. */
    if (m == &brotli_row && magic_of(head, len, NULL) != NULL)
        return ARCHIVE_FILTER_NONE;
    return m != NULL ? m->filter : ARCHIVE_FILTER_NONE;
}

const char *magic_filter_name(int filter)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(magics); i++) {
        if (magics[i].filter == filter)
            return magics[i].name;
    }
    return filter == ARCHIVE_FILTER_LZMA ? "lzma" : filter == FILTER_BROTLI ? "brotli" : "none";
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

const struct magic *magic_tar(void)
{
    return &tar_without_magic;
}

const struct magic *magic_of(const unsigned char *head, size_t len, const char *name)
{
    const struct magic *m = NULL;

    for (size_t i = 0; i < VB_ARRAY_LEN(magics); i++) {
        if (matches(&magics[i], head, len))
            return &magics[i];
    }
    if (len >= 512 && head[0] != 0 && tar_checksum_fits(head))
        return &tar_without_magic;
    /* .lzma has five bytes that vary little: they count only in a file of that name. */
    if (named(name, "lzma") || named(name, "br"))
        m = compressed(head, len, name);
    return m;
}

/* The row of the frame at AT, if it is one of zstd or lz4. */
static const struct magic *frame_at(int fd, uint64_t at)
{
    unsigned char head[4];

    if (pread_all(fd, head, sizeof(head), at) != (ssize_t)sizeof(head))
        return NULL;
    for (size_t i = 0; i < VB_ARRAY_LEN(magics); i++) {
        const bool skips =
            magics[i].filter == ARCHIVE_FILTER_ZSTD || magics[i].filter == ARCHIVE_FILTER_LZ4;

        if (skips && matches(&magics[i], head, sizeof(head)))
            return &magics[i];
    }
    return NULL;
}

/* Bytes of the frame that decoders skip which stands at P, 0 if none does. */
static uint64_t skipped_len(const unsigned char *p, size_t len)
{
    return len >= 8 && (le32(p) & 0xfffffff0u) == 0x184d2a50u ? 8 + (uint64_t)le32(p + 4) : 0;
}

/* Read by blocks: a file may be nothing but empty ones. */
uint64_t magic_behind_skipped(struct unpack *u, int fd)
{
    unsigned char block[4096];
    uint64_t at = 0;
    uint64_t from = 0;
    ssize_t n = pread_all(fd, block, sizeof(block), 0);
    uint64_t len = n > 0 ? skipped_len(block, (size_t)n) : 0;

    while (len > 0 && limits_in_time(u)) {
        at += len;
        if (n > 0 && at - from + 8 > (uint64_t)n) {
            from = at;
            n = pread_all(fd, block, sizeof(block), at);
        }
        len = n > 0 && at - from < (uint64_t)n
                  ? skipped_len(block + (at - from), (size_t)((uint64_t)n - (at - from)))
                  : 0;
    }
    if (n < 0)
        u->status = vb_fail(u->err, VB_E_IO, errno, "cannot read %s", u->name);
    return at > 0 && frame_at(fd, at) != NULL ? at : 0;
}

const struct magic *magic_of_file(struct unpack *u, int fd, const char *name)
{
    unsigned char head[UNPACK_HEAD];
    unsigned char iso[5];
    const ssize_t n = pread_all(fd, head, sizeof(head), 0);
    const struct magic *const m = n > 0 ? magic_of(head, (size_t)n, name) : NULL;
    const bool skips = m == NULL && n > 0 && skipped_len(head, (size_t)n) > 0;
    const uint64_t frame = skips ? magic_behind_skipped(u, fd) : 0;

    if (n < 0)
        u->status = vb_fail(u->err, VB_E_IO, errno, "cannot read the extracted %s", name);
    if (frame != 0)
        return frame_at(fd, frame);
    if (m != NULL || n < (ssize_t)sizeof(head) ||
        pread_all(fd, iso, sizeof(iso), ISO_MAGIC_AT) != (ssize_t)sizeof(iso))
        return m;
    for (size_t i = 0; i < VB_ARRAY_LEN(magics); i++) {
        if (magics[i].offset == ISO_MAGIC_AT && memcmp(iso, magics[i].bytes, sizeof(iso)) == 0)
            return &magics[i];
    }
    return NULL;
}

bool magic_finds_nothing(const unsigned char *data, size_t len, const char *name)
{
    const size_t head = len < UNPACK_HEAD ? len : (size_t)UNPACK_HEAD;

    for (size_t i = 0; i < VB_ARRAY_LEN(magics); i++) {
        if (magics[i].offset == ISO_MAGIC_AT && matches(&magics[i], data, len))
            return false;
    }
    return magic_of(data, head, name) == NULL && skipped_len(data, len) == 0;
}

/* --- windows --- */

/* RFC 8878, 3.1.1.1: the window descriptor, or the content's size for a single segment. */
static uint64_t zstd_window(const unsigned char *frame, size_t len)
{
    static const uint8_t id_bytes[] = {0, 1, 2, 4};
    static const uint8_t size_bytes[] = {1, 2, 4, 8};
    uint64_t size = 0;
    size_t at;

    if (len < 18)
        return 0;
    if ((frame[4] & 0x20) == 0) {
        const uint64_t base = (uint64_t)1 << (10 + (frame[5] >> 3));
        return base + base / 8 * (frame[5] & 7);
    }
    at = 5u + id_bytes[frame[4] & 3];
    for (size_t i = size_bytes[frame[4] >> 6]; i-- > 0;)
        size = size << 8 | frame[at + i];
    return size;
}

/* .xz file format 1.1: the first block's header, behind the stream's 12 bytes; LZMA2 (0x21) is the
 * last of its filters and has one byte of properties. */
static uint64_t xz_window(const unsigned char *head, size_t len)
{
    const size_t end = len > 12 ? 12 + ((size_t)head[12] + 1) * 4 : 0;

    if (end == 0 || end > len)
        return 0;
    for (size_t at = 14; at + 2 < end; at++) {
        const unsigned bits = head[at + 2];

        if (head[at] == 0x21 && head[at + 1] == 1 && bits <= 40)
            return bits == 40 ? UINT32_MAX : (uint64_t)(2 | (bits & 1)) << (bits / 2 + 11);
    }
    return 0;
}

uint64_t magic_window(int filter, const unsigned char *head, size_t len)
{
    if (filter == ARCHIVE_FILTER_ZSTD)
        return zstd_window(head, len);
    if (filter == ARCHIVE_FILTER_XZ)
        return xz_window(head, len);
    if (filter == ARCHIVE_FILTER_LZMA && len >= 5)
        return le32(head + 1);
    if (filter == ARCHIVE_FILTER_LZIP && len >= 6) {
        const uint64_t base = (uint64_t)1 << (head[5] & 31);
        return base - base / 16 * (head[5] >> 5);
    }
    return 0;
}
