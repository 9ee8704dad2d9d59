/* What each YARA rule costs, for vetbox rules check. */
#ifndef VETBOX_CLI_RULE_PRICES_H
#define VETBOX_CLI_RULE_PRICES_H

#include "vetbox/scan.h"

/* Prices every rule of DIR and prints the dearest ones. *RET_SLOW: how many make scanning slow. */
VB_CHECKED int vb_rule_prices_print(const struct vb_rules *rules, const char *dir, bool quiet,
                                    size_t *ret_slow, struct vb_error *err);

#endif
