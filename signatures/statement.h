/* in-toto statements (in-toto/attestation, spec/v1): what somebody says about files, which are
 * named by their digests. */
#ifndef VETBOX_SIGNATURES_STATEMENT_H
#define VETBOX_SIGNATURES_STATEMENT_H

#include "signatures/artifact.h"
#include "signatures/dsse.h"

#define VB_SIG_IN_TOTO "application/vnd.in-toto+json"

enum { VB_SIG_SUBJECTS_MAX = 64 * 1024 };

/* Everything points into JSON. */
struct vb_sig_statement {
    json_t *json;
    const json_t *subjects; /* at least one */
    struct vb_sig_bytes predicate_type;
    const json_t *predicate; /* NULL: none */
};
void vb_sig_statement_done(struct vb_sig_statement *statement); /* for VB_CLEANUP */

/* Reads the payload of DSSE, whose signature was verified before. Where it is no statement WHY says
 * why not; it is left alone otherwise. */
VB_CHECKED int vb_sig_statement(const struct vb_sig_dsse *dsse, struct vb_sig_statement *ret,
                                char *why, size_t why_size, struct vb_error *err);

/* Whether whoever signs a statement of this predicateType stands behind its subjects. Reports,
 * scans and lists of parts only tell something of them. */
bool vb_sig_statement_endorses(const struct vb_sig_statement *statement);

/* Whether ARTIFACT is among the subjects: every digest of an algorithm that we know fits, and there
 * is one. */
VB_CHECKED int vb_sig_statement_covers(const struct vb_sig_statement *statement,
                                       struct vb_sig_artifact *artifact, bool *ret,
                                       struct vb_error *err);

#endif
