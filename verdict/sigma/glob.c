/* Patterns: Sigma's escapes, what kind of test one is, and matching of those with wildcards inside:
 * piece by piece between the runs, each at the first place where it fits, so that nothing is tried
 * twice. */
#include "verdict/sigma/internal.h"
#include "vetbox/core/text.h"

size_t vb_sigma_tokenise(const char *text, size_t len, unsigned char *ret)
{
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        const char next = i + 1 < len ? text[i + 1] : '\0';
        if (text[i] == '\\' && (next == '*' || next == '?' || next == '\\'))
            ret[out++] = (unsigned char)text[++i];
        else if (text[i] == '*')
            ret[out++] = PATTERN_ANY;
        else if (text[i] == '?')
            ret[out++] = PATTERN_ONE;
        else
            ret[out++] = (unsigned char)text[i];
    }
    return out;
}

static const char *const dashes[] = {"-", "/", "\u2013", "\u2014", "\u2015"};

static size_t dash_at(const unsigned char *text, size_t len)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(dashes); i++) {
        const size_t size = strlen(dashes[i]);
        if (size <= len && memcmp(text, dashes[i], size) == 0)
            return size;
    }
    return 0;
}

/* How many bytes of TEXT the piece takes at its beginning; SIZE_MAX: it does not fit there. */
static size_t fit(struct bytes piece, const unsigned char *text, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < piece.len; i++) {
        if (at >= len)
            return SIZE_MAX;
        size_t step = 1;
        uint32_t code = 0;
        if (piece.data[i] == PATTERN_ONE)
            step = vb_utf8_decode(text + at, len - at, &code);
        else if (piece.data[i] == PATTERN_DASH)
            step = dash_at(text + at, len - at);
        else if (piece.data[i] != text[at])
            return SIZE_MAX;
        if (step == 0)
            return SIZE_MAX;
        at += step;
    }
    return at;
}

static bool is_plain(struct bytes piece)
{
    for (size_t i = 0; i < piece.len; i++)
        if (pattern_special(piece.data[i]))
            return false;
    return true;
}

/* Behind the first place where PIECE stands in TEXT; SIZE_MAX: nowhere. */
static size_t find(struct bytes piece, const unsigned char *text, size_t len)
{
    if (is_plain(piece)) {
        const unsigned char *found = memmem(text, len, piece.data, piece.len);
        return found == NULL ? SIZE_MAX : (size_t)(found - text) + piece.len;
    }
    uint32_t code = 0;
    for (size_t i = 0; i < len; i += vb_utf8_decode(text + i, len - i, &code)) {
        const size_t size = fit(piece, text + i, len - i);
        if (size != SIZE_MAX)
            return i + size;
    }
    return SIZE_MAX;
}

/* Bytes of the last character of TEXT. */
static size_t last_size(const unsigned char *text, size_t len)
{
    uint32_t code = 0;
    for (size_t back = 2; back <= 4 && back <= len; back++)
        if (vb_utf8_decode(text + len - back, back, &code) == back)
            return back;
    return 1;
}

/* PIECE fits so that it ends where TEXT does. Its characters are counted off from the end. */
static bool fits_end(struct bytes piece, const unsigned char *text, size_t len)
{
    size_t at = len;
    for (size_t i = piece.len; i > 0; i--) {
        const unsigned char byte = piece.data[i - 1];
        if (at == 0)
            return false;
        at -= byte == PATTERN_ONE || byte == PATTERN_DASH ? last_size(text, at) : 1;
    }
    return fit(piece, text + at, len - at) == len - at;
}

static struct bytes next_piece(struct bytes *pattern)
{
    const unsigned char *end =
        pattern->len == 0 ? NULL : memchr(pattern->data, PATTERN_ANY, pattern->len);
    const size_t len = end == NULL ? pattern->len : (size_t)(end - pattern->data);
    const struct bytes piece = {pattern->data, len};
    const size_t skip = end == NULL ? len : len + 1;
    *pattern = (struct bytes){pattern->data + skip, pattern->len - skip};
    return piece;
}

bool vb_sigma_glob(struct bytes pattern, struct bytes text)
{
    const unsigned char *at = text.data;
    size_t left = text.len;
    bool last = memchr(pattern.data, PATTERN_ANY, pattern.len) == NULL;
    const bool open_end = pattern.data[pattern.len - 1] == PATTERN_ANY;
    struct bytes piece = next_piece(&pattern);
    const size_t head = fit(piece, at, left);
    if (head == SIZE_MAX || last)
        return head == left;
    at += head;
    left -= head;
    while (pattern.len > 0) {
        last = memchr(pattern.data, PATTERN_ANY, pattern.len) == NULL;
        piece = next_piece(&pattern);
        if (last)
            return fits_end(piece, at, left);
        const size_t size = find(piece, at, left);
        if (size == SIZE_MAX)
            return false;
        at += size;
        left -= size;
    }
    return open_end;
}
