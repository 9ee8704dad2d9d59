/* The smallest honest SQLite database (file format version 4,
 * https://www.sqlite.org/fileformat.html): page 1 with the header and the schema, page 2 with one
 * table's rows. Browsers and wallets keep their secrets in such files, and thieves open them with a
 * SQLite library before they send them on. Trust boundary: none. */
#include "sandbox/bait/template.h"

#include <stdlib.h>
#include <string.h>

enum {
    PAGE = 4096,
    HEADER = 100, /* of the database, at the start of page 1 */
    LEAF_HEADER = 8,
    INLINE_MAX = PAGE - 35, /* a longer row would need overflow pages */
    COLUMNS_MAX = 40,
    FIELD_END = 0x1f,
    ROW_END = 0x1e
};

struct page {
    unsigned char bytes[PAGE];
    size_t header; /* where the b-tree header stands */
    size_t cells;
    size_t content; /* start of the cell content area, which grows downwards */
};

struct record {
    unsigned char header[4 * COLUMNS_MAX];
    size_t header_len;
    unsigned char body[INLINE_MAX];
    size_t body_len;
};

static void put_be(unsigned char *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (unsigned char)(value >> (8 * (bytes - 1 - i)) & 0xff);
}

/* SQLite's variable-length integer, below 2^21 here. */
static size_t put_varint(unsigned char *at, size_t value)
{
    size_t n = value < 0x80 ? 1 : value < 0x4000 ? 2 : 3;
    for (size_t i = 0; i < n; i++)
        at[i] = (unsigned char)((value >> (7 * (n - 1 - i)) & 0x7f) | (i + 1 < n ? 0x80 : 0));
    return n;
}

static int too_long(struct vb_error *err)
{
    return vb_fail(err, VB_E_SOFTWARE, 0, "a bait's database row does not fit into one page");
}

static int record_add(struct record *r, size_t serial, const void *data, size_t len,
                      struct vb_error *err)
{
    if (r->header_len + 3 > sizeof(r->header) || len > sizeof(r->body) - r->body_len)
        return too_long(err);
    r->header_len += put_varint(r->header + r->header_len, serial);
    memcpy(r->body + r->body_len, data, len);
    r->body_len += len;
    return VB_OK;
}

static int record_add_int(struct record *r, uint64_t value, struct vb_error *err)
{
    unsigned char be[8];
    put_be(be, value, sizeof(be));
    return record_add(r, 6, be, sizeof(be), err);
}

static int record_add_text(struct record *r, const void *text, size_t len, struct vb_error *err)
{
    return record_add(r, 13 + 2 * len, text, len, err);
}

/* One field of the template: # integer, ! blob, ~ NULL, otherwise text. */
static int record_add_field(struct record *r, const char *text, size_t len, struct vb_error *err)
{
    char number[24];
    if (len == 1 && text[0] == '~')
        return record_add(r, 0, text, 0, err);
    if (len > 0 && text[0] == '!')
        return record_add(r, 12 + 2 * (len - 1), text + 1, len - 1, err);
    if (len < 2 || text[0] != '#' || len > sizeof(number))
        return record_add_text(r, text, len, err);
    memcpy(number, text + 1, len - 1);
    number[len - 1] = '\0';
    return record_add_int(r, strtoull(number, NULL, 10), err);
}

static void page_init(struct page *page, size_t header)
{
    *page = (struct page){.header = header, .content = PAGE};
    page->bytes[header] = 0x0d; /* a leaf of a table */
}

static int page_add(struct page *page, const struct record *r, struct vb_error *err)
{
    unsigned char head[3 + 3 + 3];
    size_t header_len = r->header_len + (r->header_len + 1 < 0x80 ? 1 : 2);
    size_t n = put_varint(head, header_len + r->body_len);
    n += put_varint(head + n, page->cells + 1); /* the row's id */
    n += put_varint(head + n, header_len);
    size_t size = n + r->header_len + r->body_len;
    size_t pointer = page->header + LEAF_HEADER + 2 * page->cells;
    if (size > page->content || page->content - size < pointer + 2)
        return too_long(err);
    page->content -= size;
    unsigned char *at = page->bytes + page->content;
    memcpy(at, head, n);
    memcpy(at + n, r->header, r->header_len);
    memcpy(at + n + r->header_len, r->body, r->body_len);
    put_be(page->bytes + pointer, page->content, 2);
    page->cells++;
    put_be(page->bytes + page->header + 3, page->cells, 2);
    put_be(page->bytes + page->header + 5, page->content, 2);
    return VB_OK;
}

static void put_database_header(unsigned char *page)
{
    static const struct {
        size_t offset, bytes;
        uint64_t value;
    } values[] = {
        {16, 2, PAGE},
        {18, 1, 1},
        {19, 1, 1},
        {21, 1, 64},
        {22, 1, 32},
        {23, 1, 32},
        {24, 4, 7},
        {28, 4, 2},
        {40, 4, 1},
        {44, 4, 4},
        {56, 4, 1 /* UTF-8 */},
        {92, 4, 7},
        {96, 4, 3040001},
    };
    memcpy(page, "SQLite format 3", 16);
    for (size_t i = 0; i < VB_ARRAY_LEN(values); i++)
        put_be(page + values[i].offset, values[i].value, values[i].bytes);
}

static int put_schema(struct page *page, const char *name, size_t name_len, const char *sql,
                      size_t sql_len, struct vb_error *err)
{
    struct record r = {.header_len = 0};
    int status = record_add_text(&r, "table", 5, err);
    for (int i = 0; !status && i < 2; i++)
        status = record_add_text(&r, name, name_len, err);
    if (!status)
        status = record_add_int(&r, 2, err); /* the root page */
    if (!status)
        status = record_add_text(&r, sql, sql_len, err);
    return status ? status : page_add(page, &r, err);
}

static int put_rows(struct page *page, const char *at, const char *end, struct vb_error *err)
{
    struct record r = {.header_len = 0};
    while (at < end) {
        if (*at == ROW_END) {
            int status = page_add(page, &r, err);
            if (status)
                return status;
            r = (struct record){.header_len = 0};
            at++;
            continue;
        }
        const char *stop = memchr(at, FIELD_END, (size_t)(end - at));
        if (!stop)
            return vb_fail(err, VB_E_SOFTWARE, 0, "a bait's database row does not end");
        int status = record_add_field(&r, at, (size_t)(stop - at), err);
        if (status)
            return status;
        at = stop + 1;
    }
    return VB_OK;
}

int vb_sqlite_write(const void *spec, size_t len, struct vb_buf *out, struct vb_error *err)
{
    const char *name = spec;
    const char *end = name + len;
    const char *name_end = memchr(name, FIELD_END, len);
    const char *sql = name_end ? name_end + 1 : end;
    const char *sql_end = memchr(sql, FIELD_END, (size_t)(end - sql));
    if (!sql_end)
        return vb_fail(err, VB_E_SOFTWARE, 0, "a bait's database has no table");
    struct page schema, rows;
    page_init(&schema, HEADER);
    page_init(&rows, 0);
    put_database_header(schema.bytes);
    int status =
        put_schema(&schema, name, (size_t)(name_end - name), sql, (size_t)(sql_end - sql), err);
    if (!status)
        status = put_rows(&rows, sql_end + 1, end, err);
    if (!status)
        status = vb_buf_append(out, schema.bytes, PAGE, err);
    if (!status)
        status = vb_buf_append(out, rows.bytes, PAGE, err);
    return status;
}
