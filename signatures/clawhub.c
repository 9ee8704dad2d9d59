/* ClawHub's list of a version's files: it names no digest of the archive, which is made anew for
 * each download, but one of each file. Said by the registry, and signed by nobody. */
#include <string.h>

#include "signatures/filelist.h"
#include "signatures/registry.h"

enum { FILES_MAX = 20000 };

/* What the registry itself puts into its archives. */
static bool is_exempt(const struct vb_sig_list *list, const char *path)
{
    (void)list;
    return strcmp(path, "_meta.json") == 0 || strcmp(path, "skill-card.md") == 0;
}

static int see_file(struct vb_sig_list *list, const json_t *file, bool *ret_good,
                    struct vb_error *err)
{
    unsigned char told[VB_SHA256_BYTES];
    const char *path = json_string_value(json_object_get(file, "path"));

    *ret_good = path != NULL && vb_path_safe(path);
    if (!*ret_good)
        return 0;
    const bool digested = vb_sig_json_hex_exact(file, "sha256", told, sizeof(told));
    return vb_sig_list_row(list, path, digested ? "SHA256" : NULL,
                           (struct vb_sig_bytes){.data = told, .len = sizeof(told)}, err);
}

int vb_sig_clawhub(const struct vb_sig_told *told, const struct vb_sig_paths *files,
                   struct vb_error *err)
{
    VB_CLEANUP(vb_sig_list_done)
    struct vb_sig_list list = {.dirfd = told->job.dirfd,
                               .format = "clawhub-files",
                               .path = told->job.path,
                               .files = files,
                               .exempt = is_exempt};
    const json_t *rows = vb_sig_json_array(told->record, "files", FILES_MAX);
    if (!vb_sig_json_has(told->record, "files")) /* a plugin, whose archive has a digest */
        return 0;
    int status = vb_sig_list_begin(&list, err);

    if (status == 0 && rows == NULL)
        return vb_sig_list_malformed(&list, 0, "it is none, or too long", told->sink, err);
    for (size_t i = 0; status == 0 && i < json_array_size(rows); i++) {
        bool good = false;
        status = see_file(&list, json_array_get(rows, i), &good, err);
        if (status == 0 && !good)
            return vb_sig_list_malformed(&list, i + 1, "it names no path that can be", told->sink,
                                         err);
    }
    return status < 0 ? status : vb_sig_list_end(&list, told->sink, err);
}
