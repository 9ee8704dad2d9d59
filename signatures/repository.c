/* Which repository and which author a package says that it comes from. Trust boundary: the manifest
 * is the package's own word, good for a comparison and nothing else. */
#include "signatures/registry.h"

#include <string.h>

enum { MANIFEST_MAX = 1024 * 1024, URLS_MAX = 64 };

/* Takes the first of PREFIXES that fits off TEXT. */
static void skip_any(struct vb_sig_bytes *text, const char *const *prefixes)
{
    for (; *prefixes != NULL; prefixes++) {
        if (vb_sig_skip(text, *prefixes))
            return;
    }
}

void vb_sig_repository(struct vb_sig_bytes address, char *ret, size_t size)
{
    static const char *const schemes[] = {"git+https://", "git+ssh://", "git+http://", "https://",
                                          "http://",      "ssh://",     "git://",      NULL};
    static const struct {
        const char *shorthand;
        const char *host;
    } hosts[] = {{"github:", "github.com/"}, {"gitlab:", "gitlab.com/"}};
    static const char *const users[] = {"git@", "www.", NULL};
    size_t len = 0, parts = 0;

    ret[0] = '\0';
    for (size_t i = 0; i < VB_ARRAY_LEN(hosts); i++) {
        if (vb_sig_skip(&address, hosts[i].shorthand))
            len = (size_t)snprintf(ret, size, "%s", hosts[i].host);
    }
    parts = len > 0 ? 1 : 0;
    skip_any(&address, schemes);
    skip_any(&address, users);
    for (size_t i = 0; i < address.len; i++) {
        const char c = (char)address.data[i];
        if (strchr("#?@", c) != NULL || c <= ' ')
            break;
        const bool slash = c == '/' || (c == ':' && parts == 0);
        if (slash && ++parts == 3)
            break;
        if (len + 1 >= size)
            break;
        ret[len++] = slash ? '/' : vb_ascii_lower(c);
        ret[len] = '\0';
    }
    if (len > 4 && strcmp(ret + len - 4, ".git") == 0)
        ret[len - 4] = '\0';
    if (parts < 2 || ret[strlen(ret) - 1] == '/')
        ret[0] = '\0';
}

/* What is compared: who is named, and whether anybody fits. */
struct named {
    const char *repository; /* HOST/OWNER/REPOSITORY */
    char *first;
    size_t size;
    bool any, fits;
};

/* Only addresses on the host of the certificate's repository are of one kind with it: a home page
 * elsewhere contradicts nothing. */
static void see_address(struct named *named, struct vb_sig_bytes address)
{
    char own[512];
    const size_t host = strcspn(named->repository, "/") + 1;

    vb_sig_repository(address, own, sizeof(own));
    if (own[0] == '\0' || strncmp(own, named->repository, host) != 0)
        return;
    if (!named->any)
        snprintf(named->first, named->size, "%s", own);
    named->any = true;
    named->fits = named->fits || strcmp(own, named->repository) == 0;
}

static int read_file(const struct vb_sig_told *told, const char *path, struct vb_buf *ret,
                     struct vb_error *err)
{
    const char *why;
    uint64_t size;
    VB_CLEANUP_FD int fd = vb_sig_open_regular(told->job.dirfd, path, &size, &why);

    vb_buf_init(ret, MANIFEST_MAX + 1);
    return fd < 0 ? 0 : vb_sig_read_head(fd, MANIFEST_MAX + 1, ret, err);
}

/* Leaves *ret NULL where the file is no JSON. */
static int read_package_json(const struct vb_sig_told *told, const char *path, json_t **ret,
                             struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    char why[200];

    const int status = read_file(told, path, &text, err);
    if (status < 0 || text.len == 0)
        return status;
    return vb_sig_json_parse((struct vb_sig_bytes){.data = text.data, .len = text.len},
                             MANIFEST_MAX, ret, why, sizeof(why), err);
}

/* package.json: "repository" is an address, or an object with one. */
static int see_package_json(const struct vb_sig_told *told, const char *path, struct named *named,
                            struct vb_error *err)
{
    VB_CLEANUP(vb_json_free) json_t *json = NULL;
    struct vb_sig_bytes address;

    const int status = read_package_json(told, path, &json, err);
    if (status < 0 || json == NULL)
        return status;
    const json_t *object = vb_sig_json_object(json, "repository");
    if (object != NULL ? vb_sig_json_text(object, "url", &address)
                       : vb_sig_json_text(json, "repository", &address))
        see_address(named, address);
    return 0;
}

/* Core metadata (PKG-INFO, METADATA): "Home-page: URL" and "Project-URL: label, URL". */
static void see_metadata_line(struct vb_sig_bytes line, struct named *named)
{
    if (vb_sig_skip(&line, "Project-URL: ")) {
        const unsigned char *comma = memchr(line.data, ',', line.len);
        const size_t label = comma == NULL ? line.len : (size_t)(comma - line.data) + 1;
        line.data += label;
        line.len -= label;
    } else if (!vb_sig_skip(&line, "Home-page: ")) {
        return;
    }
    while (line.len > 0 && line.data[0] == ' ') {
        line.data++;
        line.len--;
    }
    see_address(named, line);
}

static int see_metadata(const struct vb_sig_told *told, const char *path, struct named *named,
                        struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    struct vb_sig_bytes line;

    const int status = read_file(told, path, &text, err);
    struct vb_sig_bytes rest = {.data = text.data, .len = text.len};
    while (status == 0 && rest.len > 0 && vb_sig_get_line(&rest, &line) && line.len > 0)
        see_metadata_line(line, named);
    return status;
}

/* The manifests of a package of an index lie at its top, or in its only folder there. */
static bool is_manifest(const char *path, const char *name)
{
    const char *base = vb_path_base(path);
    const char *slash = strchr(path, '/');

    return strcmp(base, name) == 0 && (slash == NULL || slash + 1 == base);
}

int vb_sig_repository_differs(const struct vb_sig_told *told, const char *repository, char *ret,
                              size_t size, bool *ret_differs, struct vb_error *err)
{
    struct named named = {.repository = repository, .first = ret, .size = size};
    const struct vb_sig_paths *files = &told->cover->files;
    int status = 0;

    for (size_t i = 0, seen = 0; status == 0 && i < files->count && seen < URLS_MAX; i++) {
        const char *path = files->items[i];
        if (is_manifest(path, "package.json"))
            status = see_package_json(told, path, &named, err);
        else if (is_manifest(path, "METADATA") || is_manifest(path, "PKG-INFO"))
            status = see_metadata(told, path, &named, err);
        else
            continue;
        seen++;
    }
    *ret_differs = named.any && !named.fits;
    return status;
}

/* --- its author --- */

/* What stands in TEXT between OPEN and CLOSE, as npm writes people: "NAME <MAIL> (PAGE)". */
static struct vb_sig_bytes between(struct vb_sig_bytes text, char open, char close)
{
    struct vb_sig_bytes found = {0};
    const unsigned char *first = memchr(text.data, open, text.len);
    const unsigned char *last =
        first == NULL ? NULL : memchr(first, close, text.len - (size_t)(first - text.data));

    if (last != NULL)
        found = (struct vb_sig_bytes){.data = first + 1, .len = (size_t)(last - first) - 1};
    return found;
}

/* HOST/OWNER of the author's PAGE where that is on REPOSITORY's host and another's, else "". */
static void other_owner(struct vb_sig_bytes page, const char *repository, char *ret, size_t size)
{
    char address[512], own[512];
    const size_t host = strcspn(repository, "/") + 1;
    const size_t owner = host + strcspn(repository + host, "/");
    const int len =
        snprintf(address, sizeof(address), "%.*s/x", (int)page.len, (const char *)page.data);

    ret[0] = '\0';
    if (page.len == 0 || len < 0 || (size_t)len >= sizeof(address))
        return;
    vb_sig_repository(
        (struct vb_sig_bytes){.data = (const unsigned char *)address, .len = (size_t)len}, own,
        sizeof(own));
    if (own[0] == '\0' || strncmp(own, repository, host) != 0)
        return;
    own[host + strcspn(own + host, "/")] = '\0';
    if (strlen(own) != owner || strncmp(own, repository, owner) != 0)
        snprintf(ret, size, "%s", own);
}

static bool same_mail(struct vb_sig_bytes mail, const char *name)
{
    bool same = mail.len == strlen(name);

    for (size_t i = 0; same && i < mail.len; i++)
        same = vb_ascii_lower((char)mail.data[i]) == vb_ascii_lower(name[i]);
    return same;
}

static void see_author(const json_t *json, const struct vb_sig_signer_told *signer, char *ret,
                       size_t size)
{
    struct vb_sig_bytes text = {0}, mail = {0}, page = {0};
    const json_t *author = vb_sig_json_object(json, "author");

    if (author != NULL) {
        (void)vb_sig_json_text(author, "email", &mail);
        (void)vb_sig_json_text(author, "url", &page);
    } else if (vb_sig_json_text(json, "author", &text)) {
        mail = between(text, '<', '>');
        page = between(text, '(', ')');
    }
    if (strchr(signer->name, '@') != NULL && strstr(signer->name, "://") == NULL && mail.len > 0 &&
        !same_mail(mail, signer->name))
        snprintf(ret, size, "%.*s", vb_sig_cut(mail, 100), (const char *)mail.data);
    else if (signer->repository[0] != '\0')
        other_owner(page, signer->repository, ret, size);
}

int vb_sig_author_differs(const struct vb_sig_told *told, const struct vb_sig_signer_told *signer,
                          char *ret, size_t size, struct vb_error *err)
{
    const struct vb_sig_paths *files = &told->cover->files;
    int status = 0;

    ret[0] = '\0';
    for (size_t i = 0; status == 0 && ret[0] == '\0' && i < files->count; i++) {
        VB_CLEANUP(vb_json_free) json_t *json = NULL;
        if (!is_manifest(files->items[i], "package.json"))
            continue;
        status = read_package_json(told, files->items[i], &json, err);
        if (json != NULL)
            see_author(json, signer, ret, size);
    }
    return status;
}
