/* The work list of archives within the artifact, and the folder where they are unpacked. All of it
 * has the one budget of the artifact: its bytes, entries, time and ratio. */
#include "unpack/beside.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { ROOT_MAX = 2048, COMPONENT_MAX = 255 };

struct item {
    enum area area;
    int fd;     /* -1: it is opened in its turn */
    char *path; /* below the area, and as events name it */
    unsigned depth;
};

struct beside {
    int fds[AREA_COUNT];
    struct item *items;
    size_t count;
    size_t capacity;
    size_t opened;  /* the first of them */
    unsigned roots; /* that needed a number */
};

int beside_new(struct beside **ret, const int fds[AREA_COUNT], struct vb_error *err)
{
    struct beside *const beside = calloc(1, sizeof(*beside));

    if (beside == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "no memory for the list of archives");
    memcpy(beside->fds, fds, sizeof(beside->fds));
    *ret = beside;
    return 0;
}

void beside_free(struct beside **beside)
{
    if (*beside == NULL)
        return;
    for (size_t i = 0; i < (*beside)->count; i++) {
        free((*beside)->items[i].path);
        vb_close_fd(&(*beside)->items[i].fd);
    }
    free((*beside)->items);
    free(*beside);
    *beside = NULL;
}

/* --- the list --- */

/* Takes FD, but not PATH. */
static int enqueue(struct unpack *u, const struct item *item)
{
    struct beside *const b = u->beside;
    char *const path = strdup(item->path);

    if (b->count == b->capacity && path != NULL) {
        const size_t capacity = b->capacity == 0 ? 16 : b->capacity * 2;
        struct item *const items = reallocarray(b->items, capacity, sizeof(*items));

        b->items = items != NULL ? items : b->items;
        b->capacity = items != NULL ? capacity : b->capacity;
    }
    if (path == NULL || b->count == b->capacity) {
        free(path);
        return vb_fail(u->err, VB_E_NOMEM, errno, "no memory for the list of archives");
    }
    b->items[b->count] = *item;
    b->items[b->count++].path = path;
    return 0;
}

/* How many archives lie around PATH: one for each folder "NAME!". */
static unsigned depth_of(const char *path)
{
    unsigned depth = 0;

    for (const char *p = strstr(path, "!/"); p != NULL; p = strstr(p + 1, "!/"))
        depth++;
    return depth;
}

int beside_hand_in(struct unpack *u, int fd, const char *path)
{
    char copy[UNPACK_PATH_MAX + 1];
    const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    if (own < 0)
        return vb_fail(u->err, VB_E_IO, errno, "cannot read %s", path);
    (void)snprintf(copy, sizeof(copy), "%s", path);
    return enqueue(u, &(const struct item){AREA_BESIDE, own, copy, depth_of(path) + 1});
}

static int by_path(const void *a, const void *b)
{
    const struct item *const x = a;
    const struct item *const y = b;

    return x->area != y->area ? (int)x->area - (int)y->area : strcmp(x->path, y->path);
}

void beside_sort(struct beside *beside)
{
    if (beside->count > 0)
        qsort(beside->items, beside->count, sizeof(*beside->items), by_path);
}

int beside_folder(const struct beside *beside, enum area area)
{
    return beside->fds[area];
}

/* PATH of U is an archive of the format M. */
static int found(struct unpack *u, const struct magic *m, const char *path)
{
    char whole[2 * UNPACK_PATH_MAX];

    if (m->reader == MAGIC_NOBODY)
        return report_coverage(u, "archive", "an archive format that is not unpacked",
                               str_of(path));
    if (m->reader == MAGIC_SECOND && !u->second)
        return report_deferred(u, m->name, str_of(path));
    if (u->beside == NULL || u->limits->nesting == 0)
        return report_coverage(u, "nested archive", "archives inside archives are not unpacked",
                               str_of(path));
    if (u->depth >= u->limits->nesting)
        return report_coverage(u, "nested archive", "deeper than archives are opened",
                               str_of(path));
    if ((size_t)snprintf(whole, sizeof(whole), "%s%s", u->prefix, path) >= UNPACK_PATH_MAX)
        return report_coverage(u, "nested archive", "its path is too long", str_of(path));
    return enqueue(u, &(const struct item){u->area, -1, whole, u->depth + 1});
}

/* --- places beside the package --- */

/* Makes the folder ROOT; false if its name is taken by something or cannot be. */
static bool make_root(const struct beside *b, const char *root)
{
    char below[UNPACK_PATH_MAX + 2];
    VB_CLEANUP_FD int there = vb_open_beneath(b->fds[AREA_BESIDE], root, O_PATH, 0);

    (void)snprintf(below, sizeof(below), "%s/", root);
    return there < 0 && errno == ENOENT && strlen(root) < ROOT_MAX &&
           vb_mkdir_parents(b->fds[AREA_BESIDE], below) == 0;
}

/* "PLACE!LABEL", with a number behind it where that is taken. A place that is too long or stands
 * where a file is gets a short name. */
static int choose_root(const struct unpack *u, const char *place, const char *label,
                       char root[UNPACK_PATH_MAX])
{
    struct beside *const b = u->beside;
    const bool fits = strlen(vb_path_base(place)) + strlen(label) + 12 <= COMPONENT_MAX &&
                      strlen(place) + strlen(label) + 12 < ROOT_MAX;

    (void)snprintf(root, UNPACK_PATH_MAX, "%s!%s", place, label);
    if (fits && make_root(b, root))
        return 0;
    b->roots++;
    (void)snprintf(root, UNPACK_PATH_MAX, "%s!%s%u", place, label, b->roots);
    if (fits && make_root(b, root))
        return 0;
    (void)snprintf(root, UNPACK_PATH_MAX, "archive-%u!%s", b->roots, label);
    if (make_root(b, root))
        return 0;
    return vb_fail(u->err, VB_E_CANTCREAT, errno, "cannot make a folder for %s", place);
}

int beside_place(const struct unpack *u, const char *place, const char *label,
                 char ret_prefix[UNPACK_PATH_MAX + 1], int *ret_fd)
{
    const int status = choose_root(u, place, label, ret_prefix);
    size_t len;

    if (status != 0)
        return status;
    *ret_fd = vb_open_beneath(u->beside->fds[AREA_BESIDE], ret_prefix, O_RDONLY | O_DIRECTORY, 0);
    if (*ret_fd < 0)
        return vb_fail(u->err, VB_E_IO, errno, "cannot open the folder %s", ret_prefix);
    len = strlen(ret_prefix); /* roots end long before the array does */
    ret_prefix[len] = '/';
    ret_prefix[len + 1] = '\0';
    return 0;
}

int scope_open(struct scope *scope, const struct unpack *u, const char *place, const char *label)
{
    struct unpack *const v = &scope->u;
    int status;

    scope->fd = -1;
    scope->names = NULL;
    *v = *u;
    v->area = AREA_BESIDE;
    v->nodes += names_count(u->names);
    v->entries_before = u->entries;
    v->written_before = u->written;
    v->locked_here = 0;
    status = beside_place(u, place, label, scope->prefix, &scope->fd);
    if (status == 0)
        status = names_new(&scope->names, u->err);
    if (status != 0)
        return status;
    v->prefix = scope->prefix;
    v->out_fd = scope->fd;
    v->names = scope->names;
    return 0;
}

void scope_close(struct scope *scope, struct unpack *u)
{
    const struct unpack *const v = &scope->u;

    u->consumed = v->consumed > u->consumed ? v->consumed : u->consumed;
    u->decoded = v->decoded > u->decoded ? v->decoded : u->decoded;
    u->written = v->written;
    u->entries = v->entries;
    u->files = v->files;
    u->hostile = v->hostile;
    u->deferred = v->deferred;
    u->reports = v->reports;
    u->unreported = v->unreported;
    u->stop = v->stop != NULL ? v->stop : u->stop;
    u->stop_told |= v->stop_told;
    u->locked = v->locked;
    u->status = v->status != 0 ? v->status : u->status;
    u->nodes += scope->names != NULL ? names_count(scope->names) : 0;
    names_free(&scope->names);
    vb_close_fd(&scope->fd);
}

const char *own_place(const struct unpack *u)
{
    return u->depth == 0 ? "" : u->place;
}

static int write_stretch(struct unpack *v, int fd, const char *name, const struct stretch *what)
{
    struct output out;
    int status = output_open(&out, v, name, false);

    if (status == 0)
        status = output_copy(&out, fd, what->at, what->len);
    if (status == 0)
        status = output_finish(&out, name);
    vb_close_fd(&out.fd);
    return status;
}

/* Bytes of FD, which PLACE names, become the file LABEL of "PLACE!LABEL". */
static int keep(struct unpack *u, int fd, const char *place, const char *label,
                const struct stretch *what)
{
    VB_CLEANUP_FREE struct scope *scope = calloc(1, sizeof(*scope));
    int status;

    if (scope == NULL)
        return vb_fail(u->err, VB_E_NOMEM, errno, "no memory to read %s", u->name);
    status = scope_open(scope, u, place, label);
    if (status == 0)
        status = write_stretch(&scope->u, fd, label, what);
    scope_close(scope, u);
    return status;
}

int beside_keep(struct unpack *u, const char *label, const struct stretch *what)
{
    if (u->stop != NULL)
        return u->status;
    if (u->beside == NULL)
        return report_coverage(u, label, "bytes that are no file of the archive", str_of("."));
    return keep(u, u->fd, own_place(u), label, what);
}

static int write_rest(struct unpack *v, const char *name, struct stream *stream, struct vb_str head)
{
    struct output out;
    const void *data = head.text;
    size_t len = head.len;
    int status = output_open(&out, v, name, false);

    do {
        status = status == 0 ? output_write(&out, data, len) : status;
    } while (status == 0 && !out.cut && stream_next(stream, &data, &len) == 1);
    if (status == 0)
        status = output_finish(&out, name);
    vb_close_fd(&out.fd);
    return status;
}

int beside_keep_rest(struct unpack *u, const char *label, struct stream *stream, struct vb_str head)
{
    VB_CLEANUP_FREE struct scope *scope = NULL;
    int status;

    if (u->stop != NULL)
        return u->status;
    if (u->beside == NULL)
        return report_coverage(u, label, "bytes that are no file of the archive", str_of("."));
    scope = calloc(1, sizeof(*scope));
    if (scope == NULL)
        return vb_fail(u->err, VB_E_NOMEM, errno, "no memory to read %s", u->name);
    status = scope_open(scope, u, own_place(u), label);
    if (status == 0)
        status = write_rest(&scope->u, label, stream, head);
    scope_close(scope, u);
    return status;
}

/* --- other readings --- */

/* The name as that reader has it where it is harmless, else one that says which entry it was. */
static void reading_path(const struct unpack *u, const struct reading *reading, char *ret)
{
    if (name_judge(reading->name, reading->name_len, u->limits->path_depth, ret) != NULL ||
        ret[0] == '\0')
        (void)snprintf(ret, UNPACK_PATH_MAX + 1, "entry-at-%llu",
                       (unsigned long long)reading->data_at);
}

int beside_add(struct unpack *u, const struct reading *reading)
{
    VB_CLEANUP_FREE struct scope *scope = NULL;
    char path[UNPACK_PATH_MAX + 1];
    struct output out = {.fd = -1};
    int status;

    if (u->beside == NULL || !limits_in_time(u))
        return u->status;
    scope = calloc(1, sizeof(*scope));
    if (scope == NULL)
        return vb_fail(u->err, VB_E_NOMEM, errno, "no memory to read %s", u->name);
    reading_path(u, reading, path);
    status = scope_open(scope, u, own_place(u), reading->label);
    if (status == 0)
        status = output_open(&out, &scope->u, path, false);
    if (status == 0)
        status = reading_decode(&scope->u, reading, &out);
    if (status == 0)
        status = output_finish(&out, path);
    vb_close_fd(&out.fd);
    scope_close(scope, u);
    return status;
}

/* --- looking at what was extracted --- */

/* An archive behind something else: a zip is read where it is, anything else is cut out. */
static int look_inside(struct unpack *u, int fd, uint64_t size, const char *path)
{
    static const struct magic zip = {.name = "zip", .filter = -1};
    struct stretch payload = {0};
    char place[2 * UNPACK_PATH_MAX];
    const char *format = carve_find(fd, size, &payload.at);

    if (format == NULL && u->tar_inside) {
        payload.at = carve_tar(fd, size);
        format = payload.at != 0 ? "tar" : NULL;
    }
    if (format == NULL)
        return 0;
    if (payload.at == 0)
        return found(u, &zip, path);
    if (u->beside == NULL || u->depth >= u->limits->nesting || u->stop != NULL)
        return report_coverage(u, "nested archive", "an archive within a program is not opened",
                               str_of(path));
    (void)snprintf(place, sizeof(place), "%s%s", u->prefix, path);
    payload.len = size - payload.at;
    return keep(u, fd, place, "payload", &payload);
}

int beside_look(struct unpack *u, int fd, const char *path)
{
    const struct magic *const m = magic_of_file(u, fd, path);
    struct stat st;

    if (u->status != 0 || m != NULL)
        return u->status != 0 ? u->status : found(u, m, path);
    if (fstat(fd, &st) != 0)
        return vb_fail(u->err, VB_E_IO, errno, "cannot look at the extracted %s", path);
    return look_inside(u, fd, (uint64_t)st.st_size, path);
}

bool beside_finds_nothing(const unsigned char *data, size_t len, const char *path)
{
    return magic_finds_nothing(data, len, path) && carve_finds_nothing(data, len);
}

/* --- opening --- */

static int extract_within(struct scope *scope, struct unpack *u, const struct item *item)
{
    VB_CLEANUP_FREE char *where = calloc(1, UNPACK_PATH_MAX + 1);
    char format[UNPACK_FORMAT_MAX] = "";
    struct unpack *const v = &scope->u;
    int status = scope_open(scope, u, item->path, "");

    if (status == 0 && where == NULL)
        status = vb_fail(u->err, VB_E_NOMEM, errno, "no memory to read %s", item->path);
    if (status == 0)
        status = unpack_extract(v, where, format);
    if (status == 0)
        status = report_end(v, str_of(where));
    if (status == 0 && format[0] != '\0')
        status = report_format(v, format);
    return status;
}

/* One archive of the list, as if it were the artifact. Takes its descriptor. */
static int open_item(struct unpack *u, const struct item *item)
{
    VB_CLEANUP_FREE struct scope *scope = calloc(1, sizeof(*scope));
    VB_CLEANUP_FD int fd = item->fd;
    struct unpack outer = *u;
    struct stat st;
    int status;

    if (scope == NULL)
        return vb_fail(u->err, VB_E_NOMEM, errno, "no memory to read %s", item->path);
    if (fd < 0)
        fd = vb_open_beneath(u->beside->fds[item->area], item->path, O_RDONLY, 0);
    if (fd < 0 || fstat(fd, &st) != 0)
        return vb_fail(u->err, VB_E_IO, errno, "cannot read the extracted %s", item->path);
    outer.fd = fd;
    outer.size = (uint64_t)st.st_size;
    outer.name = item->path;
    outer.place = item->path;
    outer.depth = item->depth;
    status = extract_within(scope, &outer, item);
    scope_close(scope, u);
    return status;
}

int beside_run(struct unpack *u)
{
    struct beside *const b = u->beside;
    int status = u->status;

    for (; b != NULL && status == 0 && b->opened < b->count && limits_in_time(u); b->opened++) {
        const struct item item = b->items[b->opened]; /* the list may move while it grows */

        b->items[b->opened].fd = -1;
        status = open_item(u, &item);
    }
    return status;
}
