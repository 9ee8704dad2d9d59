/* The strict zip checker (PKWARE APPNOTE 6.3.10): what two common readers of the same zip would
 * read differently. Libarchive extracts one reading; the checker says where there are others, and
 * lists what those would extract. Every byte comes from a stranger. */
#ifndef VETBOX_UNPACK_ZIP_H
#define VETBOX_UNPACK_ZIP_H

#include "vetbox/core.h"

struct unpack;

struct zip_entry {
    uint64_t offset;     /* of the local header in the artifact */
    uint64_t compressed; /* bytes, by the central directory */
    uint64_t size;       /* bytes when extracted, by the central directory */
    uint64_t name_at;    /* of the local header's name in the artifact */
    uint64_t data_at;    /* of the data */
    uint64_t record_at;  /* of its record in the directory */
    uint64_t end;        /* of its data and data descriptor */
    uint32_t crc;        /* by the central directory */
    uint16_t name_len;
    uint16_t flags;   /* of the local header */
    uint16_t method;  /* by the central directory */
    bool unsized;     /* the local header leaves the compressed size to a data descriptor */
    bool wide;        /* the local header has a zip64 field */
    uint32_t told;    /* bits by enum zip_code: what was reported of it */
    const char *code; /* why it is not extracted, already reported; NULL if it is */
};

/* What some reader would extract and the extraction does not: where it stands in the artifact. */
struct zip_reading {
    const char *reader; /* the kind of reader that finds it: one of zip_reader_names */
    uint64_t name_at;   /* raw bytes of its name */
    uint64_t data_at;
    uint64_t compressed; /* bytes of data at most: a decoder may end before */
    uint32_t crc;        /* 0 if that reader does not know it */
    uint16_t name_len;
    uint16_t method;
    uint16_t flags;
};

/* Sorted by offset, each offset once: the order in which libarchive gives the entries, before it
 * comes to those that are missing. */
struct zip_directory {
    struct zip_entry *entries;
    size_t count;
    uint64_t *missing; /* ours: records without a local header where they point to, by place */
    size_t missing_count;
    struct zip_reading *readings; /* ours */
    size_t reading_count;
    uint64_t end;      /* of the end record, without its comment: what libarchive is shown */
    uint64_t prefix;   /* bytes before the first local header */
    uint64_t trailing; /* bytes after the end record and its comment, 0 if all are zero */
    uint64_t trailing_at;
    bool found;
};

/* Finds, reads and checks the directory, and emits archive.hostile for what is read in two ways;
 * *ret->found is false if the artifact has none. */
VB_CHECKED int zip_directory_read(struct unpack *u, struct zip_directory *ret);
void zip_directory_done(struct zip_directory *directory);
/* Changes the LEN bytes DATA, which stand at AT of the artifact, so that libarchive comes to the
 * records without a local header last: it ends where it finds none. */
void zip_hide_missing(const struct zip_directory *directory, unsigned char *data, size_t len,
                      uint64_t at);
/* True if the bytes after the archive are the signature block of an MCP bundle. */
bool zip_trailing_is_mcpb(struct unpack *u, const struct zip_directory *directory);
/* The code for what libarchive found wrong with the data of ENTRY (NULL: it is not known), NULL if
 * TEXT is about something else: readers that do not check go on. NULL too if the check of ENTRY's
 * headers has said as much. */
const char *zip_damage_code(const struct zip_entry *entry, const char *text);
/* What APPNOTE 4.4.5 calls a method that nothing here decodes; NULL for any other. */
const char *zip_method_name(unsigned long method);

#endif
