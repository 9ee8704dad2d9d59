/* Who signed a bundle, and whether the user trusts him. Trust boundary: bundle and file are the
 * package's; keys, roots, logs and clocks are those of the user's trust folder. */
#include <openssl/x509v3.h>

#include "signatures/sct.h"
#include "signatures/sigstore.h"

static struct vb_sig_bytes signature_of(const struct vb_sig_bundle *bundle)
{
    return (struct vb_sig_bytes){.data = bundle->signature, .len = bundle->signature_len};
}

/* --- the signature itself --- */

/* Ed25519 hashes the message by itself, twice, and so wants all of it. */
static int check_whole(const struct vb_sig_signed *signed_by, bool *ret_good, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf message = {0};

    vb_buf_init(&message, VB_SIG_LEGACY_MAX + 1);
    *ret_good = false;
    const int status =
        vb_sig_read_head(signed_by->artifact->fd, VB_SIG_LEGACY_MAX + 1, &message, err);
    if (status < 0 || message.len > VB_SIG_LEGACY_MAX)
        return status;
    return vb_sig_check(signed_by->key, NULL,
                        (struct vb_sig_bytes){.data = message.data, .len = message.len},
                        signature_of(signed_by->bundle), ret_good, err);
}

static int check_digest(const struct vb_sig_signed *signed_by, const char *algorithm,
                        bool *ret_good, struct vb_error *err)
{
    const struct vb_sig_bundle *bundle = signed_by->bundle;
    unsigned char digest[VB_SIG_DIGEST_MAX];
    size_t len = 0;

    int status = vb_sig_bundle_digest(bundle, signed_by->artifact, algorithm, digest, &len, err);
    const struct vb_sig_hashed hashed = {algorithm, {.data = digest, .len = len}};
    if (status == 0)
        status =
            vb_sig_check_hash(signed_by->key, &hashed, signature_of(bundle), false, ret_good, err);
    if (status == 0 && !*ret_good)
        status =
            vb_sig_check_hash(signed_by->key, &hashed, signature_of(bundle), true, ret_good, err);
    return status;
}

/* Keys on larger curves sign digests of SHA-256 too, and RSA has two paddings: a bundle does not
 * say which, and each is as good. */
static int check_signature(const struct vb_sig_signed *signed_by, bool *ret_good,
                           struct vb_error *err)
{
    const struct vb_sig_bundle *bundle = signed_by->bundle;
    EVP_PKEY *key = signed_by->key;
    const char *usual = vb_sig_key_digest(key);
    const char *other = bundle->told_algorithm != NULL ? bundle->told_algorithm : "SHA256";

    if (usual == NULL)
        return bundle->is_dsse ? vb_sig_dsse_check(&bundle->dsse, 0, key, ret_good, err)
                               : check_whole(signed_by, ret_good, err);
    const int status = check_digest(signed_by, usual, ret_good, err);
    if (status < 0 || *ret_good || strcmp(usual, other) == 0)
        return status;
    return check_digest(signed_by, other, ret_good, err);
}

static int wrong_signature(const struct vb_sig_signed *signed_by, struct vb_sig_result *result)
{
    const bool is_dsse = signed_by->bundle->is_dsse;

    if (!is_dsse && vb_sig_key_digest(signed_by->key) == NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "no plain Ed25519 signature of this file; Ed25519ph is not checked");
    return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "the signature is not of this %s",
                           is_dsse ? "envelope" : "file");
}

/* --- by a certificate --- */

/* Concludes with the reason HOW, and when it was signed as far as somebody says so who is trusted.
 */
static void say(struct vb_sig_result *result, enum vb_signature_outcome outcome, const char *how,
                const struct vb_sig_evidence *evidence)
{
    result->signed_at = vb_sig_evidence_time(evidence);
    result->clock = result->signed_at;
    if (evidence->time_count > 0)
        result->clock_source = evidence->stamped ? "authority" : "log";
    vb_sig_conclude(result, outcome, "%s", how);
}

static int untrusted(struct vb_sig_result *result, const struct vb_sig_evidence *evidence,
                     const char *why)
{
    say(result, VB_SIGNATURE_VALID_UNTRUSTED, why, evidence);
    return 0;
}

static int invalid(struct vb_sig_result *result, const char *why)
{
    return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "%s", why);
}

/* The worst that CHAIN is at any of the times: at each one of them it was used. */
static int chain_always(const struct vb_sig_bundle *bundle, STACK_OF(X509) * roots,
                        const int64_t *times, size_t count, struct vb_sig_chained *ret,
                        struct vb_error *err)
{
    X509 *leaf = sk_X509_value(bundle->certs, 0);

    for (size_t i = 0; i < count; i++) {
        vb_sig_chained_done(ret);
        *ret = (struct vb_sig_chained){0};
        const int status = vb_sig_chain(leaf, bundle->certs, roots, times[i], ret, err);
        if (status < 0 || ret->chain != VB_SIG_CHAIN_GOOD)
            return status;
    }
    return 0;
}

/* A certificate of the user's own, in the trust folder. */
static int judge_by_roots(const struct vb_sig_job *job, const struct vb_sig_bundle *bundle,
                          const struct vb_sig_evidence *evidence, struct vb_sig_chained *ret,
                          struct vb_sig_result *result, struct vb_error *err)
{
    const bool dated = evidence->time_count > 0;
    const int64_t *times = dated ? evidence->times : &job->now;

    const int status = chain_always(bundle, job->trust->root_certs, times,
                                    dated ? evidence->time_count : 1, ret, err);
    if (status < 0 || ret->chain == VB_SIG_CHAIN_UNKNOWN)
        return status;
    if (ret->chain == VB_SIG_CHAIN_BAD)
        return invalid(result, ret->why);
    if (ret->chain == VB_SIG_CHAIN_OUTSIDE)
        return untrusted(result, evidence, ret->why);
    const X509 *leaf = sk_X509_value(bundle->certs, 0);
    if (!vb_sig_cert_identity(leaf, result->name))
        vb_sig_cert_subject(leaf, result->name);
    snprintf(result->root, sizeof(result->root), "%s",
             vb_sig_trust_root_name(job->trust, ret->anchor));
    say(result, VB_SIGNATURE_VALID_TRUSTED,
        "by a certificate that leads to one in the trust folder", evidence);
    if (!dated)
        result->clock = job->now;
    return 0;
}

static int judge_identity(const struct vb_sig_bundle *bundle,
                          const struct vb_sig_evidence *evidence, struct vb_sig_result *result,
                          struct vb_error *err)
{
    const X509 *leaf = sk_X509_value(bundle->certs, 0);
    struct vb_sig_facts facts;

    if (!vb_sig_cert_identity(leaf, result->name) || !vb_sig_cert_facts(leaf, &facts)) {
        result->name[0] = '\0';
        return invalid(result, "the certificate does not name one identity");
    }
    const struct vb_sig_bytes issuer = vb_sig_facts_issuer(&facts);
    if (issuer.len == 0 || issuer.len >= sizeof(result->issuer)) {
        result->name[0] = '\0';
        return invalid(result, "the certificate does not say who vouched for its identity");
    }
    memcpy(result->issuer, issuer.data, issuer.len);
    result->issuer[issuer.len] = '\0';
    result->anchored = true;
    char how[320];
    snprintf(how, sizeof(how), "no line of trust.yaml names this identity; vouched for by %s",
             result->issuer);
    say(result, VB_SIGNATURE_VALID_UNTRUSTED, how, evidence);
    return vb_sig_result_facts(result, &facts, err);
}

/* The certificate in the logs of certificates, then whom it names. */
static int judge_logged(const struct vb_sig_trusted_root *root, const struct vb_sig_bundle *bundle,
                        const struct vb_sig_evidence *evidence,
                        const struct vb_sig_chained *chained, struct vb_sig_result *result,
                        struct vb_error *err)
{
    enum vb_sig_logged logged = VB_SIG_LOGGED_BAD;

    const int status =
        vb_sig_sct(sk_X509_value(bundle->certs, 0), chained->issuer, &root->ctlogs, &logged, err);
    if (status < 0)
        return status;
    switch (logged) {
    case VB_SIG_LOGGED:
        snprintf(result->root, sizeof(result->root), "%s", root->name);
        return judge_identity(bundle, evidence, result, err);
    case VB_SIG_LOGGED_BAD:
        return invalid(result, "a timestamp in the certificate is not of this certificate");
    case VB_SIG_LOGGED_NOT:
        return untrusted(result, evidence, "the certificate is in no public log");
    case VB_SIG_LOGGED_UNKNOWN:
        break;
    }
    return untrusted(result, evidence, "the certificate is in no log that the trusted root names");
}

/* What one authority makes of the certificate; the root is asked only where the others do not know
 * it. */
static int chain_to_authority(const struct vb_sig_authority *authority,
                              const struct vb_sig_bundle *bundle,
                              const struct vb_sig_evidence *evidence, struct vb_sig_chained *ret,
                              struct vb_error *err)
{
    ret->chain = VB_SIG_CHAIN_UNKNOWN;
    for (size_t i = 0; i < evidence->time_count; i++) {
        if (!vb_sig_within(&authority->period, evidence->times[i]) ||
            !vb_sig_certs_valid(authority->chain, evidence->times[i]))
            return 0;
    }
    const int status =
        chain_always(bundle, authority->anchors, evidence->times, evidence->time_count, ret, err);
    if (status < 0 || ret->chain != VB_SIG_CHAIN_UNKNOWN)
        return status;
    return chain_always(bundle, authority->chain, evidence->times, evidence->time_count, ret, err);
}

/* The best that any authority of the trusted root makes of the certificate. */
static int chain_to_authorities(const struct vb_sig_trusted_root *root,
                                const struct vb_sig_bundle *bundle,
                                const struct vb_sig_evidence *evidence, struct vb_sig_chained *ret,
                                struct vb_error *err)
{
    ret->chain = VB_SIG_CHAIN_UNKNOWN;
    for (size_t i = 0; i < root->cas.count && ret->chain != VB_SIG_CHAIN_GOOD; i++) {
        VB_CLEANUP(vb_sig_chained_done) struct vb_sig_chained one = {0};
        const int status = chain_to_authority(&root->cas.items[i], bundle, evidence, &one, err);
        if (status < 0)
            return status;
        if (one.chain != VB_SIG_CHAIN_UNKNOWN) {
            *ret = one;
            one.issuer = NULL; /* now RET's */
        }
    }
    return 0;
}

static bool holds_root(const struct vb_sig_bundle *bundle)
{
    for (int i = 0; i < sk_X509_num(bundle->certs); i++) {
        if ((X509_get_extension_flags(sk_X509_value(bundle->certs, i)) & EXFLAG_SS) != 0)
            return true;
    }
    return false;
}

/* A certificate of Sigstore's that was good for minutes: a proven time decides. */
static int judge_by_authorities(const struct vb_sig_trusted_root *root,
                                const struct vb_sig_bundle *bundle,
                                const struct vb_sig_evidence *evidence,
                                struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_chained_done) struct vb_sig_chained chained = {0};

    if (evidence->logged == 0 || evidence->time_count == 0)
        return untrusted(result, evidence,
                         evidence->doubt != NULL ? evidence->doubt
                                                 : "no log and no clock says when it was signed");
    if (evidence->unstamped != NULL) /* whatever a log says: other verifiers refuse it, too */
        return untrusted(result, evidence, evidence->unstamped);
    const int status = chain_to_authorities(root, bundle, evidence, &chained, err);
    if (status < 0)
        return status;
    switch (chained.chain) {
    case VB_SIG_CHAIN_GOOD:
        return judge_logged(root, bundle, evidence, &chained, result, err);
    case VB_SIG_CHAIN_UNKNOWN:
        return untrusted(result, evidence,
                         "its certificate is of no authority that the trusted root names");
    case VB_SIG_CHAIN_OUTSIDE:
        return invalid(result, "it was signed when its certificate was not valid");
    case VB_SIG_CHAIN_BAD:
        break;
    }
    return invalid(result, chained.why);
}

/* Rules for a certificate that hold whoever signed it. */
static const char *wrong_certificate(const struct vb_sig_bundle *bundle, bool keyless)
{
    if (keyless && bundle->material == VB_SIG_BY_CHAIN && bundle->version >= 3)
        return "a bundle of version 0.3 holds its certificate alone";
    if (keyless && holds_root(bundle))
        return "the bundle brings a root certificate of its own";
    return vb_sig_cert_use(sk_X509_value(bundle->certs, 0), keyless);
}

static int judge_certificate(const struct vb_sig_job *job, const struct vb_sig_bundle *bundle,
                             const struct vb_sig_trusted_root *root,
                             const struct vb_sig_evidence *evidence, struct vb_sig_result *result,
                             struct vb_error *err)
{
    VB_CLEANUP(vb_sig_chained_done) struct vb_sig_chained chained = {0};
    const bool keyless = bundle->material == VB_SIG_BY_CERTIFICATE || bundle->entry_count > 0;
    const char *wrong = wrong_certificate(bundle, keyless);

    if (wrong != NULL)
        return invalid(result, wrong);
    if (keyless && bundle->entry_count == 0)
        return invalid(result, "a certificate that is good for minutes, and no log entry");
    if (job->trust->root_certs != NULL) {
        const int status = judge_by_roots(job, bundle, evidence, &chained, result, err);
        if (status < 0 || chained.chain != VB_SIG_CHAIN_UNKNOWN)
            return status;
    }
    if (keyless && root->cas.count > 0)
        return judge_by_authorities(root, bundle, evidence, result, err);
    return untrusted(result, evidence,
                     keyless ? "there is no trusted_root.json in the trust folder"
                             : "its certificate leads to none in the trust folder");
}

/* What one trusted root makes of a good signature: NAME is that of its key, NULL where it has none.
 */
typedef int judge_within(const struct vb_sig_job *job, const struct vb_sig_signed *signed_by,
                         const struct vb_sig_trusted_root *root, const char *name,
                         struct vb_sig_result *result, struct vb_error *err);

/* What speaks most for a bundle, but that whatever contradicts itself is told before a key is
 * trusted for which no trusted root was needed. */
static int weight(const struct vb_sig_result *result)
{
    const int dated = result->signed_at != 0 ? 1 : 0;

    if (result->anchored)
        return 5;
    if (result->outcome == VB_SIGNATURE_INVALID)
        return 4;
    return result->outcome == VB_SIGNATURE_VALID_TRUSTED ? 2 + dated : dated;
}

/* A name, or when it was signed, may be no more than what somebody says whom vetbox knows. */
static void note_shipped(struct vb_sig_result *result, const struct vb_sig_trusted_root *root)
{
    if (root->as_of != 0 && (result->anchored || result->signed_at != 0))
        result->shipped = root;
}

/* Each trusted root is asked apart: the authority of one and the logs of another prove nothing
 * together. */
static int judge_apart(const struct vb_sig_job *job, const struct vb_sig_signed *signed_by,
                       const char *name, judge_within *judge, struct vb_sig_result *result,
                       struct vb_error *err)
{
    static const struct vb_sig_trusted_root none;
    const struct vb_trust *trust = job->trust;
    const struct vb_sig_result before = *result;

    int status =
        judge(job, signed_by, trust->trusted_root_count > 0 ? &trust->trusted_roots[0] : &none,
              name, result, err);
    if (trust->trusted_root_count > 0)
        note_shipped(result, &trust->trusted_roots[0]);
    for (size_t i = 1; status == 0 && i < trust->trusted_root_count; i++) {
        struct vb_sig_result other = before;
        status = judge(job, signed_by, &trust->trusted_roots[i], name, &other, err);
        note_shipped(&other, &trust->trusted_roots[i]);
        const bool better = status == 0 && weight(&other) > weight(result);
        vb_sig_paths_done(better ? &result->facts : &other.facts);
        if (better)
            *result = other;
    }
    return status;
}

static int certificate_within(const struct vb_sig_job *job, const struct vb_sig_signed *signed_by,
                              const struct vb_sig_trusted_root *root, const char *name VB_UNUSED,
                              struct vb_sig_result *result, struct vb_error *err)
{
    struct vb_sig_evidence evidence = {0};
    const char *why = NULL;

    const int status = vb_sig_evidence(signed_by, root, &evidence, &why, err);
    if (status < 0)
        return status;
    return why != NULL ? invalid(result, why)
                       : judge_certificate(job, signed_by->bundle, root, &evidence, result, err);
}

static int by_certificate(const struct vb_sig_job *job, const struct vb_sig_bundle *bundle,
                          struct vb_sig_artifact *artifact, struct vb_sig_result *result,
                          struct vb_error *err)
{
    VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = NULL;
    bool good = false;

    int status = vb_sig_cert_key(sk_X509_value(bundle->certs, 0), &key, err);
    if (status < 0)
        return status;
    if (key == NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "the key of its certificate is of a kind that is not checked");
    const struct vb_sig_signed signed_by = {bundle, key, artifact};
    status = vb_sig_key_id(key, result->key_id, err);
    if (status == 0)
        status = check_signature(&signed_by, &good, err);
    if (status < 0)
        return status;
    return good ? judge_apart(job, &signed_by, NULL, certificate_within, result, err)
                : wrong_signature(&signed_by, result);
}

/* --- by a key --- */

/* Whether the bundle's hint is KEY: its name, or its digest in one of the notations in use. */
static bool hints_at(const struct vb_sig_bundle *bundle, const struct vb_trust_pem *key)
{
    unsigned char digest[VB_SIG_HASH];
    size_t len;

    if (bundle->hint.len == 0)
        return false;
    if (vb_sig_equals(bundle->hint, key->name) || vb_sig_equals(bundle->hint, key->id) ||
        vb_sig_equals(bundle->hint, key->id + strlen("sha256:")))
        return true;
    if (!vb_sig_base64(bundle->hint, false, digest, sizeof(digest), &len) || len != sizeof(digest))
        return false;
    char hex[2 * VB_SIG_HASH + 1];
    vb_sig_hex((struct vb_sig_bytes){.data = digest, .len = len}, hex);
    return strcmp(hex, key->id + strlen("sha256:")) == 0;
}

static int key_within(const struct vb_sig_job *job VB_UNUSED, const struct vb_sig_signed *signed_by,
                      const struct vb_sig_trusted_root *root, const char *name,
                      struct vb_sig_result *result, struct vb_error *err)
{
    struct vb_sig_evidence evidence = {0};
    const char *why = NULL;

    const int status = vb_sig_evidence(signed_by, root, &evidence, &why, err);
    if (status < 0)
        return status;
    if (why != NULL)
        return invalid(result, why);
    if (name == NULL)
        return untrusted(result, &evidence, "its key is not in the trust folder");
    snprintf(result->name, sizeof(result->name), "%s", name);
    say(result, VB_SIGNATURE_VALID_TRUSTED,
        evidence.doubt != NULL ? evidence.doubt : "by a key from the trust folder", &evidence);
    return 0;
}

/* No key of the user's fits. */
static int by_told_key(const struct vb_sig_job *job, const struct vb_sig_bundle *bundle,
                       struct vb_sig_artifact *artifact, bool hinted, struct vb_sig_result *result,
                       struct vb_error *err)
{
    bool good = false;

    if (bundle->told_key == NULL && hinted)
        return invalid(result, "the signature is not of the key that the bundle names");
    if (bundle->told_key == NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "its key is not in the trust folder");
    const struct vb_sig_signed signed_by = {bundle, bundle->told_key, artifact};
    int status = vb_sig_key_id(bundle->told_key, result->key_id, err);
    if (status == 0)
        status = check_signature(&signed_by, &good, err);
    if (status < 0)
        return status;
    return good ? judge_apart(job, &signed_by, NULL, key_within, result, err)
                : wrong_signature(&signed_by, result);
}

static int by_key(const struct vb_sig_job *job, const struct vb_sig_bundle *bundle,
                  struct vb_sig_artifact *artifact, struct vb_sig_result *result,
                  struct vb_error *err)
{
    bool hinted = false;

    for (size_t i = 0; i < job->trust->pem_count; i++) {
        const struct vb_trust_pem *key = &job->trust->pems[i];
        const struct vb_sig_signed signed_by = {bundle, key->key, artifact};
        bool good = false;
        const int status = check_signature(&signed_by, &good, err);
        if (status < 0)
            return status;
        if (good) {
            memcpy(result->key_id, key->id, sizeof(key->id));
            return judge_apart(job, &signed_by, key->name, key_within, result, err);
        }
        hinted = hinted || hints_at(bundle, key);
    }
    return by_told_key(job, bundle, artifact, hinted, result, err);
}

int vb_sig_bundle_judge(const struct vb_sig_job *job, const struct vb_sig_bundle *bundle,
                        struct vb_sig_artifact *artifact, struct vb_sig_result *result,
                        struct vb_error *err)
{
    struct vb_sig_bytes digest;

    if (!bundle->is_dsse && bundle->told_algorithm != NULL) {
        const int status = vb_sig_artifact_digest(artifact, bundle->told_algorithm, &digest, err);
        if (status < 0)
            return status;
        if (!vb_sig_same(digest, (struct vb_sig_bytes){.data = bundle->told_digest,
                                                       .len = bundle->told_len}))
            return invalid(result, "the signature is of another file, as its digest says");
    }
    return bundle->certs != NULL ? by_certificate(job, bundle, artifact, result, err)
                                 : by_key(job, bundle, artifact, result, err);
}
