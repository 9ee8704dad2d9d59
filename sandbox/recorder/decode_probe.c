/* stat, access and readlink: asking about a name. No other calls are as frequent, so each must cost
 * little: the name is read and made absolute, and links are followed only where a bait is near. A
 * probe that cannot be read is let go: it changes nothing and tells its caller nothing that an open
 * would not. Trust boundary: see call.h. */
#include <fcntl.h>
#include <string.h>

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

int vb_decode_probe(struct vb_call *call, struct vb_error *err)
{
    struct vb_recorder *recorder = call->recorder;
    if (vb_recorder_probes_full(recorder)) {
        recorder->probes_dropped++;
        return VB_OK;
    }
    if (!read_name(call) || said_already(call))
        return VB_OK;
    struct vb_event event;
    vb_call_event(call, &event, VB_EV_FILE_PROBE);
    vb_event_str(&event, VB_F_PATH, recorder->path);
    vb_event_str(&event, VB_F_ACTION, call->row->word);
    if (vb_near_bait(recorder, recorder->path))
        follow_links(call, &event);
    call->decided = true;
    return vb_call_emit(call, &event, err);
}
