/* The single-purpose commands: verify, fetch, rules, explain. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/listen.h"
#include "cli/places.h"
#include "cli/session.h"
#include "vetbox/report.h"
#include "vetbox/sandbox.h"

/* A session of one of these commands is never judged; its log lives and dies with it. */
static int begin(struct vb_session *session, const struct vb_options *options, const char *action,
                 struct vb_error *err)
{
    if (options->operand_count != 1)
        return vb_fail(err, VB_E_USAGE, 0, "vetbox %s needs one reference", action);
    return vb_session_begin(session, options, action, options->operands[0], err);
}

/* --- verify --- */

struct signature_counts {
    size_t trusted, invalid, revoked, wanted, all, died;
    size_t loose; /* files that no trusted signature covers */
    size_t gaps;  /* what was not seen, or may be read differently elsewhere */
    bool quiet;
    bool rules; /* there is a trust.yaml, which is asked about names */
};

/* Whose word a name or a time is, where that was the choice of vetbox. */
static void print_root(const struct vb_event *event)
{
    const int64_t days = vb_event_get_int(event, VB_F_ROOT_DAYS, 0);
    fputs("  by the trusted root ", stdout);
    vb_print_escaped(stdout, vb_event_get_str(event, VB_F_ROOT));
    printf(" that vetbox ships, %lld days old%s\n", (long long)days,
           days > VB_TRUST_ROOT_OLD_DAYS ? ": too old, a newer vetbox has a newer one" : "");
}

static void print_signature(const struct vb_event *event, void *ctx)
{
    static const enum vb_field fields[] = {VB_F_OUTCOME, VB_F_FORMAT, VB_F_PATH,
                                           VB_F_NAME,    VB_F_KEY_ID, VB_F_REASON};
    struct signature_counts *counts = ctx;
    const struct vb_str outcome = vb_event_get_str(event, VB_F_OUTCOME);
    counts->all++;
    counts->trusted += vb_str_equal(outcome, vb_signature_outcome_name(VB_SIGNATURE_VALID_TRUSTED));
    counts->invalid += vb_str_equal(outcome, vb_signature_outcome_name(VB_SIGNATURE_INVALID));
    counts->revoked += vb_str_equal(vb_event_get_str(event, VB_F_CODE), "revoked");
    for (size_t i = 0; !counts->quiet && i < VB_ARRAY_LEN(fields); i++) {
        const struct vb_str text = vb_event_get_str(event, fields[i]);
        if (text.len == 0)
            continue;
        fputs(i == 0 ? "" : "  ", stdout);
        vb_print_escaped(stdout, text);
    }
    if (!counts->quiet)
        fputc('\n', stdout);
    if (!counts->quiet && vb_event_get(event, VB_F_ROOT) != NULL)
        print_root(event);
}

static void print_files(const char *words, int64_t count, int64_t present,
                        const struct vb_value *paths)
{
    if (count <= 0)
        return;
    printf("%s: %lld of %lld files\n", words, (long long)count, (long long)present);
    for (size_t i = 0; paths != NULL && i < paths->list.count; i++) {
        fputs("  ", stdout);
        vb_print_escaped(stdout, paths->list.items[i]);
        fputc('\n', stdout);
    }
}

static void print_coverage(const struct vb_event *event, void *ctx)
{
    struct signature_counts *counts = ctx;
    const int64_t present = vb_event_get_int(event, VB_F_PRESENT, 0);
    const int64_t covered = vb_event_get_int(event, VB_F_COUNT, 0);
    const int64_t trusted = vb_event_get_int(event, VB_F_TRUSTED, 0);
    counts->loose += present > trusted ? (size_t)(present - trusted) : 0;
    if (counts->quiet)
        return;
    print_files("covered by none", present - covered, present, vb_event_get(event, VB_F_PATHS));
    print_files("covered by no trusted signature", covered - trusted, present,
                vb_event_get(event, VB_F_UNTRUSTED));
}

static void print_expected(const struct vb_event *event, void *ctx)
{
    struct signature_counts *counts = ctx;
    const struct vb_str outcome = vb_event_get_str(event, VB_F_OUTCOME);
    if (vb_str_equal(outcome, "signed"))
        return;
    counts->wanted++;
    if (counts->quiet)
        return;
    fputs("wanted by trust.yaml: ", stdout);
    vb_print_escaped(stdout, vb_event_get_str(event, VB_F_NAME));
    printf(": %s, %lld of %lld files\n",
           vb_str_equal(outcome, "partial") ? "signed in part" : "unsigned",
           (long long)vb_event_get_int(event, VB_F_COUNT, 0),
           (long long)vb_event_get_int(event, VB_F_PRESENT, 0));
}

/* What lies in an archive within the package is bytes that were signed or not. */
static bool lies_deeper(const struct vb_event *event)
{
    const struct vb_str path = vb_event_get_str(event, VB_F_PATH);
    return memmem(path.text, path.len, "!/", 2) != NULL;
}

static void print_gap(struct signature_counts *counts, const struct vb_event *event,
                      const char *words, enum vb_field what)
{
    counts->gaps++;
    if (counts->quiet)
        return;
    printf("%s: ", words);
    vb_print_escaped(stdout, vb_event_get_str(event, what));
    const struct vb_str path = vb_event_get_str(event, VB_F_PATH);
    fputs(path.len > 0 ? ": " : "", stdout);
    vb_print_escaped(stdout, path);
    fputc('\n', stdout);
}

/* What was verified need not be what another reader makes of the archive. */
static void print_hostile(const struct vb_event *event, void *ctx)
{
    if (!lies_deeper(event))
        print_gap(ctx, event, "in the archive", VB_F_CODE);
}

static void print_damaged(const struct vb_event *event, void *ctx)
{
    if (!lies_deeper(event))
        print_gap(ctx, event, "in the archive", VB_F_DETAIL);
}

/* Packages that were not identified have no name that trust.yaml could have a row for. */
static bool hides_names(const struct vb_event *event)
{
    return vb_str_equal(vb_event_get_str(event, VB_F_STAGE), "identify") &&
           (vb_str_equal(vb_event_get_str(event, VB_F_WHAT), "package") ||
            vb_str_equal(vb_event_get_str(event, VB_F_REASON), "too many manifests"));
}

/* Of what a package does and says nothing is asked here. */
static void print_unseen(const struct vb_event *event, void *ctx)
{
    const struct signature_counts *counts = ctx;
    static const char *const stages[] = {"fetch", "unpack", "examine", "verify"};
    const struct vb_str stage = vb_event_get_str(event, VB_F_STAGE);
    for (size_t i = 0; i < VB_ARRAY_LEN(stages); i++) {
        if (vb_str_equal(stage, stages[i]) && !lies_deeper(event))
            print_gap(ctx, event, "not looked at", VB_F_REASON);
    }
    if (counts->rules && hides_names(event))
        print_gap(ctx, event, "trust.yaml was not asked about all packages", VB_F_REASON);
}

static void note_death(const struct vb_event *event, void *ctx)
{
    struct signature_counts *counts = ctx;
    (void)event;
    counts->died++;
}

int vb_command_verify(const struct vb_options *options, struct vb_error *err)
{
    static const struct vb_hearing rows[] = {
        {VB_EV_SIGNATURE_RESULT, print_signature},  {VB_EV_SIGNATURE_COVERAGE, print_coverage},
        {VB_EV_SIGNATURE_EXPECTED, print_expected}, {VB_EV_ARCHIVE_HOSTILE, print_hostile},
        {VB_EV_ARCHIVE_DAMAGED, print_damaged},     {VB_EV_COVERAGE, print_unseen},
        {VB_EV_EXAMINER_DIED, note_death}};
    struct signature_counts counts = {.quiet = vb_option_given(options, VB_OPT_QUIET)};
    struct vb_listener listener = {{vb_hear}, rows, VB_ARRAY_LEN(rows), &counts};
    VB_CLEANUP(vb_toolbox_close) struct vb_toolbox toolbox = {0};
    VB_CLEANUP(vb_session_done)
    struct vb_session session = {
        .toolbox = &toolbox, .follower = &listener.sink, VB_SESSION_CLOSED};
    VB_CLEANUP_FREE char *trust_dir = NULL;
    int status = vb_session_prepare(err);
    if (status == VB_OK)
        status = begin(&session, options, "verify", err);
    if (status == VB_OK)
        status = vb_place_trust(options->value[VB_OPT_TRUST], &trust_dir, err);
    if (status == VB_OK)
        status = vb_trust_load(trust_dir, &toolbox.trust, err);
    counts.rules = status == VB_OK && vb_trust_rules(toolbox.trust) > 0;
    if (status == VB_OK && options->value[VB_OPT_KEY] != NULL)
        status = vb_trust_add_key(toolbox.trust, options->value[VB_OPT_KEY], err);
    if (status == VB_OK)
        status = vb_toolbox_add_zygote(&toolbox, err);
    if (status == VB_OK)
        status = vb_examine_fetch(&session, err);
    if (status == VB_OK)
        status = vb_examine_unpack(&session, err);
    if (status == VB_OK)
        status = vb_examine_identify(&session, err);
    if (status == VB_OK)
        status = vb_examine_verify(&session, err);
    if (status < 0)
        return status;
    if (counts.died > 0)
        fputs("vetbox: reading the package killed a confined reader: what it said may be half\n",
              stderr);
    if (counts.all == 0 && !counts.quiet)
        puts("no signature");
    if (counts.invalid > 0)
        return VB_EXIT_BLOCK;
    const bool good = counts.trusted > 0 && counts.loose == 0 && counts.revoked == 0 &&
                      counts.wanted == 0 && counts.died == 0 && counts.gaps == 0;
    return good ? VB_EXIT_ALLOW : VB_EXIT_REVIEW;
}

/* --- fetch --- */

static int copy_to(int from, int to, struct vb_error *err)
{
    unsigned char chunk[65536];
    off_t offset = 0;
    for (;;) {
        const ssize_t got = pread(from, chunk, sizeof(chunk), offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vb_fail(err, VB_E_IO, errno, "reading the download");
        if (got == 0)
            return VB_OK;
        const int status = vb_write_all(to, chunk, (size_t)got, err);
        if (status < 0)
            return status;
        offset += got;
    }
}

static void keep_digest(const struct vb_event *event, void *ctx)
{
    const struct vb_str digest = vb_event_get_str(event, VB_F_SHA256);
    snprintf(ctx, VB_SHA256_HEX, "%.*s", (int)digest.len, digest.text);
}

int vb_command_fetch(const struct vb_options *options, struct vb_error *err)
{
    static const struct vb_hearing rows[] = {{VB_EV_FETCH_ARTIFACT, keep_digest}};
    char digest[VB_SHA256_HEX] = "";
    struct vb_listener listener = {{vb_hear}, rows, VB_ARRAY_LEN(rows), digest};
    VB_CLEANUP(vb_session_done)
    struct vb_session session = {.follower = &listener.sink, VB_SESSION_CLOSED};
    const char *output = options->value[VB_OPT_OUTPUT];
    if (output == NULL)
        return vb_fail(err, VB_E_USAGE, 0, "vetbox fetch needs -o FILE");
    int status = begin(&session, options, "fetch", err);
    if (status == VB_OK)
        status = vb_examine_fetch(&session, err);
    if (status == VB_OK && session.artifact.form == VB_ARTIFACT_FOLDER)
        status =
            vb_fail(err, VB_E_USAGE, 0, "%s is a folder: it is here already", session.reference);
    if (status < 0)
        return status;
    VB_CLEANUP_FD int fd = open(output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return vb_fail(err, VB_E_CANTCREAT, errno, "cannot make %s", output);
    status = copy_to(session.artifact.fd, fd, err);
    if (status < 0)
        unlink(output);
    else if (!vb_option_given(options, VB_OPT_QUIET))
        printf("%s  %s\n", digest, output);
    return status;
}

/* --- explain --- */

static void explain(const struct vb_finding_type *row)
{
    printf("%s\n  %s\n  severity %s, confidence %s; %s\n\n  %s\n", row->id, row->title,
           vb_severity_name(row->severity), vb_confidence_name(row->confidence), row->mapping,
           row->explanation);
}

/* What stands in "is CODE" of a finding about an archive; false if NAME is no such code. */
static bool explain_code(const char *name)
{
    const struct vb_archive_code *codes;
    const size_t count = vb_archive_codes(&codes);
    for (size_t i = 0; i < count; i++) {
        if (!vb_ascii_equal(codes[i].name, name))
            continue;
        printf("%s\n  %s\n\n", codes[i].name, codes[i].meaning);
        explain(vb_archive_finding(codes[i].name));
        return true;
    }
    return false;
}

struct rule_wanted {
    const char *id;
    size_t found;
};

static void explain_if_wanted(void *ctx, const struct vb_rule_said *rule)
{
    struct rule_wanted *wanted = ctx;
    if (!vb_ascii_equal(rule->id, wanted->id))
        return;
    puts(wanted->found++ == 0 ? rule->id : "");
    printf("  %s\n  severity %s, confidence %s, from the YARA rule %s", rule->title, rule->severity,
           rule->confidence, rule->name);
    for (size_t i = 0; i < rule->mapping_count; i++)
        printf("%s%s%.*s", i == 0 ? "; " : " ", vb_mapping_prefix(rule->mapping[i].text),
               (int)rule->mapping[i].len, rule->mapping[i].text);
    printf("\n\n  %s\n", rule->description);
}

static int explain_behaviour(const struct vb_options *options, struct rule_wanted *wanted,
                             struct vb_error *err)
{
    struct vb_behaviour *behaviour = NULL;
    const int status = vb_place_behaviour(options, false, &behaviour, err);
    for (size_t i = 0; status == VB_OK && i < vb_behaviour_count(behaviour); i++) {
        const struct vb_behaviour_rule *rule = vb_behaviour_rule(behaviour, i);
        if (!rule->reported || !vb_ascii_equal(rule->finding, wanted->id))
            continue;
        puts(wanted->found++ == 0 ? rule->finding : "");
        printf("  %s\n  severity %s, confidence %s, from the Sigma rule %s%s%s\n\n  %s\n",
               rule->title, vb_severity_name(rule->severity), vb_confidence_name(rule->confidence),
               rule->name, rule->mapping[0] == '\0' ? "" : "; ", rule->mapping, rule->description);
    }
    vb_behaviour_free(behaviour);
    return status;
}

/* A finding that comes from a rule is explained by the rule's own description. */
static int explain_rule(const struct vb_options *options, const char *id, struct vb_error *err)
{
    VB_CLEANUP_FREE char *dir = NULL;
    struct vb_rules *rules = NULL;
    struct rule_wanted wanted = {.id = id};
    int status = vb_place_yara_rules(options->value[VB_OPT_RULES], &dir, err);
    if (status == VB_OK)
        status = vb_rules_load(dir, NULL, &rules, err);
    if (status < 0)
        return status;
    vb_rules_each(rules, explain_if_wanted, &wanted);
    vb_rules_free(rules);
    status = explain_behaviour(options, &wanted, err);
    if (status < 0)
        return status;
    if (wanted.found > 0)
        return 0;
    return vb_fail(err, VB_E_USAGE, 0,
                   "no finding %s: vetbox explain and vetbox rules list show them", id);
}

int vb_command_explain(const struct vb_options *options, struct vb_error *err)
{
    const struct vb_finding_type *rows;
    const size_t count = vb_finding_types(&rows);
    if (options->operand_count > 1)
        return vb_fail(err, VB_E_USAGE, 0, "vetbox explain takes one finding id or code, or none");
    for (size_t i = 0; i < count; i++) {
        if (options->operand_count == 0)
            printf("%-28s %-8s %s\n", rows[i].id, vb_severity_name(rows[i].severity),
                   rows[i].title);
        else if (vb_ascii_equal(rows[i].id, options->operands[0]))
            return explain(&rows[i]), 0;
    }
    if (options->operand_count == 0 || explain_code(options->operands[0]))
        return 0;
    return explain_rule(options, options->operands[0], err);
}
