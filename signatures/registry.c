/* What an index told of the artifact. Trust boundary: the record is what a fetcher child wrote that
 * had read an index: it is parsed with the distrust of everything else, and what it says of bytes
 * is compared with bytes that are hashed here. */
#include "signatures/registry.h"

#include <limits.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

const char *vb_sig_told_missing(const struct vb_sig_told *told, const char *key)
{
    return text_of(vb_sig_json_object(told->record, "missing"), key);
}

int vb_sig_told_emit(struct vb_sig_told *told, struct vb_sig_result *result, const char *more,
                     struct vb_error *err)
{
    const bool holds = vb_sig_holds(result);
    const int status = holds ? vb_sig_paths_add(&result->covers, told->job.path, err) : 0;

    if (status < 0)
        return status;
    result->from_index = true;
    vb_sig_cover_add(told->cover, ".", holds, result);
    const size_t len = strlen(result->reason);
    snprintf(result->reason + len, sizeof(result->reason) - len, "%s", more);
    return vb_sig_result_emit(&told->job, result, told->sink, err);
}

/* --- digests --- */

static const struct {
    const char *prefix;
    const char *openssl;
    size_t len;
} algorithms[] = {{"sha512-", "SHA512", 64},
                  {"sha384-", "SHA384", 48},
                  {"sha256-", "SHA256", 32},
                  {"sha1-", "SHA1", 20}};

bool vb_sig_integrity_next(const char **ret_at, struct vb_sig_integrity *ret)
{
    const char *at = *ret_at + strspn(*ret_at, " \t\r\n");
    struct vb_sig_bytes word = {.data = (const unsigned char *)at, .len = strcspn(at, " \t\r\n")};

    *ret = (struct vb_sig_integrity){0};
    *ret_at = at + word.len;
    if (word.len == 0)
        return false;
    word.len = strcspn(at, " \t\r\n?");
    for (size_t i = 0; i < VB_ARRAY_LEN(algorithms); i++) {
        if (vb_sig_skip(&word, algorithms[i].prefix) &&
            vb_sig_base64(word, false, ret->digest, sizeof(ret->digest), &ret->len) &&
            ret->len == algorithms[i].len)
            ret->algorithm = algorithms[i].openssl;
    }
    return true;
}

static int tell_digest(struct vb_sig_told *told, const char *algorithm, struct vb_sig_bytes digest,
                       struct vb_error *err)
{
    unsigned char real[VB_SIG_DIGEST_MAX];
    char hex[2 * VB_SIG_DIGEST_MAX + 1], name[16];
    struct vb_event event;
    size_t len = 0;

    const int status = vb_sig_hash_fd(algorithm, told->artifact.fd, real, &len, err);
    if (status < 0)
        return status;
    vb_sig_hex(digest, hex);
    snprintf(name, sizeof(name), "%s", algorithm);
    for (char *c = name; *c != '\0'; c++)
        *c = vb_ascii_lower(*c);
    const bool holds = vb_sig_same(digest, (struct vb_sig_bytes){.data = real, .len = len});
    vb_event_init(&event, VB_EV_FETCH_DIGEST, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_NAME, told->job.path);
    vb_event_str(&event, VB_F_WHAT, name);
    vb_event_str(&event, VB_F_VALUE, hex);
    vb_event_str(&event, VB_F_OUTCOME, holds ? "holds" : "differs");
    return vb_emit(told->sink, &event, err);
}

static int tell_integrity(struct vb_sig_told *told, struct vb_error *err)
{
    enum { DIGESTS_MAX = 8 };
    const char *at = text_of(told->record, "integrity");
    struct vb_sig_integrity one;
    int status = 0;

    for (size_t i = 0; at != NULL && status == 0 && i < DIGESTS_MAX; i++) {
        if (!vb_sig_integrity_next(&at, &one))
            break;
        if (one.algorithm != NULL)
            status = tell_digest(told, one.algorithm,
                                 (struct vb_sig_bytes){.data = one.digest, .len = one.len}, err);
    }
    return status;
}

/* A digest in hexadecimal, where the record has one. */
static int tell_hex(struct vb_sig_told *told, const char *key, const char *algorithm, size_t len,
                    struct vb_error *err)
{
    unsigned char digest[VB_SIG_DIGEST_MAX];

    if (!vb_sig_json_hex_exact(told->record, key, digest, len))
        return 0;
    return tell_digest(told, algorithm, (struct vb_sig_bytes){.data = digest, .len = len}, err);
}

static int tell_digests(struct vb_sig_told *told, struct vb_error *err)
{
    int status = tell_integrity(told, err);

    if (status == 0)
        status = tell_hex(told, "shasum", "SHA1", 20, err);
    return status == 0 ? tell_hex(told, "sha256", "SHA256", VB_SHA256_BYTES, err) : status;
}

/* --- all of it --- */

/* A record that cannot be read says nothing of the package, and may have said what matters. */
static int could_not_read(struct vb_sink *sink, const char *path, const char *why,
                          struct vb_error *err)
{
    struct vb_event event;
    char reason[256];

    snprintf(reason, sizeof(reason), "what the index told of it: %s", why);
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "verify");
    vb_event_str(&event, VB_F_WHAT, "signatures");
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_str(&event, VB_F_PATH, path);
    return vb_emit(sink, &event, err);
}

/* Leaves *ret NULL where there is no record, or none that can be read. */
static int read_record(int fd, const char *path, json_t **ret, struct vb_sink *sink,
                       struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    VB_CLEANUP(vb_json_free) json_t *json = NULL;
    char why[200] = "";

    vb_buf_init(&text, VB_SIG_RECORD_MAX + 1);
    int status = vb_sig_read_head(fd, VB_SIG_RECORD_MAX + 1, &text, err);
    if (status < 0 || text.len == 0)
        return status;
    status = vb_sig_json_parse((struct vb_sig_bytes){.data = text.data, .len = text.len},
                               VB_SIG_RECORD_MAX, &json, why, sizeof(why), err);
    if (status == 0 && json == NULL)
        return could_not_read(sink, path, why, err);
    if (status == 0 && (text_of(json, "name") == NULL || text_of(json, "version") == NULL))
        return could_not_read(sink, path, "it has no name and version", err);
    *ret = vb_steal(json);
    return status;
}

static const char *path_of(const struct vb_verify_job *work)
{
    return work->beside_name[0] != '\0' ? work->beside_name : "artifact";
}

int vb_sig_record(const struct vb_verify_job *work, struct vb_sink *sink, json_t **ret,
                  struct vb_error *err)
{
    return work->from_index ? read_record(work->record_fd, path_of(work), ret, sink, err) : 0;
}

int vb_sig_registry(const struct vb_sig_job *job, const struct vb_verify_job *work,
                    const json_t *record, struct vb_sig_cover *cover, struct vb_sink *sink,
                    struct vb_error *err)
{
    if (record == NULL)
        return 0;
    struct vb_sig_told told = {.job = *job,
                               .artifact = {.fd = work->artifact_fd},
                               .record = record,
                               .name = text_of(record, "name"),
                               .version = text_of(record, "version"),
                               .cover = cover,
                               .sink = sink};
    told.job.path = path_of(work);
    told.job.subject = NULL;
    int status = tell_digests(&told, err);
    if (status < 0 || vb_sig_json_is(record, "index", "github") ||
        vb_sig_json_is(record, "index", "skills"))
        return status;
    if (status == 0 && vb_sig_json_is(record, "index", "clawhub"))
        return vb_sig_clawhub(&told, &cover->files, err);
    if (status == 0 && vb_sig_json_is(record, "index", "npm"))
        status = vb_sig_npm(&told, err);
    if (status == 0 && vb_sig_json_is(record, "index", "npm"))
        return vb_sig_npm_attestations(&told, err);
    return status == 0 ? vb_sig_pypi_attestations(&told, err) : status;
}
