/* stat, access and readlink: asking about a name. No other calls are as frequent, so each must cost
 * little: the name is read and made absolute, and links are followed only where a bait is near. A
 * probe that cannot be read is let go: it changes nothing and tells its caller nothing that an open
 * would not. Trust boundary: see call.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sandbox/recorder/call.h"

/* The same process asking the same again right away says nothing new. */
static bool said_already(struct vb_call *call)
{
    struct vb_recorder *recorder = call->recorder;
    struct vb_probe *last = &recorder->last_probe;
    const size_t len = strlen(recorder->path);
    if (last->tgid == call->process->tgid && last->row == call->row && last->len == len &&
        memcmp(last->path, recorder->path, len) == 0)
        return true;
    last->tgid = call->process->tgid;
    last->row = call->row;
    last->len = len < sizeof(last->path) ? len : SIZE_MAX;
    if (len < sizeof(last->path))
        memcpy(last->path, recorder->path, len);
    return false;
}

static int dirfd_of(const struct vb_call *call)
{
    return call->row->args[0] == VB_ARG_DIRFD ? (int)call->notif->data.args[0] : AT_FDCWD;
}

static bool read_name(struct vb_call *call)
{
    struct vb_recorder *recorder = call->recorder;
    const size_t at = call->row->args[0] == VB_ARG_DIRFD ? 1 : 0;
    const uint64_t address = call->notif->data.args[at];
    if (vb_memory_string(&recorder->memory, address, recorder->text, PATH_MAX) <= 0)
        return false;
    vb_path_resolve(call->process->tid, dirfd_of(call), recorder->text, recorder->path);
    return true;
}

/* Where links lead to another file than the name says, the event has both. */
static void follow_links(struct vb_call *call, struct vb_event *event)
{
    struct vb_recorder *recorder = call->recorder;
    const struct vb_name name = {
        .root_fd = recorder->root_fd,
        .own_usr = recorder->own_usr,
        .process = call->process,
        .dirfd = dirfd_of(call),
        .text = recorder->text,
        .path = recorder->path,
        .follow = strcmp(call->row->word, "readlink") != 0,
    };
    if (vb_path_find(&name, &recorder->found) == 0 && recorder->found.path[0] &&
        strcmp(recorder->found.path, recorder->path) != 0)
        vb_event_str(event, VB_F_TARGET, recorder->found.path);
}

/* Of the recorder's path. */
static int emit_probe(struct vb_call *call, struct vb_error *err)
{
    struct vb_recorder *recorder = call->recorder;
    struct vb_event event;
    if (said_already(call))
        return VB_OK;
    vb_call_event(call, &event, VB_EV_FILE_PROBE);
    vb_event_str(&event, VB_F_PATH, recorder->path);
    vb_event_str(&event, VB_F_ACTION, call->row->word);
    if (vb_near_bait(recorder, recorder->path))
        follow_links(call, &event);
    call->decided = true;
    return vb_call_emit(call, &event, err);
}

static bool has_room(struct vb_recorder *recorder)
{
    const bool full = vb_recorder_probes_full(recorder);
    recorder->probes_dropped += full;
    return !full;
}

int vb_decode_probe(struct vb_call *call, struct vb_error *err)
{
    return has_room(call->recorder) && read_name(call) ? emit_probe(call, err) : VB_OK;
}

/* --- statfs and fstatfs --- */

/* The O_PATH descriptor of what is asked about, or -1 where there is nothing. */
static int open_asked(struct vb_call *call)
{
    struct vb_recorder *recorder = call->recorder;
    char missing[NAME_MAX + 1];
    int fd = -1;
    if (call->row->args[0] == VB_ARG_FDPATH)
        return vb_path_open_fd(call->process->tid, (int)call->notif->data.args[0]);
    if (!read_name(call))
        return -1;
    const struct vb_name name = {
        .root_fd = recorder->root_fd,
        .process = call->process,
        .dirfd = AT_FDCWD,
        .text = recorder->text,
        .path = recorder->path,
        .follow = true,
    };
    if (vb_walk(&name, &fd, missing) == 0 && missing[0] != '\0')
        vb_close_fd(&fd);
    return fd;
}

/* The file behind FD, as the box sees it: the recorder's path. */
static bool name_asked(struct vb_recorder *recorder, int fd)
{
    if (!vb_path_of_fd(getpid(), fd, recorder->path, PATH_MAX) || recorder->path[0] != '/')
        return false;
    memcpy(recorder->text, recorder->path, sizeof(recorder->text));
    return true;
}

/* A disk of the machine that the box seems to be. What goes wrong is the kernel's to say. */
int vb_decode_disk(struct vb_call *call, struct vb_error *err)
{
    struct vb_recorder *recorder = call->recorder;
    struct statfs fs;
    if (!recorder->options.disk)
        return VB_OK;
    VB_CLEANUP_FD int fd = open_asked(call);
    if (fd < 0 || fstatfs(fd, &fs) < 0 || !name_asked(recorder, fd))
        return VB_OK;
    if (recorder->options.disk(recorder->path, &fs)) {
        call->performed = true;
        if (vb_memory_write(&recorder->memory, call->notif->data.args[1], &fs, sizeof(fs)) < 0)
            call->error = EFAULT;
    }
    return has_room(recorder) ? emit_probe(call, err) : VB_OK;
}
