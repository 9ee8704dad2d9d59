/* template: turns a row's text into a bait's content.
 *
 *   %{home} %{user} %{mail}   who lives here
 *   %{org} %{domain} %{profile}  the company, its domain and a Firefox profile: one a run
 *   %{b62:N} %{b64:N} %{b64u:N} %{b32:N} %{hex:N} %{HEX:N} %{dig:N} %{low:N} %{abc:N}
 *                             N random characters of that alphabet
 *   %{bytes:N}                N random bytes, none of them NUL
 *   %{ints:N}                 N random bytes as decimal numbers with commas
 *   %{uuid}                   a version 4 UUID
 *   %{crc:N}                  CRC-32 of the last N characters in base62, six characters: the
 * checksum of GitHub's and npm's tokens
 *   %{account:NAME} %{akid:NAME}  an AWS account of the run, and what follows AKIA in a key id of
 * it
 *   %{macaroon}               what a token of PyPI says, between its place and its signature
 *   %{extended:KIND}          an extended key of a wallet with its checksum: zprv or zpub
 *   %{ether}                  the address of the run's Ethereum wallet
 *   %{moment:FORM:DAYS}       so many days from today: iso, s or ms
 *   %{ssh:TYPE} %{sshpub:TYPE}  a private or public OpenSSH key: ed25519 or rsa
 *   %{mnemonic}               twelve words of BIP-39 whose checksum holds
 *   %{github_token} …         a service's own form: the table in template.c, docs/baits.md
 *   %(…%) %[…%]               base64 with padding, base64url without, of what stands between
 *   %<…%>                     what stands between is the bait's secret
 *   %%                        a per cent sign
 */
#ifndef SANDBOX_BAIT_TEMPLATE_H
#define SANDBOX_BAIT_TEMPLATE_H

#include "sandbox/bait/stream.h"

struct vb_template {
    struct vb_stream stream;
    const char *home;
    bool json; /* ' in the text stands for " */
    struct vb_buf out;
    struct vb_buf secret; /* filled by %<…%> and %{ssh:…} */
    size_t fixed;         /* where the last text that every run has ends in out: see FIXED_MIN */
    size_t secret_fixed;  /* how much of the secret's beginning every run has */
};

void vb_template_init(struct vb_template *t, const unsigned char seed[VB_SEED_BYTES],
                      const char *id, const char *home);
void vb_template_done(struct vb_template *t);
VB_CHECKED int vb_template_expand(struct vb_template *t, const char *text, struct vb_error *err);

/* For formed.c: a UUID; and what was written since START becomes its base64. */
VB_CHECKED int vb_template_uuid(struct vb_template *t, struct vb_error *err);
VB_CHECKED int vb_template_base64(struct vb_template *t, size_t start, bool url,
                                  struct vb_error *err);

/* formed.c: what the placeholders above say. */
VB_CHECKED int vb_formed_account(struct vb_template *t, const char *owner, struct vb_error *err);
VB_CHECKED int vb_formed_key_id(struct vb_template *t, const char *owner, struct vb_error *err);
VB_CHECKED int vb_formed_macaroon(struct vb_template *t, const char *arg, struct vb_error *err);
VB_CHECKED int vb_formed_extended(struct vb_template *t, const char *kind, struct vb_error *err);
VB_CHECKED int vb_formed_address(struct vb_template *t, const char *arg, struct vb_error *err);
VB_CHECKED int vb_formed_moment(struct vb_template *t, const char *arg, struct vb_error *err);

/* sshkey.c: appends the key (its private half in PEM lines, or one public line) made from SEED. The
 * same seed and type give the same pair. A private key's secret is the part of one line that holds
 * private bytes. */
VB_CHECKED int vb_ssh_private(const char *type, struct vb_template *t, struct vb_error *err);
VB_CHECKED int vb_ssh_public(const char *type, struct vb_template *t, struct vb_error *err);

/* mnemonic.c: appends twelve words of BIP-39, the last with their checksum. */
VB_CHECKED int vb_mnemonic_write(struct vb_template *t, struct vb_error *err);

/* sqlite.c: appends a SQLite database with one table. SPEC is the table's name, its CREATE
 * statement (without an index: none is written) and then one field after the other, each ended by
 * \x1f; \x1e ends a row. A field that begins with # is an integer, with ! a blob; ~ is NULL. */
VB_CHECKED int vb_sqlite_write(const void *spec, size_t len, struct vb_buf *out,
                               struct vb_error *err);

#endif
