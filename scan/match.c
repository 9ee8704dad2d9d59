/* Runs libyara over one item at a time, in the confined examiner. Whatever libyara gives up on is
 * coverage, never silence. */
#include <errno.h>
#include <string.h>

#include "scan/context.h"
#include "scan/rules_internal.h"

enum {
    LOOKS = 1000 /* at what surrounds matches, of one item: many more are not only talked of */
};

struct vb_matcher {
    const struct vb_rules *rules;
    struct vb_sink *sink;
    unsigned timeout_s;
    YR_SCANNER *scanners[VB_RULE_SETS]; /* NULL until an item of the sort comes */
    YR_SCANNER *scanner;                /* of the item at hand, and the set that it holds */
    const struct vb_rule_table *set;
    /* while one item is scanned */
    const struct vb_item *item;
    unsigned looks; /* that were taken; of LOOKS */
    struct vb_error *err;
    int status; /* of the first emit that failed */
};

struct position {
    size_t offset;
    size_t length;
    bool known;
};

/* The earliest match of STRING. libyara packs its matches without alignment: they are copied before
 * they are read. */
static void first_of_string(const YR_SCAN_CONTEXT *context, const YR_STRING *string,
                            struct position *first)
{
    const void *at = context->matches[string->idx].head;
    while (at != NULL) {
        YR_MATCH match;
        memcpy(&match, at, sizeof(match));
        at = match.next;
        const size_t offset = (size_t)(match.base + match.offset);
        if (match.is_private || (first->known && offset >= first->offset))
            continue;
        *first = (struct position){offset, (size_t)match.match_length, true};
    }
}

static struct position first_match(const YR_SCAN_CONTEXT *context, const YR_RULE *rule)
{
    struct position first = {0};
    const YR_STRING *string;
    yr_rule_strings_foreach(rule, string)
    {
        first_of_string(context, string, &first);
    }
    return first;
}

/* The first match of STRING that is not only talked of. *RET_ANY: it has matches at all. */
static struct position first_meant(struct vb_matcher *matcher, const YR_SCAN_CONTEXT *context,
                                   const YR_STRING *string, bool *ret_any)
{
    const void *at = context->matches[string->idx].head;
    while (at != NULL) {
        YR_MATCH match;
        memcpy(&match, at, sizeof(match));
        at = match.next;
        if (match.is_private)
            continue;
        *ret_any = true;
        const size_t offset = (size_t)(match.base + match.offset);
        if (matcher->looks++ >= LOOKS || vb_context_of(matcher->item, offset) == NULL)
            return (struct position){offset, (size_t)match.match_length, true};
    }
    return (struct position){0};
}

/* Why RULE's matches are only talked of: one of its strings stands nowhere else. NULL: they are
 * not, and *FIRST is one that is meant. An example in front of what is meant excuses nothing. */
static const char *context_of(struct vb_matcher *matcher, const YR_SCAN_CONTEXT *context,
                              const YR_RULE *rule, struct position *first)
{
    const char *around = vb_context_of(matcher->item, first->offset);
    struct position meant = {0};
    const YR_STRING *string;
    if (around == NULL)
        return NULL;
    yr_rule_strings_foreach(rule, string)
    {
        bool any = false;
        const struct position found = first_meant(matcher, context, string, &any);
        if (any && !found.known)
            return around;
        if (found.known && (!meant.known || found.offset > meant.offset))
            meant = found;
    }
    *first = meant;
    return NULL;
}

static int emit_match(struct vb_matcher *matcher, YR_SCAN_CONTEXT *context, YR_RULE *yara)
{
    const struct vb_item *item = matcher->item;
    const size_t row = (size_t)(yara - matcher->set->yara->rules_table);
    const struct vb_rule *rule = &matcher->rules->rules[matcher->set->index[row]];
    struct vb_event event;
    vb_event_init(&event, VB_EV_SCAN_MATCH, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_RULE, rule->id);
    vb_event_str(&event, VB_F_PATH, item->path);
    vb_event_str(&event, VB_F_TITLE, rule->title);
    vb_event_str(&event, VB_F_SEVERITY, rule->severity);
    vb_event_str(&event, VB_F_CONFIDENCE, rule->confidence);
    vb_event_str(&event, VB_F_DESCRIPTION, rule->description);
    vb_event_list(&event, VB_F_MAPPING, rule->mapping, rule->mapping_count);
    vb_event_str(&event, VB_F_NAME, rule->name);
    if (item->layer[0] != '\0')
        vb_event_str(&event, VB_F_LAYER, item->layer);
    struct position at = first_match(context, yara);
    const char *around = item->quoted ? "in a block that shows an attack"
                         : at.known   ? context_of(matcher, context, yara, &at)
                                      : NULL;
    if (around != NULL)
        vb_event_str(&event, VB_F_CONTEXT, around);
    if (at.known) {
        const struct vb_str excerpt = vb_item_excerpt(item, at.offset, at.length);
        vb_event_int(&event, VB_F_OFFSET, (int64_t)at.offset);
        vb_event_strn(&event, VB_F_TEXT, excerpt.text, excerpt.len);
        if (item->text)
            vb_event_int(&event, VB_F_LINE, (int64_t)vb_item_line(item, at.offset));
    }
    return vb_emit(matcher->sink, &event, matcher->err);
}

static int on_message(YR_SCAN_CONTEXT *context, int message, void *data, void *user_data)
{
    struct vb_matcher *matcher = user_data;
    if (message == CALLBACK_MSG_RULE_MATCHING)
        matcher->status = emit_match(matcher, context, data);
    else if (message == CALLBACK_MSG_TOO_MANY_MATCHES)
        matcher->status = vb_scan_coverage(matcher->sink, matcher->item->path, "rule",
                                           "too-many-matches", NULL, matcher->err);
    return matcher->status < 0 ? CALLBACK_ERROR : CALLBACK_CONTINUE;
}

int vb_matcher_new(const struct vb_rules *rules, unsigned timeout_s, struct vb_sink *sink,
                   struct vb_matcher **ret, struct vb_error *err)
{
    struct vb_matcher *matcher = calloc(1, sizeof(*matcher));
    if (matcher == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "YARA scanner");
    matcher->rules = rules;
    matcher->sink = sink;
    matcher->timeout_s = timeout_s;
    *ret = matcher;
    return VB_OK;
}

void vb_matcher_free(struct vb_matcher *matcher)
{
    if (matcher == NULL)
        return;
    for (size_t i = 0; i < VB_RULE_SETS; i++) {
        if (matcher->scanners[i] != NULL)
            yr_scanner_destroy(matcher->scanners[i]);
    }
    free(matcher);
}

/* Takes the scanner with the rules for ITEM at hand. */
static int take_scanner(struct vb_matcher *matcher, const struct vb_item *item,
                        struct vb_error *err)
{
    const enum vb_rule_set which = vb_rule_set_of(item);
    YR_SCANNER **scanner = &matcher->scanners[which];
    matcher->set = &matcher->rules->sets[which];
    if (*scanner == NULL) {
        if (yr_scanner_create(matcher->set->yara, scanner) != ERROR_SUCCESS) {
            *scanner = NULL;
            return vb_fail(err, VB_E_NOMEM, 0, "cannot make a YARA scanner");
        }
        /* No try-catch: libyara's would hide a crash of its own by a signal handler; we scan memory
         * that is ours, and a crash shall end the examiner and be seen. */
        yr_scanner_set_flags(*scanner, SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_REPORT_RULES_MATCHING);
        yr_scanner_set_timeout(*scanner, (int)matcher->timeout_s);
        yr_scanner_set_callback(*scanner, on_message, matcher);
    }
    matcher->scanner = *scanner;
    return VB_OK;
}

static int set_externals(struct vb_matcher *matcher, const struct vb_item *item,
                         struct vb_error *err)
{
    char extension[32];
    (void)snprintf(extension, sizeof(extension), "%s", vb_path_extension(item->path));
    for (char *at = extension; *at != '\0'; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    }
    const struct {
        const char *name;
        const char *value;
    } rows[] = {{"layer", item->layer},   {"path", item->path},
                {"filepath", item->path}, {"filename", vb_path_base(item->path)},
                {"extension", extension}, {"kind", vb_item_kind_name(item->kind)}};
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (yr_scanner_define_string_variable(matcher->scanner, rows[i].name, rows[i].value) !=
            ERROR_SUCCESS)
            return vb_fail(err, VB_E_NOMEM, 0, "cannot set the YARA variable %s", rows[i].name);
    }
    return VB_OK;
}

static int gave_up(struct vb_matcher *matcher, const struct vb_item *item, int error,
                   struct vb_error *err)
{
    char detail[96];
    const YR_RULE *rule = yr_scanner_last_error_rule(matcher->scanner);
    (void)snprintf(detail, sizeof(detail), "libyara error %d%s%.64s", error,
                   rule == NULL ? "" : " in rule ", rule == NULL ? "" : rule->identifier);
    const char *reason = error == ERROR_SCAN_TIMEOUT ? "timeout" : "scan-error";
    return vb_scan_coverage(matcher->sink, item->path, "file", reason, detail, err);
}

int vb_matcher_scan(struct vb_matcher *matcher, const struct vb_item *item, struct vb_error *err)
{
    static const uint8_t nothing[1] = {0};
    matcher->item = item;
    matcher->looks = 0;
    matcher->err = err;
    matcher->status = VB_OK;
    int status = take_scanner(matcher, item, err);
    if (status == 0)
        status = set_externals(matcher, item, err);
    if (status < 0)
        return status;
    const uint8_t *data = item->len == 0 ? nothing : item->data;
    const int error = yr_scanner_scan_mem(matcher->scanner, data, item->len);
    if (matcher->status < 0)
        return matcher->status;
    if (error == ERROR_SUCCESS)
        return VB_OK;
    if (error == ERROR_INSUFFICIENT_MEMORY)
        return vb_fail(err, VB_E_NOMEM, 0, "scanning %s", item->path);
    return gave_up(matcher, item, error, err);
}
