/* Phrases that steer an agent against its user (prompt injection), found in normalised text. */
#ifndef VETBOX_SCAN_PHRASES_H
#define VETBOX_SCAN_PHRASES_H

#include "scan/item.h"

/* Where a phrase tells something. */
enum vb_phrase_class {
    VB_PHRASE_STRONG = 1,  /* anywhere: nobody writes so to a reader */
    VB_PHRASE_HARM = 2,    /* where text is hidden: names a secret, a command, a way out */
    VB_PHRASE_ADDRESS = 4, /* where text is hidden: speaks to the agent, gives an order */
};

struct vb_phrases; /* the compiled table of phrases.def */

VB_CHECKED int vb_phrases_new(struct vb_phrases **ret, struct vb_error *err);
void vb_phrases_free(struct vb_phrases *phrases);

struct vb_phrase_hit {
    size_t offset; /* in the original bytes */
    size_t length;
    unsigned phrase_class;
    const char *doc;
    bool disguised; /* spelt with invisible or lookalike characters */
};

enum { VB_PHRASE_HITS = 32 };

/* Looks for the phrases of the CLASSES (a mask) in TEXT; fills at most VB_PHRASE_HITS hits in order
 * of offset and returns how many in *ret_count. */
VB_CHECKED int vb_phrases_find(const struct vb_phrases *phrases, unsigned classes,
                               struct vb_str text, struct vb_phrase_hit hits[VB_PHRASE_HITS],
                               size_t *ret_count, struct vb_error *err);

/* True if hidden TEXT gives orders: a strong phrase, or harm and address together. The hit that
 * shows it best is copied to *ret_hit. */
VB_CHECKED int vb_phrases_instruct(const struct vb_phrases *phrases, const unsigned char *text,
                                   size_t len, bool *ret_instructs, struct vb_phrase_hit *ret_hit,
                                   struct vb_error *err);

#endif
