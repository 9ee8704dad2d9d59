/* Reads the rule files of one folder. They come from the user, so nothing here is hostile; an
 * error names the file, the line and the way out. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "scan/rules_internal.h"

enum { MAX_RULE_FILES = 10000, MAX_RULE_FILE_BYTES = 32 * 1024 * 1024 };

/* Change this when what is compiled changes: external variables, checks, the cache's layout. */
#define CACHE_FORMAT "vetbox-yara-2"

static bool is_rule_file(const char *name)
{
    const char *extension = vb_path_extension(name);
    return name[0] != '.' && (strcmp(extension, "yar") == 0 || strcmp(extension, "yara") == 0);
}

static int by_name(const void *a, const void *b)
{
    const struct vb_rule_source *left = a;
    const struct vb_rule_source *right = b;
    return strcmp(left->name, right->name);
}

static int add_name(struct vb_rule_sources *sources, const char *name, struct vb_error *err)
{
    if (sources->count == MAX_RULE_FILES)
        return vb_fail(err, VB_E_CONFIG, 0, "%s: more than %d rule files", sources->dir,
                       MAX_RULE_FILES);
    struct vb_rule_source *items =
        reallocarray(sources->items, sources->count + 1, sizeof(*sources->items));
    if (items == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "rule file list");
    sources->items = items;
    struct vb_rule_source *item = &items[sources->count];
    item->name = strdup(name);
    if (item->name == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "rule file list");
    vb_buf_init(&item->text, MAX_RULE_FILE_BYTES);
    sources->count++;
    return VB_OK;
}

static int list_folder(struct vb_rule_sources *sources, int fd, struct vb_error *err)
{
    VB_CLEANUP_FD int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    VB_CLEANUP_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (dir == NULL)
        return vb_fail(err, VB_E_NOINPUT, errno, "cannot read the rules folder %s", sources->dir);
    (void)vb_steal_fd(&copy);
    errno = 0;
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (!is_rule_file(entry->d_name))
            continue;
        const int status = add_name(sources, entry->d_name, err);
        if (status < 0)
            return status;
        errno = 0;
    }
    if (errno != 0)
        return vb_fail(err, VB_E_IO, errno, "cannot read the rules folder %s", sources->dir);
    if (sources->count == 0)
        return vb_fail(err, VB_E_CONFIG, 0, "%s: no rule file (*.yar, *.yara) in this folder",
                       sources->dir);
    qsort(sources->items, sources->count, sizeof(*sources->items), by_name);
    return VB_OK;
}

static int read_source(const char *dir, int dirfd, struct vb_rule_source *source,
                       struct vb_error *err)
{
    VB_CLEANUP_FD int fd = openat(dirfd, source->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return vb_fail(err, VB_E_NOINPUT, errno, "cannot open the rule file %s/%s", dir,
                       source->name);
    if (vb_buf_read_fd(&source->text, fd, err) < 0)
        return vb_wrap(err, "rule file %s/%s", dir, source->name);
    if (source->text.len > 0 && memchr(source->text.data, '\0', source->text.len) != NULL)
        return vb_fail(err, VB_E_CONFIG, 0, "%s/%s:1: not a text file", dir, source->name);
    return vb_buf_append(&source->text, "", 0, err);
}

static int make_key(struct vb_rule_sources *sources, struct vb_error *err)
{
    static const char head[] = CACHE_FORMAT " libyara " YR_VERSION;
    struct vb_digest *digest = NULL;
    int status = vb_digest_new(VB_DIGEST_SHA256, &digest, err);
    if (status == 0)
        status = vb_digest_update(digest, head, sizeof(head), err);
    for (size_t i = 0; status == 0 && i < sources->count; i++) {
        const struct vb_rule_source *item = &sources->items[i];
        const uint64_t len = item->text.len;
        status = vb_digest_update(digest, item->name, strlen(item->name) + 1, err);
        if (status == 0)
            status = vb_digest_update(digest, &len, sizeof(len), err);
        if (status == 0 && len > 0)
            status = vb_digest_update(digest, item->text.data, item->text.len, err);
    }
    if (status == 0)
        status = vb_digest_hex(digest, sources->key, err);
    vb_digest_free(digest);
    return status;
}

static int read_folder(const char *dir, struct vb_rule_sources *sources, struct vb_error *err)
{
    sources->dir = strdup(dir);
    if (sources->dir == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "rules folder");
    VB_CLEANUP_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return vb_fail(err, VB_E_NOINPUT, errno, "cannot open the rules folder %s", dir);
    int status = list_folder(sources, fd, err);
    for (size_t i = 0; status == 0 && i < sources->count; i++)
        status = read_source(dir, fd, &sources->items[i], err);
    return status == 0 ? make_key(sources, err) : status;
}

int vb_rule_sources_read(const char *dir, struct vb_rule_sources *ret, struct vb_error *err)
{
    struct vb_rule_sources sources = {0};
    const int status = read_folder(dir, &sources, err);
    if (status < 0)
        vb_rule_sources_done(&sources);
    else
        *ret = sources;
    return status;
}

void vb_rule_sources_done(struct vb_rule_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        free(sources->items[i].name);
        vb_buf_done(&sources->items[i].text);
    }
    free(sources->items);
    free(sources->dir);
    *sources = (struct vb_rule_sources){0};
}

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* KEYWORD, white space, perhaps a quote, NAME, and then no word character. */
static bool says(const char *at, const char *keyword, const char *name)
{
    const size_t keyword_len = strlen(keyword);
    const size_t name_len = strlen(name);
    if (strncmp(at, keyword, keyword_len) != 0)
        return false;
    at += keyword_len;
    const char *gap = at;
    at += strspn(at, " \t\r\n");
    if (at == gap)
        return false;
    at += at[0] == '"' ? 1 : 0;
    return strncmp(at, name, name_len) == 0 && !word_char(at[name_len]);
}

static size_t line_in(const struct vb_rule_source *source, const char *keyword, const char *name)
{
    const char *text = (const char *)source->text.data;
    if (text == NULL)
        return 0;
    for (const char *at = strstr(text, keyword); at != NULL; at = strstr(at + 1, keyword)) {
        if ((at == text || !word_char(at[-1])) && says(at, keyword, name))
            return vb_line_of(text, source->text.len, (size_t)(at - text));
    }
    return 0;
}

size_t vb_rule_source_line(const struct vb_rule_sources *sources, const char *file,
                           const char *keyword, const char *name)
{
    for (size_t i = 0; i < sources->count; i++) {
        if (strcmp(sources->items[i].name, file) == 0)
            return line_in(&sources->items[i], keyword, name);
    }
    return 0;
}
