/* signatures: who signed what, verified offline with OpenSSL. Runs in a confined child. */
#ifndef VETBOX_SIGNATURES_H
#define VETBOX_SIGNATURES_H

#include "vetbox/core.h"

/* VB_SIGNATURE_OUTCOME(id, name in signature.result's outcome, meaning)
 * Only the two valid-… outcomes say that the covered bytes are what somebody signed, and only
 * valid-trusted says that the user trusts him. What could not be checked is never valid. */
#define VB_SIGNATURE_OUTCOMES(ROW)                                                                \
    ROW(ABSENT, "absent", "nothing is signed; never an event")                                    \
    ROW(UNVERIFIABLE, "present-unverifiable",                                                     \
        "there is a signature that could not be checked: its format or key type is not verified " \
        "by vetbox, its key is unknown and not part of it, or the file it signs is missing")      \
    ROW(INVALID, "invalid",                                                                       \
        "the signature is malformed, does not belong to these bytes, or was made for another "    \
        "purpose; or a file differs from its signed digest")                                      \
    ROW(VALID_UNTRUSTED, "valid-untrusted",                                                       \
        "the covered bytes were signed with the key of key_id, and the user does not trust that " \
        "key: unknown, outside its time, or not for this namespace")                              \
    ROW(VALID_TRUSTED, "valid-trusted", "signed by name, with a key from the user's trust folder")

enum vb_signature_outcome {
#define VB_SIGNATURE_ROW(id, name, doc) VB_SIGNATURE_##id,
    VB_SIGNATURE_OUTCOMES(VB_SIGNATURE_ROW)
#undef VB_SIGNATURE_ROW
};

/* The word that stands in the event. */
const char *vb_signature_outcome_name(enum vb_signature_outcome outcome);

/* Makes OpenSSL ready for a child that may open nothing: its configuration file and OPENSSL_CONF
 * are not read, the algorithms are loaded and tried with known answers. To be called in the
 * coordinator before anything else uses libcrypto. Returns 0 or VB_E_UNAVAILABLE. */
VB_CHECKED int vb_signatures_prepare(void);

/* Keys that the user trusts, read by the coordinator from its trust folder. */
struct vb_trust;
/* Reads the *.pub files of DIR (minisign, signify and PEM public keys; the signer's name is the
 * file's name), *.pem and *.crt (certificates that chains may end in, or one public key),
 * trusted_root.json (Sigstore's certificates, logs and clocks), DIR/allowed_signers (ssh-keygen(1); the signer's name is the list of principals) and
 * DIR/trust.yaml (docs/trust-folder.md: who may sign which packages). Other files are left alone.
 * DIR may be NULL or missing: an empty store. What is unreadable or malformed is VB_E_CONFIG with
 * file and line. */
VB_CHECKED int vb_trust_load(const char *dir, struct vb_trust **ret, struct vb_error *err);
void vb_trust_free(struct vb_trust *trust);
size_t vb_trust_count(const struct vb_trust *trust);

struct vb_verify_job {
    int dirfd;
    int packages_fd; /* kind, name and root of each package, each with a NUL behind it; -1: none is
                        known. They are what the package calls itself */
    const struct vb_trust *trust;
};

/* Looks for signatures below DIRFD, verifies each with TRUST, hashing the covered files itself, and
 * emits signature.result for each: format, outcome, path (of the signature file), name (signer),
 * key_id, covers (the files that it covers, the list included where a signed SHA256SUMS names
 * them; a long list is told in several events with the same path), reason, clock (the time for
 * which the key's time range was checked, or at which it was signed where clock_source is there),
 * issuer and facts (of a certificate). No signature is not an event. Then signature.coverage,
 * and signature.expected for each package that TRUST wants to be signed. */
VB_CHECKED int vb_verify_job(const struct vb_verify_job *job, struct vb_sink *sink,
                             struct vb_error *err);
/* The same for a folder of which nothing more is known. */
VB_CHECKED int vb_verify(int dirfd, const struct vb_trust *trust, struct vb_sink *sink,
                         struct vb_error *err);

#endif
