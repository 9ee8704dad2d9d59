/* Sigma rules in the judgement: what becomes of a match, what is said once, what is nobody's deed,
 * and what a flood of matches comes to. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "verdict/internal.h"

static struct vb_behaviour *loaded(const char *rules)
{
    struct vb_error err = {0};
    struct vb_behaviour *behaviour = NULL;
    char path[] = "/tmp/vetbox-rules-XXXXXX.yml";
    VB_CLEANUP_FD int fd = mkstemps(path, 4);
    assert_true(fd >= 0);
    assert_int_equal(vb_write_all(fd, rules, strlen(rules), &err), VB_OK);
    const struct vb_behaviour_options options = {.folder = path};
    if (vb_behaviour_load(&options, &behaviour, &err) < 0)
        fail_msg("%s", err.message);
    unlink(path);
    return behaviour;
}

/* --- a log --- */

struct story {
    int fd;
    struct vb_log_writer log;
};

static void tell(struct story *story, struct vb_event *event)
{
    struct vb_error err = {0};
    if (vb_emit(&story->log.sink, event, &err) < 0)
        fail_msg("%s", err.message);
}

static void begin_run(struct story *story, uint32_t run, const char *const *argv, int ours)
{
    struct vb_event event;
    struct vb_str items[4];
    size_t count = 0;
    for (; argv[count] != NULL; count++)
        items[count] = (struct vb_str){argv[count], strlen(argv[count])};
    vb_event_init(&event, VB_EV_DETONATION_BEGIN, VB_SOURCE_TOOL);
    event.detonation = run;
    vb_event_list(&event, VB_F_ARGV, items, count);
    vb_event_str(&event, VB_F_REASON, "script");
    vb_event_str(&event, VB_F_PATH, "a.sh");
    if (ours > 0)
        vb_event_int(&event, VB_F_OURS, ours);
    tell(story, &event);
}

static void begin(struct story *story)
{
    struct vb_event event;
    static const char *const argv[] = {"bash", "a.sh", NULL};
    story->fd = memfd_create("log", MFD_CLOEXEC);
    assert_true(story->fd >= 0);
    vb_log_writer_init(&story->log, story->fd);
    vb_event_init(&event, VB_EV_LOG_BEGIN, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_VERSION, VB_LOG_VERSION);
    vb_event_str(&event, VB_F_TOOL, "test");
    vb_event_str(&event, VB_F_REFERENCE, "x");
    vb_event_int(&event, VB_F_CLOCK, 1767225600);
    vb_event_str(&event, VB_F_ACTION, "vet");
    tell(story, &event);
    begin_run(story, 1, argv, 0);
}

static void exec(struct story *story, uint32_t run, int64_t pid, const char *path,
                 const char *const *argv)
{
    struct vb_event event;
    struct vb_str items[8];
    size_t count = 0;
    for (; argv[count] != NULL; count++)
        items[count] = (struct vb_str){argv[count], strlen(argv[count])};
    vb_event_init(&event, VB_EV_PROCESS_EXEC, VB_SOURCE_SYSCALL);
    event.detonation = run;
    vb_event_int(&event, VB_F_PID, pid);
    vb_event_str(&event, VB_F_PATH, path);
    vb_event_list(&event, VB_F_ARGV, items, count);
    tell(story, &event);
}

static void end_run(struct story *story, uint32_t run)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_DETONATION_END, VB_SOURCE_TOOL);
    event.detonation = run;
    vb_event_str(&event, VB_F_OUTCOME, "exit");
    vb_event_int(&event, VB_F_STATUS, 0);
    vb_event_int(&event, VB_F_DURATION, 1);
    tell(story, &event);
}

static struct vb_verdict *conclude(struct story *story, const struct vb_behaviour *behaviour)
{
    struct vb_error err = {0};
    struct vb_policy *policy = NULL;
    struct vb_verdict *verdict = NULL;
    assert_int_equal(vb_log_end(&story->log, &err), VB_OK);
    vb_log_writer_done(&story->log);
    assert_int_equal(vb_policy_load(NULL, &policy, &err), VB_OK);
    if (vb_judge(story->fd, policy, behaviour, &verdict, &err) < 0)
        fail_msg("%s", err.message);
    vb_policy_free(policy);
    vb_close_fd(&story->fd);
    return verdict;
}

static size_t count_of(const struct vb_verdict *verdict, const char *id)
{
    size_t count = 0;
    for (size_t i = 0; i < verdict->finding_count; i++)
        count += strcmp(verdict->findings[i].id, id) == 0;
    return count;
}

static const struct vb_finding *finding_of(const struct vb_verdict *verdict, const char *id)
{
    for (size_t i = 0; i < verdict->finding_count; i++)
        if (strcmp(verdict->findings[i].id, id) == 0)
            return &verdict->findings[i];
    fail_msg("no finding %s", id);
    return NULL;
}

#define SOURCE "logsource: {product: linux, category: process_creation}\n"
#define CURL "detection: {s: {Image|endswith: /curl}, condition: s}\n"

static const char *const curl[] = {"curl", "-s", "https://x.example/", NULL};

/* --- tests --- */

static void test_match_is_a_finding(void **state)
{
    (void)state;
    struct vb_behaviour *behaviour =
        loaded("title: It fetches\nname: fetches\ndescription: It fetches something.\n" SOURCE CURL
               "level: high\ntags: [attack.t1105, attack.execution, cve.2021.44228]\n"
               "vetbox: {finding: VB-TEST, confidence: low, mapping: [OWASP-AST01]}\n");
    struct story story;
    begin(&story);
    exec(&story, 1, 10, "/usr/bin/curl", curl);
    end_run(&story, 1);
    struct vb_verdict *verdict = conclude(&story, behaviour);
    const struct vb_finding *finding = finding_of(verdict, "VB-TEST");
    assert_int_equal(finding->severity, VB_SEVERITY_HIGH);
    assert_int_equal(finding->confidence, VB_CONFIDENCE_LOW);
    assert_string_equal(finding->title, "It fetches");
    assert_string_equal(finding->path, "a.sh");
    assert_string_equal(finding->detail, "`curl -s https://x.example/`: It fetches something.");
    assert_string_equal(finding->mapping[0], "OWASP-AST01");
    assert_string_equal(finding->mapping[1], "ATTACK-T1105");
    assert_null(finding->mapping[2]);
    assert_int_equal(finding->evidence_count, 1);
    assert_int_equal(finding->evidence[0], 3);
    vb_verdict_free(verdict);
    vb_behaviour_free(behaviour);
}

/* However grave its author thinks it: the built-in policies never block for it. */
static void test_foreign_rules_never_block(void **state)
{
    (void)state;
    static const struct {
        const char *level;
        enum vb_severity severity;
        enum vb_decision decision;
    } rows[] = {
        {"informational", VB_SEVERITY_INFO, VB_DECISION_ALLOW},
        {"low", VB_SEVERITY_LOW, VB_DECISION_ALLOW},
        {"medium", VB_SEVERITY_MEDIUM, VB_DECISION_ALLOW},
        {"high", VB_SEVERITY_HIGH, VB_DECISION_REVIEW},
        {"critical", VB_SEVERITY_HIGH, VB_DECISION_REVIEW},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        char rules[512];
        (void)snprintf(rules, sizeof(rules),
                       "title: Curl\nid: 5ea8faa8-db8b-45be-89b0-151b84c82702\n" SOURCE CURL
                       "level: %s\nvetbox: {severity: critical, confidence: high}\n",
                       rows[i].level);
        struct vb_behaviour *behaviour = loaded(rules);
        struct story story;
        begin(&story);
        exec(&story, 1, 10, "/usr/bin/curl", curl);
        end_run(&story, 1);
        struct vb_verdict *verdict = conclude(&story, behaviour);
        const struct vb_finding *finding =
            finding_of(verdict, "SIGMA-5EA8FAA8-DB8B-45BE-89B0-151B84C82702");
        assert_int_equal(finding->severity, rows[i].severity);
        assert_int_equal(finding->decision, rows[i].decision);
        vb_verdict_free(verdict);
        vb_behaviour_free(behaviour);
    }
}

/* The detector says it, and its sentence knows more. */
static void test_said_once(void **state)
{
    (void)state;
    static const char *const miner[] = {"xmrig", "-o", "stratum+tcp://x.example:3333", NULL};
    struct vb_behaviour *behaviour =
        loaded("title: Same\n" SOURCE "detection: {s: {Image|endswith: /xmrig}, condition: s}\n"
               "vetbox: {finding: VB-MINER}\n---\n"
               "title: Other\n" SOURCE "detection: {s: {Image|endswith: /xmrig}, condition: s}\n"
               "vetbox: {finding: VB-OTHER, unless: [VB-X, VB-MINER]}\n---\n"
               "title: Third\n" SOURCE "detection: {s: {Image|endswith: /xmrig}, condition: s}\n"
               "vetbox: {finding: VB-THIRD, unless: [VB-STAGE-TWO]}\n");
    struct story story;
    begin(&story);
    exec(&story, 1, 10, "/usr/bin/xmrig", miner);
    end_run(&story, 1);
    struct vb_verdict *verdict = conclude(&story, behaviour);
    assert_int_equal(count_of(verdict, "VB-MINER"), 1);
    assert_int_equal(finding_of(verdict, "VB-MINER")->severity, VB_SEVERITY_CRITICAL);
    assert_int_equal(count_of(verdict, "VB-OTHER"), 0);
    assert_int_equal(count_of(verdict, "VB-THIRD"), 1);
    vb_verdict_free(verdict);
    vb_behaviour_free(behaviour);
}

/* What runs the package's code is no deed of it; what it starts then is. */
static void test_ours_is_not_matched(void **state)
{
    (void)state;
    static const char *const begun[] = {"tsx", "node", "a.ts", NULL};
    static const char *const first[] = {"tsx", "node", "a.ts", NULL};
    static const char *const own[] = {"tsx", "other.ts", NULL};
    struct vb_behaviour *behaviour =
        loaded("title: Translator\n" SOURCE "detection: {s: {Image|endswith: /tsx}, condition: s}\n"
               "level: high\nvetbox: {finding: VB-TEST}\n");
    for (int ours = 0; ours < 2; ours++) {
        struct story story;
        begin(&story);
        begin_run(&story, 2, begun, 1);
        exec(&story, 2, 20, "/usr/bin/tsx", first);
        if (ours == 0)
            exec(&story, 2, 21, "/usr/bin/tsx", own);
        end_run(&story, 2);
        struct vb_verdict *verdict = conclude(&story, behaviour);
        assert_int_equal(count_of(verdict, "VB-TEST"), ours == 0);
        if (ours == 0)
            assert_int_equal(finding_of(verdict, "VB-TEST")->evidence[0], 5);
        vb_verdict_free(verdict);
    }
    vb_behaviour_free(behaviour);
}

/* Runs are apart: what each does half is done by neither. And the whole has all its evidence. */
static void test_correlation_is_of_one_run(void **state)
{
    (void)state;
    static const char *const wget[] = {"wget", "x", NULL};
    static const char *const second[] = {"bash", "b.sh", NULL};
    struct vb_behaviour *behaviour = loaded(
        "title: a\nname: a\n" SOURCE CURL "---\n"
        "title: b\nname: b\n" SOURCE "detection: {s: {Image|endswith: /wget}, condition: s}\n---\n"
        "title: Both\ncorrelation: {type: temporal, rules: [a, b], group-by: [Detonation], "
        "timespan: 1h}\nlevel: high\nvetbox: {finding: VB-BOTH}\n");
    for (uint32_t run = 1; run <= 2; run++) {
        struct story story;
        begin(&story);
        exec(&story, 1, 10, "/usr/bin/curl", curl);
        begin_run(&story, 2, second, 0);
        exec(&story, run, 11, "/usr/bin/wget", wget);
        end_run(&story, 2);
        end_run(&story, 1);
        struct vb_verdict *verdict = conclude(&story, behaviour);
        assert_int_equal(count_of(verdict, "VB-BOTH"), run == 1);
        assert_int_equal(count_of(verdict, "SIGMA-A"), 0);
        if (run == 1) {
            assert_int_equal(finding_of(verdict, "VB-BOTH")->evidence_count, 2);
            assert_int_equal(finding_of(verdict, "VB-BOTH")->evidence[0], 3);
        }
        vb_verdict_free(verdict);
    }
    vb_behaviour_free(behaviour);
}

/* Many matches are one finding, and hide no other. */
static void test_flood(void **state)
{
    (void)state;
    static const char *const wget[] = {"wget", "x", NULL};
    struct vb_behaviour *behaviour =
        loaded("title: Many\n" SOURCE CURL "level: low\nvetbox: {finding: VB-MANY}\n---\n"
               "title: One\n" SOURCE "detection: {s: {Image|endswith: /wget}, condition: s}\n"
               "level: high\nvetbox: {finding: VB-ONE}\n");
    struct story story;
    begin(&story);
    for (int64_t i = 0; i < 20000; i++)
        exec(&story, 1, 10 + i % 100, "/usr/bin/curl", curl);
    exec(&story, 1, 9, "/usr/bin/wget", wget);
    end_run(&story, 1);
    struct vb_verdict *verdict = conclude(&story, behaviour);
    assert_int_equal(count_of(verdict, "VB-MANY"), 1);
    assert_int_equal(count_of(verdict, "VB-ONE"), 1);
    vb_verdict_free(verdict);
    vb_behaviour_free(behaviour);
}

/* Each of ours says which finding it makes, has words, and names no finding that is not there. */
static void test_built_in(void **state)
{
    (void)state;
    struct vb_error err = {0};
    struct vb_behaviour *behaviour = NULL;
    assert_int_equal(vb_behaviour_load(NULL, &behaviour, &err), VB_OK);
    assert_true(vb_behaviour_count(behaviour) >= 80);
    size_t reported = 0;
    for (size_t i = 0; i < vb_behaviour_count(behaviour); i++) {
        const struct vb_behaviour_rule *rule = vb_behaviour_rule(behaviour, i);
        reported += rule->reported;
        if (!rule->reported)
            continue;
        assert_false(rule->foreign);
        assert_string_not_equal(rule->description, rule->title);
        assert_string_not_equal(rule->id, "");
        /* A rule alone never blocks: what is proof a detector says. */
        assert_false(rule->severity == VB_SEVERITY_CRITICAL &&
                     rule->confidence == VB_CONFIDENCE_HIGH);
    }
    assert_true(reported >= 80);
    vb_behaviour_free(behaviour);
}

static void test_paths_that_are_not_there(void **state)
{
    (void)state;
    static const char *const more[] = {"/nonexistent/rules"};
    const struct vb_behaviour_options options = {.more = more, .more_count = 1};
    struct vb_error err = {0};
    struct vb_behaviour *behaviour = NULL;
    assert_int_equal(vb_behaviour_load(&options, &behaviour, &err), VB_E_CONFIG);
    assert_null(behaviour);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match_is_a_finding),
        cmocka_unit_test(test_foreign_rules_never_block),
        cmocka_unit_test(test_said_once),
        cmocka_unit_test(test_ours_is_not_matched),
        cmocka_unit_test(test_correlation_is_of_one_run),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_built_in),
        cmocka_unit_test(test_paths_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
