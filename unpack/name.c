/* What an entry may be called, and which names are taken. Names are the oldest way out of an
 * extraction folder, so they are judged as bytes, before anything else looks at them. */
#include <errno.h>
#include <search.h>
#include <utf8proc.h>

#include "unpack/internal.h"

enum { COMPONENT_MAX = 255 };

static bool has_control(const char *raw, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)raw[i];

        if (c < 0x20 || c == 0x7f)
            return true;
    }
    return false;
}

static bool is_separator(char c)
{
    return c == '/' || c == '\\';
}

/* ".." between separators of either kind: some extractors take both. */
static bool climbs(const char *raw, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t end = at;

        while (end < len && !is_separator(raw[end]))
            end++;
        if (end - at == 2 && raw[at] == '.' && raw[at + 1] == '.')
            return true;
        at = end + 1;
    }
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Copies the components of RAW without empty and "." ones; returns how many, or -1 if one is too
 * long. */
static int normalise(const char *raw, size_t len, char *path)
{
    size_t out = 0;
    int count = 0;

    for (size_t at = 0; at < len;) {
        size_t end = at;

        while (end < len && raw[end] != '/')
            end++;
        if (end - at > COMPONENT_MAX)
            return -1;
        if (end > at && !(end - at == 1 && raw[at] == '.')) {
            if (out > 0)
                path[out++] = '/';
            memcpy(path + out, raw + at, end - at);
            out += end - at;
            count++;
        }
        at = end + 1;
    }
    path[out] = '\0';
    return count;
}

const char *name_judge(const char *raw, size_t len, unsigned max_depth,
                       char ret_path[UNPACK_PATH_MAX + 1])
{
    int depth;

    ret_path[0] = '\0';
    if (len == 0 || len > UNPACK_PATH_MAX || has_control(raw, len) || !vb_utf8_valid(raw, len))
        return "path-invalid";
    if (is_separator(raw[0]))
        return "path-absolute";
    if (len >= 2 && is_letter(raw[0]) && raw[1] == ':')
        return "path-invalid";
    if (climbs(raw, len))
        return "path-traversal";
    if (memchr(raw, '\\', len) != NULL)
        return "path-backslash";
    depth = normalise(raw, len, ret_path);
    if (depth < 0)
        return "path-invalid";
    return (unsigned)depth > max_depth ? "limit-depth" : NULL;
}

/* --- names that mislead --- */

/* U+202A to U+202E, U+2066 to U+2069, U+200E, U+200F, U+061C: they turn the order of what is shown.
 */
static bool has_bidi_control(const char *path)
{
    const unsigned char *p = (const unsigned char *)path;

    for (; p[0] != '\0'; p++) {
        if (p[0] == 0xe2 && p[1] == 0x80 &&
            (p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xaa && p[2] <= 0xae)))
            return true;
        if (p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)
            return true;
        if (p[0] == 0xd8 && p[1] == 0x9c)
            return true;
    }
    return false;
}

/* What Windows takes for a device whatever stands behind a dot. */
static bool is_reserved(const char *component, size_t len)
{
    static const char *const words[] = {"con", "prn", "aux", "nul"};
    static const char *const numbered[] = {"com", "lpt"};
    const char *const dot = memchr(component, '.', len);
    const size_t stem = dot != NULL ? (size_t)(dot - component) : len;

    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++) {
        if (stem == 3 && strncasecmp(component, words[i], 3) == 0)
            return true;
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(numbered); i++) {
        if (stem == 4 && strncasecmp(component, numbered[i], 3) == 0 && component[3] >= '1' &&
            component[3] <= '9')
            return true;
    }
    return false;
}

static const char *component_misleads(const char *component, size_t len)
{
    if (component[len - 1] == ' ' || component[len - 1] == '.')
        return "name-trailing";
    if (is_reserved(component, len))
        return "name-reserved";
    return memchr(component, ':', len) != NULL ? "name-stream" : NULL;
}

const char *name_misleads(const char *path)
{
    const char *code = has_bidi_control(path) ? "name-bidi" : NULL;

    while (code == NULL && *path != '\0') {
        const size_t len = strcspn(path, "/");

        code = len > 0 ? component_misleads(path, len) : NULL;
        path += len;
        path += *path == '/' ? 1 : 0;
    }
    return code;
}

/* Appends COMPONENT to PATH as Windows would name it; ".." and nothing are left out. */
static size_t clean_component(const char *component, size_t len, char *path, size_t out)
{
    const size_t start = out > 0 ? out + 1 : 0;
    size_t end = start;

    len = len > COMPONENT_MAX ? COMPONENT_MAX : len;
    while (len > 0 && (component[len - 1] == ' ' || component[len - 1] == '.'))
        len--;
    if (len == 0 || start + len >= UNPACK_PATH_MAX)
        return out;
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)component[i];

        path[end++] = c < 0x20 || c == 0x7f || c == ':' ? '_' : component[i];
    }
    if (start > 0)
        path[start - 1] = '/';
    path[end] = '\0';
    for (size_t i = start; !vb_utf8_valid(path + start, end - start) && i < end; i++) {
        if ((unsigned char)path[i] >= 0x80)
            path[i] = '_';
    }
    return end;
}

void name_clean(const char *raw, size_t len, char ret_path[UNPACK_PATH_MAX + 1])
{
    size_t out = 0;

    ret_path[0] = '\0';
    for (size_t at = 0; at < len;) {
        size_t end = at;

        while (end < len && !is_separator(raw[end]))
            end++;
        out = clean_component(raw + at, end - at, ret_path, out);
        at = end + 1;
    }
}

bool name_link_escapes(const char *path, const char *target)
{
    long depth = -1; /* of the folder that holds the link */
    const char *at = target;

    if (is_separator(target[0]) || strchr(target, '\\') != NULL ||
        (is_letter(target[0]) && target[1] == ':'))
        return true;
    for (const char *p = path; p != NULL; p = strchr(p, '/'), p = p == NULL ? NULL : p + 1)
        depth++;
    while (*at != '\0') {
        const size_t len = strcspn(at, "/");

        if (len == 2 && at[0] == '.' && at[1] == '.')
            depth--;
        else if (len > 0 && !(len == 1 && at[0] == '.'))
            depth++;
        if (depth < 0)
            return true;
        at += len;
        at += *at == '/' ? 1 : 0;
    }
    return false;
}

static const char *const compression_suffixes[] = {".gz",  ".bz2", ".xz", ".lzma", ".zst",
                                                   ".lz4", ".br",  ".lz", ".z"};

void name_for_bare(const char *name, bool strip_compression, char ret_name[256])
{
    const char *base = name != NULL ? vb_path_base(name) : "";
    size_t len = strlen(base);
    size_t out = 0;

    for (size_t i = 0; strip_compression && i < VB_ARRAY_LEN(compression_suffixes); i++) {
        const char *const suffix = compression_suffixes[i];
        const size_t suffix_len = strlen(suffix);

        if (len > suffix_len && vb_ascii_equal(base + len - suffix_len, suffix)) {
            len -= suffix_len;
            break;
        }
    }
    len = len > COMPONENT_MAX ? COMPONENT_MAX : len;
    for (; out < len; out++) {
        const unsigned char c = (unsigned char)base[out];

        ret_name[out] = base[out];
        if (c < 0x20 || c == 0x7f || c == '\\' || c == '/')
            ret_name[out] = '_';
    }
    ret_name[out] = '\0';
    if (out == 0 || strcmp(ret_name, ".") == 0 || strcmp(ret_name, "..") == 0)
        (void)snprintf(ret_name, 256, "%s", "artifact");
    for (size_t i = 0; !vb_utf8_valid(ret_name, out) && i < out; i++) {
        if ((unsigned char)ret_name[i] >= 0x80)
            ret_name[i] = '_';
    }
}

/* A balanced tree, not a hash table: its worst case does not depend on the names. */
struct names {
    void *root;
    size_t count;
};

struct name_node {
    char *folded;
    char *exact;
    bool directory;
};

static int compare_nodes(const void *a, const void *b)
{
    return strcmp(((const struct name_node *)a)->folded, ((const struct name_node *)b)->folded);
}

static void free_node(void *p)
{
    struct name_node *const node = p;

    if (node == NULL)
        return;
    free(node->folded);
    free(node->exact);
    free(node);
}

int names_new(struct names **ret, struct vb_error *err)
{
    struct names *const names = calloc(1, sizeof(*names));

    if (names == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "no memory for the list of names");
    *ret = names;
    return 0;
}

void names_free(struct names **names)
{
    if (*names == NULL)
        return;
    tdestroy((*names)->root, free_node);
    free(*names);
    *names = NULL;
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0x80)
            return false;
    }
    return true;
}

/* PATH as a file system sees it that knows neither case nor normal forms; NULL: no memory. */
static char *fold(const char *path)
{
    char *folded = NULL;

    if (!is_ascii(path)) {
        const utf8proc_ssize_t len = utf8proc_map(
            (const utf8proc_uint8_t *)path, 0, (utf8proc_uint8_t **)&folded,
            UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);

        if (len >= 0 || len == UTF8PROC_ERROR_NOMEM)
            return folded;
    }
    folded = strdup(path);
    for (char *p = folded; p != NULL && *p != '\0'; p++) {
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    }
    return folded;
}

static const struct name_node *find(const struct names *names, const char *folded)
{
    const struct name_node key = {.folded = (char *)(uintptr_t)folded};
    void *const found = tfind(&key, &names->root, compare_nodes);

    return found != NULL ? *(struct name_node *const *)found : NULL;
}

static int insert(struct names *names, const char *folded, const char *exact, bool directory)
{
    struct name_node *const node = calloc(1, sizeof(*node));

    if (node == NULL)
        return -1;
    node->folded = strdup(folded);
    node->exact = strdup(exact);
    node->directory = directory;
    if (node->folded == NULL || node->exact == NULL ||
        tsearch(node, &names->root, compare_nodes) == NULL) {
        free_node(node);
        return -1;
    }
    names->count++;
    return 0;
}

static const char *clash(const struct name_node *node, const char *exact, bool directory)
{
    if (node == NULL || (node->directory && directory))
        return NULL;
    if (node->directory != directory)
        return "file-directory-collision";
    return strcmp(node->exact, exact) == 0 ? "duplicate-path" : "case-collision";
}

/* Calls itself for nothing: walks the parents of PATH, checking or inserting each. Folding never
 * makes or removes a '/', so that both forms have the same number of components. */
static int walk_parents(struct names *names, char *folded, char *exact, bool add,
                        const char **ret_code)
{
    char *f = strchr(folded, '/');
    char *e = strchr(exact, '/');

    for (; f != NULL && e != NULL && *ret_code == NULL;
         f = strchr(f + 1, '/'), e = strchr(e + 1, '/')) {
        const struct name_node *node;
        int status = 0;

        *f = '\0';
        *e = '\0';
        node = find(names, folded);
        if (!add)
            *ret_code = clash(node, exact, true);
        else if (node == NULL)
            status = insert(names, folded, exact, true);
        *f = '/';
        *e = '/';
        if (status != 0)
            return status;
    }
    return 0;
}

int names_claim(struct names *names, const char *path, bool directory, const char **ret_code,
                struct vb_error *err)
{
    VB_CLEANUP_FREE char *folded = fold(path);
    VB_CLEANUP_FREE char *exact = strdup(path);
    const struct name_node *node;
    const char *code = NULL;

    if (folded == NULL || exact == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "no memory for the list of names");
    (void)walk_parents(names, folded, exact, false, &code);
    node = find(names, folded);
    if (code == NULL)
        code = clash(node, path, directory);
    *ret_code = code;
    if (code != NULL)
        return 0;
    if (walk_parents(names, folded, exact, true, &code) != 0 ||
        (node == NULL && insert(names, folded, path, directory) != 0))
        return vb_fail(err, VB_E_NOMEM, 0, "no memory for the list of names");
    return 0;
}

size_t names_count(const struct names *names)
{
    return names->count;
}

bool names_has_file(const struct names *names, const char *path)
{
    VB_CLEANUP_FREE char *folded = fold(path);
    const struct name_node *const node = folded != NULL ? find(names, folded) : NULL;

    return node != NULL && !node->directory && strcmp(node->exact, path) == 0;
}
