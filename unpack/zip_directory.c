/* The central directory (APPNOTE 4.3.12), record by record, and the order of the checks. Libarchive
 * reads the entries; this finds what it hides. */
#include "unpack/zip_internal.h"

static void check_done(struct zip_check *c)
{
    free(c->window.data);
    free(c->names.data);
}

struct zip_reading zip_reading_of(const struct zip_entry *entry)
{
    return (struct zip_reading){
        .name_at = entry->name_at,
        .name_len = entry->name_len,
        .data_at = entry->data_at,
        .compressed = entry->compressed,
        .crc = entry->crc,
        .method = entry->method,
        .flags = entry->flags,
    };
}

/* One record at AT of the artifact, by the directory at END. */
static void set_entry(const struct zip_check *c, const struct zip_header *record, uint64_t at,
                      struct zip_entry *ret)
{
    *ret = (struct zip_entry){
        .offset = record->offset + c->shift, /* the shift may be "negative" */
        .compressed = record->compressed,
        .size = record->size,
        .crc = record->crc,
        .method = record->method,
        .record_at = at,
    };
}

/* A digital signature (APPNOTE 4.3.13) may end the directory. */
static bool is_signature(const unsigned char *p, size_t len)
{
    return len >= 6 && memcmp(p, "PK\x05\x05", 4) == 0 && len - 6 == le16(p + 4);
}

static void check_rest(struct zip_check *c, const struct vb_buf *raw, size_t at)
{
    const size_t count = c->d->count + c->d->missing_count;

    if (count != c->end.count)
        zip_report(c, ZIP_CODE_COUNT, "%llu entries by the end record, %zu in the directory",
                   (unsigned long long)c->end.count, count);
    if (at != raw->len && !is_signature(raw->data + at, raw->len - at))
        zip_report(c, ZIP_CODE_DIRECTORY,
                   "the directory's last %zu bytes are no record: some readers stop there, others "
                   "refuse or take the rest for an end record",
                   raw->len - at);
}

static void add_missing(struct zip_check *c, uint64_t record_at)
{
    struct zip_directory *const d = c->d;

    if (d->missing == NULL)
        d->missing = calloc(c->records_room, sizeof(*d->missing));
    if (d->missing == NULL)
        c->u->status = vb_fail(c->u->err, VB_E_NOMEM, 0, "no memory to read %s", c->u->name);
    else
        d->missing[d->missing_count++] = record_at;
}

/* Reads the records of the directory. */
static void read_records(struct zip_check *c, const struct vb_buf *raw)
{
    struct zip_directory *const d = c->d;
    struct zip_header record;
    uint64_t before = 0;
    bool ordered = true;
    size_t at = 0;
    size_t size = 0;

    while (c->u->status == 0 && limits_in_time(c->u) &&
           zip_read_record(raw->data + at, raw->len - at, &record, &size)) {
        struct zip_entry *const entry = &d->entries[d->count];

        if (d->count + d->missing_count == c->u->limits->entries) {
            c->u->stop = "limit-entries";
            return;
        }
        set_entry(c, &record, c->end.start + at, entry);
        zip_check_local(c, entry, &record);
        zip_check_record(c, entry, &record);
        ordered = ordered && before <= entry->offset;
        before = entry->offset;
        if (entry->data_at != 0)
            d->count++;
        else
            add_missing(c, entry->record_at);
        at += size;
    }
    check_rest(c, raw, at);
    if (!ordered)
        zip_report(c, ZIP_CODE_ORDER,
                   "the directory lists the entries in another order than that "
                   "in which they stand in the file");
}

/* --- directories that other readers take --- */

static bool is_listed(const struct zip_directory *d, const struct zip_entry *entry)
{
    size_t from = 0;
    size_t to = d->count;

    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        const struct zip_entry *const e = &d->entries[middle];

        if (e->offset == entry->offset)
            return e->crc == entry->crc && e->compressed == entry->compressed &&
                   e->method == entry->method;
        if (e->offset < entry->offset)
            from = middle + 1;
        else
            to = middle;
    }
    return false;
}

static void add_other(struct zip_check *c, const struct zip_header *record,
                      const struct zip_entry *entry)
{
    struct zip_reading reading = zip_reading_of(entry);
    const unsigned char *const p = zip_view(c, entry->offset, ZIP_LOCAL_SIZE);

    if (p == NULL || memcmp(p, "PK\x03\x04", 4) != 0)
        return;
    reading.name_at = entry->record_at + ZIP_CENTRAL_SIZE;
    reading.name_len = record->name_len;
    reading.flags = record->flags;
    reading.data_at = entry->offset + ZIP_LOCAL_SIZE + le16(p + 26) + le16(p + 28);
    zip_add_reading(c, ZIP_OTHER_END, &reading);
}

static void read_other(struct zip_check *c, const struct zip_end *other)
{
    const uint64_t shift = other->start - other->offset;
    uint64_t at = other->start;

    for (uint64_t i = 0; i < other->count && i < c->u->limits->entries; i++) {
        const unsigned char *p = zip_view(c, at, ZIP_CENTRAL_SIZE);
        struct zip_header record;
        struct zip_entry entry;
        size_t size;

        if (p == NULL || !limits_in_time(c->u))
            return;
        size = ZIP_CENTRAL_SIZE + (size_t)le16(p + 28) + le16(p + 30) + le16(p + 32);
        p = zip_view(c, at, size);
        if (p == NULL || !zip_read_record(p, size, &record, &size))
            return;
        set_entry(c, &record, at, &entry);
        entry.offset = record.offset + shift;
        if (!is_listed(c->d, &entry))
            add_other(c, &record, &entry);
        at += size;
    }
}

/* --- all of it --- */

static int load(struct zip_check *c, struct vb_buf *raw)
{
    struct unpack *const u = c->u;
    const size_t len = (size_t)(c->end.limit - c->end.start);
    const size_t most = len / ZIP_CENTRAL_SIZE;
    const int status = vb_buf_reserve(raw, len + 1, u->err);

    if (status != 0)
        return status;
    if (len > 0 && read_at(u, raw->data, len, c->end.start) != 0)
        return u->status;
    raw->len = len;
    c->records_room = (most < u->limits->entries ? most : u->limits->entries) + 1;
    c->d->entries = calloc(c->records_room, sizeof(*c->d->entries));
    if (c->d->entries == NULL)
        return vb_fail(u->err, VB_E_NOMEM, 0, "no memory to read %s", u->name);
    return 0;
}

static void set_extent(struct zip_check *c)
{
    struct zip_directory *const d = c->d;

    d->end = c->end.at + ZIP_END_SIZE;
    d->trailing_at = c->end.after;
    /* Writers to a tape or a pipe fill the last block with zeros. */
    d->trailing = zip_all_zero(c, c->end.after, c->u->size) ? 0 : c->u->size - c->end.after;
    d->prefix = c->end.start; /* zip_check_layout knows better where there are entries */
    c->shift = c->end.start - c->end.offset;
}

static int check(struct zip_check *c)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf raw;
    int status;

    vb_buf_init(&raw, ZIP_DIRECTORY_MAX + 1);
    status = zip_find_end(c);
    if (status != 0 || !c->d->found)
        return status;
    if (c->end.count > c->u->limits->entries || c->end.limit - c->end.start > ZIP_DIRECTORY_MAX) {
        c->u->stop = "limit-entries";
        return 0;
    }
    set_extent(c);
    zip_check_end(c);
    status = load(c, &raw);
    if (status != 0 || c->u->status != 0)
        return status != 0 ? status : c->u->status;
    read_records(c, &raw);
    zip_check_layout(c);
    for (size_t i = 0; i < c->other_count; i++)
        read_other(c, &c->others[i]);
    return c->u->status;
}

int zip_directory_read(struct unpack *u, struct zip_directory *ret)
{
    VB_CLEANUP(check_done) struct zip_check c = {.u = u, .d = ret};

    *ret = (struct zip_directory){0};
    return check(&c);
}

void zip_directory_done(struct zip_directory *directory)
{
    free(directory->entries);
    free(directory->missing);
    free(directory->readings);
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

void zip_hide_missing(const struct zip_directory *directory, unsigned char *data, size_t len,
                      uint64_t at)
{
    static const unsigned char last[4] = {0xfe, 0xff, 0xff, 0xff}; /* one more asks for zip64 */

    for (size_t i = 0; i < directory->missing_count; i++) {
        const uint64_t field = directory->missing[i] + ZIP_OFFSET_AT;

        for (size_t j = 0; j < sizeof(last); j++) {
            if (field + j >= at && field + j - at < len)
                data[field + j - at] = last[j];
        }
    }
}
