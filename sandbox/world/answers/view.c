/* view: a request taken apart. Every byte of it is hostile; what is looked at is bounded here. */
#include "sandbox/world/answers/internal.h"

#include <ctype.h>
#include <string.h>

bool vb_world_glob(const char *pattern, const char *text)
{
    const char *star = NULL, *resume = NULL;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            resume = text;
        } else if (*pattern == '?' ||
                   (*pattern != '\0' && vb_ascii_lower(*pattern) == vb_ascii_lower(*text))) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool vb_text_has(const char *text, const char *part)
{
    return strcasestr(text, part) != NULL;
}

const char *vb_view_header(const struct vb_view *view, const char *name)
{
    const struct vb_http_request *request = view->request;
    for (size_t i = 0; i < request->header_count; i++) {
        if (vb_ascii_equal(request->headers[i].name, name))
            return request->headers[i].value;
    }
    return "";
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char low = vb_ascii_lower(c);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* Decodes %XX of TEXT's LEN bytes into RET, whose SIZE counts the NUL. A NUL that would come of it
 * stays as it was written. */
static void decode(const char *text, size_t len, bool plus, char *ret, size_t size)
{
    size_t out = 0;
    for (size_t i = 0; i < len && out + 1 < size; i++) {
        const int high = text[i] == '%' && len - i > 2 ? hex_of(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_of(text[i + 2]) : -1;
        if (low >= 0 && (high | low) != 0) {
            ret[out++] = (char)(high * 16 + low);
            i += 2;
        } else {
            ret[out++] = text[i] == '+' && plus ? ' ' : text[i];
        }
    }
    ret[out] = '\0';
}

/* Where the first pair NAME=VALUE of TEXT has its value; its length in *RET_LEN. */
static const char *pair_of(const char *text, size_t len, const char *name, size_t *ret_len)
{
    const size_t name_len = strlen(name);
    while (len > 0) {
        const char *end = memchr(text, '&', len);
        const size_t part = end == NULL ? len : (size_t)(end - text);
        if (part > name_len && text[name_len] == '=' && memcmp(text, name, name_len) == 0) {
            *ret_len = part - name_len - 1;
            return text + name_len + 1;
        }
        text += part + (end != NULL);
        len -= part + (end != NULL);
    }
    return NULL;
}

bool vb_view_query(const struct vb_view *view, const char *name, char *ret, size_t size)
{
    size_t len = 0;
    const char *value = pair_of(view->query, strlen(view->query), name, &len);
    if (value != NULL)
        decode(value, len, true, ret, size);
    return value != NULL;
}

/* --- what it is about --- */

static bool is_safe(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

static const char *const extensions[] = {
    ".b64", ".base64", ".tar.gz", ".tar.xz", ".tar.bz2", ".tgz", ".zip", ".whl", ".gz",
    ".sh",  ".bash",   ".py",     ".js",     ".mjs",     ".cjs", ".ps1", ".git", ".json",
    ".bin", ".elf",    ".run",    ".deb",    ".exe",     ".tar", ".pl",  ".rb"};

static size_t without_extension(const char *text, size_t len)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(extensions); i++) {
        const size_t end = strlen(extensions[i]);
        if (len > end && strncasecmp(text + len - end, extensions[i], end) == 0)
            return len - end;
    }
    return len;
}

/* Where "-1.2.3", "-v1.2.3" or "_1.2" begins in TEXT; LEN: nowhere. */
static size_t version_at(const char *text, size_t len)
{
    for (size_t i = 1; i + 1 < len; i++) {
        if (text[i] != '-' && text[i] != '_')
            continue;
        const size_t digit = i + 1 + (text[i + 1] == 'v');
        if (digit < len && isdigit((unsigned char)text[digit]) &&
            memchr(text + digit, '.', len - digit) != NULL)
            return i;
    }
    return len;
}

static void copy_version(struct vb_view *view, const char *text, size_t len)
{
    size_t out = 0;
    for (size_t i = 0; i < len && out + 1 < sizeof(view->version); i++) {
        if (!isalnum((unsigned char)text[i]) && text[i] != '.')
            break;
        view->version[out++] = text[i];
    }
    while (out > 0 && view->version[out - 1] == '.')
        out--;
    view->version[out] = '\0';
}

static void make_module(struct vb_view *view)
{
    size_t i = 0;
    for (; view->name[i] != '\0'; i++) {
        const char c = vb_ascii_lower(view->name[i]);
        view->module[i] =
            isalnum((unsigned char)c) && (i > 0 || !isdigit((unsigned char)c)) ? c : '_';
    }
    view->module[i] = '\0';
}

void vb_view_call(struct vb_view *view, const char *text, size_t len)
{
    len = without_extension(text, len);
    const size_t name_len = version_at(text, len);
    size_t out = 0;
    for (size_t i = 0; i < name_len && out < VB_VIEW_NAME; i++) {
        if (is_safe(text[i]) && (out > 0 || isalnum((unsigned char)text[i])))
            view->name[out++] = text[i];
    }
    view->name[out] = '\0';
    if (name_len < len)
        copy_version(view, text + name_len + 1 + (text[name_len + 1] == 'v'),
                     len - name_len - 1 - (text[name_len + 1] == 'v'));
    if (out == 0)
        snprintf(view->name, sizeof(view->name), "app");
    if (view->version[0] == '\0')
        snprintf(view->version, sizeof(view->version), "1.4.2");
    make_module(view);
}

/* Segments that say nothing about what they lead to. */
static bool is_general(const char *text, size_t len)
{
    static const char *const words[] = {
        "install", "installer", "setup",   "get",      "bootstrap", "init",    "main",    "master",
        "latest",  "head",      "heads",   "refs",     "tags",      "archive", "raw",     "blob",
        "index",   "releases",  "release", "download", "downloads", "script",  "scripts", "update",
        "run",     "stable",    "bin",     "src",      "static",    "files",   "file",    "api",
        "linux",   "amd64",     "x86_64",  "start"};
    len = without_extension(text, len);
    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++) {
        if (strlen(words[i]) == len && strncasecmp(text, words[i], len) == 0)
            return true;
    }
    const bool is_version = len > 1 && text[0] == 'v' && isdigit((unsigned char)text[1]);
    return len == 0 || is_version || isdigit((unsigned char)text[0]);
}

/* The name of whoever is asked: the label before the last of a name. */
static void call_by_host(struct vb_view *view)
{
    const char *host = view->request->host;
    const char *end = strrchr(host, '.');
    const char *begin = end;
    while (begin != NULL && begin > host && begin[-1] != '.')
        begin--;
    if (end == NULL || strchr(host, ':') != NULL || isdigit((unsigned char)end[1]))
        vb_view_call(view, "", 0);
    else
        vb_view_call(view, begin, (size_t)(end - begin));
}

static void call_it(struct vb_view *view)
{
    const char *end = view->path + strlen(view->path);
    while (end > view->path) {
        const char *begin = end;
        while (begin > view->path && begin[-1] != '/')
            begin--;
        const size_t len = (size_t)(end - begin);
        if (!is_general(begin, len)) {
            vb_view_call(view, begin, len);
            return;
        }
        end = begin > view->path ? begin - 1 : begin;
    }
    call_by_host(view);
}

/* The path of a target in any of its forms (RFC 9112, 3.2). */
static const char *path_in(const char *target)
{
    const char *scheme = strstr(target, "://");
    if (target[0] == '/' || scheme == NULL)
        return target;
    return scheme + 3 + strcspn(scheme + 3, "/?");
}

void vb_view_init(struct vb_view *ret, const struct vb_http_request *request)
{
    *ret = (struct vb_view){.request = request};
    const char *target = path_in(request->target);
    const size_t len = strcspn(target, "?#");
    const bool rooted = target[0] == '/';
    ret->path[0] = '/';
    decode(target, len, false, ret->path + !rooted, sizeof(ret->path) - !rooted);
    ret->query = target[len] == '?' ? target + len + 1 : "";
    ret->last = strrchr(ret->path, '/') + 1;
    ret->accept = vb_view_header(ret, "accept");
    ret->agent = vb_view_header(ret, "user-agent");
    call_it(ret);
}
