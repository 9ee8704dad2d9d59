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
void vb_rules_free(struct vb_rules *rules);
size_t vb_rules_count(const struct vb_rules *rules);
/* Calls EACH for every rule with its name, id and one-line description. */
void vb_rules_each(const struct vb_rules *rules,
                   void (*each)(void *ctx, const char *name, const char *id, const char *severity,
                                const char *description),
                   void *ctx);

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

#endif
