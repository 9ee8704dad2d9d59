/* Manifests of model signatures. Trust boundary: text of whoever signed it, who may be anybody. */
#include "signatures/manifest.h"

#define PREDICATE "https://model_signing/signature/v1.0"
#define LEGACY_PREDICATE "https://model_signing/Digests/v0.1"

enum { SHARD_SIZE_MIN = 64 };

void vb_sig_manifest_done(struct vb_sig_manifest *manifest)
{
    for (size_t i = 0; i < manifest->count; i++)
        free(manifest->resources[i].path);
    free(manifest->resources);
    vb_sig_paths_done(&manifest->ignored);
}

static const struct {
    const char *name;
    const char *openssl;
    size_t len;
} algorithms[] = {
    {"sha256", "SHA256", 32},
    {"sha384", "SHA384", 48},
    {"sha512", "SHA512", 64},
    {"blake2b", "BLAKE2B512", 64},
};

/* --- how it was made --- */

static int parse_ignored(const json_t *json, struct vb_sig_manifest *ret, const char **ret_why,
                         struct vb_error *err)
{
    const json_t *list = vb_sig_json_array(json, "ignore_paths", VB_SIG_IGNORED_MAX);
    int status = 0;

    if (list == NULL && vb_sig_json_has(json, "ignore_paths"))
        *ret_why = "ignore_paths is no list, or too long";
    for (size_t i = 0; status == 0 && i < json_array_size(list); i++) {
        const char *path = json_string_value(json_array_get(list, i));
        /* What lies elsewhere is nothing of this folder. */
        if (path != NULL && vb_path_safe(path))
            status = vb_sig_paths_add(&ret->ignored, path, err);
    }
    return status;
}

/* The algorithm's name as resources tell it is written to NAME. */
static const char *parse_method(const json_t *json, struct vb_sig_manifest *ret,
                                struct vb_sig_bytes *name)
{
    int64_t size = 0;

    if (!vb_sig_json_text(json, "hash_type", name))
        return "the statement does not say how files were hashed";
    if (vb_sig_json_has(json, "allow_symlinks") &&
        !vb_sig_json_bool(json, "allow_symlinks", &ret->symlinks))
        return "allow_symlinks is neither true nor false";
    if (vb_sig_json_is(json, "method", "shards")) {
        if (!vb_sig_json_int(json, "shard_size", &size) || size < SHARD_SIZE_MIN)
            return "the size of shards is missing or too small";
        ret->shard_size = (uint64_t)size;
    } else if (!vb_sig_json_is(json, "method", "files")) {
        return "the statement is over neither files nor shards";
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(algorithms); i++) {
        if (!vb_sig_equals(*name, algorithms[i].name))
            continue;
        ret->algorithm = algorithms[i].openssl;
        ret->digest_len = algorithms[i].len;
    }
    return NULL;
}

/* --- resources --- */

/* "path:start:end": the last two colons count, a path may have more. */
static bool split_shard(struct vb_sig_bytes *name, struct vb_sig_resource *ret)
{
    uint64_t *const parts[] = {&ret->end, &ret->start};

    for (size_t i = 0; i < VB_ARRAY_LEN(parts); i++) {
        const unsigned char *colon = memrchr(name->data, ':', name->len);
        uint64_t value = 0;
        if (colon == NULL)
            return false;
        const unsigned char *end = name->data + name->len;
        if (colon + 1 == end || (colon[1] == '0' && colon + 2 != end))
            return false;
        for (const unsigned char *c = colon + 1; c < end; c++) {
            if (*c < '0' || *c > '9' || __builtin_mul_overflow(value, 10, &value) ||
                __builtin_add_overflow(value, (uint64_t)(*c - '0'), &value))
                return false;
        }
        *parts[i] = value;
        name->len = (size_t)(colon - name->data);
    }
    /* An empty file may be listed, as the one shard that it has not. */
    return ret->start < ret->end || (ret->start == 0 && ret->end == 0);
}

static bool algorithm_fits(const struct vb_sig_manifest *manifest, const json_t *json,
                           struct vb_sig_bytes algorithm)
{
    char sharded[64];

    snprintf(sharded, sizeof(sharded), "%.*s-sharded-%llu", (int)algorithm.len,
             (const char *)algorithm.data, (unsigned long long)manifest->shard_size);
    struct vb_sig_bytes told;
    if (!vb_sig_json_text(json, "algorithm", &told))
        return false;
    return (told.len == algorithm.len && memcmp(told.data, algorithm.data, told.len) == 0) ||
           (manifest->shard_size != 0 && vb_sig_equals(told, sharded));
}

/* Takes NAME and the digest KEY of JSON. */
static int add_resource(const json_t *json, const char *key, struct vb_sig_bytes name,
                        struct vb_sig_manifest *ret, const char **ret_why, struct vb_error *err)
{
    struct vb_sig_resource resource = {0};

    if (ret->shard_size != 0 && !split_shard(&name, &resource)) {
        *ret_why = "a signed shard does not say which it is";
        return 0;
    }
    if (!vb_sig_json_hex_exact(json, key, resource.digest, ret->digest_len)) {
        *ret_why = "the digest of a signed file is not of its length in hex";
        return 0;
    }
    resource.path = strndup((const char *)name.data, name.len);
    if (resource.path == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a signed folder");
    ret->resources[ret->count++] = resource;
    if (!vb_path_safe(resource.path) || !vb_utf8_valid(name.data, name.len))
        *ret_why = "the name of a signed file is none below the folder";
    return 0;
}

static int parse_resource(const json_t *json, struct vb_sig_bytes algorithm,
                          struct vb_sig_manifest *ret, const char **ret_why, struct vb_error *err)
{
    struct vb_sig_bytes name;

    if (!vb_sig_json_text(json, "name", &name)) {
        *ret_why = "a signed file has no name";
        return 0;
    }
    if (!algorithm_fits(ret, json, algorithm)) {
        *ret_why = "a signed file was hashed in another way than the statement says";
        return 0;
    }
    return add_resource(json, "digest", name, ret, ret_why, err);
}

static int by_path(const void *a, const void *b)
{
    const struct vb_sig_resource *left = a;
    const struct vb_sig_resource *right = b;
    const int order = strcmp(left->path, right->path);

    if (order != 0)
        return order;
    return (left->start > right->start) - (left->start < right->start);
}

static const char *sort(struct vb_sig_manifest *manifest)
{
    qsort(manifest->resources, manifest->count, sizeof(*manifest->resources), by_path);
    for (size_t i = 1; i < manifest->count; i++) {
        if (by_path(&manifest->resources[i - 1], &manifest->resources[i]) == 0)
            return "a file is signed twice";
    }
    return NULL;
}

/* The one subject is the digest of all digests, in the order in which they stand there. */
static int check_root(const struct vb_sig_statement *statement,
                      const struct vb_sig_manifest *manifest, const char **ret_why,
                      struct vb_error *err)
{
    const json_t *subject = json_array_get(statement->subjects, 0);
    VB_CLEANUP(vb_buf_done) struct vb_buf digests = {0};
    unsigned char told[VB_SHA256_BYTES];
    unsigned char digest[VB_SIG_DIGEST_MAX];
    size_t len = 0;
    int status = 0;

    vb_buf_init(&digests, manifest->count * manifest->digest_len + 1);
    for (size_t i = 0; status == 0 && i < manifest->count; i++)
        status = vb_buf_append(&digests, manifest->resources[i].digest, manifest->digest_len, err);
    if (status == 0)
        status =
            vb_sig_hash("SHA256", (struct vb_sig_bytes){.data = digests.data, .len = digests.len},
                        digest, &len, err);
    if (status < 0)
        return status;
    if (json_array_size(statement->subjects) != 1 ||
        !vb_sig_json_hex_exact(vb_sig_json_object(subject, "digest"), "sha256", told,
                               sizeof(told)) ||
        !vb_sig_same((struct vb_sig_bytes){.data = told, .len = sizeof(told)},
                     (struct vb_sig_bytes){.data = digest, .len = len}))
        *ret_why = "the digest over all files is not that of the files in the statement";
    return 0;
}

static int make_room(struct vb_sig_manifest *ret, size_t count, struct vb_error *err)
{
    ret->resources = calloc(count + 1, sizeof(*ret->resources));
    return ret->resources != NULL
               ? 0
               : vb_fail(err, VB_E_NOMEM, 0, "out of memory for a signed folder");
}

static int parse_resources(const struct vb_sig_statement *statement, struct vb_sig_bytes algorithm,
                           struct vb_sig_manifest *ret, const char **ret_why, struct vb_error *err)
{
    const json_t *list = vb_sig_json_array(statement->predicate, "resources", VB_SIG_RESOURCES_MAX);
    const char *why = list == NULL ? "the statement lists no files, or too many" : NULL;

    int status = make_room(ret, json_array_size(list), err);
    for (size_t i = 0; status == 0 && why == NULL && i < json_array_size(list); i++)
        status = parse_resource(json_array_get(list, i), algorithm, ret, &why, err);
    if (status == 0 && why == NULL)
        status = check_root(statement, ret, &why, err);
    if (why != NULL)
        *ret_why = why;
    return status;
}

/* Before 1.0 each file was a subject of its own, and nothing said how. */
static int parse_legacy(const struct vb_sig_statement *statement, struct vb_sig_manifest *ret,
                        const char **ret_why, struct vb_error *err)
{
    ret->algorithm = algorithms[0].openssl;
    ret->digest_len = algorithms[0].len;
    int status = make_room(ret, json_array_size(statement->subjects), err);
    const char *why = NULL;
    for (size_t i = 0; status == 0 && why == NULL && i < json_array_size(statement->subjects);
         i++) {
        const json_t *subject = json_array_get(statement->subjects, i);
        struct vb_sig_bytes name;
        if (vb_sig_json_text(subject, "name", &name))
            status =
                add_resource(vb_sig_json_object(subject, "digest"), "sha256", name, ret, &why, err);
        else
            why = "a signed file has no name";
    }
    if (why != NULL)
        *ret_why = why;
    return status;
}

static int parse(const struct vb_sig_statement *statement, struct vb_sig_manifest *ret,
                 const char **ret_why, struct vb_error *err)
{
    const json_t *how = vb_sig_json_object(statement->predicate, "serialization");
    struct vb_sig_bytes algorithm;

    *ret_why = parse_method(how, ret, &algorithm);
    if (*ret_why != NULL || ret->algorithm == NULL)
        return 0;
    const int status = parse_ignored(how, ret, ret_why, err);
    if (status < 0 || *ret_why != NULL)
        return status;
    return parse_resources(statement, algorithm, ret, ret_why, err);
}

int vb_sig_manifest(const struct vb_sig_statement *statement, struct vb_sig_manifest *ret,
                    const char **ret_why, struct vb_error *err)
{
    const char *why = NULL;
    int status = 0;

    if (vb_sig_equals(statement->predicate_type, PREDICATE))
        status = parse(statement, ret, &why, err);
    else if (vb_sig_equals(statement->predicate_type, LEGACY_PREDICATE))
        status = parse_legacy(statement, ret, &why, err);
    else
        why = "what is signed is no statement about a folder";
    if (status == 0 && why == NULL && ret->algorithm != NULL)
        why = sort(ret);
    if (status == 0 && why != NULL)
        *ret_why = why;
    return status;
}
