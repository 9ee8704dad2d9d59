/* OpenSSH signatures of files (PROTOCOL.sshsig). Trust boundary: the armor, the key inside it and
 * the signed file are the package's; only allowed_signers, the user's file, makes a key trusted. */
#include "signatures/internal.h"

#define ARMOR_BEGIN "-----BEGIN SSH SIGNATURE-----"
#define ARMOR_END "-----END SSH SIGNATURE-----"

enum { BLOB_MAX = VB_SIG_FILE_MAX, SSHSIG_VERSION = 1 };

struct sshsig {
    struct vb_sig_bytes public_key;
    struct vb_sig_bytes name_space;
    struct vb_sig_bytes reserved;
    struct vb_sig_bytes hash;
    struct vb_sig_bytes signature;
};

/* A key from inside the signature, and the signature's own fields. */
struct signer {
    EVP_PKEY *key;
    const char *digest; /* for vb_sig_check */
    struct vb_sig_bytes signature;
    unsigned char der[VB_SIG_ECDSA_DER_MAX];
};

static void signer_done(struct signer *signer)
{
    vb_sig_key_free(&signer->key);
}

bool vb_sig_sshsig_probe(const struct vb_sig_job *job)
{
    struct vb_sig_bytes data = job->data;

    return vb_sig_skip(&data, ARMOR_BEGIN);
}

/* Decodes the armor of TEXT. Returns NULL, or why it is none. */
static const char *dearmor(struct vb_sig_bytes text, unsigned char *ret, size_t *ret_len)
{
    struct vb_sig_bytes line;
    const unsigned char *body;

    if (text.len > VB_SIG_FILE_MAX)
        return "the signature file is larger than 64 KiB";
    if (!vb_sig_get_line(&text, &line) || !vb_sig_equals(line, ARMOR_BEGIN))
        return "no line that begins the signature";
    body = text.data;
    do {
        if (!vb_sig_get_line(&text, &line))
            return "no line that ends the signature";
    } while (!vb_sig_equals(line, ARMOR_END));
    if (text.len != 0)
        return "bytes follow the signature";
    const struct vb_sig_bytes base64 = {.data = body, .len = (size_t)(line.data - body)};
    if (!vb_sig_base64(base64, true, ret, BLOB_MAX, ret_len))
        return "the signature is not base64";
    return NULL;
}

static const char *parse(struct vb_sig_bytes blob, struct sshsig *ret)
{
    uint32_t version;

    if (!vb_sig_skip(&blob, "SSHSIG") || !vb_sig_get_u32(&blob, &version))
        return "not an SSH signature";
    if (version != SSHSIG_VERSION)
        return "an SSH signature of unknown version";
    if (!vb_sig_get_string(&blob, &ret->public_key) ||
        !vb_sig_get_string(&blob, &ret->name_space) || !vb_sig_get_string(&blob, &ret->reserved) ||
        !vb_sig_get_string(&blob, &ret->hash) || !vb_sig_get_string(&blob, &ret->signature))
        return "the SSH signature is cut off";
    if (blob.len != 0)
        return "bytes follow the SSH signature";
    if (ret->name_space.len == 0 || ret->name_space.len > VB_SIG_NAMESPACE_MAX)
        return "the namespace is empty or too long";
    for (size_t i = 0; i < ret->name_space.len; i++) {
        if (ret->name_space.data[i] < 0x20 || ret->name_space.data[i] > 0x7e)
            return "the namespace is not printable";
    }
    return NULL;
}

bool vb_sig_sshsig_strict(const struct vb_sig_job *job)
{
    VB_CLEANUP_FREE unsigned char *blob = malloc(BLOB_MAX);
    struct sshsig sig = {0};
    size_t len;

    if (blob == NULL || dearmor(job->data, blob, &len) != NULL)
        return false;
    return parse((struct vb_sig_bytes){.data = blob, .len = len}, &sig) == NULL;
}

static bool namespace_expected(const struct vb_sig_job *job, struct vb_sig_bytes name)
{
    for (const char *const *expected = job->namespaces; *expected != NULL; expected++) {
        if (vb_sig_equals(name, *expected))
            return true;
    }
    return false;
}

/* --- key types --- */

struct key_type {
    const char *name;      /* in the public key */
    const char *algorithm; /* in the signature */
    const char *curve;     /* the key's name for it */
    const char *group;     /* OpenSSL's name for it */
    const char *digest;
    /* Leaves ret->key NULL where the key or the signature is malformed. */
    int (*read)(const struct key_type *type, struct vb_sig_bytes fields, struct vb_sig_bytes blob,
                struct signer *ret, struct vb_error *err);
};

static int read_ed25519(const struct key_type *type VB_UNUSED, struct vb_sig_bytes fields,
                        struct vb_sig_bytes blob, struct signer *ret, struct vb_error *err)
{
    struct vb_sig_bytes raw;

    if (!vb_sig_get_string(&fields, &raw) || fields.len != 0 || blob.len != VB_SIG_ED25519_BYTES)
        return 0;
    ret->signature = blob;
    return vb_sig_key_ed25519(raw, &ret->key, err);
}

static int read_ecdsa(const struct key_type *type, struct vb_sig_bytes fields,
                      struct vb_sig_bytes blob, struct signer *ret, struct vb_error *err)
{
    struct vb_sig_bytes curve;
    struct vb_sig_bytes point;
    struct vb_sig_bytes r;
    struct vb_sig_bytes s;

    if (!vb_sig_get_string(&fields, &curve) || !vb_sig_get_string(&fields, &point) ||
        fields.len != 0 || !vb_sig_equals(curve, type->curve))
        return 0;
    if (!vb_sig_get_mpint(&blob, &r) || !vb_sig_get_mpint(&blob, &s) || blob.len != 0)
        return 0;
    const size_t len = vb_sig_ecdsa_der(r, s, ret->der);
    if (len == 0)
        return 0;
    ret->signature = (struct vb_sig_bytes){.data = ret->der, .len = len};
    return vb_sig_key_ec(type->group, point, &ret->key, err);
}

static int read_rsa(const struct key_type *type VB_UNUSED, struct vb_sig_bytes fields,
                    struct vb_sig_bytes blob, struct signer *ret, struct vb_error *err)
{
    struct vb_sig_bytes e;
    struct vb_sig_bytes n;

    if (!vb_sig_get_mpint(&fields, &e) || !vb_sig_get_mpint(&fields, &n) || fields.len != 0 ||
        blob.len != n.len)
        return 0;
    ret->signature = blob;
    return vb_sig_key_rsa(n, e, &ret->key, err);
}

/* "ssh-rsa" as a signature algorithm is SHA-1 and stands nowhere here. */
static const struct key_type key_types[] = {
    {"ssh-ed25519", "ssh-ed25519", NULL, NULL, NULL, read_ed25519},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", "nistp256", "P-256", "SHA256", read_ecdsa},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", "nistp384", "P-384", "SHA384", read_ecdsa},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", "nistp521", "P-521", "SHA512", read_ecdsa},
    {"ssh-rsa", "rsa-sha2-256", NULL, NULL, "SHA256", read_rsa},
    {"ssh-rsa", "rsa-sha2-512", NULL, NULL, "SHA512", read_rsa},
};

static bool key_type_known(struct vb_sig_bytes name)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(key_types); i++) {
        if (vb_sig_equals(name, key_types[i].name))
            return true;
    }
    return false;
}

static const struct key_type *key_type_find(struct vb_sig_bytes name, struct vb_sig_bytes algorithm)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(key_types); i++) {
        if (vb_sig_equals(name, key_types[i].name) &&
            vb_sig_equals(algorithm, key_types[i].algorithm))
            return &key_types[i];
    }
    return NULL;
}

/* Key types that OpenSSH knows and this room does not verify. Anything else is no key at all. */
static bool key_type_foreign(struct vb_sig_bytes name)
{
    static const char *const others[] = {
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
        "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
        "ssh-mldsa44-ed25519@openssh.com",
        "ssh-dss",
    };
    static const char certificate[] = "-cert-v01@openssh.com";
    const size_t tail = sizeof(certificate) - 1;

    for (size_t i = 0; i < VB_ARRAY_LEN(others); i++) {
        if (vb_sig_equals(name, others[i]))
            return true;
    }
    return name.len > tail && memcmp(name.data + name.len - tail, certificate, tail) == 0;
}

static int read_signer(const struct sshsig *sig, struct signer *ret, struct vb_sig_result *result,
                       struct vb_error *err)
{
    struct vb_sig_bytes fields = sig->public_key;
    struct vb_sig_bytes wrapped = sig->signature;
    struct vb_sig_bytes name;
    struct vb_sig_bytes algorithm;
    struct vb_sig_bytes blob;

    if (!vb_sig_get_string(&fields, &name))
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "the public key is cut off");
    if (key_type_foreign(name))
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "SSH keys of type %.*s are not verified by this version",
                               vb_sig_cut(name, 100), name.data);
    if (!key_type_known(name))
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "unknown SSH key type");
    if (!vb_sig_get_string(&wrapped, &algorithm) || !vb_sig_get_string(&wrapped, &blob) ||
        wrapped.len != 0)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "the signature value is malformed");
    const struct key_type *type = key_type_find(name, algorithm);
    if (type == NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                               "the signature algorithm does not go with the key, or is too weak");
    ret->digest = type->digest;
    const int status = type->read(type, fields, blob, ret, err);
    if (status < 0)
        return status;
    if (ret->key == NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                               "the key or the signature value is malformed or too weak");
    return 0;
}

/* --- the signed bytes --- */

static int append_string(struct vb_buf *buf, struct vb_sig_bytes text, struct vb_error *err)
{
    const unsigned char head[4] = {(unsigned char)(text.len >> 24), (unsigned char)(text.len >> 16),
                                   (unsigned char)(text.len >> 8), (unsigned char)text.len};

    const int status = vb_buf_append(buf, head, sizeof(head), err);
    return status < 0 ? status : vb_buf_append(buf, text.data, text.len, err);
}

static int build_message(const struct sshsig *sig, struct vb_sig_bytes digest, struct vb_buf *ret,
                         struct vb_error *err)
{
    const struct vb_sig_bytes parts[] = {sig->name_space, sig->reserved, sig->hash, digest};

    int status = vb_buf_append_str(ret, "SSHSIG", err);
    for (size_t i = 0; status == 0 && i < VB_ARRAY_LEN(parts); i++)
        status = append_string(ret, parts[i], err);
    return status;
}

static int check(const struct vb_sig_job *job, const struct sshsig *sig, struct signer *signer,
                 struct vb_sig_result *result, struct vb_error *err)
{
    const bool sha512 = vb_sig_equals(sig->hash, "sha512");
    VB_CLEANUP(vb_buf_done) struct vb_buf message = {0};
    VB_CLEANUP_FD int fd = -1;
    unsigned char digest[VB_SIG_DIGEST_MAX];
    struct vb_sig_bytes hashed = {.data = digest};
    uint64_t size;
    bool good = false;

    if (!sha512 && !vb_sig_equals(sig->hash, "sha256"))
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "unknown hash of the signed file");
    int status = vb_sig_open_subject(job, result, &fd, &size, err);
    if (status < 0 || fd < 0)
        return status;
    vb_buf_init(&message, 2 * VB_SIG_FILE_MAX);
    status = vb_sig_hash_fd(sha512 ? "SHA512" : "SHA256", fd, digest, &hashed.len, err);
    if (status == 0)
        status = build_message(sig, hashed, &message, err);
    const struct vb_sig_bytes text = {.data = message.data, .len = message.len};
    if (status == 0)
        status = vb_sig_check(signer->key, signer->digest, text, signer->signature, &good, err);
    if (status < 0)
        return status;
    if (!good)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "the signature is not of this file");
    return 0;
}

/* --- whose key it is --- */

/* NULL, or why the line does not hold for this signature. */
static const char *line_objection(const struct vb_trust_signer *line, const struct sshsig *sig,
                                  int64_t now)
{
    if (line->authority)
        return "the key is trusted for signing certificates only";
    if (line->namespaces != NULL && !vb_sig_match_list(sig->name_space, line->namespaces))
        return "the key is trusted for other namespaces only";
    if (line->after != 0 && now < line->after)
        return "the key is not valid yet";
    if (line->before != 0 && now > line->before)
        return "the key has expired";
    return NULL;
}

static int judge(const struct vb_sig_job *job, const struct sshsig *sig,
                 struct vb_sig_result *result)
{
    const char *objection = "the key is not in the trust folder's allowed_signers";

    for (size_t i = 0; job->trust != NULL && i < job->trust->signer_count; i++) {
        const struct vb_trust_signer *line = &job->trust->signers[i];
        if (line->blob_len != sig->public_key.len ||
            memcmp(line->blob, sig->public_key.data, line->blob_len) != 0)
            continue;
        if (line->after != 0 || line->before != 0)
            result->clock = job->now;
        objection = line_objection(line, sig, job->now);
        snprintf(result->name, sizeof(result->name), "%s", line->principals);
        if (objection == NULL)
            return vb_sig_conclude(result, VB_SIGNATURE_VALID_TRUSTED, "namespace %.*s",
                                   (int)sig->name_space.len, sig->name_space.data);
    }
    return vb_sig_conclude(result, VB_SIGNATURE_VALID_UNTRUSTED, "%s", objection);
}

int vb_sig_ssh_id(struct vb_sig_bytes key, char *ret, size_t size, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    unsigned char digest[VB_SIG_DIGEST_MAX];
    size_t len;

    vb_buf_init(&text, size);
    int status = vb_sig_hash("SHA256", key, digest, &len, err);
    if (status == 0)
        status = vb_base64_encode(&text, digest, len, err);
    if (status < 0)
        return status;
    while (text.len > 0 && text.data[text.len - 1] == '=')
        text.len--;
    snprintf(ret, size, "SHA256:%.*s", (int)text.len, text.data);
    return 0;
}

int vb_sig_sshsig(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP_FREE unsigned char *blob = malloc(BLOB_MAX);
    VB_CLEANUP(signer_done) struct signer signer = {0};
    struct sshsig sig = {0};
    size_t len = 0;

    if (blob == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for an SSH signature");
    const char *why = dearmor(job->data, blob, &len);
    if (why == NULL)
        why = parse((struct vb_sig_bytes){.data = blob, .len = len}, &sig);
    if (why != NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "%s", why);
    int status = vb_sig_ssh_id(sig.public_key, result->key_id, sizeof(result->key_id), err);
    if (status < 0)
        return status;
    if (!namespace_expected(job, sig.name_space))
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                               "made for namespace %.*s, which is not for files",
                               (int)sig.name_space.len, sig.name_space.data);
    status = read_signer(&sig, &signer, result, err);
    if (status < 0 || result->outcome != VB_SIGNATURE_ABSENT)
        return status;
    status = check(job, &sig, &signer, result, err);
    if (status < 0 || result->outcome != VB_SIGNATURE_ABSENT)
        return status;
    return judge(job, &sig, result);
}
