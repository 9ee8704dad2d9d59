/* See purl.h. */
#include "fetch/purl.h"

#include <string.h>

struct part {
    const char *text;
    size_t len;
};

/* What is asked for elsewhere, or must be something else, than the index says. */
static const char *const refused[] = {"repository_url", "download_url", "vcs_url", "file_name",
                                      "checksum"};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = vb_ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool add(char *ret, size_t size, char c)
{
    const size_t len = strlen(ret);
    if (len + 1 >= size)
        return false;
    ret[len] = c;
    ret[len + 1] = '\0';
    return true;
}

/* Appends PART without its escapes. False: there is no room, or it has an escape that is none or
 * stands for what parts names (SLASHES: it may) or ends them. */
static bool decode(struct part part, bool slashes, char *ret, size_t size)
{
    for (size_t i = 0; i < part.len; i++) {
        char c = part.text[i];
        if (c == '%') {
            const int high = i + 2 < part.len ? hex_value(part.text[i + 1]) : -1;
            const int low = high < 0 ? -1 : hex_value(part.text[i + 2]);
            if (low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if ((c == '/' && !slashes) || (unsigned char)c < ' ' || c == 0x7f || !add(ret, size, c))
            return false;
    }
    return part.len > 0;
}

static const char *last_of(struct part part, char c)
{
    for (const char *at = part.text + part.len; at > part.text; at--) {
        if (at[-1] == c)
            return at - 1;
    }
    return NULL;
}

/* The part behind C, which is cut off; an empty one where there is none. */
static struct part cut(struct part *part, const char *at)
{
    if (at == NULL)
        return (struct part){"", 0};
    const struct part ret = {at + 1, part->len - (size_t)(at - part->text) - 1};
    part->len = (size_t)(at - part->text);
    return ret;
}

static const char *refused_in(struct part qualifiers)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(refused); i++) {
        const size_t len = strlen(refused[i]);
        for (size_t at = 0; at + len < qualifiers.len; at++) {
            if ((at == 0 || qualifiers.text[at - 1] == '&') && qualifiers.text[at + len] == '=' &&
                strncmp(qualifiers.text + at, refused[i], len) == 0)
                return refused[i];
        }
    }
    return NULL;
}

/* NAMESPACE/NAME, each of them decoded. */
static bool read_path(struct part path, struct purl *ret)
{
    while (path.len > 0 && path.text[path.len - 1] == '/')
        path.len--;
    for (;;) {
        const char *slash = memchr(path.text, '/', path.len);
        const size_t len = slash == NULL ? path.len : (size_t)(slash - path.text);
        if (!decode((struct part){path.text, len}, false, ret->name, sizeof(ret->name)))
            return false;
        if (slash == NULL)
            return true;
        if (!add(ret->name, sizeof(ret->name), '/'))
            return false;
        path = (struct part){slash + 1, path.len - len - 1};
    }
}

static bool read_type(struct part *rest, struct purl *ret)
{
    while (rest->len > 0 && rest->text[0] == '/')
        *rest = (struct part){rest->text + 1, rest->len - 1};
    const char *slash = memchr(rest->text, '/', rest->len);
    const size_t len = slash == NULL ? 0 : (size_t)(slash - rest->text);
    if (len == 0 || len >= sizeof(ret->type))
        return false;
    for (size_t i = 0; i < len; i++)
        ret->type[i] = vb_ascii_lower(rest->text[i]);
    *rest = (struct part){slash + 1, rest->len - len - 1};
    return true;
}

int purl_read(const char *purl, struct purl *ret, struct vb_error *err)
{
    struct part rest = {purl + 4, strlen(purl) - 4};
    struct purl read = {.type = ""};
    const struct part subpath = cut(&rest, last_of(rest, '#'));
    const struct part qualifiers = cut(&rest, last_of(rest, '?'));
    const char *at = last_of(rest, '@'), *slash = last_of(rest, '/');
    /* A scope's @ may stand as it is; a version is behind the name. */
    const bool versioned = at != NULL && slash != NULL && at > slash + 1;
    const struct part version = versioned ? cut(&rest, at) : (struct part){"", 0};
    const char *other = refused_in(qualifiers);
    if (other != NULL)
        return vb_fail(err, VB_E_USAGE, 0,
                       "%s: its %s is not followed; give the https:// URL or the file instead",
                       purl, other);
    if (!read_type(&rest, &read) || !read_path(rest, &read) || subpath.len > 0)
        return vb_fail(err, VB_E_USAGE, 0,
                       "%s is no package URL of a whole package, such as pkg:npm/NAME@VERSION",
                       purl);
    if (versioned && (!add(read.name, sizeof(read.name), '@') ||
                      !decode(version, true, read.name, sizeof(read.name))))
        return vb_fail(err, VB_E_USAGE, 0, "%s: its version cannot be read", purl);
    *ret = read;
    return VB_OK;
}
