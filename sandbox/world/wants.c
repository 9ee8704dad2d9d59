/* Trust boundary: the package's bytes are hostile; no name or version is longer than its room. */
#include "sandbox/world/wants.h"

#include <string.h>

enum { NAME_MAX_LEN = 214, VERSION_MAX_LEN = 40, BLANKS_MAX = 8 };

struct text {
    const unsigned char *bytes;
    size_t len;
};

static bool is_of_name(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-_./@", c) != NULL);
}

static bool is_of_version(unsigned char c)
{
    return is_of_name(c) ? c != '/' && c != '@' : c == '+';
}

static size_t skip_blanks(const struct text *text, size_t at)
{
    for (unsigned i = 0; i < BLANKS_MAX && at < text->len && text->bytes[at] == ' '; i++)
        at++;
    return at;
}

static size_t back_over_blanks(const struct text *text, size_t end)
{
    for (unsigned i = 0; i < BLANKS_MAX && end > 0 && text->bytes[end - 1] == ' '; i++)
        end--;
    return end;
}

/* The "[extra]" behind a name. */
static size_t back_over_extras(const struct text *text, size_t end)
{
    size_t at = end;
    if (end == 0 || text->bytes[end - 1] != ']')
        return end;
    while (at > 0 && end - at < NAME_MAX_LEN && text->bytes[at - 1] != '[')
        at--;
    return at > 0 && text->bytes[at - 1] == '[' ? back_over_blanks(text, at - 1) : end;
}

/* The name ends before END, the version begins at AT; either may be none. */
static int want(const struct text *text, size_t end, size_t at, struct vb_responder *responder,
                struct vb_error *err)
{
    char name[NAME_MAX_LEN + 1], version[VERSION_MAX_LEN + 1];
    size_t begin = end, stop = at;
    while (begin > 0 && end - begin < NAME_MAX_LEN && is_of_name(text->bytes[begin - 1]))
        begin--;
    while (stop < text->len && stop - at < VERSION_MAX_LEN && is_of_version(text->bytes[stop]))
        stop++;
    if (begin == end || stop == at || text->bytes[at] < '0' || text->bytes[at] > '9')
        return VB_OK;
    memcpy(name, text->bytes + begin, end - begin);
    name[end - begin] = '\0';
    memcpy(version, text->bytes + at, stop - at);
    version[stop - at] = '\0';
    return vb_responder_want(responder, name, version, err);
}

/* "==", "===", "~=" or "<=" at AT. */
static int want_by_operator(const struct text *text, size_t at, struct vb_responder *responder,
                            struct vb_error *err)
{
    size_t behind = at + 2;
    if (behind < text->len && text->bytes[behind] == '=')
        behind++;
    const size_t end = back_over_extras(text, back_over_blanks(text, at));
    return want(text, end, skip_blanks(text, behind), responder, err);
}

static size_t skip_range(const struct text *text, size_t at)
{
    return at < text->len && (text->bytes[at] == '^' || text->bytes[at] == '~') ? at + 1 : at;
}

/* The colon at AT between two quoted words. */
static int want_by_pair(const struct text *text, size_t at, struct vb_responder *responder,
                        struct vb_error *err)
{
    const size_t end = back_over_blanks(text, at), value = skip_blanks(text, at + 1);
    if (end == 0 || text->bytes[end - 1] != '"' || value >= text->len || text->bytes[value] != '"')
        return VB_OK;
    return want(text, end - 1, skip_range(text, value + 1), responder, err);
}

int vb_wants_find(const unsigned char *bytes, size_t len, struct vb_responder *responder,
                  struct vb_error *err)
{
    const struct text text = {bytes, len};
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i + 1 < len; i++) {
        const unsigned char c = bytes[i];
        if ((c == '=' || c == '~' || c == '<') && bytes[i + 1] == '=') {
            status = want_by_operator(&text, i, responder, err);
            i++;
        } else if (c == '@') {
            status = want(&text, i, skip_range(&text, i + 1), responder, err);
        } else if (c == ':') {
            status = want_by_pair(&text, i, responder, err);
        }
    }
    return status;
}
