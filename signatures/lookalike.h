/* Names that are meant to be read as other names: slips of the pen, letters that look alike, moved
 * separators. Pure: no file, no memory of its own. */
#ifndef VETBOX_SIGNATURES_LOOKALIKE_H
#define VETBOX_SIGNATURES_LOOKALIKE_H

#include "vetbox/core.h"

/* How NAME looks like TARGET, a word for events: homoglyph, separator, scope, swapped, keyboard,
 * letters. NULL: it does not, or is the same name. Case makes no difference. */
const char *vb_name_lookalike(const char *name, const char *target);
/* The same for names that are common words: only what nobody writes by accident. */
const char *vb_name_lookalike_strict(const char *name, const char *target);

struct vb_name_lookalike_found {
    const char *target;
    const char *how;
};
/* Looks NAME up among the popular names of the index that packages of KIND come from. False where
 * it is popular itself. */
bool vb_name_lookalike_popular(const char *kind, const char *name,
                               struct vb_name_lookalike_found *ret);

#endif
