/* python: from requirements to the files that `pip install` would take, by the pages of an index
 * (PEP 503, PEP 691) and the metadata that it keeps beside the files (PEP 658). Only wheels: what
 * is there as source alone would have to be built, by code of its own. */
#include <errno.h>
#include <string.h>

#include "fetch/closure.h"

enum {
    PAGE_BYTES = 32 << 20,
    METADATA_BYTES = 1 << 20,
    RULES_MAX = 64,
    FILE_BYTES = 256,
    VERSION_BYTES = 64
};

struct project {
    char name[PEP508_NAME_BYTES];
    json_t *page; /* NULL: it has not come */
    char why[256];
    /* what others ask of it in this round */
    char rules[RULES_MAX][PEP508_SPECIFIERS_BYTES];
    size_t rule_count;
    char extras[4 * PEP508_EXTRAS_BYTES]; /* ",a,b,", of all rounds */
    bool wanted, requested;
    /* what is taken */
    const json_t *file;  /* of PAGE */
    const char *foreign; /* a wheel of PAGE that would fit, but is another project's */
    char version[VERSION_BYTES];
    const json_t *described; /* the file whose requirements these are */
    json_t *requires;        /* strings */
    bool metadata_asked;
};

struct pypi {
    struct closure *closure;
    struct project projects[CLOSURE_PACKAGES];
    size_t count;
    size_t at; /* of those that may have to be asked for */
    bool waits, changed;
};

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static const struct registry *registry_of(const struct pypi *pypi)
{
    return &pypi->closure->request->indexes->python;
}

/* --- pages --- */

/* PEP 691. */
#define SIMPLE             \
    "application/vnd.pypi" \
    ".simple.v1"
const char pypi_accept[] = "Accept: " SIMPLE "+json, " SIMPLE "+html; q=0.2, text/html; q=0.1";

/* What stands at FROM of text that is to be read as HTML; *RET_LEN is how long it is there. */
static char undo_entity(const char *from, size_t *ret_len)
{
    static const struct {
        const char *entity;
        char c;
    } entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};
    *ret_len = 1;
    for (size_t i = 0; *from == '&' && i < VB_ARRAY_LEN(entities); i++) {
        if (strncmp(from, entities[i].entity, strlen(entities[i].entity)) == 0) {
            *ret_len = strlen(entities[i].entity);
            return entities[i].c;
        }
    }
    return *from;
}

/* The quoted value behind NAME= in the LEN bytes of TAG, or NULL. */
static const char *find_value(const char *tag, size_t len, const char *name, const char **ret_end)
{
    const size_t own = strlen(name);
    const char *at = tag, *end = tag + len;
    while ((at = memmem(at, (size_t)(end - at), name, own)) != NULL) {
        const char *from = at + own + 2;
        const bool fits =
            from < end && at[own] == '=' && (at[own + 1] == '"' || at[own + 1] == '\'');
        *ret_end = fits ? memchr(from, at[own + 1], (size_t)(end - from)) : NULL;
        if (*ret_end != NULL)
            return from;
        at += own;
    }
    return NULL;
}

/* The value of the attribute NAME of TAG. */
static bool attribute(const char *tag, size_t len, const char *name, char *ret, size_t size)
{
    const char *end = NULL;
    const char *from = find_value(tag, len, name, &end);
    size_t to = 0, step;
    while (from != NULL && from < end && to + 1 < size) {
        ret[to++] = undo_entity(from, &step);
        from += step;
    }
    ret[to] = '\0';
    return from != NULL && from >= end;
}

/* URL, which a page at BASE names, as an absolute one (RFC 3986, 5.2, as far as indexes need it).
 */
static bool absolute(const char *base, const char *url, char *ret, size_t size)
{
    const char *host = strstr(base, "://");
    if (strstr(url, "://") != NULL)
        return snprintf(ret, size, "%s", url) < (int)size;
    if (host == NULL)
        return false;
    const size_t origin = (size_t)(host - base) + 3 + strcspn(host + 3, "/");
    if (url[0] == '/')
        return snprintf(ret, size, "%.*s%s", (int)origin, base, url) < (int)size;
    size_t len = strlen(base);
    while (len > origin && base[len - 1] != '/')
        len--;
    while (strncmp(url, "../", 3) == 0 || strncmp(url, "./", 2) == 0) {
        if (url[1] == '.' && len > origin + 1) {
            len--;
            while (len > origin && base[len - 1] != '/')
                len--;
        }
        url += url[1] == '.' ? 3 : 2;
    }
    return snprintf(ret, size, "%.*s%s", (int)len, base, url) < (int)size;
}

/* One <a href="URL#sha256=HEX" data-requires-python="…">FILE</a>. */
static bool add_anchor(const char *tag, size_t len, json_t *files)
{
    char url[CROWD_URL_BYTES], python[128] = "", ignored[64];
    if (!attribute(tag, len, "href", url, sizeof(url)))
        return false;
    char *hash = strchr(url, '#');
    if (hash == NULL || strncmp(hash, "#sha256=", 8) != 0)
        return false;
    *hash = '\0';
    (void)attribute(tag, len, "data-requires-python", python, sizeof(python));
    const bool described = attribute(tag, len, "data-core-metadata", ignored, sizeof(ignored)) ||
                           attribute(tag, len, "data-dist-info-metadata", ignored, sizeof(ignored));
    const bool yanked = attribute(tag, len, "data-yanked", ignored, sizeof(ignored));
    json_t *file = json_pack("{s:s, s:s, s:{s:s}, s:s, s:b, s:b}", "filename", vb_path_base(url),
                             "url", url, "hashes", "sha256", hash + 8, "requires-python", python,
                             "core-metadata", described, "yanked", yanked);
    if (file != NULL && attribute(tag, len, "data-provenance", url, sizeof(url)))
        (void)json_object_set_new(file, "provenance", json_string(url));
    return file != NULL && json_array_append_new(files, file) == 0;
}

static json_t *read_html(const char *text)
{
    json_t *page = json_pack("{s:[]}", "files");
    json_t *files = json_object_get(page, "files");
    for (const char *at = text; files != NULL && (at = strstr(at, "<a ")) != NULL;) {
        const char *end = strchr(at, '>');
        if (end == NULL)
            break;
        (void)add_anchor(at, (size_t)(end - at), files);
        at = end;
    }
    return page;
}

static void make_absolute(const char *base, json_t *file, const char *key)
{
    char url[CROWD_URL_BYTES];
    const char *relative = text_of(file, key);
    if (relative == NULL || !absolute(base, relative, url, sizeof(url)) ||
        json_object_set_new(file, key, json_string(url)) < 0)
        (void)json_object_del(file, key);
}

int pypi_parse_page(struct crowd_get *get, const char *base, json_t **ret, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    json_t *page = NULL, *file;
    size_t i;
    vb_buf_init(&text, PAGE_BYTES);
    if (lseek(get->fd, 0, SEEK_SET) < 0)
        return vb_fail(err, VB_E_OS, errno, "reading what an index sent");
    int status = vb_buf_read_fd(&text, get->fd, err);
    if (status < 0 || text.len == 0)
        return status < 0 ? status : vb_fail(err, VB_E_DATA, 0, "the page is empty");
    const char *start = (const char *)text.data;
    if (start[strspn(start, " \t\r\n")] == '{')
        status = vb_json_parse(start, text.len, text.max, &page, err);
    else
        page = read_html(start);
    if (status < 0 || !json_is_array(json_object_get(page, "files"))) {
        json_decref(page);
        return vb_fail(err, VB_E_DATA, 0, "it is no page of a project");
    }
    json_array_foreach(json_object_get(page, "files"), i, file)
    {
        make_absolute(base, file, "url");
        make_absolute(base, file, "provenance");
    }
    *ret = page;
    return VB_OK;
}

static int page_came(void *ctx, struct crowd_get *get, struct vb_error *err)
{
    struct project *project = get->ctx;
    struct vb_error broken;
    (void)ctx;
    (void)err;
    if (get->status != VB_OK)
        snprintf(project->why, sizeof(project->why), "%s", get->reason);
    else if (pypi_parse_page(get, get->url, &project->page, &broken) < 0)
        snprintf(project->why, sizeof(project->why), "what the index sent is no page");
    return VB_OK;
}

static bool next_page(void *ctx, struct crowd_get *ret)
{
    struct pypi *pypi = ctx;
    char path[PEP508_NAME_BYTES + 2];
    while (pypi->at < pypi->count) {
        struct project *project = &pypi->projects[pypi->at++];
        if (project->page != NULL || project->why[0] != '\0' || !project->wanted)
            continue;
        snprintf(path, sizeof(path), "%s/", project->name);
        if (registry_of(pypi)->base[0] == '\0' ||
            !settings_ask(pypi->closure->request->indexes, registry_of(pypi), path, ret)) {
            snprintf(project->why, sizeof(project->why),
                     "pip is not here, and no index is set for it");
            continue;
        }
        ret->headers[0] = pypi_accept;
        ret->limit = PAGE_BYTES;
        ret->ctx = project;
        return true;
    }
    return false;
}

/* --- which file --- */

static bool is_true(const json_t *value)
{
    return json_is_true(value) || (json_is_string(value) && json_string_length(value) > 0);
}

static bool is_allowed(const struct project *project, const char *version)
{
    bool named = !pep440_prerelease(version);
    for (size_t i = 0; i < project->rule_count; i++) {
        if (!pep440_satisfies(version, project->rules[i]))
            return false;
        named = named || pep440_names_prerelease(project->rules[i]);
    }
    return named;
}

static unsigned fitness(const struct pypi *pypi, struct project *project, const json_t *file,
                        char *ret_version)
{
    const struct pep508_machine *machine = &pypi->closure->machine;
    const char *name = text_of(file, "filename"), *python = text_of(file, "requires-python");
    const char *sha256 = text_of(json_object_get(file, "hashes"), "sha256");
    if (name == NULL || strlen(name) >= FILE_BYTES || strchr(name, '/') != NULL || name[0] == '.' ||
        sha256 == NULL || strlen(sha256) != 64 || text_of(file, "url") == NULL ||
        is_true(json_object_get(file, "yanked")))
        return 0;
    const unsigned fits = wheel_fits(name, machine, ret_version, VERSION_BYTES);
    if (fits == 0 || !pep440_valid(ret_version) || !is_allowed(project, ret_version))
        return 0;
    if (!wheel_is_of(name, project->name)) {
        project->foreign = name;
        return 0;
    }
    return python == NULL || python[0] == '\0' || pep440_satisfies(machine->python, python) ? fits
                                                                                            : 0;
}

static void choose(struct pypi *pypi, struct project *project)
{
    const json_t *files = json_object_get(project->page, "files"), *best = NULL;
    char version[VERSION_BYTES], found[VERSION_BYTES] = "";
    unsigned best_fits = 0;
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *file = json_array_get(files, i);
        const unsigned fits = fitness(pypi, project, file, version);
        const int order = fits == 0 || best == NULL ? 1 : pep440_compare(version, found);
        if (fits == 0 || order < 0 || (order == 0 && fits <= best_fits))
            continue;
        best = file;
        best_fits = fits;
        snprintf(found, sizeof(found), "%s", version);
    }
    pypi->changed = pypi->changed || best != project->file;
    project->file = best;
    snprintf(project->version, sizeof(project->version), "%s", found);
}

/* --- what it needs --- */

/* A file without metadata beside it needs what nobody can tell without opening it. */
static bool is_described(const json_t *file)
{
    const json_t *core = json_object_get(file, "core-metadata");
    const json_t *old = json_object_get(file, "data-dist-info-metadata");
    return json_is_true(core) || json_is_object(core) || json_is_true(old) || json_is_object(old);
}

static void read_metadata(struct project *project, char *text)
{
    static const char key[] = "Requires-Dist:";
    for (char *line = text; line != NULL && *line != '\0' && *line != '\n' && *line != '\r';) {
        char *end = strchr(line, '\n');
        if (end != NULL)
            *end = '\0';
        if (vb_ascii_starts(line, key)) {
            char *value = line + sizeof(key) - 1;
            value[strcspn(value, "\r")] = '\0';
            (void)json_array_append_new(project->requires,
                                        json_string(value + strspn(value, " \t")));
        }
        line = end == NULL ? NULL : end + 1;
    }
}

static int metadata_came(void *ctx, struct crowd_get *get, struct vb_error *err)
{
    struct pypi *pypi = ctx;
    struct project *project = get->ctx;
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    char reason[sizeof(get->reason) + 48];
    vb_buf_init(&text, METADATA_BYTES);
    project->described = project->file;
    pypi->changed = true;
    json_decref(project->requires);
    project->requires = json_array();
    if (project->requires == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "resolving dependencies");
    if (get->status == VB_OK && lseek(get->fd, 0, SEEK_SET) == 0 &&
        vb_buf_read_fd(&text, get->fd, err) == VB_OK && text.len > 0) {
        read_metadata(project, (char *)text.data);
        return VB_OK;
    }
    snprintf(reason, sizeof(reason), "what it needs itself is not known: %s",
             get->status == VB_E_LIMIT ? "its metadata is larger than 1 MiB"
             : get->status < 0         ? get->reason
                                       : "the index does not tell");
    return closure_miss(pypi->closure, VB_INDEX_PYPI, project->name, project->version, reason, err);
}

static bool next_metadata(void *ctx, struct crowd_get *ret)
{
    struct pypi *pypi = ctx;
    char url[CROWD_URL_BYTES];
    while (pypi->at < pypi->count) {
        struct project *project = &pypi->projects[pypi->at++];
        if (project->file == NULL || project->described == project->file ||
            !is_described(project->file))
            continue;
        snprintf(url, sizeof(url), "%s.metadata", text_of(project->file, "url"));
        if (!settings_ask_url(pypi->closure->request->indexes, registry_of(pypi), url, ret))
            continue;
        ret->limit = METADATA_BYTES;
        ret->ctx = project;
        return true;
    }
    return false;
}

/* --- rounds --- */

static struct project *find(struct pypi *pypi, const char *name)
{
    for (size_t i = 0; i < pypi->count; i++) {
        if (strcmp(pypi->projects[i].name, name) == 0)
            return &pypi->projects[i];
    }
    if (pypi->count == CLOSURE_PACKAGES)
        return NULL;
    struct project *project = &pypi->projects[pypi->count++];
    snprintf(project->name, sizeof(project->name), "%s", name);
    pypi->changed = true;
    return project;
}

static void add_extras(struct pypi *pypi, struct project *project, const char *extras)
{
    const size_t len = strlen(project->extras);
    if (extras[0] == '\0' || strstr(project->extras, extras) != NULL)
        return;
    pypi->changed = true;
    snprintf(project->extras + len, sizeof(project->extras) - len, "%s", extras);
}

static int require(struct pypi *pypi, const char *text, const char *extras, bool requested,
                   struct vb_error *err)
{
    struct pep508 need;
    if (!pep508_read(text, &pypi->closure->machine, extras, &need))
        return requested ? closure_miss(pypi->closure, VB_INDEX_PYPI, text, "",
                                        "it is no requirement that can be read", err)
                         : VB_OK;
    if (!need.wanted)
        return VB_OK;
    if (need.url)
        return closure_miss(pypi->closure, VB_INDEX_PYPI, need.name, "",
                            "it does not come from the index", err);
    struct project *project = find(pypi, need.name);
    if (project == NULL)
        return closure_miss(pypi->closure, VB_INDEX_PYPI, need.name, need.specifiers,
                            "there are too many packages", err);
    project->wanted = true;
    project->requested = project->requested || requested;
    if (need.specifiers[0] != '\0' && project->rule_count < RULES_MAX)
        snprintf(project->rules[project->rule_count++], PEP508_SPECIFIERS_BYTES, "%s",
                 need.specifiers);
    add_extras(pypi, project, need.extras);
    return VB_OK;
}

/* Who is asked for, and how, by what was chosen in the round before. */
static int gather(struct pypi *pypi, struct vb_error *err)
{
    const struct vb_closure_request *request = pypi->closure->request;
    int status = VB_OK;
    for (size_t i = 0; i < pypi->count; i++) {
        pypi->projects[i].rule_count = 0;
        pypi->projects[i].wanted = false;
    }
    for (size_t i = 0; status == VB_OK && i < request->want_count; i++) {
        if (request->wants[i].index == VB_INDEX_PYPI)
            status = require(pypi, request->wants[i].name, ",", true, err);
    }
    /* Those found here are behind, and looked at too. */
    for (size_t i = 0; status == VB_OK && i < pypi->count; i++) {
        const struct project *project = &pypi->projects[i];
        if (!project->wanted || project->file == NULL || project->described != project->file)
            continue;
        for (size_t j = 0; status == VB_OK && j < json_array_size(project->requires); j++)
            status = require(pypi, json_string_value(json_array_get(project->requires, j)),
                             project->extras, false, err);
    }
    return status;
}

static int round_once(struct pypi *pypi, struct vb_error *err)
{
    const struct crowd_work pages = {pypi, next_page, page_came};
    const struct crowd_work metadata = {pypi, next_metadata, metadata_came};
    pypi->changed = false;
    int status = gather(pypi, err);
    pypi->at = 0;
    if (status == VB_OK)
        status = crowd_run(&pypi->closure->crowd, &pages, err);
    for (size_t i = 0; status == VB_OK && i < pypi->count; i++) {
        if (pypi->projects[i].page != NULL && pypi->projects[i].wanted)
            choose(pypi, &pypi->projects[i]);
    }
    pypi->at = 0;
    return status < 0 ? status : crowd_run(&pypi->closure->crowd, &metadata, err);
}

static int put_project(struct pypi *pypi, const struct project *project, struct vb_error *err)
{
    char file[FILE_BYTES + 8], digest[80];
    if (project->foreign != NULL) {
        const int status =
            closure_miss(pypi->closure, VB_INDEX_PYPI, project->name, project->foreign,
                         "the index offers another project's file for it: it is not taken", err);
        if (status < 0 || project->file == NULL)
            return status;
    }
    if (project->file == NULL)
        return closure_miss(pypi->closure, VB_INDEX_PYPI, project->name,
                            project->rule_count > 0 ? project->rules[0] : "",
                            project->why[0] != '\0'
                                ? project->why
                                : "there is no wheel of such a version for this machine",
                            err);
    if (!is_described(project->file)) {
        const int status =
            closure_miss(pypi->closure, VB_INDEX_PYPI, project->name, project->version,
                         "what it needs itself is not known: the index does not tell", err);
        if (status < 0)
            return status;
    }
    const char *sha256 = text_of(json_object_get(project->file, "hashes"), "sha256");
    snprintf(file, sizeof(file), "pypi/%s", text_of(project->file, "filename"));
    snprintf(digest, sizeof(digest), "sha256-%s", sha256);
    json_t *row =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "name", project->name, "version",
                  project->version, "file", file, "sha256", sha256, "url",
                  text_of(project->file, "url"), "digest", digest, "requested", project->requested);
    if (row == NULL || json_array_append_new(pypi->closure->pypi, row) < 0)
        return vb_fail(err, VB_E_NOMEM, errno, "noting a dependency");
    return VB_OK;
}

static void free_pypi(struct pypi **pypi)
{
    if (*pypi == NULL)
        return;
    for (size_t i = 0; i < (*pypi)->count; i++) {
        json_decref((*pypi)->projects[i].page);
        json_decref((*pypi)->projects[i].requires);
    }
    free(*pypi);
}

int pypi_resolve(struct closure *closure, struct vb_error *err)
{
    VB_CLEANUP(free_pypi) struct pypi *pypi = calloc(1, sizeof(*pypi));
    if (pypi == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "resolving dependencies");
    pypi->closure = closure;
    pypi->changed = true;
    int status = VB_OK;
    for (unsigned round = 0; status == VB_OK && pypi->changed && round < CLOSURE_ROUNDS; round++)
        status = round_once(pypi, err);
    for (size_t i = 0; status == VB_OK && i < pypi->count; i++) {
        if (pypi->projects[i].wanted)
            status = put_project(pypi, &pypi->projects[i], err);
    }
    return status;
}
