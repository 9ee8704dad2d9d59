/* What the zip_*.c files share. */
#ifndef VETBOX_UNPACK_ZIP_INTERNAL_H
#define VETBOX_UNPACK_ZIP_INTERNAL_H

#include "unpack/internal.h"

enum {
    ZIP_LOCAL_SIZE = 30,
    ZIP_CENTRAL_SIZE = 46,
    ZIP_OFFSET_AT = 42, /* in a record of the directory */
    ZIP_END_SIZE = 22,
    ZIP_DIRECTORY_MAX = 16 * 1024 * 1024,
    ZIP_ENDS_MAX = 8 /* end records that are looked at */
};

enum zip_flag { /* APPNOTE 4.4.4 */
                ZIP_ENCRYPTED = 1u << 0,
                ZIP_DESCRIPTOR = 1u << 3,
                ZIP_PATCH = 1u << 5,
                ZIP_STRONG = 1u << 6,
                ZIP_UTF8 = 1u << 11,
                ZIP_MASKED = 1u << 13
};

enum zip_method { ZIP_STORED = 0, ZIP_DEFLATED = 8, ZIP_AES = 99 };

/* Who reads what the extraction does not. */
enum zip_reader {
    ZIP_BY_DIRECTORY,    /* believes the directory's record */
    ZIP_BY_LOCAL_HEADER, /* believes the local header */
    ZIP_FORWARD,         /* goes from local header to local header, as one does with a stream */
    ZIP_OTHER_END,       /* takes another end record, or another place for the directory */
    ZIP_UNICODE_NAME,    /* takes the name of extra field 0x7075 */
    ZIP_NUL_NAME,        /* takes a name to end at a NUL */
    ZIP_UNENCRYPTED      /* does not look at the encryption flag */
};
extern const char *const zip_reader_names[];

/* One row of the table of codes in zip_report.c each. */
enum zip_code {
    ZIP_CODE_NAME,
    ZIP_CODE_UNICODE_NAME,
    ZIP_CODE_NUL_NAME,
    ZIP_CODE_ENCODING,
    ZIP_CODE_METHOD,
    ZIP_CODE_SIZE,
    ZIP_CODE_CRC,
    ZIP_CODE_FLAGS,
    ZIP_CODE_TYPE,
    ZIP_CODE_EXTRA,
    ZIP_CODE_ZIP64,
    ZIP_CODE_DISK,
    ZIP_CODE_DESCRIPTOR,
    ZIP_CODE_ORDER,
    ZIP_CODE_END,
    ZIP_CODE_COMMENT,
    ZIP_CODE_COUNT,
    ZIP_CODE_DIRECTORY,
    ZIP_CODE_HEADER_MISSING,
    ZIP_CODE_OVERLAP,
    ZIP_CODE_HIDDEN_ENTRY,
    ZIP_CODE_GAP_DATA,
    ZIP_CODE_ENCRYPTION
};

/* A piece of the artifact. What zip_view returned stays valid until the next call. */
struct zip_window {
    unsigned char *data;
    size_t room;
    size_t len;
    uint64_t at;
};

/* Where the directory stands, by one end record. */
struct zip_end {
    uint64_t at;
    uint64_t count;
    uint64_t size;
    uint64_t offset; /* as written */
    uint64_t start;  /* in the artifact */
    uint64_t limit;  /* where the directory ends at the latest: the first of the end's records */
    uint64_t after;  /* end of the record and its comment */
    uint16_t comment_len;
    bool torn;   /* its comment is longer than the file */
    bool wide;   /* the numbers are those of a zip64 record */
    bool strict; /* no reader would refuse it for its disk numbers or its counts */
};

/* One check of one zip. */
struct zip_check {
    struct unpack *u;
    struct zip_directory *d;
    struct zip_window window;
    struct zip_window names; /* a second one, for what events name */
    struct zip_end end;
    struct zip_end others[ZIP_ENDS_MAX]; /* end records that other readers would take */
    size_t other_count;
    uint64_t useless_end; /* where the last end record stands that leads nowhere, 0: none */
    uint64_t shift;       /* bytes put before the archive */
    size_t readings_room;
    size_t records_room; /* what the directory has room for */
};

/* A field of APPNOTE 4.5 that changes what a reader sees. */
struct zip_extra {
    const unsigned char *data; /* NULL if there is none */
    size_t len;
    bool twice;
};

struct zip_extras {
    struct zip_extra zip64;
    struct zip_extra unicode_name;
    struct zip_extra aes;
    bool torn; /* a field is longer than the rest, or the rest is too short for one */
};

/* A local header or a record of the directory, decoded; points into the bytes it was read from. */
struct zip_header {
    const unsigned char *name;
    const unsigned char *extra;
    struct zip_extras extras;
    uint64_t compressed;
    uint64_t size;
    uint64_t offset;     /* directory only, without the shift */
    uint32_t attributes; /* directory only */
    uint32_t crc;
    uint16_t made_by; /* directory only */
    uint16_t flags;
    uint16_t method;
    uint16_t name_len;
    uint16_t extra_len;
    uint16_t disk; /* directory only */
    bool short64;  /* a number is left to a zip64 field that does not have it */
    bool other64;  /* a zip64 field that nothing asks for gives other numbers */
};

/* --- zip_view.c: bytes of the artifact --- */

/* LEN bytes at AT; NULL if there are not as many, or on failure (u->status). */
const unsigned char *zip_view(struct zip_check *c, uint64_t at, size_t len);
bool zip_magic_at(struct zip_check *c, uint64_t at, const char magic[4]);
const unsigned char *zip_view_in(struct zip_check *c, struct zip_window *window, uint64_t at,
                                 size_t len);
/* Where PATTERN, which begins with a P, stands first in [from, to): an offset, or TO. */
uint64_t zip_find(struct zip_check *c, uint64_t from, uint64_t to, const char *pattern);
bool zip_all_zero(struct zip_check *c, uint64_t from, uint64_t to);

/* --- zip_report.c: events and readings --- */

/* An event about the archive as a whole ("."). DETAIL tells both readings. */
void zip_report(struct zip_check *c, enum zip_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* About one entry, named by its local header if it has one. */
void zip_report_entry(struct zip_check *c, struct zip_entry *entry, enum zip_code code,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same with a second name, LEN bytes. */
void zip_report_names(struct zip_check *c, struct zip_entry *entry, enum zip_code code,
                      struct vb_str other, const char *detail);
/* What ENTRY is by the directory. */
struct zip_reading zip_reading_of(const struct zip_entry *entry);
/* A local header at AT that the directory does not know. */
void zip_report_hidden(struct zip_check *c, const struct zip_reading *reading, uint64_t at);
/* Adds READING to the list, cut to what the artifact has; one without data there is none. */
void zip_add_reading(struct zip_check *c, enum zip_reader reader,
                     const struct zip_reading *reading);

/* --- zip_header.c: decoding --- */

/* P has ZIP_LOCAL_SIZE bytes and the name and extra field that they announce. */
void zip_read_local(const unsigned char *p, struct zip_header *ret);
/* P has LEN bytes; false if they are no whole record. *ret_size is the record's length. */
bool zip_read_record(const unsigned char *p, size_t len, struct zip_header *ret, size_t *ret_size);
bool zip_name_is_ascii(const unsigned char *name, size_t len);
/* The path that extra field 0x7075 gives; NULL without one. */
const unsigned char *zip_unicode_name(const struct zip_header *header, size_t *ret_len);

/* --- zip_end.c: end records --- */

/* Finds the end record that most readers take, and the others that some do. */
VB_CHECKED int zip_find_end(struct zip_check *c);
/* Reports what contradicts itself in the record found. */
void zip_check_end(struct zip_check *c);

/* --- zip_local.c: local header against directory --- */

/* RECORD is what the directory says of ENTRY. */
void zip_check_local(struct zip_check *c, struct zip_entry *entry, const struct zip_header *record);

/* --- zip_record.c: what a record of the directory says alone --- */

void zip_check_record(struct zip_check *c, struct zip_entry *entry,
                      const struct zip_header *record);

/* --- zip_layout.c: how the entries lie in the file --- */

/* Sorts the entries, drops repeated offsets, finds overlaps, gaps, and where each entry ends. */
void zip_check_layout(struct zip_check *c);

/* --- zip_forward.c: the reading from front to back --- */

/* Local headers in bytes [from, to), which the directory does not explain. True if they fill them
 * without a rest. */
bool zip_forward_gap(struct zip_check *c, uint64_t from, uint64_t to);
/* ENTRY has no size in its local header: where would a reader of a stream see its end? */
void zip_forward_entry(struct zip_check *c, struct zip_entry *entry);
/* Length of the data descriptor at AT that fits ENTRY, 0 if none does; NEXT is where something
 * else begins. */
size_t zip_descriptor_len(struct zip_check *c, const struct zip_entry *entry, uint64_t at,
                          uint64_t next);

#endif
