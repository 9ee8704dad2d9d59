/* vb_unpack: what the artifact is, by its content, and the way through. Runs in a confined child;
 * the artifact may have been made to take that child over, so it gets nothing but a descriptor to
 * read and a folder to write below. */
#include <errno.h>
#include <sys/stat.h>

#include "unpack/beside.h"
#include "unpack/tar_check.h"

const struct vb_unpack_limits vb_unpack_default_limits = {
    .bytes = (uint64_t)1 << 30,
    .file_bytes = (uint64_t)256 << 20,
    .entries = 50000,
    .path_depth = 64,
    .nesting = 4,
    .window_bytes = (uint64_t)128 << 20,
    .ratio = 200,
    .ratio_floor = (uint64_t)16 << 20,
    .timeout_ms = 30000,
};

static void free_archive(struct archive **a)
{
    if (*a != NULL)
        (void)archive_read_free(*a);
}

static int new_archive(struct unpack *u, struct archive **ret)
{
    *ret = archive_read_new();
    return *ret != NULL ? 0 : vb_fail(u->err, VB_E_NOMEM, 0, "no memory to read %s", u->name);
}

/* --- zip --- */

static int hostile_unread(struct unpack *u, const char *code, const char *detail)
{
    const int status = report_hostile(u, code, str_of("."), NULL, detail);

    return status != 0 ? status : report_coverage(u, "archive", code, str_of("."));
}

/* Bytes before and behind the entries: kept, so that they are scanned. */
static int report_around(struct unpack *u, const struct zip_directory *directory)
{
    const struct stretch before = {.len = directory->prefix};
    const struct stretch behind = {.at = directory->trailing_at, .len = directory->trailing};
    const bool signature = zip_trailing_is_mcpb(u, directory);
    int status = u->status;

    if (status == 0 && directory->prefix > 0)
        status = report_hostile(u, "prefix-data", str_of("."), NULL,
                                "bytes before the beginning of the zip");
    if (status == 0 && directory->prefix > 0)
        status = beside_keep(u, "prefix", &before);
    if (status == 0 && directory->trailing > 0 && !signature)
        status =
            report_hostile(u, "trailing-data", str_of("."), NULL, "bytes after the end of the zip");
    if (status == 0 && directory->trailing > 0)
        status = beside_keep(u, signature ? "signature" : "trailing", &behind);
    return status != 0 ? status : u->status;
}

/* What other readers would extract is scanned too. */
static int extract_readings(struct unpack *u, const struct zip_directory *directory)
{
    VB_CLEANUP_FREE char *name = malloc(UINT16_MAX);
    int status = name != NULL ? 0 : vb_fail(u->err, VB_E_NOMEM, 0, "no memory to read %s", u->name);

    for (size_t i = 0; status == 0 && u->stop == NULL && i < directory->reading_count; i++) {
        const struct zip_reading *const z = &directory->readings[i];
        const struct reading reading = {
            .name = name,
            .name_len = z->name_len,
            .method = z->method,
            .data_at = z->data_at,
            .compressed = z->compressed,
            .label = z->reader,
        };

        if (read_at(u, name, z->name_len, z->name_at) == 0)
            status = beside_add(u, &reading);
        else
            status = u->status;
    }
    return status;
}

static int extract_zip(struct unpack *u, const struct zip_directory *directory, char *where)
{
    VB_CLEANUP(stream_done) struct stream s = {0};
    VB_CLEANUP(free_archive) struct archive *a = NULL;
    int status = report_around(u, directory);

    if (status == 0 && directory->count > 0)
        status = new_archive(u, &a);
    if (status != 0 || directory->count == 0)
        return status;
    status = seekable_open(&s, u, directory, a);
    if (status == 0 && s.failed)
        status = report_damaged(u, str_of("."), archive_error_string(a));
    else if (status == 0)
        status = entries_extract(u, a, directory, where);
    if (status == 0 && u->locked_here > 0 && !locked_add(u))
        status = locked_report(u, directory);
    return status == 0 ? extract_readings(u, directory) : status;
}

/* --- a format over a stream, and single files, compressed or not --- */

static int extract_over(struct unpack *u, struct stream *s, const struct magic *m, char *where)
{
    VB_CLEANUP(free_archive) struct archive *a = NULL;
    VB_CLEANUP(tar_check_free) struct tar_check *check = NULL;
    uint64_t end;
    int status = new_archive(u, &a);

    if (status == 0 && m->support == magic_tar()->support)
        status = tar_check_new(&check, u);
    s->check = check;
    if (status == 0)
        status = format_open(s, a, m->support);
    if (status == 0 && s->failed)
        return report_damaged(u, str_of("."), s->problem);
    if (status == 0)
        status = entries_extract(u, a, NULL, where);
    s->check = NULL;
    if (status != 0 || u->stop != NULL || s->failed)
        return status;
    end = (uint64_t)archive_filter_bytes(a, -1);
    return stream_check_rest(s, end);
}

/* The format of what a stream begins with, if it is one that needs no seeking. */
static const struct magic *over_stream(const struct stream *s)
{
    const struct magic *const m = magic_of(s->head, s->head_len, NULL);

    if (m == NULL && magic_is_tar(s->head, s->head_len))
        return magic_tar();
    return m != NULL && m->reader == MAGIC_USUAL && m->support != NULL ? m : NULL;
}

static int extract_bare(struct unpack *u, struct stream *s, bool compressed, char *where)
{
    char name[256];
    int status;

    name_for_bare(u->name, compressed, name);
    (void)snprintf(where, UNPACK_PATH_MAX + 1, "%s", name);
    u->entries++;
    status = stream_extract(u, s, name);
    if (status == 0 && compressed && u->stop == NULL && !s->failed && s->ended)
        status = stream_check_rest(s, s->last_offset + s->last_len);
    return status;
}

static int window_too_large(struct unpack *u, uint64_t window)
{
    char detail[96];

    (void)snprintf(detail, sizeof(detail), "it asks for %llu bytes of memory to be unpacked",
                   (unsigned long long)window);
    return hostile_unread(u, "limit-window", detail);
}

static int check_gzip_head(struct unpack *u)
{
    unsigned char head[UNPACK_HEAD];
    const ssize_t len = pread_all(u->fd, head, sizeof(head), 0);

    return len > 0 ? gzip_check(u, head, (size_t)len) : 0;
}

static int extract_stream(struct unpack *u, int filter, char *where, char *format)
{
    VB_CLEANUP(stream_done) struct stream s = {0};
    const bool compressed = filter != ARCHIVE_FILTER_NONE;
    const struct magic *m;
    int status = stream_open(&s, u, filter);

    if (status != 0)
        return status;
    if (s.failed && s.head_len == 0)
        return report_damaged(u, str_of("."), s.problem);
    status = filter == ARCHIVE_FILTER_GZIP ? check_gzip_head(u) : stream_check_skipped(&s);
    if (status != 0)
        return status;
    m = over_stream(&s);
    if (m != NULL) {
        (void)snprintf(format, UNPACK_FORMAT_MAX, "%s%s%s", m->name, compressed ? "+" : "",
                       compressed ? magic_filter_name(filter) : "");
        return extract_over(u, &s, m, where);
    }
    if (compressed)
        (void)snprintf(format, UNPACK_FORMAT_MAX, "%s", magic_filter_name(filter));
    return s.head_len == 0 ? 0 : extract_bare(u, &s, compressed, where);
}

/* --- formats of the second reader --- */

static int extract_second(struct unpack *u, const struct magic *m, char *where, char *format)
{
    VB_CLEANUP(stream_done) struct stream s = {0};
    VB_CLEANUP(free_archive) struct archive *a = NULL;
    const size_t told = u->hostile;
    int status = new_archive(u, &a);

    (void)snprintf(format, UNPACK_FORMAT_MAX, "%s", m->name);
    if (status == 0)
        status = seekable_open_as(&s, u, a, m->support);
    if (status == 0 && s.failed)
        return report_damaged(u, str_of("."), archive_error_string(a));
    if (status == 0)
        status = entries_extract(u, a, NULL, where);
    if (status == 0 && u->entries == u->entries_before && u->hostile == told &&
        archive_read_has_encrypted_entries(a) > 0)
        status = hostile_unread(u, "encrypted", "not even the names of its files can be read");
    return status;
}

/* --- by content --- */

static int extract_zip_or_bare(struct unpack *u, bool is_zip, char *where, char *format)
{
    VB_CLEANUP(zip_directory_done) struct zip_directory directory = {0};
    const int status = zip_directory_read(u, &directory);

    if (status != 0 || u->stop != NULL)
        return status;
    if (!directory.found && !is_zip)
        return extract_stream(u, ARCHIVE_FILTER_NONE, where, format);
    (void)snprintf(format, UNPACK_FORMAT_MAX, "zip");
    if (!directory.found)
        return report_damaged(u, str_of("."), "the zip has no end record: it was cut off");
    return extract_zip(u, &directory, where);
}

/* The bytes that decide what the archive is, which stand at AT. */
static int read_head(struct unpack *u, uint64_t at, unsigned char head[UNPACK_HEAD],
                     size_t *ret_len)
{
    const uint64_t left = at < u->size ? u->size - at : 0;

    *ret_len = left < UNPACK_HEAD ? (size_t)left : (size_t)UNPACK_HEAD;
    return read_at(u, head, *ret_len, at);
}

int unpack_extract(struct unpack *u, char ret_where[UNPACK_PATH_MAX + 1],
                   char ret_format[UNPACK_FORMAT_MAX])
{
    unsigned char head[UNPACK_HEAD];
    size_t len = 0;
    const struct magic *const m = magic_of_file(u, u->fd, u->name);
    const uint64_t frame = magic_behind_skipped(u, u->fd);
    int filter;

    if (u->status != 0)
        return u->status;
    if (read_head(u, frame, head, &len) != 0)
        return u->status != 0 ? u->status
                              : vb_fail(u->err, VB_E_IO, 0, "%s became shorter", u->name);
    if (m != NULL && m->reader == MAGIC_SECOND)
        return u->second ? extract_second(u, m, ret_where, ret_format)
                         : report_deferred(u, m->name, str_of("."));
    filter = magic_filter(head, len, u->name);
    if (magic_window(filter, head, len) > u->limits->window_bytes)
        return window_too_large(u, magic_window(filter, head, len));
    /* A stream or a tar may hold a whole zip at its end; what it begins as decides. */
    if (filter != ARCHIVE_FILTER_NONE || (m != NULL && m->support != NULL) ||
        (m == NULL && magic_is_tar(head, len)))
        return extract_stream(u, filter, ret_where, ret_format);
    return extract_zip_or_bare(u, m != NULL && strcmp(m->name, "zip") == 0, ret_where, ret_format);
}

/* --- one run --- */

static int finish(struct unpack *u, const char *where)
{
    int status = report_end(u, str_of(where));

    if (status == 0 && u->files == 0 && u->hostile == 0 && u->deferred == 0 && u->locked == NULL)
        return vb_fail(u->err, VB_E_DATA, 0,
                       "%s holds no file that can be read: it is empty or damaged, fetch it again",
                       u->name);
    return status;
}

static int begin(struct unpack *u, const struct vb_unpack_job *job)
{
    const int fds[AREA_COUNT] = {job->out_fd, job->beside_fd};
    struct stat st;
    int status;

    u->fd = job->artifact_fd;
    u->out_fd = job->out_fd;
    u->name = job->name != NULL && job->name[0] != '\0' ? job->name : "artifact";
    u->place = ".";
    u->prefix = "";
    if (u->fd >= 0 && fstat(u->fd, &st) != 0)
        return vb_fail(u->err, VB_E_IO, errno, "cannot look at %s", u->name);
    u->size = u->fd >= 0 ? (uint64_t)st.st_size : 0;
    u->input_size = u->size;
    if (u->fd >= 0 && u->size == 0)
        return vb_fail(u->err, VB_E_DATA, 0, "%s is empty", u->name);
    if (u->limits->timeout_ms > 0)
        u->deadline_ns = vb_monotonic_ns() + (uint64_t)u->limits->timeout_ms * 1000000u;
    u->fresh = job->tells ? calloc(1, sizeof(*u->fresh)) : NULL;
    if (job->tells && u->fresh == NULL)
        return vb_fail(u->err, VB_E_NOMEM, 0, "no memory to read %s", u->name);
    status = names_new(&u->names, u->err);
    return status == 0 && job->beside_fd >= 0 ? beside_new(&u->beside, fds, u->err) : status;
}

static void end(struct unpack *u)
{
    free(u->fresh);
    locked_free(&u->locked);
    beside_free(&u->beside);
    names_free(&u->names);
}

/* The artifact itself, then what archives among its files hold. */
static int extract_all(struct unpack *u)
{
    VB_CLEANUP_FREE char *where = calloc(1, UNPACK_PATH_MAX + 1);
    char format[UNPACK_FORMAT_MAX] = "";
    int status = 0;

    if (where == NULL)
        return vb_fail(u->err, VB_E_NOMEM, 0, "no memory to unpack %s", u->name);
    status = unpack_extract(u, where, format);
    if (status == 0)
        status = finish(u, where);
    if (status == 0 && format[0] != '\0')
        status = report_format(u, format);
    return status;
}

/* Archives within the package, and what the cap on events kept back of them. */
static int extract_beside(struct unpack *u)
{
    int status = beside_run(u);

    while (status == 0 && locked_waits(u)) {
        status = locked_run(u);
        if (status == 0)
            status = beside_run(u); /* what was in the encrypted ones */
    }
    return status == 0 ? report_end(u, str_of(".")) : status;
}

int vb_unpack(const struct vb_unpack_job *job, const struct vb_unpack_limits *limits,
              struct vb_sink *sink, struct vb_error *err)
{
    struct told told[UNPACK_CODES_MAX] = {0};
    VB_CLEANUP(end) struct unpack u = {.limits = limits, .told = told, .sink = sink, .err = err};
    int status = begin(&u, job);

    if (status == 0)
        status = u.fd >= 0 ? extract_all(&u) : job->beside_fd >= 0 ? collect_archives(&u) : 0;
    return status == 0 ? extract_beside(&u) : status;
}

/* For the ratio, the archives are what was read. */
static int hand_in(struct unpack *u, const struct vb_unpack_job *job)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < job->inner_count; i++) {
        const struct vb_unpack_inner *const inner = &job->inners[i];
        struct stat st;

        if (fstat(inner->fd, &st) != 0)
            return vb_fail(u->err, VB_E_IO, errno, "cannot look at %s", inner->path);
        u->input_size += (uint64_t)st.st_size;
        status = beside_hand_in(u, inner->fd, inner->path);
    }
    return status;
}

locale_t vb_unpack_locale(void)
{
    return newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

int vb_unpack_second(const struct vb_unpack_job *job, const struct vb_unpack_limits *limits,
                     struct vb_sink *sink, struct vb_error *err)
{
    struct told told[UNPACK_CODES_MAX] = {0};
    VB_CLEANUP(end)
    struct unpack u = {.limits = limits, .told = told, .sink = sink, .err = err, .second = true};
    const locale_t before = uselocale(job->locale); /* 0 changes nothing */
    int status = begin(&u, job);

    if (status == 0)
        status = u.fd >= 0 ? extract_all(&u) : hand_in(&u, job);
    if (status == 0)
        status = extract_beside(&u);
    (void)uselocale(before);
    return status;
}
