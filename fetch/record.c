/* record: see record.h. What an index says is hostile: it is bounded, parsed strictly and kept;
 * what it is worth is found out elsewhere. */
#include "fetch/record.h"

#include <errno.h>
#include <string.h>

enum {
    KEYS_BYTES = 256 << 10,
    BUNDLES_BYTES = 8 << 20,
    PACKUMENT_BYTES = 64 << 20,
    SIGNATURES_MAX = 16,
    DIGESTS_MAX = 2048, /* bytes of an integrity string */
    RECORD_BYTES = 16 << 20,
    PATH_BYTES = 512,
    ASIDE_MS = 8000 /* for all answers: the package is there and waits to be looked at */
};

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static int no_memory(struct vb_error *err)
{
    return vb_fail(err, VB_E_NOMEM, errno, "keeping what an index says");
}

/* VALUE is taken over, and may be NULL where there was no memory. */
static int put(json_t *object, const char *key, json_t *value, struct vb_error *err)
{
    return json_object_set_new(object, key, value) < 0 ? no_memory(err) : VB_OK;
}

static int put_text(json_t *object, const char *key, const char *text, struct vb_error *err)
{
    return text == NULL || strlen(text) > DIGESTS_MAX ? VB_OK
                                                      : put(object, key, json_string(text), err);
}

/* --- one more answer --- */

struct question {
    struct record *record;
    const char *key; /* of the record */
    const struct crowd_get *get;
    json_t *answer; /* NULL: none that could be read */
};

static bool next_question(void *ctx, struct crowd_get *ret)
{
    struct question *question = ctx;
    if (question->get == NULL)
        return false;
    const int fd = ret->fd;
    *ret = *question->get;
    ret->fd = fd;
    question->get = NULL;
    return true;
}

static int answer_came(void *ctx, struct crowd_get *get, struct vb_error *err)
{
    struct question *question = ctx;
    json_t *missing = json_object_get(question->record->json, "missing");
    struct vb_error broken;
    const char *why = NULL;
    if (get->status != VB_OK)
        why = get->reason;
    else if (closure_parse(get, &question->answer, &broken) < 0)
        why = "what the index sent is no JSON";
    return why == NULL ? VB_OK : put(missing, question->key, json_string(why), err);
}

/* *RET stays NULL where nothing came that is JSON; "missing" then says why. */
static int ask(struct record *record, const char *key, const struct crowd_get *get, json_t **ret,
               struct vb_error *err)
{
    struct question question = {.record = record, .key = key, .get = get};
    const struct crowd_work work = {&question, next_question, answer_came};
    const int status = crowd_run(record->crowd, &work, err);
    *ret = question.answer;
    return status;
}

/* Asks for PATH below the registry. */
static int ask_registry(struct record *record, const char *key, const char *path, uint64_t limit,
                        json_t **ret, struct vb_error *err)
{
    struct crowd_get get = {.limit = limit, .headers = {"Accept: application/json"}};
    *ret = NULL;
    if (!settings_ask(record->indexes, record->registry, path, &get))
        return put(json_object_get(record->json, "missing"), key,
                   json_string("its address is too long"), err);
    return ask(record, key, &get, ret, err);
}

static int keep_registry(struct record *record, const char *key, const char *path, uint64_t limit,
                         struct vb_error *err)
{
    json_t *answer = NULL;
    const int status = ask_registry(record, key, path, limit, &answer, err);
    if (answer == NULL)
        return status;
    return put(record->json, key, answer, err);
}

/* The registry's address as users know it: with nobody's name and password. */
static int put_registry(struct record *record, struct vb_error *err)
{
    char plain[SETTINGS_URL_BYTES];
    const char *base = record->registry->base;
    const char *host = strstr(base, "://");
    if (host == NULL)
        return VB_OK;
    host += 3;
    const size_t user = strcspn(host, "/@");
    snprintf(plain, sizeof(plain), "%.*s%s", (int)(host - base), base,
             host[user] == '@' ? host + user + 1 : host);
    return put_text(record->json, "registry", plain, err);
}

static int begin(struct record *record, const char *version, struct vb_error *err)
{
    const uint64_t soon = vb_monotonic_ns() + (uint64_t)ASIDE_MS * 1000000U;
    if (record->crowd->deadline_ns > soon)
        record->crowd->deadline_ns = soon;
    record->json = json_pack("{s:s, s:s, s:s, s:{}}", "index", record->index, "name", record->name,
                             "version", version, "missing");
    return record->json == NULL ? no_memory(err) : put_registry(record, err);
}

/* --- npm --- */

static int keep_signatures(struct record *record, const json_t *dist, struct vb_error *err)
{
    const json_t *list = json_object_get(dist, "signatures");
    json_t *kept = json_array();
    int status = put(record->json, "signatures", kept, err);
    for (size_t i = 0; status == VB_OK && i < json_array_size(list) && i < SIGNATURES_MAX; i++) {
        const json_t *row = json_array_get(list, i);
        json_t *own = json_object();
        if (own == NULL || json_array_append_new(kept, own) < 0)
            return no_memory(err);
        status = put_text(own, "keyid", text_of(row, "keyid"), err);
        if (status == VB_OK)
            status = put_text(own, "sig", text_of(row, "sig"), err);
    }
    return status;
}

/* A key that made one of the signatures ends at some time: when the version was published matters
 * then. */
static bool may_be_over(const struct record *record)
{
    const json_t *keys = json_object_get(json_object_get(record->json, "keys"), "keys");
    const json_t *signatures = json_object_get(record->json, "signatures");
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const json_t *key = json_array_get(keys, i);
        const char *id = text_of(key, "keyid");
        if (id == NULL || text_of(key, "expires") == NULL)
            continue;
        for (size_t k = 0; k < json_array_size(signatures); k++) {
            const char *used = text_of(json_array_get(signatures, k), "keyid");
            if (used != NULL && strcmp(used, id) == 0)
                return true;
        }
    }
    return false;
}

/* Only the long form of a packument says when. */
static int keep_time(struct record *record, const char *version, struct vb_error *err)
{
    char path[PATH_BYTES];
    json_t *packument = NULL;
    if (!npm_packument_path(record->name, path, sizeof(path)))
        return VB_OK;
    int status = ask_registry(record, "published", path, PACKUMENT_BYTES, &packument, err);
    if (status == VB_OK)
        status = put_text(record->json, "published",
                          text_of(json_object_get(packument, "time"), version), err);
    json_decref(packument);
    return status;
}

/* The address that the packument names is not used: it may be anybody's. */
static int keep_attestations(struct record *record, const char *version, struct vb_error *err)
{
    char name[PATH_BYTES], path[2 * PATH_BYTES];
    if (!npm_packument_path(record->name, name, sizeof(name)))
        return VB_OK;
    snprintf(path, sizeof(path), "-/npm/v1/attestations/%s@%s", name, version);
    return keep_registry(record, "attestations", path, BUNDLES_BYTES, err);
}

int record_npm(struct record *record, const char *version, const json_t *dist, struct vb_error *err)
{
    const bool attested = json_is_object(json_object_get(dist, "attestations"));
    int status = begin(record, version, err);
    if (status == VB_OK)
        status = put_text(record->json, "integrity", text_of(dist, "integrity"), err);
    if (status == VB_OK)
        status = put_text(record->json, "shasum", text_of(dist, "shasum"), err);
    if (status == VB_OK)
        status = keep_signatures(record, dist, err);
    const bool is_signed = json_array_size(json_object_get(record->json, "signatures")) > 0;
    if (status == VB_OK && (is_signed || attested))
        status = keep_registry(record, "keys", "-/npm/v1/keys", KEYS_BYTES, err);
    if (status == VB_OK && may_be_over(record))
        status = keep_time(record, version, err);
    return status == VB_OK && attested ? keep_attestations(record, version, err) : status;
}

/* --- PyPI --- */

static int keep_provenance(struct record *record, const char *url, struct vb_error *err)
{
    struct crowd_get get = {.limit = BUNDLES_BYTES,
                            .headers = {"Accept: application/vnd.pypi"
                                        ".integrity.v1+json"}};
    json_t *answer = NULL;
    if (!settings_ask_url(record->indexes, record->registry, url, &get))
        return put(json_object_get(record->json, "missing"), "provenance",
                   json_string("its address is too long"), err);
    const int status = ask(record, "provenance", &get, &answer, err);
    return answer == NULL ? status : put(record->json, "provenance", answer, err);
}

int record_pypi(struct record *record, const char *version, const json_t *file,
                struct vb_error *err)
{
    const char *url = text_of(file, "provenance");
    int status = begin(record, version, err);
    if (status == VB_OK)
        status = put_text(record->json, "file", text_of(file, "filename"), err);
    if (status == VB_OK)
        status = put_text(record->json, "sha256",
                          text_of(json_object_get(file, "hashes"), "sha256"), err);
    return status == VB_OK && url != NULL ? keep_provenance(record, url, err) : status;
}

/* --- ClawHub --- */

static int keep_file(json_t *list, const json_t *file, struct vb_error *err)
{
    json_t *own = json_object();
    if (own == NULL || json_array_append_new(list, own) < 0)
        return no_memory(err);
    const int status = put_text(own, "path", text_of(file, "path"), err);
    return status == VB_OK ? put_text(own, "sha256", text_of(file, "sha256"), err) : status;
}

/* Of a plugin's archive, as npm knows them. */
static int keep_artifact(json_t *json, const json_t *told, struct vb_error *err)
{
    const json_t *inner = json_object_get(told, "artifact");
    const json_t *artifact = json_is_object(inner) ? inner : told;
    int status = put_text(json, "sha256", text_of(artifact, "sha256"), err);
    if (status == VB_OK)
        status = put_text(json, "integrity", text_of(artifact, "npmIntegrity"), err);
    return status == VB_OK ? put_text(json, "shasum", text_of(artifact, "npmShasum"), err) : status;
}

int record_clawhub(struct record *record, const char *version, const json_t *told,
                   struct vb_error *err)
{
    const json_t *files = json_object_get(json_object_get(told, "version"), "files");
    int status = begin(record, version, err);
    if (status == VB_OK && json_is_array(files))
        status = put(record->json, "files", json_array(), err);
    json_t *kept = json_object_get(record->json, "files");
    for (size_t i = 0; status == VB_OK && i < json_array_size(files); i++)
        status = keep_file(kept, json_array_get(files, i), err);
    if (status == VB_OK && !json_is_array(files))
        status = keep_artifact(record->json, told, err);
    return status;
}

/* --- others --- */

int record_plain(struct record *record, const char *version, const json_t *told,
                 struct vb_error *err)
{
    const int status = begin(record, version, err);
    return status == VB_OK ? put_text(record->json, "sha256", text_of(told, "sha256"), err)
                           : status;
}

/* --- */

int record_write(const struct record *record, int fd, struct vb_error *err)
{
    char *text = json_dumps(record->json, JSON_COMPACT);
    if (text == NULL)
        return no_memory(err);
    const size_t len = strlen(text);
    const int status = len > RECORD_BYTES
                           ? vb_fail(err, VB_E_LIMIT, 0, "the index says more than 16 MiB of it")
                           : vb_write_all(fd, text, len, err);
    free(text);
    return status;
}
