/* What the policy makes of a finding. The order: a host that may be reached; the row for the
 * finding's id; the row of the policy that made the finding; the first row that its grade fits; and
 * whatever that says, an exception may make it `allow`. */
#include <string.h>

#include "verdict/internal.h"

const struct policy_coverage *vb_policy_coverage(const struct vb_policy *policy, const char *action)
{
    const bool scan = action != NULL && strcmp(action, "scan") == 0;
    return &policy->coverage[scan ? POLICY_SCAN : POLICY_VET];
}

struct vb_policy_rule vb_policy_rule_at(const struct vb_policy *policy, struct arena *arena,
                                        size_t line, char *text)
{
    return (struct vb_policy_rule){vb_arena_str(arena, vb_path_base(policy->name)), line, text};
}

struct vb_policy_rule vb_policy_coverage_rule(const struct vb_policy *policy, struct arena *arena,
                                              const char *action, enum policy_coverage_id id)
{
    const struct policy_coverage_rule *rule = &vb_policy_coverage(policy, action)->rules[id];
    const char *key = vb_policy_coverage_keys[id].key;
    char *text = id == POLICY_COVERAGE_STATIC
                     ? vb_arena_printf(arena, "coverage: %s: %s", key,
                                       vb_decision_name((enum vb_decision)rule->value))
                     : vb_arena_printf(arena, "coverage: %s: %lld", key, (long long)rule->value);
    return vb_policy_rule_at(policy, arena, rule->line, text);
}

bool vb_policy_is_guarded(const char *finding)
{
    /* A reader of ours that died, a record that is not whole or not true, and what stayed closed.
     */
    static const char ids[] = "VB-EXAMINER-DIED VB-EVASION VB-EVADE-FLOOD VB-OPAQUE "
                              "VB-RESOURCE-ABUSE VB-ARCHIVE-ENCRYPTED VB-ARCHIVE-DAMAGED "
                              "VB-ARCHIVE-BOMB";
    return vb_word_in(ids, finding);
}

/* --- packages --- */

/* Of PATTERN, KIND:NAME, the NAME; *RET_KIND is how long KIND is. */
static const char *name_of(const char *pattern, size_t *ret_kind)
{
    const char *colon = strchr(pattern, ':');
    *ret_kind = colon == NULL ? 0 : (size_t)(colon - pattern);
    return colon == NULL ? pattern : colon + 1;
}

static bool kind_fits(const char *pattern, size_t len, const struct policy_package *package)
{
    return len == 0 || (strlen(package->kind) == len && strncmp(package->kind, pattern, len) == 0);
}

bool vb_policy_package_fits(const char *pattern, const struct policy_package *package)
{
    size_t kind = 0;
    const char *name = name_of(pattern, &kind);
    return package->name[0] != '\0' && kind_fits(pattern, kind, package) &&
           vb_package_match(name, package->kind, package->name);
}

bool vb_policy_any_fits(const struct policy_texts *patterns, const struct policy_package *package)
{
    for (size_t i = 0; i < patterns->count; i++) {
        if (vb_policy_package_fits(patterns->items[i].text, package))
            return true;
    }
    return false;
}

/* How deep ROOT, of a package, is around PATH; 0: it is not. */
static size_t encloses(const char *root, const char *path)
{
    const size_t len = strlen(root);
    if (strcmp(root, ".") == 0)
        return 1;
    return strncmp(path, root, len) == 0 && (path[len] == '/' || path[len] == '\0') ? len + 1 : 0;
}

/* The innermost packages around PATH, as encloses() has it; 0: none. */
static size_t innermost(const struct policy_case *given, const char *path)
{
    size_t deepest = 0;
    for (size_t i = 0; path != NULL && i < given->package_count; i++) {
        const size_t depth = encloses(given->packages[i].path, path);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest;
}

/* What the user asked for by name is that as a whole. Else whatever calls itself something at the
 * root of the innermost package around the finding must fit, or, where the finding lies nowhere,
 * whatever calls itself anything: one fitting name beside another would be anybody's to take. */
static bool packages_fit(const char *pattern, const struct policy_case *given)
{
    const char *path = given->finding->path;
    const size_t deepest = innermost(given, path);
    size_t kind = 0, fitting = 0;
    const char *name = name_of(pattern, &kind);
    for (size_t i = 0; i < given->package_count; i++) {
        if (given->packages[i].reference && vb_policy_package_fits(pattern, &given->packages[i]))
            return true;
    }
    for (size_t i = 0; i < given->package_count; i++) {
        const struct policy_package *package = &given->packages[i];
        if (package->reference || package->name[0] == '\0' ||
            (path != NULL && (deepest == 0 || encloses(package->path, path) != deepest)))
            continue;
        if (!vb_package_match(name, package->kind, package->name))
            return false;
        fitting += kind_fits(pattern, kind, package);
    }
    return fitting > 0;
}

/* --- exceptions --- */

/* ROW is for finding ID; a pattern is not for what is guarded. */
static bool meets(const char *row, const char *id)
{
    return vb_word_in(row, id) && (!vb_ends(row, "*") || !vb_policy_is_guarded(id));
}

static bool excepts(const struct policy_exception *row, const struct policy_case *given)
{
    const struct vb_finding *finding = given->finding;
    if (!meets(row->finding, finding->id))
        return false;
    if (row->package != NULL && !packages_fit(row->package, given))
        return false;
    if (row->path != NULL && (finding->path == NULL || !vb_glob_match(row->path, finding->path)))
        return false;
    return row->host == NULL || (finding->host != NULL && vb_glob_match(row->host, finding->host));
}

/* --- decisions --- */

struct decided {
    enum vb_decision decision;
    struct vb_policy_rule rule;
};

/* An allowed host is one that need not be disclosed, and nothing else: what is sent there, fetched
 * from there and executed counts as it does anywhere. */
static bool by_host(const struct vb_policy *policy, const struct vb_finding *finding,
                    struct arena *arena, struct decided *ret)
{
    if (strcmp(finding->id, "VB-NET-UNDISCLOSED") != 0 || finding->host == NULL)
        return false;
    for (size_t i = 0; i < policy->hosts.count; i++) {
        const struct policy_text *row = &policy->hosts.items[i];
        const bool below = vb_starts(row->text, "*.");
        if (below ? !vb_name_match(row->text, finding->host)
                  : strcmp(row->text, finding->host) != 0)
            continue;
        ret->decision = VB_DECISION_ALLOW;
        ret->rule = vb_policy_rule_at(policy, arena, row->line,
                                      vb_arena_printf(arena, "hosts: allowed: %s", row->text));
        return true;
    }
    return false;
}

static bool by_id(const struct vb_policy *policy, const struct vb_finding *finding,
                  struct arena *arena, struct decided *ret)
{
    for (size_t i = 0; i < policy->override_count; i++) {
        const struct policy_override *row = &policy->overrides[i];
        const bool fits = row->decision == VB_DECISION_ALLOW
                              ? meets(row->finding, finding->id)
                              : vb_word_in(row->finding, finding->id);
        if (!fits)
            continue;
        ret->decision = row->decision;
        ret->rule = vb_policy_rule_at(policy, arena, row->line,
                                      vb_arena_printf(arena, "findings: %s", row->finding));
        return true;
    }
    return false;
}

static bool by_own_row(const struct vb_finding *finding, struct decided *ret)
{
    if (finding->rule.policy == NULL)
        return false;
    *ret = (struct decided){finding->decision, finding->rule};
    return true;
}

static bool by_grade(const struct vb_policy *policy, const struct vb_finding *finding,
                     struct arena *arena, struct decided *ret)
{
    for (size_t i = 0; i < policy->threshold_count; i++) {
        const struct policy_threshold *row = &policy->thresholds[i];
        if ((int)finding->severity < row->severity || (int)finding->confidence < row->confidence)
            continue;
        ret->decision = row->decision;
        ret->rule = vb_policy_rule_at(
            policy, arena, row->line,
            vb_arena_printf(arena, "severity %s, confidence %s or more",
                            vb_severity_name((enum vb_severity)row->severity),
                            vb_confidence_name((enum vb_confidence)row->confidence)));
        return true;
    }
    return false;
}

/* What a model takes a text for is no proof: it asks somebody to read it, whatever the policy says.
 */
static void keep_to_review(const struct vb_finding *finding, struct arena *arena,
                           struct decided *decided)
{
    if (decided->decision <= VB_DECISION_REVIEW || strcmp(finding->id, "VB-TEXT-MODEL") != 0)
        return;
    decided->decision = VB_DECISION_REVIEW;
    decided->rule.text =
        vb_arena_printf(arena, "%s; VB-TEXT-MODEL is review at most", decided->rule.text);
}

static struct decided decide(const struct vb_policy *policy, const struct vb_finding *finding,
                             struct arena *arena)
{
    struct decided decided = {VB_DECISION_ALLOW, {NULL, 0, NULL}};
    if (!by_host(policy, finding, arena, &decided) && !by_id(policy, finding, arena, &decided) &&
        !by_own_row(finding, &decided) && !by_grade(policy, finding, arena, &decided))
        decided.rule.text = vb_arena_str(arena, "no row of the policy fits");
    keep_to_review(finding, arena, &decided);
    return decided;
}

static char *sentence_of(struct arena *arena, const struct vb_policy_rule *rule)
{
    return rule->policy == NULL
               ? rule->text
               : vb_arena_printf(arena, "%s:%zu: %s", rule->policy, rule->line, rule->text);
}

enum vb_decision vb_policy_decide(const struct vb_policy *policy, const struct policy_case *given,
                                  struct arena *arena, struct vb_policy_rule *ret_rule,
                                  char **ret_reason)
{
    const struct decided decided = decide(policy, given->finding, arena);
    *ret_rule = decided.rule;
    *ret_reason = sentence_of(arena, ret_rule);
    for (size_t i = 0; decided.decision > VB_DECISION_ALLOW && i < policy->exception_count; i++) {
        const struct policy_exception *row = &policy->exceptions[i];
        if (!excepts(row, given))
            continue;
        if (given->clock < row->end) {
            *ret_rule = vb_policy_rule_at(policy, arena, row->line,
                                          vb_arena_printf(arena, "exception of %s until %s: %s",
                                                          row->owner, row->expires, row->reason));
            *ret_reason = sentence_of(arena, ret_rule);
            return VB_DECISION_ALLOW;
        }
        *ret_reason = vb_arena_printf(arena, "%s; the exception of %s expired on %s", *ret_reason,
                                      row->owner, row->expires);
    }
    return decided.decision;
}
