/* Scripts that an interpreter is fed through a pipe: curl … | bash. When such a program is
 * executed, its descriptor 0 is exchanged for a pipe of ours, and what comes through the old one is
 * passed on and kept. What the interpreter leaves unread is lost to others who hold the old pipe;
 * the pipe itself passes to its children as before. Trust boundary: the bytes are hostile, both
 * ends are the subject's, and either may stop, close or die at any moment: nothing here waits, and
 * a fixed number of relays is kept. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/recorder/call.h"

#ifndef SECCOMP_ADDFD_FLAG_SETFD
#define SECCOMP_ADDFD_FLAG_SETFD (1UL << 0)
#endif

enum { CHUNK = 16 * 1024 };

struct vb_relay {
    int from, to;
    bool socket;  /* FROM is one */
    bool waiting; /* for room in TO; FROM is not watched then */
    pid_t pid;
    char executable[PATH_MAX];
    struct vb_digest *digest;
    uint64_t total;
    size_t kept, chunk_len, chunk_done;
    unsigned char text[VB_SCRIPT_TEXT], chunk[CHUNK];
};

void vb_relay_free(struct vb_relay *relay)
{
    if (!relay)
        return;
    vb_close_fd(&relay->from);
    vb_close_fd(&relay->to);
    vb_digest_free(relay->digest);
    free(relay);
}

/* --- taking the place of descriptor 0 --- */

/* The subject's descriptor 0 for us to read: without waiting, and without a change to what the
 * subject's own copies do. -1 if it is no pipe or stream. */
static int take_input(struct vb_relay *relay, const struct vb_process *process, int *ret_flags)
{
    VB_CLEANUP_FD int pidfd = vb_thread_fd(process);
    VB_CLEANUP_FD int copy = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, 0, 0);
    struct stat st;
    int type = 0;
    socklen_t len = sizeof(type);
    if (copy < 0 || fstat(copy, &st) < 0)
        return -1;
    *ret_flags = fcntl(copy, F_GETFL);
    if (S_ISSOCK(st.st_mode) && getsockopt(copy, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
        type == SOCK_STREAM) {
        relay->socket = true;
        return vb_steal_fd(&copy);
    }
    if (!S_ISFIFO(st.st_mode))
        return -1;
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", copy);
    return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static bool give_pipe(struct vb_call *call, struct vb_relay *relay, int flags)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    VB_CLEANUP_FD int reader = ends[0];
    relay->to = ends[1];
    struct seccomp_notif_addfd add = {
        .id = call->notif->id,
        .flags = (uint32_t)SECCOMP_ADDFD_FLAG_SETFD,
        .srcfd = (uint32_t)reader,
        .newfd = 0,
    };
    return fcntl(relay->to, F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(reader, F_SETFL, flags & O_NONBLOCK) == 0 &&
           ioctl(call->recorder->options.listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) >= 0;
}

static bool watch(const struct vb_recorder *recorder, int operation, int fd, uint32_t events,
                  size_t slot)
{
    struct epoll_event event = {.events = events,
                                .data.u32 = recorder->options.first_tag + 1 + (uint32_t)slot};
    return epoll_ctl(recorder->options.epoll, operation, fd, &event) == 0;
}

static struct vb_relay **free_slot(struct vb_recorder *recorder)
{
    for (size_t i = 0; i < VB_RELAYS; i++)
        if (!recorder->relays[i])
            return &recorder->relays[i];
    return NULL;
}

static void relay_done(struct vb_relay **relay)
{
    vb_relay_free(*relay);
}

int vb_script_relay(struct vb_call *call, const char *program, struct vb_error *err)
{
    struct vb_recorder *recorder = call->recorder;
    VB_CLEANUP(relay_done) struct vb_relay *relay = calloc(1, sizeof(*relay));
    int flags = 0;
    if (!relay)
        return vb_fail(err, VB_E_NOMEM, 0, "keeping a script: out of memory");
    relay->to = -1;
    relay->pid = call->process->tgid;
    relay->from = take_input(relay, call->process, &flags);
    if (relay->from < 0)
        return VB_OK; /* a file, a terminal, or nothing */
    struct vb_relay **slot = free_slot(recorder);
    int status = vb_digest_new(VB_DIGEST_SHA256, &relay->digest, err);
    if (status)
        return status;
    const size_t number = slot ? (size_t)(slot - recorder->relays) : 0;
    if (!slot || !give_pipe(call, relay, flags) ||
        !watch(recorder, EPOLL_CTL_ADD, relay->from, EPOLLIN, number) ||
        !watch(recorder, EPOLL_CTL_ADD, relay->to, 0, number)) {
        recorder->scripts_missed++;
        return VB_OK;
    }
    snprintf(relay->executable, sizeof(relay->executable), "%s", program);
    *slot = vb_steal(relay);
    return VB_OK;
}

/* --- what passes through --- */

static int search(struct vb_recorder *recorder, const struct vb_relay *relay, struct vb_error *err);

static int tell(struct vb_recorder *recorder, struct vb_relay *relay, struct vb_error *err)
{
    char hex[VB_SHA256_HEX];
    if (relay->total == 0)
        return VB_OK;
    int status = vb_digest_hex(relay->digest, hex, err);
    if (status)
        return status;
    struct vb_event event;
    vb_event_init(&event, VB_EV_PROCESS_SCRIPT, VB_SOURCE_SYSCALL);
    vb_event_int(&event, VB_F_PID, relay->pid);
    vb_event_strn(&event, VB_F_TEXT, (const char *)relay->text, relay->kept);
    vb_event_str(&event, VB_F_SHA256, hex);
    vb_event_int(&event, VB_F_SIZE, (int64_t)relay->total);
    vb_event_str(&event, VB_F_EXECUTABLE, relay->executable);
    if (relay->total > relay->kept)
        vb_event_bool(&event, VB_F_TRUNCATED, true);
    status = vb_recorder_keep(recorder, &event, err);
    return status ? status : search(recorder, relay, err);
}

struct sighting {
    struct vb_recorder *recorder;
    const struct vb_relay *relay;
    struct vb_error *err;
    int status;
};

static void bait_seen(void *ctx, const struct vb_bait *bait, const char *form)
{
    struct sighting *s = ctx;
    if (s->status || vb_bait_is_free(bait))
        return;
    struct vb_event event;
    vb_event_init(&event, VB_EV_BAIT_SEEN, VB_SOURCE_SYSCALL);
    vb_event_int(&event, VB_F_PID, s->relay->pid);
    vb_event_str(&event, VB_F_BAIT, bait->id);
    vb_event_str(&event, VB_F_WHERE, "script");
    vb_event_str(&event, VB_F_FORM, form);
    s->status = vb_recorder_keep(s->recorder, &event, s->err);
}

static int search(struct vb_recorder *recorder, const struct vb_relay *relay, struct vb_error *err)
{
    struct sighting s = {recorder, relay, err, VB_OK};
    if (recorder->options.baits &&
        vb_bait_search(recorder->options.baits, relay->text, relay->kept, bait_seen, &s) < 0)
        return vb_fail(err, VB_E_NOMEM, 0, "searching a script for baits: out of memory");
    return s.status;
}

static int end_relay(struct vb_recorder *recorder, size_t slot, struct vb_error *err)
{
    struct vb_relay *relay = recorder->relays[slot];
    recorder->relays[slot] = NULL;
    const int status = tell(recorder, relay, err);
    vb_relay_free(relay); /* both ends: the writer and the reader see it as they would have */
    return status;
}

static ssize_t read_some(struct vb_relay *relay)
{
    return relay->socket ? recv(relay->from, relay->chunk, CHUNK, MSG_DONTWAIT)
                         : read(relay->from, relay->chunk, CHUNK);
}

static int keep(struct vb_relay *relay, struct vb_error *err)
{
    const size_t room = sizeof(relay->text) - relay->kept;
    const size_t part = relay->chunk_len < room ? relay->chunk_len : room;
    memcpy(relay->text + relay->kept, relay->chunk, part);
    relay->kept += part;
    relay->total += relay->chunk_len;
    return vb_digest_update(relay->digest, relay->chunk, relay->chunk_len, err);
}

/* Writes what was read. False: the reader is gone. */
static bool pass_on(struct vb_relay *relay)
{
    while (relay->chunk_done < relay->chunk_len) {
        const ssize_t n = write(relay->to, relay->chunk + relay->chunk_done,
                                relay->chunk_len - relay->chunk_done);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        relay->chunk_done += (size_t)n;
    }
    return true;
}

/* While the reader is slow, nothing more is taken from the writer, who then waits as he would. */
static bool choose_side(struct vb_recorder *recorder, struct vb_relay *relay, size_t slot)
{
    const bool waiting = relay->chunk_done < relay->chunk_len;
    if (waiting == relay->waiting)
        return true;
    relay->waiting = waiting;
    return watch(recorder, EPOLL_CTL_MOD, relay->to, waiting ? EPOLLOUT : 0, slot) &&
           watch(recorder, waiting ? EPOLL_CTL_DEL : EPOLL_CTL_ADD, relay->from, EPOLLIN, slot);
}

int vb_script_step(struct vb_recorder *recorder, size_t slot, uint32_t ready, struct vb_error *err)
{
    struct vb_relay *relay = recorder->relays[slot];
    if (!relay) /* ended by the event before this one */
        return VB_OK;
    bool open = true;
    if (!relay->waiting && ready & (EPOLLIN | EPOLLHUP)) {
        const ssize_t n = read_some(relay);
        open = n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
        relay->chunk_len = n > 0 ? (size_t)n : 0;
        relay->chunk_done = 0;
        const int status = n > 0 ? keep(relay, err) : VB_OK;
        if (status)
            return status;
    } else if (ready & EPOLLERR) { /* nobody is left who would read */
        open = false;
    }
    if (open && pass_on(relay) && choose_side(recorder, relay, slot))
        return VB_OK;
    return end_relay(recorder, slot, err);
}

int vb_scripts_end(struct vb_recorder *recorder, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; !status && i < VB_RELAYS; i++)
        if (recorder->relays[i])
            status = end_relay(recorder, i, err);
    return status;
}
