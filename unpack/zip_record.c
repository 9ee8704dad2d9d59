/* What one record of the directory says, taken alone: names that some readers change, attributes
 * that contradict the name, fields that some readers cannot parse. */
#include <sys/stat.h>

#include "unpack/zip_internal.h"

enum { DOS_DIRECTORY = 0x10 };

enum host { /* APPNOTE 4.4.2.2: whose attributes the upper half of made_by names */
            HOST_UNIX = 3,
            HOST_MACOS = 19
};

static bool has_slash(const struct zip_header *record)
{
    return record->name_len > 0 && record->name[record->name_len - 1] == '/';
}

/* Readers go by the trailing slash, by the host's attributes, or by both. */
static void check_type(struct zip_check *c, struct zip_entry *entry,
                       const struct zip_header *record)
{
    const unsigned host = record->made_by >> 8;
    const bool has_mode = host == HOST_UNIX || host == HOST_MACOS;
    const unsigned type = record->attributes >> 16 & S_IFMT;
    const bool folder = (has_mode && type == S_IFDIR) ||
                        ((record->attributes & DOS_DIRECTORY) != 0 && (type == 0 || !has_mode));
    const bool special = type == S_IFLNK || type == S_IFCHR || type == S_IFBLK || type == S_IFSOCK;

    if (!has_slash(record) && folder)
        zip_report_entry(c, entry, ZIP_CODE_TYPE,
                         "a folder by its attributes, a file by its name without a slash");
    else if (has_slash(record) && record->size > 0)
        zip_report_entry(c, entry, ZIP_CODE_TYPE,
                         "a folder by its name, with %llu bytes of data as a file has",
                         (unsigned long long)record->size);
    else if (has_slash(record) && special)
        zip_report_entry(c, entry, ZIP_CODE_TYPE, "a folder by its name, none by its mode %06o",
                         record->attributes >> 16);
    else if (special && !has_mode)
        zip_report_entry(c, entry, ZIP_CODE_TYPE,
                         "mode %06o counts only for readers that do not look at the host, %u",
                         record->attributes >> 16, host);
}

/* A name that some readers take to end at the NUL, and others take whole or refuse. */
static void check_nul(struct zip_check *c, struct zip_entry *entry, const struct zip_header *record)
{
    const unsigned char *const nul = memchr(record->name, '\0', record->name_len);
    struct zip_reading reading = zip_reading_of(entry);

    if (nul == NULL)
        return;
    reading.name_at = entry->record_at + ZIP_CENTRAL_SIZE;
    reading.name_len = (uint16_t)(nul - record->name);
    zip_add_reading(c, ZIP_NUL_NAME, &reading);
    zip_report_names(c, entry, ZIP_CODE_NUL_NAME,
                     (struct vb_str){(const char *)record->name, reading.name_len},
                     "some readers end the name at its NUL, others read all of it");
}

static void check_extras(struct zip_check *c, struct zip_entry *entry,
                         const struct zip_header *record)
{
    const struct zip_extras *const extras = &record->extras;

    if (extras->torn)
        zip_report_entry(c, entry, ZIP_CODE_EXTRA,
                         "the directory's extra fields do not fill their %u bytes: some readers "
                         "refuse the zip, others read on",
                         record->extra_len);
    if (extras->zip64.twice || extras->unicode_name.twice || extras->aes.twice)
        zip_report_entry(c, entry, ZIP_CODE_EXTRA,
                         "an extra field stands twice: the first or the last one counts");
    if (record->short64)
        zip_report_entry(c, entry, ZIP_CODE_ZIP64,
                         "the directory leaves a number to a zip64 field that does not have it: "
                         "some readers take 4294967295, others refuse");
    if (record->other64)
        zip_report_entry(c, entry, ZIP_CODE_ZIP64,
                         "the directory says %llu bytes, %llu compressed; a zip64 field that "
                         "nothing asks for says otherwise",
                         (unsigned long long)record->size, (unsigned long long)record->compressed);
    if (record->disk != 0 && record->disk != UINT16_MAX)
        zip_report_entry(c, entry, ZIP_CODE_DISK,
                         "on disk %u by the directory, in this file for readers that do not look",
                         record->disk);
}

static void check_encryption(struct zip_check *c, struct zip_entry *entry,
                             const struct zip_header *record)
{
    const bool aes = record->extras.aes.data != NULL;

    if ((record->flags & (ZIP_STRONG | ZIP_MASKED)) != 0)
        zip_report_entry(c, entry, ZIP_CODE_ENCRYPTION,
                         "flags %04x: encrypted in a way that hides headers or needs a certificate",
                         record->flags);
    /* Readers that do not look at the flag; the method of AES says that nobody can. */
    if ((record->flags & ZIP_ENCRYPTED) != 0 && record->method != ZIP_AES) {
        const struct zip_reading reading = zip_reading_of(entry);

        zip_add_reading(c, ZIP_UNENCRYPTED, &reading);
    }
    if (aes != (record->method == ZIP_AES))
        zip_report_entry(c, entry, ZIP_CODE_METHOD,
                         aes ? "an AES field, but method %u" : "method %u, but no AES field",
                         record->method);
}

void zip_check_record(struct zip_check *c, struct zip_entry *entry, const struct zip_header *record)
{
    check_type(c, entry, record);
    check_nul(c, entry, record);
    check_extras(c, entry, record);
    check_encryption(c, entry, record);
}
