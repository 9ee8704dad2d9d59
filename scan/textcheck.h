/* Text that a person and a machine read differently. */
#ifndef VETBOX_SCAN_TEXTCHECK_H
#define VETBOX_SCAN_TEXTCHECK_H

#include "scan/fence.h"
#include "scan/item.h"
#include "scan/phrases.h"

enum vb_text_code {
#define VB_TEXT_CODE(id, code, severity, doc) VB_TEXT_##id,
#include "scan/textcheck.def"
#undef VB_TEXT_CODE
    VB_TEXT_CODE_COUNT
};

const char *vb_text_code_name(enum vb_text_code code);
const char *vb_text_code_severity(enum vb_text_code code); /* the hint of textcheck.def */

enum { VB_TEXT_FINDINGS = 5 /* kept of one code and item */, VB_TEXT_DETAIL = 480 };

struct vb_text_finding {
    size_t offset;
    size_t length;
    char detail[VB_TEXT_DETAIL]; /* printable, for people */
};

struct vb_text_list {
    struct vb_text_finding items[VB_TEXT_FINDINGS];
    size_t total; /* found, of which the first VB_TEXT_FINDINGS are kept */
};

/* One run of the checks over one item. */
struct vb_textcheck {
    const struct vb_phrases *phrases;
    const struct vb_item *item;
    struct vb_text_list lists[VB_TEXT_CODE_COUNT];
    struct vb_fence fence; /* at the line that begins at FENCE_AT */
    size_t fence_at;
    size_t fence_comment; /* the end of the last comment that began a line before that */
};

/* Checks a text item and emits scan.text: at most VB_TEXT_FINDINGS events a code, each with the
 * number of all in COUNT. */
VB_CHECKED int vb_textcheck(const struct vb_phrases *phrases, const struct vb_item *item,
                            struct vb_sink *sink, struct vb_error *err);
/* Checks the name of a file. */
VB_CHECKED int vb_textcheck_path(const char *path, struct vb_sink *sink, struct vb_error *err);

/* --- inside the scan room --- */

/* Notes one finding. DETAIL is made printable. */
void vb_text_add(struct vb_textcheck *check, enum vb_text_code code, size_t offset, size_t length,
                 const char *detail);

/* Comments, styles and blanks that hide text (markup.c). */
VB_CHECKED int vb_text_markup(struct vb_textcheck *check, struct vb_error *err);
VB_CHECKED int vb_text_far(struct vb_textcheck *check, struct vb_error *err);
/* Characters (characters.c). */
void vb_text_characters(struct vb_textcheck *check);
void vb_text_terminal(struct vb_textcheck *check);
/* Names and hosts in lookalike letters (homoglyph.c). */
void vb_text_homoglyphs(struct vb_textcheck *check);
void vb_text_homoglyph_names(struct vb_textcheck *check); /* the item's path */

#endif
