/* Signatures of an npm registry: ECDSA on P-256 with SHA-256 over NAME@VERSION:INTEGRITY. They say
 * that the registry served this; not that somebody in particular made it. Trust boundary: what is
 * signed, the signature and the keys come from the same registry; only a key of the trust folder is
 * believed. */
#include "signatures/registry.h"

#include <openssl/x509.h>
#include <string.h>
#include <time.h>

enum { KEYS_MAX = 64, MESSAGE_MAX = 4096, ID_MAX = 7 + 43 + 1 /* "SHA256:", base64, NUL */ };

void vb_sig_npm_key_done(struct vb_sig_npm_key *key)
{
    vb_sig_key_free(&key->key);
}

/* Appends the string TEXT as SSH writes one (RFC 4251, section 5). */
static size_t put_string(unsigned char *to, const void *text, size_t len)
{
    const unsigned char head[] = {0, 0, 0, (unsigned char)len};

    memcpy(to, head, sizeof(head));
    memcpy(to + sizeof(head), text, len);
    return sizeof(head) + len;
}

/* The id that registries give a key of P-256: its fingerprint as OpenSSH shows it. "" for others.
 */
static int id_of(EVP_PKEY *key, char ret[ID_MAX], struct vb_error *err)
{
    enum { POINT = 65, SPKI = 91, STRING_HEAD = 4 };
    static const char type[] = "ecdsa-sha2-nistp256", curve[] = "nistp256";
    unsigned char blob[3 * STRING_HEAD + sizeof(type) + sizeof(curve) + POINT], der[SPKI];
    unsigned char *at = der;

    ret[0] = '\0';
    if (i2d_PUBKEY(key, NULL) != SPKI || i2d_PUBKEY(key, &at) != SPKI)
        return 0;
    size_t len = put_string(blob, type, sizeof(type) - 1);
    len += put_string(blob + len, curve, sizeof(curve) - 1);
    len += put_string(blob + len, der + SPKI - POINT, POINT);
    return vb_sig_ssh_id((struct vb_sig_bytes){.data = blob, .len = len}, ret, ID_MAX, err);
}

/* --- keys --- */

static const json_t *find_row(const struct vb_sig_told *told, struct vb_sig_bytes id)
{
    const json_t *keys =
        vb_sig_json_array(vb_sig_json_object(told->record, "keys"), "keys", KEYS_MAX);
    const json_t *found = NULL;

    for (size_t i = 0; i < json_array_size(keys); i++) {
        struct vb_sig_bytes own;
        const json_t *row = json_array_get(keys, i);
        if (!vb_sig_json_text(row, "keyid", &own) || own.len != id.len ||
            memcmp(own.data, id.data, id.len) != 0)
            continue;
        if (found != NULL)
            return NULL; /* two keys with one name are none */
        found = row;
    }
    return found;
}

/* An id in the form of a fingerprint that is another key's. Registries may name keys otherwise. */
static bool is_misnamed(struct vb_sig_bytes id, const char *real)
{
    return real[0] != '\0' && !vb_sig_equals(id, real) && id.len + 1 == ID_MAX &&
           vb_sig_skip(&id, "SHA256:");
}

static const struct vb_trust_pem *find_pem(const struct vb_trust *trust, const char *id)
{
    for (size_t i = 0; trust != NULL && i < trust->pem_count; i++) {
        if (strcmp(trust->pems[i].id, id) == 0)
            return &trust->pems[i];
    }
    return NULL;
}

static int use_row(const struct vb_sig_told *told, const json_t *row, struct vb_sig_bytes id,
                   struct vb_sig_npm_key *ret, struct vb_error *err)
{
    unsigned char der[VB_SIG_SPKI_MAX];
    char real[ID_MAX] = "";
    size_t len;

    int status = 0;
    if (vb_sig_json_base64(row, "key", der, sizeof(der), &len))
        status = vb_sig_key_spki((struct vb_sig_bytes){.data = der, .len = len}, &ret->key, err);
    if (status == 0 && ret->key != NULL)
        status = vb_sig_key_id(ret->key, ret->id, err);
    if (status == 0 && ret->key != NULL)
        status = id_of(ret->key, real, err);
    if (status < 0)
        return status;
    if (ret->key == NULL) {
        ret->why = "the registry's key cannot be read";
    } else if (is_misnamed(id, real)) {
        ret->why = "the registry's key is not the one that its id says";
    } else {
        const struct vb_trust_pem *pem = find_pem(told->job.trust, ret->id);
        ret->trusted = pem != NULL ? pem->name : NULL;
    }
    return 0;
}

/* A key of the trust folder with that id, whatever the registry shows. */
static int use_trusted(const struct vb_trust *trust, struct vb_sig_bytes id,
                       struct vb_sig_npm_key *ret, struct vb_error *err)
{
    for (size_t i = 0; trust != NULL && i < trust->pem_count; i++) {
        const struct vb_trust_pem *pem = &trust->pems[i];
        char own[ID_MAX];
        const int status = id_of(pem->key, own, err);
        if (status < 0)
            return status;
        if (own[0] == '\0' || !vb_sig_equals(id, own))
            continue;
        if (EVP_PKEY_up_ref(pem->key) != 1)
            return vb_fail(err, VB_E_SOFTWARE, 0, "a key has no more users");
        ret->key = pem->key;
        ret->trusted = pem->name;
        memcpy(ret->id, pem->id, sizeof(ret->id));
        return 0;
    }
    return 0;
}

static const char *no_key(const struct vb_sig_told *told)
{
    if (vb_sig_json_has(told->record, "keys"))
        return "its key is neither in the trust folder nor, once, among the registry's";
    return "its key is not in the trust folder, and the registry gave none";
}

int vb_sig_npm_key(const struct vb_sig_told *told, struct vb_sig_bytes id,
                   struct vb_sig_npm_key *ret, struct vb_error *err)
{
    const json_t *row = find_row(told, id);
    struct vb_sig_bytes expires;

    int status = use_trusted(told->job.trust, id, ret, err);
    if (status == 0 && ret->key == NULL && row == NULL)
        ret->why = no_key(told);
    else if (status == 0 && ret->key == NULL)
        status = use_row(told, row, id, ret, err);
    if (status == 0 && row != NULL && vb_sig_json_text(row, "expires", &expires) &&
        !vb_sig_rfc3339(expires, false, &ret->expires))
        ret->why = "when the registry's key ends cannot be read";
    if (ret->why != NULL)
        vb_sig_key_free(&ret->key);
    return status;
}

/* --- one signature --- */

static bool is_p256(EVP_PKEY *key)
{
    const char *digest = vb_sig_key_digest(key);

    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && digest != NULL &&
           strcmp(digest, "SHA256") == 0;
}

/* One of the strongest digests that are signed must be the artifact's. */
static int is_this(struct vb_sig_told *told, const char *integrity, bool *ret, struct vb_error *err)
{
    struct vb_sig_integrity one;
    struct vb_sig_bytes real;

    *ret = false;
    const int status = vb_sig_artifact_digest(&told->artifact, "SHA512", &real, err);
    while (status == 0 && vb_sig_integrity_next(&integrity, &one))
        *ret =
            *ret || (one.algorithm != NULL && strcmp(one.algorithm, "SHA512") == 0 &&
                     vb_sig_same((struct vb_sig_bytes){.data = one.digest, .len = one.len}, real));
    return status;
}

static void show_day(int64_t time, char ret[32])
{
    const time_t seconds = (time_t)time;
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL || strftime(ret, 32, "%Y-%m-%d", &tm) == 0)
        snprintf(ret, 32, "?");
}

/* It holds: whether that says something. */
static int judge_key(const struct vb_sig_told *told, const struct vb_sig_npm_key *key,
                     struct vb_sig_result *result)
{
    struct vb_sig_bytes text;
    int64_t published = 0;
    char over[32], then[32];

    const bool known = vb_sig_json_text(told->record, "published", &text) &&
                       vb_sig_rfc3339(text, false, &published);
    if (key->expires != 0 && known) {
        result->clock = published;
        show_day(key->expires, over);
        show_day(published, then);
        if (published >= key->expires)
            return vb_sig_conclude(result, VB_SIGNATURE_VALID_UNTRUSTED,
                                   "published on %s, and the registry's key ended on %s", then,
                                   over);
    }
    const char *undated =
        key->expires != 0 && !known ? "; when this version was published is not known" : "";
    if (key->trusted == NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_VALID_UNTRUSTED,
                               "the registry's own key, not in the trust folder%s", undated);
    snprintf(result->name, sizeof(result->name), "%s", key->trusted);
    return vb_sig_conclude(result, VB_SIGNATURE_VALID_TRUSTED,
                           "the registry served this; it does not say who made it%s", undated);
}

static int check(struct vb_sig_told *told, const json_t *row, const struct vb_sig_npm_key *key,
                 struct vb_sig_result *result, struct vb_error *err)
{
    const char *integrity = json_string_value(json_object_get(told->record, "integrity"));
    unsigned char signature[VB_SIG_ECDSA_DER_MAX];
    char message[MESSAGE_MAX];
    size_t len;
    bool good = false;

    if (integrity == NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                               "the registry gives no digest that it could have signed");
    if (!vb_sig_json_base64(row, "sig", signature, sizeof(signature), &len))
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "the signature is no base64");
    const int signed_len =
        snprintf(message, sizeof(message), "%s@%s:%s", told->name, told->version, integrity);
    if (signed_len < 0 || (size_t)signed_len >= sizeof(message))
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE, "its digests are too long");
    int status = vb_sig_check(
        key->key, "SHA256",
        (struct vb_sig_bytes){.data = (const unsigned char *)message, .len = (size_t)signed_len},
        (struct vb_sig_bytes){.data = signature, .len = len}, &good, err);
    if (status == 0 && !good)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                               "the signature is not of this name, version and digest");
    if (status == 0)
        status = is_this(told, integrity, &good, err);
    if (status < 0)
        return status;
    return good ? judge_key(told, key, result)
                : vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                                  "the artifact has another digest than the registry signed");
}

static int verify_one(struct vb_sig_told *told, const json_t *row, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {.format = "npm-registry"};
    VB_CLEANUP(vb_sig_npm_key_done) struct vb_sig_npm_key key = {0};
    struct vb_sig_bytes id = {0};
    int status = 0;

    if (!vb_sig_json_text(row, "keyid", &id))
        vb_sig_conclude(&result, VB_SIGNATURE_INVALID, "the signature does not name its key");
    else
        status = vb_sig_npm_key(told, id, &key, err);
    if (key.id[0] != '\0')
        snprintf(result.key_id, sizeof(result.key_id), "%s", key.id);
    else
        snprintf(result.key_id, sizeof(result.key_id), "%.*s",
                 vb_sig_cut(id, sizeof(result.key_id) - 1), (const char *)id.data);
    if (status == 0 && key.why != NULL)
        vb_sig_conclude(&result, VB_SIGNATURE_UNVERIFIABLE, "%s", key.why);
    else if (status == 0 && key.key != NULL && !is_p256(key.key))
        vb_sig_conclude(&result, VB_SIGNATURE_UNVERIFIABLE, "its key is not ECDSA on P-256");
    else if (status == 0 && key.key != NULL)
        status = check(told, row, &key, &result, err);
    return status < 0 ? status : vb_sig_told_emit(told, &result, "", err);
}

int vb_sig_npm(struct vb_sig_told *told, struct vb_error *err)
{
    const json_t *rows = vb_sig_json_array(told->record, "signatures", VB_SIG_TOLD_MAX);
    int status = 0;

    for (size_t i = 0; status == 0 && i < json_array_size(rows); i++)
        status = verify_one(told, json_array_get(rows, i), err);
    return status;
}
