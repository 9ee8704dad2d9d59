/* vetbox policy: is a policy sound, and what does it do? */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/explained.h"
#include "cli/listen.h"
#include "cli/places.h"
#include "vetbox/identify.h"
#include "vetbox/report.h"
#include "vetbox/scan.h"
#include "vetbox/verdict.h"

enum { EXPLAINED_MAX = 8 * 1024 * 1024 };

static void policy_cleanup(struct vb_policy **policy)
{
    vb_policy_free(*policy);
}

static void behaviour_cleanup(struct vb_behaviour **behaviour)
{
    vb_behaviour_free(*behaviour);
}

static void rules_cleanup(struct vb_rules **rules)
{
    vb_rules_free(*rules);
}

static void verdict_cleanup(struct vb_verdict **verdict)
{
    vb_verdict_free(*verdict);
}

/* --- ids --- */

/* The findings that the detectors and the rules can make. */
struct known {
    const struct vb_rules *rules;         /* NULL: none are at hand */
    const struct vb_behaviour *behaviour; /* likewise */
    const char *wanted;
    bool found;
    const char *severity; /* of the rule that was found */
    bool quiet;
    struct vb_json_out *json; /* NULL: lines of text */
    size_t wrong;
};

/* WANTED is an id, or the beginning of some and a '*'. */
static bool is_meant(const char *wanted, const char *id)
{
    const size_t len = strlen(wanted);
    return len > 0 && wanted[len - 1] == '*' ? strncmp(wanted, id, len - 1) == 0
                                             : strcmp(wanted, id) == 0;
}

static void note(struct known *known, const char *id, const char *severity)
{
    if (!is_meant(known->wanted, id))
        return;
    known->found = true;
    known->severity = severity;
}

static void note_rule(void *ctx, const struct vb_rule_said *rule)
{
    note(ctx, rule->id, rule->severity);
}

static void note_behaviour(struct known *known)
{
    for (size_t i = 0; i < vb_behaviour_count(known->behaviour); i++) {
        const struct vb_behaviour_rule *rule = vb_behaviour_rule(known->behaviour, i);
        if (rule->reported)
            note(known, rule->finding, vb_severity_name(rule->severity));
    }
}

static bool is_known(void *ctx, const char *finding)
{
    struct known *known = ctx;
    const struct vb_finding_type *types = NULL;
    const size_t count = vb_finding_types(&types);
    for (size_t i = 0; i < count; i++) {
        if (is_meant(finding, types[i].id))
            return true;
    }
    known->wanted = finding;
    known->found = false;
    vb_rules_each(known->rules, note_rule, known);
    note_behaviour(known);
    return known->found;
}

/* pypi is what a reference says; manifests say which form of a Python package it is. */
static bool is_kind(const char *kind)
{
    return strcmp(kind, "pypi") == 0 || vb_identify_is_kind(kind);
}

static int load_rules(const struct vb_options *options, struct vb_rules **ret, struct vb_error *err)
{
    VB_CLEANUP_FREE char *dir = NULL;
    VB_CLEANUP_FREE char *cache = NULL;
    int status = vb_place_yara_rules(options->value[VB_OPT_RULES], &dir, err);
    if (status == VB_OK)
        status = vb_place_cache(&cache, err);
    return status < 0 ? status : vb_rules_load(dir, cache, ret, err);
}

/* --- check --- */

static void print_told(void *ctx, bool wrong, const char *text)
{
    struct known *known = ctx;
    known->wrong += wrong;
    if (known->quiet)
        return;
    if (known->json != NULL) {
        vb_json_begin_object(known->json);
        vb_json_member_bool(known->json, "mistake", wrong);
        vb_json_member_str(known->json, "text", text);
        vb_json_end_object(known->json);
        return;
    }
    vb_print_escaped(stdout, (struct vb_str){.text = text, .len = strlen(text)});
    fputs(wrong ? "\n" : " (no mistake, but look at it)\n", stdout);
}

static bool wants_json(const struct vb_options *options)
{
    const char *format = options->value[VB_OPT_FORMAT];
    return format != NULL && strcmp(format, "json") == 0;
}

/* The exit status of what was told. */
static int check_with(const struct vb_options *options, const char *name, struct known *known,
                      struct vb_error *err)
{
    VB_CLEANUP(policy_cleanup) struct vb_policy *policy = NULL;
    VB_CLEANUP(rules_cleanup) struct vb_rules *rules = NULL;
    VB_CLEANUP(behaviour_cleanup) struct vb_behaviour *behaviour = NULL;
    int status = vb_policy_check(name, print_told, known, &policy, err);
    if (status != VB_OK)
        return status < 0 ? status : VB_EXIT_BLOCK;
    status = load_rules(options, &rules, err);
    if (status == VB_OK)
        status = vb_place_behaviour(options, false, &behaviour, err);
    if (status < 0)
        return status;
    known->rules = rules;
    known->behaviour = behaviour;
    const struct vb_policy_known words = {.finding = is_known, .kind = is_kind};
    const size_t doubts = vb_policy_doubts(policy, (int64_t)time(NULL), words, print_told, known);
    known->rules = NULL;
    known->behaviour = NULL;
    return doubts > 0 ? VB_EXIT_REVIEW : 0;
}

static const char *shown_name(const char *name)
{
    return name == NULL ? "the built-in policy" : name;
}

static int finish_json(struct vb_json_out *out, struct vb_error *err)
{
    vb_json_end_object(out);
    const int status = vb_json_finish(out);
    return status < 0 ? status : vb_write_all(STDOUT_FILENO, "\n", 1, err);
}

static int check(const struct vb_options *options, const char *name, struct vb_error *err)
{
    struct known known = {.quiet = vb_option_given(options, VB_OPT_QUIET)};
    struct vb_json_out out;
    int fd = STDOUT_FILENO;
    if (!wants_json(options) || known.quiet) {
        const int status = check_with(options, name, &known, err);
        if (status == 0 && !known.quiet)
            printf("%s is in order\n", shown_name(name));
        return status;
    }
    vb_json_out_fd(&out, &fd, true, err);
    known.json = &out;
    vb_json_begin_object(&out);
    vb_json_member_str(&out, "policy", shown_name(name));
    vb_json_key(&out, "told");
    vb_json_begin_array(&out);
    const int status = check_with(options, name, &known, err);
    if (status < 0)
        return status; /* nothing was written yet: what is gathered so far is small */
    vb_json_end_array(&out);
    vb_json_member_bool(&out, "understood", known.wrong == 0);
    const int written = finish_json(&out, err);
    return written < 0 ? written : status;
}

/* --- explain --- */

/* The number after "  line " at the beginning of LINE, or 0. */
static int64_t line_number(const char *line, size_t len)
{
    static const char before[] = "  line ";
    const size_t skip = sizeof(before) - 1;
    int64_t number = 0;
    if (len < skip || memcmp(line, before, skip) != 0)
        return 0;
    for (size_t i = skip; i < len && line[i] >= '0' && line[i] <= '9' && number < 100000000; i++)
        number = number * 10 + (line[i] - '0');
    return number;
}

/* Each sentence, with the line of the policy where one says it. */
static int print_json(const struct vb_buf *text, struct vb_error *err)
{
    struct vb_json_out out;
    int fd = STDOUT_FILENO;
    const char *at = (const char *)text->data;
    vb_json_out_fd(&out, &fd, true, err);
    vb_json_begin_object(&out);
    vb_json_key(&out, "explained");
    vb_json_begin_array(&out);
    for (size_t len = text->len; len > 0;) {
        const char *end = memchr(at, '\n', len);
        const size_t line = end != NULL ? (size_t)(end - at) : len;
        const int64_t number = line_number(at, line);
        if (line > 0) {
            vb_json_begin_object(&out);
            if (number > 0)
                vb_json_member_int(&out, "line", number);
            vb_json_key(&out, "text");
            vb_json_bytes(&out, at, line);
            vb_json_end_object(&out);
        }
        at += line + (end != NULL);
        len -= line + (end != NULL);
    }
    vb_json_end_array(&out);
    return finish_json(&out, err);
}

static int print_all(const struct vb_options *options, const struct vb_buf *text,
                     struct vb_error *err)
{
    if (wants_json(options))
        return print_json(text, err);
    const char *at = (const char *)text->data;
    for (size_t len = text->len; len > 0;) {
        const char *end = memchr(at, '\n', len);
        const size_t line = end != NULL ? (size_t)(end - at) : len;
        vb_print_escaped(stdout, (struct vb_str){.text = at, .len = line});
        fputc('\n', stdout);
        at += line + (end != NULL);
        len -= line + (end != NULL);
    }
    return 0;
}

static int no_finding(const char *id, struct vb_error *err)
{
    return vb_fail(err, VB_E_USAGE, 0,
                   "no finding %s: vetbox explain and vetbox rules list show them", id);
}

/* A rule says how severe its finding is; how sure it is, each match says. */
static int explain_rule(const struct vb_options *options, const struct vb_policy *policy,
                        const char *id, struct vb_buf *buf, struct vb_error *err)
{
    static const char *const severities[] = {"info", "low", "medium", "high", "critical"};
    VB_CLEANUP(rules_cleanup) struct vb_rules *rules = NULL;
    VB_CLEANUP(behaviour_cleanup) struct vb_behaviour *behaviour = NULL;
    struct known known = {.wanted = id};
    int status = load_rules(options, &rules, err);
    if (status == VB_OK)
        status = vb_place_behaviour(options, false, &behaviour, err);
    if (status < 0)
        return status;
    known.behaviour = behaviour;
    vb_rules_each(rules, note_rule, &known);
    note_behaviour(&known);
    if (!known.found || strchr(id, '*') != NULL)
        return no_finding(id, err);
    struct vb_finding finding = {.id = (char *)(uintptr_t)id, .severity = VB_SEVERITY_MEDIUM};
    for (size_t i = 0; i < VB_ARRAY_LEN(severities); i++) {
        if (strcmp(known.severity, severities[i]) == 0)
            finding.severity = (enum vb_severity)i;
    }
    for (int i = VB_CONFIDENCE_HIGH; i >= VB_CONFIDENCE_LOW && status == VB_OK; i--) {
        finding.confidence = (enum vb_confidence)i;
        status = vb_policy_explain_finding(policy, &finding, (int64_t)time(NULL), buf, err);
    }
    return status;
}

static int explain_finding(const struct vb_options *options, const struct vb_policy *policy,
                           const char *id, struct vb_buf *buf, struct vb_error *err)
{
    const struct vb_finding_type *types = NULL;
    const size_t count = vb_finding_types(&types);
    for (size_t i = 0; i < count; i++) {
        const struct vb_finding finding = {.id = (char *)(uintptr_t)types[i].id,
                                           .severity = types[i].severity,
                                           .confidence = types[i].confidence};
        if (strcmp(types[i].id, id) == 0)
            return vb_policy_explain_finding(policy, &finding, (int64_t)time(NULL), buf, err);
    }
    return explain_rule(options, policy, id, buf, err);
}

static int explain_evidence(const struct vb_options *options, const struct vb_policy *policy,
                            const char *evidence, struct vb_buf *buf, struct vb_error *err)
{
    VB_CLEANUP(behaviour_cleanup) struct vb_behaviour *behaviour = NULL;
    VB_CLEANUP(verdict_cleanup) struct vb_verdict *verdict = NULL;
    VB_CLEANUP(vb_json_free) json_t *report = NULL;
    const int opened = vb_explained_open(evidence, &report, err);
    if (opened < 0 || report != NULL)
        return opened < 0 ? opened : vb_explained_say(report, policy, buf, err);
    VB_CLEANUP_FD int fd = vb_evidence_open(evidence, err);
    if (fd < 0)
        return fd;
    int status = vb_place_behaviour(options, false, &behaviour, err);
    if (status == VB_OK)
        status = vb_judge(fd, policy, behaviour, &verdict, err);
    if (status == VB_E_DATA)
        return vb_wrap(err, "%s is no evidence (the folder of --evidence, or its events.jsonl)",
                       evidence);
    return status < 0 ? status : vb_policy_explain_verdict(verdict, buf, err);
}

static int explain(const struct vb_options *options, const char *name, const char *evidence,
                   struct vb_error *err)
{
    VB_CLEANUP(policy_cleanup) struct vb_policy *policy = NULL;
    VB_CLEANUP(vb_buf_done) struct vb_buf buf;
    const char *finding = options->value[VB_OPT_FINDING];
    vb_buf_init(&buf, EXPLAINED_MAX);
    int status = vb_policy_load(name, &policy, err);
    if (status < 0)
        return status;
    if (evidence != NULL)
        status = explain_evidence(options, policy, evidence, &buf, err);
    else if (finding != NULL)
        status = explain_finding(options, policy, finding, &buf, err);
    else
        status = vb_policy_explain(policy, (int64_t)time(NULL), &buf, err);
    return status < 0 ? status : print_all(options, &buf, err);
}

static int list(const struct vb_options *options, struct vb_error *err)
{
    const struct vb_policy_profile *rows = NULL;
    const size_t count = vb_policy_profiles(&rows);
    struct vb_json_out out;
    int fd = STDOUT_FILENO;
    for (size_t i = 0; i < count && !wants_json(options); i++)
        printf("%-10s %s\n", rows[i].name, rows[i].about);
    if (!wants_json(options))
        return 0;
    vb_json_out_fd(&out, &fd, true, err);
    vb_json_begin_object(&out);
    vb_json_key(&out, "policies");
    vb_json_begin_array(&out);
    for (size_t i = 0; i < count; i++) {
        vb_json_begin_object(&out);
        vb_json_member_str(&out, "name", rows[i].name);
        vb_json_member_str(&out, "about", rows[i].about);
        vb_json_end_object(&out);
    }
    vb_json_end_array(&out);
    return finish_json(&out, err);
}

static int show(const char *name, struct vb_error *err)
{
    const struct vb_policy_profile *profile = vb_policy_profile_named(name);
    if (profile == NULL)
        return vb_fail(err, VB_E_USAGE, 0, "no policy %s is built in: vetbox policy list", name);
    fwrite(profile->text, 1, profile->len, stdout);
    return 0;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return path != NULL && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* No policy is a folder: this one is evidence, with the policy that it was judged by. */
static int explain_kept(const struct vb_options *options, const char *evidence,
                        struct vb_error *err)
{
    VB_CLEANUP_FREE char *policy = NULL;
    const int status = vb_evidence_policy(evidence, &policy, err);
    return status < 0 ? status : explain(options, policy, evidence, err);
}

/* A JSON report in the place of a policy: by the chain that it holds. */
static int explain_report(const struct vb_options *options, const char *path, bool *ret_is_one,
                          struct vb_error *err)
{
    VB_CLEANUP(vb_json_free) json_t *report = NULL;
    VB_CLEANUP(vb_buf_done) struct vb_buf buf;
    int status = vb_explained_open(path, &report, err);
    vb_buf_init(&buf, EXPLAINED_MAX);
    *ret_is_one = report != NULL;
    if (status < 0 || report == NULL)
        return status;
    status = vb_explained_say(report, NULL, &buf, err);
    return status < 0 ? status : print_all(options, &buf, err);
}

int vb_command_policy(const struct vb_options *options, struct vb_error *err)
{
    const size_t count = options->operand_count;
    const char *action = count > 0 ? options->operands[0] : "";
    const char *name = count > 1 ? options->operands[1] : NULL;
    const char *evidence = count > 2 ? options->operands[2] : NULL;
    const bool explains = strcmp(action, "explain") == 0;
    if (vb_option_given(options, VB_OPT_FINDING) && (!explains || evidence != NULL))
        return vb_fail(err, VB_E_USAGE, 0, "--finding is for vetbox policy explain [FILE]");
    const char *format = options->value[VB_OPT_FORMAT];
    if (format != NULL && strcmp(format, "text") != 0 &&
        (!wants_json(options) || strcmp(action, "show") == 0))
        return vb_fail(err, VB_E_USAGE, 0,
                       "--format %s: text and json are known, and policy show prints YAML", format);
    bool is_report = false;
    if (explains && count == 2 && !vb_option_given(options, VB_OPT_FINDING)) {
        const int status = explain_report(options, name, &is_report, err);
        if (status < 0 || is_report)
            return status;
    }
    if (explains && count == 2 && is_folder(name) && !vb_option_given(options, VB_OPT_FINDING))
        return explain_kept(options, name, err);
    if (explains && count <= 3)
        return explain(options, name, evidence, err);
    if (strcmp(action, "check") == 0 && count <= 2)
        return check(options, name, err);
    if (strcmp(action, "list") == 0 && count == 1)
        return list(options, err);
    if (strcmp(action, "show") == 0 && count <= 2)
        return show(name, err);
    return vb_fail(err, VB_E_USAGE, 0,
                   "vetbox policy check [FILE], policy explain [FILE] [EVIDENCE], policy list, or "
                   "policy show [NAME]");
}
