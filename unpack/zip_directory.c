/* Our own look at a zip's central directory (PKWARE APPNOTE 4.3). Libarchive reads the entries;
 * this finds what it hides: the raw bytes of names, local headers that disagree with the directory,
 * entries that overlap, bytes before, between and after. Two readers of such a file see two
 * different packages. */
#include "unpack/internal.h"

enum {
    END_SIZE = 22,
    END64_SIZE = 56,
    LOCATOR_SIZE = 20,
    CENTRAL_SIZE = 46,
    LOCAL_SIZE = 30,
    /* the comment, and the signature block of an MCP bundle */
    TAIL_MAX = 65535 + END_SIZE + 1024 * 1024,
    DIRECTORY_MAX = 64 * 1024 * 1024
};

static uint16_t le16(const unsigned char *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const unsigned char *p)
{
    return (uint32_t)le16(p) | (uint32_t)le16(p + 2) << 16;
}

static uint64_t le64(const unsigned char *p)
{
    return (uint64_t)le32(p) | (uint64_t)le32(p + 4) << 32;
}

/* Where the directory stands, by one end record. */
struct end_record {
    uint64_t at;
    uint64_t count;
    uint64_t size;
    uint64_t offset; /* as written */
    uint64_t start;  /* in the artifact */
    uint64_t after;  /* end of the record and its comment */
    bool odd;        /* its comment is longer than the file */
};

/* Zip64 keeps the true numbers in a second record; the locator before the end record points at it.
 * Returns false if there is none. */
static bool read_end64(struct unpack *u, uint64_t at, struct end_record *end)
{
    unsigned char locator[LOCATOR_SIZE];
    unsigned char record[END64_SIZE];
    uint64_t where;

    if (at < LOCATOR_SIZE || read_at(u, locator, sizeof(locator), at - LOCATOR_SIZE) != 0 ||
        memcmp(locator, "PK\x06\x07", 4) != 0)
        return false;
    where = le64(locator + 8);
    if (where > at || at - where < END64_SIZE || read_at(u, record, sizeof(record), where) != 0 ||
        memcmp(record, "PK\x06\x06", 4) != 0)
        return false;
    end->count = le64(record + 32);
    end->size = le64(record + 40);
    end->offset = le64(record + 48);
    end->start = end->offset;
    return end->size <= where && end->offset <= where - end->size;
}

/* The numbers of the end record itself; false if they cannot be. */
static bool read_end32(const unsigned char *p, struct end_record *end)
{
    end->count = le16(p + 10);
    end->size = le32(p + 12);
    end->offset = le32(p + 16);
    if (le16(p + 4) != 0 || le16(p + 6) != 0 || le16(p + 8) != end->count || end->size > end->at ||
        end->offset > end->at - end->size)
        return false;
    end->start = end->at - end->size;
    return true;
}

/* True if the bytes at AT, an end record's magic, are an end record with a directory before it. */
static bool read_end(struct unpack *u, const unsigned char *p, uint64_t at, struct end_record *end)
{
    unsigned char magic[4];

    *end = (struct end_record){.at = at, .after = at + END_SIZE + le16(p + 20)};
    if (end->after > u->size) {
        /* Some readers take the record all the same, others go on searching. */
        end->odd = true;
        end->after = u->size;
    }
    if (!read_end64(u, at, end) && !read_end32(p, end))
        return false;
    if (end->size == 0)
        return end->count == 0;
    return read_at(u, magic, 4, end->start) == 0 && memcmp(magic, "PK\x01\x02", 4) == 0;
}

/* The last end record wins, as for most readers. A second one that would do as well makes the
 * archive ambiguous, unless the artifact holds an archive stored before it. */
static int find_end(struct unpack *u, struct end_record *ret, bool *ret_found, bool *ret_ambiguous)
{
    const size_t tail = u->size < TAIL_MAX ? (size_t)u->size : (size_t)TAIL_MAX;
    VB_CLEANUP_FREE unsigned char *bytes = malloc(tail + 1);
    const uint64_t base = u->size - tail;

    if (bytes == NULL)
        return vb_fail(u->err, VB_E_NOMEM, 0, "no memory to read %s", u->name);
    if (tail < END_SIZE || read_at(u, bytes, tail, base) != 0)
        return u->status;
    for (size_t i = tail - END_SIZE + 1; i-- > 0;) {
        struct end_record end;

        if (bytes[i] != 'P' || memcmp(bytes + i, "PK\x05\x06", 4) != 0)
            continue;
        if (!limits_in_time(u) || u->status != 0)
            break;
        if (!read_end(u, bytes + i, base + i, &end))
            continue;
        if (!*ret_found) {
            *ret = end;
            *ret_found = true;
            *ret_ambiguous = end.odd;
        } else if (!end.odd && end.after > ret->at) {
            /* The record found lies within the comment of this one. */
            *ret_ambiguous = true;
            break;
        }
        if (base + i < ret->start)
            break;
    }
    return u->status;
}

/* Finds the extra field ID; NULL if there is none. *ret_len is the length of its data. */
static const unsigned char *find_extra(const unsigned char *extra, size_t len, uint16_t id,
                                       size_t *ret_len)
{
    while (len >= 4) {
        const size_t size = le16(extra + 2);

        if (size > len - 4)
            return NULL;
        if (le16(extra) == id) {
            *ret_len = size;
            return extra + 4;
        }
        extra += 4 + size;
        len -= 4 + size;
    }
    return NULL;
}

/* The zip64 extra field gives the numbers that do not fit: uncompressed size, compressed size and
 * offset, in this order, each only if the record has none. */
static void read_zip64_extra(const unsigned char *extra, size_t len, const unsigned char *central,
                             struct zip_entry *entry)
{
    size_t size = 0;
    const unsigned char *const field = find_extra(extra, len, 1, &size);
    size_t at = le32(central + 24) == UINT32_MAX ? 8 : 0;

    if (field == NULL)
        return;
    if (le32(central + 20) == UINT32_MAX && at + 8 <= size) {
        entry->compressed = le64(field + at);
        at += 8;
    }
    if (le32(central + 42) == UINT32_MAX && at + 8 <= size)
        entry->offset = le64(field + at);
}

/* An Info-ZIP Unicode path (0x7075) that differs from the name gives the entry two names. */
static bool has_second_name(const unsigned char *extra, size_t len, const unsigned char *name,
                            size_t name_len)
{
    size_t size = 0;
    const unsigned char *const field = find_extra(extra, len, 0x7075, &size);

    return field != NULL && size > 5 &&
           (size - 5 != name_len || memcmp(field + 5, name, name_len) != 0);
}

/* Compares the local header of ENTRY with the directory's record and finds the places of its name
 * and data; BUFFER holds 128 KiB. */
static void check_local(struct unpack *u, struct zip_entry *entry, const unsigned char *central,
                        unsigned char *buffer)
{
    unsigned char local[LOCAL_SIZE];
    size_t name_len;
    size_t extra_len;

    if (entry->offset > u->size || read_at(u, local, LOCAL_SIZE, entry->offset) != 0 ||
        memcmp(local, "PK\x03\x04", 4) != 0) {
        entry->code = "header-missing";
        return;
    }
    name_len = le16(local + 26);
    extra_len = le16(local + 28);
    entry->name_at = entry->offset + LOCAL_SIZE;
    entry->name_len = (uint16_t)name_len;
    if (read_at(u, buffer, name_len + extra_len, entry->name_at) != 0) {
        entry->code = "header-missing";
        return;
    }
    if (name_len != le16(central + 28) || memcmp(buffer, central + CENTRAL_SIZE, name_len) != 0 ||
        has_second_name(buffer + name_len, extra_len, buffer, name_len))
        entry->code = "ambiguous-name";
    else if (le16(local + 8) != le16(central + 10))
        entry->code = "ambiguous-method";
    entry->data_at = entry->name_at + name_len + extra_len;
}

static int by_offset(const void *a, const void *b)
{
    const struct zip_entry *const x = a;
    const struct zip_entry *const y = b;

    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Reads the records of the directory; entries with the same offset are told apart later. */
static int read_records(struct unpack *u, struct zip_directory *d, const struct end_record *end,
                        const struct vb_buf *raw)
{
    const uint64_t shift = end->start - end->offset; /* bytes put before the archive */
    VB_CLEANUP_FREE unsigned char *buffer = malloc(2 * 65536);
    size_t at = 0;

    d->entries = calloc(raw->len / CENTRAL_SIZE + 1, sizeof(*d->entries));
    if (d->entries == NULL || buffer == NULL)
        return vb_fail(u->err, VB_E_NOMEM, 0, "no memory to read %s", u->name);
    while (raw->len - at >= CENTRAL_SIZE && limits_in_time(u)) {
        const unsigned char *const p = raw->data + at;
        struct zip_entry *const entry = &d->entries[d->count];
        const size_t size = CENTRAL_SIZE + (size_t)le16(p + 28) + le16(p + 30) + le16(p + 32);

        if (memcmp(p, "PK\x01\x02", 4) != 0 || size > raw->len - at)
            break;
        entry->offset = le32(p + 42);
        entry->compressed = le32(p + 20);
        read_zip64_extra(p + CENTRAL_SIZE + le16(p + 28), le16(p + 30), p, entry);
        if (__builtin_add_overflow(entry->offset, shift, &entry->offset))
            entry->offset = UINT64_MAX;
        check_local(u, entry, p, buffer);
        if (u->status != 0)
            return u->status;
        d->count++;
        at += size;
    }
    d->ambiguous |= d->count != end->count || at != raw->len;
    return 0;
}

/* True if a local header that the directory does not know stands between END and NEXT, at once or
 * after one of the four forms of a data descriptor. */
static bool hides_entry(struct unpack *u, uint64_t end, uint64_t next)
{
    static const uint8_t descriptors[] = {0, 12, 16, 20, 24};
    unsigned char magic[4];

    for (size_t i = 0; i < VB_ARRAY_LEN(descriptors); i++) {
        const uint64_t at = end + descriptors[i];

        if (next - end >= descriptors[i] + (uint64_t)LOCAL_SIZE && read_at(u, magic, 4, at) == 0 &&
            memcmp(magic, "PK\x03\x04", 4) == 0)
            return true;
    }
    return false;
}

/* Sorts, drops repeated offsets (as libarchive does) and marks entries that share bytes. */
static void find_overlaps(struct unpack *u, struct zip_directory *d, uint64_t directory_start)
{
    size_t out = 0;

    if (d->count == 0)
        return;
    qsort(d->entries, d->count, sizeof(*d->entries), by_offset);
    for (size_t i = 1; i < d->count; i++) {
        if (d->entries[i].offset != d->entries[out].offset)
            d->entries[++out] = d->entries[i];
        else
            d->entries[out].code = "overlap";
    }
    d->count = out + 1;
    for (size_t i = 0; i < d->count; i++) {
        const uint64_t next = i + 1 < d->count ? d->entries[i + 1].offset : directory_start;
        uint64_t end;

        if (d->entries[i].data_at == 0)
            continue;
        if (__builtin_add_overflow(d->entries[i].data_at, d->entries[i].compressed, &end) ||
            end > next)
            d->entries[i].code = "overlap";
        else if (hides_entry(u, end, next))
            d->hidden = true;
    }
    d->prefix = d->entries[0].offset;
}

int zip_directory_read(struct unpack *u, struct zip_directory *ret)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf raw;
    struct end_record end = {0};
    int status;

    *ret = (struct zip_directory){0};
    vb_buf_init(&raw, DIRECTORY_MAX);
    status = find_end(u, &end, &ret->found, &ret->ambiguous);
    if (status != 0 || !ret->found)
        return status;
    if (end.count > u->limits->entries || end.size > DIRECTORY_MAX) {
        u->stop = "limit-entries";
        return 0;
    }
    status = vb_buf_reserve(&raw, (size_t)end.size + 1, u->err);
    if (status != 0)
        return status;
    if (end.size > 0 && read_at(u, raw.data, (size_t)end.size, end.start) != 0)
        return u->status;
    raw.len = (size_t)end.size;
    ret->end = end.at + END_SIZE;
    ret->trailing_at = end.after;
    ret->trailing = u->size - end.after;
    ret->prefix = end.start; /* find_overlaps knows better where there are entries */
    status = read_records(u, ret, &end, &raw);
    if (status == 0)
        find_overlaps(u, ret, end.start);
    return status != 0 ? status : u->status;
}

void zip_directory_done(struct zip_directory *directory)
{
    free(directory->entries);
    *directory = (struct zip_directory){0};
}

/* "MCPB_SIG_V1", the length of a CMS message, the message, "MCPB_SIG_END", and nothing else. */
bool zip_trailing_is_mcpb(struct unpack *u, const struct zip_directory *directory)
{
    unsigned char head[15];
    unsigned char tail[12];

    return directory->trailing >= sizeof(head) + sizeof(tail) &&
           read_at(u, head, sizeof(head), directory->trailing_at) == 0 &&
           memcmp(head, "MCPB_SIG_V1", 11) == 0 &&
           (uint64_t)le32(head + 11) + sizeof(head) + sizeof(tail) == directory->trailing &&
           read_at(u, tail, sizeof(tail), u->size - sizeof(tail)) == 0 &&
           memcmp(tail, "MCPB_SIG_END", 12) == 0;
}
