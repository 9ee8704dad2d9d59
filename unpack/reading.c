/* What another reader takes for a file of a zip: a method and a stretch of bytes. Libarchive
 * decodes it from a local header that is made up for it, so that every method that it knows is
 * read. */
#include <errno.h>

#include "unpack/beside.h"

enum { LOCAL_SIZE = 30 };

/* The made-up header, then the bytes. */
struct source {
    struct unpack *u;
    uint64_t at, left;
    bool header_sent;
    unsigned char header[LOCAL_SIZE + 1];
    unsigned char block[UNPACK_BLOCK];
};

static la_ssize_t next_block(struct archive *a, void *data, const void **ret)
{
    struct source *const source = data;
    size_t want = UNPACK_BLOCK;

    if (!source->header_sent) {
        source->header_sent = true;
        *ret = source->header;
        return sizeof(source->header);
    }
    if (want > source->left)
        want = (size_t)source->left;
    if (want == 0)
        return 0;
    if (!limits_in_time(source->u) || read_at(source->u, source->block, want, source->at) != 0) {
        archive_set_error(a, ECANCELED, "stopped");
        return ARCHIVE_FATAL;
    }
    source->at += want;
    source->left -= want;
    source->u->consumed += want;
    *ret = source->block;
    return (la_ssize_t)want;
}

static void put32(unsigned char *p, uint64_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(value >> (8 * i));
}

/* PKWARE APPNOTE 4.3.7, for a file called "x". Its checksum and its size are not known. */
static void make_header(struct source *source, const struct reading *reading)
{
    unsigned char *const h = source->header;

    memcpy(h, "PK\x03\x04\x14\0", 6);
    h[8] = (unsigned char)reading->method;
    h[9] = (unsigned char)(reading->method >> 8);
    put32(h + 18, source->left);
    put32(h + 22, reading->method == 0 ? source->left : UINT32_MAX - 1);
    h[26] = 1;
    h[LOCAL_SIZE] = 'x';
}

static int decode(struct archive *a, struct source *source, struct output *out)
{
    struct archive_entry *entry;
    const void *data;
    size_t len;
    la_int64_t offset;
    int r = ARCHIVE_OK;
    int status = 0;

    if (archive_read_support_format_zip_streamable(a) != ARCHIVE_OK ||
        archive_read_set_format_option(a, "zip", "ignorecrc32", "1") != ARCHIVE_OK)
        return vb_fail(source->u->err, VB_E_SOFTWARE, 0, "cannot set up a reader for zip: %s",
                       archive_error_string(a));
    if (archive_read_open(a, source, NULL, next_block, NULL) != ARCHIVE_OK ||
        archive_read_next_header(a, &entry) < ARCHIVE_WARN)
        return source->u->status;
    /* The size in the header is made up: the last block comes with a warning. */
    while (status == 0 && !out->cut && r == ARCHIVE_OK) {
        r = archive_read_data_block(a, &data, &len, &offset);
        if (r == ARCHIVE_OK || r == ARCHIVE_WARN)
            status = output_write(out, data, len);
    }
    return status != 0 ? status : source->u->status;
}

int reading_decode(struct unpack *u, const struct reading *reading, struct output *out)
{
    VB_CLEANUP_FREE struct source *source = calloc(1, sizeof(*source));
    struct archive *const a = archive_read_new();
    int status;

    if (source == NULL || a == NULL) {
        (void)archive_read_free(a);
        return vb_fail(u->err, VB_E_NOMEM, 0, "no memory to read %s", u->name);
    }
    source->u = u;
    source->at = reading->data_at;
    source->left = reading->data_at < u->size ? u->size - reading->data_at : 0;
    if (source->left > reading->compressed)
        source->left = reading->compressed;
    if (source->left > UINT32_MAX - 2)
        source->left = UINT32_MAX - 2;
    make_header(source, reading);
    status = decode(a, source, out);
    (void)archive_read_free(a);
    return status;
}
