/* patience: when a request is asked again. A server of our own on loopback answers by a script and
 * writes down what it was asked. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fetch/crowd.h"
#include "fetch/patience.h"

/* --- the rules alone --- */

static void test_what_passes(void **state)
{
    static const struct {
        long code;
        struct patience_said said;
        bool passes;
    } rows[] = {
        {0, {-1, -1, -1, -1}, true},    {429, {-1, -1, -1, -1}, true},
        {500, {-1, -1, -1, -1}, true},  {502, {-1, -1, -1, -1}, true},
        {503, {-1, -1, -1, -1}, true},  {504, {-1, -1, -1, -1}, true},
        {400, {-1, -1, -1, -1}, false}, {401, {5, -1, -1, 0}, false},
        {403, {-1, -1, -1, -1}, false}, {403, {-1, -1, 99, 0}, true},
        {403, {-1, -1, 99, 7}, false},  {403, {3, -1, -1, -1}, true},
        {404, {-1, -1, -1, -1}, false}, {410, {-1, -1, -1, -1}, false},
        {501, {-1, -1, -1, -1}, false},
    };
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (patience_passes(rows[i].code, &rows[i].said) != rows[i].passes)
            fail_msg("row %zu: %ld", i, rows[i].code);
    }
}

static void test_how_long(void **state)
{
    static const struct {
        struct patience_said said;
        unsigned tries;
        uint64_t least, most; /* with the scatter */
    } rows[] = {
        {{-1, -1, -1, -1}, 1, 500, 625},
        {{-1, -1, -1, -1}, 2, 1000, 1250},
        {{-1, -1, -1, -1}, 3, 2000, 2500},
        {{0, -1, -1, -1}, 1, 500, 625},
        {{7, 90, -1, 0}, 1, 7000, 8750},
        {{-1, 9, -1, 0}, 1, 9000, 11250},
        {{-1, 9, -1, 4}, 1, 500, 625}, /* there is room left: it does not speak of this */
        {{-1, -1, 1030, 0}, 1, 30000, 37500},
        {{-1, -1, 900, 0}, 2, 1000, 1250},
        {{INT64_MAX, -1, -1, -1}, 1, 86400000, 108000000},
    };
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        uint64_t least = UINT64_MAX, most = 0;
        for (uint32_t dice = 0; dice < 30000000; dice += 9973) {
            const uint64_t ms = patience_ms(&rows[i].said, rows[i].tries, 1000, dice);
            least = ms < least ? ms : least;
            most = ms > most ? ms : most;
        }
        if (least < rows[i].least || most > rows[i].most || most <= least)
            fail_msg("row %zu: %llu to %llu", i, (unsigned long long)least,
                     (unsigned long long)most);
    }
}

static void test_pause_after_a_good_answer(void **state)
{
    const struct patience_said enough = {-1, 3, -1, 0}, more = {-1, 3, -1, 1};
    (void)state;
    assert_in_range(patience_pause_ms(&enough, 1000, 5), 3000, 3750);
    assert_int_equal(patience_pause_ms(&more, 1000, 5), 0);
}

static void test_servers(void **state)
{
    struct patience_servers servers = {0};
    char url[64];
    (void)state;
    assert_int_equal(patience_until(&servers, "https://a.example/x"), 0);
    patience_leave(&servers, "https://a.example/x", 50);
    patience_leave(&servers, "https://a.example:1/x", 60);
    patience_leave(&servers, "https://a.example?y", 40); /* sooner than was said */
    patience_leave(&servers, "no address", 70);
    assert_int_equal(patience_until(&servers, "https://a.example/z"), 50);
    assert_int_equal(patience_until(&servers, "https://a.example:1"), 60);
    assert_int_equal(patience_until(&servers, "https://a.example.org/"), 0);
    assert_int_equal(patience_until(&servers, "no address"), 0);
    for (unsigned i = 0; i < PATIENCE_SERVERS; i++) {
        snprintf(url, sizeof(url), "https://s%u.example/", i);
        patience_leave(&servers, url, 100 + i);
    }
    assert_int_equal(patience_until(&servers, "https://a.example/z"), 0);
    assert_int_equal(patience_until(&servers, "https://s0.example/z"), 100);
}

/* --- the server --- */

enum { ANSWERS = 8, ASKED_BYTES = 1024 };

struct server {
    int fd; /* it listens */
    unsigned port;
    pthread_t thread;
    const char *const *answers; /* one a connection */
    char asked[ANSWERS][ASKED_BYTES];
    uint64_t asked_ns[ANSWERS];
    size_t count;
};

static void *serve(void *ctx)
{
    struct server *server = ctx;
    while (server->count < ANSWERS && server->answers[server->count] != NULL) {
        VB_CLEANUP_FD int client = accept(server->fd, NULL, NULL);
        struct vb_error err;
        if (client < 0)
            return NULL;
        char *asked = server->asked[server->count];
        size_t len = 0;
        ssize_t got = 0;
        while (strstr(asked, "\r\n\r\n") == NULL &&
               (got = read(client, asked + len, ASKED_BYTES - 1 - len)) > 0)
            len += (size_t)got;
        const char *answer = server->answers[server->count];
        server->asked_ns[server->count++] = vb_monotonic_ns();
        if (vb_write_all(client, answer, strlen(answer), &err) < 0)
            return NULL;
    }
    return NULL;
}

static void start_server(struct server *server, const char *const *answers)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(in);
    *server = (struct server){.answers = answers};
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->fd, (const struct sockaddr *)(const void *)&in, len), 0);
    assert_int_equal(listen(server->fd, 16), 0);
    assert_int_equal(getsockname(server->fd, (struct sockaddr *)(void *)&in, &len), 0);
    server->port = ntohs(in.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop_server(struct server *server)
{
    (void)shutdown(server->fd, SHUT_RDWR);
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    vb_close_fd(&server->fd);
}

/* --- asking --- */

enum { FILES = 2 };

struct asking {
    unsigned port;
    size_t wanted, asked, done;
    int status;
    char body[FILES][64], reason[256];
};

static bool next_one(void *ctx, struct crowd_get *ret)
{
    struct asking *asking = ctx;
    /* The second only once the first is there. */
    if (asking->asked == asking->wanted || asking->asked > asking->done)
        return false;
    snprintf(ret->origin, sizeof(ret->origin), "http://127.0.0.1:%u", asking->port);
    snprintf(ret->url, sizeof(ret->url), "%s/file%zu", ret->origin, asking->asked++);
    ret->limit = 40;
    return true;
}

static int one_done(void *ctx, struct crowd_get *get, struct vb_error *err)
{
    struct asking *asking = ctx;
    (void)err;
    asking->status = get->status;
    snprintf(asking->reason, sizeof(asking->reason), "%s", get->reason);
    if (get->status == VB_OK &&
        pread(get->fd, asking->body[asking->done], sizeof(asking->body[0]) - 1, 0) < 0)
        return -1;
    asking->done++;
    return VB_OK;
}

static void ask(struct server *server, const char *const *answers, size_t files, struct asking *ret)
{
    struct crowd crowd = {0};
    struct vb_error err = {0};
    const struct crowd_work work = {ret, next_one, one_done};
    start_server(server, answers);
    *ret = (struct asking){.port = server->port, .wanted = files};
    if (crowd_open(&crowd, NULL, 20000, 64, &err) < 0 || crowd_run(&crowd, &work, &err) < 0)
        fail_msg("%s", err.message);
    crowd_close(&crowd);
    stop_server(server);
    assert_int_equal(ret->done, files);
}

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n"
#define AGAIN "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n"
#define NONE "Content-Length: 0\r\nConnection: close\r\n\r\n"

static void test_asked_again(void **state)
{
    static const struct {
        const char *name, *answers[ANSWERS];
        size_t asked;
        const char *body, *range; /* of the second request; NULL: none */
        const char *reason;       /* NULL: it came */
    } rows[] = {
        {"busy once", {AGAIN "\r\n", OK "\r\n0123456789"}, 2, "0123456789", NULL, NULL},
        {"always",
         {AGAIN "\r\n", AGAIN "\r\n", AGAIN "\r\n", AGAIN "\r\n", OK "\r\n"},
         4,
         "",
         NULL,
         "answered 503"},
        {"not there", {"HTTP/1.1 404 No\r\n" NONE, OK "\r\n"}, 1, "", NULL, "answered 404"},
        {"for longer than there is time",
         {"HTTP/1.1 429 No\r\nRetry-After: 600\r\n" NONE, OK "\r\n"},
         1,
         "",
         NULL,
         "to come again in"},
        {"too often, which is called forbidden",
         {"HTTP/1.1 403 No\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1\r\n" NONE,
          OK "\r\n0123456789"},
         2,
         "0123456789",
         NULL,
         NULL},
        {"forbidden", {"HTTP/1.1 403 No\r\n" NONE, OK "\r\n"}, 1, "", NULL, "answered 403"},
        {"cut and gone on",
         {OK "ETag: \"a\"\r\n\r\n0123",
          "HTTP/1.1 206 Part\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6\r\n"
          "Connection: close\r\n\r\n456789"},
         2,
         "0123456789",
         "Range: bytes=4-\r\nIf-Range: \"a\"\r\n",
         NULL},
        {"cut, and changed since",
         {OK "ETag: \"a\"\r\n\r\n0123", OK "\r\nabcdefghij"},
         2,
         "abcdefghij",
         "Range: bytes=4-\r\n",
         NULL},
        {"cut, and who knows what comes",
         {OK "\r\n0123", OK "\r\nabcdefghij"},
         2,
         "abcdefghij",
         NULL,
         NULL},
        {"a weak tag promises nothing",
         {OK "ETag: W/\"a\"\r\n\r\n0123", OK "\r\nabcdefghij"},
         2,
         "abcdefghij",
         NULL,
         NULL},
        {"gone on elsewhere",
         {OK "ETag: \"a\"\r\n\r\n0123",
          "HTTP/1.1 206 Part\r\nContent-Range: bytes 2-9/10\r\nContent-Length: 8\r\n"
          "Connection: close\r\n\r\n23456789"},
         2,
         "",
         "Range: bytes=4-\r\n",
         "goes on elsewhere"},
        {"a part that nobody asked for",
         {"HTTP/1.1 206 Part\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6\r\n"
          "Connection: close\r\n\r\n456789"},
         1,
         "",
         NULL,
         "answered 206"},
    };
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct server server;
        struct asking asking;
        ask(&server, rows[i].answers, 1, &asking);
        const char *second = server.asked[1];
        const bool ranged = strstr(second, "Range:") != NULL;
        if (server.count != rows[i].asked || strcmp(asking.body[0], rows[i].body) != 0 ||
            ranged != (rows[i].range != NULL) || (ranged && !strstr(second, rows[i].range)) ||
            (asking.status == VB_OK) != (rows[i].reason == NULL) ||
            (rows[i].reason != NULL && !strstr(asking.reason, rows[i].reason)))
            fail_msg("%s: asked %zu times, '%s', %s; %s", rows[i].name, server.count,
                     asking.body[0], asking.reason, second);
    }
}

static void test_waits_as_told(void **state)
{
    static const char *const refused[] = {"HTTP/1.1 429 No\r\nRetry-After: 1\r\n" NONE,
                                          OK "\r\n0123456789", NULL};
    static const char *const enough[] = {
        OK "RateLimit-Remaining: 0\r\nRateLimit-Reset: 1\r\n\r\n0123456789", OK "\r\nabcdefghij",
        NULL};
    struct server server;
    struct asking asking;
    (void)state;
    ask(&server, refused, 1, &asking);
    assert_int_equal(asking.status, VB_OK);
    assert_true(server.asked_ns[1] - server.asked_ns[0] >= UINT64_C(1000000000));
    ask(&server, enough, 2, &asking);
    assert_string_equal(asking.body[1], "abcdefghij");
    assert_true(server.asked_ns[1] - server.asked_ns[0] >= UINT64_C(900000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_passes),
        cmocka_unit_test(test_how_long),
        cmocka_unit_test(test_pause_after_a_good_answer),
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_asked_again),
        cmocka_unit_test(test_waits_as_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
