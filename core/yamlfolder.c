/* A folder of rule files, in the order of their names. The files are the user's: trusted, but
 * bounded. */
#include "vetbox/core/yaml.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "vetbox/core/base.h"
#include "vetbox/core/buf.h"
#include "vetbox/core/text.h"

enum { FILE_MAX_BYTES = 1024 * 1024, FILES_MAX = 256 };

struct names {
    char *list[FILES_MAX];
    size_t count;
};

static void names_done(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->list[i]);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static int list_names(const char *dir, const char *extension, struct names *names,
                      struct vb_error *err)
{
    VB_CLEANUP_DIR DIR *open_dir = opendir(dir);
    if (open_dir == NULL)
        return vb_fail(err, VB_E_CONFIG, errno, "cannot read the rules folder %s", dir);
    for (const struct dirent *entry = readdir(open_dir); entry != NULL; entry = readdir(open_dir)) {
        if (entry->d_name[0] == '.' || strcmp(vb_path_extension(entry->d_name), extension) != 0)
            continue;
        if (names->count == FILES_MAX)
            return vb_fail(err, VB_E_CONFIG, 0, "%s holds more than %d rule files", dir, FILES_MAX);
        names->list[names->count] = strdup(entry->d_name);
        if (names->list[names->count] == NULL)
            return vb_fail(err, VB_E_NOMEM, errno, "reading the rules folder %s", dir);
        names->count++;
    }
    qsort(names->list, names->count, sizeof(names->list[0]), compare_names);
    return VB_OK;
}

static int read_one(const char *dir, const char *name, vb_yaml_file *each, void *ctx,
                    struct vb_error *err)
{
    VB_CLEANUP_FREE char *path = NULL;
    if (asprintf(&path, "%s/%s", dir, name) < 0) {
        path = NULL;
        return vb_fail(err, VB_E_NOMEM, errno, "reading the rules folder %s", dir);
    }
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return vb_fail(err, VB_E_CONFIG, errno, "cannot read the rule file %s", path);
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    vb_buf_init(&text, FILE_MAX_BYTES);
    if (vb_buf_read_fd(&text, fd, err) < 0)
        return vb_wrap(err, "reading the rule file %s", path);
    return each(ctx, path, text.data == NULL ? "" : (const char *)text.data, text.len, err);
}

int vb_yaml_folder(const char *dir, vb_yaml_file *each, void *ctx, struct vb_error *err)
{
    return vb_text_folder(dir, "yaml", each, ctx, err);
}

int vb_text_folder(const char *dir, const char *extension, vb_yaml_file *each, void *ctx,
                   struct vb_error *err)
{
    VB_CLEANUP(names_done) struct names names = {.count = 0};
    int status = list_names(dir, extension, &names, err);
    for (size_t i = 0; i < names.count && status == VB_OK; i++)
        status = read_one(dir, names.list[i], each, ctx, err);
    return status;
}
