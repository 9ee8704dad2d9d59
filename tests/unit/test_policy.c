/* The policy file: what is built in is the file in rules/, mistakes are named with file and line,
 * and it decides as docs/policy.md says. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "verdict/internal.h"

#define DECIDE "decide: [{severity: critical, confidence: high, decision: block}]\n"

static int load(const char *text, struct vb_policy **ret, struct vb_error *err)
{
    char path[64];
    VB_CLEANUP_FD int fd = memfd_create("policy", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(vb_write_all(fd, text, strlen(text), err), VB_OK);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return vb_policy_load(path, ret, err);
}

static void test_profiles_are_the_files(void **state)
{
    (void)state;
    const struct vb_policy_profile *rows = NULL;
    assert_int_equal(vb_policy_profiles(&rows), 4);
    for (size_t i = 0; i < 4; i++) {
        struct vb_error err = {0};
        char path[512];
        VB_CLEANUP(vb_buf_done) struct vb_buf file;
        vb_buf_init(&file, 1024 * 1024);
        (void)snprintf(path, sizeof(path),
                       i == 0 ? VB_SOURCE_DIR "/rules/policy.yaml"
                              : VB_SOURCE_DIR "/rules/policies/%s.yaml",
                       rows[i].name);
        VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(vb_buf_read_fd(&file, fd, &err), VB_OK);
        assert_int_equal(file.len, rows[i].len);
        assert_memory_equal(file.data, rows[i].text, file.len);
        struct vb_policy *policy = NULL;
        if (vb_policy_load(rows[i].name, &policy, &err) != VB_OK)
            fail_msg("%s", err.message);
        vb_policy_free(policy);
    }
    assert_string_equal(vb_policy_profile_named(NULL)->name, "default");
    assert_null(vb_policy_profile_named("./strict"));
    assert_null(vb_policy_profile_named("strict.yaml"));
}

static void test_mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message; /* part of it, with the line */
    } rows[] = {
        {"", ":1: the file is empty"},
        {"version: 2\n" DECIDE, ":1: this program understands"},
        {DECIDE, "the key version is missing"},
        {"version: 1\n", "the key decide is missing"},
        {"version: 1\n" DECIDE "extra: 1\n", ":3: unknown key \"extra\""},
        {"version: 1\n" DECIDE "decide: []\n", ":3: the key \"decide\" stands here twice"},
        {"version: 1\ndecide: {}\n", ":2: decide is a list"},
        {"version: 1\ndecide:\n  - {severity: hihg, confidence: low, decision: block}\n",
         ":3: a severity is"},
        {"version: 1\ndecide:\n  - {severity: high, confidence: low, decision: deny}\n",
         ":3: a decision is"},
        {"version: 1\ndecide:\n  - {severity: high, decision: block}\n",
         ":3: the key confidence is missing"},
        {"version: 1\n" DECIDE "findings: {vb-lower: block}\n", ":3: a finding id such as"},
        {"version: 1\n" DECIDE "findings: {VB-A*B: block}\n", ":3: a finding id such as"},
        {"version: 1\n" DECIDE "findings:\n  VB-A: [block]\n", ":4: a decision is"},
        {"version: 1\n" DECIDE "coverage: {unread: many}\n", ":3: a number was expected"},
        {"version: 1\n" DECIDE "coverage: {unread: -1}\n", ":3: a number was expected"},
        {"version: 1\n" DECIDE "coverage: {least_tools_percent: 101}\n",
         ":3: this number is too large"},
        {"version: 1\n" DECIDE "coverage: {timed_out_percent: 101}\n",
         ":3: this number is too large"},
        {"version: 1\n" DECIDE "exceptions:\n  - {finding: VB-AB, owner: a, reason: b}\n",
         ":4: the key expires is missing"},
        {"version: 1\n" DECIDE
         "exceptions:\n  - {finding: VB-AB, reason: b, expires: 2026-01-01}\n",
         ":4: the key owner is missing"},
        {"version: 1\n" DECIDE
         "exceptions:\n  - {finding: VB-AB, owner: a, reason: b, expires: 2026-02-29}\n",
         ":4: there is no such day"},
        {"version: 1\n" DECIDE
         "exceptions:\n  - {finding: VB-AB, owner: a, reason: b, expires: soon}\n",
         ":4: a date such as"},
        {"version: 1\n" DECIDE
         "exceptions:\n  - {finding: VB-AB, owner: '', reason: b, expires: 2026-01-01}\n",
         ":4: a text was expected"},
        {"version: &a 1\n", ":1: anchors are not accepted"},
        {"version: 1\nfindings: *a\n", ":2: "},
        {"version: !!int 1\n", ":1: tags are not accepted"},
        {"version: 1\n---\nversion: 1\n", ": a second document begins here"},
        {"version: [1\n", "policy"},
        {"- a\n", ":1: a map with the keys"},
        {"just text\n", ":1: a map with the keys"},
        {"version: '1'\n" DECIDE, ":1: this program understands"},
        {"version: 1\n" DECIDE "findings: []\n", ":3: findings is a map"},
        {"version: 1\n" DECIDE "hosts: {allowed: []}\n", ":3: this list is empty"},
        {"version: 1\n" DECIDE "hosts: {allowed: '*'}\n", ":3: a host such as"},
        {"version: 1\n" DECIDE "hosts: {allowed: '*corp.example'}\n", ":3: a host such as"},
        {"version: 1\n" DECIDE "hosts: {allowed: 'https://a.example'}\n",
         "and not \"https://a.example\""},
        {"version: 1\n" DECIDE "hosts: {allowed: [*.a.example]}\n",
         ":3: did not find expected alphabetic or numeric character: put quotes"},
        {"version: 1\n" DECIDE "hosts: {allowed: '*.webhook.site'}\n", ":3: below webhook.site"},
        {"version: 1\n" DECIDE "hosts: {denied: a.example}\n", ":3: unknown key \"denied\""},
        {"version: 1\n" DECIDE "licenses: {other: review}\n", ":3: the key allowed is missing"},
        {"version: 1\n" DECIDE "licenses: {allowed: MIT, other: allow}\n",
         ":3: this is review or block"},
        {"version: 1\n" DECIDE "signatures: {packages: a}\n", ":3: signatures is a list"},
        {"version: 1\n" DECIDE "signatures:\n  - {signer: a}\n", ":4: the key packages is missing"},
        {"version: 1\n" DECIDE "signatures:\n  - {packages: a, signer: }\n",
         ":4: a text was expected"},
        {"version: 1\n" DECIDE "signatures:\n  - {packages: a, signer: ~}\n",
         ":4: a text was expected"},
        {"version: 1\n" DECIDE "signatures:\n  - {packages: a, unsigned: allow}\n",
         ":4: this is review or block"},
        {"version: 1\n" DECIDE "signatures:\n  - {packages: a, max_age_days: '3'}\n",
         ":4: a number was expected here, without quotes"},
        {"version: 1\n" DECIDE "signatures:\n  - {packages: a, provenance: {}}\n",
         ":4: provenance names"},
        {"version: 1\n" DECIDE "signatures:\n  - {packages: a, provenance: {build: x}}\n",
         ":4: unknown key \"build\""},
        {"version: 1\n" DECIDE "coverage:\n  scan: {timed_out_percent: 1}\n",
         ":4: unknown key \"timed_out_percent\"; known are: static unread least_read_percent"},
        {"version: 1\n" DECIDE "coverage:\n  vet: 1\n", ":4: a map with the keys static"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_error err = {0};
        struct vb_policy *policy = NULL;
        const int status = load(rows[i].text, &policy, &err);
        if (status != VB_E_CONFIG || err.status != VB_E_CONFIG || policy != NULL)
            fail_msg("row %zu: status %d", i, status);
        const char *wanted = strcmp(rows[i].message, "policy") == 0 ? "/proc/" : rows[i].message;
        if (strstr(err.message, wanted) == NULL)
            fail_msg("row %zu: %s", i, err.message);
    }
}

static void test_missing_file(void **state)
{
    (void)state;
    struct vb_error err = {0};
    struct vb_policy *policy = NULL;
    assert_int_equal(vb_policy_load("/nonexistent/policy.yaml", &policy, &err), VB_E_NOINPUT);
    assert_non_null(strstr(err.message, "/nonexistent/policy.yaml"));
    assert_null(policy);
}

struct told {
    size_t wrong, doubtful;
    char text[4096];
};

static void keep(void *ctx, bool wrong, const char *text)
{
    struct told *told = ctx;
    told->wrong += wrong;
    told->doubtful += !wrong;
    const size_t used = strlen(told->text);
    (void)snprintf(told->text + used, sizeof(told->text) - used, "%s\n", text);
}

static bool knows(void *ctx, const char *finding)
{
    (void)ctx;
    return strcmp(finding, "VB-TYPO") != 0;
}

static bool is_kind(const char *kind)
{
    return strcmp(kind, "agent-skill") == 0;
}

static void check(const char *text, struct told *ret, int64_t now)
{
    char path[64];
    struct vb_error err = {0};
    struct vb_policy *policy = NULL;
    VB_CLEANUP_FD int fd = memfd_create("policy", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(vb_write_all(fd, text, strlen(text), &err), VB_OK);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    *ret = (struct told){0};
    const int status = vb_policy_check(path, keep, ret, &policy, &err);
    assert_int_equal(status, (int)ret->wrong);
    assert_true((policy == NULL) == (ret->wrong > 0));
    if (policy != NULL) {
        const struct vb_policy_known known = {.finding = knows, .kind = is_kind};
        const size_t doubts = vb_policy_doubts(policy, now, known, keep, ret);
        assert_int_equal(doubts, ret->doubtful);
    }
    vb_policy_free(policy);
}

static void test_all_mistakes_are_told(void **state)
{
    (void)state;
    struct told told;
    check("version: 3\nfoo: 1\ndecide:\n  - {severity: hihg, confidence: low, decision: block}\n"
          "  - {severity: high, confidence: low}\ncoverage: {unread: many, vet: {unread: x}}\n",
          &told, 0);
    assert_int_equal(told.wrong, 6);
    static const char *const parts[] = {":1: this program", ":2: unknown key \"foo\"",
                                        ":4: a severity is", ":5: the key decision is missing",
                                        ":6: a number was"};
    for (size_t i = 0; i < VB_ARRAY_LEN(parts); i++)
        if (strstr(told.text, parts[i]) == NULL)
            fail_msg("no \"%s\" in %s", parts[i], told.text);
    /* A row after one that is wrong has nothing of that. */
    check("version: 1\n" DECIDE "exceptions:\n  - {finding: VB-SOME, expires: 2026-01-01}\n"
          "  - {finding: VB-SOME, owner: a, reason: b}\n",
          &told, 0);
    assert_int_equal(told.wrong, 3);
    assert_non_null(strstr(told.text, ":5: the key expires is missing"));
    struct vb_error err = {0};
    struct vb_policy *policy = NULL;
    assert_int_equal(load("version: 3\nfoo: 1\n", &policy, &err), VB_E_CONFIG);
    assert_non_null(strstr(err.message, "and 2 more"));
}

static void test_what_is_hardly_meant_is_told(void **state)
{
    (void)state;
    enum { NOW = 1767225600 }; /* 2026-01-01 */
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"decide:\n  - {severity: high, confidence: low, decision: block}\n"
         "  - {severity: critical, confidence: high, decision: review}\n",
         ":4: this row is never reached: line 3"},
        {DECIDE "findings: {VB-NET-*: allow, VB-NET-UNDISCLOSED: block}\n",
         ":3: this is never reached: VB-NET-*"},
        {DECIDE "findings: {VB-TYPO: allow}\n", ":3: no finding and no rule has the id VB-TYPO"},
        {"decide: [{severity: critical, confidence: high, decision: review}]\n",
         ":1: no row of decide says block"},
        {DECIDE "exceptions: [{finding: VB-NET-*, owner: a, reason: b, expires: 2027-01-01}]\n",
         ":3: this excepts all of VB-NET-* in every package"},
        {DECIDE "exceptions: [{finding: VB-NETS, owner: a, reason: b, expires: 2025-12-31}]\n",
         ":3: the exception of a expired on 2025-12-31"},
        {DECIDE "exceptions: [{finding: VB-NETS, owner: a, reason: b, expires: 2026-01-01}]\n",
         NULL},
        {DECIDE "findings: {VB-OPA*: allow, VB-OPAQUE: review}\n", NULL},
        {DECIDE "signatures: [{packages: [\"a*\", \"agent-skill:a\"]}]\n", NULL},
        {DECIDE "signatures: [{packages: [a, \"skill:a*\"]}]\n",
         ":3: skill:a* fits no package: there is no kind skill"},
        {DECIDE "exceptions: [{finding: VB-NETS, package: \"skill:a\", owner: a, reason: b, "
                "expires: 2027-01-01}]\n",
         ":3: skill:a fits no package: there is no kind skill"},
        {DECIDE "coverage: {static: block}\n", ":3: static: block makes review of allow"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct told told;
        char text[1024];
        (void)snprintf(text, sizeof(text), "version: 1\n%s", rows[i].text);
        check(text, &told, NOW);
        assert_int_equal(told.wrong, 0);
        if (told.doubtful != (rows[i].message != NULL))
            fail_msg("row %zu: %s", i, told.text);
        if (rows[i].message != NULL && strstr(told.text, rows[i].message) == NULL)
            fail_msg("row %zu: %s", i, told.text);
    }
}

static enum vb_decision decided_in(const char *text, const struct policy_case *given,
                                   const char *reason)
{
    struct vb_error err = {0};
    struct vb_policy *policy = NULL;
    struct arena arena = {0};
    struct vb_policy_rule rule;
    char *got = NULL;
    if (load(text, &policy, &err) < 0)
        fail_msg("%s", err.message);
    const enum vb_decision decision = vb_policy_decide(policy, given, &arena, &rule, &got);
    if (strstr(got, reason) == NULL)
        fail_msg("%s", got);
    vb_policy_free(policy);
    vb_arena_done(&arena);
    return decision;
}

static enum vb_decision decided(const char *text, const struct vb_finding *finding, int64_t clock,
                                const char *reason)
{
    const struct policy_case given = {finding, NULL, 0, clock};
    return decided_in(text, &given, reason);
}

/* What says that not everything was seen needs its own name. */
static void test_guarded(void **state)
{
    (void)state;
    static const char policy[] =
        "version: 1\n" DECIDE "findings: {VB-EXA*: allow, VB-EVASION: block}\n"
        "exceptions:\n  - {finding: VB-EVAS*, owner: a, reason: b, expires: 2027-01-01}\n"
        "  - {finding: VB-OPAQUE, owner: a, reason: b, expires: 2027-01-01}\n";
    struct vb_finding finding = {.id = (char *)"VB-EXAMINER-DIED",
                                 .severity = VB_SEVERITY_CRITICAL,
                                 .confidence = VB_CONFIDENCE_HIGH};
    assert_int_equal(decided(policy, &finding, 0, ":2: severity critical"), VB_DECISION_BLOCK);
    finding.id = (char *)"VB-EVASION";
    assert_int_equal(decided(policy, &finding, 0, ":3: findings: VB-EVASION"), VB_DECISION_BLOCK);
    finding.id = (char *)"VB-OPAQUE";
    assert_int_equal(decided(policy, &finding, 0, ":6: exception of a"), VB_DECISION_ALLOW);
    finding.id = (char *)"VB-EXACT";
    assert_int_equal(decided(policy, &finding, 0, ":3: findings: VB-EXA*"), VB_DECISION_ALLOW);
    /* Every id that is guarded is a finding. */
    const struct vb_finding_type *types = NULL;
    const size_t count = vb_finding_types(&types);
    size_t guarded = 0;
    for (size_t i = 0; i < count; i++)
        guarded += vb_policy_is_guarded(types[i].id);
    assert_int_equal(guarded, 8);
}

/* The text model can ask for a review and never block, by no row of any policy. */
static void test_model_never_blocks(void **state)
{
    (void)state;
    static const char blocking[] =
        "version: 1\ndecide: [{severity: info, confidence: low, decision: block}]\n";
    struct vb_finding finding = {.id = (char *)"VB-TEXT-MODEL",
                                 .severity = VB_SEVERITY_CRITICAL,
                                 .confidence = VB_CONFIDENCE_HIGH};
    assert_int_equal(decided(blocking, &finding, 0, "VB-TEXT-MODEL is review at most"),
                     VB_DECISION_REVIEW);
    assert_int_equal(decided("version: 1\n" DECIDE "findings: {VB-TEXT-MODEL: block}\n", &finding,
                             0, ":3: findings: VB-TEXT-MODEL; VB-TEXT-MODEL is review at most"),
                     VB_DECISION_REVIEW);
    assert_int_equal(decided("version: 1\n" DECIDE "findings: {VB-TEXT-*: allow}\n", &finding, 0,
                             ":3: findings: VB-TEXT-*"),
                     VB_DECISION_ALLOW);
    /* As the detectors grade it, each built-in policy reviews it. */
    const struct vb_finding_type *type = vb_finding_type(FINDING_TEXT_MODEL);
    assert_string_equal(type->id, finding.id);
    finding.severity = type->severity;
    finding.confidence = type->confidence;
    const struct vb_policy_profile *rows = NULL;
    const size_t count = vb_policy_profiles(&rows);
    for (size_t i = 0; i < count; i++) {
        VB_CLEANUP_FREE char *text = strndup((const char *)rows[i].text, rows[i].len);
        assert_int_equal(decided(text, &finding, 0, "severity"), VB_DECISION_REVIEW);
    }
    finding.id = (char *)"VB-TEXT-MODELS";
    finding.severity = VB_SEVERITY_CRITICAL;
    assert_int_equal(decided(blocking, &finding, 0, ":2: severity info"), VB_DECISION_BLOCK);
}

static void test_allowed_hosts(void **state)
{
    (void)state;
    static const char policy[] = "version: 1\n" DECIDE "findings: {VB-NET-UNDISCLOSED: block}\n"
                                 "hosts: {allowed: [api.corp.example, '*.cdn.example']}\n";
    static const struct {
        const char *id, *host;
        enum vb_decision decision;
    } rows[] = {
        {"VB-NET-UNDISCLOSED", "api.corp.example", VB_DECISION_ALLOW},
        {"VB-NET-UNDISCLOSED", "a.b.cdn.example", VB_DECISION_ALLOW},
        {"VB-NET-UNDISCLOSED", "cdn.example", VB_DECISION_BLOCK},
        {"VB-NET-UNDISCLOSED", "evilcdn.example", VB_DECISION_BLOCK},
        {"VB-NET-UNDISCLOSED", "api.corp.example.evil.example", VB_DECISION_BLOCK},
        {"VB-NET-UNDISCLOSED", "x.api.corp.example", VB_DECISION_BLOCK},
        {"VB-NET-UNDISCLOSED", NULL, VB_DECISION_BLOCK},
        /* What is sent there stays what it is. */
        {"VB-EXFIL-BAIT", "api.corp.example", VB_DECISION_BLOCK},
        {"VB-CLOUD-METADATA", "api.corp.example", VB_DECISION_BLOCK},
        {"VB-STAGE-TWO", "a.cdn.example", VB_DECISION_BLOCK},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct vb_finding finding = {.id = (char *)(uintptr_t)rows[i].id,
                                           .host = (char *)(uintptr_t)rows[i].host,
                                           .severity = VB_SEVERITY_CRITICAL,
                                           .confidence = VB_CONFIDENCE_HIGH};
        if (decided(policy, &finding, 0, "") != rows[i].decision)
            fail_msg("row %zu", i);
    }
}

/* Whose exception it is says the innermost package, and all that it calls itself. */
static void test_package_of_exception(void **state)
{
    (void)state;
    static const struct policy_package packages[] = {
        {"npm", "@acme/tool", ".", "", 1, false},
        {"agent-skill", "tool", ".", "", 2, false},
        {"agent-skill", "guest", "in/guest", "", 3, false},
        {"clawhub", "acme/tool", ".", "", 1, true},
    };
    static const struct {
        const char *pattern, *path;
        size_t count; /* of the packages */
        bool fits;
    } rows[] = {
        {"npm:@acme/*", "x.js", 1, true},
        {"@ACME/*", "x.js", 1, true},
        {"npm:@acme/*", NULL, 1, true},
        {"pypi:@acme/*", "x.js", 1, false},
        {"acme/*", "x.js", 1, false},
        {"npm:@acme/*", "x.js", 2, false}, /* it also calls itself tool */
        {"*tool", "x.js", 2, true},
        {"*tool", "x.js", 3, true},
        {"*tool", "in/guest/x.js", 3, false},
        {"guest", "in/guest/x.js", 3, true},
        {"guest", "in/guestx/x.js", 3, false},
        {"*tool", NULL, 3, false}, /* it may be the guest's */
        {"*", NULL, 3, true},
        {"npm:*tool", "x.js", 2, true}, /* one kind of two, and both names fit */
        {"*", "x.js", 0, false},
        {"clawhub:acme/*", NULL, 4, true}, /* so the user called all of it */
        {"clawhub:acme/*", "in/guest/x.js", 4, true},
        {"clawhub:other/*", "x.js", 4, false},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        char policy[512];
        (void)snprintf(policy, sizeof(policy),
                       "version: 1\n" DECIDE "exceptions: [{finding: VB-SOME, package: '%s', "
                       "owner: a, reason: b, expires: 2027-01-01}]\n",
                       rows[i].pattern);
        const struct vb_finding finding = {.id = (char *)"VB-SOME",
                                           .path = (char *)(uintptr_t)rows[i].path,
                                           .severity = VB_SEVERITY_CRITICAL,
                                           .confidence = VB_CONFIDENCE_HIGH};
        const struct policy_case given = {&finding, packages, rows[i].count, 0};
        const bool fits = decided_in(policy, &given, "") == VB_DECISION_ALLOW;
        if (fits != rows[i].fits)
            fail_msg("row %zu", i);
    }
}

static void test_licenses(void **state)
{
    (void)state;
    static struct policy_text items[] = {
        {"MIT", 1}, {"BSD-*", 1}, {"GPL-2.0", 1}, {"Our own terms", 1}};
    static const struct policy_texts allowed = {items, VB_ARRAY_LEN(items)};
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"MIT", true},
        {"mit", true},
        {"MITX", false},
        {"BSD-3-Clause", true},
        {"MIT AND Apache-2.0", false},
        {"MIT OR Apache-2.0", true},
        {"Apache-2.0 or mit", true},
        {"MIT AND BSD-2-Clause OR Apache-2.0", true},
        {"MIT AND (BSD-2-Clause OR Apache-2.0)", true},
        {"(MIT OR Apache-2.0) AND Apache-2.0", false},
        {"GPL-2.0+", true},
        {"GPL-2.0-or-later", false},
        {"GPL-2.0 WITH Classpath-exception-2.0", true},
        {"GPL-3.0 WITH Classpath-exception-2.0", false},
        {"our own terms", true},
        {"Our own terms and more", false},
        {"MIT OR", false},
        {"(MIT", false},
        {"MIT)", false},
        {"OR MIT", false},
        {"MIT MIT", false},
        {"MIT, with an addition", false},
        {"", false},
        {"+", false},
        {"((((((((((((((((((((MIT))))))))))))))))))))", false},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        if (vb_license_allowed(&allowed, rows[i].text) != rows[i].good)
            fail_msg("\"%s\"", rows[i].text);
}

static void test_name_patterns(void **state)
{
    (void)state;
    assert_true(vb_name_match("@Acme/*", "@acme/a/b"));
    assert_true(vb_name_match("*", ""));
    assert_true(vb_name_match("a?c*e", "abcde"));
    assert_true(vb_name_match("*b*c", "abbcbc"));
    assert_false(vb_name_match("a*", "ba"));
    assert_false(vb_name_match("a?", "a"));
    assert_false(vb_name_match("", "a"));
    assert_true(vb_package_match("my-tool*", "python-wheel", "My_Tool.x"));
    assert_true(vb_package_match("my_tool", "pypi", "my.tool"));
    assert_false(vb_package_match("my-tool", "npm", "my_tool"));
}

static void test_coverage_apart(void **state)
{
    (void)state;
    struct vb_error err = {0};
    struct vb_policy *policy = NULL;
    assert_int_equal(load("version: 1\n" DECIDE "coverage:\n  scan: {static: allow, unread: 3}\n"
                          "  unread: 7\n  vet: {timed_out_percent: 5}\n",
                          &policy, &err),
                     VB_OK);
    const struct policy_coverage *vet = vb_policy_coverage(policy, "vet");
    const struct policy_coverage *scan = vb_policy_coverage(policy, "scan");
    assert_ptr_equal(vb_policy_coverage(policy, "run"), vet);
    assert_int_equal(vet->rules[POLICY_COVERAGE_STATIC].value, VB_DECISION_REVIEW);
    assert_int_equal(vet->rules[POLICY_COVERAGE_STATIC].line, 0);
    assert_int_equal(scan->rules[POLICY_COVERAGE_STATIC].value, VB_DECISION_ALLOW);
    assert_int_equal(vet->rules[POLICY_COVERAGE_UNREAD].value, 7);
    assert_int_equal(vet->rules[POLICY_COVERAGE_UNREAD].line, 5);
    assert_int_equal(scan->rules[POLICY_COVERAGE_UNREAD].value, 3);
    assert_int_equal(vet->rules[POLICY_COVERAGE_TIMED_OUT].value, 5);
    vb_policy_free(policy);
}

static void test_rows_overrides_exceptions(void **state)
{
    (void)state;
    static const char policy[] =
        "version: 1\ndecide:\n  - {severity: critical, confidence: high, decision: block}\n"
        "  - {severity: high, confidence: medium, decision: review}\n"
        "findings:\n  VB-LOUD: allow\n  VB-NET-*: block\n"
        "exceptions:\n  - {finding: VB-SECRET-READ, path: 'scripts/*.sh', host: '*.corp.example',"
        " owner: sec, reason: agreed, expires: 2024-02-29}\n";
    enum { END = 1709251200 }; /* 2024-03-01 00:00:00 UTC */
    struct vb_finding finding = {
        .id = (char *)"VB-X", .severity = VB_SEVERITY_CRITICAL, .confidence = VB_CONFIDENCE_HIGH};
    assert_int_equal(decided(policy, &finding, 0, ":3: severity critical"), VB_DECISION_BLOCK);
    finding.confidence = VB_CONFIDENCE_MEDIUM;
    assert_int_equal(decided(policy, &finding, 0, ":4: severity high"), VB_DECISION_REVIEW);
    finding.severity = VB_SEVERITY_MEDIUM;
    assert_int_equal(decided(policy, &finding, 0, "no row"), VB_DECISION_ALLOW);
    finding.id = (char *)"VB-NET-UNDISCLOSED";
    assert_int_equal(decided(policy, &finding, 0, ":7: findings: VB-NET-*"), VB_DECISION_BLOCK);
    finding.id = (char *)"VB-LOUD";
    finding.severity = VB_SEVERITY_CRITICAL;
    finding.confidence = VB_CONFIDENCE_HIGH;
    assert_int_equal(decided(policy, &finding, 0, ":6: findings"), VB_DECISION_ALLOW);

    finding.id = (char *)"VB-SECRET-READ";
    assert_int_equal(decided(policy, &finding, END - 1, ":3:"), VB_DECISION_BLOCK);
    finding.path = (char *)"scripts/a.sh";
    finding.host = (char *)"x.corp.example";
    assert_int_equal(
        decided(policy, &finding, END - 1, "exception of sec until 2024-02-29: agreed"),
        VB_DECISION_ALLOW);
    assert_int_equal(decided(policy, &finding, END, "the exception of sec expired on 2024-02-29"),
                     VB_DECISION_BLOCK);
    finding.path = (char *)"scripts/deep/a.sh";
    assert_int_equal(decided(policy, &finding, END - 1, ":3:"), VB_DECISION_BLOCK);
    finding.path = (char *)"scripts/a.sh";
    finding.host = NULL;
    assert_int_equal(decided(policy, &finding, END - 1, ":3:"), VB_DECISION_BLOCK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profiles_are_the_files),
        cmocka_unit_test(test_mistakes_are_named),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_rows_overrides_exceptions),
        cmocka_unit_test(test_all_mistakes_are_told),
        cmocka_unit_test(test_what_is_hardly_meant_is_told),
        cmocka_unit_test(test_guarded),
        cmocka_unit_test(test_model_never_blocks),
        cmocka_unit_test(test_allowed_hosts),
        cmocka_unit_test(test_package_of_exception),
        cmocka_unit_test(test_licenses),
        cmocka_unit_test(test_name_patterns),
        cmocka_unit_test(test_coverage_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
