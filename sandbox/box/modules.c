/* modules: see modules.h. Trusted code, before the subject runs; the names of modules come from
 * what the subject printed, and were checked when they were taken (cli/missing.c). */
#include "sandbox/box/modules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/kernel.h"

#include <modules.inc>

enum { PYTHONS_MAX = 8, PATH_BYTES = 512 };

/* Makes the folder at PATH, below FOLDER, and all that leads there. */
static int make_folders(int folder, const char *path, struct vb_error *err)
{
    char part[PATH_BYTES];
    for (const char *end = path; *end != '\0';) {
        end += strcspn(end, "/");
        snprintf(part, sizeof(part), "%.*s", (int)(end - path), path);
        if (mkdirat(folder, part, 0755) < 0 && errno != EEXIST)
            return vb_fail(err, VB_E_OS, errno, "making /%s of a box", part);
        end += *end == '/';
    }
    return VB_OK;
}

/* APPEND: to what is there. */
static int put(int folder, const char *path, const char *text, size_t len, bool append,
               struct vb_error *err)
{
    const int flags = append ? O_APPEND : O_EXCL | O_CREAT;
    VB_CLEANUP_FD int fd = openat(folder, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | flags, 0644);
    return fd < 0 ? vb_fail(err, VB_E_OS, errno, "making /%s of a box", path)
                  : vb_write_all(fd, text, len, err);
}

/* --- Python --- */

/* The folders of the user's own packages, one for each version below /usr. */
static size_t find_pythons(char versions[PYTHONS_MAX][32])
{
    static const char *const places[] = {"/usr/lib", "/usr/local/lib"};
    size_t count = 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(places); i++) {
        VB_CLEANUP_DIR DIR *dir = opendir(places[i]);
        const struct dirent *entry;
        while (dir != NULL && count < PYTHONS_MAX && (entry = readdir(dir)) != NULL) {
            const char *name = entry->d_name;
            bool known = strncmp(name, "python3.", 8) != 0 || strlen(name) > 16;
            for (size_t k = 0; k < count; k++)
                known = known || strcmp(versions[k], name) == 0;
            if (!known)
                snprintf(versions[count++], sizeof(versions[0]), "%.31s", name);
        }
    }
    return count;
}

/* One that a script only says it misses may be there. */
static bool is_there(const char *version, const char *name)
{
    const char *const folders[] = {"/usr/lib/python3/dist-packages", "/usr/lib/%s",
                                   "/usr/local/lib/%s/dist-packages",
                                   "/usr/local/lib/%s/site-packages"};
    for (size_t i = 0; i < VB_ARRAY_LEN(folders) * 2; i++) {
        const char *folder = folders[i / 2];
        const char *mark = strstr(folder, "%s");
        const int before = (int)(mark == NULL ? strlen(folder) : (size_t)(mark - folder));
        char path[PATH_BYTES];
        snprintf(path, sizeof(path), "%.*s%s%s/%s%s", before, folder, mark == NULL ? "" : version,
                 mark == NULL ? "" : mark + 2, name, i % 2 == 0 ? "" : ".py");
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

static int put_python(int folder, const char *home, const char *version, const char *name,
                      struct vb_error *err)
{
    char path[PATH_BYTES];
    char file[PATH_BYTES + 16];
    if (is_there(version, name))
        return VB_OK;
    snprintf(path, sizeof(path), "%s/.local/lib/%s/site-packages/%s", home, version, name);
    snprintf(file, sizeof(file), "%s/__init__.py", path);
    int status = make_folders(folder, path, err);
    if (status == VB_OK)
        status = put(folder, file, module_python, sizeof(module_python) - 1, false, err);
    /* No compiled copy of ours is to be among what a run wrote. */
    snprintf(file, sizeof(file), "%s/__pycache__", path);
    if (status == VB_OK && mkdirat(folder, file, 0555) < 0)
        return vb_fail(err, VB_E_OS, errno, "making /%s of a box", file);
    return status;
}

/* --- Node --- */

static int put_node(int folder, const char *home, const char *name, struct vb_error *err)
{
    char path[PATH_BYTES];
    char file[PATH_BYTES + 16];
    char text[1024];
    snprintf(path, sizeof(path), "%s/node_modules/%s", home, name);
    int status = make_folders(folder, path, err);
    if (status < 0)
        return status;
    snprintf(file, sizeof(file), "%s/index.js", path);
    status = put(folder, file, module_node, sizeof(module_node) - 1, false, err);
    /* dotenv reads its file already when dotenv/config is loaded. */
    snprintf(file, sizeof(file), "%s/config.js", path);
    static const char config[] = "require('./index.js').config();\n";
    const bool reads = strcmp(name, "dotenv") == 0;
    if (status == VB_OK && reads)
        status = put(folder, file, config, sizeof(config) - 1, false, err);
    const int len = snprintf(text, sizeof(text),
                             "{\n  \"name\": \"%s\",\n  \"version\": \"2.4.1\",\n"
                             "  \"main\": \"index.js\",\n  \"exports\": {\n"
                             "    \".\": \"./index.js\",\n%s"
                             "    \"./package.json\": \"./package.json\",\n"
                             "    \"./*\": \"./index.js\"\n  }\n}\n",
                             name, reads ? "    \"./config\": \"./config.js\",\n" : "");
    snprintf(file, sizeof(file), "%s/package.json", path);
    return status < 0 ? status : put(folder, file, text, (size_t)len, false, err);
}

/* What an import names has to stand in the text of the module: "NAME EXPORT". */
static int put_export(int folder, const char *home, const char *name, struct vb_error *err)
{
    char file[PATH_BYTES];
    char text[256];
    const size_t len = strcspn(name, " ");
    const char *what = name + len + (name[len] == ' ');
    snprintf(file, sizeof(file), "%s/node_modules/%.*s/index.js", home, (int)len, name);
    const int size =
        snprintf(text, sizeof(text), "module.exports.%.64s = module.exports.%.64s;\n", what, what);
    return put(folder, file, text, (size_t)size, true, err);
}

/* --- all of it --- */

static int fill(const struct vb_inside *inside, int folder, struct vb_error *err)
{
    const char *home = vb_persona_traits(inside->setup->options.persona)->home + 1;
    char versions[PYTHONS_MAX][32];
    const size_t count = find_pythons(versions);
    int status = VB_OK;
    for (char *const *item = inside->detonation->modules; status == VB_OK && *item != NULL;
         item++) {
        if (strncmp(*item, VB_MODULE_NODE, strlen(VB_MODULE_NODE)) == 0)
            status = put_node(folder, home, *item + strlen(VB_MODULE_NODE), err);
        else if (strncmp(*item, VB_MODULE_EXPORT, strlen(VB_MODULE_EXPORT)) == 0)
            status = put_export(folder, home, *item + strlen(VB_MODULE_EXPORT), err);
        else if (strncmp(*item, VB_MODULE_PYTHON, strlen(VB_MODULE_PYTHON)) == 0)
            for (size_t i = 0; status == VB_OK && i < count; i++)
                status =
                    put_python(folder, home, versions[i], *item + strlen(VB_MODULE_PYTHON), err);
    }
    return status < 0 ? status : vb_age(inside->setup, folder, err);
}

static bool has_modules(const struct vb_inside *inside)
{
    return inside->detonation->modules != NULL && inside->detonation->modules[0] != NULL &&
           inside->setup->base.overlay;
}

int vb_modules_mount(const struct vb_inside *inside, struct vb_error *err)
{
    static const struct vb_mount_option options[] = {{"source", "tmpfs"},
                                                     {"size", "32m"},
                                                     {"nr_inodes", "4000"},
                                                     {"mode", "0555"},
                                                     {NULL, NULL}};
    if (!has_modules(inside))
        return VB_OK;
    VB_CLEANUP_FD int mount = vb_sys_mount_new("tmpfs", options, VB_MOUNT_NOSUID | VB_MOUNT_NODEV);
    VB_CLEANUP_FD int folder =
        mount < 0 ? -1 : openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || vb_sys_mount_attach(mount, AT_FDCWD, VB_BASE_MODULES) < 0)
        return vb_fail_namespaces(err, errno, "mounting modules into a box");
    const mode_t mask = umask(022);
    const int status = fill(inside, folder, err);
    umask(mask);
    return status;
}

void vb_modules_lower(const struct vb_inside *inside, char *lower, size_t size)
{
    const size_t len = strlen(lower);
    if (has_modules(inside))
        snprintf(lower + len, size - len, ":%s", VB_BASE_MODULES);
}
