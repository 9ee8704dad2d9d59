/* What an agent's host gives to hooks and to the code of plugins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox/detonate/host.h"

static int events_of(const char *reason, char *ret[VB_HOST_EVENTS_MAX])
{
    memset(ret, 0, VB_HOST_EVENTS_MAX * sizeof(*ret));
    return vb_host_events(reason, ret);
}

static void free_events(char *events[VB_HOST_EVENTS_MAX])
{
    for (size_t i = 0; i < VB_HOST_EVENTS_MAX; i++)
        free(events[i]);
}

/* Each is one JSON object with the members that every event has. */
static void check_json(const char *text, const char *event)
{
    struct vb_error err = {0};
    json_t *json = NULL;
    assert_int_equal(vb_json_parse(text, strlen(text), 65536, &json, &err), VB_OK);
    assert_string_equal(json_string_value(json_object_get(json, "hook_event_name")), event);
    assert_non_null(json_string_value(json_object_get(json, "session_id")));
    assert_non_null(strstr(json_string_value(json_object_get(json, "cwd")), "%{home}"));
    json_decref(json);
}

static void test_events(void **state)
{
    (void)state;
    char *events[VB_HOST_EVENTS_MAX];
    assert_int_equal(events_of("hook:PreToolUse", events), 3);
    for (int i = 0; i < 3; i++)
        check_json(events[i], "PreToolUse");
    assert_non_null(strstr(events[0], "\"tool_name\":\"Bash\""));
    assert_non_null(strstr(events[1], "\"tool_name\":\"Write\""));
    free_events(events);
    assert_int_equal(events_of("hook:SomethingNew", events), 1);
    check_json(events[0], "SomethingNew");
    free_events(events);
    assert_int_equal(events_of("hook:beforeReadFile,afterFileEdit", events), 1);
    check_json(events[0], "beforeReadFile");
    free_events(events);
    assert_int_equal(events_of("script", events), 0);
}

/* Each message stands behind its length, and the last ends the server. */
static void test_language(void **state)
{
    static const char *const methods[] = {"initialize",
                                          "initialized",
                                          "textDocument/didOpen",
                                          "textDocument/hover",
                                          "textDocument/completion",
                                          "shutdown",
                                          "exit"};
    (void)state;
    char *events[VB_HOST_EVENTS_MAX];
    assert_int_equal(events_of("lsp-server:go\",\"x", events), 1);
    const char *at = events[0];
    for (size_t i = 0; i < VB_ARRAY_LEN(methods); i++) {
        struct vb_error err = {0};
        json_t *json = NULL;
        char *end;
        assert_int_equal(strncmp(at, "Content-Length: ", 16), 0);
        const unsigned long len = strtoul(at + 16, &end, 10);
        assert_int_equal(strncmp(end, "\r\n\r\n", 4), 0);
        assert_int_equal(vb_json_parse(end + 4, len, 65536, &json, &err), VB_OK);
        assert_string_equal(json_string_value(json_object_get(json, "method")), methods[i]);
        json_decref(json);
        at = end + 4 + len;
    }
    assert_string_equal(at, "");
    assert_non_null(strstr(events[0], "\"languageId\":\"go\""));
    free_events(events);
}

/* A name is the package's: it cannot leave its string. */
static void test_hostile_name(void **state)
{
    (void)state;
    char *events[VB_HOST_EVENTS_MAX];
    assert_int_equal(events_of("hook:a\",\"x\":\"%s%n", events), 1);
    check_json(events[0], "a");
    free_events(events);
    assert_int_equal(events_of("hook:", events), 1);
    check_json(events[0], "");
    free_events(events);
}

static void test_variables(void **state)
{
    (void)state;
    char *set[VB_HOST_VARIABLES_MAX + 1] = {NULL};
    assert_true(vb_host_environment("claude-plugin", "plugins/one", false, set));
    assert_string_equal(set[0], "CLAUDE_PLUGIN_ROOT=%{tree}/plugins/one");
    assert_non_null(set[1]);
    for (size_t i = 0; set[i] != NULL; i++)
        free(set[i]);
    assert_true(vb_host_environment("claude-plugin", ".", false, set));
    assert_string_equal(set[0], "CLAUDE_PLUGIN_ROOT=%{tree}");
    for (size_t i = 0; set[i] != NULL; i++)
        free(set[i]);
    assert_true(vb_host_environment("npm", ".", true, set));
    assert_null(set[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events), cmocka_unit_test(test_language),
        cmocka_unit_test(test_hostile_name), cmocka_unit_test(test_variables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
