/* Several signatures in one file, one a line: Sigstore bundles, as attestations are downloaded, and
 * DSSE envelopes, as SLSA's generator writes them. Each line is a signature of its own, about the
 * file that this one is named after. Trust boundary: all of it is the package's. */
#include "signatures/dsse.h"
#include "signatures/sigstore.h"

#include <errno.h>
#include <unistd.h>

enum { LINES_MAX = 64, FILE_MAX_BYTES = 16 * 1024 * 1024 };

static int unverifiable(struct vb_sig_result *result, const char *why)
{
    return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE, "%s", why);
}

/* --- reading --- */

static size_t blank(const struct vb_buf *text, size_t at)
{
    while (at < text->len && strchr(" \t\r\n", text->data[at]) != NULL && text->data[at] != '\0')
        at++;
    return at;
}

/* The line at job->at, without blank ones before it; *ret_next is where the one behind it begins,
 * 0 where there is none. */
static struct vb_sig_bytes cut_line(const struct vb_sig_job *job, const struct vb_buf *text,
                                    uint64_t *ret_next)
{
    const size_t start = blank(text, 0);
    const unsigned char *end =
        start < text->len ? memchr(text->data + start, '\n', text->len - start) : NULL;
    const size_t stop = end != NULL ? (size_t)(end - text->data) : text->len;
    const size_t next = blank(text, stop);

    /* What was read may end just here and the file not. */
    *ret_next = next < text->len || text->len == text->max ? job->at + next : 0;
    return (struct vb_sig_bytes){.data = text->data + start, .len = stop - start};
}

/* --- envelopes --- */

/* SLSA's generator puts the signer's certificate beside the signature, and nothing that would prove
 * when it was made. */
static int judge_told(const struct vb_sig_dsse *dsse, struct vb_sig_bytes pem,
                      struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_cert_free) X509 *cert = NULL;
    VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = NULL;
    unsigned char der[VB_SIG_CERT_MAX];
    bool good = false;
    size_t len;
    int status = 0;

    if (vb_sig_pem(&pem, "CERTIFICATE", der, sizeof(der), &len) && pem.len == 0)
        status = vb_sig_cert((struct vb_sig_bytes){.data = der, .len = len}, &cert, err);
    if (status == 0 && cert == NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                               "the certificate in the envelope is none in PEM");
    if (status == 0)
        status = vb_sig_cert_key(cert, &key, err);
    if (status == 0 && key == NULL)
        return unverifiable(result, "the key of its certificate is of a kind that is not checked");
    if (status == 0)
        status = vb_sig_key_id(key, result->key_id, err);
    if (status == 0)
        status = vb_sig_dsse_check(dsse, 0, key, &good, err);
    if (status < 0)
        return status;
    return good ? vb_sig_conclude(result, VB_SIGNATURE_VALID_UNTRUSTED,
                                  "by the certificate in it, and no log entry with it says when")
                : vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                                  "the signature is not of this envelope");
}

static int judge_envelope(const struct vb_sig_job *job, const json_t *json,
                          struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_dsse_done) struct vb_sig_dsse dsse = {0};
    struct vb_sig_bytes pem = {0};
    const char *why = NULL;

    result->format = "dsse";
    int status = vb_sig_dsse_parse(json, &dsse, &why, err);
    if (status < 0)
        return status;
    if (why != NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "%s", why);
    const json_t *first =
        json_array_get(vb_sig_json_array(json, "signatures", VB_SIG_DSSE_SIGNATURES_MAX), 0);
    status = vb_sig_dsse_judge(job, &dsse, result, err);
    if (status < 0 || result->outcome != VB_SIGNATURE_UNVERIFIABLE ||
        !vb_sig_json_text(first, "cert", &pem))
        return status;
    status = judge_told(&dsse, pem, result, err);
    return status < 0 || !vb_sig_holds(result) ? status
                                               : vb_sig_dsse_subject(job, &dsse, result, err);
}

/* --- one line --- */

static int judge_line(const struct vb_sig_job *job, struct vb_sig_bytes line,
                      struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP(vb_json_free) json_t *json = NULL;
    char why[256] = "";

    if (line.len == 0)
        return unverifiable(result, "nothing but blank lines");
    if (line.len > VB_SIG_BUNDLE_MAX) {
        result->next = 0; /* its end was not seen */
        return unverifiable(result, "a bundle larger than 4 MiB is not read");
    }
    const int status = vb_sig_json_parse(line, VB_SIG_BUNDLE_MAX, &json, why, sizeof(why), err);
    if (status < 0)
        return status;
    if (json == NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "%s", why);
    if (vb_sig_json_has(json, "payload") && !vb_sig_json_has(json, "verificationMaterial"))
        return judge_envelope(job, json, result, err);
    result->format = "sigstore";
    return vb_sig_bundle_line(job, line, result, err);
}

static void say_which(const struct vb_sig_job *job, struct vb_sig_result *result)
{
    char reason[sizeof(result->reason)];

    memcpy(reason, result->reason, sizeof(reason));
    snprintf(result->reason, sizeof(result->reason), "line %zu: %.480s", job->line + 1, reason);
}

int vb_sig_lines(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};

    if (job->size > FILE_MAX_BYTES)
        return unverifiable(result, "a file of bundles larger than 16 MiB is not read");
    if (job->line >= LINES_MAX)
        return unverifiable(result, "more than 64 bundles in one file are not read");
    vb_buf_init(&text, VB_SIG_BUNDLE_MAX + 2);
    int status = vb_sig_read_at(job->fd, job->at, text.max, &text, err);
    if (status < 0)
        return status;
    const struct vb_sig_bytes line = cut_line(job, &text, &result->next);
    status = judge_line(job, line, result, err);
    if (status == 0 && (job->line > 0 || result->next != 0))
        say_which(job, result);
    return status;
}
