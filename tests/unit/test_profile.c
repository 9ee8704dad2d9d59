/* Profiles of recorded logs: least privilege, and nothing that findings name. The seccomp profile
 * is loaded with libseccomp, and programs run under it. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <seccomp.h>

#include "report/profile.h"
#include "vetbox/core/json.h"

#ifndef SIM_DIR
#error "SIM_DIR is where the recorded logs lie"
#endif

static struct vb_verdict *judge(int fd)
{
    struct vb_error err = {0};
    struct vb_policy *policy = NULL;
    struct vb_verdict *verdict = NULL;
    assert_int_equal(vb_policy_load(NULL, &policy, &err), VB_OK);
    if (vb_judge(fd, policy, NULL, &verdict, &err) < 0)
        fail_msg("%s", err.message);
    vb_policy_free(policy);
    return verdict;
}

/* The profile of the recorded log NAME; what vb_profile_write returned in *RET_STATUS. */
static char *profile_of(const char *name, const char *format, int *ret_status)
{
    char path[512];
    struct vb_error err = {0};
    (void)snprintf(path, sizeof(path), "%s/%s.jsonl", SIM_DIR, name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const int out = memfd_create("profile", MFD_CLOEXEC);
    assert_true(fd >= 0 && out >= 0);
    struct vb_verdict *verdict = judge(fd);
    *ret_status = vb_profile_write(verdict, fd, format, out, &err);
    vb_verdict_free(verdict);
    struct stat st;
    assert_int_equal(fstat(out, &st), 0);
    char *text = calloc(1, (size_t)st.st_size + 1);
    assert_non_null(text);
    assert_int_equal(pread(out, text, (size_t)st.st_size, 0), st.st_size);
    close(out);
    close(fd);
    return text;
}

static json_t *json_of(const char *name, const char *format)
{
    int status = 0;
    char *text = profile_of(name, format, &status);
    assert_int_equal(status, VB_OK);
    const char *at = text;
    while (strncmp(at, "//", 2) == 0) /* JSON5's comments */
        at = strchr(at, '\n') + 1;
    json_error_t why;
    json_t *json = json_loads(at, JSON_REJECT_DUPLICATES, &why);
    if (json == NULL)
        fail_msg("%s: %s", format, why.text);
    free(text);
    return json;
}

static bool holds(const json_t *list, const char *text)
{
    size_t i = 0;
    const json_t *item = NULL;
    assert_true(json_is_array(list));
    json_array_foreach(list, i, item) if (json_is_string(item) &&
                                          strcmp(json_string_value(item), text) == 0) return true;
    return false;
}

static void test_srt(void **state)
{
    (void)state;
    json_t *srt = json_of("declared-table", "srt");
    const json_t *domains = json_object_get(json_object_get(srt, "network"), "allowedDomains");
    const json_t *files = json_object_get(srt, "filesystem");
    assert_true(holds(domains, "eu.api.trail.example"));
    assert_int_equal(json_array_size(domains), 1); /* not the one that it discloses nowhere */
    assert_true(holds(json_object_get(files, "denyRead"), "~/.ssh"));
    assert_true(holds(json_object_get(files, "denyRead"), "~/.config/gh"));
    assert_true(holds(json_object_get(files, "allowWrite"), "~/.trail/last"));
    assert_true(holds(json_object_get(srt, "//"), "left out, since findings or the table name it: "
                                                  "host counter.elsewhere.example"));
    assert_true(holds(json_object_get(srt, "//"), "left out, since findings or the table name it: "
                                                  "file ~/Documents/trail.txt"));
    assert_false(holds(json_object_get(files, "allowWrite"), "~/Documents/trail.txt"));
    json_decref(srt);
}

static void test_openclaw(void **state)
{
    (void)state;
    json_t *all = json_of("declared-table", "openclaw");
    const json_t *agent = json_object_get(json_object_get(all, "agents"), "main");
    const json_t *list = json_object_get(agent, "allowlist");
    size_t i = 0;
    const json_t *item = NULL;
    bool jq = false;
    assert_string_equal(json_string_value(json_object_get(agent, "security")), "allowlist");
    json_array_foreach(list, i, item) jq |=
        strcmp(json_string_value(json_object_get(item, "pattern")), "/usr/bin/jq") == 0;
    assert_true(jq);
    json_decref(all);
}

/* A package that is block has none, and neither has one of which nothing was run. */
static void test_refused(void **state)
{
    static const char *const formats[] = {"srt", "seccomp", "apparmor", "openclaw"};
    static const char *const logs[] = {"exfil-ssh", "never-disclosed", "static-only"};
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(formats); i++)
        for (size_t k = 0; k < VB_ARRAY_LEN(logs); k++) {
            int status = 0;
            char *text = profile_of(logs[k], formats[i], &status);
            assert_int_equal(status, VB_E_CONFIG);
            assert_string_equal(text, "");
            free(text);
        }
}

/* --- seccomp --- */

static scmp_filter_ctx load(const json_t *profile)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    size_t i = 0, k = 0;
    const json_t *row = NULL, *name = NULL;
    assert_non_null(filter);
    assert_string_equal(json_string_value(json_object_get(profile, "defaultAction")),
                        "SCMP_ACT_ERRNO");
    json_array_foreach(json_object_get(profile, "syscalls"), i, row)
        json_array_foreach(json_object_get(row, "names"), k, name)
    {
        const int call = seccomp_syscall_resolve_name(json_string_value(name));
        /* newer than this libseccomp: an OCI runtime passes over it, too */
        if (call == __NR_SCMP_ERROR)
            continue;
        assert_int_equal(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0), 0);
    }
    return filter;
}

/* What ends with 0 under the profile. */
static int run_under(const json_t *profile, const char *const argv[])
{
    scmp_filter_ctx filter = load(profile);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (null < 0 || dup2(null, STDERR_FILENO) < 0 || seccomp_load(filter) != 0)
            _exit(99);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(98);
    }
    int status = 0;
    seccomp_release(filter);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_seccomp(void **state)
{
    (void)state;
    char name[] = "/tmp/vetbox-profile-XXXXXX";
    const int fd = mkstemp(name);
    assert_true(fd >= 0);
    close(fd);
    const char *const honest[] = {"/bin/sh", "-c", "cat /etc/passwd | wc -l >/dev/null", NULL};
    const char *const removes[] = {"/bin/rm", "-f", name, NULL};
    json_t *profile = json_of("declared-table", "seccomp");
    assert_int_equal(run_under(profile, honest), 0);
    assert_int_not_equal(run_under(profile, removes), 0); /* no run deleted anything */
    assert_int_equal(access(name, F_OK), 0);
    json_decref(profile);
    assert_int_equal(unlink(name), 0);
}

/* --- profile_calls.def against the recorder's table --- */

struct row {
    const char *name;
    bool may;
};
#define VB_ALLOW(name) {#name, true},
#define VB_PRETEND(name) {#name, true},
#define VB_PROBE(name, ...) {#name, true},
#define VB_RECORD(name, ...) {#name, true},
#define VB_DENY(name, ...) {#name, false},
#define VB_QUIET(name, ...) {#name, false},
#define VB_SILENT(...)
static const struct row recorded[] = {
#include "sandbox/recorder/syscalls.def"
};

static size_t rows_with(const char *call)
{
    const struct profile_calls *rows = NULL;
    const size_t count = vb_profile_calls(&rows), len = strlen(call);
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        for (const char *at = rows[i].names; *at != '\0'; at += strspn(at, " ")) {
            found += strcspn(at, " ") == len && strncmp(at, call, len) == 0;
            at += strcspn(at, " ");
        }
    return found;
}

static void test_calls_are_the_recorders(void **state)
{
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(recorded); i++) {
        const char *name = recorded[i].name;
        const size_t wanted = recorded[i].may || strcmp(name, "fcntl") == 0 ? 1 : 0;
        if (rows_with(name) != wanted)
            fail_msg("%s stands in %zu rows of profile_calls.def instead of %zu", name,
                     rows_with(name), wanted);
    }
}

static void test_apparmor(void **state)
{
    (void)state;
    int status = 0;
    char *text = profile_of("declared-table", "apparmor", &status);
    assert_int_equal(status, VB_OK);
    assert_non_null(strstr(text, "profile vetbox-declared-table {"));
    assert_non_null(strstr(text, "  \"/usr/bin/jq\" mrix,\n"));
    assert_non_null(strstr(text, "  audit deny \"@{HOME}/.ssh{,/**}\" mrwkl,\n"));
    assert_non_null(strstr(text, "\n# left out, since findings or the table name it: host "
                                 "counter.elsewhere.example\n"));
    assert_null(strstr(text, "  \"@{HOME}/Documents"));
    free(text);
}

/* What would be a rule, or more than one file, is left out; in comments it is one line. */
static void test_hostile_names(void **state)
{
    static const char *const rules[] = {"\n  /etc/shadow", "\n  capability", "\n  mount",
                                        ".trail/c",        ".trail/d",       ".ssh/x"};
    (void)state;
    int status = 0;
    char *text = profile_of("hostile-names", "apparmor", &status);
    assert_int_equal(status, VB_OK);
    assert_non_null(strstr(text, "\"@{HOME}/.trail/plain{,/**}\" rwk,\n"));
    assert_non_null(strstr(text, "  \"/opt/plain\" mrix,\n"));
    char *body = strstr(text, "\nprofile ");
    assert_non_null(body);
    for (size_t i = 0; i < VB_ARRAY_LEN(rules); i++)
        if (strstr(body, rules[i]) != NULL)
            fail_msg("a name became a rule: %s", rules[i]);
    free(text);
    json_t *srt = json_of("hostile-names", "srt");
    const json_t *writes = json_object_get(json_object_get(srt, "filesystem"), "allowWrite");
    assert_int_equal(json_array_size(writes), 1);
    assert_true(holds(writes, "~/.trail/plain"));
    assert_int_equal(
        json_array_size(json_object_get(json_object_get(srt, "network"), "allowedDomains")), 0);
    json_decref(srt);
    json_decref(json_of("hostile-names", "seccomp"));
    json_decref(json_of("hostile-names", "openclaw"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_srt),           cmocka_unit_test(test_openclaw),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_seccomp),
        cmocka_unit_test(test_apparmor),      cmocka_unit_test(test_calls_are_the_recorders),
        cmocka_unit_test(test_hostile_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
