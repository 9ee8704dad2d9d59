/* Captured answers: which request gets which, and what of a file is not believed. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/world/replay.h"

struct place {
    char folder[64];
};

static void place_new(struct place *place)
{
    snprintf(place->folder, sizeof(place->folder), "/tmp/vetbox-replay-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
}

static void put(const struct place *place, const char *name, const void *bytes, size_t len)
{
    char path[512];
    struct vb_error err;
    snprintf(path, sizeof(path), "%s/%s", place->folder, name);
    for (char *at = strchr(path + strlen(place->folder) + 1, '/'); at != NULL;
         at = strchr(at + 1, '/')) {
        *at = '\0';
        (void)mkdir(path, 0755);
        *at = '/';
    }
    VB_CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(vb_write_all(fd, bytes, len, &err), VB_OK);
}

static void put_text(const struct place *place, const char *name, const char *text)
{
    put(place, name, text, strlen(text));
}

static void place_done(const struct place *place)
{
    char command[128];
    snprintf(command, sizeof(command), "%s", place->folder);
    char *const argv[] = {(char[]){"rm"}, (char[]){"-rf"}, command, NULL};
    const pid_t pid = fork();
    if (pid == 0) {
        execv("/bin/rm", argv);
        _exit(1);
    }
    assert_true(pid > 0 && waitpid(pid, NULL, 0) == pid);
}

/* "STATUS body", or "-". */
static void answer(struct vb_replay *replay, const char *method, const char *url, char ret[256])
{
    struct vb_http_reply reply;
    bool found = false;
    assert_int_equal(vb_replay_answer(replay, method, url, &reply, &found, NULL), VB_OK);
    snprintf(ret, 256, "-");
    if (!found)
        return;
    snprintf(ret, 256, "%u %.*s", reply.status, (int)reply.body.len,
             reply.body.data == NULL ? "" : (const char *)reply.body.data);
    vb_http_reply_done(&reply);
}

#define ENTRY(method, url, status, headers, content)                                          \
    "{\"request\":{\"method\":\"" method "\",\"url\":\"" url                                  \
    "\"},\"response\":{\"status\":" status ",\"headers\":[" headers "],\"content\":{" content \
    "}}}"
#define HEADER(name, value) "{\"name\":\"" name "\",\"value\":\"" value "\"}"

static const char archive[] = "{\"log\":{\"version\":\"1.2\",\"entries\":["
    /* */
    ENTRY(
        "GET", "https://API.example:443/a?x=1#there", "200",
        HEADER("Content-Type", "text/x-own") "," HEADER("Content-Encoding", "gzip") "," HEADER(
            "Content-Length",
            "999") "," HEADER(":status", "200") "," HEADER("X-Split", "a\\r\\nSet-Cookie: b"),
        "\"text\":\"first\"") "," ENTRY("GET", "https://api.example/a?x=1", "503", "",
                                        "\"text\":\"second\"") "," ENTRY("POST",
                                                                         "http://api.example",
                                                                         "201", "",
                                                                         "\"text\":\"AAEC/"
                                                                         "w==\",\"encoding\":"
                                                                         "\"base64\"") "," ENTRY("G"
                                                                                                 "E"
                                                                                                 "T",
                                                                                                 "h"
                                                                                                 "t"
                                                                                                 "t"
                                                                                                 "p"
                                                                                                 ":"
                                                                                                 "/"
                                                                                                 "/"
                                                                                                 "a"
                                                                                                 "p"
                                                                                                 "i"
                                                                                                 "."
                                                                                                 "e"
                                                                                                 "x"
                                                                                                 "a"
                                                                                                 "m"
                                                                                                 "p"
                                                                                                 "l"
                                                                                                 "e"
                                                                                                 "/"
                                                                                                 "e"
                                                                                                 "m"
                                                                                                 "p"
                                                                                                 "t"
                                                                                                 "y",
                                                                                                 "2"
                                                                                                 "0"
                                                                                                 "4",
                                                                                                 "",
                                                                                                 "\"size\":0") "," ENTRY("GET",
                                                                                                                         "http://api.example/failed",
                                                                                                                         "0",
                                                                                                                         "",
                                                                                                                         "") "," ENTRY("GET",
                                                                                                                                       "http://api.example/lost",
                                                                                                                                       "200",
                                                                                                                                       "",
                                                                                                                                       "\"size\":77") "," ENTRY("GET",
                                                                                                                                                                "http://api.example/broken",
                                                                                                                                                                "200",
                                                                                                                                                                "",
                                                                                                                                                                "\"text\":\"*\",\"encoding\":\"base64\"") "]}}";

static void test_archive(void **state)
{
    (void)state;
    struct place place;
    struct vb_replay *replay = NULL;
    struct vb_error err;
    char text[256];
    place_new(&place);
    put_text(&place, "one.HAR", archive);
    assert_int_equal(vb_replay_new(place.folder, &replay, &err), VB_OK);
    assert_int_equal(vb_replay_count(replay), 4);
    assert_int_equal(vb_replay_skipped(replay), 3);
    static const struct {
        const char *method, *url, *wanted;
    } rows[] = {
        {"GET", "https://api.example/a?x=1", "200 first"},
        {"GET", "https://api.example:443/a?x=1", "503 second"},
        {"GET", "https://api.example/a?x=1", "503 second"}, /* the last one for ever */
        {"HEAD", "https://Api.Example/a?x=1", "503 second"},
        {"POST", "https://api.example/a?x=1", "-"},
        {"GET", "http://api.example/a?x=1", "-"},
        {"GET", "https://api.example/a?x=2", "-"},
        {"GET", "https://api.example/A?x=1", "-"},
        {"GET", "https://api.example:8443/a?x=1", "-"},
        {"GET", "http://api.example/empty", "204 "},
        {"GET", "http://api.example/lost", "-"},
        {"GET", "http://api.example/failed", "-"},
        {"GET", "", "-"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        answer(replay, rows[i].method, rows[i].url, text);
        assert_string_equal(text, rows[i].wanted);
    }
    struct vb_http_reply reply;
    bool found = false;
    assert_int_equal(vb_replay_answer(replay, "POST", "http://api.example/", &reply, &found, NULL),
                     VB_OK);
    assert_true(found);
    assert_int_equal(reply.body.len, 4);
    assert_memory_equal(reply.body.data, "\0\1\2\377", 4);
    vb_http_reply_done(&reply);
    assert_int_equal(
        vb_replay_answer(replay, "GET", "https://api.example/a?x=1", &reply, &found, NULL), VB_OK);
    vb_http_reply_done(&reply);
    vb_replay_free(replay);
    place_done(&place);
}

/* What an answer's headers say of the wire, or would break the answer, is not repeated. */
static void test_headers(void **state)
{
    (void)state;
    struct place place;
    struct vb_replay *replay = NULL;
    struct vb_error err;
    struct vb_http_reply reply;
    bool found = false;
    place_new(&place);
    put_text(&place, "one.har", archive);
    assert_int_equal(vb_replay_new(place.folder, &replay, &err), VB_OK);
    assert_int_equal(
        vb_replay_answer(replay, "GET", "https://api.example/a?x=1", &reply, &found, NULL), VB_OK);
    assert_true(found);
    assert_int_equal(reply.header_count, 1);
    assert_string_equal(reply.headers[0].name, "Content-Type");
    assert_string_equal(reply.headers[0].value, "text/x-own");
    vb_http_reply_done(&reply);
    vb_replay_free(replay);
    place_done(&place);
}

static void test_tree(void **state)
{
    (void)state;
    struct place place;
    struct vb_replay *replay = NULL;
    struct vb_error err;
    char text[256];
    place_new(&place);
    put_text(&place, "Files.example/install.sh", "echo");
    put_text(&place, "files.example/d/index.html", "index");
    put_text(&place, "files.example/q?v=2", "two");
    put_text(&place, "note", "not a host");
    assert_int_equal(vb_replay_new(place.folder, &replay, &err), VB_OK);
    static const struct {
        const char *method, *url, *wanted;
    } rows[] = {
        {"GET", "https://files.example/install.sh", "200 echo"},
        {"GET", "http://files.example:8080/install.sh?any", "200 echo"},
        {"HEAD", "https://files.example/install.sh", "200 echo"},
        {"POST", "https://files.example/install.sh", "-"},
        {"GET", "https://files.example/d/", "200 index"},
        {"GET", "https://files.example/d", "-"},
        {"GET", "https://files.example/q?v=2", "200 two"},
        {"GET", "https://files.example/q", "-"},
        {"GET", "https://files.example.org/install.sh", "-"},
        {"GET", "https://other/install.sh", "-"},
        {"GET", "https://note/", "-"},
        {"GET", "https://files.example/../files.example/install.sh", "-"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        answer(replay, rows[i].method, rows[i].url, text);
        if (strcmp(text, rows[i].wanted) != 0)
            fail_msg("%s %s: %s", rows[i].method, rows[i].url, text);
    }
    vb_replay_free(replay);
    place_done(&place);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        int status;
    } rows[] = {
        {"broken.har", "{\"log\":", VB_E_DATA},
        {"other.har", "{\"log\":{}}", VB_E_DATA},
        {"none.har", "{\"log\":{\"entries\":[1,null,{},{\"response\":[]}]}}", VB_E_NOINPUT},
        {"note", "text", VB_E_NOINPUT},
    };
    struct vb_error err;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct place place;
        struct vb_replay *replay = NULL;
        place_new(&place);
        put_text(&place, rows[i].name, rows[i].text);
        assert_int_equal(vb_replay_new(place.folder, &replay, &err), rows[i].status);
        assert_null(replay);
        place_done(&place);
    }
    struct vb_replay *replay = NULL;
    assert_int_equal(vb_replay_new("/nonexistent/folder", &replay, &err), VB_E_NOINPUT);
}

/* What is too large for an answer is left out, and said. */
static void test_bounds(void **state)
{
    (void)state;
    struct place place;
    struct vb_replay *replay = NULL;
    struct vb_error err;
    char text[256];
    unsigned char *large = calloc(1, VB_HTTP_REPLY_MAX + 1);
    assert_non_null(large);
    place_new(&place);
    put(&place, "h/large", large, VB_HTTP_REPLY_MAX + 1);
    put(&place, "h/whole", large, VB_HTTP_REPLY_MAX);
    assert_int_equal(vb_replay_new(place.folder, &replay, &err), VB_OK);
    assert_int_equal(vb_replay_count(replay), 1);
    assert_int_equal(vb_replay_skipped(replay), 1);
    answer(replay, "GET", "http://h/large", text);
    assert_string_equal(text, "-");
    free(large);
    vb_replay_free(replay);
    place_done(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_archive), cmocka_unit_test(test_headers), cmocka_unit_test(test_tree),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
