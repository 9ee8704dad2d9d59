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

/* --- publishers --- */

enum { VB_NAME_PUBLISHER_MAX = 128 /* bytes of a name, with its NUL */ };

/* How NAME of a person or a company looks like TARGET, as above; *ret_same says that it is the same
 * one, in whatever way it is written. Words that are common first names differ honestly. */
const char *vb_name_publisher_lookalike(const char *name, const char *target, bool *ret_same);
/* Whether NAME is that of a publisher whom everybody knows; else RET is one that it looks like, or
 * left alone. */
bool vb_name_publisher(const char *name, struct vb_name_lookalike_found *ret);

#endif
