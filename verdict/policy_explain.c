/* What a policy does, in words for who writes one: all of it, or the chain from a finding to the
 * verdict. */
#include <string.h>

#include "verdict/internal.h"

/* Lines that go into a buffer; the first failure sticks. */
struct page {
    const struct vb_policy *policy;
    int64_t now;
    struct vb_buf *buf;
    struct vb_error *err;
    int status;
};

static void say(struct page *page, const char *fmt, ...) VB_PRINTF(2, 3);
static void say(struct page *page, const char *fmt, ...)
{
    struct arena arena = {0};
    va_list args;
    va_start(args, fmt);
    const char *text = vb_arena_vprintf(&arena, fmt, args);
    va_end(args);
    if (page->status == VB_OK && arena.failed)
        page->status = vb_fail(page->err, VB_E_NOMEM, 0, "explaining the policy");
    if (page->status == VB_OK)
        page->status = vb_buf_append_str(page->buf, text, page->err);
    vb_arena_done(&arena);
}

/* "  line 12  ", before what stands there. */
static void at_line(struct page *page, size_t line)
{
    if (line > 0)
        say(page, "  line %-4zu ", line);
    else
        say(page, "  built in  ");
}

static const char *meaning_of(enum vb_decision decision)
{
    static const char *const words[] = {[VB_DECISION_ALLOW] = "listed and allowed",
                                        [VB_DECISION_REVIEW] = "review",
                                        [VB_DECISION_BLOCK] = "block"};
    return words[decision];
}

/* "a, b or c" */
static void say_list(struct page *page, const struct policy_texts *list)
{
    for (size_t i = 0; i < list->count; i++)
        say(page, "%s%s", i == 0 ? "" : (i + 1 == list->count ? " or " : ", "),
            list->items[i].text);
}

/* --- sections --- */

static void hosts(struct page *page)
{
    const struct policy_texts *list = &page->policy->hosts;
    if (list->count == 0)
        return;
    say(page, "That it reaches one of these hosts is allowed, whether it names the host or not. "
              "What it\nsends there, and runs from there, counts as anywhere.\n");
    for (size_t i = 0; i < list->count; i++) {
        at_line(page, list->items[i].line);
        say(page, "%s\n", list->items[i].text);
    }
    say(page, "\n");
}

static void ids(struct page *page)
{
    for (size_t i = 0; i < page->policy->override_count; i++) {
        const struct policy_override *row = &page->policy->overrides[i];
        at_line(page, row->line);
        say(page, "%s: %s\n", row->finding, meaning_of(row->decision));
    }
}

static void grades(struct page *page)
{
    for (size_t i = 0; i < page->policy->threshold_count; i++) {
        const struct policy_threshold *row = &page->policy->thresholds[i];
        at_line(page, row->line);
        say(page, "severity %s%s, confidence %s%s: %s\n",
            vb_severity_name((enum vb_severity)row->severity),
            row->severity < VB_SEVERITY_CRITICAL ? " or more" : "",
            vb_confidence_name((enum vb_confidence)row->confidence),
            row->confidence < VB_CONFIDENCE_HIGH ? " or more" : "", meaning_of(row->decision));
    }
    at_line(page, 0);
    say(page, "anything else: %s\n", meaning_of(VB_DECISION_ALLOW));
}

static void licenses(struct page *page)
{
    const struct policy_licenses *rules = &page->policy->licenses;
    if (rules->line == 0)
        return;
    say(page, "\nLicences, as the manifests state them.\n");
    at_line(page, rules->line);
    say(page, "any but ");
    say_list(page, &rules->allowed);
    say(page, ": %s\n", meaning_of(rules->other));
    at_line(page, rules->line);
    say(page, "none: %s\n", meaning_of(rules->missing));
}

static void signer(struct page *page, const struct policy_signer *row)
{
    at_line(page, row->line);
    say_list(page, &row->packages);
    say(page, " must be signed by ");
    if (row->signers.count > 0)
        say_list(page, &row->signers);
    else
        say(page, "somebody of the trust folder");
    if (row->issuer != NULL)
        say(page, ", for whom %s vouches", row->issuer);
    if (row->builder != NULL)
        say(page, ", built by %s", row->builder);
    if (row->repository != NULL)
        say(page, ", from %s", row->repository);
    if (row->max_age_days >= 0)
        say(page, ", at most %lld days ago", (long long)row->max_age_days);
    say(page, ", every file of it; else %s\n", meaning_of(row->decision));
}

static void signers(struct page *page)
{
    if (page->policy->signer_count > 0)
        say(page, "\nWho must have signed. A signature counts only if the trust folder trusts "
                  "it.\n");
    for (size_t i = 0; i < page->policy->signer_count; i++)
        signer(page, &page->policy->signers[i]);
}

static void combinations(struct page *page)
{
    const struct {
        const struct policy_combination *row;
        const char *words;
    } rows[] = {{&page->policy->trifecta, "untrusted input, private data and a way out"},
                {&page->policy->rule_of_two,
                 "untrusted input, private data, and a way out or a change of state"}};
    if (rows[0].row->line + rows[1].row->line > 0)
        say(page, "\nWhat one package should not have all at once.\n");
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (rows[i].row->line == 0)
            continue;
        at_line(page, rows[i].row->line);
        say(page, "%s: %s\n", rows[i].words,
            rows[i].row->decision == VB_DECISION_ALLOW ? "not told"
                                                       : meaning_of(rows[i].row->decision));
    }
}

static void exception(struct page *page, const struct policy_exception *row)
{
    at_line(page, row->line);
    say(page, "%s", row->finding);
    if (row->package != NULL)
        say(page, " of the package %s", row->package);
    if (row->path != NULL)
        say(page, " in %s", row->path);
    if (row->host != NULL)
        say(page, " about the host %s", row->host);
    say(page, ": %s %s until %s: %s\n",
        page->now < row->end ? "accepted by" : "NO MORE accepted by", row->owner, row->expires,
        row->reason);
}

static void exceptions(struct page *page)
{
    if (page->policy->exception_count == 0)
        return;
    say(page, "\nExceptions: these findings are allowed nevertheless, by the clock of the run. "
              "What says that\nvetbox could not see everything (VB-OPAQUE and its like) is met by "
              "its full id only.\n");
    for (size_t i = 0; i < page->policy->exception_count; i++)
        exception(page, &page->policy->exceptions[i]);
}

static void minimum(struct page *page, const struct policy_coverage_key *row, int64_t value)
{
    const char *hole = strstr(row->meaning, "%lld");
    const bool least = vb_starts(row->key, "least");
    const bool never = hole == NULL ? value == VB_DECISION_ALLOW : value == (least ? 0 : row->max);
    if (never)
        say(page, "(%s asks for nothing)\n", row->key);
    else if (hole == NULL)
        say(page, "%s\n", row->meaning);
    else
        say(page, "%.*s%lld%s\n", (int)(hole - row->meaning), row->meaning, (long long)value,
            hole + strlen("%lld"));
}

static void coverage(struct page *page, enum policy_action action, const char *title)
{
    say(page, "%s", title);
    for (size_t i = 0; i < POLICY_COVERAGE_COUNT; i++) {
        const struct policy_coverage_rule *rule = &page->policy->coverage[action].rules[i];
        if (action == POLICY_SCAN && !vb_policy_coverage_keys[i].scan)
            continue;
        at_line(page, rule->line);
        minimum(page, &vb_policy_coverage_keys[i], rule->value);
    }
}

int vb_policy_explain(const struct vb_policy *policy, int64_t now, struct vb_buf *ret,
                      struct vb_error *err)
{
    struct page page = {policy, now, ret, err, VB_OK};
    say(&page, "%s\n\n", policy->name);
    hosts(&page);
    say(&page, "The worst finding makes the verdict. What a finding means, the first that fits:\n");
    ids(&page);
    grades(&page);
    licenses(&page);
    signers(&page);
    combinations(&page);
    exceptions(&page);
    coverage(&page, POLICY_VET, "\nAfter vetbox vet or run, allow becomes review if\n");
    coverage(&page, POLICY_SCAN, "\nAfter vetbox scan, allow becomes review if\n");
    return page.status;
}

/* --- chains --- */

static void say_rule(struct page *page, const struct vb_policy_rule *rule)
{
    if (rule->policy == NULL)
        say(page, "  -> %s\n", rule->text);
    else if (rule->line == 0)
        say(page, "  -> built in, where %s says nothing: %s\n", rule->policy, rule->text);
    else
        say(page, "  -> %s:%zu: %s\n", rule->policy, rule->line, rule->text);
}

static void say_finding(struct page *page, const struct vb_finding *finding)
{
    say(page, "%s (severity %s, confidence %s)", finding->id, vb_severity_name(finding->severity),
        vb_confidence_name(finding->confidence));
    if (finding->path != NULL && finding->line > 0)
        say(page, " in %s:%lld", finding->path, (long long)finding->line);
    else if (finding->path != NULL)
        say(page, " in %s", finding->path);
    if (finding->host != NULL)
        say(page, ", host %s", finding->host);
    say(page, "\n");
}

/* What else the policy could make of it, by where it lies. */
static void say_exceptions(struct page *page, const struct vb_finding *finding)
{
    const struct vb_policy *policy = page->policy;
    for (size_t i = 0; i < policy->exception_count; i++) {
        const struct policy_exception *row = &policy->exceptions[i];
        const bool place = row->package != NULL || row->path != NULL || row->host != NULL;
        if (!vb_word_in(row->finding, finding->id))
            continue;
        if (vb_ends(row->finding, "*") && vb_policy_is_guarded(finding->id))
            say(page, "  the exception at line %zu is for %s: this one it must name in full\n",
                row->line, row->finding);
        else if (page->now >= row->end)
            say(page, "  the exception at line %zu, of %s, expired on %s\n", row->line, row->owner,
                row->expires);
        else if (place)
            say(page, "  the exception at line %zu makes it allow where its place fits, until %s\n",
                row->line, row->expires);
    }
    if (strcmp(finding->id, "VB-NET-UNDISCLOSED") == 0 && policy->hosts.count > 0)
        say(page, "  hosts that the policy allows (line %zu) are allowed before that\n",
            policy->hosts.items[0].line);
}

int vb_policy_explain_finding(const struct vb_policy *policy, const struct vb_finding *finding,
                              int64_t now, struct vb_buf *ret, struct vb_error *err)
{
    struct page page = {policy, now, ret, err, VB_OK};
    struct arena arena = {0};
    struct vb_policy_rule rule;
    char *reason = NULL;
    const struct policy_case given = {finding, NULL, 0, now};
    const enum vb_decision decision = vb_policy_decide(policy, &given, &arena, &rule, &reason);
    say_finding(&page, finding);
    if (vb_starts(finding->id, "VB-POLICY-") &&
        (rule.policy == NULL || !vb_starts(rule.text, "findings:"))) {
        say(&page, "  -> the row of the policy that makes it decides, not its grade\n");
    } else {
        say_rule(&page, &rule);
        say(&page, "  -> %s\n", vb_decision_name(decision));
        say(&page, "  -> verdict: %s\n",
            decision == VB_DECISION_BLOCK    ? "block"
            : decision == VB_DECISION_REVIEW ? "review, unless another finding is block"
                                             : "allow, unless another finding or what was not "
                                               "examined forbids it");
    }
    say_exceptions(&page, finding);
    if (arena.failed && page.status == VB_OK)
        page.status = vb_fail(err, VB_E_NOMEM, 0, "explaining the policy");
    vb_arena_done(&arena);
    return page.status;
}

int vb_policy_explain_verdict(const struct vb_verdict *verdict, struct vb_buf *ret,
                              struct vb_error *err)
{
    struct page page = {NULL, verdict->clock, ret, err, VB_OK};
    for (size_t i = 0; i < verdict->finding_count; i++) {
        const struct vb_finding *finding = &verdict->findings[i];
        say_finding(&page, finding);
        say(&page, "  -> %s\n  -> %s\n", finding->policy_reason,
            vb_decision_name(finding->decision));
    }
    if (verdict->doubt != NULL) {
        say(&page, "Not examined: %s\n", verdict->doubt);
        if (verdict->doubt_rule.policy != NULL)
            say_rule(&page, &verdict->doubt_rule);
        say(&page, "  -> allow becomes review\n");
    }
    say(&page, "verdict: %s. %s\n", vb_decision_name(verdict->decision), verdict->why);
    return page.status;
}

/* --- what is hardly meant --- */

struct doubts {
    const struct vb_policy *policy;
    vb_policy_told *told;
    void *ctx;
    struct arena arena;
    size_t count;
};

static void doubt(struct doubts *doubts, size_t line, const char *fmt, ...) VB_PRINTF(3, 4);
static void doubt(struct doubts *doubts, size_t line, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *why = vb_arena_vprintf(&doubts->arena, fmt, args);
    va_end(args);
    doubts->told(doubts->ctx, false,
                 vb_arena_printf(&doubts->arena, "%s:%zu: %s", doubts->policy->name, line, why));
    doubts->count++;
}

static void unknown_ids(struct doubts *doubts, bool (*known)(void *ctx, const char *finding))
{
    const struct vb_policy *policy = doubts->policy;
    static const char fmt[] = "no finding and no rule has the id %s";
    for (size_t i = 0; known != NULL && i < policy->override_count; i++)
        if (!known(doubts->ctx, policy->overrides[i].finding))
            doubt(doubts, policy->overrides[i].line, fmt, policy->overrides[i].finding);
    for (size_t i = 0; known != NULL && i < policy->exception_count; i++)
        if (!known(doubts->ctx, policy->exceptions[i].finding))
            doubt(doubts, policy->exceptions[i].line, fmt, policy->exceptions[i].finding);
}

/* A row with a kind that no package is of fits nothing, and demands nothing. */
static void unknown_kind(struct doubts *doubts, size_t line, const char *pattern,
                         bool (*known)(const char *kind))
{
    const char *colon = pattern == NULL ? NULL : strchr(pattern, ':');
    if (known == NULL || colon == NULL || colon == pattern)
        return;
    const char *kind = vb_arena_printf(&doubts->arena, "%.*s", (int)(colon - pattern), pattern);
    if (!known(kind))
        doubt(doubts, line, "%s fits no package: there is no kind %s", pattern, kind);
}

static void unknown_kinds(struct doubts *doubts, bool (*known)(const char *kind))
{
    const struct vb_policy *policy = doubts->policy;
    for (size_t i = 0; i < policy->signer_count; i++) {
        const struct policy_texts *packages = &policy->signers[i].packages;
        for (size_t k = 0; k < packages->count; k++)
            unknown_kind(doubts, packages->items[k].line, packages->items[k].text, known);
    }
    for (size_t i = 0; i < policy->exception_count; i++)
        unknown_kind(doubts, policy->exceptions[i].line, policy->exceptions[i].package, known);
}

/* Rows behind one that takes all that they would. */
static void unreached(struct doubts *doubts)
{
    const struct vb_policy *policy = doubts->policy;
    for (size_t i = 1; i < policy->threshold_count; i++)
        for (size_t k = 0; k < i; k++) {
            const struct policy_threshold *row = &policy->thresholds[i];
            const struct policy_threshold *before = &policy->thresholds[k];
            if (before->severity > row->severity || before->confidence > row->confidence)
                continue;
            doubt(doubts, row->line, "this row is never reached: line %zu takes all that fits it",
                  before->line);
            break;
        }
    for (size_t i = 1; i < policy->override_count; i++)
        for (size_t k = 0; k < i; k++) {
            const struct policy_override *before = &policy->overrides[k];
            if (!vb_word_in(before->finding, policy->overrides[i].finding) ||
                (before->decision == VB_DECISION_ALLOW &&
                 vb_policy_is_guarded(policy->overrides[i].finding)))
                continue;
            doubt(doubts, policy->overrides[i].line,
                  "this is never reached: %s at line %zu comes first", before->finding,
                  before->line);
            break;
        }
}

static void expired(struct doubts *doubts, int64_t now)
{
    const struct vb_policy *policy = doubts->policy;
    for (size_t i = 0; i < policy->exception_count; i++)
        if (now >= policy->exceptions[i].end)
            doubt(doubts, policy->exceptions[i].line, "the exception of %s expired on %s",
                  policy->exceptions[i].owner, policy->exceptions[i].expires);
}

/* Of an exception's pattern. '*' of a path stays within a name, and that of others does not. */
static bool is_all(const char *pattern)
{
    return pattern != NULL && pattern[strspn(pattern, "*?:/")] == '\0';
}

/* Nobody but a manifest with these very words fits it. */
static void unknown_licenses(struct doubts *doubts)
{
    const struct policy_texts *allowed = &doubts->policy->licenses.allowed;
    for (size_t i = 0; i < allowed->count; i++)
        if (!vb_license_is_known(allowed->items[i].text))
            doubt(doubts, allowed->items[i].line,
                  "%s is no SPDX id that is in common use: it fits only a manifest that says just "
                  "this",
                  allowed->items[i].text);
}

/* What lets more in than its author may think. */
static void generous(struct doubts *doubts)
{
    const struct vb_policy *policy = doubts->policy;
    bool blocks = false;
    for (size_t i = 0; i < policy->threshold_count; i++)
        blocks |= policy->thresholds[i].decision == VB_DECISION_BLOCK;
    if (!blocks)
        doubt(doubts, 1, "no row of decide says block");
    for (size_t i = 0; i < POLICY_ACTIONS; i++) {
        const struct policy_coverage_rule *rule =
            &policy->coverage[i].rules[POLICY_COVERAGE_STATIC];
        const bool told =
            i > 0 && rule->line == policy->coverage[0].rules[POLICY_COVERAGE_STATIC].line;
        if (rule->value == VB_DECISION_BLOCK && !told)
            doubt(doubts, rule->line,
                  "static: block makes review of allow, as coverage always does");
    }
    for (size_t i = 0; i < policy->exception_count; i++) {
        const struct policy_exception *row = &policy->exceptions[i];
        if (is_all(row->package) || is_all(row->path) || is_all(row->host))
            doubt(doubts, row->line,
                  "a pattern of nothing but * fits everything: name a package, path or host, or "
                  "leave "
                  "its key out");
        else if (row->package == NULL && row->path == NULL && row->host == NULL &&
                 vb_ends(row->finding, "*"))
            doubt(doubts, row->line,
                  "this excepts all of %s in every package: name a package, path or host",
                  row->finding);
    }
}

size_t vb_policy_doubts(const struct vb_policy *policy, int64_t now, struct vb_policy_known known,
                        vb_policy_told *told, void *ctx)
{
    struct doubts doubts = {.policy = policy, .told = told, .ctx = ctx};
    unknown_ids(&doubts, known.finding);
    unknown_kinds(&doubts, known.kind);
    unreached(&doubts);
    unknown_licenses(&doubts);
    generous(&doubts);
    expired(&doubts, now);
    const size_t count = doubts.count;
    vb_arena_done(&doubts.arena);
    return count;
}
