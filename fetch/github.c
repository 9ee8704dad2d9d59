/* github: OWNER/REPO[/PATH][@REF] → the repository's archive at one commit, by GitHub's API: the
 * name of a branch or tag is resolved first, and the commit fetched. What of the archive is meant
 * is for who unpacks it (vb_reference_folder). */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fetch/record.h"
#include "fetch/search.h"

enum { COMMIT_HEX = 40, PATH_BYTES = 1024 };

static const struct search_meaning meanings[] = {
    {401, VB_E_CONFIG, "GITHUB_TOKEN is none that it takes"},
    {404, VB_E_NOINPUT,
     "there is no such repository or commit, or it is not everybody's (GITHUB_TOKEN may say who "
     "asks)"},
    {409, VB_E_NOINPUT, "the repository is empty"},
    {422, VB_E_NOINPUT, "it has no such branch, tag or commit"},
    {451, VB_E_UNAVAILABLE, "it was taken down"},
    {0, VB_OK, NULL},
};

/* The repository's name, "OWNER/REPO", in RET. */
static bool read_repository(const char *name, char *ret, size_t size)
{
    const char *slash = strchr(name, '/');
    const size_t owner = slash == NULL ? 0 : (size_t)(slash - name);
    const size_t repository = slash == NULL ? 0 : strcspn(slash + 1, "/");
    const int len = snprintf(ret, size, "%.*s", (int)(owner + 1 + repository), name);
    return len > 0 && (size_t)len < size && search_plain(name, owner) &&
           search_plain(slash + 1, repository);
}

/* REF as it may stand in an address. False: it is none (git-check-ref-format(1)). */
static bool put_ref(const char *ref, char *ret, size_t size)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t to = 0;
    if (strstr(ref, "..") != NULL || strpbrk(ref, " ~^:?*[\\") != NULL || ref[0] == '/' ||
        ref[0] == '-')
        return false;
    for (const char *at = ref; *at != '\0'; at++) {
        const unsigned char c = (unsigned char)*at;
        if (c < ' ' || c == 0x7f || to + 4 > size)
            return false;
        if (c == '/' || search_plain((const char *)at, 1) || c == '.') {
            ret[to++] = (char)c;
            continue;
        }
        ret[to++] = '%';
        ret[to++] = hex[c >> 4];
        ret[to++] = hex[c & 15];
    }
    ret[to] = '\0';
    return to > 0;
}

static int commit_came(struct search *search, struct crowd_get *get, struct vb_error *err)
{
    char text[COMMIT_HEX + 2] = "";
    if (pread(get->fd, text, sizeof(text) - 1, 0) < 0)
        return vb_fail(err, VB_E_OS, errno, "reading a commit");
    if (strspn(text, "0123456789abcdef") != COMMIT_HEX || text[COMMIT_HEX] != '\0')
        return vb_fail(err, VB_E_DATA, 0, "what was sent is no commit");
    snprintf(search->version, sizeof(search->version), "%s", text);
    return VB_OK;
}

int search_github(struct search *search, struct vb_error *err)
{
    char repository[NAME_BYTES], ref[3 * VERSION_BYTES], path[PATH_BYTES];
    struct crowd_get get = {.limit = 256, .headers = {"Accept: application/vnd.github.sha"}};
    if (!read_repository(search->name, repository, sizeof(repository)))
        return vb_fail(err, VB_E_USAGE, 0, "%s is no repository: OWNER/REPO[/PATH][@REF]",
                       search->name);
    if (!put_ref(search->version[0] == '\0' ? "HEAD" : search->version, ref, sizeof(ref)))
        return vb_fail(err, VB_E_USAGE, 0, "%s is no branch, tag or commit", search->version);
    search->meanings = meanings;
    search_note(search, "ref", search->version);
    snprintf(path, sizeof(path), "repos/%s/commits/%s", repository, ref);
    if (!settings_ask(search->indexes, &search->indexes->github, path, &get))
        return vb_fail(err, VB_E_USAGE, 0, "its name is too long");
    const int status = search_ask(search, &get, commit_came, err);
    if (status < 0)
        return status;
    search_note(search, "commit", search->version);
    snprintf(search->file, sizeof(search->file), "%.100s-%.12s.tar.gz", vb_path_base(repository),
             search->version);
    if (snprintf(search->url, sizeof(search->url), "%srepos/%s/tarball/%s",
                 search->indexes->github.base, repository,
                 search->version) >= (int)sizeof(search->url))
        return vb_fail(err, VB_E_USAGE, 0, "its name is too long");
    return VB_OK;
}
