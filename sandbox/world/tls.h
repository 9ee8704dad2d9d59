/* tls: the server's side of TLS (RFC 8446, RFC 5246) for any host, by certificates that are made
 * when a client names it. Bytes in, bytes out; it reads and writes no descriptor. */
#ifndef SANDBOX_WORLD_TLS_H
#define SANDBOX_WORLD_TLS_H

#include "sandbox/world/authority.h"

/* What all streams share. Secrets of sessions go to KEY_LOG (lines of NSS's key log format, with a
 * line feed), if that is not NULL. */
struct vb_tls_maker;
VB_CHECKED int vb_tls_maker_new(const struct vb_authority *authority, struct vb_buf *key_log,
                                struct vb_tls_maker **ret, struct vb_error *err);
void vb_tls_maker_free(struct vb_tls_maker *maker);

/* One stream. HOST (copied) is whom the certificate is for where the client names nobody. */
struct vb_tls;
VB_CHECKED int vb_tls_new(struct vb_tls_maker *maker, const char *host, struct vb_tls **ret,
                          struct vb_error *err);
void vb_tls_free(struct vb_tls *tls);

enum vb_tls_state {
    VB_TLS_GREETING, /* no session yet */
    VB_TLS_OPEN,
    VB_TLS_ENDED,   /* by the client */
    VB_TLS_REFUSED, /* the client does not want this certificate, or speaks no TLS */
    VB_TLS_BROKEN   /* by us, for what the client sends in its session */
};
enum vb_tls_state vb_tls_state(const struct vb_tls *tls);
bool vb_tls_was_open(const struct vb_tls *tls);
/* Takes LEN bytes from the wire. Appends what was in them to PLAIN, and what is to be sent to WIRE.
 */
VB_CHECKED int vb_tls_read(struct vb_tls *tls, const void *bytes, size_t len, struct vb_buf *plain,
                           struct vb_buf *wire, struct vb_error *err);
/* Appends LEN plain BYTES, enciphered, to WIRE. */
VB_CHECKED int vb_tls_write(struct vb_tls *tls, const void *bytes, size_t len, struct vb_buf *wire,
                            struct vb_error *err);
/* Says goodbye. */
VB_CHECKED int vb_tls_close(struct vb_tls *tls, struct vb_buf *wire, struct vb_error *err);

/* What the client said: the name it wants (""), the protocol that was agreed on by ALPN (""), the
 * version, and why it refused, if it did. They live as long as TLS. */
const char *vb_tls_name(const struct vb_tls *tls);
const char *vb_tls_alpn(const struct vb_tls *tls);
const char *vb_tls_version(const struct vb_tls *tls);
const char *vb_tls_refusal(const struct vb_tls *tls);
/* Whether the client said that it refused, rather than only left. */
bool vb_tls_said_no(const struct vb_tls *tls);

#endif
