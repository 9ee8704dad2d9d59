/* Cursors over bytes that nobody trusts: SSH wire fields and lines of text. */
#ifndef VETBOX_SIGNATURES_WIRE_H
#define VETBOX_SIGNATURES_WIRE_H

#include "signatures/crypto.h"

/* RFC 4251 section 5. Each returns false where the bytes end too early or are not of that form;
 * the cursor is then of no more use. */
bool vb_sig_get_u32(struct vb_sig_bytes *in, uint32_t *ret);
bool vb_sig_get_string(struct vb_sig_bytes *in, struct vb_sig_bytes *ret);
/* NUMBER is positive, big-endian and without superfluous zeros, in two's complement, as SSH and DER
 * write it; RET excludes the sign byte. */
bool vb_sig_positive(struct vb_sig_bytes number, struct vb_sig_bytes *ret);
/* A positive mpint without superfluous zeros; RET excludes the sign byte. */
bool vb_sig_get_mpint(struct vb_sig_bytes *in, struct vb_sig_bytes *ret);

/* Takes the next line (without its LF or CRLF) off IN; false at the end. */
bool vb_sig_get_line(struct vb_sig_bytes *in, struct vb_sig_bytes *ret);

bool vb_sig_equals(struct vb_sig_bytes bytes, const char *text);
/* If BYTES begin with PREFIX, takes it off. */
bool vb_sig_skip(struct vb_sig_bytes *bytes, const char *prefix);

/* Strict RFC 4648 section 4: padding required, unused bits zero, no other characters; with
 * NEWLINES, LF and CRLF may stand anywhere between. Returns false where it is not that or is
 * longer than MAX bytes. */
bool vb_sig_base64(struct vb_sig_bytes text, bool newlines, unsigned char *ret, size_t max,
                   size_t *ret_len);

/* Takes one PEM block (RFC 7468) of that LABEL off IN: its first line is the block's, nothing but
 * base64 stands between the lines with the label. */
bool vb_sig_pem(struct vb_sig_bytes *in, const char *label, unsigned char *ret, size_t max,
                size_t *ret_len);

#endif
