/* The courier of --net live against servers on loopback that say what they like: what is passed
 * back, what is not, and how long it takes at most. What it may reach is tried in cli.live. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "vetbox/fetch.h"

enum { ANSWER_MS = 700, PATIENCE_MS = 15000 };

/* A courier in a process of its own, and a server in another. */
struct place {
    pid_t courier, server;
    int control, run;
    uint16_t port;
    struct vb_courier_mail mail;
};

static const char *refuse_none(const struct sockaddr *address)
{
    (void)address;
    return NULL;
}

static void begin_courier(struct place *place, const char *(*refusal)(const struct sockaddr *))
{
    struct vb_courier_options options = {.ca_file = "/dev/null",
                                         .refusal = refusal,
                                         .answer_ms = ANSWER_MS,
                                         .hosts = {.names = {"127.0.0.1"}, .count = 1}};
    struct vb_courier *courier = NULL;
    struct vb_error err = {0};
    int control[2], run[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, run), 0);
    assert_int_equal(vb_courier_new(&options, &courier, &err), VB_OK);
    place->courier = fork();
    assert_true(place->courier >= 0);
    if (place->courier == 0) {
        close(control[0]);
        close(run[0]);
        close(run[1]);
        alarm(PATIENCE_MS / 1000);
        int status = vb_courier_prepare(courier, &err);
        if (status == VB_OK)
            status = vb_courier_serve(courier, control[1], &err);
        vb_courier_free(courier);
        _exit(status == VB_OK ? 0 : 1);
    }
    vb_courier_free(courier);
    const struct vb_courier_message message = {.word = VB_COURIER_RUN};
    assert_int_equal(vb_courier_send(control[0], &message, run[1], &err), VB_OK);
    close(control[1]);
    close(run[1]);
    place->control = control[0];
    place->run = run[0];
    place->mail.body = -1;
}

/* Reads a request's head, says TEXT, and waits until the other side has enough of it if HOLDS. */
static void serve_one(int listener, const char *text, size_t len, bool holds)
{
    char bytes[8192];
    size_t got = 0;
    const int fd = accept(listener, NULL, NULL);
    while (got < sizeof(bytes) - 1 && (got < 4 || memmem(bytes, got, "\r\n\r\n", 4) == NULL)) {
        const ssize_t more = read(fd, bytes + got, sizeof(bytes) - got);
        if (more <= 0)
            break;
        got += (size_t)more;
    }
    for (size_t sent = 0; sent < len;) {
        const ssize_t more = send(fd, text + sent, len - sent, MSG_NOSIGNAL);
        if (more <= 0)
            break;
        sent += (size_t)more;
    }
    while (holds && read(fd, bytes, sizeof(bytes)) > 0)
        continue;
    close(fd);
}

static void begin_server(struct place *place, const char *text, size_t len, bool holds)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(at);
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
    place->port = ntohs(at.sin_port);
    place->server = fork();
    assert_true(place->server >= 0);
    if (place->server == 0) {
        close(place->control);
        close(place->run);
        alarm(PATIENCE_MS / 1000);
        for (;;)
            serve_one(listener, text, len, holds);
    }
    close(listener);
}

static void begin(struct place *place, const char *text, bool holds)
{
    begin_courier(place, refuse_none);
    begin_server(place, text, strlen(text), holds);
}

static void end(struct place *place)
{
    int status = -1;
    close(place->control);
    close(place->run);
    vb_close_fd(&place->mail.body);
    assert_int_equal(waitpid(place->courier, &status, 0), place->courier);
    assert_int_equal(status, 0);
    if (place->server > 0) {
        kill(place->server, SIGKILL);
        (void)waitpid(place->server, NULL, 0);
    }
}

static void ask(const struct place *place, uint32_t number, const char *method, const char *host,
                const char *target, const char *header)
{
    struct vb_error err = {0};
    struct vb_courier_message message = {.word = VB_COURIER_ASK,
                                         .number = number,
                                         .port = place->port,
                                         .count = 3,
                                         .strings = {method, host, target}};
    if (header != NULL) {
        message.strings[message.count++] = "X-Mine";
        message.strings[message.count++] = header;
    }
    assert_int_equal(vb_courier_send(place->run, &message, -1, &err), VB_OK);
}

static const struct vb_courier_message *hear(struct place *place)
{
    struct vb_error err = {0};
    struct pollfd ready = {.fd = place->run, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
    assert_int_equal(vb_courier_receive(place->run, &place->mail, &err), 1);
    assert_int_equal(place->mail.message.word, VB_COURIER_ANSWER);
    return &place->mail.message;
}

static struct vb_courier_account account(struct place *place)
{
    struct vb_error err = {0};
    struct vb_courier_account ret;
    const struct vb_courier_message message = {.word = VB_COURIER_END};
    assert_int_equal(vb_courier_send(place->control, &message, -1, &err), VB_OK);
    assert_int_equal(recv(place->control, &ret, sizeof(ret), 0), sizeof(ret));
    return ret;
}

static const char *header_of(const struct vb_courier_message *message, const char *name)
{
    for (size_t i = 0; i + 1 < message->count; i += 2) {
        if (vb_ascii_equal(message->strings[i], name))
            return message->strings[i + 1];
    }
    return NULL;
}

static void test_answer(void **state)
{
    (void)state;
    struct place place = {0};
    char text[16] = "";
    begin(&place,
          "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
          "HTTP/1.1 418 I'm a teapot\r\nTransfer-Encoding: chunked\r\nX-Real: yes \r\n"
          "Connection: x-hop, close\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nAlt-Svc: h3\r\n\r\n"
          "5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n",
          false);
    ask(&place, 7, "GET", "127.0.0.1", "/x", NULL);
    const struct vb_courier_message *message = hear(&place);
    assert_int_equal(message->number, 7);
    assert_int_equal(message->status, 418);
    assert_int_equal(message->body, 5);
    assert_int_equal(pread(place.mail.body, text, sizeof(text), 0), 5);
    assert_string_equal(text, "hello");
    assert_string_equal(header_of(message, "X-Real"), "yes");
    static const char *const stay[] = {"X-Early",    "X-Hop",   "Connection", "Transfer-Encoding",
                                       "Keep-Alive", "Alt-Svc", "X-Trailer"};
    for (size_t i = 0; i < VB_ARRAY_LEN(stay); i++)
        assert_null(header_of(message, stay[i]));
    const struct vb_courier_account sums = account(&place);
    assert_int_equal(sums.rows[0].requests, 1);
    assert_int_equal(sums.rows[0].failed, 0);
    assert_true(sums.rows[0].sent > 30 && sums.rows[0].received > 100);
    end(&place);
}

/* What is no answer is told as such: never half of one, never another. */
static void test_no_answer(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool holds;
        const char *why;
    } rows[] = {
        {"", false, "no answer"},
        {"<html>not HTTP at all</html>\r\n\r\n", false, ""},
        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", false, "ended early"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", true, "in time"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\nx", false,
         ""},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", false, ""},
        {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", true, "in time"},
        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", true, ""},
        {"HTTP/1.1 999 Much\r\nContent-Length: 0\r\n\r\n", false, "none of HTTP"},
        {"HTTP/1.1 200 OK\r\nX", true, "in time"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct place place = {0};
        begin(&place, rows[i].text, rows[i].holds);
        ask(&place, 1, "GET", "127.0.0.1", "/", NULL);
        const struct vb_courier_message *message = hear(&place);
        if (message->status != 0 || message->count != 1 || message->body != 0 ||
            strstr(message->strings[0], rows[i].why) == NULL)
            fail_msg("row %zu: %u, %s", i, message->status,
                     message->count > 0 ? message->strings[0] : "");
        assert_int_equal(account(&place).rows[0].failed, 1);
        end(&place);
    }
}

static void test_redirect(void **state)
{
    (void)state;
    struct place place = {0};
    begin(&place,
          "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
          false);
    ask(&place, 1, "GET", "127.0.0.1", "/", NULL);
    const struct vb_courier_message *message = hear(&place);
    assert_int_equal(message->status, 302);
    assert_string_equal(header_of(message, "Location"), "http://127.0.0.1:1/");
    assert_int_equal(account(&place).rows[0].requests, 1);
    end(&place);
}

static void test_large_head(void **state)
{
    (void)state;
    enum { LINES = 100 };
    struct place place = {0};
    char text[LINES * 32 + 64] = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < LINES; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "X-Line-%d: x\r\n", i);
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "\r\n");
    begin(&place, text, false);
    ask(&place, 1, "GET", "127.0.0.1", "/", NULL);
    assert_non_null(strstr(hear(&place)->strings[0], "too large"));
    end(&place);
}

/* A world that has been taken over asks for what it may not. */
static void test_hostile_requests(void **state)
{
    (void)state;
    static const struct {
        const char *method, *host, *target, *header;
    } rows[] = {
        {"GET", "10.0.0.1", "/", NULL},
        {"GET", "127.0.0.1@10.0.0.1", "/", NULL},
        {"GET", "127.0.0.1:1", "/", NULL},
        {"GET", "localhost", "/", NULL},
        {"GET", "", "/", NULL},
        {"GET /x HTTP/1.1\r\nA: b", "127.0.0.1", "/", NULL},
        {"CONNECT", "127.0.0.1", "/", NULL},
        {"", "127.0.0.1", "/", NULL},
        {"GET", "127.0.0.1", "http://10.0.0.1/", NULL},
        {"GET", "127.0.0.1", "", NULL},
        {"GET", "127.0.0.1", "/ HTTP/1.1\r\nHost: x", NULL},
        {"GET", "127.0.0.1", "/a b", NULL},
        {"GET", "127.0.0.1", "/", "x\r\nHost: y"},
    };
    struct place place = {0};
    begin(&place, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        ask(&place, (uint32_t)i, rows[i].method, rows[i].host, rows[i].target, rows[i].header);
        const struct vb_courier_message *message = hear(&place);
        if (message->status != 0 || message->number != i)
            fail_msg("row %zu was carried: %u", i, message->status);
    }
    ask(&place, 99, "GET", "127.0.0.1", "/", "honest");
    assert_int_equal(hear(&place)->status, 200);
    assert_int_equal(account(&place).rows[0].requests, 1);
    end(&place);
}

/* With its own policy it does not reach this server, whatever the list says. */
static void test_policy(void **state)
{
    (void)state;
    struct place place = {0};
    begin_courier(&place, NULL);
    begin_server(&place, "HTTP/1.1 200 OK\r\n\r\n", 19, false);
    ask(&place, 1, "GET", "127.0.0.1", "/", NULL);
    assert_non_null(strstr(hear(&place)->strings[0], "127.0.0.1 is loopback"));
    const struct vb_courier_account sums = account(&place);
    assert_int_equal(sums.rows[0].requests, 0);
    assert_int_equal(sums.rows[0].sent, 0);
    end(&place);
}

/* More at once than it holds: each gets an answer, in time, and one that is not waited for none. */
static void test_crowd(void **state)
{
    (void)state;
    enum { CROWD = 100 };
    bool answered[CROWD] = {false};
    struct place place = {0};
    struct vb_error err = {0};
    begin(&place, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nslow", true);
    for (uint32_t i = 0; i < CROWD; i++)
        ask(&place, i, "GET", "127.0.0.1", "/", NULL);
    const struct vb_courier_message cancel = {.word = VB_COURIER_CANCEL, .number = 3};
    assert_int_equal(vb_courier_send(place.run, &cancel, -1, &err), VB_OK);
    for (int i = 0; i < CROWD - 1; i++) {
        const struct vb_courier_message *message = hear(&place);
        assert_int_equal(message->status, 0);
        assert_true(message->number < CROWD && !answered[message->number]);
        answered[message->number] = true;
    }
    assert_false(answered[3]);
    end(&place);
}

/* What is on its way counts: nobody sends more by sending it at once. */
static void test_much_at_once(void **state)
{
    (void)state;
    enum { MANY = 3 };
    struct place place = {0};
    struct vb_error err = {0};
    const int body = memfd_create("much", MFD_CLOEXEC);
    assert_int_equal(ftruncate(body, VB_COURIER_BODY_MAX), 0);
    begin(&place, "", true);
    for (uint32_t i = 0; i < MANY; i++) {
        const struct vb_courier_message message = {.word = VB_COURIER_ASK,
                                                   .number = i,
                                                   .port = place.port,
                                                   .body = VB_COURIER_BODY_MAX,
                                                   .count = 3,
                                                   .strings = {"POST", "127.0.0.1", "/"}};
        assert_int_equal(vb_courier_send(place.run, &message, body, &err), VB_OK);
    }
    const struct vb_courier_message *message = hear(&place);
    assert_int_equal(message->number, MANY - 1);
    assert_non_null(strstr(message->strings[0], "more than 64 MiB"));
    close(body);
    end(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_redirect),
        cmocka_unit_test(test_large_head),
        cmocka_unit_test(test_hostile_requests),
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_crowd),
        cmocka_unit_test(test_much_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
