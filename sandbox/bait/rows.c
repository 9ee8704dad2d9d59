/* Our own rows, and how a row is filled in.
 * Trust boundary: none; the rows are ours or the user's. */
#include "sandbox/bait/rows.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/bait/history.h"
#include "sandbox/bait/template.h"

enum { SECRET_MIN = 16 };

#define DEVELOPER (1U << VB_PERSONA_DEVELOPER)
#define CI (1U << VB_PERSONA_CI)
#define ALL (DEVELOPER | CI | 1U << VB_PERSONA_EMPTY | 1U << VB_PERSONA_SERVER)

const struct vb_bait_row vb_bait_rows[] = {
#define VB_BAIT_FILE_ROW(id, mode, form, path, content) \
    {id, DEVELOPER, VB_BAIT_FILE, mode, VB_BAIT_##form, path, NULL, content},
#include "sandbox/bait/files.def"
#undef VB_BAIT_FILE_ROW
#define VB_BAIT_ENV_ROW(id, name, value) \
    {id, DEVELOPER, VB_BAIT_ENV, 0, VB_BAIT_TEXT, name, NULL, value},
#include "sandbox/bait/env.def"
#undef VB_BAIT_ENV_ROW
#define VB_BAIT_FILE_ROW(id, mode, form, path, content) \
    {id, CI, VB_BAIT_FILE, mode, VB_BAIT_##form, path, NULL, content},
#define VB_BAIT_ENV_ROW(id, name, value) {id, CI, VB_BAIT_ENV, 0, VB_BAIT_TEXT, name, NULL, value},
#define VB_BAIT_PLAIN_ROW(name, value) \
    {name, CI, VB_BAIT_PLAIN, 0, VB_BAIT_TEXT, name, NULL, value},
#include "sandbox/bait/ci.def"
#undef VB_BAIT_FILE_ROW
#undef VB_BAIT_ENV_ROW
#undef VB_BAIT_PLAIN_ROW
#define VB_BAIT_WORLD_ROW(id, served, like, value) \
    {id, ALL, VB_BAIT_WORLD, 0, VB_BAIT_TEXT, like, served, value},
#define VB_BAIT_HANDED_ROW(id, like, value) \
    {id, ALL, VB_BAIT_HANDED, 0, VB_BAIT_TEXT, like, NULL, value},
#include "sandbox/bait/world.def"
#undef VB_BAIT_WORLD_ROW
#undef VB_BAIT_HANDED_ROW
};
const size_t vb_bait_row_count = VB_ARRAY_LEN(vb_bait_rows);

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
static int finish_content(struct vb_template *t, enum vb_bait_form form, struct vb_error *err)
{
    if (form != VB_BAIT_SQLITE)
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
    if (bait->place == VB_BAIT_PLAIN)
        return VB_OK;
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

static int make_content(struct vb_bait *bait, const struct vb_bait_row *row, const char *home,
                        const unsigned char *seed, struct vb_error *err)
{
    VB_CLEANUP(template_done) struct vb_template t;
    vb_template_init(&t, seed, row->id, home);
    t.json = row->form == VB_BAIT_JSON;
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

static int make_path(struct vb_bait *bait, const struct vb_bait_row *row, const char *home,
                     const unsigned char *seed, struct vb_error *err)
{
    VB_CLEANUP(template_done) struct vb_template t;
    char name[80];
    snprintf(name, sizeof(name), "path:%s", row->id);
    vb_template_init(&t, seed, name, home);
    int status = vb_template_expand(&t, row->where, err);
    if (status)
        return status;
    bait->path = copy_text(&t.out);
    return bait->path ? VB_OK : no_memory(err);
}

int vb_bait_make(struct vb_bait *ret, const struct vb_bait_row *row, const char *home,
                 const unsigned char *seed, struct vb_error *err)
{
    ret->id = row->id;
    ret->place = row->place;
    ret->mode = row->mode;
    int status = VB_OK;
    ret->served = row->served;
    if (row->place != VB_BAIT_FILE)
        ret->env = row->where;
    else
        status = make_path(ret, row, home, seed, err);
    return status ? status : make_content(ret, row, home, seed, err);
}

void vb_bait_done(struct vb_bait *bait)
{
    free(bait->path);
    free(bait->content);
    free(bait->secret);
}
