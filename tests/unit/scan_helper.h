/* What the tests of the scan room share: a tree in a temporary folder and a sink that remembers. */
#ifndef VETBOX_TESTS_SCAN_HELPER_H
#define VETBOX_TESTS_SCAN_HELPER_H

#include "vetbox/scan.h"

enum { SCAN_MAX_EVENTS = 4096 };

struct scan_event {
    enum vb_event_kind kind;
    char *rule, *name, *code, *path, *text, *layer, *detail, *severity, *confidence, *reason, *what,
        *context;
    int64_t offset, line, count, size;
};

struct scan_log {
    struct vb_sink sink;
    struct scan_event events[SCAN_MAX_EVENTS];
    size_t count;
    size_t fail_at; /* emitting the nth event fails, 0: never */
};

void scan_log_init(struct scan_log *log);
void scan_log_done(struct scan_log *log);
/* The first event of KIND whose rule name (matches), code (texts), layer (layers) or reason
 * (coverage) is NAME; NULL for none. NULL as NAME takes any. */
const struct scan_event *scan_log_find(const struct scan_log *log, enum vb_event_kind kind,
                                       const char *name);
size_t scan_log_count(const struct scan_log *log, enum vb_event_kind kind);

/* A fresh folder below the temporary folder; scan_tree_remove deletes it. */
char *scan_tree_new(void);
void scan_tree_write(const char *tree, const char *path, const void *data, size_t len);
void scan_tree_text(const char *tree, const char *path, const char *text);
void scan_tree_remove(char *tree);
/* Scans TREE with RULES into LOG; fails the test if vb_scan does. */
void scan_tree_scan(const char *tree, const struct vb_rules *rules,
                    const struct vb_scan_limits *limits, struct scan_log *log);
/* A rule set of one rule that matches the word "needle". */
struct vb_rules *scan_needle_rules(void);

#endif
