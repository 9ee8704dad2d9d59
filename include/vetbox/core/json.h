/* JSON (RFC 8259): strict reading by jansson, streaming writing of our own, so that a report
 * never stands in memory whole. */
#ifndef VETBOX_CORE_JSON_H
#define VETBOX_CORE_JSON_H

#include <jansson.h>

#include "vetbox/core/buf.h"

enum { VB_JSON_MAX_DEPTH = 64 };

/* Parses one JSON text of at most MAX bytes: duplicate keys, trailing bytes, more than
 * VB_JSON_MAX_DEPTH levels and ill-formed UTF-8 are VB_E_DATA. *ret is owned by the caller
 * (json_decref). */
VB_CHECKED int vb_json_parse(const char *text, size_t len, size_t max, json_t **ret,
                             struct vb_error *err);

/* For VB_CLEANUP: json_decref(*JSON). */
void vb_json_free(json_t **json);

/* Streaming writer. Errors stick: check vb_json_finish. Commas and indentation are its own. */
struct vb_json_out {
    int (*write)(void *ctx, const void *data, size_t len, struct vb_error *err);
    void *ctx;
    struct vb_error *err;
    int status; /* first failure */
    unsigned depth;
    bool first[VB_JSON_MAX_DEPTH];
    bool after_key;
    bool pretty;    /* two spaces a level, for people */
    size_t pending; /* bytes gathered in buffer */
    char buffer[4096];
};

void vb_json_out_buf(struct vb_json_out *out, struct vb_buf *buf, bool pretty,
                     struct vb_error *err);
void vb_json_out_fd(struct vb_json_out *out, int *fd, bool pretty, struct vb_error *err);

void vb_json_begin_object(struct vb_json_out *out);
void vb_json_end_object(struct vb_json_out *out);
void vb_json_begin_array(struct vb_json_out *out);
void vb_json_end_array(struct vb_json_out *out);
void vb_json_key(struct vb_json_out *out, const char *key);
void vb_json_int(struct vb_json_out *out, int64_t value);
void vb_json_uint(struct vb_json_out *out, uint64_t value);
void vb_json_bool(struct vb_json_out *out, bool value);
void vb_json_null(struct vb_json_out *out);
/* A string; bytes that are not UTF-8 become {"base64": "…"}, so that nothing is lost. */
void vb_json_bytes(struct vb_json_out *out, const void *text, size_t len);
void vb_json_str(struct vb_json_out *out, const char *text);
/* key and value in one; NULL text writes nothing at all. */
void vb_json_member_str(struct vb_json_out *out, const char *key, const char *text);
void vb_json_member_int(struct vb_json_out *out, const char *key, int64_t value);
void vb_json_member_bool(struct vb_json_out *out, const char *key, bool value);
VB_CHECKED int vb_json_finish(struct vb_json_out *out);

#endif
