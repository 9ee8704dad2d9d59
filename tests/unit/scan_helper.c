#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/scan_helper.h"

static char *field(const struct vb_event *event, enum vb_field name)
{
    return vb_event_get(event, name) == NULL ? NULL : vb_str_dup(vb_event_get_str(event, name));
}

static int remember(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct scan_log *log = (struct scan_log *)sink;
    const int status = vb_event_check(event, err);
    if (status < 0)
        return status;
    if (log->fail_at != 0 && log->count + 1 == log->fail_at)
        return vb_fail(err, VB_E_IO, 0, "the sink is full");
    assert_true(log->count < SCAN_MAX_EVENTS);
    struct scan_event *kept = &log->events[log->count++];
    *kept = (struct scan_event){.kind = event->kind,
                                .rule = field(event, VB_F_RULE),
                                .name = field(event, VB_F_NAME),
                                .code = field(event, VB_F_CODE),
                                .path = field(event, VB_F_PATH),
                                .text = field(event, VB_F_TEXT),
                                .layer = field(event, VB_F_LAYER),
                                .context = field(event, VB_F_CONTEXT),
                                .detail = field(event, VB_F_DETAIL),
                                .severity = field(event, VB_F_SEVERITY),
                                .confidence = field(event, VB_F_CONFIDENCE),
                                .reason = field(event, VB_F_REASON),
                                .what = field(event, VB_F_WHAT),
                                .offset = vb_event_get_int(event, VB_F_OFFSET, -1),
                                .line = vb_event_get_int(event, VB_F_LINE, -1),
                                .count = vb_event_get_int(event, VB_F_COUNT, -1),
                                .size = vb_event_get_int(event, VB_F_SIZE, -1)};
    return VB_OK;
}

void scan_log_init(struct scan_log *log)
{
    memset(log, 0, sizeof(*log));
    log->sink.emit = remember;
}

void scan_log_done(struct scan_log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        struct scan_event *e = &log->events[i];
        char *const strings[] = {e->rule,       e->name,   e->code,   e->path,
                                 e->text,       e->layer,  e->detail, e->severity,
                                 e->confidence, e->reason, e->what,   e->context};
        for (size_t k = 0; k < VB_ARRAY_LEN(strings); k++)
            free(strings[k]);
    }
    log->count = 0;
}

static const char *key_of(const struct scan_event *event)
{
    switch ((int)event->kind) {
    case VB_EV_SCAN_MATCH:
        return event->name;
    case VB_EV_SCAN_TEXT:
        return event->code;
    case VB_EV_SCAN_LAYER:
        return event->layer;
    default:
        return event->reason;
    }
}

const struct scan_event *scan_log_find(const struct scan_log *log, enum vb_event_kind kind,
                                       const char *name)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct scan_event *event = &log->events[i];
        const char *key = key_of(event);
        if (event->kind == kind && (name == NULL || (key != NULL && strcmp(key, name) == 0)))
            return event;
    }
    return NULL;
}

size_t scan_log_count(const struct scan_log *log, enum vb_event_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < log->count; i++)
        count += log->events[i].kind == kind ? 1 : 0;
    return count;
}

char *scan_tree_new(void)
{
    const char *base = getenv("TMPDIR");
    char *tree = NULL;
    assert_true(asprintf(&tree, "%s/vetbox-scan-XXXXXX", base == NULL ? "/tmp" : base) > 0);
    assert_non_null(mkdtemp(tree));
    return tree;
}

void scan_tree_write(const char *tree, const char *path, const void *data, size_t len)
{
    VB_CLEANUP_FD int dir = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dir >= 0);
    (void)vb_mkdir_parents(dir, path);
    VB_CLEANUP_FD int fd =
        openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(vb_write_all(fd, data, len, NULL), 0);
}

void scan_tree_text(const char *tree, const char *path, const char *text)
{
    scan_tree_write(tree, path, text, strlen(text));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

void scan_tree_remove(char *tree)
{
    (void)nftw(tree, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(tree);
}

void scan_tree_scan(const char *tree, const struct vb_rules *rules,
                    const struct vb_scan_limits *limits, struct scan_log *log)
{
    struct vb_error err = {0};
    VB_CLEANUP_FD int dir = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dir >= 0);
    if (vb_scan(dir, "", rules, limits, &log->sink, &err) < 0)
        fail_msg("vb_scan: %s", err.message);
}

struct vb_rules *scan_needle_rules(void)
{
    static const char text[] =
        "rule needle {\n"
        "  meta: id = \"VB-TEST-NEEDLE\" title = \"Needle\" description = \"A needle.\"\n"
        "    severity = \"low\" confidence = \"high\" mapping = \"CWE-506 AST01\"\n"
        "  strings: $a = \"needle\"\n"
        "  condition: $a\n"
        "}\n";
    char *dir = scan_tree_new();
    struct vb_rules *rules = NULL;
    struct vb_error err = {0};
    scan_tree_text(dir, "needle.yar", text);
    if (vb_rules_load(dir, NULL, &rules, &err) < 0)
        fail_msg("rules: %s", err.message);
    scan_tree_remove(dir);
    return rules;
}
