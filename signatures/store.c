/* The trust folder as people keep it: what is in it. What comes in and what goes is in
 * store_change.c. Trust boundary: the user's own files. */
#include "signatures/publishers.h"
#include "signatures/shipped.h"

#include <fcntl.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DETAIL_MAX = 1024 * 1024 };

static void trust_free(struct vb_trust **trust)
{
    vb_trust_free(*trust);
}

/* --- what is there --- */

struct listing {
    const char *file;
    int64_t changed;
    vb_trust_each *each;
    void *ctx;
    bool malformed;                /* one of them is */
    struct vb_sig_paths ids;       /* of all keys, so that trust.yaml can be held to them */
    struct vb_sig_paths roots;     /* names of the certificates, for the same */
    struct vb_sig_paths instances; /* and of the trusted roots */
};

static void listing_done(struct listing *listing)
{
    vb_sig_paths_done(&listing->ids);
    vb_sig_paths_done(&listing->roots);
    vb_sig_paths_done(&listing->instances);
}

static int tell(struct listing *listing, struct vb_trust_entry entry, struct vb_error *err)
{
    entry.file = listing->file;
    entry.changed = listing->changed;
    if (entry.id == NULL)
        entry.id = "";
    if (entry.detail == NULL)
        entry.detail = "";
    if (entry.id[0] != '\0') {
        const int status = vb_sig_paths_add(&listing->ids, entry.id, err);
        if (status < 0)
            return status;
    }
    return listing->each(listing->ctx, &entry, err);
}

static int tell_keys(struct listing *listing, const struct vb_trust *trust, struct vb_error *err)
{
    char id[17];
    int status = 0;

    for (size_t i = 0; status == 0 && i < trust->key_count; i++) {
        vb_sig_show_minisign_id(trust->keys[i].id, id);
        status = tell(
            listing,
            (struct vb_trust_entry){.kind = "minisign key", .name = trust->keys[i].name, .id = id},
            err);
    }
    for (size_t i = 0; status == 0 && i < trust->pem_count; i++)
        status =
            tell(listing,
                 (struct vb_trust_entry){
                     .kind = "public key", .name = trust->pems[i].name, .id = trust->pems[i].id},
                 err);
    return status;
}

/* The ids of subkeys are ids of the key too, which trust.yaml may name. */
static int tell_pgp(struct listing *listing, const struct vb_trust *trust, struct vb_error *err)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < trust->pgp_count; i++) {
        const struct vb_trust_pgp *key = &trust->pgps[i];
        VB_CLEANUP(vb_buf_done) struct vb_buf detail;
        vb_buf_init(&detail, DETAIL_MAX);
        status = vb_buf_append_str(&detail, key->user, err);
        for (size_t k = 0; status == 0 && k < key->subkey_count; k++) {
            status = vb_sig_paths_add(&listing->ids, key->subkeys[k].fingerprint, err);
            if (status == 0)
                status = vb_buf_printf(&detail, err, "%ssubkey %s", detail.len > 0 ? ", " : "",
                                       key->subkeys[k].fingerprint);
        }
        if (status < 0)
            return status;
        status = tell(
            listing,
            (struct vb_trust_entry){.kind = "OpenPGP key",
                                    .name = key->name,
                                    .id = key->key.fingerprint,
                                    .from = key->key.created,
                                    .until = key->until,
                                    .detail = detail.data != NULL ? (const char *)detail.data : "",
                                    .problem = key->revoked ? "its owner revoked it" : NULL},
            err);
    }
    return status;
}

static int tell_signers(struct listing *listing, const struct vb_trust *trust, struct vb_error *err)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < trust->signer_count; i++) {
        const struct vb_trust_signer *line = &trust->signers[i];
        const struct vb_sig_bytes blob = {line->blob, line->blob_len};
        char id[96];
        status = vb_sig_ssh_id(blob, id, sizeof(id), err);
        if (status == 0)
            status = tell(listing,
                          (struct vb_trust_entry){.line = line->line,
                                                  .kind = line->authority ? "OpenSSH authority"
                                                                          : "OpenSSH key",
                                                  .name = line->principals,
                                                  .id = id,
                                                  .from = line->after,
                                                  .until = line->before,
                                                  .detail = line->namespaces},
                          err);
    }
    return status;
}

/* Seconds since 1970, or 0. */
static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm tm = {0};

    return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static int tell_cert(struct listing *listing, const char *kind, const char *name, X509 *cert,
                     struct vb_error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char id[VB_SIG_KEY_ID] = "sha256:";
    char subject[256];

    if (X509_digest(cert, EVP_sha256(), digest, &len) != 1 || len != 32)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a certificate's digest");
    vb_sig_hex((struct vb_sig_bytes){digest, len}, id + 7);
    X509_NAME_oneline(X509_get_subject_name(cert), subject, (int)sizeof(subject));
    return tell(listing,
                (struct vb_trust_entry){.kind = kind,
                                        .name = name,
                                        .id = id,
                                        .from = seconds_of(X509_get0_notBefore(cert)),
                                        .until = seconds_of(X509_get0_notAfter(cert)),
                                        .detail = subject},
                err);
}

static int tell_roots(struct listing *listing, const struct vb_trust *trust, struct vb_error *err)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < trust->root_count; i++)
        status = tell_cert(listing, "root certificate", trust->root_names[i],
                           sk_X509_value(trust->root_certs, (int)i), err);
    for (size_t i = 0; status == 0 && i < trust->clocks.count; i++)
        status = tell_cert(listing, "clock", listing->file,
                           sk_X509_value(trust->clocks.items[i].chain, 0), err);
    return status;
}

/* Sigstore's: its own parts have times of their own, which are heeded where they are used. */
static int tell_sigstore(struct listing *listing, const struct vb_trust *trust,
                         struct vb_error *err)
{
    char detail[128];
    int status = 0;

    for (size_t i = 0; status == 0 && i < trust->trusted_root_count; i++) {
        const struct vb_sig_trusted_root *root = &trust->trusted_roots[i];
        snprintf(detail, sizeof(detail), "%zu authorities, %zu clocks, %zu logs", root->cas.count,
                 root->tsas.count, root->tlogs.count + root->ctlogs.count);
        status = tell(listing,
                      (struct vb_trust_entry){.kind = "Sigstore root",
                                              .name = root->name,
                                              .shipped = root->as_of != 0,
                                              .detail = detail},
                      err);
    }
    return status;
}

/* What rows may name as root. */
static int note_roots(struct listing *listing, const struct vb_trust *trust, struct vb_error *err)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < trust->root_count; i++)
        status = vb_sig_paths_add(&listing->roots, trust->root_names[i], err);
    for (size_t i = 0; status == 0 && i < trust->trusted_root_count; i++)
        status = vb_sig_paths_add(&listing->instances, trust->trusted_roots[i].name, err);
    return status;
}

/* What vetbox brings along, unless DIR has a trust.yaml that does not want it, or a broken one. */
static int tell_shipped(const char *dir, int dirfd, struct listing *listing, struct vb_error *err)
{
    VB_CLEANUP(trust_free) struct vb_trust *trust = calloc(1, sizeof(*trust));
    struct vb_error why = {0};
    int status = 0;
    bool known;

    if (trust == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
    if (dirfd >= 0 && faccessat(dirfd, "trust.yaml", F_OK, 0) == 0)
        status = vb_sig_trust_file(trust, dir, dirfd, "trust.yaml", &known, &why);
    if (status < 0 || !vb_publishers_ships(trust->publishers))
        return status == VB_E_CONFIG || status == 0 ? 0
                                                    : vb_fail(err, status, 0, "%s", why.message);
    status = vb_sig_shipped_add(trust, err);
    listing->file = "shipped";
    if (status == 0)
        listing->changed = trust->trusted_roots[0].as_of;
    if (status == 0)
        status = note_roots(listing, trust, err);
    return status < 0 ? status : tell_sigstore(listing, trust, err);
}

static bool has(const struct vb_sig_paths *names, const char *name)
{
    bool found = false;

    for (size_t i = 0; !found && i < names->count; i++)
        found = strcmp(names->items[i], name) == 0;
    return found;
}

/* Why nobody can be who ROW names, or NULL. */
static const char *row_problem(const struct listing *listing, const struct vb_publishers_row *row)
{
    bool found = !row->is_key;

    for (size_t i = 0; !found && i < listing->ids.count; i++)
        found = vb_sig_id_equal(listing->ids.items[i], row->signer);
    if (!found)
        return "names a key that is not in the folder: its id is wanted, as vetbox trust list "
               "shows it";
    if (row->root != NULL && !has(&listing->roots, row->root) &&
        !(row->is_identity && has(&listing->instances, row->root)))
        return row->is_identity ? "names a root that is not in the folder"
                                : "names a root certificate that is not in the folder";
    /* One who is revoked may be gone from the folder's roots. */
    if (row->is_identity && row->root == NULL && row->package != NULL &&
        listing->instances.count == 0)
        return "names an identity, and the folder has no trusted root";
    return NULL;
}

static int tell_row(void *ctx, const struct vb_publishers_row *row, struct vb_error *err)
{
    const struct listing *listing = ctx;
    struct vb_trust_entry entry = {.file = listing->file,
                                   .changed = listing->changed,
                                   .line = row->line,
                                   .kind = row->package != NULL ? "rule" : "revocation",
                                   .name = row->package != NULL ? row->package : row->signer,
                                   .id = "",
                                   .from = row->from,
                                   .until = row->until,
                                   .detail = row->package != NULL ? row->signer : row->reason};

    entry.problem = row_problem(listing, row);
    return listing->each(listing->ctx, &entry, err);
}

static int list_file(const char *dir, int dirfd, struct listing *listing, bool rules,
                     struct vb_error *err)
{
    VB_CLEANUP(trust_free) struct vb_trust *trust = calloc(1, sizeof(*trust));
    struct vb_error why = {0};
    struct stat st;
    bool known;

    if (trust == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
    listing->changed = fstatat(dirfd, listing->file, &st, 0) == 0 ? (int64_t)st.st_mtime : 0;
    int status = vb_sig_trust_file(trust, dir, dirfd, listing->file, &known, &why);
    /* What trust.yaml says is told last, when all keys are known; that it is broken, once. */
    if (rules != (strcmp(listing->file, "trust.yaml") == 0))
        return 0;
    if (status < 0 && status != VB_E_CONFIG)
        return vb_fail(err, status, 0, "%s", why.message);
    listing->malformed = listing->malformed || status < 0;
    if (status < 0)
        return tell(listing,
                    (struct vb_trust_entry){
                        .kind = "malformed", .name = listing->file, .problem = why.message},
                    err);
    status = note_roots(listing, trust, err);
    if (status == 0)
        status = tell_keys(listing, trust, err);
    if (status == 0)
        status = tell_pgp(listing, trust, err);
    if (status == 0)
        status = tell_signers(listing, trust, err);
    if (status == 0)
        status = tell_roots(listing, trust, err);
    if (status == 0)
        status = tell_sigstore(listing, trust, err);
    return status < 0 ? status : vb_publishers_walk(trust->publishers, tell_row, listing, err);
}

/* What no file alone shows: that they do not go together. */
static int tell_whole(const char *dir, struct listing *listing, struct vb_error *err)
{
    VB_CLEANUP(trust_free) struct vb_trust *trust = NULL;
    struct vb_error why = {0};
    const int status = listing->malformed || dir == NULL ? 0 : vb_trust_load(dir, &trust, &why);

    if (status < 0 && status != VB_E_CONFIG)
        return vb_fail(err, status, 0, "%s", why.message);
    listing->file = ".";
    listing->changed = 0;
    return status == 0 ? 0
                       : tell(listing,
                              (struct vb_trust_entry){
                                  .kind = "malformed", .name = dir, .problem = why.message},
                              err);
}

int vb_trust_list(const char *dir, vb_trust_each *each, void *ctx, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_paths_done) struct vb_sig_paths files = {0};
    VB_CLEANUP(listing_done) struct listing listing = {.each = each, .ctx = ctx};
    VB_CLEANUP_FD int dirfd = -1;
    int status = dir != NULL ? vb_sig_trust_files(dir, &dirfd, &files, err) : 0;

    if (status == 0)
        status = tell_shipped(dir, dirfd, &listing, err);
    for (int rules = 0; rules <= 1; rules++) {
        for (size_t i = 0; status == 0 && i < files.count; i++) {
            listing.file = files.items[i];
            status = list_file(dir, dirfd, &listing, rules == 1, err);
        }
    }
    return status < 0 ? status : tell_whole(dir, &listing, err);
}
