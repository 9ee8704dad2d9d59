/* Bytes of a zip by offset: headers and descriptors lie close together, so that one read of a page
 * serves several questions. */
#include "unpack/zip_internal.h"

enum { WINDOW = 4096, CHUNK = 64 * 1024 };

/* Fills the window with WANT bytes at AT, or as many as there are. */
static bool fill(struct zip_check *c, struct zip_window *w, uint64_t at, size_t want)
{
    if (want > c->u->size - at)
        want = (size_t)(c->u->size - at);
    if (want > w->room) {
        unsigned char *const data = realloc(w->data, want);

        if (data == NULL) {
            c->u->status = vb_fail(c->u->err, VB_E_NOMEM, 0, "no memory to read %s", c->u->name);
            return false;
        }
        w->data = data;
        w->room = want;
    }
    w->at = at;
    w->len = want;
    if (read_at(c->u, w->data, want, at) == 0)
        return true;
    w->len = 0;
    return false;
}

const unsigned char *zip_view_in(struct zip_check *c, struct zip_window *w, uint64_t at, size_t len)
{
    if (c->u->status != 0 || at > c->u->size || len > c->u->size - at)
        return NULL;
    if (at < w->at || at - w->at > w->len || len > w->len - (at - w->at)) {
        if (!fill(c, w, at, len > WINDOW ? len : WINDOW))
            return NULL;
    }
    return w->data + (at - w->at);
}

const unsigned char *zip_view(struct zip_check *c, uint64_t at, size_t len)
{
    return zip_view_in(c, &c->window, at, len);
}

bool zip_magic_at(struct zip_check *c, uint64_t at, const char magic[4])
{
    const unsigned char *const p = zip_view(c, at, 4);

    return p != NULL && memcmp(p, magic, 4) == 0;
}

/* All patterns begin with a P: faster than memmem, which has to prepare for any. */
static const unsigned char *find_in(const unsigned char *p, size_t len, const char *pattern)
{
    const size_t pattern_len = strlen(pattern);
    const unsigned char *const end = p + len;

    while ((size_t)(end - p) >= pattern_len) {
        p = memchr(p, 'P', (size_t)(end - p) - pattern_len + 1);
        if (p == NULL || memcmp(p, pattern, pattern_len) == 0)
            return p;
        p++;
    }
    return NULL;
}

uint64_t zip_find(struct zip_check *c, uint64_t from, uint64_t to, const char *pattern)
{
    const size_t overlap = strlen(pattern) - 1;

    while (from < to && to - from > overlap && limits_in_time(c->u)) {
        const size_t len = to - from < CHUNK ? (size_t)(to - from) : (size_t)CHUNK;
        const unsigned char *const p = zip_view(c, from, len);
        const unsigned char *const hit = p != NULL ? find_in(p, len, pattern) : NULL;

        if (hit != NULL)
            return from + (uint64_t)(hit - p);
        if (p == NULL)
            break;
        from += len - overlap;
    }
    return to;
}

bool zip_all_zero(struct zip_check *c, uint64_t from, uint64_t to)
{
    while (from < to && limits_in_time(c->u)) {
        const size_t len = to - from < CHUNK ? (size_t)(to - from) : (size_t)CHUNK;
        const unsigned char *const p = zip_view(c, from, len);

        if (p == NULL || p[0] != 0 || memcmp(p, p + 1, len - 1) != 0)
            return false;
        from += len;
    }
    return from >= to;
}
