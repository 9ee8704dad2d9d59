/* Reading a policy: strictly, so that a slip of the pen never lets anything in. Every mistake is
 * told with its line, not only the first. Trust boundary: the file is the user's own, its mistakes
 * are not. docs/schema/policy.schema.json says the same; a test holds the two together. */
#include <stdarg.h>

#include "verdict/internal.h"

enum { MAX_DAYS = 36500 };

struct reader {
    struct vb_policy *policy;
    vb_policy_told *told;
    void *ctx;
    size_t wrong;
};

/* A node of the file and, where there is one, the key before it. */
typedef bool read_row(struct reader *r, const struct vb_yaml_node *key,
                      const struct vb_yaml_node *node);

static bool wrong(struct reader *r, const struct vb_yaml_node *node, const char *fmt, ...)
    VB_PRINTF(3, 4);
static bool wrong(struct reader *r, const struct vb_yaml_node *node, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *why = vb_arena_vprintf(&r->policy->arena, fmt, args);
    va_end(args);
    r->told(r->ctx, true,
            vb_arena_printf(&r->policy->arena, "%s:%zu: %s", r->policy->name, node->line, why));
    r->wrong++;
    return false;
}

/* --- values --- */

/* YAML reads a bare null or ~ as nothing at all. */
static bool read_text(struct reader *r, const struct vb_yaml_node *node, const char **ret)
{
    const bool none =
        node->kind == VB_YAML_SCALAR && !node->quoted && vb_word_in("null Null NULL ~", node->text);
    if (node->kind != VB_YAML_SCALAR || node->len == 0 || none)
        return wrong(r, node, "a text was expected here");
    *ret = vb_arena_str(&r->policy->arena, node->text);
    return true;
}

static bool read_name(struct reader *r, const struct vb_yaml_node *node,
                      int (*named)(const char *, size_t), const char *why, int *ret)
{
    const int value = node->kind == VB_YAML_SCALAR ? named(node->text, node->len) : -1;
    if (value < 0)
        return wrong(r, node, "%s", why);
    *ret = value;
    return true;
}

static bool read_decision(struct reader *r, const struct vb_yaml_node *node, enum vb_decision *ret)
{
    int value = 0;
    if (!read_name(r, node, vb_decision_named, "a decision is allow, review or block", &value))
        return false;
    *ret = (enum vb_decision)value;
    return true;
}

static bool read_count(struct reader *r, const struct vb_yaml_node *node, int64_t max, int64_t *ret)
{
    if (node->kind != VB_YAML_SCALAR || node->quoted || node->len == 0 || node->len > 9 ||
        strspn(node->text, "0123456789") != node->len)
        return wrong(r, node, "a number was expected here, without quotes");
    const int64_t value = strtoll(node->text, NULL, 10);
    if (value > max)
        return wrong(r, node, "this number is too large: at most %lld", (long long)max);
    *ret = value;
    return true;
}

/* Ids of vetbox's own are in upper case, those of rules are as their authors wrote them; '*' only
 * at the end. */
static bool read_finding(struct reader *r, const struct vb_yaml_node *node, const char **ret)
{
    static const char own[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    static const char any[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-abcdefghijklmnopqrstuvwxyz_.:";
    enum { LEAST = 4 };
    if (node->kind == VB_YAML_SCALAR && node->len >= LEAST) {
        const bool ours = strncasecmp(node->text, "vb-", 3) == 0;
        const size_t len = strspn(node->text, ours ? own : any);
        if (len >= LEAST && (len == node->len || (len + 1 == node->len && node->text[len] == '*')))
            return read_text(r, node, ret);
    }
    return wrong(r, node,
                 "a finding id such as VB-NET-UNDISCLOSED was expected here, or the "
                 "beginning of some, more than VB-, and a *");
}

/* Names below DOMAIN are given to whoever asks: "com", "co.uk". The latter by their form, a country
 * and before it what kind of names these are: no list of all such would stay right. Networks of
 * one's own have tops that nobody else gives away. */
static bool is_registry(const char *domain)
{
    static const char own[] = "internal intranet local localdomain lan corp home test example";
    const char *dot = strchr(domain, '.');
    char first[8] = {0};
    if (dot == NULL || dot[1] == '\0')
        return strchr(domain, ':') == NULL && (dot != NULL || !vb_word_in(own, domain));
    const size_t len = (size_t)(dot - domain);
    if (len >= sizeof(first) || strlen(dot + 1) != 2)
        return false;
    memcpy(first, domain, len);
    return vb_word_in("ac co com edu gob gov gouv go ltd me mil ne net nom or org plc sch", first);
}

/* A licence: an SPDX id or the beginning of one, or a manifest's own words. A mere '*' is all. */
static bool read_license(struct reader *r, const struct vb_yaml_node *node, const char **ret)
{
    const char *text = node->kind == VB_YAML_SCALAR ? node->text : "";
    if (*text != '\0' && text[strspn(text, "* ")] == '\0')
        return wrong(r, node,
                     "* is every licence: leave licenses out, or name those that you mean");
    return read_text(r, node, ret);
}

/* A host, or "*.DOMAIN". */
static bool read_host(struct reader *r, const struct vb_yaml_node *node, const char **ret)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-:";
    const char *text = node->kind == VB_YAML_SCALAR ? node->text : "";
    const bool below = vb_starts(text, "*.");
    text += below ? 2 : 0;
    if (*text == '\0' || *text == '.' || text[strspn(text, letters)] != '\0')
        return wrong(r, node,
                     "a host such as api.example.com was expected here, in lower case and without "
                     "https:// or port, or *.example.com for all below it, and not \"%s\"",
                     node->kind == VB_YAML_SCALAR ? node->text : "[...]");
    if (below && is_registry(text))
        return wrong(r, node,
                     "*.%s is everybody's: name the host, or the domain below %s, that you mean",
                     text, text);
    if (below && vb_host_is_drop(text))
        return wrong(r, node, "below %s anybody can leave data: name the host that you mean", text);
    return read_text(r, node, ret);
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

static bool read_date(struct reader *r, const struct vb_yaml_node *node, int64_t *ret)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (node->kind != VB_YAML_SCALAR || node->len != 10 || node->text[4] != '-' ||
        node->text[7] != '-' || digits_of(node->text, 4) < 0 || digits_of(node->text + 5, 2) < 0 ||
        digits_of(node->text + 8, 2) < 0)
        return wrong(r, node, "a date such as 2026-12-31 was expected here");
    const int year = digits_of(node->text, 4), month = digits_of(node->text + 5, 2);
    const int day = digits_of(node->text + 8, 2);
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (year < 1970 || month < 1 || month > 12 || day < 1 ||
        day > lengths[month - 1] + (leap && month == 2))
        return wrong(r, node, "there is no such day");
    *ret = (days_of(year, month, day) + 1) * 86400;
    return true;
}

/* --- maps and lists --- */

/* Every key of MAP must be in the space-separated LIST. */
static bool want_keys(struct reader *r, const struct vb_yaml_node *map, const char *list)
{
    bool good = true;
    if (map->kind != VB_YAML_MAP)
        return wrong(r, map, "a map with the keys %s was expected here", list);
    for (size_t i = 0; i < map->count; i++)
        if (!vb_word_in(list, map->keys[i]->text))
            good = wrong(r, map->keys[i], "unknown key \"%.60s\"; known are: %s",
                         map->keys[i]->text, list);
    return good;
}

static const struct vb_yaml_node *want_key(struct reader *r, const struct vb_yaml_node *map,
                                           const char *key)
{
    const struct vb_yaml_node *node = vb_yaml_get(map, key);
    if (node == NULL)
        (void)wrong(r, map, "the key %s is missing", key);
    return node;
}

/* Texts of MAP by their keys. */
struct text_key {
    const char *key;
    const char **to;
    bool needed;
};

static bool read_texts(struct reader *r, const struct vb_yaml_node *map,
                       const struct text_key *keys, size_t count)
{
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        const struct vb_yaml_node *node =
            keys[i].needed ? want_key(r, map, keys[i].key) : vb_yaml_get(map, keys[i].key);
        if (node != NULL)
            good &= read_text(r, node, keys[i].to);
        else
            good &= !keys[i].needed;
    }
    return good;
}

static void *make_rows(struct reader *r, size_t count, size_t size)
{
    return vb_arena_alloc(&r->policy->arena, (count + 1) * size);
}

/* A text, or a list of at least one. */
static bool read_list(struct reader *r, const struct vb_yaml_node *node,
                      bool (*read)(struct reader *, const struct vb_yaml_node *, const char **),
                      struct policy_texts *ret)
{
    const struct vb_yaml_node *const *items =
        node->kind == VB_YAML_LIST ? (const struct vb_yaml_node *const *)node->items : &node;
    const size_t count = node->kind == VB_YAML_LIST ? node->count : 1;
    bool good = count > 0 || wrong(r, node, "this list is empty: leave its key out");
    ret->items = make_rows(r, count, sizeof(*ret->items));
    for (size_t i = 0; ret->items != NULL && i < count; i++) {
        good &= read(r, items[i], &ret->items[i].text);
        ret->items[i].line = items[i]->line;
    }
    ret->count = ret->items == NULL ? 0 : count;
    return good && ret->items != NULL;
}

/* --- rows --- */

static bool read_threshold(struct reader *r, const struct vb_yaml_node *key,
                           const struct vb_yaml_node *node)
{
    struct policy_threshold *row = &r->policy->thresholds[r->policy->threshold_count];
    (void)key;
    if (!want_keys(r, node, "severity confidence decision"))
        return false;
    const struct vb_yaml_node *severity = want_key(r, node, "severity");
    const struct vb_yaml_node *confidence = want_key(r, node, "confidence");
    const struct vb_yaml_node *decision = want_key(r, node, "decision");
    if (severity == NULL || confidence == NULL || decision == NULL ||
        !read_name(r, severity, vb_severity_named,
                   "a severity is info, low, medium, high or critical", &row->severity) ||
        !read_name(r, confidence, vb_confidence_named, "a confidence is low, medium or high",
                   &row->confidence) ||
        !read_decision(r, decision, &row->decision))
        return false;
    row->line = node->line;
    r->policy->threshold_count++;
    return true;
}

static bool read_override(struct reader *r, const struct vb_yaml_node *key,
                          const struct vb_yaml_node *node)
{
    struct policy_override *row = &r->policy->overrides[r->policy->override_count];
    if (!read_finding(r, key, &row->finding) || !read_decision(r, node, &row->decision))
        return false;
    row->line = key->line;
    r->policy->override_count++;
    return true;
}

static bool read_exception(struct reader *r, const struct vb_yaml_node *key,
                           const struct vb_yaml_node *node)
{
    struct policy_exception *row = &r->policy->exceptions[r->policy->exception_count];
    const struct text_key keys[] = {
        {"package", &row->package, false}, {"path", &row->path, false},
        {"host", &row->host, false},       {"owner", &row->owner, true},
        {"reason", &row->reason, true},    {"expires", &row->expires, true}};
    (void)key;
    *row = (struct policy_exception){.line = node->line}; /* of the one before, if that was wrong */
    if (!want_keys(r, node, "finding package path host owner reason expires"))
        return false;
    const struct vb_yaml_node *finding = want_key(r, node, "finding");
    bool good = finding != NULL && read_finding(r, finding, &row->finding);
    good &= read_texts(r, node, keys, VB_ARRAY_LEN(keys));
    if (row->expires != NULL)
        good &= read_date(r, vb_yaml_get(node, "expires"), &row->end);
    r->policy->exception_count += good;
    return good;
}

static bool read_provenance(struct reader *r, const struct vb_yaml_node *node,
                            struct policy_signer *row)
{
    const struct text_key keys[] = {{"builder", &row->builder, false},
                                    {"repository", &row->repository, false}};
    if (!want_keys(r, node, "builder repository"))
        return false;
    if (node->count == 0)
        return wrong(r, node, "provenance names a builder, a repository or both");
    return read_texts(r, node, keys, VB_ARRAY_LEN(keys));
}

/* What a miss means can be anything but nothing. */
static bool read_miss(struct reader *r, const struct vb_yaml_node *node, enum vb_decision *ret)
{
    if (!read_decision(r, node, ret))
        return false;
    return *ret != VB_DECISION_ALLOW ||
           wrong(r, node, "this is review or block: who wants to allow it leaves the row out");
}

static bool read_signer(struct reader *r, const struct vb_yaml_node *key,
                        const struct vb_yaml_node *node)
{
    struct policy_signer *row = &r->policy->signers[r->policy->signer_count];
    const struct text_key keys[] = {{"issuer", &row->issuer, false}};
    (void)key;
    *row = (struct policy_signer){
        .max_age_days = -1, .decision = VB_DECISION_REVIEW, .line = node->line};
    if (!want_keys(r, node, "packages signer issuer provenance max_age_days unsigned"))
        return false;
    const struct vb_yaml_node *packages = want_key(r, node, "packages");
    const struct vb_yaml_node *signer = vb_yaml_get(node, "signer");
    const struct vb_yaml_node *provenance = vb_yaml_get(node, "provenance");
    const struct vb_yaml_node *age = vb_yaml_get(node, "max_age_days");
    const struct vb_yaml_node *missed = vb_yaml_get(node, "unsigned");
    bool good = packages != NULL && read_list(r, packages, read_text, &row->packages);
    if (signer != NULL)
        good &= read_list(r, signer, read_text, &row->signers);
    good &= read_texts(r, node, keys, VB_ARRAY_LEN(keys));
    if (provenance != NULL)
        good &= read_provenance(r, provenance, row);
    if (age != NULL)
        good &= read_count(r, age, MAX_DAYS, &row->max_age_days);
    if (missed != NULL)
        good &= read_miss(r, missed, &row->decision);
    r->policy->signer_count += good;
    return good;
}

/* --- sections --- */

static void read_licenses(struct reader *r, const struct vb_yaml_node *node)
{
    struct policy_licenses *rules = &r->policy->licenses;
    *rules = (struct policy_licenses){
        .other = VB_DECISION_REVIEW, .missing = VB_DECISION_ALLOW, .line = node->line};
    if (!want_keys(r, node, "allowed other missing"))
        return;
    const struct vb_yaml_node *allowed = want_key(r, node, "allowed");
    const struct vb_yaml_node *other = vb_yaml_get(node, "other");
    const struct vb_yaml_node *missing = vb_yaml_get(node, "missing");
    if (allowed != NULL)
        (void)read_list(r, allowed, read_license, &rules->allowed);
    if (other != NULL)
        (void)read_miss(r, other, &rules->other);
    if (missing != NULL)
        (void)read_decision(r, missing, &rules->missing);
}

static void read_combinations(struct reader *r, const struct vb_yaml_node *node)
{
    const struct {
        const char *key;
        struct policy_combination *to;
    } keys[] = {{"trifecta", &r->policy->trifecta}, {"rule_of_two", &r->policy->rule_of_two}};
    if (!want_keys(r, node, "trifecta rule_of_two"))
        return;
    for (size_t i = 0; i < VB_ARRAY_LEN(keys); i++) {
        const struct vb_yaml_node *value = vb_yaml_get(node, keys[i].key);
        if (value != NULL && read_decision(r, value, &keys[i].to->decision))
            keys[i].to->line = value->line;
    }
}

static void read_hosts(struct reader *r, const struct vb_yaml_node *node)
{
    if (!want_keys(r, node, "allowed"))
        return;
    const struct vb_yaml_node *allowed = want_key(r, node, "allowed");
    if (allowed != NULL)
        (void)read_list(r, allowed, read_host, &r->policy->hosts);
}

/* What one map says, of vet or of scan. */
static void read_minimums(struct reader *r, const struct vb_yaml_node *map,
                          struct policy_coverage *rules)
{
    for (size_t i = 0; i < POLICY_COVERAGE_COUNT; i++) {
        const struct policy_coverage_key *row = &vb_policy_coverage_keys[i];
        const struct vb_yaml_node *node = vb_yaml_get(map, row->key);
        enum vb_decision decision = VB_DECISION_REVIEW;
        int64_t value = 0;
        if (node == NULL)
            continue;
        const bool good = i == POLICY_COVERAGE_STATIC ? read_decision(r, node, &decision)
                                                      : read_count(r, node, row->max, &value);
        if (good)
            rules->rules[i] = (struct policy_coverage_rule){
                i == POLICY_COVERAGE_STATIC ? (int64_t)decision : value, node->line};
    }
}

/* The known keys, space-separated: of a scan, or all. */
static const char *coverage_keys(struct reader *r, bool scan, const char *more)
{
    const char *list = "";
    for (size_t i = 0; i < POLICY_COVERAGE_COUNT; i++)
        if (!scan || vb_policy_coverage_keys[i].scan)
            list = vb_arena_printf(&r->policy->arena, "%s%s%s", list, *list == '\0' ? "" : " ",
                                   vb_policy_coverage_keys[i].key);
    return vb_arena_printf(&r->policy->arena, "%s%s", list, more);
}

static void hush(void *ctx, bool is_wrong, const char *text)
{
    (void)ctx;
    (void)is_wrong;
    (void)text;
}

static void read_coverage(struct reader *r, const struct vb_yaml_node *node)
{
    static const char *const names[POLICY_ACTIONS] = {[POLICY_VET] = "vet", [POLICY_SCAN] = "scan"};
    struct reader again = {r->policy, hush, NULL, 0};
    if (!want_keys(r, node, coverage_keys(r, false, " vet scan")))
        return;
    for (size_t i = 0; i < POLICY_ACTIONS; i++) {
        const struct vb_yaml_node *own = vb_yaml_get(node, names[i]);
        /* A mistake in what is said of both is told once. */
        read_minimums(i == 0 ? r : &again, node, &r->policy->coverage[i]);
        if (own != NULL && want_keys(r, own, coverage_keys(r, i == POLICY_SCAN, "")))
            read_minimums(r, own, &r->policy->coverage[i]);
    }
}

/* LIST: a list of rows; else a map of them. */
static void *read_rows(struct reader *r, const struct vb_yaml_node *root, const char *key,
                       bool list, size_t size)
{
    const struct vb_yaml_node *node = vb_yaml_get(root, key);
    const enum vb_yaml_kind kind = list ? VB_YAML_LIST : VB_YAML_MAP;
    if (node != NULL && node->kind != kind)
        (void)wrong(r, node, list ? "%s is a list of rows" : "%s is a map from id to decision",
                    key);
    return make_rows(r, node != NULL ? node->count : 0, size);
}

static void each_row(struct reader *r, const struct vb_yaml_node *root, const char *key,
                     read_row *read)
{
    const struct vb_yaml_node *node = vb_yaml_get(root, key);
    for (size_t i = 0; node != NULL && i < node->count; i++)
        (void)read(r, node->kind == VB_YAML_MAP ? node->keys[i] : NULL, node->items[i]);
}

static const struct {
    const char *key;
    bool list;
    size_t size, rows; /* where the rows are kept */
    read_row *read;
} sections[] = {
    {"decide", true, sizeof(struct policy_threshold), offsetof(struct vb_policy, thresholds),
     read_threshold},
    {"findings", false, sizeof(struct policy_override), offsetof(struct vb_policy, overrides),
     read_override},
    {"signatures", true, sizeof(struct policy_signer), offsetof(struct vb_policy, signers),
     read_signer},
    {"exceptions", true, sizeof(struct policy_exception), offsetof(struct vb_policy, exceptions),
     read_exception},
};

static void read_sections(struct reader *r, const struct vb_yaml_node *root)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(sections); i++) {
        const size_t before = r->wrong;
        void *rows = read_rows(r, root, sections[i].key, sections[i].list, sections[i].size);
        memcpy((char *)r->policy + sections[i].rows, &rows, sizeof(rows));
        if (rows != NULL && r->wrong == before)
            each_row(r, root, sections[i].key, sections[i].read);
    }
}

size_t vb_policy_read(struct vb_policy *policy, const struct vb_yaml_node *root,
                      vb_policy_told *told, void *ctx)
{
    struct reader r = {policy, told, ctx, 0};
    if (!want_keys(&r, root,
                   "version decide findings hosts licenses signatures combinations coverage "
                   "exceptions") &&
        root->kind != VB_YAML_MAP)
        return r.wrong;
    const struct vb_yaml_node *version = want_key(&r, root, "version");
    if (version != NULL &&
        (version->kind != VB_YAML_SCALAR || version->quoted || strcmp(version->text, "1") != 0))
        (void)wrong(&r, version, "this program understands policies of version 1 only");
    /* Without rows nothing would ever be blocked: surely a mistake. */
    (void)want_key(&r, root, "decide");
    read_sections(&r, root);
    const struct vb_yaml_node *hosts = vb_yaml_get(root, "hosts");
    const struct vb_yaml_node *licenses = vb_yaml_get(root, "licenses");
    const struct vb_yaml_node *coverage = vb_yaml_get(root, "coverage");
    const struct vb_yaml_node *combinations = vb_yaml_get(root, "combinations");
    if (hosts != NULL)
        read_hosts(&r, hosts);
    if (licenses != NULL)
        read_licenses(&r, licenses);
    if (coverage != NULL)
        read_coverage(&r, coverage);
    if (combinations != NULL)
        read_combinations(&r, combinations);
    return r.wrong;
}
