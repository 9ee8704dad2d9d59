/* closure: what some packages need, from an index of our own on loopback. Skipped (77) without
 * python3, which is the index. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fetch/closure.h"
#include "vetbox/fetch.h"

extern char **environ;

struct index_server {
    pid_t pid;
    int input; /* closing it ends the registry */
    char npm[64], pypi[64];
};

static bool start_server(struct index_server *ret)
{
    char python[] = "python3", script[] = VB_SOURCE_DIR "/tests/live/registry.py";
    char log[] = "/dev/null", line[32] = "";
    char *const argv[] = {python, script, log, NULL};
    posix_spawn_file_actions_t actions;
    int in[2], out[2];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    (void)posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    (void)posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    const bool spawned = posix_spawnp(&ret->pid, argv[0], &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    vb_close_fd(&in[0]);
    vb_close_fd(&out[1]);
    ret->input = in[1];
    VB_CLEANUP_FILE FILE *said = fdopen(out[0], "r");
    const bool told = spawned && said != NULL && fgets(line, sizeof(line), said) != NULL;
    const unsigned long port = told ? strtoul(line, NULL, 10) : 0;
    snprintf(ret->npm, sizeof(ret->npm), "http://127.0.0.1:%lu/npm/", port);
    snprintf(ret->pypi, sizeof(ret->pypi), "http://127.0.0.1:%lu/simple/", port);
    return port > 0;
}

static void stop_server(struct index_server *server)
{
    vb_close_fd(&server->input);
    if (server->pid > 0)
        (void)waitpid(server->pid, NULL, 0);
}

/* --- what comes --- */

struct result {
    struct vb_sink sink; /* first */
    struct vb_error err;
    int fd;
    int status;
    json_t *list; /* closure.json */
};

static int on_event(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct result *r = (struct result *)(void *)base;
    char text[65536];
    const size_t size = (size_t)vb_event_get_int(event, VB_F_SIZE, 0);
    if (!vb_str_equal(vb_event_get_str(event, VB_F_PATH), "closure.json"))
        return VB_OK;
    assert_in_range(size, 1, sizeof(text));
    assert_int_equal(pread(r->fd, text, size, vb_event_get_int(event, VB_F_OFFSET, 0)), size);
    return vb_json_parse(text, size, sizeof(text), &r->list, err);
}

static void gather(struct result *r, struct vb_closure_request *request)
{
    struct vb_indexes *indexes = NULL;
    *r = (struct result){.sink = {.emit = on_event}};
    r->fd = memfd_create("closure", MFD_CLOEXEC);
    assert_true(r->fd >= 0);
    assert_int_equal(vb_indexes_new(VB_WANT_NPM | VB_WANT_PYPI, &indexes, &r->err), 0);
    request->indexes = indexes;
    request->timeout_ms = 20000;
    if (request->bytes == 0)
        request->bytes = 64 << 20;
    r->status = vb_closure_fetch(request, r->fd, &r->sink, &r->err);
    vb_indexes_free(indexes);
    if (r->status < 0)
        fail_msg("%s", r->err.message);
    assert_non_null(r->list);
}

static void gather_one(struct result *r, enum vb_index index, const char *name)
{
    const struct vb_closure_want want = {index, name, ""};
    struct vb_closure_request request = {.wants = &want, .want_count = 1};
    gather(r, &request);
}

static void result_done(struct result *r)
{
    vb_close_fd(&r->fd);
    json_decref(r->list);
}

static const json_t *row_of(const struct result *r, const char *list, const char *name)
{
    const json_t *rows = json_object_get(r->list, list);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0)
            return row;
    }
    return NULL;
}

static void expect_missing(const struct result *r, const char *name, const char *reason)
{
    const json_t *row = row_of(r, "missing", name);
    const char *said = json_string_value(json_object_get(row, "reason"));
    if (said == NULL || strstr(said, reason) == NULL)
        fail_msg("%s: %s", name, said == NULL ? "it is not missing" : said);
}

/* --- tests --- */

static void test_whole(void **state)
{
    const struct vb_closure_want wants[] = {{VB_INDEX_NPM, "left", ""},
                                            {VB_INDEX_PYPI, "alpha", ""}};
    struct vb_closure_request request = {.wants = wants, .want_count = 2};
    VB_CLEANUP(result_done) struct result r;
    (void)state;
    gather(&r, &request);
    assert_non_null(row_of(&r, "npm", "left"));
    assert_non_null(row_of(&r, "npm", "right"));
    assert_non_null(row_of(&r, "pypi", "alpha"));
    assert_non_null(row_of(&r, "pypi", "beta"));
    assert_non_null(row_of(&r, "pypi", "gamma"));
}

/* What is held is not fetched, and takes its room all the same. */
static void test_held(void **state)
{
    const struct vb_closure_want want = {VB_INDEX_NPM, "left", ""};
    struct vb_closure_held held = {.size = 1 << 20};
    struct vb_closure_request request = {
        .wants = &want, .want_count = 1, .held = &held, .held_count = 1, .bytes = 2 << 20};
    VB_CLEANUP(result_done) struct result first, second, third;
    (void)state;
    gather_one(&first, VB_INDEX_NPM, "left");
    held.digest = json_string_value(json_object_get(row_of(&first, "npm", "right"), "digest"));
    gather(&second, &request);
    assert_null(json_object_get(row_of(&second, "npm", "right"), "offset"));
    assert_non_null(json_object_get(row_of(&second, "npm", "left"), "offset"));
    assert_int_equal(json_array_size(json_object_get(second.list, "missing")), 0);
    held.size = 3 << 20;
    gather(&third, &request);
    assert_null(row_of(&third, "npm", "right"));
    assert_non_null(row_of(&third, "npm", "left"));
    expect_missing(&third, "right", "no room for it");
}

/* Another project's wheel is not taken, whoever offers it, and that is said. */
static void test_foreign_wheels(void **state)
{
    VB_CLEANUP(result_done) struct result alone, beside;
    (void)state;
    gather_one(&alone, VB_INDEX_PYPI, "impostor");
    assert_int_equal(json_array_size(json_object_get(alone.list, "pypi")), 0);
    expect_missing(&alone, "impostor", "another project's file");
    gather_one(&beside, VB_INDEX_PYPI, "gamma");
    assert_string_equal(
        json_string_value(json_object_get(row_of(&beside, "pypi", "gamma"), "version")), "0.5");
    expect_missing(&beside, "gamma", "another project's file");
}

/* Metadata that is too long to be read is said to be. */
static void test_long_metadata(void **state)
{
    VB_CLEANUP(result_done) struct result r;
    (void)state;
    gather_one(&r, VB_INDEX_PYPI, "wordy");
    assert_non_null(row_of(&r, "pypi", "wordy"));
    expect_missing(&r, "wordy", "its metadata is larger than 1 MiB");
}

/* A list that ends early says so. */
static void test_many_missing(void **state)
{
    enum { WANTS = 300 };
    static char names[WANTS][24];
    static struct vb_closure_want wants[WANTS + 1];
    struct vb_closure_request request = {.wants = wants, .want_count = WANTS + 1};
    VB_CLEANUP(result_done) struct result r;
    (void)state;
    for (size_t i = 0; i < WANTS; i++) {
        snprintf(names[i], sizeof(names[i]), "p%zu @ file:///x", i);
        wants[i] = (struct vb_closure_want){VB_INDEX_PYPI, names[i], ""};
    }
    wants[WANTS] = (struct vb_closure_want){VB_INDEX_PYPI, "gamma", ""};
    gather(&r, &request);
    assert_non_null(row_of(&r, "missing", "p0"));
    assert_non_null(row_of(&r, "missing", "p255"));
    assert_null(row_of(&r, "missing", "p256"));
    expect_missing(&r, "and others", "no room to tell of more");
}

/* What a server says may be no text at all. */
static void test_hostile_reasons(void **state)
{
    static const struct {
        const char *name, *range, *reason, *shown;
    } rows[] = {
        {"a", "^1", "Could not resolve host: \xff\xfe", "Could not resolve host: \\xff\\xfe"},
        {"a", "^1", "Could not resolve host: \xff\xfe", "Could not resolve host: \\xff\\xfe"},
        {"b\xc3", "\xf0\x9f", "plain", "plain"},
        {"b\\xc3", "", "plain", "plain"}, /* it is shown like the one before */
        {"c", "", "\033[2Jclean", "\\x1b[2Jclean"},
        {"d", "", "\xe2\x80\xae", "\\u{202e}"},
    };
    struct closure closure = {.missing = json_array()};
    struct vb_error err;
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        assert_int_equal(
            closure_miss(&closure, VB_INDEX_NPM, rows[i].name, rows[i].range, rows[i].reason, &err),
            VB_OK);
        const json_t *row = json_array_get(closure.missing, json_array_size(closure.missing) - 1);
        assert_string_equal(json_string_value(json_object_get(row, "reason")), rows[i].shown);
    }
    assert_int_equal(json_array_size(closure.missing), 4);
    json_decref(closure.missing);
}

int main(void)
{
    static const char *const proxies[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                          "ALL_PROXY"};
    struct index_server server = {.input = -1};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),          cmocka_unit_test(test_held),
        cmocka_unit_test(test_foreign_wheels), cmocka_unit_test(test_long_metadata),
        cmocka_unit_test(test_many_missing),   cmocka_unit_test(test_hostile_reasons),
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(proxies); i++)
        (void)unsetenv(proxies[i]);
    if (!start_server(&server)) {
        stop_server(&server);
        print_message("skipped: the index needs python3\n");
        return 77;
    }
    if (setenv("npm_config_registry", server.npm, 1) < 0 ||
        setenv("PIP_INDEX_URL", server.pypi, 1) < 0)
        return 1;
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    stop_server(&server);
    return failed;
}
