/* What rules see of vetbox's own events: each kind of view, fields that are joined from earlier
 * events, what was cut, and what keywords look at. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "verdict/sigma/views.h"

struct setting {
    struct vb_sigma *sigma;
    struct vb_sigma_matcher *matcher;
    struct vb_sigma_views *views;
};

/* One rule of a LOGSOURCE with a DETECTION map on one line. */
static void begin(struct setting *setting, const char *logsource, const char *detection)
{
    struct vb_error err = {0};
    char text[1024];
    const int len = snprintf(text, sizeof(text), "title: t\nlogsource: {%s}\ndetection: {%s}\n",
                             logsource, detection);
    assert_int_equal(vb_sigma_new(NULL, &setting->sigma, &err), VB_OK);
    assert_int_equal(vb_sigma_load(setting->sigma, "rule", text, (size_t)len, &err), VB_OK);
    assert_int_equal(vb_sigma_compile(setting->sigma, &err), VB_OK);
    if (vb_sigma_problem_count(setting->sigma) > 0)
        fail_msg("%s: %s", text, vb_sigma_problem(setting->sigma, 0)->text);
    assert_int_equal(vb_sigma_matcher_new(setting->sigma, &setting->matcher, &err), VB_OK);
    assert_int_equal(vb_sigma_views_new(setting->sigma, setting->matcher, &setting->views, &err),
                     VB_OK);
}

static void end(struct setting *setting)
{
    vb_sigma_views_free(setting->views);
    vb_sigma_matcher_free(setting->matcher);
    vb_sigma_free(setting->sigma);
}

static bool match(struct setting *setting, const struct vb_event *event)
{
    struct vb_error err = {0};
    struct vb_sigma_event seen;
    const struct vb_sigma_hit *hits = NULL;
    size_t count = 0;
    assert_int_equal(vb_event_check(event, &err), VB_OK);
    assert_int_equal(vb_sigma_views_of(setting->views, event, &seen, &err), VB_OK);
    assert_int_equal(vb_sigma_match(setting->matcher, &seen, &hits, &count, &err), VB_OK);
    return count == 1;
}

static bool judge(const char *logsource, const char *detection, const struct vb_event *event)
{
    struct setting setting;
    begin(&setting, logsource, detection);
    const bool found = match(&setting, event);
    end(&setting);
    return found;
}

static struct vb_str str(const char *text)
{
    return (struct vb_str){text, strlen(text)};
}

static void exec_event(struct vb_event *event, int64_t pid, struct vb_str *argv, size_t count)
{
    vb_event_init(event, VB_EV_PROCESS_EXEC, VB_SOURCE_SYSCALL);
    vb_event_int(event, VB_F_PID, pid);
    vb_event_str(event, VB_F_PATH, "/bin/sh");
    vb_event_str(event, VB_F_TARGET, "/usr/bin/a-very-long-name-of-dash");
    vb_event_str(event, VB_F_EXECUTABLE, "/usr/bin/node");
    vb_event_str(event, VB_F_CWD, "/work");
    vb_event_list(event, VB_F_ARGV, argv, count);
}

#define PROCESS "product: linux, category: process_creation"
#define AUDIT "product: linux, service: auditd"

static void test_programs(void **state)
{
    (void)state;
    struct vb_event event;
    struct vb_str argv[] = {str("sh"), str("-c"), str("curl  x | sh")};
    exec_event(&event, 7, argv, 3);
    static const struct {
        const char *logsource, *detection;
        bool found;
    } rows[] = {
        {PROCESS, "s: {Image|endswith: /a-very-long-name-of-dash}, condition: s", true},
        {PROCESS, "s: {Image|endswith: /sh}, condition: s", false},
        {PROCESS, "s: {CommandLine: 'sh -c curl  x | sh'}, condition: s", true},
        {PROCESS, "s: {ParentImage|endswith: /node, CurrentDirectory: /work}, condition: s", true},
        {PROCESS, "s: {ParentCommandLine: null, User: null}, condition: s", true},
        {PROCESS, "s: {ProcessId: 7}, condition: s", true},
        {AUDIT, "s: {type: execve, a0: sh, a1: -c, a2|contains: curl, argc: 3}, condition: s",
         true},
        {AUDIT, "s: {type: EXECVE, a3: null}, condition: s", true},
        {AUDIT, "s: {type: EXECVE, SYSCALL: execve}, condition: s", false},
        {AUDIT, "s: {SYSCALL: execve, comm: a-very-long-nam}, condition: s", true},
        {"product: linux", "k: ['curl  x']\n, condition: k", true},
        {"product: linux", "k: [7], condition: k", false}, /* the process's id */
        {"product: windows, category: process_creation", "s: {CommandLine: '*'}, condition: s",
         false},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        if (judge(rows[i].logsource, rows[i].detection, &event) != rows[i].found)
            fail_msg("%s: not %d", rows[i].detection, rows[i].found);
}

static void test_parents_are_known(void **state)
{
    (void)state;
    struct setting setting;
    struct vb_event event;
    struct vb_str first[] = {str("bash"), str("./install.sh")}, second[] = {str("curl")};
    begin(&setting, PROCESS, "s: {ParentCommandLine: bash ./install.sh}, condition: s");
    exec_event(&event, 7, first, 2);
    event.detonation = 1;
    assert_false(match(&setting, &event));
    vb_event_init(&event, VB_EV_PROCESS_FORK, VB_SOURCE_SYSCALL);
    event.detonation = 1;
    vb_event_int(&event, VB_F_PID, 8);
    vb_event_int(&event, VB_F_PPID, 7);
    assert_false(match(&setting, &event));
    exec_event(&event, 8, second, 1);
    event.detonation = 1;
    assert_true(match(&setting, &event));
    assert_false(match(&setting, &event)); /* it is curl by now */
    exec_event(&event, 9, second, 1);
    vb_event_int(&event, VB_F_PPID, 7);
    event.detonation = 1;
    assert_true(match(&setting, &event));
    event.detonation = 2; /* another run, other processes */
    event.values[0].number = 7;
    assert_false(match(&setting, &event));
    end(&setting);
}

static void test_long_command_lines_are_cut(void **state)
{
    (void)state;
    struct vb_event event;
    static char text[200000];
    memset(text, 'a', sizeof(text) - 1);
    struct vb_str argv[] = {str("sh"), str(text), str("last")};
    exec_event(&event, 7, argv, 3);
    assert_true(judge(PROCESS, "s: {CommandLine|startswith: sh aaa}, condition: s", &event));
    assert_false(judge(PROCESS, "s: {CommandLine|endswith: a}, condition: s", &event));
    assert_false(judge(PROCESS, "s: {CommandLine|contains: last}, condition: not s", &event));
    assert_true(judge(AUDIT, "s: {type: EXECVE, a2: last}, condition: s", &event));
}

static void file_event(struct vb_event *event, enum vb_event_kind kind, const char *flag)
{
    static struct vb_str flags; /* borrowed by the event */
    flags = str(flag);
    vb_event_init(event, kind, VB_SOURCE_SYSCALL);
    vb_event_int(event, VB_F_PID, 7);
    vb_event_str(event, VB_F_PATH, "/etc/cron.d/x");
    vb_event_str(event, VB_F_EXECUTABLE, "/usr/bin/tee");
    if (kind == VB_EV_FILE_OPEN)
        vb_event_list(event, VB_F_FLAGS, &flags, 1);
    if (kind == VB_EV_FILE_RENAME)
        vb_event_str(event, VB_F_TARGET, "/etc/cron.d/y");
}

#define FILES "product: linux, category: file_event"

static void test_files(void **state)
{
    (void)state;
    struct vb_event event;
    file_event(&event, VB_EV_FILE_OPEN, "write");
    assert_true(judge(
        FILES, "s: {TargetFilename: /etc/cron.d/x, Image|endswith: /tee}, condition: s", &event));
    assert_true(judge(AUDIT, "s: {type: PATH, name: /etc/cron.d/x, nametype: NORMAL}, condition: s",
                      &event));
    file_event(&event, VB_EV_FILE_OPEN, "read");
    assert_false(judge(FILES, "s: {TargetFilename: '*'}, condition: s", &event));
    assert_true(judge(AUDIT, "s: {type: PATH, name: /etc/cron.d/x}, condition: s", &event));
    vb_event_bool(&event, VB_F_MISSING, true);
    assert_true(judge(AUDIT, "s: {nametype: UNKNOWN}, condition: s", &event));
    file_event(&event, VB_EV_FILE_OPEN, "create");
    vb_event_bool(&event, VB_F_MISSING, true);
    assert_true(judge(AUDIT, "s: {nametype: CREATE}, condition: s", &event));
    file_event(&event, VB_EV_FILE_RENAME, "");
    assert_true(judge(FILES, "s: {TargetFilename: /etc/cron.d/y}, condition: s", &event));
    file_event(&event, VB_EV_FILE_DELETE, "");
    assert_true(
        judge("category: file_delete", "s: {TargetFilename: /etc/cron.d/x}, condition: s", &event));
    assert_true(judge(AUDIT, "s: {nametype: DELETE}, condition: s", &event));
}

static void test_connections_have_names(void **state)
{
    (void)state;
    struct setting setting;
    struct vb_event event;
    begin(&setting, "category: network_connection, product: linux",
          "s: {DestinationHostname|endswith: .example, DestinationPort: 443, Initiated: 'true', "
          "DestinationIp|cidr: 203.0.113.0/24}, condition: s");
    vb_event_init(&event, VB_EV_WORLD_ANSWER, VB_SOURCE_WORLD);
    vb_event_str(&event, VB_F_NAME, "files.example");
    vb_event_str(&event, VB_F_WHAT, "A");
    vb_event_str(&event, VB_F_OUTCOME, "answered");
    vb_event_str(&event, VB_F_ADDRESS, "203.0.113.9");
    assert_false(match(&setting, &event));
    assert_true(
        judge("category: dns", "s: {query: files.example, record_type: A}, condition: s", &event));
    assert_true(judge("category: network, service: dns",
                      "s: {dns.question.name|startswith: files.}, condition: s", &event));
    vb_event_init(&event, VB_EV_NET_CONNECT, VB_SOURCE_SYSCALL);
    vb_event_int(&event, VB_F_PID, 7);
    vb_event_str(&event, VB_F_FAMILY, "inet");
    vb_event_str(&event, VB_F_ADDRESS, "203.0.113.9");
    vb_event_int(&event, VB_F_PORT, 443);
    assert_true(match(&setting, &event));
    assert_true(judge(AUDIT, "s: {key: network_connect_4}, condition: s", &event));
    event.values[1].str = str("unix");
    assert_false(match(&setting, &event));
    end(&setting);
}

static void answered(struct vb_event *event, unsigned number)
{
    static char name[32], address[32];
    snprintf(name, sizeof(name), "h%u.example", number);
    snprintf(address, sizeof(address), "198.18.%u.%u", number / 256, number % 256);
    vb_event_init(event, VB_EV_WORLD_ANSWER, VB_SOURCE_WORLD);
    vb_event_str(event, VB_F_NAME, name);
    vb_event_str(event, VB_F_WHAT, "A");
    vb_event_str(event, VB_F_OUTCOME, "answered");
    vb_event_str(event, VB_F_ADDRESS, address);
}

/* The names of one address must not take the place of another's as long as there are few. */
static void test_many_connections_have_names(void **state)
{
    (void)state;
    struct setting setting;
    struct vb_event event;
    begin(&setting, "category: network_connection, product: linux",
          "s: {DestinationHostname|endswith: .example}, condition: s");
    for (unsigned i = 0; i < 256; i++) {
        answered(&event, i);
        assert_false(match(&setting, &event));
    }
    for (unsigned i = 0; i < 256; i++) {
        char address[32];
        snprintf(address, sizeof(address), "198.18.%u.%u", i / 256, i % 256);
        vb_event_init(&event, VB_EV_NET_CONNECT, VB_SOURCE_SYSCALL);
        vb_event_int(&event, VB_F_PID, 10);
        vb_event_str(&event, VB_F_FAMILY, "inet");
        vb_event_str(&event, VB_F_ADDRESS, address);
        vb_event_int(&event, VB_F_PORT, 443);
        if (!match(&setting, &event))
            fail_msg("%s has no name", address);
    }
    end(&setting);
}

static void test_requests(void **state)
{
    (void)state;
    struct vb_event event;
    const struct vb_str headers[] = {str("Host: x"), str("User-Agent:  curl/8"),
                                     str("Cookie: a=b")};
    vb_event_init(&event, VB_EV_WORLD_REQUEST, VB_SOURCE_WORLD);
    vb_event_int(&event, VB_F_CONNECTION, 1);
    vb_event_str(&event, VB_F_ADDRESS, "203.0.113.9");
    vb_event_int(&event, VB_F_PORT, 80);
    vb_event_str(&event, VB_F_PROTOCOL, "http/1.1");
    vb_event_str(&event, VB_F_METHOD, "GET");
    vb_event_str(&event, VB_F_URL, "http://files.example:8080/a.b/c.exe?d=e.f");
    vb_event_list(&event, VB_F_HEADERS, headers, 3);
    vb_event_int(&event, VB_F_SIZE, 0);
    static const char *const rules[] = {
        "s: {c-uri: 'http://files.example:8080/a.b/c.exe\\?d=e.f'}, condition: s",
        "s: {c-uri-stem: /a.b/c.exe, c-uri-query: d=e.f, c-uri-extension: exe}, condition: s",
        "s: {cs-host: files.example, r-dns: files.example, cs-method: GET}, condition: s",
        "s: {c-useragent: curl/8, cs-cookie: a=b, cs-referrer: null}, condition: s",
        "s: {dst_ip: 203.0.113.9, dst_port: 80}, condition: s",
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rules); i++)
        if (!judge("category: proxy", rules[i], &event))
            fail_msg("%s", rules[i]);
}

static void test_other_calls_and_text(void **state)
{
    (void)state;
    struct vb_event event;
    vb_event_init(&event, VB_EV_KERNEL_CALL, VB_SOURCE_SYSCALL);
    vb_event_int(&event, VB_F_PID, 7);
    vb_event_str(&event, VB_F_SYSCALL, "memfd_create");
    assert_true(judge(AUDIT, "s: {type: SYSCALL, SYSCALL: memfd_create}, condition: s", &event));
    vb_event_init(&event, VB_EV_DETONATION_OUTPUT, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STREAM, "stderr");
    vb_event_str(&event, VB_F_TEXT, "stack smashing detected");
    assert_true(judge("product: linux", "k: [smashing], condition: k", &event));
    assert_false(judge("product: linux", "k: [stderr], condition: k", &event));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_programs),
        cmocka_unit_test(test_parents_are_known),
        cmocka_unit_test(test_long_command_lines_are_cut),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_connections_have_names),
        cmocka_unit_test(test_many_connections_have_names),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_other_calls_and_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
