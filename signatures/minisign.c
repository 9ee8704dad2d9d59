/* minisign and signify: Ed25519 over a file or over its BLAKE2b-512 digest (the minisign manual;
 * OpenBSD signify(1)). Trust boundary: the signature file and the signed file are the package's,
 * the keys are the user's. */
#include "signatures/internal.h"

enum { ID_BYTES = 8, BLOB_BYTES = 2 + ID_BYTES + VB_SIG_ED25519_BYTES, COMMENT_MAX = 8192 };

static const char untrusted_prefix[] = "untrusted comment: ";
static const char trusted_prefix[] = "trusted comment: ";

struct signature {
    bool prehashed;
    unsigned char blob[BLOB_BYTES]; /* algorithm, key id, signature */
    bool has_comment;
    struct vb_sig_bytes comment;
    unsigned char global[VB_SIG_ED25519_BYTES];
};

static struct vb_sig_bytes signature_bytes(const struct signature *sig)
{
    return (struct vb_sig_bytes){.data = sig->blob + 2 + ID_BYTES, .len = VB_SIG_ED25519_BYTES};
}

static const unsigned char *key_id(const struct signature *sig)
{
    return sig->blob + 2;
}

bool vb_sig_minisign_probe(const struct vb_sig_job *job)
{
    struct vb_sig_bytes data = job->data;
    const size_t len = strlen(job->path);

    /* The name alone decides, so that a damaged .minisig is invalid and not merely unknown. */
    if (len > 8 && strcmp(job->path + len - 8, ".minisig") == 0)
        return true;
    return vb_sig_skip(&data, untrusted_prefix) &&
           memmem(data.data, data.len, "\ntrusted comment:", 17) != NULL;
}

bool vb_sig_signify_probe(const struct vb_sig_job *job)
{
    struct vb_sig_bytes data = job->data;

    return vb_sig_skip(&data, untrusted_prefix);
}

static bool bad(struct vb_sig_result *result, const char *why)
{
    vb_sig_conclude(result, VB_SIGNATURE_INVALID, "%s", why);
    return false;
}

/* The two lines that both tools write. */
static bool parse_head(struct vb_sig_bytes *in, struct signature *ret, struct vb_sig_result *result)
{
    struct vb_sig_bytes line;
    size_t len;

    if (!vb_sig_get_line(in, &line) || !vb_sig_skip(&line, untrusted_prefix))
        return bad(result, "line 1 is no untrusted comment");
    if (!vb_sig_get_line(in, &line) ||
        !vb_sig_base64(line, false, ret->blob, sizeof(ret->blob), &len) || len != BLOB_BYTES)
        return bad(result, "line 2 is not the base64 of a signature of 74 bytes");
    ret->prehashed = memcmp(ret->blob, "ED", 2) == 0;
    if (!ret->prehashed && memcmp(ret->blob, "Ed", 2) != 0)
        return bad(result, "unknown signature algorithm");
    return true;
}

/* A comment that is shown to people must not move the cursor or end a line. */
static bool printable(struct vb_sig_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((text.data[i] < 0x20 && text.data[i] != '\t') || text.data[i] == 0x7f)
            return false;
    }
    return vb_utf8_valid(text.data, text.len);
}

static bool parse_comment(struct vb_sig_bytes *in, struct signature *ret,
                          struct vb_sig_result *result)
{
    struct vb_sig_bytes line;
    size_t len;

    if (!vb_sig_get_line(in, &line) || !vb_sig_skip(&line, trusted_prefix))
        return bad(result, "line 3 is no trusted comment");
    if (line.len > COMMENT_MAX || !printable(line))
        return bad(result, "the trusted comment is too long or not printable");
    ret->comment = line;
    ret->has_comment = true;
    if (!vb_sig_get_line(in, &line) ||
        !vb_sig_base64(line, false, ret->global, sizeof(ret->global), &len) ||
        len != VB_SIG_ED25519_BYTES)
        return bad(result, "line 4 is not the base64 of a signature of 64 bytes");
    return true;
}

static bool parse(const struct vb_sig_job *job, bool with_comment, struct signature *ret,
                  struct vb_sig_result *result)
{
    struct vb_sig_bytes in = job->data;

    if (in.len > VB_SIG_FILE_MAX)
        return bad(result, "the signature file is larger than 64 KiB");
    if (!parse_head(&in, ret, result) || (with_comment && !parse_comment(&in, ret, result)))
        return false;
    if (in.len != 0)
        return bad(result, "bytes follow the signature");
    if (!with_comment && ret->prehashed)
        return bad(result, "a minisign signature without its trusted comment");
    return true;
}

static bool is_strict(const struct vb_sig_job *job, bool with_comment)
{
    VB_CLEANUP(vb_sig_result_done) struct vb_sig_result ignored = {0};
    struct signature sig = {0};

    return parse(job, with_comment, &sig, &ignored);
}

bool vb_sig_minisign_strict(const struct vb_sig_job *job)
{
    return is_strict(job, true);
}

bool vb_sig_signify_strict(const struct vb_sig_job *job)
{
    return is_strict(job, false);
}

/* The file that the trusted comment names, as minisign writes it: tab-separated fields, one of
 * them file:NAME. Renaming a signed file is how one file is passed off as another. */
static bool names_other_file(const struct signature *sig, const char *subject,
                             struct vb_sig_bytes *ret_name)
{
    struct vb_sig_bytes rest = sig->comment;

    while (rest.len > 0) {
        const unsigned char *tab = memchr(rest.data, '\t', rest.len);
        const size_t len = tab != NULL ? (size_t)(tab - rest.data) : rest.len;
        struct vb_sig_bytes field = {.data = rest.data, .len = len};
        const size_t taken = tab != NULL ? len + 1 : len;
        rest.data += taken;
        rest.len -= taken;
        if (!vb_sig_skip(&field, "file:"))
            continue;
        *ret_name = field;
        return !vb_sig_equals(field, vb_path_base(subject));
    }
    return false;
}

/* What the key signed: the digest of the file, or the file itself. */
static int read_message(const struct vb_sig_job *job, const struct signature *sig,
                        struct vb_buf *ret, struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = -1;
    uint64_t size;

    int status = vb_sig_open_subject(job, result, &fd, &size, err);
    if (status < 0 || fd < 0)
        return status;
    if (sig->prehashed) {
        unsigned char digest[VB_SIG_DIGEST_MAX];
        size_t len;
        status = vb_sig_hash_fd("BLAKE2B512", fd, digest, &len, err);
        return status < 0 ? status : vb_buf_append(ret, digest, len, err);
    }
    if (size > VB_SIG_LEGACY_MAX)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "a signature over the whole file, which is larger than 64 MiB");
    /* An empty message is still a message. */
    status = vb_buf_reserve(ret, (size_t)size + 1, err);
    return status < 0 ? status : vb_sig_read_head(fd, VB_SIG_LEGACY_MAX, ret, err);
}

/* The global signature binds the trusted comment to the signature. */
static int check_comment(EVP_PKEY *key, const struct signature *sig, bool *ret_good,
                         struct vb_error *err)
{
    unsigned char message[VB_SIG_ED25519_BYTES + COMMENT_MAX];
    const struct vb_sig_bytes head = signature_bytes(sig);
    const struct vb_sig_bytes global = {.data = sig->global, .len = sizeof(sig->global)};

    memcpy(message, head.data, head.len);
    if (sig->comment.len > 0)
        memcpy(message + head.len, sig->comment.data, sig->comment.len);
    const struct vb_sig_bytes whole = {.data = message, .len = head.len + sig->comment.len};
    return vb_sig_check(key, NULL, whole, global, ret_good, err);
}

static int check_key(const struct vb_sig_job *job, const struct signature *sig,
                     const struct vb_trust_key *trusted, const struct vb_buf *message,
                     struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = NULL;
    const struct vb_sig_bytes raw = {.data = trusted->key, .len = sizeof(trusted->key)};
    const struct vb_sig_bytes text = {.data = message->data, .len = message->len};
    struct vb_sig_bytes other;
    bool good = false;

    int status = vb_sig_key_ed25519(raw, &key, err);
    if (status == 0 && key != NULL)
        status = vb_sig_check(key, NULL, text, signature_bytes(sig), &good, err);
    if (status < 0)
        return status;
    if (!good)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "the signature is not of this file");
    if (sig->has_comment) {
        status = check_comment(key, sig, &good, err);
        if (status < 0)
            return status;
        if (!good)
            return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                                   "the trusted comment was changed after signing");
        if (names_other_file(sig, job->subject, &other))
            return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                                   "the signature was made for a file named %.*s",
                                   vb_sig_cut(other, 255), other.data);
    }
    /* Both sign the same bytes: of minisign's the lines with the trusted comment were cut off. */
    if (!sig->has_comment && !trusted->signify)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                               "no trusted comment, and signify did not write the file of key %s",
                               result->key_id);
    snprintf(result->name, sizeof(result->name), "%s", trusted->name);
    return vb_sig_conclude(result, VB_SIGNATURE_VALID_TRUSTED, "%s%s%.*s",
                           sig->prehashed ? "prehashed" : "over the whole file",
                           sig->has_comment ? "; trusted comment: " : "",
                           vb_sig_cut(sig->comment, 256),
                           sig->has_comment ? (const char *)sig->comment.data : "");
}

void vb_sig_show_minisign_id(const unsigned char id[8], char *ret)
{
    for (size_t i = 0; i < ID_BYTES; i++)
        snprintf(ret + 2 * i, 3, "%02X", (unsigned)id[ID_BYTES - 1 - i]);
}

static int verify(const struct vb_sig_job *job, bool with_comment, struct vb_sig_result *result,
                  struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf message = {0};
    struct signature sig = {0};
    bool known = false;

    if (!parse(job, with_comment, &sig, result))
        return 0;
    vb_sig_show_minisign_id(key_id(&sig), result->key_id);
    vb_buf_init(&message, (size_t)VB_SIG_LEGACY_MAX + 1);
    int status = read_message(job, &sig, &message, result, err);
    if (status < 0 || result->outcome != VB_SIGNATURE_ABSENT)
        return status;
    for (size_t i = 0; job->trust != NULL && i < job->trust->key_count; i++) {
        const struct vb_trust_key *key = &job->trust->keys[i];
        if (memcmp(key->id, key_id(&sig), ID_BYTES) != 0)
            continue;
        known = true;
        status = check_key(job, &sig, key, &message, result, err);
        if (status < 0 || result->outcome == VB_SIGNATURE_VALID_TRUSTED)
            return status;
    }
    if (known)
        return 0;
    return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                           "signed with key %s, which is not in the trust folder", result->key_id);
}

int vb_sig_minisign(const struct vb_sig_job *job, struct vb_sig_result *result,
                    struct vb_error *err)
{
    return verify(job, true, result, err);
}

int vb_sig_signify(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err)
{
    return verify(job, false, result, err);
}

bool vb_sig_parse_pub(struct vb_sig_bytes line, struct vb_trust_key *ret)
{
    unsigned char blob[2 + ID_BYTES + VB_SIG_ED25519_KEY];
    size_t len;

    if (!vb_sig_base64(line, false, blob, sizeof(blob), &len) || len != sizeof(blob) ||
        memcmp(blob, "Ed", 2) != 0)
        return false;
    memcpy(ret->id, blob + 2, ID_BYTES);
    memcpy(ret->key, blob + 2 + ID_BYTES, VB_SIG_ED25519_KEY);
    return true;
}
