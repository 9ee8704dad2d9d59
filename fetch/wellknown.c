/* wellknown: skills:HOST[/PATH][@NAME] → a skill that a site publishes below /.well-known/ by the
 * discovery of agent skills, version 0.2.0: an index that names an address and a digest of each. */
#include <string.h>

#include "fetch/record.h"
#include "fetch/search.h"

enum { INDEX_BYTES = 4 << 20, SHOWN = 8 };
static const char index_path[] = ".well-known/agent-skills/index.json";

static const struct search_meaning meanings[] = {
    {404, VB_E_NOINPUT, "the site publishes no index of skills (.well-known/agent-skills)"},
    {0, VB_OK, NULL},
};

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* "https://HOST/PATH/" */
static bool set_site(struct search *search)
{
    const char *name = search->name;
    const size_t len = strlen(name);
    if (strpbrk(name, " \t\"'<>\\?#@") != NULL || strstr(name, "..") != NULL || name[0] == '/')
        return false;
    return snprintf(search->site.base, sizeof(search->site.base), "https://%s%s", name,
                    name[len - 1] == '/' ? "" : "/") < (int)sizeof(search->site.base);
}

/* The names of the index for who has to choose. */
static void list_names(const json_t *skills, char *ret, size_t size)
{
    size_t to = 0;
    for (size_t i = 0; i < json_array_size(skills) && i < SHOWN && to < size; i++) {
        const char *name = text_of(json_array_get(skills, i), "name");
        to += (size_t)snprintf(ret + to, size - to, "%s%.64s", i == 0 ? "" : ", ",
                               name == NULL ? "?" : name);
    }
    if (json_array_size(skills) > SHOWN && to < size)
        (void)snprintf(ret + to, size - to, ", …");
}

static int choose(struct search *search, const json_t *skills, const json_t **ret,
                  struct vb_error *err)
{
    char names[600] = "";
    const json_t *found = NULL;
    for (size_t i = 0; i < json_array_size(skills); i++) {
        const json_t *skill = json_array_get(skills, i);
        const char *name = text_of(skill, "name");
        if (search->version[0] == '\0' ? json_array_size(skills) == 1
                                       : name != NULL && strcmp(name, search->version) == 0)
            found = skill;
    }
    list_names(skills, names, sizeof(names));
    *ret = found;
    if (found != NULL)
        return VB_OK;
    if (search->version[0] != '\0')
        return vb_fail(err, VB_E_NOINPUT, 0, "the index has no skill %s, but %s", search->version,
                       names[0] == '\0' ? "none" : names);
    return vb_fail(err, json_array_size(skills) == 0 ? VB_E_NOINPUT : VB_E_USAGE, 0,
                   "name one of its skills, as in skills:HOST@NAME: %s",
                   names[0] == '\0' ? "there is none" : names);
}

/* WHERE as the index has it, which stands at the site's own address. */
static bool resolve(struct search *search, const char *where)
{
    const struct libcurl *libcurl = &search->crowd.libcurl;
    char index[SETTINGS_URL_BYTES + sizeof(index_path)];
    CURLU *url = libcurl->url();
    char *whole = NULL;
    snprintf(index, sizeof(index), "%s%s", search->site.base, index_path);
    const bool good =
        url != NULL && libcurl->url_set(url, CURLUPART_URL, index, 0) == CURLUE_OK &&
        libcurl->url_set(url, CURLUPART_URL, where, 0) == CURLUE_OK &&
        libcurl->url_get(url, CURLUPART_URL, &whole, 0) == CURLUE_OK &&
        snprintf(search->url, sizeof(search->url), "%s", whole) < (int)sizeof(search->url);
    libcurl->free(whole);
    libcurl->url_cleanup(url);
    return good;
}

/* Readers know archives by their names. */
static void name_file(struct search *search, const json_t *skill)
{
    const char *name = text_of(skill, "name"), *type = text_of(skill, "type");
    char path[CROWD_URL_BYTES];
    snprintf(path, sizeof(path), "%.*s", (int)strcspn(search->url, "?#"), search->url);
    const char *base = vb_path_base(path);
    const bool good = name != NULL && search_plain(name, strlen(name));
    if (type != NULL && strcmp(type, "skill-md") == 0)
        snprintf(search->file, sizeof(search->file), "SKILL.md");
    else if (search_plain(base, strlen(base)) && strchr(base, '.') != NULL)
        snprintf(search->file, sizeof(search->file), "%.200s", base);
    else
        snprintf(search->file, sizeof(search->file), "%.200s.zip", good ? name : "skill");
}

static int index_came(struct search *search, struct crowd_get *get, struct vb_error *err)
{
    json_t *index = NULL;
    const json_t *skill = NULL;
    int status = closure_parse(get, &index, err);
    if (status == VB_OK)
        status = choose(search, json_object_get(index, "skills"), &skill, err);
    const char *digest = text_of(skill, "digest"), *where = text_of(skill, "url");
    if (status == VB_OK &&
        (digest == NULL || !vb_ascii_starts(digest, "sha256:") ||
         strlen(digest) != 7 + 2 * VB_SHA256_BYTES || where == NULL || !resolve(search, where)))
        status = vb_fail(err, VB_E_DATA, 0,
                         "the index gives no address and SHA-256 digest of it that can be read");
    if (status == VB_OK) {
        snprintf(search->digest, sizeof(search->digest), "sha256-%s", digest + 7);
        snprintf(search->version, sizeof(search->version), "%s", digest);
        name_file(search, skill);
        search->told = json_pack("{s:s}", "sha256", digest + 7);
        status = search->told == NULL ? vb_fail(err, VB_E_NOMEM, 0, "keeping what it says") : VB_OK;
    }
    json_decref(index);
    return status;
}

int search_wellknown(struct search *search, struct vb_error *err)
{
    struct crowd_get get = {.limit = INDEX_BYTES, .headers = {"Accept: application/json"}};
    if (!set_site(search) || !settings_ask(search->indexes, &search->site, index_path, &get))
        return vb_fail(err, VB_E_USAGE, 0, "%s is no site: skills:HOST[/PATH][@NAME]",
                       search->name);
    search->meanings = meanings;
    return search_ask(search, &get, index_came, err);
}
