/* See fence.h. The text is hostile; every line is read once. */
#include "scan/fence.h"

#include <string.h>

enum { FENCE_LEAST = 3, TAB = 4 };

struct line {
    struct vb_fence fence; /* LENGTH 0: it is none */
    bool bare;             /* nothing stands behind the marks */
    bool listed;           /* it begins an item of a list, and so ends no block */
    bool empty;
};

/* The bytes of "- " or "12. " at AT; 0: there is none. */
static size_t list_mark(const unsigned char *line, size_t at, size_t len)
{
    enum { DIGITS_MOST = 9 };
    size_t end = at;
    while (end < len && end - at < DIGITS_MOST && line[end] >= '0' && line[end] <= '9')
        end++;
    const char *const marks = end > at ? ".)" : "-+*";
    const bool marked = end + 1 < len && line[end] != '\0' && strchr(marks, line[end]) != NULL;
    return marked && (line[end + 1] == ' ' || line[end + 1] == '\t') ? end + 1 - at : 0;
}

/* What stands in front of a line's own text. */
static size_t read_front(const unsigned char *line, size_t len, struct line *ret)
{
    size_t at = 0;
    for (size_t mark = 0; at < len; at += mark) {
        mark =
            line[at] == ' ' || line[at] == '\t' || line[at] == '>' ? 1 : list_mark(line, at, len);
        if (mark == 0)
            break;
        ret->listed |= line[at] != ' ' && line[at] != '\t' && line[at] != '>';
        ret->fence.quotes += line[at] == '>';
        ret->fence.indent += line[at] == '\t' ? TAB : mark;
    }
    return at;
}

/* A fence of ` has none behind itself, or would be code within a text. */
static struct line read_line(const unsigned char *line, size_t len)
{
    struct line ret = {.bare = true};
    size_t at = read_front(line, len, &ret);
    const unsigned char mark = at < len ? line[at] : 0;
    const size_t begin = at;
    ret.empty = at == len || mark == '\r';
    while (at < len && line[at] == mark)
        at++;
    if ((mark != '`' && mark != '~') || at - begin < FENCE_LEAST ||
        (mark == '`' && memchr(line + at, '`', len - at) != NULL))
        return ret;
    ret.fence.mark = mark;
    ret.fence.length = at - begin;
    ret.fence.info = at;
    for (; at < len; at++)
        ret.bare = ret.bare && (line[at] == ' ' || line[at] == '\t' || line[at] == '\r');
    return ret;
}

enum vb_fence_is vb_fence_see(struct vb_fence *fence, const unsigned char *line, size_t len)
{
    const struct line seen = read_line(line, len);
    const bool inside = fence->length > 0 && seen.fence.quotes >= fence->quotes;
    const bool fits = seen.fence.length > 0 && seen.fence.mark == fence->mark &&
                      seen.fence.length >= fence->length && seen.fence.quotes == fence->quotes;
    if (!inside || (fits && !seen.bare)) {
        *fence = seen.fence;
        return seen.fence.length == 0 ? VB_FENCE_NONE : inside ? VB_FENCE_AGAIN : VB_FENCE_BEGINS;
    }
    if (fits && !seen.listed) {
        fence->length = 0;
        return VB_FENCE_ENDS;
    }
    fence->strayed |= !seen.empty && seen.fence.indent < fence->indent;
    return VB_FENCE_NONE;
}

bool vb_fence_see_back(struct vb_fence *fence, const unsigned char *line, size_t len)
{
    const struct line seen = read_line(line, len);
    if (seen.fence.quotes < fence->quotes)
        fence->length = 0; /* what seemed to end a block began one that the quotation ended */
    if (seen.fence.length == 0)
        return false;
    if (fence->length == 0) {
        if (seen.bare && !seen.listed)
            *fence = seen.fence;
        return true;
    }
    if (seen.fence.mark != fence->mark || seen.fence.length > fence->length ||
        seen.fence.quotes != fence->quotes)
        return false;
    fence->length = 0;
    return true;
}
