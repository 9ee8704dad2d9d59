/* Inside the scan room: rule sources, compiled rules and their cache. */
#ifndef VETBOX_SCAN_RULES_INTERNAL_H
#define VETBOX_SCAN_RULES_INTERNAL_H

#include <yara.h>

#include "scan/item.h"
#include "vetbox/core/iocs.h"
#include "vetbox/scan.h"

/* --- sources (rulesource.c): the user's own files, trusted to be rules, not to be well made --- */

struct vb_rule_source {
    char *name; /* file name below the folder; also the rules' namespace */
    struct vb_buf text;
};

struct vb_rule_sources {
    char *dir;
    struct vb_rule_source *items; /* sorted by name, bytewise */
    size_t count;
    char key[VB_SHA256_HEX]; /* over names, texts, libyara's version and the format of the cache */
};

VB_CHECKED int vb_rule_sources_read(const char *dir, struct vb_rule_sources *ret,
                                    struct vb_error *err);
void vb_rule_sources_done(struct vb_rule_sources *sources);
/* The 1-based line on which FILE says "rule NAME" or "import \"NAME\"", 0 if nowhere. */
size_t vb_rule_source_line(const struct vb_rule_sources *sources, const char *file,
                           const char *keyword, const char *name);

/* --- the compiled form --- */

struct vb_rule {
    const char *name; /* this and the other strings belong to the compiled rules */
    const char *id;
    const char *title;
    const char *description;
    const char *severity;
    const char *confidence;
    struct vb_str *mapping;
    size_t mapping_count;
    bool reported; /* private rules are only parts of others */
    unsigned sets; /* bits of enum vb_rule_set */
};

/* The rules of one set, and the row of each in the table of all. */
struct vb_rule_table {
    YR_RULES *yara; /* may be the whole's */
    size_t *index;
};

struct vb_rules {
    bool initialized; /* holds one yr_initialize */
    YR_RULES *yara;
    struct vb_rule *rules; /* as in yara->rules_table */
    size_t count;
    struct vb_rule_table sets[VB_RULE_SETS];
    struct vb_iocs *iocs;
};

/* Gives COMPILER the external variables that a condition may use, and refuses includes. */
VB_CHECKED int vb_rules_prepare(YR_COMPILER *compiler, struct vb_error *err);

/* --- sets (rulesets.c) --- */

/* The sets that the words of KINDS name, 0 where a word is none. */
unsigned vb_rule_sets_named(const char *kinds);
enum vb_rule_set vb_rule_set_of(const struct vb_item *item);
/* Fills RULES->sets from the whole that is there already. */
VB_CHECKED int vb_rule_sets_load(const struct vb_rule_sources *sources, const char *cache_dir,
                                 struct vb_rules *rules, struct vb_error *err);
void vb_rule_sets_done(struct vb_rules *rules);
/* Blanks the lines of TEXT, a copy of the rule's file, from rule WHICH to the next one. */
void vb_rule_blank(const struct vb_rule_sources *sources, const struct vb_rules *rules,
                   size_t which, char *text, size_t len);

/* --- the cache (rulecache.c) --- */

/* Returns the compiled rules kept under KEY, or NULL where there are none that can be trusted. */
YR_RULES *vb_rule_cache_load(const char *cache_dir, const char *key);
/* Keeps RULES under KEY; failing to is nothing that anybody needs to hear about. */
void vb_rule_cache_store(const char *cache_dir, const char *key, YR_RULES *rules);

/* --- scanning (match.c) --- */

struct vb_matcher;
VB_CHECKED int vb_matcher_new(const struct vb_rules *rules, unsigned timeout_s,
                              struct vb_sink *sink, struct vb_matcher **ret, struct vb_error *err);
void vb_matcher_free(struct vb_matcher *matcher);
/* Emits scan.match for each rule that matches ITEM; a scan that libyara gives up is a coverage
 * event. */
VB_CHECKED int vb_matcher_scan(struct vb_matcher *matcher, const struct vb_item *item,
                               struct vb_error *err);

#endif
