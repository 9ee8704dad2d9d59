/* fetch over https, against a server of our own on loopback. Skipped (77) without python3 and
 * openssl, which make the server and its certificate. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vetbox/fetch.h"

static const struct vb_fetch_limits limits = {
    .bytes = 1u << 20, .entries = 100, .timeout_ms = 10000, .redirects = 5};

/* The server of all tests, and its folder. */
struct server {
    char base[64];
    char ca[96];
    pid_t pid;
    int input; /* closing it ends the server */
    unsigned port;
};

struct result {
    struct vb_sink sink; /* first */
    size_t artifacts;
    size_t redirects;
    char name[256];
    char url[512];
    char sha256[VB_SHA256_HEX];
    char sha512[VB_SHA512_HEX];
    int64_t size;
    char last_redirect[512];
    struct vb_error err;
    int status;
    int fd;
};

static void copy_field(char *ret, size_t size, const struct vb_event *event, enum vb_field field)
{
    const struct vb_str s = vb_event_get_str(event, field);

    (void)snprintf(ret, size, "%.*s", (int)s.len, s.text);
}

static int on_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct result *const r = (struct result *)sink;

    assert_int_equal(vb_event_check(event, err), 0);
    if (event->kind == VB_EV_FETCH_REDIRECT) {
        assert_int_equal(vb_event_get_int(event, VB_F_STATUS, 0) / 100, 3);
        copy_field(r->last_redirect, sizeof(r->last_redirect), event, VB_F_URL);
        r->redirects++;
        return 0;
    }
    assert_int_equal(event->kind, VB_EV_FETCH_ARTIFACT);
    r->artifacts++;
    copy_field(r->name, sizeof(r->name), event, VB_F_NAME);
    copy_field(r->url, sizeof(r->url), event, VB_F_URL);
    copy_field(r->sha256, sizeof(r->sha256), event, VB_F_SHA256);
    copy_field(r->sha512, sizeof(r->sha512), event, VB_F_SHA512);
    r->size = vb_event_get_int(event, VB_F_SIZE, -1);
    return 0;
}

static void get_url(struct result *r, const char *url, const char *ca,
                    const struct vb_fetch_limits *with)
{
    *r = (struct result){.sink = {.emit = on_event}};
    r->fd = memfd_create("download", MFD_CLOEXEC);
    assert_true(r->fd >= 0);
    r->status = vb_fetch_https(url, r->fd, ca, with, &r->sink, &r->err);
}

static void get(struct result *r, const struct server *s, const char *path,
                const struct vb_fetch_limits *with)
{
    char url[256];

    (void)snprintf(url, sizeof(url), "https://localhost:%u%s", s->port, path);
    get_url(r, url, s->ca, with);
}

static void result_done(struct result *r)
{
    vb_close_fd(&r->fd);
}

static void expect_failure(const struct server *s, const char *path,
                           const struct vb_fetch_limits *with, int status, const char *text)
{
    VB_CLEANUP(result_done) struct result r;

    get(&r, s, path, with);
    if (r.status != status || strstr(r.err.message, text) == NULL)
        fail_msg("%s: %d instead of %d: %s", path, r.status, status, r.err.message);
    assert_int_equal(r.artifacts, 0);
}

static void test_download(void **state)
{
    VB_CLEANUP(result_done) struct result r;
    VB_CLEANUP(vb_buf_done) struct vb_buf body;
    char sha256[VB_SHA256_HEX];

    get(&r, *state, "/skill.md?v=1", &limits);
    if (r.status != 0)
        fail_msg("%s", r.err.message);
    assert_int_equal(r.artifacts, 1);
    assert_int_equal(r.redirects, 0);
    assert_string_equal(r.name, "skill.md");
    assert_int_equal(r.size, 10000);
    assert_int_equal(strlen(r.sha512), VB_SHA512_HEX - 1);
    vb_buf_init(&body, 1u << 20);
    assert_int_equal(lseek(r.fd, 0, SEEK_SET), 0);
    assert_int_equal(vb_buf_read_fd(&body, r.fd, &r.err), 0);
    assert_int_equal(body.len, 10000);
    assert_memory_equal(body.data, "# a skill\n# a skill\n", 20);
    assert_int_equal(vb_sha256_hex(body.data, body.len, sha256, &r.err), 0);
    assert_string_equal(r.sha256, sha256);
}

/* No cookies, no compression, no surprise; and the password goes to the server, not to the log. */
static void test_request(void **state)
{
    const struct server *const s = *state;
    VB_CLEANUP(result_done) struct result r;
    VB_CLEANUP(vb_buf_done) struct vb_buf body;
    char url[256];

    (void)snprintf(url, sizeof(url), "https://user:geheim@localhost:%u/echo#part", s->port);
    get_url(&r, url, s->ca, &limits);
    if (r.status != 0)
        fail_msg("%s", r.err.message);
    vb_buf_init(&body, 1u << 16);
    assert_int_equal(lseek(r.fd, 0, SEEK_SET), 0);
    assert_int_equal(vb_buf_read_fd(&body, r.fd, &r.err), 0);
    assert_non_null(strstr((const char *)body.data, "User-Agent: vetbox/" VETBOX_VERSION "\n"));
    assert_non_null(strstr((const char *)body.data, "Accept-Encoding: identity\n"));
    assert_non_null(strstr((const char *)body.data, "Authorization: Basic "));
    assert_null(strstr((const char *)body.data, "Cookie"));
    assert_null(strstr(r.url, "geheim"));
    assert_null(strstr(r.url, "user"));
    assert_null(strstr(r.url, "part"));
    (void)snprintf(url, sizeof(url), "https://user:geheim@localhost:%u/missing", s->port);
    vb_close_fd(&r.fd);
    get_url(&r, url, s->ca, &limits);
    assert_int_equal(r.status, VB_E_NOINPUT);
    assert_null(strstr(r.err.message, "geheim"));
}

static void test_http_errors(void **state)
{
    expect_failure(*state, "/missing", &limits, VB_E_NOINPUT, "404");
    expect_failure(*state, "/status/403", &limits, VB_E_UNAVAILABLE, "403");
    expect_failure(*state, "/status/500", &limits, VB_E_UNAVAILABLE, "500");
    expect_failure(*state, "/status/206", &limits, VB_E_UNAVAILABLE, "206");
    expect_failure(*state, "/empty", &limits, VB_E_DATA, "empty");
    expect_failure(*state, "/cut", &limits, VB_E_UNAVAILABLE, "");
}

static void test_redirects(void **state)
{
    VB_CLEANUP(result_done) struct result r;
    struct vb_fetch_limits none = limits;

    get(&r, *state, "/hops/5", &limits);
    if (r.status != 0)
        fail_msg("%s", r.err.message);
    assert_int_equal(r.redirects, 5);
    assert_int_equal(r.artifacts, 1);
    assert_int_equal(r.size, 10000);
    assert_non_null(strstr(r.last_redirect, "/skill.md"));
    assert_string_equal(r.url, r.last_redirect);
    expect_failure(*state, "/hops/6", &limits, VB_E_UNAVAILABLE, "more than 5 redirects");
    expect_failure(*state, "/loop", &limits, VB_E_UNAVAILABLE, "more than 5 redirects");
    none.redirects = 0;
    expect_failure(*state, "/hops/1", &none, VB_E_UNAVAILABLE, "more than 0 redirects");
}

static void test_redirects_elsewhere(void **state)
{
    expect_failure(*state, "/to/http", &limits, VB_E_UNAVAILABLE, "not https");
    expect_failure(*state, "/to/file", &limits, VB_E_UNAVAILABLE, "not https");
    expect_failure(*state, "/to/none", &limits, VB_E_UNAVAILABLE, "302");
}

static void test_size_limit(void **state)
{
    expect_failure(*state, "/endless", &limits, VB_E_LIMIT, "1048576 bytes");
    expect_failure(*state, "/big", &limits, VB_E_LIMIT, "");
}

static void test_time_limit(void **state)
{
    struct vb_fetch_limits quick = limits;
    const uint64_t start = vb_monotonic_ns();

    quick.timeout_ms = 1500;
    expect_failure(*state, "/slow", &quick, VB_E_TEMPFAIL, "timed out after 1.5 s");
    assert_true(vb_monotonic_ns() - start < 6000000000u);
}

/* A server that cannot prove who it is gets nothing and gives nothing. */
static void test_certificates(void **state)
{
    const struct server *const s = *state;
    VB_CLEANUP(result_done) struct result system_store;
    VB_CLEANUP(result_done) struct result wrong_name;
    char url[256];

    (void)snprintf(url, sizeof(url), "https://localhost:%u/skill.md", s->port);
    get_url(&system_store, url, NULL, &limits);
    assert_int_equal(system_store.status, VB_E_UNAVAILABLE);
    assert_non_null(strstr(system_store.err.message, "certificate"));
    assert_int_equal(lseek(system_store.fd, 0, SEEK_END), 0);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/skill.md", s->port);
    get_url(&wrong_name, url, s->ca, &limits);
    assert_int_equal(wrong_name.status, VB_E_UNAVAILABLE);
    assert_int_equal(lseek(wrong_name.fd, 0, SEEK_END), 0);
}

static void test_bad_addresses(void **state)
{
    static const struct {
        const char *url;
        int status;
    } rows[] = {
        {"http://localhost/x", VB_E_USAGE},
        {"file:///etc/passwd", VB_E_USAGE},
        {"https://", VB_E_USAGE},
        {"https://a b/", VB_E_USAGE},
        {"https://localhost:1/x", VB_E_UNAVAILABLE},
        {"https://no-such-host.invalid/x", VB_E_NOHOST},
    };

    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(result_done) struct result r;

        get_url(&r, rows[i].url, NULL, &limits);
        if (r.status != rows[i].status)
            fail_msg("%s: %d: %s", rows[i].url, r.status, r.err.message);
    }
}

/* --- the server --- */

extern char **environ;

static int run_quietly(char *const argv[])
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = -1;

    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    (void)posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    (void)posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) == 0)
        (void)waitpid(pid, &status, 0);
    posix_spawn_file_actions_destroy(&actions);
    return status;
}

static char *arg(const char *text)
{
    return (char *)(uintptr_t)text;
}

static bool make_certificate(const struct server *s, char *key)
{
    char *const argv[] = {arg("openssl"),
                          arg("req"),
                          arg("-x509"),
                          arg("-newkey"),
                          arg("ec"),
                          arg("-pkeyopt"),
                          arg("ec_paramgen_curve:P-256"),
                          arg("-nodes"),
                          arg("-days"),
                          arg("2"),
                          arg("-subj"),
                          arg("/CN=localhost"),
                          arg("-addext"),
                          arg("subjectAltName=DNS:localhost"),
                          arg("-keyout"),
                          key,
                          arg("-out"),
                          arg(s->ca),
                          NULL};

    return run_quietly(argv) == 0;
}

static bool read_port(int fd, unsigned *ret)
{
    VB_CLEANUP_FILE FILE *file = fdopen(fd, "r");
    char line[32];

    if (file == NULL || fgets(line, sizeof(line), file) == NULL)
        return false;
    *ret = (unsigned)strtoul(line, NULL, 10);
    return *ret != 0;
}

static bool start(struct server *s, char *key)
{
    char *const argv[] = {arg("python3"), arg(VB_SOURCE_DIR "/tests/live/https_server.py"), s->ca,
                          key, NULL};
    posix_spawn_file_actions_t actions;
    int in[2];
    int out[2];
    bool ok;

    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    (void)posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    (void)posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    ok = posix_spawnp(&s->pid, argv[0], &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    vb_close_fd(&in[0]);
    vb_close_fd(&out[1]);
    s->input = in[1];
    return read_port(out[0], &s->port) && ok;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void server_done(struct server *s)
{
    vb_close_fd(&s->input);
    if (s->pid > 0)
        (void)waitpid(s->pid, NULL, 0);
    (void)nftw(s->base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct server *the_server(struct server *s)
{
    char key[96];
    char *const python[] = {arg("python3"), arg("-c"), arg("import ssl, http.server"), NULL};
    char *const openssl[] = {arg("openssl"), arg("version"), NULL};

    (void)snprintf(s->base, sizeof(s->base), "/tmp/vetbox-https-XXXXXX");
    assert_non_null(mkdtemp(s->base));
    (void)snprintf(s->ca, sizeof(s->ca), "%s/ca.pem", s->base);
    (void)snprintf(key, sizeof(key), "%s/key.pem", s->base);
    if (run_quietly(python) != 0 || run_quietly(openssl) != 0)
        return NULL;
    assert_true(make_certificate(s, key));
    assert_true(start(s, key));
    return s;
}

int main(void)
{
    static const char *const proxies[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    struct server server = {.input = -1};
    struct server *const s = the_server(&server);
    int failed;

#define WITH(test) cmocka_unit_test_prestate(test, s)
    const struct CMUnitTest tests[] = {
        WITH(test_download),
        WITH(test_request),
        WITH(test_http_errors),
        WITH(test_redirects),
        WITH(test_redirects_elsewhere),
        WITH(test_size_limit),
        WITH(test_time_limit),
        WITH(test_certificates),
        WITH(test_bad_addresses),
    };

    if (s == NULL) {
        server_done(&server);
        print_message("skipped: the test's server needs python3 and openssl\n");
        return 77;
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(proxies); i++)
        (void)unsetenv(proxies[i]); /* loopback only */
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    server_done(&server);
    return failed;
}
