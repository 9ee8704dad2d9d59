/* asked: what the recorder asks of a box's supervisor while a call of the subject waits (the
 * options of recorder.h). What init answers is checked, and is waited for only so long. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "sandbox/box/kernel.h"
#include "sandbox/box/supervisor.h"

enum { INIT_PATIENCE_MS = 3000 };

/* The O_PATH descriptor of the file PATH in LAYER, a folder with one of the overlay's layers; -1:
 * there is no such file. */
static int open_in(int layer, const char *path)
{
    return layer < 0 || path[0] != '/' ? -1
                                       : vb_open_beneath(layer, path + 1, O_PATH | O_NOFOLLOW, 0);
}

static bool has_type(int fd, mode_t type)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

/* A folder that stood there before the box: the overlay refuses to rename it. */
static bool is_folder_below(const struct vb_supervisor *box, const char *path)
{
    VB_CLEANUP_FD int fd = open_in(box->below_fds[VB_LAYER_ROOT], path);
    return has_type(fd, S_IFDIR);
}

/* An overlay notes of what it copied where it came from. */
static bool is_copy(int fd)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return getxattr(path, "user.overlay.origin", NULL, 0) >= 0;
}

bool vb_supervisor_splits(void *ctx, const char *path)
{
    const struct vb_supervisor *box = ctx;
    VB_CLEANUP_FD int upper = openat(box->writable_fd, vb_layer_rows[VB_LAYER_ROOT].folder,
                                     O_PATH | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_FD int above = open_in(upper, path);
    VB_CLEANUP_FD int below = above < 0 ? open_in(box->below_fds[VB_LAYER_ROOT], path) : -1;
    return above < 0 ? has_type(below, S_IFREG) : has_type(above, S_IFREG) && is_copy(above);
}

int vb_supervisor_rename(void *ctx, const char *from, const char *to, bool replace)
{
    struct vb_supervisor *box = ctx;
    struct vb_box_message message = {.word = VB_BOX_MOVE, .number = replace};
    const size_t len = strlen(from);
    if (from[0] != '/' || to[0] != '/' || len + strlen(to) + 2 > sizeof(message.text) ||
        (strncmp(from, to, len) == 0 && (to[len] == '/' || to[len] == '\0')) ||
        !is_folder_below(box, from))
        return 1;
    memcpy(message.text, from, len + 1);
    memcpy(message.text + len + 1, to, strlen(to) + 1);
    box->moved = -1;
    if (vb_sys_send(box->control, &message, sizeof(message), -1) < 0)
        return 1;
    struct vb_error ignored;
    const uint64_t until_ns = vb_monotonic_ns() + vb_ms(INIT_PATIENCE_MS);
    while (box->moved < 0 && box->control >= 0) {
        struct pollfd fd = {.fd = box->control, .events = POLLIN};
        const uint64_t now = vb_monotonic_ns();
        if (now >= until_ns || poll(&fd, 1, (int)((until_ns - now) / 1000000U) + 1) <= 0) {
            vb_supervisor_end(box, "limit",
                              0); /* an init that does not answer is the subject's doing */
            break;
        }
        if (vb_supervisor_hear_init(box, &ignored) < 0)
            return -EIO;
    }
    return box->moved < 0 ? -EIO : -box->moved;
}

int vb_supervisor_reach(void *ctx, int type, const struct sockaddr *address, int *ret_errno,
                        struct vb_error *err)
{
    struct vb_supervisor *box = ctx;
    return vb_demand_reach(box->demand, type, address, ret_errno, err);
}

int vb_supervisor_yield(void *ctx, unsigned port, struct vb_error *err)
{
    struct vb_supervisor *box = ctx;
    return vb_demand_yield(box->demand, port, err);
}

void vb_supervisor_serves(void *ctx, const struct sockaddr *address)
{
    struct vb_supervisor *box = ctx;
    vb_served_note(&box->served, address);
    if (box->driver != NULL)
        vb_driver_child_serves(box->driver, &box->served);
}

void vb_supervisor_watch_bait(void *ctx, size_t index, int fd)
{
    struct vb_supervisor *box = ctx;
    vb_witness_watch(box->witness, index, fd);
}

bool vb_supervisor_watch_root(void *ctx, int fd)
{
    const struct vb_supervisor *box = ctx;
    return vb_witness_watch_root(box->witness, fd);
}

bool vb_supervisor_root_changed(void *ctx)
{
    const struct vb_supervisor *box = ctx;
    return vb_witness_root_changed(box->witness);
}

int vb_supervisor_catch_up(void *ctx, struct vb_error *err)
{
    struct vb_supervisor *box = ctx;
    return vb_world_child_step(box->world, err);
}

bool vb_supervisor_busy(void *ctx)
{
    enum { MEASURED_MS = 5 };
    struct vb_supervisor *box = ctx;
    struct vb_error ignored; /* the next tick meets it again */
    const uint64_t now = vb_monotonic_ns();
    /* Who takes much and then waits would be gone before the next tick. */
    if (now - box->measured_ns >= vb_ms(MEASURED_MS)) {
        box->measured_ns = now;
        (void)!vb_supervisor_measure(box, &ignored);
    }
    return box->outcome != NULL || vb_world_child_busy(box->world) ||
           (box->driver != NULL && vb_driver_child_busy(box->driver));
}
