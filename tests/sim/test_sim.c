/* Recorded logs with golden reports: each NAME.jsonl is judged (under NAME.policy.yaml where there
 * is one, else under the built-in policy) and reported; NAME.text and NAME.json must come out byte
 * for byte. VETBOX_UPDATE_GOLDEN=1 writes them anew, for a look at the difference. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "vetbox/report.h"

static struct vb_behaviour *behaviour; /* the rules that are built in */

#define SIM VB_SOURCE_DIR "/tests/sim"

static void read_file(const char *path, struct vb_buf *ret)
{
    vb_buf_init(ret, 64 * 1024 * 1024);
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("%s: %s; VETBOX_UPDATE_GOLDEN=1 makes golden files", path, strerror(errno));
    struct vb_error err = {0};
    assert_int_equal(vb_buf_read_fd(ret, fd, &err), VB_OK);
}

static int memory_file(const void *data, size_t len)
{
    const int fd = memfd_create("sim", MFD_CLOEXEC);
    assert_true(fd >= 0);
    struct vb_error err = {0};
    assert_int_equal(vb_write_all(fd, data, len, &err), VB_OK);
    return fd;
}

/* BASE is the log's path without ".jsonl". */
static struct vb_policy *policy_for(const char *base)
{
    char path[512];
    struct vb_error err = {0};
    struct vb_policy *policy = NULL;
    (void)snprintf(path, sizeof(path), "%s.policy.yaml", base);
    const bool own = access(path, R_OK) == 0;
    if (vb_policy_load(own ? path : NULL, &policy, &err) < 0)
        fail_msg("%s", err.message);
    return policy;
}

static struct vb_verdict *judged(int fd, const char *base)
{
    struct vb_error err = {0};
    struct vb_verdict *verdict = NULL;
    struct vb_policy *policy = policy_for(base);
    if (vb_judge(fd, policy, behaviour, &verdict, &err) < 0)
        fail_msg("%s: %s", base, err.message);
    vb_policy_free(policy);
    return verdict;
}

static void report(const struct vb_verdict *verdict, int log_fd, const char *format,
                   struct vb_buf *ret)
{
    VB_CLEANUP_FD int fd = memory_file("", 0);
    struct vb_error err = {0};
    const struct vb_report_options options = {.color = false};
    const struct vb_report_format *row = vb_report_format_named(format);
    assert_non_null(row);
    if (row->write(verdict, log_fd, &options, fd, &err) < 0)
        fail_msg("%s: %s", format, err.message);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    vb_buf_init(ret, 64 * 1024 * 1024);
    assert_int_equal(vb_buf_read_fd(ret, fd, &err), VB_OK);
}

static void write_golden(const char *path, const struct vb_buf *data)
{
    VB_CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    struct vb_error err = {0};
    assert_true(fd >= 0);
    assert_int_equal(vb_write_all(fd, data->data, data->len, &err), VB_OK);
}

static size_t first_difference(const struct vb_buf *a, const struct vb_buf *b)
{
    size_t i = 0;
    while (i < a->len && i < b->len && a->data[i] == b->data[i])
        i++;
    return i;
}

static void check_golden(const char *base, const char *format, const struct vb_buf *got)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s.%s", base, format);
    if (getenv("VETBOX_UPDATE_GOLDEN") != NULL) {
        write_golden(path, got);
        return;
    }
    VB_CLEANUP(vb_buf_done) struct vb_buf want;
    read_file(path, &want);
    if (want.len == got->len && memcmp(want.data, got->data, got->len) == 0)
        return;
    const size_t at = first_difference(&want, got);
    const size_t from = at > 60 ? at - 60 : 0;
    fail_msg("%s differs at byte %zu:\n  want …%.120s\n  got  …%.120s", path, at,
             (const char *)want.data + from, (const char *)got->data + from);
}

static void each_log(void (*visit)(const char *base))
{
    glob_t found;
    assert_int_equal(glob(SIM "/*.jsonl", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 20);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char base[512];
        (void)snprintf(base, sizeof(base), "%.*s", (int)(strlen(found.gl_pathv[i]) - 6),
                       found.gl_pathv[i]);
        visit(base);
    }
    globfree(&found);
}

static int open_log(const char *base)
{
    char path[520];
    (void)snprintf(path, sizeof(path), "%s.jsonl", base);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void compare_reports(const char *base)
{
    static const char *const formats[] = {"text", "json"};
    VB_CLEANUP_FD int fd = open_log(base);
    struct vb_verdict *first = judged(fd, base), *again = judged(fd, base);
    for (size_t i = 0; i < VB_ARRAY_LEN(formats); i++) {
        VB_CLEANUP(vb_buf_done) struct vb_buf one;
        VB_CLEANUP(vb_buf_done) struct vb_buf two;
        report(first, fd, formats[i], &one);
        report(again, fd, formats[i], &two);
        assert_int_equal(one.len, two.len);
        assert_memory_equal(one.data, two.data, one.len);
        check_golden(base, formats[i], &one);
    }
    vb_verdict_free(first);
    vb_verdict_free(again);
}

static void test_golden(void **state)
{
    (void)state;
    each_log(compare_reports);
}

/* What the network saw against what was tried: each connection that nobody tried is named, an
 * incomplete record accuses nobody, and a secret that both saw is one secret. */
static void test_double_entry(void **state)
{
    (void)state;
    static const struct {
        const char *log, *finding, *hosts; /* of the findings with that id, in their order */
    } cases[] = {
        {"network-honest", "VB-EVASION", ""},
        {"network-evasion", "VB-EVASION", "192.0.2.66 198.51.100.7 203.0.113.5 "},
        {"network-evasion", "VB-CLOUD-METADATA", "169.254.169.254 "},
        {"network-dropped", "VB-EVASION", ""},
        {"network-exfil", "VB-EVASION", ""},
        {"enciphered", "VB-EXFIL-ENCIPHERED",
         "drop.unnamed.example parts.unnamed.example unnamed.example "},
        {"network-exfil", "VB-EXFIL-BAIT", "203.0.113.9 203.0.113.10 "},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(cases); i++) {
        char base[512], hosts[256] = "";
        (void)snprintf(base, sizeof(base), SIM "/%s", cases[i].log);
        VB_CLEANUP_FD int fd = open_log(base);
        struct vb_verdict *verdict = judged(fd, base);
        for (size_t j = 0; j < verdict->finding_count; j++) {
            const struct vb_finding *finding = &verdict->findings[j];
            const size_t len = strlen(hosts);
            if (strcmp(finding->id, cases[i].finding) == 0)
                (void)snprintf(hosts + len, sizeof(hosts) - len, "%s ", finding->host);
        }
        if (strcmp(hosts, cases[i].hosts) != 0)
            fail_msg("%s, %s: %s", cases[i].log, cases[i].finding, hosts);
        vb_verdict_free(verdict);
    }
}

/* The decisions stand here too, so that a golden file updated in haste cannot turn one around. */
static void test_decisions(void **state)
{
    (void)state;
    static const struct {
        const char *log;
        enum vb_decision decision;
        const char *worst; /* id of the first finding, or NULL */
    } rows[] = {
        {"weather", VB_DECISION_ALLOW, NULL},
        {"dependencies", VB_DECISION_ALLOW, NULL},
        {"dependency-malware", VB_DECISION_BLOCK, "OWN-RULE"},
        {"honest-api", VB_DECISION_ALLOW, "VB-PERSISTENCE"},
        {"handed-key-used", VB_DECISION_ALLOW, NULL},
        {"handed-key-taken", VB_DECISION_REVIEW, "VB-EXFIL-KEY"},
        {"documented-server", VB_DECISION_ALLOW, NULL},
        {"text-only", VB_DECISION_ALLOW, NULL},
        {"build-files", VB_DECISION_ALLOW, NULL},
        {"own-place", VB_DECISION_ALLOW, "VB-AGENT-TAMPER"},
        {"io-uring-probe", VB_DECISION_ALLOW, "VB-ESCAPE-ATTEMPT"},
        {"exception-valid", VB_DECISION_ALLOW, NULL},
        {"static-only", VB_DECISION_REVIEW, NULL},
        {"signed-by-others", VB_DECISION_REVIEW, "VB-SIGNATURE-MISSING"},
        {"coverage-gap", VB_DECISION_REVIEW, NULL},
        {"borrowed-name", VB_DECISION_BLOCK, "VB-EXFIL-ATTEMPT"},
        {"borrowed-module", VB_DECISION_BLOCK, "VB-EXFIL-ATTEMPT"},
        {"live", VB_DECISION_ALLOW, NULL},
        {"unexecuted", VB_DECISION_REVIEW, NULL},
        {"home-search", VB_DECISION_REVIEW, NULL},
        {"archive-traversal", VB_DECISION_REVIEW, NULL},
        {"evasion", VB_DECISION_REVIEW, NULL},
        {"own-logins", VB_DECISION_ALLOW, NULL},
        {"network-honest", VB_DECISION_ALLOW, NULL},
        {"network-evasion", VB_DECISION_REVIEW, NULL},
        {"network-exfil", VB_DECISION_BLOCK, "VB-EXFIL-BAIT"},
        {"exception-expired", VB_DECISION_BLOCK, "VB-EXFIL-ATTEMPT"},
        {"exfil-ssh", VB_DECISION_BLOCK, NULL},
        {"exfil-file", VB_DECISION_BLOCK, NULL},
        {"base64-oneliner", VB_DECISION_BLOCK, "VB-DECODED-EXEC"},
        {"stage-two", VB_DECISION_BLOCK, "VB-STAGE-TWO"},
        {"answered", VB_DECISION_BLOCK, "VB-EXFIL-BAIT"},
        {"persistence", VB_DECISION_BLOCK, "VB-PERSISTENCE"},
        {"agent-tamper", VB_DECISION_BLOCK, "VB-AGENT-TAMPER"},
        {"reverse-shell", VB_DECISION_BLOCK, "VB-REVERSE-SHELL"},
        {"hidden-unicode", VB_DECISION_BLOCK, NULL},
        {"other-than-told", VB_DECISION_BLOCK, "VB-INDEX-DIFFERS"},
        {"escape-attempt", VB_DECISION_BLOCK, "VB-ESCAPE-ATTEMPT"},
        {"odds-and-ends", VB_DECISION_BLOCK, NULL},
        {"honest-release", VB_DECISION_ALLOW, NULL},
        {"honest-server-care", VB_DECISION_ALLOW, "VB-DISCOVERY"},
        {"honest-screenshot", VB_DECISION_ALLOW, "VB-CLIPBOARD"},
        {"honest-backup", VB_DECISION_ALLOW, NULL},
        {"honest-messenger", VB_DECISION_ALLOW, NULL},
        {"honest-build", VB_DECISION_ALLOW, NULL},
        {"clipboard-thief", VB_DECISION_REVIEW, "VB-DROP-SITE"},
        {"key-logger", VB_DECISION_REVIEW, "VB-KEYLOGGER"},
        {"covered-tracks", VB_DECISION_REVIEW, "VB-MASQUERADE"},
        {"hostage-taker", VB_DECISION_BLOCK, "VB-DESTRUCTION"},
        {"name-tunnel", VB_DECISION_REVIEW, "VB-DNS-TUNNEL"},
        {"token-worm", VB_DECISION_REVIEW, "VB-CREDENTIAL-SWEEP"},
        {"rights-grabber", VB_DECISION_REVIEW, NULL},
        {"ordering-tool", VB_DECISION_BLOCK, "VB-MCP-TOOL-THEFT"},
        {"shy-program", VB_DECISION_ALLOW, "VB-SANDBOX-PROBE"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        char base[512];
        (void)snprintf(base, sizeof(base), SIM "/%s", rows[i].log);
        VB_CLEANUP_FD int fd = open_log(base);
        struct vb_verdict *verdict = judged(fd, base);
        if (verdict->decision != rows[i].decision)
            fail_msg("%s: %s (%s)", rows[i].log, vb_decision_name(verdict->decision), verdict->why);
        if (rows[i].worst != NULL) {
            assert_true(verdict->finding_count > 0);
            assert_string_equal(verdict->findings[0].id, rows[i].worst);
        }
        vb_verdict_free(verdict);
    }
}

static bool reached[256];

static void mark_ids(const char *base)
{
    const struct vb_finding_type *types = NULL;
    const size_t count = vb_finding_types(&types);
    assert_true(count < VB_ARRAY_LEN(reached));
    VB_CLEANUP_FD int fd = open_log(base);
    struct vb_verdict *verdict = judged(fd, base);
    for (size_t i = 0; i < verdict->finding_count; i++)
        for (size_t j = 0; j < count; j++)
            if (strcmp(types[j].id, verdict->findings[i].id) == 0)
                reached[j] = true;
    vb_verdict_free(verdict);
}

static void test_every_finding_is_reached(void **state)
{
    (void)state;
    const struct vb_finding_type *types = NULL;
    const size_t count = vb_finding_types(&types);
    each_log(mark_ids);
    for (size_t i = 0; i < count; i++)
        if (!reached[i])
            fail_msg("no recorded log leads to %s", types[i].id);
}

static void expect_refused(const void *data, size_t len, const char *what)
{
    static struct vb_policy *policy;
    VB_CLEANUP_FD int fd = memory_file(data, len);
    struct vb_error err = {0};
    struct vb_verdict *verdict = NULL;
    if (policy == NULL)
        assert_int_equal(vb_policy_load(NULL, &policy, &err), VB_OK);
    const int status = vb_judge(fd, policy, behaviour, &verdict, &err);
    if (status != VB_E_DATA)
        fail_msg("%s: status %d instead of VB_E_DATA", what, status);
    assert_null(verdict);
    assert_true(err.message[0] != '\0');
}

/* Behind each line, or of a long log behind MAX_CUTS of them. */
static void cut_everywhere(const char *base)
{
    enum { MAX_CUTS = 100 };
    VB_CLEANUP(vb_buf_done) struct vb_buf log;
    char path[520];
    (void)snprintf(path, sizeof(path), "%s.jsonl", base);
    read_file(path, &log);
    size_t lines = 0;
    for (size_t i = 0; i < log.len; i++)
        lines += log.data[i] == '\n';
    const size_t step = lines / MAX_CUTS + 1;
    size_t line = 0;
    for (size_t i = 0; i + 1 < log.len; i++)
        if (log.data[i] == '\n' && (++line % step == 0 || line + 1 == lines))
            expect_refused(log.data, i + 1, base);
    expect_refused(log.data, log.len / 2, base);
    expect_refused(log.data, 0, base);
}

static void test_cut_logs(void **state)
{
    (void)state;
    each_log(cut_everywhere);
}

/* Replaces the first FROM behind the log's middle by TO. */
static void expect_corrupted(const struct vb_buf *log, const char *from, const char *to)
{
    const char *text = (const char *)log->data;
    const char *at = strstr(text + log->len / 2, from);
    if (at == NULL)
        at = strstr(text, from);
    assert_non_null(at);
    VB_CLEANUP(vb_buf_done) struct vb_buf bad;
    vb_buf_init(&bad, log->len + 4096);
    struct vb_error err = {0};
    assert_int_equal(vb_buf_append(&bad, text, (size_t)(at - text), &err), VB_OK);
    assert_int_equal(vb_buf_append_str(&bad, to, &err), VB_OK);
    at += strlen(from);
    assert_int_equal(vb_buf_append(&bad, at, log->len - (size_t)(at - text), &err), VB_OK);
    expect_refused(bad.data, bad.len, to);
}

static void test_corrupted_logs(void **state)
{
    (void)state;
    VB_CLEANUP(vb_buf_done) struct vb_buf log;
    read_file(SIM "/exfil-ssh.jsonl", &log);
    expect_corrupted(&log, "\"kind\":\"process.exec\"", "\"kind\":\"process.exek\"");
    expect_corrupted(&log, "\"pid\":", "\"pidd\":");
    expect_corrupted(&log, "\"pid\":12", "\"pid\":\"12\"");
    expect_corrupted(&log, "\"pid\":12", "\"pid\":12,\"pid\":12");
    expect_corrupted(&log, "\"source\":\"syscall\"", "\"source\":\"hearsay\"");
    expect_corrupted(&log, "{\"seq\":", "{\"seq\":9");
    expect_corrupted(&log, "{\"seq\":", "[\"seq\":");
    expect_corrupted(&log, "\n{", "\n\n{");
    expect_corrupted(&log, "\"count\":", "\"count\":1");
    expect_corrupted(&log, "\"version\":\"1\"", "\"version\":\"2\"");
    expect_corrupted(&log, "webhook", "web\xffhook");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_every_finding_is_reached),
        cmocka_unit_test(test_double_entry),
        cmocka_unit_test(test_cut_logs),
        cmocka_unit_test(test_corrupted_logs),
    };
    struct vb_error err = {0};
    if (vb_behaviour_load(NULL, &behaviour, &err) < 0)
        return 1;
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    vb_behaviour_free(behaviour);
    return failed;
}
