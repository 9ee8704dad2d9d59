/* vetbox rules: the YARA rules for bytes, the Sigma rules for what runs do, and the known-bad
 * things. Each kind has a row in the table below. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/listen.h"
#include "cli/places.h"
#include "cli/rule_prices.h"
#include "vetbox/core/iocs.h"
#include "vetbox/scan.h"
#include "vetbox/verdict.h"

/* What one call works on; what is not at hand is NULL. */
struct shelf {
    struct vb_rules *yara;
    struct vb_behaviour *behaviour;
    char *yara_dir;
    const struct vb_options *options;
    const char *wanted; /* of show */
    size_t shown;
    size_t failures; /* of check and test */
    size_t cases;
};

static void shelf_done(struct shelf *shelf)
{
    vb_rules_free(shelf->yara);
    vb_behaviour_free(shelf->behaviour);
    free(shelf->yara_dir);
}

static int shelf_open(const struct vb_options *options, struct shelf *ret, struct vb_error *err)
{
    ret->options = options;
    int status = vb_place_yara_rules(options->value[VB_OPT_RULES], &ret->yara_dir, err);
    if (status == VB_OK)
        status = vb_rules_load(ret->yara_dir, NULL, &ret->yara, err);
    if (status == VB_OK)
        status = vb_place_behaviour(options, false, &ret->behaviour, err);
    return status;
}

static bool is_quiet(const struct shelf *shelf)
{
    return vb_option_given(shelf->options, VB_OPT_QUIET);
}

/* --- list and show --- */

static void print_text(const char *text)
{
    vb_print_escaped(stdout, (struct vb_str){.text = text, .len = strlen(text)});
}

static void print_row(const char *name, const char *finding, const char *severity, const char *text)
{
    printf("%-32.60s %-28s %-8s ", name, finding, severity);
    print_text(text);
    fputc('\n', stdout);
}

static void list_yara(void *ctx, const struct vb_rule_said *rule)
{
    (void)ctx;
    print_row(rule->name, rule->id, rule->severity, rule->description);
}

static void list_ioc(const struct vb_ioc *ioc)
{
    printf("%-32.60s %-28s %-8s ", vb_ioc_kind_name(ioc->kind),
           ioc->kind == VB_IOC_SHA256 ? "VB-IOC-HASH" : "VB-IOC-CONTACT", "critical");
    print_text(ioc->value);
    fputs(": ", stdout);
    print_text(ioc->words);
    fputc('\n', stdout);
}

static void list_all(struct shelf *shelf)
{
    const struct vb_iocs *iocs = vb_behaviour_iocs(shelf->behaviour);
    vb_rules_each(shelf->yara, list_yara, NULL);
    for (size_t i = 0; i < vb_behaviour_count(shelf->behaviour); i++) {
        const struct vb_behaviour_rule *rule = vb_behaviour_rule(shelf->behaviour, i);
        if (rule->reported)
            print_row(rule->name, rule->finding, vb_severity_name(rule->severity),
                      rule->description);
    }
    for (size_t i = 0; i < vb_iocs_count(iocs); i++)
        list_ioc(vb_iocs_at(iocs, i));
}

static void show_yara(void *ctx, const struct vb_rule_said *rule)
{
    struct shelf *shelf = ctx;
    if (strcmp(rule->name, shelf->wanted) != 0 && !vb_ascii_equal(rule->id, shelf->wanted))
        return;
    shelf->shown++;
    printf("%s (YARA)\n  title     ", rule->name);
    print_text(rule->title);
    printf("\n  finding   %s\n  grade     severity %s, confidence %s\n", rule->id, rule->severity,
           rule->confidence);
    for (size_t i = 0; i < rule->mapping_count; i++)
        printf("%s%s%.*s%s", i == 0 ? "  mapping   " : " ",
               vb_mapping_prefix(rule->mapping[i].text), (int)rule->mapping[i].len,
               rule->mapping[i].text, i + 1 == rule->mapping_count ? "\n" : "");
    fputs("\n  ", stdout);
    print_text(rule->description);
    fputs("\n\n", stdout);
}

static void show_behaviour(struct shelf *shelf, const struct vb_behaviour_rule *rule)
{
    if (strcmp(rule->name, shelf->wanted) != 0 && !vb_ascii_equal(rule->finding, shelf->wanted) &&
        (rule->id[0] == '\0' || !vb_ascii_equal(rule->id, shelf->wanted)))
        return;
    shelf->shown++;
    print_text(rule->name);
    printf(" (Sigma%s)\n  title     ", rule->correlation ? " correlation" : "");
    print_text(rule->title);
    if (rule->reported)
        printf("\n  finding   %s\n  grade     severity %s, confidence %s%s", rule->finding,
               vb_severity_name(rule->severity), vb_confidence_name(rule->confidence),
               rule->foreign ? "; of a foreign rule: never blocks by itself" : "");
    else
        fputs("\n  finding   none: it only feeds correlations", stdout);
    if (rule->mapping[0] != '\0')
        fputs("\n  mapping   ", stdout);
    print_text(rule->mapping);
    fputs("\n  file      ", stdout);
    print_text(rule->file);
    printf(":%zu\n  author    ", rule->line);
    print_text(rule->author[0] != '\0' ? rule->author : "-");
    fputs("\n\n  ", stdout);
    print_text(rule->description);
    fputs("\n\n", stdout);
}

static void show_ioc(struct shelf *shelf, const struct vb_ioc *ioc)
{
    if (strcmp(ioc->value, shelf->wanted) != 0)
        return;
    shelf->shown++;
    print_text(ioc->value);
    printf(" (known-bad %s)\n  finding   %s\n  date      %s\n  file      ",
           vb_ioc_kind_name(ioc->kind),
           ioc->kind == VB_IOC_SHA256 ? "VB-IOC-HASH" : "VB-IOC-CONTACT or VB-IOC-NAMED",
           ioc->date);
    print_text(ioc->file);
    printf(":%zu\n\n  ", ioc->line);
    print_text(ioc->words);
    fputs("\n\n", stdout);
}

static int show(struct shelf *shelf, struct vb_error *err)
{
    const struct vb_iocs *iocs = vb_behaviour_iocs(shelf->behaviour);
    for (size_t i = 0; i < vb_iocs_count(iocs); i++)
        show_ioc(shelf, vb_iocs_at(iocs, i));
    vb_rules_each(shelf->yara, show_yara, shelf);
    for (size_t i = 0; i < vb_behaviour_count(shelf->behaviour); i++)
        show_behaviour(shelf, vb_behaviour_rule(shelf->behaviour, i));
    return shelf->shown > 0 ? VB_OK
                            : vb_fail(err, VB_E_USAGE, 0,
                                      "no rule %s: vetbox rules list shows them", shelf->wanted);
}

/* --- check --- */

static void print_problem(void *ctx, enum vb_behaviour_gravity gravity, const char *file,
                          size_t line, const char *text)
{
    static const char *const ends[] = {[VB_BEHAVIOUR_WRONG] = " (left out)",
                                       [VB_BEHAVIOUR_SKIPPED] = " (left out)",
                                       [VB_BEHAVIOUR_DOUBT] = " (loaded all the same)"};
    const struct shelf *shelf = ctx;
    if (is_quiet(shelf))
        return;
    print_text(file);
    printf(":%zu: ", line);
    print_text(text);
    printf("%s\n", ends[gravity]);
}

static void print_counts(const struct shelf *shelf)
{
    const size_t yara = vb_rules_count(shelf->yara), sigma = vb_behaviour_count(shelf->behaviour);
    const size_t bad = vb_iocs_count(vb_behaviour_iocs(shelf->behaviour));
    printf("%zu YARA rule%s in %s, %zu Sigma rule%s, %zu known-bad thing%s\n", yara,
           yara == 1 ? "" : "s", shelf->yara_dir, sigma, sigma == 1 ? "" : "s", bad,
           bad == 1 ? "" : "s");
}

static int check(struct shelf *shelf, struct vb_error *err)
{
    size_t slow = 0;
    shelf->failures += vb_behaviour_problems(shelf->behaviour, print_problem, shelf);
    if (!is_quiet(shelf))
        print_counts(shelf);
    const int status =
        vb_rule_prices_print(shelf->yara, shelf->yara_dir, is_quiet(shelf), &slow, err);
    if (status < 0)
        return status;
    if (slow > 0 && !vb_option_given(shelf->options, VB_OPT_ALLOW_SLOW))
        return vb_fail(err, VB_E_CONFIG, 0,
                       "%s: %zu rules make scanning slow: give their expressions fixed words, or "
                       "pass --allow-slow",
                       shelf->yara_dir, slow);
    return shelf->failures == 0 ? 0 : VB_EXIT_BLOCK;
}

/* --- test --- */

static void print_failure(void *ctx, const char *file, size_t line, const char *text)
{
    struct shelf *shelf = ctx;
    shelf->failures++;
    if (is_quiet(shelf))
        return;
    print_text(file);
    printf(":%zu: ", line);
    print_text(text);
    fputc('\n', stdout);
}

/* The folder of cases below PATH, a folder of rules, or beside PATH, a file of them. */
static int cases_of(const struct shelf *shelf, const char *path, struct vb_behaviour_trial *trial,
                    struct vb_error *err)
{
    VB_CLEANUP_FREE char *folder = NULL;
    struct stat st;
    const bool is_folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    const char *base = vb_path_base(path);
    const int len = is_folder ? (int)strlen(path) : (int)(base - path) - (base > path);
    if (asprintf(&folder, "%.*s/tests", len > 0 ? len : 1, len > 0 ? path : ".") < 0) {
        folder = NULL;
        return vb_fail(err, VB_E_NOMEM, 0, "naming the cases of rules");
    }
    if (stat(folder, &st) < 0)
        return VB_OK; /* every rule of it then misses its cases */
    return vb_behaviour_cases(shelf->behaviour, folder, trial, err);
}

static void miss_cases(struct shelf *shelf, const unsigned char *had)
{
    static const char *const missing[] = {[0] = "has no cases",
                                          [VB_CASES_MATCH] = "has no case that it must not match",
                                          [VB_CASES_NONE] = "has no case that it must match"};
    for (size_t i = 0; i < vb_behaviour_count(shelf->behaviour); i++) {
        const struct vb_behaviour_rule *rule = vb_behaviour_rule(shelf->behaviour, i);
        if (!rule->reported || had[i] == (VB_CASES_MATCH | VB_CASES_NONE))
            continue;
        char text[400];
        snprintf(text, sizeof(text), "%s %s", rule->name, missing[had[i]]);
        print_failure(shelf, rule->file, rule->line, text);
    }
}

/* Sigma rules, each by its cases: those of the rules folder and of what --sigma names. */
static int test_behaviour(struct shelf *shelf, struct vb_error *err)
{
    const struct vb_options *options = shelf->options;
    VB_CLEANUP_FREE char *folder = NULL;
    VB_CLEANUP_FREE unsigned char *had = calloc(vb_behaviour_count(shelf->behaviour) + 1, 1);
    struct vb_behaviour_trial trial = {.failed = print_failure, .ctx = shelf, .had = had};
    if (had == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "testing rules");
    int status = vb_place_behaviour_folder(options->value[VB_OPT_RULES], &folder, err);
    if (status == VB_OK && folder != NULL)
        status = cases_of(shelf, folder, &trial, err);
    for (size_t i = 0; status == VB_OK && i < options->sigma_count; i++)
        status = cases_of(shelf, options->sigma[i], &trial, err);
    shelf->failures +=
        status == VB_OK ? vb_behaviour_problems(shelf->behaviour, print_problem, shelf) : 0;
    shelf->cases += trial.cases;
    if (status == VB_OK)
        miss_cases(shelf, had);
    return status;
}

static void print_yara_failure(void *ctx, const char *rule, const char *problem)
{
    struct shelf *shelf = ctx;
    shelf->failures++;
    if (!is_quiet(shelf))
        printf("%s %s\n", rule, problem);
}

static int test_yara(struct shelf *shelf, struct vb_error *err)
{
    size_t cases = 0;
    const int status =
        vb_rules_test(shelf->yara, shelf->yara_dir, print_yara_failure, shelf, &cases, err);
    shelf->cases += cases;
    return status;
}

/* Each kind of rules. */
static int (*const kinds[])(struct shelf *shelf, struct vb_error *err) = {test_yara,
                                                                          test_behaviour};

static int test(struct shelf *shelf, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(kinds); i++)
        status = kinds[i](shelf, err);
    if (status < 0)
        return status;
    if (!is_quiet(shelf))
        printf("%zu case%s, %zu failure%s\n", shelf->cases, shelf->cases == 1 ? "" : "s",
               shelf->failures, shelf->failures == 1 ? "" : "s");
    return shelf->failures == 0 ? 0 : VB_EXIT_BLOCK;
}

int vb_command_rules(const struct vb_options *options, struct vb_error *err)
{
    VB_CLEANUP(shelf_done) struct shelf shelf = {0};
    const size_t count = options->operand_count;
    const char *action = count > 0 ? options->operands[0] : "";
    const bool shows = strcmp(action, "show") == 0;
    if (count != (shows ? 2U : 1U) || (!shows && strcmp(action, "list") != 0 &&
                                       strcmp(action, "check") != 0 && strcmp(action, "test") != 0))
        return vb_fail(err, VB_E_USAGE, 0, "vetbox rules list, show RULE, check, or test");
    const int status = shelf_open(options, &shelf, err);
    if (status < 0)
        return status;
    shelf.wanted = shows ? options->operands[1] : NULL;
    if (shows)
        return show(&shelf, err);
    if (strcmp(action, "check") == 0)
        return check(&shelf, err);
    if (strcmp(action, "test") == 0)
        return test(&shelf, err);
    list_all(&shelf);
    return 0;
}
