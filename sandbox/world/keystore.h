/* keystore: Java's store of the certificates that its programs trust, in the form that keytool and
 * the distributions write ("JKS"): magic, version and the number of entries; of each its kind,
 * name, date, type and bytes; and a digest under a password that everybody knows. Numbers have
 * their highest byte first. There is no library for it outside of Java. */
#ifndef SANDBOX_WORLD_KEYSTORE_H
#define SANDBOX_WORLD_KEYSTORE_H

#include "vetbox/core.h"

bool vb_is_keystore(const struct vb_buf *store);
/* Appends to RET the STORE with one certificate more, DER, under NAME and the date of the first
 * one. VB_E_DATA if it is none, or cut short. */
VB_CHECKED int vb_keystore_add(const struct vb_buf *store, const char *name,
                               const struct vb_buf *der, struct vb_buf *ret, struct vb_error *err);

#endif
