/* A policy as it was read: policy_read.c fills it, policy_decide.c decides by it, policy_wants.c
 * looks for what it wants of a package, policy_explain.c says it in words. */
#ifndef VERDICT_POLICY_H
#define VERDICT_POLICY_H

#include "verdict/arena.h"
#include "vetbox/core/yaml.h"
#include "vetbox/verdict.h"

/* Every row knows its line. Texts are the policy's arena's. */
struct policy_threshold {
    int severity, confidence;
    enum vb_decision decision;
    size_t line;
};

struct policy_override {
    const char *finding;
    enum vb_decision decision;
    size_t line;
};

struct policy_text {
    const char *text;
    size_t line;
};

struct policy_texts {
    struct policy_text *items;
    size_t count;
};

struct policy_exception {
    const char *finding;
    const char *package; /* these three may be NULL */
    const char *path;
    const char *host;
    const char *owner;
    const char *reason;
    const char *expires;
    int64_t end; /* the first second after it */
    size_t line;
};

/* Which licences a package may have; LINE 0: the policy says nothing of it. */
struct policy_licenses {
    struct policy_texts allowed;
    enum vb_decision other, missing;
    size_t line;
};

/* What a package may not have all at once; LINE 0: the policy says nothing of it. */
struct policy_combination {
    enum vb_decision decision;
    size_t line;
};

/* Who must have signed which packages. */
struct policy_signer {
    struct policy_texts packages;
    struct policy_texts signers; /* empty: whoever the trust folder trusts */
    const char *issuer;          /* these three may be NULL */
    const char *builder;
    const char *repository;
    int64_t max_age_days; /* -1: any */
    enum vb_decision decision;
    size_t line;
};

enum policy_coverage_id {
#define VB_COVERAGE_RULE(id, key, max, value, scan, meaning) POLICY_COVERAGE_##id,
#include "verdict/coverage.def"
#undef VB_COVERAGE_RULE
    POLICY_COVERAGE_COUNT
};

struct policy_coverage_key {
    const char *key;
    int64_t max, value;
    bool scan; /* of a scan too */
    const char *meaning;
};
extern const struct policy_coverage_key vb_policy_coverage_keys[POLICY_COVERAGE_COUNT];

struct policy_coverage {
    struct policy_coverage_rule {
        int64_t value;
        size_t line; /* 0: the policy does not say */
    } rules[POLICY_COVERAGE_COUNT];
};

enum policy_action { POLICY_VET, POLICY_SCAN, POLICY_ACTIONS };

struct vb_policy {
    const char *name; /* for messages; its last component stands in reasons, so that the same
                         policy gives the same bytes wherever it lies */
    struct arena arena;
    struct policy_threshold *thresholds;
    size_t threshold_count;
    struct policy_override *overrides;
    size_t override_count;
    struct policy_exception *exceptions;
    size_t exception_count;
    struct policy_texts hosts; /* that any package may reach */
    struct policy_licenses licenses;
    struct policy_combination trifecta, rule_of_two;
    struct policy_signer *signers;
    size_t signer_count;
    struct policy_coverage coverage[POLICY_ACTIONS];
};

/* Tells every mistake of ROOT and fills POLICY; how many there were. */
size_t vb_policy_read(struct vb_policy *policy, const struct vb_yaml_node *root,
                      vb_policy_told *told, void *ctx);

/* For ACTION of the log. */
const struct policy_coverage *vb_policy_coverage(const struct vb_policy *policy,
                                                 const char *action);

/* A package as its manifest names it. */
struct policy_package {
    const char *kind, *name; /* NAME "": it has none */
    const char *path;        /* its root below the tree, "." for the top */
    const char *license;     /* "": it states none */
    uint64_t seq;
    bool reference; /* it is what the user asked for, by that name */
};
/* PATTERN is for KIND:NAME, or for names of any kind; '*' and '?' stand for anything. */
bool vb_policy_package_fits(const char *pattern, const struct policy_package *package);
bool vb_policy_any_fits(const struct policy_texts *patterns, const struct policy_package *package);

struct policy_case {
    const struct vb_finding *finding;
    const struct policy_package *packages; /* all that were recognised */
    size_t package_count;
    int64_t clock;
};
/* Decides; what decided is told in *RET_RULE and, as one sentence, in *RET_REASON. Both are in
 * ARENA. */
enum vb_decision vb_policy_decide(const struct vb_policy *policy, const struct policy_case *given,
                                  struct arena *arena, struct vb_policy_rule *ret_rule,
                                  char **ret_reason);
/* The rule at LINE of POLICY, whose text is TEXT. */
struct vb_policy_rule vb_policy_rule_at(const struct vb_policy *policy, struct arena *arena,
                                        size_t line, char *text);
/* The same of a minimum of coverage. */
struct vb_policy_rule vb_policy_coverage_rule(const struct vb_policy *policy, struct arena *arena,
                                              const char *action, enum policy_coverage_id id);
/* True if only its very name, and no pattern, can make it `allow`: our own failure, or something
 * that was not examined. */
bool vb_policy_is_guarded(const char *finding);

/* license.c: EXPRESSION, as a manifest states it, grants what one of ALLOWED (SPDX ids, '*' at the
 * end) grants. What is no SPDX expression must be there word by word. */
/* TEXT is an SPDX id in common use, the beginning of one and '*', or a LicenseRef- of one's own. */
bool vb_license_is_known(const char *text);
bool vb_license_allowed(const struct policy_texts *allowed, const char *expression);

#endif
