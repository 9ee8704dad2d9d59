/* Which files are a signature and nothing else. Whatever else a file with such a name holds, a
 * script behind a line of armor or hooks in JSON, is for somebody to sign. Trust boundary: the
 * bytes are the package's. */
#include "signatures/bundle.h"
#include "signatures/cms.h"
#include "signatures/internal.h"
#include "signatures/json.h"

enum { LINE_WIDTH_MIN = 60, JSON_DEPTH_MAX = 12 };

/* Text that people may choose gives a shell nothing to do. */
static bool is_idle(struct vb_sig_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = text.data[i];
        if (c == '\0' || strchr("$`;|&\\", c) != NULL || (c == '>' && i + 1 < text.len))
            return false;
    }
    return true;
}

static bool are_idle_lines(struct vb_sig_bytes text)
{
    struct vb_sig_bytes line;

    while (vb_sig_get_line(&text, &line)) {
        if (!is_idle(line))
            return false;
    }
    return true;
}

static void trim(struct vb_sig_bytes *line)
{
    while (line->len > 0 &&
           (line->data[line->len - 1] == ' ' || line->data[line->len - 1] == '\t' ||
            line->data[line->len - 1] == '\r'))
        line->len--;
}

static bool is_header(struct vb_sig_bytes line)
{
    static const char *const names[] = {
        "Version: ", "Comment: ", "Hash: ", "Charset: ", "MessageID: "};

    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++) {
        struct vb_sig_bytes rest = line;
        if (vb_sig_skip(&rest, names[i]))
            return is_idle(rest);
    }
    return false;
}

/* The text of one block between BEGIN and END as bytes. Headers, where they are allowed, end with
 * an empty line. Lines are full but the last ones, so that none is a word that means something. */
static bool read_armor(struct vb_sig_bytes text, const char *begin, const char *end,
                       struct vb_buf *ret)
{
    struct vb_error ignored = {0};
    struct vb_sig_bytes line;
    bool good = false, body = false, last = false;

    if (!vb_sig_get_line(&text, &line))
        return false;
    trim(&line);
    if (!vb_sig_equals(line, begin))
        return false;
    VB_CLEANUP(vb_buf_done) struct vb_buf base64;
    vb_buf_init(&base64, VB_SIG_FILE_MAX + 1);
    while (vb_sig_get_line(&text, &line)) {
        trim(&line);
        if (vb_sig_equals(line, end)) {
            good = true;
            break;
        }
        if (line.len == 0 || (!body && is_header(line)))
            continue;
        body = true;
        /* The checksum of OpenPGP. */
        if (line.len == 5 && line.data[0] == '=')
            continue;
        if (last || vb_buf_append(&base64, line.data, line.len, &ignored) < 0)
            return false;
        last = line.len < LINE_WIDTH_MIN;
    }
    while (good && vb_sig_get_line(&text, &line)) {
        trim(&line);
        good = line.len == 0;
    }
    return good &&
           vb_sig_base64_append((struct vb_sig_bytes){base64.data, base64.len}, ret, &good,
                                &ignored) == 0 &&
           good;
}

/* Whether there is something in BYTES that a shell would do: text between two of what it takes for
 * ends of commands. Few bytes that mean nothing look like that. */
static bool has_command(struct vb_sig_bytes bytes)
{
    enum { COMMAND_MIN = 8 };
    size_t len = 0;
    bool begun = false;

    for (size_t i = 0; i < bytes.len; i++) {
        const unsigned char c = bytes.data[i];
        const bool ends = c != '\0' && strchr("\n\r;|&#`$", c) != NULL;
        if (ends && begun && len >= COMMAND_MIN)
            return true;
        if (ends)
            len = 0;
        else
            len++;
        begun = ends || (begun && (c == '\t' || (c >= ' ' && c <= '~')));
    }
    return begun && len >= COMMAND_MIN;
}

/* As in read_armor(), for as many blocks as there are. */
static bool are_full_lines(struct vb_sig_bytes text)
{
    struct vb_sig_bytes line;
    bool last = false;

    while (vb_sig_get_line(&text, &line)) {
        const bool body = line.len > 0 && line.data[0] != '-' && line.data[0] != '=' &&
                          memchr(line.data, ':', line.len) == NULL;
        if (body && last)
            return false;
        last = body ? line.len < LINE_WIDTH_MIN : last && line.len == 0;
    }
    return true;
}

bool vb_sig_pgp_strict(struct vb_sig_bytes data)
{
    return data.len > 0 && (data.data[0] & 0x80) != 0 ? !has_command(data) : are_full_lines(data);
}

static bool cms(const struct vb_sig_job *job)
{
    static const char *const labels[][2] = {{"-----BEGIN PKCS7-----", "-----END PKCS7-----"},
                                            {"-----BEGIN CMS-----", "-----END CMS-----"}};

    if (vb_sig_cms_strict(job->data))
        return !has_command(job->data);
    for (size_t i = 0; i < VB_ARRAY_LEN(labels); i++) {
        VB_CLEANUP(vb_buf_done) struct vb_buf der;
        vb_buf_init(&der, VB_SIG_FILE_MAX);
        if (read_armor(job->data, labels[i][0], labels[i][1], &der))
            return vb_sig_cms_strict((struct vb_sig_bytes){der.data, der.len});
    }
    return false;
}

static bool sshsig(const struct vb_sig_job *job)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf blob;

    vb_buf_init(&blob, VB_SIG_FILE_MAX);
    return vb_sig_sshsig_strict(job) && read_armor(job->data, "-----BEGIN SSH SIGNATURE-----",
                                                   "-----END SSH SIGNATURE-----", &blob);
}

/* --- JSON --- */

/* Members of bundles, envelopes, their keys and logs, and of what registries tell of them, at
 * whatever depth. A statement that nobody signed is no signature. */
/* clang-format off */
static const char *const members[] = {
    "mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope", "payload",
    "payloadType", "signatures", "sig", "keyid", "cert", "certificate", "rawBytes",
    "x509CertificateChain", "certificates", "publicKey", "hint", "keyDetails", "tlogEntries",
    "logIndex", "logId", "logID", "keyId", "kindVersion", "kind", "version", "integratedTime",
    "inclusionPromise", "signedEntryTimestamp", "inclusionProof", "rootHash", "treeSize",
    "hashes", "checkpoint", "envelope", "canonicalizedBody", "timestampVerificationData",
    "rfc3161Timestamps", "signedTimestamp", "messageDigest", "algorithm", "digest",
    "signature", "attestations", "predicateType", "bundle", "attestation_bundles",
    "publisher", "claims", "repository", "workflow", "workflow_filepath", "environment",
    "email", "verification_material", "transparency_entries", "statement", "base64Signature",
    "rekorBundle", "SignedEntryTimestamp", "Payload", "body", "validFor", "start", "end",
};
/* clang-format on */

static bool is_member(const char *key)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(members); i++) {
        if (strcmp(key, members[i]) == 0)
            return true;
    }
    return false;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as JSON_DEPTH_MAX says. */
static bool is_known(json_t *json, size_t depth)
{
    const char *key;
    json_t *value;
    size_t i;

    if (depth == JSON_DEPTH_MAX)
        return false;
    json_object_foreach(json, key, value)
    {
        if (!is_member(key) || !is_known(value, depth + 1))
            return false;
    }
    json_array_foreach(json, i, value)
    {
        if (!is_known(value, depth + 1))
            return false;
    }
    return true;
}

/* A text at the beginning of a line, with nothing that is joined to it, would be a command to a
 * shell; digests of a log's proof are not. */
static bool are_no_commands(struct vb_sig_bytes text)
{
    struct vb_sig_bytes line;

    while (vb_sig_get_line(&text, &line)) {
        while (vb_sig_skip(&line, " ") || vb_sig_skip(&line, "\t"))
            continue;
        if (!vb_sig_skip(&line, "\""))
            continue;
        const unsigned char *end = memchr(line.data, '"', line.len);
        const size_t len = end == NULL ? line.len : (size_t)(end - line.data);
        const bool digest = (len == 64 && memchr(line.data, '/', len) == NULL) ||
                            (len == 44 && line.data[43] == '=');
        size_t at = len + 1;
        if (at < line.len && line.data[at] == ',')
            continue;
        while (at < line.len && (line.data[at] == ' ' || line.data[at] == '\t'))
            at++;
        if ((at >= line.len || line.data[at] != ':') && !digest)
            return false;
    }
    return true;
}

/* An object that has one of what every signature has, and nothing that none has. */
static bool is_json(struct vb_sig_bytes text)
{
    static const char *const needed[] = {"verificationMaterial", "verification_material",
                                         "signatures",           "attestations",
                                         "attestation_bundles",  "base64Signature"};
    VB_CLEANUP(vb_json_free) json_t *json = NULL;
    struct vb_error ignored = {0};
    char why[200];
    bool found = false;

    if (vb_sig_json_parse(text, VB_SIG_BUNDLE_MAX, &json, why, sizeof(why), &ignored) < 0 ||
        json == NULL)
        return false;
    /* Within its quotes a shell would still do what these say. */
    if (memchr(text.data, '$', text.len) != NULL || memchr(text.data, '`', text.len) != NULL ||
        !are_no_commands(text))
        return false;
    for (size_t i = 0; !found && i < VB_ARRAY_LEN(needed); i++)
        found = json_object_get(json, needed[i]) != NULL;
    return found && is_known(json, 0);
}

/* One object, or one on each line; all of the file, which may be longer than what was read. */
static bool json(const struct vb_sig_job *job)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf whole;
    struct vb_error ignored = {0};
    struct vb_sig_bytes line;

    vb_buf_init(&whole, VB_SIG_BUNDLE_MAX + 1);
    if (vb_sig_read_head(job->fd, VB_SIG_BUNDLE_MAX + 1, &whole, &ignored) < 0 ||
        whole.len > VB_SIG_BUNDLE_MAX)
        return false;
    struct vb_sig_bytes text = {whole.data, whole.len};
    if (is_json(text))
        return true;
    while (vb_sig_get_line(&text, &line)) {
        if (line.len > 0 && !is_json(line))
            return false;
    }
    return whole.len > 0;
}

static bool cosign(const struct vb_sig_job *job)
{
    return vb_sig_probe_json(job) ? json(job) : vb_sig_cosign_probe(job);
}

static bool minisign(const struct vb_sig_job *job)
{
    return vb_sig_minisign_strict(job) && are_idle_lines(job->data);
}

static bool signify(const struct vb_sig_job *job)
{
    return vb_sig_signify_strict(job) && are_idle_lines(job->data);
}

bool vb_sig_strict(const struct vb_sig_job *job)
{
    /* What is not here is never a signature alone: an archive, a key, or a format that nobody
     * knows. */
    static const struct {
        const char *format;
        bool (*strict)(const struct vb_sig_job *job);
    } rows[] = {
        {"minisign", minisign}, {"signify", signify}, {"sshsig", sshsig},
        {"oms", json},          {"sigstore", json},   {"dsse", json},
        {"attestation", json},  {"cms", cms},         {"cosign", cosign},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (strcmp(job->format->name, rows[i].format) == 0)
            return (rows[i].strict == json || job->data.len <= VB_SIG_FILE_MAX) &&
                   rows[i].strict(job);
    }
    return false;
}
