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
 * trusted_root.json (Sigstore's certificates, logs and clocks), DIR/allowed_signers (ssh-keygen(1);
 * the signer's name is the list of principals) and DIR/trust.yaml (docs/trust-folder.md: who may
 * sign which packages). Other files are left alone. DIR may be NULL or missing: an empty store. The
 * trusted roots that came with vetbox are added unless trust.yaml says shipped_roots: false.
 * What is unreadable or malformed is VB_E_CONFIG with file and line. */
VB_CHECKED int vb_trust_load(const char *dir, struct vb_trust **ret, struct vb_error *err);
void vb_trust_free(struct vb_trust *trust);
size_t vb_trust_count(const struct vb_trust *trust);
/* Rows of trust.yaml. */
size_t vb_trust_rules(const struct vb_trust *trust);

/* Adds the key or certificate in the file PATH to TRUST, for as long as that lives; an OpenSSH key
 * is its file's name's. */
VB_CHECKED int vb_trust_add_key(struct vb_trust *trust, const char *path, struct vb_error *err);

/* --- signing --- */

/* A private key: Ed25519 or P-256, in PEM and not encrypted. What is no such is VB_E_CONFIG. */
struct vb_signer;
VB_CHECKED int vb_signer_load(const char *path, struct vb_signer **ret, struct vb_error *err);
void vb_signer_free(struct vb_signer *signer);
/* Writes DATA as the payload of a DSSE envelope, one line of JSON, to OUT_FD. TYPE is its media
 * type. */
VB_CHECKED int vb_signer_seal(const struct vb_signer *signer, const char *type, const void *data,
                              size_t len, int out_fd, struct vb_error *err);

/* A root that came with vetbox and was the newest at AS_OF may lack what was revoked or added
 * since: about as long as Sigstore signs its own metadata for. */
enum { VB_TRUST_ROOT_OLD_DAYS = 180 };
bool vb_trust_root_is_old(int64_t as_of, int64_t now);

/* --- the folder itself, for `vetbox trust` --- */

struct vb_trust_entry {
    const char *file;    /* in the folder */
    size_t line;         /* in it; 0: the whole file */
    const char *kind;    /* in words */
    const char *name;    /* of the signer */
    const char *id;      /* fingerprint or key id; "" where there is none */
    int64_t from;        /* seconds since 1970; 0: no limit */
    int64_t until;       /* the first second after it; 0: no limit */
    int64_t changed;     /* when the file was */
    bool shipped;        /* it came with vetbox: changed is when it was still the newest */
    const char *detail;  /* what it is good for; "" where there is nothing to say */
    const char *problem; /* NULL: none */
};
typedef int vb_trust_each(void *ctx, const struct vb_trust_entry *entry, struct vb_error *err);
/* Calls EACH for what came with vetbox, unless DIR's trust.yaml leaves that out, and everything in
 * DIR, in the order of the files' names; what is malformed is an entry with a problem. A missing
 * folder is an empty one; so is NULL. */
VB_CHECKED int vb_trust_list(const char *dir, vb_trust_each *each, void *ctx, struct vb_error *err);

struct vb_trust_new {
    const char *path; /* of the file to be added, for messages and its name */
    const void *data;
    size_t len;
    const char *name;      /* NULL: by PATH */
    const char *principal; /* of an OpenSSH key, else NULL */
};
/* Adds a public key or certificate to DIR, which is made where it is missing. What is there is
 * never replaced. RET_FILE is the file of the folder that it went to. */
VB_CHECKED int vb_trust_add(const char *dir, const struct vb_trust_new *what, char ret_file[256],
                            struct vb_error *err);
/* Removes what is called NAME, a signer or a file; VB_E_NOINPUT where nothing is, VB_E_USAGE where
 * several things are. */
VB_CHECKED int vb_trust_remove(const char *dir, const char *name, char ret_file[256],
                               struct vb_error *err);

/* --- OpenPGP: gpgv is asked, in a box --- */

bool vb_trust_has_keyring(const struct vb_trust *trust);
/* Appends all OpenPGP keys to RET, as gpgv reads them. */
VB_CHECKED int vb_trust_keyring(const struct vb_trust *trust, struct vb_buf *ret,
                                struct vb_error *err);

enum {
    VB_GPGV_MAX = 32,                     /* signatures that it is asked about */
    VB_GPGV_BYTES = 8 * 1024 * 1024,      /* of all signatures, and of texts that have no file */
    VB_GPGV_DATA_MAX = 256 * 1024 * 1024, /* of a file that is signed */
    VB_GPGV_TEXT_MAX = 16 * 1024
};

enum vb_verify_gpgv {
    VB_GPGV_NOBODY, /* nobody asks it: what needs it could not be checked */
    VB_GPGV_ASKS,   /* where there is something to ask, it is told of by signature.deferred, and
                       nothing is verified yet */
    VB_GPGV_SAID    /* what it answered is there */
};

enum vb_gpgv_state {
    VB_GPGV_RAN,   /* text is what it printed for --status-fd */
    VB_GPGV_FAILED /* text says why there is no answer */
};

struct vb_gpgv_answer {
    char signature[VB_SHA256_HEX]; /* digest of the signature that it was given */
    char data[VB_SHA256_HEX];      /* and of what that is over */
    int32_t state;
    int32_t exit_status;
    uint32_t len;
    char text[VB_GPGV_TEXT_MAX];
};

struct vb_verify_job {
    int dirfd;
    int packages_fd; /* kind, name, root and author of each package, each with a NUL behind it; -1:
                        none is known. They are what the package calls itself */
    int beside_fd;   /* a folder with the artifact itself and the signatures that lay beside it; -1:
                        there are none, and it holds none */
    char beside_name[256]; /* what the artifact is called there, or was by the index; "": unknown */
    bool from_index;       /* the two below are there */
    int record_fd;         /* what the index told of it (vb_fetch_package); may be empty */
    int artifact_fd;       /* the artifact itself */
    const struct vb_trust *trust;
    enum vb_verify_gpgv gpgv;
    int gpgv_fd; /* with VB_GPGV_ASKS a file of VB_GPGV_BYTES to be written to, with VB_GPGV_SAID
                    answers, one behind the other */
};

/* Endings that files with signatures over another one have behind its name. Returns how many. */
enum { VB_SIGNATURE_ENDINGS_MAX = 64 };
size_t vb_signature_endings(const char *ret[VB_SIGNATURE_ENDINGS_MAX]);

/* Looks for signatures below DIRFD, verifies each with TRUST, hashing the covered files itself, and
 * emits signature.result for each: format, outcome, path (of the signature file), name (signer),
 * key_id, covers (the files that it covers, the list included where a signed SHA256SUMS names
 * them; a long list is told in several events with the same path), reason, clock (the time for
 * which the key's time range was checked, or at which it was signed where clock_source is there),
 * issuer and facts (of a certificate). No signature is not an event. The same for what the index
 * told, and fetch.digest for each digest of it. Then signature.list of a wheel, signature.coverage,
 * and signature.expected for each package that TRUST wants to be signed. */
VB_CHECKED int vb_verify_job(const struct vb_verify_job *job, struct vb_sink *sink,
                             struct vb_error *err);
/* The same for a folder of which nothing more is known. */
VB_CHECKED int vb_verify(int dirfd, const struct vb_trust *trust, struct vb_sink *sink,
                         struct vb_error *err);

#endif
