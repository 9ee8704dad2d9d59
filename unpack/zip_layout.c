/* How the entries lie in the file. In an honest zip each begins where the one before ends, the
 * first at the beginning and the directory behind the last; whatever else there is, some reader
 * reads. */
#include "unpack/zip_internal.h"

static int by_offset(const void *a, const void *b)
{
    const struct zip_entry *const x = a;
    const struct zip_entry *const y = b;

    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return x->record_at < y->record_at ? -1 : x->record_at > y->record_at;
}

static unsigned long long ull(uint64_t number)
{
    return (unsigned long long)number;
}

/* How small archives become big ones: the same bytes belong to several entries. */
static void report_overlap(struct zip_check *c, struct zip_entry *entry, uint64_t next)
{
    const struct zip_reading reading = zip_reading_of(entry);

    zip_add_reading(c, ZIP_BY_DIRECTORY, &reading);
    zip_report_entry(
        c, entry, ZIP_CODE_OVERLAP,
        "its %llu bytes at byte %llu reach over byte %llu, where something else begins",
        ull(entry->compressed), ull(entry->data_at), ull(next));
}

/* Sorts, and drops repeated offsets as libarchive does. */
static void sort(struct zip_check *c)
{
    struct zip_directory *const d = c->d;
    size_t out = 0;

    if (d->count < 2)
        return;
    qsort(d->entries, d->count, sizeof(*d->entries), by_offset);
    for (size_t i = 1; i < d->count; i++) {
        if (d->entries[i].offset != d->entries[out].offset)
            d->entries[++out] = d->entries[i];
        else if (d->entries[out].code == NULL)
            report_overlap(c, &d->entries[out], d->entries[out].offset);
    }
    d->count = out + 1;
}

/* Android puts its signatures between the last entry and the directory. */
static bool is_signing_block(struct zip_check *c, uint64_t from, uint64_t to)
{
    const unsigned char *const p = to - from >= 32 ? zip_view(c, to - 24, 24) : NULL;

    return p != NULL && memcmp(p + 8, "APK Sig Block 42", 16) == 0 && le64(p) == to - from - 8;
}

static void check_gap(struct zip_check *c, uint64_t from, uint64_t to)
{
    if (from >= to || (to == c->end.start && is_signing_block(c, from, to)) ||
        zip_forward_gap(c, from, to))
        return;
    zip_report(c, ZIP_CODE_GAP_DATA,
               "%llu bytes at byte %llu belong to no entry: readers from front to back stop there "
               "or read them",
               ull(to - from), ull(from));
}

/* ENTRY with its data descriptor; NEXT is where something else begins. */
static void check_extent(struct zip_check *c, struct zip_entry *entry, uint64_t next)
{
    uint64_t end;

    entry->end = next;
    if (__builtin_add_overflow(entry->data_at, entry->compressed, &end) || end > next) {
        report_overlap(c, entry, next);
        return;
    }
    entry->end = end;
    if ((entry->flags & ZIP_DESCRIPTOR) != 0) {
        const size_t len = zip_descriptor_len(c, entry, end, next);

        entry->end = end + len;
        if (len == 0)
            zip_report_entry(c, entry, ZIP_CODE_DESCRIPTOR,
                             "no data descriptor with the directory's numbers follows its data, "
                             "which readers from front to back go by");
    }
    if (entry->unsized)
        zip_forward_entry(c, entry);
}

/* A zip of a split archive that became one part begins with a marker (APPNOTE 8.5.4). */
static bool is_marker(struct zip_check *c, uint64_t len)
{
    return len == 4 && (zip_magic_at(c, 0, "PK00") || zip_magic_at(c, 0, "PK\x07\x08"));
}

static void check_prefix(struct zip_check *c)
{
    struct zip_directory *const d = c->d;

    if (is_marker(c, d->prefix))
        d->prefix = 0;
    if (d->prefix > 0)
        (void)zip_forward_gap(c, 0, d->prefix);
}

void zip_check_layout(struct zip_check *c)
{
    struct zip_directory *const d = c->d;

    sort(c);
    if (d->count > 0)
        d->prefix = d->entries[0].offset;
    for (size_t i = 0; i < d->count && c->u->status == 0 && limits_in_time(c->u); i++) {
        struct zip_entry *const entry = &d->entries[i];
        const uint64_t next = i + 1 < d->count ? entry[1].offset : c->end.start;

        check_extent(c, entry, next);
        check_gap(c, entry->end, next);
    }
    check_prefix(c);
}
