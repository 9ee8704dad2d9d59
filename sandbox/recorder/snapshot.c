/* What the box wrote is kept before it is executed, replaced or deleted: write, run, delete leaves
 * its bytes with us.
 * Trust boundary: the file is the subject's and may change while it is read. It is opened for its
 * name first, so that no device or pipe is; what is kept is what was hashed. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/recorder/call.h"

enum { MAX_FILES = 256 };
static const uint64_t max_file = 16U << 20;
static const uint64_t max_all = 64U << 20;

static bool later_or_same(struct timespec a, struct timespec b)
{
    return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec >= b.tv_nsec);
}

/* Changed since we began: nobody can turn a change time back. */
static bool was_written(const struct vb_recorder *recorder, mode_t mode, struct timespec changed)
{
    return S_ISREG(mode) && later_or_same(changed, recorder->begin);
}

bool vb_was_written(const struct vb_recorder *recorder, const struct vb_found *found)
{
    return found->inode && was_written(recorder, found->mode, found->changed);
}

/* The same state of the same file is kept once. */
static bool is_kept(const struct vb_recorder *recorder, const struct stat *st)
{
    const struct vb_kept kept = {st->st_dev, st->st_ino, st->st_ctim, st->st_size};
    for (size_t i = 0; i < VB_ARRAY_LEN(recorder->kept); i++) {
        const struct vb_kept *old = &recorder->kept[i];
        if (old->inode == kept.inode && old->device == kept.device && old->size == kept.size &&
            old->changed.tv_sec == kept.changed.tv_sec &&
            old->changed.tv_nsec == kept.changed.tv_nsec)
            return true;
    }
    return false;
}

static void remember(struct vb_recorder *recorder, const struct stat *st)
{
    recorder->kept[recorder->kept_next++ % VB_ARRAY_LEN(recorder->kept)] =
        (struct vb_kept){st->st_dev, st->st_ino, st->st_ctim, st->st_size};
}

struct snapshot {
    unsigned char *bytes;
    size_t len;
    char hex[VB_SHA256_HEX];
};

static void snapshot_done(struct snapshot *snapshot)
{
    free(snapshot->bytes);
}

/* The file behind a descriptor of its name. It is of our own user, who may read it whatever its
 * mode says for the moment. */
static int open_for_reading(int path_fd, mode_t mode)
{
    const int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
    int fd = open(path, flags);
    if (fd >= 0 || errno != EACCES || chmod(path, (mode | S_IRUSR) & ALLPERMS) < 0)
        return fd;
    fd = open(path, flags);
    (void)chmod(path, mode & ALLPERMS);
    return fd;
}

/* False: it cannot be read, or grew beyond what is kept. */
static bool read_whole(int fd, size_t size, struct snapshot *ret)
{
    ret->bytes = fd < 0 ? NULL : malloc(size + 1);
    while (ret->bytes && ret->len <= size) {
        const ssize_t n = read(fd, ret->bytes + ret->len, size + 1 - ret->len);
        if (n == 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
        ret->len += n > 0 ? (size_t)n : 0;
    }
    return false;
}

static int write_copy(const struct vb_recorder *recorder, const struct snapshot *snapshot,
                      struct vb_error *err)
{
    const int folder = recorder->options.keep_fd;
    VB_CLEANUP_FD int out =
        openat(folder, snapshot->hex, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (out < 0 && errno == EEXIST)
        return VB_OK;
    if (out < 0 && errno == ENOSPC)
        return 1;
    if (out < 0)
        return vb_fail(err, VB_E_IO, errno, "keeping a file of the run");
    const int status = vb_write_all(out, snapshot->bytes, snapshot->len, err);
    if (status == VB_OK)
        return VB_OK;
    (void)unlinkat(folder, snapshot->hex, 0); /* half a file has another digest */
    if (err->system_errno == ENOSPC)
        return 1;
    return vb_wrap(err, "keeping a file of the run");
}

static int keep(struct vb_call *call, int fd, const struct stat *st, struct snapshot *ret,
                struct vb_error *err)
{
    struct vb_recorder *recorder = call->recorder;
    const uint64_t size = (uint64_t)st->st_size;
    if (recorder->snapshots >= MAX_FILES || size > max_file ||
        recorder->snapshot_bytes + size > max_all || !read_whole(fd, (size_t)size, ret)) {
        recorder->snapshots_missed++;
        ret->hex[0] = '\0';
        return VB_OK;
    }
    recorder->snapshots++;
    recorder->snapshot_bytes += ret->len;
    int status = vb_sha256_hex(ret->bytes, ret->len, ret->hex, err);
    if (status == VB_OK && recorder->options.keep_fd >= 0)
        status = write_copy(recorder, ret, err);
    recorder->snapshots_missed += status > 0;
    return status < 0 ? status : VB_OK;
}

static int tell(struct vb_call *call, const char *path, const char *reason, int path_fd,
                struct vb_error *err)
{
    VB_CLEANUP(snapshot_done) struct snapshot snapshot = {.bytes = NULL};
    struct stat st;
    if (fstat(path_fd, &st) < 0 || !was_written(call->recorder, st.st_mode, st.st_ctim) ||
        is_kept(call->recorder, &st))
        return VB_OK;
    VB_CLEANUP_FD int fd = open_for_reading(path_fd, st.st_mode);
    /* The state that is remembered is never younger than the one that is read. */
    if (fstat(path_fd, &st) < 0)
        return VB_OK;
    remember(call->recorder, &st);
    int status = keep(call, fd, &st, &snapshot, err);
    if (status)
        return status;
    struct vb_event event;
    vb_call_event(call, &event, VB_EV_FILE_SNAPSHOT);
    vb_event_str(&event, VB_F_PATH, path);
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_int(&event, VB_F_SIZE, (int64_t)st.st_size);
    if (snapshot.hex[0])
        vb_event_str(&event, VB_F_SHA256, snapshot.hex);
    return vb_call_emit(call, &event, err);
}

int vb_snapshot(struct vb_call *call, const char *path, const char *reason, struct vb_error *err)
{
    struct open_how how = {
        .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    VB_CLEANUP_FD int fd =
        (int)syscall(SYS_openat2, call->recorder->root_fd, path, &how, sizeof(how));
    return fd < 0 ? VB_OK : tell(call, path, reason, fd, err);
}

int vb_snapshot_fd(struct vb_call *call, int fd, const char *path, struct vb_error *err)
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)call->process->tid, fd);
    VB_CLEANUP_FD int copy = open(link, O_PATH | O_CLOEXEC);
    return copy < 0 ? VB_OK : tell(call, path, "execute", copy, err);
}
