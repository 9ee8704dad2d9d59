/* scan: tree → matches. The only user of libyara. */
#ifndef VETBOX_SCAN_H
#define VETBOX_SCAN_H

#include "vetbox/core.h"

struct vb_rules; /* compiled YARA rules: made in the coordinator from the user's own rule files */

/* Compiles every *.yar and *.yara file of DIR (the rule's metadata is checked: id, severity,
 * confidence, description, mapping), or takes the compiled form from CACHE_DIR (may be NULL) where
 * one stands under the digest of the same sources. A syntax error is VB_E_CONFIG with file and
 * line. */
VB_CHECKED int vb_rules_load(const char *dir, const char *cache_dir, struct vb_rules **ret,
                             struct vb_error *err);
/* What files must not name: the known-bad things that are built in and those of FOLDER (NULL:
 * none), see vb_iocs_load. */
VB_CHECKED int vb_rules_take_iocs(struct vb_rules *rules, const char *folder, struct vb_error *err);
void vb_rules_free(struct vb_rules *rules);
size_t vb_rules_count(const struct vb_rules *rules);
/* What a rule says of itself, and of the finding that it makes. */
struct vb_rule_said {
    const char *name, *id, *title, *description, *severity, *confidence;
    const struct vb_str *mapping;
    size_t mapping_count;
};
void vb_rules_each(const struct vb_rules *rules,
                   void (*each)(void *ctx, const struct vb_rule_said *rule), void *ctx);

struct vb_scan_limits {
    size_t file_bytes;       /* of a larger file only this much is scanned, with a coverage event */
    unsigned layer_depth;    /* decoded layers within layers */
    size_t layer_bytes;      /* all layers of one file together */
    unsigned file_timeout_s; /* of one YARA scan */
    unsigned timeout_ms;     /* of all files: the rest is one gap; 0: none */
};

extern const struct vb_scan_limits vb_scan_default_limits;

/* Scans every regular file below DIRFD and every decoded layer (base64, hex, gzip, …), with YARA
 * and with the text checks; emits scan.* and coverage events. Paths are reported with PREFIX in
 * front. Runs in a confined child that inherits RULES. */
VB_CHECKED int vb_scan(int dirfd, const char *prefix, const struct vb_rules *rules,
                       const struct vb_scan_limits *limits, struct vb_sink *sink,
                       struct vb_error *err);

/* As vb_scan of one file of these bytes at PATH: for cases and texts that are nowhere on a disk. */
VB_CHECKED int vb_scan_bytes(const char *path, struct vb_str bytes, const struct vb_rules *rules,
                             const struct vb_scan_limits *limits, struct vb_sink *sink,
                             struct vb_error *err);

/* Holds every rule against its cases in DIR/tests/RULE.txt ("=== pos PATH" or "=== neg PATH", then
 * the file's text) and calls EACH for whatever is wrong: a case that does not do what it should, a
 * rule without a positive or a negative one. */
typedef void vb_rule_problem_fn(void *ctx, const char *rule, const char *problem);
VB_CHECKED int vb_rules_test(const struct vb_rules *rules, const char *dir,
                             vb_rule_problem_fn *each, void *ctx, size_t *cases,
                             struct vb_error *err);

/* The sets that rules are compiled into: one for each kind of file, one for decoded bytes. */
enum vb_rule_set {
    VB_RULE_SET_OTHER,
    VB_RULE_SET_PROSE,
    VB_RULE_SET_CODE,
    VB_RULE_SET_CONFIG,
    VB_RULE_SET_LAYER,
    VB_RULE_SETS
};
const char *vb_rule_set_name(enum vb_rule_set set);

/* What scanning costs on one core, over a body of ours that is the same everywhere. */
struct vb_rule_price {
    const char *rule;
    double alone;   /* MB/s of this rule alone, 0: it cannot be compiled alone */
    double without; /* MB/s that the set for code would have without it, about */
    bool slow;      /* more dear than any rule need be */
};
struct vb_rule_speeds { /* MB/s */
    double sets[VB_RULE_SETS];
    double bare; /* of libyara with a rule that looks for nothing */
};
typedef void vb_rule_price_fn(void *ctx, const struct vb_rule_price *price);
/* Compiles DIR once more, rule by rule, and calls EACH with every price. */
VB_CHECKED int vb_rules_price(const struct vb_rules *rules, const char *dir, vb_rule_price_fn *each,
                              void *ctx, struct vb_rule_speeds *speeds, struct vb_error *err);

#endif
