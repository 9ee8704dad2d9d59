/* Attestations that an index hands out with a package: npm's provenance and publish attestations,
 * PyPI's (PEP 740). Each becomes a Sigstore bundle and is verified as one; then it must be about
 * this very artifact under this very name. Trust boundary: all of it is the index's; that a
 * certificate names a repository does not say that what was built there is harmless. */
#include "signatures/registry.h"

#include <string.h>

enum { ADDRESS_MAX = 512, SUBJECT_MAX = 1024, NAME_MAX_BYTES = 512 };

#define SLSA "https://slsa.dev/provenance/"

/* One attestation, as a bundle. */
struct attestation {
    struct vb_sig_told *told;
    const json_t *bundle;
    const char *format;
    bool (*is_subject)(const struct vb_sig_told *told, struct vb_sig_bytes name);
    bool (*is_kind)(struct vb_sig_bytes predicate_type);
    const char *publisher; /* whom the index names as its repository, or NULL */
};

static int invalid(struct vb_sig_result *result, const char *why)
{
    return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "%s", why);
}

static bool starts(struct vb_sig_bytes text, const char *prefix)
{
    return vb_sig_skip(&text, prefix);
}

/* --- where it says that it was built --- */

/* What does not agree: for the reason, and whoever judges. */
struct doubts {
    char text[320];
};

static void VB_PRINTF(2, 3) add_doubt(struct doubts *doubts, const char *fmt, ...)
{
    const size_t len = strlen(doubts->text);
    va_list args;

    va_start(args, fmt);
    vsnprintf(doubts->text + len, sizeof(doubts->text) - len, fmt, args);
    va_end(args);
}

/* The repository and, where PREDICATE tells it, the commit of SLSA's provenance: of version 1
 * (buildDefinition) or 0.2 (invocation). */
static void predicate_source(const json_t *predicate, struct vb_sig_bytes *ret_repository,
                             struct vb_sig_bytes *ret_commit)
{
    const json_t *build = vb_sig_json_object(predicate, "buildDefinition");
    const json_t *parameters = vb_sig_json_object(build, "externalParameters");
    const json_t *sources = vb_sig_json_array(build, "resolvedDependencies", 64);
    const json_t *config =
        vb_sig_json_object(vb_sig_json_object(predicate, "invocation"), "configSource");

    *ret_repository = *ret_commit = (struct vb_sig_bytes){0};
    if (!vb_sig_json_text(vb_sig_json_object(parameters, "workflow"), "repository", ret_repository))
        (void)vb_sig_json_text(config, "uri", ret_repository);
    const json_t *digest = vb_sig_json_object(json_array_get(sources, 0), "digest");
    if (!vb_sig_json_text(digest, "gitCommit", ret_commit))
        (void)vb_sig_json_text(vb_sig_json_object(config, "digest"), "sha1", ret_commit);
}

static void compare_predicate(const json_t *predicate, const struct vb_sig_facts *facts,
                              const char *repository, struct doubts *doubts)
{
    enum { COMMIT = 13 };
    struct vb_sig_bytes told, commit;
    char other[ADDRESS_MAX];

    predicate_source(predicate, &told, &commit);
    vb_sig_repository(told, other, sizeof(other));
    if (other[0] != '\0' && strcmp(other, repository) != 0)
        add_doubt(doubts, "; its certificate is for %.100s, its statement names %.100s", repository,
                  other);
    const struct vb_sig_bytes proven = facts->items[COMMIT];
    if (commit.len > 0 && proven.len > 0 &&
        (commit.len != proven.len || memcmp(commit.data, proven.data, proven.len) != 0))
        add_doubt(doubts, "; its certificate and its statement name different commits");
}

/* What the certificate says of the repository against what statement, index and package say. */
static int compare_sources(const struct attestation *attestation,
                           const struct vb_sig_bundle *bundle, const json_t *predicate,
                           struct doubts *doubts, struct vb_error *err)
{
    enum { REPOSITORY = 12 };
    char repository[ADDRESS_MAX], other[ADDRESS_MAX];
    struct vb_sig_facts facts;
    bool differs = false;

    if (bundle->certs == NULL || !vb_sig_cert_facts(sk_X509_value(bundle->certs, 0), &facts))
        return 0;
    vb_sig_repository(facts.items[REPOSITORY], repository, sizeof(repository));
    if (repository[0] == '\0')
        return 0;
    compare_predicate(predicate, &facts, repository, doubts);
    const char *publisher = attestation->publisher;
    const char *path = strchr(repository, '/');
    if (publisher != NULL && path != NULL && !vb_ascii_equal(path + 1, publisher))
        add_doubt(doubts, "; its certificate is for %.100s, the index names %.100s", repository,
                  publisher);
    const int status = vb_sig_repository_differs(attestation->told, repository, other,
                                                 sizeof(other), &differs, err);
    if (status == 0 && differs)
        add_doubt(doubts, "; its certificate is for %.100s, the package names %.100s", repository,
                  other);
    return status;
}

/* --- one attestation --- */

/* One subject: this artifact, under its name in the index. */
static int check_subject(const struct attestation *attestation,
                         const struct vb_sig_statement *statement, struct vb_sig_result *result,
                         struct vb_error *err)
{
    struct vb_sig_told *told = attestation->told;
    struct vb_sig_bytes name;
    bool covers = false;

    if (json_array_size(statement->subjects) != 1)
        return invalid(result, "its statement is about several files");
    if (!vb_sig_json_text(json_array_get(statement->subjects, 0), "name", &name) ||
        !attestation->is_subject(told, name))
        return invalid(result, "its statement is about another package or version");
    const int status = vb_sig_statement_covers(statement, &told->artifact, &covers, err);
    if (status < 0 || covers)
        return status;
    return invalid(result, "its statement is about a file with another digest");
}

static int check_statement(const struct attestation *attestation,
                           const struct vb_sig_bundle *bundle, struct vb_sig_result *result,
                           struct doubts *doubts, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_statement_done) struct vb_sig_statement statement = {0};
    char why[256] = "";

    int status = vb_sig_statement(&bundle->dsse, &statement, why, sizeof(why), err);
    if (status < 0)
        return status;
    if (why[0] != '\0')
        return invalid(result, why);
    if (!attestation->is_kind(statement.predicate_type))
        return vb_sig_conclude(
            result, VB_SIGNATURE_UNVERIFIABLE, "vetbox does not know what is attested: %.*s",
            vb_sig_cut(statement.predicate_type, 200), (const char *)statement.predicate_type.data);
    status = check_subject(attestation, &statement, result, err);
    if (status < 0 || !vb_sig_holds(result))
        return status;
    return compare_sources(attestation, bundle, statement.predicate, doubts, err);
}

/* A bundle that names a key of the registry: that key tells at least whether it holds. */
static int add_key(const struct vb_sig_told *told, struct vb_sig_bundle *bundle,
                   struct vb_error *err)
{
    VB_CLEANUP(vb_sig_npm_key_done) struct vb_sig_npm_key key = {0};

    if (bundle->certs != NULL || bundle->told_key != NULL || bundle->hint.len == 0)
        return 0;
    const int status = vb_sig_npm_key(told, bundle->hint, &key, err);
    if (status == 0)
        bundle->told_key = vb_steal(key.key);
    return status;
}

static int verify_bundle(const struct attestation *attestation, struct vb_sig_result *result,
                         struct doubts *doubts, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_bundle_done) struct vb_sig_bundle bundle = {0};
    VB_CLEANUP_FREE char *text = json_dumps(attestation->bundle, JSON_COMPACT);
    char why[256] = "";
    bool unknown = false;

    if (text == NULL)
        return invalid(result, "there is no bundle in it");
    int status = vb_sig_bundle(
        (struct vb_sig_bytes){.data = (const unsigned char *)text, .len = strlen(text)}, &bundle,
        &unknown, why, sizeof(why), err);
    if (status < 0)
        return status;
    if (why[0] != '\0')
        return vb_sig_conclude(result, unknown ? VB_SIGNATURE_UNVERIFIABLE : VB_SIGNATURE_INVALID,
                               "%s", why);
    if (!bundle.is_dsse)
        return invalid(result, "it holds no statement");
    status = add_key(attestation->told, &bundle, err);
    if (status == 0)
        status = vb_sig_bundle_judge(&attestation->told->job, &bundle, NULL, result, err);
    if (status < 0 || !vb_sig_holds(result))
        return status;
    return check_statement(attestation, &bundle, result, doubts, err);
}

static int verify(const struct attestation *attestation, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {.format = attestation->format};
    struct doubts doubts = {0};
    const int status = verify_bundle(attestation, &result, &doubts, err);

    return status < 0 ? status : vb_sig_told_emit(attestation->told, &result, doubts.text, err);
}

/* --- npm --- */

/* Undoes %XX; false where that is none or a NUL. */
static bool unescape(struct vb_sig_bytes text, char *ret, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = text.data[i];
        if (c == '%') {
            if (text.len - i < 3 ||
                !vb_sig_unhex((struct vb_sig_bytes){.data = text.data + i + 1, .len = 2}, &c, 1))
                return false;
            i += 2;
        }
        if (c == '\0' || len + 1 >= size)
            return false;
        ret[len++] = (char)c;
    }
    ret[len] = '\0';
    return true;
}

static bool is_npm_subject(const struct vb_sig_told *told, struct vb_sig_bytes name)
{
    char plain[SUBJECT_MAX], wanted[SUBJECT_MAX];
    const int len = snprintf(wanted, sizeof(wanted), "pkg:npm/%s@%s", told->name, told->version);

    return len > 0 && (size_t)len < sizeof(wanted) && unescape(name, plain, sizeof(plain)) &&
           strcmp(plain, wanted) == 0;
}

static bool is_npm_publish(struct vb_sig_bytes type)
{
    return starts(type, "https://github.com/npm/attestation/tree/main/specs/publish/");
}

static bool is_npm_kind(struct vb_sig_bytes type)
{
    return starts(type, SLSA) || is_npm_publish(type);
}

int vb_sig_npm_attestations(struct vb_sig_told *told, struct vb_error *err)
{
    const json_t *rows = vb_sig_json_array(vb_sig_json_object(told->record, "attestations"),
                                           "attestations", VB_SIG_TOLD_MAX);
    int status = 0;

    for (size_t i = 0; status == 0 && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        struct vb_sig_bytes type = {0};
        const struct attestation one = {.told = told,
                                        .bundle = vb_sig_json_object(row, "bundle"),
                                        .format = vb_sig_json_text(row, "predicateType", &type) &&
                                                          is_npm_publish(type)
                                                      ? "npm-publish"
                                                      : "npm-provenance",
                                        .is_subject = is_npm_subject,
                                        .is_kind = is_npm_kind};
        status = verify(&one, err);
    }
    return status;
}

/* --- PyPI --- */

/* File names as PEP 503 normalises names: what is compared besides is the digest. */
static bool normal(const char *text, size_t len, char *ret, size_t size)
{
    size_t to = 0;

    for (size_t i = 0; i < len; i++) {
        const bool filler = strchr("-_.", text[i]) != NULL;
        if (filler && to > 0 && ret[to - 1] == '-')
            continue;
        if (to + 1 >= size || text[i] == '\0')
            return false;
        ret[to++] = filler ? '-' : vb_ascii_lower(text[i]);
    }
    ret[to] = '\0';
    return true;
}

/* FILE, normalised, is one of the package that was asked for: names of files begin with it. */
static bool is_of_package(const struct vb_sig_told *told, const char *file)
{
    char name[NAME_MAX_BYTES];

    if (!normal(told->name, strlen(told->name), name, sizeof(name)))
        return false;
    const size_t len = strlen(name);
    return strncmp(file, name, len) == 0 && file[len] == '-';
}

static bool is_pypi_subject(const struct vb_sig_told *told, struct vb_sig_bytes name)
{
    struct vb_sig_bytes file;
    char one[NAME_MAX_BYTES], other[NAME_MAX_BYTES];

    return vb_sig_json_text(told->record, "file", &file) &&
           normal((const char *)file.data, file.len, one, sizeof(one)) &&
           normal((const char *)name.data, name.len, other, sizeof(other)) &&
           strcmp(one, other) == 0 && is_of_package(told, one);
}

static bool is_pypi_kind(struct vb_sig_bytes type)
{
    return vb_sig_equals(type, "https://docs.pypi"
                               ".org/attestations/publish/v1") ||
           starts(type, SLSA "v1");
}

/* PEP 740's names for the same things. Leaves *ret NULL where one of them is missing. */
static void to_bundle(const json_t *attestation, json_t **ret)
{
    const json_t *material = vb_sig_json_object(attestation, "verification_material");
    const json_t *envelope = vb_sig_json_object(attestation, "envelope");
    json_t *certificate = json_object_get(material, "certificate");
    json_t *entries = json_object_get(material, "transparency_entries");
    json_t *statement = json_object_get(envelope, "statement");
    json_t *signature = json_object_get(envelope, "signature");
    int64_t version = 0;

    if (!vb_sig_json_int(attestation, "version", &version) || version != 1 || certificate == NULL ||
        entries == NULL || statement == NULL || signature == NULL)
        return;
    *ret = json_pack("{s:s, s:{s:{s:O}, s:O}, s:{s:O, s:s, s:[{s:O}]}}", "mediaType",
                     "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial",
                     "certificate", "rawBytes", certificate, "tlogEntries", entries, "dsseEnvelope",
                     "payload", statement, "payloadType", VB_SIG_IN_TOTO, "signatures", "sig",
                     signature);
}

static int verify_publisher(struct vb_sig_told *told, const json_t *row, struct vb_error *err)
{
    const json_t *list = vb_sig_json_array(row, "attestations", VB_SIG_TOLD_MAX);
    const json_t *publisher = json_object_get(vb_sig_json_object(row, "publisher"), "repository");
    int status = 0;

    for (size_t i = 0; status == 0 && i < json_array_size(list); i++) {
        VB_CLEANUP(vb_json_free) json_t *bundle = NULL;
        to_bundle(json_array_get(list, i), &bundle);
        const struct attestation one = {.told = told,
                                        .bundle = bundle,
                                        .format = "pypi-attestation",
                                        .is_subject = is_pypi_subject,
                                        .is_kind = is_pypi_kind,
                                        .publisher = json_string_value(publisher)};
        status = verify(&one, err);
    }
    return status;
}

int vb_sig_pypi_attestations(struct vb_sig_told *told, struct vb_error *err)
{
    const json_t *provenance = vb_sig_json_object(told->record, "provenance");
    const json_t *rows = vb_sig_json_array(provenance, "attestation_bundles", VB_SIG_TOLD_MAX);
    int status = 0;

    for (size_t i = 0; status == 0 && i < json_array_size(rows); i++)
        status = verify_publisher(told, json_array_get(rows, i), err);
    return status;
}
