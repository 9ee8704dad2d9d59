/* Verdicts and reports: vet, scan, judge and report end here. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/network.h"
#include "cli/places.h"
#include "cli/plan.h"
#include "cli/probed.h"
#include "cli/session.h"
#include "vetbox/report.h"
#include "vetbox/sandbox.h"

enum { SIGNED_MAX = 4 * 1024 * 1024, KEPT_MAX = 1024 * 1024 };

static const struct vb_outlet standard_output = {.fd = STDOUT_FILENO};

static void verdict_cleanup(struct vb_verdict **verdict)
{
    vb_verdict_free(*verdict);
}

static void policy_cleanup(struct vb_policy **policy)
{
    vb_policy_free(*policy);
}

static void behaviour_cleanup(struct vb_behaviour **behaviour)
{
    vb_behaviour_free(*behaviour);
}

bool vb_wants_color(const struct vb_options *options, int fd)
{
    const char *when = options->value[VB_OPT_COLOR];
    if (when != NULL && strcmp(when, "always") == 0)
        return true;
    if (when != NULL && strcmp(when, "never") == 0)
        return false;
    const char *no_color = getenv("NO_COLOR");
    return (no_color == NULL || no_color[0] == '\0') && isatty(fd) == 1;
}

static int check_format(const char *format, struct vb_error *err)
{
    if (vb_report_format_named(format) == NULL)
        return vb_fail(err, VB_E_USAGE, 0, "unknown report format %s: text and json are known",
                       format);
    return VB_OK;
}

static int write_report(const struct vb_verdict *verdict, int log_fd, const char *format,
                        const struct vb_report_options *report_options, int out_fd,
                        struct vb_error *err)
{
    const int status = check_format(format, err);
    if (status < 0)
        return status;
    return vb_report_format_named(format)->write(verdict, log_fd, report_options, out_fd, err);
}

/* What the envelope says that the payload is. */
static const char *media_type(const char *format)
{
    return strcmp(format, "text") == 0 ? "text/plain; charset=utf-8"
                                       : "application/vnd.vetbox.report+json";
}

static void signer_cleanup(struct vb_signer **signer)
{
    vb_signer_free(*signer);
}

static int write_signed(const struct vb_verdict *verdict, int log_fd, const char *format,
                        const char *key, int out_fd, struct vb_error *err)
{
    static const struct vb_report_options plain = {0};
    VB_CLEANUP(signer_cleanup) struct vb_signer *signer = NULL;
    VB_CLEANUP(vb_buf_done) struct vb_buf report;
    VB_CLEANUP_FD int fd = memfd_create("vetbox-report", MFD_CLOEXEC);
    vb_buf_init(&report, SIGNED_MAX);
    if (fd < 0)
        return vb_fail(err, VB_E_OS, errno, "making a file for the report");
    int status = vb_signer_load(key, &signer, err);
    if (status == VB_OK)
        status = write_report(verdict, log_fd, format, &plain, fd, err);
    if (status == VB_OK && lseek(fd, 0, SEEK_SET) < 0)
        status = vb_fail(err, VB_E_IO, errno, "reading the report");
    if (status == VB_OK)
        status = vb_buf_read_fd(&report, fd, err);
    return status < 0
               ? status
               : vb_signer_seal(signer, media_type(format), report.data, report.len, out_fd, err);
}

/* With several references their reports follow one another in the file (empty_reports). */
static int write_report_file(const struct vb_verdict *verdict, int log_fd, const char *format,
                             const char *path, const struct vb_options *options,
                             struct vb_error *err)
{
    const bool append = options->several;
    static const struct vb_report_options plain = {0};
    VB_CLEANUP_FD int fd =
        open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0644);
    if (fd < 0)
        return vb_fail(err, VB_E_CANTCREAT, errno, "cannot write %s", path);
    const char *key = options->value[VB_OPT_SIGN];
    const int status = key != NULL ? write_signed(verdict, log_fd, format, key, fd, err)
                                   : write_report(verdict, log_fd, format, &plain, fd, err);
    return status < 0 ? vb_wrap(err, "%s", path) : VB_OK;
}

/* Splits FMT=FILE. */
static int split_report(const char *report, char **ret_format, const char **ret_path,
                        struct vb_error *err)
{
    const char *equals = strchr(report, '=');
    if (equals == NULL || equals == report || equals[1] == '\0')
        return vb_fail(err, VB_E_USAGE, 0, "--report %s: FMT=FILE is needed", report);
    *ret_format = strndup(report, (size_t)(equals - report));
    *ret_path = equals + 1;
    return *ret_format != NULL ? VB_OK : vb_fail(err, VB_E_NOMEM, errno, "--report");
}

/* --- the profile --- */

/* Splits KIND[=FILE]; *RET_PATH is NULL without FILE. */
static int split_profile(const char *profile, char **ret_kind, const char **ret_path,
                         struct vb_error *err)
{
    const char *equals = strchr(profile, '=');
    VB_CLEANUP_FREE char *kind =
        equals == NULL ? strdup(profile) : strndup(profile, (size_t)(equals - profile));
    if (kind == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "--emit-profile");
    if (!vb_profile_known(kind) || (equals != NULL && equals[1] == '\0'))
        return vb_fail(err, VB_E_USAGE, 0,
                       "--emit-profile %s: srt, seccomp, apparmor or openclaw is needed, and =FILE "
                       "if it is to be in one",
                       profile);
    *ret_kind = vb_steal(kind);
    *ret_path = equals == NULL ? NULL : equals + 1;
    return VB_OK;
}

static int check_profile(const struct vb_options *options, struct vb_error *err)
{
    VB_CLEANUP_FREE char *kind = NULL;
    const char *path = NULL;
    if (options->value[VB_OPT_EMIT_PROFILE] == NULL)
        return VB_OK;
    if (options->several)
        return vb_fail(err, VB_E_USAGE, 0, "--emit-profile is for one package at a time");
    return split_profile(options->value[VB_OPT_EMIT_PROFILE], &kind, &path, err);
}

/* A profile that stands on standard output stands there alone. */
static bool profile_is_output(const struct vb_options *options)
{
    const char *profile = options->value[VB_OPT_EMIT_PROFILE];
    return profile != NULL && strchr(profile, '=') == NULL;
}

/* There is none for a package that is block, which the verdict says already. */
static int write_profile(const struct vb_verdict *verdict, int log_fd,
                         const struct vb_options *options, struct vb_error *err)
{
    VB_CLEANUP_FREE char *kind = NULL;
    const char *path = NULL;
    if (options->value[VB_OPT_EMIT_PROFILE] == NULL)
        return VB_OK;
    if (verdict->decision == VB_DECISION_BLOCK) {
        fputs("vetbox: no profile: nothing makes a package safe that is block\n", stderr);
        return VB_OK;
    }
    int status = split_profile(options->value[VB_OPT_EMIT_PROFILE], &kind, &path, err);
    if (status < 0 || path == NULL)
        return status < 0 ? status : vb_profile_write(verdict, log_fd, kind, STDOUT_FILENO, err);
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    vb_buf_init(&text, SIGNED_MAX);
    VB_CLEANUP_FD int kept = memfd_create("vetbox-profile", MFD_CLOEXEC);
    if (kept < 0)
        return vb_fail(err, VB_E_OS, errno, "making a file for the profile");
    status = vb_profile_write(verdict, log_fd, kind, kept, err);
    if (status == VB_OK && lseek(kept, 0, SEEK_SET) < 0)
        status = vb_fail(err, VB_E_IO, errno, "reading the profile");
    if (status == VB_OK)
        status = vb_buf_read_fd(&text, kept, err);
    if (status < 0)
        return status;
    VB_CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return vb_fail(err, VB_E_CANTCREAT, errno, "cannot write %s", path);
    return vb_write_all(fd, text.data, text.len, err);
}

/* --- before the work, and after it --- */

/* A key that is none is found out before the work. */
static int check_signing(const struct vb_options *options, struct vb_error *err)
{
    VB_CLEANUP(signer_cleanup) struct vb_signer *signer = NULL;
    if (options->value[VB_OPT_SIGN] == NULL)
        return VB_OK;
    if (options->value[VB_OPT_OUTPUT] == NULL && options->report_count == 0)
        return vb_fail(err, VB_E_USAGE, 0,
                       "--sign signs reports that go to files: name one with -o or --report");
    const int status = vb_session_prepare(err);
    return status < 0 ? status : vb_signer_load(options->value[VB_OPT_SIGN], &signer, err);
}

int vb_conclude_check(const struct vb_options *options, struct vb_error *err)
{
    const char *fail_on = options->value[VB_OPT_FAIL_ON];
    const char *format = options->value[VB_OPT_FORMAT];
    const char *color = options->value[VB_OPT_COLOR];
    struct vb_sandbox_options ignored;
    struct vb_dates no_dates;
    enum vb_probes no_probes;
    int status = format == NULL ? VB_OK : check_format(format, err);
    if (status == VB_OK && color != NULL && strcmp(color, "auto") != 0 &&
        strcmp(color, "always") != 0 && strcmp(color, "never") != 0)
        status = vb_fail(err, VB_E_USAGE, 0, "--color %s: auto, always or never is needed", color);
    if (status == VB_OK && fail_on != NULL && strcmp(fail_on, "block") != 0)
        status = vb_fail(err, VB_E_USAGE, 0, "--fail-on %s: only block is known", fail_on);
    if (status == VB_OK)
        status = check_profile(options, err);
    if (status == VB_OK)
        status = check_signing(options, err);
    if (status == VB_OK)
        status = vb_network_choose(options, NULL, &ignored, err);
    if (status == VB_OK)
        status = vb_dates_choose(options, &no_dates, err);
    if (status == VB_OK)
        status = vb_probes_choose(options, &no_probes, err);
    for (size_t i = 0; status == VB_OK && i < options->report_count; i++) {
        VB_CLEANUP_FREE char *further = NULL;
        const char *path = NULL;
        status = split_report(options->reports[i], &further, &path, err);
        if (status == VB_OK)
            status = check_format(further, err);
    }
    return status;
}

static int write_further(const struct vb_verdict *verdict, int log_fd, const char *report,
                         const struct vb_options *options, struct vb_error *err)
{
    VB_CLEANUP_FREE char *format = NULL;
    const char *path = NULL;
    const int status = split_report(report, &format, &path, err);
    return status < 0 ? status : write_report_file(verdict, log_fd, format, path, options, err);
}

static int write_main(const struct vb_verdict *verdict, int log_fd,
                      const struct vb_options *options, const struct vb_outlet *outlet,
                      struct vb_error *err)
{
    static const struct vb_report_options last_line = {.one_line = true};
    const char *format = options->value[VB_OPT_FORMAT];
    format = format != NULL ? format : "text";
    if (outlet->stream)
        return write_report(verdict, log_fd, format, &last_line, outlet->fd, err);
    if (options->value[VB_OPT_OUTPUT] != NULL)
        return write_report_file(verdict, log_fd, format, options->value[VB_OPT_OUTPUT], options,
                                 err);
    if (vb_option_given(options, VB_OPT_QUIET) || profile_is_output(options))
        return VB_OK;
    const struct vb_report_options report_options = {.color = vb_wants_color(options, outlet->fd)};
    return write_report(verdict, log_fd, format, &report_options, outlet->fd, err);
}

static int exit_status(enum vb_decision decision, const struct vb_options *options)
{
    static const int statuses[] = {[VB_DECISION_ALLOW] = VB_EXIT_ALLOW,
                                   [VB_DECISION_REVIEW] = VB_EXIT_REVIEW,
                                   [VB_DECISION_BLOCK] = VB_EXIT_BLOCK};
    if (vb_option_given(options, VB_OPT_ADVISORY))
        return VB_EXIT_ALLOW;
    if (decision == VB_DECISION_REVIEW && vb_option_given(options, VB_OPT_FAIL_ON))
        return VB_EXIT_ALLOW;
    return statuses[decision];
}

int vb_conclude(int log_fd, const struct vb_options *options, const struct vb_policy *policy,
                const struct vb_behaviour *behaviour, const struct vb_outlet *outlet,
                struct vb_error *err)
{
    VB_CLEANUP(verdict_cleanup) struct vb_verdict *verdict = NULL;
    int status = vb_judge(log_fd, policy, behaviour, &verdict, err);
    if (status == VB_OK)
        status = write_main(verdict, log_fd, options, outlet, err);
    for (size_t i = 0; status == VB_OK && i < options->report_count; i++)
        status = write_further(verdict, log_fd, options->reports[i], options, err);
    if (status == VB_OK)
        status = write_profile(verdict, log_fd, options, err);
    return status < 0 ? status : exit_status(verdict->decision, options);
}

/* --- vet and scan --- */

/* Makes the files that the reports of several references are appended to. */
static int empty_reports(const struct vb_options *options, struct vb_error *err)
{
    for (size_t i = 0; i <= options->report_count; i++) {
        const char *path = i < options->report_count ? strchr(options->reports[i], '=') + 1
                                                     : options->value[VB_OPT_OUTPUT];
        VB_CLEANUP_FD int fd =
            path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (path != NULL && fd < 0)
            return vb_fail(err, VB_E_CANTCREAT, errno, "cannot write %s", path);
    }
    return VB_OK;
}

/* Block outranks review, review outranks allow. */
static int worse(int a, int b)
{
    if (a == VB_EXIT_BLOCK || b == VB_EXIT_BLOCK)
        return VB_EXIT_BLOCK;
    return a > b ? a : b;
}

/* The name may be a stranger's, and this goes to a terminal. NULL wipes the line. */
static void progress(const struct vb_options *options, const char *reference)
{
    enum { SHOWN_BYTES = 60, ESCAPED_MAX = 16 * SHOWN_BYTES };
    if (vb_option_given(options, VB_OPT_QUIET) || isatty(STDERR_FILENO) != 1)
        return;
    VB_CLEANUP(vb_buf_done) struct vb_buf name;
    vb_buf_init(&name, ESCAPED_MAX);
    const char *base = reference != NULL ? vb_path_base(reference) : "";
    if (vb_text_escape(&name, base, strnlen(base, SHOWN_BYTES), false, NULL) < 0)
        return;
    fputs("\r\033[K", stderr);
    if (reference != NULL)
        fprintf(stderr, "vetting %s …\r", (const char *)name.data);
}

static int vet_one(const struct vb_options *options, const struct vb_toolbox *toolbox,
                   const char *action, size_t index, struct vb_error *err)
{
    VB_CLEANUP(vb_session_done)
    struct vb_session session = {.toolbox = toolbox, .options = options, VB_SESSION_CLOSED};
    progress(options, options->operands[index]);
    int status = vb_session_open_evidence(&session, options->several ? index + 1 : 0, err);
    if (status == VB_OK)
        status = vb_session_begin(&session, options, action, options->operands[index], err);
    if (status == VB_OK)
        status = vb_examine(&session, err);
    const bool plan_only = vb_option_given(options, VB_OPT_PLAN_ONLY);
    if (status == VB_OK && plan_only)
        progress(options, NULL);
    if (status == VB_OK && plan_only)
        status = vb_session_print_plan(&session, err);
    else if (status == VB_OK && strcmp(action, "vet") == 0) {
        status = vb_session_depend(&session, err);
        if (status == VB_OK)
            status = vb_session_detonate(&session, err);
    }
    if (status == VB_OK)
        status = vb_session_end(&session, err);
    progress(options, NULL);
    if (status < 0 || plan_only)
        return status;
    return vb_conclude(session.log_fd, options, toolbox->policy, toolbox->behaviour,
                       &standard_output, err);
}

static int vet_all(const struct vb_options *options, const char *action, struct vb_error *err)
{
    VB_CLEANUP(vb_toolbox_close) struct vb_toolbox toolbox = {0};
    if (options->operand_count == 0)
        return vb_fail(err, VB_E_USAGE, 0, "vetbox %s needs a file, a folder or an https URL",
                       action);
    enum vb_persona persona;
    int status = vb_conclude_check(options, err);
    if (status == VB_OK)
        status = vb_persona_named(options->value[VB_OPT_PERSONA], &persona, err);
    if (status == VB_OK && options->several)
        status = empty_reports(options, err);
    if (status == VB_OK)
        status = vb_toolbox_open(options, &toolbox, err);
    int verdict = VB_EXIT_ALLOW;
    int failure = 0;
    for (size_t i = 0; status >= 0 && i < options->operand_count; i++) {
        const int outcome = vet_one(options, &toolbox, action, i, err);
        if (outcome >= 0) {
            verdict = worse(verdict, outcome);
        } else if (!options->several) {
            return outcome;
        } else {
            vb_print_error(err);
            failure = failure != 0 ? failure : vb_status_exit(outcome);
        }
    }
    if (status < 0)
        return status;
    return failure != 0 ? failure : verdict;
}

int vb_command_vet(const struct vb_options *options, struct vb_error *err)
{
    return vet_all(options, "vet", err);
}

int vb_command_scan(const struct vb_options *options, struct vb_error *err)
{
    return vet_all(options, "scan", err);
}

/* --- judge and report --- */

int vb_evidence_open(const char *evidence, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = open(evidence, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    VB_CLEANUP_FD int inside =
        fd < 0 ? -1 : openat(fd, "events.jsonl", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (inside >= 0)
        return vb_steal_fd(&inside);
    if (fd < 0 || errno != ENOTDIR)
        return vb_fail(err, VB_E_NOINPUT, errno, "no event log in %s", evidence);
    return vb_steal_fd(&fd);
}

static int judge_with(const struct vb_options *options, const char *policy_path,
                      struct vb_error *err)
{
    VB_CLEANUP(policy_cleanup) struct vb_policy *policy = NULL;
    VB_CLEANUP(behaviour_cleanup) struct vb_behaviour *behaviour = NULL;
    if (options->operand_count != 1)
        return vb_fail(err, VB_E_USAGE, 0, "one evidence folder is needed");
    int status = vb_conclude_check(options, err);
    if (status < 0)
        return status;
    VB_CLEANUP_FD int fd = vb_evidence_open(options->operands[0], err);
    if (fd < 0)
        return fd;
    status = vb_policy_load(policy_path, &policy, err);
    if (status == VB_OK)
        status = vb_place_behaviour(options, true, &behaviour, err);
    return status < 0 ? status : vb_conclude(fd, options, policy, behaviour, &standard_output, err);
}

int vb_command_judge(const struct vb_options *options, struct vb_error *err)
{
    return judge_with(options, options->value[VB_OPT_POLICY], err);
}

/* The name of the built-in policy that the open file FD holds, or NULL. */
static const char *built_in(int fd, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    const struct vb_policy_profile *rows = NULL;
    const size_t count = vb_policy_profiles(&rows);
    vb_buf_init(&text, KEPT_MAX);
    if (vb_buf_read_fd(&text, fd, err) < 0)
        return NULL; /* reading it once more says why */
    for (size_t i = 0; i < count; i++)
        if (rows[i].len == text.len && memcmp(rows[i].text, text.data, text.len) == 0)
            return rows[i].name;
    return NULL;
}

int vb_evidence_policy(const char *evidence, char **ret, struct vb_error *err)
{
    VB_CLEANUP_FREE char *path = NULL;
    if (asprintf(&path, "%s/policy.yaml", evidence) < 0)
        return vb_fail(err, VB_E_NOMEM, errno, "naming the policy");
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        *ret = NULL;
        return VB_OK;
    }
    const char *name = built_in(fd, err);
    *ret = name != NULL ? strdup(name) : vb_steal(path);
    return *ret != NULL ? VB_OK : vb_fail(err, VB_E_NOMEM, errno, "naming the policy");
}

int vb_command_report(const struct vb_options *options, struct vb_error *err)
{
    VB_CLEANUP_FREE char *policy = NULL;
    int status = VB_OK;
    if (options->operand_count == 1)
        status = vb_evidence_policy(options->operands[0], &policy, err);
    if (status == VB_OK)
        status = judge_with(options, policy, err);
    return status < 0 ? status : 0;
}
