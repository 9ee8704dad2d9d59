/* npm: from names and ranges to the tree of folders that `npm install` would make, by what npm's
 * index says of each package. A package lies as near to the top as nothing of another version is in
 * its way. Nothing of a package is run or read but its row in the index. */
#include <errno.h>
#include <string.h>

#include "fetch/closure.h"
#include "fetch/semver.h"

enum { NAME_MAX_BYTES = 214, RANGE_BYTES = 256, PACKUMENT_BYTES = 64 << 20 };

struct package {
    char *name;
    json_t *doc;   /* NULL: it has not come */
    char why[256]; /* it will not come */
    bool asked;
};

/* A folder in a node_modules. The first is the top. */
struct node {
    const char *folder, *version; /* of the manifest, or of the asker's */
    struct package *package;
    json_t *manifest; /* not owned */
    size_t parent;
    uint32_t hash; /* of the folder's name */
    bool requested;
};

struct need {
    const char *folder; /* its name there */
    char name[NAME_MAX_BYTES + 1];
    char range[RANGE_BYTES];
    bool optional;
};

struct npm {
    struct closure *closure;
    struct package packages[CLOSURE_PACKAGES];
    size_t package_count;
    struct node nodes[CLOSURE_PACKAGES];
    size_t node_count;
    size_t to_ask; /* the first of the packages that nobody has asked for */
    bool waits;    /* for a packument */
};

/* --- names --- */

static bool is_part(const char *text, size_t len)
{
    if (len == 0 || text[0] == '.' || text[0] == '_')
        return false;
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              strchr("-._~", c) != NULL))
            return false;
    }
    return true;
}

bool npm_name_valid(const char *name)
{
    const char *slash = strchr(name, '/');
    if (strlen(name) > NAME_MAX_BYTES)
        return false;
    if (name[0] != '@')
        return is_part(name, strlen(name));
    return slash != NULL && is_part(name + 1, (size_t)(slash - name) - 1) &&
           is_part(slash + 1, strlen(slash + 1));
}

bool npm_packument_path(const char *name, char *ret, size_t size)
{
    const char *slash = strchr(name, '/');
    const int len = slash == NULL
                        ? snprintf(ret, size, "%s", name)
                        : snprintf(ret, size, "%.*s%%2f%s", (int)(slash - name), name, slash + 1);
    return len > 0 && (size_t)len < size;
}

static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261U;
    while (*text != '\0')
        hash = (hash ^ (unsigned char)*text++) * 16777619U;
    return hash;
}

/* --- which version --- */

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static bool is_better(const json_t *versions, const char *than, const char *version)
{
    if (than == NULL)
        return true;
    const bool old = json_object_get(json_object_get(versions, than), "deprecated") != NULL;
    const bool own = json_object_get(json_object_get(versions, version), "deprecated") != NULL;
    return old != own ? old : semver_compare(version, than) > 0;
}

const char *npm_choose(const json_t *packument, const char *range)
{
    const json_t *tags = json_object_get(packument, "dist-tags");
    json_t *versions = json_object_get(packument, "versions");
    const char *tagged = text_of(tags, range);
    const char *latest = text_of(tags, "latest");
    const char *best = NULL, *version;
    json_t *manifest;
    if (tagged != NULL && json_object_get(versions, tagged) != NULL)
        return tagged;
    manifest = latest == NULL ? NULL : json_object_get(versions, latest);
    if (manifest != NULL && json_object_get(manifest, "deprecated") == NULL &&
        semver_satisfies(latest, range))
        return latest;
    json_object_foreach(versions, version, manifest)
    {
        if (semver_satisfies(version, range) && is_better(versions, best, version))
            best = version;
    }
    return best;
}

/* A list such as ["linux", "!win32"] lets WORD in. */
static bool allows(const json_t *list, const char *word)
{
    bool named = false, any = false;
    if (json_is_string(list))
        return strcmp(json_string_value(list), word) == 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *item = json_string_value(json_array_get(list, i));
        if (item == NULL)
            continue;
        if (item[0] == '!' && strcmp(item + 1, word) == 0)
            return false;
        any = any || item[0] != '!';
        named = named || strcmp(item, word) == 0 || strcmp(item, "any") == 0;
    }
    return named || !any;
}

static bool fits_here(const struct npm *npm, const json_t *manifest)
{
    const char *machine = npm->closure->machine.machine;
    const char *cpu = strcmp(machine, "x86_64") == 0    ? "x64"
                      : strcmp(machine, "aarch64") == 0 ? "arm64"
                                                        : machine;
    return allows(json_object_get(manifest, "os"), "linux") &&
           allows(json_object_get(manifest, "cpu"), cpu) &&
           allows(json_object_get(manifest, "libc"), "glibc");
}

/* --- packuments --- */

static struct package *find_package(struct npm *npm, const char *name)
{
    for (size_t i = 0; i < npm->package_count; i++) {
        if (strcmp(npm->packages[i].name, name) == 0)
            return &npm->packages[i];
    }
    if (npm->package_count == CLOSURE_PACKAGES)
        return NULL;
    struct package *package = &npm->packages[npm->package_count];
    package->name = strdup(name);
    npm->package_count += package->name != NULL;
    return package->name == NULL ? NULL : package;
}

static bool next_packument(void *ctx, struct crowd_get *ret)
{
    struct npm *npm = ctx;
    char path[NAME_MAX_BYTES + 8];
    while (npm->to_ask < npm->package_count) {
        struct package *package = &npm->packages[npm->to_ask++];
        const struct vb_indexes *indexes = npm->closure->request->indexes;
        const struct registry *registry = settings_npm(indexes, package->name);
        package->asked = true;
        if (registry->base[0] == '\0' || !npm_packument_path(package->name, path, sizeof(path)) ||
            !settings_ask(indexes, registry, path, ret)) {
            snprintf(package->why, sizeof(package->why),
                     "npm is not here, and no registry is set for it");
            continue;
        }
        ret->headers[0] =
            "Accept: application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8";
        ret->limit = PACKUMENT_BYTES;
        ret->ctx = package;
        return true;
    }
    return false;
}

int closure_parse(struct crowd_get *get, json_t **ret, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    vb_buf_init(&text, PACKUMENT_BYTES);
    if (lseek(get->fd, 0, SEEK_SET) < 0)
        return vb_fail(err, VB_E_OS, errno, "reading what an index sent");
    const int status = vb_buf_read_fd(&text, get->fd, err);
    return status < 0 ? status
                      : vb_json_parse((const char *)text.data, text.len, text.max, ret, err);
}

static int packument_came(void *ctx, struct crowd_get *get, struct vb_error *err)
{
    struct package *package = get->ctx;
    struct vb_error broken;
    (void)ctx;
    (void)err;
    if (get->status != VB_OK)
        snprintf(package->why, sizeof(package->why), "%s", get->reason);
    else if (closure_parse(get, &package->doc, &broken) < 0 ||
             !json_is_object(json_object_get(package->doc, "versions")))
        snprintf(package->why, sizeof(package->why), "what the index sent is no package");
    if (package->why[0] != '\0') {
        json_decref(package->doc);
        package->doc = NULL;
    }
    return VB_OK;
}

/* --- where it lies --- */

static struct node *child_of(struct npm *npm, size_t parent, const char *folder, uint32_t hash)
{
    for (size_t i = 1; i < npm->node_count; i++) {
        struct node *node = &npm->nodes[i];
        if (node->parent == parent && node->hash == hash && strcmp(node->folder, folder) == 0)
            return node;
    }
    return NULL;
}

static bool is_meant(const struct node *node, const struct need *need)
{
    return strcmp(node->package->name, need->name) == 0 &&
           (semver_satisfies(node->version, need->range) ||
            (need->range[0] == '\0' && node->requested) || !semver_is_range(need->range));
}

/* "npm:other@range" is another package under this name. False: it does not come from an index. */
static bool read_need(const char *folder, const char *range, struct need *ret)
{
    *ret = (struct need){.folder = folder};
    snprintf(ret->name, sizeof(ret->name), "%s", folder);
    range += strspn(range, " ");
    if (strncmp(range, "npm:", 4) == 0) {
        const char *name = range + 4;
        const char *at = strchr(name + (name[0] == '@'), '@');
        const size_t len = at == NULL ? strlen(name) : (size_t)(at - name);
        if (len >= sizeof(ret->name))
            return false;
        memcpy(ret->name, name, len);
        ret->name[len] = '\0';
        range = at == NULL ? "*" : at + 1;
    }
    snprintf(ret->range, sizeof(ret->range), "%s", range);
    return npm_name_valid(ret->name) && npm_name_valid(folder) && strpbrk(ret->range, ":/") == NULL;
}

static int miss(struct npm *npm, const struct need *need, const char *range, const char *reason,
                struct vb_error *err)
{
    return need->optional
               ? VB_OK
               : closure_miss(npm->closure, VB_INDEX_NPM, need->name, range, reason, err);
}

/* The nearest folder of that name, as seen from FROM; *RET_LEVEL is the highest level at which one
 * can be put where it is seen. */
static struct node *seen_from(struct npm *npm, size_t from, const struct need *need, uint32_t hash,
                              size_t *ret_level)
{
    for (size_t level = from;; level = npm->nodes[level].parent) {
        struct node *found = child_of(npm, level, need->folder, hash);
        if (found != NULL)
            return found;
        *ret_level = level;
        if (level == 0)
            return NULL;
    }
}

static int place(struct npm *npm, size_t from, const struct need *need, struct vb_error *err)
{
    const uint32_t hash = hash_of(need->folder);
    size_t level = SIZE_MAX;
    struct node *seen = seen_from(npm, from, need, hash, &level);
    if (seen != NULL && is_meant(seen, need))
        return VB_OK;
    if (level == SIZE_MAX)
        return from == 0 ? miss(npm, need, need->range,
                                "another version of it is asked for by the same package", err)
                         : VB_OK;
    struct package *package = find_package(npm, need->name);
    if (package == NULL || npm->node_count == CLOSURE_PACKAGES)
        return miss(npm, need, need->range, "there are too many packages", err);
    if (package->why[0] != '\0')
        return miss(npm, need, need->range, package->why, err);
    if (package->doc == NULL) {
        npm->waits = true;
        return VB_OK;
    }
    const char *version = npm_choose(package->doc, need->range);
    json_t *manifest = version == NULL
                           ? NULL
                           : json_object_get(json_object_get(package->doc, "versions"), version);
    if (!json_is_object(manifest))
        return miss(npm, need, need->range, "there is no such version", err);
    if (!fits_here(npm, manifest))
        return miss(npm, need, need->range, "it is not for this kind of machine", err);
    npm->nodes[npm->node_count++] = (struct node){.folder = need->folder,
                                                  .version = version,
                                                  .package = package,
                                                  .manifest = manifest,
                                                  .parent = level,
                                                  .hash = hash,
                                                  .requested = from == 0};
    return VB_OK;
}

static int place_list(struct npm *npm, size_t from, const char *key, bool optional,
                      struct vb_error *err)
{
    const json_t *manifest = npm->nodes[from].manifest;
    const json_t *meta = json_object_get(manifest, "peerDependenciesMeta");
    const bool peers = strcmp(key, "peerDependencies") == 0;
    json_t *list = json_object_get(manifest, key), *range;
    const char *name;
    int status = VB_OK;
    json_object_foreach(list, name, range)
    {
        struct need need;
        const char *text = json_string_value(range);
        const bool chosen =
            peers && json_is_true(json_object_get(json_object_get(meta, name), "optional"));
        if (text == NULL || chosen)
            continue;
        const bool known = read_need(name, text, &need);
        need.optional = optional;
        status = known ? place(npm, from, &need, err)
                       : miss(npm, &need, text, "it does not come from the index", err);
        if (status < 0)
            return status;
    }
    return status;
}

static int place_wants(struct npm *npm, struct vb_error *err)
{
    const struct vb_closure_request *request = npm->closure->request;
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < request->want_count; i++) {
        const struct vb_closure_want *want = &request->wants[i];
        struct need need;
        if (want->index != VB_INDEX_NPM)
            continue;
        const bool known = read_need(want->name, want->range, &need);
        status = known ? place(npm, 0, &need, err)
                       : miss(npm, &need, want->range, "it does not come from the index", err);
    }
    return status;
}

/* From the top down, as if nothing had been placed yet. */
static int place_all(struct npm *npm, struct vb_error *err)
{
    npm->node_count = 1;
    npm->waits = false;
    json_array_clear(npm->closure->missing);
    npm->closure->untold = false;
    int status = place_wants(npm, err);
    for (size_t i = 1; status == VB_OK && i < npm->node_count; i++) {
        status = place_list(npm, i, "dependencies", false, err);
        if (status == VB_OK)
            status = place_list(npm, i, "optionalDependencies", true, err);
        if (status == VB_OK)
            status = place_list(npm, i, "peerDependencies", false, err);
    }
    return status;
}

/* --- what comes of it --- */

static bool put_path(const struct npm *npm, size_t node, char *ret, size_t size)
{
    size_t chain[64], depth = 0, to = 0;
    for (; node != 0; node = npm->nodes[node].parent) {
        if (depth == VB_ARRAY_LEN(chain))
            return false;
        chain[depth++] = node;
    }
    while (depth > 0) {
        const int len = snprintf(ret + to, size - to, "%snode_modules/%s", to == 0 ? "" : "/",
                                 npm->nodes[chain[--depth]].folder);
        if (len < 0 || (size_t)len >= size - to)
            return false;
        to += (size_t)len;
    }
    return true;
}

bool npm_digest_name(const char *integrity, char *ret, size_t size)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf bytes;
    struct vb_error ignored;
    const char *at = strstr(integrity, "sha512-");
    vb_buf_init(&bytes, 128);
    if (at == NULL || size < 8 + 2 * 64)
        return false;
    at += 7;
    if (vb_base64_decode(&bytes, at, strcspn(at, " \t?"), &ignored) < 0 || bytes.len != 64)
        return false;
    size_t to = (size_t)snprintf(ret, size, "sha512-");
    for (size_t i = 0; i < bytes.len; i++)
        to += (size_t)snprintf(ret + to, size - to, "%02x", bytes.data[i]);
    return true;
}

/* The versions that are needed, as the index tells of them. */
static bool put_packument(struct npm *npm, const struct node *node)
{
    json_t *packuments = npm->closure->packuments;
    json_t *own = json_object_get(packuments, node->package->name);
    if (own == NULL) {
        own = json_pack("{s:s, s:{s:s}, s:{}}", "name", node->package->name, "dist-tags", "latest",
                        node->version, "versions");
        if (own == NULL || json_object_set_new(packuments, node->package->name, own) < 0)
            return false;
    }
    json_t *tags = json_object_get(own, "dist-tags");
    if (semver_compare(node->version, text_of(tags, "latest")) > 0 &&
        json_object_set_new(tags, "latest", json_string(node->version)) < 0)
        return false;
    return json_object_set(json_object_get(own, "versions"), node->version, node->manifest) == 0;
}

static int put_node(struct npm *npm, size_t i, struct vb_error *err)
{
    const struct node *node = &npm->nodes[i];
    const json_t *dist = json_object_get(node->manifest, "dist");
    const char *url = text_of(dist, "tarball"), *integrity = text_of(dist, "integrity");
    const char *name = node->package->name;
    char path[1024], file[NAME_MAX_BYTES * 2 + 160], digest[160];
    if (url == NULL || integrity == NULL || !npm_digest_name(integrity, digest, sizeof(digest)))
        return closure_miss(npm->closure, VB_INDEX_NPM, name, node->version,
                            "the index gives no digest of it that is strong", err);
    if (!semver_valid(node->version) || !put_path(npm, i, path, sizeof(path)))
        return closure_miss(npm->closure, VB_INDEX_NPM, name, node->version,
                            "its version or its place is too odd", err);
    snprintf(file, sizeof(file), "npm/%s/-/%s-%.128s.tgz", name, vb_path_base(name), node->version);
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "path", path, "name", name,
                            "version", node->version, "file", file, "integrity", integrity, "url",
                            url, "digest", digest, "requested", node->requested);
    if (row == NULL || json_array_append_new(npm->closure->npm, row) < 0 ||
        !put_packument(npm, node))
        return vb_fail(err, VB_E_NOMEM, errno, "noting a dependency");
    return VB_OK;
}

static void npm_free(struct npm *npm)
{
    if (npm == NULL)
        return;
    for (size_t i = 0; i < npm->package_count; i++) {
        free(npm->packages[i].name);
        json_decref(npm->packages[i].doc);
    }
    free(npm);
}

static void free_npm(struct npm **npm)
{
    npm_free(*npm);
}

int npm_resolve(struct closure *closure, struct vb_error *err)
{
    VB_CLEANUP(free_npm) struct npm *npm = calloc(1, sizeof(*npm));
    if (npm == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "resolving dependencies");
    npm->closure = closure;
    const struct crowd_work work = {npm, next_packument, packument_came};
    int status = place_all(npm, err);
    for (unsigned round = 0; status == VB_OK && npm->waits && round < CLOSURE_ROUNDS; round++) {
        status = crowd_run(&closure->crowd, &work, err);
        if (status == VB_OK)
            status = place_all(npm, err);
    }
    for (size_t i = 1; status == VB_OK && i < npm->node_count; i++)
        status = put_node(npm, i, err);
    return status;
}
