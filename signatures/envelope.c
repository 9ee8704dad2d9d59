/* DSSE envelopes that stand alone, signed with a key that the user has: reports of ours, in-toto
 * attestations (secure-systems-lab/dsse; in-toto/attestation, spec/v1). Trust boundary: the file is
 * the package's or a stranger's. */
#include "signatures/dsse.h"
#include "signatures/internal.h"
#include "signatures/statement.h"

#include <fcntl.h>

enum { FILE_MAX_BYTES = VB_SIG_DSSE_PAYLOAD_MAX / 3 * 4 + 64 * 1024 };

bool vb_sig_dsse_probe(const struct vb_sig_job *job)
{
    const unsigned char *at = job->data.data;

    if (!vb_sig_probe_json(job) || job->size > FILE_MAX_BYTES)
        return false;
    /* The payload may be longer than what was read; its type stands before or behind it. */
    return memmem(at, job->data.len, "\"payload\"", 9) != NULL &&
           memmem(at, job->data.len, "\"verificationMaterial\"", 22) == NULL;
}

/* --- whose it is --- */

static bool key_named(const struct vb_sig_dsse *dsse, size_t number, const char *id)
{
    return vb_sig_equals(dsse->signatures[number].key_id, id);
}

/* Whether one of the signatures is KEY's; *ret_named that one names it and is not. */
static int try_key(const struct vb_sig_dsse *dsse, const struct vb_trust_pem *pem, bool *ret_good,
                   bool *ret_named, struct vb_error *err)
{
    int status = 0;

    for (size_t i = 0; status == 0 && !*ret_good && i < dsse->signature_count; i++) {
        status = vb_sig_dsse_check(dsse, i, pem->key, ret_good, err);
        *ret_named = *ret_named || (!*ret_good && key_named(dsse, i, pem->id));
    }
    return status;
}

/* Tries every signature with every key; *RET is the key that made one. */
static int find_signer(const struct vb_sig_job *job, const struct vb_sig_dsse *dsse,
                       const struct vb_trust_pem **ret, bool *ret_named, struct vb_error *err)
{
    for (size_t i = 0; job->trust != NULL && i < job->trust->pem_count; i++) {
        bool good = false;
        const int status = try_key(dsse, &job->trust->pems[i], &good, ret_named, err);
        if (status < 0)
            return status;
        if (good) {
            *ret = &job->trust->pems[i];
            return 0;
        }
    }
    return 0;
}

/* --- what it says --- */

static int check_subjects(const struct vb_sig_job *job, const struct vb_sig_statement *statement,
                          struct vb_sig_result *result, struct vb_error *err)
{
    const char *why_not;
    uint64_t size;
    bool covered = false;
    VB_CLEANUP_FD int fd =
        job->subject == NULL ? -1 : vb_sig_open_regular(job->dirfd, job->subject, &size, &why_not);

    if (fd < 0)
        return 0;
    struct vb_sig_artifact artifact = {.fd = fd};
    const int status = vb_sig_statement_covers(statement, &artifact, &covered, err);
    if (status < 0)
        return status;
    if (!covered)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                               "the signed statement is not about %.200s as it is here",
                               job->subject);
    return vb_sig_statement_endorses(statement)
               ? vb_sig_paths_add(&result->covers, job->subject, err)
               : 0;
}

/* A statement about the file that this one is named after must be about its very bytes. */
static int check_statement(const struct vb_sig_job *job, const struct vb_sig_dsse *dsse,
                           struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_statement_done) struct vb_sig_statement statement = {0};
    char why[200] = "";

    int status = vb_sig_statement(dsse, &statement, why, sizeof(why), err);
    if (status < 0)
        return status;
    if (why[0] != '\0')
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "the signed statement: %s", why);
    status = check_subjects(job, &statement, result, err);
    if (status < 0 || result->outcome != VB_SIGNATURE_ABSENT ||
        vb_sig_statement_endorses(&statement))
        return status;
    return vb_sig_conclude(result, VB_SIGNATURE_VALID_TRUSTED,
                           "a statement of type %.*s, which does not sign the file it is about",
                           vb_sig_cut(statement.predicate_type, 200),
                           (const char *)statement.predicate_type.data);
}

int vb_sig_dsse_subject(const struct vb_sig_job *job, const struct vb_sig_dsse *dsse,
                        struct vb_sig_result *result, struct vb_error *err)
{
    return vb_sig_equals(dsse->payload_type, VB_SIG_IN_TOTO)
               ? check_statement(job, dsse, result, err)
               : 0;
}

int vb_sig_dsse_judge(const struct vb_sig_job *job, const struct vb_sig_dsse *dsse,
                      struct vb_sig_result *result, struct vb_error *err)
{
    const struct vb_trust_pem *signer = NULL;
    bool named = false;
    int status = find_signer(job, dsse, &signer, &named, err);

    if (status < 0)
        return status;
    if (signer == NULL && named)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                               "the signature is not of this payload");
    if (signer == NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "signed with no key that is in the trust folder");
    snprintf(result->name, sizeof(result->name), "%s", signer->name);
    snprintf(result->key_id, sizeof(result->key_id), "%s", signer->id);
    status = vb_sig_dsse_subject(job, dsse, result, err);
    /* Members beside the signed ones are signed by nobody; and one of several lines is not the
     * file. */
    if (status == 0 && result->outcome != VB_SIGNATURE_INVALID &&
        job->format->verify != vb_sig_lines && vb_sig_strict(job))
        status = vb_sig_paths_add(&result->covers, job->path, err);
    if (status < 0 || result->outcome != VB_SIGNATURE_ABSENT)
        return status;
    return vb_sig_conclude(result, VB_SIGNATURE_VALID_TRUSTED, "payload of type %.*s",
                           vb_sig_cut(dsse->payload_type, 100), dsse->payload_type.data);
}

int vb_sig_dsse_file(const struct vb_sig_job *job, struct vb_sig_result *result,
                     struct vb_error *err)
{
    VB_CLEANUP(vb_sig_dsse_done) struct vb_sig_dsse dsse = {0};
    VB_CLEANUP(vb_json_free) json_t *envelope = NULL;
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    const char *why_not = NULL;
    char why[200] = "";

    vb_buf_init(&text, FILE_MAX_BYTES + 1);
    int status = vb_sig_read_head(job->fd, FILE_MAX_BYTES, &text, err);
    if (status == 0)
        status = vb_sig_json_parse((struct vb_sig_bytes){text.data, text.len}, FILE_MAX_BYTES,
                                   &envelope, why, sizeof(why), err);
    if (status < 0)
        return status;
    if (envelope == NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "the DSSE envelope: %s", why);
    status = vb_sig_dsse_parse(envelope, &dsse, &why_not, err);
    if (status < 0)
        return status;
    if (why_not != NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "%s", why_not);
    return vb_sig_dsse_judge(job, &dsse, result, err);
}
