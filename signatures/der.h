/* A cursor over DER (ITU-T X.690) for the few structures that are read without OpenSSL: keys,
 * names of certificates, their extensions. */
#ifndef VETBOX_SIGNATURES_DER_H
#define VETBOX_SIGNATURES_DER_H

#include "signatures/crypto.h"

enum {
    VB_SIG_DER_INTEGER = 0x02,
    VB_SIG_DER_BITS = 0x03,
    VB_SIG_DER_OCTETS = 0x04,
    VB_SIG_DER_NULL = 0x05,
    VB_SIG_DER_OID = 0x06,
    VB_SIG_DER_UTF8 = 0x0c,
    VB_SIG_DER_SEQUENCE = 0x30
};

/* Takes the next element off IN, which must have TAG, and a length in its shortest form; RET is
 * its content. Returns false where it is anything else. */
bool vb_sig_der_get(struct vb_sig_bytes *in, unsigned char tag, struct vb_sig_bytes *ret);

/* The same for an element that must be all of BYTES. */
bool vb_sig_der_whole(struct vb_sig_bytes bytes, unsigned char tag, struct vb_sig_bytes *ret);

/* Takes the next element off IN, whatever it is; RET is all of it, its head included. */
bool vb_sig_der_any(struct vb_sig_bytes *in, unsigned char *ret_tag, struct vb_sig_bytes *ret);

/* A positive INTEGER in its shortest form; RET excludes the sign byte. */
bool vb_sig_der_positive(struct vb_sig_bytes *in, struct vb_sig_bytes *ret);

#endif
