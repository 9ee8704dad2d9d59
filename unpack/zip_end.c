/* End records (APPNOTE 4.3.14 to 4.3.16). Readers look for them from the end, some from the front,
 * some only where the comment ends with the file; where they disagree there are two archives. */
#include "unpack/zip_internal.h"

enum {
    END64_SIZE = 56,
    LOCATOR_SIZE = 20,
    COMMENT_MAX = 65535,
    /* the comment, and the signature block of an MCP bundle */
    TAIL_MAX = COMMENT_MAX + ZIP_END_SIZE + 1024 * 1024
};

static const unsigned char *locator_of(struct zip_check *c, uint64_t end_at)
{
    const unsigned char *const p =
        end_at >= LOCATOR_SIZE ? zip_view(c, end_at - LOCATOR_SIZE, LOCATOR_SIZE) : NULL;

    return p != NULL && memcmp(p, "PK\x06\x07", 4) == 0 ? p : NULL;
}

/* The zip64 record at AT; false if there is none before the end record. */
static bool read_end64(struct zip_check *c, uint64_t at, struct zip_end *end)
{
    const unsigned char *p;

    if (at > end->at || end->at - at < END64_SIZE + LOCATOR_SIZE)
        return false;
    p = zip_view(c, at, END64_SIZE);
    if (p == NULL || memcmp(p, "PK\x06\x06", 4) != 0)
        return false;
    end->wide = true;
    end->strict = le32(p + 16) == 0 && le32(p + 20) == 0;
    end->count = le64(p + 32);
    end->strict = end->strict && le64(p + 24) == end->count;
    end->size = le64(p + 40);
    end->offset = le64(p + 48);
    end->limit = at;
    return true;
}

/* Zip64 keeps the true numbers in a second record; the locator before the end record points at it,
 * or misses it by what was put before the archive. */
static bool find_end64(struct zip_check *c, struct zip_end *end)
{
    const unsigned char *const locator = locator_of(c, end->at);

    if (locator == NULL)
        return false;
    return read_end64(c, le64(locator + 8), end) ||
           (end->at >= END64_SIZE + LOCATOR_SIZE &&
            read_end64(c, end->at - END64_SIZE - LOCATOR_SIZE, end));
}

/* Most readers count back from the end record; if no directory stands there, forward. */
static bool place_directory(struct zip_check *c, struct zip_end *end)
{
    if (end->size == 0) {
        end->start = end->limit;
        return end->count == 0;
    }
    if (end->size <= end->limit && zip_magic_at(c, end->limit - end->size, "PK\x01\x02")) {
        end->start = end->limit - end->size;
        return true;
    }
    end->start = end->offset;
    return end->offset < end->limit && zip_magic_at(c, end->offset, "PK\x01\x02");
}

/* True if the bytes at AT are an end record with a directory before it. */
static bool read_end(struct zip_check *c, uint64_t at, struct zip_end *end)
{
    const unsigned char *p = zip_view(c, at, ZIP_END_SIZE);

    if (p == NULL || memcmp(p, "PK\x05\x06", 4) != 0)
        return false;
    *end = (struct zip_end){.at = at, .limit = at, .comment_len = le16(p + 20)};
    end->after = at + ZIP_END_SIZE + end->comment_len;
    if (end->after > c->u->size) {
        /* Some readers take the record all the same, others go on searching. */
        end->torn = true;
        end->after = c->u->size;
    }
    if (find_end64(c, end) && place_directory(c, end))
        return true;
    p = zip_view(c, at, ZIP_END_SIZE);
    if (p == NULL)
        return false;
    end->wide = false;
    end->limit = at;
    end->count = le16(p + 10);
    end->size = le32(p + 12);
    end->offset = le32(p + 16);
    end->strict = le32(p + 4) == 0 && le16(p + 8) == end->count;
    return place_directory(c, end);
}

/* End records of which each leads to a directory, the last one in the file first. */
struct candidates {
    struct zip_end ends[ZIP_ENDS_MAX];
    size_t count;
    size_t chosen;    /* the last one that nobody refuses; if there is none, the last one */
    uint64_t useless; /* where the last one stands that leads nowhere */
};

/* Looks at the end record at AT. Those before the chosen one count if it lies in their comment:
 * else they belong to archives that are stored in this one, or before it. */
static void try_end(struct zip_check *c, uint64_t at, struct candidates *ret)
{
    struct zip_end *const end = &ret->ends[ret->count];
    const struct zip_end *const chosen = &ret->ends[ret->chosen];

    if (!read_end(c, at, end)) {
        if (ret->useless == 0)
            ret->useless = at;
    } else if (ret->count == 0 || !chosen->strict) {
        ret->chosen = end->strict ? ret->count : 0;
        ret->count++;
    } else if (end->after > chosen->at) {
        ret->count++;
    }
}

/* Collects the end records of the last TAIL bytes. */
static int scan_tail(struct zip_check *c, uint64_t tail, struct candidates *ret)
{
    struct unpack *const u = c->u;
    const uint64_t base = u->size - tail;
    VB_CLEANUP_FREE unsigned char *bytes = malloc((size_t)tail);
    const unsigned char *p;
    size_t len;

    *ret = (struct candidates){0};
    if (bytes == NULL)
        return vb_fail(u->err, VB_E_NOMEM, 0, "no memory to read %s", u->name);
    if (read_at(u, bytes, (size_t)tail, base) != 0)
        return u->status;
    len = (size_t)tail - ZIP_END_SIZE + 1;
    while (ret->count < ZIP_ENDS_MAX && (p = memrchr(bytes, 'P', len)) != NULL) {
        len = (size_t)(p - bytes);
        if (u->status != 0 || !limits_in_time(u))
            break;
        if (memcmp(p, "PK\x05\x06", 4) == 0)
            try_end(c, base + len, ret);
    }
    return u->status;
}

static void keep_others(struct zip_check *c, const struct candidates *found)
{
    for (size_t i = 0; i < found->count; i++) {
        if (i != found->chosen)
            c->others[c->other_count++] = found->ends[i];
    }
}

int zip_find_end(struct zip_check *c)
{
    const uint64_t near = COMMENT_MAX + ZIP_END_SIZE;
    struct candidates found = {0};
    int status = 0;

    if (c->u->size < ZIP_END_SIZE)
        return 0;
    for (uint64_t tail = near; found.count == 0; tail = TAIL_MAX) {
        status = scan_tail(c, c->u->size < tail ? c->u->size : tail, &found);
        if (status != 0 || tail == TAIL_MAX || c->u->size <= tail)
            break;
    }
    if (status != 0 || found.count == 0)
        return status;
    c->d->found = true;
    c->end = found.ends[found.chosen];
    keep_others(c, &found);
    if (found.useless > c->end.at && found.useless < c->end.after)
        c->useless_end = found.useless;
    return 0;
}

/* --- what the record found says against itself --- */

static unsigned long long ull(uint64_t number)
{
    return (unsigned long long)number;
}

static void check_disks(struct zip_check *c)
{
    const unsigned char *const locator = locator_of(c, c->end.at);
    uint32_t disks[4] = {0};
    const unsigned char *p;

    if (locator != NULL) {
        disks[0] = le32(locator + 4);
        disks[1] = le32(locator + 16) > 1 ? le32(locator + 16) : 0;
    }
    p = zip_view(c, c->end.at, ZIP_END_SIZE);
    if (p == NULL)
        return;
    for (size_t i = 0; i < 2; i++) {
        const uint32_t disk = le16(p + 4 + 2 * i);

        disks[2 + i] = c->end.wide && disk == UINT16_MAX ? 0 : disk;
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(disks); i++) {
        if (disks[i] != 0) {
            zip_report(c, ZIP_CODE_DISK,
                       "the end record names disk %lu: some readers refuse a part of a split zip, "
                       "others read on",
                       (unsigned long)disks[i]);
            return;
        }
    }
}

/* A number that the end record gives beside the zip64 record. */
static bool narrow_differs(uint64_t narrow, uint64_t none, uint64_t wide)
{
    return narrow != none && narrow != wide;
}

static void check_narrow(struct zip_check *c)
{
    const struct zip_end *const end = &c->end;
    const unsigned char *const p = zip_view(c, end->at, ZIP_END_SIZE);

    if (p == NULL)
        return;
    if (narrow_differs(le16(p + 10), UINT16_MAX, end->count) ||
        narrow_differs(le32(p + 12), UINT32_MAX, end->size) ||
        narrow_differs(le32(p + 16), UINT32_MAX, end->offset))
        zip_report(
            c, ZIP_CODE_ZIP64,
            "the zip64 record says %llu entries in %llu bytes at %llu, the end record %lu in "
            "%lu at %lu",
            ull(end->count), ull(end->size), ull(end->offset), (unsigned long)le16(p + 10),
            (unsigned long)le32(p + 12), (unsigned long)le32(p + 16));
}

/* The locator must point at the record, and the record must end where the locator begins: some
 * readers go by the one, some by the other. */
static void check_locator(struct zip_check *c, uint64_t where)
{
    const struct zip_end *const end = &c->end;
    const unsigned char *const p = zip_view(c, end->limit, END64_SIZE);

    if (p == NULL)
        return;
    if ((where != end->limit && where + c->shift != end->limit) ||
        le64(p + 4) != end->at - LOCATOR_SIZE - 12 - end->limit)
        zip_report(c, ZIP_CODE_ZIP64,
                   "the zip64 locator points at byte %llu; the record read stands at %llu and says "
                   "it has %llu bytes, %llu lie before the locator",
                   ull(where), ull(end->limit), ull(le64(p + 4) + 12),
                   ull(end->at - LOCATOR_SIZE - end->limit));
    else if (end->limit != end->at - LOCATOR_SIZE - END64_SIZE &&
             zip_magic_at(c, end->at - LOCATOR_SIZE - END64_SIZE, "PK"))
        zip_report(c, ZIP_CODE_ZIP64,
                   "a zip64 record stands at byte %llu, to which the locator points, and one right "
                   "before the locator",
                   ull(end->limit));
}

static void check_zip64(struct zip_check *c)
{
    const unsigned char *const locator = locator_of(c, c->end.at);
    const uint64_t where = locator != NULL ? le64(locator + 8) : 0;

    if (c->end.wide) {
        check_narrow(c);
        check_locator(c, where);
    } else if (locator != NULL) {
        zip_report(c, ZIP_CODE_ZIP64,
                   "the zip64 locator points at byte %llu, where no zip64 record leads to a "
                   "directory; readers without zip64 read on",
                   ull(where));
    } else if (c->end.size == UINT32_MAX || c->end.offset == UINT32_MAX) {
        zip_report(c, ZIP_CODE_ZIP64,
                   "the end record leaves its numbers to a zip64 record that "
                   "is not there");
    }
}

static void check_place(struct zip_check *c)
{
    const struct zip_end *const end = &c->end;
    const uint64_t counted = end->size <= end->limit ? end->limit - end->size : UINT64_MAX;

    if (end->start != counted) {
        zip_report(c, ZIP_CODE_DIRECTORY,
                   "the directory of %llu bytes would begin at byte %llu, counted from its end; it "
                   "does at %llu, counted from the front",
                   ull(end->size), ull(counted), ull(end->start));
    } else if (end->offset != end->start && zip_magic_at(c, end->offset, "PK")) {
        zip_report(
            c, ZIP_CODE_DIRECTORY,
            "one directory stands at byte %llu, counted from the front, one at %llu, counted "
            "from its end",
            ull(end->offset), ull(end->start));
        if (c->other_count < ZIP_ENDS_MAX) {
            c->others[c->other_count] = *end;
            c->others[c->other_count++].start = end->offset;
        }
    }
}

static void check_others(struct zip_check *c)
{
    const struct zip_end *const end = &c->end;

    for (size_t i = 0; i < c->other_count; i++)
        zip_report(c, ZIP_CODE_END,
                   "the end record at byte %llu lists %llu entries, the one at %llu lists %llu; "
                   "readers take the one or the other",
                   ull(end->at), ull(end->count), ull(c->others[i].at), ull(c->others[i].count));
    if (c->useless_end != 0)
        zip_report(c, ZIP_CODE_END,
                   "readers that take the last end record, at byte %llu in the comment, find no "
                   "directory; others take the one at %llu",
                   ull(c->useless_end), ull(end->at));
}

void zip_check_end(struct zip_check *c)
{
    const unsigned char *p;

    check_others(c);
    check_disks(c);
    check_zip64(c);
    check_place(c);
    if (c->end.torn)
        zip_report(c, ZIP_CODE_COMMENT,
                   "the comment of %u bytes would pass the end of the file: some readers look for "
                   "another end record, others do not",
                   c->end.comment_len);
    p = zip_view(c, c->end.at, ZIP_END_SIZE);
    if (p != NULL && le16(p + 8) != le16(p + 10))
        zip_report(c, ZIP_CODE_COUNT, "the end record says %u entries on this disk and %u in all",
                   le16(p + 8), le16(p + 10));
}
