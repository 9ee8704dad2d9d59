/* Asking trust.yaml who may publish what. Trust boundary: the names of packages and signers that it
 * is asked about are not the user's. */
#include "signatures/lookalike.h"
#include "signatures/publishers_internal.h"

#include <stdarg.h>

enum { NAME_MAX_BYTES = 512 };

size_t vb_publishers_count(const struct vb_publishers *publishers)
{
    return publishers == NULL ? 0 : publishers->row_count;
}

bool vb_publishers_ships(const struct vb_publishers *publishers)
{
    return publishers == NULL || !publishers->no_shipped_roots;
}

/* --- names --- */

static bool is_python(const char *kind)
{
    return strncmp(kind, "python", 6) == 0 || strcmp(kind, "pypi") == 0;
}

/* Lower case, because no index tells names apart by that; and for Python every run of '-', '_' and
 * '.' as one '-' (PEP 503). */
static void plain_name(const char *name, bool python, char ret[NAME_MAX_BYTES])
{
    size_t len = 0;

    for (; *name != '\0' && len + 1 < NAME_MAX_BYTES; name++) {
        char c = vb_ascii_lower(*name);
        if (python && (c == '_' || c == '.'))
            c = '-';
        if (python && c == '-' && len > 0 && ret[len - 1] == '-')
            continue;
        ret[len++] = c;
    }
    ret[len] = '\0';
}

static bool name_fits(const char *pattern, const struct vb_sig_package *package)
{
    const bool python = is_python(package->kind);
    char plain[NAME_MAX_BYTES], wanted[NAME_MAX_BYTES];

    plain_name(package->name, python, plain);
    plain_name(pattern, python, wanted);
    return vb_sig_match_pattern(plain, wanted);
}

static bool row_claims(const struct row *row, const struct vb_sig_package *package)
{
    bool fits = row->kinds == NULL;

    for (size_t i = 0; !fits && i < row->kinds->count; i++)
        fits = strcmp(row->kinds->items[i]->text, package->kind) == 0;
    if (!fits)
        return false;
    for (size_t i = 0; i < row->packages->count; i++) {
        if (name_fits(row->packages->items[i]->text, package))
            return true;
    }
    return false;
}

bool vb_publishers_claim(const struct vb_publishers *publishers,
                         const struct vb_sig_package *package)
{
    for (size_t i = 0; publishers != NULL && i < publishers->row_count; i++) {
        if (row_claims(&publishers->rows[i], package))
            return true;
    }
    return false;
}

size_t vb_publishers_require(const struct vb_publishers *publishers,
                             const struct vb_sig_package *package, int64_t now)
{
    for (size_t i = 0; publishers != NULL && i < publishers->row_count; i++) {
        const struct row *row = &publishers->rows[i];
        /* What is over asks for nothing yet still claims the name: nobody else may sign it. */
        if (row->required && now >= row->from && row_claims(row, package))
            return row->line;
    }
    return 0;
}

/* A pattern without wildcards, or the scope of one that is for all of a scope. */
static const char *pattern_lookalike(const char *pattern, const char *name)
{
    const size_t len = strcspn(pattern, "*?");
    const size_t scope = strcspn(name, "/");
    char wanted[NAME_MAX_BYTES], given[NAME_MAX_BYTES];

    if (pattern[len] == '\0')
        return vb_name_lookalike(name, pattern);
    if (pattern[0] != '@' || name[0] != '@' || len < 3 || strcmp(pattern + len - 1, "/*") != 0 ||
        scope >= sizeof(given) || len >= sizeof(wanted))
        return NULL;
    snprintf(wanted, sizeof(wanted), "%.*s", (int)len - 1, pattern);
    snprintf(given, sizeof(given), "%.*s", (int)scope, name);
    return vb_name_lookalike(given, wanted);
}

const char *vb_publishers_lookalike(const struct vb_publishers *publishers,
                                    const struct vb_sig_package *package, const char **ret_target)
{
    for (size_t i = 0; publishers != NULL && i < publishers->row_count; i++) {
        const struct vb_yaml_node *patterns = publishers->rows[i].packages;
        for (size_t k = 0; k < patterns->count; k++) {
            const char *how = pattern_lookalike(patterns->items[k]->text, package->name);
            if (how == NULL)
                continue;
            *ret_target = patterns->items[k]->text;
            return how;
        }
    }
    return NULL;
}

bool vb_publishers_known(const struct vb_publishers *publishers, const char *name,
                         struct vb_name_lookalike_found *ret)
{
    bool same = false;

    for (size_t i = 0; !same && publishers != NULL && i < publishers->row_count; i++) {
        const char *publisher = publishers->rows[i].publisher;
        if (publisher == NULL)
            continue;
        const char *how = vb_name_publisher_lookalike(name, publisher, &same);
        if (how != NULL && ret->how == NULL)
            *ret = (struct vb_name_lookalike_found){publisher, how};
    }
    return same;
}

/* --- signers --- */

bool vb_sig_id_equal(const char *a, const char *b)
{
    /* With "sha256:" in front it is hexadecimal too; OpenSSH's "SHA256:" is not. */
    const bool hex =
        strncmp(a, "sha256:", 7) == 0 || a[strspn(a, "0123456789abcdefABCDEF")] == '\0';

    return hex ? vb_ascii_equal(a, b) : strcmp(a, b) == 0;
}

/* An identity of which a row does not say the root is one of a trusted root: a certificate of the
 * folder could name any issuer. */
static bool is_identity(const struct signer *signer, const struct vb_sig_result *result,
                        bool any_root)
{
    const bool right_root = signer->root != NULL ? strcmp(signer->root, result->root) == 0
                                                 : any_root || result->by_instance;

    return right_root && result->issuer[0] != '\0' && strcmp(signer->issuer, result->issuer) == 0 &&
           vb_sig_match_pattern(result->name, signer->identity);
}

static bool is_key(const struct signer *signer, const struct vb_sig_result *result)
{
    return result->key_id[0] != '\0' &&
           (vb_sig_id_equal(signer->key, result->key_id) ||
            (result->made_by[0] != '\0' && vb_sig_id_equal(signer->key, result->made_by)));
}

/* A certificate and a trusted root may have one name: everybody has an identity of the latter. */
static bool is_signer(const struct signer *signer, const struct vb_sig_result *result)
{
    if (signer->identity != NULL)
        return is_identity(signer, result, false);
    if (result->by_instance)
        return false;
    return signer->key != NULL ? is_key(signer, result)
                               : result->root[0] != '\0' && strcmp(signer->root, result->root) == 0;
}

/* KEY is the id of an OpenPGP key, of which FINGERPRINT is known: too little to trust somebody by,
 * and enough to revoke him. */
static bool ends_like(const char *key, const char *fingerprint)
{
    enum { ID = 16, FINGERPRINT = 40 };

    return strlen(key) == ID && strlen(fingerprint) == FINGERPRINT &&
           vb_ascii_equal(key, fingerprint + FINGERPRINT - ID);
}

/* Whom a revocation is about: wherever he comes from. */
static bool is_revoked(const struct signer *signer, const struct vb_sig_result *result)
{
    if (signer->identity != NULL)
        return is_identity(signer, result, true);
    return signer->key != NULL ? is_key(signer, result) || ends_like(signer->key, result->key_id) ||
                                     ends_like(signer->key, result->made_by)
                               : is_signer(signer, result);
}

static bool is_listed(const struct row *row, const struct vb_sig_result *result)
{
    for (size_t i = 0; i < row->signer_count; i++) {
        if (is_signer(&row->signers[i], result))
            return true;
    }
    return false;
}

/* The row that revokes the signer of RESULT at WHEN. */
static const struct revoked *revoked_by(const struct revoked *rows, size_t count,
                                        const struct vb_sig_result *result, int64_t when)
{
    for (size_t i = 0; i < count; i++) {
        if (when >= rows[i].since && is_revoked(&rows[i].signer, result))
            return &rows[i];
    }
    return NULL;
}

/* Sets WHY, and returns what the signer's answer is: true without a CODE. */
static bool VB_PRINTF(3, 4) answer(struct vb_sig_why *why, const char *code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(why->text, sizeof(why->text), fmt, args);
    va_end(args);
    why->code = code;
    return code == NULL;
}

static bool say_revoked(const struct revoked *row, struct vb_sig_why *why)
{
    return answer(why, "revoked", "the signer was revoked on %s: %.300s", row->since_text,
                  row->reason);
}

/* Addresses are one with and without a slash at the end, and hosts in either case. */
static bool same_registry(const char *a, const char *b)
{
    size_t len[2] = {strlen(a), strlen(b)};

    len[0] -= len[0] > 0 && a[len[0] - 1] == '/';
    len[1] -= len[1] > 0 && b[len[1] - 1] == '/';
    if (len[0] != len[1])
        return false;
    const char *host = strstr(a, "://");
    const size_t lower = host == NULL ? 0 : (size_t)(host + 3 - a) + strcspn(host + 3, "/");
    for (size_t i = 0; i < len[0]; i++) {
        const bool same = i < lower ? vb_ascii_lower(a[i]) == vb_ascii_lower(b[i]) : a[i] == b[i];
        if (!same)
            return false;
    }
    return true;
}

/* One row that claims the package: may this signer, whom it lists, sign it at WHEN? */
static bool row_accepts(const struct row *row, const struct vb_sig_package *package, int64_t when,
                        struct vb_sig_why *why)
{
    /* The name is the row's wherever it comes from: elsewhere it may be anybody's. */
    if (row->registry != NULL && package->registry != NULL &&
        !same_registry(row->registry, package->registry))
        return answer(why, "other-registry", "the signer may sign %.200s from %.200s only",
                      package->name, row->registry);
    if (when < row->from)
        return answer(why, "not-yet", "the signer may sign %.200s from %s on", package->name,
                      row->from_text);
    if (row->until != 0 && when >= row->until)
        return answer(why, "over", "the signer might sign %.200s until %s", package->name,
                      row->until_text);
    return answer(why, NULL, "the signer may sign %.200s", package->name);
}

static bool accept_claimed(const struct vb_publishers *publishers,
                           const struct vb_sig_package *package, const struct vb_sig_result *result,
                           int64_t when, struct vb_sig_why *why)
{
    /* Who is revoked for a package in one row is so in all of them. */
    for (size_t i = 0; i < publishers->row_count; i++) {
        const struct row *row = &publishers->rows[i];
        const struct revoked *gone =
            row_claims(row, package) ? revoked_by(row->revoked, row->revoked_count, result, when)
                                     : NULL;
        if (gone != NULL)
            return say_revoked(gone, why);
    }
    answer(why, "not-listed", "the signer is not among those who may sign %.200s", package->name);
    for (size_t i = 0; i < publishers->row_count; i++) {
        const struct row *row = &publishers->rows[i];
        if (row_claims(row, package) && is_listed(row, result) &&
            row_accepts(row, package, when, why))
            return true;
    }
    return false;
}

/* No row claims what is signed: who is listed for other packages is not for this one. */
static bool accept_unclaimed(const struct vb_publishers *publishers,
                             const struct vb_sig_result *result, struct vb_sig_why *why)
{
    for (size_t i = 0; i < publishers->row_count; i++) {
        if (is_listed(&publishers->rows[i], result))
            return answer(why, "other-packages", "the signer is trusted for other packages only");
    }
    return result->outcome == VB_SIGNATURE_VALID_TRUSTED;
}

bool vb_publishers_accept(const struct vb_publishers *publishers,
                          const struct vb_sig_package *packages, size_t count, int64_t now,
                          const struct vb_sig_result *result, struct vb_sig_why *ret_why)
{
    const int64_t when = result->signed_at != 0 ? result->signed_at : now;
    bool claimed = false;

    *ret_why = (struct vb_sig_why){0};
    if (result->outcome != VB_SIGNATURE_VALID_TRUSTED && !result->anchored)
        return false;
    if (publishers == NULL)
        return result->outcome == VB_SIGNATURE_VALID_TRUSTED;
    const struct revoked *gone =
        revoked_by(publishers->revoked, publishers->revoked_count, result, when);
    if (gone != NULL)
        return say_revoked(gone, ret_why);
    for (size_t i = 0; i < count; i++) {
        if (!vb_publishers_claim(publishers, &packages[i]))
            continue;
        claimed = true;
        if (!accept_claimed(publishers, &packages[i], result, when, ret_why))
            return false;
    }
    return claimed || accept_unclaimed(publishers, result, ret_why);
}

/* --- for the list --- */

static const char *signer_text(const struct signer *signer)
{
    if (signer->key != NULL)
        return signer->key;
    return signer->identity != NULL ? signer->identity : signer->root;
}

static void tell_signer(struct vb_publishers_row *row, const struct signer *signer)
{
    row->signer = signer_text(signer);
    row->root = signer->root;
    row->is_key = signer->key != NULL;
    row->is_identity = signer->identity != NULL;
}

static int walk_revoked(const struct revoked *rows, size_t count, vb_publishers_each *each,
                        void *ctx, struct vb_error *err)
{
    int status = VB_OK;

    for (size_t i = 0; status == VB_OK && i < count; i++) {
        struct vb_publishers_row told = {.line = rows[i].signer.line, .reason = rows[i].reason};
        tell_signer(&told, &rows[i].signer);
        status = each(ctx, &told, err);
    }
    return status;
}

int vb_publishers_walk(const struct vb_publishers *publishers, vb_publishers_each *each, void *ctx,
                       struct vb_error *err)
{
    int status = VB_OK;

    for (size_t i = 0; status == VB_OK && publishers != NULL && i < publishers->row_count; i++) {
        const struct row *row = &publishers->rows[i];
        struct vb_publishers_row told = {.line = row->line,
                                         .package = row->packages->items[0]->text,
                                         .signer = "nobody",
                                         .from = row->from,
                                         .until = row->until};
        if (row->signer_count == 0)
            status = each(ctx, &told, err);
        for (size_t k = 0; status == VB_OK && k < row->signer_count; k++) {
            tell_signer(&told, &row->signers[k]);
            told.line = row->signers[k].line;
            status = each(ctx, &told, err);
        }
        if (status == VB_OK)
            status = walk_revoked(row->revoked, row->revoked_count, each, ctx, err);
    }
    if (status == VB_OK && publishers != NULL)
        status = walk_revoked(publishers->revoked, publishers->revoked_count, each, ctx, err);
    return status;
}
