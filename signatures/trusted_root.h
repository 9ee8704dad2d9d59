/* Sigstore's trusted_root.json: whose certificates, logs and clocks the user believes, and when. */
#ifndef VETBOX_SIGNATURES_TRUSTED_ROOT_H
#define VETBOX_SIGNATURES_TRUSTED_ROOT_H

#include "signatures/x509.h"

enum { VB_SIG_ROOT_MAX = 4 * 1024 * 1024 /* bytes of the file */, VB_SIG_LOG_ID = 32 /* bytes */ };

/* Seconds since 1970, both inclusive. */
struct vb_sig_period {
    int64_t start;
    int64_t end; /* INT64_MAX: open */
};
bool vb_sig_within(const struct vb_sig_period *period, int64_t time);

struct vb_sig_log {
    unsigned char id[VB_SIG_LOG_ID];
    EVP_PKEY *key; /* NULL: of a kind that is not checked; the log is then as good as unknown */
    struct vb_sig_period period;
};

struct vb_sig_authority {
    STACK_OF(X509) * chain; /* the last is the root */
    /* The same without the root where there are more: the user's own file vouches for them, so
     * that a chain may end there and the root's signature is not computed each time. */
    STACK_OF(X509) * anchors;
    struct vb_sig_period period;
};

/* A list of either. */
struct vb_sig_logs {
    struct vb_sig_log *items;
    size_t count;
};
struct vb_sig_authorities {
    struct vb_sig_authority *items;
    size_t count;
};

struct vb_sig_trusted_root {
    char *name;    /* the file's, which rows of trust.yaml mean; NULL where nobody gave it one */
    int64_t as_of; /* one that vetbox ships: when it was still the newest; 0: the user's own */
    struct vb_sig_logs tlogs;
    struct vb_sig_logs ctlogs;
    struct vb_sig_authorities cas;
    struct vb_sig_authorities tsas;
};

/* TEXT is the user's own file, so whatever is not understood is VB_E_CONFIG; PATH is for messages.
 */
VB_CHECKED int vb_sig_trusted_root(struct vb_sig_bytes text, const char *path,
                                   struct vb_sig_trusted_root *ret, struct vb_error *err);
void vb_sig_authorities_done(struct vb_sig_authorities *authorities);
void vb_sig_trusted_root_done(struct vb_sig_trusted_root *root); /* for VB_CLEANUP */

/* NULL where there is none with that id and a key. */
const struct vb_sig_log *vb_sig_log_find(const struct vb_sig_logs *logs,
                                         const unsigned char id[VB_SIG_LOG_ID]);

/* RFC 3339, as protobuf writes it. A fraction of a second is dropped at the end of a period and
 * counts as a whole one at its start. */
bool vb_sig_rfc3339(struct vb_sig_bytes text, bool round_up, int64_t *ret);

#endif
