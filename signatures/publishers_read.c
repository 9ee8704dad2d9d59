/* Reading trust.yaml. Trust boundary: the file is the user's own and read strictly, so that a slip
 * of the pen never trusts anybody. */
#include "signatures/publishers_internal.h"

static const int64_t day_seconds = 86400;

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

/* --- against the trusted roots --- */

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
