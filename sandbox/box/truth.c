/* truth: compares a box's files with what we put there. The subject is dead, its files are not to
 * be trusted: sizes, counts and depths are bounded, links are never followed. */
#include "sandbox/box/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/inventory.h"

enum {
    MAX_ENTRIES = 200000,
    MAX_REMOVED = 20000, /* of one folder */
    MAX_DEPTH = 64,
    MAX_EVENTS = 2000, /* truth.file of one detonation */
    MAX_KEPT_FILES = 256,
    PATH_BYTES = 4096 + 64,
    CHUNK = 65536
};

static const uint64_t max_hashed_file = 64U << 20;
static const uint64_t max_hashed_all = 256U << 20;
static const uint64_t max_kept_file = 16U << 20;
static const uint64_t max_kept_all = 64U << 20;

struct teller {
    const struct vb_truth *truth;
    const struct vb_layer_row *layer;
    int upper_fd, lower_fd;
    uint64_t missed;
    uint64_t events, unsaid;
    uint64_t hashed_bytes, kept_bytes;
    uint64_t kept, not_kept;
};

/* --- time, where there is no overlay --- */

static bool later(struct timespec a, struct timespec b)
{
    return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

/* File times are mostly taken from a clock that ticks every few milliseconds, and since Linux 6.13
 * sometimes from the exact one: what was written is no later than the exact time now, and what is
 * written when the coarse clock has passed it is later. */
void vb_truth_let_clock_pass(struct timespec *ret)
{
    if (clock_gettime(CLOCK_REALTIME, ret) < 0)
        return;
    for (int tries = 0; tries < 100; tries++) {
        struct timespec now;
        if (clock_gettime(CLOCK_REALTIME_COARSE, &now) < 0 || later(now, *ret))
            return;
        const struct timespec pause = {.tv_nsec = 500000};
        (void)nanosleep(&pause, NULL);
    }
}

/* --- one changed file --- */

/* 1: there is no room. */
static int copy_all(int from, int to, uint64_t max, struct vb_error *err)
{
    unsigned char chunk[CHUNK];
    uint64_t at = 0;
    for (;;) {
        const ssize_t got = pread(from, chunk, sizeof(chunk), (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vb_fail(err, VB_E_IO, errno, "reading a file that a run left");
        if (got == 0)
            return VB_OK;
        if ((uint64_t)got > max - at)
            return 1;
        const int status = vb_write_all(to, chunk, (size_t)got, err);
        if (status < 0)
            return err->system_errno == ENOSPC ? 1 : vb_wrap(err, "keeping a file that a run left");
        at += (uint64_t)got;
    }
}

int vb_keep_copy(int fd, int folder, const char *name, struct vb_error *err)
{
    VB_CLEANUP_FD int out = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (out < 0 && errno == EEXIST)
        return VB_OK;
    if (out < 0 && errno == ENOSPC)
        return 1;
    if (out < 0)
        return vb_fail(err, VB_E_IO, errno, "keeping a file that a run left");
    const int status = copy_all(fd, out, UINT64_MAX, err);
    if (status != VB_OK)
        (void)unlinkat(folder, name, 0);
    return status;
}

int vb_keep_more(int fd, int folder, const char *name, uint64_t max, struct vb_error *err)
{
    VB_CLEANUP_FD int out = openat(folder, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (out < 0 && errno == ENOSPC)
        return 1;
    const off_t before = out < 0 ? -1 : lseek(out, 0, SEEK_END);
    if (before < 0)
        return vb_fail(err, VB_E_IO, errno, "keeping what a run sent");
    const int status = (uint64_t)before > max ? 1 : copy_all(fd, out, max - (uint64_t)before, err);
    if (status != VB_OK && ftruncate(out, before) < 0)
        return vb_fail(err, VB_E_IO, errno, "keeping what a run sent");
    return status;
}

static const int read_only = O_RDONLY | O_NONBLOCK | O_NOFOLLOW;

static int open_changed(const struct teller *teller, const struct vb_entry *entry)
{
    const int fd = vb_open_beneath(teller->upper_fd, entry->path, read_only, 0);
    if (fd >= 0 || errno != EACCES)
        return fd;
    /* Closed by its owner, who is dead: no link can have taken its place. */
    if (fchmodat(teller->upper_fd, entry->path, 0600, 0) < 0)
        return -1;
    return vb_open_beneath(teller->upper_fd, entry->path, read_only, 0);
}

/* Hashes a changed file, unless its bytes are dearer than the budget. RET_HEX stays "" without a
 * hash; *RET_FD (-1 at first) is the file for whoever wants to keep it. */
static int hash_file(struct teller *teller, const struct vb_entry *entry,
                     char ret_hex[VB_SHA256_HEX], int *ret_fd, struct vb_error *err)
{
    ret_hex[0] = '\0';
    if (entry->size > max_hashed_file || teller->hashed_bytes + entry->size > max_hashed_all)
        return VB_OK;
    VB_CLEANUP_FD int fd = open_changed(teller, entry);
    if (fd < 0)
        return VB_OK;
    teller->hashed_bytes += entry->size;
    const int status = vb_sha256_fd(fd, ret_hex, err);
    *ret_fd = vb_steal_fd(&fd);
    return status;
}

static int keep_file(struct teller *teller, const struct vb_entry *entry, int fd, const char *hex,
                     struct vb_error *err)
{
    const int folder = teller->truth->keep_fd;
    if (fd < 0) {
        teller->not_kept++;
        return VB_OK;
    }
    if (folder < 0)
        return VB_OK;
    if (teller->kept >= MAX_KEPT_FILES || entry->size > max_kept_file ||
        teller->kept_bytes + entry->size > max_kept_all) {
        teller->not_kept++;
        return VB_OK;
    }
    teller->kept++;
    teller->kept_bytes += entry->size;
    const int status = vb_keep_copy(fd, folder, hex, err);
    teller->not_kept += status > 0;
    return status < 0 ? status : VB_OK;
}

/* CHANGE with what is there now: ENTRY, whose bytes are HEX ("" where they are not known). */
static int tell(struct teller *teller, const struct vb_entry *entry, const char *change,
                const char *hex, struct vb_error *err)
{
    if (teller->events >= MAX_EVENTS) {
        teller->unsaid++;
        return VB_OK;
    }
    teller->events++;
    char path[PATH_BYTES];
    char target[4096] = "";
    struct vb_event event;
    const bool gone = strcmp(change, "removed") == 0;
    snprintf(path, sizeof(path), "%s/%s", teller->layer->prefix, entry->path);
    vb_event_init(&event, VB_EV_TRUTH_FILE, VB_SOURCE_TRUTH);
    event.detonation = teller->truth->detonation;
    vb_event_str(&event, VB_F_PATH, path);
    vb_event_str(&event, VB_F_CHANGE, change);
    if (!gone && entry->type == VB_ENTRY_FILE)
        vb_event_int(&event, VB_F_SIZE, (int64_t)entry->size);
    if (!gone) {
        vb_event_int(&event, VB_F_MODE, entry->mode);
        vb_event_str(&event, VB_F_SHA256, hex[0] == '\0' ? NULL : hex);
    }
    if (!gone && entry->type == VB_ENTRY_LINK) {
        const ssize_t len = readlinkat(teller->upper_fd, entry->path, target, sizeof(target));
        if (len > 0)
            vb_event_strn(&event, VB_F_TARGET, target, (size_t)len);
    }
    return vb_emit(teller->truth->sink, &event, err);
}

/* --- what stood below --- */

/* What the lower layer has of PATH. False: nothing, or only behind a link. */
static bool stat_below(const struct teller *teller, const char *path, struct stat *ret)
{
    VB_CLEANUP_FD int fd = vb_open_beneath(teller->lower_fd, path, O_PATH | O_NOFOLLOW, 0);
    return fd >= 0 && fstat(fd, ret) == 0;
}

static bool same_bytes_below(const struct teller *teller, const char *path, const char *hex)
{
    char below[VB_SHA256_HEX];
    struct vb_error ignored;
    VB_CLEANUP_FD int fd = vb_open_beneath(teller->lower_fd, path, read_only, 0);
    return fd >= 0 && vb_sha256_fd(fd, below, &ignored) == VB_OK && strcmp(below, hex) == 0;
}

static bool same_link_below(const struct teller *teller, const char *path)
{
    char above[4096];
    char below[4096];
    VB_CLEANUP_FD int fd = vb_open_beneath(teller->lower_fd, path, O_PATH | O_NOFOLLOW, 0);
    const ssize_t a = readlinkat(teller->upper_fd, path, above, sizeof(above));
    const ssize_t b = fd < 0 ? -1 : readlinkat(fd, "", below, sizeof(below));
    return a > 0 && a == b && memcmp(above, below, (size_t)a) == 0;
}

/* --- removed --- */

static int tell_removed(struct teller *teller, const char *path, struct vb_error *err)
{
    char room[PATH_BYTES];
    snprintf(room, sizeof(room), "%s", path);
    const struct vb_entry entry = {.path = room};
    return tell(teller, &entry, "removed", "", err);
}

/* PATH and, of a folder, all that was in it. */
static int tell_all_removed(struct teller *teller, const char *path, struct vb_error *err)
{
    static const struct vb_inventory_limits limits = {.entries = MAX_REMOVED, .depth = MAX_DEPTH};
    struct stat st;
    if (!stat_below(teller, path, &st))
        return VB_OK;
    int status = tell_removed(teller, path, err);
    if (status < 0 || !S_ISDIR(st.st_mode))
        return status;
    VB_CLEANUP(vb_inventory_done) struct vb_inventory below = {0};
    VB_CLEANUP_FD int fd = vb_open_beneath(teller->lower_fd, path, O_RDONLY | O_DIRECTORY, 0);
    if (fd >= 0)
        status = vb_inventory_take(fd, &limits, &below, err);
    teller->missed += fd < 0 ? 1 : below.missed;
    for (size_t i = 0; status == VB_OK && i < below.count; i++) {
        char joined[PATH_BYTES];
        snprintf(joined, sizeof(joined), "%s/%s", path, below.entries[i].path);
        status = tell_removed(teller, joined, err);
    }
    return status;
}

/* What the lower layer's folder PATH holds and the upper's, through which nothing shines, does not.
 */
static int tell_hidden(struct teller *teller, const struct vb_inventory *now, const char *path,
                       struct vb_error *err)
{
    static const struct vb_inventory_limits limits = {.entries = MAX_ENTRIES, .depth = 0};
    VB_CLEANUP(vb_inventory_done) struct vb_inventory below = {0};
    VB_CLEANUP_FD int fd =
        vb_open_beneath(teller->lower_fd, path[0] == '\0' ? "." : path, O_RDONLY | O_DIRECTORY, 0);
    int status = fd < 0 ? VB_OK : vb_inventory_take(fd, &limits, &below, err);
    for (size_t i = 0; status == VB_OK && i < below.count; i++) {
        char joined[PATH_BYTES];
        snprintf(joined, sizeof(joined), "%s%s%s", path, path[0] == '\0' ? "" : "/",
                 below.entries[i].path);
        VB_CLEANUP_FD int there = -1;
        if (vb_inventory_find(now, joined) != NULL)
            continue;
        /* A walk that was cut short says nothing about what it did not reach. */
        there = vb_open_beneath(teller->upper_fd, joined, O_PATH | O_NOFOLLOW, 0);
        if (there < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
            status = tell_all_removed(teller, joined, err);
    }
    return status;
}

/* --- present --- */

static bool is_marked_opaque(const struct teller *teller, const struct vb_entry *entry)
{
    char value = '\0';
    char path[64];
    VB_CLEANUP_FD int fd =
        vb_open_beneath(teller->upper_fd, entry->path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return false;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return getxattr(path, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

/* The mark stands at the topmost folder only. */
static bool is_opaque(const struct teller *teller, const struct vb_inventory *now,
                      const struct vb_entry *entry)
{
    char parent[PATH_BYTES];
    snprintf(parent, sizeof(parent), "%s", entry->path);
    char *slash = strrchr(parent, '/');
    if (slash != NULL)
        *slash = '\0';
    const struct vb_entry *above = slash == NULL ? NULL : vb_inventory_find(now, parent);
    return teller->truth->filled != NULL || (above != NULL && above->opaque) ||
           is_marked_opaque(teller, entry);
}

static int tell_folder(struct teller *teller, const struct vb_inventory *now,
                       struct vb_entry *entry, struct vb_error *err)
{
    struct stat below;
    if (!stat_below(teller, entry->path, &below))
        return VB_OK; /* a new folder shows by the files in it */
    if (!S_ISDIR(below.st_mode))
        return tell(teller, entry, "modified", "", err);
    int status = VB_OK;
    if ((below.st_mode & 07777) != entry->mode)
        status = tell(teller, entry, "metadata", "", err);
    entry->opaque = is_opaque(teller, now, entry);
    return status == VB_OK && entry->opaque ? tell_hidden(teller, now, entry->path, err) : status;
}

/* NULL: it is as it was. */
static const char *change_of(const struct teller *teller, const struct vb_entry *entry,
                             const char *hex)
{
    struct stat below;
    if (!stat_below(teller, entry->path, &below))
        return "created";
    if (vb_entry_type_of(&below) != entry->type)
        return S_ISDIR(below.st_mode) ? "created" : "modified";
    if (entry->type == VB_ENTRY_LINK)
        return same_link_below(teller, entry->path) ? NULL : "modified";
    if (entry->type != VB_ENTRY_FILE)
        return NULL;
    if ((uint64_t)below.st_size != entry->size || hex[0] == '\0' ||
        !same_bytes_below(teller, entry->path, hex))
        return "modified";
    return (below.st_mode & 07777) != entry->mode ? "metadata" : NULL;
}

/* What stood in a folder whose place something else took. */
static int tell_displaced(struct teller *teller, const struct vb_entry *entry, struct vb_error *err)
{
    struct stat below;
    if (!stat_below(teller, entry->path, &below) || !S_ISDIR(below.st_mode))
        return VB_OK;
    return tell_all_removed(teller, entry->path, err);
}

/* Without an overlay: the file was there when the box was filled. What came here with a folder that
 * was renamed is as old, but nothing of its size has this name below. */
static bool is_as_filled(const struct teller *teller, const struct vb_entry *entry)
{
    const struct timespec *filled = teller->truth->filled;
    struct stat below;
    return filled != NULL && !later(entry->changed, *filled) &&
           stat_below(teller, entry->path, &below) && vb_entry_type_of(&below) == entry->type &&
           (uint64_t)below.st_size == entry->size;
}

static int tell_file(struct teller *teller, const struct vb_entry *entry, struct vb_error *err)
{
    char hex[VB_SHA256_HEX] = "";
    VB_CLEANUP_FD int fd = -1;
    if (is_as_filled(teller, entry))
        return VB_OK;
    int status = tell_displaced(teller, entry, err);
    if (status == VB_OK && entry->type == VB_ENTRY_FILE)
        status = hash_file(teller, entry, hex, &fd, err);
    const char *change = status < 0 ? NULL : change_of(teller, entry, hex);
    if (change == NULL)
        return status;
    status = tell(teller, entry, change, hex, err);
    if (status == VB_OK && entry->type == VB_ENTRY_FILE)
        status = keep_file(teller, entry, fd, hex, err);
    return status;
}

static int tell_entry(struct teller *teller, const struct vb_inventory *now, struct vb_entry *entry,
                      struct vb_error *err)
{
    if (entry->type == VB_ENTRY_WHITEOUT)
        return tell_all_removed(teller, entry->path, err);
    if (entry->type == VB_ENTRY_FOLDER)
        return tell_folder(teller, now, entry, err);
    return tell_file(teller, entry, err);
}

/* --- all of it --- */

static int tell_layer(struct teller *teller, struct vb_error *err)
{
    static const struct vb_inventory_limits limits = {
        .entries = MAX_ENTRIES, .depth = MAX_DEPTH, .force = true};
    VB_CLEANUP(vb_inventory_done) struct vb_inventory now = {0};
    int status = vb_inventory_take(teller->upper_fd, &limits, &now, err);
    teller->missed += now.missed;
    if (status == VB_OK && teller->truth->filled != NULL)
        status = tell_hidden(teller, &now, "", err);
    for (size_t i = 0; status == VB_OK && i < now.count; i++)
        status = tell_entry(teller, &now, &now.entries[i], err);
    return status;
}

static int open_and_tell(struct teller *teller, struct vb_error *err)
{
    const int flags = O_RDONLY | O_DIRECTORY;
    const char *folder = teller->layer->folder;
    VB_CLEANUP_FD int upper = vb_open_beneath(teller->truth->writable_fd, folder, flags, 0);
    /* Closed by the subject, whose "/" or "/usr" it was. */
    if (upper < 0 && errno == EACCES && fchmodat(teller->truth->writable_fd, folder, 0555, 0) == 0)
        upper = vb_open_beneath(teller->truth->writable_fd, folder, flags, 0);
    if (upper < 0)
        return vb_fail(err, VB_E_OS, errno, "opening the files of a box");
    teller->upper_fd = upper;
    teller->lower_fd = teller->truth->below_fds[teller->layer - vb_layer_rows];
    return tell_layer(teller, err);
}

static int tell_missed(const struct teller *teller, uint64_t count, const char *what,
                       const char *reason, struct vb_error *err)
{
    if (count == 0)
        return VB_OK;
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TRUTH);
    event.detonation = teller->truth->detonation;
    vb_event_str(&event, VB_F_STAGE, "detonate");
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_int(&event, VB_F_COUNT, (int64_t)count);
    return vb_emit(teller->truth->sink, &event, err);
}

int vb_truth_tell(const struct vb_truth *truth, bool *ret_all, struct vb_error *err)
{
    struct teller teller = {.truth = truth};
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < VB_LAYER_COUNT; i++) {
        teller.layer = &vb_layer_rows[i];
        status = open_and_tell(&teller, err);
        if (truth->filled != NULL)
            break; /* /usr has no upper layer then */
    }
    if (status == VB_OK)
        status = tell_missed(&teller, teller.missed, "folders of the box",
                             "too deep, too many entries or closed", err);
    if (status == VB_OK)
        status = tell_missed(&teller, teller.unsaid, "changed files", "too many to list", err);
    if (status == VB_OK)
        status = tell_missed(&teller, teller.not_kept, "changed files",
                             "too large or too many to keep", err);
    *ret_all = teller.missed == 0;
    return status;
}
