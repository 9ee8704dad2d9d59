/* DSSE envelopes (secure-systems-lab/dsse, protocol.md): what is signed is the encoding of payload
 * type and payload, and what is read is that very payload. */
#ifndef VETBOX_SIGNATURES_DSSE_H
#define VETBOX_SIGNATURES_DSSE_H

#include "signatures/json.h"

enum {
    VB_SIG_DSSE_PAYLOAD_MAX = 4 * 1024 * 1024, /* bytes */
    VB_SIG_DSSE_SIGNATURES_MAX = 8
};

struct vb_sig_dsse_signature {
    unsigned char data[VB_SIG_SIGNATURE_MAX];
    size_t len;
    struct vb_sig_bytes key_id; /* a hint of the envelope's; may be empty; points into the JSON */
};

struct vb_sig_dsse {
    struct vb_sig_bytes payload_type; /* points into the JSON */
    struct vb_buf payload;
    struct vb_sig_dsse_signature signatures[VB_SIG_DSSE_SIGNATURES_MAX];
    size_t signature_count; /* at least 1 */
};
void vb_sig_dsse_done(struct vb_sig_dsse *dsse); /* for VB_CLEANUP; RET may be zeroed */

/* Fills RET, zeroed, from ENVELOPE, which must outlive it. Where that is no envelope *ret_why says
 * why not (a constant text); it is left alone otherwise. */
VB_CHECKED int vb_sig_dsse_parse(const json_t *envelope, struct vb_sig_dsse *ret,
                                 const char **ret_why, struct vb_error *err);

/* The pre-authentication encoding, appended to RET. */
VB_CHECKED int vb_sig_dsse_pae(const struct vb_sig_dsse *dsse, struct vb_buf *ret,
                               struct vb_error *err);

/* Whether signature NUMBER is KEY's, with the digest that goes with the key. */
VB_CHECKED int vb_sig_dsse_check(const struct vb_sig_dsse *dsse, size_t number, EVP_PKEY *key,
                                 bool *ret_good, struct vb_error *err);

#endif
