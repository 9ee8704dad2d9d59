/* Keys and certificates of X.509 in the trust folder. Trust boundary: the user's own files; what is
 * not understood is an error. */
#include "signatures/internal.h"

#include <openssl/x509.h>

enum { CERT_MAX = 64 * 1024, CERTS_MAX = 1024 };

static int no_memory(struct vb_error *err)
{
    return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
}

static int add_public(struct vb_trust *trust, const char *path, const char *name,
                      struct vb_sig_bytes text, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = NULL;
    struct vb_trust_pem *grown = reallocarray(trust->pems, trust->pem_count + 1, sizeof(*grown));

    if (grown == NULL)
        return no_memory(err);
    trust->pems = grown;
    struct vb_trust_pem *row = &grown[trust->pem_count];
    *row = (struct vb_trust_pem){0};
    int status = vb_sig_key_pem(text, &key, err);
    if (status == 0 && key == NULL)
        return vb_fail(err, VB_E_CONFIG, 0,
                       "%s: no public key that vetbox can use: Ed25519, ECDSA on P-256, P-384 or "
                       "P-521, or RSA of 2048 to 8192 bits, and nothing else in the file",
                       path);
    if (status == 0)
        status = vb_sig_key_id(key, row->id, err);
    if (status < 0)
        return status;
    row->name = strdup(name);
    if (row->name == NULL)
        return no_memory(err);
    row->key = vb_steal(key);
    trust->pem_count++;
    return 0;
}

static int add_root(struct vb_trust *trust, const char *path, const char *name,
                    struct vb_sig_bytes der, struct vb_error *err)
{
    const unsigned char *at = der.data;
    struct vb_trust_root *grown = reallocarray(trust->roots, trust->root_count + 1, sizeof(*grown));

    if (grown == NULL)
        return no_memory(err);
    trust->roots = grown;
    struct vb_trust_root *row = &grown[trust->root_count];
    *row = (struct vb_trust_root){.cert = d2i_X509(NULL, &at, (long)der.len)};
    row->name = strdup(name);
    trust->root_count++;
    if (row->name == NULL)
        return no_memory(err);
    if (row->cert == NULL || at != der.data + der.len)
        return vb_fail(err, VB_E_CONFIG, 0, "%s: no certificate", path);
    return 0;
}

/* Takes a certificate in PEM off IN. Text between certificates, as tools write it, is skipped.
 * Returns false at the end, with IN empty if all of it was understood. */
static bool next_pem(struct vb_sig_bytes *in, unsigned char *der, size_t *ret_len)
{
    struct vb_sig_bytes line, rest = *in;

    while (vb_sig_get_line(&rest, &line)) {
        if (!vb_sig_skip(&line, "-----BEGIN ")) {
            *in = rest;
            continue;
        }
        return vb_sig_pem(in, "CERTIFICATE", der, CERT_MAX, ret_len);
    }
    return false;
}

static int add_pem_roots(struct vb_trust *trust, const char *path, const char *name,
                         struct vb_sig_bytes text, struct vb_error *err)
{
    VB_CLEANUP_FREE unsigned char *der = malloc(CERT_MAX);
    size_t count = 0, len = 0;
    int status = 0;

    if (der == NULL)
        return no_memory(err);
    while (status == 0 && next_pem(&text, der, &len)) {
        if (++count > CERTS_MAX)
            return vb_fail(err, VB_E_CONFIG, 0, "%s: more than %d certificates", path, CERTS_MAX);
        status = add_root(trust, path, name, (struct vb_sig_bytes){der, len}, err);
    }
    if (status == 0 && (text.len != 0 || count == 0))
        return vb_fail(err, VB_E_CONFIG, 0, "%s: neither a public key nor certificates", path);
    return status;
}

int vb_sig_trust_x509(struct vb_trust *trust, const char *path, const char *name,
                      struct vb_sig_bytes text, struct vb_error *err)
{
    struct vb_sig_bytes rest = text;

    if (vb_sig_skip(&rest, "-----BEGIN PUBLIC KEY-----"))
        return add_public(trust, path, name, text, err);
    /* A SEQUENCE with a length of two bytes: every certificate's DER. */
    if (vb_sig_skip(&rest, "\x30\x82"))
        return add_root(trust, path, name, text, err);
    return add_pem_roots(trust, path, name, text, err);
}
