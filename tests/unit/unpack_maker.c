#include "unpack_maker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const struct vb_unpack_limits maker_limits = {
    .bytes = 64u << 20,
    .file_bytes = 32u << 20,
    .entries = 5000,
    .path_depth = 16,
    .nesting = 4,
    .window_bytes = 128u << 20,
    .ratio = 100,
    .ratio_floor = 1u << 20,
    .timeout_ms = 20000,
};

static size_t room_for(size_t len)
{
    size_t room = 64;

    while (room < len)
        room *= 2;
    return room;
}

void bytes_add(struct bytes *b, const void *data, size_t len)
{
    if (len == 0)
        return;
    if (b->data == NULL || room_for(b->len + len) != room_for(b->len))
        b->data = realloc(b->data, room_for(b->len + len));
    assert_non_null(b->data);
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

void bytes_done(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){0};
}

/* --- libarchive's writer --- */

static la_ssize_t take(struct archive *a, void *ctx, const void *data, size_t len)
{
    (void)a;
    bytes_add(ctx, data, len);
    return (la_ssize_t)len;
}

static void add_member(struct archive *a, const struct member *m)
{
    struct archive_entry *const entry = archive_entry_new();

    archive_entry_set_pathname(entry, m->name);
    archive_entry_set_filetype(entry, m->type != 0 ? m->type : AE_IFREG);
    archive_entry_set_perm(entry, m->mode != 0 ? m->mode : 0644);
    archive_entry_set_mtime(entry, 1700000000, 0);
    if (m->target != NULL)
        archive_entry_set_symlink(entry, m->target);
    if (m->hardlink != NULL)
        archive_entry_set_hardlink(entry, m->hardlink);
    if (m->capability)
        archive_entry_xattr_add_entry(entry, "security.capability", "\1\0\0\2\0\0\0\0", 8);
    archive_entry_set_size(entry, (la_int64_t)m->len);
    assert_true(archive_write_header(a, entry) >= ARCHIVE_WARN);
    if (m->len > 0)
        assert_int_equal(archive_write_data(a, m->data, m->len), m->len);
    archive_entry_free(entry);
}

struct bytes make_archive(int format, int filter, const struct member *members, size_t count)
{
    struct archive *const a = archive_write_new();
    struct bytes out = {0};

    assert_int_equal(archive_write_set_format(a, format), ARCHIVE_OK);
    assert_int_equal(archive_write_add_filter(a, filter), ARCHIVE_OK);
    assert_int_equal(archive_write_set_bytes_in_last_block(a, 1), ARCHIVE_OK);
    assert_int_equal(archive_write_open(a, &out, NULL, take, NULL), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++)
        add_member(a, &members[i]);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    return out;
}

struct bytes make_tar(const struct member *members, size_t count)
{
    return make_archive(ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FILTER_NONE, members, count);
}

struct bytes compress_bytes(int filter, const void *data, size_t len)
{
    const struct member m = {.name = "data", .data = data, .len = len};

    return make_archive(ARCHIVE_FORMAT_RAW, filter, &m, 1);
}

/* --- zip --- */

static void add16(struct bytes *b, uint32_t v)
{
    const unsigned char p[2] = {(unsigned char)v, (unsigned char)(v >> 8)};

    bytes_add(b, p, 2);
}

static void add32(struct bytes *b, size_t v)
{
    add16(b, (uint32_t)(v & 0xffff));
    add16(b, (uint32_t)(v >> 16 & 0xffff));
}

uint32_t crc32_of(const void *data, size_t len)
{
    const unsigned char *const p = data;
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
    }
    return ~crc;
}

/* What both headers say alike, from the flags to the sizes. */
static void add_common(struct bytes *b, const struct zip_member *m, uint16_t method)
{
    const size_t len = m->data != NULL ? strlen(m->data) : 0;

    add16(b, m->flags);
    add16(b, method);
    add32(b, 0x58000000);
    add32(b, crc32_of(m->data, len));
    add32(b, len);
    add32(b, len);
}

static void add_local(struct bytes *b, const struct zip_member *m)
{
    const size_t name_len = m->name_len != 0 ? m->name_len : strlen(m->name);

    bytes_add(b, "PK\x03\x04\x14\0", 6);
    add_common(b, m, m->method);
    add16(b, (uint32_t)name_len);
    add16(b, 0);
    bytes_add(b, m->name, name_len);
    if (m->data != NULL)
        bytes_add(b, m->data, strlen(m->data));
}

static void add_central(struct bytes *b, const struct zip_member *m, size_t offset)
{
    const char *const name = m->central_name != NULL ? m->central_name : m->name;
    const size_t name_len =
        m->central_name == NULL && m->name_len != 0 ? m->name_len : strlen(name);

    bytes_add(b, "PK\x01\x02\x14\x03\x14\0", 8);
    add_common(b, m, m->other_method != 0 ? m->other_method : m->method);
    add16(b, (uint32_t)name_len);
    add32(b, 0);
    add32(b, 0);
    add32(b, (size_t)(m->mode != 0 ? m->mode : 0100644) << 16);
    add32(b, offset);
    bytes_add(b, name, name_len);
}

struct bytes make_zip(const struct zip_member *members, size_t count, const char *prefix,
                      const char *comment)
{
    struct bytes b = {0};
    struct bytes central = {0};
    size_t listed = 0;
    size_t first = 0;

    if (prefix != NULL)
        bytes_add(&b, prefix, strlen(prefix));
    first = b.len;
    for (size_t i = 0; i < count; i++) {
        const size_t offset = members[i].shared ? first : b.len;

        if (!members[i].shared)
            add_local(&b, &members[i]);
        if (members[i].hidden)
            continue;
        add_central(&central, &members[i], offset);
        listed++;
    }
    bytes_add(&b, central.data, central.len);
    bytes_add(&b, "PK\x05\x06\0\0\0\0", 8);
    add16(&b, (uint32_t)listed);
    add16(&b, (uint32_t)listed);
    add32(&b, central.len);
    add32(&b, b.len - 16 - central.len);
    add16(&b, comment != NULL ? (uint32_t)strlen(comment) : 0);
    if (comment != NULL)
        bytes_add(&b, comment, strlen(comment));
    bytes_done(&central);
    return b;
}

/* --- running --- */

static void copy_field(char *ret, size_t size, const struct vb_event *event, enum vb_field field)
{
    const struct vb_str s = vb_event_get_str(event, field);
    const size_t len = s.len < size - 1 ? s.len : size - 1;

    if (s.len == 0)
        return;
    memcpy(ret, s.text, len);
    ret[len] = '\0';
}

static int on_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct run *const run = (struct run *)sink;
    struct record *r;

    assert_int_equal(vb_event_check(event, err), 0);
    run->records = realloc(run->records, (run->count + 1) * sizeof(*run->records));
    assert_non_null(run->records);
    r = &run->records[run->count++];
    *r = (struct record){.kind = event->kind};
    copy_field(r->code, sizeof(r->code), event, VB_F_CODE);
    copy_field(r->code, sizeof(r->code), event, VB_F_FORMAT);
    copy_field(r->code, sizeof(r->code), event, VB_F_WHAT);
    copy_field(r->path, sizeof(r->path), event, VB_F_PATH);
    copy_field(r->detail, sizeof(r->detail), event, VB_F_DETAIL);
    copy_field(r->detail, sizeof(r->detail), event, VB_F_REASON);
    r->count = vb_event_get_int(event, VB_F_COUNT, -1);
    if (event->kind == VB_EV_ARCHIVE_EXTRACTED)
        r->count = (int64_t)vb_event_get(event, VB_F_PATHS)->list.count;
    r->size = vb_event_get_int(event, VB_F_SIZE, -1);
    return 0;
}

static void assert_alone(const char *base)
{
    DIR *const dir = opendir(base);
    const struct dirent *e;

    assert_non_null(dir);
    while ((e = readdir(dir)) != NULL) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            assert_true(strcmp(e->d_name, "out") == 0 || strcmp(e->d_name, "beside") == 0);
    }
    closedir(dir);
}

static int make_folder(const struct run *run, const char *name)
{
    char path[80];

    (void)snprintf(path, sizeof(path), "%s/%s", run->base, name);
    assert_int_equal(mkdir(path, 0700), 0);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool maker_tells;

void run_first(struct run *run, const struct bytes *data, const char *name,
               const struct vb_unpack_limits *limits)
{
    struct vb_unpack_job job = {.name = name, .tells = maker_tells};

    *run = (struct run){.sink = {.emit = on_event}, .name = name, .limits = limits};
    if (limits == NULL)
        run->limits = &maker_limits;
    (void)snprintf(run->base, sizeof(run->base), "%s/vetbox-unpack-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(run->base));
    run->artifact_fd = memfd_create("artifact", MFD_CLOEXEC);
    run->out_fd = make_folder(run, "out");
    run->beside_fd = make_folder(run, "beside");
    assert_true(run->artifact_fd >= 0 && run->out_fd >= 0 && run->beside_fd >= 0);
    assert_int_equal(vb_write_all(run->artifact_fd, data->data, data->len, &run->err), 0);
    job.artifact_fd = run->artifact_fd;
    job.out_fd = run->out_fd;
    job.beside_fd = run->beside_fd;
    run->status = vb_unpack(&job, run->limits, &run->sink, &run->err);
    assert_alone(run->base);
}

bool run_deferred(const struct run *run)
{
    return run->status == 0 && run_count(run, VB_EV_ARCHIVE_DEFERRED, NULL, NULL) > 0;
}

/* As the command does it: the artifact itself, or the archives that were deferred. */
void run_second(struct run *run)
{
    const bool top = run_count(run, VB_EV_ARCHIVE_DEFERRED, NULL, ".") > 0;
    struct vb_unpack_inner inners[16];
    struct vb_unpack_job job = {.artifact_fd = top ? run->artifact_fd : -1,
                                .name = run->name,
                                .out_fd = top ? run->out_fd : -1,
                                .beside_fd = run->beside_fd,
                                .inners = inners,
                                .locale = vb_unpack_locale()};

    for (size_t i = 0; !top && i < run->count && job.inner_count < VB_ARRAY_LEN(inners); i++) {
        char *const path = strdup(run->records[i].path);
        int fd = vb_open_beneath(run->out_fd, path, O_RDONLY, 0);

        if (run->records[i].kind != VB_EV_ARCHIVE_DEFERRED) {
            free(path);
            vb_close_fd(&fd);
            continue;
        }
        fd = fd < 0 ? vb_open_beneath(run->beside_fd, path, O_RDONLY, 0) : fd;
        assert_true(fd >= 0);
        inners[job.inner_count++] = (struct vb_unpack_inner){fd, path};
    }
    run->status = vb_unpack_second(&job, run->limits, &run->sink, &run->err);
    if (job.locale != (locale_t)0)
        freelocale(job.locale);
    for (size_t i = 0; i < job.inner_count; i++) {
        (void)close(inners[i].fd);
        free((char *)(uintptr_t)inners[i].path);
    }
    assert_alone(run->base);
}

void run_unpack(struct run *run, const struct bytes *data, const char *name,
                const struct vb_unpack_limits *limits)
{
    run_first(run, data, name, limits);
    if (run_deferred(run))
        run_second(run);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void run_done(struct run *run)
{
    vb_close_fd(&run->artifact_fd);
    vb_close_fd(&run->out_fd);
    vb_close_fd(&run->beside_fd);
    assert_int_equal(nftw(run->base, remove_one, 32, FTW_DEPTH | FTW_PHYS), 0);
    free(run->records);
    *run = (struct run){.artifact_fd = -1, .out_fd = -1, .beside_fd = -1};
}

size_t run_count(const struct run *run, enum vb_event_kind kind, const char *code, const char *path)
{
    size_t n = 0;

    for (size_t i = 0; i < run->count; i++) {
        const struct record *const r = &run->records[i];

        n += r->kind == kind && (code == NULL || strcmp(code, r->code) == 0) &&
             (path == NULL || strcmp(path, r->path) == 0);
    }
    return n;
}

bool run_has_file(const struct run *run, const char *path)
{
    struct stat st;

    return fstatat(run->out_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

static size_t count_files(int dirfd)
{
    DIR *const dir = fdopendir(dirfd);
    const struct dirent *e;
    size_t n = 0;

    assert_non_null(dir);
    while ((e = readdir(dir)) != NULL) {
        struct stat st;

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        assert_int_equal(fstatat(dirfd, e->d_name, &st, AT_SYMLINK_NOFOLLOW), 0);
        /* Nothing but plain files and folders of ours may ever come out. */
        assert_true(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
        if (S_ISREG(st.st_mode))
            assert_true((st.st_mode & 07777) == 0600 || (st.st_mode & 07777) == 0700);
        n += S_ISREG(st.st_mode) ? 1 : count_files(openat(dirfd, e->d_name, O_RDONLY | O_CLOEXEC));
    }
    closedir(dir);
    return n;
}

size_t run_files(const struct run *run)
{
    return count_files(openat(run->out_fd, ".", O_RDONLY | O_CLOEXEC));
}

size_t run_beside(const struct run *run)
{
    return count_files(openat(run->beside_fd, ".", O_RDONLY | O_CLOEXEC));
}

static void assert_file(int dirfd, const char *path, const void *data, size_t len)
{
    VB_CLEANUP_FD int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
    VB_CLEANUP(vb_buf_done) struct vb_buf buf;
    struct vb_error err = {0};

    vb_buf_init(&buf, 64u << 20);
    if (fd < 0)
        fail_msg("%s was not extracted", path);
    assert_int_equal(vb_buf_read_fd(&buf, fd, &err), 0);
    assert_int_equal(buf.len, len);
    if (len > 0)
        assert_memory_equal(buf.data, data, len);
}

void assert_content(const struct run *run, const char *path, const void *data, size_t len)
{
    assert_file(run->out_fd, path, data, len);
}

void assert_beside(const struct run *run, const char *path, const void *data, size_t len)
{
    assert_file(run->beside_fd, path, data, len);
}

void assert_hostile(const struct run *run, const char *code, const char *path)
{
    if (run_count(run, VB_EV_ARCHIVE_HOSTILE, code, path) == 1)
        return;
    for (size_t i = 0; i < run->count; i++)
        print_error("event %d %s %s: %s\n", (int)run->records[i].kind, run->records[i].code,
                    run->records[i].path, run->records[i].detail);
    fail_msg("no single archive.hostile %s for %s", code, path);
}
