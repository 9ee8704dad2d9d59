/* See fence.h. The text is hostile; every line is read once. */
#include "scan/fence.h"

#include <string.h>

enum { FENCE_LEAST = 3 };

struct line {
    struct vb_fence fence;
    bool bare; /* nothing stands behind the marks */
};

/* False: it is no fence. A fence of ` has none behind itself, or would be code within a text. */
static bool read_line(const unsigned char *line, size_t len, struct line *ret)
{
    size_t at = 0;
    while (at < len && (line[at] == ' ' || line[at] == '\t' || line[at] == '>'))
        at++;
    const unsigned char mark = at < len ? line[at] : 0;
    const size_t begin = at;
    while (at < len && line[at] == mark)
        at++;
    if ((mark != '`' && mark != '~') || at - begin < FENCE_LEAST ||
        (mark == '`' && memchr(line + at, '`', len - at) != NULL))
        return false;
    *ret = (struct line){{mark, at - begin}, true};
    for (; at < len; at++)
        ret->bare = ret->bare && (line[at] == ' ' || line[at] == '\t' || line[at] == '\r');
    return true;
}

bool vb_fence_see(struct vb_fence *fence, const unsigned char *line, size_t len)
{
    struct line seen;
    if (!read_line(line, len, &seen))
        return false;
    if (fence->length == 0) {
        *fence = seen.fence;
        return true;
    }
    if (!seen.bare || seen.fence.mark != fence->mark || seen.fence.length < fence->length)
        return false;
    fence->length = 0;
    return true;
}

bool vb_fence_see_back(struct vb_fence *fence, const unsigned char *line, size_t len)
{
    struct line seen;
    if (!read_line(line, len, &seen))
        return false;
    if (fence->length == 0) {
        *fence = seen.fence;
        return true;
    }
    if (seen.fence.mark != fence->mark || seen.fence.length > fence->length)
        return false;
    fence->length = 0;
    return true;
}
