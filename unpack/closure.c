/* closure: the dependencies of a package, unpacked. The list and the archives come from registries
 * that anybody can publish to: it runs in a confined child, and what is wrong with one of them is a
 * gap, never the end of the others. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unpack/closure_place.h"
#include "vetbox/core/json.h"
#include "vetbox/unpack.h"

enum { PATH_BYTES = 4096, GAPS = 64, WHAT_BYTES = 256 };

struct closure {
    struct vb_sink sink; /* of what one archive is told of */
    struct vb_sink *next;
    int from, tree, rest;
    struct vb_unpack_limits limits; /* what is left of them */
    uint64_t deadline_ns;
    const char *file; /* the archive at hand */
    size_t packages;
    size_t gaps;
    size_t left_out; /* beyond a limit */
};

/* --- what is told --- */

/* The first ones, one by one. */
static int tell(struct closure *closure, const char *what, const char *reason, const char *path,
                struct vb_error *err)
{
    struct vb_event event;
    if (closure->gaps++ >= GAPS)
        return VB_OK;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_STAGE, VB_STAGE_DEPENDENCY);
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_str(&event, VB_F_PATH, path);
    return vb_emit(closure->next, &event, err);
}

static int tell_count(struct closure *closure, const char *what, const char *reason, size_t count,
                      struct vb_error *err)
{
    struct vb_event event;
    if (count == 0)
        return VB_OK;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_STAGE, VB_STAGE_DEPENDENCY);
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_int(&event, VB_F_COUNT, (int64_t)count);
    return vb_emit(closure->next, &event, err);
}

/* What the reader of archives says becomes a gap: it is not the package's own archive. */
static int gap_emit(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct closure *closure = (struct closure *)(void *)base;
    const enum vb_field reasons[] = {VB_F_CODE, VB_F_DETAIL, VB_F_REASON, VB_F_FORMAT};
    struct vb_str reason = {0};
    char text[WHAT_BYTES];
    char path[PATH_BYTES];
    if (event->kind == VB_EV_ARCHIVE_FORMAT) {
        const uint64_t bytes = (uint64_t)vb_event_get_int(event, VB_F_SIZE, 0);
        const uint64_t entries = (uint64_t)vb_event_get_int(event, VB_F_COUNT, 0);
        closure->limits.bytes -= bytes < closure->limits.bytes ? bytes : closure->limits.bytes;
        closure->limits.entries -=
            entries < closure->limits.entries ? entries : closure->limits.entries;
        return VB_OK;
    }
    for (size_t i = 0; reason.len == 0 && i < VB_ARRAY_LEN(reasons); i++)
        reason = vb_event_get_str(event, reasons[i]);
    const struct vb_str where = vb_event_get_str(event, VB_F_PATH);
    snprintf(text, sizeof(text), "%.*s", (int)reason.len, reason.text == NULL ? "" : reason.text);
    snprintf(path, sizeof(path), "deps/%s!/%.*s", closure->file, (int)where.len,
             where.text == NULL ? "" : where.text);
    return tell(closure, "an entry of a dependency", text, path, err);
}

static int tell_unread(struct closure *closure, const char *reason, struct vb_error *err)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "deps/%s", closure->file);
    return tell(closure, "a dependency", reason, path, err);
}

/* --- one archive --- */

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text == NULL ? "" : text;
}

/* 1: it is not to be read; that was told. */
static int unpack_file(struct closure *closure, int new, struct vb_error *err)
{
    struct vb_error why = {0};
    struct stat st;
    const uint64_t now = vb_monotonic_ns();
    VB_CLEANUP_FD int fd =
        vb_path_safe(closure->file)
            ? vb_open_beneath(closure->from, closure->file, O_RDONLY | O_NONBLOCK, 0)
            : -1;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        const int status = tell_unread(closure, "its file is not in the folder", err);
        return status < 0 ? status : 1;
    }
    if (now >= closure->deadline_ns || closure->limits.bytes == 0 || closure->limits.entries == 0) {
        closure->left_out++;
        return 1;
    }
    closure->limits.timeout_ms = (unsigned)((closure->deadline_ns - now) / 1000000U) + 1;
    const struct vb_unpack_job job = {
        .artifact_fd = fd, .name = vb_path_base(closure->file), .out_fd = new, .beside_fd = -1};
    const int status = vb_unpack(&job, &closure->limits, &closure->sink, &why);
    if (status == VB_E_DATA) {
        const int told = tell_unread(closure, why.message, err);
        return told < 0 ? told : 1;
    }
    if (status < 0)
        *err = why;
    return status;
}

/* A new folder of our own, which is left there when what it held was moved. */
static int new_folder(struct closure *closure, struct vb_error *err)
{
    char name[24];
    snprintf(name, sizeof(name), "%zu", closure->packages);
    const int fd = mkdirat(closure->rest, name, 0755) < 0
                       ? -1
                       : openat(closure->rest, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? vb_fail(err, VB_E_CANTCREAT, errno, "making a folder for a dependency") : fd;
}

static int take_npm(struct closure *closure, const json_t *row, int new, struct vb_error *err)
{
    static const char folder[] = VB_CLOSURE_NODE "/";
    const char *path = text_of(row, "path");
    const int status = unpack_file(closure, new, err);
    if (status != VB_OK)
        return status < 0 ? status : VB_OK;
    if (!vb_path_safe(path) || strncmp(path, folder, sizeof(folder) - 1) != 0 ||
        strlen(path) > PATH_BYTES / 2)
        return tell_unread(closure, "its place is none of npm's", err);
    return vb_place_npm(closure->tree, new, path, err);
}

static int take_pypi(struct closure *closure, const json_t *row, int new, struct vb_error *err)
{
    (void)row;
    char path[PATH_BYTES];
    const int status = unpack_file(closure, new, err);
    if (status != VB_OK)
        return status < 0 ? status : VB_OK;
    if (vb_ascii_equal(vb_path_extension(closure->file), "whl"))
        return vb_place_wheel(closure->tree, new, err);
    snprintf(path, sizeof(path), VB_CLOSURE_SOURCES "/%s", vb_path_base(closure->file));
    const int placed = vb_place_source(closure->tree, new, path, err);
    return placed < 0
               ? placed
               : tell_unread(closure, "a source archive, which is not built: nothing can import it",
                             err);
}

typedef int take_row(struct closure *closure, const json_t *row, int new, struct vb_error *err);

static int take_rows(struct closure *closure, const json_t *rows, take_row *take,
                     struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (closure->packages == VB_CLOSURE_PACKAGES_MAX) {
            closure->left_out++;
            continue;
        }
        closure->packages++;
        VB_CLEANUP_FD int new = new_folder(closure, err);
        closure->file = text_of(row, "file");
        status = new < 0 ? new : take(closure, row, new, err);
    }
    return status;
}

/* --- all of them --- */

static int tell_missing(struct closure *closure, const json_t *rows, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        char what[WHAT_BYTES];
        char reason[WHAT_BYTES];
        const char *range = text_of(row, "range");
        snprintf(what, sizeof(what), "the dependency %.100s%s%.100s", text_of(row, "name"),
                 range[0] == '\0' ? "" : " ", range);
        snprintf(reason, sizeof(reason), "it was not there: %.200s", text_of(row, "reason"));
        status = tell(closure, what, reason, NULL, err);
    }
    return status;
}

static int read_list(int from, json_t **ret, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    vb_buf_init(&text, VB_CLOSURE_LIST_BYTES);
    VB_CLEANUP_FD int fd = vb_open_beneath(from, VB_CLOSURE_LIST, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0)
        return vb_fail(err, VB_E_DATA, errno, "the dependencies have no " VB_CLOSURE_LIST);
    int status = vb_buf_read_fd(&text, fd, err);
    if (status == VB_OK)
        status = vb_json_parse((const char *)text.data, text.len, VB_CLOSURE_LIST_BYTES, ret, err);
    if (status == VB_OK && json_integer_value(json_object_get(*ret, "version")) != 1)
        status = vb_fail(err, VB_E_DATA, 0, "\"version\": 1 is needed");
    return status < 0 ? vb_fail(err, VB_E_DATA, 0, VB_CLOSURE_LIST ": %.200s", err->message)
                      : VB_OK;
}

static int make_folder(int out_fd, const char *name, struct vb_error *err)
{
    const int fd = mkdirat(out_fd, name, 0755) < 0
                       ? -1
                       : openat(out_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? vb_fail(err, VB_E_CANTCREAT, errno, "making a folder for dependencies") : fd;
}

int vb_unpack_closure(int closure_fd, int out_fd, const struct vb_unpack_limits *limits,
                      struct vb_sink *sink, struct vb_error *err)
{
    VB_CLEANUP(vb_json_free) json_t *list = NULL;
    int status = read_list(closure_fd, &list, err);
    if (status < 0)
        return status;
    VB_CLEANUP_FD int tree = make_folder(out_fd, "tree", err);
    VB_CLEANUP_FD int rest = tree < 0 ? -1 : make_folder(out_fd, "rest", err);
    if (tree < 0 || rest < 0)
        return err->status;
    struct closure closure = {.sink.emit = gap_emit,
                              .next = sink,
                              .from = closure_fd,
                              .tree = tree,
                              .rest = rest,
                              .limits = *limits,
                              .deadline_ns =
                                  vb_monotonic_ns() + limits->timeout_ms * UINT64_C(1000000)};
    closure.limits.nesting = 0;
    closure.limits.bytes = VB_CLOSURE_BYTES_MAX;
    closure.limits.entries = VB_CLOSURE_ENTRIES_MAX;
    status = tell_missing(&closure, json_object_get(list, "missing"), err);
    if (status == VB_OK)
        status = take_rows(&closure, json_object_get(list, "npm"), take_npm, err);
    if (status == VB_OK)
        status = take_rows(&closure, json_object_get(list, "pypi"), take_pypi, err);
    /* What had no place, because another file was in it or nothing installs it there, is scanned.
     */
    if (status == VB_OK && renameat2(out_fd, "rest", tree, "left", RENAME_NOREPLACE) < 0)
        status = vb_fail(err, VB_E_CANTCREAT, errno, "keeping what is left of dependencies");
    if (status == VB_OK)
        status = tell_count(&closure, "more gaps in dependencies", "told as a number only",
                            closure.gaps > GAPS ? closure.gaps - GAPS : 0, err);
    return status < 0 ? status
                      : tell_count(&closure, "dependencies", "more of them than are unpacked",
                                   closure.left_out, err);
}
