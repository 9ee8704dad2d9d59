/* modules: see modules.h. Trusted code, before the subject runs; the names of modules come from
 * what the subject printed, and were checked when they were taken (cli/missing.c). */
#include "sandbox/box/modules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/carry.h"
#include "sandbox/box/closure.h"
#include "sandbox/box/kernel.h"
#include "vetbox/core/closure.h"

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

/* --- what is there --- */

/* Where python3 and node look besides. A stand-in lies before the first of these, or would be taken
 * for part of a module that a run has installed beside it. */
static const struct {
    const char *kind;
    enum vb_layer layer;
    const char *folder; /* below the layer; %h: the home, %v: python3.11 and its like */
} places[] = {
    {VB_MODULE_PYTHON, VB_LAYER_USR, "lib/python3/dist-packages"},
    {VB_MODULE_PYTHON, VB_LAYER_USR, "lib/%v"},
    {VB_MODULE_PYTHON, VB_LAYER_USR, "lib/%v/lib-dynload"},
    {VB_MODULE_PYTHON, VB_LAYER_USR, "lib/%v/site-packages"},
    {VB_MODULE_PYTHON, VB_LAYER_USR, "local/lib/%v/dist-packages"},
    {VB_MODULE_PYTHON, VB_LAYER_USR, "local/lib/%v/site-packages"},
    {VB_MODULE_PYTHON, VB_LAYER_ROOT, "%h/.local/lib/%v/site-packages"},
    {VB_MODULE_NODE, VB_LAYER_USR, "share/nodejs"},
    {VB_MODULE_NODE, VB_LAYER_USR, "lib/nodejs"},
    {VB_MODULE_NODE, VB_LAYER_USR, "lib/node"},
    {VB_MODULE_NODE, VB_LAYER_USR, "local/lib/node"},
    {VB_MODULE_NODE, VB_LAYER_ROOT, "%h/node_modules"},
    {VB_MODULE_NODE, VB_LAYER_ROOT, "%h/.node_modules"},
    {VB_MODULE_NODE, VB_LAYER_ROOT, "%h/.node_libraries"},
    {VB_MODULE_NODE, VB_LAYER_ROOT, "home/node_modules"},
    {VB_MODULE_NODE, VB_LAYER_ROOT, "node_modules"},
};

/* NAME itself, or what is a module of that name by what follows it: NAME.py, NAME.abi3.so, NAME.js.
 */
static bool is_module(const char *entry, const char *name)
{
    static const char *const ends[] = {"", ".py", ".pyc", ".so", ".js", ".json", ".node"};
    const size_t len = strlen(name), size = strlen(entry);
    const bool begins = strncmp(entry, name, len) == 0 && (size == len || entry[len] == '.');
    for (size_t i = 0; begins && i < VB_ARRAY_LEN(ends); i++) {
        const size_t end = strlen(ends[i]);
        if (i == 0 ? size == len : size > end && strcmp(entry + size - end, ends[i]) == 0)
            return true;
    }
    return false;
}

/* NAME may be @SCOPE/NAME: the scope is a folder then. */
static bool has_module(const char *folder, const char *name)
{
    char path[PATH_BYTES];
    const char *slash = strchr(name, '/');
    const int scope = slash == NULL ? 0 : (int)(slash - name) + 1;
    if (snprintf(path, sizeof(path), "%s/%.*s", folder, scope, name) >= (int)sizeof(path))
        return false;
    VB_CLEANUP_DIR DIR *dir = opendir(path);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (is_module(entry->d_name, name + scope))
            return true;
    }
    return false;
}

/* PLACE with the marks in it filled in. */
static void fill_place(const char *place, const char *home, const char *version,
                       char ret[PATH_BYTES])
{
    size_t len = 0;
    ret[0] = '\0';
    for (const char *at = place; *at != '\0' && len < PATH_BYTES - 1; at++) {
        const bool mark = *at == '%';
        const char *text = !mark ? at : *++at == 'h' ? home : version;
        snprintf(ret + len, PATH_BYTES - len, "%.*s", mark ? PATH_BYTES : 1, text);
        len += strlen(ret + len);
    }
}

/* Whether PLACE below one of the folders in LAYERS, which a colon parts, has the module. */
static bool has_below(const char *layers, const char *place, const char *name)
{
    for (const char *at = layers; *at != '\0'; at += *at == ':') {
        const int len = (int)strcspn(at, ":");
        char path[PATH_BYTES];
        if (snprintf(path, sizeof(path), "%.*s/%s", len, at, place) < (int)sizeof(path) &&
            has_module(path, name))
            return true;
        at += len;
    }
    return false;
}

/* One that a script only says it misses may be there: it is found then, and no stand-in. VERSION of
 * Python; "" for Node. */
static bool is_there(const struct vb_inside *inside, const char *kind, const char *version,
                     const char *name)
{
    const char *home = vb_persona_traits(inside->setup->options.persona)->home + 1;
    const bool python = strcmp(kind, VB_MODULE_PYTHON) == 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(places); i++) {
        char layers[PATH_BYTES], place[PATH_BYTES];
        if (strcmp(places[i].kind, kind) != 0)
            continue;
        (void)vb_carry_lower(inside->setup, places[i].layer, layers, sizeof(layers));
        fill_place(places[i].folder, home, version, place);
        if (has_below(layers, place, name))
            return true;
    }
    return python && has_module(VB_CLOSURE_DEPS "/" VB_CLOSURE_PYTHON, name);
}

/* Those that are more than a stand-in for anything: they do what the module does. */
static const struct {
    const char *kind, *name, *text;
    size_t len;
} workings[] = {
    {VB_MODULE_PYTHON, "mcp", module_mcp, sizeof(module_mcp) - 1},
    {VB_MODULE_PYTHON, "fastmcp", module_mcp, sizeof(module_mcp) - 1},
    {VB_MODULE_NODE, "@modelcontextprotocol/sdk", module_mcp_node, sizeof(module_mcp_node) - 1},
    {VB_MODULE_NODE, "@modelcontextprotocol/server", module_mcp_node, sizeof(module_mcp_node) - 1},
    {VB_MODULE_NODE, "zod", module_zod, sizeof(module_zod) - 1},
    {VB_MODULE_NODE, "zod-to-json-schema", module_zod, sizeof(module_zod) - 1},
};

static struct vb_str text_of(const char *kind, const char *name)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(workings); i++) {
        if (strcmp(workings[i].kind, kind) == 0 && strcmp(workings[i].name, name) == 0)
            return (struct vb_str){workings[i].text, workings[i].len};
    }
    return strcmp(kind, VB_MODULE_PYTHON) == 0
               ? (struct vb_str){module_python, sizeof(module_python) - 1}
               : (struct vb_str){module_node, sizeof(module_node) - 1};
}

/* --- Python --- */

/* The folders of the user's own packages, one for each version below /usr. */
static size_t find_pythons(char versions[PYTHONS_MAX][32])
{
    static const char *const roots[] = {"/usr/lib", "/usr/local/lib"};
    size_t count = 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(roots); i++) {
        VB_CLEANUP_DIR DIR *dir = opendir(roots[i]);
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

static int put_python(int folder, const char *home, const char *version, const char *name,
                      struct vb_error *err)
{
    const struct vb_str text = text_of(VB_MODULE_PYTHON, name);
    char path[PATH_BYTES];
    char file[PATH_BYTES + 16];
    snprintf(path, sizeof(path), "%s/.local/lib/%s/site-packages/%s", home, version, name);
    snprintf(file, sizeof(file), "%s/__init__.py", path);
    int status = make_folders(folder, path, err);
    if (status == VB_OK)
        status = put(folder, file, text.text, text.len, false, err);
    /* No compiled copy of ours is to be among what a run wrote. */
    snprintf(file, sizeof(file), "%s/__pycache__", path);
    if (status == VB_OK && mkdirat(folder, file, 0555) < 0)
        return vb_fail(err, VB_E_OS, errno, "making /%s of a box", file);
    return status;
}

/* --- Node --- */

static int put_node(int folder, const char *home, const char *name, struct vb_error *err)
{
    const struct vb_str working = text_of(VB_MODULE_NODE, name);
    char path[PATH_BYTES];
    char file[PATH_BYTES + 16];
    char text[1024];
    snprintf(path, sizeof(path), "%s/node_modules/%s", home, name);
    int status = make_folders(folder, path, err);
    if (status < 0)
        return status;
    snprintf(file, sizeof(file), "%s/index.js", path);
    status = put(folder, file, working.text, working.len, false, err);
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
    if (faccessat(folder, file, F_OK, 0) < 0)
        return VB_OK; /* the module is there itself */
    return put(folder, file, text, (size_t)size, true, err);
}

/* --- all of it --- */

/* NAME for each python3 that does not have it. */
static int put_pythons(const struct vb_inside *inside, int folder, const char *home,
                       const char *name, struct vb_error *err)
{
    char versions[PYTHONS_MAX][32];
    const size_t count = find_pythons(versions);
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < count; i++) {
        if (!is_there(inside, VB_MODULE_PYTHON, versions[i], name))
            status = put_python(folder, home, versions[i], name, err);
    }
    return status;
}

static int fill(const struct vb_inside *inside, int folder, struct vb_error *err)
{
    static const char *const kinds[] = {VB_MODULE_PYTHON, VB_MODULE_NODE, VB_MODULE_EXPORT};
    const char *home = vb_persona_traits(inside->setup->options.persona)->home + 1;
    int status = VB_OK;
    for (char *const *item = inside->detonation->modules; status == VB_OK && *item != NULL;
         item++) {
        size_t kind = 0;
        while (kind < VB_ARRAY_LEN(kinds) && strncmp(*item, kinds[kind], strlen(kinds[kind])) != 0)
            kind++;
        const char *name = kind < VB_ARRAY_LEN(kinds) ? *item + strlen(kinds[kind]) : "";
        if (kind == 0)
            status = put_pythons(inside, folder, home, name, err);
        else if (kind == 1 && !is_there(inside, VB_MODULE_NODE, "", name))
            status = put_node(folder, home, name, err);
        else if (kind == 2)
            status = put_export(folder, home, name, err);
    }
    return status < 0 ? status : vb_age(inside->setup, folder, err);
}

bool vb_modules_any(const struct vb_box_setup *setup, const struct vb_detonation *detonation)
{
    return detonation->modules != NULL && detonation->modules[0] != NULL && setup->base.overlay;
}

int vb_modules_mount(const struct vb_inside *inside, struct vb_error *err)
{
    static const struct vb_mount_option options[] = {{"source", "tmpfs"},
                                                     {"size", "32m"},
                                                     {"nr_inodes", "4000"},
                                                     {"mode", "0555"},
                                                     {NULL, NULL}};
    if (!vb_modules_any(inside->setup, inside->detonation))
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
    if (vb_modules_any(inside->setup, inside->detonation))
        snprintf(lower + len, size - len, ":%s", VB_BASE_MODULES);
}
