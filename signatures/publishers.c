/* trust.yaml. Trust boundary: the file is the user's own and read strictly, so that a slip of the
 * pen never trusts anybody; the names of packages and signers that it is asked about are not. */
#include "signatures/publishers.h"
#include "signatures/lookalike.h"

#include <stdarg.h>

#include "vetbox/core/yaml.h"

enum { NAME_MAX_BYTES = 512 };

static const int64_t day_seconds = 86400;

/* Exactly one of key, identity and root is there, but that an identity may have a root. */
struct signer {
    size_t line;
    const char *key;
    const char *identity;
    const char *issuer; /* with identity */
    const char *root;   /* with identity: the trusted root that vouches for the issuer */
};

struct revoked {
    struct signer signer;
    int64_t since;
    const char *since_text;
    const char *reason;
};

struct row {
    size_t line;
    const struct vb_yaml_node *packages;
    const struct vb_yaml_node *kinds; /* NULL: any */
    const char *registry;             /* an address; NULL: any */
    const char *publisher;            /* what he is called; NULL: that is not said */
    struct signer *signers;
    size_t signer_count;
    struct revoked *revoked;
    size_t revoked_count;
    int64_t from;  /* 0: no limit */
    int64_t until; /* the first second after it; 0: no limit */
    const char *from_text, *until_text;
    bool required;
};

struct vb_publishers {
    char *path;
    struct vb_yaml *yaml; /* owns every text */
    struct row *rows;
    size_t row_count;
    struct revoked *revoked;
    size_t revoked_count;
    bool no_shipped_roots;
    char *usual_root; /* whose word an identity of a row is that names no root; NULL: any one's */
};

void vb_publishers_free(struct vb_publishers *publishers)
{
    if (publishers == NULL)
        return;
    for (size_t i = 0; i < publishers->row_count; i++) {
        free(publishers->rows[i].signers);
        free(publishers->rows[i].revoked);
    }
    free(publishers->rows);
    free(publishers->revoked);
    vb_yaml_free(publishers->yaml);
    free(publishers->usual_root);
    free(publishers->path);
    free(publishers);
}

static void free_ptr(struct vb_publishers **publishers)
{
    vb_publishers_free(*publishers);
}

size_t vb_publishers_count(const struct vb_publishers *publishers)
{
    return publishers == NULL ? 0 : publishers->row_count;
}

/* --- reading --- */

static int wrong(const struct vb_publishers *of, const struct vb_yaml_node *node, const char *why,
                 struct vb_error *err)
{
    return vb_fail(err, VB_E_CONFIG, 0, "%s:%zu: %s", of->path, node->line, why);
}

/* Every key of MAP stands in KNOWN, which ends with NULL. */
static int want_keys(const struct vb_publishers *of, const struct vb_yaml_node *map,
                     const char *const *known, struct vb_error *err)
{
    if (map->kind != VB_YAML_MAP)
        return wrong(of, map, "a map was expected here", err);
    for (size_t i = 0; i < map->count; i++) {
        const char *const *word = known;
        while (*word != NULL && strcmp(*word, map->keys[i]->text) != 0)
            word++;
        if (*word == NULL)
            return vb_fail(err, VB_E_CONFIG, 0, "%s:%zu: unknown key \"%.60s\"", of->path,
                           map->keys[i]->line, map->keys[i]->text);
    }
    return VB_OK;
}

static int want_text(const struct vb_publishers *of, const struct vb_yaml_node *map,
                     const char *key, const char **ret, struct vb_error *err)
{
    const struct vb_yaml_node *node = vb_yaml_get(map, key);

    if (node == NULL)
        return VB_OK;
    if (node->kind != VB_YAML_SCALAR || node->len == 0)
        return wrong(of, node, "a text was expected here", err);
    *ret = node->text;
    return VB_OK;
}

/* YYYY-MM-DD, as the first second of that day. */
static int want_date(const struct vb_publishers *of, const struct vb_yaml_node *map,
                     const char *key, int64_t *ret, const char **ret_text, struct vb_error *err)
{
    const struct vb_yaml_node *node = vb_yaml_get(map, key);
    char digits[16];

    if (node == NULL)
        return VB_OK;
    if (node->kind != VB_YAML_SCALAR || node->len != 10 || node->text[4] != '-' ||
        node->text[7] != '-')
        return wrong(of, node, "a date such as 2026-12-31 was expected here", err);
    snprintf(digits, sizeof(digits), "%.4s%.2s%.2sZ", node->text, node->text + 5, node->text + 8);
    const struct vb_sig_bytes text = {(const unsigned char *)digits, strlen(digits)};
    if (!vb_sig_parse_time(text, ret))
        return wrong(of, node, "there is no such day", err);
    *ret_text = node->text;
    return VB_OK;
}

/* NODE is a list of one or more texts. */
static int want_texts(const struct vb_publishers *of, const struct vb_yaml_node *node,
                      struct vb_error *err)
{
    if (node->kind != VB_YAML_LIST || node->count == 0)
        return wrong(of, node, "a list of texts was expected here", err);
    for (size_t i = 0; i < node->count; i++) {
        if (node->items[i]->kind != VB_YAML_SCALAR || node->items[i]->len == 0)
            return wrong(of, node->items[i], "a text was expected here", err);
    }
    return VB_OK;
}

static int read_signer(const struct vb_publishers *of, const struct vb_yaml_node *map,
                       struct signer *ret, struct vb_error *err)
{
    int status = want_text(of, map, "key", &ret->key, err);

    if (status == VB_OK)
        status = want_text(of, map, "identity", &ret->identity, err);
    if (status == VB_OK)
        status = want_text(of, map, "issuer", &ret->issuer, err);
    if (status == VB_OK)
        status = want_text(of, map, "root", &ret->root, err);
    if (status < 0)
        return status;
    ret->line = map->line;
    if ((ret->key != NULL) + (ret->identity != NULL) +
            (ret->root != NULL && ret->identity == NULL) !=
        1)
        return wrong(of, map, "exactly one of key, identity and root is needed", err);
    /* Anybody can have an identity from some issuer. */
    if ((ret->identity != NULL) != (ret->issuer != NULL))
        return wrong(of, map,
                     "identity and issuer need each other; a certificate that names no issuer is "
                     "met by root alone",
                     err);
    return VB_OK;
}

/* Room for what stands in NODE, which may be NULL; otherwise it must be a list. */
static int make_room(const struct vb_publishers *of, const struct vb_yaml_node *node, size_t size,
                     void **ret, struct vb_error *err)
{
    if (node == NULL)
        return VB_OK;
    if (node->kind != VB_YAML_LIST)
        return wrong(of, node, "a list was expected here", err);
    *ret = calloc(node->count + 1, size);
    return *ret == NULL ? vb_fail(err, VB_E_NOMEM, 0, "out of memory for %s", of->path) : VB_OK;
}

/* An id as results have it: 16 digits of minisign and signify, 40 of OpenPGP, OpenSSH's SHA256:
 * with 43 letters of base64, sha256: with 64 digits of a key in PEM or a certificate. */
static bool is_key_id(const char *id)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const struct {
        const char *begins;
        const char *of;
        size_t count;
    } forms[] = {
        {"", digits, 16}, {"", digits, 40}, {"SHA256:", letters, 43}, {"sha256:", digits, 64}};

    for (size_t i = 0; i < VB_ARRAY_LEN(forms); i++) {
        const size_t len = strlen(forms[i].begins);
        if (strncmp(id, forms[i].begins, len) == 0 && strlen(id + len) == forms[i].count &&
            strspn(id + len, forms[i].of) == forms[i].count)
            return true;
    }
    return false;
}

static int read_revoked(const struct vb_publishers *of, const struct vb_yaml_node *list,
                        struct revoked **ret, size_t *ret_count, struct vb_error *err)
{
    static const char *const keys[] = {"key",   "identity", "issuer", "root",
                                       "since", "reason",   NULL};
    int status = make_room(of, list, sizeof(**ret), (void **)ret, err);

    for (size_t i = 0; status == VB_OK && list != NULL && i < list->count; i++) {
        const struct vb_yaml_node *node = list->items[i];
        struct revoked *row = &(*ret)[i];
        status = want_keys(of, node, keys, err);
        if (status == VB_OK)
            status = read_signer(of, node, &row->signer, err);
        if (status == VB_OK)
            status = want_date(of, node, "since", &row->since, &row->since_text, err);
        if (status == VB_OK)
            status = want_text(of, node, "reason", &row->reason, err);
        if (status == VB_OK && (row->since_text == NULL || row->reason == NULL))
            status = wrong(of, node, "what is revoked needs since and reason", err);
        /* One that fits no signature would revoke nobody. */
        if (status == VB_OK && row->signer.key != NULL && !is_key_id(row->signer.key))
            status = wrong(of, node,
                           "no id of a key: 16 or 40 hexadecimal digits, SHA256: and 43 letters, "
                           "or sha256: and 64 digits, as `vetbox trust list` shows it",
                           err);
        *ret_count = i + 1;
    }
    return status;
}

static int read_signers(const struct vb_publishers *of, const struct vb_yaml_node *list,
                        struct row *row, struct vb_error *err)
{
    static const char *const keys[] = {"key", "identity", "issuer", "root", NULL};
    int status = make_room(of, list, sizeof(*row->signers), (void **)&row->signers, err);

    for (size_t i = 0; status == VB_OK && list != NULL && i < list->count; i++) {
        status = want_keys(of, list->items[i], keys, err);
        if (status == VB_OK)
            status = read_signer(of, list->items[i], &row->signers[i], err);
        row->signer_count = i + 1;
    }
    return status;
}

static int want_bool(const struct vb_publishers *of, const struct vb_yaml_node *map,
                     const char *key, bool *ret, struct vb_error *err)
{
    const struct vb_yaml_node *node = vb_yaml_get(map, key);

    if (node == NULL)
        return VB_OK;
    *ret = node->kind == VB_YAML_SCALAR && !node->quoted && strcmp(node->text, "true") == 0;
    if (!*ret && (node->kind != VB_YAML_SCALAR || node->quoted || strcmp(node->text, "false") != 0))
        return vb_fail(err, VB_E_CONFIG, 0, "%s:%zu: %s is true or false", of->path, node->line,
                       key);
    return VB_OK;
}

static int read_span(const struct vb_publishers *of, const struct vb_yaml_node *map,
                     struct row *row, struct vb_error *err)
{
    int status = want_date(of, map, "from", &row->from, &row->from_text, err);

    if (status == VB_OK)
        status = want_date(of, map, "until", &row->until, &row->until_text, err);
    if (status == VB_OK && row->until_text != NULL)
        row->until += day_seconds;
    if (status == VB_OK && row->until_text != NULL && row->until <= row->from)
        return wrong(of, map, "until lies before from", err);
    return status;
}

/* What reports and references call packages; tests/unit/test_publishers.c holds it to identify's.
 */
static const char *const kinds[] = {
    "agent-plugin",
    "agent-skill",
    "claude-bundle",
    "claude-marketplace",
    "claude-plugin",
    "codex-plugin",
    "cursor-plugin",
    "files",
    "gemini-extension",
    "mcp-registry-server",
    "mcp-server",
    "mcpb",
    "npm",
    "openclaw-claw",
    "openclaw-hook-pack",
    "openclaw-plugin",
    "openclaw-skill",
    "pypi",
    "python-project",
    "python-sdist",
    "python-wheel",
    "skills-repository",
    "vscode-extension",
};

bool vb_publishers_kind(const char *kind)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i], kind) == 0)
            return true;
    }
    return false;
}

/* A row for a kind that there is not would be for nothing. */
static int want_kinds(const struct vb_publishers *of, const struct vb_yaml_node *node,
                      struct vb_error *err)
{
    const int status = want_texts(of, node, err);

    for (size_t i = 0; status == VB_OK && i < node->count; i++) {
        if (!vb_publishers_kind(node->items[i]->text))
            return vb_fail(err, VB_E_CONFIG, 0,
                           "%s:%zu: unknown package kind \"%.60s\": agent-skill, npm and so on, as "
                           "reports say",
                           of->path, node->items[i]->line, node->items[i]->text);
    }
    return status;
}

static int read_registry(const struct vb_publishers *of, const struct vb_yaml_node *map,
                         struct row *row, struct vb_error *err)
{
    const int status = want_text(of, map, "registry", &row->registry, err);

    if (status < 0 || row->registry == NULL)
        return status;
    const char *rest = strstr(row->registry, "://");
    const bool web =
        strncmp(row->registry, "https://", 8) == 0 || strncmp(row->registry, "http://", 7) == 0;
    return web && rest[3] != '\0' && strpbrk(row->registry, "@?# ") == NULL
               ? VB_OK
               : wrong(of, vb_yaml_get(map, "registry"),
                       "the address of a registry was expected here, as npm or pip is given it",
                       err);
}

static int read_row(struct vb_publishers *of, const struct vb_yaml_node *map, struct row *row,
                    struct vb_error *err)
{
    static const char *const keys[] = {"packages", "kinds",    "signers",  "from",      "until",
                                       "revoked",  "required", "registry", "publisher", NULL};
    int status = want_keys(of, map, keys, err);

    if (status < 0)
        return status;
    row->line = map->line;
    row->packages = vb_yaml_get(map, "packages");
    row->kinds = vb_yaml_get(map, "kinds");
    const struct vb_yaml_node *signers = vb_yaml_get(map, "signers");
    if (row->packages == NULL || signers == NULL)
        return wrong(of, map, "a row needs packages and signers", err);
    status = want_texts(of, row->packages, err);
    if (status == VB_OK && row->kinds != NULL)
        status = want_kinds(of, row->kinds, err);
    if (status == VB_OK)
        status = read_signers(of, signers, row, err);
    if (status == VB_OK)
        status = read_span(of, map, row, err);
    if (status == VB_OK)
        status = want_bool(of, map, "required", &row->required, err);
    if (status == VB_OK)
        status = read_registry(of, map, row, err);
    if (status == VB_OK)
        status = want_text(of, map, "publisher", &row->publisher, err);
    if (status == VB_OK)
        status =
            read_revoked(of, vb_yaml_get(map, "revoked"), &row->revoked, &row->revoked_count, err);
    /* Nobody could ever sign them: surely a mistake, unless that is what is meant. */
    if (status == VB_OK && row->signer_count == 0 && !row->required)
        return wrong(of, map, "a row without signers must be required: true", err);
    return status;
}

static int read_all(struct vb_publishers *of, const struct vb_yaml_node *root, struct vb_error *err)
{
    static const char *const keys[] = {"version", "publishers", "revoked", "shipped_roots", NULL};
    int status = want_keys(of, root, keys, err);

    if (status < 0)
        return status;
    const struct vb_yaml_node *version = vb_yaml_get(root, "version");
    if (version == NULL || version->kind != VB_YAML_SCALAR || strcmp(version->text, "1") != 0)
        return wrong(of, version == NULL ? root : version,
                     "version: 1 is the only one that is understood", err);
    const struct vb_yaml_node *rows = vb_yaml_get(root, "publishers");
    status = make_room(of, rows, sizeof(*of->rows), (void **)&of->rows, err);
    for (size_t i = 0; status == VB_OK && rows != NULL && i < rows->count; i++) {
        of->row_count = i + 1;
        status = read_row(of, rows->items[i], &of->rows[i], err);
    }
    if (status == VB_OK)
        status =
            read_revoked(of, vb_yaml_get(root, "revoked"), &of->revoked, &of->revoked_count, err);
    bool ships = true;
    if (status == VB_OK)
        status = want_bool(of, root, "shipped_roots", &ships, err);
    of->no_shipped_roots = !ships;
    return status;
}

bool vb_publishers_ships(const struct vb_publishers *publishers)
{
    return publishers == NULL || !publishers->no_shipped_roots;
}

int vb_publishers_read(const char *path, const char *text, size_t len, struct vb_publishers **ret,
                       struct vb_error *err)
{
    VB_CLEANUP(free_ptr) struct vb_publishers *of = calloc(1, sizeof(*of));

    if (of != NULL)
        of->path = strdup(path);
    if (of == NULL || of->path == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for %s", path);
    int status = vb_yaml_parse(path, text, len, NULL, &of->yaml, err);
    if (status == VB_E_DATA) {
        if (err != NULL)
            err->status = VB_E_CONFIG;
        return VB_E_CONFIG;
    }
    if (status == VB_OK)
        status = read_all(of, vb_yaml_root(of->yaml), err);
    if (status < 0)
        return status;
    *ret = vb_steal(of);
    return VB_OK;
}

/* How many trusted roots are the user's own. */
static size_t own_roots(const struct vb_trust *trust)
{
    size_t own = 0;

    while (own < trust->trusted_root_count && trust->trusted_roots[own].as_of == 0)
        own++;
    return own;
}

static bool has_certificate(const struct vb_trust *trust, const char *name)
{
    bool found = false;

    for (size_t i = 0; !found && i < trust->root_count; i++)
        found = strcmp(trust->root_names[i], name) == 0;
    return found;
}

static bool has_instance(const struct vb_trust *trust, const char *name)
{
    bool found = false;

    for (size_t i = 0; !found && i < trust->trusted_root_count; i++)
        found = strcmp(trust->trusted_roots[i].name, name) == 0;
    return found;
}

/* Anybody who keeps an instance of Sigstore can name any issuer: with several it must be said whose
 * word is meant. */
static int check_root(const struct vb_publishers *of, const struct signer *signer,
                      const struct vb_trust *trust, struct vb_error *err)
{
    if (signer->identity == NULL)
        return VB_OK;
    if (signer->root == NULL && own_roots(trust) > 1)
        return vb_fail(err, VB_E_CONFIG, 0, "%s:%zu: with %zu trusted roots an identity needs root",
                       of->path, signer->line, own_roots(trust));
    if (signer->root != NULL && has_certificate(trust, signer->root) &&
        has_instance(trust, signer->root))
        return vb_fail(err, VB_E_CONFIG, 0,
                       "%s:%zu: a certificate and a trusted root are both called \"%.60s\"",
                       of->path, signer->line, signer->root);
    return VB_OK;
}

/* Identities of rows that name no root are of ROOT, which is OF's now. */
static void set_usual_root(struct vb_publishers *of, char *root)
{
    for (size_t i = 0; i < of->row_count; i++) {
        for (size_t k = 0; k < of->rows[i].signer_count; k++) {
            struct signer *signer = &of->rows[i].signers[k];
            if (signer->identity != NULL && signer->root == of->usual_root)
                signer->root = root;
        }
    }
    free(of->usual_root);
    of->usual_root = root;
}

/* A root that vetbox ships does not speak for an instance that the user meant. */
static int choose_root(struct vb_publishers *of, const struct vb_trust *trust, struct vb_error *err)
{
    if (trust->trusted_root_count == 0 || trust->trusted_roots[0].name == NULL)
        return VB_OK;
    char *root = strdup(trust->trusted_roots[0].name);
    if (root == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for %s", of->path);
    set_usual_root(of, root);
    return VB_OK;
}

static int check_roots(const struct vb_publishers *of, const struct vb_trust *trust,
                       struct vb_error *err)
{
    int status = VB_OK;

    for (size_t i = 0; status == VB_OK && i < of->row_count; i++) {
        for (size_t k = 0; status == VB_OK && k < of->rows[i].signer_count; k++)
            status = check_root(of, &of->rows[i].signers[k], trust, err);
    }
    return status;
}

/* A root that is not there would revoke nobody. */
static int check_revoked(const struct vb_publishers *of, const struct revoked *rows, size_t count,
                         const struct vb_trust *trust, struct vb_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct signer *signer = &rows[i].signer;
        if (signer->root != NULL && !has_certificate(trust, signer->root) &&
            (signer->identity == NULL || !has_instance(trust, signer->root)))
            return vb_fail(err, VB_E_CONFIG, 0, "%s:%zu: the folder has no root \"%.60s\"",
                           of->path, signer->line, signer->root);
    }
    return VB_OK;
}

int vb_publishers_hold(struct vb_publishers *publishers, const struct vb_trust *trust,
                       struct vb_error *err)
{
    if (publishers == NULL)
        return VB_OK;
    set_usual_root(publishers, NULL);
    int status = check_roots(publishers, trust, err);
    if (status == VB_OK)
        status = choose_root(publishers, trust, err);
    if (status == VB_OK)
        status =
            check_revoked(publishers, publishers->revoked, publishers->revoked_count, trust, err);
    for (size_t i = 0; status == VB_OK && i < publishers->row_count; i++)
        status = check_revoked(publishers, publishers->rows[i].revoked,
                               publishers->rows[i].revoked_count, trust, err);
    return status;
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
