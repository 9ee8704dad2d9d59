/* The tar checker: which headers of a tar two readers would read differently. */
#ifndef VETBOX_UNPACK_TAR_CHECK_H
#define VETBOX_UNPACK_TAR_CHECK_H

#include "unpack/internal.h"

struct tar_check;
/* Reports through U, which outlives it. */
VB_CHECKED int tar_check_new(struct tar_check **ret, struct unpack *u);
void tar_check_free(struct tar_check **t);
/* The next bytes of the (decompressed) tar. */
VB_CHECKED int tar_check_feed(struct tar_check *t, const void *data, size_t len);

#endif
