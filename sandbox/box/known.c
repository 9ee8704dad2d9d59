/* known: the package's bytes in one buffer, in a supervisor, for the world to look names up in.
 * They are searched, never read. See known.h. */
#include "sandbox/box/known.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/inventory.h"

static int append_text(struct vb_buf *ret, const char *text, struct vb_error *err)
{
    const size_t len = text == NULL ? 0 : strlen(text) + 1;
    return len == 0 || ret->len + len > ret->max ? VB_OK : vb_buf_append(ret, text, len, err);
}

static int append_file(int folder, const char *path, struct vb_buf *ret, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = vb_open_beneath(folder, path, O_RDONLY | O_NONBLOCK, 0);
    char chunk[65536];
    int status = VB_OK;
    while (status == VB_OK && fd >= 0) {
        const ssize_t got = read(fd, chunk, sizeof(chunk));
        if (got <= 0 || ret->len + (size_t)got + 1 > ret->max)
            break;
        status = vb_buf_append(ret, chunk, (size_t)got, err);
    }
    return status < 0 || ret->len == ret->max ? status : vb_buf_append(ret, "", 1, err);
}

static int append_tree(int tree, struct vb_buf *ret, struct vb_error *err)
{
    static const struct vb_inventory_limits limits = {.entries = 20000, .depth = 64};
    VB_CLEANUP(vb_inventory_done) struct vb_inventory files = {0};
    VB_CLEANUP_FD int folder = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = folder < 0 ? VB_OK : vb_inventory_take(folder, &limits, &files, err);
    for (size_t i = 0; status == VB_OK && i < files.count; i++) {
        if (files.entries[i].type == VB_ENTRY_FILE)
            status = append_file(folder, files.entries[i].path, ret, err);
    }
    return status;
}

int vb_known_gather(const struct vb_box_setup *setup, const struct vb_detonation *detonation,
                    struct vb_buf *ret, struct vb_error *err)
{
    int status = append_text(ret, detonation->text, err);
    for (size_t i = 0; status == VB_OK && detonation->argv[i] != NULL; i++)
        status = append_text(ret, detonation->argv[i], err);
    const struct vb_courier_work *live = setup->options.live;
    for (size_t i = 0; status == VB_OK && live != NULL && i < live->hosts.count; i++)
        status = append_text(ret, live->hosts.names[i], err);
    return status < 0 || setup->options.tree_fd < 0 ? status
                                                    : append_tree(setup->options.tree_fd, ret, err);
}
