/* trusted_root.json. Trust boundary: the user's own configuration, read by the coordinator before
 * any package is looked at; everything that is not understood is an error. */
#include "signatures/trusted_root.h"

#include <time.h>

enum { ITEMS_MAX = 256 };

bool vb_sig_within(const struct vb_sig_period *period, int64_t time)
{
    return time >= period->start && time <= period->end;
}

static void logs_done(struct vb_sig_logs *logs)
{
    for (size_t i = 0; i < logs->count; i++)
        EVP_PKEY_free(logs->items[i].key);
    free(logs->items);
}

void vb_sig_authorities_done(struct vb_sig_authorities *authorities)
{
    for (size_t i = 0; i < authorities->count; i++) {
        vb_sig_certs_free(&authorities->items[i].chain);
        vb_sig_certs_free(&authorities->items[i].anchors);
    }
    free(authorities->items);
}

void vb_sig_trusted_root_done(struct vb_sig_trusted_root *root)
{
    free(root->name);
    logs_done(&root->tlogs);
    logs_done(&root->ctlogs);
    vb_sig_authorities_done(&root->cas);
    vb_sig_authorities_done(&root->tsas);
    *root = (struct vb_sig_trusted_root){0};
}

const struct vb_sig_log *vb_sig_log_find(const struct vb_sig_logs *logs,
                                         const unsigned char id[VB_SIG_LOG_ID])
{
    for (size_t i = 0; i < logs->count; i++) {
        if (logs->items[i].key != NULL && memcmp(logs->items[i].id, id, VB_SIG_LOG_ID) == 0)
            return &logs->items[i];
    }
    return NULL;
}

/* --- times --- */

static bool digits(struct vb_sig_bytes *in, size_t count, int *ret)
{
    int value = 0;

    if (in->len < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (in->data[i] < '0' || in->data[i] > '9')
            return false;
        value = value * 10 + (in->data[i] - '0');
    }
    in->data += count;
    in->len -= count;
    *ret = value;
    return true;
}

/* ".123"; nothing is as good. *ret_some: it is not zero. */
static bool fraction(struct vb_sig_bytes *in, bool *ret_some)
{
    size_t count = 0;
    int digit;

    *ret_some = false;
    if (!vb_sig_skip(in, "."))
        return true;
    for (; digits(in, 1, &digit); count++)
        *ret_some = *ret_some || digit != 0;
    return count > 0 && count <= 9;
}

/* "Z" or "+01:00"; RET in seconds. */
static bool zone(struct vb_sig_bytes *in, int *ret)
{
    int hours;
    int minutes;

    *ret = 0;
    if (vb_sig_skip(in, "Z"))
        return in->len == 0;
    const bool west = vb_sig_skip(in, "-");
    if ((!west && !vb_sig_skip(in, "+")) || !digits(in, 2, &hours) || !vb_sig_skip(in, ":") ||
        !digits(in, 2, &minutes) || in->len != 0)
        return false;
    *ret = (hours * 60 + minutes) * (west ? -60 : 60);
    return hours < 24 && minutes < 60;
}

bool vb_sig_rfc3339(struct vb_sig_bytes text, bool round_up, int64_t *ret)
{
    struct tm tm = {0};
    bool some;
    int offset;

    if (!digits(&text, 4, &tm.tm_year) || !vb_sig_skip(&text, "-") ||
        !digits(&text, 2, &tm.tm_mon) || !vb_sig_skip(&text, "-") ||
        !digits(&text, 2, &tm.tm_mday) || !vb_sig_skip(&text, "T") ||
        !digits(&text, 2, &tm.tm_hour) || !vb_sig_skip(&text, ":") ||
        !digits(&text, 2, &tm.tm_min) || !vb_sig_skip(&text, ":") ||
        !digits(&text, 2, &tm.tm_sec) || !fraction(&text, &some) || !zone(&text, &offset))
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    const struct tm meant = tm;
    const time_t seconds = timegm(&tm);
    /* timegm turns the 31st of June into the 1st of July. */
    if (tm.tm_mday != meant.tm_mday || tm.tm_mon != meant.tm_mon || tm.tm_hour != meant.tm_hour ||
        tm.tm_min != meant.tm_min || tm.tm_sec != meant.tm_sec)
        return false;
    *ret = (int64_t)seconds - offset + (round_up && some ? 1 : 0);
    return true;
}

/* A period without a start is refused: taken for an open one it would make a key good for all
 * time. */
static bool parse_period(const json_t *json, struct vb_sig_period *ret)
{
    struct vb_sig_bytes text;

    ret->end = INT64_MAX;
    if (!vb_sig_json_text(json, "start", &text) || !vb_sig_rfc3339(text, true, &ret->start))
        return false;
    if (!vb_sig_json_has(json, "end"))
        return true;
    return vb_sig_json_text(json, "end", &text) && vb_sig_rfc3339(text, false, &ret->end);
}

/* --- lists --- */

/* Each says in *ret_why, a constant text, what is wrong with JSON. */
static int parse_log(const json_t *json, struct vb_sig_log *ret, const char **ret_why,
                     struct vb_error *err)
{
    const json_t *key = vb_sig_json_object(json, "publicKey");
    unsigned char der[VB_SIG_SPKI_MAX];
    size_t len;

    if (!vb_sig_json_is(json, "hashAlgorithm", "SHA2_256"))
        *ret_why = "hashAlgorithm is not SHA2_256";
    else if (!vb_sig_json_base64_exact(vb_sig_json_object(json, "logId"), "keyId", ret->id,
                                       VB_SIG_LOG_ID))
        *ret_why = "logId.keyId is not the base64 of 32 bytes";
    else if (!parse_period(vb_sig_json_object(key, "validFor"), &ret->period))
        *ret_why = "publicKey.validFor has no start, or a time is not RFC 3339";
    else if (!vb_sig_json_base64(key, "rawBytes", der, sizeof(der), &len))
        *ret_why = "publicKey.rawBytes is not base64, or too long";
    else
        return vb_sig_key_spki((struct vb_sig_bytes){.data = der, .len = len}, &ret->key, err);
    return 0;
}

static int parse_authority(const json_t *json, struct vb_sig_authority *ret, const char **ret_why,
                           struct vb_error *err)
{
    const json_t *chain = vb_sig_json_object(json, "certChain");

    if (!parse_period(vb_sig_json_object(json, "validFor"), &ret->period)) {
        *ret_why = "validFor has no start, or a time is not RFC 3339";
        return 0;
    }
    const int status = vb_sig_certs_json(vb_sig_json_array(chain, "certificates", VB_SIG_CHAIN_MAX),
                                         &ret->chain, ret_why, err);
    if (status < 0 || *ret_why != NULL)
        return status;
    ret->anchors = X509_chain_up_ref(ret->chain);
    if (ret->anchors == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
    if (sk_X509_num(ret->anchors) > 1)
        X509_free(sk_X509_pop(ret->anchors));
    return 0;
}

/* Where a list is missing it is empty, as protobuf means it. */
static int open_list(const json_t *root, const char *key, const char *path, const json_t **ret,
                     struct vb_error *err)
{
    *ret = vb_sig_json_array(root, key, ITEMS_MAX);
    if (*ret == NULL && vb_sig_json_has(root, key))
        return vb_fail(err, VB_E_CONFIG, 0, "%s: %s is no list of at most %d items", path, key,
                       (int)ITEMS_MAX);
    return 0;
}

static int wrong_item(const char *path, const char *key, size_t i, const char *why,
                      struct vb_error *err)
{
    return vb_fail(err, VB_E_CONFIG, 0, "%s: %s[%zu]: %s", path, key, i, why);
}

static int parse_logs(const json_t *root, const char *key, const char *path,
                      struct vb_sig_logs *ret, struct vb_error *err)
{
    const json_t *list;
    int status = open_list(root, key, path, &list, err);

    ret->items = calloc(json_array_size(list) + 1, sizeof(*ret->items));
    if (ret->items == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
    for (size_t i = 0; status == 0 && i < json_array_size(list); i++) {
        const char *why = NULL;
        ret->count = i + 1;
        status = parse_log(json_array_get(list, i), &ret->items[i], &why, err);
        if (why != NULL)
            return wrong_item(path, key, i, why, err);
    }
    return status;
}

static int parse_authorities(const json_t *root, const char *key, const char *path,
                             struct vb_sig_authorities *ret, struct vb_error *err)
{
    const json_t *list;
    int status = open_list(root, key, path, &list, err);

    ret->items = calloc(json_array_size(list) + 1, sizeof(*ret->items));
    if (ret->items == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
    for (size_t i = 0; status == 0 && i < json_array_size(list); i++) {
        const char *why = NULL;
        ret->count = i + 1;
        status = parse_authority(json_array_get(list, i), &ret->items[i], &why, err);
        if (why != NULL)
            return wrong_item(path, key, i, why, err);
    }
    return status;
}

static bool known_media_type(const json_t *root)
{
    static const char *const types[] = {
        "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "application/vnd.dev.sigstore.trustedroot.v0.1+json",
        "application/vnd.dev.sigstore.trustedroot.v0.2+json",
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(types); i++) {
        if (vb_sig_json_is(root, "mediaType", types[i]))
            return true;
    }
    return false;
}

int vb_sig_trusted_root(struct vb_sig_bytes text, const char *path, struct vb_sig_trusted_root *ret,
                        struct vb_error *err)
{
    VB_CLEANUP(vb_sig_trusted_root_done) struct vb_sig_trusted_root root = {0};
    VB_CLEANUP(vb_json_free) json_t *json = NULL;
    char why[256];

    int status = vb_sig_json_parse(text, VB_SIG_ROOT_MAX, &json, why, sizeof(why), err);
    if (status == 0 && json == NULL)
        return vb_fail(err, VB_E_CONFIG, 0, "%s: %s", path, why);
    if (status == 0 && !known_media_type(json))
        return vb_fail(err, VB_E_CONFIG, 0, "%s: mediaType is not that of a trusted root", path);
    if (status == 0)
        status = parse_logs(json, "tlogs", path, &root.tlogs, err);
    if (status == 0)
        status = parse_logs(json, "ctlogs", path, &root.ctlogs, err);
    if (status == 0)
        status = parse_authorities(json, "certificateAuthorities", path, &root.cas, err);
    if (status == 0)
        status = parse_authorities(json, "timestampAuthorities", path, &root.tsas, err);
    if (status < 0)
        return status;
    *ret = root;
    memset(&root, 0, sizeof(root)); /* it has moved */
    return 0;
}
