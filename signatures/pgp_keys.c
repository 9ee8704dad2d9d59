/* OpenPGP keys of the trust folder. Trust boundary: the user's own files, read by the coordinator.
 * What they say of themselves is shown and looked up; whether it holds gpgv finds out, to which all
 * of it is handed over. */
#include "signatures/pgp.h"

enum { KEYS_MAX = 256, SUBKEYS_MAX = 64, ALGORITHM_DSA = 17, RSA_LAST = 3 };

static void key_done(struct vb_trust_pgp *key)
{
    free(key->name);
    free(key->subkeys);
    vb_buf_done(&key->packets);
}

void vb_sig_trust_pgp_done(struct vb_trust *trust)
{
    for (size_t i = 0; i < trust->pgp_count; i++)
        key_done(&trust->pgps[i]);
    free(trust->pgps);
}

static void show(const unsigned char *bytes, size_t len, char *ret)
{
    for (size_t i = 0; i < len; i++)
        snprintf(ret + 2 * i, 3, "%02X", (unsigned)bytes[i]);
}

/* --- one packet each --- */

/* RSA and DSA keys begin with their modulus: a count of bits in two bytes. */
static bool is_weak(struct vb_sig_bytes body)
{
    enum { HEAD = 6 };

    if (body.len < HEAD + 2)
        return true;
    const unsigned algorithm = body.data[HEAD - 1];
    const int bits = body.data[HEAD] << 8 | body.data[HEAD + 1];
    return (algorithm <= RSA_LAST || algorithm == ALGORITHM_DSA) && bits < VB_SIG_RSA_BITS_MIN;
}

/* Section 5.5.4.2. Returns a complaint, or NULL. */
static const char *read_key(struct vb_sig_bytes body, struct vb_trust_pgp_key *ret, int *ret_status,
                            struct vb_error *err)
{
    unsigned char digest[VB_SIG_DIGEST_MAX];
    unsigned char head[3] = {0x99};
    struct vb_buf whole;
    size_t len;

    if (body.len < 8 || body.len > UINT16_MAX || body.data[0] != 4)
        return "a key that is not of version 4";
    head[1] = (unsigned char)(body.len >> 8);
    head[2] = (unsigned char)body.len;
    vb_buf_init(&whole, sizeof(head) + body.len);
    int status = vb_buf_append(&whole, head, sizeof(head), err);
    if (status == 0)
        status = vb_buf_append(&whole, body.data, body.len, err);
    if (status == 0)
        status =
            vb_sig_hash("SHA1", (struct vb_sig_bytes){whole.data, whole.len}, digest, &len, err);
    vb_buf_done(&whole);
    *ret_status = status;
    if (status < 0)
        return NULL;
    ret->created =
        (int64_t)body.data[1] << 24 | body.data[2] << 16 | body.data[3] << 8 | body.data[4];
    ret->weak = is_weak(body);
    show(digest, VB_PGP_FINGERPRINT, ret->fingerprint);
    return NULL;
}

static bool issued_by(const struct vb_pgp_signature *signature, const char *fingerprint)
{
    char text[2 * VB_PGP_FINGERPRINT + 1];

    if (signature->has_fingerprint) {
        show(signature->fingerprint, VB_PGP_FINGERPRINT, text);
        return strcmp(text, fingerprint) == 0;
    }
    show(signature->id, sizeof(signature->id), text);
    return signature->has_id && strcmp(text, fingerprint + strlen(fingerprint) - 16) == 0;
}

/* What the key says of itself; the last word counts. */
static void see_signature(struct vb_trust_pgp *key, struct vb_sig_bytes body, int64_t *last)
{
    struct vb_pgp_signature signature;

    if (!vb_pgp_signature(body, &signature) || signature.version != 4 ||
        !issued_by(&signature, key->key.fingerprint))
        return;
    key->revoked = key->revoked || signature.kind == VB_PGP_REVOKE_KEY;
    const bool about =
        (signature.kind >= VB_PGP_CERTIFY_FIRST && signature.kind <= VB_PGP_CERTIFY_LAST) ||
        signature.kind == VB_PGP_DIRECT_KEY;
    if (!about || signature.created < *last)
        return;
    *last = signature.created;
    key->until = signature.key_expires != 0 ? key->key.created + signature.key_expires : 0;
}

static void see_user(struct vb_trust_pgp *key, struct vb_sig_bytes body)
{
    if (key->user[0] == '\0' && vb_utf8_valid(body.data, body.len))
        snprintf(key->user, sizeof(key->user), "%.*s", vb_sig_cut(body, sizeof(key->user) - 1),
                 (const char *)body.data);
}

static const char *add_subkey(struct vb_trust_pgp *key, struct vb_sig_bytes body, int *ret_status,
                              struct vb_error *err)
{
    struct vb_trust_pgp_key *grown =
        reallocarray(key->subkeys, key->subkey_count + 1, sizeof(*grown));

    if (grown == NULL) {
        *ret_status = vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
        return NULL;
    }
    key->subkeys = grown;
    if (key->subkey_count == SUBKEYS_MAX)
        return "a key with too many subkeys";
    const char *why = read_key(body, &grown[key->subkey_count], ret_status, err);
    key->subkey_count += why == NULL && *ret_status == 0;
    return why;
}

/* --- the file --- */

static int new_key(struct vb_trust *trust, const char *name, struct vb_error *err)
{
    struct vb_trust_pgp *grown = reallocarray(trust->pgps, trust->pgp_count + 1, sizeof(*grown));

    if (grown == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
    trust->pgps = grown;
    grown[trust->pgp_count] = (struct vb_trust_pgp){.name = strdup(name)};
    if (grown[trust->pgp_count].name == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
    vb_buf_init(&grown[trust->pgp_count++].packets, VB_SIG_LIST_MAX);
    return 0;
}

/* Ids are the ends of fingerprints, and somebody may have made a key for one: with two of one id
 * gpgv may ask the wrong one. */
static const struct vb_trust_pgp *same_id(const struct vb_trust *trust, const char *fingerprint,
                                          size_t before)
{
    const char *id = fingerprint + strlen(fingerprint) - 16;

    for (size_t i = 0; i < before; i++) {
        const struct vb_trust_pgp *there = &trust->pgps[i];
        if (strcmp(there->key.fingerprint + strlen(there->key.fingerprint) - 16, id) == 0)
            return there;
        for (size_t k = 0; k < there->subkey_count; k++) {
            const char *other = there->subkeys[k].fingerprint;
            if (strcmp(other + strlen(other) - 16, id) == 0)
                return there;
        }
    }
    return NULL;
}

static int check_ids(const struct vb_trust *trust, const char *path, size_t first,
                     struct vb_error *err)
{
    for (size_t i = first; i < trust->pgp_count; i++) {
        const struct vb_trust_pgp *key = &trust->pgps[i];
        const struct vb_trust_pgp *there = same_id(trust, key->key.fingerprint, i);
        for (size_t k = 0; there == NULL && k < key->subkey_count; k++)
            there = same_id(trust, key->subkeys[k].fingerprint, i);
        if (there != NULL)
            return vb_fail(err, VB_E_CONFIG, 0,
                           "%s: the key %s, or one of its id, is there already, of %s", path,
                           key->key.fingerprint, there->name);
    }
    return 0;
}

/* Returns a complaint, or NULL. */
static const char *read_packet(struct vb_trust *trust, const struct vb_pgp_packet *packet,
                               int64_t *last, int *ret_status, struct vb_error *err)
{
    struct vb_trust_pgp *key = &trust->pgps[trust->pgp_count - 1];
    const char *why = NULL;

    switch (packet->type) {
    case VB_PGP_KEY:
        *last = 0;
        why = read_key(packet->body, &key->key, ret_status, err);
        break;
    case VB_PGP_SUBKEY:
        why = add_subkey(key, packet->body, ret_status, err);
        break;
    case VB_PGP_SIGNATURE:
        see_signature(key, packet->body, last);
        break;
    case VB_PGP_USER:
        see_user(key, packet->body);
        break;
    case VB_PGP_USER_ATTRIBUTE:
        break;
    case VB_PGP_TRUST:
        return NULL; /* how far its former owner trusted it */
    default:
        return "something else than public keys";
    }
    if (why == NULL && *ret_status == 0)
        *ret_status = vb_buf_append(&key->packets, packet->whole.data, packet->whole.len, err);
    return why;
}

static int read_packets(struct vb_trust *trust, const char *path, const char *name,
                        struct vb_sig_bytes in, struct vb_error *err)
{
    const size_t first = trust->pgp_count;
    const char *why = in.len == 0 ? "no key" : NULL;
    int64_t last = 0;
    int status = 0;

    while (status == 0 && why == NULL && in.len > 0) {
        struct vb_pgp_packet packet;
        if (!vb_pgp_packet(&in, &packet))
            why = "something that is no OpenPGP packet";
        else if (packet.type == VB_PGP_SECRET_KEY || packet.type == VB_PGP_SECRET_SUBKEY)
            why = "a secret key: export the public one";
        else if (packet.type == VB_PGP_KEY && trust->pgp_count - first == KEYS_MAX)
            why = "too many keys";
        else if (packet.type == VB_PGP_KEY)
            status = new_key(trust, name, err);
        if (status == 0 && why == NULL && trust->pgp_count == first)
            why = "something else than public keys";
        if (status == 0 && why == NULL)
            why = read_packet(trust, &packet, &last, &status, err);
    }
    if (status == 0 && why != NULL)
        return vb_fail(err, VB_E_CONFIG, 0, "%s holds %s", path, why);
    return status < 0 ? status : check_ids(trust, path, first, err);
}

int vb_sig_trust_pgp(struct vb_trust *trust, const char *path, const char *name,
                     struct vb_sig_bytes text, struct vb_error *err)
{
    VB_CLEANUP_FREE unsigned char *plain = NULL;
    size_t len = 0;

    if (text.len > 0 && (text.data[0] & 0x80) != 0)
        return read_packets(trust, path, name, text, err);
    vb_pgp_skip_blank(&text);
    plain = malloc(text.len + 1);
    if (plain == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
    while (text.len > 0) {
        size_t more = 0;
        const size_t room = text.len;
        const char *why = vb_pgp_dearmor(&text, "PUBLIC KEY BLOCK", plain + len, room, &more);
        if (why != NULL)
            return vb_fail(err, VB_E_CONFIG, 0, "%s is no OpenPGP public key: %s", path, why);
        len += more;
        vb_pgp_skip_blank(&text);
    }
    return read_packets(trust, path, name, (struct vb_sig_bytes){plain, len}, err);
}

/* --- who asks --- */

const struct vb_trust_pgp *vb_pgp_find(const struct vb_trust *trust,
                                       const struct vb_pgp_signature *signature,
                                       const struct vb_trust_pgp_key **ret_made_by)
{
    for (size_t i = 0; trust != NULL && i < trust->pgp_count; i++) {
        const struct vb_trust_pgp *key = &trust->pgps[i];
        *ret_made_by = &key->key;
        if (issued_by(signature, key->key.fingerprint))
            return key;
        for (size_t k = 0; k < key->subkey_count; k++) {
            *ret_made_by = &key->subkeys[k];
            if (issued_by(signature, key->subkeys[k].fingerprint))
                return key;
        }
    }
    return NULL;
}

bool vb_trust_has_keyring(const struct vb_trust *trust)
{
    return trust != NULL && trust->pgp_count > 0;
}

int vb_trust_keyring(const struct vb_trust *trust, struct vb_buf *ret, struct vb_error *err)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < trust->pgp_count; i++)
        status = vb_buf_append(ret, trust->pgps[i].packets.data, trust->pgps[i].packets.len, err);
    return status;
}
