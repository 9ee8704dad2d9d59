/* closure: see closure.h. A fetcher child speaks with the indexes and reads what they say; here its
 * files are put into their places and into the cache, and never read but for their digests. */
#include "cli/closure.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cache.h"
#include "cli/places.h"
#include "cli/session.h"
#include "cli/wants.h"
#include "vetbox/sandbox.h"

enum { MIB = 1024 * 1024, FETCH_MS = 30000, FOLDER_INODES = 16384 };
static const uint64_t fetched_bytes = (uint64_t)512 * MIB;
static const uint64_t folder_bytes = (uint64_t)1536 * MIB;
/* The rest is for the lists, without which nothing is found. */
static const uint64_t packages_bytes = (uint64_t)1024 * MIB;
static const uint64_t cache_mib = 4096;

struct gathering {
    struct vb_sink sink; /* of the fetcher */
    struct vb_sink *next;
    int cache_fd;              /* files named by their digests; -1: there is none */
    int folder_fd;             /* the closure */
    int data_fd;               /* what was fetched */
    struct vb_cache_list held; /* in the cache */
    bool kept;                 /* something is new there */
    bool whole;                /* the list of everything came */
    uint64_t placed;           /* bytes of packages in the folder */
    size_t no_room, damaged;   /* files that are not in the folder, and why */
};

/* --- the cache --- */

static int open_cache(struct vb_error *err)
{
    VB_CLEANUP_FREE char *base = NULL;
    VB_CLEANUP_FREE char *own = NULL;
    if (vb_place_cache(&base, err) < 0 || base == NULL || asprintf(&own, "%s/packages", base) < 0)
        return -1;
    if (mkdir(own, 0700) < 0 && errno != EEXIST)
        return -1;
    return open(own, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* In MiB; a word that is no number is an error, since less may be meant. */
static int cache_limit(uint64_t *ret, struct vb_error *err)
{
    const char *text = getenv("VETBOX_CACHE_MIB");
    *ret = cache_mib;
    if (text == NULL || text[0] == '\0')
        return VB_OK;
    if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 9)
        return vb_fail(err, VB_E_CONFIG, 0, "VETBOX_CACHE_MIB=%s: a number is needed", text);
    *ret = strtoul(text, NULL, 10);
    return VB_OK;
}

/* --- files --- */

struct range {
    int fd;
    off_t offset;
    uint64_t size;
};

/* Copies RANGE to the new file TO, and digests it on the way. */
static int copy_range(const struct range *range, int to, const char *digest_name, bool *ret_same,
                      struct vb_error *err)
{
    static char part[1 << 18];
    char hex[VB_SHA512_HEX] = "";
    struct vb_digest *digest = NULL;
    const enum vb_digest_kind kind = digest_name != NULL && strncmp(digest_name, "sha512", 6) == 0
                                         ? VB_DIGEST_SHA512
                                         : VB_DIGEST_SHA256;
    int status = vb_digest_new(kind, &digest, err);
    for (uint64_t done = 0; status == VB_OK && done < range->size;) {
        const uint64_t left = range->size - done;
        const ssize_t got = pread(range->fd, part, left < sizeof(part) ? left : sizeof(part),
                                  range->offset + (off_t)done);
        if (got <= 0) {
            status = vb_fail(err, VB_E_IO, got < 0 ? errno : 0, "reading a dependency");
            break;
        }
        status = vb_digest_update(digest, part, (size_t)got, err);
        if (status == VB_OK)
            status = vb_write_all(to, part, (size_t)got, err);
        done += (uint64_t)got;
    }
    if (status == VB_OK)
        status = vb_digest_hex(digest, hex, err);
    vb_digest_free(digest);
    *ret_same = digest_name == NULL || strcmp(hex, digest_name + 7) == 0;
    return status;
}

/* Puts RANGE at PATH of the closure. *RET_SAME is false where its digest is another; DIGEST_NAME is
 * NULL for a list. */
static int put_file(struct gathering *gathering, const char *path, const struct range *range,
                    const char *digest_name, bool *ret_same, struct vb_error *err)
{
    const uint64_t room = packages_bytes - gathering->placed;
    if (digest_name != NULL && range->size > room)
        return vb_fail(err, VB_E_LIMIT, ENOSPC, "keeping a dependency");
    gathering->placed += digest_name == NULL ? 0 : range->size;
    if (vb_mkdir_parents(gathering->folder_fd, path) < 0)
        return vb_fail(err, VB_E_OS, errno, "keeping a dependency");
    VB_CLEANUP_FD int to =
        vb_open_beneath(gathering->folder_fd, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (to < 0)
        return vb_fail(err, VB_E_OS, errno, "keeping a dependency");
    return copy_range(range, to, digest_name, ret_same, err);
}

/* A cache that cannot be written to is only slower. */
static void keep_file(struct gathering *gathering, const struct range *range,
                      const char *digest_name)
{
    struct vb_error ignored;
    char name[VB_CACHE_NAME_BYTES];
    bool same = false;
    VB_CLEANUP_FD int to = vb_cache_new(gathering->cache_fd, name);
    if (to < 0)
        return;
    if (copy_range(range, to, digest_name, &same, &ignored) < 0 || !same ||
        renameat(gathering->cache_fd, name, gathering->cache_fd, digest_name) < 0)
        (void)unlinkat(gathering->cache_fd, name, 0);
    gathering->kept = true;
}

static int take_held(struct gathering *gathering, const char *path, const char *digest_name,
                     bool *ret_same, struct vb_error *err)
{
    struct stat st;
    VB_CLEANUP_FD int from = vb_cache_take(gathering->cache_fd, digest_name);
    *ret_same = false;
    if (from < 0 || fstat(from, &st) < 0)
        return VB_OK;
    const struct range range = {from, 0, (uint64_t)st.st_size};
    const int status = put_file(gathering, path, &range, digest_name, ret_same, err);
    if (status == VB_OK && !*ret_same)
        (void)unlinkat(gathering->cache_fd, digest_name, 0);
    return status;
}

/* --- what the fetcher says --- */

static void copy_text(const struct vb_event *event, enum vb_field field, char *ret, size_t size)
{
    const struct vb_str text = vb_event_get_str(event, field);
    snprintf(ret, size, "%.*s", (int)text.len, text.text == NULL ? "" : text.text);
}

static void name_digest(const struct vb_event *event, char ret[VB_CACHE_NAME_BYTES])
{
    const bool long_one = vb_event_get(event, VB_F_SHA512) != NULL;
    snprintf(ret, VB_CACHE_NAME_BYTES, "sha%s-", long_one ? "512" : "256");
    copy_text(event, long_one ? VB_F_SHA512 : VB_F_SHA256, ret + 7, VB_CACHE_NAME_BYTES - 7);
}

static bool is_in_place(const char *path)
{
    return vb_path_safe(path) && (strncmp(path, "npm/", 4) == 0 || strncmp(path, "pypi/", 5) == 0 ||
                                  strcmp(path, "closure.json") == 0);
}

/* Without room for one file the closure is there without it: it is none of those in the folder. */
static int lose_file(struct gathering *gathering, const char *path, int status,
                     const struct vb_error *err)
{
    if (status == VB_OK || err->system_errno != ENOSPC)
        return status;
    (void)unlinkat(gathering->folder_fd, path, 0);
    gathering->no_room++;
    return VB_OK;
}

static int gather_file(struct gathering *gathering, const struct vb_event *event,
                       struct vb_error *err)
{
    char path[1024], digest_name[VB_CACHE_NAME_BYTES];
    bool same = false;
    const bool index = vb_str_equal(vb_event_get_str(event, VB_F_FORM), "index");
    copy_text(event, VB_F_PATH, path, sizeof(path));
    name_digest(event, digest_name);
    if (!is_in_place(path) || (!index && !vb_cache_is_digest(digest_name)))
        return vb_fail(err, VB_E_PROTOCOL, 0, "the fetcher names an impossible file");
    if (vb_event_get(event, VB_F_OFFSET) == NULL) {
        const int taken = take_held(gathering, path, digest_name, &same, err);
        if (taken < 0 || same)
            return lose_file(gathering, path, taken, err);
        (void)unlinkat(gathering->folder_fd, path, 0);
        gathering->damaged++;
        return VB_OK;
    }
    const struct range range = {gathering->data_fd, (off_t)vb_event_get_int(event, VB_F_OFFSET, 0),
                                (uint64_t)vb_event_get_int(event, VB_F_SIZE, 0)};
    const int status = put_file(gathering, path, &range, index ? NULL : digest_name, &same, err);
    if (status < 0 || !same)
        return status < 0 ? lose_file(gathering, path, status, err)
                          : vb_fail(err, VB_E_PROTOCOL, 0, "the fetcher lies");
    if (!index)
        keep_file(gathering, &range, digest_name);
    gathering->whole = gathering->whole || strcmp(path, "closure.json") == 0;
    return VB_OK;
}

static int gathering_emit(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct gathering *gathering = (struct gathering *)(void *)base;
    if (event->kind != VB_EV_FETCH_DEPENDENCY)
        return vb_emit(gathering->next, event, err);
    const int status = gather_file(gathering, event, err);
    return status < 0 || vb_str_equal(vb_event_get_str(event, VB_F_FORM), "index")
               ? status
               : vb_emit(gathering->next, event, err);
}

/* --- the fetcher --- */

struct fetch_work {
    struct vb_closure_request request;
    int data_fd;
};

static int fetch_in_child(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    const struct fetch_work *work = ctx;
    return vb_closure_fetch(&work->request, work->data_fd, sink, err);
}

static unsigned wanted_indexes(const struct vb_wants *wants)
{
    unsigned wanted = 0;
    for (size_t i = 0; i < wants->count; i++)
        wanted |= wants->all[i].index == VB_INDEX_NPM ? VB_WANT_NPM : VB_WANT_PYPI;
    return wanted;
}

/* The version of the Python that boxes run, by where its link leads: "3.11". */
static void find_python(const char *rootfs, char ret[16])
{
    char target[256] = "";
    VB_CLEANUP_FREE char *path = NULL;
    if (asprintf(&path, "%s/usr/bin/python3", rootfs == NULL ? "" : rootfs) < 0)
        return;
    const ssize_t len = readlink(path, target, sizeof(target) - 1);
    const char *digits = len > 0 ? strstr(target, "python3.") : NULL;
    if (digits != NULL)
        snprintf(ret, 16, "%.8s", digits + strlen("python"));
}

static int run_fetcher(struct vb_session *session, const struct vb_wants *wants,
                       struct gathering *gathering, bool *ret_died, struct vb_error *err)
{
    struct vb_indexes *indexes = NULL;
    const unsigned half_ms = vb_session_left_ms(session) / 2 + 1;
    int status = vb_indexes_new(wanted_indexes(wants), &indexes, err);
    if (status < 0)
        return status;
    struct fetch_work work = {.request = {.indexes = indexes,
                                          .wants = wants->all,
                                          .want_count = wants->count,
                                          .ca_file = getenv("SSL_CERT_FILE"),
                                          .held = gathering->held.all,
                                          .held_count = gathering->held.count,
                                          .timeout_ms = half_ms < FETCH_MS ? half_ms : FETCH_MS,
                                          .bytes = fetched_bytes},
                              .data_fd = gathering->data_fd};
    find_python(session->options->value[VB_OPT_ROOTFS], work.request.python);
    const struct vb_child child = {.role = VB_ROLE_FETCH,
                                   .name = "dependencies",
                                   .confinement = VB_CONFINE_FETCHER,
                                   .run = fetch_in_child,
                                   .ctx = &work,
                                   .fds = &work.data_fd,
                                   .fd_count = 1,
                                   .timeout_ms = work.request.timeout_ms + 5000,
                                   .memory_bytes = (uint64_t)4096 * MIB};
    vb_session_share(session);
    status = vb_child_run(&child, session->log.epoch_ns, &gathering->sink, ret_died, err);
    vb_indexes_free(indexes);
    return status;
}

static void gathering_done(struct gathering *gathering)
{
    vb_cache_list_done(&gathering->held);
    vb_close_fd(&gathering->cache_fd);
    vb_close_fd(&gathering->folder_fd);
    vb_close_fd(&gathering->data_fd);
}

/* What is lost here by our doing says nothing good of the package: unlike one that an index does
 * not have, it counts as not examined. */
static int tell_lost(struct vb_session *session, const char *reason, size_t count,
                     struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "fetch");
    vb_event_str(&event, VB_F_WHAT, "dependencies");
    vb_event_str(&event, VB_F_REASON, reason);
    if (count > 0)
        vb_event_int(&event, VB_F_COUNT, (int64_t)count);
    return vb_emit(&session->tee.sink, &event, err);
}

/* WHY none of them is there, or NULL; and which are not, if some are. */
static int tell_losses(struct vb_session *session, const struct gathering *gathering,
                       const char *why, struct vb_error *err)
{
    int status = VB_OK;
    if (why == NULL && !gathering->whole && gathering->no_room == 0)
        why = "fetching them was ended";
    if (why != NULL)
        return tell_lost(session, why, 0, err);
    if (gathering->no_room > 0)
        status = tell_lost(session, "there was no room for them", gathering->no_room, err);
    if (status == VB_OK && gathering->damaged > 0)
        status = tell_lost(session, "what was kept of them was damaged", gathering->damaged, err);
    return status;
}

static void wants_free(struct vb_wants **wants)
{
    if (*wants != NULL)
        vb_wants_done(*wants);
    free(*wants);
}

int vb_closure_gather(struct vb_session *session, int *ret, struct vb_error *err)
{
    VB_CLEANUP(gathering_done)
    struct gathering gathering = {.sink.emit = gathering_emit,
                                  .next = &session->tee.sink,
                                  .cache_fd = -1,
                                  .folder_fd = -1,
                                  .data_fd = -1};
    VB_CLEANUP(wants_free) struct vb_wants *wants = calloc(1, sizeof(*wants));
    struct vb_error failed = {0};
    uint64_t limit_mib = 0;
    bool died = false;
    *ret = -1;
    int status = wants == NULL ? vb_fail(err, VB_E_NOMEM, errno, "gathering dependencies")
                               : vb_wants_gather(&session->manifest, wants, err);
    if (status == VB_OK && wants->left_out > 0)
        status = tell_lost(session, "more than 512 are asked for", wants->left_out, err);
    if (status < 0 || wants->count == 0)
        return status;
    gathering.cache_fd = open_cache(&failed);
    status = cache_limit(&limit_mib, err);
    if (status == VB_OK)
        status = vb_cache_read(gathering.cache_fd, &gathering.held, err);
    if (status == VB_OK)
        status = vb_workspace_new(folder_bytes, FOLDER_INODES, &gathering.folder_fd, err);
    if (status < 0)
        return status;
    gathering.data_fd = memfd_create("vetbox-packages", MFD_CLOEXEC);
    if (gathering.data_fd < 0)
        return vb_fail(err, VB_E_OS, errno, "gathering dependencies");
    status = run_fetcher(session, wants, &gathering, &died, &failed);
    if (gathering.kept)
        vb_cache_trim(gathering.cache_fd, limit_mib * MIB);
    const bool whole = status == VB_OK && !died && gathering.whole;
    const char *why = status < 0 ? failed.message : died ? "fetching them was ended" : NULL;
    status = tell_losses(session, &gathering, why, err);
    if (status < 0 || !whole)
        return status;
    *ret = vb_steal_fd(&gathering.folder_fd);
    return VB_OK;
}
