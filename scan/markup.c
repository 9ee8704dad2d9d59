/* Text that is there for a machine and not for a reader: comments, styles, far-away text. All of it
 * is ordinary until it gives orders to an agent. */
#include <string.h>

#include "scan/fold.h"
#include "scan/textcheck.h"

enum {
    COMMENT_MAX = 64 * 1024, /* bytes of one comment that are read */
    ELEMENT_MAX = 8 * 1024,  /* bytes behind a hidden element's tag that are read */
    HIDDEN_MAX = 2000,       /* comments and elements of one file that are read */
    BLANKS_MIN = 200,
    EMPTY_LINES_MIN = 40,
    FAR_COLUMN = 4000,
    LETTERS_MIN = 8
};

static size_t find(const struct vb_item *item, size_t at, size_t limit, const char *text)
{
    const size_t end = limit < item->len ? limit : item->len;
    if (at >= end)
        return end;
    const unsigned char *found = memmem(item->data + at, end - at, text, strlen(text));
    return found == NULL ? end : (size_t)(found - item->data);
}

/* Fences in a comment that begins a line are none (CommonMark 0.31.2, 4.6): its end, or 0. */
static size_t comment_end(const struct vb_item *item, size_t at, size_t end)
{
    while (at < end && (item->data[at] == ' ' || item->data[at] == '>'))
        at++;
    const bool begins = end - at >= 4 && memcmp(item->data + at, "<!--", 4) == 0;
    return begins ? find(item, at + 4, item->len, "-->") : 0;
}

/* True if AT lies in a fenced block of a Markdown file: there, markup is shown and hides nothing.
 */
static bool fenced(struct vb_textcheck *check, size_t at)
{
    const struct vb_item *item = check->item;
    if (!vb_ascii_starts(vb_path_extension(item->path), "m"))
        return false;
    if (at < check->fence_at) {
        check->fence_at = check->fence_comment = 0;
        check->fence.length = 0;
    }
    while (check->fence_at < at) {
        const size_t begin = check->fence_at;
        const unsigned char *line = item->data + begin;
        const unsigned char *end = memchr(line, '\n', at - begin);
        if (end == NULL)
            break;
        const size_t len = (size_t)(end - line);
        if (check->fence.length == 0 && begin >= check->fence_comment)
            check->fence_comment = comment_end(item, begin, begin + len);
        if (begin >= check->fence_comment)
            (void)vb_fence_see(&check->fence, line, len);
        check->fence_at += len + 1;
    }
    return check->fence.length > 0 && !check->fence.strayed;
}

/* Notes [BEGIN, END) if it gives orders. */
static int hidden_orders(struct vb_textcheck *check, enum vb_text_code code, const char *what,
                         size_t begin, size_t end, struct vb_error *err)
{
    struct vb_phrase_hit hit;
    bool orders;
    char detail[VB_TEXT_DETAIL];
    const int status = vb_phrases_instruct(check->phrases, check->item->data + begin, end - begin,
                                           &orders, &hit, err);
    if (status < 0 || !orders || (code != VB_TEXT_HIDDEN_FAR && fenced(check, begin)))
        return status;
    (void)snprintf(detail, sizeof(detail), "%s: %s", what, hit.doc);
    vb_text_add(check, code, begin + hit.offset, hit.length, detail);
    return VB_OK;
}

static int html_comments(struct vb_textcheck *check, struct vb_error *err)
{
    const struct vb_item *item = check->item;
    for (size_t at = find(item, 0, item->len, "<!--"), n = 0; at < item->len && n < HIDDEN_MAX;
         n++) {
        const size_t begin = at + 4;
        const size_t end = find(item, begin, begin + COMMENT_MAX, "-->");
        if (end > begin) {
            const int status =
                hidden_orders(check, VB_TEXT_HIDDEN_COMMENT, "an HTML comment", begin, end, err);
            if (status < 0)
                return status;
        }
        at = find(item, end > begin ? end : begin, item->len, "<!--");
    }
    return VB_OK;
}

static size_t line_end(const struct vb_item *item, size_t at)
{
    const unsigned char *newline = memchr(item->data + at, '\n', item->len - at);
    return newline == NULL ? item->len : (size_t)(newline - item->data);
}

/* [//]: # (text), [comment]: <> (text), [x]: # "text": definitions that render as nothing. */
static size_t reference_comment(const struct vb_item *item, size_t at, size_t end)
{
    static const char *const targets[] = {"]: # ", "]: <> ", "]:# ", "]: #(", "]: <>("};
    if (item->data[at] != '[')
        return 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(targets); i++) {
        const size_t found = find(item, at, end, targets[i]);
        if (found < end && found - at < 64)
            return found + strlen(targets[i]);
    }
    return 0;
}

/* A series of such lines is one text: an order may be spread over them. */
static int reference_comments(struct vb_textcheck *check, struct vb_error *err)
{
    static const char what[] = "a Markdown comment";
    const struct vb_item *item = check->item;
    size_t begin = 0;
    size_t last = 0;
    for (size_t at = 0; at < item->len;) {
        const size_t end = line_end(item, at);
        const size_t text = reference_comment(item, at, end);
        if (text == 0 && begin != 0) {
            const int status = hidden_orders(check, VB_TEXT_HIDDEN_COMMENT, what, begin, last, err);
            if (status < 0)
                return status;
            begin = 0;
        }
        if (text != 0) {
            begin = begin == 0 ? text : begin;
            last = end;
        }
        at = end + 1;
    }
    if (begin == 0)
        return VB_OK;
    return hidden_orders(check, VB_TEXT_HIDDEN_COMMENT, what, begin, last, err);
}

/* --- styles --- */

/* Lower case without blanks, so that "display : none" is one spelling. */
static size_t squeeze(const struct vb_item *item, size_t begin, size_t end, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = begin; i < end && n + 1 < size; i++) {
        const unsigned char c = item->data[i];
        if (c <= ' ')
            continue;
        out[n++] = vb_ascii_lower((char)c);
    }
    out[n] = '\0';
    return n;
}

static const char *hiding_style(const char *tag)
{
    static const struct {
        const char *style;
        const char *what;
    } rows[] = {{"display:none", "an element that is not displayed"},
                {"visibility:hidden", "an invisible element"},
                {"font-size:0", "text of size 0"},
                {"font-size:1px", "text of one pixel"},
                {"opacity:0;", "transparent text"},
                {"opacity:0\"", "transparent text"},
                {"color:white", "white text"},
                {"color:#fff", "white text"},
                {"color:transparent", "transparent text"},
                {"color=\"white\"", "white text"},
                {"color=\"#fff", "white text"},
                {"fill:transparent", "transparent text"},
                {"fill=\"none\"", "unpainted text"},
                {"height:0", "an element without height"},
                {"left:-9999", "an element beside the page"},
                {"aria-hidden=\"true\"hidden", "a hidden element"}};
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const char *found = strstr(tag, rows[i].style);
        if (found != NULL && (found == tag || found[-1] != '-')) /* not background-color */
            return rows[i].what;
    }
    const size_t len = strlen(tag);
    const bool attribute = len > 6 && strcmp(tag + len - 6, "hidden") == 0;
    return attribute ? "a hidden element" : NULL;
}

static int element(struct vb_textcheck *check, size_t tag, size_t tag_end, struct vb_error *err)
{
    const struct vb_item *item = check->item;
    char squeezed[512];
    (void)squeeze(item, tag + 1, tag_end, squeezed, sizeof(squeezed));
    const char *what = hiding_style(squeezed);
    if (what == NULL && strncmp(squeezed, "details", 7) == 0)
        return VB_OK; /* folded, but a click away: injection phrases are found there as anywhere */
    if (what == NULL)
        return VB_OK;
    const size_t begin = tag_end + 1 < item->len ? tag_end + 1 : item->len;
    const size_t end = find(item, begin, begin + ELEMENT_MAX, "</");
    return end > begin ? hidden_orders(check, VB_TEXT_HIDDEN_STYLE, what, begin, end, err) : VB_OK;
}

static int styles(struct vb_textcheck *check, struct vb_error *err)
{
    const struct vb_item *item = check->item;
    unsigned read = 0;
    for (size_t at = find(item, 0, item->len, "<"); at < item->len && read < HIDDEN_MAX;
         at = find(item, at + 1, item->len, "<")) {
        const unsigned char next = at + 1 < item->len ? item->data[at + 1] : ' ';
        if (!((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z')))
            continue;
        const size_t tag_end = find(item, at, at + 1024, ">");
        if (tag_end - at < 8 || tag_end >= item->len || item->data[tag_end] != '>')
            continue;
        read++;
        const int status = element(check, at, tag_end, err);
        if (status < 0)
            return status;
    }
    return VB_OK;
}

int vb_text_markup(struct vb_textcheck *check, struct vb_error *err)
{
    int status = html_comments(check, err);
    if (status == 0)
        status = reference_comments(check, err);
    return status == 0 ? styles(check, err) : status;
}

/* --- far away --- */

static size_t letters_until_line_end(const struct vb_item *item, size_t at)
{
    size_t letters = 0;
    for (; at < item->len && item->data[at] != '\n' && letters < LETTERS_MIN; at++) {
        const unsigned char c = item->data[at] | 0x20;
        letters += (c >= 'a' && c <= 'z') || item->data[at] >= 0x80 ? 1 : 0;
    }
    return letters;
}

static bool table_or_art(unsigned char c)
{
    return strchr("|+-=*#\\/_.", c) != NULL;
}

/* Text at AT behind SPACES blanks on its line, or behind LINES empty lines. */
static void far_text(struct vb_textcheck *check, size_t at, size_t spaces, size_t lines)
{
    const struct vb_item *item = check->item;
    char detail[VB_TEXT_DETAIL];
    if (letters_until_line_end(item, at) < LETTERS_MIN || table_or_art(item->data[at]))
        return;
    if (lines > EMPTY_LINES_MIN)
        (void)snprintf(detail, sizeof(detail), "text behind %zu empty lines", lines - 1);
    else
        (void)snprintf(detail, sizeof(detail), "text behind %zu blanks in its line", spaces);
    vb_text_add(check, VB_TEXT_HIDDEN_FAR, at, 80, detail);
}

static void blanks(struct vb_textcheck *check)
{
    const struct vb_item *item = check->item;
    size_t spaces = 0;
    size_t lines = 0;
    bool line_has_text = false;
    for (size_t at = 0; at < item->len; at++) {
        const unsigned char c = item->data[at];
        if (c > ' ' && spaces < BLANKS_MIN && lines <= EMPTY_LINES_MIN) {
            spaces = 0;
            lines = 0;
            line_has_text = true;
            continue;
        }
        if (c == ' ' || c == '\t' || c == '\r') {
            spaces++;
            continue;
        }
        if (c == '\n') {
            lines++;
            spaces = 0;
            line_has_text = false;
            continue;
        }
        /* Deep indentation alone is how generated code looks; text before the gap makes it a trick
         * in code, while nobody indents prose by 200. */
        const bool gap = spaces >= BLANKS_MIN && (line_has_text || item->kind == VB_ITEM_PROSE);
        if (gap || lines > EMPTY_LINES_MIN)
            far_text(check, at, spaces, lines);
        spaces = 0;
        lines = 0;
        line_has_text = true;
    }
}

/* Orders far along a very long line of prose: nobody scrolls there. */
static int long_lines(struct vb_textcheck *check, struct vb_error *err)
{
    const struct vb_item *item = check->item;
    for (size_t at = 0; at < item->len;) {
        const size_t end = line_end(item, at);
        if (end - at > FAR_COLUMN) {
            const int status = hidden_orders(
                check, VB_TEXT_HIDDEN_FAR, "far along a very long line", at + FAR_COLUMN, end, err);
            if (status < 0)
                return status;
        }
        at = end + 1;
    }
    return VB_OK;
}

int vb_text_far(struct vb_textcheck *check, struct vb_error *err)
{
    blanks(check);
    const bool page = vb_ascii_equal(vb_path_extension(check->item->path), "html") ||
                      vb_ascii_equal(vb_path_extension(check->item->path), "svg");
    return check->item->kind == VB_ITEM_PROSE && !page ? long_lines(check, err) : VB_OK;
}
