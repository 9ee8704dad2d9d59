/* Known-bad hosts, URLs, addresses and mailboxes that a file names. */
#ifndef VETBOX_SCAN_IOCS_H
#define VETBOX_SCAN_IOCS_H

#include "scan/item.h"
#include "vetbox/core/iocs.h"

/* Emits scan.match for what ITEM names of LIST, each once. */
VB_CHECKED int vb_iocs_check(const struct vb_iocs *list, const struct vb_item *item,
                             struct vb_sink *sink, struct vb_error *err);

#endif
