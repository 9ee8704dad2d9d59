/* A look at a tar's headers beside libarchive, which reads the entries: this finds what it settles
 * silently and another reader would settle otherwise (POSIX.1-2017 pax, GNU tar manual D "Tar
 * Internals"). Two readers of such a file see two different packages; the difference of a pax size
 * and a header's size alone was enough to hide whole entries (CVE-2025-62518).
 * It gets the bytes as libarchive does, in pieces of any length, and stops where a header's sum
 * does not fit: from there on libarchive reports the damage. */
#include "unpack/tar_check.h"
#include "unpack/tar_fields.h"

enum {
    COLLECT_MAX = 1024 * 1024, /* of one pax header or long name */
    NAME_MAX_BYTES = 64 * 1024,
    SPARSE_MAP_MAX = 64 * 1024
};

/* The first size that eleven octal digits cannot say: below it nobody needs another notation. */
#define OCTAL_END ((uint64_t)1 << 33)

/* What a pax header says, or several of them. */
struct pax {
    bool has_size;
    bool has_path;
    bool has_sparse;     /* any GNU.sparse key */
    bool sparse_in_data; /* format 1.0: the map stands before the data */
    uint64_t size;
    char path[256]; /* its beginning */
    size_t path_len;
};

enum state { IN_HEADER, IN_BODY, IN_SPARSE_EXTENSION, AT_END };

struct tar_check {
    struct unpack *u;
    enum state state;
    bool lost;         /* a header's sum does not fit: nothing more is looked at */
    bool maybe_body;   /* the type has no data, the header says some: the next block tells */
    bool collects;     /* the body is a header of its own: pax or a long name */
    unsigned zeros;    /* blocks of zeros in a row */
    unsigned longs[2]; /* long names and long link names since the last entry */
    char type;         /* of the header whose body this is */
    uint64_t body;     /* bytes left of it, with padding */
    uint64_t body_len; /* without */
    struct pax local;
    bool local_seen;
    struct pax global;
    struct vb_buf collected;
    char
        entry[TAR_NAME_LEN + TAR_PREFIX_LEN + 2]; /* name of the entry at hand, by its own header */
    size_t fill;
    unsigned char block[TAR_BLOCK];
};

int tar_check_new(struct tar_check **ret, struct unpack *u)
{
    struct tar_check *const t = calloc(1, sizeof(*t));

    if (t == NULL)
        return vb_fail(u->err, VB_E_NOMEM, 0, "no memory to read %s", u->name);
    t->u = u;
    vb_buf_init(&t->collected, COLLECT_MAX);
    *ret = t;
    return 0;
}

void tar_check_free(struct tar_check **t)
{
    if (*t == NULL)
        return;
    vb_buf_done(&(*t)->collected);
    free(*t);
    *t = NULL;
}

static int tell(struct tar_check *t, const char *code, const char *detail)
{
    return report_hostile(t->u, code, str_of(t->entry), NULL, detail);
}

/* --- names --- */

static size_t field_len(const unsigned char *field, size_t max)
{
    return strnlen((const char *)field, max);
}

static bool junk_behind(const unsigned char *field, size_t max)
{
    for (size_t i = field_len(field, max); i < max; i++) {
        if (field[i] != 0)
            return true;
    }
    return false;
}

static bool is_gnu(const unsigned char *h)
{
    return memcmp(h + TAR_MAGIC, "ustar  ", 7) == 0;
}

static bool is_ustar(const unsigned char *h)
{
    return memcmp(h + TAR_MAGIC, "ustar\0", 6) == 0;
}

/* The name by the header alone: prefix and name of a ustar one. */
static void take_name(struct tar_check *t, const unsigned char *h)
{
    const int name_len = (int)field_len(h + TAR_NAME, TAR_NAME_LEN);
    const int prefix_len = is_ustar(h) ? (int)field_len(h + TAR_PREFIX, TAR_PREFIX_LEN) : 0;

    (void)snprintf(t->entry, sizeof(t->entry), "%.*s%s%.*s", prefix_len,
                   (const char *)h + TAR_PREFIX, prefix_len > 0 ? "/" : "", name_len,
                   (const char *)h + TAR_NAME);
}

static bool is_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] >= 0x80)
            return false;
    }
    return true;
}

static size_t first_component(const char *path, size_t len)
{
    const char *const slash = memchr(path, '/', len);

    return slash != NULL ? (size_t)(slash - path) : len;
}

/* `git archive` names a file whose path is too long after its object. */
static bool is_git_object(const char *name)
{
    const size_t len = strspn(name, "0123456789abcdef");

    return (len == 40 || len == 64) &&
           (strcmp(name + len, ".data") == 0 || strcmp(name + len, ".link") == 0);
}

/* Writers put into the header what it can hold of a name: all of a short plain one; of others, in
 * several manners, at least the top folder. */
static bool names_agree(const struct pax *pax, const char *header)
{
    const size_t header_len = strlen(header);
    const size_t len =
        header_len > 0 && header[header_len - 1] == '/' ? header_len - 1 : header_len;
    const size_t shown = pax->path_len < sizeof(pax->path) ? pax->path_len : sizeof(pax->path);
    const size_t trimmed =
        shown > 0 && pax->path[shown - 1] == '/' && shown == pax->path_len ? shown - 1 : shown;
    size_t top;

    if (!is_plain(pax->path, shown))
        return true;
    if (pax->path_len <= TAR_NAME_LEN)
        return len == trimmed && memcmp(header, pax->path, len) == 0;
    if (is_git_object(header))
        return true;
    top = first_component(pax->path, shown);
    top = top < len ? top : len;
    return top > 0 && memcmp(header, pax->path, top < TAR_NAME_LEN ? top : TAR_NAME_LEN) == 0;
}

static int check_names(struct tar_check *t, const unsigned char *h)
{
    const struct pax *const pax = t->local.has_path ? &t->local : NULL;
    const bool is_long = t->longs[0] > 0;

    if (t->longs[0] > 1 || t->longs[1] > 1)
        return tell(t, "ambiguous-name", "several long names for one entry");
    if (is_long && pax != NULL)
        return tell(t, "ambiguous-name", "a pax name and a GNU long name for one entry");
    if (junk_behind(h + TAR_NAME, TAR_NAME_LEN))
        return tell(t, "ambiguous-name", "more bytes behind the end of the name");
    if (is_gnu(h) && strchr("SDM", h[TAR_TYPE]) == NULL && h[TAR_PREFIX] != 0 &&
        h[TAR_PREFIX] != ' ' && !(h[TAR_PREFIX] >= '0' && h[TAR_PREFIX] <= '7'))
        return tell(t, "ambiguous-name", "a GNU header with a ustar prefix");
    if (pax != NULL && !t->local.has_sparse && !names_agree(pax, t->entry)) {
        char detail[400];

        (void)snprintf(detail, sizeof(detail),
                       "\"%.*s\" by its pax header, another name by its own",
                       (int)(pax->path_len < 200 ? pax->path_len : 200), pax->path);
        return tell(t, "ambiguous-name", detail);
    }
    return 0;
}

/* --- sizes --- */

static int tell_sizes(struct tar_check *t, uint64_t pax, uint64_t own)
{
    char detail[120];

    /* Some files hold the entries that the other reader goes on with. */
    t->u->tar_inside = true;
    (void)snprintf(detail, sizeof(detail), "%llu bytes by its pax header, %llu by its own",
                   (unsigned long long)pax, (unsigned long long)own);
    return tell(t, "ambiguous-size", detail);
}

static int check_number(struct tar_check *t, enum tar_number form, uint64_t value)
{
    switch (form) {
    case TAR_OCTAL:
        return 0;
    case TAR_OCTAL_WITH_JUNK:
        return tell(t, "ambiguous-size", "its size is no octal number");
    case TAR_BINARY:
        return value < OCTAL_END
                   ? tell(t, "ambiguous-size", "a small size in the notation for large ones")
                   : 0;
    case TAR_NEGATIVE:
        return tell(t, "ambiguous-size", "a negative size");
    case TAR_TOO_LARGE:
    default:
        return tell(t, "ambiguous-size", "a size beyond 64 bits");
    }
}

/* Checks the sizes of an entry and settles on the one that libarchive takes. */
static int check_size(struct tar_check *t, const unsigned char *h, uint64_t *ret)
{
    uint64_t own = 0;
    const enum tar_number form = tar_number(h + TAR_SIZE, TAR_NUMBER_LEN, &own);
    const struct pax *const pax = t->local.has_size    ? &t->local
                                  : t->global.has_size ? &t->global
                                                       : NULL;
    const int status = check_number(t, form, own);

    *ret = pax != NULL ? pax->size : own;
    t->lost = t->lost || (pax == NULL && form > TAR_BINARY);
    if (status != 0 || pax == NULL || pax->size == own || pax->size >= OCTAL_END)
        return status;
    return tell_sizes(t, pax->size, own);
}

/* --- sparse maps --- */

static int tell_sparse(struct tar_check *t)
{
    return tell(t, "ambiguous-sparse", "its map of holes overlaps, goes backwards or is no map");
}

/* --- pax records --- */

static int take_size(struct tar_check *t, struct pax *pax, const struct pax_record *r)
{
    const char *p = r->value;
    uint64_t size = 0;

    if (r->value_len == 0) {
        pax->has_size = false; /* an empty value takes the key back */
        return 0;
    }
    if (!tar_decimal(&p, r->value + r->value_len, "", &size) || p != r->value + r->value_len ||
        size >> 62 != 0) {
        t->lost = true;
        return tell(t, "ambiguous-size", "a pax size that is no number");
    }
    pax->has_size = true;
    pax->size = size;
    return 0;
}

static int take_path(struct tar_check *t, struct pax *pax, const struct pax_record *r)
{
    const size_t kept = r->value_len < sizeof(pax->path) ? r->value_len : sizeof(pax->path);

    pax->has_path = r->value_len > 0;
    pax->path_len = r->value_len;
    memcpy(pax->path, r->value, kept);
    if (memchr(r->value, '\0', r->value_len) != NULL)
        return tell(t, "ambiguous-name", "a pax name with a zero byte in it");
    return r->value_len > NAME_MAX_BYTES ? tell(t, "limit-name", "a name of more than 64 KiB") : 0;
}

/* Bytes as they are, or UTF-8 (POSIX.1-2017, pax); what else is registered nobody implements. */
static int take_charset(struct tar_check *t, const struct pax_record *r)
{
    static const char utf8[] = "ISO-IR 10646 2000 UTF-8";
    static const char binary[] = "BINARY";

    if ((r->value_len == sizeof(utf8) - 1 && memcmp(r->value, utf8, r->value_len) == 0) ||
        (r->value_len == sizeof(binary) - 1 && memcmp(r->value, binary, r->value_len) == 0))
        return 0;
    return tell(t, "name-charset",
                "its names are in a character set of their own (pax hdrcharset)");
}

static int take_record(struct tar_check *t, struct pax *pax, const struct pax_record *r)
{
    if (pax_record_is(r, "size"))
        return take_size(t, pax, r);
    if (pax_record_is(r, "path"))
        return take_path(t, pax, r);
    if (pax_record_is(r, "hdrcharset"))
        return take_charset(t, r);
    if (pax_record_is(r, "GNU.sparse.major"))
        pax->sparse_in_data = r->value_len == 1 && r->value[0] == '1';
    pax->has_sparse |= pax_record_begins(r, "GNU.sparse.");
    if (pax_record_is(r, "GNU.sparse.map") &&
        tar_extents_text_is_odd(r->value, r->value + r->value_len, ","))
        return tell_sparse(t);
    return 0;
}

/* Keys that readers apply to all entries, to the next one, or not at all. */
static bool odd_for_all(const struct pax_record *r)
{
    return pax_record_is(r, "path") || pax_record_is(r, "linkpath") || pax_record_is(r, "size") ||
           pax_record_begins(r, "GNU.sparse.");
}

/* Sparse format 0.0 repeats its two keys; of all others the last one counts, for most. */
static bool stands_before(const char *begin, const char *end, const struct pax_record *r)
{
    struct pax_record other;

    if (pax_record_begins(r, "GNU.sparse."))
        return false;
    while (begin < end && pax_record_next(&begin, end, &other)) {
        if (other.key_len == r->key_len && memcmp(other.key, r->key, r->key_len) == 0)
            return other.value_len != r->value_len ||
                   memcmp(other.value, r->value, r->value_len) != 0;
    }
    return false;
}

static int read_pax(struct tar_check *t)
{
    struct pax *const pax = t->type == 'g' ? &t->global : &t->local;
    const char *const begin = (const char *)t->collected.data;
    const char *const end = begin + t->collected.len;
    const char *p = begin;
    struct pax_record r;
    int status = 0;

    for (size_t n = 0; status == 0 && p < end && n < 200; n++) {
        const char *const start = p;

        if (!pax_record_next(&p, end, &r))
            return tell(t, "ambiguous-pax", "a pax record whose length does not fit it");
        status = take_record(t, pax, &r);
        if (status == 0 && t->type == 'g' && odd_for_all(&r))
            status = tell(t, "ambiguous-global", "a pax header that names or measures all entries");
        if (status == 0 && stands_before(begin, start, &r))
            status = tell(t, "ambiguous-pax", "a pax key with two values");
    }
    return status;
}

static int read_long_name(struct tar_check *t)
{
    const char *const text = (const char *)t->collected.data;
    const size_t len = t->collected.len > 0 ? strnlen(text, t->collected.len) : 0;

    t->longs[t->type == 'K']++;
    for (size_t i = len; i < t->collected.len; i++) {
        if (text[i] != 0)
            return tell(t, "ambiguous-name", "a long name with a zero byte in it");
    }
    return t->collected.len > NAME_MAX_BYTES ? tell(t, "limit-name", "a name of more than 64 KiB")
                                             : 0;
}

/* Format 1.0: the number of extents, then each, a number a line. */
static int read_sparse_map(struct tar_check *t)
{
    const char *p = (const char *)t->collected.data;
    const char *const end = p + t->collected.len;
    struct tar_extents list = {0};
    uint64_t count;

    if (!tar_decimal(&p, end, "\n", &count) || count > TAR_EXTENTS_MAX)
        return tell_sparse(t);
    for (uint64_t i = 0; i < count && !list.odd; i++) {
        uint64_t offset;
        uint64_t size;

        if (!tar_decimal(&p, end, "\n", &offset) || !tar_decimal(&p, end, "\n", &size))
            return p < end ? tell_sparse(t) : 0; /* cut at our own limit */
        tar_extents_add(&list, offset, size);
    }
    return list.odd ? tell_sparse(t) : 0;
}

/* --- headers --- */

static bool is_meta(char type)
{
    return strchr("xgXLK", type) != NULL && type != '\0';
}

static void begin_body(struct tar_check *t, uint64_t size, bool collects)
{
    t->body_len = size;
    t->body = (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
    t->collects = collects;
    vb_buf_clear(&t->collected);
    t->state = t->body > 0 ? IN_BODY : IN_HEADER;
}

static void entry_done(struct tar_check *t)
{
    t->local = (struct pax){0};
    t->local_seen = false;
    t->longs[0] = 0;
    t->longs[1] = 0;
}

static int read_meta_header(struct tar_check *t, const unsigned char *h)
{
    uint64_t size = 0;
    const enum tar_number form = tar_number(h + TAR_SIZE, TAR_NUMBER_LEN, &size);
    int status = check_number(t, form, size);

    if (status == 0 && strchr("xX", t->type) != NULL && t->local_seen)
        status = tell(t, "ambiguous-pax", "two pax headers for one entry");
    t->local_seen |= strchr("xX", t->type) != NULL;
    if (status == 0 && size > COLLECT_MAX)
        status = tell(t, "limit-name", "a header of more than 1 MiB");
    t->lost = t->lost || form > TAR_BINARY || size > COLLECT_MAX;
    begin_body(t, t->lost ? 0 : size, true);
    return status;
}

/* Old GNU sparse files: four extents in the header, more in blocks of their own. */
static int read_old_sparse(struct tar_check *t, const unsigned char *h)
{
    struct tar_extents list = {0};

    tar_extents_add_fields(&list, h + TAR_SPARSE, 4);
    if (h[TAR_SPARSE_MORE] != 0 && t->body > 0)
        t->state = IN_SPARSE_EXTENSION;
    return list.odd ? tell_sparse(t) : 0;
}

static bool has_no_data(char type)
{
    return type != '\0' && strchr("123456", type) != NULL;
}

static int read_entry_header(struct tar_check *t, const unsigned char *h)
{
    uint64_t size = 0;
    int status = check_names(t, h);

    if (status == 0)
        status = check_size(t, h, &size);
    if (status == 0 &&
        (t->type == 'M' || (t->type != '\0' && strchr("01234567DSVAN", t->type) == NULL)))
        status = tell(t, "ambiguous-type", "a type of entry that readers treat in different ways");
    if (status == 0 && has_no_data(t->type) && size > 0)
        status = tell(t, "ambiguous-size", "an entry without data that has a size");
    if (size >> 62 != 0)
        t->lost = true;
    begin_body(t, t->lost ? 0 : size, t->local.sparse_in_data);
    t->maybe_body = has_no_data(t->type) && size > 0;
    if (status == 0 && t->type == 'S' && is_gnu(h))
        status = read_old_sparse(t, h);
    entry_done(t);
    return status;
}

static int read_header(struct tar_check *t)
{
    const unsigned char *const h = t->block;
    const enum tar_sum sum = tar_sum(h);
    int status = 0;

    if (tar_is_zero(h)) {
        t->state = AT_END; /* libarchive ends here too; what follows is its own finding */
        return t->local_seen || t->longs[0] + t->longs[1] > 0
                   ? tell(t, "ambiguous-pax", "a header for an entry that does not come")
                   : 0;
    }
    if (sum == TAR_SUM_WRONG) {
        t->lost = true;
        return 0;
    }
    take_name(t, h);
    t->type = (char)h[TAR_TYPE];
    if (sum == TAR_SUM_FITS_SIGNED)
        status = tell(t, "ambiguous-checksum", "its sum fits for signed bytes only");
    else if (sum == TAR_SUM_WITH_JUNK)
        status = tell(t, "ambiguous-checksum", "its sum is no octal number");
    if (status != 0)
        return status;
    return is_meta(t->type) ? read_meta_header(t, h) : read_entry_header(t, h);
}

/* --- bodies --- */

static int body_done(struct tar_check *t)
{
    t->state = IN_HEADER;
    if (!t->collects)
        return 0;
    if (strchr("xgX", t->type) != NULL && t->type != '\0')
        return read_pax(t);
    return t->type == 'L' || t->type == 'K' ? read_long_name(t) : read_sparse_map(t);
}

static int collect(struct tar_check *t, const unsigned char *data, size_t len)
{
    const uint64_t before = (t->body_len + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK - t->body;
    const uint64_t room = is_meta(t->type) ? t->body_len : SPARSE_MAP_MAX;
    const uint64_t end = room < t->body_len ? room : t->body_len;

    if (before >= end)
        return 0;
    if (len > end - before)
        len = (size_t)(end - before);
    return vb_buf_append(&t->collected, data, len, t->u->err);
}

/* Takes what of DATA belongs to the body. */
static int feed_body(struct tar_check *t, const unsigned char *data, size_t len, size_t *ret_used)
{
    int status;

    *ret_used = len < t->body ? len : (size_t)t->body;
    status = t->collects ? collect(t, data, *ret_used) : 0;
    t->body -= *ret_used;
    return status == 0 && t->body == 0 ? body_done(t) : status;
}

/* A whole block that is no body, or perhaps one. */
static int read_block_of(struct tar_check *t)
{
    if (t->state == IN_SPARSE_EXTENSION) {
        struct tar_extents list = {0};

        tar_extents_add_fields(&list, t->block, 21);
        if (t->block[504] == 0)
            t->state = t->body > 0 ? IN_BODY : IN_HEADER;
        return list.odd ? tell_sparse(t) : 0;
    }
    if (t->maybe_body) {
        size_t used;

        t->maybe_body = false;
        if (tar_sum(t->block) == TAR_SUM_WRONG && !tar_is_zero(t->block)) {
            t->state = IN_BODY;
            return feed_body(t, t->block, TAR_BLOCK, &used);
        }
        t->state = IN_HEADER;
    }
    return read_header(t);
}

/* Gathers a block, and reads it when it is whole. */
static int feed_block(struct tar_check *t, const unsigned char *data, size_t len, size_t *ret_used)
{
    *ret_used = TAR_BLOCK - t->fill < len ? TAR_BLOCK - t->fill : len;
    memcpy(t->block + t->fill, data, *ret_used);
    t->fill += *ret_used;
    if (t->fill < TAR_BLOCK)
        return 0;
    t->fill = 0;
    return read_block_of(t);
}

int tar_check_feed(struct tar_check *t, const void *data, size_t len)
{
    const unsigned char *p = data;
    int status = 0;

    while (status == 0 && len > 0 && !t->lost && t->state != AT_END) {
        size_t used;

        status = t->state == IN_BODY && !t->maybe_body ? feed_body(t, p, len, &used)
                                                       : feed_block(t, p, len, &used);
        p += used;
        len -= used;
    }
    return status;
}
