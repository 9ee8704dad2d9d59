/* closure_place: see closure_place.h. Everything is opened beneath a folder of ours and no link is
 * followed; the only links made are those of npm's commands, which stay inside of their package. */
#include "unpack/closure_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vetbox/core/closure.h"
#include "vetbox/core/json.h"

enum { DEPTH = 80, PATH_BYTES = 4096, TEXT_BYTES = 1024 * 1024, COMMANDS = 200, LINE_BYTES = 256 };

static int cannot(struct vb_error *err, const char *what, const char *name)
{
    return vb_fail(err, VB_E_CANTCREAT, errno, "%s %s of a dependency", what, name);
}

static int open_folder(int dirfd, const char *path)
{
    return vb_open_beneath(dirfd, path, O_RDONLY | O_DIRECTORY, 0);
}

/* The folder PATH below DIRFD, made where there is none. -1: something else is there. */
static int make_folder(int dirfd, const char *path)
{
    char below[PATH_BYTES + 2];
    snprintf(below, sizeof(below), "%s/", path);
    return vb_mkdir_parents(dirfd, below) < 0 ? -1 : open_folder(dirfd, path);
}

static DIR *list_folder(int fd)
{
    const int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (dir == NULL && copy >= 0)
        close(copy);
    return dir;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* --- moving --- */

static int merge(int from, int to, unsigned depth, struct vb_error *err);

/* What is there already stays; folders are merged. */
static int move_one(int from, int to, const char *name, unsigned depth, struct vb_error *err)
{
    if (renameat2(from, name, to, name, RENAME_NOREPLACE) == 0)
        return VB_OK;
    if (errno != EEXIST)
        return cannot(err, "moving", name);
    VB_CLEANUP_FD int source = open_folder(from, name);
    VB_CLEANUP_FD int target = open_folder(to, name);
    return source < 0 || target < 0 || depth == 0 ? VB_OK : merge(source, target, depth - 1, err);
}

/* Depth is bounded by that of what was unpacked. */
static int merge(int from, int to, unsigned depth, struct vb_error *err)
{
    VB_CLEANUP_DIR DIR *dir = list_folder(from);
    const struct dirent *entry;
    int status = dir == NULL ? cannot(err, "listing", "a folder") : VB_OK;
    while (status == VB_OK && (entry = readdir(dir)) != NULL) {
        if (!is_dots(entry->d_name))
            status = move_one(from, to, entry->d_name, depth, err);
    }
    return status;
}

/* The folder NAME of NEW goes to PATH below TREE. */
static int move_folder(int tree, int new, const char *name, const char *path, struct vb_error *err)
{
    if (vb_mkdir_parents(tree, path) < 0)
        return VB_OK; /* below what is a file of another package */
    if (renameat2(new, name, tree, path, RENAME_NOREPLACE) == 0)
        return VB_OK;
    VB_CLEANUP_FD int from = open_folder(new, name);
    VB_CLEANUP_FD int to = open_folder(tree, path);
    return from < 0 || to < 0 ? VB_OK : merge(from, to, DEPTH, err);
}

int vb_place_source(int tree, int new, const char *path, struct vb_error *err)
{
    VB_CLEANUP_FD int to = make_folder(tree, path);
    return to < 0 ? VB_OK : merge(new, to, DEPTH, err);
}

/* --- commands --- */

static bool is_command_name(const char *name)
{
    static const char letters[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-+";
    const size_t len = strlen(name);
    return len > 0 && len < 128 && name[0] != '.' && strspn(name, letters) == len;
}

/* The text of the file PATH below FOLDER; false: there is none, or it is too long. */
static bool read_text(int folder, const char *path, struct vb_buf *ret)
{
    struct vb_error ignored;
    VB_CLEANUP_FD int fd = vb_open_beneath(folder, path, O_RDONLY | O_NONBLOCK, 0);
    vb_buf_init(ret, TEXT_BYTES);
    return fd >= 0 && vb_buf_read_fd(ret, fd, &ignored) == VB_OK && ret->data != NULL;
}

/* As npm makes it: a link .bin/NAME to ../PACKAGE/FILE, which can be executed. */
static int link_command(int tree, const char *path, const char *name, const char *file,
                        struct vb_error *err)
{
    char folder[PATH_BYTES];
    char target[PATH_BYTES];
    const char *package = strrchr(path, '@');
    package = package != NULL && package > path && package[-1] == '/' &&
                      strchr(package, '/') == strrchr(path, '/')
                  ? package
                  : vb_path_base(path);
    name = vb_path_base(name);
    file += strncmp(file, "./", 2) == 0 ? 2 : 0;
    if (!is_command_name(name) || !vb_path_safe(file) ||
        strlen(path) + strlen(file) + 16 > sizeof(target))
        return VB_OK;
    snprintf(target, sizeof(target), "%s/%s", path, file);
    VB_CLEANUP_FD int program = vb_open_beneath(tree, target, O_RDONLY | O_NONBLOCK, 0);
    if (program < 0 || fchmod(program, 0755) < 0)
        return VB_OK;
    snprintf(folder, sizeof(folder), "%.*s.bin", (int)(package - path), path);
    snprintf(target, sizeof(target), "../%s/%s", package, file);
    VB_CLEANUP_FD int commands = make_folder(tree, folder);
    if (commands >= 0 && symlinkat(target, commands, name) < 0 && errno != EEXIST)
        return cannot(err, "linking the command", name);
    return VB_OK;
}

static int link_commands(int tree, const char *path, struct vb_error *err)
{
    char manifest[PATH_BYTES];
    const char *name;
    json_t *file;
    unsigned count = 0;
    struct vb_error ignored;
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    VB_CLEANUP(vb_json_free) json_t *root = NULL;
    snprintf(manifest, sizeof(manifest), "%s/package.json", path);
    if (!read_text(tree, manifest, &text) ||
        vb_json_parse((const char *)text.data, text.len, TEXT_BYTES, &root, &ignored) < 0)
        return VB_OK;
    json_t *bin = json_object_get(root, "bin");
    const char *own = json_string_value(json_object_get(root, "name"));
    if (json_is_string(bin) && own != NULL)
        return link_command(tree, path, own, json_string_value(bin), err);
    int status = VB_OK;
    json_object_foreach(bin, name, file)
    {
        if (status == VB_OK && json_is_string(file) && count++ < COMMANDS)
            status = link_command(tree, path, name, json_string_value(file), err);
    }
    return status;
}

int vb_place_npm(int tree, int new, const char *path, struct vb_error *err)
{
    VB_CLEANUP_DIR DIR *dir = list_folder(new);
    const struct dirent *entry;
    int status = dir == NULL ? cannot(err, "listing", path) : VB_OK;
    while (status == VB_OK && (entry = readdir(dir)) != NULL) {
        struct stat st;
        if (!is_dots(entry->d_name) && fstatat(new, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISDIR(st.st_mode))
            status = move_folder(tree, new, entry->d_name, path, err);
    }
    return status < 0 ? status : link_commands(tree, path, err);
}

/* --- wheels --- */

static int write_text(int folder, const char *name, mode_t mode, const struct vb_str *text,
                      struct vb_error *err)
{
    VB_CLEANUP_FD int fd =
        openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return errno == EEXIST ? VB_OK : cannot(err, "writing", name);
    return vb_write_all(fd, text->text, text->len, err);
}

static bool is_python_name(const char *text, size_t len, bool dots)
{
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                          (i > 0 && c >= '0' && c <= '9') || (i > 0 && dots && c == '.');
        if (!word)
            return false;
    }
    return len > 0;
}

/* "name = module:object", as pip writes the command for it; anything else is passed over. */
static int write_command(int commands, char *line, struct vb_error *err)
{
    char text[1024];
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return VB_OK;
    *equals = '\0';
    for (char *end = equals; end > line && (end[-1] == ' ' || end[-1] == '\t');)
        *--end = '\0';
    const char *module = equals + 1 + strspn(equals + 1, " \t");
    const size_t module_len = strcspn(module, ": \t");
    const char *object = module[module_len] == ':' ? module + module_len + 1 : "";
    const size_t object_len = strcspn(object, " \t[");
    const size_t first = strcspn(object, ".");
    if (!is_command_name(line) || !is_python_name(module, module_len, true) ||
        !is_python_name(object, object_len, true))
        return VB_OK;
    const int len =
        snprintf(text, sizeof(text),
                 "#!/usr/bin/python3\n# -*- coding: utf-8 -*-\nimport re\nimport sys\n"
                 "from %.*s import %.*s\nif __name__ == '__main__':\n"
                 "    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])\n"
                 "    sys.exit(%.*s())\n",
                 (int)module_len, module, (int)(first < object_len ? first : object_len), object,
                 (int)object_len, object);
    const struct vb_str script = {text, (size_t)len};
    return len < 0 || (size_t)len >= sizeof(text) ? VB_OK
                                                  : write_text(commands, line, 0755, &script, err);
}

static int write_commands(int commands, struct vb_buf *text, struct vb_error *err)
{
    bool here = false;
    unsigned count = 0;
    int status = VB_OK;
    char *rest = (char *)text->data;
    for (char *line; status == VB_OK && (line = strsep(&rest, "\n")) != NULL;) {
        line += strspn(line, " \t");
        line[strcspn(line, "\r")] = '\0';
        if (line[0] == '[')
            here = vb_ascii_starts(line, "[console_scripts]");
        else if (here && line[0] != '#' && strlen(line) < LINE_BYTES && count++ < COMMANDS)
            status = write_command(commands, line, err);
    }
    return status;
}

/* What pip adds to the folder that tells of a package. */
static int tell_installer(int python, int commands, const char *info, struct vb_error *err)
{
    static const struct vb_str pip = {"pip\n", 4};
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    VB_CLEANUP_FD int folder = open_folder(python, info);
    if (folder < 0)
        return VB_OK;
    const int status = write_text(folder, "INSTALLER", 0644, &pip, err);
    return status < 0 || !read_text(folder, "entry_points.txt", &text)
               ? status
               : write_commands(commands, &text, err);
}

/* A script of a wheel whose first line is "#!python" gets the one it runs by. */
static int write_script(int commands, int from, const char *name, struct vb_error *err)
{
    static const char mark[] = "#!python";
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf whole;
    vb_buf_init(&whole, TEXT_BYTES + LINE_BYTES);
    if (!is_command_name(name) || !read_text(from, name, &text))
        return VB_OK;
    const bool marked =
        text.len >= sizeof(mark) - 1 && memcmp(text.data, mark, sizeof(mark) - 1) == 0;
    const size_t skip = marked ? strcspn((const char *)text.data, "\n") : 0;
    int status = marked ? vb_buf_append_str(&whole, "#!/usr/bin/python3", err) : VB_OK;
    if (status == VB_OK)
        status = vb_buf_append(&whole, text.data + skip, text.len - skip, err);
    const struct vb_str script = {(const char *)whole.data, whole.len};
    return status < 0 ? status : write_text(commands, name, 0755, &script, err);
}

static int write_scripts(int commands, int from, struct vb_error *err)
{
    VB_CLEANUP_DIR DIR *dir = list_folder(from);
    const struct dirent *entry;
    int status = VB_OK;
    for (unsigned i = 0; dir != NULL && status == VB_OK && i < COMMANDS; i++) {
        if ((entry = readdir(dir)) == NULL)
            break;
        status = write_script(commands, from, entry->d_name, err);
    }
    return status;
}

/* Its other parts belong outside of site-packages: headers, data of programs. */
static int place_data(int python, int commands, int data, struct vb_error *err)
{
    static const char *const libraries[] = {"purelib", "platlib"};
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(libraries); i++) {
        VB_CLEANUP_FD int from = open_folder(data, libraries[i]);
        if (from >= 0)
            status = merge(from, python, DEPTH, err);
    }
    VB_CLEANUP_FD int scripts = open_folder(data, "scripts");
    return status < 0 || scripts < 0 ? status : write_scripts(commands, scripts, err);
}

static bool ends_with(const char *name, const char *end)
{
    const size_t len = strlen(name), end_len = strlen(end);
    return len > end_len && strcmp(name + len - end_len, end) == 0;
}

int vb_place_wheel(int tree, int new, struct vb_error *err)
{
    VB_CLEANUP_FD int python = make_folder(tree, VB_CLOSURE_PYTHON);
    VB_CLEANUP_FD int commands = make_folder(tree, VB_CLOSURE_COMMANDS);
    VB_CLEANUP_DIR DIR *dir = list_folder(new);
    const struct dirent *entry;
    if (python < 0 || commands < 0 || dir == NULL)
        return cannot(err, "making", "the folders");
    int status = VB_OK;
    while (status == VB_OK && (entry = readdir(dir)) != NULL) {
        if (is_dots(entry->d_name))
            continue;
        VB_CLEANUP_FD int data =
            ends_with(entry->d_name, ".data") ? open_folder(new, entry->d_name) : -1;
        status = data >= 0 ? place_data(python, commands, data, err)
                           : move_one(new, python, entry->d_name, DEPTH, err);
        if (status == VB_OK && ends_with(entry->d_name, ".dist-info"))
            status = tell_installer(python, commands, entry->d_name, err);
    }
    return status;
}
