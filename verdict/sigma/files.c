/* Files of rules: which there are, the documents in them, and whose kind each document is. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "verdict/sigma/internal.h"
#include "vetbox/core/text.h"

static const struct vb_yaml_limits limits = {.bytes = SIGMA_FILE_BYTES,
                                             .depth = SIGMA_YAML_DEPTH,
                                             .nodes = SIGMA_YAML_NODES,
                                             .keys = SIGMA_YAML_KEYS,
                                             .documents = SIGMA_DOCUMENTS};

static int no_memory(struct vb_error *err)
{
    return vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules");
}

static const struct {
    const char *key;
    void (*load)(struct load *load, const struct vb_yaml_node *top);
} kinds[] = {
    {"detection", vb_sigma_load_rule},
    {"correlation", vb_sigma_load_correlation},
    {"filter", vb_sigma_load_filter},
};

static void load_document(struct load *load, const struct vb_yaml_node *top)
{
    if (top->kind != VB_YAML_MAP) {
        (void)vb_sigma_refuse(load, top->line, "a document is a map");
        return;
    }
    if (vb_yaml_get(top, "action") != NULL) {
        (void)vb_sigma_refuse(load, vb_yaml_get(top, "action")->line,
                              "action is of Sigma 1 and not supported: write each rule whole");
        return;
    }
    size_t found = 0, kind = 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(kinds); i++) {
        if (vb_yaml_get(top, kinds[i].key) == NULL)
            continue;
        found++;
        kind = i;
    }
    if (found == 1)
        kinds[kind].load(load, top);
    else
        (void)vb_sigma_refuse(load, top->line,
                              "a document has one of the keys detection, correlation and filter");
}

/* A message of the YAML reader is "NAME:LINE: why". */
static void note_yaml(struct vb_sigma *sigma, const char *name, const struct vb_error *err)
{
    const size_t len = strlen(name);
    size_t line = 1;
    const char *text = err->message;
    if (strncmp(text, name, len) == 0 && text[len] == ':') {
        char *end = NULL;
        line = strtoul(text + len + 1, &end, 10);
        text = end[0] == ':' && end[1] == ' ' ? end + 2 : end;
    }
    vb_sigma_note(sigma, VB_SIGMA_ERROR, name, line, "%s", text);
}

int vb_sigma_load(struct vb_sigma *sigma, const char *name, const char *text, size_t len,
                  struct vb_error *err)
{
    if (sigma->compiled)
        return vb_fail(err, VB_E_SOFTWARE, 0, "Sigma rules are loaded before they are compiled");
    struct vb_error why = {0};
    VB_CLEANUP_FREE char *shown = strndup(name, 200); /* messages have an end */
    struct vb_yaml *yaml = NULL;
    if (shown == NULL)
        return no_memory(err);
    if (vb_yaml_parse(shown, text, len, &limits, &yaml, &why) < 0) {
        if (why.status == VB_E_NOMEM)
            return no_memory(err);
        note_yaml(sigma, shown, &why);
        return sigma->arena.failed ? no_memory(err) : VB_OK;
    }
    const char *kept = vb_arena_str(&sigma->arena, shown);
    for (size_t i = 0; i < vb_yaml_document_count(yaml); i++) {
        struct load load = {.sigma = sigma, .file = kept};
        load_document(&load, vb_yaml_document(yaml, i));
    }
    vb_yaml_free(yaml);
    return sigma->arena.failed ? no_memory(err) : VB_OK;
}

static int load_file(struct vb_sigma *sigma, int folder, const char *name, const char *path,
                     struct vb_error *err)
{
    VB_CLEANUP_FD int fd = openat(
        folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (folder == AT_FDCWD ? 0 : O_NOFOLLOW));
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    vb_buf_init(&text, SIGMA_FILE_BYTES);
    struct vb_error why = {0};
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        (void)vb_fail(&why, VB_E_CONFIG, errno, "cannot read the file");
    else if (!S_ISREG(status.st_mode))
        (void)vb_fail(&why, VB_E_CONFIG, 0, "not a file");
    else if (vb_buf_read_fd(&text, fd, &why) == VB_OK)
        return vb_sigma_load(sigma, path, (const char *)text.data, text.len, err);
    if (why.status == VB_E_NOMEM)
        return no_memory(err);
    vb_sigma_note(sigma, VB_SIGMA_ERROR, path, 1, "%s", why.message);
    return VB_OK;
}

struct listing {
    char **names;
    size_t count;
};

static void listing_done(struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        free(listing->names[i]);
    free(listing->names);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static int list_folder(int fd, const char *path, struct listing *listing, struct vb_error *err)
{
    const int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (dir == NULL)
        return vb_fail(err, VB_E_CONFIG, errno, "cannot read the rules folder %s", path);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (entry->d_name[0] == '.')
            continue;
        if (listing->count >= SIGMA_FILES)
            return vb_fail(err, VB_E_CONFIG, 0, "%s holds more than %d files", path, SIGMA_FILES);
        if (!vb_sigma_grow(&listing->names, listing->count, sizeof(*listing->names)) ||
            (listing->names[listing->count] = strdup(entry->d_name)) == NULL)
            return no_memory(err);
        listing->count++;
    }
    if (listing->count > 1)
        qsort(listing->names, listing->count, sizeof(*listing->names), compare_names);
    return VB_OK;
}

static bool is_rule_file(const char *name)
{
    const char *extension = vb_path_extension(name);
    return strcmp(extension, "yml") == 0 || strcmp(extension, "yaml") == 0;
}

static int load_folder(struct vb_sigma *sigma, int fd, const char *path, unsigned depth,
                       struct vb_error *err)
{
    if (depth > SIGMA_FOLDER_DEPTH)
        return vb_fail(err, VB_E_CONFIG, 0, "%s: folders nested too deeply", path);
    VB_CLEANUP(listing_done) struct listing listing = {0};
    int status = list_folder(fd, path, &listing, err);
    for (size_t i = 0; i < listing.count && status == VB_OK; i++) {
        VB_CLEANUP_FREE char *below = NULL;
        if (asprintf(&below, "%s/%s", path, listing.names[i]) < 0) {
            below = NULL;
            return no_memory(err);
        }
        VB_CLEANUP_FD int folder =
            openat(fd, listing.names[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (folder >= 0 && strcmp(listing.names[i], VB_SIGMA_CASES) == 0)
            continue; /* of rules, not rules */
        if (folder >= 0)
            status = load_folder(sigma, folder, below, depth + 1, err);
        else if (is_rule_file(listing.names[i]))
            status = load_file(sigma, fd, listing.names[i], below, err);
    }
    return status;
}

int vb_sigma_load_path(struct vb_sigma *sigma, const char *path, struct vb_error *err)
{
    VB_CLEANUP_FD int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0)
        return load_folder(sigma, folder, path, 0, err);
    if (errno != ENOTDIR)
        return vb_fail(err, VB_E_CONFIG, errno, "cannot read the rules %s", path);
    return load_file(sigma, AT_FDCWD, path, path, err);
}
