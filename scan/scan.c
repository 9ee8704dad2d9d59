/* scan: walks the sealed tree through its descriptor and examines each regular file and each layer
 * decoded from it. Everything read here is hostile; it runs in a confined child, and what it does
 * not look at it reports as coverage. */
#include "vetbox/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "scan/context.h"
#include "scan/dates.h"
#include "scan/iocs.h"
#include "scan/layers.h"
#include "scan/plain.h"
#include "scan/rules_internal.h"
#include "scan/surroundings.h"
#include "scan/textcheck.h"

enum {
    MAX_LAYERS = 1000, /* of one file */
    MAX_LAYER_NAME = 512,
    LAYER_SHOWN = 1024,       /* bytes of its text in its event, of each; */
    LAYER_MOST = 16 * 1024,   /* of one as long as more are told of, */
    MORE_SHOWN = 1024 * 1024, /* of all together */
    PLAIN_READ = 256 << 20,   /* bytes of files that are read to see what they say openly, too */
    MAX_ENTRIES = 1000000,    /* of the tree: unpack has lower limits of its own */
    PATH_BYTES = 4096
};

const struct vb_scan_limits vb_scan_default_limits = {
    .file_bytes = 32 * 1024 * 1024,
    .layer_depth = 4,
    .layer_bytes = 32 * 1024 * 1024,
    .file_timeout_s = 10,
};

struct scan {
    int dirfd;
    const char *prefix;
    const struct vb_scan_limits *limits;
    struct vb_sink *sink;
    struct vb_matcher *matcher;
    const struct vb_iocs *iocs; /* of the rules */
    struct vb_phrases *phrases;
    struct vb_buf file;  /* the bytes of the file at hand */
    struct vb_buf plain; /* of a layer: scan/plain.h */
    uint64_t plain_left;
    size_t more_left;              /* of MORE_SHOWN */
    struct vb_context_views views; /* of a text */
    char reported[2 * PATH_BYTES]; /* its path with the prefix */
    size_t entries;
    struct vb_date_notes dates;
    struct vb_around_notes surroundings;
};

/* --- one item and the layers below it --- */

struct layering {
    struct scan *scan;
    const struct vb_item *parent;
    struct vb_layer_budget *budget;
};

static int examine(struct scan *scan, const struct vb_item *item, struct vb_layer_budget *budget,
                   struct vb_error *err);

/* How much of a layer's text its event says, up to a character's end. */
static size_t shown_of_layer(struct scan *scan, const struct vb_item *item)
{
    size_t shown = item->len < LAYER_MOST ? item->len : LAYER_MOST;
    if (!item->text)
        return 0;
    if (shown > LAYER_SHOWN + scan->more_left)
        shown = LAYER_SHOWN + scan->more_left;
    scan->more_left -= shown > LAYER_SHOWN ? shown - LAYER_SHOWN : 0;
    while (shown > 0 && shown < item->len && (item->data[shown] & 0xc0) == 0x80)
        shown--;
    return shown;
}

static int emit_layer(struct scan *scan, const struct vb_item *item, struct vb_error *err)
{
    char sha256[VB_SHA256_HEX];
    int status = vb_sha256_hex(item->data, item->len, sha256, err);
    if (status < 0)
        return status;
    const struct vb_str text = {(const char *)item->data, shown_of_layer(scan, item)};
    const struct vb_str file = {(const char *)scan->file.data, scan->file.len};
    vb_buf_clear(&scan->plain);
    status = vb_plain_pieces(file, text, &scan->plain_left, &scan->plain, err);
    if (status < 0)
        return status;
    struct vb_event event;
    vb_event_init(&event, VB_EV_SCAN_LAYER, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_PATH, item->path);
    vb_event_str(&event, VB_F_LAYER, item->layer);
    vb_event_int(&event, VB_F_SIZE, (int64_t)item->len);
    vb_event_str(&event, VB_F_SHA256, sha256);
    if (item->text)
        vb_event_strn(&event, VB_F_TEXT, text.text, text.len);
    if (scan->plain.len > 0)
        vb_event_strn(&event, VB_F_PLAIN, (const char *)scan->plain.data, scan->plain.len);
    return vb_emit(scan->sink, &event, err);
}

static int on_layer(void *ctx, const struct vb_layer *layer, struct vb_error *err)
{
    const struct layering *layering = ctx;
    const struct vb_item *parent = layering->parent;
    char name[MAX_LAYER_NAME];
    (void)snprintf(name, sizeof(name), "%s%s%s@%zu", parent->layer,
                   parent->layer[0] == '\0' ? "" : "/", layer->kind, layer->offset);
    struct vb_item item = {.path = parent->path,
                           .layer = name,
                           .depth = parent->depth + 1,
                           .data = layer->data,
                           .len = layer->len};
    vb_item_classify(&item);
    const int status = emit_layer(layering->scan, &item, err);
    return status < 0 ? status : examine(layering->scan, &item, layering->budget, err);
}

/* The depth is bounded by limits->layer_depth. */
static int examine(struct scan *scan, const struct vb_item *item, struct vb_layer_budget *budget,
                   struct vb_error *err)
{
    int status = vb_matcher_scan(scan->matcher, item, err);
    if (status == 0)
        status = vb_iocs_check(scan->iocs, item, scan->sink, err);
    if (status == 0)
        status = vb_textcheck(scan->phrases, item, scan->sink, err);
    if (status == 0 && scan->prefix[0] == '\0') /* what runs left behind is not run */
        status = vb_note_date(&scan->dates, item, scan->sink, err);
    if (status == 0 && scan->prefix[0] == '\0')
        status = vb_note_surroundings(&scan->surroundings, item, scan->sink, err);
    if (status < 0)
        return status;
    struct layering layering = {scan, item, budget};
    if (item->depth < scan->limits->layer_depth)
        return vb_layers_each(item->data, item->len, budget, on_layer, &layering, err);
    return VB_OK;
}

static int layer_coverage(struct scan *scan, const struct vb_layer_budget *budget,
                          struct vb_error *err)
{
    int status = VB_OK;
    if (budget->bomb)
        status =
            vb_scan_coverage(scan->sink, scan->reported, "layer", "compression-ratio",
                             "a compressed body grows like a bomb; its beginning was scanned", err);
    if (status == 0 && budget->cut)
        status = vb_scan_coverage(scan->sink, scan->reported, "layer", "too-large",
                                  "not all encoded data was decoded", err);
    return status;
}

/* --- one file --- */

static int match_fence(struct scan *scan, const struct vb_item *file, const struct vb_buf *view,
                       bool quoted, struct vb_error *err)
{
    struct vb_item item = *file;
    item.layer = "fence";
    item.kind = VB_ITEM_CODE;
    item.data = view->data;
    item.len = view->len;
    item.quoted = quoted;
    return view->len == 0 ? VB_OK : vb_matcher_scan(scan->matcher, &item, err);
}

/* An agent runs what a text shows it: the blocks of all languages together are held against the
 * rules for code. */
static int examine_fences(struct scan *scan, const struct vb_item *item, struct vb_error *err)
{
    if (item->kind != VB_ITEM_PROSE || !item->text ||
        !vb_ascii_starts(vb_path_extension(item->path), "m"))
        return VB_OK;
    int status = vb_context_fences(item, &scan->views, err);
    if (status == 0)
        status = match_fence(scan, item, &scan->views.code, false, err);
    if (status == 0)
        status = match_fence(scan, item, &scan->views.quoted, true, err);
    return status;
}

static int read_file(struct scan *scan, int fd, uint64_t size, struct vb_error *err)
{
    vb_buf_clear(&scan->file);
    const int status = vb_buf_read_fd(&scan->file, fd, err);
    if (status == VB_E_LIMIT) {
        char detail[96];
        vb_error_clear(err);
        (void)snprintf(detail, sizeof(detail), "%zu of %llu bytes were scanned", scan->file.len,
                       (unsigned long long)size);
        return vb_scan_coverage(scan->sink, scan->reported, "file", "too-large", detail, err);
    }
    return status;
}

static int scan_loaded(struct scan *scan, struct vb_error *err)
{
    static const unsigned char nothing[1] = {0};
    struct vb_item item = {.path = scan->reported,
                           .layer = "",
                           .data = scan->file.len == 0 ? nothing : scan->file.data,
                           .len = scan->file.len};
    struct vb_layer_budget budget = {.bytes = scan->limits->layer_bytes, .count = MAX_LAYERS};
    vb_item_classify(&item);
    scan->dates.done = false;
    scan->surroundings.done = 0;
    int status = examine(scan, &item, &budget, err);
    if (status == 0)
        status = examine_fences(scan, &item, err);
    return status == 0 ? layer_coverage(scan, &budget, err) : status;
}

static int scan_file(struct scan *scan, int fd, uint64_t size, struct vb_error *err)
{
    const int status = read_file(scan, fd, size, err);
    if (status < 0)
        return vb_wrap(err, "scanning %s", scan->reported);
    return scan_loaded(scan, err);
}

/* --- the tree: a work list of folders instead of recursion, so that depth costs no descriptors ---
 */

struct names {
    char **items;
    size_t count;
    size_t capacity;
};

static int names_add(struct names *names, const char *folder, const char *name,
                     struct vb_error *err)
{
    if (names->count == names->capacity) {
        const size_t capacity = names->capacity == 0 ? 64 : names->capacity * 2;
        char **items = reallocarray(names->items, capacity, sizeof(*items));
        if (items == NULL)
            return vb_fail(err, VB_E_NOMEM, errno, "list of files");
        names->items = items;
        names->capacity = capacity;
    }
    char *path = NULL;
    if (asprintf(&path, "%s%s%s", folder, folder[0] == '\0' ? "" : "/", name) < 0)
        return vb_fail(err, VB_E_NOMEM, errno, "list of files");
    names->items[names->count++] = path;
    return VB_OK;
}

static void names_done(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct names){0};
}

/* Last name first: the work list is a stack. */
static int backwards(const void *a, const void *b)
{
    return strcmp(*(char *const *)b, *(char *const *)a);
}

static int list_folder(struct scan *scan, const char *folder, int fd, struct names *work,
                       struct vb_error *err)
{
    VB_CLEANUP_DIR DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        (void)close(fd);
        return vb_fail(err, VB_E_IO, errno, "cannot list the folder %s", folder);
    }
    const size_t first = work->count;
    errno = 0;
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (++scan->entries > MAX_ENTRIES)
            return vb_fail(err, VB_E_LIMIT, 0, "more than %d files", MAX_ENTRIES);
        const int status = names_add(work, folder, entry->d_name, err);
        if (status < 0)
            return status;
        errno = 0;
    }
    if (errno != 0)
        return vb_fail(err, VB_E_IO, errno, "cannot list the folder %s", folder);
    if (work->count > first)
        qsort(work->items + first, work->count - first, sizeof(*work->items), backwards);
    return VB_OK;
}

static int unreadable(struct scan *scan, const char *reason, struct vb_error *err)
{
    return vb_scan_coverage(scan->sink, scan->reported, "file", reason, strerror(errno), err);
}

/* One entry of the tree: a folder puts its entries on the work list, a file is scanned. */
static int visit(struct scan *scan, const char *path, struct names *work, struct vb_error *err)
{
    (void)snprintf(scan->reported, sizeof(scan->reported), "%s%s%s", scan->prefix,
                   scan->prefix[0] == '\0' ? "" : "/", path);
    VB_CLEANUP_FD int fd =
        vb_open_beneath(scan->dirfd, path[0] == '\0' ? "." : path,
                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
    if (fd < 0 && (errno == ELOOP || errno == EXDEV))
        return VB_OK; /* a symbolic link: the tree's own event tells of it */
    if (fd < 0)
        return unreadable(scan, "cannot-open", err);
    struct stat st;
    if (fstat(fd, &st) != 0)
        return unreadable(scan, "cannot-stat", err);
    if (S_ISDIR(st.st_mode))
        return list_folder(scan, path, vb_steal_fd(&fd), work, err);
    if (!S_ISREG(st.st_mode)) {
        errno = 0;
        return vb_scan_coverage(scan->sink, scan->reported, "file", "special-file", NULL, err);
    }
    return scan_file(scan, fd, (uint64_t)st.st_size, err);
}

static int check_name(struct scan *scan, const char *path, struct vb_error *err)
{
    return path[0] == '\0' ? VB_OK : vb_textcheck_path(scan->reported, scan->sink, err);
}

static int out_of_time(struct scan *scan, struct names *work, struct vb_error *err)
{
    char detail[96];
    (void)snprintf(detail, sizeof(detail), "%zu files and folders are left", work->count);
    return vb_scan_coverage(scan->sink, scan->prefix, "file", "no-time", detail, err);
}

static int walk(struct scan *scan, struct names *work, struct vb_error *err)
{
    const uint64_t limit_ns = scan->limits->timeout_ms * UINT64_C(1000000);
    const uint64_t begin_ns = limit_ns == 0 ? 0 : vb_monotonic_ns();
    int status = names_add(work, "", "", err);
    while (status == 0 && work->count > 0) {
        if (limit_ns > 0 && vb_monotonic_ns() - begin_ns > limit_ns)
            return out_of_time(scan, work, err);
        VB_CLEANUP_FREE char *path = work->items[--work->count];
        status = visit(scan, path, work, err);
        if (status == 0)
            status = check_name(scan, path, err);
    }
    return status;
}

static void scan_free(struct scan *scan)
{
    if (scan == NULL)
        return;
    vb_matcher_free(scan->matcher);
    vb_phrases_free(scan->phrases);
    vb_buf_done(&scan->file);
    vb_buf_done(&scan->plain);
    vb_buf_done(&scan->views.code);
    vb_buf_done(&scan->views.quoted);
    free(scan);
}

static int scan_new(const char *prefix, const struct vb_rules *rules,
                    const struct vb_scan_limits *limits, struct vb_sink *sink, struct scan **ret,
                    struct vb_error *err)
{
    struct scan *scan = calloc(1, sizeof(*scan));
    if (scan == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "scan");
    scan->dirfd = -1;
    scan->prefix = prefix;
    scan->limits = limits;
    scan->iocs = rules->iocs;
    scan->sink = sink;
    vb_buf_init(&scan->file, limits->file_bytes);
    vb_buf_init(&scan->plain, 4 * LAYER_MOST);
    scan->more_left = MORE_SHOWN;
    scan->plain_left = PLAIN_READ;
    vb_buf_init(&scan->views.code, limits->file_bytes);
    vb_buf_init(&scan->views.quoted, limits->file_bytes);
    int status = vb_phrases_new(&scan->phrases, err);
    if (status == 0)
        status = vb_matcher_new(rules, limits->file_timeout_s, sink, &scan->matcher, err);
    if (status < 0)
        scan_free(scan);
    else
        *ret = scan;
    return status;
}

int vb_scan(int dirfd, const char *prefix, const struct vb_rules *rules,
            const struct vb_scan_limits *limits, struct vb_sink *sink, struct vb_error *err)
{
    struct names work = {0};
    struct scan *scan = NULL;
    int status = scan_new(prefix, rules, limits, sink, &scan, err);
    if (status < 0)
        return status;
    scan->dirfd = dirfd;
    status = walk(scan, &work, err);
    names_done(&work);
    scan_free(scan);
    return status;
}

int vb_scan_bytes(const char *path, struct vb_str bytes, const struct vb_rules *rules,
                  const struct vb_scan_limits *limits, struct vb_sink *sink, struct vb_error *err)
{
    struct scan *scan = NULL;
    int status = scan_new("", rules, limits, sink, &scan, err);
    if (status < 0)
        return status;
    (void)snprintf(scan->reported, sizeof(scan->reported), "%s", path);
    status = vb_buf_append(&scan->file, bytes.text, bytes.len, err);
    if (status == 0)
        status = scan_loaded(scan, err);
    scan_free(scan);
    return status;
}
