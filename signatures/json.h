/* Typed members of JSON that nobody trusts. Each getter returns false where the member is missing
 * or of any other form: what has two readings is refused. */
#ifndef VETBOX_SIGNATURES_JSON_H
#define VETBOX_SIGNATURES_JSON_H

#include "signatures/wire.h"

/* Parses all of TEXT, an object, strictly (vb_json_parse). Leaves *ret NULL and returns 0 where it
 * is no such JSON or larger than MAX bytes; WHY then says what is wrong. */
VB_CHECKED int vb_sig_json_parse(struct vb_sig_bytes text, size_t max, json_t **ret, char *why,
                                 size_t why_size, struct vb_error *err);

/* NULL where the member is missing or no object, no array of at most MAX items. */
const json_t *vb_sig_json_object(const json_t *parent, const char *key);
const json_t *vb_sig_json_array(const json_t *parent, const char *key, size_t max);

/* Whether there is such a member, and it is not null. */
bool vb_sig_json_has(const json_t *parent, const char *key);

/* A string without NUL; RET points into PARENT. */
bool vb_sig_json_text(const json_t *parent, const char *key, struct vb_sig_bytes *ret);
bool vb_sig_json_is(const json_t *parent, const char *key, const char *text);

/* Strict base64 of at most MAX bytes. */
bool vb_sig_json_base64(const json_t *parent, const char *key, unsigned char *ret, size_t max,
                        size_t *ret_len);
/* Exactly LEN bytes, in base64 or in hex of either case. */
bool vb_sig_json_base64_exact(const json_t *parent, const char *key, unsigned char *ret,
                              size_t len);
bool vb_sig_json_hex_exact(const json_t *parent, const char *key, unsigned char *ret, size_t len);
/* Strict base64 of any length up to RET's maximum; appended. *ret_good is the answer. */
VB_CHECKED int vb_sig_json_decode(const json_t *parent, const char *key, struct vb_buf *ret,
                                  bool *ret_good, struct vb_error *err);

/* A number, or as protobuf writes an int64 the decimal digits in a string. */
bool vb_sig_json_int(const json_t *parent, const char *key, int64_t *ret);
bool vb_sig_json_bool(const json_t *parent, const char *key, bool *ret);

/* Strict base64 appended to RET; *ret_good is false where TEXT is not that or too long. */
VB_CHECKED int vb_sig_base64_append(struct vb_sig_bytes text, struct vb_buf *ret, bool *ret_good,
                                    struct vb_error *err);
bool vb_sig_unhex(struct vb_sig_bytes text, unsigned char *ret, size_t len);

#endif
