/* package: npm:NAME[@VERSION] and its like → bytes. The index says which file it is and what its
 * digest must be; a file with another one is not taken. Runs in a fetcher child. */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "fetch/record.h"
#include "fetch/search.h"
#include "fetch/semver.h"

/* --- one request --- */

static bool next_one(void *ctx, struct crowd_get *ret)
{
    struct search *search = ctx;
    if (search->asked == NULL)
        return false;
    const int fd = ret->fd;
    *ret = *search->asked;
    ret->fd = fd;
    search->asked = NULL;
    return true;
}

static int one_came(void *ctx, struct crowd_get *get, struct vb_error *err)
{
    struct search *search = ctx;
    for (const struct search_meaning *m = search->meanings; m != NULL && m->code != 0; m++) {
        if (m->code == get->code && get->status != VB_E_TEMPFAIL)
            return vb_fail(err, m->status, 0, "%s", m->text);
    }
    if (get->status != VB_OK)
        return vb_fail(err, get->status, 0, "%s", get->reason);
    return search->came(search, get, err);
}

int search_ask(struct search *search, const struct crowd_get *get, search_came *came,
               struct vb_error *err)
{
    const struct crowd_work work = {search, next_one, one_came};
    search->asked = get;
    search->came = came;
    return crowd_run(&search->crowd, &work, err);
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* --- npm --- */

static int choose_npm(struct search *search, const json_t *packument, struct vb_error *err)
{
    const char *version = npm_choose(packument, search->version);
    const json_t *manifest =
        version == NULL ? NULL : json_object_get(json_object_get(packument, "versions"), version);
    const json_t *dist = json_object_get(manifest, "dist");
    const char *url = text_of(dist, "tarball"), *integrity = text_of(dist, "integrity");
    if (manifest == NULL)
        return vb_fail(err, VB_E_NOINPUT, 0, "the registry has no version %s of it",
                       search->version[0] == '\0' ? "at all" : search->version);
    if (url == NULL || strlen(url) >= sizeof(search->url) || !semver_valid(version))
        return vb_fail(err, VB_E_DATA, 0, "what the registry says of it cannot be read");
    if (integrity == NULL || !npm_digest_name(integrity, search->digest, sizeof(search->digest)))
        return vb_fail(err, VB_E_DATA, 0, "the registry gives no digest of it that is strong");
    snprintf(search->url, sizeof(search->url), "%s", url);
    snprintf(search->file, sizeof(search->file), "%.100s-%.128s.tgz", vb_path_base(search->name),
             version);
    snprintf(search->version, sizeof(search->version), "%s", version);
    search_note(search, "deprecated", text_of(manifest, "deprecated"));
    search->told = json_deep_copy(dist);
    return search->told == NULL ? vb_fail(err, VB_E_NOMEM, errno, "keeping what it says") : VB_OK;
}

static int packument_came(struct search *search, struct crowd_get *get, struct vb_error *err)
{
    json_t *packument = NULL;
    int status = closure_parse(get, &packument, err);
    if (status == VB_OK)
        status = choose_npm(search, packument, err);
    json_decref(packument);
    return status;
}

static int search_npm(struct search *search, struct vb_error *err)
{
    char path[NAME_BYTES + 8];
    struct crowd_get get = {.limit = PAGE_BYTES};
    const struct registry *registry = settings_npm(search->indexes, search->name);
    if (!npm_name_valid(search->name) || !npm_packument_path(search->name, path, sizeof(path)))
        return vb_fail(err, VB_E_USAGE, 0, "%s is no name of npm", search->name);
    if (registry->base[0] == '\0')
        return vb_fail(err, VB_E_CONFIG, 0,
                       "no registry is known: install npm, or set npm_config_registry");
    if (!settings_ask(search->indexes, registry, path, &get))
        return vb_fail(err, VB_E_USAGE, 0, "%s is too long", search->name);
    get.headers[0] = "Accept: application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8";
    return search_ask(search, &get, packument_came, err);
}

/* --- PyPI --- */

/* NAME-VERSION.tar.gz or .zip; the version in RET. */
static bool read_source_name(const char *file, const char *name, char *ret)
{
    static const char *const ends[] = {".tar.gz", ".zip", ".tar.bz2"};
    char normal[NAME_BYTES];
    const size_t len = strlen(file);
    for (size_t i = 0; i < VB_ARRAY_LEN(ends); i++) {
        const size_t own = strlen(ends[i]);
        const char *dash = strrchr(file, '-');
        if (len <= own || strcmp(file + len - own, ends[i]) != 0 || dash == NULL ||
            len - own - (size_t)(dash - file) > VERSION_BYTES)
            continue;
        pep503_normalise(file, (size_t)(dash - file), normal, sizeof(normal));
        snprintf(ret, VERSION_BYTES, "%.*s", (int)(file + len - own - dash - 1), dash + 1);
        return strcmp(normal, name) == 0 && pep440_valid(ret);
    }
    return false;
}

/* How well FILE serves: what pip would take here, then what it would build, then any wheel. */
static unsigned file_fitness(struct search *search, const json_t *file,
                             const struct pep508_machine *machine, char *ret_version)
{
    const char *name = text_of(file, "filename");
    const char *sha256 = text_of(json_object_get(file, "hashes"), "sha256");
    const json_t *yanked = json_object_get(file, "yanked");
    const bool gone = json_is_true(yanked) || json_is_string(yanked);
    if (name == NULL || strchr(name, '/') != NULL || strlen(name) >= NAME_BYTES || sha256 == NULL ||
        strlen(sha256) != 64 || text_of(file, "url") == NULL ||
        (gone && search->version[0] == '\0'))
        return 0;
    const unsigned fits = wheel_fits(name, machine, ret_version, VERSION_BYTES);
    if (fits > 0 && wheel_is_of(name, search->name))
        return fits + 2;
    search->foreign = search->foreign || fits > 0;
    return read_source_name(name, search->name, ret_version) ? 2 : 0;
}

static int choose_pypi(struct search *search, const json_t *page, struct vb_error *err)
{
    struct utsname here;
    struct pep508_machine machine = {"3.11", "x86_64"};
    const json_t *files = json_object_get(page, "files"), *best = NULL;
    char version[VERSION_BYTES], found[VERSION_BYTES] = "";
    unsigned best_fits = 0;
    if (uname(&here) == 0)
        machine.machine = here.machine;
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *file = json_array_get(files, i);
        const unsigned fits = file_fitness(search, file, &machine, version);
        const bool meant =
            fits > 0 && pep440_valid(version) &&
            (search->version[0] == '\0' ? !pep440_prerelease(version) || best == NULL
                                        : pep440_compare(version, search->version) == 0);
        if (!meant)
            continue;
        const bool early = best != NULL && pep440_prerelease(found);
        const int order = best == NULL || early ? 1 : pep440_compare(version, found);
        if (order < 0 || (order == 0 && fits <= best_fits))
            continue;
        best = file;
        best_fits = fits;
        snprintf(found, sizeof(found), "%s", version);
    }
    if (best == NULL)
        return vb_fail(err, VB_E_NOINPUT, 0, "the index has no file of %s that can be used here%s",
                       search->version[0] == '\0' ? "it" : search->version,
                       search->foreign ? "; those of other projects are not taken" : "");
    snprintf(search->url, sizeof(search->url), "%s", text_of(best, "url"));
    snprintf(search->file, sizeof(search->file), "%s", text_of(best, "filename"));
    snprintf(search->digest, sizeof(search->digest), "sha256-%s",
             text_of(json_object_get(best, "hashes"), "sha256"));
    snprintf(search->version, sizeof(search->version), "%s", found);
    const json_t *yanked = json_object_get(best, "yanked");
    if (json_is_true(yanked) || json_is_string(yanked))
        search_note(search, "yanked", json_is_string(yanked) ? json_string_value(yanked) : "yes");
    search->told = json_deep_copy(best);
    return search->told == NULL ? vb_fail(err, VB_E_NOMEM, errno, "keeping what it says") : VB_OK;
}

static int page_came(struct search *search, struct crowd_get *get, struct vb_error *err)
{
    json_t *page = NULL;
    int status = pypi_parse_page(get, get->url, &page, err);
    if (status == VB_OK)
        status = choose_pypi(search, page, err);
    json_decref(page);
    return status;
}

static int search_pypi(struct search *search, struct vb_error *err)
{
    char path[NAME_BYTES + 2];
    struct crowd_get get = {.limit = PAGE_BYTES};
    struct pep508 read;
    const struct pep508_machine machine = {"3.11", "x86_64"};
    if (!pep508_read(search->name, &machine, ",", &read) || read.specifiers[0] != '\0' || read.url)
        return vb_fail(err, VB_E_USAGE, 0, "%s is no name of PyPI", search->name);
    snprintf(search->name, sizeof(search->name), "%s", read.name);
    if (search->indexes->python.base[0] == '\0')
        return vb_fail(err, VB_E_CONFIG, 0, "no index is known: install pip, or set PIP_INDEX_URL");
    snprintf(path, sizeof(path), "%s/", search->name);
    if (!settings_ask(search->indexes, &search->indexes->python, path, &get))
        return vb_fail(err, VB_E_USAGE, 0, "%s is too long", search->name);
    get.headers[0] = pypi_accept;
    return search_ask(search, &get, page_came, err);
}

/* --- the file --- */

static int file_came(struct search *search, struct crowd_get *get, struct vb_error *err)
{
    char part[65536];
    ssize_t got = 0;
    int status = search->look == NULL ? VB_OK : search->look(search, get, err);
    if (status < 0)
        return status;
    if (lseek(get->fd, 0, SEEK_SET) < 0)
        return vb_fail(err, VB_E_OS, errno, "reading a download");
    while (status == VB_OK && (got = read(get->fd, part, sizeof(part))) > 0)
        status = intake_add(search->intake, part, (size_t)got, err);
    return status < 0 || got == 0 ? status : vb_fail(err, VB_E_OS, errno, "reading a download");
}

/* The digests can be read once: a copy of the event is looked at. */
struct check {
    struct vb_sink sink;
    struct vb_sink *next;
    const char *digest;
};

/* Told before it is refused, so that the log says why; one that holds is told by who verifies. */
static int tell_differing(const struct check *check, const struct vb_event *artifact,
                          struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_FETCH_DIGEST, VB_SOURCE_TOOL);
    const struct vb_str name = vb_event_get_str(artifact, VB_F_NAME);
    vb_event_strn(&event, VB_F_NAME, name.text, name.len);
    vb_event_str(&event, VB_F_WHAT,
                 strncmp(check->digest, "sha512-", 7) == 0 ? "sha512" : "sha256");
    vb_event_str(&event, VB_F_VALUE, check->digest + 7);
    vb_event_str(&event, VB_F_OUTCOME, "differs");
    return vb_emit(check->next, &event, err);
}

static int check_emit(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    const struct check *check = (const struct check *)(const void *)base;
    const bool long_one = strncmp(check->digest, "sha512-", 7) == 0;
    if (check->digest[0] == '\0' ||
        vb_str_equal(vb_event_get_str(event, long_one ? VB_F_SHA512 : VB_F_SHA256),
                     check->digest + 7))
        return vb_emit(check->next, event, err);
    const int status = tell_differing(check, event, err);
    return status < 0
               ? status
               : vb_fail(err, VB_E_DATA, 0,
                         "what came has another digest than the index says: it is not taken");
}

static int take_file(struct search *search, const struct registry *registry, int target_fd,
                     struct vb_sink *sink, struct vb_error *err)
{
    struct crowd_get get = {.limit = search->limits->bytes};
    struct intake intake;
    struct check check = {.sink.emit = check_emit, .next = sink, .digest = search->digest};
    struct vb_fetch_limits digested = *search->limits;
    digested.undigested = false;
    if (!settings_ask_url(search->indexes, registry, search->url, &get))
        return vb_fail(err, VB_E_DATA, 0, "its address is too long");
    int status = intake_open(&intake, target_fd, &digested, err);
    search->intake = &intake;
    if (status == VB_OK)
        status = search_ask(search, &get, file_came, err);
    if (status == VB_OK)
        status = intake_report(&intake, search->file, search->url, &check.sink, err);
    search->intake = NULL;
    intake_done(&intake);
    return status;
}

/* --- what the index says of it --- */

void search_note(struct search *search, const char *what, const char *value)
{
    if (value == NULL || value[0] == '\0' || search->fact_count == SEARCH_FACTS)
        return;
    struct search_fact *fact = &search->facts[search->fact_count++];
    fact->what = what;
    snprintf(fact->value, sizeof(fact->value), "%s", value);
}

bool search_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.')
            return false;
    }
    return len > 0 && text[0] != '.';
}

static int tell_facts(const struct search *search, struct vb_sink *sink, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < search->fact_count; i++) {
        struct vb_event event;
        vb_event_init(&event, VB_EV_FETCH_FACT, VB_SOURCE_TOOL);
        vb_event_str(&event, VB_F_NAME, search->file);
        vb_event_str(&event, VB_F_WHAT, search->facts[i].what);
        vb_event_str(&event, VB_F_VALUE, search->facts[i].value);
        status = vb_emit(sink, &event, err);
    }
    return status;
}

static const struct source {
    int (*find)(struct search *search, struct vb_error *err);
    int (*record)(struct record *record, const char *version, const json_t *told,
                  struct vb_error *err);
} sources[] = {[VB_INDEX_NPM] = {search_npm, record_npm},
               [VB_INDEX_PYPI] = {search_pypi, record_pypi},
               [VB_INDEX_CLAWHUB] = {search_clawhub, record_clawhub},
               [VB_INDEX_GITHUB] = {search_github, record_plain},
               [VB_INDEX_SKILLS] = {search_wellknown, record_plain}};

static int keep_record(struct search *search, const struct vb_package_reference *reference,
                       const struct registry *registry, struct vb_error *err)
{
    struct record record = {.crowd = &search->crowd,
                            .indexes = reference->indexes,
                            .registry = registry,
                            .name = search->name,
                            .index = vb_index_name(reference->index)};
    if (reference->record_fd < 0)
        return VB_OK;
    int status = sources[reference->index].record(&record, search->version, search->told, err);
    if (status == VB_OK)
        status = record_write(&record, reference->record_fd, err);
    json_decref(record.json);
    return status;
}

/* NAME@VERSION, of PyPI NAME==VERSION, too. */
static int read_name(struct search *search, const struct vb_package_reference *reference,
                     struct vb_error *err)
{
    const char *at = strchr(reference->name + 1, '@');
    const char *pinned = reference->index == VB_INDEX_PYPI ? strstr(reference->name, "==") : NULL;
    const char *end = at != NULL ? at : pinned;
    const size_t len = end == NULL ? strlen(reference->name) : (size_t)(end - reference->name);
    if (len >= sizeof(search->name))
        return vb_fail(err, VB_E_USAGE, 0, "the name of the package is too long");
    memcpy(search->name, reference->name, len);
    if (end != NULL)
        snprintf(search->version, sizeof(search->version), "%s", end + (end == pinned ? 2 : 1));
    return VB_OK;
}

int vb_fetch_package(const struct vb_package_reference *reference, int target_fd,
                     const struct vb_fetch_limits *limits, struct vb_sink *sink,
                     struct vb_error *err)
{
    struct search search = {.indexes = reference->indexes, .limits = limits};
    const struct source *source = &sources[reference->index];
    const char *ca_file = reference->ca_file;
    if (ca_file == NULL && reference->indexes->ca_file[0] != '\0')
        ca_file = reference->indexes->ca_file;
    int status = read_name(&search, reference, err);
    if (status == VB_OK)
        status = crowd_open(&search.crowd, ca_file, limits->timeout_ms,
                            limits->bytes + PAGE_BYTES + RECORD_ROOM, err);
    if (status == VB_OK)
        status = source->find(&search, err);
    const struct registry *registry =
        reference->index == VB_INDEX_SKILLS
            ? &search.site
            : settings_registry(reference->indexes, reference->index, search.name);
    if (status == VB_OK)
        status = take_file(&search, registry, target_fd, sink, err);
    if (status == VB_OK)
        status = tell_facts(&search, sink, err);
    if (status == VB_OK)
        status = keep_record(&search, reference, registry, err);
    crowd_close(&search.crowd);
    json_decref(search.told);
    return status < 0
               ? vb_wrap(err, "fetching %s:%s", vb_index_name(reference->index), reference->name)
               : VB_OK;
}
