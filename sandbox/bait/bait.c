/* The set of baits: rows of files.def and env.def, filled in for one run.
 * Trust boundary: the makers are our own; the set is later searched in bytes that nobody trusts. */
#include "sandbox/bait/bait.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/bait/history.h"
#include "sandbox/bait/outbound.h"
#include "sandbox/bait/template.h"

enum content_form { TEXT, JSON, SQLITE };

struct row {
    const char *id;
    enum vb_bait_place place;
    uint32_t mode;
    enum content_form form;
    const char *where; /* path template, or the variable's name */
    const char *served;
    const char *content;
};

static const struct row rows[] = {
#define VB_BAIT_FILE_ROW(id, mode, form, path, content) \
    {id, VB_BAIT_FILE, mode, form, path, NULL, content},
#include "sandbox/bait/files.def"
#undef VB_BAIT_FILE_ROW
#define VB_BAIT_ENV_ROW(id, name, value) {id, VB_BAIT_ENV, 0, TEXT, name, NULL, value},
#include "sandbox/bait/env.def"
#undef VB_BAIT_ENV_ROW
#define VB_BAIT_WORLD_ROW(id, served, like, value) \
    {id, VB_BAIT_WORLD, 0, TEXT, like, served, value},
#include "sandbox/bait/world.def"
#undef VB_BAIT_WORLD_ROW
};

enum { ROWS = VB_ARRAY_LEN(rows), SECRET_MIN = 16 };
_Static_assert((size_t)ROWS <= (size_t)VB_BAITS_MAX, "a search keeps one flag for each bait");

struct by_path {
    const char *path;
    size_t len;
    size_t index;
};

struct vb_bait_set {
    struct vb_bait baits[ROWS];
    struct by_path paths[ROWS]; /* sorted */
    size_t path_count;
    struct vb_needles *needles; /* the set's only part that changes: the index grows with its use */
};

static void template_done(struct vb_template *t)
{
    vb_template_done(t);
}

static char *copy_text(const struct vb_buf *buf)
{
    return vb_str_dup((struct vb_str){(const char *)buf->data, buf->len});
}

static int no_memory(struct vb_error *err)
{
    return vb_fail(err, VB_E_NOMEM, 0, "making baits: out of memory");
}

/* A database is made from the expanded text. */
static int finish_content(struct vb_template *t, enum content_form form, struct vb_error *err)
{
    if (form != SQLITE)
        return VB_OK;
    struct vb_buf file;
    vb_buf_init(&file, t->out.max);
    int status = vb_sqlite_write(t->out.data, t->out.len, &file, err);
    if (status) {
        vb_buf_done(&file);
        return status;
    }
    vb_buf_done(&t->out);
    t->out = file;
    return VB_OK;
}

static int take_secret(struct vb_bait *bait, const struct vb_template *t, struct vb_error *err)
{
    const struct vb_buf *from = &t->secret;
    bait->fixed = t->secret_fixed;
    if (!from->len && bait->place != VB_BAIT_FILE) {
        from = &t->out;
        bait->fixed = t->fixed;
    }
    if (!from->len)
        return VB_OK;
    if (from->len < SECRET_MIN)
        return vb_fail(err, VB_E_SOFTWARE, 0, "the secret of bait %s is too short", bait->id);
    bait->secret = copy_text(from);
    return bait->secret ? VB_OK : no_memory(err);
}

static int make_content(struct vb_bait *bait, const struct row *row, const char *home,
                        const unsigned char *seed, struct vb_error *err)
{
    VB_CLEANUP(template_done) struct vb_template t;
    vb_template_init(&t, seed, row->id, home);
    t.json = row->form == JSON;
    int status = vb_template_expand(&t, row->content, err);
    if (!status)
        status = take_secret(bait, &t, err);
    if (!status)
        status = finish_content(&t, row->form, err);
    if (status)
        return status;
    bait->content_len = t.out.len;
    bait->content = vb_steal(t.out.data);
    t.out.len = t.out.capacity = 0;
    return VB_OK;
}

static int make_path(struct vb_bait *bait, const struct row *row, const char *home,
                     const unsigned char *seed, struct vb_error *err)
{
    VB_CLEANUP(template_done) struct vb_template t;
    char name[64];
    snprintf(name, sizeof(name), "path:%s", row->id);
    vb_template_init(&t, seed, name, home);
    int status = vb_template_expand(&t, row->where, err);
    if (status)
        return status;
    bait->path = copy_text(&t.out);
    return bait->path ? VB_OK : no_memory(err);
}

static int make_bait(struct vb_bait *bait, const struct row *row, const char *home,
                     const unsigned char *seed, struct vb_error *err)
{
    bait->id = row->id;
    bait->place = row->place;
    bait->mode = row->mode;
    int status = VB_OK;
    bait->served = row->served;
    if (row->place != VB_BAIT_FILE)
        bait->env = row->where;
    else
        status = make_path(bait, row, home, seed, err);
    if (!status)
        status = make_content(bait, row, home, seed, err);
    return status;
}

static int compare_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_paths(const void *a, const void *b)
{
    const struct by_path *x = a, *y = b;
    return compare_text(x->path, x->len, y->path, y->len);
}

static void index_paths(struct vb_bait_set *set)
{
    for (size_t i = 0; i < ROWS; i++) {
        const char *path = set->baits[i].path;
        if (path)
            set->paths[set->path_count++] = (struct by_path){path, strlen(path), i};
    }
    qsort(set->paths, set->path_count, sizeof(set->paths[0]), compare_paths);
}

int vb_bait_set_new(const char *home, const unsigned char seed[32], struct vb_bait_set **ret,
                    struct vb_error *err)
{
    if (home[0] != '/' || !vb_path_safe(home + 1))
        return vb_fail(err, VB_E_SOFTWARE, 0, "the baits' home \"%s\" is not an absolute path",
                       home);
    struct vb_bait_set *set = calloc(1, sizeof(*set));
    if (!set)
        return no_memory(err);
    int status = VB_OK;
    for (size_t i = 0; !status && i < ROWS; i++)
        status = make_bait(&set->baits[i], &rows[i], home, seed, err);
    if (!status)
        status = vb_needles_new(set->baits, ROWS, &set->needles, err);
    if (status) {
        vb_bait_set_free(set);
        return status;
    }
    index_paths(set);
    *ret = set;
    return VB_OK;
}

void vb_bait_set_free(struct vb_bait_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < ROWS; i++) {
        free(set->baits[i].path);
        free(set->baits[i].content);
        free(set->baits[i].secret);
    }
    vb_needles_free(set->needles);
    free(set);
}

size_t vb_bait_count(const struct vb_bait_set *set)
{
    (void)set;
    return ROWS;
}

const struct vb_bait *vb_bait_at(const struct vb_bait_set *set, size_t index)
{
    return index < ROWS ? &set->baits[index] : NULL;
}

const struct vb_bait *vb_bait_by_path(const struct vb_bait_set *set, const char *path, size_t len)
{
    size_t low = 0, high = set->path_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct by_path *row = &set->paths[middle];
        int order = compare_text(path, len, row->path, row->len);
        if (order == 0)
            return &set->baits[row->index];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

struct vb_needles *vb_bait_needles(const struct vb_bait_set *set)
{
    return set->needles;
}
