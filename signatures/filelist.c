/* See filelist.h. Trust boundary: list and files are the package's. */
#include "signatures/filelist.h"

#include <string.h>

enum { SHOWN_MAX = 100 };

static const char *const sort_names[VB_SIG_SORTS] = {"fits", "differing", "missing", "undigested",
                                                     "unlisted"};

int vb_sig_list_begin(struct vb_sig_list *list, struct vb_error *err)
{
    list->listed = calloc(list->files->count + 1, sizeof(*list->listed));
    return list->listed == NULL ? vb_fail(err, VB_E_NOMEM, 0, "out of memory for a list of files")
                                : 0;
}

void vb_sig_list_done(struct vb_sig_list *list)
{
    for (size_t i = 0; i < VB_SIG_SORTS; i++)
        vb_sig_paths_done(&list->shown[i]);
    free(list->listed);
}

static int note(struct vb_sig_list *list, enum vb_sig_sort sort, const char *path,
                struct vb_error *err)
{
    list->counts[sort]++;
    return sort == VB_SIG_FITS || list->shown[sort].count == SHOWN_MAX
               ? 0
               : vb_sig_paths_add(&list->shown[sort], path, err);
}

static int compare(struct vb_sig_list *list, const char *path, const char *algorithm,
                   struct vb_sig_bytes told, enum vb_sig_sort *ret, struct vb_error *err)
{
    unsigned char real[VB_SIG_DIGEST_MAX];
    size_t len = 0;
    const char *why;
    uint64_t size;

    VB_CLEANUP_FD int fd = vb_sig_open_regular(list->dirfd, path, &size, &why);
    *ret = fd < 0 ? VB_SIG_MISSING : VB_SIG_UNDIGESTED;
    if (fd < 0 || algorithm == NULL)
        return 0;
    const int status = vb_sig_hash_fd(algorithm, fd, real, &len, err);
    const bool same = vb_sig_same(told, (struct vb_sig_bytes){.data = real, .len = len});
    *ret = same ? VB_SIG_FITS : VB_SIG_DIFFERING;
    return status;
}

static size_t find(const struct vb_sig_paths *files, const char *path)
{
    size_t low = 0, high = files->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(files->items[middle], path);
        if (order == 0)
            return middle;
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return SIZE_MAX;
}

int vb_sig_list_row(struct vb_sig_list *list, const char *path, const char *algorithm,
                    struct vb_sig_bytes digest, struct vb_error *err)
{
    const size_t at = find(list->files, path);
    enum vb_sig_sort sort;

    if (list->exempt(list, path) || (at != SIZE_MAX && list->listed[at]))
        return 0;
    if (at != SIZE_MAX)
        list->listed[at] = true;
    const int status = compare(list, path, algorithm, digest, &sort, err);
    return status < 0 ? status : note(list, sort, path, err);
}

static int see_unlisted(struct vb_sig_list *list, struct vb_error *err)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < list->files->count; i++) {
        const char *path = list->files->items[i];
        if (list->exempt(list, path))
            continue;
        list->present++;
        if (!list->listed[i])
            status = note(list, VB_SIG_UNLISTED, path, err);
    }
    return status;
}

struct line {
    const char *code;
    size_t count;
    const struct vb_sig_paths *paths; /* NULL: none */
    const char *reason;               /* NULL: none */
};

static int emit(const struct vb_sig_list *list, const struct line *line, struct vb_sink *sink,
                struct vb_error *err)
{
    const struct vb_sig_paths *paths = line->paths;
    struct vb_str shown[SHOWN_MAX];
    struct vb_event event;
    size_t listed = 0;

    for (; paths != NULL && listed < paths->count && listed < SHOWN_MAX; listed++)
        shown[listed] =
            (struct vb_str){.text = paths->items[listed], .len = strlen(paths->items[listed])};
    vb_event_init(&event, VB_EV_SIGNATURE_LIST, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_FORMAT, list->format);
    vb_event_str(&event, VB_F_PATH, list->path);
    vb_event_str(&event, VB_F_CODE, line->code);
    vb_event_int(&event, VB_F_COUNT, (int64_t)line->count);
    vb_event_int(&event, VB_F_PRESENT, (int64_t)list->present);
    if (listed > 0)
        vb_event_list(&event, VB_F_PATHS, shown, listed);
    vb_event_str(&event, VB_F_REASON, line->reason);
    return vb_emit(sink, &event, err);
}

int vb_sig_list_malformed(const struct vb_sig_list *list, size_t number, const char *reason,
                          struct vb_sink *sink, struct vb_error *err)
{
    const struct line line = {"malformed", number, NULL, reason};

    return emit(list, &line, sink, err);
}

int vb_sig_list_end(struct vb_sig_list *list, struct vb_sink *sink, struct vb_error *err)
{
    int status = see_unlisted(list, err);

    for (size_t i = 0; status == 0 && i < VB_SIG_SORTS; i++) {
        const struct line line = {sort_names[i], list->counts[i], &list->shown[i], NULL};
        if (line.count > 0)
            status = emit(list, &line, sink, err);
    }
    return status;
}
