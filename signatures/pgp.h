/* OpenPGP's framing (RFC 9580): armor, packets, and what keys and signatures say of themselves.
 * None of it is believed: whether a signature holds gpgv says, which runs in a box. */
#ifndef VETBOX_SIGNATURES_PGP_H
#define VETBOX_SIGNATURES_PGP_H

#include "signatures/internal.h"

enum {
    VB_PGP_SIGNATURE = 2, /* packet types, section 5 */
    VB_PGP_SECRET_KEY = 5,
    VB_PGP_KEY = 6,
    VB_PGP_SECRET_SUBKEY = 7,
    VB_PGP_TRUST = 12,
    VB_PGP_USER = 13,
    VB_PGP_SUBKEY = 14,
    VB_PGP_USER_ATTRIBUTE = 17,
    VB_PGP_BINARY = 0x00, /* signature types, section 5.2.1 */
    VB_PGP_TEXT = 0x01,
    VB_PGP_CERTIFY_FIRST = 0x10,
    VB_PGP_CERTIFY_LAST = 0x13,
    VB_PGP_DIRECT_KEY = 0x1f,
    VB_PGP_REVOKE_KEY = 0x20,
    VB_PGP_FINGERPRINT = 20 /* bytes, of version 4 */
};

struct vb_pgp_packet {
    unsigned type;
    struct vb_sig_bytes whole; /* with its header */
    struct vb_sig_bytes body;
};
/* Takes one packet with a definite length off IN. */
bool vb_pgp_packet(struct vb_sig_bytes *in, struct vb_pgp_packet *ret);
/* The header in front of a packet of LEN bytes. Returns its length. */
size_t vb_pgp_header(unsigned type, size_t len, unsigned char ret[6]);

/* Takes one armored block of that LABEL off IN, whose first line is the block's. Returns NULL, or
 * what is wrong. A checksum, where there is one, must fit. */
const char *vb_pgp_dearmor(struct vb_sig_bytes *in, const char *label, unsigned char *ret,
                           size_t max, size_t *ret_len);
/* Whether the lines in front of the body of such a block, which nobody signed, have words of
 * anybody's choice. */
bool vb_pgp_has_words(struct vb_sig_bytes in);
/* Takes empty lines off IN. */
void vb_pgp_skip_blank(struct vb_sig_bytes *in);

struct vb_pgp_signature {
    unsigned version; /* the others are there for version 4 only */
    unsigned kind;
    unsigned key_algorithm;
    unsigned digest;
    int64_t created;     /* 0: it does not say */
    int64_t key_expires; /* seconds behind the key's creation; 0: never, or it does not say */
    struct vb_sig_bytes hashed; /* what is hashed of it behind what it is over */
    unsigned char left[2];      /* how that digest begins */
    bool has_fingerprint;
    unsigned char fingerprint[VB_PGP_FINGERPRINT]; /* of the key that made it, says itself */
    bool has_id;
    unsigned char id[8];
};
/* What the body of a signature packet says; false where it is malformed. */
bool vb_pgp_signature(struct vb_sig_bytes body, struct vb_pgp_signature *ret);
/* OpenSSL's name of SHA-256, SHA-384 or SHA-512; NULL for others. */
const char *vb_pgp_digest(unsigned digest);

/* A text that is signed and readable (section 7): takes its frame off IN up to the signature, and
 * writes what is signed to RET, with CRLF at the ends of all lines but the last. Returns NULL, or
 * what is wrong. */
const char *vb_pgp_cleartext(struct vb_sig_bytes *in, struct vb_buf *ret, int *ret_status,
                             struct vb_error *err);

/* The key of the trust folder, or its subkey, that SIGNATURE says it was made with, in *ret_made_by
 * as its fingerprint; NULL: none. */
const struct vb_trust_pgp *vb_pgp_find(const struct vb_trust *trust,
                                       const struct vb_pgp_signature *signature,
                                       const struct vb_trust_pgp_key **ret_made_by);

/* --- what gpgv is asked, and what it said --- */

struct vb_sig_gpgv {
    enum vb_verify_gpgv what;
    int fd; /* asked: where what is signed goes to; said: the answers */
    struct vb_sink *sink;
    size_t count;  /* of questions so far, or of answers */
    uint64_t used; /* bytes of what is signed */
    struct vb_gpgv_answer *answers;
};
VB_CHECKED int vb_sig_gpgv_init(struct vb_sig_gpgv *ret, const struct vb_verify_job *work,
                                struct vb_sink *sink, struct vb_error *err);
void vb_sig_gpgv_done(struct vb_sig_gpgv *gpgv); /* for VB_CLEANUP */

/* One signature and what it signs. */
struct vb_sig_question {
    struct vb_sig_bytes packet;      /* with a header of ours */
    const struct vb_sig_bytes *text; /* NULL: it is over the job's subject */
    int fd;                          /* of the subject */
    const struct vb_pgp_signature *signature;
    const struct vb_trust_pgp *owner; /* whose it claims to be */
    const struct vb_trust_pgp_key *made_by;
};
/* Asks, and leaves the outcome absent; or concludes by what gpgv said. */
VB_CHECKED int vb_sig_gpgv(const struct vb_sig_job *job, const struct vb_sig_question *question,
                           struct vb_sig_result *result, struct vb_error *err);

#endif
