/* Certificates, public keys in PEM and trusted roots of the trust folder. Trust boundary: the
 * user's own configuration; everything that is not understood is an error. */
#include "signatures/internal.h"

static void *grow(void *items, size_t count, size_t size)
{
    return reallocarray(items, count + 1, size);
}

static int no_memory(struct vb_error *err)
{
    return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
}

void vb_sig_trust_roots_done(struct vb_trust *trust)
{
    for (size_t i = 0; i < trust->pem_count; i++) {
        free(trust->pems[i].name);
        EVP_PKEY_free(trust->pems[i].key);
    }
    for (size_t i = 0; i < trust->root_count; i++)
        free(trust->root_names[i]);
    free(trust->pems);
    free(trust->root_names);
    vb_sig_certs_free(&trust->root_certs);
    for (size_t i = 0; i < trust->trusted_root_count; i++)
        vb_sig_trusted_root_done(&trust->trusted_roots[i]);
    free(trust->trusted_roots);
    vb_sig_authorities_done(&trust->clocks);
}

const char *vb_sig_trust_root_name(const struct vb_trust *trust, const X509 *cert)
{
    for (size_t i = 0; i < trust->root_count; i++) {
        if (sk_X509_value(trust->root_certs, (int)i) == cert)
            return trust->root_names[i];
    }
    return "";
}

/* --- keys --- */

int vb_sig_trust_pem_key(struct vb_trust *trust, const char *path, const char *name,
                         struct vb_sig_bytes text, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = NULL;
    struct vb_trust_pem pem = {0};

    int status = vb_sig_key_pem(text, &key, err);
    if (status == 0 && key == NULL)
        return vb_fail(err, VB_E_CONFIG, 0,
                       "%s: not one public key in PEM of a kind that is checked: Ed25519, ECDSA on "
                       "P-256, P-384 or P-521, RSA of 2048 to 8192 bits",
                       path);
    if (status == 0)
        status = vb_sig_key_id(key, pem.id, err);
    if (status < 0)
        return status;
    struct vb_trust_pem *grown = grow(trust->pems, trust->pem_count, sizeof(*grown));
    if (grown == NULL)
        return no_memory(err);
    trust->pems = grown;
    pem.name = strdup(name);
    if (pem.name == NULL)
        return no_memory(err);
    pem.key = vb_steal(key);
    trust->pems[trust->pem_count++] = pem;
    return 0;
}

/* --- certificates --- */

static int add_cert(struct vb_trust *trust, const char *name, X509 **cert, struct vb_error *err)
{
    char **names = grow(trust->root_names, trust->root_count, sizeof(*names));

    if (names == NULL)
        return no_memory(err);
    trust->root_names = names;
    if (trust->root_certs == NULL)
        trust->root_certs = sk_X509_new_null();
    VB_CLEANUP_FREE char *copy = strdup(name);
    if (copy == NULL || trust->root_certs == NULL || sk_X509_push(trust->root_certs, *cert) <= 0)
        return no_memory(err);
    *cert = NULL;
    trust->root_names[trust->root_count++] = vb_steal(copy);
    return 0;
}

int vb_sig_trust_der(struct vb_trust *trust, const char *path, const char *name,
                     struct vb_sig_bytes der, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_cert_free) X509 *cert = NULL;

    const int status = vb_sig_cert(der, &cert, err);
    if (status == 0 && cert == NULL)
        return vb_fail(err, VB_E_CONFIG, 0, "%s: no certificate", path);
    return status < 0 ? status : add_cert(trust, name, &cert, err);
}

/* Blank lines and lines with # between the blocks. */
static bool skip_comments(struct vb_sig_bytes *text)
{
    struct vb_sig_bytes rest = *text;
    struct vb_sig_bytes line;

    while (vb_sig_get_line(&rest, &line) && (line.len == 0 || line.data[0] == '#'))
        *text = rest;
    return text->len > 0;
}

int vb_sig_trust_certs(struct vb_trust *trust, const char *path, const char *name,
                       struct vb_sig_bytes text, struct vb_error *err)
{
    unsigned char der[VB_SIG_CERT_MAX];
    size_t count = 0;

    while (skip_comments(&text)) {
        VB_CLEANUP(vb_sig_cert_free) X509 *cert = NULL;
        size_t len;
        int status = 0;
        if (vb_sig_pem(&text, "CERTIFICATE", der, sizeof(der), &len))
            status = vb_sig_cert((struct vb_sig_bytes){.data = der, .len = len}, &cert, err);
        if (status == 0 && cert == NULL)
            return vb_fail(err, VB_E_CONFIG, 0, "%s: certificate %zu is none in PEM", path,
                           count + 1);
        if (status == 0)
            status = add_cert(trust, name, &cert, err);
        if (status < 0)
            return status;
        count++;
    }
    return count > 0 ? 0 : vb_fail(err, VB_E_CONFIG, 0, "%s: no certificate in PEM", path);
}

/* --- clocks --- */

static void trust_free(struct vb_trust **trust)
{
    vb_trust_free(*trust);
}

/* One that is believed as long as its own dates say. */
static int add_clock(struct vb_trust *trust, X509 *cert, struct vb_error *err)
{
    struct vb_sig_authorities *clocks = &trust->clocks;
    struct vb_sig_authority clock = {.period = {INT64_MIN, INT64_MAX}};
    struct vb_sig_authority *grown = grow(clocks->items, clocks->count, sizeof(*grown));

    if (grown == NULL)
        return no_memory(err);
    clocks->items = grown;
    clock.chain = sk_X509_new_null();
    if (clock.chain == NULL || X509_up_ref(cert) != 1 || sk_X509_push(clock.chain, cert) <= 0) {
        vb_sig_certs_free(&clock.chain);
        return no_memory(err);
    }
    clock.anchors = X509_chain_up_ref(clock.chain);
    clocks->items[clocks->count++] = clock;
    return clock.anchors != NULL ? 0 : no_memory(err);
}

int vb_sig_trust_clocks(struct vb_trust *trust, const char *path, const char *name,
                        struct vb_sig_bytes text, struct vb_error *err)
{
    VB_CLEANUP(trust_free) struct vb_trust *read = calloc(1, sizeof(*read));

    if (read == NULL)
        return no_memory(err);
    int status = vb_sig_trust_x509(read, path, name, text, err);
    if (status == 0 && read->root_count == 0)
        return vb_fail(err, VB_E_CONFIG, 0, "%s: a clock needs a certificate, not a key", path);
    for (size_t i = 0; status == 0 && i < read->root_count; i++)
        status = add_clock(trust, sk_X509_value(read->root_certs, (int)i), err);
    return status;
}

/* --- trusted roots --- */

/* The user's own stand before those that vetbox ships. */
static void insert_root(struct vb_trust *trust, const struct vb_sig_trusted_root *root)
{
    size_t at = trust->trusted_root_count++;

    for (; root->as_of == 0 && at > 0 && trust->trusted_roots[at - 1].as_of != 0; at--)
        trust->trusted_roots[at] = trust->trusted_roots[at - 1];
    trust->trusted_roots[at] = *root;
}

/* Each stays apart: whoever keeps one instance says nothing about another. */
int vb_sig_trust_root(struct vb_trust *trust, const char *path, const struct vb_sig_root_text *what,
                      struct vb_error *err)
{
    const char *name = what->name;
    VB_CLEANUP(vb_sig_trusted_root_done) struct vb_sig_trusted_root root = {0};

    for (size_t i = 0; i < trust->trusted_root_count; i++) {
        if (strcmp(trust->trusted_roots[i].name, name) == 0)
            return vb_fail(err, VB_E_CONFIG, 0, "%s: another trusted root is called %s too", path,
                           name);
    }
    const int status = vb_sig_trusted_root(what->text, path, &root, err);
    if (status < 0)
        return status;
    root.name = strdup(name);
    root.as_of = what->as_of;
    struct vb_sig_trusted_root *grown =
        grow(trust->trusted_roots, trust->trusted_root_count, sizeof(*grown));
    if (grown != NULL)
        trust->trusted_roots = grown;
    if (root.name == NULL || grown == NULL)
        return no_memory(err);
    insert_root(trust, &root);
    root = (struct vb_sig_trusted_root){0}; /* it has moved */
    return 0;
}

int vb_sig_trust_sigstore(struct vb_trust *trust, const char *path, const char *name,
                          struct vb_sig_bytes text, struct vb_error *err)
{
    return vb_sig_trust_root(trust, path, &(struct vb_sig_root_text){name, text, 0}, err);
}
