/* What the files of this room share: a job (one signature file), its result, and the formats. */
#ifndef VETBOX_SIGNATURES_INTERNAL_H
#define VETBOX_SIGNATURES_INTERNAL_H

#include <limits.h>

#include "signatures/trusted_root.h"
#include "vetbox/signatures.h"

enum {
    VB_SIG_FILE_MAX = 64 * 1024,          /* bytes of a signature file */
    VB_SIG_LEGACY_MAX = 64 * 1024 * 1024, /* bytes of a file that must be in memory whole */
    VB_SIG_LIST_MAX = 1024 * 1024,        /* bytes of a SHA256SUMS */
    VB_SIG_ENTRIES_MAX = 1000 * 1000,     /* directory entries that are looked at */
    VB_SIG_CANDIDATES_MAX = 4096,         /* signature files that are examined */
    VB_SIG_NAMESPACE_MAX = 255,
    VB_SIG_ROOT_NAME = NAME_MAX + 1, /* a root is called like its file */
    VB_SIG_SUFFIXES_MAX = 6
};

/* --- a growing list of paths --- */

struct vb_sig_paths {
    char **items;
    size_t count;
    size_t capacity;
};
void vb_sig_paths_done(struct vb_sig_paths *paths); /* for VB_CLEANUP */
VB_CHECKED int vb_sig_paths_add(struct vb_sig_paths *paths, const char *path, struct vb_error *err);
void vb_sig_paths_sort(struct vb_sig_paths *paths);

/* NAME is an entry of the folder DIR, open as DIRFD. Returns 0; 1 where no other one is wanted; or
 * a negative status. */
typedef int vb_sig_each_entry(void *ctx, int dirfd, const char *dir, const char *name,
                              struct vb_error *err);
/* Calls EACH for what is in the folder PATH beneath ROOTFD; *ret_opened is false where that cannot
 * be opened. */
VB_CHECKED int vb_sig_read_dir(int rootfd, const char *path, vb_sig_each_entry *each, void *ctx,
                               bool *ret_opened, struct vb_error *err);

/* Every regular file below DIRFD, sorted bytewise; links and whatever else is no folder go to
 * RET_OTHERS, where it is not NULL. What the limits or the kernel keep from being looked at is a
 * coverage event. */
VB_CHECKED int vb_sig_walk(int dirfd, struct vb_sink *sink, struct vb_sig_paths *ret,
                           struct vb_sig_paths *ret_others, struct vb_error *err);

/* --- one signature file --- */

struct vb_sig_format;
struct vb_sig_gpgv;

struct vb_sig_job {
    int dirfd;
    const struct vb_trust *trust;
    int64_t now;         /* seconds since 1970 */
    const char *path;    /* of the signature file */
    const char *subject; /* the file that it signs by its name, NULL if none */
    int fd;              /* the signature file */
    uint64_t size;
    struct vb_sig_bytes data;      /* its first VB_SIG_FILE_MAX + 1 bytes */
    const char *const *namespaces; /* SSH namespaces that are meant for files, NULL at the end */
    const struct vb_sig_format *format;
    bool beside;              /* it lies beside the artifact */
    struct vb_sig_gpgv *gpgv; /* who is asked about OpenPGP; NULL: nobody */
    /* Of a file with several signatures: how many stand before this one, and where it begins. */
    size_t line;
    uint64_t at;
};

struct vb_sig_result {
    enum vb_signature_outcome outcome; /* absent until concluded */
    const char *format;
    char name[VB_SIG_NAME_MAX];
    char key_id[96];
    char made_by[96]; /* the key that made it, where that may be another one of the same owner */
    char reason[512];
    const char *code; /* why trust.yaml objects, a constant; NULL: it does not */
    /* What trust.yaml is asked with is never cut: a revocation would miss it. */
    char issuer[VB_SIG_NAME_MAX]; /* of the identity in name, where that is one; else "" */
    char root[VB_SIG_ROOT_NAME];  /* of the folder, that a chain ends in; else "" */
    bool by_instance; /* root is a trusted root, in which everybody has an identity; not a
                         certificate of the folder */
    bool anchored;    /* valid-untrusted, but the chain behind name ends in a trusted root: only
                         trust.yaml can say whether that name is trusted */
    int64_t clock;    /* 0: no time range was checked */
    const char *clock_source; /* log or authority, where one of them says so, or signer, who may say
                                 anything; NULL: nobody */
    /* What proves name or time is a trusted root that vetbox ships; NULL: nothing, or the user's.
     */
    const struct vb_sig_trusted_root *shipped;
    int64_t signed_at; /* when, by somebody who is trusted to know; 0: unknown */
    uint64_t next;     /* where the next signature of the same file begins; 0: no more */
    bool from_index;   /* the index that the package was fetched from told it */
    size_t count;      /* files of the package among covers, and how many there are */
    size_t present;
    struct vb_sig_paths facts; /* "NAME=VALUE": what the certificate says of where it was signed */
    struct vb_sig_paths covers;
};

/* Sets outcome and reason. Returns 0, so that a format can end with it. */
int vb_sig_conclude(struct vb_sig_result *result, enum vb_signature_outcome outcome,
                    const char *fmt, ...) VB_PRINTF(3, 4);
/* How many of TEXT's bytes a message of at most MAX bytes shows: no character is cut in two. */
int vb_sig_cut(struct vb_sig_bytes text, size_t max);
void vb_sig_result_done(struct vb_sig_result *result); /* for VB_CLEANUP */
VB_CHECKED int vb_sig_result_emit(const struct vb_sig_job *job, const struct vb_sig_result *result,
                                  struct vb_sink *sink, struct vb_error *err);

/* Adds what Fulcio wrote into the certificate, as far as it is told. */
VB_CHECKED int vb_sig_result_facts(struct vb_sig_result *result, const struct vb_sig_facts *facts,
                                   struct vb_error *err);
/* Whom CERT names, whose chain ends in the certificate ROOT of the folder: his name, or the subject
 * of a certificate that says of nobody that he vouched; his issuer, and the facts. Concludes where
 * trust.yaml could not be asked about that. */
VB_CHECKED int vb_sig_result_signer(struct vb_sig_result *result, const X509 *cert,
                                    const char *root, struct vb_error *err);
/* The same for a certificate of an instance of Sigstore, which must name one identity and who
 * vouched for it. */
VB_CHECKED int vb_sig_result_identity(struct vb_sig_result *result, const X509 *cert,
                                      const char *root, struct vb_error *err);

/* Opens the signed file and adds it to covers. Leaves *ret_fd at -1 and concludes unverifiable
 * where there is none that could be read. */
VB_CHECKED int vb_sig_open_subject(const struct vb_sig_job *job, struct vb_sig_result *result,
                                   int *ret_fd, uint64_t *ret_size, struct vb_error *err);

/* Opens a regular file beneath DIRFD. Returns the descriptor, or -1 with a text in *ret_why where
 * the path names no readable regular file. */
int vb_sig_open_regular(int dirfd, const char *path, uint64_t *ret_size, const char **ret_why);

/* Reads at most MAX bytes of FD from AT on into BUF, which is empty. */
VB_CHECKED int vb_sig_read_at(int fd, uint64_t at, size_t max, struct vb_buf *buf,
                              struct vb_error *err);
/* The same from its beginning. */
VB_CHECKED int vb_sig_read_head(int fd, size_t max, struct vb_buf *buf, struct vb_error *err);

/* --- formats --- */

struct vb_sig_format {
    const char *name;
    const char *suffixes[VB_SIG_SUFFIXES_MAX]; /* with a dot: suffix; without: the whole name */
    bool (*probe)(const struct vb_sig_job *job);
    int (*verify)(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err);
    const char *reason; /* why it cannot be checked, for formats that are only recognised */
};

bool vb_sig_minisign_probe(const struct vb_sig_job *job);
int vb_sig_minisign(const struct vb_sig_job *job, struct vb_sig_result *result,
                    struct vb_error *err);
bool vb_sig_signify_probe(const struct vb_sig_job *job);
int vb_sig_signify(const struct vb_sig_job *job, struct vb_sig_result *result,
                   struct vb_error *err);
bool vb_sig_sshsig_probe(const struct vb_sig_job *job);
int vb_sig_sshsig(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err);
bool vb_sig_sigstore_probe(const struct vb_sig_job *job);
int vb_sig_sigstore(const struct vb_sig_job *job, struct vb_sig_result *result,
                    struct vb_error *err);

int vb_sig_oms(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err);
/* An envelope that stands alone, by a key in PEM. */
bool vb_sig_dsse_probe(const struct vb_sig_job *job);
int vb_sig_dsse_file(const struct vb_sig_job *job, struct vb_sig_result *result,
                     struct vb_error *err);

int vb_sig_cosign_bundle(const struct vb_sig_job *job, struct vb_sig_result *result,
                         struct vb_error *err);
/* One bundle or envelope a line. */
int vb_sig_lines(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err);

int vb_sig_cms(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err);
bool vb_sig_mcpb_probe(const struct vb_sig_job *job);
int vb_sig_mcpb(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err);
bool vb_sig_cosign_probe(const struct vb_sig_job *job);
int vb_sig_cosign(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err);

bool vb_sig_openpgp_probe(const struct vb_sig_job *job);
int vb_sig_openpgp(const struct vb_sig_job *job, struct vb_sig_result *result,
                   struct vb_error *err);
/* Whether the file holds nothing but signatures. */
VB_CHECKED int vb_sig_openpgp_bare(const struct vb_sig_job *job, bool *ret, struct vb_error *err);

/* The steps of vb_sig_dsse_file for an envelope that was read: by a key of the trust folder, and
 * whether the statement in it is about the file that the envelope is named after. */
struct vb_sig_dsse;
VB_CHECKED int vb_sig_dsse_judge(const struct vb_sig_job *job, const struct vb_sig_dsse *dsse,
                                 struct vb_sig_result *result, struct vb_error *err);
VB_CHECKED int vb_sig_dsse_subject(const struct vb_sig_job *job, const struct vb_sig_dsse *dsse,
                                   struct vb_sig_result *result, struct vb_error *err);
/* A file is its format and nothing else, whether it holds or not. */
bool vb_sig_strict(const struct vb_sig_job *job);
/* The same of an OpenPGP signature, whose packets and frames were looked at. */
bool vb_sig_pgp_strict(struct vb_sig_bytes data);
bool vb_sig_minisign_strict(const struct vb_sig_job *job);
bool vb_sig_signify_strict(const struct vb_sig_job *job);
bool vb_sig_sshsig_strict(const struct vb_sig_job *job);
bool vb_sig_cms_strict(struct vb_sig_bytes data); /* in DER or BER */

/* Formats that are only recognised. */
int vb_sig_known(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err);
bool vb_sig_probe_json(const struct vb_sig_job *job);
bool vb_sig_probe_cms(const struct vb_sig_job *job);
bool vb_sig_probe_zip(const struct vb_sig_job *job);
bool vb_sig_probe_vsix(const struct vb_sig_job *job);
/* As vb_sig_known; what it was found in may hold more than a signature. */
int vb_sig_vsix(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err);
bool vb_sig_probe_pem_key(const struct vb_sig_job *job);
bool vb_sig_probe_cosign_bundle(const struct vb_sig_job *job);
bool vb_sig_probe_beside(const struct vb_sig_job *job);

/* Fills RET_JOB's format and subject (written to SUBJECT) from its path and data. Returns false
 * where the file is no signature. */
bool vb_sig_recognise(struct vb_sig_job *ret_job, char *subject, size_t subject_size);

/* The steps of vb_verify for one job whose format is known. */
VB_CHECKED int vb_sig_examine(const struct vb_sig_job *job, struct vb_sig_result *result,
                              struct vb_error *err);

/* --- SHA256SUMS --- */

bool vb_sig_is_sums(const char *path);
/* SUMS was signed: checks every digest in it, adds the files to RESULT's covers, and turns the
 * outcome to invalid where a file is missing or differs, or the list is malformed. */
VB_CHECKED int vb_sig_sums(int dirfd, const char *sums, struct vb_sig_result *result,
                           struct vb_error *err);
/* The same for a list of which TEXT is signed, as if it lay at SUMS. */
VB_CHECKED int vb_sig_sums_text(int dirfd, const char *sums, struct vb_sig_bytes text,
                                struct vb_sig_result *result, struct vb_error *err);

/* --- trust --- */

struct vb_trust_key { /* minisign or signify */
    char *name;
    unsigned char id[8];
    unsigned char key[VB_SIG_ED25519_KEY];
    bool signify; /* signify wrote its file */
};

struct vb_trust_signer { /* one line of allowed_signers */
    size_t line;
    char *principals;
    char *namespaces; /* pattern list, NULL: any */
    int64_t after;    /* 0: no limit */
    int64_t before;
    bool authority; /* the key signs certificates, not files */
    unsigned char *blob;
    size_t blob_len;
};

struct vb_trust_pem { /* a public key in PEM */
    char *name;
    char id[VB_SIG_KEY_ID];
    EVP_PKEY *key;
};

struct vb_trust_pgp_key {
    char fingerprint[41]; /* upper-case hexadecimal, of version 4 */
    int64_t created;
    bool weak; /* of fewer bits than is accepted */
};

struct vb_trust_pgp { /* an OpenPGP key with its subkeys */
    char *name;
    char user[200]; /* whose it says to be */
    struct vb_trust_pgp_key key;
    int64_t until; /* 0: no limit */
    bool revoked;  /* by its owner */
    struct vb_trust_pgp_key *subkeys;
    size_t subkey_count;
    struct vb_buf packets; /* all of it, as gpgv reads it */
};

struct vb_publishers;

struct vb_trust {
    struct vb_trust_key *keys;
    size_t key_count;
    struct vb_trust_signer *signers;
    size_t signer_count;
    struct vb_publishers *publishers; /* trust.yaml, or NULL */
    struct vb_trust_pem *pems;
    size_t pem_count;
    struct vb_trust_pgp *pgps;
    size_t pgp_count;
    STACK_OF(X509) * root_certs; /* NULL: none */
    char **root_names;           /* the file's name of each */
    size_t root_count;
    /* Each of an instance of its own, and those that vetbox ships behind the user's. */
    struct vb_sig_trusted_root *trusted_roots;
    size_t trusted_root_count;
    struct vb_sig_authorities
        clocks; /* time stamp authorities by themselves, one certificate each */
};

/* One *.pub file; PATH is for messages. NAME becomes the signer's name. */
VB_CHECKED int vb_sig_trust_pub(struct vb_trust *trust, const char *path, const char *name,
                                struct vb_sig_bytes text, struct vb_error *err);
VB_CHECKED int vb_sig_trust_signers(struct vb_trust *trust, const char *path,
                                    struct vb_sig_bytes text, struct vb_error *err);
/* A public key in PEM, or certificates in PEM or DER: whichever it is. */
VB_CHECKED int vb_sig_trust_x509(struct vb_trust *trust, const char *path, const char *name,
                                 struct vb_sig_bytes text, struct vb_error *err);
/* Reads one file of the folder DIR; *ret_known is false where its name is none of a trust folder.
 */
VB_CHECKED int vb_sig_trust_file(struct vb_trust *trust, const char *dir, int dirfd,
                                 const char *name, bool *ret_known, struct vb_error *err);
/* The names of the files of the trust folder DIR that are read; none where it does not exist. */
VB_CHECKED int vb_sig_trust_files(const char *dir, int *ret_dirfd, struct vb_sig_paths *ret,
                                  struct vb_error *err);
/* As minisign and signify show an id: one little-endian number. RET has 17 bytes. */
void vb_sig_show_minisign_id(const unsigned char id[8], char *ret);
/* The fingerprint as ssh-keygen -l shows it. */
VB_CHECKED int vb_sig_ssh_id(struct vb_sig_bytes key, char *ret, size_t size, struct vb_error *err);
/* One public key in PEM; certificates in PEM, one or more, which chains may end in. */
VB_CHECKED int vb_sig_trust_pem_key(struct vb_trust *trust, const char *path, const char *name,
                                    struct vb_sig_bytes text, struct vb_error *err);
VB_CHECKED int vb_sig_trust_certs(struct vb_trust *trust, const char *path, const char *name,
                                  struct vb_sig_bytes text, struct vb_error *err);
/* One certificate in DER. */
VB_CHECKED int vb_sig_trust_der(struct vb_trust *trust, const char *path, const char *name,
                                struct vb_sig_bytes der, struct vb_error *err);
/* Certificates that time stamps may lead to, and nothing else. */
VB_CHECKED int vb_sig_trust_clocks(struct vb_trust *trust, const char *path, const char *name,
                                   struct vb_sig_bytes text, struct vb_error *err);
/* A trusted root of the user's, and any one. */
VB_CHECKED int vb_sig_trust_sigstore(struct vb_trust *trust, const char *path, const char *name,
                                     struct vb_sig_bytes text, struct vb_error *err);
/* OpenPGP public keys, armored or not. */
VB_CHECKED int vb_sig_trust_pgp(struct vb_trust *trust, const char *path, const char *name,
                                struct vb_sig_bytes text, struct vb_error *err);
void vb_sig_trust_pgp_done(struct vb_trust *trust);

struct vb_sig_root_text {
    const char *name;
    struct vb_sig_bytes text;
    int64_t as_of; /* of struct vb_sig_trusted_root */
};
VB_CHECKED int vb_sig_trust_root(struct vb_trust *trust, const char *path,
                                 const struct vb_sig_root_text *what, struct vb_error *err);
void vb_sig_trust_roots_done(struct vb_trust *trust);
/* The name of CERT, one of root_certs. */
const char *vb_sig_trust_root_name(const struct vb_trust *trust, const X509 *cert);
/* "alg || id || key" of minisign and signify. */
bool vb_sig_parse_pub(struct vb_sig_bytes line, struct vb_trust_key *ret);

/* OpenSSH's match_pattern_list: comma-separated, * and ?, ! negates. */
bool vb_sig_match_list(struct vb_sig_bytes text, const char *patterns);
/* One pattern: * and ? stand for any bytes. */
bool vb_sig_match_pattern(const char *text, const char *pattern);
/* YYYYMMDD[HHMM[SS]][Z] as seconds since 1970; without Z it is local time. */
bool vb_sig_parse_time(struct vb_sig_bytes text, int64_t *ret);

#endif
