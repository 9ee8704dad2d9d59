/* Text on a page: escaping, wrapping, colour. */
#include "report/internal.h"

enum {
    PAGE_BYTES = 1024 * 1024,
    FLUSH_AT = 32 * 1024,
    SAFE_BYTES = 256 * 1024,
    WIDTH = 80,
    WIDTH_MIN = 40
};

static const char *const codes[] = {
    [STYLE_PLAIN] = "",          [STYLE_BOLD] = "\x1b[1m",    [STYLE_DIM] = "\x1b[2m",
    [STYLE_GOOD] = "\x1b[1;32m", [STYLE_WARN] = "\x1b[1;33m", [STYLE_BAD] = "\x1b[1;31m",
};

void vb_page_init(struct page *page, int fd, const struct vb_report_options *options,
                  struct vb_error *err)
{
    *page = (struct page){.fd = fd, .width = WIDTH, .err = err};
    if (options != NULL) {
        page->color = options->color;
        if (options->width != 0)
            page->width = options->width < WIDTH_MIN ? WIDTH_MIN : options->width;
    }
    vb_buf_init(&page->buf, PAGE_BYTES);
    vb_buf_init(&page->safe, SAFE_BYTES);
}

static void put(struct page *page, const char *text, size_t len)
{
    if (page->status == VB_OK)
        page->status = vb_buf_append(&page->buf, text, len, page->err);
}

static void flush(struct page *page)
{
    if (page->status == VB_OK && page->buf.len > 0)
        page->status = vb_write_all(page->fd, page->buf.data, page->buf.len, page->err);
    vb_buf_clear(&page->buf);
}

int vb_page_finish(struct page *page)
{
    flush(page);
    vb_buf_done(&page->buf);
    vb_buf_done(&page->safe);
    return page->status < 0 ? vb_wrap(page->err, "writing the report") : VB_OK;
}

void vb_page_newline(struct page *page)
{
    put(page, "\n", 1);
    if (page->buf.len >= FLUSH_AT)
        flush(page);
}

static void spaces(struct page *page, unsigned count)
{
    static const char blank[] = "                                ";
    while (count > 0) {
        const unsigned some = count < sizeof(blank) - 1 ? count : (unsigned)sizeof(blank) - 1;
        put(page, blank, some);
        count -= some;
    }
}

const char *vb_page_code(enum style style)
{
    return codes[style];
}

static void styled(struct page *page, enum style style, const char *text)
{
    const bool color = page->color && style != STYLE_PLAIN;
    if (color)
        put(page, codes[style], strlen(codes[style]));
    put(page, text, strlen(text));
    if (color)
        put(page, "\x1b[0m", 4);
}

void vb_page_heading(struct page *page, const char *text)
{
    vb_page_newline(page);
    styled(page, STYLE_BOLD, text);
    vb_page_newline(page);
}

/* Columns of a code point: the wide blocks of East Asian Width (UAX #11), coarsely. */
static unsigned columns_of(uint32_t code)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } wide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},
                {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};
    for (size_t i = 0; i < VB_ARRAY_LEN(wide); i++)
        if (code >= wide[i].first && code <= wide[i].last)
            return 2;
    return 1;
}

size_t vb_page_fitting(const char *text, size_t len, unsigned columns, unsigned *ret_columns)
{
    size_t used = 0;
    unsigned taken = 0;
    while (used < len) {
        uint32_t code = 0;
        const size_t step = vb_utf8_decode(text + used, len - used, &code);
        const unsigned more = columns_of(code);
        if (taken + more > columns)
            break;
        taken += more;
        used += step;
    }
    *ret_columns = taken;
    return used;
}

/* Wraps SAFE text at spaces; a word longer than a line is cut. AT is the column reached. */
static void wrap(struct page *page, unsigned indent, unsigned at, const char *text, size_t len)
{
    bool fresh = true; /* nothing stands on this line yet behind the indent */
    while (len > 0 && page->status == VB_OK) {
        const char *space = memchr(text, ' ', len);
        const size_t word = space == NULL ? len : (size_t)(space - text);
        unsigned columns = 0;
        (void)vb_page_fitting(text, word, UINT32_MAX, &columns);
        if (!fresh && at + 1 + columns > page->width) {
            vb_page_newline(page);
            spaces(page, indent);
            at = indent;
            fresh = true;
        }
        if (!fresh) {
            put(page, " ", 1);
            at++;
        }
        const size_t some =
            vb_page_fitting(text, word, page->width > at ? page->width - at : 1, &columns);
        put(page, text, some);
        at += columns;
        fresh = false;
        if (some < word) { /* cut: go on with its rest on the next line */
            vb_page_newline(page);
            spaces(page, indent);
            at = indent;
            fresh = true;
            text += some == 0 ? 1 : some;
            len -= some == 0 ? 1 : some;
            continue;
        }
        text += word + (word < len);
        len -= word + (word < len);
    }
}

void vb_page_item(struct page *page, unsigned indent, const char *first, enum style style,
                  const char *text)
{
    spaces(page, indent);
    styled(page, style, first);
    unsigned at = indent + (unsigned)strlen(first);
    vb_buf_clear(&page->safe);
    if (page->status == VB_OK)
        page->status = vb_text_escape(&page->safe, text, strlen(text), false, page->err);
    if (page->safe.len > 0)
        wrap(page, at, at, (const char *)page->safe.data, page->safe.len);
    vb_page_newline(page);
}
