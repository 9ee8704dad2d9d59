/* Trusted roots that come with vetbox. */
#ifndef VETBOX_SIGNATURES_SHIPPED_H
#define VETBOX_SIGNATURES_SHIPPED_H

#include "signatures/internal.h"

/* The bytes of each, made when vetbox is built. */
#define VB_SHIPPED_ROOT(array, name, date) \
    extern const unsigned char array[];    \
    extern const size_t array##_len;
#include "signatures/shipped.def"
#undef VB_SHIPPED_ROOT

/* Adds them to TRUST, behind its own. A root of the user's that has the name of one is
 * VB_E_CONFIG. */
VB_CHECKED int vb_sig_shipped_add(struct vb_trust *trust, struct vb_error *err);
/* One of them is called NAME. */
bool vb_sig_shipped_name(const char *name);

#endif
