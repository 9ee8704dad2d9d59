/* OpenPGP signatures over a file, and texts that are signed and readable (RFC 9580). Trust
 * boundary: all of it is the package's. What is a signature and what it is over is decided here,
 * and gpgv, which runs elsewhere, gets each by itself: one packet, the bytes that it is over, the
 * user's keys. So nothing depends on how gpgv reads armor and frames. */
#include "signatures/pgp.h"

enum { PARTS_MAX = 16 };

struct file {
    bool clear;           /* a text that is signed and readable */
    bool words;           /* there are words in it that nobody signed */
    struct vb_buf whole;  /* the file, where job->data is not all of it */
    struct vb_buf text;   /* what is signed, of such a one */
    struct vb_buf binary; /* the signatures without armor */
    struct vb_pgp_packet parts[PARTS_MAX];
    size_t count;
    const char *why; /* it is not looked at any further */
    bool invalid;    /* and never will be */
};

static void file_done(struct file *file)
{
    vb_buf_done(&file->whole);
    vb_buf_done(&file->text);
    vb_buf_done(&file->binary);
}

static int refuse(struct file *file, bool invalid, const char *why)
{
    file->why = why;
    file->invalid = invalid;
    return 0;
}

static bool begins(struct vb_sig_bytes data, const char *text)
{
    return vb_sig_skip(&data, text);
}

static bool contains(struct vb_sig_bytes data, const char *text)
{
    return data.len > 0 && memmem(data.data, data.len, text, strlen(text)) != NULL;
}

static const char clear_mark[] = "-----BEGIN PGP SIGNED MESSAGE-----";
static const char armor_mark[] = "-----BEGIN PGP SIGNATURE-----";

bool vb_sig_openpgp_probe(const struct vb_sig_job *job)
{
    if (contains(job->data, armor_mark) || contains(job->data, clear_mark))
        return true;
    /* Section 4.2: packet type 2, in the old format with a length of one or two bytes, or in the
     * new one; then version 3, 4 or 6. */
    const unsigned char *b = job->data.data;
    if (job->data.len < 16)
        return false;
    const unsigned char version = b[0] == 0x89 || (b[0] == 0xc2 && b[1] >= 192) ? b[3] : b[2];
    return (b[0] == 0x88 || b[0] == 0x89 || b[0] == 0xc2) &&
           (version == 3 || version == 4 || version == 6);
}

/* --- the file --- */

/* The same one twice is one. */
static bool repeated(const struct file *file, const struct vb_pgp_packet *packet)
{
    for (size_t i = 0; i < file->count; i++) {
        if (vb_sig_same(file->parts[i].body, packet->body))
            return true;
    }
    return false;
}

/* Other tools use the endings for other things: what is no packet may be no signature at all. */
static int split(struct file *file, struct vb_sig_bytes in, bool armored)
{
    while (in.len > 0) {
        struct vb_pgp_packet packet;
        if (!vb_pgp_packet(&in, &packet))
            return refuse(file, armored, "it is no row of OpenPGP packets");
        if (packet.type != VB_PGP_SIGNATURE)
            return refuse(file, true, "it holds something else than signatures");
        if (repeated(file, &packet))
            continue;
        if (file->count == PARTS_MAX)
            return refuse(file, false, "it holds more signatures than are checked");
        file->parts[file->count++] = packet;
    }
    return file->count > 0 ? 0 : refuse(file, true, "it holds no signature");
}

static int read_armored(struct file *file, struct vb_sig_bytes in, struct vb_error *err)
{
    const char *why = NULL;
    size_t len = 0;

    file->words = !vb_sig_pgp_strict(in);
    vb_buf_init(&file->binary, in.len + 1);
    const int status = vb_buf_reserve(&file->binary, in.len, err);
    if (status < 0)
        return status;
    while (why == NULL && in.len > 0) {
        size_t more = 0;
        file->words = file->words || vb_pgp_has_words(in);
        why = vb_pgp_dearmor(&in, "SIGNATURE", file->binary.data + len, in.len, &more);
        len += more;
        vb_pgp_skip_blank(&in);
        if (why == NULL && in.len > 0 && !begins(in, armor_mark))
            why = "something stands behind it";
    }
    if (why != NULL)
        return refuse(file, true, why);
    return split(file, (struct vb_sig_bytes){file->binary.data, len}, true);
}

static int read_clear(struct file *file, struct vb_sig_bytes in, struct vb_error *err)
{
    int status = 0;

    file->clear = true;
    vb_buf_init(&file->text, 2 * in.len + 2);
    const char *why = vb_pgp_cleartext(&in, &file->text, &status, err);
    if (status < 0)
        return status;
    return why != NULL ? refuse(file, true, why) : read_armored(file, in, err);
}

/* A text may be longer than a signature. */
static int all_of(const struct vb_sig_job *job, struct file *file, struct vb_sig_bytes *ret,
                  struct vb_error *err)
{
    if (ret->len <= VB_SIG_FILE_MAX)
        return 0;
    vb_pgp_skip_blank(ret);
    if (!begins(*ret, clear_mark))
        return refuse(file, false, "the signature file is larger than 64 KiB");
    vb_buf_init(&file->whole, VB_SIG_LIST_MAX + 1);
    const int status = vb_sig_read_head(job->fd, VB_SIG_LIST_MAX + 1, &file->whole, err);
    if (status == 0 && file->whole.len > VB_SIG_LIST_MAX)
        return refuse(file, false, "the signed text is larger than 1 MiB");
    *ret = (struct vb_sig_bytes){file->whole.data, file->whole.len};
    return status;
}

static int read_file(const struct vb_sig_job *job, struct file *ret, struct vb_error *err)
{
    struct vb_sig_bytes in = job->data;
    int status = all_of(job, ret, &in, err);

    if (status < 0 || ret->why != NULL)
        return status;
    if (in.len > 0 && (in.data[0] & 0x80) != 0)
        return split(ret, in, false);
    vb_pgp_skip_blank(&in);
    if (begins(in, clear_mark))
        return read_clear(ret, in, err);
    if (begins(in, armor_mark))
        return read_armored(ret, in, err);
    return refuse(ret, false, "text stands in front of it");
}

int vb_sig_openpgp_bare(const struct vb_sig_job *job, bool *ret, struct vb_error *err)
{
    VB_CLEANUP(file_done) struct file file = {.count = 0};
    const int status = read_file(job, &file, err);

    *ret = file.why == NULL && !file.clear && !file.words && vb_sig_pgp_strict(job->data);
    return status;
}

/* --- one signature --- */

static void show_id(const struct vb_pgp_signature *signature, struct vb_sig_result *result)
{
    const unsigned char *bytes =
        signature->has_fingerprint ? signature->fingerprint : signature->id;
    const size_t len = signature->has_fingerprint ? VB_PGP_FINGERPRINT : sizeof(signature->id);

    for (size_t i = 0; (signature->has_fingerprint || signature->has_id) && i < len; i++)
        snprintf(result->key_id + 2 * i, 3, "%02X", (unsigned)bytes[i]);
}

/* NULL, or why SIGNATURE is not checked; *ret_outcome says what becomes of it. */
static const char *objection(const struct vb_pgp_signature *signature, bool clear,
                             const struct vb_trust_pgp *owner,
                             const struct vb_trust_pgp_key *made_by,
                             enum vb_signature_outcome *ret_outcome)
{
    *ret_outcome = VB_SIGNATURE_UNVERIFIABLE;
    if (signature->version != 4)
        return "a signature that is not of version 4 is not checked";
    if (!signature->has_fingerprint && !signature->has_id)
        return "it does not say with which key it was made";
    if (clear && signature->kind != VB_PGP_TEXT)
        return "it is no signature over a text";
    if (!clear && signature->kind == VB_PGP_TEXT)
        return "it is over a text with whatever ends of lines, not over these bytes";
    if (!clear && signature->kind != VB_PGP_BINARY)
        return "it is no signature over a file";
    if (owner == NULL)
        return "it was made with a key that is not in the trust folder";
    if (made_by->weak)
        return "the key is of fewer than 2048 bits";
    *ret_outcome = VB_SIGNATURE_INVALID;
    if (vb_pgp_digest(signature->digest) == NULL)
        return "its digest is not SHA-256, SHA-384 or SHA-512";
    return NULL;
}

/* Whether the file at PATH is TEXT, but for a line's end behind it. */
static int is_text(const struct vb_sig_job *job, const char *path, struct vb_sig_bytes text,
                   bool *ret, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf file = {0};
    struct vb_sig_bytes line, wanted;
    const char *why = NULL;
    uint64_t size;
    VB_CLEANUP_FD int fd = vb_sig_open_regular(job->dirfd, path, &size, &why);

    *ret = false;
    if (fd < 0 || size > VB_SIG_LIST_MAX)
        return 0;
    vb_buf_init(&file, VB_SIG_LIST_MAX);
    const int status = vb_sig_read_head(fd, VB_SIG_LIST_MAX, &file, err);
    struct vb_sig_bytes in = {file.data, file.len};
    bool same = status == 0 && (in.len == 0 || memchr(in.data, '\r', in.len) == NULL);
    while (same && vb_sig_get_line(&text, &wanted))
        same = vb_sig_get_line(&in, &line) && vb_sig_same(line, wanted);
    *ret = same && in.len == 0;
    return status;
}

/* A text covers its own file, of which nothing else is left over, and the file that it is a copy
 * of; and where it is a list, what that lists. */
static int cover_text(const struct vb_sig_job *job, const struct file *file,
                      struct vb_sig_result *result, struct vb_error *err)
{
    const struct vb_sig_bytes text = {file->text.data, file->text.len};
    bool same = false;
    int status = file->words ? 0 : vb_sig_paths_add(&result->covers, job->path, err);

    if (result->outcome != VB_SIGNATURE_VALID_TRUSTED &&
        result->outcome != VB_SIGNATURE_VALID_UNTRUSTED)
        return status;
    if (status == 0 && job->subject != NULL)
        status = is_text(job, job->subject, text, &same, err);
    if (status < 0 || job->subject == NULL)
        return status;
    if (same)
        return vb_sig_paths_add(&result->covers, job->subject, err);
    return vb_sig_is_sums(job->subject)
               ? vb_sig_sums_text(job->dirfd, job->subject, text, result, err)
               : 0;
}

static int check(const struct vb_sig_job *job, const struct file *file,
                 const struct vb_pgp_signature *signature, struct vb_sig_result *result,
                 struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf packet = {0};
    VB_CLEANUP_FD int fd = -1;
    const struct vb_sig_bytes text = {file->text.data, file->text.len};
    const struct vb_sig_bytes body = file->parts[job->line].body;
    struct vb_sig_question question = {.text = file->clear ? &text : NULL, .signature = signature};
    enum vb_signature_outcome outcome;
    unsigned char header[6];
    uint64_t size;

    vb_buf_init(&packet, sizeof(header) + VB_SIG_LIST_MAX);
    int status = file->clear ? 0 : vb_sig_open_subject(job, result, &fd, &size, err);
    if (status < 0 || result->outcome != VB_SIGNATURE_ABSENT)
        return status;
    if (!file->clear && size > VB_GPGV_DATA_MAX)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "the signed file is larger than 256 MiB");
    question.owner = vb_pgp_find(job->trust, signature, &question.made_by);
    const char *why = objection(signature, file->clear, question.owner, question.made_by, &outcome);
    if (why != NULL)
        return vb_sig_conclude(result, outcome, "%s", why);
    status = vb_buf_append(&packet, header, vb_pgp_header(VB_PGP_SIGNATURE, body.len, header), err);
    if (status == 0)
        status = vb_buf_append(&packet, body.data, body.len, err);
    question.packet = (struct vb_sig_bytes){packet.data, packet.len};
    question.fd = fd;
    return status < 0 ? status : vb_sig_gpgv(job, &question, result, err);
}

int vb_sig_openpgp(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP(file_done) struct file file = {.count = 0};
    struct vb_pgp_signature signature;
    int status = read_file(job, &file, err);

    if (status < 0)
        return status;
    if (file.why != NULL || job->line >= file.count)
        return vb_sig_conclude(result,
                               file.invalid ? VB_SIGNATURE_INVALID : VB_SIGNATURE_UNVERIFIABLE,
                               "OpenPGP: %s", file.why != NULL ? file.why : "no signature");
    result->next = job->line + 1 < file.count ? job->line + 1 : 0;
    if (!vb_pgp_signature(file.parts[job->line].body, &signature))
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "OpenPGP: a malformed signature");
    show_id(&signature, result);
    status = check(job, &file, &signature, result, err);
    return status == 0 && file.clear && result->outcome != VB_SIGNATURE_ABSENT
               ? cover_text(job, &file, result, err)
               : status;
}
