/* Letters as a reader takes them: case, compatibility forms, diacritics and lookalikes folded. */
#ifndef VETBOX_SCAN_FOLD_H
#define VETBOX_SCAN_FOLD_H

#include "vetbox/core.h"

enum vb_script { VB_SCRIPT_OTHER, VB_SCRIPT_LATIN, VB_SCRIPT_CYRILLIC, VB_SCRIPT_GREEK };

enum vb_script vb_code_script(uint32_t code);

/* The Latin letter that CODE (Cyrillic, Greek, Armenian, Cherokee, …) is easily taken for, lower
 * case, or 0. */
char vb_lookalike(uint32_t code);

/* True for letters that are seen daily in formulas (alpha, mu, rho): lookalikes, but no deceit. */
bool vb_code_mathematical(uint32_t code);

enum { VB_FOLD_MAX = 8 };

/* Writes what CODE is folded to (NFKC, case folding, no marks, lookalikes as ASCII) and returns how
 * many code points that is, 0 for what nobody sees. */
size_t vb_fold(uint32_t code, uint32_t ret[VB_FOLD_MAX]);

/* Strong right-to-left letters: Hebrew, Arabic and their relatives. */
bool vb_code_rtl(uint32_t code);

/* Characters that join or follow these are part of ordinary spelling or emoji. */
bool vb_code_takes_joiner(uint32_t code);

#endif
