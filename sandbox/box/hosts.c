/* hosts: what stands in for the applications that load plugins and extensions into themselves
 * (detonate/hosts/host.mjs), where such an application would be installed. Without an overlay there
 * is none. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/detonate/hosted.h"

static const unsigned char host[] = {
#include <host.inc>
};

static const char *const programs[] = {VB_HOST_OPENCLAW, VB_HOST_VSCODE};

static const char about[] =
    "{\"name\":\"openclaw\",\"version\":\"2026.11.3\",\"type\":\"module\"}\n";

static int fail(struct vb_error *err)
{
    return vb_fail(err, VB_E_OS, errno, "making the hosts of the boxes");
}

/* Every folder above PATH, closed once the file is there. */
static int make_folders(int usr, const char *path, mode_t mode, struct vb_error *err)
{
    char folder[256];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
        if ((mkdirat(usr, folder, mode) < 0 && errno != EEXIST) ||
            fchmodat(usr, folder, mode, 0) < 0)
            return fail(err);
    }
    return VB_OK;
}

static int write_file(int usr, const char *path, const void *text, size_t len, struct vb_error *err)
{
    int status = make_folders(usr, path, 0755, err);
    VB_CLEANUP_FD int fd =
        status < 0 ? -1 : openat(usr, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    if (status == VB_OK && fd < 0)
        status = fail(err);
    if (status == VB_OK)
        status = vb_write_all(fd, text, len, err);
    return status < 0 ? status : make_folders(usr, path, 0555, err);
}

int vb_hosts_build(int usr, struct vb_error *err)
{
    static const char root[] = "/usr/";
    int status = fchmod(usr, 0755) < 0 ? fail(err) : VB_OK;
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(programs); i++)
        status = write_file(usr, programs[i] + sizeof(root) - 1, host, sizeof(host), err);
    if (status == VB_OK)
        status = write_file(usr, "local/lib/node_modules/openclaw/package.json", about,
                            sizeof(about) - 1, err);
    return status < 0 || fchmod(usr, 0555) == 0 ? status : fail(err);
}
