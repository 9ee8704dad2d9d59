/* vb_unpack: what the artifact is, by its content, and the way through. Runs in a confined child;
 * the artifact may have been made to take that child over, so it gets nothing but a descriptor to
 * read and a folder to write below. */
#include <errno.h>
#include <sys/stat.h>

#include "unpack/internal.h"

const struct vb_unpack_limits vb_unpack_default_limits = {
    .bytes = (uint64_t)1 << 30,
    .file_bytes = (uint64_t)256 << 20,
    .entries = 50000,
    .path_depth = 64,
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

static int report_directory(struct unpack *u, const struct zip_directory *directory)
{
    int status = 0;

    if (directory->prefix > 0)
        status = hostile_unread(u, "prefix-data", "bytes before the beginning of the zip");
    if (status == 0 && directory->trailing > 0 && !zip_trailing_is_mcpb(u, directory))
        status = hostile_unread(u, "trailing-data", "bytes after the end of the zip");
    return status != 0 ? status : u->status;
}

static int extract_zip(struct unpack *u, const struct zip_directory *directory, char *where)
{
    VB_CLEANUP(stream_done) struct stream s = {0};
    VB_CLEANUP(free_archive) struct archive *a = NULL;
    int status = report_directory(u, directory);

    if (status == 0 && directory->count > 0)
        status = new_archive(u, &a);
    if (status != 0 || directory->count == 0)
        return status;
    status = seekable_open(&s, u, directory->end, a);
    if (status == 0 && s.failed)
        status = report_damaged(u, str_of("."), archive_error_string(a));
    else if (status == 0)
        status = entries_extract(u, a, directory, where);
    return status;
}

/* --- tar, and single files, compressed or not --- */

static int extract_tar(struct unpack *u, struct stream *s, char *where)
{
    VB_CLEANUP(free_archive) struct archive *a = NULL;
    uint64_t end;
    int status = new_archive(u, &a);

    if (status == 0)
        status = tar_open(s, a);
    if (status == 0 && s->failed)
        return report_damaged(u, str_of("."), s->problem);
    if (status == 0)
        status = entries_extract(u, a, NULL, where);
    if (status != 0 || u->stop != NULL || s->failed)
        return status;
    end = (uint64_t)archive_filter_bytes(a, -1);
    return stream_check_rest(s, end);
}

static int extract_stream(struct unpack *u, int filter, char *where, char format[32])
{
    VB_CLEANUP(stream_done) struct stream s = {0};
    const bool compressed = filter != ARCHIVE_FILTER_NONE;
    char name[256];
    int status = stream_open(&s, u, filter);

    if (status != 0)
        return status;
    if (s.failed && s.head_len == 0)
        return report_damaged(u, str_of("."), s.problem);
    if (magic_is_tar(s.head, s.head_len)) {
        (void)snprintf(format, 32, "tar%s%s", compressed ? "+" : "",
                       compressed ? magic_filter_name(filter) : "");
        return extract_tar(u, &s, where);
    }
    if (compressed)
        (void)snprintf(format, 32, "%s", magic_filter_name(filter));
    if (s.head_len == 0)
        return 0;
    name_for_bare(u->name, compressed, name);
    (void)snprintf(where, UNPACK_PATH_MAX + 1, "%s", name);
    u->entries = 1;
    status = stream_extract(u, &s, name);
    if (status == 0 && compressed && u->stop == NULL && !s.failed && s.ended)
        status = stream_check_rest(&s, s.last_offset + s.last_len);
    return status;
}

static int extract(struct unpack *u, char *where, char format[32])
{
    VB_CLEANUP(zip_directory_done) struct zip_directory directory = {0};
    unsigned char head[UNPACK_HEAD];
    const size_t len = u->size < sizeof(head) ? (size_t)u->size : sizeof(head);
    int filter;
    int status;

    if (read_at(u, head, len, 0) != 0)
        return u->status != 0 ? u->status
                              : vb_fail(u->err, VB_E_IO, 0, "%s became shorter", u->name);
    filter = magic_filter(head, len);
    /* A stream or a tar may hold a whole zip at its end; what it begins as decides. */
    if (filter != ARCHIVE_FILTER_NONE || (magic_is_tar(head, len) && !magic_is_zip(head, len)))
        return extract_stream(u, filter, where, format);
    status = zip_directory_read(u, &directory);
    if (status != 0 || u->stop != NULL)
        return status;
    if (directory.found || magic_is_zip(head, len)) {
        (void)snprintf(format, 32, "zip");
        if (!directory.found)
            return report_damaged(u, str_of("."), "the zip has no end record: it was cut off");
        return extract_zip(u, &directory, where);
    }
    return extract_stream(u, ARCHIVE_FILTER_NONE, where, format);
}

static int finish(struct unpack *u, const char *where, const char *format)
{
    int status = report_end(u, str_of(where));

    if (status == 0 && u->files == 0 && u->hostile == 0)
        return vb_fail(u->err, VB_E_DATA, 0,
                       "%s holds no file that can be read: it is empty or damaged, fetch it again",
                       u->name);
    if (status == 0 && format[0] != '\0')
        status = report_format(u, format);
    return status;
}

int vb_unpack(int artifact_fd, const char *name, int out_fd, const struct vb_unpack_limits *limits,
              struct vb_sink *sink, struct vb_error *err)
{
    VB_CLEANUP(names_free) struct names *names = NULL;
    VB_CLEANUP_FREE char *where = calloc(1, UNPACK_PATH_MAX + 1);
    struct unpack u = {
        .limits = limits, .sink = sink, .err = err, .fd = artifact_fd, .out_fd = out_fd};
    char format[32] = "";
    struct stat st;
    int status;

    u.name = name != NULL && name[0] != '\0' ? name : "artifact";
    if (where == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "no memory to unpack %s", u.name);
    if (fstat(artifact_fd, &st) != 0)
        return vb_fail(err, VB_E_IO, errno, "cannot look at %s", u.name);
    u.size = (uint64_t)st.st_size;
    if (u.size == 0)
        return vb_fail(err, VB_E_DATA, 0, "%s is empty", u.name);
    if (limits->timeout_ms > 0)
        u.deadline_ns = vb_monotonic_ns() + (uint64_t)limits->timeout_ms * 1000000u;
    status = names_new(&names, err);
    if (status != 0)
        return status;
    u.names = names;
    status = extract(&u, where, format);
    return status != 0 ? status : finish(&u, where, format);
}
