/* The artifact's bytes, read by pread through our own callbacks, and through at most one
 * compression filter. Libarchive is never told to guess filters: a stream inside a stream inside a
 * stream turns kilobytes into petabytes, and some of its guesses start programs. */
#include <errno.h>
#include <unistd.h>

#include "unpack/beside.h"
#include "unpack/tar_check.h"

ssize_t pread_all(int fd, void *data, size_t len, uint64_t offset)
{
    unsigned char *const p = data;
    size_t done = 0;

    while (done < len) {
        const ssize_t n = pread(fd, p + done, len - done, (off_t)(offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

int read_at(struct unpack *u, void *data, size_t len, uint64_t offset)
{
    const ssize_t n = pread_all(u->fd, data, len, offset);

    if (n < 0)
        u->status = vb_fail(u->err, VB_E_IO, errno, "cannot read %s", u->name);
    return n == (ssize_t)len ? 0 : -1;
}

/* --- libarchive's callbacks over the descriptor --- */

static la_ssize_t read_block(struct archive *a, void *data, const void **ret)
{
    struct stream *const s = data;
    struct unpack *const u = s->u;
    size_t want = UNPACK_BLOCK;

    if (u->status != 0 || !limits_in_time(u)) {
        archive_set_error(a, ECANCELED, "stopped");
        return ARCHIVE_FATAL;
    }
    if (s->position >= s->end)
        return 0;
    if (want > s->end - s->position)
        want = (size_t)(s->end - s->position);
    if (read_at(u, s->block, want, s->position) != 0) {
        archive_set_error(a, EIO, "reading failed");
        return ARCHIVE_FATAL;
    }
    if (s->directory != NULL)
        zip_hide_missing(s->directory, s->block, want, s->position);
    s->position += want;
    u->consumed += want;
    *ret = s->block;
    return (la_ssize_t)want;
}

static la_int64_t skip_block(struct archive *a, void *data, la_int64_t count)
{
    struct stream *const s = data;
    uint64_t left = s->end > s->position ? s->end - s->position : 0;

    (void)a;
    if (count < 0)
        return 0;
    if ((uint64_t)count < left)
        left = (uint64_t)count;
    s->position += left;
    return (la_int64_t)left;
}

static la_int64_t seek_block(struct archive *a, void *data, la_int64_t offset, int whence)
{
    struct stream *const s = data;
    int64_t base = 0;
    int64_t target;

    if (whence == SEEK_CUR)
        base = (int64_t)s->position;
    else if (whence == SEEK_END)
        base = (int64_t)s->end;
    if (__builtin_add_overflow(base, offset, &target) || target < 0) {
        archive_set_error(a, EINVAL, "seek before the beginning");
        return ARCHIVE_FATAL;
    }
    s->position = (uint64_t)target;
    return target;
}

static int prepare(struct stream *s, struct unpack *u, uint64_t end)
{
    *s = (struct stream){.u = u, .end = end};
    s->block = malloc(UNPACK_BLOCK);
    if (s->block == NULL)
        return vb_fail(u->err, VB_E_NOMEM, 0, "no memory to read %s", u->name);
    return 0;
}

static int reader_failed(struct unpack *u, struct archive *a)
{
    if (u->status != 0)
        return u->status;
    return vb_fail(u->err, VB_E_SOFTWARE, 0, "cannot set up the reader for %s: %s", u->name,
                   a != NULL ? archive_error_string(a) : "no memory");
}

static int open_seekable(struct stream *s, struct archive *a, int (*support)(struct archive *a))
{
    struct unpack *const u = s->u;

    if (support(a) != ARCHIVE_OK || archive_read_set_read_callback(a, read_block) != ARCHIVE_OK ||
        archive_read_set_skip_callback(a, skip_block) != ARCHIVE_OK ||
        archive_read_set_seek_callback(a, seek_block) != ARCHIVE_OK ||
        archive_read_set_callback_data(a, s) != ARCHIVE_OK)
        return reader_failed(u, a);
    /* A failure to open is damage, which the first header reports again. */
    if (archive_read_open1(a) != ARCHIVE_OK)
        s->failed = true;
    return u->status;
}

int seekable_open(struct stream *s, struct unpack *u, const struct zip_directory *directory,
                  struct archive *a)
{
    const int status = prepare(s, u, directory->end);

    s->directory = directory->missing_count > 0 ? directory : NULL;
    return status != 0 ? status : open_seekable(s, a, archive_read_support_format_zip_seekable);
}

int seekable_open_as(struct stream *s, struct unpack *u, struct archive *a,
                     int (*support)(struct archive *a))
{
    const int status = prepare(s, u, u->size);

    return status != 0 ? status : open_seekable(s, a, support);
}

static void note_problem(struct stream *s, struct archive *a)
{
    const char *const text = archive_error_string(a);

    if (s->u->status != 0 || s->u->stop != NULL)
        return;
    s->failed = true;
    (void)snprintf(s->problem, sizeof(s->problem), "%s", text != NULL ? text : "damaged data");
}

static int next_of_own(struct stream *s, const unsigned char **ret, size_t *ret_len)
{
    const struct decoder_ops *const ops = s->own->ops;
    const int r = ops->next(s->own, ret, ret_len);

    if (r < 0 && s->u->status == 0 && s->u->stop == NULL) {
        const char *const problem = ops->problem != NULL ? ops->problem(s->own) : NULL;

        s->failed = true;
        (void)snprintf(s->problem, sizeof(s->problem), "%s",
                       problem != NULL ? problem : "the stream is damaged or cut off");
    }
    return r == 1 && !limits_allow_decoded(s->u, *ret_len) ? -1 : r;
}

/* The next block out of the decoder: 1, 0 at the end, -1. */
static int next_decoded(struct stream *s, const unsigned char **ret, size_t *ret_len)
{
    const void *data = NULL;
    size_t len = 0;
    la_int64_t offset;
    int r;

    if (s->own != NULL)
        return next_of_own(s, ret, ret_len);
    do {
        r = archive_read_data_block(s->outer, &data, &len, &offset);
    } while (r == ARCHIVE_OK && len == 0 && limits_in_time(s->u));
    if (r == ARCHIVE_EOF)
        return 0;
    if (r != ARCHIVE_OK) {
        note_problem(s, s->outer);
        return -1;
    }
    if (!limits_allow_decoded(s->u, len))
        return -1;
    *ret = data;
    *ret_len = len;
    return 1;
}

/* Collects the bytes that decide what the stream is. */
static void fill_head(struct stream *s)
{
    while (s->head_len < UNPACK_HEAD && s->pending_len == 0) {
        size_t take;

        if (next_decoded(s, &s->pending, &s->pending_len) != 1) {
            s->ended = true;
            return;
        }
        take = UNPACK_HEAD - s->head_len;
        take = take < s->pending_len ? take : s->pending_len;
        memcpy(s->head + s->head_len, s->pending, take);
        s->head_len += take;
        s->pending += take;
        s->pending_len -= take;
    }
}

/* Libarchive 3.6 crashes when its compress filter is put in place before there are bytes. That one
 * is left to recognise itself, and must not do so twice. */
static int use_filter(struct archive *a, int filter)
{
    return filter == ARCHIVE_FILTER_COMPRESS ? archive_read_support_filter_compress(a)
                                             : archive_read_append_filter(a, filter);
}

static bool is_stacked(struct archive *a)
{
    return archive_filter_count(a) > 2; /* the filter, and the bytes themselves */
}

static const struct own_filter {
    int filter;
    int (*open)(struct decoder **ret, struct unpack *u);
} own_filters[] = {
    {ARCHIVE_FILTER_GZIP, gzip_new},
    {FILTER_BROTLI, brotli_new},
};

/* Opens one of our own decoders if FILTER has one. */
static int open_own(struct stream *s, int filter)
{
    int status = 0;

    for (size_t i = 0; i < VB_ARRAY_LEN(own_filters); i++) {
        if (own_filters[i].filter == filter)
            status = own_filters[i].open(&s->own, s->u);
    }
    if (status == 0 && s->own != NULL)
        fill_head(s);
    return status != 0 ? status : s->u->status;
}

int stream_open(struct stream *s, struct unpack *u, int filter)
{
    struct archive_entry *entry;
    int status = prepare(s, u, u->size);

    s->filter = filter;
    if (status == 0)
        status = open_own(s, filter);
    if (status == 0 && s->own == NULL)
        status = streams_measure(u, filter, &s->extent);
    if (status != 0 || s->own != NULL)
        return status;
    /* Decoders refuse what they cannot read behind a stream, and what is before it with it. */
    if (s->extent.streams > 0)
        s->end = s->extent.end;
    s->outer = archive_read_new();
    if (s->outer == NULL || archive_read_support_format_raw(s->outer) != ARCHIVE_OK ||
        use_filter(s->outer, filter) != ARCHIVE_OK)
        return reader_failed(u, s->outer);
    if (archive_read_open2(s->outer, s, NULL, read_block, skip_block, NULL) != ARCHIVE_OK ||
        archive_read_next_header(s->outer, &entry) != ARCHIVE_OK) {
        note_problem(s, s->outer);
        s->ended = true;
        return u->status;
    }
    if (is_stacked(s->outer)) {
        archive_set_error(s->outer, EINVAL, "compressed more than once");
        note_problem(s, s->outer);
        s->ended = true;
        return u->status;
    }
    fill_head(s);
    return u->status;
}

void stream_done(struct stream *s)
{
    if (s->outer != NULL)
        (void)archive_read_free(s->outer);
    if (s->own != NULL)
        s->own->ops->free(s->own);
    free(s->block);
    *s = (struct stream){0};
}

int stream_next(struct stream *s, const void **ret, size_t *ret_len)
{
    int r = 1;

    s->last_offset += s->last_len;
    s->last_len = 0;
    if (!s->head_served) {
        s->head_served = true;
        s->last = s->head;
        s->last_len = s->head_len;
    }
    if (s->last_len == 0 && s->pending_len > 0) {
        s->last = s->pending;
        s->last_len = s->pending_len;
        s->pending_len = 0;
    }
    if (s->last_len == 0 && !s->ended)
        r = next_decoded(s, &s->last, &s->last_len);
    if (r != 1 || s->last_len == 0) {
        s->ended = true;
        s->last_len = 0;
        return s->failed || s->u->stop != NULL || s->u->status != 0 ? -1 : 0;
    }
    *ret = s->last;
    *ret_len = s->last_len;
    return 1;
}

static la_ssize_t read_stream(struct archive *a, void *data, const void **ret)
{
    struct stream *const s = data;
    size_t len = 0;
    const int r = stream_next(s, ret, &len);

    if (r < 0) {
        archive_set_error(a, EINVAL, "%s", s->problem[0] != '\0' ? s->problem : "stopped");
        return ARCHIVE_FATAL;
    }
    if (s->check != NULL && r > 0 && tar_check_feed(s->check, *ret, len) != 0) {
        archive_set_error(a, ECANCELED, "stopped");
        return ARCHIVE_FATAL;
    }
    return (la_ssize_t)len;
}

int format_open(struct stream *s, struct archive *a, int (*support)(struct archive *a))
{
    if (support(a) != ARCHIVE_OK)
        return reader_failed(s->u, a);
    if (archive_read_open2(a, s, NULL, read_stream, NULL, NULL) != ARCHIVE_OK)
        note_problem(s, a);
    return s->u->status;
}

/* --- what follows the end --- */

static bool has_data(const unsigned char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] != 0)
            return true;
    }
    return false;
}

/* PIECE, and what S has after it, stays to be looked at beside the package. */
static int report_rest(struct stream *s, const unsigned char *piece, size_t len)
{
    const int status = report_hostile(s->u, "trailing-data", str_of("."), NULL,
                                      "data after the end of the archive");

    return status == 0
               ? beside_keep_rest(s->u, "trailing", s, (struct vb_str){(const char *)piece, len})
               : status;
}

uint64_t stream_consumed(const struct stream *s)
{
    la_int64_t used;

    if (s->own != NULL)
        return s->own->ops->consumed(s->own);
    used = archive_filter_bytes(s->outer, -1);
    return used > 0 ? (uint64_t)used : s->u->size;
}

static int report_undecoded(struct unpack *u, uint64_t at)
{
    const struct stretch rest = {.at = at, .len = u->size - at};
    const int status = report_hostile(u, "trailing-data", str_of("."), NULL,
                                      "data after the end of the compressed stream");

    return status == 0 ? beside_keep(u, "trailing", &rest) : status;
}

int stream_check_skipped(struct stream *s)
{
    const struct extent *const extent = &s->extent;
    char detail[128];
    int status;

    if (s->own != NULL || extent->skipped_count == 0)
        return 0;
    (void)snprintf(detail, sizeof(detail),
                   "%zu frame%s of %llu bytes in all that every decoder skips",
                   extent->skipped_count, extent->skipped_count == 1 ? "" : "s",
                   (unsigned long long)extent->skipped_bytes);
    status = report_hostile(s->u, "skippable-frame", str_of("."), NULL, detail);
    for (size_t i = 0; status == 0 && i < extent->skipped_count && i < SKIPPED_KEPT; i++)
        status = beside_keep(s->u, "skipped", &extent->skipped[i]);
    if (status == 0 && extent->skipped_count > SKIPPED_KEPT)
        status = report_coverage(s->u, "skipped", "more frames that decoders skip than are kept",
                                 str_of("."));
    return status;
}

static int report_several(struct stream *s)
{
    const unsigned count = s->own != NULL ? s->own->streams : s->extent.streams;
    char detail[96];

    if (count < 2)
        return 0;
    (void)snprintf(detail, sizeof(detail),
                   "%u compressed streams: some readers take the first alone", count);
    return report_hostile(
        s->u, s->filter == ARCHIVE_FILTER_GZIP ? "gzip-members" : "concatenated-streams",
        str_of("."), NULL, detail);
}

/* Bytes of the artifact that the decoder did not take. */
static int check_undecoded(struct stream *s)
{
    struct unpack *const u = s->u;
    uint64_t rest = u->size;
    int status = 0;

    for (uint64_t at = stream_consumed(s); at < u->size;) {
        const size_t len =
            u->size - at < UNPACK_BLOCK ? (size_t)(u->size - at) : (size_t)UNPACK_BLOCK;

        if (!limits_in_time(u) || read_at(u, s->block, len, at) != 0)
            return u->status;
        if (has_data(s->block, len)) {
            rest = at;
            break;
        }
        at += len;
    }
    if (rest < u->size)
        status = report_undecoded(u, rest);
    return status == 0 ? report_several(s) : status;
}

int stream_check_rest(struct stream *s, uint64_t end)
{
    struct unpack *const u = s->u;
    const void *piece = s->last;
    const unsigned char *p;
    size_t len = s->last_len;
    bool data = false;
    int r = 1;

    if (end > s->last_offset) {
        const uint64_t skip = end - s->last_offset;

        piece = s->last + (skip < len ? skip : len);
        len -= skip < len ? (size_t)skip : len;
    }
    while (r == 1 && !data) {
        data = has_data(piece, len);
        if (!data)
            r = stream_next(s, &piece, &len);
    }
    /* No entry begins with a zero: what pads the end does not hide where the next one stands. */
    for (p = piece; data && *p == 0; p++)
        len--;
    if (data) {
        const int status = report_rest(s, p, len);

        if (status != 0 || !s->ended || u->stop != NULL)
            return status;
        r = 0;
    }
    if (s->failed)
        return report_damaged(u, str_of("."), s->problem);
    return r == 0 ? check_undecoded(s) : u->status;
}
