/* The policy file: read strictly, so that a slip of the pen never lets anything in. Every message
 * names file and line. Trust boundary: the file is the user's own, its mistakes are not. */
#include "verdict/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "vetbox/core/yaml.h"

enum { POLICY_MAX_BYTES = 1024 * 1024 };

struct threshold {
    int severity;
    int confidence;
    enum vb_decision decision;
    size_t line;
};

struct override {
    const char *finding;
    enum vb_decision decision;
    size_t line;
};

struct exception {
    const char *finding;
    const char *path;
    const char *host;
    const char *owner;
    const char *reason;
    const char *expires;
    int64_t end; /* the first second after it */
};

struct vb_policy {
    const char *name; /* for messages; its last component stands in reasons, so that the same
                         policy gives the same bytes wherever it lies */
    struct arena arena;
    struct coverage_rules coverage;
    struct threshold *thresholds;
    size_t threshold_count;
    struct override *overrides;
    size_t override_count;
    struct exception *exceptions;
    size_t exception_count;
};

static int wrong(const struct vb_policy *policy, const struct vb_yaml_node *node,
                 struct vb_error *err, const char *why)
{
    return vb_fail(err, VB_E_CONFIG, 0, "%s:%zu: %s", policy->name, node->line, why);
}

/* --- values --- */

static int want_text(const struct vb_policy *policy, const struct vb_yaml_node *node,
                     struct vb_error *err)
{
    if (node->kind != VB_YAML_SCALAR || node->len == 0)
        return wrong(policy, node, err, "a text was expected here");
    return VB_OK;
}

static int want_name(const struct vb_policy *policy, const struct vb_yaml_node *node,
                     int (*named)(const char *, size_t), const char *why, int *ret,
                     struct vb_error *err)
{
    const int value = node->kind == VB_YAML_SCALAR ? named(node->text, node->len) : -1;
    if (value < 0)
        return wrong(policy, node, err, why);
    *ret = value;
    return VB_OK;
}

static int want_decision(const struct vb_policy *policy, const struct vb_yaml_node *node,
                         enum vb_decision *ret, struct vb_error *err)
{
    int value = 0;
    const int status = want_name(policy, node, vb_decision_named,
                                 "a decision is allow, review or block", &value, err);
    if (status == VB_OK)
        *ret = (enum vb_decision)value;
    return status;
}

static int want_count(const struct vb_policy *policy, const struct vb_yaml_node *node, int64_t max,
                      int64_t *ret, struct vb_error *err)
{
    if (node->kind != VB_YAML_SCALAR || node->len == 0 || node->len > 9 ||
        strspn(node->text, "0123456789") != node->len)
        return wrong(policy, node, err, "a number was expected here");
    const int64_t value = strtoll(node->text, NULL, 10);
    if (value > max)
        return wrong(policy, node, err, "this number is too large");
    *ret = value;
    return VB_OK;
}

/* Upper case, digits and '-', '*' only at the end. */
static int want_finding(const struct vb_policy *policy, const struct vb_yaml_node *node,
                        struct vb_error *err)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    if (node->kind == VB_YAML_SCALAR && node->len > 3) {
        const size_t len = strspn(node->text, letters);
        if (len > 3 && (len == node->len || (len + 1 == node->len && node->text[len] == '*')))
            return VB_OK;
    }
    return wrong(policy, node, err, "a finding id such as VB-NET-UNDISCLOSED was expected here");
}

/* Days since 1970-01-01 of a date in the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    const int64_t era = year / 400, of_era = year - era * 400;
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* LEN digits as a number, or -1. */
static int digits_of(const char *text, size_t len)
{
    int number = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

static int want_date(const struct vb_policy *policy, const struct vb_yaml_node *node, int64_t *ret,
                     struct vb_error *err)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (node->kind != VB_YAML_SCALAR || node->len != 10 || node->text[4] != '-' ||
        node->text[7] != '-' || digits_of(node->text, 4) < 0 || digits_of(node->text + 5, 2) < 0 ||
        digits_of(node->text + 8, 2) < 0)
        return wrong(policy, node, err, "a date such as 2026-12-31 was expected here");
    const int year = digits_of(node->text, 4), month = digits_of(node->text + 5, 2);
    const int day = digits_of(node->text + 8, 2);
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (year < 1970 || month < 1 || month > 12 || day < 1 ||
        day > lengths[month - 1] + (leap && month == 2))
        return wrong(policy, node, err, "there is no such day");
    *ret = (days_of(year, month, day) + 1) * 86400;
    return VB_OK;
}

/* --- sections --- */

/* Every key of MAP must be in the space-separated LIST. */
static int want_keys(const struct vb_policy *policy, const struct vb_yaml_node *map,
                     const char *list, struct vb_error *err)
{
    if (map->kind != VB_YAML_MAP)
        return vb_fail(err, VB_E_CONFIG, 0, "%s:%zu: a map with the keys %s was expected here",
                       policy->name, map->line, list);
    for (size_t i = 0; i < map->count; i++)
        if (!vb_word_in(list, map->keys[i]->text))
            return vb_fail(err, VB_E_CONFIG, 0, "%s:%zu: unknown key \"%.60s\"; known are: %s",
                           policy->name, map->keys[i]->line, map->keys[i]->text, list);
    return VB_OK;
}

static int want_key(const struct vb_policy *policy, const struct vb_yaml_node *map, const char *key,
                    const struct vb_yaml_node **ret, struct vb_error *err)
{
    *ret = vb_yaml_get(map, key);
    if (*ret == NULL)
        return vb_fail(err, VB_E_CONFIG, 0, "%s:%zu: the key %s is missing", policy->name,
                       map->line, key);
    return VB_OK;
}

static int read_threshold(struct vb_policy *policy, const struct vb_yaml_node *node,
                          struct vb_error *err)
{
    struct threshold *row = &policy->thresholds[policy->threshold_count];
    const struct vb_yaml_node *severity = NULL, *confidence = NULL, *decision = NULL;
    int status = want_keys(policy, node, "severity confidence decision", err);
    if (status == VB_OK)
        status = want_key(policy, node, "severity", &severity, err);
    if (status == VB_OK)
        status = want_key(policy, node, "confidence", &confidence, err);
    if (status == VB_OK)
        status = want_key(policy, node, "decision", &decision, err);
    if (status == VB_OK)
        status =
            want_name(policy, severity, vb_severity_named,
                      "a severity is info, low, medium, high or critical", &row->severity, err);
    if (status == VB_OK)
        status = want_name(policy, confidence, vb_confidence_named,
                           "a confidence is low, medium or high", &row->confidence, err);
    if (status == VB_OK)
        status = want_decision(policy, decision, &row->decision, err);
    row->line = node->line;
    policy->threshold_count += status == VB_OK;
    return status;
}

static int read_override(struct vb_policy *policy, const struct vb_yaml_node *key,
                         const struct vb_yaml_node *value, struct vb_error *err)
{
    struct override *row = &policy->overrides[policy->override_count];
    int status = want_finding(policy, key, err);
    if (status == VB_OK)
        status = want_decision(policy, value, &row->decision, err);
    row->finding = vb_arena_str(&policy->arena, key->text ? key->text : "");
    row->line = key->line;
    policy->override_count += status == VB_OK;
    return status;
}

static int optional_text(struct vb_policy *policy, const struct vb_yaml_node *map, const char *key,
                         const char **ret, struct vb_error *err)
{
    const struct vb_yaml_node *node = vb_yaml_get(map, key);
    if (node == NULL)
        return VB_OK;
    const int status = want_text(policy, node, err);
    if (status == VB_OK)
        *ret = vb_arena_str(&policy->arena, node->text);
    return status;
}

static int needed_text(struct vb_policy *policy, const struct vb_yaml_node *map, const char *key,
                       const char **ret, struct vb_error *err)
{
    const struct vb_yaml_node *node = NULL;
    const int status = want_key(policy, map, key, &node, err);
    return status < 0 ? status : optional_text(policy, map, key, ret, err);
}

static int read_exception(struct vb_policy *policy, const struct vb_yaml_node *node,
                          struct vb_error *err)
{
    struct exception *row = &policy->exceptions[policy->exception_count];
    int status = want_keys(policy, node, "finding path host owner reason expires", err);
    if (status == VB_OK)
        status = needed_text(policy, node, "finding", &row->finding, err);
    if (status == VB_OK)
        status = want_finding(policy, vb_yaml_get(node, "finding"), err);
    if (status == VB_OK)
        status = optional_text(policy, node, "path", &row->path, err);
    if (status == VB_OK)
        status = optional_text(policy, node, "host", &row->host, err);
    if (status == VB_OK)
        status = needed_text(policy, node, "owner", &row->owner, err);
    if (status == VB_OK)
        status = needed_text(policy, node, "reason", &row->reason, err);
    if (status == VB_OK)
        status = needed_text(policy, node, "expires", &row->expires, err);
    if (status == VB_OK)
        status = want_date(policy, vb_yaml_get(node, "expires"), &row->end, err);
    policy->exception_count += status == VB_OK;
    return status;
}

static int read_coverage(struct vb_policy *policy, const struct vb_yaml_node *node,
                         struct vb_error *err)
{
    struct coverage_rules *rules = &policy->coverage;
    const struct {
        const char *key;
        int64_t max;
        int64_t *value;
    } counts[] = {{"unread", 999999999, &rules->unread},
                  {"unexecuted_percent", 100, &rules->unexecuted_percent},
                  {"timed_out_percent", 100, &rules->timed_out_percent},
                  {"least_ended_percent", 100, &rules->least_ended_percent},
                  {"least_tools_percent", 100, &rules->least_tools_percent}};
    int status = want_keys(policy, node,
                           "static unread unexecuted_percent timed_out_percent "
                           "least_ended_percent least_tools_percent",
                           err);
    const struct vb_yaml_node *decision = vb_yaml_get(node, "static");
    if (status == VB_OK && decision != NULL)
        status = want_decision(policy, decision, &rules->static_only, err);
    for (size_t i = 0; i < VB_ARRAY_LEN(counts) && status == VB_OK; i++) {
        const struct vb_yaml_node *count = vb_yaml_get(node, counts[i].key);
        if (count != NULL)
            status = want_count(policy, count, counts[i].max, counts[i].value, err);
    }
    return status;
}

/* Room for as many rows as NODE has; an absent section has none. */
static int make_rows(struct vb_policy *policy, const struct vb_yaml_node *node, size_t size,
                     void **ret, struct vb_error *err)
{
    *ret = vb_arena_alloc(&policy->arena, (node == NULL ? 1 : node->count + 1) * size);
    return *ret == NULL ? vb_fail(err, VB_E_NOMEM, 0, "reading %s", policy->name) : VB_OK;
}

static int read_lists(struct vb_policy *policy, const struct vb_yaml_node *root,
                      struct vb_error *err)
{
    const struct vb_yaml_node *decide = vb_yaml_get(root, "decide");
    const struct vb_yaml_node *findings = vb_yaml_get(root, "findings");
    const struct vb_yaml_node *exceptions = vb_yaml_get(root, "exceptions");
    if (decide != NULL && decide->kind != VB_YAML_LIST)
        return wrong(policy, decide, err, "decide is a list of rows");
    if (findings != NULL && findings->kind != VB_YAML_MAP)
        return wrong(policy, findings, err, "findings is a map from id to decision");
    if (exceptions != NULL && exceptions->kind != VB_YAML_LIST)
        return wrong(policy, exceptions, err, "exceptions is a list");
    int status =
        make_rows(policy, decide, sizeof(*policy->thresholds), (void **)&policy->thresholds, err);
    if (status == VB_OK)
        status = make_rows(policy, findings, sizeof(*policy->overrides),
                           (void **)&policy->overrides, err);
    if (status == VB_OK)
        status = make_rows(policy, exceptions, sizeof(*policy->exceptions),
                           (void **)&policy->exceptions, err);
    for (size_t i = 0; status == VB_OK && decide != NULL && i < decide->count; i++)
        status = read_threshold(policy, decide->items[i], err);
    for (size_t i = 0; status == VB_OK && findings != NULL && i < findings->count; i++)
        status = read_override(policy, findings->keys[i], findings->items[i], err);
    for (size_t i = 0; status == VB_OK && exceptions != NULL && i < exceptions->count; i++)
        status = read_exception(policy, exceptions->items[i], err);
    return status;
}

static int read_policy(struct vb_policy *policy, const struct vb_yaml_node *root,
                       struct vb_error *err)
{
    const struct vb_yaml_node *version = NULL, *decide = NULL;
    int status = want_keys(policy, root, "version decide findings coverage exceptions", err);
    if (status == VB_OK)
        status = want_key(policy, root, "version", &version, err);
    if (status == VB_OK && (version->kind != VB_YAML_SCALAR || strcmp(version->text, "1") != 0))
        status = wrong(policy, version, err, "this program understands policies of version 1 only");
    /* Without rows nothing would ever be blocked: surely a mistake. */
    if (status == VB_OK)
        status = want_key(policy, root, "decide", &decide, err);
    if (status == VB_OK)
        status = read_lists(policy, root, err);
    const struct vb_yaml_node *coverage = vb_yaml_get(root, "coverage");
    if (status == VB_OK && coverage != NULL)
        status = read_coverage(policy, coverage, err);
    if (status == VB_OK && policy->arena.failed)
        status = vb_fail(err, VB_E_NOMEM, 0, "reading %s", policy->name);
    return status;
}

static int parse_policy(struct vb_policy *policy, const char *text, size_t len,
                        struct vb_error *err)
{
    struct vb_yaml *yaml = NULL;
    int status = vb_yaml_parse(policy->name, text, len, NULL, &yaml, err);
    if (status == VB_E_DATA) {
        if (err != NULL)
            err->status = VB_E_CONFIG;
        return VB_E_CONFIG;
    }
    if (status == VB_OK)
        status = read_policy(policy, vb_yaml_root(yaml), err);
    vb_yaml_free(yaml);
    return status;
}

static int read_file(const char *path, struct vb_buf *buf, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return vb_fail(err, VB_E_NOINPUT, errno, "cannot open the policy %s", path);
    const int status = vb_buf_read_fd(buf, fd, err);
    return status < 0 ? vb_wrap(err, "reading the policy %s", path) : VB_OK;
}

int vb_policy_load(const char *path, struct vb_policy **ret, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf buf;
    vb_buf_init(&buf, POLICY_MAX_BYTES);
    struct vb_policy *policy = calloc(1, sizeof(*policy));
    if (policy == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "reading the policy");
    policy->name = vb_arena_str(&policy->arena, path != NULL ? path : "built-in policy");
    policy->coverage = (struct coverage_rules){VB_DECISION_REVIEW, 0, 50, 100, 0, 0};
    int status = path == NULL ? parse_policy(policy, (const char *)vb_default_policy,
                                             vb_default_policy_len, err)
                              : read_file(path, &buf, err);
    if (status == VB_OK && path != NULL)
        status = parse_policy(policy, buf.data != NULL ? (const char *)buf.data : "", buf.len, err);
    if (status < 0)
        vb_policy_free(policy);
    else
        *ret = policy;
    return status;
}

void vb_policy_free(struct vb_policy *policy)
{
    if (policy == NULL)
        return;
    struct arena arena = policy->arena;
    free(policy);
    vb_arena_done(&arena);
}

/* --- use --- */

const struct coverage_rules *vb_policy_coverage(const struct vb_policy *policy)
{
    return &policy->coverage;
}

static bool fits(const struct exception *row, const struct vb_finding *finding)
{
    if (!vb_word_in(row->finding, finding->id))
        return false;
    if (row->path != NULL && (finding->path == NULL || !vb_glob_match(row->path, finding->path)))
        return false;
    return row->host == NULL || (finding->host != NULL && vb_glob_match(row->host, finding->host));
}

static enum vb_decision grade(const struct vb_policy *policy, const struct vb_finding *finding,
                              struct arena *arena, char **ret_reason)
{
    for (size_t i = 0; i < policy->override_count; i++)
        if (vb_word_in(policy->overrides[i].finding, finding->id)) {
            *ret_reason = vb_arena_printf(arena, "%s:%zu: findings: %s", vb_path_base(policy->name),
                                          policy->overrides[i].line, policy->overrides[i].finding);
            return policy->overrides[i].decision;
        }
    for (size_t i = 0; i < policy->threshold_count; i++) {
        const struct threshold *row = &policy->thresholds[i];
        if ((int)finding->severity < row->severity || (int)finding->confidence < row->confidence)
            continue;
        *ret_reason = vb_arena_printf(arena, "%s:%zu: severity %s, confidence %s or more",
                                      vb_path_base(policy->name), row->line,
                                      vb_severity_name((enum vb_severity)row->severity),
                                      vb_confidence_name((enum vb_confidence)row->confidence));
        return row->decision;
    }
    *ret_reason = vb_arena_str(arena, "no row of the policy fits");
    return VB_DECISION_ALLOW;
}

enum vb_decision vb_policy_decide(const struct vb_policy *policy, const struct vb_finding *finding,
                                  int64_t clock, struct arena *arena, char **ret_reason)
{
    const enum vb_decision decision = grade(policy, finding, arena, ret_reason);
    for (size_t i = 0; decision > VB_DECISION_ALLOW && i < policy->exception_count; i++) {
        const struct exception *row = &policy->exceptions[i];
        if (!fits(row, finding))
            continue;
        if (clock < row->end) {
            *ret_reason = vb_arena_printf(arena, "exception of %s until %s: %s", row->owner,
                                          row->expires, row->reason);
            return VB_DECISION_ALLOW;
        }
        *ret_reason = vb_arena_printf(arena, "%s; the exception of %s expired on %s", *ret_reason,
                                      row->owner, row->expires);
    }
    return decision;
}
