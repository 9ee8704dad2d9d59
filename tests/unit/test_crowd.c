/* crowd: whom it asks, and through whom. A proxy of our own on loopback writes down what it is
 * asked for and answers nothing. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "fetch/crowd.h"
#include "fetch/proxy.h"
#include "vetbox/core/courier.h"

static const char *const variables[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

static void forget_variables(void)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(variables); i++)
        assert_int_equal(unsetenv(variables[i]), 0);
}

static void test_hosts(void **state)
{
    static const struct {
        const char *host;
        bool refused;
    } rows[] = {
        {"packages.example.com", false},
        {"packages.example.com.", false},
        {"1.1.1.1", false},
        {"[2606:4700:4700::1111]", false},
        {"10.example.com", false},
        {"127.0.0.1", true},
        {"127.0.0.1.", true},
        {"10.1.2.3", true},
        {"169.254.169.254", true},
        {"[::1]", true},
        {"::1", true},
        {"[fe80::1%eth0]", true},
        {"[::ffff:10.0.0.1]", true},
        {"127.1", true},
        {"0x7f000001", true},
        {"2130706433", true},
        {"0177.0.0.1", true},
        {"localhost", true},
        {"LocalHost.", true},
        {"x.localhost", true},
        {"metadata.google.internal", true},
        {"printer.local", true},
        {"intranet", true},
        {"127\xe3\x80\x82"
         "0.0.1",
         true},
        {"[", true},
        {"%", true},
        {"", true},
    };
    char longest[VB_COURIER_HOST_BYTES + 1];
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if ((vb_host_refusal(rows[i].host) != NULL) != rows[i].refused)
            fail_msg("%s", rows[i].host);
    }
    for (size_t len = sizeof(longest) - 3; len < sizeof(longest); len++) {
        memset(longest, '[', len);
        longest[len] = '\0';
        assert_non_null(vb_host_refusal(longest));
    }
}

static void test_proxies(void **state)
{
    static const struct {
        const char *variable, *value, *except, *scheme, *host;
        bool proxied;
    } rows[] = {
        {"https_proxy", "http://p:1", NULL, "https", "a.example", true},
        {"HTTPS_PROXY", "http://p:1", "", "https", "a.example", true},
        {"all_proxy", "socks5h://p:1", NULL, "http", "a.example", true},
        {"http_proxy", "http://p:1", NULL, "https", "a.example", false},
        {"https_proxy", "", NULL, "https", "a.example", false},
        {"https_proxy", "p", "*", "https", "a.example", false},
        {"https_proxy", "p", "b.example, a.example", "https", "A.Example.", false},
        {"https_proxy", "p", ".example", "https", "a.example", false},
        {"https_proxy", "p", "example", "https", "a.example", false},
        {"https_proxy", "p", "ample", "https", "a.example", true},
        {"https_proxy", "p", "a.example.org", "https", "a.example", true},
        {"https_proxy", "p", "10.0.0.0/8", "https", "10.1.2.3", false},
        {"https_proxy", "p", "10.0.0.0/9", "https", "10.200.2.3", true},
        {"https_proxy", "p", "10.0.0.0/99", "https", "10.1.2.3", true},
        {"https_proxy", "p", "10.1.2.3", "https", "10.1.2.3", false},
        {"https_proxy", "p", "[fd00::]/8", "https", "fd12::1", false},
        {"https_proxy", "p", "fd00::/8", "https", "fd12::1", false},
        {"https_proxy", "p", "[fd12::1]", "https", "fd12::1", false},
    };
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        forget_variables();
        assert_int_equal(setenv(rows[i].variable, rows[i].value, 1), 0);
        if (rows[i].except != NULL)
            assert_int_equal(setenv("no_proxy", rows[i].except, 1), 0);
        const char *proxy = proxy_for(rows[i].scheme, rows[i].host);
        if ((proxy != NULL) != rows[i].proxied)
            fail_msg("row %zu", i);
        if (proxy != NULL)
            assert_string_equal(proxy, rows[i].value);
    }
    forget_variables();
}

/* --- the proxy --- */

struct proxy {
    int fd; /* it listens */
    unsigned port;
    pthread_t thread;
    char asked[8][256]; /* first lines */
    size_t count;
};

static void *serve(void *ctx)
{
    struct proxy *proxy = ctx;
    for (;;) {
        VB_CLEANUP_FD int client = accept(proxy->fd, NULL, NULL);
        char *line = proxy->asked[proxy->count];
        if (client < 0 || proxy->count + 1 == VB_ARRAY_LEN(proxy->asked))
            return NULL;
        const ssize_t got = read(client, line, sizeof(proxy->asked[0]) - 1);
        line[got > 0 ? got : 0] = '\0';
        line[strcspn(line, "\r\n")] = '\0';
        proxy->count++;
    }
}

static void start_proxy(struct proxy *proxy)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(in);
    char text[64];
    proxy->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(proxy->fd, (const struct sockaddr *)(const void *)&in, len), 0);
    assert_int_equal(listen(proxy->fd, 16), 0);
    assert_int_equal(getsockname(proxy->fd, (struct sockaddr *)(void *)&in, &len), 0);
    proxy->port = ntohs(in.sin_port);
    snprintf(text, sizeof(text), "http://127.0.0.1:%u", proxy->port);
    assert_int_equal(setenv("https_proxy", text, 1), 0);
    assert_int_equal(pthread_create(&proxy->thread, NULL, serve, proxy), 0);
}

static void stop_proxy(struct proxy *proxy)
{
    (void)shutdown(proxy->fd, SHUT_RDWR);
    assert_int_equal(pthread_join(proxy->thread, NULL), 0);
    vb_close_fd(&proxy->fd);
    forget_variables();
}

/* --- asking --- */

struct asking {
    const char *url, *origin; /* URL is NULL once it was asked */
    char reason[256];
    size_t done;
};

static bool next_one(void *ctx, struct crowd_get *ret)
{
    struct asking *asking = ctx;
    if (asking->url == NULL)
        return false;
    snprintf(ret->url, sizeof(ret->url), "%s", asking->url);
    snprintf(ret->origin, sizeof(ret->origin), "%s", asking->origin);
    ret->limit = 1024;
    asking->url = NULL;
    return true;
}

static int one_done(void *ctx, struct crowd_get *get, struct vb_error *err)
{
    struct asking *asking = ctx;
    (void)err;
    assert_int_not_equal(get->status, VB_OK);
    snprintf(asking->reason, sizeof(asking->reason), "%s", get->reason);
    asking->done++;
    return VB_OK;
}

static void ask(const char *url, const char *origin, struct asking *ret)
{
    struct crowd crowd = {0};
    struct vb_error err = {0};
    const struct crowd_work work = {ret, next_one, one_done};
    *ret = (struct asking){.url = url, .origin = origin};
    if (crowd_open(&crowd, NULL, 5000, 1024, &err) < 0 || crowd_run(&crowd, &work, &err) < 0)
        fail_msg("%s", err.message);
    crowd_close(&crowd);
    assert_int_equal(ret->done, 1);
}

/* A proxy is asked for what is public and for what the user has set; nobody is asked for the rest.
 */
static void test_asked_of_proxy(void **state)
{
    static const struct {
        const char *url, *origin, *except, *asked, *reason;
    } rows[] = {
        {"https://a.example/x", "", "", "CONNECT a.example:443 HTTP/1.1", ""},
        {"https://10.1.2.3:8443/x", "https://10.1.2.3:8443", "", "CONNECT 10.1.2.3:8443 HTTP/1.1",
         ""},
        {"https://169.254.169.254/latest", "", "", NULL, "link-local"},
        {"https://10.1.2.3/x", "https://10.1.2.3:8443", "", NULL, "private"},
        {"https://2852039166/latest", "", "", NULL, "link-local"},
        {"https://[::1]/x", "", "", NULL, "loopback"},
        {"https://localhost/x", "", "", NULL, "local network"},
        {"https://localhost/x", "", "localhost", NULL, "local network"},
        {"https://a.example@127.0.0.1/x", "", "*", NULL, "loopback"},
        {"no address", "", "", NULL, "none that can be read"},
    };
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct proxy proxy = {.fd = -1};
        struct asking asking = {0};
        start_proxy(&proxy);
        assert_int_equal(setenv("no_proxy", rows[i].except, 1), 0);
        ask(rows[i].url, rows[i].origin, &asking);
        stop_proxy(&proxy);
        assert_int_equal(proxy.count > 0, rows[i].asked != NULL);
        if (rows[i].asked != NULL)
            assert_string_equal(proxy.asked[0], rows[i].asked);
        if (strstr(asking.reason, rows[i].reason) == NULL)
            fail_msg("%s: %s", rows[i].url, asking.reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_proxies),
        cmocka_unit_test(test_asked_of_proxy),
    };
    forget_variables();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
