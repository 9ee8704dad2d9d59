/* in-toto statements. Trust boundary: text of whoever signed it. */
#include "signatures/statement.h"

#include <string.h>

void vb_sig_statement_done(struct vb_sig_statement *statement)
{
    vb_json_free(&statement->json);
}

static const char *fill(struct vb_sig_statement *ret)
{
    if (!vb_sig_json_is(ret->json, "_type", "https://in-toto.io/Statement/v1") &&
        !vb_sig_json_is(ret->json, "_type", "https://in-toto.io/Statement/v0.1"))
        return "what is signed is no in-toto statement";
    if (!vb_sig_json_text(ret->json, "predicateType", &ret->predicate_type))
        return "the statement has no predicateType";
    ret->subjects = vb_sig_json_array(ret->json, "subject", VB_SIG_SUBJECTS_MAX);
    if (json_array_size(ret->subjects) == 0)
        return "the statement names no subjects, or too many";
    ret->predicate = vb_sig_json_object(ret->json, "predicate");
    return NULL;
}

#define PYPI_PUBLISH    \
    "https://docs.pypi" \
    ".org/attestations/publish/v1"

bool vb_sig_statement_endorses(const struct vb_sig_statement *statement)
{
    static const char *const types[] = {
        "https://slsa.dev/provenance/v1",
        "https://slsa.dev/provenance/v0.2",
        "https://slsa.dev/provenance/v0.1",
        "https://github.com/npm/attestation/tree/main/specs/publish/v0.1",
        PYPI_PUBLISH, /* NOLINT(bugprone-suspicious-missing-comma): one text */
        "https://in-toto.io/attestation/release/v0.1",
        "https://in-toto.io/attestation/link/v0.3",
        "https://in-toto.io/Link/v1",
        "https://sigstore.dev/cosign/sign/v1",
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(types); i++) {
        if (vb_sig_equals(statement->predicate_type, types[i]))
            return true;
    }
    return false;
}

int vb_sig_statement(const struct vb_sig_dsse *dsse, struct vb_sig_statement *ret, char *why,
                     size_t why_size, struct vb_error *err)
{
    const struct vb_sig_bytes text = {.data = dsse->payload.data, .len = dsse->payload.len};

    if (!vb_sig_equals(dsse->payload_type, VB_SIG_IN_TOTO)) {
        snprintf(why, why_size, "the payload is not of type %s", VB_SIG_IN_TOTO);
        return 0;
    }
    const int status =
        vb_sig_json_parse(text, VB_SIG_DSSE_PAYLOAD_MAX, &ret->json, why, why_size, err);
    if (status < 0 || ret->json == NULL)
        return status;
    const char *wrong = fill(ret);
    if (wrong != NULL)
        snprintf(why, why_size, "%s", wrong);
    return 0;
}

/* *ret: 1 where all known digests of SUBJECT fit, 0 where one does not, -1 where none is known. */
static int subject_fits(const json_t *subject, struct vb_sig_artifact *artifact, int *ret,
                        struct vb_error *err)
{
    json_t *digests = json_object_get(subject, "digest");
    const char *key;
    json_t *value;

    *ret = -1;
    json_object_foreach(digests, key, value)
    {
        const struct vb_sig_bytes name = {.data = (const unsigned char *)key, .len = strlen(key)};
        const char *algorithm = vb_sig_digest_algorithm(name);
        unsigned char told[VB_SIG_DIGEST_MAX];
        struct vb_sig_bytes real;
        if (algorithm == NULL)
            continue;
        const int status = vb_sig_artifact_digest(artifact, algorithm, &real, err);
        if (status < 0)
            return status;
        *ret = *ret != 0 && vb_sig_json_hex_exact(digests, key, told, real.len) &&
                       vb_sig_same((struct vb_sig_bytes){.data = told, .len = real.len}, real)
                   ? 1
                   : 0;
    }
    return 0;
}

int vb_sig_statement_covers(const struct vb_sig_statement *statement,
                            struct vb_sig_artifact *artifact, bool *ret, struct vb_error *err)
{
    int status = 0;

    *ret = false;
    for (size_t i = 0; status == 0 && !*ret && i < json_array_size(statement->subjects); i++) {
        int fits = 0;
        status = subject_fits(json_array_get(statement->subjects, i), artifact, &fits, err);
        *ret = fits == 1;
    }
    return status;
}
