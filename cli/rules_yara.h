/* vetbox rules, as far as YARA is concerned. */
#ifndef VETBOX_CLI_RULES_YARA_H
#define VETBOX_CLI_RULES_YARA_H

#include "vetbox/scan.h"

/* Holds every rule of DIR against its cases and prints what is wrong. A rule without a positive and
 * a negative case is wrong. Returns an exit status, or a negative error. */
VB_CHECKED int vb_rules_yara_test(const struct vb_rules *rules, const char *dir, bool quiet,
                                  struct vb_error *err);

/* Prices every rule of DIR and prints the dearest ones. A rule that makes scanning slow is an error
 * of the rules unless ALLOW_SLOW. */
VB_CHECKED int vb_rules_yara_price(const struct vb_rules *rules, const char *dir, bool allow_slow,
                                   bool quiet, struct vb_error *err);

#endif
