/* closure: see closure.h. Trusted code; what strangers named is copied, never looked at. */
#include "sandbox/box/closure.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/inventory.h"
#include "sandbox/box/kernel.h"
#include "vetbox/core/closure.h"

/* Above the package, and above nothing that it does not own: where a folder of this name stands,
 * npm installs. */
#define NODE_PLACE "/.openclaw/workspace/" VB_CLOSURE_NODE

enum { MAX_ENTRIES = 500000, MAX_DEPTH = 128, PLACE_BYTES = 64 };

static const unsigned shown = VB_MOUNT_READONLY | VB_MOUNT_NOSUID | VB_MOUNT_NODEV;

static bool has_folder(int dirfd, const char *path)
{
    struct stat st;
    return fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

int vb_closure_measure(struct vb_box_setup *setup, struct vb_error *err)
{
    const struct vb_inventory_limits limits = {.entries = MAX_ENTRIES, .depth = MAX_DEPTH};
    VB_CLEANUP(vb_inventory_done) struct vb_inventory inventory = {0};
    if (setup->options.libraries_fd < 0)
        return VB_OK;
    const int status = vb_inventory_take(setup->options.libraries_fd, &limits, &inventory, err);
    if (status < 0)
        return status;
    if (inventory.missed > 0)
        return vb_fail(err, VB_E_LIMIT, 0, "the dependencies have too many or too deep folders");
    setup->closure_entries = inventory.count;
    setup->closure_bytes = inventory.bytes + (inventory.count + 1) * 4096U;
    return VB_OK;
}

/* --- where python3 looks --- */

/* The folder of the administrator's own packages for the python3 of this root, without '/' at its
 * beginning; false: there is no such python3. */
static bool python_place(char ret[PLACE_BYTES])
{
    static const char *const programs[] = {"/usr/local/bin/python3", "/usr/bin/python3"};
    char real[PATH_MAX];
    for (size_t i = 0; i < VB_ARRAY_LEN(programs); i++) {
        static const char name[] = "python3.";
        if (realpath(programs[i], real) == NULL)
            continue;
        const char *version = vb_path_base(real);
        const size_t digits = strncmp(version, name, sizeof(name) - 1) == 0
                                  ? strspn(version + sizeof(name) - 1, "0123456789")
                                  : 0;
        if (digits == 0 || digits > 3 || version[sizeof(name) - 1 + digits] != '\0')
            continue;
        /* Debian's looks in folders of another name. */
        const bool debian = i > 0 && has_folder(AT_FDCWD, "/usr/lib/python3/dist-packages");
        snprintf(ret, PLACE_BYTES, "usr/local/lib/%s/%s", version,
                 debian ? "dist-packages" : "site-packages");
        return true;
    }
    return false;
}

/* --- the base --- */

static int ignore_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    (void)sink;
    (void)event;
    return vb_fail(err, VB_E_SOFTWARE, 0, "the dependencies are not as they were unpacked");
}

static int copy_part(const struct vb_box_setup *setup, const char *part, int target,
                     struct vb_tree_sum *sum, struct vb_error *err)
{
    struct vb_sink sink = {.emit = ignore_event};
    const struct vb_tree_limits limits = {.bytes = setup->closure_bytes,
                                          .file_bytes = setup->closure_bytes,
                                          .entries = setup->closure_entries + 2,
                                          .depth = MAX_DEPTH};
    VB_CLEANUP_FD int source =
        openat(setup->options.libraries_fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (source < 0 || target < 0)
        return vb_fail(err, VB_E_OS, errno, "opening the dependencies");
    const int status = vb_tree_copy(source, target, &limits, &sink, sum, err);
    return status < 0 ? vb_wrap(err, "copying the dependencies into the base of the boxes") : VB_OK;
}

static int copy_to(const struct vb_box_setup *setup, const char *part, int deps,
                   struct vb_error *err)
{
    if (!has_folder(setup->options.libraries_fd, part))
        return VB_OK;
    if (mkdirat(deps, part, 0755) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the folder of the dependencies");
    VB_CLEANUP_FD int target = openat(deps, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return copy_part(setup, part, target, NULL, err);
}

/* A folder to mount on where the machine has none, and the commands; a stand-in stays. */
static int build_python(const struct vb_box_setup *setup, int usr, struct vb_error *err)
{
    char place[PLACE_BYTES];
    char below[PLACE_BYTES + 1];
    struct vb_tree_sum ahead = {.files = 1}; /* what is there already is left as it is */
    if (!has_folder(setup->options.libraries_fd, VB_CLOSURE_PYTHON) || !python_place(place))
        return VB_OK;
    snprintf(below, sizeof(below), "%s/", place + sizeof("usr/") - 1);
    if (vb_mkdir_parents(usr, below) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the folder of Python's packages");
    VB_CLEANUP_FD int commands = openat(usr, "local/bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return has_folder(setup->options.libraries_fd, VB_CLOSURE_COMMANDS)
               ? copy_part(setup, VB_CLOSURE_COMMANDS, commands, &ahead, err)
               : VB_OK;
}

int vb_closure_build(const struct vb_box_setup *setup, int base, int usr, struct vb_error *err)
{
    if (setup->options.libraries_fd < 0)
        return VB_OK;
    if (mkdirat(base, "deps", 0755) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the folder of the dependencies");
    VB_CLEANUP_FD int deps = openat(base, "deps", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (deps < 0)
        return vb_fail(err, VB_E_OS, errno, "making the folder of the dependencies");
    int status = copy_to(setup, VB_CLOSURE_NODE, deps, err);
    if (status == VB_OK)
        status = copy_to(setup, VB_CLOSURE_PYTHON, deps, err);
    if (status == VB_OK)
        status = vb_age(setup, deps, err);
    return status < 0 ? status : build_python(setup, usr, err);
}

/* --- a root --- */

/* npm takes the first folder upwards that has a package.json or node_modules for the project. In a
 * package without either it would be the one that ours is mounted in. */
static int make_anchor(const struct vb_box_setup *setup, int root_fd, struct vb_error *err)
{
    char folder[256];
    struct stat st;
    vb_box_folder(setup, folder, sizeof(folder));
    VB_CLEANUP_FD int package =
        openat(root_fd, folder + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (package < 0)
        return vb_fail(err, VB_E_OS, errno, "opening the package's folder in a box");
    if (fstatat(package, "package.json", &st, AT_SYMLINK_NOFOLLOW) == 0 ||
        mkdirat(package, VB_CLOSURE_NODE, 0755) == 0 || errno == EEXIST)
        return VB_OK;
    return vb_fail(err, VB_E_OS, errno, "making a folder of the package in a box");
}

static void node_place(const struct vb_box_setup *setup, char *ret, size_t size)
{
    snprintf(ret, size, "%s" NODE_PLACE, vb_persona_traits(setup->options.persona)->home + 1);
}

int vb_closure_places(const struct vb_box_setup *setup, int root_fd, struct vb_error *err)
{
    char place[256];
    /* The descriptor is not there any more in a box that fills a root of its own. */
    if (setup->options.libraries_fd < 0 ||
        !has_folder(AT_FDCWD, VB_CLOSURE_DEPS "/" VB_CLOSURE_NODE))
        return VB_OK;
    node_place(setup, place, sizeof(place));
    if (mkdirat(root_fd, place, 0755) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the folder of the dependencies in a box");
    return setup->options.tree_fd < 0 ? VB_OK : make_anchor(setup, root_fd, err);
}

/* --- a box --- */

static int mount_part(int root, const char *part, const char *place, struct vb_error *err)
{
    char source[64];
    snprintf(source, sizeof(source), VB_CLOSURE_DEPS "/%s", part);
    VB_CLEANUP_FD int mount = vb_sys_mount_copy(AT_FDCWD, source, shown);
    if (mount < 0 || vb_sys_mount_attach(mount, root, place) < 0)
        return vb_fail(err, VB_E_OS, errno, "mounting the dependencies into a box");
    return VB_OK;
}

static bool is_empty(const char *path)
{
    VB_CLEANUP_DIR DIR *dir = opendir(path);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return false;
    }
    return true;
}

static int tell_missing(const struct vb_inside *inside, const char *why, struct vb_error *err)
{
    struct vb_box_message message = {.word = VB_BOX_MISSING};
    snprintf(message.text, sizeof(message.text), "dependencies of Python\n%s", why);
    return vb_sys_send(inside->control, &message, sizeof(message), -1) < 0
               ? vb_fail(err, VB_E_OS, errno, "telling of a missing layer")
               : VB_OK;
}

/* What the machine has there stays visible below ours. */
static int mount_merged(int root, const char *place, const char *machine, struct vb_error *err)
{
    char lower[256];
    snprintf(lower, sizeof(lower), VB_CLOSURE_DEPS "/" VB_CLOSURE_PYTHON ":%s", machine);
    const struct vb_mount_option options[] = {
        {"source", "overlay"}, {"lowerdir", lower}, {"userxattr", NULL}, {NULL, NULL}};
    VB_CLEANUP_FD int mount = vb_sys_mount_new("overlay", options, shown);
    if (mount < 0 || vb_sys_mount_attach(mount, root, place) < 0)
        return vb_fail(err, VB_E_OS, errno, "mounting the dependencies of Python into a box");
    return VB_OK;
}

static int mount_python(const struct vb_inside *inside, int root, struct vb_error *err)
{
    char place[PLACE_BYTES];
    char machine[PLACE_BYTES + 1];
    if (!python_place(place))
        return tell_missing(inside, "there is no python3 that would look for them", err);
    snprintf(machine, sizeof(machine), "/%s", place);
    const bool overlay = inside->setup->base.overlay;
    if (!has_folder(root, place))
        return tell_missing(inside, "there is no folder to mount them on", err);
    if (is_empty(machine))
        return mount_part(root, VB_CLOSURE_PYTHON, place, err);
    return overlay ? mount_merged(root, place, machine, err)
                   : tell_missing(inside, "they would hide packages of the machine", err);
}

int vb_closure_mount(const struct vb_inside *inside, int root, struct vb_error *err)
{
    const struct vb_box_setup *setup = inside->setup;
    char place[256];
    int status = VB_OK;
    if (setup->options.libraries_fd < 0)
        return VB_OK;
    node_place(setup, place, sizeof(place));
    if (has_folder(AT_FDCWD, VB_CLOSURE_DEPS "/" VB_CLOSURE_NODE))
        status = mount_part(root, VB_CLOSURE_NODE, place, err);
    if (status == VB_OK && has_folder(AT_FDCWD, VB_CLOSURE_DEPS "/" VB_CLOSURE_PYTHON))
        status = mount_python(inside, root, err);
    return status;
}
