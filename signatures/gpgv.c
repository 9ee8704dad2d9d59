/* What gpgv is asked, and what it said of a signature (GnuPG's doc/DETAILS). Trust boundary: gpgv
 * read hostile bytes, so that what it printed is a claim, believed only where every line is known,
 * the lines fit together, and they fit what the signature and the user's keys are. */
#include "signatures/pgp.h"

#include <errno.h>
#include <unistd.h>

/* What lines of --status-fd mean. */
enum said {
    SAID_NOTHING, /* told by another line too, or by nobody asked for */
    SAID_NEW,
    SAID_GOOD,
    SAID_SIGNATURE_OVER,
    SAID_KEY_OVER,
    SAID_KEY_REVOKED,
    SAID_BAD,
    SAID_ERROR,
    SAID_NO_KEY,
    SAID_VALID,
    SAID_COUNT
};

static const struct {
    const char *word;
    enum said said;
} words[] = {
    {"NEWSIG", SAID_NEW},
    {"GOODSIG", SAID_GOOD},
    {"EXPSIG", SAID_SIGNATURE_OVER},
    {"EXPKEYSIG", SAID_KEY_OVER},
    {"REVKEYSIG", SAID_KEY_REVOKED},
    {"BADSIG", SAID_BAD},
    {"ERRSIG", SAID_ERROR},
    {"NO_PUBKEY", SAID_NO_KEY},
    {"VALIDSIG", SAID_VALID},
    {"KEY_CONSIDERED", SAID_NOTHING},
    {"SIG_ID", SAID_NOTHING},
    {"KEYEXPIRED", SAID_NOTHING},
    {"KEYREVOKED", SAID_NOTHING},
    {"SIGEXPIRED", SAID_NOTHING},
    {"NOTATION_NAME", SAID_NOTHING},
    {"NOTATION_FLAGS", SAID_NOTHING},
    {"NOTATION_DATA", SAID_NOTHING},
    {"POLICY_URL", SAID_NOTHING},
    {"VERIFICATION_COMPLIANCE_MODE", SAID_NOTHING},
};

struct told {
    size_t counts[SAID_COUNT];
    struct vb_sig_bytes valid; /* what stands behind VALIDSIG */
};

/* --- asking --- */

void vb_sig_gpgv_done(struct vb_sig_gpgv *gpgv)
{
    free(gpgv->answers);
    gpgv->answers = NULL;
}

int vb_sig_gpgv_init(struct vb_sig_gpgv *ret, const struct vb_verify_job *work,
                     struct vb_sink *sink, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf data = {0};
    const size_t max = VB_GPGV_MAX * sizeof(struct vb_gpgv_answer);

    *ret = (struct vb_sig_gpgv){.what = work->gpgv, .fd = work->gpgv_fd, .sink = sink};
    if (work->gpgv != VB_GPGV_SAID)
        return 0;
    vb_buf_init(&data, max);
    ret->answers = calloc(VB_GPGV_MAX, sizeof(struct vb_gpgv_answer));
    if (ret->answers == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for what gpgv said");
    const int status = vb_sig_read_head(work->gpgv_fd, max, &data, err);
    ret->count = data.len / sizeof(struct vb_gpgv_answer);
    if (status == 0 && ret->count > 0)
        memcpy(ret->answers, data.data, ret->count * sizeof(struct vb_gpgv_answer));
    return status;
}

static int write_at(int fd, struct vb_sig_bytes data, uint64_t at, struct vb_error *err)
{
    while (data.len > 0) {
        const ssize_t n = pwrite(fd, data.data, data.len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return vb_fail(err, VB_E_IO, n < 0 ? errno : 0, "cannot hand over a signature");
        data.data += n;
        data.len -= (size_t)n;
        at += (uint64_t)n;
    }
    return 0;
}

/* What is too much is not asked, and then has no answer. */
static int ask(const struct vb_sig_job *job, const struct vb_sig_question *question,
               struct vb_error *err)
{
    struct vb_sig_gpgv *gpgv = job->gpgv;
    const struct vb_sig_bytes none = {0};
    const struct vb_sig_bytes text = question->text != NULL ? *question->text : none;
    struct vb_event event;

    if (gpgv->count == VB_GPGV_MAX || question->packet.len + text.len > VB_GPGV_BYTES - gpgv->used)
        return 0;
    int status = write_at(gpgv->fd, question->packet, gpgv->used, err);
    if (status == 0)
        status = write_at(gpgv->fd, text, gpgv->used + question->packet.len, err);
    if (status < 0)
        return status;
    vb_event_init(&event, VB_EV_SIGNATURE_DEFERRED, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_FORMAT, job->format->name);
    vb_event_str(&event, VB_F_PATH, job->path);
    if (question->text == NULL)
        vb_event_str(&event, VB_F_TARGET, job->subject);
    vb_event_int(&event, VB_F_OFFSET, (int64_t)gpgv->used);
    vb_event_int(&event, VB_F_SIZE, (int64_t)question->packet.len);
    vb_event_int(&event, VB_F_COUNT, (int64_t)text.len);
    if (job->beside)
        vb_event_str(&event, VB_F_WHERE, "beside");
    gpgv->count++;
    gpgv->used += question->packet.len + text.len;
    return vb_emit(gpgv->sink, &event, err);
}

/* --- reading --- */

/* Takes the next word off IN. */
static struct vb_sig_bytes take_word(struct vb_sig_bytes *in)
{
    struct vb_sig_bytes word = {.data = in->data};

    while (word.len < in->len && in->data[word.len] != ' ')
        word.len++;
    in->data += word.len;
    in->len -= word.len;
    (void)vb_sig_skip(in, " ");
    return word;
}

/* Returns NULL, or what gpgv should not have said. Names and notations are the signer's own words:
 * gpgv escapes the ends of lines in them, and nothing is looked for within a line. */
static const char *read_line(struct vb_sig_bytes line, struct told *told)
{
    if (!vb_sig_skip(&line, "[GNUPG:] "))
        return "something that is no status";
    const struct vb_sig_bytes word = take_word(&line);
    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++) {
        if (!vb_sig_equals(word, words[i].word))
            continue;
        told->counts[words[i].said]++;
        if (words[i].said == SAID_VALID)
            told->valid = line;
        return NULL;
    }
    return "a status that is not expected";
}

static const char *read_lines(struct vb_sig_bytes in, struct told *told)
{
    struct vb_sig_bytes line;
    const char *why = NULL;

    if (in.len > 0 && in.data[in.len - 1] != '\n')
        return "a line that is cut off";
    while (why == NULL && vb_sig_get_line(&in, &line))
        why = read_line(line, told);
    return why;
}

static bool is_number(struct vb_sig_bytes word, int64_t wanted)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)wanted);
    return vb_sig_equals(word, text);
}

static bool is_digest(struct vb_sig_bytes word, unsigned digest)
{
    return is_number(word, digest) && vb_pgp_digest(digest) != NULL;
}

/* VALIDSIG: fingerprint, day, seconds, seconds of its end, version, reserved, algorithm of the key,
 * digest, type, fingerprint of the primary key. All of it must be what was asked about. */
static bool fits(struct vb_sig_bytes line, const struct vb_sig_question *question)
{
    const struct vb_pgp_signature *signature = question->signature;
    char kind[4];

    snprintf(kind, sizeof(kind), "%02X", signature->kind & 0xff);
    if (!vb_sig_equals(take_word(&line), question->made_by->fingerprint))
        return false;
    (void)take_word(&line); /* the day */
    if (signature->created == 0 || !is_number(take_word(&line), signature->created))
        return false;
    (void)take_word(&line); /* its end, of which EXPSIG tells */
    if (!is_number(take_word(&line), signature->version))
        return false;
    (void)take_word(&line);
    return is_number(take_word(&line), signature->key_algorithm) &&
           is_digest(take_word(&line), signature->digest) &&
           vb_sig_equals(take_word(&line), kind) &&
           vb_sig_equals(take_word(&line), question->owner->key.fingerprint) && line.len == 0;
}

/* --- concluding --- */

/* Where the signature itself holds, and only something about the key or the time may not. */
static int conclude_valid(const struct told *told, int exit_status,
                          const struct vb_sig_question *question, struct vb_sig_result *result)
{
    const struct vb_trust_pgp *owner = question->owner;
    const bool sub = question->made_by != &owner->key;
    const char *of = sub ? "subkey " : "";
    const char *which = sub ? question->made_by->fingerprint : "";

    snprintf(result->name, sizeof(result->name), "%s", owner->name);
    snprintf(result->key_id, sizeof(result->key_id), "%s", owner->key.fingerprint);
    snprintf(result->made_by, sizeof(result->made_by), "%s", question->made_by->fingerprint);
    result->clock = question->signature->created;
    result->clock_source = "signer";
    if (told->counts[SAID_KEY_REVOKED] > 0) {
        result->code = "revoked";
        return vb_sig_conclude(result, VB_SIGNATURE_VALID_UNTRUSTED,
                               "the key was revoked by its owner");
    }
    if (told->counts[SAID_KEY_OVER] > 0)
        return vb_sig_conclude(result, VB_SIGNATURE_VALID_UNTRUSTED, "the key's time is over");
    if (told->counts[SAID_SIGNATURE_OVER] > 0)
        return vb_sig_conclude(result, VB_SIGNATURE_VALID_UNTRUSTED,
                               "the signature's own time is over");
    if (exit_status != 0)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "could not check: gpgv contradicts itself");
    return vb_sig_conclude(result, VB_SIGNATURE_VALID_TRUSTED, "checked by gpgv%s%s%s",
                           sub ? ", by the " : "", of, which);
}

static int conclude(const struct vb_gpgv_answer *answer, const struct vb_sig_question *question,
                    int64_t now, struct vb_sig_result *result)
{
    enum { DAY_S = 86400 };
    struct told told = {.valid.len = 0};
    const size_t len = answer->len < sizeof(answer->text) ? answer->len : sizeof(answer->text);
    const struct vb_sig_bytes text = {(const unsigned char *)answer->text, len};

    if (answer->state != VB_GPGV_RAN)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE, "could not check: %.*s",
                               vb_sig_cut(text, 400), answer->text);
    const char *why = read_lines(text, &told);
    const size_t *counts = told.counts;
    const size_t good = counts[SAID_GOOD] + counts[SAID_SIGNATURE_OVER] + counts[SAID_KEY_OVER] +
                        counts[SAID_KEY_REVOKED];
    const size_t failed = counts[SAID_BAD] + counts[SAID_ERROR] + counts[SAID_NO_KEY];
    if (why != NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE, "could not check: gpgv said %s",
                               why);
    if (counts[SAID_BAD] > 0)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "the signature is not of this file");
    if (failed > 0)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "could not check: gpgv cannot use the key for this signature");
    if (counts[SAID_NEW] != 1 || good != 1 || counts[SAID_VALID] != 1)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "could not check: gpgv did not say what became of it (status %d)",
                               (int)answer->exit_status);
    if (!fits(told.valid, question))
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "could not check: gpgv speaks of another signature");
    /* Clocks differ a little. */
    if (question->signature->created > now + DAY_S)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "it was made in the future, says the signer");
    return conclude_valid(&told, answer->exit_status, question, result);
}

static int digest_of(const struct vb_sig_question *question, char ret_signature[VB_SHA256_HEX],
                     char ret_data[VB_SHA256_HEX], struct vb_error *err)
{
    unsigned char digest[VB_SIG_DIGEST_MAX];
    size_t len = 0;

    int status = vb_sig_hash("SHA256", question->packet, digest, &len, err);
    if (status < 0)
        return status;
    vb_sig_hex((struct vb_sig_bytes){digest, len}, ret_signature);
    status = question->text != NULL ? vb_sig_hash("SHA256", *question->text, digest, &len, err)
                                    : vb_sig_hash_fd("SHA256", question->fd, digest, &len, err);
    if (status == 0)
        vb_sig_hex((struct vb_sig_bytes){digest, len}, ret_data);
    return status;
}

/* Whether the digest begins as the signature says (section 5.2.4): nobody signed these two bytes,
 * and gpgv does not always look at them. */
static int begins_right(const struct vb_sig_question *question, bool *ret, struct vb_error *err)
{
    const struct vb_pgp_signature *signature = question->signature;
    const struct vb_sig_bytes none = {0};
    const size_t len = signature->hashed.len;
    unsigned char digest[VB_SIG_DIGEST_MAX] = {0};
    unsigned char end[6] = {4, 0xff};
    struct vb_buf more;

    for (size_t i = 0; i < 4; i++)
        end[2 + i] = (unsigned char)(len >> (24 - 8 * i));
    vb_buf_init(&more, len + sizeof(end));
    int status = vb_buf_append(&more, signature->hashed.data, len, err);
    if (status == 0)
        status = vb_buf_append(&more, end, sizeof(end), err);
    if (status == 0)
        status = vb_sig_hash_and(vb_pgp_digest(signature->digest),
                                 question->text != NULL ? -1 : question->fd,
                                 question->text != NULL ? *question->text : none,
                                 (struct vb_sig_bytes){more.data, more.len}, digest, err);
    vb_buf_done(&more);
    *ret = status == 0 && memcmp(digest, signature->left, sizeof(signature->left)) == 0;
    return status;
}

int vb_sig_gpgv(const struct vb_sig_job *job, const struct vb_sig_question *question,
                struct vb_sig_result *result, struct vb_error *err)
{
    char signature[VB_SHA256_HEX], data[VB_SHA256_HEX];
    bool right = false;

    if (job->gpgv == NULL || job->gpgv->what == VB_GPGV_NOBODY)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "could not check: nobody ran gpgv");
    if (job->gpgv->what == VB_GPGV_ASKS)
        return ask(job, question, err);
    int status = begins_right(question, &right, err);
    if (status == 0)
        status = digest_of(question, signature, data, err);
    if (status < 0)
        return status;
    if (!right)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "the signature is not of this file");
    for (size_t i = 0; i < job->gpgv->count; i++) {
        const struct vb_gpgv_answer *answer = &job->gpgv->answers[i];
        if (strncmp(answer->signature, signature, sizeof(signature)) == 0 &&
            strncmp(answer->data, data, sizeof(data)) == 0)
            return conclude(answer, question, job->now, result);
    }
    return vb_sig_conclude(
        result, VB_SIGNATURE_UNVERIFIABLE,
        "could not check: gpgv was not asked, there are too many signatures or too "
        "little time");
}
