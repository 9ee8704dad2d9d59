/* deps: see deps.h. The folder is copied before anything reads it; what parses it are a confined
 * child, and the world of the boxes. */
#include "cli/deps.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/closure.h"
#include "cli/places.h"
#include "cli/session.h"
#include "vetbox/sandbox.h"
#include "vetbox/unpack.h"

enum { MIB = 1024 * 1024, UNPACK_MS = 20000, INODES = 400000, HEX = VB_SHA256_HEX - 1 };

static const struct vb_tree_limits closure_limits = {
    .bytes = VB_CLOSURE_BYTES_MAX,
    .file_bytes = (uint64_t)512 * MIB,
    .entries = 8 * VB_CLOSURE_PACKAGES_MAX,
    .depth = 8,
};
static const struct vb_tree_limits libraries_limits = {
    .bytes = UINT64_MAX, .file_bytes = UINT64_MAX, .entries = INODES, .depth = 128};
/* Every file takes whole pages. */
static const uint64_t room_bytes = VB_CLOSURE_BYTES_MAX + (uint64_t)INODES * 4096;

void vb_deps_done(struct vb_deps *deps)
{
    vb_close_fd(&deps->closure_fd);
    vb_close_fd(&deps->libraries_fd);
    vb_close_fd(&deps->known_fd);
}

/* --- what the package says --- */

/* Files that declare what comes from npm or PyPI. */
void vb_deps_see(struct vb_deps_wanted *wanted, const struct vb_event *event)
{
    static const char *const files[] = {"package.json", "pyproject.toml", "setup.cfg", "METADATA",
                                        "PKG-INFO"};
    char path[4096];
    if (event->kind != VB_EV_MANIFEST_DECLARES ||
        !vb_str_equal(vb_event_get_str(event, VB_F_WHAT), "dependency"))
        return;
    const struct vb_str text = vb_event_get_str(event, VB_F_PATH);
    snprintf(path, sizeof(path), "%.*s", (int)text.len, text.text);
    const char *name = vb_path_base(path);
    bool found = vb_str_equal(vb_event_get_str(event, VB_F_DETAIL), "requirements.txt");
    for (size_t i = 0; !found && i < VB_ARRAY_LEN(files); i++)
        found = strcmp(name, files[i]) == 0;
    wanted->count += found;
}

static int tell_none(struct vb_session *session, struct vb_error *err)
{
    struct vb_event event;
    const size_t count = session->tee.wanted.count;
    char what[64];
    if (count == 0)
        return VB_OK;
    snprintf(what, sizeof(what), "%zu declared dependenc%s", count, count == 1 ? "y" : "ies");
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, VB_STAGE_DEPENDENCY);
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_REASON, "not there: what needs them runs without, or not at all");
    return vb_emit(&session->tee.sink, &event, err);
}

/* --- the folder --- */

static int ignore_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    (void)sink;
    (void)event;
    (void)err;
    return VB_OK;
}

static int copy_folder(struct vb_session *session, int folder, struct vb_error *err)
{
    VB_CLEANUP_FD int copy = -1;
    int status = vb_workspace_new(closure_limits.bytes + closure_limits.entries * 4096U,
                                  2 * closure_limits.entries, &copy, err);
    if (status == VB_OK)
        status = vb_tree_copy(folder, copy, &closure_limits, &session->tee.sink, NULL, err);
    if (status == VB_OK)
        session->deps.closure_fd = vb_steal_fd(&copy);
    return status;
}

static int open_folder(struct vb_session *session, const char *path, struct vb_error *err)
{
    struct stat st;
    VB_CLEANUP_FD int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return vb_fail(err, VB_E_NOINPUT, errno, "--deps %s", path);
    if (fstatat(folder, VB_CLOSURE_LIST, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
        return vb_fail(err, VB_E_NOINPUT, 0, "--deps %s: it has no file " VB_CLOSURE_LIST, path);
    const int status = copy_folder(session, folder, err);
    return status < 0 ? vb_wrap(err, "--deps %s", path) : VB_OK;
}

/* Keeps what was fetched in the new folder PATH. */
static int save_folder(const struct vb_session *session, const char *path, struct vb_error *err)
{
    struct vb_sink nobody = {.emit = ignore_event};
    VB_CLEANUP_FD int to = vb_place_new_folder(path, err);
    if (to < 0)
        return to;
    if (session->deps.closure_fd < 0)
        return VB_OK;
    return vb_tree_copy(session->deps.closure_fd, to, &closure_limits, &nobody, NULL, err);
}

int vb_session_open_deps(struct vb_session *session, struct vb_error *err)
{
    static const char save[] = "save:";
    const char *given = session->options->value[VB_OPT_DEPS];
    const char *value = given != NULL ? given : getenv("VETBOX_DEPS");
    const bool usual = value == NULL || value[0] == '\0' || strcmp(value, "fetch") == 0;
    const bool saved = !usual && strncmp(value, save, sizeof(save) - 1) == 0;
    if (!usual && strcmp(value, "none") == 0)
        return VB_OK;
    if (!usual && !saved)
        return open_folder(session, value, err);
    if (strcmp(session->action, "vet") != 0)
        return VB_OK; /* nothing says what a command needs */
    const int status = vb_closure_gather(session, &session->deps.closure_fd, err);
    return status == VB_OK && saved ? save_folder(session, value + sizeof(save) - 1, err) : status;
}

/* --- unpacking --- */

struct unpack_work {
    int from, to;
    struct vb_unpack_limits limits;
};

static int unpack_in_child(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    const struct unpack_work *work = ctx;
    return vb_unpack_closure(work->from, work->to, &work->limits, sink, err);
}

static int run_unpack(struct vb_session *session, struct unpack_work *work, bool *ret_died,
                      struct vb_error *err)
{
    struct vb_zygote *zygote = session->toolbox->executed ? NULL : session->toolbox->zygote;
    const unsigned left = vb_session_left_ms(session) / 2 + 1;
    const int fds[] = {work->from, work->to};
    work->limits = vb_unpack_default_limits;
    work->limits.timeout_ms = left < UNPACK_MS ? left : UNPACK_MS;
    const struct vb_child child = {.role = VB_ROLE_UNPACK,
                                   .name = "dependencies",
                                   .zygote = zygote,
                                   .run = unpack_in_child,
                                   .ctx = work,
                                   .ctx_bytes = zygote == NULL ? 0 : sizeof(*work),
                                   .fds = fds,
                                   .fd_count = VB_ARRAY_LEN(fds),
                                   .timeout_ms = 2 * work->limits.timeout_ms + 1000,
                                   .memory_bytes = (uint64_t)1024 * MIB};
    vb_session_share(session);
    return vb_child_run(&child, session->log.epoch_ns, &session->tee.sink, ret_died, err);
}

static int new_workspace(const struct vb_session *session, int *ret, struct vb_error *err)
{
    return session->toolbox->zygote == NULL
               ? vb_workspace_new(room_bytes, INODES, ret, err)
               : vb_zygote_workspace(session->toolbox->zygote, room_bytes, INODES, ret, err);
}

static int unpack(struct vb_session *session, struct vb_error *err)
{
    bool died = false;
    VB_CLEANUP_FD int to = -1;
    int status = new_workspace(session, &to, err);
    if (status < 0)
        return status;
    struct unpack_work work = {.from = session->deps.closure_fd, .to = to};
    status = run_unpack(session, &work, &died, err);
    if (status < 0 || died)
        return status; /* nothing of what it left is used */
    session->deps.libraries_fd = vb_open_beneath(to, "tree", O_RDONLY | O_DIRECTORY, 0);
    return session->deps.libraries_fd < 0
               ? vb_fail(err, VB_E_SOFTWARE, errno, "the unpacked dependencies")
               : VB_OK;
}

/* --- what is known of them --- */

static int compare_hex(const void *a, const void *b)
{
    return memcmp(a, b, HEX);
}

static void free_tree(struct vb_tree **tree)
{
    vb_tree_free(*tree);
}

/* Digests of all files below the folder FD, which stays the caller's, behind RET. */
static int add_digests(int fd, struct vb_buf *ret, struct vb_error *err)
{
    struct vb_sink nobody = {.emit = ignore_event};
    VB_CLEANUP(free_tree) struct vb_tree *tree = NULL;
    const int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0)
        return vb_fail(err, VB_E_IO, errno, "opening the dependencies");
    int status = vb_tree_seal(copy, &libraries_limits, &nobody, &tree, err);
    for (size_t i = 0; status == VB_OK && i < tree->count; i++)
        status = vb_buf_append(ret, tree->files[i].sha256, HEX, err);
    return status;
}

static int note_known(struct vb_deps *deps, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf digests;
    vb_buf_init(&digests, (size_t)2 * INODES * HEX);
    int status = add_digests(deps->closure_fd, &digests, err);
    if (status == VB_OK && deps->libraries_fd >= 0)
        status = add_digests(deps->libraries_fd, &digests, err);
    if (status < 0)
        return status;
    if (digests.len > HEX)
        qsort(digests.data, digests.len / HEX, HEX, compare_hex);
    deps->known_fd = memfd_create("vetbox-known", MFD_CLOEXEC);
    if (deps->known_fd < 0)
        return vb_fail(err, VB_E_OS, errno, "noting the files of dependencies");
    return vb_write_all(deps->known_fd, digests.data, digests.len, err);
}

static bool is_known(int fd, const char *hex)
{
    char one[HEX];
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return false;
    size_t low = 0, high = (size_t)st.st_size / HEX;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (pread(fd, one, HEX, (off_t)(middle * HEX)) != HEX)
            return false;
        const int order = memcmp(hex, one, HEX);
        if (order == 0)
            return true;
        low = order > 0 ? middle + 1 : low;
        high = order > 0 ? high : middle;
    }
    return false;
}

/* --- what a scanner says of them --- */

/* Runs leave a file under the name of its digest. */
static bool is_dependency(const struct vb_deps_sink *deps, const struct vb_event *event)
{
    const struct vb_str path = vb_event_get_str(event, VB_F_PATH);
    const char *slash = path.text == NULL ? NULL : memchr(path.text, '/', path.len);
    if (deps->all)
        return true;
    return slash != NULL && (size_t)(path.text + path.len - slash) == HEX + 1 &&
           is_known(deps->known_fd, slash + 1);
}

static void set_stage(struct vb_event *event)
{
    for (size_t i = 0; i < event->value_count; i++) {
        if (event->values[i].field == VB_F_STAGE) {
            event->values[i].str =
                (struct vb_str){VB_STAGE_DEPENDENCY, sizeof(VB_STAGE_DEPENDENCY) - 1};
            return;
        }
    }
    vb_event_str(event, VB_F_STAGE, VB_STAGE_DEPENDENCY);
}

static int deps_emit(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct vb_deps_sink *deps = (struct vb_deps_sink *)(void *)base;
    const bool staged = event->kind == VB_EV_SCAN_MATCH || event->kind == VB_EV_SCAN_TEXT ||
                        event->kind == VB_EV_COVERAGE;
    if (!is_dependency(deps, event))
        return vb_emit(deps->next, event, err);
    if (!staged)
        return VB_OK; /* of layers there are too many */
    set_stage(event);
    return vb_emit(deps->next, event, err);
}

void vb_deps_sink_init(struct vb_deps_sink *ret, const char *prefix, int known_fd,
                       struct vb_sink *next)
{
    *ret = (struct vb_deps_sink){.sink.emit = deps_emit,
                                 .next = next,
                                 .all = strcmp(prefix, VB_DEPS_PREFIX) == 0,
                                 .known_fd = strcmp(prefix, "dropped") == 0 ? known_fd : -1};
}

/* --- all of it --- */

int vb_session_depend(struct vb_session *session, struct vb_error *err)
{
    struct vb_deps *deps = &session->deps;
    int status = vb_session_open_deps(session, err);
    if (status == VB_OK && deps->closure_fd < 0)
        return tell_none(session, err);
    if (status == VB_OK)
        status = unpack(session, err);
    if (status == VB_OK)
        status = note_known(deps, err);
    if (status == VB_OK && deps->libraries_fd >= 0 && session->toolbox->rules != NULL)
        status = vb_examine_scan(session, deps->libraries_fd, VB_DEPS_PREFIX, err);
    return status < 0 ? vb_wrap(err, "what it depends on") : VB_OK;
}
