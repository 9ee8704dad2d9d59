/* clawhub: [OWNER/]SLUG[@VERSION] → a skill's archive, @SCOPE/NAME[@VERSION] → a plugin's, by
 * ClawHub's API (/api/v1). Of a skill it names no digest of the archive, which is made anew for
 * each download, but one of each file in it. What its own scanners say is noted and decides
 * nothing. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fetch/record.h"
#include "fetch/search.h"

enum { ANSWER_BYTES = 16 << 20, PATH_BYTES = 1024, FILES_MAX = 20000 };

static const struct search_meaning meanings[] = {
    {403, VB_E_UNAVAILABLE, "it is blocked there, as malware or by a moderator"},
    {404, VB_E_NOINPUT, "there is no such skill or plugin, or no such version of it"},
    {409, VB_E_USAGE, "several skills are called so: name its owner, clawhub:OWNER/SLUG"},
    {410, VB_E_NOINPUT, "it was there and has been removed"},
    {423, VB_E_TEMPFAIL, "it waits for a scan there and cannot be had yet; try again later"},
    {0, VB_OK, NULL},
};

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* --- asking --- */

struct skill {
    const char *slug;
    char owner[80]; /* "&ownerHandle=NAME", or "" */
};

static bool read_skill(const struct search *search, struct skill *ret)
{
    const char *slash = strchr(search->name, '/');
    ret->slug = slash == NULL ? search->name : slash + 1;
    ret->owner[0] = '\0';
    if (slash != NULL &&
        (!search_plain(search->name, (size_t)(slash - search->name)) ||
         snprintf(ret->owner, sizeof(ret->owner), "&ownerHandle=%.*s", (int)(slash - search->name),
                  search->name) >= (int)sizeof(ret->owner)))
        return false;
    return search_plain(ret->slug, strlen(ret->slug));
}

/* What an answer says is the search's until the next one. */
static int answer_came(struct search *search, struct crowd_get *get, struct vb_error *err)
{
    json_t *answer = NULL;
    const int status = closure_parse(get, &answer, err);
    json_decref(search->told);
    search->told = answer;
    return status;
}

/* Asks for what stands at PATH below the API. */
static int ask_api(struct search *search, const char *path, struct vb_error *err)
{
    char whole[PATH_BYTES + 16];
    struct crowd_get get = {.limit = ANSWER_BYTES, .headers = {"Accept: application/json"}};
    snprintf(whole, sizeof(whole), "api/v1/%s", path);
    if (!settings_ask(search->indexes, &search->indexes->clawhub, whole, &get))
        return vb_fail(err, VB_E_USAGE, 0, "its name is too long");
    return search_ask(search, &get, answer_came, err);
}

/* --- what is said of it --- */

static void note_skill(struct search *search)
{
    const json_t *moderation = json_object_get(search->told, "moderation");
    search_note(search, "owner", text_of(json_object_get(search->told, "owner"), "handle"));
    search_note(search, "moderation", text_of(moderation, "verdict"));
    if (json_is_true(json_object_get(moderation, "isSuspicious")))
        search_note(search, "moderation", "suspicious");
    const json_t *codes = json_object_get(moderation, "reasonCodes");
    for (size_t i = 0; i < json_array_size(codes) && i < 4; i++)
        search_note(search, "moderation-reason", json_string_value(json_array_get(codes, i)));
}

static void note_version(struct search *search, const json_t *version)
{
    const json_t *security = json_object_get(version, "security");
    search_note(search, "license", text_of(version, "license"));
    search_note(search, "scan", text_of(security, "status"));
    if (json_is_true(json_object_get(security, "hasWarnings")))
        search_note(search, "scan", "has warnings");
}

/* What may stand in an address as it is, but for one plus. */
static bool is_version(const char *version)
{
    const size_t plain = strcspn(version, "+");
    const char *build = version + plain;
    return search_plain(version, plain) &&
           (build[0] == '\0' || search_plain(build + 1, strlen(build + 1)));
}

/* SAID is of the skill or plugin: its newest version, where none is asked for. */
static int choose_version(struct search *search, const json_t *said, struct vb_error *err)
{
    const json_t *newest = json_object_get(said, "latestVersion");
    const char *version =
        json_is_string(newest) ? json_string_value(newest) : text_of(newest, "version");
    if (search->version[0] == '\0' || strcmp(search->version, "latest") == 0) {
        if (version == NULL || strlen(version) >= sizeof(search->version))
            return vb_fail(err, VB_E_NOINPUT, 0, "the registry names no version of it");
        snprintf(search->version, sizeof(search->version), "%s", version);
    }
    return is_version(search->version)
               ? VB_OK
               : vb_fail(err, VB_E_USAGE, 0, "%s is no version", search->version);
}

static int find_version(struct search *search, const struct skill *skill, struct vb_error *err)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "skills/%s%s%s", skill->slug, skill->owner[0] != '\0' ? "?" : "",
             skill->owner[0] != '\0' ? skill->owner + 1 : "");
    const int status = ask_api(search, path, err);
    if (status < 0)
        return status;
    note_skill(search);
    return choose_version(search, search->told, err);
}

/* A plus is a blank in the query of an address. */
static void put_version(const char *version, char *ret, size_t size)
{
    const size_t plain = strcspn(version, "+");
    snprintf(ret, size, "%.*s%s%s", (int)plain, version, version[plain] == '+' ? "%2B" : "",
             version[plain] == '+' ? version + plain + 1 : "");
}

/* --- the archive --- */

/* Skills that ClawHub only knows of lie elsewhere: instead of an archive it says where. */
static int look_at_archive(struct search *search, struct crowd_get *get, struct vb_error *err)
{
    char first = '\0';
    if (pread(get->fd, &first, 1, 0) < 0)
        return vb_fail(err, VB_E_OS, errno, "reading a download");
    if (first != '{')
        return VB_OK;
    int status = answer_came(search, get, err);
    const char *repo = text_of(search->told, "repo"), *commit = text_of(search->told, "commit");
    const char *path = text_of(search->told, "path");
    if (status < 0 || repo == NULL || commit == NULL)
        return vb_fail(err, VB_E_DATA, 0, "the registry sent something else than an archive");
    return vb_fail(err, VB_E_UNAVAILABLE, 0,
                   "the registry has no archive of it: it is github:%.200s%s%.200s@%.64s", repo,
                   path == NULL || path[0] == '\0' ? "" : "/", path == NULL ? "" : path, commit);
}

static int search_skill(struct search *search, struct vb_error *err)
{
    char path[PATH_BYTES], version[3 * VERSION_BYTES];
    struct skill skill;
    if (!read_skill(search, &skill))
        return vb_fail(err, VB_E_USAGE, 0, "%s is no name of ClawHub: [OWNER/]SLUG or @SCOPE/NAME",
                       search->name);
    search->look = look_at_archive;
    int status = find_version(search, &skill, err);
    if (status < 0)
        return status;
    put_version(search->version, version, sizeof(version));
    snprintf(path, sizeof(path), "skills/%s/versions/%s%s%s", skill.slug, version,
             skill.owner[0] != '\0' ? "?" : "", skill.owner[0] != '\0' ? skill.owner + 1 : "");
    status = ask_api(search, path, err);
    if (status < 0)
        return status;
    const json_t *said = json_object_get(search->told, "version");
    const json_t *files = json_object_get(said, "files");
    if (!json_is_array(files) || json_array_size(files) > FILES_MAX)
        return vb_fail(err, VB_E_DATA, 0, "what the registry says of it cannot be read");
    note_version(search, said);
    snprintf(search->file, sizeof(search->file), "%.100s-%.128s.zip", skill.slug, search->version);
    if (snprintf(search->url, sizeof(search->url), "%sapi/v1/download?slug=%s&version=%s%s",
                 search->indexes->clawhub.base, skill.slug, version,
                 skill.owner) >= (int)sizeof(search->url))
        return vb_fail(err, VB_E_USAGE, 0, "its name is too long");
    return VB_OK;
}

/* --- plugins --- */

/* The API's path of @SCOPE/NAME. */
static bool put_package(const char *name, char *ret, size_t size)
{
    const char *slash = strchr(name, '/');
    const int len =
        snprintf(ret, size, "packages/%%40%.*s%%2F%s", slash == NULL ? 0 : (int)(slash - name - 1),
                 name + 1, slash == NULL ? "" : slash + 1);
    return slash != NULL && len > 0 && (size_t)len < size &&
           search_plain(name + 1, (size_t)(slash - name - 1)) &&
           search_plain(slash + 1, strlen(slash + 1));
}

/* Asks for what stands at NAME below the version. */
static int ask_version(struct search *search, const char *package, const char *name,
                       struct vb_error *err)
{
    char path[PATH_BYTES], version[3 * VERSION_BYTES];
    put_version(search->version, version, sizeof(version));
    if (snprintf(path, sizeof(path), "%s/versions/%s/%s", package, version, name) >=
        (int)sizeof(path))
        return vb_fail(err, VB_E_USAGE, 0, "its name is too long");
    return ask_api(search, path, err);
}

/* What it refuses to hand out is refused; what it is not sure of is noted. */
static int see_trust(struct search *search, struct vb_error *err)
{
    const json_t *trust = json_object_get(search->told, "trust");
    search_note(search, "scan", text_of(trust, "scanStatus"));
    search_note(search, "moderation", text_of(trust, "moderationState"));
    if (json_is_true(json_object_get(trust, "pending")))
        search_note(search, "scan", "pending");
    if (json_is_true(json_object_get(trust, "stale")))
        search_note(search, "scan", "stale");
    return json_is_true(json_object_get(trust, "blockedFromDownload"))
               ? vb_fail(err, VB_E_UNAVAILABLE, 0, "%s", meanings[0].text)
               : VB_OK;
}

/* What is to be downloaded: an npm package, or a ZIP archive of older days. */
static int choose_artifact(struct search *search, struct vb_error *err)
{
    const json_t *inner = json_object_get(search->told, "artifact");
    const json_t *artifact = json_is_object(inner) ? inner : search->told;
    const char *tarball = text_of(search->told, "tarballUrl");
    const char *url = tarball != NULL ? tarball : text_of(search->told, "downloadUrl");
    const char *sha256 = text_of(artifact, "sha256"), *base = search->indexes->clawhub.base;
    const char *rest = url != NULL && url[0] == '/' ? url + 1 : url;
    if (url == NULL || sha256 == NULL || strlen(sha256) != 2 * VB_SHA256_BYTES)
        return vb_fail(err, VB_E_DATA, 0, "what the registry says of it cannot be read");
    if (snprintf(search->url, sizeof(search->url), "%s%s", rest == url ? "" : base, rest) >=
        (int)sizeof(search->url))
        return vb_fail(err, VB_E_DATA, 0, "its address is too long");
    snprintf(search->digest, sizeof(search->digest), "sha256-%s", sha256);
    snprintf(search->file, sizeof(search->file), "%.100s-%.128s.%s", vb_path_base(search->name),
             search->version, tarball != NULL ? "tgz" : "zip");
    return VB_OK;
}

static int search_plugin(struct search *search, struct vb_error *err)
{
    char package[PATH_BYTES / 2];
    if (!put_package(search->name, package, sizeof(package)))
        return vb_fail(err, VB_E_USAGE, 0, "%s is no name of ClawHub: [OWNER/]SLUG or @SCOPE/NAME",
                       search->name);
    int status = ask_api(search, package, err);
    if (status < 0)
        return status;
    const json_t *inner = json_object_get(search->told, "package");
    const json_t *said = json_is_object(inner) ? inner : search->told;
    search_note(search, "owner", text_of(said, "ownerHandle"));
    search_note(search, "channel", text_of(said, "channel"));
    search_note(search, "verification", text_of(said, "verificationTier"));
    status = choose_version(search, said, err);
    if (status == VB_OK)
        status = ask_version(search, package, "security", err);
    if (status == VB_OK)
        status = see_trust(search, err);
    if (status == VB_OK)
        status = ask_version(search, package, "artifact", err);
    return status == VB_OK ? choose_artifact(search, err) : status;
}

int search_clawhub(struct search *search, struct vb_error *err)
{
    search->meanings = meanings;
    return search->name[0] == '@' ? search_plugin(search, err) : search_skill(search, err);
}
