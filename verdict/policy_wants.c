/* What the policy wants of a package that nobody's deeds show: its licence, and who signed it. Each
 * miss is a finding of its own, and the row that wants it decides. What a package calls itself is
 * its own word, and a row cannot meet who calls himself something else. */
#include <string.h>

#include "verdict/internal.h"

/* --- what the log says --- */

static struct policy_package *new_package(struct judge *judge)
{
    if (judge->package_count == MAX_PACKAGES) {
        judge->packages_dropped++;
        return NULL;
    }
    struct policy_package *package = &judge->packages[judge->package_count++];
    package->seq = judge->event->seq;
    return package;
}

static void see_package(struct judge *judge)
{
    struct policy_package *package = new_package(judge);
    if (package == NULL)
        return;
    package->kind = vb_arena_str(judge->keep, vb_text_of(judge, VB_F_KIND_OF));
    package->name = vb_arena_str(judge->keep, vb_text_of(judge, VB_F_NAME));
    package->path = vb_arena_str(judge->keep, vb_text_of(judge, VB_F_PATH));
    package->license = vb_arena_cut(judge->keep, vb_text_of(judge, VB_F_LICENSE), MAX_TEXT);
}

/* A reference such as npm:@acme/tool@1.2 says what is meant, whatever the package says. */
static void see_reference(struct judge *judge)
{
    const char *text = vb_text_of(judge, VB_F_REFERENCE);
    const size_t kind = strspn(text, "abcdefghijklmnopqrstuvwxyz");
    if (kind == 0 || text[kind] != ':' || text[kind + 1] == '\0' || vb_starts(text + kind, "://"))
        return;
    const char *name = text + kind + 1;
    const char *version = strchr(name + 1, '@');
    struct policy_package *package = new_package(judge);
    if (package == NULL)
        return;
    package->kind = vb_arena_copy(judge->keep, text, kind);
    package->name =
        vb_arena_copy(judge->keep, name, version != NULL ? (size_t)(version - name) : strlen(name));
    package->path = ".";
    package->license = "";
    package->reference = true;
}

/* The VALUE of NAME=VALUE among the facts of a certificate, or "". */
static const char *fact_of(struct judge *judge, const char *name)
{
    size_t count = 0;
    char **facts = vb_list_of(judge, VB_F_FACTS, &count);
    const size_t len = strlen(name);
    for (size_t i = 0; i < count; i++) {
        if (vb_starts(facts[i], name) && facts[i][len] == '=')
            return vb_arena_str(judge->keep, facts[i] + len + 1);
    }
    return "";
}

static void keep_covers(struct judge *judge, struct seen_signature *signature)
{
    size_t count = 0;
    char **paths = vb_list_of(judge, VB_F_COVERS, &count);
    if (count > MAX_TREE - judge->covers_kept)
        return; /* as if it covered none of them */
    signature->covers = vb_arena_alloc(judge->keep, (count + 1) * sizeof(*signature->covers));
    for (size_t i = 0; signature->covers != NULL && i < count; i++)
        signature->covers[i] = vb_arena_str(judge->keep, paths[i]);
    signature->cover_count = signature->covers == NULL ? 0 : count;
    judge->covers_kept += count;
}

static void see_signature(struct judge *judge)
{
    const char *path = vb_text_of(judge, VB_F_PATH);
    (void)vb_names_add(&judge->signature_files, judge->keep, path, 0, NULL);
    if (strcmp(vb_text_of(judge, VB_F_OUTCOME), "valid-trusted") != 0) {
        judge->signed_untrusted = true;
        return;
    }
    if (judge->signature_count == MAX_SIGNATURES)
        return; /* as if it were not there */
    struct seen_signature *signature = &judge->signatures[judge->signature_count++];
    const int64_t present = vb_event_get_int(judge->event, VB_F_PRESENT, 0);
    *signature = (struct seen_signature){
        .name = vb_arena_str(judge->keep, vb_text_of(judge, VB_F_NAME)),
        .key_id = vb_arena_str(judge->keep, vb_text_of(judge, VB_F_KEY_ID)),
        .issuer = vb_arena_str(judge->keep, vb_text_of(judge, VB_F_ISSUER)),
        .builder = fact_of(judge, "build-signer"),
        .repository = fact_of(judge, "source-repository"),
        .clock = vb_event_get_int(judge->event, VB_F_CLOCK, 0),
        .whole = present > 0 && vb_event_get_int(judge->event, VB_F_COUNT, 0) == present,
        .seq = judge->event->seq,
    };
    keep_covers(judge, signature);
}

void vb_see_wanted(struct judge *judge)
{
    switch ((int)judge->event->kind) {
    case VB_EV_LOG_BEGIN:
        see_reference(judge);
        break;
    case VB_EV_MANIFEST_PACKAGE:
        see_package(judge);
        break;
    case VB_EV_SIGNATURE_RESULT:
        see_signature(judge);
        break;
    default:
        break;
    }
}

/* --- findings --- */

/* One row of the policy about one package. */
struct want {
    struct judge *judge;
    const struct policy_package *package;
    struct vb_policy_rule rule;
    enum vb_decision decision;
};

static void miss(const struct want *want, enum finding_id id, uint64_t evidence, const char *text)
{
    const struct vb_event event = {.kind = VB_EV_MANIFEST_PACKAGE, .seq = want->package->seq};
    const struct found found = {
        .id = id,
        .path = want->package->path,
        .group =
            vb_arena_printf(&want->judge->scratch, "%zu %s", want->rule.line, want->package->name),
        .evidence = {evidence},
        .row = &want->rule,
        .row_decision = want->decision,
    };
    want->judge->event = &event;
    want->judge->run = NULL;
    vb_report_found(want->judge, &found, "%s", text);
    want->judge->event = NULL;
}

static const char *called(struct judge *judge, const struct policy_package *package)
{
    return package->name[0] == '\0'
               ? "The package"
               : vb_arena_printf(&judge->scratch, "The package %s", package->name);
}

/* --- licences --- */

static bool is_around(const struct policy_package *outer, const struct policy_package *inner)
{
    const size_t len = strlen(outer->path);
    return strcmp(outer->path, ".") == 0 || (strncmp(outer->path, inner->path, len) == 0 &&
                                             (inner->path[len] == '/' || inner->path[len] == '\0'));
}

/* It states a licence, or a package around it does, or lacks one too and is told of. */
static bool has_license(const struct judge *judge, const struct policy_package *package)
{
    bool outermost = true;
    for (size_t i = 0; i < judge->package_count; i++) {
        const struct policy_package *other = &judge->packages[i];
        if (!is_around(other, package))
            continue;
        if (other->license[0] != '\0')
            return true;
        outermost &= is_around(package, other);
    }
    return !outermost;
}

static void want_license(struct judge *judge, const struct policy_package *package)
{
    const struct policy_licenses *rules = &judge->policy->licenses;
    struct want want = {judge, package,
                        vb_policy_rule_at(judge->policy, judge->keep, rules->line, NULL),
                        rules->other};
    if (package->license[0] != '\0' && !vb_license_allowed(&rules->allowed, package->license)) {
        want.rule.text =
            vb_arena_printf(judge->keep, "licenses: other: %s", vb_decision_name(rules->other));
        miss(&want, FINDING_POLICY_LICENSE, 0,
             vb_arena_printf(
                 &judge->scratch, "%s states the licence \"%s\", which the policy does not list.",
                 called(judge, package), vb_arena_cut(&judge->scratch, package->license, 200)));
    } else if (rules->missing > VB_DECISION_ALLOW && !has_license(judge, package)) {
        want.rule.text =
            vb_arena_printf(judge->keep, "licenses: missing: %s", vb_decision_name(rules->missing));
        want.decision = rules->missing;
        miss(&want, FINDING_POLICY_LICENSE_MISSING, 0,
             vb_arena_printf(&judge->scratch, "%s states no licence.", called(judge, package)));
    }
}

static void want_licenses(struct judge *judge)
{
    static const struct policy_package nameless = {"", "", ".", "", 1, false};
    if (judge->policy->licenses.line == 0)
        return;
    if (judge->package_count == 0 && judge->tree.count > 0)
        want_license(judge, &nameless);
    for (size_t i = 0; i < judge->package_count; i++)
        want_license(judge, &judge->packages[i]);
}

/* --- signers --- */

static bool any_of(const struct policy_texts *patterns, const char *text)
{
    for (size_t i = 0; i < patterns->count; i++) {
        if (text[0] != '\0' && vb_name_match(patterns->items[i].text, text))
            return true;
    }
    return false;
}

static bool by_signer(const struct policy_signer *row, const struct seen_signature *signature,
                      int64_t clock)
{
    (void)clock;
    if (row->signers.count > 0 && !any_of(&row->signers, signature->name) &&
        !any_of(&row->signers, signature->key_id))
        return false;
    return row->issuer == NULL || strcmp(row->issuer, signature->issuer) == 0;
}

static bool by_provenance(const struct policy_signer *row, const struct seen_signature *signature,
                          int64_t clock)
{
    (void)clock;
    if (row->builder != NULL &&
        (signature->builder[0] == '\0' || !vb_name_match(row->builder, signature->builder)))
        return false;
    return row->repository == NULL || (signature->repository[0] != '\0' &&
                                       vb_name_match(row->repository, signature->repository));
}

static bool by_age(const struct policy_signer *row, const struct seen_signature *signature,
                   int64_t clock)
{
    enum { DAY_S = 86400 };
    if (row->max_age_days < 0)
        return true;
    return signature->clock > 0 && clock - signature->clock <= row->max_age_days * DAY_S;
}

/* Who and what a signature must be, one after the other; the first that none meets is told. */
static const struct {
    bool (*meets)(const struct policy_signer *row, const struct seen_signature *signature,
                  int64_t clock);
    enum finding_id id;
} demands[] = {
    {by_signer, FINDING_POLICY_SIGNER},
    {by_provenance, FINDING_POLICY_PROVENANCE},
    {by_age, FINDING_POLICY_STALE},
};

static const char *who(struct judge *judge, const struct seen_signature *signature)
{
    const char *name = signature->name[0] != '\0' ? signature->name : signature->key_id;
    return signature->issuer[0] == '\0'
               ? name
               : vb_arena_printf(&judge->scratch, "%s (issuer %s)", name, signature->issuer);
}

static const char *or_none(const char *text)
{
    return text[0] == '\0' ? "nothing" : text;
}

static const char *sentence(const struct want *want, enum finding_id id,
                            const struct policy_signer *row, const struct seen_signature *seen)
{
    struct judge *judge = want->judge;
    const char *package = called(judge, want->package);
    if (id == FINDING_POLICY_SIGNER)
        return vb_arena_printf(&judge->scratch,
                               "%s is signed by %s, whom the policy does not name "
                               "for it.",
                               package, who(judge, seen));
    if (id == FINDING_POLICY_PROVENANCE)
        return vb_arena_printf(&judge->scratch,
                               "The signature of %s over %s%s says that it was built by %s from "
                               "%s, and the policy wants another origin.",
                               who(judge, seen), want->package->name[0] == '\0' ? "the" : "",
                               want->package->name[0] == '\0' ? " package" : want->package->name,
                               or_none(seen->builder), or_none(seen->repository));
    if (seen->clock == 0)
        return vb_arena_printf(&judge->scratch,
                               "Nobody who is trusted with time says when %s "
                               "signed %s%s.",
                               who(judge, seen),
                               want->package->name[0] == '\0' ? "the package" : "",
                               want->package->name);
    return vb_arena_printf(
        &judge->scratch, "The signature of %s is %lld days old; the policy allows %lld.",
        who(judge, seen), (long long)((judge->verdict->clock - seen->clock) / 86400),
        (long long)row->max_age_days);
}

/* What the signatures COUNTS cover together; true: every file of the artifact. */
static bool cover(const struct judge *judge, const bool *counts, struct arena *arena,
                  struct names *ret)
{
    for (size_t i = 0; i < judge->signature_count; i++) {
        const struct seen_signature *signature = &judge->signatures[i];
        if (counts[i] && signature->whole)
            return true;
        for (size_t k = 0; counts[i] && k < signature->cover_count; k++)
            (void)vb_names_add(ret, arena, signature->covers[k], 0, NULL);
    }
    return false;
}

/* How many files of the package COVERED does not hold; signatures need none, and what lies in an
 * archive is bytes of that. */
static size_t loose_files(const struct want *want, const struct names *covered, size_t *ret_present,
                          const char **ret_first)
{
    const struct judge *judge = want->judge;
    size_t loose = 0;
    *ret_present = 0;
    for (size_t i = 0; i < judge->tree.count; i++) {
        const char *path = judge->tree.items[i].text;
        const struct policy_package file = {"", "", path, "", 0, false};
        if (!is_around(want->package, &file) || strstr(path, "!/") != NULL ||
            vb_names_find(&judge->signature_files, path) != NULL)
            continue;
        (*ret_present)++;
        if (vb_names_find(covered, path) == NULL)
            *ret_first = loose++ == 0 ? path : *ret_first;
    }
    return loose;
}

static void want_all_covered(const struct want *want, const bool *counts)
{
    struct arena arena = {0};
    struct names covered;
    size_t present = 0;
    const char *first = "";
    vb_names_init(&covered, MAX_TREE);
    const bool whole = cover(want->judge, counts, &arena, &covered);
    if (arena.failed)
        vb_judge_fail(want->judge, VB_E_NOMEM, "out of memory");
    const size_t loose = whole ? 0 : loose_files(want, &covered, &present, &first);
    if (loose > 0)
        miss(want, FINDING_POLICY_UNSIGNED, 0,
             vb_arena_printf(&want->judge->scratch,
                             "Of the %zu files of %s, those whom the policy names signed %zu; the "
                             "first that they did not is %s.",
                             present,
                             want->package->name[0] == '\0' ? "the package" : want->package->name,
                             present - loose, first));
    vb_names_done(&covered);
    vb_arena_done(&arena);
}

static void want_signer(const struct want *want, const struct policy_signer *row)
{
    struct judge *judge = want->judge;
    bool counts[MAX_SIGNATURES];
    if (judge->signature_count == 0) {
        miss(want, FINDING_POLICY_UNSIGNED, 0,
             vb_arena_printf(&judge->scratch, "%s is not signed by anybody who is trusted%s.",
                             called(judge, want->package),
                             judge->signed_untrusted ? "; there is a signature that does not count"
                                                     : ""));
        return;
    }
    memset(counts, true, sizeof(counts));
    for (size_t i = 0; i < VB_ARRAY_LEN(demands); i++) {
        size_t left = 0, last = 0;
        for (size_t k = 0; k < judge->signature_count; k++) {
            last = counts[k] ? k : last;
            counts[k] =
                counts[k] && demands[i].meets(row, &judge->signatures[k], judge->verdict->clock);
            left += counts[k];
        }
        if (left == 0) {
            const struct seen_signature *seen = &judge->signatures[last];
            miss(want, demands[i].id, seen->seq, sentence(want, demands[i].id, row, seen));
            return;
        }
    }
    want_all_covered(want, counts);
}

static void want_signers(struct judge *judge)
{
    for (size_t i = 0; i < judge->policy->signer_count; i++) {
        const struct policy_signer *row = &judge->policy->signers[i];
        char *text = vb_arena_printf(
            judge->keep, "signatures: %s%s, unsigned: %s", row->packages.items[0].text,
            row->packages.count > 1 ? ", …" : "", vb_decision_name(row->decision));
        for (size_t k = 0; k < judge->package_count; k++) {
            const struct want want = {
                judge, &judge->packages[k],
                vb_policy_rule_at(judge->policy, judge->keep, row->line, text), row->decision};
            if (vb_policy_any_fits(&row->packages, want.package))
                want_signer(&want, row);
        }
    }
}

/* --- combinations --- */

/* The legs that stand, in words. */
static const char *legs_in_words(struct judge *judge, bool state)
{
    const char *text = "";
    for (unsigned i = 0; i < VB_LEG_COUNT; i++) {
        const struct vb_leg_row *leg = &judge->verdict->legs[i];
        if (leg->present && (state || i != VB_LEG_STATE_CHANGE))
            text = vb_arena_printf(&judge->scratch, "%s%s%s", text, text[0] == '\0' ? "" : "; ",
                                   leg->text);
    }
    return text;
}

static void want_apart(struct judge *judge, const struct policy_combination *row, bool met,
                       enum finding_id id)
{
    const bool two = id == FINDING_POLICY_RULE_OF_TWO;
    const struct vb_leg_row *legs = judge->verdict->legs;
    if (!met || row->line == 0 || row->decision == VB_DECISION_ALLOW)
        return;
    const struct vb_policy_rule rule = vb_policy_rule_at(
        judge->policy, judge->keep, row->line,
        vb_arena_printf(judge->keep, "combinations: %s: %s", two ? "rule_of_two" : "trifecta",
                        vb_decision_name(row->decision)));
    const struct vb_event event = {.kind = VB_EV_LOG_BEGIN,
                                   .seq = legs[VB_LEG_UNTRUSTED_INPUT].events[0] > 0
                                              ? legs[VB_LEG_UNTRUSTED_INPUT].events[0]
                                              : 1};
    struct found found = {.id = id, .row = &rule, .row_decision = row->decision};
    size_t count = 0;
    for (unsigned i = VB_LEG_PRIVATE_DATA; i < VB_LEG_COUNT; i++)
        if (legs[i].present && legs[i].events[0] > 0 && (two || i != VB_LEG_STATE_CHANGE))
            found.evidence[count++] = legs[i].events[0];
    judge->event = &event;
    judge->run = NULL;
    vb_report_found(judge, &found, "All of these in one package: %s.", legs_in_words(judge, two));
    judge->event = NULL;
}

void vb_wanted_end(struct judge *judge)
{
    const struct vb_policy *policy = judge->policy;
    want_licenses(judge);
    want_signers(judge);
    want_apart(judge, &policy->trifecta, judge->verdict->trifecta, FINDING_POLICY_TRIFECTA);
    want_apart(judge, &policy->rule_of_two, judge->verdict->rule_of_two_broken,
               FINDING_POLICY_RULE_OF_TWO);
}
