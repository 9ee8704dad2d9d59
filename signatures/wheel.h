/* RECORD, a wheel's own list of its files with their digests (PyPA, binary distribution format).
 * Who changes a file can change the list: it is no signature, and that it fits proves nothing. */
#ifndef VETBOX_SIGNATURES_WHEEL_H
#define VETBOX_SIGNATURES_WHEEL_H

#include "signatures/cover.h"

/* Compares the tree of the wheel called NAME, whose FILES are sorted, with its RECORD, and emits
 * signature.list. Nothing where it is no wheel or has no RECORD. */
VB_CHECKED int vb_sig_wheel(int dirfd, const char *name, const struct vb_sig_paths *files,
                            struct vb_sink *sink, struct vb_error *err);

#endif
