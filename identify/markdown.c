/* Markdown by md4c: code blocks, code spans with the words before them, links, and the names that
 * stand in the text. md4c gives no positions, so lines come from text pointers into the source.
 * HTML is read twice: as a renderer hides it and as an agent sees it, since an agent obeys a fence
 * inside a comment or a <div> as well. Trust boundary: hostile text. */
#include "identify/internal.h"

#include <md4c.h>

enum {
    RANGES_MAX = 512, /* HTML parts of one text */
    SPAN_MAX = 64 * 1024,
    AGAIN_MAX = 2, /* fences inside fences */
    NESTED_FLAGS = MD_FLAG_NOHTML | MD_FLAG_NOINDENTEDCODEBLOCKS,
};

struct range {
    size_t from, to; /* in the source */
};

struct reader {
    struct vb_id *id;
    const struct vb_id_page *page;
    const char *source;
    size_t len;
    bool hidden; /* inside an HTML comment: seen by agents, not by people */
    size_t line_at;
    int64_t line;
    struct vb_buf block; /* a code block */
    struct vb_buf info;
    struct vb_buf span;   /* a code span */
    struct vb_buf before; /* text of the paragraph so far */
    struct vb_buf url;
    struct vb_buf link_text;
    bool in_block, in_span, in_link, located;
    int64_t block_line, span_line, link_line;
    int64_t text_line;    /* where the paragraph began */
    unsigned blank_lines; /* of a code block, before its first text */
    struct range ranges[RANGES_MAX];
    size_t range_count;
};

static int keep(struct reader *reader, struct vb_buf *buf, const char *text, size_t len)
{
    /* Beyond the cap the rest is dropped: a paragraph may be long, what stands in it is not. */
    if (vb_buf_append(buf, text, len, NULL) == VB_E_NOMEM)
        vb_id_fail(reader->id, VB_E_NOMEM, "reading Markdown");
    return vb_id_ok(reader->id) ? 0 : 1;
}

static bool offset_of(const struct reader *reader, const char *text, size_t *ret)
{
    const uintptr_t from = (uintptr_t)reader->source;
    const uintptr_t at = (uintptr_t)text;
    if (at < from || at >= from + reader->len)
        return false;
    *ret = (size_t)(at - from);
    return true;
}

/* Line of OFFSET, counted on from the last one asked for. */
static int64_t line_at(struct reader *reader, size_t offset)
{
    for (; reader->line_at < offset; reader->line_at++)
        reader->line += reader->source[reader->line_at] == '\n';
    for (; reader->line_at > offset; reader->line_at--)
        reader->line -= reader->source[reader->line_at - 1] == '\n';
    return reader->line;
}

static int set_attribute(struct reader *reader, struct vb_buf *buf, const MD_ATTRIBUTE *attribute)
{
    vb_buf_clear(buf);
    return attribute->text == NULL ? 0 : keep(reader, buf, attribute->text, attribute->size);
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *ctx)
{
    struct reader *reader = ctx;
    vb_buf_clear(&reader->before);
    if (type != MD_BLOCK_CODE)
        return 0;
    vb_buf_clear(&reader->block);
    reader->in_block = true;
    reader->located = false;
    reader->blank_lines = 0;
    reader->block_line = reader->line;
    return set_attribute(reader, &reader->info, &((MD_BLOCK_CODE_DETAIL *)detail)->info);
}

/* A fence that is nobody's code: commands stand in it as lines, and where fences do not balance it
 * holds what its author meant as the text between two of them. */
static void read_again(struct reader *reader, const struct vb_id_fence *fence)
{
    static const char *const plain[] = {"", "text", "txt", "plaintext", "markdown", "md"};
    bool found = false;
    for (size_t i = 0; i < VB_ARRAY_LEN(plain); i++)
        found |= strcmp(fence->info, plain[i]) == 0;
    if (!found)
        return;
    vb_id_loose_lines(reader->id, fence->at, (struct vb_str){fence->text, fence->len});
    if (fence->info_len > 0 || reader->page->depth == AGAIN_MAX ||
        memmem(fence->text, fence->len, "```", 3) == NULL)
        return;
    struct vb_id_page page = *reader->page;
    page.text = fence->text;
    page.len = fence->len;
    page.body = 0;
    page.first_line = fence->at.line;
    page.depth++;
    vb_id_markdown(reader->id, &page);
}

static int leave_block(MD_BLOCKTYPE type, VB_UNUSED void *detail, void *ctx)
{
    struct reader *reader = ctx;
    if (type == MD_BLOCK_P || type == MD_BLOCK_LI || type == MD_BLOCK_H || type == MD_BLOCK_TD)
        vb_id_loose_lines(reader->id, (struct vb_id_at){reader->page->path, reader->text_line},
                          (struct vb_str){(const char *)reader->before.data, reader->before.len});
    vb_buf_clear(&reader->before);
    if (type != MD_BLOCK_CODE)
        return 0;
    reader->in_block = false;
    const struct vb_id_fence fence = {
        .at = {reader->page->path, reader->block_line},
        .info = reader->info.len == 0 ? "" : (const char *)reader->info.data,
        .info_len = reader->info.len,
        .text = reader->block.len == 0 ? "" : (const char *)reader->block.data,
        .len = reader->block.len,
        .hidden = reader->hidden,
        .executes = reader->page->kind == VB_ID_PAGE_EXECUTES,
        .powershell = reader->page->powershell,
    };
    if (!vb_id_fence(reader->id, &fence))
        read_again(reader, &fence);
    if (!reader->hidden)
        vb_id_prose(reader->id, fence.at, (struct vb_str){fence.text, fence.len}, "code");
    return vb_id_ok(reader->id) ? 0 : 1;
}

static int enter_span(MD_SPANTYPE type, void *detail, void *ctx)
{
    struct reader *reader = ctx;
    if (type == MD_SPAN_CODE) {
        vb_buf_clear(&reader->span);
        reader->in_span = true;
        reader->located = false;
        reader->span_line = reader->line;
    } else if ((type == MD_SPAN_A || type == MD_SPAN_IMG) && !reader->in_link) {
        vb_buf_clear(&reader->link_text);
        reader->in_link = true;
        reader->link_line = 0;
        return set_attribute(reader, &reader->url,
                             type == MD_SPAN_A ? &((MD_SPAN_A_DETAIL *)detail)->href
                                               : &((MD_SPAN_IMG_DETAIL *)detail)->src);
    }
    return 0;
}

static void leave_code_span(struct reader *reader)
{
    const struct vb_id_at at = {reader->page->path, reader->span_line};
    reader->in_span = false;
    if (reader->span.len == 0)
        return;
    const struct vb_str code = {(const char *)reader->span.data, reader->span.len};
    const struct vb_str before = {reader->before.len == 0 ? "" : (const char *)reader->before.data,
                                  reader->before.len};
    /* !`command` is a substitution and was taken as one already. */
    const bool substitution = reader->page->kind == VB_ID_PAGE_EXECUTES && before.len > 0 &&
                              before.text[before.len - 1] == '!';
    if (!substitution)
        vb_id_inline(reader->id, at, code, before, reader->hidden);
    if (!reader->hidden)
        vb_id_prose(reader->id, at, code, "prose");
    (void)keep(reader, &reader->before, "`", 1);
    (void)keep(reader, &reader->before, code.text, code.len);
    (void)keep(reader, &reader->before, "`", 1);
}

static void leave_link(struct reader *reader)
{
    char host[256];
    const struct vb_id_at at = {reader->page->path,
                                reader->link_line > 0 ? reader->link_line : reader->line};
    reader->in_link = false;
    if (reader->url.len == 0 || reader->url.data[0] == '#')
        return;
    const struct vb_str url = {(const char *)reader->url.data, reader->url.len};
    /* A link inside a comment shows its reader nothing: it discloses no host. */
    const struct vb_str text = {(const char *)reader->link_text.data,
                                reader->hidden ? 0 : reader->link_text.len};
    vb_id_link(reader->id, at, url, text);
    if (!reader->hidden && vb_id_url_host(url, host, sizeof(host)))
        vb_id_document(reader->id, at, "host", (struct vb_str){host, strlen(host)}, "link");
}

static int leave_span(MD_SPANTYPE type, VB_UNUSED void *detail, void *ctx)
{
    struct reader *reader = ctx;
    if (type == MD_SPAN_CODE)
        leave_code_span(reader);
    else if ((type == MD_SPAN_A || type == MD_SPAN_IMG) && reader->in_link)
        leave_link(reader);
    return vb_id_ok(reader->id) ? 0 : 1;
}

/* Remembers a piece of HTML; pieces with nothing but white space between them are one. */
static void add_range(struct reader *reader, size_t from, size_t to)
{
    struct range *last = reader->range_count > 0 ? &reader->ranges[reader->range_count - 1] : NULL;
    if (last != NULL && from >= last->to) {
        size_t gap = last->to;
        while (gap < from && strchr(" \t\r\n", reader->source[gap]) != NULL &&
               reader->source[gap] != '\0')
            gap++;
        if (gap == from) {
            last->to = to;
            return;
        }
    }
    if (reader->range_count < RANGES_MAX)
        reader->ranges[reader->range_count++] = (struct range){from, to};
    else
        vb_id_coverage(reader->id, reader->page->path, "html", "too many", NULL);
}

static int on_code(struct reader *reader, const char *text, size_t len, bool inside, size_t offset)
{
    if (!reader->located && inside) {
        const int64_t line = line_at(reader, offset) - reader->blank_lines;
        if (reader->in_block)
            reader->block_line = line;
        else
            reader->span_line = line;
        reader->located = true;
    } else if (!reader->located && len == 1 && text[0] == '\n') {
        reader->blank_lines += reader->in_block;
    }
    return keep(reader, reader->in_block ? &reader->block : &reader->span, text, len);
}

static int on_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *ctx)
{
    struct reader *reader = ctx;
    size_t offset = 0;
    const bool inside = offset_of(reader, text, &offset);
    if (reader->in_block || reader->in_span)
        return on_code(reader, text, size, inside, offset);
    if (type == MD_TEXT_HTML) {
        if (inside)
            add_range(reader, offset, offset + size);
        return 0;
    }
    if (inside)
        (void)line_at(reader, offset);
    if (reader->before.len == 0)
        reader->text_line = reader->line;
    if (reader->in_link && reader->link_line == 0)
        reader->link_line = reader->line;
    if (type == MD_TEXT_BR || type == MD_TEXT_SOFTBR)
        return keep(reader, &reader->before, "\n", 1);
    if (!reader->hidden)
        vb_id_prose(reader->id, (struct vb_id_at){reader->page->path, reader->line},
                    (struct vb_str){text, size}, "prose");
    if (reader->in_link)
        (void)keep(reader, &reader->link_text, text, size);
    return keep(reader, &reader->before, text, size);
}

static void init(struct reader *reader, size_t len)
{
    vb_buf_init(&reader->block, len + 16 * 1024);
    vb_buf_init(&reader->info, 1024);
    vb_buf_init(&reader->span, SPAN_MAX);
    vb_buf_init(&reader->before, SPAN_MAX);
    vb_buf_init(&reader->url, 8192);
    vb_buf_init(&reader->link_text, 1024);
}

static void done(struct reader *reader)
{
    struct vb_buf *const bufs[] = {&reader->block,  &reader->info, &reader->span,
                                   &reader->before, &reader->url,  &reader->link_text};
    for (size_t i = 0; i < VB_ARRAY_LEN(bufs); i++)
        vb_buf_done(bufs[i]);
}

static void parse(struct reader *reader, unsigned flags)
{
    const MD_PARSER parser = {
        .flags = flags,
        .enter_block = enter_block,
        .leave_block = leave_block,
        .enter_span = enter_span,
        .leave_span = leave_span,
        .text = on_text,
    };
    if (md_parse(reader->source, (MD_SIZE)reader->len, &parser, reader) != 0)
        vb_id_fail(reader->id, VB_E_NOMEM, "reading Markdown");
}

/* Reads a part of OUTER's source as an agent does: tags are text. */
static void parse_part(const struct reader *outer, size_t from, size_t to, bool hidden)
{
    if (to <= from)
        return;
    struct reader *reader = calloc(1, sizeof(*reader));
    if (reader == NULL) {
        vb_id_fail(outer->id, VB_E_NOMEM, "reading Markdown");
        return;
    }
    reader->id = outer->id;
    reader->page = outer->page;
    reader->source = outer->source + from;
    reader->len = to - from;
    reader->hidden = hidden;
    reader->line = outer->line;
    init(reader, reader->len);
    parse(reader, MD_DIALECT_GITHUB | NESTED_FLAGS);
    done(reader);
    free(reader);
}

/* Comments of a range are hidden from people, the rest is not. */
static void parse_range(struct reader *outer, struct range range)
{
    for (size_t at = range.from; at < range.to && vb_id_ok(outer->id);) {
        const char *source = outer->source;
        const char *open = memmem(source + at, range.to - at, "<!--", 4);
        const size_t visible = open == NULL ? range.to : (size_t)(open - source);
        (void)line_at(outer, at);
        parse_part(outer, at, visible, outer->hidden);
        if (open == NULL)
            return;
        const size_t from = visible + 4 <= range.to ? visible + 4 : range.to;
        const char *close = memmem(source + from, range.to - from, "-->", 3);
        const size_t to = close == NULL ? range.to : (size_t)(close - source);
        (void)line_at(outer, from);
        parse_part(outer, from, to, true);
        at = close == NULL ? range.to : to + 3;
    }
}

void vb_id_markdown(struct vb_id *id, const struct vb_id_page *page)
{
    if (page->body >= page->len || page->len > UINT32_MAX / 2)
        return;
    struct reader *reader = calloc(1, sizeof(*reader));
    if (reader == NULL) {
        vb_id_fail(id, VB_E_NOMEM, "reading Markdown");
        return;
    }
    reader->id = id;
    reader->page = page;
    reader->hidden = page->hidden;
    reader->source = page->text + page->body;
    reader->len = page->len - page->body;
    reader->line = page->first_line + (int64_t)vb_line_of(page->text, page->len, page->body) - 1;
    init(reader, reader->len);
    parse(reader, MD_DIALECT_GITHUB);
    for (size_t i = 0; i < reader->range_count && vb_id_ok(id); i++)
        parse_range(reader, reader->ranges[i]);
    done(reader);
    free(reader);
}
