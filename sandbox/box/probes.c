/* probes: what makes an interpreter tell of itself. Their files lie in layers of their own, which
 * only the boxes of runs with probes lay over the base: one for the root, one for /usr. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/hearsay.h"

enum { PYTHON, NODE, BASH, SH, PROBES };
static const char *const texts[PROBES] = {
#include <probes.inc>
};

/* The module is gone again before anybody can ask for it, and no bytecode of it is kept. */
#define PYTHON_NAME "_distro_locale"
static const char python_line[] =
    "import sys; w = sys.dont_write_bytecode; sys.dont_write_bytecode = True; import " PYTHON_NAME
    "; sys.dont_write_bytecode = w; sys.modules.pop('" PYTHON_NAME "', None)\n";

#define NODE_FILE "opt/lib/setup.js"
#define BASH_FILE "opt/lib/setup.sh"
#define SH_FILE "opt/lib/posix.sh"

char *const *vb_probes_environment(const char *interpreter)
{
    static char node[] = "NODE_OPTIONS=--require=/" NODE_FILE, bash[] = "BASH_ENV=/" BASH_FILE;
    static char sh[] = "BASH_ENV=/" SH_FILE;
    static char *const none[] = {NULL}, *const for_node[] = {node, NULL},
                       *const for_bash[] = {node, bash, NULL}, *const for_sh[] = {node, sh, NULL};
    if (interpreter == NULL || strncmp(interpreter, "python", 6) == 0)
        return none;
    /* In the place of these bash runs (cli/probed.c). */
    if (strcmp(interpreter, "sh") == 0 || strcmp(interpreter, "dash") == 0)
        return for_sh;
    /* Other shells have no probe, and start Node. */
    return strcmp(interpreter, "bash") == 0 ? for_bash : for_node;
}

static int write_file(int root, const char *path, const char *text, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    return fd < 0 ? vb_fail(err, VB_E_OS, errno, "writing the probe %s", path)
                  : vb_write_all(fd, text, strlen(text), err);
}

/* A folder of /usr and those above it, closed and as old as the machine's: a merged one shows what
 * the layer on top says. */
static int close_like_usr(int usr, char *path, struct vb_error *err)
{
    char *slash;
    do {
        char real[256];
        struct stat st;
        snprintf(real, sizeof(real), "/usr/%s", path);
        if (stat(real, &st) < 0)
            return vb_fail(err, VB_E_OS, errno, "looking at %s", real);
        const struct timespec times[] = {st.st_atim, st.st_mtim};
        if (fchmodat(usr, path, 0555, 0) < 0 || utimensat(usr, path, times, 0) < 0)
            return vb_fail(err, VB_E_OS, errno, "closing the probes");
        slash = strrchr(path, '/');
        if (slash != NULL)
            *slash = '\0';
    } while (slash != NULL);
    return VB_OK;
}

static int write_python(int usr, const char *folder, struct vb_error *err)
{
    char path[128];
    char real[128];
    struct stat st;
    snprintf(real, sizeof(real), "/usr/%s", folder);
    if (stat(real, &st) < 0 || !S_ISDIR(st.st_mode))
        return VB_OK;
    snprintf(path, sizeof(path), "%s/" PYTHON_NAME ".py", folder);
    if (vb_mkdir_parents(usr, path) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the folders of the probes");
    int status = write_file(usr, path, texts[PYTHON], err);
    snprintf(path, sizeof(path), "%s/distro-locale.pth", folder);
    if (status == VB_OK)
        status = write_file(usr, path, python_line, err);
    snprintf(path, sizeof(path), "%s", folder);
    return status < 0 ? status : close_like_usr(usr, path, err);
}

/* Where each Python looks for .pth files: Debian's all in one place, others by their number. */
static int write_pythons(int usr, struct vb_error *err)
{
    enum { FIRST = 8, LAST = 19 };
    int status = write_python(usr, "lib/python3/dist-packages", err);
    for (int minor = FIRST; status == VB_OK && minor <= LAST; minor++) {
        char folder[64];
        snprintf(folder, sizeof(folder), "lib/python3.%d/site-packages", minor);
        status = write_python(usr, folder, err);
        snprintf(folder, sizeof(folder), "local/lib/python3.%d/site-packages", minor);
        if (status == VB_OK)
            status = write_python(usr, folder, err);
    }
    return status;
}

static int open_new(int parent, const char *name, struct vb_error *err)
{
    const int fd = mkdirat(parent, name, 0755) < 0
                       ? -1
                       : openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? vb_fail(err, VB_E_OS, errno, "making the folders of the probes") : fd;
}

int vb_probes_build(int folder, struct vb_error *err)
{
    static const char *const closed[] = {"opt/lib", "opt", "."};
    VB_CLEANUP_FD int root = open_new(folder, "root", err);
    VB_CLEANUP_FD int usr = root < 0 ? -1 : open_new(folder, "usr", err);
    if (root < 0 || usr < 0)
        return err->status;
    if (vb_mkdir_parents(root, NODE_FILE) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the folders of the probes");
    int status = write_file(root, NODE_FILE, texts[NODE], err);
    if (status == VB_OK)
        status = write_file(root, BASH_FILE, texts[BASH], err);
    if (status == VB_OK)
        status = write_file(root, SH_FILE, texts[SH], err);
    if (status == VB_OK)
        status = write_pythons(usr, err);
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(closed); i++) {
        if (fchmodat(root, closed[i], 0555, 0) < 0)
            status = vb_fail(err, VB_E_OS, errno, "closing the probes");
    }
    return status;
}
