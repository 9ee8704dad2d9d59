/* The local header of an entry against what the directory says of it: readers that go from front to
 * back believe the one, readers that seek believe the other, and some take a bit of each. */
#include "unpack/zip_internal.h"

/* Bits that change how the data or the name is read. */
enum { READING_FLAGS = ZIP_ENCRYPTED | ZIP_DESCRIPTOR | ZIP_PATCH | ZIP_STRONG | ZIP_MASKED };

static unsigned long long ull(uint64_t number)
{
    return (unsigned long long)number;
}

static struct zip_reading local_reading(const struct zip_entry *entry,
                                        const struct zip_header *local)
{
    struct zip_reading reading = zip_reading_of(entry);

    reading.method = local->method;
    reading.flags = local->flags;
    if (!entry->unsized) {
        reading.compressed = local->compressed;
        reading.crc = local->crc;
    }
    return reading;
}

static void add_both(struct zip_check *c, const struct zip_entry *entry,
                     const struct zip_header *local, const struct zip_header *record)
{
    struct zip_reading reading = local_reading(entry, local);

    zip_add_reading(c, ZIP_BY_LOCAL_HEADER, &reading);
    reading = zip_reading_of(entry);
    reading.flags = record->flags;
    reading.name_at = entry->record_at + ZIP_CENTRAL_SIZE;
    reading.name_len = record->name_len;
    zip_add_reading(c, ZIP_BY_DIRECTORY, &reading);
}

/* --- names --- */

/* The next byte of a name that every character set writes the same way; -1 at the end. Writers put
 * '?', '_' or "#U" with hexadecimal digits where a letter has no byte. */
static int next_plain(const unsigned char *name, size_t len, size_t *at)
{
    while (*at < len) {
        const unsigned char b = name[*at];

        if (b == '#' && len - *at >= 6 && (name[*at + 1] == 'U' || name[*at + 1] == 'L')) {
            *at += name[*at + 1] == 'U' ? 6 : 8;
            *at = *at < len ? *at : len;
            continue;
        }
        ++*at;
        if (b < 0x80 && b != '?' && b != '_')
            return b;
    }
    return -1;
}

/* True if OTHER is NAME in UTF-8: they differ in letters that NAME's character set lacks. */
static bool is_same_in_unicode(const struct zip_header *h, const unsigned char *other, size_t len)
{
    size_t i = 0;
    size_t j = 0;
    int a;
    int b;

    if (len == h->name_len && memcmp(other, h->name, len) == 0)
        return true;
    if (zip_name_is_ascii(other, len))
        return false;
    do {
        a = next_plain(h->name, h->name_len, &i);
        b = next_plain(other, len, &j);
    } while (a == b && a >= 0);
    return a == b;
}

/* BYTES_AT is where H's name stands in the artifact. */
static void check_unicode(struct zip_check *c, struct zip_entry *entry, const struct zip_header *h,
                          uint64_t bytes_at)
{
    struct zip_reading reading = zip_reading_of(entry);
    size_t len = 0;
    const unsigned char *const name = zip_unicode_name(h, &len);

    if (name == NULL || is_same_in_unicode(h, name, len))
        return;
    reading.name_at = bytes_at + (uint64_t)(name - h->name);
    reading.name_len = (uint16_t)len;
    zip_add_reading(c, ZIP_UNICODE_NAME, &reading);
    if (entry->code != NULL) /* its other header says the same */
        return;
    reading = zip_reading_of(entry);
    zip_add_reading(c, ZIP_BY_LOCAL_HEADER, &reading);
    zip_report_names(c, entry, ZIP_CODE_UNICODE_NAME, (struct vb_str){(const char *)name, len},
                     "one name by its header, the other by its Unicode path field");
}

static bool check_names(struct zip_check *c, struct zip_entry *entry,
                        const struct zip_header *local, const struct zip_header *record)
{
    const bool same = local->name_len == record->name_len &&
                      memcmp(local->name, record->name, local->name_len) == 0;

    if (same)
        return true;
    add_both(c, entry, local, record);
    zip_report_names(c, entry, ZIP_CODE_NAME,
                     (struct vb_str){(const char *)record->name, record->name_len},
                     "one name by its local header, the other by the directory");
    return false;
}

/* --- numbers --- */

/* Zero stands for "see the data descriptor" if there is one. */
static bool differs(uint64_t local, uint64_t record, const struct zip_header *header)
{
    return local != record && ((header->flags & ZIP_DESCRIPTOR) == 0 || local != 0);
}

static void check_sizes(struct zip_check *c, struct zip_entry *entry,
                        const struct zip_header *local, const struct zip_header *record)
{
    if (local->short64 && (local->flags & ZIP_DESCRIPTOR) == 0)
        zip_report_entry(c, entry, ZIP_CODE_ZIP64,
                         "its local header leaves a number to a zip64 field that does not have it");
    if (local->other64 && (local->flags & ZIP_DESCRIPTOR) == 0)
        zip_report_entry(c, entry, ZIP_CODE_ZIP64,
                         "its local header says %llu bytes, %llu compressed; a zip64 field that "
                         "nothing asks for says otherwise",
                         ull(local->size), ull(local->compressed));
    if (differs(local->compressed, record->compressed, local) ||
        differs(local->size, record->size, local)) {
        add_both(c, entry, local, record);
        zip_report_entry(c, entry, ZIP_CODE_SIZE,
                         "%llu bytes, %llu compressed, by its local header; %llu, %llu compressed, "
                         "by the directory",
                         ull(local->size), ull(local->compressed), ull(record->size),
                         ull(record->compressed));
    }
    if (differs(local->crc, record->crc, local))
        zip_report_entry(c, entry, ZIP_CODE_CRC,
                         "CRC %08lx by its local header, %08lx by the directory",
                         (unsigned long)local->crc, (unsigned long)record->crc);
}

static void check_flags(struct zip_check *c, struct zip_entry *entry,
                        const struct zip_header *local, const struct zip_header *record)
{
    const unsigned differ = (unsigned)(local->flags ^ record->flags);

    if ((differ & READING_FLAGS) != 0) {
        const struct zip_reading reading = local_reading(entry, local);

        zip_add_reading(c, ZIP_BY_LOCAL_HEADER, &reading);
        zip_report_entry(c, entry, ZIP_CODE_FLAGS,
                         "flags %04x by its local header, %04x by the directory", local->flags,
                         record->flags);
    }
    if ((differ & ZIP_UTF8) != 0 && !zip_name_is_ascii(record->name, record->name_len))
        zip_report_entry(c, entry, ZIP_CODE_ENCODING, "its name is UTF-8 by the %s only",
                         (local->flags & ZIP_UTF8) != 0 ? "local header" : "directory");
}

static void check_method(struct zip_check *c, struct zip_entry *entry,
                         const struct zip_header *local, const struct zip_header *record)
{
    if (local->method == record->method)
        return;
    add_both(c, entry, local, record);
    zip_report_entry(c, entry, ZIP_CODE_METHOD,
                     "method %u by its local header, %u by the directory", local->method,
                     record->method);
}

static void check_extras(struct zip_check *c, struct zip_entry *entry,
                         const struct zip_header *local)
{
    const struct zip_extras *const extras = &local->extras;

    if (extras->torn)
        zip_report_entry(c, entry, ZIP_CODE_EXTRA,
                         "its local header's extra fields do not fill their %u bytes: some readers "
                         "refuse the zip, others read on",
                         local->extra_len);
    if (extras->zip64.twice || extras->unicode_name.twice || extras->aes.twice)
        zip_report_entry(c, entry, ZIP_CODE_EXTRA,
                         "an extra field stands twice in its local header: the first or the last "
                         "one counts");
}

static const unsigned char *find_local(struct zip_check *c, uint64_t at)
{
    const unsigned char *p = zip_view(c, at, ZIP_LOCAL_SIZE);

    if (p == NULL || memcmp(p, "PK\x03\x04", 4) != 0)
        return NULL;
    return zip_view(c, at, ZIP_LOCAL_SIZE + (size_t)le16(p + 26) + le16(p + 28));
}

/* A header whose name is the entry's, but not its magic: some readers do not look at that. */
static void read_unmarked(struct zip_check *c, const struct zip_entry *entry,
                          const struct zip_header *record)
{
    const unsigned char *p = zip_view(c, entry->offset, ZIP_LOCAL_SIZE + (size_t)record->name_len);
    struct zip_reading reading = zip_reading_of(entry);

    if (p == NULL || le16(p + 26) != record->name_len ||
        memcmp(p + ZIP_LOCAL_SIZE, record->name, record->name_len) != 0)
        return;
    reading.name_at = entry->offset + ZIP_LOCAL_SIZE;
    reading.name_len = record->name_len;
    reading.data_at = reading.name_at + reading.name_len + le16(p + 28);
    zip_add_reading(c, ZIP_BY_DIRECTORY, &reading);
}

/* Some readers add what was put before the archive to the offsets, some do not. */
static void check_missing(struct zip_check *c, struct zip_entry *entry,
                          const struct zip_header *record)
{
    const unsigned char *p = c->shift != 0 ? find_local(c, record->offset) : NULL;
    struct zip_reading reading = zip_reading_of(entry);

    zip_report_entry(c, entry, ZIP_CODE_HEADER_MISSING, "no local header at byte %llu%s",
                     ull(entry->offset),
                     p != NULL ? ", but where the directory says without what stands before" : "");
    read_unmarked(c, entry, record);
    p = c->shift != 0 ? find_local(c, record->offset) : NULL;
    if (p == NULL)
        return;
    reading.name_at = record->offset + ZIP_LOCAL_SIZE;
    reading.name_len = le16(p + 26);
    reading.data_at = reading.name_at + reading.name_len + le16(p + 28);
    zip_add_reading(c, ZIP_OTHER_END, &reading);
}

/* A local header whose data ends early may have another one behind it. */
static void check_behind(struct zip_check *c, const struct zip_entry *entry, uint64_t len)
{
    const uint64_t room = c->u->size - entry->data_at;
    const uint64_t most = entry->compressed < room ? entry->compressed : room;

    if (!entry->unsized && len < most && zip_magic_at(c, entry->data_at + len, "PK\x03\x04"))
        (void)zip_forward_gap(c, entry->data_at + len, entry->data_at + most);
}

void zip_check_local(struct zip_check *c, struct zip_entry *entry, const struct zip_header *record)
{
    const unsigned char *const p = find_local(c, entry->offset);
    struct zip_header local;

    if (p == NULL) {
        check_missing(c, entry, record);
        return;
    }
    zip_read_local(p, &local);
    entry->name_at = entry->offset + ZIP_LOCAL_SIZE;
    entry->name_len = local.name_len;
    entry->data_at = entry->name_at + local.name_len + local.extra_len;
    entry->flags = local.flags;
    entry->wide = local.extras.zip64.data != NULL;
    entry->unsized = (local.flags & ZIP_DESCRIPTOR) != 0 &&
                     (local.compressed == 0 || local.compressed == UINT32_MAX);
    if (entry->unsized && local.compressed == UINT32_MAX)
        local.compressed = local.size = 0;
    if (check_names(c, entry, &local, record)) {
        check_unicode(c, entry, record, entry->record_at + ZIP_CENTRAL_SIZE);
        check_unicode(c, entry, &local, entry->name_at);
    }
    check_method(c, entry, &local, record);
    check_flags(c, entry, &local, record);
    check_sizes(c, entry, &local, record);
    check_extras(c, entry, &local);
    check_behind(c, entry, local.compressed);
}
