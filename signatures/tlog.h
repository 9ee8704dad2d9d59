/* Entries of a transparency log (Rekor v1 and v2) and the proofs that they are in it. */
#ifndef VETBOX_SIGNATURES_TLOG_H
#define VETBOX_SIGNATURES_TLOG_H

#include "signatures/trusted_root.h"

enum {
    VB_SIG_ENTRIES_PER_BUNDLE = 8,
    VB_SIG_BODY_MAX = 4 * 1024 * 1024, /* bytes of an entry */
    VB_SIG_HASHES_MAX = 64,            /* of an inclusion proof */
    VB_SIG_HASH = 32,
    VB_SIG_CHECKPOINT_MAX = 64 * 1024 /* bytes */
};

/* Texts point into the bundle's JSON. */
struct vb_sig_entry {
    int64_t log_index;
    unsigned char log_id[VB_SIG_LOG_ID];
    struct vb_sig_bytes kind;
    struct vb_sig_bytes version;
    int64_t integrated_time; /* 0: none */
    unsigned char promise[VB_SIG_SIGNATURE_MAX];
    size_t promise_len; /* 0: none */
    bool has_proof;
    int64_t proof_index;
    int64_t tree_size;
    unsigned char root[VB_SIG_HASH];
    unsigned char hashes[VB_SIG_HASHES_MAX][VB_SIG_HASH];
    size_t hash_count;
    struct vb_sig_bytes checkpoint; /* empty: none */
    struct vb_sig_bytes body_text;  /* base64 */
    struct vb_buf body;
};
void vb_sig_entry_done(struct vb_sig_entry *entry); /* for VB_CLEANUP */

/* Fills RET, zeroed, from an item of tlogEntries. *ret_why says what is wrong with it (a constant
 * text), and is left alone otherwise; so below. */
VB_CHECKED int vb_sig_entry_parse(const json_t *json, struct vb_sig_entry *ret,
                                  const char **ret_why, struct vb_error *err);

/* Rekor v1's promise: LOG signed body, time, index. */
VB_CHECKED int vb_sig_entry_promise(const struct vb_sig_entry *entry, const struct vb_sig_log *log,
                                    const char **ret_why, struct vb_error *err);

/* The body is a leaf of the tree with that root (RFC 9162, 2.1.3.2). */
VB_CHECKED int vb_sig_entry_inclusion(const struct vb_sig_entry *entry, const char **ret_why,
                                      struct vb_error *err);

/* LOG signed that root (C2SP tlog-checkpoint, signed-note). */
VB_CHECKED int vb_sig_entry_checkpoint(const struct vb_sig_entry *entry,
                                       const struct vb_sig_log *log, const char **ret_why,
                                       struct vb_error *err);

#endif
