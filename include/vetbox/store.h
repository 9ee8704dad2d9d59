/* store: verdicts, the evidence for them, what waits to be vetted, and what people decided. The
 * only user of SQLite and libpq. See docs/adr/0020. */
#ifndef VETBOX_STORE_H
#define VETBOX_STORE_H

#include "vetbox/core.h"

struct vb_store;

/* PLACE is a folder, or postgresql://…. CREATE: it is made where it is not there. A store of an
 * older version is brought up to date; one of a newer is VB_E_CONFIG. */
VB_CHECKED int vb_store_open(const char *place, bool create, struct vb_store **ret,
                             struct vb_error *err);
void vb_store_close(struct vb_store *store);

/* What a verdict depends on besides the package: names, versions, digests. */
struct vb_store_conditions {
    const char *mode; /* vet, scan */
    const char *engine, *rules, *policy, *trust, *rootfs, *network;
};
/* Their digest, by which outcomes name them; the store knows them from now on. */
VB_CHECKED int vb_store_conditions(struct vb_store *store,
                                   const struct vb_store_conditions *conditions,
                                   char ret[VB_SHA256_HEX], struct vb_error *err);

enum vb_store_kind {
    VB_STORE_ALLOW,
    VB_STORE_REVIEW,
    VB_STORE_BLOCK,
    VB_STORE_ERROR,
    VB_STORE_NOT_VETTED /* it cannot be, here: REASON says why */
};
const char *vb_store_kind_name(enum vb_store_kind kind);

struct vb_store_finding {
    const char *id, *severity, *confidence, *decision, *place;
};
struct vb_store_contact {
    const char *host;
    bool disclosed;
};

/* How one package ended. */
struct vb_store_outcome {
    const char *content;    /* its digest */
    const char *conditions; /* of vb_store_conditions */
    enum vb_store_kind kind;
    const char *reason;
    const char *package, *publisher; /* "": unknown */
    unsigned tries;
    uint64_t begun_ns, ended_ns; /* since 1970 */
    struct vb_str report, log;   /* evidence; empty: none is kept */
    const struct vb_store_finding *findings;
    size_t finding_count;
    const struct vb_store_contact *contacts;
    size_t contact_count;
};
/* Keeps all of it or nothing. *RET_NEW is false where one for the content and conditions was there
 * already: that one stays. */
VB_CHECKED int vb_store_add(struct vb_store *store, const struct vb_store_outcome *outcome,
                            bool *ret_new, struct vb_error *err);

/* What is known of an outcome without its evidence; texts last until the function returns. */
struct vb_store_row {
    int64_t number;
    const char *content, *conditions, *kind, *reason, *package, *publisher, *report, *log;
    uint64_t begun_ns, ended_ns;
    unsigned tries;
};
typedef int vb_store_each(void *ctx, const struct vb_store_row *row, struct vb_error *err);
/* The one for CONTENT and CONDITIONS, if it is there. */
VB_CHECKED int vb_store_find(struct vb_store *store, const char *content, const char *conditions,
                             vb_store_each *each, void *ctx, struct vb_error *err);
/* Appends to RET the evidence called DIGEST. */
VB_CHECKED int vb_store_evidence(struct vb_store *store, const char *digest, struct vb_buf *ret,
                                 struct vb_error *err);

#endif
