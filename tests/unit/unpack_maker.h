/* Makes archives, honest and hostile, and runs vb_unpack on them in a folder of their own. */
#ifndef VETBOX_TESTS_UNPACK_MAKER_H
#define VETBOX_TESTS_UNPACK_MAKER_H

#include <setjmp.h>
#include <stdarg.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "vetbox/unpack.h"

struct bytes {
    unsigned char *data;
    size_t len;
};
void bytes_add(struct bytes *b, const void *data, size_t len);
void bytes_done(struct bytes *b);
uint32_t crc32_of(const void *data, size_t len);

/* --- tar and the like, by libarchive's writer --- */

struct member {
    const char *name;
    unsigned type;      /* AE_IFREG if 0 */
    unsigned mode;      /* 0644 if 0 */
    const char *target; /* of a symbolic link */
    const char *hardlink;
    const void *data;
    size_t len;
    bool capability; /* with a security.capability attribute */
};
struct bytes make_archive(int format, int filter, const struct member *members, size_t count);
struct bytes make_tar(const struct member *members, size_t count);
struct bytes compress_bytes(int filter, const void *data, size_t len);

/* --- zip, byte by byte --- */

struct zip_member {
    const char *name;
    size_t name_len;          /* strlen if 0 */
    const char *central_name; /* name if NULL */
    const char *data;
    uint16_t flags;
    uint32_t mode;         /* external attributes' upper half, 0100644 if 0 */
    bool hidden;           /* no record in the central directory */
    bool shared;           /* its central record points at the first entry */
    uint16_t method;       /* in both headers; the data is stored as it is */
    uint16_t other_method; /* in the central directory, if not 0 */
};
struct bytes make_zip(const struct zip_member *members, size_t count, const char *prefix,
                      const char *comment);

/* --- running --- */

struct record {
    enum vb_event_kind kind;
    char code[64];    /* CODE, or FORMAT, or WHAT */
    char path[256];   /* cut */
    char detail[256]; /* DETAIL, or REASON */
    int64_t count;
    int64_t size;
};

struct run {
    struct vb_sink sink; /* first */
    struct record *records;
    size_t count;
    char base[64]; /* holds nothing but out/ and beside/ */
    int artifact_fd;
    int out_fd;
    int beside_fd;
    const char *name;
    const struct vb_unpack_limits *limits;
    struct vb_error err;
    int status;
};

extern const struct vb_unpack_limits maker_limits;
extern bool maker_tells; /* whether files that are done are told of; off */

/* Unpacks DATA as NAME, with the second reader where the first deferred something, and fails the
 * test if anything appears beside the output folder. */
void run_unpack(struct run *run, const struct bytes *data, const char *name,
                const struct vb_unpack_limits *limits);
/* Only the first reader, which leaves the rest to run_second. */
void run_first(struct run *run, const struct bytes *data, const char *name,
               const struct vb_unpack_limits *limits);
bool run_deferred(const struct run *run);
void run_second(struct run *run);
void run_done(struct run *run);

/* How many events of KIND have CODE (NULL: any) and PATH (NULL: any). */
size_t run_count(const struct run *run, enum vb_event_kind kind, const char *code,
                 const char *path);
bool run_has_file(const struct run *run, const char *path);
size_t run_files(const struct run *run);  /* regular files below out/ */
size_t run_beside(const struct run *run); /* and below beside/ */
void assert_beside(const struct run *run, const char *path, const void *data, size_t len);
void assert_content(const struct run *run, const char *path, const void *data, size_t len);
void assert_hostile(const struct run *run, const char *code, const char *path);

#endif
