/* Archives that do not stand at the beginning of a file: behind the stub of a self-extractor,
 * behind a script, or as a zip that ends where a picture ends. */

#include "unpack/beside.h"

enum {
    BLOCK = 512,
    HEAD_BYTES = 1024 * 1024,
    TAIL_BYTES = 65535 + 22,
    END_BYTES = 22,
    CENTRAL_BYTES = 46
};

/* What stubs of self-extractors carry. A gzip member's three bytes stand in many programs; they
 * count only at the beginning of a line, behind a script. */
struct embedded {
    const char *name;
    uint8_t len;
    const char *bytes;
    bool in_programs;
};

static const struct embedded embeddeds[] = {
    {"7z", 6, "7z\xbc\xaf\x27\x1c", true},
    {"rar", 6, "Rar!\x1a\x07", true},
    {"cab", 8, "MSCF\0\0\0\0", true},
    {"xz", 6,
     "\xfd"
     "7zXZ\0",
     true},
    {"gzip", 3, "\x1f\x8b\x08", false},
    {"zstd", 4, "\x28\xb5\x2f\xfd", false},
    {"bzip2", 3, "BZh", false},
    {"zip", 4, "PK\x03\x04", false},
};

struct stub {
    const char *bytes;
    uint8_t len;
    bool script;
};

static const struct stub stubs[] = {{"\x7f"
                                     "ELF",
                                     4, false},
                                    {"MZ", 2, false},
                                    {"#!", 2, true}};

static const struct stub *stub_of(const unsigned char *head, size_t len)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(stubs); i++) {
        if (len >= stubs[i].len && memcmp(head, stubs[i].bytes, stubs[i].len) == 0)
            return &stubs[i];
    }
    return NULL;
}

/* Programs that read archives carry their magic as well: what follows must be a header too. */
static bool header_follows(const unsigned char *p, size_t len)
{
    /* .xz file format 2.1.1: stream flags and their CRC32, for the four checks in use */
    static const char xz_flags[][7] = {"\0\0\xff\x12\xd9\x41", "\0\1\x69\x22\xde\x36",
                                       "\0\4\xe6\xd6\xb4\x46", "\0\x0a\xe1\xfb\x0c\xa1"};

    if (len < 32)
        return false;
    if (p[0] == '7')
        return p[6] == 0 && p[7] <= 4;
    if (p[0] == 'R') /* the main header of RAR 4, or of RAR 5, or one for encryption */
        return p[6] == 0 ? p[9] == 0x73 : p[6] == 1 && p[7] == 0 && (p[13] == 1 || p[13] == 4);
    if (p[0] == 'M')
        return memcmp(p + 12, "\0\0\0\0", 4) == 0 && p[24] == 3 && p[25] == 1;
    for (size_t i = 0; p[0] == 0xfd && i < VB_ARRAY_LEN(xz_flags); i++) {
        if (memcmp(p + 6, xz_flags[i], 6) == 0)
            return true;
    }
    return p[0] != 0xfd && magic_of(p, len, NULL) != NULL;
}

/* The first of one kind behind the stub; 0: none. */
static size_t first_of(const struct embedded *e, const unsigned char *head, size_t len, bool script)
{
    size_t at = 1;

    while (at < len) {
        const unsigned char *const p = memmem(head + at, len - at, e->bytes, e->len);

        if (p == NULL)
            return 0;
        at = (size_t)(p - head);
        if ((!script || p[-1] == '\n') && header_follows(p, len - at))
            return at;
        at++;
    }
    return 0;
}

static const char *find_behind_stub(const unsigned char *head, size_t len, uint64_t *ret_at)
{
    const struct stub *const stub = stub_of(head, len);
    const char *name = NULL;

    for (size_t i = 0; stub != NULL && i < VB_ARRAY_LEN(embeddeds); i++) {
        const size_t at = stub->script || embeddeds[i].in_programs
                              ? first_of(&embeddeds[i], head, len, stub->script)
                              : 0;

        if (at != 0 && (name == NULL || at < *ret_at)) {
            name = embeddeds[i].name;
            *ret_at = at;
        }
    }
    return name;
}

/* True if an end record of a zip stands in TAIL and the directory that it tells of before it. */
static bool ends_as_zip(int fd, uint64_t size, const unsigned char *tail, size_t len)
{
    const uint64_t base = size - len;

    for (size_t i = len - END_BYTES + 1; i-- > 0;) {
        const unsigned char *const p = tail + i;
        unsigned char magic[4];
        uint64_t directory;

        if (p[0] != 'P' || memcmp(p, "PK\x05\x06", 4) != 0)
            continue;
        directory = le32(p + 12);
        if (directory == UINT32_MAX)
            return true; /* zip64: its own reader will see */
        if (directory >= CENTRAL_BYTES && directory <= base + i &&
            pread_all(fd, magic, 4, base + i - directory) == 4 &&
            memcmp(magic, "PK\x01\x02", 4) == 0)
            return true;
    }
    return false;
}

/* By its last byte, which is rare in text: memmem takes many times as long, and what is full of
 * that byte is left to it. */
static bool has_end_record(const unsigned char *tail, size_t len)
{
    static const char record[] = "PK\x05\x06";
    enum { LAST = 3, HITS = 1000 };
    size_t at = LAST;

    for (int i = 0; i < HITS && at < len; i++) {
        const unsigned char *const p = memchr(tail + at, record[LAST], len - at);

        if (p == NULL)
            return false;
        if (memcmp(p - LAST, record, LAST) == 0)
            return true;
        at = (size_t)(p - tail) + 1;
    }
    return at < len && memmem(tail + at - LAST, len - at + LAST, record, LAST + 1) != NULL;
}

static bool find_zip(int fd, uint64_t size, unsigned char *buffer)
{
    const size_t len = size < TAIL_BYTES ? (size_t)size : (size_t)TAIL_BYTES;

    if (size < END_BYTES + CENTRAL_BYTES || pread_all(fd, buffer, len, size - len) != (ssize_t)len)
        return false;
    return has_end_record(buffer, len) && ends_as_zip(fd, size, buffer, len);
}

const char *carve_find(int fd, uint64_t size, uint64_t *ret_at)
{
    VB_CLEANUP_FREE unsigned char *buffer = malloc(TAIL_BYTES);
    VB_CLEANUP_FREE unsigned char *head = NULL;
    ssize_t len;

    *ret_at = 0;
    if (buffer == NULL)
        return NULL;
    if (find_zip(fd, size, buffer))
        return "zip";
    len = pread_all(fd, buffer, 4, 0);
    if (len < 4 || stub_of(buffer, (size_t)len) == NULL)
        return NULL;
    head = malloc(HEAD_BYTES);
    len = head != NULL ? pread_all(fd, head, HEAD_BYTES, 0) : -1;
    return len > 0 ? find_behind_stub(head, (size_t)len, ret_at) : NULL;
}

bool carve_finds_nothing(const unsigned char *data, size_t len)
{
    const size_t tail = len < TAIL_BYTES ? len : (size_t)TAIL_BYTES;

    return stub_of(data, len) == NULL && !has_end_record(data + (len - tail), tail);
}

uint64_t carve_tar(int fd, uint64_t size)
{
    VB_CLEANUP_FREE unsigned char *head = malloc(HEAD_BYTES);
    const ssize_t len = head != NULL && size > BLOCK ? pread_all(fd, head, HEAD_BYTES, 0) : 0;

    for (ssize_t at = BLOCK; at + BLOCK <= len; at += BLOCK) {
        if (head[at] != 0 && magic_is_tar(head + at, BLOCK))
            return (uint64_t)at;
    }
    return 0;
}
