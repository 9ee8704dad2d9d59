/* truth: compares a box's files with what we put there. The subject is dead, its files are not to
 * be trusted: sizes, counts and depths are bounded, links are never followed. */
#include "sandbox/box/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/box.h"

enum {
    MAX_ENTRIES = 200000,
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
    uint64_t events, unsaid;
    uint64_t hashed_bytes, kept_bytes;
    uint64_t kept, not_kept;
};

/* --- before --- */

static bool later(struct timespec a, struct timespec b)
{
    return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

/* File times are taken from a clock that ticks every few milliseconds: a change in the same tick
 * would not show. */
static void let_clock_pass(const struct vb_inventory *inventory)
{
    struct timespec newest = {0};
    for (size_t i = 0; i < inventory->count; i++) {
        if (later(inventory->entries[i].changed, newest))
            newest = inventory->entries[i].changed;
    }
    for (int tries = 0; tries < 100; tries++) {
        struct timespec now;
        if (clock_gettime(CLOCK_REALTIME_COARSE, &now) < 0 || later(now, newest))
            return;
        const struct timespec pause = {.tv_nsec = 500000};
        (void)nanosleep(&pause, NULL);
    }
}

int vb_truth_remember(int writable_fd, size_t expected, struct vb_inventory *ret,
                      struct vb_error *err)
{
    const struct vb_inventory_limits limits = {.entries = expected + MAX_ENTRIES, .depth = 256};
    const int status = vb_inventory_take(writable_fd, &limits, ret, err);
    if (status == VB_OK)
        let_clock_pass(ret);
    return status;
}

/* --- after --- */

/* A path of the writable file system as the subject knows it. */
static void path_inside(const char *path, char ret[PATH_BYTES])
{
    for (size_t i = 0; i < VB_WRITABLE_COUNT; i++) {
        const size_t len = strlen(vb_writables[i].folder);
        if (strncmp(path, vb_writables[i].folder, len) == 0 &&
            (path[len] == '/' || path[len] == '\0')) {
            snprintf(ret, PATH_BYTES, "%s%s", vb_writables[i].path, path + len);
            return;
        }
    }
    snprintf(ret, PATH_BYTES, "/%s", path);
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* NULL: unchanged. */
static const char *change_of(const struct vb_entry *before, const struct vb_entry *now)
{
    if (before == NULL)
        return "created";
    if (before->inode != now->inode || before->type != now->type)
        return "modified";
    if (now->type == VB_ENTRY_FOLDER)
        return before->mode != now->mode ? "metadata" : NULL;
    if (before->size != now->size || !same_time(before->modified, now->modified))
        return "modified";
    if (same_time(before->changed, now->changed))
        return NULL;
    /* Same size and same modification time, yet changed: only a mode that differs explains it
     * innocently. Otherwise the time was set back after a write. */
    return before->mode != now->mode ? "metadata" : "modified";
}

int vb_keep_copy(int fd, int folder, const char *name, struct vb_error *err)
{
    VB_CLEANUP_FD int out = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (out < 0 && errno == EEXIST)
        return VB_OK;
    if (out < 0)
        return vb_fail(err, VB_E_IO, errno, "keeping a file that a run left");
    unsigned char chunk[CHUNK];
    off_t at = 0;
    for (;;) {
        const ssize_t got = pread(fd, chunk, sizeof(chunk), at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vb_fail(err, VB_E_IO, errno, "reading a file that a run left");
        if (got == 0)
            return VB_OK;
        const int status = vb_write_all(out, chunk, (size_t)got, err);
        if (status < 0) {
            (void)unlinkat(folder, name, 0);
            return vb_wrap(err, "keeping a file that a run left");
        }
        at += got;
    }
}

static int open_changed(const struct vb_truth *truth, const struct vb_entry *entry)
{
    const int flags = O_RDONLY | O_NONBLOCK | O_NOFOLLOW;
    const int fd = vb_open_beneath(truth->writable_fd, entry->path, flags, 0);
    if (fd >= 0 || errno != EACCES)
        return fd;
    /* Closed by its owner, who is dead: no link can have taken its place. */
    if (fchmodat(truth->writable_fd, entry->path, 0600, 0) < 0)
        return -1;
    return vb_open_beneath(truth->writable_fd, entry->path, flags, 0);
}

/* Hashes a changed file and keeps a copy, as far as the budgets go. RET_HEX stays "" without one.
 */
static int examine_file(struct teller *teller, const struct vb_entry *entry,
                        char ret_hex[VB_SHA256_HEX], struct vb_error *err)
{
    const struct vb_truth *truth = teller->truth;
    ret_hex[0] = '\0';
    if (entry->size > max_hashed_file || teller->hashed_bytes + entry->size > max_hashed_all) {
        teller->not_kept++;
        return VB_OK;
    }
    VB_CLEANUP_FD int fd = open_changed(truth, entry);
    if (fd < 0) {
        teller->not_kept++;
        return VB_OK;
    }
    teller->hashed_bytes += entry->size;
    const int status = vb_sha256_fd(fd, ret_hex, err);
    if (status < 0 || truth->keep_fd < 0)
        return status;
    if (teller->kept >= MAX_KEPT_FILES || entry->size > max_kept_file ||
        teller->kept_bytes + entry->size > max_kept_all) {
        teller->not_kept++;
        return VB_OK;
    }
    teller->kept++;
    teller->kept_bytes += entry->size;
    return vb_keep_copy(fd, truth->keep_fd, ret_hex, err);
}

static int tell(struct teller *teller, const struct vb_entry *entry, const char *change,
                struct vb_error *err)
{
    if (teller->events >= MAX_EVENTS) {
        teller->unsaid++;
        return VB_OK;
    }
    teller->events++;
    char path[PATH_BYTES];
    char hex[VB_SHA256_HEX] = "";
    char target[4096] = "";
    struct vb_event event;
    path_inside(entry->path, path);
    vb_event_init(&event, VB_EV_TRUTH_FILE, VB_SOURCE_TRUTH);
    event.detonation = teller->truth->detonation;
    vb_event_str(&event, VB_F_PATH, path);
    vb_event_str(&event, VB_F_CHANGE, change);
    const bool gone = strcmp(change, "removed") == 0;
    if (!gone && entry->type == VB_ENTRY_FILE) {
        const int status = examine_file(teller, entry, hex, err);
        if (status < 0)
            return status;
        vb_event_int(&event, VB_F_SIZE, (int64_t)entry->size);
    }
    if (!gone) {
        vb_event_int(&event, VB_F_MODE, entry->mode);
        vb_event_str(&event, VB_F_SHA256, hex[0] == '\0' ? NULL : hex);
    }
    if (!gone && entry->type == VB_ENTRY_LINK) {
        const ssize_t len =
            readlinkat(teller->truth->writable_fd, entry->path, target, sizeof(target));
        if (len > 0)
            vb_event_strn(&event, VB_F_TARGET, target, (size_t)len);
    }
    return vb_emit(teller->truth->sink, &event, err);
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

static int tell_present(struct teller *teller, const struct vb_inventory *now, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < now->count; i++) {
        const struct vb_entry *entry = &now->entries[i];
        struct vb_entry *before = vb_inventory_find(teller->truth->before, entry->path);
        if (before != NULL)
            before->seen = true;
        const char *change = change_of(before, entry);
        /* A new folder shows by the files in it. */
        if (change != NULL && !(before == NULL && entry->type == VB_ENTRY_FOLDER))
            status = tell(teller, entry, change, err);
    }
    return status;
}

/* A walk that was cut short says nothing about what it did not reach. Where a link took a folder's
 * place (ELOOP), what stood in the folder is not there any more. */
static bool is_gone(const struct vb_truth *truth, const char *path)
{
    VB_CLEANUP_FD int fd = vb_open_beneath(truth->writable_fd, path, O_PATH | O_NOFOLLOW, 0);
    return fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP);
}

int vb_truth_tell(const struct vb_truth *truth, struct vb_error *err)
{
    const struct vb_inventory *before = truth->before;
    const struct vb_inventory_limits limits = {
        .entries = before->count + MAX_ENTRIES, .depth = MAX_DEPTH, .force = true};
    VB_CLEANUP(vb_inventory_done) struct vb_inventory now = {0};
    struct teller teller = {.truth = truth};
    int status = vb_inventory_take(truth->writable_fd, &limits, &now, err);
    if (status == VB_OK)
        status = tell_present(&teller, &now, err);
    for (size_t i = 0; status == VB_OK && i < before->count; i++) {
        if (!before->entries[i].seen && is_gone(truth, before->entries[i].path))
            status = tell(&teller, &before->entries[i], "removed", err);
    }
    if (status == VB_OK)
        status = tell_missed(&teller, now.missed, "folders of the box",
                             "too deep, too many entries or closed", err);
    if (status == VB_OK)
        status = tell_missed(&teller, teller.unsaid, "changed files", "too many to list", err);
    if (status == VB_OK)
        status = tell_missed(&teller, teller.not_kept, "changed files",
                             "too large or too many to keep", err);
    return status;
}
