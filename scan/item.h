/* One piece of bytes under examination: a file, or a layer decoded from it. */
#ifndef VETBOX_SCAN_ITEM_H
#define VETBOX_SCAN_ITEM_H

#include "vetbox/core.h"

enum { VB_SCAN_EXCERPT = 200 }; /* bytes of an excerpt in an event */

enum vb_item_kind {
    VB_ITEM_OTHER,  /* not text, or nothing known about it */
    VB_ITEM_PROSE,  /* read by people and models: Markdown, HTML, plain text */
    VB_ITEM_CODE,   /* executed: scripts and sources */
    VB_ITEM_CONFIG, /* JSON, YAML, TOML, … */
};

struct vb_item {
    const char *path;  /* as reported, with the prefix */
    const char *layer; /* "" for the file itself, else base64@120/gzip@0 */
    unsigned depth;    /* layers below the file */
    enum vb_item_kind kind;
    bool text;
    const unsigned char *data;
    size_t len;
    bool quoted; /* a view of a text that shows only what it talks of */
};

/* Sets kind and text from the other members. */
void vb_item_classify(struct vb_item *item);
const char *vb_item_kind_name(enum vb_item_kind kind);

/* True if the bytes read as text: no NUL or stray controls, mostly well-formed UTF-8. */
bool vb_bytes_are_text(const unsigned char *data, size_t len);

/* The excerpt around [OFFSET, OFFSET+LENGTH): its line, cut to VB_SCAN_EXCERPT bytes on character
 * boundaries. */
struct vb_str vb_item_excerpt(const struct vb_item *item, size_t offset, size_t length);

/* The 1-based line of OFFSET, 0 where the bytes are no text. */
size_t vb_item_line(const struct vb_item *item, size_t offset);

/* Emits a coverage event of stage "scan". DETAIL may be NULL. */
VB_CHECKED int vb_scan_coverage(struct vb_sink *sink, const char *path, const char *what,
                                const char *reason, const char *detail, struct vb_error *err);

#endif
