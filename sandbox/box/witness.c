/* witness: see witness.h. inotify, not fanotify: an ordinary user may watch single files with
 * either, and an overlay tells nothing to a mark on the whole file system. Trust boundary: events
 * carry only our own numbers. */
#include "sandbox/box/witness.h"

#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { READ_BYTES = 4096 };

struct watched {
    int number; /* inotify's; 0: not watched */
    bool opened;
};

struct vb_witness {
    const struct vb_bait_set *baits;
    int fd;
    bool overflowed;
    int root; /* inotify's number; 0: not watched */
    bool root_changed;
    size_t count;
    size_t missed; /* baits that are there and could not be watched */
    struct watched watched[];
};

int vb_witness_new(const struct vb_bait_set *baits, struct vb_witness **ret, struct vb_error *err)
{
    const size_t count = vb_bait_count(baits);
    struct vb_witness *witness = calloc(1, sizeof(*witness) + count * sizeof(witness->watched[0]));
    if (witness == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "watching the baits of a box");
    witness->baits = baits;
    witness->count = count;
    witness->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (witness->fd < 0)
        witness->missed = count;
    *ret = witness;
    return VB_OK;
}

static int watch(const struct vb_witness *witness, int fd, uint32_t mask)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return inotify_add_watch(witness->fd, path, mask);
}

void vb_witness_watch(struct vb_witness *witness, size_t index, int fd)
{
    if (witness->fd < 0 || index >= witness->count)
        return;
    const int number = watch(witness, fd, IN_OPEN);
    if (number > 0)
        witness->watched[index].number = number;
    else
        witness->missed++;
}

bool vb_witness_watch_root(struct vb_witness *witness, int fd)
{
    const int number = witness->fd < 0 ? -1 : watch(witness, fd, IN_CREATE | IN_DELETE | IN_MOVE);
    witness->root = number > 0 ? number : 0;
    return witness->root > 0;
}

bool vb_witness_root_changed(struct vb_witness *witness)
{
    vb_witness_step(witness);
    const bool changed = witness->root_changed || witness->overflowed;
    witness->root_changed = false;
    return changed;
}

void vb_witness_free(struct vb_witness *witness)
{
    if (witness == NULL)
        return;
    vb_close_fd(&witness->fd);
    free(witness);
}

static void note(struct vb_witness *witness, const struct inotify_event *event)
{
    witness->overflowed |= (event->mask & IN_Q_OVERFLOW) != 0;
    witness->root_changed |= event->wd == witness->root;
    for (size_t i = 0; i < witness->count; i++) {
        if (witness->watched[i].number == event->wd && (event->mask & IN_OPEN) != 0)
            witness->watched[i].opened = true;
    }
}

void vb_witness_step(struct vb_witness *witness)
{
    _Alignas(struct inotify_event) char bytes[READ_BYTES];
    ssize_t got;
    while (witness->fd >= 0 && (got = read(witness->fd, bytes, sizeof(bytes))) > 0) {
        for (size_t at = 0; at + sizeof(struct inotify_event) <= (size_t)got;) {
            const struct inotify_event *event = (const void *)(bytes + at);
            note(witness, event);
            at += sizeof(*event) + event->len;
        }
    }
}

static int tell_missed(uint64_t count, const char *reason, uint32_t detonation,
                       struct vb_sink *sink, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TRUTH);
    event.detonation = detonation;
    vb_event_str(&event, VB_F_STAGE, "detonate");
    vb_event_str(&event, VB_F_WHAT, "opened baits");
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_int(&event, VB_F_COUNT, (int64_t)count);
    return vb_emit(sink, &event, err);
}

int vb_witness_tell(struct vb_witness *witness, uint32_t detonation, struct vb_sink *sink,
                    struct vb_error *err)
{
    int status = VB_OK;
    vb_witness_step(witness);
    for (size_t i = 0; status == VB_OK && i < witness->count; i++) {
        const struct vb_bait *bait = vb_bait_at(witness->baits, i);
        struct vb_event event;
        if (!witness->watched[i].opened)
            continue;
        vb_event_init(&event, VB_EV_TRUTH_BAIT, VB_SOURCE_TRUTH);
        event.detonation = detonation;
        vb_event_str(&event, VB_F_BAIT, bait->id);
        vb_event_str(&event, VB_F_PATH, bait->path);
        status = vb_emit(sink, &event, err);
    }
    if (status == VB_OK && witness->missed > 0)
        status =
            tell_missed(witness->missed, "the kernel watches no more files", detonation, sink, err);
    if (status == VB_OK && witness->overflowed)
        status = tell_missed(0, "more was opened than the kernel remembers", detonation, sink, err);
    return status;
}
